# The same calls on a cluster of Citus: every function of applications and administrators that is about a tenant is called
# through each node, and answers as on one server, errors included; so does what the worker does.

use strict;
use warnings;

use POSIX qw(strftime);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Citus;

# The coordinator has shards too, so that each of the three nodes sends to the others.
my ($coordinator, @nodes) = start_cluster('personalization.worker = off');
my @all = ($coordinator, @nodes);
on($coordinator, q{SELECT citus_set_node_property('127.0.0.1', } . $coordinator->port . q{, 'shouldhaveshards', true)}, 'CREATE EXTENSION personalization', 'SELECT personalization.distribute(8)', 'CREATE DATABASE plain');
$coordinator->safe_psql('plain', 'CREATE EXTENSION personalization');

# Tables of an application. Those of the cluster are on all nodes, and so are shards of theirs, which are no tables of anybody.
my $shop = 'CREATE SCHEMA shop; CREATE TABLE shop.items (id int PRIMARY KEY, name text); CREATE TABLE shop.kinds (id int PRIMARY KEY)';
$coordinator->safe_psql('plain', $shop);
on($coordinator, $shop, q{SELECT create_distributed_table('shop.items', 'id')}, q{SELECT create_reference_table('shop.kinds')});

# A tenant of each node, by the same name in the database that is not distributed.
my @tenants = map { "tenant $_" } 1 .. 12;
on($coordinator, map { "SELECT personalization.create_tenant('$_')" } @tenants);
my %where = look_again();
my %tenant_of = reverse %where;
is(scalar(keys %tenant_of), 3, 'tenants are on all nodes');
$coordinator->safe_psql('plain', join(';', map { "SELECT personalization.create_tenant('$_')" } values %tenant_of));

my %session = map { $_->name => session($_) } @all;
my $plain = do { local $ENV{PGHOST} = $coordinator->host; local $ENV{PGPORT} = $coordinator->port; Psql->new('postgres', database => 'plain', settings => '-c client_min_messages=warning') };

sub id { return sprintf('01a00000-0000-7000-8000-%012d', shift); }

# In <14 10:00> is a time of the fourteenth day.
my $first_day = time - 30 * 86400;

