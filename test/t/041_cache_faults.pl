# Whatever Redis does, learning does not fail or wait, nobody waits for the worker, and afterwards
# the cache matches the database.

use strict;
use warnings;

use Cache;
use IO::Select;
use IO::Socket::UNIX;
use IPC::Run;
use POSIX ();
use Personalization;
use PostgreSQL::Test::Utils;
use Redis;
use Test::More;
use Time::HiRes qw(sleep time);

my $missing = Redis::missing();
plan skip_all => $missing if $missing;

my $dir = PostgreSQL::Test::Utils::tempdir_short();
my $redis = Redis->new("$dir/r");
my $node = start_node('faults', qq{
personalization.redis_url = '@{[ $redis->url ]}'
personalization.redis_timeout = '2s'
});

sub point_to { my $url = shift; sql('ALTER SYSTEM SET personalization.redis_url = ' . quote($url), 'SELECT pg_reload_conf()'); return; }

# 'p50 / max' in ms of learns at a steady rate; an error of one fails the test.
my $run = 0;
append_to_file("$dir/learn.sql", q{\set u random(1, 100)
SELECT personalization.learn('acme', 'user ' || :u, 'visualization', jsonb_build_object('chart_type', 'chart ' || :u % 3));
});
my @load;
sub begin_load
{
	my $seconds = shift;

	$run++;
	@load = ('', '');
	$load[2] = IPC::Run::start([ 'pgbench', '-n', '-c', '2', '-R', '40', '-T', $seconds, '-f', "$dir/learn.sql", '-l', '--log-prefix', "$dir/lat$run",
			$node->connstr('postgres') ], '<', \undef, '>', \$load[0], '2>', \$load[1]);
	return;
}
sub end_load
{
	my $what = shift;

	$load[2]->finish;
	is($load[2]->result(0), 0, "$what: no learn fails") or diag($load[1]);
	my @times = sort { $a <=> $b } map { (split / /)[2] / 1000 } map { split /\n/, slurp_file($_) } glob("$dir/lat$run*");
	cmp_ok(scalar(@times), '>', 30, "$what: " . @times . ' learns');
	note(sprintf('%s: a learn takes %.1f ms, at most %.0f ms', $what, $times[ @times / 2 ], $times[-1]));
	cmp_ok($times[ @times / 2 ], '<', 250, "$what: a learn does not wait");
	return;
}

# Every key is as the database says; users in the queue have been written.
sub converges
{
	my $what = shift;

	eventually("$what: nothing waits", sub { status("cache_state = 'connected' AND cache_backlog = 0") eq 't' });
	my $all = $redis->all('personalization:profile:');
	cmp_ok(scalar(keys %$all), '>', 0, "$what: there are keys");
	sql('DROP TABLE IF EXISTS there', 'CREATE TABLE there (key text, document jsonb)',
		'INSERT INTO there VALUES ' . join(', ', map { '(' . quote($_) . ', ' . quote($all->{$_}) . ')' } keys %$all));
	is(sql(q{SELECT count(*) FILTER (WHERE key <> format('personalization:profile:%s:%s', document ->> 'tenant_id', document ->> 'user_id')
			OR document - '{version,cached_at}'::text[] <> personalization.get_profile(document ->> 'tenant_id', document ->> 'user_id')) FROM there}),
		'0', "$what: every key is as the database says");
	return;
}

# A database is dropped while its worker waits for Redis.  The command fails when the worker has not
# left within five seconds; the rest of its time is the disk's.
sub drops_promptly
{
	my $what = shift;

	sql('CREATE DATABASE brief');
	$node->safe_psql('brief', 'CREATE EXTENSION personalization');
	$node->safe_psql('brief', q(SELECT personalization.create_tenant('acme'); SELECT personalization.learn('acme', 'ana', 'export', '{}')));
	$node->poll_query_until('brief', q(SELECT pid IS NOT NULL AND cache_state = 'failing' FROM personalization.worker_status)) or fail('no worker');
	my $start = time;
	my ($ret, $out, $err) = $node->psql('postgres', 'DROP DATABASE brief');
	is("$ret$err", '0', "$what: DROP DATABASE");
	cmp_ok(time - $start, '<', 20, sprintf('%s: DROP DATABASE is prompt (%.1f s)', $what, time - $start));
	return;
}

