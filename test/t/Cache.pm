# A server whose worker pushes to a Redis, and how it is doing: what the tests of the cache share.
package Cache;

use strict;
use warnings;

use parent 'Exporter';

use Personalization;
use Test::More;

our @EXPORT = qw(start_node status eventually);

# start_node(name, settings): a server with a worker that is quick to look.
sub start_node
{
	my ($name, $settings) = @_;

	return node($name, qq{
shared_preload_libraries = 'personalization'
personalization.worker_naptime = '100ms'
max_worker_processes = 16
$settings});
}

sub status { return sql("SELECT $_[0] FROM personalization.worker_status"); }

# Waits for a condition, and says how the worker is where it does not come true.
sub eventually
{
	my ($what, $condition) = @_;
	my $took = wait_until(120, $condition);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	note(sprintf('%s: after %.2f s', $what, $took)) if defined $took;
	return ok(defined $took, $what) || diag(status('cache_state, cache_backlog, cache_last_error, last_error'));
}

1;
