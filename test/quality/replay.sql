-- Replays a log through learn(), passes and get_suggestions(), in order of time,
-- and beside it some predictors that are simple enough to be tables.
--
-- Table quality.log holds it.  A judged event is one of the later half by line, from its
-- user's fifth on, whose item differs from the user's last; the last item is no
-- candidate.  Each event is a transaction of its own, as in life.
CREATE SCHEMA quality;
CREATE TABLE quality.log (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant text, usr text, epoch float8, item text, payload jsonb);

-- id: which query the item is.  An item without letters or digits is no query, and never suggested.
CREATE FUNCTION quality.id(item text) RETURNS uuid LANGUAGE sql
    RETURN coalesce(personalization.query_id(jsonb_build_object('query', item)), md5(item)::uuid);
CREATE TABLE quality.events (
    n bigint PRIMARY KEY, tenant text, usr text, at timestamptz, data jsonb, id uuid, last uuid, is_new boolean, judged boolean, early boolean);

-- rank: where the item stood among those named; NULL: it was not among them.
CREATE TABLE quality.ranks (predictor text, n bigint, rank int, PRIMARY KEY (predictor, n));

-- The same of the first five events of users, and the probabilities of what was suggested before judged ones.
CREATE TABLE quality.early (predictor text, n bigint, rank int, PRIMARY KEY (predictor, n));
CREATE TABLE quality.shown (score float8, asked boolean);

-- What a context does to the suggestions before judged ones: words, two of the item's own drawn at random; rank: where
-- the item stood with them; same: with a context that fits nothing the list was as without one.
CREATE TABLE quality.contexts (n bigint PRIMARY KEY, words text, rank int, same boolean);

CREATE FUNCTION quality.two_words(item text, n bigint) RETURNS text LANGUAGE sql
    RETURN (SELECT string_agg(word[1], ' ')
            FROM (SELECT word FROM regexp_matches(item, '[[:alnum:]]+', 'g') WITH ORDINALITY AS w (word, place)
                  ORDER BY md5(format('%s %s', n, place)) LIMIT 2) drawn);

-- With a context, and as if it had not been asked for: what is recorded of it is undone.
CREATE FUNCTION quality.with_context(tenant text, usr text, context text, shown int, at timestamptz) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
    named uuid[];
BEGIN
    BEGIN
        SELECT coalesce(array_agg(quality.id(suggestion) ORDER BY ordinality), '{}') INTO named
        FROM personalization.get_suggestions(tenant, usr, context, shown, at) WITH ORDINALITY;
        RAISE SQLSTATE 'QUNDO';
    EXCEPTION WHEN SQLSTATE 'QUNDO' THEN
        RETURN named;
    END;
END $$;

-- From the log as it was copied to what is replayed, the first so many lines of it.
CREATE PROCEDURE quality.prepare(lines bigint DEFAULT NULL) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO quality.events
    SELECT n, tenant, usr, to_timestamp(epoch),
           (payload - 'tables') || jsonb_build_object('query', item)
           || CASE WHEN payload ? 'tables' THEN jsonb_build_object('tables_used', payload -> 'tables') ELSE '{}' END,
           id, lag(id) OVER of_user, row_number() OVER (PARTITION BY tenant, usr, id ORDER BY n) = 1,
           n > (count(*) OVER ()) / 2 AND row_number() OVER of_user >= 5 AND id IS DISTINCT FROM lag(id) OVER of_user,
           n > (count(*) OVER ()) / 2 AND row_number() OVER of_user <= 5 AND id IS DISTINCT FROM lag(id) OVER of_user
    FROM (SELECT *, quality.id(item) AS id FROM quality.log ORDER BY n LIMIT lines) l
    WINDOW of_user AS (PARTITION BY tenant, usr ORDER BY n);

    -- The events are of the past, and shall not be too old to be kept.
    PERFORM personalization.create_tenant(tenant, '{"history_retention": "100 years"}')
    FROM (SELECT DISTINCT tenant FROM quality.events) t;
END $$;

-- pass: a pass after so many events; with more than one, as where the worker is behind.  history: at each new day what is
-- older leaves, with statistics of queries that nobody has asked for a year.  learn() itself refuses what is too old by the
-- clock, so the setting changes for the pass only.
CREATE PROCEDURE quality.replay(shown int DEFAULT 5, pass int DEFAULT 1, history interval DEFAULT NULL) LANGUAGE plpgsql AS $$
DECLARE
    e record;
    named uuid[];
    scores float8[];
    day date;
    words text;
BEGIN
    FOR e IN SELECT v.*, l.item FROM quality.events v JOIN quality.log l USING (n) ORDER BY n LOOP
        IF history IS NOT NULL AND e.at::date > day THEN
            PERFORM personalization.configure_tenant(tenant_id, jsonb_build_object('history_retention', history, 'query_retention', '1 year'))
            FROM personalization.tenants;
            COMMIT;
            PERFORM personalization.run_maintenance(e.at);
            COMMIT;
            PERFORM personalization.configure_tenant(tenant_id, '{"history_retention": "100 years", "query_retention": "1 year"}')
            FROM personalization.tenants;
            COMMIT;
        END IF;
        day := e.at::date;
        IF e.judged THEN
            words := quality.two_words(e.item, e.n);
            INSERT INTO quality.contexts
            VALUES (e.n, words, array_position(quality.with_context(e.tenant, e.usr, words, shown, e.at), e.id),
                    quality.with_context(e.tenant, e.usr, 'xyzzyq wqwqwq', shown, e.at) = quality.with_context(e.tenant, e.usr, NULL, shown, e.at));
        END IF;
        -- The product shows suggestions before every query, whether it is judged or not.
        SELECT coalesce(array_agg(quality.id(suggestion) ORDER BY ordinality), '{}'), array_agg(score ORDER BY ordinality)
        INTO named, scores
        FROM personalization.get_suggestions(e.tenant, e.usr, max_results => shown, at => e.at) WITH ORDINALITY;
        IF e.judged THEN
            INSERT INTO quality.ranks VALUES ('get_suggestions()', e.n, array_position(named, e.id));
            INSERT INTO quality.shown SELECT scores[i], named[i] = e.id FROM generate_subscripts(named, 1) i;
        END IF;
        IF e.early THEN
            INSERT INTO quality.early VALUES ('get_suggestions()', e.n, array_position(named, e.id));
        END IF;
        PERFORM personalization.learn(e.tenant, e.usr, 'query', e.data, e.at);
        COMMIT;
        IF e.n % pass = 0 THEN
            PERFORM personalization.run_maintenance(e.at);
            COMMIT;
        END IF;
    END LOOP;
