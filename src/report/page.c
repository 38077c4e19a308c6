/*
 * page.c
 *		The frame of a page.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "mb/pg_wchar.h"

#include "report/page.h"

static void
put_head(Sheet *page, const char *name, const char *tenant_id)
{
	put(page, "<!DOCTYPE html>\n"
			  "<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
			  "<meta charset=\"utf-8\"/>\n"
			  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"
			  " style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\"/>\n"
			  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
			  "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
			  "<meta name=\"referrer\" content=\"no-referrer\"/>\n"
			  "<meta name=\"robots\" content=\"noindex\"/>\n<title>");
	put_text_in_attribute(page, name, NAME_SHOWN);
	if (tenant_id != name)
	{
		put(page, " &#183; ");
		put_text_in_attribute(page, tenant_id, NAME_SHOWN);
	}
	put(page, "</title>\n<style>\n");
	appendStringInfoString(&page->out, page_style);
	put(page, "</style>\n</head>\n");
}

void
page_begin(Sheet *page, const TenantSettings *settings, TimestampTz at, const char *over,
		   const char *name, const char *tenant_id)
{
	memset(page, 0, sizeof(Sheet));
	initStringInfo(&page->out);
	page->ascii = GetDatabaseEncoding() != PG_UTF8;
	local_zone_init(&page->zone, settings->time_zone);
	page->time_zone = settings->time_zone;
	page->at = at;
	page->today = local_date(&page->zone, at);
	put_head(page, name, tenant_id);
	put(page, "<body>\n<header class=\"top\">\n<p class=\"over\">");
	put_words(page, over);
	if (tenant_id != name)
	{
		put(page, " &#183; ");
		put_text(page, tenant_id, NAME_SHOWN);
	}
	put(page, "</p>\n<h1>");
	put_text(page, name, NAME_SHOWN);
	put(page, "</h1>\n");
}

void
page_header_end(Sheet *page)
{
	put(page, "</header>\n<main>\n");
}

void
figures_begin(Sheet *page)
{
	put(page, "<dl class=\"figures\">\n");
}

void
figure_begin(Sheet *page, const char *name)
{
	put(page, "<div><dt>");
	put_words(page, name);
	put(page, "</dt><dd>");
}

void
figure_end(Sheet *page)
{
	put(page, "</dd></div>\n");
}

void
figures_end(Sheet *page)
{
	put(page, "</dl>\n");
}

void
section_begin(Sheet *page, const char *id, const char *title, const char *hint)
{
	put(page, "<section aria-labelledby=\"");
	put_words(page, id);
	put(page, "\">\n<div class=\"head\"><h2 id=\"");
	put_words(page, id);
	put(page, "\">");
	put_words(page, title);
	put(page, "</h2>");
	if (hint != NULL)
	{
		put(page, "<p class=\"hint\">");
		put_words(page, hint);
		put(page, "</p>");
	}
	put(page, "</div>\n<div class=\"body\">\n");
}

void
section_end(Sheet *page)
{
	put(page, "</div>\n</section>\n");
}

void
put_nothing(Sheet *page, const char *sentence)
{
	put(page, "<p class=\"nothing\">");
	put_words(page, sentence);
	put(page, "</p>\n");
}

text *
page_end(Sheet *page, const char *how_to_read)
{
	text *result;

	put(page, "</main>\n<footer>\n<p>");
	put_words(page, how_to_read);
	put(page, "</p>\n<p>As of ");
	put_words(page, long_time_words(page, page->at));
	put(page, " (");
	put_words(page, page->time_zone);
	put(page, "). Made in the database by personalization " PERSONALIZATION_VERSION
			  "; this page loads nothing and runs no script.</p>\n"
			  "</footer>\n</body>\n</html>\n");
	result = SPI_palloc(page->out.len + VARHDRSZ);
	SET_VARSIZE(result, page->out.len + VARHDRSZ);
	memcpy(VARDATA(result), page->out.data, page->out.len);
	return result;
}
