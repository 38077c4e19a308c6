/*
 * buckets.h
 *		A histogram of amounts from 0 to millions, in a few numbers, for a
 *		median that is updated as amounts arrive, in any order.
 *
 *		Bucket 1 is the amount 0.  Each further one reaches from about 2^(k/2)
 *		to 2^((k+1)/2), so that the lower end of a bucket is within 0.71 of
 *		its upper end.
 */
#ifndef PERSONALIZATION_CORE_PROFILE_BUCKETS_H
#define PERSONALIZATION_CORE_PROFILE_BUCKETS_H

#include <stdint.h>

#define BUCKETS 100

/* Returns the bucket, 1 to BUCKETS, of an amount; an amount below 0 counts as 0. */
extern int bucket_of(int64_t amount);

/*
 * Return the smallest and the largest amount of a bucket.  If they are equal
 * the bucket has a single amount, if the smallest is larger it has none.
 */
extern int64_t bucket_lowest(int bucket);
extern int64_t bucket_highest(int bucket);

/*
 * Returns the median of the amounts in counts[0..BUCKETS), or -1 if there are
 * none.  counts[b - 1] is the count of bucket b; a count below 0 is taken as
 * 0.  The median is interpolated within its bucket, as if the amounts were
 * evenly distributed.
 */
extern double buckets_median(const int64_t *counts);

#endif
