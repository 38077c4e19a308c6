# What operators of a Citus cluster do, and forget: servers that have tenants of their own, a node that is added and not
# distributed to, a command on the wrong node, an update of some nodes, a transaction that is rolled back, another
# database on the same servers, and a node that is down or killed meanwhile.

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

use Citus;

# An installation with an update of the test's own.
my ($version, $installation) = own_installation(q{CREATE FUNCTION personalization.mood(tenant_id text) RETURNS text LANGUAGE sql AS $$SELECT 'calm'$$;});
my @install_path = @$installation;

my ($coordinator, @nodes) = start_cluster('', @install_path);
my @all = ($coordinator, @nodes);
my $second = '127.0.0.1:' . $nodes[1]->port;

sub as { my ($node, $role) = @_; return (connstr => $node->connstr('postgres') . " user=$role"); }
sub status { return on($coordinator, 'SELECT bool_and(same_version), bool_and(same_privileges) FROM personalization.distribution_status'); }
sub problems { my $node = shift; return on($node, q{SELECT p FROM personalization.health, unnest(problems) AS p WHERE p ~ 'distribute'}); }
sub here { return ('SET citus.enable_ddl_propagation = off', @_); }

####################################################################
# Before: a node that has tenants of its own, which nobody would see any more.

on($nodes[1], here('CREATE EXTENSION personalization'), q{SELECT personalization.create_tenant('own')}, q{SELECT personalization.learn('own', 'ana', 'export', '{}')});
on($coordinator, 'CREATE EXTENSION personalization', 'CREATE ROLE acme_app LOGIN', q{SELECT personalization.create_tenant('acme')},
	q{SELECT personalization.bind_role('acme_app', 'acme')},
	q{SELECT count(personalization.learn('acme', 'early', 'query', jsonb_build_object('query', 'a secret question ' || i % 9))) FROM generate_series(1, 40) i});
like(error_on($coordinator, 'SELECT personalization.distribute(8)'), qr/ERROR:  node \Q$second\E has tenants of its own\nDETAIL:  .*\nHINT:  Remove the node, export its tenants/, 'a node with tenants of its own is refused');
is(on($nodes[1], q{SELECT user_id FROM personalization.interactions}), 'ana', 'and they are still there');
is(on($nodes[1], here('DROP EXTENSION personalization')), '', 'once they are elsewhere the extension is dropped');
like(error_on($coordinator, 'SELECT personalization.distribute(8)'), qr/does not have the same version on all nodes\nDETAIL:  Node \Q$second\E does not have the extension/, 'a node without the extension is refused');
on($nodes[1], here('CREATE EXTENSION personalization'));

# A transaction that is rolled back, and a node that is killed meanwhile.
my $distributed = q{SELECT count(*) FROM pg_dist_partition};
on($coordinator, 'BEGIN', 'SELECT personalization.distribute(8)', 'ROLLBACK');
is(on($coordinator, $distributed), 0, 'rolled back, nothing is distributed');
is(on($coordinator, q{SELECT count(*) FROM personalization.interactions}), 40, 'and all is where it was');
foreach my $delay (0.3, 1)
{
	my $error = '';
	my $run = IPC::Run::start([ 'psql', '-XAtq', '-d', $coordinator->connstr('postgres'), '-c', 'SELECT personalization.distribute(8)' ], '2>', \$error);

	sleep $delay;
	kill_server($nodes[1], 1);
	$run->finish;
	like($error, qr/ERROR:  (?:connection to the remote node|server closed the connection)/, "a node is killed after $delay s of it");
	is(on($coordinator, $distributed), 0, 'nothing is distributed');
	is(on($coordinator, q{SELECT count(*) FROM personalization.interactions}), 40, 'and all is where it was');
	like(error_on($coordinator, 'SELECT personalization.distribute(8)'), qr/ERROR:  command failed on another node\nDETAIL:  \Q$second\E: /, 'while it is down nothing can be');
	$nodes[1]->start;
}
is(error_on($coordinator, 'SELECT personalization.distribute(8)'), '', 'then it is distributed, without messages about what is left');
is(on($coordinator, 'SELECT personalization.distribute(8)'), '', 'and again');
is(status(), 't|t', 'privileges are those of before');
look_again();

