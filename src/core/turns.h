/*
 * turns.h
 *		Whose turn it is: the rule by which tenants share one worker.
 *
 * Tenants that have work take turns, a batch each.  One whose batch fails, waits
 * for a lock or is slow is set aside:
 *
 *	- After an error or a wait for a lock it waits 1, 2, 4, … seconds, at most a
 *	  minute, before it is tried again.
 *	- A batch with a row that fails is tried again in halves, until that row is
 *	  found and the caller gets past it.  Each try is progress, so it need not wait.
 *	- One that is slow goes on with smaller batches; it waits only while others have
 *	  work.
 *
 * Those set aside together take no more time than the others, as long as the
 * others have work.  Batches of the others stay at full size.  A tenant is set
 * aside until a batch of full size, or its last one, has been done.
 *
 * All times are microseconds of a clock that never goes back.  The memory is the
 * caller's; nothing fails.  When there is no room for another record, the one that
 * was tried longest ago is given up: its tenant has its turn as any other.
 */
#ifndef PERSONALIZATION_CORE_TURNS_H
#define PERSONALIZATION_CORE_TURNS_H

#include <stdbool.h>
#include <stdint.h>

#define TURNS_MAX_NAME 512

/* A batch that took longer is slow. */
#define TURNS_SLOW INT64_C(1000000)

/* The waits: the first and the longest. */
#define TURNS_FIRST_WAIT INT64_C(1000000)
#define TURNS_LONGEST_WAIT INT64_C(60000000)

/* Why a tenant is set aside. */
typedef enum TurnTrouble
{
	TURN_WELL,	   /* it is not; the record is kept for the log's sake */
	TURN_FAILING,  /* an error that is not that of a row, or of a row that cannot be got past */
	TURN_LOCKED,   /* somebody holds a lock */
	TURN_SLOW,	   /* its last batch was slow */
	TURN_SEARCHING /* a row fails, and is being looked for */
} TurnTrouble;

typedef struct TurnRecord
{
	char tenant[TURNS_MAX_NAME + 1];
	TurnTrouble trouble;
	int failures;  /* in a row, of whatever kind */
	int waits;	   /* in a row, without anything done in between */
	int limit;	   /* rows of its next batch */
	int64_t since; /* when it was set aside */
	int64_t tried; /* when its last batch ended */
	int64_t until; /* when it may be tried again */
	int64_t took;  /* its last batch */
	int64_t spent; /* all its batches since; set aside, who has had least has the next turn */

	/* The log */
	int64_t log_next; /* nothing is logged of it before */
	int64_t log_wait; /* how long after the next line; 0: nothing was logged yet */
	int unlogged;	  /* failures since the last line that were not logged */
} TurnRecord;

typedef struct Turns
{
	TurnRecord *records;
	int size;
	int n;

	/* What the others have had more of than those set aside, in microseconds. */
	int64_t credit;
} Turns;

/* How a batch of a tenant ended. */
typedef enum TurnOutcome
{
	OUTCOME_DONE,
	OUTCOME_ROW_FAILED, /* an error that may be that of one row */
	OUTCOME_LOCKED,
	OUTCOME_FAILED
} TurnOutcome;

typedef struct TurnResult
{
	TurnOutcome outcome;
	int attempted; /* rows of the batch; 0 where that is unknown */
	bool more;	   /* when done: there may be more rows */
	int64_t took;
} TurnResult;

/* What the caller does after a batch. */
typedef enum TurnNext
{
	NEXT_GO_ON,	  /* the tenant has its turn again in time */
	NEXT_GET_PAST /* the row fails by itself: get past it, then call turns_got_past() */
} TurnNext;

/* Begins with nobody set aside; records[0 .. size) stay the caller's. */
extern void turns_init(Turns *turns, TurnRecord *records, int size);

/* The record of a tenant; NULL where there is none. */
extern TurnRecord *turns_find(Turns *turns, const char *tenant);

/* Whether a tenant is set aside, so that it has no turn among the others. */
extern bool turns_is_aside(Turns *turns, const char *tenant);

/*
 * The tenant set aside that is to be tried now, before any other; NULL for none.
 * others_wait: whether a tenant that is not set aside has work.
 */
extern TurnRecord *turns_due(Turns *turns, int64_t now, bool others_wait);

/* Rows of a tenant's next batch, where a full one has so many. */
extern int turns_limit(Turns *turns, const char *tenant, int full);

/*
 * How long a tenant's next batch may wait for locks, in microseconds: short at
 * first, so that many tenants with locks are no burden; longer the more often it
 * has failed.
 */
extern int64_t turns_patience(Turns *turns, const char *tenant);

/* Takes note of a batch that has just ended. */
extern TurnNext
turns_note(Turns *turns, const char *tenant, const TurnResult *result, int full, int64_t now);

/*
 * After NEXT_GET_PAST: whether the row was got past, and how long that took.  Where
 * it was not, the tenant waits.
 */
extern void turns_got_past(Turns *turns, const char *tenant, bool done, int64_t took, int64_t now);

/*
 * Sets a tenant aside as it was before a restart: with its failures, its waits and
 * what is left of the last one.
 */
extern void turns_restore(Turns *turns, const char *tenant, TurnTrouble trouble, int failures,
						  int waits, int64_t left, int64_t now);

/*
 * Whether a failure of a tenant is to be logged: the first, then after 1, 2, 4, …
 * seconds, at most a minute; after a minute without one it begins anew.
 * *unlogged: how many were not since the last that was.
 */
extern bool turns_log(Turns *turns, const char *tenant, int64_t now, int *unlogged);

/* Gives up all records that say nothing any more. */
extern void turns_tidy(Turns *turns, int64_t now);

#endif
