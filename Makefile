# personalization: built with PGXS. `make help` lists the targets.

EXTENSION  = personalization
MODULE_big = personalization
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" personalization.control)

# The parts of the install script, in the order they are joined: sql/NAME.sql each.
SQL_PARTS = types tenants interactions audit preferences snapshots signals inbox statistics suggestions \
	catalogue conversations cache \
	storage signal_rules learning profiles explain patterns maintenance privacy worker access

# Targets that bring their own server and packages: they must work where there is no PGXS yet.
CHECKS  = check check-unit check-regress check-isolation check-tap
HARNESS = $(CHECKS) demo bench quality replay format format-check lint fuzz dist help

GOALS := $(or $(MAKECMDGOALS),all)

ifeq ($(filter-out $(HARNESS),$(GOALS)),)
# ---------------------------------------------------------------- the harness, without PGXS

CLANG_FORMAT ?= clang-format
FUZZ_SECONDS ?= 60
C_FILES = $(sort $(shell find src test -name '*.[ch]'))

export FUZZ_SECONDS

.PHONY: $(HARNESS)

check:			## every test, on a private server
	@test/check

check-unit:		## only the unit tests and fuzzers, under sanitizers, without a server
	@test/check unit

check-regress:		## only test/sql (TESTS="name name" for some of them)
	@test/check regress

check-isolation:	## only test/specs (TESTS="name name" for some of them)
	@test/check isolation

check-tap:		## only test/t (TESTS="name name" for some of them)
	@test/check tap

demo:			## a tour on a private server, nothing is kept
	@test/demo/run

bench:			## how fast
	@test/bench/run

quality:		## how well it learns
	@test/quality/run

replay:			## feed a recorded history
	@test/quality/replay

format:			## clang-format the C sources in place
	@test/lib/packages.sh --only clang-format
	$(if $(C_FILES),$(CLANG_FORMAT) -i $(C_FILES))

format-check:		## fail when clang-format would change something
	@test/lib/packages.sh --only clang-format
	$(if $(C_FILES),$(CLANG_FORMAT) --dry-run --Werror $(C_FILES))

lint:			## clang-tidy and scan-build
	@test/lib/lint

fuzz:			## libFuzzer on test/fuzz, FUZZ_SECONDS each (60)
	@test/lib/fuzz

dist:			## the release archive of HEAD, in build/
	@mkdir -p build
	git archive --format=zip --prefix=$(EXTENSION)-$(EXTVERSION)/ \
		-o build/$(EXTENSION)-$(EXTVERSION).zip HEAD

help:			## this list
	@echo 'make                  build against the PostgreSQL of PG_CONFIG (default: pg_config)'
	@echo 'make install          install it there; make installcheck tests it in a running server'
	@echo 'make WITH_REDIS=0     build without the push to Redis (WITH_REDIS=1: insist on it)'
	@echo 'make WITH_REDIS_TLS=0 build without TLS to Redis (WITH_REDIS_TLS=1: insist on it)'
	@sed -n 's/^\([a-z-]*\):[[:space:]]*## \(.*\)/\1|\2/p' Makefile | \
		while IFS='|' read -r t d; do printf 'make %-17s%s\n' "$$t" "$$d"; done

else ifneq ($(filter $(HARNESS),$(GOALS)),)
# ------------------------------------------------ goals of both kinds: one make each, in order

.NOTPARALLEL:
.PHONY: $(GOALS)
$(GOALS):
	@$(MAKE) --no-print-directory $@

