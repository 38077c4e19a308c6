/*
 * scan_expr.c
 *		Operands and conditions in the tolerant scanner.
 *
 *		A filter is a separate comparison in WHERE or ON, between AND, OR, NOT
 *		and parentheses, with exactly one column on one side and none on the
 *		other.  The contents of a sub-select count for neither side.
 */
#include "core/sql/scan_int.h"

#include <string.h>

/* Operators of the SQL standard, which bind less tightly than all others. */
static const struct
{
	const char *written;
	const char *reported;
	const char *mirrored; /* with the sides exchanged */
} standard_operators[] = {{"=", "=", "="},		 {"==", "=", "="},		{"<>", "<>", "<>"},
						  {"!=", "<>", "<>"},	 {"<", "<", ">"},		{">", ">", "<"},
						  {"<=", "<=", ">="},	 {">=", ">=", "<="},	{"<=>", "<=>", "<=>"},
						  {"^=", "<>", "<>"},	 {"&lt;", "<", ">"},	{"&gt;", ">", "<"},
						  {"&lt;=", "<=", ">="}, {"&gt;=", ">=", "<="}, {"&lt;&gt;", "<>", "<>"}};

/* Operators that compute a value, and so compare nothing. */
static const char *const other_operators[] = {"+",	"-",  "*",	"/",   "%",	 "^",	"&",   "|",
											  "#",	"||", "->", "->>", "#>", "#>>", "#-",  ":",
											  "::", ":=", "=>", "//",  "**", "<->", "<#>", "<+>"};

static bool
is_text(const char *text, size_t len, const char *other)
{
	return len == strlen(other) && memcmp(text, other, len) == 0;
}

static int
standard_operator(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(standard_operators) / sizeof(standard_operators[0]); i++)
	{
		if (is_text(text, len, standard_operators[i].written))
			return (int) i;
	}
	return -1;
}

bool
sql_operator_compares(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(other_operators) / sizeof(other_operators[0]); i++)
	{
		if (is_text(text, len, other_operators[i]))
			return false;
	}
	return true;
}

void
sql_merge_operand(SqlOperand *into, const SqlOperand *operand)
{
	if (operand->columns > 0)
	{
		into->column = operand->column;
		into->columns += operand->columns;
		if (into->columns > 2)
			into->columns = 2;
	}
	into->any = true;
	into->position = 0;
}

/*
 * Whether the pending name is a unit of time: date_trunc(ts, MONTH), but not
 * date_trunc('month', day).  It is one if it comes first of several arguments,
 * or later with no other before it.  For datediff(day, x) it is known only at
 * the end, whether the first is a unit: if there is a third argument.
 */
static bool
settle_unit(SqlLevel *level, bool before_comma)
{
	const SqlName *name = &level->name;

	if (level->name_is_qualified)
		return false;
	if (level->weekdays)
		return sql_is_weekday(name->text, name->len);
	if (level->units == SQL_NO_UNIT || !sql_is_unit_of(level->units, name->text, name->len))
		return false;
	if (level->commas > 0)
		return !level->unit_text && level->unit.text == NULL &&
			   (level->units != SQL_UNIT_OF_THREE || level->commas > 1);
	if (!before_comma)
		return false;
	level->unit = *name;
	return true;
}

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

void
sql_settle(SqlScan *scan, SqlLevel *level, bool before_comma)
{
	SqlOperand column;

	if (level->last == SQL_LAST_SKIP)
		level->last = SQL_LAST_OPERAND;
	if (level->last != SQL_LAST_NAME && level->last != SQL_LAST_DOT)
		return;
	level->last = SQL_LAST_OPERAND;
	if (level->name_is_table)
	{
		sql_report_table(scan);
		level->name_is_table = false;
		return;
	}
	memset(&column, 0, sizeof(column));
	column.column = level->name;
	column.columns = 1;

	/* date_trunc(day, MONTH): of two units the one that is in upper case is the unit. */
	if ((level->units == SQL_UNIT_ANYWHERE || level->units == SQL_TYPE_ANYWHERE) &&
		level->commas == 1 && level->unit.text != NULL && is_upper(level->name.text[0]) &&
		!is_upper(level->unit.text[0]) &&
		sql_is_unit_of(level->units, level->name.text, level->name.len))
		column.column = level->unit;
	if (settle_unit(level, before_comma))
		column.columns = 0;
	sql_merge_operand(&level->operand, &column);
}

