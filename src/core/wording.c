/*
 * wording.c
 *		How the report says things.
 */
#include "core/wording.h"

#include <stddef.h>
#include <string.h>

#include "core/characters.h"

/* A name and its words. */
typedef struct Entry
{
	const char *name;
	const char *words;
} Entry;

static const Entry categories[] = {
	{"visualization", "Charts"},
	{"query", "Ways of asking"},
	{"data", "Data"},
	{"presentation", "Exports and dashboards"},
	{"notification", "Notifications"},
	{NULL, NULL},
};

static const Entry interactions[] = {
	{"query", "asked"},
	{"visualization", "looked at a chart"},
	{"export", "exported"},
	{"dashboard", "arranged a dashboard"},
	{"feedback", "gave feedback"},
	{"refinement", "corrected an answer"},
	{"exploration", "explored data"},
	{"custom", "did something else"},
	{NULL, NULL},
};

static const Entry suggestion_types[] = {
	{"frequent", "your habit"}, {"related", "related"},	  {"similar_users", "from colleagues"},
	{"trending", "trending"},	{"new_data", "new data"}, {NULL, NULL},
};

static const Entry skills[] = {
	{"beginner", "Beginner"},
	{"intermediate", "Intermediate"},
	{"advanced", "Advanced"},
	{NULL, NULL},
};

static const Entry styles[] = {
	{"brief", "Brief answers"},
	{"detailed", "Detailed answers"},
	{"technical", "Technical answers"},
	{NULL, NULL},
};

static const Entry trait_sources[] = {
	{"default", "assumed, as little is known yet"},
	{"inferred", "inferred from use"},
	{"set", "set by hand"},
	{NULL, NULL},
};

static const Entry charts[] = {
	{"area", "area charts"},
	{"bar", "bar charts"},
	{"box", "box plots"},
	{"boxplot", "box plots"},
	{"bubble", "bubble charts"},
	{"candlestick", "candlestick charts"},
	{"column", "column charts"},
	{"donut", "doughnut charts"},
	{"doughnut", "doughnut charts"},
	{"funnel", "funnel charts"},
	{"gauge", "gauges"},
	{"heat_map", "heat maps"},
	{"heatmap", "heat maps"},
	{"histogram", "histograms"},
	{"kpi", "single figures"},
	{"line", "line charts"},
	{"map", "maps"},
	{"number", "single figures"},
	{"pie", "pie charts"},
	{"radar", "radar charts"},
	{"sankey", "flow diagrams"},
	{"scatter", "scatter plots"},
	{"stacked_area", "stacked area charts"},
	{"stacked_bar", "stacked bar charts"},
	{"table", "tables"},
	{"tree_map", "tree maps"},
	{"treemap", "tree maps"},
	{"waterfall", "waterfall charts"},
	{NULL, NULL},
};

static const Entry formats[] = {
	{"csv", "CSV files"},	  {"docx", "Word documents"}, {"excel", "Excel sheets"},
	{"html", "web pages"},	  {"jpeg", "JPEG pictures"},  {"jpg", "JPEG pictures"},
	{"json", "JSON files"},	  {"ods", "spreadsheets"},	  {"parquet", "Parquet files"},
	{"pdf", "PDF documents"}, {"png", "PNG pictures"},	  {"pptx", "PowerPoint slides"},
	{"svg", "SVG drawings"},  {"tsv", "TSV files"},		  {"xls", "Excel sheets"},
	{"xlsx", "Excel sheets"}, {"xml", "XML files"},		  {NULL, NULL},
};

static const Entry aggregates[] = {
	{"avg", "averages"},   {"count", "counts"}, {"max", "maximums"}, {"mean", "averages"},
	{"median", "medians"}, {"min", "minimums"}, {"sum", "sums"},	 {NULL, NULL},
};

/* Features of the ranking; what they add may also be less than nothing. */
static const Entry features[] = {
	{"lately", "what you asked in your latest two requests or so"},
	{"long_run", "what you asked in your latest 64 or so"},
	{"fading", "how recently you asked it, by the clock"},
	{"place", "how many requests ago you asked it"},
	{"known", "that you have asked it at all"},
	{"session", "that you asked it in this session"},
	{"session_share", "how much of this session it is"},
	{"habit", "what you ask after your last query"},
	{"rhythm", "that it is due today"},
	{"follows", "what others ask after your last query"},
	{"follows_new", "the same, where it is new to you"},
	{"follows_on", "what others ask next but one"},
	{"precedes", "what others ask before your last query"},
	{"related", "words and tables shared with your last query"},
	{"shared", "rare words and tables shared with it"},
	{"words", "words shared with your last query"},
	{"alike", "that it is worded like your last query"},
	{"names", "names shared with your last query"},
	{"theme", "words of your latest five queries"},
	{"theme_new", "the same, where it is new to you"},
	{"tables", "tables shared with your last query"},
	{"source", "that your last query reads it"},
	{"reader", "that it reads your last query's table"},
	{"context", "that it fits what you are looking at"},
	{"similar", "what people with the same queries ask"},
	{"similar_new", "the same, where it is new to you"},
	{"popular", "how popular it is in the organisation"},
	{"popularity", "its share of all requests"},
	{"usual_share", "its share of what has been usual"},
	{"users", "how many people ask it"},
	{"quiet", "how long nobody has asked it"},
	{"others_lately", "that somebody else asked it lately"},
	{"trending", "that it is trending"},
	{"new_table", "that the table is new"},
	{"passed_over", "how often you passed it over"},
	{"taste", "how often you take suggestions of this kind"},
	{NULL, NULL},
};

