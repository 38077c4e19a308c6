# A tenant is moved between two servers while it is in use, with the eight commands of
# docs/scale-out.md, and a server is killed during the move: nothing that was acknowledged is lost
# or learned twice, and other tenants of both servers continue.

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = $PostgreSQL::Test::Utils::tmp_check;

# Two servers with a tenant each of their own, and acme at the first.
sub server
{
	my ($name, $tenant) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(allows_streaming => 'logical');
	$node->append_conf('postgresql.conf', q{
		timezone = 'UTC'
		shared_preload_libraries = 'personalization'
		personalization.worker_naptime = 50ms
		personalization.maintenance_interval = 1
		wal_retrieve_retry_interval = 100ms
		restart_after_crash = on});
	$node->start;
	$node->safe_psql('postgres', "CREATE EXTENSION personalization; SELECT personalization.create_tenant('$tenant')");
	return $node;
}

sub sql { my $node = shift; return $node->safe_psql('postgres', join(";\n", @_)); }
sub digest { return sql(shift, "SELECT personalization.tenant_digest('acme')"); }

# Whether a query gives true within a minute.
sub within
{
	my ($node, $query, $what) = @_;
	return ok($node->poll_query_until('postgres', $query), $what);
}

my $from = server('from', 'globex');
my $to = server('to', 'initech');

sql($from, q{SELECT personalization.create_tenant('acme', '{"history_retention": "30 days"}')},
	q{SELECT count(personalization.learn('acme', 'user ' || i % 20, 'query', jsonb_build_object('query', 'question ' || i % 30,
		'tables_used', jsonb_build_array('table ' || i % 7)))) FROM generate_series(1, 600) i},
	q{SELECT personalization.append_message('acme', personalization.start_conversation('acme', 'ana'), 'user', 'a question, briefly')},
	q{SELECT personalization.set_profile('acme', 'ana', 'advanced', '{sales,"two words"}')});

# Sessions that write for all three tenants until they are told to stop.  A call that is refused is sent
# again, as its sender would; what was answered is in a file, by id.
sub start_writer
{
	my ($node, $tenant, $number) = @_;
	my $script = "$dir/$tenant-$number.sql";
	my $content = '';

	foreach my $i (1 .. 20_000)
	{
		my $id = sprintf('%08x-0000-4000-8000-%012d', $number, $i);
		$content .= "SELECT personalization.learn('$tenant', 'user @{[$i % 20]}', 'query',"
		  . qq{ '{"query": "asked $i", "tables_used": ["table @{[$i % 7]}"]}', now(), '$id');\n};
		$content .= "INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data)"
		  . qq{ VALUES ('$tenant', 'from inbox', 'export', '{"format": "csv"}');\n}
		  if $i % 10 == 0;
	}
	append_to_file($script, $content);
	return {
		file => "$dir/$tenant-$number.out",
		run => IPC::Run::start(
			[ 'psql', '-XAtq', '-o', "$dir/$tenant-$number.out", '-f', $script, '-d', $node->connstr('postgres') ],
			'2>', "$dir/$tenant-$number.err") };
}
my @writers = (start_writer($from, 'acme', 1), start_writer($from, 'acme', 2), start_writer($from, 'globex', 3), start_writer($to, 'initech', 4));

sub answered
{
	my $file = shift->{file};
	my @ids = -e $file ? grep { /^[0-9a-f]{8}-/ } split /\n/, slurp_file($file) : ();

	return @ids;
}
sub wait_for_writers
{
	my ($more, @of) = @_;
	my %before = map { $_->{file} => scalar(answered($_)) } @of;
	my $deadline = time + 60;

	foreach my $writer (@of)
	{
		while (answered($writer) < $before{ $writer->{file} } + $more)
		{
			die 'the writers do not get on' if time > $deadline;
			select(undef, undef, undef, 0.05);
		}
	}
	return;
}
wait_for_writers(100, @writers);

# 1. Publish.
is(sql($from, q{SELECT personalization.publish_tenant('acme')}), 'personalization_acme', 'acme is published');
is(sql($from, q{SELECT personalization.publish_tenant('acme')}), 'personalization_acme', 'once');

