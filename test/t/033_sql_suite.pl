# The project's own suite of SQL, by dialect, is read right: test/lib/sql-suite on test/data/sql.

use strict;
use warnings;

use Personalization;
use Test::More;

my $node = node('sql_suite');
my $all = 'test/data/sql';
my $few = "$ENV{TMPDIR}/few.jsonl" if $ENV{TMPDIR};
$few //= '/tmp/few.jsonl';

# suite(share, file…): its output; $? is its status.
sub suite
{
	my ($expect, @files) = @_;

	local @ENV{qw(SQL_SUITE_SERVER EXPECT SHOW PGHOST PGPORT PGDATABASE)} =
	  ('yes', $expect, 20, $node->host, $node->port, 'postgres');
	return qx(test/lib/sql-suite @files 2>&1);
}

my $output = suite(100);
is($?, 0, 'all of it is read right') or diag $output;
like($output, qr/^ all +\| +\d{3}/m, 'and counted');

sql('DROP EXTENSION personalization');
open(my $file, '>', $few) or die "$few: $!";
print $file qq({"sql": "SELECT a FROM b WHERE c = 1", "tables": ["b"], "filters": ["d ="], "suite": "x"}\n);
print $file qq({"sql": "SELECT 1", "sql2": "SELECT 2", "same": true}\n);
close $file;
$output = suite(60, $few);
isnt($?, 0, 'where less is read right than expected, it fails');
like($output, qr/filters \{"c ="\} not \{"d ="\}/, 'and says what was read');
like($output, qr/^ x +\| +1 \| +0\.0/m, 'by suite');
unlink $few;

done_testing();
