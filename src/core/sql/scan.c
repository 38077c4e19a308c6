/*
 * scan.c
 *		What a SQL statement reads, found by a tolerant scan.
 *
 * This file handles each token.  Keywords are in scan_clause.c, parentheses
 * in scan_level.c, conditions in scan_expr.c, names in scan_name.c
 * and templates in scan_template.c.
 *
 * Known differences from PostgreSQL's parser:
 *
 *	- A CTE's name hides a table of that name in all of the rest of the
 *	  statement, also outside the query that the CTE belongs to; only the
 *	  first 64 CTEs are known.  Without RECURSIVE a CTE's name inside its own
 *	  body is a table, as in PostgreSQL, though some dialects recurse there.
 *	- A condition in parentheses that is itself compared, (a = 1) IS TRUE, is
 *	  reported as the condition a =.
 *	- A word that could be a value or a column (a variable of a procedural
 *	  language, the name of a type as an argument) is taken for a column, so a
 *	  comparison with it is not a filter.
 *	- The operators OVERLAPS and OPERATOR(x.=) are not recognized.
 *	- In FROM t, t.items the second is reported as another table.
 *	- A position in GROUP BY is not resolved to a column after a star in the
 *	  select list, or if more than 256 select items are open at once.
 *	- Names of 256 bytes and more are left out.  Parentheses nested more than
 *	  64 levels deep share one level.
 */
#include "core/sql/scan_int.h"
#include "core/sql/talk.h"

#include <string.h>

/* A label before a statement has no more bytes. */
#define MAX_LABEL 40

/* Reads the rest of a table's name with dashes, as BigQuery's projects and tables may have. */
static void
take_dashes(SqlScan *scan, SqlToken *token)
{
	SqlLexer *lexer = &scan->lexer;
	size_t pos = lexer->pos;

	while (pos + 1 < lexer->len && lexer->text[pos] == '-' &&
		   sql_is_word_byte(lexer->text[pos + 1]))
		pos = sql_word_end(lexer, pos + 1);
	token->len += pos - lexer->pos;
	lexer->pos = pos;
}

/*
 * Whether the text is the last word of a type such as TIMESTAMP WITH TIME
 * ZONE, which is not an alias.
 */
static bool
ends_type(const char *text, size_t len)
{
	char buffer[SQL_MAX_NAME];

	len = sql_append_name(buffer, 0, text, len);
	return sql_name_is(buffer, len, "zone") || sql_name_is(buffer, len, "precision") ||
		   sql_name_is(buffer, len, "varying");
}

/* Whether the token is a modifier between INSERT, DELETE or INTO and the name of the table. */
static bool
is_modifier(const SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	static const char *const modifiers[] = {
		"ignore",	"low_priority", "high_priority", "delayed", "quick",	"or",	"rollback",
		"abort",	"fail",			"local",		 "bulk",	"function", "temp", "temporary",
		"unlogged", "global",		"directory",	 "first",	"view"};
	const char *next;
	size_t len = sql_peek_word(scan, scan->lexer.pos, &next);
	char c = sql_next_byte(scan);

	if (token->kind != SQL_WORD ||
		(len == 0 ? c == '\0' || strchr("\"`['{$:@#", c) == NULL
				  : sql_is_word(next, len, "select") || sql_is_word(next, len, "values") ||
						sql_is_word(next, len, "as") || sql_is_word(next, len, "set") ||
						sql_is_word(next, len, "from") || sql_is_word(next, len, "where")))
		return false;
	for (size_t i = 0; i < sizeof(modifiers) / sizeof(modifiers[0]); i++)
	{
		if (!sql_is_word(token->text, token->len, modifiers[i]))
			continue;
		/* What follows one of the last three is not a table, and a function is none. */
		if (i + 3 >= sizeof(modifiers) / sizeof(modifiers[0]))
			level->want_table = false;
		if (sql_is_word(token->text, token->len, "function"))
			level->call_allowed = true;
		return true;
	}
	return false;
}