# 2. Subscribe.  A copy that is complete is noted in a transaction, and then its slot is dropped: were the commit
# asynchronous, which is a subscription's default, a crash could lose the note, and wait for the slot forever.
$to->safe_psql('postgres', q{CREATE SUBSCRIPTION acme_move CONNECTION '} . $from->connstr . q{ dbname=postgres' PUBLICATION personalization_acme WITH (synchronous_commit = on)});
wait_for_writers(100, @writers);

# What comes is not written by anybody else, and the worker leaves it alone.
within($to, q{SELECT count(*) = 1 FROM personalization.tenants WHERE tenant_id = 'acme'}, 'the tenant arrives');
my ($ret, $out, $err) = $to->psql('postgres', q{SELECT personalization.learn('acme', 'ana', 'export', '{}')});
like($err, qr/^psql.*ERROR:  tenant "acme" is being copied from another database\n.*HINT:/s, 'nobody writes for it here');
($ret, $out, $err) = $to->psql('postgres', q{SELECT personalization.thaw_tenant('acme')});
like($err, qr/ERROR:  tenant "acme" is not frozen at its origin/, 'it cannot be thawed before it is frozen there');

# A server dies in the middle, first the one, then the other.
$to->stop('immediate');
$to->start;
$from->stop('immediate');
$from->start;
eval { $_->{run}->finish } foreach @writers;
my @first = map { [ answered($_) ] } @writers;
@writers = (start_writer($from, 'acme', 5), start_writer($from, 'acme', 6), start_writer($from, 'globex', 7), start_writer($to, 'initech', 8));
wait_for_writers(50, @writers);

# 3. Wait.
within($to, q{SELECT count(*) > 0 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel}, 'all tables are there');

