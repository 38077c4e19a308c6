/*
 * import.c
 *		import_user(): importing a user's data from a document.
 *
 *		The document may come from anywhere.  It can name only known tables
 *		and columns, never a tenant or a user to write for, and every value is
 *		checked by its column's type and by the checks of learning.  The rows
 *		are written with the privileges of the caller.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "admin/import.h"
#include "admin/query_text.h"
#include "admin/tenant_data.h"
#include "admin/users.h"
#include "base/arguments.h"
#include "base/compat.h"
#include "base/fault.h"
#include "base/jsonutil.h"
#include "base/owner.h"
#include "base/statement.h"
#include "cache/changes.h"
#include "preferences/choices.h"
#include "preferences/preferences.h"
#include "tenancy/audit.h"
#include "tenancy/settings.h"
#include "tenancy/consent.h"
#include "tenancy/tenancy.h"

#define PASS_AN_EXPORT "Pass a document returned by personalization.export_user()."

/* The tenant's statistics count imported queries like learned ones. */
static Statement queue_queries =
	STATEMENT("INSERT INTO personalization.query_events"
			  "  (tenant_id, user_id, query_id, interaction_id, occurred_at, is_first)"
			  " SELECT tenant_id, user_id, query_id, interaction_id, occurred_at,"
			  "  row_number() OVER (PARTITION BY query_id ORDER BY occurred_at, interaction_id) = 1"
			  " FROM personalization.interactions"
			  " WHERE tenant_id = $1 AND user_id = $2 AND query_id IS NOT NULL"
			  " ORDER BY occurred_at, interaction_id",
			  "text text");

PG_FUNCTION_INFO_V1(personalization_import_user);

static Rows
rows_of(const char *table, const JsonbValue *value)
{
	Rows rows = {0};
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue item;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		import_error(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "data.%s must be an array", table);
	rows.items = palloc((JsonContainerSize(value->val.binary.data) + 1) * sizeof(Jsonb *));
	rows.paths = palloc((JsonContainerSize(value->val.binary.data) + 1) * sizeof(char *));
	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		rows.items[rows.n] = JsonbValueToJsonb(&item);
		rows.paths[rows.n] = psprintf("data.%s[%d]", table, rows.n);
		rows.n++;
	}
	return rows;
}

