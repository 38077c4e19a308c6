# Every statement of the library reads and writes the rows of one tenant, which is a parameter of it:
# so a tenant's call needs nothing but that tenant's rows, wherever they are.  Those that are for all
# tenants stand here, each with its reason.
#
# The texts are read out of the library as it was built: whatever macros they were put together from.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

my ($library) = run_command([ $ENV{PG_CONFIG} // 'pg_config', '--pkglibdir' ]);
my ($sql) = map { slurp_file("$_/storage.sql") } grep { -e "$_/storage.sql" } 'sql', '../sql', '../../sql';
my ($list) = $sql =~ /FOREACH parent IN ARRAY ARRAY\[(.*?)\]/s;
my %tables = map { $_ => 1 } $list =~ /'(\w+)'/g;
cmp_ok(scalar(keys %tables), '>', 15, 'the tables are known');

my %for_all = (
	'SELECT tenant_id FROM personalization.inbox ORDER BY' => 'whose turn it is to be learned',
	'SELECT tenant_id FROM personalization.inbox WHERE tenant_id > $1' => 'the next',
	'SELECT tenant_id FROM personalization.query_events WHERE tenant_id > $1' => 'whose turn it is to be counted',
	'SELECT tenant_id FROM personalization.rankings r WHERE tenant_id > $1' => 'the same, of those made anew',
	'SELECT tenant_id FROM personalization.rejected_events WHERE tenant_id > $1' => 'who has a pass of upkeep',
	'SELECT tenant_id FROM personalization.tenants ORDER BY' => 'the same',
	q{INSERT INTO personalization.rankings (tenant_id, rebuild_from) SELECT tenant_id, '-infinity'} =>
	  'tenants that a restore brought',
	'SELECT (EXISTS (SELECT 1 FROM personalization.tenants)' => 'whether a restore goes on',
	q{FROM personalization.signal_rules WHERE tenant_id IN ('', $1)} => q{the tenant's rules and those for all},
	'INSERT INTO personalization.rejected_events' => 'rows of several tenants, each checked before',
	'SELECT tenant_id, id, what, position, ctid FROM personalization.cache_changes' => 'one queue for one cache',
	'DELETE FROM personalization.cache_changes c USING (SELECT tenant_id' => 'the same',
	'SELECT count(*) FROM personalization.cache_changes' => 'the same',
	'DELETE FROM personalization.cache_changes' => 'the same, where there is no cache any more',
);

# Texts end at a NUL; nothing but SQL begins like this and names a table of ours.
my @statements = grep { /\bpersonalization\.\w/ && /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|MERGE)\s/ }
  slurp_file("$library/personalization.so") =~ /([\t\n\x20-\x7e]{12,})\0/g;
cmp_ok(scalar(@statements), '>', 200, 'the statements are found');

my %seen;
foreach my $statement (@statements)
{
	my $named = grep { $tables{$_} } $statement =~ /\b(?:FROM|JOIN|UPDATE|USING) personalization\.(\w+)/g;
	my $bound = () = $statement =~ /\btenant_id = \$\d/g;
	my $is_bound = $named <= $bound;

	# A row is made for the tenant that is a parameter, or from rows of that tenant.
	$is_bound &&= $statement =~ /\(tenant_id\b.*?(?:VALUES \(\$1|SELECT \$1|SELECT tenant_id\b.*tenant_id = \$1)/s
	  if $statement =~ /\bINTO personalization\.(\w+)/ && $tables{$1};
	next if $is_bound;
	my ($entry) = grep { index($statement, $_) >= 0 } sort { length($b) <=> length($a) } keys %for_all;
	ok($entry, 'for one tenant, or listed') or diag($statement);
	$seen{$entry} = 1 if $entry;
}
is_deeply([ sort keys %seen ], [ sort keys %for_all ], 'nothing is listed that is not there');

done_testing();
