/*
 * test_table_name.c
 *		Tests of table_name_fold() and table_name_matches().
 */
#include "core/table_name.h"
#include "unit.h"

#include <stdlib.h>

static const struct
{
	const char *name;
	const char *folded;
	const char *last;
} folds[] = {
	{"", "", ""},
	{"orders", "orders", "orders"},
	{"Sales.ORDERS", "sales.orders", "orders"},
	{"\"Sales\".\"Orders\"", "sales.orders", "orders"},
	{"`my-project`.`data set`.t", "my-project.data set.t", "t"},
	{"[dbo].[Order]]s]", "dbo.order]s", "order]s"},
	{"\"a\"\"b\"", "a\"b", "a\"b"},
	/* A dot in quotes is part of the name. */
	{"s.\"a.b\"", "s.a.b", "a.b"},
	/* Quotes inside a part are its own. */
	{"it\"s", "it\"s", "it\"s"},
	{"a[1]", "a[1]", "a[1]"},
	/* Unfinished, empty. */
	{"\"open", "open", "open"},
	{"\"", "", ""},
	{"a.", "a.", ""},
	{".a", ".a", "a"},
	{"..", "..", ""},
	{"\"\"", "", ""},
	/* No other letters than ASCII's. */
	{"GR\xc3\x96SSE", "gr\xc3\x96sse", "gr\xc3\x96sse"},
};

static const struct
{
	const char *a;
	const char *b;
	bool same;
} pairs[] = {
	{"orders", "orders", true},
	{"sales.orders", "orders", true},
	{"orders", "db.sales.orders", true},
	{"sales.orders", "db.sales.orders", true},
	{"sales.orders", "hr.orders", false},
	{"orders", "reorders", false},
	{"orders", "orders2", false},
	{"a.b", "b.a", false},
	{"", "", true},
	{"", "orders", false},
	{"", "a.", false},
};

int
main(void)
{
	for (size_t i = 0; i < sizeof(folds) / sizeof(folds[0]); i++)
	{
		size_t len = strlen(folds[i].name);

		/* Of the exact size, so that a sanitizer sees each byte too many. */
		char *name = malloc(len + 1);
		char *out = malloc(len + 1);
		size_t last = 99;
		size_t n;

		memcpy(name, folds[i].name, len);
		name = realloc(name, len > 0 ? len : 1);
		out = realloc(out, len > 0 ? len : 1);
		n = table_name_fold(name, len, out, &last);
		CHECK_STR(out, n, folds[i].folded, folds[i].name);
		if (CHECK(last <= n))
			CHECK_STR(out + last, n - last, folds[i].last, folds[i].name);
		free(name);
		free(out);
	}
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
	{
		size_t a_len = strlen(pairs[i].a);
		size_t b_len = strlen(pairs[i].b);

		CHECK(table_name_matches(pairs[i].a, a_len, pairs[i].b, b_len) == pairs[i].same);
		CHECK(table_name_matches(pairs[i].b, b_len, pairs[i].a, a_len) == pairs[i].same);
	}
	return unit_result("table_name");
}
