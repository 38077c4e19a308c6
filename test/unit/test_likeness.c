/*
 * test_likeness.c
 *		How much offers say what the latest queries say.
 */
#include "core/ranking/likeness.h"

#include <math.h>

#include "unit.h"

static QueryContent contents[LIKENESS_MAX];
static const QueryContent *pointers[LIKENESS_MAX];
static Offer offers[LIKENESS_MAX];

static QueryContent
content_of(const char *text, const char *tables)
{
	QueryContent content;

	content_init(&content);
	content_add_text(&content, text, strlen(text));
	for (; *tables != '\0'; tables++)
		content_add_table(&content, tables, 1);
	return content;
}

static void
offer_is(int i, const char *text, const char *tables)
{
	memset(&offers[i], 0, sizeof(Offer));
	contents[i] = content_of(text, tables);
	pointers[i] = &contents[i];
}

static bool
is(int i, Feature feature, double value)
{
	if (fabs(offers[i].features[feature] - value) < 1e-6)
		return true;
	printf("%s of %d is %g\n", feature_names[feature], i, offers[i].features[feature]);
	return false;
}

static void
test_words(void)
{
	QueryContent last = content_of("revenue region", "");
	QueryContent before = content_of("stock", "");
	const QueryContent *latest[] = {&last, &before};
	double one = pow(log2(3.0), -1.5); /* of one offer */
	double two = pow(2.0, -1.5);	   /* of two */
	double slope_one = log(4.0 / 1.5);
	double slope_two = log(4.0 / 2.5);

	offer_is(0, "revenue month", "");
	offer_is(1, "Revenue by Region", "");
	offer_is(2, "stock", "");
	offers[2].features[FEATURE_KNOWN] = 1.0;
	describe_likeness(offers, 3, pointers, latest, 2);
	CHECK(is(1, FEATURE_WORDS, 1.0) && is(2, FEATURE_WORDS, 0.0));
	CHECK(is(0, FEATURE_WORDS, two / (one + two)));
	CHECK(is(1, FEATURE_ALIKE, 1.0));
	CHECK(is(0, FEATURE_ALIKE, slope_two / (slope_two + 2.0 * slope_one)));
	CHECK(is(2, FEATURE_THEME, log1p(0.6 * one)) && is(2, FEATURE_THEME_NEW, 0.0));
	CHECK(is(1, FEATURE_THEME, log1p(one + two)) && is(1, FEATURE_THEME_NEW, 1.0));
	CHECK(is(0, FEATURE_NAMES, 0.0) && is(0, FEATURE_TABLES, 0.0));
}

static void
test_tables(void)
{
	QueryContent last = content_of("Last_One", "abc");
	const QueryContent *latest[] = {&last};

	offer_is(0, "the Last_One", "b");
	offer_is(1, "Other_One", "da");
	offer_is(2, "no tables", "");
	offer_is(3, "the same", "cba");
	pointers[2] = NULL;
	describe_likeness(offers, 4, pointers, latest, 1);
	CHECK(is(0, FEATURE_SOURCE, 1.0) && is(0, FEATURE_READER, 0.0));
	CHECK(is(0, FEATURE_TABLES, 1.0 / 3.0) && is(0, FEATURE_NAMES, 1.0));
	CHECK(is(1, FEATURE_SOURCE, 0.0) && is(1, FEATURE_READER, 1.0));
	CHECK(is(1, FEATURE_TABLES, 1.0 / 4.0) && is(1, FEATURE_NAMES, 0.0));
	CHECK(is(2, FEATURE_TABLES, 0.0) && is(2, FEATURE_WORDS, 0.0));
	CHECK(is(3, FEATURE_TABLES, 1.0));
}

/* Nothing known, and as much as there can be. */
static void
test_extremes(void)
{
	const QueryContent *nothing[] = {NULL, NULL, NULL, NULL, NULL};
	QueryContent last = content_of("", "");
	const QueryContent *empty[] = {&last, NULL};
	char text[256];

	for (int i = 0; i < LIKENESS_MAX; i++)
	{
		size_t in = 0;

		for (int w = 0; w < CONTENT_MAX; w++)
			in += (size_t) snprintf(text + in, sizeof(text) - in, "W%d_%d ", i, w);
		offer_is(i, text, "abcdefghijklmnop");
	}
	describe_likeness(offers, LIKENESS_MAX, pointers, nothing, 5);
	describe_likeness(offers, LIKENESS_MAX, pointers, empty, 2);
	describe_likeness(offers, LIKENESS_MAX, pointers, pointers, 5);
	describe_likeness(offers, LIKENESS_MAX, pointers, nothing, 0);
	describe_likeness(offers, 0, pointers, pointers, 5);
	for (int i = 0; i < LIKENESS_MAX; i++)
	{
		for (int f = 0; f < FEATURES; f++)
			CHECK(isfinite(offers[i].features[f]) && offers[i].features[f] >= 0.0);
	}
	CHECK(offers[0].features[FEATURE_ALIKE] > 0.99);
}

int
main(void)
{
	test_words();
	test_tables();
	test_extremes();
	return unit_result("test_likeness");
}
