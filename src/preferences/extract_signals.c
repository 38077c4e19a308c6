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
#include "core/ranking/statistics.h"
#include "preferences/signal_rules.h"
#include "preferences/signals.h"
#include "queries/identity.h"
#include "queries/sql_unread.h"
#include "tenancy/session.h"

PG_FUNCTION_INFO_V1(personalization_extract_signals);

Datum
personalization_extract_signals(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const ExtensionObjects *ours = extension_objects();
	InteractionType type;
	Jsonb *data;
	/* Feedback may refer to interactions of the session's tenant, if it has one. */
	SignalSource source = {.tenant_id = current_tenant(), .as = SNAPSHOT_CALLER};
	Signals signals = {0};
	QueryText query;
	Fault fault;

	require_argument(fcinfo, 0, "interaction_type");
	type = interaction_type_of(PG_GETARG_OID(0));
	data = jsonb_argument(fcinfo, 1, "data");
	InitMaterializedSRF(fcinfo, 0);

	SPI_connect();
	source.rules = signal_rules_read(source.tenant_id, ALL_TYPES, SNAPSHOT_CALLER);
	if (!interaction_decode(type, data, &query, &fault) ||
		!signals_extract(&source, type, data, &query, &signals, &fault))
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
	if (type == INTERACTION_QUERY && query_unread(&query) != NULL)
	{
		/* No signal, and so without a strength: only shown here. */
		bool nulls[] = {false, false, false, true};
		Datum values[] = {
			ObjectIdGetDatum(ours->category_values[CATEGORY_QUERY]),
			CStringGetTextDatum("unread_sql"),
			JsonbPGetDatum(sql_unread_document(query.sql, query_unread(&query))),
			(Datum) 0,
		};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	SPI_finish();
	return (Datum) 0;
}
