/*
 * lexer_int.h
 *		Declarations shared by the parts of the lexer.
 */
#ifndef PERSONALIZATION_CORE_SQL_LEXER_INT_H
#define PERSONALIZATION_CORE_SQL_LEXER_INT_H

#include "core/sql/lexer.h"

/* No such place in the text. */
#define SQL_NOWHERE SIZE_MAX

/* The bit of the present depth. */
#define SQL_DEPTH_BIT(lexer) (UINT64_C(1) << ((lexer)->depth < 63 ? (lexer)->depth : 63))

/* lexer.c */

static inline bool
sql_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
sql_is_operator_char(char c)
{
	switch (c)
	{
		case '+':
		case '-':
		case '*':
		case '/':
		case '<':
		case '>':
		case '=':
		case '~':
		case '!':
		case '@':
		case '#':
		case '%':
		case '^':
		case '&':
		case '|':
			return true;
		default:
			return false;
	}
}

/* Whether an operand ends directly before a position. */
extern bool sql_is_attached(const SqlLexer *lexer, size_t pos);
/* Whether a value is next: after a comparison, or in a list of values. */
static inline bool
sql_wants_value(const SqlLexer *lexer)
{
	return lexer->before == SQL_BEFORE_COMPARISON ||
		   ((lexer->before == SQL_BEFORE_OPEN || lexer->before == SQL_BEFORE_COMMA) &&
			(lexer->lists & SQL_DEPTH_BIT(lexer)) != 0);
}

/* Whether a table is next: after FROM and the like, or after a comma there. */
static inline bool
sql_wants_table(const SqlLexer *lexer)
{
	return lexer->table_next ||
		   (lexer->before == SQL_BEFORE_COMMA && (lexer->froms & SQL_DEPTH_BIT(lexer)) != 0);
}

/* Whether a word begins at pos. */
extern bool sql_starts_word(const SqlLexer *lexer, size_t pos);

/* lexer_operator.c: operators, and parameters that begin with a sign */

/*
 * Finds the run of operator characters at pos, which is cut where a comment or
 * a parameter starts inside it.  A run can be several tokens; it is examined
 * only once.
 */
extern void sql_find_run(SqlLexer *lexer, size_t pos);
/*
 * Returns the end of the operator at pos.  As in PostgreSQL it takes the whole
 * run, but does not end in + or - unless it contains one of ~!@#%^&|; so =-1
 * is = and -1.  Operators that are common to most dialects never include the
 * sign: != -1 is often written without the space.
 */
extern size_t sql_operator_end(SqlLexer *lexer, size_t pos);
/* Returns the end of the name of a temporary table, #x or ##x, at pos, or pos. */
extern size_t sql_temporary_name_end(const SqlLexer *lexer, size_t pos);
/* Reads a token that starts with a dollar sign. */
extern size_t sql_dollar_token(SqlLexer *lexer, size_t pos, SqlTokenKind *kind);
/* Reads a token that starts with a colon. */
extern size_t sql_colon_token(SqlLexer *lexer, size_t pos, SqlTokenKind *kind);
/* Reads a token that starts with a question mark. */
extern size_t sql_question_token(const SqlLexer *lexer, size_t pos, SqlTokenKind *kind);
/* Returns the end of a parameter that starts with an operator character, or pos. */
extern size_t sql_odd_parameter(SqlLexer *lexer, size_t pos, SqlTokenKind *kind);

/* lexer_quote.c: strings and names in quotes */

/* Returns the typographic quote at pos as ' or ", or 0 if there is none.  It has three bytes. */
extern char sql_smart_quote(const SqlLexer *lexer, size_t pos);
/* Returns the end of the quoted text whose opening quote, possibly a typographic one, is at pos. */
extern size_t sql_quote_end(SqlLexer *lexer, size_t pos, bool backslashes);
/* Returns the end of the dollar-quoted string at pos, or pos if none starts there. */
extern size_t sql_dollar_quote_end(SqlLexer *lexer, size_t pos);
/* Returns the end of Oracle's q'[…]' at pos, where the q is, or pos. */
extern size_t sql_q_quote_end(SqlLexer *lexer, size_t pos);
/* Returns the end of BigQuery's text in three single quotes at pos, or pos. */
extern size_t sql_triple_quote_end(const SqlLexer *lexer, size_t pos);
/* Returns the end of the name in brackets at pos, or pos. */
extern size_t sql_bracket_end(const SqlLexer *lexer, size_t pos, bool anything);
/* Whether the text is consistent only if backslashes escape quotes. */
extern bool sql_has_backslashes(const char *text, size_t len);

