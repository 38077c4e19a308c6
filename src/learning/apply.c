/*
 * apply.c
 *		Learning: from checked events to stored rows.
 *
 *		Single events and batches use the same code.  The users of a tenant
 *		are locked, its events are checked and their signals extracted, and the
 *		interactions are inserted.  Then the new ones are applied in memory,
 *		and the results are stored with one statement per table.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/extension.h"
#include "base/fault.h"
#include "base/jsonutil.h"
#include "base/rows.h"
#include "base/statement.h"
#include "base/uuid.h"
#include "cache/changes.h"
#include "core/ranking/statistics.h"
#include "learning/apply.h"
#include "learning/unread_names.h"
#include "preferences/preferences.h"
#include "preferences/signal_rules.h"
#include "preferences/signals.h"
#include "profiles/outlines.h"
#include "queries/identity.h"
#include "queries/user_queries.h"
#include "queries/without_text.h"
#include "suggestions/count_at_commit.h"
#include "suggestions/outcomes.h"
#include "tenancy/consent.h"
#include "tenancy/locks.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

#define INTERACTION_COLUMNS                                                                        \
	"interaction_id, user_id, interaction_type, data, feedback, occurred_at, query_id, unread"
#define INTERACTION_COLUMN_TYPES                                                                   \
	"uuid text personalization.interaction_type jsonb jsonb timestamptz uuid text[]"
#define RETURNING_NEW                                                                              \
	"ON CONFLICT (tenant_id, interaction_id) DO NOTHING"                                           \
	" RETURNING interaction_id"

/*
 * By whether outlines are stored, and whether all ids are new: interactions with ids that
 * we generated cannot exist already.
 */
static RowWriter interaction_writers[2][2] = {
	{ROW_WRITER("personalization.interactions", INTERACTION_COLUMNS, INTERACTION_COLUMN_TYPES,
				RETURNING_NEW),
	 ROW_WRITER("personalization.interactions", INTERACTION_COLUMNS, INTERACTION_COLUMN_TYPES, "")},
	{ROW_WRITER("personalization.interactions", INTERACTION_COLUMNS ", outline",
				INTERACTION_COLUMN_TYPES " text", RETURNING_NEW),
	 ROW_WRITER("personalization.interactions", INTERACTION_COLUMNS ", outline",
				INTERACTION_COLUMN_TYPES " text", "")}};

static RowWriter profile_writer =
	ROW_WRITER("personalization.profiles", "user_id, created_at, updated_at",
			   "text timestamptz timestamptz", "ON CONFLICT (tenant_id, user_id) DO NOTHING");

/* An event while it is learned. */
typedef struct Lesson
{
	Event *event;
	QueryText query;   /* of an interaction of type query */
	const char *words; /* hashes of its words, if its text is not stored; else NULL */
	bool has_query;	   /* whether the query has an identity, query_id */
	pg_uuid_t query_id;
	Signals signals;
	ArrayType *unread; /* if it says nothing: the names that nothing reads; else NULL */
} Lesson;

/* The events of one tenant, in the order in which they were passed. */
typedef struct TenantEvents
{
	const char *tenant_id;
	Lesson **items;
	int n;
	Lesson **by_id;		   /* the same, sorted by id; equal ids in order */
	Lesson **by_user;	   /* the same, sorted by user; those of a user in order */
	const Lesson *current; /* whose signals are being extracted */
} TenantEvents;

static int
compare_ids(const Lesson *a, const Lesson *b)
{
	return memcmp(a->event->id.data, b->event->id.data, UUID_LEN);
}

static int
compare_by_id(const void *a, const void *b)
{
	const Lesson *x = *(Lesson *const *) a;
	const Lesson *y = *(Lesson *const *) b;
	int order = compare_ids(x, y);

	return order != 0 ? order : x->event->index - y->event->index;
}

static int
compare_by_tenant(const void *a, const void *b)
{
	const Event *x = (*(Lesson *const *) a)->event;
	const Event *y = (*(Lesson *const *) b)->event;
	int order = strcmp(x->tenant_id, y->tenant_id);

	return order != 0 ? order : x->index - y->index;
}

static int
compare_by_user(const void *a, const void *b)
{
	const Event *x = (*(Lesson *const *) a)->event;
	const Event *y = (*(Lesson *const *) b)->event;

	int order = strcmp(x->user_id, y->user_id);

	return order != 0 ? order : x->index - y->index;
}

