-- Statistics of the queries of a tenant: derived data, which can be rebuilt.
--
-- learn() appends to query_events; the worker, or run_maintenance(), removes rows from it and updates the
-- other tables.

CREATE TABLE personalization.query_events (
    tenant_id       text COLLATE "C" NOT NULL,
    user_id         text COLLATE "C" NOT NULL,
    query_id        uuid NOT NULL,
    interaction_id  uuid NOT NULL,
    occurred_at     timestamptz NOT NULL,
    is_first        boolean NOT NULL,
    position        bigint NOT NULL DEFAULT personalization.inbox_position()
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.query_events IS
    'requests that the statistics do not include yet; rows are deleted as they are counted';
COMMENT ON COLUMN personalization.query_events.is_first IS
    'whether it was the user''s first request for this query';
CREATE INDEX query_events_position ON personalization.query_events (tenant_id, position);

-- fast and slow are log2 of a decaying count of requests, plus the time in half-lives, so that they are
-- comparable without being updated.  last_day is a day, so that most updates do not change its index.
CREATE TABLE personalization.query_statistics (
    tenant_id    text COLLATE "C" NOT NULL,
    query_id     uuid NOT NULL,
    query        text NOT NULL,
    tables       jsonb NOT NULL,
    ask_count    float8 NOT NULL,
    user_count   bigint NOT NULL,
    fast         float8 NOT NULL,
    slow         float8 NOT NULL,
    last_user    int NOT NULL,
    other_asked  timestamptz,
    last_asked   timestamptz NOT NULL,
    last_day     date NOT NULL,
    PRIMARY KEY (tenant_id, query_id)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.query_statistics IS
    'each query of a tenant: how often, by how many users and how recently it was asked; the text as last asked by anyone';
COMMENT ON COLUMN personalization.query_statistics.ask_count IS
    'number of requests; those that follow from suggestions count in part or not at all';
COMMENT ON COLUMN personalization.query_statistics.last_user IS 'hash of the user of the latest request';
COMMENT ON COLUMN personalization.query_statistics.other_asked IS
    'time of the latest request by any other user';
-- Partial, with a condition that is always true, so that only queries by day can use it: for an empty table
-- the planner would consider it as good as the key, and a prepared statement would keep using it after the
-- table has grown.
CREATE INDEX query_statistics_last_day ON personalization.query_statistics (tenant_id, last_day)
    WHERE last_day IS NOT NULL;

-- Lists of queries, with the heaviest 64 of each.  list_key is the query that the list belongs to, a hash of
-- a term, or the nil UUID for the tenant's own lists.
CREATE TABLE personalization.query_lists (
    tenant_id  text COLLATE "C" NOT NULL,
    list_key   uuid NOT NULL,
    kind       "char" NOT NULL,
    total      float8 NOT NULL,
    queries    uuid[] NOT NULL,
    weights    float8[] NOT NULL,
    last_day   date NOT NULL,
    PRIMARY KEY (tenant_id, list_key, kind)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.query_lists IS
    'lists of queries by weight: asked after a query, by the same users, with a term; popular and recent queries of the tenant';
COMMENT ON COLUMN personalization.query_lists.kind IS
    'n: asked next, o: the one after, b: before, u: by the same users; t: with a term; p: popular, f: recently frequent, s: usual';
CREATE INDEX query_lists_last_day ON personalization.query_lists (tenant_id, last_day) WHERE last_day IS NOT NULL;

-- One row per tenant, created with it, or by a pass if it is missing, as after a restore.  rebuild_from shows
-- how far the statistics have been rebuilt from the interactions; NULL when they are complete.
CREATE TABLE personalization.rankings (
    tenant_id        text COLLATE "C" NOT NULL PRIMARY KEY,
    since            timestamptz,
    asks             bigint NOT NULL DEFAULT 0,
    users            bigint NOT NULL DEFAULT 0,
    weights          float8[] NOT NULL DEFAULT '{}',
    gradients        float8[] NOT NULL DEFAULT '{}',
    asked            float8 NOT NULL DEFAULT 0,
    covered          float8 NOT NULL DEFAULT 0,
    shifts           float4[] NOT NULL DEFAULT '{}',
    shift_gradients  float8[] NOT NULL DEFAULT '{}',
    grades           float8[] NOT NULL DEFAULT '{}',
    rebuild_from     timestamptz,
    rebuild_id       uuid
) PARTITION BY HASH (tenant_id);
CREATE INDEX rankings_rebuilding ON personalization.rankings (tenant_id) WHERE rebuild_from IS NOT NULL;
COMMENT ON TABLE personalization.rankings IS
    'state of the ranking of each tenant''s suggestions: read it with ranking_weights()';
