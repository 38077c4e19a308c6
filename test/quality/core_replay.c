/*
 * core_replay.c
 *		Replays logs through the core alone, without a server, and reports how often
 *		the next query was among the first five suggestions.
 *
 * A log: tenant, user, epoch seconds, item and a JSON payload a line,
 * separated by tabs, in order of time.  The item is the query's text; the
 * payload's tables and the words of the text are its terms.  The events that
 * count are those in the second half (by line) that are at least the user's fifth
 * and differ from the user's last one.  The ranking learns from all that differ,
 * with separate weights for each tenant.
 *
 * usage: core_replay [-v] [-c] [-x] [-e WEIGHT] [-s STEP] [-d FILE] [-w FILE] LOG.tsv …
 *	-v	prints the weights that each tenant has come to
 *	-c	says how much processor time a ranking takes
 *	-x	says how well a context of two words of the next query's own serves
 *	-s	the size of the learning's steps
 *	-d	writes the offers with their features into a file, from which fit.py
 *		finds weights to begin with
 *	-w	takes weights to begin with from a file: a feature and a number a line
 *	-e	supposes that five suggestions are shown before each event, and that an
 *		event among them came of them and weighs this much
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/ranking/due.h"
#include "core/ranking/statistics.h"
#include "core/ranking/terms.h"

#define SHOWN 5
#define FROM_EVENT 4 /* asks of the user before one that is counted */

static void *
require(void *memory)
{
	if (memory == NULL)
	{
		fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return memory;
}

/* FNV-1a, by Fowler, Noll and Vo: over some bytes and a zero, going on from a hash. */
#define HASH_START UINT64_C(14695981039346656037)
static uint64_t
hash_text(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char) *text) * UINT64_C(1099511628211);
	while (*text++ != '\0');
	return hash;
}

/* Ids of 128 bits are taken for what they stand for. */
static QueryKey
key_of(const char *kind, const char *tenant, const char *text)
{
	uint64_t high = hash_text(hash_text(hash_text(HASH_START, kind), tenant), text);

	return (QueryKey){high, hash_text(high, text)};
}

/*
 * A hash table from ids to memory of one size that begins with its id.
 */
typedef struct Table
{
	QueryKey **slots;
	size_t nslots; /* a power of two */
	size_t used;
} Table;

static QueryKey **
table_slot(const Table *table, const QueryKey *id)
{
	size_t i = (size_t) (id->high ^ id->low) & (table->nslots - 1);

	while (table->slots[i] != NULL && !same_query(table->slots[i], id))
		i = (i + 1) & (table->nslots - 1);
	return &table->slots[i];
}

static void *
table_find(const Table *table, const QueryKey *id)
{
	return table->nslots == 0 ? NULL : *table_slot(table, id);
}

/* It is not there yet: zeroes but for the id. */
static void *
table_add(Table *table, const QueryKey *id, size_t size)
{
	QueryKey *item = require(calloc(1, size));

	if (2 * table->used >= table->nslots)
	{
		Table larger = {NULL, table->nslots == 0 ? 1024 : 2 * table->nslots, table->used};

		larger.slots = require(calloc(larger.nslots, sizeof(QueryKey *)));
		for (size_t i = 0; i < table->nslots; i++)
		{
			if (table->slots[i] != NULL)
				*table_slot(&larger, table->slots[i]) = table->slots[i];
		}
		free(table->slots);
		*table = larger;
	}
	*item = *id;
	*table_slot(table, id) = item;
	table->used++;
	return item;
}

static void
table_free(Table *table)
{
	for (size_t i = 0; i < table->nslots; i++)
		free(table->slots[i]);
	free(table->slots);
	*table = (Table){NULL, 0, 0};
}

/*
 * The store: memory.
 */
typedef struct QueryItem
{
	QueryKey key;
	QueryStatistics statistics;
	QueryContent content;
	char *text;
	char *table_names[CONTENT_MAX]; /* of the content */
	char *terms[TERMS_MAX];
} QueryItem;

