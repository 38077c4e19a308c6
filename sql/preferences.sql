-- What the interactions add up to.

-- The strongest candidate stands in value and confidence; the others, where
-- there are any, in rivals as [{"value", "confidence"}], strongest first.
-- confidence is as of last_updated and is never rewritten by time.  expires_on
-- is the UTC day in which the evidence is to be deleted: coarse, so that most
-- updates leave the index on it alone; NULL for never.  No CHECK here: each
-- would cost every learn() two hundredths, and what reads the rows takes nothing
-- on trust, as an application role may write them.
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
    'what each user prefers, with the confidence as of last_updated: read it through preferences(), which decays it';
CREATE INDEX preferences_expires_on ON personalization.preferences (tenant_id, expires_on);

CREATE FUNCTION personalization.evidence_expires_at(
    confidence float8, last_updated timestamptz, settings jsonb) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_evidence_expires_at';
COMMENT ON FUNCTION personalization.evidence_expires_at(float8, timestamptz, jsonb) IS
    'when a stored preference is to be deleted under a tenant''s settings, NULL for never';

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
    'when traits were set by hand; what is learned has its own times';
COMMENT ON COLUMN personalization.profiles.earlier_traits IS
    'what set_profile() has replaced within history_retention, oldest first: the traits, and until when they held, in microseconds since 2000-01-01 UTC';

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
    PRIMARY KEY (tenant_id, user_id, query_id)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.user_queries IS
    'the queries of each user: how often and when asked, the text as last asked';
COMMENT ON COLUMN personalization.user_queries.asked_days IS
    'the latest days on which it was asked, at most sixteen, in the tenant''s time zone as it was then';
COMMENT ON COLUMN personalization.user_queries.due_on IS
    'the next day of its rhythm after the latest of asked_days, NULL where it has none';

-- The few queries of a user that have a rhythm, among all that he has.  due_on
-- changes once a day at most, and not at all without a rhythm: most updates
-- leave the index alone.
CREATE INDEX user_queries_due_on ON personalization.user_queries (tenant_id, user_id, due_on, query_id)
    WHERE due_on IS NOT NULL;

-- Immutable, as ON CONFLICT DO UPDATE on a distributed table wants it.
CREATE FUNCTION personalization.merge_asked_days(date[], date[]) RETURNS date[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_merge_asked_days';
COMMENT ON FUNCTION personalization.merge_asked_days(date[], date[]) IS
    'the latest sixteen of the days in two arrays, each once, in order';

CREATE FUNCTION personalization.next_due_on(date[], date[] DEFAULT '{}') RETURNS date
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_next_due_on';
COMMENT ON FUNCTION personalization.next_due_on(date[], date[]) IS
    'when what was asked on these days is due next by its rhythm, NULL where it has none';
