/*
 * test_shown.c
 *		Rounds of suggestions and their outcomes, with requests made by hand.
 */
#include "core/ranking/shown.h"

#include <limits.h>
#include <math.h>

#include "core/ranking/statistics.h"
#include "unit.h"

#define SECOND INT64_C(1000000)
#define DAY (24 * 60 * 60 * SECOND)
#define N(array) ((int) (sizeof(array) / sizeof((array)[0])))

static const QueryKey sales = {1, 1};
static const QueryKey costs = {1, 2};

static Shown
shown_then(int64_t at)
{
	Shown shown;

	shown_first(&shown, &sales, KIND_RELATED, at);
	return shown;
}

static void
test_first(void)
{
	Shown shown = shown_then(7);

	CHECK(same_query(&shown.query, &sales) && shown.kind == KIND_RELATED && shown.shown_at == 7);
	CHECK(shown.rounds == 1 && shown.passed_over == 0 && shown.taken == 0);
	CHECK(shown.outcome == OUTCOME_NONE && shown.naccepted == 0 && shown.dismissals == 0);
	CHECK(shown_absent_until(&shown) == NEVER_DISMISSED);
}

/* The round continues until something is asked. */
static void
test_open_round(void)
{
	Shown shown = shown_then(100);
	Asked before[] = {{sales, 99, 1}, {costs, 100, 1}};

	CHECK(!shown_again(&shown, NULL, 0, 200, KIND_SIMILAR));
	CHECK(shown.shown_at == 200 && shown.kind == KIND_RELATED && shown.rounds == 1);

	/* A clock that runs backwards does not take it back. */
	CHECK(!shown_again(&shown, NULL, 0, 150, KIND_SIMILAR) && shown.shown_at == 200);
	CHECK(!shown_again(&shown, NULL, 0, INT64_MIN, KIND_SIMILAR) && shown.shown_at == 200);

	/* What was asked before, or another query in the same microsecond, does not end it. */
	shown = shown_then(100);
	CHECK(shown_passed_over(&shown, before, N(before)) == 0);
	CHECK(!shown_again(&shown, before, N(before), 300, KIND_SIMILAR) && shown.rounds == 1);
}

static void
test_taken(void)
{
	Asked at_once[] = {{costs, 50, 1}, {sales, 101, 1}};
	Asked just[] = {{sales, 100 + TAKEN_WITHIN, 1}};
	Asked late[] = {{sales, 101 + TAKEN_WITHIN, 1}};
	Asked same_time[] = {{sales, 100, 1}, {costs, 100, 1}, {costs, 101, 1}};
	Asked after_other[] = {{costs, 101, 1}, {costs, 102, 1}, {sales, 103, 1}};
	Shown shown = shown_then(100);

	shown.passed_over = 3;
	CHECK(shown_passed_over(&shown, at_once, 2) == 0);
	CHECK(shown_again(&shown, at_once, 2, 200, KIND_FREQUENT));
	CHECK(shown.taken == 1 && shown.rounds == 2 && shown.passed_over == 0);
	CHECK(shown.shown_at == 200 && shown.kind == KIND_FREQUENT && shown.outcome == OUTCOME_NONE);

	shown = shown_then(100);
	CHECK(shown_again(&shown, just, 1, 200, KIND_FREQUENT) && shown.taken == 1);

	/* In the same microsecond: what was just asked is not shown, so it was asked afterwards. */
	shown = shown_then(100);
	shown.passed_over = 3;
	CHECK(shown_passed_over(&shown, same_time, 3) == 0);
	CHECK(shown_again(&shown, same_time, 3, 200, KIND_FREQUENT) && shown.taken == 1);

	/* Too late to be taken, but asked all the same: not passed over. */
	shown = shown_then(100);
	shown.passed_over = 3;
	CHECK(shown_passed_over(&shown, late, 1) == 0);
	CHECK(shown_again(&shown, late, 1, 200, KIND_FREQUENT));
	CHECK(shown.taken == 0 && shown.passed_over == 0 && shown.rounds == 2);

	/* It may be the second choice. */
	shown = shown_then(100);
	CHECK(shown_again(&shown, after_other, 3, 200, KIND_FREQUENT) && shown.taken == 1);
}

