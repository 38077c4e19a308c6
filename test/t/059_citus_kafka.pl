# Topics of Kafka on a cluster of Citus: one consumer reads, and the events of tenants of all nodes are learned once
# and in order, while shards move and the consumer and servers are killed.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use Citus;
use Kafka;

plan skip_all => Kafka::missing() if Kafka::missing();
my ($built) = run_command([ 'ldd', $library ]);
plan skip_all => 'built without Kafka' if $built !~ /librdkafka/;

my $kafka = Kafka->new(PostgreSQL::Test::Utils::tempdir_short());
my ($coordinator, @nodes) = start_cluster("personalization.kafka_brokers = '@{[ $kafka->brokers ]}'");
my @all = ($coordinator, @nodes);
my @tenants = qw(acme globex initech umbrella);

sub event { my ($tenant, $user, $n, $type) = @_; return qq({"tenant_id": "$tenant", "user_id": "$user", "interaction_type": "@{[$type // 'custom']}", "data": {"n": $n}}); }
sub stored { my $where = shift; return on($coordinator, "SELECT count(*) FROM personalization.interactions WHERE $where"); }
sub all_learned { my ($n, $where, $what) = @_; return within($coordinator, "SELECT count(*) = $n FROM personalization.interactions WHERE $where", $what); }

####################################################################
# A subscription that is there before the tables are distributed goes on.

on($coordinator, 'CREATE EXTENSION personalization', map { "SELECT personalization.create_tenant('$_')" } @tenants);
my $first = $kafka->topic('first', 2);
on($coordinator, "SELECT personalization.subscribe_topic('$first')");
$kafka->produce($first, 0, [ map { event($_, 'before', 1) } @tenants ]);
all_learned(4, q{user_id = 'before'}, 'learned before the tables are distributed');
on($coordinator, 'SELECT personalization.distribute(8)', 'CREATE ROLE acme_app LOGIN');
on($coordinator, q{SELECT personalization.bind_role('acme_app', 'acme')});
my %where = look_again();
is(scalar(keys %{ { reverse %where } }), 2, 'tenants are on both nodes');
$kafka->produce($first, 0, [ map { event($_, 'before', 2) } @tenants ]);
all_learned(8, q{user_id = 'before'}, 'and afterwards, at the nodes of the tenants');
is(on($coordinator, "SELECT messages, lag, state FROM personalization.topic_status"), '8|0|reading', 'the status');

####################################################################
# At each node: its own tenants, those of others, what is wrong.

my %topic = map { $_->name => $kafka->topic($_->name, 2) } @all;
foreach my $node (@all)
{
	my ($name, $topic) = ($node->name, $topic{ $node->name });

	on($node, "SELECT personalization.subscribe_topic('$topic')");
	within($node, "SELECT state = 'reading' FROM personalization.topic_status WHERE topic = '$topic'", "subscribed at $name");
	$kafka->produce($topic, 0, [ (map { my $n = $_; map { event($_, "at $name", $n) } @tenants } 1 .. 50), 'no json', event('acme', 'x', 1, 'exprot'), event('nobody', 'x', 1), event('globex', 'x', 1, 'exprot') ]);
	all_learned(200, "user_id = 'at $name'", "events of all tenants, at $name");
	within($coordinator, qq{SELECT count(*) = 4 FROM personalization.rejected_events WHERE topic = '$topic'}, 'and what is wrong is set aside');
	is(on($coordinator, qq{SELECT tenant_id, partition, "offset", reason FROM personalization.rejected_events WHERE topic = '$topic' ORDER BY "offset"}),
		join("\n", '|0|200|message is not valid JSON: a value is missing or unknown', 'acme|0|201|invalid value for interaction_type: "exprot"',
			'nobody|0|202|tenant "nobody" does not exist', 'globex|0|203|invalid value for interaction_type: "exprot"'), 'with its tenant, place and reason');
}
foreach my $tenant (@tenants)
{
	foreach my $node (@all)
	{
		is(on($coordinator, "SELECT string_agg(data ->> 'n', ',' ORDER BY interaction_id) FROM personalization.interactions WHERE tenant_id = '$tenant' AND user_id = 'at @{[$node->name]}'"),
			join(',', 1 .. 50), "in order, of $tenant");
	}
}
my $of_tenant = $kafka->topic('oftenant', 1);
foreach my $node (@all)
{
	like(error_on($node, q{SELECT personalization.subscribe_topic('other', 'nobody')}), qr/ERROR:  tenant "nobody" does not exist/, 'a subscription for a tenant that does not exist');
	on($node, "SELECT personalization.subscribe_topic('$of_tenant', 'acme')", "SELECT personalization.unsubscribe_topic('$of_tenant')");
}
like(error_on($_, q{SELECT * FROM personalization.learn_part('acme', '{"now": 0, "on_error": "wait", "events": []}')}, connstr => $_->connstr('postgres') . ' user=acme_app'),
	qr/ERROR:  permission denied to have events of topics wait/, 'no role of a tenant has events wait') foreach @all;

