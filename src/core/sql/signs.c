/*
 * signs.c
 *		A quick look at an SQL text, to determine how it should be read.
 */
#include "core/sql/signs.h"
#include "core/sql/lexer_int.h"

#include <string.h>

/* Operator characters in a row, such as a line of dashes in a comment. */
#define MAX_OPERATOR_RUN 256
#define MAX_HASH_COMMENT 200

typedef enum Class
{
	CLASS_NONE,
	CLASS_WORD,
	CLASS_OPERATOR,
	CLASS_LOOK,			 /* the following byte decides */
	CLASS_OPERATOR_LOOK, /* the same, for operator characters */
	CLASS_HIGH			 /* not ASCII */
} Class;

#define W CLASS_WORD
#define O CLASS_OPERATOR
#define L CLASS_LOOK
#define P CLASS_OPERATOR_LOOK
#define H CLASS_HIGH
#define HIGH_16 H, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H

static const unsigned char classes[256] = {
	0,		 0,		  0,	   0,		0,		 0,		  0,	   0,	   0,
	0,		 0,		  0,	   0,		0,		 0,		  0, /* */
	0,		 0,		  0,	   0,		0,		 0,		  0,	   0,	   0,
	0,		 0,		  0,	   0,		0,		 0,		  0, /* */
	0,		 O,		  L,	   P,		W,		 P,		  P,	   0,	   0,
	0,		 O,		  O,	   0,		O,		 0,		  O, /* SP ! " # $ % & ' ( ) * + , - . / */
	W,		 W,		  W,	   W,		W,		 W,		  W,	   W,	   W,
	W,		 0,		  0,	   P,		O,		 O,		  O, /* 0-9 : ; < = > ? */
	P,		 W,		  W,	   W,		W,		 W,		  W,	   W,	   W,
	W,		 W,		  W,	   W,		W,		 W,		  W, /* @ A-O */
	W,		 W,		  W,	   W,		W,		 W,		  W,	   W,	   W,
	W,		 W,		  L,	   L,		0,		 O,		  W, /* P-Z [ \ ] ^ _ */
	P,		 W,		  W,	   W,		W,		 W,		  W,	   W,	   W,
	W,		 W,		  W,	   W,		W,		 W,		  W, /* ` a-o */
	W,		 W,		  W,	   W,		W,		 W,		  W,	   W,	   W,
	W,		 W,		  L,	   O,		0,		 O,		  0, /* p-z { | } ~ */
	HIGH_16, HIGH_16, HIGH_16, HIGH_16, HIGH_16, HIGH_16, HIGH_16, HIGH_16};

/*
 * Whether a comment of MySQL begins at pos that PostgreSQL might read as an
 * operator: #word, or # and words up to the end of the line.
 */
static bool
is_hash_comment(const SqlLexer *text, size_t pos)
{
	char before = pos > 0 ? text->text[pos - 1] : ' ';
	size_t end = pos + 1;

	if (before != ' ' && before != '\n' && before != '\t' && before != '\r')
		return false;
	if (sql_is_word_start(sql_byte(text, end)))
		return true;
	while (end < text->len && end - pos < MAX_HASH_COMMENT &&
		   (sql_is_word_start(text->text[end]) || text->text[end] == ' '))
		end++;
	return end > pos + 1 && sql_is_newline(sql_byte(text, end));
}

/* Whether the byte at pos, of CLASS_LOOK, CLASS_OPERATOR_LOOK or CLASS_HIGH, is such a sign. */
static bool
is_odd(const SqlLexer *text, size_t pos)
{
	char next = sql_byte(text, pos + 1);
	char before = pos > 0 ? text->text[pos - 1] : ' ';

	switch (text->text[pos])
	{
		case '"':
			return sql_may_be_value(text, pos);
		case '`':
			return true;
		case '%':
			return (before == ' ' || before == '(' || before == '=' || before == ',' ||
					before == '<' || before == '>') &&
				   (sql_is_word_byte(next) || next == '(');
		case '#':
			return is_hash_comment(text, pos);
		case '&':
			return sql_is_word_start(next) && before != '&';
		case '@':
			return sql_is_word_start(next) || next == '@' || next == '{';
		case '<':
			return next == '%';
		case '[':
			return next == '[' || sql_is_word_start(next);
		case '\\':
			return next == '\'' || next == '"';
		case '{':
			return next == '{';
		default:
			return sql_space_length(text->text + pos, text->len - pos) > 0 ||
				   sql_smart_quote(text, pos) != '\0';
	}
}

unsigned
sql_signs(const char *sql, size_t len, size_t max_name)
{
	SqlLexer text;
	unsigned signs = 0;
	size_t run = 0;
	size_t operators = 0;
	bool quoted = false;

	text.text = sql;
	text.len = len;
	for (size_t pos = 0; pos < len; pos++)
	{
		Class class = classes[(unsigned char) sql[pos]];

		if (class == CLASS_WORD && !quoted)
		{
			operators = 0;
			if (++run >= max_name)
				signs |= SQL_UNFIT;
			continue;
		}
		if (class >= CLASS_LOOK && (signs & SQL_ODD) == 0 && is_odd(&text, pos))
			signs |= SQL_ODD;
		if (class == CLASS_OPERATOR || class == CLASS_OPERATOR_LOOK)
			operators++;
		else
			operators = 0;
		if (sql[pos] == '"')
		{
			quoted = !quoted;
			run = 0;
		}
		else if (quoted || class == CLASS_HIGH)
			run++;
		else
			run = 0;
		if (run >= max_name || operators > MAX_OPERATOR_RUN)
			signs |= SQL_UNFIT;
	}
	return signs;
}
