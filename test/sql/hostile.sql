-- What a bound role may send or do without being felt by another tenant, or learning of one.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE ROLE regress_hostile LOGIN;
SELECT personalization.create_tenant(t) IS NOT NULL AS made FROM unnest(ARRAY['hostile', 'neighbour']) t;
SELECT personalization.bind_role('regress_hostile', 'hostile');

-- The order of arrival is not the role's to choose, nor where a row was read; the rest is.
SET personalization.tenant_id = 'hostile';
SET SESSION AUTHORIZATION regress_hostile;
INSERT INTO personalization.inbox (user_id, interaction_type, data, position) VALUES ('ana', 'export', '{}', 0);
INSERT INTO personalization.inbox (user_id, interaction_type, data, topic) VALUES ('ana', 'export', '{}', 't');
INSERT INTO personalization.inbox (user_id, interaction_type, data, position) SELECT 'ana', 'export', '{}', 4611686018427387904;
INSERT INTO personalization.inbox (user_id, interaction_type, data, partition, "offset") VALUES ('ana', 'export', '{}', 0, 0);
\copy personalization.inbox (user_id, interaction_type, data, position) FROM '/dev/null'
UPDATE personalization.inbox SET position = 0;

-- Texts of any length leave the inbox, and are set aside with their beginning.
INSERT INTO personalization.inbox (user_id, interaction_type, data) VALUES
    (repeat('x', 3000000), 'export', '{}'), ('ana', repeat('y', 3000000), '{}'), (repeat('é', 300), 'export', '{}'),
    (repeat('z', 600), repeat('z', 600), jsonb_build_object('x', repeat('x', 2000000)));

-- So do rows with more names than an interaction may have.
INSERT INTO personalization.inbox (user_id, interaction_type, data)
    SELECT 'many', 'query', jsonb_build_object('tables_used', jsonb_agg('t' || i)) FROM (VALUES (10000), (10001)) v (n), generate_series(1, n) i GROUP BY n ORDER BY n;
SELECT personalization.learn('hostile', 'many', 'query', (SELECT jsonb_build_object('tables_used', jsonb_agg('t' || i)) FROM generate_series(1, 10001) i));
-- By whatever rule, and added up over the parts of an event.
SELECT pg_temp.outcome(format('SELECT personalization.learn(%L, %L, %L, %L)', 'hostile', 'more', type, data)) FROM
    (SELECT jsonb_agg('t' || i) AS names, jsonb_object_agg('t' || i, i) AS members FROM generate_series(1, 6000) AS i) AS n, LATERAL (VALUES
        ('export', jsonb_build_object('columns', names || names || names)), ('exploration', jsonb_build_object('tables', names)), ('dashboard', jsonb_build_object('widget_sizes', members)),
        ('query', jsonb_build_object('filters', names, 'group_by', names)), ('refinement', jsonb_build_object('original', jsonb_build_object('columns', names), 'corrected', jsonb_build_object('tables_used', names))),
        ('refinement', jsonb_build_object('corrected', jsonb_build_object('columns', names, 'filters', names)))) AS v (type, data);
SET personalization.max_signals = 20000;
RESET SESSION AUTHORIZATION;
RESET personalization.tenant_id;
SELECT personalization.run_maintenance() -> 'inbox' AS taken;
SELECT count(*) FROM personalization.inbox;
SELECT tenant_id, octet_length(event ->> 'user_id') AS user_bytes, octet_length(event ->> 'interaction_type') AS type_bytes, left(event ->> 'data', 30) AS data,
    sqlstate, left(reason, 60) AS reason FROM personalization.rejected_events WHERE tenant_id = 'hostile' ORDER BY rejected_id;
SELECT user_id, count(*) FROM personalization.preferences WHERE tenant_id = 'hostile' GROUP BY 1;

-- Names in SQL beyond the limit are left out, as others that cannot be keys.
SET personalization.max_signals = 3;
SELECT count(*) FROM personalization.extract_signals('query', '{"query": "SELECT * FROM a, b, c, d, e"}');
RESET personalization.max_signals;

