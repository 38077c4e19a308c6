/*
 * fault.c
 *		Errors that can be kept instead of raised.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "base/fault.h"

/* They enclose a private text in a message until fault_set() takes it apart. */
#define PRIVATE_BEGIN '\001'
#define PRIVATE_END '\002'
#define PRIVATE_NAME '\003'

/* A text that contains these characters itself must not end where it says. */
static char *
enclosed(char begin, const char *text, size_t len)
{
	char *copy = clipped(text, len);

	for (char *c = copy; *c != '\0'; c++)
	{
		if (*c == PRIVATE_BEGIN || *c == PRIVATE_END || *c == PRIVATE_NAME)
			*c = '?';
	}
	return psprintf("%c\"%s\"%c", begin, copy, PRIVATE_END);
}

char *
private_text(const char *text, size_t len)
{
	return enclosed(PRIVATE_BEGIN, text, len);
}

char *
private_name(const char *text, size_t len)
{
	return enclosed(PRIVATE_NAME, text, len);
}

/* Removes the punctuation that introduced a text, as in "invalid value: ". */
static void
trim_introduction(StringInfo text)
{
	while (text->len > 0 && strchr(":. ", text->data[text->len - 1]) != NULL)
		text->data[--text->len] = '\0';
}

/* Splits a message into the whole, the part that is not private, and the private texts. */
static void
take_apart(Fault *fault, const char *marked)
{
	StringInfoData whole;
	StringInfoData summary;
	StringInfoData detail;
	bool is_private = false;
	char first = '\0';

	initStringInfo(&whole);
	initStringInfo(&summary);
	initStringInfo(&detail);
	for (const char *c = marked; *c != '\0'; c++)
	{
		if (*c == PRIVATE_BEGIN || *c == PRIVATE_NAME)
		{
			trim_introduction(&summary);
			if (detail.len == 0)
			{
				first = *c;
				appendStringInfoString(&detail,
									   *c == PRIVATE_NAME ? FAULT_DETAIL_NAME : FAULT_DETAIL);
			}
			else if (*c == first)
				appendStringInfoString(&detail, ", ");
			else
				appendStringInfoString(&detail,
									   *c == PRIVATE_NAME ? ", the name " : ", the value ");
			is_private = true;
		}
		else if (*c == PRIVATE_END)
			is_private = false;
		else
		{
			appendStringInfoChar(&whole, *c);
			appendStringInfoChar(is_private ? &detail : &summary, *c);
		}
	}
	fault->message = whole.data;
	fault->summary = fault->detail = NULL;
	if (detail.len == 0)
		return;
	appendStringInfoChar(&detail, '.');
	fault->summary = summary.data;
	fault->detail = detail.data;
}

bool
fault_vset(Fault *fault, int sqlstate, const char *hint, const char *format, va_list args)
{
	StringInfoData buf;
	int needed;

	initStringInfo(&buf);
	do
	{
		va_list copy;

		va_copy(copy, args);
		needed = appendStringInfoVA(&buf, format, copy);
		va_end(copy);
		if (needed > 0)
			enlargeStringInfo(&buf, needed);
	} while (needed > 0);
	fault->sqlstate = sqlstate;
	fault->hint = hint;
	take_apart(fault, buf.data);
	pfree(buf.data);
	return false;
}

bool
fault_set(Fault *fault, int sqlstate, const char *hint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void) fault_vset(fault, sqlstate, hint, format, args);
	va_end(args);
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
	const char *message = fault->summary != NULL ? fault->summary : fault->message;

	ereport(ERROR, (errcode(fault->sqlstate),
					index < 0 ? errmsg("%s", message) : errmsg("events[%d]: %s", index, message),
					fault->detail ? errdetail("%s", fault->detail) : 0,
					fault->detail ? errdetail_log(FAULT_DETAIL_LOG) : 0,
					fault->hint ? errhint("%s", fault->hint) : 0));
}

void
fault_warn(const Fault *fault)
{
	ereport(WARNING, (errcode(fault->sqlstate),
					  errmsg("%s", fault->summary != NULL ? fault->summary : fault->message),
					  fault->detail ? errdetail("%s", fault->detail) : 0,
					  fault->detail ? errdetail_log(FAULT_DETAIL_LOG) : 0,
					  fault->hint ? errhint("%s", fault->hint) : 0));
}
