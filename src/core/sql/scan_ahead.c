/*
 * scan_ahead.c
 *		Lookahead of the tolerant scanner.
 *
 *		Bytes are examined at most once for each token, and at most
 *		SQL_MAX_AHEAD tokens in all, so the time stays linear.
 */
#include "core/sql/scan_int.h"

#include <string.h>

size_t
sql_peek_word(const SqlScan *scan, size_t pos, const char **word)
{
	const SqlLexer *lexer = &scan->lexer;
	size_t start = sql_skip_space(lexer, pos);
	size_t end = start;

	*word = lexer->text + start;
	while (end < lexer->len && sql_is_word_byte(lexer->text[end]))
		end++;
	return end - start;
}

bool
sql_next_is(const SqlScan *scan, const char *word)
{
	const char *next;
	size_t len = sql_peek_word(scan, scan->lexer.pos, &next);

	return len > 0 && sql_is_word(next, len, word);
}

char
sql_next_byte(const SqlScan *scan)
{
	return sql_byte(&scan->lexer, sql_skip_space(&scan->lexer, scan->lexer.pos));
}

/* Returns a lexer that continues from here; false if the limit of lookahead is reached. */
static bool
begin_ahead(SqlScan *scan, SqlLexer *ahead)
{
	if (scan->ahead <= 0)
		return false;
	scan->ahead -= 16;
	*ahead = scan->lexer;
	return true;
}

/* Reads the next token of the statement at this level of parentheses; returns false at its end. */
static bool
next_ahead(SqlScan *scan, SqlLexer *ahead, SqlToken *token)
{
	size_t depth = 0;

	while (scan->ahead > 0 && sql_lexer_next(ahead, token))
	{
		scan->ahead--;
		if (token->kind == SQL_PUNCTUATION)
		{
			char c = token->text[0];

			if (c == ';')
				return false;
			if (c == ')' && depth == 0)
				return false;
			if (c == ')' && --depth == 0)
				return true;
			if (c == '(')
				depth++;
		}
		if (depth == 0)
			return true;
	}
	return false;
}

static bool
same_name(const SqlToken *token, const char *name, size_t len)
{
	char buffer[SQL_MAX_NAME];

	return (token->kind == SQL_WORD || token->kind == SQL_QUOTED) &&
		   sql_append_name(buffer, 0, token->text, token->len) == len &&
		   memcmp(buffer, name, len) == 0;
}

bool
sql_is_alias_ahead(SqlScan *scan, const SqlName *name)
{
	char buffer[SQL_MAX_NAME];
	size_t len = sql_append_name(buffer, 0, name->text, name->len);
	SqlLexer ahead;
	SqlToken token;
	bool from = false;
	bool alias = false; /* an alias may be next */

	if (len >= SQL_MAX_NAME || !begin_ahead(scan, &ahead))
		return false;
	while (next_ahead(scan, &ahead, &token))
	{
		if (from && alias && token.before != SQL_BEFORE_DOT && same_name(&token, buffer, len))
			return true;
		switch (token.keyword)
		{
			case KW_FROM:
			case KW_JOIN:
				from = true;
				alias = false;
				continue;
			case KW_WHERE:
			case KW_SELECT:
			case KW_RETURNING:
				return false;
			default:
				break;
		}
		alias = token.keyword == KW_AS || token.kind == SQL_QUOTED || token.kind == SQL_TEMPLATE ||
				(token.kind == SQL_WORD && token.keyword == KW_NONE) ||
				(token.kind == SQL_PUNCTUATION && token.text[0] == ')');
	}
	return false;
}

bool
sql_is_from_ahead(SqlScan *scan)
{
	SqlLexer ahead;
	SqlToken token;

	if (!begin_ahead(scan, &ahead))
		return true;
	while (next_ahead(scan, &ahead, &token))
	{
		if (token.keyword == KW_FROM)
			return true;
		if (token.keyword == KW_WHERE || token.keyword == KW_USING ||
			token.keyword == KW_RETURNING || token.keyword == KW_SELECT)
			return false;
	}
	return false;
}

bool
sql_take_outer_join(SqlScan *scan)
{
	SqlLexer *lexer = &scan->lexer;
	size_t pos = sql_skip_space(lexer, lexer->pos);

	if (sql_byte(lexer, pos) != '+')
		return false;
	pos = sql_skip_space(lexer, pos + 1);
	if (sql_byte(lexer, pos) != ')')
		return false;
	lexer->pos = pos + 1;
	lexer->before = SQL_BEFORE_OPERAND;
	if (lexer->depth > 0)
		lexer->depth--;
	return true;
}

bool
sql_is_hint_ahead(const SqlScan *scan)
{
	const SqlLexer *lexer = &scan->lexer;
	size_t pos = lexer->pos;

	for (;;)
	{
		const char *word;
		size_t len = sql_peek_word(scan, pos, &word);

		if (len == 0 || !sql_is_table_hint(word, len))
			return false;
		pos = sql_skip_space(lexer, (size_t) (word - lexer->text) + len);
		if (sql_byte(lexer, pos) == '(' || sql_byte(lexer, pos) == '=')
			return true;
		if (sql_byte(lexer, pos) == ')')
			return true;
		if (sql_byte(lexer, pos) == ',')
			pos++;
	}
}

/* Names that are commonly used for variables. */
static bool
is_variable_name(const char *name, size_t len)
{
	static const char *const prefixes[] = {"v_", "l_",	"p_",  "g_",  "o_",	  "r_",	  "x_",
										   "n_", "i_",	"lv_", "gv_", "var_", "out_", "rec_",
										   "_",	 "ln_", "lc_", "ls_", "ld_"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
	{
		size_t prefix = strlen(prefixes[i]);

		if (len > prefix && prefixes[i][prefix - 1] == '_' &&
			sql_is_word(name, prefix, prefixes[i]))
			return true;
	}
	return false;
}

bool
sql_is_variable_ahead(const SqlScan *scan, const SqlLevel *level)
{
	static const char *const tables[] = {"table", "temp", "temporary", "unlogged", "global"};
	const char *word;
	size_t len = sql_peek_word(scan, scan->lexer.pos, &word);
	size_t pos = sql_skip_space(&scan->lexer, (size_t) (word - scan->lexer.text) + len);

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
	{
		if (len > 0 && sql_is_word(word, len, tables[i]))
			return false;
	}
	if (len == 0 || sql_byte(&scan->lexer, pos) == '.')
		return false;
	return level->unnamed || sql_byte(&scan->lexer, pos) == ',' || is_variable_name(word, len) ||
		   sql_is_word(word, len, "strict");
}
