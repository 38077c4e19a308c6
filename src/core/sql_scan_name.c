/*
 * sql_scan_name.c
 *		Names of tables, CTEs and columns in the tolerant scan.
 */
#include "core/sql_scan_int.h"

#include <string.h>

size_t
sql_append_name(char *buffer, size_t len, const char *text, size_t text_len)
{
	size_t i = 0;
	char quote = '\0';

	if (text_len >= 3 && sql_lower(text[0]) == 'u' && text[1] == '&' && text[2] == '"')
		i = 2;
	if (i < text_len && (text[i] == '"' || text[i] == '`' || text[i] == '['))
	{
		quote = (char) (text[i] == '[' ? ']' : text[i]);
		i++;
	}
	for (; i < text_len; i++)
	{
		if (quote != '\0' && text[i] == quote)
		{
			/* A doubled quote is one; the last, unless unfinished, is the end. */
			if (++i >= text_len)
				break;
		}
		if (len >= SQL_MAX_NAME - 1)
			return SQL_MAX_NAME;
		buffer[len++] = quote != '\0' ? text[i] : sql_lower(text[i]);
	}
	return len;
}

bool
sql_name_is(const char *name, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(name, word, len) == 0;
}

void
sql_report_name(SqlScan *scan, SqlList list, const SqlName *name)
{
	char buffer[SQL_MAX_NAME];
	size_t len;

	if (name->text == NULL)
		return;
	len = sql_append_name(buffer, 0, name->text, name->len);
	if (len > 0 && len < SQL_MAX_NAME)
		scan->found(list, buffer, len, scan->arg);
}

void
sql_add_cte(SqlScan *scan, const SqlName *name)
{
	if (name->text != NULL && name->len < SQL_MAX_NAME && scan->cte_count < SQL_MAX_CTES)
		scan->ctes[scan->cte_count++] = *name;
}

static bool
is_cte(const SqlScan *scan)
{
	char buffer[SQL_MAX_NAME];
	int i;

	if (scan->table_is_qualified)
		return false;
	for (i = 0; i < scan->cte_count; i++)
	{
		const SqlName *cte = &scan->ctes[i];

		if (sql_append_name(buffer, 0, cte->text, cte->len) == scan->table_len &&
			memcmp(buffer, scan->table, scan->table_len) == 0)
			return true;
	}
	return false;
}

void
sql_table_part(SqlScan *scan, const SqlToken *token)
{
	if (scan->table_len < SQL_MAX_NAME)
		scan->table_len = sql_append_name(scan->table, scan->table_len, token->text, token->len);
}

void
sql_table_dot(SqlScan *scan)
{
	scan->table_is_qualified = true;
	if (scan->table_len < SQL_MAX_NAME - 1)
		scan->table[scan->table_len++] = '.';
	else
		scan->table_len = SQL_MAX_NAME;
}

void
sql_report_table(SqlScan *scan)
{
	while (scan->table_len > 0 && scan->table_len < SQL_MAX_NAME &&
		   scan->table[scan->table_len - 1] == '.')
		scan->table_len--;
	if (scan->table_len > 0 && scan->table_len < SQL_MAX_NAME && !is_cte(scan))
		scan->found(SQL_TABLES, scan->table, scan->table_len, scan->arg);
	scan->table_len = 0;
	scan->table_is_qualified = false;
}

static bool
ends_with(const char *text, size_t len, const char *end)
{
	size_t end_len = strlen(end);

	return len >= end_len && memcmp(text + len - end_len, end, end_len) == 0;
}

bool
sql_takes_time_unit(const char *name, size_t len)
{
	static const char *const what[] = {"trunc", "add", "sub", "diff", "part", "name", "bucket"};
	size_t i;

	if (len == 8 && memcmp(name, "last_day", len) == 0)
		return true;
	if (len < 6 || (memcmp(name, "date", 4) != 0 && memcmp(name, "time", 4) != 0))
		return false;
	for (i = 0; i < sizeof(what) / sizeof(what[0]); i++)
	{
		if (ends_with(name, len, what[i]))
			return true;
	}
	return false;
}

bool
sql_is_time_unit(const char *name, size_t len)
{
	static const char *const units[] = {
		"year", "yyyy",	   "yy",	 "isoyear", "quarter",	   "month",		"mm",
		"week", "isoweek", "day",	 "dd",		"dayofweek",   "dayofyear", "weekday",
		"hour", "hh",	   "minute", "mi",		"second",	   "ss",		"millisecond",
		"ms",	"century", "decade", "epoch",	"microsecond", "nanosecond"};
	char buffer[SQL_MAX_NAME];
	size_t i;

	len = sql_append_name(buffer, 0, name, len);
	if (len >= SQL_MAX_NAME)
		return false;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
	{
		if (len == strlen(units[i]) && memcmp(buffer, units[i], len) == 0)
			return true;
	}
	return false;
}
