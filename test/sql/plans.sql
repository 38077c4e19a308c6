-- What is found by a key is found by it also where the statement was prepared
-- while the table was known to be empty.
SET enable_seqscan = off;
SET plan_cache_mode = force_generic_plan;
CREATE FUNCTION key_used(execution text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    line text;
    used boolean := false;
    other boolean := false;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) EXECUTE ' || execution LOOP
        used := used OR line ~ '_pkey';
        other := other OR line ~ '(last_day|expires_on)_idx';
    END LOOP;
    RETURN used AND NOT other;
END $$;
VACUUM ANALYZE personalization.query_lists, personalization.query_statistics, personalization.suggestions;
PREPARE lists(text, uuid[], "char"[]) AS
    SELECT l.* FROM unnest($2, $3) AS k (key, kind),
           LATERAL (SELECT total, queries, weights FROM personalization.query_lists
                    WHERE tenant_id = $1 AND list_key = k.key AND kind = k.kind OFFSET 0) l;
PREPARE queries(text, uuid[]) AS
    SELECT query, tables FROM personalization.query_statistics WHERE tenant_id = $1 AND query_id = ANY ($2);
PREPARE suggestions(text, text) AS
    SELECT query_id FROM personalization.suggestions WHERE tenant_id = $1 AND user_id = $2 LIMIT 500;
SELECT key_used($$lists('t', '{}', '{}')$$) AS lists, key_used($$queries('t', '{}')$$) AS queries,
       key_used($$suggestions('t', 'ana')$$) AS suggestions;
DROP FUNCTION key_used;
DEALLOCATE ALL;
