# The extension can be created and dropped without leaving anything behind, whatever the session's
# search_path is, and a dump transfers all its data to another database or server.

use strict;
use warnings;

use Personalization;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = $PostgreSQL::Test::Utils::tmp_check;
my $at = '2026-03-20 12:00:00+00';

# Tables that are made from the others, or tell what this server's worker did, and so are not dumped.
# worker_restores has a row more in a copy, which the dump does not.
my @derived = ('worker_state', 'worker_restores', 'rankings', 'query_events', 'query_statistics',
	'query_lists', 'cache_changes', 'backing_off', 'topic_state');

my $node = node('dump');

# Every catalog's content, as far as it has a name or can be counted.
sub catalogs
{
	my $db = shift;

	return sql($db, q{
		SELECT 'schema', nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'
		UNION ALL SELECT 'relation', oid::regclass::text FROM pg_class
			WHERE relnamespace <> 'pg_toast'::regnamespace
		UNION ALL SELECT 'type', oid::regtype::text FROM pg_type
		UNION ALL SELECT 'function', oid::regprocedure::text FROM pg_proc
		UNION ALL SELECT 'operator', oid::regoperator::text FROM pg_operator
		UNION ALL SELECT 'extension', extname FROM pg_extension
		UNION ALL SELECT 'policies', count(*)::text FROM pg_policy
		UNION ALL SELECT 'constraints', count(*)::text FROM pg_constraint
		UNION ALL SELECT 'casts', count(*)::text FROM pg_cast
		UNION ALL SELECT 'enum values', count(*)::text FROM pg_enum
		UNION ALL SELECT 'triggers', count(*)::text FROM pg_trigger
		UNION ALL SELECT 'event triggers', count(*)::text FROM pg_event_trigger
		UNION ALL SELECT 'rules', count(*)::text FROM pg_rewrite
		UNION ALL SELECT 'comments', count(*)::text FROM pg_description
		UNION ALL SELECT 'dependencies', count(*)::text FROM pg_depend
		UNION ALL SELECT 'roles', count(*)::text FROM pg_shdepend
			WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
		UNION ALL SELECT 'initial privileges', count(*)::text FROM pg_init_privs
		UNION ALL SELECT 'default privileges', count(*)::text FROM pg_default_acl
		ORDER BY 1, 2});
}

# Who may do what with the extension's objects.
sub privileges
{
	my $db = shift;

	return sql($db, q{
		SELECT kind, name, a FROM
			(SELECT 'relation' AS kind, oid::regclass::text AS name, relacl AS acl FROM pg_class
				WHERE relnamespace = 'personalization'::regnamespace
			 UNION ALL SELECT 'column', attrelid::regclass || '.' || attname, attacl
				FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
				WHERE relnamespace = 'personalization'::regnamespace
			 UNION ALL SELECT 'function', oid::regprocedure::text, proacl FROM pg_proc
				WHERE pronamespace = 'personalization'::regnamespace
			 UNION ALL SELECT 'type', oid::regtype::text, typacl FROM pg_type
				WHERE typnamespace = 'personalization'::regnamespace
			 UNION ALL SELECT 'schema', nspname, nspacl FROM pg_namespace
				WHERE nspname = 'personalization') o,
			unnest(acl) a
		ORDER BY kind, name, a::text COLLATE "C"});
}

# The extension's tables, partitions apart.
sub tables
{
	my $db = shift;

	return split /\n/, sql($db, q{
		SELECT relname FROM pg_class WHERE relnamespace = 'personalization'::regnamespace
			AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1});
}

sub content
{
	my ($db, $table) = @_;

	return sql($db, "SELECT t FROM personalization.$table t ORDER BY t::text COLLATE \"C\"");
}

# What the users are told.
sub answers
{
	my $db = shift;

	return sql($db, qq{
		SELECT tenant_id, user_id, personalization.get_profile(tenant_id, user_id, '$at'),
			personalization.get_context(tenant_id, user_id, '$at')
		FROM personalization.profiles ORDER BY 1, 2;
		SELECT tenant_id, user_id, p
		FROM personalization.profiles, personalization.preferences(tenant_id, user_id, '$at') p
		ORDER BY 1, 2, p.category, p.key;
		SELECT tenant_id, personalization.tenant_settings(tenant_id) FROM personalization.tenants
		ORDER BY 1});
}

