/*
 * lexer_quote.c
 *		The ends of strings and quoted names.
 */
#include "core/sql/lexer_int.h"

#include <string.h>

#define MAX_BRACKETED 128 /* a longer [x] is not a name */
#define MAX_Q_QUOTED 1024 /* a longer q'x…x' is none, unless x is a usual character */

char
sql_smart_quote(const SqlLexer *lexer, size_t pos)
{
	unsigned char last;

	if (pos + 2 >= lexer->len || (unsigned char) lexer->text[pos] != 0xE2 ||
		(unsigned char) lexer->text[pos + 1] != 0x80)
		return '\0';
	last = (unsigned char) lexer->text[pos + 2];
	if (last >= 0x98 && last <= 0x9B)
		return '\'';
	return last >= 0x9C && last <= 0x9F ? '"' : '\0';
}

/*
 * Returns the end of a text in typographic quotes.  Opening and closing quotes
 * are not distinguished, because languages differ; one between letters is an
 * apostrophe.
 */
static size_t
smart_quote_end(SqlLexer *lexer, size_t pos, char quote)
{
	const char *start = lexer->text + pos;
	const char *next;

	pos += 3;
	while (pos < lexer->len && (next = memchr(lexer->text + pos, 0xE2, lexer->len - pos)) != NULL)
	{
		pos = (size_t) (next - lexer->text);
		if (sql_smart_quote(lexer, pos) == quote)
		{
			char after = sql_byte(lexer, pos + 3);

			if (quote == '"' || !sql_is_word_byte(after) ||
				sql_space_length(lexer->text + pos + 3, lexer->len - pos - 3) > 0)
				return pos + 3;
		}
		pos++;
	}
	lexer->unfinished = start;
	return lexer->len;
}

size_t
sql_quote_end(SqlLexer *lexer, size_t pos, bool backslashes)
{
	const char *start = lexer->text + pos;
	char quote = *start;

	if ((unsigned char) quote == 0xE2)
		return smart_quote_end(lexer, pos, sql_smart_quote(lexer, pos));
	pos++;
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
			if (sql_byte(lexer, pos) != quote)
				return pos;
			pos++;
		}
		else if (c == '{' && sql_byte(lexer, pos) == '{' && quote != '`')
		{
			size_t end = sql_quoted_template_end(lexer, pos - 1, quote);

			if (end != pos - 1)
			{
				lexer->foreign = true;
				pos = end;
			}
		}
	}
	lexer->unfinished = start;
	return lexer->len;
}

/*
 * A tag contains no '$', so comparing it at every '$' of the body reads no
 * byte of the body twice.
 */
size_t
sql_dollar_quote_end(SqlLexer *lexer, size_t pos)
{
	size_t body = pos + 1;
	size_t tag_len;
	const char *next;

	if (sql_starts_word(lexer, body))
	{
		while (body < lexer->len && lexer->text[body] != '$' && sql_is_word_byte(lexer->text[body]))
			body++;
	}
	if (sql_byte(lexer, body) != '$')
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
	lexer->unfinished = lexer->text + pos;
	return lexer->len;
}

size_t
sql_q_quote_end(SqlLexer *lexer, size_t pos)
{
	char open = sql_byte(lexer, pos + 2);
	char close;
	const char *next;
	size_t end = pos + 3;
	size_t limit = lexer->len;
	bool surely = open != '\0' && strchr("[{(<!|#~^/%*+\"", open) != NULL;

	if (sql_byte(lexer, pos + 1) != '\'' || open == '\0' || open == '\'' || open == ' ' ||
		sql_is_newline(open) || open == '\t')
		return pos;
	/* With another character it is one only if it ends as such. */
	if (!surely && limit - pos > MAX_Q_QUOTED)
		limit = pos + MAX_Q_QUOTED;
	close = (char) (open == '['	  ? ']'
					: open == '{' ? '}'
					: open == '(' ? ')'
					: open == '<' ? '>'
								  : open);
	while (end < limit && (next = memchr(lexer->text + end, close, limit - end)) != NULL)
	{
		end = (size_t) (next - lexer->text) + 1;
		if (sql_byte(lexer, end) == '\'')
			return end + 1;
	}
	if (!surely)
		return pos;
	lexer->unfinished = lexer->text + pos;
	return lexer->len;
}

/*
 * The text in three quotes is read as such only if it is not one in single
 * quotes that begins and ends with a quote: '''it's a long one''', but '''x'''.
 */
