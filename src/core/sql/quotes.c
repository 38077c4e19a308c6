/*
 * quotes.c
 *		The meaning of double quotes in a text, and the context of each token.
 *
 *		"x" is a string if it is in a place where only a value is allowed,
 *		alone on the right of a comparison or in a list of IN or VALUES,
 *		unless
 *
 *		- x is used as a name elsewhere in the text: selected, grouped by,
 *		  compared, or an alias, with or without quotes, in any case;
 *		- or it is compared with a name that is also in double quotes and
 *		  written in the same style (lower case or camelCase, UPPER CASE,
 *		  Capital), and nothing else in the text is such a string.
 *
 *		If there is such a string, or if names are in backticks, the text uses
 *		double quotes for strings.  Then every text in double quotes that is
 *		alone as an argument, an element, or after THEN and ELSE is a string.
 *		Texts before or after a dot, after FROM or AS, or before a parenthesis
 *		are never strings.
 *
 *		A text with double quotes that have the neighbours of a value is read
 *		up to three times beforehand: for texts where only values are allowed,
 *		for names among them, and for whether one is certainly a string.
 */
#include "core/sql/lexer_int.h"

#include <string.h>

#define MAX_CANDIDATES (SQL_QUOTES * 3 / 4)

/* The possible meanings of a quoted text, by its place. */
typedef enum Place
{
	PLACE_NAME,
	PLACE_EITHER,
	PLACE_VALUE
} Place;

static bool
is_double_quoted(const SqlToken *token)
{
	return token->kind == SQL_QUOTED &&
		   (token->text[0] == '"' || (unsigned char) token->text[0] == 0xE2);
}

/*
 * Returns the text between the quotes.  Of a name without quotes it is the name
 * without # at its end: in a form a#b is written "a# b".
 */
static void
quoted_text(const SqlToken *token, const char **text, size_t *len)
{
	size_t quote = token->text[0] == '"' || token->text[0] == '`' || token->text[0] == '[' ? 1 : 3;

	*text = token->text;
	*len = token->len;
	if (token->kind == SQL_QUOTED && token->len >= 2 * quote)
	{
		*text += quote;
		*len -= 2 * quote;
	}
	while (token->kind == SQL_WORD && *len > 1 && token->text[*len - 1] == '#')
		(*len)--;
}

/* A byte between quotes as the form of a query has it, so that a form is read like its text. */
static char
as_in_form(char c)
{
	if (c == '\\')
		return '/';
	return sql_is_newline(c) ? ' ' : c;
}

/* FNV-1a of the text in lower case; never 0. */
static uint32_t
hash_name(const char *text, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char) sql_lower(as_in_form(text[i]))) * 16777619u;
	return hash | 1;
}

/* Returns the slot of a hash in the lexer's table, or the free slot where it would be. */
static uint32_t *
hash_place(uint32_t *hashes, uint32_t hash)
{
	uint32_t place = (hash >> 8) % SQL_QUOTES;

	while (hashes[place] != 0 && hashes[place] != hash)
		place = (place + 1) % SQL_QUOTES;
	return &hashes[place];
}

static SqlStyle
style_of(const SqlToken *token)
{
	const char *text;
	size_t len;
	bool lower = false;
	bool upper = false;
	bool inner = false; /* an upper-case letter after a lower-case one */

	if (!is_double_quoted(token))
		return SQL_STYLE_NONE;
	quoted_text(token, &text, &len);
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] >= 'a' && text[i] <= 'z')
			lower = true;
		else if (text[i] >= 'A' && text[i] <= 'Z')
		{
			inner = inner || lower;
			upper = true;
		}
		else if (!sql_is_word_byte(text[i]) && as_in_form(text[i]) != ' ')
			return SQL_STYLE_OTHER;
	}
	/* One word of camelCase is in lower case. */
	if (!upper || (lower && inner && !(text[0] >= 'A' && text[0] <= 'Z')))
		return SQL_STYLE_LOWER;
	if (!lower)
		return SQL_STYLE_UPPER;
	return text[0] >= 'A' && text[0] <= 'Z' ? SQL_STYLE_CAPITAL : SQL_STYLE_OTHER;
}

