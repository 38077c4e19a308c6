/*
 * shown.c
 *		A query that was suggested to a user: what came of it, and what
 *		follows for the next suggestions.
 */
#include "core/ranking/shown.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "core/ranking/statistics.h"

/* The latest round, as far as the user's requests determine it. */
typedef enum Round
{
	ROUND_OPEN, /* nothing was asked */
	ROUND_TAKEN,
	ROUND_PASSED_OVER
} Round;

static int64_t
time_after(int64_t at, int64_t span)
{
	return at > INT64_MAX - span ? INT64_MAX : at + span;
}

static int64_t
time_before(int64_t at, int64_t span)
{
	return at < INT64_MIN + span ? INT64_MIN : at - span;
}

static int
one_more(int count)
{
	return count < INT_MAX ? count + 1 : count;
}

static int
one_less(int count)
{
	return count > 0 ? count - 1 : 0;
}

/* Returns the index of the first request after a time. */
static int
asked_after(const Asked *asked, int n, int64_t at)
{
	int low = 0;
	int high = n;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (asked[middle].at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Determines what came of the latest round; *since: the first request for the
 * query after it, however late, NULL if there is none.  A request of the same
 * time came after it if it is for the query, because what was just asked is not
 * shown; any other may have come before it, as in one transaction.
 */
static Round
latest_round(const Shown *shown, const Asked *asked, int n, const Asked **since)
{
	int first = asked_after(asked, n, shown->shown_at);

	*since = NULL;
	for (int i = first; i > 0 && asked[i - 1].at == shown->shown_at; i--)
	{
		if (same_query(&asked[i - 1].id, &shown->query))
		{
			*since = &asked[i - 1];
			return ROUND_TAKEN;
		}
	}
	for (int i = first; i < n; i++)
	{
		if (!same_query(&asked[i].id, &shown->query))
			continue;
		*since = &asked[i];
		if (asked[i].at <= time_after(shown->shown_at, TAKEN_WITHIN))
			return ROUND_TAKEN;
		break;
	}
	return first < n ? ROUND_PASSED_OVER : ROUND_OPEN;
}

static int
times_passed_over(const Shown *shown, Round round, const Asked *since)
{
	if (since != NULL)
		return 0;
	return round == ROUND_PASSED_OVER && shown->outcome == OUTCOME_NONE
			   ? one_more(shown->passed_over)
			   : shown->passed_over;
}

int
shown_passed_over(const Shown *shown, const Asked *asked, int n)
{
	const Asked *since;
	Round round = latest_round(shown, asked, n, &since);

	return times_passed_over(shown, round, since);
}

void
shown_first(Shown *shown, const QueryKey *query, OfferKind kind, int64_t at)
{
	memset(shown, 0, sizeof(*shown));
	shown->query = *query;
	shown->kind = kind;
	shown->shown_at = at;
	shown->rounds = 1;
	shown->dismissed_at = NEVER_DISMISSED;
}

bool
shown_again(Shown *shown, const Asked *asked, int n, int64_t at, OfferKind kind)
{
	const Asked *since;
	Round round = latest_round(shown, asked, n, &since);

	if (round == ROUND_OPEN && shown->outcome == OUTCOME_NONE)
	{
		if (at > shown->shown_at)
			shown->shown_at = at;
		return false;
	}
	shown->passed_over = times_passed_over(shown, round, since);
	if (round == ROUND_TAKEN && shown->outcome == OUTCOME_NONE)
		shown->taken = one_more(shown->taken);
	shown->rounds = one_more(shown->rounds);
	shown->outcome = OUTCOME_NONE;
	shown->shown_at = at;
	shown->kind = kind;
	return true;
}

ShownRound
shown_round(const Shown *shown, const Asked *asked, int n)
{
	const Asked *since;
	ShownRound result = {shown->outcome, NO_TIME};

	if (shown->outcome == OUTCOME_ACCEPTED && shown->naccepted > 0)
		result.at = shown->accepted_at[shown->naccepted - 1];
	else if (shown->outcome == OUTCOME_DISMISSED)
		result.at = shown->dismissed_at;
	if (shown->outcome != OUTCOME_NONE)
		return result;
	switch (latest_round(shown, asked, n, &since))
	{
		case ROUND_TAKEN:
			result.outcome = OUTCOME_ASKED;
			result.at = since->at;
			break;
		case ROUND_PASSED_OVER:
			result.outcome = OUTCOME_PASSED_OVER;
			break;
		case ROUND_OPEN:
			break;
	}
	return result;
}

/*
 * Undoes the outcome of the latest round.  What an acceptance cleared, the
 * rounds passed over and earlier dismissals, stays cleared.
 */
static void
take_back(Shown *shown)
{
	if (shown->outcome == OUTCOME_ACCEPTED)
	{
		shown->taken = one_less(shown->taken);
		shown->naccepted = one_less(shown->naccepted);
	}
	else if (shown->outcome == OUTCOME_DISMISSED)
	{
		shown->dismissals = one_less(shown->dismissals);
		shown->dismissed_at = NEVER_DISMISSED;
	}
}

static void
accept(Shown *shown, int64_t at)
{
	if (shown->naccepted == ACCEPTED_MAX)
	{
		shown->naccepted--;
		memmove(&shown->accepted_shown[0], &shown->accepted_shown[1],
				shown->naccepted * sizeof(int64_t));
		memmove(&shown->accepted_at[0], &shown->accepted_at[1], shown->naccepted * sizeof(int64_t));
	}
	shown->accepted_shown[shown->naccepted] = shown->shown_at;
	shown->accepted_at[shown->naccepted++] = at;
	shown->taken = one_more(shown->taken);
	shown->passed_over = 0;
	shown->dismissals = 0;
	shown->dismissed_at = NEVER_DISMISSED;
}

bool
shown_outcome(Shown *shown, bool accepted, int64_t at)
{
	char outcome = accepted ? OUTCOME_ACCEPTED : OUTCOME_DISMISSED;

	if (shown->outcome == outcome)
		return false;
	take_back(shown);
	if (accepted)
		accept(shown, at);
	else
	{
		shown->dismissals = one_more(shown->dismissals);
		shown->dismissed_at = at;
	}
	shown->outcome = outcome;
	return true;
}

static bool
follows_from(int64_t at, int64_t shown, int64_t accepted)
{
	return (at >= shown && at <= time_after(shown, TAKEN_WITHIN)) ||
		   (at >= time_before(accepted, TAKEN_WITHIN) && at <= time_after(accepted, TAKEN_WITHIN));
}

double
shown_weight(const Shown *shown, int64_t at)
{
	for (int i = 0; i < shown->naccepted; i++)
	{
		if (follows_from(at, shown->accepted_shown[i], shown->accepted_at[i]))
			return ACCEPTED_WEIGHT;
	}
	return shown->outcome == OUTCOME_NONE && at >= shown->shown_at &&
				   at <= time_after(shown->shown_at, TAKEN_WITHIN)
			   ? SHOWN_WEIGHT
			   : 1.0;
}

int64_t
shown_absent_until(const Shown *shown)
{
	int doublings = one_less(shown->dismissals);

	if (shown->dismissed_at == NEVER_DISMISSED)
		return NEVER_DISMISSED;
	if (doublings > ABSENCE_DOUBLINGS)
		doublings = ABSENCE_DOUBLINGS;
	return time_after(shown->dismissed_at, FIRST_ABSENCE << doublings);
}

void
shown_taste(const Shown *items, int nitems, const Asked *asked, int n, double taste[OFFER_KINDS])
{
	double rounds[OFFER_KINDS] = {0};
	double taken[OFFER_KINDS] = {0};
	double all_rounds = 0.0;
	double all_taken = 0.0;
	double usual;

	for (int i = 0; i < nitems; i++)
	{
		const Shown *shown = &items[i];
		const Asked *since;
		Round round = latest_round(shown, asked, n, &since);
		bool no_outcome = shown->outcome == OUTCOME_NONE;

		/* The latest round counts once it is over. */
		rounds[shown->kind] += (double) shown->rounds - (round == ROUND_OPEN && no_outcome) +
							   DISMISSAL_ROUNDS * shown->dismissals;
		taken[shown->kind] += (double) shown->taken + (round == ROUND_TAKEN && no_outcome);
	}
	for (int k = 0; k < OFFER_KINDS; k++)
	{
		all_rounds += rounds[k];
		all_taken += taken[k];
	}
	usual = (all_taken + USUAL_TAKEN) / (all_rounds + USUAL_ROUNDS);
	for (int k = 0; k < OFFER_KINDS; k++)
	{
		double own = (taken[k] + TASTE_ROUNDS * usual) / (fmax(rounds[k], 0.0) + TASTE_ROUNDS);

		taste[k] = fmin(fmax(log(own / usual), -TASTE_LIMIT), TASTE_LIMIT);
	}
}
