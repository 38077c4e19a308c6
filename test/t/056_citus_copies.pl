# A cluster of Citus, and copies of it: a dump that is made under load and restored into one server, and into
# another cluster; a dump of one server restored into a cluster; and the update of the extension.

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use Citus;

my $dir = $PostgreSQL::Test::Utils::tmp_check;

# An installation with an update of the test's own: a table has a column and an index more, another an index less
# and a storage parameter, and there is a new function and a new table.
my ($version, $installation, $bin) = own_installation(q{
ALTER TABLE personalization.profiles ADD COLUMN mood text COLLATE "C" NOT NULL DEFAULT 'calm';
ALTER TABLE personalization.signal_rules ADD COLUMN mood text;
ALTER TABLE personalization.worker_state ADD COLUMN mood text NOT NULL DEFAULT 'calm';
CREATE INDEX profiles_by_mood ON personalization.profiles (tenant_id, mood) WHERE mood <> 'calm';
DROP INDEX personalization.interactions_user_time;
ALTER TABLE personalization.interactions SET (autovacuum_vacuum_insert_scale_factor = 0.01);
CREATE TABLE personalization.moods (mood text PRIMARY KEY);
CREATE FUNCTION personalization.mood(tenant_id text) RETURNS text LANGUAGE sql AS $$SELECT 'calm'$$;});

my ($coordinator, @nodes) = start_cluster('', @$installation);
my @all = ($coordinator, @nodes);
my @tenants = qw(acme globex initech umbrella);

on($coordinator, 'CREATE EXTENSION personalization', 'CREATE ROLE acme_app LOGIN', 'SELECT personalization.distribute(8)',
	map { "SELECT personalization.create_tenant('$_')" } @tenants);
on($coordinator, q{SELECT personalization.bind_role('acme_app', 'acme')});

