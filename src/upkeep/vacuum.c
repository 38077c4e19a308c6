/*
 * vacuum.c
 *		The vacuum of the queues.
 *
 *		The worker vacuums queues itself, because autovacuum's naptime is long
 *		compared with its own.  After many rows the space is reused for new
 *		ones; after the last of them the file can be truncated.
 *
 *		A vacuum may leave something behind: rows that a snapshot might see,
 *		rows on a page that another process has pinned, and, where another
 *		session has a lock on the table, the empty end of the file.  If no
 *		further row leaves the queue, nothing else would ask for another
 *		vacuum, so it is remembered here.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "commands/vacuum.h"
#include "nodes/makefuncs.h"
#include "parser/parse_node.h"
#include "storage/bufmgr.h"
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/extension.h"
#include "bgworker/session.h"
#include "cache/queue.h"
#include "cluster/route.h"
#include "upkeep/vacuum.h"
#include "upkeep/work.h"

/* A queue is vacuumed after this number of rows, or with fewer after this time. */
#define VACUUM_AFTER 20000
#define VACUUM_EVERY (60 * USECS_PER_SEC)

/* A queue, and the number of rows that have left it since it was vacuumed. */
typedef struct Queue
{
	const char *name;
	int64 *left;
	bool seen;			/* this process has vacuumed it, or found its files empty */
	bool uncut;			/* a file without rows has pages all the same */
	int64 vacuumed;		/* by elapsed_clock() */
	TransactionId kept; /* rows that transactions before this deleted may have been kept then */
} Queue;

/*
 * Whether one of the tables, or of their partitions, has pages; if
 * without_rows, only those count that had no rows at their last vacuum.
 */
static bool
have_pages(List *tables, bool without_rows)
{
	bool found = false;
	ListCell *cell;

	foreach (cell, tables)
	{
		Oid table =
			RangeVarGetRelid(makeRangeVar(SCHEMA_NAME, lfirst(cell), -1), AccessShareLock, true);
		List *parts = OidIsValid(table) ? find_all_inheritors(table, AccessShareLock, NULL) : NIL;
		ListCell *part;

		foreach (part, parts)
		{
			Relation relation = relation_open(lfirst_oid(part), NoLock);

			if (RELKIND_HAS_STORAGE(relation->rd_rel->relkind) &&
				(!without_rows || relation->rd_rel->reltuples == 0))
				found = found || RelationGetNumberOfBlocks(relation) > 0;
			relation_close(relation, NoLock);
		}
	}
	return found;
}

static void
vacuum_queue(Queue *queue, MemoryContext context)
{
	VacuumStmt *vacuum;
	List *tables;
	ListCell *cell;

	queue->uncut = true; /* should this fail */
	/* It commits the transaction and starts others, so the statement must remain valid. */
	worker_begin_bare("vacuuming the queues");
	MemoryContextReset(context);
	MemoryContextSwitchTo(context);
	tables = route_tables(queue->name);
	vacuum = makeNode(VacuumStmt);
	vacuum->is_vacuumcmd = true;
	foreach (cell, tables)
		vacuum->rels =
			lappend(vacuum->rels, makeVacuumRelation(makeRangeVar(SCHEMA_NAME, lfirst(cell), -1),
													 InvalidOid, NIL));
	if (vacuum->rels != NIL)
		ExecVacuum(make_parsestate(NULL), vacuum, true);
	queue->uncut = have_pages(tables, true);
	worker_end_bare();
}

/* Whether a new process finds anything in the files, of which it cannot know what is left. */
static bool
has_pages(const Queue *queue)
{
	bool found;

	worker_begin_bare("vacuuming the queues");
	found = have_pages(route_tables(queue->name), false);
	worker_end_bare();
	return found;
}

/* Whether rows that the last vacuum kept, as a snapshot might see them, can be removed now. */
static bool
can_remove_more(const Queue *queue)
{
	return !TransactionIdPrecedes(GetOldestNonRemovableTransactionId(NULL), queue->kept);
}

static bool
is_due(Queue *queue, int64 now)
{
	if (*queue->left >= VACUUM_AFTER)
		return true;
	if (now < queue->vacuumed + VACUUM_EVERY)
		return false;
	if (!queue->seen)
	{
		queue->seen = true;
		return *queue->left > 0 || has_pages(queue);
	}
	return *queue->left > 0 ||
		   (TransactionIdIsValid(queue->kept) ? can_remove_more(queue) : queue->uncut);
}

bool
vacuum_queues(void)
{
	static MemoryContext context = NULL;
	static Queue queues[] = {{.name = "inbox", .left = &inbox_counters.since_vacuum},
							 {.name = "query_events", .left = &counting_counters.since_vacuum},
							 {.name = "cache_changes", .left = &changes_since_vacuum}};

	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "personalization vacuum",
										ALLOCSET_DEFAULT_SIZES);
	for (size_t i = 0; i < lengthof(queues); i++)
	{
		Queue *queue = &queues[i];
		int64 now = elapsed_clock();
		TransactionId next;

		if (!is_due(queue, now))
			continue;
		*queue->left = 0;
		queue->seen = true;
		queue->vacuumed = now;
		next = ReadNextTransactionId();
		queue->kept = TransactionIdPrecedes(GetOldestNonRemovableTransactionId(NULL), next)
						  ? next
						  : InvalidTransactionId;
		vacuum_queue(queue, context);
	}
	return false;
}
