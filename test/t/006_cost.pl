# What a call costs, in figures that do not depend on the machine: the statements that it runs, the
# buffers that it touches, and the instructions of the core.  Each has a bound a little above what it
# was when it was last looked at: who makes a call dearer has to raise it here, and say why.

use strict;
use warnings;

use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;

####################################################################
# Statements and buffers, of calls on a tenant of 200 users, each with 40 interactions and a few days.

my $node = node('cost', q{
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.track = all
autovacuum = off
});
my $calls = 40;

sql(q{
	CREATE EXTENSION pg_stat_statements;
	CREATE EXTENSION personalization;
	SELECT personalization.create_tenant('acme');
	SELECT personalization.learn_batch(jsonb_agg(jsonb_build_object('tenant_id', 'acme', 'user_id', 'user ' || u,
		'interaction_type', CASE WHEN n % 4 = 0 THEN 'visualization' WHEN n % 4 = 1 THEN 'export' ELSE 'query' END,
		'data', CASE WHEN n % 4 = 0 THEN jsonb_build_object('chart_type', (ARRAY['bar', 'line', 'pie'])[1 + (u + n) % 3])
			WHEN n % 4 = 1 THEN jsonb_build_object('format', 'csv')
			ELSE jsonb_build_object('query', 'Question ' || (u * 7 + n * n) % 60, 'tables_used', jsonb_build_array('table ' || (u + n) % 9)) END,
		'occurred_at', now() - (40 - n) * interval '3 hours')))
	FROM generate_series(1, 200) u, generate_series(1, 40) n;
	SELECT personalization.run_maintenance();
	VACUUM ANALYZE});

# cost(call, statements, buffers): the call, with %d for the user's number, takes at most so many of each.  Not the
# counting of requests before a commit: how often a session has time for that depends on the machine.
sub cost
{
	my ($name, $call, $statements, $buffers) = @_;
	my $calls_of = sub { return join(";\n", map { sprintf("SELECT md5(x::text) FROM ($call) x", $_) } @_) };

	# In one session: plans are made and caches are filled by the first calls.
	my $row = sql($calls_of->(1 .. 10), 'SELECT pg_stat_statements_reset()', $calls_of->(11 .. 10 + $calls), qq{
		SELECT format('=%s|%s', round(sum(calls) FILTER (WHERE NOT toplevel)::numeric / $calls, 1),
				round(sum(shared_blks_hit + shared_blks_read) FILTER (WHERE toplevel AND query ~ '^SELECT md5')::numeric / $calls))
		FROM pg_stat_statements WHERE query !~ 'pg_stat_statements'});
	my ($has_statements, $has_buffers) = $row =~ /^=([\d.]+)\|(\d+)$/m;

	note("$name: $has_statements statements, $has_buffers buffers");
	cmp_ok($has_statements, '<=', $statements, "$name: at most $statements statements ($has_statements)");
	cmp_ok($has_statements, '>', 0, "$name: they are counted");
	cmp_ok($has_buffers, '<=', $buffers, "$name: at most $buffers buffers ($has_buffers)");
	return;
}

cost('learn a chart', q(SELECT personalization.learn('acme', 'user %d', 'visualization', '{"chart_type": "bar"}')), 4, 37);
cost('learn a query', q(SELECT personalization.learn('acme', 'user %d', 'query', '{"query": "Question 5", "tables_used": ["table 3"]}')), 5, 41);
cost('learn_batch of 20', q(SELECT personalization.learn_batch(jsonb_agg(jsonb_build_object('tenant_id', 'acme', 'user_id', 'user %d',
	'interaction_type', 'export', 'data', '{"format": "csv"}'::jsonb))) FROM generate_series(1, 20)), 3, 172);
cost('route', q(SELECT personalization.route('acme', 'user %d', 'Revenue of table 3?')), 5, 22);
# One probe of an index for each query: of 60 queries as many pages as reading them all, of 5,000 a tenth.
cost('get_suggestions', q(SELECT * FROM personalization.get_suggestions('acme', 'user %d')), 11, 237);
cost('begin_turn', q(SELECT personalization.begin_turn('acme', 'user %d', 'Revenue of table 3?')), 16, 255);
cost('get_profile', q(SELECT personalization.get_profile('acme', 'user %d')), 4, 59);
cost('get_profile without history', q(SELECT personalization.get_profile('acme', 'user %d', history => 0)), 4, 19);
# One statement more than it was, which spares the pages of all interactions but queries.
cost('get_context', q(SELECT personalization.get_context('acme', 'user %d')), 4, 43);
cost('usage_patterns', q(SELECT personalization.usage_patterns('acme', 'user %d')), 4, 21);
cost('preferences', q(SELECT * FROM personalization.preferences('acme', 'user %d')), 1, 6);

# The worker sets row_security = off, which says nothing to a role that row-level security does not bind: its
# statements too are over the tenant's partitions.
my $over = sql(q{
	SET row_security = off;
	SELECT pg_stat_statements_reset();
	SELECT personalization.get_profile('acme', 'user 1');
	SELECT format('=%s|%s', count(*) FILTER (WHERE query ~ 'personalization\.(tenants|interactions|preferences|profiles)_\d'),
			count(*) FILTER (WHERE query ~ 'personalization\.(tenants|interactions|preferences|profiles)\M(?!_)'))
	FROM pg_stat_statements WHERE NOT toplevel});
like($over, qr/^=3\|0$/m, "statements of a session with row_security = off are over the tenant's partitions ($over)");

