# A short run of test/fuzz-sql from a fixed seed; `make fuzz-sql` runs it for as long as one likes.  What
# it tries also depends on how fast the machine is and where cancels hit.

use strict;
use warnings;

use IPC::Run;
use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = 20261129;
my $out = "$PostgreSQL::Test::Utils::tmp_check/fuzz-sql";

$ENV{PGUSER} = 'postgres';
my $node = node('fuzz_sql', q(
shared_preload_libraries = 'personalization'
personalization.worker_naptime = '100ms'
personalization.maintenance_interval = '2s'
log_line_prefix = '%m [%p] %e %u '
log_statement = none
restart_after_crash = on
fsync = off
), init => [ extra => [ '-U', 'postgres' ] ]);

local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;
my $said = '';
my $ran = IPC::Run::run([ $^X, 'test/fuzz-sql/fuzz', '--seconds', '10', '--seed', $seed, '--log', $node->logfile, '--out', $out ], '>&', \$said);

ok($ran, "no fault was found with seed $seed") || diag($said);
my ($trials) = $said =~ /^(\d+) trials/m;
cmp_ok($trials // 0, '>', 20, 'it got to trials') || diag($said);
note($said);

$node->stop;
done_testing();
