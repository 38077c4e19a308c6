/*
 * unread.h
 *		Names in an interaction's data that no rule reads: of a misspelt name nothing
 *		is learned, and somebody should hear of it.
 */
#ifndef PERSONALIZATION_LEARNING_UNREAD_H
#define PERSONALIZATION_LEARNING_UNREAD_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "base/extension.h"
#include "preferences/signal_rules.h"

/*
 * The names of the members of data that no rule for the type reads, as text[], perhaps
 * empty.  At most UNREAD_NAMES of them, each cut to 63 bytes.  NULL for feedback, which no
 * rule is about.
 */
#define UNREAD_NAMES 16

extern ArrayType *unread_names(const SignalRules *rules, InteractionType type, const Jsonb *data);

/* Warns of them, of each name once in a session, if warn_unknown_data is on. */
extern void unread_warn(const SignalRules *rules, InteractionType type, const Jsonb *data);

#endif
