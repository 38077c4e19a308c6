# The worker blocks no other session, and is restarted after whatever ends it, with nothing lost or
# learned twice.

use strict;
use warnings;

use Personalization;
use PostgreSQL::Test::Cluster;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = node('lifecycle', q{
shared_preload_libraries = 'personalization'
personalization.worker_naptime = '50ms'
personalization.worker_batch_size = 200
personalization.maintenance_interval = '1s'
max_worker_processes = 16
restart_after_crash = on
fsync = on
}, init => [ allows_streaming => 1 ]);

my $pid = 'SELECT pid IS NOT NULL FROM personalization.worker_status';
my $empty = 'SELECT count(*) = 0 FROM personalization.inbox';
my $fill = q{INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, interaction_id, occurred_at)
	SELECT 'acme', 'user ' || n % 50, 'export', '{"format": "csv"}', format('%s-0000-4000-8000-%s', lpad(%d::text, 8, '0'), lpad(n::text, 12, '0'))::uuid,
	now() FROM generate_series(1, %d) n};

sub fill
{
	my ($db, $round, $n) = @_;
	my $statement = $fill;

	$statement =~ s/%d/$round/;
	$statement =~ s/%d/$n/;
	return sql($db, $statement);
}

####################################################################
# Preloaded without any extension: nothing to do, nothing to say.

my $start = log_position();
sleep(4);
is(sql('postgres', q(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'personalization launcher')), '1', 'a launcher without any extension');
unlike(log_since($start), qr/ERROR|FATAL|WARNING|PANIC|personalization worker/, 'which says nothing');

# Template databases, and those that take no connections, are left alone.
sql('postgres', 'CREATE DATABASE closed', 'CREATE DATABASE mould');
sql($_, 'CREATE EXTENSION personalization') foreach 'closed', 'mould';
sql('postgres', 'ALTER DATABASE mould IS_TEMPLATE true');
$node->poll_query_until('postgres', q(SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = 'closed' AND backend_type = 'client backend'));
sql('postgres', 'ALTER DATABASE closed ALLOW_CONNECTIONS false',
	q(SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'personalization worker'));
sleep(3.5);
is(sql('postgres', q(SELECT count(*) FROM pg_stat_activity WHERE datname IN ('closed', 'mould', 'template1'))), '0', 'closed and template databases are left alone');
sql('postgres', 'ALTER DATABASE closed ALLOW_CONNECTIONS true', 'ALTER DATABASE mould IS_TEMPLATE false');
within(20, $_, $pid, "a worker in the $_ database once it may be") foreach 'closed', 'mould';
sql('postgres', "DROP DATABASE $_") foreach 'closed', 'mould';

# So is one that a DROP DATABASE left half dropped, even when the launcher is told to look around.
sql('postgres', 'CREATE DATABASE broken', q(UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'broken'), 'CREATE DATABASE whole');
$start = log_position();
sql('whole', 'CREATE EXTENSION personalization');
within(20, 'whole', $pid, 'a worker in the whole database');
sleep(2.5);
unlike(log_since($start), qr/invalid database|FATAL/, 'nobody tries to connect to a half dropped database');
sql('postgres', "DROP DATABASE $_") foreach 'broken', 'whole';

####################################################################
# Nobody waits for it, however busy it is.

