/*
 * lexer.c
 *		The tokens of an SQL statement, in any dialect.
 *
 *		Every function that looks ahead either consumes what it has looked at,
 *		stops within a run that later calls look at only a fixed number of
 *		times, or stores the result in the lexer.  This keeps the time linear
 *		on hostile texts.
 */
#include "core/sql/lexer_int.h"

#include <string.h>

/* Space, tab to carriage return: */
#define IS_ASCII_SPACE(c) ((c) == ' ' || ((c) >= '\t' && (c) <= '\r'))

bool
sql_is_word(const char *text, size_t len, const char *word)
{
	for (size_t i = 0; i < len; i++)
	{
		if (word[i] == '\0' || sql_lower(text[i]) != word[i])
			return false;
	}
	return word[len] == '\0';
}

size_t
sql_space_length(const char *text, size_t len)
{
	unsigned char c = (unsigned char) text[0];
	unsigned code;

	if (c < 0x80)
		return IS_ASCII_SPACE(c) ? 1 : 0;
	if (c == 0xC2 && len >= 2)
		return (unsigned char) text[1] == 0xA0 || (unsigned char) text[1] == 0x85 ? 2 : 0;
	if ((c != 0xE1 && c != 0xE2 && c != 0xE3 && c != 0xEF) || len < 3)
		return 0;
	code = (c & 0x0Fu) << 12 | ((unsigned char) text[1] & 0x3Fu) << 6 |
		   ((unsigned char) text[2] & 0x3Fu);
	if (((unsigned char) text[1] & 0xC0) != 0x80 || ((unsigned char) text[2] & 0xC0) != 0x80)
		return 0;
	return code == 0x1680 || (code >= 0x2000 && code <= 0x200F) || code == 0x2028 ||
				   code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x2060 ||
				   code == 0x3000 || code == 0xFEFF
			   ? 3
			   : 0;
}

bool
sql_is_attached(const SqlLexer *lexer, size_t pos)
{
	char c;

	if (pos == 0)
		return false;
	c = lexer->text[pos - 1];
	return sql_is_word_byte(c) || (c != '\0' && strchr("\"'`)]}?", c) != NULL);
}

/* Whether the dot at pos begins a number: .5, but not in t.5 or 1..5 */
static bool
is_fraction(const SqlLexer *lexer, size_t pos)
{
	return sql_is_digit(sql_byte(lexer, pos + 1)) && !sql_is_attached(lexer, pos) &&
		   (pos == 0 || lexer->text[pos - 1] != '.');
}

bool
sql_starts_word(const SqlLexer *lexer, size_t pos)
{
	char c = sql_byte(lexer, pos);

	return sql_is_word_start(c) &&
		   ((unsigned char) c < 0xC2 || sql_space_length(lexer->text + pos, lexer->len - pos) == 0);
}

size_t
sql_word_end(const SqlLexer *lexer, size_t pos)
{
	while (pos < lexer->len && sql_is_word_byte(lexer->text[pos]))
	{
		if ((unsigned char) lexer->text[pos] >= 0xC2 &&
			sql_space_length(lexer->text + pos, lexer->len - pos) > 0)
			break;
		pos++;
	}
	return pos;
}

/* Returns the end of a comment at pos, or pos if none starts there ('#' is handled elsewhere). */
static size_t
comment_end(const SqlLexer *lexer, size_t pos, const char **unfinished)
{
	const char *start = lexer->text + pos;
	char c = sql_byte(lexer, pos);
	size_t depth = 0;

	if (c == '-' && sql_byte(lexer, pos + 1) == '-')
	{
		while (pos < lexer->len && !sql_is_newline(lexer->text[pos]))
			pos++;
		return pos;
	}
	if (c != '/' || sql_byte(lexer, pos + 1) != '*')
		return pos;
	while (pos < lexer->len)
	{
		c = lexer->text[pos];
		if (c == '/' && sql_byte(lexer, pos + 1) == '*')
		{
			depth++;
			pos += 2;
		}
		else if (c == '*' && sql_byte(lexer, pos + 1) == '/')
		{
			pos += 2;
			if (--depth == 0)
				return pos;
		}
		else
			pos++;
	}
	*unfinished = start;
	return lexer->len;
}

