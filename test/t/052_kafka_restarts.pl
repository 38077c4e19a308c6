# Restarts at random on both sides, while messages come: nothing is lost, and nothing is learned twice. What
# is learned is compared with the ledger of what was produced, message by message.
#
#   KAFKA_MESSAGES   how many (20000)
#   KAFKA_SECONDS    at least so long something is killed now and then (15)
#   KAFKA_DIR        a directory of test/lib/kafka's, whose broker is killed and restarted too; else the
#                    mock cluster, whose broker goes away and comes back
#
# The million of the manual: KAFKA_DIR=/tmp/kafka KAFKA_MESSAGES=1000000 KAFKA_SECONDS=300 make check-tap TESTS=052_kafka_restarts

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use Kafka;
use Personalization;
use PostgreSQL::Test::Utils;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $missing = Kafka::missing();
plan skip_all => $missing if $missing;

my $messages = $ENV{KAFKA_MESSAGES} || 20000;
my $seconds = $ENV{KAFKA_SECONDS} || 15;
my $broker_dir = $ENV{KAFKA_DIR};
my $partitions = 8;
my $dir = PostgreSQL::Test::Utils::tempdir_short();

$ENV{KAFKA_BROKERS} = slurp_file("$broker_dir/address") =~ s/\s+$//r if $broker_dir;
my $kafka = Kafka->new($dir);
my $topic = $kafka->topic('ledger', $partitions);
my $node = node('restarts', qq{
shared_preload_libraries = 'personalization'
personalization.worker_naptime = '200ms'
personalization.kafka_brokers = '@{[ $kafka->brokers ]}'
restart_after_crash = on
fsync = off
max_wal_size = 2GB
log_statement = none
});

sql('CREATE EXTENSION personalization',
	q(SELECT count(personalization.create_tenant('t' || n, '{"suggestions": false}')) FROM generate_series(1, 20) n),
	"SELECT personalization.subscribe_topic('$topic')");

# The ledger: which message went into which partition, in which order. A producer a partition, each of them
# idempotent, so that its retries are none.
sub message
{
	my ($n, $partition) = @_;

	return sprintf('{"tenant_id": "t%d", "user_id": "u%d", "interaction_type": "custom", "data": {"n": %d, "p": %d}}', 1 + $n % 20, $n % 997, $n, $partition);
}
my $each = int($messages / $partitions);
my @producers;
foreach my $p (0 .. $partitions - 1)
{
	my $pid = fork() // die "fork: $!";

	if ($pid == 0)
	{
		# In pieces, so that they last as long as the restarts do.
		open(my $kcat, '|-', 'kcat', '-b', $kafka->brokers, '-P', '-q', '-E', '-t', $topic, '-p', $p, '-X', 'message.timeout.ms=600000',
			'-X', 'enable.idempotence=' . ($kafka->is_mock ? 'false' : 'true'), '-X', 'queue.buffering.max.messages=10000') or POSIX::_exit(1);
		my $start = time;

		foreach my $i (0 .. $each - 1)
		{
			print $kcat message($i * $partitions + $p, $p), "\n" or POSIX::_exit(1);
			if ($i % 100 == 99)
			{
				$kcat->flush;
				my $ahead = $seconds * 0.8 * $i / $each - (time - $start);
				sleep($ahead) if $ahead > 0;
			}
		}
		POSIX::_exit(close($kcat) ? 0 : 1);
	}
	push @producers, $pid;
}

####################################################################
# What is killed, at random.