####################################################################
# A node that is down: its tenants wait, and no others.

my $far = (grep { owner($_) == $nodes[1] } @tenants)[0];
my $near = (grep { owner($_) == $nodes[0] } @tenants)[0];
$nodes[1]->stop('immediate');
$kafka->produce($topic{one}, 0, [ map { (event($far, 'down', $_), event($near, 'down', $_)) } 1 .. 30 ]);
within($nodes[0], "SELECT messages = 264 AND lag = 0 FROM personalization.topic_status WHERE topic = '$topic{one}'", 'the topic is read on');
is(on($nodes[0], "SELECT count(*) FROM personalization.interactions WHERE tenant_id = '$near' AND user_id = 'down'"), 30, 'tenants of other nodes are learned');
is(on($nodes[0], "SELECT DISTINCT for_tenant FROM personalization.topic_waiting"), $far, 'those of the node wait');
$kafka->produce($topic{one}, 0, [ map { event($far, 'down', $_) } 31 .. 40 ]);
within($nodes[0], "SELECT messages = 274 AND lag = 0 FROM personalization.topic_status WHERE topic = '$topic{one}'", 'so does what comes later');
within($nodes[0], "SELECT last_error ~ 'connection to the remote node' FROM personalization.topic_status WHERE topic = '$topic{one}'", 'the status says why');
foreach my $node ($coordinator, $nodes[0])
{
	like($node->safe_psql('postgres', 'SELECT ok FROM personalization.health'), qr/^[tf]$/, 'health answers while a node is down, at ' . $node->name);
	is(on($node, 'SELECT node FROM personalization.worker_status'), '127.0.0.1:' . $node->port, 'and so does worker_status');
}
on($nodes[0], 'UPDATE personalization.topic_waiting SET position = position - (200::bigint * 1000000 << 12)');
like(on($nodes[0], 'SELECT problems FROM personalization.health'), qr/events of topics wait for other nodes, the oldest for 00:0/, 'health says what waits');
$nodes[1]->start;
all_learned(40, "tenant_id = '$far' AND user_id = 'down'", 'when it is up, they are learned');
is(on($coordinator, "SELECT string_agg(data ->> 'n', ',' ORDER BY interaction_id) FROM personalization.interactions WHERE tenant_id = '$far' AND user_id = 'down'"), join(',', 1 .. 40), 'in order');
is(on($nodes[0], 'SELECT count(*) FROM personalization.topic_waiting'), 0, 'and nothing waits');

####################################################################
# What a node refuses, or does not take for now, holds up nobody else. The rejected events of no tenant are on another
# node than this tenant; another tenant is on the same.

my ($no_tenant) = map { "127.0.0.1:$_" } on($coordinator, q{SELECT nodeport FROM pg_dist_shard_placement WHERE shardid = get_shard_id_for_distribution_column('personalization.tenants', '')});
on($coordinator, map { "SELECT personalization.create_tenant('more$_')" } 1 .. 8);
%where = look_again();
my ($apart) = grep { $where{$_} ne $no_tenant } @tenants;
my ($beside) = grep { $where{$_} eq $where{$apart} } map { "more$_" } 1 .. 8;
my ($elsewhere) = grep { $where{$_} eq $no_tenant } @tenants;
my $rejected = sub { my $topic = shift; return on($coordinator, qq{SELECT tenant_id, "offset", sqlstate FROM personalization.rejected_events WHERE topic = '$topic' ORDER BY "offset", 1}); };

# Of a topic of one tenant, who is named by the subscription only, whatever the message says.
my $of_apart = $kafka->topic('ofapart', 1);
on($coordinator, "SELECT personalization.subscribe_topic('$of_apart', '$apart')");
$kafka->produce($of_apart, 0, [ 'no json', event($beside, 'named', 1), event($elsewhere, 'named', 1), event($apart, 'named', 1, 'exprot'), event($apart, 'named', 1) ]);
all_learned(1, q{user_id = 'named'}, 'the good event of a topic of one tenant');
within($coordinator, "SELECT count(*) = 4 FROM personalization.rejected_events WHERE topic = '$of_apart'", 'the others are set aside');
is($rejected->($of_apart), join("\n", "$apart|0|22P02", "$apart|1|42501", "$apart|2|42501", "$apart|3|22P02"), 'for that tenant, and no other');

