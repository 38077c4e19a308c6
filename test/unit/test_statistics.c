/*
 * test_statistics.c
 *		What an ask changes, and what a ranking reads of it.
 */
#include "core/ranking/statistics.h"

#include <math.h>

#include "core/ranking/trend.h"

#include "unit.h"

#define MINUTE (INT64_C(60) * 1000000)
#define DAY (INT64_C(86400) * 1000000)
#define NOW (INT64_C(9500) * DAY)

/*
 * A store of queries, terms and users with one-letter names.
 */
static struct
{
	Statistics statistics;
	TenantStatistics tenant;
	QueryStatistics queries[128];
	bool has_query[128];
	QueryContent contents[128];
	const char *terms_of[128][3];
	Links links[128][128]; /* by query and kind */
	bool has_links[128][128];
	TermStatistics terms[128]; /* by the first letter */
	bool has_term[128];
	Asked history[128][64]; /* by user */
	int n[128];
	int changed_links;
} store;

static QueryKey
key(char name)
{
	return (QueryKey){0, (uint64_t) name};
}

static QueryStatistics *
find_query(Statistics *statistics, const QueryKey *id, bool change)
{
	change = change && !statistics->only_read;
	if (change && !store.has_query[id->low])
	{
		query_statistics_init(&store.queries[id->low], id);
		store.has_query[id->low] = true;
		store.queries[id->low].terms = store.terms_of[id->low];
		for (int i = 0; i < 3 && store.terms_of[id->low][i] != NULL; i++)
			store.queries[id->low].nterms++;
	}
	return store.has_query[id->low] ? &store.queries[id->low] : NULL;
}

static Links *
find_links(Statistics *statistics, const QueryKey *id, LinkKind kind, bool change)
{
	change = change && !statistics->only_read;
	store.changed_links += change;
	if (change && !store.has_links[id->low][kind])
	{
		links_init(&store.links[id->low][kind]);
		store.has_links[id->low][kind] = true;
	}
	return store.has_links[id->low][kind] ? &store.links[id->low][kind] : NULL;
}

static TermStatistics *
find_term(Statistics *statistics, const char *term, bool change)
{
	int letter = term[0];

	change = change && !statistics->only_read;
	if (change && !store.has_term[letter])
	{
		term_statistics_init(&store.terms[letter]);
		store.has_term[letter] = true;
	}
	return store.has_term[letter] ? &store.terms[letter] : NULL;
}

static const QueryContent *
find_content(Statistics *statistics, const QueryKey *id)
{
	(void) statistics;
	return store.has_query[id->low] ? &store.contents[id->low] : NULL;
}

static void
store_init(void)
{
	memset(&store, 0, sizeof(store));
	store.statistics =
		(Statistics){find_query, find_links, find_term, find_content, &store.tenant, false};
	tenant_statistics_init(&store.tenant);
}

static Ask
next_ask(int user, char name, int64_t at, double weight)
{
	Ask ask = {key(name), at, (uint32_t) user, true, weight, store.history[user], store.n[user]};

	for (int i = 0; i < store.n[user]; i++)
		ask.first = ask.first && !same_query(&store.history[user][i].id, &ask.id);
	return ask;
}

/* An ask, as it is counted; what it says to change must be what it changes. */
static void
count(int user, char name, int64_t at, double weight)
{
	Ask ask = next_ask(user, name, at, weight);
	LinksNeeded needed[COUNT_LINKS];
	int n = count_links(&ask, needed);
	double before[COUNT_LINKS];

	for (int i = 0; i < n; i++)
		before[i] = store.links[needed[i].id.low][needed[i].kind].total;
	store.changed_links = 0;
	statistics_count(&store.statistics, &ask);
	for (int i = 0; i < n; i++)
	{
		if (needed[i].kind != LINK_USERS || !same_query(&needed[i].id, &ask.id))
			CHECK(store.links[needed[i].id.low][needed[i].kind].total == before[i] + weight);
	}
	CHECK(n <= COUNT_LINKS && store.changed_links == n);
	store.history[user][store.n[user]++] = (Asked){ask.id, at, weight};
}

static double
linked(char from, LinkKind kind, char to)
{
	return store.has_links[(int) from][kind]
			   ? links_weight(&store.links[(int) from][kind], &(QueryKey){0, (uint64_t) to})
			   : 0.0;
}

