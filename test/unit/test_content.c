/*
 * test_content.c
 *		What a query says, as hashes.
 */
#include "core/ranking/content.h"

#include "unit.h"

static QueryContent
content_of(const char *text)
{
	QueryContent content;

	content_init(&content);
	content_add_text(&content, text, strlen(text));
	return content;
}

/* Whether two texts have the same words, in the same order. */
static bool
same_words(const char *a, const char *b)
{
	QueryContent x = content_of(a);
	QueryContent y = content_of(b);

	return x.nwords == y.nwords && memcmp(x.words, y.words, sizeof(x.words)) == 0;
}

static void
test_words(void)
{
	CHECK(same_words("clients_daily_v6", "Clients, daily: V6!"));
	CHECK(same_words("firstPurchase", "the first_purchase of"));
	CHECK(same_words("revenue by region by region", "Revenue region"));
	CHECK(same_words("XMLReader", "xmlreader"));
	CHECK(!same_words("revenue", "revenues"));
	CHECK(!same_words("Noise 1", "Noise 2") && content_of("a b c").nwords == 3);
	CHECK(content_of("").nwords == 0 && content_of("of the and").nwords == 0);
	CHECK(content_of("offer themes").nwords == 2);
	CHECK(content_of("w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11 w12 w13 w14 w15 w16 w17").nwords ==
		  CONTENT_MAX);
	CHECK(same_words("\xC3\xA9t\xC3\xA9 \xFF winter", "\xC3\xA9t\xC3\xA9 winter"));
}

static void
test_names(void)
{
	CHECK(content_of("Flight_Date by airline").nnames == 1);
	CHECK(content_of("Revenue by region").nnames == 0);
	CHECK(content_of("show firstPurchase and firstpurchase").nnames == 1);
	CHECK(content_of("mark:point;encoding:Cost_Other-quantitative,Speed-nominal").nnames == 2);
	CHECK(content_of("a_ x_").nnames == 0);
}

static void
test_tables(void)
{
	QueryContent content = content_of("anything");
	QueryContent other = content_of("else");

	content_add_table(&content, "sales.Orders", 12);
	content_add_table(&content, "orders", 6);
	content_add_table(&content, "\"", 1);
	content_add_table(&other, "ORDERS", 6);
	CHECK(content.ntables == 1 && content.tables[0] == other.tables[0]);
	for (char c = 'a'; c <= 'z'; c++)
		content_add_table(&content, &c, 1);
	CHECK(content.ntables == CONTENT_MAX);
}

int
main(void)
{
	test_words();
	test_names();
	test_tables();
	return unit_result("test_content");
}
