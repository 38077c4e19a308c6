/*
 * preferences.c
 *		A page's sections of preferences: those of the profile, by category, and
 *		those that are not, or no longer, part of it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/extension.h"
#include "base/rows.h"
#include "base/statement.h"
#include "core/profile/decay.h"
#include "core/wording.h"
#include "preferences/origins.h"
#include "report/page.h"
#include "report/sections.h"

/* Maximum number of preferences shown: live ones of a category, others, and rivals of each. */
#define LIVE_SHOWN 20
#define OTHERS_SHOWN 12
#define RIVALS_SHOWN 3

/* A rival below this confidence is not shown. */
#define RIVAL_LEAST 0.005

/* Limits of the number of days that curves show. */
#define CURVE_DAYS_MIN 14
#define CURVE_DAYS_MAX 120

/* The lowest confidence that may be at the top of the curves. */
#define CURVE_TOP_MIN 0.4

/* The texts of the queries asked in interactions. */
static Statement select_asked =
	STATEMENT("SELECT i.*"
			  " FROM unnest($2) AS k (id), LATERAL ("
			  "   SELECT interaction_id, left(data ->> 'query', 300)"
			  "   FROM personalization.interactions"
			  "   WHERE tenant_id = $1 AND interaction_id = k.id AND data ->> 'query' <> ''"
			  "   OFFSET 0) i",
			  "text uuid[]");

enum
{
	ASKED_ID = 1,
	ASKED_QUERY
};

typedef struct AskedText
{
	pg_uuid_t id;
	const char *query;
} AskedText;

/* All that the section needs to know. */
typedef struct Preferences
{
	Sheet *page;
	const ReportRequest *request;
	const PreferencesAsOf *known;
	Origins *origins;
	int norigins;
	AskedText *asked;
	int nasked;
	CurveScale scale; /* of all curves */
} Preferences;

void
put_preference(Sheet *page, const char *key, const Jsonb *value, bool begins_sentence)
{
	Wording wording;
	char *words = value == NULL ? NULL : value_words(value);

	preference_wording(key, words, &wording);
	if (begins_sentence && wording.before[0] != '\0')
		put_sentence(page, wording.before);
	else
		put_words(page, wording.before);
	if (wording.own != NULL && wording.is_name)
		put_name(page, wording.own, NAME_SHOWN, begins_sentence);
	else if (wording.own != NULL)
		put_text(page, wording.own, NAME_SHOWN);
	put_words(page, wording.after);
	if (wording.value_follows)
	{
		put(page, ": ");
		put_text(page, words, NAME_SHOWN);
	}
}

/* Reads what was asked in the interactions that preferences come from. */
static void
read_asked(Preferences *preferences)
{
	Column ids;
	Datum values[2];
	uint64 nrows;

	column_init(&ids, UUIDOID, Max(preferences->norigins * ORIGINS_KEPT, 1));
	for (int i = 0; i < preferences->norigins; i++)
	{
		for (int k = 0; k < preferences->origins[i].n; k++)
			column_add(&ids, UUIDPGetDatum(&preferences->origins[i].latest[k].id));
	}
	values[0] = CStringGetTextDatum(preferences->request->tenant_id);
	values[1] = column_array(&ids);
	nrows = statement_execute(&select_asked, values, NULL, SNAPSHOT_CALLER);
	preferences->asked = palloc(Max(nrows, 1) * sizeof(AskedText));
	preferences->nasked = (int) nrows;
	for (uint64 row = 0; row < nrows; row++)
	{
		preferences->asked[row].id = *DatumGetUUIDP(result_value(row, ASKED_ID, NULL));
		preferences->asked[row].query = result_text(row, ASKED_QUERY);
	}
}

static const char *
find_asked(const Preferences *preferences, const pg_uuid_t *id)
{
	for (int i = 0; i < preferences->nasked; i++)
	{
		if (memcmp(preferences->asked[i].id.data, id->data, UUID_LEN) == 0)
			return preferences->asked[i].query;
	}
	return NULL;
}