# Something in every table, of two tenants.
sub fill
{
	my $db = shift;

	sql($db, q{
		CREATE EXTENSION personalization;
		SELECT personalization.create_tenant('acme', '{"value_policy": "latest", "time_zone": "Europe/Berlin"}');
		SELECT personalization.create_tenant(E'globex "\t\\\\ ü');
		SELECT personalization.bind_role('bound', 'acme');
		SELECT personalization.grant_access('pooled', pooled => true);
		GRANT USAGE ON SCHEMA personalization TO auditor;
		GRANT SELECT ON personalization.profiles TO auditor WITH GRANT OPTION;
		GRANT SELECT (tenant_id, event) ON personalization.rejected_events TO auditor;
		GRANT EXECUTE ON FUNCTION personalization.tenant_settings, personalization.current_tenant TO auditor;

		INSERT INTO personalization.signal_rules
			(tenant_id, interaction_type, path, category, key, strength, enabled)
		VALUES
			('', 'dashboard', 'alerts', 'notification', 'alert:{}', 0.4, true),
			('acme', 'export', 'options.delimiter', 'presentation', 'delimiter', 0.6, true),
			('acme', 'export', 'columns', 'data', 'export_column:{}', 0.5, false);

		SELECT personalization.learn(t, u, 'query', jsonb_build_object(
				'query', format(E'How much, %s? \\\\ %s', u, n), 'n', jsonb_build_array(n, NULL, n / 7.0),
				'sql', format('select sum(x) from t%s where y = %s', n % 5, n)),
			timestamptz '2026-03-02 12:00+00' + n * interval '7 hours')
		FROM (VALUES ('acme', 'ana'), ('acme', E'b\to'), (E'globex "\t\\\\ ü', 'ana')) a (t, u),
			generate_series(1, 40) n ORDER BY n;
		SELECT personalization.learn('acme', 'ana', 'visualization', format('{"chart_type": "%s"}', c)::jsonb,
				'2026-03-19 12:00+00', feedback => '{"rating": "positive"}')
		FROM unnest('{bar,bar,pie,bar,line,bar,bar}'::text[]) c;
		SELECT personalization.learn('acme', 'ana', 'export',
			'{"format": "csv", "columns": ["a"], "options": {"delimiter": ";"}}', '2026-03-19 13:00+00',
			'00000000-0000-4000-8000-000000000001');
		SELECT personalization.learn('acme', 'ana', 'dashboard', '{"alerts": {"late": "mail"}}', '2026-03-19 14:00+00');
		SELECT personalization.learn_batch('[
			{"tenant_id": "acme", "user_id": "ana", "interaction_type": "nonsense", "data": {}},
			{"tenant_id": "nobody", "user_id": "ana", "interaction_type": "query", "data": {}},
			{"user_id": "ana"}, 7]', 'divert');
		INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data)
		VALUES ('acme', 'waiting', 'export', '{"format": "csv"}'), ('nobody', NULL, E'\t\\\\ ü', 'null');
		SELECT personalization.register_table('acme', 'warehouse.marketing', E'tab\t\\\\ ü', '{a,"b, c"}');
		SELECT personalization.register_table('acme', 'gone');
		SELECT personalization.unregister_table('acme', 'gone');
		SELECT personalization.link_schema('acme', 'public');
		SELECT personalization.append_message('acme', c, 'user', E'tab\t\\\\ ü')
		FROM personalization.start_conversation('acme', 'ana', '{"topic": "stock"}') c;
		SELECT personalization.record_outcome('acme', 'ana', suggestion_id, 'accepted') FROM personalization.get_suggestions('acme', 'ana');
		SELECT count(*) FROM personalization.get_suggestions('acme', 'ana');
		SELECT personalization.set_preference('acme', 'ana', 'notification', 'digest', '{"at": "tab\t"}'),
			personalization.forget_preference('acme', 'ana', 'data', 'gone'),
			personalization.set_learning('acme', 'refuses', false);
		SELECT personalization.subscribe_topic('events', 'acme', '{"user_id": "who"}');
		INSERT INTO personalization.topic_offsets (topic, partition, next_offset) VALUES ('events', 3, 4711);
		INSERT INTO personalization.topic_waiting (for_tenant, position, events) VALUES ('acme', 7, '[{"index": 0}]');
		SELECT personalization.set_profile('acme', 'ana', 'advanced', '{sales,"a, b"}', 'brief')});
	return;
}

