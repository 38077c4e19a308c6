/*
 * sql_scan.c
 *		What a SQL statement reads, found by a tolerant scan.
 *
 * Here is what each token does; keywords are in sql_scan_clause.c, parentheses
 * in sql_scan_level.c, conditions in sql_scan_expr.c, names in
 * sql_scan_name.c.
 *
 * Where the scan knowingly sees something else than PostgreSQL's parser would:
 *
 *	- A CTE's name hides a table of that name in all of the rest of the
 *	  statement, also outside the query that the CTE belongs to; only the
 *	  first 64 CTEs are known.  Without RECURSIVE a CTE's name inside its own
 *	  body is a table, as in PostgreSQL, though some dialects recurse there.
 *	- A condition in parentheses that is itself compared, (a = 1) IS TRUE, is
 *	  reported as the condition a =.
 *	- A word that could be a value or a column (a variable of a procedural
 *	  language, a type's name as an argument, MySQL's string in double quotes)
 *	  is a column; so a comparison with it is no filter.  In a text that has
 *	  backticks, as MySQL, BigQuery and Spark have, double quotes are strings.
 *	- 'it\'s' ends at its second quote.
 *	- Operators by name, OVERLAPS and OPERATOR(x.=), are none.
 *	- A correlated table, FROM t, t.items, is a table.
 *	- GROUP BY with a position after a star in the select list, or over 256
 *	  select items open at once, finds no column.
 *	- Names of 256 bytes and more are left out.  Below the 64th level of
 *	  parentheses all levels are one.
 */
#include "core/sql_scan_int.h"

#include <string.h>

/* Reads on a wanted table's name over the dashes of BigQuery's projects. */
static void
take_dashes(SqlScan *scan, SqlToken *token)
{
	SqlLexer *lexer = &scan->lexer;
	size_t pos = lexer->pos;

	while (pos + 1 < lexer->len && lexer->text[pos] == '-' &&
		   sql_is_word_byte(lexer->text[pos + 1]))
	{
		pos++;
		while (pos < lexer->len && sql_is_word_byte(lexer->text[pos]))
			pos++;
	}
	token->len += pos - lexer->pos;
	lexer->pos = pos;
}

/* The last words of TIMESTAMP WITH TIME ZONE and its like: no aliases. */
static bool
ends_type(const char *text, size_t len)
{
	char buffer[SQL_MAX_NAME];

	len = sql_append_name(buffer, 0, text, len);
	return sql_name_is(buffer, len, "zone") || sql_name_is(buffer, len, "precision") ||
		   sql_name_is(buffer, len, "varying");
}

/* A word or quoted identifier that is a name here. */
static void
name(SqlScan *scan, SqlLevel *level, SqlToken *token)
{
	SqlName given;
	SqlName none = {NULL, 0};

	if (level->want_table && token->kind == SQL_WORD && level->call_allowed &&
		token->text[0] != '#')
		take_dashes(scan, token);
	given.text = token->text;
	given.len = token->len;

	if (level->last == SQL_LAST_SKIP)
	{
		level->last = SQL_LAST_OPERAND;
		return;
	}
	if (level->want_cte)
	{
		level->cte = given;
		level->want_cte = false;
		if (level->recursive)
			sql_add_cte(scan, &given);
		level->last = SQL_LAST_OPERAND;
		return;
	}
	if (level->alias_next)
	{
		level->alias = given;
		level->alias_next = false;
		level->last = SQL_LAST_OPERAND;
		return;
	}
	if (level->last == SQL_LAST_DOT)
	{
		if (level->name_is_table)
			sql_table_part(scan, token);
		level->name = given;
		level->name_is_qualified = true;
		level->last = SQL_LAST_NAME;
		return;
	}
	if (level->last == SQL_LAST_NAME && level->name_keyword == KW_INTERVAL && !level->name_is_table)
		level->last = SQL_LAST_NONE;
	sql_settle(scan, level, false);
	if (level->last == SQL_LAST_OPERAND)
	{
		/* An alias, the unit of an interval, a part of a type, … */
		if (level->kind == SQL_IN_QUERY && level->clause == SQL_AT_SELECT && level->cases == 0)
			level->alias =
				scan->previous == KW_OVER || ends_type(token->text, token->len) ? none : given;
		scan->passed = given;
		return;
	}
	level->last = SQL_LAST_NAME;
	level->name = given;
	level->name_keyword = token->keyword;
	level->name_is_qualified = false;
	level->name_is_table = level->want_table;
	if (level->want_table)
	{
		level->want_table = false;
		scan->table_len = 0;
		scan->table_is_qualified = false;
		sql_table_part(scan, token);
	}
}

/* A literal or parameter. */
static void
value(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	if (level->last == SQL_LAST_NAME && !level->name_is_table && !level->name_is_qualified)
	{
		if (token->kind == SQL_STRING || level->name_keyword == KW_INTERVAL)
		{
			/* date '2024-01-01': the name is a type. */
			level->last = SQL_LAST_NONE;
		}
		else if (level->name_keyword == KW_TOP && level->clause == SQL_AT_SELECT)
		{
			level->last = SQL_LAST_NONE;
			return;
		}
	}
	if (level->want_table)
	{
		level->want_table = false;
		level->last = SQL_LAST_OPERAND;
		return;
	}
	if (token->kind == SQL_STRING)
		level->string = true;
	if (level->alias_next)
	{
		level->alias_next = false;
		level->last = SQL_LAST_OPERAND;
		return;
	}
	level->alias.text = NULL;
	sql_settle(scan, level, false);
	sql_add_value(level, token);
}