static void
test_passed_over(void)
{
	Asked other[] = {{sales, 10, 1}, {sales, 99, 1}, {costs, 101, 1}, {costs, 301, 1}};
	Shown shown = shown_then(100);

	CHECK(shown_passed_over(&shown, other, 2) == 0);
	CHECK(shown_passed_over(&shown, other, 3) == 1);
	CHECK(shown_passed_over(&shown, other, 4) == 1);

	/* The stored number is of earlier rounds; the latest is added. */
	CHECK(shown_again(&shown, other, 3, 300, KIND_RELATED));
	CHECK(shown.passed_over == 1 && shown.rounds == 2 && shown.taken == 0);
	CHECK(shown_passed_over(&shown, other, 3) == 1);
	CHECK(shown_passed_over(&shown, other, 4) == 2);

	/* A new round may be shown as of an earlier time. */
	CHECK(shown_again(&shown, other, 4, 5, KIND_RELATED));
	CHECK(shown.shown_at == 5 && shown.passed_over == 2 && shown.rounds == 3);
	CHECK(shown_passed_over(&shown, other, 4) == 0);
}

/* With an outcome the round is over, whatever was asked. */
static void
test_outcomes_end_rounds(void)
{
	Asked other[] = {{costs, 101, 1}};
	Asked same[] = {{sales, 101, 1}};
	Shown accepted = shown_then(100);
	Shown dismissed = shown_then(100);
	Shown shown;

	CHECK(shown_outcome(&accepted, true, 110) && accepted.taken == 1);
	CHECK(shown_outcome(&dismissed, false, 110) && dismissed.taken == 0);

	/* An accepted round is not counted as taken again. */
	shown = accepted;
	CHECK(shown_again(&shown, same, 1, 200, KIND_RELATED) && shown.taken == 1 && shown.rounds == 2);

	/* A dismissed round is not taken, even if the query was asked. */
	shown = dismissed;
	CHECK(shown_again(&shown, same, 1, 200, KIND_RELATED) && shown.taken == 0);

	/* Neither is passed over, and both end without a request. */
	shown = accepted;
	CHECK(shown_again(&shown, NULL, 0, 200, KIND_RELATED) && shown.outcome == OUTCOME_NONE);
	CHECK(shown_passed_over(&dismissed, other, 1) == 0);
	dismissed.passed_over = 4;
	CHECK(shown_passed_over(&dismissed, other, 1) == 4 &&
		  shown_passed_over(&dismissed, same, 1) == 0);
	CHECK(shown_again(&dismissed, other, 1, 200, KIND_RELATED) && dismissed.passed_over == 4);
	CHECK(dismissed.dismissals == 1 && dismissed.dismissed_at == 110);
}

static void
test_accept(void)
{
	Shown shown = shown_then(100);

	shown.passed_over = 5;
	CHECK(shown_outcome(&shown, false, 105) && shown.passed_over == 5 && shown.dismissals == 1);
	CHECK(shown_outcome(&shown, true, 110));
	CHECK(shown.outcome == OUTCOME_ACCEPTED && shown.taken == 1 && shown.passed_over == 0);
	CHECK(shown.dismissals == 0 && shown.dismissed_at == NEVER_DISMISSED);
	CHECK(shown.naccepted == 1 && shown.accepted_shown[0] == 100 && shown.accepted_at[0] == 110);

	/* Twice counts once, and the first time stays. */
	CHECK(!shown_outcome(&shown, true, 120));
	CHECK(shown.naccepted == 1 && shown.taken == 1 && shown.accepted_at[0] == 110);

	/* Another outcome replaces it, and back. */
	CHECK(shown_outcome(&shown, false, 130));
	CHECK(shown.outcome == OUTCOME_DISMISSED && shown.naccepted == 0 && shown.taken == 0);
	CHECK(shown.dismissals == 1 && shown.dismissed_at == 130);
	CHECK(!shown_outcome(&shown, false, 140) && shown.dismissed_at == 130 && shown.dismissals == 1);
	CHECK(shown_outcome(&shown, true, 150) && shown.naccepted == 1 && shown.accepted_at[0] == 150);

	/* Counts that were damaged do not become negative. */
	shown.taken = shown.naccepted = 0;
	CHECK(shown_outcome(&shown, false, 160) && shown.taken == 0 && shown.naccepted == 0);
	shown.dismissals = 0;
	CHECK(shown_outcome(&shown, true, 170) && shown.dismissals == 0);

	/* An outcome that this version does not know is replaced, and nothing undone. */
	shown = shown_then(100);
	shown.taken = 3;
	shown.outcome = 'x';
	CHECK(shown_outcome(&shown, true, 110) && shown.taken == 4);
}

