/*
 * evidence.h
 *		The candidate values of one preference, as the result of observations.
 *
 *		A preference has up to eight candidate values, each with a confidence;
 *		the strongest is the value of the preference.  Values are identified
 *		by numbers that the caller assigns.
 *
 *		Times are microseconds since any fixed epoch, confidences and settings
 *		are within 0..1, strengths within -1..1.
 */
#ifndef PERSONALIZATION_CORE_PROFILE_EVIDENCE_H
#define PERSONALIZATION_CORE_PROFILE_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_CANDIDATES 8

/* As the value of an observation: the present value of the preference. */
#define VALUE_CURRENT (-1)

typedef enum ValuePolicy
{
	VALUE_STRONGEST, /* values compete, each with its own confidence */
	VALUE_LATEST	 /* one confidence, and the last value observed */
} ValuePolicy;

typedef struct LearningRule
{
	double rate;	   /* learning_rate, > 0 */
	double decay;	   /* decay_factor, per day, > 0 */
	double floor;	   /* min_confidence */
	int64_t retention; /* evidence_retention, microseconds, >= 0 */
	ValuePolicy policy;
} LearningRule;

typedef struct Candidate
{
	int value;
	double confidence;
} Candidate;

/* Without candidates: there is no such preference. */
typedef struct Evidence
{
	int ncandidates;
	Candidate candidates[MAX_CANDIDATES]; /* strongest first, older first among equals */
	int32_t count;						  /* number of positive observations */
	int64_t last_updated;
} Evidence;

/*
 * The time at which a preference whose strongest candidate has this confidence
 * leaves the profile, and the time at which its dormant evidence is deleted;
 * TIME_NEVER if never.
 */
extern int64_t fades_at(const LearningRule *rule, double confidence, int64_t last_updated);
extern int64_t expires_at(const LearningRule *rule, double confidence, int64_t last_updated);

/*
 * Returns the sum of the candidates' confidences as of last_updated, which
 * shows how certain it is that the user has a preference at all.  With one
 * candidate, it is its confidence.
 */
extern double evidence_total(const Evidence *evidence);

/*
 * Returns the confidence of a value as of a time; 0 if it is no candidate, or
 * if the evidence has expired.
 */
extern double
evidence_confidence(const Evidence *evidence, const LearningRule *rule, int value, int64_t at);

/* Whether the strongest candidate has more than half of the sum. */
extern bool evidence_has_majority(const Evidence *evidence);

/*
 * Applies one observation of a value at a time; evidence that had expired by
 * then is dropped first.  A strength above 0 is positive.  A strength of 0 or
 * less is negative: it creates nothing and is not counted.  Returns whether
 * anything changed.
 */
extern bool evidence_observe(Evidence *evidence, const LearningRule *rule, int value,
							 double strength, int64_t at);

#endif
