CREATE FUNCTION personalization.called() RETURNS int LANGUAGE c
    AS 'MODULE_PATHNAME', 'personalization_called';
CREATE FUNCTION personalization.hidden() RETURNS int LANGUAGE c
    AS 'MODULE_PATHNAME', 'personalization_hidden';