void
sql_end_units(SqlLevel *level)
{
	SqlOperand column;

	if (level->units != SQL_UNIT_OF_THREE || level->unit.text == NULL || level->commas > 1)
		return;
	memset(&column, 0, sizeof(column));
	column.column = level->unit;
	column.columns = 1;
	sql_merge_operand(&level->operand, &column);
}

void
sql_add_value(SqlLevel *level, const SqlToken *token)
{
	SqlOperand value;
	int position = 0;
	size_t i;

	if (!level->operand.any && token->kind == SQL_NUMBER && token->len <= 3)
	{
		for (i = 0; i < token->len; i++)
		{
			if (token->text[i] < '0' || token->text[i] > '9')
				break;
			position = position * 10 + (token->text[i] - '0');
		}
		if (i < token->len)
			position = 0;
	}
	memset(&value, 0, sizeof(value));
	sql_merge_operand(&level->operand, &value);
	level->operand.position = position;
	level->last = SQL_LAST_OPERAND;
}

bool
sql_in_condition(const SqlLevel *level)
{
	if (level->cases > 0)
		return false;
	if (level->kind == SQL_IN_CONDITION)
		return !level->row;
	return (level->kind == SQL_IN_QUERY || level->kind == SQL_IN_FROM) &&
		   level->clause == SQL_AT_CONDITION;
}

bool
sql_has_operand(const SqlLevel *level)
{
	return level->last != SQL_LAST_NONE;
}

/* Makes the comparison read so far the left side of another one. */
static void
begin_comparison(SqlScan *scan, SqlLevel *level, SqlComparison how, const char *op, size_t op_len)
{
	if (level->either)
	{
		/* a = 1 || b = 2: of two comparisons each is one by itself. */
		SqlOperand left = level->operand;

		level->operand = level->before_either;
		level->either = false;
		sql_end_comparison(scan, level);
		level->operand = left;
	}
	if (level->how != SQL_NOT_COMPARED)
		sql_merge_operand(&level->left, &level->operand);
	else
		level->left = level->operand;
	memset(&level->operand, 0, sizeof(level->operand));
	level->how = how;
	level->op = op;
	level->op_len = op_len;
	level->quantifier = "";
	level->between = false;
	level->last = SQL_LAST_NONE;
}

static void
report_filter(SqlScan *scan, const SqlLevel *level, const SqlOperand *column, const char *op,
			  size_t op_len)
{
	char buffer[SQL_MAX_NAME + sizeof(" is not ") + SQL_MAX_OPERATOR + sizeof(" any")];
	size_t len = sql_append_name(buffer, 0, column->column.text, column->column.len);
	const char *words = " ";
	bool negated = level->op_not != (level->negated != level->all_negated);

	if (len == 0 || len >= SQL_MAX_NAME || op_len > SQL_MAX_OPERATOR)
		return;
	if (level->how == SQL_COMPARED_BY_IS)
		words = negated ? " is not " : " is ";
	else if (level->how == SQL_COMPARED_BY_WORD && negated)
		words = " not ";
	memcpy(buffer + len, words, strlen(words));
	len += strlen(words);
	memcpy(buffer + len, op, op_len);
	len += op_len;
	memcpy(buffer + len, level->quantifier, strlen(level->quantifier));
	len += strlen(level->quantifier);
	scan->found(SQL_FILTERS, buffer, len, scan->arg);
}

void
sql_end_comparison(SqlScan *scan, SqlLevel *level)
{
	const SqlOperand *left = &level->left;
	const SqlOperand *right = &level->operand;

	sql_settle(scan, level, false);
	if (level->either)
		sql_merge_operand(&level->operand, &level->before_either);
	level->either = false;
	if (!right->any && level->cases == 0 &&
		(level->how != SQL_NOT_COMPARED || scan->previous == KW_WHERE || scan->previous == KW_AND ||
		 scan->previous == KW_OR || scan->previous == KW_NOT))
		sql_unread(scan, SQL_NO_OPERAND, scan->at);
	if (level->how == SQL_COMPARED_BY_STANDARD && right->any)
	{
		int i = standard_operator(level->op, level->op_len);
		const char *reported = standard_operators[i].reported;
		const char *mirrored = standard_operators[i].mirrored;

		if (left->columns == 1 && right->columns == 0)
			report_filter(scan, level, left, reported, strlen(reported));
		else if (left->columns == 0 && right->columns == 1 && level->quantifier[0] == '\0')
			report_filter(scan, level, right, mirrored, strlen(mirrored));
	}
	else if (level->how != SQL_NOT_COMPARED && left->columns == 1 && right->any &&
			 right->columns == 0 && level->op_len > 0)
		report_filter(scan, level, left, level->op, level->op_len);

	memset(&level->left, 0, sizeof(level->left));
	memset(&level->operand, 0, sizeof(level->operand));
	level->how = SQL_NOT_COMPARED;
	level->op_not = level->negated = false;
	level->between = false;
	level->last = SQL_LAST_NONE;
}