####################################################################
# Nothing of a tenant stays in the tables of the coordinator.

my $left = q{SELECT count(*) FROM pg_class WHERE relnamespace = 'personalization'::regnamespace AND oid IN (SELECT logicalrelid FROM pg_dist_partition) AND pg_relation_size(oid) > 0};
is(on($coordinator, $left), 0, 'nothing of what was distributed is left where it was');
is(on($coordinator, q{SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'acme'}), 40, 'all of it is in the shards');
cmp_ok(on($coordinator, q{SELECT count(*) FROM personalization.signal_rules}), '>', 10, 'and so are the rules');

####################################################################
# Commands on another node than the coordinator.

on($coordinator, 'CREATE ROLE late_app LOGIN', 'CREATE ROLE admin LOGIN BYPASSRLS');
my $name = '127.0.0.1:' . $coordinator->port;
foreach my $call (q{grant_access('late_app')}, q{bind_role('late_app', 'acme')})
{
	my ($function) = $call =~ /^(\w+)/;

	like(error_on($nodes[0], "SELECT personalization.$call"), qr/ERROR:  $function\(\) must be called on the coordinator\nHINT:  Connect to \Q$name\E\./, "$function() elsewhere is refused");
	is(status(), 't|t', 'and does nothing');
}
like(error_on($nodes[0], q{SELECT personalization.current_tenant()}, as($nodes[0], 'late_app')), qr/permission denied for schema/, 'the role has nothing yet');
on($coordinator, q{SELECT personalization.bind_role('late_app', 'acme')});
is($_->safe_psql('postgres', 'SELECT personalization.current_tenant()', as($_, 'late_app')), 'acme', 'a role that was created later is bound, at ' . $_->name) foreach @all;
is(status(), 't|t', 'everywhere');
on($nodes[0], here(q{SELECT personalization.grant_access('admin')}));
is(status(), 't|f', 'by a setting it is for one node only, which is seen');
on($coordinator, q{SELECT personalization.grant_access('admin')});
is(status(), 't|t', 'and mended on the coordinator');
like(error_on($coordinator, 'SELECT personalization.distribute(8)', as($coordinator, 'late_app')), qr/permission denied for function distribute/, 'distribute() is for administrators');

