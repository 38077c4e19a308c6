/*
 * evidence.h
 *		What observations add up to: the candidate values of one preference.
 *
 * A preference holds up to eight candidate values with a confidence each; the
 * strongest is the preference's value.  Values are the caller's: this code
 * knows them by number, and two values are the same when their numbers are.
 *
 * Times are microseconds since any fixed epoch, confidences and settings are
 * within 0..1, strengths within -1..1.
 */
#ifndef PERSONALIZATION_CORE_EVIDENCE_H
#define PERSONALIZATION_CORE_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_CANDIDATES 8

/* "Whatever value the preference has now", as the value of an observation. */
#define VALUE_CURRENT (-1)

typedef enum ValuePolicy
{
	VALUE_STRONGEST, /* values compete, each with its own confidence */
	VALUE_LATEST	 /* one confidence, the last value seen */
} ValuePolicy;

typedef struct LearningRule
{
	double rate;	   /* learning_rate, > 0 */
	double decay;	   /* decay_factor, what a day leaves, > 0 */
	double floor;	   /* min_confidence */
	int64_t retention; /* evidence_retention, microseconds, >= 0 */
	ValuePolicy policy;
} LearningRule;

typedef struct Candidate
{
	int value;
	double confidence;
} Candidate;

/* No candidates: there is no such preference. */
typedef struct Evidence
{
	int ncandidates;
	Candidate candidates[MAX_CANDIDATES]; /* strongest first, older first among equals */
	int32_t count;						  /* of observations that were a yes */
	int64_t last_updated;
} Evidence;

/*
 * The moment at which a preference whose strongest candidate has this
 * confidence leaves the profile, and the moment at which its dormant evidence
 * is deleted; TIME_NEVER when that does not come.
 */
extern int64_t fades_at(const LearningRule *rule, double confidence, int64_t last_updated);
extern int64_t expires_at(const LearningRule *rule, double confidence, int64_t last_updated);

/*
 * What the candidates have together, as of last_updated: how sure it is that the
 * user has a preference at all.  With one candidate, its confidence.
 */
extern double evidence_total(const Evidence *evidence);

/* Whether the strongest candidate has more than half of that. */
extern bool evidence_has_majority(const Evidence *evidence);

/*
 * Takes in one observation of a value at a time; evidence that had expired by
 * then is forgotten first.  A strength above 0 is a yes; 0 and below a no,
 * which creates nothing and counts nothing.  Returns whether anything changed.
 */
extern bool evidence_observe(Evidence *evidence, const LearningRule *rule, int value,
							 double strength, int64_t at);

#endif
