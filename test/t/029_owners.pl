# Objects of the extension that are given to somebody who is no superuser while the worker is at work: what
# the new owner defines on them at once must not run with the worker's rights, in no transaction.

use strict;
use warnings;

use Personalization;
use Test::More;

my $node = node('owners', q{
shared_preload_libraries = 'personalization'
personalization.worker_naptime = 20ms
personalization.maintenance_interval = 1
personalization.count_at_commit = off
fsync = off
});

sql('CREATE ROLE dba SUPERUSER LOGIN', 'CREATE ROLE somebody LOGIN', 'CREATE DATABASE given');
sql_as('dba', 'given', 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme')),
	'CREATE TABLE public.evil (who name)', 'GRANT ALL ON public.evil TO PUBLIC', 'GRANT CREATE ON SCHEMA public TO somebody', 'GRANT USAGE ON SCHEMA personalization TO somebody',
	'CREATE TABLE public.gate (open bool)', 'INSERT INTO public.gate VALUES (true)',
	# Of a superuser, and so run by the worker: it waits in the middle of a batch.
	q{CREATE FUNCTION public.wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		WHILE NOT (SELECT open FROM public.gate) LOOP PERFORM pg_sleep(0.02); END LOOP; RETURN NEW; END $$},
	q{CREATE TRIGGER wait_at_gate BEFORE INSERT ON personalization.interactions FOR EACH ROW EXECUTE FUNCTION public.wait_at_gate()});
sql_as('somebody', 'given', 'CREATE FUNCTION public.spy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.evil VALUES (current_user); RETURN NEW; END $$');

# The tables of a name: the partitioned one, and its partitions.
sub tables { my ($name) = @_; return split /\n/, sql('given', "SELECT relid::regclass FROM pg_partition_tree('personalization.$name') ORDER BY level"); }
my $leaf = (grep { sql('given', "SELECT satisfies_hash_partition('personalization.preferences'::regclass, 8, " . ($_ =~ /(\d)$/)[0] . ", 'acme'::text)") eq 't' } grep { /\d$/ } tables('preferences'))[0];

my $n = 0;
my $ask = sub { $n++; return qq(INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('acme', 'ana', 'query', '{"query": "what is $n", "tables_used": ["t$n"]}')); };
my $trigger = sub { return "CREATE TRIGGER spy BEFORE INSERT OR UPDATE OR DELETE ON personalization.$_[0] FOR EACH ROW EXECUTE FUNCTION public.spy()"; };
my $function = 'personalization.next_due_on(date[], date[])';
my ($body) = sql('given', "SELECT pg_get_functiondef('$function'::regprocedure)");
my @given = (
	[ 'a partition, in the same transaction', [$leaf], [ $trigger->($leaf =~ /\.(.*)/) ] ],
	[ 'a table, in the same transaction', [ tables('preferences') ], [ $trigger->('preferences') ] ],
	[ 'a rule', [ tables('query_events') ], ['CREATE RULE spy AS ON INSERT TO personalization.query_events DO ALSO INSERT INTO public.evil VALUES (current_user)'] ],
	[ 'a constraint that calls only what the server has', [ tables('query_events') ], ['ALTER TABLE personalization.query_events ADD CONSTRAINT spy CHECK (lo_create(0) > 0) NOT VALID'] ],
	[ 'a table, in the next step', [ tables('query_statistics') ], [ $trigger->('query_statistics') ] ],
	[ 'a table of the worker itself', ['personalization.worker_state'], [ $trigger->('worker_state') ] ],
	[ 'a function', [], [ "CREATE OR REPLACE FUNCTION personalization.next_due_on(date[], date[] DEFAULT NULL) RETURNS date LANGUAGE plpgsql VOLATILE AS \$\$ BEGIN INSERT INTO public.evil VALUES (current_user); RETURN NULL; END \$\$" ] ],
);
my @undo = ('DROP TRIGGER IF EXISTS spy ON personalization.preferences', "DROP TRIGGER IF EXISTS spy ON $leaf", 'DROP TRIGGER IF EXISTS spy ON personalization.query_statistics', 'DROP TRIGGER IF EXISTS spy ON personalization.worker_state',
	'DROP RULE IF EXISTS spy ON personalization.query_events', 'ALTER TABLE personalization.query_events DROP CONSTRAINT IF EXISTS spy', $body);
my $evil = q(SELECT count(*), (SELECT count(*) FROM pg_largeobject_metadata) FROM public.evil);