# By another superuser than the one whose extension it is, also where nothing is distributed yet.
foreach my $node (@all)
{
	$node->safe_psql('postgres', 'CREATE DATABASE twice');
	$node->safe_psql('twice', 'CREATE EXTENSION citus');
}
$coordinator->safe_psql('twice', q{SELECT citus_set_coordinator_host('127.0.0.1', } . $coordinator->port . '); ' . join('; ', map { "SELECT citus_add_node('127.0.0.1', " . $_->port . ')' } @nodes)
	. q{; CREATE EXTENSION personalization; SELECT personalization.create_tenant('acme'); SELECT personalization.bind_role('late_app', 'acme')});
on($coordinator, 'CREATE ROLE other_admin LOGIN SUPERUSER');
my @other_admin = (connstr => $coordinator->connstr('twice') . ' user=other_admin');
is($coordinator->safe_psql('twice', 'SELECT personalization.distribute(4); SELECT personalization.distribute(4)', @other_admin), "\n", 'another superuser distributes');
is($coordinator->safe_psql('twice', q{SELECT personalization.bind_role('late_app', 'acme'); SELECT personalization.grant_access('admin')}, @other_admin), "\n", 'and gives access');
is($coordinator->safe_psql('twice', q{SELECT string_agg(action || ' ' || session_role, ', ' ORDER BY at, action) FROM (SELECT * FROM personalization.audit_log WHERE session_role = 'other_admin' AND acting_role = 'other_admin') a}),
	'distribute other_admin, distribute other_admin, bind_role other_admin, grant_access other_admin', 'under their own name');
like($coordinator->safe_psql('twice', q{SELECT personalization.learn('acme', 'ana', 'export', '{}')}, connstr => $coordinator->connstr('twice') . ' user=late_app'), qr/^[0-9a-f-]{36}$/, 'the role calls');

# Another database of the same servers, with roles of its own, which one of the nodes does not know.
on($nodes[0], here('CREATE ROLE other_app LOGIN', q{ALTER ROLE other_app SET personalization.tenant_id = 'elsewhere'}));
is(status(), 't|t', 'bindings of roles that have no access here are not compared');
# It has access here, and is bound in the other database.
on($coordinator, 'CREATE DATABASE other', 'CREATE ROLE both_app LOGIN');
on($coordinator, q{SELECT personalization.grant_access('both_app')}, q{ALTER ROLE both_app IN DATABASE other SET personalization.tenant_id = 'elsewhere'}, 'SELECT personalization.distribute(8)');
is(on($nodes[0], q{SELECT count(*) FROM pg_db_role_setting WHERE setrole = 'both_app'::regrole}), 0, 'nor does distribute() bind a role by another database');
is(status(), 't|t', 'and all is the same');

####################################################################
# A node that is down: a tenant of another one is dropped, unless they have rules, which are on every node.

on($coordinator, map { "SELECT personalization.create_tenant('tenant $_')" } 1 .. 8);
my %where = look_again();
my ($near, $ruled) = grep { $where{$_} ne $second } sort grep { /^tenant / } keys %where;
on($coordinator, "INSERT INTO personalization.signal_rules (tenant_id, interaction_type, path, category, key, strength) VALUES ('$ruled', 'export', 'x', 'presentation', 'y', 0.5)",
	map { "SELECT personalization.learn('$_', 'ana', 'export', '{}')" } $near, $ruled);
$nodes[1]->stop('immediate');
like(error_on($coordinator, "SELECT personalization.drop_tenant('$ruled')"), qr/ERROR:  connection to the remote node /, 'a tenant with rules waits for all nodes');
is(on(owner($ruled), "SELECT count(*) FROM personalization.interactions WHERE tenant_id = '$ruled'"), 1, 'and has lost nothing');
like(on($coordinator, "SELECT personalization.drop_tenant('$near')"), qr/"interactions": 1/, 'another is dropped');
is(on(owner($near), "SELECT count(*) FROM personalization.interactions WHERE tenant_id = '$near'"), 0, 'wholly');
like(error_on($coordinator, q{SELECT personalization.grant_access('late_app')}), qr/ERROR:  command failed on another node/, 'what is for all nodes fails');
like(error_on($coordinator, 'SET client_min_messages = warning; DROP EXTENSION personalization CASCADE'), qr/ERROR:  connection to the remote node /, 'the extension is not dropped on some');
$nodes[1]->start;
like(on($coordinator, "SELECT personalization.drop_tenant('$ruled')"), qr/"signal_rules": 1/, 'when it is up, the tenant is dropped with their rules');

####################################################################
# A node is added under the eyes of the workers, and forgotten.

is(problems($_), '', 'health has nothing to say, at ' . $_->name) foreach @all;
my $three = Citus::node('three', '', @install_path);
my $third = '127.0.0.1:' . $three->port;
my @added = ("'127.0.0.1'", $three->port);

# First with tenants of its own: they are found again, as the manual says.
on($three, 'CREATE EXTENSION personalization', q{SELECT personalization.create_tenant('own')}, q{SELECT personalization.learn('own', 'ana', 'export', '{}')});
on($coordinator, "SELECT citus_add_node($added[0], $added[1])");
is(on($three, q{SELECT count(*) FROM personalization.tenants WHERE tenant_id = 'own'}), 0, 'a server with tenants of its own is added, which are hidden');
like(error_on($coordinator, 'SELECT personalization.distribute(8)'), qr/ERROR:  node \Q$third\E has tenants of its own/, 'it is refused then, too');
on($coordinator, "SELECT citus_remove_node($added[0], $added[1])");
on($three, q{DELETE FROM pg_dist_partition WHERE logicalrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'personalization'::regnamespace)});
is(on($three, q{SELECT count(*) > 3 FROM personalization.export_tenant('own')}), 't', 'and removed, and its tenants can be exported');
on($three, 'SET client_min_messages = warning', here('DROP EXTENSION personalization CASCADE'));

