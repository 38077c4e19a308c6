-- What to ask next.  No scores are looked at but their relations.
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.make(tenant text, settings jsonb DEFAULT '{}') RETURNS void LANGUAGE sql AS
    $$SELECT personalization.create_tenant(tenant, '{"history_retention": "100 years", "evidence_retention": "100 years"}'::jsonb || settings)$$;
CREATE FUNCTION pg_temp.ask(tenant text, who text, query text, at timestamptz, VARIADIC tables text[] DEFAULT '{}') RETURNS void LANGUAGE sql AS
    $$SELECT personalization.learn(tenant, who, 'query', jsonb_build_object('query', query, 'tables_used', tables), at)$$;
-- As they come; what is not looked at elsewhere is looked at in each call: scores descend within 0 and 1 and add up to 1 at
-- most, ids and texts are there once, reasons are not empty, evidence is an object.
CREATE FUNCTION pg_temp.suggest(tenant text, who text, at timestamptz, context text DEFAULT NULL, most int DEFAULT 100)
RETURNS TABLE (place bigint, suggestion_type personalization.suggestion_type, suggestion text, score float8, reason text, evidence jsonb) LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE got ON COMMIT DROP AS SELECT s.* FROM personalization.get_suggestions(tenant, who, context, most, at) WITH ORDINALITY s;
    IF EXISTS (SELECT FROM got g WHERE g.score IS NULL OR NOT g.score BETWEEN 0 AND 1 OR g.reason = '' OR jsonb_typeof(g.evidence) <> 'object')
        OR EXISTS (SELECT FROM got a JOIN got b ON a.ordinality < b.ordinality WHERE a.score < b.score OR a.suggestion = b.suggestion OR a.suggestion_id = b.suggestion_id)
        OR (SELECT sum(g.score) FROM got g) > 1 + 1e-9 THEN
        RAISE 'not as promised: %', (SELECT jsonb_agg(got) FROM got);
    END IF;
    RETURN QUERY SELECT g.ordinality, g.suggestion_type, g.suggestion || '', g.score, g.reason, g.evidence FROM got g;
    DROP TABLE got;
END $$;
CREATE FUNCTION pg_temp.place(tenant text, who text, query text, at timestamptz, context text DEFAULT NULL) RETURNS bigint LANGUAGE sql AS
    $$SELECT place FROM pg_temp.suggest(tenant, who, at, context) WHERE suggestion = query$$;
CREATE FUNCTION pg_temp.score(tenant text, who text, query text, at timestamptz) RETURNS float8 LANGUAGE sql AS
    $$SELECT coalesce((SELECT score FROM pg_temp.suggest(tenant, who, at) WHERE suggestion = query), 0)$$;
CREATE FUNCTION pg_temp.shown_id(tenant text, who text, query text, at timestamptz) RETURNS uuid LANGUAGE sql AS
    $$SELECT suggestion_id FROM personalization.get_suggestions(tenant, who, NULL, 100, at) WHERE suggestion = query$$;
CREATE FUNCTION pg_temp.pass(OUT queries int) LANGUAGE sql AS
    $$SELECT (personalization.run_maintenance() ->> 'queries')::int$$;

-- == Nothing is known.
SELECT pg_temp.make('empty');
SELECT count(*) FROM personalization.get_suggestions('empty', 'ana');
SELECT pg_temp.pass();
SELECT count(*) FROM personalization.get_suggestions('empty', 'ana', 'orders', 100);
SELECT pg_temp.outcome($$SELECT personalization.get_suggestions('nowhere', 'ana')$$);

-- == Arguments.
SELECT pg_temp.ask('empty', 'ana', 'One?', '2026-03-01 10:00'), pg_temp.ask('empty', 'ana', 'Two?', '2026-03-01 10:01'), pg_temp.ask('empty', 'ana', 'Three?', '2026-03-01 10:02');
SELECT n, (SELECT count(*) FROM personalization.get_suggestions('empty', 'ana', NULL, n, '2026-03-01 11:00')) FROM unnest('{0,1,2,100,2147483647}'::int[]) n;
SELECT pg_temp.outcome(format('SELECT personalization.get_suggestions(%s)', a)) FROM unnest(ARRAY[
    $$'empty', 'ana', NULL, -1$$, $$'empty', 'ana', NULL, -2147483648$$, $$'empty', 'ana', NULL, NULL$$, $$NULL, 'ana'$$, $$'empty', NULL$$, $$'empty', ''$$, $$'', 'ana'$$,
    $$'empty', 'ana', at => NULL$$, $$'empty', 'ana', at => 'infinity'$$, $$'empty', 'ana', ''$$, $$'empty', 'ana', repeat('x ', 100000)$$]) a;

-- == A fresh query counts at once, before any pass; the one just asked is never offered; the text is verbatim as last asked.
SELECT suggestion_type, suggestion, reason, evidence - 'contributions' AS evidence FROM pg_temp.suggest('empty', 'ana', '2026-03-01 11:00') ORDER BY suggestion;
SELECT pg_temp.ask('empty', 'ana', '  oNe !', '2026-03-01 10:03'), pg_temp.ask('empty', 'ana', 'Four?', '2026-03-01 10:04');
SELECT suggestion, evidence -> 'times_asked' AS times FROM pg_temp.suggest('empty', 'ana', '2026-03-01 11:00') ORDER BY suggestion;
-- As of an earlier time what was asked later is not there.
SELECT suggestion FROM pg_temp.suggest('empty', 'ana', '2026-03-01 10:01:30') ORDER BY suggestion;
SELECT count(*) FROM pg_temp.suggest('empty', 'ana', '2026-03-01 09:00');

-- == The same call gives the same, in the same order, before and after the pass.
SELECT count(DISTINCT s) AS answers FROM generate_series(1, 20) i, LATERAL (SELECT jsonb_agg(to_jsonb(g) - 'suggestion_id') AS s FROM personalization.get_suggestions('empty', 'ana', NULL, 5, timestamptz '2026-03-01 11:00' + i * interval '0') g OFFSET 0) x;
SELECT pg_temp.pass();
SELECT count(DISTINCT s) AS answers FROM generate_series(1, 20) i, LATERAL (SELECT jsonb_agg(to_jsonb(g) - 'suggestion_id') AS s FROM personalization.get_suggestions('empty', 'ana', NULL, 5, timestamptz '2026-03-01 11:00' + i * interval '0') g OFFSET 0) x;

-- == Rhythm.  Three Mondays, days, months make one, two do not; among noise that is asked more often.
SELECT pg_temp.make('r'), pg_temp.make('z', '{"time_zone": "America/New_York"}');
SELECT count(pg_temp.ask('r', 'ana', 'Sales of the week?', monday)) FROM generate_series(timestamptz '2026-02-02 09:00', '2026-02-23', '7 days') monday;
SELECT count(pg_temp.ask('r', 'ana', 'Twice on a Monday?', monday)) FROM generate_series(timestamptz '2026-02-16 09:05', '2026-02-24', '7 days') monday;
SELECT count(pg_temp.ask('r', 'ana', 'Noise ' || i % 6, timestamptz '2026-02-01 15:00' + i * interval '11 hours')) FROM generate_series(1, 50) i;
SELECT day::date, to_char(day, 'Dy') AS "on", place <= 3 AS high, reason, evidence -> 'rhythm' AS rhythm
FROM generate_series(timestamptz '2026-03-02 08:00', '2026-03-03 08:00', '1 day') day, LATERAL (SELECT * FROM pg_temp.suggest('r', 'ana', day) WHERE suggestion = 'Sales of the week?') s;
SELECT pg_temp.place('r', 'ana', 'Sales of the week?', '2026-03-02 08:00') < pg_temp.place('r', 'ana', 'Sales of the week?', '2026-03-03 08:00') AS higher_on_monday,
       pg_temp.score('r', 'ana', 'Sales of the week?', '2026-03-02 08:00') > 2 * pg_temp.score('r', 'ana', 'Sales of the week?', '2026-03-03 08:00') AS by_far;