sub busy_database
{
	my $db = shift;

	sql('postgres', "CREATE DATABASE $db");
	sql($db, 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme', '{"history_retention": "1 day"}')));
	sql($db, q{INSERT INTO personalization.interactions (tenant_id, user_id, interaction_type, data, occurred_at)
		SELECT 'acme', 'dead', 'dashboard', '{}', '2026-03-01' FROM generate_series(1, 20000)});
	fill($db, 1, 10_000);
	$node->poll_query_until($db, q(SELECT state = 'active' FROM pg_stat_activity WHERE backend_type = 'personalization worker'
		AND datname = current_database())) or die 'no worker';
	return;
}

# Runs a command and checks that it succeeds, in at most twenty seconds.  Those on a database fail
# by themselves when the worker has not left within five; on top comes what they have to copy and
# remove, which takes seconds on a busy machine.
sub prompt_command
{
	my ($what, $db, $command) = @_;
	my $began = time;
	my ($ret, $out, $err) = $node->psql($db, $command);

	is("$ret$err", '0', $what);
	cmp_ok(time - $began, '<', 20, sprintf('%s: promptly (%.1f s)', $what, time - $began));
	return;
}

busy_database('model');
foreach my $i (1 .. 3)
{
	fill('model', 1 + $i, 1_500);
	prompt_command("CREATE DATABASE … TEMPLATE $i", 'postgres', "CREATE DATABASE copy$i TEMPLATE model");
	sleep(0.7 * ($i % 3));
	prompt_command("ALTER DATABASE … RENAME $i", 'postgres', "ALTER DATABASE copy$i RENAME TO renamed$i");
	sleep(0.5 * ($i % 2));
	prompt_command("DROP DATABASE $i", 'postgres', "DROP DATABASE renamed$i");
}
foreach my $i (1 .. 3)
{
	fill('model', 10 + $i, 1_500);
	prompt_command("ALTER EXTENSION UPDATE $i", 'model', 'SET client_min_messages = warning; ALTER EXTENSION personalization UPDATE');
	prompt_command("a member more and less $i", 'model', 'CREATE TABLE extra (); ALTER EXTENSION personalization ADD TABLE extra;
		ALTER EXTENSION personalization DROP TABLE extra; DROP TABLE extra');
	prompt_command("VACUUM FULL, REINDEX $i", 'model', 'VACUUM FULL personalization.inbox; REINDEX TABLE personalization.interactions');
}
within(60, 'model', $empty, 'and all the same all is learned');
is(sql('model', q(SELECT count(*), count(*) FILTER (WHERE tenant_id <> 'acme') FROM personalization.interactions WHERE user_id <> 'dead')), '19000|0', 'once');
is(sql('model', 'SELECT count(*), min(reason) FROM personalization.rejected_events'), '0|', 'nothing is set aside');
foreach my $i (1 .. 3)
{
	prompt_command("DROP EXTENSION $i", 'model', 'DROP EXTENSION personalization');
	sql('model', 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme')));
	fill('model', $i, 1_500);
	sleep(0.3 * $i);
}
within(15, 'model', $pid, 'a worker after DROP and CREATE EXTENSION');
within(15, 'model', $empty, 'which works');
prompt_command('DROP DATABASE', 'postgres', 'DROP DATABASE model');

# A long nap is no reason to wait.
sql('postgres', 'CREATE DATABASE napping');
sql('napping', 'CREATE EXTENSION personalization');
within(10, 'napping', $pid, 'a worker');
sql('postgres', q(ALTER SYSTEM SET personalization.worker_naptime = '1min'), 'SELECT pg_reload_conf()');
sleep(1);
prompt_command('DROP DATABASE with a worker that naps', 'postgres', 'DROP DATABASE IF EXISTS napping');
sql('postgres', 'ALTER SYSTEM RESET personalization.worker_naptime', 'SELECT pg_reload_conf()');
sql('postgres', 'DROP DATABASE IF EXISTS napping WITH (FORCE)');

####################################################################
# It comes back, and nothing is lost or doubled.

my $round = 100;
sql('postgres', 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme', '{"history_retention": "50 years"}')));
within(5, 'postgres', $pid, 'a worker');
my $worker = q(SELECT pid FROM pg_stat_activity WHERE backend_type = 'personalization worker' AND datname = 'postgres');
my $launcher = q(SELECT pid FROM pg_stat_activity WHERE backend_type = 'personalization launcher');
my $learned = 0;

# Fills the inbox, does something once some of it is learned, and sees that in the end each row is learned once.
sub learned_once
{
	my ($what, $do) = @_;
	my $n = 6_000;

	fill('postgres', ++$round, $n);
	$node->poll_query_until('postgres', "SELECT count(*) > $learned FROM personalization.interactions") or die 'nothing is learned';
	$do->();
	$learned += $n;
	within(60, 'postgres', $empty, "$what: the inbox is learned");
	is(sql('postgres', 'SELECT count(*), count(DISTINCT interaction_id) FROM personalization.interactions'), "$learned|$learned", "$what: each row");
	is(sql('postgres', q(SELECT sum(observation_count) FROM personalization.preferences)), $learned, "$what: once");
	is(sql('postgres', 'SELECT count(*) FROM personalization.rejected_events'), '0', "$what: none is set aside");
	return;
}

# pg_cancel_backend() is no fault of a row.
learned_once('cancelled', sub {
	foreach (1 .. 15) { sql('postgres', "SELECT pg_cancel_backend(($worker))"); sleep(0.02); } });
learned_once('worker terminated', sub {
	my $old = sql('postgres', $worker);

	sql('postgres', "SELECT pg_terminate_backend($old)");
	within(15, 'postgres', "SELECT pid <> $old FROM personalization.worker_status", 'another worker') });
learned_once('launcher terminated', sub {
	my $old = sql('postgres', $launcher);

	sql('postgres', "SELECT pg_terminate_backend($old)");
	within(20, 'postgres', "SELECT count(*) = 1 FROM ($launcher) l WHERE pid <> $old", 'another launcher');
	within(20, 'postgres', $pid, 'and its worker');
	is(sql('postgres', "SELECT count(*) FROM ($worker) w"), '1', 'one') });
learned_once('worker killed', sub {
	my $old = sql('postgres', $worker);

	is(kill('KILL', $old), 1, 'kill -9');
	$node->wait_for_log(qr/all server processes terminated; reinitializing/);
	within(30, 'postgres', "SELECT pid <> $old FROM personalization.worker_status", 'another worker after the crash') });
learned_once('immediate stop', sub { $node->stop('immediate'); $node->start; });
learned_once('fast stop', sub {
	my $began = time;

	$node->stop('fast');
	cmp_ok(time - $began, '<', 20, 'a fast shutdown is fast');
	$node->start; });

# An error that has nothing to do with a row: it goes on when it can.
sql('postgres', 'ALTER TABLE personalization.worker_state RENAME COLUMN learned TO gone');
fill('postgres', ++$round, 3);
sleep(3);
sql('postgres', 'ALTER TABLE personalization.worker_state RENAME COLUMN gone TO learned');
$learned += 3;
within(20, 'postgres', $empty, 'it recovers from an error of another kind');
is(sql('postgres', 'SELECT count(*), (SELECT count(*) FROM personalization.rejected_events) FROM personalization.interactions'), "$learned|0", 'and has set nothing aside');

# Idle, it has nothing to say.
within(10, 'postgres', $pid, 'a worker');
sleep(2);
$start = log_position();
sleep(10);
my @noise = grep { /personalization|ERROR|FATAL/ } split /\n/, log_since($start);
is(join("\n", @noise), '', 'nothing is logged in ten idle seconds');

####################################################################
# A standby reads; promoted, it works.

my $backup = 'backup';
$node->backup($backup);
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, $backup, has_streaming => 1);
$standby->start;
sql('postgres', q(SELECT personalization.learn('acme', 'late', 'export', '{"format": "csv"}', '2026-03-01')));
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($standby->safe_psql('postgres', q(SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'personalization%')), '0', 'no worker and no launcher on a standby');
my ($ret, $out, $err) = $standby->psql('postgres', q(SELECT personalization.learn('acme', 'late', 'export', '{}')));
like($err, qr/cannot execute learn\(\) during recovery/, 'learn() says why not');
($ret, $out, $err) = $standby->psql('postgres', q(SELECT personalization.run_maintenance()));
like($err, qr/cannot execute run_maintenance\(\) during recovery/, 'run_maintenance() too');
foreach my $call (q(SELECT personalization.get_profile('acme', 'late', '2026-03-02')), q(SELECT personalization.get_context('acme', 'late', '2026-03-02')),
	q(SELECT * FROM personalization.preferences('acme', 'user 1', '2026-03-02')), 'SELECT tenant_id, users, inbox_backlog FROM personalization.tenant_statistics')
{
	is($standby->safe_psql('postgres', $call), sql('postgres', $call), "the standby answers: $call");
}
is($standby->safe_psql('postgres', 'SELECT pid, inbox_backlog FROM personalization.worker_status'), '|0', 'and shows the status');
$standby->promote;
within(20, 'postgres', $pid, 'promoted, it has a worker', $standby);
$standby->safe_psql('postgres', q(INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('acme', 'promoted', 'export', '{}')));
within(5, 'postgres', q(SELECT count(*) = 1 FROM personalization.interactions WHERE user_id = 'promoted'), 'which learns', $standby);
$standby->stop;

####################################################################
# No free slot: said once, with what to do; and tried again.

$node->append_conf('postgresql.conf', 'max_worker_processes = 3');    # launchers: replication's and ours
# With few connections and processes a server from version 18 on has too few places for those of DROP EXTENSION.
$node->append_conf('postgresql.conf', 'max_locks_per_transaction = 256');
$node->restart;
within(10, 'postgres', $pid, 'one worker has a slot');
$start = log_position();
sql('postgres', 'CREATE DATABASE crowded');
sql('crowded', 'CREATE EXTENSION personalization');
sleep(7);
my @said = grep { /out of background worker slots/ } split /\n/, log_since($start);
is(scalar(@said), 1, 'no free slot is said once');
like(log_since($start), qr/HINT:  You might need to increase max_worker_processes/, 'with a hint');
my $problems = q(SELECT coalesce(string_agg(p, '; '), '') FROM personalization.health, unnest(problems) AS p);
is(sql('crowded', $problems), 'no worker is running, because none could be started: no free worker slot: max_worker_processes is too low',
	'health and worker_start_failures() say it as well');
sql('postgres', 'DROP EXTENSION personalization');
within(10, 'crowded', $pid, 'and the worker comes when there is one');
within(10, 'crowded', "SELECT ($problems) = ''", 'then all is well');

####################################################################
# Switched off for one database.

sql('ALTER DATABASE crowded SET personalization.worker = off');
sql('crowded', 'SELECT pg_terminate_backend(pid) FROM personalization.worker_status');
within(10, 'crowded', 'SELECT pid IS NULL FROM personalization.worker_status', 'it leaves the database in which it is off');
sleep(5);
is(sql('crowded', $pid), 'f', 'and does not come back');
sql('crowded', 'UPDATE personalization.worker_state SET last_finished = NULL');
is(sql('crowded', $problems), 'no worker is running (personalization.worker is off), and run_maintenance() has never finished',
	'health says that it is off');
sql('crowded', q(UPDATE personalization.worker_state SET last_finished = now() - interval '2 hours'));
is(sql('crowded', $problems), '', 'two hours without a pass are well where it is off');
# As if it had been on and the worker gone.
sql('crowded', q(UPDATE personalization.worker_state SET created_at = now() - interval '1 day'));
is(sql('crowded', "SET personalization.worker = on; $problems"),
	'no worker has been running for minutes, although the library is preloaded: the server log says why', 'and not where it is on');
sql('ALTER DATABASE crowded RESET personalization.worker', 'SELECT pg_reload_conf()');
within(10, 'crowded', $pid, 'until it is on there again');

$node->stop;
done_testing();