/* All curves have the same scale: until the last preference has left, up to the strongest. */
static void
find_scale(Preferences *preferences)
{
	const LearningRule *rule = &preferences->request->settings.learning;
	int days = CURVE_DAYS_MIN;
	double top = Max(CURVE_TOP_MIN, rule->floor);

	for (int i = 0; i < preferences->known->nlive; i++)
	{
		const Preference *preference = &preferences->known->items[i];
		DateADT day;

		if (!preference->is_set)
			top = Max(top, preference->confidence);
		if (leaving_day(preferences->page, preference, rule, &day) &&
			day - preferences->page->today < CURVE_DAYS_MAX)
			days = Max(days, (day - preferences->page->today) * 11 / 10 + 1);
	}
	preferences->scale = (CurveScale){.days = Min(days, CURVE_DAYS_MAX), .top = top};
}

static void
put_rivals(Preferences *preferences, const Preference *preference)
{
	Sheet *page = preferences->page;
	const LearningRule *rule = &preferences->request->settings.learning;

	for (int i = 1; i < Min(preference->evidence.ncandidates, RIVALS_SHOWN + 1); i++)
	{
		const Candidate *rival = &preference->evidence.candidates[i];
		double confidence = decayed_confidence(rival->confidence, preference->evidence.last_updated,
											   page->at, preference->is_set ? 1.0 : rule->decay);

		if (confidence < RIVAL_LEAST)
			break;
		put(page, "<li class=\"rival\">");
		put_bar(page, confidence, false, -1.0);
		put(page, "<span class=\"pc\">");
		put_percent(page, confidence);
		put(page, "</span><span class=\"of\">");
		put_preference(page, preference->key, preference->values[rival->value], false);
		put(page, "</span></li>\n");
	}
}

static void
put_strength(Preferences *preferences, const Preference *preference)
{
	Sheet *page = preferences->page;

	put(page, "<ul class=\"strength\"><li>");
	put_bar(page, preference->confidence, true, preferences->request->settings.learning.floor);
	put(page, "<span class=\"pc\">");
	put_percent(page, preference->confidence);
	put(page, "</span></li>\n");
	put_rivals(preferences, preference);
	put(page, "</ul>\n");
}

/* When it leaves the profile. */
static void
put_leaving(Preferences *preferences, const Preference *preference)
{
	Sheet *page = preferences->page;
	DateADT day;

	put(page, "<figcaption>");
	if (preference->is_set)
		put(page, "stays as set");
	else if (!leaving_day(page, preference, &preferences->request->settings.learning, &day))
		put(page, "stays");
	else
	{
		put(page, "leaves ");
		put_day(page, day);
	}
	put(page, "</figcaption>");
}

static void
put_origin(Preferences *preferences, const Preference *preference, const Origin *origin)
{
	Sheet *page = preferences->page;
	const char *asked = find_asked(preferences, &origin->id);

	put(page, "<li>");
	put_time(page, origin->at);
	put(page, "<span>");
	put_words(page, interaction_wording(interaction_type_names[origin->type]));
	if (asked != NULL)
	{
		put(page, " <q>");
		put_text(page, asked, TEXT_SHOWN);
		put(page, "</q>");
	}
	else if (origin->value != NULL)
	{
		put(page, ": ");
		put_preference(page, preference->key, origin->value, false);
	}
	put(page, "</span><span class=\"pc\">");
	put_change(page, origin->effect * 100.0, 1);
	put(page, "</span></li>\n");
}

/* The latest interactions that made it; of one that was set, those that it hides. */
static void
put_origins(Preferences *preferences, const Preference *preference)
{
	Sheet *page = preferences->page;
	const Origins *origins = origins_find(preferences->origins, preferences->norigins,
										  preference->category, preference->key);

	if (origins == NULL || origins->n == 0)
		return;
	if (preference->is_set)
		put(page, "<details><summary>What is learned underneath</summary>\n");
	else
		put(page, "<details><summary>What made it</summary>\n");
	put(page, "<ol class=\"origins\">\n");
	for (int i = 0; i < origins->n; i++)
		put_origin(preferences, preference, &origins->latest[i]);
	put(page, "</ol>\n<p class=\"note\">The latest first; the numbers are points of confidence"
			  " that each added or took away.</p></details>\n");
}