static void
test_queries(void)
{
	store_init();
	count(1, 'A', NOW, 1.0);
	CHECK(store.queries['A'].ask_count == 1.0 && store.queries['A'].user_count == 1);
	CHECK(store.queries['A'].last_user == 1 && store.queries['A'].other_asked == NEVER_ASKED);
	count(1, 'A', NOW + MINUTE, 1.0);
	CHECK(store.queries['A'].ask_count == 2.0 && store.queries['A'].user_count == 1);
	CHECK(store.queries['A'].other_asked == NEVER_ASKED);
	count(2, 'A', NOW + 2 * MINUTE, 1.0);
	CHECK(store.queries['A'].user_count == 2 && store.queries['A'].last_user == 2);
	CHECK(store.queries['A'].other_asked == NOW + MINUTE);
	count(2, 'A', NOW + 3 * MINUTE, 1.0);
	CHECK(store.queries['A'].other_asked == NOW + MINUTE);
	CHECK(store.queries['A'].last_asked == NOW + 3 * MINUTE);
	CHECK(store.tenant.users == 2 && store.tenant.asks == 4 && store.tenant.since == NOW);
	CHECK(links_weight(&store.tenant.popular, &(QueryKey){0, 'A'}) == 4.0);
	CHECK(store.tenant.popular.total == 4.0);
	CHECK(store.tenant.trending.weights[0] == store.queries['A'].fast);
	CHECK(store.tenant.usual.weights[0] == store.queries['A'].slow);
	CHECK(fabs(trend_count(store.queries['A'].slow, NOW, TREND_SLOW) - 4.0) < 0.01);
	/* Late: the first ask of the tenant was earlier, the latest is not. */
	count(3, 'A', NOW - DAY, 1.0);
	CHECK(store.tenant.since == NOW - DAY && store.queries['A'].last_asked == NOW + 3 * MINUTE);
}

static void
test_links(void)
{
	store_init();
	count(1, 'A', NOW, 1.0);
	count(1, 'B', NOW + 1, 1.0);
	count(1, 'B', NOW + 2, 1.0);
	count(1, 'C', NOW + 3, 1.0);
	/* Once more the same follows nothing, and stands between nothing. */
	CHECK(linked('A', LINK_NEXT, 'B') == 1.0 && linked('B', LINK_NEXT, 'B') == 0.0);
	CHECK(linked('B', LINK_NEXT, 'C') == 1.0 && linked('A', LINK_NEXT, 'C') == 0.0);
	CHECK(linked('A', LINK_AFTER_NEXT, 'C') == 1.0 && linked('B', LINK_AFTER_NEXT, 'C') == 0.0);
	CHECK(linked('C', LINK_BEFORE, 'B') == 1.0 && linked('B', LINK_BEFORE, 'A') == 1.0);
	CHECK(linked('A', LINK_USERS, 'B') == 1.0 && linked('B', LINK_USERS, 'A') == 1.0);
	CHECK(linked('A', LINK_USERS, 'C') == 1.0 && linked('C', LINK_USERS, 'B') == 1.0);
	/* What a user asked before links no users again. */
	count(1, 'A', NOW + 4, 1.0);
	CHECK(linked('A', LINK_USERS, 'C') == 1.0 && linked('C', LINK_NEXT, 'A') == 1.0);
	count(2, 'B', NOW + 5, 1.0);
	CHECK(linked('A', LINK_NEXT, 'B') == 1.0);
	/* With the latest COUSE others only. */
	store_init();
	for (char c = 'A'; c < 'A' + COUSE + 2; c++)
		count(1, c, NOW + c, 1.0);
	CHECK(linked('A' + COUSE + 1, LINK_USERS, 'B') == 1.0);
	CHECK(linked('A' + COUSE + 1, LINK_USERS, 'A') == 0.0);
}