/* Whether a name is a value: SYSDATE, or the first word of DB2's CURRENT DATE. */
static bool
is_value_name(SqlScan *scan, const SqlLevel *level, const SqlToken *token)
{
	SqlLexer *lexer = &scan->lexer;
	const char *next;
	size_t len;

	if (token->kind != SQL_WORD || level->want_table)
		return false;
	if (sql_is_value_word(token->text, token->len))
		return sql_byte(lexer, lexer->pos) != '.' && sql_next_byte(scan) != '(';
	if (!sql_is_word(token->text, token->len, "current"))
		return false;
	len = sql_peek_word(scan, lexer->pos, &next);
	if (len == 0 || (!sql_is_word(next, len, "date") && !sql_is_word(next, len, "time") &&
					 !sql_is_word(next, len, "timestamp")))
		return false;
	lexer->pos = (size_t) (next - lexer->text) + len;
	return true;
}

/* Whether a name is the third in a row, which no dialect allows here. */
static bool
is_name_too_many(const SqlScan *scan, const SqlLevel *level, const SqlToken *token)
{
	static const char *const others[] = {"nulls",	"time",	   "of", "ignore",
										 "respect", "collect", "at"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
	{
		if (sql_is_word(token->text, token->len, others[i]))
			return false;
	}
	return scan->passed.text != NULL && level->alias.text == scan->passed.text &&
		   scan->previous == KW_NONE && token->keyword == KW_NONE && token->kind == SQL_WORD &&
		   !ends_type(token->text, token->len) &&
		   sql_beginning(token->text, token->len) == SQL_BEGINS_NOTHING;
}

/* Whether a word in the place of a table shows that the text is a sentence: "… from the list". */
static bool
is_in_sentence(const SqlScan *scan, const SqlToken *token)
{
	const char *next;
	size_t len;

	if (token->kind != SQL_WORD || scan->cte_count > 0 ||
		sql_byte(&scan->lexer, scan->lexer.pos) == '.')
		return false;
	len = sql_peek_word(scan, scan->lexer.pos, &next);
	return sql_is_no_table(token->text, token->len, next, len);
}

/*
 * Whether the word is one of DuckDB's statements that are a table by what they
 * return: (PIVOT t ON …), (SUMMARIZE t).
 */
static bool
is_statement_of_table(const SqlScan *scan, const SqlLevel *level, const SqlToken *token)
{
	static const char *const words[] = {"pivot", "unpivot", "summarize", "describe"};
	const size_t n = sizeof(words) / sizeof(words[0]);
	const char *next;
	size_t len;
	size_t i;

	if (token->kind != SQL_WORD || !level->fresh ||
		!(level->kind == SQL_IN_FROM
			  ? level->want_table
			  : level->kind == SQL_IN_QUERY && level->clause == SQL_AT_START))
		return false;
	for (i = 0; i < n && !sql_is_word(token->text, token->len, words[i]); i++)
		;
	if (i == n)
		return false;
	len = sql_peek_word(scan, scan->lexer.pos, &next);
	if (len == 0 || (sql_keyword_flags(sql_keyword_find(next, len)) & SQL_KW_R) != 0)
		return false;
	if (scan->depth > 0)
		return true;
	/* "Summarize sales by region" is none, however. */
	len = sql_peek_word(scan, (size_t) (next - scan->lexer.text) + len, &next);
	return i < 2
			   ? sql_is_word(next, len, "on")
			   : i == 2 && len == 0 && (next == scan->lexer.text + scan->lexer.len || *next == ';');
}

/* Handles a word or quoted identifier that is a name here. */
static void
name(SqlScan *scan, SqlLevel *level, SqlToken *token)
{
	SqlName given;
	SqlName none = {NULL, 0};

	if (token->kind == SQL_WORD && token->text[0] != '#' &&
		sql_byte(&scan->lexer, scan->lexer.pos) == '-' &&
		(level->want_table || (level->last == SQL_LAST_DOT && level->name_is_table)))
		take_dashes(scan, token);
	given.text = token->text;
	given.len = token->len;

	if (level->last == SQL_LAST_SKIP)
	{
		/* x::Nullable(Date) */
		level->modified = token->text - scan->lexer.text > 1 && token->text[-1] == ':' &&
						  token->text[-2] == ':' && sql_byte(&scan->lexer, scan->lexer.pos) == '(';
		level->last = SQL_LAST_OPERAND;
		return;
	}
	if (level->want_table && (level->insert || level->target) && is_modifier(scan, level, token))
		return;
	if (level->last == SQL_LAST_NAME && level->name_is_table && scan->after_gap && token->attached)
	{
		sql_table_part(scan, token);
		return;
	}
	if (level->want_cte)
	{
		level->cte = given;
		level->cte_call = false;
		level->want_cte = false;
		if (level->recursive)
			sql_add_cte(scan, &given);
		level->last = SQL_LAST_OPERAND;
		return;
	}
	if (level->cte_as && level->cte_call && level->clause == SQL_AT_WITH &&
		level->kind == SQL_IN_QUERY && scan->previous == KW_AS &&
		!sql_is_word(token->text, token->len, "materialized"))
	{
		/* ClickHouse's WITH sum(a) AS b: an expression, whose name is b */
		sql_report_aggregate(scan, &level->cte, false);
		level->cte_call = level->cte_as = false;
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
		if (level->called.text != NULL && token->kind == SQL_WORD &&
			((sql_is_word(token->text, token->len, "filter") && sql_next_byte(scan) == '(') ||
			 (sql_is_word(token->text, token->len, "within") && sql_next_is(scan, "group"))))
			sql_report_aggregate(scan, &level->called, true);
		/* An alias, the unit of an interval, a part of a type, … */
		if (level->kind == SQL_IN_QUERY && level->clause == SQL_AT_SELECT && level->cases == 0)
		{
			if (is_name_too_many(scan, level, token))
				sql_unread(scan, SQL_NO_OPERATOR, token->text);
			level->alias =
				scan->previous == KW_OVER || ends_type(token->text, token->len) ? none : given;
		}
		scan->passed = given;
		return;
	}
	if (is_value_name(scan, level, token))
	{
		sql_add_value(level, token);
		return;
	}
	level->last = SQL_LAST_NAME;
	level->name = given;
	level->name_keyword = token->keyword;
	level->name_is_qualified = false;
	level->name_is_table = level->want_table;
	if (level->want_table && is_in_sentence(scan, token))
	{
		level->want_table = level->name_is_table = false;
		level->last = SQL_LAST_OPERAND;
		scan->prose = true;
		sql_unread(scan, SQL_NO_STATEMENT, token->text);
		return;
	}
	if (level->want_table)
	{
		level->want_table = false;
		if (level->target && sql_byte(&scan->lexer, scan->lexer.pos) != '.' &&
			sql_is_alias_ahead(scan, &given))
		{
			level->name_is_table = false;
			level->last = SQL_LAST_OPERAND;
			return;
		}
		sql_begin_table(scan, token->text);
		sql_table_part(scan, token);
	}
}

/* Whether the statement that is at a place contains any of the bytes. */
static bool
has_any(SqlScan *scan, const char *place, const char *bytes)
{
	SqlLexer *lexer = &scan->lexer;
	size_t start = (size_t) (place - lexer->text);

	/* A text is searched once up to each semicolon, however many statements begin before it. */
	if (start >= scan->signs_end)
	{
		static const char all[] = "=<>(";
		const char *end = memchr(place, ';', lexer->len - start);
		size_t n = 0;

		scan->signs_end = end == NULL ? lexer->len : (size_t) (end - lexer->text);
		for (size_t i = 0; all[i] != '\0'; i++)
		{
			if (memchr(place, all[i], scan->signs_end - start) != NULL)
				scan->signs[n++] = all[i];
		}
		scan->signs[n] = '\0';
	}
	return strpbrk(scan->signs, bytes) != NULL;
}

/* Skips a label before a statement: "SQL: SELECT …". */
static bool
skip_label(SqlScan *scan)
{
	SqlLexer *lexer = &scan->lexer;
	const char *next;
	size_t len;

	if (sql_byte(lexer, lexer->pos) != ':')
		return false;
	len = sql_peek_word(scan, lexer->pos + 1, &next);
	if (len == 0 || !sql_begins_surely(next, len))
		return false;
	lexer->pos = (size_t) (next - lexer->text);
	return true;
}

/* Decides by its first word whether the text is a statement. */
static void
begin_word(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	static const char *const plans[] = {"query",   "plan",	   "pipeline", "syntax",
										"ast",	   "extended", "estimate", "formatted",
										"logical", "cost",	   "codegen",  "options"};
	const size_t rest = scan->lexer.len - (size_t) (token->text - scan->lexer.text);
	const bool look = scan->talks > 0;

	/* Where many statements begin in one text, the first ones are looked at. */
	scan->talks -= look;
	if (look && !scan->explaining && sql_is_talk(token->text, rest))
	{
		scan->begun = scan->prose = true;
		sql_unread(scan, SQL_NO_STATEMENT, token->text);
		return;
	}
	switch (sql_beginning(token->text, token->len))
	{
		case SQL_BEGINS_QUERY:
			scan->explaining = token->keyword == KW_EXPLAIN ||
							   sql_is_word(token->text, token->len, "profile") ||
							   sql_is_word(token->text, token->len, "refresh");
			scan->begun = !scan->explaining;
			/* "Update me on …", "With which …" */
			scan->prose = (token->keyword == KW_UPDATE && !has_any(scan, token->text, "=")) ||
						  (token->keyword == KW_WITH && !has_any(scan, token->text, "(=<>"));
			break;
		case SQL_BEGINS_OTHER:
			scan->begun = token->keyword != KW_ANALYZE;
			/* What SHOW filters is not data. */
			scan->prose = token->keyword == KW_SHOW;
			level->no_from = level->into_variable = true;
			return;
		case SQL_BEGINS_PART:
			scan->begun = true;
			scan->prose = !has_any(scan, token->text, "=<>(");
			break;
		case SQL_BEGINS_NOTHING:
			for (size_t i = 0; scan->explaining && i < sizeof(plans) / sizeof(plans[0]); i++)
			{
				if (sql_is_word(token->text, token->len, plans[i]))
					return;
			}
			if (!scan->explaining && skip_label(scan))
				return;
			scan->begun = true;
			if (token->keyword == KW_VERBOSE || scan->previous == KW_VERBOSE)
				break;
			scan->prose =
				!has_any(scan, token->text, "=") || !sql_may_be_statement(token->text, rest);
			break;
	}
	if (scan->prose)
		sql_unread(scan, SQL_NO_STATEMENT, token->text);
}

/* Whether a statement in prose may begin with the word: it is the first in its line. */
static bool
ends_prose(const SqlScan *scan, const SqlToken *token)
{
	const char *start = scan->lexer.text;
	const char *text = token->text;
	const char *label;

	if (token->kind != SQL_WORD || !sql_begins_surely(token->text, token->len))
		return false;
	while (text > start && (text[-1] == ' ' || text[-1] == '\t'))
		text--;
	/* Or it comes after a label, "SQL: SELECT …". */
	if (text > start && text[-1] == ':')
	{
		label = --text;
		while (text > start && label - text < MAX_LABEL &&
			   (text[-1] == ' ' || sql_is_word_start(text[-1])))
			text--;
	}
	return text == start || text[-1] == '\n' || text[-1] == '\r';
}

static void
word(SqlScan *scan, SqlLevel *level, SqlToken *token)
{
	bool start = level->kind == SQL_IN_QUERY && level->clause == SQL_AT_START;

	if (scan->depth > 0)
		scan->begun = true;
	if (!scan->begun)
	{
		begin_word(scan, level, token);
		if (scan->prose)
			return;
	}
	if (is_statement_of_table(scan, level, token))
	{
		/* In FROM it is there instead of a table. */
		level->want_table = false;
		sql_begin_tables(scan, level, SQL_AT_FROM, true);
		level->pivot = true;
		return;
	}
	/* A name after or before a dot is never a keyword. */
	if (level->last != SQL_LAST_DOT && token->keyword != KW_NONE &&
		sql_byte(&scan->lexer, scan->lexer.pos) != '.' && sql_keyword(scan, level, token))
		return;
	if (start && token->keyword != KW_EXPLAIN && token->keyword != KW_ANALYZE &&
		token->keyword != KW_VERBOSE)
		level->clause = SQL_AT_OTHER;
	name(scan, level, token);
}

static void
punctuation(SqlScan *scan, SqlLevel *level, SqlToken *token)
{
	switch (token->text[0])
	{
		case '(':
			if (!sql_take_outer_join(scan))
				sql_open_level(scan, level, false);
			break;
		case ')':
			sql_close_bracket(scan, false);
			break;
		case '[':
			sql_open_level(scan, level, true);
			break;
		case ']':
			sql_close_bracket(scan, true);
			break;
		case '{':
			/* A document, {'a': 1} */
			sql_open_level(scan, level, true);
			break;
		case '}':
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
			if (!level->skip && token->text[0] != '$')
				sql_unread(scan, SQL_UNKNOWN_TOKEN, token->text);
			sql_settle(scan, level, false);
			break;
	}
}

/* DuckDB's "alias: table" and "alias: expression" */
static bool
alias_colon(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	SqlLexer *lexer = &scan->lexer;

	if (token->len != 1 || token->text[0] != ':' || level->last != SQL_LAST_NAME ||
		level->name_is_qualified || lexer->pos >= lexer->len ||
		sql_space_length(lexer->text + lexer->pos, lexer->len - lexer->pos) == 0)
		return false;
	if (level->name_is_table)
	{
		level->name_is_table = false;
		level->want_table = true;
	}
	else if (level->kind == SQL_IN_QUERY && level->clause == SQL_AT_SELECT && !level->operand.any)
		level->alias_before = level->name;
	else
		return false;
	level->last = SQL_LAST_NONE;
	return true;
}

static void
operator(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	if (alias_colon(scan, level, token))
		return;
	level->alias.text = NULL;
	if (token->len == 1 && token->text[0] == '!' && token->attached)
		level->name_is_table = false; /* Snowflake's model!method(…) */
	if (token->len == 1 && token->text[0] == '*' && level->last == SQL_LAST_DOT)
	{
		/* t.*, or MySQL's DELETE t.* */
		if (level->name_is_table)
			sql_settle(scan, level, false);
		if (level->clause == SQL_AT_SELECT)
			level->items_lost = true;
		level->operand.any = true;
		level->last = SQL_LAST_OPERAND;
	}
	else if (token->len == 1 && token->text[0] == '*' && level->fresh &&
			 level->function.text != NULL && sql_next_byte(scan) == ')' &&
			 !sql_takes_star(level->function.text, level->function.len))
	{
		sql_report_aggregate(scan, &level->function, true);
		sql_compare(scan, level, token);
	}
	else if (token->len == 2 && memcmp(token->text, "|>", 2) == 0 && sql_is_query(level))
	{
		/* a pipe of BigQuery */
		sql_begin_clause(scan, level, SQL_AT_OTHER);
	}
	else
		sql_compare(scan, level, token);
}

static void
parameter(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	/* After an operand, '?' is PostgreSQL's operator. */
	if (token->len == 1 && token->text[0] == '?' && sql_in_condition(level) &&
		sql_has_operand(level) &&
		!(level->last == SQL_LAST_NAME && level->name_keyword == KW_INTERVAL))
		sql_compare(scan, level, token);
	else if (level->want_table && sql_byte(&scan->lexer, scan->lexer.pos) == '.')
		sql_begin_gap(scan, level, token);
	else if (level->name_is_table && level->last == SQL_LAST_DOT)
		sql_begin_gap(scan, level, token);
	else
		sql_value(scan, level, token);
}

/*
 * Whether the text is a sentence: it ends like one, and lacks what nearly all
 * SQL has.
 */
static bool
is_sentence(const char *text, size_t len)
{
	while (len > 0 && sql_space_length(text + len - 1, 1) > 0)
		len--;
	if (len < 2 || (text[len - 1] != '?' && text[len - 1] != '.' && text[len - 1] != '!') ||
		!sql_is_word_byte(text[len - 2]))
		return false;
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] != '\0' && strchr("=<>()*;\"'`[]{}", text[i]) != NULL)
			return false;
	}
	return true;
}