static int
compare_uint32(const void *a, const void *b)
{
	uint32 x = *(const uint32 *) a;
	uint32 y = *(const uint32 *) b;

	return x < y ? -1 : x > y;
}

/* Raises the fault, or stores it in the event. */
static void
set_aside(Event *event, const Fault *fault, bool divert)
{
	if (!divert)
		fault_raise(fault, event->index);
	event->fault = palloc(sizeof(Fault));
	*event->fault = *fault;
}

/* Feedback may refer to an interaction that precedes it in the batch. */
static bool
find_in_batch(const pg_uuid_t *id, InteractionType *type, Jsonb **data, const void *arg)
{
	const TenantEvents *events = arg;
	Event sought = {.id = *id, .index = -1};
	Lesson key = {.event = &sought};
	Lesson *key_pointer = &key;
	int low = 0;
	int high = events->n;

	/* The first one with this id: it sorts after the key, so it is the lower bound. */
	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (compare_by_id(&events->by_id[middle], &key_pointer) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < events->n && compare_ids(events->by_id[low], &key) == 0; low++)
	{
		const Event *found = events->by_id[low]->event;

		/* Those after the feedback have not happened yet. */
		if (found->index >= events->current->event->index)
			return false;
		if (found->fault == NULL)
		{
			*type = found->type;
			*data = unconstify(Jsonb *, found->data);
			return true;
		}
	}
	return false;
}

/* Returns the interaction type whose rules the events need, or all. */
static int
rule_types(const TenantEvents *events)
{
	InteractionType type = events->items[0]->event->type;

	/* A refinement uses all rules, and feedback may refer to any interaction. */
	if (events->n > 1 || type == INTERACTION_REFINEMENT || type == INTERACTION_FEEDBACK)
		return ALL_TYPES;
	return (int) type;
}

/*
 * Takes the text of queries out of an event whose data is valid, after what is
 * kept of it has been read: from here on nobody knows it.
 */
static void
forget_text(Lesson *lesson)
{
	Event *event = lesson->event;
	QueryText *query = &lesson->query;
	List *tables = NIL;

	if (event->type == INTERACTION_QUERY)
	{
		const char *text = query->question != NULL ? query->question : query->sql;

		lesson->words = hashed_words(event->tenant_id, text);
		tables = unconstify(List *, query_list(query, SQL_TABLES));
		memset(query, 0, sizeof(QueryText));
	}
	event->data = without_text(event->data, tables);
	if (event->feedback != NULL)
		event->feedback = without_text(event->feedback, NIL);
}

/*
 * Reads what an event asks, and its signals.  Returns false and sets fault if it is
 * invalid.
 */
static bool
read_event(Lesson *lesson, const SignalSource *source, bool store_text, Fault *fault)
{
	Event *event = lesson->event;

	if (!interaction_decode(event->type, event->data, &lesson->query, fault))
		return false;
	if (event->type == INTERACTION_QUERY)
		lesson->has_query = query_identify(&lesson->query, &lesson->query_id);
	if (!store_text)
		forget_text(lesson);
	return signals_extract(source, event->type, event->data, &lesson->query, &lesson->signals,
						   fault);
}

/*
 * Returns the suggestion that feedback accepts or dismisses, with its rating;
 * false if it does neither.
 */
static bool
suggestion_feedback(const Jsonb *data, pg_uuid_t *suggestion_id, double *rating)
{
	char *text;
	bool rated;
	Fault fault;

	return json_text_member(&data->root, "suggestion_id", &text) && text != NULL &&
		   uuid_decode(text, suggestion_id) &&
		   feedback_rating(&data->root, rating, &rated, &fault) && *rating != 0;
}

/* Checks the events: decodes what they ask, and extracts their signals. */
static void
read_events(TenantEvents *events, const SignalRules *rules, bool store_text, bool divert)
{
	const SignalSource source = {.rules = rules,
								 .tenant_id = events->tenant_id,
								 .as = SNAPSHOT_NEW,
								 .find_other = find_in_batch,
								 .arg = events};

	for (int i = 0; i < events->n; i++)
	{
		Lesson *lesson = events->items[i];
		Event *event = lesson->event;
		pg_uuid_t suggestion_id;
		double rating;
		Fault fault;

		CHECK_FOR_INTERRUPTS();
		events->current = lesson;
		if (!read_event(lesson, &source, store_text, &fault))
			set_aside(event, &fault, divert);
		if (event->fault != NULL)
			continue;
		unread_warn(rules, event->type, event->data);
		if (lesson->signals.n == 0 && !lesson->has_query &&
			!(event->type == INTERACTION_FEEDBACK &&
			  suggestion_feedback(event->data, &suggestion_id, &rating)))
			lesson->unread = unread_names(rules, event->type, event->data);
	}
}

