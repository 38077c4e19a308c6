/*
 * twins.h
 *		Queries that are the same as others: those that the caller shows already,
 *		and those that say the same in other words.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_TWINS_H
#define PERSONALIZATION_SUGGESTIONS_TWINS_H

#include "postgres.h"

#include "utils/array.h"

#include "suggestions/reasons.h"

/* What must not be suggested. */
typedef struct Excluded Excluded;

/* From an array of texts; nulls exclude nothing.  texts may be NULL: then so is the result. */
extern Excluded *excluded_read(ArrayType *texts);

/* Takes the text from those of n detailed_offers that are excluded, or say the same as one excluded. */
extern void excluded_hide(const Excluded *excluded, DetailedOffer *detailed_offers, int n);

/*
 * Of detailed_offers that say the same in other words, by core/sameness.h and with the same
 * tables, leaves the first its text, and adds the others' scores to its own; then
 * brings all into the order of their scores.
 */
extern void offers_unite(DetailedOffer *detailed_offers, int n);

#endif
