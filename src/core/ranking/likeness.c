/*
 * likeness.c
 *		The similarity of offers to the user's latest queries.
 *
 *		A word has more weight the fewer offers contain it.  Because offers
 *		are only compared with each other, no counts of words in the tenant
 *		are needed.
 */
#include "core/ranking/likeness.h"

#include <math.h>
#include <string.h>

/* The factor by which the weight of each earlier query in the theme is smaller. */
#define THEME_FADING 0.6

/* A power of two, at least twice the number of words of the offers and the latest queries. */
#define VOCABULARY_SLOTS 2048

/* The weight of a word by the number of offers that contain it, as a step and as a slope. */
typedef struct Rarity
{
	double step[LIKENESS_MAX + 1];
	double slope[LIKENESS_MAX + 1];
} Rarity;

typedef struct Entry
{
	uint32_t hash;
	int16_t offers; /* number of offers with the word */
	bool used;
	bool last;	 /* whether the last query has it */
	float theme; /* its weight in the latest queries */
} Entry;

typedef struct Vocabulary
{
	Entry entries[VOCABULARY_SLOTS];
} Vocabulary;

static Entry *
find_entry(Vocabulary *vocabulary, uint32_t hash)
{
	uint32_t i = hash & (VOCABULARY_SLOTS - 1);

	while (vocabulary->entries[i].used && vocabulary->entries[i].hash != hash)
		i = (i + 1) & (VOCABULARY_SLOTS - 1);
	vocabulary->entries[i].used = true;
	vocabulary->entries[i].hash = hash;
	return &vocabulary->entries[i];
}

static void
rarity_init(Rarity *rarity, int n)
{
	for (int k = 0; k <= n; k++)
	{
		rarity->step[k] = pow(log2(2.0 + k), -1.5);
		rarity->slope[k] = fmax(log((n + 1.0) / (k + 0.5)) / log(n + 1.0), 0.0);
	}
}

/* The words in common, as a share of all words of an offer and the last query, by weight. */
static double
overlap(Vocabulary *vocabulary, const Rarity *rarity, const uint32_t *words, int n,
		const uint32_t *last, int nlast)
{
	double common = 0.0;
	double all = 0.0;

	for (int i = 0; i < n; i++)
	{
		const Entry *entry = find_entry(vocabulary, words[i]);
		double weight = rarity->slope[entry->offers];

		all += weight;
		if (entry->last)
			common += weight;
	}
	for (int i = 0; i < nlast; i++)
		all += rarity->slope[find_entry(vocabulary, last[i])->offers];
	all -= common;
	return all > 0.0 ? common / all : 0.0;
}

static void
learn_offers(Vocabulary *vocabulary, const QueryContent *const *contents, int n, bool names)
{
	for (int i = 0; i < n; i++)
	{
		const QueryContent *content = contents[i];
		int count = content == NULL ? 0 : names ? content->nnames : content->nwords;

		for (int w = 0; w < count; w++)
			find_entry(vocabulary, (names ? content->names : content->words)[w])->offers++;
	}
}

static void
describe_words(Offer *offers, int n, const QueryContent *const *contents,
			   const QueryContent *const *latest, int nlatest, const Rarity *rarity)
{
	Vocabulary vocabulary;
	const QueryContent *last = latest[0];
	double fading = 1.0;
	double all = 0.0;
	double most = 0.0;
	double theme[LIKENESS_MAX];

	memset(&vocabulary, 0, sizeof(vocabulary));
	learn_offers(&vocabulary, contents, n, false);
	for (int k = 0; k < nlatest; k++)
	{
		for (int w = 0; latest[k] != NULL && w < latest[k]->nwords; w++)
		{
			Entry *entry = find_entry(&vocabulary, latest[k]->words[w]);

			entry->theme += (float) fading;
			entry->last = entry->last || k == 0;
			if (k == 0)
				all += rarity->step[entry->offers];
		}
		fading *= THEME_FADING;
	}
	for (int i = 0; i < n; i++)
	{
		const QueryContent *content = contents[i];
		double *features = offers[i].features;
		double common = 0.0;

		theme[i] = 0.0;
		if (content == NULL)
			continue;
		for (int w = 0; w < content->nwords; w++)
		{
			const Entry *entry = find_entry(&vocabulary, content->words[w]);

			theme[i] += rarity->step[entry->offers] * (double) entry->theme;
			if (entry->last)
				common += rarity->step[entry->offers];
		}
		most = fmax(most, theme[i]);
		features[FEATURE_THEME] = log1p(theme[i]);
		if (last == NULL || all == 0.0)
			continue;
		features[FEATURE_WORDS] =
			common / all / sqrt(fmax((double) content->nwords / last->nwords, 1.0));
		features[FEATURE_ALIKE] = overlap(&vocabulary, rarity, content->words, content->nwords,
										  last->words, last->nwords);
	}
	for (int i = 0; i < n && most > 0.0; i++)
	{
		if (offers[i].features[FEATURE_KNOWN] == 0.0)
			offers[i].features[FEATURE_THEME_NEW] = theme[i] / most;
	}
}

static void
describe_names(Offer *offers, int n, const QueryContent *const *contents, const QueryContent *last,
			   const Rarity *rarity)
{
	Vocabulary vocabulary;

	memset(&vocabulary, 0, sizeof(vocabulary));
	learn_offers(&vocabulary, contents, n, true);
	for (int w = 0; w < last->nnames; w++)
		find_entry(&vocabulary, last->names[w])->last = true;
	for (int i = 0; i < n; i++)
	{
		if (contents[i] != NULL && contents[i]->nnames > 0)
			offers[i].features[FEATURE_NAMES] =
				overlap(&vocabulary, rarity, contents[i]->names, contents[i]->nnames, last->names,
						last->nnames);
	}
}

static bool
has_table(const uint32_t *tables, int n, uint32_t table)
{
	for (int i = 0; i < n; i++)
	{
		if (tables[i] == table)
			return true;
	}
	return false;
}

static void
describe_tables(double *features, const QueryContent *content, const QueryContent *last)
{
	int common = 0;

	for (int i = 0; i < content->ntables; i++)
		common += has_table(last->tables, last->ntables, content->tables[i]);
	features[FEATURE_TABLES] = (double) common / (content->ntables + last->ntables - common);
	features[FEATURE_SOURCE] = content->tables[0] != last->tables[0] &&
							   has_table(last->tables, last->ntables, content->tables[0]);
	features[FEATURE_READER] =
		has_table(content->tables + 1, content->ntables - 1, last->tables[0]);
}

void
describe_likeness(Offer *offers, int n, const QueryContent *const *contents,
				  const QueryContent *const *latest, int nlatest)
{
	const QueryContent *last = nlatest > 0 ? latest[0] : NULL;
	Rarity rarity;

	if (nlatest == 0 || n == 0)
		return;
	rarity_init(&rarity, n);
	describe_words(offers, n, contents, latest, nlatest, &rarity);
	if (last == NULL)
		return;
	if (last->nnames > 0)
		describe_names(offers, n, contents, last, &rarity);
	for (int i = 0; i < n && last->ntables > 0; i++)
	{
		if (contents[i] != NULL && contents[i]->ntables > 0)
			describe_tables(offers[i].features, contents[i], last);
	}
}
