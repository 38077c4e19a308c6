/*
 * jsonutil.h
 *		Small helpers around jsonb.
 */
#ifndef PERSONALIZATION_BASE_JSONUTIL_H
#define PERSONALIZATION_BASE_JSONUTIL_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"

extern Jsonb *json_empty_object(void);

/* As JsonbValueToJsonb(), which leaves a kilobyte of room behind each document: for those that are many. */
extern Jsonb *json_document(JsonbValue *value);

/* A copy in the memory of SPI's caller, which outlives SPI_finish(). */
extern Jsonb *json_keep(const Jsonb *document);

/* The member of an object, or NULL when it is absent or null, or when that is no object; value is the space for it. */
extern JsonbValue *json_member(const JsonbContainer *object, const char *name, JsonbValue *value);

/*
 * A text member of an object; *text is NULL when it is absent.  False when it
 * is there and no text.
 */
extern bool json_text_member(const JsonbContainer *object, const char *name, char **text);

/* A number as float8; false when it is out of range. */
extern bool json_number(const JsonbValue *value, double *number);

/* The scalar that a jsonb document consists of. */
extern void json_scalar(const Jsonb *document, JsonbValue *value);

/* Whether two values are equal as jsonb compares them: 1 = 1.0. */
extern bool json_equal(const Jsonb *a, const Jsonb *b);

/*
 * A JSON object with a patch merged in, by RFC 7396 (JSON Merge Patch): objects
 * are merged member by member, at every level, null takes a member away, and
 * anything else replaces what was there.
 */
extern Jsonb *json_merge_patch(const Jsonb *target, const Jsonb *patch);

/* A float8 as the shortest numeric that reads back as the same float8; null if it is none. */
extern void json_from_double(double number, JsonbValue *value);

/* Writers of a document under construction; text is copied where it is pushed. */
extern void json_push_key(JsonbParseState **state, const char *name);
extern void json_push_text(JsonbParseState **state, const char *name, const char *text);
extern void json_push_double(JsonbParseState **state, const char *name, double number);
extern void json_push_int(JsonbParseState **state, const char *name, int64 number);
extern void json_push_jsonb(JsonbParseState **state, const char *name, const Jsonb *document);
extern void json_push_null(JsonbParseState **state, const char *name);

/* ISO 8601 in UTC, with offset, whatever the session's time zone. */
extern void json_push_time(JsonbParseState **state, const char *name, TimestampTz at);

#endif
