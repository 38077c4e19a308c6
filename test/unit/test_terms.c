/*
 * test_terms.c
 *		The words of a question, and tables as terms.
 */
#include "core/ranking/terms.h"

#include "unit.h"

/* The words of a text, joined by a bar. */
static void
check_words_of(const char *text, size_t len, const char *expected)
{
	Term words[WORDS_MAX];
	char got[WORDS_MAX * (TERM_LENGTH + 1) + 1] = "";
	int n = extract_words(text, len, words);

	for (int i = 0; i < n; i++)
	{
		strcat(got, i == 0 ? "" : "|");
		strcat(got, words[i].text);
	}
	CHECK_STR(got, strlen(got), expected, text);
}

static void
check_words(const char *text, const char *expected)
{
	check_words_of(text, strlen(text), expected);
}

static void
check_table(const char *table, const char *expected)
{
	Term term;

	CHECK(table_term(table, strlen(table), &term) == (expected[0] != '\0'));
	CHECK_STR(term.text, strlen(term.text), expected, table);
}

static void
test_words(void)
{
	check_words("", "");
	check_words("  ?!", "");
	check_words("Show me the Revenue by Region, by month", "revenue|region|month");
	check_words("revenue REVENUE revenue", "revenue");
	check_words("top 10 of 2024 in Q1 and q42", "top|q42");
	check_words("telemetry.ssl_ratios-v1", "telemetry|ssl|ratios|ssl_ratios");
	check_words("firstPurchase of XMLReader", "first|purchase|firstpurchase|xmlreader");
	check_words("clients_daily_v6", "clients|daily|clients_daily_v6");
	check_words("encoding:Flight_Date-nominal-x", "encoding|flight|date|flight_date|nominal");
	check_words("a1b2c3 __x 123 1_2", "a1b2c3|__x|1_2");
	check_words("what is which about your", "");
	check_words("abc", "abc");
	check_words("ab", "");
	check_words_of("abc\0def", 7, "abc|def");
	check_words_of("abcdef", 3, "abc");
	check_words(
		"w01 w02 w03 w04 w05 w06 w07 w08 w09 w10 w11 w12 w13 w14 w15 w16 w17 w18 w19 w20 w21 "
		"w22 w23 w24 w25",
		"w01|w02|w03|w04|w05|w06|w07|w08|w09|w10|w11|w12|w13|w14|w15|w16|w17|w18|w19|w20|w21|"
		"w22|w23");
}

static void
test_unicode(void)
{
	check_words("größte Umsätze – über „Köln“", "größte|umsätze|über|köln");
	check_words("выручка по регионам", "выручка|регионам");
	/* Three characters, not three bytes. */
	check_words("йо 売上", "");
	check_words("売上高、地域別。", "売上高|地域別");
	check_words("sales😀orders x€yz", "sales|orders");
	/* A no-break space parts as a space does, broken bytes too. */
	check_words("net\xC2\xA0sales", "net|sales");
	check_words("abc\xFF"
				"def \xC3",
				"abc|def");
	check_words("abc\xED\xA0\x80"
				"def",
				"abc|def");
	check_words("abc\xC0\xAF"
				"def",
				"abc|def");
}

static void
test_length(void)
{
	char text[200];
	char expected[TERM_LENGTH + 1];
	Term words[WORDS_MAX];

	memset(text, 'x', sizeof(text));
	memset(expected, 'x', TERM_LENGTH);
	expected[TERM_LENGTH] = '\0';
	check_words_of(text, sizeof(text), expected);
	check_words_of(text, TERM_LENGTH, expected);
	/* 31 characters of two bytes fit into 63, and no half of one; nor what follows. */
	for (int i = 0; i < 32; i++)
		memcpy(text + (size_t) 2 * i, "\xC3\xA4", 2);
	text[64] = 'x';
	CHECK(extract_words(text, 65, words) == 1 && strlen(words[0].text) == 62);
}

static void
test_tables(void)
{
	check_table("orders", "orders");
	check_table("Public.Orders", "orders");
	check_table("db.schema.\"Order.Items\"", "order.items");
	check_table("`proj-x.data.Events`", "proj-x.data.events");
	check_table("\"a\".\"b\"", "b");
	check_table("", "");
	check_table("orders.", "");
	check_table("\"", "");
	check_table("straße", "straße");
}

int
main(void)
{
	test_words();
	test_unicode();
	test_length();
	test_tables();
	return unit_result("test_terms");
}
