/*
 * trait_inference.c
 *		Inferring traits from a user's latest queries: skill, subjects, style.
 */
#include "core/profile/trait_inference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ELABORATE (SQL_NESTS | SQL_NAMES_QUERIES | SQL_WINDOWS | SQL_COMBINES | SQL_JOINS_MANY)

static bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Letters of other scripts are bytes of UTF-8, and are not changed. */
static bool
is_word_byte(char c)
{
	return is_lower(c) || is_upper(c) || is_digit(c) || (unsigned char) c >= 0x80;
}

static char
lower(char c)
{
	return (char) (is_upper(c) ? c - 'A' + 'a' : c);
}

void
skill_add(SkillCounts *counts, unsigned features)
{
	counts->queries++;
	counts->plain += features == 0;
	counts->elaborate += (features & ELABORATE) != 0;
	for (int i = 0; i < SQL_FEATURES; i++)
		counts->uses[i] += (features >> i) & 1;
}

double
refinement_share(int64_t queries, int64_t refinements)
{
	return queries + refinements > 0 ? (double) refinements / (double) (queries + refinements) : 0;
}

bool
skill_infer(const SkillCounts *counts, SkillLevel *level)
{
	double refines = refinement_share(counts->asked, counts->refinements);
	int variety = 0;
	bool elaborate;

	if (counts->queries < TRAITS_MIN)
		return false;
	for (int i = 0; i < SQL_FEATURES; i++)
		variety += counts->uses[i] >= 2;
	elaborate = counts->elaborate >= SKILL_ELABORATE * counts->queries;
	if (elaborate && variety >= SKILL_VARIETY && refines <= SKILL_REFINES)
		*level = SKILL_ADVANCED;
	else if ((counts->plain >= SKILL_PLAIN * counts->queries && variety <= SKILL_MONOTONY) ||
			 (refines > SKILL_STRUGGLES && !elaborate))
		*level = SKILL_BEGINNER;
	else
		*level = SKILL_INTERMEDIATE;
	return true;
}

void
skill_evidence(const SkillCounts *counts, char *text)
{
	static const char *const did[SQL_FEATURES] = {
		"join", "aggregate", "nest", "use WITH", "use window functions", "combine queries"};
	size_t len = 0;
	bool any = false;

	len += (size_t) snprintf(text, EVIDENCE_MAX, "of %d queries ", counts->queries);
	for (int i = 0; i < SQL_FEATURES; i++)
	{
		if (counts->uses[i] == 0)
			continue;
		len += (size_t) snprintf(text + len, EVIDENCE_MAX - len, "%s%d %s", any ? ", " : "",
								 counts->uses[i], did[i]);
		any = true;
	}
	(void) snprintf(text + len, EVIDENCE_MAX - len, "%s%d are plain; %d refinement%s",
					any ? ", " : "", counts->plain, counts->refinements,
					counts->refinements == 1 ? "" : "s");
}

bool
style_is_technical(const char *text, size_t len)
{
	for (size_t i = 1; i + 1 < len; i++)
	{
		if (is_word_byte(text[i - 1]) &&
			((text[i] == '_' && is_word_byte(text[i + 1])) || text[i] == '('))
			return true;
	}
	return false;
}

void
style_add(StyleCounts *counts, int64_t characters, bool technical)
{
	counts->messages++;
	counts->characters += characters;
	counts->technical += technical;
}

bool
style_infer(const StyleCounts *counts, CommunicationStyle *style)
{
	int64_t most = counts->detailed;

	if (counts->messages < TRAITS_MIN)
		return false;
	*style = STYLE_DETAILED;
	if (counts->technical > most)
	{
		most = counts->technical;
		*style = STYLE_TECHNICAL;
	}
	if (counts->brief > most)
	{
		most = counts->brief;
		*style = STYLE_BRIEF;
	}
	if ((double) most < STYLE_ASKED * (double) counts->messages)
		*style =
			counts->characters <= STYLE_SHORT_MAX * counts->messages ? STYLE_BRIEF : STYLE_DETAILED;
	return true;
}

void
style_evidence(const StyleCounts *counts, char *text)
{
	(void) snprintf(
		text, EVIDENCE_MAX,
		"%lld messages of %.0f characters on average; %lld ask for brevity, %lld for "
		"detail, %lld are technical",
		(long long) counts->messages,
		(double) counts->characters / (double) (counts->messages > 0 ? counts->messages : 1),
		(long long) counts->brief, (long long) counts->detailed, (long long) counts->technical);
}

