-- learn() as an engineer would write it in PL/pgSQL over the same tables: the
-- thing to beat.  It knows what the two measured kinds of interaction need
-- (lists and single values, competing values, decay, query statistics) and
-- leaves out refinements, feedback, SQL and the checks of bad input.
CREATE SCHEMA bench;
GRANT USAGE ON SCHEMA bench TO acme;

CREATE FUNCTION bench.learn(
    tenant text, usr text, kind personalization.interaction_type, doc jsonb, at timestamptz DEFAULT now())
    RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    config      jsonb;
    rate        float8;
    decay       float8;
    lower_bound float8;
    id          uuid;
    s           record;
    p           record;
    fade        float8;
    rest        jsonb;
    best        jsonb;
    everything  jsonb;
BEGIN
    SELECT settings INTO STRICT config FROM personalization.tenants WHERE tenant_id = tenant;
    rate := coalesce((config ->> 'learning_rate')::float8, 0.1);
    decay := coalesce((config ->> 'decay_factor')::float8, 0.95);
    lower_bound := coalesce((config ->> 'min_confidence')::float8, 0.3);

    PERFORM pg_advisory_xact_lock(hashtext(tenant), hashtext(usr));
    INSERT INTO personalization.interactions (tenant_id, user_id, interaction_type, data, occurred_at)
    VALUES (tenant, usr, kind, doc, at)
    RETURNING interaction_id INTO id;

    FOR s IN
        SELECT r.category, replace(r.key, '{}', v.value #>> '{}') AS key, v.value, r.strength
        FROM personalization.signal_rules r,
             LATERAL jsonb_array_elements(CASE jsonb_typeof(doc -> r.path)
                 WHEN 'array' THEN doc -> r.path ELSE jsonb_build_array(doc -> r.path) END) v (value)
        WHERE r.tenant_id IN ('', tenant) AND r.interaction_type = kind AND r.enabled
          AND doc -> r.path IS NOT NULL AND v.value NOT IN ('null', '""')
        ORDER BY 1, 2
    LOOP
        SELECT * INTO p FROM personalization.preferences
        WHERE tenant_id = tenant AND user_id = usr AND category = s.category AND key = s.key;
        IF NOT FOUND THEN
            INSERT INTO personalization.preferences
            VALUES (tenant, usr, s.category, s.key, s.value, s.strength * rate, NULL, 1, at,
                    (at + interval '90 days')::date);
            CONTINUE;
        END IF;
        fade := decay ^ greatest(0, extract(day FROM at - p.last_updated)) * (1 - rate);
        IF p.rivals IS NULL AND p.value = s.value THEN
            UPDATE personalization.preferences
            SET confidence = p.confidence * fade + s.strength * rate, observation_count = p.observation_count + 1,
                last_updated = greatest(p.last_updated, at), expires_on = (at + interval '90 days')::date
            WHERE tenant_id = tenant AND user_id = usr AND category = s.category AND key = s.key;
        ELSE
            SELECT jsonb_agg(jsonb_build_object('value', x.value, 'confidence', x.c) ORDER BY x.c DESC, x.n) INTO everything
            FROM (SELECT c.value -> 'value' AS value, c.n,
                         (c.value ->> 'confidence')::float8 * fade
                         + CASE WHEN c.value -> 'value' = s.value THEN s.strength * rate ELSE 0 END AS c
                  FROM jsonb_array_elements(
                           jsonb_build_array(jsonb_build_object('value', p.value, 'confidence', p.confidence))
                           || coalesce(p.rivals, '[]')
                           || CASE WHEN p.value = s.value OR coalesce(p.rivals, '[]') @> jsonb_build_array(jsonb_build_object('value', s.value))
                                   THEN '[]' ELSE jsonb_build_array(jsonb_build_object('value', s.value, 'confidence', 0)) END)
                       WITH ORDINALITY c (value, n)
                  ORDER BY c DESC, n LIMIT 8) x;
            best := everything -> 0;
            rest := nullif(everything - 0, '[]');
            UPDATE personalization.preferences
            SET value = best -> 'value', confidence = (best ->> 'confidence')::float8, rivals = rest,
                observation_count = p.observation_count + 1, last_updated = greatest(p.last_updated, at),
                expires_on = (at + interval '90 days')::date
            WHERE tenant_id = tenant AND user_id = usr AND category = s.category AND key = s.key;
        END IF;
    END LOOP;

    IF kind = 'query' THEN
        INSERT INTO personalization.user_queries AS q
        VALUES (tenant, usr, md5(lower(regexp_replace(doc ->> 'query', '\s+', ' ', 'g')))::uuid, doc ->> 'query', NULL,
                coalesce(doc -> 'tables_used', '[]'), 1, at, at, ARRAY[(at AT TIME ZONE 'UTC')::date], NULL)
        ON CONFLICT (tenant_id, user_id, query_id) DO UPDATE
        SET ask_count = q.ask_count + 1, last_asked = greatest(q.last_asked, excluded.last_asked),
            query = excluded.query, tables = excluded.tables;
    END IF;
    INSERT INTO personalization.profiles (tenant_id, user_id, created_at, updated_at) VALUES (tenant, usr, at, at)
    ON CONFLICT DO NOTHING;
    RETURN id;
END
$$;
GRANT EXECUTE ON FUNCTION bench.learn TO acme;
