# A new library with the objects of an older script, and the reverse, do no harm: an error says what
# is missing and what to do, nothing crashes, the worker waits, and the update is all that is
# needed.
#
# Releases are upgraded with data, while their worker works: their install scripts are in sql/released, and their
# libraries in PERSONALIZATION_RELEASED, which test/lib/released has built if the history is at hand.  What no
# upgrade did so far is played with scripts that are made here from the present one: 0.9 is the same without the
# parts that came with the worker; 98.1 needs a function that the library lacks, 98.2 adds a column.  They are in
# an installation of the test's own.

use strict;
use warnings;

use Cwd qw(realpath);
use File::Basename;
use File::Copy;
use History;
use Objects;
use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

####################################################################
# The installation, and the scripts.

my $tmp = $PostgreSQL::Test::Utils::tmp_check;
my $pg_config = $ENV{PG_CONFIG} || 'pg_config';
chomp(my $bin = `$pg_config --bindir`);
chomp(my $share = `$pg_config --sharedir`);
chomp(my $lib = `$pg_config --pkglibdir`);

# The longest path that all three are under; a link within it stays one.
my $root = $bin;
$root = dirname($root) while index("$share/", "$root/") != 0 || index("$lib/", "$root/") != 0;
plan skip_all => 'needs an installation of its own' if $root eq '/' || $root eq '/usr';
my $copy = "$tmp/t_upgrade_installation";
system_or_bail('cp', '-a', $root, $copy);
my $install = $copy . substr(dirname($bin), length $root);
my $extension = $copy . substr($share, length $root) . '/extension';
my $installed_lib = $copy . substr($lib, length $root);
my $new_library = "$tmp/new.so";
copy("$installed_lib/personalization.so", $new_library) or die $!;

my ($version) = slurp_file("$extension/personalization.control") =~ /^default_version = '(.*)'/m;
my @releases = grep { $_ ne $version } map { /personalization--([\d.]+)\.sql$/ ? $1 : () } glob("$extension/personalization--*.sql");
my $script = slurp_file("$extension/personalization--$version.sql");
my ($head, %parts) = split /^-- ==== sql\/(\w+)\.sql\n/m, $script;
my @order = $script =~ /^-- ==== sql\/(\w+)\.sql$/mg;
my %newer = map { $_ => 1 } qw(inbox maintenance worker views);
ok((grep { $newer{$_} } @order) == 4, 'the parts of the script are found');

# storage.sql with those tables only that are there.
sub storage
{
	my $made = shift;
	my %there = map { $_ => 1 } $made =~ /^CREATE TABLE personalization\.(\w+)/mg;
	my $storage = $parts{storage};

	my ($before, $list, $after) = $storage =~ /\A(.*FOREACH parent IN ARRAY ARRAY\[)(.*?)(\].*)\z/s or die 'no list of tables';

	return $before . join(', ', map { "'$_'" } grep { $there{$_} } $list =~ /'(\w+)'/g) . $after;
}
sub write_script
{
	my ($name, @sql) = @_;

	append_to_file("$extension/personalization--$name.sql", join("\n", @sql));
	return;
}

# Other tables take their order from the inbox's function, which therefore is older than its table.
($parts{inbox_position}, $parts{inbox}) = split /^(?=CREATE TABLE)/m, $parts{inbox}, 2;
@order = map { $_ eq 'inbox' ? ('inbox_position', 'inbox') : $_ } @order;

my $old = join("\n", map { $parts{$_} } grep { !$newer{$_} && $_ ne 'storage' } @order);
write_script('0.9', map { $_ eq 'storage' ? storage($old) : $parts{$_} } grep { !$newer{$_} } @order);
write_script("0.9--$version", $parts{inbox}, storage($parts{inbox}), $parts{maintenance}, $parts{worker}, $parts{views},
	# The rows that are older than the worker's tables are no dump that is being restored.
	'UPDATE personalization.worker_state SET settled = true;',
	'REVOKE ALL ON ALL FUNCTIONS IN SCHEMA personalization FROM PUBLIC;');
