-- What sql-suite does once its lines are in table lines.

CREATE FUNCTION pg_temp.listed(list jsonb) RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(DISTINCT item ORDER BY item), '{}') FROM jsonb_array_elements_text(list) AS item
$$;

CREATE TEMP TABLE judged AS
    SELECT number, coalesce(l->>'suite', file) AS suite, l->>'sql' AS sql, l->>'sql2' AS sql2, (l->>'same')::bool AS same,
           pg_temp.listed(l->'tables') AS tables, pg_temp.listed(l->'aggregations') AS aggregations,
           pg_temp.listed(l->'filters') AS filters, pg_temp.listed(l->'group_by') AS group_by,
           l ? 'tables' AS has_tables, l ? 'aggregations' AS has_aggregations, l ? 'filters' AS has_filters, l ? 'group_by' AS has_group_by,
           found.*
    FROM (SELECT file, number, line::jsonb AS l FROM lines WHERE line !~ '^\s*$') AS parsed,
         LATERAL (SELECT coalesce(array_agg(DISTINCT substr(key, 16) ORDER BY substr(key, 16)) FILTER (WHERE key LIKE 'frequent_table:%'), '{}') AS got_tables,
                         coalesce(array_agg(DISTINCT substr(key, 13) ORDER BY substr(key, 13)) FILTER (WHERE key LIKE 'aggregation:%'), '{}') AS got_aggregations,
                         coalesce(array_agg(DISTINCT substr(key, 8) ORDER BY substr(key, 8)) FILTER (WHERE key LIKE 'filter:%'), '{}') AS got_filters,
                         coalesce(array_agg(DISTINCT substr(key, 10) ORDER BY substr(key, 10)) FILTER (WHERE key LIKE 'group\_by:%'), '{}') AS got_group_by,
                         max(value::text) FILTER (WHERE key = 'unread_sql') AS unread
                  FROM personalization.extract_signals('query', jsonb_build_object('sql', l->>'sql'))) AS found;
ALTER TABLE judged ADD right_tables bool, ADD right_aggregations bool, ADD right_filters bool, ADD right_group_by bool, ADD right_identity bool;
UPDATE judged SET
    right_tables = CASE WHEN has_tables THEN tables = got_tables END,
    right_aggregations = CASE WHEN has_aggregations THEN aggregations = got_aggregations END,
    right_filters = CASE WHEN has_filters THEN filters = got_filters END,
    right_group_by = CASE WHEN has_group_by THEN group_by = got_group_by END,
    right_identity = CASE WHEN same IS NOT NULL THEN same = (personalization.query_id(jsonb_build_object('sql', sql)) = personalization.query_id(jsonb_build_object('sql', sql2))) END;
ALTER TABLE judged ADD all_right bool GENERATED ALWAYS AS (
    coalesce(right_tables, true) AND coalesce(right_aggregations, true) AND coalesce(right_filters, true)
    AND coalesce(right_group_by, true) AND coalesce(right_identity, true)) STORED;

SELECT number, suite, sql, sql2, same, unread,
       concat_ws('; ', CASE WHEN NOT right_tables THEN format('tables %s not %s', got_tables, tables) END,
                 CASE WHEN NOT right_aggregations THEN format('aggregations %s not %s', got_aggregations, aggregations) END,
                 CASE WHEN NOT right_filters THEN format('filters %s not %s', got_filters, filters) END,
                 CASE WHEN NOT right_group_by THEN format('group by %s not %s', got_group_by, group_by) END,
                 CASE WHEN NOT right_identity THEN CASE WHEN same THEN 'two queries, not one' ELSE 'one query, not two' END END) AS read
FROM judged WHERE NOT all_right ORDER BY number LIMIT :show \g (format=unaligned tuples_only=on fieldsep=' | ')

SELECT coalesce(suite, 'all') AS suite, count(*) AS queries,
       round(100.0 * count(*) FILTER (WHERE all_right) / count(*), 1) AS "all right %",
       round(100.0 * count(*) FILTER (WHERE right_tables) / nullif(count(right_tables), 0), 1) AS "tables %",
       round(100.0 * count(*) FILTER (WHERE right_aggregations) / nullif(count(right_aggregations), 0), 1) AS "aggregations %",
       round(100.0 * count(*) FILTER (WHERE right_filters) / nullif(count(right_filters), 0), 1) AS "filters %",
       round(100.0 * count(*) FILTER (WHERE right_group_by) / nullif(count(right_group_by), 0), 1) AS "group by %",
       round(100.0 * count(*) FILTER (WHERE right_identity) / nullif(count(right_identity), 0), 1) AS "identity %",
       count(unread) AS unread
FROM judged GROUP BY ROLLUP (suite) ORDER BY grouping(suite), suite;

SELECT count(*) > 0 AND 100.0 * count(*) FILTER (WHERE all_right) >= :expect * count(*) AS enough FROM judged \gset
\if :enough
\else
\warn 'sql-suite: less was read right than EXPECT says'
DO $$ BEGIN RAISE 'too little was read right'; END $$;
\endif
