# A cluster of Citus in operation: privileges follow shards that move, each node pushes its own tenants to Redis, and
# a new node becomes one like the others.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use Citus;
use Redis;

my $dir = $PostgreSQL::Test::Utils::tmp_check;
my ($coordinator, @nodes) = start_cluster();
my @all = ($coordinator, @nodes);
my @tenants = qw(acme globex initech umbrella);

on($coordinator, 'CREATE EXTENSION personalization', 'CREATE ROLE acme_app LOGIN', 'CREATE ROLE web LOGIN',
	'SELECT personalization.distribute(8)', map { "SELECT personalization.create_tenant('$_')" } @tenants);
on($coordinator, q{SELECT personalization.bind_role('acme_app', 'acme')}, q{SELECT personalization.grant_access('web', pooled => true)});
look_again();

sub as { my ($node, $role) = @_; return (connstr => $node->connstr('postgres') . " user=$role"); }
sub move
{
	my ($tenant, $mode) = @_;
	move_tenant($tenant, (grep { $_ != owner($tenant) } @nodes), $mode);
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

####################################################################
# Rejected events of no tenant are those of one node, and deleted there.

my $nameless = q{SELECT count(*) FROM personalization.rejected_events WHERE tenant_id = ''};
on($coordinator, q{SELECT personalization.learn_batch('[{"user_id": "x", "interaction_type": "export", "data": {}}]', 'divert')});
is(on($coordinator, $nameless), 1, 'an event without a tenant is set aside');
# Prepared statements get the plan that they keep only after some executions.
my %passes = map { $_->name => on($_, 'SELECT passes FROM personalization.worker_state') } @all;
within($_, "SELECT passes > $passes{$_->name} + 7 FROM personalization.worker_state", 'passes go on, at ' . $_->name) foreach @all;
is(on($coordinator, $nameless), 1, 'and kept');
on($coordinator, q{UPDATE personalization.rejected_events SET rejected_at = now() - interval '100 days' WHERE tenant_id = ''});
within($coordinator, $nameless =~ s/\(\*\)/(*) = 0/r, 'until it is old');
is($_->safe_psql('postgres', q{SELECT last_error FROM personalization.worker_status WHERE last_error_in LIKE 'deleting%'}), '', 'no worker has failed, at ' . $_->name) foreach @all;

####################################################################
# Each node pushes the documents of its own tenants to its own Redis, which keeps none of a tenant that moves.

SKIP:
{
	skip Redis::missing(), 1 if Redis::missing();
	my ($built) = run_command([ 'ldd', $library ]);
	skip 'built without the push to Redis', 1 if $built !~ /hiredis/;

	my %redis = map { $_->name => Redis->new("$dir/redis_" . $_->name)->start } @all;
	my $learn = q{SELECT personalization.learn('acme', '%s', 'export', '{"format": "csv"}')};

	# keys(node, user): the keys in a node's Redis that are about a user.
	sub keys_of { my ($all, $user) = @_; return scalar(grep { /:\Q$user\E$/ } keys %$all); }
	my $kept = sub { my ($node, $user) = @_; return keys_of($redis{ $node->name }->all(''), $user); };
	my $becomes = sub {
		my ($node, $user, $n, $what) = @_;
		my $deadline = time + 60;

		sleep 0.05 while $kept->($node, $user) != $n && time < $deadline;
		return is($kept->($node, $user), $n, $what);
	};

	foreach my $node (@all)
	{
		$node->append_conf('postgresql.conf', "personalization.redis_url = '" . $redis{ $node->name }->url . "'");
		$node->reload;
	}
	within($_, q{SELECT cache_state = 'connected' FROM personalization.worker_status}, 'connected, at ' . $_->name) foreach @all;
	my ($first, $second) = (owner('acme'), grep { $_ != owner('acme') } @nodes);
	on($coordinator, sprintf($learn, 'ana'), sprintf($learn, 'bo'));
	$becomes->($first, 'ana', 1, 'pushed by the owner');
	$becomes->($first, 'bo', 1, 'each user');
	is($kept->($_, 'ana'), 0, 'and by no other') foreach others('acme');

	move('acme', 'block_writes');
	$becomes->($first, 'ana', 0, 'no key stays where the tenant was');
	on($coordinator, q{SELECT personalization.forget_user('acme', 'ana')}, sprintf($learn, 'bo'));
	$becomes->($second, 'bo', 1, 'the new owner pushes');
	is($kept->($second, 'ana'), 0, 'what is there');

	# Also where nobody has looked meanwhile.
	$second->append_conf('postgresql.conf', 'personalization.worker = off');
	$second->reload;
	within($second, q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'personalization worker'}, 'the worker stops');
	move('acme', 'block_writes');
	on($coordinator, q{SELECT personalization.forget_user('acme', 'bo')});
	move('acme', 'block_writes');
	is($kept->($second, 'bo'), 1, 'what has been forgotten elsewhere is still there');
	$second->append_conf('postgresql.conf', 'personalization.worker = on');
	$second->reload;
	$becomes->($second, 'bo', 0, 'until the worker looks');
	on($coordinator, sprintf($learn, 'cy'));
	$becomes->($second, 'cy', 1, 'and goes on');
	within($_, 'SELECT cache_backlog = 0 AND cache_last_error IS NULL FROM personalization.worker_status', 'without errors, at ' . $_->name) foreach @all;
	foreach my $node (@all)
	{
		$node->append_conf('postgresql.conf', q{personalization.redis_url = ''});
		$node->reload;
		$redis{ $node->name }->stop;
	}
}