SELECT reason LIKE 'you ask this %ly' AS rhythm FROM pg_temp.suggest('r', 'ana', '2026-03-02 08:00') WHERE suggestion = 'Twice on a Monday?';
-- Asked that day it is no longer due; a week later it is.
SELECT pg_temp.ask('r', 'ana', 'Sales of the week?', '2026-03-02 09:00'), pg_temp.ask('r', 'ana', 'Noise 1', '2026-03-02 09:30');
SELECT day::date, reason FROM unnest('{2026-03-02 10:00,2026-03-09 08:00}'::timestamptz[]) day, LATERAL (SELECT * FROM pg_temp.suggest('r', 'ana', day) WHERE suggestion = 'Sales of the week?') s;
-- It is what was asked last too, when nothing else is asked: suggested once its day has come, but not a quarter of an hour after.
SELECT count(pg_temp.ask('r', 'one', 'Sales of the week?', monday)) FROM generate_series(timestamptz '2026-02-02 09:00', '2026-02-23', '7 days') monday;
SELECT count(pg_temp.ask('r', 'day', 'Yesterday''s errors?', day)) FROM generate_series(timestamptz '2026-02-20 23:50', '2026-02-24 23:59', '1 day') day;
SELECT u, at, suggestion, reason FROM unnest('{one,day}'::text[]) u, unnest('{2026-02-24 09:00,2026-02-25 00:05,2026-02-25 08:00,2026-03-02 08:00}'::timestamptz[]) at, LATERAL pg_temp.suggest('r', u, at) WHERE suggestion IN ('Sales of the week?', 'Yesterday''s errors?') ORDER BY 1, 2;
-- Daily and monthly; after a long silence a rhythm is over.
SELECT count(pg_temp.ask('r', 'bo', 'Yesterday''s errors?', timestamptz '2026-01-31 07:00' + i * interval '1 day')) FROM generate_series(0, 9) i;
SELECT count(pg_temp.ask('r', 'bo', 'Anything?', timestamptz '2026-02-01 09:00' + i * interval '4 days')) FROM generate_series(0, 2) i;
SELECT count(pg_temp.ask('r', 'bo', 'Close of the month?', timestamptz '2025-10-05 08:00' + i * interval '1 month')) FROM generate_series(0, 4) i;
SELECT day, suggestion, reason, evidence -> 'rhythm' AS rhythm FROM unnest('{2026-02-10 06:00,2026-03-05 06:00}'::timestamptz[]) day, LATERAL pg_temp.suggest('r', 'bo', day) WHERE suggestion IN ('Yesterday''s errors?', 'Close of the month?') ORDER BY 1, 2;
-- In the tenant's time zone: 03:00 on a Tuesday in UTC is still Monday evening in New York.
SELECT count(pg_temp.ask('z', 'ana', 'Sales of the week?', night)), count(pg_temp.ask('z', 'ana', 'Something else?', night + interval '30 hours')) FROM generate_series(timestamptz '2026-02-03 03:00', '2026-02-24 03:00', '7 days') night;
SELECT at, reason, evidence -> 'rhythm' AS rhythm FROM unnest('{2026-03-02 04:30,2026-03-02 15:00,2026-03-03 04:30,2026-03-03 15:00}'::timestamptz[]) at, LATERAL (SELECT * FROM pg_temp.suggest('z', 'ana', at) WHERE suggestion = 'Sales of the week?') s;

-- == Others: what follows, what shares tables, what similar users ask, what rises.
SELECT pg_temp.make('o');
-- Six users ask a and then b; each has a separate hour.
SELECT count(pg_temp.ask('o', 'user ' || u, 'How are orders?', timestamptz '2026-02-01 08:00' + u * interval '1 hour', 'orders')),
       count(pg_temp.ask('o', 'user ' || u, 'Which were returned?', timestamptz '2026-02-01 08:05' + u * interval '1 hour', 'returns')),
       count(pg_temp.ask('o', 'user ' || u, 'Orders by region?', timestamptz '2026-02-01 08:10' + u * interval '1 hour', 'sales.Orders')),
       count(pg_temp.ask('o', 'user ' || u, 'Staff ' || u || '?', timestamptz '2026-02-01 08:15' + u * interval '1 hour', 'staff')) FROM generate_series(1, 6) u;
SELECT pg_temp.ask('o', 'new', 'how are ORDERS', '2026-02-10 08:00', 'orders');
SELECT pg_temp.pass();
SELECT suggestion, suggestion_type IN ('related', 'similar_users') AS fits, reason ~ 'follows what|others' AS and_says_so FROM pg_temp.suggest('o', 'new', '2026-02-10 08:01') WHERE suggestion !~ 'Staff' ORDER BY suggestion;
SELECT pg_temp.place('o', 'new', 'Which were returned?', '2026-02-10 08:01') = 1 AS follows_first,
       pg_temp.place('o', 'new', 'Orders by region?', '2026-02-10 08:01') < pg_temp.place('o', 'new', 'Staff 3?', '2026-02-10 08:01') AS shares_table;
-- What fits the context rises, and says so.
SELECT bool_and(c.score > 2 * s.score) AS rises, bool_and(c.suggestion_type = 'related' AND c.reason = 'fits what you are looking at') AS and_says_so, count(*)
FROM pg_temp.suggest('o', 'new', '2026-02-10 08:01') s JOIN pg_temp.suggest('o', 'new', '2026-02-10 08:01', 'the STAFF') c USING (suggestion) WHERE suggestion LIKE 'Staff%';
SELECT bool_and(c.score = s.score AND c.reason = s.reason) AS unknown_words_say_nothing FROM pg_temp.suggest('o', 'new', '2026-02-10 08:01') s JOIN pg_temp.suggest('o', 'new', '2026-02-10 08:01', 'zebra 42 !') c USING (suggestion);
-- Nothing that one has asked himself comes as what others ask.
SELECT count(*) FROM pg_temp.suggest('o', 'user 1', '2026-02-10 08:01') WHERE suggestion_type = 'similar_users' AND suggestion IN ('How are orders?', 'how are ORDERS', 'Which were returned?', 'Orders by region?', 'Staff 1?');

-- Parts of names count as words, and so does the beginning of the word being typed; a context that fits nothing changes nothing.
SELECT pg_temp.make('c');
SELECT count(pg_temp.ask('c', 'user ' || u, q, timestamptz '2026-02-02 09:00' + u * interval '1 hour' + n * interval '1 minute', 'orders'))
FROM generate_series(1, 6) u, unnest('{Revenue by region?,Open orders,Late deliveries,Monthly_Sales by firstPurchase,Stock}'::text[]) WITH ORDINALITY x(q, n);
SELECT pg_temp.pass();
SELECT c, suggestion, score > 0.7 AS sure, reason FROM unnest('{reven,"first purchase",sales purch,"late delivery?",OPEN,region revenue}'::text[]) WITH ORDINALITY x(c, n), LATERAL (SELECT * FROM pg_temp.suggest('c', 'user 1', '2026-02-10', c) LIMIT 1) s ORDER BY n;
SELECT (SELECT jsonb_agg(s) FROM pg_temp.suggest('c', 'user 1', '2026-02-10', 'zebra') s) = (SELECT jsonb_agg(s) FROM pg_temp.suggest('c', 'user 1', '2026-02-10') s) AS the_same;
-- What reads a table that the context names fits too, and what has the word in its text fits better; so does a new table of that name.
SELECT pg_temp.make('ct');
SELECT count(pg_temp.ask('ct', 'user ' || u, q, timestamptz '2026-02-02 09:00' + u * interval '1 hour' + n * interval '1 minute', t))
FROM generate_series(1, 3) u, (VALUES (1, 'How much did we sell?', 'shop.invoices'), (2, 'Salaries by team', 'hr.pay'), (3, 'Who pays late?', 'shop.customers'), (4, 'Customers by country', 'crm.accounts'), (5, 'Stock', 'shop.items')) x(n, q, t);
SELECT pg_temp.pass();
INSERT INTO personalization.tenant_tables (tenant_id, table_name, last_name, appeared_at) VALUES ('ct', 'warehouse.campaigns', 'campaigns', '2026-02-03'), ('ct', 'warehouse.depots', 'depots', '2026-02-03');
SELECT c, place, suggestion_type, suggestion, reason FROM unnest('{invoices,"Invoices of March",invo,shop,CUSTOMERS,campaign,ware,dep}'::text[]) WITH ORDINALITY x(c, n),
    LATERAL (SELECT * FROM pg_temp.suggest('ct', 'user 1', '2026-02-04', c) s WHERE s.evidence -> 'contributions' ? 'context') s ORDER BY n, place;
