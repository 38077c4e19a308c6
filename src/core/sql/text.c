/*
 * text.c
 *		When two SQL statements are the same query.
 *
 *		The canonical form is its own canonical form, so every token in it
 *		must be read as itself again.  Therefore
 *
 *		- a number's sign is part of the literal only before numbers;
 *		- a lone '#', which would start a comment after a space, is written
 *		  without the space, and so is the parenthesis after $x;
 *		- texts are kept only if they are plain, without quotes in them.
 */
#include "core/sql/text.h"
#include "core/sql/lexer.h"
#include "core/sql/words.h"

#include <string.h>

#define MAX_DEPTH 64	   /* deeper parentheses have no special meaning */
#define MAX_POSITION_LEN 3 /* longer numbers are not positions */
#define MAX_AHEAD 4096	   /* a statement in a text has FROM or the like so early */

/* The kind of an open parenthesis or clause. */
typedef enum OpenKind
{
	OPEN_OTHER,
	OPEN_LIST,		/* equal elements are written once */
	OPEN_ROWS,		/* VALUES: equal rows are written once */
	OPEN_SUBSCRIPT, /* x[…] */
	OPEN_CALL
} OpenKind;

typedef struct Open
{
	OpenKind kind;
	SqlTexts texts;	   /* of a call, or of the call that the list is an argument of */
	bool first;		   /* its first argument */
	bool by;		   /* GROUP BY or ORDER BY: a number is a position */
	size_t start;	   /* of the present element or row, in the output */
	size_t last_start; /* of the previous one */
	size_t last_end;   /* 0 if there is none */
} Open;

typedef struct Form
{
	char *text;
	size_t len;
	size_t end; /* without trailing semicolons */
	size_t depth;
	bool body;	  /* inside a body in dollar quotes */
	bool routine; /* the statement creates or runs a routine */
	SqlToken last;
	bool is; /* IS or IS NOT is before */
	Open open[MAX_DEPTH + 1];
} Form;

static size_t normalize(const char *sql, size_t len, char *out, bool body, bool *unfinished);

static Open *
present(Form *form)
{
	return &form->open[form->depth < MAX_DEPTH ? form->depth : MAX_DEPTH];
}

/* A form is one line: what begins a line in quotes might be read as the beginning of a statement. */
static inline char
without_newline(char c)
{
	return sql_is_newline(c) ? ' ' : c;
}

static void
put(Form *form, const char *text, size_t len, bool lower, bool space)
{
	if (form->len > 0 && space)
		form->text[form->len++] = ' ';
	for (size_t i = 0; i < len; i++)
		form->text[form->len + i] = without_newline(lower ? sql_lower(text[i]) : text[i]);
	form->len += len;
}

/*
 * Writes a template, with white space outside quotes reduced to single spaces.
 * Of one whose quotes or braces do not match, they are written as '?': they
 * would be matched with what is behind it, which is not the same in the form.
 */
static void
put_template(Form *form, const SqlToken *token)
{
	bool closed = sql_template_is_closed(token->text, token->len);
	char quote = '\0';
	char *out;

	if (form->len > 0)
		form->text[form->len++] = ' ';
	out = form->text + form->len;
	for (size_t i = 0; i < token->len; i++)
	{
		char c = token->text[i];

		if (!closed && i > 1 && i + 2 < token->len && strchr("'\"{}", c) != NULL && c != '\0')
			c = '?';
		if (quote == '\0' && (c == ' ' || (c >= '\t' && c <= '\r')))
		{
			if (out[-1] != ' ')
				*out++ = ' ';
			continue;
		}
		if (quote != '\0' ? c == quote : (c == '\'' || c == '"'))
			quote = quote == '\0' ? c : '\0';
		*out++ = without_newline(c);
	}
	form->len = (size_t) (out - form->text);
}

