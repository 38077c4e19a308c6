/*
 * suggestions.c
 *		A page's section of suggestions: what may be asked next, and why.
 *
 *		They are made as for the cache, without being recorded as shown.
 */
#include "postgres.h"

#include <math.h>

#include "base/extension.h"
#include "base/jsonutil.h"
#include "core/ranking/holdout.h"
#include "core/wording.h"
#include "report/page.h"
#include "report/sections.h"
#include "suggestions/suggestions.h"

/* Parts of a score that are shown at most. */
#define PARTS_SHOWN 6

/* What a feature adds to the logarithm of the score. */
typedef struct Part
{
	const char *feature;
	double added;
} Part;

static int
compare_parts(const void *a, const void *b)
{
	const Part *x = a;
	const Part *y = b;

	if (fabs(x->added) != fabs(y->added))
		return fabs(x->added) > fabs(y->added) ? -1 : 1;
	return strcmp(x->feature, y->feature);
}

/* Reads the parts of a score from the evidence, the largest first; returns their number. */
static int
read_parts(const Jsonb *evidence, Part **parts)
{
	JsonbValue space;
	JsonbValue *member = json_member(&evidence->root, "contributions", &space);
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue value;
	Part part = {0};
	int n = 0;

	if (member == NULL || member->type != jbvBinary)
		return 0;
	*parts = palloc((JsonContainerSize(member->val.binary.data) + 1) * sizeof(Part));
	it = JsonbIteratorInit(member->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			part.feature = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE && json_number(&value, &part.added))
			(*parts)[n++] = part;
	}
	qsort(*parts, n, sizeof(Part), compare_parts);
	return n;
}

static void
put_parts(Sheet *page, const Jsonb *evidence)
{
	Part *parts = NULL;
	int n = read_parts(evidence, &parts);

	if (n == 0)
		return;
	put(page, "<details><summary>Parts of the score</summary>\n<ul class=\"parts\">\n");
	for (int i = 0; i < Min(n, PARTS_SHOWN); i++)
	{
		put(page, "<li><span class=\"name\">");
		put_sentence(page, feature_wording(parts[i].feature));
		put(page, "</span>");
		put_signed_bar(page, parts[i].added / fabs(parts[0].added));
		put(page, "<span class=\"pc\">");
		put_change(page, parts[i].added, 2);
		put(page, "</span></li>\n");
	}
	put(page, "</ul>\n");
	if (n > PARTS_SHOWN)
	{
		put(page, "<p class=\"note\">And ");
		put_count(page, n - PARTS_SHOWN, "smaller part.", "smaller parts.");
		put(page, "</p>");
	}
	put(page, "</details>\n");
}

static void
put_suggestion(Sheet *page, const Suggestion *suggestion)
{
	put(page, "<li class=\"offer\">\n<div class=\"what\"><p class=\"name\">");
	put_text(page, suggestion->text, TEXT_SHOWN);
	put(page, "</p><p class=\"note\"><span class=\"tag\">");
	put_words(page, suggestion_type_wording(suggestion_type_names[suggestion->kind]));
	put(page, "</span> ");
	put_text(page, suggestion->reason, TEXT_SHOWN);
	put(page, "</p>");
	put_parts(page, suggestion->evidence);
	put(page, "</div>\n<p class=\"score\">");
	put_bar(page, suggestion->score, true, -1.0);
	put(page, "<span class=\"pc\">");
	put_percent(page, suggestion->score);
	put(page, "</span></p>\n</li>\n");
}

void
section_suggestions(Sheet *page, const ReportRequest *request)
{
	SuggestionRequest wanted = {.tenant_id = request->tenant_id,
								.user_id = request->user_id,
								.max_results = USUAL_SUGGESTIONS,
								.at = request->at,
								.record = false};
	Suggestion *suggestions;
	int n = suggestions_make(&wanted, &suggestions);

	section_begin(page, "suggestions", "What may come next",
				  "The percentage is the estimated probability that it is what you ask next.");
	if (!request->settings.suggestions)
		put_nothing(page, "Suggestions are switched off.");
	else if (holdout_has(request->tenant_id, request->user_id,
						 request->settings.suggestion_holdout))
		put_nothing(page, "You are among those who get no suggestions, so that it can be seen "
						  "whether they help.");
	else if (n == 0)
		put_nothing(page, "There is nothing to suggest at present.");
	else
	{
		put(page, "<ol class=\"offers\">\n");
		for (int i = 0; i < n; i++)
			put_suggestion(page, &suggestions[i]);
		put(page, "</ol>\n");
	}
	section_end(page);
}
