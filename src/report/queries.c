/*
 * queries.c
 *		A page's section of queries: those with a rhythm, and the others.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "base/statement.h"
#include "queries/rhythm.h"
#include "report/page.h"
#include "report/sections.h"

/* Queries shown at most: with a rhythm, and without. */
#define RECURRING_SHOWN 15
#define OTHERS_SHOWN 12

/* The latest queries, of which those asked most are shown. */
#define QUERIES_REACH 500

static Statement select_queries =
	STATEMENT("SELECT query_id, left(query, 300), ask_count, last_asked, count(*) OVER ()"
			  " FROM personalization.user_queries"
			  " WHERE tenant_id = $1 AND user_id = $2 AND first_asked <= $3"
			  " ORDER BY last_asked DESC, query_id LIMIT $4",
			  "text text timestamptz int8");

enum
{
	QUERY_ID = 1,
	QUERY_TEXT,
	QUERY_ASKS,
	QUERY_LAST_ASKED,
	QUERY_OF_ALL
};

typedef struct ShownQuery
{
	pg_uuid_t id;
	const char *text;
	int64 asks;
	TimestampTz last_asked;			 /* DT_NOBEGIN if it is not known */
	const RecurringQuery *recurring; /* NULL without a rhythm */
} ShownQuery;

/* What is due first, then what was asked most, and last. */
static int
compare_shown(const void *a, const void *b)
{
	const ShownQuery *x = a;
	const ShownQuery *y = b;

	if ((x->recurring != NULL) != (y->recurring != NULL))
		return x->recurring != NULL ? -1 : 1;
	if (x->recurring != NULL && x->recurring->next_due != y->recurring->next_due)
		return x->recurring->next_due < y->recurring->next_due ? -1 : 1;
	if (x->asks != y->asks)
		return x->asks > y->asks ? -1 : 1;
	if (x->last_asked != y->last_asked)
		return x->last_asked > y->last_asked ? -1 : 1;
	return memcmp(x->id.data, y->id.data, UUID_LEN);
}

/* Adds a query with a rhythm, or marks the one that is there. */
static int
add_recurring(ShownQuery *queries, int n, const RecurringQuery *recurring)
{
	for (int i = 0; i < n; i++)
	{
		if (memcmp(queries[i].id.data, recurring->query_id.data, UUID_LEN) == 0)
		{
			queries[i].recurring = recurring;
			return n;
		}
	}
	queries[n] = (ShownQuery){.id = recurring->query_id,
							  .text = recurring->query,
							  .asks = recurring->ask_count,
							  .last_asked = DT_NOBEGIN,
							  .recurring = recurring};
	return n + 1;
}

/* Reads the queries in the order in which they are shown; *all is the number of all. */
static int
read_queries(const ReportRequest *request, ShownQuery **queries, int64 *all)
{
	Datum values[] = {CStringGetTextDatum(request->tenant_id),
					  CStringGetTextDatum(request->user_id), TimestampTzGetDatum(request->until),
					  Int64GetDatum(QUERIES_REACH)};
	RecurringQuery *recurring;
	int nrecurring = queries_recurring(request->tenant_id, request->user_id, request->at,
									   request->settings.time_zone, &recurring);
	int n = (int) statement_execute(&select_queries, values, NULL, SNAPSHOT_CALLER);

	*queries = palloc0((n + nrecurring + 1) * sizeof(ShownQuery));
	*all = 0;
	for (int row = 0; row < n; row++)
	{
		ShownQuery *query = &(*queries)[row];

		query->id = *DatumGetUUIDP(result_value(row, QUERY_ID, NULL));
		query->text = result_text(row, QUERY_TEXT);
		query->asks = DatumGetInt64(result_value(row, QUERY_ASKS, NULL));
		query->last_asked = DatumGetTimestampTz(result_value(row, QUERY_LAST_ASKED, NULL));
		*all = DatumGetInt64(result_value(row, QUERY_OF_ALL, NULL));
	}
	for (int i = 0; i < nrecurring; i++)
		n = add_recurring(*queries, n, &recurring[i]);
	qsort(*queries, n, sizeof(ShownQuery), compare_shown);
	return n;
}

static void
put_rhythm(Sheet *page, const RecurringQuery *recurring)
{
	char words[CADENCE_WORDS];

	put(page, "<td role=\"cell\" data-label=\"Rhythm\">");
	if (recurring != NULL)
	{
		cadence_words(&recurring->cadence, words);
		put_words(page, words);
	}
	put(page, "</td><td role=\"cell\" data-label=\"Next due\">");
	if (recurring != NULL)
	{
		put(page, "<strong>");
		put_day(page, recurring->next_due);
		put(page, "</strong> <span class=\"note\">");
		put_words(page, distance_words(page, recurring->next_due));
		put(page, "</span>");
	}
	put(page, "</td>");
}

static void
put_query(Sheet *page, const ShownQuery *query, TimestampTz at)
{
	put(page, "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">");
	put_text(page, query->text, TEXT_SHOWN);
	put(page, "</th><td role=\"cell\" data-label=\"Asked\" class=\"n\">");
	put_int(page, query->asks);
	put(page, "&#215;</td><td role=\"cell\" data-label=\"Last\">");
	if (!TIMESTAMP_NOT_FINITE(query->last_asked) && query->last_asked <= at)
		put_day(page, local_date(&page->zone, query->last_asked));
	put(page, "</td>");
	put_rhythm(page, query->recurring);
	put(page, "</tr>\n");
}

void
section_queries(Sheet *page, const ReportRequest *request)
{
	ShownQuery *queries;
	int64 all;
	int n = read_queries(request, &queries, &all);
	int shown[2] = {0, 0};

	section_begin(page, "queries", "Queries",
				  "With the rhythm in which they recur, if they have one; what is due next comes "
				  "first.");
	if (n == 0)
	{
		put_nothing(page, "Nothing has been asked.");
		section_end(page);
		return;
	}
	put(page,
		"<table class=\"cards\" role=\"table\" aria-labelledby=\"queries\">\n<thead><tr role=\"row\">"
		"<th scope=\"col\" role=\"columnheader\">Query</th>"
		"<th scope=\"col\" role=\"columnheader\" class=\"n\">Asked</th>"
		"<th scope=\"col\" role=\"columnheader\">Last</th>"
		"<th scope=\"col\" role=\"columnheader\">Rhythm</th>"
		"<th scope=\"col\" role=\"columnheader\">Next due</th></tr></thead>\n<tbody>\n");
	for (int i = 0; i < n; i++)
	{
		bool recurs = queries[i].recurring != NULL;

		if (shown[recurs] < (recurs ? RECURRING_SHOWN : OTHERS_SHOWN))
		{
			put_query(page, &queries[i], request->until);
			shown[recurs]++;
		}
	}
	put(page, "</tbody>\n</table>\n");
	if (all > shown[0] + shown[1])
	{
		put(page, "<p class=\"nothing\">And ");
		put_int(page, all - shown[0] - shown[1]);
		put(page, " more that were asked less often.</p>\n");
	}
	section_end(page);
}
