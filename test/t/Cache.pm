# A server whose worker pushes to a Redis, and how it is doing: what the tests of the cache share.
package Cache;

use strict;
use warnings;

use parent 'Exporter';

use PostgreSQL::Test::Cluster;
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(start_node sql q_literal status eventually);

my $node;

# start_node(name, settings): the server, started; the functions below are about the last one.
sub start_node
{
	my ($name, $settings) = @_;

	$node = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	$node->append_conf('postgresql.conf', qq{
timezone = 'UTC'
shared_preload_libraries = 'personalization'
personalization.worker_naptime = '100ms'
max_worker_processes = 16
$settings
});
	$node->start;
	return $node;
}

sub sql { return $node->safe_psql('postgres', join(";\n", @_)); }
sub q_literal { my $text = shift; $text =~ s/'/''/g; return "'$text'"; }
sub status { return sql("SELECT $_[0] FROM personalization.worker_status"); }

# Waits for a condition; how long it took is noted.
sub eventually
{
	my ($what, $condition) = @_;
	my $start = time;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	while (time - $start < 120)
	{
		if ($condition->())
		{
			note(sprintf('%s: after %.2f s', $what, time - $start));
			return pass($what);
		}
		sleep(0.05);
	}
	diag(status('cache_state, cache_backlog, cache_last_error, last_error'));
	return fail($what);
}

1;
