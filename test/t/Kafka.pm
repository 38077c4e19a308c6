# Brokers for the tests: those of KAFKA_BROKERS (host:port), or librdkafka's mock cluster; and kcat, which
# writes to them.
package Kafka;

use strict;
use warnings;

use IPC::Open2;
use Time::HiRes qw(sleep time);

# A reason to skip a test; in CI there must be none.
sub missing
{
	my $why =
		!grep({ -x "$_/kcat" } split(/:/, $ENV{PATH})) ? 'kcat is not installed'
	  : !-e '/usr/include/librdkafka/rdkafka_mock.h' ? 'librdkafka-dev is not installed'
	  : undef;

	die "$why\n" if $why && $ENV{CI};
	return $why;
}

# new(dir): the program is built there.
sub new
{
	my ($class, $dir) = @_;
	my $self = bless { program => "$dir/mock_kafka", number => 0 }, $class;

	system('cc', '-std=gnu99', '-o', $self->{program}, 'test/lib/mock_kafka.c', '-lrdkafka') == 0 or die "mock_kafka.c does not build\n";
	if ($ENV{KAFKA_BROKERS}) { $self->{brokers} = $ENV{KAFKA_BROKERS}; }
	else
	{
		$self->{pid} = open2($self->{out}, $self->{in}, $self->{program});
		chomp($self->{brokers} = readline($self->{out}));
	}
	return $self;
}

sub brokers { return shift->{brokers}; }
sub is_mock { return defined shift->{pid}; }

# Has the mock cluster do something.
sub command
{
	my ($self, $line) = @_;

	print { $self->{in} } "$line\n";
	$self->{in}->flush;
	readline($self->{out}) eq "ok\n" or die "the mock cluster does not obey\n";
	return $self;
}

# topic(name, partitions): makes one, by a name that no other run has, which is returned.
sub topic
{
	my ($self, $name, $partitions) = @_;

	if ($self->is_mock) { $self->command("topic $name $partitions"); }
	else
	{
		$name .= sprintf('-%d-%d', time, $$);
		system($self->{program}, $self->{brokers}, $name, $partitions) == 0 or die "no topic\n";
	}
	return $name;
}

# produce(topic, partition, [message…], option…): options are kcat's.
sub produce
{
	my ($self, $topic, $partition, $messages, @options) = @_;

	open(my $kcat, '|-', 'kcat', '-b', $self->{brokers}, '-P', '-q', '-t', $topic, '-p', $partition, '-D', "\x1e", @options) or die "kcat: $!\n";
	print $kcat join("\x1e", @$messages);
	close($kcat) or die "kcat could not produce\n";
	return;
}

sub DESTROY
{
	my $self = shift;

	local ($?, $@);
	if ($self->{pid}) { kill('KILL', $self->{pid}); waitpid($self->{pid}, 0); }
	return;
}

1;
