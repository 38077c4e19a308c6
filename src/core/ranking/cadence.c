/*
 * cadence.c
 *		The rhythm in which a query is asked: daily, weekly, monthly.
 */
#include "core/ranking/cadence.h"

#include <stdio.h>
#include <string.h>

#define EVERY_DAY 7
#define MONDAY_TO_FRIDAY 5

/* From 0000-03-01 to 2000-01-01. */
#define DAYS_TO_2000 INT64_C(730425)
#define DAYS_PER_ERA 146097

/* A day in the calendar. */
typedef struct Date
{
	int32_t month; /* counted across years: 12 * year + 0..11 */
	int day;	   /* 1..31 */
} Date;

static bool
is_leap_year(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
month_length(int32_t month)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int of_year = month % 12;
	int64_t year = month / 12;

	if (of_year < 0)
	{
		of_year += 12;
		year--;
	}
	return lengths[of_year] + (of_year == 1 && is_leap_year(year));
}

/*
 * Converts days to the Gregorian calendar.  Years begin in March, so that the
 * leap day is the last day of a year: the lengths of months then repeat every
 * five months with 153 days, and 400 years have 146,097 days.
 */
static Date
date_of(int32_t day)
{
	int64_t days = day + DAYS_TO_2000;
	int64_t era = (days >= 0 ? days : days - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
	int64_t of_era = days - era * DAYS_PER_ERA;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / (DAYS_PER_ERA - 1)) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t march_month = (5 * of_year + 2) / 153;
	Date date;

	date.day = (int) (of_year - (153 * march_month + 2) / 5 + 1);
	date.month = (int32_t) (12 * (year + 400 * era) + march_month + 2);
	return date;
}

int
day_of_week(int32_t day)
{
	/* 2000-01-01 was a Saturday. */
	int of_week = (int) (((int64_t) day + 5) % 7);

	return of_week < 0 ? of_week + 8 : of_week + 1;
}

/* Returns the day of a month on which a monthly cadence falls. */
static int
day_in_month(int day, int32_t month)
{
	int length = month_length(month);

	return day < length ? day : length;
}

bool
cadence_scheduled(const Cadence *cadence, int32_t day)
{
	switch (cadence->kind)
	{
		case CADENCE_DAILY:
			return day_of_week(day) <= cadence->day;
		case CADENCE_WEEKLY:
			return day_of_week(day) == cadence->day;
		case CADENCE_MONTHLY:
		{
			Date date = date_of(day);

			return date.day == day_in_month(cadence->day, date.month);
		}
		default:
			return false;
	}
}

/*
 * Returns the number of a day among the scheduled days of the cadence, so that
 * the difference of two is the number of scheduled days between them.  For a
 * day that is not scheduled, it is the number of the last scheduled day before
 * it.
 */
static int64_t
ordinal(const Cadence *cadence, int32_t day)
{
	/* Week 0 began on Monday, 1999-12-27. */
	int64_t since = (int64_t) day + 5;
	int64_t week = (since >= 0 ? since : since - 6) / 7;
	int of_week = (int) (since - 7 * week) + 1;

	switch (cadence->kind)
	{
		case CADENCE_DAILY:
			return week * cadence->day + (of_week < cadence->day ? of_week : cadence->day);
		case CADENCE_WEEKLY:
			return of_week >= cadence->day ? week : week - 1;
		default:
		{
			Date date = date_of(day);

			return date.day >= day_in_month(cadence->day, date.month) ? date.month : date.month - 1;
		}
	}
}

/*
 * Measures a rhythm with a given kind and day; strength stays 0 if there is
 * none.
 */
static void
measure(Cadence *cadence, const int32_t *days, size_t n, int32_t today)
{
	int64_t last = INT64_MAX; /* the scheduled day before which hits are searched */
	int64_t begin = 0;
	int64_t end;
	size_t first = n; /* of the hits */
	int64_t scheduled;
	double floor =
		cadence->kind == CADENCE_DAILY ? CADENCE_MIN_WORKING_DAYS : CADENCE_MIN_PRECISION;

	cadence->hits = 0;
	cadence->strength = 0;

	/* Scheduled days that are over, and today if the query was asked today. */
	end = ordinal(cadence, today);
	if (cadence_scheduled(cadence, today) && days[n - 1] != today)
		end--;

	for (size_t i = n; i > 0; i--)
	{
		int64_t position;

		if (!cadence_scheduled(cadence, days[i - 1]))
			continue;
		position = ordinal(cadence, days[i - 1]);
		if (last == INT64_MAX && end - position >= CADENCE_LAPSE)
			return;
		if (last != INT64_MAX && last - position - 1 >= CADENCE_LAPSE)
			break;
		last = begin = position;
		first = i - 1;
		cadence->hits++;
	}
	if (cadence->hits < CADENCE_MIN_HITS)
		return;
	scheduled = end - begin + 1;
	cadence->coverage = (double) cadence->hits / (double) scheduled;
	cadence->precision = (double) cadence->hits / (double) (n - first);
	if (cadence->coverage < CADENCE_MIN_COVERAGE || cadence->precision <= floor)
		return;
	cadence->strength =
		cadence->coverage * cadence->precision * cadence->hits / (double) (cadence->hits + 1);
}

