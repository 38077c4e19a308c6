# pg_upgrade takes everything to a new major version of the server: rows, roles and their bindings, what is read,
# and the worker, which goes on where the old one stopped.
#
# It needs an older server beside the one of PG_CONFIG, with the extension installed: those in /usr/lib/postgresql,
# or that of PERSONALIZATION_OLD_PG_CONFIG.

use strict;
use warnings;

use FindBin;
use History;
use Objects;
use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;

sub installed { my ($pg_config, $what) = @_; chomp(my $answer = `$pg_config --$what`); return $answer; }
sub major { return installed(shift, 'version') =~ /(\d+)/ ? $1 : 0; }

my $new = $ENV{PG_CONFIG} || 'pg_config';
my @old = sort { major($a) <=> major($b) } grep { major($_) < major($new) && -e installed($_, 'sharedir') . '/extension/personalization.control' }
  $ENV{PERSONALIZATION_OLD_PG_CONFIG} || glob('/usr/lib/postgresql/*/bin/pg_config');

plan skip_all => 'no older server that has the extension, from which to upgrade' if !@old;

my $waiting = 60;
my $settings = q{
shared_preload_libraries = 'personalization'
personalization.worker = off
personalization.worker_naptime = '50ms'
personalization.maintenance_interval = '1h'
};

# switch(on or off): the worker, until it has come or gone.
sub switch
{
	my ($node, $state) = @_;

	$node->append_conf('postgresql.conf', "personalization.worker = $state");
	$node->reload;
	return within(30, sprintf('SELECT (pid IS NOT NULL) = %s FROM personalization.worker_status', $state eq 'on' ? 'true' : 'false'),
		"the worker is $state");
}

