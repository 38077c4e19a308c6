/*
 * test_ranking.c
 *		Probabilities, their gradients, and weights that stay within bounds.
 */
#include "core/ranking/ranking.h"

#include <math.h>

#include "unit.h"

#define N 12

static uint32_t random_state = 1;

/* Most tests look at one moment. */
#define MOMENT MOMENT_SESSION

static void
order(const Ranking *ranking, Offer *offers, int n)
{
	Weights weights;

	ranking_weights(ranking, MOMENT, &weights);
	ranking_order(&weights, offers, n, n);
}

static double
random_number(void)
{
	random_state = random_state * 1664525 + 1013904223;
	return (double) (random_state >> 8) / (1 << 24);
}

static void
random_offers(Offer *offers, int n)
{
	memset(offers, 0, (size_t) n * sizeof(Offer));
	for (int i = 0; i < n; i++)
	{
		offers[i].id = (QueryKey){1, (uint64_t) i};
		for (int f = 0; f < FEATURES; f++)
			offers[i].features[f] = random_number();
	}
}

static void
test_tables(void)
{
	Ranking ranking;

	ranking_init(&ranking);
	CHECK(ranking_valid(&ranking));
	for (int f = 0; f < FEATURES; f++)
	{
		CHECK(feature_names[f] != NULL && feature_names[f][0] != '\0');
		CHECK(feature_lowest[f] < feature_highest[f]);
		CHECK(feature_weights[f] >= feature_lowest[f] && feature_weights[f] <= feature_highest[f]);
		CHECK(feature_spreads[f] > 0.0);
		for (int g = 0; g < f; g++)
			CHECK(strcmp(feature_names[f], feature_names[g]) != 0);
	}
	ranking.weights[FEATURE_KNOWN] = NAN;
	CHECK(!ranking_valid(&ranking));
	ranking_init(&ranking);
	ranking.weights[FEATURE_FOLLOWS] = 4.5;
	CHECK(!ranking_valid(&ranking));
	ranking_init(&ranking);
	ranking.gradients[FEATURE_FOLLOWS] = -1.0;
	CHECK(!ranking_valid(&ranking));
	ranking_init(&ranking);
	ranking.covered = 1.0;
	CHECK(!ranking_valid(&ranking));
	ranking_init(&ranking);
	ranking.shifts[SHIFT_RETURN][FEATURE_FOLLOWS] = NAN;
	CHECK(!ranking_valid(&ranking));
	ranking_init(&ranking);
	ranking.shift_gradients[MOMENT_SOON] = INFINITY;
	CHECK(!ranking_valid(&ranking));
	ranking_init(&ranking);
	ranking.grades[STANDING_NEWCOMER][HAPPENED][GRADES - 1] = -1.0;
	CHECK(!ranking_valid(&ranking));
}

/* Two offers, of which one follows always and the other is nothing: e^(w ln 51) : 1. */
static void
test_probability(void)
{
	Ranking ranking;
	Offer offers[2];
	double odds = exp(feature_weights[FEATURE_FOLLOWS] * log(51.0));

	ranking_init(&ranking);
	memset(offers, 0, sizeof(offers));
	offers[0].id = (QueryKey){0, 1};
	offers[1].id = (QueryKey){0, 2};
	offers[1].features[FEATURE_FOLLOWS] = log(51.0);
	order(&ranking, offers, 2);
	CHECK(offers[0].id.low == 2 && offers[1].id.low == 1);
	/* Of nothing known yet, half is taken to be covered. */
	CHECK(fabs(offers[0].probability - 0.5 * odds / (odds + 1.0)) < 1e-12);
	CHECK(fabs(offers[1].probability - 0.5 / (odds + 1.0)) < 1e-12);

	/* Nine of ten decisions were covered: (9 + 3) / (10 + 6). */
	for (int i = 0; i < 10; i++)
		ranking_learn(&ranking, MOMENT, STANDING_KNOWN, offers, 2, &(QueryKey){0, i == 0 ? 99 : 2},
					  1e-9);
	order(&ranking, offers, 2);
	CHECK(ranking.asked == 10.0 && ranking.covered == 9.0);
	CHECK(fabs(offers[0].probability + offers[1].probability - 0.75) < 1e-12);
	order(&ranking, offers, 0);
}