/* Returns the users' lock keys, sorted and distinct. */
static uint32 *
user_keys(const TenantEvents *events, int *nkeys)
{
	uint32 *keys = palloc(events->n * sizeof(uint32));

	for (int i = 0; i < events->n; i++)
		keys[i] = user_lock_key(events->tenant_id, events->items[i]->event->user_id);
	qsort(keys, events->n, sizeof(uint32), compare_uint32);
	*nkeys = 0;
	for (int i = 0; i < events->n; i++)
	{
		if (i == 0 || keys[i] != keys[i - 1])
			keys[(*nkeys)++] = keys[i];
	}
	return keys;
}

static bool
has_given_ids(const TenantEvents *events)
{
	for (int i = 0; i < events->n; i++)
	{
		if (events->items[i]->event->fault == NULL && events->items[i]->event->id_given)
			return true;
	}
	return false;
}

/* Whether a query has a text: see query_decode(). */
static bool
has_text(const Event *event)
{
	JsonbValue value;
	const JsonbValue *text = json_member(&event->data->root, "query", &value);

	return text != NULL && text->type == jbvString && text->val.string.len > 0;
}

/*
 * Who reads outlines finds queries with a text by their identity, so one that has none,
 * such as "???", is to be found by its data.
 */
static void
add_outline(Column *column, const Lesson *lesson)
{
	const Event *event = lesson->event;
	bool is_found = event->type != INTERACTION_QUERY || lesson->has_query || !has_text(event);
	char outline[OUTLINE_MAX];

	if (is_found && outline_of(event->type, JsonbPGetDatum(event->data), outline))
		column_add_text(column, outline);
	else
		column_add_null(column);
}

/*
 * Inserts the interactions, and marks those that are new.  With given ids they
 * are inserted in the order of their ids, so that two calls with the same ids do
 * not deadlock; otherwise in the order of their users, so that those of a user
 * are together, in the table and in its indexes.
 */
static void
insert_interactions(TenantEvents *events)
{
	const ExtensionObjects *ours = extension_objects();
	bool outlined = outlines_are_stored();
	Column *columns = rows_begin(&interaction_writers[outlined][false], events->n);
	bool ids_given = has_given_ids(events);
	Lesson **ordered = ids_given ? events->by_id : events->by_user;
	Lesson *previous = NULL;
	uint64 nrows;
	int candidate = 0;

	for (int i = 0; i < events->n; i++)
	{
		Lesson *lesson = ordered[i];
		const Event *event = lesson->event;

		/* Of several events with one id the first counts; the others are retries. */
		if (event->fault != NULL || (previous != NULL && compare_ids(previous, lesson) == 0))
			continue;
		previous = lesson;
		column_add(&columns[0], UUIDPGetDatum(&event->id));
		column_add_text(&columns[1], event->user_id);
		column_add(&columns[2], ObjectIdGetDatum(ours->interaction_values[event->type]));
		column_add(&columns[3], JsonbPGetDatum(event->data));
		if (event->feedback == NULL)
			column_add_null(&columns[4]);
		else
			column_add(&columns[4], JsonbPGetDatum(event->feedback));
		column_add(&columns[5], TimestampTzGetDatum(event->occurred_at));
		if (lesson->has_query)
			column_add(&columns[6], UUIDPGetDatum(&lesson->query_id));
		else
			column_add_null(&columns[6]);
		if (lesson->unread != NULL)
			column_add(&columns[7], PointerGetDatum(lesson->unread));
		else
			column_add_null(&columns[7]);
		if (outlined)
			add_outline(&columns[8], lesson);
	}
	if (!ids_given)
	{
		(void) rows_write(&interaction_writers[outlined][true], events->tenant_id, columns);
		for (int i = 0; i < events->n; i++)
			events->items[i]->event->is_new = events->items[i]->event->fault == NULL;
		return;
	}

	/* Rows are returned in the order in which they were inserted. */
	nrows = rows_write(&interaction_writers[outlined][false], events->tenant_id, columns);
	for (uint64 row = 0; row < nrows; row++)
	{
		const pg_uuid_t *id = DatumGetUUIDP(result_value(row, ONLY_COLUMN, NULL));

		while (candidate < events->n &&
			   (events->by_id[candidate]->event->fault != NULL ||
				memcmp(events->by_id[candidate]->event->id.data, id->data, UUID_LEN) != 0))
			candidate++;
		if (candidate == events->n)
			elog(ERROR, "inserted interaction not found among the events");
		events->by_id[candidate]->event->is_new = true;
	}
}

