# One tenant does not affect another: a tenant that holds a lock, fails or is slow backs off by
# itself.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = node('neighbours', q{
shared_preload_libraries = 'personalization'
personalization.worker_naptime = '50ms'
personalization.maintenance_interval = '1s'
fsync = off
});

# How long it takes until a query says 't'; fails after a minute.
sub until_true
{
	my ($query, $what) = @_;
	my $took = wait_until(60, sub { sql($query) eq 't' });

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	note(sprintf('%s: after %.1f s', $what, $took // 60));
	ok(defined $took, $what) || diag("still not so after a minute: $query");
	return $took // 60;
}

sql(q{CREATE EXTENSION personalization;
	SELECT personalization.create_tenant(t) FROM unnest('{acme,globex}'::text[]) t;
	CREATE ROLE acme_app LOGIN; CREATE ROLE globex_app LOGIN;
	SELECT personalization.bind_role('acme_app', 'acme'); SELECT personalization.bind_role('globex_app', 'globex')});

my $inbox = 'INSERT INTO personalization.inbox (user_id, interaction_type, data)';
my $many = "$inbox SELECT 'user ' || n % 100, 'export', '{\"format\": \"csv\"}' FROM generate_series(1, 10000) n";
my $asks = "$inbox SELECT 'user ' || n % 20, 'query', jsonb_build_object('query', 'sales of ' || n % 100) FROM generate_series(1, 2000) n";
my $all_learned = q(SELECT NOT EXISTS (SELECT FROM personalization.inbox WHERE tenant_id = 'globex'));
my $all_counted = q(SELECT NOT EXISTS (SELECT FROM personalization.inbox WHERE tenant_id = 'globex')
	AND NOT EXISTS (SELECT FROM personalization.query_events WHERE tenant_id = 'globex'));
my $why = q(SELECT coalesce(backing_off_why, '') || CASE WHEN backing_off_since > now() - interval '1 min' THEN '' ELSE ' since when?' END
	FROM personalization.tenant_statistics WHERE tenant_id = 'acme');
my $well = q(SELECT count(*) = 0 FROM personalization.backing_off);

# How long globex takes for rows of its inbox, or for counting its requests.
sub globex_takes
{
	my ($rows, $query, $what) = @_;

	sql_as('globex_app', $rows);
	return until_true($query, $what);
}

globex_takes($asks, $all_counted, 'warm');
my $learning = globex_takes($many, $all_learned, 'globex learns alone');
my $counting = globex_takes($asks, $all_counted, 'globex is counted alone');

# Twice the time, and what a busy machine and a nap may add.
sub in_time
{
	my ($took, $alone, $what) = @_;
	return cmp_ok($took, '<', 2 * $alone + 3, sprintf('%s: %.1f s, alone %.1f s', $what, $took, $alone));
}

####################################################################
# Locks of acme's, of several kinds.

foreach my $lock (q{SELECT personalization.learn('acme', 'ana', 'export', '{}')},
	q{SELECT FROM personalization.preferences FOR UPDATE})
{
	sql_as('acme_app', q{SELECT personalization.learn('acme', 'ana', 'export', '{"format": "csv"}')});
	my $session = $node->background_psql('postgres', extra_params => ['-U', 'acme_app'], on_error_stop => 0);

	$session->query("BEGIN; $lock");
	sql_as('acme_app', "$inbox SELECT 'ana', 'export', '{\"format\": \"csv\"}' FROM generate_series(1, 5)");
	until_true(q(SELECT count(*) = 1 FROM personalization.backing_off WHERE tenant_id = 'acme'), 'acme backs off');
	in_time(globex_takes($many, $all_learned, 'globex learns'), $learning, 'while acme waits');
	is(sql($why), 'learning from the inbox: waiting for a lock', 'tenant_statistics says so');
	is(sql_as('globex_app', q(SELECT count(*), count(backing_off_why) FROM personalization.tenant_statistics)), '1|0', 'to acme alone');
	$session->query('COMMIT');
	$session->quit;
	until_true(q(SELECT count(*) = 0 FROM personalization.inbox), 'when it ends, its rows are learned');
	until_true($well, 'and acme is as any other');
}
{
	my $session = $node->background_psql('postgres', extra_params => ['-U', 'acme_app'], on_error_stop => 0);

	$session->query('BEGIN; SELECT FROM personalization.rankings FOR UPDATE');
	sql_as('acme_app', q{SELECT personalization.learn('acme', 'ana', 'query', '{"query": "profit"}') FROM generate_series(1, 50)});
	until_true(q(SELECT count(*) = 1 FROM personalization.backing_off WHERE tenant_id = 'acme' AND step = 'counting queries'), 'acme backs off in counting');
	in_time(globex_takes($asks, $all_counted, 'globex is counted'), $counting, 'while acme waits');
	is(sql($why), 'counting queries: waiting for a lock', 'tenant_statistics says so');

	# The next worker goes on with it, and run_maintenance() does not hang.
	sql('SELECT pg_terminate_backend(personalization.worker_pid())');
	my ($ret, $out, $err) = $node->psql('postgres', q(SELECT personalization.run_maintenance() ->> 'inbox'));
	is("$ret|$out", '0|0', 'run_maintenance() ends');
	like($err, qr/WARNING:  counting queries of tenant "acme" failed: canceling statement due to lock timeout/, 'and says what it could not do');
	until_true(q(SELECT personalization.worker_pid() IS NOT NULL), 'another worker');
	in_time(globex_takes($asks, $all_counted, 'globex is counted'), $counting, 'beside the next worker');
	$session->query('COMMIT');
	$session->quit;
	until_true(q(SELECT count(*) = 0 FROM personalization.query_events), 'when it ends, acme is counted');
}

####################################################################
# Rows that fail one by one: they are found, the log is not flooded, and others do not wait.

sql(q{DO $$ BEGIN FOR i IN 0..7 LOOP
	EXECUTE format('ALTER TABLE personalization.preferences_%s ADD CONSTRAINT no_bad CHECK (key NOT LIKE ''%%:bad'')', i);
	END LOOP; END $$});
my $log = log_position();
sql_as('acme_app', "$inbox SELECT 'ana', 'export', '{\"columns\": [\"bad\"]}' FROM generate_series(1, 300)");
in_time(globex_takes($many, $all_learned, 'globex learns'), $learning, 'while rows of acme fail');
until_true(q(SELECT count(*) = 300 FROM personalization.rejected_events WHERE tenant_id = 'acme' AND reason LIKE '%no_bad%'), 'all of them are set aside');
until_true($well, 'and acme is as any other');
my @lines = grep { /no_bad/ } split /\n/, log_since($log);
cmp_ok(scalar(@lines), '<', 40, scalar(@lines) . ' lines in the log');
like(join("\n", @lines), qr/WARNING:  learning from the inbox of tenant "acme" failed: new row/, 'which name the tenant');

$node->stop;
done_testing();
