# Conversations under load: messages of many sessions are numbered 1, 2, 3 … without a gap and none
# is lost; the worker deletes expired conversations, in small batches, and nothing else; a dump
# restores all.

use strict;
use warnings;

use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $clients = 8;
my $appends = 150;
my $dir = $PostgreSQL::Test::Utils::tmp_check;

my $node = node('conversations', q{
deadlock_timeout = '200ms'
shared_preload_libraries = 'personalization'
personalization.worker_batch_size = 10
personalization.maintenance_interval = '1s'
});

sql('CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme')),
	q(SELECT personalization.create_tenant('globex')), 'CREATE ROLE app LOGIN',
	q(SELECT personalization.bind_role('app', 'acme')));

sub start_conversation { return sql("SELECT personalization.start_conversation('acme', '$_[0]')"); }

sub append
{
	my ($id, $role, $content) = @_;

	return "SELECT personalization.append_message('acme', '$id', '$role', '$content');";
}

####################################################################
# One conversation, many sessions.

my $id = start_conversation('ana');
my @said = run_clients('one', map { my $c = $_; [ map { append($id, 'user', "$c/$_") } 1 .. $appends ] } 1 .. $clients);
my $all = $clients * $appends;
my %number;

foreach my $c (1 .. $clients)
{
	my @numbers = @{ $said[ $c - 1 ] };

	is(scalar(@numbers), $appends, "client $c has a number for each message");
	$number{"$c/$_"} = $numbers[ $_ - 1 ] foreach 1 .. $appends;
}
is(join(' ', sort { $a <=> $b } values %number), join(' ', 1 .. $all), "the numbers are 1 to $all, each once");

# By default a conversation keeps the last thousand.
is( sql(qq(SELECT count(*), min(number), max(number), count(DISTINCT number) FROM personalization.conversation_messages WHERE conversation_id = '$id')),
	'1000|' . ($all - 999) . "|$all|1000", 'the last thousand are there');
my $kept = sql(qq(SELECT content || ' ' || number FROM personalization.conversation_messages WHERE conversation_id = '$id' ORDER BY number));
is( $kept,
	join("\n", map { "$_ $number{$_}" } sort { $number{$a} <=> $number{$b} } grep { $number{$_} > $all - 1000 } keys %number),
	'each under the number that its sender was told');
is(sql(qq(SELECT jsonb_array_length(personalization.get_conversation('acme', '$id') -> 'messages'))), '1000', 'and in the document');
is( sql(qq(SELECT bool_and(created_at >= before) FROM (SELECT created_at, lag(created_at, 1, created_at) OVER (ORDER BY number) AS before
	FROM personalization.conversation_messages WHERE conversation_id = '$id') AS m)), 't', 'their times go up with the numbers');
is( sql(q(SELECT role, conversations, messages FROM personalization.conversation_statistics WHERE user_id = 'ana' ORDER BY role)),
	"|1|0\nuser|0|$all", 'all are counted');

####################################################################
# Conversations of several users, transactions of several messages, some rolled back, patches between.

my %user = map { start_conversation("user $_") => "user $_" } (1, 1, 2, 3);
my @ids = sort keys %user;
my %expected;

srand(20260301);
@said = run_clients(
	'many',
	map {
		my $c = $_;
		my @script;

		foreach my $n (1 .. 60)
		{
			# Several conversations of one user in one transaction, never of several users: as with
			# learn(), those might wait for each other.
			my $first = $ids[ int(rand(@ids)) ];
			my @same = grep { $user{$_} eq $user{$first} } @ids;
			my $rolled_back = rand() < 0.2;
			my @messages = map { $same[ int(rand(@same)) ] } 1 .. 1 + int(rand(3));

			push @script, 'BEGIN;', (map { append($_, "role $c", "$c/$n") } @messages),
			  "SELECT NULL FROM personalization.update_conversation('acme', '$first', '{\"c$c\": $n}');",
			  $rolled_back ? 'ROLLBACK;' : 'COMMIT;';
			next if $rolled_back;
			$expected{$_}{"$c/$n"}++ foreach @messages;
			$expected{$first}{patch}{"c$c"} = $n;
		}
		\@script
	} 1 .. $clients);
