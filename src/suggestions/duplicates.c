/*
 * duplicates.c
 *		Queries that are the same as others.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "core/ranking/content.h"
#include "core/ranking/sameness.h"
#include "queries/identity.h"
#include "suggestions/history.h"
#include "suggestions/query_terms.h"
#include "suggestions/duplicates.h"

struct Excluded
{
	int n;
	const char **texts;
	QueryKey *ids; /* two for each text: as a question, and as SQL */
	int nids;
	const char **gists; /* NULL for none */
};

/* Returns what a text says (core/ranking/sameness.h), or NULL if nothing else says the same. */
static const char *
gist_of(const char *text)
{
	const char *folded = query_fold(text);
	size_t len = strlen(folded);
	char *gist = palloc(len + 1);
	size_t written = question_gist(folded, len, gist);

	if (written == 0)
	{
		pfree(gist);
		return NULL;
	}
	gist[written] = '\0';
	return gist;
}

static bool
same_gist(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static void
add_id(Excluded *excluded, const QueryText *query)
{
	pg_uuid_t id;

	if (query_identify(query, &id))
		excluded->ids[excluded->nids++] = query_key(&id);
}

Excluded *
excluded_read(ArrayType *texts)
{
	Excluded *excluded;
	Datum *items;
	bool *nulls;
	int n;

	if (texts == NULL)
		return NULL;
	deconstruct_array(texts, TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls, &n);
	excluded = palloc0(sizeof(Excluded));
	excluded->ids = palloc((2 * n + 1) * sizeof(QueryKey));
	excluded->texts = palloc((n + 1) * sizeof(char *));
	excluded->gists = palloc((n + 1) * sizeof(char *));
	for (int i = 0; i < n; i++)
	{
		QueryText query = {0};
		char *shown;

		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			continue;
		shown = TextDatumGetCString(items[i]);
		query.question = shown;
		add_id(excluded, &query);
		query.question = NULL;
		query.sql = shown;
		add_id(excluded, &query);
		excluded->texts[excluded->n] = shown;
		excluded->gists[excluded->n++] = gist_of(shown);
	}
	return excluded;
}

static bool
is_excluded(const Excluded *excluded, const DetailedOffer *detailed, const char *gist)
{
	for (int i = 0; i < excluded->nids; i++)
	{
		if (same_query(&excluded->ids[i], &detailed->id))
			return true;
	}

	/* A query whose text is not stored is shown by the names of its tables. */
	for (int i = 0; i < excluded->n; i++)
	{
		if (same_gist(excluded->gists[i], gist) || strcmp(excluded->texts[i], detailed->text) == 0)
			return true;
	}
	return false;
}

void
excluded_hide(const Excluded *excluded, DetailedOffer *detailed_offers, int n)
{
	for (int i = 0; excluded != NULL && i < n; i++)
	{
		if (detailed_offers[i].text != NULL &&
			is_excluded(excluded, &detailed_offers[i], gist_of(detailed_offers[i].text)))
			detailed_offers[i].text = NULL;
	}
}

/* Whether each table of a query is also a table of the other, by the last part of their names. */
static bool
has_tables(const QueryContent *of, const QueryContent *among)
{
	for (int i = 0; i < of->ntables; i++)
	{
		bool found = false;

		for (int k = 0; k < among->ntables && !found; k++)
			found = of->tables[i] == among->tables[k];
		if (!found)
			return false;
	}
	return true;
}

static int
compare_detailed(const void *a, const void *b)
{
	const DetailedOffer *x = a;
	const DetailedOffer *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->place - y->place;
}

void
offers_unite(DetailedOffer *detailed_offers, int n)
{
	const char **gists = palloc((n + 1) * sizeof(char *));
	QueryContent *contents = palloc((n + 1) * sizeof(QueryContent));
	bool united = false;

	for (int i = 0; i < n; i++)
	{
		gists[i] = NULL;
		detailed_offers[i].place = i;
		if (detailed_offers[i].text == NULL || detailed_offers[i].new_table != NULL)
			continue;
		gists[i] = gist_of(detailed_offers[i].text);
		content_init(&contents[i]);
		query_content_tables(&contents[i], detailed_offers[i].tables);
		for (int k = 0; k < i && gists[i] != NULL; k++)
		{
			if (!same_gist(gists[k], gists[i]) || !has_tables(&contents[i], &contents[k]) ||
				!has_tables(&contents[k], &contents[i]))
				continue;
			detailed_offers[k].score += detailed_offers[i].score;
			detailed_offers[i].text = NULL;
			gists[i] = NULL;
			united = true;
		}
	}
	if (united)
		qsort(detailed_offers, n, sizeof(DetailedOffer), compare_detailed);
}