/* What came of a suggestion is no evidence of its own, and yet the last. */
static void
test_echo(void)
{
	Situation situation;

	store_init();
	count(1, 'A', NOW, 1.0);
	count(1, 'B', NOW + 1, 0.0);
	CHECK(store.queries['B'].ask_count == 0.0 && store.queries['B'].fast == TREND_NONE);
	CHECK(store.queries['B'].user_count == 1 && store.queries['B'].last_asked == NOW + 1);
	CHECK(links_find(&store.tenant.popular, &(QueryKey){0, 'B'}) == -1);
	CHECK(store.tenant.popular.total == 1.0 && store.tenant.asks == 2);
	CHECK(linked('A', LINK_NEXT, 'B') == 0.0 && linked('A', LINK_USERS, 'B') == 0.0);
	count(1, 'C', NOW + 2, 0.5);
	CHECK(store.queries['C'].ask_count == 0.5 && linked('B', LINK_NEXT, 'C') == 0.5);
	statistics_situation(&store.statistics, 1, store.history[1], 2, NOW + 9, NULL, 0, &situation);
	CHECK(situation.follows == &store.links['B'][LINK_NEXT]);
}

static void
test_terms(void)
{
	Situation situation;
	const char *context[] = {"sales", "unknown"};

	store_init();
	store.terms_of['A'][0] = "orders";
	store.terms_of['A'][1] = "sales";
	store.terms_of['B'][0] = "sales";
	store.terms_of['C'][0] = "orders";
	store.terms_of['D'][0] = "parts";
	count(1, 'D', NOW, 1.0);
	count(1, 'C', NOW + 1, 1.0);
	count(1, 'B', NOW + 2, 1.0);
	count(1, 'B', NOW + 3, 1.0);
	count(1, 'A', NOW + 4, 1.0);
	CHECK(store.terms['o'].queries == 2 && store.terms['s'].queries == 2);
	CHECK(store.terms['s'].latest.n == 2 && store.terms['s'].latest.ids[0].low == 'A');

	statistics_situation(&store.statistics, 1, store.history[1], 5, NOW + 9, context, 2,
						 &situation);
	/* A has all of its own terms; B and C one of two that are as rare, second newest. */
	CHECK(situation.nrelated == 3 && situation.related[0].id.low == 'A');
	CHECK(fabs(situation.related[0].weight - 1.0) < 1e-12);
	CHECK(situation.related[1].id.low == 'B' && situation.related[2].id.low == 'C');
	CHECK(fabs(situation.related[1].weight - 0.5 / 1.02) < 1e-12);
	CHECK(situation.ncontext == 2 && situation.context[0].id.low == 'A');
	CHECK(situation.context[1].weight == 1.0);
}

/* Of more queries with the terms than are kept, the heaviest are, in whatever order they come. */
static void
test_many_related(void)
{
	const char *const contexts[][2] = {{"orders", "sales"}, {"sales", "orders"}};
	Situation situation;

	store_init();
	for (uint64_t id = 0; id < RELATED_MAX; id++)
	{
		links_touch(&find_term(&store.statistics, "orders", true)->latest, &(QueryKey){0, id});
		links_touch(&find_term(&store.statistics, "sales", true)->latest,
					&(QueryKey){0, RELATED_MAX + id});
	}
	store.terms['o'].queries = 1000;
	store.terms['s'].queries = RELATED_MAX;
	for (int c = 0; c < 2; c++)
	{
		statistics_situation(&store.statistics, 1, NULL, 0, NOW, contexts[c], 2, &situation);
		CHECK(situation.ncontext == RELATED_MAX);
		for (int i = 0; i < situation.ncontext; i++)
			CHECK(situation.context[i].id.low == (uint64_t) (RELATED_MAX + i));
		CHECK(situation.context[0].weight > 0.5);
	}
}

/* Of a longer history the latest requests are looked at. */
static void
test_long_history(void)
{
	Asked history[HISTORY_MAX + 10];
	Situation situation;

	store_init();
	for (int i = 0; i < HISTORY_MAX + 10; i++)
		history[i] = (Asked){key((char) ('A' + i % 20)), NOW + i * MINUTE, 1.0};
	statistics_situation(&store.statistics, 1, history, HISTORY_MAX + 10, NOW + DAY, NULL, 0,
						 &situation);
	CHECK(situation.history == history + 10 && situation.nhistory == HISTORY_MAX);
}

