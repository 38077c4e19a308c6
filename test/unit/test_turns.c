/*
 * test_turns.c
 *		The rule by which tenants share a worker, in a simulation of a hundred of them.
 */
#include "core/turns.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

#define SECOND INT64_C(1000000)
#define FULL 1000

/* What a simulated tenant does to the worker. */
typedef enum Kind
{
	HEALTHY,
	FAILS,		/* whatever it is, it fails at once */
	HOLDS_LOCK, /* each batch waits as long as it may, then fails */
	GIANTS,		/* each row takes a tenth of a second */
	POISONED,	/* a row in each hundred fails */
	POISON_ONLY /* every row fails */
} Kind;

typedef struct Tenant
{
	char name[32];
	Kind kind;
	int left;	  /* rows that wait */
	int64_t done; /* when the last of them was learned */
} Tenant;

#define NTENANTS 100
#define ROW INT64_C(100)	   /* microseconds a row of a healthy tenant */
#define OVERHEAD INT64_C(2000) /* and a batch */
#define GIANT INT64_C(100000)

static Tenant tenants[NTENANTS];
static TurnRecord records[NTENANTS];
static Turns turns;
static int64_t now;
static int
	largest_healthy; /* rows of a healthy tenant's smallest batch that could have been full */

/* What a batch costs and how it ends; takes rows out where it is done. */
static TurnResult
batch(Tenant *tenant, int limit)
{
	int rows = tenant->left < limit ? tenant->left : limit;
	TurnResult result = {OUTCOME_DONE, rows, false, OVERHEAD + rows * ROW};

	switch (tenant->kind)
	{
		case HEALTHY:
			break;
		case FAILS:
			result.outcome = OUTCOME_FAILED;
			break;
		case HOLDS_LOCK:
			result.outcome = OUTCOME_LOCKED;
			result.took = turns_patience(&turns, tenant->name);
			break;
		case GIANTS:
			result.took = OVERHEAD + rows * GIANT;

			/* As the caller's bound in bytes has it. */
			if (rows > 20)
			{
				rows = result.attempted = 20;
				result.took = OVERHEAD + rows * GIANT;
			}
			break;
		case POISONED:
			/* The row whose number divides by a hundred. */
			if (rows > 0 && tenant->left / 100 != (tenant->left - rows) / 100)
				result.outcome = OUTCOME_ROW_FAILED;
			break;
		case POISON_ONLY:
			if (rows > 0)
				result.outcome = OUTCOME_ROW_FAILED;
			break;
	}
	if (result.outcome == OUTCOME_DONE)
	{
		tenant->left -= rows;
		result.more = tenant->left > 0 && rows == limit;
	}
	return result;
}

static void
take_turn(Tenant *tenant)
{
	int limit = turns_limit(&turns, tenant->name, FULL);
	bool aside = turns_is_aside(&turns, tenant->name);
	TurnResult result;
	TurnNext next;

	if (!aside && tenant->left > 0 && limit < largest_healthy)
		largest_healthy = limit;
	result = batch(tenant, limit);
	now += result.took;
	next = turns_note(&turns, tenant->name, &result, FULL, now);
	if (next == NEXT_GET_PAST)
	{
		CHECK(result.attempted <= 1);
		tenant->left--;
		now += OVERHEAD;
		turns_got_past(&turns, tenant->name, true, OVERHEAD, now);
	}
	if (tenant->left == 0 && tenant->done == 0)
		tenant->done = now;
}

static bool
has_work(const Tenant *tenant)
{
	return tenant->left > 0;
}

/* All rows of those of the kinds that the mask names; at most so many seconds. */
static void
simulate(unsigned mask, int rows, int64_t seconds)
{
	int last = -1;

	turns_init(&turns, records, NTENANTS);
	now = 1;
	largest_healthy = FULL;
	for (int i = 0; i < NTENANTS; i++)
	{
		Tenant *tenant = &tenants[i];

		snprintf(tenant->name, sizeof(tenant->name), "tenant %d", i);
		tenant->kind = i % 2 == 0 ? HEALTHY : (Kind) (1 + i / 2 % 5);
		tenant->left = (mask & (1u << tenant->kind)) == 0 ? 0
					   : tenant->kind >= POISONED		  ? rows / 4
														  : rows;
		tenant->done = 0;
	}
	while (now < seconds * SECOND)
	{
		Tenant *healthy = NULL;
		TurnRecord *due;

		for (int k = 1; k <= NTENANTS && healthy == NULL; k++)
		{
			Tenant *tenant = &tenants[(last + k) % NTENANTS];

			if (has_work(tenant) && !turns_is_aside(&turns, tenant->name))
				healthy = tenant;
		}
		due = turns_due(&turns, now, healthy != NULL);
		if (due != NULL)
			take_turn(&tenants[atoi(due->tenant + strlen("tenant "))]);
		else if (healthy != NULL)
		{
			last = (int) (healthy - tenants);
			take_turn(healthy);
		}
		else
			now += SECOND / 100;
	}
}

