-- A log of 60,000 events to learn in batches and to COPY, the same each time.
SELECT setseed(0.5) \g /dev/null
CREATE TABLE bench.events AS
SELECT n, jsonb_build_object(
    'tenant_id', 'acme', 'user_id', 'user-' || (random() * 200)::int,
    'interaction_type', CASE WHEN n % 2 = 0 THEN 'query' ELSE 'visualization' END,
    'occurred_at', timestamptz '2026-03-02 08:00+00' + n * interval '0.5 second',
    'data', CASE WHEN n % 2 = 0
        THEN jsonb_build_object('query', 'sales of region ' || (random() * 20)::int,
                                'tables_used', jsonb_build_array('orders', 'customers', 'table ' || (random() * 8)::int))
        ELSE jsonb_build_object('chart_type', (ARRAY['bar', 'bar', 'bar', 'line', 'pie'])[1 + (random() * 4)::int],
                                'color_scheme', 'blue', 'x_axis', 'day', 'y_axis', 'total') END) AS event
FROM generate_series(0, 59999) n;
