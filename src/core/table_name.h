/*
 * table_name.h
 *		When two names refer to the same table.
 *
 *		A table is written with or without its schema and database, in any
 *		case, quoted or not: "Sales".Orders, `orders`, sales.orders.  Only
 *		ASCII letters are folded, as PostgreSQL does with names that are not
 *		quoted.  Quoted names are folded too, because most dialects and most
 *		people do not distinguish them.
 */
#ifndef PERSONALIZATION_CORE_TABLE_NAME_H
#define PERSONALIZATION_CORE_TABLE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Writes the folded form of name[0..len) to out and returns its length: lower
 * case, with the quotes "…", `…` and […] around parts removed.  *last becomes
 * the offset of the last part, after the last dot outside quotes.  The name
 * may contain any bytes; an unfinished quote ends with the text.  out must
 * have space for len bytes, is not terminated, and must not overlap name.  The
 * folded form is not longer than the name.
 */
extern size_t table_name_fold(const char *name, size_t len, char *out, size_t *last);

/*
 * Whether two folded names may refer to the same table: they are equal, or one
 * is the other without its first parts.
 */
extern bool table_name_matches(const char *a, size_t a_len, const char *b, size_t b_len);

#endif
