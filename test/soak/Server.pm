# The server of a soak: it can be stopped and started at any moment, and its clock set.
package Server;

use strict;
use warnings;

use Clock;
use Time::HiRes qw(sleep time);

# Server->new(dir, line of postgresql.conf…): initialized, not started.  Sets what psql needs to find it.
sub new
{
	my ($class, $dir, @conf) = @_;
	my $self = bless { dir => $dir, data => "$dir/data", log => "$dir/server.log", owner => $$, clock => Clock->new($dir) }, $class;

	system("initdb -D $self->{data} -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N >$dir/initdb.log 2>&1") == 0 or die "initdb failed: see $dir/initdb.log\n";
	open(my $file, '>>', "$self->{data}/postgresql.conf") or die $!;
	print $file map { "$_\n" } "listen_addresses = ''", "unix_socket_directories = '$dir'", 'port = 65433', "timezone = 'UTC'", "log_timezone = 'UTC'", "log_line_prefix = '%m [%p] %e %u '", @conf;
	close($file);
	@ENV{qw(PGHOST PGPORT PGUSER PGDATABASE)} = ($dir, 65433, 'postgres', 'postgres');
	return $self;
}

sub start
{
	my $self = shift;
	my %environment = $self->{clock}->environment;

	local @ENV{ keys %environment } = values %environment;
	return system("pg_ctl start -s -w -t 120 -D $self->{data} -l $self->{log} </dev/null >>$self->{dir}/pg_ctl.log 2>&1") == 0;
}

sub stop { my ($self, $mode) = @_; return system("pg_ctl stop -s -w -t 120 -m $mode -D $self->{data} >>$self->{dir}/pg_ctl.log 2>&1") == 0; }

# wait(seconds): until it answers; false if it does not.
sub wait
{
	my ($self, $seconds) = @_;
	my $until = time + $seconds;

	while (time < $until)
	{
		return 1 if `psql -XAtqc 'SELECT NOT pg_is_in_recovery()' 2>&1` eq "t\n";
		sleep(0.2);
	}
	return 0;
}

1;
