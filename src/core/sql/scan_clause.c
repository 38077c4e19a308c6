/*
 * scan_clause.c
 *		The keywords of statements, clauses and expressions in the tolerant
 *		scanner.
 */
#include "core/sql/scan_int.h"

#include <string.h>

/* Whether TABLE has a table's name behind it, and is not one itself. */
static bool
is_table_ahead(const SqlScan *scan)
{
	const char *next;
	size_t len = sql_peek_word(scan, scan->lexer.pos, &next);
	char c = sql_next_byte(scan);

	if (len == 0)
		return c != '\0' && c != ';' && c != ')' && c != ',' && c != '.';
	if (sql_byte(&scan->lexer, (size_t) (next - scan->lexer.text) + len) == '.')
		return true;
	return (sql_keyword_flags(sql_keyword_find(next, len)) & SQL_KW_R) == 0 &&
		   sql_keyword_find(next, len) != KW_LIMIT;
}

/* Handles a keyword in the place of a table's name.  Returns true if it is not a name. */
static bool
before_table(const SqlScan *scan, SqlLevel *level, SqlKeyword keyword)
{
	switch (keyword)
	{
		case KW_ONLY:
		case KW_LATERAL:
		case KW_IF:
		case KW_NOT:
		case KW_EXISTS:
		case KW_INTO:
		case KW_OVERWRITE:
			return true;
		case KW_TABLE:
			return is_table_ahead(scan);
		case KW_OR:
			return level->insert;
		case KW_REPLACE:
			return level->insert && scan->previous == KW_OR;
		case KW_ALL:
			level->want_table = !level->insert;
			return level->insert;
		case KW_TOP:
			return level->insert || level->target || level->using_table;
		case KW_OUTFILE:
		case KW_DUMPFILE:
			level->want_table = false;
			return true;
		default:
			return false;
	}
}

/* Handles keywords that start a statement, where a statement may start. */
static bool
statement_keyword(SqlScan *scan, SqlLevel *level, SqlKeyword keyword)
{
	if (level->clause != SQL_AT_START &&
		(level->clause != SQL_AT_WITH || level->cte_as || level->want_cte))
		return false;
	switch (keyword)
	{
		case KW_UPDATE:
		case KW_TRUNCATE:
			sql_begin_tables(scan, level, SQL_AT_FROM, false);
			level->target = keyword == KW_UPDATE;
			return true;
		case KW_INSERT:
		case KW_REPLACE:
			/* But not SELECT * EXCEPT (…) REPLACE (…) */
			if (sql_next_byte(scan) == '(')
				return false;
			sql_begin_tables(scan, level, SQL_AT_INTO, false);
			level->insert = true;
			return true;
		case KW_MERGE:
			sql_begin_tables(scan, level, SQL_AT_INTO, false);
			level->using_table = true;
			return true;
		case KW_DELETE:
			if (sql_is_from_ahead(scan))
				sql_begin_clause(scan, level, SQL_AT_OTHER);
			else
			{
				sql_begin_tables(scan, level, SQL_AT_FROM, false);
				level->target = true;
			}
			level->using_table = true;
			return true;
		case KW_COPY:
			sql_begin_tables(scan, level, SQL_AT_INTO, false);
			level->no_from = true;
			return true;
		case KW_REVOKE:
		case KW_SHOW:
		case KW_FETCH:
		case KW_MOVE:
			sql_begin_clause(scan, level, SQL_AT_OTHER);
			level->no_from = level->into_variable = true;
			return true;
		default:
			return false;
	}
}

/* INTO is followed by a table, or by variables. */
static void
into(SqlScan *scan, SqlLevel *level)
{
	bool insert = scan->previous == KW_INSERT || scan->previous == KW_REPLACE ||
				  scan->previous == KW_MERGE || scan->previous == KW_OVERWRITE || level->insert;
	bool items = level->clause == SQL_AT_SELECT;
	bool selecting = level->selecting;

	sql_begin_tables(scan, level, SQL_AT_INTO, false);
	level->insert = true;
	if (insert)
		level->selecting = false;
	else if (level->into_variable || (selecting && (!items || sql_is_variable_ahead(scan, level))))
	{
		/* But a file, which the keyword after INTO says. */
		level->want_table = level->insert = false;
		level->clause = SQL_AT_OTHER;
	}
}