-- A row that could not be stored whole is set aside without its payloads: here, as a trigger minds them.
CREATE FUNCTION pg_temp.mind() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.event @> '{"data": {"mind": true}}' THEN RAISE 'no payloads here'; END IF; RETURN NEW; END $$;
CREATE TRIGGER mind BEFORE INSERT ON personalization.rejected_events FOR EACH ROW EXECUTE FUNCTION pg_temp.mind();
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('hostile', 'ana', 'exprot', '{"mind": true}'),
    ('hostile', 'ana', 'export', '{"format": "csv"}'), ('neighbour', 'bo', 'export', '{"format": "csv"}');
SELECT personalization.run_maintenance() -> 'inbox' AS taken;
DROP TRIGGER mind ON personalization.rejected_events;
SELECT tenant_id, event ->> 'user_id' AS user_id, event ->> 'data' AS data, left(reason, 60) AS reason FROM personalization.rejected_events
    WHERE event ->> 'interaction_type' = 'exprot';
SELECT tenant_id, user_id, count(*) FROM personalization.interactions WHERE data ? 'format' GROUP BY 1, 2 ORDER BY 1;

-- Requests that fail when they are counted are skipped, wherever they are, and the batches grow again after each: 500
-- requests with three of those take some dozens of subtransactions, of which these are the ones that wrote.
CREATE FUNCTION pg_temp.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.query IN ('query 10', 'query 11', 'query 400') THEN RAISE 'no such queries here'; END IF; RETURN NEW; END $$;
CREATE TRIGGER fail BEFORE INSERT ON personalization.query_statistics FOR EACH ROW EXECUTE FUNCTION pg_temp.fail();
SELECT personalization.learn_batch(jsonb_agg(jsonb_build_object('tenant_id', 'hostile', 'user_id', 'asks ' || n % 3, 'interaction_type', 'query',
    'data', jsonb_build_object('query', 'query ' || n)) ORDER BY n)) AS learned FROM generate_series(1, 500) AS n;
SELECT personalization.run_maintenance() -> 'queries' AS counted;
SELECT count(*) AS queries, count(DISTINCT xmin::text) < 60 AS together FROM personalization.query_statistics WHERE tenant_id = 'hostile' AND query LIKE 'query %';
DROP TRIGGER fail ON personalization.query_statistics;

-- A count that the role has put to its end stays there: requests go on, nothing fails, and the statistics count them.
SET personalization.tenant_id = 'hostile';
SET SESSION AUTHORIZATION regress_hostile;
UPDATE personalization.user_queries SET ask_count = 9223372036854775807 - n FROM (VALUES ('query 1', 0), ('query 2', 1), ('query 3', 20)) AS v (q, n) WHERE query = q;
INSERT INTO personalization.inbox (user_id, interaction_type, data)
    SELECT 'asks ' || substr(q, 7)::int % 3, 'query', jsonb_build_object('query', q) FROM unnest('{query 1,query 2,query 3}'::text[]) AS q, generate_series(1, 50);
RESET SESSION AUTHORIZATION;
RESET personalization.tenant_id;
SELECT d -> 'inbox' AS taken, d -> 'queries' AS counted FROM personalization.run_maintenance() AS d;
SELECT query, ask_count > 4611686018427387000 AS at_the_end, (SELECT s.ask_count FROM personalization.query_statistics AS s
    WHERE s.tenant_id = u.tenant_id AND s.query_id = u.query_id) AS of_the_tenant
FROM personalization.user_queries AS u WHERE tenant_id = 'hostile' AND query IN ('query 1', 'query 2', 'query 3') ORDER BY query;
SELECT count(*) AS rejected FROM personalization.rejected_events WHERE tenant_id = 'hostile' AND event ->> 'user_id' LIKE 'asks %';

-- The server's own roles see everybody's statistics, statements and settings.
DO $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT rolname FROM pg_roles WHERE rolname ~ '^pg_' AND oid < 16384 ORDER BY 1 LOOP
        BEGIN
            IF r.rolname = 'pg_database_owner' THEN CONTINUE; END IF;
            EXECUTE format('GRANT %I TO regress_hostile', r.rolname);
            PERFORM personalization.bind_role('regress_hostile', 'hostile');
            RAISE WARNING 'bound as a member of %', r.rolname;
        EXCEPTION WHEN object_not_in_prerequisite_state THEN
            NULL;
        END;
    END LOOP;