# TENANT is the tenant, CONVERSATION and the like what an earlier call has returned; ' = NAME' keeps what a call returns.
my @calls = (
	map({ q{SELECT personalization.learn('TENANT', 'ana', 'query', '{"query": "revenue by month?", "sql": "SELECT month, sum(x) FROM shop.items GROUP BY 1", "tables_used": ["shop.items"], "aggregations": ["sum"], "group_by": ["month"]}', '<} . (10 + $_) . q{ 10:00>', '} . id($_) . q{')} } 1 .. 4),
	q{SELECT personalization.learn('TENANT', 'ana', 'visualization', '{"chart_type": "bar", "color_scheme": "blue"}', '<14 10:01>', '} . id(5) . q{', '{"rating": "positive", "category": "visualization"}')},
	q{SELECT personalization.learn('TENANT', 'ana', 'export', '{"format": "csv"}', '<14 10:02>', '} . id(6) . q{')},
	q{SELECT personalization.learn('TENANT', 'bo', 'query', '{"query": "revenue by month?"}', '<14 10:03>', '} . id(7) . q{')},
	q{SELECT personalization.learn('TENANT', 'bo', 'query', '{"query": "costs by month?"}', '<14 10:04>', '} . id(8) . q{')},
	q{SELECT personalization.learn('TENANT', 'bo', 'exprot', '{}')},
	q{SELECT personalization.learn('TENANT', '', 'export', '{}')},
	q{SELECT personalization.learn_batch('[{"tenant_id": "TENANT", "user_id": "cy", "interaction_type": "export", "data": {"format": "pdf"}, "occurred_at": "<14 10:05>", "interaction_id": "} . id(9) . q{"}]')},
	q{SELECT personalization.learn_batch('[{"tenant_id": "TENANT", "user_id": "cy", "interaction_type": "exprot", "data": {}}]', 'divert')},
	q{SELECT personalization.collect_feedback('TENANT', 'ana', '{"interaction_id": "} . id(5) . q{", "rating": "negative"}')},
	q{SELECT personalization.collect_feedback('TENANT', 'ana', '{"interaction_id": "} . id(5) . q{", "rating": 4}')},
	# Counting.
	q{MAINTENANCE},
	q{SELECT * FROM personalization.preferences('TENANT', 'ana', '<20 12:00>')},
	q{SELECT * FROM personalization.preferences('TENANT', 'ana', '<20 12:00>', 0)},
	q{SELECT personalization.get_profile('TENANT', 'ana', '<20 12:00>', 5)},
	q{SELECT personalization.get_profile('TENANT', 'nobody', '<20 12:00>')},
	q{SELECT personalization.get_context('TENANT', 'ana', '<14 12:00>')},
	q{SELECT personalization.usage_patterns('TENANT', 'ana', '<20 12:00>')},
	q{SELECT personalization.route('TENANT', 'ana', 'revenue by month?', '<20 12:00>')},
	q{SELECT * FROM personalization.get_suggestions('TENANT', 'bo', at => '<14 10:04:30>') = SUGGESTION},
	q{SELECT * FROM personalization.get_suggestions('TENANT', 'bo', 'costs', 3, '<14 10:04:40>', ARRAY['revenue by month?'])},
	q{SELECT personalization.record_outcome('TENANT', 'bo', 'SUGGESTION', 'accepted')},
	q{SELECT personalization.record_outcome('TENANT', 'bo', '} . id(99) . q{', 'accepted')},
	q{ SELECT personalization.tenant_insights('TENANT', '<01 00:00>')},
	q{SELECT * FROM personalization.suggestion_report('TENANT', '<01 00:00>', '<31 00:00>')},
	q{SELECT personalization.report('TENANT', 'ana', '<20 12:00>')},
	q{ SELECT personalization.tenant_report('TENANT', '<01 00:00>')},
	# An assistant, and conversations.
	q{SELECT personalization.start_conversation('TENANT', 'ana', '{"topic": "sales"}') = CONVERSATION},
	q{SELECT personalization.append_message('TENANT', 'CONVERSATION', 'user', 'hello', '{"from": "test"}')},
	q{ SELECT personalization.update_conversation('TENANT', 'CONVERSATION', '{"step": 2}')},
	q{ SELECT personalization.begin_turn('TENANT', 'ana', 'revenue by month?', 'CONVERSATION')},
	q{ SELECT personalization.end_turn('TENANT', 'ana', 'revenue by month?', 'Here it is.', 'CONVERSATION', interaction_id => '} . id(10) . q{')},
	q{ SELECT personalization.get_conversation('TENANT', 'CONVERSATION')},
	q{SELECT personalization.end_conversation('TENANT', 'CONVERSATION')},
	q{ SELECT personalization.get_conversation('TENANT', 'CONVERSATION')},
	# Choices.
	q{SELECT personalization.set_preference('TENANT', 'ana', 'visualization', 'preferred_chart_type', '"pie"')},
	q{ SELECT * FROM personalization.explain_preference('TENANT', 'ana', 'visualization', 'preferred_chart_type')},
	q{SELECT personalization.reset_preference('TENANT', 'ana', 'visualization', 'preferred_chart_type')},
	q{SELECT personalization.forget_preference('TENANT', 'ana', 'visualization', 'preferred_chart_type')},
	q{SELECT personalization.set_learning('TENANT', 'cy', false)},
	q{SELECT * FROM personalization.learning_enabled('TENANT', 'cy')},
	q{SELECT personalization.learn('TENANT', 'cy', 'export', '{"format": "csv"}')},
	q{SELECT personalization.set_profile('TENANT', 'ana', 'advanced', ARRAY['sales'], 'concise')},
	q{SELECT personalization.reset_profile('TENANT', 'ana', 'skill_level')},
	# The catalogue.
	q{SELECT personalization.register_table('TENANT', 'warehouse.sales', 'what was sold', ARRAY['month', 'x'])},
	q{SELECT personalization.link_schema('TENANT', 'shop')},
	q{SELECT * FROM personalization.tenant_tables('TENANT')},
	q{MAINTENANCE},
	q{SELECT * FROM personalization.tenant_tables('TENANT')},
	q{SELECT * FROM personalization.new_tables('TENANT', 'ana')},
	q{SELECT * FROM personalization.hidden_tables('TENANT', ARRAY['warehouse.sales', 'shop.gone'])},
	q{SELECT personalization.unregister_table('TENANT', 'warehouse.sales')},
	q{SELECT personalization.unlink_schema('TENANT', 'shop')},
	# Suggestions, inside.
	q{SELECT * FROM personalization.ranking_weights('TENANT')},
	q{SELECT * FROM personalization.evaluate('TENANT', since => '<01 00:00>')},
	q{SELECT personalization.reset_ranking('TENANT')},
	q{SELECT personalization.rebuild_statistics('TENANT')},
	# The tenant, and the data of its users.
	q{SELECT personalization.tenant_settings('TENANT')},
	q{SELECT personalization.configure_tenant('TENANT', '{"min_confidence": 0.2}')},
	q{SELECT personalization.configure_tenant('TENANT', '{"min_confidence": 2}')},
	q{SELECT personalization.export_user('TENANT', 'ana') = EXPORT},
	q{SELECT personalization.import_user('TENANT', 'ana 2', 'EXPORT')},
	q{SELECT * FROM personalization.preferences('TENANT', 'ana 2', '<20 12:00>')},
	q{SELECT personalization.user_pseudonym('TENANT', 'ana') IS NOT NULL},
	q{SELECT personalization.forget_user('TENANT', 'ana')},
	q{SELECT * FROM personalization.preferences('TENANT', 'ana', '<20 12:00>', 0)},
	q{SELECT personalization.configure_tenant('TENANT', '{"store_query_text": false}')},
	q{SELECT personalization.forget_query_text('TENANT')},
	q{SELECT personalization.freeze_tenant('TENANT')},
	q{SELECT personalization.learn('TENANT', 'bo', 'export', '{}')},
	q{SELECT personalization.tenant_digest('TENANT')},
	q{SELECT * FROM personalization.export_tenant('TENANT')},
	q{SELECT personalization.thaw_tenant('TENANT')},
	q{SELECT personalization.drop_tenant('TENANT')},
	q{SELECT personalization.tenant_settings('TENANT')},
);