/* Measures another rhythm; the strongest is kept in best. */
static void
consider(Cadence *best, CadenceKind kind, int day, const int32_t *days, size_t n, int32_t today)
{
	Cadence cadence = {kind, day, 0, 0, 0, 0};

	measure(&cadence, days, n, today);
	if (cadence.strength > best->strength)
		*best = cadence;
}

Cadence
cadence_of(const int32_t *days, size_t n, int32_t today)
{
	Cadence best = {CADENCE_NONE, 0, 0, 0, 0, 0};
	int of_week[8] = {0};
	int of_month[32] = {0};
	int at_end = 0;

	while (n > 0 && days[n - 1] > today)
		n--;
	if (n > CADENCE_DAYS)
	{
		days += n - CADENCE_DAYS;
		n = CADENCE_DAYS;
	}
	if (n < CADENCE_MIN_HITS || (int64_t) today - days[n - 1] > CADENCE_LONGEST)
		return best;

	consider(&best, CADENCE_DAILY, MONDAY_TO_FRIDAY, days, n, today);
	consider(&best, CADENCE_DAILY, EVERY_DAY, days, n, today);

	/* Only days that occur often enough are candidates. */
	for (size_t i = 0; i < n; i++)
	{
		Date date = date_of(days[i]);

		of_week[day_of_week(days[i])]++;
		of_month[date.day]++;
		at_end += date.day == month_length(date.month);
	}
	for (int day = 1; day <= 7; day++)
	{
		if (of_week[day] >= CADENCE_MIN_HITS)
			consider(&best, CADENCE_WEEKLY, day, days, n, today);
	}
	for (int day = 31; day >= 1; day--)
	{
		if (of_month[day] + (day > 28 ? at_end : 0) >= CADENCE_MIN_HITS)
			consider(&best, CADENCE_MONTHLY, day, days, n, today);
	}
	return best;
}

bool
cadence_due(const Cadence *cadence, const int32_t *days, size_t n, int32_t today)
{
	while (n > 0 && days[n - 1] > today)
		n--;
	return cadence_scheduled(cadence, today) && (n == 0 || days[n - 1] != today);
}

int32_t
cadence_next(const Cadence *cadence, int32_t after)
{
	if (cadence->kind == CADENCE_NONE || after > INT32_MAX - 32)
		return INT32_MAX;
	do
		after++;
	while (!cadence_scheduled(cadence, after));
	return after;
}

const char *
cadence_name(const Cadence *cadence)
{
	static const char *const names[] = {"none", "daily", "weekly", "monthly"};

	return names[cadence->kind];
}

void
cadence_words(const Cadence *cadence, char *text)
{
	static const char *const weekdays[] = {"Monday", "Tuesday",	 "Wednesday", "Thursday",
										   "Friday", "Saturday", "Sunday"};
	const char *ending = "th";

	switch (cadence->kind)
	{
		case CADENCE_DAILY:
			(void) snprintf(text, CADENCE_WORDS, "%s",
							cadence->day == EVERY_DAY ? "daily" : "daily, Monday to Friday");
			break;
		case CADENCE_WEEKLY:
			(void) snprintf(text, CADENCE_WORDS, "weekly on %ss", weekdays[cadence->day - 1]);
			break;
		case CADENCE_MONTHLY:
			if (cadence->day == 31)
			{
				(void) snprintf(text, CADENCE_WORDS, "monthly on the last day");
				break;
			}
			if (cadence->day / 10 != 1)
				ending = cadence->day % 10 == 1	  ? "st"
						 : cadence->day % 10 == 2 ? "nd"
						 : cadence->day % 10 == 3 ? "rd"
												  : "th";
			(void) snprintf(text, CADENCE_WORDS, "monthly on the %d%s", cadence->day, ending);
			break;
		default:
			(void) snprintf(text, CADENCE_WORDS, "none");
			break;
	}
}

size_t
cadence_merge(const int32_t *a, size_t na, const int32_t *b, size_t nb, int32_t *out)
{
	size_t n = CADENCE_DAYS;

	/* From the latest day backwards, filling out from the end. */
	while (n > 0 && (na > 0 || nb > 0))
	{
		int32_t day;

		if (nb == 0 || (na > 0 && a[na - 1] >= b[nb - 1]))
			day = a[na - 1];
		else
			day = b[nb - 1];
		while (na > 0 && a[na - 1] >= day)
			na--;
		while (nb > 0 && b[nb - 1] >= day)
			nb--;
		out[--n] = day;
	}
	memmove(out, out + n, (CADENCE_DAYS - n) * sizeof(int32_t));
	return CADENCE_DAYS - n;
}