typedef struct LinksItem
{
	QueryKey key;
	Links links;
} LinksItem;

typedef struct TermItem
{
	QueryKey key;
	TermStatistics statistics;
} TermItem;

typedef struct User
{
	QueryKey key;
	Asked *history;
	size_t n;
	size_t room;
} User;

typedef struct Tenant
{
	QueryKey key;
	Statistics statistics; /* with this memory as its store */
	TenantStatistics tenant;
	char *name;
	struct Replay *replay;
} Tenant;

typedef struct Replay
{
	Table queries;
	Table links;
	Table terms;
	Table users;
	Table tenants;
	Table known; /* of a user and a query: that the user has asked it */
} Replay;

/* Ids hold the tenant, so that one table does for all tenants. */
static QueryStatistics *
find_query(Statistics *statistics, const QueryKey *id, bool change)
{
	Tenant *tenant = (Tenant *) ((char *) statistics - offsetof(Tenant, statistics));
	QueryItem *item = table_find(&tenant->replay->queries, id);

	if (item == NULL && change)
	{
		item = table_add(&tenant->replay->queries, id, sizeof(QueryItem));
		query_statistics_init(&item->statistics, id);
		item->statistics.terms = (const char *const *) item->terms;
	}
	return item == NULL ? NULL : &item->statistics;
}

static Links *
find_links(Statistics *statistics, const QueryKey *id, LinkKind kind, bool change)
{
	Tenant *tenant = (Tenant *) ((char *) statistics - offsetof(Tenant, statistics));
	QueryKey key = {id->high ^ (uint64_t) kind << 56, id->low};
	LinksItem *item = table_find(&tenant->replay->links, &key);

	if (item == NULL && change)
	{
		item = table_add(&tenant->replay->links, &key, sizeof(LinksItem));
		links_init(&item->links);
	}
	return item == NULL ? NULL : &item->links;
}

static TermStatistics *
find_term(Statistics *statistics, const char *term, bool change)
{
	Tenant *tenant = (Tenant *) ((char *) statistics - offsetof(Tenant, statistics));
	QueryKey key = key_of("term", tenant->name, term);
	TermItem *item = table_find(&tenant->replay->terms, &key);

	if (item == NULL && change)
	{
		item = table_add(&tenant->replay->terms, &key, sizeof(TermItem));
		term_statistics_init(&item->statistics);
	}
	return item == NULL ? NULL : &item->statistics;
}

static const QueryContent *
find_content(Statistics *statistics, const QueryKey *id)
{
	Tenant *tenant = (Tenant *) ((char *) statistics - offsetof(Tenant, statistics));
	QueryItem *item = table_find(&tenant->replay->queries, id);

	return item == NULL ? NULL : &item->content;
}

static void
read_weights(const char *path, Ranking *ranking)
{
	FILE *file = require(fopen(path, "r"));
	char name[64];
	double weight;

	while (fscanf(file, "%63s %lf", name, &weight) == 2)
	{
		for (int f = 0; f < FEATURES; f++)
		{
			if (strcmp(feature_names[f], name) == 0)
				ranking->weights[f] = weight;
		}
	}
	fclose(file);
}

static Tenant *
find_tenant(Replay *replay, const char *name, const char *weights)
{
	QueryKey key = key_of("tenant", name, "");
	Tenant *tenant = table_find(&replay->tenants, &key);

	if (tenant == NULL)
	{
		tenant = table_add(&replay->tenants, &key, sizeof(Tenant));
		tenant->statistics =
			(Statistics){find_query, find_links, find_term, find_content, &tenant->tenant, false};
		tenant_statistics_init(&tenant->tenant);
		if (weights != NULL)
			read_weights(weights, &tenant->tenant.ranking);
		tenant->name = require(strdup(name));
		tenant->replay = replay;
	}
	return tenant;
}

/* Adds a term to those of a query; each once. */
static void
add_term(QueryItem *query, const char *term)
{
	int n = query->statistics.nterms;

	for (int i = 0; i < n; i++)
	{
		if (strcmp(query->terms[i], term) == 0)
			return;
	}
	if (n < TERMS_MAX)
	{
		query->terms[n] = require(strdup(term));
		query->statistics.nterms++;
	}
}