# Both are told the same; what they say is compared without ids and times that are each one's own, and for calls at the
# present time (they begin with a space) without what fades from one moment to the next.
my $now = qr/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\.\d+(?:\+00(?::00)?)?/;
sub comparable
{
	my ($ids, $call, $answer) = @_;

	$answer =~ s/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/$ids->{$&} \/\/= 'id ' . keys %$ids/ge;
	$answer =~ s/$now/now/g;
	$answer =~ s/\b\d+:\d\d:\d\d\.\d+\b/duration/g;
	$answer =~ s/"(gaps|milliseconds)": (?:\d+|\[[^]]*\])/"$1": some/g;
	$answer =~ s/\b[0-9a-f]{32}\b/digest/g;
	$answer =~ s/\b\d\.\d+(?:e-?\d+)?\b/number/g if $call =~ /^ /;
	return $answer;
}
sub given
{
	my ($kept, $call) = @_;

	$call =~ s/\b$_\b/$kept->{$_} =~ s|'|''|gr/ge foreach keys %$kept;
	$call =~ s/<(\d+) ([\d:]+)>/strftime('%Y-%m-%d', gmtime($first_day + 86400 * $1)) . " $2+00"/ge;
	return "$call;";
}
sub keep
{
	my ($kept, $name, $answer) = @_;

	($kept->{$name}) = $name eq 'EXPORT' ? $answer =~ /^(.*)/ : $answer =~ /\b([0-9a-f]{8}-[0-9a-f-]{27})\b/ if $name;
	return;
}

foreach my $session ($plain, values %session) { $session->tell('\set VERBOSITY default', '\set SHOW_CONTEXT never'); }
my @owners = map { $tenant_of{ '127.0.0.1:' . $_->port } } @all;
foreach my $k (0 .. 2)
{
	my (%ids_here, %ids_there);
	my %here = my %there = (TENANT => $owners[$k]);

	foreach my $i (0 .. $#calls)
	{
		my ($call, $name) = $calls[$i] =~ /^(.*?)(?: = ([A-Z]+))?$/s;
		# Each call through the tenant's node for one of the tenants, and through both others for the others.
		my $node = $all[ ($i + 2 * $k) % 3 ];

		if ($call eq 'MAINTENANCE')
		{
			$_->tell('SELECT personalization.run_maintenance();') foreach $plain, values %session;
			next;
		}
		my $expected = $plain->tell(given(\%there, $call));
		my $answer = $session{ $node->name }->tell(given(\%here, $call));

		keep(\%there, $name, $expected);
		keep(\%here, $name, $answer);
		is(comparable(\%ids_here, $call, $answer), comparable(\%ids_there, $call, $expected), $node->name . ($node == owner($owners[$k]) ? ', the owner: ' : ': ') . substr($call, 0, 100));
	}
}

# What is listed of the application's tables stays when the tenant moves to a node where they have other shards.
my ($linked) = grep { my $tenant = $_; !grep { $_ eq $tenant } @owners } @tenants;
my $listed = "SELECT table_name, dropped_at IS NULL FROM personalization.tenant_tables('$linked')";
on($coordinator, "SELECT personalization.link_schema('$linked', 'shop')");
foreach my $mode ('block_writes', 'force_logical')
{
	move_tenant($linked, (others($linked))[0], $mode);
	on($_, 'SELECT personalization.run_maintenance()') foreach @all;
	is(on($coordinator, $listed), "shop.items|t\nshop.kinds|t", "the catalogue of a tenant who has moved ($mode)");
}

$_->end foreach $plain, values %session;
$_->stop foreach reverse @all;
done_testing();
