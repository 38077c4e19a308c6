/*
 * scan_name.c
 *		Names of tables, CTEs and columns in the tolerant scanner, and
 *		templates in them.
 */
#include "core/sql/scan_int.h"

#include <string.h>

size_t
sql_append_name(char *buffer, size_t len, const char *text, size_t text_len)
{
	size_t i = 0;
	char quote = '\0';

	if (text_len >= 3 && sql_lower(text[0]) == 'u' && text[1] == '&' && text[2] == '"')
		i = 2;
	if (text_len >= 6 && (unsigned char) text[0] == 0xE2)
	{
		/* Typographic quotes have three bytes each. */
		text += 3;
		text_len -= 6;
		if (text_len >= SQL_MAX_NAME - len)
			return SQL_MAX_NAME;
		memcpy(buffer + len, text, text_len);
		return len + text_len;
	}
	if (i < text_len && (text[i] == '"' || text[i] == '`' || text[i] == '[' || text[i] == '\''))
	{
		quote = (char) (text[i] == '[' ? ']' : text[i]);
		i++;
	}
	for (; i < text_len; i++)
	{
		if (quote != '\0' && text[i] == quote)
		{
			/* A doubled quote stands for one; the last, unless unfinished, ends the name. */
			if (++i >= text_len)
				break;
		}
		if (quote == '\'' && text[i] == '"')
			continue; /* 'a."b"', a name given as a text */
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
sql_begin_table(SqlScan *scan, const char *text)
{
	scan->table_len = 0;
	scan->table_is_qualified = false;
	scan->table_gap = false;
	scan->table_known = false;
	scan->table_text = text;
}

/* Whether a token joins a template to the rest of a name: prefix_{{ x }} */
static bool
is_joint(char c)
{
	return c == '_' || c == '-' || c == '$';
}

void
sql_begin_gap(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	bool known = scan->table_known; /* as ref() or source() */

	if (level->want_table)
	{
		level->want_table = false;
		sql_begin_table(scan, token->text);
		scan->table_known = known;
		level->name.text = token->text;
		level->name.len = token->len;
		level->name_keyword = KW_NONE;
		level->name_is_qualified = false;
		level->name_is_table = true;
		scan->table_gap = true;
	}
	else if (level->last == SQL_LAST_DOT)
		scan->table_gap = true;
	else
	{
		while (scan->table_len > 0 && scan->table_len < SQL_MAX_NAME &&
			   is_joint(scan->table[scan->table_len - 1]))
			scan->table_len--;
	}
	level->last = SQL_LAST_NAME;
}

/*
 * Appends a name in quotes with templates in it, `{{ schema }}.t`, without these, as if
 * they were outside the quotes.  Returns false if there are none.
 */
static bool
append_around_templates(SqlScan *scan, const SqlToken *token)
{
	char name[SQL_MAX_NAME];
	size_t len = sql_append_name(name, 0, token->text, token->len);
	size_t i = 0;
	bool found = false;
	bool gap = false;

	if (len >= SQL_MAX_NAME || token->kind != SQL_QUOTED)
		return false;
	while (i < len)
	{
		size_t end = sql_template_in_name(name, len, i);

		if (end == i)
		{
			if (gap && name[i] != '.' && is_joint(name[i]))
			{
				i++;
				continue;
			}
			if (found && scan->table_len < SQL_MAX_NAME - 1)
				scan->table[scan->table_len++] = name[i];
			else if (found)
				scan->table_len = SQL_MAX_NAME;
			gap = false;
			i++;
			continue;
		}
		if (!found)
			scan->table_len = sql_append_name(scan->table, scan->table_len, name, i);
		found = true;
		sql_template_tables(scan, name + i, end - i);
		while (scan->table_len > 0 && scan->table_len < SQL_MAX_NAME &&
			   is_joint(scan->table[scan->table_len - 1]))
			scan->table_len--;
		gap = true;
		i = end;
	}
	if (found)
		scan->table_gap = gap && (scan->table_len == 0 || scan->table[scan->table_len - 1] == '.');
	return found;
}

void
sql_table_part(SqlScan *scan, const SqlToken *token)
{
	SqlToken rest = *token;

	if (append_around_templates(scan, token))
		return;
	if (scan->after_gap && token->attached)
	{
		while (rest.len > 0 && is_joint(rest.text[0]))
		{
			rest.text++;
			rest.len--;
		}
		token = &rest;
	}
	if (token->len > 0)
		scan->table_gap = false;
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
	size_t start = 0;

	while (scan->table_len > 0 && scan->table_len < SQL_MAX_NAME &&
		   scan->table[scan->table_len - 1] == '.')
		scan->table_len--;
	while (start < scan->table_len && scan->table[start] == '.')
		start++;
	if (scan->table_gap)
	{
		if (!scan->table_known)
			sql_unread(scan, SQL_UNKNOWN_TABLE, scan->table_text);
	}
	else if (scan->table_len >= SQL_MAX_NAME)
		sql_unread(scan, SQL_TOO_MUCH, scan->table_text);
	else if (scan->table_len > start && !is_cte(scan))
		scan->found(SQL_TABLES, scan->table + start, scan->table_len - start, scan->arg);
	scan->table_len = 0;
	scan->table_is_qualified = false;
}

static void
dbt_table(const char *first, size_t first_len, const char *second, size_t second_len, void *arg)
{
	SqlScan *scan = arg;
	char buffer[SQL_MAX_NAME];
	size_t len = 0;

	if (first_len + second_len + 2 > sizeof(buffer) || second_len == 0)
		return;
	if (first != NULL)
	{
		memcpy(buffer, first, first_len);
		len = first_len;
		buffer[len++] = '.';
	}
	memcpy(buffer + len, second, second_len);
	len += second_len;
	scan->table_known = true;
	scan->found(SQL_TABLES, buffer, len, scan->arg);
}

void
sql_template_tables(SqlScan *scan, const char *text, size_t len)
{
	sql_template_names(text, len, dbt_table, scan);
}

size_t
sql_template_in_name(const char *name, size_t len, size_t pos)
{
	const char *close = name[pos] == '<' ? "%>" : name[pos] == '{' ? "}}" : "}";
	size_t end = pos + 2;

	if (len - pos < 3)
		return pos;
	if (memcmp(name + pos, "{{", 2) == 0 || memcmp(name + pos, "<%", 2) == 0)
	{
		while (end + 2 <= len && memcmp(name + end, close, 2) != 0)
			end++;
		return end + 2 <= len ? end + 2 : pos;
	}
	if (name[pos] == '{' || memcmp(name + pos, "${", 2) == 0 || memcmp(name + pos, "#{", 2) == 0)
	{
		/* {name}, ${name}, #{name}; {} */
		end = pos + (name[pos] != '{') + 1;
		if (!sql_is_word_start(name[end]) && name[end] != '}')
			return pos;
		for (; end < len && name[end] != '}'; end++)
		{
			if (!sql_is_word_byte(name[end]) && memchr(".:-[]() ", name[end], 8) == NULL)
				return pos;
		}
		return end < len ? end + 1 : pos;
	}
	return pos;
}
