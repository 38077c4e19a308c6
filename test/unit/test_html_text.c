/*
 * test_html_text.c
 *		Tests of html_text().
 */
#include "core/html_text.h"
#include "unit.h"

/* A string literal with its length, so that it may hold zero bytes. */
#define S(literal) literal, sizeof(literal) - 1

#define BAD "\xEF\xBF\xBD"
#define RLO "\xE2\x80\xAE"
#define LRE "\xE2\x80\xAA"
#define PDF "\xE2\x80\xAC"
#define RLI "\xE2\x81\xA7"
#define PDI "\xE2\x81\xA9"

static const struct
{
	const char *text;
	size_t len;
	const char *expected;
} cases[] = {
	{S(""), ""},
	{S("Revenue by region?"), "Revenue by region?"},
	/* markup, in elements and attributes */
	{S("<script>alert(1)</script>"), "&lt;script&gt;alert(1)&lt;/script&gt;"},
	{S("\" onload='x' a=\""), "&quot; onload=&#39;x&#39; a=&quot;"},
	{S("a && b &amp; &#60;"), "a &amp;&amp; b &amp;amp; &amp;#60;"},
	{S("]]>"), "]]&gt;"},
	/* control characters */
	{S("a\tb\nc\r\nd"), "a\tb\nc \nd"},
	{S("\0\x01\x1B[31m\x7F"), "\xE2\x90\x80\xE2\x90\x81\xE2\x90\x9B[31m\xE2\x90\xA1"},
	{S("\xC2\x85\xC2\x9F\xC2\xA0"), BAD BAD "\xC2\xA0"},
	/* other characters stay, what is none does not */
	{S("Gr\xC3\xB6\xC3\x9F"
	   "e \xE6\x97\xA5 \xF0\x9F\x98\x80"),
	 "Gr\xC3\xB6\xC3\x9F"
	 "e \xE6\x97\xA5 \xF0\x9F\x98\x80"},
	{S("\xC3(\xFF\xC0\x80"), BAD "(" BAD BAD BAD},
	{S("\xED\xA0\x80"), BAD BAD BAD},
	{S("a\xF0\x9F\x98"), "a" BAD BAD BAD},
	{S("\xEF\xBF\xBE\xEF\xB7\x90\xF4\x8F\xBF\xBF"), BAD BAD BAD},
	/* direction: closed at the end, and nothing closed that is not open */
	{S(RLO "gpj.exe"), RLO "gpj.exe" PDF},
	{S(RLO "a" PDF "b" PDF), RLO "a" PDF "b"},
	{S("a" PDI "b" PDF), "ab"},
	{S(RLI "a" RLO "b"), RLI "a" RLO "b" PDF PDI},
	{S(RLI LRE "a" PDI "b" PDF), RLI LRE "a" PDI "b"},
	{S(LRE RLI PDF "a"), LRE RLI "a" PDI PDF},
};

static void
test_cases(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char out[HTML_TEXT_SIZE(64)];
		size_t n = html_text(cases[i].text, cases[i].len, false, out);

		CHECK_STR(out, n, cases[i].expected, cases[i].text);
	}
}

static void
test_ascii(void)
{
	char out[HTML_TEXT_SIZE(64)];
	size_t n = html_text(S("\xC3\xB6 \xE6\x97\xA5 \xF0\x9F\x98\x80 \xFF<" RLO), true, out);

	CHECK_STR(out, n, "&#246; &#26085; &#128512; &#65533;&lt;&#8238;&#8236;", "ascii");
}

/* However many are opened, the result keeps its size, and all are closed. */
static void
test_depth(void)
{
	char text[300];
	char out[HTML_TEXT_SIZE(300)];
	size_t n;
	int open = 0;

	for (size_t i = 0; i < sizeof(text); i += 3)
		memcpy(text + i, RLO, 3);
	n = html_text(text, sizeof(text), false, out);
	CHECK(n % 3 == 0 && n <= HTML_TEXT_SIZE(300));
	for (size_t i = 0; i < n; i += 3)
		open += memcmp(out + i, RLO, 3) == 0 ? 1 : -1;
	CHECK(n > 0 && open == 0);
}

int
main(void)
{
	test_cases();
	test_ascii();
	test_depth();
	return unit_result("html_text");
}
