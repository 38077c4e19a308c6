-- The inbox without a worker: run_maintenance() learns it.
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
SELECT count(personalization.create_tenant(t, '{"value_policy": "latest"}')) AS made FROM unnest(ARRAY['i_acme', 'i_globex']) AS t;
-- Nothing to do.
SELECT personalization.run_maintenance('2026-03-02');

-- == Learned, in order for each user: the last one wins.
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at)
SELECT t, 'user ' || u, 'visualization', jsonb_build_object('chart_type', 'chart ' || n), '2026-03-01 12:00:00+00'
FROM generate_series(1, 50) AS n, generate_series(1, 3) AS u, unnest(ARRAY['i_acme', 'i_globex']) AS t;
SELECT count(*), count(DISTINCT position) = count(*) AS distinct_positions, count(interaction_id) AS ids FROM personalization.inbox;
SELECT personalization.run_maintenance('2026-03-02');
SELECT count(*) FROM personalization.inbox;
SELECT t, u, value, observation_count FROM unnest(ARRAY['i_acme', 'i_globex']) AS t, unnest(ARRAY['user 1', 'user 2', 'user 3']) AS u,
    personalization.preferences(t, u, '2026-03-01 12:00+00');
SELECT tenant_id, count(*), count(DISTINCT interaction_id) AS ids, count(DISTINCT occurred_at) AS times FROM personalization.interactions
WHERE tenant_id IN ('i_acme', 'i_globex') GROUP BY tenant_id ORDER BY tenant_id COLLATE "C";
-- As learn() would have it, to the last bit.
SELECT count(personalization.learn('i_acme', 'by hand', 'visualization', jsonb_build_object('chart_type', 'chart ' || n), '2026-03-01 12:00:00+00')) FROM generate_series(1, 50) AS n;
SELECT count(DISTINCT (value, confidence, observation_count, last_updated, expires_on)) AS different FROM personalization.preferences WHERE tenant_id LIKE 'i\_%';
-- Of a COPY, too, each row has a place of its own, in order; its rows are inserted by the page.
COPY personalization.inbox (tenant_id, user_id, interaction_type, data) FROM stdin;
i_acme	copied 1	export	{}
i_acme	copied 2	export	{}
i_acme	copied 3	export	{}
\.
INSERT INTO personalization.inbox (tenant_id, user_id) VALUES ('i_acme', 'values 1'), ('i_acme', 'values 2');
SELECT string_agg(user_id, ', ' ORDER BY position) AS in_order, count(DISTINCT position) FROM personalization.inbox;
DELETE FROM personalization.inbox;
-- The time of arrival is the default of occurred_at, and of NULL.
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('i_acme', 'now', 'export', '{"format": "csv"}');
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at) VALUES ('i_acme', 'now', 'export', '{"format": "csv"}', NULL);
SELECT bool_and(abs(extract(epoch FROM personalization.inbox_arrival(position) - clock_timestamp())) < 60) AS arrived_now FROM personalization.inbox;
SELECT personalization.run_maintenance('2026-03-02') -> 'inbox' AS learned;
SELECT count(*), bool_and(abs(extract(epoch FROM occurred_at - clock_timestamp())) < 60) AS now FROM personalization.interactions WHERE tenant_id = 'i_acme' AND user_id = 'now';

-- == An interaction_id that is known is a retry, in the table as in the inbox.
SELECT personalization.learn('i_acme', 'ana', 'export', '{"format": "csv"}', '2026-03-01', '00000000-0000-4000-8000-000000000001');
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at, interaction_id)
SELECT t, 'ana', 'export', '{"format": "csv"}', '2026-03-01', format('00000000-0000-4000-8000-00000000000%s', n)::uuid
FROM (VALUES ('i_acme', 1), ('i_acme', 2), ('i_acme', 2), ('i_globex', 1)) AS v (t, n);
SELECT personalization.run_maintenance('2026-03-02') -> 'inbox' AS taken;
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at, interaction_id, feedback)
VALUES ('i_acme', 'ana', 'export', '{"format": "csv"}', '2026-03-01', '00000000-0000-4000-8000-000000000002', '{"rating": "positive"}'),
       ('i_acme', 'ana', 'dashboard', '{}', '2026-03-01', '00000000-0000-4000-8000-000000000003', '{"rating": "positive"}');
SELECT personalization.run_maintenance('2026-03-02') -> 'inbox' AS taken;
SELECT tenant_id, interaction_id, feedback FROM personalization.interactions WHERE tenant_id LIKE 'i\_%' AND user_id = 'ana' ORDER BY tenant_id COLLATE "C", 2;
SELECT tenant_id, value, observation_count FROM personalization.preferences WHERE tenant_id LIKE 'i\_%' AND user_id = 'ana' ORDER BY tenant_id COLLATE "C";