/* Finds the text between the quotes of a string; returns false if it is not plain. */
static bool
plain_text(const SqlToken *token, const char **text, size_t *len)
{
	char quote = token->text[0];
	bool path;

	if (token->len < 2 || (quote != '\'' && quote != '"') || token->text[token->len - 1] != quote)
		return false;
	*text = token->text + 1;
	*len = token->len - 2;
	/* A path into a document, as in a #> '{b,"c d"}' */
	path = token->before == SQL_BEFORE_KEY && quote == '\'' && *len > 1 && (*text)[0] == '{' &&
		   (*text)[1] != '{' && (*text)[1] != '%' && (*text)[*len - 1] == '}';
	for (size_t i = 0; i < *len; i++)
	{
		char c = (*text)[i];

		if (c == '\'' || (c == '"' && !path) || c == '\\' || (c == '{' && (!path || i > 0)) ||
			(unsigned char) c < ' ')
			return false;
	}
	return true;
}

/* Whether a text is part of the query and not a literal; *lower if in any case. */
static bool
is_kept_text(Form *form, const SqlToken *token, bool *lower)
{
	const Open *open = present(form);
	const char *text;
	size_t len;

	*lower = false;
	if (!plain_text(token, &text, &len))
		return false;
	if (token->before == SQL_BEFORE_KEY || token->before == SQL_BEFORE_TABLE ||
		(token->in_from && token->before == SQL_BEFORE_COMMA))
		return true;
	if (open->kind == OPEN_CALL && form->last.kind == SQL_WORD)
	{
		/* time_bucket(INTERVAL '1 day', a), OPENROWSET(BULK 'a.csv', …) */
		*lower = open->texts == SQL_TEXTS_ARE_WIDTHS;
		if ((*lower && form->last.keyword == KW_INTERVAL) ||
			(open->texts == SQL_TEXTS_ARE_FILES &&
			 sql_is_word(form->last.text, form->last.len, "bulk")))
			return true;
	}
	if (token->before != SQL_BEFORE_OPEN && token->before != SQL_BEFORE_COMMA)
		return false;
	if (open->kind == OPEN_SUBSCRIPT)
		return true;
	if (open->kind == OPEN_LIST)
		return open->texts == SQL_TEXTS_ARE_FILES;
	if (open->kind != OPEN_CALL)
		return false;
	switch (open->texts)
	{
		case SQL_TEXTS_ARE_UNITS:
			*lower = true;
			return sql_is_time_unit(text, len);
		case SQL_TEXTS_ARE_WIDTHS:
			*lower = true;
			return len < 5 || text[4] != '-';
		case SQL_TEXTS_ARE_FORMATS:
			return len > 0 && !(text[0] >= '0' && text[0] <= '9');
		case SQL_TEXTS_ARE_FILES:
			return true;
		case SQL_TEXTS_ARE_KEYS:
			return !open->first;
		default:
			return false;
	}
}

/* Whether a word that may follow a position is next. */
static bool
ends_position(const SqlLexer *lexer, size_t pos)
{
	static const char *const orders[] = {"asc", "desc", "nulls"};
	size_t len = sql_word_end(lexer, pos) - pos;
	SqlKeyword keyword = sql_keyword_find(lexer->text + pos, len);

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
	{
		if (len > 0 && sql_is_word(lexer->text + pos, len, orders[i]))
			return true;
	}
	return keyword != KW_NONE && keyword != KW_TRUE && keyword != KW_FALSE;
}

/* Whether a number is a position in GROUP BY or ORDER BY, or in an element. */
static bool
is_position(Form *form, const SqlLexer *lexer, const SqlToken *token)
{
	size_t next;
	char c;

	if (token->before == SQL_BEFORE_KEY)
		return true;
	if (!present(form)->by || token->len > MAX_POSITION_LEN ||
		(form->last.keyword != KW_BY && token->before != SQL_BEFORE_COMMA))
		return false;
	next = sql_skip_space(lexer, lexer->pos);
	c = sql_byte(lexer, next);
	return next >= lexer->len || c == ',' || c == ')' || c == ';' || ends_position(lexer, next);
}

