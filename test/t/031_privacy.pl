# Nothing remains of a user who was forgotten, and of a tenant that was dropped.
#
# A marker is stored in every place that can contain a user's data, through every function.
# Afterwards it is searched for in every column of every table of the schema, in the bytes of all
# files of these tables and their indexes, and in the server's log. Before that it must be found
# there, so that a search that does not work is noticed. The marker is short, so that it remains
# readable in compressed values.

use strict;
use warnings;

use File::Find;
use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;

# The log as it is by default: the test module would log every statement.
my $node = node('privacy', q{
shared_preload_libraries = 'personalization'
autovacuum = off
log_statement = none
log_min_messages = warning
log_min_error_statement = error
log_error_verbosity = default
log_parameter_max_length_on_error = 0
}, init => [ extra => [ '--locale=C', '--encoding=UTF8' ] ]);

sql(q{
	CREATE EXTENSION personalization;
	SELECT personalization.create_tenant('acme'), personalization.create_tenant('globex');
	CREATE ROLE app LOGIN;
	SELECT personalization.bind_role('app', 'acme');
});

# ---------------------------------------------------------------- searching

# The tables of the schema whose rows, written as text, hold a string.
sub tables_with
{
	my ($string) = @_;
	return sql(qq{
		SELECT coalesce(string_agg(name, ' ' ORDER BY name COLLATE "C"), '') FROM (
			SELECT c.relname AS name, xpath_exists('//row', query_to_xml(format(
				'SELECT FROM personalization.%I t WHERE strpos(t::text, %L) > 0 LIMIT 1', c.relname, '$string'), true, false, '')) AS found
			FROM pg_class c WHERE c.relnamespace = 'personalization'::regnamespace AND c.relkind IN ('p', 'r') AND NOT c.relispartition) f
		WHERE found});
}

# The tables whose files, those of their indexes and of what is stored apart included, hold a string.
sub files_with
{
	my ($string) = @_;
	my %files = map { split /\|/ } split /\n/, sql(q{
		CHECKPOINT;
		SELECT pg_relation_filepath(r.oid), coalesce(t.relname, o.relname, r.relname) FROM pg_class r
		LEFT JOIN pg_index i ON i.indexrelid = r.oid
		LEFT JOIN pg_class o ON o.oid = i.indrelid
		LEFT JOIN pg_class t ON t.reltoastrelid IN (r.oid, o.oid)
		WHERE pg_relation_filepath(r.oid) IS NOT NULL
		AND (r.relnamespace = 'personalization'::regnamespace OR t.relnamespace = 'personalization'::regnamespace
			OR o.relnamespace = 'personalization'::regnamespace)});
	my %found;
	cmp_ok(scalar keys %files, '>', 100, 'there are files to look into');
	foreach my $file (keys %files)
	{
		my $content = slurp_file($node->data_dir . "/$file");
		(my $table = $files{$file}) =~ s/_\d+$//;
		$found{$table} = 1 if index($content, $string) >= 0;
	}
	return join(' ', sort keys %found);
}

sub log_with
{
	my ($string) = @_;
	return index(slurp_file($node->logfile), $string) >= 0 ? 'found' : '';
}

# ---------------------------------------------------------------- a life

my %both = (ana => 'HOW DO zq7xBOTH compare?', bo => 'How do Zq7xboth compare?');

