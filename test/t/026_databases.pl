# Databases as operators have them: restored by several jobs, copied, in other encodings, with settings
# of their own, given to another owner.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use Personalization;
use PostgreSQL::Test::Utils;
use Redis;
use Test::More;

my $tmp = $PostgreSQL::Test::Utils::tmp_check;
my $node = node('databases', q{
shared_preload_libraries = 'personalization'
personalization.worker_naptime = 20ms
personalization.maintenance_interval = 1
max_worker_processes = 30
fsync = off
});

my $works = q(SELECT passes > 0 AND waits_for IS NULL AND failures = 0 FROM personalization.worker_status);
my $row = q{INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('acme', 'ana', 'export', '{"format": "csv"}')};
my $learned = q(SELECT count(*) > 0 FROM personalization.interactions);

####################################################################
# A dump of which most is in one table, restored by four jobs; under any name.

sql('postgres', 'ALTER SYSTEM SET personalization.worker = off', 'SELECT pg_reload_conf()', 'CREATE DATABASE source');
sql('source', 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme', '{"history_retention": "50 years", "evidence_retention": "50 years"}')),
	q{INSERT INTO personalization.preferences (tenant_id, user_id, category, key, value, confidence, observation_count, last_updated, expires_on)
		SELECT 'acme', 'user ' || n % 1000, 'data', 'key ' || n, '"x"', 0.9, 10, now(), NULL FROM generate_series(1, 200000) n},
	q{INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) SELECT 'acme', 'user ' || n % 1000, 'export', '{"format": "csv"}' FROM generate_series(1, 1001) n});
command_ok([ 'pg_dump', '-Fd', '-f', "$tmp/source.dir", $node->connstr('source') ], 'dump');
sql('postgres', 'ALTER SYSTEM RESET personalization.worker', 'SELECT pg_reload_conf()');
foreach my $name ('pg_restore', 'copy of last night')
{
	my $db = $name eq 'pg_restore' ? 'restored' : 'renamed';

	sql('postgres', "CREATE DATABASE $db");
	{
		local $ENV{PGAPPNAME} = $name;
		command_ok([ 'pg_restore', '-j', '4', '--exit-on-error', '-d', $node->connstr($db), "$tmp/source.dir" ], "$name: a restore with four jobs succeeds");
	}
	within(5, $db, 'SELECT count(*) = 0 FROM personalization.inbox', "$name: then what waited is learned");
	is(sql($db, q(SELECT count(*) FROM personalization.preferences WHERE category = 'data')), '200000', "$name: nothing is missing");
	is(sql($db, q(SELECT count(*) FROM personalization.interactions)), '1001', "$name: nothing was learned twice");
}

# Without its last row it is not all there; the worker says so.
sql('postgres', 'CREATE DATABASE partial');
my @list = grep { !/TABLE DATA personalization worker_restores/ } split /\n/, `pg_restore -l $tmp/source.dir`;
append_to_file("$tmp/list", join("\n", @list) . "\n");
command_ok([ 'pg_restore', '-L', "$tmp/list", '-d', $node->connstr('partial'), "$tmp/source.dir" ], 'a restore without its last row');
within(5, 'partial', q(SELECT waits_for = 'the last row of a dump, in table worker_restores' FROM personalization.worker_status), 'the worker says what it waits for');
is(sql('partial', 'SELECT count(*) FROM personalization.inbox'), '1001', 'and does nothing');
sql('partial', 'INSERT INTO personalization.worker_restores DEFAULT VALUES');
within(5, 'partial', 'SELECT count(*) = 0 FROM personalization.inbox', 'until it comes');

# The clock was ahead when the extension was created, or a tenant: nobody waits for it.
sql('postgres', 'CREATE DATABASE ahead');
sql('ahead', 'BEGIN; CREATE EXTENSION personalization', q(UPDATE personalization.worker_state SET created_at = now() + interval '3 hours'),
	q(SELECT personalization.create_tenant('acme')), $row, 'COMMIT');
within(5, 'ahead', $learned, 'an extension from the future is worked for');

####################################################################
# Settings of the database or of the role postgres that are not the worker's.

