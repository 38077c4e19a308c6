#!/usr/bin/env python3
"""Writes day.jsonl: a working day of two tenants, as a product would report it.

    make-day.py > day.jsonl

The same lines each time; nobody's real data.
"""
import datetime
import json
import random

DAY = datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc)  # a Monday
r = random.Random(2026)
events = []


def tell(tenant, user, minute, kind, data, **more):
    at = DAY + datetime.timedelta(minutes=minute, seconds=r.randint(0, 59))
    events.append({"tenant_id": tenant, "user_id": user, "interaction_type": kind,
                   "occurred_at": at.isoformat(), "data": data, **more})


REPORTS = [
    ("Revenue by region", "SELECT region, sum(amount) FROM sales.orders o JOIN sales.customers c "
     "ON c.id = o.customer_id WHERE o.ordered_at >= '2026-02-01' GROUP BY region"),
    ("Revenue by month", "SELECT date_trunc('month', ordered_at) AS month, sum(amount) "
     "FROM sales.orders WHERE region = 'EMEA' GROUP BY month ORDER BY 1"),
    ("Open refunds", "SELECT count(*) FROM sales.refunds WHERE status = 'open'"),
    ("Top products this week", "SELECT product, count(*) FROM sales.orders "
     "WHERE ordered_at >= '2026-03-01' GROUP BY 1 ORDER BY 2 DESC LIMIT 10"),
]

# Ana lives in dashboards: the same few questions, bars, exports to Excel.
for hour in range(8, 17):
    for minute in (4, 21, 47):
        if r.random() < 0.15:
            continue
        question, sql = r.choices(REPORTS, weights=(5, 3, 1, 2))[0]
        tell("acme", "ana", hour * 60 + minute, "query", {"query": question, "sql": sql})
        tell("acme", "ana", hour * 60 + minute + 1, "visualization",
             {"chart_type": r.choices(("bar", "line", "pie"), weights=(8, 2, 1))[0],
              "color_scheme": "blue", "x_axis": "region", "y_axis": "amount"})
    if hour in (10, 12, 14, 16):
        tell("acme", "ana", hour * 60 + 55, "export", {"format": "xlsx", "columns": ["region", "amount"]})
tell("acme", "ana", 11 * 60, "refinement",
     {"original": {"chart_type": "pie", "tables_used": ["sales.orders"]},
      "corrected": {"chart_type": "bar", "tables_used": ["sales.orders"]}})
tell("acme", "ana", 16 * 60 + 58, "dashboard",
     {"layout": "grid", "widget_sizes": {"revenue": "large", "refunds": "small"}, "refresh_interval": 300})

# Bo explores in SQL that PostgreSQL does not parse, and likes lines.
for hour in range(9, 18):
    tell("acme", "bo", hour * 60 + 30, "exploration", {"tables": ["web.events", "web.sessions"]})
    tell("acme", "bo", hour * 60 + 33, "query",
         {"query": "Bounces by page",
          "sql": "SELECT COUNTIF(bounced), page FROM `shop-prod.web.events` WHERE day = '2026-03-%02d' "
                 "GROUP BY page" % r.randint(1, 2)})
    tell("acme", "bo", hour * 60 + 34, "visualization",
         {"chart_type": "line", "x_axis": "day", "y_axis": "sessions"})
tell("acme", "bo", 17 * 60 + 40, "feedback",
     {"category": "visualization", "key": "preferred_chart_type", "rating": "positive"})

# Another company has an ana as well.
for hour in range(8, 16):
    tell("globex", "ana", hour * 60 + 12, "query",
         {"query": "Payroll by department", "tables_used": ["hr.payroll", "hr.departments"],
          "aggregations": ["sum"], "group_by": ["department"]})
    tell("globex", "ana", hour * 60 + 14, "visualization", {"chart_type": "table"})

for event in sorted(events, key=lambda e: e["occurred_at"]):
    print(json.dumps(event))
