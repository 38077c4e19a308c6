# The push to Redis: committed changes arrive, as the functions return them, under their own keys;
# changes that are rolled back do not; erased data is deleted.

use strict;
use warnings;

use Cache;
use Personalization;
use PostgreSQL::Test::Utils;
use Redis;
use Test::More;
use Time::HiRes qw(sleep time);

my $missing = Redis::missing();
plan skip_all => $missing if $missing;

my $dir = PostgreSQL::Test::Utils::tempdir_short();
my $redis = Redis->new("$dir/r")->start;
my $node = start_node('cache', "personalization.redis_url = '@{[ $redis->url ]}?db=3'");

sub settled { return eventually(shift, sub { status('cache_backlog = 0') eq 't' }); }
sub reload { return sql('SELECT pg_reload_conf()'); }

# Whether a value, less what the cache adds, is the document that a query returns.
sub same
{
	my ($value, $query) = @_;

	return sql('SELECT ' . quote($value) . "::jsonb - '{version,cached_at}'::text[] = ($query)");
}

$redis->ask('SELECT', 3);
sql('CREATE EXTENSION personalization',
	q(SELECT count(personalization.create_tenant(t)) FROM unnest('{acme,globex}'::text[]) t));
eventually('the worker connects', sub { status('cache_state') eq 'connected' });

####################################################################
# What is committed arrives.

my $number = '12345678901234567890.12345678901234567890';
my $start = time;
sql(qq(SELECT personalization.learn('acme', 'ana', 'visualization', '{"chart_type": "bar", "n": $number}')));
my $key = 'personalization:profile:acme:ana';
eventually('a profile arrives', sub { defined $redis->ask('GET', $key) });
my $value = $redis->ask('GET', $key);
like($value, qr/\Q$number\E/, 'numbers come as they are, to the last digit');
is(same($value, q(personalization.get_profile('acme', 'ana'))), 't', 'it is what get_profile returns');
is(sql('SELECT (v ->> \'version\')::numeric > 1e15, (v ->> \'cached_at\')::timestamptz <= now(), (v ->> \'version\')::bigint = '
		. '(SELECT cache_version FROM personalization.worker_state) FROM (SELECT ' . quote($value) . '::jsonb) x (v)'),
	't|t|t', 'with version and cached_at');
my $ttl = $redis->ask('PTTL', $key);
ok($ttl > 3_500_000 && $ttl <= 3_600_000, "it lives for an hour ($ttl ms)");

