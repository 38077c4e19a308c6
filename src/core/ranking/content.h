/*
 * content.h
 *		The content of a query in a form for comparing queries: hashes of its
 *		words, of the names among them, and of its tables.
 */
#ifndef PERSONALIZATION_CORE_RANKING_CONTENT_H
#define PERSONALIZATION_CORE_RANKING_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Maximum number of each kind; later ones are ignored. */
#define CONTENT_MAX 16

typedef struct QueryContent
{
	const char *text; /* as it was added, the caller's; NULL for none */
	size_t length;
	int nwords;
	int nnames;
	int ntables;
	uint32_t words[CONTENT_MAX];  /* parts of names as separate words; without duplicates */
	uint32_t names[CONTENT_MAX];  /* words that look like the name of a column or a table */
	uint32_t tables[CONTENT_MAX]; /* the last part of their names; the first is the main table */
	struct
	{
		const char *name; /* of the table, as it was added, the caller's */
		size_t length;
	} table_names[CONTENT_MAX];
} QueryContent;

/* Initializes empty content. */
extern void content_init(QueryContent *content);

/*
 * Adds the words of text[0..len), UTF-8, with its ASCII capitals, because names
 * are recognized by them.  The caller has folded case outside ASCII.
 */
extern void content_add_text(QueryContent *content, const char *text, size_t len);

/* Adds a table, whose name must stay where it is; the order of tables matters. */
extern void content_add_table(QueryContent *content, const char *table, size_t len);

#endif