sub consumer { my (undef, $pid) = $node->psql('postgres', 'SELECT personalization.consumer_pid()'); return $pid; }
sub broker { my $command = shift; return system_log('test/lib/kafka', $command, $broker_dir); }
my %done;
my %harm = (
	'terminate the consumer' => sub { $node->psql('postgres', 'SELECT pg_terminate_backend(personalization.consumer_pid())') },
	'kill -9 the consumer' => sub { my $pid = consumer(); kill('KILL', $pid) if $pid },
	'terminate the worker' => sub { $node->psql('postgres', 'SELECT pg_terminate_backend(personalization.worker_pid())') },
	'restart the server' => sub { $node->restart('fast') },
	'crash the server' => sub { $node->stop('immediate'); $node->start },
	'hold a user for a while' => sub {
		my $session = $node->background_psql('postgres', on_error_stop => 0);
		$session->query(q(BEGIN; SELECT personalization.learn('t' || 1 + n, 'u' || n, 'custom', '{}') FROM generate_series(1, 9) n;));
		sleep(rand(3));
		$session->quit;
	},
	$broker_dir ? (
		'restart the broker' => sub { broker('stop'); broker('start') },
		'kill -9 the broker' => sub { broker('kill'); sleep(rand(3)); broker('start') })
	: ('take the broker away' => sub { $kafka->command('down'); sleep(rand(2)); $kafka->command('up') }));

srand($ENV{KAFKA_SEED} || 7);
my $start = time;
while (time - $start < $seconds)
{
	my @names = sort keys %harm;
	my $name = $names[ int(rand(@names)) ];

	sleep(0.5 + rand($seconds / 30));
	note(sprintf('%.1f s: %s; learned %s', time - $start, $name, ($node->psql('postgres', 'SELECT sum(learned), sum(lag) FROM personalization.topic_status'))[1] // '?'));
	eval { $harm{$name}->(); 1 } or note("failed: $@");
	$done{$name}++;
	wait_until(60, sub { ($node->psql('postgres', 'SELECT 1'))[0] == 0 });
}
my $times = join(', ', map { "$_: $done{$_}" } sort keys %done);
my $failed = grep { waitpid($_, 0); $? != 0 } @producers;
is($failed, 0, 'all producers have got rid of their messages');

my $total = $each * $partitions;
within($total / 200 + 60, "SELECT messages = $total AND lag = 0 FROM personalization.topic_status WHERE topic = '$topic'", 'all is read');
within(120, 'SELECT count(*) = 0 FROM personalization.inbox', 'and none waits');
my $figures = sprintf('%d messages in %.0f s; %s; messages, learned, rejected, failures, last_error: %s', $total, time - $start, $times,
	sql("SELECT messages, learned, rejected, failures, last_error FROM personalization.topic_status"));
# A long run is for its figures.
$broker_dir ? diag($figures) : note($figures);

####################################################################
# The comparison.

is(sql(q(SELECT count(*) FROM personalization.interactions WHERE data ? 'n')), $total, 'as many are learned as were produced');
is(sql(qq(SELECT count(*) FROM generate_series(0, $total - 1) n WHERE NOT EXISTS (
	SELECT FROM personalization.interactions i WHERE i.tenant_id = 't' || 1 + n % 20 AND i.user_id = 'u' || n % 997
	AND i.data = jsonb_build_object('n', n, 'p', n % $partitions))), 'SET enable_seqscan = on') =~ s/SET\n?//r, '0', 'each of them, as it was') if $total <= 50000;
is(sql(qq(SELECT count(*), count(DISTINCT (data ->> 'n')::int), min((data ->> 'n')::int), max((data ->> 'n')::int),
	count(*) FILTER (WHERE tenant_id <> 't' || 1 + (data ->> 'n')::int % 20 OR user_id <> 'u' || (data ->> 'n')::int % 997 OR (data ->> 'p')::int <> (data ->> 'n')::int % $partitions)
	FROM personalization.interactions WHERE data ? 'n')), "$total|$total|0|@{[ $total - 1 ]}|0", 'each of them once, none other');
is(sql(q(SELECT count(*) FROM (SELECT (data ->> 'n')::int AS n, lag((data ->> 'n')::int) OVER (PARTITION BY tenant_id, data ->> 'p' ORDER BY interaction_id) AS before
	FROM personalization.interactions WHERE data ? 'n') x WHERE before > n)), '0', 'in the order of its partition');
is(sql('SELECT count(*) FROM personalization.rejected_events'), '0', 'none is rejected');
is(sql("SELECT sum(learned) FROM personalization.topic_offsets") <= $total ? 'so' : 'not so', 'so', 'the counters do not exceed it');
is_consistent('what is stored agrees with itself') if defined &is_consistent && $total <= 50000;
done_testing();
