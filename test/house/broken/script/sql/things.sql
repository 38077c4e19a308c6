CREATE TABLE personalization.things (a int);
COMMENT ON TABLE personalization.things IS 'a dash — no more';
CREATE FUNCTION stray() RETURNS int LANGUAGE sql AS 'SELECT 1';
