-- A row of the statistics is found by its key, also where the plan was made
-- while the table was empty.
SET enable_seqscan = off;
CREATE FUNCTION key_used(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    line text;
    used boolean := false;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
        used := used OR line ~ '_pkey';
    END LOOP;
    RETURN used;
END $$;
SELECT key_used($$SELECT FROM personalization.query_lists WHERE tenant_id = 'planned' AND list_key = '00000000-0000-0000-0000-000000000000' AND kind = 'n'$$) AS lists,
       key_used($$SELECT FROM personalization.query_statistics WHERE tenant_id = 'planned' AND query_id = '00000000-0000-0000-0000-000000000000'$$) AS queries,
       key_used($$SELECT FROM personalization.suggestions WHERE tenant_id = 'planned' AND user_id = 'ana' AND query_id = '00000000-0000-0000-0000-000000000000'$$) AS suggestions;
DROP FUNCTION key_used;
