#include <math.h>
#include "postgres.h"