size_t
sql_skip_space(const SqlLexer *lexer, size_t pos)
{
	const char *unfinished;
	size_t len;

	while (pos < lexer->len)
	{
		if ((len = sql_space_length(lexer->text + pos, lexer->len - pos)) > 0)
			pos += len;
		else if ((len = comment_end(lexer, pos, &unfinished)) != pos)
			pos = len;
		else
			break;
	}
	return pos;
}

/*
 * Skips white space, comments and the brackets around optional parts.  Returns
 * false if the next byte directly follows a token; *same_line is whether no
 * line ended on the way.
 */
static bool
skip_blank(SqlLexer *lexer, bool *same_line)
{
	bool blank = !lexer->started;

	*same_line = lexer->started;
	while (lexer->pos < lexer->len)
	{
		char c = lexer->text[lexer->pos];
		size_t end;

		if (c == ' ')
			lexer->pos++;
		else if ((end = sql_space_length(lexer->text + lexer->pos, lexer->len - lexer->pos)) > 0)
		{
			if (sql_is_newline(c))
				*same_line = false;
			if (end > 1)
				lexer->foreign = true;
			lexer->pos += end;
			if (c == '\n' && lexer->prompt)
				lexer->pos = sql_prompt_end(lexer, lexer->pos);
		}
		else if ((c == '-' || c == '/') &&
				 (end = comment_end(lexer, lexer->pos, &lexer->unfinished)) != lexer->pos)
			lexer->pos = end;
		else if (c == '{' && sql_byte(lexer, lexer->pos + 1) == '%' &&
				 (end = sql_liquid_comment_end(lexer, lexer->pos)) != lexer->pos)
			lexer->pos = end;
		else if (c == '<' && lexer->len - lexer->pos > 8 &&
				 memcmp(lexer->text + lexer->pos, "<![CDATA[", 9) == 0)
		{
			lexer->cdata = lexer->foreign = true;
			lexer->pos += 9;
		}
		else if (c == ']' && lexer->cdata && lexer->len - lexer->pos > 2 &&
				 memcmp(lexer->text + lexer->pos, "]]>", 3) == 0)
		{
			lexer->cdata = false;
			lexer->pos += 3;
		}
		else if ((c == '<' || c == '>') &&
				 (end = sql_clause_tag_end(lexer, lexer->pos)) != lexer->pos)
			lexer->pos = end;
		else if (c == '{' && sql_byte(lexer, lexer->pos + 1) == '#' &&
				 (end = sql_template_comment_end(lexer, lexer->pos)) != lexer->pos)
			lexer->pos = end;
		else if (c == '[' && sql_byte(lexer, lexer->pos + 1) == '[' &&
				 sql_begins_optional(lexer, lexer->pos))
		{
			lexer->optional++;
			lexer->pos += 2;
			lexer->foreign = true;
		}
		else if (c == ']' && lexer->optional > 0 && sql_byte(lexer, lexer->pos + 1) == ']')
		{
			lexer->optional--;
			lexer->pos += 2;
		}
		else if (c == '#' && blank &&
				 (sql_byte(lexer, lexer->pos + 1) != '{' ||
				  sql_braces_end(lexer, lexer->pos + 1) == lexer->pos + 1))
		{
			if (sql_wants_table(lexer) && *same_line &&
				sql_temporary_name_end(lexer, lexer->pos) != lexer->pos)
				break;
			if (sql_hash_template_end(lexer, lexer->pos) != lexer->pos)
				break;
			sql_find_run(lexer, lexer->pos);
			for (end = lexer->pos; end < lexer->run_end && lexer->text[end] == '#'; end++)
				;
			/* ## is a comment too, such as a heading of Markdown. */
			if (end < lexer->run_end)
				break;
			lexer->foreign = true;
			while (lexer->pos < lexer->len && !sql_is_newline(lexer->text[lexer->pos]))
				lexer->pos++;
		}
		else
			break;
		blank = true;
	}
	return blank;
}

