# A cluster of Citus, a coordinator and two nodes: a tenant's calls are executed where its shards are and
# nowhere else, whoever calls where, also while shards move and a node is killed; the results are those
# of one server.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Citus;

my ($coordinator, @nodes) = start_cluster();
my @all = ($coordinator, @nodes);

# Without Citus installed in a database, and before distribution, everything is as on one server.
on($coordinator, 'CREATE DATABASE plain');
$coordinator->safe_psql('plain', q{CREATE EXTENSION personalization; SELECT personalization.create_tenant('acme')});
my (undef, undef, $plain_error) = $coordinator->psql('plain', 'SELECT personalization.distribute()');
like($plain_error, qr/ERROR:  extension citus is not installed in this database/, 'nothing can be distributed without Citus');

on($coordinator, 'CREATE EXTENSION personalization', 'CREATE ROLE acme_app LOGIN', 'CREATE ROLE web LOGIN',
	'CREATE ROLE bound_early LOGIN', q{SELECT personalization.create_tenant('acme')}, q{SELECT personalization.bind_role('bound_early', 'acme')}, q{SELECT personalization.grant_access('web', pooled => true)},
	q{SELECT count(personalization.learn('acme', 'early', 'query', jsonb_build_object('query', 'question ' || i % 9))) FROM generate_series(1, 40) i});

####################################################################
# Distribution, with data and a role there; and again.

is(on($coordinator, 'SELECT personalization.distribute(8)', 'SELECT personalization.distribute(8)'), "\n", 'distributed, twice');
like(error_on($nodes[0], 'SELECT personalization.distribute(8)'), qr/must be called on the coordinator/, 'by the coordinator');
my $begun = time;
within($_, q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'personalization worker'}, 'a worker runs at ' . $_->name) foreach @all;
cmp_ok(time - $begun, '<', 30, 'and need not be found by the launcher, which looks once a minute');
like(error_on($coordinator, 'SELECT personalization.distribute(0)'), qr/ERROR:  shard_count must be between 1 and 64000: 0/, 'into some shards');
is($coordinator->safe_psql('plain', 'SELECT personalization.node_name() IS NULL'), 't', 'a database that is not distributed names no node');
on($coordinator, map { "SELECT personalization.create_tenant('$_')" } qw(globex initech umbrella));
is(on($coordinator, 'SELECT count(*), bool_and(same_version AND same_privileges) FROM personalization.distribution_status'), '4|t',
	'versions and privileges are the same on all nodes');
is($_->safe_psql('postgres', 'SELECT personalization.current_tenant()', connstr => $_->connstr('postgres') . ' user=bound_early'), 'acme', 'roles are bound at ' . $_->name) foreach @all;
is(on($coordinator, q{SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'acme'}), '40', 'what was there has moved along');
my %where = look_again();
cmp_ok(scalar(keys %{ { reverse %where } }), '>', 1, 'tenants are on different nodes');

####################################################################
# Who may execute.

my $learn = q{SELECT personalization.learn('acme', 'ana', 'export', '{"format": "csv"}')};
foreach my $node (others('acme'))
{
	like(error_on($node, "BEGIN;\n$learn"), qr/ERROR:  tenant "acme" is on node \Q$where{acme}\E\n.*HINT:  Connect there/s,
		$node->name . ' does not execute what is not its own');
	like(on($node, $learn), qr/^[0-9a-f-]{36}$/, $node->name . ' sends a call by itself to the owner');
}
like(on(owner('acme'), 'BEGIN ISOLATION LEVEL REPEATABLE READ', $learn, $learn, 'COMMIT'), qr/^[0-9a-f-]{36}\n[0-9a-f-]{36}$/, 'the owner executes, under REPEATABLE READ too');
is(on($coordinator, q{SELECT observation_count FROM personalization.preferences WHERE tenant_id = 'acme' AND user_id = 'ana'}), '4', 'each has had its effect');

# Citus would crash the server.
foreach my $node (@all)
{
	foreach my $call (
		q{SELECT personalization.learn(NULL, 'ana', 'export', '{}')},
		q{SELECT * FROM personalization.get_suggestions(user_id => 'ana', tenant_id => NULL)},
		q{PREPARE p (text) AS SELECT personalization.get_context($1, 'ana'); EXECUTE p (NULL)})
	{
		like(error_on($node, $call), qr/ERROR:  tenant_id must not be null/, 'a null tenant is refused, at ' . $node->name);
	}
}

