#!/usr/bin/env python3
"""Makes the test vectors of 001_arithmetic.pl and 007_backfill.pl with the reference model of learning.

    make_vectors.py ENGINE.py DIRECTORY N SEED [SEED ...]

ENGINE.py is the reference model.  For each seed, N of its random events are
written to DIRECTORY/sequence_SEED.jsonl, in the order in which to learn them,
and to DIRECTORY/expected_SEED_POLICY_DAYS.json what the model makes of them
under a value_policy and an evidence_retention of so many days.

The generator's events come in the order of time and span some weeks.  So the
times are changed by the seed: at an even one, one event in five arrives late,
up to thirty places after its turn; at one divisible by three, pauses of weeks
and months are put in, so that evidence expires on the way; at one divisible by
five, the events span two years, in sessions hours, days and weeks apart.

An expectation lists every preference that the model holds after the last event:

    [tenant, user, category, key, value, count, last_updated, expires,
     [confidence at each of read_at, as far as it is live],
     confidence at last_updated, where the events span two years]
"""
import importlib.util
import json
import pathlib
import random
import sys

DAY = 86400
READ_AFTER = [0, DAY - 1, DAY, 10 * DAY, 40 * DAY, 200 * DAY]
TWO_YEARS = 730 * DAY
SETTINGS = [(policy, days) for policy in ("strongest", "latest") for days in (90, 0)]
BACKFILL_SETTINGS = SETTINGS + [("strongest", days) for days in (10, 400)]


def load(path):
    spec = importlib.util.spec_from_file_location("engine", path)
    engine = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(engine)
    return engine


def make_sequence(engine, n, seed):
    rng = random.Random(f"times of {seed}")
    events = list(engine.random_events(n, seed))
    if seed % 3 == 0:
        pause = 0
        for number, event in enumerate(events, 1):
            if number % (n // 6) == n // 12:
                pause += rng.choice([25, 60, 91, 110]) * DAY + rng.randrange(DAY)
            event["at"] += pause
    if seed % 5 == 0:
        pauses = [rng.choice([60, 600, 600, 4000, DAY / 4, DAY, DAY, 4 * DAY, 30 * DAY * (rng.random() < 0.3)])
                  for _ in events]
        at, scale = events[0]["at"], TWO_YEARS / sum(pauses)
        for event, pause in zip(events, pauses):
            at += pause * scale
            event["at"] = int(at)
    if seed % 2 == 0:
        turns = [i + (rng.uniform(1, 30) if rng.random() < 0.2 else 0) for i in range(n)]
        events = [events[i] for i in sorted(range(n), key=turns.__getitem__)]
    return events


def expiry(model, pref):
    """The moment at which the evidence is deleted."""
    at = pref.last_updated + max(model.live_days(pref), model.set["evidence_days"]) * DAY
    assert model.kept(pref, at - 1) and not model.kept(pref, at)
    return at


def expect(engine, events, policy, days, two_years):
    model = engine.Engine(value_policy=policy, evidence_days=days)
    for event in events:
        model.learn(event)
    last = max(event["at"] for event in events)
    read_at = [last + after for after in READ_AFTER]
    rows = []
    for (tenant, user), prefs in sorted(model.profiles.items()):
        live = [{(p["category"], p["key"]): p["confidence"] for p in model.profile(tenant, user, at)}
                for at in read_at]
        for (category, key), pref in sorted(prefs.items()):
            # Two digits more than are compared.  Once it is not live it stays so.
            confidence = [round(at[category, key], 11) for at in live if (category, key) in at]
            assert all((category, key) in at for at in live[:len(confidence)])
            rows.append([tenant, user, category, key, pref.candidates[0][0], pref.count,
                         pref.last_updated, expiry(model, pref), confidence])
            if two_years:
                rows[-1].append(round(pref.candidates[0][1], 11))
    return read_at, rows


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main():
    engine, out, n = load(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
    for seed in map(int, sys.argv[4:]):
        events = make_sequence(engine, n, seed)
        with open(out / f"sequence_{seed}.jsonl", "w", encoding="utf-8") as f:
            for event in events:
                f.write(compact(event) + "\n")
        for policy, days in BACKFILL_SETTINGS if seed % 5 == 0 else SETTINGS:
            read_at, rows = expect(engine, events, policy, days, seed % 5 == 0)
            with open(out / f"expected_{seed}_{policy}_{days}.json", "w", encoding="utf-8") as f:
                f.write(compact({"read_at": read_at})[:-1] + ',"preferences":[\n')
                f.write(",\n".join(map(compact, rows)) + "\n]}\n")


if __name__ == "__main__":
    main()
