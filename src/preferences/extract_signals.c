/*
 * extract_signals.c
 *		extract_signals(): the signals that learn() would take from an
 *		interaction.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/extension.h"
#include "base/fault.h"
#include "base/statement.h"
#include "core/statistics.h"
#include "preferences/signal_rules.h"
#include "preferences/signals.h"
#include "queries/identity.h"
#include "tenancy/session.h"

PG_FUNCTION_INFO_V1(personalization_extract_signals);

/* Feedback may refer to interactions of the session's tenant, if it has one. */
static bool
find_interaction(const pg_uuid_t *id, InteractionType *type, Jsonb **data, void *arg)
{
	const char *tenant_id = arg;

	return tenant_id != NULL && interaction_read(tenant_id, id, SNAPSHOT_CALLER, type, data);
}

Datum
personalization_extract_signals(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const Objects *ours = extension_objects();
	InteractionType type;
	Jsonb *data;
	const char *tenant = current_tenant();
	Signals signals = {0};
	QueryText query;
	Fault fault;

	require_argument(fcinfo, 0, "interaction_type");
	type = interaction_type_of(PG_GETARG_OID(0));
	data = jsonb_argument(fcinfo, 1, "data");
	InitMaterializedSRF(fcinfo, 0);

	SPI_connect();
	if (!signals_extract(signal_rules_read(tenant, ALL_TYPES, SNAPSHOT_CALLER), type, data, &query,
						 find_interaction, unconstify(char *, tenant), &signals, &fault))
		fault_raise(&fault, -1);
	for (int i = 0; i < signals.n; i++)
	{
		const Signal *signal = &signals.items[i];
		bool nulls[] = {false, false, signal->value == NULL, false};
		Datum values[] = {
			ObjectIdGetDatum(ours->category_values[signal->category]),
			CStringGetTextDatum(signal->key),
			signal->value == NULL ? (Datum) 0 : JsonbPGetDatum(signal->value),
			Float8GetDatum(signal->strength),
		};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	SPI_finish();
	return (Datum) 0;
}
