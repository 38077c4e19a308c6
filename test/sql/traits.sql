-- Traits inferred from use, and where they come from.
\set tenants '{acme}'
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
CREATE FUNCTION traits(u text, at timestamptz DEFAULT '2026-04-01') RETURNS TABLE (trait text, value jsonb, source text, evidence text)
LANGUAGE sql AS $$
    SELECT t.key, p -> t.key, t.value, p -> 'trait_evidence' ->> t.key
    FROM personalization.get_profile('acme', u, at) p, jsonb_each_text(p -> 'trait_sources') t ORDER BY 1 $$;
CREATE FUNCTION ask(u text, n int, data jsonb, at timestamptz DEFAULT '2026-03-01') RETURNS bigint
LANGUAGE sql AS $$
    SELECT count(personalization.learn('acme', u, 'query', data, at + i * interval '1 hour')) FROM generate_series(1, n) i $$;

-- Nine queries say nothing, ten do.
SELECT ask('ana', 9, '{"query": "orders, please", "sql": "SELECT * FROM shop.orders WHERE id = 1"}');
SELECT * FROM traits('ana');
SELECT ask('ana', 1, '{"query": "orders, please", "sql": "SELECT * FROM shop.orders WHERE id = 2"}', '2026-03-02');
SELECT * FROM traits('ana');
-- As of a time before the tenth it is as it was.
SELECT * FROM traits('ana', '2026-03-02 00:59');

-- Elaborate SQL without questions.
SELECT ask('bo', 4, '{"sql": "WITH m AS (SELECT sum(x) AS x FROM dim_customer c JOIN customer_orders USING (id) GROUP BY y) SELECT * FROM m"}');
SELECT ask('bo', 8, '{"sql": "SELECT rank() OVER (ORDER BY x) FROM products"}', '2026-03-02');
SELECT * FROM traits('bo');
-- Refinements speak against it.
SELECT count(personalization.learn('acme', 'bo', 'refinement', '{"original": {}, "corrected": {}}',
                                   '2026-03-03'::timestamptz + i * interval '1 minute')) FROM generate_series(1, 6) i;
SELECT value, evidence FROM traits('bo') WHERE trait = 'skill_level';

-- Lists as told, where there is no SQL; they also say which tables.
SELECT ask('cy', 10, '{"query": "Why did the revenue of the northern region fall in the last quarter?",
                       "tables_used": ["finance.ledger", "finance.accounts"], "aggregations": ["sum"]}');
SELECT * FROM traits('cy');
SELECT ask('di', 12, '{"query": "Why did the revenue of the northern region fall in the last quarter?"}');
SELECT * FROM traits('di');

-- Data of all shapes does no harm.
SELECT ask('ed', 2, '{}') + ask('ed', 2, '{"sql": "", "query": ""}') + ask('ed', 2, '{"tables_used": "x"}')
     + ask('ed', 2, '{"tables_used": [null, 1, {"a": 1}, "", ".", "a.b.c"], "aggregations": 5, "group_by": {}}')
     + ask('ed', 4, '{"sql": "\"''((SELECT FROM"}') + ask('ed', 2, jsonb_build_object('sql', repeat('SELECT ', 40000)));
SELECT * FROM traits('ed');

-- Only the latest hundred interactions count.
SELECT count(personalization.learn('acme', 'ana', 'export', '{"format": "csv"}',
                                   '2026-03-05'::timestamptz + i * interval '1 minute')) FROM generate_series(1, 91) i;
SELECT trait, source FROM traits('ana');
-- Whatever the profile shows.
SELECT personalization.configure_tenant('acme', '{"max_history_size": 1}') -> 'max_history_size' AS shown;
SELECT value, source FROM traits('bo') WHERE trait = 'skill_level';
SELECT jsonb_array_length(personalization.get_profile('acme', 'bo', '2026-04-01') -> 'interaction_history') AS shown;

-- What is set by hand beats all; an empty list is a list.
SELECT personalization.set_profile('acme', 'bo', skill_level => 'beginner', domain_expertise => '{}');
SELECT * FROM traits('bo', now());
SELECT personalization.set_profile('acme', 'bo', communication_style => 'brief', domain_expertise => '{tea}');
SELECT * FROM traits('bo', now());
-- Earlier they were not set.
SELECT * FROM traits('bo');

