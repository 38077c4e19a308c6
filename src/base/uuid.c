/*
 * uuid.c
 *		UUIDs: new ones in order of time, and conversion from and to text
 *		without errors.
 */
#include "postgres.h"

#include "fmgr.h"
#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "port.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/uuid.h"

PG_FUNCTION_INFO_V1(personalization_new_interaction_id);

/* Random bytes are drawn for this number of ids at a time: drawing costs more than the bytes. */
#define DRAWN_IDS 64
#define ID_RANDOM_BYTES (UUID_LEN - 8)

/*
 * Fills in random bytes.  They are drawn by each process for itself: the postmaster, of
 * whose memory the others begin with a copy, makes no ids.
 */
static void
add_random_bytes(unsigned char *to)
{
	static unsigned char drawn[DRAWN_IDS * ID_RANDOM_BYTES];
	static int drawn_by = 0;
	static int used = DRAWN_IDS;

	if (used == DRAWN_IDS || drawn_by != MyProcPid)
	{
		/* If this fails, the next call draws again. */
		used = DRAWN_IDS;
		if (!pg_strong_random(drawn, sizeof(drawn)))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random bytes")));
		drawn_by = MyProcPid;
		used = 0;
	}
	memcpy(to, drawn + used * ID_RANDOM_BYTES, ID_RANDOM_BYTES);
	used++;
}

/*
 * Version 7 (RFC 9562): 48 bits of milliseconds, 12 bits of fractions of a
 * millisecond, and random bits, so that the newest index entries are adjacent.
 * Each id of a session is later than the previous one, as the RFC allows, so
 * that events of the same time are in the order in which they were learned.
 */
void
interaction_id_make(pg_uuid_t *id)
{
	static uint64 last = 0;

	/* PostgreSQL counts from 2000-01-01. */
	uint64 usecs = (uint64) (GetCurrentTimestamp() +
							 (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY);
	uint64 stamp = (usecs / 1000) << 12 | (usecs % 1000) * 4096 / 1000;
	uint64 msecs;
	uint32 fraction;

	last = Max(stamp, last + 1);
	msecs = last >> 12;
	fraction = (uint32) (last & 0xfff);

	add_random_bytes(id->data + 8);
	for (int i = 0; i < 6; i++)
		id->data[i] = (unsigned char) (msecs >> (40 - 8 * i));
	id->data[6] = (unsigned char) (0x70 | (fraction >> 8));
	id->data[7] = (unsigned char) fraction;
	id->data[8] = (unsigned char) ((id->data[8] & 0x3f) | 0x80);
}

Datum
personalization_new_interaction_id(PG_FUNCTION_ARGS)
{
	pg_uuid_t *id = palloc(sizeof(pg_uuid_t));

	interaction_id_make(id);
	PG_RETURN_UUID_P(id);
}

char *
uuid_text(const pg_uuid_t *uuid)
{
	return DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(uuid)));
}

bool
uuid_decode(const char *text, pg_uuid_t *uuid)
{
	int digits = 0;

	for (const char *c = text; *c != '\0'; c++)
	{
		const char *hex = "0123456789abcdef";
		const char *digit;

		if (*c == '-' && (c - text == 8 || c - text == 13 || c - text == 18 || c - text == 23))
			continue;
		digit = strchr(hex, pg_tolower((unsigned char) *c));
		if (digit == NULL || digits == 2 * UUID_LEN)
			return false;
		if (digits % 2 == 0)
			uuid->data[digits / 2] = (unsigned char) ((digit - hex) << 4);
		else
			uuid->data[digits / 2] |= (unsigned char) (digit - hex);
		digits++;
	}
	return digits == 2 * UUID_LEN;
}
