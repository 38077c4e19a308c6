# TLS to Redis: data is sent only to the right server, every problem is reported, and nobody waits
# for it.

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
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $node = start_node('tls', qq{
personalization.redis_url = 'rediss://:pass\@localhost:$port'
personalization.redis_timeout = '5s'
});

sub set
{
	my %values = @_;

	sql((map { "ALTER SYSTEM SET personalization.$_ = '$values{$_}'" } sort keys %values), 'SELECT pg_reload_conf()');
	return;
}

# Changes settings; the attempt that follows fails for this reason.
sub refuses
{
	my ($what, $reason, %values) = @_;
	my $failures = status('cache_failures');

	set(%values);
	return eventually("$what: it is refused, and said why",
		sub { status("cache_state = 'failing' AND cache_failures > $failures") eq 't' && status('cache_last_error') =~ $reason });
}

sql('CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme')));

####################################################################
# Nobody listens yet: what is said tells which build this is.

eventually('without a server: it is said', sub { status("cache_state = 'failing' AND cache_last_error IS NOT NULL") eq 't' });
if (status('cache_last_error') =~ /requires TLS/)
{
	is(status('cache_last_error'), q(rediss:// requires TLS, which is not supported by this build's hiredis), 'a build without TLS says so');
	is(sql(q(SELECT personalization.learn('acme', 'ana', 'export', '{"format": "csv"}') IS NOT NULL)), 't', 'no learn fails for it');
	note('the rest is skipped: this build has no TLS to Redis');
	$node->stop;
	done_testing();
	exit;
}
like(status('cache_last_error'), qr/refused/i, 'without a server there is no connection');

####################################################################
# Two authorities, and servers' certificates of one.

my @new_key = qw(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes);
sub openssl
{
	system_or_bail('openssl', @_);
	return;
}
sub sign
{
	my ($name, $extension) = @_;

	append_to_file("$dir/$name.ext", "$extension\n");
	openssl('req', '-new', @new_key, '-keyout', "$dir/$name.key", '-out', "$dir/$name.csr", '-subj', "/CN=$name");
	openssl('x509', '-req', '-in', "$dir/$name.csr", '-CA', "$dir/ca.crt", '-CAkey', "$dir/ca.key", '-CAcreateserial', '-days', '2',
		'-extfile', "$dir/$name.ext", '-out', "$dir/$name.crt");
	return;
}
openssl('req', '-x509', @new_key, '-keyout', "$dir/$_.key", '-out', "$dir/$_.crt", '-subj', "/CN=$_", '-days', '2') foreach qw(ca other);
sign('server', 'subjectAltName = DNS:localhost');
sign('elsewhere', 'subjectAltName = DNS:elsewhere.example');
sign('address', 'subjectAltName = IP:127.0.0.1');
sign('client', 'extendedKeyUsage = clientAuth');

my $redis = Redis->new("$dir/r", 'tls-port' => $port, 'bind' => '127.0.0.1', 'tls-cert-file' => "$dir/server.crt",
	'tls-key-file' => "$dir/server.key", 'tls-ca-cert-file' => "$dir/ca.crt", 'tls-auth-clients' => 'no', 'requirepass' => 'pass')->start;
$redis->ask('AUTH', 'pass');
set(redis_ca_file => "$dir/ca.crt");
sub present { my $name = shift; $redis->ask('CONFIG', 'SET', 'tls-cert-file', "$dir/$name.crt", 'tls-key-file', "$dir/$name.key"); return; }

# A change of now arrives, and is as the database says.
my $changes = 0;
sub converges
{
	my $what = shift;
	my $key = 'personalization:profile:acme:ana';

	$changes++;
	sql(qq(SELECT personalization.learn('acme', 'ana', 'export', '{"format": "change $changes"}')));
	eventually("$what: a change arrives", sub { ($redis->ask('GET', $key) // '') =~ /"change $changes"/ });
	eventually("$what: nothing waits", sub { status("cache_state = 'connected' AND cache_backlog = 0") eq 't' });
	my $value = quote($redis->ask('GET', $key));
	is(sql("SELECT ${value}::jsonb - '{version,cached_at}'::text[] = personalization.get_profile('acme', 'ana')"),
		't', "$what: it is what get_profile returns");
	return;
}

converges('the right authority');
like($redis->ask('INFO', 'clients'), qr/connected_clients:2\r/, 'the worker holds one connection');

# Documents of many TLS records, and answers of several.
sql(q(SELECT count(personalization.learn('acme', 'big', 'query', jsonb_build_object('query', 'q', 'text', repeat(md5(n::text), 20000)))) FROM generate_series(1, 4) n),
	q(SELECT personalization.create_tenant('many')),
	q(SELECT count(personalization.learn('many', 'user ' || n || repeat('-', 200), 'export', '{"format": "csv"}')) FROM generate_series(1, 1000) n));
eventually('many and large: all arrive', sub { status('cache_backlog = 0') eq 't' });
cmp_ok(length($redis->ask('GET', 'personalization:profile:acme:big')), '>', 2_000_000, 'a large document is there');
is(scalar(keys %{ $redis->all('personalization:profile:many:') }), 1000, 'and the many');
sql(q(SELECT personalization.drop_tenant('many')));
eventually('they go with their tenant', sub { !%{ $redis->all('personalization:profile:many:') } });

####################################################################
# The wrong server.

refuses('another authority', qr/^could not verify the server's certificate: .*(issuer|self.signed)/, redis_ca_file => "$dir/other.crt");
set(redis_ca_file => "$dir/ca.crt");
converges('the right authority again');
refuses("the system's authorities", qr/^could not verify the server's certificate: /, redis_ca_file => '');
refuses('an address that the certificate does not have', qr/^could not verify the server's certificate: IP address mismatch/i,
	redis_ca_file => "$dir/ca.crt", redis_url => "rediss://:pass\@127.0.0.1:$port");
present('address');
converges('an address that it has');
present('elsewhere');
refuses('a name that the certificate does not have', qr/^could not verify the server's certificate: hostname mismatch/i,
	redis_url => "rediss://:pass\@localhost:$port");
present('server');
converges('its name');
refuses('no such file', qr/^personalization\.redis_ca_file: No such file/, redis_ca_file => "$dir/missing.crt");
refuses('a file without certificates', qr/^personalization\.redis_ca_file: no certificate/, redis_ca_file => "$dir/ca.key");
set(redis_ca_file => "$dir/ca.crt");
converges('a file with them');
$redis->ask('CONFIG', 'SET', 'port', my $plain = PostgreSQL::Test::Cluster::get_free_port());
refuses('a server without TLS', qr/^(TLS: |TLS handshake timed out$)/, redis_url => "rediss://:pass\@localhost:$plain");
unlike(status('cache_last_error'), qr/pass\b/, 'nothing tells the password');

####################################################################
# Who we are.

$redis->ask('CONFIG', 'SET', 'tls-auth-clients', 'yes');
refuses('no certificate', qr/^TLS: .*certificate required/, redis_url => "rediss://:pass\@localhost:$port");
refuses('a certificate without its key', qr/must be set together$/, redis_cert_file => "$dir/client.crt");
refuses('the key of another', qr/^personalization\.redis_key_file: .*mismatch/, redis_key_file => "$dir/ca.key");
set(redis_key_file => "$dir/client.key");
converges('our certificate');

####################################################################
# A server that hangs while the handshake is under way, longer than anybody would wait.

$redis->signal('STOP');
refuses('hung', qr/^TLS handshake timed out$/, redis_timeout => '500ms', redis_ca_file => "$dir/./ca.crt");
# From here on who waits for it waits a minute: three times what the checks allow a busy machine.
set(redis_timeout => '60s', redis_ca_file => "$dir/ca.crt");
sql('CREATE DATABASE brief');
$node->safe_psql('brief', q(CREATE EXTENSION personalization; SELECT personalization.create_tenant('acme');
	SELECT personalization.learn('acme', 'ana', 'export', '{}')));
$node->poll_query_until('brief', 'SELECT pid IS NOT NULL FROM personalization.worker_status') or fail('no worker');
sleep(3);
my $start = time;
is(sql(q(SELECT personalization.learn('acme', 'ana', 'export', '{"format": "meanwhile"}') IS NOT NULL)), 't', 'hung: a learn does not wait');
cmp_ok(time - $start, '<', 20, sprintf('hung: it takes %.1f s', time - $start));
$start = time;
my ($ret, $out, $err) = $node->psql('postgres', 'DROP DATABASE brief');
is("$ret$err", '0', 'hung: DROP DATABASE');
cmp_ok(time - $start, '<', 20, sprintf('hung: DROP DATABASE takes %.1f s', time - $start));
$start = time;
$node->stop('fast');
cmp_ok(time - $start, '<', 20, sprintf('hung: a fast shutdown takes %.1f s', time - $start));
$node->start;
$redis->signal('CONT');
converges('awake');

# The server goes away and comes back.
$redis->stop('KILL');
$redis->start;
$redis->ask('AUTH', 'pass');
converges('restarted');    # with the options of the beginning: our certificate is not asked for

unlike(slurp_file($node->logfile), qr/PANIC|was terminated by signal/, 'nothing crashed');
$node->stop;
$redis->stop;
done_testing();
