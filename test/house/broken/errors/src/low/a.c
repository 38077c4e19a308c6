/* ereport(ERROR, (errmsg("in a comment"))) is none. */
void
f(int a)
{
	ereport(ERROR, (errmsg("has no code: %d", a), errhint("A hint.")));
	ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("Capital letter")));
	ereport(ERROR,
			(errcode(ERRCODE_INTERNAL_ERROR),
			 errmsg("full stop "
					"at the end."),
			 errhint("no sentence")));
	ereport(NOTICE, (errmsg("a notice needs none")));
	ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("%s is as it should be", "a"),
					errdetail("It is.")));
}