sql('postgres', 'CREATE ROLE owner', 'CREATE SCHEMA trap');
my @settings = ([ 'role = owner' ], [ 'session_authorization = owner' ], [ q(search_path = 'trap'), 'default_transaction_read_only = on', q(statement_timeout = '1ms'),
	q(lock_timeout = '1ms'), 'row_security = on', 'session_replication_role = replica', q(default_transaction_isolation = 'serializable'), 'enable_indexscan = off',
	q(default_tablespace = 'pg_default'), 'transform_null_equals = on', 'quote_all_identifiers = on', q(idle_in_transaction_session_timeout = '1ms'), 'zero_damaged_pages = on' ]);
my $plain = "options='-c role=none -c session_authorization=postgres -c statement_timeout=0 -c default_transaction_read_only=off -c lock_timeout=0 -c idle_in_transaction_session_timeout=0'";
foreach my $i (0 .. $#settings)
{
	sql('postgres', "CREATE DATABASE set$i");
	sql("set$i", 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme')), $row);
	sql('postgres', map { "ALTER DATABASE set$i SET $_" } @{ $settings[$i] });
	sql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'set$i' AND backend_type LIKE 'personalization%'");
	my $out;
	wait_until(30, sub { (undef, $out) = $node->psql("set$i", $works, connstr => $node->connstr("set$i") . " $plain"); $out eq 't' });
	is($out, 't', 'ALTER DATABASE SET ' . join(', ', @{ $settings[$i] }));
	sql('postgres', "DROP DATABASE set$i WITH (FORCE)");
}
sql('postgres', 'ALTER ROLE postgres SET role = owner', 'CREATE DATABASE rolled');
sql('rolled', 'RESET ROLE; SET ROLE NONE; CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme')), $row);
within(5, 'rolled', "SET ROLE NONE; $learned", 'ALTER ROLE postgres SET role');
sql('postgres', 'SET ROLE NONE; ALTER ROLE postgres RESET role');

