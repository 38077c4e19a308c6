/*
 * jsonutil.h
 *		Helper functions for jsonb.
 */
#ifndef PERSONALIZATION_BASE_JSONUTIL_H
#define PERSONALIZATION_BASE_JSONUTIL_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"

extern Jsonb *json_empty_object(void);

/*
 * Like JsonbValueToJsonb(), which allocates a kilobyte too much for each
 * document: for code that builds many documents.
 */
extern Jsonb *json_document(JsonbValue *value);

/* Copies a document into the memory of SPI's caller, which outlives SPI_finish(). */
extern Jsonb *json_keep(const Jsonb *document);

/*
 * Returns a member of an object, or NULL if it is absent or null, or if object
 * is not an object.  value is the space for the result.
 */
extern JsonbValue *json_member(const JsonbContainer *object, const char *name, JsonbValue *value);

/*
 * Sets *text to a text member of an object, or to NULL if it is absent.
 * Returns false if the member is not text.
 */
extern bool json_text_member(const JsonbContainer *object, const char *name, char **text);

/* Returns the text of a string value, terminated; palloc'd. */
extern char *json_text(const JsonbValue *value);

/* Converts a number to float8; returns false if it is out of range. */
extern bool json_number(const JsonbValue *value, double *number);

/* Returns the scalar of a jsonb document that consists of a scalar. */
extern void json_scalar(const Jsonb *document, JsonbValue *value);

/* Whether two values are equal in the comparison of jsonb: 1 = 1.0. */
extern bool json_equal(const Jsonb *a, const Jsonb *b);

/*
 * Merges a patch into a JSON object according to RFC 7396 (JSON Merge Patch):
 * objects are merged member by member, at every level; null removes a member;
 * any other value replaces the old one.
 */
extern Jsonb *json_merge_patch(const Jsonb *target, const Jsonb *patch);

/*
 * Converts a float8 to the shortest numeric that is read back as the same
 * float8, or to null if it is not finite.
 */
extern void json_from_double(double number, JsonbValue *value);

/* Write to a document under construction; texts are copied. */
extern void json_push_key(JsonbParseState **state, const char *name);
extern void json_push_text(JsonbParseState **state, const char *name, const char *text);
extern void json_push_double(JsonbParseState **state, const char *name, double number);
extern void json_push_int(JsonbParseState **state, const char *name, int64 number);

/* Pushes a number rounded to three decimals, at a fifth of the cost of one with all of its digits. */
extern void json_push_rounded(JsonbParseState **state, const char *name, double number);
extern void json_push_jsonb(JsonbParseState **state, const char *name, const Jsonb *document);
extern void json_push_null(JsonbParseState **state, const char *name);

/* Pushes a time as ISO 8601 in UTC, with offset, whatever the session's time zone is. */
extern void json_push_time(JsonbParseState **state, const char *name, TimestampTz at);

#endif
