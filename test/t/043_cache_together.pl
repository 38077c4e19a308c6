# The push to Redis of many users at once, whose rows are read together: each document is byte for byte what get_profile()
# returns, whatever the users did, whatever stands in their rows, and whoever else is read with them.

use strict;
use warnings;

use Cache;
use FindBin;
use History;
use Personalization;
use PostgreSQL::Test::Utils;
use Redis;
use Test::More;

my $missing = Redis::missing();
plan skip_all => $missing if $missing;

my $dir = PostgreSQL::Test::Utils::tempdir_short();
my $redis = Redis->new("$dir/r")->start;
my $node = start_node('together', "
shared_preload_libraries = 'personalization, pg_stat_statements'
pg_stat_statements.track = all
pg_stat_statements.max = 5000
personalization.redis_url = '@{[ $redis->url ]}'
personalization.worker = off");

sub settled { return eventually(shift, sub { status('cache_backlog = 0') eq 't' }); }
sub worker { return sql("ALTER SYSTEM SET personalization.worker = $_[0]", 'SELECT pg_reload_conf()'); }

####################################################################
# Users who did all kinds of things, and rows that no function writes.

sql('CREATE EXTENSION personalization', 'CREATE EXTENSION pg_stat_statements');
populate($node, 260);
# In other tenants: default settings; an unusual number of interactions, of which some documents are large; none.
sql(q{SELECT count(personalization.create_tenant(t, s::jsonb)) FROM (VALUES ('many', '{}'), ('broken', '{"max_history_size": 300}'),
		('none', '{"max_history_size": 0}'), ('few', '{"max_history_size": 10}'), ('all', '{"max_history_size": 10000}'), ('keys', '{}')) AS v (t, s)},
	# From 0 to 160 interactions: fewer, as many and more than are shown and than traits are inferred from; equal times.
	q{SELECT count(personalization.learn(t, 'user ' || u, CASE n % 3 WHEN 0 THEN 'visualization' WHEN 1 THEN 'query' ELSE 'refinement' END,
			jsonb_build_object('chart_type', 'bar', 'query', 'question ' || n % 7, 'sql', 'SELECT a FROM sales.orders JOIN b USING (c) -- ' || n % 5),
			now() - (n / 2) * interval '7 hours'))
		FROM unnest('{many,none,few,all}'::text[]) AS t, generate_series(1, 70) AS u, generate_series(1, (u * u / 30) % 161) AS n},
	# Traits that are set: one, some and all of them, for whom no interaction is needed where none is shown.
	q{SELECT count(personalization.set_profile(t, 'user ' || u, CASE WHEN u % 5 < 3 THEN 'advanced' END::personalization.skill_level,
			CASE WHEN u % 5 < 2 THEN ARRAY['sales', 'Ünïcode "x"'] END, CASE WHEN u % 5 < 1 THEN 'brief' END::personalization.communication_style))
		FROM unnest('{many,none,few,all}'::text[]) AS t, generate_series(3, 70, 2) AS u},
	# Preferences that have faded in part, more than can be read of all users together, and users without a profile.
	q{INSERT INTO personalization.preferences (tenant_id, user_id, category, key, value, confidence, observation_count, last_updated)
		SELECT 'keys', 'user ' || u, 'notification', 'key ' || n, to_jsonb(n), random(), n, now() - n % 40 * interval '1 day' - interval '1 hour'
		FROM generate_series(1, 40) AS u, generate_series(1, 150) AS n},
	q{INSERT INTO personalization.profiles (tenant_id, user_id, created_at, updated_at) SELECT 'keys', 'user ' || u, now(), now() FROM generate_series(1, 40) AS u WHERE u % 3 > 0});

# What an application's role may have written.
sql(q{INSERT INTO personalization.profiles (tenant_id, user_id, created_at, updated_at, domain_expertise, earlier_traits)
		SELECT 'broken', 'user ' || u, CASE WHEN u % 7 = 1 THEN '-infinity' ELSE now() END, CASE WHEN u % 5 = 1 THEN 'infinity' ELSE '0044-03-15 BC' END::timestamptz, CASE u % 4 WHEN 0 THEN '{{a,b},{c,NULL}}' WHEN 1 THEN '{NULL}' WHEN 2 THEN '{}' END::text[],
			CASE u % 3 WHEN 0 THEN '{"until": 1}' WHEN 1 THEN '[1, {"until": "x"}]' END::jsonb
		FROM generate_series(1, 60) AS u},
	q{INSERT INTO personalization.preferences (tenant_id, user_id, category, key, value, confidence, rivals, observation_count, last_updated)
		SELECT 'broken', 'user ' || u, c, 'key ' || r.n, v, f, r.r::jsonb, -1, at
		FROM generate_series(1, 60) AS u,
			(VALUES (1, NULL), (2, '1'), (3, '{}'), (4, '[1]'), (5, '[{"value": 1}]'), (6, '[{"value": {"a": [1.0, 1e300]}, "confidence": 0.2}]'), (7, '[]')) AS r (n, r),
			LATERAL (VALUES ('notification'::personalization.preference_category, '{"a": "\u0001é"}'::jsonb)) AS c (c, v),
			LATERAL (SELECT (ARRAY[0.9, 'NaN', 'infinity', 0, -1, 1e-300, 1])[1 + (u + r.n) % 7]::float8 AS f,
				(ARRAY[now(), 'infinity', '-infinity', now() - interval '30 days', '2020-01-01 BC', now() + interval '1 year'])[1 + (u + r.n) % 6]::timestamptz AS at) AS x},
	q{INSERT INTO personalization.conversation_statistics
		SELECT 'broken', 'user ' || u, role, -1, 9223372036854775807, -5, 1, 1, 100, 1, '{{1,2},{3,4}}', '[-5:-3]={NULL,1,2147483647}'
		FROM generate_series(1, 60, 2) AS u, unnest('{user,assistant,"",Ünï}'::text[]) AS role},
	q{INSERT INTO personalization.interactions (tenant_id, user_id, interaction_type, data, feedback, occurred_at)
		SELECT 'broken', 'user ' || u, t, d, CASE n WHEN 1 THEN '1'::jsonb END, at
		FROM generate_series(1, 60) AS u, generate_series(1, 4) AS n,
			LATERAL (SELECT (ARRAY['query', 'feedback', 'refinement', 'query'])[n]::personalization.interaction_type AS t,
				(ARRAY['{"query": 1, "sql": [], "tables_used": {}}', '{}', '{"original": null}', '{"sql": "", "tables_used": [1, null, "a.b.c.d", ".", ""]}'])[n]::jsonb AS d,
				(ARRAY['-infinity', now(), now() - interval '1 day', '0044-03-15 BC'])[1 + (u + n) % 4]::timestamptz AS at) AS x},
	# Large documents: some megabytes, out of line.
	q{INSERT INTO personalization.interactions (tenant_id, user_id, interaction_type, data)
		SELECT 'broken', 'user ' || u, 'custom', jsonb_build_object('x', (SELECT string_agg(md5(u || '/' || n || '/' || i), '') FROM generate_series(1, 4000) AS i))
		FROM generate_series(5, 60, 25) AS u, generate_series(1, 20) AS n},
	# One that cannot be built.
	q{SET max_stack_depth = '7MB'},
	q{INSERT INTO personalization.interactions (tenant_id, user_id, interaction_type, data)
		VALUES ('broken', 'user 20', 'custom', ('{"x": ' || repeat('[', 24000) || repeat(']', 24000) || '}')::jsonb)});
my ($ret, $out, $err) = $node->psql('postgres', q{SELECT personalization.get_profile('broken', 'user 20')});
like($err, qr/stack depth limit exceeded/, 'a profile that cannot be built');

sql(q{SELECT personalization.run_maintenance()}, q{SELECT personalization.run_maintenance()});

# Every user changed, and some others who are not there; their conversations in between.  The first one needs the fewest rows.
sql(q{DELETE FROM personalization.cache_changes},
	q{CREATE TABLE test.changed AS
		SELECT tenant_id, user_id FROM personalization.interactions UNION SELECT tenant_id, user_id FROM personalization.preferences
		UNION SELECT tenant_id, user_id FROM personalization.profiles UNION SELECT t, 'nobody ' || n FROM unnest('{many,broken,"tenant 1"}'::text[]) AS t, generate_series(1, 5) AS n},
	q{INSERT INTO personalization.cache_changes
		SELECT tenant_id, id, what, row_number() OVER () FROM (
			SELECT tenant_id, user_id AS id, 1 AS what FROM test.changed UNION ALL
			SELECT tenant_id, conversation_id::text, 8 FROM personalization.conversations) AS v ORDER BY id <> 'user 65', md5(id), what});

####################################################################
# They are pushed.

my $from = log_position();
sql('SELECT pg_stat_statements_reset()');
worker('on');
eventually('the worker connects', sub { status('cache_state') eq 'connected' });
settled('all are pushed');

# Documents as text, without what the cache adds.
sub compare
{
	my $what = shift;
	my @rows = map { [ map { pack('H*', $_) } split(/\|/, $_, -1) ] } split(/\n/, sql(q{
		SELECT encode(convert_to(tenant_id, 'UTF8'), 'hex'), encode(convert_to(user_id, 'UTF8'), 'hex'),
			encode(convert_to(coalesce(CASE WHEN p ->> 'created_at' IS NOT NULL THEN p::text END, ''), 'UTF8'), 'hex')
		FROM (SELECT tenant_id, user_id, personalization.get_profile(tenant_id, user_id) AS p FROM test.changed
			WHERE (tenant_id, user_id) <> ('broken', 'user 20') ORDER BY 1, 2) AS v}));
	my ($same, $absent, $largest) = (0, 0, 0);
	my @wrong;

	foreach (@rows)
	{
		my ($tenant, $user, $expected) = @$_;
		my $key = join(':', 'personalization:profile', map { s/([:%\x00-\x1f\x7f])/sprintf('%%%02X', ord($1))/ger } $tenant, $user);
		my $found = $redis->ask('GET', $key) // '';

		$found =~ s/^\{"version":\d+,"cached_at":"[^"]*",/{/;
		if ($found ne $expected) { push @wrong, $key; diag("$key\nhas: $found\nnot: $expected") if @wrong <= 2; }
		elsif ($expected eq '') { $absent++; }
		else { $same++; }
		$largest = length($expected) if length($expected) > $largest;
	}
	is(join(' ', @wrong), '', "$what: the documents are byte for byte what get_profile() returns");
	note("$same documents, the largest of $largest bytes; $absent without a profile");
	cmp_ok($same, '>', 400, "$what: for hundreds of users");
	cmp_ok($absent, '>', 10, "$what: there is none for users without a profile");
	cmp_ok($largest, '>', 2_000_000, "$what: some are large");
	return;
}
compare('together');
is($redis->ask('GET', 'personalization:profile:broken:user 20'), undef, 'what cannot be built has no key');
like(status('cache_last_error'), qr/stack depth limit exceeded/, 'and is said');
like(log_since($from), qr/could not build a document for the cache: stack depth limit exceeded/, 'also in the log');

# That they were read together, each kind of rows with one statement for many users.
my %calls = map { split /\|/ } split(/\n/, sql(q{
	SELECT substring(query, 'FROM personalization\.(\w+?)_\d'), sum(calls)::int FROM pg_stat_statements WHERE query LIKE '%WITH ORDINALITY AS reader%' GROUP BY 1}));
my $users = sql('SELECT count(*) FROM test.changed');
foreach my $table (qw(profiles preferences interactions preference_choices conversation_statistics))
{
	cmp_ok($calls{$table} // 0, '>=', 5, "$table: read for many users at once");
	cmp_ok($calls{$table} // 0, '<', $users / 6, "$table: a few times for $users users");
}

####################################################################
# The same again while users are forgotten: none comes back, and the others stay as they are.

sql(q{INSERT INTO personalization.cache_changes SELECT tenant_id, user_id, 1, row_number() OVER () FROM test.changed ORDER BY md5(user_id)});
sql(map { qq{SELECT count(personalization.forget_user('many', 'user $_'))} } map { 5 * $_ } 1 .. 12);
settled('users are forgotten');
is(join(' ', grep { defined $redis->ask('GET', "personalization:profile:many:user " . 5 * $_) } 1 .. 12), '', 'who is forgotten has no key');
compare('with some forgotten');

$node->stop;
$redis->stop;
done_testing();
