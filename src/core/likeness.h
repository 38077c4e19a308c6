/*
 * likeness.h
 *		How much offers say what the user's latest queries say: words, names and
 *		tables that they share.
 */
#ifndef PERSONALIZATION_CORE_LIKENESS_H
#define PERSONALIZATION_CORE_LIKENESS_H

#include "core/content.h"
#include "core/ranking.h"
#include "core/situation.h"

/* At most so many offers are compared at once. */
#define LIKENESS_MAX 48

/*
 * Writes the features of likeness.  contents: of each offer, NULL where it is not
 * known; latest: of the user's latest different queries, latest first, likewise;
 * n <= LIKENESS_MAX, nlatest <= SIMILAR_FROM.
 */
extern void describe_likeness(Offer *offers, int n, const QueryContent *const *contents,
							  const QueryContent *const *latest, int nlatest);

#endif
