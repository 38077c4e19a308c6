/*
 * without_text.h
 *		Queries of tenants whose setting store_query_text is false: what of an
 *		event is stored, and what stands for the text.
 *
 *		Stored are the query's identity, its tables, and hashes of its words.
 *		The text is known while the event is learned, and nowhere afterwards.
 */
#ifndef PERSONALIZATION_QUERIES_WITHOUT_TEXT_H
#define PERSONALIZATION_QUERIES_WITHOUT_TEXT_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

/*
 * Returns a document without the members "query" and "sql", in whatever case
 * and however deep.  If tables is not NIL, and the document is an object
 * without tables_used, they become its tables_used.
 */
extern Jsonb *without_text(const Jsonb *document, List *tables);

/* The same for an event that was rejected: nothing but the fields of events is kept. */
extern Jsonb *event_without_text(const Jsonb *event);

/*
 * Returns the hashes of a text's words, as a text that contains_hashes(); NULL
 * for NULL.  It is read like the text: terms that are equal are equal in it.
 */
extern char *hashed_words(const char *tenant_id, const char *text);
extern bool contains_hashes(const char *text);

/* Returns the names of tables, separated by commas; NULL if there is none. */
extern char *tables_text(const Jsonb *tables);

#endif
