static const Setting known[] = {
	{"known_setting", 1},
	{"unknown_setting", 2},
};

void
f(void)
{
	DefineCustomIntVariable("personalization.known", "x");
	DefineCustomIntVariable("personalization.unknown", "x");
	ereport(ERROR, (errcode(1), errmsg("tenant \"%s\" does not exist", "t")));
	ereport(LOG, (errmsg("only for the log")));
	ereport(ERROR, (errcode(1), errmsg("name is too long: %zu bytes", n)));
	ereport(ERROR, (errcode(1), errmsg("nobody wrote "
									   "of this: %s", x)));
	return fault_set(fault, ERRCODE_X, f(a, b), "a is right: %d", 1);
}
