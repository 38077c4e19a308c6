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

/* Maximum length of what is before a statement in code, and of a label. */
#define MAX_CODE 80
#define MAX_LABEL 40

/* The most tags around a statement. */
#define MAX_TAGS 4

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
	while (start < lexer->len && lexer->text[start] == '`')
		start++; /* more than three */
	fence = start - 3;
	while (start < lexer->len && sql_is_word_byte(lexer->text[start]))
		start++;
	if (before > 0 && !sql_is_newline(lexer->text[before - 1]) && skip_blanks(lexer, 0) < before &&
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

/* The number of quotes, one or three, or backticks at pos. */
static size_t
quotes_at(const SqlLexer *lexer, size_t pos)
{
	char quote = sql_byte(lexer, pos);

	if (quote != '`' && quote != '"' && quote != '\'')
		return 0;
	if (sql_byte(lexer, pos + 1) != quote)
		return 1;
	return sql_byte(lexer, pos + 2) == quote ? 3 : 2;
}

/* Removes one pair of quotes or backticks around a whole statement. */
static void
strip_quotes(SqlLexer *lexer)
{
	char quote = sql_byte(lexer, lexer->pos);
	size_t start = lexer->pos + quotes_at(lexer, lexer->pos);
	size_t quotes = start - lexer->pos;
	size_t end = lexer->len;

	if (sql_smart_quote(lexer, lexer->pos) != '\0' && begins_at(lexer, lexer->pos + 3) &&
		end > lexer->pos + 6 && sql_smart_quote(lexer, end - 3) != '\0')
	{
		lexer->pos += 3;
		lexer->len = lexer->full_len = end - 3;
		lexer->foreign = true;
		return;
	}
	if (quotes == 0 || !begins_at(lexer, skip_blanks(lexer, start)))
		return;
	while (end > start &&
		   (sql_space_length(lexer->text + end - 1, 1) > 0 || lexer->text[end - 1] == ';'))
		end--;
	for (size_t i = 0; i < quotes; i++)
	{
		if (end <= start || lexer->text[end - 1] != quote)
			return;
		end--;
	}
	lexer->pos = skip_blanks(lexer, start);
	lexer->len = lexer->full_len = end;
	lexer->foreign = true;
}

/*
 * Reads the statement in the code of a program: sql = "SELECT …", or
 * cursor.execute("""SELECT … """, …).
 */
static void
enter_code(SqlLexer *lexer)
{
	const size_t limit = lexer->len - lexer->pos > MAX_CODE ? lexer->pos + MAX_CODE : lexer->len;
	size_t word = sql_word_end(lexer, lexer->pos);
	size_t pos = lexer->pos;
	size_t quotes;
	size_t end;
	size_t given = 0; /* where the last = or ( is */
	size_t start;
	char quote;

	if (!sql_is_word_byte(sql_byte(lexer, pos)) ||
		sql_beginning(lexer->text + pos, word - pos) != SQL_BEGINS_NOTHING)
		return;
	while (pos < limit && quotes_at(lexer, pos) == 0)
	{
		size_t next = sql_skip_space(lexer, pos);
		char c = lexer->text[pos];

		if (next == pos && !sql_is_word_byte(c) && c != '.' && c != ':' && c != '=' && c != '(')
			return;
		if (c == '=' || c == '(')
			given = pos;
		pos = next == pos ? pos + 1 : next;
	}
	/*
	 * The quote is directly behind the = or (, but for a prefix, as in f"…".  Where a space is
	 * behind the (, it is SQL's: in the form of a statement, which must be read as itself, too.
	 */
	if (given == 0 || pos >= limit)
		return;
	start = sql_is_word_start(lexer->text[pos - 1]) ? pos - 1 : pos;
	if (skip_blanks(lexer, given + 1) != start ||
		(start > given + 1 && !sql_is_newline(lexer->text[given + 1]) &&
		 (lexer->text[given] == '(' || lexer->text[pos] == '`')))
		return;
	quotes = quotes_at(lexer, pos);
	if (quotes == 0 || !begins_at(lexer, skip_blanks(lexer, pos + quotes)))
		return;
	quote = lexer->text[pos];
	for (end = pos + quotes; end < lexer->len; end++)
	{
		if (lexer->text[end] == '\\')
			end++;
		else if (lexer->text[end] == quote && quotes_at(lexer, end) >= quotes)
			break;
	}
	if (end >= lexer->len)
		return;
	lexer->pos = skip_blanks(lexer, pos + quotes);
	lexer->len = lexer->full_len = end;
	lexer->foreign = true;
}

/* Skips a label before a statement: "SQL: SELECT …". */
static void
strip_label(SqlLexer *lexer)
{
	const size_t limit = lexer->len - lexer->pos > MAX_LABEL ? lexer->pos + MAX_LABEL : lexer->len;
	size_t word = sql_word_end(lexer, lexer->pos);
	size_t pos = lexer->pos;

	if (!sql_is_word_start(sql_byte(lexer, pos)) ||
		sql_beginning(lexer->text + pos, word - pos) != SQL_BEGINS_NOTHING)
		return;
	while (pos < limit && (sql_is_word_start(lexer->text[pos]) || lexer->text[pos] == ' '))
		pos++;
	/* Attached: in the form of a statement, which must be read as itself, it is apart. */
	if (sql_byte(lexer, pos) != ':' || lexer->text[pos - 1] == ' ' ||
		!begins_at(lexer, skip_blanks(lexer, pos + 1)))
		return;
	lexer->pos = skip_blanks(lexer, pos + 1);
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

/* Removes the tags around a statement in <sql>SELECT …</sql>, or <pre><code>SELECT …. */
static void
strip_tags(SqlLexer *lexer)
{
	const char *text = lexer->text;
	size_t names[MAX_TAGS];
	size_t ends[MAX_TAGS];
	size_t start = lexer->pos;
	size_t last = lexer->len;
	int n = 0;

	while (n < MAX_TAGS && sql_byte(lexer, start) == '<')
	{
		size_t close;

		names[n] = start + 1;
		ends[n] = sql_word_end(lexer, names[n]);
		for (close = ends[n]; close < lexer->len && close - start < MAX_PROMPT &&
							  text[close] != '>' && text[close] != '<';)
			close++;
		if (ends[n] == names[n] || sql_byte(lexer, close) != '>' ||
			(close > ends[n] && text[ends[n]] != ' '))
			return;
		start = skip_blanks(lexer, close + 1);
		n++;
	}
	if (n == 0 || !begins_at(lexer, start))
		return;
	for (int i = 0; i < n; i++)
	{
		size_t name_len = ends[i] - names[i];

		while (last > start && sql_space_length(text + last - 1, 1) > 0)
			last--;
		if (last < start + name_len + 3 || text[last - 1] != '>' ||
			memcmp(text + last - 1 - name_len, text + names[i], name_len) != 0 ||
			text[last - 2 - name_len] != '/' || text[last - 3 - name_len] != '<')
			return;
		last -= name_len + 3;
	}
	lexer->pos = start;
	lexer->len = lexer->full_len = last;
	lexer->foreign = true;
}

/* Removes a prompt before a statement. */
static void
strip_prompt(SqlLexer *lexer)
{
	size_t end = sql_prompt_end(lexer, lexer->pos);
	size_t name;

	if (!sql_is_word_start(sql_byte(lexer, lexer->pos)) &&
		!sql_is_digit(sql_byte(lexer, lexer->pos)) && sql_byte(lexer, lexer->pos) != '>')
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
	strip_label(lexer);
	enter_code(lexer);
	strip_prompt(lexer);
	if (!lexer->prompt)
		strip_talk(lexer);
}
