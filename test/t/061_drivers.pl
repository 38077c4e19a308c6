# The programs of docs/drivers.md, as they are on the page: each runs directly and through PgBouncer
# with transaction pooling, and prints what the page says.  What is not installed is skipped.

use strict;
use warnings;

use IPC::Run;
use Manual;
use Personalization;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $page = 'docs/drivers.md';
my @blocks = blocks($page);
# What runs a program in a language: the first of these that has the driver.  Debian's driver is with
# Debian's Python.  NODE_PATH and CLASSPATH say where other drivers are.
my %run_by = (python => [ $ENV{PYTHON} // 'python3', '/usr/bin/python3' ], js => ['node'], java => ['java']);
my %suffix = (python => '.py', js => '.js', java => '.java');

$ENV{CLASSPATH} //= '/usr/share/java/postgresql.jar';
$ENV{PGUSER} = 'postgres';
my $node = node('drivers', "listen_addresses = '127.0.0.1'\n", init => [ extra => [ '-U', 'postgres' ] ]);
sql(map { $_->{text} } grep { $_->{language} eq 'sql' } @blocks);

# has_driver(program, language, text): whether the program has the driver that the text uses.
sub has_driver
{
	my ($program, $language, $text) = @_;
	my $said;

	return grep { /\.jar$/ && -f } split(/:/, $ENV{CLASSPATH}) if $language eq 'java' && eval { IPC::Run::run([ $program, '-version' ], '>&', \$said) };
	return eval { IPC::Run::run([ $program, '-c', "import $1" ], '>&', \$said) } if $text =~ /^import (psycopg\d?)$/m;
	return eval { IPC::Run::run([ $program, '-e', "require('$1'); require('pg')" ], '>&', \$said) } if $text =~ /require\('(\w+)'\)/;
	return 0;
}

# printed_by(language, text, port): what a program prints, or undef where its driver is not here.
sub printed_by
{
	my ($language, $text, $port) = @_;
	my $file = "$PostgreSQL::Test::Utils::tmp_check/Program$suffix{$language}";
	my ($program) = grep { has_driver($_, $language, $text) } @{ $run_by{$language} };
	my $printed = '';

	return undef unless $program;
	unlink $file;
	append_to_file($file, $text);
	local $ENV{DATABASE_URL} = "postgresql://web\@127.0.0.1:$port/postgres";
	local $ENV{JDBC_URL} = "jdbc:postgresql://127.0.0.1:$port/postgres?user=web&prepareThreshold=0";
	# As the page's role, whoever runs the test.
	local $ENV{PGUSER};
	delete $ENV{PGUSER};
	IPC::Run::run([ $program, $file ], '>&', \$printed, IPC::Run::timeout(120));
	sql("SELECT personalization.forget_user('acme', user_id) FROM personalization.profiles WHERE tenant_id = 'acme'");
	return $printed;
}

# PgBouncer beside the server, with the page's mode.  Its process, or undef where it is not here.
my $bouncer_port = PostgreSQL::Test::Cluster::get_free_port();
my $ini = "$PostgreSQL::Test::Utils::tmp_check/pgbouncer.ini";
my $bouncer = '';

if (my ($program) = grep { -x $_ } map { "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin')
{
	append_to_file("$ini.users", qq("web" ""\n));
	append_to_file($ini, join("\n", '[databases]', 'postgres = host=' . $node->host . ' port=' . $node->port . ' pool_size=1',
		'[pgbouncer]', 'listen_addr = 127.0.0.1', 'unix_socket_dir = ' . $node->host, "listen_port = $bouncer_port", 'auth_type = trust',
		"auth_file = $ini.users", 'pool_mode = transaction',
		'ignore_startup_parameters = extra_float_digits', "logfile = $ini.log", ''));
	$bouncer = IPC::Run::start([ $program, $ini ], '>&', \my $said);
	my $socket = $node->host . "/.s.PGSQL.$bouncer_port";
	ok(defined wait_until(60, sub { -S $socket }), 'PgBouncer is up');
}

foreach my $i (0 .. $#blocks - 1)
{
	my $block = $blocks[$i];
	next unless $run_by{ $block->{language} };
	@$block{qw(expected expected_line)} = @{ $blocks[ $i + 1 ] }{qw(text line)};

	foreach my $way ([ 'directly', $node->port ], [ 'through PgBouncer', $bouncer_port ])
	{
		my ($how, $port) = @$way;

	  SKIP:
		{
			skip("$page:$block->{line} $how: PgBouncer is not installed", 1) if $port == $bouncer_port && !$bouncer;
			$block->{printed} = printed_by(@$block{qw(language text)}, $port);
			skip("$page:$block->{line}: its driver is not installed", 1) unless defined $block->{printed};
			is(join("\n", deviations($page, $block)), '', "$page:$block->{line} $how");
		}
	}
}

if ($bouncer)
{
	$bouncer->signal('TERM');
	$bouncer->finish;
}
done_testing();
