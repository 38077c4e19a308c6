/*
 * parts.h
 *		Parts: events that one node of a cluster sends to another, as the argument of
 *		learn_part().
 *
 *		All callers are in SPI.
 */
#ifndef PERSONALIZATION_LEARNING_PARTS_H
#define PERSONALIZATION_LEARNING_PARTS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "learning/events.h"

/* A part ends after the event with which it exceeds one of these. */
#define PART_EVENTS 10000
#define PART_BYTES ((Size) 16 * 1024 * 1024)

/* Members of an event in a part. */
#define PART_EVENT "event"
#define PART_INDEX "index"
#define PART_TENANT "tenant_id" /* of one that was set aside */
#define PART_SQLSTATE "sqlstate"
#define PART_REASON "reason"
#define PART_SUMMARY "summary"
#define PART_HINT "hint"

/* What the other node does with the events, and where one cannot be learned. */
#define PART_RAISE "raise"	 /* learns them, or raises an error */
#define PART_DIVERT "divert" /* learns them, and sets aside those that it cannot learn */
#define PART_WAIT "wait"	 /* puts them into the inbox */

/* Make a part: its beginning, events with what has set them aside and where they were read, its end. */
extern void part_begin(JsonbParseState **state, const char *on_error);
extern void part_push_event(JsonbParseState **state, const Event *event);
extern Jsonb *part_end(JsonbParseState **state);

/* Sends a part to the node of a tenant, in this transaction: see send_query(). */
extern void part_send(const char *tenant_id, const Jsonb *part, int64 *learned, int64 *aged);

/* Puts the events of a part of PART_WAIT into the inbox of this node. */
extern void part_wait(const Jsonb *part);

#endif
