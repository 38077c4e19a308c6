/*
 * test_detail.c
 *		Tests of detail_asked and detail_named.
 */
#include "core/profile/detail.h"
#include "unit.h"

#include <stdlib.h>

/* A string literal with its length, so that it may hold zero bytes. */
#define S(literal) literal, sizeof(literal) - 1

static const struct
{
	const char *text;
	size_t len;
	DetailAsked expected;
} cases[] = {
	{S(""), DETAIL_NONE},
	{S(" "), DETAIL_NONE},
	{S("How were sales in March?"), DETAIL_NONE},
	/* each kind, at either end and within */
	{S("tl;dr"), DETAIL_BRIEF},
	{S("TL;DR: sales?"), DETAIL_BRIEF},
	{S("In short, how were sales?"), DETAIL_BRIEF},
	{S("How were sales, in short"), DETAIL_BRIEF},
	{S("Keep it short."), DETAIL_BRIEF},
	{S("(brief)"), DETAIL_BRIEF},
	{S("Explain this to me"), DETAIL_DETAILED},
	{S("why? explain"), DETAIL_DETAILED},
	{S("Go step by step."), DETAIL_DETAILED},
	{S("step-by-step, please"), DETAIL_DETAILED},
	{S("I want it IN MORE DETAIL!"), DETAIL_DETAILED},
	{S("how is this calculated?"), DETAIL_TECHNICAL},
	{S("show me the SQL"), DETAIL_TECHNICAL},
	{S("what happens under the hood"), DETAIL_TECHNICAL},
	/* any white space between the words, and none that is not there */
	{S("in\n  short"), DETAIL_BRIEF},
	{S("in\tdetail"), DETAIL_DETAILED},
	{S("inshort"), DETAIL_NONE},
	{S("in  "), DETAIL_NONE},
	{S("in "), DETAIL_NONE},
	{S("step by"), DETAIL_NONE},
	/* whole words */
	{S("explained"), DETAIL_NONE},
	{S("unexplain"), DETAIL_NONE},
	{S("explain_plan"), DETAIL_NONE},
	{S("briefcase sales"), DETAIL_NONE},
	{S("debrief"), DETAIL_NONE},
	{S("in shorts"), DETAIL_NONE},
	{S("again short"), DETAIL_NONE},
	{S("explain\303\251"), DETAIL_NONE},
	{S("\303\251explain"), DETAIL_NONE},
	{S("explain: why"), DETAIL_DETAILED},
	{S("explain\"why\""), DETAIL_DETAILED},
	/* several kinds */
	{S("explain briefly"), DETAIL_BRIEF},
	{S("briefly, in detail"), DETAIL_BRIEF},
	{S("explain the formula"), DETAIL_TECHNICAL},
	{S("explain in short how is it calculated"), DETAIL_BRIEF},
	/* the longest at a place, and what it covers does not count again */
	{S("short answer"), DETAIL_BRIEF},
	{S("technical details"), DETAIL_TECHNICAL},
	{S("EXPLAIN ANALYZE SELECT 1"), DETAIL_NONE},
	{S("explain select 1"), DETAIL_NONE},
	{S("explain (analyze) select 1"), DETAIL_NONE},
	{S("explain selection bias"), DETAIL_DETAILED},
	{S("explain analyze in detail"), DETAIL_DETAILED},
	{S("in in short"), DETAIL_BRIEF},
	{S("step by step by step"), DETAIL_DETAILED},
	/* any bytes */
	{S("\377\376explain"), DETAIL_NONE},
	{S("\377 explain \300"), DETAIL_DETAILED},
	{S("a\0explain"), DETAIL_DETAILED},
	{S("explain\0x"), DETAIL_DETAILED},
};

/* In a block of exactly its size, so that a sanitizer sees what reads beyond. */
static DetailAsked
asked(const char *text, size_t len)
{
	char *copy = malloc(len + (len == 0));
	DetailAsked result;

	memcpy(copy, text, len);
	result = detail_asked(copy, len);
	free(copy);
	return result;
}

static void
test_reach(void)
{
	static char text[DETAIL_REACH + 100];

	/* At the edge, and cut by it. */
	memset(text, ' ', sizeof(text));
	memcpy(text + DETAIL_REACH - 7, "explain", 7);
	CHECK(asked(text, sizeof(text)) == DETAIL_DETAILED);
	memset(text, ' ', sizeof(text));
	memcpy(text + DETAIL_REACH - 6, "explain", 7);
	CHECK(asked(text, sizeof(text)) == DETAIL_NONE);
	CHECK(asked(text, DETAIL_REACH) == DETAIL_NONE);
}

static void
test_prefixes(void)
{
	static const char text[] = "in more detail, step by step; tl;dr: how is this calculated";

	for (size_t len = 0; len <= strlen(text); len++)
	{
		DetailAsked kind = asked(text, len);

		CHECK(kind == (len < strlen("in more detail")						 ? DETAIL_NONE
					   : len < strlen("in more detail, step by step; tl;dr") ? DETAIL_DETAILED
																			 : DETAIL_BRIEF));
	}
}

static void
test_names(void)
{
	CHECK(detail_named(S("brief")) == DETAIL_BRIEF);
	CHECK(detail_named(S("detailed")) == DETAIL_DETAILED);
	CHECK(detail_named(S("technical")) == DETAIL_TECHNICAL);
	CHECK(detail_named(S("")) == DETAIL_NONE);
	CHECK(detail_named(S("Brief")) == DETAIL_NONE);
	CHECK(detail_named(S("brief ")) == DETAIL_NONE);
	CHECK(detail_named(S("brie")) == DETAIL_NONE);
	CHECK(detail_named(S("brief\0")) == DETAIL_NONE);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		if (!CHECK(asked(cases[i].text, cases[i].len) == cases[i].expected))
			fprintf(stderr, "\tof \"%s\"\n", cases[i].text);
	}
	test_reach();
	test_prefixes();
	test_names();
	return unit_result("test_detail");
}
