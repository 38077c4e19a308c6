/*
 * test_holdout.c
 *		Who is held out: a share, always the same, independent by tenant.
 */
#include "core/ranking/holdout.h"

#include <math.h>

#include "unit.h"

#define USERS 20000

static int
count(const char *tenant, double share)
{
	char user[32];
	int n = 0;

	for (int i = 0; i < USERS; i++)
	{
		snprintf(user, sizeof(user), "user%d", i);
		n += holdout_has(tenant, user, share);
	}
	return n;
}

int
main(void)
{
	static const double shares[] = {0.01, 0.1, 0.5, 0.9};
	static const char *const users[] = {"ana", "bo", "cy", "di", "ed", "fay", "gus", "hal"};
	char user[32];
	int both = 0;

	CHECK(count("acme", 0.0) == 0);
	CHECK(count("acme", -1.0) == 0);
	CHECK(count("acme", NAN) == 0);
	CHECK(count("acme", 1.0) == USERS);

	/* Within four standard deviations. */
	for (int s = 0; s < 4; s++)
		CHECK(fabs(count("acme", shares[s]) - USERS * shares[s]) <
			  4.0 * sqrt(USERS * shares[s] * (1.0 - shares[s])));

	/* A larger share has the users of a smaller one; tenants are independent. */
	for (int i = 0; i < USERS; i++)
	{
		snprintf(user, sizeof(user), "user%d", i);
		CHECK(!holdout_has("acme", user, 0.1) || holdout_has("acme", user, 0.2));
		both += holdout_has("acme", user, 0.5) && holdout_has("globex", user, 0.5);
	}
	CHECK(fabs(both - USERS * 0.25) < 4.0 * sqrt(USERS * 0.25 * 0.75));

	/* Where the names meet is part of it. */
	both = 0;
	for (int i = 0; i < 64; i++)
		both += holdout_has("acme", "ana", i / 64.0) != holdout_has("acmea", "na", i / 64.0);
	CHECK(both > 0);

	/* For ever: whoever is held out stays so, after an update and on any machine. */
	for (int i = 0; i < 8; i++)
		CHECK(holdout_has("acme", users[i], 0.5) == (i < 6));
	return unit_result("holdout");
}
