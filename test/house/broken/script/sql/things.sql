CREATE TABLE personalization.things (a int);
COMMENT ON TABLE personalization.things IS 'a dash — no more';
CREATE FUNCTION stray() RETURNS int LANGUAGE sql AS 'SELECT 1';
COMMENT ON FUNCTION personalization.things() IS 'with \d';
COMMENT ON FUNCTION personalization.things() IS E'with \\d';
