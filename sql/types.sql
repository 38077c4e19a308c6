-- The schema and the vocabulary.

CREATE SCHEMA personalization;
COMMENT ON SCHEMA personalization IS 'what the users of each tenant prefer, and the functions that learn it';

CREATE TYPE personalization.interaction_type AS ENUM
    ('query', 'visualization', 'export', 'dashboard', 'feedback', 'refinement', 'exploration', 'custom');
COMMENT ON TYPE personalization.interaction_type IS
    'what a user did; of custom, a product''s own events, the rules are the administrator''s';

CREATE TYPE personalization.preference_category AS ENUM
    ('visualization', 'query', 'data', 'presentation', 'notification');
COMMENT ON TYPE personalization.preference_category IS 'what a preference is about';

CREATE TYPE personalization.skill_level AS ENUM ('beginner', 'intermediate', 'advanced');
COMMENT ON TYPE personalization.skill_level IS 'how much explanation a user needs';

CREATE TYPE personalization.communication_style AS ENUM ('brief', 'detailed', 'technical');
COMMENT ON TYPE personalization.communication_style IS 'how a user wants to be talked to';

CREATE TYPE personalization.suggestion_type AS ENUM
    ('frequent', 'related', 'similar_users', 'trending', 'new_data');
COMMENT ON TYPE personalization.suggestion_type IS 'where a suggestion comes from';

-- So that a parameter that a driver declares as text or varchar is taken where one of these is
-- expected: without a cast it would be "function does not exist".
CREATE CAST (text AS personalization.interaction_type) WITH INOUT AS IMPLICIT;
CREATE CAST (varchar AS personalization.interaction_type) WITH INOUT AS IMPLICIT;
CREATE CAST (text AS personalization.preference_category) WITH INOUT AS IMPLICIT;
CREATE CAST (varchar AS personalization.preference_category) WITH INOUT AS IMPLICIT;
CREATE CAST (text AS personalization.skill_level) WITH INOUT AS IMPLICIT;
CREATE CAST (varchar AS personalization.skill_level) WITH INOUT AS IMPLICIT;
CREATE CAST (text AS personalization.communication_style) WITH INOUT AS IMPLICIT;
CREATE CAST (varchar AS personalization.communication_style) WITH INOUT AS IMPLICIT;
