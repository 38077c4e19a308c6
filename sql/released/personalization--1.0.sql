-- The install script of 1.0, as it was released. What changes comes in upgrade scripts.
\echo Use "CREATE EXTENSION personalization" to load this file. \quit

-- ==== sql/types.sql

-- The schema and the types.

-- As ALTER DATABASE and ALTER ROLE may have set them otherwise; they hold for this script only.
SET LOCAL default_tablespace = '';
SET LOCAL default_table_access_method = 'heap';
SET LOCAL standard_conforming_strings = on;
SET LOCAL transform_null_equals = off;
SET LOCAL row_security = on;

CREATE SCHEMA personalization;
COMMENT ON SCHEMA personalization IS 'preferences of the users of each tenant, and the functions that learn them';

CREATE TYPE personalization.interaction_type AS ENUM
    ('query', 'visualization', 'export', 'dashboard', 'feedback', 'refinement', 'exploration', 'custom');
COMMENT ON TYPE personalization.interaction_type IS
    'kind of interaction; custom is for a product''s own events, for which an administrator defines the rules';

CREATE TYPE personalization.preference_category AS ENUM
    ('visualization', 'query', 'data', 'presentation', 'notification');
COMMENT ON TYPE personalization.preference_category IS 'subject of a preference';

CREATE TYPE personalization.skill_level AS ENUM ('beginner', 'intermediate', 'advanced');
COMMENT ON TYPE personalization.skill_level IS 'amount of explanation that a user needs';

CREATE TYPE personalization.communication_style AS ENUM ('brief', 'detailed', 'technical');
COMMENT ON TYPE personalization.communication_style IS 'style of answer that a user wants';

CREATE TYPE personalization.suggestion_type AS ENUM
    ('frequent', 'related', 'similar_users', 'trending', 'new_data');
COMMENT ON TYPE personalization.suggestion_type IS 'origin of a suggestion';

-- These casts allow a parameter that a driver declares as text or varchar where one of these types is
-- expected; otherwise the error is "function does not exist".
CREATE CAST (text AS personalization.interaction_type) WITH INOUT AS IMPLICIT;
CREATE CAST (varchar AS personalization.interaction_type) WITH INOUT AS IMPLICIT;
CREATE CAST (text AS personalization.preference_category) WITH INOUT AS IMPLICIT;
CREATE CAST (varchar AS personalization.preference_category) WITH INOUT AS IMPLICIT;
CREATE CAST (text AS personalization.skill_level) WITH INOUT AS IMPLICIT;
CREATE CAST (varchar AS personalization.skill_level) WITH INOUT AS IMPLICIT;
CREATE CAST (text AS personalization.communication_style) WITH INOUT AS IMPLICIT;
CREATE CAST (varchar AS personalization.communication_style) WITH INOUT AS IMPLICIT;

-- ==== sql/tenants.sql

-- Tenants, their settings, and the tenant of the session.

CREATE FUNCTION personalization.current_tenant() RETURNS text
    LANGUAGE c STABLE LEAKPROOF PARALLEL SAFE COST 1
    AS 'MODULE_PATHNAME', 'personalization_current_tenant';
COMMENT ON FUNCTION personalization.current_tenant() IS
    'the tenant of the session, NULL if none is set: the setting personalization.tenant_id';

-- Without SET clauses, because the setting must remain after the call.
CREATE FUNCTION personalization.use_tenant(tenant_id text) RETURNS void
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'personalization_use_tenant';
COMMENT ON FUNCTION personalization.use_tenant(text) IS
    'sets the tenant for the rest of this transaction; raises an error outside a transaction block, and for an unknown tenant';

