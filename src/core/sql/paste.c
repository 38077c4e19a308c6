/*
 * paste.c
 *		SQL in text that was copied from a chat, a page or a terminal.
 *
 *		It is read as follows:
 *
 *		- The contents of Markdown fences, if there are any, each as a
 *		  separate statement; otherwise the whole text, without a backtick or
 *		  quote around it.
 *		- Without a terminal's prompt, if the first line starts with one, and
 *		  those of the following lines: "db=> ", "mysql> ", "   -> ".
 *		- From the first line that starts like a statement, if the lines
 *		  before it do not: "Here it is:".
 */
#include "core/sql/lexer_int.h"

#include <stdlib.h>
#include <string.h>

/* Maximum length of a prompt's name. */
#define MAX_PROMPT 64

/* Words that statements start with, in byte order; only those that may precede a query. */
typedef struct Beginning
{
	const char *word;
	SqlBeginning beginning;
} Beginning;

static const Beginning beginnings[] = {
	{"alter", SQL_BEGINS_OTHER},	 {"analyze", SQL_BEGINS_OTHER},
	{"and", SQL_BEGINS_PART},		 {"attach", SQL_BEGINS_OTHER},
	{"begin", SQL_BEGINS_QUERY},	 {"cache", SQL_BEGINS_QUERY},
	{"call", SQL_BEGINS_OTHER},		 {"close", SQL_BEGINS_OTHER},
	{"cluster", SQL_BEGINS_OTHER},	 {"comment", SQL_BEGINS_OTHER},
	{"commit", SQL_BEGINS_OTHER},	 {"copy", SQL_BEGINS_QUERY},
	{"create", SQL_BEGINS_QUERY},	 {"deallocate", SQL_BEGINS_OTHER},
	{"declare", SQL_BEGINS_QUERY},	 {"del", SQL_BEGINS_QUERY},
	{"delete", SQL_BEGINS_QUERY},	 {"desc", SQL_BEGINS_OTHER},
	{"describe", SQL_BEGINS_OTHER},	 {"detach", SQL_BEGINS_OTHER},
	{"do", SQL_BEGINS_OTHER},		 {"drop", SQL_BEGINS_QUERY},
	{"else", SQL_BEGINS_QUERY},		 {"end", SQL_BEGINS_OTHER},
	{"except", SQL_BEGINS_PART},	 {"exec", SQL_BEGINS_OTHER},
	{"execute", SQL_BEGINS_OTHER},	 {"explain", SQL_BEGINS_QUERY},
	{"export", SQL_BEGINS_OTHER},	 {"fetch", SQL_BEGINS_OTHER},
	{"flush", SQL_BEGINS_OTHER},	 {"for", SQL_BEGINS_QUERY},
	{"from", SQL_BEGINS_QUERY},		 {"full", SQL_BEGINS_PART},
	{"get", SQL_BEGINS_OTHER},		 {"go", SQL_BEGINS_OTHER},
	{"grant", SQL_BEGINS_OTHER},	 {"group", SQL_BEGINS_PART},
	{"having", SQL_BEGINS_PART},	 {"if", SQL_BEGINS_QUERY},
	{"import", SQL_BEGINS_OTHER},	 {"inner", SQL_BEGINS_PART},
	{"ins", SQL_BEGINS_QUERY},		 {"insert", SQL_BEGINS_QUERY},
	{"install", SQL_BEGINS_OTHER},	 {"intersect", SQL_BEGINS_PART},
	{"into", SQL_BEGINS_PART},		 {"join", SQL_BEGINS_PART},
	{"kill", SQL_BEGINS_OTHER},		 {"left", SQL_BEGINS_PART},
	{"limit", SQL_BEGINS_PART},		 {"list", SQL_BEGINS_OTHER},
	{"listen", SQL_BEGINS_OTHER},	 {"load", SQL_BEGINS_OTHER},
	{"lock", SQL_BEGINS_OTHER},		 {"loop", SQL_BEGINS_QUERY},
	{"merge", SQL_BEGINS_QUERY},	 {"move", SQL_BEGINS_OTHER},
	{"msck", SQL_BEGINS_OTHER},		 {"not", SQL_BEGINS_PART},
	{"notify", SQL_BEGINS_OTHER},	 {"on", SQL_BEGINS_PART},
	{"open", SQL_BEGINS_QUERY},		 {"optimize", SQL_BEGINS_OTHER},
	{"or", SQL_BEGINS_PART},		 {"order", SQL_BEGINS_PART},
	{"outer", SQL_BEGINS_PART},		 {"pivot", SQL_BEGINS_QUERY},
	{"pragma", SQL_BEGINS_OTHER},	 {"prepare", SQL_BEGINS_QUERY},
	{"print", SQL_BEGINS_OTHER},	 {"profile", SQL_BEGINS_QUERY},
	{"purge", SQL_BEGINS_OTHER},	 {"put", SQL_BEGINS_OTHER},
	{"reassign", SQL_BEGINS_OTHER},	 {"refresh", SQL_BEGINS_QUERY},
	{"reindex", SQL_BEGINS_OTHER},	 {"release", SQL_BEGINS_OTHER},
	{"remove", SQL_BEGINS_OTHER},	 {"rename", SQL_BEGINS_OTHER},
	{"repair", SQL_BEGINS_OTHER},	 {"replace", SQL_BEGINS_QUERY},
	{"reset", SQL_BEGINS_OTHER},	 {"return", SQL_BEGINS_QUERY},
	{"revoke", SQL_BEGINS_OTHER},	 {"right", SQL_BEGINS_PART},
	{"rollback", SQL_BEGINS_OTHER},	 {"savepoint", SQL_BEGINS_OTHER},
	{"security", SQL_BEGINS_OTHER},	 {"sel", SQL_BEGINS_QUERY},
	{"select", SQL_BEGINS_QUERY},	 {"set", SQL_BEGINS_OTHER},
	{"show", SQL_BEGINS_OTHER},		 {"start", SQL_BEGINS_OTHER},
	{"summarize", SQL_BEGINS_QUERY}, {"table", SQL_BEGINS_QUERY},
	{"then", SQL_BEGINS_QUERY},		 {"truncate", SQL_BEGINS_QUERY},
	{"uncache", SQL_BEGINS_OTHER},	 {"undrop", SQL_BEGINS_OTHER},
	{"union", SQL_BEGINS_PART},		 {"unload", SQL_BEGINS_QUERY},
	{"unlock", SQL_BEGINS_OTHER},	 {"unpivot", SQL_BEGINS_QUERY},
	{"upd", SQL_BEGINS_QUERY},		 {"update", SQL_BEGINS_QUERY},
	{"upsert", SQL_BEGINS_QUERY},	 {"use", SQL_BEGINS_OTHER},
	{"vacuum", SQL_BEGINS_OTHER},	 {"values", SQL_BEGINS_QUERY},
	{"where", SQL_BEGINS_PART},		 {"while", SQL_BEGINS_QUERY},
	{"with", SQL_BEGINS_QUERY},
};

