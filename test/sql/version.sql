-- version(): what is installed.
SELECT v ->> 'library' = extversion AS library, v ->> 'extension' = extversion AS extension,
       v ->> 'server' = current_setting('server_version') AS server,
       split_part(v ->> 'built_for', '.', 1) = split_part(v ->> 'server', '.', 1) AS built_for
FROM personalization.version() v, pg_extension WHERE extname = 'personalization';
SELECT key, jsonb_typeof(value) FROM jsonb_each(personalization.version()) ORDER BY key COLLATE "C";
