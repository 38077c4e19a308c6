/* PG_VERSION_NUM in a comment is no fault. */
#include "low/a.h"

#if PG_VERSION_NUM >= 170000
#endif
