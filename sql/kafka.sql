-- Events from Kafka: subscriptions to topics, the offsets learned, and statistics.

-- For administrators, not tenants: the policies of tenants do not apply, and there is no other policy.
CREATE TABLE personalization.topic_subscriptions (
    topic             text COLLATE "C" PRIMARY KEY,
    subscription_id   uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
    for_tenant        text COLLATE "C",
    mapping           jsonb NOT NULL DEFAULT '{}',
    start             text NOT NULL DEFAULT 'earliest',
    subscribed_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    first_partitions  int
);
ALTER TABLE personalization.topic_subscriptions ENABLE ROW LEVEL SECURITY;
ALTER TABLE personalization.topic_subscriptions FORCE ROW LEVEL SECURITY;
COMMENT ON TABLE personalization.topic_subscriptions IS
    'Kafka topics that are read, with the mapping of their messages to events';
COMMENT ON COLUMN personalization.topic_subscriptions.subscription_id IS
    'a new one each time the topic is subscribed to; work begun with an earlier one is discarded';
COMMENT ON COLUMN personalization.topic_subscriptions.for_tenant IS
    'tenant of the messages; NULL if each message names its own';
COMMENT ON COLUMN personalization.topic_subscriptions.first_partitions IS
    'number of partitions when the topic was first read: these begin at start, later ones at their beginning';

-- Exactly once: a row is updated in the transaction that learns the messages before next_offset.
CREATE TABLE personalization.topic_offsets (
    topic         text COLLATE "C" NOT NULL,
    partition     int NOT NULL,
    next_offset   bigint NOT NULL,
    end_offset    bigint NOT NULL DEFAULT 0,
    messages      bigint NOT NULL DEFAULT 0,
    learned       bigint NOT NULL DEFAULT 0,
    rejected      bigint NOT NULL DEFAULT 0,
    last_message  timestamptz,
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);
ALTER TABLE personalization.topic_offsets ENABLE ROW LEVEL SECURITY;
ALTER TABLE personalization.topic_offsets FORCE ROW LEVEL SECURITY;
COMMENT ON TABLE personalization.topic_offsets IS
    'the offset up to which each partition of a topic has been learned, updated in the transaction that learns';
COMMENT ON COLUMN personalization.topic_offsets.next_offset IS 'offset of the next message to be learned';
COMMENT ON COLUMN personalization.topic_offsets.end_offset IS 'the end of the partition at the broker when it was last seen';

-- Both are dumped: a restored database continues after the last message that it has learned.
SELECT pg_catalog.pg_extension_config_dump('personalization.topic_subscriptions', '');
SELECT pg_catalog.pg_extension_config_dump('personalization.topic_offsets', '');

-- Events that were read here, of tenants on other nodes of a cluster, and those behind them: the consumer sends
-- them to the inbox there and deletes them here in one transaction of both nodes.  Dumped, as their offsets are.
CREATE TABLE personalization.topic_waiting (
    for_tenant  text COLLATE "C" NOT NULL,
    position    bigint NOT NULL,
    events      jsonb NOT NULL,
    PRIMARY KEY (for_tenant, position)
);
ALTER TABLE personalization.topic_waiting ENABLE ROW LEVEL SECURITY;
ALTER TABLE personalization.topic_waiting FORCE ROW LEVEL SECURITY;
COMMENT ON TABLE personalization.topic_waiting IS
    'on a cluster: events read from topics that are to be sent to the inbox of their tenant''s node';
COMMENT ON COLUMN personalization.topic_waiting.for_tenant IS 'their tenant; empty for rejected messages of no tenant';
COMMENT ON COLUMN personalization.topic_waiting.position IS 'the order in which the rows of a tenant are sent';
SELECT pg_catalog.pg_extension_config_dump('personalization.topic_waiting', '');

