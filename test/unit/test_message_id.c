/*
 * test_message_id.c
 *		Tests of message_id and unix_time_parse.
 */
#include "core/message_id.h"
#include "unit.h"

#include <stdlib.h>

static const struct
{
	const char *text;
	int64_t micros;
} times[] = {
	{"0", 0},
	{"1", 1000000},
	{"1714556400", 1714556400000000},
	{"1714556400.25", 1714556400250000},
	{"1714556400.1234567", 1714556400123456},
	{"1714556400123", 1714556400123000},
	{"1714556400123.5", 1714556400123500},
	{"1714556400123456", 1714556400123456},
	{"1714556400123456789", 1714556400123456},
	{"-1", -1000000},
	{"-1.5", -1500000},
	{"99999999999", 99999999999000000},
	{"100000000000", 100000000000000},
};

static const char *const not_times[] = {"",	  "-",	 ".5",	  "1.",
										"1a", "1e9", "+1",	  "92233720368547758080",
										" 1", "1 ",	 "1.2.3", "2026-01-01"};

static void
test_ids(void)
{
	MessagePlace place = {"events", 3, 41, 0, 1714556400123};
	unsigned char a[16];
	unsigned char b[16];

	message_id(&place, a);
	message_id(&place, b);
	CHECK(memcmp(a, b, 16) == 0);
	CHECK((a[6] & 0xf0) == 0x80 && (a[8] & 0xc0) == 0x80);

	/* It grows with each thing that comes later. */
	place.index = 1;
	message_id(&place, b);
	CHECK(memcmp(a, b, 16) < 0);
	place.index = 0;
	place.offset = 42;
	message_id(&place, b);
	CHECK(memcmp(a, b, 16) < 0);
	place.offset = 0;
	place.millis++;
	message_id(&place, b);
	CHECK(memcmp(a, b, 16) < 0);

	/* And differs by all the rest. */
	place = (MessagePlace){"events", 4, 41, 0, 1714556400123};
	message_id(&place, b);
	CHECK(memcmp(a, b, 16) != 0);
	place = (MessagePlace){"event", 3, 41, 0, 1714556400123};
	message_id(&place, b);
	CHECK(memcmp(a, b, 16) != 0);
	place = (MessagePlace){"events", 3, 41 + (1 << 20), 0, 1714556400123};
	message_id(&place, b);
	CHECK(memcmp(a, b, 16) != 0);
	place = (MessagePlace){"events", 3, 41, 20000, 1714556400123};
	message_id(&place, a);
	place.index++;
	message_id(&place, b);
	CHECK(memcmp(a, b, 16) != 0);
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

/* Partitions that run abreast, as those of an even load do. */
static void
test_no_two_alike(void)
{
	enum
	{
		PARTITIONS = 64,
		OFFSETS = 4096
	};
	unsigned char(*ids)[16] = malloc(16 * PARTITIONS * OFFSETS);
	int alike = 0;

	for (int p = 0; p < PARTITIONS; p++)
	{
		for (int o = 0; o < OFFSETS; o++)
		{
			MessagePlace place = {"events", p, o, 0, 1714556400123};

			message_id(&place, ids[p * OFFSETS + o]);
		}
	}
	qsort(ids, PARTITIONS * OFFSETS, 16, compare);
	for (int i = 1; i < PARTITIONS * OFFSETS; i++)
		alike += memcmp(ids[i - 1], ids[i], 16) == 0;
	CHECK(alike == 0);
	free(ids);
}

int
main(void)
{
	int64_t micros;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
	{
		micros = -42;
		CHECK_STR("", unix_time_parse(times[i].text, strlen(times[i].text), &micros) ? 0 : 1, "",
				  times[i].text);
		CHECK(micros == times[i].micros);
	}
	for (size_t i = 0; i < sizeof(not_times) / sizeof(not_times[0]); i++)
		CHECK_STR("", unix_time_parse(not_times[i], strlen(not_times[i]), &micros) ? 1 : 0, "",
				  not_times[i]);
	test_ids();
	test_no_two_alike();
	return unit_result("test_message_id");
}