sql(q(SELECT personalization.learn('acme', 'ana', 'export', '{"format": "csv"}')));
eventually('a change arrives', sub { $redis->ask('GET', $key) =~ /csv/ });
cmp_ok(($redis->ask('GET', $key) =~ /"version":(\d+)/)[0], '>', ($value =~ /"version":(\d+)/)[0], 'under a later version');
sql(q(SELECT personalization.set_profile('acme', 'bob', 'advanced')));
eventually('a trait that is set', sub { ($redis->ask('GET', 'personalization:profile:acme:bob') // '') =~ /"skill_level": "advanced"/ });
sql(q(SELECT personalization.reset_profile('acme', 'bob')));
eventually('and that is taken back', sub { ($redis->ask('GET', 'personalization:profile:acme:bob') // '') =~ /"skill_level": "intermediate"/ });
sql(q(INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('acme', 'eve', 'export', '{"format": "pdf"}')));
eventually('what came through the inbox', sub { ($redis->ask('GET', 'personalization:profile:acme:eve') // '') =~ /pdf/ });
sql(q(SELECT personalization.get_profile('acme', 'nobody')));

####################################################################
# What is rolled back does not.

sql(q(BEGIN; SELECT personalization.learn('acme', 'undone', 'export', '{"format": "csv"}'); ROLLBACK),
	q(BEGIN; SAVEPOINT s; SELECT personalization.learn('acme', 'ana', 'export', '{"format": "undone"}'); ROLLBACK TO s;
	  SELECT personalization.learn('acme', 'kept', 'export', '{"format": "csv"}');
	  SAVEPOINT s; SELECT personalization.learn('acme', 'both', 'export', '{"format": "undone"}'); ROLLBACK TO s;
	  SELECT personalization.learn('acme', 'both', 'export', '{"format": "csv"}'); COMMIT));
eventually('what is kept arrives', sub { defined $redis->ask('GET', 'personalization:profile:acme:kept')
	  && defined $redis->ask('GET', 'personalization:profile:acme:both') });
settled('all has arrived');
unlike(join('', values %{ $redis->all('personalization:') }), qr/undone/, 'what is rolled back does not');
is(join(' ', sort keys %{ $redis->all('personalization:profile:') }), join(' ', map { "personalization:profile:acme:$_" } qw(ana bob both eve kept)),
	'no other keys');

# While a transaction is open nothing of it is seen.
my $session = $node->background_psql('postgres');
$session->query_safe(q(BEGIN; SELECT personalization.learn('acme', 'open', 'export', '{"format": "csv"}')));
sleep(1);
is($redis->ask('GET', 'personalization:profile:acme:open'), undef, 'nothing arrives before the commit');
$session->query_safe('COMMIT');
eventually('but afterwards', sub { defined $redis->ask('GET', 'personalization:profile:acme:open') });
$session->quit;

####################################################################
# Conversations.

my $id = sql(q(SELECT personalization.start_conversation('acme', 'talker', '{"table": "orders"}')));
my $talk = "personalization:conversation:$id";
eventually('a conversation arrives', sub { defined $redis->ask('GET', $talk) });
is(same($redis->ask('GET', $talk), "personalization.get_conversation('acme', '$id')"), 't', 'as get_conversation returns it');
sql("SELECT personalization.append_message('acme', '$id', 'user', 'how many: {}?')", "SELECT personalization.update_conversation('acme', '$id', '{\"chart\": \"bar\"}')");
eventually('with its messages and context', sub { ($redis->ask('GET', $talk) // '') =~ /how many: \{\}\?.*/ && $redis->ask('GET', $talk) =~ /"chart": "bar"/ });
settled('all of it');
is(same($redis->ask('GET', $talk), "personalization.get_conversation('acme', '$id')"), 't', 'as get_conversation returns it');
my $left = $redis->ask('PTTL', $talk);
ok($left > 86_000_000 && $left <= 86_400_000, "it lives as long as the conversation ($left ms)");
# One that is pushed late goes no later for that.
sql("UPDATE personalization.conversations SET last_activity = now() - interval '23 hours'", "INSERT INTO personalization.cache_changes VALUES ('acme', '$id', 8, 0)");
settled('pushed late');
$left = $redis->ask('PTTL', $talk);
ok($left > 3_000_000 && $left <= 3_600_000, "it lives as long as the conversation does still ($left ms)");
# Another tenant's row in the queue does not reach it.
sql("INSERT INTO personalization.cache_changes VALUES ('globex', '$id', 8, 0)");
settled('a foreign note');
isnt($redis->ask('GET', $talk), undef, 'another tenant cannot have it deleted');
sql("SELECT personalization.end_conversation('acme', '$id')");
settled('the end');
is($redis->ask('GET', $talk), undef, 'a conversation that ended is gone');
my $doomed = sql(q(SELECT personalization.create_tenant('doomed')), q(SELECT personalization.start_conversation('doomed', 'talker'))) =~ s/.*\n//sr;
eventually('a conversation of a tenant', sub { defined $redis->ask('GET', "personalization:conversation:$doomed") });
sql(q(SELECT personalization.drop_tenant('doomed')));
settled('the tenant is dropped');
is(join(' ', keys %{ $redis->all('personalization:conversation:') }), '', 'its conversations go with it');
is($redis->ask('GET', 'personalization:profile:doomed:talker'), undef, 'and its profiles');

####################################################################
# Suggestions: pushed when they were asked for, given up when the user's queries or outcomes change.

my $suggested = 'personalization:suggestions:acme:sue';
my $suggest = q(SELECT count(*) > 0 FROM personalization.get_suggestions('acme', 'sue'));
my $open = q(SELECT suggestion_id FROM personalization.suggestions WHERE tenant_id = 'acme' AND user_id = 'sue' AND outcome IS NULL);
sub pushed { my $what = shift; is(sql($suggest), 't', "$what: there are some"); return eventually($what, sub { defined $redis->ask('GET', $suggested) }); }
sub given_up { return eventually(shift, sub { !defined $redis->ask('GET', $suggested) }); }
sql(q(SELECT personalization.learn('acme', 'sue', 'query', jsonb_build_object('query', 'question ' || n % 3),
	now() - (20 - n) * interval '1 minute') FROM generate_series(1, 15) n));
settled('queries are learned');
is($redis->ask('GET', $suggested), undef, 'nobody has asked for suggestions');
sql(q(SELECT count(*) FROM personalization.get_suggestions('acme', 'sue', 'question')),
	q(BEGIN READ ONLY; SELECT count(*) FROM personalization.get_suggestions('acme', 'sue'); COMMIT));
settled('asked for with a context, and without writing');
is($redis->ask('GET', $suggested), undef, 'these are not pushed');
pushed('suggestions arrive');
like($redis->ask('GET', $suggested), qr/"suggestion": "question \d"/, 'with their text');
sql(q(SELECT personalization.learn('acme', 'sue', 'query', '{"query": "question 1"}')));
given_up('a query makes them stale');
pushed('asked for again');
sql("SELECT personalization.record_outcome('acme', 'sue', ($open LIMIT 1), 'accepted')");
given_up('an outcome makes them stale');
pushed('and again');
sql("SELECT personalization.collect_feedback('acme', 'sue', jsonb_build_object('rating', 1, 'suggestion_id', ($open LIMIT 1)))");
given_up('feedback on one is its outcome');
# Linked after the call and before the push: the worker may read what who asks for suggestions may not.
without_worker();
is(sql($suggest), 't', 'asked for while nobody pushes');
sql(q(CREATE SCHEMA shop), q(SELECT personalization.link_schema('acme', 'shop')));
with_worker();
settled('the worker is back');
is($redis->ask('GET', $suggested), undef, 'nothing is pushed where a schema is linked');
sql($suggest);
settled('asked for where a schema is linked');
is($redis->ask('GET', $suggested), undef, 'nor then');
sql(q(SELECT personalization.unlink_schema('acme', 'shop')), q(DROP SCHEMA shop));
pushed('unlinked');
sql(q(SELECT personalization.forget_user('acme', 'sue')));
settled('the user is forgotten');
is(join(' ', grep { /:sue$/ } keys %{ $redis->all('personalization:') }), '', 'with the keys of the user');

####################################################################
# Many changes, one push.

sub without_worker
{
	sql('ALTER SYSTEM SET personalization.worker = off'), reload();
	eventually('the worker is gone', sub { status('pid IS NULL') eq 't' });
	return;
}
sub with_worker { sql('ALTER SYSTEM RESET personalization.worker'), reload(); return; }

without_worker();
my $pushed = status('cache_pushed');
sql(q(SELECT count(personalization.learn('acme', 'ana', 'export', '{"format": "csv"}')) FROM generate_series(1, 60)));
is(status('cache_backlog'), '1', 'a transaction notes a user once');
sql(q(SELECT personalization.learn('acme', 'ana', 'export', '{"format": "csv"}'))) foreach 1 .. 40;
is(status('cache_backlog'), '41', 'each transaction notes it');
$redis->ask('CONFIG', 'RESETSTAT');
with_worker();
eventually('the worker is back', sub { status('pid IS NOT NULL AND cache_backlog = 0') eq 't' });
is(status('cache_pushed') - $pushed, 1, 'a hundred changes of a user are pushed once');
# The owner, the lease and the version of the new connection, the version at its first sign of life and
# with the batch, and the profile.
is(($redis->ask('INFO', 'commandstats') =~ /cmdstat_set:calls=(\d+)/)[0] // 0, 5, 'which Redis counts as well');
is(same($redis->ask('GET', $key), q(personalization.get_profile('acme', 'ana'))), 't', 'and arrive');

####################################################################
# No two ids share a key, and none smuggles a command in.

my @ids = ('a:b', 'a%3Ab', 'a%253Ab', 'a b', "a\tb", "a\nb", "x\r\nFLUSHALL\r\n", '%', '%%', ':', '::', 'ä', "\x{7f}", '*', '[a]', '?', '\\', '{a}', 'a', 'b');
my $list = 'ARRAY[' . join(', ', map { 'E' . quote(join('', map { sprintf('\\x%02x', ord) } split //)) } @ids) . ']';
sql("SELECT count(personalization.create_tenant(t)) FROM unnest($list) t",
	"SELECT count(personalization.learn(t, u, 'export', jsonb_build_object('format', t || '/' || u))) FROM unnest($list) t, unnest($list) u");
settled('strange names arrive');
my $profiles = $redis->all('personalization:profile:');
is(scalar(keys %$profiles), @ids * @ids + 7, 'each pair of names has a key');
sql('CREATE TABLE there (document jsonb)', 'INSERT INTO there VALUES ' . join(', ', map { '(' . quote($_) . ')' } values %$profiles));
is(sql(q(SELECT count(DISTINCT (document ->> 'tenant_id', document ->> 'user_id')), bool_and(document - '{version,cached_at}'::text[] =
		personalization.get_profile(document ->> 'tenant_id', document ->> 'user_id')) FROM there)),
	@ids * @ids + 7 . '|t', 'with its own document');
ok(exists $profiles->{'personalization:profile:a%3Ab:x%0D%0AFLUSHALL%0D%0A'}, 'percent-encoded where need be, and only there');
ok(exists $profiles->{"personalization:profile:\xc3\xa4:a b"}, 'other characters stay');

####################################################################
# What is erased goes, and nothing else.

foreach my $tenant (9, 14, 13)    # ':' and '[a]' and '*'
{
	my $name = $ids[$tenant];

	sql('SELECT personalization.drop_tenant(' . quote($name) . ')');
}
settled('the tenants are dropped');
my @left = grep { $_ ne ':' && $_ ne '[a]' && $_ ne '*' } @ids;
is(scalar(keys %{ $redis->all('personalization:profile:') }), @left * @ids + 7, 'their keys go, and only theirs');
is(sql('SELECT count(*) FROM personalization.cache_changes'), '0', 'no name stays in the queue');
$redis->ask('SET', 'personalization:elsewhere', 'untouched');

# What a forgotten user asked is in nobody's suggestions any more, before their time is over.
sql(q(SELECT count(personalization.create_tenant('advised'))),
	q(SELECT count(personalization.learn('advised', u, 'query', jsonb_build_object('query', q, 'tables_used', '["sold"]'::jsonb), now() - i * interval '1 hour'))
		FROM generate_series(1, 9) i, (VALUES ('ana', 'asked by ana'), ('ana', 'by both'), ('bo', 'by both'), ('bo', 'asked by bo')) AS v (u, q)));
eventually('the queries are counted', sub { sql('SELECT count(*) = 0 FROM personalization.query_events') eq 't' });
like(sql(q(SELECT string_agg(suggestion, ' ') FROM personalization.get_suggestions('advised', 'bo'))), qr/asked by ana/, 'bo is offered what ana asked');
settled('and by the cache');
like($redis->ask('GET', 'personalization:suggestions:advised:bo') // '', qr/asked by ana/, 'in its document');
sql(q(SELECT count(personalization.forget_user('advised', 'ana'))));
settled('ana is forgotten');
is($redis->ask('GET', 'personalization:suggestions:advised:bo'), undef, 'and the document given up');
sql(q(SELECT count(*) FROM personalization.get_suggestions('advised', 'bo')));
settled('there is another');
unlike($redis->ask('GET', 'personalization:suggestions:advised:bo') // '', qr/asked by ana/, 'without what she asked');
sql(q(SELECT count(personalization.drop_tenant('advised'))));
settled('that was all');

# Settings change what profiles show: they are given up, and come with the next change.
sql(q(SELECT personalization.configure_tenant('acme', '{"profile_cache_ttl": "10 minutes", "max_history_size": 1}')));
settled('a tenant is configured');
is(scalar(grep { /:acme:/ } keys %{ $redis->all('personalization:profile:') }), 0, 'its profiles are given up');
sql(q(SELECT personalization.learn('acme', 'ana', 'export', '{"format": "csv"}')));
settled('the next change');
$ttl = $redis->ask('PTTL', $key);
ok($ttl > 500_000 && $ttl <= 600_000, "its setting is the lifetime ($ttl ms)");
is(same($redis->ask('GET', $key), q(personalization.get_profile('acme', 'ana'))), 't', 'the document is as the settings say');

# What cannot be built is deleted, said, and holds up nothing.
sql(q(UPDATE personalization.tenants SET settings = '{"x": 1}' WHERE tenant_id = 'acme'),
	q(INSERT INTO personalization.cache_changes VALUES ('acme', 'ana', 1, 0), ('acme', repeat('x', 100000), 1, 1), ('acme', 'ana', 0, 2), ('acme', 'no uuid', 8, 3)),
	q(SELECT personalization.learn('globex', 'ana', 'export', '{"format": "csv"}')));
settled('a tenant with broken settings holds up nothing');
is($redis->ask('GET', $key), undef, 'what cannot be built is deleted');
is(same($redis->ask('GET', 'personalization:profile:globex:ana'), q(personalization.get_profile('globex', 'ana'))), 't', 'the others arrive');
like(status('cache_last_error'), qr/unrecognized setting "x"/, 'the status says why');
sql(q(UPDATE personalization.tenants SET settings = '{}' WHERE tenant_id = 'acme'));

####################################################################
# Roles.

sql('CREATE ROLE app LOGIN', q(SELECT personalization.bind_role('app', 'acme')));
is($node->safe_psql('postgres', q(SELECT personalization.learn('acme', 'by app', 'export', '{"format": "csv"}') IS NOT NULL), extra_params => [ '-U', 'app' ]),
	't', 'a bound role learns');
eventually('what a bound role learned arrives', sub { defined $redis->ask('GET', 'personalization:profile:acme:by app') });
foreach my $refused ('SHOW personalization.redis_url', 'SELECT FROM personalization.cache_changes', 'DELETE FROM personalization.cache_changes',
	q(INSERT INTO personalization.cache_changes VALUES ('globex', 'ana', 1, 0)), q(SET personalization.redis_url = ''))
{
	my ($ret, $out, $err) = $node->psql('postgres', $refused, extra_params => [ '-U', 'app' ]);
	like($err, qr/permission denied|must be superuser|cannot be changed|row-level security|must have privileges|pg_read_all_settings/, "not allowed: $refused");
}

####################################################################
# Switched off, and on again: what went unnoticed meanwhile is not taken for true.

sql(q(ALTER SYSTEM SET personalization.redis_url = '')), reload();
eventually('switched off', sub { status('cache_state') eq 'off' });
sql(q(SELECT personalization.learn('globex', 'ana', 'export', '{"format": "unnoticed"}')));
is(sql('SELECT count(*) FROM personalization.cache_changes'), '0', 'nothing is noted');
like($redis->ask('GET', 'personalization:profile:globex:ana'), qr/csv/, 'the key is left');
sql(q(ALTER SYSTEM RESET personalization.redis_url)), reload();
my $on = time;
eventually('switched on again', sub { status('cache_state') eq 'connected' });
cmp_ok(time - $on, '<', 25, 'without waiting for itself');
is(join(' ', keys %{ $redis->all('personalization:profile:') }), '', 'old keys are not trusted');
is($redis->ask('GET', 'personalization:elsewhere'), 'untouched', 'those of others are left alone');

# A Redis that has lost what it had acknowledged: it comes up with an older version.
sql(q(SELECT personalization.learn('globex', 'ana', 'export', '{"format": "one"}')));
settled('a first push');
my %old = map { $_ => $redis->ask('GET', $_) } @{ $redis->ask('KEYS', '*') };
sql(q(SELECT personalization.learn('globex', 'ana', 'export', '{"format": "two"}')));
settled('a second push');
$redis->stop('KILL');
$redis->start;
$redis->ask('SELECT', 3);
$redis->ask('SET', $_, $old{$_}) foreach keys %old;
eventually('the worker sees it', sub { !defined $redis->ask('GET', 'personalization:profile:globex:ana') });
sql(q(SELECT personalization.learn('globex', 'ana', 'export', '{"format": "three"}')));
settled('the next push');
is(same($redis->ask('GET', 'personalization:profile:globex:ana'), q(personalization.get_profile('globex', 'ana'))), 't', 'is as the database says');

# One that is merely restarted with all it had is trusted.
my %kept = map { $_ => $redis->ask('GET', $_) } @{ $redis->ask('KEYS', '*') };
without_worker();
$redis->ask('SET', 'personalization:profile:globex:ana', $kept{'personalization:profile:globex:ana'}, 'PX', 1000_000);
with_worker();
eventually('the worker is back', sub { status('cache_state') eq 'connected' });
is($redis->ask('GET', 'personalization:profile:globex:ana'), $kept{'personalization:profile:globex:ana'}, 'a restart of the worker deletes nothing');

# Whatever an older connection has under way is refused.
my $stale = eval { $redis->ask('EVAL', "return redis.call('GET', KEYS[1])", 1, 'personalization:cache:owner') };
$redis->ask('CLIENT', 'KILL', 'TYPE', 'normal');
eventually('another connection', sub { my $now = eval { $redis->ask('SELECT', 3); $redis->ask('GET', 'personalization:cache:owner') } // $stale; $now ne $stale });

# Another database is kept out while this one pushes.
sql('CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION personalization');
$node->safe_psql('other', q(SELECT personalization.create_tenant('globex'); SELECT personalization.learn('globex', 'ana', 'export', '{"format": "other"}')));
$node->poll_query_until('other', q(SELECT cache_last_error = 'another database pushes to this cache' FROM personalization.worker_status))
  or fail('another database is told so');
is(same($redis->ask('GET', 'personalization:profile:globex:ana'), q(personalization.get_profile('globex', 'ana'))), 't', 'another database is kept out');
sql(q(ALTER SYSTEM SET personalization.cache_database = 'postgres')), reload();
$node->poll_query_until('other', q(SELECT cache_state = 'off' AND cache_backlog = 0 FROM personalization.worker_status))
  or fail('personalization.cache_database says which');

$node->stop;
$redis->stop;
done_testing();