write_script("$version--98.1", q{
ALTER TABLE personalization.profiles ADD COLUMN half_done int NOT NULL DEFAULT 1;
CREATE FUNCTION personalization.tomorrow() RETURNS int LANGUAGE c AS 'MODULE_PATHNAME', 'personalization_of_tomorrow';});
write_script("$version--98.2", q{
ALTER TABLE personalization.profiles ADD COLUMN mood text NOT NULL DEFAULT 'calm';
ALTER TABLE personalization.interactions ADD COLUMN mood text;
ALTER TABLE personalization.inbox ADD COLUMN mood text;
ALTER TABLE personalization.worker_state ADD COLUMN mood text NOT NULL DEFAULT 'calm';
CREATE TABLE personalization.moods (mood text PRIMARY KEY);
CREATE FUNCTION personalization.mood() RETURNS text LANGUAGE sql AS $$SELECT 'calm'$$;});

####################################################################

my $node = node('upgrade', q{
shared_preload_libraries = 'personalization'
personalization.worker_naptime = '50ms'
personalization.maintenance_interval = '1s'
}, install_path => $install);
my $update = 'Run ALTER EXTENSION personalization UPDATE.';

####################################################################
# A new library, old objects.

sql('postgres', q(CREATE EXTENSION personalization VERSION '0.9'));
$node->wait_for_log(qr/LOG:  personalization: extension in database \d+ is older than the library, so no worker is started/);
ok(1, 'the launcher says that there is no worker');
like(slurp_file($node->logfile), qr/HINT:  Run ALTER EXTENSION personalization UPDATE in that database/, 'and what to do');

# Whatever the application calls works, or says what is missing; nothing ends the session.
sub works_or_hints
{
	my ($call, $must) = @_;
	my ($ret, $out, $err) = $node->psql('postgres', "SELECT pg_backend_pid() AS pid \\gset\n\\set ON_ERROR_STOP 0\n$call;\nSELECT 'alive' WHERE pg_backend_pid() = :pid");

	if ($err ne '')
	{
		like($err, qr/ERROR:  .*does not exist.*HINT:  \Q$update\E/s, "a hint: $call");
	}
	ok($err eq '' || !$must, "works: $call") or diag($err) if $must || $err eq '';
	like($out, qr/alive\z/, 'the session lives');
	return $err;
}
works_or_hints(q(SELECT personalization.create_tenant('acme', '{"history_retention": "50 years", "evidence_retention": "50 years"}')), 1);
works_or_hints(q(SELECT personalization.learn('acme', 'ana', 'visualization', '{"chart_type": "bar"}', '2026-03-01')), 1);
works_or_hints(q(SELECT personalization.learn('acme', 'ana', 'query', '{"query": "Sales", "tables_used": ["orders"]}', '2026-03-01')), 1);
works_or_hints(q(SELECT * FROM personalization.preferences('acme', 'ana', '2026-03-01')), 1);
works_or_hints(q(SELECT personalization.get_profile('acme', 'ana', '2026-03-01')), 1);
works_or_hints(q(SELECT personalization.get_context('acme', 'ana', '2026-03-01')), 1);
isnt(works_or_hints(q(SELECT personalization.drop_tenant('acme'))), '', 'what needs a newer table fails');
works_or_hints(q(SELECT personalization.grant_access('pg_monitor')));
my $reading = q(SELECT * FROM personalization.preferences('acme', 'ana', '2026-03-01') ORDER BY key);
my $before = sql('postgres', $reading);
isnt($before, '', 'preferences are there');

my $start = -s $node->logfile;
sleep(5);
unlike(log_since($start), qr/personalization worker|is older than|PANIC|FATAL|was terminated/, 'nothing is said again, and no worker comes and goes');