/*
 * Creates the profiles of users who have none.  Users with evidence have one,
 * so most calls write nothing here: what changes with each interaction is read
 * from the interactions and preferences themselves.
 */
static void
make_profiles(TenantEvents *events, const Observation *observations, int nobservations)
{
	Column *columns = rows_begin(&profile_writer, events->n);
	int o = 0;

	for (int i = 0; i < events->n;)
	{
		const char *user_id = events->by_user[i]->event->user_id;
		TimestampTz first = DT_NOEND;
		bool known = false;

		for (; i < events->n && strcmp(events->by_user[i]->event->user_id, user_id) == 0; i++)
		{
			if (events->by_user[i]->event->is_new)
				first = Min(first, events->by_user[i]->event->occurred_at);
		}
		if (first == DT_NOEND)
			continue;

		/* The observations are in the order of their users, too. */
		while (o < nobservations && strcmp(observations[o].user_id, user_id) < 0)
			o++;
		for (; o < nobservations && strcmp(observations[o].user_id, user_id) == 0; o++)
			known = known || observations[o].had_evidence;
		if (!known)
		{
			column_add_text(&columns[0], user_id);
			column_add(&columns[1], TimestampTzGetDatum(first));
			column_add(&columns[2], TimestampTzGetDatum(first));
		}
	}
	(void) rows_write(&profile_writer, events->tenant_id, columns);
}

/* Records for the cache whose documents change. */
static void
note_users(const TenantEvents *events)
{
	CacheUser *users;
	int nusers = 0;

	if (!cache_wanted())
		return;
	users = palloc(events->n * sizeof(CacheUser));
	for (int i = 0; i < events->n; i++)
	{
		const Event *event = events->by_user[i]->event;

		if (!event->is_new)
			continue;
		if (nusers == 0 || strcmp(event->user_id, users[nusers - 1].user_id) != 0)
			users[nusers++] = (CacheUser){event->user_id, false};
		users[nusers - 1].asked = users[nusers - 1].asked || event->type == INTERACTION_QUERY;
	}
	cache_users_learned(events->tenant_id, users, nusers);
}

/* The signals of the new interactions as observations. */
static Observation *
collect_observations(const TenantEvents *events, int *n)
{
	Observation *observations;
	int size = 0;

	for (int i = 0; i < events->n; i++)
		size += events->items[i]->event->is_new ? events->items[i]->signals.n : 0;
	observations = palloc_extended(Max(size, 1) * sizeof(Observation), MCXT_ALLOC_HUGE);
	*n = 0;
	for (int i = 0; i < events->n; i++)
	{
		const Lesson *lesson = events->items[i];

		for (int s = 0; lesson->event->is_new && s < lesson->signals.n; s++)
		{
			Observation *observation = &observations[*n];

			observation->user_id = lesson->event->user_id;
			observation->signal = lesson->signals.items[s];
			observation->at = lesson->event->occurred_at;
			observation->position = (*n)++;
		}
	}
	return observations;
}

/* Applies the new interactions, and stores the results. */
static void
learn_new(TenantEvents *events, const TenantSettings *settings)
{
	AskedQueries *asked = asked_queries_begin(settings->time_zone);
	Observation *observations;
	int nasked = 0;
	int n;

	for (int i = 0; i < events->n; i++)
	{
		const Lesson *lesson = events->items[i];
		const Event *event = lesson->event;
		pg_uuid_t suggestion_id;
		double rating;

		if (!event->is_new)
			continue;
		if (event->type == INTERACTION_FEEDBACK &&
			suggestion_feedback(event->data, &suggestion_id, &rating))
			outcome_of_feedback(events->tenant_id, event->user_id, &suggestion_id, rating,
								event->occurred_at);
		if (lesson->has_query)
		{
			asked_queries_add(asked, event->user_id, &lesson->query, lesson->words,
							  &lesson->query_id, &event->id, event->data, event->occurred_at);
			nasked++;
		}
	}
	observations = collect_observations(events, &n);
	n = preferences_observe(events->tenant_id, &settings->learning, observations, n);
	(void) asked_queries_store(asked, events->tenant_id, settings->suggestions);
	if (nasked > 0 && settings->suggestions)
		counting_share_note(events->tenant_id, nasked);
	make_profiles(events, observations, n);
	note_users(events);
}