typedef struct Key
{
	const char *word;
	size_t len;
} Key;

static int
compare_words(const void *a, const void *b)
{
	const Key *key = a;
	const char *word = ((const Beginning *) b)->word;

	for (size_t i = 0; i < key->len; i++)
	{
		char c = sql_lower(key->word[i]);

		if (c != word[i])
			return (unsigned char) c < (unsigned char) word[i] ? -1 : 1;
	}
	return word[key->len] == '\0' ? 0 : -1;
}

SqlBeginning
sql_beginning(const char *word, size_t len)
{
	const Key key = {word, len};
	const Beginning *found = bsearch(&key, beginnings, sizeof(beginnings) / sizeof(beginnings[0]),
									 sizeof(beginnings[0]), compare_words);

	return found == NULL ? SQL_BEGINS_NOTHING : found->beginning;
}

bool
sql_begins_surely(const char *word, size_t len)
{
	static const char *const words[] = {"select", "with",  "insert", "update",
										"delete", "merge", "create", "explain"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (sql_is_word(word, len, words[i]))
			return true;
	}
	return false;
}

/* Whether a statement starts at pos with one of the most common words. */
static bool
begins_at(const SqlLexer *lexer, size_t pos)
{
	size_t end = sql_word_end(lexer, pos);

	return end > pos && end < lexer->len && lexer->text[end] != '.' &&
		   sql_begins_surely(lexer->text + pos, end - pos);
}

