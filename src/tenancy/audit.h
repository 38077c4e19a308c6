/*
 * audit.h
 *		The trail of what administrators, and who erases or carries off a user's
 *		data, did.
 */
#ifndef PERSONALIZATION_TENANCY_AUDIT_H
#define PERSONALIZATION_TENANCY_AUDIT_H

#include "postgres.h"

#include "utils/jsonb.h"

/*
 * Writes a row of audit_log, in this transaction: what was done, in a word or
 * two; the tenant, NULL where there is none; the user, NULL likewise, of whom
 * only the pseudonym is kept; the role that rights were given to, NULL; and
 * what else there is to say, as an object, NULL for nothing.  The caller is in
 * SPI.
 */
extern void audit(const char *action, const char *tenant_id, const char *user_id, const char *role,
				  const Jsonb *details);

/*
 * What stands for a user in audit_log: SHA-256, in hexadecimal, of the tenant's
 * name, a byte 31 (unit separator), and the user's.
 */
extern char *user_pseudonym(const char *tenant_id, const char *user_id);

#endif