/* Whether a name and SET follow. */
static bool
is_update_ahead(const SqlScan *scan)
{
	const SqlLexer *lexer = &scan->lexer;
	size_t start = sql_skip_space(lexer, lexer->pos);
	size_t pos = start;
	const char *word;
	size_t len;

	while (pos < lexer->len && pos - start < SQL_MAX_NAME &&
		   sql_space_length(lexer->text + pos, lexer->len - pos) == 0)
		pos++;
	len = sql_peek_word(scan, pos, &word);
	return pos > start && !sql_next_is(scan, "set") && len > 0 && sql_is_word(word, len, "set");
}

/*
 * Handles keywords that end the preceding part only after an operand, so that
 * they can be names of columns.
 */
static bool
soft_keyword(SqlScan *scan, SqlLevel *level, SqlKeyword keyword)
{
	if (!sql_has_operand(level) || level->cases > 0)
		return false;
	switch (keyword)
	{
		case KW_OFFSET:
			if (scan->previous == KW_WITH)
				return false;
			/* FALLTHROUGH */
		case KW_LIMIT:
		case KW_FETCH:
		case KW_WINDOW:
		case KW_QUALIFY:
		case KW_RETURNING:
		case KW_FOR:
		case KW_FORMAT:
		case KW_SETTINGS:
		case KW_OPTION:
			if (scan->previous == KW_AS || level->clause == SQL_AT_SELECT)
				return false;
			level->into_variable = level->into_variable || keyword == KW_RETURNING;
			if (keyword == KW_FOR && level->clause == SQL_AT_FROM &&
				sql_next_is(scan, "system_time"))
			{
				/* FOR SYSTEM_TIME FROM a TO b: no table, and others may follow */
				sql_settle(scan, level, false);
				level->no_from = true;
				return true;
			}
			if (keyword == KW_FOR)
				level->hint = sql_next_is(scan, "join") || sql_next_is(scan, "order") ||
							  sql_next_is(scan, "group");
			sql_begin_clause(scan, level, SQL_AT_OTHER);
			return true;
		case KW_APPLY:
		case KW_STRAIGHT_JOIN:
			if (level->clause != SQL_AT_FROM && level->clause != SQL_AT_CONDITION)
				return false;
			sql_begin_tables(scan, level, SQL_AT_FROM, true);
			return true;
		case KW_INSERT:
			/* Hive's FROM t INSERT OVERWRITE …, and statements without semicolons between them */
			if (!sql_next_is(scan, "into") && !sql_next_is(scan, "overwrite"))
				return false;
			sql_begin_tables(scan, level, SQL_AT_INTO, false);
			level->insert = true;
			return true;
		case KW_UPDATE:
			/* IF EXISTS (…) UPDATE t SET …, but not ON DUPLICATE KEY UPDATE a = 1 */
			if (level->clause != SQL_AT_OTHER || !is_update_ahead(scan))
				return false;
			sql_begin_tables(scan, level, SQL_AT_FROM, false);
			level->target = true;
			return true;
		case KW_MINUS:
			sql_begin_clause(scan, level, SQL_AT_START);
			return true;
		default:
			return false;
	}
}

/* Whether FROM belongs to FROM FIRST or FROM LAST, after a window function. */
static bool
is_from_first(SqlScan *scan)
{
	static const char *const next[] = {"over", "respect", "ignore"};
	const char *word;
	size_t len = sql_peek_word(scan, scan->lexer.pos, &word);

	if (len == 0 || (!sql_is_word(word, len, "first") && !sql_is_word(word, len, "last")))
		return false;
	len = sql_peek_word(scan, (size_t) (word - scan->lexer.text) + len, &word);
	for (size_t i = 0; i < sizeof(next) / sizeof(next[0]); i++)
	{
		if (len > 0 && sql_is_word(word, len, next[i]))
			return true;
	}
	return false;
}

/* Skips the word in JOIN EACH and GROUP EACH BY of BigQuery's older dialect. */
static void
skip_each(SqlScan *scan)
{
	const char *next;
	size_t len = sql_peek_word(scan, scan->lexer.pos, &next);
	size_t end = (size_t) (next - scan->lexer.text) + len;

	if (len > 0 && sql_is_word(next, len, "each") && sql_byte(&scan->lexer, end) != '.')
		scan->lexer.pos = end;
}

