/*
 * outline.h
 *		What traits are inferred from, of one query: a short text.
 *
 *		It is stored with the query, and in the index by which a user's latest
 *		interactions are found, so that inferring traits reads no query itself.
 *		A query without one is outlined when it is read; either way the outline
 *		is what is counted, so both give the same traits.
 *
 *		The text has three parts: the features of the SQL, as two hexadecimal
 *		digits; s or, of a technical question, t, and its number of characters;
 *		and, after a space, each subject of its tables, as its number of bytes, a
 *		colon and the subject.  The first two are - if they are unknown, and the
 *		third is absent if no table is named: 05s34 6:orders9:customers
 */
#ifndef PERSONALIZATION_CORE_PROFILE_OUTLINE_H
#define PERSONALIZATION_CORE_PROFILE_OUTLINE_H

#include "core/profile/trait_inference.h"

/* Maximum number of tables of one query that are looked at. */
#define OUTLINE_TABLES 8

typedef struct OutlineSubject
{
	char name[SUBJECT_LENGTH]; /* not terminated */
	size_t len;
} OutlineSubject;

typedef struct Outline
{
	bool has_features;
	unsigned features; /* as sql_features() returns them */
	bool has_question;
	bool technical;
	int characters; /* of the question */
	int tables;		/* number of tables named */
	int nsubjects;	/* different ones */
	OutlineSubject subjects[OUTLINE_TABLES];
} Outline;

/* Begins an outline of a query of which nothing is known. */
extern void outline_begin(Outline *outline);

extern void outline_add_table(Outline *outline, const char *schema, size_t schema_len,
							  const char *table, size_t table_len);

/* Size of the longest text, with its end. */
#define OUTLINE_MAX (2 + 12 + 1 + OUTLINE_TABLES * (SUBJECT_LENGTH + 3) + 1)

/* Writes the text of an outline, terminated; returns its length. */
extern size_t outline_text(const Outline *outline, char text[OUTLINE_MAX]);

/*
 * Counts a query by the text of its outline.  Returns false, and counts nothing, if
 * it is not the text of an outline.
 */
extern bool outline_observe(const char *text, size_t len, SkillCounts *skill, Subjects *subjects,
							StyleCounts *style_counts);

#endif