END $$;

-- How often and when last an item was asked: by a user (whom), in a tenant ('') and after another.
CREATE UNLOGGED TABLE quality.counts (
    tenant text, whom text, after uuid, id uuid, asks int, last bigint,
    PRIMARY KEY (tenant, whom, after, id)) WITH (fillfactor = 50);

CREATE PROCEDURE quality.predict(shown int DEFAULT 5) LANGUAGE plpgsql AS $$
DECLARE
    e record;
    none constant uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    FOR e IN SELECT * FROM quality.events ORDER BY n LOOP
        IF e.judged OR e.early THEN
            WITH p AS (SELECT * FROM (VALUES
                ('most recent', ARRAY(SELECT c.id FROM quality.counts c
                    WHERE c.tenant = e.tenant AND c.whom = e.usr AND c.after = none AND c.id IS DISTINCT FROM e.last
                    ORDER BY c.last DESC LIMIT shown)),
                ('most frequent', ARRAY(SELECT c.id FROM quality.counts c
                    WHERE c.tenant = e.tenant AND c.whom = e.usr AND c.after = none AND c.id IS DISTINCT FROM e.last
                    ORDER BY c.asks DESC, c.last DESC LIMIT shown)),
                ('most popular', ARRAY(SELECT c.id FROM quality.counts c
                    WHERE c.tenant = e.tenant AND c.whom = '' AND c.after = none AND c.id IS DISTINCT FROM e.last
                    ORDER BY c.asks DESC, c.last DESC LIMIT shown)),
                ('what followed in the tenant', ARRAY(SELECT c.id FROM quality.counts c
                    WHERE c.tenant = e.tenant AND c.whom = '' AND c.after = e.last AND c.id IS DISTINCT FROM e.last
                    ORDER BY c.asks DESC, c.last DESC LIMIT shown))) AS v (predictor, named)),
            judged AS (INSERT INTO quality.ranks SELECT predictor, e.n, array_position(named, e.id) FROM p WHERE e.judged)
            INSERT INTO quality.early SELECT predictor, e.n, array_position(named, e.id) FROM p WHERE e.early;
        END IF;
        INSERT INTO quality.counts AS c
        SELECT e.tenant, k.whom, k.after, e.id, 1, e.n
        FROM (VALUES (e.usr, none), ('', none), ('', e.last)) AS k (whom, after)
        WHERE k.after IS NOT NULL
        ON CONFLICT (tenant, whom, after, id) DO UPDATE SET asks = c.asks + 1, last = excluded.last;
        COMMIT;
    END LOOP;
END $$;

CREATE VIEW quality.results AS
SELECT predictor, count(*) AS judged, avg(is_new::int) AS new,
       avg((rank = 1 AND rank IS NOT NULL)::int) AS hit1, avg((rank IS NOT NULL)::int) AS hit5,
       avg(coalesce(1.0 / rank, 0)) AS mrr5,
       avg((rank IS NOT NULL)::int) FILTER (WHERE NOT is_new) AS hit5_repeats,
       avg((rank IS NOT NULL)::int) FILTER (WHERE is_new) AS hit5_new,
       (SELECT avg((e.rank IS NOT NULL)::int) FROM quality.early e WHERE e.predictor = r.predictor) AS hit5_early
FROM quality.ranks r JOIN quality.events USING (n) GROUP BY predictor;

-- Reliability: of what was suggested with about the same probability, how much was asked. The expected calibration error
-- is the mean distance, each tenth weighing as much as was suggested in it.
CREATE VIEW quality.reliability AS
SELECT least(floor(score * 10), 9) / 10 AS tenth, count(*) AS suggested, avg(score) AS foretold, avg(asked::int) AS happened
FROM quality.shown GROUP BY 1;
CREATE VIEW quality.calibration AS
SELECT sum(suggested * abs(foretold - happened)) / sum(suggested) AS error FROM quality.reliability;

CREATE VIEW quality.in_context AS
SELECT count(*) AS judged, avg((rank = 1 AND rank IS NOT NULL)::int) AS hit1, avg((rank IS NOT NULL)::int) AS hit5,
       count(*) FILTER (WHERE NOT same) AS others
FROM quality.contexts;

-- The same question put to evaluate(), which knows no lines: from the time of the middle one on.
CREATE VIEW quality.evaluated AS
SELECT metric, sum(value * n) / sum(n) AS value, sum(n) AS n
FROM (SELECT DISTINCT tenant FROM quality.events) t,
     (SELECT min(at) AS since FROM quality.events WHERE n > (SELECT count(*) FROM quality.events) / 2) m,
     personalization.evaluate(t.tenant, '{}', m.since)
GROUP BY metric;
