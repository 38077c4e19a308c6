# A clock for servers that can be set while they run: test/lib/clock.c.
package Clock;

use strict;
use warnings;

use FindBin;

# How far the test's own clock is ahead, in microseconds, where it runs at another time (CLOCK= of test/check).
sub own
{
	open(my $in, '<:raw', $ENV{CLOCK_FILE} // return 0) or die "$ENV{CLOCK_FILE}: $!";
	return unpack('q', do { local $/; <$in> });
}

# new(dir): a clock that is as the test's; its library and its file are in the directory.
sub new
{
	my ($class, $dir) = @_;
	my $self = bless { library => "$dir/clock.so", file => "$dir/clock", own => own() }, $class;
	my ($source) = grep { -f } map { "$FindBin::RealBin/$_" } '../lib/clock.c', '../../lib/clock.c';

	system($ENV{CC} // 'gcc', '-O1', '-shared', '-fPIC', '-o', $self->{library}, $source) == 0 or die "clock.c: $?";
	open($self->{handle}, '+>', $self->{file}) or die "$self->{file}: $!";
	$self->set(0);
	return $self;
}

# What a server must be started with.
sub environment { my $self = shift; return (LD_PRELOAD => $self->{library}, CLOCK_FILE => $self->{file}); }

# set(seconds): how far the clock is ahead of the test's from now on, or, if negative, behind.
sub set
{
	my ($self, $seconds) = @_;

	sysseek($self->{handle}, 0, 0);
	syswrite($self->{handle}, pack('q', $self->{own} + $seconds * 1_000_000)) == 8 or die "$self->{file}: $!";
	return;
}

1;
