# A session of psql that is told statements and says what came of them: for programs that run millions
# of statements and must see what a person would see, errors with their fields included.
package Psql;

use strict;
use warnings;

use IPC::Open2;

# Psql->new(role, option => value…): a session of that role.  Options: database, settings (a text for
# PGOPTIONS).  Where the server cannot be reached, it is one that is lost.
sub new
{
	my ($class, $role, %options) = @_;
	my $self = bless { role => $role, number => 0, lost => 0, owner => $$ }, $class;

	local $ENV{PGUSER} = $role;
	local $ENV{PGDATABASE} = $options{database} // $ENV{PGDATABASE} // 'postgres';
	local $ENV{PGOPTIONS} = $options{settings} // '';
	local $ENV{PGAPPNAME} = $options{name} // 'psql';
	# Its two outputs are one, so that what it shows is in order.
	$self->{pid} = open2($self->{out}, $self->{in}, 'sh', '-c', 'exec psql -XAtq 2>&1');
	$self->tell('\set VERBOSITY verbose', '\set SHOW_CONTEXT always', '\pset null (null)');
	return $self;
}

# tell(line…): all that is shown until the last line is done.  See lost().
sub tell
{
	my ($self, @lines) = @_;
	my $mark = sprintf('-- done %d --', ++$self->{number});
	my $shown = '';

	return '' if $self->{lost};
	local $SIG{PIPE} = 'IGNORE';
	print { $self->{in} } map({ "$_\n" } @lines), "\\echo '$mark'\n";
	$self->{in}->flush;
	while (defined(my $line = readline($self->{out})))
	{
		# psql goes on after that, without a session.
		$self->{lost} = 1 if $line =~ /^(?:psql:.*)?(?:server closed the connection unexpectedly|connection to server was lost|no connection to the server|could not receive data from server)/;
		return $shown if $line eq "$mark\n";
		# What was shown before it may not have ended its line.
		return $shown . substr($line, 0, -length("$mark\n")) if substr($line, -length("$mark\n")) eq "$mark\n";
		$shown .= $line;
	}
	$self->{lost} = 1;
	return $shown;
}

# Whether the session has ended by itself: psql ends with its connection.
sub lost { return shift->{lost}; }

sub end
{
	my $self = shift;

	return unless $self->{pid};
	close($self->{in});
	close($self->{out});
	my $pid = delete $self->{pid};
	$self->{lost} = 1;
	# A child that was forked does not end its parent's session; and has, while it lives, its pipe open.
	return if $self->{owner} != $$;
	kill('TERM', $pid);
	waitpid($pid, 0);
	return;
}

sub DESTROY { my $self = shift; local ($?, $@, $!); $self->end if $self->{pid}; return; }

# The SQLSTATEs of the errors in what was shown.
sub sqlstates { return $_[0] =~ /(?:ERROR|FATAL|PANIC):  ([0-9A-Z]{5}):/g; }

1;
