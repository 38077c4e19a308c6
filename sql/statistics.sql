-- What the queries of a tenant add up to: derived data, rebuilt at will.
--
-- learn() appends to query_events; the worker, or run_maintenance(), takes rows
-- from there and brings the rest up to date.

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
    'queries asked that the statistics do not count yet; rows leave it as they are counted';
COMMENT ON COLUMN personalization.query_events.is_first IS
    'whether the user asked this query for the first time';
CREATE INDEX query_events_position ON personalization.query_events (tenant_id, position);

-- fast and slow are log2 of a count in which an ask halves with time, plus the
-- time in half-lives: comparable without being touched.  last_day is coarse, so
-- that most updates leave its index alone.
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
    'each query of a tenant: how often, by how many and how lately it is asked; the text as last asked by anyone';
COMMENT ON COLUMN personalization.query_statistics.ask_count IS
    'asks that came of suggestions count in part or not at all';
COMMENT ON COLUMN personalization.query_statistics.last_user IS 'a hash of who asked last';
COMMENT ON COLUMN personalization.query_statistics.other_asked IS
    'when somebody else than the last one asked last';
-- Partial, by a condition that is always true, so that only what is asked by day
-- can use it: of an empty table the planner would take it for as good as the key,
-- and a prepared statement keep to that when the table has grown.
CREATE INDEX query_statistics_last_day ON personalization.query_statistics (tenant_id, last_day)
    WHERE last_day IS NOT NULL;

-- Lists of queries, the heaviest 64 of each.  list_key is the query that the
-- list belongs to, a hash of a term, or the nil UUID for the tenant's own.
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
    'lists of queries by weight: what is asked after a query, by users who ask it too, about a term, most and lately in the tenant';
COMMENT ON COLUMN personalization.query_lists.kind IS
    'n: asked next, o: the one after, b: before, u: by users who ask it too; t: naming a term; p: popular, f: these days, s: usual';
CREATE INDEX query_lists_last_day ON personalization.query_lists (tenant_id, last_day) WHERE last_day IS NOT NULL;

-- One row a tenant, made with it, or by a pass where it is missing, as after a
-- restore.  rebuild_from says how far the statistics have been made anew from the
-- interactions, NULL when they are complete.
CREATE TABLE personalization.rankings (
    tenant_id     text COLLATE "C" NOT NULL PRIMARY KEY,
    since         timestamptz,
    asks          bigint NOT NULL DEFAULT 0,
    users         bigint NOT NULL DEFAULT 0,
    weights       float8[] NOT NULL DEFAULT '{}',
    gradients     float8[] NOT NULL DEFAULT '{}',
    asked         float8 NOT NULL DEFAULT 0,
    covered       float8 NOT NULL DEFAULT 0,
    rebuild_from  timestamptz,
    rebuild_id    uuid
) PARTITION BY HASH (tenant_id);
CREATE INDEX rankings_rebuilding ON personalization.rankings (tenant_id) WHERE rebuild_from IS NOT NULL;
COMMENT ON TABLE personalization.rankings IS
    'what the ranking of each tenant''s suggestions has learned: read it through ranking_weights()';
