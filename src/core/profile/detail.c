/*
 * detail.c
 *		The level of detail that a user's message asks for.
 *
 *		It is determined by a list of phrases only; a product that knows
 *		better passes it in the message's metadata.  The list is in the manual
 *		(conversations.md).
 */
#include "core/profile/detail.h"

#include <stdbool.h>
#include <string.h>

typedef struct Phrase
{
	const char *text; /* lower case, single spaces */
	DetailAsked asked;
} Phrase;

/*
 * Among phrases that begin at one place the longest counts.  NONE is for
 * phrases that only look like others.
 */
static const Phrase phrases[] = {
	{"be brief", DETAIL_BRIEF},
	{"brief", DETAIL_BRIEF},
	{"briefly", DETAIL_BRIEF},
	{"concise", DETAIL_BRIEF},
	{"concisely", DETAIL_BRIEF},
	{"in a few words", DETAIL_BRIEF},
	{"in a nutshell", DETAIL_BRIEF},
	{"in a sentence", DETAIL_BRIEF},
	{"in one sentence", DETAIL_BRIEF},
	{"in short", DETAIL_BRIEF},
	{"just the number", DETAIL_BRIEF},
	{"just the numbers", DETAIL_BRIEF},
	{"keep it short", DETAIL_BRIEF},
	{"one line", DETAIL_BRIEF},
	{"quick answer", DETAIL_BRIEF},
	{"short answer", DETAIL_BRIEF},
	{"summarise", DETAIL_BRIEF},
	{"summarize", DETAIL_BRIEF},
	{"tl;dr", DETAIL_BRIEF},
	{"tldr", DETAIL_BRIEF},

	{"elaborate", DETAIL_DETAILED},
	{"explain", DETAIL_DETAILED},
	{"go into detail", DETAIL_DETAILED},
	{"in depth", DETAIL_DETAILED},
	{"in detail", DETAIL_DETAILED},
	{"in more detail", DETAIL_DETAILED},
	{"more detail", DETAIL_DETAILED},
	{"more details", DETAIL_DETAILED},
	{"step by step", DETAIL_DETAILED},
	{"step-by-step", DETAIL_DETAILED},
	{"tell me more", DETAIL_DETAILED},
	{"walk me through", DETAIL_DETAILED},

	{"how is it calculated", DETAIL_TECHNICAL},
	{"how is that calculated", DETAIL_TECHNICAL},
	{"how is this calculated", DETAIL_TECHNICAL},
	{"in technical terms", DETAIL_TECHNICAL},
	{"query plan", DETAIL_TECHNICAL},
	{"show me the query", DETAIL_TECHNICAL},
	{"show me the sql", DETAIL_TECHNICAL},
	{"show the query", DETAIL_TECHNICAL},
	{"show the sql", DETAIL_TECHNICAL},
	{"technical detail", DETAIL_TECHNICAL},
	{"technical details", DETAIL_TECHNICAL},
	{"technically", DETAIL_TECHNICAL},
	{"the formula", DETAIL_TECHNICAL},
	{"under the hood", DETAIL_TECHNICAL},

	/* a statement, not a request */
	{"explain analyze", DETAIL_NONE},
	{"explain select", DETAIL_NONE},
	{"explain (", DETAIL_NONE},
};

static char
lower(char c)
{
	return (char) (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Letters of other scripts are parts of words too; "explain_plan" is one word. */
static bool
is_word(char c)
{
	unsigned char byte = (unsigned char) c;

	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
		   (byte >= 'A' && byte <= 'Z') || byte == '_' || byte >= 0x80;
}

/* Returns the number of bytes at the beginning of text[0..len) that are the phrase, or 0. */
static size_t
match(const char *phrase, const char *text, size_t len)
{
	size_t at = 0;

	for (const char *p = phrase; *p != '\0'; p++)
	{
		if (at == len)
			return 0;
		if (*p == ' ')
		{
			if (!is_space(text[at]))
				return 0;
			while (at < len && is_space(text[at]))
				at++;
		}
		else if (lower(text[at]) == *p)
			at++;
		else
			return 0;
	}
	return at < len && is_word(text[at - 1]) && is_word(text[at]) ? 0 : at;
}

DetailAsked
detail_asked(const char *text, size_t len)
{
	bool asked[DETAIL_TECHNICAL + 1] = {false};
	size_t at = 0;

	if (len > DETAIL_REACH)
		len = DETAIL_REACH;
	while (at < len)
	{
		const Phrase *found = NULL;
		size_t longest = 0;

		if (!is_word(text[at]) || (at > 0 && is_word(text[at - 1])))
		{
			at++;
			continue;
		}
		for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		{
			size_t matched = match(phrases[i].text, text + at, len - at);

			if (matched > longest)
			{
				longest = matched;
				found = &phrases[i];
			}
		}
		if (found != NULL)
			asked[found->asked] = true;
		at += longest > 0 ? longest : 1;
	}
	if (asked[DETAIL_BRIEF])
		return DETAIL_BRIEF;
	if (asked[DETAIL_TECHNICAL])
		return DETAIL_TECHNICAL;
	return asked[DETAIL_DETAILED] ? DETAIL_DETAILED : DETAIL_NONE;
}

DetailAsked
detail_named(const char *name, size_t len)
{
	static const char *const names[] = {
		[DETAIL_BRIEF] = "brief",
		[DETAIL_DETAILED] = "detailed",
		[DETAIL_TECHNICAL] = "technical",
	};

	for (int kind = DETAIL_BRIEF; kind <= DETAIL_TECHNICAL; kind++)
	{
		if (strlen(names[kind]) == len && memcmp(names[kind], name, len) == 0)
			return (DetailAsked) kind;
	}
	return DETAIL_NONE;
}
