/*
 * identity.c
 *		The identity of queries: when two queries are the same.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "catalog/namespace.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "common/string.h"
#include "mb/pg_wchar.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/formatting.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/fault.h"
#include "base/jsonutil.h"
#include "core/question.h"
#include "core/sql/scan.h"
#include "core/sql/text.h"
#include "core/ranking/statistics.h"
#include "queries/identity.h"

/*
 * Questions longer than this, in bytes, are not composed, as that takes time
 * quadratic in the number of accents on one letter.
 */
#define MAX_COMPOSED 4096

PG_FUNCTION_INFO_V1(personalization_query_id);

/* Reads a text member of a query; *text is NULL if it is absent or empty. */
static bool
query_text(const JsonbContainer *data, const char *name, const char **text, Fault *fault)
{
	char *found;

	if (!json_text_member(data, name, &found))
		return fault_set(fault, ERRCODE_INVALID_PARAMETER_VALUE, NULL,
						 "data.%s of a query must be a string", name);
	*text = found != NULL && found[0] != '\0' ? found : NULL;
	return true;
}

bool
query_decode(const JsonbContainer *data, QueryText *query, Fault *fault)
{
	query->sql_was_read = false;
	return query_text(data, "query", &query->question, fault) &&
		   query_text(data, "sql", &query->sql, fault);
}

const List *
query_list(QueryText *query, SqlList list)
{
	if (query->sql == NULL)
		return NIL;
	if (!query->sql_was_read)
		sql_read(query->sql, &query->lists);
	query->sql_was_read = true;
	return query->lists.items[list];
}

const SqlReading *
query_unread(const QueryText *query)
{
	const SqlReading *reading = &query->lists.reading;

	return query->sql_was_read && reading->unread != SQL_ALL_READ ? reading : NULL;
}

/*
 * Converts to lower case by Unicode's rules, so that a query's identity does
 * not depend on the database's locale, if PostgreSQL has ICU; else by the
 * locale.  ASCII is left to the core.
 */
const char *
query_fold(const char *text)
{
	static Oid unicode = InvalidOid;

	if (pg_is_ascii(text))
		return text;
	if (!OidIsValid(unicode))
		unicode =
			get_collation_oid(list_make2(makeString("pg_catalog"), makeString("und-x-icu")), true);
	return str_tolower(text, strlen(text), OidIsValid(unicode) ? unicode : DEFAULT_COLLATION_OID);
}

const char *
query_fold_beyond_ascii(const char *text)
{
	const char *folded = query_fold(text);
	const char *from = folded;
	StringInfoData mixed;

	/* Where a letter becomes two, such as a Turkish I with a dot, it is not known which are whose. */
	if (folded == text || pg_mbstrlen(folded) != pg_mbstrlen(text))
		return folded;
	initStringInfo(&mixed);
	while (*text != '\0')
	{
		int length = pg_mblen(text);

		if (!IS_HIGHBIT_SET(*text))
			appendStringInfoChar(&mixed, *text);
		else
			appendBinaryStringInfo(&mixed, from, pg_mblen(from));
		text += length;
		from += pg_mblen(from);
	}
	return mixed.data;
}

/*
 * Composes letters and their accents (Unicode's form C), so that the id does
 * not depend on how a question was typed.  Only UTF-8 has both ways.
 */
static const char *
compose(const char *form)
{
	Datum composed;

	if (pg_is_ascii(form) || GetDatabaseEncoding() != PG_UTF8 || strlen(form) > MAX_COMPOSED)
		return form;
	composed = DirectFunctionCall2(unicode_normalize_func, CStringGetTextDatum(form),
								   CStringGetTextDatum("NFC"));
	return TextDatumGetCString(composed);
}

/* The canonical form of a question, after space for a varlena's header and a letter. */
static char *
question_form(const char *question, size_t *len)
{
	const char *text = query_fold(question);
	char *form = palloc(VARHDRSZ + 1 + strlen(text) + 1);

	*len = question_normalize(text, strlen(text), form + VARHDRSZ + 1);
	form[VARHDRSZ + 1 + *len] = '\0';

	/* Characters without width are gone, and no longer between a letter and its accent. */
	text = compose(form + VARHDRSZ + 1);
	if (text == form + VARHDRSZ + 1)
		return form;
	form = palloc(VARHDRSZ + 1 + strlen(text));
	*len = question_normalize(text, strlen(text), form + VARHDRSZ + 1);
	return form;
}

/*
 * The id is the first half of the SHA-256 of the canonical form, prefixed with
 * a letter for its kind: a question and an SQL text are never the same query.
 */
static void
hash_canonical(char *form, size_t len, pg_uuid_t *id)
{
	bytea *input = (bytea *) form;
	bytea *digest;

	SET_VARSIZE(input, VARHDRSZ + len);
	digest = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea, PointerGetDatum(input)));
	memcpy(id->data, VARDATA_ANY(digest), UUID_LEN);
}

bool
query_identify(const QueryText *query, pg_uuid_t *id)
{
	const char *text;
	char *form;
	size_t len;

	if (query->question != NULL)
	{
		form = question_form(query->question, &len);
		form[VARHDRSZ] = 'q';
		if (len > 0)
		{
			hash_canonical(form, len + 1, id);
			return true;
		}
	}
	if (query->sql != NULL)
	{
		text = query->sql;
		form = palloc(VARHDRSZ + 2 + 2 * strlen(text));
		form[VARHDRSZ] = 's';
		len = sql_normalize(text, strlen(text), form + VARHDRSZ + 1);
		if (len > 0)
		{
			hash_canonical(form, len + 1, id);
			return true;
		}
	}
	return false;
}

Datum
personalization_query_id(PG_FUNCTION_ARGS)
{
	Jsonb *data = jsonb_argument(fcinfo, 0, "data");
	QueryText query = {0};
	Fault fault;
	pg_uuid_t *id = palloc(sizeof(pg_uuid_t));

	if (!JB_ROOT_IS_OBJECT(data))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("data must be a JSON object")));
	if (!query_decode(&data->root, &query, &fault))
		fault_raise(&fault, -1);
	if (!query_identify(&query, id))
		PG_RETURN_NULL();
	PG_RETURN_UUID_P(id);
}
