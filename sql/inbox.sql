-- The inbox: interactions to be learned asynchronously.

-- It is not VOLATILE, although each call returns another number: COPY inserts row by row if a column's
-- default is volatile, and otherwise by the page.  A default is evaluated for each row, whatever its
-- volatility.
CREATE FUNCTION personalization.inbox_position() RETURNS bigint
    LANGUAGE c STABLE PARALLEL SAFE COST 1
    AS 'MODULE_PATHNAME', 'personalization_inbox_position';
COMMENT ON FUNCTION personalization.inbox_position() IS
    'a number that grows with time, and with each row that a session inserts into the inbox';

-- Only the column types are checked here: a row that cannot be learned is moved to rejected_events with the
-- reason, and does not delay others.
CREATE TABLE personalization.inbox (
    tenant_id         text COLLATE "C" NOT NULL DEFAULT personalization.current_tenant(),
    user_id           text COLLATE "C",
    interaction_type  text,
    data              jsonb,
    occurred_at       timestamptz DEFAULT now(),
    interaction_id    uuid,
    feedback          jsonb,
    position          bigint NOT NULL DEFAULT personalization.inbox_position(),
    topic             text,
    partition         int,
    "offset"          bigint,
    PRIMARY KEY (tenant_id, position)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.inbox IS
    'interactions that the worker learns within about a second; rows are deleted as they are learned';
COMMENT ON COLUMN personalization.inbox.position IS
    'the order of arrival; leave it to its default';
COMMENT ON COLUMN personalization.inbox.topic IS
    'with partition and offset, where a message was read whose tenant could not learn at once; leave them out';

CREATE FUNCTION personalization.inbox_arrival("position" bigint) RETURNS timestamptz
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_inbox_arrival';
COMMENT ON FUNCTION personalization.inbox_arrival(bigint) IS
    'when a row with this position was inserted into the inbox';