/* template.c: templates and other gaps in a text */

/* Returns the end of the {{ … }} or {% … %} at pos, or pos. */
extern size_t sql_template_end(SqlLexer *lexer, size_t pos);
/* Returns the end of the {# … #} at pos, or pos. */
extern size_t sql_template_comment_end(SqlLexer *lexer, size_t pos);
/* Returns the end of {name}, {}, {name:Type} at pos, where the brace is, or pos. */
extern size_t sql_brace_end(const SqlLexer *lexer, size_t pos);
/* Returns the end of the braces at pos up to the next closing one in the line, or pos. */
extern size_t sql_braces_end(const SqlLexer *lexer, size_t pos);
/* Returns the end of <% … %> at pos, or pos; *tag if it produces no text. */
extern size_t sql_erb_end(SqlLexer *lexer, size_t pos, bool after_operand, bool *tag);
/* Returns the end of the template in a quoted text at pos that contains the quote, or pos. */
extern size_t sql_quoted_template_end(const SqlLexer *lexer, size_t pos, char quote);
/* Returns the end of {% comment %} … {% endcomment %} at pos, or pos. */
extern size_t sql_liquid_comment_end(SqlLexer *lexer, size_t pos);
/* Returns the end of the < before, or the > behind, the word in MyBatis's <where> and <set>; or pos. */
extern size_t sql_clause_tag_end(const SqlLexer *lexer, size_t pos);
/* Returns the end of MyBatis's <if test="…"> or </if> at pos, or pos. */
extern size_t sql_xml_tag_end(const SqlLexer *lexer, size_t pos);
/* Returns the end of <name> or <<name>>, what a reader is to fill in, at pos, or pos. */
extern size_t sql_angle_end(const SqlLexer *lexer, size_t pos);
/* Returns the end of #name# at pos, if it is where a value is compared, or pos. */
extern size_t sql_hash_template_end(const SqlLexer *lexer, size_t pos);
/* Whether the {{ … }} token is control of Mustache or Handlebars: {{#if x}}, {{/if}}, {{else}}. */
extern bool sql_is_section(const char *text, size_t len);
/* Whether the {% … %} token is replaced by text. */
extern bool sql_tag_is_value(const char *text, size_t len);
/* Returns the end of [[name]] at pos, or pos. */
extern size_t sql_double_bracket_end(const SqlLexer *lexer, size_t pos);
/* Whether the [[ at pos starts an optional part, up to ]]. */
extern bool sql_begins_optional(SqlLexer *lexer, size_t pos);

/* paste.c: SQL in text that was copied from elsewhere */

/* Sets where the lexer starts and ends. */
extern void sql_find_pasted(SqlLexer *lexer);
/* At the end of one part, goes on to the next; returns false if there is none. */
extern bool sql_next_pasted(SqlLexer *lexer);
/* Returns the end of the terminal's prompt at pos, at the beginning of a line, or pos. */
extern size_t sql_prompt_end(const SqlLexer *lexer, size_t pos);

/* quotes.c: the meaning of double quotes, and the context of a token */

/*
 * Whether the text in double quotes that begins at pos may be a value, by its
 * neighbours; and whether any in the text may.
 */
extern bool sql_may_be_value(const SqlLexer *lexer, size_t pos);
extern bool sql_may_quote_values(const SqlLexer *lexer);
/* Reads the whole text to determine how it uses double quotes. */
extern void sql_decide_quotes(SqlLexer *lexer);
/* Whether the token in double quotes that ends at the lexer's position is a string. */
extern bool sql_quotes_string(const SqlLexer *lexer, const SqlToken *token);
/* Makes the token the previous one. */
extern void sql_pass_token(SqlLexer *lexer, SqlToken *token);

#endif