####################################################################
# A new node.

my $three = add_node('three');
push @all, $three;
on($coordinator, 'SELECT personalization.distribute(8)', 'SELECT personalization.distribute(8)');
is(on($coordinator, 'SELECT bool_and(same_version AND same_privileges) FROM personalization.distribution_status'), 't', 'a new node has the same versions and privileges');
is(on($three, 'SELECT personalization.node_name()'), '127.0.0.1:' . $three->port, 'and knows itself');
my $export = q{SELECT personalization.learn('acme', 'ned', 'export', '{"format": "csv"}')};
like($three->safe_psql('postgres', $export, as($three, 'acme_app')), qr/^[0-9a-f-]{36}$/, 'it sends calls to the others');
move_tenant('acme', $three, 'force_logical');
within($coordinator, $same, 'its worker follows shards');
foreach my $node (@all)
{
	like($node->safe_psql('postgres', $export, as($node, 'acme_app')), qr/^[0-9a-f-]{36}$/, 'a bound role learns there, from ' . $node->name);
	is($node->safe_psql('postgres', "$waiting RETURNING tenant_id", as($node, 'acme_app')), 'acme', 'and inserts into its inbox');
	like(error_on($node, q{SELECT personalization.learn('globex', 'ned', 'export', '{}')}, as($node, 'acme_app')), qr/ERROR:  permission denied for tenant "globex"/, 'for no other tenant');
}
is($three->safe_psql('postgres', "BEGIN;\nSELECT personalization.use_tenant('acme');\n$export IS NOT NULL;\nCOMMIT", as($three, 'web')), "\nt", 'a pooled role, at the new node');
within($coordinator, q{SELECT count(*) = 0 FROM personalization.inbox}, 'its inbox is learned');
is(on($coordinator, q{SELECT observation_count FROM personalization.preferences WHERE tenant_id = 'acme' AND user_id = 'ned'}), @all + 2, 'each once');
is(on($coordinator, q{SELECT sum(observation_count) FROM personalization.preferences WHERE tenant_id = 'acme' AND user_id = 'wes'}), $expected + @all, 'also what waited');

####################################################################
# The node is drained and removed under load.

sub removed_node { my $n = shift; return map { sprintf(q{SELECT personalization.learn('%s', 'dan', 'export', '{"format": "csv"}', now(), '%08x-0000-4000-8000-%012x')}, $tenants[ $_ % 4 ], $n, $_) } 1 .. 3000; }
is($Citus::where{acme}, '127.0.0.1:' . $three->port, 'the node has tenants');
my @writers = map { start_writer(($coordinator, @nodes)[$_], "drain$_", scalar(getpwuid($<)), removed_node($_)) } 0 .. 2;
wait_for_writers(20, @writers);
on($coordinator, q{SELECT citus_drain_node('127.0.0.1', } . $three->port . ')');
look_again();
is(scalar(grep { $_ eq '127.0.0.1:' . $three->port } values %Citus::where), 0, 'no tenant is left there');
wait_for_writers(20, @writers);
within($coordinator, $same, 'the workers of the others follow');
on($three, q{INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('acme', 'dan', 'export', '{"format": "csv"}')});
on($coordinator, q{SELECT citus_remove_node('127.0.0.1', } . $three->port . ')');
@all = ($coordinator, @nodes);
wait_for_writers(20, @writers);
end_writers(@writers);
my %answered = map { $_ => 1 } answered(@writers);
cmp_ok(scalar(keys %answered), '>', 150, 'the writers have got answers');
# A call that finds its tenant moved away is sent again.
is(join("\n", grep { /ERROR/ && !/ERROR:  tenant "\w+" is on node / } split /\n/, slurp_file("$_->{file}.err")), '', 'and no errors but of moves') foreach @writers;
within($coordinator, q{SELECT count(*) = 0 FROM personalization.inbox}, 'the inboxes are learned');
my %stored = map { $_ => 1 } split /\n/, on($coordinator, q{SELECT interaction_id FROM personalization.interactions WHERE user_id = 'dan'});
is(scalar(grep { !$stored{$_} } keys %answered), 0, 'all that was answered is there');
is(on($coordinator, q{SELECT sum(observation_count) FROM personalization.preferences WHERE user_id = 'dan'}), scalar(keys %stored), 'once');
is(on($coordinator, q{SELECT count(*), count(DISTINCT node), bool_and(same_version AND same_privileges) FROM personalization.distribution_status}), '4|2|t', 'the status is that of the nodes that are left');
is(on($coordinator, 'SELECT personalization.distribute(8)'), '', 'distribute() does no harm');
on($three, q{SET citus.enable_ddl_propagation = off}, 'SET client_min_messages = warning', 'DROP EXTENSION personalization CASCADE');
is($three->safe_psql('postgres', q{SELECT count(*) FROM pg_namespace WHERE nspname = 'personalization'}), 0, 'the removed node drops its extension');
foreach my $node (@all)
{
	within($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'personalization worker'}, 'the others have workers');
	like($node->safe_psql('postgres', $export, as($node, 'acme_app')), qr/^[0-9a-f-]{36}$/, 'a bound role learns at ' . $node->name);
}
$three->stop;
$_->stop foreach reverse @all;
done_testing();