sub forget_is_kept
{
	my $what = shift;

	is(scalar(grep { /:gone:/ } keys %{ $redis->all('personalization:') }), 0, "$what: the keys of the dropped tenant are gone");
	return;
}

sql('CREATE EXTENSION personalization', q(SELECT count(personalization.create_tenant(t)) FROM unnest('{acme,gone}'::text[]) t));

####################################################################
# Down at the start.

begin_load(5);
eventually('down: it is said', sub { status("cache_state = 'failing' AND cache_failures > 0") eq 't' });
drops_promptly('down');
end_load('down');
$redis->start;
converges('down at the start');

####################################################################
# Killed and restarted under load, empty.

sql(q(SELECT count(personalization.learn('gone', 'user ' || n, 'export', '{}')) FROM generate_series(1, 50) n));
eventually('another tenant', sub { status('cache_backlog = 0') eq 't' });
begin_load(12);
sleep(3);
$redis->stop('KILL');
sql(q(SELECT personalization.drop_tenant('gone')));
sleep(3);
$redis->start;
sleep(2);
$redis->stop('KILL');
$redis->start;
end_load('killed');
converges('killed and restarted');
forget_is_kept('killed and restarted');

####################################################################
# Hung.  What is under way when it wakes up does not count.

sql(q(SELECT personalization.create_tenant('gone')), q(SELECT count(personalization.learn('gone', 'user ' || n, 'export', '{}')) FROM generate_series(1, 50) n));
eventually('a tenant', sub { status("cache_state = 'connected' AND cache_backlog = 0") eq 't' });
begin_load(8);
sleep(2);
$redis->signal('STOP');
sql(q(SELECT count(personalization.learn('gone', 'user ' || n, 'export', '{"format": "late"}')) FROM generate_series(1, 50) n));
eventually('hung: it is said', sub { status(q(cache_state = 'failing' AND cache_last_error LIKE '%timed out%')) eq 't' });
sql(q(SELECT personalization.drop_tenant('gone')));
drops_promptly('hung');
end_load('hung');
my $start = time;
$node->stop('fast');
cmp_ok(time - $start, '<', 20, sprintf('hung: a fast shutdown is fast (%.1f s)', time - $start));
$node->start;
eventually('hung: a worker tries again', sub { status(q(cache_state = 'failing')) eq 't' });
$redis->signal('CONT');
converges('hung');
forget_is_kept('hung');

####################################################################
# The server crashes while it pushes.

begin_load(4);
sleep(2);
$node->stop('immediate');
$load[2]->finish;
$node->start;
converges('a crash of the server');

####################################################################
# Full.

$redis->ask('CONFIG', 'SET', 'maxmemory', 1024);
begin_load(5);
eventually('full: it is said', sub { status(q(cache_state = 'failing' AND cache_last_error LIKE 'OOM%')) eq 't' });
end_load('full');
$redis->ask('CONFIG', 'SET', 'maxmemory', 0);
converges('full');

####################################################################
# A wrong password, then the right one.

$redis->ask('CONFIG', 'SET', 'requirepass', 'right');
$redis->{connection} = undef;
begin_load(5);
point_to($redis->url(':wrong@'));
eventually('wrong password: it is said', sub { status(q(cache_state = 'failing' AND cache_last_error ~ 'WRONGPASS|invalid')) eq 't' });
end_load('wrong password');
unlike(status('cache_last_error'), qr/right/, 'nothing tells the password');
point_to($redis->url(':right@'));
$redis->ask('AUTH', 'right');
converges('right password');
$redis->ask('ACL', 'SETUSER', 'pusher', 'on', '>pass:word', '~personalization:*', '+@all', '-@admin');
my $pusher = $redis->url('pusher:pass%3Aword@') . '?db=4';
point_to($pusher);
$redis->ask('SELECT', 4);
sql(q(SELECT personalization.learn('acme', 'user 1', 'export', '{"format": "csv"}')));
converges('an ACL user, and a database by number');
$redis->ask('SELECT', 0);
$redis->ask('CONFIG', 'SET', 'requirepass', '');

