/*
 * document.c
 *		The keys of the cache, and their documents.
 *
 *		The documents are built by functions of their subjects; this file adds
 *		keys and lifetimes.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

#include "base/clock.h"
#include "base/jsonutil.h"
#include "base/read_ahead.h"
#include "base/statement.h"
#include "base/subxact.h"
#include "cache/changes.h"
#include "catalogue/catalogue.h"
#include "cluster/route.h"
#include "conversations/conversations.h"
#include "core/cache_key.h"
#include "core/profile/evidence.h"
#include "profiles/profiles.h"
#include "redis/document.h"
#include "suggestions/suggestions.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

/* Larger documents are not cached, in bytes. */
#define MAX_DOCUMENT (16 * 1024 * 1024)

/* Maximum size of the rows that are read together for profiles of many users, in bytes. */
#define READ_BYTES (16 * 1024 * 1024)

/* For fewer users than this, reading them together is not worth the while. */
#define PROFILES_FEW 3

/*
 * Returns the document of an id as of a time, or NULL if there is none.  May
 * shorten the lifetime, which is in microseconds.  ahead is NULL, but for profiles of many users.
 */
typedef Jsonb *(*DocumentBuilder)(const char *tenant_id, const char *id, TimestampTz at,
								  const TenantSettings *settings, int64 *ttl, ReadAhead *ahead);

/* A kind of key: its name, how its document is built, and its lifetime. */
typedef struct CacheKind
{
	const char *name;
	bool by_tenant;		   /* whether the key contains the tenant */
	size_t ttl;			   /* offset of the tenant's setting */
	DocumentBuilder build; /* NULL: the key is only deleted, never written */
} CacheKind;

/* An unknown user has a default profile, but it is not cached. */
static Jsonb *
build_profile(const char *tenant_id, const char *id, TimestampTz at, const TenantSettings *settings,
			  int64 *ttl, ReadAhead *ahead)
{
	Jsonb *document = profile_document(tenant_id, id, at, settings, ahead);
	JsonbValue value;

	return json_member(&document->root, "created_at", &value) != NULL ? document : NULL;
}

/* Even if it is pushed late, as after an outage, it expires when the conversation does. */
static Jsonb *
build_conversation(const char *tenant_id, const char *id, TimestampTz at,
				   const TenantSettings *settings, int64 *ttl, ReadAhead *ahead)
{
	Datum uuid = DirectFunctionCall1(uuid_in, CStringGetDatum(id));
	Jsonb *document =
		conversation_document(tenant_id, DatumGetUUIDP(uuid), at, ALL_MESSAGES, SNAPSHOT_CALLER);
	char *expires_at;

	if (document != NULL && json_text_member(&document->root, "expires_at", &expires_at) &&
		expires_at != NULL)
		*ttl = Min(*ttl, DatumGetTimestampTz(
							 DirectFunctionCall3(timestamptz_in, CStringGetDatum(expires_at),
												 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1))) -
							 at);
	return document;
}

/*
 * The worker may read all tables, but readers of the cache perhaps not: if
 * schemas are linked, even since the change was recorded, there is no
 * document.
 */
static Jsonb *
build_suggestions(const char *tenant_id, const char *id, TimestampTz at,
				  const TenantSettings *settings, int64 *ttl, ReadAhead *ahead)
{
	if (catalogue_is_linked(tenant_id))
		return NULL;
	return suggestions_document(tenant_id, id, at);
}

enum
{
	KIND_PROFILE,
	KIND_SUGGESTIONS,
	KIND_CONVERSATION
};

static const CacheKind kinds[] = {
	[KIND_PROFILE] = {"profile", true, offsetof(TenantSettings, profile_cache_ttl), build_profile},
	[KIND_SUGGESTIONS] = {"suggestions", true, offsetof(TenantSettings, suggestions_cache_ttl),
						  build_suggestions},
	[KIND_CONVERSATION] = {"conversation", false, offsetof(TenantSettings, conversation_ttl),
						   build_conversation},
};

/* Returns the text in UTF-8, which readers of the cache expect. */
static char *
utf8(const char *text)
{
	return (char *) pg_server_to_any(text, (int) strlen(text), PG_UTF8);
}

/* Returns an id as part of a key. */
static char *
encoded(const char *id)
{
	char *text = utf8(id);
	char *out = palloc(3 * strlen(text) + 1);

	out[cache_id_encode(text, strlen(text), out)] = '\0';
	return out;
}