static void
test_situation(void)
{
	Situation situation;
	LinksNeeded needed[SITUATION_LINKS];
	Offer offers[OFFERS_MAX];

	store_init();
	statistics_situation(&store.statistics, 1, NULL, 0, NOW, NULL, 0, &situation);
	CHECK(situation_offers(&situation, offers) == 0 && situation_links(NULL, 0, needed) == 0);

	for (const char *name = "ABCABCABDAB"; *name != '\0'; name++)
		count(1, *name, NOW + store.n[1] * MINUTE, 1.0);
	CHECK(situation_links(store.history[1], 11, needed) == 3 + 4);
	statistics_situation(&store.statistics, 1, store.history[1], 11, NOW + 12 * MINUTE, NULL, 0,
						 &situation);
	CHECK(situation.follows == &store.links['B'][LINK_NEXT]);
	CHECK(situation.precedes == &store.links['B'][LINK_BEFORE]);
	CHECK(situation.follows_on == &store.links['A'][LINK_AFTER_NEXT]);
	CHECK(situation.similar[0] == &store.links['B'][LINK_USERS]);
	CHECK(situation.similar[2] == &store.links['D'][LINK_USERS]);
	CHECK(situation.similar[4] == NULL);
	for (int i = 0; i < 7; i++)
		CHECK(store.has_links[needed[i].id.low][needed[i].kind]);
	/* An unknown user of the tenant: what is popular. */
	statistics_situation(&store.statistics, 1, NULL, 0, NOW, NULL, 0, &situation);
	CHECK(situation_offers(&situation, offers) == 4);
}

/* What is suggested before an ask; returns how many. */
static int
suggest(const Ask *ask, Situation *situation, Offer *offers)
{
	int n;

	statistics_situation(&store.statistics, ask->user, ask->history, ask->nhistory, ask->at, NULL,
						 0, situation);
	n = statistics_offers(&store.statistics, situation, offers);
	statistics_describe(&store.statistics, situation, offers, n);
	return n;
}

static void
test_learn(void)
{
	Situation situation;
	Ranking before = store.tenant.ranking;
	Ask ask;
	Offer offers[OFFERS_MAX];
	int n;

	store_init();
	/* One goes from A to B always, and each time to another after that. */
	for (int i = 0; i < 60; i++)
	{
		char name = (char) (i % 3 == 0 ? 'A' : i % 3 == 1 ? 'B' : 'C' + i % 20);

		ask = next_ask(1, name, NOW + i * MINUTE, 1.0);
		n = suggest(&ask, &situation, offers);
		CHECK(statistics_learn(&store.statistics, &situation, offers, n, &ask, 0.1));
		count(1, name, NOW + i * MINUTE, 1.0);
		if (i == 20)
			before = store.tenant.ranking;
	}
	CHECK(ranking_valid(&store.tenant.ranking) && store.tenant.ranking.asked == 60.0);
	CHECK(store.tenant.ranking.weights[FEATURE_FOLLOWS] > before.weights[FEATURE_FOLLOWS]);
	/* After A again: B. */
	count(1, 'A', NOW + 60 * MINUTE, 1.0);
	ask = next_ask(1, 'A', NOW + 61 * MINUTE, 1.0);
	n = suggest(&ask, &situation, offers);
	CHECK(n > 5 && offers[0].id.low == 'B');
	/* A repeat of the last teaches nothing. */
	CHECK(!statistics_learn(&store.statistics, &situation, offers, n, &ask, 0.1));
	CHECK(store.tenant.ranking.asked == 60.0);
}

static bool
is_feature(const Offer *offers, int n, char name, Feature feature, double value)
{
	int place = find_offer(offers, n, &(QueryKey){0, (uint64_t) name});

	if (place >= 0 && fabs(offers[place].features[feature] - value) < 1e-9)
		return true;
	printf("%s of %c is %g\n", feature_names[feature], name,
		   place < 0 ? NAN : offers[place].features[feature]);
	return false;
}