static void
set_terms(QueryItem *query, const json_t *tables, const char *text)
{
	Term words[WORDS_MAX];
	Term table;
	int n = extract_words(text, strlen(text), words);
	size_t i;
	json_t *name;

	for (int k = 0; k < query->statistics.nterms; k++)
		free(query->terms[k]);
	query->statistics.nterms = 0;
	for (int k = 0; k < query->content.ntables; k++)
		free(query->table_names[k]);
	content_init(&query->content);
	if (query->text == NULL)
		query->text = require(strdup(text));
	content_add_text(&query->content, query->text, strlen(query->text));
	json_array_foreach(tables, i, name)
	{
		if (json_is_string(name) &&
			table_term(json_string_value(name), json_string_length(name), &table))
		{
			char *kept = require(strdup(json_string_value(name)));
			int before = query->content.ntables;

			add_term(query, table.text);
			content_add_table(&query->content, kept, strlen(kept));
			if (query->content.ntables > before)
				query->table_names[before] = kept;
			else
				free(kept);
		}
	}
	for (int k = 0; k < n; k++)
		add_term(query, words[k].text);
}

/*
 * Counts: of all queries, of those that the user had asked before, of those that
 * are new to the user.
 */
typedef struct Score
{
	int n;
	int first;
	int shown;
	double reciprocal;
} Score;

static void
score_add(Score *score, int place)
{
	score->n++;
	score->first += place == 0;
	if (place >= 0 && place < SHOWN)
	{
		score->shown++;
		score->reciprocal += 1.0 / (place + 1);
	}
}

/*
 * What was foretold of suggestions and what happened, by tenths of the probability.
 */
#define TENTHS 10

typedef struct Reliability
{
	int shown[TENTHS];
	double foretold[TENTHS];
	int happened[TENTHS];
} Reliability;

static void
reliability_add(Reliability *reliability, const Ranking *ranking, Standing standing,
				const Offer *offers, int n, const QueryKey *asked)
{
	Offer shown[SHOWN];

	n = n < SHOWN ? n : SHOWN;
	memcpy(shown, offers, (size_t) n * sizeof(Offer));
	ranking_calibrate(ranking, standing, shown, n);
	for (int i = 0; i < n; i++)
	{
		int tenth = (int) (shown[i].probability * TENTHS);

		tenth = tenth < TENTHS ? tenth : TENTHS - 1;
		reliability->shown[tenth]++;
		reliability->foretold[tenth] += shown[i].probability;
		reliability->happened[tenth] += same_query(&shown[i].id, asked);
	}
}

/* The expected calibration error. */
static double
reliability_error(const Reliability *reliability)
{
	double distance = 0.0;
	int n = 0;

	for (int i = 0; i < TENTHS; i++)
	{
		distance += fabs(reliability->foretold[i] - reliability->happened[i]);
		n += reliability->shown[i];
	}
	return n > 0 ? distance / n : 0.0;
}

static double
share(double part, int n)
{
	return n > 0 ? part / n : 0.0;
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

static double
microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double) now.tv_sec * 1e6 + (double) now.tv_nsec / 1e3;
}

/* Room for one item more. */
static void *
grow(void *items, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return items;
	*room = *room == 0 ? 16 : 2 * *room;
	return require(realloc(items, *room * size));
}

typedef struct Options
{
	bool verbose;
	bool clock;
	bool context;
	double echo; /* negative: nothing is an echo */
	double step;
	FILE *dump;			 /* NULL for none */
	const char *weights; /* a file of them to begin with; NULL: the core's */
} Options;

typedef struct Line
{
	char *tenant;
	char *user;
	int64_t at;
	char *item;
	json_t *payload;
} Line;