# A tenant by a name that is too long, in place of which there may be anything.
my $long = $kafka->topic('long', 1);
on($coordinator, "SELECT personalization.subscribe_topic('$long')");
$kafka->produce($long, 0, [ (map { event('a' x 1000 . $_, 'long', 1) } 0 .. 9), event($elsewhere, 'long', 1), event($apart, 'long', 1) ]);
all_learned(2, q{user_id = 'long'}, 'after tenants whose names are too long');
within($coordinator, "SELECT count(*) = 10 FROM personalization.rejected_events WHERE topic = '$long' AND tenant_id = ''", 'these are set aside');
is(on($_, q{SELECT personalization.learn_batch(jsonb_agg(jsonb_build_object('tenant_id', repeat('a', 1000) || n, 'user_id', 'x', 'interaction_type', 'custom', 'data', '{}'::jsonb)), 'divert') FROM generate_series(0, 9) AS n}),
	0, 'as by learn_batch, at ' . $_->name) foreach @all;
is(on($coordinator, q{SELECT count(*) FROM personalization.rejected_events WHERE tenant_id = '' AND reason ~ '^tenant_id is too long'}), 40, 'at each node');

# A tenant who is frozen.
on($coordinator, "SELECT personalization.freeze_tenant('$apart')");
my $frozen = $kafka->topic('frozen', 1);
on(owner($apart), "SELECT personalization.subscribe_topic('$frozen')");
foreach my $topic ($long, $frozen)
{
	$kafka->produce($topic, 0, [ event($apart, 'x', 1, 'exprot'), event($apart, 'frozen', 1), event($elsewhere, "frozen $topic", 1) ]);
	all_learned(1, "user_id = 'frozen $topic'", 'a frozen tenant holds up no node');
	$kafka->produce($topic, 0, [ event($beside, "frozen $topic", 1), event($elsewhere, "frozen $topic", 1) ]);
	all_learned(3, "user_id = 'frozen $topic'", 'nor another tenant of theirs');
}
is(stored(q{user_id = 'frozen'}), 0, 'nothing of theirs is learned');
is(on($coordinator, "SELECT count(*) FROM personalization.rejected_events WHERE tenant_id = '$apart' AND topic IN ('$long', '$frozen')"), 0, 'or set aside');
on($coordinator, "SELECT personalization.thaw_tenant('$apart')");
all_learned(2, q{user_id = 'frozen'}, 'once thawed, it is');
within($coordinator, "SELECT count(*) = 2 FROM personalization.rejected_events WHERE tenant_id = '$apart' AND topic IN ('$long', '$frozen')", 'and what is wrong is set aside for them');
on(owner($apart), "SELECT personalization.unsubscribe_topic('$frozen')");

# A tenant of whom earlier events are in doubt.
on(owner($apart), 'BEGIN', qq{SELECT * FROM personalization.learn_part('$apart', jsonb_build_object('now', (extract(epoch FROM now()) * 1000000)::bigint - 946684800000000, 'on_error', 'wait', 'events',
	'[{"index": 0, "event": @{[event($apart, 'doubt', 1)]}}]'::jsonb))}, q{PREPARE TRANSACTION 'doubt'});
$kafka->produce($long, 0, [ map { (event($apart, 'doubt', $_ + 1), event($beside, 'doubt', $_)) } 1 .. 20 ]);
all_learned(20, "tenant_id = '$beside' AND user_id = 'doubt'", 'a tenant in doubt holds up no other');
is(stored("tenant_id = '$apart' AND user_id = 'doubt'"), 0, 'their events wait');
on(owner($apart), q{COMMIT PREPARED 'doubt'});
all_learned(21, "tenant_id = '$apart' AND user_id = 'doubt'", 'until it is decided');
is(on($coordinator, "SELECT string_agg(data ->> 'n', ',' ORDER BY interaction_id) FROM personalization.interactions WHERE tenant_id = '$apart' AND user_id = 'doubt'"), join(',', 1 .. 21), 'and are in order');

# Events that cannot be received, among others, and a backlog that is larger than any document may be. A row has more than
# a part may have.
sub waiting { my ($tenant, $position, @events) = @_; return "INSERT INTO personalization.topic_waiting VALUES ('$tenant', $position, '[" . join(', ', @events) . "]')"; }
sub waiting_event { my $n = shift; return qq({"index": $n, "topic": "gone", "partition": 0, "offset": $n, "event": @{[event(@_)]}}); }
on($coordinator, waiting($apart, 1, (map { waiting_event($_, $apart, 'refused', $_) } 1 .. 5), '{"index": 6, "topic": "gone", "partition": 0, "offset": 6}', (map { waiting_event($_, $apart, 'refused', $_) } 7 .. 9),
		'{"index": "none", "sqlstate": "22023", "tenant_id": "' . $apart . '", "topic": "gone", "partition": 0, "offset": 10, "event": 1}'),
	waiting($beside, 1, waiting_event(11, $beside, 'refused', 11)),
	qq{INSERT INTO personalization.topic_waiting SELECT '$beside', n + 1, jsonb_agg(jsonb_build_object('index', 0, 'event',
		jsonb_build_object('tenant_id', '$beside', 'user_id', 'large', 'interaction_type', 'custom', 'data', jsonb_build_object('n', n * 8 + m, 'text', repeat('x', 900000)))) ORDER BY m)
		FROM generate_series(1, 40) AS n, generate_series(0, 7) AS m GROUP BY n},
	'SELECT pg_terminate_backend(personalization.consumer_pid())');
