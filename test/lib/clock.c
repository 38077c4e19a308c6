/*
 * clock.c
 *		A library to be preloaded, with which the time of day can be set for a server
 *		while it runs, as a person or a time server sets it.
 *
 *		The file CLOCK_FILE holds how far it is ahead, in microseconds, as eight bytes.
 *		The monotonic clock is left alone.  libfaketime does the same, but not for
 *		processes that are forked in a signal handler, as PostgreSQL 15's workers are.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000

static const volatile int64_t *ahead;

__attribute__((constructor)) static void
open_file(void)
{
	static const int64_t right = 0;
	const char *name = getenv("CLOCK_FILE");
	int fd = name == NULL ? -1 : open(name, O_RDONLY | O_CLOEXEC);
	void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*ahead), PROT_READ, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	ahead = mapped == MAP_FAILED ? &right : mapped;
}

static int64_t
time_of_day(void)
{
	struct timespec now;

	(void) syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
	return (int64_t) now.tv_sec * SECOND + now.tv_nsec / 1000 + (ahead == NULL ? 0 : *ahead);
}

int
gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	int64_t now = time_of_day();

	tv->tv_sec = now / SECOND;
	tv->tv_usec = now % SECOND;
	return 0;
}

time_t
time(time_t *result)
{
	time_t now = time_of_day() / SECOND;

	if (result != NULL)
		*result = now;
	return now;
}

int
clock_gettime(clockid_t clock, struct timespec *result)
{
	int64_t now;

	if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)
		return (int) syscall(SYS_clock_gettime, clock, result);
	now = time_of_day();
	result->tv_sec = now / SECOND;
	result->tv_nsec = now % SECOND * 1000;
	return 0;
}