/* How often it was seen, and when last; or that it was set: what was seen may be other values. */
static void
put_seen(Preferences *preferences, const Preference *preference)
{
	Sheet *page = preferences->page;

	put(page, "<p class=\"note\">");
	if (preference->is_set)
		put(page, "<span class=\"tag\">set by you</span>");
	else
	{
		put(page, "seen ");
		put_count(page, preference->evidence.count, "time", "times");
		put(page, ", last ");
		put_day(page, local_date(&page->zone, preference->evidence.last_updated));
	}
	put(page, "</p>");
}

static void
put_live(Preferences *preferences, const Preference *preference)
{
	Sheet *page = preferences->page;

	put(page, "<li class=\"pref\">\n<div class=\"what\"><p class=\"name\">");
	put_preference(page, preference->key, preference_value(preference), true);
	put(page, "</p>");
	put_seen(preferences, preference);
	put_origins(preferences, preference);
	put(page, "</div>\n");
	put_strength(preferences, preference);
	put(page, "<figure class=\"fading\">");
	put_fading(page, preference, &preferences->request->settings.learning, &preferences->scale);
	put_leaving(preferences, preference);
	put(page, "</figure>\n</li>\n");
}

static void
put_more(Sheet *page, int more)
{
	if (more <= 0)
		return;
	put(page, "<p class=\"nothing\">And ");
	put_int(page, more);
	put(page, " more that are weaker.</p>\n");
}

static void
put_category(Preferences *preferences, PreferenceCategory category)
{
	Sheet *page = preferences->page;
	int n = 0;

	for (int i = 0; i < preferences->known->nlive; i++)
	{
		const Preference *preference = &preferences->known->items[i];

		if (preference->category != category)
			continue;
		if (n == 0)
		{
			put(page, "<h3>");
			put_words(page, category_wording(category_names[category]));
			put(page, "</h3>\n<ul class=\"prefs\">\n");
		}
		if (n < LIVE_SHOWN)
			put_live(preferences, preference);
		n++;
	}
	if (n > 0)
		put(page, "</ul>\n");
	put_more(page, n - LIVE_SHOWN);
}

/* Those that are not part of the profile. */
static void
put_others(Preferences *preferences)
{
	Sheet *page = preferences->page;
	const PreferencesAsOf *known = preferences->known;

	if (known->n == known->nlive)
		return;
	section_begin(page, "emerging", "In the making",
				  "Seen too seldom or too long ago to count; with further observations they do.");
	put(page, "<ul class=\"others\">\n");
	for (int i = known->nlive; i < Min(known->n, known->nlive + OTHERS_SHOWN); i++)
	{
		const Preference *preference = &known->items[i];

		put(page, "<li><span class=\"name\">");
		put_preference(page, preference->key, preference_value(preference), true);
		put(page, "</span>");
		put_bar(page, preference->confidence, false, preferences->request->settings.learning.floor);
		put(page, "<span class=\"pc\">");
		put_percent(page, preference->confidence);
		put(page, "</span></li>\n");
	}
	put(page, "</ul>\n");
	put_more(page, known->n - known->nlive - OTHERS_SHOWN);
	section_end(page);
}

void
section_preferences(Sheet *page, const ReportRequest *request, const PreferencesAsOf *known)
{
	Preferences preferences = {.page = page, .request = request, .known = known};

	preferences.norigins =
		origins_read(request->tenant_id, request->user_id, &request->settings.learning,
					 request->until, &preferences.origins);
	read_asked(&preferences);
	find_scale(&preferences);
	section_begin(page, "preferences", "Preferences",
				  psprintf("Bars show confidence, beside what competes. Curves show the next %d "
						   "days without new observations; what falls below the line leaves the "
						   "profile.",
						   preferences.scale.days));
	if (known->nlive == 0)
		put_nothing(page, "No preference is sure enough yet to be part of the profile.");
	for (int category = 0; category < PREFERENCE_CATEGORIES; category++)
		put_category(&preferences, (PreferenceCategory) category);
	section_end(page);
	put_others(&preferences);
}
