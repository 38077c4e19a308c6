/*
 * statistics.h
 *		Statistics of a tenant's requests, and the situation of a user in
 *		them.
 *
 *		The numbers are in a store of the caller: tables, of which the worker
 *		loads the rows for a batch and writes back the changed ones, or
 *		memory.  This code determines which rows exist and how a request
 *		changes them.
 *
 *		Everything is limited: a request changes one query, two lists of
 *		following queries and one of preceding queries; if it is the user's
 *		first for the query, the lists of at most COUSE queries and the
 *		query's own; its terms; and the tenant.  Times are microseconds since
 *		any epoch.
 */
#ifndef PERSONALIZATION_CORE_RANKING_STATISTICS_H
#define PERSONALIZATION_CORE_RANKING_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/ranking/context.h"
#include "core/ranking/links.h"
#include "core/ranking/ranking.h"
#include "core/ranking/situation.h"

/*
 * Number of the user's earlier distinct queries with which their first request
 * for a query is linked.
 */
#define COUSE 5

/* Maximum number of terms of a query that are used, in the order given. */
#define TERMS_MAX 32

/* A time that means never. */
#define NEVER_ASKED INT64_MIN

/* The kind of a list of a query.  The letter is its name in a store. */
typedef enum LinkKind
{
	LINK_NEXT = 'n',	   /* queries asked after it, by anyone */
	LINK_AFTER_NEXT = 'o', /* queries asked after those */
	LINK_BEFORE = 'b',	   /* queries asked before it */
	LINK_USERS = 'u'	   /* queries of the same users */
} LinkKind;

typedef struct QueryStatistics
{
	QueryKey id;
	double ask_count;	/* an echo counts less than one */
	int64_t user_count; /* number of users who have asked it */
	double fast;		/* trends, see trend.h; TREND_NONE before the first request */
	double slow;
	uint32_t last_user; /* hash of the user of the latest request, and its time */
	int64_t last_asked;
	int64_t
		other_asked; /* time of the latest request by any other user; NEVER_ASKED if there is none */

	/*
	 * Tables (by table_term) and words (by extract_words) of the latest
	 * request.  They belong to the store, which sets them before a request for
	 * the query is counted.
	 */
	const char *const *terms;
	int nterms;
} QueryStatistics;

/* A table or a word. */
typedef struct TermStatistics
{
	int64_t queries; /* number of distinct queries with the term */
	Links latest;	 /* the latest of them, maintained by links_touch */
} TermStatistics;

typedef struct TenantStatistics
{
	int64_t since; /* time of the first request */
	int64_t asks;
	int64_t users;	/* number of users */
	Links popular;	/* by ask_count; total: of all queries */
	Links trending; /* by fast: weights are trends */
	Links usual;	/* by slow */
	Ranking ranking;
} TenantStatistics;

/*
 * The store of the statistics.  The callbacks return NULL for a missing row;
 * with change they create it, with the _init functions below, and mark it as
 * changed.  Results are valid until the next call of this code from outside
 * has returned.
 */
typedef struct Statistics
{
	QueryStatistics *(*query)(struct Statistics *statistics, const QueryKey *id, bool change);
	Links *(*links)(struct Statistics *statistics, const QueryKey *id, LinkKind kind, bool change);
	TermStatistics *(*term)(struct Statistics *statistics, const char *term, bool change);
	const QueryContent *(*content)(struct Statistics *statistics, const QueryKey *id);
	TenantStatistics *tenant; /* changed by every request */

	/* While set, the callbacks return NULL for rows that have not been read, even with change. */
	bool only_read;
} Statistics;

extern void query_statistics_init(QueryStatistics *query, const QueryKey *id);
extern void term_statistics_init(TermStatistics *term);
extern void tenant_statistics_init(TenantStatistics *tenant);

/*
 * The weight of a request that follows from a suggestion: nothing if the user
 * accepted it, half if it was shown within the half hour before, because the
 * user might have asked it anyway.  Half was best in replays that suggest
 * before each request.
 */