# The copy of a database is as the original, and works.
sub compare_databases
{
	my ($what, $db, $copy) = @_;

	foreach my $table (tables($db))
	{
		next if grep { $_ eq $table } @derived;
		my $content = content($db, $table);

		isnt($content, '', "$what: table $table is not empty");
		is(content($copy, $table), $content, "$what: table $table");
	}
	is( sql($copy, 'SELECT count(*) FROM personalization.signal_rules WHERE built_in'),
		'14', "$what: the built-in signal rules are there once");
	is(privileges($copy), privileges($db), "$what: privileges");
	is(answers($copy), answers($db), "$what: the functions answer the same");

	# It goes on learning, as the application and where it was.
	is( sql_as('bound', $copy, q{
			SELECT personalization.learn('acme', 'ana', 'export', '{}',
				interaction_id => '00000000-0000-4000-8000-000000000001');
			SELECT count(*) FROM personalization.interactions;
			SELECT personalization.learn_batch('[{"tenant_id": "acme", "user_id": "new", "interaction_type":
				"export", "data": {"format": "csv", "columns": ["a"], "options": {"delimiter": ";"}}}]');
			SELECT category, key, value, confidence FROM personalization.preferences('acme', 'new')}),
		join("\n",
			'00000000-0000-4000-8000-000000000001', sql($db, q(SELECT count(*)
				FROM personalization.interactions WHERE tenant_id = 'acme')),
			'1', 'presentation|export_format|"csv"|0.06999999999999999',
			'presentation|delimiter|";"|0.06'),
		"$what: the bound role learns, under the tenant's rules, what is not there yet");
	is( sql_as('pooled', $copy, q{
			BEGIN;
			SET LOCAL personalization.tenant_id = 'acme';
			SELECT count(*) > 0, count(*) FILTER (WHERE tenant_id <> 'acme') FROM personalization.interactions;
			COMMIT;
			SELECT count(*) FROM personalization.interactions}),
		"t|0\n0",
		"$what: the pooled role sees one tenant at a time");
	is(sql_as('auditor', $copy, 'SELECT count(*) FROM personalization.profiles'),
		'0', "$what: an auditor without a tenant sees nothing");
	# The linked tables have other OIDs there; none of them is news, nor lost, but what comes is found.
	my $catalogue = q(SELECT * FROM personalization.tenant_tables('acme'));
	my $known = sql($db, $catalogue);
	my $news = sql($copy, q{
			SELECT personalization.run_maintenance() IS NULL}, $catalogue);
	is($news, "f\n$known", "$what: the catalogue is as it was");
	is( sql($copy, q{
			CREATE TABLE public.after_restore (id int);
			SELECT personalization.run_maintenance() -> 'catalogue';
			SELECT table_name FROM personalization.new_tables('acme', 'ana') WHERE origin = 'linked';
			DROP TABLE public.after_restore}),
		"1\npublic.after_restore", "$what: and goes on");

	is( sql($copy, q{
			SELECT personalization.run_maintenance(now() + interval '10 years') ->> 'preferences' > '0';
			SELECT count(*) FROM personalization.preferences}),
		"t\n0",
		"$what: evidence expires there too");
	return;
}

sub dump_and_restore
{
	my ($what, $db) = @_;

	$node->command_ok([ 'pg_dump', '-f', "$dir/$db.sql", $db ], "$what: dump as SQL");
	sql('postgres', "CREATE DATABASE ${db}_sql");
	$node->command_ok(
		[ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/$db.sql", "${db}_sql" ],
		"$what: restore with psql");
	compare_databases("$what, by psql", $db, "${db}_sql");

	$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/$db.dump", $db ], "$what: dump in custom format");
	sql('postgres', "CREATE DATABASE ${db}_custom");
	$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', "${db}_custom", "$dir/$db.dump" ],
		"$what: restore with pg_restore");
	compare_databases("$what, by pg_restore", $db, "${db}_custom");

	# A dump of the copy is a dump of the original: nothing comes twice, the second time round.
	sql('postgres', "CREATE DATABASE ${db}_again");
	$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/$db.sql", "${db}_again" ],
		"$what: once more");
	$node->command_ok([ 'pg_dump', '-f', "$dir/${db}_again.sql", "${db}_again" ],
		"$what: dump of the copy");
	
	# But for the key that newer versions of pg_dump protect psql with.
	my @dumps = map { slurp_file("$dir/$_.sql") =~ s/^\\(un)?restrict .*//mgr } "${db}_again", $db;
	ok($dumps[0] eq $dumps[1], "$what: which is the same");
	return;
}

####################################################################
# Coming and going.