# CREATE EXTENSION itself, in databases of many kinds.
foreach my $set (q(default_tablespace = 'pg_default'), 'standard_conforming_strings = off')
{
	sql('postgres', 'CREATE DATABASE odd', "ALTER DATABASE odd SET $set");
	sql('odd', 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme')), $row);
	within(5, 'odd', $learned, "CREATE EXTENSION with $set");
	is(sql('odd', q(SELECT pg_get_viewdef('personalization.health'::regclass) ~ 'mpersonalization[^a-z]+M')), 't', "texts with a backslash, with $set");
	sql('postgres', 'DROP DATABASE odd WITH (FORCE)');
}
# In their encodings a page is ASCII, with references for other characters: a kana, and one that
# Unicode does not have; an umlaut; a byte of no known meaning.
foreach ([ 'EUC_JP', 'a4a2fda1', '&#12354;&#65533;' ], [ 'LATIN1', 'f6', '&#246;' ], [ 'SQL_ASCII', 'f6', '&#65533;' ])
{
	my ($encoding, $bytes, $reference) = @$_;
	sql('postgres', "CREATE DATABASE encoded ENCODING '$encoding' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
	sql('encoded', 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme')), $row);
	within(5, 'encoded', $learned, "CREATE EXTENSION in $encoding");
	is(sql('encoded', "SELECT count(personalization.learn('acme', 'bo', 'query', jsonb_build_object('query', 'x' || convert_from('\\x$bytes', '$encoding') || '?')))",
		"SELECT position('x$reference?' IN page) > 0, regexp_replace(page, '[\\x01-\\x7f]+', '', 'g') = '' FROM personalization.report('acme', 'bo') AS page"),
		"1\nt|t", "a page in $encoding");
	sql('postgres', 'DROP DATABASE encoded WITH (FORCE)');
}

####################################################################
# Given to an owner who is no superuser: it is said, and the worker runs nothing of theirs.

sql('postgres', 'CREATE DATABASE given', 'CREATE ROLE dba SUPERUSER LOGIN', 'CREATE ROLE somebody LOGIN');
$node->safe_psql('given', q(CREATE EXTENSION personalization; SELECT personalization.create_tenant('acme')), extra_params => [ '-U', 'dba' ]);
within(5, 'given', $works, 'the worker works');
sql('given', 'REASSIGN OWNED BY dba TO somebody', 'CREATE TABLE public.evil (who name)', 'GRANT ALL ON public.evil TO PUBLIC', 'GRANT CREATE ON SCHEMA public TO somebody');
within(5, 'given', q(SELECT waits_for LIKE 'tables to belong to a superuser again%"somebody"' FROM personalization.worker_status), 'it says what it waits for');
$node->safe_psql('given', q{
	CREATE FUNCTION public.spy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.evil VALUES (current_user); RETURN NEW; END $$;
	CREATE TRIGGER spy BEFORE INSERT ON personalization.interactions FOR EACH ROW EXECUTE FUNCTION public.spy();}, extra_params => [ '-U', 'somebody' ]);
sql('given', $row);
sleep(1);
is(sql('given', 'SELECT count(*), (SELECT count(*) FROM personalization.inbox) FROM public.evil'), '0|1', 'and does nothing meanwhile');
my ($ret, $out, $err) = $node->psql('given', q(SELECT personalization.create_tenant('globex')));
like($err, qr/tables of extension personalization belong to role "somebody", which is not a superuser.*HINT:  Give all objects/s, 'create_tenant() says so');
sql('given', 'DROP TRIGGER spy ON personalization.interactions', 'REASSIGN OWNED BY somebody TO dba');
within(5, 'given', $learned, 'given back, it goes on');
# One object is enough.
foreach my $object ('TABLE personalization.rankings', 'TABLE personalization.interactions_3', 'FUNCTION personalization.inbox_position()', 'VIEW personalization.tenant_overview', 'SCHEMA personalization')
{
	sql('given', "ALTER $object OWNER TO somebody");
	sql('given', q(SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'personalization worker'));
	within(5, 'given', q(SELECT waits_for LIKE 'tables to belong to a superuser again%"somebody"' FROM personalization.worker_status), "it waits for $object");
	# Not that it never failed: while REASSIGN OWNED locks all tables, it may have given up waiting for one.
	my $passes = sql('given', 'SELECT passes FROM personalization.worker_status');
	sql('given', "ALTER $object OWNER TO dba");
	within(5, 'given', "SELECT passes > $passes AND waits_for IS NULL FROM personalization.worker_status", 'and goes on');
}

####################################################################
# One Redis: a copied database does not write under the keys of its template, and a name that is not UTF-8 stops nobody.

SKIP:
{
	my $missing = Redis::missing();
	skip $missing, 5 if $missing;
	my $redis = Redis->new($tmp);
	$redis->start;
	sql('postgres', 'CREATE DATABASE prod');
	sql('prod', 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme')));
	$node->append_conf('postgresql.conf', "personalization.redis_url = '" . $redis->url . "'\npersonalization.cache_database = 'prod'");
	# A reload while a worker starts is lost, as the server starts it with the signal ignored; so it looks itself.
	sql('prod', q(SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'prod' AND backend_type LIKE 'personalization%'));
	within(5, 'prod', q(SELECT cache_state = 'connected' FROM personalization.worker_status), 'connected, as a new worker reads the settings itself');
	$node->reload;
	sql('prod', q(SELECT personalization.learn('acme', 'ana', 'export', '{"format": "csv"}')));
	within(5, 'prod', 'SELECT cache_backlog = 0 AND cache_pushed > 0 FROM personalization.worker_status', 'pushed');
	sql('postgres', q(SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'prod'), 'CREATE DATABASE staging TEMPLATE prod');
	$node->append_conf('postgresql.conf', "personalization.cache_database = ''");
	$node->reload;
	within(5, 'prod', q(SELECT cache_state = 'connected' FROM personalization.worker_status), 'production is connected');
	within(5, 'staging', q(SELECT cache_state = 'failing' AND cache_last_error LIKE '%another database%' FROM personalization.worker_status), 'its copy is another database');

	$node->append_conf('postgresql.conf', "personalization.cache_database = 'ascii'");
	sql('postgres', q(CREATE DATABASE ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0));
	$node->reload;
	sql('ascii', 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme')));
	$redis->ask('FLUSHALL');
	within(5, 'ascii', q(SELECT cache_state = 'connected' FROM personalization.worker_status), 'SQL_ASCII is connected');
	sql('ascii', q(SELECT personalization.learn('acme', E'j\xfcrgen', 'export', '{"format": "csv"}')),
		q(SELECT personalization.learn('acme', 'ana', 'export', '{"format": "csv"}')));
	within(5, 'ascii', q(SELECT cache_backlog = 0 AND cache_failures > 0 AND cache_state = 'connected' FROM personalization.worker_status), 'what cannot be a key is left out, and counted');
	is(scalar(keys %{ $redis->all('personalization:profile:') }), 1, 'the others arrive');
}

$node->stop;
done_testing();