/* Whether a paragraph that explains the statement before it starts with the token. */
static bool
begins_explanation(const SqlScan *scan, const SqlToken *token)
{
	const char *text = token->text;
	const char *start = scan->lexer.text;
	const SqlLast last = scan->levels[0].last;
	int lines = 0;

	if ((last != SQL_LAST_NAME && last != SQL_LAST_OPERAND) || scan->depth > 0 || !scan->begun ||
		token->kind != SQL_WORD || token->attached || token->keyword != KW_NONE ||
		sql_beginning(token->text, token->len) != SQL_BEGINS_NOTHING)
		return false;
	for (; text > start &&
		   (text[-1] == ' ' || text[-1] == '\t' || text[-1] == '\n' || text[-1] == '\r');
		 text--)
		lines += text[-1] == '\n';
	return lines >= 2 &&
		   sql_is_explanation(token->text, scan->lexer.len - (size_t) (token->text - start));
}

static void
read_token(SqlScan *scan, SqlToken *token)
{
	SqlLevel *level = sql_current_level(scan);

	if (token->kind == SQL_TAG)
		sql_read_tag(scan, level, token);
	else if (token->kind == SQL_PUNCTUATION)
		punctuation(scan, level, token);
	else if (token->kind == SQL_TEMPLATE)
		sql_read_template(scan, level, token);
	else if (level->skip && token->keyword != KW_SELECT)
		;
	else if (token->kind == SQL_WORD)
		word(scan, level, token);
	else if (token->kind == SQL_QUOTED)
		name(scan, level, token);
	else if (token->kind == SQL_OPERATOR)
		operator(scan, level, token);
	else if (token->kind == SQL_PARAMETER)
		parameter(scan, level, token);
	else
		sql_value(scan, level, token);
	if (token->kind != SQL_PUNCTUATION && token->kind != SQL_TAG)
		level->fresh = false;
}

