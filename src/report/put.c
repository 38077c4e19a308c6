/*
 * put.c
 *		Writing to a page.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#include "core/html_text.h"
#include "report/put.h"

const char *const weekday_words[8] = {"",		  "Monday", "Tuesday",	"Wednesday",
									  "Thursday", "Friday", "Saturday", "Sunday"};

static const char *const month_words[13] = {
	"",		"January", "February",	"March",   "April",	   "May",	  "June",
	"July", "August",  "September", "October", "November", "December"};

/*
 * Converts a text of the server's encoding to UTF-8; *size is the result's.
 * A character that UTF-8 does not have becomes a byte that is none, and on the
 * page a sign for that, instead of an error.
 */
static const char *
in_utf8(const char *text, int len, size_t *size)
{
	int encoding = GetDatabaseEncoding();
	Oid conversion = InvalidOid;
	char *utf8;
	int room = len * MAX_CONVERSION_GROWTH + 1;
	int n = 0;

	if (encoding != PG_UTF8 && encoding != PG_SQL_ASCII)
		conversion = FindDefaultConversionProc(encoding, PG_UTF8);
	*size = (size_t) len;
	if (!OidIsValid(conversion))
		return text;
	utf8 = palloc(room);
	while (len > 0)
	{
		int done = pg_do_encoding_conversion_buf(conversion, encoding, PG_UTF8,
												 (unsigned char *) unconstify(char *, text), len,
												 (unsigned char *) utf8 + n, room - n, true);

		n += (int) strlen(utf8 + n);
		if (done < len)
		{
			utf8[n++] = '\xFF';
			done += Min(pg_mblen(text + done), len - done);
		}
		text += done;
		len -= done;
	}
	*size = (size_t) n;
	return utf8;
}

/* Escapes a text of the server's encoding. */
static void
put_escaped(Sheet *page, const char *text, int len)
{
	size_t size;
	const char *utf8 = in_utf8(text, len, &size);

	enlargeStringInfo(&page->out, (int) HTML_TEXT_SIZE(size));
	page->out.len += (int) html_text(utf8, size, page->ascii, page->out.data + page->out.len);
	page->out.data[page->out.len] = '\0';
}

static void
put_clipped(Sheet *page, const char *text, int most)
{
	int len = (int) strlen(text);
	int shown = pg_mbcharcliplen(text, len, most);

	put_escaped(page, text, shown);
	if (shown < len)
		put(page, "&#8230;");
}

void
put_text(Sheet *page, const char *text, int most)
{
	put(page, "<bdi>");
	put_clipped(page, text, most);
	put(page, "</bdi>");
}

void
put_text_in_attribute(Sheet *page, const char *text, int most)
{
	put(page, "&#8296;");
	put_clipped(page, text, most);
	put(page, "&#8297;");
}

void
put_name(Sheet *page, const char *name, int most, bool begins_sentence)
{
	char *spaced = pstrdup(name);

	/* In the server's encodings no byte of ASCII is part of another character. */
	for (char *c = spaced; *c != '\0'; c++)
	{
		if (*c == '_')
			*c = ' ';
	}
	if (begins_sentence && spaced[0] >= 'a' && spaced[0] <= 'z')
		spaced[0] = (char) pg_toupper((unsigned char) spaced[0]);
	put_text(page, spaced, most);
}

void
put_words(Sheet *page, const char *words)
{
	put_escaped(page, words, (int) strlen(words));
}

void
put_sentence(Sheet *page, const char *words)
{
	char *sentence = pstrdup(words);

	sentence[0] = (char) pg_toupper((unsigned char) sentence[0]);
	put_words(page, sentence);
}

char *
value_words(const Jsonb *value)
{
	if (JB_ROOT_IS_SCALAR(value))
	{
		JsonbValue scalar;

		if (JsonbExtractScalar(unconstify(JsonbContainer *, &value->root), &scalar) &&
			scalar.type == jbvString)
			return pnstrdup(scalar.val.string.val, scalar.val.string.len);
	}
	return JsonbToCString(NULL, unconstify(JsonbContainer *, &value->root), VARSIZE(value));
}

