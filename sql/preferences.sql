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
