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
    'suggestions that were shown in earlier rounds, and what became of them, for suggestion_report() and counting';
COMMENT ON COLUMN personalization.suggestion_rounds.outcome IS
    'a accepted, t taken: asked without a recorded outcome, d dismissed, p passed over';
CREATE INDEX suggestion_rounds_time ON personalization.suggestion_rounds (tenant_id, shown_at);
-- For counting: which requests followed from a suggestion.
CREATE INDEX suggestion_rounds_taken ON personalization.suggestion_rounds (tenant_id, user_id, outcome_at)
    WHERE outcome = 't';

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
