-- Pages: about a user, as of a time.
\set tenants '{acme,globex}'
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
SELECT personalization.configure_tenant('acme', '{"history_retention": "100 years", "time_zone": "Europe/Berlin"}') IS NOT NULL AS kept;
SELECT count(personalization.learn('acme', 'ana', type, data, '2026-03-02 09:00+00'::timestamptz + n * interval '1 day', uuid_in(md5(type::text || n)::cstring)))
FROM generate_series(1, 12) AS n, LATERAL (VALUES
    ('visualization'::personalization.interaction_type, jsonb_build_object('chart_type', CASE WHEN n % 4 = 0 THEN 'pie' ELSE 'stacked-bar' END)),
    ('query', '{"query": "Revenue by region?", "tables_used": ["sales.orders"], "filters": ["status ="]}')) AS v (type, data);
SELECT personalization.run_maintenance('2026-03-14 10:00+00') -> 'queries' AS counted;
SELECT personalization.start_conversation('acme', 'ana') AS conversation \gset
SELECT personalization.append_message('acme', :'conversation', 'user', 'Why <b>so</b> little?');

-- Whether a page is well-formed, where the server can tell.
CREATE FUNCTION pg_temp.is_well_formed(page text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN xml_is_well_formed_document(page);
EXCEPTION WHEN feature_not_supported THEN
	RETURN true;
END
$$;
-- A page as lines of text, as somebody reads it; the version is left out.
CREATE FUNCTION pg_temp.lines(page text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT regexp_replace(line, 'by personalization [0-9.]+', 'by personalization ...') FROM regexp_split_to_table(replace(replace(replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
        substring(page FROM '<body>.*'), '<svg.*?</svg>', '', 'g'), '</(p|li|h\d|dt|dd|th|td|summary|figcaption)>', E'\n', 'g'), '<[^>]*>', '', 'g'), '\n+', E'\n', 'g'),
        '&#8239;', ' '), '&#8230;', '...'), '&#183;', '-'), '\n') AS line WHERE line <> ''
$$;
SELECT pg_temp.is_well_formed(page), page LIKE '<!DOCTYPE html>%</html>' || E'\n' AS whole FROM personalization.report('acme', 'ana', '2026-03-14 10:00+00') AS page;
SELECT line FROM pg_temp.lines(personalization.report('acme', 'ana', '2026-03-14 10:00+00')) AS line;
SELECT count(*) AS shown FROM personalization.suggestions;
-- The curve of the first one: its words, and that it ends below the line.
SELECT (regexp_matches(page, 'role="img" aria-label="(Confidence[^"]*)"'))[1] AS says,
       (regexp_matches(page, '<circle cx="([0-9.]+)"'))[1] AS leaves_at
FROM personalization.report('acme', 'ana', '2026-03-14 10:00+00') AS page;

-- == The same as of an earlier day, and now that all has faded.
SELECT line FROM pg_temp.lines(personalization.report('acme', 'ana', '2026-03-05 10:00+00')) AS line OFFSET 2 LIMIT 27;
SELECT line FROM pg_temp.lines(personalization.report('acme', 'ana')) AS line WHERE line ~ 'Why|No preference|set or forgotten|weekly';

-- == Choices, and refusal.
SELECT personalization.set_preference('acme', 'ana', 'presentation', 'export_format', '"pdf"');
SELECT personalization.set_preference('acme', 'ana', 'notification', 'digest_hour', '8');
SELECT personalization.set_preference('acme', 'ana', 'visualization', 'preferred_chart_type', '"line"');
SELECT personalization.forget_preference('acme', 'ana', 'query', 'filter:status =');
SELECT personalization.set_profile('acme', 'ana', 'advanced', '{sales,"<finance>"}', 'brief');
SELECT personalization.set_learning('acme', 'ana', false);
SELECT regexp_replace(line, ', \d+ \w+(, \d+:\d+)?', ', …') AS line FROM pg_temp.lines(personalization.report('acme', 'ana')) AS line
WHERE line ~ 'Learning is|^Line charts$|seen|underneath|^PDF|^Digest|set by|stays|refused|^set|^forgotten|Advanced|finance';

