/*
 * html_text.c
 *		Text of users within a document of HTML.
 */
#include "core/html_text.h"

#include <stdint.h>
#include <string.h>

#include "core/characters.h"

#define REPLACEMENT 0xFFFD
#define PICTURE_OF_NULL 0x2400 /* those of the other control characters follow */
#define PICTURE_OF_DELETE 0x2421

/* Controls of bidirectional text (Unicode's annex 9). */
#define LRE 0x202A
#define RLE 0x202B
#define PDF 0x202C
#define LRO 0x202D
#define RLO 0x202E
#define LRI 0x2066
#define FSI 0x2068
#define PDI 0x2069

/* Further ones that open something are left out. */
#define DEPTH_MAX 16

typedef struct Writer
{
	char *out;
	size_t n;
	bool ascii;

	/* What is open, outermost first: isolates, or embeddings and overrides. */
	bool isolates[DEPTH_MAX];
	int depth;
} Writer;

static void
write_bytes(Writer *writer, const char *bytes, size_t len)
{
	memcpy(writer->out + writer->n, bytes, len);
	writer->n += len;
}

static void
write_reference(Writer *writer, uint32_t code)
{
	char digits[10];
	int n = 0;

	for (; code > 0; code /= 10)
		digits[n++] = (char) ('0' + code % 10);
	write_bytes(writer, "&#", 2);
	while (n > 0)
		writer->out[writer->n++] = digits[--n];
	writer->out[writer->n++] = ';';
}

/* Writes a character beyond ASCII. */
static void
write_character(Writer *writer, uint32_t code)
{
	char bytes[4];
	size_t n = 0;

	if (writer->ascii)
	{
		write_reference(writer, code);
		return;
	}
	if (code < 0x800)
		bytes[n++] = (char) (0xC0 | code >> 6);
	else
	{
		if (code < 0x10000)
			bytes[n++] = (char) (0xE0 | code >> 12);
		else
		{
			bytes[n++] = (char) (0xF0 | code >> 18);
			bytes[n++] = (char) (0x80 | (code >> 12 & 0x3F));
		}
		bytes[n++] = (char) (0x80 | (code >> 6 & 0x3F));
	}
	bytes[n++] = (char) (0x80 | (code & 0x3F));
	write_bytes(writer, bytes, n);
}

static void
write_ascii(Writer *writer, char c)
{
	switch (c)
	{
		case '&':
			write_bytes(writer, "&amp;", 5);
			return;
		case '<':
			write_bytes(writer, "&lt;", 4);
			return;
		case '>':
			write_bytes(writer, "&gt;", 4);
			return;
		case '"':
			write_bytes(writer, "&quot;", 6);
			return;
		case '\'':
			write_bytes(writer, "&#39;", 5);
			return;
		case '\r':
			writer->out[writer->n++] = ' ';
			return;
		case 0x7F:
			write_character(writer, PICTURE_OF_DELETE);
			return;
		default:
			break;
	}
	if ((unsigned char) c < 0x20 && c != '\t' && c != '\n')
		write_character(writer, PICTURE_OF_NULL + (uint32_t) c);
	else
		writer->out[writer->n++] = c;
}

static bool
is_bidi_control(uint32_t code)
{
	return (code >= LRE && code <= RLO) || (code >= LRI && code <= PDI);
}

/* Writes what opens or closes a stretch of text, if it has its place. */
static void
write_bidi(Writer *writer, uint32_t code)
{
	int depth = writer->depth;

	if (code == PDI)
	{
		/* It also closes the embeddings within its isolate. */
		while (depth > 0 && !writer->isolates[depth - 1])
			depth--;
		if (depth == 0)
			return;
		writer->depth = depth - 1;
	}
	else if (code == PDF)
	{
		if (depth == 0 || writer->isolates[depth - 1])
			return;
		writer->depth--;
	}
	else
	{
		if (depth == DEPTH_MAX)
			return;
		writer->isolates[writer->depth++] = code >= LRI;
	}
	write_character(writer, code);
}

/* Those that no document may contain, and those of no meaning between programs. */
static bool
is_noncharacter(uint32_t code)
{
	return (code >= 0x80 && code < 0xA0) || (code >= 0xFDD0 && code <= 0xFDEF) ||
		   (code & 0xFFFE) == 0xFFFE;
}

size_t
html_text(const char *text, size_t len, bool ascii, char *out)
{
	Writer writer = {.out = out, .ascii = ascii};
	size_t i = 0;

	while (i < len)
	{
		uint32_t code;
		size_t length = character_read(text + i, len - i, &code);

		if (length == 1)
			write_ascii(&writer, text[i]);
		else if (length == 0 || is_noncharacter(code))
			write_character(&writer, REPLACEMENT);
		else if (is_bidi_control(code))
			write_bidi(&writer, code);
		else
			write_character(&writer, code);
		i += length == 0 ? 1 : length;
	}
	while (writer.depth > 0)
		write_character(&writer, writer.isolates[--writer.depth] ? PDI : PDF);
	return writer.n;
}
