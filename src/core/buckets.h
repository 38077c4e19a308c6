/*
 * buckets.h
 *		A histogram of amounts from 0 to millions, in a few numbers: for a median
 *		that is kept up as amounts come, in any order.
 *
 * Bucket 1 is the amount 0; each further one reaches from about 2^(k/2) to
 * 2^((k+1)/2), so that the lower end of a bucket is within 0.71 of its upper.
 */
#ifndef PERSONALIZATION_CORE_BUCKETS_H
#define PERSONALIZATION_CORE_BUCKETS_H

#include <stdint.h>

#define BUCKETS 100

/* The bucket, 1 to BUCKETS, of an amount; below 0 counts as 0. */
extern int bucket_of(int64_t amount);

/* The smallest and the largest amount of a bucket; equal or crossed ones have a single or no amount. */
extern int64_t bucket_lowest(int bucket);
extern int64_t bucket_highest(int bucket);

/*
 * The median of what counts[0..BUCKETS) hold, counts[b - 1] being those of
 * bucket b, counts below 0 as 0; interpolated within its bucket, as if the
 * amounts there were spread evenly.  -1 when there are none.
 */
extern double buckets_median(const int64_t *counts);

#endif
