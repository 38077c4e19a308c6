/*
 * keyword.h
 *		The SQL keywords that the lexer and the scanner use.
 *
 *		This is not the keyword list of a grammar: it contains only words that
 *		matter for reading statements of any dialect.
 */
#ifndef PERSONALIZATION_CORE_SQL_KEYWORD_H
#define PERSONALIZATION_CORE_SQL_KEYWORD_H

#include <stddef.h>

/*
 * Properties of a keyword:
 *
 *  O	an operand follows, so that a sign after it is the sign of a number
 *  R	reserved: never the name of a table or an alias
 *  V	a value by itself, such as CURRENT_DATE
 *  S	a separator: neither a name nor a value; an operand follows
 */
#define SQL_KW_O 1
#define SQL_KW_R 2
#define SQL_KW_V 4
#define SQL_KW_S 8

/* In byte order of the lower-case word, for binary search. */
#define SQL_KEYWORDS(K)                                                                            \
	K(ALL, "all", SQL_KW_O | SQL_KW_R | SQL_KW_S)                                                  \
	K(ANALYZE, "analyze", 0)                                                                       \
	K(AND, "and", SQL_KW_O | SQL_KW_R | SQL_KW_S)                                                  \
	K(ANY, "any", SQL_KW_O | SQL_KW_S)                                                             \
	K(APPLY, "apply", 0)                                                                           \
	K(ARRAY, "array", 0)                                                                           \
	K(AS, "as", SQL_KW_R)                                                                          \
	K(ASYMMETRIC, "asymmetric", SQL_KW_O | SQL_KW_S)                                               \
	K(BETWEEN, "between", SQL_KW_O | SQL_KW_S)                                                     \
	K(BOTH, "both", SQL_KW_S)                                                                      \
	K(BY, "by", SQL_KW_O | SQL_KW_R | SQL_KW_S)                                                    \
	K(CASE, "case", SQL_KW_O | SQL_KW_R | SQL_KW_S)                                                \
	K(COLLATE, "collate", SQL_KW_R)                                                                \
	K(CONFLICT, "conflict", 0)                                                                     \
	K(COPY, "copy", 0)                                                                             \
	K(CURRENT_CATALOG, "current_catalog", SQL_KW_V)                                                \
	K(CURRENT_DATE, "current_date", SQL_KW_V)                                                      \
	K(CURRENT_DATETIME, "current_datetime", SQL_KW_V)                                              \
	K(CURRENT_ROLE, "current_role", SQL_KW_V)                                                      \
	K(CURRENT_SCHEMA, "current_schema", SQL_KW_V)                                                  \
	K(CURRENT_TIME, "current_time", SQL_KW_V)                                                      \
	K(CURRENT_TIMESTAMP, "current_timestamp", SQL_KW_V)                                            \
	K(CURRENT_USER, "current_user", SQL_KW_V)                                                      \
	K(DEFAULT, "default", SQL_KW_R | SQL_KW_V)                                                     \
	K(DELETE, "delete", 0)                                                                         \
	K(DISTINCT, "distinct", SQL_KW_O | SQL_KW_R | SQL_KW_S)                                        \
	K(DUMPFILE, "dumpfile", 0)                                                                     \
	K(DUPLICATE, "duplicate", 0)                                                                   \
	K(ELSE, "else", SQL_KW_O | SQL_KW_R | SQL_KW_S)                                                \
	K(END, "end", 0)                                                                               \
	K(ESCAPE, "escape", SQL_KW_O | SQL_KW_S)                                                       \
	K(EXCEPT, "except", SQL_KW_R)                                                                  \
	K(EXISTS, "exists", SQL_KW_S)                                                                  \
	K(EXPLAIN, "explain", 0)                                                                       \
	K(FALSE, "false", SQL_KW_V)                                                                    \
	K(FETCH, "fetch", 0)                                                                           \
	K(FOR, "for", SQL_KW_O | SQL_KW_S)                                                             \
	K(FORMAT, "format", 0)                                                                         \
	K(FROM, "from", SQL_KW_O | SQL_KW_R | SQL_KW_S)                                                \
	K(GLOB, "glob", SQL_KW_O)                                                                      \
	K(GROUP, "group", SQL_KW_R)                                                                    \
	K(GROUPING, "grouping", 0)                                                                     \
	K(GROUPS, "groups", 0)                                                                         \
	K(HAVING, "having", SQL_KW_O | SQL_KW_R | SQL_KW_S)                                            \
	K(IF, "if", 0)                                                                                 \
	K(ILIKE, "ilike", SQL_KW_O | SQL_KW_S)                                                         \
	K(IN, "in", SQL_KW_O | SQL_KW_R | SQL_KW_S)                                                    \
	K(INSERT, "insert", 0)                                                                         \
	K(INTERSECT, "intersect", SQL_KW_R)                                                            \
	K(INTERVAL, "interval", SQL_KW_O)                                                              \
	K(INTO, "into", SQL_KW_R)                                                                      \
	K(IS, "is", SQL_KW_O | SQL_KW_R | SQL_KW_S)                                                    \
	K(ISNULL, "isnull", 0)                                                                         \
	K(JOIN, "join", SQL_KW_R)                                                                      \
	K(LATERAL, "lateral", 0)                                                                       \
	K(LEADING, "leading", SQL_KW_S)                                                                \
	K(LIKE, "like", SQL_KW_O | SQL_KW_S)                                                           \
	K(LIMIT, "limit", SQL_KW_O)                                                                    \
	K(LOCALTIME, "localtime", SQL_KW_V)                                                            \
	K(LOCALTIMESTAMP, "localtimestamp", SQL_KW_V)                                                  \
	K(MERGE, "merge", 0)                                                                           \
	K(MINUS, "minus", 0)                                                                           \
	K(MOVE, "move", 0)                                                                             \
	K(NOT, "not", SQL_KW_O | SQL_KW_R | SQL_KW_S)                                                  \
	K(NOTNULL, "notnull", 0)                                                                       \
	K(NULL, "null", SQL_KW_R | SQL_KW_V)                                                           \
	K(OFFSET, "offset", SQL_KW_O)                                                                  \
	K(ON, "on", SQL_KW_O | SQL_KW_R | SQL_KW_S)                                                    \
	K(ONLY, "only", 0)                                                                             \
	K(OPTION, "option", 0)                                                                         \
	K(OR, "or", SQL_KW_O | SQL_KW_R | SQL_KW_S)                                                    \
	K(ORDER, "order", SQL_KW_R)                                                                    \
	K(OUTFILE, "outfile", 0)                                                                       \
	K(OVER, "over", 0)                                                                             \
	K(OVERWRITE, "overwrite", 0)                                                                   \
	K(PARTITION, "partition", 0)                                                                   \
	K(PLACING, "placing", SQL_KW_O | SQL_KW_S)                                                     \
	K(PREWHERE, "prewhere", SQL_KW_O | SQL_KW_R)                                                   \
	K(QUALIFY, "qualify", SQL_KW_O)                                                                \
	K(RANGE, "range", 0)                                                                           \
	K(RECURSIVE, "recursive", 0)                                                                   \
	K(REGEXP, "regexp", SQL_KW_O)                                                                  \
	K(REPLACE, "replace", 0)                                                                       \
	K(RETURNING, "returning", SQL_KW_O)                                                            \
	K(REVOKE, "revoke", 0)                                                                         \
	K(RLIKE, "rlike", SQL_KW_O)                                                                    \
	K(ROWS, "rows", 0)                                                                             \
	K(SELECT, "select", SQL_KW_O | SQL_KW_R)                                                       \
	K(SESSION_USER, "session_user", SQL_KW_V)                                                      \
	K(SET, "set", SQL_KW_O | SQL_KW_R)                                                             \
	K(SETTINGS, "settings", 0)                                                                     \
	K(SHOW, "show", 0)                                                                             \
	K(SIMILAR, "similar", SQL_KW_O)                                                                \
	K(SOME, "some", SQL_KW_O | SQL_KW_S)                                                           \
	K(START, "start", 0)                                                                           \
	K(STRAIGHT_JOIN, "straight_join", 0)                                                           \
	K(SYMMETRIC, "symmetric", SQL_KW_O | SQL_KW_S)                                                 \
	K(TABLE, "table", SQL_KW_R)                                                                    \
	K(THEN, "then", SQL_KW_O | SQL_KW_R | SQL_KW_S)                                                \
	K(TO, "to", SQL_KW_O)                                                                          \
	K(TOP, "top", SQL_KW_O)                                                                        \
	K(TRAILING, "trailing", SQL_KW_S)                                                              \
	K(TRUE, "true", SQL_KW_V)                                                                      \
	K(TRUNCATE, "truncate", 0)                                                                     \
	K(UNION, "union", SQL_KW_R)                                                                    \
	K(UNKNOWN, "unknown", 0)                                                                       \
	K(UPDATE, "update", 0)                                                                         \
	K(USER, "user", SQL_KW_V)                                                                      \
	K(USING, "using", SQL_KW_R | SQL_KW_S)                                                         \
	K(VALUES, "values", SQL_KW_O | SQL_KW_R)                                                       \
	K(VERBOSE, "verbose", 0)                                                                       \
	K(WHEN, "when", SQL_KW_O | SQL_KW_R | SQL_KW_S)                                                \
	K(WHERE, "where", SQL_KW_O | SQL_KW_R | SQL_KW_S)                                              \
	K(WINDOW, "window", 0)                                                                         \
	K(WITH, "with", SQL_KW_R)                                                                      \
	K(XOR, "xor", SQL_KW_O | SQL_KW_S)

typedef enum SqlKeyword
{
	KW_NONE,
#define K(id, word, flags) KW_##id,
	SQL_KEYWORDS(K)
#undef K
} SqlKeyword;

/* Returns the keyword that is word[0..len) in any case, or KW_NONE. */
extern SqlKeyword sql_keyword_find(const char *word, size_t len);

/* Returns the properties of a keyword; 0 for KW_NONE. */
extern unsigned sql_keyword_flags(SqlKeyword keyword);

#endif