static size_t
skip_blanks(const SqlLexer *lexer, size_t pos)
{
	size_t len;

	while (pos < lexer->len && (len = sql_space_length(lexer->text + pos, lexer->len - pos)) > 0)
		pos += len;
	return pos;
}

static size_t
line_end(const SqlLexer *lexer, size_t pos)
{
	const char *end = pos < lexer->len ? memchr(lexer->text + pos, '\n', lexer->len - pos) : NULL;

	return end == NULL ? lexer->len : (size_t) (end - lexer->text) + 1;
}

/* Returns the position of the next three backticks from pos on, or SQL_NOWHERE. */
static size_t
find_fence(const SqlLexer *lexer, size_t pos)
{
	const char *found;

	while (pos + 2 < lexer->full_len &&
		   (found = memchr(lexer->text + pos, '`', lexer->full_len - pos - 2)) != NULL)
	{
		pos = (size_t) (found - lexer->text);
		if (found[1] == '`' && found[2] == '`')
			return pos;
		pos++;
	}
	return SQL_NOWHERE;
}

/* Reads from the fence on, which starts a line or names SQL. */
static bool
enter_fence(SqlLexer *lexer, size_t fence)
{
	size_t start = fence + 3;
	size_t before = fence;
	size_t close;

	lexer->len = lexer->full_len;
	while (before > 0 && (lexer->text[before - 1] == ' ' || lexer->text[before - 1] == '\t'))
		before--;
	while (start < lexer->len && sql_is_word_byte(lexer->text[start]))
		start++;
	if (before > 0 && !sql_is_newline(lexer->text[before - 1]) &&
		!sql_is_word(lexer->text + fence + 3, start - fence - 3, "sql"))
		return false;
	if (begins_at(lexer, fence + 3))
		start = fence + 3;
	close = find_fence(lexer, start);
	lexer->pos = start;
	if (close != SQL_NOWHERE)
		lexer->len = close;
	lexer->fenced = true;
	return true;
}

bool
sql_next_pasted(SqlLexer *lexer)
{
	size_t fence;

	if (!lexer->fenced || lexer->len + 3 >= lexer->full_len)
		return false;
	fence = find_fence(lexer, lexer->len + 3);
	if (fence == SQL_NOWHERE || !enter_fence(lexer, fence))
	{
		/* What is read is read. */
		lexer->full_len = lexer->len = lexer->pos = fence == SQL_NOWHERE ? lexer->len : fence;
		return false;
	}
	lexer->backslashes = sql_has_backslashes(lexer->text + lexer->pos, lexer->len - lexer->pos);
	return true;
}

/* Removes one pair of quotes or backticks around a whole statement. */
static void
strip_quotes(SqlLexer *lexer)
{
	char quote = sql_byte(lexer, lexer->pos);
	size_t end = lexer->len;

	if ((quote != '`' && quote != '"') || !begins_at(lexer, lexer->pos + 1))
		return;
	while (end > lexer->pos + 1 &&
		   (sql_space_length(lexer->text + end - 1, 1) > 0 || lexer->text[end - 1] == ';'))
		end--;
	if (end < lexer->pos + 2 || lexer->text[end - 1] != quote)
		return;
	lexer->pos++;
	lexer->len = lexer->full_len = end - 1;
	lexer->foreign = true;
}

size_t
sql_prompt_end(const SqlLexer *lexer, size_t pos)
{
	size_t start = pos;
	size_t end;

	while (sql_byte(lexer, start) == ' ')
		start++;
	for (end = start; end - start < MAX_PROMPT && end < lexer->len; end++)
	{
		char c = lexer->text[end];

		if (!sql_is_word_byte(c) && (c == '\0' || strchr("@:./~", c) == NULL) &&
			!(c == '-' && sql_is_word_byte(sql_byte(lexer, end + 1))))
			break;
	}
	/* The following lines have the name again, or no name, or a number. */
	if (lexer->prompt && end > start &&
		(end - start != lexer->prompt_len ||
		 memcmp(lexer->text + start, lexer->prompt_name, end - start) != 0) &&
		!sql_is_word(lexer->text + start, end - start, "...") && !sql_is_digit(lexer->text[start]))
		return pos;
	if (sql_byte(lexer, end) != '\0' && strchr("=-('\"*^!$", lexer->text[end]) != NULL)
		end++;
	if (sql_byte(lexer, end) == '*')
		end++;
	if (sql_byte(lexer, end) != '>' &&
		(sql_byte(lexer, end) != '#' || end == start || sql_is_word_byte(lexer->text[end - 1])))
		return pos;
	end++;
	while (sql_byte(lexer, end) == '>')
		end++;
	return sql_byte(lexer, end) == ' ' || sql_is_newline(sql_byte(lexer, end)) ? end : pos;
}