/* Handles keywords of queries.  Returns false if the word is not one here. */
static bool
query_keyword(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	if (level->hint && (token->keyword == KW_JOIN || token->keyword == KW_ORDER ||
						token->keyword == KW_GROUP || token->keyword == KW_BY))
		return true; /* MySQL's USE INDEX FOR JOIN (x) */
	switch (token->keyword)
	{
		case KW_SELECT:
			if (scan->previous == KW_TABLE)
				level->want_table = false;
			sql_begin_clause(scan, level, SQL_AT_SELECT);
			level->selecting = true;
			level->unnamed = level->into_variable = false;
			scan->item_count = level->first_item;
			level->item_count = 0;
			level->items_lost = false;
			level->using_table = level->no_from = level->pivot = false;
			return true;
		case KW_FROM:
			if (level->no_from ||
				(scan->previous == KW_DISTINCT &&
				 (scan->before_previous == KW_IS || scan->before_previous == KW_NOT)))
				return false;
			/* NTH_VALUE(a, 2) FROM FIRST … OVER (…) */
			if (scan->previous == KW_NONE && is_from_first(scan))
				return true;
			/* DuckDB's (FROM t) */
			if (level->kind == SQL_IN_FROM && level->fresh)
				level->want_table = false;
			/* ROWS FROM (f(), g()) */
			if (scan->previous == KW_ROWS)
				level->name_is_table = false;
			sql_begin_tables(scan, level, SQL_AT_FROM, true);
			level->target = scan->previous == KW_DELETE;
			return true;
		case KW_JOIN:
			skip_each(scan);
			/* ClickHouse's ARRAY JOIN is followed by columns. */
			if (scan->previous == KW_ARRAY)
				sql_begin_clause(scan, level, SQL_AT_OTHER);
			else
				sql_begin_tables(scan, level, SQL_AT_FROM, true);
			return true;
		case KW_LATERAL:
			/* Hive's LATERAL VIEW f(x) t AS a, b: no tables */
			if (!sql_next_is(scan, "view"))
				return false;
			sql_begin_clause(scan, level, SQL_AT_OTHER);
			return true;
		case KW_INTO:
			if (level->pivot)
				sql_begin_clause(scan, level, SQL_AT_OTHER);
			else
				into(scan, level);
			return true;
		case KW_TABLE:
			if (level->clause != SQL_AT_START && level->clause != SQL_AT_WITH &&
				level->clause != SQL_AT_OTHER &&
				(level->clause != SQL_AT_INTO || !sql_has_operand(level)))
				return false;
			sql_begin_tables(scan, level, SQL_AT_INTO, false);
			return true;
		case KW_USING:
			if (!level->using_table)
			{
				/* ClickHouse's USING a, b has no parentheses. */
				if (level->clause != SQL_AT_FROM || sql_next_byte(scan) == '(')
					return false;
				sql_begin_clause(scan, level, SQL_AT_OTHER);
				return true;
			}
			sql_begin_tables(scan, level, SQL_AT_FROM, true);
			level->using_table = false;
			return true;
		case KW_WHERE:
		case KW_PREWHERE:
			sql_begin_clause(scan, level, SQL_AT_CONDITION);
			level->is_on = false;
			return true;
		case KW_ON:
			if (level->pivot && level->clause == SQL_AT_FROM)
			{
				sql_begin_clause(scan, level, SQL_AT_OTHER);
				return true;
			}
			if (level->clause == SQL_AT_FROM || (level->clause == SQL_AT_CONDITION && level->is_on))
			{
				sql_begin_clause(scan, level, SQL_AT_CONDITION);
				level->is_on = true;
				return true;
			}
			if (level->clause == SQL_AT_SELECT && scan->previous == KW_DISTINCT)
				level->apart_next = true;
			return false;
		case KW_CONFLICT:
		case KW_DUPLICATE:
			if (scan->previous != KW_ON)
				return false;
			sql_begin_clause(scan, level, SQL_AT_OTHER);
			return true;
		case KW_GROUP:
		case KW_ORDER:
		case KW_PARTITION:
			sql_settle(scan, level, false);
			skip_each(scan);
			return token->keyword != KW_PARTITION;
		case KW_BY:
			/* SQLite's INDEXED BY x */
			if (scan->passed.text != NULL &&
				sql_is_word(scan->passed.text, scan->passed.len, "indexed"))
			{
				level->last = SQL_LAST_SKIP;
				return true;
			}
			sql_begin_clause(scan, level,
							 scan->previous == KW_GROUP ? SQL_AT_GROUP_BY : SQL_AT_OTHER);
			return true;
		case KW_UNION:
		case KW_INTERSECT:
		case KW_EXCEPT:
			sql_begin_clause(scan, level, SQL_AT_START);
			return true;
		case KW_SET:
		case KW_HAVING:
			sql_begin_clause(scan, level, SQL_AT_OTHER);
			return true;
		case KW_VALUES:
			if (level->clause != SQL_AT_START && level->clause != SQL_AT_INTO &&
				level->clause != SQL_AT_WITH && level->clause != SQL_AT_FROM)
				return false;
			level->want_table = false;
			sql_begin_clause(scan, level, SQL_AT_OTHER);
			return true;
		case KW_WITH:
			if (level->clause == SQL_AT_SELECT && sql_next_is(scan, "ties"))
			{
				/* TOP (10) WITH TIES a */
				const char *ties;
				size_t len = sql_peek_word(scan, scan->lexer.pos, &ties);

				scan->lexer.pos = (size_t) (ties - scan->lexer.text) + len;
				memset(&level->operand, 0, sizeof(level->operand));
				level->last = SQL_LAST_NONE;
				return true;
			}
			if (level->clause == SQL_AT_GROUP_BY || scan->previous == KW_START)
				sql_begin_clause(scan, level, SQL_AT_OTHER);
			else if (level->clause == SQL_AT_START || level->clause == SQL_AT_INTO ||
					 level->clause == SQL_AT_OTHER)
			{
				sql_begin_clause(scan, level, SQL_AT_WITH);
				level->want_cte = true;
				level->recursive = false;
			}
			else if (level->name_is_table)
				sql_settle(scan, level, false); /* T-SQL's hints, WITH (NOLOCK) */
			return true;
		case KW_RECURSIVE:
			if (!level->want_cte || scan->previous != KW_WITH)
				return false;
			level->recursive = true;
			return true;
		case KW_WHEN:
			if (level->cases > 0 || level->clause != SQL_AT_CONDITION)
				return false;
			sql_begin_clause(scan, level, SQL_AT_OTHER);
			return true;
		case KW_ELSE:
			/* Transact-SQL's IF … UPDATE t … WHERE a = 1 ELSE … */
			if (level->cases > 0 || level->clause != SQL_AT_CONDITION)
				return false;
			sql_begin_clause(scan, level, SQL_AT_START);
			return true;
		case KW_GROUPING:
			return level->clause == SQL_AT_GROUP_BY;
		default:
			return statement_keyword(scan, level, token->keyword) ||
				   soft_keyword(scan, level, token->keyword);
	}
}

