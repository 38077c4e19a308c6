# A tenant that a role has from its login, where only tenants of transactions are accepted.  Roles log in here, for
# which a server under installcheck may want a password.

use strict;
use warnings;

use Personalization;
use Test::More;

my $node = node('login');
sql('CREATE EXTENSION personalization', q{SELECT personalization.create_tenant(t) FROM unnest('{acme,globex}'::text[]) AS t},
	'CREATE ROLE pool LOGIN', 'CREATE ROLE bound LOGIN',
	q{SELECT personalization.grant_access('pool', pooled => true)}, q{SELECT personalization.bind_role('bound', 'acme')},
	map { "ALTER ROLE $_ SET personalization.local_tenant_only = on" } qw(pool bound));

# error_as(role, statement…): the error at the end.
sub error_as
{
	my ($role, @sql) = @_;
	my (undef, undef, $err) = $node->psql('postgres', join(";\n", @sql), connstr => $node->connstr('postgres') . " user=$role");

	return $err;
}

# A pooled role, which can store it for itself.
sql_as('pool', q{ALTER ROLE pool SET personalization.tenant_id = 'globex'});
is(sql_as('pool', 'SELECT personalization.current_tenant() IS NULL'), 't', 'a pooled role has no tenant by its login');
like(error_as('pool', q{SELECT personalization.learn('globex', 'ana', 'export', '{"format": "csv"}')}),
	qr/ERROR:  no tenant is set for this session\nHINT:  personalization\.local_tenant_only is on: a tenant for a whole session has no effect\./, 'nor learns');
is(sql_as('pool', 'SELECT count(*) FROM personalization.tenants'), 0, 'nor sees rows');
is(sql_as('pool', map({ "SET $_ = 0" } qw(min_parallel_table_scan_size parallel_setup_cost parallel_tuple_cost)),
	'SELECT count(*) FROM personalization.tenants'), 0, 'nor do its parallel workers');
is(sql_as('pool', 'BEGIN', q{SELECT personalization.use_tenant('acme')}, 'SELECT personalization.current_tenant()',
	'SELECT count(*) FROM personalization.tenants', 'COMMIT', 'SELECT personalization.current_tenant() IS NULL'),
	"\nacme\n1\nt", 'it has one for a transaction');

# A bound role, whose tenant an administrator has stored.
is(sql_as('bound', 'SELECT personalization.current_tenant()'), 'acme', 'a bound role has its tenant');
is(sql_as('bound', 'BEGIN', q{SELECT personalization.use_tenant('acme')}, 'SELECT personalization.current_tenant()', 'COMMIT'), "\nacme", 'and may name it');
like(error_as('bound', 'BEGIN', q{SELECT personalization.use_tenant('globex')}),
	qr/ERROR:  permission denied for tenant "globex"\nHINT:  The tenant of the session is "acme", to which an administrator has bound the role\./, 'but no other');

$node->stop;
done_testing();
