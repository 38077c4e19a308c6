/*
 * put.h
 *		Writing to a page.
 *
 *		put() takes literals only, so nothing of a user gets onto the page but
 *		through a function that escapes it.
 */
#ifndef PERSONALIZATION_REPORT_PUT_H
#define PERSONALIZATION_REPORT_PUT_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/date.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/local_time.h"

/* A document under construction. */
typedef struct Sheet
{
	StringInfoData out;
	bool ascii;		/* the server's encoding is not UTF-8 */
	LocalZone zone; /* the tenant's clock */
	const char *time_zone;
	TimestampTz at; /* the time for which it is made */
	DateADT today;	/* the day of that time */
} Sheet;

/* Markup, as a literal in ASCII. */
#define put(page, literal)                                                                         \
	appendBinaryStringInfo(&(page)->out, "" literal "", (int) sizeof(literal) - 1)

/* Numbers of characters at most: of texts in lines, and in headings and names. */
#define TEXT_SHOWN 280
#define NAME_SHOWN 100

/*
 * A text of a user, isolated from the direction of the text around it; at most
 * so many characters, and an ellipsis for the rest.
 */
extern void put_text(Sheet *page, const char *text, int most);

/* The same within the value of an attribute. */
extern void put_text_in_attribute(Sheet *page, const char *text, int most);

/* The same for a name as in code, with blanks for underscores. */
extern void put_name(Sheet *page, const char *name, int most);

/* Our own words, in ASCII; and with a capital. */
extern void put_words(Sheet *page, const char *words);
extern void put_sentence(Sheet *page, const char *words);

/* A value of JSON as people would say it: texts without quotes. */
extern void put_value(Sheet *page, const Jsonb *value, int most);
extern char *value_words(const Jsonb *value);

/* Numbers: whole ones in groups of three digits, with a noun; shares of 1 as percentages. */
extern void put_int(Sheet *page, int64 number);
extern void put_count(Sheet *page, int64 number, const char *one, const char *many);
extern void put_percent(Sheet *page, double share);
extern void put_decimal(Sheet *page, double number, int digits);

/* The same with a sign. */
extern void put_change(Sheet *page, double number, int digits);

/* Days and times on the tenant's clock: "14 Dec", "14 Dec 2027", "29 Nov, 09:14". */
extern void put_day(Sheet *page, DateADT day);
extern void put_time(Sheet *page, TimestampTz at);

/* The same as words, for attributes, palloc'd. */
extern char *day_words(Sheet *page, DateADT day);
extern char *time_words(Sheet *page, TimestampTz at);

/* "Sunday, 29 November 2026, 11:16". */
extern char *long_time_words(Sheet *page, TimestampTz at);

/* The days between today and another: "today", "in 3 days", "2 days ago". */
extern char *distance_words(const Sheet *page, DateADT day);

extern const char *const weekday_words[8];

#endif
