# The worker learns the inbox exactly once and in order, sets aside events that cannot be learned,
# does maintenance, and reports its state.

use strict;
use warnings;

use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $dir = $PostgreSQL::Test::Utils::tmp_check;
my $node = node('worker', q{
shared_preload_libraries = 'personalization, pg_stat_statements'
pg_stat_statements.track = all
personalization.worker_naptime = '100ms'
personalization.maintenance_interval = '1s'
max_worker_processes = 16
});

my $empty = 'SELECT count(*) = 0 FROM personalization.inbox';
my $insert = 'INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at)';

####################################################################
# A worker comes with the extension and goes with it.

my $pid = 'SELECT pid IS NOT NULL FROM personalization.worker_status';

# A worker reads changed settings when it comes to it; one that begins with them has read them for certain.
sub worker_with
{
	my @changes = @_;

	sql('postgres', 'ALTER SYSTEM SET personalization.worker = off', 'SELECT pg_reload_conf()');
	within(5, 'postgres', 'SELECT pid IS NULL FROM personalization.worker_status', 'the worker goes');
	sql('postgres', @changes, 'ALTER SYSTEM RESET personalization.worker', 'SELECT pg_reload_conf()');
	within(5, 'postgres', $pid, 'and comes again with: ' . join(', ', @changes));
}

sql('postgres', 'CREATE EXTENSION pg_stat_statements', 'CREATE EXTENSION personalization');
within(5, 'postgres', $pid, 'a worker comes with CREATE EXTENSION');
foreach my $db ('second', 'third')
{
	sql('postgres', "CREATE DATABASE $db");
	sql($db, 'CREATE EXTENSION personalization');
	within(5, $db, $pid, "in the $db database too");
}
is(sql('postgres', q(SELECT count(DISTINCT datname) FROM pg_stat_activity WHERE backend_type = 'personalization worker')),
	'3', 'one in each database');
foreach my $db ('second', 'third')
{
	sql($db, 'DROP EXTENSION personalization');
	within(5, 'postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = '$db'",
		"it leaves the $db database with DROP EXTENSION");
}
sql('second', 'CREATE EXTENSION personalization');
within(5, 'second', $pid, 'and comes again');
sql('second', 'DROP EXTENSION personalization');

####################################################################
# What is put into the inbox is learned, once.

