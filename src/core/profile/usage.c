/*
 * usage.c
 *		When and how much a user works: sums over a history.
 */
#include "core/profile/usage.h"

#include <string.h>

#define HOUR INT64_C(3600000000)
#define DAY (24 * HOUR)

/* Quickselect (Hoare's FIND) with the pivot from the middle; linear on average. */
int64_t
lower_median(int64_t *numbers, size_t n)
{
	size_t wanted = (n - 1) / 2;
	size_t low = 0;
	size_t high = n - 1;

	while (low < high)
	{
		int64_t pivot = numbers[low + (high - low) / 2];
		size_t i = low;
		size_t j = high;

		for (;;)
		{
			int64_t swapped;

			while (numbers[i] < pivot)
				i++;
			while (numbers[j] > pivot)
				j--;
			if (i >= j)
				break;
			swapped = numbers[i];
			numbers[i++] = numbers[j];
			numbers[j--] = swapped;
		}
		/* All up to j are at most the pivot, all after it at least. */
		if (wanted <= j)
			high = j;
		else
			low = j + 1;
	}
	return numbers[wanted];
}

static void
count_clock(Usage *usage, int64_t clock)
{
	int64_t day = clock >= 0 ? clock / DAY : -((DAY - 1 - clock) / DAY);
	int weekday = (int) ((day + 5) % 7);

	usage->by_hour[(clock - day * DAY) / HOUR]++;
	usage->by_weekday[weekday < 0 ? weekday + 7 : weekday]++;
}

void
usage_sum(const UsageEvent *events, size_t n, int64_t *gaps, Usage *usage)
{
	double worked = 0; /* in all sessions */

	memset(usage, 0, sizeof(*usage));
	usage->typical_gap = -1;
	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++)
	{
		usage->by_type[events[i].type]++;
		count_clock(usage, events[i].clock);
		if (i > 0)
		{
			int64_t gap = events[i].at - events[i - 1].at;

			gaps[i - 1] = gap < 0 ? -gap : gap;
			if (gaps[i - 1] > SESSION_GAP)
				usage->sessions++;
			else
				worked += (double) gaps[i - 1];
		}
	}
	usage->events = (int64_t) n;
	usage->sessions++;
	usage->session_events = (double) n / (double) usage->sessions;
	usage->session_length = worked / (double) usage->sessions;
	if (n > 1)
		usage->typical_gap = lower_median(gaps, n - 1);
}