# Requests that were copied into the inbox together have one time.  The history of each user is read once for a
# batch of 5,000 of them, and not once more for each request.
sql(q{
	SELECT personalization.create_tenant('copied');
	INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at)
		SELECT 'copied', 'user ' || i % 4, 'query', jsonb_build_object('query', 'Question ' || i % 60), now() - interval '1 hour'
		FROM generate_series(1, 9000) i});
my $again = sql(q{
	SELECT pg_stat_statements_reset();
	SELECT personalization.run_maintenance();
	SELECT format('=%s|%s', coalesce(sum(calls) FILTER (WHERE query ~ 'unnest.*LIMIT u.n'), 0),
			coalesce(sum(calls) FILTER (WHERE query ~ 'interaction_id\) < '), 0))
	FROM pg_stat_statements});
my ($together, $alone) = $again =~ /^=(\d+)\|(\d+)$/m;
cmp_ok($together, '>', 0, "requests of one time are counted, with their users' history ($together)");
cmp_ok($alone, '<=', 4, "requests of one time are counted together ($alone read alone)");

####################################################################
# A session whose plans were made while the tables were empty.  To the planner every index is then as good
# as the right one: what it read later would be the whole tenant instead of one user's rows.

sql(q{
	CREATE DATABASE grown;
	\c grown
	CREATE EXTENSION pg_stat_statements;
	CREATE EXTENSION personalization;
	SELECT personalization.create_tenant('acme');
	VACUUM ANALYZE});
my @later = (
	q(SELECT personalization.learn('acme', 'ana', 'visualization', '{"chart_type": "bar"}')),
	q(SELECT personalization.learn('acme', 'ana', 'query', '{"query": "Question 5", "tables_used": ["table 3"]}')),
	q(SELECT personalization.learn('acme', 'ana', 'feedback', '{"category": "data", "key": "x", "rating": "positive"}')),
	q(SELECT personalization.route('acme', 'ana', 'Question 5')),
	q(SELECT personalization.get_suggestions('acme', 'ana')),
	q(SELECT personalization.get_profile('acme', 'ana')),
	q(SELECT personalization.get_profile('acme', 'ana', now() - interval '1 hour')),
	q(SELECT personalization.get_context('acme', 'ana')),
	q(SELECT personalization.usage_patterns('acme', 'ana')),
	q(SELECT personalization.explain_preference('acme', 'ana', 'visualization', 'preferred_chart_type')),
	q(SELECT personalization.start_conversation('acme', 'ana')),
	q(SELECT personalization.append_message('acme', conversation_id, 'user', 'Hello') FROM personalization.conversations WHERE user_id = 'ana' ORDER BY conversation_id LIMIT 1));
my $grown = $node->safe_psql('grown', join(";\n", (@later) x 6, q{
	SELECT personalization.learn_batch(jsonb_agg(jsonb_build_object('tenant_id', 'acme', 'user_id', 'user ' || u,
		'interaction_type', CASE WHEN n % 2 = 0 THEN 'visualization' ELSE 'query' END,
		'data', CASE WHEN n % 2 = 0 THEN '{"chart_type": "line"}' ELSE jsonb_build_object('query', 'Question ' || u, 'tables_used', '["table 3"]'::jsonb) END)))
		FROM generate_series(1, 600) u, generate_series(1, 6) n;
	SELECT count(personalization.start_conversation('acme', 'user ' || u)) FROM generate_series(1, 600) u;
	SELECT personalization.run_maintenance();
	SELECT pg_stat_statements_reset()}, @later, q{
	SELECT format('=%s|%s', shared_blks_hit + shared_blks_read, query) FROM pg_stat_statements
		WHERE toplevel AND query ~ 'personalization.*ana|personalization.*\$' ORDER BY 1}));
my @grown = $grown =~ /^=(\d+\|.*)$/mg;
cmp_ok(scalar @grown, '>=', @later - 2, 'calls of a session that is older than the data are counted: ' . @grown);
foreach (@grown)
{
	my ($buffers, $query) = split(/\|/, $_, 2);
	cmp_ok($buffers, '<=', 400, "at most 400 buffers, however large the tenant has become ($buffers): $query");
}
$node->stop;

####################################################################
# Instructions of the core.  A compiler is worth a fifth of these figures, a loop too many more.

SKIP:
{
	my $machine = `uname -m`;
	my $reason = $machine !~ /^x86_64$/ ? 'counted on x86_64 only' : !grep({ -x "$_/valgrind" } split(/:/, $ENV{PATH})) ? 'valgrind is not installed' : undef;
	skip $reason, 1 if $reason;

	my $program = "${PostgreSQL::Test::Utils::tmp_check}/core_cost";
	system_or_bail('gcc', '-std=gnu99', '-O2', '-ffp-contract=off', '-Isrc', '-o', $program, 'test/cost/core_cost.c', glob('src/core/*.c'), glob('src/core/*/*.c'), '-lm');

	my $instructions = sub {
		my ($what, $n) = @_;
		my ($out, $err) = run_command([ 'valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null', $program, $what, $n ]);
		return $err =~ /Collected : (\d+)/ ? $1 : die "callgrind: $err\n";
	};
	# What starting costs is in both, and gone from the difference.
	foreach (
		[ 'observe', 1000, 800, 'an observation' ],
		[ 'read', 1000, 210, 'a confidence as of now' ],
		[ 'query', 100, 190_000, 'a question and its SQL' ],
		[ 'suggest', 100, 34_000, 'offers and their order' ])
	{
		my ($what, $n, $bound, $name) = @$_;
		my $each = ($instructions->($what, 2 * $n) - $instructions->($what, $n)) / $n;

		cmp_ok($each, '<=', $bound, sprintf('%s: at most %d instructions (%d)', $name, $bound, $each));
		cmp_ok($each, '>', $bound / 10, "$name: they are counted");
	}
}

done_testing();
