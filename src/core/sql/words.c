/*
 * words.c
 *		Names of functions, units and values in the dialects of SQL that
 *		determine how a statement is read.
 */
#include "core/sql/words.h"
#include "core/sql/lexer.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST 64

/* Converts text to lower case; returns 0 if it is longer than any name here. */
static size_t
lower_case(const char *text, size_t len, char *lower)
{
	if (len >= LONGEST)
		return 0;
	for (size_t i = 0; i < len; i++)
		lower[i] = sql_lower(text[i]);
	lower[len] = '\0';
	return len;
}

static bool
begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool
ends_with(const char *text, size_t len, const char *end)
{
	size_t end_len = strlen(end);

	return len >= end_len && memcmp(text + len - end_len, end, end_len) == 0;
}

static int
compare_words(const void *a, const void *b)
{
	return strcmp(a, *(const char *const *) b);
}

/* Whether word is in the list, which is in byte order. */
static bool
is_listed(const char *word, const char *const *list, size_t n)
{
	return bsearch(word, list, n, sizeof(list[0]), compare_words) != NULL;
}

#define IS_LISTED(word, list) is_listed(word, list, sizeof(list) / sizeof((list)[0]))

SqlUnitPlace
sql_unit_place(const char *text, size_t len)
{
	static const char *const ends[] = {"trunc", "part", "name", "bucket",	"slice",
									   "add",	"sub",	"diff", "diff_big", "between"};
	char name[LONGEST];

	if (lower_case(text, len, name) == 0)
		return SQL_NO_UNIT;
	if (begins_with(name, "$__time") || strcmp(name, "last_day") == 0)
		return SQL_UNIT_ANYWHERE;
	if (strcmp(name, "convert") == 0 || strcmp(name, "try_convert") == 0)
		return SQL_TYPE_ANYWHERE;
	if (!begins_with(name, "date") && !begins_with(name, "time"))
		return SQL_NO_UNIT;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
	{
		if (ends_with(name, len, ends[i]))
			return i < 5 ? SQL_UNIT_ANYWHERE : SQL_UNIT_OF_THREE;
	}
	return SQL_NO_UNIT;
}

bool
sql_is_time_unit(const char *text, size_t len)
{
	static const char *const units[] = {"c",
										"century",
										"centuries",
										"d",
										"day",
										"dayofmonth",
										"dayofweek",
										"dayofweek_iso",
										"dayofweekiso",
										"dayofyear",
										"days",
										"dd",
										"decade",
										"decades",
										"doy",
										"dow",
										"dw",
										"dy",
										"epoch",
										"epoch_second",
										"h",
										"hh",
										"hour",
										"hours",
										"hr",
										"isodow",
										"isoweek",
										"isoyear",
										"iso_week",
										"iso_year",
										"m",
										"mcs",
										"mi",
										"microsecond",
										"microseconds",
										"millennium",
										"millisecond",
										"milliseconds",
										"min",
										"minute",
										"minutes",
										"mm",
										"mon",
										"month",
										"months",
										"ms",
										"n",
										"nanosecond",
										"nanoseconds",
										"ns",
										"q",
										"qq",
										"qtr",
										"quarter",
										"quarters",
										"s",
										"sec",
										"second",
										"seconds",
										"ss",
										"us",
										"w",
										"week",
										"weekday",
										"weekiso",
										"weekofyear",
										"weeks",
										"wk",
										"ww",
										"y",
										"year",
										"yearofweek",
										"years",
										"yy",
										"yyyy"};
	char name[LONGEST];

	if (lower_case(text, len, name) == 0)
		return false;
	if (len <= 4 && name[0] >= '0' && name[0] <= '9')
		return true; /* 5m */
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
	{
		if (units[i][0] == name[0] && strcmp(units[i], name) == 0)
			return true;
	}
	return false;
}

static bool
is_type(const char *text, size_t len)
{
	static const char *const types[] = {"bigint",
										"binary",
										"bit",
										"bool",
										"boolean",
										"char",
										"date",
										"datetime",
										"datetime2",
										"datetimeoffset",
										"decimal",
										"double",
										"float",
										"int",
										"integer",
										"json",
										"money",
										"nchar",
										"ntext",
										"number",
										"numeric",
										"nvarchar",
										"real",
										"signed",
										"smalldatetime",
										"smallint",
										"smallmoney",
										"string",
										"text",
										"time",
										"timestamp",
										"tinyint",
										"uniqueidentifier",
										"unsigned",
										"varbinary",
										"varchar",
										"xml"};
	char name[LONGEST];

	return lower_case(text, len, name) > 0 && IS_LISTED(name, types);
}

