/*
 * log.c
 *		What the server's log says of calls that Citus sends to other nodes.
 */
#include "postgres.h"

#include "tcop/tcopprot.h"
#include "utils/elog.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "base/extension.h"
#include "base/fault.h"
#include "cluster/log.h"

/* How Citus names the connections that it makes itself, and its function that raises errors. */
#define CITUS_CONNECTION "citus_internal"
#define CITUS_RAISES "ReportResultError"

static emit_log_hook_type next_hook = NULL;

static bool
begins_with(const char *text, const char *start)
{
	return text != NULL && strncmp(text, start, strlen(start)) == 0;
}

static void
leave_out(ErrorData *error)
{
	if (error->detail != NULL && error->detail_log == NULL && error->funcname != NULL &&
		strcmp(error->funcname, CITUS_RAISES) == 0 &&
		(begins_with(error->detail, FAULT_DETAIL) || begins_with(error->detail, FAULT_DETAIL_NAME)))
		error->detail_log = MemoryContextStrdup(error->assoc_context, FAULT_DETAIL_LOG);
	if (begins_with(application_name, CITUS_CONNECTION) && debug_query_string != NULL &&
		strstr(debug_query_string, SCHEMA_NAME ".") != NULL)
		error->hide_stmt = true;
	if (next_hook != NULL)
		next_hook(error);
}

void
log_init(void)
{
	next_hook = emit_log_hook;
	emit_log_hook = leave_out;
}
