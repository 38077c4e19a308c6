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

CREATE FUNCTION personalization.learning_enabled(
    tenant_id text, user_id text, OUT enabled boolean, OUT decided_by text, OUT decided_at timestamptz)
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_learning_enabled';
COMMENT ON FUNCTION personalization.learning_enabled(text, text) IS
    'whether anything is recorded of a user, and who decided that: the user, or else the tenant, by its setting learning';
