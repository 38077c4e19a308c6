/*
 * duplicates.h
 *		Queries that are the same as others: those that the caller shows already,
 *		and those that say the same in other words.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_DUPLICATES_H
#define PERSONALIZATION_SUGGESTIONS_DUPLICATES_H

#include "postgres.h"

#include "utils/array.h"

#include "suggestions/reasons.h"

/* What must not be suggested. */
typedef struct Excluded Excluded;

/* Reads an array of texts, in which nulls are ignored. Returns NULL if texts is NULL. */
extern Excluded *excluded_read(ArrayType *texts);

/* Removes the text of each offer that is excluded, or says the same as an excluded text. */
extern void excluded_hide(const Excluded *excluded, DetailedOffer *detailed_offers, int n);

/*
 * Unites offers that say the same in other words (core/ranking/sameness.h) and read
 * the same tables: the first keeps its text and gets the sum of the scores,
 * the others lose their text. Then all are sorted by score.
 */
extern void offers_unite(DetailedOffer *detailed_offers, int n);

#endif
