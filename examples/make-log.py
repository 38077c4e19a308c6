#!/usr/bin/env python3
"""Writes usage.tsv: ten weeks of two tenants' queries, as a log for `make quality`.

    make-log.py > usage.tsv

The same lines each time; nobody's real data. Tenant, user, seconds since 1970, query, and a JSON
object with the query's tables, separated by tabs, in order of time.
"""
import bisect
import datetime
import itertools
import json
import random

START = datetime.datetime(2026, 1, 5, tzinfo=datetime.timezone.utc)  # a Monday
DAYS = 70
r = random.Random(2026)

# Of each subject: what is measured, by what, and from which tables.
SUBJECTS = {
    "sales": (("revenue", "orders", "discounts", "new customers", "average basket"),
              ("by region", "by month", "by product", "by channel", "this week", "against last year"),
              ("sales.orders", "sales.customers", "sales.products")),
    "finance": (("invoices overdue", "cash flow", "spend", "margin", "budget"),
                ("by month", "by supplier", "by department", "this quarter", "against plan"),
                ("finance.invoices", "finance.payments", "finance.budgets")),
    "support": (("open tickets", "response time", "escalations", "satisfaction"),
                ("by team", "by product", "today", "this week", "by customer"),
                ("support.tickets", "support.agents", "sales.customers")),
    "web": (("sessions", "sign-ups", "bounce rate", "funnel", "searches without result"),
            ("by page", "by campaign", "by device", "yesterday", "by country"),
            ("web.events", "web.sessions", "web.campaigns")),
}
# Roles: how much of their asking is about which subject, now and at the end.
ROLES = {
    "seller": ({"sales": 9, "support": 1}, {"sales": 9, "support": 1}),
    "controller": ({"finance": 8, "sales": 2}, {"finance": 8, "sales": 2}),
    "agent": ({"support": 9, "web": 1}, {"support": 9, "web": 1}),
    "analyst": ({"web": 6, "sales": 3, "finance": 1}, {"web": 3, "sales": 4, "finance": 3}),
    "marketer": ({"web": 8, "sales": 2}, {"web": 4, "sales": 6}),
}
TENANTS = {
    "acme": {"seller": 7, "controller": 4, "agent": 6, "analyst": 5, "marketer": 3},
    "globex": {"seller": 4, "controller": 3, "agent": 4, "analyst": 3, "marketer": 2},
}


def catalogue():
    """Of each subject its queries, the most asked first, with their tables and the day they exist from."""
    queries = {}
    for subject, (measures, cuts, tables) in SUBJECTS.items():
        made = [(f"{measure} {cut}", sorted(r.sample(tables, r.randint(1, 2))), 0)
                for measure, cut in itertools.product(measures, cuts)]
        r.shuffle(made)
        # Every fifth is thought of only later.
        queries[subject] = [(text, used, r.randint(14, 60) if i % 5 == 4 else 0)
                            for i, (text, used, _) in enumerate(made)]
    return queries


def zipf(n):
    return list(itertools.accumulate(1 / (rank + 1.5) for rank in range(n)))


def pick(weights):
    return bisect.bisect(weights, r.random() * weights[-1])


def chosen(weights):
    return r.choices(list(weights), weights=list(weights.values()))[0]


class User:
    def __init__(self, queries, follows, name, role):
        self.queries, self.follows, self.name, self.role = queries, follows, name, role
        self.activity = r.choice((0.25, 0.5, 0.5, 0.8))
        # His own order of importance: near everybody's, with some of it his.
        self.order = {subject: sorted(range(len(of)), key=lambda i: i * r.uniform(0.3, 1.7))
                      for subject, of in queries.items()}
        main = max(ROLES[role][0], key=ROLES[role][0].get)
        self.daily = self.draw(main, 0) if r.random() < 0.4 else None
        self.weekly = (r.randrange(5), self.draw(main, 0)) if r.random() < 0.6 else None
        self.lately = []

    def draw(self, subject, day):
        known = [i for i in self.order[subject] if self.queries[subject][i][2] <= day]
        return self.queries[subject][known[pick(zipf(len(known)))]]

    def next(self, last, day):
        choice = r.random()
        if last is not None and choice < 0.4:
            return self.follows[last[0]][pick(zipf(3))]
        if self.lately and choice < 0.6:
            return self.lately[-1 - min(len(self.lately) - 1, pick(zipf(8)))]
        begin, end = ROLES[self.role]
        subject = chosen(end if r.random() < day / DAYS else begin)
        return self.draw(subject, day)

    def session(self, day, second, first):
        last, asked = None, first
        for _ in range(min(1 + int(r.expovariate(1 / 3.0)), 12)):
            query = asked if asked is not None else self.next(last, day)
            asked = None
            yield second, query
            if query in self.lately:
                self.lately.remove(query)
            self.lately.append(query)
            last = query
            second += 20 + int(r.expovariate(1 / 150.0))


def events():
    for tenant, roles in TENANTS.items():
        queries = catalogue()
        flat = [query for of in queries.values() for query in of]
        # What people ask after what: mostly about the same subject.
        follows = {query[0]: r.sample(of, 2) + r.sample(flat, 1) for of in queries.values() for query in of}
        users = [User(queries, follows, f"{role}-{i + 1}", role)
                 for role, n in roles.items() for i in range(n)]
        for day, user in itertools.product(range(DAYS), users):
            weekday = (START + datetime.timedelta(days=day)).weekday()
            if weekday > 4:
                continue
            first = None
            if user.weekly is not None and user.weekly[0] == weekday and r.random() < 0.9:
                first = user.weekly[1]
            elif user.daily is not None and r.random() < 0.8:
                first = user.daily
            if first is None and r.random() > user.activity * 0.42:
                continue
            second = int(r.gauss(9.5, 0.8) * 3600)
            for at, query in user.session(day, second, first):
                yield tenant, user.name, int(START.timestamp()) + day * 86400 + at, query[0], {"tables": query[1]}


for event in sorted(events(), key=lambda e: (e[2], e[0], e[1])):
    print(*event[:4], json.dumps(event[4]), sep="\t")
