/*
 * evidence.c
 *		The candidate values of one preference, as the result of observations.
 *
 *		The rule for a single value is the exponential moving average c * (1 -
 *		rate) + strength * rate.  Competing values each have such an average:
 *		the observed one moves towards the strength, the others towards 0, so
 *		that after fifty bar charts, one pie chart does not change the
 *		preference to pie.
 *
 *		The order of operations is that of the specification's reference
 *		model: the results agree with it to the last bit, if the compiler does
 *		not contract a * b + c (see -ffp-contract in the Makefile).
 */
#include "core/profile/evidence.h"

#include "core/profile/decay.h"

int64_t
fades_at(const LearningRule *rule, double confidence, int64_t last_updated)
{
	return time_after_days(last_updated, lifetime_days(confidence, rule->decay, rule->floor));
}

int64_t
expires_at(const LearningRule *rule, double confidence, int64_t last_updated)
{
	int64_t fades = fades_at(rule, confidence, last_updated);
	int64_t expires;

	if (fades == TIME_NEVER || __builtin_add_overflow(last_updated, rule->retention, &expires))
		return TIME_NEVER;
	return fades > expires ? fades : expires;
}

double
evidence_total(const Evidence *evidence)
{
	double total = 0.0;

	for (int i = 0; i < evidence->ncandidates; i++)
		total += evidence->candidates[i].confidence;
	return total;
}

double
evidence_confidence(const Evidence *evidence, const LearningRule *rule, int value, int64_t at)
{
	if (evidence->ncandidates == 0 ||
		at >= expires_at(rule, evidence->candidates[0].confidence, evidence->last_updated))
		return 0.0;
	for (int i = 0; i < evidence->ncandidates; i++)
	{
		if (evidence->candidates[i].value == value)
			return decayed_confidence(evidence->candidates[i].confidence, evidence->last_updated,
									  at, rule->decay);
	}
	return 0.0;
}

bool
evidence_has_majority(const Evidence *evidence)
{
	return evidence->ncandidates > 0 &&
		   2 * evidence->candidates[0].confidence > evidence_total(evidence);
}

static bool
has_candidate(const Evidence *evidence, int value)
{
	for (int i = 0; i < evidence->ncandidates; i++)
	{
		if (evidence->candidates[i].value == value)
			return true;
	}
	return false;
}

/*
 * Drops candidates without confidence, and sorts the others; insertion sort
 * keeps the order of equal ones.
 */
static int
sort_candidates(Candidate *candidates, int n)
{
	int kept = 0;

	for (int i = 0; i < n; i++)
	{
		Candidate c = candidates[i];
		int j = kept;

		if (!(c.confidence > 0.0))
			continue;
		while (j > 0 && candidates[j - 1].confidence < c.confidence)
		{
			candidates[j] = candidates[j - 1];
			j--;
		}
		candidates[j] = c;
		kept++;
	}
	return kept;
}

bool
evidence_observe(Evidence *evidence, const LearningRule *rule, int value, double strength,
				 int64_t at)
{
	/* One more than is kept: the new value competes before the weakest is dropped. */
	Candidate work[MAX_CANDIDATES + 1];
	int n;
	bool forgotten = false;

	if (evidence->ncandidates > 0 &&
		at >= expires_at(rule, evidence->candidates[0].confidence, evidence->last_updated))
	{
		evidence->ncandidates = 0;
		forgotten = true;
	}
	if (evidence->ncandidates == 0)
	{
		if (strength <= 0.0 || value == VALUE_CURRENT)
			return forgotten;
		evidence->count = 0;
		evidence->last_updated = at;
	}
	else if (value == VALUE_CURRENT)
		value = evidence->candidates[0].value;
	if (strength <= 0.0 && !has_candidate(evidence, value))
		return forgotten;

	n = evidence->ncandidates;
	for (int i = 0; i < n; i++)
	{
		work[i] = evidence->candidates[i];
		work[i].confidence =
			decayed_confidence(work[i].confidence, evidence->last_updated, at, rule->decay);
	}

	if (strength > 0.0)
	{
		if (rule->policy == VALUE_LATEST && n > 0)
			work[0].value = value;
		else if (!has_candidate(evidence, value))
		{
			work[n].value = value;
			work[n].confidence = 0.0;
			n++;
		}
		for (int i = 0; i < n; i++)
			work[i].confidence = work[i].confidence * (1.0 - rule->rate) +
								 (work[i].value == value ? strength * rule->rate : 0.0);
		if (evidence->count < INT32_MAX)
			evidence->count++;
	}
	else
	{
		for (int i = 0; i < n; i++)
		{
			if (work[i].value == value)
				work[i].confidence =
					work[i].confidence * (1.0 - rule->rate) + strength * rule->rate;
		}
	}

	if (at > evidence->last_updated)
		evidence->last_updated = at;
	n = sort_candidates(work, n);
	evidence->ncandidates = n < MAX_CANDIDATES ? n : MAX_CANDIDATES;
	for (int i = 0; i < evidence->ncandidates; i++)
		evidence->candidates[i] = work[i];
	return true;
}
