/*
 * statement_text.c
 *		Which tables the text of a statement names, and the same statement over
 *		other tables.
 */
#include "postgres.h"

#include "base/extension.h"
#include "base/statement_text.h"

#define PREFIX SCHEMA_NAME "."

static bool
is_word(char c)
{
	return isalnum((unsigned char) c) || c == '_';
}

static bool
begins_with(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

bool
statement_next_name(const char *sql, const char **at, StatementName *name)
{
	const char *start;

	while ((start = strstr(*at, PREFIX)) != NULL)
	{
		name->start = start;
		name->name = start + strlen(PREFIX);
		name->len = 0;
		while (is_word(name->name[name->len]))
			name->len++;
		name->end = name->name + name->len;
		*at = name->end;
		if (start > sql && (start[-1] == '\'' || is_word(start[-1])))
			continue;
		if (*name->end == '(')
			continue;
		return true;
	}
	return false;
}

/* Whether a table's name is followed by an alias. */
static bool
has_alias(const char *at)
{
	static const char *const clauses[] = {
		"WHERE", "ORDER", "LIMIT", "ON",	"USING",  "SET",	"VALUES", "GROUP",	   "JOIN",
		"LEFT",	 "CROSS", "FOR",   "UNION", "SELECT", "OFFSET", "HAVING", "RETURNING", "INNER"};
	size_t len = 0;

	while (*at == ' ')
		at++;
	if (begins_with(at, "AS "))
		return true;
	while (is_word(at[len]))
		len++;
	if (len == 0)
		return false;
	for (size_t i = 0; i < lengthof(clauses); i++)
	{
		if (strlen(clauses[i]) == len && memcmp(clauses[i], at, len) == 0)
			return false;
	}
	return true;
}

bool
statement_is_query(const char *sql)
{
	return begins_with(sql, "SELECT");
}

bool
statement_is_of_tenant(const char *sql, const char *parameters)
{
	return begins_with(parameters, "text") &&
		   (strstr(sql, "tenant_id = $1") != NULL || strstr(sql, "VALUES ($1") != NULL ||
			strstr(sql, "SELECT $1") != NULL);
}

char *
statement_over(const char *sql, StatementTable table, void *arg)
{
	StringInfoData text;
	const char *done = sql;
	const char *at = sql;
	StatementName name;

	initStringInfo(&text);
	while (statement_next_name(sql, &at, &name))
	{
		appendBinaryStringInfo(&text, done, (int) (name.start - done));
		done = name.start;
		if (!table(&text, &name, arg))
			continue;
		if (!has_alias(name.end))
			appendStringInfo(&text, " AS %.*s", (int) name.len, name.name);
		done = name.end;
	}
	appendStringInfoString(&text, done);
	return text.data;
}
