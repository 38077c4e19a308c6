/*
 * sql_read.c
 *		What an SQL statement reads: tables, aggregates, filters, grouping.
 *
 *		PostgreSQL's parser reads the statement, with two exceptions:
 *		statements that it refuses, and statements that it accepts although
 *		another dialect was meant.  The latter are recognized by signs of
 *		another dialect: a text in double quotes that is used as a value, a
 *		parameter or template, typographic quotes and spaces, a backslash
 *		before a quote (core/sql/lexer.h), or a construct in the parse tree
 *		(sql_parse.c).  In these cases the tolerant scanner reads the whole
 *		text.
 */
#include "postgres.h"

#include "core/sql/signs.h"
#include "queries/sql_parse.h"
#include "queries/sql_read.h"

/* Longer SQL, in bytes, is only scanned. */
#define MAX_PARSED (64 * 1024)

typedef struct Scanned
{
	SqlLists *lists;
	MemoryContext context;
} Scanned;

static void
scan_found(SqlList list, const char *item, size_t len, void *arg)
{
	Scanned *scanned = arg;

	sql_lists_add(scanned->lists, scanned->context, list, item, len);
}

static void
scan(const char *sql, size_t len, SqlLists *lists)
{
	Scanned scanned = {lists, CurrentMemoryContext};

	memset(lists, 0, sizeof(*lists));
	lists->reading = sql_scan(sql, len, scan_found, &scanned);
}

void
sql_read(const char *sql, SqlLists *lists)
{
	size_t len = strlen(sql);
	unsigned signs = len > MAX_PARSED ? SQL_UNFIT : sql_signs(sql, len, NAMEDATALEN);
	SqlLists parsed = {0};

	if ((signs & (SQL_UNFIT | SQL_ODD)) != 0)
	{
		scan(sql, len, lists);
		if ((signs & SQL_UNFIT) != 0 || lists->reading.foreign)
			return;
	}
	if (sql_parse(sql, &parsed) == SQL_PARSED)
		*lists = parsed;
	else if (signs == 0)
		scan(sql, len, lists);
}
