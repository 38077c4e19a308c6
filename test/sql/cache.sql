-- The push to Redis, where none is configured: its settings, and that it costs nothing.
\set VERBOSITY verbose
\set SHOW_CONTEXT never
\pset format unaligned
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup

LOAD 'personalization';
-- A server that has one tells nothing of this.
SELECT current_setting('personalization.redis_url') <> '' AS configured \gset
\if :configured
\quit
\endif
SELECT name, setting, unit, context, vartype, min_val, max_val, boot_val, source FROM pg_settings
WHERE name ~ '^personalization\.(redis|cache)' ORDER BY name;

-- In the configuration only, checked where it is written.
\set VERBOSITY default
SET personalization.redis_url = 'redis://localhost';
SET personalization.cache_database = 'postgres';
ALTER SYSTEM SET personalization.redis_url = 'localhost:6379';
ALTER SYSTEM SET personalization.redis_url = 'redis://secret@localhost';
ALTER SYSTEM SET personalization.redis_url = 'redis://:secret@';
ALTER SYSTEM SET personalization.redis_url = 'redis://:sec%ret@localhost';
ALTER SYSTEM SET personalization.redis_url = 'redis://localhost:70000';
ALTER SYSTEM SET personalization.redis_url = 'redis://localhost/zero';
ALTER SYSTEM SET personalization.redis_url = 'redis://localhost/?timeout=3';
ALTER SYSTEM SET personalization.redis_url = 'unix://redis.sock';
-- The range has units in the text of newer versions.
\set VERBOSITY sqlstate
ALTER SYSTEM SET personalization.redis_timeout = '1ms';
\set VERBOSITY default

-- Nothing is noted where there is no cache.
SELECT personalization.create_tenant('c1') IS NOT NULL AS made;
SELECT personalization.learn('c1', 'ana', 'export', '{"format": "csv"}', '2026-03-01') IS NOT NULL AS learned;
SELECT personalization.set_profile('c1', 'ana', 'advanced');
SELECT count(*) FROM personalization.cache_changes;
SELECT cache_state, cache_backlog, cache_lag, cache_pushed, cache_deleted, cache_failures, cache_last_error
FROM personalization.worker_status;

-- run_maintenance() keeps what waits small: no more than a row for each that is asked.
INSERT INTO personalization.cache_changes SELECT 'c1', 'user ' || n % 10, 1 + n % 2 * 2, n FROM generate_series(1, 30000) n;
SELECT personalization.run_maintenance('2026-03-01 12:00:00+00') IS NOT NULL AS maintained;
SELECT what, count(*), count(DISTINCT id), min(position) FROM personalization.cache_changes GROUP BY what ORDER BY what;

-- The tenant's erasure leaves them: with them go the keys.
SELECT personalization.drop_tenant('c1') IS NOT NULL AS dropped;
SELECT count(*) FROM personalization.cache_changes;
DELETE FROM personalization.cache_changes;
