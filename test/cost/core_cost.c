/*
 * core_cost.c
 *		Does one thing of the core N times, for test/t/006_cost.pl to count its
 *		instructions.
 *
 * usage: core_cost observe|read|query|suggest N
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/profile/decay.h"
#include "core/profile/evidence.h"
#include "core/question.h"
#include "core/ranking/situation.h"
#include "core/sql/features.h"
#include "core/sql/scan.h"
#include "core/sql/text.h"
#include "core/ranking/terms.h"

#define MINUTE (INT64_C(60) * 1000000)
#define DAY (INT64_C(86400) * 1000000)
#define NOW (INT64_C(9500) * DAY)
#define ASKS 64

static double sum; /* so that nothing is optimized away */

/* What learn() does for a key: one of five values is observed, by the hour. */
static void
observe(int n)
{
	const LearningRule rule = {0.1, 0.95, 0.3, 90 * DAY, VALUE_STRONGEST};
	Evidence evidence = {0};

	for (int i = 0; i < n; i++)
		(void) evidence_observe(&evidence, &rule, i * i % 5, 0.7, NOW + i * 60 * MINUTE);
	sum += evidence_total(&evidence);
}

/* What every reading does for a key. */
static void
read(int n)
{
	for (int i = 0; i < n; i++)
		sum += decayed_confidence(0.8, NOW, NOW + i % 60 * DAY, 0.95);
}

static void
found_item(SqlList list, const char *item, size_t len, void *arg)
{
	sum += (double) len + list;
}

static void
found_table(const char *schema, size_t schema_len, const char *name, size_t len, void *arg)
{
	sum += (double) len;
}

/* What learn() and route() read out of a query. */
static void
query(int n)
{
	static const char sql[] =
		"SELECT c.region, date_trunc('month', o.placed_at) AS month, count(*), sum(o.amount)\n"
		"FROM sales.orders o JOIN customers AS c ON c.id = o.customer_id\n"
		"WHERE o.status IN ('paid', 'shipped') AND o.amount > 100 -- the small ones are noise\n"
		"GROUP BY c.region, 2 HAVING count(*) > 5 ORDER BY 4 DESC LIMIT 20";
	static const char question[] = "How much revenue did we make per region, last month?";
	char form[2 * sizeof(sql) + 1];
	Term words[WORDS_MAX];

	for (int i = 0; i < n; i++)
	{
		sql_scan(sql, sizeof(sql) - 1, found_item, NULL);
		sum += sql_features(sql, sizeof(sql) - 1, found_table, NULL);
		sum += (double) sql_normalize(sql, sizeof(sql) - 1, form);
		sum += (double) question_normalize(question, sizeof(question) - 1, form);
		sum += extract_words(question, sizeof(question) - 1, words);
	}
}

/* What get_suggestions() computes for a user with a history, from the lists of the tenant. */
static void
suggest(int n)
{
	static Asked history[ASKS];
	static Offer offers[OFFERS_MAX];
	static Links follows, popular;
	Situation situation = {0};
	Ranking ranking;
	Weights weights;

	links_init(&follows);
	links_init(&popular);
	for (int i = 0; i < ASKS; i++)
	{
		history[i] = (Asked){{0, (uint64_t) (i * i % 23)}, NOW - (ASKS - i) * 30 * MINUTE, 1.0};
		links_add(&follows, &(QueryKey){0, (uint64_t) (i % 17)}, 1.0 + i % 3);
		links_add(&popular, &(QueryKey){0, (uint64_t) (i % 31)}, 1.0 + i % 5);
	}
	situation.history = history;
	situation.nhistory = ASKS;
	situation.at = NOW;
	situation.since = NOW - 100 * DAY;
	situation.follows = &follows;
	situation.popular = &popular;
	ranking_init(&ranking);
	for (int i = 0; i < n; i++)
	{
		int noffers = situation_offers(&situation, offers);

		ranking_weights(&ranking, situation_moment(&situation), &weights);
		ranking_order(&weights, offers, noffers, noffers);
		sum += offers[0].features[0] + noffers;
	}
}

int
main(int argc, char **argv)
{
	int n = argc == 3 ? atoi(argv[2]) : 0;

	if (n <= 0)
		return 2;
	if (strcmp(argv[1], "observe") == 0)
		observe(n);
	else if (strcmp(argv[1], "read") == 0)
		read(n);
	else if (strcmp(argv[1], "query") == 0)
		query(n);
	else if (strcmp(argv[1], "suggest") == 0)
		suggest(n);
	else
		return 2;
	printf("%g\n", sum);
	return 0;
}