# Citus would crash the server, too, as PostgreSQL makes a single call of each of these when it plans them. They are
# executed where the tenant is, and nowhere else.
foreach my $query (
	q{SELECT personalization.learn('acme', 'ana', 'export', x) FROM (SELECT '{"format": "csv"}'::jsonb AS x) r},
	q{SELECT personalization.learn('acme', u, 'export', '{}') FROM (VALUES ('ana')) v (u)},
	q{WITH x AS (SELECT 'ana' AS u) SELECT personalization.learn('acme', u, 'export', '{}') FROM x},
	q{WITH y AS (SELECT 1 FROM pg_class) SELECT personalization.learn('acme', 'ana', 'export', x) FROM (SELECT '{}'::jsonb AS x) r},
	q{SELECT personalization.learn('acme', u, 'export', '{}') FROM lower('ANA') u},
	q{SELECT * FROM (SELECT personalization.get_context('acme', 'ana')) x},
	q{SELECT c -> 'user_id' FROM (SELECT c FROM personalization.get_context('acme', 'ana') c) x},
	q{SELECT c FROM personalization.get_context('acme', 'ana') c, (SELECT 1 AS b) b},
	q{SELECT p.user_id FROM (SELECT 'ana' AS u) x, LATERAL personalization.get_context('acme', x.u) p (user_id)},
	q{SELECT * FROM (SELECT * FROM personalization.get_context('acme', 'ana')) p},
	q{SELECT DISTINCT personalization.get_context('acme', 'ana') FROM (SELECT 1) x WHERE true},
	q{SELECT personalization.get_context(user_id => 'ana', tenant_id => 'acme') FROM (SELECT 1) x, (SELECT 2) y},
	q{CREATE TEMPORARY TABLE c AS SELECT personalization.get_context('acme', x) FROM (SELECT 'ana'::text AS x) r; TABLE c},
	q{COPY (SELECT personalization.get_context('acme', x) FROM (SELECT 'ana'::text AS x) r) TO STDOUT},
	q{PREPARE p (text) AS SELECT personalization.get_context($1, x) FROM (SELECT 'ana'::text AS x) r; EXECUTE p ('acme')})
{
	my $short = substr($query, 0, 90);

	isnt(on(owner('acme'), $query), '', "executed by the owner: $short");
	like(error_on($_, $query), qr/ERROR:  tenant "acme" is on node \Q$where{acme}\E\n/, 'and not at ' . $_->name) foreach others('acme');
}
foreach my $query (
	q{SELECT personalization.get_context(x, 'ana') FROM (SELECT NULL::text AS x) r},
	q{SELECT * FROM (SELECT personalization.get_context(NULL, 'ana')) x},
	q{SELECT CASE WHEN true THEN personalization.get_context(NULL, 'ana') END})
{
	like(error_on($_, $query), qr/ERROR:  tenant_id must not be null/, "a null tenant is refused, at @{[$_->name]}: $query") foreach @all;
}
like(on($_, q{SELECT CASE WHEN true THEN personalization.get_context('acme', 'ana') END}), qr/"user_id": "ana"/, 'what is but a call is sent, at ' . $_->name) foreach @all;
like(on($_, q{SELECT personalization.get_context(t.tenant_id, 'ana') FROM personalization.tenants t WHERE t.tenant_id = 'acme'}), qr/"user_id": "ana"/, 'and so is a query over tables, at ' . $_->name) foreach @all;

# Times: Citus would send them in a style that other nodes read as other times.
my $ambiguous = "SET DateStyle = 'SQL, DMY';\nSET timezone = 'Asia/Kolkata';\n";
my $at_noon = q{SELECT personalization.learn('initech', 'dates', 'export', '{"format": "csv"}', '05/04/2024 12:00:00'::timestamptz)};
my $refused = qr/ERROR:  times cannot be sent to other nodes unless DateStyle is ISO\n.*HINT:  SET DateStyle/s;
on(owner('initech'), q{SELECT personalization.configure_tenant('initech', '{"history_retention": "20 years"}')});
foreach my $node (others('initech'))
{
	like(error_on($node, "$ambiguous$at_noon"), $refused, 'a time in a call, at ' . $node->name);
	like(error_on($node, "${ambiguous}PREPARE p (timestamptz) AS SELECT personalization.learn('initech', 'dates', 'export', '{}', \$1);\nEXECUTE p ('05/04/2024 12:00:00')"), $refused, 'as a parameter');
	like(error_on($node, "${ambiguous}INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('initech', 'dates', 'export', '{}')"), $refused, 'the default of a column');
	like(error_on($node, "${ambiguous}SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'initech' AND occurred_at > '05/04/2024'"), $refused, 'in a condition');
	like(on($node, $ambiguous . $learn =~ s/'ana'/'dates'/r =~ s/acme/initech/r), qr/^[0-9a-f-]{36}$/, 'none in a call');
	is(on($node, "${ambiguous}SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'nobody'"), 0, 'nor in a query');
	like(error_on($node, "${ambiguous}SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'initech' AND occurred_at > current_timestamp"), $refused, 'what the session computes');
	like(error_on($node, "${ambiguous}SET plan_cache_mode = force_generic_plan;\nPREPARE q (timestamptz) AS SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'initech' AND occurred_at > \$1;\nEXECUTE q ('05/04/2024 12:00:00')"), $refused, 'a parameter in a condition');
	is(on($node, "${ambiguous}SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'initech' AND occurred_at > occurred_at + interval '1 day'"), 0, 'a column is none that is sent');
}
is($coordinator->safe_psql('plain', "$ambiguous@{[$at_noon =~ s/initech/acme/gr]} IS NOT NULL"), 't', 'a database that is not distributed sends nothing');
like(on(owner('initech'), "$ambiguous$at_noon"), qr/^[0-9a-f-]{36}$/, 'the owner reads times as they are written');
is(on($coordinator, q{SELECT min(occurred_at) FROM personalization.interactions WHERE user_id = 'dates'}), '2024-04-05 06:30:00+00', 'which are the right ones');

