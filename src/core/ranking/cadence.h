/*
 * cadence.h
 *		The rhythm in which a query is asked: daily, weekly, monthly.
 *
 *		Days are whole local days, counted from 2000-01-01 (a Saturday) like
 *		the server's dates; the caller has applied the time zone.  A rhythm is
 *		a pure function of the days on which the query was asked and of today,
 *		so to read it as of an earlier day, later days are left out.
 *
 *		A rhythm has scheduled days: every day, Monday to Friday, one day of
 *		the week, or one day of the month (in a shorter month, its last day).
 *		It exists if
 *
 *		- at least CADENCE_MIN_HITS scheduled days were asked on,
 *		- at least CADENCE_MIN_COVERAGE of the scheduled days since the first
 *		  of them were asked on (today counts only if it was asked on, because
 *		  it is not over),
 *		- more than CADENCE_MIN_PRECISION of all days asked on since then were
 *		  scheduled, and for Monday to Friday more than
 *		  CADENCE_MIN_WORKING_DAYS,
 *		- and fewer than CADENCE_LAPSE consecutive scheduled days have passed
 *		  since the last of them.  If that happened earlier, the rhythm
 *		  started again after it.
 *
 *		If several exist, the strongest is used; among equally strong ones the
 *		shorter, Monday to Friday before every day, and the later day of the
 *		month.
 */
#ifndef PERSONALIZATION_CORE_RANKING_CADENCE_H
#define PERSONALIZATION_CORE_RANKING_CADENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CADENCE_MIN_HITS 3
#define CADENCE_MIN_COVERAGE (2.0 / 3.0)
#define CADENCE_MIN_PRECISION 0.6
#define CADENCE_MIN_WORKING_DAYS 0.8
#define CADENCE_LAPSE 3

/* Number of latest days that are used and worth keeping. */
#define CADENCE_DAYS 16

/* The distance to the next scheduled day, and the length of a lapse, are at most this. */
#define CADENCE_LONGEST (CADENCE_LAPSE * 31)

typedef enum CadenceKind
{
	CADENCE_NONE,
	CADENCE_DAILY,
	CADENCE_WEEKLY,
	CADENCE_MONTHLY
} CadenceKind;

typedef struct Cadence
{
	CadenceKind kind;

	/*
	 * Daily: the last day of the week that counts, 5 for Monday to Friday, or
	 * 7. Weekly: the day of the week, 1 for Monday to 7 for Sunday (ISO 8601).
	 * Monthly: the day of the month, 31 for the last.
	 */
	int day;

	int hits;		  /* number of scheduled days asked on, among the latest */
	double coverage;  /* share of the scheduled days that were asked on, 0..1 */
	double precision; /* share of the days asked on that were scheduled, 0..1 */

	/* coverage * precision * hits / (hits + 1), 0 without a rhythm: a few hits prove less. */
	double strength;
} Cadence;

/*
 * Returns the rhythm of a query asked on days[0..n), ascending and distinct,
 * as of today.  Days after today are ignored, and all but the latest
 * CADENCE_DAYS.
 */
extern Cadence cadence_of(const int32_t *days, size_t n, int32_t today);

/* Whether a day is scheduled. */
extern bool cadence_scheduled(const Cadence *cadence, int32_t day);

/* Whether the query is due: today is scheduled, and is not yet among days[0..n). */
extern bool cadence_due(const Cadence *cadence, const int32_t *days, size_t n, int32_t today);

/* Returns the next scheduled day after a day; INT32_MAX if there is none. */
extern int32_t cadence_next(const Cadence *cadence, int32_t after);

/* Returns "daily", "weekly", "monthly" or "none". */
extern const char *cadence_name(const Cadence *cadence);

/*
 * Writes the rhythm in words to text[0..CADENCE_WORDS): "weekly on Mondays",
 * "monthly on the last day".
 */
#define CADENCE_WORDS 32
extern void cadence_words(const Cadence *cadence, char *text);

/*
 * Merges two ascending lists of distinct days into out, which has space for
 * CADENCE_DAYS: each day once, and only the latest if there are more.  Returns
 * their number.
 */
extern size_t cadence_merge(const int32_t *a, size_t na, const int32_t *b, size_t nb, int32_t *out);

/* Returns 1 for Monday to 7 for Sunday. */
extern int day_of_week(int32_t day);

#endif
