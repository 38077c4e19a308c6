/*
 * template.c
 *		Templates in a SQL text that have not been expanded.
 *
 *	{{ x }}				Jinja, dbt, Metabase, Redash, Superset
 *	{% x %}, {# x #}	Jinja, Liquid
 *	{x}, {}, {x:Type}	Python, ClickHouse; without white space
 *	${x}, #{x}, @{x}	LookML, shells; MyBatis, Ruby
 *	<%= x %>, <% x %>	ERB
 *	{{#x}}, {{/x}}		Mustache, Handlebars
 *	<if test="x">		MyBatis
 *	<x>, <<x>>, #x#, $(x)	manuals; iBATIS; sqlcmd
 *	[[ AND a = {{x}} ]]	Metabase's optional parts
 *	[[x]]				Grafana's older variables
 *
 * A template ends at its first closing mark outside quotes and nested braces.
 * If there is none, for example because of an apostrophe in a text, it ends at
 * the first closing mark of all.
 */
#include "core/sql/lexer_int.h"

#include <string.h>

#define MAX_XML_TAG 512
#define MAX_ANGLED 40 /* longer <x> is nothing to be filled in */

/* The maximum length of quoted text in a template; a longer one began with an apostrophe. */
#define MAX_TEMPLATE_QUOTE 4000

/* Returns the next place of the two bytes from pos on, or SQL_NOWHERE; the lexer remembers it. */
static size_t
next_pair(SqlLexer *lexer, SqlNext *memory, size_t pos, const char *pair)
{
	const char *found;
	size_t from = pos;

	if (memory->known && memory->from <= pos && pos <= memory->at)
		return memory->at;
	memory->known = true;
	memory->from = pos;
	memory->at = SQL_NOWHERE;
	while (from + 1 < lexer->len &&
		   (found = memchr(lexer->text + from, pair[0], lexer->len - from - 1)) != NULL)
	{
		from = (size_t) (found - lexer->text);
		if (found[1] == pair[1])
		{
			memory->at = from;
			break;
		}
		from++;
	}
	return memory->at;
}

/*
 * Returns the end of the quoted text at pos in a template; pos + 1 if the
 * quote is an apostrophe, as after a letter, or is not closed.
 */
static size_t
template_quote_end(const char *text, size_t len, size_t pos)
{
	char quote = text[pos];
	size_t limit = len - pos > MAX_TEMPLATE_QUOTE ? pos + MAX_TEMPLATE_QUOTE : len;

	if (sql_is_word_byte(text[pos - 1]))
		return pos + 1;
	for (size_t end = pos + 1; end < limit; end++)
	{
		if (text[end] == '\\')
			end++;
		else if (text[end] == quote)
			return end + 1;
	}
	return pos + 1;
}

/*
 * Returns the end of a template with balanced quotes and braces, or pos if it
 * is not one; *closed if no quote in it is without its other.
 */
static size_t
orderly_end(const char *text, size_t len, size_t pos, char close, bool *closed)
{
	size_t depth = 0;
	size_t end = pos + 2;

	*closed = true;
	while (end + 1 < len)
	{
		char c = text[end];

		if (c == '\'' || c == '"')
		{
			size_t after = template_quote_end(text, len, end);

			if (after == end + 1 && !sql_is_word_byte(text[end - 1]))
				*closed = false;
			end = after;
			continue;
		}
		if (c == close && text[end + 1] == '}' && depth == 0)
			return end + 2;
		if (c == '{' && close == '}')
			depth++;
		else if (c == '}' && depth > 0)
			depth--;
		end++;
	}
	return pos;
}

/*
 * Returns the end of a template by its braces alone: of one whose quotes are
 * nested in such a way that they do not match.
 */
static size_t
nested_end(const char *text, size_t len, size_t pos)
{
	size_t depth = 0;

	for (size_t end = pos + 2; end + 1 < len; end++)
	{
		if (text[end] == '{' && text[end + 1] == '{')
		{
			depth++;
			end++;
		}
		else if (text[end] == '}' && text[end + 1] == '}')
		{
			if (depth == 0)
				return end + 2;
			depth--;
			end++;
		}
	}
	return pos;
}