all_learned(9, q{user_id = 'refused'}, 'events among others that cannot be received');
within($coordinator, q{SELECT count(*) = 2 FROM personalization.rejected_events WHERE topic = 'gone'}, 'these are set aside');
is($rejected->('gone'), join("\n", "$apart|6|22023", '|10|22023'), 'of their tenant, or of none');
all_learned(320, "user_id = 'large'", 'a large backlog is moved in parts');
is(on($coordinator, q{SELECT string_agg(data ->> 'n', ',' ORDER BY interaction_id) FROM personalization.interactions WHERE user_id = 'large'}), join(',', 8 .. 327), 'in order');
on(owner($beside), "SELECT personalization.forget_user('$beside', 'large')");
within($_, 'SELECT count(*) = 0 FROM personalization.topic_waiting', 'nothing waits, at ' . $_->name) foreach @all;

####################################################################
# Under load: shards move in both modes, the consumer, workers and servers are killed.

my $load = $kafka->topic('load', 3);
my $number = 0;
my %sent;
my %last;
on($coordinator, "SELECT personalization.subscribe_topic('$load')");
sub produce
{
	my $rounds = shift;

	foreach (1 .. $rounds)
	{
		my @messages = ([], [], []);

		# A user's events are in one partition.
		foreach (1 .. 40)
		{
			my $tenant = $tenants[ $number % 4 ];
			my $user = int($number / 4) % 6;

			push @{ $messages[ $user % 3 ] }, event($tenant, "load $user", $number);
			$sent{"$tenant load $user"}++;
			$number++;
		}
		$kafka->produce($load, $_, $messages[$_]) foreach 0 .. 2;
	}
	return;
}
sub kill_backend
{
	my ($node, $type) = @_;
	my $processes = "FROM pg_stat_activity WHERE backend_type = 'personalization $type'";

	within($node, "SELECT count(*) = 1 $processes", "there is a $type");
	is(kill('KILL', on($node, "SELECT pid $processes")), 1, "which is killed, at " . $node->name);
	# The postmaster restarts the server.
	sleep 0.5;
	within($node, 'SELECT NOT pg_is_in_recovery()', 'the server is up again');
	return;
}
produce(5);
move_tenant('acme', (grep { $_ != owner('acme') } @nodes), 'block_writes');
produce(5);
move_tenant('globex', (grep { $_ != owner('globex') } @nodes), 'force_logical');
produce(5);
kill_backend($coordinator, 'consumer');
produce(3);
within($coordinator, 'SELECT pg_terminate_backend(personalization.consumer_pid())', 'another consumer is ended');
produce(3);
kill_backend($nodes[0], 'worker');
produce(3);
foreach my $node ($nodes[1], $coordinator, $nodes[0])
{
	kill_server($node, 1);
	produce(2);
	$node->start;
	produce(2);
	sleep 1;
}
move_tenant('acme', (grep { $_ != owner('acme') } @nodes), 'block_writes');
produce(2);
note("$number messages");
all_learned($number, q{user_id LIKE 'load %'}, 'all messages are learned');
sleep 2;
is(stored(q{user_id LIKE 'load %'}), $number, 'once');
my $disorder = 0;
foreach my $row (split /\n/, on($coordinator, q{SELECT tenant_id || ' ' || user_id, string_agg(data ->> 'n', ',' ORDER BY interaction_id) FROM personalization.interactions WHERE user_id LIKE 'load %' GROUP BY tenant_id, user_id}))
{
	my ($who, $list) = split /\|/, $row;
	my @list = split /,/, $list;

	is(scalar(@list), $sent{$who}, "as many as were sent, of $who");
	$disorder++ if "@list" ne join(' ', sort { $a <=> $b } @list);
}
is($disorder, 0, 'each user in order');
within($_, 'SELECT count(*) = 0 FROM pg_prepared_xacts', 'no transaction is left prepared, at ' . $_->name) foreach @all;
within($_, 'SELECT count(*) = 0 FROM personalization.topic_waiting', 'and nothing waits') foreach @all;
within($coordinator, 'SELECT count(*) = 0 FROM personalization.inbox', 'the inboxes are empty');
is(differences_of($coordinator, 'postgres'), 0, 'interactions equal observations');
is(on($coordinator, "SELECT messages, lag FROM personalization.topic_status WHERE topic = '$load'"), "$number|0", 'each message was counted once');

$_->stop foreach reverse @all;
done_testing();