SELECT suggestion_type, suggestion FROM pg_temp.suggest('ct', 'nobody', '2026-02-04', 'campaigns', 1);
-- Nor do capitals matter outside ASCII.
SELECT pg_temp.make('cu');
SELECT count(pg_temp.ask('cu', 'user ' || u, q, timestamptz '2026-02-02 09:00' + u * interval '1 hour' + n * interval '1 minute'))
FROM generate_series(1, 3) u, unnest('{Выручка по регионам,Über offene Posten,İstanbul şubeleri,Stock}'::text[]) WITH ORDINALITY x(q, n);
SELECT pg_temp.pass();
SELECT c, suggestion FROM unnest('{выручка,ВЫР,über,OFFENE,şube,stock}'::text[]) WITH ORDINALITY x(c, n),
    LATERAL (SELECT * FROM pg_temp.suggest('cu', 'user 9', '2026-02-04', c) s WHERE s.evidence -> 'contributions' ? 'context') s ORDER BY n, place;
-- A user may begin to type what they have asked a moment ago, before it is counted.
SELECT pg_temp.ask('c', 'user 1', 'Quotas of winter', '2026-02-10 08:00'), pg_temp.ask('c', 'user 1', 'Stock', '2026-02-10 08:01');
SELECT suggestion, reason FROM pg_temp.suggest('c', 'user 1', '2026-02-10 08:02', 'winter quo') LIMIT 1;
-- What is shown already does not come again, in other words neither.
SELECT suggestion FROM personalization.get_suggestions('c', 'user 1', NULL, 100, '2026-02-10 08:02', '{"open ORDERS!","What is the revenue per region",NULL}') ORDER BY 1;
SELECT count(*) FROM personalization.get_suggestions('c', 'user 1', at => '2026-02-10 08:02', exclude => '{}');
SELECT count(*) FROM personalization.get_suggestions('c', 'user 1', exclude => ARRAY[repeat('x', 1024 * 1024)]);
-- Of what says the same in other words the likeliest comes, with the score of all; other tables, numbers or words are something else.
SELECT count(pg_temp.ask('c', 'two', q, timestamptz '2026-02-11 09:00' + n * interval '1 minute', t))
FROM (VALUES (1, 'Returns by shop?', 'returns'), (2, 'returns per shop', 'returns'), (3, 'Show me returns by shop', 'returns'), (4, 'Returns by shop 2024', 'returns'), (5, 'Returns by shop!', 'archive'),
      (6, 'returns_by_shop', 'returns'), (7, 'Returns of last year by shop', 'returns'), (8, 'Stock', 'stock')) x(n, q, t);
SELECT suggestion FROM pg_temp.suggest('c', 'two', '2026-02-11 09:10') WHERE suggestion ~* 'returns' ORDER BY suggestion COLLATE "C";

-- A text of more than 64 kB is not suggested, not to its own user either.
SELECT pg_temp.make('lg');
SELECT count(pg_temp.ask('lg', 'ana', q, timestamptz '2026-02-02 09:00' + n * interval '1 minute', 'orders'))
FROM unnest(ARRAY[repeat('long ', 13107), repeat('longer ', 10000), 'Short', 'Last']) WITH ORDINALITY x(q, n);
SELECT left(suggestion, 5) AS suggestion, length(suggestion) FROM pg_temp.suggest('lg', 'ana', '2026-02-02 10:00') ORDER BY 1;
SELECT pg_temp.pass();
SELECT left(suggestion, 5) AS suggestion, length(suggestion) FROM pg_temp.suggest('lg', 'ana', '2026-02-02 10:00') ORDER BY 1;
SELECT pg_temp.ask('lg', 'ana', repeat('longer ', 10000), '2026-02-02 10:01', 'orders');
SELECT left(suggestion, 5) AS suggestion, evidence -> 'after' AS after FROM pg_temp.suggest('lg', 'ana', '2026-02-02 10:02', 'longer') ORDER BY 1;

-- Trending: a rise and not a level, and not one user's affair.
SELECT pg_temp.make('t'), pg_temp.make('t1');
SELECT count(pg_temp.ask('t', 'user ' || d % 7, 'The usual?', timestamptz '2026-01-01 08:00' + d * interval '6 hours')) FROM generate_series(0, 240) d;
SELECT count(pg_temp.ask('t', 'user ' || u, 'What of the outage?', timestamptz '2026-03-01 10:00' + u * interval '1 hour')) FROM generate_series(0, 5) u;
SELECT count(pg_temp.ask('t', 'user 3', 'My own affair?', timestamptz '2026-03-01 10:10' + u * interval '1 hour')) FROM generate_series(0, 9) u;
SELECT count(pg_temp.ask('t1', 'only', 'The usual?', timestamptz '2026-01-01 08:00' + d * interval '6 hours')) FROM generate_series(0, 240) d;
SELECT count(pg_temp.ask('t1', 'only', 'What of the outage?', timestamptz '2026-03-01 10:10' + u * interval '1 hour')) FROM generate_series(0, 5) u;
SELECT pg_temp.pass();
-- To somebody unknown what rises comes first, then what is asked often; one user's affair does not.
SELECT suggestion_type, suggestion, reason, evidence -> 'users' AS users, (evidence ->> 'asked_lately')::float8 > 1 AS lately FROM pg_temp.suggest('t', 'nobody', '2026-03-02');
SELECT suggestion_type, suggestion FROM pg_temp.suggest('t1', 'nobody', '2026-03-02');
-- A month later it has passed.
SELECT count(*) FROM pg_temp.suggest('t', 'nobody', '2026-04-15') WHERE reason ~ 'trending';
-- Numbers stay numbers however far the time.
SELECT bool_and(evidence::text !~* 'nan|infinity') AS numbers FROM unnest('{1900-01-01,2000-01-01,2026-03-02,2200-01-01}'::timestamptz[]) at, LATERAL pg_temp.suggest('t', 'nobody', at) s;

-- == New tables: told by hand, and found by the pass.
SELECT personalization.register_table('t', 'warehouse.campaigns', 'what was spent', '{campaign,spent}');
SELECT suggestion_type, suggestion, reason, evidence - 'contributions' - 'appeared_at' AS evidence FROM pg_temp.suggest('t', 'user 1', now()) WHERE suggestion_type = 'new_data';
SELECT suggestion_type, suggestion FROM pg_temp.suggest('t', 'nobody', now()) WHERE suggestion_type = 'new_data';
SELECT count(*) FROM pg_temp.suggest('t', 'nobody', now() + interval '31 days') WHERE suggestion_type = 'new_data';
-- Not to who uses it, by its last name too; nor to who just asked for it by name.
SELECT pg_temp.ask('t', 'user 2', 'Spent?', now() - interval '1 minute', 'campaigns'), pg_temp.ask('t', 'user 4', 'Warehouse.Campaigns', now() - interval '1 minute');
SELECT u, count(s.suggestion) FROM unnest('{user 1,user 2,user 4}'::text[]) u LEFT JOIN LATERAL (SELECT * FROM pg_temp.suggest('t', u, now()) WHERE suggestion_type = 'new_data') s ON true GROUP BY u ORDER BY u;
CREATE SCHEMA regress_sug;
CREATE TABLE regress_sug.old_table ();
SELECT personalization.link_schema('t', 'regress_sug');
CREATE TABLE regress_sug.new_table ();
COMMENT ON TABLE regress_sug.new_table IS 'fresh';
SELECT pg_temp.pass();
SELECT suggestion, reason, evidence -> 'description' AS description FROM pg_temp.suggest('t', 'user 1', now() + interval '1 minute') WHERE suggestion LIKE 'regress%';
-- Who may not read it is not told of it, nor of queries about it.
CREATE ROLE regress_sug LOGIN;
SELECT personalization.bind_role('regress_sug', 't');
SELECT count(pg_temp.ask('t', 'user ' || u, 'What is new?', now() - interval '10 minutes' + u * interval '1 second', 'regress_sug.new_table')) FROM generate_series(2, 6) u;
SELECT pg_temp.pass();
SET personalization.tenant_id = 't';
GRANT CREATE, TEMP ON DATABASE :DBNAME TO regress_sug;
SET ROLE regress_sug;
SELECT count(*) FILTER (WHERE suggestion_type = 'new_data') AS new_data, count(*) FILTER (WHERE suggestion = 'What is new?') AS queries, count(*) > 0 AS others FROM personalization.get_suggestions('t', 'user 1', NULL, 100, now() + interval '1 minute') WHERE suggestion <> 'warehouse.campaigns';
RESET ROLE;
GRANT USAGE ON SCHEMA regress_sug TO regress_sug;
GRANT SELECT ON regress_sug.new_table TO regress_sug;
SET ROLE regress_sug;
SELECT suggestion_type, suggestion FROM personalization.get_suggestions('t', 'user 1', NULL, 100, now() + interval '1 minute') WHERE suggestion IN ('regress_sug.new_table', 'What is new?') ORDER BY 1;
RESET ROLE;
-- Dropped: queries about it vanish for everybody, who asked them himself too.
DROP TABLE regress_sug.new_table;
SELECT pg_temp.pass();
SELECT count(*) FROM unnest('{user 1,user 2,user 3,nobody}'::text[]) u, LATERAL pg_temp.suggest('t', u, now() + interval '1 minute') WHERE suggestion IN ('regress_sug.new_table', 'What is new?') OR evidence::text ~ 'regress_sug';
SELECT personalization.unregister_table('t', 'warehouse.campaigns');
SELECT count(*) FROM unnest('{user 1,user 2,user 3,nobody}'::text[]) u, LATERAL pg_temp.suggest('t', u, now() + interval '1 minute') WHERE suggestion ~ 'campaigns|Spent';
RESET personalization.tenant_id;

