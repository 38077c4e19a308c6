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

/* Maximum number of characters: of a text in a line, and of headings and names. */
#define TEXT_SHOWN 280
#define NAME_SHOWN 100

/*
 * Puts a text of a user, escaped.  Its direction of writing does not affect
 * the text around it.  After most characters it is cut, with an ellipsis.
 */
extern void put_text(Sheet *page, const char *text, int most);

/* The same for the value of an attribute. */
extern void put_text_in_attribute(Sheet *page, const char *text, int most);

/* The same for a name as in code: underscores become spaces; and with a capital. */
extern void put_name(Sheet *page, const char *name, int most, bool begins_sentence);

/* Put words of our own, in ASCII; the second begins them with a capital. */
extern void put_words(Sheet *page, const char *words);
extern void put_sentence(Sheet *page, const char *words);

/* Returns a JSON value as people would write it: texts without quotes. */
extern char *value_words(const Jsonb *value);

/*
 * Put a number: whole ones in groups of three digits, possibly with a noun
 * (one, many); a share, 0 to 1, as a percentage; with a number of decimal
 * digits.
 */
extern void put_int(Sheet *page, int64 number);
extern void put_count(Sheet *page, int64 number, const char *one, const char *many);
extern void put_percent(Sheet *page, double share);
extern void put_decimal(Sheet *page, double number, int digits);

/* The same, always with a sign. */
extern void put_change(Sheet *page, double number, int digits);

/* Put a day or a time on the tenant's clock: "14 Dec", "14 Dec 2027", "29 Nov, 09:14". */
extern void put_day(Sheet *page, DateADT day);
extern void put_time(Sheet *page, TimestampTz at);

/* Return the same, palloc'd, for attributes. */
extern char *day_words(Sheet *page, DateADT day);
extern char *time_words(Sheet *page, TimestampTz at);

/* Returns a time as "Sunday, 29 November 2026, 11:16". */
extern char *long_time_words(Sheet *page, TimestampTz at);

/* Returns how far a day is from today: "today", "in 3 days", "2 days ago". */
extern char *distance_words(const Sheet *page, DateADT day);

extern const char *const weekday_words[8];

#endif
