-- Traits inferred from use, and where they come from.
\set tenants '{acme}'
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
CREATE FUNCTION traits(u text, at timestamptz DEFAULT '2026-04-01') RETURNS TABLE (trait text, value jsonb, source text, evidence text)
LANGUAGE sql AS $$
    SELECT t.key, p -> t.key, t.value, p -> 'trait_evidence' ->> t.key
    FROM personalization.get_profile('acme', u, at) p, jsonb_each_text(p -> 'trait_sources') t ORDER BY 1 $$;
CREATE FUNCTION ask(u text, n int, data jsonb, at timestamptz DEFAULT '2026-03-01') RETURNS bigint
LANGUAGE sql AS $$
    SELECT count(personalization.learn('acme', u, 'query', data, at + i * interval '1 hour')) FROM generate_series(1, n) i $$;

-- Nine queries say nothing, ten do.
SELECT ask('ana', 9, '{"query": "orders, please", "sql": "SELECT * FROM shop.orders WHERE id = 1"}');
SELECT * FROM traits('ana');
SELECT ask('ana', 1, '{"query": "orders, please", "sql": "SELECT * FROM shop.orders WHERE id = 2"}', '2026-03-02');
SELECT * FROM traits('ana');
-- As of a time before the tenth it is as it was.
SELECT * FROM traits('ana', '2026-03-02 00:59');

-- Elaborate SQL without questions.
SELECT ask('bo', 4, '{"sql": "WITH m AS (SELECT sum(x) AS x FROM dim_customer c JOIN customer_orders USING (id) GROUP BY y) SELECT * FROM m"}');
SELECT ask('bo', 8, '{"sql": "SELECT rank() OVER (ORDER BY x) FROM products"}', '2026-03-02');
SELECT * FROM traits('bo');
-- Refinements speak against it.
SELECT count(personalization.learn('acme', 'bo', 'refinement', '{"original": {}, "corrected": {}}',
                                   '2026-03-03'::timestamptz + i * interval '1 minute')) FROM generate_series(1, 6) i;
SELECT value, evidence FROM traits('bo') WHERE trait = 'skill_level';

-- Lists as told, where there is no SQL; they also say which tables.
SELECT ask('cy', 10, '{"query": "Why did the revenue of the northern region fall in the last quarter?",
                       "tables_used": ["finance.ledger", "finance.accounts"], "aggregations": ["sum"]}');
SELECT * FROM traits('cy');
SELECT ask('di', 12, '{"query": "Why did the revenue of the northern region fall in the last quarter?"}');
SELECT * FROM traits('di');

-- Data of all shapes does no harm.
SELECT ask('ed', 2, '{}') + ask('ed', 2, '{"sql": "", "query": ""}') + ask('ed', 2, '{"tables_used": "x"}')
     + ask('ed', 2, '{"tables_used": [null, 1, {"a": 1}, "", ".", "a.b.c"], "aggregations": 5, "group_by": {}}')
     + ask('ed', 4, '{"sql": "\"''((SELECT FROM"}') + ask('ed', 2, jsonb_build_object('sql', repeat('SELECT ', 40000)));
SELECT * FROM traits('ed');

-- Only the latest hundred interactions count.
SELECT count(personalization.learn('acme', 'ana', 'export', '{"format": "csv"}',
                                   '2026-03-05'::timestamptz + i * interval '1 minute')) FROM generate_series(1, 91) i;
SELECT trait, source FROM traits('ana');
-- Whatever the profile shows.
SELECT personalization.configure_tenant('acme', '{"max_history_size": 1}') -> 'max_history_size' AS shown;
SELECT value, source FROM traits('bo') WHERE trait = 'skill_level';
SELECT jsonb_array_length(personalization.get_profile('acme', 'bo', '2026-04-01') -> 'interaction_history') AS shown;

-- What is set by hand beats all; an empty list is a list.
SELECT personalization.set_profile('acme', 'bo', skill_level => 'beginner', domain_expertise => '{}');
SELECT * FROM traits('bo', now());
SELECT personalization.set_profile('acme', 'bo', communication_style => 'brief', domain_expertise => '{tea}');
SELECT * FROM traits('bo', now());
-- Earlier they were not set.
SELECT * FROM traits('bo');

-- What was set earlier is read out of JSON that is not ours alone to write: what is no trait is none.
UPDATE personalization.profiles SET earlier_traits = '[{"until": 9000000000000000, "skill_level": "wizard",
    "communication_style": "loud", "domain_expertise": {"a": 1}, "updated_at": "x"}]' WHERE user_id = 'ed';
SELECT trait, value, source FROM traits('ed');
SELECT personalization.route('acme', 'ed', 'orders', '2026-04-01') ->> 'skill_level' AS skill_level;

-- A text is looked at up to a number of bytes, of whole characters: in a question, and in a table's name.
SELECT ask('flo', 12, jsonb_build_object('query', repeat('x', 1023) || 'é', 'sql', rpad('SELECT 1', 1024 - 9) || 'FROM schéma'));
SELECT value, evidence FROM traits('flo') WHERE trait IN ('communication_style', 'domain_expertise');
SELECT convert_from(convert_to(personalization.get_profile('acme', 'flo', '2026-04-01') ->> 'domain_expertise', 'UTF8'), 'UTF8') AS whole;

-- Nobody, and nobody's tenant.
SELECT * FROM traits('nobody');

SET client_min_messages = warning;
DROP FUNCTION traits, ask;
SELECT count(personalization.drop_tenant('acme'));