sub in { my ($database, @sql) = @_; return $coordinator->safe_psql($database, join(";\n", @sql)); }
sub differences { return differences_of($coordinator, shift); }
sub dump_of { my ($database, @options) = @_; return (run_command([ "$bin/pg_dump", @options, '-d', $coordinator->connstr($database) ]))[0]; }
# restore(database, dump): without errors.
sub restore
{
	my ($database, $dump) = @_;
	my $file = "$dir/$database.sql";

	append_to_file($file, $dump);
	my ($out, $err) = run_command([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', $file, '-d', $coordinator->connstr($database) ]);
	return is($err, '', "restored into $database");
}
sub new_cluster
{
	my $database = shift;

	foreach my $node (@all)
	{
		$node->safe_psql('postgres', "CREATE DATABASE $database");
		$node->safe_psql($database, 'CREATE EXTENSION citus');
	}
	return in($database, q{SELECT citus_set_coordinator_host('127.0.0.1', } . $coordinator->port . ')', map { "SELECT citus_add_node('127.0.0.1', " . $_->port . ')' } @nodes);
}

####################################################################
# A dump under load.

my @writers = map {
	my $number = $_;
	append_to_file("$dir/writer$number.sql", join('', map { my $i = $_; "SELECT personalization.learn('$tenants[ ($i + $number) % 4 ]', 'user @{[$i % 5]}', 'query', '{\"query\": \"asked $i\", \"tables_used\": [\"table @{[$i % 7]}\"]}');\n" } 1 .. 8000));
	IPC::Run::start([ 'psql', '-XAtq', '-o', "$dir/writer$number.out", '-f', "$dir/writer$number.sql", '-d', $all[ $number % 3 ]->connstr('postgres') ], '2>', "$dir/writer$number.err")
} 1 .. 4;
within($coordinator, 'SELECT count(*) > 200 FROM personalization.interactions', 'there is load');
my $before = in('postgres', 'SELECT count(*) FROM personalization.interactions');
my $dump = do { local $ENV{PGOPTIONS} = '-c citus.max_adaptive_executor_pool_size=1'; dump_of('postgres') };
cmp_ok(in('postgres', 'SELECT count(*) FROM personalization.interactions'), '>', $before, 'that goes on while the cluster is dumped');
$_->kill_kill(grace => 0) foreach @writers;

in('postgres', 'CREATE DATABASE single');
restore('single', $dump =~ s/^CREATE EXTENSION IF NOT EXISTS citus\b.*\n//mr =~ s/^COMMENT ON EXTENSION citus\b.*\n//mr);
cmp_ok(in('single', 'SELECT count(*) FROM personalization.interactions'), '>=', $before, 'all tenants are in one server');
is(differences('single'), 0, 'whose interactions equal observations');
like(in('single', q{SELECT personalization.learn('acme', 'new', 'export', '{}')}), qr/^[0-9a-f-]{36}$/, 'and who can go on there');

new_cluster('again');
restore('again', $dump);
in('again', 'SELECT personalization.distribute(4)');
cmp_ok(in('again', 'SELECT count(DISTINCT node) FROM personalization.distribution_status'), '>', 1, 'or in another cluster');
is(in('again', 'SELECT count(*) FROM personalization.interactions') . differences('again'), in('single', q{SELECT count(*) - 1 FROM personalization.interactions}) . 0, 'with the same rows');
ok($coordinator->poll_query_until('again', 'SELECT bool_and(same_privileges) FROM personalization.distribution_status'), 'the privileges follow');
is($coordinator->safe_psql('again', q{INSERT INTO personalization.inbox (user_id, interaction_type, data) VALUES ('wes', 'export', '{}') RETURNING tenant_id},
		connstr => $coordinator->connstr('again') . ' user=acme_app'), 'acme', 'roles have access');

new_cluster('grown');
restore('grown', dump_of('single', '--load-via-partition-root'));
in('grown', 'SELECT personalization.distribute(4)');
is(in('grown', 'SELECT count(*) FROM personalization.interactions') . differences('grown'), in('single', q{SELECT count(*) FROM personalization.interactions}) . 0, 'one server becomes a cluster');

# One tenant, as a file: from one server to a cluster, whose node of the tenant imports it.
my $node_of_acme = in('grown', q{SELECT node FROM personalization.distribution_status WHERE tenant_id = 'acme'});
my ($at) = grep { '127.0.0.1:' . $_->port eq $node_of_acme } @all;
in('grown', q{SELECT personalization.drop_tenant('acme')});
in('single', q{SELECT personalization.freeze_tenant('acme')});
command_ok([ 'psql', '-XAtq', '-d', $coordinator->connstr('single'), '-o', "$dir/acme.jsonl", '-c', q{SELECT personalization.export_tenant('acme')} ], 'a tenant is exported');
my $import = qq{CREATE TEMPORARY TABLE lines (n int GENERATED ALWAYS AS IDENTITY, line text);
\\copy lines (line) FROM '$dir/acme.jsonl' WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')
SELECT sum(personalization.import_tenant('acme', line::jsonb)) > 0 FROM (SELECT line FROM lines ORDER BY n) l};
my (undef, undef, $elsewhere) = (grep { $_ != $at } @all)[0]->psql('grown', $import);
like($elsewhere, qr/ERROR:  tenant "acme" is on node \Q$node_of_acme\E/, 'other nodes name the one that can import it');
is($at->safe_psql('grown', $import), 't', 'which does');
is(in('grown', q{SELECT personalization.tenant_digest('acme')}), in('single', q{SELECT personalization.tenant_digest('acme')}), 'the same rows');
in('grown', q{SELECT personalization.thaw_tenant('acme')});
like(in('grown', q{SELECT personalization.learn('acme', 'new', 'export', '{}')}), qr/^[0-9a-f-]{36}$/, 'and it goes on there');

####################################################################
# The update from 1.0: tables and shards are then as those of a new cluster. What 1.0 has left is in doubt only until the
# first distribute().

my $definitions = q{
	SET citus.override_table_visibility = off;
	WITH s AS (
		SELECT c.relname, t.oid, s.shardid, t.reloptions, t.relrowsecurity, t.relforcerowsecurity, t.relreplident
		FROM pg_class c JOIN (SELECT DISTINCT ON (logicalrelid) * FROM pg_dist_shard JOIN pg_dist_placement USING (shardid) JOIN pg_dist_local_group USING (groupid) ORDER BY logicalrelid, shardid) s ON s.logicalrelid = c.oid
		JOIN pg_class t ON t.oid IN (c.oid, to_regclass('personalization.' || c.relname || '_' || s.shardid)) WHERE c.relnamespace = 'personalization'::regnamespace)
	SELECT concat_ws(' ', relname, what) FROM (
		SELECT s.relname, concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attstattarget, a.attstorage, nullif(a.attcollation, 0)::regcollation)
		FROM s JOIN pg_attribute a ON a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = s.oid AND d.adnum = a.attnum
		UNION ALL SELECT s.relname, replace(pg_get_indexdef(indexrelid), '_' || shardid, '') FROM s JOIN pg_index ON indrelid = s.oid
		UNION ALL SELECT s.relname, concat_ws(' ', reloptions, relrowsecurity, relreplident) FROM s
		UNION ALL SELECT s.relname, replace(conname, '_' || shardid, '') || pg_get_constraintdef(c.oid) FROM s JOIN pg_constraint c ON conrelid = s.oid
		UNION ALL SELECT s.relname, concat_ws(' ', polname, polcmd, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) FROM s JOIN pg_policy ON polrelid = s.oid) x (relname, what)
	ORDER BY 1};

new_cluster('old');
in('old', q{CREATE EXTENSION personalization VERSION '1.0'});
# This library notes in the column with what it has distributed; 1.0 did not have it.
sub noting { my $change = shift; $_->safe_psql('old', "SET citus.enable_ddl_propagation = off; ALTER TABLE personalization.worker_state $change COLUMN distributed" . ($change eq 'ADD' ? ' jsonb' : '')) foreach @all; return; }
my (undef, undef, $outdated) = $coordinator->psql('old', 'SELECT personalization.distribute(4)');
like($outdated, qr/HINT:  Run ALTER EXTENSION personalization UPDATE/, 'what 1.0 has made is to be updated first');
noting('ADD');
in('old', 'SELECT personalization.distribute(4)', map { "SELECT personalization.create_tenant('$_')" } @tenants);
noting('DROP');
is($_->safe_psql('old', q{SELECT extversion FROM pg_extension WHERE extname = 'personalization'}), '1.0', 'version 1.0, at ' . $_->name) foreach @all;
in('old', "SELECT personalization.learn('$_', 'ana', 'query', '{\"query\": \"old\"}')") foreach @tenants;
$_->safe_psql('old', "SET citus.enable_ddl_propagation = off; ALTER EXTENSION personalization UPDATE TO '$version'") foreach @nodes, $coordinator;
my (undef, undef, $early) = $coordinator->psql('old', q{SELECT personalization.learn('acme', 'ana', 'query', '{"query": "early"}')});
like($early, qr/ERROR:  column "outline" .*\nHINT:  Run ALTER EXTENSION personalization UPDATE, and where the tables are distributed call distribute\(\)\./, 'until it is distributed again, what needs the new column fails');
in('old', 'SELECT personalization.distribute(4)');
in('old', "SELECT personalization.learn('$_', 'ana', 'query', '{\"query\": \"new\"}')") foreach @tenants;
is(differences('old'), 0, 'interactions equal observations');
is(in('old', 'SELECT count(*), count(outline) FROM personalization.interactions'), '8|4', 'of old and new ones');
new_cluster('new');
in('new', 'CREATE EXTENSION personalization', 'SELECT personalization.distribute(4)');
foreach my $node (@nodes)
{
	my ($old, $new) = map { $node->safe_psql($_, $definitions) } qw(old new);

	cmp_ok(scalar(split /\n/, $new), '>', 500, 'tables and shards have ' . scalar(split /\n/, $new) . ' properties, at ' . $node->name);
	is($old, $new, 'which are the same of an updated cluster and a new one');
}

####################################################################
# An update.

on($coordinator, 'CREATE INDEX interactions_user_time ON personalization.interactions (tenant_id)');
my $retired = q{SELECT sum(result::int) FROM run_command_on_all_nodes($$SELECT count(*) FROM pg_class WHERE relname ~ '^interactions_user_time_\d+$'$$)};
is(on($coordinator, $retired), 8, 'shards have an index as of version 1.0');
foreach my $node (@nodes, $coordinator)
{
	is(on($coordinator, 'SELECT bool_and(same_version) FROM personalization.distribution_status'), $node == $nodes[0] ? 't' : 'f', 'distribution_status shows versions');
	on($node, 'SET citus.enable_ddl_propagation = off', q{ALTER EXTENSION personalization UPDATE TO 'test'});
}
is(on($coordinator, 'SELECT bool_and(same_version) FROM personalization.distribution_status'), 't', 'all nodes are updated');
like(on($coordinator, q{SELECT personalization.learn('acme', 'new', 'export', '{}')}), qr/^[0-9a-f-]{36}$/, 'calls go on');
like(error_on($coordinator, 'SELECT mood FROM personalization.profiles'), qr/ERROR:  column "mood" does not exist/, 'shards are as they were');
is(on($coordinator, 'SELECT personalization.distribute(8)', 'SELECT personalization.distribute(8)'), "\n", 'until they are distributed again');
is(on($coordinator, q{SELECT DISTINCT mood FROM personalization.profiles}), 'calm', 'then they have the new columns');
is(on($coordinator, q{SELECT bool_and(result = '4') FROM run_command_on_workers($$SELECT count(*) FROM pg_class WHERE relname ~ '^profiles_by_mood_\d+$'$$)}), 't', 'and indexes');
is(on($coordinator, $retired), 0, 'and lack those that are no longer used');
is(on($coordinator, q{SELECT sum(result::int) FROM run_command_on_all_nodes($$SELECT count(*) FROM pg_class WHERE relname ~ '^interactions_\d+$' AND 'autovacuum_vacuum_insert_scale_factor=0.01' = ANY (reloptions)$$)}), 8, 'and have the storage parameters');
is(on($coordinator, q{SELECT count(mood) FROM personalization.signal_rules}), 0, 'the rules, too');
is(on($coordinator, q{SELECT personalization.mood('acme')}), 'calm', 'new functions are there');
is(differences('postgres'), 0, 'interactions equal observations');

$_->stop foreach reverse @all;
done_testing();
