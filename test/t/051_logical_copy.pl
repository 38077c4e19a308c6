# Logical replication of a whole database, as for change capture and upgrades without downtime: a
# publication of all tables blocks nothing at its source, and a database with the extension receives
# all rows, if the rows that the script creates there have been removed, as docs/scale-out.md
# describes.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use Personalization;
use Test::More;

my $node = node('copies', 'wal_retrieve_retry_interval = 100ms', init => [ allows_streaming => 'logical' ]);

# A digest of every table of the extension that holds rows.
sub digests
{
	return sql(shift, q{
		SELECT c.relname, (xpath('/row/d/text()', query_to_xml(format(
			'SELECT count(*) || '' '' || coalesce(sum(hashtextextended(t::text, 0)), 0) AS d FROM personalization.%I t', c.relname), true, true, '')))[1]
		FROM pg_class c WHERE relnamespace = 'personalization'::regnamespace AND relkind = 'r' ORDER BY 1});
}

sql('postgres', 'CREATE DATABASE here', 'CREATE DATABASE there');
sql('there', 'CREATE EXTENSION personalization');
sql('here', 'CREATE EXTENSION personalization', q{SELECT personalization.create_tenant(t) FROM unnest('{acme,globex}'::text[]) t},
	q{SELECT count(personalization.learn('acme', 'user ' || i % 9, 'query', jsonb_build_object('query', 'question ' || i % 30))) FROM generate_series(1, 300) i},
	q{SELECT personalization.run_maintenance()},
	q{INSERT INTO personalization.signal_rules (interaction_type, path, category, key, strength, ordinal) VALUES ('export', 'paper', 'presentation', 'paper', 0.5, 1)});

sql('here', 'CREATE PUBLICATION everything FOR ALL TABLES', q{SELECT pg_create_logical_replication_slot('copy', 'pgoutput')});
sql('there', 'TRUNCATE personalization.signal_rules, personalization.worker_state, personalization.worker_restores');
sql('there', q{CREATE SUBSCRIPTION copy CONNECTION '} . $node->connstr . q{ dbname=here' PUBLICATION everything WITH (create_slot = false, slot_name = 'copy')});
ok($node->poll_query_until('there', q{SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel}), 'all tables are copied');
is(digests('there'), digests('here'), 'and are the same');

# What changes and deletes, of every kind.
sql('here', q{SELECT count(personalization.learn('globex', 'user ' || i % 9, 'query', jsonb_build_object('query', 'question ' || i % 30))) FROM generate_series(1, 300) i},
	q{SELECT personalization.forget_user('acme', 'user 1')},
	q{SELECT personalization.rebuild_statistics('acme')},
	q{SELECT personalization.run_maintenance()},
	q{SELECT personalization.configure_tenant('globex', '{"min_confidence": 0.2}')},
	q{SELECT personalization.run_maintenance(now() + interval '2 years')},
	q{SELECT personalization.drop_tenant('acme')},
	q{SELECT count(personalization.learn('globex', 'user ' || i % 9, 'query', jsonb_build_object('query', 'question ' || i % 30))) FROM generate_series(1, 50) i});
$node->wait_for_catchup('copy');
is(digests('there'), digests('here'), 'changes and deletions follow');

# The copy becomes the one that is used.
sql('there', 'DROP SUBSCRIPTION copy');
sql('there', q{SELECT personalization.run_maintenance()},
	q{SELECT personalization.learn('globex', 'user 1', 'export', '{"paper": "A4"}')});
is(sql('there', q{SELECT value FROM personalization.preferences('globex', 'user 1') WHERE key = 'paper'}), '"A4"', 'the copy works, with rules of all kinds');
is(sql('there', q{SELECT asks FROM personalization.rankings WHERE tenant_id = 'globex'}), '350', 'and counts on from there');

$node->stop;
done_testing();