within(5, 'given', 'SELECT passes > 0 FROM personalization.worker_status', 'the worker works');
foreach (@given)
{
	my ($what, $tables, $plant) = @$_;

	sql('given', 'UPDATE public.gate SET open = false', $ask->());
	within(5, 'given', q(SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'personalization worker' AND datname = 'given' AND wait_event = 'PgSleep'), "$what: the worker is in the middle of a batch");
	sql('given', (map { "ALTER TABLE $_ OWNER TO somebody" } @$tables), @$tables ? () : ('GRANT CREATE ON SCHEMA personalization TO somebody', "ALTER FUNCTION $function OWNER TO somebody"));
	sql_as('somebody', 'given', @$plant);
	sql('given', 'UPDATE public.gate SET open = true');
	within(5, 'given', q(SELECT waits_for LIKE 'tables to belong to a superuser again%"somebody"' FROM personalization.worker_status), "$what: given away meanwhile, it waits");
	if ($what eq 'a partition, in the same transaction')
	{
		my $problem = q(SELECT coalesce(string_agg(p, '; '), '') FROM personalization.health, unnest(problems) AS p WHERE p ~ 'waits');

		is(sql('given', $problem), '', 'health does not mind a moment');
		sql('given', q(UPDATE personalization.worker_state SET created_at = now() - interval '1 hour', last_finished = now() - interval '6 minutes'));
		is(sql('given', $problem), 'the worker waits for tables to belong to a superuser again, and not to role "somebody"', 'and says so after minutes');
	}
	is(sql('given', $evil), '0|0', "$what: and has run nothing of the new owner");
	# What was planted goes first: once it is a superuser's, the worker runs it.
	sql('given', @undo, (map { "ALTER TABLE $_ OWNER TO dba" } @$tables), "ALTER FUNCTION $function OWNER TO dba", 'REVOKE CREATE ON SCHEMA personalization FROM somebody');
	within(70, 'given', qq(SELECT count(*) = 1 FROM personalization.query_statistics WHERE query = 'what is $n'), "$what: given back, it goes on");
	is(sql('given', $evil), '0|0', "$what: and still has run nothing");
}

####################################################################
# A superuser's trigger that calls somebody's function, by whatever way: that runs as its owner, or not at all.

my $spy = sub { my ($how) = @_; return "CREATE OR REPLACE FUNCTION public.spy() RETURNS trigger LANGUAGE plpgsql $how AS \$\$ BEGIN INSERT INTO public.evil VALUES (current_user); RETURN NEW; END \$\$"; };
sql_as('dba', 'given', $trigger->('interactions'));
foreach my $how ('', 'SET search_path = pg_catalog')
{
	sql_as('somebody', 'given', $spy->($how));
	sql('given', $ask->());
	within(5, 'given', q(SELECT bool_or(reason = 'function public.spy() belongs to role "somebody", which is not a superuser') FROM personalization.backing_off), "somebody's function $how: it says why");
	is(sql('given', $evil), '0|0', "somebody's function $how: it did not run");
	sql('given', 'ALTER TRIGGER spy ON personalization.interactions RENAME TO no_spy', 'DROP TRIGGER no_spy ON personalization.interactions');
	within(70, 'given', qq(SELECT count(*) = 1 FROM personalization.query_statistics WHERE query = 'what is $n'), "somebody's function $how: without it, it goes on");
	sql_as('dba', 'given', $trigger->('interactions'));
}
sql_as('somebody', 'given', $spy->('SECURITY DEFINER'));
sql('given', $ask->());
within(5, 'given', q(SELECT count(*) > 0 AND bool_and(who = 'somebody') FROM public.evil), 'with SECURITY DEFINER it runs as its owner');
sql('given', 'DROP TRIGGER spy ON personalization.interactions', 'TRUNCATE public.evil');

####################################################################
# What the library does as the extension's owner for a role that may not.

sql('given', 'CREATE ROLE app LOGIN', q(SELECT personalization.bind_role('app', 'acme')), map { "ALTER TABLE $_ OWNER TO somebody" } tables('audit_log'));
sql_as('somebody', 'given', $spy->(''), $trigger->('audit_log'));
my ($ret, $out, $err) = $node->psql('given', q(SELECT personalization.export_user('acme', 'ana')), connstr => $node->connstr('given') . ' user=app');
like($err, qr/ERROR:  table "audit_log\w*" belongs to role "somebody", which is not a superuser\nHINT:  /, 'a call that writes the audit trail is refused');
is(sql('given', $evil), '0|0', 'and has run nothing of the owner');
# That holds for what is done as the owner only.
is(sql_as('somebody', 'given', 'CREATE TABLE public.own (a int)', 'CREATE TRIGGER spy BEFORE INSERT ON public.own FOR EACH ROW EXECUTE FUNCTION public.spy()', 'SELECT 1'), '1', 'somebody has a table');
is(sql('given', 'DO $$ BEGIN PERFORM personalization.export_user(\'acme\', \'ana\'); EXCEPTION WHEN object_not_in_prerequisite_state THEN NULL; END $$', 'INSERT INTO public.own VALUES (1)', $evil), '1|0', "a superuser's own statements run what is there");

$node->stop;
done_testing();