/* Equals by id, and the same whatever the order in which they come. */
static void
test_order(void)
{
	Ranking ranking;
	Offer offers[N];
	Offer again[N];

	ranking_init(&ranking);
	random_offers(offers, N);
	for (int i = 0; i < 3; i++)
		memcpy(offers[i].features, offers[5].features, sizeof(offers[5].features));
	for (int i = 0; i < N; i++)
		again[N - 1 - i] = offers[i];
	order(&ranking, offers, N);
	order(&ranking, again, N);
	for (int i = 0; i < N; i++)
	{
		CHECK(same_query(&offers[i].id, &again[i].id));
		CHECK(fabs(offers[i].probability - again[i].probability) < 1e-15);
		if (i == 0)
			continue;
		CHECK(offers[i - 1].probability >= offers[i].probability);
		if (offers[i - 1].probability == offers[i].probability)
			CHECK(compare_queries(&offers[i - 1].id, &offers[i].id) < 0);
	}
}

static double
log_likelihood(const Ranking *ranking, const Offer *offers, int n, const QueryKey *asked)
{
	Offer copy[N];
	double sum = 0.0;
	double taken = 0.0;

	memcpy(copy, offers, (size_t) n * sizeof(Offer));
	order(ranking, copy, n);
	for (int i = 0; i < n; i++)
	{
		sum += copy[i].probability;
		if (same_query(&copy[i].id, asked))
			taken = copy[i].probability;
	}
	return log(taken / sum);
}

/* The gradient of the logarithm of the probability of what was asked, by finite differences. */
static void
gradient_by_differences(const Ranking *ranking, const Offer *offers, const QueryKey *asked,
						double gradient[FEATURES])
{
	const double width = 1e-6;

	for (int f = 0; f < FEATURES; f++)
	{
		Ranking up = *ranking;
		Ranking down = *ranking;

		up.weights[f] += width;
		down.weights[f] -= width;
		gradient[f] =
			(log_likelihood(&up, offers, N, asked) - log_likelihood(&down, offers, N, asked)) /
			(2.0 * width);
	}
}

/* The formulas of docs/ranking.md. */
static void
test_gradient(void)
{
	Ranking ranking;
	Ranking learned;
	Offer offers[N];
	QueryKey asked = {1, 4};
	double gradient[FEATURES];
	double variance[FEATURES];
	double shift_variance[FEATURES];
	double uncertain = 1.0;
	double shift_uncertain = 1.0;
	double all = 0.0;

	ranking_init(&ranking);
	for (int f = 0; f < FEATURES; f++)
		ranking.gradients[f] = 1.0 + f;
	ranking.shift_gradients[MOMENT] = 9.0;
	random_offers(offers, N);
	order(&ranking, offers, N);
	gradient_by_differences(&ranking, offers, &asked, gradient);
	learned = ranking;
	ranking_learn(&learned, MOMENT, STANDING_KNOWN, offers, N, &asked, 0.5);
	for (int f = 0; f < FEATURES; f++)
		all += learned.gradients[f];
	for (int f = 0; f < FEATURES; f++)
	{
		double share = learned.shift_gradients[MOMENT] * FEATURES / all;

		variance[f] = 0.5 / (30.0 * feature_spreads[f] + 0.2 + ranking.gradients[f]);
		shift_variance[f] = 0.15 / (60.0 * feature_spreads[f] + 0.2 + learned.gradients[f] * share);
		uncertain += gradient[f] * gradient[f] * variance[f];
		shift_uncertain += gradient[f] * gradient[f] * shift_variance[f];
	}
	for (int f = 0; f < FEATURES; f++)
	{
		/* The sum of squares, in which a thousandth fades. */
		CHECK(fabs(learned.gradients[f] - 0.999 * ranking.gradients[f] -
				   gradient[f] * gradient[f]) < 1e-6);
		/* A step up where that makes the query asked likelier, unless at a bound. */
		CHECK(fabs(learned.weights[f] - ranking.weights[f] -
				   gradient[f] * variance[f] / uncertain) < 1e-6 ||
			  learned.weights[f] == feature_lowest[f]);
		/* At the moment less, by its own sum, divided among the features as that of all moments is. */
		CHECK(fabs((double) learned.shifts[MOMENT][f] -
				   gradient[f] * shift_variance[f] / shift_uncertain) < 1e-6);
	}
	CHECK(log_likelihood(&learned, offers, N, &asked) >
		  log_likelihood(&ranking, offers, N, &asked));
}

