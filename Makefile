# personalization, built with PGXS. The tests, the demo and the like have goals in GNUmakefile, which
# hands all others over to this file; `make help` lists them.

EXTENSION  = personalization
MODULE_big = personalization

# The parts of the install script, in the order they are joined: sql/NAME.sql each.
SQL_PARTS = types tenants interactions audit preferences snapshots choices signals inbox statistics suggestions \
	catalogue conversations cache backing_off \
	storage signal_rules learning profiles explain patterns assistant maintenance privacy move \
	distribution worker kafka version views report access

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq ($(wildcard $(PGXS)),)
$(error PostgreSQL's development files are missing: install postgresql-server-dev-NN, or set \
	PG_CONFIG, or let "make check" install them)
endif

# The build directory is where make runs; the sources may be elsewhere:
# make -f /path/Makefile, with VPATH=/path or without.
makefile  := $(firstword $(MAKEFILE_LIST))
from      := $(patsubst %/,%,$(or $(VPATH),$(srcdir),$(dir $(makefile))))
sources    = $(patsubst $(from)/%,%,$(sort $(wildcard $(1:%=$(from)/%))))
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" $(from)/$(EXTENSION).control)

# The push to Redis takes hiredis and jansson; TLS to it takes hiredis's part for that, which came with
# 1.0, and OpenSSL; reading topics of Kafka takes librdkafka. Each is in where its headers are: WITH_…=1
# insists on it, 0 does without.
CC  = $(shell $(PG_CONFIG) --cc)
has = $(if $(shell printf '$(1:%=\043include <%>\n)' | $(CC) $(CPPFLAGS) -E - >/dev/null 2>&1 || echo no),0,1)
WITH_REDIS     := $(or $(WITH_REDIS),$(call has,hiredis/hiredis.h jansson.h))
WITH_REDIS_TLS := $(or $(WITH_REDIS_TLS),$(call has,hiredis/hiredis.h hiredis/hiredis_ssl.h openssl/ssl.h))
WITH_KAFKA     := $(or $(WITH_KAFKA),$(call has,librdkafka/rdkafka.h))

# X_none.c stands for X.c, and for all that it alone uses, where X is left out.
OTHERS  = %/push_none.c $(if $(filter 1,$(WITH_REDIS_TLS)),%/tls_none.c,%/tls.c)
ifneq ($(WITH_REDIS),1)
OTHERS  = $(filter-out %/push_none.c,$(call sources,src/redis/*.c))
endif
ifeq ($(WITH_KAFKA),1)
OTHERS += %/consumer_none.c
else
OTHERS += $(patsubst %,src/kafka/%.c,consumer batch topics client)
endif
SRCS   = $(filter-out $(OTHERS),$(call sources,src/*.c src/*/*.c src/*/*/*.c))
OBJS   = $(SRCS:.c=.o)
SHLIB_LINK = $(if $(filter 1,$(WITH_REDIS)),-lhiredis -ljansson \
	$(if $(filter 1,$(WITH_REDIS_TLS)),-lhiredis_ssl -lssl -lcrypto)) $(if $(filter 1,$(WITH_KAFKA)),-lrdkafka)

SQL_FILES  = $(SQL_PARTS:%=sql/%.sql)
DATA_built = sql/$(EXTENSION)--$(EXTVERSION).sql
# Upgrade scripts are written by hand: sql/personalization--1.0--1.1.sql. With them go the install scripts of
# releases (make release), so that CREATE EXTENSION ... VERSION makes what an older server has.
DATA       = $(call sources,sql/$(EXTENSION)--*--*.sql) \
	$(filter-out %--$(EXTVERSION).sql,$(call sources,sql/released/$(EXTENSION)--*.sql))
SQL_STRAY  = $(filter-out $(SQL_FILES) sql/$(EXTENSION)--%,$(call sources,sql/*.sql))
$(if $(SQL_STRAY),$(warning not in SQL_PARTS, so not in the extension: $(SQL_STRAY)))

# -isystem: the server's own headers do not stand -Wextra (unused parameters, signs).
# No contraction: a score must not depend on whether the machine has fused multiply-add. It stands
# in CPPFLAGS because those are all that bitcode is compiled with.
PG_CPPFLAGS = -I$(from)/src -isystem $(shell $(PG_CONFIG) --includedir-server) -ffp-contract=off \
	-DPERSONALIZATION_VERSION='"$(EXTVERSION)"' $(if $(filter 1,$(WITH_REDIS)),-DUSE_REDIS) \
	$(if $(filter 1,$(WITH_REDIS_TLS)),-DUSE_REDIS_TLS) $(if $(filter 1,$(WITH_KAFKA)),-DUSE_KAFKA)
PG_CFLAGS   = -std=gnu99 -Wall -Wextra $(WERROR) -Wno-unused-parameter -fvisibility=hidden

# make installcheck: on any running server that has the extension installed. Not test/t: those make
# servers of their own, which `make check` arranges.
REGRESS        = $(basename $(notdir $(call sources,test/sql/*.sql)))
REGRESS_OPTS   = --inputdir=$(from)/test --outputdir=build/regress --load-extension=$(EXTENSION)
ISOLATION      = $(basename $(notdir $(call sources,test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=$(from)/test --outputdir=build/isolation --load-extension=$(EXTENSION)
EXTRA_CLEAN    = build

include $(PGXS)

# Headers: gcc writes down what each object was made from. A .bc is made from the same.
COMPILE.c = $(CC) $(CFLAGS) $(CPPFLAGS) \
	-MMD -MP -MF build/deps/$(subst /,-,$(@:.o=.d)) -MT $@ -MT $(@:.o=.bc) -c
-include $(wildcard build/deps/*.d)

# Objects made for another server, or with other flags, are not ours; nor are those that VPATH finds.
# Those of -Werror, which the tests build with, are the same as those without.
BUILT_FOR := $(strip $(VERSION) $(CC) $(filter-out -Werror,$(CFLAGS)) $(CPPFLAGS) \
	$(WITH_REDIS) $(WITH_REDIS_TLS) $(WITH_KAFKA))
$(shell mkdir -p build/deps build/regress build/isolation sql $(dir $(OBJS)))
ifneq ($(file <build/deps/built-for),$(BUILT_FOR))
$(file >build/deps/built-for,$(BUILT_FOR))
endif
$(OBJS) $(OBJS:.o=.bc): $(makefile) build/deps/built-for

$(DATA_built): $(SQL_FILES) $(EXTENSION).control $(makefile) build/deps/built-for
	@{ echo '-- Joined from the files of sql/ by make: edit those.'; \
	   echo '\\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \\quit'; \
	   for f in $(SQL_FILES:%=$(from)/%); do printf '\n-- ==== %s\n\n' "$${f#$(from)/}"; cat "$$f" || exit 1; done; \
	 } >$@.tmp && mv $@.tmp $@
