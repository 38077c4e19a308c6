# learn_batch() on a cluster of Citus: the events of a batch are learned on the nodes of their tenants, in one
# transaction of all these nodes, whichever node is called; also while shards move and nodes are killed.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Citus;

my ($coordinator, @nodes) = start_cluster('log_statement = none');
my @all = ($coordinator, @nodes);
my @tenants = qw(acme globex initech umbrella);

on($coordinator, 'CREATE EXTENSION personalization', 'CREATE ROLE acme_app LOGIN', 'CREATE ROLE web LOGIN', 'CREATE ROLE loader LOGIN BYPASSRLS',
	'SELECT personalization.distribute(8)', map { "SELECT personalization.create_tenant('$_')" } @tenants);
on($coordinator, q{SELECT personalization.bind_role('acme_app', 'acme')},
	q{SELECT personalization.grant_access('web', pooled => true)}, q{SELECT personalization.grant_access('loader')});
my %where = look_again();
cmp_ok(scalar(keys %{ { reverse %where } }), '>', 1, 'tenants are on different nodes');

sub event { my ($tenant, $user, $more) = @_; return qq({"tenant_id": "$tenant", "user_id": "$user", "interaction_type": "export", "data": {"format": "csv"}@{[$more // '']}}); }
sub batch { my $more = shift; return "SELECT personalization.learn_batch('[" . join(',', @_) . "]'$more)"; }
sub as { my ($node, $role) = @_; return (connstr => $node->connstr('postgres') . " user=$role"); }
sub stored { my $user = shift; return on($coordinator, "SELECT tenant_id, count(*) FROM personalization.interactions WHERE user_id = '$user' GROUP BY 1 ORDER BY 1"); }
my $one_each = join("\n", map { "$_|1" } @tenants);

####################################################################
# Through each node, as a role that is bound to no tenant.

foreach my $node (@all)
{
	my $name = $node->name;

	is($node->safe_psql('postgres', batch('', map { event($_, "by $name") } @tenants), as($node, 'loader')), 4, "events of all nodes, at $name");
	is(stored("by $name"), $one_each, 'each is where its tenant is');
	is(on($node, 'BEGIN ISOLATION LEVEL REPEATABLE READ', batch('', map { event($_, "undone $name") } @tenants), batch('', map { event($_, "undone $name") } reverse @tenants), 'ROLLBACK'),
		"4\n4", 'in a transaction');
	is(stored("undone $name"), '', 'which can be rolled back');
	is(on($node, 'BEGIN', batch('', map { event($_, "half $name") } @tenants), 'SAVEPOINT s', batch('', map { event($_, "half $name") } @tenants), 'ROLLBACK TO s', 'COMMIT'),
		"4\n4", 'in part, too');
	is(stored("half $name"), $one_each, 'what was before the savepoint stays');
	on($node, "DO \$do\$ BEGIN PERFORM @{[batch('', map { event($_, qq(function $name)) } @tenants) =~ s/^SELECT //r]}; END \$do\$");
	is(stored("function $name"), $one_each, 'also called by a function');
	my @with_ids = map { event($_, "again $name", sprintf(', "interaction_id": "00000000-0000-4000-8000-%012x"', $node->port)) } @tenants;
	is(on($node, batch('', @with_ids), batch('', @with_ids)), "4\n0", 'a retry changes nothing');
	is(on($node, batch('')), '0', 'an empty batch');
}
is(on($coordinator, q{SELECT count(*) FROM personalization.preferences WHERE user_id LIKE 'by %' AND observation_count = 1}), 4 * @all, 'each is learned');

# Times are those of the calling transaction.
my @times = split /\n/, on($nodes[0], 'BEGIN', 'SELECT now()', 'DO $$ BEGIN PERFORM pg_sleep(0.2); END $$', batch('', map { event($_, 'now') } @tenants),
	q{SELECT DISTINCT occurred_at FROM personalization.interactions WHERE user_id = 'now'}, 'COMMIT');
is_deeply(\@times, [ $times[0], 4, $times[0] ], 'now() is the same for all events');
is(on($coordinator, "SET DateStyle = 'SQL, DMY'", batch('', map { event($_, 'dates', ', "occurred_at": "2026-04-05T10:00:00+00:00"') } @tenants),
		q{SET DateStyle = 'ISO'}, q{SELECT DISTINCT occurred_at FROM personalization.interactions WHERE user_id = 'dates'}),
	"4\n2026-04-05 10:00:00+00", 'however the session writes dates');

####################################################################
# Errors, by event.

foreach my $node (@all)
{
	my $name = $node->name;
	my @bad = map { event($_, "bad $name") } @tenants;
	foreach my $at (0 .. 3)
	{
		my @events = @bad;
		$events[$at] = event('nobody', 'x');
		like(error_on($node, batch('', @events)), qr/ERROR:  (?:events\[$at\]: )?tenant "nobody" does not exist\n/, 'a tenant that does not exist');
		$events[$at] = qq({"tenant_id": "$tenants[$at]", "user_id": "x", "interaction_type": "feedback", "data": {"rating": "high"}});
		like(error_on($node, batch('', @events)), qr/ERROR:  events\[$at\]: invalid rating in feedback/, "the index is that of the batch, at $name");
	}
	like(error_on($node, batch('', @bad, '{"tenant_id": "acme", "interaction_type": "export"}')), qr/ERROR:  events\[4\]: user_id is missing/, 'also of what cannot be read');
	is(stored("bad $name"), '', 'nothing is learned then');
	is(on($node, batch(q{, 'divert'}, @bad, qq({"tenant_id": "initech", "user_id": "x", "interaction_type": "feedback", "data": {"rating": "high"}}),
				q({"tenant_id": "acme", "user_id": "y"}), q({"tenant_id": "globex", "user_id": "z", "wrong": 1}), '5', '{"tenant_id": "nobody"}')), '4', 'or they are set aside');
	is(on($coordinator, q{SELECT tenant_id, reason FROM personalization.rejected_events ORDER BY 1, 2}),
		"|event must be a JSON object\nacme|interaction_type is missing\nglobex|unrecognized field \"wrong\"\n"
		  . "initech|invalid rating in feedback: \"\"high\"\"\nnobody|user_id is missing", 'each with its tenant');
	on($coordinator, 'DELETE FROM personalization.rejected_events');
	is(stored("bad $name"), $one_each, 'and the others are learned');

	# Prepared statements get the plan that they keep only after some executions.
	is(on($node, map { batch(q{, 'divert'}, '5', event('acme', "often $name")) } 1 .. 12), join("\n", (1) x 12), "also again and again in one session, at $name");
	is(on($coordinator, q{SELECT tenant_id, count(*) FROM personalization.rejected_events GROUP BY 1}), '|12', 'each is set aside');
	on($coordinator, 'DELETE FROM personalization.rejected_events');
}

####################################################################
# Roles of one tenant.

foreach my $node (@all)
{
	my $name = $node->name;
	my @as = as($node, 'acme_app');

	is($node->safe_psql('postgres', batch('', event('acme', "bound $name")), @as), 1, "a bound role learns at $name");
	like(error_on($node, batch('', event('acme', 'x'), event('globex', 'x')), @as), qr/ERROR:  events\[1\]: permission denied for tenant "globex"/, 'not for others');
	is($node->safe_psql('postgres', batch(q{, 'divert'}, event('acme', "bound $name"), event('globex', 'x')), @as), 1, 'nor with divert');
	is($node->safe_psql('postgres', q{SELECT tenant_id, reason FROM personalization.rejected_events}, @as), 'acme|permission denied for tenant "globex"', 'whose rejected events are its own');
	on($coordinator, q{DELETE FROM personalization.rejected_events WHERE tenant_id = 'acme'});
	is(stored("bound $name"), 'acme|2', 'what is allowed is learned');
	like(error_on($node, 'SELECT * FROM personalization.learn_part(\'globex\', \'{"now": 0, "on_error": "raise", "events": [{"index": 0, "event": ' . event('globex', 'x') . '}]}\')', @as),
		qr/ERROR:  permission denied for tenant "globex"/, 'what sends the parts allows no more');
	like(error_on($node, 'SELECT * FROM personalization.learn_part(\'acme\', \'{"now": 0, "on_error": "raise", "events": [{"index": 3, "event": ' . event('globex', 'x') . '}]}\')', @as),
		qr/ERROR:  events\[3\]: permission denied for tenant "globex"/, 'to no event');
	like(error_on($node, q{SELECT * FROM personalization.learn_part('acme', '{}')}, @as), qr/ERROR:  part has no valid now\n/, 'and takes nothing else');
	foreach my $part (
		[ '{"now": 9223372036854775807, "on_error": "raise", "events": []}', qr/ERROR:  occurred_at must be finite/ ],
		[ '{"now": 0, "on_error": "divert", "events": [["index", "event", "sqlstate"]]}', qr/ERROR:  part has no valid index/ ],
		[ '{"now": 0, "on_error": "raise", "events": [{"index": 3}]}', qr/ERROR:  events\[3\]: event must be a JSON object/ ],
		[ '{"now": 0, "on_error": "raise", "events": [{"index": 3, "sqlstate": "22023", "event": 1}]}', qr/ERROR:  events\[3\]: $/m ])
	{
		like(error_on($node, "SELECT * FROM personalization.learn_part('acme', '$part->[0]')", @as), $part->[1], 'whatever a role makes up');
	}
	is($node->safe_psql('postgres', 'SELECT * FROM personalization.learn_part(\'acme\', \'{"now": 0, "on_error": "divert", "events": [{"index": 0, "sqlstate": "22023", "reason": "made up", "event": ' . event('globex', 'x') . '}]}\')', @as),
		'0|0', 'what it sets aside');
	is(on($coordinator, q{SELECT tenant_id, reason FROM personalization.rejected_events}), 'acme|made up', 'is its own, whatever tenant it names');
	on($coordinator, q{DELETE FROM personalization.rejected_events WHERE tenant_id = 'acme'});
}
foreach my $node (others('acme'))
{
	like(error_on($node, "BEGIN;\nSELECT personalization.use_tenant('acme');\n" . batch('', event('acme', 'x')), as($node, 'web')),
		qr/ERROR:  tenant "acme" is on node \Q$where{acme}\E\n/, 'a pooled role has its tenant in its own session only');
}

####################################################################
# What a user wrote is in no node's log, unless the client's statements are logged.

foreach my $node (@all)
{
	my $quiet = "SET log_min_error_statement = panic;\n";
	my $secret = 'unutterable ' . $node->name;

	like(error_on($node, $quiet . batch('', event('acme', 'x'), map { qq({"tenant_id": "$_", "user_id": "x", "interaction_type": "feedback", "data": {"rating": "$secret"}}) } @tenants)),
		qr/ERROR:  events\[\d\]: invalid rating in feedback\nDETAIL:  The value is ""$secret""/, 'the client sees it');
	like(error_on($node, "${quiet}SELECT personalization.learn('$_', 'x', 'feedback', '{\"rating\": \"$secret\"}')"), qr/DETAIL:  The value is ""$secret""/, 'also of a single call') foreach @tenants;
}
unlike(slurp_file($_->logfile), qr/unutterable/, 'no log has it, at ' . $_->name) foreach @all;
like(slurp_file($_->logfile), qr/ERROR:  (?:events\[\d\]: )?invalid rating in feedback\n.*DETAIL:  The value is shown to the client only/, 'but the error, at ' . $_->name) foreach @all;

####################################################################
# All or nothing: under load from all nodes, while a shard moves and nodes are killed.

sub statements
{
	my $number = shift;

	return map {
		my $i = $_;
		my $id = sprintf('%08x-0000-4000-8000-%012d', $number, $i);
		batch('', map { event($_, "loaded @{[$i % 5]}", qq(, "interaction_id": "$id")) } @tenants[ map { ($_ + $i) % 4 } 0 .. 3 ]) =~ s/^SELECT /SELECT '$id', /r
	} 1 .. 4000;
}
my @writers = map { start_writer($all[ $_ % 3 ], "writer$_", 'loader', statements($_)) } 1 .. 6;
wait_for_writers(30, @writers);
move_tenant('acme', (grep { $_ != owner('acme') } @nodes), 'block_writes');
wait_for_writers(20, @writers);
foreach my $node (@nodes)
{
	$node->stop('immediate');
	$node->start;
	wait_for_writers(10, @writers);
}
end_writers(@writers);
my @answered = answered(@writers);
note(scalar(@answered) . ' batches were answered');
within($_, 'SELECT count(*) = 0 FROM pg_prepared_xacts', 'no transaction is left prepared, at ' . $_->name) foreach @all;
# In two steps, as Citus does not join over tenants.
my %stored = map { split /\|/ } split /\n/, on($coordinator, q{SELECT interaction_id, count(*) FROM personalization.interactions WHERE user_id LIKE 'loaded %' GROUP BY 1});
is(scalar(grep { ($stored{$_} // 0) != 4 } @answered), 0, 'all that was answered is there');
is(join(' ', map { "$_: $stored{$_}" } grep { $stored{$_} != 4 } sort keys %stored), '', 'and no batch is there in part');
note(scalar(keys %stored) . ' are stored');
is(on($coordinator, q{SELECT sum(observation_count) FROM personalization.preferences WHERE user_id LIKE 'loaded %'}), 4 * keys %stored, 'interactions equal observations');

$_->stop foreach reverse @all;
done_testing();
