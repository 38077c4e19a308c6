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