-- == Read-only and REPEATABLE READ transactions: the same, and nothing is recorded.
TRUNCATE personalization.suggestions;
BEGIN READ ONLY;
SELECT md5(string_agg(concat(suggestion_type, suggestion, score, reason, evidence), ',')) AS read_only FROM personalization.get_suggestions('o', 'new', NULL, 10, '2026-02-10 08:01') \gset
SELECT pg_temp.outcome(format('SELECT personalization.record_outcome(%L, %L, %L, %L)', 'o', 'new', gen_random_uuid(), 'accepted'));
COMMIT;
SELECT count(*) AS recorded FROM personalization.suggestions;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT md5(string_agg(concat(suggestion_type, suggestion, score, reason, evidence), ',')) = :'read_only' AS repeatable_read FROM personalization.get_suggestions('o', 'new', NULL, 10, '2026-02-10 08:01');
COMMIT;
SELECT count(*) AS recorded FROM personalization.suggestions;
SELECT md5(string_agg(concat(suggestion_type, suggestion, score, reason, evidence), ',')) = :'read_only' AS read_committed, count(*) FROM personalization.get_suggestions('o', 'new', NULL, 10, '2026-02-10 08:01');
SELECT count(*) AS recorded, max(rounds) FROM personalization.suggestions;
-- Shown again before anything is asked it keeps its id.
SELECT pg_temp.shown_id('o', 'new', 'Which were returned?', '2026-02-10 08:01') = pg_temp.shown_id('o', 'new', 'Which were returned?', '2026-02-10 08:02') AS same_id;
-- Nothing is shown in the future.
SELECT count(*) > 0 AS shown FROM personalization.get_suggestions('o', 'user 2', at => now() + interval '50 years');
SELECT count(*) FROM personalization.suggestions WHERE shown_at > now() OR expires_on > now() + interval '101 years';

-- == Outcomes.
SELECT pg_temp.shown_id('o', 'new', 'Which were returned?', '2026-02-10 08:02') AS id, gen_random_uuid() AS unknown \gset
SELECT pg_temp.shown_id('r', 'ana', 'Noise 2', '2026-03-09 10:00') AS other_tenants \gset
SELECT pg_temp.shown_id('o', 'user 5', 'Orders by region?', '2026-02-01 13:30') AS other_users \gset
SELECT what, replace(pg_temp.outcome(format('SELECT personalization.record_outcome(%L, %L, %L, %L)', t, u, i, o)), i, '…') AS outcome FROM (VALUES
    (1, 'unknown', 'o', 'new', :'unknown', 'accepted'), (2, 'another user''s', 'o', 'new', :'other_users', 'accepted'), (3, 'another tenant''s', 'o', 'new', :'other_tenants', 'dismissed'),
    (4, 'bad outcome', 'o', 'new', :'id', 'Accepted'), (5, 'no outcome', 'o', 'new', :'id', NULL), (6, 'no id', 'o', 'new', NULL, 'accepted'), (7, 'no tenant', 'nowhere', 'new', :'id', 'accepted'),
    (8, 'accepted', 'o', 'new', :'id', 'accepted'), (9, 'again', 'o', 'new', :'id', 'accepted'), (10, 'changed', 'o', 'new', :'id', 'dismissed')) v(n, what, t, u, i, o) ORDER BY n;
SELECT outcome, taken, dismissals, accepted_at FROM personalization.suggestions WHERE tenant_id = 'o' AND suggestion_id = :'id';
-- Dismissed it stays away for a week, for this user; and twice as long the second time.
SELECT days, pg_temp.place('o', 'new', 'Which were returned?', now() + days * interval '1 day') IS NULL AS away, pg_temp.place('o', 'user 4', 'Which were returned?', now() + days * interval '1 day') IS NULL AS for_others FROM unnest('{0,6,8}'::int[]) days;
SELECT pg_temp.shown_id('o', 'new', 'Which were returned?', now() + interval '8 days') AS new_id \gset
SELECT :'new_id' <> :'id' AS new_id, personalization.record_outcome('o', 'new', :'new_id', 'accepted');
SELECT outcome, taken, dismissals, dismissed_at, cardinality(accepted_at) AS accepted FROM personalization.suggestions WHERE tenant_id = 'o' AND suggestion_id = :'new_id';
SELECT pg_temp.place('o', 'new', 'Which were returned?', now()) IS NOT NULL AS back;

-- What is passed over again and again sinks; it is asked once and rises.
SELECT pg_temp.make('p'), pg_temp.make('p0');
SELECT count(pg_temp.ask(t, 'ana', 'Q ' || i % 5, timestamptz '2026-02-01 08:00' + i * interval '1 hour')) FROM unnest('{p,p0}'::text[]) t, generate_series(1, 40) i;
SELECT pg_temp.pass();
DO $$
BEGIN
    FOR i IN 1..8 LOOP
        PERFORM personalization.get_suggestions('p', 'ana', NULL, 5, timestamptz '2026-02-03 10:00' + i * interval '3 hours');
        PERFORM pg_temp.ask(t, 'ana', CASE i % 2 WHEN 0 THEN 'Q 1' ELSE 'Q 2' END, timestamptz '2026-02-03 10:45' + i * interval '3 hours') FROM unnest('{p,p0}'::text[]) t;
    END LOOP;
END $$;
SELECT max(passed_over) >= 4 AS passed_over FROM personalization.suggestions WHERE tenant_id = 'p' AND query_id = personalization.query_id('{"query": "Q 3"}');
-- Against the twin who was shown nothing: what was passed over has less to speak for it, and so has its type.
SELECT t, bool_and((evidence -> 'contributions' ->> 'passed_over')::float8 < 0) FILTER (WHERE suggestion IN ('Q 0', 'Q 3', 'Q 4')) AS query_sinks, bool_or((evidence -> 'contributions' ->> 'taste')::float8 < 0) AS type_sinks,
       bool_or(evidence -> 'contributions' ? 'passed_over') FILTER (WHERE suggestion = 'Q 2') AS asked_since FROM unnest('{p,p0}'::text[]) t, pg_temp.suggest(t, 'ana', '2026-02-05 10:00') GROUP BY t ORDER BY t;
-- Asked within half an hour a suggestion is taken though nobody says so.
SELECT pg_temp.shown_id('p', 'ana', 'Q 4', '2026-02-05 10:00') IS NOT NULL AS shown, pg_temp.ask('p', 'ana', 'Q 4', '2026-02-05 10:10'), pg_temp.ask('p', 'ana', 'Q 0', '2026-02-05 10:15');
SELECT count(*) > 0 AS shown FROM personalization.get_suggestions('p', 'ana', NULL, 5, '2026-02-05 11:00');
SELECT taken, passed_over FROM personalization.suggestions WHERE tenant_id = 'p' AND user_id = 'ana' AND query_id = personalization.query_id('{"query": "Q 4"}');

