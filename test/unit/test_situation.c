/*
 * test_situation.c
 *		What becomes an offer, and with which features.
 */
#include "core/ranking/situation.h"

#include <math.h>

#include "core/ranking/trend.h"

#include "unit.h"

#define MINUTE (INT64_C(60) * 1000000)
#define DAY (INT64_C(86400) * 1000000)
#define NOW (INT64_C(9500) * DAY)

static Asked history[2 * HISTORY_MAX];
static Offer offers[OFFERS_MAX];
static Situation situation;

static QueryKey
key(char name)
{
	return (QueryKey){0, (uint64_t) name};
}

/* A history of queries with one-letter names, a minute apart, the last a minute ago. */
static void
history_is(const char *names)
{
	int n = (int) strlen(names);

	memset(&situation, 0, sizeof(situation));
	situation.each = OFFERS_EACH;
	for (int i = 0; i < n; i++)
		history[i] = (Asked){key(names[i]), NOW - (n - i) * MINUTE, 1.0};
	situation.history = history;
	situation.nhistory = n;
	situation.at = NOW;
	situation.since = NOW - 100 * DAY;
}

static bool
is_feature(int n, char name, Feature feature, double value)
{
	QueryKey id = key(name);
	int place = find_offer(offers, n, &id);

	if (place >= 0 && fabs(offers[place].features[feature] - value) < 1e-9)
		return true;
	fprintf(stderr, "%c, %s: expected %.9g, got %.9g\n", name, feature_names[feature], value,
			place < 0 ? NAN : offers[place].features[feature]);
	return false;
}

static void
test_latest(void)
{
	QueryKey latest[3];

	history_is("ABACC");
	CHECK(latest_queries(history, 5, latest, 3) == 3);
	CHECK(latest[0].low == 'C' && latest[1].low == 'A' && latest[2].low == 'B');
	CHECK(latest_queries(history, 5, latest, 1) == 1);
	CHECK(latest_queries(history, 0, latest, 3) == 0);
}

static void
test_own(void)
{
	double half = sqrt(0.5);
	double later = pow(0.5, 1.0 / 64.0);
	int n;

	CHECK(share_feature(0.0, 1.0) == 0.0);
	CHECK(fabs(share_feature(1.0, 1.0) - log(51.0)) < 1e-12);

	/* C follows A once of two times (B the other), D has been asked first. */
	history_is("DACABA");
	n = situation_offers(&situation, offers);
	CHECK(n == 3);
	CHECK(find_offer(offers, n, &(QueryKey){0, 'A'}) == -1);
	CHECK(is_feature(n, 'B', FEATURE_PLACE, 0.0));
	CHECK(is_feature(n, 'C', FEATURE_PLACE, log(2.0)));
	CHECK(is_feature(n, 'D', FEATURE_PLACE, log(3.0)));
	CHECK(is_feature(n, 'D', FEATURE_KNOWN, 1.0));
	/* One more is supposed than the two that followed. */
	CHECK(is_feature(n, 'B', FEATURE_HABIT, log1p(50.0 / 3.0)));
	CHECK(is_feature(n, 'C', FEATURE_HABIT, log1p(50.0 / 3.0)));
	CHECK(is_feature(n, 'D', FEATURE_HABIT, 0.0));
	/* Asks before the latest: B 1, C 3, D 5; and a fifth of one for what is unseen. */
	{
		double b = half, c = pow(half, 3), d = pow(half, 5);

		CHECK(is_feature(n, 'C', FEATURE_LATELY, log1p(50.0 * c / (b + c + d + 0.2))));
		b = later, c = pow(later, 3), d = pow(later, 5);
		CHECK(is_feature(n, 'D', FEATURE_LONG_RUN, log1p(50.0 * d / (b + c + d + 0.2))));
	}
	/* Minutes ago: B 2, C 4, D 6, of one sitting. */
	{
		double b = sqrt(1.0 / 120.0), c = sqrt(1.0 / 240.0), d = sqrt(1.0 / 360.0);

		CHECK(is_feature(n, 'C', FEATURE_FADING, log1p(50.0 * c / (b + c + d + 1e-4))));
	}
	CHECK(is_feature(n, 'D', FEATURE_SESSION, 1.0));
	CHECK(is_feature(n, 'D', FEATURE_SESSION_SHARE, log1p(50.0 / 4.0)));
	CHECK(situation_moment(&situation) == MOMENT_SOON);
	situation.at = NOW + 60 * MINUTE;
	CHECK(situation_moment(&situation) == MOMENT_BREAK);
	n = situation_offers(&situation, offers);
	CHECK(is_feature(n, 'D', FEATURE_SESSION, 0.0));
	CHECK(is_feature(n, 'D', FEATURE_SESSION_SHARE, 0.0));

	/* An echo is none of the counts, but the latest all the same. */
	history_is("BCA");
	history[1].weight = 0.0;
	n = situation_offers(&situation, offers);
	CHECK(is_feature(n, 'B', FEATURE_PLACE, log(2.0)) && is_feature(n, 'C', FEATURE_KNOWN, 1.0));
	CHECK(is_feature(n, 'C', FEATURE_LATELY, 0.0) && is_feature(n, 'C', FEATURE_LONG_RUN, 0.0));
	CHECK(is_feature(n, 'B', FEATURE_LATELY, log1p(50.0 * 0.5 / 0.7)));
}