# What a version of Citus that is not known does with shards and locks nobody knows: then nothing is executed.
like(error_on(owner('acme'), "SET citus.enable_version_checks = off;\nBEGIN;\nUPDATE pg_extension SET extversion = '14.0-1' WHERE extname = 'citus';\n$learn"),
	qr/ERROR:  version 14\.0-1 of Citus is not supported/, 'another version of Citus is refused');

####################################################################
# The results are those of one server, through whichever node.

my $start = on($coordinator, q{SELECT now() - interval '20 days'});
my @events = map {
	my $i = $_;
	my $at = sprintf("timestamptz '$start' + %d * interval '5 hours'", $i);
	$i % 3 ? [ 'visualization', sprintf('{"chart_type": "%s"}', (qw(bar line pie))[ $i % 7 % 3 ]), $at ]
	  : [ 'query', sprintf('{"query": "question %d", "tables_used": ["t%d"]}', $i % 5, $i % 4), $at ];
} 0 .. 35;
foreach my $i (0 .. $#events)
{
	my $call = "SELECT personalization.learn('acme', 'same', '$events[$i][0]', '$events[$i][1]', $events[$i][2])";
	on($all[ $i % 3 ], $call);
	$coordinator->safe_psql('plain', $call);
}
my $result = qq{SELECT category, key, value, round(confidence::numeric, 9), observation_count, last_updated FROM personalization.preferences('acme', 'same', timestamptz '$start' + interval '14 days')};
is(on($coordinator, $result), $coordinator->safe_psql('plain', $result), 'confidences are the same to 1e-9');
$_->safe_psql('postgres', 'SELECT personalization.run_maintenance()') foreach @all;
is(on($coordinator, q{SELECT count(*) FROM personalization.query_events}), '0', 'each node counts its own');

####################################################################
# Isolation on each node.

on($coordinator, q{SELECT personalization.bind_role('acme_app', 'acme')});
like(error_on($coordinator, q{SELECT personalization.bind_role('acme_app', 'nobody')}), qr/ERROR:  tenant "nobody" does not exist/, 'a tenant of no node');
on($coordinator, 'SET citus.enable_ddl_propagation = off', 'CREATE ROLE only_here LOGIN');
like(error_on($coordinator, q{SELECT personalization.grant_access('only_here')}), qr/ERROR:  command failed on another node\nDETAIL:  127\.0\.0\.1:\d+: .*role "only_here" does not exist/, 'a role of one node');
on($coordinator, 'SET citus.enable_ddl_propagation = off', 'DROP ROLE only_here');
on($coordinator, q{SELECT personalization.learn('globex', 'gus', 'export', '{"format": "pdf"}')});
my $waiting = q{INSERT INTO personalization.inbox (user_id, interaction_type, data) VALUES ('wes', 'export', '{"format": "csv"}')};
foreach my $node (@all)
{
	my $as = $node->connstr('postgres') . ' user=acme_app';
	is($node->safe_psql('postgres', 'SELECT DISTINCT tenant_id FROM personalization.interactions', connstr => $as), 'acme', 'bound: no other tenant is seen, at ' . $node->name);
	my (undef, undef, $err) = $node->psql('postgres', q{SELECT personalization.learn('globex', 'x', 'export', '{}')}, connstr => $as);
	like($err, qr/ERROR:  permission denied for tenant "globex"/, 'nor written');
	like($node->safe_psql('postgres', $learn, connstr => $as), qr/^[0-9a-f-]{36}$/, 'its own is');
	is($node->safe_psql('postgres', "$waiting RETURNING tenant_id", connstr => $as), 'acme', 'also into the inbox');
	(undef, undef, $err) = $node->psql('postgres', $waiting =~ s/\(user_id/(position, user_id/r =~ s/'wes'/0, 'wes'/r, connstr => $as);
	like($err, qr/ERROR:  permission denied for table inbox/, 'not in a place of its own');
	(undef, undef, $err) = $node->psql('postgres', $waiting =~ s/'wes'/'globex', 'wes'/r =~ s/\(user_id/(tenant_id, user_id/r, connstr => $as);
	like($err, qr/ERROR:  new row violates row-level security policy/, 'but not for others');
	(undef, undef, $err) = $node->psql('postgres', 'SELECT count(*) FROM personalization.interactions', connstr => $node->connstr('postgres') . ' user=web');
	unlike($err, qr/permission denied for table/, 'pooled: without a tenant no error');
}
is( owner('globex')->safe_psql('postgres', q{BEGIN; SELECT personalization.use_tenant('globex'); SELECT count(*) FROM personalization.interactions; SELECT personalization.learn('globex', 'gus', 'export', '{}') IS NOT NULL; COMMIT},
		connstr => owner('globex')->connstr('postgres') . ' user=web'), "\n1\nt", 'a pooled role sets its tenant at the owner');

####################################################################
# Under load from all nodes: shards move, in both ways, and a node is killed.

my @tenants = qw(acme globex initech umbrella);
sub statements
{
	my $number = shift;

	return map {
		my $i = $_;
		my $tenant = $tenants[ ($i + $number) % @tenants ];
		my $id = sprintf('%08x-0000-4000-8000-%012d', $number, $i);
		(   "SELECT personalization.learn('$tenant', 'user @{[$i % 5]}', 'query',"
			  . qq{ '{"query": "asked $i", "tables_used": ["table @{[$i % 7]}"]}', now(), '$id')},
			$i % 10 ? () : "INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, interaction_id)"
			  . qq{ VALUES ('$tenant', 'user @{[$i % 5]}', 'query', '{"query": "waited $i", "tables_used": ["inbox"]}', '@{[$id =~ s/-4000/-4001/r]}') RETURNING interaction_id})
	} 1 .. 6000;
}
my @writers = map { start_writer($all[ $_ % 3 ], "writer$_", 'postgres', statements($_)) } 1 .. 5;
wait_for_writers(40, @writers);
foreach my $mode ('block_writes', 'force_logical')
{
	move_tenant('acme', (grep { $_ != owner('acme') } @nodes), $mode);
	wait_for_writers(20, @writers);
}
is(kill('KILL', on($nodes[1], q{SELECT min(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()})), 1, 'a process of one node is killed');
$nodes[0]->stop('immediate');
$nodes[0]->start;
ok($nodes[1]->poll_query_until('postgres', 'SELECT true'), 'both nodes are back');
wait_for_writers(20, @writers);
end_writers(@writers);
my @answered = answered(@writers);
note(scalar(@answered) . ' calls were answered');
within($coordinator, 'SELECT count(*) = 0 FROM personalization.inbox', 'the inboxes are learned');
my %stored = map { $_ => 1 } split /\n/, on($coordinator, 'SELECT interaction_id FROM personalization.interactions');
is(scalar(grep { !$stored{$_} } @answered), 0, 'all that was answered is there');
is(differences_of($coordinator, 'postgres'), '0', 'interactions equal observations: none is lost or counted twice');
is(on($coordinator, 'SELECT count(*) FROM personalization.rejected_events'), '0', 'nothing was rejected');

####################################################################
# The worker of a node, and the end.

foreach my $node (@all)
{
	is(on($node, 'SELECT node, inbox_backlog FROM personalization.worker_status'), '127.0.0.1:' . $node->port . '|0', 'worker_status names its node');
}
cmp_ok(on($coordinator, 'SELECT sum(interactions) FROM personalization.tenant_statistics'), '>', 100, 'statistics of all tenants');
is(on($coordinator, q{SELECT personalization.forget_user('acme', 'ana')}) =~ /"interactions": \d+/, 1, 'a user is forgotten');
like(error_on(owner('acme'), q{SELECT personalization.publish_tenant('acme')}), qr/cannot be published/, 'a tenant moves with its shards');
on($coordinator, q{SELECT personalization.drop_tenant('acme')});
is(on($coordinator, q{SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'acme'}), '0', 'a tenant is dropped');
# With the workers off: they read the shards that are dropped one after the other.
foreach my $node (@all)
{
	$node->append_conf('postgresql.conf', 'personalization.worker = off');
	$node->reload;
}
within($_, q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'personalization worker'}, 'no worker at ' . $_->name) foreach @all;
on($coordinator, 'DROP EXTENSION personalization CASCADE');
is(on($_, q{SELECT count(*) FROM pg_class WHERE relname LIKE 'interactions%'}), '0', 'the extension is dropped, at ' . $_->name) foreach @all;

$_->stop foreach reverse @all;
done_testing();
