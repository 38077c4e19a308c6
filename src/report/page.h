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

/* Ends the header.  Between page_begin() and this, the caller puts a sentence and figures. */
extern void page_header_end(Sheet *page);

/* Begin and end a section. id is for links; hint is a sentence beside the title, or NULL. */
extern void section_begin(Sheet *page, const char *id, const char *title, const char *hint);
extern void section_end(Sheet *page);

/*
 * The figures of the header.  The value of a figure is put between
 * figure_begin() and figure_end().
 */
extern void figures_begin(Sheet *page);
extern void figure_begin(Sheet *page, const char *name);
extern void figure_end(Sheet *page);
extern void figures_end(Sheet *page);

/* Puts the sentence of a section that has nothing to show. */
extern void put_nothing(Sheet *page, const char *sentence);

/* Puts the footer and ends the page; returns it in the memory of SPI's caller. */
extern text *page_end(Sheet *page, const char *how_to_read);

/* The page's style (style.c). */
extern const char page_style[];

#endif
