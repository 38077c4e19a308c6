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
