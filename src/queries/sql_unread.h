/*
 * sql_unread.h
 *		What of a SQL statement was not understood, for people.
 */
#ifndef PERSONALIZATION_QUERIES_SQL_UNREAD_H
#define PERSONALIZATION_QUERIES_SQL_UNREAD_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "core/sql/scan.h"

/*
 * The place and the reason, as an object of line and column from 1, in characters,
 * the text there and the reason.  reading is not of SQL_ALL_READ.
 */
extern Jsonb *sql_unread_document(const char *sql, const SqlReading *reading);

#endif