/* Removes the tags around a statement in <sql>SELECT …</sql>. */
static void
strip_tags(SqlLexer *lexer)
{
	size_t name = lexer->pos + 1;
	size_t end = sql_word_end(lexer, name);
	size_t last = lexer->len;

	if (sql_byte(lexer, lexer->pos) != '<' || end == name || sql_byte(lexer, end) != '>' ||
		!begins_at(lexer, skip_blanks(lexer, end + 1)))
		return;
	while (last > end && sql_space_length(lexer->text + last - 1, 1) > 0)
		last--;
	if (last < end + 3 + (end - name) + 1 || lexer->text[last - 1] != '>' ||
		memcmp(lexer->text + last - 1 - (end - name), lexer->text + name, end - name) != 0)
		return;
	last -= end - name + 1;
	if (lexer->text[last - 1] != '/' || lexer->text[last - 2] != '<')
		return;
	lexer->pos = skip_blanks(lexer, end + 1);
	lexer->len = lexer->full_len = last - 2;
	lexer->foreign = true;
}

/* Removes a prompt before a statement. */
static void
strip_prompt(SqlLexer *lexer)
{
	size_t end = sql_prompt_end(lexer, lexer->pos);
	size_t name;

	if (!sql_is_word_start(sql_byte(lexer, lexer->pos)) && sql_byte(lexer, lexer->pos) != '>')
		return;
	if (end == lexer->pos || !begins_at(lexer, skip_blanks(lexer, end)))
		return;
	for (name = lexer->pos; name < end && strchr("=-('\"*^!$>#", lexer->text[name]) == NULL; name++)
		;
	lexer->prompt = true;
	lexer->prompt_name = lexer->text + lexer->pos;
	lexer->prompt_len = name - lexer->pos;
	lexer->pos = end;
	lexer->foreign = true;
}

/* Skips lines before the first one that is SQL. */
static void
strip_talk(SqlLexer *lexer)
{
	size_t word_end = sql_word_end(lexer, lexer->pos);
	size_t line = line_end(lexer, lexer->pos);
	size_t last = line;

	if (!sql_is_word_start(sql_byte(lexer, lexer->pos)))
		return;
	while (last > lexer->pos && sql_space_length(lexer->text + last - 1, 1) > 0)
		last--;
	if (sql_beginning(lexer->text + lexer->pos, word_end - lexer->pos) != SQL_BEGINS_NOTHING &&
		(last == lexer->pos || lexer->text[last - 1] != ':'))
		return;
	for (; line < lexer->len; line = line_end(lexer, line))
	{
		size_t start = skip_blanks(lexer, line);

		if (begins_at(lexer, start))
		{
			lexer->pos = start;
			lexer->foreign = true;
			return;
		}
		if (start > line)
			line = start;
	}
}

void
sql_find_pasted(SqlLexer *lexer)
{
	size_t start = skip_blanks(lexer, 0);

	if (start > 0)
	{
		lexer->foreign = (unsigned char) lexer->text[0] >= 0x80;
		lexer->pos = start;
	}
	if (start >= lexer->len)
		return;
	/* Most texts start like this, and need no further checks. */
	if (begins_at(lexer, start) && memchr(lexer->text + start, '`', lexer->len - start) == NULL)
		return;
	for (size_t fence = find_fence(lexer, start); fence != SQL_NOWHERE;
		 fence = find_fence(lexer, fence + 3))
	{
		if (enter_fence(lexer, fence))
		{
			lexer->foreign = true;
			break;
		}
	}
	lexer->pos = skip_blanks(lexer, lexer->pos);
	strip_tags(lexer);
	strip_quotes(lexer);
	strip_prompt(lexer);
	if (!lexer->prompt)
		strip_talk(lexer);
}