else
# ---------------------------------------------------------------- the extension, with PGXS

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq ($(wildcard $(PGXS)),)
$(error PostgreSQL's development files are missing: install postgresql-server-dev-NN, or set \
	PG_CONFIG, or let "make check" install them)
endif

# The push to Redis takes hiredis and jansson: WITH_REDIS=1 wants it, 0 does without; by default it is
# in where their headers are.
ifeq ($(origin WITH_REDIS),undefined)
WITH_REDIS := $(shell printf '\043include <hiredis/hiredis.h>\n\043include <jansson.h>\n' | \
	cc -E - >/dev/null 2>&1 && echo 1 || echo 0)
endif
# TLS to it takes hiredis's part for that, which came with 1.0, and OpenSSL; the same again.
ifeq ($(origin WITH_REDIS_TLS),undefined)
WITH_REDIS_TLS := $(shell printf '\043include <hiredis/hiredis.h>\n\043include <hiredis/hiredis_ssl.h>\n\043include <openssl/ssl.h>\n' | \
	cc -E - >/dev/null 2>&1 && echo 1 || echo 0)
endif
ONLY_WITH_TLS      = src/redis_tls.c
ONLY_WITHOUT_TLS   = src/redis_tls_none.c
ONLY_WITH_REDIS    = src/cache_push.c src/cache_document.c src/cache_head.c src/redis_client.c \
	$(ONLY_WITH_TLS) $(ONLY_WITHOUT_TLS)
ONLY_WITHOUT_REDIS = src/cache_push_none.c
ifeq ($(WITH_REDIS),1)
OTHERS     = $(ONLY_WITHOUT_REDIS)
# jansson has a json_equal() as we do: each keeps to its own.
SHLIB_LINK = -lhiredis -ljansson -Wl,-Bsymbolic-functions
ifeq ($(WITH_REDIS_TLS),1)
OTHERS    += $(ONLY_WITHOUT_TLS)
SHLIB_LINK += -lhiredis_ssl -lssl -lcrypto
else
OTHERS    += $(ONLY_WITH_TLS)
endif
else
OTHERS     = $(ONLY_WITH_REDIS)
endif

SRCS = $(filter-out $(OTHERS),$(sort $(wildcard src/*.c) $(wildcard src/core/*.c)))
OBJS = $(SRCS:.c=.o)

SQL_FILES  = $(SQL_PARTS:%=sql/%.sql)
DATA_built = sql/$(EXTENSION)--$(EXTVERSION).sql
# Upgrade scripts are written by hand: sql/personalization--1.0--1.1.sql.
DATA       = $(wildcard sql/$(EXTENSION)--*--*.sql)
SQL_STRAY  = $(filter-out $(SQL_FILES) sql/$(EXTENSION)--%,$(wildcard sql/*.sql))
ifneq ($(SQL_STRAY),)
$(warning not in SQL_PARTS, so not in the extension: $(SQL_STRAY))
endif

# -isystem: the server's own headers do not stand -Wextra (unused parameters, signs).
# No contraction: a score must not depend on whether the machine has fused multiply-add. It stands
# in CPPFLAGS because those are all that bitcode is compiled with.
WERROR     ?=
PG_CPPFLAGS = -I$(srcdir)/src -isystem $(shell $(PG_CONFIG) --includedir-server) -ffp-contract=off
PG_CFLAGS   = -std=gnu99 -Wall -Wextra $(WERROR) -Wno-unused-parameter

# The tests may also run alone against a server that has the extension installed.
REGRESS        = $(sort $(patsubst test/sql/%.sql,%,$(wildcard test/sql/*.sql)))
REGRESS_OPTS   = --inputdir=test --outputdir=test --load-extension=$(EXTENSION)
ISOLATION      = $(sort $(patsubst test/specs/%.spec,%,$(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test --outputdir=test/output_iso --load-extension=$(EXTENSION)
# Not test/t: those make servers of their own, which `make check` arranges.

EXTRA_CLEAN = build test/results test/output_iso test/regression.diffs test/regression.out

include $(PGXS)

# Headers: gcc writes down what each object was made from. A .bc is made from the same.
COMPILE.c = $(CC) $(CFLAGS) $(CPPFLAGS) \
	-MMD -MP -MF build/deps/$(subst /,-,$(@:.o=.d)) -MT $@ -MT $(@:.o=.bc) -c
-include $(wildcard build/deps/*.d)

# Objects made for another server, or with other flags, are not ours.
BUILT_FOR := $(VERSION) $(CC) $(WERROR) WITH_REDIS=$(WITH_REDIS) WITH_REDIS_TLS=$(WITH_REDIS_TLS)
ifneq ($(shell cat build/deps/built-for 2>/dev/null),$(strip $(BUILT_FOR)))
$(shell mkdir -p build/deps && echo '$(strip $(BUILT_FOR))' >build/deps/built-for)
endif
$(OBJS) $(OBJS:.o=.bc): Makefile build/deps/built-for

$(DATA_built): $(SQL_FILES) $(EXTENSION).control Makefile
	@{ echo '-- Joined from the files of sql/ by make: edit those.'; \
	   echo '\\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \\quit'; \
	   for f in $(SQL_FILES); do printf '\n-- ==== %s\n\n' "$$f"; cat "$$f" || exit 1; done; \
	 } >$@.tmp && mv $@.tmp $@

endif