sql('postgres', 'ALTER EXTENSION personalization UPDATE');
within(20, 'postgres', 'SELECT pid IS NOT NULL FROM personalization.worker_status', 'a worker comes with ALTER EXTENSION UPDATE');
is(sql('postgres', $reading), $before, 'everything is as it was');
sql('postgres', q(INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('acme', 'ben', 'export', '{"format": "csv"}')));
within(20, 'postgres', q(SELECT count(*) = 1 FROM personalization.interactions WHERE user_id = 'ben'), 'which learns');
is(sql('postgres', q(SELECT count(*) FROM (SELECT e.objid::regclass FROM pg_depend e WHERE e.deptype = 'e' AND e.classid = 'pg_class'::regclass
	AND e.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'personalization') AND e.objid::regclass::text ~ 'inbox_[0-7]$') x)), '8', 'its tables are the extension\'s');

####################################################################
# An old library, new objects, while the worker works.

sub fill
{
	my $user = shift;

	sql('postgres', qq(INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at)
		SELECT 'acme', '$user', 'export', '{"format": "csv"}', '2026-03-01' FROM generate_series(1, 3000)));
	return;
}
my $worker = sql('postgres', 'SELECT personalization.worker_pid()');
fill('one');
my ($ret, $out, $err) = $node->psql('postgres', q(ALTER EXTENSION personalization UPDATE TO '98.1'));
like($err, qr/ERROR:  could not find function "personalization_of_tomorrow" in file/, 'a script that wants more than the library has is refused');
is(sql('postgres', q(SELECT extversion, (SELECT count(*) FROM pg_attribute WHERE attname = 'half_done') FROM pg_extension WHERE extname = 'personalization')),
	"$version|0", 'and leaves nothing behind');

fill('two');
sql('postgres', q(ALTER EXTENSION personalization UPDATE TO '98.2'));
fill('three');
within(20, 'postgres', 'SELECT count(*) = 0 FROM personalization.inbox', 'the worker learns on');
is(sql('postgres', q(SELECT user_id, count(*) FROM personalization.interactions WHERE user_id IN ('one', 'two', 'three') GROUP BY 1 ORDER BY 1)),
	"one|3000\nthree|3000\ntwo|3000", 'all of it, once');
is(sql('postgres', 'SELECT count(*) FROM personalization.rejected_events'), '0', 'nothing is set aside');
is(sql('postgres', $reading), $before, 'what was learned before is as it was');
sql('postgres', q(SELECT personalization.learn('acme', 'cy', 'export', '{"format": "csv"}', '2026-03-01')), q(SELECT personalization.drop_tenant('acme')));
is(sql('postgres', 'SELECT personalization.worker_pid()'), $worker, 'by the same worker');
sql('postgres', 'DROP EXTENSION personalization');
is(sql('postgres', q(SELECT count(*) FROM pg_namespace WHERE nspname = 'personalization')), '0', 'DROP EXTENSION takes all of it');

$node->stop;

####################################################################
# Each release, and this version.

sub install
{
	my $from = shift;

	# Another file: processes keep the one that they have loaded.
	copy($from, "$installed_lib/new") or die $!;
	rename("$installed_lib/new", "$installed_lib/personalization.so") or die $!;
	return;
}