static void
test_tenant(void)
{
	Links follows, popular, trending, usual, similar;
	int n;

	history_is("XA");
	links_init(&follows);
	links_add(&follows, &(QueryKey){0, 'B'}, 3.0);
	links_add(&follows, &(QueryKey){0, 'X'}, 1.0);
	links_init(&popular);
	links_set(&popular, &(QueryKey){0, 'P'}, 5.0);
	links_set(&popular, &(QueryKey){0, 'A'}, 9.0);
	links_set(&popular, &(QueryKey){0, 'B'}, 2.0);
	popular.total = 18.0;
	/* R is asked three times today, U three times a day for 100 days. */
	links_init(&trending);
	links_init(&usual);
	for (int i = 0; i < 300; i++)
	{
		int64_t at = NOW - 100 * DAY + i * (DAY / 3);
		QueryKey u = key('U');
		double fast = i == 0 ? TREND_NONE : links_weight(&trending, &u);
		double slow = i == 0 ? TREND_NONE : links_weight(&usual, &u);

		links_set(&trending, &u, trend_add(fast, 1.0, at, TREND_FAST));
		links_set(&usual, &u, trend_add(slow, 1.0, at, TREND_SLOW));
	}
	links_set(&trending, &(QueryKey){0, 'R'}, trend_add(TREND_NONE, 3.0, NOW, TREND_FAST));
	links_set(&usual, &(QueryKey){0, 'R'}, trend_add(TREND_NONE, 3.0, NOW, TREND_SLOW));
	links_init(&similar);
	links_add(&similar, &(QueryKey){0, 'S'}, 4.0);
	links_add(&similar, &(QueryKey){0, 'X'}, 12.0);

	situation.follows = &follows;
	situation.popular = &popular;
	situation.trending = &trending;
	situation.usual = &usual;
	situation.similar[0] = &similar;
	n = situation_offers(&situation, offers);
	CHECK(n == 6);
	CHECK(is_feature(n, 'B', FEATURE_FOLLOWS, log1p(50.0 * 3.0 / 6.0)));
	CHECK(is_feature(n, 'B', FEATURE_FOLLOWS_NEW, log1p(50.0 * 3.0 / 6.0)));
	CHECK(is_feature(n, 'X', FEATURE_FOLLOWS_NEW, 0.0));
	CHECK(is_feature(n, 'P', FEATURE_FOLLOWS, 0.0));
	/* A is the most popular, and no offer: P is the first. */
	CHECK(is_feature(n, 'P', FEATURE_POPULAR, 1.0));
	CHECK(is_feature(n, 'B', FEATURE_POPULAR, 0.5));
	/* A level is no rise, however high. */
	CHECK(links_find(&trending, &(QueryKey){0, 'U'}) == 0);
	CHECK(is_feature(n, 'U', FEATURE_TRENDING, 0.0));
	CHECK(is_feature(n, 'R', FEATURE_TRENDING, 1.0));
	/* Of S and X, which the user knows. */
	CHECK(is_feature(n, 'S', FEATURE_SIMILAR, log1p(50.0 * 4.0 / 16.0)));
	CHECK(is_feature(n, 'S', FEATURE_SIMILAR_NEW, log1p(50.0 * 4.0 / 16.0)));
	CHECK(is_feature(n, 'X', FEATURE_SIMILAR, log1p(50.0 * 12.0 / 16.0)));
	CHECK(is_feature(n, 'X', FEATURE_SIMILAR_NEW, 0.0));

	/* What is not in a full list may have been asked as usually as the last of it. */
	links_init(&trending);
	links_set(&trending, &(QueryKey){0, 'R'}, trend_add(TREND_NONE, 3.0, NOW, TREND_FAST));
	for (int often = 0; often <= 1; often++)
	{
		links_init(&usual);
		for (uint64_t id = 0; id < LINKS_MAX; id++)
			links_set(&usual, &(QueryKey){1, id},
					  trend_add(TREND_NONE, often ? 300.0 : 0.01, NOW, TREND_SLOW));
		n = situation_offers(&situation, offers);
		CHECK(is_feature(n, 'R', FEATURE_TRENDING, often ? 0.0 : 1.0));
	}
}

