# A database in which much has happened, to be the same on the other side of an upgrade: users of all kinds, rows
# that wait, and roles; what is stored, and what is read.

package History;

use strict;
use warnings;

use parent 'Exporter';

use FindBin;
use Personalization;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(populate fill_inbox columns contents reads privileges);

# After all that happens, so that nothing depends on when it is read.
my $at = '2030-01-01';

# populate(node, users): the extension is there; users of four tenants live, all the same in each run but for the
# times.  Roles: pooled, bound to 'tenant 1', and nobody, who has no access.
sub populate
{
	my ($node, $users) = @_;

	sql(q{INSERT INTO personalization.signal_rules (interaction_type, path, category, key, strength)
			VALUES ('custom', 'theme', 'notification', 'theme', 0.4), ('custom', 'alerts', 'notification', 'alert:{}', 1)},
		slurp_file("$FindBin::RealBin/random_users.sql"));
	$node->safe_psql('postgres', "SELECT setseed(0.5);
		INSERT INTO test.saved (n, tenant_id, user_id, settings)
		SELECT n, 'tenant ' || n % 4, test.user_name(n), '{\"history_retention\": \"100 years\", \"evidence_retention\": \"100 years\"}'
		FROM generate_series(1, $users) AS n;" . q{
		SELECT count(personalization.create_tenant(tenant_id, settings)) FROM test.saved WHERE n <= 4;
		SELECT format('CALL test.live(%L, %L)', tenant_id, user_id) FROM test.saved ORDER BY n \gexec
		CREATE ROLE pooled LOGIN;
		CREATE ROLE bound LOGIN;
		CREATE ROLE nobody LOGIN;
		SELECT personalization.grant_access('pooled', true), personalization.bind_role('bound', 'tenant 1');
		GRANT USAGE ON SCHEMA test TO PUBLIC;
	});
	return;
}

# fill_inbox(user, number): rows of all tenants that wait.
sub fill_inbox
{
	my ($user, $n) = @_;

	sql(qq{INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data)
		SELECT 'tenant ' || n % 4, '$user', 'export', '{"format": "csv"}' FROM generate_series(1, $n) AS n});
	return;
}

# The columns of each table, but for the state of the worker.
sub columns
{
	return { map { split /\|/ } split /\n/, sql(q{SELECT c.oid::regclass, string_agg(quote_ident(attname), ', ' ORDER BY attnum)
		FROM pg_class c JOIN pg_attribute ON attrelid = c.oid WHERE relnamespace = 'personalization'::regnamespace
		AND relkind IN ('r', 'p') AND NOT relispartition AND relname !~ '^worker_' AND attnum > 0 AND NOT attisdropped GROUP BY c.oid}) };
}

# What is stored, by table; in these columns, without them in all of now.
sub contents
{
	my $columns = shift // columns();

	return { map { $_ => sql(qq{SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM (SELECT $columns->{$_} FROM $_) AS t}) } keys %$columns };
}

# What is read of each user: profile, preferences, context, route, explanations, earlier times, and which queries are suggested.
# How likely each of these is, and in which order they come, another release may see differently.
sub reads
{
	return sql('BEGIN READ ONLY', qq{SELECT tenant_id, user_id, test.reads(tenant_id, user_id, '$at'),
			test.later_reads(tenant_id, user_id, '$at') -> 'preferences',
			(SELECT jsonb_agg(suggestion ORDER BY suggestion) FROM personalization.get_suggestions(tenant_id, user_id, NULL, 100, '$at'))
		FROM test.saved ORDER BY 1, 2}, 'COMMIT');
}

# Who may do what, and the settings of roles.  Indexes have no privileges.  All privileges on a table are one more from version 17 on.
sub privileges
{
	my $all = sql(q{
		SELECT 'relation', oid::regclass::text, relacl::text FROM pg_class WHERE relnamespace = 'personalization'::regnamespace AND relkind NOT IN ('i', 'I')
		UNION ALL SELECT 'column', attrelid::regclass || '.' || attname, attacl::text FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
			WHERE relnamespace = 'personalization'::regnamespace AND attacl IS NOT NULL
		UNION ALL SELECT 'function', oid::regprocedure::text, proacl::text FROM pg_proc WHERE pronamespace = 'personalization'::regnamespace
		UNION ALL SELECT 'type', oid::regtype::text, typacl::text FROM pg_type WHERE typnamespace = 'personalization'::regnamespace
		UNION ALL SELECT 'schema', nspname, nspacl::text FROM pg_namespace WHERE nspname = 'personalization'
		UNION ALL SELECT 'parameter', parname, paracl::text FROM pg_parameter_acl
		UNION ALL SELECT 'role', setrole::regrole::text, setconfig::text FROM pg_db_role_setting WHERE setrole <> 0
		UNION ALL SELECT 'as created', CASE classoid WHEN 'pg_proc'::regclass THEN objoid::regprocedure::text
			WHEN 'pg_type'::regclass THEN objoid::regtype::text ELSE objoid::regclass::text END, initprivs::text
			FROM pg_init_privs WHERE privtype = 'e'
		ORDER BY 1, 2, 3});

	return $all =~ s{=arwdDxtm/}{=arwdDxt/}gr;
}

1;
