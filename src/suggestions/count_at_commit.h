/*
 * count_at_commit.h
 *		Counting requests just before a transaction commits, in a database
 *		without a worker.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_COUNT_AT_COMMIT_H
#define PERSONALIZATION_SUGGESTIONS_COUNT_AT_COMMIT_H

/*
 * Notes that this transaction has added a number of requests of a tenant to
 * query_events.  If no worker serves the database, some of those that are
 * waiting, these or others, are counted just before the transaction commits.
 * Counting waits for no lock; what fails there is left to a later transaction,
 * and never makes this one fail.
 */
extern void counting_share_note(const char *tenant_id, int added);

#endif
