/*
 * html_text.h
 *		Text of users within a document of HTML: nothing in it acts.
 */
#ifndef PERSONALIZATION_CORE_HTML_TEXT_H
#define PERSONALIZATION_CORE_HTML_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Maximum size of html_text()'s result for a text of len bytes. */
#define HTML_TEXT_SIZE(len) (8 * (len) + 256)

/*
 * Writes text[0..len), in UTF-8, to out as the content of an element or of a
 * quoted attribute, of HTML or of XML; returns the number of bytes written,
 * without a terminator.
 *
 * Characters of markup become references.  Control characters become visible
 * signs, but tab and line feed stay, and carriage return becomes a space.
 * What is not a character of UTF-8 becomes U+FFFD, byte by byte.  Embeddings,
 * overrides and isolates of bidirectional text that the text leaves open are
 * closed at its end, and what would close one that it has not opened is left
 * out; so within an isolate (<bdi>) no text changes the order of another's.
 *
 * ascii: all other characters become references too.
 */
extern size_t html_text(const char *text, size_t len, bool ascii, char *out);

#endif
