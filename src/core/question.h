/*
 * question.h
 *		When two questions of users are the same question.
 *
 *		Two questions are the same if they differ only in case, white space,
 *		characters without width and trailing punctuation.  A question is identified by its canonical
 *		form.
 */
#ifndef PERSONALIZATION_CORE_QUESTION_H
#define PERSONALIZATION_CORE_QUESTION_H

#include <stddef.h>

/*
 * Writes the canonical form of the question text[0..len) to out and returns
 * its length in bytes.  ASCII letters are converted to lower case; every run
 * of white space (including Unicode's, as UTF-8) becomes one space, with none
 * at either end; characters without width are removed, and so is trailing punctuation (that of sentences: . , ; : ! ? and its
 * equivalents in other scripts, in any mix with white space).
 * Quotes, brackets and symbols are kept.  The caller folds case outside
 * ASCII, and composes letters and their accents.
 *
 * A text that consists of punctuation and white space has an empty form.  The
 * text may contain any bytes; those that are not valid UTF-8 are copied.
 *
 * out must have space for len bytes, is not terminated, and may be text
 * itself.
 */
extern size_t question_normalize(const char *text, size_t len, char *out);

#endif