-- == Nobody, and nothing.
SELECT line FROM pg_temp.lines(personalization.report('acme', 'nobody', '2026-03-14 10:00+00')) AS line WHERE line ~ '^(No|There is|Assumed|As of)';
SELECT personalization.configure_tenant('globex', '{"suggestions": false, "learning": "off"}') IS NOT NULL AS off;
SELECT line FROM pg_temp.lines(personalization.report('globex', 'nobody', '2026-03-14 10:00+00')) AS line WHERE line ~ 'switched off|recorded';

-- == Texts that would act, if they were let.
SELECT count(personalization.learn('globex', E'"><script>alert(1)</script>', 'query', '{"query": "x"}')) AS not_learned;
SELECT personalization.configure_tenant('globex', '{"suggestions": true, "learning": "on"}') IS NOT NULL AS on;
CREATE TEMP TABLE hostile AS SELECT E'"><script>alert(1)</script>\u202E&lt;\u0001\u0085]]>''' AS t;
SELECT count(personalization.learn('globex', t, type, data)) FROM hostile, LATERAL (VALUES
    ('query'::personalization.interaction_type, jsonb_build_object('query', t, 'tables_used', jsonb_build_array(t), 'filters', jsonb_build_array(t), 'aggregations', jsonb_build_array(t))),
    ('visualization', jsonb_build_object('chart_type', t, 'x_axis', t)), ('dashboard', jsonb_build_object('widget_sizes', jsonb_build_object(t, t)))) AS v (type, data);
SELECT personalization.set_preference('globex', t, 'notification', t, jsonb_build_object(t, t)) FROM hostile;
SELECT personalization.set_profile('globex', t, domain_expertise => ARRAY[t]) FROM hostile;
SELECT personalization.append_message('globex', personalization.start_conversation('globex', t), 'user', t) FROM hostile;
SELECT personalization.run_maintenance() -> 'queries' AS counted;
SELECT pg_temp.is_well_formed(page), page ~ '<script|javascript|\son\w+=|src=|href=|url\(|@import' AS acts,
       regexp_count(page, '&quot;&gt;&lt;script&gt;alert') > 10 AS told, page ~ E'[\u0001\u0085]' AS controls,
       regexp_count(page, E'\u202E') = regexp_count(page, E'\u202C') AS closed
FROM hostile, personalization.report('globex', t) AS page;

-- == A tenant as a whole, and nothing about fewer than five.
SELECT count(personalization.learn('globex', 'user' || u, type, data, date_trunc('day', now()) - interval '1 day' + interval '9 hours' + n * interval '1 minute')) AS learned
FROM generate_series(1, 6) AS u, generate_series(1, 4) AS n, LATERAL (VALUES
    ('visualization'::personalization.interaction_type, jsonb_build_object('chart_type', CASE WHEN u < 6 THEN 'bar' ELSE 'pie' END)),
    ('query', jsonb_build_object('query', CASE WHEN n = 1 THEN 'Secret of ' || u ELSE '<b>Revenue</b>?' END, 'tables_used', '{orders}'::text[]))) AS v (type, data);
