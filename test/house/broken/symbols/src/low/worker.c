void
f(void)
{
	snprintf(worker.bgw_function_name, BGW_MAXLEN, "personalization_worker_main");
}
