/*
 * used_tables.c
 *		The tables that a user has used, which the built-in rules store in the
 *		keys of preferences.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "base/statement.h"
#include "preferences/used_tables.h"

/* Prefixes of keys; a colon and the table's name follow. */
#define FREQUENT "frequent_table"
#define EXPLORED "explored_table"

/* The character after ':' ends a range of keys. */
#define TABLES_OF(kind)                                                                            \
	"SELECT substr(key, length('" kind ":') + 1)"                                                  \
	" FROM personalization.preferences"                                                            \
	" WHERE tenant_id = $1 AND user_id = $2 AND key >= '" kind ":' AND key < '" kind ";'"          \
	" LIMIT $3"

static Statement select_used =
	STATEMENT("(" TABLES_OF(FREQUENT) ") UNION ALL (" TABLES_OF(EXPLORED) ")", "text text int8");

const char *
frequent_table(const Preference *preference)
{
	static const char start[] = FREQUENT ":";

	if (preference->category != CATEGORY_DATA ||
		strncmp(preference->key, start, sizeof(start) - 1) != 0)
		return NULL;
	return preference->key + (sizeof(start) - 1);
}

char **
used_tables(const char *tenant_id, const char *user_id, int *n)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id),
					  Int64GetDatum(USED_TABLES_REACH)};
	uint64 nrows = statement_execute(&select_used, values, NULL, SNAPSHOT_CALLER);
	char **used = palloc(Max(nrows, 1) * sizeof(char *));

	for (uint64 row = 0; row < nrows; row++)
		used[row] = result_text(row, ONLY_COLUMN);
	*n = (int) nrows;
	return used;
}
