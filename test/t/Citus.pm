# A cluster of Citus for tests: a coordinator and two nodes, and where each tenant is.
#
# Citus is in no distribution's packages: where the server under test does not have it, there is nothing
# to test, and a test that uses this skips all.
package Citus;

use strict;
use warnings;

use File::Basename;
use FindBin;
use lib "$FindBin::RealBin/../lib";
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Psql;
use Test::More;
use Time::HiRes qw(sleep time);

use base 'Exporter';
our @EXPORT = qw(own_installation start_cluster add_node on error_on within owner others look_again move_tenant session
  start_writer answered wait_for_writers end_writers kill_server differences_of $library);

our ($library) = run_command([ $ENV{PG_CONFIG} // 'pg_config', '--pkglibdir' ]);
plan skip_all => 'Citus is not installed for this server' unless -e "$library/citus.so";
$library .= '/personalization.so';

our (@all, %where, %by_name);

sub node
{
	my ($name, $settings, @install_path) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name, @install_path);

	$node->init(allows_streaming => 'logical');
	$node->append_conf('postgresql.conf', qq{
		timezone = 'UTC'
		listen_addresses = '127.0.0.1'
		shared_preload_libraries = 'citus,personalization'
		citus.node_conninfo = 'sslmode=disable'
		citus.enable_statistics_collection = off
		citus.defer_shard_delete_interval = 1000
		citus.recover_2pc_interval = 1000
		max_worker_processes = 40
		max_prepared_transactions = 50
		max_connections = 60
		personalization.worker_naptime = 50ms
		personalization.maintenance_interval = 1
		restart_after_crash = on
		@{[$settings // '']}});
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION citus');
	return $node;
}

# own_installation(SQL): a copy of the installation in which the extension can be updated to the version test, by that
# SQL: its present version, the copy's argument for servers, and where the programs of the installation are.  Skips all
# where the installation is the system's.
sub own_installation
{
	my ($update) = @_;
	my ($bin, $share, $lib) = map { my ($out) = run_command([ $ENV{PG_CONFIG} || 'pg_config', $_ ]); $out } qw(--bindir --sharedir --pkglibdir);
	my $root = $bin;

	$root = dirname($root) while index("$share/", "$root/") != 0 || index("$lib/", "$root/") != 0;
	plan skip_all => 'needs an installation of its own' if $root eq '/' || $root eq '/usr';
	my $copy = "$PostgreSQL::Test::Utils::tmp_check/t_installation";
	system_or_bail('cp', '-a', $root, $copy);
	my $extension = $copy . substr($share, length $root) . '/extension';
	my ($version) = slurp_file("$extension/personalization.control") =~ /^default_version\s*=\s*'(.*)'/m;
	append_to_file("$extension/personalization--$version--test.sql", $update);
	return ($version, [ install_path => $copy . substr(dirname($bin), length $root) ], $bin);
}

# start_cluster(settings, install_path => …): the servers, which know of each other; the extension is up to the
# caller.
sub start_cluster
{
	my ($settings, @install_path) = @_;
	my ($coordinator, @nodes) = @all = map { node($_, $settings, @install_path) } qw(coordinator one two);

	%by_name = map { ('127.0.0.1:' . $_->port => $_) } @all;
	on($coordinator, q{SELECT citus_set_coordinator_host('127.0.0.1', } . $coordinator->port . ')',
		map { "SELECT citus_add_node('127.0.0.1', " . $_->port . ')' } @nodes);
	return @all;
}

# add_node(name, settings): one more server, which the cluster knows; the extension there is up to the caller again.
sub add_node
{
	my $node = node(@_);

	push @all, $node;
	$by_name{ '127.0.0.1:' . $node->port } = $node;
	on($all[0], q{SELECT citus_add_node('127.0.0.1', } . $node->port . ')');
	return $node;
}

# on(node, statement…): what they return; error_on(node, sql): its error.
sub on { my $node = shift; return $node->safe_psql('postgres', join(";\n", @_)); }
sub error_on { my ($node, $sql, @more) = @_; my (undef, undef, $err) = $node->psql('postgres', $sql, @more); return $err; }

sub within
{
	my ($node, $query, $what) = @_;
	return ok($node->poll_query_until('postgres', $query), $what);
}

# look_again(): reads where the tenants are; %where is then for owner() and others(), which return nodes.
sub look_again
{
	%where = map { split /\|/ } split /\n/, on($all[0], 'SELECT tenant_id, node FROM personalization.distribution_status');
	return %where;
}
# move_tenant(tenant, node, mode): the shards of the tenant's group are then on that node.
sub move_tenant
{
	my ($tenant, $to, $mode) = @_;
	my $move = "SELECT citus_move_shard_placement(get_shard_id_for_distribution_column('personalization.tenants', '$tenant'), '127.0.0.1', "
	  . owner($tenant)->port . ", '127.0.0.1', " . $to->port . ", '$mode')";

	# Citus first removes what an earlier move has left, which waits for nobody who reads it.
	foreach my $try (1 .. 10)
	{
		my $error = error_on($all[0], $move);
		last if $error !~ /could not be cleaned up/;
		note($error);
		sleep 1;
	}
	look_again();
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is($where{$tenant}, '127.0.0.1:' . $to->port, "$tenant moves to @{[$to->name]} ($mode)");
}

# session(node): a session of psql there.
sub session
{
	my $node = shift;

	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	return Psql->new('postgres', settings => '-c client_min_messages=warning');
}

####################################################################
# Load.

# start_writer(node, name, role, statement…): sends them to a node, fifty in a session, each of which answers with an id
# first. What a session was to send is sent again, by the same ids, if it ended before all was answered: its server was
# killed, or one that it has sent a call to, whose error Citus repeats, as one that ends the session.
sub start_writer
{
	my ($node, $name, $role, @statements) = @_;
	my $file = "${PostgreSQL::Test::Utils::tmp_check}/$name";

	for (my $i = 0; $i < @statements; $i += 50)
	{
		my $last = $i + 49 < $#statements ? $i + 49 : $#statements;
		append_to_file(sprintf('%s.%04d.sql', $file, $i / 50), join('', map { "$_;\n" } @statements[ $i .. $last ]));
	}
	append_to_file("$file.out", '');
	local $ENV{PGCONNECT_TIMEOUT} = 10;
	return {
		file => $file,
		node => $node,
		run => IPC::Run::start([ 'sh', '-c', 'for f in "$1".*.sql; do until psql -XAtq -v ON_ERROR_STOP=1 -f "$f" -d "$2" >>"$1.out" 2>>"$1.err"; do
				test ! -e "$1.end" || exit 0; sleep 0.1; done; test ! -e "$1.end" || exit 0; done', 'sh', $file, $node->connstr('postgres') . " user=$role" ]) };
}

# answered(writer…): the ids of what was answered. psql flushes what it has written before it reads the next line.
sub answered { return map { /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\||$)/ } map { split(/\n/, slurp_file("$_->{file}.out")) } @_; }

# wait_for_writers(number, writer…): each has had so many answers more.
sub wait_for_writers
{
	my ($more, @writers) = @_;
	my @until = map { $more + answered($_) } @writers;
	my $deadline = time + 120;

	foreach my $i (0 .. $#writers)
	{
		while (answered($writers[$i]) < $until[$i])
		{
			die "the writers do not get on: $writers[$i]{file}" if time > $deadline;
			sleep 0.05;
		}
	}
	return;
}

# end_writers(writer…): when their sessions have ended.
sub end_writers
{
	append_to_file("$_->{file}.end", '') foreach @_;
	$_->{run}->finish foreach @_;
	return;
}

# The preferences whose observations are not as many as the signals of the interactions: none is lost or counted twice.
# In steps, as Citus does not join what functions say.
sub differences_of
{
	my ($node, $database) = @_;

	return $node->safe_psql($database, q{
		CREATE TEMPORARY TABLE i AS SELECT tenant_id, user_id, interaction_type, data FROM personalization.interactions;
		CREATE TEMPORARY TABLE p AS SELECT tenant_id, user_id, category, key, observation_count FROM personalization.preferences;
		SELECT count(*) FROM p FULL JOIN (SELECT i.tenant_id, i.user_id, s.category, s.key, count(*) AS n
			FROM i, personalization.extract_signals(i.interaction_type, i.data) s GROUP BY 1, 2, 3, 4) x USING (tenant_id, user_id, category, key)
		WHERE observation_count IS DISTINCT FROM n});
}

# kill_server(node, all): its postmaster is killed, and all its children too, if so wanted, or they notice. Then they
# are gone, and the memory that they have shared can be removed by the server that is started.
sub is_child { my ($pid, $parent) = @_; return -e "/proc/$pid/stat" && (eval { slurp_file("/proc/$pid/stat") } // '') =~ /\) [^Z] $parent /; }
sub is_running { my $pid = shift; return -e "/proc/$pid/stat" && (eval { slurp_file("/proc/$pid/stat") } // '') =~ /\) [^ZX] /; }
sub kill_server
{
	my ($node, $all) = @_;
	my ($pid) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	my $deadline = time + 60;

	kill 'STOP', $pid;    # it starts no more of them
	my @children = grep { is_child($_, $pid) } map { m{^/proc/(\d+)$} } glob '/proc/[0-9]*';
	cmp_ok(scalar(@children), '>', 5, $node->name . ' is killed, with its children');
	# Before they see that it is gone, which lets some of them do more.
	kill 'KILL', @children if $all;
	$node->kill9;
	# The lock file is taken over when there is no process of that number, not even one that nobody has waited for.
	while (-e "/proc/$pid" || grep { is_running($_) } @children)
	{
		die 'processes stay: ' . join(' ', grep { -e "/proc/$_" } $pid, @children) if time > $deadline;
		sleep 0.05;
	}
	return;
}

sub owner { return $by_name{ $where{ $_[0] } }; }
sub others { my $owner = owner($_[0]); return grep { $_ != $owner } @all; }

1;
