# Sequences of events and what the reference model makes of each (test/data), for tests that learn them in some
# way and compare what is read.
#
# All here is SQL, for a database of the test's choice: what is to be learned and what should come of it are its
# tables, and what was read is put into test.actual.
package Vectors;

use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Utils;

use parent 'Exporter';

our @EXPORT = qw($vectors_schema load_vectors $learn_singly $learn_in_batches $vectors_differences $vectors_weight
  $vectors $model missing_model make_vectors);

our $vectors = "$FindBin::RealBin/../data";
my $shared = $ENV{PERSONALIZATION_SHARED} // "$FindBin::RealBin/../../../shared";
our $model = "$shared/oracle/engine.py";

# What is to be learned, in which ways and under which settings, and what comes of it.
our $vectors_schema = q{
	CREATE SCHEMA test;
	CREATE TABLE test.event (seed int, n bigint, doc jsonb);
	CREATE TABLE test.expectation (seed int, policy text, days int, doc jsonb);
	CREATE TABLE test.actual (tenant_id text, user_id text, i bigint, category text, key text, value jsonb,
		confidence float8, observation_count int, last_updated timestamptz);

	CREATE VIEW test.run AS
		SELECT e.seed, e.policy, e.days, e.doc -> 'read_at' AS read_at, way, t.tenant,
			format('%s %s %s %s %s', t.tenant, seed, policy, days, way) AS tenant_id,
			jsonb_build_object('value_policy', policy, 'evidence_retention', format('%s days', days)) AS settings
		FROM test.expectation e,
			(VALUES ('singly'), ('in batches')) w (way),
			LATERAL (SELECT DISTINCT doc ->> 'tenant' AS tenant FROM test.event v
					 WHERE v.seed = e.seed) t;

	CREATE VIEW test.expected AS
		SELECT r.tenant_id, p ->> 1 AS user_id, p ->> 2 AS category, p ->> 3 AS key,
			p -> 4 AS value, (p ->> 5)::int AS count, to_timestamp((p ->> 6)::int8) AS last_updated,
			to_timestamp((p ->> 7)::int8) AS expires, p -> 8 AS confidences
		FROM test.run r JOIN test.expectation e USING (seed, policy, days),
			jsonb_array_elements(e.doc -> 'preferences') p
		WHERE p ->> 0 = r.tenant;

	CREATE VIEW test.reading AS
		SELECT r.tenant_id, u.user_id, i - 1 AS i, to_timestamp(at::text::int8) AS at
		FROM test.run r,
			LATERAL (SELECT DISTINCT doc ->> 'user' AS user_id FROM test.event v
					 WHERE v.seed = r.seed AND v.doc ->> 'tenant' = r.tenant) u,
			jsonb_array_elements(r.read_at) WITH ORDINALITY a (at, i);
};

# load_vectors(directory, seed…): the statements that load the files of these seeds.
sub load_vectors
{
	my ($dir, @seeds) = @_;
	my @sql = ('TRUNCATE test.event, test.expectation, test.actual');

	foreach my $seed (@seeds)
	{
		push @sql, qq{INSERT INTO test.event
				SELECT $seed, n, line::jsonb
				FROM regexp_split_to_table(pg_read_file('$dir/sequence_$seed.jsonl'), '\\n')
					WITH ORDINALITY l (line, n) WHERE line <> ''};
		foreach my $policy ('strongest', 'latest')
		{
			push @sql, map { qq{INSERT INTO test.expectation SELECT $seed, '$policy', $_,
						pg_read_file('$dir/expected_${seed}_${policy}_$_.json')::jsonb} } 0, 90;
		}
	}
	return @sql;
}

# Queries of the statements that learn, in their order.  Each event is a statement and a transaction of its own; or
# batches of 1, 2, 7 and 30 follow each other, of the events of both tenants.
our $learn_singly = q{
	SELECT format('SELECT personalization.learn(%L, %L, %L, %L, to_timestamp(%s))',
		tenant_id, doc ->> 'user', doc ->> 'type', doc -> 'data', doc ->> 'at')
	FROM test.run r JOIN test.event v USING (seed)
	WHERE way = 'singly' AND doc ->> 'tenant' = tenant
	ORDER BY n};
our $learn_in_batches = q{
	SELECT format('SELECT personalization.learn_batch(%L)', jsonb_agg(jsonb_build_object(
		'tenant_id', tenant_id, 'user_id', doc ->> 'user', 'interaction_type', doc ->> 'type',
		'data', doc -> 'data', 'occurred_at', to_timestamp((doc ->> 'at')::int8)) ORDER BY n))
	FROM test.run r JOIN test.event v USING (seed)
	WHERE way = 'in batches' AND doc ->> 'tenant' = tenant
	GROUP BY seed, policy, days, n / 40, width_bucket(n % 40, ARRAY[1, 3, 10])
	ORDER BY seed, policy, days, min(n)};

# What was read at each time: exactly the live preferences, each as the model has it.
our $vectors_differences = q{
	WITH expected AS (
		SELECT tenant_id, user_id, i - 1 AS i, category, key, value, c::text::float8 AS confidence,
			count, last_updated
		FROM test.expected, jsonb_array_elements(confidences) WITH ORDINALITY a (c, i))
	SELECT a, e
	FROM test.actual a FULL JOIN expected e USING (tenant_id, user_id, i, category, key)
	WHERE ((a.value = e.value AND abs(a.confidence - e.confidence) <= 1e-9 AND
			a.observation_count = e.count AND a.last_updated = e.last_updated) IS NOT TRUE)
	LIMIT 5};

# Empty ones would not differ either: how many are compared, and how many numbers of readings they are live at.
our $vectors_weight = q{
	SELECT sum(jsonb_array_length(confidences)), count(DISTINCT jsonb_array_length(confidences))
	FROM test.expected};

# Why the reference model cannot be run, or nothing.
sub missing_model
{
	return 'the reference model is not here (PERSONALIZATION_SHARED tells where)' unless -r $model;
	return 'the reference model needs python3' unless grep { -x "$_/python3" } split /:/, $ENV{PATH};
	return;
}

# make_vectors(directory, number of events, seed…): the command that makes the files of these seeds.
sub make_vectors { my ($dir, @more) = @_; return [ 'env', 'PYTHONDONTWRITEBYTECODE=1', 'python3', "$vectors/make_vectors.py", $model, $dir, @more ]; }

1;
