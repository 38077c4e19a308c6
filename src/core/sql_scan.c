/*
 * sql_scan.c
 *		What a SQL statement reads, found by a tolerant scan.
 *
 * Here are the clauses and the parentheses; conditions are in
 * sql_scan_expr.c, names in sql_scan_name.c.
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

static SqlLevel *
current_level(SqlScan *scan)
{
	return &scan->levels[scan->depth < SQL_MAX_LEVELS ? scan->depth : SQL_MAX_LEVELS - 1];
}

static void
reset_level(SqlScan *scan, SqlLevel *level, SqlLevelKind kind)
{
	memset(level, 0, sizeof(*level));
	level->kind = kind;
	level->fresh = true;
	level->first_item = scan->item_count;
	level->quantifier = "";
}

static bool
is_query(const SqlLevel *level)
{
	return level->kind == SQL_IN_QUERY || level->kind == SQL_IN_FROM;
}

static void
reset_operand(SqlLevel *level)
{
	memset(&level->operand, 0, sizeof(level->operand));
	level->last = SQL_LAST_NONE;
}

/* A select item ends. */
static void
end_item(SqlScan *scan, SqlLevel *level)
{
	SqlName none = {NULL, 0};

	if (!level->items_lost && scan->item_count < SQL_MAX_ITEMS)
	{
		scan->items[scan->item_count++] = level->alias.text != NULL		? level->alias
										  : level->operand.columns == 1 ? level->operand.column
																		: none;
		level->item_count++;
	}
	else
		level->items_lost = true;
	level->alias = none;
	level->alias_next = false;
	reset_operand(level);
}

/* The level whose select items positions mean: the innermost query. */
static const SqlLevel *
item_level(const SqlScan *scan)
{
	size_t i = scan->depth < SQL_MAX_LEVELS ? scan->depth : SQL_MAX_LEVELS - 1;

	while (i > 0 && scan->levels[i].kind != SQL_IN_QUERY)
		i--;
	return &scan->levels[i];
}

/* An element of GROUP BY ends. */
static void
end_group(SqlScan *scan, SqlLevel *level)
{
	const SqlLevel *query = item_level(scan);
	int position = level->operand.position;

	if (position > 0)
	{
		if (position <= query->item_count)
			sql_report_name(scan, SQL_GROUP_BY, &scan->items[query->first_item + position - 1]);
	}
	else if (level->operand.columns == 1)
		sql_report_name(scan, SQL_GROUP_BY, &level->operand.column);
	reset_operand(level);
}

/* What is open on the level ends: a clause, or all of it. */
static void
end_clause(SqlScan *scan, SqlLevel *level)
{
	sql_settle(scan, level, false);
	level->cases = 0;
	if (level->kind == SQL_IN_GROUPING)
		end_group(scan, level);
	else if (is_query(level))
	{
		if (level->clause == SQL_AT_SELECT)
			end_item(scan, level);
		else if (level->clause == SQL_AT_GROUP_BY)
			end_group(scan, level);
		else if (level->clause == SQL_AT_CONDITION)
			sql_end_comparison(scan, level);
	}
	level->want_table = false;
	level->want_cte = false;
	level->cte_as = false;
	level->alias_next = false;
	level->apart_next = false;
}

static void
begin_clause(SqlScan *scan, SqlLevel *level, SqlClause clause)
{
	end_clause(scan, level);
	level->clause = clause;
	reset_operand(level);
}

static void
begin_tables(SqlScan *scan, SqlLevel *level, SqlClause clause, bool call_allowed)
{
	begin_clause(scan, level, clause);
	level->want_table = true;
	level->call_allowed = call_allowed;
}

/* Parentheses turn out to hold a query. */
static void
become_query(SqlScan *scan, SqlLevel *level)
{
	if (is_query(level) && level->kind == SQL_IN_QUERY)
		return;
	end_clause(scan, level);
	level->kind = SQL_IN_QUERY;
	level->clause = SQL_AT_START;
	level->skip = false;
	level->row = false;
	level->how = SQL_NOT_COMPARED;
	reset_operand(level);
}

static bool
name_is(const char *name, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(name, word, len) == 0;
}