/* Whether names are not written like this: empty, a number, a pattern, a date, … */
static bool
is_like_value(const char *text, size_t len)
{
	if (len == 0 || sql_is_digit(text[0]) || as_in_form(text[0]) == ' ' || text[0] == '-' ||
		as_in_form(text[len - 1]) == ' ')
		return true;
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] != '\0' && strchr("%@:/!?*,;'", as_in_form(text[i])) != NULL)
			return true;
	}
	return false;
}

/* Whether a function's argument is probably not a name: a date pattern and the like. */
static bool
is_like_argument(const char *text, size_t len)
{
	static const char *const zones[] = {"africa", "america", "asia",	"atlantic", "australia",
										"etc",	  "europe",	 "pacific", "us"};

	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
	{
		size_t area = strlen(zones[i]);

		if (len > area + 1 && as_in_form(text[area]) == '/' && sql_is_word(text, area, zones[i]))
			return true;
	}
	return sql_is_word(text, len, "utc") || len == 0 || text[0] == '%' || text[0] == '$' ||
		   (len >= 8 && sql_is_digit(text[0]) && sql_is_digit(text[1]) && sql_is_digit(text[2]) &&
			sql_is_digit(text[3]) && text[4] == '-') ||
		   (len == 1 && !sql_is_word_byte(text[0]));
}

/* Whether the function's arguments but the first are values in dialects whose values are in double quotes. */
static bool
is_with_default(const char *name, size_t len)
{
	return sql_is_word(name, len, "ifnull") || sql_is_word(name, len, "if");
}

/* Whether a tag of a template, which is no operator, begins at pos. */
static bool
is_tag(const SqlLexer *lexer, size_t pos)
{
	return sql_byte(lexer, pos) == '<' &&
		   (sql_byte(lexer, pos + 1) == '%' || sql_xml_tag_end(lexer, pos) != pos);
}

/* Determines the place of the token in double quotes that ends at the lexer's position. */
static Place
place_of(const SqlLexer *lexer, const SqlToken *token)
{
	size_t next = sql_skip_space(lexer, lexer->pos);
	char c = sql_byte(lexer, next);
	bool alone = next >= lexer->len || c == ',' || c == ')' || c == ']' || c == ';' ||
				 sql_is_word_start(c) || c == '{' || is_tag(lexer, next);

	if (c == '.' || c == '(' || token->len < 2)
		return PLACE_NAME;
	switch (token->before)
	{
		case SQL_BEFORE_COMPARISON:
		case SQL_BEFORE_KEY:
			return c == '=' || (c == '<' && !is_tag(lexer, next)) || c == '>' || c == '!'
					   ? PLACE_NAME
					   : PLACE_VALUE;
		case SQL_BEFORE_OPEN:
		case SQL_BEFORE_COMMA:
			if (!alone)
				return PLACE_NAME;
			if (token->in_from)
				return PLACE_NAME;
			if (lexer->left == SQL_STYLE_NONE && (lexer->compared & SQL_DEPTH_BIT(lexer)) != 0)
				return PLACE_VALUE; /* lower(a) = lower("x"), a = concat("x", "y") */
			if (token->before == SQL_BEFORE_COMMA && lexer->left == SQL_STYLE_NONE &&
				(lexer->defaults & SQL_DEPTH_BIT(lexer)) != 0)
				return PLACE_VALUE; /* ifnull(a, "x") */
			return token->in_list ? PLACE_VALUE : PLACE_EITHER;
		case SQL_BEFORE_OPERATOR:
			return PLACE_EITHER;
		case SQL_BEFORE_OTHER:
			if (lexer->keyword == KW_THEN || lexer->keyword == KW_ELSE ||
				lexer->keyword == KW_SELECT)
				return PLACE_EITHER;
			return lexer->keyword == KW_ESCAPE ? PLACE_VALUE : PLACE_NAME;
		default:
			return PLACE_NAME;
	}
}

static bool
is_known_name(const SqlLexer *lexer, const char *text, size_t len)
{
	uint32_t hash = hash_name(text, len);
	uint32_t place = (hash >> 8) % SQL_QUOTES;

	while (lexer->name_hashes[place] != 0)
	{
		if (lexer->name_hashes[place] == hash)
			return true;
		place = (place + 1) % SQL_QUOTES;
	}
	return false;
}

