#!/bin/bash
# Sees to the Debian packages that building and testing need, installs those that are missing, and
# prints the path of the pg_config to use. Leaves an installed PostgreSQL server as it is.
#
#   packages.sh [package…]         the server, its development files, a compiler, and the packages
#   packages.sh --only package…    just these packages
set -euo pipefail

say() { echo "$*" >&2; }

with_server=yes
if [ "${1:-}" = --only ]; then with_server=''; shift; fi

missing=()
want() { missing+=("$1"); }
installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
candidate() {
	apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p' | grep -v '(none)' || true
}

# With apt-get only for root, and for others through sudo.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif [ -t 0 ]; then
		sudo "$@"
	else
		sudo -n "$@"
	fi
}
apt() { as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -q "$@" </dev/null >&2; }

may_install() {
	command -v apt-get >/dev/null || return 1
	[ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true; }; }
} >/dev/null 2>&1

give_up() {
	say "Missing Debian packages. Install them, then run this again:"
	say "  apt-get install --no-install-recommends ${missing[*]}"
	exit 1
}

# The newest major version that is here, or that the repositories have.
newest_here() {
	local p
	for p in /usr/lib/postgresql/*/bin/postgres; do
		[ ! -x "$p" ] || echo "$p" | cut -d/ -f5
	done | sort -n | tail -n 1
}
newest_there() {
	{ apt-cache depends postgresql 2>/dev/null || true; } |
		sed -n 's/^ *Depends: postgresql-\([0-9][0-9]*\)$/\1/p' | sort -n | tail -n 1
}

pg_config='' major=''
look() {
	missing=()
	for p in "${extra[@]}"; do installed "$p" || want "$p"; done
	[ -n "$with_server" ] || return 0

	command -v gcc >/dev/null || want gcc
	[ -e /usr/include/stdlib.h ] || want libc6-dev
	command -v make >/dev/null || want make
	perl -MIPC::Run -MTest::More -e 1 2>/dev/null || want libipc-run-perl
	[ -e /usr/include/hiredis/hiredis.h ] || want libhiredis-dev
	[ -e /usr/include/jansson.h ] || want libjansson-dev
	[ -e /usr/include/librdkafka/rdkafka.h ] || want librdkafka-dev
	command -v kcat >/dev/null || want kcat # the tests' producer
	command -v openssl >/dev/null || want openssl
	# Its redis-check-rdb is the server under another name: test/t/Redis.pm. The package redis-server
	# would start one.
	command -v redis-server >/dev/null || command -v redis-check-rdb >/dev/null || want redis-tools

	if [ -n "${PG_CONFIG:-}" ]; then
		pg_config=$(command -v "$PG_CONFIG") || { say "no such program: PG_CONFIG=$PG_CONFIG"; exit 1; }
		# Debian's /usr/bin/pg_config is a wrapper; the real one tells where it is.
		pg_config=$("$pg_config" --bindir)/pg_config
	else
		major=$(newest_here)
		[ -n "$major" ] || major=$(newest_there)
		[ -n "$major" ] || major=NN
		pg_config=/usr/lib/postgresql/$major/bin/pg_config
	fi
	case $pg_config in
	/usr/lib/postgresql/*)
		major=${pg_config#/usr/lib/postgresql/} major=${major%%/*}
		local home=/usr/lib/postgresql/$major
		[ -x "$home/bin/postgres" ] || want "postgresql-$major"
		[ -x "$home/lib/pgxs/src/test/isolation/isolationtester" ] || want "postgresql-client-$major"
		[ -f "/usr/include/postgresql/$major/server/postgres.h" ] || want "postgresql-server-dev-$major"
		;;
	*)
		[ -x "${pg_config%/*}/postgres" ] || { say "no server beside $pg_config"; exit 1; }
		;;
	esac
}

# NAME or NAME=VERSION: what belongs to an installed server is taken in its version, if that is
# still to be had, so that nothing of it is upgraded.
pinned() {
	local p version
	for p in "${missing[@]}" "${companions[@]}"; do
		case $p in
		libpq-dev) version=$(dpkg-query -W -f='${Version}' libpq5 2>/dev/null || true) ;;
		postgresql-*"$major") version=$(dpkg-query -W -f='${Version}' "postgresql-$major" 2>/dev/null || true) ;;
		*) version='' ;;
		esac
		if [ -n "$version" ] && apt-cache madison "$p" | grep -qF " $version "; then
			echo "$p=$version"
		else
			echo "$p"
		fi
	done
}

install_missing() {
	local plan
	companions=()
	case "${missing[*]}" in *postgresql-server-dev-*) installed libpq-dev || companions=(libpq-dev) ;; esac
	mapfile -t plan < <(pinned)

	# No step of ours may replace a server that somebody uses.
	if apt-get -s install --no-install-recommends "${plan[@]}" 2>/dev/null |
		grep -E '^(Inst postgresql-[0-9]+ \[|Remv postgresql-[0-9]+ )' >&2; then
		say "apt-get would replace the installed server (above). Please do that yourself."
		give_up
	fi
	say "installing: ${plan[*]}"
	apt install -y --no-install-recommends "${plan[@]}"
}

# A new server package makes and starts a cluster "main". Not for us: a line in this directory, for
# the duration, tells it not to.
conf=/etc/postgresql-common/createcluster.d
made=''
no_cluster() {
	case " ${missing[*]}" in *" postgresql-$major"*) ;; *) return 0 ;; esac
	[ -d "$conf" ] || made=$conf
	trap allow_cluster EXIT
	as_root mkdir -p "$conf" &&
		echo 'create_main_cluster = false' | as_root tee "$conf/personalization-tests.conf" >/dev/null
}
# shellcheck disable=SC2317 # called by the trap
allow_cluster() {
	[ ! -e "$conf/personalization-tests.conf" ] || as_root rm -f "$conf/personalization-tests.conf"
	[ -z "$made" ] || [ ! -d "$made" ] || as_root rmdir "$made" || true
}

extra=("$@")
companions=()
look
if [ ${#missing[@]} -gt 0 ]; then
	may_install || give_up
	for p in "${missing[@]}"; do
		if [ -z "$(candidate "$p")" ]; then
			apt update || true # one bad repository of many is no reason to stop
			break
		fi
	done
	look # now the newest major version is known
	no_cluster || give_up
	install_missing || { apt update && install_missing; } || give_up
	look
	[ ${#missing[@]} = 0 ] || give_up
fi
[ -z "$with_server" ] || echo "$pg_config"
