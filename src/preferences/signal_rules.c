/*
 * signal_rules.c
 *		Reading the rules for signals from table signal_rules.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/statement.h"
#include "preferences/signal_rules.h"

#define SELECT_RULES                                                                               \
	"SELECT interaction_type, path, category, key, strength, enabled, ordinal,"                    \
	" CASE WHEN tenant_id <> '' THEN 2 WHEN built_in THEN 0 ELSE 1 END"                            \
	" FROM personalization.signal_rules WHERE tenant_id IN ('', $1)"

enum
{
	RULE_TYPE = 1,
	RULE_PATH,
	RULE_CATEGORY,
	RULE_KEY,
	RULE_STRENGTH,
	RULE_ENABLED,
	RULE_ORDINAL,
	RULE_RANK
};

static Statement select_all_rules = STATEMENT(SELECT_RULES, "text");

/* Most calls learn one interaction, and need only a few of the rules. */
static Statement select_rules =
	STATEMENT(SELECT_RULES " AND interaction_type = $2", "text personalization.interaction_type");

/* Rules that replace each other are adjacent, the one in force first. */
static int
compare_places(const void *a, const void *b)
{
	const SignalRule *x = a;
	const SignalRule *y = b;
	int order = (int) x->type - (int) y->type;

	if (order == 0)
		order = strcmp(x->path, y->path);
	if (order == 0)
		order = (int) x->category - (int) y->category;
	if (order == 0)
		order = strcmp(x->key, y->key);
	return order;
}

static int
compare_rank(const void *a, const void *b)
{
	int order = compare_places(a, b);

	return order != 0 ? order : ((const SignalRule *) b)->rank - ((const SignalRule *) a)->rank;
}

static int
compare_order(const void *a, const void *b)
{
	const SignalRule *x = a;
	const SignalRule *y = b;

	if (x->type != y->type)
		return (int) x->type - (int) y->type;
	if (x->ordinal != y->ordinal)
		return x->ordinal < y->ordinal ? -1 : 1;
	return compare_places(a, b);
}

SignalRules *
signal_rules_read(const char *tenant_id, int type, ReadAs as)
{
	Datum values[] = {
		CStringGetTextDatum(tenant_id != NULL ? tenant_id : ""),
		type == ALL_TYPES ? (Datum) 0
						  : ObjectIdGetDatum(extension_objects()->interaction_values[type]),
	};
	Statement *statement = type == ALL_TYPES ? &select_all_rules : &select_rules;
	uint64 nrows = statement_execute(statement, values, NULL, as);
	SignalRules *rules = palloc(offsetof(SignalRules, items) + nrows * sizeof(SignalRule));
	int kept = 0;

	for (uint64 i = 0; i < nrows; i++)
	{
		SignalRule *rule = &rules->items[i];

		rule->type = interaction_type_of(DatumGetObjectId(result_value(i, RULE_TYPE, NULL)));
		rule->path = TextDatumGetCString(result_value(i, RULE_PATH, NULL));
		rule->category = category_of(DatumGetObjectId(result_value(i, RULE_CATEGORY, NULL)));
		rule->key = TextDatumGetCString(result_value(i, RULE_KEY, NULL));
		rule->strength = DatumGetFloat8(result_value(i, RULE_STRENGTH, NULL));
		rule->enabled = DatumGetBool(result_value(i, RULE_ENABLED, NULL));
		rule->ordinal = DatumGetInt32(result_value(i, RULE_ORDINAL, NULL));
		rule->rank = DatumGetInt32(result_value(i, RULE_RANK, NULL));
	}
	SPI_freetuptable(SPI_tuptable);

	qsort(rules->items, nrows, sizeof(SignalRule), compare_rank);
	for (uint64 i = 0; i < nrows; i++)
	{
		bool replaced = i > 0 && compare_places(&rules->items[i - 1], &rules->items[i]) == 0;

		if (!replaced && rules->items[i].enabled)
			rules->items[kept++] = rules->items[i];
	}
	qsort(rules->items, kept, sizeof(SignalRule), compare_order);
	rules->n = kept;
	return rules;
}
