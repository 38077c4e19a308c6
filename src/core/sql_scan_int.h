/*
 * sql_scan_int.h
 *		What the parts of the tolerant scan share.
 *
 * The scan reads one token at a time and never looks ahead: a name is pending
 * until the next token tells whether it is a column, a function or a part of
 * a longer name.  Each open parenthesis or bracket has a level of state.
 */
#ifndef PERSONALIZATION_CORE_SQL_SCAN_INT_H
#define PERSONALIZATION_CORE_SQL_SCAN_INT_H

#include "core/sql_lexer.h"
#include "core/sql_scan.h"

#define SQL_MAX_LEVELS 64 /* what is deeper counts as the deepest */
#define SQL_MAX_CTES 64
#define SQL_MAX_ITEMS 256	  /* select items that positions can name */
#define SQL_MAX_NAME 256	  /* longer names are left out */
#define SQL_MAX_OPERATOR 16	  /* longer operators are left out */
#define SQL_MAX_BRACKETED 128 /* longer [x] is no identifier */

/* What a level holds. */
typedef enum SqlLevelKind
{
	SQL_IN_QUERY,	   /* a statement or sub-select */
	SQL_IN_FROM,	   /* parentheses around joined tables */
	SQL_IN_CONDITION,  /* parentheses in a condition, around a part of it or an operand */
	SQL_IN_GROUPING,   /* parentheses in GROUP BY around columns */
	SQL_IN_EXPRESSION, /* any other: arguments, lists, subscripts, … */
} SqlLevelKind;

typedef enum SqlClause
{
	SQL_AT_START, /* nothing seen yet */
	SQL_AT_WITH,
	SQL_AT_SELECT,
	SQL_AT_FROM,
	SQL_AT_INTO,	  /* after INTO, TABLE or COPY */
	SQL_AT_CONDITION, /* WHERE or ON */
	SQL_AT_GROUP_BY,
	SQL_AT_OTHER
} SqlClause;

/* What came last on a level. */
typedef enum SqlLast
{
	SQL_LAST_NONE,	  /* an operand may begin */
	SQL_LAST_NAME,	  /* a pending name */
	SQL_LAST_DOT,	  /* a pending name and a dot */
	SQL_LAST_OPERAND, /* a complete operand */
	SQL_LAST_SKIP	  /* a complete operand, and a name to leave out comes next */
} SqlLast;

typedef enum SqlComparison
{
	SQL_NOT_COMPARED,
	SQL_COMPARED_BY_OPERATOR, /* one of PostgreSQL's own: binds tighter */
	SQL_COMPARED_BY_STANDARD, /* =, <, … */
	SQL_COMPARED_BY_WORD,	  /* IN, LIKE, BETWEEN, … */
	SQL_COMPARED_BY_IS
} SqlComparison;

/* A name in the statement: its last part as written. */
typedef struct SqlName
{
	const char *text; /* NULL if there is none */
	size_t len;
} SqlName;

typedef struct SqlOperand
{
	bool any;	  /* something is there */
	int columns;  /* how many columns are named in it; 2 for more */
	int position; /* the number that it consists of, or 0 */
	SqlName column;
} SqlOperand;

typedef struct SqlLevel
{
	SqlLevelKind kind;
	SqlClause clause; /* of a query or FROM */
	SqlLast last;
	bool bracket; /* opened by '[' */
	bool fresh;	  /* no token yet */
	int cases;	  /* CASE not yet ended */
	SqlOperand operand;

	/* The pending name. */
	SqlName name;
	SqlKeyword name_keyword;
	bool name_is_table;
	bool name_is_qualified;

	/* Tables. */
	bool want_table;
	bool call_allowed; /* the wanted table may turn out to be a function */
	bool using_table;  /* USING brings a table, not columns */
	bool no_from;	   /* FROM brings no table */

	/* CTEs. */
	bool want_cte;
	bool recursive;
	bool cte_as; /* its AS is read, its body not yet closed */
	SqlName cte;

	/* Select items. */
	int first_item; /* this level's first in the scan's items */
	int item_count;
	bool items_lost; /* a star or too many: later positions are unknown */
	bool alias_next;
	SqlName alias;
	bool apart_next; /* the next parenthesis is no part of the operand */

	/* Conditions. */
	bool is_on;		 /* the condition is ON's */
	bool boolean;	 /* the parentheses are around a condition */
	bool row;		 /* … around several operands */
	bool between;	 /* the next AND is BETWEEN's */
	SqlOperand left; /* of the comparison */
	SqlComparison how;
	const char *op; /* the operator, or the words */
	size_t op_len;
	bool op_not;
	const char *quantifier; /* " any", " all" or "" */

	/* Calls and other parentheses. */
	bool apart;	  /* no part of the operand around it */
	bool cast;	  /* AS brings a type */
	bool extract; /* what is before FROM is no column */
	bool dates;	  /* units of time are no columns */
	bool over;	  /* a window's definition */
	bool skip;	  /* nothing that follows counts */
	bool later;	  /* a comma has been seen */
	bool string;  /* a string has been seen */
} SqlLevel;

