/*
 * test_kafka_properties.c
 *		Tests of kafka_property_next and kafka_property_refused.
 */
#include "core/kafka_properties.h"
#include "unit.h"

/* All pairs of a text as name=value|…, and a ! where it is wrong. */
static const char *
parsed(const char *text)
{
	static char out[1024];
	static KafkaProperty property;
	const char *fault;
	size_t n = 0;

	out[0] = '\0';
	while (kafka_property_next(&text, &property, &fault))
		n += (size_t) snprintf(out + n, sizeof(out) - n, "%s=%s|", property.name, property.value);
	if (fault != NULL)
		snprintf(out + n, sizeof(out) - n, "!");
	else
		CHECK(*text == '\0');
	return out;
}

static const char *const cases[][2] = {
	{"", ""},
	{" ; \n", ""},
	{"a.b=c", "a.b=c|"},
	{"a=1 b=2;c=3\td=", "a=1|b=2|c=3|d=|"},
	{"a=1,2=3", "a=1,2=3|"},
	{"p=\"two words; three\" q=1", "p=two words; three|q=1|"},
	{"p=\"a\\\"b\\\\c\\d\"", "p=a\"b\\c\\d|"},
	{"p=\"\"", "p=|"},
	{"p=a\"b", "p=a\"b|"},
	{"a", "!"},
	{"a =1", "!"},
	{"=1", "!"},
	{"a=1 =2", "a=1|!"},
	{"p=\"a", "!"},
	{"p=\"a\\\"", "!"},
	{"p=\"a\"b", "!"},
	{"\303\244=1", "!"},
};

int
main(void)
{
	static char text[KAFKA_VALUE_SIZE + 8];
	static KafkaProperty property;
	const char *at;
	const char *fault;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const char *got = parsed(cases[i][0]);

		CHECK_STR(got, strlen(got), cases[i][1], cases[i][0]);
	}
	memset(text, 'a', sizeof(text) - 1);
	text[1] = '=';
	text[KAFKA_VALUE_SIZE + 1] = '\0';
	at = text;
	CHECK(kafka_property_next(&at, &property, &fault) &&
		  strlen(property.value) == KAFKA_VALUE_SIZE - 1);
	text[KAFKA_VALUE_SIZE + 1] = 'a';
	at = text;
	CHECK(!kafka_property_next(&at, &property, &fault) && fault != NULL);
	text[1] = 'a';
	at = text;
	CHECK(!kafka_property_next(&at, &property, &fault) && fault != NULL);
	CHECK(kafka_property_refused("sasl.password") == NULL);
	CHECK(kafka_property_refused("auto.offset.reset") != NULL);
	return unit_result("test_kafka_properties");
}
