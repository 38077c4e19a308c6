/*
 * sql_lists.c
 *		The lists of what an SQL statement reads.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "queries/sql_lists.h"

/* Maximum number of items per list; preferences do not depend on more. */
#define MAX_FOUND 1000

void
sql_lists_add(SqlLists *lists, MemoryContext context, SqlList list, const char *item, size_t len)
{
	MemoryContext old;
	ListCell *cell;

	if (list_length(lists->items[list]) >= MAX_FOUND)
		return;
	foreach (cell, lists->items[list])
	{
		const char *known = lfirst(cell);

		if (strlen(known) == len && memcmp(known, item, len) == 0)
			return;
	}
	old = MemoryContextSwitchTo(context);
	lists->items[list] = lappend(lists->items[list], pnstrdup(item, len));
	MemoryContextSwitchTo(old);
}