/* Whether a placeholder is part of a name, or is where only names are allowed. */
static bool
is_name_part(const SqlLexer *lexer, const SqlToken *token)
{
	size_t next = sql_skip_space(lexer, lexer->pos);
	char after = sql_byte(lexer, next + 1);

	return token->before == SQL_BEFORE_TABLE || token->before == SQL_BEFORE_DOT ||
		   (token->in_from && token->before == SQL_BEFORE_COMMA) ||
		   (sql_byte(lexer, next) == '.' && !(after >= '0' && after <= '9'));
}

static bool
is_literal(Form *form, const SqlLexer *lexer, const SqlToken *token)
{
	switch (token->kind)
	{
		case SQL_NUMBER:
			return !is_position(form, lexer, token) &&
				   !(present(form)->kind == OPEN_CALL &&
					 present(form)->texts == SQL_TEXTS_ARE_WIDTHS);
		case SQL_STRING:
			return true;
		case SQL_PARAMETER:
			return token->len == 1 || !is_name_part(lexer, token);
		case SQL_TEMPLATE:
			return !is_name_part(lexer, token) &&
				   (token->before == SQL_BEFORE_COMPARISON ||
					(token->in_list && present(form)->kind != OPEN_SUBSCRIPT) ||
					form->last.keyword == KW_LIMIT || form->last.keyword == KW_OFFSET ||
					form->last.keyword == KW_INTERVAL);
		case SQL_WORD:
			return (token->keyword == KW_TRUE || token->keyword == KW_FALSE) && !form->is &&
				   token->before != SQL_BEFORE_DOT;
		default:
			return false;
	}
}

/* Whether a text is a statement, which a function or EXECUTE runs. */
static bool
is_statement(const Form *form, const SqlToken *token, const char *text, size_t len)
{
	static const char *const runs[] = {"immediate", "execute", "exec", "sp_executesql", "as"};
	static const char *const parts[] = {" from", " into", " set", " table", "\nfrom", "\tfrom"};
	const Open *open = &form->open[form->depth < MAX_DEPTH ? form->depth : MAX_DEPTH];
	bool run = (token->before == SQL_BEFORE_OPEN || token->before == SQL_BEFORE_COMMA) &&
			   open->kind == OPEN_CALL;
	size_t start = 0;
	size_t end;

	for (size_t i = 0; !run && form->last.kind == SQL_WORD && i < sizeof(runs) / sizeof(runs[0]);
		 i++)
		run = sql_is_word(form->last.text, form->last.len, runs[i]);
	while (start < len && sql_space_length(text + start, len - start) > 0)
		start++;
	for (end = start; end < len && sql_is_word_byte(text[end]); end++)
		;
	if (!run || !sql_begins_surely(text + start, end - start))
		return false;
	/* Most texts that begin so are one; "select one" is none. */
	for (; end < len && end < MAX_AHEAD; end++)
	{
		for (size_t i = 0; (text[end] == ' ' || text[end] == '\n' || text[end] == '\t') &&
						   i < sizeof(parts) / sizeof(parts[0]);
			 i++)
		{
			if (len - end >= strlen(parts[i]) &&
				sql_is_word(text + end, strlen(parts[i]), parts[i]))
				return true;
		}
	}
	return false;
}

/*
 * Finds the SQL in a text that is run: the body of a routine, or a statement.
 * *quote is the length of each of the quotes, *routine whether it is a body.
 */
