# A cluster of Citus, and servers that are killed by SIGKILL: all that was answered is there once, and a batch is learned
# on all nodes or on none, whichever server is killed at whichever moment of its commit.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use Citus;

my ($coordinator, @nodes) = start_cluster('fsync = on');
my @all = ($coordinator, @nodes);
my @tenants = qw(acme globex initech umbrella);

on($coordinator, 'CREATE EXTENSION personalization', 'CREATE ROLE loader LOGIN BYPASSRLS', 'SELECT personalization.distribute(8)',
	map { "SELECT personalization.create_tenant('$_')" } @tenants);
on($coordinator, q{SELECT personalization.grant_access('loader')});
my %where = look_again();
is(scalar(keys %{ { reverse %where } }), 2, 'tenants are on both nodes');

sub id { return sprintf('%08x-0000-%s-8000-%012d', @_[ 1, 0, 2 ]); }

####################################################################
# In the middle of load: calls, batches for all tenants, and rows for the inbox, through all nodes.

# All interactions of these, under one id, are of one statement.
sub statements
{
	my $number = shift;

	return map {
		my $i = $_;
		my $tenant = $tenants[ ($i + $number) % @tenants ];
		my $user = "'user @{[$i % 5]}'";
		my $query = sub { return qq('{"query": "$_[0] @{[$i % 9]}", "tables_used": ["table @{[$i % 7]}"]}'); };
		my $batch = join(', ', map { "('$_', $user, 'query', @{[$query->('sent')]}::jsonb, '@{[id(4002, $number, $i)]}'::uuid)" } @tenants[ map { ($_ + $i) % 4 } 0 .. 3 ]);

		(   "SELECT personalization.learn('$tenant', $user, 'query', @{[$query->('asked')]}, now(), '@{[id(4000, $number, $i)]}')",
			$i % 4 ? () : "INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, interaction_id)"
			  . " VALUES ('$tenant', $user, 'query', @{[$query->('waited')]}, '@{[id(4001, $number, $i)]}') RETURNING interaction_id",
			# A query over constants, which this node computes.
			$i % 3 ? () : "SELECT '@{[id(4002, $number, $i)]}', personalization.learn_batch((SELECT jsonb_agg(to_jsonb(e)) FROM (VALUES $batch) e (tenant_id, user_id, interaction_type, data, interaction_id)))")
	} 1 .. 4000;
}
my %statements;
my @writers = map {
	my @statements = statements($_);

	/'([0-9a-f]{8}-[0-9a-f-]{27})'/ and $statements{$1} = $_ foreach @statements;
	start_writer($all[ $_ % 3 ], "writer$_", 'loader', @statements)
} 0 .. 5;
wait_for_writers(30, @writers);
foreach my $kill ([ $nodes[0], 0 ], [ $nodes[1], 1 ], [ $coordinator, 1 ], [ $coordinator, 0 ])
{
	my ($node, $all) = @$kill;
	my $position = -s $node->logfile;

	kill_server($node, $all);
	$node->start;
	like(slurp_file($node->logfile, $position), qr/redo done at/, 'it has to recover');
	wait_for_writers(30, @writers);
}
end_writers(@writers);
my @answered = answered(@writers);
note(scalar(@answered) . ' statements were answered');
within($_, 'SELECT count(*) = 0 FROM pg_prepared_xacts', 'no transaction is left prepared, at ' . $_->name) foreach @all;
within($coordinator, 'SELECT count(*) = 0 FROM personalization.inbox', 'the inboxes are learned');

sub ledger
{
	my $what = shift;
	my %stored = map { split /\|/ } split /\n/, on($coordinator, q{SELECT interaction_id, count(*) FROM personalization.interactions GROUP BY 1});
	my $wanted = sub { return $_[0] =~ /-4002-/ ? 4 : 1; };

	is(scalar(grep { !$stored{$_} } @answered), 0, "$what: all that was answered is there");
	is(join(' ', map { "$_: $stored{$_}" } grep { $stored{$_} != $wanted->($_) } sort keys %stored), '', "$what: once, and no batch in part");
	is(differences_of($coordinator, 'postgres'), 0, "$what: interactions equal observations");
	# In two steps again.
	is( on($coordinator, q{CREATE TEMPORARY TABLE i AS SELECT tenant_id, user_id, data ->> 'query' AS query, count(*) AS n FROM personalization.interactions GROUP BY 1, 2, 3;
			CREATE TEMPORARY TABLE q AS SELECT tenant_id, user_id, query, ask_count FROM personalization.user_queries;
			SELECT count(*) FROM i FULL JOIN q USING (tenant_id, user_id, query) WHERE n IS DISTINCT FROM ask_count}),
		0, "$what: and so do the queries");
	is(on($coordinator, 'SELECT count(*) FROM personalization.rejected_events'), 0, "$what: nothing was rejected");
	return %stored;
}
my %stored = ledger('killed');
note(scalar(keys %stored) . ' are stored');
my @kinds = map { my $kind = $_; scalar grep { /-$kind-/ } @answered } 4000 .. 4002;
cmp_ok($kinds[$_], '>', 50, "$kinds[$_] " . (qw(calls rows batches))[$_] . ' were answered') foreach 0 .. 2;

