/*
 * version.c
 *		version(): what is installed, and how it was built.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/guc.h"
#include "utils/jsonb.h"

#include "base/compat.h"
#include "base/jsonutil.h"
#include "base/statement.h"

/* The libraries that the Makefile has linked. */
#ifdef USE_REDIS
#define WITH_REDIS true
#else
#define WITH_REDIS false
#endif
#ifdef USE_REDIS_TLS
#define WITH_REDIS_TLS true
#else
#define WITH_REDIS_TLS false
#endif
#ifdef USE_KAFKA
#define WITH_KAFKA true
#else
#define WITH_KAFKA false
#endif

static Statement select_version = STATEMENT("SELECT extversion"
											" FROM pg_catalog.pg_extension"
											" WHERE extname = 'personalization'",
											"");

PG_FUNCTION_INFO_V1(personalization_version);

static void
push_bool(JsonbParseState **state, const char *name, bool value)
{
	JsonbValue v = {.type = jbvBool, .val.boolean = value};

	json_push_key(state, name);
	(void) pushJsonbValue(state, WJB_VALUE, &v);
}

Datum
personalization_version(PG_FUNCTION_ARGS)
{
	JsonbParseState *state = NULL;
	Jsonb *document;

	SPI_connect();
	(void) statement_execute(&select_version, NULL, NULL, SNAPSHOT_CALLER);
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_text(&state, "library", PERSONALIZATION_VERSION);
	json_push_text(&state, "extension", result_text(0, ONLY_COLUMN));
	json_push_text(&state, "built_for", PG_VERSION);
	json_push_text(&state, "server", GetConfigOption("server_version", false, false));
	push_bool(&state, "redis", WITH_REDIS);
	push_bool(&state, "redis_tls", WITH_REDIS && WITH_REDIS_TLS);
	push_bool(&state, "kafka", WITH_KAFKA);
	document = json_keep(json_document(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
	SPI_finish();
	PG_RETURN_JSONB_P(document);
}
