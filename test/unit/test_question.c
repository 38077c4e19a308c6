/*
 * test_question.c
 *		Tests of question_normalize.
 */
#include "core/question.h"
#include "unit.h"

#include <stdlib.h>

/* A string literal with its length, so that it may hold zero bytes. */
#define S(literal) literal, sizeof(literal) - 1

static const struct
{
	const char *question;
	size_t len;
	const char *expected;
	size_t expected_len;
} cases[] = {
	{S(""), S("")},
	{S(" "), S("")},
	{S("?"), S("")},
	{S("  ?! \n. "), S("")},
	{S("a"), S("a")},
	{S("Show Me SALES"), S("show me sales")},
	{S("  show   me\t\r\n sales  "), S("show me sales")},
	{S("show me sales?"), S("show me sales")},
	{S("show me sales ?"), S("show me sales")},
	{S("show me sales?!..."), S("show me sales")},
	{S("show me sales . . . "), S("show me sales")},
	{S("a.b, c; d: e? f! g."), S("a.b, c; d: e? f! g")},
	{S("a ? b"), S("a ? b")},
	{S("?a"), S("?a")},
	{S("... and then?"), S("... and then")},
	{S("C++"), S("c++")},
	{S("growth in %?"), S("growth in %")},
	{S("sales (2024)."), S("sales (2024)")},
	{S("say \"hi.\""), S("say \"hi.\"")},
	{S("x;;;"), S("x")},
	/* Unicode: the case of other letters is the caller's */
	{S("\303\204RGER"), S("\303\204rger")},
	/* no-break space, en space, ideographic space, next line, line separator */
	{S("a\302\240b"), S("a b")},
	{S("\342\200\202a\342\200\202\302\240b\343\200\200"), S("a b")},
	{S("a\302\205b\342\200\250c"), S("a b c")},
	{S("a\341\232\200b\342\200\257c\342\201\237d"), S("a b c d")},
	/* without width: zero-width space and joiner, byte order mark, soft hyphen, left to right */
	{S("a\342\200\213b\342\200\215c"), S("abc")},
	{S("\357\273\277a\302\255b\342\200\216?\342\200\213"), S("ab")},
	{S("\342\200\213"), S("")},
	/* grapheme joiner, selectors of variants; but the tags of a flag are seen */
	{S("a\315\217b\357\270\217c\363\240\204\200"), S("abc")},
	{S("\360\237\217\264\363\240\201\247"), S("\360\237\217\264\363\240\201\247")},
	/* fullwidth ?, ideographic full stop, Arabic ?, ellipsis, danda, interrobang */
	{S("\345\243\262\344\270\212\357\274\237"), S("\345\243\262\344\270\212")},
	{S("\345\243\262\344\270\212\343\200\202 \357\274\201"), S("\345\243\262\344\270\212")},
	{S("\331\205\330\247\330\237"), S("\331\205\330\247")},
	{S("and\342\200\246?\342\200\246"), S("and")},
	{S("\340\244\225\340\245\244"), S("\340\244\225")},
	{S("what\342\200\275"), S("what")},
	{S("a\343\200\202b"), S("a\343\200\202b")},
	/* what is no UTF-8 is copied */
	{S("\377\376A"), S("\377\376a")},
	{S("a\342"), S("a\342")},
	{S("a\342\200"), S("a\342\200")},
	{S("a\342\200?"), S("a\342\200")},
	{S("a\342 \200b"), S("a\342 \200b")},
	{S("\300\240x"), S("\300\240x")},
	{S("\340\200\240x"), S("\340\200\240x")},
	{S("x\360\237\230\200?"), S("x\360\237\230\200")},
	{S("a\0B"), S("a\0b")},
	{S("a\0?"), S("a\0")},
};

int
main(void)
{
	char out[128];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		size_t len = question_normalize(cases[i].question, cases[i].len, out);

		CHECK_BYTES(out, len, cases[i].expected, cases[i].expected_len, cases[i].question);

		/* The form is its own form, and may be made in place. */
		len = question_normalize(out, len, out);
		CHECK_BYTES(out, len, cases[i].expected, cases[i].expected_len, cases[i].question);
		memcpy(out, cases[i].question, cases[i].len);
		len = question_normalize(out, cases[i].len, out);
		CHECK_BYTES(out, len, cases[i].expected, cases[i].expected_len, cases[i].question);
	}
	return unit_result("test_question");
}