/* Takes out the refused ones of lessons; returns the number of the others. */
static int
keep_not_refused(Lesson **lessons, int n)
{
	int kept = 0;

	for (int i = 0; i < n; i++)
	{
		if (!lessons[i]->event->is_refused)
			lessons[kept++] = lessons[i];
	}
	return kept;
}

/* Takes out the events of users of whom nothing may be recorded. */
static void
leave_out_refused(TenantEvents *events, const TenantSettings *settings)
{
	const char *user_id = NULL;
	bool allowed = false;

	for (int i = 0; i < events->n; i++)
	{
		Event *event = events->by_user[i]->event;

		if (user_id == NULL || strcmp(user_id, event->user_id) != 0)
			allowed = learning_allowed(events->tenant_id, event->user_id, settings, SNAPSHOT_NEW);
		user_id = event->user_id;
		event->is_refused = !allowed;
	}
	(void) keep_not_refused(events->by_user, events->n);
	events->n = keep_not_refused(events->items, events->n);
}

/* Returns the lessons in another order. */
static Lesson **
ordered_by(const TenantEvents *events, int (*compare)(const void *a, const void *b))
{
	Lesson **lessons = palloc(events->n * sizeof(Lesson *));

	memcpy(lessons, events->items, events->n * sizeof(Lesson *));
	qsort(lessons, events->n, sizeof(Lesson *), compare);
	return lessons;
}

/* Learns the events of one tenant; returns the number of new ones. */
static int64
learn_tenant(TenantEvents *events, bool divert)
{
	TenantSettings settings;
	Fault fault;
	uint32 *keys;
	int nkeys;
	int64 nnew = 0;
	TimestampTz oldest;

	if (!check_tenant(events->tenant_id, &fault))
	{
		for (int i = 0; i < events->n; i++)
			set_aside(events->items[i]->event, &fault, divert);
		return 0;
	}

	/* From here on the tenant does not change: its settings are valid until the end. */
	keys = user_keys(events, &nkeys);
	lock_users(events->tenant_id, keys, nkeys);
	tenant_check_current(events->tenant_id);
	if (!tenant_prepare(events->tenant_id, &settings))
	{
		(void) tenant_unknown(events->tenant_id, &fault);
		for (int i = 0; i < events->n; i++)
			set_aside(events->items[i]->event, &fault, divert);
		return 0;
	}
	events->by_user = ordered_by(events, compare_by_user);
	leave_out_refused(events, &settings);
	if (events->n == 0)
		return 0;
	events->by_id = ordered_by(events, compare_by_id);
	read_events(events, signal_rules_read(events->tenant_id, rule_types(events), SNAPSHOT_NEW),
				settings.store_query_text, divert);

	insert_interactions(events);
	oldest = GetCurrentTimestamp() - settings.history_retention;
	for (int i = 0; i < events->n; i++)
	{
		Event *event = events->items[i]->event;

		event->is_aged = event->is_new && event->occurred_at < oldest;
		nnew += event->is_new;
	}
	if (nnew > 0)
		learn_new(events, &settings);
	return nnew;
}

int64
learn_events(Event *events, int n, bool divert)
{
	Lesson *lessons =
		palloc_extended(Max(n, 1) * sizeof(Lesson), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	Lesson **sorted = palloc(Max(n, 1) * sizeof(Lesson *));
	int nsorted = 0;
	int64 nnew = 0;

	for (int i = 0; i < n; i++)
	{
		lessons[i].event = &events[i];
		if (events[i].fault == NULL)
			sorted[nsorted++] = &lessons[i];
	}
	qsort(sorted, nsorted, sizeof(Lesson *), compare_by_tenant);
	for (int i = 0; i < nsorted;)
	{
		TenantEvents group = {sorted[i]->event->tenant_id, &sorted[i], 0, NULL, NULL, NULL};

		while (i < nsorted && strcmp(sorted[i]->event->tenant_id, group.tenant_id) == 0)
		{
			group.n++;
			i++;
		}
		nnew += learn_tenant(&group, divert);
	}
	return nnew;
}
