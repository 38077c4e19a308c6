-- What to ask next.

-- One row for each query that a user has been shown, or has dismissed:
-- suggestion_id names it until its outcome is known.
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
    PRIMARY KEY (tenant_id, user_id, query_id)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.suggestions IS
    'what each user was shown as a suggestion, and what became of it';
COMMENT ON COLUMN personalization.suggestions.rounds IS
    'how often it was shown, showing it again before the user asks anything counting once';
COMMENT ON COLUMN personalization.suggestions.passed_over IS
    'rounds since it was last taken in which the user asked something else';
COMMENT ON COLUMN personalization.suggestions.outcome IS
    'what was told of the suggestion by this id: a accepted, d dismissed, NULL nothing';
COMMENT ON COLUMN personalization.suggestions.accepted_shown IS
    'when those suggestions of it were shown that were accepted, at accepted_at: asks about then are no evidence of their own';
-- Partial for the reason said at query_statistics_last_day.
CREATE INDEX suggestions_id ON personalization.suggestions (tenant_id, suggestion_id) WHERE suggestion_id IS NOT NULL;
CREATE INDEX suggestions_expires_on ON personalization.suggestions (tenant_id, expires_on) WHERE expires_on IS NOT NULL;

CREATE FUNCTION personalization.get_suggestions(
    tenant_id text, user_id text, context text DEFAULT NULL, max_results int DEFAULT 5, at timestamptz DEFAULT now(),
    OUT suggestion_id uuid, OUT suggestion_type personalization.suggestion_type, OUT suggestion text,
    OUT score float8, OUT reason text, OUT evidence jsonb)
    RETURNS SETOF record
    LANGUAGE c VOLATILE ROWS 5 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_get_suggestions';
COMMENT ON FUNCTION personalization.get_suggestions(text, text, text, int, timestamptz) IS
    'what a user may want to ask next, likeliest first, with the reason; score is the estimated probability';

CREATE FUNCTION personalization.record_outcome(tenant_id text, user_id text, suggestion_id uuid, outcome text) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_record_outcome';
COMMENT ON FUNCTION personalization.record_outcome(text, text, uuid, text) IS
    'tells what became of a suggestion shown: accepted or dismissed';

CREATE FUNCTION personalization.ranking_weights(
    tenant_id text, OUT feature text, OUT weight float8, OUT initial float8, OUT lowest float8, OUT highest float8)
    RETURNS SETOF record
    LANGUAGE c STABLE ROWS 20 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_ranking_weights';
COMMENT ON FUNCTION personalization.ranking_weights(text) IS
    'what the ranking of a tenant''s suggestions has learned: the weight of each feature, where it began and its bounds';

CREATE FUNCTION personalization.reset_ranking(tenant_id text) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_reset_ranking';
COMMENT ON FUNCTION personalization.reset_ranking(text) IS
    'sets the weights of a tenant''s ranking back to where they began; an administrator''s';

CREATE FUNCTION personalization.rebuild_statistics(tenant_id text) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_rebuild_statistics';
COMMENT ON FUNCTION personalization.rebuild_statistics(text) IS
    'throws the statistics of a tenant''s queries away, to be made anew from its interactions by the worker; an administrator''s';

CREATE FUNCTION personalization.evaluate(
    tenant_id text, settings jsonb DEFAULT '{}', since timestamptz DEFAULT NULL,
    OUT metric text, OUT value float8, OUT n bigint)
    RETURNS SETOF record
    LANGUAGE c STABLE ROWS 12 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_evaluate';
COMMENT ON FUNCTION personalization.evaluate(text, jsonb, timestamptz) IS
    'replays a tenant''s queries in order of time, under other settings, and says how often the next one was suggested, beside simple baselines';
