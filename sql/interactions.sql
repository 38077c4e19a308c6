-- The interactions, and the events that were rejected.

CREATE FUNCTION personalization.new_interaction_id() RETURNS uuid
    LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_new_interaction_id';
COMMENT ON FUNCTION personalization.new_interaction_id() IS
    'a new version 7 UUID: random, but increasing with time, which keeps the index of interactions small';

CREATE TABLE personalization.interactions (
    tenant_id         text COLLATE "C" NOT NULL,
    interaction_id    uuid NOT NULL DEFAULT personalization.new_interaction_id(),
    user_id           text COLLATE "C" NOT NULL,
    interaction_type  personalization.interaction_type NOT NULL,
    data              jsonb NOT NULL CHECK (jsonb_typeof(data) = 'object'),
    feedback          jsonb,
    occurred_at       timestamptz NOT NULL DEFAULT now(),
    query_id          uuid,
    replaces          uuid,
    unread            text[],
    outline           text COLLATE "C",
    PRIMARY KEY (tenant_id, interaction_id)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.interactions IS 'interactions of the users, as passed to learn()';
COMMENT ON COLUMN personalization.interactions.query_id IS
    'identity of the query, as query_id(data); NULL if the interaction is not a query';
COMMENT ON COLUMN personalization.interactions.replaces IS
    'for feedback: the earlier feedback on the same thing that it replaces';

COMMENT ON COLUMN personalization.interactions.unread IS
    'if nothing was learned from it, the names in data that no rule reads, which may be misspelt; else NULL';

COMMENT ON COLUMN personalization.interactions.outline IS
    'what traits are inferred from: of a query its features, size and subjects, of a chart its type; NULL if data is to be read instead';

-- For a user's queries, latest first, without reading the rows; for their history, and their usage patterns and
-- traits, likewise; and for a tenant's retention.
CREATE INDEX interactions_user_queries ON personalization.interactions
    (tenant_id, user_id, occurred_at, interaction_id) INCLUDE (query_id) WHERE query_id IS NOT NULL;
CREATE INDEX interactions_user_latest ON personalization.interactions (tenant_id, user_id, occurred_at, interaction_id)
    INCLUDE (interaction_type, outline);
CREATE INDEX interactions_unread ON personalization.interactions (tenant_id, interaction_type) WHERE unread IS NOT NULL;

-- With a condition that is always true, so that only statements that repeat it can use the index: see
-- base/statement.h.
CREATE INDEX interactions_time ON personalization.interactions (tenant_id, occurred_at)
    WHERE interaction_id >= '00000000-0000-0000-0000-000000000000';

-- tenant_id is '' if the event names no tenant, or one that its sender may not write.
CREATE TABLE personalization.rejected_events (
    tenant_id    text COLLATE "C" NOT NULL,
    rejected_id  uuid NOT NULL DEFAULT personalization.new_interaction_id(),
    rejected_at  timestamptz NOT NULL DEFAULT now(),
    event        jsonb NOT NULL,
    sqlstate     text NOT NULL,
    reason       text NOT NULL,
    hint         text,
    topic        text,
    partition    int,
    "offset"     bigint,
    PRIMARY KEY (tenant_id, rejected_id)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.rejected_events IS
    'events of the inbox, a topic or learn_batch(..., ''divert'') that could not be learned, each with the reason';
COMMENT ON COLUMN personalization.rejected_events."offset" IS
    'with topic and partition, where the message stands that the event was in; NULL for one that came another way';
CREATE INDEX rejected_events_time ON personalization.rejected_events (tenant_id, rejected_at);
-- Those of tenants that did not exist, for view health.
CREATE INDEX rejected_events_unknown ON personalization.rejected_events (tenant_id) WHERE sqlstate = '42704';