static bool
find_body(const Form *form, const SqlToken *token, const char **quotes, size_t *quote,
		  bool *routine)
{
	const char *end = token->text + token->len;
	const char *text = token->text;

	if (*text == '$')
	{
		const char *tag_end = memchr(text + 1, '$', token->len - 1);

		if (tag_end == NULL)
			return false;
		*quotes = text;
		*quote = (size_t) (tag_end - text) + 1;
		*routine = form->routine;
		return token->len >= 2 * *quote && memcmp(end - *quote, text, *quote) == 0 &&
			   (*routine || is_statement(form, token, text + *quote, token->len - 2 * *quote));
	}
	if (sql_lower(*text) == 'n')
		text++;
	if (*text != '\'' || end - text < 3 || end[-1] != '\'' || !sql_is_word_start(text[1]))
		return false;
	*quotes = text;
	*quote = 1;
	/* What a backslash or a template in it is, the text around it decides. */
	for (const char *c = text; c < end; c++)
	{
		if (*c == '\\' || *c == '{' || *c == '`' || *c == '[' || *c == '$' ||
			(*c == '<' && c[1] == '%'))
			return false;
	}
	*routine = form->routine &&
			   (form->last.keyword == KW_AS || sql_is_word(form->last.text, form->last.len, "do"));
	return *routine || is_statement(form, token, text + 1, (size_t) (end - text) - 2);
}

/*
 * Writes SQL in quotes in canonical form; returns false if it is to be a
 * literal.  Quotes in it that are doubled stay so: every text in it is empty,
 * and what is between them is written, as if it were SQL.
 */
static bool
put_body(Form *form, const SqlToken *token)
{
	size_t start = form->len;
	const char *quotes;
	size_t quote;
	bool routine;
	bool unfinished;
	size_t len;
	char *body;

	if (form->body || !find_body(form, token, &quotes, &quote, &routine))
		return false;
	put(form, quotes, quote, false, true);
	if (*quotes == '$')
		form->text[form->len++] = ' ';
	body = form->text + form->len;
	len = normalize(quotes + quote, token->len - (size_t) (quotes - token->text) - 2 * quote, body,
					true, &unfinished);
	/* Without comments and texts it must still be one. */
	if (unfinished || (!routine && !is_statement(form, token, body, len)) ||
		(*quotes == '\'' && (len == 0 || !sql_is_word_start(body[0]))))
	{
		form->len = start;
		return false;
	}
	for (size_t i = 0; *quotes == '$' && i + quote <= len; i++)
	{
		if (body[i] == '$' && memcmp(body + i, quotes, quote) == 0)
		{
			form->len = start;
			return false;
		}
	}
	form->len += len;
	put(form, quotes, quote, false, *quotes == '$' && len > 0);
	return true;
}

/*
 * Writes a name in quotes.  Whether a backslash escapes a quote is decided by
 * all of a text, much of which the form leaves out, so it has none: a quote
 * in the name is doubled, and any other backslash is a slash.
 */
static void
put_quoted(Form *form, const SqlLexer *lexer, const SqlToken *token)
{
	char quote = token->text[0];
	bool escapes = lexer->backslashes && quote == '"';
	char *out;

	put(form, token->text, token->len, false, true);
	out = form->text + form->len - token->len;
	for (size_t i = 0; i < token->len; i++)
	{
		if (out[i] != '\\')
			continue;
		out[i] = '/';
		if (!escapes || i + 1 == token->len)
			continue;
		if (out[i + 1] == quote)
			out[i] = quote;
		else if (out[i + 1] == '\\')
			out[i + 1] = '/';
		i++;
	}
}

/* Whether it is an operator that would begin a comment after a space: # or ## */
static bool
is_hashes(const SqlToken *token)
{
	size_t i;

	for (i = 0; i < token->len && token->text[i] == '#'; i++)
		;
	return token->kind == SQL_OPERATOR && i == token->len;
}