/* A parenthesis follows the pending name: a function is called. */
static void
begin_call(SqlScan *scan, SqlLevel *level, SqlLevel *call)
{
	char name[SQL_MAX_NAME];
	size_t len = sql_append_name(name, 0, level->name.text, level->name.len);

	level->last = SQL_LAST_OPERAND;
	level->name_is_table = false;
	if (len >= SQL_MAX_NAME)
		return;
	if (sql_is_aggregate(name, len))
		scan->found(SQL_AGGREGATIONS, name, len, scan->arg);
	if (((level->kind == SQL_IN_QUERY && level->clause == SQL_AT_GROUP_BY) ||
		 level->kind == SQL_IN_GROUPING) &&
		(name_is(name, len, "rollup") || name_is(name, len, "cube") || name_is(name, len, "sets")))
		call->kind = SQL_IN_GROUPING;
	call->cast = name_is(name, len, "cast") || name_is(name, len, "try_cast") ||
				 name_is(name, len, "safe_cast");
	call->extract = name_is(name, len, "extract");
	call->dates = sql_takes_time_unit(name, len);
}

/* '(', or a '[' that quotes no name. */
static void
open_level(SqlScan *scan, SqlLevel *level, bool bracket)
{
	bool pending = level->last == SQL_LAST_NAME || level->last == SQL_LAST_DOT;
	bool array = bracket && level->name_keyword == KW_ARRAY;
	SqlLevel next;

	if (scan->depth + 1 >= SQL_MAX_LEVELS)
	{
		sql_settle(scan, level, false);
		scan->depth++;
		return;
	}
	level->fresh = false;
	reset_level(scan, &next, SQL_IN_EXPRESSION);
	next.bracket = bracket;
	next.skip = level->skip;
	next.over = scan->previous == KW_OVER;
	next.apart = level->apart_next;
	level->apart_next = false;

	if (pending && level->name_is_table && !level->call_allowed)
		sql_settle(scan, level, false);
	else if (pending && (!bracket || array))
		begin_call(scan, level, &next);
	else if (pending)
		sql_settle(scan, level, false);
	else if (bracket)
		;
	else if (level->want_table && scan->previous != KW_TABLE)
		next.kind = SQL_IN_FROM;
	else if (is_query(level) && level->clause == SQL_AT_START)
		next.kind = SQL_IN_QUERY;
	else if (is_query(level) && level->clause == SQL_AT_WITH && level->cte_as)
		next.kind = SQL_IN_QUERY;
	else if (level->last == SQL_LAST_NONE && !level->operand.any &&
			 (level->kind == SQL_IN_GROUPING ||
			  (level->kind == SQL_IN_QUERY && level->clause == SQL_AT_GROUP_BY)) &&
			 level->cases == 0)
		next.kind = SQL_IN_GROUPING;
	else if (level->last == SQL_LAST_NONE && !level->operand.any && sql_in_condition(level) &&
			 level->how == SQL_NOT_COMPARED)
		next.kind = SQL_IN_CONDITION;

	if (next.kind == SQL_IN_FROM)
	{
		next.clause = SQL_AT_FROM;
		next.want_table = true;
		next.call_allowed = true;
	}
	level->want_table = false;
	scan->depth++;
	scan->levels[scan->depth] = next;
}

static void
close_level(SqlScan *scan)
{
	SqlLevel *level = current_level(scan);
	SqlOperand operand;

	if (scan->depth == 0)
	{
		end_clause(scan, level);
		reset_level(scan, level, SQL_IN_QUERY);
		return;
	}
	if (scan->depth >= SQL_MAX_LEVELS)
	{
		sql_settle(scan, level, false);
		scan->depth--;
		return;
	}

	sql_settle(scan, level, false);
	operand = level->operand;
	if (level->kind == SQL_IN_CONDITION)
	{
		if (level->boolean)
		{
			/* A condition: what is compared with it is no column. */
			sql_end_comparison(scan, level);
			operand.columns = 2;
		}
	}
	else if (level->kind != SQL_IN_EXPRESSION || level->apart)
	{
		end_clause(scan, level);
		memset(&operand, 0, sizeof(operand));
	}
	scan->item_count = level->first_item;
	scan->depth--;

	level = current_level(scan);
	sql_settle(scan, level, false);
	if (scan->levels[scan->depth + 1].apart)
		level->last = SQL_LAST_NONE;
	else
	{
		sql_merge_operand(&level->operand, &operand);
		level->last = SQL_LAST_OPERAND;
	}
	if (is_query(level) && level->clause == SQL_AT_WITH && level->cte_as)
	{
		level->cte_as = false;
		if (!level->recursive)
			sql_add_cte(scan, &level->cte);
	}
}

