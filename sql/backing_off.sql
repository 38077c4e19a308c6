-- Tenants that the worker has set aside.

-- Tenants that are set aside because their batches fail, wait for a lock or are slow.  The running worker has
-- this in memory too; the table is for other sessions, and for the next worker.
CREATE TABLE personalization.backing_off (
    tenant_id  text COLLATE "C" NOT NULL,
    step       text NOT NULL,
    trouble    text NOT NULL,
    since      timestamptz NOT NULL,
    failures   int NOT NULL,
    waits      int NOT NULL,
    retry_at   timestamptz NOT NULL,
    reason     text NOT NULL,
    PRIMARY KEY (tenant_id, step)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.backing_off IS
    'tenants that the worker has set aside, by kind of work, with the reason; the others are processed normally';
COMMENT ON COLUMN personalization.backing_off.trouble IS
    'failed, locked: waits until retry_at; slow: waits until then while others have work; searching: a failing row is being searched';
COMMENT ON COLUMN personalization.backing_off.retry_at IS 'time of the next try';