size_t
sql_template_end(SqlLexer *lexer, size_t pos)
{
	bool statement = sql_byte(lexer, pos + 1) == '%';
	char close = statement ? '%' : '}';
	size_t end =
		next_pair(lexer, &lexer->template_ends[statement], pos + 2, statement ? "%}" : "}}");

	if (end == SQL_NOWHERE)
		return pos;
	if (!lexer->no_orderly_end[statement])
	{
		bool closed;
		size_t orderly = orderly_end(lexer->text, lexer->len, pos, close, &closed);

		if (orderly != pos)
			return orderly;
		lexer->no_orderly_end[statement] = true;
	}
	if (!statement && !lexer->no_nested_end)
	{
		size_t nested = nested_end(lexer->text, lexer->len, pos);

		if (nested != pos)
			return nested;
		lexer->no_nested_end = true;
	}
	return end + 2;
}

bool
sql_template_is_closed(const char *text, size_t len)
{
	bool closed;

	if (len < 2 || text[0] != '{' || (text[1] != '{' && text[1] != '%'))
		return true;
	return orderly_end(text, len, 0, text[1] == '%' ? '%' : '}', &closed) == len && closed;
}

size_t
sql_template_comment_end(SqlLexer *lexer, size_t pos)
{
	size_t end = next_pair(lexer, &lexer->comment_end, pos + 2, "#}");

	return end == SQL_NOWHERE ? pos : end + 2;
}

/* The word at the beginning of a {% … %} that is at pos. */
static size_t
tag_word(const char *text, size_t len, size_t pos, size_t *word_len)
{
	size_t start = pos + 2;
	size_t end;

	while (start < len && (text[start] == '-' || text[start] == ' '))
		start++;
	for (end = start; end < len && sql_is_word_byte(text[end]); end++)
		;
	*word_len = end - start;
	return start;
}

size_t
sql_liquid_comment_end(SqlLexer *lexer, size_t pos)
{
	const char *text = lexer->text;
	size_t len;
	size_t word = tag_word(text, lexer->len, pos, &len);
	const char *next = text + pos + 2;

	if (lexer->no_comment_end || !sql_is_word(text + word, len, "comment"))
		return pos;
	while ((next = memchr(next, '{', lexer->len - (size_t) (next - text))) != NULL)
	{
		size_t at = (size_t) (next - text);

		if (sql_byte(lexer, at + 1) == '%')
		{
			word = tag_word(text, lexer->len, at, &len);
			if (sql_is_word(text + word, len, "endcomment"))
			{
				size_t end = word + len;

				while (sql_byte(lexer, end) == ' ' || sql_byte(lexer, end) == '-')
					end++;
				if (sql_byte(lexer, end) == '%' && sql_byte(lexer, end + 1) == '}')
				{
					lexer->foreign = true;
					return end + 2;
				}
			}
		}
		next++;
	}
	lexer->no_comment_end = true;
	return pos;
}

size_t
sql_clause_tag_end(const SqlLexer *lexer, size_t pos)
{
	const char *text = lexer->text + pos;

	if (*text == '<')
		return (lexer->len - pos > 6 && sql_is_word(text, 7, "<where>")) ||
					   (lexer->len - pos > 4 && sql_is_word(text, 5, "<set>"))
				   ? pos + 1
				   : pos;
	return (pos > 5 && sql_is_word(text - 6, 6, "<where")) ||
				   (pos > 3 && sql_is_word(text - 4, 4, "<set"))
			   ? pos + 1
			   : pos;
}

size_t
sql_xml_tag_end(const SqlLexer *lexer, size_t pos)
{
	static const char *const tags[] = {
		"if",	"where",   "set",	  "foreach",   "choose",	 "when",   "otherwise",
		"trim", "include", "bind",	  "select",	   "insert",	 "update", "delete",
		"sql",	"dynamic", "iterate", "isnotnull", "isnotempty", "isequal"};
	bool closing = sql_byte(lexer, pos + 1) == '/';
	size_t word = pos + 1 + closing;
	size_t end = sql_word_end(lexer, word);
	size_t limit = lexer->len - pos > MAX_XML_TAG ? pos + MAX_XML_TAG : lexer->len;
	char quote = '\0';
	bool known = false;

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		known = known || (end > word && sql_is_word(lexer->text + word, end - word, tags[i]));
	if (!known || (!closing && sql_byte(lexer, end) != ' ' && sql_byte(lexer, end) != '>'))
		return pos;
	/* <if test="…">: between words that are compared there is none. */
	if (!closing && sql_byte(lexer, end) == ' ')
	{
		size_t name = sql_word_end(lexer, end + 1);

		if (name == end + 1 || sql_byte(lexer, name) != '=' ||
			(sql_byte(lexer, name + 1) != '"' && sql_byte(lexer, name + 1) != '\''))
			return pos;
	}
	for (; end < limit; end++)
	{
		char c = lexer->text[end];

		if (quote != '\0')
			quote = c == quote ? '\0' : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '>')
			return end + 1;
	}
	return pos;
}