/* Returns the end of the digits at pos, with underscores between them. */
static size_t
digits_end(const SqlLexer *lexer, size_t pos)
{
	while (sql_is_digit(sql_byte(lexer, pos)) ||
		   (sql_byte(lexer, pos) == '_' && sql_is_digit(sql_byte(lexer, pos + 1))))
		pos++;
	return pos;
}

/*
 * Returns the end of what may follow digits directly and is no name: the AND
 * of a=1AND b=2, and the unit of 5m (InfluxDB) or 3L (Spark).
 */
static size_t
number_suffix_end(const SqlLexer *lexer, size_t pos)
{
	static const char *const words[] = {"and", "or"};
	static const char *const suffixes[] = {"ns", "us", "ms", "s", "m",	"h", "d",
										   "w",	 "y",  "l",	 "f", "bd", "mo"};
	size_t end = sql_word_end(lexer, pos);
	size_t next = sql_skip_space(lexer, end);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (sql_is_word(lexer->text + pos, end - pos, words[i]))
			return pos;
	}
	if (lexer->before == SQL_BEFORE_TABLE || lexer->before == SQL_BEFORE_DOT ||
		(sql_byte(lexer, next) == '.' && (next == end || !sql_is_digit(sql_byte(lexer, next + 1)))))
		return SQL_NOWHERE;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
	{
		if (sql_is_word(lexer->text + pos, end - pos, suffixes[i]))
			return end;
	}
	return SQL_NOWHERE;
}

/* Returns the end of the number at pos; *plain if it consists of digits only. */
static size_t
number_end(const SqlLexer *lexer, size_t pos, bool *plain)
{
	char base = sql_lower(sql_byte(lexer, pos + 1));
	size_t end = pos;

	*plain = false;
	if (lexer->text[pos] == '0' && (base == 'x' || base == 'b' || base == 'o'))
	{
		const char *digits = base == 'x'   ? "0123456789abcdefABCDEF"
							 : base == 'o' ? "01234567"
										   : "01";

		if (sql_byte(lexer, pos + 2) != '\0' && strchr(digits, sql_byte(lexer, pos + 2)) != NULL)
		{
			end = pos + 2;
			while (end < lexer->len && lexer->text[end] != '\0' &&
				   (lexer->text[end] == '_' || strchr(digits, lexer->text[end]) != NULL))
				end++;
			return end;
		}
	}
	end = digits_end(lexer, end);
	*plain = true;
	if (sql_byte(lexer, end) == '.' && sql_byte(lexer, end + 1) != '.')
	{
		*plain = false;
		end = digits_end(lexer, end + 1);
	}
	if (sql_lower(sql_byte(lexer, end)) == 'e')
	{
		size_t digits = end + 1;

		if (sql_byte(lexer, digits) == '+' || sql_byte(lexer, digits) == '-')
			digits++;
		if (sql_is_digit(sql_byte(lexer, digits)))
		{
			*plain = false;
			end = digits;
			while (sql_is_digit(sql_byte(lexer, end)))
				end++;
		}
	}
	return end;
}

