/*
 * query_text.h
 *		Taking the text of stored queries out of a tenant whose setting
 *		store_query_text is false.
 */
#ifndef PERSONALIZATION_ADMIN_QUERY_TEXT_H
#define PERSONALIZATION_ADMIN_QUERY_TEXT_H

#include "postgres.h"

#include "utils/jsonb.h"

/*
 * Takes it out of the rows of one user that have just been imported, in which
 * nothing is trusted.  The user is locked; the caller is in SPI.
 */
extern void query_text_forget_imported(const char *tenant_id, const char *user_id);

#endif
