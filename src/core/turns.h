/*
 * turns.h
 *		Whose turn it is: the rule by which tenants share one worker.
 *
 *		Tenants with work take turns, one batch each.  A tenant whose batch
 *		fails, waits for a lock or is slow is set aside:
 *
 *		- After an error or a wait for a lock it waits 1, 2, 4, … seconds, at
 *		  most a minute, before it is tried again.
 *		- A batch with a row that fails is tried again in halves, until that
 *		  row is found and the caller skips it.  Each try is progress, so
 *		  there is no wait.
 *		- A slow tenant continues with smaller batches; it waits only while
 *		  others have work.
 *
 *		All tenants that are set aside take together at most as much time as
 *		the others, as long as the others have work.  Batches of the others
 *		stay at full size.  A tenant is set aside until a batch of full size,
 *		or its last one, has succeeded.
 *
 *		All times are microseconds of a clock that never goes back.  The
 *		caller provides the memory; nothing can fail.  If there is no space
 *		for another record, the one that was tried longest ago is dropped: its
 *		tenant then has its turns like any other.
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
	TURN_WELL,	   /* it is not; the record is kept for logging */
	TURN_FAILING,  /* an error that is not caused by a row, or by a row that cannot be skipped */
	TURN_LOCKED,   /* another session holds a lock */
	TURN_SLOW,	   /* its last batch was slow */
	TURN_SEARCHING /* a row fails, and is being searched */
} TurnTrouble;

typedef struct TurnRecord
{
	char tenant[TURNS_MAX_NAME + 1];
	TurnTrouble trouble;
	int failures;  /* consecutive failures of any kind */
	int waits;	   /* consecutive failures without progress */
	int limit;	   /* number of rows of its next batch */
	int64_t since; /* when it was set aside */
	int64_t tried; /* when its last batch ended */
	int64_t until; /* when it may be tried again */
	int64_t took;  /* duration of its last batch */
	int64_t spent; /* duration of all its batches since; the one with the smallest is next */

	/* Logging */
	int64_t log_next; /* nothing is logged before this time */
	int64_t log_wait; /* interval after the next log line; 0: nothing has been logged yet */
	int unlogged;	  /* failures since the last log line */
} TurnRecord;

typedef struct Turns
{
	TurnRecord *records;
	int size;
	int n;

	/* How much more time the others have had than those set aside, in microseconds. */
	int64_t credit;
} Turns;

/* The result of a batch. */
typedef enum TurnOutcome
{
	OUTCOME_DONE,
	OUTCOME_ROW_FAILED, /* an error that may be caused by one row */
	OUTCOME_LOCKED,
	OUTCOME_FAILED
} TurnOutcome;

typedef struct TurnResult
{
	TurnOutcome outcome;
	int attempted; /* number of rows of the batch; 0 if not known */
	bool more;	   /* after success: there may be more rows */
	int64_t took;
} TurnResult;

/* What the caller does after a batch. */
typedef enum TurnNext
{
	NEXT_GO_ON,	  /* continue; the tenant gets its next turn in time */
	NEXT_GET_PAST /* the row fails by itself: skip it, then call turns_got_past() */
} TurnNext;

/* Initializes with no tenant set aside; records[0 .. size) belong to the caller. */
extern void turns_init(Turns *turns, TurnRecord *records, int size);

/* Returns the record of a tenant, or NULL. */
extern TurnRecord *turns_find(Turns *turns, const char *tenant);

/* Whether a tenant is set aside, so that it has no turn among the others. */
extern bool turns_is_aside(Turns *turns, const char *tenant);

/*
 * Returns the tenant set aside that is to be tried now, before any other, or
 * NULL.  others_wait: whether a tenant that is not set aside has work.
 */
extern TurnRecord *turns_due(Turns *turns, int64_t now, bool others_wait);

/* Returns the number of rows of a tenant's next batch, if a full one has the given number. */
extern int turns_limit(Turns *turns, const char *tenant, int full);

/*
 * Returns how long a tenant's next batch may wait for locks, in microseconds:
 * short at first, so that many tenants with locks are no burden, and longer
 * the more often it has failed.
 */
extern int64_t turns_patience(Turns *turns, const char *tenant);

/* Records a batch that has just ended. */
extern TurnNext
turns_note(Turns *turns, const char *tenant, const TurnResult *result, int full, int64_t now);

/*
 * After NEXT_GET_PAST: records whether the row was skipped, and how long that
 * took.  If it was not, the tenant waits.
 */
extern void turns_got_past(Turns *turns, const char *tenant, bool done, int64_t took, int64_t now);

/*
 * Sets a tenant aside as before a restart: with its failures, its waits and
 * the rest of the last one.
 */
extern void turns_restore(Turns *turns, const char *tenant, TurnTrouble trouble, int failures,
						  int waits, int64_t left, int64_t now);

/*
 * Whether a failure of a tenant is to be logged: the first, then after 1, 2,
 * 4, … seconds, at most a minute; it starts again after a minute without
 * failures.  *unlogged: number of failures since the last that was logged.
 */
extern bool turns_log(Turns *turns, const char *tenant, int64_t now, int *unlogged);

/* Drops all records without information. */
extern void turns_tidy(Turns *turns, int64_t now);

#endif
