/*
 * outline.c
 *		What traits are inferred from, of one query: a short text.
 */
#include "core/profile/outline.h"

#include <string.h>

#include "core/sql/features.h"

#define ALL_FEATURES (SQL_JOINS_MANY | (SQL_JOINS_MANY - 1))

/* The most digits of a number in a text. */
#define MAX_DIGITS 6

static const char hex_digits[] = "0123456789abcdef";

void
outline_begin(Outline *outline)
{
	memset(outline, 0, offsetof(Outline, subjects));
}

void
outline_add_table(Outline *outline, const char *schema, size_t schema_len, const char *table,
				  size_t table_len)
{
	OutlineSubject *subject;

	if (outline->tables == OUTLINE_TABLES)
		return;
	outline->tables++;
	subject = &outline->subjects[outline->nsubjects];
	subject->len = subject_of(schema, schema_len, table, table_len, subject->name);
	if (subject->len == 0)
		return;
	for (int i = 0; i < outline->nsubjects; i++)
	{
		if (subjects_are_same(outline->subjects[i].name, outline->subjects[i].len, subject->name,
							  subject->len))
			return;
	}
	outline->nsubjects++;
}

/* Writes a number of at most MAX_DIGITS digits; returns how many it has. */
static size_t
write_number(char *text, int number)
{
	char digits[MAX_DIGITS];
	size_t n = 0;

	do
	{
		digits[n++] = (char) ('0' + number % 10);
		number /= 10;
	} while (number > 0 && n < MAX_DIGITS);
	for (size_t i = 0; i < n; i++)
		text[i] = digits[n - 1 - i];
	return n;
}

size_t
outline_text(const Outline *outline, char text[OUTLINE_MAX])
{
	size_t len = 0;

	if (outline->has_features)
	{
		text[len++] = hex_digits[(outline->features & ALL_FEATURES) / 16];
		text[len++] = hex_digits[outline->features % 16];
	}
	else
		text[len++] = '-';
	if (outline->has_question)
	{
		text[len++] = outline->technical ? 't' : 's';
		len += write_number(text + len, outline->characters);
	}
	else
		text[len++] = '-';
	if (outline->tables > 0)
		text[len++] = ' ';
	for (int i = 0; i < outline->nsubjects; i++)
	{
		const OutlineSubject *subject = &outline->subjects[i];

		len += write_number(text + len, (int) subject->len);
		text[len++] = ':';
		memcpy(text + len, subject->name, subject->len);
		len += subject->len;
	}
	text[len] = '\0';
	return len;
}

/* What is left of a text. */
typedef struct Rest
{
	const char *text;
	size_t len;
} Rest;

static bool
skip(Rest *rest, char c)
{
	if (rest->len == 0 || *rest->text != c)
		return false;
	rest->text++;
	rest->len--;
	return true;
}

/* Reads a number of decimal digits. */
static bool
read_number(Rest *rest, int *number)
{
	int digits = 0;

	for (*number = 0; rest->len > 0 && *rest->text >= '0' && *rest->text <= '9'; digits++)
	{
		if (digits == MAX_DIGITS)
			return false;
		*number = 10 * *number + (*rest->text - '0');
		rest->text++;
		rest->len--;
	}
	return digits > 0;
}

/* Reads two hexadecimal digits as sql_features(). */
static bool
read_features(Rest *rest, unsigned *features)
{
	*features = 0;
	if (rest->len < 2)
		return false;
	for (int i = 0; i < 2; i++)
	{
		const char *digit = memchr(hex_digits, rest->text[i], sizeof(hex_digits) - 1);

		if (digit == NULL)
			return false;
		*features = 16 * *features + (unsigned) (digit - hex_digits);
	}
	rest->text += 2;
	rest->len -= 2;
	return *features <= ALL_FEATURES;
}

/* Reads a subject; its bytes are before what is left. */
static bool
read_subject(Rest *rest, int *len)
{
	if (!read_number(rest, len) || !skip(rest, ':') || *len == 0 || *len >= SUBJECT_LENGTH ||
		(size_t) *len > rest->len)
		return false;
	rest->text += *len;
	rest->len -= (size_t) *len;
	return true;
}

bool
outline_observe(const char *text, size_t len, SkillCounts *skill, Subjects *subjects,
				StyleCounts *style_counts)
{
	Rest rest = {text, len};
	Rest listed;
	unsigned features = 0;
	bool has_features = !skip(&rest, '-');
	bool has_question;
	bool technical = false;
	bool tables;
	int characters = 0;
	int n;

	if (has_features && !read_features(&rest, &features))
		return false;
	has_question = !skip(&rest, '-');
	if (has_question)
	{
		technical = skip(&rest, 't');
		if ((!technical && !skip(&rest, 's')) || !read_number(&rest, &characters))
			return false;
	}
	tables = skip(&rest, ' ');
	listed = rest;
	while (tables && rest.len > 0)
	{
		if (!read_subject(&rest, &n))
			return false;
	}
	if (rest.len > 0)
		return false;

	if (has_features)
		skill_add(skill, features);
	if (has_question)
		style_add(style_counts, characters, technical);
	subjects_next_query(subjects);
	if (tables)
		subjects_add(subjects, NULL, 0);
	while (listed.len > 0 && read_subject(&listed, &n))
		subjects_add(subjects, listed.text - n, (size_t) n);
	return true;
}
