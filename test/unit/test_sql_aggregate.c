/*
 * test_sql_aggregate.c
 *		Tests of the names of aggregates and of the operators that compare.
 */
#include "core/sql/scan.h"
#include "unit.h"

static void
test_aggregates(void)
{
	static const char *const yes[] = {"any_value",
									  "approx_count_distinct",
									  "approx_percentile",
									  "approx_quantiles",
									  "arg_max",
									  "array_agg",
									  "avg",
									  "bit_and",
									  "bit_or",
									  "bit_xor",
									  "bool_and",
									  "bool_or",
									  "corr",
									  "count",
									  "count_if",
									  "countif",
									  "covar_pop",
									  "covar_samp",
									  "every",
									  "group_concat",
									  "hll",
									  "json_agg",
									  "json_object_agg",
									  "jsonb_agg",
									  "jsonb_object_agg",
									  "listagg",
									  "max",
									  "max_by",
									  "median",
									  "min",
									  "min_by",
									  "mode",
									  "percentile_cont",
									  "percentile_disc",
									  "quantile",
									  "range_agg",
									  "range_intersect_agg",
									  "regr_avgx",
									  "regr_syy",
									  "stddev",
									  "stddev_pop",
									  "stddev_samp",
									  "string_agg",
									  "sum",
									  "sumif",
									  "uniq",
									  "var_pop",
									  "var_samp",
									  "variance",
									  "xmlagg"};
	static const char *const no[] = {"",	"a",	 "cou",		   "counts", "lower", "coalesce",
									 "now", "Count", "row_number", "any",	 "zzz",	  "_"};
	char name[64];
	size_t i;

	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		unit_check(sql_is_aggregate(yes[i], strlen(yes[i])), __FILE__, __LINE__, yes[i]);
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		unit_check(!sql_is_aggregate(no[i], strlen(no[i])), __FILE__, __LINE__, no[i]);
	CHECK(!sql_is_aggregate("sum\0", 4));
	CHECK(sql_is_aggregate("summing", 3));
	memset(name, 'a', sizeof(name));
	CHECK(!sql_is_aggregate(name, sizeof(name)));

	CHECK(sql_operator_compares("=", 1) && sql_operator_compares("@>", 2));
	CHECK(!sql_operator_compares("||", 2) && !sql_operator_compares("->>", 3));
}

int
main(void)
{
	test_aggregates();
	return unit_result("test_sql_aggregate");
}
