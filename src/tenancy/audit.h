/*
 * audit.h
 *		The audit trail of administrators' actions, and of erasing and
 *		exporting users.
 */
#ifndef PERSONALIZATION_TENANCY_AUDIT_H
#define PERSONALIZATION_TENANCY_AUDIT_H

#include "postgres.h"

#include "utils/jsonb.h"

/*
 * Writes a row of audit_log in this transaction.  action: a word or two.
 * tenant_id, or NULL.  user_id, or NULL; only the pseudonym is stored.  The
 * role that was given privileges, or NULL.  Details as an object, or NULL.
 * The caller is in SPI.
 */
extern void audit(const char *action, const char *tenant_id, const char *user_id, const char *role,
				  const Jsonb *details);

/*
 * The pseudonym of a user in audit_log: SHA-256, in hexadecimal, of the
 * tenant's name, a byte 31 (unit separator), and the user's name.
 */
extern char *user_pseudonym(const char *tenant_id, const char *user_id);

#endif