-- == What cannot be learned goes to rejected_events, each with the reason; the others are learned.
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at)
SELECT t, u, i, d, o FROM (VALUES
    ('i_acme', 'good', 'export', jsonb '{"format": "csv"}', timestamptz '2026-03-01'),
    ('i_acme', 'bad', 'nonsense', '{}', '2026-03-01'), ('i_acme', 'bad', 'Query', '{}', '2026-03-01'), ('i_acme', 'bad', '', '{}', '2026-03-01'),
    ('i_acme', NULL, 'query', '{}', '2026-03-01'), ('i_acme', '', 'query', '{}', '2026-03-01'), ('i_acme', repeat('x', 513), 'query', '{}', '2026-03-01'),
    ('i_acme', 'bad', NULL, '{}', '2026-03-01'), ('i_acme', 'bad', 'query', NULL, '2026-03-01'),
    ('i_acme', 'bad', 'query', '[]', '2026-03-01'), ('i_acme', 'bad', 'query', '"x"', '2026-03-01'), ('i_acme', 'bad', 'query', 'null', '2026-03-01'),
    ('i_acme', 'bad', 'query', '{}', clock_timestamp() + interval '6 minutes'),
    ('i_acme', 'bad', 'query', '{}', 'infinity'), ('i_acme', 'bad', 'query', '{}', '-infinity'),
    ('i_acme', 'bad', 'query', jsonb_build_object('x', repeat('x', 1100000)), '2026-03-01'),
    ('i_acme', 'bad', 'feedback', '{"interaction_id": "7"}', '2026-03-01'),
    ('i_nowhere', 'bad', 'query', '{}', '2026-03-01'),
    (repeat('i', 513), 'bad', 'query', '{}', '2026-03-01'),
    ('i_acme', 'good', 'export', '{"format": "csv"}', clock_timestamp() + interval '4 minutes'),
    ('i_globex', 'good', 'export', '{"format": "csv"}', '2026-03-01')) AS v (t, u, i, d, o);
SELECT personalization.run_maintenance('2026-03-02') -> 'inbox' AS taken, (SELECT count(*) FROM personalization.inbox) AS before;
SELECT count(*) AS left FROM personalization.inbox;
\pset format unaligned
SELECT left(tenant_id, 12) AS tenant_id, left(event ->> 'user_id', 12) AS user_id, sqlstate, regexp_replace(reason, '(future: ).*', '\1…') AS reason, left(hint, 60) AS hint
FROM personalization.rejected_events WHERE (tenant_id LIKE 'i%' OR tenant_id = '') ORDER BY reason COLLATE "C", left(event::text, 100) COLLATE "C";
-- The event as it came, with learn()'s argument names.
SELECT event FROM personalization.rejected_events WHERE tenant_id = 'i_acme' AND (event ->> 'interaction_type' = 'nonsense' OR event ->> 'occurred_at' LIKE '%infinity') ORDER BY event::text COLLATE "C";
\pset format aligned
SELECT tenant_id, user_id, count(*) FROM personalization.interactions WHERE tenant_id LIKE 'i\_%' AND user_id IN ('good', 'bad') GROUP BY 1, 2 ORDER BY tenant_id COLLATE "C";
-- A name is cut between characters, not within one.
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('i_acme', 'cut', 'x' || repeat('ü', 80), '{}');
SELECT personalization.run_maintenance('2026-03-02') -> 'inbox' AS taken;
SELECT convert_from(convert_to(reason, 'UTF8'), 'UTF8') = reason AS valid FROM personalization.rejected_events WHERE tenant_id = 'i_acme' AND event ->> 'user_id' = 'cut';
-- A tenant without a name has no turn, but its row leaves too.
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('', 'nobody', 'query', '{}');
SELECT personalization.run_maintenance('2026-03-02') -> 'inbox' AS taken;
SELECT tenant_id, reason FROM personalization.rejected_events WHERE event ->> 'user_id' = 'nobody';

-- == A row that is taken is learned or comes back: it is one transaction.
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at) VALUES ('i_acme', 'back', 'export', '{"format": "csv"}', '2026-03-01');
BEGIN;
SELECT personalization.run_maintenance('2026-03-02') -> 'inbox' AS taken;
ROLLBACK;
SELECT count(*) AS there_again FROM personalization.inbox;
SELECT count(*) AS learned FROM personalization.interactions WHERE tenant_id = 'i_acme' AND user_id = 'back';
SELECT personalization.run_maintenance('2026-03-02') -> 'inbox' AS taken;