-- What was set can be given back, one trait or all of them; it was set at the time at which it was.
SELECT personalization.reset_profile('acme', 'bo', 'domain_expertise') AS reset, personalization.reset_profile('acme', 'bo', trait => 'domain_expertise') AS again;
SELECT clock_timestamp() AS then \gset
SELECT * FROM traits('bo', now());
SELECT personalization.reset_profile('acme', 'bo') AS reset, personalization.reset_profile('acme', 'bo') AS again, personalization.reset_profile('acme', 'nobody') AS unknown;
SELECT trait, source FROM traits('bo', now());
SELECT trait, source FROM traits('bo', :'then');
SELECT count(*) AS made FROM personalization.profiles WHERE user_id = 'nobody';
SELECT personalization.set_profile('acme', 'bo', 'beginner', '{tea}', 'brief');

-- What was set earlier is read out of JSON that is not ours alone to write: what is no trait is none.
UPDATE personalization.profiles SET earlier_traits = '[{"until": 9000000000000000, "skill_level": "wizard",
    "communication_style": "loud", "domain_expertise": {"a": 1}, "updated_at": "x"}]' WHERE user_id = 'ed';
SELECT trait, value, source FROM traits('ed');
SELECT personalization.route('acme', 'ed', 'orders', '2026-04-01') ->> 'skill_level' AS skill_level;

-- A text is looked at up to a number of bytes, of whole characters: in a question, and in a table's name.
SELECT ask('flo', 12, jsonb_build_object('query', repeat('x', 1023) || 'é', 'sql', rpad('SELECT 1', 1024 - 9) || 'FROM schéma'));
SELECT value, evidence FROM traits('flo') WHERE trait IN ('communication_style', 'domain_expertise');
SELECT convert_from(convert_to(personalization.get_profile('acme', 'flo', '2026-04-01') ->> 'domain_expertise', 'UTF8'), 'UTF8') AS whole;

-- == What is stored of each query says as much as its data: of random queries by each way in, with the outlines,
-- with those of half of the queries, with what is none, and with none.
SELECT personalization.configure_tenant('acme', '{"max_history_size": 100, "history_retention": "100 years"}') -> 'max_history_size' AS shown;
CREATE FUNCTION random_query(OUT data jsonb) LANGUAGE sql VOLATILE AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'query', CASE WHEN random() < 0.7 THEN (ARRAY['Revenue?', 'sum of order_items', 'Umsätze in Österreich nach Städten', '', repeat('long ', 400)])[ceil(random() * 5)] END,
        'sql', CASE WHEN random() < 0.5 THEN (ARRAY['SELECT 1', 'SELECT count(*) FROM sales.orders JOIN customers USING (id) JOIN dim_region r ON true', 'not SQL',
            'WITH x AS (SELECT * FROM "odd,: 1:schema"."t") SELECT rank() OVER (ORDER BY a) FROM x UNION SELECT 1 FROM größen', '',
            rpad('SELECT a ', 1020) || 'FROM étage'])[ceil(random() * 6)] END,
        'tables_used', CASE WHEN random() < 0.4 THEN (ARRAY['[]', '["orders", "Order", "sales.lines"]', '"orders"', '[1, null, "a.b.c", "", "."]',
            '["a1", "b1", "c1", "d1", "e1", "f1", "g1", "h1", "i1", "j1"]']::jsonb[])[ceil(random() * 5)] END,
        'chart_type', CASE WHEN random() < 0.8 THEN (ARRAY['"bar"', '"line"', '""']::jsonb[])[ceil(random() * 3)] WHEN random() < 0.1 THEN '7' END,
        'aggregations', CASE WHEN random() < 0.3 THEN (ARRAY['["sum"]', '[]']::jsonb[])[ceil(random() * 2)] END)) $$;
SELECT setseed(0.25);
SELECT personalization.learn_batch(jsonb_agg(jsonb_build_object('tenant_id', 'acme', 'user_id', 'random ' || i % 20, 'occurred_at', '2026-03-01'::timestamptz + i / 80 * interval '1 hour',
        'interaction_type', CASE WHEN random() < 0.7 THEN 'query' WHEN random() < 0.5 THEN 'refinement' ELSE 'visualization' END, 'data', random_query()) || '{}'), 'divert') > 2400 AS learned
