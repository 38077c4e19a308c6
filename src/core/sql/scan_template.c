/*
 * scan_template.c
 *		Templates in an SQL text, for the scanner: each stands for a table, a
 *		part of its name, a column or a value, by its place.
 */
#include "core/sql/scan_int.h"

#include <string.h>

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
