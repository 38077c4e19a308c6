/*
 * question.h
 *		When two questions, as users put them, are the same question.
 *
 * Two questions are the same when they agree but for case, white space and
 * trailing punctuation.  What identifies a question is its canonical form.
 */
#ifndef PERSONALIZATION_CORE_QUESTION_H
#define PERSONALIZATION_CORE_QUESTION_H

#include <stddef.h>

/*
 * Writes the canonical form of the question text[0..len) to out and returns
 * its length in bytes: ASCII letters in lower case, every run of white space
 * (Unicode's included, as UTF-8) one space, none at either end, and trailing
 * punctuation (that of sentences: . , ; : ! ? and what other scripts have for
 * them, in any mix with white space) dropped.  Quotes, brackets and symbols
 * stay.  Case outside ASCII is the caller's to fold beforehand.
 *
 * A text of nothing but punctuation and white space has an empty form.  Any
 * bytes are taken; those that are not valid UTF-8 are copied as they are.
 *
 * out must have room for len bytes, is not terminated, and may be text itself.
 */
extern size_t question_normalize(const char *text, size_t len, char *out);

#endif