/* Returns the length of the word without a plural ending, which may change its last letter. */
static size_t
singular(char *word, size_t len)
{
	if (len > 4 && memcmp(word + len - 3, "ies", 3) == 0)
	{
		word[len - 3] = 'y';
		return len - 2;
	}
	if (len > 4 && memcmp(word + len - 2, "es", 2) == 0 &&
		(word[len - 3] == 's' || word[len - 3] == 'x' || word[len - 3] == 'h' ||
		 word[len - 3] == 'z'))
		return len - 2;
	if (len > 3 && word[len - 1] == 's' && word[len - 2] != 's' && word[len - 2] != 'u' &&
		word[len - 2] != 'i')
		return len - 1;
	return len;
}

/* Finds the next word from *pos on; its bytes are text[begin..*pos). */
static bool
next_word(const char *text, size_t len, size_t *pos, size_t *begin)
{
	while (*pos < len && !is_word_byte(text[*pos]))
		(*pos)++;
	*begin = *pos;
	while (*pos < len && is_word_byte(text[*pos]) &&
		   !(*pos > *begin && is_upper(text[*pos]) && is_lower(text[*pos - 1])))
		(*pos)++;
	return *pos > *begin;
}

void
words_of(const char *text, size_t len, WordFound found, void *arg)
{
	size_t pos = 0;
	size_t begin;

	while (next_word(text, len, &pos, &begin))
	{
		char word[WORD_MAX];
		size_t n = pos - begin < sizeof(word) ? pos - begin : sizeof(word);

		for (size_t i = 0; i < n; i++)
			word[i] = lower(text[begin + i]);
		if (!found(word, singular(word, n), arg))
			return;
	}
}

static bool
is_one_of(const char *const *words, size_t nwords, const char *word, size_t len)
{
	for (size_t i = 0; i < nwords; i++)
	{
		if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0)
			return true;
	}
	return false;
}

bool
subjects_are_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
	char x[SUBJECT_LENGTH];
	char y[SUBJECT_LENGTH];

	memcpy(x, a, a_len);
	memcpy(y, b, b_len);
	a_len = singular(x, a_len);
	b_len = singular(y, b_len);
	return a_len == b_len && memcmp(x, y, a_len) == 0;
}

void
subjects_next_query(Subjects *subjects)
{
	subjects->query++;
	subjects->tables = false;
}

size_t
subject_of(const char *schema, size_t schema_len, const char *table, size_t table_len,
		   char name[SUBJECT_LENGTH])
{
	static const char *const no_schemas[] = {"public", "main", "dbo", "default"};
	static const char *const no_words[] = {"dim", "fact", "fct", "stg",	 "raw", "tbl",
										   "vw",  "v",	  "mv",	 "mart", "src", "tmp"};
	size_t pos = 0;
	size_t begin;

	if (schema_len > 0 && schema_len < SUBJECT_LENGTH)
	{
		for (size_t i = 0; i < schema_len; i++)
			name[i] = lower(schema[i]);
		if (!is_one_of(no_schemas, sizeof(no_schemas) / sizeof(no_schemas[0]), name, schema_len))
			return schema_len;
	}
	while (next_word(table, table_len, &pos, &begin))
	{
		size_t len = pos - begin;

		if (len >= SUBJECT_LENGTH)
			return 0;
		for (size_t i = 0; i < len; i++)
			name[i] = lower(table[begin + i]);
		if (!is_one_of(no_words, sizeof(no_words) / sizeof(no_words[0]), name, len))
			return len;
	}
	return 0;
}

void
subjects_add(Subjects *subjects, const char *name, size_t len)
{
	Subject *subject = NULL;

	if (!subjects->tables)
		subjects->queries++;
	subjects->tables = true;
	if (len == 0 || len >= SUBJECT_LENGTH)
		return;
	for (int i = 0; i < subjects->n && subject == NULL; i++)
	{
		if (subjects_are_same(subjects->items[i].name, strlen(subjects->items[i].name), name, len))
			subject = &subjects->items[i];
	}
	if (subject == NULL)
	{
		if (subjects->n == SUBJECTS_KNOWN)
			return;
		subject = &subjects->items[subjects->n++];
		memcpy(subject->name, name, len);
		subject->name[len] = '\0';
		subject->queries = subject->last = 0;
	}
	if (subject->last != subjects->query)
		subject->queries++;
	subject->last = subjects->query;
}

static int
compare_subjects(const void *a, const void *b)
{
	const Subject *x = a;
	const Subject *y = b;

	return x->queries != y->queries ? y->queries - x->queries : strcmp(x->name, y->name);
}

int
subjects_infer(Subjects *subjects)
{
	int n = 0;

	if (subjects->queries < TRAITS_MIN)
		return -1;
	qsort(subjects->items, (size_t) subjects->n, sizeof(Subject), compare_subjects);
	while (n < subjects->n && n < SUBJECTS_MAX && subjects->items[n].queries >= SUBJECT_MIN &&
		   subjects->items[n].queries >= SUBJECT_SHARE * subjects->queries)
		n++;
	return n;
}
