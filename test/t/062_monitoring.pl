# What examples/monitoring asks of a server: each statement runs as the role of the manual, returns the
# columns that become metrics, and the dashboard and the alerts name metrics that there are.

use strict;
use warnings;

use CPAN::Meta::YAML;
use FindBin;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

use lib $FindBin::RealBin;
use Manual;
use Personalization;

my $top = "$FindBin::RealBin/../..";
my $node = node('monitoring', "shared_preload_libraries = 'personalization'\n");

sub yaml { return CPAN::Meta::YAML->read_string(slurp_file("$top/examples/monitoring/" . shift))->[0]; }

# The role of the manual, and rows for each view.
my ($grants) = grep { $_->{text} =~ /CREATE ROLE pers_monitor/ } blocks("$top/docs/monitoring.md");
sql('CREATE EXTENSION personalization', split(/;\n/, $grants->{text}));
sql("SELECT personalization.create_tenant('acme')",
	"SELECT personalization.learn('acme', 'user' || n % 3, 'query', jsonb_build_object('query', 'Revenue ' || n % 4)) FROM generate_series(1, 12) n",
	"SELECT personalization.learn('acme', 'user1', 'visualization', '{\"chart_type\": \"bar\"}') FROM generate_series(1, 12) n",
	"SELECT personalization.learn('acme', 'user1', 'visualization', '{\"charttype\": \"bar\"}')",
	"SELECT count(*) FROM personalization.get_suggestions('acme', 'user1')",
	"INSERT INTO personalization.topic_subscriptions (topic, for_tenant) VALUES ('events', 'acme')");

# Returns the columns of a statement's result, each with its first value; undef if it fails or has no rows.
sub columns_of
{
	my $sql = shift;
	my ($status, $out, $err) = $node->psql('postgres', "SELECT to_json(q) FROM ($sql) AS q LIMIT 1",
		connstr => $node->connstr('postgres') . ' user=pers_monitor');

	diag("$sql: $err") if $status != 0;
	return $status == 0 && $out ne '' ? decode_json($out) : undef;
}

# == Both exporters: the same metrics, and a statement returns exactly its labels and metrics, as numbers.
my $queries = yaml('postgres_exporter.yaml');
my $collector = yaml('sql_exporter.yaml');
my %statement = map { $_->{query_name} => $_->{query} } @{ $collector->{queries} };
my %other = map { $_->{metric_name} => $_ } @{ $collector->{metrics} };
my %metric;

foreach my $name (sort keys %$queries)
{
	my $query = $queries->{$name};
	my (@labels, @values, $row);

	foreach my $column (map { %$_ } @{ $query->{metrics} })
	{
		next if ref $column;
		my ($of) = map { $_->{$column} // () } @{ $query->{metrics} };

		if ($of->{usage} eq 'LABEL') { push @labels, $column; next; }
		push @values, $column;
		$metric{"${name}_$column"} = $of;
		my $same = $other{"${name}_$column"};
		is_deeply([ @{$same}{qw(type help)}, $same->{values}, $statement{ $same->{query_ref} } ],
			[ lc $of->{usage}, $of->{description}, [$column], $query->{query} ],
			"$name: $column is the same for sql_exporter");
	}
	$row = columns_of($query->{query});
	is_deeply([ sort keys %{ $row // {} } ], [ sort @labels, @values ], "$name: the columns are the metrics and labels");
	is(scalar(grep { !defined $row->{$_} || $row->{$_} !~ /^-?\d+(\.\d+)?(e-?\d+)?$/ } @values), 0, "$name: the metrics are numbers")
	  or diag(explain($row));
}
is_deeply([ sort keys %other ], [ sort keys %metric ], 'sql_exporter has no others');

# == Expressions for Prometheus name metrics and labels that there are.
sub metrics_are_known
{
	my ($expression, $what) = @_;
	my @named = $expression =~ /\b(personalization_\w+)/g;

	ok(@named && !grep({ !$metric{$_} } @named), $what) or diag($expression);
}

foreach my $rule (map { @{ $_->{rules} } } @{ yaml('alerts.yaml')->{groups} })
{
	metrics_are_known($rule->{expr}, "alert $rule->{alert}");
}

# == The dashboard.
my $dashboard = decode_json(slurp_file("$top/examples/monitoring/grafana-dashboard.json"));
my %variable = map { $_->{name} => $_ } @{ $dashboard->{templating}{list} };
my (%ids, @below);

is(scalar(grep { $variable{$_}{type} eq 'datasource' } qw(prometheus postgres)), 2, 'the data sources are asked for');
foreach my $panel (@{ $dashboard->{panels} })
{
	my $place = $panel->{gridPos};
	my @columns = $place->{x} .. $place->{x} + $place->{w} - 1;

	ok(!$ids{ $panel->{id} }++, "$panel->{title}: has an id of its own");
	ok($columns[-1] < 24 && !grep({ ($below[$_] // 0) > $place->{y} } @columns), "$panel->{title}: covers no other");
	$below[$_] = $place->{y} + $place->{h} foreach @columns;
	foreach my $target (@{ $panel->{targets} // [] })
	{
		if ($target->{expr})
		{
			metrics_are_known($target->{expr}, "$panel->{title}: $target->{expr}");
			next;
		}
		(my $sql = $target->{rawSql}) =~ s/\$\{tenant:sqlstring\}/'acme'/g;
		unlike($sql, qr/\$/, "$panel->{title}: no other variable");
		my $row = columns_of($sql);
		# Nothing is wrong here.
		$row //= { problem => '' } if $sql =~ /unnest\(problems\)/ && sql('SELECT ok FROM personalization.health') eq 't';
		ok($row, "$panel->{title}: the statement has rows") or next;
		ok(exists $row->{ $panel->{options}{xField} }, "$panel->{title}: the x axis is a column") if $panel->{options}{xField};
	}
}
my %of_variable = map { $_ => $variable{$_}{query} } grep { $variable{$_}{type} eq 'query' } keys %variable;
metrics_are_known($of_variable{instance}, 'variable instance');
is_deeply(columns_of($of_variable{tenant}), { tenant_id => 'acme' }, 'variable tenant');
like(slurp_file("$top/docs/monitoring.md"), qr/\Q$_\E/, "$_ is in the manual") foreach qw(postgres_exporter.yaml sql_exporter.yaml alerts.yaml grafana-dashboard.json);
metrics_are_known(join(' ', slurp_file("$top/docs/monitoring.md") =~ /`(personalization_\w+)`/g), 'the manual names metrics that there are');

done_testing();
