/*
 * owner.h
 *		Running statements as the owner of the extension, for operations that
 *		the caller may not perform.
 */
#ifndef PERSONALIZATION_BASE_OWNER_H
#define PERSONALIZATION_BASE_OWNER_H

#include "postgres.h"

/*
 * Between these two calls statements run as the extension's owner, like
 * referential actions as the table's owner: for the few operations that a
 * function of the extension may perform but its caller may not.  Only
 * statements of the library run there, with qualified names; the caller
 * supplies only values, and the caller's access to the tenant has been
 * checked.  Nothing that other roles have defined runs there: trusted.h.  An
 * error in between restores the user.
 */
typedef struct OwnerScope
{
	Oid user;
	int context;
	Oid trusted; /* of an enclosing scope */
} OwnerScope;

extern void owner_begin(OwnerScope *scope);
extern void owner_end(const OwnerScope *scope);

#endif
