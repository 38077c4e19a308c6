/*
 * organisation.h
 *		The sections of a tenant's page.  The caller is in SPI; all is read in
 *		the snapshot of the calling query.
 *
 *		Nothing is shown about fewer people than the tenant's setting
 *		insight_minimum_users.
 */
#ifndef PERSONALIZATION_REPORT_ORGANISATION_H
#define PERSONALIZATION_REPORT_ORGANISATION_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "report/charts.h"
#include "report/put.h"
#include "tenancy/settings.h"

/* Reads the document of tenant_insights(). */
extern Jsonb *insights_read(const char *tenant_id, TimestampTz since);

/*
 * Reads a number of the document; returns false if it is left out because it
 * concerns too few people.
 */
extern bool insights_number(const Jsonb *insights, const char *name, int64 *number);

/* Puts the sections of tables, queries, charts and exports, hours, and skill. */
extern void section_insights(Sheet *page, const Jsonb *insights);

/* What became of suggestions, from suggestion_report(). */
typedef struct ShownSuggestions
{
	const char *value; /* a type or a place */
	DateADT day;	   /* or a day */
	int64 users;
	int64 shown;
	int64 taken; /* accepted, or asked anyway */
	int64 dismissed;
	double rate; /* of those taken, and its interval */
	double low;
	double high;
	double median; /* seconds until they were taken; less than 0 if none was */
} ShownSuggestions;

typedef struct SuggestionFigures
{
	ShownSuggestions all; /* shown is 0 if the figures are left out */
	int ntypes;
	int nplaces;
	int ndays;
	ShownSuggestions *types;
	ShownSuggestions *places;
	ShownSuggestions *days; /* in order */
} SuggestionFigures;

extern void suggestion_figures_read(const char *tenant_id, TimestampTz since, int minimum_users,
									SuggestionFigures *figures);
extern void section_suggestion_figures(Sheet *page, const SuggestionFigures *figures);

/* Puts the section of the holdout; nothing if no users are held out. */
extern void section_holdout(Sheet *page, const char *tenant_id, TimestampTz since,
							const TenantSettings *settings);

#endif