sql('postgres', q{
	CREATE ROLE bound LOGIN;
	CREATE ROLE pooled LOGIN;
	CREATE ROLE auditor LOGIN;
	CREATE DATABASE going});
my $before = catalogs('going');

fill('going');
isnt(catalogs('going'), $before, 'the extension is there');
sql('going', 'DROP EXTENSION personalization');
is(catalogs('going'), $before, 'DROP EXTENSION leaves nothing behind');

# In one session, which has plans for what is no more.
is( sql('going', q{
		CREATE EXTENSION personalization;
		SELECT personalization.create_tenant('acme') IS NULL;
		SELECT personalization.learn('acme', 'ana', 'export', '{"format": "csv"}') IS NULL;
		DROP EXTENSION personalization;
		CREATE EXTENSION personalization;
		SELECT personalization.create_tenant('acme') IS NULL;
		SELECT personalization.learn('acme', 'ana', 'export', '{"format": "csv"}') IS NULL;
		SELECT key, observation_count FROM personalization.preferences('acme', 'ana');
		DROP EXTENSION personalization}),
	"f\nf\nf\nf\nexport_format|1",
	'dropped and created again in one session');
is(catalogs('going'), $before, 'and nothing is left behind');

# And in a session beside the one that drops it.
sql('going', 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme')));
my $beside = $node->background_psql('going');
my $learn = q(SELECT personalization.learn('acme', 'ana', 'export', '{"format": "csv"}') IS NULL);
my $count = q(SELECT observation_count FROM personalization.preferences('acme', 'ana'));
$beside->query_safe($learn) for 1 .. 2;
is($beside->query_safe($count), '2', 'a session learns');
sql('going', 'DROP EXTENSION personalization; CREATE EXTENSION personalization',
	q(SELECT personalization.create_tenant('acme')));
$beside->query_safe($learn);
is($beside->query_safe($count), '1', 'and learns on in the extension created beside it');
$beside->quit;
sql('going', 'DROP EXTENSION personalization');

# Where somebody else has the schema already.
sql('going', 'CREATE SCHEMA personalization AUTHORIZATION auditor');
my $with_schema = catalogs('going');
my ($ret, $out, $err) = $node->psql('going', 'CREATE EXTENSION personalization');
isnt($ret, 0, 'CREATE EXTENSION fails where the schema exists');
like($err, qr/schema "personalization" already exists/, 'and says why');
is(catalogs('going'), $with_schema, 'leaving nothing behind');
sql('going', 'DROP SCHEMA personalization; CREATE EXTENSION personalization');
is(sql('going', 'SELECT count(*) FROM personalization.signal_rules'), '14', 'without it all is well');

####################################################################
# Hostile surroundings.  Whoever may create objects in a schema that comes first in the path of a
# superuser would like the extension to take those for what it means.

my $trap = q(LANGUAGE plpgsql AS $$BEGIN RAISE 'caught in a trap'; END$$);

sub trap_function
{
	my ($name, $arguments, $result) = @_;

	return "CREATE FUNCTION evil.$name($arguments) RETURNS $result $trap;\n";
}

# An operator with exactly these types is preferred to one for which an operand must be converted.
sub trap_operator
{
	my ($name, $left, $right, $result) = @_;

	return "CREATE OR REPLACE FUNCTION evil.operator_$result($left, $right) RETURNS $result $trap;\n"
	  . "CREATE OPERATOR evil.$name (LEFTARG = $left, RIGHTARG = $right, FUNCTION = evil.operator_$result);\n";
}

# Before there is an extension.
my $traps = "CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC;\n";
foreach my $op ('=', '<>', '<', '<=', '>', '>=')
{
	$traps .= trap_operator($op, @$_, 'boolean')
	  foreach [ 'text', 'text' ], [ 'float8', 'integer' ], [ 'float8', 'numeric' ], [ 'text', 'name' ],
	  [ 'bigint', 'integer' ], [ 'uuid', 'uuid' ], [ 'timestamptz', 'timestamptz' ], [ 'date', 'date' ],
	  [ 'integer', 'integer' ];
}
$traps .= trap_operator('||', 'text', $_, 'text') foreach 'text', 'integer', 'bigint';
$traps .= trap_operator('+', @$_) foreach [ 'bigint', 'bigint', 'bigint' ], [ 'bigint', 'integer', 'bigint' ];
$traps .= trap_operator('->>', 'jsonb', 'text', 'text');
$traps .= trap_function('format', join(', ', ('text') x $_), 'text') foreach 2 .. 4;
$traps .= trap_function('format', 'text, text, text, integer', 'text');
$traps .= trap_function('format', 'text, text, text, integer, text', 'text');
$traps .= trap_function(@$_)
  foreach [ 'now', '', 'timestamptz' ], [ 'jsonb_typeof', 'jsonb', 'text' ],
  [ 'pg_extension_config_dump', 'regclass, text', 'void' ], [ 'current_tenant', '', 'text' ],
  [ 'new_interaction_id', '', 'uuid' ], [ 'unnest', 'text[]', 'setof text' ],
  [ 'to_jsonb', 'text[]', 'jsonb' ], [ 'evidence_expires_at', 'float8, timestamptz, jsonb', 'timestamptz' ];
$traps .= "CREATE TABLE evil.$_ (tenant_id text, user_id text, trap text CHECK (evil.current_tenant() = ''));\n"
  foreach tables('going');
$traps .= "CREATE TYPE evil.$_ AS ENUM ('query', 'trap');\n"
  foreach qw(interaction_type preference_category skill_level communication_style);
$traps .= "CREATE DOMAIN evil.$_ CHECK (evil.now() IS NULL);\n"
  foreach 'text AS pg_catalog.int4', 'jsonb AS pg_catalog.text', 'uuid AS pg_catalog.text',
  'timestamptz AS pg_catalog.text', 'regclass AS pg_catalog.text';

# And once it is there, on its own types.
my $late_traps = '';
foreach my $type (qw(interaction_type preference_category))
{
	$late_traps .= trap_operator($_, "personalization.$type", "personalization.$type", 'boolean')
	  foreach '=', '<>', '<';
	$late_traps .= trap_operator('=', "personalization.$type", 'text', 'boolean');
}
$late_traps .= "CREATE FUNCTION evil.learn(tenant_id text, user_id text, interaction_type"
  . " personalization.interaction_type, data jsonb) RETURNS uuid $trap;\n";

# What a session in these surroundings does, and what comes of it.
my $session = q{
	SELECT personalization.create_tenant('acme') IS NULL;
	SELECT personalization.learn('acme', 'ana', 'query',
		'{"query": "How much?", "sql": "select sum(x) from orders where y = 1 and z >= 2 group by 1"}') IS NULL;
	SELECT personalization.learn_batch('[
		{"tenant_id": "acme", "user_id": "ana", "interaction_type": "visualization", "data": {"chart_type": "bar"}},
		{"tenant_id": "acme", "user_id": "bo", "interaction_type": "refinement", "data":
			{"original": {"format": "csv"}, "corrected": {"format": "pdf"}}},
		{"tenant_id": "acme", "user_id": "bo", "interaction_type": "feedback", "data":
			{"category": "presentation", "key": "export_format", "rating": 0.5}},
		{"tenant_id": "acme", "user_id": "bo", "interaction_type": "nonsense", "data": {}}]', 'divert');
	SELECT personalization.set_profile('acme', 'ana', skill_level => 'advanced', domain_expertise => '{a}');
	SELECT p.category, p.key, p.value, p.confidence, p.observation_count
	FROM personalization.preferences('acme', 'ana') p;
	SELECT p.category, p.key, p.value, p.confidence, p.observation_count
	FROM personalization.preferences('acme', 'bo') p;
	SELECT personalization.extract_signals('export', '{"format": "csv"}');
	SELECT personalization.get_profile('acme', 'ana') IS NULL, personalization.get_context('acme', 'ana') IS NULL;
	SELECT personalization.configure_tenant('acme', '{"decay_factor": 0.5}') IS NULL;
	SELECT personalization.run_maintenance('2100-01-01');
	SELECT personalization.drop_tenant('acme')};

sql('postgres', 'CREATE DATABASE peaceful', 'CREATE DATABASE hostile');
my $expected = sql('peaceful', 'CREATE EXTENSION personalization', $session);
like($expected, qr/preferred_chart_type/, 'an ordinary session');
sql('hostile', $traps);
$before = catalogs('hostile');
my @definitions = map { sql($_, 'CREATE EXTENSION IF NOT EXISTS personalization', q{
		SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint
			WHERE connamespace = 'personalization'::regnamespace AND conparentid = 0
		UNION ALL SELECT polrelid::regclass, pg_get_expr(polqual, polrelid) FROM pg_policy
		UNION ALL SELECT adrelid::regclass, pg_get_expr(adbin, adrelid) FROM pg_attrdef
			WHERE adrelid::regclass::text LIKE 'personalization%'
		UNION ALL SELECT NULL, pg_get_functiondef(oid) FROM pg_proc
			WHERE pronamespace = 'personalization'::regnamespace
		ORDER BY 1, 2}) } 'peaceful', 'hostile';
is($definitions[1], $definitions[0], 'what is created does not depend on what else there is');
sql('hostile', 'DROP EXTENSION personalization');

foreach my $path ('evil, public', 'evil, pg_catalog', 'pg_temp, evil, pg_catalog')
{
	sql('postgres', "ALTER DATABASE hostile SET search_path = $path");
	($ret, $out, $err) = $node->psql('hostile', q(SELECT 'one' || 1::integer));
	like($err, qr/caught in a trap/, "the traps are set under search_path = $path");
	($ret, $out, $err) = $node->psql('hostile', 'CREATE EXTENSION personalization');
	is("$ret$err", '0', "CREATE EXTENSION under search_path = $path");
	is( sql('hostile', q{
			SELECT conrelid::pg_catalog.regclass, pg_catalog.pg_get_constraintdef(oid)
			FROM pg_catalog.pg_constraint WHERE pg_catalog.pg_get_constraintdef(oid) LIKE '%evil%'
				AND connamespace OPERATOR(pg_catalog.=) 'personalization'::pg_catalog.regnamespace}),
		'',
		'the constraints are what they should be');
	sql('hostile', $late_traps);
	($ret, $out, $err) = $node->psql('hostile',
		'CREATE TEMP TABLE preferences (trap pg_catalog.text); CREATE TEMP TABLE tenants (trap pg_catalog.text);'
		  . $session);
	is("$ret$err", '0', 'a session under that path is not caught in a trap');
	is($out, $expected, 'and is told what any other is');
	sql('hostile', 'DROP EXTENSION personalization CASCADE');
}
sql('postgres', 'ALTER DATABASE hostile RESET search_path');
is(catalogs('hostile'), $before, 'and nothing is left behind there');

####################################################################
# Dump and restore.

sql('postgres', 'CREATE DATABASE source');
sql('source', 'CREATE TABLE public.shipments (id int); CREATE VIEW public.late AS SELECT id FROM public.shipments');
fill('source');
dump_and_restore('not preloaded', 'source');

# The worker would learn what waits in the inbox; 022_restore_preloaded.pl is about that.
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'personalization'\npersonalization.worker = off\n");
$node->restart;
is(sql('postgres', 'SHOW shared_preload_libraries'), 'personalization', 'the library is preloaded');
sql('postgres', 'CREATE DATABASE preloaded');
sql('preloaded', 'CREATE TABLE public.shipments (id int); CREATE VIEW public.late AS SELECT id FROM public.shipments');
fill('preloaded');
is(sql('preloaded', 'SELECT count(*) > 0 FROM personalization.preferences'), 't', 'and learns');
dump_and_restore('preloaded', 'preloaded');

####################################################################
# A whole server, with its roles and what binds them to their tenants.

my $other = PostgreSQL::Test::Cluster->new('restored');
$other->init;
$other->append_conf('postgresql.conf', "timezone = 'UTC'\n");
$other->start;
$node->command_ok([ 'pg_dumpall', '-f', "$dir/all.sql" ], 'dump of a server');
($ret, $out, $err) = $other->psql('postgres', slurp_file("$dir/all.sql"), on_error_stop => 0);
my @errors = grep { /ERROR/ && !/role "[^"]*" already exists/ } split /\n/, $err;
is(join("\n", @errors), '', 'restored on another server');
is( $other->safe_psql(
		'source',
		'SELECT personalization.current_tenant(), count(*) FROM personalization.interactions',
		connstr => $other->connstr('source') . ' user=bound'),
	$node->safe_psql(
		'source',
		'SELECT personalization.current_tenant(), count(*) FROM personalization.interactions',
		connstr => $node->connstr('source') . ' user=bound'),
	'the bound role is bound there');
($ret, $out, $err) = $other->psql(
	'source',
	'SELECT personalization.current_tenant(); SET personalization.tenant_id = $$globex$$',
	connstr => $other->connstr('source') . ' user=bound');
like($err, qr/permission denied to set parameter/, 'and stays so');
is( $other->safe_psql(
		'source',
		q(SET personalization.tenant_id = 'acme'; SELECT count(*) > 0 FROM personalization.interactions),
		connstr => $other->connstr('source') . ' user=pooled'),
	't',
	'the pooled role may choose its tenant');

$other->stop;
$node->stop;
done_testing();
