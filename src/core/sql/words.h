/*
 * words.h
 *		Names of functions, units and values in the dialects of SQL that
 *		determine how a statement is read.
 */
#ifndef PERSONALIZATION_CORE_SQL_WORDS_H
#define PERSONALIZATION_CORE_SQL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Names are text[0..len) without quotes, in any case. */

typedef enum SqlUnitPlace
{
	SQL_NO_UNIT,
	SQL_UNIT_ANYWHERE, /* the first or the last argument: date_trunc(x, MONTH) */
	SQL_UNIT_OF_THREE, /* the first of three arguments: datediff(day, a, b) */
	SQL_TYPE_ANYWHERE  /* a type, which is first or last too: convert(date, x) */
} SqlUnitPlace;

/* Returns where a function has a unit of time, or a type, among its arguments, if it has one. */
extern SqlUnitPlace sql_unit_place(const char *text, size_t len);

/* Whether the text is what a function has in that place. */
extern bool sql_is_unit_of(SqlUnitPlace place, const char *text, size_t len);

/* Whether it is a unit of time: month, DAY, yy, … or a weekday of WEEK(MONDAY). */
extern bool sql_is_time_unit(const char *text, size_t len);
extern bool sql_is_weekday(const char *text, size_t len);

/* Whether it is a value like CURRENT_DATE, but written like a column: SYSDATE, … */
extern bool sql_is_value_word(const char *text, size_t len);

/* Whether it is one of SQL Server's hints that may follow a table: t(NOLOCK). */
extern bool sql_is_table_hint(const char *text, size_t len);

/* Whether the text arguments of a function are part of the query, or values. */
typedef enum SqlTexts
{
	SQL_TEXTS_ARE_VALUES,
	SQL_TEXTS_ARE_UNITS,   /* if they are units */
	SQL_TEXTS_ARE_WIDTHS,  /* of time: time_bucket('1 hour', x) */
	SQL_TEXTS_ARE_FORMATS, /* to_char(x, 'YYYY') */
	SQL_TEXTS_ARE_FILES,   /* read_csv('a.csv') */
	SQL_TEXTS_ARE_KEYS	   /* into documents, but for the first argument */
} SqlTexts;

extern SqlTexts sql_texts_of(const char *text, size_t len);

#endif
