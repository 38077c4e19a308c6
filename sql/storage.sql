-- Partitions, row-level security and dump of every table.
--
-- Eight hash partitions each: enough to divide vacuum and disk, few enough that a generic plan's locks on all
-- of them are cheap.  Small tables with one row per tenant have one partition, which the planner uses without
-- choosing.  All partitions are created here and none at run time, because pg_dump identifies an extension's
-- tables by name.  Roles are granted privileges only on the parents.  A partition has its parent's policy, under
-- which the library executes a tenant's statements on it (src/base/leaf.h), so that even a privilege granted by
-- mistake shows no other tenant's rows.
--
-- Where Citus is installed, its shards take the place of partitions: the tables have none.
DO $storage$
DECLARE
    parent   text;
    leaf     text;
    kept     text;
    options  text;
    about    text;
    indexes  text[];
    index    text;
    leaves   int;
    policy   text;
    derived  boolean;
    on_citus boolean := EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname OPERATOR(pg_catalog.=) 'citus');
BEGIN
    FOREACH parent IN ARRAY ARRAY['tenants', 'signal_rules', 'interactions', 'rejected_events',
                                  'preferences', 'profiles', 'user_queries', 'inbox',
                                  'suggestions', 'suggestion_rounds', 'rankings', 'query_events', 'query_statistics', 'query_lists',
                                  'tenant_tables', 'linked_schemas',
                                  'conversations', 'conversation_messages', 'conversation_statistics',
                                  'cache_changes', 'backing_off',
                                  'preference_snapshots', 'preference_choices', 'learning_choices',
                                  'audit_log']
    LOOP
        -- Rows that the script itself inserts must not be dumped, nor the state of this server's worker.
        kept := CASE parent WHEN 'signal_rules' THEN 'WHERE NOT built_in' WHEN 'backing_off' THEN 'WHERE false' ELSE '' END;
        leaves := CASE WHEN parent IN ('tenants', 'signal_rules', 'rankings', 'cache_changes', 'backing_off') THEN 1 ELSE 8 END;
        options := CASE
            -- Leave space for updated rows, if rows change often.
            WHEN parent IN ('preferences', 'profiles', 'user_queries', 'suggestions', 'rankings', 'query_statistics',
                            'query_lists', 'conversations', 'conversation_statistics') THEN ' WITH (fillfactor = 80)'
            -- Rows are inserted and deleted: vacuum by their number, not by the table's size.
            WHEN parent IN ('inbox', 'query_events', 'cache_changes') THEN
                ' WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,'
                ' autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0)'
            -- Rows are read by an index alone once vacuum has noted that their pages are visible to all; it reads new pages only.
            WHEN parent OPERATOR(pg_catalog.=) 'interactions' THEN ' WITH (autovacuum_vacuum_insert_scale_factor = 0.02)'
            ELSE '' END;
        -- The rules for all tenants are visible to each.  By one comparison, which is a condition of the index: as a filter
        -- behind it, EXPLAIN ANALYZE would count the rows of others that the index finds.
        policy := 'CREATE POLICY tenant_isolation ON personalization.%I'
            ' USING (tenant_id OPERATOR(pg_catalog.=) '
            || CASE parent WHEN 'signal_rules' THEN 'ANY (ARRAY[personalization.current_tenant(), ''''])' ELSE 'personalization.current_tenant()' END || ')'
            ' WITH CHECK (tenant_id OPERATOR(pg_catalog.=) personalization.current_tenant())';
        derived := parent IN ('rankings', 'query_events', 'query_statistics', 'query_lists',
                               'cache_changes');
        IF on_citus THEN
            about := pg_catalog.obj_description(pg_catalog.format('personalization.%I', parent)::pg_catalog.regclass);
            -- Its indexes by their names, the primary key first.
            SELECT pg_catalog.array_agg(CASE WHEN c.oid IS NOT NULL
                THEN pg_catalog.format('ALTER TABLE personalization.%I ADD CONSTRAINT %I %s', parent, c.conname,
                                       pg_catalog.pg_get_constraintdef(c.oid))
                ELSE pg_catalog.replace(pg_catalog.pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') END
                ORDER BY c.oid IS NULL)
            INTO indexes FROM pg_catalog.pg_index i
            LEFT JOIN pg_catalog.pg_constraint c ON c.conindid OPERATOR(pg_catalog.=) i.indexrelid
            WHERE i.indrelid OPERATOR(pg_catalog.=) pg_catalog.format('personalization.%I', parent)::pg_catalog.regclass;
            EXECUTE pg_catalog.format('CREATE TABLE personalization.without_partitions'
                ' (LIKE personalization.%I INCLUDING ALL EXCLUDING INDEXES)%s', parent, options);
            EXECUTE pg_catalog.format('DROP TABLE personalization.%I', parent);
            EXECUTE pg_catalog.format('ALTER TABLE personalization.without_partitions RENAME TO %I', parent);
            FOREACH index IN ARRAY coalesce(indexes, ARRAY[]::text[]) LOOP
                EXECUTE index;
            END LOOP;
            EXECUTE pg_catalog.format('COMMENT ON TABLE personalization.%I IS %L', parent, about);
            leaves := 0;
            IF NOT derived THEN
                PERFORM pg_catalog.pg_extension_config_dump(
                    pg_catalog.format('personalization.%I', parent)::pg_catalog.regclass, kept);
            END IF;
        END IF;
        FOR i IN 0..leaves - 1 LOOP
            leaf := parent || '_' || i;
            EXECUTE pg_catalog.format(
                'CREATE TABLE personalization.%I PARTITION OF personalization.%I'
                ' FOR VALUES WITH (MODULUS %s, REMAINDER %s)%s', leaf, parent, leaves, i, options);
            -- Without a key, a subscriber receives the whole row of a deletion.
            IF parent IN ('query_events', 'cache_changes') THEN
                EXECUTE pg_catalog.format('ALTER TABLE personalization.%I REPLICA IDENTITY FULL', leaf);
            END IF;
            EXECUTE pg_catalog.format('ALTER TABLE personalization.%I ENABLE ROW LEVEL SECURITY', leaf);
            EXECUTE pg_catalog.format('ALTER TABLE personalization.%I FORCE ROW LEVEL SECURITY', leaf);
            EXECUTE pg_catalog.format(policy, leaf);
            -- Derived data is rebuilt after a restore; a restored database starts with an empty
            -- cache, to which nothing waits to be pushed.
            IF NOT derived THEN
                PERFORM pg_catalog.pg_extension_config_dump(
                    pg_catalog.format('personalization.%I', leaf)::pg_catalog.regclass, kept);
            END IF;
        END LOOP;

        IF parent IN ('query_events', 'cache_changes') THEN
            EXECUTE pg_catalog.format('ALTER TABLE personalization.%I REPLICA IDENTITY FULL', parent);
        END IF;
        EXECUTE pg_catalog.format('ALTER TABLE personalization.%I ENABLE ROW LEVEL SECURITY', parent);
        EXECUTE pg_catalog.format('ALTER TABLE personalization.%I FORCE ROW LEVEL SECURITY', parent);
        EXECUTE pg_catalog.format(policy, parent);
        -- The planner keeps no statistics of what a column contains: an estimate in EXPLAIN would tell a role
        -- what rows of other tenants there are.
        EXECUTE (
            SELECT pg_catalog.format('ALTER TABLE personalization.%I %s', parent,
                pg_catalog.string_agg(pg_catalog.format('ALTER COLUMN %I SET STATISTICS 0', attname), ', '))
            FROM pg_catalog.pg_attribute
            WHERE attrelid = pg_catalog.format('personalization.%I', parent)::pg_catalog.regclass
            AND attnum > 0 AND NOT attisdropped);
    END LOOP;
END
$storage$;
