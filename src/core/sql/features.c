/*
 * features.c
 *		The features of SQL that a statement uses, and its tables.
 */
#include "core/sql/features.h"
#include "core/sql/lexer.h"
#include "core/sql/scan.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Deeper parentheses are treated as if they were at this depth. */
#define MAX_DEPTH 63

/* Maximum number of names defined by WITH. */
#define MAX_NAMES 32

#define LONGEST_FUNCTION 63

typedef struct Name
{
	const char *text;
	size_t len;
} Name;

typedef struct Features
{
	SqlTableFound found;
	void *arg;
	unsigned features;
	int depth;
	uint64_t selecting; /* by depth: a SELECT has started there */
	uint64_t from;		/* and its FROM clause is open */
	bool table_next;	/* FROM, JOIN, or a comma between tables */
	bool with;			/* there was a WITH */
	SqlToken last;		/* the previous token */
	SqlToken opener;	/* the token before the last opening parenthesis */
	SqlToken named;		/* the token before an AS */
	Name names[MAX_NAMES];
	int nnames;
} Features;

static bool
is_byte(const SqlToken *token, char c)
{
	return token->kind == SQL_PUNCTUATION && token->text[0] == c;
}

static bool
is_name(const SqlToken *token)
{
	return token->kind == SQL_QUOTED ||
		   (token->kind == SQL_WORD && (sql_keyword_flags(token->keyword) & SQL_KW_R) == 0);
}

/* Returns the name without its quotes. */
static Name
name_of(const SqlToken *token)
{
	Name name = {token->text, token->len};

	if (token->kind == SQL_QUOTED && name.len >= 2 && (name.text[0] == '"' || name.text[0] == '`'))
	{
		name.text++;
		name.len -= 2;
	}
	return name;
}

static bool
same_name(Name a, Name b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
	{
		if (sql_lower(a.text[i]) != sql_lower(b.text[i]))
			return false;
	}
	return true;
}

static void
add_join(Features *f)
{
	if ((f->features & SQL_JOINS) != 0)
		f->features |= SQL_JOINS_MANY;
	f->features |= SQL_JOINS;
}

/*
 * Reads a table's name, whose first part is token.  On return token is the one
 * after the name; returns false at the end of the text.
 */
static bool
read_table(Features *f, SqlLexer *lexer, SqlToken *token)
{
	Name schema = {NULL, 0};
	Name table = name_of(token);
	bool more;

	while ((more = sql_lexer_next(lexer, token)) && is_byte(token, '.'))
	{
		more = sql_lexer_next(lexer, token);
		if (!more || (token->kind != SQL_WORD && token->kind != SQL_QUOTED))
			break;
		schema = table;
		table = name_of(token);
	}
	if (more && is_byte(token, '('))
		return true; /* a function */
	if (schema.len == 0)
	{
		for (int i = 0; i < f->nnames; i++)
		{
			if (same_name(f->names[i], table))
				return more;
		}
	}
	if (f->found != NULL && table.len > 0)
		f->found(schema.text, schema.len, table.text, table.len, f->arg);
	return more;
}

static bool
calls_aggregate(const SqlToken *function)
{
	char name[LONGEST_FUNCTION];

	if (function->kind != SQL_WORD || function->len > sizeof(name))
		return false;
	for (size_t i = 0; i < function->len; i++)
		name[i] = sql_lower(function->text[i]);
	return sql_is_aggregate(name, function->len);
}

/* Whether the tokens before a parenthesis make it the query of a WITH name. */
static bool
names_query(const SqlToken *before)
{
	static const Name materialized = {"materialized", 12};

	return before->keyword == KW_AS ||
		   (before->kind == SQL_WORD && same_name(name_of(before), materialized));
}

/* The tokens before an opening parenthesis determine the role of the SELECT in it. */
static void
begin_select(Features *f)
{
	const SqlToken *opener = &f->opener;
	bool opened = is_byte(&f->last, '(');

	if (opened && names_query(opener))
	{
		if (f->with)
			f->features |= SQL_NAMES_QUERIES;
	}
	else if (opened && opener->len > 0 && !is_byte(opener, '(') && !is_byte(opener, ';') &&
			 opener->keyword != KW_UNION && opener->keyword != KW_ALL &&
			 opener->keyword != KW_INTERSECT && opener->keyword != KW_EXCEPT)
		f->features |= SQL_NESTS;
	f->selecting |= UINT64_C(1) << f->depth;
	f->from &= ~(UINT64_C(1) << f->depth);
}

