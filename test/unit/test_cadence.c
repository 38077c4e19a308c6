/*
 * test_cadence.c
 *		Rhythms in calendars made by hand.
 */
#include "core/ranking/cadence.h"

#include <stdlib.h>

#include "unit.h"

static int
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The day of a date, by counting. */
static int32_t
on(int year, int month, int day)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int32_t days = 0;

	for (int y = 2000; y < year; y++)
		days += 365 + is_leap(y);
	for (int y = year; y < 2000; y++)
		days -= 365 + is_leap(y);
	for (int m = 1; m < month; m++)
		days += lengths[m - 1] + (m == 2 && is_leap(year));
	return days + day - 1;
}

#define N(array) (sizeof(array) / sizeof((array)[0]))

static Cadence
last_day(const int32_t *days, size_t n)
{
	return cadence_of(days, n, days[n - 1]);
}

static const char *
words(Cadence cadence)
{
	static char text[CADENCE_WORDS];

	cadence_words(&cadence, text);
	return text;
}

#define IS(cadence, expected) CHECK(strcmp(words(cadence), expected) == 0)

static void
test_weekdays(void)
{
	CHECK(day_of_week(on(2000, 1, 1)) == 6);
	CHECK(day_of_week(on(1999, 12, 26)) == 7);
	CHECK(day_of_week(on(1999, 12, 27)) == 1);
	CHECK(day_of_week(on(2026, 3, 2)) == 1);
	CHECK(day_of_week(on(2024, 2, 29)) == 4);
	CHECK(day_of_week(on(1900, 2, 28)) == 3);
	CHECK(day_of_week(INT32_MIN) >= 1 && day_of_week(INT32_MIN) <= 7);
	CHECK(day_of_week(INT32_MAX) >= 1 && day_of_week(INT32_MAX) <= 7);
}

static void
test_daily(void)
{
	int32_t days[40];
	int32_t monday = on(2026, 3, 2);
	Cadence cadence;

	/* Two days are no rhythm, three are. */
	for (int i = 0; i < 40; i++)
		days[i] = monday + i;
	IS(last_day(days, 2), "none");
	IS(last_day(days, 3), "daily, Monday to Friday");

	/* With a weekend among them it is daily, and never weekly. */
	for (size_t n = 7; n <= 40; n++)
		IS(last_day(days, n), "daily");
	cadence = last_day(days, 40);
	CHECK(cadence.hits == CADENCE_DAYS && cadence.coverage == 1 && cadence.precision == 1);
	CHECK(cadence.strength == 16.0 / 17.0);
	CHECK(cadence_next(&cadence, days[39]) == days[39] + 1);

	/* It is due until it was asked, and lapses when three days have gone by. */
	CHECK(!cadence_due(&cadence, days, 40, days[39]));
	CHECK(cadence_due(&cadence, days, 40, days[39] + 1));
	IS(cadence_of(days, 40, days[39] + 1), "daily");
	IS(cadence_of(days, 40, days[39] + 3), "daily");
	IS(cadence_of(days, 40, days[39] + 4), "none");

	/* As of an earlier day the later ones have not been. */
	IS(cadence_of(days, 40, days[1]), "none");
	IS(cadence_of(days, 40, days[8]), "daily");
	CHECK(cadence_due(&cadence, days, 7, days[7]) && !cadence_due(&cadence, days, 8, days[7]));
	CHECK(!cadence_due(&cadence, days, 40, days[7]));
}

static void
test_working_days(void)
{
	int32_t days[40];
	size_t n = 0;
	int32_t monday = on(2026, 3, 2);
	Cadence cadence;

	for (int i = 0; i < 26; i++)
	{
		if (day_of_week(monday + i) <= 5)
			days[n++] = monday + i;
	}
	CHECK(day_of_week(days[n - 1]) == 5);
	cadence = last_day(days, n);
	IS(cadence, "daily, Monday to Friday");
	CHECK(cadence.coverage == 1 && cadence.precision == 1);

	/* Not due at the weekend, which does not make it lapse either. */
	CHECK(!cadence_due(&cadence, days, n, days[n - 1] + 1));
	CHECK(cadence_due(&cadence, days, n, days[n - 1] + 3));
	CHECK(cadence_next(&cadence, days[n - 1]) == days[n - 1] + 3);
	IS(cadence_of(days, n, days[n - 1] + 5), "daily, Monday to Friday");
	IS(cadence_of(days, n, days[n - 1] + 6), "none");

	/* One Saturday is noise; a holiday in the middle too. */
	days[n] = days[n - 1] + 1;
	IS(last_day(days, n + 1), "daily, Monday to Friday");
	memmove(days + 12, days + 13, (n - 13) * sizeof(days[0]));
	IS(last_day(days, n - 1), "daily, Monday to Friday");

	/* Only at weekends is no rhythm that is known. */
	{
		int32_t weekends[] = {on(2026, 3, 7), on(2026, 3, 8), on(2026, 3, 14), on(2026, 3, 15)};

		IS(last_day(weekends, N(weekends)), "none");
	}
}

