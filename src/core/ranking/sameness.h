/*
 * sameness.h
 *		When two questions say the same in other words.
 *
 * Two do when, apart from capitals, punctuation, an s that makes a plural, and
 * words that only ask ("show me", "what is the", "by" for "per"), they have the same words
 * in the same order.  What has any sign of code or of a name in it (an
 * underscore, an operator, a dot within a word) is the same as nothing else, and
 * so is what is left without a word.
 */
#ifndef PERSONALIZATION_CORE_RANKING_SAMENESS_H
#define PERSONALIZATION_CORE_RANKING_SAMENESS_H

#include <stddef.h>

/*
 * Writes what text[0..len), UTF-8 in lower case, says, into gist, which has room
 * for len + 1 bytes; returns its length, 0 when it is the same as nothing else.
 */
extern size_t question_gist(const char *text, size_t len, char *gist);

#endif