size_t
sql_angle_end(const SqlLexer *lexer, size_t pos)
{
	bool doubled = sql_byte(lexer, pos + 1) == '<';
	size_t start = pos + 1 + doubled;
	size_t limit = lexer->len - start > MAX_ANGLED ? start + MAX_ANGLED : lexer->len;
	size_t end = start;

	if (!sql_starts_word(lexer, start))
		return pos;
	while (end < limit && (sql_is_word_byte(lexer->text[end]) || lexer->text[end] == '-' ||
						   lexer->text[end] == ' '))
		end++;
	if (sql_byte(lexer, end) != '>' || (doubled && sql_byte(lexer, end + 1) != '>'))
		return pos;
	end += 1 + doubled;
	return sql_is_operator_char(sql_byte(lexer, end)) ? pos : end;
}

size_t
sql_hash_template_end(const SqlLexer *lexer, size_t pos)
{
	size_t end;

	if (sql_byte(lexer, pos) != '#' || !sql_starts_word(lexer, pos + 1) || !sql_wants_value(lexer))
		return pos;
	end = sql_word_end(lexer, pos + 1);
	while (sql_byte(lexer, end) == '.' && sql_starts_word(lexer, end + 1))
		end = sql_word_end(lexer, end + 1);
	return sql_byte(lexer, end) == '#' && !sql_is_word_byte(sql_byte(lexer, end + 1)) ? end + 1
																					  : pos;
}

bool
sql_is_section(const char *text, size_t len)
{
	size_t start = 2;
	size_t end;

	while (start < len && text[start] == ' ')
		start++;
	if (start + 1 < len && (text[start] == '#' || text[start] == '/' || text[start] == '^') &&
		sql_is_word_start(text[start + 1]))
		return true;
	if (start < len && text[start] == '!')
		return true;
	for (end = start; end < len && sql_is_word_byte(text[end]); end++)
		;
	return sql_is_word(text + start, end - start, "else");
}

size_t
sql_brace_end(const SqlLexer *lexer, size_t pos)
{
	size_t end = pos + 1;
	char c = sql_byte(lexer, end);

	if (c == '}')
		return end + 1;
	if (!sql_is_word_byte(c))
		return pos;
	while (end < lexer->len &&
		   (sql_is_word_byte(lexer->text[end]) ||
			(lexer->text[end] != '\0' && strchr(".:!,()[]'\"-", lexer->text[end]) != NULL)))
		end++;
	/* {name: Type} of ClickHouse */
	if (end > pos + 2 && lexer->text[end - 1] == ':' && sql_byte(lexer, end) == ' ' &&
		sql_byte(lexer, end + 1) >= 'A' && sql_byte(lexer, end + 1) <= 'Z')
	{
		for (end++; end < lexer->len &&
					(sql_is_word_byte(lexer->text[end]) ||
					 (lexer->text[end] != '\0' && strchr("(), ", lexer->text[end]) != NULL));)
			end++;
	}
	return sql_byte(lexer, end) == '}' ? end + 1 : pos;
}

size_t
sql_braces_end(const SqlLexer *lexer, size_t pos)
{
	size_t end = pos + 1;

	while (end < lexer->len && lexer->text[end] != '}' && lexer->text[end] != '{' &&
		   lexer->text[end] != ';' && !sql_is_newline(lexer->text[end]))
		end++;
	return sql_byte(lexer, end) == '}' ? end + 1 : pos;
}

size_t
sql_erb_end(SqlLexer *lexer, size_t pos, bool after_operand, bool *tag)
{
	static const char *const words[] = {"if",	  "elsif", "else", "end",
										"unless", "each",  "for",  "while"};
	size_t start = pos + 2;
	size_t end;

	*tag = sql_byte(lexer, start) != '=';
	if (*tag)
	{
		bool directs = !after_operand;
		size_t word;

		if (sql_byte(lexer, start) == '-')
			start++;
		start = sql_skip_space(lexer, start);
		word = sql_word_end(lexer, start);
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			directs = directs || sql_is_word(lexer->text + start, word - start, words[i]);
		if (!directs)
			return pos;
	}
	end = next_pair(lexer, &lexer->erb_end, pos + 2, "%>");
	return end == SQL_NOWHERE ? pos : end + 2;
}

/*
 * Returns the end of a template inside quotes.  The search ends at the start
 * of another template, at the end of the line and at the end of the statement,
 * so no byte is visited twice; quotes in the template must be balanced.
 */