/* Arguments for finding the key and building the document of an item in a subtransaction. */
typedef struct Naming
{
	const CacheKind *kind;
	const CacheChange *change;
	CacheItem *item;
	MemoryContext context; /* of the names */
} Naming;

static char *
make_key(const CacheKind *kind, const CacheChange *change)
{
	return kind->by_tenant ? psprintf(CACHE_PREFIX "%s:%s:%s", kind->name,
									  encoded(change->tenant_id), encoded(change->id))
						   : psprintf(CACHE_PREFIX "%s:%s", kind->name, encoded(change->id));
}

static void
name_item(void *arg)
{
	Naming *naming = arg;
	MemoryContext old = MemoryContextSwitchTo(naming->context);

	naming->item->key = make_key(naming->kind, naming->change);
	naming->item->key_len = strlen(naming->item->key);
	naming->item->tenant_id = naming->kind->by_tenant ? "" : utf8(naming->change->tenant_id);
	MemoryContextSwitchTo(old);
}

static void
encode_name(void *arg)
{
	(void) encoded(arg);
}

ErrorData *
cache_name_fault(const char *tenant_id)
{
	return GetDatabaseEncoding() == PG_UTF8
			   ? NULL
			   : run_in_subxact(encode_name, unconstify(char *, tenant_id));
}

List *
cache_prefixes(const char *tenant_id)
{
	List *prefixes = NIL;

	for (size_t i = 0; i < lengthof(kinds); i++)
	{
		if (tenant_id == NULL)
			prefixes = lappend(prefixes, psprintf(CACHE_PREFIX "%s:", kinds[i].name));
		else if (kinds[i].by_tenant)
			prefixes = lappend(prefixes,
							   psprintf(CACHE_PREFIX "%s:%s:", kinds[i].name, encoded(tenant_id)));
	}
	return prefixes;
}

/* Whether a tenant exists and is on this node of a cluster; otherwise it has no documents here. */
static bool
is_here(CacheTenant *tenant, const char *tenant_id)
{
	if (!tenant->is_read)
		tenant->is_here = route_is_here(tenant_id) && tenant_read(tenant_id, &tenant->settings);
	tenant->is_read = true;
	return tenant->is_here;
}

/* Arguments for building the document of one key in a subtransaction. */
typedef struct DocumentBuild
{
	const CacheKind *kind;
	const CacheChange *change;
	CacheTenant *tenant;
	TimestampTz at;
	CacheItem *item;
	MemoryContext context; /* of the result */
	ReadAhead *ahead;	   /* of profiles; may be NULL */
} DocumentBuild;

static void
build(void *arg)
{
	DocumentBuild *building = arg;
	CacheItem *item = building->item;
	const CacheChange *change = building->change;
	CacheTenant *tenant = building->tenant;
	Jsonb *document;
	int64 ttl;
	StringInfoData text;
	char *converted;
	size_t len;

	if (!is_here(tenant, change->tenant_id))
		return;
	ttl = *(int64 *) ((char *) &tenant->settings + building->kind->ttl);
	document = building->kind->build(change->tenant_id, change->id, building->at, &tenant->settings,
									 &ttl, building->ahead);
	if (document == NULL)
		return;
	if (!JB_ROOT_IS_OBJECT(document))
		elog(ERROR, "document for the cache is not an object");
	initStringInfo(&text);
	(void) JsonbToCString(&text, &document->root, VARSIZE(document));
	converted = utf8(text.data);
	len = converted == text.data ? (size_t) text.len : strlen(converted);
	if (len > MAX_DOCUMENT)
		return;
	item->document = MemoryContextAlloc(building->context, len + 1);
	memcpy(item->document, converted, len + 1);
	item->document_len = len;
	item->ttl = Max(ttl / 1000, 1);
}

/* Arguments for building the profiles of many users in a subtransaction. */
typedef struct ProfilesBuild
{
	const CacheChange *const *changes;
	int n;
	CacheTenant *tenant;
	TimestampTz at;
	const CacheLimits *limits;
	CacheItem *items;
	int built;
	MemoryContext context; /* of the result */
} ProfilesBuild;