# Does everything that a user can do, leaving a marker; as the bound role for its own tenant.
sub live
{
	my ($tenant, $user, $m) = @_;
	my @role = $tenant eq 'acme' ? (extra_params => [ '-U', 'app' ]) : ();
	my $first = qq{(SELECT interaction_id FROM personalization.interactions WHERE tenant_id = '$tenant' AND user_id = '$user' LIMIT 1)};
	my ($out, $err);
	my $status = $node->psql('postgres', qq{
		SELECT personalization.learn('$tenant', '$user', 'query', '{"query": "how is $m?", "sql": "SELECT sum($m) FROM $m WHERE $m = 1 GROUP BY $m"}', now(), NULL, '{"remark": "$m"}');
		SELECT personalization.learn('$tenant', '$user', 'visualization', '{"chart_type": "$m", "x_axis": "$m"}', now() - interval '1 day');
		SELECT personalization.learn('$tenant', '$user', 'visualization', '{"chart_type": "bar", "note": "$m"}');
		SELECT personalization.learn('$tenant', '$user', 'export', '{"format": "$m", "columns": ["$m 1", "$m 2"]}');
		SELECT personalization.learn('$tenant', '$user', 'dashboard', '{"layout": "$m", "widget_sizes": {"$m": "$m"}}');
		SELECT personalization.learn('$tenant', '$user', 'exploration', '{"tables": ["$m"]}');
		SELECT personalization.learn('$tenant', '$user', 'refinement', '{"original": {"chart_type": "$m"}, "corrected": {"chart_type": "no $m"}}');
		SELECT personalization.collect_feedback('$tenant', '$user', '{"category": "presentation", "key": "$m", "value": "$m", "rating": 1}');
		SELECT personalization.collect_feedback('$tenant', '$user', jsonb_build_object('interaction_id', $first, 'rating', 'positive', 'comment', '$m'));
		SELECT personalization.learn_batch(jsonb_build_array(
			jsonb_build_object('tenant_id', '$tenant', 'user_id', '$user', 'interaction_type', '$m', 'data', '{}'::jsonb),
			jsonb_build_object('tenant_id', '$tenant', 'user_id', '$user', 'interaction_type', 'query', 'data', jsonb_build_object('query', '$m?', 'x', repeat('$m', 3000)))), 'divert');
		SELECT personalization.set_profile('$tenant', '$user', 'advanced', ARRAY['$m', 'finance'], 'brief');
		INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('$tenant', '$user', 'query', '{"query": "$m from the inbox"}'),
			('$tenant', '$user', '$m', '{"query": "$m"}'), ('$tenant', '$user', 'query', '["$m"]');
		SELECT personalization.get_profile('$tenant', '$user'), personalization.get_context('$tenant', '$user');
		SELECT count(*) FROM personalization.preferences('$tenant', '$user');
	}, stdout => \$out, stderr => \$err, on_error_stop => 1, @role);
	is("$status $err", '0 ', "$user lives");

	$status = $node->psql('postgres', qq{
		SELECT personalization.append_message('$tenant', c, 'user', 'about $m', '{"$m": 1}'), personalization.update_conversation('$tenant', c, '{"also": "$m"}')
			FROM personalization.start_conversation('$tenant', '$user', '{"topic": "$m"}') c;
		SELECT personalization.append_message('$tenant', personalization.start_conversation('$tenant', '$user'), '$m', 'a role of its own');
		SELECT count(*) FROM personalization.usage_patterns('$tenant', '$user');
	}, stderr => \$err, on_error_stop => 1, @role);
	is("$status $err", '0 ', "$user talks");

	my $shared = $tenant eq 'acme' ? $both{$user} : "$m three";

	# A few queries over and over, one of them in words that differ from user to user in letter case only.
	$status = $node->psql('postgres', qq{
		SELECT personalization.learn('$tenant', '$user', 'query', jsonb_build_object('query', q, 'tables_used', jsonb_build_array('$m', 'sold')), now() - i * interval '1 hour' - o * interval '1 minute')
			FROM generate_series(1, 5) i, unnest(ARRAY['$m one', '$m two', '$shared']) WITH ORDINALITY q (q, o);
	}, stderr => \$err, on_error_stop => 1, @role);
	is("$status $err", '0 ', "$user asks");
	sql('SELECT personalization.run_maintenance()');
	$status = $node->psql('postgres', qq{
		SELECT count(*) FROM personalization.get_suggestions('$tenant', '$user', '$m', 20);
		SELECT personalization.record_outcome('$tenant', '$user', suggestion_id, 'accepted') FROM (SELECT * FROM personalization.suggestions WHERE tenant_id = '$tenant' AND user_id = '$user' ORDER BY query_id LIMIT 1) s;
		SELECT personalization.record_outcome('$tenant', '$user', suggestion_id, 'dismissed') FROM (SELECT * FROM personalization.suggestions WHERE tenant_id = '$tenant' AND user_id = '$user' ORDER BY query_id DESC LIMIT 1) s;
	}, stderr => \$err, on_error_stop => 1, @role);
	is("$status $err", '0 ', "$user is advised");

	# What the inbox held has been learned, or rejected.
	ok($node->poll_query_until('postgres', qq{SELECT count(*) = 0 FROM personalization.inbox WHERE tenant_id = '$tenant'}), 'the worker has taken the inbox');
	sql('SELECT personalization.run_maintenance()');
	is(sql(qq{SELECT count(*) FROM personalization.rejected_events WHERE tenant_id = '$tenant' AND event ->> 'user_id' = '$user'}), 3, 'events were rejected');
}