size_t
sql_quoted_template_end(const SqlLexer *lexer, size_t pos, char quote)
{
	size_t quotes = 0;
	size_t end;

	for (end = pos + 2; end + 1 < lexer->len; end++)
	{
		char c = lexer->text[end];

		if (c == quote)
			quotes++;
		else if (c == '}' && lexer->text[end + 1] == '}')
			return quotes > 0 && quotes % 2 == 0 && lexer->text[pos + 2] != quote ? end + 2 : pos;
		else if (sql_is_newline(c) || c == ';' || (c == '{' && lexer->text[end + 1] == '{'))
			break;
	}
	return pos;
}

bool
sql_tag_is_value(const char *text, size_t len)
{
	static const char *const values[] = {"parameter", "date_start", "date_end"};
	size_t start = 2;
	size_t end;

	while (start < len && (text[start] == '-' || text[start] == ' '))
		start++;
	for (end = start; end < len && sql_is_word_byte(text[end]);)
		end++;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
	{
		if (sql_is_word(text + start, end - start, values[i]))
			return true;
	}
	return false;
}

size_t
sql_double_bracket_end(const SqlLexer *lexer, size_t pos)
{
	size_t end = sql_word_end(lexer, pos + 2);

	if (end == pos + 2 || !sql_is_word_start(lexer->text[pos + 2]))
		return pos;
	if (sql_byte(lexer, end) == ':')
		end = sql_word_end(lexer, end + 1);
	return sql_byte(lexer, end) == ']' && sql_byte(lexer, end + 1) == ']' ? end + 2 : pos;
}

/* Whether the text contains a template, or begins like a part of a statement. */
bool
sql_begins_optional(SqlLexer *lexer, size_t pos)
{
	static const SqlKeyword parts[] = {KW_AND,	 KW_OR,	   KW_WHERE, KW_HAVING, KW_JOIN,
									   KW_GROUP, KW_ORDER, KW_LIMIT, KW_OFFSET, KW_UNION};
	size_t end = next_pair(lexer, &lexer->optional_end, pos + 2, "]]");
	size_t start;
	size_t word;
	SqlKeyword keyword;

	if (end == SQL_NOWHERE || sql_double_bracket_end(lexer, pos) != pos)
		return false;
	if (next_pair(lexer, &lexer->optional_template, pos + 2, "{{") < end)
		return true;
	start = sql_skip_space(lexer, pos + 2);
	word = sql_word_end(lexer, start);
	keyword = sql_keyword_find(lexer->text + start, word - start);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
	{
		if (keyword == parts[i])
			return true;
	}
	return false;
}

/* Finds the text in quotes from pos on and moves *pos behind it; returns false if there is none. */
static bool
quoted_argument(const char *text, size_t len, size_t *pos, const char **argument, size_t *size)
{
	size_t i = *pos;
	const char *end;

	while (i < len && (text[i] == ' ' || text[i] == ',' || text[i] == '\n' || text[i] == '\t'))
		i++;
	if (i >= len || (text[i] != '\'' && text[i] != '"'))
		return false;
	end = memchr(text + i + 1, text[i], len - i - 1);
	if (end == NULL)
		return false;
	*argument = text + i + 1;
	*size = (size_t) (end - *argument);
	*pos = (size_t) (end - text) + 1;
	return true;
}

void
sql_template_names(const char *text, size_t len, SqlNameFound found, void *arg)
{
	size_t i = 2;

	while (i < len)
	{
		size_t word = i;
		bool ref;
		bool source;
		const char *first = NULL;
		const char *second = NULL;
		size_t first_len = 0;
		size_t second_len = 0;

		while (i < len && sql_is_word_byte(text[i]))
			i++;
		ref = i - word == 3 && memcmp(text + word, "ref", 3) == 0;
		source = i - word == 6 && memcmp(text + word, "source", 6) == 0;
		if (i == word)
		{
			if (text[i] == '\'' || text[i] == '"')
			{
				const char *end = memchr(text + i + 1, text[i], len - i - 1);

				if (end != NULL)
					i = (size_t) (end - text);
			}
			i++;
			continue;
		}
		if (!ref && !source)
			continue;
		while (i < len && text[i] == ' ')
			i++;
		if (i >= len || text[i] != '(')
			continue;
		i++;
		if (!quoted_argument(text, len, &i, &first, &first_len))
			continue;
		if (!quoted_argument(text, len, &i, &second, &second_len))
			second = NULL;
		if (source && second != NULL)
			found(first, first_len, second, second_len, arg);
		else if (ref && second != NULL) /* a package and its model */
			found(NULL, 0, second, second_len, arg);
		else if (ref)
			found(NULL, 0, first, first_len, arg);
	}
}
