/*
 * wording.h
 *		How the report says things: names of the extension, in words that people
 *		use.
 */
#ifndef PERSONALIZATION_CORE_WORDING_H
#define PERSONALIZATION_CORE_WORDING_H

#include <stdbool.h>

/*
 * A preference in words, in this order: before and after are ours, own is the
 * user's (NULL for none), or an administrator's.  "the table sales.orders",
 * "stacked bar charts".
 */
typedef struct Wording
{
	const char *before;
	const char *own; /* points into the key or the value */
	const char *after;
	bool is_name;		/* own is a name as in code: underscores are spaces to people */
	bool value_follows; /* the preference's value is to be said too, after a colon */
} Wording;

/* value: as text, NULL if there is none.  Any text is accepted. */
extern void preference_wording(const char *key, const char *value, Wording *wording);

/*
 * Words for names of enumerations and settings; the name itself where there
 * are none.  By the name of:
 */
extern const char *category_wording(const char *category);	  /* "Charts" */
extern const char *interaction_wording(const char *type);	  /* "looked at a chart" */
extern const char *suggestion_type_wording(const char *type); /* "your habit" */
extern const char *skill_wording(const char *level);		  /* "beginner" */
extern const char *style_wording(const char *style);		  /* "brief answers" */
extern const char *trait_source_wording(const char *source);  /* "inferred from use" */
extern const char *chart_wording(const char *chart_type);	  /* "bar charts" */
extern const char *export_wording(const char *format);		  /* "CSV files" */

/* What speaks for a suggestion, by the name of a feature: "you asked it lately". */
extern const char *feature_wording(const char *feature);

#endif
