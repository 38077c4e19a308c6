/*
 * sql_lexer.c
 *		The tokens of a SQL statement, in any dialect.
 *
 * Every function that looks ahead either consumes what it looked at, stops
 * within a run that no later call looks at more than a fixed number of times,
 * or remembers in the lexer that there is nothing to find.  That is what
 * keeps the time linear on hostile texts.
 */
#include "core/sql_lexer.h"

#include <string.h>

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_operator_char(char c)
{
	return c != '\0' && strchr("+-*/<>=~!@#%^&|", c) != NULL;
}

bool
sql_is_word_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
		   (unsigned char) c >= 0x80;
}

bool
sql_is_word_byte(char c)
{
	return sql_is_word_start(c) || is_digit(c) || c == '$';
}

char
sql_lower(char c)
{
	return (char) (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* The byte at a position; a zero byte past the end, which begins nothing. */
static char
at(const SqlLexer *lexer, size_t pos)
{
	return pos < lexer->len ? lexer->text[pos] : '\0';
}

/* Whether an operand ends directly before a position. */
static bool
is_attached(const SqlLexer *lexer, size_t pos)
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
	return is_digit(at(lexer, pos + 1)) && !is_attached(lexer, pos) &&
		   (pos == 0 || lexer->text[pos - 1] != '.');
}

static size_t
word_end(const SqlLexer *lexer, size_t pos)
{
	while (pos < lexer->len && sql_is_word_byte(lexer->text[pos]))
		pos++;
	return pos;
}

/* The end of the quoted text whose opening quote is at pos. */
static size_t
quote_end(const SqlLexer *lexer, size_t pos, bool backslashes)
{
	char quote = lexer->text[pos++];

	while (pos < lexer->len)
	{
		char c = lexer->text[pos++];

		if (c == '\\' && backslashes)
		{
			if (pos < lexer->len)
				pos++;
		}
		else if (c == quote)
		{
			if (at(lexer, pos) != quote)
				return pos;
			pos++;
		}
	}
	return lexer->len;
}

/*
 * The end of the dollar-quoted string at pos, or pos if none begins there.
 * A tag has no '$' in it, so that comparing it at every '$' of the body reads
 * no byte of the body twice.
 */
static size_t
dollar_quote_end(const SqlLexer *lexer, size_t pos)
{
	size_t body = pos + 1;
	size_t tag_len;
	const char *next;

	if (sql_is_word_start(at(lexer, body)))
	{
		while (body < lexer->len && lexer->text[body] != '$' && sql_is_word_byte(lexer->text[body]))
			body++;
	}
	if (at(lexer, body) != '$')
		return pos;
	body++;
	tag_len = body - pos;

	while (body < lexer->len && (next = memchr(lexer->text + body, '$', lexer->len - body)) != NULL)
	{
		body = (size_t) (next - lexer->text);
		if (lexer->len - body < tag_len)
			break;
		if (memcmp(next, lexer->text + pos, tag_len) == 0)
			return body + tag_len;
		body++;
	}
	return lexer->len;
}

/* The end of a comment at pos, or pos if none begins there ('#' aside). */
static size_t
comment_end(const SqlLexer *lexer, size_t pos)
{
	char c = at(lexer, pos);
	size_t depth = 0;

	if (c == '-' && at(lexer, pos + 1) == '-')
	{
		while (pos < lexer->len && lexer->text[pos] != '\n' && lexer->text[pos] != '\r')
			pos++;
		return pos;
	}
	if (c != '/' || at(lexer, pos + 1) != '*')
		return pos;
	while (pos < lexer->len)
	{
		c = lexer->text[pos];
		if (c == '/' && at(lexer, pos + 1) == '*')
		{
			depth++;
			pos += 2;
		}
		else if (c == '*' && at(lexer, pos + 1) == '/')
		{
			pos += 2;
			if (--depth == 0)
				return pos;
		}
		else
			pos++;
	}
	return lexer->len;
}

/* The end of %s or %(name)s at pos, or pos. */
static size_t
python_parameter_end(const SqlLexer *lexer, size_t pos)
{
	size_t end = pos + 1;

	if (at(lexer, pos) != '%' || is_attached(lexer, pos))
		return pos;
	if (at(lexer, end) == '(')
	{
		size_t name = end + 1;

		end = word_end(lexer, name);
		if (end == name || at(lexer, end) != ')')
			return pos;
		end++;
		if (sql_lower(at(lexer, end)) < 'a' || sql_lower(at(lexer, end)) > 'z')
			return pos;
	}
	else if (at(lexer, end) != 's')
		return pos;
	end++;
	return sql_is_word_byte(at(lexer, end)) ? pos : end;
}

/* The end of @name or @@name at pos, or pos. */
static size_t
at_parameter_end(const SqlLexer *lexer, size_t pos)
{
	size_t end;

	if (at(lexer, pos) != '@')
		return pos;
	if (sql_is_word_start(at(lexer, pos + 1)))
		return word_end(lexer, pos + 1);
	if (at(lexer, pos + 1) == '@' && sql_is_word_start(at(lexer, pos + 2)) &&
		!is_attached(lexer, pos))
	{
		end = word_end(lexer, pos + 2);
		return at(lexer, end) == '(' ? pos : end;
	}
	return pos;
}

/*
 * Finds the run of operator characters at pos, which is cut where a comment
 * or a parameter begins inside it.  One run can be several tokens; it is
 * looked at once.
 */
static void
find_run(SqlLexer *lexer, size_t pos)
{
	size_t i;

	if (pos < lexer->run_end)
		return;
	lexer->run_last_odd = lexer->run_last_other = pos;
	for (i = pos; i < lexer->len && is_operator_char(lexer->text[i]); i++)
	{
		char c = lexer->text[i];

		if (i > pos)
		{
			char next = at(lexer, i + 1);

			if ((c == '-' && next == '-') || (c == '/' && next == '*'))
				break;
			if (c == '@' && lexer->text[i - 1] != '@' && sql_is_word_start(next))
				break;
			if (c == '%' && python_parameter_end(lexer, i) != i)
				break;
		}
		if (c != '+' && c != '-')
			lexer->run_last_other = i + 1;
		if (strchr("~!@#%^&|", c) != NULL)
			lexer->run_last_odd = i + 1;
	}
	lexer->run_end = i;
}

/*
 * The end of the operator at pos.  As in PostgreSQL it takes all of a run,
 * but does not end in + or - unless it has one of ~!@#%^&| in it; so =-1 is
 * = and -1.  Operators that are common to most dialects lose the sign even
 * so: != -1 is often written without the space.
 */
static size_t
operator_end(SqlLexer *lexer, size_t pos)
{
	static const char *const plain[] = {"!=", "%", "^", "&", "|", "&&", "||"};
	size_t end;
	size_t i;

	find_run(lexer, pos);
	end = lexer->run_last_other > pos ? lexer->run_last_other : pos + 1;
	if (lexer->run_last_odd <= pos)
		return end;
	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
	{
		if (end - pos == strlen(plain[i]) && memcmp(lexer->text + pos, plain[i], end - pos) == 0)
			return end;
	}
	return lexer->run_end;
}

/* The length of the name of a temporary table, #x or ##x, at pos, or 0. */
static size_t
temporary_name_end(const SqlLexer *lexer, size_t pos)
{
	size_t start = pos;

	while (start < pos + 2 && at(lexer, start) == '#')
		start++;
	return sql_is_word_start(at(lexer, start)) ? word_end(lexer, start) : pos;
}

/*
 * Skips white space and comments.  Returns false if the next byte directly
 * follows a token; *same_line tells whether a line ended on the way.
 */
static bool
skip_blank(SqlLexer *lexer, bool *same_line)
{
	bool blank = lexer->pos == 0;

	*same_line = lexer->pos != 0;
	while (lexer->pos < lexer->len)
	{
		char c = lexer->text[lexer->pos];
		size_t end;

		if (is_space(c))
		{
			if (c == '\n' || c == '\r')
				*same_line = false;
			lexer->pos++;
		}
		else if ((end = comment_end(lexer, lexer->pos)) != lexer->pos)
			lexer->pos = end;
		else if (c == '#' && blank)
		{
			if (lexer->table_next && *same_line &&
				temporary_name_end(lexer, lexer->pos) != lexer->pos)
				break;
			find_run(lexer, lexer->pos);
			if (lexer->run_end != lexer->pos + 1)
				break;
			while (lexer->pos < lexer->len && lexer->text[lexer->pos] != '\n' &&
				   lexer->text[lexer->pos] != '\r')
				lexer->pos++;
		}
		else
			break;
		blank = true;
	}
	return blank;
}

/* The end of the number at pos; *plain if it is of digits only. */
static size_t
number_end(const SqlLexer *lexer, size_t pos, bool *plain)
{
	char base = sql_lower(at(lexer, pos + 1));
	size_t end = pos;

	*plain = false;
	if (lexer->text[pos] == '0' && (base == 'x' || base == 'b' || base == 'o'))
	{
		const char *digits = base == 'x'   ? "0123456789abcdefABCDEF"
							 : base == 'o' ? "01234567"
										   : "01";

		if (at(lexer, pos + 2) != '\0' && strchr(digits, at(lexer, pos + 2)) != NULL)
		{
			end = pos + 2;
			while (end < lexer->len && lexer->text[end] != '\0' &&
				   (lexer->text[end] == '_' || strchr(digits, lexer->text[end]) != NULL))
				end++;
			return end;
		}
	}
	*plain = true;
	while (is_digit(at(lexer, end)) || (at(lexer, end) == '_' && is_digit(at(lexer, end + 1))))
		end++;
	if (at(lexer, end) == '.' && at(lexer, end + 1) != '.')
	{
		*plain = false;
		end++;
		while (is_digit(at(lexer, end)) || (at(lexer, end) == '_' && is_digit(at(lexer, end + 1))))
			end++;
	}
	if (sql_lower(at(lexer, end)) == 'e')
	{
		size_t digits = end + 1;

		if (at(lexer, digits) == '+' || at(lexer, digits) == '-')
			digits++;
		if (is_digit(at(lexer, digits)))
		{
			*plain = false;
			end = digits;
			while (is_digit(at(lexer, end)))
				end++;
		}
	}
	return end;
}

/*
 * The end of the template at pos, or pos: {{ … }}, {% … %} or {name}.  Once
 * an end is missing it is missing for every later beginning.
 */
static size_t
template_end(SqlLexer *lexer, size_t pos)
{
	char kind = at(lexer, pos + 1);
	bool *none = kind == '{' ? &lexer->no_expression : &lexer->no_statement;
	size_t end;

	if (kind != '{' && kind != '%')
	{
		end = pos + 1;
		if (sql_is_word_start(kind))
			end = word_end(lexer, end);
		return end > pos + 1 && at(lexer, end) == '}' ? end + 1 : pos;
	}
	if (*none)
		return pos;
	for (end = pos + 2; end + 1 < lexer->len; end++)
	{
		if (lexer->text[end + 1] == '}' && lexer->text[end] == (kind == '{' ? '}' : '%'))
			return end + 2;
	}
	*none = true;
	return pos;
}

/* What begins with a dollar sign. */
static size_t
dollar_token(const SqlLexer *lexer, size_t pos, SqlTokenKind *kind)
{
	size_t end = dollar_quote_end(lexer, pos);

	if (end != pos)
	{
		*kind = SQL_STRING;
		return end;
	}
	*kind = SQL_PARAMETER;
	end = pos + 1;
	if (is_digit(at(lexer, end)))
	{
		while (is_digit(at(lexer, end)))
			end++;
		return end;
	}
	if (sql_is_word_start(at(lexer, end)))
		return word_end(lexer, end);
	if (at(lexer, end) == '{')
	{
		for (end++; end < lexer->len; end++)
		{
			char c = lexer->text[end];

			if (c == '$' || (!sql_is_word_byte(c) && c != '.' && c != ':' && c != '-'))
				break;
		}
		if (at(lexer, end) == '}' && end > pos + 2)
			return end + 1;
	}
	*kind = SQL_PUNCTUATION;
	return pos + 1;
}

/* What begins with a colon. */
static size_t
colon_token(const SqlLexer *lexer, size_t pos, SqlTokenKind *kind)
{
	char next = at(lexer, pos + 1);

	*kind = SQL_OPERATOR;
	if (next == ':' || next == '=')
		return pos + 2;
	if (is_attached(lexer, pos))
		return pos + 1;
	if (sql_is_word_start(next) || is_digit(next))
	{
		*kind = SQL_PARAMETER;
		return word_end(lexer, pos + 1);
	}
	if (next == '\'' || next == '"')
	{
		*kind = SQL_PARAMETER;
		return quote_end(lexer, pos + 1, false);
	}
	return pos + 1;
}

/* What begins with a question mark. */
static size_t
question_token(const SqlLexer *lexer, size_t pos, SqlTokenKind *kind)
{
	char next = at(lexer, pos + 1);

	if ((next == '|' || next == '&') && !is_operator_char(at(lexer, pos + 2)))
	{
		*kind = SQL_OPERATOR;
		return pos + 2;
	}
	*kind = SQL_PARAMETER;
	for (pos++; is_digit(at(lexer, pos)); pos++)
		;
	return pos;
}

/* A word, or a string or quoted identifier with letters before its quote. */
static size_t
word_token(const SqlLexer *lexer, size_t pos, SqlTokenKind *kind)
{
	char c = sql_lower(lexer->text[pos]);
	char next = at(lexer, pos + 1);

	if (next == '\'' && strchr("benrx", c) != NULL)
	{
		*kind = SQL_STRING;
		return quote_end(lexer, pos + 1, c == 'e');
	}
	if (c == 'u' && next == '&' && (at(lexer, pos + 2) == '\'' || at(lexer, pos + 2) == '"'))
	{
		*kind = at(lexer, pos + 2) == '\'' ? SQL_STRING : SQL_QUOTED;
		return quote_end(lexer, pos + 2, false);
	}
	*kind = SQL_WORD;
	return word_end(lexer, pos);
}

void
sql_lexer_init(SqlLexer *lexer, const char *sql, size_t len)
{
	memset(lexer, 0, sizeof(*lexer));
	lexer->text = sql;
	lexer->len = len;
}

bool
sql_lexer_next(SqlLexer *lexer, SqlToken *token)
{
	bool same_line;
	bool blank = skip_blank(lexer, &same_line);
	size_t pos = lexer->pos;
	size_t end;
	bool plain;
	char c;

	if (pos >= lexer->len)
		return false;
	c = lexer->text[pos];
	token->kind = SQL_PUNCTUATION;
	token->keyword = KW_NONE;

	if (sql_is_word_start(c))
		end = word_token(lexer, pos, &token->kind);
	else if (is_digit(c) || (c == '.' && is_fraction(lexer, pos)))
	{
		token->kind = SQL_NUMBER;
		end = number_end(lexer, pos, &plain);
		if (plain && sql_is_word_start(at(lexer, end)))
		{
			/* MySQL's names may begin with digits. */
			token->kind = SQL_WORD;
			end = word_end(lexer, end);
		}
	}
	else if (c == '\'')
	{
		token->kind = SQL_STRING;
		end = quote_end(lexer, pos, false);
	}
	else if (c == '"' || c == '`')
	{
		token->kind = SQL_QUOTED;
		end = quote_end(lexer, pos, false);
	}
	else if (c == '$')
		end = dollar_token(lexer, pos, &token->kind);
	else if (c == ':')
		end = colon_token(lexer, pos, &token->kind);
	else if (c == '?')
		end = question_token(lexer, pos, &token->kind);
	else if (c == '{' && (end = template_end(lexer, pos)) != pos)
		token->kind = SQL_PARAMETER;
	else if (c == '@' && (end = at_parameter_end(lexer, pos)) != pos)
		token->kind = SQL_PARAMETER;
	else if (c == '%' && (end = python_parameter_end(lexer, pos)) != pos)
		token->kind = SQL_PARAMETER;
	else if (c == '#' && blank && same_line && lexer->table_next &&
			 (end = temporary_name_end(lexer, pos)) != pos)
		token->kind = SQL_WORD;
	else if (c == '@' && at(lexer, pos + 1) == '?')
	{
		token->kind = SQL_OPERATOR;
		end = pos + 2;
	}
	else if (is_operator_char(c))
	{
		token->kind = SQL_OPERATOR;
		end = operator_end(lexer, pos);
	}
	else
		end = pos + 1;

	token->text = lexer->text + pos;
	token->len = end - pos;
	lexer->pos = end;
	if (token->kind == SQL_WORD)
		token->keyword = sql_keyword_find(token->text, token->len);
	lexer->table_next = token->keyword == KW_FROM || token->keyword == KW_JOIN ||
						token->keyword == KW_INTO || token->keyword == KW_UPDATE ||
						token->keyword == KW_TABLE || token->keyword == KW_EXISTS;
	return true;
}
