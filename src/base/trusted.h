/*
 * trusted.h
 *		Keeping code of other roles from running with the rights of a superuser.
 *
 * Whoever owns a table may define triggers, rules, defaults, constraints and
 * indexes, whose functions run with the rights of the role that writes to the table.
 * So where the library acts as a superuser on its own account, it uses the tables and
 * calls the functions of superusers only; anything else is an error, 55000.
 *
 * This is checked where it cannot be too early: of a table when a statement over
 * it begins, which has locked it, so that its owner, its triggers and its rules
 * stay until the end of the transaction; of a function when it is looked up to be
 * called, whatever for.  Functions that are part of the server are not checked;
 * nobody else can replace them.
 */
#ifndef PERSONALIZATION_BASE_TRUSTED_H
#define PERSONALIZATION_BASE_TRUSTED_H

#include "postgres.h"

/* From now on this is so in this process, whenever its user is a superuser. */
extern void trust_superusers_only(void);

/*
 * It is so for statements that this transaction executes as the user, in a
 * restricted operation, until the second call or an error.  Returns whom it was for before,
 * to be passed to the second call.
 */
extern Oid trust_begin(Oid user);
extern void trust_end(Oid before);

#endif
