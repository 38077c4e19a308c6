"""Measures the extension, the service of service.py, PL/pgSQL and bare PostgreSQL with the same client, and
writes one table in Markdown, as JSON and as a picture.  Run it with test/bench/compare, which says how."""

import json
import os
import platform
import random
import statistics
import sys
import time

import psycopg2
import redis

sys.path.insert(0, os.path.dirname(__file__))
import service  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "0.6"))
USERS = int(os.environ.get("BENCH_USERS", "500"))
SETTINGS = ["server_version", "shared_buffers", "synchronous_commit", "fsync", "max_wal_size"]

CHART = {"chart_type": "bar", "color_scheme": "blue", "x_axis": "day", "y_axis": "total"}
QUESTIONS = [{"query": f"sales of region {q}", "tables_used": ["orders", "customers", f"table {q % 8}"]} for q in range(60)]


def connect(user):
    db = psycopg2.connect(user=user)
    db.autocommit = True
    return db


class Calls:
    """What is measured, by name: a function that makes one call."""

    def __init__(self, cache):
        db, service_db = connect("acme"), connect(None)
        self.cursor = db.cursor()
        self.service = service.Service(service_db, cache)
        self.processes = [os.getpid(), db.get_backend_pid(), service_db.get_backend_pid(), cache.info("server")["process_id"]]
        self.all = {
            "SELECT 1": lambda: self.ask("SELECT 1"),
            "INSERT of an interaction": self.insert,
            "learn a chart, extension": lambda: self.learn("visualization", CHART),
            "learn a chart, PL/pgSQL": lambda: self.learn("visualization", CHART, "bench.learn"),
            "learn a chart, service": lambda: self.service.learn("acme", self.user(), "visualization", CHART),
            "learn a query, extension": lambda: self.learn("query", self.question()),
            "learn a query, PL/pgSQL": lambda: self.learn("query", self.question(), "bench.learn"),
            "learn a query, service": lambda: self.service.learn("acme", self.user(), "query", self.question()),
            "profile, extension": lambda: self.read("get_profile(%s, %s)"),
            "profile without history, extension": lambda: self.read("get_profile(%s, %s, history => 0)"),
            "profile, service": lambda: self.service.get_profile("acme", self.user()),
            "route, extension": lambda: self.read("route(%s, %s, 'sales of region 7')"),
            "route, service": lambda: self.service.route("acme", self.user(), "sales of region 7"),
            "suggestions, extension": lambda: self.ask("SELECT * FROM personalization.get_suggestions(%s, %s)", ("acme", self.user())),
            "suggestions, service": lambda: self.service.get_suggestions("acme", self.user()),
            "context, extension": lambda: self.read("get_context(%s, %s)"),
            "usage patterns, extension": lambda: self.read("usage_patterns(%s, %s)"),
        }

    @staticmethod
    def user():
        return f"user-{random.randrange(USERS)}"

    @staticmethod
    def question():
        return random.choice(QUESTIONS)

    def ask(self, statement, values=None):
        self.cursor.execute(statement, values)
        return self.cursor.fetchall()

    def read(self, call):
        return self.ask(f"SELECT personalization.{call}", ("acme", self.user()))

    def learn(self, kind, data, function="personalization.learn"):
        return self.ask(f"SELECT {function}(%s, %s, %s, %s)", ("acme", self.user(), kind, json.dumps(data)))

    def insert(self):
        self.cursor.execute(
            "INSERT INTO personalization.interactions (tenant_id, user_id, interaction_type, data) VALUES (%s, %s, %s, %s)",
            ("acme", self.user(), "visualization", json.dumps(CHART)))


# Each against what it is to be compared with, in the same run.
RATIOS = [
    ("learn a chart, extension", "learn a chart, service"),
    ("learn a query, extension", "learn a query, service"),
    ("learn a chart, extension", "learn a chart, PL/pgSQL"),
    ("learn a query, extension", "learn a query, PL/pgSQL"),
    ("learn a chart, extension", "INSERT of an interaction"),
    ("suggestions, extension", "suggestions, service"),
    ("profile, extension", "profile, service"),
    ("profile without history, extension", "profile, service"),
    ("route, extension", "route, service"),
]


def fill(calls):
    """Every user has 60 interactions, learned by the extension and by the service alike."""
    events = [(f"user-{u}", kind, data) for n in range(20) for u in range(USERS)
              for kind, data in (("visualization", CHART), ("query", QUESTIONS[(u * 7 + n * n) % 60]), ("export", {"format": "csv"}))]
    for i in range(0, len(events), 1000):
        calls.ask("SELECT personalization.learn_batch(%s)", (json.dumps(
            [{"tenant_id": "acme", "user_id": u, "interaction_type": k, "data": d} for u, k, d in events[i:i + 1000]]),))
    for user, kind, data in events:
        calls.service.learn("acme", user, kind, data)
    owner = connect(None).cursor()
    owner.execute("SELECT personalization.run_maintenance()")
    owner.execute("VACUUM ANALYZE")


def processor_time(processes):
    """What the client, its backends and Redis have had of the processors, in milliseconds."""
    total = 0
    for process in processes:
        with open(f"/proc/{process}/schedstat", encoding="ascii") as f:
            total += int(f.read().split()[0])
    return total / 1e6