static void
put_token(Form *form, const SqlLexer *lexer, const SqlToken *token)
{
	bool lower;

	if (token->kind == SQL_STRING && put_body(form, token))
		;
	else if (token->kind == SQL_STRING && is_kept_text(form, token, &lower))
	{
		put(form, "'", 1, false, true);
		put(form, token->text + 1, token->len - 2, lower, false);
		put(form, "'", 1, false, false);
	}
	else if (is_literal(form, lexer, token))
		put(form, "?", 1, false, true);
	else if (token->kind == SQL_TEMPLATE || token->kind == SQL_TAG)
		put_template(form, token);
	else if (token->kind == SQL_OPERATOR && token->len == 2 &&
			 (memcmp(token->text, "!=", 2) == 0 || memcmp(token->text, "^=", 2) == 0))
		put(form, "<>", 2, false, true);
	else if (token->kind == SQL_OPERATOR && token->len == 2 && memcmp(token->text, "==", 2) == 0)
		put(form, "=", 1, false, true);
	else if (token->kind == SQL_QUOTED)
		put_quoted(form, lexer, token);
	else
	{
		bool hash = token->kind == SQL_OPERATOR && is_hashes(token);
		bool macro =
			token->text[0] == '(' && form->last.kind == SQL_WORD && form->last.text[0] == '$';

		put(form, token->text, token->len, true, !hash && !macro);
	}
	if (!(token->kind == SQL_PUNCTUATION && token->text[0] == ';'))
		form->end = form->len;
}

/* Ends an element of a list or a row: it is dropped if it equals the previous one. */
static void
end_element(Form *form, Open *open)
{
	size_t len;

	if (form->len < open->start)
	{
		open->last_end = 0;
		return;
	}
	len = form->len - open->start;
	if (open->last_end > 0 && open->last_end - open->last_start == len &&
		memcmp(form->text + open->last_start, form->text + open->start, len) == 0)
	{
		form->len = open->last_end;
		form->end = form->len;
		return;
	}
	open->last_start = open->start;
	open->last_end = form->len;
}

/* Handles an opening parenthesis or bracket that has been read and not yet written. */
static void
begin_open(Form *form, const SqlLexer *lexer, const SqlToken *token)
{
	const Open outer = *present(form);
	bool rows = outer.kind == OPEN_ROWS;
	bool bracket = token->text[0] == '[';
	bool call = token->before == SQL_BEFORE_OPERAND;
	bool list;
	Open *open;

	form->depth++;
	open = present(form);
	memset(open, 0, sizeof(*open));
	if (form->depth >= MAX_DEPTH)
		return;
	list = (lexer->lists & (UINT64_C(1) << form->depth)) != 0;
	if (call && !bracket && (form->last.kind == SQL_WORD || form->last.kind == SQL_QUOTED) &&
		form->last.keyword != KW_IN)
	{
		open->kind = sql_is_word(form->last.text, form->last.len, "array") ? OPEN_LIST : OPEN_CALL;
		open->texts = sql_texts_of(form->last.text, form->last.len);
		open->first = true;
	}
	else if (!bracket && form->last.keyword == KW_TABLE)
	{
		/* FROM TABLE('a') */
		open->kind = OPEN_CALL;
		open->texts = SQL_TEXTS_ARE_FILES;
		open->first = true;
	}
	else if (bracket && call && form->last.keyword != KW_ARRAY)
		open->kind = OPEN_SUBSCRIPT;
	else if (list && !rows)
	{
		open->kind = OPEN_LIST;
		if (bracket && (outer.kind == OPEN_CALL || outer.kind == OPEN_LIST))
			open->texts = outer.texts;
	}
}

/* Whether a statement with the word may have a body in dollar quotes. */
static bool
is_routine(const SqlToken *token)
{
	switch (sql_lower(token->text[0]))
	{
		case 'd':
			return sql_is_word(token->text, token->len, "do");
		case 'f':
			return sql_is_word(token->text, token->len, "function");
		case 'p':
			return sql_is_word(token->text, token->len, "procedure");
		default:
			return false;
	}
}