bool
sql_quotes_string(const SqlLexer *lexer, const SqlToken *token)
{
	Place place;
	const char *text;
	size_t len;

	if (!lexer->quotes_decided || !is_double_quoted(token))
		return false;
	place = place_of(lexer, token);
	if (place == PLACE_NAME)
		return false;
	quoted_text(token, &text, &len);
	if (place == PLACE_EITHER)
		return (token->in_call && is_like_argument(text, len)) ||
			   (lexer->quotes_strings && !is_known_name(lexer, text, len));
	if (is_like_value(text, len))
		return true;
	return !is_known_name(lexer, text, len) &&
		   (lexer->quotes_strings || lexer->left != style_of(token));
}

/* Whether a token of the text is a name of something other than a table or function. */
static bool
names_something(const SqlLexer *lexer, const SqlToken *token)
{
	char next = sql_byte(lexer, lexer->pos);

	if (next == '.' || next == '(' || token->before == SQL_BEFORE_TABLE || token->in_from)
		return false;
	return token->kind == SQL_QUOTED || (token->kind == SQL_WORD && token->keyword == KW_NONE);
}

/* Whether the word that ends before pos is one that a value in quotes can come after. */
static bool
is_after_word(const SqlLexer *text, size_t pos)
{
	static const char *const words[] = {"like", "ilike",	"rlike",   "regexp", "between",
										"glob", "to",		"escape",  "in",	 "values",
										"any",	"some",		"date",	   "time",	 "timestamp",
										"row",	"datetime", "interval"};
	size_t start = pos;

	while (start > 0 && pos - start < 12 && sql_lower(text->text[start - 1]) >= 'a' &&
		   sql_lower(text->text[start - 1]) <= 'z')
		start--;
	if (pos - start < 2 || pos - start > 9)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (words[i][0] == sql_lower(text->text[start]) &&
			sql_is_word(text->text + start, pos - start, words[i]))
			return true;
	}
	return false;
}

/*
 * The end of the text before pos without the white space there; 0 if a comment
 * to the end of a line may be among it.
 */
static size_t
before_space(const SqlLexer *text, size_t pos)
{
	bool line = false;
	size_t i;

	while (pos > 0 && sql_space_length(text->text + pos - 1, 1) > 0)
	{
		line = line || sql_is_newline(text->text[pos - 1]);
		pos--;
	}
	for (i = pos; line && i > 0 && !sql_is_newline(text->text[i - 1]); i--)
	{
		if (text->text[i - 1] == '#' ||
			(text->text[i - 1] == '-' && i > 1 && text->text[i - 2] == '-'))
			return 0;
	}
	return pos;
}

/* Whether a comparison, such as = or LIKE, is before the word that ends at pos. */
static bool
is_compared(const SqlLexer *text, size_t pos)
{
	size_t limit = pos > 32 ? pos - 32 : 0;

	while (pos > limit && sql_is_word_byte(text->text[pos - 1]))
		pos--;
	pos = before_space(text, pos);
	return pos == 0 ||
		   (text->text[pos - 1] != '\0' && strchr("=<>/", text->text[pos - 1]) != NULL) ||
		   is_after_word(text, pos);
}

/*
 * Whether a text may be a value because of the function that has it as its last
 * argument: IFNULL(a, "x"), TIMESTAMP_TRUNC(a, DAY, "UTC").  pos is the end of
 * the argument before it.
 */
static bool
is_late_argument(const SqlLexer *text, size_t pos, size_t argument, size_t len)
{
	size_t limit = pos > 64 ? pos - 64 : 0;
	size_t end;

	if (is_like_argument(text->text + argument, len))
		return true;
	while (pos > limit && text->text[pos - 1] != '(' && text->text[pos - 1] != ')')
		pos--;
	if (pos == limit || text->text[pos - 1] != '(')
		return false;
	for (end = --pos; pos > limit && sql_is_word_byte(text->text[pos - 1]);)
		pos--;
	return is_with_default(text->text + pos, end - pos);
}