END $$;
GRANT pg_monitor TO regress_hostile;
\set VERBOSITY default
SELECT personalization.bind_role('regress_hostile', 'hostile');
\set VERBOSITY terse
REVOKE pg_monitor FROM regress_hostile;
-- GRANT ALL gives what no policy restricts, by itself, to all, or through another role.
DO $$
DECLARE
    grants text[] := ARRAY['ALL ON ALL TABLES IN SCHEMA personalization', 'ALL ON personalization.interactions', 'TRIGGER ON personalization.inbox', 'TRUNCATE ON personalization.preferences_3',
        'REFERENCES ON personalization.tenants', 'REFERENCES (tenant_id) ON personalization.profiles', 'REFERENCES (user_id) ON personalization.profiles_2', 'CREATE ON SCHEMA personalization', 'ALL ON SCHEMA personalization'];
    g text;
    r text;
BEGIN
    CREATE ROLE regress_granted;
    GRANT regress_granted TO regress_hostile;
    FOREACH g IN ARRAY grants LOOP
        FOREACH r IN ARRAY ARRAY['regress_hostile', 'regress_granted', 'PUBLIC'] LOOP
            EXECUTE format('GRANT %s TO %s', g, r);
            BEGIN
                PERFORM personalization.bind_role('regress_hostile', 'hostile');
                RAISE WARNING 'bound with % granted to %', g, r;
            EXCEPTION WHEN object_not_in_prerequisite_state THEN
                NULL;
            END;
            EXECUTE format('REVOKE %s FROM %s', g, r);
        END LOOP;
    END LOOP;
    PERFORM personalization.bind_role('regress_hostile', 'hostile');
END $$;
-- So does owning anything of the extension: who owns a function may move it away and give it another body, current_tenant() too.
DO $$
DECLARE
    objects text[] := ARRAY['FUNCTION personalization.current_tenant()', 'FUNCTION personalization.next_due_on(date[], date[])', 'TYPE personalization.interaction_type', 'SCHEMA personalization',
        'TABLE personalization.rankings', 'TABLE personalization.profiles_2', 'VIEW personalization.tenant_overview'];
    o text;
    r text;
    detail text;
BEGIN
    FOREACH o IN ARRAY objects LOOP
        FOREACH r IN ARRAY ARRAY['regress_hostile', 'regress_granted'] LOOP
            EXECUTE format('ALTER %s OWNER TO %s', o, r);
            BEGIN
                PERFORM personalization.bind_role('regress_hostile', 'hostile');
                RAISE WARNING 'bound as % owns %', r, o;
            EXCEPTION WHEN object_not_in_prerequisite_state THEN
                GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
                IF detail NOT LIKE '%owns objects of the extension.' AND o <> 'SCHEMA personalization' THEN RAISE WARNING '% of %: %', r, o, detail; END IF;
            END;
            EXECUTE format('ALTER %s OWNER TO %I', o, current_user);
        END LOOP;
    END LOOP;
    BEGIN
        UPDATE pg_extension SET extowner = 'regress_granted'::regrole WHERE extname = 'personalization';
        PERFORM personalization.bind_role('regress_hostile', 'hostile');
        RAISE WARNING 'bound as regress_granted owns the extension';
    EXCEPTION WHEN object_not_in_prerequisite_state THEN
        NULL;
    END;
    PERFORM personalization.bind_role('regress_hostile', 'hostile');
END $$;
DROP ROLE regress_granted;
-- Nor through another role, whether or not its privileges are inherited.
CREATE ROLE regress_between;
GRANT regress_between TO regress_hostile;
DO $$
DECLARE
    r text;