/* ')' or ']': brackets left open inside parentheses end with them. */
static void
close_bracket(SqlScan *scan, bool bracket)
{
	if (scan->depth < SQL_MAX_LEVELS)
	{
		if (bracket && !current_level(scan)->bracket)
			return;
		while (!bracket && scan->depth > 0 && current_level(scan)->bracket)
			close_level(scan);
	}
	close_level(scan);
}

static void
comma(SqlScan *scan, SqlLevel *level)
{
	sql_settle(scan, level, true);
	level->later = true;
	if (level->cases > 0)
	{
		level->last = SQL_LAST_NONE;
		return;
	}
	switch (level->kind)
	{
		case SQL_IN_EXPRESSION:
			level->last = SQL_LAST_NONE;
			return;
		case SQL_IN_CONDITION:
			/* A row of operands: all columns in it count as of one operand. */
			if (level->how != SQL_NOT_COMPARED)
				sql_merge_operand(&level->operand, &level->left);
			level->how = SQL_NOT_COMPARED;
			level->row = true;
			level->last = SQL_LAST_NONE;
			return;
		case SQL_IN_GROUPING:
			end_group(scan, level);
			return;
		case SQL_IN_QUERY:
		case SQL_IN_FROM:
			break;
	}
	switch (level->clause)
	{
		case SQL_AT_WITH:
			if (!level->cte_as)
				level->want_cte = true;
			break;
		case SQL_AT_SELECT:
			end_item(scan, level);
			break;
		case SQL_AT_FROM:
			begin_tables(scan, level, SQL_AT_FROM, level->call_allowed);
			break;
		case SQL_AT_CONDITION:
			if (level->is_on)
				begin_tables(scan, level, SQL_AT_FROM, true);
			else
				sql_end_comparison(scan, level);
			break;
		case SQL_AT_GROUP_BY:
			end_group(scan, level);
			break;
		default:
			reset_operand(level);
			break;
	}
}

/* A new statement: after ';' nothing is open, whatever was. */
static void
begin_statement(SqlScan *scan)
{
	while (scan->depth > 0)
		close_level(scan);
	end_clause(scan, &scan->levels[0]);
	scan->item_count = 0;
	scan->cte_count = 0;
	reset_level(scan, &scan->levels[0], SQL_IN_QUERY);
}

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

/* A word or quoted identifier that is a name here. */
static void
name(SqlScan *scan, SqlLevel *level, SqlToken *token)
{
	SqlName given;

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
	if (level->last == SQL_LAST_NAME && level->name_keyword == KW_INTERVAL)
		level->last = SQL_LAST_NONE;
	sql_settle(scan, level, false);
	if (level->last == SQL_LAST_OPERAND)
	{
		/* An alias, the unit of an interval, a part of a type, … */
		if (level->kind == SQL_IN_QUERY && level->clause == SQL_AT_SELECT && level->cases == 0 &&
			scan->previous != KW_OVER)
			level->alias = given;
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
	sql_settle(scan, level, false);
	sql_add_value(level, token);
}

/* A keyword in the place of a table's name.  Returns true if it is no name. */
static bool
before_table(SqlLevel *level, SqlKeyword keyword)
{
	switch (keyword)
	{
		case KW_ONLY:
		case KW_LATERAL:
		case KW_TABLE:
		case KW_IF:
		case KW_NOT:
		case KW_EXISTS:
		case KW_INTO:
		case KW_OVERWRITE:
			return true;
		case KW_OUTFILE:
		case KW_DUMPFILE:
			level->want_table = false;
			return true;
		default:
			return false;
	}
}

/* Keywords that begin a statement, where one may begin. */
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
			begin_tables(scan, level, SQL_AT_FROM, false);
			return true;
		case KW_MERGE:
			begin_tables(scan, level, SQL_AT_INTO, false);
			level->using_table = true;
			return true;
		case KW_DELETE:
			begin_clause(scan, level, SQL_AT_OTHER);
			level->using_table = true;
			return true;
		case KW_COPY:
			begin_tables(scan, level, SQL_AT_INTO, false);
			level->no_from = true;
			return true;
		case KW_REVOKE:
		case KW_SHOW:
		case KW_FETCH:
		case KW_MOVE:
			begin_clause(scan, level, SQL_AT_OTHER);
			level->no_from = true;
			return true;
		default:
			return false;
	}
}

