-- Who did what: administration, and what was done with a user's data as a whole.

-- tenant_id is '' where it is about no tenant.  Its rows outlive the tenant.
-- Written by the functions of the library as the extension's owner; nobody else
-- has any right on it.
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
    'who made, configured and dropped tenants, gave access, and forgot, exported and imported users; an administrator''s to read and to clear';
COMMENT ON COLUMN personalization.audit_log.session_role IS 'who had logged in: session_user';
COMMENT ON COLUMN personalization.audit_log.acting_role IS 'with whose rights: current_user';
COMMENT ON COLUMN personalization.audit_log.subject IS
    'the user concerned, by his pseudonym: see user_pseudonym()';
COMMENT ON COLUMN personalization.audit_log.role IS 'the role that was given access or bound';

CREATE FUNCTION personalization.user_pseudonym(tenant_id text, user_id text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_user_pseudonym';
COMMENT ON FUNCTION personalization.user_pseudonym(text, text) IS
    'what stands for a user in audit_log: SHA-256 of the tenant''s name, a unit separator and the user''s; an administrator''s';
