/*
 * traits.c
 *		A page's section of traits: skill, subjects and style, with evidence.
 */
#include "postgres.h"

#include "core/wording.h"
#include "profiles/traits.h"
#include "report/page.h"
#include "report/sections.h"

/* In the order of TraitSource. */
static const char *const source_names[] = {"default", "inferred", "set"};

static void
trait_begin(Sheet *page, const char *name)
{
	put(page, "<div class=\"trait\"><dt>");
	put_words(page, name);
	put(page, "</dt><dd><p class=\"name\">");
}

static void
trait_end(Sheet *page, const Traits *traits, Trait trait)
{
	put(page, "</p><p class=\"note\">");
	put_sentence(page, trait_source_wording(source_names[traits->sources[trait]]));
	if (traits->evidence[trait] != NULL)
	{
		put(page, ": ");
		put_text(page, traits->evidence[trait], TEXT_SHOWN);
	}
	put(page, "</p></dd></div>\n");
}

/* A list of texts as an array of JSON; other elements are not subjects. */
static int
put_set_subjects(Sheet *page, const Jsonb *subjects)
{
	JsonbIterator *it = JsonbIteratorInit(unconstify(JsonbContainer *, &subjects->root));
	JsonbIteratorToken token;
	JsonbValue value;
	int n = 0;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM || value.type != jbvString)
			continue;
		if (n++ > 0)
			put(page, ", ");
		put_text(page, pnstrdup(value.val.string.val, value.val.string.len), NAME_SHOWN);
	}
	return n;
}

static void
put_subjects(Sheet *page, const Traits *traits)
{
	int n = 0;

	if (traits->expertise_set != NULL)
		n = put_set_subjects(page, traits->expertise_set);
	else
	{
		for (; n < traits->nexpertise; n++)
		{
			if (n > 0)
				put(page, ", ");
			put_text(page, traits->expertise[n], NAME_SHOWN);
		}
	}
	if (n == 0)
		put(page, "None");
}

void
section_traits(Sheet *page, const ReportRequest *request)
{
	Traits traits;

	traits_read(request->tenant_id, request->user_id, request->at, &traits);
	section_begin(page, "traits", "Traits", "How answers are fitted to you, and why.");
	put(page, "<dl class=\"traits\">\n");
	trait_begin(page, "Skill");
	put_words(page, skill_wording(skill_level_names[traits.skill_level]));
	trait_end(page, &traits, TRAIT_SKILL_LEVEL);
	trait_begin(page, "Subjects");
	put_subjects(page, &traits);
	trait_end(page, &traits, TRAIT_DOMAIN_EXPERTISE);
	trait_begin(page, "Style");
	put_words(page, style_wording(communication_style_names[traits.communication_style]));
	trait_end(page, &traits, TRAIT_COMMUNICATION_STYLE);
	put(page, "</dl>\n");
	section_end(page);
}