BEGIN
    FOREACH r IN ARRAY ARRAY['pg_monitor', 'pg_read_all_data', 'pg_read_all_stats', 'pg_read_all_settings', 'pg_write_all_data'] LOOP
        EXECUTE format('GRANT %I TO regress_between', r);
        FOR i IN 1..2 LOOP
            EXECUTE CASE i WHEN 1 THEN 'ALTER ROLE regress_hostile INHERIT' ELSE 'ALTER ROLE regress_hostile NOINHERIT' END;
            BEGIN
                PERFORM personalization.bind_role('regress_hostile', 'hostile');
                RAISE WARNING 'bound as a member of a member of %', r;
            EXCEPTION WHEN object_not_in_prerequisite_state THEN
                NULL;
            END;
        END LOOP;
        EXECUTE format('REVOKE %I FROM regress_between', r);
    END LOOP;
END $$;
REVOKE regress_between FROM regress_hostile;
ALTER ROLE regress_hostile INHERIT;
DROP ROLE regress_between;

-- That it has been created here, and comes from no dump, is not the role's to take away.
SET SESSION AUTHORIZATION regress_hostile;
DELETE FROM personalization.rankings;
RESET SESSION AUTHORIZATION;
GRANT DELETE ON personalization.rankings TO regress_hostile;
SELECT personalization.bind_role('regress_hostile', 'hostile'), has_table_privilege('regress_hostile', 'personalization.rankings', 'DELETE') AS left_from_1_0;

-- Feedback on an interaction has as many signals as it: a batch of the inbox has few of them.
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, interaction_id)
    SELECT 'hostile', 'wide', 'query', jsonb_build_object('tables_used', jsonb_agg('t' || i)), '00000000-0000-4000-8000-000000000001' FROM generate_series(1, 6000) i;
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data)
    SELECT 'hostile', 'wide', 'feedback', '{"interaction_id": "00000000-0000-4000-8000-000000000001", "rating": 1}' FROM generate_series(1, 5);
SELECT personalization.run_maintenance() -> 'inbox' AS with_the_interaction;
SELECT count(*), count(DISTINCT xmin::text) > 1 AS several_batches FROM personalization.interactions WHERE tenant_id = 'hostile' AND user_id = 'wide';
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data)
    SELECT 'hostile', 'later', 'feedback', '{"interaction_id": "00000000-0000-4000-8000-000000000001", "rating": 1}' FROM generate_series(1, 8);
SELECT personalization.run_maintenance() -> 'inbox' AS after_it;
SELECT count(*), count(DISTINCT xmin::text) > 1 AS several_batches FROM personalization.interactions WHERE tenant_id = 'hostile' AND user_id = 'later';
SELECT user_id, count(*), sum(observation_count) AS observed FROM personalization.preferences WHERE tenant_id = 'hostile' AND user_id IN ('wide', 'later') GROUP BY 1 ORDER BY 1;

-- Keys of locks tell nothing of a user by what is known of others: no key of one tenant follows from those of another.
CREATE FUNCTION pg_temp.keys(tenant text, name text) RETURNS int8[] LANGUAGE plpgsql AS $$
BEGIN
    PERFORM personalization.learn(tenant, name, 'export', '{}');
    RETURN (SELECT array_agg(objid::int8 ORDER BY objid) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'object' AND classid >= 16384);
END $$;
BEGIN; SELECT pg_temp.keys('hostile', 'kim') AS hostile_kim \gset
ROLLBACK; BEGIN; SELECT pg_temp.keys('hostile', 'lee') AS hostile_lee \gset
ROLLBACK; BEGIN; SELECT pg_temp.keys('neighbour', 'kim') AS neighbour_kim \gset
ROLLBACK; BEGIN; SELECT pg_temp.keys('neighbour', 'lee') AS neighbour_lee \gset
ROLLBACK;
WITH keys AS (
    SELECT (SELECT min(x) FROM unnest(:'hostile_kim'::int8[]) AS x WHERE x <> ALL (:'hostile_lee'::int8[])) AS a, (SELECT min(x) FROM unnest(:'hostile_lee'::int8[]) AS x WHERE x <> ALL (:'hostile_kim'::int8[])) AS b,
        (SELECT min(x) FROM unnest(:'neighbour_kim'::int8[]) AS x WHERE x <> ALL (:'neighbour_lee'::int8[])) AS c, (SELECT min(x) FROM unnest(:'neighbour_lee'::int8[]) AS x WHERE x <> ALL (:'neighbour_kim'::int8[])) AS d)
