# The clients of a soak.  Each runs until it is told to end, and writes down what was acknowledged.
#
# A client is a product that does as the manual says: an event has an id, and is sent again with the same id
# until it is acknowledged.
package Load;

use strict;
use warnings;

use Psql;
use Time::HiRes qw(sleep time);

my @charts = qw(bar line pie scatter);

# new(number, name, dir, role, tenant): the ledger is the file name in dir; a line is written once it is acknowledged.
sub new
{
	my ($class, $number, $name, $dir, $role, $tenant) = @_;
	my $self = bless { number => $number, name => $name, role => $role, tenant => $tenant, n => 0, errors => {} }, $class;

	open($self->{ledger}, '>>', "$dir/ledger-$name") or die $!;
	$self->{ledger}->autoflush(1);
	return $self;
}

# try(statement…): what they show, or undef where the session was lost.
sub try
{
	my ($self, @statements) = @_;

	if (!$self->{psql} || $self->{psql}->lost)
	{
		$self->{psql} = Psql->new($self->{role}, name => $self->{name}, settings => $self->{role} eq 'pooled' ? "-c personalization.tenant_id=$self->{tenant}" : '');
	}
	my $shown = $self->{psql}->tell(map { "$_;" } @statements);
	$self->{calls}++;
	if ($self->{psql}->lost) { sleep(0.3); return undef; }
	$self->{errors}{$_}++ foreach Psql::sqlstates($shown);
	return $shown;
}

# until_acknowledged(statement…): sends them until there is an answer, which is a row, and no error; undef where the
# clock, which has been set back, makes their times those of a future that is hours away.
sub until_acknowledged
{
	my ($self, @statements) = @_;

	while (!$self->{end})
	{
		my $shown = $self->try(@statements);
		return $shown if defined $shown && $shown =~ /\S/ && $shown !~ /^(?:ERROR|FATAL|WARNING):/m;
		last if defined $shown && grep { $_ eq '22008' } Psql::sqlstates($shown);
		sleep(0.05);
	}
	return undef;
}

sub note { my ($self, @words) = @_; print { $self->{ledger} } join(' ', @words), "\n"; return; }

# An id that no other client gives.
sub id { my $self = shift; return sprintf('%08x-0000-4000-8000-%012d', $self->{number}, ++$self->{n}); }

