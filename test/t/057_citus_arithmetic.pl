# A cluster of Citus learns and fades as the reference model does, to 1e-9, whichever node each event is sent to and
# each preference is read at, and wherever the tenants' shards move meanwhile: on recorded sequences of events
# (test/data), and on new ones if the reference model is available.

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Citus;
use Vectors;

my $seed = $ENV{PERSONALIZATION_SEED} // 6 * (1000 + int(rand(1_000_000)));
srand($seed);
note("PERSONALIZATION_SEED=$seed");

# The coordinator has shards too, so that each of the three nodes sends to the others.
my ($coordinator, @nodes) = start_cluster();
my @all = ($coordinator, @nodes);
on($coordinator, q{SELECT citus_set_node_property('127.0.0.1', } . $coordinator->port . q{, 'shouldhaveshards', true)},
	'CREATE EXTENSION personalization', 'SELECT personalization.distribute(8)', 'CREATE DATABASE expected');
my %session = map { $_->name => session($_) } @all;

# What is to be learned, and what comes of it, is in a database beside the cluster.
sub expected { my (@sql) = @_; return $coordinator->safe_psql('expected', join(";\n", @sql)); }
expected($vectors_schema);

sub any_node { return $all[ rand @all ]; }

# Answers that are not of the given form: errors, mostly.
sub learn
{
	my ($form, @statements) = @_;
	my %sent;
	my @wrong;

	foreach my $statement (@statements)
	{
		my $name = any_node()->name;
		my $answer = $session{$name}->tell("$statement;");

		$sent{$name}++;
		push @wrong, "$name: $answer" if $answer !~ /^$form\n$/;
	}
	note(join(', ', map { "$sent{$_} through $_" } sort keys %sent));
	return @wrong;
}

# statements(query): those that a query of Vectors.pm makes.
sub statements { return split /\n/, expected(shift); }

sub compare_with_model
{
	my ($what, $least, $dir, @seeds) = @_;

	expected(load_vectors($dir, @seeds));
	my @tenants = split /\n/, expected(q{SELECT tenant_id || '|' || settings FROM test.run ORDER BY 1});
	on($coordinator, map { my ($tenant, $settings) = split /\|/; "SELECT personalization.create_tenant('$tenant', '$settings')" } @tenants);
	my %where = look_again();
	is(scalar(keys %{ { reverse %where } }), 3, "$what: tenants are on all nodes");

	my @singly = statements($learn_singly);
	my @batches = statements($learn_in_batches);
	my $half = @singly / 2;
	my @wrong = (learn(qr/[0-9a-f-]{36}/, @singly[ 0 .. $half - 1 ]), learn(qr/\d+/, @batches[ 0 .. @batches / 2 - 1 ]));
	foreach my $tenant (map { (split /\|/)[0] } @tenants[ 0, $#tenants ])
	{
		my @others = others($tenant);
		move_tenant($tenant, $others[ rand @others ], 'block_writes');
	}
	push @wrong, learn(qr/[0-9a-f-]{36}/, @singly[ $half .. $#singly ]), learn(qr/\d+/, @batches[ @batches / 2 .. $#batches ]);
	is_deeply([ @wrong[ 0 .. ($#wrong < 4 ? $#wrong : 4) ] ], [], "$what: @{[scalar @singly]} calls and @{[scalar @batches]} batches were answered");

	# Reading.
	$_->tell('\pset format csv', '\pset null') foreach values %session;
	my $read = join '', map { $session{ any_node()->name }->tell("$_;") } split /\n/, expected(q{
		SELECT format('SELECT %L, %L, %s, category, key, value, confidence, observation_count, last_updated'
			' FROM personalization.preferences(%L, %L, %L)', tenant_id, user_id, i, tenant_id, user_id, at)
		FROM test.reading});
	$_->tell('\pset format unaligned') foreach values %session;
	my $copy = IPC::Run::run([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', 'COPY test.actual FROM STDIN (FORMAT csv)', '-d', $coordinator->connstr('expected') ],
		'<', \$read, '2>', \my $errors);
	is($errors, '', "$what: all is read");
	is(expected($vectors_differences), '', "$what: the live preferences are the model's");
	my ($preferences, $readings) = split /\|/, expected($vectors_weight);
	cmp_ok($preferences, '>', $least, "$what: $preferences preferences were compared");
	cmp_ok($readings, '>=', 2, "$what: they fade between the readings");

	on($coordinator, map { my ($tenant) = split /\|/; "SELECT personalization.drop_tenant('$tenant')" } @tenants);
	return;
}

compare_with_model('recorded sequences', 1000, $vectors, 1, 2, 3, 6);

SKIP:
{
	skip missing_model(), 1 if missing_model();
	my $dir = PostgreSQL::Test::Utils::tempdir;

	command_ok(make_vectors($dir, 300, $seed, $seed + 1), 'the model makes vectors');
	# Sequences with pauses have few, three hundred at the least of forty.
	compare_with_model('new sequences', 100, $dir, $seed, $seed + 1);
}

$_->end foreach values %session;
$_->stop foreach reverse @all;
done_testing();