/* Inserts the rows of the document, and returns the number of rows by table. */
static Jsonb *
import_tables(const Import *import, const JsonbContainer *data)
{
	int64 *counts = palloc0(tenant_tables_n * sizeof(int64));
	JsonbParseState *state = NULL;
	JsonbIterator *it = JsonbIteratorInit(unconstify(JsonbContainer *, data));
	JsonbIteratorToken token;
	JsonbValue name;
	JsonbValue value;

	while ((token = JsonbIteratorNext(&it, &name, true)) != WJB_DONE)
	{
		TenantTable *table;
		Rows rows;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		table = import_table(&name);
		rows = rows_of(table->name, &value);
		import_rows(import, table, &rows);
		counts[table - tenant_tables] = rows.n;
	}

	/* A row may belong to a user by reference to another row, which must then be the user's. */
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < tenant_tables_n; i++)
	{
		TenantTable *table = &tenant_tables[i];

		if (!table->of_users || !table->carried)
			continue;
		if (counts[i] > 0 && (int64) import_count(import, table) != counts[i])
			import_error(ERRCODE_INVALID_PARAMETER_VALUE, NULL,
						 "rows in data.%s do not belong to the user of the document", table->name);
		json_push_int(&state, table->name, counts[i]);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

static char *
text_of(const Jsonb *document, const char *name)
{
	char *text;

	if (!json_text_member(&document->root, name, &text))
		import_error(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s of the document must be a string",
					 name);
	return text;
}

/* Checks the members that identify the document; returns whether it has our format. */
static bool
check_document(const Jsonb *document, Import *import)
{
	char *format;
	char *tenant_id;
	char *user_id;
	Fault fault;

	if (!JB_ROOT_IS_OBJECT(document))
		import_error(ERRCODE_INVALID_PARAMETER_VALUE, PASS_AN_EXPORT,
					 "document must be a JSON object");
	format = text_of(document, "format");
	if (format != NULL && strcmp(format, EXPORT_FORMAT) != 0)
		import_error(ERRCODE_INVALID_PARAMETER_VALUE,
					 "The format must be \"" EXPORT_FORMAT "\". Profile documents have no format.",
					 "unrecognized format %s", private_text(format, strlen(format)));
	tenant_id = text_of(document, "tenant_id");
	if (tenant_id == NULL)
		import_error(ERRCODE_NULL_VALUE_NOT_ALLOWED, PASS_AN_EXPORT,
					 "tenant_id of the document is missing");
	if (strcmp(tenant_id, import->tenant_id) != 0)
		import_error(ERRCODE_INVALID_PARAMETER_VALUE,
					 "To import the user into another tenant, change tenant_id in the document.",
					 "document belongs to another tenant");
	user_id = text_of(document, "user_id");
	if (user_id == NULL)
		import_error(ERRCODE_NULL_VALUE_NOT_ALLOWED, PASS_AN_EXPORT,
					 "user_id of the document is missing");
	if (!check_id("user_id of the document", user_id, strlen(user_id), &fault))
		fault_raise(&fault, -1);
	import->user_id = user_id;
	return format != NULL;
}

/*
 * The user's own choice whether anything is recorded of them, if the document has one.
 * It does not undo a refusal that the tenant has of the user, which may be later than
 * the document.
 */
static void
import_learning(const Import *import, const Jsonb *document)
{
	char *choice = text_of(document, "learning");
	bool enabled;

	if (choice == NULL)
		return;
	if (strcmp(choice, "on") != 0 && strcmp(choice, "off") != 0)
		import_error(ERRCODE_INVALID_PARAMETER_VALUE, NULL,
					 "learning of the document must be \"on\" or \"off\"");
	if (!learning_choice(import->tenant_id, import->user_id, &enabled, SNAPSHOT_NEW) || enabled)
		learning_choose(import->tenant_id, import->user_id, strcmp(choice, "on") == 0);
}

Datum
personalization_import_user(PG_FUNCTION_ARGS)
{
	Import import = {.tenant_id = tenant_argument(fcinfo, 0), .now = GetCurrentTimestamp()};
	Jsonb *document;
	bool ours;
	TenantSettings settings;
	JsonbContainer *data;
	OwnerScope scope;
	Jsonb *counts;

	/* max_payload does not apply to the document as a whole, only to each payload in it. */
	require_argument(fcinfo, 1, "document");
	document = PG_GETARG_JSONB_P(1);
	prevent_if_read_only("import_user()");
	ours = check_document(document, &import);

	SPI_connect();
	user_begin(import.tenant_id, import.user_id, &settings);
	import.time_zone = settings.time_zone;
	import.store_text = settings.store_query_text;
	if (tenant_data_knows_user(import.tenant_id, import.user_id, true))
		import_error(ERRCODE_DUPLICATE_OBJECT,
					 "To replace the user, call personalization.forget_user() first.",
					 "user %s already exists",
					 private_text(import.user_id, strlen(import.user_id)));
	if (!ours)
		counts = import_profile(&import, document);
	else
	{
		data = import_member(document, "data", false);
		if (data == NULL)
			import_error(ERRCODE_NULL_VALUE_NOT_ALLOWED, NULL, "data of the document is missing");
		counts = import_tables(&import, data);
	}

	if (!import.store_text)
		query_text_forget_imported(import.tenant_id, import.user_id);

	/* Expiry is computed with the settings of this tenant, whatever the document contains. */
	owner_begin(&scope);
	preferences_imported(import.tenant_id, import.user_id,
						 tenant_existing(import.tenant_id, SNAPSHOT_NEW));
	owner_end(&scope);
	if (settings.suggestions)
	{
		Datum values[] = {CStringGetTextDatum(import.tenant_id),
						  CStringGetTextDatum(import.user_id)};

		(void) statement_execute(&queue_queries, values, NULL, SNAPSHOT_NEW);
	}
	import_learning(&import, document);
	choices_imported();
	cache_profile_changed(import.tenant_id, import.user_id);
	audit("import_user", import.tenant_id, import.user_id, NULL, NULL);
	counts = json_keep(counts);
	SPI_finish();
	PG_RETURN_JSONB_P(counts);
}
