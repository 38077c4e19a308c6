/*
 * trait_inference.h
 *		What a user's latest queries say about him: skill, subjects, style.
 *
 * The rules are simple enough to be told to a user, and are: in the manual with
 * these numbers, and in the profile with the counts.
 */
#ifndef PERSONALIZATION_CORE_TRAIT_INFERENCE_H
#define PERSONALIZATION_CORE_TRAIT_INFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/sql_features.h"

/* Nothing is inferred from fewer queries, or messages, than this. */
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

/* Space for a sentence of evidence. */
#define EVIDENCE_MAX 256

/*
 * Skill.  A query is elaborate when it nests, names or combines queries, uses
 * window functions, or joins three tables or more; it is plain when it uses no
 * feature at all.  Refinements are counted against queries and refinements.
 */
#define SKILL_ELABORATE 0.25 /* share of elaborate queries from which one is advanced, … */
#define SKILL_VARIETY 3		 /* … with so many different features, each used twice, … */
#define SKILL_REFINES 0.3	 /* … and refinements at most this share */
#define SKILL_PLAIN 0.6		 /* share of plain queries from which one is a beginner, … */
#define SKILL_MONOTONY 2	 /* … with not more different features than this; … */
#define SKILL_STRUGGLES 0.5	 /* … or above this share of refinements, unless elaborate */

typedef struct SkillCounts
{
	int queries; /* of which the SQL, or what it does, is known */
	int plain;
	int elaborate;
	int uses[SQL_FEATURES]; /* by feature, in the order of their bits */
	int asked;				/* all queries */
	int refinements;
} SkillCounts;

/* Counts a query with the features that sql_features() says. */
extern void skill_add(SkillCounts *counts, unsigned features);

/* Refinements ÷ (queries + refinements); 0 of none. */
extern double refinement_share(int64_t queries, int64_t refinements);

/* False where there are too few queries to say. */
extern bool skill_infer(const SkillCounts *counts, SkillLevel *level);

/* The counts in words, into text[0..EVIDENCE_MAX). */
extern void skill_evidence(const SkillCounts *counts, char *text);

/*
 * Style.  What is asked for decides where it is asked for often enough, the most
 * frequent first, of equally frequent ones detailed before technical before
 * brief; else how long the messages are.
 */
#define STYLE_ASKED 0.2	   /* share of the messages from which a wish counts */
#define STYLE_SHORT_MAX 30 /* characters on average; up to here one is brief */

typedef struct Talk
{
	int64_t messages;
	int64_t characters; /* of all messages */
	int64_t brief;		/* messages that ask for brevity, … */
	int64_t detailed;	/* … for detail, … */
	int64_t technical;	/* … or are technical themselves, or ask for that */
} Talk;

/*
 * Counts a message of so many characters.  It is technical when it is SQL, or
 * names something as code does: order_items, count(.
 */
extern void style_add(Talk *talk, const char *text, size_t len, int64_t characters, bool is_sql);

extern bool style_infer(const Talk *talk, CommunicationStyle *style);
extern void style_evidence(const Talk *talk, char *text);

/*
 * Subjects.  A table's subject is its schema, where one is named that says
 * anything (not public, main, dbo, default); else the first word of its name,
 * behind words such as dim, fact and stg.  Words end at underscores, at
 * characters that are no letters or digits, and where lower case turns into
 * upper; they agree without regard to case and a plural's ending.
 */
#define SUBJECT_SHARE 0.2 /* of the queries that name tables */
#define SUBJECT_MIN 5	  /* and so many of them */
#define SUBJECTS_MAX 5	  /* are shown */
#define SUBJECTS_KNOWN 64 /* are counted; later ones, which are older, are not */
#define SUBJECT_LENGTH 64 /* bytes; longer names are no subjects */

typedef struct Subject
{
	char name[SUBJECT_LENGTH]; /* in lower case, as written last, terminated */
	int queries;
	int last; /* the query that named it last */
} Subject;

typedef struct Subjects
{
	Subject items[SUBJECTS_KNOWN];
	int n;
	int queries; /* that name tables */
	bool tables; /* the present query does */
	int query;	 /* its number */
} Subjects;

/* Begins the next query; the tables of it follow.  subjects is zeroed at first. */
extern void subjects_next_query(Subjects *subjects);
extern void subjects_add(Subjects *subjects, const char *schema, size_t schema_len,
						 const char *table, size_t table_len);

/*
 * Puts the subjects in order, those used in most queries first, equal ones by name, and
 * returns how many of them the user is at home in; -1 where there are too few
 * queries to say.
 */
extern int subjects_infer(Subjects *subjects);

/*
 * Words of names.  Calls found for each word of text[0..len), in lower case,
 * without a plural's ending, not terminated, at most WORD_MAX bytes of it.
 * Words end as said above.  The callee says whether to go on.
 */
#define WORD_MAX 64
typedef bool (*WordFound)(const char *word, size_t len, void *arg);
extern void words_of(const char *text, size_t len, WordFound found, void *arg);

#endif