# An interaction of a user of whom nothing is erased: type, data.
sub event
{
	my $n = int(rand(1000));

	return ('visualization', qq({"chart_type": "$charts[$n % 4]", "x_axis": "column $n"})) if $n % 3 == 0;
	return ('export', qq({"format": ") . ($n % 2 ? 'csv' : 'pdf') . '"}') if $n % 5 == 0;
	return ('query', sprintf('{"query": "question %d", "sql": "SELECT a%d, sum(b) FROM t%d GROUP BY 1", "tables_used": ["t%d"]}', $n % 60, $n % 7, $n % 9, $n % 9));
}

sub keeper { return 'keeper ' . int(rand(40)); }

sub learner
{
	my $self = shift;
	my ($id, $user, @event) = ($self->id, keeper(), event());

	if (rand() < 0.6)
	{
		return unless defined $self->until_acknowledged("SELECT personalization.learn('$self->{tenant}', '$user', '$event[0]', '$event[1]', interaction_id => '$id')");
		return $self->note('learned', $self->{tenant}, $id);
	}
	my @ids = map { $self->id } 1 .. 8;
	my $batch = join(', ', map { my @e = event(); qq({"tenant_id": "$self->{tenant}", "user_id": ") . keeper() . qq(", "interaction_type": "$e[0]", "data": $e[1], "interaction_id": "$_"}) } @ids);
	return unless defined $self->until_acknowledged("SELECT personalization.learn_batch('[$batch]')");
	$self->note('learned', $self->{tenant}, $_) foreach @ids;
	sleep(0.03);
	return;
}

sub inbox
{
	my $self = shift;
	my @ids = map { $self->id } 1 .. 1 + int(rand(20));
	my $rows = join(', ', map { my @e = event(); "('$self->{tenant}', '" . keeper() . "', '$e[0]', '$e[1]', '$_')" } @ids);

	return unless defined $self->until_acknowledged("INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, interaction_id) VALUES $rows RETURNING 1");
	$self->note('put', $self->{tenant}, $_) foreach @ids;
	sleep(0.15);
	return;
}

# What only reads, and suggestions with their outcomes.
sub reader
{
	my $self = shift;
	my $of = "'$self->{tenant}', '" . keeper() . "'";
	my @calls = (
		"get_profile($of)", "get_profile($of, now() - interval '1 day')", "preferences($of)", "get_context($of)", "usage_patterns($of)", "route($of, 'question 7 by region')", "new_tables($of)", "ranking_weights('$self->{tenant}')",
		"tenant_insights('$self->{tenant}')", "explain_preference($of, 'visualization', 'preferred_chart_type')", "hidden_tables('$self->{tenant}', '{t1,t2}')", "tenant_tables('$self->{tenant}')", "export_user($of)");

	if (rand() < 0.3)
	{
		my $shown = $self->try("SELECT suggestion_id FROM personalization.get_suggestions($of, 'question')") // return;
		my ($suggestion) = $shown =~ /^([0-9a-f-]{36})$/m;
		$self->try("SELECT personalization.record_outcome($of, '$suggestion', '" . (rand() < 0.5 ? 'accepted' : 'dismissed') . "')") if $suggestion;
		return;
	}
	$self->try("SELECT count(*) FROM personalization." . $calls[ rand @calls ]);
	$self->try("SELECT count(*) FROM personalization.evaluate('$self->{tenant}')") if rand() < 0.002;
	sleep(0.01);
	return;
}

# Conversations: what was acknowledged is there, in order, until the conversation is ended.
sub talker
{
	my $self = shift;
	my $user = 'talker ' . int(rand(10));
	my $conversation = ($self->try("SELECT personalization.start_conversation('$self->{tenant}', '$user', '{\"topic\": 1}')") // '') =~ s/\n//r;
	my $messages = 0;

	return unless $conversation =~ /^[0-9a-f-]{36}$/;
	foreach my $n (1 .. 3 + int(rand(10)))
	{
		my $shown = $self->try("SELECT personalization.append_message('$self->{tenant}', '$conversation', 'user', 'message $n')");
		last unless defined $shown && $shown =~ /^(\d+)$/;
		$self->note('wrong', "message $n of $conversation has number $1") if $1 != $n;
		$messages = $n;
	}
	my $stored = $self->try("SELECT count(*), max(number) FROM personalization.conversation_messages WHERE conversation_id = '$conversation'");
	# One may have been stored without an answer.
	$self->note('wrong', "conversation $conversation: $messages messages were acknowledged, stored are $stored") if defined $stored && $stored =~ /^(\d+)\|(\d*)$/ && ($1 < $messages || $1 > $messages + 1 || ($2 || 0) != $1);
	$self->try("SELECT personalization.begin_turn('$self->{tenant}', '$user', 'question 5', '$conversation')");
	$self->try("SELECT personalization.end_turn('$self->{tenant}', '$user', 'question 5', 'It is 7.', '$conversation')");
	$self->try("SELECT personalization.update_conversation('$self->{tenant}', '$conversation', '{\"topic\": 2}')");
	$self->try("SELECT personalization.end_conversation('$self->{tenant}', '$conversation')") if rand() < 0.98;
	sleep(0.02);
	return;
}

# A user comes, is exported, erased, imported and erased again; what the exports say is the same.
sub eraser
{
	my $self = shift;
	my $user = "passing $self->{name} " . ++$self->{n};
	my $of = "'$self->{tenant}', '$user'";
	my $tables = q{((d -> 'data') - '{inbox,suggestions}'::text[])::text};

	foreach my $n (1 .. 5)
	{
		my @event = event();
		my $id = $self->id;
		return unless defined $self->until_acknowledged("SELECT personalization.learn($of, '$event[0]', '$event[1]', interaction_id => '$id')");
	}
	$self->until_acknowledged("SELECT 1 FROM personalization.set_preference($of, 'notification', 'channel', '\"mail\"')") // return;
	$self->try("SELECT personalization.collect_feedback($of, '{\"category\": \"notification\", \"key\": \"channel\", \"value\": \"mail\", \"rating\": 1}')");
	my $exported = $self->until_acknowledged("SELECT $tables FROM personalization.export_user($of) d") // return;
	# In one transaction, so that it happens or does not.
	my $shown = $self->until_acknowledged('BEGIN', "CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT personalization.export_user($of) AS d", "SELECT personalization.forget_user($of) IS NOT NULL", "SELECT personalization.import_user('$self->{tenant}', d) IS NOT NULL FROM kept", 'COMMIT') // return;
	my $again = $self->until_acknowledged("SELECT $tables FROM personalization.export_user($of) d") // return;
	$self->note('wrong', "user $user: exported $exported, after import $again") if $exported ne $again;
	return unless defined $self->until_acknowledged("SELECT personalization.forget_user($of) IS NOT NULL");
	$self->note('erased', $self->{tenant}, $user);
	sleep(0.2);
	return;
}

# Dumps, and sessions that stay in their snapshot for minutes.
sub dumper
{
	my ($self, $seconds) = @_;

	if (rand() < 0.5) { system('pg_dump -Fc -f /dev/null >/dev/null 2>&1'); sleep(1); return; }
	$self->try('BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT count(*) FROM personalization.interactions');
	my $until = time + $seconds;
	while (time < $until && !$self->{end}) { sleep(0.5); last unless defined $self->try('SELECT 1'); }
	$self->try('COMMIT') unless $self->{psql}->lost;
	return;
}

# run(kind, argument…): until SIGTERM.  What is under way then is finished.
sub run
{
	my ($self, $kind, @arguments) = @_;

	local $SIG{TERM} = sub { $self->{end} = 1 };
	srand($$);
	$self->$kind(@arguments) while !$self->{end};
	$self->{psql}->end if $self->{psql};
	$self->note('calls', $self->{calls} // 0, map { "$_:$self->{errors}{$_}" } sort keys %{ $self->{errors} });
	return;
}

1;
