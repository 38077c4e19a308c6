/*
 * explain.c
 *		explain_preference(): the interactions that made a preference.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/extension.h"
#include "core/profile/evidence.h"
#include "preferences/origins.h"
#include "preferences/preferences.h"
#include "preferences/replay.h"
#include "preferences/signals.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

PG_FUNCTION_INFO_V1(personalization_explain_preference);

typedef struct Step
{
	Replayed interaction;
	const Jsonb *value; /* as given; NULL for the value that the preference had */
	double strength;
	Evidence before;
	Evidence after;
	double share; /* share of the confidence after the last step, 0 to 1 */
} Step;

typedef struct Steps
{
	PreferenceCategory category;
	const char *key;
	int n;
	int size;
	Step *items;
} Steps;

static void
note_step(const Replayed *interaction, const Signal *signal, const Preference *preference,
		  bool after, void *arg)
{
	Steps *steps = arg;

	if (signal->category != steps->category || strcmp(signal->key, steps->key) != 0)
		return;
	if (after)
	{
		steps->items[steps->n++].after = preference->evidence;
		return;
	}
	if (steps->n == steps->size)
	{
		steps->size = Max(16, steps->size * 2);
		steps->items = steps->items == NULL ? palloc(steps->size * sizeof(Step))
											: repalloc(steps->items, steps->size * sizeof(Step));
	}
	steps->items[steps->n].interaction = *interaction;
	steps->items[steps->n].value = signal->value;
	steps->items[steps->n].strength = signal->strength;
	steps->items[steps->n].before = preference->evidence;
	steps->items[steps->n].share = 0.0;
}

/*
 * With value_policy 'latest' a preference has one confidence, to which
 * observations of all values contribute.
 */
static double
confidence_counted(const Evidence *evidence, int value, const LearningRule *rule, TimestampTz at)
{
	if (rule->policy == VALUE_LATEST && evidence->ncandidates > 0)
		value = evidence->candidates[0].value;
	return evidence_confidence(evidence, rule, value, at);
}

/*
 * Computes how much each observation still contributes to the present
 * confidence of the value.  An observation adds strength * rate, and keeps 1 -
 * rate of the earlier confidence; fading reduces both by the same factor.  So
 * we go backwards from the last step: of the confidence after a step, one part
 * is its own, and the rest is shared among the earlier steps.
 */
static void
share_out(Steps *steps, int value, const LearningRule *rule)
{
	double carried = 1.0;

	for (int i = steps->n - 1; i >= 0; i--)
	{
		Step *step = &steps->items[i];
		double after = confidence_counted(&step->after, value, rule, step->interaction.at);
		double before = confidence_counted(&step->before, value, rule, step->interaction.at);
		double own;

		/* A negative signal adds nothing; what it leaves comes from earlier steps. */
		own = step->strength > 0.0 ? after - before * (1.0 - rule->rate) : 0.0;
		if (after > 0.0)
		{
			own = Min(Max(own, 0.0), after);
			step->share = carried * own / after;
			carried *= 1.0 - own / after;
		}
		else
		{
			step->share = 0.0;
			carried = 0.0;
		}
	}
}

static void
put_steps(ReturnSetInfo *result, Steps *steps, const Preference *preference,
		  const LearningRule *rule)
{
	const ExtensionObjects *ours = extension_objects();

	if (steps->n > 0 && steps->items[steps->n - 1].after.ncandidates > 0)
		share_out(steps, steps->items[steps->n - 1].after.candidates[0].value, rule);
	for (int i = steps->n - 1; i >= 0; i--)
	{
		Step *step = &steps->items[i];
		const Evidence *last = &steps->items[steps->n - 1].after;
		const Jsonb *value = step->value;
		int current = last->ncandidates > 0 ? last->candidates[0].value : -1;
		bool nulls[7] = {false};
		Datum values[7];

		if (value == NULL && step->before.ncandidates > 0)
			value = preference->values[step->before.candidates[0].value];

		/* For a preference that no longer exists: the effect on the strongest value at the time. */
		if (current < 0 && step->after.ncandidates > 0)
			current = step->after.candidates[0].value;
		else if (current < 0 && step->before.ncandidates > 0)
			current = step->before.candidates[0].value;
		values[0] = UUIDPGetDatum(&step->interaction.id);
		values[1] = ObjectIdGetDatum(ours->interaction_values[step->interaction.type]);
		values[2] = TimestampTzGetDatum(step->interaction.at);
		nulls[3] = value == NULL;
		values[3] = value == NULL ? (Datum) 0 : JsonbPGetDatum(value);
		values[4] = Float8GetDatum(step->strength);
		values[5] =
			Float8GetDatum(evidence_confidence(&step->after, rule, current, step->interaction.at) -
						   evidence_confidence(&step->before, rule, current, step->interaction.at));
		values[6] = Float8GetDatum(step->share);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

Datum
personalization_explain_preference(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *user_id = id_argument(fcinfo, 1, "user_id");
	TenantSettings settings;
	Steps steps = {0};
	Replay plan = {.tenant_id = tenant_id,
				   .user_id = user_id,
				   .rule = &settings.learning,
				   .until = DT_NOEND,
				   .observer = note_step,
				   .arg = &steps};
	Preference *preferences;
	int n;

	require_argument(fcinfo, 2, "category");
	require_argument(fcinfo, 3, "key");
	steps.category = category_of(PG_GETARG_OID(2));
	steps.key = text_to_cstring(PG_GETARG_TEXT_PP(3));
	InitMaterializedSRF(fcinfo, 0);

	SPI_connect();
	tenant_require(tenant_id, &settings);
	origins_begin(&plan);
	preferences = replay(&plan, &n);
	if (preferences != NULL)
	{
		for (int i = 0; i < n; i++)
		{
			if (preferences[i].category == steps.category &&
				strcmp(preferences[i].key, steps.key) == 0)
				put_steps(result, &steps, &preferences[i], &settings.learning);
		}
	}
	SPI_finish();
	return (Datum) 0;
}