/* Handles keywords of expressions, wherever they are.  Returns false if the word is a name. */
static bool
expression_keyword(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	unsigned flags = sql_keyword_flags(token->keyword);

	switch (token->keyword)
	{
		case KW_CASE:
			level->cases++;
			break;
		case KW_DISTINCT:
			if (level->fresh && level->function.text != NULL)
				sql_report_aggregate(scan, &level->function, true);
			break;
		case KW_ALL:
			/* GROUP BY ALL */
			if (scan->previous != KW_BY)
				break;
			level->operand.any = true;
			level->last = SQL_LAST_OPERAND;
			return true;
		case KW_TABLE:
			/* A function's argument, f(TABLE a) */
			if (level->kind != SQL_IN_EXPRESSION)
				break;
			sql_settle(scan, level, false);
			level->want_table = true;
			level->call_allowed = false;
			level->last = SQL_LAST_NONE;
			return true;
		case KW_USER:
			/* A column, except when it is compared with one */
			if (!sql_in_condition(level) || level->how == SQL_NOT_COMPARED)
				return false;
			break;
		case KW_END:
			if (level->cases == 0)
				return false;
			sql_settle(scan, level, false);
			level->cases--;
			level->operand.any = true;
			level->last = SQL_LAST_OPERAND;
			return true;
		case KW_AS:
			sql_settle(scan, level, false);
			if (level->clause == SQL_AT_WITH && sql_is_query(level))
				level->cte_as = true;
			else if (level->cast)
				level->skip = true;
			else if (level->kind == SQL_IN_QUERY && level->clause == SQL_AT_SELECT)
				level->alias_next = sql_has_operand(level);
			return true;
		case KW_GROUPING:
			/* GROUPING SETS (GROUPING SETS (…)) */
			return level->kind == SQL_IN_GROUPING;
		case KW_USING:
			/* CONVERT(x USING utf8) */
			sql_settle(scan, level, false);
			level->skip = level->skip || level->units == SQL_TYPE_ANYWHERE;
			return true;
		case KW_FROM:
			sql_settle(scan, level, false);
			if (level->extract)
				memset(&level->operand, 0, sizeof(level->operand));
			break;
		case KW_WITH:
			/* TIMESTAMP WITH TIME ZONE */
			sql_settle(scan, level, false);
			return true;
		case KW_COLLATE:
			sql_settle(scan, level, false);
			level->last = SQL_LAST_SKIP;
			return true;
		case KW_ROWS:
		case KW_RANGE:
		case KW_GROUPS:
			if (!level->over || (!level->fresh && !sql_has_operand(level)))
				return false;
			sql_settle(scan, level, false);
			level->skip = true;
			return true;
		default:
			break;
	}
	if ((flags & SQL_KW_V) != 0)
	{
		sql_settle(scan, level, false);
		if (level->last == SQL_LAST_NONE)
			sql_add_value(level, token);
		return true;
	}
	if ((flags & (SQL_KW_S | SQL_KW_R)) == 0)
		return false;
	sql_settle(scan, level, false);
	level->last = SQL_LAST_NONE;
	return true;
}