/* Updates the context after a token that has been written. */
static void
pass(Form *form, const SqlToken *token)
{
	Open *open = present(form);

	if (token->kind == SQL_TAG)
		return;
	switch (token->keyword)
	{
		case KW_BY:
			open->by = form->last.keyword == KW_GROUP || form->last.keyword == KW_ORDER;
			break;
		case KW_SELECT:
		case KW_WITH:
			if (open->kind == OPEN_LIST || open->kind == OPEN_ROWS)
				open->kind = OPEN_OTHER;
			open->by = false;
			break;
		case KW_VALUES:
			open->kind = OPEN_ROWS;
			open->start = form->len + 1;
			open->last_end = 0;
			break;
		case KW_HAVING:
		case KW_LIMIT:
		case KW_OFFSET:
		case KW_FETCH:
		case KW_UNION:
		case KW_EXCEPT:
		case KW_INTERSECT:
		case KW_WHERE:
		case KW_FROM:
		case KW_ON:
			open->by = false;
			if (open->kind == OPEN_ROWS)
				open->kind = OPEN_OTHER;
			break;
		default:
			break;
	}
	if (form->depth == 0 && token->kind == SQL_WORD && token->keyword == KW_NONE)
		form->routine = form->routine || is_routine(token);
	form->is = token->keyword == KW_IS || (token->keyword == KW_NOT && form->last.keyword == KW_IS);
	form->last = *token;
}

/* Writes punctuation that opens, ends or separates something. */
static void
put_punctuation(Form *form, const SqlLexer *lexer, const SqlToken *token)
{
	Open *open = present(form);

	switch (token->text[0])
	{
		case '(':
		case '[':
			begin_open(form, lexer, token);
			put_token(form, lexer, token);
			present(form)->start = form->len + 1;
			return;
		case ')':
		case ']':
			if (open->kind == OPEN_LIST)
				end_element(form, open);
			put_token(form, lexer, token);
			if (form->depth > 0)
				form->depth--;
			if (present(form)->kind == OPEN_ROWS)
				end_element(form, present(form));
			return;
		case ',':
			if (open->kind == OPEN_LIST)
				end_element(form, open);
			put_token(form, lexer, token);
			open->first = false;
			open->start = form->len + 1;
			return;
		case ';':
			form->depth = 0;
			memset(&form->open[0], 0, sizeof(form->open[0]));
			form->routine = false;
			put_token(form, lexer, token);
			return;
		default:
			put_token(form, lexer, token);
			return;
	}
}

static size_t
normalize(const char *sql, size_t len, char *out, bool body, bool *unfinished)
{
	SqlLexer lexer;
	SqlToken token;
	SqlToken sign;
	bool signed_next = false; /* a sign has been read and not yet written */
	Form form;

	memset(&form, 0, offsetof(Form, open) + sizeof(form.open[0]));
	memset(&sign, 0, sizeof(sign));
	form.text = out;
	form.body = body;
	form.last.text = "";
	sql_lexer_init(&lexer, sql, len);
	while (sql_lexer_next(&lexer, &token))
	{
		if (signed_next && token.kind != SQL_NUMBER)
		{
			put_token(&form, &lexer, &sign);
			pass(&form, &sign);
		}
		if (signed_next && token.kind == SQL_NUMBER)
		{
			put(&form, "?", 1, false, true);
			form.end = form.len;
			pass(&form, &token);
			signed_next = false;
			continue;
		}
		signed_next = token.kind == SQL_OPERATOR && token.len == 1 &&
					  (token.text[0] == '-' || token.text[0] == '+') &&
					  token.before < SQL_BEFORE_OPERAND;
		if (signed_next)
		{
			sign = token;
			continue;
		}
		if (token.kind == SQL_PUNCTUATION)
			put_punctuation(&form, &lexer, &token);
		else
			put_token(&form, &lexer, &token);
		pass(&form, &token);
	}
	if (signed_next)
		put_token(&form, &lexer, &sign);
	*unfinished = lexer.unfinished != NULL;
	return form.end;
}

size_t
sql_normalize(const char *sql, size_t len, char *out)
{
	bool unfinished;

	return normalize(sql, len, out, false, &unfinished);
}
