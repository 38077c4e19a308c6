/*
 * lexer.h
 *		The tokens of a SQL statement, in any dialect.
 *
 * The lexer accepts any bytes, allocates nothing, never fails, and takes time
 * linear in the length of the text.  A byte that no dialect uses is a token of
 * punctuation.  An unfinished quote or comment ends with the text.
 *
 * White space is that of Unicode, with byte order marks and other characters
 * of no width.  In a text copied from a chat or a terminal, only the SQL is
 * read; see paste.c.
 *
 * Where dialects disagree:
 *
 *	"x"		is a name, or a string as in MySQL and BigQuery; see quotes.c.
 *	'x\'	is complete, unless the text makes sense only where a backslash
 *			escapes the quote, or a letter follows, as in 'it\'s'.
 *	‘x’, “x” are 'x' and "x".
 *	q'[x]'	is a string, as in Oracle.
 *	[x]		is a name, as in SQL Server, where no array or subscript can be;
 *			after FROM and the like it may have anything in it.
 *	?		is a parameter; ?| and ?& with no operator character after them
 *			are operators, and so is @?.
 *	@x		is a parameter even directly after an operator, so PostgreSQL's
 *			a<@b is read as a < @b; but not before what cannot be a
 *			parameter's, as in <@array[1].  @@x is one too where no operand
 *			is before it and no '(' follows.
 *	%s, %d	and %(x)s are parameters, and so is &x, unless after an operand.
 *	:x		is a parameter unless directly after an operand, where it is a path
 *			into a document (Snowflake) or an array slice.
 *	#		begins a comment to the end of the line (MySQL, BigQuery) where it
 *			follows white space or nothing and no longer operator, such as #>>,
 *			begins there.  So PostgreSQL's a # b with white space is cut short,
 *			and a#b is read.  At the end of a word it belongs to the word, as in
 *			Oracle's serial#.  After FROM, JOIN, INTO and the like #x on the
 *			same line is a name (a temporary table of SQL Server).
 *	$x(		is a function's name, a macro of Grafana.
 *
 * Templates (see template.c) are tokens of their own; {# x #} is a comment,
 * and the [[ and ]] around optional parts are left out.
 */
#ifndef PERSONALIZATION_CORE_SQL_LEXER_H
#define PERSONALIZATION_CORE_SQL_LEXER_H

#include "core/sql/keyword.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum SqlTokenKind
{
	SQL_WORD,	   /* an identifier or keyword without quotes */
	SQL_QUOTED,	   /* a name in quotes: "x", U&"x", `x`, [x] or “x” */
	SQL_NUMBER,	   /* without a sign */
	SQL_STRING,	   /* with its prefix, such as E, and its quotes */
	SQL_PARAMETER, /* $1, ?, :x, @x, %s, …: what a driver fills in */
	SQL_TEMPLATE,  /* {{ x }}, {x}, ${x}, #{x}, <%= x %>: stands for any text */
	SQL_TAG,	   /* {% x %} and <% x %>: control, stands for no text */
	SQL_OPERATOR,
	SQL_PUNCTUATION /* one byte */
} SqlTokenKind;

/* What is before a token; the first five have no operand before it. */
typedef enum SqlBefore
{
	SQL_BEFORE_OTHER,	   /* nothing, or a word after which an operand comes */
	SQL_BEFORE_OPERATOR,   /* an operator whose result is a value */
	SQL_BEFORE_COMPARISON, /* =, LIKE, IN, BETWEEN and its AND, … */
	SQL_BEFORE_KEY,		   /* -> and the like, after which a document's key comes */
	SQL_BEFORE_OPEN,	   /* ( or [ */
	SQL_BEFORE_COMMA,
	SQL_BEFORE_TABLE, /* FROM, JOIN, INTO, … */
	SQL_BEFORE_OPERAND,
	SQL_BEFORE_DOT,
	SQL_BEFORE_WORD /* a word that no operand follows, such as AS */
} SqlBefore;

/* How a name in double quotes is written. */
typedef enum SqlStyle
{
	SQL_STYLE_NONE, /* not in double quotes */
	SQL_STYLE_LOWER,
	SQL_STYLE_UPPER,
	SQL_STYLE_CAPITAL,
	SQL_STYLE_OTHER
} SqlStyle;

typedef struct SqlToken
{
	SqlTokenKind kind;
	SqlKeyword keyword; /* of a word; else KW_NONE */
	SqlBefore before;
	bool in_list;	  /* directly in parentheses around values: IN (…), VALUES (…), […] */
	bool in_call;	  /* directly in the parentheses of a function call */
	bool in_from;	  /* where FROM and the like take their tables */
	bool attached;	  /* nothing is between it and the previous token */
	SqlStyle left;	  /* of the last operand before a comparison */
	const char *text; /* into the statement */
	size_t len;		  /* at least 1 */
} SqlToken;

/* A cache of a search: "at" is the result for all positions from "from" to it. */
typedef struct SqlNext
{
	bool known;
	size_t from;
	size_t at;
} SqlNext;

/* The number of different texts in double quotes that are classified as names or strings. */
#define SQL_QUOTES 256

