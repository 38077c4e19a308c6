#define MINE " personalization.things"

static Statement mine = STATEMENT("INSERT INTO" MINE " (tenant_id) VALUES ($1)", "text");
static Statement excused =
	STATEMENT("UPDATE personalization.worker_state SET passes = 1", "");
static Statement read = STATEMENT("SELECT FROM personalization.others WHERE tenant_id = $1", "text");
static Statement others = STATEMENT("WITH gone AS ("
									" DELETE FROM personalization.others RETURNING 1)"
									" SELECT count(*) FROM gone", "");
static RowWriter writer = ROW_WRITER("personalization.others AS o", "a, b", "int4 int4", "ON CONFLICT DO NOTHING");