# What the script of the release and the upgrade scripts make is what CREATE EXTENSION makes; and the comparison
# sees what differs.
my $plain = node('objects', '', install_path => $install);
sql('CREATE DATABASE fresh');
sql('fresh', 'CREATE EXTENSION personalization');
my $fresh = objects($plain, 'fresh');
foreach my $release (@releases)
{
	my $database = 'from_' . $release =~ s/\W/_/gr;

	sql("CREATE DATABASE $database");
	sql($database, "CREATE EXTENSION personalization VERSION '$release'");
	my $old = objects($plain, $database);
	isnt(join('', differences($old, $fresh)), '', "$release is not $version");
	sql($database, 'ALTER EXTENSION personalization UPDATE');
	is(join("\n", differences(objects($plain, $database), $fresh)), '', "$release, updated, has the objects of $version");
}
my @changes = (
	'ALTER FUNCTION personalization.version() COST 7' => 'version(); Type: FUNCTION',
	'ALTER FUNCTION personalization.route(text, text, text, timestamptz) RESET search_path' => 'route(text, text, text, timestamp with time zone); Type: FUNCTION',
	'ALTER EXTENSION personalization DROP FUNCTION personalization.current_tenant()' => 'current_tenant(); Type: FUNCTION',
	q{COMMENT ON FUNCTION personalization.version() IS 'another'} => 'FUNCTION version(); Type: COMMENT',
	q{COMMENT ON COLUMN personalization.worker_state.maintained_at IS 'another'} => 'COLUMN worker_state.maintained_at; Type: COMMENT',
	'GRANT EXECUTE ON FUNCTION personalization.bind_role(regrole, text) TO PUBLIC' => 'FUNCTION bind_role(role regrole, tenant_id text); Type: ACL',
	'GRANT SELECT ON personalization.tenants TO pg_monitor' => 'TABLE tenants; Type: ACL',
	'ALTER TABLE personalization.profiles ADD COLUMN one_more int' => 'profiles_3; Type: TABLE',
	'ALTER TABLE personalization.inbox ALTER COLUMN data SET NOT NULL' => 'inbox; Type: TABLE',
	'ALTER TABLE personalization.rankings ALTER COLUMN tenant_id SET STATISTICS 10' => 'rankings; Type: TABLE',
	'ALTER TABLE personalization.interactions_5 SET (fillfactor = 50)' => 'interactions_5; Type: TABLE',
	'ALTER TABLE personalization.audit_log NO FORCE ROW LEVEL SECURITY' => 'audit_log; Type: TABLE',
	'ALTER TABLE personalization.conversations DISABLE ROW LEVEL SECURITY' => 'conversations; Type: ROW SECURITY',
	'ALTER POLICY tenant_isolation ON personalization.suggestions USING (true)' => 'suggestions tenant_isolation; Type: POLICY',
	'ALTER TABLE personalization.suggestions ADD CHECK (length(user_id) > 0)' => 'suggestions; Type: TABLE',
	'CREATE INDEX one_more ON personalization.user_queries_0 (user_id)' => 'one_more; Type: INDEX',
	'ALTER VIEW personalization.health SET (security_barrier)' => 'health; Type: VIEW',
	q{ALTER TYPE personalization.skill_level ADD VALUE 'expert' BEFORE 'advanced'} => 'skill_level; Type: TYPE',
	q{UPDATE personalization.signal_rules SET strength = 0.55 WHERE path = 'chart_type' AND built_in} => 'personalization.signal_rules_0; Type: ROWS',
	q{UPDATE pg_extension SET extcondition[1] = 'WHERE false' WHERE extname = 'personalization'} => 'personalization.tenants_0; Type: DUMPED ROWS',
	q{UPDATE pg_extension SET extconfig = trim_array(extconfig, 1), extcondition = trim_array(extcondition, 1) WHERE extname = 'personalization'} => 'Type: DUMPED ROWS',
);
my @differences;
for (my $i = 0; $i < @changes; $i += 2) { sql('fresh', $changes[$i]); }
@differences = differences(objects($plain, 'fresh'), $fresh);
for (my $i = 1; $i < @changes; $i += 2)
{
	ok((grep { (split /\n/)[0] =~ /\Q$changes[$i]\E is / } @differences), "the comparison sees: $changes[$i - 1]");
}
$plain->stop;

