/*
 * lexer_operator.c
 *		Operators, and the parameters that begin with a sign: $1, :x, ?, @x,
 *		%s, &x.
 */
#include "core/sql/lexer_int.h"

#include <string.h>

/* Returns the end of %s, %d, %1$s or %(name)s at pos, or pos. */
static size_t
python_parameter_end(const SqlLexer *lexer, size_t pos)
{
	size_t end = pos + 1;
	char c;

	if (sql_byte(lexer, pos) != '%' || sql_is_attached(lexer, pos))
		return pos;
	if (sql_byte(lexer, end) == '(')
	{
		size_t name = end + 1;

		end = sql_word_end(lexer, name);
		if (end == name || sql_byte(lexer, end) != ')')
			return pos;
		end++;
		c = sql_lower(sql_byte(lexer, end));
		if (c < 'a' || c > 'z')
			return pos;
	}
	else
	{
		for (size_t digits = end; sql_is_digit(sql_byte(lexer, digits)); digits++)
		{
			if (sql_byte(lexer, digits + 1) == '$')
				end = digits + 2;
		}
		c = sql_byte(lexer, end);
		if (c == '\0' || strchr("sdifuxLI", c) == NULL)
			return pos;
	}
	end++;
	return sql_is_word_byte(sql_byte(lexer, end)) || sql_byte(lexer, end) == '(' ? pos : end;
}

/* Whether <@ is PostgreSQL's operator, because pos cannot start a parameter's name. */
static bool
is_contained(const SqlLexer *lexer, size_t pos)
{
	size_t end;

	if (pos == 0 || lexer->text[pos - 1] != '<')
		return false;
	end = sql_word_end(lexer, pos + 1);
	if (sql_is_word(lexer->text + pos + 1, end - pos - 1, "array"))
		return true;
	switch (sql_byte(lexer, end))
	{
		case '[':
		case '(':
		case '.':
		case ':':
		case '\'':
			return true;
		case ' ':
			return sql_byte(lexer, end + 1) == '\'';
		default:
			return false;
	}
}

/* Returns the end of @name, @@name or @{name} at pos, where there is a @, or pos. */
static size_t
at_parameter_end(const SqlLexer *lexer, size_t pos, bool after_operand)
{
	size_t end;

	if (sql_starts_word(lexer, pos + 1))
	{
		if (is_contained(lexer, pos))
			return pos;
		return sql_word_end(lexer, pos + 1);
	}
	if (sql_byte(lexer, pos + 1) == '{')
	{
		end = sql_brace_end(lexer, pos + 1);
		return end == pos + 1 ? pos : end;
	}
	if (sql_byte(lexer, pos + 1) == '@' && sql_starts_word(lexer, pos + 2) &&
		!sql_is_attached(lexer, pos) && !after_operand)
	{
		end = sql_word_end(lexer, pos + 2);
		return sql_byte(lexer, end) == '(' ? pos : end;
	}
	return pos;
}

/* A stage of Snowflake and the files in it, as a table: @s/a-b.csv */
static size_t
stage_end(const SqlLexer *lexer, size_t pos)
{
	while (pos < lexer->len)
	{
		char c = lexer->text[pos];

		if (!sql_is_word_byte(c) && (c == '\0' || strchr("/.-~%=*", c) == NULL))
			break;
		if (sql_word_end(lexer, pos) == pos && sql_is_word_byte(c))
			break;
		pos++;
	}
	return pos;
}

void
sql_find_run(SqlLexer *lexer, size_t pos)
{
	size_t i;

	if (pos < lexer->run_end)
		return;
	lexer->run_last_odd = lexer->run_last_other = pos;
	for (i = pos; i < lexer->len && sql_is_operator_char(lexer->text[i]); i++)
	{
		char c = lexer->text[i];

		if (i > pos)
		{
			char next = sql_byte(lexer, i + 1);

			if ((c == '-' && next == '-') || (c == '/' && next == '*'))
				break;
			/* What is before it in the run is an operator, and no operand: a=@@b */
			if (c == '@' && lexer->text[i - 1] != '@' && at_parameter_end(lexer, i, false) != i)
				break;
			if (c == '%' && python_parameter_end(lexer, i) != i)
				break;
			if (c == '#' && next == '{')
				break;
			if (c == '<' && next == '%' && sql_byte(lexer, i + 2) == '=')
				break;
			if (c == '&' && lexer->text[i - 1] != '&' && sql_starts_word(lexer, i + 1))
				break;
		}
		if (c != '+' && c != '-')
			lexer->run_last_other = i + 1;
		if (strchr("~!@#%^&|", c) != NULL)
			lexer->run_last_odd = i + 1;
	}
	lexer->run_end = i;
}

