static Statement theirs = STATEMENT("TRUNCATE personalization.things", "");
static Statement nobodys = STATEMENT("DELETE FROM personalization.unheard_of", "");