foreach my $release (@releases)
{
	my $old_library = ($ENV{PERSONALIZATION_RELEASED} // '') . "/$release/personalization.so";

	SKIP:
	{
		skip "the library of $release is not at hand", 1 if !-e $old_library;

		####################################################################
		# The release, in use: data, roles, a worker that learns, and a session that stays.
		install($old_library);
		my $name = $release =~ s/\W/_/gr;
		my $live = node("live_$name", q{
shared_preload_libraries = 'personalization'
personalization.worker_naptime = '50ms'
personalization.maintenance_interval = '1h'
}, install_path => $install);
		sql('CREATE EXTENSION personalization VERSION ' . quote($release));
		is(sql(q{SELECT personalization.version() ->> 'library', personalization.version() ->> 'extension'}), "$release|$release", "$release is there");
		populate($live, 8);
		within(60, q{SELECT NOT EXISTS (SELECT FROM personalization.inbox) AND NOT EXISTS (SELECT FROM personalization.query_events)}, "$release has learned");
		sql('SELECT personalization.run_maintenance()');	# which deletes what happened in antiquity
		my $columns = columns();
		my ($contents, $reads, $privileges) = (contents($columns), reads(), privileges());

		####################################################################
		# The new scripts first.  A script that needs the new library is refused as a whole; the worker does not notice.
		my $worker = sql('SELECT personalization.worker_pid()');
		my $start = log_position();
		fill_inbox('first', 400);
		my ($ret, $out, $err) = $live->psql('postgres', 'ALTER EXTENSION personalization UPDATE');
		like($err, qr/ERROR:  could not find function "personalization_\w+" in file/, "the library of $release refuses the script");
		is(sql(q{SELECT extversion FROM pg_extension WHERE extname = 'personalization'}), $release, 'and all stays');
		fill_inbox('first', 400);
		within(20, 'SELECT NOT EXISTS (SELECT FROM personalization.inbox)', 'the worker learns on');
		is(sql('SELECT personalization.worker_pid()'), $worker, 'the same worker');
		my $profiles = q{SELECT tenant_id, user_id, personalization.get_profile(tenant_id, user_id, '2030-01-01') FROM test.saved ORDER BY 1, 2};
		my $before_update = sql($profiles);

		####################################################################
		# The library first: everything works with the old objects, and the worker goes on.
		install($new_library);
		$live->restart;
		is(sql(q{SELECT personalization.version() ->> 'library', personalization.version() ->> 'extension'}), "$version|$release", "a library of $version with objects of $release");
		within(20, 'SELECT pid IS NOT NULL FROM personalization.worker_status', 'has a worker');
		fill_inbox('second', 400);
		within(20, 'SELECT NOT EXISTS (SELECT FROM personalization.inbox)', 'which learns');
		ok(reads() eq $reads, 'and all is read as before');
		my $session = $live->background_psql('postgres', on_error_stop => 0);
		my $learn = q{SELECT personalization.learn('tenant 1', 'stays', 'query', '{"query": "orders by day"}') IS NOT NULL;};
		is($session->query_safe($learn), 't', 'a session learns');

		# Then the objects, while rows come in, and a call that has begun goes on to further tables.
		fill_inbox('third', 2000);
		$session->query_safe('BEGIN');
		$session->query_safe(q{SELECT personalization.route('tenant 1', 'stays', 'orders')});
		my $updater = $live->background_psql('postgres');
		$updater->query_until(qr/updating/, "\\echo updating\nALTER EXTENSION personalization UPDATE;\n");
		within(20, q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query ~ '^ALTER EXTENSION' AND wait_event_type = 'Lock')}, 'the update waits for the call');
		$session->query_safe('UPDATE personalization.suggestion_rounds SET outcome = outcome WHERE false');
		$session->query_safe('COMMIT');
		$updater->query_safe('SELECT 1');
		$updater->quit;
		fill_inbox('third', 2000);
		is(sql(q{SELECT extversion FROM pg_extension WHERE extname = 'personalization'}), $version, "updated to $version");
		is($session->query_safe($learn), 't', 'the session learns on');
		is(sql(q{SELECT array_agg(outline IS NULL ORDER BY occurred_at) FROM personalization.interactions WHERE user_id = 'stays'}), '{t,f}', 'and uses the new column');
		$session->quit;
		within(30, 'SELECT NOT EXISTS (SELECT FROM personalization.inbox)', 'and so does the worker');
		ok(sql($profiles) eq $before_update, 'profiles are what they were');
		is(sql(q{SELECT user_id, count(*) FROM personalization.interactions WHERE user_id IN ('first', 'second', 'third', 'stays') GROUP BY 1 ORDER BY 1}),
			"first|800\nsecond|400\nstays|2\nthird|4000", 'each event once');
		is(sql('SELECT count(*) FROM personalization.rejected_events WHERE event ->> \'user_id\' ~ \'^(first|second|third|stays)$\''), '0', 'none set aside');
		within(30, 'SELECT NOT EXISTS (SELECT FROM personalization.query_events)', 'requests are counted');
		sql(q{SELECT count(personalization.forget_user('tenant ' || t, u)) FROM generate_series(0, 3) AS t, unnest('{first,second,third}'::text[]) AS u},
			q{SELECT personalization.forget_user('tenant 1', 'stays')});
		my $after = contents($columns);
		is($after->{$_}, $contents->{$_}, "rows of $_ are those of $release")
		  foreach grep { !/\.(?:audit_log|signal_rules|query_statistics|query_lists|rankings)$/ } sort keys %$contents;
		unlike(log_since($start), qr/PANIC|FATAL:  (?!terminating)|WARNING|terminated by signal|ERROR:  (?!could not find function)/, 'the log has no complaint');

		####################################################################
		# Roles: those of before can do what they could; new functions are theirs with grant_access().
		my $kept = privileges();
		ok(!(grep { index("\n$kept\n", "\n$_\n") < 0 } split /\n/, $privileges), 'all privileges are kept');
		my $all = q{SELECT personalization.grant_access(a.grantee, EXISTS (
				SELECT FROM pg_parameter_acl AS p, aclexplode(paracl) AS s WHERE parname = 'personalization.tenant_id' AND s.privilege_type = 'SET' AND s.grantee = a.grantee))
			FROM pg_proc AS f, aclexplode(proacl) AS a WHERE f.oid = 'personalization.learn'::regproc AND a.grantee NOT IN (0, proowner)};
		sql($all);
		is(sql_as('bound', q{SELECT enabled, decided_by FROM personalization.learning_enabled('tenant 1', 'new')}), 't|tenant', 'a bound role has the new functions');
		is(sql_as('bound', 'SELECT DISTINCT tenant_id FROM personalization.interactions'), 'tenant 1', 'and still its tenant only');
		is(sql_as('pooled', 'BEGIN', q{SELECT personalization.use_tenant('tenant 2')}, q{SELECT decided_by FROM personalization.learning_enabled('tenant 2', 'new')}, 'COMMIT') =~ s/^\n//r,
			'tenant', 'so has a pooled one');
		$live->stop;

		####################################################################
		# A session that has the library of the release meets the objects of this version, which another session has made.
		install($old_library);
		my $mixed = node("mixed_$name", '', install_path => $install);
		sql('CREATE EXTENSION personalization VERSION ' . quote($release), q{SELECT personalization.create_tenant('tenant 1')});
		my $stays = $mixed->background_psql('postgres', on_error_stop => 0);
		is($stays->query_safe($learn), 't', "a session with the library of $release");
		install($new_library);
		sql('ALTER EXTENSION personalization UPDATE');
		is($stays->query_safe(q{SELECT personalization.version() ->> 'library', personalization.version() ->> 'extension'}), "$release|$version", "meets objects of $version");
		is($stays->query_safe($learn), 't', 'and learns');
		foreach my $call (q{personalization.get_profile('tenant 1', 'stays')}, q{personalization.get_context('tenant 1', 'stays')},
			q{personalization.route('tenant 1', 'stays', 'orders')}, q{personalization.run_maintenance()}, q{personalization.export_user('tenant 1', 'stays')},
			q{personalization.tenant_settings('tenant 1')}, q{personalization.forget_user('tenant 1', 'stays')})
		{
			is($stays->query_safe("SELECT $call IS NOT NULL"), 't', $call);
		}
		$stays->quit;
		$mixed->stop;
	}
}

unlike(slurp_file($_), qr/PANIC|was terminated by signal|(server process|client backend) .* exited with exit code [2-9]/, 'no crash')
  foreach glob("$PostgreSQL::Test::Utils::log_path/*.log");
done_testing();