/*
 * Keywords that end what came before only after an operand, so that a column
 * may have them for a name.
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
			begin_clause(scan, level, SQL_AT_OTHER);
			return true;
		case KW_APPLY:
		case KW_STRAIGHT_JOIN:
			if (level->clause != SQL_AT_FROM && level->clause != SQL_AT_CONDITION)
				return false;
			begin_tables(scan, level, SQL_AT_FROM, true);
			return true;
		case KW_MINUS:
			begin_clause(scan, level, SQL_AT_START);
			return true;
		default:
			return false;
	}
}

/* Keywords of queries.  False if the word is none here. */
static bool
query_keyword(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	switch (token->keyword)
	{
		case KW_SELECT:
			begin_clause(scan, level, SQL_AT_SELECT);
			scan->item_count = level->first_item;
			level->item_count = 0;
			level->items_lost = false;
			level->using_table = level->no_from = false;
			return true;
		case KW_FROM:
			if (level->no_from ||
				(scan->previous == KW_DISTINCT &&
				 (scan->before_previous == KW_IS || scan->before_previous == KW_NOT)))
				return false;
			begin_tables(scan, level, SQL_AT_FROM, true);
			return true;
		case KW_JOIN:
			begin_tables(scan, level, SQL_AT_FROM, true);
			return true;
		case KW_INTO:
			begin_tables(scan, level, SQL_AT_INTO, false);
			return true;
		case KW_TABLE:
			if (level->clause != SQL_AT_START && level->clause != SQL_AT_WITH &&
				level->clause != SQL_AT_OTHER)
				return false;
			begin_tables(scan, level, SQL_AT_INTO, false);
			return true;
		case KW_USING:
			if (!level->using_table)
				return false;
			begin_tables(scan, level, SQL_AT_FROM, true);
			level->using_table = false;
			return true;
		case KW_WHERE:
		case KW_PREWHERE:
			begin_clause(scan, level, SQL_AT_CONDITION);
			level->is_on = false;
			return true;
		case KW_ON:
			if (level->clause == SQL_AT_FROM || (level->clause == SQL_AT_CONDITION && level->is_on))
			{
				begin_clause(scan, level, SQL_AT_CONDITION);
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
			begin_clause(scan, level, SQL_AT_OTHER);
			return true;
		case KW_GROUP:
		case KW_ORDER:
		case KW_PARTITION:
			sql_settle(scan, level, false);
			return token->keyword != KW_PARTITION;
		case KW_BY:
			begin_clause(scan, level, scan->previous == KW_GROUP ? SQL_AT_GROUP_BY : SQL_AT_OTHER);
			return true;
		case KW_UNION:
		case KW_INTERSECT:
		case KW_EXCEPT:
			begin_clause(scan, level, SQL_AT_START);
			return true;
		case KW_SET:
		case KW_HAVING:
			begin_clause(scan, level, SQL_AT_OTHER);
			return true;
		case KW_VALUES:
			if (level->clause != SQL_AT_START && level->clause != SQL_AT_INTO &&
				level->clause != SQL_AT_WITH && level->clause != SQL_AT_FROM)
				return false;
			begin_clause(scan, level, SQL_AT_OTHER);
			return true;
		case KW_WITH:
			if (level->clause == SQL_AT_GROUP_BY || scan->previous == KW_START)
				begin_clause(scan, level, SQL_AT_OTHER);
			else if (level->clause == SQL_AT_START || level->clause == SQL_AT_INTO ||
					 level->clause == SQL_AT_OTHER)
			{
				begin_clause(scan, level, SQL_AT_WITH);
				level->want_cte = true;
				level->recursive = false;
			}
			return true;
		case KW_RECURSIVE:
			if (!level->want_cte || scan->previous != KW_WITH)
				return false;
			level->recursive = true;
			return true;
		case KW_WHEN:
			if (level->cases > 0 || level->clause != SQL_AT_CONDITION)
				return false;
			begin_clause(scan, level, SQL_AT_OTHER);
			return true;
		case KW_GROUPING:
			return level->clause == SQL_AT_GROUP_BY;
		default:
			return statement_keyword(scan, level, token->keyword) ||
				   soft_keyword(scan, level, token->keyword);
	}
}

/* Keywords of expressions, wherever they are.  False if the word is a name. */
static bool
expression_keyword(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	unsigned flags = sql_keyword_flags(token->keyword);

	switch (token->keyword)
	{
		case KW_CASE:
			level->cases++;
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
			if (level->clause == SQL_AT_WITH && is_query(level))
				level->cte_as = true;
			else if (level->cast)
				level->skip = true;
			else if (level->kind == SQL_IN_QUERY && level->clause == SQL_AT_SELECT)
				level->alias_next = sql_has_operand(level);
			return true;
		case KW_FROM:
			sql_settle(scan, level, false);
			if (level->extract)
				memset(&level->operand, 0, sizeof(level->operand));
			break;
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

static bool
keyword(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	bool reserved = (sql_keyword_flags(token->keyword) & SQL_KW_R) != 0;

	if (level->last == SQL_LAST_SKIP && !reserved)
		return false;
	if (level->want_table && (before_table(level, token->keyword) || !reserved))
		return level->want_table ? before_table(level, token->keyword) : true;
	if ((level->want_cte && token->keyword != KW_RECURSIVE) || (level->alias_next && !reserved))
		return false;

	if (!is_query(level))
	{
		switch (token->keyword)
		{
			case KW_WITH:
			case KW_VALUES:
				if (!level->fresh)
					break;
				/* FALLTHROUGH */
			case KW_SELECT:
			case KW_UNION:
			case KW_INTERSECT:
			case KW_EXCEPT:
				become_query(scan, level);
				break;
			default:
				break;
		}
	}
	else if (level->kind == SQL_IN_FROM)
	{
		switch (token->keyword)
		{
			case KW_WITH:
			case KW_SELECT:
			case KW_VALUES:
			case KW_UNION:
			case KW_INTERSECT:
			case KW_EXCEPT:
				become_query(scan, level);
				break;
			default:
				break;
		}
	}

	if (sql_in_condition(level) && sql_condition_keyword(scan, level, token))
		return true;
	if (is_query(level) && query_keyword(scan, level, token))
		return true;
	return expression_keyword(scan, level, token);
}

static void
word(SqlScan *scan, SqlLevel *level, SqlToken *token)
{
	bool start = level->kind == SQL_IN_QUERY && level->clause == SQL_AT_START;

	/* What follows a dot is never a keyword. */
	if (level->last != SQL_LAST_DOT && token->keyword != KW_NONE && keyword(scan, level, token))
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
			open_level(scan, level, false);
			break;
		case ')':
			close_bracket(scan, false);
			break;
		case '[':
			if (!level->skip && bracketed_name(scan, level, token))
				name(scan, level, token);
			else
				open_level(scan, level, true);
			break;
		case ']':
			close_bracket(scan, true);
			break;
		case ';':
			begin_statement(scan);
			break;
		case ',':
			if (!level->skip)
				comma(scan, level);
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
	else if (token->len == 2 && memcmp(token->text, "|>", 2) == 0 && is_query(level))
	{
		/* BigQuery's pipe */
		begin_clause(scan, level, SQL_AT_OTHER);
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
	reset_level(&scan, &scan.levels[0], SQL_IN_QUERY);

	while (sql_lexer_next(&scan.lexer, &token))
	{
		SqlLevel *level = current_level(&scan);

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
		scan.before_previous = scan.previous;
		scan.previous = token.keyword;
	}
	begin_statement(&scan);
}