sql('postgres', q(SELECT count(personalization.create_tenant(t, '{"value_policy": "latest", "history_retention": "100 years",
	"evidence_retention": "100 years"}')) FROM unnest('{acme,globex,broken}'::text[]) t));
sql('postgres', "$insert VALUES ('acme', 'ana', 'export', '{\"format\": \"csv\"}', '2026-03-01')");
within(2, 'postgres', $empty, 'a row is taken');
is(sql('postgres', q(SELECT user_id, occurred_at FROM personalization.interactions)), 'ana|2026-03-01 00:00:00+00', 'and learned');

# 10,000 rows in COPY's format: 200 users of two tenants take turns; the last one wins.
my $rows = join('', map {
		my $tenant = $_ % 2 ? 'acme' : 'globex';
		my $user = int($_ / 2) % 100;
		qq($tenant\tuser $user\tvisualization\t{"chart_type": "chart $_"}\t2026-03-01 12:00:00+00\n)
	} 0 .. 9_999);
append_to_file("$dir/rows.txt", $rows);
$node->command_ok([ 'psql', '-Xq', '-d', $node->connstr('postgres'), '-c',
		"\\copy personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at) FROM '$dir/rows.txt'" ], 'COPY');
within(10, 'postgres', $empty, '10,000 rows are taken');
is( sql('postgres', q{
		SELECT tenant_id, count(*), count(DISTINCT interaction_id), count(DISTINCT data ->> 'chart_type')
		FROM personalization.interactions WHERE interaction_type = 'visualization' GROUP BY 1 ORDER BY 1}),
	"acme|5000|5000|5000\nglobex|5000|5000|5000", 'each is learned once');
is( sql('postgres', q{
		SELECT count(*), count(DISTINCT p.value), min(observation_count), max(observation_count),
			count(*) FILTER (WHERE p.value <> to_jsonb(format('chart %s', n)))
		FROM (SELECT n, CASE WHEN n % 2 = 1 THEN 'acme' ELSE 'globex' END AS tenant_id, 'user ' || n / 2 % 100 AS user_id
			  FROM generate_series(9800, 9999) n) latest
		LEFT JOIN personalization.preferences p USING (tenant_id, user_id)}),
	'200|200|50|50|0', 'in the order of their arrival, for each user');
is(sql('postgres', 'SELECT learned FROM personalization.worker_state'), '10001', 'and counted');

# Learned in batches or one by one: the same to the last bit.
sql('postgres', q{SELECT count(personalization.learn('acme', 'by hand', 'visualization',
	jsonb_build_object('chart_type', 'chart ' || n), '2026-03-01 12:00:00+00')) FROM generate_series(1, 50) n});
is( sql('postgres', q{SELECT count(DISTINCT (confidence, observation_count, last_updated, expires_on)) FROM personalization.preferences
		WHERE category = 'visualization'}), '1', 'as exactly as by learn()');

####################################################################
# What cannot be learned is set aside.

sql('postgres', "$insert VALUES ('acme', 'bad', 'nonsense', '{}', now()), ('acme', NULL, 'query', '{}', now()),
	('acme', 'bad', 'query', '[]', now()), ('acme', 'bad', 'query', '{}', 'infinity'), ('nowhere', 'bad', 'query', '{}', now()),
	('acme', 'good', 'export', '{\"format\": \"csv\"}', now())");
within(2, 'postgres', $empty, 'good and bad rows are taken');
is(sql('postgres', q(SELECT tenant_id, reason FROM personalization.rejected_events ORDER BY tenant_id, reason COLLATE "C")), <<'END' =~ s/\n\z//r, 'each with its reason');
acme|data must be a JSON object
acme|invalid value for interaction_type: "nonsense"
acme|occurred_at must be finite
acme|user_id is missing
nowhere|tenant "nowhere" does not exist
END
is(sql('postgres', q(SELECT count(*) FROM personalization.interactions WHERE user_id = 'good')), '1', 'the good one is learned');
is(sql('postgres', 'SELECT failures FROM personalization.worker_state'), '0', 'which is no failure');

# What fails in a way that nobody foresaw: a constraint of the administrator's, say.  The batch is
# halved until the row is found, whichever its tenant, and wherever in the inbox it is.
sql('postgres', q{DO $$ BEGIN FOR i IN 0..7 LOOP
	EXECUTE format('ALTER TABLE personalization.preferences_%s ADD CONSTRAINT no_bad CHECK (key NOT LIKE ''%%:bad'')', i);
	END LOOP; END $$});
sub check_poison
{
	my ($what, $poisoned, $rows, $good) = @_;

	sql('postgres', 'DELETE FROM personalization.rejected_events');
	sql('postgres', "$insert $rows");
	within(15, 'postgres', $empty, "$what: the inbox does not stand still");
	is( sql('postgres', q{SELECT tenant_id, event ->> 'tenant_id', event ->> 'user_id', event -> 'data', sqlstate, reason LIKE '%no_bad%', count(*)
			FROM personalization.rejected_events GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1}),
		join("\n", map { qq($_|$_|$what|{"tables_used": ["bad"]}|23514|t|1) } @$poisoned),
		"$what: the bad ones are set aside");
	is(sql('postgres', "SELECT count(*) FROM personalization.interactions WHERE user_id = '$what'"), $good, "$what: the others are learned");

	# Whatever the worker still tries, it must not, for the tests that follow.
	sql('postgres', 'DELETE FROM personalization.inbox');
	return;
}
foreach my $case ([ 'first', 'acme', 'n = 1' ], [ 'last', 'globex', 'n = 700' ], [ 'both', 'acme,globex', 'n = 350' ])
{
	my ($what, $tenants, $where) = @$case;
	my @poisoned = split /,/, $tenants;

	check_poison($what, \@poisoned, qq{
		SELECT t, '$what', 'query', jsonb_build_object('tables_used', jsonb_build_array(
			CASE WHEN $where AND t = ANY ('{$tenants}') THEN 'bad' ELSE 'good' END)), timestamptz '2026-03-01'
		FROM generate_series(1, 700) n, unnest('{acme,globex}'::text[]) t ORDER BY n}, 1400 - @poisoned);
}
check_poison('alone', ['globex'], q{VALUES ('globex', 'alone', 'query', '{"tables_used": ["bad"]}', '2026-03-01')}, '0');
like(sql('postgres', 'SELECT last_error, last_error_in FROM personalization.worker_status'), qr/no_bad.*\|learning from the inbox\z/, 'the status names the last error');

# A row that comes in between, before the bad one, is not taken for it: the worker waits for the lock
# with its error in hand.
{
	my $session = $node->background_psql('postgres');

	sql('postgres', 'DELETE FROM personalization.rejected_events');
	worker_with('ALTER SYSTEM SET personalization.worker_batch_size = 1');
	$session->query_safe('BEGIN; LOCK personalization.worker_state IN SHARE MODE');
	sql('postgres', "$insert VALUES ('globex', 'between', 'query', '{\"tables_used\": [\"bad\"]}', '2026-03-01')");
	within(5, 'postgres', q(SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'personalization worker' AND wait_event_type = 'Lock'),
		'the worker has met a bad row');
	sql('postgres', "$insert VALUES ('acme', 'between', 'query', '{\"tables_used\": [\"good\"]}', '2026-03-01')",
		q{INSERT INTO personalization.inbox (tenant_id, position, user_id, interaction_type, data)
			VALUES ('globex', 1, 'between', 'query', '{"tables_used": ["good"]}')});    # an earlier one that is committed later
	$session->query_safe('COMMIT');
	$session->quit;
	within(10, 'postgres', $empty, 'the inbox does not stand still');
	is(sql('postgres', q(SELECT DISTINCT tenant_id, event ->> 'tenant_id', event -> 'data' FROM personalization.rejected_events)), 'globex|globex|{"tables_used": ["bad"]}', 'the bad row is set aside');
	is(sql('postgres', q(SELECT tenant_id FROM personalization.interactions WHERE user_id = 'between' ORDER BY 1)), "acme\nglobex", 'the others are learned');
	sql('postgres', 'DELETE FROM personalization.inbox');
	worker_with('ALTER SYSTEM RESET personalization.worker_batch_size');
}

# A tenant with many rows that fail lets the others go first: one of its rows is set aside before they are learned.
sql('postgres', 'DELETE FROM personalization.rejected_events', qq{
	$insert SELECT 'acme', 'many', 'query', '{"tables_used": ["bad"]}'::jsonb, timestamptz '2026-03-01' FROM generate_series(1, 100)
	UNION ALL SELECT 'globex', 'few', 'query', '{"tables_used": ["good"]}', '2026-03-01' FROM generate_series(1, 5)});
within(5, 'postgres', q(SELECT count(*) = 5 FROM personalization.interactions WHERE user_id = 'few'), 'others go first');
within(30, 'postgres', $empty, 'the bad rows follow');
is(sql('postgres', q(SELECT (SELECT count(*) FROM personalization.rejected_events),
	(SELECT count(*) FROM personalization.rejected_events r WHERE r.rejected_at < (SELECT last_learned FROM personalization.worker_state)) <= 2)),
	'100|t', 'each is set aside');

# The interval of the upkeep holds from the reload on, be it that the running one was longer.
sql('postgres', "ALTER SYSTEM SET personalization.maintenance_interval = '1h'", 'SELECT pg_reload_conf()');
sleep(3);    # a pass that was under way ends
my $done = sql('postgres', 'SELECT passes FROM personalization.worker_status');
sleep(3);
is(sql('postgres', 'SELECT passes FROM personalization.worker_status'), $done, 'no pass before the interval is over');
sql('postgres', 'ALTER SYSTEM RESET personalization.maintenance_interval', 'SELECT pg_reload_conf()');
within(10, 'postgres', "SELECT passes > $done FROM personalization.worker_status", 'a shorter interval holds at once');

# Without a worker it is the same.
sql('postgres', 'ALTER SYSTEM SET personalization.worker = off', 'SELECT pg_reload_conf()');
within(5, 'postgres', 'SELECT pid IS NULL FROM personalization.worker_status', 'personalization.worker = off sends it away');
sql('postgres', 'DELETE FROM personalization.rejected_events',
	"$insert VALUES ('acme', 'off', 'query', '{\"tables_used\": [\"bad\"]}', '2026-03-01'), ('acme', 'off', 'query', '{\"tables_used\": [\"good\"]}', '2026-03-01')");
my ($ret, $out, $err) = $node->psql('postgres', 'SELECT personalization.run_maintenance() IS NOT NULL');
is($out, 't', 'run_maintenance() gets past a bad row') or diag($err);
is(sql('postgres', q(SELECT count(*) FROM personalization.rejected_events)), '1', 'which is set aside');
sql('postgres', 'DELETE FROM personalization.inbox');
sql('postgres', q{DO $$ BEGIN FOR i IN 0..7 LOOP
	EXECUTE format('ALTER TABLE personalization.preferences_%s DROP CONSTRAINT no_bad', i); END LOOP; END $$});

####################################################################
# Switched off it does nothing, and what waits is seen; switched on it goes on.

sql('postgres', "$insert SELECT 'acme', 'waiting', 'query', '{}', now() FROM generate_series(1, 2500)");
sleep(1.5);
is(sql('postgres', q(SELECT inbox_backlog, inbox_lag BETWEEN '1.5 s' AND '1 min', pid, doing FROM personalization.worker_status)),
	'2500|t||', 'backlog and lag are seen');
is(sql('postgres', q(SELECT inbox_backlog FROM personalization.tenant_statistics WHERE tenant_id = 'acme')), '2500', 'by tenant too');
sql('postgres', 'ALTER SYSTEM SET personalization.worker = on', 'SELECT pg_reload_conf()');
within(5, 'postgres', $empty, 'personalization.worker = on brings it back');
is(sql('postgres', q(SELECT inbox_backlog, inbox_lag FROM personalization.worker_status)), '0|', 'nothing waits any more');

####################################################################
# Upkeep.

my $passes = sql('postgres', 'SELECT passes FROM personalization.worker_status');
sql('postgres', q{SELECT count(personalization.create_tenant(t, '{"history_retention": "1 day"}')) FROM unnest('{short,tall}'::text[]) t;
	SELECT count(personalization.learn(t, 'ana', 'dashboard', '{}', '2026-03-01')) FROM unnest('{broken,short,tall}'::text[]) t, generate_series(1, 2500);
	UPDATE personalization.tenants SET settings = '{"x": 1}' WHERE tenant_id = 'broken'});
within(8, 'postgres', q(SELECT count(*) = 0 FROM personalization.interactions WHERE tenant_id IN ('short', 'tall')), 'retention is applied, in batches');
is(sql('postgres', q(SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'broken')), '2500',
	'a tenant with broken settings is left as it is, and stops no other');
within(5, 'postgres', q(SELECT last_error LIKE '%unrecognized setting "x"%' AND last_error_in = 'deleting expired rows, tenant "broken"' AND last_error_at > now() - interval '1 min' FROM personalization.worker_status),
	'its error is in the status');
like(slurp_file($node->logfile), qr/CONTEXT:  personalization worker, deleting expired rows, tenant "broken"/, 'and the log says in what it happened');
# The end of a text that is cut is not the middle of a character.
sql('postgres', q(UPDATE personalization.tenants SET settings = jsonb_build_object(repeat('ü', 40) || 'x' || repeat('ü', 400), 1) WHERE tenant_id = 'broken'));
within(5, 'postgres', q(SELECT last_error NOT LIKE '%"x"%' FROM personalization.worker_status), 'another error');
foreach my $shift ('', 'y')
{
	sql('postgres', "UPDATE personalization.tenants SET settings = jsonb_build_object('$shift' || repeat('ü', 400), 1) WHERE tenant_id = 'broken'");
	sql('postgres', 'SELECT pg_sleep(2.5)');
	my ($ret, $out, $err) = $node->psql('postgres', q(SELECT convert_from(convert_to(last_error, 'UTF8'), 'UTF8') LIKE '%ü%' FROM personalization.worker_state));
	is("$out$err", 't', 'a long error is cut between characters');
}
sql('postgres', q(UPDATE personalization.tenants SET settings = '{}' WHERE tenant_id = 'broken'));
within(5, 'postgres', q(SELECT count(*) = 0 FROM personalization.interactions WHERE tenant_id = 'broken'), 'repaired, it has its turn');
within(5, 'postgres', qq(SELECT passes > $passes AND last_finished >= last_started AND last_duration < '10 s' AND last_counts ? 'interactions'
	FROM personalization.worker_status), 'passes are counted and timed');
is(sql('postgres', q{SELECT count(*), min(application_name) FROM pg_stat_activity WHERE backend_type = 'personalization worker' AND datname = 'postgres'}),
	'1|personalization worker', 'pg_stat_activity shows the worker');
is(sql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'personalization launcher'}), '1', 'and the launcher');

####################################################################
# Reading gives the same, to the last bit, however often anything ran.

my $reading = q(SELECT user_id, p.* FROM personalization.profiles, personalization.preferences(tenant_id, user_id, '2026-03-09 13:00+00') p
	WHERE tenant_id = 'acme' AND user_id IN ('user 1', 'by hand') ORDER BY 1, p.key);
sql('postgres', q(SELECT personalization.configure_tenant('acme', '{"min_confidence": 0.001}')));
my $running = sql('postgres', $reading);
isnt($running, '', 'preferences are read');
sql('postgres', 'ALTER SYSTEM SET personalization.worker = off', 'SELECT pg_reload_conf()');
within(5, 'postgres', 'SELECT pid IS NULL FROM personalization.worker_status', 'the worker is gone');
is(sql('postgres', $reading), $running, 'the same without the worker');
sql('postgres', 'SELECT count(personalization.run_maintenance()) FROM generate_series(1, 100)');
is(sql('postgres', $reading), $running, 'and after 100 passes');
sql('postgres', 'ALTER SYSTEM SET personalization.worker = on', 'SELECT pg_reload_conf()');

####################################################################
# Tables that come and go in a linked schema are noticed; what was there is not news.

sql('postgres', 'CREATE SCHEMA shop; CREATE TABLE shop.orders (id int)',
	q(SELECT personalization.link_schema('acme', 'shop')), 'CREATE TABLE shop.campaigns (id int)');
my $new = q(SELECT coalesce(array_agg(table_name::text), '{}') = '{%s}' FROM personalization.new_tables('acme', 'nobody yet'));
within(20, 'postgres', sprintf($new, 'shop.campaigns'), 'a new table is announced');
sql('postgres', 'ALTER TABLE shop.campaigns RENAME TO pushes');
within(20, 'postgres', sprintf($new, 'shop.pushes'), 'under its new name too');
sql('postgres', 'ALTER SCHEMA shop RENAME TO store');
within(20, 'postgres', sprintf($new, 'store.pushes'), 'and in a schema renamed');
sql('postgres', 'DROP SCHEMA store CASCADE');
within(20, 'postgres', q(SELECT count(*) = 0 FROM personalization.tenant_tables WHERE dropped_at IS NULL),
	'what is dropped is marked');
is(sql('postgres', q(SELECT count(*) FROM personalization.tenant_tables('acme') WHERE appeared_at IS NULL AND table_name LIKE '%orders')),
	'2', 'and what was there from the start was never new');

####################################################################
# Rows pass through the inbox; it stays small.

my $many = $ENV{PERSONALIZATION_LONG_TESTS} ? 1_000_000 : 200_000;
my $largest = 0;
my $size = q(SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'personalization.inbox'::regclass);
my $interactions = sql('postgres', 'SELECT count(*) FROM personalization.interactions');
my $start = time;
for (my $n = 0; $n < $many; $n += 10_000)
{
	sql('postgres', "$insert SELECT 'acme', 'user ' || n % 100, 'dashboard', '{}', now() FROM generate_series(1, 10000) n");
	while (sql('postgres', 'SELECT count(*) > 5000 FROM personalization.inbox') eq 't')
	{
		die 'the inbox is not taken' if time - $start > 60 + $many / 2_000;
		sleep(0.05);
	}
}
within(30, 'postgres', $empty, "$many rows are taken");
note(sprintf('%d rows a second', $many / (time - $start)));
is(sql('postgres', 'SELECT count(*) FROM personalization.interactions') - $interactions, $many, 'and learned');
cmp_ok(sql('postgres', $size), '<', 8 * 1024 * 1024, 'the inbox is small');

# Many that wait at once leave a large file, which is cut when the last of them has gone; looked at in the end.
my $leaves = q(SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'personalization.inbox'::regclass);
my $heaps = q(SELECT sum(pg_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'personalization.inbox'::regclass);
sql('postgres', "ALTER TABLE $_ SET (autovacuum_enabled = false)") foreach split /\n/, sql('postgres', $leaves);
sql('postgres', "$insert SELECT 'acme', 'user ' || n % 100, 'dashboard', '{}', now() FROM generate_series(1, 70000) n");
cmp_ok(sql('postgres', $heaps), '>', 4 * 1024 * 1024, 'a backlog is large');
within(60, 'postgres', $empty, 'it is taken');

####################################################################
# One tenant does not stop another.

sql('postgres', q{CREATE ROLE acme LOGIN; CREATE ROLE globex LOGIN;
	SELECT personalization.bind_role('acme', 'acme'); SELECT personalization.bind_role('globex', 'globex')});
{
	# A session that has learned and does not come to an end.
	my $session = $node->background_psql('postgres', connstr => $node->connstr('postgres') . ' user=globex');

	$session->query_safe(q{BEGIN; SELECT personalization.learn('globex', 'slow', 'dashboard', '{}')});
	sql('postgres', "$insert VALUES ('globex', 'slow', 'dashboard', '{}', now()), ('acme', 'quick', 'dashboard', '{}', now())");
	within(8, 'postgres', q(SELECT count(*) = 1 FROM personalization.interactions WHERE user_id = 'quick'),
		q(a session that holds one tenant's user does not hold up another tenant));
	$session->query_safe('COMMIT');
	$session->quit;
	within(10, 'postgres', $empty, 'and its row is learned when it ends');
	is(sql('postgres', q(SELECT count(*) FROM personalization.interactions WHERE user_id = 'slow')), '2', 'once');
}
{
	# The largest value that there can be: together with the names of the columns it is too large.
	sql('postgres', 'DELETE FROM personalization.rejected_events');
	$node->safe_psql('postgres', q{INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data)
		VALUES ('globex', 'huge', 'query', jsonb_build_object('x', repeat('x', 268435400)))},
		connstr => $node->connstr('postgres') . ' user=globex');
	sql('postgres', "$insert VALUES ('globex', 'behind', 'dashboard', '{}', now())");
	within(20, 'postgres', q(SELECT count(*) = 1 FROM personalization.interactions WHERE user_id = 'behind'), 'a huge value does not hold up the rows behind it');
	within(5, 'postgres', q(SELECT count(*) = 1 FROM personalization.rejected_events WHERE tenant_id = 'globex'), 'it is set aside');
	sql('postgres', 'DELETE FROM personalization.inbox');
}
# Few rows may be many bytes: a batch is bounded in those too, and in the signals that so many bytes may hold, though they are small on disk.
sql('postgres', "$insert SELECT 'globex', 'heavy', 'dashboard', jsonb_build_object('note', repeat('x', 900000)), now() FROM generate_series(1, 60)");
within(20, 'postgres', $empty, 'large rows are taken');
is( sql('postgres', q(SELECT count(*), count(DISTINCT xmin::text) BETWEEN 4 AND 30 FROM personalization.interactions WHERE user_id = 'heavy')),
	'60|t', 'in batches of 2 to 18 rows');

# Rows that a snapshot still sees are in the file when it is vacuumed.  When the snapshot ends, no other row leaves.
my $vacuums = q(SELECT min(vacuum_count) FROM pg_stat_user_tables WHERE relid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'personalization.inbox'::regclass));
my $snapshot = $node->background_psql('postgres');
$snapshot->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT txid_current()');
sql('postgres', "$insert SELECT 'globex', 'seen', 'dashboard', jsonb_build_object('note', repeat(n::text, 1000)), now() FROM generate_series(1, 2000) n",
	"$insert VALUES ('', 'nobody', 'dashboard', '{}', now())");
within(20, 'postgres', $empty, 'a row without a tenant leaves too');
my $before = sql('postgres', $vacuums);
within(90, 'postgres', "SELECT ($vacuums) > $before", 'the inbox is vacuumed');
cmp_ok(sql('postgres', $heaps), '>', 0, 'which keeps what a snapshot sees');
$snapshot->query_safe('COMMIT');
$snapshot->quit;
within(90, 'postgres', "SELECT ($heaps) = 0", 'the file of the backlog is cut');

# Nor does one leave when a lock has ended for which the vacuum did not cut the file.
my $lock = $node->background_psql('postgres');
$lock->query_safe('BEGIN; LOCK TABLE personalization.inbox IN ACCESS SHARE MODE');
sql('postgres', "$insert SELECT 'globex', 'locked', 'dashboard', jsonb_build_object('note', repeat(n::text, 1000)), now() FROM generate_series(1, 2000) n");
within(20, 'postgres', $empty, 'rows leave while another session has a lock');
$before = sql('postgres', $vacuums);
within(90, 'postgres', "SELECT ($vacuums) > $before", 'the inbox is vacuumed once more');
cmp_ok(sql('postgres', $heaps), '>', 0, 'which does not cut what is locked');
$lock->query_safe('COMMIT');
$lock->quit;
within(90, 'postgres', "SELECT ($heaps) = 0", 'the file is cut when the lock has ended');

# Counting is the worker's, however long it sleeps; calls count only where there is none.
my $waiting = q{SELECT count(*) FROM personalization.query_events WHERE tenant_id = 'counted'};
my @asks = map { "SELECT personalization.learn('counted', 'ana', 'query', '{\"query\": \"Sales of $_?\"}')" } 1 .. 12;

worker_with("ALTER SYSTEM SET personalization.worker_naptime = '1h'", "ALTER SYSTEM SET personalization.maintenance_interval = '1h'");
sql('postgres', q{SELECT personalization.create_tenant('counted')});
within(20, 'postgres', q{SELECT w.doing = 'waiting' AND w.last_started >= a.backend_start
	FROM personalization.worker_status w JOIN pg_stat_activity a ON a.pid = w.pid}, 'the worker has had a pass, and sleeps');
sql('postgres', @asks);
is(sql('postgres', $waiting), '12', 'calls leave counting to the worker');
sql('postgres', 'ALTER SYSTEM SET personalization.worker = off', 'SELECT pg_reload_conf()');
within(5, 'postgres', 'SELECT pid IS NULL FROM personalization.worker_status', 'the worker goes');
sql('postgres', $asks[0]);
is(sql('postgres', $waiting), '0', 'and count themselves where there is none');
worker_with('ALTER SYSTEM RESET personalization.worker_naptime', 'ALTER SYSTEM RESET personalization.maintenance_interval');

# Plans whose cost is beyond measure, as enable_seqscan makes it, are not compiled.
cmp_ok(sql('postgres', q{SELECT sum(calls) FROM pg_stat_statements WHERE query LIKE 'UPDATE personalization.worker_state SET passes%'}),
	'>', 1, q(the worker's statements are seen));
is(sql('postgres', q{SELECT query FROM pg_stat_statements WHERE jit_functions > 0}), '', 'and none was compiled');

$node->stop;
done_testing();
