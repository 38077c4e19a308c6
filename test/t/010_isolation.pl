# A hostile tenant: what a role bound to one tenant (or to none) tries in order to see, change, or
# learn of the existence of what is another's.
#
# The victim's rows hold a marker in every column that takes text.  An attack has failed when the
# marker is nowhere in what the session shows: rows, notices, errors with all their fields.  Attacks
# that read are first run as a superuser, who must see it: so an attack that says nothing because it
# is written wrongly is found out.  After each attack that writes, the victim's rows are as before.

use strict;
use warnings;

use Personalization;
use Test::More;

my $marker = 'GLOBEX-SECRET';
my $globex_id = '00000000-0000-4000-8000-00000000000a';
my $acme_id = '00000000-0000-4000-8000-00000000000b';
my $unused_id = '00000000-0000-4000-8000-00000000000c';
my @tables = qw(tenants interactions rejected_events preferences profiles user_queries signal_rules
  conversations conversation_messages conversation_statistics);

# The superuser is called so whoever runs this.
$ENV{PGUSER} = 'postgres';
my $node = node('isolation', "wal_level = logical\nautovacuum = off\nrestart_after_crash = on\nclient_min_messages = notice\n", init => [ extra => [ '--locale=C', '--encoding=UTF8', '-U', 'postgres' ] ]);

# Runs SQL in a session of its own; returns everything that it shows.
sub shown
{
	my ($role, @statements) = @_;
	my ($stdout, $stderr) = ('', '');

	# When the server goes down meanwhile psql() dies; what it said then is in $stderr.
	eval
	{
		$node->psql('postgres', join("\n", '\set VERBOSITY verbose', @statements), stdout => \$stdout, stderr => \$stderr,
			on_error_stop => 0, extra_params => [ '-U', $role ]);
		1;
	} or $stderr .= "\nconnection to server was lost: $@";
	# The text of a statement, which an error repeats, is what the attacker knew.
	$stderr =~ s/^psql:<stdin>:\d+: //mg;
	return "$stdout\n$stderr";
}

# ---------------------------------------------------------------- two tenants in one partition

sql(q{
	CREATE EXTENSION personalization;
	SELECT personalization.create_tenant('acme'), personalization.create_tenant('initech');
	SELECT personalization.create_tenant('globex' || i),
		personalization.learn('globex' || i, 'x', 'query', '{}', '2026-03-01') FROM generate_series(1, 60) i;
	SELECT personalization.learn('acme', 'x', 'query', '{}', '2026-03-01');});
my $globex = sql(q{
	SELECT g.tenant_id FROM personalization.interactions g, personalization.interactions a
	WHERE a.tenant_id = 'acme' AND g.tenant_id LIKE 'globex%' AND g.tableoid = a.tableoid ORDER BY 1 LIMIT 1});
isnt($globex, '', 'the victim shares its partitions with the attacker');
sql("SELECT personalization.drop_tenant(tenant_id) FROM (SELECT tenant_id FROM personalization.tenants WHERE tenant_id LIKE 'globex%' AND tenant_id <> '$globex' OFFSET 0) t");

for my $of ([ $globex, $marker, $globex_id ], [ 'acme', 'ACME-OWN', $acme_id ])
{
	my ($tenant, $text, $id) = @$of;

	# Many of them, so that statistics have common values.
	sql(qq{
		SELECT personalization.learn('$tenant', '$text-user', 'query',
			'{"query": "$text-question", "sql": "SELECT \\"$text-column\\"", "tables_used": ["$text-table"]}', '2026-03-01', '$id', '{"comment": "$text-feedback"}');
		SELECT count(personalization.learn('$tenant', '$text-user-' || i % 3, 'visualization', '{"chart_type": "$text-chart"}', '2026-03-01')) FROM generate_series(1, 300) i;
		SELECT personalization.set_profile('$tenant', '$text-user', 'advanced', ARRAY['$text-subject']);
		SELECT personalization.learn_batch('[{"tenant_id": "$tenant", "user_id": "$text-user", "interaction_type": "guess", "data": {"rejected": "$text"}}]', 'divert');
		SELECT personalization.append_message('$tenant', personalization.start_conversation('$tenant', '$text-user', '{"topic": "$text-topic"}'), '$text-role', '$text-content');
		INSERT INTO personalization.signal_rules (tenant_id, interaction_type, path, category, key, strength)
		VALUES ('$tenant', 'export', '$text-path', 'notification', '$text-rule', 0.5);});
}
sql(qq{
	INSERT INTO personalization.rejected_events (tenant_id, event, sqlstate, reason) VALUES ('', '"$marker"', '00000', '$marker');
	ANALYZE;
	CREATE ROLE acme LOGIN; CREATE ROLE globex LOGIN; CREATE ROLE pooled LOGIN; CREATE ROLE nobody LOGIN; CREATE ROLE leafy LOGIN; CREATE ROLE unbound LOGIN;
	SELECT personalization.bind_role('acme', 'acme'), personalization.bind_role('globex', '$globex'), personalization.bind_role('leafy', 'acme'),
		personalization.grant_access('pooled', pooled => true), personalization.grant_access('unbound');
	CREATE SCHEMA own AUTHORIZATION acme; CREATE SCHEMA nobodys AUTHORIZATION nobody; GRANT ALL ON DATABASE postgres TO acme;});
sql(qq{GRANT SELECT, INSERT, UPDATE, DELETE ON personalization.$_ TO leafy})
	for split /\n/, sql(q{SELECT c.relname FROM pg_class c WHERE relnamespace = 'personalization'::regnamespace AND relispartition AND relkind = 'r'});
my $leaf = sql(q{SELECT tableoid::regclass FROM personalization.interactions WHERE tenant_id = 'acme' LIMIT 1});
my @leaves = map { sql("SELECT tableoid::regclass FROM personalization.$_ WHERE tenant_id = '$globex' LIMIT 1") } @tables;

# What the victim holds, in one value.
sub victim
{
	return sql('SELECT concat(' . join(', ', map { qq{(SELECT md5(string_agg(t::text, ',' ORDER BY t::text COLLATE "C")) FROM personalization.$_ t WHERE tenant_id NOT IN ('acme', 'initech'))} } @tables) . ')');
}
my $untouched = victim();

