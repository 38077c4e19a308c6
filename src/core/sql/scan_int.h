/*
 * scan_int.h
 *		Declarations shared by the parts of the tolerant scanner.
 *
 *		The scanner reads one token at a time, with limited lookahead: a name
 *		is pending until the next token shows whether it is a column, a
 *		function or a part of a longer name.  Each open parenthesis or bracket
 *		has a level of state.
 */
#ifndef PERSONALIZATION_CORE_SQL_SCAN_INT_H
#define PERSONALIZATION_CORE_SQL_SCAN_INT_H

#include "core/sql/lexer.h"
#include "core/sql/scan.h"
#include "core/sql/words.h"

#define SQL_MAX_LEVELS 64 /* deeper levels count as the deepest */
#define SQL_MAX_CTES 64
#define SQL_MAX_ITEMS 256	/* select items that positions can name */
#define SQL_MAX_NAME 256	/* longer names are left out */
#define SQL_MAX_OPERATOR 16 /* longer operators are left out */
#define SQL_MAX_TALKS 64	/* statements that are asked whether they are sentences */
#define SQL_MAX_AHEAD 4096	/* maximum number of tokens of lookahead */

/* The kind of a level. */
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

/* The last element on a level. */
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
	int columns;  /* number of columns in it; 2 for more */
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
	bool call_allowed;	/* the wanted table may turn out to be a function */
	bool using_table;	/* USING brings a table, not columns */
	bool no_from;		/* FROM brings no table */
	bool pivot;			/* DuckDB's PIVOT t ON a, b or UNPIVOT t ON a, b INTO NAME c VALUE d */
	bool target;		/* the wanted table is what UPDATE or DELETE changes */
	bool insert;		/* … or INSERT, with more words before it */
	bool selecting;		/* SELECT has begun */
	bool into_variable; /* INTO brings no table */
	bool hint;			/* an index hint's FOR; its parenthesis is not yet open */
	bool branch_table;	/* a template's branches start where a table is wanted */

	/* CTEs. */
	bool want_cte;
	bool recursive;
	bool cte_call; /* parentheses are behind its name */
	bool cte_as;   /* its AS is read, its body not yet closed */
	SqlName cte;

	/* Select items. */
	int first_item; /* this level's first in the scan's items */
	int item_count;
	bool items_lost; /* a star or too many: later positions are unknown */
	bool alias_next;
	SqlName alias;
	SqlName alias_before; /* DuckDB's "alias: expression" */
	bool item_call;		  /* the item has a function */
	bool unnamed;		  /* an item is an expression without a name */
	bool apart_next;	  /* the next parenthesis is not part of the operand */

	/* Conditions. */
	bool is_on;	  /* the condition is ON's */
	bool boolean; /* the parentheses are around a condition */
	bool row;	  /* … around several operands */
	bool between; /* the next AND is BETWEEN's */
	bool either;  /* || is in the comparison, which joins texts, or is MySQL's OR */
	SqlOperand before_either;
	SqlOperand left; /* of the comparison */
	SqlComparison how;
	const char *op; /* the operator, or the words */
	size_t op_len;
	bool op_not;
	bool negated;			/* NOT is before the comparison */
	bool all_negated;		/* … or before the parentheses, which hold nothing else */
	const char *quantifier; /* " any", " all" or "" */

	/* Calls and other parentheses. */
	SqlName function;	/* which is called; no text if it is no call */
	SqlName called;		/* the last call on the level */
	bool modified;		/* the next parenthesis is a type's */
	bool apart;			/* not part of the operand around it */
	bool cast;			/* AS brings a type */
	bool extract;		/* the name before FROM is not a column */
	SqlUnitPlace units; /* of time: they are no columns */
	SqlName unit;		/* the first of datediff()'s arguments, if there are three */
	bool weekdays;		/* of WEEK(MONDAY) are none either */
	bool time_filter;	/* the call is a condition, Grafana's $__timeFilter(x) */
	bool over;			/* a window's definition */
	bool skip;			/* nothing that follows counts */
	int commas;			/* so far, 2 for more */
	bool unit_text;		/* a unit of time has been seen as a text */
} SqlLevel;

typedef struct SqlScan
{
	SqlLexer lexer;
	SqlFound found;
	void *arg;
	SqlReading reading;
	const char *at;	  /* the present token, or the end */
	bool begun;		  /* the statement's first word is read */
	bool prose;		  /* it does not start like a statement */
	bool explaining;  /* EXPLAIN is before it */
	int ahead;		  /* remaining tokens of lookahead */
	int talks;		  /* remaining statements to be asked */
	size_t signs_end; /* up to here has been searched for =<>( */
	char signs[5];	  /* those of them that are there */

	SqlKeyword previous; /* the token before is this keyword */
	SqlKeyword before_previous;
	bool previous_is_number;
	SqlName passed;			   /* the token before is this name, which follows an operand */
	const char *condition_end; /* of the last parentheses around a condition */

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
	bool table_gap;			/* its last part is a template */
	bool table_known;		/* it has been reported: ref('x') */
	const char *table_text; /* where it begins */
	bool after_gap;			/* the token before is a template in a table's name */
} SqlScan;

