/*
 * aged.c
 *		Telling whoever loads interactions that are older than their tenant keeps
 *		them.
 */
#include "postgres.h"

#include "access/xact.h"
#include "nodes/pg_list.h"
#include "utils/memutils.h"

#include "learning/aged.h"

#define AGED_DETAIL                                                                                \
	"Maintenance deletes what is older, within a minute where the worker runs. What was learned "  \
	"from it stays."
#define AGED_HINT                                                                                  \
	"Set history_retention of the tenant with personalization.configure_tenant() before loading, " \
	"or load more recent events."

/* A transaction with fewer loads no history: it may be about an event or two that come late. */
#define AGED_LOAD 100

/* How many events a subtransaction has learned; in TopTransactionContext. */
typedef struct AgedCount
{
	SubTransactionId subxact;
	int64 n;
} AgedCount;

static List *counts = NIL;

/* Not again for each of many transactions that load one event. */
static bool reported = false;

void
aged_report(int64 naged, int64 n)
{
	if (naged == 0)
		return;
	ereport(NOTICE, (errmsg(INT64_FORMAT " of " INT64_FORMAT
										 " interactions are older than the history retention",
							naged, n),
					 errdetail(AGED_DETAIL), errhint(AGED_HINT)));
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	int64 n = 0;
	ListCell *cell;

	if (counts == NIL || event == XACT_EVENT_PARALLEL_PRE_COMMIT)
		return;
	if (event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE)
	{
		counts = NIL;
		return;
	}
	foreach (cell, counts)
		n += ((AgedCount *) lfirst(cell))->n;
	if (n < AGED_LOAD)
		return;
	reported = true;
	ereport(NOTICE, (errmsg(INT64_FORMAT " interactions are older than the history retention", n),
					 errdetail(AGED_DETAIL), errhint(AGED_HINT)));
}

/* While a subtransaction lasts, only it and those within it, which have begun after it, are counted. */
static void
at_subtransaction_end(SubXactEvent event, SubTransactionId me, SubTransactionId parent, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	while (counts != NIL && ((AgedCount *) llast(counts))->subxact >= me)
		counts = list_delete_last(counts);
}

void
aged_report_at_commit(void)
{
	static bool registered = false;
	SubTransactionId me = GetCurrentSubTransactionId();
	AgedCount *last = counts == NIL ? NULL : llast(counts);

	if (reported)
		return;
	if (!registered)
	{
		RegisterXactCallback(at_transaction_end, NULL);
		RegisterSubXactCallback(at_subtransaction_end, NULL);
		registered = true;
	}
	if (last == NULL || last->subxact != me)
	{
		MemoryContext context = MemoryContextSwitchTo(TopTransactionContext);

		last = palloc(sizeof(AgedCount));
		*last = (AgedCount){.subxact = me};
		counts = lappend(counts, last);
		MemoryContextSwitchTo(context);
	}
	last->n++;
}
