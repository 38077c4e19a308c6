# Valid documents, and what is wrong with them: by the name of an argument of type jsonb.
#
# A document is changed in its structure, so that most of it stays valid: a value is replaced, a member is
# left out, doubled or given another name, an array gets longer.  What JSON::PP cannot hold (1e400, a name
# that is there twice) is put into the text afterwards.
package Documents;

use strict;
use warnings;

use JSON::PP;
use Storable qw(dclone);
use Values qw(chance pick users);

my $json = JSON::PP->new->allow_nonref->canonical->utf8(0);

# Values that are hard on what reads JSON, as texts.
my @raw = (
	'null', 'true', '0', '-0', '-1', '1.5', '1e400', '-1e400', '1e131071', '1e-16383', '12345678901234567890', '9223372036854775808', '2147483648', '-2147483649', '0.1e-400', '1e15',
	'""', '" "', '"\\ud83d\\ude00"', '"\\u0001\\u001f"', '"\\u0000"', '"\\ud800"', '"NaN"', '"Infinity"', '"-infinity"', '"2026-02-30"', '"0044-03-15 BC"', '"infinity"',
	'"294276-12-31T23:59:59Z"', '"now"', '"00000000-0000-0000-0000-000000000000"', '"no uuid"', '"' . 'x' x 2000 . '"', '"' . 'x' x 70000 . '"', '"a.b"', '"{}"',
	'[]', '{}', '[[]]', '[null]', '[{}]', '{"": 1}', '{"a": 1, "a": 2, "a": {"a": 3}}', '[1, [2, [3, {"a": [4]}]]]', '["a", "a", "A"]',
	'[' x 50 . ']' x 50, '[' x 101 . ']' x 101, '[' x 6000 . ']' x 6000, '{"a":' x 99 . '1' . '}' x 99, '{"a":' x 5000 . '1' . '}' x 5000,
	'[' . join(',', (1) x 3000) . ']', '[' . join(',', map { qq("t$_") } 1 .. 3000) . ']', '{' . join(',', map { qq("k$_": $_) } 1 .. 1000) . '}',
	'[' . join(',', ('1e131000') x 20) . ']',
);

my @names = ('tenant_id', 'user_id', 'data', 'query', 'sql', 'confidence', 'value', 'rivals', 'interaction_id', '', 'x' x 1100, "nul\x{1}", 'no such member', '__proto__', 'tables_used');

# What events have in data, by type.
my @data = (
	[ query => { query => 'Revenue by region?', sql => 'SELECT region, sum(total) FROM orders WHERE day >= 1 GROUP BY region', tables_used => [ 'orders', 'items' ] } ],
	[ query => { query => 'top customers', aggregations => ['sum'], filters => [ 'a = 1', 'b < 2' ], group_by => ['c'] } ],
	[ query => { sql => 'SELECT * FROM a JOIN b USING (id) WHERE x IN (1, 2, 3) ORDER BY 1' } ],
	[ visualization => { chart_type => 'bar', color_scheme => 'dark', x_axis => 'region', y_axis => [ 'total', 'n' ] } ],
	[ export => { format => 'csv', columns => [ 'a', 'b' ] } ],
	[ dashboard => { layout => 'grid', widget_sizes => { a => 'big', b => [ 1, 2 ] }, refresh_interval => 60 } ],
	[ exploration => { tables => [ 'orders', 'shop.items' ] } ],
	[ refinement => { original => { chart_type => 'bar', format => 'csv' }, corrected => { chart_type => 'line' } } ],
	[ feedback => { rating => 'positive', category => 'visualization', key => 'preferred_chart_type', value => 'pie' } ],
	[ feedback => { rating => -0.5, interaction_id => '00000000-0000-4000-8000-000000000001' } ],
	[ feedback => { rating => 1, suggestion_id => '00000000-0000-4000-8000-000000000001' } ],
	[ custom => { widget => 'sales', nested => { a => { b => 1 } } } ],
);

