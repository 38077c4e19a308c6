/*
 * insights.c
 *		tenant_insights(): what a tenant's users do, as a whole.
 *
 *		A row about few people is a row about somebody, so nothing is returned
 *		about fewer than the tenant's setting insight_minimum_users.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/arguments.h"
#include "base/jsonutil.h"
#include "base/local_time.h"
#include "base/statement.h"
#include "preferences/preferences.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

#define ON_A_CLOCK HAS_LOCAL_TIME("r.occurred_at")

/* What is asked in the later half of the time, and by how many. */
#define LATER                                                                                      \
	"count(*) FILTER (WHERE r.occurred_at >= half.at) AS later,"                                   \
	" count(DISTINCT r.user_id) FILTER (WHERE r.occurred_at >= half.at) AS later_users"

/* Those of a list that are asked more than twice as often in the later half, by enough people. */
#define RISING(list, member)                                                                         \
	"(SELECT coalesce(jsonb_agg(jsonb_build_object('" member "', name, 'asks', asks,"                \
	"   'before', asks - later, 'lately', later) ORDER BY later - (asks - later) DESC, name), '[]')" \
	"  FROM (SELECT * FROM " list " WHERE later > 2 * (asks - later) AND later_users >= $3"          \
	"   ORDER BY later - (asks - later) DESC, name LIMIT 10) t)"

/* $1 tenant, $2 since, $3 minimum of users, $4 decay, $5 min_confidence, $6 time zone. */
static Statement select_insights = STATEMENT(
	"WITH recent AS ("
	"  SELECT i.user_id, i.interaction_type, i.data, i.occurred_at, i.query_id"
	"  FROM personalization.interactions i"
	"  WHERE i.tenant_id = $1 AND i.occurred_at >= $2 AND i." BY_TIME "),"
	" half AS (SELECT $2 + (now() - $2) / 2 AS at),"
	" tables AS ("
	"  SELECT t.name, count(*) AS asks, count(DISTINCT r.user_id) AS users,"
	"   " LATER "  FROM half, recent r"
	"  JOIN personalization.user_queries q"
	"   ON q.tenant_id = $1 AND q.user_id = r.user_id AND q.query_id = r.query_id"
	"  CROSS JOIN LATERAL jsonb_array_elements_text(CASE WHEN jsonb_typeof(q.tables) = 'array'"
	"    THEN q.tables ELSE '[]' END) AS t (name)"
	"  GROUP BY t.name HAVING count(DISTINCT r.user_id) >= $3),"
	" queries AS ("
	"  SELECT max(q.query) AS name, count(*) AS asks, count(DISTINCT r.user_id) AS users,"
	"   " LATER "  FROM half, recent r"
	"  JOIN personalization.user_queries q"
	"   ON q.tenant_id = $1 AND q.user_id = r.user_id AND q.query_id = r.query_id"
	"  GROUP BY r.query_id"
	"  HAVING count(DISTINCT r.user_id) >= $3 AND max(q.query) <> ''),"
	" choices AS ("
	"  SELECT r.interaction_type, CASE r.interaction_type WHEN 'visualization'"
	"    THEN r.data ->> 'chart_type' ELSE r.data ->> 'format' END AS value, count(*) AS n"
	"  FROM recent r"
	"  WHERE r.interaction_type IN ('visualization', 'export')"
	"  GROUP BY 1, 2 HAVING count(DISTINCT r.user_id) >= $3),"
	" hours AS ("
	"  SELECT extract(hour FROM r.occurred_at AT TIME ZONE $6)::int AS hour, count(*) AS n"
	"  FROM recent r WHERE " ON_A_CLOCK "  GROUP BY 1 HAVING count(DISTINCT r.user_id) >= $3),"
	" skills AS ("
	"  SELECT personalization.get_profile($1, u.user_id, history => 0) ->> 'skill_level' AS skill,"
	"   count(*) AS n"
	"  FROM (SELECT r.user_id FROM recent r GROUP BY 1 ORDER BY max(r.occurred_at) DESC LIMIT 500)"
	"   AS u"
	"  GROUP BY 1 HAVING count(*) >= $3),"
	" live AS ("
	"  SELECT count(DISTINCT p.user_id) AS n FROM personalization.preferences p"
	"  WHERE p.tenant_id = $1 AND " CONFIDENT_AT(
		"p", "now()", "$4",
		"$5") "),"
			  " totals AS (SELECT count(DISTINCT user_id) AS users, count(*) AS n FROM recent)"
			  " SELECT jsonb_build_object("
			  "  'tenant_id', $1, 'since', to_jsonb($2), 'minimum_users', $3,"
			  "  'active_users', CASE WHEN totals.users >= $3 THEN totals.users END,"
			  "  'interactions', CASE WHEN totals.users >= $3 THEN totals.n END,"
			  "  'live_profiles', (SELECT CASE WHEN n >= $3 THEN n END FROM live),"
			  "  'tables', (SELECT coalesce(jsonb_agg(jsonb_build_object('table', name, 'asks', asks,"
			  "     'users', users) ORDER BY asks DESC, name), '[]') FROM"
			  "    (SELECT * FROM tables ORDER BY asks DESC, name LIMIT 20) t),"
			  "  'rising_tables', " RISING(
				  "tables",
				  "table") ","
						   "  'queries', (SELECT coalesce(jsonb_agg(jsonb_build_object('query', name, 'asks', asks,"
						   "     'users', users) ORDER BY asks DESC, name), '[]') FROM"
						   "    (SELECT * FROM queries ORDER BY asks DESC, name LIMIT 20) q),"
						   "  'rising_queries', " RISING(
							   "queries",
							   "query") ","
										"  'charts', (SELECT coalesce(jsonb_object_agg(value, n), '{}') FROM choices"
										"    WHERE interaction_type = 'visualization' AND value <> ''),"
										"  'export_formats', (SELECT coalesce(jsonb_object_agg(value, n), '{}') FROM choices"
										"    WHERE interaction_type = 'export' AND value <> ''),"
										"  'by_hour', (SELECT jsonb_agg(coalesce(h.n, 0) ORDER BY g.hour)"
										"    FROM generate_series(0, 23) AS g (hour) LEFT JOIN hours h ON h.hour = g.hour),"
										"  'skill_levels', (SELECT coalesce(jsonb_object_agg(skill, n), '{}') FROM skills))"
										" FROM totals",
	"text timestamptz int4 float8 float8 text");

PG_FUNCTION_INFO_V1(personalization_tenant_insights);

Datum
personalization_tenant_insights(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	TimestampTz since = time_argument(fcinfo, 1, "since");
	TenantSettings settings;
	Jsonb *result;

	SPI_connect();
	tenant_require(tenant_id, &settings);
	{
		Datum values[] = {CStringGetTextDatum(tenant_id),
						  TimestampTzGetDatum(since),
						  Int32GetDatum(settings.insight_minimum_users),
						  Float8GetDatum(settings.learning.decay),
						  Float8GetDatum(settings.learning.floor),
						  CStringGetTextDatum(settings.time_zone)};

		(void) statement_execute(&select_insights, values, NULL, SNAPSHOT_CALLER);
	}
	result = json_keep(result_jsonb(0, ONLY_COLUMN));
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}
