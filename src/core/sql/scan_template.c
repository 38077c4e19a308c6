/*
 * scan_template.c
 *		Templates in an SQL text, for the scanner: each stands for a table, a
 *		part of its name, a column or a value, by its place.
 */
#include "core/sql/scan_int.h"

#include <string.h>

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

/* Handles LookML's ${view.field}, which is the column after the last dot. */
static bool
last_part(const SqlToken *token, SqlName *part)
{
	size_t end = token->len - 1;
	size_t start = end;

	if (token->text[0] != '$')
		return false;
	while (start > 2 && sql_is_word_byte(token->text[start - 1]))
		start--;
	part->text = token->text + start;
	part->len = end - start;
	return start > 3 && token->text[start - 1] == '.' && part->len > 0;
}

void
sql_read_template(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	char next = sql_byte(&scan->lexer, scan->lexer.pos);
	SqlName part;

	scan->table_known = false;
	sql_template_tables(scan, token->text, token->len);
	if (level->skip)
		return;
	if (level->want_table ||
		(level->name_is_table &&
		 (level->last == SQL_LAST_DOT || (level->last == SQL_LAST_NAME && token->attached))))
	{
		sql_begin_gap(scan, level, token);
		return;
	}
	if (level->last == SQL_LAST_NONE && next == '.')
	{
		/* {{ alias }}.column */
		level->last = SQL_LAST_NAME;
		level->name.text = token->text;
		level->name.len = token->len;
		level->name_keyword = KW_NONE;
		level->name_is_table = level->name_is_qualified = false;
	}
	else if (level->last == SQL_LAST_NONE && last_part(token, &part) &&
			 level->how == SQL_NOT_COMPARED)
	{
		level->last = SQL_LAST_NAME;
		level->name = part;
		level->name_keyword = KW_NONE;
		level->name_is_table = false;
		level->name_is_qualified = true;
	}
	else
		sql_value(scan, level, token);
}

void
sql_read_tag(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	size_t start = 2;
	size_t end;

	sql_template_tables(scan, token->text, token->len);
	while (start < token->len && !sql_is_word_start(token->text[start]))
		start++;
	for (end = start; end < token->len && sql_is_word_byte(token->text[end]);)
		end++;
	if (sql_is_word(token->text + start, end - start, "else") ||
		sql_is_word(token->text + start, end - start, "elif") ||
		sql_is_word(token->text + start, end - start, "elsif"))
	{
		if (level->branch_table)
		{
			sql_settle(scan, level, false);
			level->want_table = true;
			level->last = SQL_LAST_NONE;
		}
		else if (sql_in_condition(level))
			sql_end_comparison(scan, level);
	}
	else if (sql_is_word(token->text + start, end - start, "endif"))
		level->branch_table = false;
	else if (level->want_table)
		level->branch_table = true;
}
