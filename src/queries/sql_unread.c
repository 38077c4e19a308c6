/*
 * sql_unread.c
 *		What of a SQL statement was not understood, for people.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "base/jsonutil.h"
#include "queries/sql_unread.h"

/* So much of the text is shown, in bytes. */
#define SHOWN 60

static const char *const reasons[] = {
	[SQL_NO_STATEMENT] = "no statement begins so",
	[SQL_UNFINISHED] = "a quote, comment or template without an end",
	[SQL_UNBALANCED] = "a parenthesis without its other",
	[SQL_NO_TABLE] = "no name of a table where one should be",
	[SQL_UNKNOWN_TABLE] = "a table whose name is not filled in",
	[SQL_NO_OPERAND] = "a comparison with nothing",
	[SQL_NO_OPERATOR] = "no operator or keyword before it",
	[SQL_UNKNOWN_TOKEN] = "not known in SQL",
	[SQL_TOO_MUCH] = "nested too deeply, or too long",
};

Jsonb *
sql_unread_document(const char *sql, const SqlReading *reading)
{
	JsonbParseState *state = NULL;
	const char *place = sql + reading->place;
	const char *line = sql;
	int64 lines = 1;
	int shown;

	for (const char *c = sql; c < place; c++)
	{
		if (*c == '\n')
		{
			lines++;
			line = c + 1;
		}
	}
	shown = pg_mbcliplen(place, strlen(place), SHOWN);
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_int(&state, "line", lines);
	json_push_int(&state, "column", pg_mbstrlen_with_len(line, place - line) + 1);
	json_push_text(&state, "text", pnstrdup(place, shown));
	json_push_text(&state, "reason", reasons[reading->unread]);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}
