/*
 * sql_units.h
 *		Odd pieces of SQL: a long text of any of them must take linear time.
 */
#ifndef SQL_UNITS_H
#define SQL_UNITS_H

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const sql_units[] = {
	"a; ",
	"\nupdate a",
	"\n\nthis is the a ",
	"from the\nselect ",
	"from the;",
	"SQL: select ",
	"1and ",
	"where; ",
	"update a; ",
	"with a; ",
	"lower(\"a\") = ",
	"{{ ' }} ",
	"'{{ ; ",
	"'{{ '",
	"[[",
	"[[ {{x",
	"]]",
	"${a",
	"#{a",
	"#{",
	"<%",
	"<%= ",
	"```",
	"\n```\n",
	"\nselect ",
	"db=> ",
	"\ndb-> ",
	"\"a\" = ",
	"= \"a\" ",
	"\"a\", ",
	"q'[",
	"\\' ",
	"'\\' ",
	"\342\200\230",
	"\342\200\235 ",
	"update a set ",
	"delete a ",
	"from a(nolock,",
	"(+",
	"into a ",
	"lateral view ",
	"date_diff(day,",
	"{'a': ",
	"in (1,",
	"values (1), ",
	"[1, ",
	"-> 'a' ",
	"do $$a$$;",
	"order by 1, ",
	"{% else %}",
	"{{ ref('",
	"&a ",
	"%d ",
	"\302\240",
	"@@a ",
	"a: ",
	"for join ",
	"with a (select ",
	"not (",
};

/* Under sanitizers, and beside other programs, times differ; a square is seen all the same. */
#define SHORT_TEXT ((size_t) 1 << 16)
#define GROWTH 4
#define MAX_RATIO 11.0
#define NOISE (CLOCKS_PER_SEC / 50)

/* The least time of three that work() takes for len bytes of the unit. */
static clock_t
sql_unit_time(const char *unit, size_t len, void (*work)(const char *sql, size_t len))
{
	size_t unit_len = strlen(unit);
	char *sql = malloc(len);
	clock_t least = 0;

	if (sql == NULL)
		abort();
	for (size_t i = 0; i < len; i++)
		sql[i] = unit[i % unit_len];
	for (int run = 0; run < 3; run++)
	{
		clock_t start = clock();
		clock_t time;

		work(sql, len);
		time = clock() - start;
		if (run == 0 || time < least)
			least = time;
	}
	free(sql);
	return least;
}

/* Whether four times as long a text takes no more than in proportion, with room for noise. */
static int
sql_unit_is_linear(const char *unit, void (*work)(const char *sql, size_t len))
{
	clock_t once = sql_unit_time(unit, SHORT_TEXT, work);
	clock_t more = sql_unit_time(unit, GROWTH * SHORT_TEXT, work);

	return more < NOISE || (double) more < MAX_RATIO * (double) (once > 0 ? once : 1);
}

#endif
