/*
 * scan_level.c
 *		Parentheses, and the beginnings and ends of clauses, in the tolerant
 *		scanner.
 */
#include "core/sql/scan_int.h"

#include <string.h>

SqlLevel *
sql_current_level(SqlScan *scan)
{
	return &scan->levels[scan->depth < SQL_MAX_LEVELS ? scan->depth : SQL_MAX_LEVELS - 1];
}

void
sql_reset_level(SqlScan *scan, SqlLevel *level, SqlLevelKind kind)
{
	memset(level, 0, sizeof(*level));
	level->kind = kind;
	level->fresh = true;
	level->first_item = scan->item_count;
	level->quantifier = "";
}

bool
sql_is_query(const SqlLevel *level)
{
	return level->kind == SQL_IN_QUERY || level->kind == SQL_IN_FROM;
}

static void
reset_operand(SqlLevel *level)
{
	memset(&level->operand, 0, sizeof(level->operand));
	level->last = SQL_LAST_NONE;
}

/* Ends a select item. */
static void
end_item(SqlScan *scan, SqlLevel *level)
{
	SqlName none = {NULL, 0};

	if (level->alias_before.text != NULL)
		level->alias = level->alias_before;
	if (level->alias.text == NULL && level->operand.any &&
		(level->item_call || level->operand.columns == 0) && !level->items_lost)
		level->unnamed = true;
	level->alias_before = none;
	level->item_call = false;
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

/* Returns the level whose select items are meant by positions: the innermost query. */
static const SqlLevel *
item_level(const SqlScan *scan)
{
	size_t i = scan->depth < SQL_MAX_LEVELS ? scan->depth : SQL_MAX_LEVELS - 1;

	while (i > 0 && scan->levels[i].kind != SQL_IN_QUERY)
		i--;
	return &scan->levels[i];
}

/* Ends an element of GROUP BY. */
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

/* Ends what is open on the level: a clause, or all of it. */
static void
end_clause(SqlScan *scan, SqlLevel *level)
{
	sql_settle(scan, level, false);
	level->cases = 0;
	if (level->kind == SQL_IN_GROUPING)
		end_group(scan, level);
	else if (sql_is_query(level))
	{
		if (level->clause == SQL_AT_SELECT)
			end_item(scan, level);
		else if (level->clause == SQL_AT_GROUP_BY)
			end_group(scan, level);
		else if (level->clause == SQL_AT_CONDITION)
			sql_end_comparison(scan, level);
	}
	if (level->want_table && sql_is_query(level))
		sql_unread(scan, SQL_NO_TABLE, scan->at);
	level->want_table = level->target = level->insert = false;
	level->want_cte = false;
	level->cte_as = false;
	level->alias_next = false;
	level->apart_next = false;
}

void
sql_begin_clause(SqlScan *scan, SqlLevel *level, SqlClause clause)
{
	end_clause(scan, level);
	level->clause = clause;
	reset_operand(level);
}

void
sql_begin_tables(SqlScan *scan, SqlLevel *level, SqlClause clause, bool call_allowed)
{
	sql_begin_clause(scan, level, clause);
	level->want_table = true;
	level->call_allowed = call_allowed;
}

/* Handles parentheses that contain a query. */
void
sql_become_query(SqlScan *scan, SqlLevel *level)
{
	level->want_table = false;
	end_clause(scan, level);
	if (scan->depth > 0 && scan->depth < SQL_MAX_LEVELS)
	{
		/* WITH name (SELECT …), without AS */
		SqlLevel *outer = &scan->levels[scan->depth - 1];

		if (outer->kind == SQL_IN_QUERY && outer->clause == SQL_AT_WITH && outer->cte.text != NULL)
			outer->cte_as = true;
	}
	level->kind = SQL_IN_QUERY;
	level->clause = SQL_AT_START;
	level->skip = false;
	level->row = false;
	level->how = SQL_NOT_COMPARED;
	reset_operand(level);
}

void
sql_report_aggregate(SqlScan *scan, const SqlName *function, bool surely)
{
	char buffer[SQL_MAX_NAME];
	size_t len = sql_append_name(buffer, 0, function->text, function->len);

	if (len > 0 && len < SQL_MAX_NAME && surely != sql_is_aggregate(buffer, len))
		scan->found(SQL_AGGREGATIONS, buffer, len, scan->arg);
}

/* Handles a parenthesis after the pending name: a function call. */
static void
begin_call(SqlScan *scan, SqlLevel *level, SqlLevel *call)
{
	char name[SQL_MAX_NAME];
	size_t len = sql_append_name(name, 0, level->name.text, level->name.len);

	level->last = SQL_LAST_OPERAND;
	level->name_is_table = false;
	call->function = level->called = level->name;
	if (len >= SQL_MAX_NAME)
		return;
	sql_report_aggregate(scan, &level->name, false);
	if (((level->kind == SQL_IN_QUERY && level->clause == SQL_AT_GROUP_BY) ||
		 level->kind == SQL_IN_GROUPING) &&
		(sql_name_is(name, len, "rollup") || sql_name_is(name, len, "cube") ||
		 sql_name_is(name, len, "sets")))
		call->kind = SQL_IN_GROUPING;
	if (level->kind == SQL_IN_QUERY && level->clause == SQL_AT_SELECT)
		level->item_call = true;
	call->cast = sql_name_is(name, len, "cast") || sql_name_is(name, len, "try_cast") ||
				 sql_name_is(name, len, "safe_cast");
	call->extract = sql_name_is(name, len, "extract");
	call->units = sql_unit_place(name, len);
	call->weekdays = level->units != SQL_NO_UNIT &&
					 (sql_name_is(name, len, "week") || sql_name_is(name, len, "isoweek"));
	call->time_filter = len > 9 && name[0] == '$' && memcmp(name + len - 6, "filter", 6) == 0;
}

/* Handles '(', or a '[' that does not quote a name. */
void
sql_open_level(SqlScan *scan, SqlLevel *level, bool bracket)
{
	bool pending = level->last == SQL_LAST_NAME || level->last == SQL_LAST_DOT;
	bool array = bracket && level->name_keyword == KW_ARRAY;
	bool wanted = level->want_table;
	bool keep = false; /* the table comes behind the parenthesis */
	SqlLevel next;

	level->alias.text = NULL;
	if (scan->depth + 1 >= SQL_MAX_LEVELS)
	{
		sql_unread(scan, SQL_TOO_MUCH, scan->at);
		sql_settle(scan, level, false);
		scan->depth++;
		return;
	}
	level->fresh = false;
	sql_reset_level(scan, &next, SQL_IN_EXPRESSION);
	next.bracket = bracket;
	next.skip = level->skip;
	next.over = scan->previous == KW_OVER;
	next.apart = level->apart_next;
	level->apart_next = false;

	next.skip = next.skip || level->hint || level->modified;
	level->modified = false;
	if (level->hint)
	{
		level->hint = false;
		level->clause = SQL_AT_FROM;
	}
	if (scan->passed.text != NULL && level->clause != SQL_AT_FROM && level->clause != SQL_AT_WITH)
		sql_report_aggregate(scan, &scan->passed, false);

	if (level->kind == SQL_IN_QUERY && level->clause == SQL_AT_WITH && level->cte_as)
	{
		sql_settle(scan, level, false);
		next.kind = SQL_IN_QUERY;
	}
	else if (level->kind == SQL_IN_QUERY && level->clause == SQL_AT_WITH && !bracket &&
			 level->cte.text != NULL && scan->previous == KW_NONE)
		level->cte_call = true;
	else if (pending && level->name_is_table &&
			 sql_is_word(level->name.text, level->name.len, "identifier"))
	{
		/* IDENTIFIER('a.b') */
		level->last = SQL_LAST_OPERAND;
		level->name_is_table = false;
		next.want_table = true;
	}
	else if (pending && level->name_is_table &&
			 (!level->call_allowed || (!bracket && sql_is_hint_ahead(scan))))
	{
		sql_settle(scan, level, false);
		next.skip = next.skip || level->call_allowed;
	}
	else if (pending && (!bracket || array))
		begin_call(scan, level, &next);
	else if (pending)
		sql_settle(scan, level, false);
	else if (bracket)
		;
	else if (level->want_table && scan->previous == KW_TOP)
		keep = next.apart = true;
	else if (level->want_table && scan->previous != KW_TABLE)
		next.kind = SQL_IN_FROM;
	else if (sql_is_query(level) && level->clause == SQL_AT_START)
		next.kind = SQL_IN_QUERY;
	else if (level->last == SQL_LAST_NONE && !level->operand.any &&
			 (level->kind == SQL_IN_GROUPING ||
			  (level->kind == SQL_IN_QUERY && level->clause == SQL_AT_GROUP_BY)) &&
			 level->cases == 0)
		next.kind = SQL_IN_GROUPING;
	else if (level->last == SQL_LAST_NONE && !level->operand.any && sql_in_condition(level) &&
			 level->how == SQL_NOT_COMPARED)
	{
		next.kind = SQL_IN_CONDITION;
		next.all_negated = level->negated != level->all_negated;
	}

	if (next.kind == SQL_IN_FROM)
	{
		next.clause = SQL_AT_FROM;
		next.want_table = true;
		next.call_allowed = true;
	}
	if (wanted && scan->previous == KW_TABLE && !bracket)
	{
		/* TABLE(a) and TABLE('a'), but not TABLE(f(x)) */
		next.want_table = true;
		next.call_allowed = true;
	}
	level->want_table = keep;
	scan->depth++;
	scan->levels[scan->depth] = next;
}

static void
close_level(SqlScan *scan)
{
	SqlLevel *level = sql_current_level(scan);
	SqlOperand operand;

	if (scan->depth == 0)
	{
		sql_unread(scan, SQL_UNBALANCED, scan->at);
		end_clause(scan, level);
		sql_reset_level(scan, level, SQL_IN_QUERY);
		return;
	}
	if (scan->depth >= SQL_MAX_LEVELS)
	{
		sql_settle(scan, level, false);
		scan->depth--;
		return;
	}

	sql_settle(scan, level, false);
	sql_end_units(level);
	operand = level->operand;
	if (level->kind == SQL_IN_CONDITION)
	{
		if (level->boolean)
		{
			/* A condition: a value compared with it is not a column. */
			sql_end_comparison(scan, level);
			operand.columns = 2;
			scan->condition_end = scan->lexer.text + scan->lexer.pos;
		}
	}
	else if (level->kind != SQL_IN_EXPRESSION || level->apart)
	{
		end_clause(scan, level);
		memset(&operand, 0, sizeof(operand));
	}
	scan->item_count = level->first_item;
	scan->depth--;

	level = sql_current_level(scan);
	sql_settle(scan, level, false);
	if (scan->levels[scan->depth + 1].apart)
		level->last = SQL_LAST_NONE;
	else
	{
		sql_merge_operand(&level->operand, &operand);
		level->last = SQL_LAST_OPERAND;
	}
	if (scan->levels[scan->depth + 1].time_filter && sql_in_condition(level) &&
		level->how == SQL_NOT_COMPARED)
		sql_compare_time(scan, level);
	if (sql_is_query(level) && level->clause == SQL_AT_WITH && level->cte_as)
	{
		level->cte_as = false;
		if (!level->recursive)
			sql_add_cte(scan, &level->cte);
	}
}

/* Handles ')' or ']': brackets that are still open inside parentheses end with them. */
void
sql_close_bracket(SqlScan *scan, bool bracket)
{
	if (scan->depth < SQL_MAX_LEVELS)
	{
		if (bracket && !sql_current_level(scan)->bracket)
			return;
		while (!bracket && scan->depth > 0 && sql_current_level(scan)->bracket)
			close_level(scan);
	}
	close_level(scan);
}

void
sql_comma(SqlScan *scan, SqlLevel *level)
{
	sql_settle(scan, level, true);
	if (level->commas < 2)
		level->commas++;
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
			/* A row of operands: all its columns count as those of one operand. */
			if (level->how != SQL_NOT_COMPARED)
				sql_merge_operand(&level->operand, &level->left);
			level->how = SQL_NOT_COMPARED;
			level->either = false;
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
			sql_begin_tables(scan, level, SQL_AT_FROM, level->call_allowed);
			break;
		case SQL_AT_CONDITION:
			if (level->is_on)
				sql_begin_tables(scan, level, SQL_AT_FROM, true);
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

/* Starts a new statement: after ';' nothing is open. */
void
sql_begin_statement(SqlScan *scan)
{
	if (scan->depth > 0)
		sql_unread(scan, SQL_UNBALANCED, scan->at);
	while (scan->depth > 0)
		close_level(scan);
	end_clause(scan, &scan->levels[0]);
	scan->begun = scan->prose = scan->explaining = false;
	scan->item_count = 0;
	scan->cte_count = 0;
	sql_reset_level(scan, &scan->levels[0], SQL_IN_QUERY);
}
