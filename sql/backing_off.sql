-- Who is set aside by the worker.

-- Tenants whose batches fail, wait for a lock or are slow, while they are set aside.  In memory too, of the
-- worker that is running: this is for others to see, and for the next worker to begin with.
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
    'tenants that the worker has set aside, step by step, and why; the others go on at full speed';
COMMENT ON COLUMN personalization.backing_off.trouble IS
    'failed, locked: waits until retry_at; slow: waits until then while others have work; searching: a row fails and is being looked for';
COMMENT ON COLUMN personalization.backing_off.retry_at IS 'when it is tried again';
