# Events from Kafka: messages are learned as learn_batch would learn them, once, in their order; what is
# wrong with one, or with a tenant, holds up nothing else.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use Kafka;
use POSIX qw(strftime);
use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $missing = Kafka::missing();
plan skip_all => $missing if $missing;

my $dir = PostgreSQL::Test::Utils::tempdir_short();
my $kafka = Kafka->new($dir);
my $node = node('kafka', qq{
shared_preload_libraries = 'personalization'
personalization.worker_naptime = '100ms'
max_worker_processes = 16
personalization.kafka_brokers = '@{[ $kafka->brokers ]}'
});

sub event
{
	my ($tenant, $user, $type, $data, $more) = @_;

	return qq({"tenant_id": "$tenant", "user_id": "$user", "interaction_type": "$type", "data": $data@{[ $more // '' ]}});
}
sub status { my ($topic, $columns) = @_; return sql("SELECT $columns FROM personalization.topic_status WHERE topic = '$topic'"); }
# All messages are dealt with, and where a lock was held for too long, what went to the inbox; initech's may wait there.
sub learned
{
	my ($topic, $n, $what) = @_;

	return within(20, "SELECT messages = $n AND lag = 0 AND NOT EXISTS (SELECT FROM personalization.inbox WHERE tenant_id <> 'initech') FROM personalization.topic_status WHERE topic = '$topic'", $what);
}

sql('CREATE EXTENSION personalization',
	q(SELECT count(personalization.create_tenant(t)) FROM unnest('{acme,globex,initech,twin}'::text[]) t));

####################################################################
# Before and after subscribing, from several partitions; the same as learn_batch.

my $first = $kafka->topic('first', 3);
my @charts = qw(bar line pie bar bar);
# Of yesterday: what is older than the history retention, a pass would delete in between.
my $yesterday = int(time) - 86400;
my @events = map { [ "u$_", 'visualization', qq({"chart_type": "$charts[$_ % 5]"}), strftime(', "occurred_at": "%FT%TZ"', gmtime($yesterday + $_)) ] } 0 .. 29;
foreach my $p (0 .. 2) { $kafka->produce($first, $p, [ map { event('acme', @{ $events[ $_ * 3 + $p ] }) } 0 .. 4 ]); }
sql("SELECT personalization.subscribe_topic('$first')");
learned($first, 15, 'what was there before');
foreach my $p (0 .. 2) { $kafka->produce($first, $p, [ '[' . join(',', map { event('acme', @{ $events[ $_ * 3 + $p ] }) } 5 .. 9) . ']' ]); }
learned($first, 18, 'and what comes later, as arrays');
sql('SELECT personalization.learn_batch(' . quote('[' . join(',', map { event('twin', @$_) } @events) . ']') . ')');
my $preferences = q(SELECT string_agg(format('%s %s %s %s', user_id, key, value, observation_count), ',' ORDER BY user_id, key) FROM personalization.preferences WHERE tenant_id = );
is(sql($preferences . q('acme')), sql($preferences . q('twin')), 'it is what learn_batch learns');
is(status($first, 'partitions, offsets, lag, messages, rejected'), '3|{"0": 6, "1": 6, "2": 6}|0|18|0', 'the status');
# Where a broker has not answered within a second, the state was another for a moment.
within(20, "SELECT state = 'reading' FROM personalization.topic_status WHERE topic = '$first'", 'and the state');
like(sql("SELECT backend_type, application_name FROM pg_stat_activity WHERE pid = personalization.consumer_pid()"),
	qr/^personalization consumer\|personalization consumer$/, 'a process of its own');

# Its threads leave signals to the process.
my $pid = sql('SELECT personalization.consumer_pid()');
# The last digits are those of the first 16 signals; a thread may have ended since.
sub leaves_signals { my $status = eval { slurp_file(shift) } // return 0; return $status =~ /^SigBlk:\s+\w*(\w{4})$/m && (hex($1) & 0x4a03) != 0x4a03; }
my @unblocked = grep { !m{/$pid/status$} && leaves_signals($_) } glob("/proc/$pid/task/*/status");
cmp_ok(scalar(my @threads = glob("/proc/$pid/task/*")), '>', 2, 'there are threads');
is("@unblocked", '', 'signals are blocked in them');

####################################################################
# Messages that are wrong are set aside with their place, and hold up nothing.

my $junk = $kafka->topic('junk', 1);
sql("SELECT personalization.subscribe_topic('$junk')");
my @bad = ('no json', '{"tenant_id": "acme"', "\xff\xfe", "{\"a\": \"\\u0000\"}", event('acme', 'u', 'exprot', '{}'), event('nobody', 'u', 'export', '{}'),
	event('acme', 'u', 'export', '[]'), event('acme', '', 'export', '{}'), '[1, {}]', '"text"', 'null', '1e999999', '{"x":' x 200 . '1' . '}' x 200);
srand(1);
my @random = map { join('', map { chr(int(rand(256))) } 1 .. int(rand(60)) + 1) =~ s/\x1e//gr } 1 .. 200;
my @pieces = ('{', '}', '[', ']', '"', ':', ',', '\\', '\\u00e9', '\\ud800', '1', '-', 'e', '.', 'true', 'null', ' ', '"tenant_id"', '"acme"', "\xc3\xa4", "\xe2\x82");
my @almost = map { join('', map { $pieces[ int(rand(@pieces)) ] } 1 .. int(rand(12)) + 1) } 1 .. 300;
$kafka->produce($junk, 0, [ @bad, event('acme', 'good', 'export', '{"format": "csv"}') ]);
$kafka->produce($junk, 0, [ @random, event('acme', 'good', 'export', '{"format": "csv"}') ]);
$kafka->produce($junk, 0, [ @almost, event('acme', 'good', 'export', '{"format": "csv"}') ]);
learned($junk, @bad + @random + @almost + 3, 'all are dealt with');
is(sql("SELECT count(*) FROM personalization.interactions WHERE user_id = 'good'"), '3', 'those between them are learned');
# What the client itself says, such as that a broker is slow to answer, begins with Local.
like(status($junk, 'last_error'), qr/^(Local: .*)?$/, 'none was a failure');
is(sql(qq(SELECT tenant_id, partition, "offset", sqlstate, reason FROM personalization.rejected_events WHERE topic = '$junk' AND "offset" IN (0, 2, 4, 5, 8) ORDER BY "offset", rejected_id)),
	join("\n", '|0|0|22P02|message is not valid JSON: a value is missing or unknown', '|0|2|22P02|message is not valid JSON: a value is missing or unknown',
		'acme|0|4|22P02|invalid value for interaction_type: "exprot"', 'nobody|0|5|42704|tenant "nobody" does not exist',
		'|0|8|22023|event must be a JSON object', '|0|8|22004|tenant_id is missing'), 'with place and reason');
is(sql(q(SELECT event ->> 'base64' FROM personalization.rejected_events WHERE "offset" = 2 AND partition = 0)), '//4=', 'bytes that are no text are kept');

####################################################################
# Key, headers and other fields.

my $mapped = $kafka->topic('mapped', 1);
sql("SELECT personalization.subscribe_topic('$mapped', NULL, " . quote('{"tenant_id": {"header": "tenant"}, "user_id": {"key": ""},
	"interaction_type": "event.name", "data": "event.payload", "occurred_at": "ts", "types": {"export_clicked": "export", "heartbeat": null}}') . ')');
$kafka->produce($mapped, 0, [ qq(ana:{"event": {"name": "export_clicked", "payload": {"format": "pdf"}}, "ts": ${yesterday}123, "v": 7}), 'ana:{"event": {"name": "heartbeat"}}' ], '-K:', '-H', 'tenant=globex');
learned($mapped, 2, 'a mapped message');
is(sql(q(SELECT user_id, interaction_type, data, extract(epoch FROM occurred_at) FROM personalization.interactions WHERE tenant_id = 'globex')),
	qq(ana|export|{"format": "pdf"}|$yesterday.123000), 'has its fields from key, header and elsewhere');
is(status($mapped, 'learned, rejected'), '1|0', 'what is no event is passed over');

####################################################################
# Nothing of a user who refuses, and no text of a query where a tenant wants none.

my $private = $kafka->topic('private', 1);
sql(q(SELECT personalization.create_tenant('private', '{"store_query_text": false}')), q(SELECT personalization.set_learning('private', 'zoe', false)), "SELECT personalization.subscribe_topic('$private', 'private')");
$kafka->produce($private, 0, [ event('private', 'zoe', 'query', '{"query": "Zq7Xmark"}'), event('private', 'zoe', 'nonsense', '{"query": "Zq7Xmark"}'),
	event('private', 'yan', 'query', '{"query": "Zq7Xmark", "sql": "SELECT zq7xmark FROM t"}'), event('private', 'yan', 'query', '{"query": ["Zq7Xmark"]}'), '{"q": "Zq7Xmark"', '"Zq7Xmark"' ]);
learned($private, 6, 'messages of a tenant without texts');
is(sql(q(SELECT string_agg(user_id || ' ' || data, ',') FROM personalization.interactions WHERE tenant_id = 'private')), 'yan {"tables_used": ["t"]}', 'are learned, without those who refuse');
is(sql(q(SELECT string_agg((event - '{occurred_at,interaction_id}'::text[])::text, ',' ORDER BY event ->> 'user_id' NULLS FIRST) FROM personalization.rejected_events WHERE tenant_id = 'private')),
	'{},{},{"data": {}, "user_id": "yan", "tenant_id": "private", "interaction_type": "query"}', 'and set aside without text');
is(sql(join(' UNION ALL ', map { "SELECT '$_' FROM personalization.$_ t WHERE t::text ~* 'zq7xmark|zoe'" } qw(interactions rejected_events user_queries query_events query_statistics inbox preferences profiles))), '', 'neither is anywhere');

####################################################################
# One tenant's trouble: a session holds a user's lock. Others are learned, and theirs later, in order.

my $shared = $kafka->topic('shared', 1);
sql("SELECT personalization.subscribe_topic('$shared')");
my $holder = $node->background_psql('postgres');
$holder->query_safe(q(BEGIN));
$holder->query_safe(q(SELECT personalization.learn('initech', 'held', 'query', '{"query": "x"}')));
$kafka->produce($shared, 0, [ map { (event('initech', 'held', 'custom', qq({"n": $_})), event('acme', 'free', 'custom', qq({"n": $_}))) } 1 .. 50 ]);
within(20, q(SELECT count(*) = 50 FROM personalization.interactions WHERE tenant_id = 'acme' AND user_id = 'free'), 'other tenants of the partition are learned');
is(sql(q(SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'initech')), '0', 'while one is locked');
is(sql(q(SELECT count(*), min("offset"), max("offset"), min(topic) FROM personalization.inbox WHERE tenant_id = 'initech')), "50|0|98|$shared", 'its events wait in the inbox');
$kafka->produce($shared, 0, [ map { event('initech', 'held', 'custom', qq({"n": $_})) } 51 .. 60 ]);
learned($shared, 110, 'the partition goes on');
sql('SELECT pg_terminate_backend(personalization.consumer_pid())');
$kafka->produce($shared, 0, [ map { event('initech', 'held', 'custom', qq({"n": $_})) } 61 .. 65 ]);
learned($shared, 115, 'so does another consumer');
is(sql(q(SELECT count(*) FROM personalization.inbox WHERE tenant_id = 'initech')), '65', 'which knows for whom events wait');
$holder->query_safe('COMMIT');
$holder->quit;
within(30, q(SELECT count(*) = 65 FROM personalization.interactions WHERE tenant_id = 'initech' AND interaction_type = 'custom'), 'then it is learned');
is(sql(q(SELECT string_agg(data ->> 'n', ',' ORDER BY interaction_id) FROM personalization.interactions WHERE tenant_id = 'initech' AND interaction_type = 'custom')), join(',', 1 .. 65), 'in order');
$kafka->produce($shared, 0, [ event('initech', 'held', 'custom', '{"n": 66}') ]);
within(20, q(SELECT count(*) = 66 FROM personalization.interactions WHERE tenant_id = 'initech' AND interaction_type = 'custom'), 'and straight again');

# A tenant that is frozen: nothing is written for it but to the inbox, and others go on.
sql(q(SELECT personalization.freeze_tenant('initech')));
$kafka->produce($shared, 0, [ event('initech', 'held', 'custom', '{"n": 67}'), event('initech', 'held', 'exprot', '{}'), event('acme', 'free', 'custom', '{"n": 51}') ]);
learned($shared, 119, 'a frozen tenant holds up nothing');
is(sql(qq{SELECT count(*) FILTER (WHERE tenant_id = 'acme' AND user_id = 'free'), count(*) FILTER (WHERE tenant_id = 'initech' AND interaction_type = 'custom'),
	(SELECT tenant_id FROM personalization.rejected_events WHERE topic = '$shared') FROM personalization.interactions}), '51|66|', 'others are learned');
sql(q(SELECT personalization.thaw_tenant('initech')));
within(30, q(SELECT count(*) = 67 FROM personalization.interactions WHERE tenant_id = 'initech' AND interaction_type = 'custom'), 'and it is when it is thawed');

####################################################################
# Where to begin; again from the beginning nothing counts twice.

is(sql("SELECT personalization.unsubscribe_topic('$first')"), '{"0": 6, "1": 6, "2": 6}', 'unsubscribing says how far it was');
$kafka->produce($first, 1, [ event('acme', 'late', 'export', '{"format": "csv"}') ]);
sql("SELECT personalization.subscribe_topic('$first', start => '{\"0\": 6, \"1\": 6, \"2\": 6}')");
learned($first, 1, 'from where it was');
sql("SELECT personalization.subscribe_topic('$first', start => 'earliest') FROM personalization.unsubscribe_topic('$first')");
learned($first, 19, 'again from the beginning');
is(status($first, 'learned'), '0', 'learns nothing twice');
is(sql(q(SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'acme' AND user_id ~ '^u|late')), '31', 'nothing at all');
sql("SELECT personalization.subscribe_topic('$first', start => 'latest') FROM personalization.unsubscribe_topic('$first')");
within(20, "SELECT offsets = '{\"0\": 6, \"1\": 7, \"2\": 6}' FROM personalization.topic_status WHERE topic = '$first'", 'from the end');
$kafka->produce($first, 2, [ event('acme', 'last', 'export', '{"format": "csv"}') ]);
learned($first, 1, 'only what comes');

# Somebody moves the offsets while it is read.
sql("UPDATE personalization.topic_offsets SET next_offset = 0 WHERE topic = '$first' AND partition = 2");
$kafka->produce($first, 2, [ event('acme', 'moved', 'export', '{"format": "csv"}') ]);
within(20, "SELECT offsets ->> '2' = '8' AND lag = 0 FROM personalization.topic_status WHERE topic = '$first'", 'offsets that are moved are followed');
is(sql(q(SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'acme' AND user_id ~ '^u|late|last|moved')), '33', 'and nothing counts twice');

# From a time on: the first message of that time or later, the end where there is none.
my $timed = $kafka->topic('timed', 2);
sub timed { my ($p, $user) = @_; return $kafka->produce($timed, $p, [ event('acme', $user, 'export', '{"format": "csv"}') ]); }
timed(0, 'early');
timed(1, 'early');
sleep(0.05);
my $time = sql('SELECT clock_timestamp()');
timed(0, 'timed');
sql("SELECT personalization.subscribe_topic('$timed', start => '$time')");
SKIP:
{
	skip 'the mock cluster takes the end for every time', 3 if $kafka->is_mock;
	learned($timed, 1, 'from a time on');
	is(status($timed, 'offsets'), '{"0": 2, "1": 1}', 'each partition');
	is(sql(q(SELECT string_agg(user_id, ',') FROM personalization.interactions WHERE user_id IN ('early', 'timed'))), 'timed', 'not what is older');
}

# A mapping that somebody has made invalid.
sql("UPDATE personalization.topic_subscriptions SET mapping = '{\"user\": 1}' WHERE topic = '$timed'", 'SELECT pg_terminate_backend(personalization.consumer_pid())');
within(20, "SELECT state = 'failing' AND last_error ~ 'unrecognized field' FROM personalization.topic_status WHERE topic = '$timed'", 'an invalid mapping is said');
within(20, "SELECT state = 'reading' FROM personalization.topic_status WHERE topic = '$first'", 'and stops its topic only');
sql("SELECT personalization.unsubscribe_topic('$timed')");

####################################################################
# While the consumer is behind, the worker counts requests for a quarter of the time; afterwards for all of it.

my $many = $kafka->topic('many', 2);
my $n = 30_000;
sql(q(ALTER SYSTEM SET personalization.worker_batch_size = 10), 'SELECT pg_reload_conf()');
foreach my $p (0, 1) { $kafka->produce($many, $p, [ map { event('acme', 'm' . $_ % 50, 'query', sprintf('{"query": "question %d"}', $_ % 5000)) } 1 .. $n / 2 ]); }
sql("SELECT personalization.subscribe_topic('$many')");
my ($looks, $counts) = (0, 0);
while (1)
{
	my ($messages, $counting) = split(/\|/, sql(qq{
		SELECT s.messages, count(a.pid) FILTER (WHERE a.state = 'active' AND a.query = 'counting queries')
		FROM personalization.topic_status s LEFT JOIN pg_stat_activity a ON a.pid = personalization.worker_pid()
		WHERE s.topic = '$many' GROUP BY 1}));

	last if $messages == $n || $looks > 5000;
	$looks++ if $messages > 0;
	$counts++ if $messages > 0 && $counting;
}
cmp_ok($looks, '>', 10, "the consumer was behind for a while ($looks looks)");
cmp_ok($counts, '<', $looks * 0.6, "the worker left it the time ($counts of them while it counted)");
within(120, q(SELECT NOT EXISTS (SELECT FROM personalization.query_events)), 'it counts them all afterwards');
is(sql(q(SELECT asks FROM personalization.rankings WHERE tenant_id = 'acme')) >= $n, 1, 'each request');
sql("SELECT personalization.unsubscribe_topic('$many')", 'ALTER SYSTEM RESET personalization.worker_batch_size', 'SELECT pg_reload_conf()');

####################################################################
# Brokers that are away, or no topic.

my $problems = q(SELECT p FROM personalization.health, unnest(problems) AS p WHERE p ~ 'topics');

SKIP:
{
	skip 'only the mock cluster goes down at a word', 7 unless $kafka->is_mock;
	$kafka->command('down');
	within(30, "SELECT bool_and(state = 'failing') FROM personalization.topic_status", 'without brokers it fails');
	like(status($first, 'last_error'), qr/failed|failure|down|disconnected|timed out/i, 'and says why');
	is(sql($problems), '', 'health does not mind a moment');
	sql(q(UPDATE personalization.topic_state SET since = since - interval '2 minutes'));
	like(sql($problems), qr/^topics cannot be read: \d+, such as ".+" for 00:02:\d\d: ./, 'but after a minute it says so');
	$kafka->command('up');
	$kafka->produce($first, 0, [ event('acme', 'again', 'export', '{"format": "csv"}') ]);
	within(30, q(SELECT count(*) = 1 FROM personalization.interactions WHERE user_id = 'again'), 'it goes on by itself');
	within(30, "SELECT bool_and(state = 'reading') FROM personalization.topic_status", 'and says so');
	is(sql($problems), '', 'so does health');
}

SKIP:
{
	skip 'the mock cluster makes every topic that is asked for', 2 if $kafka->is_mock;
	sql(q(SELECT personalization.subscribe_topic('nowhere')));
	within(20, q(SELECT state = 'failing' AND last_error ~ 'Unknown topic' FROM personalization.topic_status WHERE topic = 'nowhere'), 'a topic that is not there');
	is(status($first, 'state'), 'reading', 'fails alone');
	sql(q(SELECT personalization.unsubscribe_topic('nowhere')));
}

# Properties that are wrong: nothing of their values is said.
my $log = log_position();
sql(q(ALTER SYSTEM SET personalization.kafka_config = 'sasl.mechanism=PLAIN sasl.password=hush security.protocol=hush'), 'SELECT pg_reload_conf()');
within(20, q(SELECT bool_and(state = 'failing' AND last_error ~ 'security.protocol') FROM personalization.topic_status), 'a property that is wrong');
my ($status, $out, $err) = $node->psql('postgres', q(ALTER SYSTEM SET personalization.kafka_config = 'auto.offset.reset=hush'));
like($err, qr/invalid value for parameter "personalization.kafka_config"\n.*"auto.offset.reset" cannot be set/, 'one that is not for the user');
unlike(log_since($log) =~ s/^.*(?:STATEMENT: |statement: |changed to ).*$//gmr, qr/hush/, 'its value is not logged by us');
sql('ALTER SYSTEM RESET personalization.kafka_config', 'SELECT pg_reload_conf()');
within(20, q(SELECT bool_and(state = 'reading') FROM personalization.topic_status), 'it goes on once they are right');

done_testing();