/*
 * Whether parentheses that contained something else so far contain a query
 * from this keyword on.
 */
static bool
makes_query(const SqlLevel *level, SqlKeyword keyword)
{
	switch (keyword)
	{
		case KW_SELECT:
		case KW_UNION:
		case KW_INTERSECT:
		case KW_EXCEPT:
			return level->kind != SQL_IN_QUERY;
		case KW_WITH:
		case KW_VALUES:
			return level->kind != SQL_IN_QUERY && level->fresh;
		case KW_FROM:
			/* DuckDB's EXISTS (FROM t), but trim(FROM x) */
			return level->kind != SQL_IN_QUERY && level->kind != SQL_IN_FROM && level->fresh &&
				   level->function.text == NULL;
		default:
			return false;
	}
}

/* Whether a reserved word is a table's name, because nothing else it is used for follows. */
static bool
is_name_of_table(const SqlScan *scan, SqlKeyword keyword)
{
	switch (keyword)
	{
		case KW_DEFAULT:
			return true;
		case KW_GROUP:
		case KW_ORDER:
			return !sql_next_is(scan, "by") && !sql_next_is(scan, "each");
		default:
			return false;
	}
}

bool
sql_keyword(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	bool reserved = (sql_keyword_flags(token->keyword) & SQL_KW_R) != 0;

	/* A key in a document, a:from */
	if (level->last == SQL_LAST_SKIP && token->attached && token->text > scan->lexer.text &&
		token->text[-1] == ':' && (token->text - 1 == scan->lexer.text || token->text[-2] != ':'))
		return false;
	/* SOME with nothing to choose from is a name. */
	if (token->keyword == KW_SOME && sql_in_condition(level) && sql_next_byte(scan) != '(')
		return false;
	/* Some places require a name, and only a reserved word is not one. */
	if (level->want_table)
	{
		if (is_name_of_table(scan, token->keyword))
			return false;
		if (before_table(scan, level, token->keyword))
			return true;
		if (!reserved || (token->keyword == KW_TABLE && !is_table_ahead(scan)))
			return false;
	}
	if ((level->last == SQL_LAST_SKIP || level->alias_next) && !reserved)
		return false;
	if (level->want_cte && token->keyword != KW_RECURSIVE)
		return false;

	if (token->keyword == KW_WITH && level->last == SQL_LAST_NAME && !level->name_is_table &&
		!level->name_is_qualified &&
		(sql_name_is(level->name.text, level->name.len, "timestamp") ||
		 sql_name_is(level->name.text, level->name.len, "time")))
	{
		/* TIMESTAMP WITH TIME ZONE '2024-01-01' */
		level->operand.any = true;
		level->last = SQL_LAST_OPERAND;
		return true;
	}
	if (makes_query(level, token->keyword))
		sql_become_query(scan, level);
	if (sql_in_condition(level) && sql_condition_keyword(scan, level, token))
		return true;
	if (sql_is_query(level) && query_keyword(scan, level, token))
		return true;
	return expression_keyword(scan, level, token);
}