####################################################################
# Answers of a server that is none, and of one that is slow.

# Serves each connection with a function in a process of its own.
sub serve
{
	my ($path, $conversation) = @_;
	my $listener = IO::Socket::UNIX->new(Local => $path, Listen => 10) or die "$path: $!";
	my $pid = fork();

	return $pid if $pid;
	$SIG{PIPE} = 'IGNORE';
	$SIG{CHLD} = 'IGNORE';
	while (my $connection = $listener->accept)
	{
		next if fork();
		alarm(300);    # whatever the conversation does, it ends
		$conversation->($connection);
		POSIX::_exit(0);
	}
	POSIX::_exit(0);
}
sub end { my $pid = shift; kill('KILL', $pid); waitpid($pid, 0); return; }

my %garbage = (
	'noise' => sub { my $c = shift; while ($c->syswrite(join('', map { chr(rand(256)) } 1 .. 1000))) { } },
	'endless text' => sub { my $c = shift; $c->syswrite("\$500000000\r\n"); while ($c->syswrite('x' x 65536)) { } },
	'a huge list' => sub { my $c = shift; $c->syswrite("*2000000000\r\n"); sleep(20) },
	'deep lists' => sub { my $c = shift; $c->syswrite("*1\r\n" x 10000); sleep(20) },
	'another type' => sub { my $c = shift; my $b; $c->syswrite(":1\r\n" x 10) while $c->sysread($b, 65536) },
	'nothing at all' => sub { my $c = shift; sleep(20) },
	'the end' => sub { my $c = shift; my $b; $c->sysread($b, 1); close($c) },
	'unreadable errors' => sub { my $c = shift; my $b; $c->syswrite("-\xff\xfe\x01 bad\r\n") while $c->sysread($b, 65536) });
foreach my $kind (sort keys %garbage)
{
	my $path = "$dir/" . ($kind =~ tr/ /-/r) . '.sock';    # another place is tried at once
	my $failures = status('cache_failures');
	my $server = serve($path, $garbage{$kind});

	point_to("unix://$path");
	sql(q(SELECT personalization.learn('acme', 'user 2', 'export', '{"format": "csv"}')));
	eventually("$kind: it is said", sub { status("cache_state = 'failing' AND cache_failures > $failures") eq 't' });
	note(status('cache_last_error'));
	end($server);
	unlink($path);
}

my $slow = serve("$dir/slow.sock", sub {
	my $client = shift;
	my $server = IO::Socket::UNIX->new($redis->{socket}) or return;
	my $select = IO::Select->new($client, $server);

	while (1)
	{
		foreach my $from ($select->can_read)
		{
			my $n = $from->sysread(my $bytes, 65536);

			return unless $n;
			sleep(0.1) if $from == $server;
			($from == $server ? $client : $server)->syswrite($bytes);
		}
	}
});
point_to("unix://$dir/slow.sock");
begin_load(6);
eventually('slow: it is pushed to', sub { status(q(cache_state = 'connected')) eq 't' });
end_load('slow');
converges('slow');
point_to($redis->url);
end($slow);

####################################################################
# What waits is bounded by the number of users, however long Redis is away.

$redis->stop;
sql(q{INSERT INTO personalization.cache_changes SELECT 'acme', 'user ' || n % 100, 1 + n % 2 * 2, n FROM generate_series(1, 60000) n});
eventually('what waits is coalesced', sub { status('cache_backlog') <= 300 });
$redis->start;
sql(q(SELECT personalization.learn('acme', 'user 3', 'export', '{"format": "csv"}')));
converges('long away');

my @lines = grep { /LOG:  personalization: / } split /\n/, slurp_file($node->logfile);
note(join("\n", @lines));
cmp_ok(scalar(grep { /could not push to the cache/ } @lines), '<', 60, 'the log has a line a loss, not one a try');
unlike(slurp_file($node->logfile), qr/PANIC|was terminated by signal/, 'nothing crashed');
$node->stop;
$redis->stop;
done_testing();