bool
sql_may_be_value(const SqlLexer *text, size_t pos)
{
	const char *end = memchr(text->text + pos + 1, '"', text->len - pos - 1);
	size_t before = before_space(text, pos);
	char first = sql_byte(text, pos + 1);
	size_t next;
	char c;

	/* The last one ends a text. */
	if (end == NULL)
		return false;
	if (before == 0)
		return true;
	c = text->text[before - 1];
	for (next = (size_t) (end - text->text) + 1;
		 next < text->len && sql_space_length(text->text + next, 1) > 0;)
		next++;
	if (sql_byte(text, next) == '.' || c == '.')
		return false;
	if (c == '(' || c == ',')
	{
		size_t element = before_space(text, before - 1);
		char last = element > 0 ? text->text[element - 1] : ' ';

		if (!sql_is_word_start(first) || element == 0)
			return true;
		return c == '(' ? is_after_word(text, element) || last == ',' || last == '(' ||
							  is_compared(text, element)
						: sql_is_digit(last) || last == '\'' || last == ')' ||
							  (sql_byte(text, next) == ')' &&
							   is_late_argument(text, element, pos + 1,
												(size_t) (end - text->text) - pos - 1));
	}
	return (unsigned char) c >= 0x80 || (c != '\0' && strchr("=<>~!/-[:}", c) != NULL) ||
		   is_after_word(text, before);
}

bool
sql_may_quote_values(const SqlLexer *lexer)
{
	size_t pos = lexer->pos;
	const char *next;

	/* With names in backticks every place may be that of a value. */
	if (lexer->len > pos && (memchr(lexer->text + pos, 0xE2, lexer->len - pos) != NULL ||
							 memchr(lexer->text + pos, '`', lexer->len - pos) != NULL))
		return true;
	/* Which of them begin a text is not asked: some may be in comments and strings. */
	while (pos < lexer->len && (next = memchr(lexer->text + pos, '"', lexer->len - pos)) != NULL)
	{
		pos = (size_t) (next - lexer->text);
		if (sql_may_be_value(lexer, pos))
			return true;
		pos++;
	}
	return false;
}

void
sql_decide_quotes(SqlLexer *lexer)
{
	uint32_t candidates[SQL_QUOTES];
	SqlLexer reader;
	SqlToken token;
	int n = 0;

	memset(candidates, 0, sizeof(candidates));
	memset(lexer->name_hashes, 0, sizeof(lexer->name_hashes));
	memcpy(&reader, lexer, offsetof(SqlLexer, name_hashes));
	while (sql_lexer_next(&reader, &token))
	{
		const char *text;
		size_t len;

		if (token.kind == SQL_QUOTED && token.text[0] == '`')
		{
			/* Names are in backticks. */
			lexer->quotes_strings = lexer->quotes_decided = true;
			return;
		}
		if (!is_double_quoted(&token) || reader.place == PLACE_NAME || n >= MAX_CANDIDATES)
			continue;
		quoted_text(&token, &text, &len);
		if (reader.place == PLACE_VALUE && is_like_value(text, len))
			lexer->quotes_strings = true;
		else
		{
			uint32_t *place = hash_place(candidates, hash_name(text, len));

			n += *place == 0;
			*place = hash_name(text, len);
		}
	}
	lexer->quotes_decided = true;
	if (n == 0)
		return;

	memcpy(&reader, lexer, offsetof(SqlLexer, name_hashes));
	reader.quotes_decided = false;
	while (sql_lexer_next(&reader, &token))
	{
		const char *text;
		size_t len;
		uint32_t hash;

		if (!names_something(&reader, &token) ||
			(is_double_quoted(&token) && reader.place != PLACE_NAME))
			continue;
		quoted_text(&token, &text, &len);
		hash = hash_name(text, len);
		if (*hash_place(candidates, hash) == hash)
			*hash_place(lexer->name_hashes, hash) = hash;
	}
	if (lexer->quotes_strings)
		return;

	/* Whether one is certainly a string. */
	memcpy(&reader, lexer, offsetof(SqlLexer, name_hashes));
	reader.quotes_decided = false;
	while (!lexer->quotes_strings && sql_lexer_next(&reader, &token))
	{
		const char *text;
		size_t len;

		if (!is_double_quoted(&token) || reader.place != PLACE_VALUE)
			continue;
		quoted_text(&token, &text, &len);
		lexer->quotes_strings = !is_known_name(lexer, text, len) && token.left != style_of(&token);
	}
}

