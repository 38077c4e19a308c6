/*
 * query_terms.c
 *		The terms of a query: of its tables and of its words.
 */
#include "postgres.h"

#include "core/ranking/statistics.h"
#include "core/ranking/terms.h"
#include "queries/identity.h"
#include "suggestions/query_terms.h"

/* Returns the next text of an array's elements; false at its end. */
static bool
next_text(JsonbIterator **it, JsonbValue *value)
{
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(it, value, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM && value->type == jbvString)
			return true;
	}
	return false;
}

static JsonbIterator *
tables_begin(const Jsonb *tables)
{
	return tables == NULL || !JB_ROOT_IS_ARRAY(tables)
			   ? NULL
			   : JsonbIteratorInit(unconstify(JsonbContainer *, &tables->root));
}

void
query_content_tables(QueryContent *content, const Jsonb *tables)
{
	JsonbIterator *it = tables_begin(tables);
	JsonbValue value;

	while (it != NULL && content->ntables < CONTENT_MAX && next_text(&it, &value))
		content_add_table(content, value.val.string.val, (size_t) value.val.string.len);
}

/* Adds a term that is not there yet, if there is space. */
static void
add_term(const char **terms, int *n, const Term *term)
{
	for (int i = 0; i < *n; i++)
	{
		if (strcmp(terms[i], term->text) == 0)
			return;
	}
	if (*n < TERMS_MAX)
		terms[(*n)++] = pstrdup(term->text);
}

int
query_terms(const char *query, const Jsonb *tables, const char *const **terms)
{
	const char **found = palloc(TERMS_MAX * sizeof(char *));
	JsonbIterator *it = tables_begin(tables);
	JsonbValue value;
	const char *folded;
	Term words[WORDS_MAX];
	int nwords;
	int n = 0;

	while (it != NULL && n < TERMS_MAX && next_text(&it, &value))
	{
		Term term;

		if (table_term(value.val.string.val, (size_t) value.val.string.len, &term))
			add_term(found, &n, &term);
	}
	if (query != NULL)
	{
		folded = query_fold(query);
		nwords = extract_words(folded, strlen(folded), words);
		for (int i = 0; i < nwords; i++)
			add_term(found, &n, &words[i]);
	}
	*terms = (const char *const *) found;
	return n;
}
