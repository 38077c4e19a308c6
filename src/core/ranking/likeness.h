/*
 * likeness.h
 *		The similarity of offers to the user's latest queries: common words,
 *		names and tables.
 */
#ifndef PERSONALIZATION_CORE_RANKING_LIKENESS_H
#define PERSONALIZATION_CORE_RANKING_LIKENESS_H

#include "core/ranking/content.h"
#include "core/ranking/ranking.h"
#include "core/ranking/situation.h"

/* Maximum number of offers that are compared at once. */
#define LIKENESS_MAX 48

/*
 * Sets the features of similarity.  contents: of each offer, NULL if not
 * known; latest: of the user's latest distinct queries, latest first, NULL if
 * not known; n <= LIKENESS_MAX, nlatest <= SIMILAR_FROM.
 */
extern void describe_likeness(Offer *offers, int n, const QueryContent *const *contents,
							  const QueryContent *const *latest, int nlatest);

#endif