-- No echo: an ask after an accepted suggestion is no evidence for itself.  Three twins: one accepts and asks, one asks by himself,
-- one asks nothing of it.
SELECT pg_temp.make(t) FROM unnest('{e_accepted,e_alone,e_never}'::text[]) t;
SELECT count(pg_temp.ask(t, 'ana', 'Q ' || i % 5, now() - interval '20 days' + i * interval '1 hour')) FROM unnest('{e_accepted,e_alone,e_never}'::text[]) t, generate_series(1, 40) i;
SELECT personalization.record_outcome('e_accepted', 'ana', pg_temp.shown_id('e_accepted', 'ana', 'Q 3', now() - interval '5 minutes'), 'accepted');
SELECT count(pg_temp.ask(t, 'ana', 'Q 3', now() - interval '4 minutes')) FROM unnest('{e_accepted,e_alone}'::text[]) t;
SELECT pg_temp.pass();
SELECT a.ask_count = n.ask_count AS as_never_asked, a.ask_count < o.ask_count AS unlike_alone, a.last_asked = o.last_asked AS but_known
FROM personalization.query_statistics a JOIN personalization.query_statistics o USING (query_id) JOIN personalization.query_statistics n USING (query_id)
WHERE (a.tenant_id, o.tenant_id, n.tenant_id) = ('e_accepted', 'e_alone', 'e_never') AND query_id = personalization.query_id('{"query": "Q 3"}');