/* A kind of key, up to a colon if it ends with one. */
typedef struct KeyWording
{
	const char *key;
	const char *before;
	const char *after;
	const Entry *known; /* words of its own for what is known, else NULL */
	bool value_follows; /* own is what follows the colon, and the value is said too */
} KeyWording;

static const KeyWording keys[] = {
	{"preferred_chart_type", "", " charts", charts, false},
	{"color_scheme", "the colour scheme ", "", NULL, false},
	{"x_axis", "charts by ", "", NULL, false},
	{"y_axis", "charts of ", "", NULL, false},
	{"aggregation:", "", "()", aggregates, false},
	{"filter:", "filtering by ", "", NULL, false},
	{"group_by:", "split by ", "", NULL, false},
	{"frequent_table:", "the table ", "", NULL, false},
	{"explored_table:", "exploring ", "", NULL, false},
	{"export_format", "", " files", formats, false},
	{"export_column:", "the column ", " in exports", NULL, false},
	{"dashboard_layout", "the dashboard layout ", "", NULL, false},
	{"widget_size:", "the size of ", "", NULL, true},
	{"refresh_interval", "refreshing every ", "", NULL, false},
};

/* Compares a text with a name, without regard to case; blanks and hyphens are underscores. */
static bool
is_named(const char *text, const char *name)
{
	for (; *text != '\0' && *name != '\0'; text++, name++)
	{
		char c = *text == ' ' || *text == '-' ? '_' : character_lower(*text);

		if (c != *name)
			return false;
	}
	return *text == *name;
}

/* Returns the words for a text, NULL if there are none. */
static const char *
find_words(const Entry *entries, const char *text)
{
	for (; entries->name != NULL; entries++)
	{
		if (is_named(text, entries->name))
			return entries->words;
	}
	return NULL;
}

static const char *
words_or_name(const Entry *entries, const char *name)
{
	const char *words = find_words(entries, name);

	return words != NULL ? words : name;
}

/* Whether a key is of a kind; *own is its part of the user's own. */
static bool
is_of_kind(const KeyWording *kind, const char *key, const char *value, const char **own)
{
	size_t len = strlen(kind->key);

	if (kind->key[len - 1] != ':')
	{
		*own = value;
		return value != NULL && value[0] != '\0' && strcmp(key, kind->key) == 0;
	}
	*own = key + len;
	return strncmp(key, kind->key, len) == 0 && key[len] != '\0';
}

void
preference_wording(const char *key, const char *value, Wording *wording)
{
	const char *own;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
	{
		const KeyWording *kind = &keys[i];
		const char *words;

		if (!is_of_kind(kind, key, value, &own))
			continue;
		*wording = (Wording){.before = kind->before, .own = own, .after = kind->after};
		wording->value_follows = kind->value_follows && value != NULL;
		words = kind->known == NULL ? NULL : find_words(kind->known, own);
		if (words != NULL)
			*wording = (Wording){.before = words, .after = ""};
		return;
	}
	*wording = (Wording){.before = "", .own = key, .after = "", .is_name = true};
	wording->value_follows = value != NULL;
}

const char *
category_wording(const char *category)
{
	return words_or_name(categories, category);
}

const char *
interaction_wording(const char *type)
{
	return words_or_name(interactions, type);
}

const char *
suggestion_type_wording(const char *type)
{
	return words_or_name(suggestion_types, type);
}

const char *
skill_wording(const char *level)
{
	return words_or_name(skills, level);
}

const char *
style_wording(const char *style)
{
	return words_or_name(styles, style);
}

const char *
trait_source_wording(const char *source)
{
	return words_or_name(trait_sources, source);
}

const char *
chart_wording(const char *chart_type)
{
	return words_or_name(charts, chart_type);
}

const char *
export_wording(const char *format)
{
	return words_or_name(formats, format);
}

const char *
feature_wording(const char *feature)
{
	return words_or_name(features, feature);
}