void
put_int(Sheet *page, int64 number)
{
	char digits[32];
	int n = snprintf(digits, sizeof(digits), INT64_FORMAT, number);

	for (int i = 0; i < n; i++)
	{
		/* A narrow blank that does not break. */
		if (i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-')
			put(page, "&#8239;");
		appendStringInfoChar(&page->out, digits[i]);
	}
}

void
put_count(Sheet *page, int64 number, const char *one, const char *many)
{
	put_int(page, number);
	put(page, " ");
	put_words(page, number == 1 ? one : many);
}

void
put_percent(Sheet *page, double share)
{
	if (share > 0.0 && share < 0.005)
		put(page, "&lt;1");
	else
		appendStringInfo(&page->out, "%.0f", share * 100.0);
	put(page, "&#8239;%");
}

void
put_decimal(Sheet *page, double number, int digits)
{
	appendStringInfo(&page->out, "%.*f", digits, number);
}

void
put_change(Sheet *page, double number, int digits)
{
	if (number < 0.0)
		put(page, "&#8722;");
	else
		put(page, "+");
	put_decimal(page, fabs(number), digits);
}

static void
date_of(DateADT day, int *year, int *month, int *mday)
{
	j2date(day + POSTGRES_EPOCH_JDATE, year, month, mday);
}

char *
day_words(Sheet *page, DateADT day)
{
	int year;
	int month;
	int mday;
	int this_year;
	int unused;

	date_of(day, &year, &month, &mday);
	date_of(page->today, &this_year, &unused, &unused);
	if (year == this_year)
		return psprintf("%d %.3s", mday, month_words[month]);
	return psprintf("%d %.3s %d", mday, month_words[month], year);
}

/* "09:14" */
static char *
clock_words(Sheet *page, TimestampTz at)
{
	int64 since_midnight =
		local_clock(&page->zone, at) - (int64) local_date(&page->zone, at) * USECS_PER_DAY;
	int minutes = (int) (since_midnight / USECS_PER_MINUTE);

	return psprintf("%02d:%02d", minutes / MINS_PER_HOUR, minutes % MINS_PER_HOUR);
}

char *
time_words(Sheet *page, TimestampTz at)
{
	return psprintf("%s, %s", day_words(page, local_date(&page->zone, at)), clock_words(page, at));
}

char *
long_time_words(Sheet *page, TimestampTz at)
{
	DateADT day = local_date(&page->zone, at);
	int year;
	int month;
	int mday;
	int weekday = j2day(day + POSTGRES_EPOCH_JDATE);

	date_of(day, &year, &month, &mday);
	return psprintf("%s, %d %s %d, %s", weekday_words[weekday == 0 ? 7 : weekday], mday,
					month_words[month], year, clock_words(page, at));
}

char *
distance_words(const Sheet *page, DateADT day)
{
	int days = day - page->today;

	if (days == 0)
		return pstrdup("today");
	if (days == 1)
		return pstrdup("tomorrow");
	if (days == -1)
		return pstrdup("yesterday");
	return days > 0 ? psprintf("in %d days", days) : psprintf("%d days ago", -days);
}

void
put_day(Sheet *page, DateADT day)
{
	int year;
	int month;
	int mday;

	date_of(day, &year, &month, &mday);
	put(page, "<time datetime=\"");
	appendStringInfo(&page->out, "%04d-%02d-%02d", year, month, mday);
	put(page, "\">");
	put_words(page, day_words(page, day));
	put(page, "</time>");
}

void
put_time(Sheet *page, TimestampTz at)
{
	DateADT day = local_date(&page->zone, at);
	int year;
	int month;
	int mday;

	if (TIMESTAMP_NOT_FINITE(at))
	{
		put(page, "&#8211;");
		return;
	}
	date_of(day, &year, &month, &mday);
	put(page, "<time datetime=\"");
	appendStringInfo(&page->out, "%04d-%02d-%02dT%s", year, month, mday, clock_words(page, at));
	put(page, "\">");
	put_words(page, time_words(page, at));
	put(page, "</time>");
}
