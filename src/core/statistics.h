/*
 * statistics.h
 *		What a tenant's asks add up to, and how it becomes a user's situation.
 *
 * The numbers live in a store that the caller has: tables, of which the
 * worker loads the rows of a batch and writes back what changed, or memory.
 * This code says which rows there are and what an ask does to them.
 *
 * Everything is bounded: an ask changes one query, two lists of what follows
 * and one of what precedes, on a user's first ask of it the lists of at most
 * COUSE queries and the query's own, its terms, and the tenant.  Times are microseconds since any epoch.
 */
#ifndef PERSONALIZATION_CORE_STATISTICS_H
#define PERSONALIZATION_CORE_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/links.h"
#include "core/ranking.h"
#include "core/situation.h"

/* A first ask of a query links it with so many different queries that its user asked before. */
#define COUSE 5

/* Of a query no more terms than these are looked at, in the order given. */
#define TERMS_MAX 32

/* A time that has not been. */
#define NEVER_ASKED INT64_MIN

/* What a list of a query is about.  The letter is how a store may name it. */
typedef enum LinkKind
{
	LINK_NEXT = 'n',	   /* what was asked after it, by anyone */
	LINK_AFTER_NEXT = 'o', /* what was asked after that */
	LINK_BEFORE = 'b',	   /* what was asked before it */
	LINK_USERS = 'u'	   /* what is asked by the same users */
} LinkKind;

typedef struct QueryStatistics
{
	QueryKey id;
	double ask_count;	/* an echo less than one */
	int64_t user_count; /* users who have asked it */
	double fast;		/* trends, see trend.h; TREND_NONE before the first ask */
	double slow;
	uint32_t last_user; /* hash of who asked last, and when */
	int64_t last_asked;
	int64_t
		other_asked; /* when somebody else asked last before the last user did; NEVER_ASKED: nobody has */

	/*
	 * Tables (by table_term) and words (by extract_words), of the latest ask.
	 * The store's: it has them before an ask of the query is counted.
	 */
	const char *const *terms;
	int nterms;
} QueryStatistics;

/* A table or a word. */
typedef struct TermStatistics
{
	int64_t queries; /* different ones that have it */
	Links latest;	 /* the latest of them, by links_touch */
} TermStatistics;

typedef struct TenantStatistics
{
	int64_t since; /* the first ask */
	int64_t asks;
	int64_t users;	/* who have asked */
	Links popular;	/* by ask_count; total: of all queries */
	Links trending; /* by fast: weights are trends */
	Links usual;	/* by slow */
	Ranking ranking;
} TenantStatistics;

/*
 * Where the numbers are.  The callbacks return NULL for what is not there;
 * with change they make it, by the _init functions below, and mark it as
 * changed.  What they return stays valid until the next call into this code
 * from outside has returned.
 */
typedef struct Statistics
{
	QueryStatistics *(*query)(struct Statistics *statistics, const QueryKey *id, bool change);
	Links *(*links)(struct Statistics *statistics, const QueryKey *id, LinkKind kind, bool change);
	TermStatistics *(*term)(struct Statistics *statistics, const char *term, bool change);
	const QueryContent *(*content)(struct Statistics *statistics, const QueryKey *id);
	TenantStatistics *tenant; /* changed by every ask */
} Statistics;

extern void query_statistics_init(QueryStatistics *query, const QueryKey *id);
extern void term_statistics_init(TermStatistics *term);
extern void tenant_statistics_init(TenantStatistics *tenant);

/*
 * What an ask weighs that came of a suggestion: nothing when the user said so,
 * half when it was merely shown within the half hour before, for then he may
 * have asked it anyway.  Half was best on replays that suggest before each ask.
 */
#define ACCEPTED_WEIGHT 0.0
#define SHOWN_WEIGHT 0.5

/* One ask, as it is counted. */
typedef struct Ask
{
	QueryKey id;
	int64_t at;
	uint32_t user; /* hash */
	bool first;	   /* the user had not asked it before */
	double weight; /* 1; less, down to 0, when it came of a suggestion */

	/* The user's asks before this one, the latest HISTORY_MAX, oldest first. */
	const Asked *history;
	int nhistory;
} Ask;

/* Counts an ask. */
extern void statistics_count(Statistics *statistics, const Ask *ask);

/*
 * What a user could ask next, as far as the statistics know: fills in all of
 * the situation but what the caller adds (due, passed_over, new_tables).
 * context: terms of what the user is looking at, may be none.  history must
 * stay while the situation is used.
 */
extern void
statistics_situation(Statistics *statistics, uint32_t user, const Asked *history, int nhistory,
					 int64_t at, const char *const *context, int ncontext, Situation *situation);

/*
 * What a user could ask next, as far as lists tell, the likeliest first; returns
 * how many.  offers has room for OFFERS_MAX.
 */
extern int statistics_offers(Statistics *statistics, const Situation *situation, Offer *offers);

/* Of so many, the first ones, it is worth to read the rows. */
#define OFFERS_KEPT 40
extern int offers_kept(int n);

/* Adds to those what their rows tell, and orders all anew. */
extern void
statistics_describe(Statistics *statistics, const Situation *situation, Offer *offers, int n);

/* Brings a query's row, in memory, up to what a user has asked since it was counted. */
extern void
statistics_catch_up(QueryStatistics *query, uint32_t user, const Asked *history, int nhistory);

#define RANKING_STEP 0.1

/*
 * Learns from an ask how to rank: before it is counted.  offers: as described
 * with the history and the time of the ask.  Says whether there was
 * anything to learn: not from an ask that repeats the last.  step is the size of
 * the step, before AdaGrad makes it smaller; RANKING_STEP unless somebody knows
 * better.
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
 * The lists that ranking after a history looks at.  Room for SITUATION_LINKS;
 * returns how many.  Besides, the terms of the context and of the last query,
 * the rows of the latest SIMILAR_FROM different queries, and the tenant's.
 */
#define SITUATION_LINKS (3 + SIMILAR_FROM)
extern int situation_links(const Asked *history, int nhistory, LinksNeeded *needed);

/*
 * The lists that counting an ask changes.  Room for COUNT_LINKS.  Besides, the
 * query's row, its terms, and the tenant's.
 */
#define COUNT_LINKS (3 + COUSE + 1)
extern int count_links(const Ask *ask, LinksNeeded *needed);

#endif
