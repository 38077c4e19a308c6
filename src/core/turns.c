/*
 * turns.c
 *		Whose turn it is: the rule by which tenants share one worker.
 */
#include "core/turns.h"

#include <string.h>

/* Limit of the lead of the others over those set aside. */
#define MAX_CREDIT (4 * TURNS_SLOW)

/* How long batches wait for locks: the first time, and at most. */
#define FIRST_PATIENCE INT64_C(50000)
#define LONGEST_PATIENCE INT64_C(500000)

static int64_t
min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Returns first, twice that, …, for the n-th time, n from 1; at most longest. */
static int64_t
doubled(int64_t first, int64_t longest, int n)
{
	int64_t wait = first;

	for (int i = 1; i < n && wait < longest; i++)
		wait *= 2;
	return min64(wait, longest);
}

void
turns_init(Turns *turns, TurnRecord *records, int size)
{
	turns->records = records;
	turns->size = size;
	turns->n = 0;
	turns->credit = 0;
}

TurnRecord *
turns_find(Turns *turns, const char *tenant)
{
	for (int i = 0; i < turns->n; i++)
	{
		if (strcmp(turns->records[i].tenant, tenant) == 0)
			return &turns->records[i];
	}
	return NULL;
}

static void
give_up(Turns *turns, TurnRecord *record)
{
	*record = turns->records[--turns->n];
}

/* Returns the record of a tenant, creating it if necessary. */
static TurnRecord *
record_of(Turns *turns, const char *tenant, int64_t now)
{
	TurnRecord *record = turns_find(turns, tenant);
	size_t len = strlen(tenant);

	if (record != NULL)
		return record;
	if (turns->n == turns->size)
	{
		TurnRecord *oldest = &turns->records[0];

		for (int i = 1; i < turns->n; i++)
		{
			if (turns->records[i].tried < oldest->tried)
				oldest = &turns->records[i];
		}
		give_up(turns, oldest);
	}
	record = &turns->records[turns->n++];
	memset(record, 0, sizeof(*record));
	if (len > TURNS_MAX_NAME)
		len = TURNS_MAX_NAME;
	memcpy(record->tenant, tenant, len);
	record->tried = now;
	record->log_next = now;
	return record;
}

bool
turns_is_aside(Turns *turns, const char *tenant)
{
	const TurnRecord *record = turns_find(turns, tenant);

	return record != NULL && record->trouble != TURN_WELL;
}

TurnRecord *
turns_due(Turns *turns, int64_t now, bool others_wait)
{
	TurnRecord *due = NULL;

	for (int i = 0; i < turns->n; i++)
	{
		TurnRecord *record = &turns->records[i];

		if (record->trouble == TURN_WELL)
			continue;
		if (record->until > now && (others_wait || record->trouble != TURN_SLOW))
			continue;

		/* It is likely to take as long as the last time. */
		if (others_wait && turns->credit < min64(record->took, MAX_CREDIT))
			continue;
		if (due == NULL || record->spent < due->spent)
			due = record;
	}
	return due;
}

int
turns_limit(Turns *turns, const char *tenant, int full)
{
	const TurnRecord *record = turns_find(turns, tenant);

	if (record == NULL || record->trouble == TURN_WELL || record->limit <= 0 ||
		record->limit > full)
		return full;
	return record->limit;
}

int64_t
turns_patience(Turns *turns, const char *tenant)
{
	const TurnRecord *record = turns_find(turns, tenant);

	return doubled(FIRST_PATIENCE, LONGEST_PATIENCE,
				   record == NULL || record->trouble == TURN_WELL ? 1 : record->waits + 1);
}

/* Returns the smallest time spent by a tenant that is set aside. */
static int64_t
least_spent(const Turns *turns)
{
	int64_t least = INT64_MAX;

	for (int i = 0; i < turns->n; i++)
	{
		if (turns->records[i].trouble != TURN_WELL)
			least = min64(least, turns->records[i].spent);
	}
	return least == INT64_MAX ? 0 : least;
}

/* Sets a tenant aside, or keeps it aside. */
static void
set_aside(TurnRecord *record, TurnTrouble trouble, int64_t now)
{
	if (record->trouble == TURN_WELL)
	{
		record->since = now;
		record->failures = 0;
		record->waits = 0;
	}
	record->trouble = trouble;
	record->failures++;
	record->until = now;
	if (trouble != TURN_SEARCHING)
		record->until += doubled(TURNS_FIRST_WAIT, TURNS_LONGEST_WAIT, ++record->waits);
}

