-- Replays a log through learn(), passes and get_suggestions(), in order of time.
--
-- Table quality.log (n, tenant, usr, at, item, data) holds it; a judged event is
-- one of the later half, from its user's fifth on, whose item differs from his
-- last.  Each event is a transaction of its own, as in life.
CREATE SCHEMA quality;
CREATE TABLE quality.log (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant text, usr text, epoch float8, item text, payload jsonb);
CREATE TABLE quality.hits (n bigint PRIMARY KEY, rank int, is_new boolean);

CREATE PROCEDURE quality.replay() LANGUAGE plpgsql AS $$
DECLARE
    e record;
    got text[];
    half bigint := (SELECT count(*) / 2 FROM quality.log);
BEGIN
    FOR e IN SELECT l.*, to_timestamp(epoch) AS at,
                    lag(item) OVER of_user AS last,
                    row_number() OVER of_user AS nth,
                    row_number() OVER (PARTITION BY tenant, usr, item ORDER BY n) = 1 AS is_new
             FROM quality.log l WINDOW of_user AS (PARTITION BY tenant, usr ORDER BY n) ORDER BY n
    LOOP
        -- The product shows suggestions before every query.
        got := ARRAY(SELECT suggestion FROM personalization.get_suggestions(e.tenant, e.usr, at => e.at));
        IF e.n > half AND e.nth >= 5 AND e.item IS DISTINCT FROM e.last THEN
            INSERT INTO quality.hits VALUES (e.n, array_position(got, e.item), e.is_new);
        END IF;
        PERFORM personalization.learn(e.tenant, e.usr, 'query',
            (e.payload - 'tables') || jsonb_build_object('query', e.item)
            || CASE WHEN e.payload ? 'tables' THEN jsonb_build_object('tables_used', e.payload -> 'tables') ELSE '{}' END, e.at);
        COMMIT;
        PERFORM personalization.run_maintenance(e.at);
        COMMIT;
    END LOOP;
END $$;
