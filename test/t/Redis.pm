# A redis-server of a test's own, and a client that speaks its protocol.
package Redis;

use strict;
use warnings;

use IO::Socket::UNIX;
use Time::HiRes qw(sleep time);

# The server's program, which calls itself by the name that it is started under.
sub program
{
	foreach my $name ('redis-server', 'redis-check-rdb')
	{
		foreach my $path (split(/:/, $ENV{PATH})) { return "$path/$name" if -x "$path/$name"; }
	}
	return undef;
}

# A reason to skip a test where there is no redis-server; in CI there must be one.
sub missing
{
	my $program = program();

	die "redis-server is missing\n" if !$program && $ENV{CI};
	return $program ? undef : 'redis-server is not installed';
}

# new(dir, option => value…): options as in redis.conf.  It keeps nothing on disk unless told to.
sub new
{
	my ($class, $dir, %options) = @_;
	my $self = bless { dir => $dir, socket => "$dir/redis.sock",
		options => { port => 0, save => '', appendonly => 'no', dir => $dir, unixsocketperm => 700, %options } }, $class;

	mkdir $dir;
	return $self;
}

sub start
{
	my $self = shift;
	my %options = (%{ $self->{options} }, unixsocket => $self->{socket});
	my $pid = fork();

	die "fork: $!" unless defined $pid;
	if ($pid == 0)
	{
		open(STDOUT, '>>', "$self->{dir}/log");
		open(STDERR, '>&', \*STDOUT);
		exec { program() } ('redis-server', map { ("--$_", $options{$_}) } sort keys %options) or exit(1);
	}
	$self->{pid} = $pid;
	for (1 .. 600)
	{
		return $self if eval { $self->ask('PING'); 1 } || ($@ || '') =~ /NOAUTH|LOADING/;
		sleep(0.1);
	}
	die "redis-server does not start: see $self->{dir}/log";
}

sub signal { my ($self, $signal) = @_; return kill($signal, $self->{pid}); }

sub stop
{
	my ($self, $signal) = @_;

	return unless $self->{pid};
	kill($signal || 'TERM', $self->{pid});
	kill('CONT', $self->{pid});
	waitpid($self->{pid}, 0);
	delete $self->{pid};
	delete $self->{connection};
	return;
}

sub DESTROY { local ($?, $@); return shift->stop('KILL'); }

sub url { my ($self, $login) = @_; return 'unix://' . ($login // '') . $self->{socket}; }

# The answer: text, undef, or a list.  Errors die.
sub answer
{
	my $socket = shift;
	my $line = <$socket>;

	die "no answer\n" unless defined $line;
	$line =~ s/\r\n$//;
	my ($type, $rest) = $line =~ /^(.)(.*)$/s;
	die "$rest\n" if $type eq '-';
	return $rest if $type eq '+' || $type eq ':';
	return undef if $rest < 0;
	if ($type eq '$')
	{
		my $text = '';
		read($socket, $text, $rest + 2);
		return substr($text, 0, $rest);
	}
	return [ map { answer($socket) } 1 .. $rest ];
}

sub ask
{
	my ($self, @words) = @_;

	$self->{connection} //= IO::Socket::UNIX->new($self->{socket}) || die "no connection: $!\n";
	my $socket = $self->{connection};
	my $reply = eval {
		print $socket join('', '*' . @words . "\r\n", map { '$' . length($_) . "\r\n$_\r\n" } @words);
		$socket->flush;
		answer($socket);
	};
	if ($@) { delete $self->{connection}; die $@; }
	return $reply;
}

# All keys that begin so, with their values.
sub all
{
	my ($self, $prefix) = @_;
	my @keys = grep { index($_, $prefix) == 0 } @{ $self->ask('KEYS', '*') };

	return { map { $_ => $self->ask('GET', $_) } @keys };
}

1;