static void
note_done(TurnRecord *record, const TurnResult *result, int full, int64_t now)
{
	if (result->took > TURNS_SLOW)
	{
		/* If the size is not known, the batch counts as a full one. */
		int attempted = result->attempted > 0 ? result->attempted : full;

		if (record->trouble != TURN_SLOW)
			record->waits = 0;
		set_aside(record, TURN_SLOW, now);
		record->limit = attempted > 1 ? attempted / 2 : 1;
		return;
	}
	if (record->trouble == TURN_WELL)
		return;

	/* A smaller batch that was full may have left what made a larger one fail. */
	if (result->more && record->limit < full)
	{
		record->limit = record->limit > full / 2 ? full : 2 * record->limit;
		if (record->trouble != TURN_SLOW)
			record->trouble = TURN_SEARCHING;
		record->waits = 0;
		record->until = now;
		return;
	}
	record->trouble = TURN_WELL;
	record->failures = 0;
	record->waits = 0;
}

/* Handles a batch that failed; returns whether it was a single row, which is to be skipped. */
static TurnNext
note_failed(TurnRecord *record, const TurnResult *result, int full, int64_t now)
{
	int attempted = result->attempted > 0 && result->attempted < full ? result->attempted : full;

	if (record->trouble != TURN_WELL && record->limit > 0 && record->limit < attempted)
		attempted = record->limit;
	switch (result->outcome)
	{
		case OUTCOME_LOCKED:
			/* The lock may be on one row; the others need not wait as long. */
			if (record->trouble == TURN_WELL)
				record->limit = full;
			set_aside(record, TURN_LOCKED, now);
			return NEXT_GO_ON;
		case OUTCOME_ROW_FAILED:
			set_aside(record, TURN_SEARCHING, now);
			record->limit = attempted > 1 ? attempted / 2 : 1;
			return attempted > 1 ? NEXT_GO_ON : NEXT_GET_PAST;
		default:
			set_aside(record, TURN_FAILING, now);
			record->limit = attempted > 1 ? attempted / 2 : 1;
			return NEXT_GO_ON;
	}
}

TurnNext
turns_note(Turns *turns, const char *tenant, const TurnResult *result, int full, int64_t now)
{
	TurnRecord *record = turns_find(turns, tenant);
	bool was_aside = record != NULL && record->trouble != TURN_WELL;
	bool well = result->outcome == OUTCOME_DONE && result->took <= TURNS_SLOW;
	TurnNext next = NEXT_GO_ON;

	if (was_aside || !well)
		turns->credit -= result->took;
	else
		turns->credit = min64(turns->credit + result->took, MAX_CREDIT);
	if (record == NULL && well)
		return NEXT_GO_ON;
	record = record_of(turns, tenant, now);
	if (!was_aside)
		record->spent = least_spent(turns);
	record->tried = now;
	record->took = result->took;
	record->spent += result->took;
	if (result->outcome == OUTCOME_DONE)
		note_done(record, result, full, now);
	else
		next = note_failed(record, result, full, now);
	return next;
}

void
turns_got_past(Turns *turns, const char *tenant, bool done, int64_t took, int64_t now)
{
	TurnRecord *record = turns_find(turns, tenant);

	turns->credit -= took;
	if (record == NULL)
		return;
	record->took += took;
	record->spent += took;
	if (!done)
		set_aside(record, TURN_FAILING, now);
	else
	{
		/* There may be more rows like it, so the size grows again from one row. */
		record->waits = 0;
		record->limit = 1;
	}
}

void
turns_restore(Turns *turns, const char *tenant, TurnTrouble trouble, int failures, int waits,
			  int64_t left, int64_t now)
{
	TurnRecord *record = record_of(turns, tenant, now);
	int64_t wait = doubled(TURNS_FIRST_WAIT, TURNS_LONGEST_WAIT, waits);

	record->spent = least_spent(turns);
	record->trouble = trouble;
	record->failures = failures;
	record->waits = waits;
	record->limit = 1;
	record->since = now;

	/* Even if the clock by which the rest was measured has been set since. */
	record->until = now + (left < 0 ? 0 : min64(left, wait));
}

bool
turns_log(Turns *turns, const char *tenant, int64_t now, int *unlogged)
{
	TurnRecord *record = record_of(turns, tenant, now);

	*unlogged = record->unlogged;
	if (now < record->log_next)
	{
		record->unlogged++;
		return false;
	}

	/* After some time without failures, the next one is logged again. */
	if (now >= record->log_next + TURNS_LONGEST_WAIT)
		record->log_wait = 0;
	record->log_wait =
		record->log_wait == 0 ? TURNS_FIRST_WAIT : min64(2 * record->log_wait, TURNS_LONGEST_WAIT);
	record->log_next = now + record->log_wait;
	record->unlogged = 0;
	return true;
}

void
turns_tidy(Turns *turns, int64_t now)
{
	for (int i = turns->n - 1; i >= 0; i--)
	{
		TurnRecord *record = &turns->records[i];

		if (record->trouble == TURN_WELL && now >= record->log_next + TURNS_LONGEST_WAIT)
			give_up(turns, record);
	}
}