# The senders do not know what was done, and send it again, through any node.
my @again = grep { $statements{$_} } keys %stored;
@again = @again[ map { rand @again } 1 .. 400 ];
my %session = map { $_->name => session($_) } @all;
my @wrong = grep { $_ !~ /^[0-9a-f-]{36}(?:\|0)?\n$/ } map { $session{ $all[ rand @all ]->name }->tell("$statements{$_};") } @again;
is_deeply(\@wrong, [], 'sent again, all is answered');
$_->end foreach values %session;
within($coordinator, 'SELECT count(*) = 0 FROM personalization.inbox', 'the inboxes are learned');
is(scalar(keys %{ { ledger('sent again') } }), scalar(keys %stored), 'and nothing is new');

####################################################################
# Between the two phases of a commit. A server that waits for a standby, which does not come, holds the moment: the node
# that sends, when it has committed and the others are prepared; the other node, when it is prepared.

sub configure
{
	my ($node, @settings) = @_;

	$node->append_conf('postgresql.conf', join("\n", @settings) . "\n");
	return;
}
my $held = q{SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND (query LIKE 'PREPARE TRANSACTION%' OR query LIKE '%learn_batch%')};
my $prepared = q{SELECT count(*) FROM pg_prepared_xacts WHERE gid LIKE 'citus\_%'};
my $number = 1000;

# hold(node that sends, node that waits): a batch in its commit, whose user has a name of their own.
sub hold
{
	my ($sender, $waiting, $what) = @_;

	configure($waiting, q{synchronous_standby_names = 'nobody'});
	$waiting->reload;
	foreach my $try (1 .. 20)
	{
		my $user = 'held ' . ++$number;
		my $id = id(4002, $number, 1);
		my $batch = join(', ', map { qq({"tenant_id": "$_", "user_id": "$user", "interaction_type": "query", "data": {"query": "held"}, "interaction_id": "$id"}) } @tenants);
		# It is not sent again.
		append_to_file("${PostgreSQL::Test::Utils::tmp_check}/held$number.end", '');
		my $writer = start_writer($sender, "held$number", 'loader', "SELECT '$id', personalization.learn_batch('[$batch]')");
		my $deadline = time + 60;

		$writer->{user} = $user;
		while (time < $deadline)
		{
			return $writer if $waiting->safe_psql('postgres', $held) eq 't';
			last if answered($writer);    # the server did not wait yet
			sleep 0.05;
		}
		$writer->{run}->finish;
	}
	die "no batch was held: $what";
}
sub release
{
	my $node = shift;

	configure($node, q{synchronous_standby_names = ''});
	return;
}
sub learned { my $user = shift; return on($coordinator, "SELECT count(*) FROM personalization.interactions WHERE user_id = '$user' AND data ->> 'query' = 'held'"); }
# Whoever learns from the user meanwhile.
sub learn_from { my ($tenant, $user) = @_; return "SET statement_timeout = '2s';\nSELECT personalization.learn('$tenant', '$user', 'query', '{\"query\": \"next\"}')"; }
sub insert_for { my ($tenant, $user) = @_; return "INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('$tenant', '$user', 'query', '{\"query\": \"waited\"}')"; }
sub tenants_of { my $node = shift; return grep { owner($_) == $node } @tenants; }