static int64_t
last_healthy(void)
{
	int64_t last = 0;

	for (int i = 0; i < NTENANTS; i++)
	{
		if (tenants[i].kind != HEALTHY)
			continue;
		CHECK(tenants[i].left == 0 && tenants[i].done > 0);
		if (tenants[i].done > last)
			last = tenants[i].done;
	}
	return last;
}

/* Alone: without those that are not healthy. */
static void
test_hundred(void)
{
	static int64_t alone[NTENANTS];
	int64_t all;

	simulate(1u << HEALTHY, 20000, 300);
	all = last_healthy();
	for (int i = 0; i < NTENANTS; i++)
		alone[i] = tenants[i].done;
	simulate(~0u, 20000, 1000);
	for (int i = 0; i < NTENANTS; i++)
	{
		if (tenants[i].kind == HEALTHY)
			CHECK(tenants[i].done <= 2 * alone[i]);
	}
	CHECK(last_healthy() <= 2 * all);
	CHECK(largest_healthy == FULL);

	/* Those that can be learned, though not as a whole, are learned as well. */
	for (int i = 0; i < NTENANTS; i++)
	{
		if (tenants[i].kind == POISONED || tenants[i].kind == POISON_ONLY)
			CHECK(tenants[i].left == 0);
		if (tenants[i].kind == FAILS || tenants[i].kind == HOLDS_LOCK)
			CHECK(turns_is_aside(&turns, tenants[i].name));
		if (tenants[i].kind == GIANTS)
			CHECK(tenants[i].left < 20000);
	}
}

/* Each kind beside the healthy ones. */
static void
test_each_kind(void)
{
	int64_t alone;

	simulate(1u << HEALTHY, 5000, 100);
	alone = last_healthy();
	for (Kind kind = FAILS; kind <= POISON_ONLY; kind++)
	{
		simulate(1u << HEALTHY | 1u << kind, 5000, 200);
		CHECK(last_healthy() <= 2 * alone);
	}
}

/* A tenant that waits tries again after 1, 2, 4 … 60 seconds, and goes on at once when it can. */
static void
test_waits(void)
{
	static const int64_t expected[] = {1, 2, 4, 8, 16, 32, 60, 60};
	TurnResult locked = {OUTCOME_LOCKED, 5, false, SECOND / 20};
	TurnResult done = {OUTCOME_DONE, 5, false, SECOND / 100};

	turns_init(&turns, records, NTENANTS);
	now = 7 * SECOND;
	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++)
	{
		CHECK(turns_note(&turns, "acme", &locked, FULL, now) == NEXT_GO_ON);
		CHECK(turns_find(&turns, "acme")->until == now + expected[i] * SECOND);
		CHECK(turns_find(&turns, "acme")->since == 7 * SECOND);
		CHECK(turns_find(&turns, "acme")->failures == (int) i + 1);
		now += expected[i] * SECOND;
		CHECK(turns_due(&turns, now - 1, false) == NULL);
		CHECK(turns_due(&turns, now, false) != NULL);
		CHECK(turns_patience(&turns, "acme") <= SECOND / 2);
	}
	(void) turns_note(&turns, "acme", &done, FULL, now);
	CHECK(!turns_is_aside(&turns, "acme"));
	CHECK(turns_patience(&turns, "acme") == SECOND / 20);
}

/* The one row of a thousand that fails is found in ten tries, without a wait. */
static void
test_search(void)
{
	int limit = FULL;
	int tries = 0;

	turns_init(&turns, records, NTENANTS);
	for (;;)
	{
		TurnResult failed = {OUTCOME_ROW_FAILED, limit, false, 1000};

		tries++;
		if (turns_note(&turns, "acme", &failed, FULL, now) == NEXT_GET_PAST)
			break;
		CHECK(turns_due(&turns, now, false) != NULL);
		CHECK(turns_limit(&turns, "acme", FULL) == limit / 2);
		limit /= 2;
	}
	CHECK(limit == 1 && tries == 10);

	/* What cannot be got past waits, longer each time. */
	turns_got_past(&turns, "acme", false, 1000, now);
	CHECK(turns_due(&turns, now, false) == NULL);
	CHECK(turns_find(&turns, "acme")->until == now + SECOND);
	CHECK(turns_note(&turns, "acme", &(TurnResult){OUTCOME_ROW_FAILED, 1, false, 1000}, FULL,
					 now) == NEXT_GET_PAST);
	turns_got_past(&turns, "acme", false, 1000, now);
	CHECK(turns_find(&turns, "acme")->until == now + 2 * SECOND);
	turns_got_past(&turns, "acme", true, 1000, now);

	/* Then the batches grow again; with the last it is as any other. */
	for (int rows = 1; rows < FULL; rows *= 2)
	{
		CHECK(turns_limit(&turns, "acme", FULL) == rows);
		(void) turns_note(&turns, "acme", &(TurnResult){OUTCOME_DONE, rows, true, 1000}, FULL, now);
	}
	CHECK(turns_limit(&turns, "acme", FULL) == FULL);
	(void) turns_note(&turns, "acme", &(TurnResult){OUTCOME_DONE, FULL, true, 1000}, FULL, now);
	CHECK(!turns_is_aside(&turns, "acme"));

	/* Of batches whose number of rows is not known, the limit is halved. */
	turns_init(&turns, records, NTENANTS);
	for (limit = FULL, tries = 1;; tries++, limit /= 2)
	{
		TurnResult failed = {OUTCOME_ROW_FAILED, 0, false, 1000};

		if (turns_note(&turns, "acme", &failed, FULL, now) == NEXT_GET_PAST)
			break;
		CHECK(turns_limit(&turns, "acme", FULL) == limit / 2);
	}
	CHECK(limit == 1 && tries == 10);

	/* Getting past a row of a tenant that is not known any more takes time of the others only. */
	turns_init(&turns, records, NTENANTS);
	turns_got_past(&turns, "acme", true, SECOND, now);
	CHECK(turns.n == 0 && turns.credit == -SECOND);
}