/* Reads a word, or a string or quoted identifier with letters before its quote. */
static size_t
word_token(SqlLexer *lexer, size_t pos, SqlTokenKind *kind)
{
	char c = sql_lower(lexer->text[pos]);
	char next = sql_byte(lexer, pos + 1);
	size_t end;

	if (next == '\'' && strchr("benrx", c) != NULL)
	{
		*kind = SQL_STRING;
		if ((c == 'r' || c == 'b') && (end = sql_triple_quote_end(lexer, pos + 1)) != pos + 1)
		{
			lexer->foreign = true;
			return end;
		}
		return sql_quote_end(lexer, pos + 1, c == 'e' || lexer->backslashes);
	}
	if (c == 'u' && next == '&' &&
		(sql_byte(lexer, pos + 2) == '\'' || sql_byte(lexer, pos + 2) == '"'))
	{
		*kind = sql_byte(lexer, pos + 2) == '\'' ? SQL_STRING : SQL_QUOTED;
		return sql_quote_end(lexer, pos + 2, false);
	}
	if ((c == 'q' || (c == 'n' && sql_lower(next) == 'q')) &&
		(end = sql_q_quote_end(lexer, pos + (c == 'n'))) != pos + (c == 'n'))
	{
		*kind = SQL_STRING;
		return end;
	}
	*kind = SQL_WORD;
	end = sql_word_end(lexer, pos);
	/* Oracle's serial#, but not a#b, a#1 and a#>b */
	if (sql_byte(lexer, end) == '#' && !sql_is_word_byte(sql_byte(lexer, end + 1)) &&
		(!sql_is_operator_char(sql_byte(lexer, end + 1)) ||
		 (sql_byte(lexer, end + 1) == '=' && !sql_is_operator_char(sql_byte(lexer, end + 2)))) &&
		sql_byte(lexer, end + 1) != '{' && sql_byte(lexer, end + 1) != '(' &&
		sql_byte(lexer, end + 1) != '\'')
		end++;
	return end;
}

/* Reads a token that starts with a quote of any kind. */
static size_t
quote_token(SqlLexer *lexer, size_t pos, char quote, SqlTokenKind *kind)
{
	size_t end = quote == '\'' ? sql_triple_quote_end(lexer, pos) : pos;

	*kind = quote == '\'' ? SQL_STRING : SQL_QUOTED;
	if (end != pos)
	{
		lexer->foreign = true;
		return end;
	}
	return sql_quote_end(lexer, pos, lexer->backslashes && quote != '`');
}

/*
 * Reads a token that starts with [, which may be a name, unless it must be the
 * bracket of an array or a subscript.
 */
static size_t
bracket_token(const SqlLexer *lexer, size_t pos, bool blank, SqlTokenKind *kind)
{
	size_t end;

	*kind = SQL_PUNCTUATION;
	if (lexer->before == SQL_BEFORE_OPERAND && (!blank || lexer->keyword == KW_ARRAY))
		return pos + 1;
	if ((lexer->arrays & SQL_DEPTH_BIT(lexer)) != 0)
		return pos + 1;
	end = sql_bracket_end(
		lexer, pos,
		lexer->before == SQL_BEFORE_TABLE || lexer->before == SQL_BEFORE_DOT ||
			lexer->keyword == KW_AS ||
			(lexer->before == SQL_BEFORE_COMMA && (lexer->froms & SQL_DEPTH_BIT(lexer)) != 0));
	if (end == pos)
		return pos + 1;
	*kind = SQL_QUOTED;
	return end;
}

/* Reads a token that starts with a brace. */
static size_t
brace_token(SqlLexer *lexer, size_t pos, SqlTokenKind *kind)
{
	char next = sql_byte(lexer, pos + 1);
	size_t end = next == '{' || next == '%' ? sql_template_end(lexer, pos) : pos;

	*kind = SQL_TEMPLATE;
	if (end != pos)
	{
		if (next == '%' ? !sql_tag_is_value(lexer->text + pos, end - pos)
						: sql_is_section(lexer->text + pos, end - pos))
			*kind = SQL_TAG;
		return end;
	}
	end = sql_brace_end(lexer, pos);
	if (end != pos)
		return end;
	*kind = SQL_PUNCTUATION;
	return pos + 1;
}

