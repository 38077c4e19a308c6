/*
 * fault.c
 *		Errors that can be kept instead of raised.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/fault.h"

bool
fault_set(Fault *fault, int sqlstate, const char *hint, const char *format, ...)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (;;)
	{
		va_list args;
		int needed;

		va_start(args, format);
		needed = appendStringInfoVA(&buf, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&buf, needed);
	}
	fault->sqlstate = sqlstate;
	fault->message = buf.data;
	fault->hint = hint;
	return false;
}

char *
clipped(const char *text, size_t len)
{
	return pnstrdup(text, pg_mbcliplen(text, (int) len, Min((int) len, 100)));
}

void
fault_raise(const Fault *fault, int index)
{
	ereport(ERROR, (errcode(fault->sqlstate),
					index < 0 ? errmsg("%s", fault->message)
							  : errmsg("events[%d]: %s", index, fault->message),
					fault->hint ? errhint("%s", fault->hint) : 0));
}