#define ACCEPTED_WEIGHT 0.0
#define SHOWN_WEIGHT 0.5

/* One request to be counted. */
typedef struct Ask
{
	QueryKey id;
	int64_t at;
	uint32_t user; /* hash */
	bool first;	   /* the user had not asked the query before */
	double weight; /* 1; less, down to 0, if it follows from a suggestion */

	/* The user's requests before this one, the latest HISTORY_MAX, oldest first. */
	const Asked *history;
	int nhistory;
} Ask;

/* Counts a request. */
extern void statistics_count(Statistics *statistics, const Ask *ask);

/*
 * Fills in the situation from the statistics, except for the members that the
 * caller adds (due, passed_over, new_tables).  context: terms of what the user
 * is looking at, possibly none.  history must remain valid while the situation
 * is used.
 */
extern void
statistics_situation(Statistics *statistics, uint32_t user, const Asked *history, int nhistory,
					 int64_t at, const char *const *context, int ncontext, Situation *situation);

/*
 * Makes the offers from the lists only, most likely first; returns their
 * number.  offers must have space for OFFERS_MAX.
 */
extern int statistics_offers(Statistics *statistics, const Situation *situation, Offer *offers);

/*
 * Moves the offers that fit the text of a context to the front, by the words
 * that they, or the names of their tables, share with it.  Their rows must have been read.  Returns false,
 * and changes nothing, if none fits: then the caller makes the situation
 * without the context.
 */
extern bool statistics_context(Statistics *statistics, const Situation *situation,
							   const Context *context, Offer *offers, int n);

/* Returns for how many of n offers, the first ones, the rows are worth reading. */
#define OFFERS_KEPT 40
extern int offers_kept(int n);

/* Adds the features that depend on their rows, and orders all offers again. */
extern void
statistics_describe(Statistics *statistics, const Situation *situation, Offer *offers, int n);

/* Updates a query's row, in memory, with the user's requests that have not been counted. */
extern void
statistics_catch_up(QueryStatistics *query, uint32_t user, const Asked *history, int nhistory);

/*
 * Returns how many of a user's latest requests have not been counted, as far as they are for
 * the queries latest[0..n), whose rows have been read.  Requests are counted in their order, so
 * those before one that was counted have been, too.
 */
extern int statistics_uncounted(Statistics *statistics, const Asked *history, int nhistory,
								const QueryKey *latest, int n);

/*
 * Counts a user's latest requests, so many, in the rows that have been read; the others stay
 * as they are.  The rows of their queries and the terms of these have been read and set.
 */
extern void statistics_count_latest(Statistics *statistics, uint32_t user, const Asked *history,
									int nhistory, int uncounted);

#define RANKING_STEP 0.1

/*
 * Updates the weights of the ranking from a request, before it is counted.
 * offers: described for the history and the time of the request.  Returns
 * whether anything was learned: not from a request that repeats the last
 * query.  step is the tenant's setting, usually RANKING_STEP.
 */
extern bool statistics_learn(Statistics *statistics, const Situation *situation,
							 const Offer *offers, int n, const Ask *ask, double step);

/* A list of a query. */
typedef struct LinksNeeded
{
	QueryKey id;
	LinkKind kind;
} LinksNeeded;

/*
 * Returns the lists that ranking after a history requires; needed must have
 * space for SITUATION_LINKS.  In addition, it requires the terms of the
 * context and of the last query, the rows of the latest SIMILAR_FROM distinct
 * queries, and the tenant's row.
 */
#define SITUATION_LINKS (3 + SIMILAR_FROM)
extern int situation_links(const Asked *history, int nhistory, LinksNeeded *needed);

/*
 * Returns the lists that counting a request changes; needed must have space
 * for COUNT_LINKS.  In addition, it changes the query's row, its terms, and
 * the tenant's row.
 */
#define COUNT_LINKS (3 + COUSE + 1)
extern int count_links(const Ask *ask, LinksNeeded *needed);

#endif
