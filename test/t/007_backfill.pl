# The past is learned as it was: two years of events are loaded at once, by each way in, while maintenance runs at
# random moments.  What is learned is what the reference model has, to 1e-9, however long evidence is kept.

use strict;
use warnings;

use FindBin;
use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;

my $data = "$FindBin::RealBin/../data";
my $shared = $ENV{PERSONALIZATION_SHARED} // "$FindBin::RealBin/../../../shared";
my $model = "$shared/oracle/engine.py";
my $seed = $ENV{PERSONALIZATION_SEED} // 5 * (200 + int(rand(1_000_000)));

srand($seed);
note("PERSONALIZATION_SEED=$seed");

my $node = node('backfill', q{
shared_preload_libraries = 'personalization'
personalization.worker = off
personalization.worker_naptime = '20ms'
personalization.maintenance_interval = '1s'
});

sql('CREATE EXTENSION personalization', q{
	CREATE SCHEMA test;
	CREATE TABLE test.event (n bigint, tenant text, event jsonb);
	CREATE TABLE test.expectation (policy text, days int, doc jsonb);
	CREATE TABLE test.way (way text);

	CREATE VIEW test.run AS
		SELECT w.way, e.policy, e.days, e.doc -> 'preferences' AS preferences, t.tenant,
			format('%s %s %s %s', t.tenant, e.policy, e.days, w.way) AS tenant_id,
			jsonb_build_object('value_policy', e.policy, 'evidence_retention', format('%s days', e.days)) AS settings
		FROM test.expectation e, test.way w, (VALUES ('acme'), ('globex')) t (tenant);

	-- What is alive an hour from now.
	CREATE TABLE test.expected (way text, tenant_id text, user_id text, category text, key text, value jsonb, count int,
		last_updated timestamptz, confidence float8);
	CREATE VIEW test.actual AS
		SELECT r.way, p.* FROM test.run r JOIN personalization.preferences p USING (tenant_id)
		WHERE personalization.evidence_expires_at(p.confidence, p.last_updated, r.settings) > now() + interval '1 hour';

	-- The statement that loads a part of the events, by number, of all tenants of a way.
	CREATE FUNCTION test.load(part_way text, first int, last int) RETURNS SETOF text AS $$
		WITH part AS (
			SELECT n, jsonb_build_object('tenant_id', tenant_id) || event AS event FROM test.run r JOIN test.event v USING (tenant)
			WHERE r.way = part_way AND n BETWEEN first AND last)
		SELECT format(CASE WHEN part_way LIKE 'learn()%' THEN
			$f$SELECT count(personalization.learn(e ->> 'tenant_id', e ->> 'user_id', e ->> 'interaction_type', e -> 'data', (e ->> 'occurred_at')::timestamptz))
				FROM (SELECT e FROM jsonb_array_elements(%L) WITH ORDINALITY a (e, n) ORDER BY n) e$f$
			WHEN part_way LIKE 'learn_batch()%' THEN 'SELECT personalization.learn_batch(%L)'
			ELSE $f$INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at)
				SELECT e ->> 'tenant_id', e ->> 'user_id', e ->> 'interaction_type', e -> 'data', (e ->> 'occurred_at')::timestamptz
				FROM jsonb_array_elements(%L) WITH ORDINALITY a (e, n) ORDER BY n$f$ END,
			jsonb_agg(event ORDER BY n)) FROM part
	$$ LANGUAGE sql;
});

# Loads all events in parts of random sizes, and does something at random moments in between.
sub load_events
{
	my ($way, $largest, $in_between) = @_;
	my $n = sql('SELECT max(n) FROM test.event');
	my @script;

	sql("SELECT count(personalization.create_tenant(tenant_id, settings)) FROM test.run WHERE way = '$way'");
	for (my $first = 1; $first <= $n;)
	{
		my $last = $first + int(rand($largest));

		push @script, "SELECT test.load('$way', $first, $last) \\gexec", $in_between->();
		$first = $last + 1;
	}
	$node->safe_psql('postgres', join("\n", @script) . "\n");
	return;
}

# Maintenance as of now, and as of some days ahead within a week: no more may be lost than that.
sub maintenance
{
	my $ahead = rand() < 0.5 ? 0 : int(rand(6 * 86400));

	return rand() < 0.4 ? "SELECT personalization.run_maintenance(now() + interval '$ahead s') IS NOT NULL;" : ();
}