static void
test_accepted_max(void)
{
	Shown shown = shown_then(0);

	for (int i = 0; i < ACCEPTED_MAX + 2; i++)
	{
		CHECK(shown.shown_at == 10 * i);
		CHECK(shown_outcome(&shown, true, 10 * i + 1));
		CHECK(shown_again(&shown, NULL, 0, 10 * (i + 1), KIND_RELATED));
	}
	CHECK(shown.naccepted == ACCEPTED_MAX && shown.taken == ACCEPTED_MAX + 2);
	for (int i = 0; i < ACCEPTED_MAX; i++)
		CHECK(shown.accepted_shown[i] == 10 * (i + 2) && shown.accepted_at[i] == 10 * (i + 2) + 1);
}

static void
test_absence(void)
{
	static const int days[] = {7, 14, 28, 56, 112, 112, 112};
	Shown shown = shown_then(0);

	for (int i = 0; i < N(days); i++)
	{
		CHECK(shown_outcome(&shown, false, i));
		CHECK(shown_absent_until(&shown) == i + days[i] * DAY);
		CHECK(shown_again(&shown, NULL, 0, i, KIND_RELATED));
		CHECK(shown_absent_until(&shown) == i + days[i] * DAY);
	}
	shown.dismissals = INT_MAX;
	shown.outcome = OUTCOME_NONE;
	CHECK(shown_outcome(&shown, false, 0) && shown.dismissals == INT_MAX);
	CHECK(shown_absent_until(&shown) == 112 * DAY);

	/* A dismissal without a count is the first. */
	shown.dismissals = 0;
	CHECK(shown_absent_until(&shown) == 7 * DAY);
	shown.dismissed_at = INT64_MAX - 1;
	CHECK(shown_absent_until(&shown) == INT64_MAX);

	/* Acceptance ends it, and it begins again with a week. */
	CHECK(shown_outcome(&shown, true, 9) && shown_absent_until(&shown) == NEVER_DISMISSED);
	CHECK(shown_again(&shown, NULL, 0, 10, KIND_RELATED) && shown_outcome(&shown, false, 11));
	CHECK(shown_absent_until(&shown) == 11 + 7 * DAY);
}

static void
test_weight(void)
{
	int64_t at = 10 * DAY;
	Shown shown = shown_then(at);

	/* Without an outcome, half: at the moment, and in the half hour after. */
	CHECK(shown_weight(&shown, at - 1) == 1.0 && shown_weight(&shown, at) == SHOWN_WEIGHT);
	CHECK(shown_weight(&shown, at + 1) == SHOWN_WEIGHT);
	CHECK(shown_weight(&shown, at + TAKEN_WITHIN) == SHOWN_WEIGHT);
	CHECK(shown_weight(&shown, at + TAKEN_WITHIN + 1) == 1.0);

	/* Accepted, nothing: also at the moment, and around the acceptance, on both sides. */
	CHECK(shown_outcome(&shown, true, at + 2 * DAY));
	CHECK(shown_weight(&shown, at - 1) == 1.0 && shown_weight(&shown, at) == ACCEPTED_WEIGHT);
	CHECK(shown_weight(&shown, at + TAKEN_WITHIN) == ACCEPTED_WEIGHT);
	CHECK(shown_weight(&shown, at + TAKEN_WITHIN + 1) == 1.0);
	CHECK(shown_weight(&shown, at + 2 * DAY - TAKEN_WITHIN - 1) == 1.0);
	CHECK(shown_weight(&shown, at + 2 * DAY - TAKEN_WITHIN) == ACCEPTED_WEIGHT);
	CHECK(shown_weight(&shown, at + 2 * DAY + TAKEN_WITHIN) == ACCEPTED_WEIGHT);
	CHECK(shown_weight(&shown, at + 2 * DAY + TAKEN_WITHIN + 1) == 1.0);

	/* Earlier acceptances stay; of the new round it is half again. */
	CHECK(shown_again(&shown, NULL, 0, at + 9 * DAY, KIND_RELATED));
	CHECK(shown_weight(&shown, at + 1) == ACCEPTED_WEIGHT);
	CHECK(shown_weight(&shown, at + 9 * DAY + 1) == SHOWN_WEIGHT);

	/* Dismissed, and asked all the same: the user's own wish. */
	CHECK(shown_outcome(&shown, false, at + 9 * DAY));
	CHECK(shown_weight(&shown, at + 9 * DAY + 1) == 1.0);
}