/* One that is slow goes on at once where nobody else waits, with smaller batches. */
static void
test_slow(void)
{
	TurnResult slow = {OUTCOME_DONE, 100, true, 3 * SECOND};

	turns_init(&turns, records, NTENANTS);
	(void) turns_note(&turns, "acme", &slow, FULL, now);
	CHECK(turns_is_aside(&turns, "acme"));
	CHECK(turns_limit(&turns, "acme", FULL) == 50);
	CHECK(turns_due(&turns, now, false) != NULL);
	CHECK(turns_due(&turns, now, true) == NULL);

	/* The others get what it took first, and what it is going to take. */
	now += 10 * SECOND;
	CHECK(turns_due(&turns, now, true) == NULL);
	for (int i = 0; i < 12; i++)
		(void) turns_note(&turns, "globex", &(TurnResult){OUTCOME_DONE, FULL, true, SECOND / 2},
						  FULL, now);
	CHECK(turns_due(&turns, now, true) != NULL);
}

static void
test_log(void)
{
	int unlogged;
	int lines = 0;

	turns_init(&turns, records, NTENANTS);
	now = 1;
	CHECK(turns_log(&turns, "acme", now, &unlogged) && unlogged == 0);
	CHECK(!turns_log(&turns, "acme", now + SECOND / 2, &unlogged));
	CHECK(turns_log(&turns, "globex", now + SECOND / 2, &unlogged));
	CHECK(turns_log(&turns, "acme", now + SECOND, &unlogged) && unlogged == 1);

	/* Thirty failures a second for ten minutes. */
	for (int i = 0; i < 600 * 30; i++)
		lines += turns_log(&turns, "acme", now + 10 * SECOND + i * SECOND / 30, &unlogged);
	CHECK(lines >= 10 && lines <= 20);

	/* After some silence it is news again. */
	CHECK(turns_log(&turns, "acme", now + 1000 * SECOND, &unlogged));
	CHECK(turns_log(&turns, "acme", now + 1001 * SECOND, &unlogged));
	turns_tidy(&turns, now + 1002 * SECOND);
	CHECK(turns_find(&turns, "acme") != NULL && turns_find(&turns, "globex") == NULL);
	turns_tidy(&turns, now + 2000 * SECOND);
	CHECK(turns.n == 0);
}

/* With more tenants in trouble than there is room for, the latest are known. */
static void
test_full(void)
{
	TurnResult failed = {OUTCOME_FAILED, 5, false, 1000};
	char name[TURNS_MAX_NAME + 20];

	turns_init(&turns, records, 10);
	for (int i = 0; i < 50; i++)
	{
		snprintf(name, sizeof(name), "tenant %d", i);
		(void) turns_note(&turns, name, &failed, FULL, now + i);
	}
	CHECK(turns.n == 10);
	CHECK(turns_is_aside(&turns, "tenant 49") && !turns_is_aside(&turns, "tenant 0"));
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	(void) turns_note(&turns, name, &failed, FULL, now);
	CHECK(turns.n == 10);

	/* After a restart: no longer than the wait was, whatever the clock has done. */
	turns_init(&turns, records, 10);
	turns_restore(&turns, "acme", TURN_LOCKED, 5, 3, 1000 * SECOND, now);
	CHECK(turns_find(&turns, "acme")->until == now + 4 * SECOND);
	turns_restore(&turns, "acme", TURN_LOCKED, 5, 3, -1000 * SECOND, now);
	CHECK(turns_due(&turns, now, false) != NULL);
}

int
main(void)
{
	test_hundred();
	test_each_kind();
	test_waits();
	test_search();
	test_slow();
	test_log();
	test_full();
	return unit_result("test_turns");
}
