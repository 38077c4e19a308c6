# A clock for servers that can be set while they run: test/lib/clock.c.
package Clock;

use strict;
use warnings;

use FindBin;

# new(dir): a clock that is right; its library and its file are in the directory.
sub new
{
	my ($class, $dir) = @_;
	my $self = bless { library => "$dir/clock.so", file => "$dir/clock" }, $class;
	my ($source) = grep { -f } map { "$FindBin::RealBin/$_" } '../lib/clock.c', '../../lib/clock.c';

	system($ENV{CC} // 'gcc', '-O1', '-shared', '-fPIC', '-o', $self->{library}, $source) == 0 or die "clock.c: $?";
	open($self->{handle}, '+>', $self->{file}) or die "$self->{file}: $!";
	$self->set(0);
	return $self;
}

# What a server must be started with.
sub environment { my $self = shift; return (LD_PRELOAD => $self->{library}, CLOCK_FILE => $self->{file}); }

# set(seconds): how far the clock is ahead from now on, or, if negative, behind.
sub set
{
	my ($self, $seconds) = @_;

	sysseek($self->{handle}, 0, 0);
	syswrite($self->{handle}, pack('q', $seconds * 1_000_000)) == 8 or die "$self->{file}: $!";
	return;
}

1;
