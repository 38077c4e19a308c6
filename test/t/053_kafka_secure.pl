# A real broker with TLS and SASL: what is wrong with either is said, and with both right messages are
# learned; partitions that a topic gets later are read from their beginning.  It runs where KAFKA_JARS says
# that test/lib/kafka has what it needs, as that starts a JVM.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use Kafka;
use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;

my $missing = Kafka::missing();
plan skip_all => $missing if $missing;
plan skip_all => 'KAFKA_JARS is not set: see test/lib/kafka' if !$ENV{KAFKA_JARS};

my $dir = PostgreSQL::Test::Utils::tempdir_short();
chomp(my $brokers = `test/lib/kafka start --secure $dir/secure`);
plan skip_all => 'test/lib/kafka does not start' if $? != 0;

my @login = ('security.protocol=SASL_SSL', 'sasl.mechanism=PLAIN', 'sasl.username=app');
my @good = (@login, 'sasl.password=app-secret', "ssl.ca.location=$dir/secure/ca.pem");
my $node = node('secure', qq{
shared_preload_libraries = 'personalization'
personalization.worker_naptime = '100ms'
personalization.kafka_brokers = '$brokers'
});

sub configure { return sql("ALTER SYSTEM SET personalization.kafka_config = '@_'", 'SELECT pg_reload_conf()'); }
sub produce
{
	my ($partition, $n) = @_;

	open(my $kcat, '|-', 'kcat', '-b', $brokers, '-P', '-q', '-t', 'secure', '-p', $partition, map { ('-X', $_) } @good) or die "kcat: $!\n";
	print $kcat qq({"user_id": "ana", "interaction_type": "export", "data": {"format": "csv"}}\n) x $n;
	close($kcat) or die "kcat could not produce\n";
	return;
}

sql('CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme')), q(SELECT personalization.subscribe_topic('secure', 'acme')));
within(20, q(SELECT state = 'failing' AND last_error ~ 'security.protocol' FROM personalization.topic_status), 'without TLS it says what may be wrong');
configure(@login, 'sasl.password=wrong', "ssl.ca.location=$dir/secure/ca.pem");
within(20, q(SELECT state = 'failing' AND last_error ~ 'Authentication failed' FROM personalization.topic_status), 'with a wrong password too');
configure(@login, 'sasl.password=app-secret');
within(20, q(SELECT state = 'failing' AND last_error ~ 'certificate' FROM personalization.topic_status), 'and without the authority');
configure(@good);
produce(0, 100);
within(30, q(SELECT state = 'reading' AND learned = 100 AND lag = 0 FROM personalization.topic_status), 'with all of them it reads');

# What the brokers are told.
ok(defined wait_until(60, sub { `kcat -b $brokers -L -q @{[ map { "-X $_" } @good ]} 2>&1` =~ /"__consumer_offsets"/ }), 'and tells the broker how far it is');

is(system('test/lib/kafka', 'partitions', "$dir/secure", 'secure', '3'), 0, 'the topic gets more partitions');
produce(2, 50);
within(60, q(SELECT partitions = 3 AND learned = 150 FROM personalization.topic_status), 'which are read from their beginning');

system('test/lib/kafka', 'kill', "$dir/secure");
done_testing();
