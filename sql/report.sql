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