SELECT personalization.run_maintenance() -> 'queries' AS counted;
SELECT count(*) AS shown FROM generate_series(1, 6) AS u, LATERAL (SELECT FROM personalization.get_suggestions('globex', 'user' || u, max_results => 2, at => date_trunc('day', now()) - interval '15 hours')) AS s;
SELECT pg_temp.is_well_formed(personalization.tenant_report('globex'));
SELECT regexp_replace(regexp_replace(line, 'since .*?\.', 'since ….'), 'As of .* \(', 'As of … (') AS line
FROM pg_temp.lines(personalization.tenant_report('globex')) AS line WHERE line !~ '^(Most from|From)';
SELECT personalization.configure_tenant('globex', '{"suggestion_holdout": 0.8, "insight_minimum_users": 1}') -> 'suggestion_holdout' AS holdout;
SELECT line FROM pg_temp.lines('<body>' || substring(personalization.tenant_report('globex') FROM '<h2 id="holdout">.*</table>')) AS line;
SELECT count(*) FILTER (WHERE personalization.report('globex', 'user' || u) LIKE '%among those who get no suggestions%') AS held_out FROM generate_series(1, 6) AS u;
SELECT line FROM pg_temp.lines(personalization.tenant_report('acme', '-infinity'::timestamptz)) AS line;
-- The first and the last times that there are.
SELECT count(pg_temp.is_well_formed(personalization.tenant_report('globex', since))) AS pages FROM unnest('{4714-11-24 00:00:00+00 BC,294276-12-31 00:00:00+00}'::timestamptz[]) AS since;
SELECT count(pg_temp.is_well_formed(personalization.report('globex', 'user1', at))) AS pages FROM unnest('{4714-11-24 00:00:00+00 BC,1999-12-31 23:59:59.9+00,294276-12-31 00:00:00+00}'::timestamptz[]) AS at;
SELECT line FROM pg_temp.lines(personalization.tenant_report('acme')) AS line WHERE line ~ '^(No|In no|Of no|Sugg|&#8211;)';

-- == Who has agreed, has taken a choice back, and has said nothing; what does not fade, and more than is shown.
BEGIN;
SELECT personalization.configure_tenant('acme', '{"decay_factor": 1, "min_confidence": 0.01}') IS NOT NULL AS set;
SELECT personalization.set_learning('acme', 'zoe', true);
SELECT personalization.set_preference('acme', 'zoe', 'presentation', 'export_format', '"pdf"');
SELECT personalization.reset_preference('acme', 'zoe', 'presentation', 'export_format');
SELECT personalization.start_conversation('acme', 'zoe') IS NOT NULL AS begun;
SELECT count(personalization.learn('acme', 'zoe', 'query', jsonb_build_object('query', 'q' || n, 'tables_used', jsonb_build_array('t' || n)), now() - n * interval '1 hour')) AS learned FROM generate_series(1, 60) AS n;
SELECT DISTINCT line COLLATE "C" AS line FROM pg_temp.lines(personalization.report('acme', 'zoe')) AS line WHERE line ~ '^You have|No preference has been set|Without a message|^stays|more that are weaker' ORDER BY 1;
SELECT DISTINCT (regexp_matches(page, 'aria-label="(Confidence[^"]*)"', 'g'))[1] AS says FROM personalization.report('acme', 'zoe') AS page;
ROLLBACK;

-- == Bad input, and another tenant's users.
SELECT personalization.report(NULL, 'ana');
SELECT personalization.report('acme', '');
SELECT personalization.report('acme', 'ana', 'infinity');
SELECT personalization.report('nowhere', 'ana');
SELECT personalization.tenant_report('nowhere');
SELECT personalization.tenant_report('acme', NULL);
SET client_min_messages = warning;
CREATE ROLE regress_report LOGIN;
RESET client_min_messages;
SELECT personalization.bind_role('regress_report', 'globex');
SET personalization.tenant_id = 'globex';
SET ROLE regress_report;
SELECT personalization.report('acme', 'ana');
SELECT personalization.tenant_report('acme');
BEGIN READ ONLY;
SELECT pg_temp.is_well_formed(personalization.tenant_report('globex'));
SELECT pg_temp.is_well_formed(personalization.report('globex', 'ana'));
COMMIT;
SELECT personalization.set_learning('globex', 'ana', false);
RESET ROLE;
RESET personalization.tenant_id;
DROP OWNED BY regress_report;
DROP ROLE regress_report;
SELECT count(personalization.drop_tenant(t)) AS dropped FROM unnest(ARRAY['acme', 'globex']) AS t;
