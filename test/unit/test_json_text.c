/*
 * test_json_text.c
 *		Tests of json_text_fault and utf8_text_is_valid.
 */
#include "core/json_text.h"
#include "unit.h"

#include <stdlib.h>

static const char *const good[] = {
	"{}",
	"[]",
	" [ ] ",
	"1",
	"-0",
	"0.5e-3",
	"1E+10",
	"true",
	"null",
	"\"\"",
	"\t{\"a\" : [1, {\"b\":null} ,\"c\"] , \"\" :false}\r\n",
	"[[[]],{},[{}]]",
	"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
	"\"\\uD83D\\uDe00\"",
	"\"\303\244\342\202\254\360\237\230\200\"",
	"\"\355\237\277\364\217\277\277\"",
	"{\"a\":1,\"a\":2}",
	"1e130000",
	"1e-15999",
};

static const struct
{
	const char *text;
	const char *fault;
} bad[] = {
	{"", "it is empty"},
	{" \n", "it is empty"},
	{"{", "a name in quotes is missing"},
	{"{\"a\"", "a colon is missing"},
	{"{\"a\":", "a value is missing or unknown"},
	{"{\"a\":1", "an object is not ended"},
	{"{\"a\":1,", "a name in quotes is missing"},
	{"{\"a\":1,}", "a name in quotes is missing"},
	{"{a:1}", "a name in quotes is missing"},
	{"{1:1}", "a name in quotes is missing"},
	{"[", "a value is missing or unknown"},
	{"[1", "an array is not ended"},
	{"[1,]", "a value is missing or unknown"},
	{"[1 2]", "a comma is missing"},
	{"[1}", "a comma is missing"},
	{"]", "a value is missing or unknown"},
	{"[]]", "something follows the value"},
	{"1 2", "something follows the value"},
	{"01", "a number is invalid"},
	{"-", "a number is invalid"},
	{"1.", "a number is invalid"},
	{".5", "a value is missing or unknown"},
	{"1e", "a number is invalid"},
	{"1e+", "a number is invalid"},
	{"+1", "a value is missing or unknown"},
	{"1e131073", "a number is out of range"},
	{"1e99999999999999999999", "a number is out of range"},
	{"1e-16400", "a number is out of range"},
	{"NaN", "a value is missing or unknown"},
	{"tru", "a value is missing or unknown"},
	{"trues", "something follows the value"},
	{"'a'", "a value is missing or unknown"},
	{"\"a", "a string is not ended"},
	{"\"a\\", "a string is not ended"},
	{"\"\\x\"", "an escape is invalid"},
	{"\"\\u12\"", "an escape is invalid"},
	{"\"\\u12g4\"", "an escape is invalid"},
	{"\"\\u0000\"", "a string has \\u0000, which text cannot have"},
	{"\"\\ud800\"", "half of a surrogate pair stands alone"},
	{"\"\\ud800\\u0041\"", "half of a surrogate pair stands alone"},
	{"\"\\udc00\"", "half of a surrogate pair stands alone"},
	{"\"a\nb\"", "a string has a control character"},
	{"\"\200\"", "it is not UTF-8"},
	{"\"\303\"", "it is not UTF-8"},
	{"\"\300\200\"", "it is not UTF-8"},
	{"\"\340\200\200\"", "it is not UTF-8"},
	{"\"\355\240\200\"", "it is not UTF-8"},
	{"\"\364\220\200\200\"", "it is not UTF-8"},
	{"\"\365\200\200\200\"", "it is not UTF-8"},
	{"\357\273\277{}", "a value is missing or unknown"},
};

/* In memory of just that size, so that the sanitizer sees a byte too many. */
static const char *
fault_of(const char *text, size_t len)
{
	char *copy = malloc(len > 0 ? len : 1);
	const char *fault;

	memcpy(copy, text, len);
	fault = json_text_fault(copy, len);
	free(copy);
	return fault;
}

static void
test_depth(void)
{
	static char text[2 * JSON_TEXT_MAX_DEPTH + 2];

	memset(text, '[', JSON_TEXT_MAX_DEPTH + 1);
	memset(text + JSON_TEXT_MAX_DEPTH + 1, ']', JSON_TEXT_MAX_DEPTH + 1);
	CHECK(fault_of(text + 1, 2 * JSON_TEXT_MAX_DEPTH) == NULL);
	CHECK(strcmp(fault_of(text, sizeof(text)), "it is nested too deep") == 0);
}

static void
test_size(void)
{
	char *text = malloc(JSON_TEXT_MAX_SIZE + 1);

	memset(text, '1', JSON_TEXT_MAX_SIZE + 1);
	CHECK(strcmp(json_text_fault(text, JSON_TEXT_MAX_SIZE + 1), "it is larger than 16 MB") == 0);
	CHECK(strcmp(json_text_fault(text, JSON_TEXT_MAX_SIZE), "a number is out of range") == 0);
	memset(text, ' ', JSON_TEXT_MAX_SIZE);
	text[0] = '1';
	CHECK(json_text_fault(text, JSON_TEXT_MAX_SIZE) == NULL);
	free(text);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK_STR("", fault_of(good[i], strlen(good[i])) == NULL ? 0 : 1, "", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		const char *fault = fault_of(bad[i].text, strlen(bad[i].text));

		if (fault == NULL)
			fault = "none";
		CHECK_STR(fault, strlen(fault), bad[i].fault, bad[i].text);
	}
	CHECK(fault_of("\"a\0b\"", 5) != NULL);
	CHECK(fault_of("1\0", 2) != NULL);
	CHECK(utf8_text_is_valid("", 0));
	CHECK(utf8_text_is_valid("a\303\244", 3));
	CHECK(!utf8_text_is_valid("a\303", 2));
	CHECK(!utf8_text_is_valid("a\0b", 3));
	test_depth();
	test_size();
	return unit_result("test_json_text");
}
