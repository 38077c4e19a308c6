# Functions for benchmarks of single calls, to be sourced: a pooled application that sends BEGIN, the tenant, the
# call and COMMIT in one round trip.  They need psql's environment and OUT_DIR.

# name, tenants or the name of one, users of each, how the transaction begins, statement: writes $OUT_DIR/NAME.sql;
# :tenant and :u in the statement are the tenant's name and the user's number
pooled_script() {
	local tenant="'tenant-' || :t"
	[[ $2 =~ ^[0-9]+$ ]] || tenant="'$2'"
	cat >"$OUT_DIR/$1.sql" <<END
$([[ ! $2 =~ ^[0-9]+$ ]] || echo "\\set t random(1, $2)")
\\set u random(1, $3)
\\startpipeline
$4;
SELECT set_config('personalization.tenant_id', $tenant, true);
${5//:tenant/$tenant};
COMMIT;
\\endpipeline
END
}

# name, options of pgbench: runs what pooled_script() wrote
pooled_run() {
	local name=$1
	shift
	pgbench -n -M prepared -U pool -c 1 -f "$OUT_DIR/$name.sql" "$@" 2>&1
}

# rounds, seconds, names: the scripts in turns, after a second of each; "name p50 p99", in ms
pooled_latencies() {
	local round name rounds=$1 seconds=$2
	shift 2
	rm -f "$OUT_DIR"/lat.*
	for name in "$@"; do
		pooled_run "$name" -T 1 >/dev/null
	done
	for ((round = 1; round <= rounds; round++)); do
		for name in "$@"; do
			pooled_run "$name" -T "$seconds" -l --log-prefix "$OUT_DIR/lat.$name.$round" >/dev/null
		done
	done
	for name in "$@"; do
		cat "$OUT_DIR/lat.$name".* | awk '{ print $3 }' | sort -n | awk -v name="$name" '{ v[NR] = $1 } END {
			a = int((NR + 1) * 0.5); b = int(NR * 0.99)
			printf "%s %.2f %.2f\n", name, v[a < 1 ? 1 : a] / 1000, v[b < 1 ? 1 : b] / 1000 }'
	done
}