void
sql_compare_time(SqlScan *scan, SqlLevel *level)
{
	begin_comparison(scan, level, SQL_COMPARED_BY_WORD, "between", strlen("between"));
	level->op_not = false;
	level->boolean = true;
	level->operand.any = true;
	level->last = SQL_LAST_OPERAND;
}

/* Whether the token before is the end of parentheses around a condition. */
static bool
is_behind_condition(const SqlScan *scan, const SqlToken *token)
{
	const char *end = scan->condition_end;

	if (end == NULL)
		return false;
	while (end < token->text && (*end == ' ' || (*end >= '\t' && *end <= '\r')))
		end++;
	return end == token->text;
}

/*
 * Handles MySQL's && and ||, AND and OR.  They are that only behind a comparison: else
 * && is the overlap of two arrays, and || joins texts, as it may also do behind one.
 */
static bool
join_conditions(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	bool is_and = is_text(token->text, token->len, "&&");
	bool behind;

	if (!(is_and || is_text(token->text, token->len, "||")) || !sql_in_condition(level) ||
		level->between)
		return false;
	behind = is_behind_condition(scan, token);
	if (!behind && level->how == SQL_NOT_COMPARED)
		return false;
	sql_settle(scan, level, false);
	if (!level->operand.any)
		return false;
	if (is_and || behind)
	{
		level->all_negated = false;
		sql_end_comparison(scan, level);
		level->boolean = true;
		return true;
	}
	if (level->either)
		sql_merge_operand(&level->before_either, &level->operand);
	else
		level->before_either = level->operand;
	level->either = true;
	memset(&level->operand, 0, sizeof(level->operand));
	level->last = SQL_LAST_NONE;
	return true;
}

/* Handles an operator, in a condition or elsewhere. */
void
sql_compare(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	bool standard = standard_operator(token->text, token->len) >= 0;

	if (is_text(token->text, token->len, "::"))
	{
		sql_settle(scan, level, false);
		level->operand.position = 0;
		level->last = SQL_LAST_SKIP;
		return;
	}
	if (is_text(token->text, token->len, "*") && !sql_has_operand(level))
	{
		if (level->clause == SQL_AT_SELECT)
			level->items_lost = true;
		level->operand.any = true;
		level->last = SQL_LAST_OPERAND;
		return;
	}
	if (is_text(token->text, token->len, ":") && sql_has_operand(level))
	{
		/* A path into a document; a slice of an array looks the same. */
		sql_settle(scan, level, false);
		level->last = level->bracket ? SQL_LAST_NONE : SQL_LAST_SKIP;
		return;
	}
	if (join_conditions(scan, level, token))
		return;
	sql_settle(scan, level, false);
	level->operand.position = 0;
	if (!level->operand.any)
	{
		/* A prefix.  It makes the operand non-empty, so that -1 is not a position. */
		level->operand.any = true;
		level->last = SQL_LAST_NONE;
		return;
	}
	level->last = SQL_LAST_NONE;
	if (!sql_in_condition(level))
		return;
	if (standard ||
		(level->how <= SQL_COMPARED_BY_OPERATOR && sql_operator_compares(token->text, token->len)))
	{
		begin_comparison(scan, level,
						 standard ? SQL_COMPARED_BY_STANDARD : SQL_COMPARED_BY_OPERATOR,
						 token->text, token->len);
		level->op_not = false;
		level->boolean = true;
	}
}

static void
compare_by_word(SqlScan *scan, SqlLevel *level, const char *words)
{
	bool op_not = level->op_not;

	sql_settle(scan, level, false);
	begin_comparison(scan, level, SQL_COMPARED_BY_WORD, words, strlen(words));
	level->op_not = op_not;
	level->boolean = true;
}

/* Handles what follows IS or IS NOT. */
static void
is_what(SqlLevel *level, const char *words)
{
	level->op = words;
	level->op_len = strlen(words);
	level->operand.any = true;
	level->last = SQL_LAST_OPERAND;
}