static void
test_weekly(void)
{
	int32_t mondays[30];
	int32_t noisy[60];
	size_t n = 0;
	int32_t first = on(2025, 12, 1);
	Cadence cadence;

	for (int i = 0; i < 30; i++)
		mondays[i] = first + 7 * i;
	IS(last_day(mondays, 2), "none");
	for (size_t weeks = 3; weeks <= 30; weeks++)
		IS(last_day(mondays, weeks), "weekly on Mondays");
	cadence = last_day(mondays, 4);
	CHECK(cadence.strength == 0.8);
	CHECK(cadence_next(&cadence, mondays[3]) == mondays[4]);
	CHECK(cadence_next(&cadence, mondays[3] - 1) == mondays[3]);
	for (int i = 0; i < 7; i++)
		CHECK(cadence_due(&cadence, mondays, 4, mondays[3] + i) == false);
	CHECK(cadence_due(&cadence, mondays, 4, mondays[4]));

	/* Two Mondays missed, and due on the third; then it has lapsed. */
	IS(cadence_of(mondays, 10, mondays[9] + 21), "weekly on Mondays");
	IS(cadence_of(mondays, 10, mondays[9] + 22), "none");

	/* After a lapse it begins anew. */
	{
		int32_t again[] = {mondays[0],	mondays[1],	 mondays[2], mondays[3],
						   mondays[10], mondays[11], mondays[12]};

		IS(last_day(again, 6), "none");
		cadence = last_day(again, 7);
		IS(cadence, "weekly on Mondays");
		CHECK(cadence.hits == 3 && cadence.coverage == 1);
	}

	/* Every second week is not weekly; three weeks in four are. */
	{
		int32_t second[] = {mondays[0], mondays[2], mondays[4], mondays[6], mondays[8]};
		int32_t three[] = {mondays[0], mondays[1], mondays[3], mondays[4], mondays[5], mondays[7]};

		IS(last_day(second, N(second)), "none");
		IS(last_day(three, N(three)), "weekly on Mondays");
	}

	/* Other days now and then do not hide it; as many of them do. */
	for (int i = 0; i < 8; i++)
	{
		noisy[n++] = mondays[i];
		if (i % 2 == 1)
			noisy[n++] = mondays[i] + 1 + i % 5;
	}
	cadence = last_day(noisy, n);
	IS(cadence, "weekly on Mondays");
	CHECK(cadence.precision == 8.0 / 12.0 || cadence.precision == 8.0 / 11.0);
	CHECK(cadence.strength < last_day(mondays, 8).strength);
	n = 0;
	for (int i = 0; i < 8; i++)
	{
		noisy[n++] = mondays[i];
		noisy[n++] = mondays[i] + 3;
	}
	IS(last_day(noisy, n), "none");

	/* Sundays, over New Year. */
	{
		int32_t sundays[] = {on(2025, 12, 21), on(2025, 12, 28), on(2026, 1, 4)};

		IS(last_day(sundays, N(sundays)), "weekly on Sundays");
	}
}

static void
test_monthly(void)
{
	int32_t first[] = {on(2025, 11, 1), on(2025, 12, 1), on(2026, 1, 1), on(2026, 2, 1)};
	int32_t ends[] = {on(2026, 1, 31), on(2026, 2, 28), on(2026, 3, 31), on(2026, 4, 30)};
	int32_t leap[] = {on(2023, 12, 31), on(2024, 1, 31), on(2024, 2, 29)};
	int32_t not_leap[] = {on(2023, 12, 31), on(2024, 1, 31), on(2024, 2, 28)};
	int32_t thirtieth[] = {on(2026, 1, 30), on(2026, 2, 28), on(2026, 3, 30), on(2026, 4, 30)};
	int32_t century[] = {on(1899, 12, 31), on(1900, 1, 31), on(1900, 2, 28), on(1900, 3, 31)};
	int32_t four_century[] = {on(1999, 12, 29), on(2000, 1, 29), on(2000, 2, 29), on(2000, 3, 29)};
	Cadence cadence;

	IS(last_day(first, 2), "none");
	IS(last_day(first, 3), "monthly on the 1st");
	cadence = last_day(first, 4);
	CHECK(cadence.kind == CADENCE_MONTHLY && cadence.day == 1);
	CHECK(cadence_next(&cadence, first[3]) == on(2026, 3, 1));
	CHECK(cadence_due(&cadence, first, 4, on(2026, 3, 1)));
	CHECK(!cadence_due(&cadence, first, 4, on(2026, 3, 2)));
	IS(cadence_of(first, 4, on(2026, 5, 1)), "monthly on the 1st");
	IS(cadence_of(first, 4, on(2026, 5, 2)), "none");

	cadence = last_day(ends, 4);
	IS(cadence, "monthly on the last day");
	CHECK(cadence_next(&cadence, ends[3]) == on(2026, 5, 31));
	CHECK(cadence_next(&cadence, on(2026, 1, 31)) == on(2026, 2, 28));
	CHECK(cadence_next(&cadence, on(2028, 1, 31)) == on(2028, 2, 29));
	CHECK(!cadence_scheduled(&cadence, on(2028, 2, 28)));

	IS(last_day(leap, 3), "monthly on the last day");
	IS(last_day(not_leap, 3), "none");
	cadence = last_day(thirtieth, 4);
	IS(cadence, "monthly on the 30th");
	CHECK(cadence_next(&cadence, on(2026, 1, 30)) == on(2026, 2, 28));
	CHECK(cadence_next(&cadence, on(2026, 2, 28)) == on(2026, 3, 30));
	IS(last_day(century, 4), "monthly on the last day");
	IS(last_day(four_century, 4), "monthly on the 29th");

	/* The 15th of each month, with other days between. */
	{
		int32_t days[] = {on(2026, 1, 15), on(2026, 2, 3),	on(2026, 2, 15),
						  on(2026, 3, 15), on(2026, 3, 28), on(2026, 4, 15)};

		cadence = last_day(days, N(days));
		IS(cadence, "monthly on the 15th");
		CHECK(cadence.hits == 4 && cadence.precision == 4.0 / 6.0);
	}
}