/* Times without an end, and counts at their limits. */
static void
test_limits(void)
{
	Asked ends[] = {{costs, INT64_MIN, 1}, {sales, INT64_MAX, 1}};
	Shown shown = shown_then(INT64_MAX);
	double taste[OFFER_KINDS];

	CHECK(shown_weight(&shown, INT64_MAX) == SHOWN_WEIGHT);
	CHECK(shown_weight(&shown, INT64_MAX - 1) == 1.0 && shown_weight(&shown, INT64_MIN) == 1.0);
	CHECK(shown_passed_over(&shown, ends, 2) == 0);
	CHECK(!shown_again(&shown, ends, 1, 0, KIND_RELATED) && shown.shown_at == INT64_MAX);
	CHECK(shown_again(&shown, ends, 2, INT64_MAX, KIND_RELATED) && shown.taken == 1);
	CHECK(shown_outcome(&shown, true, INT64_MAX));
	CHECK(shown_weight(&shown, INT64_MAX) == ACCEPTED_WEIGHT && shown_weight(&shown, 0) == 1.0);

	shown = shown_then(INT64_MIN);
	CHECK(shown_passed_over(&shown, ends, 1) == 0);
	CHECK(shown_again(&shown, ends, 2, 0, KIND_RELATED) && shown.taken == 0);
	shown = shown_then(INT64_MIN);
	CHECK(shown_outcome(&shown, true, INT64_MIN));
	CHECK(shown_weight(&shown, INT64_MIN) == ACCEPTED_WEIGHT && shown_weight(&shown, 0) == 1.0);

	shown = shown_then(0);
	shown.rounds = shown.passed_over = shown.taken = shown.dismissals = INT_MAX;
	ends[1].id = costs;
	CHECK(shown_passed_over(&shown, ends, 2) == INT_MAX);
	CHECK(shown_again(&shown, ends, 2, 1, KIND_RELATED));
	CHECK(shown.rounds == INT_MAX && shown.passed_over == INT_MAX);
	CHECK(shown_outcome(&shown, true, 2) && shown.taken == INT_MAX);
	shown.dismissals = INT_MAX;
	shown_taste(&shown, 1, ends, 2, taste);
	CHECK(taste[KIND_RELATED] >= -TASTE_LIMIT && taste[KIND_RELATED] <= TASTE_LIMIT);
}

static bool
near(double a, double b)
{
	return fabs(a - b) < 1e-12;
}