static bool
split_line(char *text, Line *line)
{
	char *rest = text;
	char *seconds;
	const char *payload;

	text[strcspn(text, "\n")] = '\0';
	line->tenant = strsep(&rest, "\t");
	line->user = strsep(&rest, "\t");
	seconds = strsep(&rest, "\t");
	line->item = strsep(&rest, "\t");
	payload = rest;
	if (payload == NULL)
		return false;
	line->at = (int64_t) (strtod(seconds, NULL) * 1e6);
	line->payload = json_loads(payload, 0, NULL);
	return line->payload != NULL;
}

static void
print_weights(const Replay *replay)
{
	for (size_t i = 0; i < replay->tenants.nslots; i++)
	{
		const Tenant *tenant = (const Tenant *) replay->tenants.slots[i];

		if (tenant == NULL)
			continue;
		printf("  %s, %.0f decisions:", tenant->name, tenant->tenant.ranking.asked);
		for (int f = 0; f < FEATURES; f++)
			printf(" %s %.2f", feature_names[f], tenant->tenant.ranking.weights[f]);
		printf("\n");
	}
}

static void
replay_free(Replay *replay)
{
	for (size_t i = 0; i < replay->queries.nslots; i++)
	{
		QueryItem *query = (QueryItem *) replay->queries.slots[i];

		for (int k = 0; query != NULL && k < query->statistics.nterms; k++)
			free(query->terms[k]);
		if (query != NULL)
			free(query->text);
	}
	for (size_t i = 0; i < replay->users.nslots; i++)
	{
		if (replay->users.slots[i] != NULL)
			free(((User *) replay->users.slots[i])->history);
	}
	for (size_t i = 0; i < replay->tenants.nslots; i++)
	{
		if (replay->tenants.slots[i] != NULL)
			free(((Tenant *) replay->tenants.slots[i])->name);
	}
	table_free(&replay->queries);
	table_free(&replay->links);
	table_free(&replay->terms);
	table_free(&replay->users);
	table_free(&replay->tenants);
	table_free(&replay->known);
}

/* Times of the rankings, in microseconds. */
typedef struct Times
{
	double *times;
	size_t n;
	size_t room;
} Times;

static void
times_print(Times *times)
{
	if (times->n > 0)
	{
		qsort(times->times, times->n, sizeof(double), compare_doubles);
		printf("  a ranking: %.1f us at the median, %.1f us at 99 %%\n", times->times[times->n / 2],
			   times->times[times->n * 99 / 100]);
	}
	free(times->times);
}

/*
 * Two words of a text, drawn by a number: what a user might be looking at or typing.
 * Returns their length.
 */
static size_t
draw_words(const char *text, uint32_t number, char *words, size_t room)
{
	Context all;
	size_t length = 0;

	context_read(text, strlen(text), &all);
	for (int i = 0; i < 2 && all.n > 0; i++)
	{
		int k = (int) (number % (uint32_t) all.n);

		number /= (uint32_t) all.n;
		length += (size_t) snprintf(words + length, room - length, "%s%.*s", i > 0 ? " " : "",
									(int) all.words[k].length, all.words[k].text);
		all.words[k] = all.words[--all.n];
	}
	return length;
}

/* Puts first what fits a context, as the server does. */
static int
suggest_context(Tenant *tenant, const User *user, const Ask *ask, const char *words, size_t length,
				Situation *situation, Offer *offers)
{
	Term found[WORDS_MAX];
	const char *terms[WORDS_MAX];
	Context context;
	int nterms = extract_words(words, length, found);
	int n;

	for (int t = 0; t < nterms; t++)
		terms[t] = found[t].text;
	context_read(words, length, &context);
	statistics_situation(&tenant->statistics, ask->user, user->history, (int) user->n, ask->at,
						 terms, nterms, situation);
	situation->each = OFFERS_EACH_CONTEXT;
	n = statistics_offers(&tenant->statistics, situation, offers);
	if (!statistics_context(&tenant->statistics, situation, &context, offers, n))
	{
		situation->each = OFFERS_EACH;
		situation->ncontext = 0;
		n = statistics_offers(&tenant->statistics, situation, offers);
	}
	statistics_describe(&tenant->statistics, situation, offers, n);
	return n;
}

