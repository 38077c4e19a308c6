-- store_query_text: of queries only identity, tables and hashes of words are stored.
SET timezone = 'UTC';
-- The tables in which a word is anywhere, in any column.
CREATE FUNCTION pg_temp.found(word text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    tab regclass;
    n bigint;
BEGIN
    FOR tab IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'personalization'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname LOOP
        EXECUTE format('SELECT count(*) FROM %s t WHERE strpos(lower(t::text), lower($1)) > 0', tab) INTO n USING word;
        IF n > 0 THEN
            RETURN NEXT tab::text;
        END IF;
    END LOOP;
END $$;
SELECT personalization.create_tenant('qt', '{"store_query_text": false, "history_retention": "100 years"}') ->> 'store_query_text' AS stored;

-- Every way in, with a marker wherever a query has text.
SELECT personalization.learn('qt', 'ana', 'query', '{"query": "Zq7Xmark revenue by region", "sql": "SELECT region, sum(zq7xmark) FROM sales.orders o JOIN customers c USING (id) WHERE zq7xmark = ''Zq7Xmark'' GROUP BY region, zq7xmark"}', '2026-03-01 09:00+00') AS id \gset
SELECT personalization.learn('qt', 'ana', 'query', '{"sql": "SELECT zq7xmark FROM stock.items"}', '2026-03-01 09:01+00', NULL, '{"query": "zq7xmark"}') IS NOT NULL AS learned;
SELECT personalization.learn('qt', 'ana', 'visualization', '{"chart_type": "bar", "Query": "zq7xmark", "source": {"SQL": ["zq7xmark"], "kind": "table"}}', '2026-03-01 09:02+00') IS NOT NULL AS learned;
SELECT personalization.learn('qt', 'ana', 'refinement', '{"original": {"query": "zq7xmark", "chart_type": "pie"}, "corrected": {"sql": "SELECT zq7xmark FROM t GROUP BY zq7xmark", "chart_type": "bar"}}', '2026-03-01 09:03+00') IS NOT NULL AS learned;
SELECT personalization.learn_batch(jsonb_agg(jsonb_build_object('tenant_id', 'qt', 'user_id', u, 'interaction_type', 'query', 'occurred_at', '2026-03-02T09:00:00Z',
    'data', '{"query": "Which zq7xmark returns?", "tables_used": ["sales.returns"], "filters": ["carrier"]}'::jsonb))) AS learned FROM unnest(ARRAY['bo', 'cy', 'di']) AS u;
SELECT personalization.learn('qt', 'bo', 'query', '{"query": "A zq7xmark without a table"}', '2026-03-02 10:00+00') IS NOT NULL AS learned;
SELECT personalization.collect_feedback('qt', 'ana', jsonb_build_object('interaction_id', :'id', 'rating', 1, 'query', 'zq7xmark')) IS NOT NULL AS learned;
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at) VALUES ('qt', 'ed', 'query', '{"query": "Zq7xmark of the inbox", "tables_used": ["inbox.table"]}', '2026-03-02 11:00+00');
-- Those that cannot be learned too.
SELECT personalization.learn_batch('[{"tenant_id": "qt", "user_id": "ana", "interaction_type": "query", "data": {"query": {"zq7xmark": 1}}},
    {"tenant_id": "qt", "user_id": "ana", "interaction_type": "query", "data": "zq7xmark"},
    {"tenant_id": "qt", "user_id": "ana", "interaction_type": "query", "data": {"query": "zq7xmark"}, "zq7xmark": "zq7xmark"},
    {"tenant_id": "qt", "interaction_type": "query", "data": {"q": "zq7xmark"}},
    {"tenant_id": "qt", "user_id": "ana", "interaction_type": "feedback", "data": {"interaction_id": "no uuid", "rating": 1, "sql": "zq7xmark"}},
    {"tenant_id": "qt", "user_id": "ana", "interaction_type": "refinement", "data": {"original": "x", "corrected": {"query": "zq7xmark"}}}]', 'divert') AS learned;
-- Rows of the inbox stay until they are learned, and nothing else has it.
SELECT * FROM pg_temp.found('zq7xmark');
SELECT personalization.run_maintenance('2026-03-02 12:00+00') -> 'queries' IS NOT NULL AS counted;
SELECT * FROM pg_temp.found('zq7xmark');
SELECT event, reason FROM personalization.rejected_events WHERE tenant_id = 'qt' ORDER BY event::text;

