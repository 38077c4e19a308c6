/*
 * sql_lexer.h
 *		The tokens of a SQL statement, in any dialect.
 *
 * The lexer takes any bytes, allocates nothing, never fails, and takes time
 * linear in the length of the text.  What no dialect knows is punctuation of
 * one byte.  An unfinished quote or comment ends with the text.
 *
 * Where dialects disagree:
 *
 *	"x"		is an identifier (a string in MySQL and BigQuery).
 *	'x\'	is complete; only E'...' knows backslashes.
 *	?		is a parameter; ?| and ?& with no operator character after them
 *			are operators, and so is @?.
 *	@x		is a parameter even directly after an operator, so PostgreSQL's
 *			a<@b is read as a < @b; @@x is one too unless '(' follows.
 *	%s		and %(x)s are parameters unless directly after an operand.
 *	:x		is a parameter unless directly after an operand, where it is a path
 *			into a document (Snowflake) or an array slice.
 *	#		begins a comment to the end of the line (MySQL, BigQuery) where it
 *			follows white space or nothing and no longer operator, such as #>>,
 *			begins there.  So PostgreSQL's a # b with white space is cut short,
 *			and a#b is read.  After FROM, JOIN, INTO and the like #x on the
 *			same line is a name (a temporary table of SQL Server).
 *	{{x}}, {% x %}, {x} and ${x} are parameters: templates not yet filled in.
 */
#ifndef PERSONALIZATION_CORE_SQL_LEXER_H
#define PERSONALIZATION_CORE_SQL_LEXER_H

#include "core/sql_keyword.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum SqlTokenKind
{
	SQL_WORD,	   /* an identifier or keyword without quotes */
	SQL_QUOTED,	   /* "x", U&"x" or `x` */
	SQL_NUMBER,	   /* without a sign */
	SQL_STRING,	   /* with its prefix, such as E, and its quotes */
	SQL_PARAMETER, /* $1, ?, :x, @x, %s, {{ x }}, … */
	SQL_OPERATOR,
	SQL_PUNCTUATION /* one byte */
} SqlTokenKind;

typedef struct SqlToken
{
	SqlTokenKind kind;
	SqlKeyword keyword; /* of a word, else KW_NONE */
	const char *text;	/* into the statement */
	size_t len;			/* at least 1 */
} SqlToken;

typedef struct SqlLexer
{
	const char *text;
	size_t len;
	size_t pos; /* of the next byte; the caller may move it forward */

	/* The rest is the lexer's own. */
	bool table_next;	   /* the last token was FROM or the like */
	bool no_expression;	   /* no "}}" follows */
	bool no_statement;	   /* no "%}" follows */
	size_t run_end;		   /* the last run of operator characters ends here, */
	size_t run_last_other; /* its last but + and - ends here, */
	size_t run_last_odd;   /* its last that standard SQL has no use for, here */
} SqlLexer;

extern void sql_lexer_init(SqlLexer *lexer, const char *sql, size_t len);

/* Reads the next token; false at the end of the text. */
extern bool sql_lexer_next(SqlLexer *lexer, SqlToken *token);

/* Whether c can begin a word, or go on with one. */
extern bool sql_is_word_start(char c);
extern bool sql_is_word_byte(char c);

/* ASCII only: case in other letters is not known here. */
extern char sql_lower(char c);

#endif
