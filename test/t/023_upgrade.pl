# A new library with the objects of an older script, and the reverse, do no harm: an error says what
# is missing and what to do, nothing crashes, the worker waits, and the update is all that is
# needed.
#
# There is no older release yet, so the scripts are made here from the present one: 0.9 is the same
# without the parts that came with the worker; 1.1 needs a function that the library lacks, 1.2 adds
# a column. They are in an installation of the test's own.

use strict;
use warnings;

use Cwd qw(realpath);
use File::Basename;
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

my $script = slurp_file("$extension/personalization--1.0.sql");
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
write_script('0.9--1.0', $parts{inbox}, storage($parts{inbox}), $parts{maintenance}, $parts{worker}, $parts{views},
	# The rows that are older than the worker's tables are no dump that is being restored.
	'UPDATE personalization.worker_state SET settled = true;',
	'REVOKE ALL ON ALL FUNCTIONS IN SCHEMA personalization FROM PUBLIC;');
write_script('1.0--1.1', q{
ALTER TABLE personalization.profiles ADD COLUMN half_done int NOT NULL DEFAULT 1;
CREATE FUNCTION personalization.tomorrow() RETURNS int LANGUAGE c AS 'MODULE_PATHNAME', 'personalization_of_tomorrow';});
write_script('1.0--1.2', q{
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
my ($ret, $out, $err) = $node->psql('postgres', q(ALTER EXTENSION personalization UPDATE TO '1.1'));
like($err, qr/ERROR:  could not find function "personalization_of_tomorrow" in file/, 'a script that wants more than the library has is refused');
is(sql('postgres', q(SELECT extversion, (SELECT count(*) FROM pg_attribute WHERE attname = 'half_done') FROM pg_extension WHERE extname = 'personalization')),
	'1.0|0', 'and leaves nothing behind');

fill('two');
sql('postgres', q(ALTER EXTENSION personalization UPDATE TO '1.2'));
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
unlike(slurp_file($node->logfile), qr/PANIC|was terminated by signal|(server process|client backend) .* exited with exit code [2-9]/, 'no crash');
done_testing();
