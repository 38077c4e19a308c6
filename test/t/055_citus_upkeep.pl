# A cluster of Citus in operation: privileges follow shards that move, and each node pushes its own tenants
# to Redis; a new node, an update, dump and restore, and the end.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use Citus;

my ($coordinator, @nodes) = start_cluster();
my @all = ($coordinator, @nodes);
my @tenants = qw(acme globex initech umbrella);

on($coordinator, 'CREATE EXTENSION personalization', 'CREATE ROLE acme_app LOGIN', 'CREATE ROLE web LOGIN',
	'SELECT personalization.distribute(8)', map { "SELECT personalization.create_tenant('$_')" } @tenants);
on($coordinator, q{SELECT personalization.bind_role('acme_app', 'acme')}, q{SELECT personalization.grant_access('web', pooled => true)});
my %where = look_again();

sub as { my ($node, $role) = @_; return (connstr => $node->connstr('postgres') . " user=$role"); }
sub move
{
	my ($tenant, $mode) = @_;
	my ($to) = grep { $_ != owner($tenant) } @nodes;
	my $move = "SELECT citus_move_shard_placement(get_shard_id_for_distribution_column('personalization.tenants', '$tenant'), '127.0.0.1', "
	  . owner($tenant)->port . ", '127.0.0.1', " . $to->port . ", '$mode')";
	# Citus first removes what an earlier move has left, which waits for nobody who reads it.
	foreach my $try (1 .. 10)
	{
		my $error = error_on($coordinator, $move);
		last if $error !~ /could not be cleaned up/;
		note($error);
		sleep 1;
	}
	%where = look_again();
	is($where{$tenant}, '127.0.0.1:' . $to->port, "$tenant moves ($mode)");
	return;
}
sub workers
{
	my $state = shift;

	foreach my $node (@all)
	{
		$node->append_conf('postgresql.conf', "personalization.worker = $state");
		$node->reload;
		within($node, 'SELECT count(*) ' . ($state eq 'on' ? '>' : '=') . q{ 0 FROM pg_stat_activity WHERE backend_type = 'personalization worker'}, "worker $state at " . $node->name);
	}
	return;
}

####################################################################
# Privileges on a shard that moves.

my $waiting = q{INSERT INTO personalization.inbox (user_id, interaction_type, data) VALUES ('wes', 'export', '{"format": "csv"}')};
my $same = q{SELECT bool_and(same_privileges) FROM personalization.distribution_status};
my $expected = 0;

workers('off');
move('acme', 'block_writes');
is(on($coordinator, $same), 'f', 'distribution_status shows that privileges have not followed');
like(error_on($coordinator, $waiting, as($coordinator, 'acme_app')), qr/ERROR:  permission denied for table inbox_\d+/, 'without workers the inbox is closed');
on(owner('acme'), 'SELECT personalization.run_maintenance()');
is(on($coordinator, $same), 't', 'run_maintenance() follows');
foreach my $node (@all)
{
	is($node->safe_psql('postgres', "$waiting RETURNING tenant_id", as($node, 'acme_app')), 'acme', 'the inbox is open, at ' . $node->name);
	$expected++;
}
workers('on');
foreach my $mode (qw(force_logical block_writes))
{
	move('acme', $mode);
	within($coordinator, $same, 'the worker follows');
	foreach my $node (@all)
	{
		is($node->safe_psql('postgres', "$waiting RETURNING tenant_id", as($node, 'acme_app')), 'acme', 'the inbox is open, at ' . $node->name);
		$expected++;
	}
}
within($coordinator, q{SELECT count(*) = 0 FROM personalization.inbox}, 'the inboxes are learned');
is(on($coordinator, q{SELECT sum(observation_count) FROM personalization.preferences WHERE tenant_id = 'acme' AND user_id = 'wes'}), $expected, 'each row once');

# As it is for a role that is granted access while a shard moves.
my $shard = on($coordinator, q{SELECT get_shard_id_for_distribution_column('personalization.inbox', 'acme')});
on(owner('acme'), 'SET citus.enable_ddl_propagation = off', "REVOKE ALL ON personalization.inbox_$shard FROM web");
within($coordinator, $same, 'a role that lacks all is granted all');
is(on(owner('acme'), "SELECT has_table_privilege('web', 'personalization.inbox_$shard', 'SELECT')"), 't', 'also SELECT');

$_->stop foreach reverse @all;
done_testing();
