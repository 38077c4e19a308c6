/*
 * subxact.c
 *		Running a function in a subtransaction, so that its failure affects
 *		nothing else.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "base/subxact.h"

bool
error_is_of_row(int sqlstate)
{
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case ERRCODE_DATA_EXCEPTION:
		case ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION:
		case ERRCODE_PROGRAM_LIMIT_EXCEEDED:
		case ERRCODE_PLPGSQL_ERROR:
		case ERRCODE_INTERNAL_ERROR:
			return true;
		default:
			return false;
	}
}

/* Returns NULL, or the error with which it failed, in the current memory context. */
static ErrorData *
try_in_subxact(SubxactFunction action, void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		/*
		 * It has its own SPI connection, so its results and memory are freed
		 * with it and not with those of the caller.
		 */
		SPI_connect();
		action(arg);
		SPI_finish();
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return error;
}

/* What the session is told to do, such as to end, it does. */
static ErrorData *
rethrow_intervention(ErrorData *error)
{
	if (error != NULL && ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION)
		ReThrowError(error);
	return error;
}

ErrorData *
run_in_subxact(SubxactFunction action, void *arg)
{
	return rethrow_intervention(try_in_subxact(action, arg));
}

/*
 * PostgreSQL lets a subtransaction begin while its parent commits, as it does
 * for deferred triggers, but its rollback asserts a parent that does not
 * (RollbackAndReleaseCurrentSubTransaction() in xact.c).  So there is another
 * one in between, which never fails.
 */
ErrorData *
run_in_subxact_at_commit(SubxactFunction action, void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *error;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	error = try_in_subxact(action, arg);
	ReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return rethrow_intervention(error);
}
