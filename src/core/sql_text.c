/*
 * sql_text.c
 *		When two SQL statements are the same query.
 *
 * The canonical form is its own canonical form, so every token in it has to be
 * read as itself again.  Two things follow.  A number's sign is taken into
 * the literal only before numbers, of which the form has none, and not before
 * parameters.  And a lone '#', which after a space would begin a comment,
 * is written without the space.
 */
#include "core/sql_text.h"
#include "core/sql_lexer.h"

#include <string.h>

/* What the tokens before the present one say about it. */
typedef struct Before
{
	bool operand_next; /* a sign would be a number's own */
	bool is;		   /* IS or IS NOT */
	bool dot;
	SqlKeyword keyword;
} Before;

typedef struct Output
{
	char *text;
	size_t len;
	size_t end; /* without trailing semicolons */
} Output;

static void
put(Output *out, const SqlToken *token, bool literal)
{
	bool semicolon = token->kind == SQL_PUNCTUATION && token->text[0] == ';';
	bool hash = token->kind == SQL_OPERATOR && token->len == 1 && token->text[0] == '#';
	size_t i;

	if (out->len > 0 && !hash)
		out->text[out->len++] = ' ';
	if (literal)
		out->text[out->len++] = '?';
	else if (token->kind == SQL_QUOTED)
	{
		memcpy(out->text + out->len, token->text, token->len);
		out->len += token->len;
	}
	else
	{
		for (i = 0; i < token->len; i++)
			out->text[out->len++] = sql_lower(token->text[i]);
	}
	if (!semicolon)
		out->end = out->len;
}

static bool
is_literal(const SqlToken *token, const Before *before)
{
	switch (token->kind)
	{
		case SQL_NUMBER:
		case SQL_STRING:
		case SQL_PARAMETER:
			return true;
		case SQL_WORD:
			return (token->keyword == KW_TRUE || token->keyword == KW_FALSE) && !before->is &&
				   !before->dot;
		default:
			return false;
	}
}

static void
pass(Before *before, const SqlToken *token)
{
	char c = token->text[0];

	before->is = token->keyword == KW_IS || (token->keyword == KW_NOT && before->keyword == KW_IS);
	before->dot = token->kind == SQL_PUNCTUATION && c == '.';
	before->keyword = token->keyword;
	switch (token->kind)
	{
		case SQL_OPERATOR:
			before->operand_next = true;
			break;
		case SQL_PUNCTUATION:
			before->operand_next = c == '(' || c == ',' || c == ';' || c == '[' || c == '{';
			break;
		case SQL_WORD:
			before->operand_next = (sql_keyword_flags(token->keyword) & SQL_KW_O) != 0;
			break;
		default:
			before->operand_next = false;
			break;
	}
}

size_t
sql_normalize(const char *sql, size_t len, char *out)
{
	SqlLexer lexer;
	SqlToken token;
	SqlToken sign;
	bool signed_next = false; /* sign is read and not yet written */
	Before before = {true, false, false, KW_NONE};
	Output output = {out, 0, 0};

	memset(&sign, 0, sizeof(sign));
	sql_lexer_init(&lexer, sql, len);
	while (sql_lexer_next(&lexer, &token))
	{
		if (signed_next && token.kind != SQL_NUMBER)
		{
			put(&output, &sign, false);
			pass(&before, &sign);
		}
		signed_next = token.kind == SQL_OPERATOR && token.len == 1 &&
					  (token.text[0] == '-' || token.text[0] == '+') && before.operand_next;
		if (signed_next)
		{
			sign = token;
			continue;
		}
		put(&output, &token, is_literal(&token, &before));
		pass(&before, &token);
	}
	if (signed_next)
		put(&output, &sign, false);
	return output.end;
}