sub compare
{
	my $what = shift;

	foreach my $way (split /\n/, sql('SELECT way FROM test.way ORDER BY 1'))
	{
		is( sql(qq{
				SELECT a, e FROM (SELECT * FROM test.actual WHERE way = '$way') a
					FULL JOIN (SELECT * FROM test.expected WHERE way = '$way') e
					ON a.tenant_id = e.tenant_id AND a.user_id = e.user_id AND a.category::text = e.category AND a.key = e.key
				WHERE (a.value = e.value AND abs(a.confidence - e.confidence) <= 1e-9 AND a.observation_count = e.count
					AND a.last_updated = e.last_updated) IS NOT TRUE
				LIMIT 3}),
			'', "$what, $way: the evidence is the model's");
		# What is read of it is live and emerging, and nothing that has expired.
		is( sql(qq{
				WITH a AS MATERIALIZED (SELECT * FROM test.actual WHERE way = '$way')
				SELECT u, p, a FROM (SELECT DISTINCT tenant_id, user_id FROM a) u
					CROSS JOIN LATERAL (SELECT * FROM personalization.preferences(u.tenant_id, u.user_id, now() + interval '1 hour', 0)) p
					FULL JOIN a USING (tenant_id, user_id, category, key)
				WHERE (p.value = a.value AND p.observation_count = a.observation_count) IS NOT TRUE LIMIT 3}),
			'', "$what, $way: and that is what is read");
	}
	# A comparison of nothing with nothing would be right too.
	my ($n, $users_keys, $counts) = split /\|/, sql(q{
		SELECT count(*), count(DISTINCT (user_id, key)), count(DISTINCT (user_id, key, count)) FROM test.expected});
	cmp_ok($n, '>', 400, "$what: $n preferences were compared");
	cmp_ok($counts, '>', $users_keys, "$what: some of them depend on how long evidence is kept");
	return;
}

sub backfill
{
	my ($what, $dir, $number) = @_;

	sql(q{SELECT count(personalization.drop_tenant(tenant_id)) FROM personalization.tenants;
		TRUNCATE test.event, test.expectation, test.way, test.expected});
	# The last event was three days ago.  What the model says depends on differences of times only.
	my $events = qq{
		SELECT n, line::jsonb AS doc, (line::jsonb ->> 'at')::int8 AS at
		FROM regexp_split_to_table(pg_read_file('$dir/sequence_$number.jsonl'), '\n') WITH ORDINALITY l (line, n) WHERE line <> ''};
	my $shift = sql("SELECT extract(epoch FROM date_trunc('minute', now()))::int8 - 3 * 86400 - max(at) FROM ($events) e");
	sql(qq{INSERT INTO test.event
			SELECT n, doc ->> 'tenant', jsonb_build_object('user_id', doc ->> 'user', 'interaction_type', doc ->> 'type',
				'data', doc -> 'data', 'occurred_at', to_timestamp(at + $shift))
			FROM ($events) e});
	foreach my $file (glob "$dir/expected_${number}_*")
	{
		my ($policy, $days) = $file =~ /_([a-z]+)_(\d+)\.json$/ or die $file;

		sql("INSERT INTO test.expectation VALUES ('$policy', $days, pg_read_file('$file')::jsonb)");
	}
	sql(q{INSERT INTO test.way VALUES ('learn()'), ('learn_batch()'), ('inbox'), ('inbox, with the worker')},
		qq{INSERT INTO test.expected
			SELECT r.way, r.tenant_id, p ->> 1, p ->> 2, p ->> 3, p -> 4, (p ->> 5)::int,
				to_timestamp((p ->> 6)::int8 + $shift), (p ->> 9)::float8
			FROM test.run r, jsonb_array_elements(r.preferences) p
			WHERE p ->> 0 = r.tenant AND to_timestamp((p ->> 7)::int8 + $shift) > now() + interval '1 hour'});
	load_events('learn()', 30, \&maintenance);
	load_events('learn_batch()', 40, \&maintenance);
	load_events('inbox', 70, \&maintenance);
	sql('SELECT personalization.run_maintenance()');

	# The worker does its upkeep when it likes, at most a second apart.
	sql('ALTER SYSTEM SET personalization.worker = on', 'SELECT pg_reload_conf()');
	load_events('inbox, with the worker', 50, sub { return 'SELECT pg_sleep(' . rand(0.3) . ');' });
	within(30, 'SELECT count(*) = 0 FROM personalization.inbox', "$what: the worker has learned the inbox");
	my $passes = sql('SELECT passes FROM personalization.worker_status');
	within(30, "SELECT passes > $passes + 1 FROM personalization.worker_status", "$what: and has looked for what is dead");
	sql('ALTER SYSTEM SET personalization.worker = off', 'SELECT pg_reload_conf()');
	compare($what);
	is(sql('SELECT count(*) FROM personalization.rejected_events'), '0', "$what: nothing was rejected");
	return;
}

backfill('two recorded years', $data, 5);

SKIP:
{
	my $here = -r $model;
	my $python = grep { -x "$_/python3" } split /:/, $ENV{PATH};

	skip "the reference model is not here (PERSONALIZATION_SHARED tells where)", 1 unless $here;
	skip "the reference model needs python3", 1 unless $python;
	subtest 'the reference model itself' => sub {
		my $dir = PostgreSQL::Test::Utils::tempdir;
		local $ENV{PYTHONDONTWRITEBYTECODE} = 1;

		command_ok([ 'python3', "$data/make_vectors.py", $model, $dir, 300, $seed - $seed % 5 ], 'the model makes vectors');
		backfill('two new years', $dir, $seed - $seed % 5);
		command_ok([ 'python3', "$data/make_vectors.py", $model, $dir, 400, 5 ], 'and the recorded ones again');
		foreach my $file (map { s,.*/,,r } glob "$data/*_5[._]*")
		{
			is(slurp_file("$dir/$file"), slurp_file("$data/$file"), "$file is what it makes today");
		}
	};
}

done_testing();