-- What is stored.
SELECT user_id, interaction_type, data, feedback IS NOT NULL AS has_feedback FROM personalization.interactions WHERE tenant_id = 'qt' AND interaction_type <> 'feedback' ORDER BY occurred_at, user_id;
SELECT user_id, query, sql, tables, words ~ '^\x1e(q[a-p]{8} ?)+$' AS hashed FROM personalization.user_queries WHERE tenant_id = 'qt' ORDER BY user_id, first_asked;
-- The identity is that of the text.
SELECT query_id = personalization.query_id('{"query": "zq7xmark REVENUE by region?"}') AS same FROM personalization.user_queries WHERE tenant_id = 'qt' AND query = 'sales.orders, customers';
SELECT key, value FROM personalization.preferences('qt', 'ana', '2026-03-01 10:00+00', min_confidence => 0) ORDER BY key, value;
-- What is replayed from what is stored is what was learned: bo's, and ana's before the feedback.
SELECT count(*) AS differ FROM (SELECT key, value, round(confidence::numeric, 9) FROM personalization.preferences WHERE tenant_id = 'qt' AND user_id = 'bo'
    EXCEPT SELECT key, value, round(confidence::numeric, 9) FROM personalization.preferences('qt', 'bo', '2026-03-02 10:00:01+00', min_confidence => 0)) AS d;
SELECT key, value, round(confidence::numeric, 4) AS confidence FROM personalization.preferences('qt', 'ana', '2026-03-01 09:04+00', min_confidence => 0) ORDER BY key;
-- == Suggestions name tables; what has none is not suggested.
SELECT suggestion, suggestion_type, evidence -> 'after' AS after FROM personalization.get_suggestions('qt', 'bo', at => '2026-03-02 12:00+00') ORDER BY 1;
-- What is shown is the names of tables: that is what is on the screen, and what excludes it; the text that was asked does too.
SELECT suggestion FROM personalization.get_suggestions('qt', 'bo', at => '2026-03-02 12:00+00', exclude => '{"sales.orders, customers"}') ORDER BY 1;
SELECT suggestion FROM personalization.get_suggestions('qt', 'bo', at => '2026-03-02 12:00+00', exclude => '{"Zq7Xmark revenue by region"}') ORDER BY 1;
-- Nor is what looks like the query just asked: another one on its tables.
BEGIN;
SELECT personalization.learn('qt', 'bo', 'query', '{"query": "zq7xmark of the items", "tables_used": ["stock.items"]}', '2026-03-02 11:59+00') IS NOT NULL AS learned;
SELECT suggestion FROM personalization.get_suggestions('qt', 'bo', at => '2026-03-02 12:00+00') ORDER BY 1;
ROLLBACK;
-- Words of a context are found by their hashes, tables by their names.
SELECT suggestion FROM personalization.get_suggestions('qt', 'di', 'which ZQ7XMARK', 1, '2026-03-02 12:00+00');
SELECT suggestion FROM personalization.get_suggestions('qt', 'di', 'revenue', 1, '2026-03-02 12:00+00');
SELECT suggestion FROM personalization.get_suggestions('qt', 'di', 'items', 1, '2026-03-02 12:00+00');
SELECT suggestion FROM personalization.get_suggestions('qt', 'di', 'items', 9, '2026-03-02 12:00+00') WHERE evidence -> 'contributions' ? 'context';
SELECT personalization.configure_tenant('qt', '{"insight_minimum_users": 1}') IS NOT NULL AS set;
SELECT q ->> 'query' AS query, q -> 'users' AS users FROM jsonb_array_elements(personalization.tenant_insights('qt', '2026-01-01') -> 'queries') AS q ORDER BY 1;
SELECT count(*) AS in_documents FROM (VALUES (personalization.get_profile('qt', 'ana')), (personalization.get_context('qt', 'ana')), (personalization.export_user('qt', 'ana')), (personalization.export_user('qt', 'bo'))) AS d (document)
WHERE document::text ~* 'zq7xmark';
-- Statistics are rebuilt from what is stored.
SELECT personalization.rebuild_statistics('qt') IS NOT NULL AS asked;
SELECT personalization.run_maintenance('2026-03-02 12:00+00') -> 'queries' IS NOT NULL AS counted;
SELECT suggestion FROM personalization.get_suggestions('qt', 'di', 'which ZQ7XMARK', 1, '2026-03-02 12:00+00');
SELECT personalization.forget_user('qt', 'cy') -> 'user_queries' AS forgotten;
SELECT * FROM pg_temp.found('zq7xmark');

-- == Conversations keep messages as long as they live.
SELECT personalization.begin_turn('qt', 'ana', 'Is zq7xmark late?') -> 'messages' AS messages;
SELECT personalization.end_turn('qt', 'ana', 'Is zq7xmark late?', 'No.', data => '{"sql": "SELECT zq7xmark FROM sales.late"}') ->> 'conversation_id' AS conversation \gset
SELECT * FROM pg_temp.found('zq7xmark');
SELECT personalization.end_conversation('qt', :'conversation') IS NOT NULL AS over;
SELECT * FROM pg_temp.found('zq7xmark');