SqlReading
sql_scan(const char *sql, size_t len, SqlFound found, void *arg)
{
	SqlScan scan;
	SqlToken token;

	memset(&scan, 0, offsetof(SqlScan, levels));
	memset(&scan.levels[0], 0, sizeof(scan.levels[0]));
	scan.cte_count = scan.item_count = 0;
	scan.table_len = 0;
	scan.table_is_qualified = scan.table_gap = scan.table_known = scan.after_gap = false;
	scan.found = found;
	scan.arg = arg;
	scan.ahead = SQL_MAX_AHEAD;
	scan.talks = SQL_MAX_TALKS;
	sql_lexer_init(&scan.lexer, sql, len);
	sql_reset_level(&scan, &scan.levels[0], SQL_IN_QUERY);
	if (is_sentence(sql, len))
	{
		sql_unread(&scan, SQL_NO_STATEMENT, sql);
		return scan.reading;
	}

	while (sql_lexer_next(&scan.lexer, &token))
	{
		SqlName passed = scan.passed;
		bool gap = token.kind == SQL_TEMPLATE || token.kind == SQL_PARAMETER;

		scan.at = token.text == sql_separator ? sql + scan.lexer.pos : token.text;

		if (scan.prose && !ends_prose(&scan, &token))
		{
			if (token.kind == SQL_PUNCTUATION && token.text[0] == ';')
				sql_begin_statement(&scan);
			continue;
		}
		if (scan.prose)
			sql_begin_statement(&scan);
		else if (begins_explanation(&scan, &token))
		{
			sql_begin_statement(&scan);
			scan.begun = scan.prose = true;
			continue;
		}
		read_token(&scan, &token);
		if (scan.passed.text == passed.text)
			scan.passed.text = NULL;
		scan.after_gap = gap;
		if (token.kind == SQL_TAG)
			continue;
		scan.before_previous = scan.previous;
		scan.previous = token.keyword;
		scan.previous_is_number = token.kind == SQL_NUMBER;
	}
	scan.at = sql + len;
	sql_begin_statement(&scan);
	if (scan.lexer.unfinished != NULL)
		sql_unread(&scan, SQL_UNFINISHED, scan.lexer.unfinished);
	scan.reading.foreign = scan.lexer.foreign;
	return scan.reading;
}
