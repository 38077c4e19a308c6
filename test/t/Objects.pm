# The objects of the extension in a database, completely, to compare those that came by different ways: what
# pg_dump writes for pg_upgrade, which has to make them again, and what only the catalogs have.

package Objects;

use strict;
use warnings;

use parent 'Exporter';

use IPC::Run;
use Test::More;

our @EXPORT = qw(objects differences);

# objects(node, database[, no_rows => 1]): definitions by object, such as "learn(text, …); Type: FUNCTION".  The rows
# of the tables belong to them, where nothing has been stored but by the scripts.
sub objects
{
	my ($node, $database, %options) = @_;
	my ($dump, $error);
	my %objects;

	IPC::Run::run([ 'pg_dump', '--schema-only', '--binary-upgrade', '-d', $node->connstr($database) ], '>', \$dump, '2>', \$error)
	  or die "pg_dump: $error";

	# What numbers a database gave to its objects is no difference, nor is the state of its pages.
	$dump =~ s/^SELECT pg_catalog\.binary_upgrade_set_next_.*\n//mg;
	$dump =~ s/^UPDATE pg_catalog\.pg_(?:class|database)\nSET \w+frozenxid = .*?;\n//smg;
	$dump =~ s/^(?:SET \w+ = .*;|-- For binary upgrade,.*|\\(?:un)?restrict .*)\n//mg;
	$dump =~ s/\n\n+/\n/g;
	$dump =~ s/binary_upgrade_create_empty_extension\(.*?\);/binary_upgrade_create_empty_extension(…);/sg;
	foreach my $block ((split /^--\n-- (?=Name: )/m, $dump)[ 1 .. 100_000 ])
	{
		last if !defined $block;
		my ($object, $definition) = $block =~ /\AName: (.*); Schema: [^\n]*\n--\n(.*)\z/s or die "no object: $block";

		$definition =~ s/\n+(?:--\n-- PostgreSQL database dump complete.*)?\z/\n/s;
		$objects{$object} .= $definition;
	}

	# The tables whose rows are dumped, and the rows that the scripts make, without times and random ids.
	my $catalogs = $node->safe_psql($database, q{
		SELECT pg_catalog.format('%s; Type: DUMPED ROWS|%s', table_id::regclass, extcondition[i])
		FROM pg_catalog.pg_extension, unnest(extconfig) WITH ORDINALITY AS c (table_id, i) WHERE extname = 'personalization';
		SELECT pg_catalog.format('%s; Type: EXTENSION|%s', extname, pg_catalog.to_jsonb(e) - '{oid,extconfig,extcondition}'::text[])
		FROM pg_catalog.pg_extension AS e WHERE extname = 'personalization';});
	my $rows = $options{no_rows} ? '' : $node->safe_psql($database, q{
		SELECT pg_catalog.format($$SELECT '%s; Type: ROWS|' || string_agg(r, ' ' ORDER BY r) FROM (SELECT (to_jsonb(t) - %L::text[])::text AS r FROM ONLY %s AS t) AS r$$,
			c.oid::regclass, ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND atttypid IN ('timestamptz'::regtype, 'uuid'::regtype)), c.oid::regclass)
		FROM pg_class AS c WHERE relnamespace = 'personalization'::regnamespace AND relkind = 'r' \gexec
	});
	foreach (split /\n/, "$catalogs\n$rows") { $objects{$1} = $2 if /^(.*?)\|(.*)$/; }
	return \%objects;
}

# differences(objects, objects): the objects that are not the same in both, in words.
sub differences
{
	my ($one, $other) = @_;

	return map {
		!exists $other->{$_} ? "$_ is only in the first\n$one->{$_}" : !exists $one->{$_} ? "$_ is only in the second\n$other->{$_}"
		  : "$_ is in the first\n$one->{$_}and in the second\n$other->{$_}"
	} grep { ($one->{$_} // "\0") ne ($other->{$_} // "\0") } sort keys %{ { %$one, %$other } };
}

1;
