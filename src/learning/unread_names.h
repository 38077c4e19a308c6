/*
 * unread_names.h
 *		Names in an interaction's data that nothing reads, which are reported
 *		because nothing is learned from a misspelt name.
 */
#ifndef PERSONALIZATION_LEARNING_UNREAD_NAMES_H
#define PERSONALIZATION_LEARNING_UNREAD_NAMES_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "base/extension.h"
#include "preferences/signal_rules.h"

/*
 * Returns the names of the members of data that nothing reads, as text[],
 * possibly empty: at most UNREAD_NAMES, each truncated to 63 bytes.  A list of
 * which only the objects and arrays are not read has [] behind its name.  Names
 * in the objects of a refinement begin with the object, as in original.charttype;
 * for it, rules has those of all types.
 */
#define UNREAD_NAMES 16

extern ArrayType *unread_names(const SignalRules *rules, InteractionType type, const Jsonb *data);

/* Warns of each of them once per session, if warn_unknown_data is on. */
extern void unread_warn(const SignalRules *rules, InteractionType type, const Jsonb *data);

#endif
