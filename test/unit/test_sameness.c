/*
 * test_sameness.c
 *		When two questions say the same in other words.
 */
#include "core/ranking/sameness.h"

#include <stdbool.h>
#include <stdlib.h>

#include "unit.h"

static char *
gist_of(const char *text)
{
	char *gist = malloc(strlen(text) + 2);
	size_t length = question_gist(text, strlen(text), gist);

	gist[length] = '\0';
	return gist;
}

static bool
same(const char *a, const char *b)
{
	char *x = gist_of(a);
	char *y = gist_of(b);
	bool equal = x[0] != '\0' && strcmp(x, y) == 0;

	free(x);
	free(y);
	return equal;
}

int
main(void)
{
	CHECK(same("Revenue by region?", "revenue per region"));
	CHECK(same("Revenue by region?", "Show me revenue by region"));
	CHECK(same("What is the revenue of each region?", "revenue, by regions"));
	CHECK(same("Can you show us our open orders, please?", "open order"));
	CHECK(same("caf\xC3\xA9 sales", "sales of caf\xC3\xA9") == false);
	CHECK(same("sales of caf\xC3\xA9s", "sales caf\xC3\xA9"));
	/* Other words, another order, numbers, and words that turn the sense. */
	CHECK(!same("revenue by region", "revenue by month"));
	CHECK(!same("orders from berlin to paris", "orders from paris to berlin"));
	CHECK(!same("revenue 2023", "revenue 2024"));
	CHECK(!same("orders shipped", "orders not shipped"));
	CHECK(!same("revenue last month", "revenue this month"));
	CHECK(!same("net revenue by region", "revenue by region"));
	CHECK(!same("address", "addres"));
	/* What is a name or code is the same as nothing else, itself neither. */
	CHECK(!same("telemetry.ssl_ratios", "telemetry.ssl_ratios"));
	CHECK(!same("select 1", "select (1)") && !same("a > 5", "a > 5") && !same("a.b", "a.b"));
	CHECK(!same("mark:point", "mark point") && !same("3.5 percent", "3.5 percent"));
	CHECK(!same("show me", "what is") && !same("", "") && !same("?", "?"));
	CHECK(!same("bad \xFF byte", "bad \xFF byte"));
	return unit_result("test_sameness");
}
