/*
 * table_name.h
 *		When two names mean the same table.
 *
 * A table is written with or without its schema and database, in any case,
 * quoted or not: "Sales".Orders, `orders`, sales.orders.  As PostgreSQL does
 * with names that are not quoted, ASCII letters only are folded; quoted ones
 * are too, as most dialects and those who type do not keep them apart.
 */
#ifndef PERSONALIZATION_CORE_TABLE_NAME_H
#define PERSONALIZATION_CORE_TABLE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Writes the folded form of name[0..len) to out and returns its length: lower
 * case, the quotes "…", `…` and […] around a part taken off.  *last becomes the
 * offset of the last part, behind the last dot outside quotes.  Any bytes are
 * taken; an unfinished quote ends with the text.  out must have room for len
 * bytes, is not terminated, and must not overlap name.  The folded form is not
 * longer than the name.
 */
extern size_t table_name_fold(const char *name, size_t len, char *out, size_t *last);

/*
 * Whether two folded names may mean the same table: they are equal, or one is
 * the other without the parts before.
 */
extern bool table_name_matches(const char *a, size_t a_len, const char *b, size_t b_len);

#endif
