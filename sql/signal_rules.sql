-- The built-in signal rules.

INSERT INTO personalization.signal_rules
    (interaction_type, path, category, key, strength, ordinal, built_in)
VALUES
    ('query',         'tables_used',      'data',          'frequent_table:{}',    0.5, 1, true),
    ('query',         'aggregations',     'query',         'aggregation:{}',       0.5, 2, true),
    ('query',         'filters',          'query',         'filter:{}',            0.5, 3, true),
    ('query',         'group_by',         'query',         'group_by:{}',          0.5, 4, true),
    ('visualization', 'chart_type',       'visualization', 'preferred_chart_type', 0.7, 1, true),
    ('visualization', 'color_scheme',     'visualization', 'color_scheme',         0.7, 2, true),
    ('visualization', 'x_axis',           'visualization', 'x_axis',               0.5, 3, true),
    ('visualization', 'y_axis',           'visualization', 'y_axis',               0.5, 4, true),
    ('export',        'format',           'presentation',  'export_format',        0.7, 1, true),
    ('export',        'columns',          'data',          'export_column:{}',     0.5, 2, true),
    ('dashboard',     'layout',           'presentation',  'dashboard_layout',     0.7, 1, true),
    ('dashboard',     'widget_sizes',     'presentation',  'widget_size:{}',       0.5, 2, true),
    ('dashboard',     'refresh_interval', 'presentation',  'refresh_interval',     0.5, 3, true),
    ('exploration',   'tables',           'data',          'explored_table:{}',    0.3, 1, true);