typedef struct SqlLexer
{
	const char *text;
	size_t len;
	size_t pos; /* of the next byte; the caller may move it forward */

	/* PostgreSQL's own lexer would have read something before this differently. */
	bool foreign;

	/* Where a quote or comment without an end began; NULL if there is none. */
	const char *unfinished;

	/* The remaining members are private to the lexer. */
	size_t full_len; /* len is the end of what is read at present */
	bool fenced;
	bool started; /* a token has been read */
	bool prompt;  /* lines may begin with a terminal's prompt of this name: */
	const char *prompt_name;
	size_t prompt_len;
	bool backslashes;	   /* backslashes escape quotes */
	bool table_next;	   /* the last token was FROM or the like */
	bool blank;			   /* there was something between the last two tokens */
	int optional;		   /* number of open [[ */
	size_t run_end;		   /* the last run of operator characters ends here, */
	size_t run_last_other; /* its last but + and - ends here, */
	size_t run_last_odd;   /* its last character that no operator of standard SQL has ends here */
	SqlNext template_ends[2];  /* the next }} and %} */
	SqlNext comment_end;	   /* #} */
	SqlNext erb_end;		   /* %> */
	SqlNext optional_end;	   /* ]] */
	SqlNext optional_template; /* {{ */
	bool no_orderly_end[2];	   /* no balanced }} or %} follows */
	bool no_nested_end;		   /* no }} for each {{ follows */
	bool no_comment_end;	   /* no {% endcomment %} follows */
	bool cdata;				   /* <![CDATA[ is open */

	/* What is before the next token. */
	SqlBefore before;
	SqlKeyword keyword; /* the last token's */
	bool type_last;		/* it is a word that is not a keyword */
	bool word_compared; /* and a comparison is before it */
	bool default_last;	/* it is IFNULL or IF */
	bool between;		/* the next AND belongs to BETWEEN */
	bool list_next;		/* the next parenthesis opens a list */
	unsigned depth;
	uint64_t lists;	 /* one bit for each depth; the last one for all deeper ones */
	uint64_t arrays; /* those of them in brackets */
	uint64_t calls;
	uint64_t compared; /* those of them that are compared with something */
	uint64_t defaults; /* those of functions whose later arguments are values: IFNULL, IF */
	uint64_t froms;
	uint64_t values; /* VALUES has been read on this depth */
	SqlStyle left;	 /* of the last operand before a comparison */

	/* What double quotes mean in this text. */
	bool double_quotes;				  /* there are some */
	bool quotes_decided;			  /* their meaning is decided */
	bool quotes_strings;			  /* some are certainly around strings */
	int place;						  /* where the last of them was */
	uint32_t name_hashes[SQL_QUOTES]; /* texts that are also read as names */
} SqlLexer;

extern void sql_lexer_init(SqlLexer *lexer, const char *sql, size_t len);

/* The text of the token between two pasted parts, which is not in the statement. */
extern const char sql_separator[];

/* Reads the next token; false at the end of the text. */
extern bool sql_lexer_next(SqlLexer *lexer, SqlToken *token);

/*
 * Whether the end of a token text[0..len), if it is a {{ … }} or {% … %}, follows
 * from its own text, and not from where quotes behind it are.
 */
extern bool sql_template_is_closed(const char *text, size_t len);

static inline bool
sql_is_newline(char c)
{
	return c == '\n' || c == '\r';
}

/* Returns the byte at a position; a zero byte past the end, with which nothing begins. */
static inline char
sql_byte(const SqlLexer *lexer, size_t pos)
{
	return pos < lexer->len ? lexer->text[pos] : '\0';
}

/* Returns the position of the next byte that is neither white space nor in a comment. */
extern size_t sql_skip_space(const SqlLexer *lexer, size_t pos);

/* Returns the end of the word at pos, or pos if there is none. */
extern size_t sql_word_end(const SqlLexer *lexer, size_t pos);

/* Whether c can begin a word, or go on with one. */
static inline bool
sql_is_word_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
		   (unsigned char) c >= 0x80;
}

static inline bool
sql_is_word_byte(char c)
{
	return sql_is_word_start(c) || (c >= '0' && c <= '9') || c == '$';
}

/* ASCII only: case in other letters is not known here. */
static inline char
sql_lower(char c)
{
	return (char) (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* What kind of statement begins with a word. */
typedef enum SqlBeginning
{
	SQL_BEGINS_NOTHING, /* no statement begins with it */
	SQL_BEGINS_PART,	/* a part of a statement only */
	SQL_BEGINS_OTHER,	/* a statement that reads no tables by itself */
	SQL_BEGINS_QUERY
} SqlBeginning;
extern SqlBeginning sql_beginning(const char *word, size_t len);

/* Whether it is one of the words that most statements begin with. */
extern bool sql_begins_surely(const char *word, size_t len);

/*
 * Returns the length of the white space or zero-width character at
 * text[0..len), 0 if it is something else.  len must not be 0.
 */
extern size_t sql_space_length(const char *text, size_t len);

/* Whether text[0..len) is the word, which is in lower case, in any case. */
extern bool sql_is_word(const char *text, size_t len, const char *word);

/*
 * Finds the calls of dbt's ref() and source() in the template text[0..len): a
 * source's table has both names, a model the second only, and first is NULL.
 */
typedef void (*SqlNameFound)(const char *first, size_t first_len, const char *second,
							 size_t second_len, void *arg);
extern void sql_template_names(const char *text, size_t len, SqlNameFound found, void *arg);

#endif