typedef struct SqlScan
{
	SqlLexer lexer;
	SqlFound found;
	void *arg;
	bool double_quotes_strings; /* "x" is a string */

	SqlKeyword previous; /* the token before is this keyword */
	SqlKeyword before_previous;
	SqlName passed; /* the token before is this name, which follows an operand */

	size_t depth;
	SqlLevel levels[SQL_MAX_LEVELS];

	SqlName ctes[SQL_MAX_CTES];
	int cte_count;
	SqlName items[SQL_MAX_ITEMS];
	int item_count;

	/* The table name being read. */
	char table[SQL_MAX_NAME];
	size_t table_len; /* SQL_MAX_NAME once it does not fit */
	bool table_is_qualified;
} SqlScan;

/* sql_scan_name.c: names and what they turn out to be */

/*
 * Appends a name as it identifies something, without its quotes and in lower
 * case unless quoted, and returns the new length; SQL_MAX_NAME if it does not
 * fit in buffer[SQL_MAX_NAME].
 */
extern size_t sql_append_name(char *buffer, size_t len, const char *text, size_t text_len);
extern bool sql_name_is(const char *name, size_t len, const char *word);
extern void sql_report_name(SqlScan *scan, SqlList list, const SqlName *name);
extern void sql_add_cte(SqlScan *scan, const SqlName *name);
extern void sql_table_part(SqlScan *scan, const SqlToken *token);
extern void sql_table_dot(SqlScan *scan);
extern void sql_report_table(SqlScan *scan);
/* Whether the pending name is a function's that takes a unit of time. */
extern bool sql_takes_time_unit(const char *name, size_t len);
extern bool sql_is_time_unit(const char *name, size_t len);

/* sql_scan_expr.c: operands and conditions */

/* Settles the pending name, if any, as a table or a column. */
extern void sql_settle(SqlScan *scan, SqlLevel *level, bool before_comma);
extern void sql_add_value(SqlLevel *level, const SqlToken *token);
extern void sql_merge_operand(SqlOperand *into, const SqlOperand *operand);
extern bool sql_in_condition(const SqlLevel *level);
/* Whether an operand, or a pending name that will be one, is before us. */
extern bool sql_has_operand(const SqlLevel *level);
extern void sql_compare(SqlScan *scan, SqlLevel *level, const SqlToken *token);
/* Takes a keyword of conditions; false if it is none here. */
extern bool sql_condition_keyword(SqlScan *scan, SqlLevel *level, const SqlToken *token);
/* Reports the comparison that ends here, if it is a filter. */
extern void sql_end_comparison(SqlScan *scan, SqlLevel *level);

/* sql_scan_level.c: parentheses, and the beginnings and ends of clauses */

extern SqlLevel *sql_current_level(SqlScan *scan);
extern void sql_reset_level(SqlScan *scan, SqlLevel *level, SqlLevelKind kind);
/* Whether the level has clauses. */
extern bool sql_is_query(const SqlLevel *level);
extern void sql_begin_clause(SqlScan *scan, SqlLevel *level, SqlClause clause);
/* Begins a clause in which tables come, which may be functions or not. */
extern void sql_begin_tables(SqlScan *scan, SqlLevel *level, SqlClause clause, bool call_allowed);
extern void sql_become_query(SqlScan *scan, SqlLevel *level);
extern void sql_open_level(SqlScan *scan, SqlLevel *level, bool bracket);
extern void sql_close_bracket(SqlScan *scan, bool bracket);
extern void sql_comma(SqlScan *scan, SqlLevel *level);
extern void sql_begin_statement(SqlScan *scan);

/* sql_scan_clause.c: keywords */

/* Takes a keyword; false if it is a name here. */
extern bool sql_keyword(SqlScan *scan, SqlLevel *level, const SqlToken *token);

#endif
