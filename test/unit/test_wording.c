/*
 * test_wording.c
 *		Tests of the words of the report.
 */
#include "core/ranking/ranking.h"
#include "core/wording.h"
#include "unit.h"

static const struct
{
	const char *key;
	const char *value;
	const char *expected;
} cases[] = {
	{"preferred_chart_type", "bar", "bar charts"},
	{"preferred_chart_type", "Stacked Bar", "stacked bar charts"},
	{"preferred_chart_type", "violin", "[violin] charts"},
	{"preferred_chart_type", "", "[preferred_chart_type]: "},
	{"preferred_chart_type", NULL, "[preferred_chart_type]"},
	{"export_format", "XLSX", "Excel sheets"},
	{"export_format", "dbf", "[dbf] files"},
	{"frequent_table:sales.orders", "sales.orders", "the table [sales.orders]"},
	{"frequent_table:", "x", "[frequent_table:]: x"},
	{"filter:status =", "status =", "filtering by [status =]"},
	{"aggregation:sum", "sum", "sums"},
	{"aggregation:stddev", "stddev", "[stddev]()"},
	{"export_column:total", "total", "the column [total] in exports"},
	{"widget_size:revenue", "large", "the size of [revenue]: large"},
	{"refresh_interval", "300", "refreshing every [300]"},
	{"digest_hour", "8", "[digest_hour]: 8"},
	{"", NULL, "[]"},
};

static void
test_preferences(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		Wording wording;
		char said[200];
		int n;

		preference_wording(cases[i].key, cases[i].value, &wording);
		n = snprintf(
			said, sizeof(said), "%s%s%s%s%s%s%s", wording.before, wording.own == NULL ? "" : "[",
			wording.own == NULL ? "" : wording.own, wording.own == NULL ? "" : "]", wording.after,
			wording.value_follows ? ": " : "", wording.value_follows ? cases[i].value : "");
		CHECK_STR(said, (size_t) n, cases[i].expected, cases[i].key);
	}
}

static void
test_names(void)
{
	CHECK(strcmp(category_wording("visualization"), "Charts") == 0);
	CHECK(strcmp(interaction_wording("export"), "exported") == 0);
	CHECK(strcmp(suggestion_type_wording("similar_users"), "from colleagues") == 0);
	CHECK(strcmp(skill_wording("advanced"), "Advanced") == 0);
	CHECK(strcmp(style_wording("brief"), "Brief answers") == 0);
	CHECK(strcmp(trait_source_wording("set"), "set by hand") == 0);
	CHECK(strcmp(chart_wording("pie"), "pie charts") == 0);
	CHECK(strcmp(export_wording("csv"), "CSV files") == 0);
	CHECK(strcmp(chart_wording("unheard of"), "unheard of") == 0);
}

/* Each feature of the ranking has words. */
static void
test_features(void)
{
	for (int i = 0; i < FEATURES; i++)
	{
		const char *words = feature_wording(feature_names[i]);

		unit_check(words != feature_names[i], __FILE__, __LINE__, feature_names[i]);
	}
}

int
main(void)
{
	test_preferences();
	test_names();
	test_features();
	return unit_result("wording");
}