static void
test_noise(void)
{
	int32_t few[] = {on(2026, 3, 2), on(2026, 3, 4), on(2026, 3, 6)};
	int found = 0;
	int trials = 2000;

	IS(last_day(few, N(few)), "none");
	IS(cadence_of(NULL, 0, 0), "none");

	/* Days at random, about one in nine: seldom is there a rhythm in them. */
	srand(1);
	for (int t = 0; t < trials; t++)
	{
		int32_t days[CADENCE_DAYS];
		int32_t day = on(2026, 1, 1);

		for (int i = 0; i < CADENCE_DAYS; i++)
			days[i] = day += 1 + rand() % 17;
		found += last_day(days, CADENCE_DAYS).kind != CADENCE_NONE;
	}
	CHECK(found < trials / 20);
}

static void
test_extremes(void)
{
	int32_t low[] = {INT32_MIN, INT32_MIN + 1, INT32_MIN + 2};
	int32_t high[] = {INT32_MAX - 2, INT32_MAX - 1, INT32_MAX};
	Cadence cadence = last_day(high, 3);

	(void) last_day(low, 3);
	CHECK(cadence_next(&cadence, INT32_MAX) == INT32_MAX);
	IS(cadence_of(low, 3, INT32_MAX), "none");
	cadence.kind = CADENCE_NONE;
	CHECK(cadence_next(&cadence, 0) == INT32_MAX && !cadence_due(&cadence, high, 3, 0));
	CHECK(strcmp(cadence_name(&cadence), "none") == 0);
}

static void
test_words(void)
{
	static const char *const days[] = {"1st",  "2nd",  "3rd",  "4th",  "11th",
									   "12th", "13th", "21st", "22nd", "23rd"};
	static const int numbers[] = {1, 2, 3, 4, 11, 12, 13, 21, 22, 23};

	for (size_t i = 0; i < N(days); i++)
	{
		Cadence cadence = {CADENCE_MONTHLY, numbers[i], 0, 0, 0, 0};

		CHECK(strstr(words(cadence), days[i]) != NULL);
	}
	for (int day = 1; day <= 7; day++)
	{
		Cadence cadence = {CADENCE_WEEKLY, day, 0, 0, 0, 0};

		CHECK(strncmp(words(cadence), "weekly on ", 10) == 0);
		CHECK(strcmp(cadence_name(&cadence), "weekly") == 0);
	}
}

static void
test_merge(void)
{
	int32_t a[20];
	int32_t b[] = {-1, 3, 4, 100};
	int32_t out[CADENCE_DAYS];

	for (int i = 0; i < 20; i++)
		a[i] = 2 * i;
	CHECK(cadence_merge(a, 0, a, 0, out) == 0);
	CHECK(cadence_merge(a, 2, b, 4, out) == 6);
	CHECK(out[0] == -1 && out[1] == 0 && out[2] == 2 && out[3] == 3 && out[4] == 4 &&
		  out[5] == 100);
	CHECK(cadence_merge(b, 4, b, 4, out) == 4 && out[0] == -1 && out[3] == 100);

	/* The latest stay. */
	CHECK(cadence_merge(a, 20, b, 4, out) == CADENCE_DAYS);
	CHECK(out[CADENCE_DAYS - 1] == 100 && out[CADENCE_DAYS - 2] == 38 && out[0] == 10);
	CHECK(cadence_merge(b, 4, a, 20, out) == CADENCE_DAYS && out[0] == 10);
}

int
main(void)
{
	test_weekdays();
	test_daily();
	test_working_days();
	test_weekly();
	test_monthly();
	test_noise();
	test_extremes();
	test_words();
	test_merge();
	return unit_result("cadence");
}