/* Days of UTC since 2000-01-01. */
#define DAY INT64_C(86400000000)
#define DAYS_TO_2000 10957

static int32_t
day_at(int64_t at)
{
	return (int32_t) (at / DAY) - DAYS_TO_2000;
}

/* What is suggested before an ask: returns how many offers; due: room for what is due. */
static int
suggest(Tenant *tenant, const User *user, const Ask *ask, Situation *situation, Weighed *due,
		Offer *offers, Times *times)
{
	double start = microseconds();
	int32_t days[HISTORY_MAX];
	int n;

	statistics_situation(&tenant->statistics, ask->user, user->history, (int) user->n, ask->at,
						 NULL, 0, situation);
	for (int i = 0; i < ask->nhistory; i++)
		days[i] = day_at(ask->history[i].at);
	situation->due = due;
	situation->ndue = queries_due_after(ask->history, days, ask->nhistory, day_at(ask->at), due);
	n = statistics_offers(&tenant->statistics, situation, offers);
	statistics_describe(&tenant->statistics, situation, offers, n);
	if (times != NULL)
	{
		times->times = grow(times->times, times->n, &times->room, sizeof(double));
		times->times[times->n++] = microseconds() - start;
	}
	return n;
}

/*
 * Offers with their features, for fit.py: behind the names of the features, a
 * decision at a time six numbers, of which the second is the offer taken, and the
 * features of each offer.
 */
static void
dump_head(FILE *file)
{
	int32_t n = FEATURES;

	fwrite(&n, sizeof(n), 1, file);
	for (int f = 0; f < FEATURES; f++)
	{
		char name[32] = {0};

		strncpy(name, feature_names[f], sizeof(name) - 1);
		fwrite(name, sizeof(name), 1, file);
	}
}

static void
dump_decision(FILE *file, const Offer *offers, int n, const Ask *ask, const Situation *situation,
			  bool judged)
{
	int32_t head[6] = {n,		   find_offer(offers, n, &ask->id),		  judged,
					   ask->first, (int32_t) situation_moment(situation), ask->nhistory};

	fwrite(head, sizeof(head), 1, file);
	for (int i = 0; i < n; i++)
	{
		for (int f = 0; f < FEATURES; f++)
		{
			float feature = (float) offers[i].features[f];

			fwrite(&feature, sizeof(feature), 1, file);
		}
	}
}