bool
sql_is_unit_of(SqlUnitPlace place, const char *text, size_t len)
{
	return place == SQL_TYPE_ANYWHERE ? is_type(text, len) : sql_is_time_unit(text, len);
}

bool
sql_is_weekday(const char *text, size_t len)
{
	static const char *const days[] = {"friday",   "monday",  "saturday", "sunday",
									   "thursday", "tuesday", "wednesday"};
	char name[LONGEST];

	return lower_case(text, len, name) > 0 && IS_LISTED(name, days);
}

bool
sql_is_value_word(const char *text, size_t len)
{
	static const char *const words[] = {
		"curdate",		   "curtime",		 "dbtimezone",	"getdate",			 "getutcdate",
		"sessiontimezone", "sysdate",		 "sysdatetime", "sysdatetimeoffset", "system_user",
		"systimestamp",	   "sysutcdatetime", "utc_date",	"utc_time",			 "utc_timestamp"};
	char name[LONGEST];

	return (text[0] == 's' || text[0] == 'S' || text[0] == 'u' || text[0] == 'U' ||
			text[0] == 'c' || text[0] == 'C' || text[0] == 'd' || text[0] == 'D' ||
			text[0] == 'g' || text[0] == 'G') &&
		   lower_case(text, len, name) > 0 && IS_LISTED(name, words);
}

bool
sql_is_table_hint(const char *text, size_t len)
{
	static const char *const hints[] = {
		"forcescan",	  "forceseek",	   "holdlock",	   "ignore_constraints",
		"index",		  "noexpand",	   "nolock",	   "nowait",
		"paglock",		  "readcommitted", "readpast",	   "readuncommitted",
		"repeatableread", "rowlock",	   "serializable", "snapshot",
		"tablock",		  "tablockx",	   "updlock",	   "with",
		"xlock"};
	char name[LONGEST];

	return lower_case(text, len, name) > 0 && IS_LISTED(name, hints);
}

SqlTexts
sql_texts_of(const char *text, size_t len)
{
	static const char *const widths[] = {
		"date_bin",	  "date_bucket",	   "hop",	"time_bucket", "time_bucket_gapfill",
		"time_slice", "tostartofinterval", "tumble"};
	static const char *const formats[] = {
		"date_format",		"format",		  "format_date", "format_datetime", "format_time",
		"format_timestamp", "formatdatetime", "round",		 "strftime",		"time_format",
		"to_char",			"to_varchar",	  "trunc",		 "varchar_format"};
	/* Files, and names of tables, sequences, … that are given as texts */
	static const char *const files[] = {"azureblobstorage",
										"csvread",
										"currval",
										"delta_scan",
										"deltalake",
										"external_query",
										"file",
										"gcs",
										"hdfs",
										"hudi",
										"iceberg",
										"iceberg_scan",
										"identifier",
										"jdbc",
										"mongodb",
										"mysql",
										"mysql_scan",
										"nextval",
										"odbc",
										"opendatasource",
										"openquery",
										"openrowset",
										"parquet_scan",
										"pg_relation_size",
										"pg_total_relation_size",
										"postgres_scan",
										"postgresql",
										"query_table",
										"remote",
										"remotesecure",
										"setval",
										"sniff_csv",
										"sqlite_scan",
										"st_read",
										"table",
										"table_changes",
										"to_regclass",
										"url"};
	static const char *const keys[] = {
		"element_at",  "get",	   "get_path",		 "getfield",
		"map_extract", "openjson", "struct_extract", "try_element_at",
		"tupleelement"};
	char name[LONGEST];

	if (lower_case(text, len, name) == 0)
		return SQL_TEXTS_ARE_VALUES;
	if (IS_LISTED(name, widths) || begins_with(name, "$__timegroup"))
		return SQL_TEXTS_ARE_WIDTHS;
	switch (sql_unit_place(text, len))
	{
		case SQL_UNIT_ANYWHERE:
		case SQL_UNIT_OF_THREE:
			return SQL_TEXTS_ARE_UNITS;
		default:
			break;
	}
	if (IS_LISTED(name, formats))
		return SQL_TEXTS_ARE_FORMATS;
	if (strcmp(name, "extract") == 0)
		return SQL_TEXTS_ARE_UNITS;
	if (IS_LISTED(name, files) || begins_with(name, "read_") || begins_with(name, "s3") ||
		begins_with(name, "dictget"))
		return SQL_TEXTS_ARE_FILES;
	if (IS_LISTED(name, keys) || begins_with(name, "json") || begins_with(name, "get_json") ||
		begins_with(name, "simplejson") || begins_with(name, "visitparam"))
		return SQL_TEXTS_ARE_KEYS;
	return SQL_TEXTS_ARE_VALUES;
}
