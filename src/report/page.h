/*
 * page.h
 *		The frame of a page: head, style, header, sections, footer.
 *
 *		Pages are HTML that is also well-formed XML, in ASCII but for texts of
 *		users.
 */
#ifndef PERSONALIZATION_REPORT_PAGE_H
#define PERSONALIZATION_REPORT_PAGE_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "report/put.h"
#include "tenancy/settings.h"

/* Begins a page; over is our name for it, name that of whom it is about. */
extern void page_begin(Sheet *page, const TenantSettings *settings, TimestampTz at,
					   const char *over, const char *name, const char *tenant_id);

/* Between them the body of the header: a sentence, figures. */
extern void page_header_end(Sheet *page);

/* A section; id is a name for links, hint a sentence beside its title, or NULL. */
extern void section_begin(Sheet *page, const char *id, const char *title, const char *hint);
extern void section_end(Sheet *page);

/* A figure of the header: between begin and end its value is put. */
extern void figures_begin(Sheet *page);
extern void figure_begin(Sheet *page, const char *name);
extern void figure_end(Sheet *page);
extern void figures_end(Sheet *page);

/* A sentence where there is nothing else to show. */
extern void put_nothing(Sheet *page, const char *sentence);

/* Ends the page after the footer's sentences; returns it in the memory of SPI's caller. */
extern text *page_end(Sheet *page, const char *how_to_read);

/* The page's style (style.c). */
extern const char page_style[];

#endif