-- == A user who is imported with texts.
SELECT personalization.create_tenant('qt2', '{"history_retention": "100 years"}') IS NOT NULL AS made;
SELECT personalization.learn('qt2', 'gus', 'query', '{"query": "Zq7Xmark of gus", "sql": "SELECT 1 FROM gus.table WHERE zq7xmark"}', '2026-03-01 09:00+00') IS NOT NULL AS learned;
SELECT personalization.learn_batch('[{"tenant_id": "qt2", "user_id": "gus", "interaction_type": "query", "data": {"query": ["zq7xmark"]}}]', 'divert') AS learned;
SELECT personalization.export_user('qt2', 'gus') || '{"tenant_id": "qt"}' AS document \gset
SELECT personalization.import_user('qt', jsonb_set(:'document', '{data,user_queries,0,words}', to_jsonb(E'\x1e' || 'zq7xmark'::text))) -> 'user_queries' AS queries;
SELECT personalization.import_user('qt', '{"user_id": "hal", "tenant_id": "qt", "preferences": {}, "interaction_history": [{"id": "00000000-0000-4000-8000-0000000000aa", "interaction_type": "query", "timestamp": "2026-03-01T09:00:00", "data": {"query": "zq7xmark of hal", "tables_used": ["hal.table"]}}]}') -> 'user_queries' AS queries;
SELECT personalization.drop_tenant('qt2') IS NOT NULL AS dropped;
SELECT * FROM pg_temp.found('zq7xmark');
SELECT user_id, query, sql, words = (SELECT q.words FROM personalization.user_queries q WHERE q.tenant_id = 'qt' AND q.user_id = 'hal') AS same_words FROM personalization.user_queries WHERE tenant_id = 'qt' AND user_id IN ('gus', 'hal') ORDER BY 1;

-- == Switched off later: what is stored stays, until it is forgotten.
SELECT personalization.create_tenant('qt3', '{"history_retention": "100 years"}') IS NOT NULL AS made;
SELECT personalization.learn('qt3', u, 'query', '{"query": "Zq7Xmark revenue", "sql": "SELECT zq7xmark FROM sales.orders"}', '2026-03-01 09:00+00') IS NOT NULL AS learned FROM unnest(ARRAY['ana', 'bo']) AS u;
SELECT personalization.learn('qt3', 'ana', 'query', '{"query": "Other things", "tables_used": ["other"]}', '2026-03-01 09:10+00') IS NOT NULL AS learned;
SELECT personalization.learn('qt3', 'bo', 'export', '{"format": "csv"}', '2026-03-01 09:10+00', feedback => '{"rating": 1, "SQL": "SELECT zq7xmark", "of": {"query": ["zq7xmark"], "kind": "table"}}') IS NOT NULL AS learned;
SELECT personalization.learn_batch('[{"tenant_id": "qt3", "user_id": "ana", "interaction_type": "query", "data": {"query": ["zq7xmark"]}}]', 'divert') AS learned;
SELECT personalization.run_maintenance('2026-03-01 10:00+00') -> 'queries' IS NOT NULL AS counted;
SELECT personalization.forget_query_text('qt3');
SELECT personalization.configure_tenant('qt3', '{"store_query_text": false}') -> 'store_query_text' AS stored;
SELECT * FROM pg_temp.found('zq7xmark');
SELECT suggestion FROM personalization.get_suggestions('qt3', 'ana', at => '2026-03-01 10:00+00');
SELECT personalization.forget_query_text('qt3');
SELECT * FROM pg_temp.found('zq7xmark');
SELECT feedback FROM personalization.interactions WHERE tenant_id = 'qt3' AND feedback IS NOT NULL;
SELECT personalization.forget_query_text('qt3');
SELECT suggestion FROM personalization.get_suggestions('qt3', 'fay', 'zq7xmark', 1, '2026-03-01 10:00+00');
SELECT action, details FROM personalization.audit_log WHERE tenant_id = 'qt3' AND action = 'forget_query_text' ORDER BY at;
-- On again: new queries have text; what has none is named by its tables.
SELECT personalization.configure_tenant('qt3', '{"store_query_text": null}') -> 'store_query_text' AS stored;
SELECT suggestion FROM personalization.get_suggestions('qt3', 'ana', at => '2026-03-01 10:00+00');
SELECT personalization.learn('qt3', 'ana', 'query', '{"query": "Zq7Xmark revenue", "tables_used": ["sales.orders"]}', '2026-03-01 09:30+00') IS NOT NULL AS learned;
SELECT personalization.learn('qt3', 'ana', 'query', '{"query": "The last one"}', '2026-03-01 09:31+00') IS NOT NULL AS learned;
SELECT suggestion FROM personalization.get_suggestions('qt3', 'ana', at => '2026-03-01 10:00+00') ORDER BY 1;
SELECT personalization.forget_query_text('nobody');
SELECT personalization.forget_query_text(NULL);
SELECT count(personalization.drop_tenant(t)) AS dropped FROM unnest(ARRAY['qt', 'qt3']) AS t;
