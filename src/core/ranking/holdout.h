/*
 * holdout.h
 *		The users of a tenant who get no suggestions, so that they can be
 *		compared with those who do.
 */
#ifndef PERSONALIZATION_CORE_RANKING_HOLDOUT_H
#define PERSONALIZATION_CORE_RANKING_HOLDOUT_H

#include <stdbool.h>

/*
 * Returns whether a user belongs to a share, 0 to 1, of the tenant's users.
 * It depends on the two names and nothing else, so it is the same on every
 * server and after a restore, and independent from tenant to tenant.  With a
 * larger share the users of a smaller one still belong to it.
 */
extern bool holdout_has(const char *tenant_id, const char *user_id, double share);

#endif
