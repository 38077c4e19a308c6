static Statement bound[] = {
	STATEMENT("SELECT a FROM personalization.things WHERE tenant_id = $1", "text"),
	STATEMENT("SELECT a FROM personalization.things t JOIN personalization.others o USING (tenant_id, a)"
			  " WHERE t.tenant_id = $1", "text"),
	STATEMENT("DELETE FROM personalization.things t WHERE t.tenant_id = $1 AND EXISTS ("
			  " SELECT FROM personalization.others o WHERE o.tenant_id = t.tenant_id)", "text"),
	STATEMENT("INSERT INTO personalization.things (tenant_id, a) VALUES ($1, ARRAY[1, (2)])", "text"),
	STATEMENT("UPDATE personalization.worker_state SET passes = 1", ""),
};
static Statement unbound[] = {
	STATEMENT("SELECT a FROM personalization.things WHERE user_id = $1", "text"),
	STATEMENT("SELECT a FROM personalization.things t WHERE t.tenant_id = $1 AND a IN ("
			  " SELECT a FROM personalization.others WHERE b = ANY ($2))", "text"),
	STATEMENT("SELECT a FROM personalization.things t, personalization.others o WHERE t.tenant_id = $1",
			  "text"),
	STATEMENT("SELECT 'tenant_id = $1' FROM personalization.things", ""),
	STATEMENT("INSERT INTO personalization.things (a) VALUES ($1)", "int4"),
};
