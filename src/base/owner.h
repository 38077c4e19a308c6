/*
 * owner.h
 *		Acting as the owner of the extension, for the few things that a caller may not
 *		do themselves.
 */
#ifndef PERSONALIZATION_BASE_OWNER_H
#define PERSONALIZATION_BASE_OWNER_H

#include "postgres.h"

/*
 * Between these two statements run as the extension's owner, the way
 * referential actions run as the table's: for the few things that a function of
 * ours may do and its caller may not by himself.  They are our own statements,
 * with qualified names, and take nothing but values from the caller; whom they
 * act for has been checked.  An error in between restores the user by itself.
 */
typedef struct OwnerScope
{
	Oid user;
	int context;
} OwnerScope;

extern void owner_begin(OwnerScope *scope);
extern void owner_end(const OwnerScope *scope);

#endif