static void
build_profiles(void *arg)
{
	ProfilesBuild *all = arg;
	const char *user_ids[CACHE_PROFILES];
	ReadAhead *ahead;
	MemoryContext scratch;
	Size bytes = 0;
	int n = all->n;

	if (!is_here(all->tenant, all->changes[0]->tenant_id))
		return;
	n = Min(n, READ_AHEAD_ROWS / profile_reach(&all->tenant->settings));
	for (int i = 0; i < n; i++)
		user_ids[i] = all->changes[i]->id;
	if (n < PROFILES_FEW)
		return;
	ahead = read_ahead_begin(user_ids, n, READ_BYTES);
	scratch = AllocSetContextCreate(CurrentMemoryContext, "personalization document",
									ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < n && bytes < all->limits->bytes && elapsed_clock() < all->limits->until;
		 i++)
	{
		CacheItem *item = &all->items[i];
		DocumentBuild building = {
			&kinds[KIND_PROFILE], all->changes[i], all->tenant, all->at, item, all->context, ahead};
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		read_ahead_turn_to(ahead, i);
		old = MemoryContextSwitchTo(scratch);
		build(&building);
		MemoryContextSwitchTo(old);
		MemoryContextReset(scratch);
		bytes += item->document_len;
		all->built++;
	}
}

/*
 * Nothing is written, so that the documents built before an error stay, and the subtransaction
 * is one for all of them: without statements, it would be most of what a document costs.
 */
int
cache_profiles_build(const CacheChange *const *changes, int n, CacheTenant *tenant, TimestampTz at,
					 const CacheLimits *limits, CacheItem *items, ErrorData **fault)
{
	ProfilesBuild all = {changes, n, tenant, at, limits, items, 0, CurrentMemoryContext};

	if (n < PROFILES_FEW)
		return 0;
	memset(items, 0, n * sizeof(CacheItem));
	*fault = run_in_subxact(build_profiles, &all);
	return all.built;
}

/*
 * Builds the document in a subtransaction, unless it is there: an error affects this document
 * only, and the memory of its statements is freed.
 */
static void
add_item(const CacheKind *kind, const CacheChange *change, bool wanted, CacheTenant *tenant,
		 TimestampTz at, const CacheItem *built, List **items, ErrorData **fault)
{
	CacheItem *item = palloc0(sizeof(CacheItem));
	DocumentBuild building = {kind, change, tenant, at, item, CurrentMemoryContext, NULL};
	Naming naming = {kind, change, item, CurrentMemoryContext};
	ErrorData *error = NULL;

	/* Names that are not in UTF-8 can be in databases of other encodings; they have no keys. */
	if (GetDatabaseEncoding() == PG_UTF8)
		name_item(&naming);
	else
		error = run_in_subxact(name_item, &naming);
	if (error != NULL)
	{
		*fault = error;
		return;
	}
	if (built != NULL)
	{
		item->document = built->document;
		item->document_len = built->document_len;
		item->ttl = built->ttl;
	}
	else if (wanted && kind->build != NULL)
		error = run_in_subxact(build, &building);
	if (error != NULL)
	{
		item->document = NULL;
		*fault = error;
	}
	*items = lappend(*items, item);
}

void
cache_items_add(const CacheChange *change, CacheTenant *tenant, TimestampTz at,
				const CacheItem *profile, List **items, ErrorData **fault)
{
	if ((change->what & CACHE_PROFILE) != 0)
		add_item(&kinds[KIND_PROFILE], change, true, tenant, at, profile, items, fault);
	if ((change->what & (CACHE_SUGGESTIONS | CACHE_SUGGESTIONS_STALE)) != 0)
		add_item(&kinds[KIND_SUGGESTIONS], change, (change->what & CACHE_SUGGESTIONS) != 0, tenant,
				 at, NULL, items, fault);
	if ((change->what & CACHE_CONVERSATION) != 0)
		add_item(&kinds[KIND_CONVERSATION], change, true, tenant, at, NULL, items, fault);
}

/*
 * The members are placed before those of the document, which are not changed:
 * parsing and writing numbers again would change their last digits.
 */
char *
cache_document_join(const char *head, const CacheItem *item, size_t *len)
{
	size_t head_len = strlen(head);
	bool empty = item->document_len == 2; /* {} */
	char *joined = palloc(1 + head_len + 1 + item->document_len);
	char *end = joined;

	*end++ = '{';
	memcpy(end, head, head_len);
	end += head_len;
	if (!empty)
		*end++ = ',';
	memcpy(end, item->document + 1, item->document_len - 1);
	end += item->document_len - 1;
	*len = (size_t) (end - joined);
	return joined;
}