/* What has happened less often than foretold is taken for less likely, of newcomers apart. */
static void
test_calibration(void)
{
	Ranking ranking;
	Offer offers[2];
	QueryKey other = {0, 9};

	ranking_init(&ranking);
	memset(offers, 0, sizeof(offers));
	offers[0] = (Offer){.id = {0, 1}, .probability = 0.6};
	offers[1] = (Offer){.id = {0, 2}, .probability = 0.15};
	for (int i = 0; i < 50; i++)
		ranking_learn(&ranking, MOMENT, STANDING_KNOWN, offers, 2, i % 2 ? &other : &offers[1].id,
					  1.0);
	ranking_calibrate(&ranking, STANDING_NEWCOMER, offers, 2);
	CHECK(offers[0].probability == 0.6 && offers[1].probability == 0.15);
	ranking_calibrate(&ranking, STANDING_KNOWN, offers, 2);
	CHECK(offers[0].probability > 0.05 && offers[0].probability < 0.15);
	CHECK(offers[1].probability <= offers[0].probability);
	CHECK(standing_after(0) == STANDING_NEWCOMER && standing_after(4) == STANDING_NEWCOMER);
	CHECK(standing_after(5) == STANDING_KNOWN);
}

/* What is always right gains, what is always wrong loses, and nothing leaves its bounds. */
static void
test_learning(void)
{
	Ranking ranking;
	Offer offers[N];

	ranking_init(&ranking);
	for (int i = 0; i < 100000; i++)
	{
		QueryKey asked = {1, (uint64_t) (random_number() * N)};

		random_offers(offers, N);
		if (i % 1000 == 0)
			offers[0].features[FEATURE_LONG_RUN] = 1e6;
		offers[asked.low].features[FEATURE_FOLLOWS] = 2.0;
		offers[(asked.low + 1) % N].features[FEATURE_HABIT] = 2.0;
		order(&ranking, offers, N);
		ranking_learn(&ranking, MOMENT, STANDING_KNOWN, offers, N, &asked, 1.0);
	}
	CHECK(ranking_valid(&ranking));
	CHECK(ranking.weights[FEATURE_FOLLOWS] > 2.0);
	CHECK(ranking.weights[FEATURE_HABIT] < 0.01);
	CHECK(ranking.asked <= 1001.0 && ranking.covered <= ranking.asked);
}

/* With no evidence either way weights go back to where they began. */
static void
test_shrinkage(void)
{
	Ranking ranking;
	Offer offers[1];
	QueryKey asked = {0, 1};

	ranking_init(&ranking);
	ranking.weights[FEATURE_SIMILAR] = 2.5;
	memset(offers, 0, sizeof(offers));
	offers[0].id = asked;
	for (int i = 0; i < 1000000; i++)
	{
		order(&ranking, offers, 1);
		ranking_learn(&ranking, MOMENT, STANDING_KNOWN, offers, 1, &asked, 1.0);
	}
	CHECK(fabs(ranking.weights[FEATURE_SIMILAR] - feature_weights[FEATURE_SIMILAR]) < 0.01);
	CHECK(ranking.weights[FEATURE_FOLLOWS] == feature_weights[FEATURE_FOLLOWS]);
}

/* What is learned at one moment holds there, half of it on its side of a break, and less beyond. */
static void
test_moments(void)
{
	const double seconds[] = {0, 10, 11, 60, 61, 1800, 1801, 43200, 43201, 1e9};
	const Moment moments[] = {MOMENT_AT_ONCE, MOMENT_AT_ONCE, MOMENT_SOON,	MOMENT_SOON,
							  MOMENT_SESSION, MOMENT_SESSION, MOMENT_BREAK, MOMENT_BREAK,
							  MOMENT_ARRIVAL, MOMENT_ARRIVAL};
	Ranking ranking;
	Weights weights[MOMENTS];
	Offer offers[2];
	QueryKey asked = {0, 1};

	for (int i = 0; i < 10; i++)
		CHECK(moment_after(seconds[i] * 1e6) == moments[i]);
	CHECK(moment_after(-1.0) == MOMENT_ARRIVAL);

	ranking_init(&ranking);
	memset(offers, 0, sizeof(offers));
	offers[0].id = asked;
	offers[0].features[FEATURE_POPULARITY] = 1.0;
	offers[1].id = (QueryKey){0, 2};
	offers[1].features[FEATURE_LATELY] = 1.0;
	for (int i = 0; i < 50; i++)
	{
		ranking_weights(&ranking, MOMENT_BREAK, &weights[0]);
		ranking_order(&weights[0], offers, 2, 2);
		ranking_learn(&ranking, MOMENT_BREAK, STANDING_KNOWN, offers, 2, &asked, 1.0);
	}
	for (int m = 0; m < MOMENTS; m++)
		ranking_weights(&ranking, (Moment) m, &weights[m]);
	CHECK(weights[MOMENT_BREAK].weights[FEATURE_POPULARITY] >
		  weights[MOMENT_ARRIVAL].weights[FEATURE_POPULARITY]);
	CHECK(weights[MOMENT_ARRIVAL].weights[FEATURE_POPULARITY] >
		  weights[MOMENT_SOON].weights[FEATURE_POPULARITY]);
	CHECK(weights[MOMENT_SOON].weights[FEATURE_POPULARITY] > feature_weights[FEATURE_POPULARITY]);
	CHECK(weights[MOMENT_SOON].weights[FEATURE_LATELY] < feature_weights[FEATURE_LATELY]);
}