foreach my $case (
	{ what => 'one sends and is killed when two is prepared', sender => $nodes[0], waits => $nodes[1], killed => $nodes[0], learned => 0, in_doubt => [ $nodes[1] ] },
	{ what => 'one sends and is killed when it has committed', sender => $nodes[0], waits => $nodes[0], killed => $nodes[0], learned => 4, in_doubt => [ $nodes[1] ] },
	{ what => 'the coordinator sends and is killed when both are prepared', sender => $coordinator, waits => $nodes[1], killed => $coordinator, learned => 0, in_doubt => \@nodes },
	{ what => 'the coordinator sends and is killed when it has committed', sender => $coordinator, waits => $coordinator, killed => $coordinator, learned => 4, in_doubt => \@nodes },
	{ what => 'one sends and two is killed when it is prepared', sender => $nodes[0], waits => $nodes[1], killed => $nodes[1], learned => 0, in_doubt => [ $nodes[1] ] },
	{ what => 'one sends and two is killed when one has committed', sender => $nodes[0], waits => $nodes[0], killed => $nodes[1], learned => 4, in_doubt => [ $nodes[1] ] })
{
	my ($what, $sender, $killed, @in_doubt) = ($case->{what}, @$case{qw(sender killed)}, @{ $case->{in_doubt} });
	my $here = tenants_of($sender);

	# Nobody completes it before it has been looked at.
	configure($sender, 'citus.recover_2pc_interval = -1');
	$sender->reload;
	my $writer = hold($sender, $case->{waits}, $what);
	is($_->safe_psql('postgres', $prepared), 1, "$what: it is prepared at " . $_->name) foreach @in_doubt;
	release($case->{waits});
	kill_server($killed, 1);
	$case->{waits}->reload if $case->{waits} != $killed;
	$writer->{run}->finish;
	$killed->start;
	is(scalar(answered($writer)), $sender != $killed && $case->{learned} ? 1 : 0, "$what: " . ($sender != $killed && $case->{learned} ? 'the batch is answered' : 'the batch is not answered'));

	# What an administrator sees.
	foreach my $node (@in_doubt)
	{
		within($node, q{SELECT count(*) = 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'}, "$what: nobody waits for the standby");
		like(on($node, q{SELECT gid, owner FROM pg_prepared_xacts}), qr/^citus_@{[$sender == $coordinator ? 0 : on($sender, 'SELECT groupid FROM pg_dist_local_group')]}_\d+_\d+_\d+\|loader$/, 'a prepared transaction, named by the node that sent it, of the role');
	}
	is(learned($writer->{user}), $case->{learned} ? $here : 0, 'the part of the node that sent is there, if that has committed');
	foreach my $node (@in_doubt)
	{
		my ($tenant, $other) = tenants_of($node);

		on($node, insert_for($tenant, $writer->{user}), $other ? insert_for($other, "other than $writer->{user}") : ());
		like(error_on($node, learn_from($tenant, $writer->{user})), qr/canceling statement due to statement timeout/, "a call for a user of the batch waits, at " . $node->name);
		like(on($node, learn_from($tenant, 'somebody else')), qr/^[0-9a-f-]{36}$/, 'and no other');
		within($node, "SELECT count(*) = 1 FROM personalization.interactions WHERE tenant_id = '$other' AND user_id = 'other than $writer->{user}'", 'the worker goes on with other tenants') if $other;
		is(on($node, "SELECT count(*) FROM personalization.inbox WHERE tenant_id = '$tenant'"), 1, 'and sets that of the user aside');
	}

	# It is completed by a call, or by Citus itself.
	if ($number % 2)
	{
		is(on($sender, 'SELECT recover_prepared_transactions()'), scalar(@in_doubt), 'an administrator completes it');
	}
	configure($sender, 'citus.recover_2pc_interval = 1000');
	$sender->reload;
	within($_, 'SELECT count(*) = 0 FROM pg_prepared_xacts', 'it is completed at ' . $_->name) foreach @in_doubt;
	is(learned($writer->{user}), $case->{learned}, $case->{learned} ? 'all of the batch is learned' : 'nothing of the batch is learned');
	like(on($_, map { learn_from($_, $writer->{user}) =~ s/2s/20s/r } map { (tenants_of($_))[0] } @nodes), qr/^[0-9a-f-]{36}\n[0-9a-f-]{36}$/, 'calls for its users go on, at ' . $_->name) foreach @all;
	within($coordinator, 'SELECT count(*) = 0 FROM personalization.inbox', 'and so does the worker');
}
is(differences_of($coordinator, 'postgres'), 0, 'interactions equal observations');

####################################################################
# While a node is down, the tenants of the others can be found and go on.

$nodes[1]->stop('immediate');
foreach my $node ($coordinator, $nodes[0])
{
	my ($tenant, $missing) = ((tenants_of($nodes[0]))[0], (tenants_of($nodes[1]))[0]);
	my $name = $node->name;

	is(on($node, 'SELECT tenant_id, same_version FROM personalization.distribution_status'), join("\n", map { "$_|f" } sort(tenants_of($nodes[0]))), "the tenants of nodes that are up, at $name");
	is( $node->safe_psql('postgres', "SELECT n.nodename || ':' || n.nodeport FROM pg_dist_placement p JOIN pg_dist_node n USING (groupid)"
			  . " WHERE n.noderole = 'primary' AND p.shardid = get_shard_id_for_distribution_column('personalization.tenants', '$_')", connstr => $node->connstr('postgres') . ' user=loader'),
		$where{$_}, "any role with access finds the node of $_") foreach @tenants;
	like(on($node, learn_from($tenant, 'survivor')), qr/^[0-9a-f-]{36}$/, 'calls for them go on');
	like(error_on($node, learn_from($missing, 'survivor')), qr/ERROR:  connection to the remote node /, 'and fail for others');
	like(error_on($node, 'SELECT count(*) FROM personalization.profiles'), qr/ERROR:  connection to the remote node /, 'as do queries over all tenants');
}
$nodes[1]->start;
within($coordinator, 'SELECT count(*) = 4 AND bool_and(same_version) FROM personalization.distribution_status', 'until it is up');

$_->stop foreach reverse @all;
done_testing();
