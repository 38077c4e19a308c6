/*
 * query_terms.h
 *		The terms of a query: of its tables and of its words.
 *
 *		tables is a JSON array of table names, as learn() stores it.  It may
 *		be NULL; elements that are not strings are ignored.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_QUERY_TERMS_H
#define PERSONALIZATION_SUGGESTIONS_QUERY_TERMS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "core/ranking/content.h"

/*
 * Sets *terms to the distinct terms, those of the tables first; returns their
 * number, at most TERMS_MAX.  query may be NULL.  They are allocated in the
 * current memory context.
 */
extern int query_terms(const char *query, const Jsonb *tables, const char *const **terms);

/* Adds a query's tables to its content, as far as there is space. */
extern void query_content_tables(QueryContent *content, const Jsonb *tables);

#endif