static void
test_added(void)
{
	Weighed due[] = {{{0, 'D'}, 0.8}, {{0, 'A'}, 0.7}};
	Weighed tables[] = {{{0, 'T'}, 0.9}};
	Weighed passed[] = {{{0, 'D'}, 3.0}, {{0, 'Z'}, 9.0}};
	int n;

	history_is("A");
	situation.due = due;
	situation.ndue = 2;
	situation.new_tables = tables;
	situation.nnew_tables = 1;
	situation.passed_over = passed;
	situation.npassed_over = 2;
	situation.context[0] = (Weighed){{0, 'C'}, 0.6};
	situation.ncontext = 1;
	situation.related[0] = (Weighed){{0, 'A'}, 1.0};
	situation.related[1] = (Weighed){{0, 'R'}, 0.4};
	situation.nrelated = 2;
	n = situation_offers(&situation, offers);
	/* Never what was asked last, and nothing for having been passed over. */
	CHECK(n == 4 && find_offer(offers, n, &(QueryKey){0, 'Z'}) == -1);
	CHECK(find_offer(offers, n, &(QueryKey){0, 'A'}) == -1);
	CHECK(is_feature(n, 'D', FEATURE_RHYTHM, 0.8));
	CHECK(is_feature(n, 'D', FEATURE_PASSED_OVER, log(4.0)));
	CHECK(is_feature(n, 'T', FEATURE_NEW_TABLE, 0.9));
	CHECK(is_feature(n, 'C', FEATURE_CONTEXT, 0.6));
	CHECK(is_feature(n, 'R', FEATURE_RELATED, 1.0) && is_feature(n, 'R', FEATURE_SHARED, 0.4));

	/* Unless its day has come again, and not just after midnight. */
	situation.at = NOW + 28 * MINUTE;
	n = situation_offers(&situation, offers);
	CHECK(n == 4 && find_offer(offers, n, &(QueryKey){0, 'A'}) == -1);
	situation.at = NOW + 30 * MINUTE;
	n = situation_offers(&situation, offers);
	CHECK(n == 5 && is_feature(n, 'A', FEATURE_RHYTHM, 0.7));
	CHECK(is_feature(n, 'A', FEATURE_KNOWN, 1.0) && is_feature(n, 'A', FEATURE_PLACE, 0.0));
	CHECK(is_feature(n, 'A', FEATURE_RELATED, 1.0) && is_feature(n, 'R', FEATURE_RELATED, 0.5));
	situation.ndue = 1;
	n = situation_offers(&situation, offers);
	CHECK(n == 4 && find_offer(offers, n, &(QueryKey){0, 'A'}) == -1);
}

/* Nothing known, one ask, all the same, all different, more than is looked at. */
static void
test_extremes(void)
{
	static Links lists[9];
	static Offer again[OFFERS_MAX];
	int n;

	history_is("");
	CHECK(situation_offers(&situation, offers) == 0);
	history_is("A");
	CHECK(situation_offers(&situation, offers) == 0);

	memset(&situation, 0, sizeof(situation));
	situation.each = OFFERS_EACH;
	situation.history = history;
	situation.at = NOW;
	for (int i = 0; i < 2 * HISTORY_MAX; i++)
		history[i] = (Asked){{0, 1}, NOW - DAY, 1.0};
	situation.nhistory = 2 * HISTORY_MAX;
	CHECK(situation_offers(&situation, offers) == 0);

	/* More lists, with nothing in common, than there is room for offers. */
	for (int i = 0; i < 2 * HISTORY_MAX; i++)
		history[i] = (Asked){{1, (uint64_t) i}, NOW - (2 * HISTORY_MAX - i) * MINUTE, 1.0};
	for (int k = 0; k < 9; k++)
	{
		links_init(&lists[k]);
		for (int i = 0; i < LINKS_MAX; i++)
			links_add(&lists[k], &(QueryKey){2 + (uint64_t) k, (uint64_t) i}, 1.0);
	}
	situation.follows = &lists[0];
	situation.follows_on = &lists[1];
	situation.precedes = &lists[2];
	situation.popular = &lists[3];
	situation.trending = &lists[3];
	situation.usual = &lists[3];
	for (int k = 0; k < SIMILAR_FROM; k++)
		situation.similar[k] = &lists[4 + k];
	for (int i = 0; i < RELATED_MAX; i++)
	{
		situation.related[i] = (Weighed){{20, (uint64_t) i}, 1.0 - i / 100.0};
		situation.context[i] = (Weighed){{21, (uint64_t) i}, 1.0 - i / 100.0};
	}
	situation.nrelated = situation.ncontext = RELATED_MAX;
	n = situation_offers(&situation, offers);
	CHECK(n > 60 && n <= OFFERS_MAX);
	for (int i = 0; i < n; i++)
	{
		CHECK(find_offer(offers, n, &offers[i].id) == i);
		for (int f = 0; f < FEATURES; f++)
			CHECK(isfinite(offers[i].features[f]) && offers[i].features[f] >= 0.0);
	}
	/* What lies beyond the latest so many is not known. */
	CHECK(find_offer(offers, n, &(QueryKey){1, 0}) == -1);
	/* The same situation gives the same. */
	CHECK(situation_offers(&situation, again) == n);
	CHECK(memcmp(offers, again, (size_t) n * sizeof(Offer)) == 0);

	/* Times of no sense. */
	situation.at = INT64_MIN;
	n = situation_offers(&situation, offers);
	for (int i = 0; i < n; i++)
		CHECK(isfinite(offers[i].features[FEATURE_LATELY]));
}

int
main(void)
{
	test_latest();
	test_own();
	test_tenant();
	test_added();
	test_extremes();
	return unit_result("test_situation");
}
