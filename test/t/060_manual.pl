# The examples of the manual: every block of SQL runs, page by page, each page in one session of a
# fresh database on a preloaded server, and prints what the page says.
#
# Where it does not, the page with what was printed is left beside the logs, in tmp_check/manual.
# MANUAL_PAGES="docs/signals.md README.md" runs only these.

use strict;
use warnings;

use Cwd qw(getcwd);
use Manual;
use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;

# Pages whose blocks of shell run too; elsewhere they are about installing, and servers of others.
my %with_shell = map { $_ => 1 } qw(docs/loading.md);

# Pages whose examples are, as they say, of a database that the worker does not serve.
my %without_worker = map { $_ => 1 }
  qw(docs/arithmetic.md docs/catalogue.md docs/functions.md docs/loading.md docs/patterns.md docs/suggestions.md);

# Blocks that are not compared, by page and what they contain, with the reason; those marked "run" are
# run all the same, and what comes after sees what they did.
my @exempt = (
	[ 'docs/isolation.md', qr/AS planted/, 'run', 'a preloaded server refuses the SET; the page shows one that is not preloaded' ],
	[ 'docs/functions.md', qr/jsonb_pretty\(personalization\.version/, 'run', 'the version of the server, and what was built in; version.sql tests the rest' ],
	[ 'docs/operations.md', qr/pg_size_pretty/, 'run', 'sizes depend on the version of PostgreSQL and on when rows were vacuumed' ],
	[ 'docs/scale-out.md', qr/./, 'skip', 'needs a second server: 050_move.pl and 051_logical_copy.pl do these steps' ],
	[ 'docs/worker.md', qr/ALTER DATABASE staging/, 'skip', 'needs a database of that name' ],
	[ 'docs/worker.md', qr/worker_status;/, 'run', 'counts and states of the moment; 020_worker.pl tests them' ],
	[ 'docs/worker.md', qr/FROM pg_stat_activity/, 'run', 'the state of the moment' ],
	[ 'docs/worker.md', qr/cron\./, 'skip', 'needs pg_cron' ],
	[ 'docs/kafka.md', qr/./, 'skip', 'needs a broker: 050_kafka.pl' ],
	[ 'docs/settings.md', qr/ALTER DATABASE postgres/, 'skip', 'would act on the other pages' ],
);

my $node = node('manual', "shared_preload_libraries = 'personalization'\nclient_min_messages = notice\nlog_min_messages = fatal\n",
	init => [ extra => [ '--locale=C.UTF-8', '--encoding=UTF8', '-U', 'postgres' ] ]);
$ENV{PGUSER} = 'postgres';

my $directory = "$PostgreSQL::Test::Utils::tmp_check/manual";
mkdir $directory;
symlink getcwd() . '/examples', "$directory/examples";

# A busy machine takes longer for what the worker does than the pages wait.
my $until_done = q{DO $$ BEGIN FOR i IN 1 .. 1200 LOOP EXIT WHEN personalization.worker_pid() IS NOT NULL AND NOT EXISTS (SELECT FROM personalization.inbox); COMMIT; PERFORM pg_sleep(0.1); END LOOP; END $$;};

sub exemption
{
	my ($page, $block) = @_;

	foreach my $exempt (@exempt)
	{
		my ($of, $contained, $what, $why) = @$exempt;
		next unless $of eq $page && $block->{text} =~ $contained;
		note("$page:$block->{line} is not compared: $why");
		return $what;
	}
	return '';
}

# The blocks of a page that run, each with the text that it is to print.
sub examples
{
	my $page = shift;
	my (@examples, $last);

	foreach my $block (blocks($page))
	{
		my $shell = $block->{language} eq 'sh' && $with_shell{$page};

		if ($block->{language} eq 'text' && $last)
		{
			if ($last->{text} =~ /^cat ([\w.]+)$/)
			{
				append_to_file("$directory/$1", $block->{text});
			}
			@$last{qw(expected expected_line)} = @$block{qw(text line)} unless $last->{exempt};
			undef $last;
		}
		elsif ($block->{language} eq 'sql' || $shell)
		{
			undef $last;
			$block->{exempt} = exemption($page, $block);
			$block->{text} =~ s/^(?=SELECT pg_sleep\()/$until_done\n/mg;
			next if $block->{exempt} eq 'skip';
			$last = $block;
			push @examples, $block;
		}
		else { undef $last; }
	}
	return @examples;
}

# Roles are of the whole server; those of a page go with it.
sub drop_roles
{
	sql("SELECT format('DROP OWNED BY %I', rolname), format('DROP ROLE %I', rolname) FROM pg_roles WHERE oid >= 16384 \\gexec");
	return;
}

foreach my $page ($ENV{MANUAL_PAGES} ? split(/ /, $ENV{MANUAL_PAGES}) : ('README.md', sort glob('docs/*.md')))
{
	my @examples = examples($page);
	my $database = $page =~ s/\W/_/gr;

	next unless @examples;
	$database = lc $database;
	sql("CREATE DATABASE $database");
	sql("ALTER DATABASE $database SET personalization.worker = off") if $without_worker{$page};
	sql($database, 'CREATE EXTENSION personalization') unless grep { $_->{text} =~ /^CREATE EXTENSION personalization;/m } @examples;
	{
		local $ENV{PGDATABASE} = $database;
		local $ENV{PGHOST} = $node->host;
		local $ENV{PGPORT} = $node->port;
		run_blocks($node->connstr($database), $directory, @examples);
	}
	my @found = deviations($page, @examples);
	is(scalar @found, 0, "$page: " . scalar(@examples) . ' blocks') or diag(join("\n", @found));
	append_to_file("$directory/" . $page =~ s/.*\///r, with_printed($page, @examples)) if @found;
	sql("DROP DATABASE $database WITH (FORCE)");
	drop_roles();
}

# The card has a line for every function.
my ($card) = slurp_file('docs/reference.md');
sql('CREATE EXTENSION personalization');
is( join(' ', grep { $card !~ /\b\Q$_\E\(/ } split /\n/,
		sql(q{SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'personalization'::regnamespace
			AND obj_description(oid, 'pg_proc') IS NOT NULL AND prorettype <> 'trigger'::regtype ORDER BY 1})),
	'', 'every function is on the reference card');

done_testing();