/* Records a place that was not understood; the first one is kept. */
static inline void
sql_unread(SqlScan *scan, SqlUnread unread, const char *text)
{
	if (scan->reading.unread != SQL_ALL_READ)
		return;
	scan->reading.unread = unread;
	scan->reading.place = (size_t) (text - scan->lexer.text);
}

/* The parts, each of which calls those before it. */

/* scan_name.c: names and what they turn out to be */

/*
 * Appends a name in its identifying form, without quotes and in lower case
 * unless quoted, and returns the new length; SQL_MAX_NAME if it does not fit
 * in buffer[SQL_MAX_NAME].
 */
extern size_t sql_append_name(char *buffer, size_t len, const char *text, size_t text_len);
extern bool sql_name_is(const char *name, size_t len, const char *word);
extern void sql_report_name(SqlScan *scan, SqlList list, const SqlName *name);
extern void sql_add_cte(SqlScan *scan, const SqlName *name);
/* Begins a table's name, which is written at text. */
extern void sql_begin_table(SqlScan *scan, const char *text);
extern void sql_table_part(SqlScan *scan, const SqlToken *token);
extern void sql_table_dot(SqlScan *scan);
extern void sql_report_table(SqlScan *scan);
/* Begins a table's name with a template, which may be all of it or a part. */
extern void sql_begin_gap(SqlScan *scan, SqlLevel *level, const SqlToken *token);
/* Returns the end of the template at pos in a quoted name, or pos if there is none. */
extern size_t sql_template_in_name(const char *name, size_t len, size_t pos);
/* Reports the tables that a template names by itself: ref('x') */
extern void sql_template_tables(SqlScan *scan, const char *text, size_t len);

/* scan_ahead.c: lookahead, limited to a total number of tokens */

/* Finds the word after white space at a position; returns its length, 0 if there is none. */
extern size_t sql_peek_word(const SqlScan *scan, size_t pos, const char **word);
/* Whether that word is the one, in any case. */
extern bool sql_next_is(const SqlScan *scan, const char *word);
/* Returns the next byte after white space; a zero byte at the end. */
extern char sql_next_byte(const SqlScan *scan);
/* Whether FROM or JOIN gives the name, which UPDATE or DELETE has, to another table. */
extern bool sql_is_alias_ahead(SqlScan *scan, const SqlName *name);
/* Whether FROM follows in DELETE. */
extern bool sql_is_from_ahead(SqlScan *scan);
/* Whether the parenthesis just read is Oracle's (+); it is read to its end if so. */
extern bool sql_take_outer_join(SqlScan *scan);
/* Whether the parenthesis just read holds only hints to a table. */
extern bool sql_is_hint_ahead(const SqlScan *scan);
/* Whether SELECT … INTO, just read, fills variables. */
extern bool sql_is_variable_ahead(const SqlScan *scan, const SqlLevel *level);

/* scan_expr.c: operands and conditions */

/* Settles the pending name, if any, as a table or a column. */
extern void sql_settle(SqlScan *scan, SqlLevel *level, bool before_comma);
/* Ends a call's parenthesis: decides whether its first argument was a unit of time. */
extern void sql_end_units(SqlLevel *level);
extern void sql_add_value(SqlLevel *level, const SqlToken *token);
extern void sql_merge_operand(SqlOperand *into, const SqlOperand *operand);
extern bool sql_in_condition(const SqlLevel *level);
/* Whether an operand, or a pending name that will be one, is before us. */
extern bool sql_has_operand(const SqlLevel *level);
/* Makes a comparison of what Grafana's $__timeFilter(x) compares. */
extern void sql_compare_time(SqlScan *scan, SqlLevel *level);
extern void sql_compare(SqlScan *scan, SqlLevel *level, const SqlToken *token);
/* Handles a keyword of conditions; returns false if it is not one here. */
extern bool sql_condition_keyword(SqlScan *scan, SqlLevel *level, const SqlToken *token);
/* Reports the comparison that ends here, if it is a filter. */
extern void sql_end_comparison(SqlScan *scan, SqlLevel *level);
/* Handles a literal or a parameter. */
extern void sql_value(SqlScan *scan, SqlLevel *level, const SqlToken *token);

/* scan_level.c: parentheses, and the beginnings and ends of clauses */

extern SqlLevel *sql_current_level(SqlScan *scan);
/*
 * Reports a function that is called, if it is known as an aggregate, or called
 * in a way in which only aggregates are: f(DISTINCT x), f(*), f(x) FILTER (…).
 */
extern void sql_report_aggregate(SqlScan *scan, const SqlName *function, bool surely);
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

/* scan_template.c: templates */

/* Handles a template that stands for text. */
extern void sql_read_template(SqlScan *scan, SqlLevel *level, const SqlToken *token);
/* Handles a tag such as {% if x %}; {% else %} returns to the state before {% if %}. */
extern void sql_read_tag(SqlScan *scan, SqlLevel *level, const SqlToken *token);

/* scan_clause.c: keywords */

/* Handles a keyword; returns false if it is a name here. */
extern bool sql_keyword(SqlScan *scan, SqlLevel *level, const SqlToken *token);

#endif