FROM generate_series(1, 4000) i;
SELECT count(personalization.learn('acme', 'random ' || i % 20, 'query', random_query(), '2026-03-04')) AS learned FROM generate_series(1, 200) i;
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at)
SELECT 'acme', 'random ' || i % 20, 'query', random_query(), '2026-03-04' FROM generate_series(1, 200) i;
SELECT personalization.run_maintenance('2026-03-05') IS NOT NULL AS learned;
SELECT interaction_type, count(*) > 100 AS many, count(*) = count(outline) AS outlined, count(outline) > 0 AS any_outlined
FROM personalization.interactions WHERE user_id LIKE 'random %' GROUP BY 1 ORDER BY 1;
CREATE FUNCTION part(profile jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$ SELECT profile - '{interaction_history,preferences}'::text[] $$;
CREATE FUNCTION all_traits() RETURNS TABLE (u text, traits jsonb) LANGUAGE sql STABLE AS $$
    SELECT u, jsonb_build_array(part(personalization.get_profile('acme', u, '2026-04-01')), part(personalization.get_profile('acme', u, '2026-04-01', history => 0)),
        part(personalization.get_profile('acme', u, '2026-04-01', history => 10)), personalization.route('acme', u, 'orders', '2026-04-01'),
        personalization.route('acme', u, 'orders', '2026-03-02'), personalization.get_context('acme', u, '2026-04-01'))
    FROM (SELECT 'random ' || i FROM generate_series(0, 19) i) users (u) $$;
CREATE TEMPORARY TABLE outlined AS SELECT * FROM all_traits();
SELECT count(DISTINCT traits -> 0 -> 'trait_evidence') > 15 AS differ, bool_and(traits -> 0 = traits -> 1 AND traits -> 0 = traits -> 2) AS whatever_is_shown,
    count(DISTINCT traits -> 5 -> 'preferred_chart_types') > 15 AS charts_differ, count(DISTINCT traits -> 5 -> 'recent_queries') > 5 AS queries_differ FROM outlined;
SELECT count(*) > 3 AS some_by_data, count(*) < 18 AS some_by_outlines FROM (SELECT user_id FROM personalization.interactions
    WHERE user_id LIKE 'random %' AND interaction_type = 'visualization' GROUP BY 1 HAVING count(*) > count(outline)) AS users;
UPDATE personalization.interactions SET outline = NULL WHERE user_id LIKE 'random %' AND hashtext(interaction_id::text) % 2 = 0;
SELECT count(*) AS half FROM outlined JOIN all_traits() a USING (u) WHERE outlined.traits <> a.traits;
UPDATE personalization.interactions SET outline = (ARRAY['', '05s', '-- 70:x', 'nonsense', '05s3 3:ab', repeat('0', 2000)])[1 + abs(hashtext(interaction_id::text)) % 6] WHERE user_id LIKE 'random %' AND interaction_type = 'query';
SELECT count(*) AS nonsense FROM outlined JOIN all_traits() a USING (u) WHERE outlined.traits <> a.traits;
UPDATE personalization.interactions SET outline = NULL WHERE user_id LIKE 'random %';
SELECT count(*) AS none FROM outlined JOIN all_traits() a USING (u) WHERE outlined.traits <> a.traits;
-- A query without identity is among the latest ones of a context, whatever else has an outline.
SELECT ask('ivy', 1, '{"query": "Sales?"}'), ask('ivy', 1, '{"query": "???"}'), ask('ivy', 1, '{"query": "Margin?"}');
SELECT personalization.get_context('acme', 'ivy') -> 'recent_queries' AS recent;
UPDATE personalization.interactions SET outline = NULL WHERE user_id = 'ivy';
SELECT personalization.get_context('acme', 'ivy') -> 'recent_queries' AS recent;
-- What is learned without its text is outlined without it, and so is what has lost it.
SELECT ask('gil', 12, '{"query": "sum of order_items", "sql": "SELECT rank() OVER (ORDER BY x) FROM sales.products"}');
SELECT DISTINCT outline FROM personalization.interactions WHERE user_id = 'gil';
SELECT personalization.configure_tenant('acme', '{"store_query_text": false}') -> 'store_query_text' AS stored;
SELECT ask('hal', 12, '{"query": "sum of order_items", "sql": "SELECT rank() OVER (ORDER BY x) FROM sales.products"}');
SELECT DISTINCT outline, data FROM personalization.interactions WHERE user_id = 'hal';
SELECT personalization.forget_query_text('acme') -> 'interactions' > '1000' AS forgotten;
SELECT DISTINCT outline, data FROM personalization.interactions WHERE user_id = 'gil';
-- Charts are outlined by their type.
SELECT personalization.learn('acme', 'hal', 'visualization', data, '2026-03-20') IS NOT NULL AS learned
FROM unnest(ARRAY['{"chart_type": "bar"}', '{}', '{"chart_type": null}', jsonb_build_object('chart_type', repeat('é', 32))]::jsonb[]) AS data;
SELECT left(data::text, 25) AS data, outline IS NULL AS absent, outline FROM personalization.interactions WHERE user_id = 'hal' AND interaction_type = 'visualization' ORDER BY 1;

-- Nobody, and nobody's tenant.
SELECT * FROM traits('nobody');

SET client_min_messages = warning;
DROP FUNCTION traits, ask, all_traits, part, random_query;
SELECT count(personalization.drop_tenant('acme'));