my $mark = 'Zq7Xmark';
live('acme', 'ana', $mark);
live('acme', 'bo', 'Kv4Yother');
live('globex', 'ana', 'Wd9Uglobex');
# Feedback of another user on ana's interactions: the preferences that it gives belong to the other user.
sql(qq{SELECT personalization.collect_feedback('acme', 'bo', jsonb_build_object('rating', 0.5, 'interaction_id',
	(SELECT interaction_id FROM personalization.interactions WHERE tenant_id = 'acme' AND user_id = 'ana' AND data ->> 'chart_type' = 'bar')))});

my $tables = tables_with($mark);
like($tables, qr/interactions.*preferences.*profiles.*rejected_events.*user_queries/, "the marker is in $tables");
my $files = files_with($mark);
like($files, qr/interactions.*preferences.*profiles.*rejected_events.*user_queries/, "and in files of $files");
is(log_with($mark), '', 'nothing of it was logged');
is(log_with('ana'), '', 'nor the name of the user');

# ---------------------------------------------------------------- forgetting

# Another user is suggested ana's queries, and sees queries that both ask in their own words.
my $offered = q{SELECT coalesce(string_agg(suggestion, ' '), '') FROM personalization.get_suggestions('acme', 'bo', 'Zq7Xmark', 20)};
like(sql($offered), qr/$mark/, 'another user is offered what ana asked');
sql(qq{SELECT personalization.learn('acme', 'ana', 'query', '{"query": "$both{ana}"}')});
sql('SELECT personalization.run_maintenance()');
like(tables_with('zq7xBOTH'), qr/query_statistics/, 'the statistics have what both ask in the words of ana');
my @ids = split /\n/, sql(q{SELECT query_id FROM personalization.user_queries WHERE tenant_id = 'acme' AND user_id = 'ana'
	EXCEPT SELECT query_id FROM personalization.user_queries WHERE tenant_id = 'acme' AND user_id <> 'ana'});
cmp_ok(scalar @ids, '>', 3, 'and has queries that nobody else has');
like(join(' ', map { tables_with($_) } @ids), qr/query_lists.*suggestions/, 'by their ids in lists and what was shown');