size_t
sql_triple_quote_end(const SqlLexer *lexer, size_t pos)
{
	const char *text = lexer->text;
	size_t singles = 0;
	bool attached = false;
	size_t i;

	if (sql_byte(lexer, pos + 1) != '\'' || sql_byte(lexer, pos + 2) != '\'' ||
		sql_byte(lexer, pos + 3) == '\'')
		return pos;
	for (i = pos + 3; i < lexer->len; i++)
	{
		if (text[i] != '\'')
			continue;
		if (sql_byte(lexer, i + 1) != '\'')
		{
			attached = attached || (singles == 0 && sql_is_word_byte(sql_byte(lexer, i + 1)));
			singles++;
		}
		else if (sql_byte(lexer, i + 2) == '\'')
			return singles % 2 == 1 || attached ? i + 3 : pos;
		else
			i++;
	}
	return pos;
}

size_t
sql_bracket_end(const SqlLexer *lexer, size_t pos, bool anything)
{
	size_t limit = lexer->len - pos > MAX_BRACKETED ? pos + MAX_BRACKETED : lexer->len;
	size_t end = pos + 1;

	if (anything)
	{
		while (end < limit && lexer->text[end] != ']' && lexer->text[end] != '[' &&
			   !sql_is_newline(lexer->text[end]))
			end++;
		return end < limit && lexer->text[end] == ']' && end > pos + 1 ? end + 1 : pos;
	}
	if (end >= limit || !sql_is_word_start(lexer->text[end]))
		return pos;
	while (end < limit &&
		   (sql_is_word_byte(lexer->text[end]) ||
			(lexer->text[end] != '\0' && strchr(" -#%/.&", lexer->text[end]) != NULL)))
		end++;
	return end < limit && lexer->text[end] == ']' ? end + 1 : pos;
}

/* How a text ends, when it is read in one of the two ways. */
typedef struct Reading
{
	bool whole;	   /* with no quote open */
	bool attached; /* a letter follows the end of a string that is a quote after a backslash */
	bool any;	   /* there is a backslash before a quote in quotes */
} Reading;

/* Returns the end of a comment of -- or of slashes at pos, or pos. */
static size_t
skip_comment(const char *text, size_t len, size_t pos)
{
	if (pos + 1 < len && text[pos] == '-' && text[pos + 1] == '-')
	{
		while (pos < len && !sql_is_newline(text[pos]))
			pos++;
	}
	else if (pos + 1 < len && text[pos] == '/' && text[pos + 1] == '*')
	{
		for (pos += 2; pos < len && !(text[pos - 1] == '*' && text[pos] == '/' && len > 3); pos++)
			;
	}
	return pos;
}

static Reading
read_quotes(const char *text, size_t len, bool backslashes)
{
	Reading reading = {true, false, false};
	size_t pos = 0;

	while (pos < len)
	{
		char c = text[pos];
		size_t end = c == '-' || c == '/' ? skip_comment(text, len, pos) : pos;
		bool escapes;

		if (end != pos || (c != '\'' && c != '"' && c != '`'))
		{
			pos = end != pos ? end : pos + 1;
			continue;
		}
		escapes = (backslashes && c != '`') ||
				  (c == '\'' && pos > 0 && (text[pos - 1] == 'e' || text[pos - 1] == 'E') &&
				   (pos < 2 || !sql_is_word_byte(text[pos - 2])));
		for (pos++; pos < len; pos++)
		{
			if (text[pos] == '\\' && pos + 1 < len && text[pos + 1] == c && c != '`')
				reading.any = true;
			if (text[pos] == '\\' && escapes)
				pos++;
			else if (text[pos] == c)
			{
				if (pos + 1 >= len || text[pos + 1] != c)
					break;
				pos++;
			}
		}
		if (pos >= len)
			reading.whole = false;
		else if (!escapes && c != '`' && text[pos - 1] == '\\' && pos + 1 < len &&
				 sql_is_word_byte(text[pos + 1]))
			reading.attached = true;
		pos++;
	}
	return reading;
}

bool
sql_has_backslashes(const char *text, size_t len)
{
	Reading plain;

	if (len == 0 || memchr(text, '\\', len) == NULL)
		return false;
	plain = read_quotes(text, len, false);
	if (!plain.any || (plain.whole && !plain.attached))
		return false;
	return read_quotes(text, len, true).whole || !plain.whole;
}
