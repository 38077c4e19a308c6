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
