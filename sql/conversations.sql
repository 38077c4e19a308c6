-- Conversations.

-- activity_hour is last_activity truncated to the hour, so that most messages do not change the indexes on
-- it.  When a conversation expires is not stored; it is computed from last_activity and the tenant's settings
-- whenever it is read.  message_count is also the number of the last message.  There is no CHECK constraint,
-- as in preferences: code that reads the rows does not trust them.
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
    'conversations that have not ended, and expired ones that have not been deleted yet: read them with get_conversation()';

-- For the worker, and for a user's latest conversation.  The conditions are always true, and keep other
-- statements from using the indexes: see base/statement.h.
CREATE INDEX conversations_activity ON personalization.conversations (tenant_id, activity_hour)
    WHERE octet_length(user_id) >= 0;
CREATE INDEX conversations_user ON personalization.conversations (tenant_id, user_id, activity_hour)
    WHERE user_id IS NOT NULL;

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

-- Conversations are deleted after a day; sums about them are kept, in one row for each of up to 16 roles.
-- The row of role '' has the number of conversations, and the messages of any further roles.  lengths
-- (characters) and gaps (milliseconds since the previous message, of any role) are histograms with the
-- buckets of src/core/profile/buckets.h, without holes.
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
    'sums over all conversations of each user, by role: numbers, lengths, gaps; no content';
COMMENT ON COLUMN personalization.conversation_statistics.milliseconds IS
    'sum of the times from the previous message, or from the start of the conversation, to each message';

-- Immutable, as required for ON CONFLICT DO UPDATE on a distributed table.
CREATE FUNCTION personalization.add_to_bucket(buckets int[], bucket int) RETURNS int[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_add_to_bucket';
COMMENT ON FUNCTION personalization.add_to_bucket(int[], int) IS
    'a histogram of conversation_statistics with one more in a bucket';

CREATE FUNCTION personalization.start_conversation(
    tenant_id text, user_id text, initial_context jsonb DEFAULT '{}') RETURNS uuid
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_start_conversation';
COMMENT ON FUNCTION personalization.start_conversation(text, text, jsonb) IS
    'starts a conversation for a user and returns its id';

CREATE FUNCTION personalization.append_message(
    tenant_id text, conversation_id uuid, role text, content text, metadata jsonb DEFAULT '{}') RETURNS int
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_append_message';
COMMENT ON FUNCTION personalization.append_message(text, uuid, text, text, jsonb) IS
    'adds a message to a conversation and returns its number; raises an error if the conversation is unknown, has ended or has expired';

CREATE FUNCTION personalization.update_conversation(tenant_id text, conversation_id uuid, patch jsonb) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_update_conversation';
COMMENT ON FUNCTION personalization.update_conversation(text, uuid, jsonb) IS
    'merges a patch (RFC 7396) into the context of a conversation and returns the context; raises an error if the conversation is unknown, has ended or has expired';

CREATE FUNCTION personalization.get_conversation(
    tenant_id text, conversation_id uuid, at timestamptz DEFAULT now()) RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_get_conversation';
COMMENT ON FUNCTION personalization.get_conversation(text, uuid, timestamptz) IS
    'the document of a conversation; NULL if it does not exist, has ended, or has expired as of a time';

CREATE FUNCTION personalization.end_conversation(tenant_id text, conversation_id uuid) RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_end_conversation';
COMMENT ON FUNCTION personalization.end_conversation(text, uuid) IS
    'ends a conversation and deletes it; false if it does not exist or has ended';