my $others = sql(q{SELECT count(*) FROM personalization.interactions WHERE user_id = 'bo' OR tenant_id = 'globex'});
# What bo was shown of ana's queries is taken back with them.
my $export = q{SELECT personalization.export_user('acme', 'bo') -> 'data' #- '{suggestions}'};
my $bo = sql($export);
$node->psql('postgres', q{SELECT personalization.forget_user('acme', 'ana')}, stdout => \my $counts, extra_params => [ '-U', 'app' ]);
like($counts, qr/"interactions": \d\d/, "forgotten: $counts");
is(tables_with($mark), '', 'no table has the marker');
is(sql(q{SELECT coalesce(string_agg(v::text, ' '), '') FROM jsonb_path_query(personalization.export_user('acme', 'ana'), '$.data.*[*]') t (v)}), '', 'an export is empty');
is(join(' ', grep { $_ ne '' } map { tables_with($_) } @ids), '', 'nor the queries by their ids');
is(tables_with('zq7xBOTH'), '', 'nor queries of both in the words of the forgotten user');
like(tables_with('Zq7xboth'), qr/query_statistics/, 'but in those of the other');
unlike(sql($offered), qr/$mark|zq7xBOTH/, 'another user is not offered it any more');
is(sql($export), $bo, 'another user still has all their data');
like(tables_with('Kv4Yother'), qr/interactions/, 'as the search would show');
is(sql(q{SELECT count(*) FROM personalization.interactions WHERE user_id = 'bo' OR tenant_id = 'globex'}), $others, 'and so has another tenant');

# What was deleted is still in the pages until VACUUM, and what VACUUM frees in a page that holds
# other rows as well stays there until it is written over: VACUUM FULL writes the tables anew.
sql('VACUUM');
my $after_vacuum = files_with($mark);
note("after VACUUM the marker is in the free space of: $after_vacuum");
sql('VACUUM FULL');
is(files_with($mark), '', 'no file has the marker after VACUUM FULL');
like(files_with('Kv4Yother'), qr/interactions.*preferences/, 'as the search would show');
is(log_with($mark), '', 'nothing of it was logged');

# ---------------------------------------------------------------- the document, elsewhere

# All of it goes into another database and back out of it, byte by byte.
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
$node->safe_psql('elsewhere', q{CREATE EXTENSION personalization; SELECT personalization.create_tenant('acme'), personalization.bind_role('app', 'acme')});
my $document = sql(q{SELECT personalization.export_user('acme', 'bo')});
my $profile = sql(q{SELECT personalization.get_profile('acme', 'bo', '2999-01-01')});
(my $literal = $document) =~ s/'/''/g;
is($node->psql('elsewhere', "SELECT personalization.import_user('acme', '$literal')", stdout => \my $imported, stderr => \my $error, extra_params => [ '-U', 'app' ]), 0, 'imported by a bound role');
is($error, '', 'without an error');
is($node->safe_psql('elsewhere', q{SELECT personalization.get_profile('acme', 'bo', '2999-01-01')}), $profile, 'the profile is the same');
my $floats = q{SELECT string_agg(encode(float8send(confidence), 'hex') || coalesce(rivals::text, ''), ' ' ORDER BY category, key COLLATE "C") FROM personalization.preferences WHERE tenant_id = 'acme' AND user_id = 'bo'};
is($node->safe_psql('elsewhere', $floats), sql($floats), 'to the last bit of each confidence');
is($node->safe_psql('elsewhere', q{SELECT personalization.export_user('acme', 'bo') -> 'data'}), sql(q{SELECT personalization.export_user('acme', 'bo') -> 'data'}), 'and so is all the rest');

# ---------------------------------------------------------------- errors

# What is wrong with a user's data is said to the client, with the text; in the log there is none of it.
sql('ALTER SYSTEM SET log_min_error_statement = panic', 'SELECT pg_reload_conf()');
my $typo = 'Tz7Qcarla@x.example';
$node->poll_query_until('postgres', q{SELECT current_setting('log_min_error_statement') = 'panic'});
sql(qq{SELECT personalization.learn('acme', '$typo', 'export', '{"format": "csv"}') IS NOT NULL});
for my $case (
	[ 'a user who is there', qq{SELECT personalization.import_user('acme', personalization.export_user('acme', '$typo'))} ],
	[ 'a field', qq{SELECT personalization.learn_batch('[{"tenant_id": "acme", "$typo": 1}]')} ],
	[ 'a type', qq{SELECT personalization.learn_batch('[{"tenant_id": "acme", "user_id": "u", "interaction_type": "$typo"}]')} ],
	[ 'a time', qq{SELECT personalization.learn_batch('[{"tenant_id": "acme", "user_id": "u", "occurred_at": "$typo"}]')} ],
	[ 'an id', qq{SELECT personalization.learn_batch('[{"tenant_id": "acme", "user_id": "u", "interaction_id": "$typo"}]')} ],
	[ 'a rating', qq{SELECT personalization.collect_feedback('acme', 'u', '{"category": "data", "key": "k", "rating": "$typo"}')} ],
	[ 'a category', qq{SELECT personalization.collect_feedback('acme', 'u', '{"category": "$typo", "key": "k", "rating": 1}')} ],
	[ 'a column', qq{SELECT personalization.import_user('acme', '{"format": "personalization/1", "tenant_id": "acme", "user_id": "w", "data": {"preferences": [{"$typo": 1}]}}')} ],
	(map {
		my ($table, $path, $column) = ($_->[0], "{0,$_->[1]}", $_->[1]);
		[ "a value of $table.$column", qq{SELECT personalization.import_user('acme', d || '{"user_id": "w"}' || jsonb_build_object('data', jsonb_build_object('$table', jsonb_set(d -> 'data' -> '$table', '$path', '"$typo"'))))
			FROM personalization.export_user('acme', 'bo') AS d} ]
	} [ 'preferences', 'last_updated' ], [ 'preferences', 'category' ], [ 'preferences', 'confidence' ], [ 'interactions', 'interaction_id' ], [ 'conversations', 'message_count' ], [ 'preference_snapshots', 'day' ],
		[ 'user_queries', 'asked_days,0' ]),
	[ 'a time of a profile', qq{SELECT personalization.import_user('acme', '{"tenant_id": "acme", "user_id": "w", "created_at": "$typo", "preferences": {}}')} ],
	[ 'an id in a profile', qq{SELECT personalization.import_user('acme', '{"tenant_id": "acme", "user_id": "w", "preferences": {}, "interaction_history": [{"id": "$typo", "interaction_type": "query", "timestamp": "2026-03-01", "data": {}}]}')} ],
	[ 'a table', qq{SELECT personalization.import_user('acme', '{"format": "personalization/1", "tenant_id": "acme", "user_id": "w", "data": {"$typo": []}}')} ],
	[ 'an outcome', qq{SELECT personalization.record_outcome('acme', '$typo', gen_random_uuid(), '$typo')} ],
	[ 'a time zone of an event', qq{SELECT personalization.learn_batch('[{"tenant_id": "acme", "user_id": "u", "interaction_type": "export", "data": {}, "occurred_at": "2026-03-01 $typo"}]')} ],
	[ 'a rating of an interaction', qq{SELECT personalization.learn('acme', 'u', 'feedback', '{"interaction_id": "$typo", "rating": 1}')} ],
	[ 'a preference', qq{SELECT personalization.import_user('acme', '{"tenant_id": "acme", "user_id": "w", "preferences": {"$typo": 1}}')} ])
{
	my ($what, $statement) = @$case;
	my $said = '';
	$node->psql('postgres', $statement, stderr => \$said);
	like($said, qr/ERROR:.*\Q$typo\E/s, "$what that is wrong is named to the client");
}
my $warned = '';
$node->psql('postgres', qq{SET personalization.warn_unknown_data = on;
	SELECT personalization.learn('acme', 'u', 'export', '{"$typo": 1}')}, stderr => \$warned);
like($warned, qr/WARNING:.*\Q$typo\E/, 'a name that nothing reads is named to the client');
is(log_with('Tz7Q'), '', 'and not to the log');
sql('ALTER SYSTEM RESET log_min_error_statement', 'SELECT pg_reload_conf()');

# One that names its user in a place of its own is found by what it says.
sql(q{SELECT personalization.learn_batch('[{"tenant_id": "acme", "userId": "Tz7Qzoe"}, {"tenant_id": "acme", "payload": [{"actor": {"id": 4711}}]},
	{"tenant_id": "acme", "user_id": "Tz7Qmax", "data": {"to": "Tz7Qzoe"}}]', 'divert')});
is(sql(q{SELECT personalization.forget_user('acme', 'Tz7Qzoe') ->> 'rejected_events'}), '1', 'a rejected event with userId is forgotten');
is(sql(q{SELECT personalization.forget_user('acme', '4711') ->> 'rejected_events'}), '1', 'one with a number too');
is(sql(q{SELECT count(*) FROM personalization.rejected_events WHERE event ->> 'user_id' = 'Tz7Qmax'}), '1', 'not that of another user who is named');

# ---------------------------------------------------------------- a tenant

like(tables_with('Wd9Uglobex'), qr/interactions/, 'the other tenant is there');
sql(q{SELECT personalization.drop_tenant('globex')});
is(tables_with('Wd9Uglobex'), '', 'no table has what was of a dropped tenant');
sql('VACUUM FULL');
is(files_with('Wd9Uglobex'), '', 'nor has a file, after VACUUM FULL');
is(log_with('Wd9Uglobex'), '', 'nor the log');

$node->stop;
done_testing();