def measure(call, seconds, processes):
    """Makes calls for a time: their latencies and the processor time of each, in milliseconds."""
    latencies = []
    before = processor_time(processes)
    until = time.perf_counter() + seconds
    while True:
        start = time.perf_counter()
        if start > until and len(latencies) >= 20:
            return latencies, (processor_time(processes) - before) / len(latencies)
        call()
        latencies.append(1000 * (time.perf_counter() - start))


def summary(rounds):
    medians = [statistics.median(latencies) for latencies, _ in rounds]
    everything = sorted(x for latencies, _ in rounds for x in latencies)
    return {"p50": statistics.median(medians), "p50_lowest": min(medians), "p50_highest": max(medians),
            "p99": everything[int(len(everything) * 0.99)],
            "processor": statistics.median(processor for _, processor in rounds), "calls": len(everything)}


def markdown(result):
    lines = [f"Machine: {result['machine']}. Settings: " + ", ".join(f"{k} {v}" for k, v in result["settings"].items()) + ".",
             f"One client in Python, {USERS} users with 60 interactions each; {ROUNDS} rounds of {SECONDS:g} s, one measurement after the other in each.", "",
             "| | p50, ms | lowest, highest of the rounds | p99, ms | processor time, ms |", "|---|---|---|---|---|"]
    for name, m in result["measurements"].items():
        lines.append(f"| {name} | {m['p50']:.3f} | {m['p50_lowest']:.3f}, {m['p50_highest']:.3f} | {m['p99']:.3f} | {m['processor']:.3f} |")
    lines += ["", "Processor time is that of the client, its connections to PostgreSQL and Redis together. On a busy machine only its", "ratios are of use.", "",
              "| ratio of medians | times as fast | lowest, highest of the rounds | times less processor time |", "|---|---|---|---|"]
    for r in result["ratios"]:
        lines.append(f"| {r['of']} : {r['to']} | {r['median']:.2f} | {r['lowest']:.2f}, {r['highest']:.2f} | {r['processor']:.2f} |")
    return "\n".join(lines) + "\n"


def chart(result):
    """A picture of the ratios: bars on a scale of logarithms, so that half and twice are as far from one."""
    import math

    rows, left, scale = result["ratios"], 430, 50
    height = 50 + 26 * len(rows)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="960" height="{height}" font-family="sans-serif" font-size="13">',
             '<rect width="100%" height="100%" fill="white"/>',
             '<text x="10" y="20" font-weight="bold">Times less processor time, medians of one run (1 is equal; logarithmic)</text>']
    for exponent in range(-3, 8):
        x = left + 120 + scale * exponent
        parts.append(f'<line x1="{x}" y1="30" x2="{x}" y2="{height - 8}" stroke="{"#888" if exponent == 0 else "#ddd"}"/>')
        parts.append(f'<text x="{x}" y="{height - 1}" font-size="9" text-anchor="middle" fill="#666">{2.0 ** exponent:g}</text>')
    for i, row in enumerate(rows):
        y, base = 36 + 26 * i, left + 120
        width = scale * max(-3.0, min(7.0, math.log2(row["processor"])))
        parts.append(f'<text x="10" y="{y + 12}" font-size="12">{row["of"]} : {row["to"]}</text>')
        parts.append(f'<rect x="{min(base, base + width):.1f}" y="{y}" width="{abs(width):.1f}" height="15" fill="{"#3b7dd8" if width >= 0 else "#d88a3b"}"/>')
        parts.append(f'<text x="{(base + width + 5) if width >= 0 else base + 5:.1f}" y="{y + 12}" font-size="11">{row["processor"]:.2f}</text>')
    return "\n".join(parts) + "\n</svg>\n"


def main():
    cache = redis.Redis(unix_socket_path=os.environ["BENCH_REDIS"])
    calls = Calls(cache)
    fill(calls)
    rounds = {name: [] for name in calls.all}
    for name, call in calls.all.items():
        measure(call, 0.2, calls.processes)
    for _ in range(ROUNDS):
        for name, call in calls.all.items():
            rounds[name].append(measure(call, SECONDS, calls.processes))

    owner = connect(None).cursor()
    settings = {}
    for setting in SETTINGS:
        owner.execute(f"SHOW {setting}")
        settings[setting] = owner.fetchone()[0]
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), platform.machine())
    result = {"machine": f"{model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end", "settings": settings,
              "rounds": ROUNDS, "seconds": SECONDS, "users": USERS,
              "measurements": {name: summary(rounds[name]) for name in rounds}, "ratios": []}
    for of, to in RATIOS:
        each = [statistics.median(b[0]) / statistics.median(a[0]) for a, b in zip(rounds[of], rounds[to])]
        processor = statistics.median(b[1] / a[1] for a, b in zip(rounds[of], rounds[to]))
        result["ratios"].append({"of": of, "to": to, "median": statistics.median(each), "lowest": min(each), "highest": max(each),
                                 "processor": processor})

    directory = os.environ.get("BENCH_RESULTS", "build/bench")
    os.makedirs(directory, exist_ok=True)
    for name, text in (("compare.json", json.dumps(result, indent=1) + "\n"), ("compare.md", markdown(result)), ("compare.svg", chart(result))):
        with open(os.path.join(directory, name), "w", encoding="utf-8") as f:
            f.write(text)
    print(markdown(result))
    print(f"(also as JSON and as a picture, in {directory})")


main()