on($coordinator, "SELECT citus_add_node($added[0], $added[1])");
push @all, $three;
push @Citus::all, $three;
$Citus::by_name{$third} = $three;
is(problems($coordinator), "distribute() has not been called since node $third was added", 'health says so on the coordinator');
is(problems($nodes[0]), "distribute() has not been called since node $third was added", 'on other nodes');
is(problems($three), 'distribute() has not been called since this node was added or updated', 'and on the new one');
is(status(), 't|f', 'roles have no access there');
# As citus_rebalance_start() does it; moving a single shard would be refused.
on($coordinator, q{SELECT replicate_reference_tables('block_writes')});
move_tenant('acme', $three, 'block_writes');
like(error_on($three, q{SELECT personalization.current_tenant()}, as($three, 'acme_app')), qr/permission denied for schema/, 'so a tenant that has moved there cannot be used');
on($coordinator, 'SELECT personalization.distribute(8)');
is(problems($_), '', 'until distribute() has been called, at ' . $_->name) foreach @all;
is(status(), 't|t', 'the status');
is($three->safe_psql('postgres', q{SELECT personalization.learn('acme', 'ana', 'export', '{}') IS NOT NULL}, as($three, 'acme_app')), 't', 'then it can');

####################################################################
# Some nodes are updated.

on($nodes[0], here(q{ALTER EXTENSION personalization UPDATE TO 'test'}));
like(error_on($coordinator, 'SELECT personalization.distribute(8)'), qr/ERROR:  extension personalization does not have the same version on all nodes\nDETAIL:  Node 127\.0\.0\.1:@{[$nodes[0]->port]} has version test, and this node has \Q$version\E\.\nHINT:  On each node/, 'one node is updated');
is(status(), 'f|t', 'which the status shows');
is(problems($nodes[0]), "distribute() has not been called since the extension was updated from version $version to test", 'and health, there');
like(on($_, q{SELECT personalization.learn('acme', 'ana', 'export', '{}')}), qr/^[0-9a-f-]{36}$/, 'calls go on, at ' . $_->name) foreach @all;
on($_, here(q{ALTER EXTENSION personalization UPDATE TO 'test'})) foreach $coordinator, $nodes[1];
like(error_on($coordinator, 'SELECT personalization.distribute(8)'), qr/DETAIL:  Node \Q$third\E has version \Q$version\E, and this node has test\./, 'one is forgotten');
on($three, here(q{ALTER EXTENSION personalization UPDATE TO 'test'}));
on($coordinator, 'SELECT personalization.distribute(8)');
is(problems($_), '', 'all are updated, and distributed, at ' . $_->name) foreach @all;
is(on($coordinator, q{SELECT personalization.mood('acme')}), 'calm', 'new functions are there');
is(status(), 't|t', 'the status');

####################################################################
# A node is gone for good, and its standby takes its place.

$three->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby', @install_path);
$standby->init_from_backup($three, 'backup', has_streaming => 1);
$standby->start;
is($standby->safe_psql('postgres', q{SELECT ok FROM personalization.health}), 't', 'a standby answers for the node');
$three->wait_for_catchup('standby', 'replay', $three->lsn('write'));
my $learned = on($coordinator, q{SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'acme'});
kill_server($three, 1);
$standby->promote;
is(on($coordinator, "SELECT citus_update_node((SELECT nodeid FROM pg_dist_node WHERE nodeport = $added[1]), '127.0.0.1', @{[$standby->port]})"), '', 'the cluster is told');
@all = ($coordinator, @nodes, $standby);
my $learns = q{SELECT personalization.learn('acme', 'ana', 'export', '{}')};
like(on($standby, $learns), qr/^[0-9a-f-]{36}$/, 'it goes on at once where it is');
foreach my $node ($coordinator, @nodes)
{
	# Until Citus has told all nodes the others name the new one.
	my $error = '';
	foreach my $try (1 .. 300)
	{
		$error = error_on($node, $learns);
		last if $error !~ /ERROR:  tenant "acme" is on node 127\.0\.0\.1:@{[$standby->port]}\n/;
		sleep 0.2;
	}
	is($error, '', 'and soon through the others, at ' . $node->name);
}
is(on($coordinator, q{SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'acme'}), $learned + 4, 'nothing is lost');
within($coordinator, q{SELECT bool_and(same_version AND same_privileges) FROM personalization.distribution_status}, 'the status');
within($standby, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'personalization worker'}, 'it has a worker');
is(problems($_), '', 'nothing need be distributed, at ' . $_->name) foreach @all;

$_->stop foreach reverse @all;
done_testing();