-- What was asked after being shown counts the same whenever it is counted, although it has been shown again since: of two twins, one is
-- counted after each step, one at the end.
CREATE FUNCTION pg_temp.day(tenant text, punctual boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    shown text;
BEGIN
    PERFORM pg_temp.make(tenant);
    FOR i IN 0 .. 11 LOOP
        PERFORM pg_temp.ask(tenant, 'ana', 'Q ' || i % 4, timestamptz '2026-02-05 09:00' + i * interval '3 minutes');
        IF punctual THEN
            PERFORM pg_temp.pass();
        END IF;
        SELECT concat_ws(', ', shown, count(*) FILTER (WHERE suggestion = 'Q ' || (i + 1) % 4)) INTO shown
        FROM personalization.get_suggestions(tenant, 'ana', NULL, 5, timestamptz '2026-02-05 09:01' + i * interval '3 minutes');
    END LOOP;
    PERFORM pg_temp.pass();
    RETURN shown;
END $$;
SELECT pg_temp.day('echo_punctual', true) AS shown_before;
SELECT pg_temp.day('echo_late', false) AS shown_before;
SELECT query, p.ask_count AS punctual, l.ask_count AS late FROM personalization.query_statistics p JOIN personalization.query_statistics l USING (query)
WHERE (p.tenant_id, l.tenant_id) = ('echo_punctual', 'echo_late') ORDER BY query;

-- == What an import has: thousands of asks of one moment are one user's.
SELECT pg_temp.make('i');
SELECT personalization.learn_batch(jsonb_agg(jsonb_build_object('tenant_id', 'i', 'user_id', 'u' || i % 2, 'interaction_type', 'query', 'data', jsonb_build_object('query', 'number n' || i), 'occurred_at', '2026-03-01'))) FROM generate_series(1, 2400) i;
SELECT pg_temp.pass();
SELECT asks, users FROM personalization.rankings WHERE tenant_id = 'i';

-- == Weights and statistics: looked at, set back, made anew.
SELECT count(*) > 10 AS features, bool_and(weight BETWEEN lowest AND highest) AS bounded, bool_and(initial BETWEEN lowest AND highest) AS initial, bool_or(weight <> initial) AS learned FROM personalization.ranking_weights('t');
SELECT pg_temp.outcome($$SELECT personalization.ranking_weights('nowhere')$$);
-- In words, where a weight differs by the moment: a negative one does not count more, but speaks more against a query.
BEGIN;
CREATE TEMP TABLE planted ON COMMIT DROP AS SELECT n, initial, CASE highest WHEN 4 THEN (ARRAY[2, 0.8, 0.2, -0.2, -0.5, -0.8, -2])[1 + n % 7] ELSE 0 END AS by
FROM personalization.ranking_weights('t') WITH ORDINALITY AS w (feature, weight, initial, lowest, highest, moment, meaning, n) WHERE moment = 'always';
UPDATE personalization.rankings SET weights = (SELECT array_agg(initial ORDER BY n) FROM planted),
    shifts = (SELECT array_agg(CASE moment WHEN 3 THEN initial * by ELSE 0 END::float4 ORDER BY moment, n) FROM planted, generate_series(0, 6) AS moment) WHERE tenant_id = 't';
SELECT feature, sign(initial) AS sign, round((weight / initial)::numeric, 1) AS ratio, meaning FROM personalization.ranking_weights('t') WHERE moment <> 'always' ORDER BY sign, ratio, feature COLLATE "C";
ROLLBACK;
SELECT personalization.reset_ranking('t');
SELECT bool_and(weight = initial) AS reset FROM personalization.ranking_weights('t');
CREATE FUNCTION pg_temp.statistics(tenant text) RETURNS TABLE (line text) LANGUAGE sql AS $$
    -- To a dozen digits: sums in another order.
    SELECT concat_ws('|', query_id, query, tables, ask_count, user_count, round(fast::numeric, 9), round(slow::numeric, 9), last_user, other_asked, last_asked) FROM personalization.query_statistics WHERE tenant_id = tenant
    UNION ALL
    SELECT concat_ws('|', list_key, kind, total, (SELECT jsonb_object_agg(q, round(w::numeric, 9)) FROM unnest(queries, weights) x(q, w))) FROM personalization.query_lists WHERE tenant_id = tenant
    UNION ALL
    SELECT concat_ws('|', since, asks, users, asked, covered) FROM personalization.rankings WHERE tenant_id = tenant $$;
CREATE TEMP TABLE before AS SELECT t, line FROM unnest('{o,r,z,i}'::text[]) t, pg_temp.statistics(t);
SELECT personalization.rebuild_statistics(t) FROM unnest('{o,r,z,i}'::text[]) t;
SELECT count(*) FROM personalization.query_statistics WHERE tenant_id IN ('o', 'r', 'z', 'i');
-- Meanwhile more is asked; suggestions go on.
SELECT count(*) > 0 AS goes_on FROM pg_temp.suggest('o', 'user 1', '2026-02-10 08:01');
SELECT pg_temp.pass();
SELECT t, count(*) > 10 AS some FROM unnest('{o,r,z,i}'::text[]) t, pg_temp.statistics(t) GROUP BY 1 ORDER BY 1;
SELECT * FROM ((TABLE before EXCEPT SELECT t, line FROM unnest('{o,z}'::text[]) t, pg_temp.statistics(t)) UNION ALL (SELECT t, line FROM unnest('{o,z}'::text[]) t, pg_temp.statistics(t) EXCEPT TABLE before)) AS differs WHERE t IN ('o', 'z');
-- Learned out of order, or at one moment: what is counted is the same.
SELECT ask_count, user_count, count(*) FROM personalization.query_statistics WHERE tenant_id = 'i' GROUP BY 1, 2;
SELECT asks, users FROM personalization.rankings WHERE tenant_id = 'i';
-- Making anew while asks wait counts each once.
SELECT personalization.rebuild_statistics('o'), pg_temp.ask('o', 'new', 'Late?', '2026-02-01 00:00'), pg_temp.ask('o', 'new', 'Now?', '2026-02-11 00:00');
SELECT pg_temp.pass();
SELECT asks = (SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'o') AS each_once FROM personalization.rankings WHERE tenant_id = 'o';
SELECT sum(ask_count) = (SELECT asks FROM personalization.rankings WHERE tenant_id = 'o') AS each_once FROM personalization.query_statistics WHERE tenant_id = 'o';
-- Forgetting a user takes out what was counted of them: not what waits, nor what a rebuild has still to read, nor what it found no longer stored.
CREATE FUNCTION pg_temp.counted(tenant text) RETURNS TABLE (asks bigint, stored bigint, users bigint, popular float8, queries float8) LANGUAGE sql AS $$
    SELECT asks, (SELECT count(*) FROM personalization.interactions WHERE tenant_id = tenant), users,
           (SELECT total FROM personalization.query_lists WHERE tenant_id = tenant AND kind = 'p'),
           (SELECT sum(ask_count) FROM personalization.query_statistics WHERE tenant_id = tenant)
    FROM personalization.rankings WHERE tenant_id = tenant $$;
SELECT pg_temp.make('f');
SELECT count(pg_temp.ask('f', who, 'Who sells ' || i || '?', timestamptz '2026-02-01' + i * interval '1 hour')) FROM unnest('{stays,counted}'::text[]) who, generate_series(1, 20) i;
SELECT pg_temp.pass() >= 0 AS passed;
BEGIN;
SELECT count(pg_temp.ask('f', who, 'Who sells ' || i || '?', timestamptz '2026-02-02' + i * interval '1 hour')) FROM unnest('{counted,waiting}'::text[]) who, generate_series(1, 10) i;
SELECT personalization.forget_user('f', who) IS NOT NULL AS forgotten FROM unnest('{counted,waiting}'::text[]) who;
SELECT * FROM pg_temp.counted('f');
ROLLBACK;
-- A rebuild that has come halfway.
SELECT count(pg_temp.ask('f', 'half', 'Who buys ' || i || '?', timestamptz '2026-02-01 00:30' + i * interval '1 hour')) FROM generate_series(1, 20) i;
SELECT pg_temp.pass() >= 0 AS passed;
BEGIN;
SELECT personalization.rebuild_statistics('f');
SELECT pg_temp.pass() AS read;
UPDATE personalization.rankings SET rebuild_from = '2026-02-01 10:15', rebuild_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff', asks = 29 WHERE tenant_id = 'f';
SELECT personalization.forget_user('f', 'half') IS NOT NULL AS forgotten;
SELECT asks FROM pg_temp.counted('f');
ROLLBACK;
-- A rebuild that no longer finds all.
BEGIN;
DELETE FROM personalization.interactions WHERE tenant_id = 'f' AND occurred_at < '2026-02-01 15:15';
SELECT personalization.rebuild_statistics('f');
SELECT pg_temp.pass() AS read;
SELECT personalization.forget_user('f', 'half') IS NOT NULL AS forgotten;
SELECT * FROM pg_temp.counted('f');
ROLLBACK;
-- Whether a request is the user's first for a query is determined without reading all of the user's requests.
SELECT pg_temp.make('l');
SELECT personalization.learn_batch(jsonb_agg(jsonb_build_object('tenant_id', 'l', 'user_id', 'robot', 'interaction_type', 'query', 'data', jsonb_build_object('query', 'number n' || i),
    'occurred_at', '2026-02-01'::timestamptz + i * interval '1 second'))) FROM generate_series(1, 1500) i;
SELECT pg_temp.pass();
CREATE FUNCTION pg_temp.entries_read() RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(pg_stat_get_xact_tuples_returned(i.indexrelid)) FROM pg_index i
    WHERE i.indrelid IN (SELECT tableoid FROM personalization.interactions WHERE tenant_id = 'l') $$;
-- Other tenants may be in the same place, and a pass looks at them too: what it reads for them is taken off, save what
-- sessions beside this one commit meanwhile.  It is 3,000; with all of the user's requests for each, 1,100,000.
BEGIN;
SELECT pg_temp.pass() AS waited;
SELECT pg_temp.entries_read() AS entries \gset
SELECT pg_temp.pass() AS nothing;
SELECT pg_temp.entries_read() - :entries AS others, pg_temp.entries_read() AS entries \gset
SELECT personalization.rebuild_statistics('l');
SELECT pg_temp.pass();
SELECT pg_temp.entries_read() - :entries - :others < 200000 AS bounded;
COMMIT;
SELECT user_count, count(*) FROM personalization.query_statistics WHERE tenant_id = 'l' GROUP BY 1;
-- A stored ask that fails by itself is passed by, and holds up nobody.
DELETE FROM personalization.query_statistics WHERE query LIKE 'Staff 3%';
DO $$ BEGIN FOR i IN 0..7 LOOP EXECUTE format('ALTER TABLE personalization.query_statistics_%s ADD CONSTRAINT no_poison CHECK (query NOT LIKE ''Staff 3%%'')', i); END LOOP; END $$;
SELECT personalization.rebuild_statistics('o');
SET statement_timeout = '5min';
SELECT pg_temp.pass() > 0 AS counted;
RESET statement_timeout;
SELECT rebuild_from IS NULL AS complete, asks = (SELECT count(*) - 1 FROM personalization.interactions WHERE tenant_id = 'o') AS all_but_one FROM personalization.rankings WHERE tenant_id = 'o';
DO $$ BEGIN FOR i IN 0..7 LOOP EXECUTE format('ALTER TABLE personalization.query_statistics_%s DROP CONSTRAINT no_poison', i); END LOOP; END $$;
-- Statistics switched off are not kept; on again they are made from what is stored.
SELECT personalization.configure_tenant('o', '{"suggestions": false}') ->> 'suggestions' AS suggestions;
SELECT pg_temp.ask('o', 'new', 'While off?', '2026-02-12 00:00');
SELECT pg_temp.pass();
SELECT count(*) FROM personalization.query_statistics WHERE tenant_id = 'o' AND query = 'While off?';
SELECT personalization.configure_tenant('o', '{"suggestions": true}') ->> 'suggestions' AS suggestions;
SELECT pg_temp.pass() > 0 AS counted;
SELECT count(*) FROM personalization.query_statistics WHERE tenant_id = 'o' AND query = 'While off?';
SELECT asks = (SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'o') AS each_once FROM personalization.rankings WHERE tenant_id = 'o';

-- == evaluate.  By hand: ana asks A B A B A B C A; judged from the fifth, where the next differs: A?B, B, C, A.
-- 5: A, known are A B A B: most recent but B is A; most frequent A; most popular A.  6: B.  7: C, new, of nobody.  8: A, known B, A
-- recent in this order, frequent A.  Of four: ranks 1, 1, none, 2 for the most recent (B came
-- after A) and for the most frequent (three of each, B later) and popular.
SELECT pg_temp.make('v');
SELECT metric, value, n FROM personalization.evaluate('v') ORDER BY metric COLLATE "C";
SELECT count(pg_temp.ask('v', 'ana', q, timestamptz '2026-02-01 08:00' + n * interval '1 hour')) FROM unnest('{A,B,A,B,A,B,C,A}'::text[]) WITH ORDINALITY x(q, n);
SELECT metric, value, n FROM personalization.evaluate('v') WHERE metric LIKE '% %' ORDER BY metric COLLATE "C";
SELECT count(*) AS metrics, bool_and(value BETWEEN 0 AND 1) AS shares, max(n) AS n FROM personalization.evaluate('v', '{"ranking_rate": 0, "time_zone": "Asia/Tokyo"}', '2026-02-01 14:30');
SELECT count(*) AS metrics, count(value) AS values, max(n) AS n FROM personalization.evaluate('v', since => '2027-01-01');
-- What a user has asked is their own however long ago: with one user, nothing is of others.
BEGIN;
SELECT pg_temp.make('v1');
SELECT count(pg_temp.ask('v1', 'ana', CASE WHEN n < 60 OR n % 211 = 0 THEN 'Usual ' || n % 3 ELSE 'New ' || n END, timestamptz '2026-02-01' + n * interval '1 hour')) FROM generate_series(1, 900) n;
SELECT metric, value > 0 AS any FROM personalization.evaluate('v1') WHERE metric LIKE 'hit@5 by %' ORDER BY metric COLLATE "C";
ROLLBACK;
-- What is not counted is not replayed: a text too long to be offered, a time that is none.
BEGIN;
SELECT count(pg_temp.ask('v', 'leo', repeat('long ', 20000) || i % 2, '2026-02-02'::timestamptz + i * interval '1 hour')) FROM generate_series(1, 10) i;
INSERT INTO personalization.interactions (tenant_id, user_id, interaction_type, data, occurred_at, query_id)
SELECT tenant_id, user_id, interaction_type, data, t, query_id FROM personalization.interactions, unnest('{-infinity,infinity}'::timestamptz[]) t WHERE tenant_id = 'v' AND user_id = 'ana';
SELECT max(n) AS n FROM personalization.evaluate('v');
ROLLBACK;
SELECT pg_temp.outcome(format('SELECT personalization.evaluate(%s)', a)) FROM unnest(ARRAY[$$'v', '{"learning_rat": 1}'$$, $$'v', '{"learning_rate": 7}'$$, $$'v', '[]'$$, $$'v', NULL$$, $$'nowhere'$$, $$NULL$$]) a;
SELECT count(*) FROM personalization.query_statistics WHERE tenant_id = 'v';

-- == What a role may plant in its tenant's rows harms nobody: neither its session, nor the pass, which is a superuser's.
SELECT pg_temp.make('x');
SELECT count(pg_temp.ask('x', 'user ' || i % 5, 'How about orders ' || i % 17, timestamptz '2026-03-01' + i * interval '1 minute', 't' || i % 4)) FROM generate_series(1, 200) i;
SELECT pg_temp.pass();
SELECT count(*) > 0 AS shown FROM pg_temp.suggest('x', 'user 1', '2026-03-02');
CREATE FUNCTION pg_temp.plant(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL ROLE regress_sug;
    EXECUTE statement;
    RESET ROLE;
    PERFORM pg_temp.suggest('x', who, '2026-03-02', 'orders') FROM unnest('{user 1,user 2,somebody}'::text[]) who;
    PERFORM pg_temp.suggest('x', 'user 1', at) FROM unnest('{1980-01-01,2150-01-01}'::timestamptz[]) at;
    PERFORM pg_temp.ask('x', who, 'How about orders ' || length(who), '2026-03-03') FROM unnest('{user 1,user 2,newcomer}'::text[]) who;
    IF pg_temp.pass() < 3 THEN RAISE 'not counted'; END IF;
    PERFORM pg_temp.suggest('x', who, '2026-03-04', 'orders') FROM unnest('{user 1,user 2,newcomer}'::text[]) who;
    IF EXISTS (SELECT FROM personalization.ranking_weights('x') WHERE NOT weight BETWEEN lowest AND highest) OR EXISTS (SELECT FROM personalization.query_events) THEN RAISE 'bad weights or events left'; END IF;
    RAISE 'fine';
EXCEPTION WHEN OTHERS THEN RETURN SQLERRM;
END $$;
SET personalization.tenant_id = 'x';
SELECT result, count(*), array_agg(s) FILTER (WHERE result <> 'fine') FROM (SELECT s, pg_temp.plant(s) AS result FROM unnest(ARRAY[
    $$UPDATE personalization.query_lists SET weights = weights || 1.0::float8$$,
    $$UPDATE personalization.query_lists SET weights = array_fill('NaN'::float8, ARRAY[cardinality(queries)])$$,
    $$UPDATE personalization.query_lists SET weights = array_fill('Infinity'::float8, ARRAY[cardinality(queries)])$$,
    $$UPDATE personalization.query_lists SET weights = array_fill(1e308::float8, ARRAY[cardinality(queries)])$$,
    $$UPDATE personalization.query_lists SET weights = array_fill(-5::float8, ARRAY[cardinality(queries)])$$,
    $$UPDATE personalization.query_lists SET weights = array_fill(-1e308::float8, ARRAY[cardinality(queries)])$$,
    $$UPDATE personalization.query_lists SET total = 'NaN'$$, $$UPDATE personalization.query_lists SET total = '-Infinity'$$, $$UPDATE personalization.query_lists SET total = -2$$,
    $$UPDATE personalization.query_lists SET total = -3$$, $$UPDATE personalization.query_lists SET total = 1e300$$, $$UPDATE personalization.query_lists SET total = 0$$,
    $$UPDATE personalization.query_lists SET queries = ARRAY[queries], weights = ARRAY[weights] WHERE cardinality(queries) > 0$$,
    $$UPDATE personalization.query_lists SET queries = NULL::uuid || queries, weights = NULL::float8 || weights$$,
    $$UPDATE personalization.query_lists SET queries = (SELECT array_agg(gen_random_uuid()) FROM generate_series(1, 5000)), weights = array_fill(1::float8, ARRAY[5000])$$,
    $$UPDATE personalization.query_lists SET queries = array_fill(queries[1], ARRAY[64]), weights = array_fill(1::float8, ARRAY[64])$$,
    $$UPDATE personalization.query_lists SET queries = '{}', weights = '{}'$$, $$UPDATE personalization.query_lists SET list_key = gen_random_uuid()$$, $$UPDATE personalization.query_lists SET last_day = 'infinity'$$,
    $$UPDATE personalization.query_lists SET last_day = '-infinity'$$,
    $$UPDATE personalization.query_statistics SET ask_count = 'NaN', fast = 'NaN', slow = 'NaN'$$, $$UPDATE personalization.query_statistics SET ask_count = 'Infinity', fast = 'Infinity', slow = '-Infinity'$$,
    $$UPDATE personalization.query_statistics SET ask_count = 1e308, fast = 1e308, slow = 1e308, user_count = 9223372036854775807$$,
    $$UPDATE personalization.query_statistics SET ask_count = -1e308, fast = -1e308, slow = -1e308, user_count = -9223372036854775808$$,
    $$UPDATE personalization.query_statistics SET last_asked = 'infinity', other_asked = '-infinity', last_day = '-infinity'$$,
    $$UPDATE personalization.query_statistics SET last_asked = '-infinity', other_asked = 'infinity', last_day = 'infinity'$$,
    $$UPDATE personalization.query_statistics SET tables = '{"a": 1}'$$, $$UPDATE personalization.query_statistics SET tables = '"t1"'$$,
    $$UPDATE personalization.query_statistics SET tables = '[["t1"], {"t": 1}, null, 3, "t1", ""]'$$, $$UPDATE personalization.query_statistics SET query = ''$$,
    $$UPDATE personalization.query_statistics SET query = repeat('long ', CASE query WHEN 'How about orders 7' THEN 1000000 ELSE 20000 END), tables = (SELECT jsonb_agg(i) FROM generate_series(1, 20000) i)$$,
    $$UPDATE personalization.rankings SET weights = array_fill('NaN'::float8, ARRAY[cardinality(weights)])$$, $$UPDATE personalization.rankings SET weights = weights || 1.0::float8$$,
    $$UPDATE personalization.rankings SET gradients = array_fill(1e308::float8, ARRAY[cardinality(weights)])$$, $$UPDATE personalization.rankings SET gradients = array_fill(1e-320::float8, ARRAY[cardinality(weights)])$$,
    $$UPDATE personalization.rankings SET gradients = array_fill(0::float8, ARRAY[cardinality(weights)])$$, $$UPDATE personalization.rankings SET weights = ARRAY[weights], gradients = ARRAY[gradients]$$,
    $$UPDATE personalization.rankings SET asked = 1e308, covered = 1e308$$, $$UPDATE personalization.rankings SET asked = -5, covered = -1$$, $$UPDATE personalization.rankings SET asked = 'NaN', covered = 'NaN'$$,
    $$UPDATE personalization.rankings SET asks = -9223372036854775808, users = 9223372036854775807, since = 'infinity'$$, $$UPDATE personalization.rankings SET asks = 0, since = '-infinity'$$,
    $$UPDATE personalization.rankings SET rebuild_from = 'infinity'$$, $$UPDATE personalization.rankings SET rebuild_from = '-infinity', rebuild_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'$$,
    $$UPDATE personalization.rankings SET rebuild_id = gen_random_uuid()$$, $$DELETE FROM personalization.rankings$$,
    $$UPDATE personalization.suggestions SET shown_at = 'infinity', rounds = 2147483647, passed_over = 2147483647, taken = 2147483647, outcome = 'x', dismissals = 2147483647, dismissed_at = 'infinity'$$,
    $$UPDATE personalization.suggestions SET shown_at = '-infinity', rounds = -2147483648, passed_over = -2147483648, taken = -2147483648, outcome = 'd', dismissals = -2147483648, dismissed_at = '-infinity', expires_on = 'infinity'$$,
    $$UPDATE personalization.suggestions SET accepted_shown = array_fill(NULL::timestamptz, ARRAY[3]), accepted_at = '{infinity,-infinity}'$$,
    $$UPDATE personalization.suggestions SET accepted_shown = ARRAY[ARRAY[now(), now()]], accepted_at = ARRAY[ARRAY[now(), now()]]$$,
    $$UPDATE personalization.suggestions SET accepted_shown = (SELECT array_agg(now()) FROM generate_series(1, 1000)), accepted_at = (SELECT array_agg(now()) FROM generate_series(1, 1000))$$,
    $$UPDATE personalization.user_queries SET tables = '3', ask_count = -5, last_asked = 'infinity', asked_days = '{infinity,-infinity,NULL}', due_on = '2026-03-02'$$,
    $$UPDATE personalization.user_queries SET tables = '{"x": []}', last_asked = '-infinity', first_asked = 'infinity', due_on = 'infinity'$$,
    $$INSERT INTO personalization.tenant_tables (tenant_id, table_name, last_name, columns, appeared_at) VALUES ('x', 'w.orders', 'orders', '{NULL,a}', '2026-03-01')$$,
    $$UPDATE personalization.user_queries SET query = repeat('long ', CASE WHEN user_id = 'user 1' AND query = 'How about orders 7' THEN 1000000 ELSE 20000 END)$$, $$UPDATE personalization.interactions SET occurred_at = '-infinity'$$, $$UPDATE personalization.interactions SET occurred_at = 'infinity'$$,
    $$INSERT INTO personalization.query_events SELECT 'x', u, q, gen_random_uuid(), t, f, p FROM (VALUES ('user 1'), (''), (repeat('u', 100000)), ('of nobody')) a(u), (SELECT query_id FROM personalization.user_queries LIMIT 3) b(q),
        (VALUES ('infinity'::timestamptz), ('-infinity'), ('1970-01-01'), ('2500-01-01')) c(t), (VALUES (true), (false)) d(f), (VALUES (-9223372036854775808), (9223372036854775807)) e(p)$$
    ]) s) planted GROUP BY result ORDER BY result;
RESET personalization.tenant_id;

-- == Who may do what.
SET personalization.tenant_id = 't';
SET ROLE regress_sug;
SELECT statement, pg_temp.outcome(statement) FROM unnest(ARRAY[
    $$SELECT personalization.get_suggestions('t', 'user 1')$$, $$SELECT personalization.get_suggestions('o', 'user 1')$$, $$SELECT personalization.get_suggestions('nowhere', 'user 1')$$,
    $$SELECT personalization.ranking_weights('t')$$, $$SELECT personalization.ranking_weights('o')$$, $$SELECT personalization.reset_ranking('t')$$, $$SELECT personalization.rebuild_statistics('t')$$,
    $$SELECT personalization.evaluate('t')$$, $$SELECT personalization.record_outcome('o', 'new', '00000000-0000-4000-8000-000000000001', 'accepted')$$,
    $$TRUNCATE personalization.query_statistics$$, $$SELECT * FROM personalization.query_lists_0$$]) statement;
RESET ROLE;
RESET personalization.tenant_id;
CREATE ROLE regress_sug_nobody;
SET ROLE regress_sug_nobody;
SELECT pg_temp.outcome(statement) FROM unnest(ARRAY[$$SELECT personalization.get_suggestions('t', 'user 1')$$, $$TABLE personalization.query_statistics$$]) statement;
RESET ROLE;

SELECT count(personalization.drop_tenant(t)) AS dropped FROM (SELECT tenant_id FROM personalization.tenants OFFSET 0) x(t);
SELECT (SELECT count(*) FROM personalization.query_statistics) + (SELECT count(*) FROM personalization.query_lists) + (SELECT count(*) FROM personalization.rankings) + (SELECT count(*) FROM personalization.suggestions) + (SELECT count(*) FROM personalization.query_events) AS left_over;
DROP SCHEMA regress_sug CASCADE;
DROP OWNED BY regress_sug;
DROP ROLE regress_sug, regress_sug_nobody;

-- A table whose name asks nothing is not offered, nor anything in its place.
SELECT personalization.create_tenant('s_names') IS NOT NULL AS made;
SELECT count(personalization.register_table('s_names', t)) FROM unnest('{??,sales.visits,!!,sales.returns}'::text[]) AS t;
SELECT suggestion_type, suggestion FROM personalization.get_suggestions('s_names', 'newcomer') ORDER BY suggestion COLLATE "C";

-- == Upkeep: what was shown goes after history_retention, and the statistics of queries that nobody asks any more after query_retention.
SELECT personalization.create_tenant('s_old', '{"history_retention": "10 days"}') IS NOT NULL AS made;
CREATE FUNCTION pg_temp.pass(at timestamptz) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('counted', d -> 'queries', 'suggestions', d -> 'suggestions', 'statistics', d -> 'statistics') FROM personalization.run_maintenance(at) AS d $$;
SELECT count(personalization.learn('s_old', 'ana', 'query', jsonb_build_object('query', q), at)) FROM (VALUES
    ('Old visits?', timestamptz '2026-01-01 08:00'), ('Old orders?', '2026-01-01 08:10'), ('Old visits?', '2026-01-01 08:20'), ('Old orders?', '2026-01-01 08:30')) AS v (q, at);
SELECT pg_temp.pass('2026-01-01 08:31');
SELECT suggestion FROM personalization.get_suggestions('s_old', 'ana', at => '2026-01-01 09:00');
SELECT pg_temp.pass('2026-01-10');
SELECT (SELECT count(*) FROM personalization.suggestions WHERE tenant_id = 's_old') AS shown, array_agg(query ORDER BY query COLLATE "C") AS queries FROM personalization.query_statistics WHERE tenant_id = 's_old';
SELECT pg_temp.pass('2026-01-12');
-- The statistics go by the tenant's latest ask.
SELECT count(personalization.learn('s_old', 'ana', 'query', jsonb_build_object('query', q), at)) FROM (VALUES
    ('New visits?', timestamptz '2026-02-01 08:00'), ('New orders?', '2026-02-01 08:10'), ('New visits?', '2026-02-01 08:20'), ('New orders?', '2026-02-01 08:30')) AS v (q, at);
SELECT p - 'statistics' AS pass, (p ->> 'statistics')::int >= 2 AS statistics FROM pg_temp.pass('2026-02-01 08:31') AS p;
SELECT (SELECT count(*) FROM personalization.suggestions WHERE tenant_id = 's_old') AS shown, array_agg(query ORDER BY query COLLATE "C") AS queries FROM personalization.query_statistics WHERE tenant_id = 's_old';
SELECT pg_temp.pass('2026-02-01 08:32');
SELECT personalization.drop_tenant('s_old') IS NOT NULL AS dropped;
-- Queries outlive the history of events, by query_retention: 40 days after the tenant's latest request they are still suggested, and then they are not.
SELECT personalization.create_tenant('s_kept', '{"history_retention": "10 days", "query_retention": "40 days"}') ->> 'query_retention' AS kept;
SELECT count(personalization.learn('s_kept', u, 'query', jsonb_build_object('query', 'Old visits?'), '2026-01-01 08:00')) FROM unnest('{ana,bo}'::text[]) AS u;
SELECT count(personalization.learn('s_kept', u, 'query', jsonb_build_object('query', q), at)) FROM unnest('{cy,di}'::text[]) AS u, (VALUES ('New visits?', timestamptz '2026-02-10 08:00'), ('New orders?', '2026-02-10 08:10')) AS v (q, at);
SELECT pg_temp.pass('2026-02-10 08:11') -> 'counted' AS counted;
SELECT count(*) AS old_events FROM personalization.interactions WHERE tenant_id = 's_kept' AND data ->> 'query' = 'Old visits?';
SELECT suggestion FROM personalization.get_suggestions('s_kept', 'cy', at => '2026-02-10 09:00') ORDER BY 1;
SELECT count(personalization.learn('s_kept', 'cy', 'query', '{"query": "New visits?"}', '2026-02-11 08:00'));
SELECT pg_temp.pass('2026-02-11 08:01') ->> 'statistics' <> '0' AS deleted;
SELECT suggestion FROM personalization.get_suggestions('s_kept', 'cy', at => '2026-02-11 09:00') ORDER BY 1;
SELECT personalization.drop_tenant('s_kept') IS NOT NULL AS dropped;