SELECT num_nonnulls(a, b, c, d) AS keys, a # b # c # d <> 0 AS not_by_xor, (a - b - c + d) & 4294967295 <> 0 AS not_by_sum, a <> c AND b <> d AS not_the_user_alone FROM keys;

-- Nor does that of a tenant for which events of topics arrive: a hash without a secret could be computed from a name.
BEGIN;
SELECT * FROM personalization.learn_part('neighbour', '{"now": 800000000000000, "on_error": "wait", "events": [
  {"index": 0, "topic": "t", "partition": 0, "offset": 0, "event": {"tenant_id": "neighbour", "user_id": "bo", "interaction_type": "export", "data": {}}}]}');
SELECT count(*) AS arriving, bool_or(objid::int8 = hashtext('neighbour')::int8 & 4294967295) AS by_name FROM pg_locks
    WHERE pid = pg_backend_pid() AND locktype = 'object' AND classid = 'personalization.inbox'::regclass AND objsubid = 1;
ROLLBACK;

-- A zone that the system has lost: UTC, and a warning that names it; nothing else fails.
SELECT personalization.learn('neighbour', 'bo', 'query', '{"query": "profit"}', '2026-03-01') IS NOT NULL AS learned;
UPDATE personalization.tenants SET settings = '{"time_zone": "US/Atlantis"}' WHERE tenant_id = 'neighbour';
SELECT personalization.learn('neighbour', 'bo', 'query', '{"query": "profit"}', '2026-03-02') IS NOT NULL AS learned;
SELECT personalization.usage_patterns('neighbour', 'bo', '2026-03-03') IS NOT NULL AS patterns;
SELECT personalization.run_maintenance() -> 'inbox' AS maintained;
SELECT personalization.configure_tenant('neighbour', '{"decay_factor": 0.9}') ->> 'time_zone' AS still;
SELECT personalization.configure_tenant('neighbour', '{"time_zone": "US/Atlantis"}');
SELECT personalization.create_tenant('third', '{"time_zone": "US/Atlantis"}');
CREATE TEMP TABLE document AS SELECT personalization.export_user('neighbour', 'bo') AS d;
SELECT s, pg_temp.outcome(s) FROM unnest(ARRAY[
    $$SELECT personalization.get_suggestions('neighbour', 'bo')$$, $$SELECT personalization.route('neighbour', 'bo', 'profit')$$, $$SELECT personalization.get_profile('neighbour', 'bo', '2026-03-01 12:00')$$,
    $$SELECT personalization.get_context('neighbour', 'bo')$$, $$SELECT personalization.preferences('neighbour', 'bo')$$, $$SELECT personalization.collect_feedback('neighbour', 'bo', '{"rating": 1}')$$,
    $$SELECT personalization.end_turn('neighbour', 'bo', 'profit', 'none')$$, $$SELECT personalization.tenant_insights('neighbour')$$, $$SELECT personalization.evaluate('neighbour')$$,
    $$SELECT personalization.rebuild_statistics('neighbour')$$, $$SELECT personalization.reset_ranking('neighbour')$$, $$TABLE personalization.tenant_overview$$, $$TABLE personalization.usage_heatmap$$]) AS s;
SELECT personalization.export_user('neighbour', 'bo') IS NOT NULL AS exported;
SELECT personalization.forget_user('neighbour', 'bo') -> 'interactions' AS forgotten;
SELECT personalization.import_user('neighbour', d) -> 'interactions' AS imported FROM document;
SELECT personalization.configure_tenant('neighbour', '{"time_zone": null}') ->> 'time_zone' AS mended;

SELECT personalization.drop_tenant(t) IS NOT NULL AS dropped FROM unnest(ARRAY['hostile', 'neighbour']) t;
DROP OWNED BY regress_hostile;
DROP ROLE regress_hostile;
