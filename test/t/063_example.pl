# The example application examples/assistant-app, through PgBouncer with transaction pooling, as people use it in
# Chromium: 063_example.js.  Needs Node with the packages pg and playwright-core, which NODE_PATH says where to find.

use strict;
use warnings;

use Browser;
use IPC::Run;
use Personalization;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $app = 'examples/assistant-app';
my $dir = $PostgreSQL::Test::Utils::tmp_check;
my $chromium = Browser::program() // plan skip_all => 'Chromium is not installed';
my ($pgbouncer) = grep { -x $_ } map { "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin';

plan skip_all => 'PgBouncer is not installed' unless $pgbouncer;
foreach my $package ('pg', 'playwright-core')
{
	my $said;

	plan skip_all => "Node with its package $package is not installed"
	  unless eval { IPC::Run::run([ 'node', '-e', "require(require.resolve('$package', { paths: ['./$app'] }))" ], '>&', \$said) };
}
# playwright-core may be beside pg in the application's folder.
$ENV{NODE_PATH} = join(':', grep { defined } $ENV{NODE_PATH}, "$ENV{PWD}/$app/node_modules");

my $node = node('example', "listen_addresses = '127.0.0.1'\n", init => [ extra => [ '-U', 'postgres', '--locale=C.UTF-8', '--encoding=UTF8' ] ]);
$ENV{PGUSER} = 'postgres';
$node->psql('postgres', "\\i $app/setup.sql", on_error_die => 1);

# One connection for all of them, so that whatever stays on it is seen by the next.
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $ini = "$dir/pgbouncer.ini";
append_to_file("$ini.users", qq("assistant_web" ""\n));
append_to_file($ini, join("\n", '[databases]', 'postgres = host=' . $node->host . ' port=' . $node->port . ' pool_size=1',
	'[pgbouncer]', 'listen_addr = 127.0.0.1', 'unix_socket_dir = ' . $node->host, "listen_port = $port", 'auth_type = trust',
	"auth_file = $ini.users", 'pool_mode = transaction', "logfile = $ini.log", ''));
my $bouncer = IPC::Run::start([ $pgbouncer, $ini ], '>&', \my $bouncer_said);
my $socket = $node->host . "/.s.PGSQL.$port";
ok(defined wait_until(60, sub { -S $socket }), 'PgBouncer is up') or diag($bouncer_said);

# The application says where it listens.
my ($server, $url, $log) = (undef, '', '');
{
	local $ENV{DATABASE_URL} = "postgresql://assistant_web\@127.0.0.1:$port/postgres";
	local $ENV{PORT} = 0;
	local $ENV{PGUSER};
	delete $ENV{PGUSER};
	$server = IPC::Run::start([ 'node', "$app/server.js" ], '>', \$url, '2>', \$log);
}
ok(defined wait_until(60, sub { $server->pump_nb; $url =~ /\n/ }), 'the application is up') or diag($log);
chomp $url;

# What the browser's side found, each a test here.
sub people
{
	my ($said, $err) = ('', '');

	IPC::Run::run([ 'node', 'test/t/063_example.js', $chromium, $url, @_ ], '>', \$said, '2>', \$err, IPC::Run::timeout(300));
	my $status = $? >> 8;
  SKIP:
	{
		skip("Chromium does not start here: $err", 1) if $status == 77;
		foreach (split /\n/, $said) { ok(!/^not /, s/^(?:not )?ok //r); }
		is("$status $err", '0 ', 'the script in the browser ended well');
	}
	return $status == 0;
}

if (people())
{
	$server->pump_nb;
	is(sql("SELECT count(*) FROM personalization.interactions WHERE user_id = 'bo' AND occurred_at > current_date"), 0, 'nothing is recorded of who refused');
	is(sql("SELECT bool_or(accepted_at IS NOT NULL) AND bool_or(outcome = 'd') FROM personalization.suggestions WHERE user_id = 'ana'"), 't', 'outcomes are stored');
	is(sql("SELECT string_agg(DISTINCT tenant_id, ' ') FROM personalization.interactions WHERE user_id = 'eve'"), 'globex', 'each in their tenant');
	is(sql("SELECT count(*) > 0 FROM personalization.conversation_messages WHERE content LIKE '<img%'"), 't', 'markup is stored as it was typed');
	is($log, '', 'the application logged no error');
}
$bouncer->signal('TERM');
$bouncer->finish;
if (people('down'))
{
	ok(defined wait_until(60, sub { $server->pump_nb; $log =~ /ECONNREFUSED/ }), 'and its log why') or diag($log);
}

$server->signal('TERM');
$server->finish;
done_testing();
