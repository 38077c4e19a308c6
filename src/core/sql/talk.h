/*
 * talk.h
 *		Sentences among SQL: questions, requests and explanations.
 */
#ifndef PERSONALIZATION_CORE_SQL_TALK_H
#define PERSONALIZATION_CORE_SQL_TALK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether the text starts with a request or an answer in English that only
 * sounds like SQL, as in "Delete the vans from my list".  Looks at the first
 * SQL_MAX_TALK bytes, or up to a semicolon or an empty line.
 */
#define SQL_MAX_TALK 300
extern bool sql_is_talk(const char *text, size_t len);

/* Whether a text that begins with an unknown word has one of those that statements have. */
extern bool sql_may_be_statement(const char *text, size_t len);

/* Whether a paragraph after SQL that starts here explains it. */
extern bool sql_is_explanation(const char *text, size_t len);

/*
 * Whether no table has this name without quotes, because it is a word such as
 * "the", or "last" and the next word is "month".
 */
extern bool sql_is_no_table(const char *word, size_t len, const char *next, size_t next_len);

#endif