foreach my $conversation (@ids)
{
	my %patch = %{ delete $expected{$conversation}{patch} };
	my %found = map { split /\|/ } split /\n/,
	  sql(qq(SELECT content, count(*) FROM personalization.conversation_messages WHERE conversation_id = '$conversation' GROUP BY 1));
	my %context = map { split /\|/ } split /\n/,
	  sql(qq(SELECT * FROM jsonb_each_text(personalization.get_conversation('acme', '$conversation') -> 'context')));

	is_deeply(\%found, $expected{$conversation}, 'the messages of what was committed, no others');
	is_deeply(\%context, \%patch, 'and the last patch of each client');
	is( sql(qq(SELECT c.message_count = count(*) AND count(*) = max(number) AND min(number) = 1 AND count(DISTINCT number) = count(*)
		FROM personalization.conversations c JOIN personalization.conversation_messages USING (tenant_id, conversation_id)
		WHERE conversation_id = '$conversation' GROUP BY c.message_count)), 't', 'numbered without a gap');
}
is( sql(q(SELECT sum(s.messages) = (SELECT count(*) FROM personalization.conversation_messages m JOIN personalization.conversations c USING (conversation_id)
	WHERE c.user_id LIKE 'user%') FROM personalization.conversation_statistics s WHERE user_id LIKE 'user%')), 't', 'and all counted');

####################################################################
# Most appends leave the indexes of the conversation's row alone.

$id = start_conversation('hot');
sql((map { append($id, 'user', $_) } 1 .. 200));
within(60, q(SELECT sum(n_tup_upd) >= 200 AND sum(n_tup_hot_upd) > 0.8 * sum(n_tup_upd) FROM pg_stat_user_tables WHERE relname ~ '^conversations_\d'),
	'four in five updates are HOT');

####################################################################
# Expiry, by the worker, a few rows at a time.

sql(q(SELECT personalization.configure_tenant('globex', '{"conversation_ttl": "3 seconds"}')),
	q(SELECT count(personalization.append_message('globex', id, 'user', 'x'))
	  FROM (SELECT personalization.start_conversation('globex', 'bo ' || n) AS id FROM generate_series(1, 40) AS n OFFSET 0) AS c, generate_series(1, 7)));
my $lasting = sql(q(SELECT personalization.start_conversation('acme', 'cy')));
within(120, q(SELECT count(*) = 0 FROM personalization.conversations WHERE tenant_id = 'globex'), 'the worker deletes what has expired');
is(sql(q(SELECT count(*) FROM personalization.conversation_messages WHERE tenant_id = 'globex')), '0', 'with the messages');
is(sql(q(SELECT sum(messages) FROM personalization.conversation_statistics WHERE tenant_id = 'globex')), '280', 'and not the sums');
is(sql(qq(SELECT personalization.get_conversation('acme', '$lasting') IS NOT NULL)), 't', 'others live on');
is(sql(q(SELECT last_error FROM personalization.worker_status)), '', 'without an error');
is(sql(q(SELECT last_counts ? 'conversations' FROM personalization.worker_status)), 't', 'the worker says how many');

# Under a busy writer: a conversation that is being used is never deleted, as each message puts its end off.
sql(q(SELECT personalization.configure_tenant('acme', '{"conversation_ttl": "10 seconds"}')));
$id = start_conversation('dee');
@said = run_clients('busy', [ map { (append($id, 'user', $_), 'SELECT NULL FROM pg_sleep(0.2);') } 1 .. 60 ]);
is(join(' ', grep { $_ ne '' } @{ $said[0] }), join(q( ), 1 .. 60), 'a conversation in use outlives its first end');
within(120, "SELECT count(*) = 0 FROM personalization.conversations WHERE conversation_id = '$id'", 'and dies once it is left alone');

####################################################################
# Dump and restore.

sql(q(SELECT personalization.configure_tenant('acme', '{"conversation_ttl": null}')));
$id = start_conversation('eve');
sql(append($id, 'user', 'How were sales?'), append($id, 'assistant', 'Ünder "control".'),
	qq(SELECT personalization.update_conversation('acme', '$id', '{"topic": ["sales", null]}')));
my $document = qq(SELECT personalization.get_conversation('acme', '$id'));
my $sums = q(SELECT * FROM personalization.conversation_statistics ORDER BY tenant_id, user_id, role);
my @before = (sql($document), sql($sums));

$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/conversations.dump", 'postgres' ], 'dump');
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', 'copy', "$dir/conversations.dump" ], 'restore');
is($node->safe_psql('copy', $document), $before[0], 'a conversation is as it was');
is($node->safe_psql('copy', $sums), $before[1], 'so are the sums');
is($node->safe_psql('copy', append($id, 'user', 'Go on.')), '3', 'and it goes on');

$node->stop;
done_testing();
