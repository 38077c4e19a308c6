/*
 * test_context.c
 *		Which of a context's words a text has, and how well texts fit.
 */
#include "core/ranking/context.h"

#include <math.h>

#include "unit.h"

static unsigned
matches(const char *context, const char *text)
{
	Context words;
	int n;

	context_read(context, strlen(context), &words);
	return context_matches(&words, text, strlen(text), &n);
}

static void
test_matches(void)
{
	CHECK(matches("revenue region", "Revenue by region?") == 3);
	CHECK(matches("region revenue", "Revenue") == 2);
	CHECK(matches("first purchase", "firstPurchase") == 3);
	CHECK(matches("clients v6", "clients_daily_v6") == 3);
	CHECK(matches("orders", "order by day") == 1 && matches("order", "Orders by day") == 1);
	CHECK(matches("as", "a") == 0 && matches("pass", "pas") == 1);
	/* Only the last word may be half typed, and no longer once it has ended. */
	CHECK(matches("reven", "revenue") == 1 && matches("reven ", "revenue") == 0);
	CHECK(matches("rev reg", "revenue region") == 2);
	CHECK(matches("r", "revenue") == 0 && matches("re", "revenue") == 1);
	CHECK(matches("", "revenue") == 0 && matches("revenue", "") == 0);
	CHECK(matches("revenue revenue", "revenue") == 1);
	CHECK(matches("?!, ", "?!") == 0);
	CHECK(matches("\xC3\xA9t\xC3\xA9", "\xC3\xA9t\xC3\xA9 2024") == 1);
}

static void
test_fits(void)
{
	const char *const texts[] = {"revenue by region", "revenue by month", "stock of all regions",
								 "nothing"};
	Context context;
	unsigned found[4];
	int nwords[4];
	double fits[4];

	context_read("revenue region zebra", 20, &context);
	for (int i = 0; i < 4; i++)
		found[i] = context_matches(&context, texts[i], strlen(texts[i]), &nwords[i]);
	CHECK(nwords[0] == 3 && nwords[2] == 4);
	CHECK(context_fits(&context, found, nwords, 4, fits));
	/* All of it that any text has, two of three words. */
	CHECK(fabs(fits[0] - (0.85 + 0.15 * 2.0 / 3.0)) < 1e-12);
	CHECK(fabs(fits[1] - 0.5 * (0.85 + 0.15 / 3.0)) < 1e-12);
	CHECK(fits[2] > 0.0 && fits[2] < fits[1] && fits[3] == 0.0);
	context_read("zebra", 5, &context);
	for (int i = 0; i < 4; i++)
		found[i] = context_matches(&context, texts[i], strlen(texts[i]), &nwords[i]);
	CHECK(!context_fits(&context, found, nwords, 4, fits) && fits[0] == 0.0);
	CHECK(!context_fits(&context, found, nwords, 0, fits));
}

/* More words than are looked at, and longer ones. */
static void
test_limits(void)
{
	char text[4000] = "";
	Context context;
	int n;

	for (int i = 0; i < 200; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "word%d ", i);
	context_read(text, strlen(text), &context);
	CHECK(context.n == CONTEXT_WORDS && !context.open);
	CHECK(context_matches(&context, text, strlen(text), &n) == 0xFFFFFFFFU);
	CHECK(n == CONTEXT_TEXT_WORDS);
	memset(text, 'a', sizeof(text));
	context_read(text, sizeof(text), &context);
	CHECK(context.n == 1 && context.words[0].length < sizeof(context.words[0].text));
}

int
main(void)
{
	test_matches();
	test_fits();
	test_limits();
	return unit_result("test_context");
}