/* Words, such as DATE, before a literal of their type. */
static bool
is_literal_type(const SqlToken *token)
{
	return sql_is_word(token->text, token->len, "date") ||
		   sql_is_word(token->text, token->len, "timestamp") ||
		   sql_is_word(token->text, token->len, "datetime") ||
		   sql_is_word(token->text, token->len, "time") || token->keyword == KW_INTERVAL;
}

static bool
is_one_of(const SqlToken *token, const char *const *operators, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		if (token->len == strlen(operators[i]) &&
			memcmp(token->text, operators[i], token->len) == 0)
			return true;
	}
	return false;
}

static SqlBefore
after_operator(const SqlLexer *lexer, const SqlToken *token)
{
	static const char *const comparisons[] = {
		"=",  "==",	 "<>",	"!=", "<",	">",	"<=",	">=",	 "~",	  "~*",
		"!~", "!~*", "<=>", "^=", "=~", "&lt;", "&gt;", "&lt;=", "&gt;=", "&lt;&gt;"};
	static const char *const keys[] = {"->", "->>", "#>", "#>>"};

	if (token->len == 1 && token->text[0] == '*' && token->before != SQL_BEFORE_OPERAND)
		return SQL_BEFORE_OPERAND;
	(void) lexer;
	if (is_one_of(token, comparisons, sizeof(comparisons) / sizeof(comparisons[0])))
		return SQL_BEFORE_COMPARISON;
	return is_one_of(token, keys, sizeof(keys) / sizeof(keys[0])) ? SQL_BEFORE_KEY
																  : SQL_BEFORE_OPERATOR;
}

static SqlBefore
after_word(SqlLexer *lexer, const SqlToken *token)
{
	uint64_t here = SQL_DEPTH_BIT(lexer);
	unsigned flags;

	if (token->before == SQL_BEFORE_DOT)
		return SQL_BEFORE_OPERAND;
	switch (token->keyword)
	{
		case KW_NONE:
		case KW_INTERVAL:
			/* The type of a literal does not change the context. */
			return token->before == SQL_BEFORE_COMPARISON && is_literal_type(token)
					   ? SQL_BEFORE_COMPARISON
					   : SQL_BEFORE_OPERAND;
		case KW_FROM:
		case KW_JOIN:
		case KW_INTO:
		case KW_UPDATE:
		case KW_TABLE:
			lexer->froms |= here;
			lexer->values &= ~here;
			return SQL_BEFORE_TABLE;
		case KW_IN:
			lexer->list_next = true;
			return SQL_BEFORE_COMPARISON;
		case KW_VALUES:
			lexer->values |= here;
			lexer->froms &= ~here;
			return SQL_BEFORE_OTHER;
		case KW_BETWEEN:
			lexer->between = true;
			return SQL_BEFORE_COMPARISON;
		case KW_LIKE:
		case KW_ILIKE:
		case KW_RLIKE:
		case KW_REGEXP:
		case KW_GLOB:
		case KW_ANY:
		case KW_SOME:
			return SQL_BEFORE_COMPARISON;
		case KW_TO:
			return lexer->keyword == KW_SIMILAR ? SQL_BEFORE_COMPARISON : SQL_BEFORE_OTHER;
		case KW_AND:
			if (lexer->between)
			{
				lexer->between = false;
				return SQL_BEFORE_COMPARISON;
			}
			return SQL_BEFORE_OTHER;
		case KW_SELECT:
		case KW_WHERE:
		case KW_ON:
		case KW_BY:
		case KW_HAVING:
		case KW_SET:
		case KW_USING:
		case KW_RETURNING:
			lexer->froms &= ~here;
			lexer->values &= ~here;
			break;
		default:
			break;
	}
	flags = sql_keyword_flags(token->keyword);
	if ((flags & SQL_KW_V) != 0)
		return SQL_BEFORE_OPERAND;
	if ((flags & SQL_KW_O) != 0)
		return SQL_BEFORE_OTHER;
	return (flags & (SQL_KW_R | SQL_KW_S)) != 0 ? SQL_BEFORE_WORD : SQL_BEFORE_OPERAND;
}