foreach my $old (@old)
{
	my $name = major($old) . ' to ' . major($new);

	note("from $old");
	my $from = node('from_' . major($old), $settings, install_path => installed($old, 'bindir') =~ s{/bin$}{}r, init => [ extra => ['--data-checksums'] ]);

	sql('CREATE EXTENSION personalization');
	my $version = sql(q{SELECT extversion FROM pg_extension WHERE extname = 'personalization'});
	populate($from, 16);
	switch($from, 'on');
	within(60, q{SELECT NOT EXISTS (SELECT FROM personalization.inbox) AND NOT EXISTS (SELECT FROM personalization.query_events)},
		'everything is learned and counted');
	my $learned = sql('SELECT learned FROM personalization.worker_state');
	switch($from, 'off');
	fill_inbox('waits', $waiting);

	my $columns = columns();    # an update adds some
	my ($contents, $reads, $privileges) = (contents($columns), reads(), privileges());
	my @empty = grep { $contents->{$_} =~ /^0\|/ } sort keys %$contents;
	cmp_ok(scalar @empty, '<=', 12, "$name: most tables have rows") || diag("@empty");
	cmp_ok(length($reads), '>', 50_000, 'and much is read');
	$from->stop;

	# The upgrade.
	my $to = node('to_' . major($old), $settings, init => [ extra => ['--data-checksums'] ]);
	$to->stop;
	my $dir = PostgreSQL::Test::Utils::tempdir;
	chdir $dir or die;
	ok(run_log([ 'pg_upgrade', '--no-sync', '--old-datadir', $from->data_dir, '--new-datadir', $to->data_dir, '--old-bindir', installed($old, 'bindir'),
				'--new-bindir', installed($new, 'bindir'), '--socketdir', $to->host, '--old-port', $from->port, '--new-port', $to->port ]),
		"$name: pg_upgrade")
	  or die map { "== $_\n" . slurp_file($_) } glob($to->data_dir . '/pg_upgrade_output.d/*/log/*.log');
	$to->start;

	my ($after, $privileges_after) = (contents($columns), privileges());
	is($after->{$_}, $contents->{$_}, "$name: rows of $_") foreach sort keys %$contents;
	ok(reads() eq $reads, "$name: profiles, preferences, contexts, routes, explanations and suggestions are the same");
	if ($version ne sql(q{SELECT default_version FROM pg_available_extensions WHERE name = 'personalization'}))
	{
		sql('ALTER EXTENSION personalization UPDATE');
		$after = contents($columns);
		is($after->{$_}, $contents->{$_}, "$name: rows of $_ after the update") foreach sort keys %$contents;
		ok(reads() eq $reads, "$name: and all is read the same after ALTER EXTENSION UPDATE");
	}

	# Those of CREATE EXTENSION here: no comment or dumped table has been lost.
	sql('CREATE DATABASE fresh');
	sql('fresh', 'CREATE EXTENSION personalization', slurp_file("$FindBin::RealBin/random_users.sql"), 'GRANT USAGE ON SCHEMA test TO PUBLIC');
	my ($upgraded, $fresh) = map { objects($to, $_, no_rows => 1) } 'postgres', 'fresh';
	foreach my $all ($upgraded, $fresh)
	{
		delete @$all{ grep { /; Type: ACL/ } keys %$all };
		# From version 18 on NOT NULL has a name, which a partition takes from its table, but not when pg_upgrade makes it.
		s/ CONSTRAINT \w+_not_null NOT NULL/ NOT NULL/g, s/^UPDATE pg_catalog\.pg_constraint\nSET conislocal .*?;\n//msg foreach values %$all;
	}
	is(join("\n", differences($upgraded, $fresh)), '', "$name: the objects are those of CREATE EXTENSION");

	# Roles.
	is($privileges_after, $privileges, "$name: privileges are as they were");
	is(sql_as('bound', 'SELECT DISTINCT tenant_id FROM personalization.interactions'), 'tenant 1', "$name: a bound role sees its tenant");
	my ($status, $out, $err) = $to->psql('postgres', q{SELECT personalization.learn('tenant 2', 'x', 'export', '{"format": "csv"}')}, connstr => $to->connstr('postgres') . ' user=bound');
	like($err, qr/tenant/, 'and writes into no other');
	is(sql_as('pooled', 'BEGIN', q{SELECT personalization.use_tenant('tenant 2')}, 'SELECT DISTINCT tenant_id FROM personalization.interactions', 'COMMIT') =~ s/^\n//r, 'tenant 2',
		'a pooled role sets its tenant');
	($status, $out, $err) = $to->psql('postgres', 'SELECT count(*) FROM personalization.interactions', connstr => $to->connstr('postgres') . ' user=nobody');
	like($err, qr/permission denied/, 'others have no access');

	# The worker goes on.
	my $start = log_position();
	switch($to, 'on');
	within(30, 'SELECT NOT EXISTS (SELECT FROM personalization.inbox)', "$name: what waited is learned");
	is(sql(q{SELECT count(*) FROM personalization.interactions WHERE user_id = 'waits'}), $waiting, 'all of it, once');
	is(sql('SELECT learned FROM personalization.worker_state'), $learned + $waiting, 'and the worker counts on');
	is(sql('SELECT waits_for IS NULL FROM personalization.worker_status'), 't', 'it waits for nothing');
	sql(q{SELECT personalization.learn('tenant 1', 'new', 'query', '{"query": "orders by day", "tables_used": ["orders"]}')});
	within(30, 'SELECT NOT EXISTS (SELECT FROM personalization.query_events)', 'queries are counted');
	cmp_ok(sql(q{SELECT count(*) FROM personalization.get_suggestions('tenant 1', 'new')}), '>', 0, 'and suggestions made');
	sql('SELECT personalization.run_maintenance()');
	unlike(log_since($start), qr/ERROR|PANIC|FATAL|WARNING|terminated by signal/, "$name: the log has no complaint");

	# It can still be dumped, and taken out.
	command_ok([ 'pg_dump', '-Fc', '-f', "$dir/dump", $to->connstr('postgres') ], "$name: dump");
	sql('DROP EXTENSION personalization');
	is(sql(q{SELECT count(*) FROM pg_namespace WHERE nspname = 'personalization'}), '0', 'DROP EXTENSION takes all of it');
	$to->stop;
}
done_testing();