/* What a query's row tells: asks, users, times. */
static void
test_describe(void)
{
	Situation situation;
	Offer offers[OFFERS_MAX];
	Ask ask;
	int n;

	store_init();
	count(1, 'A', NOW, 1.0);
	count(2, 'B', NOW, 1.0);
	count(3, 'B', NOW + 12 * 60 * MINUTE, 1.0);
	count(1, 'C', NOW + DAY, 1.0);
	ask = next_ask(1, 'D', NOW + DAY + 60 * MINUTE, 1.0);
	n = suggest(&ask, &situation, offers);
	CHECK(is_feature(offers, n, 'B', FEATURE_POPULARITY, log1p(50.0 * 2.0 / 5.0)));
	CHECK(is_feature(offers, n, 'B', FEATURE_USERS, log(3.0)));
	CHECK(is_feature(offers, n, 'B', FEATURE_QUIET, log(14.0)));
	CHECK(is_feature(offers, n, 'B', FEATURE_OTHERS_LATELY, exp(-13.0 / 24.0)));
	CHECK(is_feature(offers, n, 'A', FEATURE_OTHERS_LATELY, 0.0));
	CHECK(is_feature(offers, n, 'A', FEATURE_USERS, log(2.0)));
}

/* What was asked since the last count counts in memory, once. */
static void
test_catch_up(void)
{
	Asked history[] = {{key('A'), NOW, 1.0},
					   {key('B'), NOW + MINUTE, 1.0},
					   {key('A'), NOW + 2 * MINUTE, 0.5},
					   {key('A'), NOW + 3 * MINUTE, 1.0}};
	QueryStatistics query;

	query_statistics_init(&query, &history[0].id);
	statistics_catch_up(&query, 7, history, 2);
	CHECK(query.ask_count == 1.0 && query.user_count == 1 && query.last_asked == NOW);
	statistics_catch_up(&query, 7, history, 4);
	CHECK(query.ask_count == 2.5 && query.user_count == 1 && query.last_user == 7);
	CHECK(query.last_asked == NOW + 3 * MINUTE);
	CHECK(fabs(trend_count(query.fast, NOW + 3 * MINUTE, TREND_FAST) - 2.5) < 0.01);
	statistics_catch_up(&query, 7, history, 4);
	CHECK(query.ask_count == 2.5);
	/* One without a weight has been asked all the same. */
	history[0] = (Asked){key('A'), NOW + 4 * MINUTE, 0.0};
	statistics_catch_up(&query, 7, history, 1);
	CHECK(query.ask_count == 2.5 && query.last_asked == NOW + 4 * MINUTE);
}

/* A user's requests that wait to be counted count where the rows have been read, and nowhere else. */
static void
test_count_latest(void)
{
	const QueryKey latest[] = {key('C'), key('B'), key('A')};
	Asked *history = store.history[1];

	store_init();
	store.terms_of['A'][0] = "alpha";
	store.terms_of['B'][0] = "alpha";
	count(1, 'A', NOW, 1.0);
	count(1, 'B', NOW + MINUTE, 1.0);
	count(2, 'C', NOW + MINUTE, 1.0);
	CHECK(statistics_uncounted(&store.statistics, history, 2, latest + 1, 2) == 0);

	/* C is known of another user, from before; of B the latest request is not counted. */
	history[2] = (Asked){key('C'), NOW + 2 * MINUTE, 1.0};
	history[3] = (Asked){key('B'), NOW + 3 * MINUTE, 1.0};
	CHECK(statistics_uncounted(&store.statistics, history, 4, latest, 3) == 2);
	CHECK(statistics_uncounted(&store.statistics, history, 4, latest, 2) == 2);
	CHECK(statistics_uncounted(&store.statistics, history, 4, latest + 1, 1) == 1);
	statistics_count_latest(&store.statistics, 1, history, 4, 2);
	CHECK(linked('B', LINK_NEXT, 'A') == 0.0 && linked('A', LINK_NEXT, 'B') == 1.0);
	CHECK(!store.has_links['B'][LINK_NEXT] && !store.has_links['C'][LINK_NEXT]);
	CHECK(linked('B', LINK_USERS, 'C') == 1.0 && !store.has_links['C'][LINK_USERS]);
	CHECK(store.queries['B'].ask_count == 2.0 && store.queries['C'].user_count == 2);
	CHECK(store.terms['a'].queries == 2 && store.tenant.asks == 5);
	CHECK(!store.statistics.only_read);
	CHECK(statistics_uncounted(&store.statistics, history, 4, latest, 3) == 0);
}

int
main(void)
{
	test_queries();
	test_links();
	test_echo();
	test_terms();
	test_many_related();
	test_long_history();
	test_situation();
	test_learn();
	test_describe();
	test_catch_up();
	test_count_latest();
	return unit_result("test_statistics");
}
