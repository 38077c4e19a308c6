-- The schema and the types.

-- As ALTER DATABASE and ALTER ROLE may have set them otherwise; they hold for this script only.
SET LOCAL default_tablespace = '';
SET LOCAL default_table_access_method = 'heap';
SET LOCAL standard_conforming_strings = on;
SET LOCAL transform_null_equals = off;
SET LOCAL row_security = on;

CREATE SCHEMA personalization;
COMMENT ON SCHEMA personalization IS 'preferences of the users of each tenant, and the functions that learn them';

CREATE TYPE personalization.interaction_type AS ENUM
    ('query', 'visualization', 'export', 'dashboard', 'feedback', 'refinement', 'exploration', 'custom');
COMMENT ON TYPE personalization.interaction_type IS
    'kind of interaction; custom is for a product''s own events, for which an administrator defines the rules';

CREATE TYPE personalization.preference_category AS ENUM
    ('visualization', 'query', 'data', 'presentation', 'notification');
COMMENT ON TYPE personalization.preference_category IS 'subject of a preference';

CREATE TYPE personalization.skill_level AS ENUM ('beginner', 'intermediate', 'advanced');
COMMENT ON TYPE personalization.skill_level IS 'amount of explanation that a user needs';

CREATE TYPE personalization.communication_style AS ENUM ('brief', 'detailed', 'technical');
COMMENT ON TYPE personalization.communication_style IS 'style of answer that a user wants';

CREATE TYPE personalization.suggestion_type AS ENUM
    ('frequent', 'related', 'similar_users', 'trending', 'new_data');
COMMENT ON TYPE personalization.suggestion_type IS 'origin of a suggestion';

-- These casts allow a parameter that a driver declares as text or varchar where one of these types is
-- expected; otherwise the error is "function does not exist".
CREATE CAST (text AS personalization.interaction_type) WITH INOUT AS IMPLICIT;
CREATE CAST (varchar AS personalization.interaction_type) WITH INOUT AS IMPLICIT;
CREATE CAST (text AS personalization.preference_category) WITH INOUT AS IMPLICIT;
CREATE CAST (varchar AS personalization.preference_category) WITH INOUT AS IMPLICIT;
CREATE CAST (text AS personalization.skill_level) WITH INOUT AS IMPLICIT;
CREATE CAST (varchar AS personalization.skill_level) WITH INOUT AS IMPLICIT;
CREATE CAST (text AS personalization.communication_style) WITH INOUT AS IMPLICIT;
CREATE CAST (varchar AS personalization.communication_style) WITH INOUT AS IMPLICIT;
