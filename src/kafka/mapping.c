/*
 * mapping.c
 *		Reading a mapping: where the fields of an event are in a message.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "base/arguments.h"
#include "base/jsonutil.h"
#include "kafka/mapping.h"

#define TYPES "types"

pg_noreturn static void
mapping_error(const char *field, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid mapping for \"%s\"", field),
			 errdetail("%s", detail),
			 errhint("Write a path as \"a.b\" or [\"a\", \"b\"], or one of {\"value\": ...}, "
					 "{\"header\": \"name\"}, {\"key\": \"path\"}, {\"topic\": \"prefix\"}, "
					 "and {\"timestamp\": true}.")));
}

/* Splits a path at dots; empty text has no names. */
static void
read_dotted(const char *field, char *text, Origin *origin)
{
	int n = 1;

	for (const char *c = text; *c != '\0'; c++)
		n += *c == '.';
	origin->path = palloc(n * sizeof(char *));
	origin->npath = 0;
	while (text != NULL && *text != '\0')
	{
		char *dot = strchr(text, '.');

		if (dot == text || (dot != NULL && dot[1] == '\0'))
			mapping_error(field, "The path contains an empty name.");
		if (dot != NULL)
			*dot++ = '\0';
		origin->path[origin->npath++] = text;
		text = dot;
	}
}

static void
read_names(const char *field, const JsonbValue *value, Origin *origin)
{
	JsonbContainer *names = value->val.binary.data;
	uint32 n = JsonContainerSize(names);

	origin->path = palloc(Max(n, 1) * sizeof(char *));
	origin->npath = (int) n;
	for (uint32 i = 0; i < n; i++)
	{
		JsonbValue *name = getIthJsonbValueFromContainer(names, i);

		if (name == NULL || name->type != jbvString)
			mapping_error(field, "The elements of a path must be strings.");
		origin->path[i] = json_text(name);
	}
}

static void
read_path(const char *field, const JsonbValue *value, Origin *origin)
{
	if (value->type == jbvString)
		read_dotted(field, json_text(value), origin);
	else if (value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data))
		read_names(field, value, origin);
	else
		mapping_error(field, "The mapping of a field must be a path or an object.");
}

/* Reads {"value": …} and the like. */
static void
read_origin_object(const char *field, JsonbContainer *object, Origin *origin)
{
	static const char *const kinds[] = {
		[ORIGIN_MEMBER] = "path", [ORIGIN_VALUE] = "value", [ORIGIN_HEADER] = "header",
		[ORIGIN_KEY] = "key",	  [ORIGIN_TOPIC] = "topic", [ORIGIN_TIMESTAMP] = "timestamp"};
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbValue name;
	JsonbValue value;
	int kind;

	if (JsonContainerSize(object) != 1)
		mapping_error(field, "The object must have exactly one member.");
	(void) JsonbIteratorNext(&it, &name, true);
	(void) JsonbIteratorNext(&it, &name, true);
	(void) JsonbIteratorNext(&it, &value, true);
	kind = find_name(kinds, lengthof(kinds), name.val.string.val, name.val.string.len);
	if (kind < 0)
		mapping_error(field, "The member of the object is not recognized.");
	origin->kind = (OriginKind) kind;
	switch (origin->kind)
	{
		case ORIGIN_MEMBER:
		case ORIGIN_KEY:
			read_path(field, &value, origin);
			break;
		case ORIGIN_VALUE:
			origin->value = JsonbValueToJsonb(&value);
			break;
		case ORIGIN_HEADER:
		case ORIGIN_TOPIC:
			if (value.type != jbvString)
				mapping_error(field,
							  "The name of a header and the prefix of a topic must be strings.");
			origin->text = json_text(&value);
			break;
		case ORIGIN_TIMESTAMP:
			if (value.type != jbvBool || !value.val.boolean)
				mapping_error(field, "The value of \"timestamp\" must be true.");
			break;
	}
}

static void
read_origin(const char *field, const JsonbValue *value, Origin *origin)
{
	if (value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data))
		read_origin_object(field, value->val.binary.data, origin);
	else
		read_path(field, value, origin);
}

static const Jsonb *
read_types(JsonbValue *value)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue member;

	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid mapping for \"types\""),
				 errdetail("The mapping of types must be an object.")));
	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &member, true)) != WJB_DONE)
	{
		InteractionType type;
		Fault fault;

		if (token != WJB_VALUE || member.type == jbvNull)
			continue;
		if (member.type != jbvString)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid mapping for \"types\""),
					 errdetail("Each type must be mapped to an interaction type or to null.")));
		if (!interaction_type_decode(json_text(&member), &type, &fault))
			fault_raise(&fault, -1);
	}
	return JsonbValueToJsonb(value);
}

Mapping *
mapping_read(const Jsonb *document, const char *tenant_id)
{
	Mapping *mapping = palloc0(sizeof(Mapping));
	JsonbIterator *it = JsonbIteratorInit(unconstify(JsonbContainer *, &document->root));
	JsonbIteratorToken token;
	JsonbValue name;

	if (!JB_ROOT_IS_OBJECT(document))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("mapping must be a JSON object")));
	mapping->strict = JB_ROOT_COUNT(document) == 0;
	mapping->tenant_id = tenant_id;
	for (int field = 0; field < EVENT_FIELDS; field++)
	{
		mapping->origins[field].path = palloc(sizeof(char *));
		mapping->origins[field].path[0] = pstrdup(event_field_names[field]);
		mapping->origins[field].npath = 1;
	}
	while ((token = JsonbIteratorNext(&it, &name, true)) != WJB_DONE)
	{
		JsonbValue value;
		int field;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		if (name.val.string.len == (int) strlen(TYPES) &&
			memcmp(name.val.string.val, TYPES, strlen(TYPES)) == 0)
		{
			mapping->types = read_types(&value);
			continue;
		}
		field =
			find_name(event_field_names, EVENT_FIELDS, name.val.string.val, name.val.string.len);
		if (field < 0)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("unrecognized field \"%s\" in mapping",
								   clipped(name.val.string.val, name.val.string.len)),
							errhint("The fields are tenant_id, user_id, interaction_type, data, "
									"occurred_at, interaction_id, feedback, and types.")));
		memset(&mapping->origins[field], 0, sizeof(Origin));
		read_origin(event_field_names[field], &value, &mapping->origins[field]);
	}
	if (tenant_id != NULL && (mapping->origins[FIELD_TENANT_ID].kind != ORIGIN_MEMBER ||
							  json_member(&unconstify(Jsonb *, document)->root,
										  event_field_names[FIELD_TENANT_ID], &name) != NULL))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("tenant_id is specified both as an argument and in the mapping"),
						errhint("Omit one of them.")));
	return mapping;
}
