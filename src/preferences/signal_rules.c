/*
 * signal_rules.c
 *		Reading the rules for signals from table signal_rules.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/statement.h"
#include "preferences/signal_rules.h"
#include "tenancy/direct_read.h"

#define SELECT_RULES                                                                               \
	"SELECT interaction_type, path, category, key, strength, enabled, ordinal,"                    \
	" CASE WHEN tenant_id <> '' THEN 2 WHEN built_in THEN 0 ELSE 1 END"                            \
	" FROM personalization.signal_rules WHERE tenant_id IN ('', $1)"

/* The ranks in it of rules that are not built in. */
#define RANK_OF_ALL 1
#define RANK_OF_TENANT 2

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

/* The same without a statement. */
static const char *const rule_columns[] = {"tenant_id", "interaction_type", "path",	   "category",
										   "key",		"strength",			"enabled", "ordinal",
										   "built_in"};

enum
{
	READ_TENANT,
	READ_TYPE,
	READ_PATH,
	READ_CATEGORY,
	READ_KEY,
	READ_STRENGTH,
	READ_ENABLED,
	READ_ORDINAL,
	READ_BUILT_IN
};

/* The rules that are being read, without an order. */
typedef struct RuleList
{
	SignalRules *rules;
	int size;
} RuleList;

/* Adds a rule, whose values the caller sets. */
static SignalRule *
add_rule(RuleList *list)
{
	if (list->rules == NULL || list->rules->n == list->size)
	{
		Size bytes;

		list->size = list->rules == NULL ? 16 : 2 * list->size;
		bytes = offsetof(SignalRules, items) + list->size * sizeof(SignalRule);
		list->rules = list->rules == NULL ? palloc0(bytes) : repalloc(list->rules, bytes);
	}
	return &list->rules->items[list->rules->n++];
}

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

/* Reads the rules of a tenant, or of all tenants if its name is empty. */
static void
read_rules_of(DirectRead *read, const Datum *keys, int rank, RuleList *list)
{
	direct_seek(read, keys);
	while (direct_next(read))
	{
		SignalRule *rule = add_rule(list);
		bool built_in = DatumGetBool(direct_value(read, READ_BUILT_IN, NULL));

		rule->type = interaction_type_of(DatumGetObjectId(direct_value(read, READ_TYPE, NULL)));
		rule->path = TextDatumGetCString(direct_value(read, READ_PATH, NULL));
		rule->category = category_of(DatumGetObjectId(direct_value(read, READ_CATEGORY, NULL)));
		rule->key = TextDatumGetCString(direct_value(read, READ_KEY, NULL));
		rule->strength = DatumGetFloat8(direct_value(read, READ_STRENGTH, NULL));
		rule->enabled = DatumGetBool(direct_value(read, READ_ENABLED, NULL));
		rule->ordinal = DatumGetInt32(direct_value(read, READ_ORDINAL, NULL));
		rule->rank = built_in ? 0 : rank;
	}
}

/* Reads rules without a statement; returns false if that is not possible. */
static bool
read_directly(Datum tenant, Datum type, bool of_type, ReadAs as, RuleList *list)
{
	Datum keys[] = {CStringGetTextDatum(""), type};
	int nkeys = of_type ? 2 : 1;
	DirectRead read;

	if (!direct_begin(&read, "signal_rules", "", rule_columns, lengthof(rule_columns), nkeys, as))
		return false;
	read_rules_of(&read, keys, RANK_OF_ALL, list);
	if (VARSIZE_ANY_EXHDR(DatumGetPointer(tenant)) > 0)
	{
		keys[0] = tenant;
		read_rules_of(&read, keys, RANK_OF_TENANT, list);
	}
	direct_end(&read);
	return true;
}

static void
read_with_statement(Datum *values, bool of_type, ReadAs as, RuleList *list)
{
	uint64 nrows = statement_execute(of_type ? &select_rules : &select_all_rules, values, NULL, as);

	for (uint64 i = 0; i < nrows; i++)
	{
		SignalRule *rule = add_rule(list);

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
}

SignalRules *
signal_rules_read(const char *tenant_id, int type, ReadAs as)
{
	bool of_type = type != ALL_TYPES;
	Datum values[] = {
		CStringGetTextDatum(tenant_id != NULL ? tenant_id : ""),
		of_type ? ObjectIdGetDatum(extension_objects()->interaction_values[type]) : (Datum) 0,
	};
	RuleList list = {0};
	SignalRules *rules;
	int nrows;
	int kept = 0;

	if (!read_directly(values[0], values[1], of_type, as, &list))
		read_with_statement(values, of_type, as, &list);
	if (list.rules == NULL)
		return palloc0(sizeof(SignalRules));
	rules = list.rules;
	nrows = rules->n;
	qsort(rules->items, nrows, sizeof(SignalRule), compare_rank);
	for (int i = 0; i < nrows; i++)
	{
		bool replaced = i > 0 && compare_places(&rules->items[i - 1], &rules->items[i]) == 0;

		if (!replaced && rules->items[i].enabled)
			rules->items[kept++] = rules->items[i];
	}
	qsort(rules->items, kept, sizeof(SignalRule), compare_order);
	rules->n = kept;
	return rules;
}
