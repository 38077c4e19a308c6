-- Random users with everything, for the test of exporting and importing.  All that is random comes from setseed().

CREATE SCHEMA test;

CREATE FUNCTION test.pick(VARIADIC items text[]) RETURNS text LANGUAGE sql VOLATILE AS
    'SELECT items[1 + floor(random() * cardinality(items))::int]';
CREATE FUNCTION test.chance(p float8) RETURNS boolean LANGUAGE sql VOLATILE AS 'SELECT random() < p';

-- Texts as people, machines and attackers write them.
CREATE FUNCTION test.odd_text() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT test.pick('bar', 'bar', 'Pie', 'line', 'csv', 'a:b', 'Ünïcode', 'O''Brien', '"quoted"', 'back\slash', '$1', '%s%n', '100 %',
        '{}', '{"user_id": "x"}', '[1]', 'null', 'NaN', '1e400', '-1', '0', 'true', ' leading', 'trailing ', E'line\nbreak', E'tab\there', E'\u0001',
        E'e\u0301', E'zero\u200bwidth', E'no\u00a0break', '用户', '🦉', E'\u202eright to left', '''; DROP TABLE x; --', '$.**', repeat('long ', 60),
        'user_id', 'tenant_id', '2026-02-30', 'infinity', '\x00')
$$;

CREATE FUNCTION test.odd_value() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN test.chance(0.6) THEN to_jsonb(test.odd_text()) ELSE test.pick('0', '-0.0', '1', '1.50', '1e300', '1e-300', '0.1',
        '12345678901234567890', 'true', 'false', 'null', '""', '[]', '{}', '[null]', '[1, [2, {"a": null}]]', '{"a": {"b": [1.0, 1.00]}}',
        '{"Ünï": "\u0001"}')::jsonb END
$$;

-- Mostly lately, sometimes long ago; BC once in a while.  What would be older than a whole number of days while the test
-- runs, as retention counts them, is so already: it must not leave between two things that are compared.
CREATE FUNCTION test.moment() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT m - CASE WHEN extract(epoch FROM now() - m) % 86400 > 86400 - 900 THEN interval '15 minutes' ELSE interval '0' END
    FROM (SELECT CASE WHEN test.chance(0.3) THEN now()
        WHEN test.chance(0.01) THEN timestamptz '0044-03-15 12:00:00.123456+00 BC'
        WHEN test.chance(0.05) THEN now() - random() * interval '3 years'
        WHEN test.chance(0.2) THEN date_trunc('day', now(), 'UTC') - floor(random() * 20) * interval '1 day'
        ELSE now() - random() * random() * interval '100 days' END AS m OFFSET 0) AS v
$$;

CREATE FUNCTION test.settings() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(jsonb_object_agg(name, value), '{}') FROM (VALUES
        ('evidence_retention', to_jsonb(test.pick('0 days', '1 day', '10 days', '400 days', '100 years'))),
        ('history_retention', to_jsonb(test.pick('2 days', '30 days', '5 years'))),
        ('value_policy', to_jsonb(test.pick('strongest', 'latest'))),
        ('time_zone', to_jsonb(test.pick('Asia/Kathmandu', 'America/New_York', 'Pacific/Kiritimati'))),
        ('decay_factor', to_jsonb(round((0.5 + random() / 2)::numeric, 3))),
        ('min_confidence', to_jsonb(round((random() / 2)::numeric, 3))),
        ('learning_rate', to_jsonb(round((0.01 + random() * 0.9)::numeric, 3))),
        ('suggestions', to_jsonb(test.chance(0.8))),
        ('max_history_size', to_jsonb(floor(1 + random() * 50)::int))) AS v (name, value)
    WHERE test.chance(0.3)
$$;

-- A name that no other user has; some end as names of tenants, numbers or JSON do.
CREATE FUNCTION test.user_name(n int) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN test.chance(0.2) THEN n::text WHEN test.chance(0.2) THEN format('ana+%s@corp.example', n)
        WHEN test.chance(0.05) THEN repeat('ü', 100) || n ELSE test.odd_text() || n END
$$;

CREATE FUNCTION test.question() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN test.chance(0.8) THEN test.pick('sales by region', 'Sales by region?', 'revenue this month', 'top customers', 'open orders',
        'orders of last week', 'churn by plan', 'café turnover', E'cafe\u0301 turnover') ELSE test.odd_text() END
$$;

CREATE FUNCTION test.query_data() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(jsonb_object_agg(name, value), '{}') FROM (VALUES
        ('query', to_jsonb(test.question()), 0.8),
        ('sql', to_jsonb(test.pick('SELECT region, sum(amount) FROM sales WHERE day >= ''2026-01-01'' GROUP BY region', 'select * from orders o join customers c using (id) limit 10',
            'SELECT {{ x }} FROM `a.b.c`', 'nonsense (', 'SELECT count(*) FROM "Line Items" WHERE status = 3')), 0.5),
        ('tables_used', to_jsonb(ARRAY[test.pick('orders', 'customers', 'web.events'), test.odd_text()]), 0.5),
        ('filters', to_jsonb(ARRAY['region =']), 0.2),
        ('extra', test.odd_value(), 0.2)) AS v (name, value, p)
    WHERE test.chance(p)
$$;

CREATE FUNCTION test.event_data(kind text, of_user text) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    chart jsonb := to_jsonb(test.pick('bar', 'bar', 'bar', 'line', 'pie'));
BEGIN
    RETURN CASE kind
        WHEN 'query' THEN test.query_data()
        WHEN 'visualization' THEN jsonb_build_object('chart_type', CASE WHEN test.chance(0.8) THEN chart ELSE test.odd_value() END,
            'color_scheme', test.odd_value(), 'x_axis', test.odd_text())
        WHEN 'export' THEN jsonb_build_object('format', test.pick('csv', 'xlsx', 'pdf'), 'columns', jsonb_build_array(test.odd_value(), test.odd_value(), 'a'))
        WHEN 'dashboard' THEN jsonb_build_object('layout', test.odd_value(), 'widget_sizes', jsonb_build_object(test.odd_text(), test.odd_value(), 'kpi', 's'),
            'refresh_interval', test.pick('30', '60', '1.5', '1e2')::jsonb)
        WHEN 'exploration' THEN jsonb_build_object('tables', jsonb_build_array(test.odd_text(), 'orders'))
        WHEN 'refinement' THEN jsonb_build_object('original', jsonb_build_object('chart_type', chart, 'tables_used', '["orders"]'::jsonb),
            'corrected', jsonb_build_object('chart_type', test.odd_value()))
        WHEN 'custom' THEN jsonb_build_object('theme', test.odd_value(), 'alerts', jsonb_build_object(test.odd_text(), test.odd_value()))
        WHEN 'feedback' THEN test.feedback(of_user) END;
END $$;

-- On a preference, an interaction or a suggestion of the user, or a remark.
CREATE FUNCTION test.feedback(of_user text) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
    SELECT jsonb_build_object('rating', test.pick('"positive"', '"negative"', '0.5', '-0.25', '1', '-1')::jsonb) || CASE test.pick('p', 'p', 'i', 's', 'r')
        WHEN 'p' THEN coalesce((SELECT jsonb_build_object('category', category, 'key', key) || CASE WHEN test.chance(0.5) THEN jsonb_build_object('value', value) ELSE '{}' END
            FROM personalization.preferences WHERE user_id = of_user ORDER BY random() LIMIT 1), '{"category": "visualization", "key": "preferred_chart_type", "value": "bar"}')
        WHEN 'i' THEN coalesce((SELECT jsonb_build_object('interaction_id', interaction_id) FROM personalization.interactions WHERE user_id = of_user ORDER BY random() LIMIT 1), '{}')
        WHEN 's' THEN coalesce((SELECT jsonb_build_object('suggestion_id', suggestion_id) FROM personalization.suggestions WHERE user_id = of_user ORDER BY random() LIMIT 1), '{}')
        ELSE jsonb_build_object('comment', test.odd_text()) END
$$;

-- An event for a batch or the inbox that may be wrong in any way, and may name its user anywhere.
CREATE FUNCTION test.event(of_tenant text, of_user text) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    kind text := test.pick('query', 'query', 'visualization', 'export', 'dashboard', 'exploration', 'refinement', 'feedback', 'custom');
    event jsonb := jsonb_build_object('tenant_id', of_tenant, 'user_id', of_user, 'interaction_type', kind, 'data', test.event_data(kind, of_user),
        'occurred_at', test.moment());
BEGIN
    IF test.chance(0.2) THEN
        event := event || jsonb_build_object('interaction_id', gen_random_uuid(), 'feedback', test.odd_value());
    END IF;
    IF test.chance(0.3) THEN
        event := CASE floor(random() * 12)::int
            WHEN 0 THEN event || jsonb_build_object('interaction_type', test.odd_text())
            WHEN 1 THEN event - 'user_id' || jsonb_build_object('userId', of_user)
            WHEN 2 THEN event - 'user_id' || jsonb_build_object('who', jsonb_build_array(1, jsonb_build_object('name', of_user)))
            WHEN 3 THEN event || jsonb_build_object('data', jsonb_build_object('x', 1e308::numeric * 100))
            WHEN 4 THEN event || jsonb_build_object('data', (repeat('[', 400) || repeat(']', 400))::jsonb)
            WHEN 5 THEN event || jsonb_build_object('data', test.odd_value())
            WHEN 6 THEN event || jsonb_build_object('occurred_at', test.odd_value())
            WHEN 7 THEN event || jsonb_build_object('occurred_at', now() + interval '1 year')
            WHEN 8 THEN event || jsonb_build_object('interaction_id', test.odd_value())
            WHEN 9 THEN jsonb_build_object(test.odd_text(), test.odd_value()) || event
            WHEN 10 THEN event || jsonb_build_object('data', jsonb_build_object('x', 1e-420::numeric))
            ELSE event || jsonb_build_object('data', jsonb_build_object('query', repeat('x', 1100000))) END;
    END IF;
    RETURN event;
END $$;

-- A few say where they stand in a topic.
CREATE FUNCTION test.fill_inbox(of_tenant text, of_user text) RETURNS void LANGUAGE sql VOLATILE AS $$
    INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at, feedback, topic, partition, "offset")
    SELECT of_tenant, of_user, e ->> 'interaction_type', e -> 'data', CASE WHEN e ->> 'occurred_at' ~ '^20\d\d-.*T' THEN (e ->> 'occurred_at')::timestamptz ELSE now() END,
        e -> 'feedback', CASE WHEN t THEN test.odd_text() END, CASE WHEN t THEN floor(random() * 9)::int END, CASE WHEN t THEN floor(random() * 1e18)::bigint END
    FROM (SELECT test.event(of_tenant, of_user) AS e, test.chance(0.2) AS t FROM generate_series(1, floor(1 + random() * 3)::int)) AS e
$$;

CREATE FUNCTION test.talk(of_tenant text, of_user text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    id uuid := (SELECT c.conversation_id FROM personalization.conversations AS c WHERE c.user_id = of_user ORDER BY random() LIMIT 1);
BEGIN
    IF id IS NULL OR test.chance(0.3) THEN
        id := personalization.start_conversation(of_tenant, of_user, jsonb_build_object(test.odd_text(), test.odd_value()));
    END IF;
    FOR i IN 1 .. floor(random() * 5) LOOP
        PERFORM personalization.append_message(of_tenant, id, CASE WHEN test.chance(0.8) THEN test.pick('user', 'assistant') ELSE 'role ' || floor(random() * 30) END,
            CASE WHEN test.chance(0.5) THEN test.odd_text() ELSE repeat('more details please ', floor(random() ^ 3 * 200)::int) || '.' END,
            CASE WHEN test.chance(0.7) THEN '{}' ELSE jsonb_build_object(test.odd_text(), test.odd_value()) END);
        -- As if it had been some time ago.
        UPDATE personalization.conversations SET last_message_at = last_message_at - random() ^ 6 * interval '10 hours',
            created_at = least(created_at, last_message_at) - random() ^ 6 * interval '10 hours' WHERE conversation_id = id;
    END LOOP;
    IF test.chance(0.3) THEN
        PERFORM personalization.update_conversation(of_tenant, id, jsonb_build_object(test.odd_text(), test.odd_value()));
    END IF;
    IF test.chance(0.2) THEN
        PERFORM personalization.end_conversation(of_tenant, id);
    END IF;
END $$;

CREATE FUNCTION test.choose(of_tenant text, of_user text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    subject record;
BEGIN
    SELECT category, key INTO subject FROM personalization.preferences WHERE user_id = of_user ORDER BY random() LIMIT 1;
    IF NOT FOUND OR test.chance(0.2) THEN
        SELECT 'notification'::personalization.preference_category AS category, test.odd_text() AS key INTO subject;
    END IF;
    CASE floor(random() * 9)::int
        WHEN 0, 1, 2 THEN PERFORM personalization.set_preference(of_tenant, of_user, subject.category, subject.key, test.odd_value());
        WHEN 3 THEN PERFORM personalization.reset_preference(of_tenant, of_user, subject.category, subject.key);
        WHEN 4, 5 THEN PERFORM personalization.forget_preference(of_tenant, of_user, subject.category, subject.key);
        WHEN 6 THEN PERFORM personalization.set_learning(of_tenant, of_user, test.chance(0.7));
        WHEN 7 THEN PERFORM personalization.reset_profile(of_tenant, of_user, test.pick(NULL, 'skill_level', 'domain_expertise', 'communication_style'));
        ELSE PERFORM personalization.set_profile(of_tenant, of_user, test.pick(NULL, 'beginner', 'advanced')::personalization.skill_level,
            CASE WHEN test.chance(0.5) THEN ARRAY[test.odd_text(), test.odd_text()] WHEN test.chance(0.2) THEN '{}' END,
            test.pick(NULL, 'brief', 'technical')::personalization.communication_style);
    END CASE;
END $$;

CREATE FUNCTION test.be_advised(of_tenant text, of_user text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    id uuid;
BEGIN
    FOR id IN SELECT s.suggestion_id FROM personalization.get_suggestions(of_tenant, of_user, CASE WHEN test.chance(0.2) THEN test.odd_text() END,
        floor(1 + random() * 8)::int, now() - CASE WHEN test.chance(0.3) THEN random() * interval '2 days' ELSE '0' END) AS s
    LOOP
        IF test.chance(0.3) THEN
            PERFORM personalization.record_outcome(of_tenant, of_user, id, test.pick('accepted', 'dismissed'));
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION test.act(of_tenant text, of_user text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    kind text := test.pick('query', 'query', 'query', 'visualization', 'visualization', 'export', 'dashboard', 'exploration', 'refinement', 'feedback', 'custom');
    n float8 := random();
BEGIN
    IF n < 0.4 THEN
        PERFORM personalization.learn(of_tenant, of_user, kind, test.event_data(kind, of_user), test.moment(), CASE WHEN test.chance(0.2) THEN gen_random_uuid() END,
            CASE WHEN test.chance(0.1) THEN test.odd_value() END);
    ELSIF n < 0.5 THEN
        PERFORM personalization.learn_batch((SELECT jsonb_agg(test.event(of_tenant, of_user)) FROM generate_series(1, floor(1 + random() * 5)::int)), 'divert');
    ELSIF n < 0.55 THEN
        PERFORM test.fill_inbox(of_tenant, of_user);
    ELSIF n < 0.63 THEN
        PERFORM personalization.collect_feedback(of_tenant, of_user, test.feedback(of_user));
    ELSIF n < 0.73 THEN
        PERFORM test.talk(of_tenant, of_user);
    ELSIF n < 0.8 THEN
        PERFORM test.choose(of_tenant, of_user);
    ELSIF n < 0.9 THEN
        PERFORM test.be_advised(of_tenant, of_user);
    ELSIF n < 0.95 THEN
        PERFORM personalization.end_turn(of_tenant, of_user, test.question(), test.odd_text());
    ELSE
        PERFORM personalization.run_maintenance();
    END IF;
END $$;

-- Some of what a user does is refused, as it should be; never with an internal error.
CREATE TABLE test.refused (sqlstate text, message text);

CREATE PROCEDURE test.live(of_tenant text, of_user text) LANGUAGE plpgsql AS $$
DECLARE
    state text;
    text text;
BEGIN
    FOR i IN 1 .. floor(3 + random() * 30) LOOP
        BEGIN
            PERFORM test.act(of_tenant, of_user);
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, text = MESSAGE_TEXT;
            INSERT INTO test.refused VALUES (state, text);
            IF state LIKE 'XX%' THEN
                RAISE;
            END IF;
        END;
        COMMIT;
    END LOOP;
END $$;

-- Imports a user; the error where it is refused, which it never should be.
CREATE FUNCTION test.import(of_tenant text, document jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM personalization.import_user(of_tenant, document);
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN format('%s %s', SQLSTATE, SQLERRM);
END $$;

-- What is read of a user.  at is after all that they did, so that nothing depends on when it is read.
CREATE FUNCTION test.reads(of_tenant text, of_user text, at timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'profile', personalization.get_profile(of_tenant, of_user, at),
        'preferences', (SELECT jsonb_agg(p) FROM personalization.preferences(of_tenant, of_user, at, 0) AS p),
        'context', personalization.get_context(of_tenant, of_user, at),
        'patterns', personalization.usage_patterns(of_tenant, of_user, at),
        'route', personalization.route(of_tenant, of_user, 'sales by region', at),
        'explained', (SELECT jsonb_agg(e) FROM personalization.preferences(of_tenant, of_user, at, 0) AS p,
            personalization.explain_preference(of_tenant, of_user, p.category, p.key) AS e),
        'past', (SELECT jsonb_agg(personalization.get_profile(of_tenant, of_user, at - days * interval '1 day')) FROM unnest('{1,3,10,40}'::int[]) AS days))
$$;

-- What is read once everything waiting has been learned and counted.
CREATE FUNCTION test.later_reads(of_tenant text, of_user text, at timestamptz) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
    SELECT jsonb_build_object(
        'preferences', (SELECT jsonb_agg(p) FROM personalization.preferences(of_tenant, of_user, at, 0) AS p),
        'suggestions', (SELECT jsonb_agg(to_jsonb(s) - 'suggestion_id') FROM personalization.get_suggestions(of_tenant, of_user, NULL, 20, at) AS s),
        'in context', (SELECT jsonb_agg(to_jsonb(s) - 'suggestion_id') FROM personalization.get_suggestions(of_tenant, of_user, 'sales', 20, at) AS s))
$$;

CREATE TABLE test.saved (n int, tenant_id text, user_id text, settings jsonb, at timestamptz, document jsonb, reads jsonb);
CREATE TABLE test.held (name text, rows bigint);
CREATE TABLE test.saved_later (n int, later jsonb);
