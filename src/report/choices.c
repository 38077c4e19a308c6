/*
 * choices.c
 *		A page's section of what the user has decided themselves.
 */
#include "postgres.h"

#include "core/wording.h"
#include "preferences/choices.h"
#include "report/page.h"
#include "report/sections.h"
#include "tenancy/consent.h"

static void
put_choice(Sheet *page, const Choice *choice)
{
	put(page, "<li><span class=\"tag\">");
	if (choice->value != NULL)
		put(page, "set</span> ");
	else
		put(page, "forgotten</span> ");
	put_preference(page, choice->key, choice->value, true);
	put(page, " <span class=\"note\">");
	put_words(page, category_wording(category_names[choice->category]));
	put(page, ", ");
	put_time(page, choice->value != NULL ? choice->chosen_at : choice->forgotten_at);
	put(page, "</span></li>\n");
}

/* Whether anything is recorded, and who decided that. */
static void
put_learning(Sheet *page, const ReportRequest *request)
{
	bool enabled = request->settings.learning_on;
	bool chosen = learning_choice(request->tenant_id, request->user_id, &enabled, SNAPSHOT_CALLER);

	put(page, "<p>");
	if (chosen && enabled)
		put(page, "You have agreed that your use is learned from.");
	else if (chosen)
		put(page, "You have refused: nothing more is recorded of you, and what is known stays until"
				  " it is forgotten.");
	else if (enabled)
		put(page, "Your use is learned from; you have not refused.");
	else
		put(page, "Nothing is recorded of you, as you have not agreed.");
	put(page, "</p>\n");
}

void
section_choices(Sheet *page, const ReportRequest *request)
{
	Choices choices;
	int shown = 0;

	choices_read(request->tenant_id, request->user_id, request->until, SNAPSHOT_CALLER, &choices);
	section_begin(page, "choices", "Your choices", "What you decided; it beats what is learned.");
	put_learning(page, request);
	for (int i = 0; i < choices.n; i++)
	{
		const Choice *choice = &choices.items[i];

		/* One that was set and reset leaves nothing in force. */
		if (choice->value == NULL && choice->forgotten_at == DT_NOBEGIN)
			continue;
		if (shown++ == 0)
			put(page, "<ul class=\"choices\">\n");
		put_choice(page, choice);
	}
	if (shown > 0)
		put(page, "</ul>\n");
	else
		put_nothing(page, "No preference has been set or forgotten by hand.");
	section_end(page);
}