/* Those of which less is known come behind, in their own order, and all together make the share. */
static void
test_unknown(void)
{
	Ranking ranking;
	Weights weights;
	Offer offers[4];
	double sum = 0.0;

	ranking_init(&ranking);
	ranking_weights(&ranking, MOMENT, &weights);
	memset(offers, 0, sizeof(offers));
	for (int i = 0; i < 4; i++)
	{
		offers[i].id = (QueryKey){0, (uint64_t) i};
		offers[i].features[FEATURE_LONG_RUN] = i;
	}
	ranking_order(&weights, offers, 2, 4);
	CHECK(offers[0].id.low == 1 && offers[1].id.low == 0);
	CHECK(offers[2].id.low == 3 && offers[3].id.low == 2);
	CHECK(offers[1].probability == offers[2].probability);
	for (int i = 0; i < 4; i++)
		sum += offers[i].probability;
	CHECK(fabs(sum - 0.5) < 1e-12);
}

static void
test_kinds(void)
{
	Weights weights;
	Offer offer;
	double taste[OFFER_KINDS] = {0.0, 0.5, 0.0, -1.0, 0.0};

	memset(&weights, 0, sizeof(weights));
	weights.weights[FEATURE_FOLLOWS] = 0.5;
	weights.weights[FEATURE_SHARED] = 0.5;
	weights.weights[FEATURE_SIMILAR] = 0.75;
	weights.weights[FEATURE_TRENDING] = 0.1;
	weights.weights[FEATURE_NEW_TABLE] = 1.5;
	memset(&offer, 0, sizeof(offer));
	offer.features[FEATURE_FOLLOWS] = 2.0;	/* 1.0 */
	offer.features[FEATURE_SHARED] = 1.0;	/* 0.5 */
	offer.features[FEATURE_SIMILAR] = 1.0;	/* 0.75 */
	offer.features[FEATURE_TRENDING] = 1.0; /* 0.1 */
	CHECK(fabs(ranking_kind_contribution(&weights, &offer, KIND_RELATED) - 1.5) < 1e-12);
	CHECK(ranking_kind_contribution(&weights, &offer, KIND_NEW_TABLE) == 0.0);
	CHECK(ranking_kind(&weights, &offer) == KIND_RELATED);

	/* What the user has asked comes from no other. */
	offer.features[FEATURE_SIMILAR] = 10.0;
	CHECK(ranking_kind(&weights, &offer) == KIND_SIMILAR);
	offer.features[FEATURE_KNOWN] = 1.0;
	CHECK(ranking_kind(&weights, &offer) == KIND_RELATED);
	offer.features[FEATURE_SIMILAR] = 1.0;
	offer.features[FEATURE_KNOWN] = 0.0;
	CHECK(ranking_evidence(&weights, &offer, KIND_RELATED) == FEATURE_FOLLOWS);
	CHECK(ranking_evidence(&weights, &offer, KIND_SIMILAR) == FEATURE_SIMILAR);
	ranking_taste(&weights, &offer, 1, taste);
	CHECK(offer.features[FEATURE_TASTE] == 0.5);
	offer.features[FEATURE_NEW_TABLE] = 1.0;
	offer.features[FEATURE_FOLLOWS] = 0.0;
	CHECK(ranking_kind(&weights, &offer) == KIND_NEW_TABLE);
	ranking_taste(&weights, &offer, 1, taste);
	CHECK(offer.features[FEATURE_TASTE] == 0.0);
}

int
main(void)
{
	test_tables();
	test_probability();
	test_order();
	test_gradient();
	test_calibration();
	test_learning();
	test_shrinkage();
	test_moments();
	test_unknown();
	test_kinds();
	return unit_result("test_ranking");
}
