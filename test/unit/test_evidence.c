/*
 * test_evidence.c
 *		What observations add up to, with figures worked out by hand.
 */
#include "core/profile/evidence.h"

#include <math.h>

#include "core/profile/decay.h"
#include "unit.h"

#define CHOICE 0.7

enum
{
	BAR,
	PIE,
	LINE
};

static const LearningRule rule = {0.1, 0.95, 0.3, 90 * DAY_USECS, VALUE_STRONGEST};
static const LearningRule latest = {0.1, 0.95, 0.3, 90 * DAY_USECS, VALUE_LATEST};
static const LearningRule service = {0.1, 0.95, 0.3, 0, VALUE_STRONGEST};

static bool
near(double a, double b)
{
	return fabs(a - b) < 1e-12;
}

static double
confidence(const Evidence *evidence, int value)
{
	for (int i = 0; i < evidence->ncandidates; i++)
	{
		if (evidence->candidates[i].value == value)
			return evidence->candidates[i].confidence;
	}
	return 0.0;
}

/* c_n = s (1 - (1 - rate)^n): 0.07, then 0.328 at the 6th, 0.605 at the 19th. */
static void
test_repetition(void)
{
	Evidence evidence = {0};

	for (int n = 1; n <= 19; n++)
	{
		CHECK(evidence_observe(&evidence, &rule, BAR, CHOICE, n));
		CHECK(evidence.count == n && evidence.ncandidates == 1);
		CHECK(near(evidence.candidates[0].confidence, CHOICE * (1 - pow(0.9, n))));
		if (n == 1)
			CHECK(near(evidence.candidates[0].confidence, 0.07));
		if (n == 6)
			CHECK(near(evidence.candidates[0].confidence, 0.3279913));
	}
	CHECK(fabs(evidence.candidates[0].confidence - 0.6054403) < 1e-7);
}

/* Fifty bars and one pie must not say pie. */
static void
test_rivals(void)
{
	Evidence evidence = {0};

	for (int n = 0; n < 50; n++)
		evidence_observe(&evidence, &rule, BAR, CHOICE, n);
	evidence_observe(&evidence, &rule, PIE, CHOICE, 50);
	CHECK(evidence.candidates[0].value == BAR && evidence.ncandidates == 2);
	CHECK(near(confidence(&evidence, BAR), CHOICE * (1 - pow(0.9, 50)) * 0.9));
	CHECK(near(confidence(&evidence, PIE), 0.07));

	/* Under the other policy it does. */
	memset(&evidence, 0, sizeof(evidence));
	for (int n = 0; n < 50; n++)
		evidence_observe(&evidence, &latest, BAR, CHOICE, n);
	evidence_observe(&evidence, &latest, PIE, CHOICE, 50);
	CHECK(evidence.candidates[0].value == PIE && evidence.ncandidates == 1);
	CHECK(near(confidence(&evidence, PIE), CHOICE * (1 - pow(0.9, 51))));
}

/* The ninth value pushes out the weakest of the nine. */
static void
test_room(void)
{
	Evidence evidence = {0};

	for (int value = 0; value < 9; value++)
		evidence_observe(&evidence, &rule, value, CHOICE, value);
	CHECK(evidence.ncandidates == MAX_CANDIDATES);
	CHECK(evidence.count == 9);
	CHECK(confidence(&evidence, 0) == 0.0);
	CHECK(evidence.candidates[0].value == 8);
	CHECK(evidence.candidates[7].value == 1);

	/* A newcomer too weak to stay among eight strong ones. */
	evidence_observe(&evidence, &rule, 20, 0.001, 9);
	CHECK(confidence(&evidence, 20) == 0.0 && evidence.ncandidates == MAX_CANDIDATES);
}

static void
test_no(void)
{
	Evidence evidence = {0};

	/* A no creates nothing. */
	CHECK(!evidence_observe(&evidence, &rule, BAR, 0.0, 1));
	CHECK(!evidence_observe(&evidence, &rule, BAR, -1.0, 1));
	CHECK(evidence.ncandidates == 0);

	/* One to another value changes nothing; one to this lowers it and counts nothing. */
	evidence_observe(&evidence, &rule, BAR, CHOICE, 1);
	CHECK(!evidence_observe(&evidence, &rule, PIE, -1.0, 2));
	CHECK(evidence_observe(&evidence, &rule, BAR, 0.0, 2));
	CHECK(near(confidence(&evidence, BAR), 0.063) && evidence.count == 1);

	/* 0.063 * 0.9 - 0.1 is below zero: nothing is left. */
	CHECK(evidence_observe(&evidence, &rule, VALUE_CURRENT, -1.0, 3));
	CHECK(evidence.ncandidates == 0);
	CHECK(!evidence_observe(&evidence, &rule, VALUE_CURRENT, 1.0, 3));
}

static void
test_time(void)
{
	Evidence evidence = {0};
	int64_t day = DAY_USECS;

	for (int n = 0; n < 20; n++)
		evidence_observe(&evidence, &rule, BAR, CHOICE, 0);

	/* A late event decays nothing and does not turn back the time. */
	evidence_observe(&evidence, &rule, BAR, CHOICE, -30 * day);
	CHECK(near(confidence(&evidence, BAR), CHOICE * (1 - pow(0.9, 21))));
	CHECK(evidence.last_updated == 0);

	/* Ten days later: decayed first, then moved. */
	evidence_observe(&evidence, &rule, BAR, CHOICE, 10 * day + 5);
	CHECK(
		near(confidence(&evidence, BAR), CHOICE * (1 - pow(0.9, 21)) * pow(0.95, 10) * 0.9 + 0.07));
	CHECK(evidence.last_updated == 10 * day + 5 && evidence.count == 22);
}

static void
test_expiry(void)
{
	Evidence evidence = {0};
	int64_t day = DAY_USECS;

	/* One choice of 0.07 is dormant from the first whole day on. */
	CHECK(fades_at(&rule, 0.07, 7) == 7 + day);
	CHECK(expires_at(&rule, 0.07, 7) == 7 + 90 * day);
	CHECK(expires_at(&service, 0.07, 7) == 7 + day);
	CHECK(expires_at(&service, 0.6, 7) == 7 + 14 * day);

	/* Evidence that has expired is forgotten: the next one is a first. */
	evidence_observe(&evidence, &rule, BAR, CHOICE, 0);
	evidence_observe(&evidence, &rule, BAR, CHOICE, 90 * day - 1);
	CHECK(evidence.count == 2);
	evidence_observe(&evidence, &rule, PIE, CHOICE, 180 * day - 1);
	CHECK(evidence.count == 1 && evidence.ncandidates == 1);
	CHECK(evidence.candidates[0].value == PIE && near(confidence(&evidence, PIE), 0.07));

	/* Even by a no, which leaves nothing. */
	CHECK(evidence_observe(&evidence, &rule, PIE, 0.0, 400 * day));
	CHECK(evidence.ncandidates == 0);
}

int
main(void)
{
	test_repetition();
	test_rivals();
	test_room();
	test_no();
	test_time();
	test_expiry();
	return unit_result("test_evidence");
}