-- A tenant's row contains the settings that differ from the defaults.
CREATE TABLE personalization.tenants (
    tenant_id   text COLLATE "C" NOT NULL PRIMARY KEY CHECK (tenant_id <> ''),
    settings    jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    frozen_at   timestamptz,
    home        text COLLATE "C"
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.tenants IS 'the tenants, with the settings that differ from the defaults';
COMMENT ON COLUMN personalization.tenants.frozen_at IS
    'time of freeze_tenant(); until thaw_tenant() calls do not write for the tenant';
COMMENT ON COLUMN personalization.tenants.home IS
    'the database in which publish_tenant() was called; other databases do not write for the tenant until thaw_tenant()';

CREATE FUNCTION personalization.create_tenant(tenant_id text, settings jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_create_tenant';
COMMENT ON FUNCTION personalization.create_tenant(text, jsonb) IS
    'creates a tenant and returns its settings; for administrators';

CREATE FUNCTION personalization.configure_tenant(tenant_id text, settings jsonb) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_configure_tenant';
COMMENT ON FUNCTION personalization.configure_tenant(text, jsonb) IS
    'changes settings of a tenant, null for the default, and returns all of them; for administrators';

CREATE FUNCTION personalization.tenant_settings(tenant_id text) RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_tenant_settings';
COMMENT ON FUNCTION personalization.tenant_settings(text) IS
    'all settings of a tenant, including defaults; for administrators';

CREATE FUNCTION personalization.drop_tenant(tenant_id text) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_drop_tenant';
COMMENT ON FUNCTION personalization.drop_tenant(text) IS
    'deletes a tenant and all its data, and returns the number of rows by table; for administrators';

CREATE FUNCTION personalization.local_time(at timestamptz, settings jsonb) RETURNS timestamp
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_local_time';
COMMENT ON FUNCTION personalization.local_time(timestamptz, jsonb) IS
    'a time on the clock of a tenant with these settings; in UTC if the system does not know its time zone';

-- ==== sql/interactions.sql

-- The interactions, and the events that were rejected.

CREATE FUNCTION personalization.new_interaction_id() RETURNS uuid
    LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_new_interaction_id';
COMMENT ON FUNCTION personalization.new_interaction_id() IS
    'a new version 7 UUID: random, but increasing with time, which keeps the index of interactions small';

CREATE TABLE personalization.interactions (
    tenant_id         text COLLATE "C" NOT NULL,
    interaction_id    uuid NOT NULL DEFAULT personalization.new_interaction_id(),
    user_id           text COLLATE "C" NOT NULL,
    interaction_type  personalization.interaction_type NOT NULL,
    data              jsonb NOT NULL CHECK (jsonb_typeof(data) = 'object'),
    feedback          jsonb,
    occurred_at       timestamptz NOT NULL DEFAULT now(),
    query_id          uuid,
    replaces          uuid,
    unread            text[],
    PRIMARY KEY (tenant_id, interaction_id)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.interactions IS 'interactions of the users, as passed to learn()';
COMMENT ON COLUMN personalization.interactions.query_id IS
    'identity of the query, as query_id(data); NULL if the interaction is not a query';
COMMENT ON COLUMN personalization.interactions.replaces IS
    'for feedback: the earlier feedback on the same thing that it replaces';

COMMENT ON COLUMN personalization.interactions.unread IS
    'if nothing was learned from it, the names in data that no rule reads, which may be misspelt; else NULL';

-- For a user's history, latest first, and their usage patterns without reading the rows; for the user's
-- queries, likewise; and for a tenant's retention.
CREATE INDEX interactions_user_time ON personalization.interactions (tenant_id, user_id, occurred_at)
    INCLUDE (interaction_type);
CREATE INDEX interactions_user_queries ON personalization.interactions
    (tenant_id, user_id, occurred_at, interaction_id) INCLUDE (query_id) WHERE query_id IS NOT NULL;
CREATE INDEX interactions_unread ON personalization.interactions (tenant_id, interaction_type) WHERE unread IS NOT NULL;

-- With a condition that is always true, so that only statements that repeat it can use the index: see
-- base/statement.h.
CREATE INDEX interactions_time ON personalization.interactions (tenant_id, occurred_at)
    WHERE interaction_id >= '00000000-0000-0000-0000-000000000000';

-- tenant_id is '' if the event names no tenant, or one that its sender may not write.
CREATE TABLE personalization.rejected_events (
    tenant_id    text COLLATE "C" NOT NULL,
    rejected_id  uuid NOT NULL DEFAULT personalization.new_interaction_id(),
    rejected_at  timestamptz NOT NULL DEFAULT now(),
    event        jsonb NOT NULL,
    sqlstate     text NOT NULL,
    reason       text NOT NULL,
    hint         text,
    topic        text,
    partition    int,
    "offset"     bigint,
    PRIMARY KEY (tenant_id, rejected_id)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.rejected_events IS
    'events of the inbox, a topic or learn_batch(..., ''divert'') that could not be learned, each with the reason';
COMMENT ON COLUMN personalization.rejected_events."offset" IS
    'with topic and partition, where the message stands that the event was in; NULL for one that came another way';
CREATE INDEX rejected_events_time ON personalization.rejected_events (tenant_id, rejected_at);

-- ==== sql/audit.sql

-- The audit trail: administration, and operations on a user's data as a whole.

-- tenant_id is '' if the action concerns no tenant.  Rows are kept when the tenant is dropped.  They are
-- written by functions of the library as the extension's owner; no role has privileges on the table.
CREATE TABLE personalization.audit_log (
    tenant_id     text COLLATE "C" NOT NULL,
    audit_id      uuid NOT NULL DEFAULT personalization.new_interaction_id(),
    at            timestamptz NOT NULL,
    session_role  name NOT NULL,
    acting_role   name NOT NULL,
    action        text NOT NULL,
    subject       text,
    role          name,
    details       jsonb,
    PRIMARY KEY (tenant_id, audit_id)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.audit_log IS
    'audit trail: who created, configured and dropped tenants, granted access, and forgot, exported and imported users; for administrators';
COMMENT ON COLUMN personalization.audit_log.session_role IS 'the login role: session_user';
COMMENT ON COLUMN personalization.audit_log.acting_role IS 'the role whose privileges were used: current_user';
COMMENT ON COLUMN personalization.audit_log.subject IS
    'pseudonym of the user concerned: see user_pseudonym()';
COMMENT ON COLUMN personalization.audit_log.role IS 'the role that was given access or bound';

CREATE FUNCTION personalization.user_pseudonym(tenant_id text, user_id text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_user_pseudonym';
COMMENT ON FUNCTION personalization.user_pseudonym(text, text) IS
    'pseudonym of a user in audit_log: SHA-256 of the tenant''s name, a unit separator and the user''s name; for administrators';

-- ==== sql/preferences.sql

-- Preferences, users, and their queries.

-- The strongest candidate is in value and confidence; the others, if any, are in rivals as [{"value",
-- "confidence"}], strongest first.  confidence is as of last_updated and is never rewritten as time passes.
-- expires_on is the UTC day on which the evidence is to be deleted, at least a week after it was written; a day,
-- so that most updates do not change its index; NULL for never.  There is no CHECK constraint: each would cost
-- learn() two percent, and code that reads the rows does not trust them, because an application role may write
-- them.
CREATE TABLE personalization.preferences (
    tenant_id          text COLLATE "C" NOT NULL,
    user_id            text COLLATE "C" NOT NULL,
    category           personalization.preference_category NOT NULL,
    key                text COLLATE "C" NOT NULL,
    value              jsonb NOT NULL,
    confidence         float8 NOT NULL,
    rivals             jsonb,
    observation_count  int NOT NULL,
    last_updated       timestamptz NOT NULL,
    expires_on         date,
    PRIMARY KEY (tenant_id, user_id, key, category)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.preferences IS
    'the preferences of each user, with the confidence as of last_updated: read them with preferences(), which computes the decay';
-- Only for what expires: reading a user's preferences never uses it.
CREATE INDEX preferences_expires_on ON personalization.preferences (tenant_id, expires_on) WHERE expires_on IS NOT NULL;
-- For what most users of a tenant prefer: see route().
CREATE INDEX preferences_chart ON personalization.preferences (tenant_id, user_id)
    WHERE key = 'preferred_chart_type' AND category = 'visualization';

CREATE FUNCTION personalization.evidence_expires_at(
    confidence float8, last_updated timestamptz, settings jsonb) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_evidence_expires_at';
COMMENT ON FUNCTION personalization.evidence_expires_at(float8, timestamptz, jsonb) IS
    'when a stored preference is deleted under a tenant''s settings, NULL for never';

CREATE TABLE personalization.profiles (
    tenant_id            text COLLATE "C" NOT NULL,
    user_id              text COLLATE "C" NOT NULL,
    skill_level          personalization.skill_level,
    domain_expertise     text[],
    communication_style  personalization.communication_style,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    earlier_traits       jsonb,
    PRIMARY KEY (tenant_id, user_id)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.profiles IS
    'the users of each tenant; the traits are those set by hand, NULL where they are inferred';
COMMENT ON COLUMN personalization.profiles.updated_at IS
    'when traits were set by hand; learned data has its own times';
COMMENT ON COLUMN personalization.profiles.earlier_traits IS
    'traits that set_profile() has replaced within history_retention, oldest first, with the time until which they were set, in microseconds since 2000-01-01 UTC';

CREATE TABLE personalization.user_queries (
    tenant_id    text COLLATE "C" NOT NULL,
    user_id      text COLLATE "C" NOT NULL,
    query_id     uuid NOT NULL,
    query        text NOT NULL,
    sql          text,
    tables       jsonb NOT NULL,
    ask_count    bigint NOT NULL,
    first_asked  timestamptz NOT NULL,
    last_asked   timestamptz NOT NULL,
    asked_days   date[] NOT NULL,
    due_on       date,
    words        text,
    PRIMARY KEY (tenant_id, user_id, query_id)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.user_queries IS
    'the queries of each user: how often and when they were asked, and the text as last asked';
COMMENT ON COLUMN personalization.user_queries.words IS
    'hashes of the words, where the tenant''s store_query_text is false; query has the names of the tables then';
COMMENT ON COLUMN personalization.user_queries.asked_days IS
    'the latest days on which it was asked, at most sixteen, in the tenant''s time zone at the time';
COMMENT ON COLUMN personalization.user_queries.due_on IS
    'the next day of its rhythm after the latest of asked_days, NULL if it has none';

-- The few queries of a user that have a rhythm.  due_on changes at most once a day, and never without a
-- rhythm, so most updates do not change the index.
CREATE INDEX user_queries_due_on ON personalization.user_queries (tenant_id, user_id, due_on, query_id)
    WHERE due_on IS NOT NULL;

-- Immutable, as required for ON CONFLICT DO UPDATE on a distributed table.
CREATE FUNCTION personalization.merge_asked_days(date[], date[]) RETURNS date[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_merge_asked_days';
COMMENT ON FUNCTION personalization.merge_asked_days(date[], date[]) IS
    'the latest sixteen of the days in two arrays, without duplicates, in order';

CREATE FUNCTION personalization.next_due_on(date[], date[] DEFAULT '{}') RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_next_due_on';
COMMENT ON FUNCTION personalization.next_due_on(date[], date[]) IS
    'when a query asked on these days is due next by its rhythm, NULL if it has none';

-- ==== sql/snapshots.sql

-- Preferences at an earlier time.

-- One row per user and day (UTC) on which something changed: all preferences of the user before that change,
-- with the columns of preferences.  Another row is stored when a late negative signal removes a preference:
-- the remaining ones.
CREATE TABLE personalization.preference_snapshots (
    tenant_id           text COLLATE "C" NOT NULL,
    user_id             text COLLATE "C" NOT NULL,
    day                 date NOT NULL,
    before              timestamptz NOT NULL,
    categories          personalization.preference_category[] NOT NULL,
    keys                text[] COLLATE "C" NOT NULL,
    "values"            jsonb[] NOT NULL,
    confidences         float8[] NOT NULL,
    rivals              jsonb[] NOT NULL,
    observation_counts  int[] NOT NULL,
    last_updated        timestamptz[] NOT NULL,
    PRIMARY KEY (tenant_id, user_id, day, before)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.preference_snapshots IS
    'the preferences of each user before the first change of each day: read them with get_profile() and preferences() at an earlier time';
-- Only for deleting by day: the condition is always true, see base/statement.h.
CREATE INDEX preference_snapshots_day ON personalization.preference_snapshots (tenant_id, day)
    WHERE octet_length(user_id) >= 0;

-- ==== sql/choices.sql

-- What users decide for themselves.

-- A preference that a user sets holds as it is, whatever is learned; one that a user has forgotten begins anew:
-- interactions until then no longer count for it.  Rows are kept, so that an earlier time can be read as it was.
CREATE TABLE personalization.preference_choices (
    tenant_id  text COLLATE "C" NOT NULL,
    user_id    text COLLATE "C" NOT NULL,
    category   personalization.preference_category NOT NULL,
    key        text COLLATE "C" NOT NULL,
    chosen_at  timestamptz NOT NULL,
    action     text NOT NULL,
    value      jsonb,
    PRIMARY KEY (tenant_id, user_id, category, key, chosen_at)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.preference_choices IS
    'preferences that users have set, reset or forgotten themselves; the latest row for a key is in force';
COMMENT ON COLUMN personalization.preference_choices.action IS
    '''set'' with a value, ''reset'' or ''forget''; without a CHECK, whose values EXPLAIN would tell';

-- subject is user_pseudonym(): the choice outlives forget_user().
CREATE TABLE personalization.learning_choices (
    tenant_id  text COLLATE "C" NOT NULL,
    subject    text COLLATE "C" NOT NULL,
    enabled    boolean NOT NULL,
    chosen_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, subject)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.learning_choices IS
    'users, by pseudonym, who have decided whether anything is recorded of them';

CREATE FUNCTION personalization.set_preference(
    tenant_id text, user_id text, category personalization.preference_category, key text, value jsonb) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_set_preference';
COMMENT ON FUNCTION personalization.set_preference(text, text, personalization.preference_category, text, jsonb) IS
    'sets a preference by hand: it has confidence 1 and does not fade, whatever is learned, until it is reset';

CREATE FUNCTION personalization.reset_preference(
    tenant_id text, user_id text, category personalization.preference_category, key text) RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_reset_preference';
COMMENT ON FUNCTION personalization.reset_preference(text, text, personalization.preference_category, text) IS
    'gives a preference that was set back to what has been learned; false if it was not set';

CREATE FUNCTION personalization.forget_preference(
    tenant_id text, user_id text, category personalization.preference_category, key text) RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_forget_preference';
COMMENT ON FUNCTION personalization.forget_preference(text, text, personalization.preference_category, text) IS
    'deletes a preference with its evidence; interactions until now no longer count for it; false if there was none';

CREATE FUNCTION personalization.set_learning(tenant_id text, user_id text, enabled boolean) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_set_learning';
COMMENT ON FUNCTION personalization.set_learning(text, text, boolean) IS
    'decides for a user whether anything is recorded of them from now on; outlives forget_user()';

-- ==== sql/signals.sql

-- Rules for signals.

-- tenant_id is '' for a rule for all tenants.  A rule replaces another with the same interaction_type, path,
-- category and key: a rule of a tenant replaces one for all tenants, and an administrator's rule replaces a
-- built-in one.
CREATE TABLE personalization.signal_rules (
    tenant_id         text COLLATE "C" NOT NULL DEFAULT '',
    interaction_type  personalization.interaction_type NOT NULL
                      CONSTRAINT no_rules_for_refinement_and_feedback
                      CHECK (interaction_type NOT IN ('refinement', 'feedback')),
    path              text COLLATE "C" NOT NULL CONSTRAINT path_is_not_empty CHECK (path <> ''),
    category          personalization.preference_category NOT NULL,
    key               text COLLATE "C" NOT NULL CONSTRAINT key_is_not_empty CHECK (key <> ''),
    strength          float8 NOT NULL CONSTRAINT strength_is_between_0_and_1
                      CHECK (strength >= 0 AND strength <= 1),
    enabled           boolean NOT NULL DEFAULT true,
    ordinal           int NOT NULL DEFAULT 100,
    built_in          boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, interaction_type, path, category, key, built_in),
    CONSTRAINT built_in_rules_are_for_all_tenants CHECK (NOT built_in OR tenant_id = '')
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.signal_rules IS
    'rules: which path in an interaction''s data gives which signal, with which strength';
COMMENT ON COLUMN personalization.signal_rules.path IS
    'member of the interaction''s data; dots lead into members of members';
COMMENT ON COLUMN personalization.signal_rules.key IS
    'key of the preference; {} stands for the element of an array or the name of an object''s member';
COMMENT ON COLUMN personalization.signal_rules.enabled IS
    'false switches off the rule that this one replaces';

CREATE FUNCTION personalization.extract_signals(
    interaction_type personalization.interaction_type, data jsonb,
    OUT category personalization.preference_category, OUT key text, OUT value jsonb, OUT strength float8)
    RETURNS SETOF record
    LANGUAGE c STABLE ROWS 10 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_extract_signals';
COMMENT ON FUNCTION personalization.extract_signals(personalization.interaction_type, jsonb) IS
    'the signals that learn() would take from an interaction, by the rules for all tenants and those of the session''s tenant';

CREATE FUNCTION personalization.query_id(data jsonb) RETURNS uuid
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_query_id';
COMMENT ON FUNCTION personalization.query_id(jsonb) IS
    'identifies the query in an interaction''s data: equal for questions, or else SQL, that are the same query; NULL without either';

-- ==== sql/inbox.sql

-- The inbox: interactions to be learned asynchronously.

-- It is not VOLATILE, although each call returns another number: COPY inserts row by row if a column's
-- default is volatile, and otherwise by the page.  A default is evaluated for each row, whatever its
-- volatility.
CREATE FUNCTION personalization.inbox_position() RETURNS bigint
    LANGUAGE c STABLE PARALLEL SAFE COST 1
    AS 'MODULE_PATHNAME', 'personalization_inbox_position';
COMMENT ON FUNCTION personalization.inbox_position() IS
    'a number that grows with time, and with each row that a session inserts into the inbox';

-- Only the column types are checked here: a row that cannot be learned is moved to rejected_events with the
-- reason, and does not delay others.
CREATE TABLE personalization.inbox (
    tenant_id         text COLLATE "C" NOT NULL DEFAULT personalization.current_tenant(),
    user_id           text COLLATE "C",
    interaction_type  text,
    data              jsonb,
    occurred_at       timestamptz DEFAULT now(),
    interaction_id    uuid,
    feedback          jsonb,
    position          bigint NOT NULL DEFAULT personalization.inbox_position(),
    topic             text,
    partition         int,
    "offset"          bigint,
    PRIMARY KEY (tenant_id, position)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.inbox IS
    'interactions that the worker learns within about a second; rows are deleted as they are learned';
COMMENT ON COLUMN personalization.inbox.position IS
    'the order of arrival; leave it to its default';
COMMENT ON COLUMN personalization.inbox.topic IS
    'with partition and offset, where a message was read whose tenant could not learn at once; leave them out';

CREATE FUNCTION personalization.inbox_arrival("position" bigint) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_inbox_arrival';
COMMENT ON FUNCTION personalization.inbox_arrival(bigint) IS
    'when a row with this position was inserted into the inbox';

-- ==== sql/statistics.sql

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

-- ==== sql/suggestions.sql

-- Suggestions.

-- One row for each query that a user has been shown, or has dismissed.  suggestion_id identifies the
-- suggestion until its outcome is known.
CREATE TABLE personalization.suggestions (
    tenant_id        text COLLATE "C" NOT NULL,
    user_id          text COLLATE "C" NOT NULL,
    query_id         uuid NOT NULL,
    suggestion_id    uuid NOT NULL,
    suggestion_type  personalization.suggestion_type NOT NULL,
    shown_at         timestamptz NOT NULL,
    rounds           int NOT NULL,
    passed_over      int NOT NULL,
    taken            int NOT NULL,
    outcome          "char",
    accepted_shown   timestamptz[],
    accepted_at      timestamptz[],
    dismissed_at     timestamptz,
    dismissals       int NOT NULL DEFAULT 0,
    expires_on       date NOT NULL,
    place            int,
    PRIMARY KEY (tenant_id, user_id, query_id)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.suggestions IS
    'suggestions shown to each user, and their outcomes';
COMMENT ON COLUMN personalization.suggestions.rounds IS
    'how often it was shown; showing it again before the user asks anything counts once';
COMMENT ON COLUMN personalization.suggestions.passed_over IS
    'rounds since it was last taken in which the user asked another query';
COMMENT ON COLUMN personalization.suggestions.outcome IS
    'recorded outcome of the suggestion with this id: a accepted, d dismissed, NULL none';
COMMENT ON COLUMN personalization.suggestions.accepted_shown IS
    'when accepted suggestions of the query were shown; they were accepted at accepted_at. Requests around these times are echoes';
COMMENT ON COLUMN personalization.suggestions.place IS
    'place in the list in which it was shown last, from 1';
-- Partial for the reason given at query_statistics_last_day.
CREATE INDEX suggestions_id ON personalization.suggestions (tenant_id, suggestion_id) WHERE suggestion_id IS NOT NULL;
CREATE INDEX suggestions_expires_on ON personalization.suggestions (tenant_id, expires_on) WHERE expires_on IS NOT NULL;

-- A round ends when the query is shown again after its outcome.  The latest round of each query is its row of
-- suggestions.  There is no query_id, so that a row tells nothing of another user's queries.
CREATE TABLE personalization.suggestion_rounds (
    tenant_id        text COLLATE "C" NOT NULL,
    user_id          text COLLATE "C" NOT NULL,
    suggestion_id    uuid NOT NULL,
    suggestion_type  personalization.suggestion_type NOT NULL,
    place            int,
    shown_at         timestamptz NOT NULL,
    outcome          "char" NOT NULL,
    outcome_at       timestamptz,
    PRIMARY KEY (tenant_id, user_id, suggestion_id)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.suggestion_rounds IS
    'suggestions that were shown in earlier rounds, and what became of them, for suggestion_report()';
COMMENT ON COLUMN personalization.suggestion_rounds.outcome IS
    'a accepted, t taken: asked without a recorded outcome, d dismissed, p passed over';
CREATE INDEX suggestion_rounds_time ON personalization.suggestion_rounds (tenant_id, shown_at);

CREATE FUNCTION personalization.get_suggestions(
    tenant_id text, user_id text, context text DEFAULT NULL, max_results int DEFAULT 5, at timestamptz DEFAULT now(),
    exclude text[] DEFAULT NULL,
    OUT suggestion_id uuid, OUT suggestion_type personalization.suggestion_type, OUT suggestion text,
    OUT score float8, OUT reason text, OUT evidence jsonb)
    RETURNS SETOF record
    LANGUAGE c VOLATILE ROWS 5 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_get_suggestions';
COMMENT ON FUNCTION personalization.get_suggestions(text, text, text, int, timestamptz, text[]) IS
    'queries that a user may want to ask next, most likely first, with the reason; score is the estimated probability';

CREATE FUNCTION personalization.record_outcome(tenant_id text, user_id text, suggestion_id uuid, outcome text) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_record_outcome';
COMMENT ON FUNCTION personalization.record_outcome(text, text, uuid, text) IS
    'records the outcome of a suggestion: accepted or dismissed';

CREATE FUNCTION personalization.ranking_weights(
    tenant_id text, OUT feature text, OUT weight float8, OUT initial float8, OUT lowest float8, OUT highest float8,
    OUT moment text, OUT meaning text)
    RETURNS SETOF record
    LANGUAGE c STABLE ROWS 100 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_ranking_weights';
COMMENT ON FUNCTION personalization.ranking_weights(text) IS
    'the weight of each feature in the ranking of a tenant''s suggestions, with its initial value and its bounds: always, and where it differs by how long ago the user asked last; and what it means, in words';

CREATE FUNCTION personalization.reset_ranking(tenant_id text) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_reset_ranking';
COMMENT ON FUNCTION personalization.reset_ranking(text) IS
    'resets the weights of a tenant''s ranking to their initial values; for administrators';

CREATE FUNCTION personalization.rebuild_statistics(tenant_id text) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_rebuild_statistics';
COMMENT ON FUNCTION personalization.rebuild_statistics(text) IS
    'deletes the statistics of a tenant''s queries, which the worker then rebuilds from its interactions; for administrators';

CREATE FUNCTION personalization.evaluate(
    tenant_id text, settings jsonb DEFAULT '{}', since timestamptz DEFAULT NULL,
    OUT metric text, OUT value float8, OUT n bigint)
    RETURNS SETOF record
    LANGUAGE c STABLE ROWS 12 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_evaluate';
COMMENT ON FUNCTION personalization.evaluate(text, jsonb, timestamptz) IS
    'replays a tenant''s queries in order of time, with other settings, and returns how often the next one was suggested, compared with simple baselines';

CREATE FUNCTION personalization.suggestion_report(
    tenant_id text, since timestamptz DEFAULT now() - interval '30 days', until timestamptz DEFAULT now(),
    OUT "grouping" text, OUT value text, OUT users bigint, OUT shown bigint, OUT accepted bigint, OUT asked bigint,
    OUT dismissed bigint, OUT passed_over bigint, OUT open bigint,
    OUT rate float8, OUT rate_low float8, OUT rate_high float8, OUT median_time interval,
    OUT queries bigint, OUT next_query interval, OUT next_low interval, OUT next_high interval,
    OUT refined float8, OUT refined_low float8, OUT refined_high float8)
    RETURNS SETOF record
    LANGUAGE c STABLE ROWS 50 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_suggestion_report';
COMMENT ON FUNCTION personalization.suggestion_report(text, timestamptz, timestamptz) IS
    'what became of the suggestions that were shown to a tenant''s users: in all, by type, by place in the list, and by day; with the share that was taken, and how long that took; and users with suggestions compared with those who are held out';

-- ==== sql/catalogue.sql

-- The catalogue: the tables that the users of a tenant can query.

-- A schema of this database whose present and future tables are in a tenant's catalogue.  schema_oid is a
-- hint by which a renamed schema is found; after a restore it has no meaning, and the name counts.
-- compared_at is NULL until all tables that existed when it was linked are in tenant_tables.
CREATE TABLE personalization.linked_schemas (
    tenant_id    text COLLATE "C" NOT NULL,
    schema_name  text COLLATE "C" NOT NULL,
    schema_oid   oid NOT NULL,
    linked_at    timestamptz NOT NULL,
    compared_at  timestamptz,
    PRIMARY KEY (tenant_id, schema_name)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.linked_schemas IS
    'the schemas of this database whose tables are in a tenant''s catalogue';

-- schema_name is '' for a table that was registered by hand.  last_name is the last part of the name, folded,
-- by which a name is found in any spelling.  relation is a hint by which a renamed table is recognized.
CREATE TABLE personalization.tenant_tables (
    tenant_id    text COLLATE "C" NOT NULL,
    schema_name  text COLLATE "C" NOT NULL DEFAULT '',
    table_name   text COLLATE "C" NOT NULL,
    last_name    text COLLATE "C" NOT NULL,
    relation     oid,
    description  text,
    columns      text[],
    appeared_at  timestamptz,
    dropped_at   timestamptz,
    PRIMARY KEY (tenant_id, schema_name, table_name)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.tenant_tables IS
    'the catalogue of each tenant: tables registered by hand, and those of linked schemas';
COMMENT ON COLUMN personalization.tenant_tables.appeared_at IS
    'NULL for a table that existed when its schema was linked, and so is not new';
COMMENT ON COLUMN personalization.tenant_tables.dropped_at IS
    'when the table was found to be dropped; the row is kept so that queries that name it can be recognized';

-- For new tables, newest first; for looking up names; for deletion.
CREATE INDEX tenant_tables_appeared ON personalization.tenant_tables
    (tenant_id, appeared_at DESC, schema_name, table_name) WHERE dropped_at IS NULL;
CREATE INDEX tenant_tables_last_name ON personalization.tenant_tables (tenant_id, last_name);
CREATE INDEX tenant_tables_dropped ON personalization.tenant_tables (tenant_id, dropped_at) WHERE dropped_at IS NOT NULL;

CREATE FUNCTION personalization.register_table(
    tenant_id text, table_name text, description text DEFAULT NULL, columns text[] DEFAULT NULL) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_register_table';
COMMENT ON FUNCTION personalization.register_table(text, text, text, text[]) IS
    'registers a table that the tenant''s users can query; if it is registered, changes what is not null, and restores a dropped one';

CREATE FUNCTION personalization.unregister_table(tenant_id text, table_name text) RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_unregister_table';
COMMENT ON FUNCTION personalization.unregister_table(text, text) IS
    'marks a registered table as dropped; false if there is none';

CREATE FUNCTION personalization.link_schema(tenant_id text, schema_name name) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_link_schema';
COMMENT ON FUNCTION personalization.link_schema(text, name) IS
    'adds every present and future table of a schema of this database to the tenant''s catalogue';

CREATE FUNCTION personalization.unlink_schema(tenant_id text, schema_name name) RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_unlink_schema';
COMMENT ON FUNCTION personalization.unlink_schema(text, name) IS
    'removes the tables of a linked schema from the tenant''s catalogue; false if it was not linked';

CREATE FUNCTION personalization.tenant_tables(
    tenant_id text,
    OUT table_name text, OUT origin text, OUT description text, OUT columns text[],
    OUT appeared_at timestamptz, OUT dropped_at timestamptz)
    RETURNS SETOF record
    LANGUAGE c STABLE ROWS 100 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_tenant_tables';
COMMENT ON FUNCTION personalization.tenant_tables(text) IS
    'the tenant''s catalogue; an ordinary role sees the linked tables that it may read';

CREATE FUNCTION personalization.new_tables(
    tenant_id text, user_id text, at timestamptz DEFAULT now(),
    OUT table_name text, OUT origin text, OUT description text, OUT columns text[],
    OUT appeared_at timestamptz)
    RETURNS SETOF record
    LANGUAGE c STABLE ROWS 10 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_new_tables';
COMMENT ON FUNCTION personalization.new_tables(text, text, timestamptz) IS
    'tables that appeared within new_table_window, that the caller may read and the user has not used; newest first';

CREATE FUNCTION personalization.hidden_tables(tenant_id text, table_names text[]) RETURNS text[]
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_hidden_tables';
COMMENT ON FUNCTION personalization.hidden_tables(text, text[]) IS
    'those of the names that the tenant''s catalogue lists as dropped, or that the caller may not read';

-- ==== sql/conversations.sql

-- Conversations.

-- activity_hour is last_activity truncated to the hour, so that most messages do not change the indexes on
-- it.  When a conversation expires is not stored; it is computed from last_activity and the tenant's settings
-- whenever it is read.  message_count is also the number of the last message.  There is no CHECK constraint,
-- as in preferences: code that reads the rows does not trust them.
CREATE TABLE personalization.conversations (
    tenant_id        text COLLATE "C" NOT NULL,
    conversation_id  uuid NOT NULL,
    user_id          text COLLATE "C" NOT NULL,
    context          jsonb NOT NULL,
    message_count    int NOT NULL,
    created_at       timestamptz NOT NULL,
    last_message_at  timestamptz,
    last_activity    timestamptz NOT NULL,
    activity_hour    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, conversation_id)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.conversations IS
    'conversations that have not ended, and expired ones that have not been deleted yet: read them with get_conversation()';

-- For the worker, and for a user's latest conversation.  The conditions are always true, and keep other
-- statements from using the indexes: see base/statement.h.
CREATE INDEX conversations_activity ON personalization.conversations (tenant_id, activity_hour)
    WHERE octet_length(user_id) >= 0;
CREATE INDEX conversations_user ON personalization.conversations (tenant_id, user_id, activity_hour)
    WHERE user_id IS NOT NULL;

CREATE TABLE personalization.conversation_messages (
    tenant_id        text COLLATE "C" NOT NULL,
    conversation_id  uuid NOT NULL,
    number           int NOT NULL,
    role             text COLLATE "C" NOT NULL,
    content          text NOT NULL,
    metadata         jsonb NOT NULL,
    created_at       timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, conversation_id, number)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.conversation_messages IS 'the messages of the conversations, numbered from 1';

-- Conversations are deleted after a day; sums about them are kept, in one row for each of up to 16 roles.
-- The row of role '' has the number of conversations, and the messages of any further roles.  lengths
-- (characters) and gaps (milliseconds since the previous message, of any role) are histograms with the
-- buckets of src/core/profile/buckets.h, without holes.
CREATE TABLE personalization.conversation_statistics (
    tenant_id        text COLLATE "C" NOT NULL,
    user_id          text COLLATE "C" NOT NULL,
    role             text COLLATE "C" NOT NULL,
    conversations    bigint NOT NULL,
    messages         bigint NOT NULL,
    characters       bigint NOT NULL,
    milliseconds     bigint NOT NULL,
    asked_brief      bigint NOT NULL,
    asked_detailed   bigint NOT NULL,
    asked_technical  bigint NOT NULL,
    lengths          int[] NOT NULL,
    gaps             int[] NOT NULL,
    PRIMARY KEY (tenant_id, user_id, role)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.conversation_statistics IS
    'sums over all conversations of each user, by role: numbers, lengths, gaps; no content';
COMMENT ON COLUMN personalization.conversation_statistics.milliseconds IS
    'sum of the times from the previous message, or from the start of the conversation, to each message';

-- Immutable, as required for ON CONFLICT DO UPDATE on a distributed table.
CREATE FUNCTION personalization.add_to_bucket(buckets int[], bucket int) RETURNS int[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_add_to_bucket';
COMMENT ON FUNCTION personalization.add_to_bucket(int[], int) IS
    'a histogram of conversation_statistics with one more in a bucket';

CREATE FUNCTION personalization.start_conversation(
    tenant_id text, user_id text, initial_context jsonb DEFAULT '{}') RETURNS uuid
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_start_conversation';
COMMENT ON FUNCTION personalization.start_conversation(text, text, jsonb) IS
    'starts a conversation for a user and returns its id';

CREATE FUNCTION personalization.append_message(
    tenant_id text, conversation_id uuid, role text, content text, metadata jsonb DEFAULT '{}') RETURNS int
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_append_message';
COMMENT ON FUNCTION personalization.append_message(text, uuid, text, text, jsonb) IS
    'adds a message to a conversation and returns its number; raises an error if the conversation is unknown, has ended or has expired';

CREATE FUNCTION personalization.update_conversation(tenant_id text, conversation_id uuid, patch jsonb) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_update_conversation';
COMMENT ON FUNCTION personalization.update_conversation(text, uuid, jsonb) IS
    'merges a patch (RFC 7396) into the context of a conversation and returns the context; raises an error if the conversation is unknown, has ended or has expired';

CREATE FUNCTION personalization.get_conversation(
    tenant_id text, conversation_id uuid, at timestamptz DEFAULT now()) RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_get_conversation';
COMMENT ON FUNCTION personalization.get_conversation(text, uuid, timestamptz) IS
    'the document of a conversation; NULL if it does not exist, has ended, or has expired as of a time';

CREATE FUNCTION personalization.end_conversation(tenant_id text, conversation_id uuid) RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_end_conversation';
COMMENT ON FUNCTION personalization.end_conversation(text, uuid) IS
    'ends a conversation and deletes it; false if it does not exist or has ended';

-- ==== sql/cache.sql

-- The queue of changes to be pushed to Redis by the worker.

-- One row per change, inserted in the change's transaction by the library, without SQL and without checking
-- privileges: no role needs any here.  There is no key and no index, and must never be a trigger or
-- constraint, so that learning only pays for a plain insertion; the worker reads the whole table anyway.
-- Rows identify the documents to look at, not their content, so several rows of one user are equivalent to
-- one.
CREATE TABLE personalization.cache_changes (
    tenant_id  text COLLATE "C" NOT NULL,
    id         text NOT NULL,
    what       smallint NOT NULL,
    position   bigint NOT NULL
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.cache_changes IS
    'users and conversations whose cached documents the worker has to update; empty without a cache';
COMMENT ON COLUMN personalization.cache_changes.id IS 'id of a user or a conversation; empty for the whole tenant';
COMMENT ON COLUMN personalization.cache_changes.what IS
    'sum of: 1 profile, 2 cached suggestions are invalid, 4 suggestions were computed, 8 conversation, 16 the whole tenant';
COMMENT ON COLUMN personalization.cache_changes.position IS 'order of arrival, as in the inbox';

CREATE FUNCTION personalization.cache_state() RETURNS text
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'personalization_cache_state';
COMMENT ON FUNCTION personalization.cache_state() IS
    'state of the cache: off, connected or failing; NULL without a worker; for administrators';

-- ==== sql/backing_off.sql

-- Tenants that the worker has set aside.

-- Tenants that are set aside because their batches fail, wait for a lock or are slow.  The running worker has
-- this in memory too; the table is for other sessions, and for the next worker.
CREATE TABLE personalization.backing_off (
    tenant_id  text COLLATE "C" NOT NULL,
    step       text NOT NULL,
    trouble    text NOT NULL,
    since      timestamptz NOT NULL,
    failures   int NOT NULL,
    waits      int NOT NULL,
    retry_at   timestamptz NOT NULL,
    reason     text NOT NULL,
    PRIMARY KEY (tenant_id, step)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.backing_off IS
    'tenants that the worker has set aside, by kind of work, with the reason; the others are processed normally';
COMMENT ON COLUMN personalization.backing_off.trouble IS
    'failed, locked: waits until retry_at; slow: waits until then while others have work; searching: a failing row is being searched';
COMMENT ON COLUMN personalization.backing_off.retry_at IS 'time of the next try';

-- ==== sql/storage.sql

-- Partitions, row-level security and dump of every table.
--
-- Eight hash partitions each: enough to divide vacuum and disk, few enough that a generic plan's locks on all
-- of them are cheap.  Small tables with one row per tenant have one partition, which the planner uses without
-- choosing.  All partitions are created here and none at run time, because pg_dump identifies an extension's
-- tables by name.  Roles are granted privileges only on the parents.  A partition has its parent's policy, under
-- which the library executes a tenant's statements on it (src/base/leaf.h), so that even a privilege granted by
-- mistake shows no other tenant's rows.
--
-- Where Citus is installed, its shards take the place of partitions: the tables have none.
DO $storage$
DECLARE
    parent   text;
    leaf     text;
    kept     text;
    options  text;
    about    text;
    indexes  text[];
    index    text;
    leaves   int;
    policy   text;
    derived  boolean;
    on_citus boolean := EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname OPERATOR(pg_catalog.=) 'citus');
BEGIN
    FOREACH parent IN ARRAY ARRAY['tenants', 'signal_rules', 'interactions', 'rejected_events',
                                  'preferences', 'profiles', 'user_queries', 'inbox',
                                  'suggestions', 'suggestion_rounds', 'rankings', 'query_events', 'query_statistics', 'query_lists',
                                  'tenant_tables', 'linked_schemas',
                                  'conversations', 'conversation_messages', 'conversation_statistics',
                                  'cache_changes', 'backing_off',
                                  'preference_snapshots', 'preference_choices', 'learning_choices',
                                  'audit_log']
    LOOP
        -- Rows that the script itself inserts must not be dumped, nor the state of this server's worker.
        kept := CASE parent WHEN 'signal_rules' THEN 'WHERE NOT built_in' WHEN 'backing_off' THEN 'WHERE false' ELSE '' END;
        leaves := CASE WHEN parent IN ('tenants', 'signal_rules', 'rankings', 'cache_changes', 'backing_off') THEN 1 ELSE 8 END;
        options := CASE
            -- Leave space for updated rows, if rows change often.
            WHEN parent IN ('preferences', 'profiles', 'user_queries', 'suggestions', 'rankings', 'query_statistics',
                            'query_lists', 'conversations', 'conversation_statistics') THEN ' WITH (fillfactor = 80)'
            -- Rows are inserted and deleted: vacuum by their number, not by the table's size.
            WHEN parent IN ('inbox', 'query_events', 'cache_changes') THEN
                ' WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,'
                ' autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0)'
            ELSE '' END;
        policy := 'CREATE POLICY tenant_isolation ON personalization.%I'
            ' USING (tenant_id OPERATOR(pg_catalog.=) personalization.current_tenant()'
            || CASE parent WHEN 'signal_rules' THEN ' OR tenant_id OPERATOR(pg_catalog.=) ''''' ELSE '' END || ')'
            ' WITH CHECK (tenant_id OPERATOR(pg_catalog.=) personalization.current_tenant())';
        derived := parent IN ('rankings', 'query_events', 'query_statistics', 'query_lists',
                               'cache_changes');
        IF on_citus THEN
            about := pg_catalog.obj_description(pg_catalog.format('personalization.%I', parent)::pg_catalog.regclass);
            -- Its indexes by their names, the primary key first.
            SELECT pg_catalog.array_agg(CASE WHEN c.oid IS NOT NULL
                THEN pg_catalog.format('ALTER TABLE personalization.%I ADD CONSTRAINT %I %s', parent, c.conname,
                                       pg_catalog.pg_get_constraintdef(c.oid))
                ELSE pg_catalog.replace(pg_catalog.pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') END
                ORDER BY c.oid IS NULL)
            INTO indexes FROM pg_catalog.pg_index i
            LEFT JOIN pg_catalog.pg_constraint c ON c.conindid OPERATOR(pg_catalog.=) i.indexrelid
            WHERE i.indrelid OPERATOR(pg_catalog.=) pg_catalog.format('personalization.%I', parent)::pg_catalog.regclass;
            EXECUTE pg_catalog.format('CREATE TABLE personalization.without_partitions'
                ' (LIKE personalization.%I INCLUDING ALL EXCLUDING INDEXES)%s', parent, options);
            EXECUTE pg_catalog.format('DROP TABLE personalization.%I', parent);
            EXECUTE pg_catalog.format('ALTER TABLE personalization.without_partitions RENAME TO %I', parent);
            FOREACH index IN ARRAY coalesce(indexes, ARRAY[]::text[]) LOOP
                EXECUTE index;
            END LOOP;
            EXECUTE pg_catalog.format('COMMENT ON TABLE personalization.%I IS %L', parent, about);
            leaves := 0;
            IF NOT derived THEN
                PERFORM pg_catalog.pg_extension_config_dump(
                    pg_catalog.format('personalization.%I', parent)::pg_catalog.regclass, kept);
            END IF;
        END IF;
        FOR i IN 0..leaves - 1 LOOP
            leaf := parent || '_' || i;
            EXECUTE pg_catalog.format(
                'CREATE TABLE personalization.%I PARTITION OF personalization.%I'
                ' FOR VALUES WITH (MODULUS %s, REMAINDER %s)%s', leaf, parent, leaves, i, options);
            -- Without a key, a subscriber receives the whole row of a deletion.
            IF parent IN ('query_events', 'cache_changes') THEN
                EXECUTE pg_catalog.format('ALTER TABLE personalization.%I REPLICA IDENTITY FULL', leaf);
            END IF;
            EXECUTE pg_catalog.format('ALTER TABLE personalization.%I ENABLE ROW LEVEL SECURITY', leaf);
            EXECUTE pg_catalog.format('ALTER TABLE personalization.%I FORCE ROW LEVEL SECURITY', leaf);
            EXECUTE pg_catalog.format(policy, leaf);
            -- Derived data is rebuilt after a restore; a restored database starts with an empty
            -- cache, to which nothing waits to be pushed.
            IF NOT derived THEN
                PERFORM pg_catalog.pg_extension_config_dump(
                    pg_catalog.format('personalization.%I', leaf)::pg_catalog.regclass, kept);
            END IF;
        END LOOP;

        IF parent IN ('query_events', 'cache_changes') THEN
            EXECUTE pg_catalog.format('ALTER TABLE personalization.%I REPLICA IDENTITY FULL', parent);
        END IF;
        EXECUTE pg_catalog.format('ALTER TABLE personalization.%I ENABLE ROW LEVEL SECURITY', parent);
        EXECUTE pg_catalog.format('ALTER TABLE personalization.%I FORCE ROW LEVEL SECURITY', parent);
        EXECUTE pg_catalog.format(policy, parent);
        -- The planner keeps no statistics of what a column contains: an estimate in EXPLAIN would tell a role
        -- what rows of other tenants there are.
        EXECUTE (
            SELECT pg_catalog.format('ALTER TABLE personalization.%I %s', parent,
                pg_catalog.string_agg(pg_catalog.format('ALTER COLUMN %I SET STATISTICS 0', attname), ', '))
            FROM pg_catalog.pg_attribute
            WHERE attrelid = pg_catalog.format('personalization.%I', parent)::pg_catalog.regclass
            AND attnum > 0 AND NOT attisdropped);
    END LOOP;
END
$storage$;

-- ==== sql/signal_rules.sql

-- The built-in signal rules.

INSERT INTO personalization.signal_rules
    (interaction_type, path, category, key, strength, ordinal, built_in)
VALUES
    ('query',         'tables_used',      'data',          'frequent_table:{}',    0.5, 1, true),
    ('query',         'aggregations',     'query',         'aggregation:{}',       0.5, 2, true),
    ('query',         'filters',          'query',         'filter:{}',            0.5, 3, true),
    ('query',         'group_by',         'query',         'group_by:{}',          0.5, 4, true),
    ('visualization', 'chart_type',       'visualization', 'preferred_chart_type', 0.7, 1, true),
    ('visualization', 'color_scheme',     'visualization', 'color_scheme',         0.7, 2, true),
    ('visualization', 'x_axis',           'visualization', 'x_axis',               0.5, 3, true),
    ('visualization', 'y_axis',           'visualization', 'y_axis',               0.5, 4, true),
    ('export',        'format',           'presentation',  'export_format',        0.7, 1, true),
    ('export',        'columns',          'data',          'export_column:{}',     0.5, 2, true),
    ('dashboard',     'layout',           'presentation',  'dashboard_layout',     0.7, 1, true),
    ('dashboard',     'widget_sizes',     'presentation',  'widget_size:{}',       0.5, 2, true),
    ('dashboard',     'refresh_interval', 'presentation',  'refresh_interval',     0.5, 3, true),
    ('exploration',   'tables',           'data',          'explored_table:{}',    0.3, 1, true);

-- ==== sql/learning.sql

-- Functions that learn.
--
-- enable_seqscan: the library keeps its plans, and a plan made while a table is small would read all of it
-- until the next ANALYZE, however large it grows.
--
-- jit: if a plan reads a whole table in spite of that, its cost is a number that means "never", and compiling
-- the plan would take a thousand times as long as running it.

CREATE FUNCTION personalization.learn(
    tenant_id text, user_id text, interaction_type personalization.interaction_type, data jsonb,
    occurred_at timestamptz DEFAULT now(), interaction_id uuid DEFAULT NULL, feedback jsonb DEFAULT NULL)
    RETURNS uuid
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_learn';
COMMENT ON FUNCTION personalization.learn(text, text, personalization.interaction_type, jsonb, timestamptz, uuid, jsonb) IS
    'records an interaction and learns from it; an interaction_id that is already recorded is a retry and changes nothing';

CREATE FUNCTION personalization.learn_batch(events jsonb, on_error text DEFAULT 'raise') RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_learn_batch';
COMMENT ON FUNCTION personalization.learn_batch(jsonb, text) IS
    'learns an array of events with the argument names of learn(), and returns the number of new ones; on_error is raise or divert';

CREATE FUNCTION personalization.learn_part(tenant_id text, part jsonb, OUT learned bigint, OUT aged bigint) RETURNS record
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_learn_part';
COMMENT ON FUNCTION personalization.learn_part(text, jsonb) IS
    'learns events that learn_batch() sends from another node of a Citus cluster; called by it alone';

CREATE FUNCTION personalization.collect_feedback(tenant_id text, user_id text, feedback jsonb) RETURNS uuid
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_collect_feedback';
COMMENT ON FUNCTION personalization.collect_feedback(text, text, jsonb) IS
    'records a user''s feedback as an interaction of type feedback, and learns from it';

-- ==== sql/profiles.sql

-- Documents about a user.
--
-- The reason for the SET clauses is in learning.sql.

CREATE FUNCTION personalization.preferences(
    tenant_id text, user_id text, at timestamptz DEFAULT now(), min_confidence float8 DEFAULT NULL,
    OUT category personalization.preference_category, OUT key text, OUT value jsonb, OUT confidence float8,
    OUT observation_count int, OUT last_updated timestamptz, OUT candidates jsonb, OUT state text, OUT source text)
    RETURNS SETOF record
    LANGUAGE c STABLE ROWS 20 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_preferences';
COMMENT ON FUNCTION personalization.preferences(text, text, timestamptz, float8) IS
    'a user''s live preferences, strongest first, with the confidence as of a time; with min_confidence, all with at least that confidence, and those that are not live as ''emerging''';

CREATE FUNCTION personalization.get_profile(
    tenant_id text, user_id text, at timestamptz DEFAULT now(), history int DEFAULT NULL) RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_get_profile';
COMMENT ON FUNCTION personalization.get_profile(text, text, timestamptz, int) IS
    'the profile document of a user, with at most this many interactions, NULL for the tenant''s max_history_size; the default profile for an unknown user';

CREATE FUNCTION personalization.set_profile(
    tenant_id text, user_id text, skill_level personalization.skill_level DEFAULT NULL,
    domain_expertise text[] DEFAULT NULL, communication_style personalization.communication_style DEFAULT NULL)
    RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_set_profile';
COMMENT ON FUNCTION personalization.set_profile(text, text, personalization.skill_level, text[], personalization.communication_style) IS
    'sets traits of a user, which then take precedence over inferred ones; NULL leaves a trait unchanged';

CREATE FUNCTION personalization.get_context(tenant_id text, user_id text, at timestamptz DEFAULT now()) RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_get_context';
COMMENT ON FUNCTION personalization.get_context(text, text, timestamptz) IS
    'the present activity of a user: recent queries, frequent tables, charts, last activity';

-- ==== sql/explain.sql

-- The origin of a preference.

CREATE FUNCTION personalization.explain_preference(
    tenant_id text, user_id text, category personalization.preference_category, key text,
    OUT interaction_id uuid, OUT interaction_type personalization.interaction_type, OUT occurred_at timestamptz,
    OUT value jsonb, OUT strength float8, OUT effect float8, OUT share float8)
    RETURNS SETOF record
    LANGUAGE c STABLE ROWS 20 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_explain_preference';
COMMENT ON FUNCTION personalization.explain_preference(text, text, personalization.preference_category, text) IS
    'the interactions that made a preference, newest first: how much each moved the confidence of the present value, and how much it still contributes to it';

-- ==== sql/patterns.sql

-- Usage patterns, and hints for answering a user.

CREATE FUNCTION personalization.usage_patterns(tenant_id text, user_id text, at timestamptz DEFAULT now())
    RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_usage_patterns';
COMMENT ON FUNCTION personalization.usage_patterns(text, text, timestamptz) IS
    'when, how much and in which rhythm a user works, from their latest interactions';

CREATE FUNCTION personalization.route(
    tenant_id text, user_id text, query text, at timestamptz DEFAULT now()) RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_route';
COMMENT ON FUNCTION personalization.route(text, text, text, timestamptz) IS
    'hints for answering a query of a user: explanation, charts, style, formats, likely tables';

-- ==== sql/assistant.sql

-- A turn of an assistant in two calls.
--
-- The reason for the SET clauses is in learning.sql.

CREATE FUNCTION personalization.begin_turn(
    tenant_id text, user_id text, query text, conversation_id uuid DEFAULT NULL,
    max_messages int DEFAULT 20, max_suggestions int DEFAULT 5) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_begin_turn';
COMMENT ON FUNCTION personalization.begin_turn(text, text, text, uuid, int, int) IS
    'data for an assistant before it answers a query: routing hints, live preferences, the latest messages, suggestions';

CREATE FUNCTION personalization.end_turn(
    tenant_id text, user_id text, query text, answer text, conversation_id uuid DEFAULT NULL,
    data jsonb DEFAULT '{}', metadata jsonb DEFAULT '{}', interaction_id uuid DEFAULT NULL) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_end_turn';
COMMENT ON FUNCTION personalization.end_turn(text, text, text, text, uuid, jsonb, jsonb, uuid) IS
    'stores a turn: the query and its answer as messages of a conversation (a new one by default), and the query as an interaction; metadata belongs to the answer';

-- ==== sql/maintenance.sql

-- Maintenance.

CREATE FUNCTION personalization.run_maintenance(at timestamptz DEFAULT now()) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_run_maintenance';
COMMENT ON FUNCTION personalization.run_maintenance(timestamptz) IS
    'does at once what the worker does continuously: learns the inbox, deletes rows that have expired as of a time; returns counts; for administrators';

-- ==== sql/privacy.sql

-- Forgetting, exporting and importing users.
--
-- The settings make numbers and times exact and independent of the caller's settings.

CREATE FUNCTION personalization.event_names_user(event jsonb, user_id text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_event_names_user';
COMMENT ON FUNCTION personalization.event_names_user(jsonb, text) IS
    'whether a rejected event is about a user: by its user_id, or else by a value anywhere in it';

CREATE FUNCTION personalization.forget_user(tenant_id text, user_id text) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_forget_user';
COMMENT ON FUNCTION personalization.forget_user(text, text) IS
    'deletes all data of a user, and returns the number of rows by table';

CREATE FUNCTION personalization.export_user(tenant_id text, user_id text) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    SET extra_float_digits = 1 SET timezone = 'UTC'
    AS 'MODULE_PATHNAME', 'personalization_export_user';
COMMENT ON FUNCTION personalization.export_user(text, text) IS
    'all data of a user, as a document for import_user()';

CREATE FUNCTION personalization.import_user(tenant_id text, document jsonb) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    SET extra_float_digits = 1 SET timezone = 'UTC' SET datestyle = 'ISO'
    AS 'MODULE_PATHNAME', 'personalization_import_user';
COMMENT ON FUNCTION personalization.import_user(text, jsonb) IS
    'restores a user who does not exist from a document of export_user(), or from a profile document of the earlier service; returns the number of rows by table';

CREATE FUNCTION personalization.forget_query_text(tenant_id text) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_forget_query_text';
COMMENT ON FUNCTION personalization.forget_query_text(text) IS
    'takes the text of queries out of what is stored of a tenant whose setting store_query_text is false, and returns the number of rows changed by table; for administrators';

-- ==== sql/move.sql

-- Moving tenants between servers.
--
-- The settings make numbers and times exact and independent of the caller's settings.

CREATE FUNCTION personalization.freeze_tenant(tenant_id text) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_freeze_tenant';
COMMENT ON FUNCTION personalization.freeze_tenant(text) IS
    'freezes a tenant until thaw_tenant(): calls that write fail with an error that can be retried, and the inbox waits; for administrators';

CREATE FUNCTION personalization.thaw_tenant(tenant_id text) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_thaw_tenant';
COMMENT ON FUNCTION personalization.thaw_tenant(text) IS
    'ends freeze_tenant(), and makes a tenant that was copied from another database at home in this one; for administrators';

CREATE FUNCTION personalization.publish_tenant(tenant_id text) RETURNS text
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_publish_tenant';
COMMENT ON FUNCTION personalization.publish_tenant(text) IS
    'creates a publication of all rows of a tenant, for a subscription of another server, and returns its name; for administrators';

CREATE FUNCTION personalization.tenant_digest(tenant_id text) RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    SET extra_float_digits = 1 SET timezone = 'UTC' SET datestyle = 'ISO'
    AS 'MODULE_PATHNAME', 'personalization_tenant_digest';
COMMENT ON FUNCTION personalization.tenant_digest(text) IS
    'the number of rows of a tenant by table, and digests that are equal if the rows are equal; for administrators';

CREATE FUNCTION personalization.export_tenant(tenant_id text) RETURNS SETOF jsonb
    LANGUAGE c STABLE ROWS 1000 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    SET extra_float_digits = 1 SET timezone = 'UTC' SET datestyle = 'ISO'
    AS 'MODULE_PATHNAME', 'personalization_export_tenant';
COMMENT ON FUNCTION personalization.export_tenant(text) IS
    'all rows of a tenant as JSON lines for import_tenant(); for administrators';

CREATE FUNCTION personalization.import_tenant(tenant_id text, line jsonb) RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    SET extra_float_digits = 1 SET timezone = 'UTC' SET datestyle = 'ISO'
    AS 'MODULE_PATHNAME', 'personalization_import_tenant';
COMMENT ON FUNCTION personalization.import_tenant(text, jsonb) IS
    'imports one line of export_tenant(), in their order, and returns its number of rows; after the last one the tenant is complete, and frozen; for administrators';

-- ==== sql/distribution.sql

-- A cluster of Citus.

CREATE FUNCTION personalization.distribute(shard_count int DEFAULT 32) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_distribute';
COMMENT ON FUNCTION personalization.distribute(int) IS
    'distributes the tables by tenant over the nodes of a Citus cluster, with functions and privileges; may be called again; for administrators';

CREATE FUNCTION personalization.node_name() RETURNS text
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_node_name';
COMMENT ON FUNCTION personalization.node_name() IS
    'this node of a Citus cluster, as host:port; NULL where the tables are not distributed; for administrators';

CREATE FUNCTION personalization.distribution(
    OUT tenant_id text, OUT node text, OUT shard int, OUT same_version boolean, OUT same_privileges boolean)
    RETURNS SETOF record
    LANGUAGE c VOLATILE ROWS 100 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_distribution';
COMMENT ON FUNCTION personalization.distribution() IS
    'where each tenant is: see distribution_status; for administrators';

CREATE VIEW personalization.distribution_status WITH (security_invoker = true) AS
SELECT tenant_id, node, shard, same_version, same_privileges FROM personalization.distribution();
COMMENT ON VIEW personalization.distribution_status IS
    'the node and the number of the shards of each tenant on a Citus cluster, and whether versions and privileges are the same on all nodes; for administrators';

-- ==== sql/worker.sql

-- The background worker, as seen from SQL.

-- One row with the state of the worker.  It contains no tenant's data, and is not dumped.
CREATE TABLE personalization.worker_state (
    single            boolean PRIMARY KEY DEFAULT true CHECK (single),
    created_at        timestamptz NOT NULL DEFAULT now(),
    settled           boolean NOT NULL DEFAULT false,
    passes            bigint NOT NULL DEFAULT 0,
    last_started      timestamptz,
    last_finished     timestamptz,
    last_counts       jsonb,
    learned           bigint NOT NULL DEFAULT 0,
    last_learned      timestamptz,
    failures          bigint NOT NULL DEFAULT 0,
    last_error        text,
    last_error_in     text,
    last_error_at     timestamptz,
    cache_on             boolean NOT NULL DEFAULT false,
    cache_database       uuid NOT NULL DEFAULT gen_random_uuid(),
    cache_generation     bigint NOT NULL DEFAULT 1,
    cache_version        bigint NOT NULL DEFAULT 0,
    cache_pushed         bigint NOT NULL DEFAULT 0,
    cache_deleted        bigint NOT NULL DEFAULT 0,
    cache_last_pushed    timestamptz,
    cache_failures       bigint NOT NULL DEFAULT 0,
    cache_last_error     text,
    cache_last_error_at  timestamptz,
    maintained_at        timestamptz
);
ALTER TABLE personalization.worker_state ENABLE ROW LEVEL SECURITY;
ALTER TABLE personalization.worker_state FORCE ROW LEVEL SECURITY;
COMMENT ON TABLE personalization.worker_state IS 'state of the worker, for the view worker_status';
COMMENT ON COLUMN personalization.worker_state.maintained_at IS
    'when run_maintenance() last finished in a database without a worker';
COMMENT ON COLUMN personalization.worker_state.cache_database IS
    'identifies this database to a cache, which serves one database at a time';
COMMENT ON COLUMN personalization.worker_state.cache_generation IS
    'generation of the keys in a cache; increases when changes were not recorded, so that older keys are deleted';
COMMENT ON COLUMN personalization.worker_state.cache_version IS 'version of the documents last acknowledged by the cache';
INSERT INTO personalization.worker_state DEFAULT VALUES;

-- One row of this database itself, and one from a dump.  The table's name is the last in a dump: when the
-- second row is restored, the restore is complete, and the worker begins.
CREATE TABLE personalization.worker_restores (
    here  boolean NOT NULL DEFAULT true
);
ALTER TABLE personalization.worker_restores ENABLE ROW LEVEL SECURITY;
ALTER TABLE personalization.worker_restores FORCE ROW LEVEL SECURITY;
ALTER TABLE personalization.worker_restores REPLICA IDENTITY FULL;
COMMENT ON TABLE personalization.worker_restores IS
    'shows that a dump has been restored: the worker waits while rows are older than the extension and this table has only one row';
INSERT INTO personalization.worker_restores DEFAULT VALUES;
SELECT pg_catalog.pg_extension_config_dump('personalization.worker_restores', 'LIMIT 1');

CREATE FUNCTION personalization.worker_pid() RETURNS int
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'personalization_worker_pid';
COMMENT ON FUNCTION personalization.worker_pid() IS
    'process ID of the worker of this database, NULL if there is none; for administrators';

CREATE FUNCTION personalization.inbox_backlog(OUT backlog bigint, OUT lag interval) RETURNS record
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_inbox_backlog';
COMMENT ON FUNCTION personalization.inbox_backlog() IS
    'how many rows wait in the inbox, and since when the oldest; on a cluster those of this node; for administrators';
CREATE FUNCTION personalization.worker_waits_for() RETURNS text
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_worker_waits_for';
COMMENT ON FUNCTION personalization.worker_waits_for() IS
    'what the worker of this database waits for before it does anything, NULL if it works; for administrators';

CREATE FUNCTION personalization.worker_start_failures(OUT failures bigint, OUT error text, OUT at timestamptz)
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_worker_start_failures';
COMMENT ON FUNCTION personalization.worker_start_failures() IS
    'number of workers of this database that ended at their start, since one did not, and the latest error; for administrators';

CREATE VIEW personalization.worker_status WITH (security_invoker = true) AS
SELECT personalization.worker_pid() AS pid,
       a.state,
       a.query AS doing,
       s.passes,
       s.last_started,
       s.last_finished,
       s.last_finished - s.last_started AS last_duration,
       s.last_counts,
       s.learned,
       s.last_learned,
       i.backlog AS inbox_backlog,
       i.lag AS inbox_lag,
       s.failures OPERATOR(pg_catalog.+) coalesce(f.failures, 0) AS failures,
       coalesce(f.error, s.last_error) AS last_error,
       CASE WHEN f.failures IS NULL THEN s.last_error_in ELSE 'starting' END AS last_error_in,
       coalesce(f.at, s.last_error_at) AS last_error_at,
       personalization.cache_state() AS cache_state,
       c.backlog AS cache_backlog,
       c.lag AS cache_lag,
       s.cache_pushed,
       s.cache_deleted,
       s.cache_last_pushed,
       s.cache_failures,
       s.cache_last_error,
       s.cache_last_error_at,
       personalization.node_name() AS node,
       personalization.worker_waits_for() AS waits_for,
       s.maintained_at AS last_run_maintenance
FROM (SELECT) AS always
LEFT JOIN personalization.worker_state s ON true
LEFT JOIN personalization.worker_start_failures() f ON true
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = personalization.worker_pid()
CROSS JOIN LATERAL personalization.inbox_backlog() i
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) AS backlog,
           pg_catalog.clock_timestamp() - pg_catalog.min(personalization.inbox_arrival(position)) AS lag
    FROM personalization.cache_changes) c;
COMMENT ON VIEW personalization.worker_status IS
    'activity of the worker, its latest pass, backlogs and latest error; for administrators';

CREATE VIEW personalization.tenant_statistics WITH (security_invoker = true) AS
SELECT t.tenant_id,
       (SELECT pg_catalog.count(*) FROM personalization.profiles p WHERE p.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS users,
       (SELECT pg_catalog.count(*) FROM personalization.preferences p WHERE p.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS preferences,
       (SELECT pg_catalog.count(*) FROM personalization.interactions i WHERE i.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS interactions,
       (SELECT pg_catalog.max(i.occurred_at) FROM personalization.interactions i WHERE i.tenant_id OPERATOR(pg_catalog.=) t.tenant_id
          AND i.interaction_id OPERATOR(pg_catalog.>=) '00000000-0000-0000-0000-000000000000') AS last_interaction,
       (SELECT pg_catalog.count(*) FROM personalization.user_queries q WHERE q.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS distinct_queries,
       (SELECT pg_catalog.count(*) FROM personalization.rejected_events r WHERE r.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS rejected_events,
       (SELECT pg_catalog.count(*) FROM personalization.inbox b WHERE b.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS inbox_backlog,
       (SELECT pg_catalog.jsonb_object_agg(u.interaction_type, pg_catalog.jsonb_build_object('interactions', u.interactions, 'unread', u.names))
        FROM (SELECT i.interaction_type, pg_catalog.count(*) AS interactions,
                     (SELECT coalesce(pg_catalog.jsonb_object_agg(n.name, n.interactions), '{}')
                      FROM (SELECT names.name, pg_catalog.count(*) AS interactions
                            FROM personalization.interactions j, pg_catalog.unnest(j.unread) AS names (name)
                            WHERE j.tenant_id OPERATOR(pg_catalog.=) t.tenant_id AND j.unread IS NOT NULL
                                  AND j.interaction_type OPERATOR(pg_catalog.=) i.interaction_type
                            GROUP BY names.name) AS n) AS names
              FROM personalization.interactions i
              WHERE i.tenant_id OPERATOR(pg_catalog.=) t.tenant_id AND i.unread IS NOT NULL
              GROUP BY i.interaction_type) AS u) AS not_learned,
       b.since AS backing_off_since,
       b.why AS backing_off_why
FROM personalization.tenants t
CROSS JOIN LATERAL (
    SELECT pg_catalog.min(o.since) AS since,
           pg_catalog.string_agg(o.step OPERATOR(pg_catalog.||) ': ' OPERATOR(pg_catalog.||) o.reason, '; ' ORDER BY o.since, o.step) AS why
    FROM personalization.backing_off o WHERE o.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) b;
COMMENT ON VIEW personalization.tenant_statistics IS
    'counts by tenant; a role under row-level security sees its own tenant';

-- Notifies the launcher, when this transaction commits, of this database.
CREATE FUNCTION personalization.wake_worker() RETURNS void
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'personalization_wake_worker';
COMMENT ON FUNCTION personalization.wake_worker() IS
    'notifies the launcher of this database when the transaction commits; has no effect without a launcher';
SELECT personalization.wake_worker();

-- ==== sql/kafka.sql

-- Events from Kafka: subscriptions to topics, the offsets learned, and statistics.

-- For administrators, not tenants: the policies of tenants do not apply, and there is no other policy.
CREATE TABLE personalization.topic_subscriptions (
    topic             text COLLATE "C" PRIMARY KEY,
    subscription_id   uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
    for_tenant        text COLLATE "C",
    mapping           jsonb NOT NULL DEFAULT '{}',
    start             text NOT NULL DEFAULT 'earliest',
    subscribed_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    first_partitions  int
);
ALTER TABLE personalization.topic_subscriptions ENABLE ROW LEVEL SECURITY;
ALTER TABLE personalization.topic_subscriptions FORCE ROW LEVEL SECURITY;
COMMENT ON TABLE personalization.topic_subscriptions IS
    'Kafka topics that are read, with the mapping of their messages to events';
COMMENT ON COLUMN personalization.topic_subscriptions.subscription_id IS
    'a new one each time the topic is subscribed to; work begun with an earlier one is discarded';
COMMENT ON COLUMN personalization.topic_subscriptions.for_tenant IS
    'tenant of the messages; NULL if each message names its own';
COMMENT ON COLUMN personalization.topic_subscriptions.first_partitions IS
    'number of partitions when the topic was first read: these begin at start, later ones at their beginning';

-- Exactly once: a row is updated in the transaction that learns the messages before next_offset.
CREATE TABLE personalization.topic_offsets (
    topic         text COLLATE "C" NOT NULL,
    partition     int NOT NULL,
    next_offset   bigint NOT NULL,
    end_offset    bigint NOT NULL DEFAULT 0,
    messages      bigint NOT NULL DEFAULT 0,
    learned       bigint NOT NULL DEFAULT 0,
    rejected      bigint NOT NULL DEFAULT 0,
    last_message  timestamptz,
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);
ALTER TABLE personalization.topic_offsets ENABLE ROW LEVEL SECURITY;
ALTER TABLE personalization.topic_offsets FORCE ROW LEVEL SECURITY;
COMMENT ON TABLE personalization.topic_offsets IS
    'the offset up to which each partition of a topic has been learned, updated in the transaction that learns';
COMMENT ON COLUMN personalization.topic_offsets.next_offset IS 'offset of the next message to be learned';
COMMENT ON COLUMN personalization.topic_offsets.end_offset IS 'the end of the partition at the broker when it was last seen';

-- Both are dumped: a restored database continues after the last message that it has learned.
SELECT pg_catalog.pg_extension_config_dump('personalization.topic_subscriptions', '');
SELECT pg_catalog.pg_extension_config_dump('personalization.topic_offsets', '');

-- Statistics, which may be lost and are not dumped.
CREATE TABLE personalization.topic_state (
    topic          text COLLATE "C" PRIMARY KEY,
    state          text NOT NULL DEFAULT 'starting',
    since          timestamptz NOT NULL DEFAULT pg_catalog.now(),
    rate           float8 NOT NULL DEFAULT 0,
    measured_at    timestamptz,
    failures       bigint NOT NULL DEFAULT 0,
    last_error     text,
    last_error_at  timestamptz
) WITH (fillfactor = 50);
ALTER TABLE personalization.topic_state ENABLE ROW LEVEL SECURITY;
ALTER TABLE personalization.topic_state FORCE ROW LEVEL SECURITY;
COMMENT ON TABLE personalization.topic_state IS 'statistics of reading each topic, for the view topic_status';

CREATE FUNCTION personalization.consumer_pid() RETURNS int
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'personalization_consumer_pid';
COMMENT ON FUNCTION personalization.consumer_pid() IS
    'process ID of the consumer of this database, NULL if there is none; for administrators';

CREATE FUNCTION personalization.subscribe_topic(topic text, tenant_id text DEFAULT NULL,
                                                mapping jsonb DEFAULT '{}', start text DEFAULT 'earliest')
    RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_subscribe_topic';
COMMENT ON FUNCTION personalization.subscribe_topic(text, text, jsonb, text) IS
    'subscribes to a Kafka topic, from earliest, latest, a time, or offsets by partition; for administrators';

CREATE FUNCTION personalization.unsubscribe_topic(topic text) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_unsubscribe_topic';
COMMENT ON FUNCTION personalization.unsubscribe_topic(text) IS
    'ends a subscription, and returns the next offset of each partition, for the argument start of subscribe_topic(); for administrators';

CREATE FUNCTION personalization.map_message(mapping jsonb, message text, key text DEFAULT NULL,
                                            headers jsonb DEFAULT '{}', topic text DEFAULT 'topic',
                                            tenant text DEFAULT NULL)
    RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_map_message';
COMMENT ON FUNCTION personalization.map_message(jsonb, text, text, jsonb, text, text) IS
    'the events that a message of a topic gives, as an array, to test a mapping; for administrators';

CREATE VIEW personalization.topic_status WITH (security_invoker = true) AS
SELECT s.topic,
       s.for_tenant AS tenant_id,
       CASE WHEN personalization.consumer_pid() IS NULL THEN 'stopped'
            ELSE coalesce(t.state, 'starting') END AS state,
       CASE WHEN personalization.consumer_pid() IS NOT NULL THEN t.since END AS since,
       personalization.consumer_pid() AS pid,
       o.partitions,
       o.offsets,
       o.lag,
       CASE WHEN (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) t.measured_at) OPERATOR(pg_catalog.<) interval '30 seconds'
            THEN t.rate ELSE 0 END AS rate,
       o.messages,
       o.learned,
       o.rejected,
       o.last_message,
       coalesce(t.failures, 0) AS failures,
       t.last_error,
       t.last_error_at,
       s.mapping,
       s.start,
       s.subscribed_at
FROM personalization.topic_subscriptions s
LEFT JOIN personalization.topic_state t ON t.topic OPERATOR(pg_catalog.=) s.topic
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*)::int AS partitions,
           coalesce(pg_catalog.jsonb_object_agg(o.partition, o.next_offset), '{}') AS offsets,
           coalesce(pg_catalog.sum(GREATEST(o.end_offset OPERATOR(pg_catalog.-) o.next_offset, 0)), 0)::bigint AS lag,
           coalesce(pg_catalog.sum(o.messages), 0)::bigint AS messages,
           coalesce(pg_catalog.sum(o.learned), 0)::bigint AS learned,
           coalesce(pg_catalog.sum(o.rejected), 0)::bigint AS rejected,
           pg_catalog.max(o.last_message) AS last_message
    FROM personalization.topic_offsets o WHERE o.topic OPERATOR(pg_catalog.=) s.topic) o;
COMMENT ON VIEW personalization.topic_status IS
    'state of reading each topic: offsets, lag, rejected messages, the latest error; for administrators';

-- ==== sql/version.sql

-- The installed version.

CREATE FUNCTION personalization.version() RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_version';
COMMENT ON FUNCTION personalization.version() IS
    'the versions of library and extension, the server for which the library was built and the one that runs it, and its build options';

-- ==== sql/views.sql

-- Views that people look for.  All run with the caller's rights: a role under row-level security sees its tenant.

CREATE VIEW personalization.live_preferences WITH (security_invoker = true) AS
SELECT u.tenant_id, u.user_id, p.category, p.key, p.value, p.confidence, p.observation_count, p.last_updated, p.source
FROM (SELECT tenant_id, user_id FROM personalization.profiles
      UNION SELECT tenant_id, user_id FROM personalization.preference_choices) AS u
CROSS JOIN LATERAL personalization.preferences(u.tenant_id, u.user_id) AS p;
COMMENT ON VIEW personalization.live_preferences IS
    'what every user prefers now: preferences() of all users';

CREATE VIEW personalization.suggestion_outcomes WITH (security_invoker = true) AS
SELECT s.tenant_id, s.suggestion_type,
       pg_catalog.count(*) AS queries,
       pg_catalog.count(DISTINCT s.user_id) AS users,
       pg_catalog.sum(s.rounds) AS shown,
       pg_catalog.sum(s.taken) AS asked,
       pg_catalog.sum(coalesce(pg_catalog.cardinality(s.accepted_at), 0)) AS accepted,
       pg_catalog.sum(s.dismissals) AS dismissed,
       pg_catalog.sum(s.passed_over) AS passed_over,
       pg_catalog.max(s.shown_at) AS last_shown
FROM personalization.suggestions AS s
GROUP BY s.tenant_id, s.suggestion_type;
COMMENT ON VIEW personalization.suggestion_outcomes IS
    'what became of suggestions, by type: how often one was shown, and then asked, accepted, dismissed or passed over';

CREATE VIEW personalization.usage_heatmap WITH (security_invoker = true) AS
SELECT i.tenant_id,
       pg_catalog.date_part('isodow', i.at)::int AS weekday,
       pg_catalog.date_part('hour', i.at)::int AS hour,
       pg_catalog.count(*) AS interactions,
       pg_catalog.count(DISTINCT i.user_id) AS users
FROM (SELECT n.tenant_id, n.user_id,
             personalization.local_time(n.occurred_at, t.settings) AS at
      FROM personalization.interactions AS n
      JOIN personalization.tenants AS t ON t.tenant_id OPERATOR(pg_catalog.=) n.tenant_id) AS i
GROUP BY i.tenant_id, 2, 3;
COMMENT ON VIEW personalization.usage_heatmap IS
    'interactions by weekday (1 is Monday) and hour, on the clock of each tenant';

CREATE VIEW personalization.tenant_overview WITH (security_invoker = true) AS
SELECT t.tenant_id,
       p.users,
       i.active_users,
       i.interactions,
       i.last_interaction,
       q.queries,
       s.shown AS suggestions_shown,
       s.asked AS suggestions_asked,
       pg_catalog.round(s.asked OPERATOR(pg_catalog./) nullif(s.shown, 0), 3) AS suggestion_rate,
       r.rejected AS rejected_events
FROM personalization.tenants AS t
CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS users FROM personalization.profiles AS x
                    WHERE x.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS p
CROSS JOIN LATERAL (SELECT pg_catalog.count(DISTINCT x.user_id) AS active_users, pg_catalog.count(*) AS interactions,
                           pg_catalog.max(x.occurred_at) AS last_interaction
                    FROM personalization.interactions AS x
                    WHERE x.tenant_id OPERATOR(pg_catalog.=) t.tenant_id
                          AND x.occurred_at OPERATOR(pg_catalog.>) (pg_catalog.now() OPERATOR(pg_catalog.-) interval '7 days')
                          AND x.interaction_id OPERATOR(pg_catalog.>=) '00000000-0000-0000-0000-000000000000') AS i
CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS queries FROM personalization.query_statistics AS x
                    WHERE x.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS q
CROSS JOIN LATERAL (SELECT pg_catalog.sum(x.rounds)::numeric AS shown, pg_catalog.sum(x.taken)::numeric AS asked FROM personalization.suggestions AS x
                    WHERE x.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS s
CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS rejected FROM personalization.rejected_events AS x
                    WHERE x.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS r;
COMMENT ON VIEW personalization.tenant_overview IS
    'each tenant in a row: users, those active in the last seven days and what they did, and how suggestions do';

CREATE VIEW personalization.profile_overview WITH (security_invoker = true) AS
SELECT p.tenant_id, p.user_id,
       d.profile OPERATOR(pg_catalog.->>) 'skill_level' AS skill_level,
       d.profile OPERATOR(pg_catalog.->>) 'communication_style' AS communication_style,
       (SELECT pg_catalog.string_agg(e.subject, ', ') FROM pg_catalog.jsonb_array_elements_text(d.profile OPERATOR(pg_catalog.->) 'domain_expertise') AS e (subject)) AS domain_expertise,
       (SELECT pg_catalog.string_agg(pg_catalog.format('%s = %s (%s)', l.key, l.value, pg_catalog.round(l.confidence::numeric, 2)), E'\n' ORDER BY l.confidence DESC, l.key)
        FROM personalization.preferences(p.tenant_id, p.user_id) AS l) AS preferences,
       (SELECT pg_catalog.count(*) FROM personalization.user_queries AS q
        WHERE q.tenant_id OPERATOR(pg_catalog.=) p.tenant_id AND q.user_id OPERATOR(pg_catalog.=) p.user_id) AS queries,
       (SELECT pg_catalog.max(i.occurred_at) FROM personalization.interactions AS i
        WHERE i.tenant_id OPERATOR(pg_catalog.=) p.tenant_id AND i.user_id OPERATOR(pg_catalog.=) p.user_id) AS last_interaction
FROM personalization.profiles AS p
CROSS JOIN LATERAL (SELECT personalization.get_profile(p.tenant_id, p.user_id)) AS d (profile);
COMMENT ON VIEW personalization.profile_overview IS
    'each user in a row, to be read with \x in psql: traits, live preferences, queries';

-- What an alert asks: one row, whether all is well, and if not, why not.
CREATE VIEW personalization.health WITH (security_invoker = true) AS
SELECT pg_catalog.cardinality(h.problems) OPERATOR(pg_catalog.=) 0 AS ok, h.problems
FROM (SELECT pg_catalog.array_remove(ARRAY[
        CASE WHEN w.pid IS NULL AND coalesce(GREATEST(w.last_finished, w.last_run_maintenance) OPERATOR(pg_catalog.<) (pg_catalog.now() OPERATOR(pg_catalog.-) interval '25 hours'), true)
             THEN 'no worker is running, and run_maintenance() has not finished a pass in a day' END,
        CASE WHEN w.pid IS NOT NULL AND w.last_finished OPERATOR(pg_catalog.<) (pg_catalog.now() OPERATOR(pg_catalog.-) interval '1 hour')
             THEN 'the worker has not finished a pass for an hour' END,
        CASE WHEN w.inbox_lag OPERATOR(pg_catalog.>) interval '1 minute'
             THEN pg_catalog.format('%s rows wait in the inbox, the oldest for %s', w.inbox_backlog, pg_catalog.date_trunc('second', w.inbox_lag)) END,
        CASE WHEN w.last_error_at OPERATOR(pg_catalog.>) (pg_catalog.now() OPERATOR(pg_catalog.-) interval '15 minutes')
             THEN pg_catalog.format('the worker failed in %s: %s', coalesce(w.last_error_in, 'a step'), w.last_error) END,
        CASE WHEN w.cache_state OPERATOR(pg_catalog.=) 'failing' THEN pg_catalog.format('the cache cannot be reached: %s', w.cache_last_error) END,
        CASE WHEN w.cache_lag OPERATOR(pg_catalog.>) interval '5 minutes' AND w.cache_state OPERATOR(pg_catalog.<>) 'off'
             THEN pg_catalog.format('%s changes wait for the cache, the oldest for %s', w.cache_backlog, pg_catalog.date_trunc('second', w.cache_lag)) END,
        (SELECT pg_catalog.format('%s tenants back off after failures', pg_catalog.count(DISTINCT b.tenant_id))
         FROM personalization.backing_off AS b HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0)], NULL) AS problems
      FROM personalization.worker_status AS w) AS h;
COMMENT ON VIEW personalization.health IS
    'whether the worker, the inbox and the cache are well, and if not, why not; for administrators';

CREATE FUNCTION personalization.tenant_insights(tenant_id text, since timestamptz DEFAULT now() - interval '30 days') RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_tenant_insights';
COMMENT ON FUNCTION personalization.tenant_insights(text, timestamptz) IS
    'a tenant as a whole since a time: active users, tables, queries, charts, export formats, hours, skill; nothing about fewer people than the setting insight_minimum_users';

-- ==== sql/report.sql

-- Pages for people to look at.

CREATE FUNCTION personalization.report(tenant_id text, user_id text, at timestamptz DEFAULT NULL) RETURNS text
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_report';
COMMENT ON FUNCTION personalization.report(text, text, timestamptz) IS
    'a page of HTML about a user, to be looked at: preferences and how they fade, suggestions and why, queries, the week, conversations, traits, choices; as of a time, by default the present one';

CREATE FUNCTION personalization.tenant_report(tenant_id text, since timestamptz DEFAULT now() - interval '30 days') RETURNS text
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_tenant_report';
COMMENT ON FUNCTION personalization.tenant_report(text, timestamptz) IS
    'a page of HTML about a tenant as a whole since a time, to be looked at: tables, queries, charts, hours, skill, and whether suggestions help; nothing about fewer people than the setting insight_minimum_users';

-- ==== sql/access.sql

-- Privileges of applications.

CREATE FUNCTION personalization.grant_access(role regrole, pooled boolean DEFAULT false) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_grant_access';
COMMENT ON FUNCTION personalization.grant_access(regrole, boolean) IS
    'grants an application role the privileges it needs; pooled: also the privilege to set personalization.tenant_id; for superusers';

CREATE FUNCTION personalization.bind_role(role regrole, tenant_id text) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_bind_role';
COMMENT ON FUNCTION personalization.bind_role(regrole, text) IS
    'grants a login role access and binds it to one tenant; for superusers';

-- Nothing is granted to PUBLIC; grant_access() grants an application role its privileges.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA personalization FROM PUBLIC;
REVOKE ALL ON TYPE
    personalization.interaction_type, personalization.preference_category,
    personalization.skill_level, personalization.communication_style,
    personalization.suggestion_type FROM PUBLIC;
