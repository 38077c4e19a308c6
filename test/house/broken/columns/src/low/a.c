/* result_text(0, 1) in a comment is not code. */
static void
read(void)
{
	topic = result_text(row, TOPIC);
	partition = result_value(row, 2, NULL);
	tenant = result_text(0, 1);
	again = result_value(find(row, 1), 3, &isnull);
	fine = result_value(find(row, 1), FINE, NULL);
	n = count(0, 1);
	result_of_something(
		row,
		4);
}