size_t
sql_operator_end(SqlLexer *lexer, size_t pos)
{
	static const char *const plain[] = {"!=", "%", "^", "&", "|", "&&", "||"};
	size_t end;
	size_t i;

	sql_find_run(lexer, pos);
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

size_t
sql_temporary_name_end(const SqlLexer *lexer, size_t pos)
{
	size_t start = pos;

	while (start < pos + 2 && sql_byte(lexer, start) == '#')
		start++;
	return sql_starts_word(lexer, start) ? sql_word_end(lexer, start) : pos;
}

size_t
sql_dollar_token(SqlLexer *lexer, size_t pos, SqlTokenKind *kind)
{
	size_t end = sql_dollar_quote_end(lexer, pos);

	if (end != pos)
	{
		*kind = SQL_STRING;
		return end;
	}
	*kind = SQL_PARAMETER;
	end = pos + 1;
	if (sql_is_digit(sql_byte(lexer, end)))
	{
		while (sql_is_digit(sql_byte(lexer, end)))
			end++;
		return end;
	}
	if (sql_byte(lexer, end) == '(' && sql_starts_word(lexer, end + 1))
	{
		/* sqlcmd's $(x) */
		size_t close = sql_word_end(lexer, end + 1);

		if (sql_byte(lexer, close) == ')')
		{
			*kind = SQL_TEMPLATE;
			return close + 1;
		}
	}
	if (sql_starts_word(lexer, end))
	{
		end = sql_word_end(lexer, end);
		if (sql_byte(lexer, end) == '(')
			*kind = SQL_WORD;
		else if (sql_byte(lexer, end) == '{')
			return sql_braces_end(lexer, end);
		return end;
	}
	if (sql_byte(lexer, end) == '{' && sql_byte(lexer, end + 1) != '}')
	{
		size_t brace = sql_braces_end(lexer, end);

		if (brace != end)
		{
			*kind = SQL_TEMPLATE;
			return brace;
		}
	}
	*kind = SQL_PUNCTUATION;
	return pos + 1;
}

size_t
sql_colon_token(SqlLexer *lexer, size_t pos, SqlTokenKind *kind)
{
	char next = sql_byte(lexer, pos + 1);

	*kind = SQL_OPERATOR;
	if (next == ':' || next == '=')
		return pos + 2;
	if (sql_is_attached(lexer, pos))
		return pos + 1;
	if (sql_starts_word(lexer, pos + 1) || sql_is_digit(next))
	{
		*kind = SQL_PARAMETER;
		return sql_word_end(lexer, pos + 1);
	}
	if (next == '\'' || next == '"')
	{
		*kind = SQL_PARAMETER;
		return sql_quote_end(lexer, pos + 1, false);
	}
	return pos + 1;
}

size_t
sql_question_token(const SqlLexer *lexer, size_t pos, SqlTokenKind *kind)
{
	char next = sql_byte(lexer, pos + 1);

	if ((next == '|' || next == '&') && !sql_is_operator_char(sql_byte(lexer, pos + 2)))
	{
		*kind = SQL_OPERATOR;
		return pos + 2;
	}
	*kind = SQL_PARAMETER;
	for (pos++; sql_is_digit(sql_byte(lexer, pos)); pos++)
		;
	return pos;
}

/* Returns the end of <, <=, > … that are written as in XML, &lt;, at pos, or pos. */
static size_t
entity_end(const SqlLexer *lexer, size_t pos)
{
	const char *text = lexer->text + pos;
	size_t rest = lexer->len - pos;
	size_t end = pos + 4;

	if (rest < 4 || (!sql_is_word(text, 4, "&lt;") && !sql_is_word(text, 4, "&gt;")))
		return pos;
	if (sql_byte(lexer, end) == '=')
		return end + 1;
	return rest >= 8 && sql_is_word(text, 8, "&lt;&gt;") ? pos + 8 : end;
}

size_t
sql_odd_parameter(SqlLexer *lexer, size_t pos, SqlTokenKind *kind)
{
	bool after_operand = lexer->before == SQL_BEFORE_OPERAND;
	char next = sql_byte(lexer, pos + 1);
	size_t end = pos;
	bool tag;

	*kind = SQL_PARAMETER;
	switch (lexer->text[pos])
	{
		case '@':
			end = at_parameter_end(lexer, pos, after_operand);
			if (end != pos && lexer->before == SQL_BEFORE_TABLE)
				end = stage_end(lexer, end);
			break;
		case '%':
			if (!after_operand)
				end = python_parameter_end(lexer, pos);
			break;
		case '&':
			if ((end = entity_end(lexer, pos)) != pos)
				*kind = SQL_OPERATOR;
			else if (!after_operand)
			{
				end = pos + (next == '&' ? 2 : 1);
				end = sql_starts_word(lexer, end) ? sql_word_end(lexer, end) : pos;
			}
			break;
		case '#':
			if (next == '{' && (end = sql_braces_end(lexer, pos + 1)) == pos + 1)
				end = pos;
			*kind = SQL_TEMPLATE;
			if (end == pos)
				end = sql_hash_template_end(lexer, pos);
			break;
		case '<':
			if (next == '%')
			{
				end = sql_erb_end(lexer, pos, after_operand, &tag);
				*kind = tag ? SQL_TAG : SQL_TEMPLATE;
			}
			else if ((end = sql_xml_tag_end(lexer, pos)) != pos)
				*kind = SQL_TAG;
			else if (sql_wants_value(lexer) || lexer->before == SQL_BEFORE_TABLE)
			{
				*kind = SQL_TEMPLATE;
				end = sql_angle_end(lexer, pos);
			}
			break;
		default:
			break;
	}
	return end;
}
