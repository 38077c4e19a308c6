/*
 * test_sql_reading.c
 *		Tests of what the scanner of SQL says of a text: what it did not understand
 *		first, and whether another parser would read it otherwise; and of the signs
 *		of that which are seen without scanning.
 */
#include "core/sql/scan.h"
#include "core/sql/signs.h"
#include "unit.h"

static void
ignore(SqlList list, const char *item, size_t len, void *arg)
{
	(void) list;
	(void) item;
	(void) len;
	(void) arg;
}

/* The first of what was not understood, or nothing. */
static void
test_unread(const char *sql, SqlUnread unread, size_t place)
{
	SqlReading reading = sql_scan(sql, strlen(sql), ignore, NULL);

	unit_check(reading.unread == unread && (unread == SQL_ALL_READ || reading.place == place),
			   __FILE__, __LINE__, sql);
}

/* What PostgreSQL's parser would take, and read otherwise. */
static void
test_foreign(const char *sql, bool foreign)
{

	unit_check(sql_scan(sql, strlen(sql), ignore, NULL).foreign == foreign, __FILE__, __LINE__,
			   sql);
	unit_check(!foreign || (sql_signs(sql, strlen(sql), 64) & SQL_ODD) != 0, __FILE__, __LINE__,
			   sql);
}

static void
test_readings(void)
{
	char line[300];

	test_unread("select a from t where b = 1", SQL_ALL_READ, 0);
	test_unread("selec a from t", SQL_NO_STATEMENT, 0);
	test_unread("select 1; and so on", SQL_NO_STATEMENT, 10);
	test_unread("select a from where b = 1", SQL_NO_TABLE, 14);
	test_unread("select a from t where b =", SQL_NO_OPERAND, 25);
	test_unread("select a from t where and b = 1", SQL_NO_OPERAND, 22);
	test_unread("select a from t where b = 1 2", SQL_NO_OPERATOR, 28);
	test_unread("select a b c from t", SQL_NO_OPERATOR, 11);
	test_unread("select (a from t", SQL_UNBALANCED, 16);
	test_unread("select a) from t", SQL_UNBALANCED, 8);
	test_unread("select a from t where b = 'c", SQL_UNFINISHED, 26);
	test_unread("select a /* b", SQL_UNFINISHED, 9);
	test_unread("select a from {{ b }}", SQL_UNKNOWN_TABLE, 14);
	test_unread("select a from {{ ref('b') }}, x.{{ c }}", SQL_UNKNOWN_TABLE, 30);
	test_unread("select a \\ b", SQL_UNKNOWN_TOKEN, 9);
	test_unread("select * from (summarize t)", SQL_ALL_READ, 0);
	test_unread("from (pivot t on a using sum(b)) select *", SQL_ALL_READ, 0);

	test_foreign("select \"a\" from \"t\" where \"b\" = 1 and c = 'x'", false);
	test_foreign("select a from t where b = \"x\"", true);
	test_foreign("select a from t where b in (\"x\", \"y\")", true);
	test_foreign("select a from t where b > @c", true);
	test_foreign("select a from t where b=@@c", true);
	test_foreign("select a from t where b @> c and d <@ array[1] and e @@ f", false);
	test_foreign("select a & b, c % d, e[f], array[[1, 2]] from t", false);
	test_foreign("select a\302\240from t", true);
	test_foreign("select a from t where b = \342\200\230x\342\200\231", true);
	test_foreign("select '\342\200\230x\342\200\231' from t", false);
	test_foreign("select 'C:\\' from t", false);
	test_foreign("select 'it\\'s' from t", true);
	test_foreign("select '{{ a('b') }}' from t", true);

	memset(line, '-', sizeof(line));
	CHECK(sql_signs("select a from t", 15, 64) == 0);
	CHECK(sql_signs(line, sizeof(line), 64) == SQL_UNFIT);
	memset(line, 'a', sizeof(line));
	CHECK(sql_signs(line, 63, 64) == 0);
	CHECK(sql_signs(line, 64, 64) == SQL_UNFIT);
}

int
main(void)
{
	test_readings();
	return unit_result("test_sql_reading");
}