static SqlBefore
after_punctuation(SqlLexer *lexer, const SqlToken *token)
{
	uint64_t here;

	switch (token->text[0])
	{
		case '(':
		case '[':
		{
			bool list = lexer->list_next || token->text[0] == '[' ||
						((lexer->values & SQL_DEPTH_BIT(lexer)) != 0);
			bool call = token->before == SQL_BEFORE_OPERAND ||
						(token->before == SQL_BEFORE_COMPARISON && lexer->type_last);
			bool from = token->before == SQL_BEFORE_TABLE ||
						(token->before == SQL_BEFORE_COMMA && token->in_from) ||
						(token->before == SQL_BEFORE_OPEN && token->in_from);

			lexer->depth++;
			here = SQL_DEPTH_BIT(lexer);
			lexer->lists = list ? lexer->lists | here : lexer->lists & ~here;
			lexer->arrays = token->text[0] == '[' ? lexer->arrays | here : lexer->arrays & ~here;
			lexer->calls = call && !list ? lexer->calls | here : lexer->calls & ~here;
			lexer->froms = from ? lexer->froms | here : lexer->froms & ~here;
			lexer->compared =
				call && lexer->word_compared ? lexer->compared | here : lexer->compared & ~here;
			lexer->defaults =
				call && lexer->default_last ? lexer->defaults | here : lexer->defaults & ~here;
			lexer->values &= ~here;
			return SQL_BEFORE_OPEN;
		}
		case ')':
		case ']':
			if (lexer->depth > 0)
				lexer->depth--;
			return SQL_BEFORE_OPERAND;
		case '{':
			return SQL_BEFORE_OPEN;
		case ',':
			return SQL_BEFORE_COMMA;
		case '.':
			return SQL_BEFORE_DOT;
		case ';':
			lexer->depth = 0;
			lexer->between = lexer->list_next = false;
			lexer->lists = lexer->arrays = lexer->calls = lexer->froms = lexer->values = 0;
			lexer->compared = lexer->defaults = 0;
			return SQL_BEFORE_OTHER;
		default:
			return SQL_BEFORE_WORD;
	}
}

void
sql_pass_token(SqlLexer *lexer, SqlToken *token)
{
	uint64_t here = SQL_DEPTH_BIT(lexer);

	token->keyword = token->kind == SQL_WORD ? sql_keyword_find(token->text, token->len) : KW_NONE;
	token->before = lexer->before;
	token->in_list = (lexer->lists & here) != 0;
	token->in_call = (lexer->calls & here) != 0;
	token->in_from = (lexer->froms & here) != 0;
	if (lexer->double_quotes)
	{
		token->left = lexer->left;
		if (is_double_quoted(token))
		{
			lexer->place = place_of(lexer, token);
			if (sql_quotes_string(lexer, token))
			{
				token->kind = SQL_STRING;
				lexer->foreign = true;
			}
		}
	}
	if (token->kind == SQL_TAG)
		return;
	switch (token->kind)
	{
		case SQL_WORD:
			lexer->before = after_word(lexer, token);
			break;
		case SQL_OPERATOR:
			lexer->before = after_operator(lexer, token);
			break;
		case SQL_PUNCTUATION:
			lexer->before = after_punctuation(lexer, token);
			break;
		default:
			lexer->before = SQL_BEFORE_OPERAND;
			break;
	}
	if (token->keyword != KW_IN)
		lexer->list_next = false;
	if (lexer->double_quotes && token->before != SQL_BEFORE_COMPARISON &&
		lexer->before == SQL_BEFORE_OPERAND && (lexer->compared & here) == 0)
		lexer->left = style_of(token);
	lexer->default_last =
		lexer->double_quotes && token->kind == SQL_WORD && is_with_default(token->text, token->len);
	lexer->type_last = token->kind == SQL_WORD && token->keyword == KW_NONE;
	lexer->word_compared = lexer->type_last && token->before == SQL_BEFORE_COMPARISON;
	lexer->keyword = token->keyword;
	lexer->table_next = token->keyword == KW_FROM || token->keyword == KW_JOIN ||
						token->keyword == KW_INTO || token->keyword == KW_UPDATE ||
						token->keyword == KW_TABLE || token->keyword == KW_EXISTS;
}