-- == A bound role: its own tenant's rows only.
CREATE ROLE regress_inbox LOGIN;
SELECT personalization.grant_access('regress_inbox', pooled => true);
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('i_globex', 'other', 'query', '{}');
SET ROLE regress_inbox;
SET personalization.tenant_id = 'i_acme';
-- That is the default, too.
INSERT INTO personalization.inbox (user_id, interaction_type, data, occurred_at) VALUES ('mine', 'export', '{"format": "csv"}', '2026-03-01');
SELECT pg_temp.outcome(s) FROM unnest(ARRAY[
    $$INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('i_globex', 'mine', 'query', '{}')$$,
    $$INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('i_globex', 'mine', 'query', '{}') ON CONFLICT DO NOTHING$$,
    $$INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('', 'mine', 'query', '{}')$$,
    $$INSERT INTO personalization.inbox_0 (tenant_id, user_id, interaction_type, data) VALUES ('i_acme', 'mine', 'query', '{}')$$,
    $$DELETE FROM personalization.inbox$$, $$UPDATE personalization.inbox SET user_id = 'me'$$, $$TRUNCATE personalization.inbox$$,
    $$LOCK personalization.inbox IN SHARE MODE$$]) AS s;
SELECT tenant_id, user_id FROM personalization.inbox;
SELECT inbox_backlog FROM personalization.tenant_statistics;
SELECT pg_temp.outcome('SELECT personalization.run_maintenance()');
SELECT pg_temp.outcome('TABLE personalization.worker_status');
-- PostgreSQL refuses COPY FROM where a policy holds; COPY to a table of one's own and INSERT … SELECT is the way.
-- (From a file of the client: versions of psql differ in whether they read on behind a COPY FROM stdin that is refused.)
\copy personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at) FROM '/dev/null'
CREATE TEMP TABLE loaded (user_id text, interaction_type text, data jsonb, occurred_at timestamptz);
COPY loaded FROM stdin;
copied	export	{"format": "pdf"}	2026-03-01
copied	export	{"format": "csv"}	2026-03-01
\.
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at) SELECT personalization.current_tenant(), * FROM loaded;
SELECT user_id FROM personalization.inbox ORDER BY position;
RESET ROLE;
RESET personalization.tenant_id;
-- COPY by a role that is not bound.
COPY personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at) FROM stdin;
i_acme	copied	export	{"format": "xml"}	2026-03-01
i_globex	copied	export	{"format": "xml"}	2026-03-01
\.
SELECT personalization.run_maintenance('2026-03-02') -> 'inbox' AS taken;
SELECT tenant_id, value, observation_count FROM personalization.preferences WHERE tenant_id LIKE 'i\_%' AND user_id = 'copied' ORDER BY tenant_id COLLATE "C";
SELECT tenant_id, reason FROM personalization.rejected_events WHERE tenant_id LIKE 'i\_%' AND event ->> 'user_id' IN ('mine', 'other', 'copied');

-- == Nor does a document choose the order of arrival: a position that none can have is that of now.
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('i_acme', 'moved', 'export', '{"format": "csv"}');
SELECT personalization.export_user('i_acme', 'moved') AS document, position AS before FROM personalization.inbox WHERE user_id = 'moved' \gset
CREATE FUNCTION pg_temp.moved(document jsonb, forged bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM personalization.forget_user('i_acme', 'moved');
    PERFORM personalization.import_user('i_acme', jsonb_set(document, '{data,inbox,0,position}', to_jsonb(forged)));
    RETURN (SELECT position FROM personalization.inbox WHERE user_id = 'moved');
END $$;
SELECT forged, m = :before AS kept, m > :before AS later, personalization.inbox_arrival(m) <= clock_timestamp() AS not_in_the_future
FROM (VALUES ('as it was', :before), ('-1', -1), ('the last', 9223372036854775807)) AS v (forged, n), pg_temp.moved(:'document', n) AS m;
SELECT personalization.forget_user('i_acme', 'moved') -> 'inbox' AS forgotten;

DROP TABLE loaded;
DELETE FROM personalization.inbox WHERE tenant_id = '';
DELETE FROM personalization.rejected_events WHERE tenant_id NOT IN ('i_acme', 'i_globex') AND (tenant_id LIKE 'i%' OR tenant_id = '');
SELECT count(personalization.drop_tenant(t)) AS dropped FROM unnest(ARRAY['i_acme', 'i_globex']) AS t;
DROP OWNED BY regress_inbox;
DROP ROLE regress_inbox;
