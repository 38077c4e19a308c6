# A cluster of Citus for tests: a coordinator and two nodes, and where each tenant is.
#
# Citus is in no distribution's packages: where the server under test does not have it, there is nothing
# to test, and a test that uses this skips all.
package Citus;

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use base 'Exporter';
our @EXPORT = qw(start_cluster on error_on within owner others look_again $library);

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
		$settings});
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION citus');
	return $node;
}

# start_cluster(settings, install_path => …): the servers, which know of each other; the extension is up to the
# caller.
sub start_cluster
{
	my ($settings, @install_path) = @_;
	my ($coordinator, @nodes) = @all = map { node($_, $settings // '', @install_path) } qw(coordinator one two);

	%by_name = map { ('127.0.0.1:' . $_->port => $_) } @all;
	on($coordinator, q{SELECT citus_set_coordinator_host('127.0.0.1', } . $coordinator->port . ')',
		map { "SELECT citus_add_node('127.0.0.1', " . $_->port . ')' } @nodes);
	return @all;
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
sub owner { return $by_name{ $where{ $_[0] } }; }
sub others { my $owner = owner($_[0]); return grep { $_ != $owner } @all; }

1;
