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
	ContextMatch match;

	context_read(context, strlen(context), &words);
	context_match_text(&words, text, strlen(text), &match);
	CHECK(match.tables == 0);
	return match.text;
}

static unsigned
table_matches(const char *context, const char *table)
{
	Context words;
	ContextMatch match = {0};

	context_read(context, strlen(context), &words);
	context_match_table(&words, table, strlen(table), &match);
	CHECK(match.text == 0 && match.nwords == 0);
	return match.tables;
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

/* The last part of a table's name counts; its schema does not, nor what is half typed. */
static void
test_tables(void)
{
	Context words;
	ContextMatch match = {0};

	CHECK(table_matches("invoices", "shop.invoices") == 1);
	CHECK(table_matches("shop", "shop.invoices") == 0);
	CHECK(table_matches("invo", "invoices") == 0 && table_matches("invoice", "invoices") == 1);
	CHECK(table_matches("items order", "order_items") == 3);
	CHECK(table_matches("items", "\"Shop\".\"OrderItems\"") == 1);
	CHECK(table_matches("a", "") == 0 && table_matches("a", "a.") == 0);
	context_read("orders invoices", 15, &words);
	context_match_table(&words, "s.invoices", 10, &match);
	context_match_table(&words, "s.orders", 8, &match);
	CHECK(match.tables == 3);
}

static void
test_fits(void)
{
	const char *const texts[] = {"revenue by region", "revenue by month", "stock of all regions",
								 "nothing"};
	Context context;
	ContextMatch found[4];
	double fits[4];

	context_read("revenue region zebra", 20, &context);
	for (int i = 0; i < 4; i++)
		context_match_text(&context, texts[i], strlen(texts[i]), &found[i]);
	CHECK(found[0].nwords == 3 && found[2].nwords == 4);
	CHECK(context_fits(&context, found, 4, fits));
	/* All of it that any text has, two of three words. */
	CHECK(fabs(fits[0] - (0.85 + 0.15 * 2.0 / 3.0)) < 1e-12);
	CHECK(fabs(fits[1] - 0.5 * (0.85 + 0.15 / 3.0)) < 1e-12);
	CHECK(fits[2] > 0.0 && fits[2] < fits[1] && fits[3] == 0.0);
	context_read("zebra", 5, &context);
	for (int i = 0; i < 4; i++)
		context_match_text(&context, texts[i], strlen(texts[i]), &found[i]);
	CHECK(!context_fits(&context, found, 4, fits) && fits[0] == 0.0);
	CHECK(!context_fits(&context, found, 0, fits));
}

/* What a table says counts fully where no text says it, and a quarter where one does. */
static void
test_fits_by_tables(void)
{
	Context context;
	ContextMatch found[3];
	double fits[3];

	context_read("invoices", 8, &context);
	context_match_text(&context, "how much did we sell", 20, &found[0]);
	context_match_table(&context, "shop.invoices", 13, &found[0]);
	context_match_text(&context, "", 0, &found[1]);
	context_match_table(&context, "invoices", 8, &found[1]);
	context_match_text(&context, "stock", 5, &found[2]);
	CHECK(context_fits(&context, found, 3, fits));
	CHECK(fabs(fits[0] - 0.85) < 1e-12 && fabs(fits[1] - 0.85) < 1e-12 && fits[2] == 0.0);
	context_match_text(&context, "invoices", 8, &found[2]);
	CHECK(context_fits(&context, found, 3, fits));
	CHECK(fabs(fits[0] - 0.25 * 0.85) < 1e-12 && fabs(fits[2] - 1.0) < 1e-12);
}

/* More words than are looked at, and longer ones. */
static void
test_limits(void)
{
	char text[4000] = "";
	Context context;
	ContextMatch match;

	for (int i = 0; i < 200; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "word%d ", i);
	context_read(text, strlen(text), &context);
	CHECK(context.n == CONTEXT_WORDS && !context.open);
	context_match_text(&context, text, strlen(text), &match);
	CHECK(match.text == 0xFFFFFFFFU && match.nwords == CONTEXT_TEXT_WORDS);
	memset(text, 'a', sizeof(text));
	context_read(text, sizeof(text), &context);
	CHECK(context.n == 1 && context.words[0].length < sizeof(context.words[0].text));
}

int
main(void)
{
	test_matches();
	test_tables();
	test_fits();
	test_fits_by_tables();
	test_limits();
	return unit_result("test_context");
}