# templates{name}: documents of that argument, decoded.  export_user() and the like add to them.
my %templates = (
	data => [ map { $_->[1] } @data ],
	feedback => [ map { $_->[1] } grep { $_->[0] eq 'feedback' } @data ],
	value => [ 'pie', 1, { a => 1 }, [ 'a', 'b' ], undef ],
	mapping => [ { user_id => 'user', interaction_type => 'type', data => { query => 'q' } }, { user_id => '$key', occurred_at => 'a.b' } ],
	headers => [ { type => 'query' } ],
	patch => [ { a => undef, b => { c => undef, d => [1] } } ],
	settings => [ {} ],
);

# learn(name, document): one more document to start from.
sub learn { my ($name, $document) = @_; push @{ $templates{$name} }, $json->decode($document); return; }

# A valid event.
sub event
{
	my $state = shift;
	my ($type, $data) = @{ pick(@data) };
	my %event = (tenant_id => $state->{tenant}, user_id => pick(users()), interaction_type => $type, data => dclone($data));

	$event{occurred_at} = pick('2026-03-02T09:00:00Z', '2025-12-31 23:59:59.999999+00', $state->{now}) if chance(2);
	$event{interaction_id} = sprintf('00000000-0000-4000-8000-%012d', rand(200)) if chance(2);
	$event{feedback} = { comment => 'good' } if chance(6);
	return \%event;
}

# All places of a document that hold something: [holder, name or index].
sub places
{
	my ($at, $found) = @_;

	if (ref $at eq 'HASH')
	{
		foreach my $name (sort keys %$at) { push @$found, [ $at, $name ]; places($at->{$name}, $found); }
	}
	elsif (ref $at eq 'ARRAY')
	{
		foreach my $i (0 .. $#$at) { push @$found, [ $at, $i ]; places($at->[$i], $found); }
	}
	return $found;
}

# mutate(root): changes one place.  A raw value is left as a mark, "RAW n".
sub mutate
{
	my $root = shift;
	my $found = places($root, []);

	return unless @$found;
	my ($holder, $name) = @{ pick(@$found) };
	my $is_array = ref $holder eq 'ARRAY';
	my ($other, $other_name) = @{ pick(@$found) };
	my $elsewhere = ref $other eq 'ARRAY' ? $other->[$other_name] : $other->{$other_name};
	my $mark = 'RAW ' . int(rand(@raw));
	my @changes = (
		sub { if ($is_array) { $holder->[$name] = $mark } else { $holder->{$name} = $mark } },
		sub { if ($is_array) { splice(@$holder, $name, 1) } else { delete $holder->{$name} } },
		sub { if ($is_array) { push @$holder, map { dclone([ $holder->[$name] ])->[0] } 1 .. pick(1, 2, 30) } else { $holder->{"TWICE $name"} = $mark } },
		sub { if ($is_array) { @$holder = reverse @$holder } else { $holder->{ pick(@names) } = delete $holder->{$name} } },
		# What belongs somewhere else, but never what is within itself.
		sub { my $copy = ref $elsewhere ? dclone($elsewhere) : $elsewhere; if ($is_array) { $holder->[$name] = $copy } else { $holder->{$name} = $copy } },
		sub { if ($is_array) { splice(@$holder, $name, 0, $mark) } else { $holder->{ pick(@names) } = $mark } },
	);

	(chance(2) ? $changes[0] : pick(@changes))->();
	return;
}

# The text of a document, with the marks replaced.
sub text_of
{
	my $text = $json->encode(shift);

	$text =~ s/"RAW (\d+)"/$raw[$1]/g;
	$text =~ s/"TWICE /"/g;
	return $text;
}

# document(name, state): the text of a document for the argument, mostly with a few faults.
sub document
{
	my ($name, $state) = @_;

	return pick(@raw) if chance(12);
	my $root =
	  $name eq 'events' ? [ map { event($state) } 1 .. pick(1, 1, 2, 5, 20, 60) ]
	  : $templates{$name} ? dclone([ pick(@{ $templates{$name} }) ])->[0]
	  : chance(2) ? dclone(pick(@data)->[1])
	  : { topic => 'sales', list => [ 1, 'two', undef ] };
	my $holder = [$root];
	if (!chance(4)) { mutate(chance(20) ? $holder : $root) for 1 .. pick(1, 1, 1, 2, 3, 8); }
	return text_of($holder->[0]);
}

1;