-- Statistics, which may be lost and are not dumped.
CREATE TABLE personalization.topic_state (
    topic          text COLLATE "C" PRIMARY KEY,
    state          text NOT NULL DEFAULT 'starting',
    since          timestamptz NOT NULL DEFAULT pg_catalog.now(),
    rate           float8 NOT NULL DEFAULT 0,
    measured_at    timestamptz,
    failures       bigint NOT NULL DEFAULT 0,
    last_error     text,
    last_error_at  timestamptz
) WITH (fillfactor = 50);
ALTER TABLE personalization.topic_state ENABLE ROW LEVEL SECURITY;
ALTER TABLE personalization.topic_state FORCE ROW LEVEL SECURITY;
COMMENT ON TABLE personalization.topic_state IS 'statistics of reading each topic, for the view topic_status';

CREATE FUNCTION personalization.consumer_pid() RETURNS int
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'personalization_consumer_pid';
COMMENT ON FUNCTION personalization.consumer_pid() IS
    'process ID of the consumer of this database, NULL if there is none; for administrators';

CREATE FUNCTION personalization.subscribe_topic(topic text, tenant_id text DEFAULT NULL,
                                                mapping jsonb DEFAULT '{}', start text DEFAULT 'earliest')
    RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_subscribe_topic';
COMMENT ON FUNCTION personalization.subscribe_topic(text, text, jsonb, text) IS
    'subscribes to a Kafka topic, from earliest, latest, a time, or offsets by partition; for administrators';

CREATE FUNCTION personalization.unsubscribe_topic(topic text) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_unsubscribe_topic';
COMMENT ON FUNCTION personalization.unsubscribe_topic(text) IS
    'ends a subscription, and returns the next offset of each partition, for the argument start of subscribe_topic(); for administrators';

CREATE FUNCTION personalization.map_message(mapping jsonb, message text, key text DEFAULT NULL,
                                            headers jsonb DEFAULT '{}', topic text DEFAULT 'topic',
                                            tenant text DEFAULT NULL)
    RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_map_message';
COMMENT ON FUNCTION personalization.map_message(jsonb, text, text, jsonb, text, text) IS
    'the events that a message of a topic gives, as an array, to test a mapping; for administrators';

CREATE VIEW personalization.topic_status WITH (security_invoker = true) AS
SELECT s.topic,
       s.for_tenant AS tenant_id,
       CASE WHEN personalization.consumer_pid() IS NULL THEN 'stopped'
            ELSE coalesce(t.state, 'starting') END AS state,
       CASE WHEN personalization.consumer_pid() IS NOT NULL THEN t.since END AS since,
       personalization.consumer_pid() AS pid,
       o.partitions,
       o.offsets,
       o.lag,
       CASE WHEN (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) t.measured_at) OPERATOR(pg_catalog.<) interval '30 seconds'
            THEN t.rate ELSE 0 END AS rate,
       o.messages,
       o.learned,
       o.rejected,
       o.last_message,
       coalesce(t.failures, 0) AS failures,
       t.last_error,
       t.last_error_at,
       s.mapping,
       s.start,
       s.subscribed_at
FROM personalization.topic_subscriptions s
LEFT JOIN personalization.topic_state t ON t.topic OPERATOR(pg_catalog.=) s.topic
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*)::int AS partitions,
           coalesce(pg_catalog.jsonb_object_agg(o.partition, o.next_offset), '{}') AS offsets,
           coalesce(pg_catalog.sum(GREATEST(o.end_offset OPERATOR(pg_catalog.-) o.next_offset, 0)), 0)::bigint AS lag,
           coalesce(pg_catalog.sum(o.messages), 0)::bigint AS messages,
           coalesce(pg_catalog.sum(o.learned), 0)::bigint AS learned,
           coalesce(pg_catalog.sum(o.rejected), 0)::bigint AS rejected,
           pg_catalog.max(o.last_message) AS last_message
    FROM personalization.topic_offsets o WHERE o.topic OPERATOR(pg_catalog.=) s.topic) o;
COMMENT ON VIEW personalization.topic_status IS
    'state of reading each topic: offsets, lag, rejected messages, the latest error; for administrators';
