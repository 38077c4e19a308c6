static Statement all = STATEMENT("SELECT tenant_id FROM personalization.others", "");