/* Reads the token at pos: sets its kind and returns its end. */
static size_t
read_token(SqlLexer *lexer, size_t pos, bool blank, bool same_line, SqlTokenKind *kind)
{
	char c = lexer->text[pos];
	char quote;
	size_t end;
	bool plain;

	if ((unsigned char) c == 0xE2 && (quote = sql_smart_quote(lexer, pos)) != '\0')
	{
		lexer->foreign = true;
		return quote_token(lexer, pos, quote, kind);
	}
	if (sql_is_word_start(c))
		return word_token(lexer, pos, kind);
	if (sql_is_digit(c) || (c == '.' && is_fraction(lexer, pos)))
	{
		*kind = SQL_NUMBER;
		end = number_end(lexer, pos, &plain);
		if (plain && sql_starts_word(lexer, end))
		{
			/* MySQL's names may begin with digits. */
			size_t suffix = number_suffix_end(lexer, end);

			if (suffix != SQL_NOWHERE)
				return suffix;
			*kind = SQL_WORD;
			end = sql_word_end(lexer, end);
		}
		return end;
	}
	switch (c)
	{
		case '\'':
		case '"':
		case '`':
			return quote_token(lexer, pos, c, kind);
		case '$':
			return sql_dollar_token(lexer, pos, kind);
		case ':':
			return sql_colon_token(lexer, pos, kind);
		case '?':
			return sql_question_token(lexer, pos, kind);
		case '{':
			return brace_token(lexer, pos, kind);
		case '[':
			if (sql_byte(lexer, pos + 1) == '[' &&
				(end = sql_double_bracket_end(lexer, pos)) != pos && !sql_is_attached(lexer, pos) &&
				lexer->keyword != KW_ARRAY)
			{
				*kind = SQL_TEMPLATE;
				return end;
			}
			return bracket_token(lexer, pos, blank, kind);
		default:
			break;
	}
	*kind = SQL_PUNCTUATION;
	if (!sql_is_operator_char(c))
		return pos + 1;
	if ((end = sql_odd_parameter(lexer, pos, kind)) != pos)
	{
		lexer->foreign = true;
		return end;
	}
	if (c == '#' && blank && same_line && sql_wants_table(lexer) &&
		(end = sql_temporary_name_end(lexer, pos)) != pos)
	{
		*kind = SQL_WORD;
		return end;
	}
	*kind = SQL_OPERATOR;
	return c == '@' && sql_byte(lexer, pos + 1) == '?' ? pos + 2 : sql_operator_end(lexer, pos);
}

const char sql_separator[] = ";";

void
sql_lexer_init(SqlLexer *lexer, const char *sql, size_t len)
{
	memset(lexer, 0, offsetof(SqlLexer, name_hashes));
	lexer->text = sql;
	lexer->len = lexer->full_len = len;
	if (len == 0)
		return;
	sql_find_pasted(lexer);
	lexer->backslashes = sql_has_backslashes(sql + lexer->pos, lexer->len - lexer->pos);
	if (lexer->backslashes)
		lexer->foreign = true;
	{
		/* All fences are read as one text: what a quote means in one, it means in all. */
		size_t end = lexer->len;

		lexer->len = lexer->full_len;
		lexer->double_quotes = sql_may_quote_values(lexer);
		lexer->len = end;
	}
	if (lexer->double_quotes)
		sql_decide_quotes(lexer);
}

bool
sql_lexer_next(SqlLexer *lexer, SqlToken *token)
{
	bool same_line;
	bool blank;
	size_t end;

	while (blank = skip_blank(lexer, &same_line), lexer->pos >= lexer->len)
	{
		if (!sql_next_pasted(lexer))
			return false;
		/* Each fence contains a separate statement. */
		token->text = sql_separator;
		token->len = 1;
		token->kind = SQL_PUNCTUATION;
		token->attached = false;
		sql_pass_token(lexer, token);
		return true;
	}
	lexer->started = true;
	token->text = lexer->text + lexer->pos;
	end = read_token(lexer, lexer->pos, blank, same_line, &token->kind);
	token->len = end - lexer->pos;
	token->attached = !blank;
	lexer->pos = end;
	if (token->kind == SQL_TEMPLATE || token->kind == SQL_TAG ||
		(token->kind == SQL_QUOTED && token->text[0] == '['))
		lexer->foreign = true;
	sql_pass_token(lexer, token);
	return true;
}
