-- Preferences at an earlier time.

-- One row per user and day (UTC) on which something changed: all preferences of the user before that change,
-- with the columns of preferences.  Another row is stored when a late negative signal removes a preference:
-- the remaining ones.
CREATE TABLE personalization.preference_snapshots (
    tenant_id           text COLLATE "C" NOT NULL,
    user_id             text COLLATE "C" NOT NULL,
    day                 date NOT NULL,
    before              timestamptz NOT NULL,
    categories          personalization.preference_category[] NOT NULL,
    keys                text[] COLLATE "C" NOT NULL,
    "values"            jsonb[] NOT NULL,
    confidences         float8[] NOT NULL,
    rivals              jsonb[] NOT NULL,
    observation_counts  int[] NOT NULL,
    last_updated        timestamptz[] NOT NULL,
    PRIMARY KEY (tenant_id, user_id, day, before)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.preference_snapshots IS
    'the preferences of each user before the first change of each day: read them with get_profile() and preferences() at an earlier time';
-- Only for deleting by day: the condition is always true, see base/statement.h.
CREATE INDEX preference_snapshots_day ON personalization.preference_snapshots (tenant_id, day)
    WHERE octet_length(user_id) >= 0;
