# A user who is exported, forgotten and imported into another database is the same there: the document, and what is
# read.  Random users with everything: interactions, feedback, conversations, suggestions shown and what became of them,
# rejected events, their own choices, odd names.
#
# PERSONALIZATION_ROUNDS users (40), some at a time.  PERSONALIZATION_SEED repeats a run, but for its times.

use strict;
use warnings;

use FindBin;
use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;

my $rounds = $ENV{PERSONALIZATION_ROUNDS} || 40;
my $batch = $rounds > 100 ? 50 : 20;
my $seed = $ENV{PERSONALIZATION_SEED} || 1 + int(rand(1_000_000));
my $dir = PostgreSQL::Test::Utils::tempdir;

note("PERSONALIZATION_SEED=$seed");

my $node = node('export', 'max_wal_size = 2GB');

foreach my $database ('here', 'there')
{
	sql("CREATE DATABASE $database");
	sql($database, 'CREATE EXTENSION personalization',
		q{INSERT INTO personalization.signal_rules (interaction_type, path, category, key, strength)
			VALUES ('custom', 'theme', 'notification', 'theme', 0.4), ('custom', 'alerts', 'notification', 'alert:{}', 1)},
		slurp_file("$FindBin::RealBin/random_users.sql"));
}

# Statements for psql, which may end in a command of its own such as \gexec.
sub script
{
	my ($database, @statements) = @_;

	return $node->safe_psql($database, join("\n", map { /\\g[a-z]+$/ ? $_ : "$_;" } @statements) . "\n");
}

# Users live, and are exported and forgotten.
sub live
{
	my ($first, $last) = @_;

	script('here', "SELECT setseed(($seed + $first) % 1000000 / 1000000.0)",
		qq{INSERT INTO test.saved (n, tenant_id, user_id, settings)
			SELECT n, 'tenant ' || n, test.user_name(n), test.settings() FROM generate_series($first, $last) AS n},
		'SELECT count(personalization.create_tenant(tenant_id, settings)) FROM test.saved',
		q{SELECT format('CALL test.live(%L, %L)', tenant_id, user_id) FROM test.saved ORDER BY n \gexec},
		# Some leave rows in the inbox, which the document contains.
		'SELECT personalization.run_maintenance()',
		'SELECT test.fill_inbox(tenant_id, user_id) FROM test.saved WHERE n % 3 = 0',
		q{UPDATE test.saved SET at = clock_timestamp() + interval '1 hour'},
		'UPDATE test.saved SET document = personalization.export_user(tenant_id, user_id), reads = test.reads(tenant_id, user_id, at)',
		"COPY test.saved TO '$dir/saved'",
		q{INSERT INTO test.held SELECT t.key, count(*) FROM test.saved, jsonb_each(document -> 'data') AS t, jsonb_array_elements(t.value) GROUP BY 1},
		# The statistics of the tenant as its interactions make them.
		'SELECT personalization.run_maintenance()',
		'SELECT count(personalization.rebuild_statistics(tenant_id)) FROM test.saved',
		'SELECT personalization.run_maintenance()',
		'BEGIN READ ONLY', "COPY (SELECT n, test.later_reads(tenant_id, user_id, at) FROM test.saved) TO '$dir/later'", 'COMMIT');
	is( script('here', q{SELECT count(personalization.forget_user(tenant_id, user_id)) AS forgotten FROM test.saved \gset},
			q{SELECT v FROM test.saved, jsonb_path_query(personalization.export_user(tenant_id, user_id), '$.data.*[*]') AS v LIMIT 3}),
		'', "$first to $last: nothing is left of a user who was forgotten");
	return;
}

# They are imported elsewhere.  Returns what differs.
sub move
{
	my $differences = script('there', "COPY test.saved FROM '$dir/saved'", "COPY test.saved_later FROM '$dir/later'",
		'SELECT count(personalization.create_tenant(tenant_id, settings)) AS made FROM test.saved \gset',
		q{SELECT n, user_id, error FROM (SELECT n, user_id, test.import(tenant_id, document) AS error FROM test.saved ORDER BY n) AS i
			WHERE error IS NOT NULL});
	$differences .= script('there', q{
		WITH moved AS MATERIALIZED (
			SELECT n, user_id, (document - '{exported_at,profile,data}'::text[]) || (document -> 'data') || reads AS before, e.data || test.reads(tenant_id, user_id, at) AS after
			FROM test.saved, LATERAL (
				SELECT (d - '{exported_at,profile,data}'::text[]) || (d -> 'data') AS data FROM personalization.export_user(tenant_id, user_id) AS d OFFSET 0) AS e)
		SELECT n, user_id, key, left((before -> key)::text, 2000), left((after -> key)::text, 2000)
		FROM moved, LATERAL (SELECT jsonb_object_keys(before || after) AS key) AS k WHERE before -> key IS DISTINCT FROM after -> key ORDER BY n, key LIMIT 5});
	$differences .= script('there', 'SELECT personalization.run_maintenance() IS NULL AS learned \gset',
		q{SELECT count(personalization.rebuild_statistics(tenant_id)) AS rebuilt FROM test.saved WHERE n % 3 = 0 \gset},
		'SELECT personalization.run_maintenance() IS NULL AS counted \gset',
		'BEGIN READ ONLY', q{
		WITH moved AS MATERIALIZED (
			SELECT n, user_id, later AS before, test.later_reads(tenant_id, user_id, at) AS after FROM test.saved JOIN test.saved_later USING (n))
		SELECT n, user_id, key, left(value::text, 2000), left((after -> key)::text, 2000)
		FROM moved, jsonb_each(before) AS b WHERE value IS DISTINCT FROM after -> key ORDER BY n, key LIMIT 5}, 'COMMIT');
	return $differences;
}

for (my $first = 1; $first <= $rounds; $first += $batch)
{
	my $last = $first + $batch - 1;

	live($first, $last > $rounds ? $rounds : $last);
	is(move(), '', "$first to $last: the document, profile and suggestions are the same elsewhere");
	foreach my $database ('here', 'there')
	{
		sql($database, 'SELECT count(personalization.drop_tenant(tenant_id)) FROM test.saved', 'TRUNCATE test.saved, test.saved_later');
	}
}
# Nothing was compared with nothing, and little of what they did was refused.
cmp_ok(sql('here', 'SELECT count(DISTINCT name) FROM test.held'), '>=', 12, 'they have rows in every table, or in all but one');
note(sql('here', 'SELECT name, sum(rows) FROM test.held GROUP BY name ORDER BY name'));
is( sql('here', q{SELECT DISTINCT sqlstate, message FROM test.refused
		WHERE sqlstate NOT IN ('22000', '22003', '22023', '22P02', '23514', '54000', 'P0002') LIMIT 3}),
	'', 'errors are those of odd values');
note(sql('here', q{SELECT sqlstate, left(regexp_replace(message, '[0-9]+', 'N', 'g'), 80), count(*) FROM test.refused GROUP BY 1, 2 ORDER BY 3 DESC}));

done_testing();