# 4. Freeze.  Writers are refused, and can tell that it is worth trying again.
sql($from, q{SELECT personalization.freeze_tenant('acme')});
($ret, $out, $err) = $from->psql('postgres', q{SELECT personalization.learn('acme', 'ana', 'export', '{}')},
	extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($err, qr/ERROR:  40001: tenant "acme" is frozen\n.*HINT:  Retry later/s, 'a frozen tenant is not written');
sql($from, q{INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('acme', 'waits', 'export', '{"format": "pdf"}')});
wait_for_writers(50, @writers[ 2, 3 ]);
like(sql($from, q{SELECT count(*) FROM personalization.inbox WHERE tenant_id = 'acme'}), qr/^[1-9]/, 'and its inbox waits, while others go on');

# The writers of acme end here, as they do where the application is switched.
foreach my $writer (@writers[ 0, 1 ])
{
	$writer->{run}->kill_kill(grace => 0);
}

# 5. Compare.
my $caught_up = time + 60;
select(undef, undef, undef, 0.1) while digest($from) ne digest($to) && time < $caught_up;
is(digest($to), digest($from), 'both ends are the same, row by row');
my $interactions = q{SELECT count(*), count(DISTINCT interaction_id) FROM personalization.interactions WHERE tenant_id = 'acme'};
my $moved = sql($from, $interactions);
my $waiting = sql($from, q{SELECT count(*) FROM personalization.inbox WHERE tenant_id = 'acme'});
($ret, $out, $err) = $to->psql('postgres', q{SELECT personalization.thaw_tenant('acme')});
like($err, qr/ERROR:  tenant "acme" is still being copied by subscription "acme_move"/, 'not while rows may come');

# 6. Switch.  7. Thaw.
sql($to, 'DROP SUBSCRIPTION acme_move');
is(sql($to, $interactions), $moved, 'what was moved stays');
sql($to, q{SELECT personalization.thaw_tenant('acme')});
within($to, q{SELECT count(*) = 0 FROM personalization.inbox WHERE tenant_id = 'acme'}, 'what waited is learned');
is(sql($to, q{SELECT count(*) FROM personalization.preferences WHERE tenant_id = 'acme' AND user_id = 'waits'}), '1', 'here');
is(sql($to, $interactions), join('|', ((split /\|/, $moved)[0] + $waiting) x 2), 'once');

# 8. Drop.
sql($from, q{SELECT personalization.drop_tenant('acme')});
is(sql($from, 'SELECT count(*) FROM pg_publication'), '0', 'the publication goes with the tenant');
is(sql($from, q{SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'acme'}), '0', 'nothing is left');

# Everything that was answered, by either round of writers, is there once and has had its effect.
eval { $_->{run}->kill_kill(grace => 0) } foreach @writers;
my @answered = (map({ @$_ } @first[ 0, 1 ]), map { answered($_) } @writers[ 0, 1 ]);
my %stored = map { $_ => 1 } split /\n/, sql($to, q{SELECT interaction_id FROM personalization.interactions WHERE tenant_id = 'acme'});
note(scalar(@answered) . ' calls were answered');
is(scalar(grep { !$stored{$_} } @answered), 0, 'all that was answered has moved');
is( sql($to, q{
		SELECT count(*) FROM (SELECT user_id, category, key, observation_count FROM personalization.preferences WHERE tenant_id = 'acme') p
		FULL JOIN (SELECT user_id, s.category, s.key, count(*) AS n FROM personalization.interactions,
			personalization.extract_signals(interaction_type, data) s WHERE tenant_id = 'acme' GROUP BY 1, 2, 3) i USING (user_id, category, key)
		WHERE observation_count IS DISTINCT FROM n}), '0', 'each has had its effect, once');
within($to, q{SELECT (SELECT count(*) FROM personalization.query_events WHERE tenant_id = 'acme') = 0
	AND (SELECT asks FROM personalization.rankings WHERE tenant_id = 'acme') =
		(SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'acme' AND query_id IS NOT NULL)},
	'the statistics count each ask, once');
sql($to, q{SELECT personalization.learn('acme', 'ana', 'export', '{"format": "csv"}')});
is(sql($to, q{SELECT key FROM personalization.preferences('acme', 'ana')}), 'export_format', 'the tenant is at home');

####################################################################
# Dropped with the subscription still there: the copy does not go with it.

sql($to, q{SELECT personalization.publish_tenant('acme')});
sql($from, q{CREATE SUBSCRIPTION back CONNECTION '} . $to->connstr . q{ dbname=postgres' PUBLICATION personalization_acme WITH (synchronous_commit = on)});
within($from, q{SELECT count(*) > 0 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel}, 'acme comes back');
sql($to, q{SELECT personalization.freeze_tenant('acme')});
within($from, q{SELECT frozen_at IS NOT NULL FROM personalization.tenants WHERE tenant_id = 'acme'}, 'it is frozen at both ends');
my $digest = digest($to);
is(digest($from), $digest, 'the same at both ends');
sql($to, q{SELECT personalization.drop_tenant('acme')});
sql($from, 'SELECT pg_sleep(1)');
is(digest($from), $digest, 'what was copied stays where the other end was dropped too soon');
sql($from, 'ALTER SUBSCRIPTION back DISABLE', 'ALTER SUBSCRIPTION back SET (slot_name = NONE)', 'DROP SUBSCRIPTION back');
sql($from, q{SELECT personalization.thaw_tenant('acme')});

####################################################################
# Where rows cannot be replicated: as JSON lines.

sql($from, q{SELECT personalization.freeze_tenant('acme')});
$digest = digest($from);
command_ok([ 'psql', '-XAtq', '-d', $from->connstr('postgres'), '-o', "$dir/acme.jsonl", '-c', q{SELECT personalization.export_tenant('acme')} ], 'exported');
my $copy = q{\copy lines (line) FROM '} . $dir . q{/acme.jsonl' WITH (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')};
my $import = q{SELECT sum(personalization.import_tenant('acme', line::jsonb)) FROM (SELECT line FROM lines WHERE true ORDER BY n) l};
my $setup = "CREATE TEMP TABLE lines (n int GENERATED ALWAYS AS IDENTITY, line text);\n$copy\n";
($ret, $out, $err) = $to->psql('postgres', $setup . $import =~ s/WHERE true/WHERE n <> 3/r);
like($err, qr/ERROR:  table \w+ has \d+ rows of tenant "acme" instead of \d+/, 'a line that is missing is missed');
$to->safe_psql('postgres', "$setup$import");
is(digest($to), $digest, 'imported, it is the same');
sql($to, q{SELECT personalization.thaw_tenant('acme')});
is(sql($to, q{SELECT key FROM personalization.preferences('acme', 'ana')}), 'export_format', 'and at home');

$_->stop foreach $from, $to;
done_testing();
