CREATE FUNCTION personalization.gone() RETURNS int LANGUAGE c
    AS 'MODULE_PATHNAME', 'personalization_gone';