static void
test_taste(void)
{
	Asked other[] = {{costs, 5, 1}};
	Asked same[] = {{sales, 5, 1}};
	Shown items[2] = {shown_then(0), shown_then(0)};
	Shown damaged[8];
	double taste[OFFER_KINDS];

	/* Nothing is known: no kind is preferred. */
	shown_taste(NULL, 0, NULL, 0, taste);
	for (int k = 0; k < OFFER_KINDS; k++)
		CHECK(near(taste[k], 0.0));

	/* A round that is open does not count. */
	shown_taste(items, 1, NULL, 0, taste);
	for (int k = 0; k < OFFER_KINDS; k++)
		CHECK(near(taste[k], 0.0));

	/* One round passed over: usual is 1 of 6. */
	shown_taste(items, 1, other, 1, taste);
	CHECK(near(taste[KIND_RELATED], log(10.0 / 11.0)) && near(taste[KIND_SIMILAR], 0.0));

	/* One taken: usual is 2 of 6. */
	shown_taste(items, 1, same, 1, taste);
	CHECK(near(taste[KIND_RELATED], log((1.0 + 10.0 / 3.0) / 11.0 * 3.0)));
	CHECK(near(taste[KIND_SIMILAR], 0.0));

	/* A recorded outcome counts once, and ends the round. */
	CHECK(shown_outcome(&items[0], true, 3));
	shown_taste(items, 1, NULL, 0, taste);
	CHECK(near(taste[KIND_RELATED], log((1.0 + 10.0 / 3.0) / 11.0 * 3.0)));
	shown_taste(items, 1, same, 1, taste);
	CHECK(near(taste[KIND_RELATED], log((1.0 + 10.0 / 3.0) / 11.0 * 3.0)));

	/* A dismissal is its round and three more: usual is 1 of 9. */
	CHECK(shown_outcome(&items[0], false, 4));
	shown_taste(items, 1, other, 1, taste);
	CHECK(near(taste[KIND_RELATED], log(10.0 / 14.0)) && near(taste[KIND_FREQUENT], 0.0));

	/* Kinds are compared with all of them: 30 of 40 and 0 of 40, usual is 31 of 85. */
	items[0] = items[1] = shown_then(0);
	items[0].rounds = items[1].rounds = 40;
	items[0].taken = 30;
	items[1].kind = KIND_TRENDING;
	items[0].outcome = items[1].outcome = OUTCOME_ACCEPTED;
	shown_taste(items, 2, NULL, 0, taste);
	CHECK(near(taste[KIND_RELATED], log((30.0 + 310.0 / 85.0) / 50.0 * 85.0 / 31.0)));
	CHECK(near(taste[KIND_TRENDING], log(10.0 / 50.0)));
	CHECK(near(taste[KIND_FREQUENT], 0.0) && near(taste[KIND_NEW_TABLE], 0.0));

	/* It has bounds. */
	items[0].rounds = items[0].taken = items[1].rounds = 1000000;
	items[1].dismissals = 1000000;
	shown_taste(items, 2, NULL, 0, taste);
	CHECK(taste[KIND_TRENDING] == -TASTE_LIMIT && taste[KIND_RELATED] <= TASTE_LIMIT);
	items[0].rounds = items[0].taken = 100;
	shown_taste(items, 2, NULL, 0, taste);
	CHECK(taste[KIND_RELATED] == TASTE_LIMIT);

	/* Damaged counts: open rounds that were never shown, as many as cancel what is assumed. */
	for (int i = 0; i < N(damaged); i++)
	{
		damaged[i] = shown_then(0);
		damaged[i].rounds = 0;
		damaged[i].taken = i;
		shown_taste(damaged, i + 1, NULL, 0, taste);
		for (int k = 0; k < OFFER_KINDS; k++)
			CHECK(taste[k] >= -TASTE_LIMIT && taste[k] <= TASTE_LIMIT);
	}
}

/* What became of the latest round, and when. */
static void
test_round(void)
{
	Shown shown = shown_then(100);
	Asked other[] = {{sales, 99, 1}, {costs, 101, 1}};
	Asked soon[] = {
		{costs, 101, 1}, {sales, 100 + TAKEN_WITHIN, 1}, {sales, 101 + TAKEN_WITHIN, 1}};
	Asked late[] = {{costs, 101, 1}, {sales, 101 + TAKEN_WITHIN, 1}};
	ShownRound round = shown_round(&shown, NULL, 0);

	CHECK(round.outcome == OUTCOME_NONE && round.at == NO_TIME);
	CHECK(shown_round(&shown, other, 1).outcome == OUTCOME_NONE);
	round = shown_round(&shown, other, N(other));
	CHECK(round.outcome == OUTCOME_PASSED_OVER && round.at == NO_TIME);
	round = shown_round(&shown, soon, N(soon));
	CHECK(round.outcome == OUTCOME_ASKED && round.at == 100 + TAKEN_WITHIN);
	CHECK(shown_round(&shown, late, N(late)).outcome == OUTCOME_PASSED_OVER);

	/* A recorded outcome counts, whatever was asked; the latest one. */
	CHECK(shown_outcome(&shown, false, 150));
	round = shown_round(&shown, soon, N(soon));
	CHECK(round.outcome == OUTCOME_DISMISSED && round.at == 150);
	CHECK(shown_outcome(&shown, true, 160));
	round = shown_round(&shown, other, N(other));
	CHECK(round.outcome == OUTCOME_ACCEPTED && round.at == 160);

	/* A row that somebody else wrote: accepted, without a time. */
	shown.naccepted = 0;
	round = shown_round(&shown, other, N(other));
	CHECK(round.outcome == OUTCOME_ACCEPTED && round.at == NO_TIME);
}

int
main(void)
{
	test_first();
	test_open_round();
	test_taken();
	test_passed_over();
	test_outcomes_end_rounds();
	test_accept();
	test_accepted_max();
	test_absence();
	test_weight();
	test_limits();
	test_taste();
	test_round();
	return unit_result("shown");
}
