-- Conversations: what was said, for as long as it goes on.

-- activity_hour is last_activity, cut to the hour: coarse, so that most messages
-- leave the indexes on it alone.  When a conversation expires is not stored, as
-- it is computed from last_activity and the tenant's settings wherever it is read.
-- message_count is also the number of the last message.  No CHECK, as for
-- preferences: what reads the rows takes nothing on trust.
CREATE TABLE personalization.conversations (
    tenant_id        text COLLATE "C" NOT NULL,
    conversation_id  uuid NOT NULL,
    user_id          text COLLATE "C" NOT NULL,
    context          jsonb NOT NULL,
    message_count    int NOT NULL,
    created_at       timestamptz NOT NULL,
    last_message_at  timestamptz,
    last_activity    timestamptz NOT NULL,
    activity_hour    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, conversation_id)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.conversations IS
    'the conversations that have not ended, and some that have expired and wait to be deleted: read them through get_conversation()';

-- For the worker; and for a user's latest.
CREATE INDEX conversations_activity ON personalization.conversations (tenant_id, activity_hour);
CREATE INDEX conversations_user ON personalization.conversations (tenant_id, user_id, activity_hour);

CREATE TABLE personalization.conversation_messages (
    tenant_id        text COLLATE "C" NOT NULL,
    conversation_id  uuid NOT NULL,
    number           int NOT NULL,
    role             text COLLATE "C" NOT NULL,
    content          text NOT NULL,
    metadata         jsonb NOT NULL,
    created_at       timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, conversation_id, number)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.conversation_messages IS 'the messages of the conversations, numbered from 1';

-- Conversations are gone after a day; how a user talks is remembered in sums, a
-- row for each of up to 16 roles.  In the row of role '' stand the number of
-- conversations, and the messages of any further roles.  lengths (characters)
-- and gaps (milliseconds since the message before, of any role) are histograms
-- with the buckets of src/core/buckets.h; gaps[0] counts messages that had none
-- before them.
CREATE TABLE personalization.conversation_statistics (
    tenant_id        text COLLATE "C" NOT NULL,
    user_id          text COLLATE "C" NOT NULL,
    role             text COLLATE "C" NOT NULL,
    conversations    bigint NOT NULL,
    messages         bigint NOT NULL,
    characters       bigint NOT NULL,
    milliseconds     bigint NOT NULL,
    asked_brief      bigint NOT NULL,
    asked_detailed   bigint NOT NULL,
    asked_technical  bigint NOT NULL,
    lengths          int[] NOT NULL,
    gaps             int[] NOT NULL,
    PRIMARY KEY (tenant_id, user_id, role)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.conversation_statistics IS
    'sums over all conversations of each user, by role: how many, how long, how fast; no content';
COMMENT ON COLUMN personalization.conversation_statistics.milliseconds IS
    'the time from the message before, or from the start of the conversation, to each message, added up';

CREATE FUNCTION personalization.start_conversation(
    tenant_id text, user_id text, initial_context jsonb DEFAULT '{}') RETURNS uuid
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_start_conversation';
COMMENT ON FUNCTION personalization.start_conversation(text, text, jsonb) IS
    'starts a conversation of a user and returns its id';

CREATE FUNCTION personalization.append_message(
    tenant_id text, conversation_id uuid, role text, content text, metadata jsonb DEFAULT '{}') RETURNS int
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_append_message';
COMMENT ON FUNCTION personalization.append_message(text, uuid, text, text, jsonb) IS
    'adds a message to a conversation and returns its number; an error where the conversation is unknown, has ended or has expired';

CREATE FUNCTION personalization.update_conversation(tenant_id text, conversation_id uuid, patch jsonb) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_update_conversation';
COMMENT ON FUNCTION personalization.update_conversation(text, uuid, jsonb) IS
    'merges a patch (RFC 7396) into the context of a conversation and returns the context; an error where the conversation is unknown, has ended or has expired';

CREATE FUNCTION personalization.get_conversation(
    tenant_id text, conversation_id uuid, at timestamptz DEFAULT now()) RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_get_conversation';
COMMENT ON FUNCTION personalization.get_conversation(text, uuid, timestamptz) IS
    'the document of a conversation; NULL when there is none, or when it has expired as of a time, or ended';

CREATE FUNCTION personalization.end_conversation(tenant_id text, conversation_id uuid) RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_end_conversation';
COMMENT ON FUNCTION personalization.end_conversation(text, uuid) IS
    'ends a conversation and erases it; false when there is no such conversation, or no longer';
