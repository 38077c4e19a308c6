# The statements of the fuzzer: calls of functions in many shapes, rows for the inbox, and rows of tables
# as an application may write them.
#
# The functions come from pg_proc, and the tables with what may be written from the privileges of the
# role, so that new ones are tried by themselves.
package Statements;

use strict;
use warnings;

use Documents;
use Values qw(chance pick quote value);

# Statements->new(admin, role, tenant, others): what a role may try; admin is a session of a superuser, who
# is asked for the functions.  others are tenants that the role may name otherwise.
sub new
{
	my ($class, $admin, $role, $tenant, @others) = @_;
	my $self = bless { role => $role, tenant => $tenant, others => [@others] }, $class;
	my $rows = sub { return map { [ split /\|/, $_, -1 ] } split /\n/, $admin->tell(shift) };

	$self->{json} = sub { return Documents::document(shift, $self) };
	$self->{now} = ($rows->('SELECT now();'))[0][0];
	foreach my $label ($rows->(q{SELECT pg_catalog.format_type(enumtypid, NULL), enumlabel FROM pg_enum ORDER BY enumtypid, enumsortorder;}))
	{
		push @{ $self->{enums}{ $label->[0] } }, $label->[1];
	}
	# Each function: its name, whether it returns a set, and the arguments [name, type, is it optional].
	$self->{functions} = [ map {
			my ($name, $set, $names, $types, $defaults) = @$_;
			my @names = split /,/, $names;
			my @types = split /;/, $types;
			{ name => $name, set => $set eq 't', arguments => [ map { [ $names[$_] // '', $types[$_], $_ >= @types - $defaults ] } 0 .. $#types ] }
		} $rows->(q{
			SELECT p.proname, p.proretset OR p.prorettype = 'record'::regtype, coalesce(array_to_string(p.proargnames[1:p.pronargs], ',', ''), ''),
				(SELECT coalesce(string_agg(format_type(t, NULL), ';' ORDER BY n), '') FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (t, n)), p.pronargdefaults
			FROM pg_proc p WHERE p.pronamespace = 'personalization'::regnamespace AND p.prokind = 'f' ORDER BY p.oid;}) ];
	$self->{columns} = {};
	foreach my $column ($rows->(qq{
		SELECT c.relname, a.attname, format_type(a.atttypid, NULL) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'personalization'::regnamespace AND c.relkind = 'p' AND a.attnum > 0 AND NOT attisdropped
		AND (has_column_privilege('$role', c.oid, attnum, 'UPDATE') OR has_column_privilege('$role', c.oid, attnum, 'INSERT')) ORDER BY 1, attnum;}))
	{
		push @{ $self->{columns}{ $column->[0] } }, [ @$column[ 1, 2 ] ];
	}
	$self->{tables} = [ sort keys %{ $self->{columns} } ];
	die "no functions\n" unless @{ $self->{functions} };
	return $self;
}

# A call of a function.
sub call
{
	my ($self, $function, %given) = @_;
	my @arguments = @{ $function->{arguments} };
	my $named = !chance(3);
	my @written;

	# The one way in which a role that may set the tenant would see another's rows by right.
	$given{tenant_id} = quote(pick($self->{tenant}, $self->{tenant}, 'acme', 'no such tenant')) if $function->{name} eq 'use_tenant';
	foreach my $argument (@arguments)
	{
		my ($name, $type, $optional) = @$argument;
		next if $optional && chance(2) && $named && $name ne '';
		last if $optional && chance(3) && !$named;
		my $value = $given{$name} // value($type, $name, $self);
		push @written, $named && $name ne '' ? "$name => $value" : $value;
	}
	return "personalization.$function->{name}(" . join(', ', @written) . ')';
}

# The function of a name, or any.
sub function
{
	my ($self, $name) = @_;

	return $name ? (grep { $_->{name} eq $name } @{ $self->{functions} })[0] : pick(@{ $self->{functions} });
}

sub select_call
{
	my $self = shift;
	my $function = $self->function(shift);
	my $call = $self->call($function);

	return $function->{set} || chance(3) ? "SELECT * FROM $call" : "SELECT $call";
}

sub inbox_rows
{
	my $self = shift;
	my @rows = map {
		my $event = Documents::event($self);
		my $data = chance(2) ? Documents::text_of($event->{data}) : Documents::document('data', $self);
		sprintf('(%s, %s, %s::jsonb, %s, %s)', chance(6) ? value('text', 'any', $self) : quote($event->{user_id}), chance(8) ? value('text', 'any', $self) : quote($event->{interaction_type}),
			chance(15) ? 'NULL' : quote($data), chance(3) ? value('timestamp with time zone', 'at', $self) : 'now()', chance(3) ? value('uuid', 'id', $self) : 'NULL')
	} 1 .. pick(1, 1, 3, 20);

	return 'INSERT INTO personalization.inbox (user_id, interaction_type, data, occurred_at, interaction_id) VALUES ' . join(', ', @rows);
}

# A batch of which it is said how many rows it made: see check().
sub counted_batch
{
	my $self = shift;
	my $on_error = pick('raise', 'divert', 'divert');
	my $events = quote(Documents::document('events', $self));
	my $count = "SELECT 'COUNT', count(*) FROM personalization.interactions";

	return ('BEGIN ISOLATION LEVEL REPEATABLE READ', $count, "SELECT 'NEW', personalization.learn_batch($events, '$on_error')", $count, 'COMMIT');
}

# What an application wrote by itself into a row that the functions read.
sub written_row
{
	my $self = shift;
	my $table = pick(@{ $self->{tables} }) or return 'SELECT 1';
	my @columns = grep { $_->[0] ne 'tenant_id' } @{ $self->{columns}{$table} };
	# Of the ledger's rows nothing may be lost: see canceller() in fuzz.
	my $not_ledger = $table eq 'rejected_events' ? " WHERE event ->> 'user_id' IS DISTINCT FROM 'ledger'" : grep({ $_->[0] eq 'user_id' } @columns) ? " WHERE user_id <> 'ledger'" : '';
	my $where = "ctid IN (SELECT ctid FROM personalization.$table$not_ledger OFFSET " . int(rand(5)) . ' LIMIT 1)';
	my @set = map { "$_->[0] = " . value($_->[1], $_->[0], $self) } map { pick(@columns) } 1;

	# Positions and offsets are not the application's.
	return "DELETE FROM personalization.$table WHERE $where" if chance(10);
	return "INSERT INTO personalization.$table (" . join(', ', 'tenant_id', map { $_->[0] } @columns) . ') VALUES (' . join(', ', quote($self->{tenant}), map { value($_->[1], $_->[0], $self) } @columns) . ')'
	  if chance(3);
	return "UPDATE personalization.$table SET " . join(', ', @set) . " WHERE $where";
}

# What a session may set, and what it is set back to.
my @settings = (
	"timezone = 'Pacific/Apia'", "timezone = 'Asia/Kathmandu'", "datestyle = 'SQL, DMY'", "datestyle = 'German'", "intervalstyle = 'sql_standard'", 'extra_float_digits = -15',
	'bytea_output = escape', "client_encoding = 'LATIN1'", "client_encoding = 'SQL_ASCII'", 'standard_conforming_strings = off', 'array_nulls = off', 'transform_null_equals = on',
	'quote_all_identifiers = on', "search_path = ''", "search_path = 'pg_temp, personalization'", 'work_mem = 64', 'enable_indexscan = off', 'enable_hashjoin = off', 'plan_cache_mode = force_generic_plan',
	'plan_cache_mode = force_custom_plan', 'row_security = off', 'personalization.warn_unknown_data = on', "statement_timeout = '3ms'", "lock_timeout = '1ms'", 'jit = on', 'default_transaction_read_only = on',
	"default_transaction_isolation = 'serializable'", "default_transaction_isolation = 'repeatable read'", 'enable_seqscan = off', 'default_transaction_deferrable = on', "client_min_messages = 'debug1'",
	"xmloption = 'document'", 'backslash_quote = on', 'escape_string_warning = off', "lc_monetary = 'C'", 'check_function_bodies = off', 'cursor_tuple_fraction = 0.0', 'from_collapse_limit = 1', 'geqo_threshold = 2',
	'constraint_exclusion = on', 'enable_partition_pruning = off', 'max_parallel_workers_per_gather = 4', "idle_in_transaction_session_timeout = '30s'", 'synchronous_commit = off', 'debug_print_plan = off',
);

# next(): the statements of the next trial, each to be sent by itself, as texts without their semicolon.
sub next
{
	my $self = shift;
	my $one = sub { return $self->select_call };
	my @shapes = (
		[ 30, sub { return $one->() } ],
		# One call for many rows.
		[ 4, sub { return 'SELECT ' . $self->call($self->function) . ' FROM generate_series(1, ' . pick(2, 5, 50) . ') AS n' } ],
		# An error in a block that goes on.
		[ 4, sub {
				my @calls = map { $self->call($self->function) } 1 .. pick(1, 2, 4);
				return 'DO $fuzz$ BEGIN ' . join(' ', map { "BEGIN PERFORM $_; EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%', SQLSTATE || ' ' || SQLERRM; END;" } @calls) . ' END $fuzz$' } ],
		[ 4, sub {
				return ('BEGIN' . pick('', ' ISOLATION LEVEL REPEATABLE READ', ' ISOLATION LEVEL SERIALIZABLE', ' READ ONLY'), $one->(), 'SAVEPOINT a', $one->(), 'ROLLBACK TO a', $one->(), 'RELEASE a', $one->(), pick('COMMIT', 'ROLLBACK', 'COMMIT AND CHAIN')) } ],
		[ 3, sub {
				return ('BEGIN', 'DECLARE c ' . pick('', 'SCROLL') . ' CURSOR ' . pick('', 'WITH HOLD') . ' FOR ' . $one->(), 'FETCH 1 FROM c', $one->(), 'FETCH ALL FROM c', 'COMMIT', 'FETCH ALL FROM c', 'CLOSE ALL') } ],
		[ 3, sub { return ('PREPARE p AS ' . $one->(), ('EXECUTE p') x pick(1, 2, 7), 'DEALLOCATE ALL') } ],
		[ 4, sub { return ('SET ' . pick(@settings), $one->(), $one->(), 'RESET ALL') } ],
		[ 6, sub { return $self->inbox_rows } ],
		[ 6, sub { return $self->counted_batch } ],
		[ 4, sub { return 'SELECT ' . $self->call($self->function('import_user')) } ],
		[ 2, sub { return 'SELECT ' . $self->call($self->function('import_user'), document => "personalization.export_user('$self->{tenant}', " . quote(pick(Values::users())) . ')') } ],
		[ 2, sub { return 'EXPLAIN (ANALYZE, VERBOSE, TIMING off, SUMMARY off) ' . $one->() } ],
		[ $self->{role} eq 'postgres' ? 0 : 6, sub { return $self->written_row } ],
		[ 1, sub { return 'SELECT * FROM personalization.' . (pick(@{ $self->{tables} }) // 'tenants') . ' LIMIT 50' } ],
	);
	my $sum = 0;

	$sum += $_->[0] foreach @shapes;
	my $at = rand($sum);
	foreach my $shape (@shapes)
	{
		next unless ($at -= $shape->[0]) < 0;
		my @statements = $shape->[1]->();
		# A superuser may look after the data of all at any time; here that is undone.
		return $self->{role} eq 'postgres' && grep({ /\brun_maintenance\b/ } @statements) ? ('BEGIN', grep({ !/^(?:BEGIN|COMMIT|ROLLBACK)/ } @statements), 'ROLLBACK') : @statements;
	}
	return $one->();
}

1;