static void
word(SqlScan *scan, SqlLevel *level, SqlToken *token)
{
	bool start = level->kind == SQL_IN_QUERY && level->clause == SQL_AT_START;

	/* What follows a dot is never a keyword. */
	if (level->last != SQL_LAST_DOT && token->keyword != KW_NONE && sql_keyword(scan, level, token))
		return;
	if (start && token->keyword != KW_EXPLAIN && token->keyword != KW_ANALYZE &&
		token->keyword != KW_VERBOSE)
		level->clause = SQL_AT_OTHER;
	name(scan, level, token);
}

/*
 * SQL Server's [name] is made a quoted identifier, where an array's or a
 * subscript's bracket cannot be.
 */
static bool
bracketed_name(SqlScan *scan, const SqlLevel *level, SqlToken *token)
{
	SqlLexer *lexer = &scan->lexer;
	size_t pos = lexer->pos;
	size_t limit = lexer->len - pos > SQL_MAX_BRACKETED ? pos + SQL_MAX_BRACKETED : lexer->len;

	if (level->last == SQL_LAST_NAME || level->last == SQL_LAST_OPERAND)
		return false;
	if (pos >= limit || !sql_is_word_start(lexer->text[pos]))
		return false;
	while (pos < limit && (sql_is_word_byte(lexer->text[pos]) || lexer->text[pos] == ' ' ||
						   lexer->text[pos] == '-'))
		pos++;
	if (pos >= limit || lexer->text[pos] != ']')
		return false;
	pos++;
	token->kind = SQL_QUOTED;
	token->len += pos - lexer->pos;
	lexer->pos = pos;
	return true;
}

static void
punctuation(SqlScan *scan, SqlLevel *level, SqlToken *token)
{
	switch (token->text[0])
	{
		case '(':
			sql_open_level(scan, level, false);
			break;
		case ')':
			sql_close_bracket(scan, false);
			break;
		case '[':
			if (!level->skip && bracketed_name(scan, level, token))
				name(scan, level, token);
			else
				sql_open_level(scan, level, true);
			break;
		case ']':
			sql_close_bracket(scan, true);
			break;
		case ';':
			sql_begin_statement(scan);
			break;
		case ',':
			if (!level->skip)
				sql_comma(scan, level);
			break;
		case '.':
			if (level->skip)
				break;
			if (level->last == SQL_LAST_NAME || level->last == SQL_LAST_DOT)
			{
				if (level->name_is_table)
					sql_table_dot(scan);
				level->last = SQL_LAST_DOT;
			}
			else if (level->last == SQL_LAST_OPERAND)
				level->last = SQL_LAST_SKIP;
			break;
		default:
			sql_settle(scan, level, false);
			break;
	}
}

static void
operator(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	level->alias.text = NULL;
	if (token->len == 1 && token->text[0] == '*' && level->last == SQL_LAST_DOT)
	{
		/* t.*, or a table's t.* as MySQL's DELETE has it */
		if (level->name_is_table)
			sql_settle(scan, level, false);
		if (level->clause == SQL_AT_SELECT)
			level->items_lost = true;
		level->operand.any = true;
		level->last = SQL_LAST_OPERAND;
	}
	else if (token->len == 2 && memcmp(token->text, "|>", 2) == 0 && sql_is_query(level))
	{
		/* BigQuery's pipe */
		sql_begin_clause(scan, level, SQL_AT_OTHER);
	}
	else
		sql_compare(scan, level, token);
}

static void
parameter(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	/* After an operand '?' is PostgreSQL's operator. */
	if (token->len == 1 && token->text[0] == '?' && sql_in_condition(level) &&
		sql_has_operand(level) &&
		!(level->last == SQL_LAST_NAME && level->name_keyword == KW_INTERVAL))
		sql_compare(scan, level, token);
	else
		value(scan, level, token);
}

void
sql_scan(const char *sql, size_t len, SqlFound found, void *arg)
{
	SqlScan scan;
	SqlToken token;

	memset(&scan, 0, sizeof(scan));
	scan.found = found;
	scan.arg = arg;
	scan.double_quotes_strings = len > 0 && memchr(sql, '`', len) != NULL;
	sql_lexer_init(&scan.lexer, sql, len);
	sql_reset_level(&scan, &scan.levels[0], SQL_IN_QUERY);

	while (sql_lexer_next(&scan.lexer, &token))
	{
		SqlLevel *level = sql_current_level(&scan);

		SqlName passed = scan.passed;

		if (token.kind == SQL_QUOTED && token.text[0] == '"' && scan.double_quotes_strings)
			token.kind = SQL_STRING;
		if (token.kind == SQL_PUNCTUATION)
			punctuation(&scan, level, &token);
		else if (level->skip && !(token.keyword == KW_SELECT))
			;
		else if (token.kind == SQL_WORD)
			word(&scan, level, &token);
		else if (token.kind == SQL_QUOTED)
			name(&scan, level, &token);
		else if (token.kind == SQL_OPERATOR)
			operator(&scan, level, &token);
		else if (token.kind == SQL_PARAMETER)
			parameter(&scan, level, &token);
		else
			value(&scan, level, &token);
		if (token.kind != SQL_PUNCTUATION)
			level->fresh = false;
		if (scan.passed.text == passed.text)
			scan.passed.text = NULL;
		scan.before_previous = scan.previous;
		scan.previous = token.keyword;
	}
	sql_begin_statement(&scan);
}