static bool
replay_log(const char *path, const Options *options)
{
	Replay replay;
	Score all = {0};
	Score known = {0};
	Score new = {0};
	Score early = {0};
	Score context = {0};
	Reliability reliability = {0};
	Times times = {0};
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;
	long nlines = 0;
	long n = 0;
	const char *name = strrchr(path, '/');

	if (file == NULL)
	{
		perror(path);
		return false;
	}
	while (getline(&text, &room, file) > 0)
		nlines++;
	rewind(file);

	memset(&replay, 0, sizeof(replay));
	for (; getline(&text, &room, file) > 0; n++)
	{
		Line line;
		Tenant *tenant;
		User *user;
		QueryKey key;
		Ask ask;
		QueryItem *query;

		if (!split_line(text, &line))
		{
			fprintf(stderr, "%s: line %ld is none of a log\n", path, n + 1);
			exit(1);
		}
		tenant = find_tenant(&replay, line.tenant, options->weights);
		key = key_of("user", line.tenant, line.user);
		if ((user = table_find(&replay.users, &key)) == NULL)
			user = table_add(&replay.users, &key, sizeof(User));

		ask.id = key_of("query", line.tenant, line.item);
		ask.at = line.at;
		ask.user = (uint32_t) key.high;
		ask.weight = 1.0;
		ask.nhistory = (int) (user->n < HISTORY_MAX ? user->n : HISTORY_MAX);
		ask.history = ask.nhistory == 0 ? NULL : user->history + user->n - ask.nhistory;
		key = (QueryKey){key.high ^ ask.id.high, key.low ^ ask.id.low};
		ask.first = table_find(&replay.known, &key) == NULL;
		if (ask.first)
			table_add(&replay.known, &key, sizeof(QueryKey));

		if (ask.nhistory == 0 || !same_query(&ask.id, &ask.history[ask.nhistory - 1].id))
		{
			Situation situation;
			Weighed due[DUE_MAX];
			Offer offers[OFFERS_MAX];
			int noffers = suggest(tenant, user, &ask, &situation, due, offers,
								  options->clock ? &times : NULL);
			int place = find_offer(offers, offers_kept(noffers), &ask.id);
			bool judged = n >= nlines / 2 && user->n >= FROM_EVENT;

			if (judged && options->context)
			{
				char words[256];
				Situation other;
				Offer fitting[OFFERS_MAX];
				size_t length = draw_words(line.item, (uint32_t) (ask.at / 1000000) * 2654435761U,
										   words, sizeof(words));
				int nfitting = suggest_context(tenant, user, &ask, words, length, &other, fitting);

				score_add(&context, find_offer(fitting, offers_kept(nfitting), &ask.id));
			}
			if (judged)
			{
				reliability_add(&reliability, &tenant->tenant.ranking,
								situation_standing(&situation), offers, noffers, &ask.id);
				score_add(&all, place);
				score_add(ask.first ? &new : &known, place);
			}
			if (n >= nlines / 2 && user->n <= FROM_EVENT)
				score_add(&early, place);
			if (options->echo >= 0.0 && place >= 0 && place < SHOWN)
				ask.weight = options->echo;
			if (options->dump != NULL)
				dump_decision(options->dump, offers, offers_kept(noffers), &ask, &situation,
							  judged);
			statistics_learn(&tenant->statistics, &situation, offers, noffers, &ask, options->step);
		}

		find_query(&tenant->statistics, &ask.id, true);
		query = table_find(&replay.queries, &ask.id);
		set_terms(query, json_object_get(line.payload, "tables"), line.item);
		statistics_count(&tenant->statistics, &ask);
		user->history = grow(user->history, user->n, &user->room, sizeof(Asked));
		user->history[user->n++] = (Asked){ask.id, ask.at, ask.weight};
		json_decref(line.payload);
	}
	fclose(file);
	free(text);

	printf("%-20s %6d  %.3f %.3f %.3f   %.3f %.3f   %.3f   %.4f\n", name == NULL ? path : name + 1,
		   all.n, share(all.first, all.n), share(all.shown, all.n), share(all.reciprocal, all.n),
		   share(known.shown, known.n), share(new.shown, new.n), share(early.shown, early.n),
		   reliability_error(&reliability));
	if (options->context)
		printf("  with two of its words for a context: hit@1 %.3f, hit@5 %.3f\n",
			   share(context.first, context.n), share(context.shown, context.n));
	times_print(&times);
	if (options->verbose)
		print_weights(&replay);
	replay_free(&replay);
	return true;
}

int
main(int argc, char **argv)
{
	Options options = {false, false, false, -1.0, RANKING_STEP, NULL, NULL};
	bool ok = true;
	int option;

	while ((option = getopt(argc, argv, "vcxe:s:d:w:")) != -1)
	{
		if (option == 'v')
			options.verbose = true;
		else if (option == 'c')
			options.clock = true;
		else if (option == 'x')
			options.context = true;
		else if (option == 's')
			options.step = strtod(optarg, NULL);
		else if (option == 'w')
			options.weights = optarg;
		else if (option == 'd')
		{
			options.dump = require(fopen(optarg, "wb"));
			dump_head(options.dump);
		}
		else if (option == 'e')
			options.echo = strtod(optarg, NULL);
		else
			return 2;
	}
	printf("%-20s %6s  hit@1 hit@5 MRR@5   hit@5 where known, new; first five; calibration error\n",
		   "", "asked");
	for (int i = optind; i < argc; i++)
		ok = replay_log(argv[i], &options) && ok;
	if (options.dump != NULL)
		fclose(options.dump);
	return ok ? 0 : 1;
}
