/*
 * test_links.c
 *		Bounded lists of queries, and finding queries by id.
 */
#include "core/ranking/links.h"

#include "core/ranking/query_index.h"

#include "unit.h"

static QueryKey
key(uint64_t n)
{
	return (QueryKey){0, n};
}

static void
test_order(void)
{
	Links links;
	QueryKey a = key(1), b = key(2), c = key(3);

	links_init(&links);
	links_add(&links, &a, 1.0);
	links_add(&links, &b, 1.0);
	/* Of equals the latest added is first. */
	CHECK(links.n == 2 && links_find(&links, &b) == 0 && links_find(&links, &a) == 1);
	links_add(&links, &a, 0.5);
	CHECK(links_find(&links, &a) == 0 && links_weight(&links, &a) == 1.5);
	CHECK(links.total == 2.5 && links_find(&links, &c) == -1 && links_weight(&links, &c) == 0.0);

	CHECK(links_remove(&links, &a) && !links_remove(&links, &a) && links.n == 1);
	CHECK(links_find(&links, &b) == 0 && links.total == 2.5);
}

/* A full list: the newcomer takes the lightest's place and inherits its weight. */
static void
test_inheritance(void)
{
	Links links;
	QueryKey newcomer = key(1000), other = key(1001);

	links_init(&links);
	for (int i = 0; i < LINKS_MAX; i++)
	{
		QueryKey id = key((uint64_t) i);

		links_add(&links, &id, 100.0 - i);
	}
	/* The lightest is the last one added, 63, of weight 37. */
	CHECK(links.n == LINKS_MAX && links.weights[LINKS_MAX - 1] == 37.0);
	links_add(&links, &newcomer, 1.0);
	CHECK(links.n == LINKS_MAX && links_weight(&links, &newcomer) == 38.0);
	CHECK(links_find(&links, &(QueryKey){0, 63}) == -1);
	/* Before 62, which weighs 38 too and was there. */
	CHECK(links_find(&links, &newcomer) == LINKS_MAX - 2);
	links_add(&links, &other, 1.0);
	CHECK(links_find(&links, &(QueryKey){0, 62}) == -1 && links_weight(&links, &other) == 39.0);
}

/* Whatever comes: what has more than 1 / LINKS_MAX of the weight is there, and no weight is too low. */
static void
test_heavy(void)
{
	Links links;
	QueryKey heavy = key(7);
	uint32_t random = 1;
	int asked = 0;
	bool sorted = true;

	links_init(&links);
	for (int i = 0; i < 20000; i++)
	{
		QueryKey id;

		random = random * 1664525 + 1013904223;
		id = random >> 28 == 0 ? heavy : key(10 + (random >> 8) % 5000);
		asked += same_query(&id, &heavy);
		links_add(&links, &id, 1.0);
	}
	for (int i = 1; i < links.n; i++)
		sorted = sorted && links.weights[i - 1] >= links.weights[i];
	CHECK(sorted && links.n == LINKS_MAX && links.total == 20000.0);
	CHECK(links_weight(&links, &heavy) >= asked);
	CHECK(links_weight(&links, &heavy) <= asked + links.total / LINKS_MAX);
}

static void
test_set_and_touch(void)
{
	Links links;
	QueryKey a = key(1);

	links_init(&links);
	for (int i = 0; i < LINKS_MAX; i++)
	{
		QueryKey id = key(10 + (uint64_t) i);

		links_set(&links, &id, 10.0 + i);
	}
	links_set(&links, &a, 10.0);
	CHECK(links_find(&links, &a) == -1);
	links_set(&links, &a, 10.5);
	CHECK(links_find(&links, &a) == LINKS_MAX - 1 && links_find(&links, &(QueryKey){0, 10}) == -1);
	CHECK(links.total == 0.0);

	links_init(&links);
	for (int i = 0; i < LINKS_MAX + 1; i++)
	{
		QueryKey id = key((uint64_t) i);

		CHECK(links_touch(&links, &id));
	}
	CHECK(links.n == LINKS_MAX && links_find(&links, &(QueryKey){0, 0}) == -1);
	CHECK(!links_touch(&links, &(QueryKey){0, 1}));
	CHECK(links_find(&links, &(QueryKey){0, 1}) == 0 && links.n == LINKS_MAX);
}

static void
test_index(void)
{
	QueryKey items[128];
	int16_t slots[256];
	QueryIndex index;
	int n = 0;

	query_index_init(&index, slots, 256, items, sizeof(QueryKey));
	for (int i = 0; i < 256; i++)
	{
		/* Each id twice. */
		QueryKey id = {(uint64_t) (i / 2) << 40, (uint64_t) i / 2 * 3};
		int place;

		CHECK(query_index_find(&index, &id) == (i % 2 == 0 ? -1 : i / 2));
		place = query_index_add(&index, &id, n);
		CHECK(place == i / 2);
		if (place == n)
			items[n++] = id;
	}
	CHECK(n == 128 && query_index_find(&index, &(QueryKey){1, 1}) == -1);
}

int
main(void)
{
	test_order();
	test_inheritance();
	test_heavy();
	test_set_and_touch();
	test_index();
	return unit_result("test_links");
}