static uint64_t
depth_bit(const Features *f)
{
	return UINT64_C(1) << f->depth;
}

static void
open_parenthesis(Features *f)
{
	uint64_t inside;

	if (calls_aggregate(&f->last))
		f->features |= SQL_AGGREGATES;
	if (names_query(&f->last) && f->with && f->named.len > 0 && f->nnames < MAX_NAMES)
		f->names[f->nnames++] = name_of(&f->named);
	f->opener = f->last;
	if (f->depth < MAX_DEPTH)
		f->depth++;
	inside = depth_bit(f);
	f->selecting &= ~inside;
	f->from &= ~inside;
	/* Parentheses around joined tables. */
	if (f->table_next)
		f->from |= inside;
}

/* A parenthesis, comma or semicolon; returns false for any other token. */
static bool
read_byte(Features *f, const SqlToken *token)
{
	if (is_byte(token, '('))
		open_parenthesis(f);
	else if (is_byte(token, ')'))
	{
		if (f->depth > 0)
			f->depth--;
		f->table_next = false;
	}
	else if (is_byte(token, ','))
	{
		f->table_next = (f->from & depth_bit(f)) != 0;
		if (f->table_next)
			add_join(f);
	}
	else if (is_byte(token, ';'))
	{
		f->depth = 0;
		f->selecting = f->from = 0;
		f->table_next = false;
	}
	else
		return false;
	return true;
}

/* A keyword that begins a clause, or any other token. */
static void
read_keyword(Features *f, const SqlToken *token)
{
	uint64_t here = depth_bit(f);

	switch (token->keyword)
	{
		case KW_WITH:
			f->with = true;
			break;
		case KW_SELECT:
			begin_select(f);
			f->table_next = false;
			break;
		case KW_FROM:
			/* The FROM of EXTRACT(… FROM …) and IS DISTINCT FROM is not a clause. */
			if (((f->selecting & here) != 0 || f->depth == 0) && f->last.keyword != KW_DISTINCT)
			{
				f->from |= here;
				f->table_next = true;
			}
			break;
		case KW_JOIN:
		case KW_STRAIGHT_JOIN:
		case KW_APPLY:
			add_join(f);
			f->table_next = true;
			break;
		case KW_GROUP:
			f->features |= SQL_AGGREGATES;
			f->from &= ~here;
			break;
		case KW_UNION:
		case KW_INTERSECT:
		case KW_EXCEPT:
			/* SELECT * EXCEPT (column) is different. */
			if (!(f->last.kind == SQL_OPERATOR && f->last.text[0] == '*'))
				f->features |= SQL_COMBINES;
			f->from &= ~here;
			break;
		case KW_OVER:
			if (is_byte(&f->last, ')'))
				f->features |= SQL_WINDOWS;
			break;
		case KW_QUALIFY:
			f->features |= SQL_WINDOWS;
			f->from &= ~here;
			break;
		case KW_WHERE:
		case KW_PREWHERE:
		case KW_HAVING:
		case KW_ORDER:
		case KW_LIMIT:
		case KW_WINDOW:
		case KW_FETCH:
		case KW_SET:
			f->from &= ~here;
			f->table_next = false;
			break;
		case KW_AS:
			f->named = is_byte(&f->last, ')') ? f->opener : f->last;
			break;
		default:
			/* A table whose name is filled in later. */
			if (token->kind == SQL_PARAMETER || token->kind == SQL_TEMPLATE ||
				token->kind == SQL_STRING)
				f->table_next = false;
			break;
	}
}

unsigned
sql_features(const char *sql, size_t len, SqlTableFound found, void *arg)
{
	static const SqlToken none = {.kind = SQL_PUNCTUATION, .text = ""};
	Features f;
	SqlLexer lexer;
	SqlToken token;

	memset(&f, 0, offsetof(Features, names));
	f.nnames = 0;
	f.found = found;
	f.arg = arg;
	f.last = f.opener = f.named = none;
	sql_lexer_init(&lexer, sql, len);
	while (sql_lexer_next(&lexer, &token))
	{
		if (token.kind == SQL_TAG)
			continue;
		if (f.table_next && is_name(&token) && token.keyword != KW_ONLY &&
			token.keyword != KW_LATERAL)
		{
			f.table_next = false;
			f.last = token;
			if (!read_table(&f, &lexer, &token))
				break;
		}
		if (!read_byte(&f, &token))
			read_keyword(&f, &token);
		f.last = token;
	}
	return f.features;
}