bool
sql_condition_keyword(SqlScan *scan, SqlLevel *level, const SqlToken *token)
{
	bool is = level->how == SQL_COMPARED_BY_IS && level->op_len == 0;

	switch (token->keyword)
	{
		case KW_AND:
			if (level->between)
			{
				sql_settle(scan, level, false);
				level->between = false;
				level->last = SQL_LAST_NONE;
				return true;
			}
			/* FALLTHROUGH */
		case KW_OR:
		case KW_XOR:
			/*
			 * More than one comparison: a NOT before the parentheses does not
			 * apply to this one alone.
			 */
			level->all_negated = false;
			sql_end_comparison(scan, level);
			level->boolean = true;
			return true;
		case KW_NOT:
			if (is || sql_has_operand(level))
				level->op_not = true;
			else
			{
				level->boolean = true;
				level->negated = !level->negated;
			}
			return true;
		case KW_IS:
			sql_settle(scan, level, false);
			begin_comparison(scan, level, SQL_COMPARED_BY_IS, "", 0);
			level->op_not = false;
			level->boolean = true;
			return true;
		case KW_NULL:
		case KW_UNKNOWN:
		case KW_TRUE:
		case KW_FALSE:
			if (!is && token->keyword == KW_NULL && scan->previous == KW_NOT && level->op_not &&
				level->how == SQL_NOT_COMPARED && sql_has_operand(level))
			{
				/* SQLite's a NOT NULL */
				sql_settle(scan, level, false);
				begin_comparison(scan, level, SQL_COMPARED_BY_IS, "", 0);
				is_what(level, "null");
				level->boolean = true;
				return true;
			}
			if (!is)
				return false;
			is_what(level, token->keyword == KW_NULL	? "null"
						   : token->keyword == KW_TRUE	? "true"
						   : token->keyword == KW_FALSE ? "false"
														: "unknown");
			return true;
		case KW_DISTINCT:
			if (!is)
				return false;
			is_what(level, "distinct from");
			level->operand.any = false;
			level->last = SQL_LAST_NONE;
			return true;
		case KW_FROM:
			return scan->previous == KW_DISTINCT && level->how == SQL_COMPARED_BY_IS;
		case KW_TO:
			return scan->previous == KW_SIMILAR;
		case KW_ANY:
		case KW_SOME:
		case KW_ALL:
			if (level->how != SQL_NOT_COMPARED && !level->operand.any)
				level->quantifier = token->keyword == KW_ALL ? " all" : " any";
			level->last = SQL_LAST_NONE;
			return true;
		default:
			break;
	}

	if (!sql_has_operand(level))
		return false;
	switch (token->keyword)
	{
		case KW_ISNULL:
		case KW_NOTNULL:
			sql_settle(scan, level, false);
			begin_comparison(scan, level, SQL_COMPARED_BY_IS, "", 0);
			level->op_not = token->keyword == KW_NOTNULL;
			is_what(level, "null");
			level->boolean = true;
			return true;
		case KW_IN:
			compare_by_word(scan, level, "in");
			return true;
		case KW_LIKE:
			compare_by_word(scan, level, "like");
			return true;
		case KW_ILIKE:
			compare_by_word(scan, level, "ilike");
			return true;
		case KW_RLIKE:
			compare_by_word(scan, level, "rlike");
			return true;
		case KW_REGEXP:
			compare_by_word(scan, level, "regexp");
			return true;
		case KW_GLOB:
			compare_by_word(scan, level, "glob");
			return true;
		case KW_SIMILAR:
			compare_by_word(scan, level, "similar to");
			return true;
		case KW_BETWEEN:
			compare_by_word(scan, level, "between");
			level->between = true;
			return true;
		default:
			return false;
	}
}

void
sql_value(SqlScan *scan, SqlLevel *level, const SqlToken *token)
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
		if (token->kind == SQL_STRING && token->text[0] == '\'' && token->len > 2 &&
			token->text[1] != '@')
		{
			/* A file, or a name in the wrong quotes */
			sql_begin_table(scan, token->text);
			sql_table_part(scan, token);
			sql_report_table(scan);
		}
		return;
	}
	if (token->kind == SQL_NUMBER && scan->previous_is_number && level->last == SQL_LAST_OPERAND)
		sql_unread(scan, SQL_NO_OPERATOR, token->text);
	if (level->units != SQL_NO_UNIT && token->kind == SQL_STRING && token->len > 2 &&
		sql_is_time_unit(token->text + 1, token->len - 2))
		level->unit_text = true;
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