# An attack that reads: the superuser sees the marker, the role does not.
sub hidden
{
	my ($name, $role, @statements) = @_;

	like(shown('postgres', @statements), qr/$marker/, "$name: a superuser does see it");
	unlike(shown($role, @statements), qr/$marker/, "$name: $role does not");
}

# An attack that ends in what is expected, and shows and changes nothing of the victim's.
sub stopped
{
	my ($name, $role, $expected, @statements) = @_;
	my $shown = shown($role, @statements);

	like($shown, $expected, $name);
	unlike($shown, qr/$marker/, "$name: nothing is shown");
	is(victim(), $untouched, "$name: nothing is changed");
}

# An attack whose outcome must not depend on whether the victim has such a thing.
sub alike
{
	my ($name, $role, $with, $without) = @_;
	my ($a, $b) = (shown($role, ref $with ? @$with : $with), shown($role, ref $without ? @$without : $without));

	s/$globex|initech-no-such|$globex_id|$unused_id|$marker-[a-z]+|no-such-[a-z]+//g for $a, $b;
	is($a, $b, "$name: the same for what is there and for what is not");
}

# ---------------------------------------------------------------- plain statements on tables and leaves

for my $table (@tables)
{
	my $full = "personalization.$table";
	my $column = $table eq 'tenants' ? 'created_at' : $table eq 'signal_rules' ? 'strength' : 'tenant_id';

	if ($table ne 'tenants')
	{
		hidden("SELECT on $table", 'acme', "SELECT t, t.* FROM $full t; TABLE $full; SELECT jsonb_agg(t) FROM $full t;");
		hidden("COPY $table TO", 'acme', "COPY $full TO STDOUT;", "COPY (SELECT * FROM $full) TO STDOUT;");
	}
	is(shown('acme', "SELECT count(*) FROM $full WHERE tenant_id NOT IN ('acme', '');"), "0\n",
		"$table: no row of another tenant is counted");
	is(shown('globex', "SELECT count(*) > 0 FROM $full WHERE tenant_id = '$globex';"), "t\n", "$table: its own tenant does see them");
	for my $role ('nobody', 'unbound')
	{
		unlike(shown($role, "SELECT * FROM $full; UPDATE $full SET tenant_id = tenant_id RETURNING *; DELETE FROM $full RETURNING *;"), qr/$marker|^\w+\|/m, "$table: nothing of any tenant for $role");
	}
	is(victim(), $untouched, "$table: and nothing changed");
	stopped("UPDATE and DELETE on $table", 'acme', qr/./s,
		"BEGIN; UPDATE $full SET $column = $column; DELETE FROM $full; ROLLBACK;", "UPDATE $full SET tenant_id = 'acme' WHERE tenant_id = '$globex'; DELETE FROM $full WHERE tenant_id = '$globex';");
	stopped("moving a row of $table to another tenant", 'acme', qr/42501/, "UPDATE $full SET tenant_id = '$globex';");
	stopped("TRUNCATE $table", 'acme', qr/42501/, "TRUNCATE $full;");
	stopped("COPY $table FROM", 'acme', qr/42501|0A000/, "COPY $full FROM STDIN;", "\\.");
	stopped("trigger, rule, policy, index, owner, options of $table", 'acme', qr/(.*ERROR:  42501){11}/s,
		"CREATE FUNCTION own.spy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', OLD; RETURN NEW; END';", "CREATE TRIGGER spy AFTER UPDATE ON $full FOR EACH ROW EXECUTE FUNCTION own.spy();",
		"CREATE RULE spy AS ON INSERT TO $full DO ALSO SELECT 1;", "CREATE POLICY spy ON $full USING (true);", "DROP POLICY tenant_isolation ON $full;",
		"ALTER POLICY tenant_isolation ON $full USING (true);", "ALTER TABLE $full DISABLE ROW LEVEL SECURITY;", "ALTER TABLE $full NO FORCE ROW LEVEL SECURITY;", "ALTER TABLE $full OWNER TO acme;",
		"CREATE INDEX ON $full (tenant_id);", "CREATE TABLE own.part PARTITION OF $full FOR VALUES WITH (MODULUS 8, REMAINDER 0);", "CREATE TABLE own.child () INHERITS ($full);", "GRANT SELECT ON $full TO PUBLIC;",
		"CREATE STATISTICS own.spy ON tenant_id, ctid FROM $full;", "DROP FUNCTION own.spy;");
}
for my $i (0 .. $#leaves)
{
	my $text = $tables[$i] eq 'tenants' ? $globex : $marker;

	stopped("a leaf of $tables[$i]", 'acme', qr/42501/, "SELECT * FROM $leaves[$i];", "DELETE FROM $leaves[$i];", "COPY $leaves[$i] TO STDOUT;", "TRUNCATE $leaves[$i];", "INSERT INTO $leaves[$i] DEFAULT VALUES;");
	like(shown('postgres', "TABLE $leaves[$i];"), qr/$text/, "a leaf of $tables[$i] holds the victim's rows");
	unlike(shown('leafy', "TABLE $leaves[$i];", "SELECT * FROM ONLY $leaves[$i];", "COPY $leaves[$i] TO STDOUT;", "BEGIN; UPDATE $leaves[$i] SET tenant_id = tenant_id RETURNING *; ROLLBACK;", "BEGIN; DELETE FROM $leaves[$i] RETURNING *; ROLLBACK;"),
		qr/$text/, "a leaf of $tables[$i] that was granted shows nothing of others");
	is(victim(), $untouched, "a leaf of $tables[$i] that was granted lets nothing be changed");
}
stopped('INSERT into a leaf that was granted', 'leafy', qr/42501.*row-level security/s,
	"INSERT INTO $leaf (tenant_id, user_id, interaction_type, data) VALUES ('$globex', 'x', 'query', '{}');");
stopped('UPDATE of a leaf that was granted', 'leafy', qr/42501.*row-level security/s, "UPDATE $leaf SET tenant_id = '$globex';");

my $insert = sub { my ($tenant, $id, $rest) = @_; return "INSERT INTO personalization.interactions (tenant_id, interaction_id, user_id, interaction_type, data) VALUES ('$tenant', '$id', 'x', 'query', '{}') $rest;" };
for my $rest ('', 'ON CONFLICT DO NOTHING', 'ON CONFLICT (tenant_id, interaction_id) DO UPDATE SET data = interactions.data RETURNING *')
{
	stopped("INSERT for another tenant $rest", 'acme', qr/42501/, $insert->($globex, $globex_id, $rest));
	alike("INSERT for another tenant $rest", 'acme', $insert->($globex, $globex_id, $rest), $insert->($globex, $unused_id, $rest));
	alike("INSERT for a tenant that is there or not $rest", 'acme', $insert->($globex, $unused_id, $rest), $insert->('initech-no-such', $unused_id, $rest));
	like(shown('acme', 'BEGIN;', $insert->('acme', $globex_id, $rest), 'ROLLBACK;'), qr/^(?!.*ERROR)/s, "another tenant's id is free for one's own $rest");
}
stopped('MERGE', 'acme', qr/42501/, "MERGE INTO personalization.interactions t USING (VALUES ('$globex', '$globex_id'::uuid)) AS s (tenant_id, id) ON t.tenant_id = s.tenant_id AND t.interaction_id = s.id
	WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (tenant_id, interaction_id, user_id, interaction_type, data) VALUES (s.tenant_id, s.id, 'x', 'query', '{}');");
stopped('signal rules for all tenants or another', 'acme', qr/(.*42501){3}/s, "INSERT INTO personalization.signal_rules (interaction_type, path, category, key, strength) VALUES ('query', 'x', 'data', 'x', 1);",
	"UPDATE personalization.signal_rules SET strength = 0;", "DELETE FROM personalization.signal_rules;");
hidden('row locks, joins, system columns, sampling', 'acme', map { "$_;" } "SELECT * FROM personalization.interactions FOR SHARE", "SELECT i.ctid, i.xmin, i.tableoid, p.* FROM personalization.interactions i FULL JOIN personalization.preferences p USING (tenant_id)",
	"SELECT * FROM personalization.user_queries TABLESAMPLE BERNOULLI (100)", "SELECT * FROM personalization.interactions WHERE ctid IN ('(0,1)', '(0,2)', '(0,3)')");
hidden('functions that run queries', 'acme', "SELECT query_to_xml('SELECT * FROM personalization.user_queries', true, true, '');", "SELECT table_to_xml('personalization.profiles', true, true, '');",
	"SELECT schema_to_xml('personalization', true, true, '');", "SELECT * FROM ts_stat('SELECT to_tsvector(query) FROM personalization.user_queries'), personalization.user_queries;");

# ---------------------------------------------------------------- the functions

my $event = qq({"tenant_id": "%s", "user_id": "%s", "interaction_type": "query", "data": {}});
my %calls = (
	learn => "learn('%s', '%s', 'query', '{}', '2026-03-01')",
	'learn with an id' => "learn('%s', '%s', 'query', '{}', '2026-03-01', '$globex_id')",
	learn_batch => "learn_batch('[$event]')",
	collect_feedback => "collect_feedback('%s', '%s', '{\"rating\": 1, \"category\": \"data\", \"key\": \"k\"}')",
	preferences => "preferences('%s', '%s', '2026-03-01')",
	get_profile => "get_profile('%s', '%s', '2026-03-01')",
	set_profile => "set_profile('%s', '%s', 'beginner')",
	reset_profile => "reset_profile('%s', '%s', 'skill_level')",
	get_context => "get_context('%s', '%s', '2026-03-01')",
	new_tables => "new_tables('%s', '%s', '2026-03-01')",
	register_table => "register_table('%s', '%s')",
	unregister_table => "unregister_table('%s', '%s')",
	link_schema => "link_schema('%s', 'public') /* %s */",
	unlink_schema => "unlink_schema('%s', '%s')",
	hidden_tables => "hidden_tables('%s', '{%s}')",
	tenant_tables => "tenant_tables('%s') /* %s */",
);
for my $name (sort keys %calls)
{
	my ($there, $no_user, $no_tenant) = map { 'SELECT * FROM personalization.' . sprintf($calls{$name}, @$_) . ';' } [ $globex, "$marker-user" ], [ $globex, 'no-such-user' ], [ 'initech-no-such', 'no-such-user' ];

	stopped("$name for another tenant", $_, qr/42501/, $there) for 'acme', 'pooled', 'unbound', 'nobody';
	alike("$name for a user of another tenant", 'acme', $there, $no_user);
	alike("$name for another tenant", 'acme', $no_user, $no_tenant);
}
stopped("the administrator's functions", $_, qr/(.*42501){8}/s, map { "SELECT personalization.$_;" } "create_tenant('x')", "configure_tenant('$globex', '{}')", "tenant_settings('$globex')", "drop_tenant('$globex')",
	"run_maintenance()", "grant_access('acme', true)", "bind_role('acme', '$globex')", "evidence_expires_at(1, now(), '{}')") for 'acme', 'pooled', 'unbound', 'nobody';

# Interactions of others, by their ids.
my $feedback = sub { return "SELECT personalization.collect_feedback('acme', 'ana', '{\"rating\": 1, \"interaction_id\": \"$_[0]\"}'), personalization.extract_signals('feedback', '{\"rating\": 1, \"interaction_id\": \"$_[0]\"}');" };
stopped("feedback on another tenant's interaction", 'acme', qr/P0002/, $feedback->($globex_id));
alike("feedback on another tenant's interaction", 'acme', $feedback->($globex_id), $feedback->($unused_id));
is(shown('acme', 'BEGIN;', "SELECT personalization.learn('acme', 'ana', 'query', '{}', '2026-03-01', '$globex_id');", "SELECT count(*) FROM personalization.interactions WHERE interaction_id = '$globex_id';", 'ROLLBACK;'),
	"$globex_id\n1\n", "another tenant's interaction_id is a new one, not a retry");
hidden('rules of others', 'acme', "SELECT * FROM personalization.signal_rules;");
unlike(shown('acme', "SELECT * FROM personalization.extract_signals('export', '{\"$marker-path\": 1}');"), qr/rule/, "another tenant's rules are not applied");

# Batches that mix tenants.
my $mixed = sub { my ($tenant) = @_; return "'[" . join(', ', map { sprintf($event, $_, 'ana') } 'acme', $tenant, 'acme') . "]'" };
stopped('a batch with another tenant: raise', 'acme', qr/42501: events\[1\]: permission denied for tenant "[^"]*"/, 'BEGIN;', 'SELECT personalization.learn_batch(' . $mixed->($globex) . ');', 'ROLLBACK;');
alike('a batch with another tenant: raise', 'acme', 'SELECT personalization.learn_batch(' . $mixed->($globex) . ');', 'SELECT personalization.learn_batch(' . $mixed->('initech-no-such') . ');');
stopped('a batch with another tenant: divert', 'acme', qr/^2$.*acme\|42501\|permission denied for tenant "[^"]*"/ms,
	'BEGIN;', 'SELECT personalization.learn_batch(' . $mixed->($globex) . ", 'divert');", 'SELECT tenant_id, sqlstate, reason FROM personalization.rejected_events;', 'ROLLBACK;');
alike('a batch with another tenant: divert', 'acme', map { [ 'BEGIN;', 'SELECT personalization.learn_batch(' . $mixed->($_) . ", 'divert');", 'SELECT tenant_id, sqlstate, reason, hint FROM personalization.rejected_events ORDER BY 3;', 'ROLLBACK;' ] } $globex, 'initech-no-such');
stopped('a batch of a role without a tenant', 'unbound', qr/42501: no tenant is set for this session/, "SELECT personalization.learn_batch('[]', 'divert');", 'SELECT personalization.learn_batch(' . $mixed->($globex) . ", 'divert');");

# ---------------------------------------------------------------- the tenant of the session

# Ends with the session's tenant and what it sees, after whatever the attack is.
sub stays
{
	my ($name, $role, $tenant, @statements) = @_;
	my @look = ("SELECT 'tenant ' || coalesce(personalization.current_tenant(), 'none');", 'TABLE personalization.interactions; TABLE personalization.preferences;');
	my $shown = shown($role, @statements, @look, 'ROLLBACK;', @look);

	like($shown, qr/^tenant $tenant$/m, "$name: $role stays with $tenant");
	unlike($shown, qr/^tenant (?!$tenant$)|$marker/m, "$name: $role sees nothing of the other");
}
my $load = 'SELECT personalization.current_tenant();';
my %ways = (
	SET => "SET personalization.tenant_id = '$globex';",
	'SET SESSION' => "SET SESSION personalization.tenant_id TO '$globex';",
	'SET LOCAL' => "BEGIN; SET LOCAL personalization.tenant_id = '$globex';",
	'set_config' => "SELECT set_config('personalization.tenant_id', '$globex', false);",
	'pg_settings' => "UPDATE pg_settings SET setting = '$globex' WHERE name = 'personalization.tenant_id';",
	RESET => 'RESET personalization.tenant_id;',
	'RESET ALL' => 'RESET ALL;',
	'SET TO DEFAULT' => 'SET personalization.tenant_id TO DEFAULT;',
	'DISCARD ALL' => 'DISCARD ALL;',
	'SET ROLE' => 'SET ROLE globex;',
	'SET SESSION AUTHORIZATION' => 'SET SESSION AUTHORIZATION globex;',
	'ALTER ROLE' => "ALTER ROLE acme SET personalization.tenant_id = '$globex'; ALTER ROLE acme IN DATABASE postgres SET personalization.tenant_id = '$globex'; ALTER ROLE acme RESET personalization.tenant_id; ALTER ROLE acme RESET ALL;",
	'ALTER DATABASE, SYSTEM, PARAMETER' => "ALTER DATABASE postgres SET personalization.tenant_id = '$globex'; ALTER SYSTEM SET personalization.tenant_id = '$globex'; GRANT SET ON PARAMETER personalization.tenant_id TO acme;",
	'a function with a SET clause' => "CREATE FUNCTION own.f() RETURNS SETOF personalization.interactions LANGUAGE sql SET personalization.tenant_id = '$globex' AS 'TABLE personalization.interactions'; SELECT * FROM own.f();",
	'altering one of ours' => "ALTER FUNCTION personalization.current_tenant() SET personalization.tenant_id = '$globex'; CREATE OR REPLACE FUNCTION personalization.current_tenant() RETURNS text LANGUAGE sql AS '''$globex''';",
	'savepoints' => "BEGIN; SET personalization.tenant_id = '$globex'; SAVEPOINT a; SET LOCAL personalization.tenant_id = '$globex'; SAVEPOINT b; $load ROLLBACK TO b; RELEASE a; COMMIT;",
	'a rolled back plant' => "BEGIN; SET personalization.tenant_id = '$globex'; $load ROLLBACK;",
	'other settings' => 'SET row_security = off; SET session_replication_role = replica; SET local_preload_libraries = x; RESET row_security;',
	'a plant in an exception block' => "DO \$\$ BEGIN PERFORM set_config('personalization.tenant_id', '$globex', true); BEGIN PERFORM personalization.current_tenant(); RAISE 'x'; EXCEPTION WHEN OTHERS THEN NULL; END; END \$\$;",
);
# Before the library is loaded a plant is taken; loading throws it away.  After that it is refused.
for my $name (sort keys %ways)
{
	stays("$name, library not loaded", 'acme', 'acme', $ways{$name});
	stays("$name, library loaded", 'acme', 'acme', $load, $ways{$name});
	stays("$name, library loaded by it", 'unbound', 'none', $ways{$name} =~ s/acme/unbound/gr);
}
sql("SELECT count(*) FROM pg_db_role_setting WHERE setrole = 'acme'::regrole") eq '1' or fail('the binding is as it was');
is(sql("SELECT setconfig FROM pg_db_role_setting WHERE setrole = 'acme'::regrole"), '{personalization.tenant_id=acme}', 'the binding is as it was');
like(shown('acme', "SET personalization.tenant_id = '$globex';", "SELECT current_setting('personalization.tenant_id');"), qr/^$globex$/m, 'a plant is there to be tried');
{
	# It may leave the role without a tenant, never with another.
	local $ENV{PGOPTIONS} = "-c personalization.tenant_id=$globex";

	unlike(shown('acme', @$_, 'TABLE personalization.interactions; TABLE personalization.preferences;', "SELECT 'tenant ' || personalization.current_tenant();", "SELECT personalization.get_profile('$globex', '$marker-user');"),
		qr/$marker"|tenant $globex/, 'PGOPTIONS') for [], [$load], [ 'RESET ALL;' ], [ 'RESET personalization.tenant_id;' ];
}
sql('GRANT globex TO acme');
stays('SET ROLE to a role of another tenant', 'acme', 'acme', 'SET ROLE globex;', $load);
sql('REVOKE globex FROM acme');

# Row security is switched off by nobody whom it binds.
stopped('row_security = off', 'acme', qr/42501/, 'SET row_security = off;', 'TABLE personalization.interactions;', "SELECT personalization.get_profile('acme', 'x');");

# The pooled role: what was prepared, planned or opened under one tenant serves the next with its own.
like(shown('pooled', "SET personalization.tenant_id = '$globex';", "SELECT count(*) > 0 FROM personalization.interactions WHERE data::text ~ '$marker';"), qr/^t$/m, 'the pooled role has its rights');
for my $mode ('force_generic_plan', 'force_custom_plan', 'auto')
{
	my $shown = shown('pooled', "SET plan_cache_mode = $mode;", 'PREPARE p AS SELECT * FROM personalization.interactions; PREPARE c AS SELECT count(*) FROM personalization.user_queries WHERE user_id = $1;',
		'CREATE FUNCTION pg_temp.f() RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT query FROM personalization.user_queries; END $$;',
		"BEGIN; SET LOCAL personalization.tenant_id = '$globex';", ('EXECUTE p;', "EXECUTE c ('$marker-user');", 'SELECT * FROM pg_temp.f();', "SELECT personalization.get_profile('$globex', '$marker-user', '2026-03-01');") x 6, 'COMMIT;', '\echo switched',
		"BEGIN; SET LOCAL personalization.tenant_id = 'acme';", 'EXECUTE p;', "EXECUTE c ('$marker-user');", 'SELECT * FROM pg_temp.f();', "SELECT personalization.get_profile('acme', '$marker-user', '2026-03-01') -> 'preferences';", 'COMMIT;', 'EXECUTE p;');
	my ($before, $after) = split /^switched$/m, $shown;

	like($before, qr/$marker-question.*$marker-chart/s, "prepared under one tenant, $mode: it sees its own");
	like($after, qr/ACME-OWN/, "prepared under one tenant, used under another, $mode: it sees the other's");
	unlike($after, qr/$marker/, "prepared under one tenant, used under another, $mode: nothing of the first");
}
{
	# Which of the two tenants' rows follow depends on whether the plan compares the tenant once or at each row.
	for my $plan ('', 'SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_indexonlyscan = off;')
	{
		my $how = $plan eq '' ? 'index' : 'sequential';
		my $shown = shown('pooled', "BEGIN; SET LOCAL personalization.tenant_id = 'acme'; $plan", 'DECLARE c CURSOR FOR SELECT * FROM personalization.interactions;', 'FETCH 1 FROM c;', '\echo switched',
			"SET LOCAL personalization.tenant_id = 'initech';", 'FETCH ALL FROM c;', 'COMMIT;', "SELECT personalization.learn('acme', 'x', 'query', '{}');");
		my ($before, $after) = split /^switched$/m, $shown;

		like($before, qr/ACME-OWN|^acme\|/m, "a cursor shows rows of its tenant, $how");
		unlike($after, qr/^acme\|/m, 'a cursor that compares the tenant at each row shows no more rows of the first') if $how eq 'sequential';
		unlike($after, qr/$marker|^globex/m, "a cursor that is open while the tenant changes shows rows of neither's neighbours, $how");
		like($after, qr/42501: no tenant is set for this session/, "SET LOCAL ends with its transaction, $how");
	}

	# WITH HOLD keeps a copy of rows that the role was entitled to when it made it: DISCARD ALL ends it.
	unlike(shown('pooled', "BEGIN; SET LOCAL personalization.tenant_id = '$globex';", 'DECLARE c CURSOR WITH HOLD FOR TABLE personalization.interactions;', 'COMMIT;', 'DISCARD ALL;', 'FETCH ALL FROM c;'), qr/$marker/,
		'a cursor WITH HOLD does not outlive DISCARD ALL');
}
# One connection, several roles: plans are made anew for each.
sql('GRANT acme, unbound, nobody TO pooled');
{
	my $shown = shown('pooled', "SET personalization.tenant_id = '$globex';", 'PREPARE p AS TABLE personalization.interactions;', ('EXECUTE p;') x 6, "SELECT personalization.get_profile('$globex', '$marker-user');", '\echo switched',
		"SET ROLE nobody;", 'EXECUTE p;', "SELECT personalization.get_profile('$globex', '$marker-user', '2026-03-01');", 'RESET ROLE;', 'RESET personalization.tenant_id;', 'SET ROLE unbound;', 'EXECUTE p;', "SELECT personalization.get_profile('$globex', '$marker-user', '2026-03-01');");
	my ($before, $after) = split /^switched$/m, $shown;

	like($before, qr/$marker/, 'a plan of one role');
	unlike($after, qr/$marker/, 'used under another shows it nothing');
	$shown = shown('postgres', 'PREPARE p AS TABLE personalization.interactions;', ('EXECUTE p;') x 6, "SELECT personalization.get_profile('$globex', '$marker-user', '2026-03-01');", '\echo switched',
		'SET ROLE acme;', 'EXECUTE p;', "SELECT personalization.get_profile('$globex', '$marker-user', '2026-03-01');", "SELECT personalization.learn('$globex', 'x', 'query', '{}');");
	($before, $after) = split /^switched$/m, $shown;
	like($before, qr/$marker/, "a superuser's plan");
	unlike($after, qr/$marker/, "a superuser's plan, used after SET ROLE, shows nothing");
	like($after, qr/42501: no tenant is set for this session/, 'nor do the functions take one from before');
}
sql('REVOKE acme, unbound, nobody FROM pooled');

# ---------------------------------------------------------------- the planner and the executor

my $leaky = q{CREATE FUNCTION own.leak(anyelement) RETURNS bool LANGUAGE plpgsql COST 0.0000001 IMMUTABLE AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$;};
my $leaky2 = q{CREATE FUNCTION own.leak(jsonb, jsonb) RETURNS bool LANGUAGE plpgsql COST 0.0000001 IMMUTABLE AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$;
	CREATE FUNCTION own.leak(text, text) RETURNS bool LANGUAGE plpgsql COST 0.0000001 IMMUTABLE AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$;
	CREATE OPERATOR own.<<< (LEFTARG = jsonb, RIGHTARG = jsonb, FUNCTION = own.leak, RESTRICT = scalarltsel);
	CREATE OPERATOR own.<<< (LEFTARG = text, RIGHTARG = text, FUNCTION = own.leak, RESTRICT = eqsel);};
my $noseq = 'SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off;';
for my $plan ('', $noseq)
{
	my $how = $plan eq '' ? 'index' : 'sequential';

	hidden("a leaky function in WHERE, $how", 'acme', 'BEGIN;', $leaky, $plan, 'SELECT count(*) FROM personalization.interactions t WHERE own.leak(t);', 'SELECT count(*) FROM personalization.preferences t WHERE own.leak(t.value);', 'ROLLBACK;');
	hidden("a leaky operator, $how", 'acme', 'BEGIN;', $leaky2, $plan, q{SELECT count(*) FROM personalization.interactions WHERE data OPERATOR(own.<<<) '{}';},
		q{SELECT count(*) FROM personalization.user_queries WHERE query OPERATOR(own.<<<) 'x';}, 'ROLLBACK;');
	hidden("a cast that fails, $how", 'acme', $plan, "SELECT count(*) FROM personalization.preferences WHERE (value #>> '{}')::int = 1 AND tenant_id <> 'acme';", "SELECT count(*) FROM personalization.preferences WHERE tenant_id = '$globex' AND (value #>> '{}')::int = 1;");
	unlike(shown('acme', $plan, "SELECT count(*) FROM personalization.interactions WHERE 1 / (CASE WHEN tenant_id = '$globex' THEN 0 ELSE 1 END) = 1;"), qr/22012/, "a division by zero, $how, meets no row of others");
	hidden("ORDER BY, GROUP BY, DISTINCT, LATERAL with it, $how", 'acme', 'BEGIN;', $leaky, $plan, 'SELECT own.leak(user_id) FROM personalization.interactions GROUP BY user_id ORDER BY own.leak(user_id);',
		'SELECT DISTINCT l FROM personalization.user_queries q, LATERAL (SELECT own.leak(q.query) AS l) x;', 'ROLLBACK;');
}
# The planner keeps no statistics of our columns, so that nobody sees any.
sub unestimated
{
	my ($name, $role, @statements) = @_;

	unlike(shown($_, @statements), qr/$marker/, "$name: none for $_") for 'postgres', $role;
}
is(sql(q{SELECT count(*) FROM pg_stats WHERE schemaname = 'personalization' AND tablename IN (
	SELECT relid::regclass::name FROM pg_partition_tree('personalization.interactions') UNION ALL SELECT relid::regclass::name FROM pg_partition_tree('personalization.user_queries'))}), '0', 'ANALYZE keeps nothing of the rows of tenants');
unestimated('what the planner estimates with', 'acme', 'BEGIN;', $leaky2, q{EXPLAIN SELECT * FROM personalization.user_queries WHERE query OPERATOR(own.<<<) 'x';},
	q{EXPLAIN SELECT * FROM personalization.interactions WHERE data OPERATOR(own.<<<) '{}';}, q{EXPLAIN SELECT * FROM personalization.interactions WHERE user_id OPERATOR(own.<<<) 'x';}, 'ROLLBACK;');
unestimated('statistics', 'acme', 'SELECT * FROM pg_stats;', 'SELECT * FROM pg_stats_ext;', 'SELECT stavalues1, stavalues2 FROM pg_statistic;');
unestimated('statistics of leaves that were granted', 'leafy', 'SELECT * FROM pg_stats;');
unlike(shown('acme', $_, 'EXPLAIN (ANALYZE, VERBOSE, BUFFERS) SELECT * FROM personalization.interactions;', "EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM personalization.preferences WHERE value = '\"x\"';",
	"EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM personalization.preferences('acme', 'x');"), qr/$marker/, 'EXPLAIN (ANALYZE, VERBOSE) names nothing of others') for '', $noseq;
{
	my $parallel = $node->safe_psql('postgres', 'SHOW server_version_num') >= 160000 ? 'SET debug_parallel_query = on;' : 'SET force_parallel_mode = on;';
	my $shown = shown('acme', "$parallel SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;", $noseq,
		'EXPLAIN SELECT * FROM personalization.interactions;', 'SELECT * FROM personalization.interactions;', 'SELECT count(*), min(personalization.current_tenant()) FROM personalization.interactions;');

	like($shown, qr/Gather/, 'a parallel query is one');
	like($shown, qr/^30[0-9]\|acme$/m, 'a parallel query has the tenant in its workers');
	unlike($shown, qr/$marker/, 'a parallel query shows nothing of others');
}

# ---------------------------------------------------------------- objects of the attacker's own, and shadows

hidden('a view of the role', 'acme', 'CREATE VIEW own.v AS TABLE personalization.interactions; TABLE own.v; DROP VIEW own.v; TABLE personalization.interactions;');
stopped('a materialized view, a table of the role', 'acme', qr/SELECT|ERROR|^\s*$/s, 'BEGIN; CREATE MATERIALIZED VIEW own.m AS TABLE personalization.interactions; TABLE own.m; CREATE TABLE own.t AS TABLE personalization.user_queries; TABLE own.t; ROLLBACK;');
hidden('a SECURITY DEFINER function of the role', 'acme', 'BEGIN; CREATE FUNCTION own.sd() RETURNS SETOF personalization.interactions LANGUAGE sql SECURITY DEFINER AS $$TABLE personalization.interactions$$; SELECT * FROM own.sd(); ROLLBACK;');
stays('SECURITY DEFINER of another tenant', 'acme', 'acme', 'SELECT 1;');
# Rows that a view's owner may see: without security_invoker it is the owner's rights that count.
sql('CREATE VIEW public.of_superuser AS TABLE personalization.interactions; CREATE VIEW public.of_invoker WITH (security_invoker = true) AS TABLE personalization.interactions; GRANT SELECT ON public.of_superuser, public.of_invoker TO acme');
like(shown('acme', 'TABLE public.of_superuser;'), qr/$marker/, "a superuser's view without security_invoker passes row-level security by: nobody may grant one");
hidden("a superuser's view with security_invoker", 'acme', 'TABLE public.of_invoker;');
sql('DROP VIEW public.of_superuser, public.of_invoker');
is(sql("SELECT count(*) FROM pg_class WHERE relnamespace = 'personalization'::regnamespace AND relkind = 'v' AND NOT coalesce(reloptions && '{security_invoker=true,security_invoker=on}', false)"), 0, 'our own views are security_invoker');

# Names that shadow ours, and PostgreSQL's: in the role's temporary schema, and in its own schema before pg_catalog.
my $shadow = q{
	CREATE FUNCTION pg_temp.current_tenant() RETURNS text LANGUAGE sql AS $$SELECT 'x'$$; CREATE FUNCTION own.current_tenant() RETURNS text LANGUAGE sql AS $$SELECT 'x'$$;
	CREATE TEMP TABLE tenants (tenant_id text, settings jsonb); INSERT INTO tenants VALUES ('} . $globex . q{', '{}');
	CREATE TEMP TABLE interactions (x int); CREATE TEMP TABLE pg_roles (oid oid, rolname name); CREATE TYPE pg_temp.text AS ENUM ('x'); CREATE TYPE own.jsonb AS ENUM ('x'); CREATE DOMAIN own.text AS pg_catalog.text;
	CREATE FUNCTION own.eq(pg_catalog.text, pg_catalog.text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'own = saw % %', $1, $2; RETURN true; END $$;
	CREATE OPERATOR own.= (LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text, FUNCTION = own.eq);
	CREATE FUNCTION own.eq(personalization.interaction_type, personalization.interaction_type) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'own = saw %', $1; RETURN true; END $$;
	CREATE OPERATOR own.= (LEFTARG = personalization.interaction_type, RIGHTARG = personalization.interaction_type, FUNCTION = own.eq);
	CREATE FUNCTION own.eq(personalization.preference_category, personalization.preference_category) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'own = saw %', $1; RETURN true; END $$;
	CREATE OPERATOR own.= (LEFTARG = personalization.preference_category, RIGHTARG = personalization.preference_category, FUNCTION = own.eq);
	CREATE FUNCTION own.unnest(anyarray) RETURNS SETOF anyelement LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'own unnest'; RETURN; END $$;
	CREATE FUNCTION own.count(*) RETURNS int LANGUAGE sql AS 'SELECT 1';
	SET search_path = own, pg_temp, personalization, pg_catalog;};
{
	my $shown = shown('acme', 'BEGIN;', split(/(?<=;)\s*\n/, $shadow =~ s/\n\tCREATE FUNCTION own.count[^\n]*//r), "SELECT personalization.learn('acme', 'shade', 'query', '{\"query\": \"q\", \"tables_used\": [\"t\"]}', '2026-03-01') IS NOT NULL AS learned;",
		"SELECT personalization.learn_batch('[{\"tenant_id\": \"acme\", \"user_id\": \"shade\", \"interaction_type\": \"query\", \"data\": {\"query\": \"q\", \"tables_used\": [\"t\"]}, \"occurred_at\": \"2026-03-01\"}]');",
		"SELECT personalization.get_context('acme', 'shade', '2026-03-01');", "SELECT personalization.get_profile('$globex', '$marker-user');", '\echo', 'ROLLBACK;');

	like($shown, qr/"recent_queries": \["q"\]/, 'shadowed names: the functions work as ever');
	unlike($shown, qr/own = saw|own unnest|$marker"/, 'shadowed names: none of them is called');
	like($shown, qr/42501: permission denied for tenant "[^"]*"/, 'shadowed names: the check is the same');
	is(victim(), $untouched, 'shadowed names: nothing changed');
}
hidden('operators of the role on our types, first in the search path', 'acme', 'BEGIN;', split(/(?<=;)\s*\n/, $shadow =~ s/\n\tCREATE FUNCTION own.count[^\n]*//r), $noseq, "SELECT * FROM personalization.interactions WHERE tenant_id = '$globex';",
	"SELECT * FROM personalization.interactions WHERE interaction_type = 'query'::personalization.interaction_type;", 'ROLLBACK;');

# ---------------------------------------------------------------- the server

stopped('files, programs, libraries, large objects, WAL', 'acme', qr/(.*ERROR:  42501){9}/s, "COPY own.x FROM 'PG_VERSION';", 'CREATE TABLE own.x (y text);', "COPY own.x FROM 'PG_VERSION';", "COPY own.x TO PROGRAM 'true';", "SELECT pg_read_file('PG_VERSION');",
	"SELECT pg_read_binary_file('PG_VERSION');", "SELECT lo_import('PG_VERSION');", "LOAD 'personalization';", "CREATE FUNCTION own.c() RETURNS text LANGUAGE c AS 'personalization', 'personalization_current_tenant';",
	"SELECT pg_create_logical_replication_slot('x', 'test_decoding');", "SELECT pg_ls_dir('base');", 'CREATE PUBLICATION p FOR TABLE personalization.interactions;', 'DROP TABLE own.x;');
stopped('upkeep of tables', 'acme', qr/WARNING|ERROR/, 'ANALYZE VERBOSE personalization.interactions;', 'VACUUM VERBOSE personalization.interactions;', 'CLUSTER personalization.interactions;', 'REINDEX TABLE personalization.interactions;');
hidden("other sessions' statements", 'acme', "SELECT query FROM pg_stat_activity;", 'SELECT * FROM pg_prepared_statements;', 'TABLE personalization.interactions;');
stopped('the extension itself', 'acme', qr/(.*ERROR:  42501){3}/s, 'DROP EXTENSION personalization;', 'ALTER EXTENSION personalization UPDATE;', 'ALTER SCHEMA personalization RENAME TO x;', 'CREATE TABLE personalization.x ();');

# Who is at work: locks are seen by everyone, names must not be found in them.
{
	my $busy = $node->background_psql('postgres', on_error_stop => 1);

	$busy->query_safe("BEGIN; SELECT personalization.learn('$globex', '$marker-user', 'query', '{}', '2026-03-01');") if $busy->can('query_safe');
	if ($busy->can('query_safe'))
	{
		my $locks = sub { my ($name) = @_; return shown('acme', "SELECT count(*) FROM pg_locks WHERE locktype IN ('object', 'advisory') AND objid = ('x' || lpad(to_hex(hashtext('$name')), 8, '0'))::bit(32)::bigint::oid;") };

		is($locks->($globex), $locks->('initech-no-such'), 'a name that is guessed is not confirmed by pg_locks');
		$busy->query_safe('ROLLBACK;');
	}
	$busy->quit;
}
TODO:
{
	local $TODO = 'PostgreSQL lets a role with UPDATE or DELETE lock the table, and shows counts of whole tables and plans';

	like(shown('acme', 'BEGIN; LOCK TABLE personalization.interactions IN ACCESS EXCLUSIVE MODE;'), qr/42501/, 'one tenant cannot lock the others out');
	unlike(shown('acme', $noseq, 'EXPLAIN (ANALYZE) SELECT * FROM personalization.interactions;'), qr/Rows Removed by Filter/, "a plan does not count others' rows");
	is(shown('acme', "SELECT count(*) FROM pg_class WHERE oid = '$leaf'::regclass AND reltuples > 310;"), "0\n", "pg_class does not count others' rows");
}

# ---------------------------------------------------------------- roles that can help themselves to more

# Bound, as far as bind_role() lets them be: then they must have no way out.
sql('CREATE ROLE maker LOGIN CREATEROLE; CREATE ROLE team; CREATE ROLE mate LOGIN IN ROLE team; CREATE ROLE shell LOGIN IN ROLE pg_execute_server_program; CREATE SCHEMA shells AUTHORIZATION shell');
for my $role ('maker', 'shell')
{
	my ($status, $out, $err) = $node->psql('postgres', "SELECT personalization.bind_role('$role', 'acme')");

	like($err, qr/role "$role" cannot be bound to a tenant/, "bind_role() refuses $role, who has a way out");
}
sql("SELECT personalization.bind_role('mate', 'acme')");
sql('DROP ROLE maker');
$node->psql('postgres', "SELECT personalization.grant_access('team', pooled => true)");
unlike(shown('mate', "SET personalization.tenant_id = '$globex';", 'TABLE personalization.interactions;'), qr/$marker/, "a pooled role's member that is bound stays so");
# ---------------------------------------------------------------- rows that are no rows of ours

# An application role may write the tables: whatever is in them, reading survives and stays its own.
my $array = "jsonb_build_array(repeat(E'\\x01', 24), 'x', 'yyyyy', 'ppppppppppp' || '%s')";
my @planted = (
	[ 'data that is an array', "INSERT INTO personalization.interactions (tenant_id, user_id, interaction_type, data, occurred_at) SELECT 'acme', 'eve', 'query', " . sprintf($array, 'query') . ", '2026-03-01';" ],
	[ 'data that is a scalar', "INSERT INTO personalization.interactions (tenant_id, user_id, interaction_type, data, occurred_at, interaction_id) SELECT 'acme', 'eve', 'visualization', '\"query\"', '2026-03-01', '$unused_id';" ],
	[ 'data that is wrong inside', "INSERT INTO personalization.interactions (tenant_id, user_id, interaction_type, data, occurred_at) SELECT 'acme', 'eve', 'query', '{\"query\": {}, \"sql\": [1]}', '2026-03-01';" ],
	[ 'rivals that are arrays', "INSERT INTO personalization.preferences SELECT 'acme', 'eve', 'data', 'k1', '1', 0.9, jsonb_build_array(" . sprintf($array, 'value') . "), 1, '2026-03-01', NULL;" ],
	[ 'rivals that are a scalar', "INSERT INTO personalization.preferences VALUES ('acme', 'eve', 'data', 'k2', '1', 0.9, '\"x\"', 1, '2026-03-01', NULL);" ],
	[ 'numbers that are none', "INSERT INTO personalization.preferences VALUES ('acme', 'eve', 'data', 'k3', 'null', 'NaN', 'null', -1, 'infinity', 'infinity'), ('acme', 'eve', 'data', 'k4', '{}', 'infinity', '{}', 0, '-infinity', '-infinity'),
		('acme', 'eve', 'data', 'k5', '[]', 1e308, '[[]]', 2147483647, '294276-12-31', '5874897-12-31');" ],
	[ 'traits of many dimensions', "INSERT INTO personalization.profiles (tenant_id, user_id, domain_expertise, created_at, updated_at) VALUES ('acme', 'eve', '{{a},{NULL}}', 'infinity', '-infinity');" ],
);
my $n = 0;
for my $plant (@planted)
{
	my ($name, $statement) = @$plant;
	my $eve = 'eve' . ++$n; # each its own user
	$statement =~ s/'eve'/'$eve'/g;
	my $shown = shown('acme', $statement, "SELECT length(personalization.get_context('acme', '$eve', '2026-03-01')::text), length(personalization.get_profile('acme', '$eve', '2026-03-01')::text);", "SELECT count(*) FROM personalization.preferences('acme', '$eve', '2026-03-01');",
		"SELECT personalization.learn('acme', '$eve', 'feedback', '{\"rating\": 1, \"interaction_id\": \"$unused_id\"}', '2026-03-01');", "SELECT personalization.learn('acme', '$eve', 'feedback', '{\"rating\": 1, \"category\": \"data\", \"key\": \"k' || i || '\"}', '2026-03-01') FROM generate_series(1, 5) i;");

	unlike($shown, qr/connection to server was lost|terminated|$marker|XX000/, "planted: $name");
	# A crash takes everybody's session with it.
	$node->poll_query_until('postgres', 'SELECT 7 * 6', '42') or BAIL_OUT('the server does not come back');
	is($node->psql('postgres', "BEGIN; SELECT personalization.run_maintenance('2026-03-02'); SELECT personalization.configure_tenant('acme', '{\"evidence_retention\": \"100 years\"}'), personalization.configure_tenant('acme', '{\"evidence_retention\": null}'); ROLLBACK;", on_error_die => 0), 0,
		"planted: $name: maintenance goes on for all");
}
is(victim(), $untouched, 'at the end the victim has what it had');
$node->stop;

done_testing();
