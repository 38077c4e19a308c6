# Odd values, by type and by the name of the argument, as expressions of SQL.
#
# All chances come from rand(), so that a seed gives the same statements again.
package Values;

use strict;
use warnings;

use parent 'Exporter';

our @EXPORT_OK = qw(chance pick quote value users);

# chance(n): true once in n times.
sub chance { return rand() * shift() < 1; }

sub pick { return $_[ int(rand(@_)) ]; }

sub quote { my $text = shift; $text =~ s/'/''/g; return "'$text'"; }

# A text as an escape string, so that bytes of every kind can stand in it.
sub escape { return "E'" . join('', map { /[A-Za-z0-9 _.-]/ ? $_ : sprintf('\\x%02x', ord) } split(//, shift)) . "'"; }

my @users = ('ana', 'bo', 'cy', 'dan', 'user 1', "o'brien", 'zoë', 'a' x 512);

sub users { return @users; }

my @odd_texts = (
	"''", "' '", "'null'", "repeat('x', 512)", "repeat('x', 513)", "repeat('é', 300)", "repeat('x', 100000)", "repeat('ab ', 30000)",
	"E'\\x01\\x02'", "E'\\xff\\xfe'", "E'\\xc3\\x28'", "E'\\xed\\xa0\\x80'", "E'caf\\u0301e'", "E'a\\u200bb\\u00a0c'", "E'\\u202eabc'",
	"E'\\U0001F469\\u200D\\U0001F680'", "E'\\uffff\\ufdd0'", "E'line\\nline\\ttab\\r'", "'%s %n \$1 {} \\ \\\\'", "'{\"a\": 1}'", "'[1, 2'",
	"'''; DROP TABLE x; --'", "'NaN'", "'infinity'", "'00000000-0000-0000-0000-000000000000'", "chr(127)", "U&'\\0041\\+01F600'",
	"'İıſß'", "E'\\u0000'", "(SELECT string_agg(chr(n), '') FROM generate_series(1, 2000) n)", "'a.b.c.d'", "'*'", "'-1'", "'2026-02-30'",
);

# Texts that mean something, by the name of the argument.
my %texts = (
	on_error => [ "'raise'", "'divert'", "'divert'", "'ignore'" ],
	outcome => [ "'accepted'", "'dismissed'", "'ignored'", "'shown'" ],
	role => [ "'user'", "'assistant'", "'system'", "'tool'", "'User'" ],
	key => [ "'preferred_chart_type'", "'export_format'", "'frequent_table:orders'", "'aggregation:sum'", "'no such key'" ],
	start => [ "'earliest'", "'latest'" ],
	topic => [ "'events'", "'no/such topic'" ],
	table_name => [ "'orders'", "'shop.orders'", "'\"Orders\"'", "'a.b.c'" ],
	message => [ qq('{"type": "query", "user": "ana"}'), "'{'" ],
	context => [ "'rev'", "'revenue by region'", "'orders'" ],
	content => [ "'In short, please.'", "'Explain in detail how the join works'" ],
	query => [
		"'Revenue by region?'", "'revenue BY  region'", "'SELECT region, sum(total) FROM orders GROUP BY region'",
		"'select * from (select * from orders o join items i on o.id = i.id where x in (1,2,3)) t'",
		"'WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT * FROM t'", "repeat('(', 5000)", "'SELECT ' || repeat('a, ', 3000) || 'b FROM t'",
		"'SELECT ''' || repeat('x', 1000)", "'{{ ref(''orders'') }} /* unclosed'", "'SELECT \$1, ?, :x, {{y}}, \${z}'" ],
);

my @odd_times = (
	"'infinity'", "'-infinity'", "'4714-11-24 00:00:00+00 BC'", "'294276-12-31 23:59:59.999999+00'", "'epoch'", "'0044-03-15 00:00:00+00 BC'",
	"now() + '4 min'", "now() + '6 min'", "now() - '1 day'::interval", "now() - '89 days'::interval", "now() - '91 days'::interval", "now() - '400 days'::interval",
	"'2000-01-01 00:00:00+00'", "'2026-03-29 02:30:00 Europe/Berlin'", "'1999-12-31 23:59:59.999999+00'", "'99999-01-01 00:00:00+00'", "clock_timestamp()",
	"'2026-02-30'", "NULL",
);
my @odd_numbers = ("'NaN'", "'Infinity'", "'-Infinity'", '1e308', '-1e308', "'4.9e-324'", "'-0'", '0', '0.5', '1', '1.0000001', '-1', '0.07', 'NULL');
my @odd_ints = ('0', '1', '-1', '2', '5', '20', '100', '101', '1000000', '2147483647', '-2147483648', 'NULL');
my @odd_bigints = (@odd_ints, '9223372036854775807', '-9223372036854775808', '4611686018427387904', '1099511627776');
my @odd_dates = ("'2026-03-01'", "'infinity'", "'-infinity'", "'4713-01-01 BC'", "'5874897-12-31'", "'0001-01-01 BC'", 'current_date', "current_date - 7", "current_date + 400", "'2000-02-29'", 'NULL');
my @odd_intervals = ("'30 days'", "'0'", "'-1 day'", "'178000000 years'", "'-178000000 years'", "'1 mon -1 day'", "'1 microsecond'", 'NULL');
my @odd_names = ("'shop'", "'public'", "'pg_catalog'", "'personalization'", "'information_schema'", "'no such schema'", "''", "repeat('n', 100)", "'pg_toast'", 'NULL');
# Never one of the roles that the fuzzer itself uses.
my @odd_roles = ("'fuzz_extra'", "'postgres'", "'pg_monitor'", "'pg_database_owner'", "'0'", "'99999999'", "'-'", 'NULL');

my %odd_elements = (
	text => sub { return text('') },
	date => sub { return pick(@odd_dates) },
	uuid => sub { return uuid('') },
	int4 => sub { return pick(@odd_ints) },
	float8 => sub { return pick(@odd_numbers) },
	timestamptz => sub { return pick(@odd_times) },
);

sub text
{
	my $name = shift;

	return 'NULL' if chance(12);
	return chance(3) ? pick(@odd_texts) : pick(@{ $texts{$name} }) if $texts{$name};
	return pick(@odd_texts) if chance(2);
	return escape(join('', map { chr(1 + int(rand(255))) } 1 .. rand(40))) if chance(8);
	return quote(pick('orders', 'bar', 'csv', 'revenue', 'ana', 'a longer text of several words'));
}

sub uuid
{
	my $name = shift;
	my $n = int(rand(30));

	return 'NULL' if chance(8);
	return pick("'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", 'gen_random_uuid()', 'personalization.new_interaction_id()', "'no uuid'") if chance(3);
	return "(SELECT suggestion_id FROM personalization.suggestions ORDER BY suggestion_id OFFSET $n LIMIT 1)" if $name =~ /suggestion/;
	return "(SELECT conversation_id FROM personalization.conversations ORDER BY last_activity DESC OFFSET " . $n % 5 . ' LIMIT 1)' if $name =~ /conversation/;
	return sprintf("'00000000-0000-4000-8000-%012d'", $n) if chance(2);
	return "(SELECT interaction_id FROM personalization.interactions ORDER BY interaction_id OFFSET $n LIMIT 1)";
}

sub array
{
	my $type = shift;
	my $element = $odd_elements{$type} // sub { return 'NULL' };
	my $list = sub { return join(', ', map { $element->() } 1 .. shift) };

	return pick('NULL', "'{}'", "'{NULL}'", "'[5:6]={NULL,NULL}'", "'[-3:-3][1:1]={{NULL}}'", "'{{{NULL}}}'") . "::${type}[]" if chance(4);
	return "array_fill(" . $element->() . "::$type, ARRAY[" . pick('20000', '3, 2', '0', '1, 1, 1, 1, 1, 1') . '])' if chance(5);
	return "ARRAY[ARRAY[" . $list->(2) . "], ARRAY[" . $list->(2) . "]]::${type}[]" if chance(5);
	return 'ARRAY[' . $list->(1 + int(rand(20))) . "]::${type}[]";
}

# value(type, name of the argument, state): an expression of the type.  state has the session's tenant, the
# tenants that it may name otherwise, enums (the labels of each type), and json, a function of a name for a text of JSON.
sub value
{
	my ($type, $name, $state) = @_;
	my $labels = $state->{enums}{$type};

	if ($name eq 'tenant_id' || $name eq 'tenant')
	{
		return chance(10) ? chance(2) ? pick(@{ $state->{others} }) : text('') : quote($state->{tenant});
	}
	return chance(6) ? text('') : quote(pick(@users)) if $name eq 'user_id';
	return text($name) if $type eq 'text';
	return (chance(15) ? 'NULL' : quote($state->{json}->($name))) . '::jsonb' if $type eq 'jsonb';
	return '(' . pick(@odd_times) . ')::timestamptz' if $type eq 'timestamp with time zone';
	return pick(@odd_numbers) . '::float8' if $type eq 'double precision';
	return pick(@odd_ints) . '::int' if $type eq 'integer';
	return pick(@odd_bigints) . '::bigint' if $type eq 'bigint';
	return pick('true', 'false', 'NULL') . '::boolean' if $type eq 'boolean';
	return uuid($name) . '::uuid' if $type eq 'uuid';
	return '(' . pick(@odd_dates) . ')::date' if $type eq 'date';
	return pick(@odd_intervals) . '::interval' if $type eq 'interval';
	return pick(@odd_names) . '::name' if $type eq 'name';
	return pick(@odd_roles) . '::regrole' if $type eq 'regrole';
	return array($1 eq 'integer' ? 'int4' : $1 eq 'double precision' ? 'float8' : $1 eq 'timestamp with time zone' ? 'timestamptz' : $1) if $type =~ /^(.*)\[\]$/;
	return (chance(10) ? pick("'no such value'", 'NULL') : quote(pick(@$labels))) . "::$type" if $labels;
	# A type of which nothing is known: an argument that was added since.
	return pick('NULL', "''", "'0'", "'{}'") . "::$type";
}

1;
