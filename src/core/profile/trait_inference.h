/*
 * trait_inference.h
 *		Inferring traits from a user's latest queries: skill, subjects, style.
 *
 *		The rules are simple enough to be explained to users: the manual has
 *		them with these numbers, and the profile with the counts.
 */
#ifndef PERSONALIZATION_CORE_PROFILE_TRAIT_INFERENCE_H
#define PERSONALIZATION_CORE_PROFILE_TRAIT_INFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/sql/features.h"

/* Nothing is inferred from fewer queries or messages than this. */
#define TRAITS_MIN 10

/* In the order of the SQL type personalization.skill_level. */
typedef enum SkillLevel
{
	SKILL_BEGINNER,
	SKILL_INTERMEDIATE,
	SKILL_ADVANCED
} SkillLevel;

/* In the order of the SQL type personalization.communication_style. */
typedef enum CommunicationStyle
{
	STYLE_BRIEF,
	STYLE_DETAILED,
	STYLE_TECHNICAL
} CommunicationStyle;

/* Size of a sentence of evidence. */
#define EVIDENCE_MAX 256

/*
 * Skill.  A query is elaborate if it nests, names or combines queries, uses
 * window functions, or joins three or more tables; it is plain if it uses none
 * of the features.  The share of refinements is relative to queries and
 * refinements.
 */
#define SKILL_ELABORATE 0.25 /* share of elaborate queries from which a user is advanced, … */
#define SKILL_VARIETY 3 /* … with at least this number of different features, each used twice, … */
#define SKILL_REFINES 0.3	/* … and refinements at most this share */
#define SKILL_PLAIN 0.6		/* share of plain queries from which a user is a beginner, … */
#define SKILL_MONOTONY 2	/* … with at most this number of different features; … */
#define SKILL_STRUGGLES 0.5 /* … or above this share of refinements, unless elaborate */

typedef struct SkillCounts
{
	int queries; /* queries whose SQL or features are known */
	int plain;
	int elaborate;
	int uses[SQL_FEATURES]; /* by feature, in the order of their bits */
	int asked;				/* all queries */
	int refinements;
} SkillCounts;

/* Counts a query with the features found by sql_features(). */
extern void skill_add(SkillCounts *counts, unsigned features);

/* Returns refinements ÷ (queries + refinements), or 0 without any. */
extern double refinement_share(int64_t queries, int64_t refinements);

/* Returns false if there are too few queries. */
extern bool skill_infer(const SkillCounts *counts, SkillLevel *level);

/* Writes the counts in words to text[0..EVIDENCE_MAX). */
extern void skill_evidence(const SkillCounts *counts, char *text);

/*
 * Style.  The wish expressed most often decides, if it is expressed often
 * enough; among equally frequent ones detailed comes before technical before
 * brief.  Otherwise the length of the messages decides.
 */
#define STYLE_ASKED 0.2	   /* share of the messages from which a wish counts */
#define STYLE_SHORT_MAX 30 /* average number of characters up to which a user is brief */

typedef struct StyleCounts
{
	int64_t messages;
	int64_t characters; /* of all messages */
	int64_t brief;		/* number of messages that ask for brevity, … */
	int64_t detailed;	/* … for detail, … */
	int64_t technical;	/* … or that are technical, or ask for that */
} StyleCounts;

/* A message is technical if it is SQL, or contains a name as in code: order_items, count(. */
extern bool style_is_technical(const char *text, size_t len);

/* Counts a message with a number of characters. */
extern void style_add(StyleCounts *counts, int64_t characters, bool technical);

extern bool style_infer(const StyleCounts *counts, CommunicationStyle *style);
extern void style_evidence(const StyleCounts *counts, char *text);

/*
 * Subjects.  The subject of a table is its schema, if that is meaningful (not
 * public, main, dbo, default); otherwise the first word of its name, skipping
 * words such as dim, fact and stg.  Words end at underscores, at characters
 * that are not letters or digits, and where lower case changes to upper case;
 * they are compared without regard to case and plural endings.
 */
#define SUBJECT_SHARE 0.2 /* share of the queries that name tables */
#define SUBJECT_MIN 5	  /* minimum number of queries */
#define SUBJECTS_MAX 5	  /* maximum number returned */
#define SUBJECTS_KNOWN 64 /* maximum number counted; later (older) ones are ignored */
#define SUBJECT_LENGTH 64 /* in bytes; longer names are not subjects */

typedef struct Subject
{
	char name[SUBJECT_LENGTH]; /* in lower case, as last written, terminated */
	int queries;
	int last; /* the last query that named it */
} Subject;

typedef struct Subjects
{
	Subject items[SUBJECTS_KNOWN];
	int n;
	int queries; /* queries that name tables */
	bool tables; /* the present query names tables */
	int query;	 /* number of the present query */
} Subjects;

/* Writes the subject of a table, not terminated; returns its length, 0 if it has none. */
extern size_t subject_of(const char *schema, size_t schema_len, const char *table, size_t table_len,
						 char name[SUBJECT_LENGTH]);

/* Whether two subjects are equal except for a plural ending; both are shorter than SUBJECT_LENGTH. */
extern bool subjects_are_same(const char *a, size_t a_len, const char *b, size_t b_len);

/*
 * Begins the next query, of which subjects_add() is called for each table, with its subject
 * or with len 0.  subjects is zeroed at first.
 */
extern void subjects_next_query(Subjects *subjects);
extern void subjects_add(Subjects *subjects, const char *name, size_t len);

/*
 * Sorts the subjects, those used in most queries first and equal ones by name,
 * and returns the number of those in which the user is an expert; -1 if there
 * are too few queries.
 */
extern int subjects_infer(Subjects *subjects);

/*
 * Words of names.  Calls found for each word of text[0..len), in lower case,
 * without plural ending, not terminated, truncated to WORD_MAX bytes.  Words
 * end as described above.  The callee returns whether to continue.
 */
#define WORD_MAX 64
typedef bool (*WordFound)(const char *word, size_t len, void *arg);
extern void words_of(const char *text, size_t len, WordFound found, void *arg);

#endif
