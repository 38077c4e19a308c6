/*
 * waiting_asks.h
 *		Requests that wait to be counted, and what is needed to count them.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_WAITING_ASKS_H
#define PERSONALIZATION_SUGGESTIONS_WAITING_ASKS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "core/ranking/own.h"
#include "suggestions/history.h"
#include "suggestions/outcomes.h"

/* A request that waits to be counted. */
typedef struct WaitingAsk
{
	const char *user_id;
	QueryKey query;
	pg_uuid_t query_id;
	pg_uuid_t interaction_id;
	TimestampTz at;
	bool first;
	double weight;	  /* less than 1 if it followed from a suggestion */
	const char *text; /* NULL if the user was forgotten meanwhile, or the text is too long */
	const Jsonb *tables;
	History *history;
	Asked *asked; /* the part of the history before this request … */
	int nasked;	  /* … and its length: the latest HISTORY_MAX */
} WaitingAsk;

/* Those of a batch, in the order in which they are counted; in the current memory context. */
typedef struct AskBatch
{
	const char *tenant_id;
	WaitingAsk *asks;
	int n;
	History *histories; /* by user, in the order of their names */
	Outcomes **outcomes;
	int nusers;
} AskBatch;

/* Returns the next tenant with waiting requests after another one (NULL: the first), or NULL. */
extern char *asks_next_tenant(const char *previous);

/* The next look at what waits goes through all rows: see base/tenant_queue.h. */
extern void asks_look_at_all(void);

/*
 * Removes up to limit waiting requests of batch->tenant_id and reads them into the batch.
 * Returns whether more may be waiting.  The caller is in SPI, as for all functions here.
 */
extern bool asks_take(AskBatch *batch, int limit);

/* Removes them without reading, for a tenant without suggestions. */
extern bool asks_discard(const char *tenant_id, int limit, int64 *discarded);

/*
 * Reads up to limit stored requests after (*from, *from_id), in order of time, for a rebuild.
 * Returns whether the batch was full: then the rebuild continues after its last row, which
 * *from and *from_id become.  After a smaller batch there is nothing left.  Those that wait
 * are left out, because they are counted later.
 */
extern bool asks_reread(AskBatch *batch, int limit, TimestampTz *from, pg_uuid_t *from_id);

/*
 * Reads the texts of the requests, and of each the user's requests and outcomes before it, and
 * what it weighs, which does not depend on what has been shown to the user since.
 */
extern void asks_complete(AskBatch *batch);

/* Removes the first waiting request. */
extern void asks_skip_first(const char *tenant_id);

/* The stored request after (*from, *from_id), which they become; false if there is none. */
extern bool asks_next_stored(const char *tenant_id, TimestampTz *from, pg_uuid_t *from_id);

#endif
