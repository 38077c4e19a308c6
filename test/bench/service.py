"""A personalization engine as a service keeps one: the profile of a user is one JSON document, a row of
PostgreSQL with a copy in Redis; what a user did is a row of its own.  It is what `compare` measures the
extension against, and leaves out what costs time in the extension only: tenants are not checked, candidates
do not compete, and SQL is not read.

As in the design of such a service, the learning rate is 0.1, preferences fade by 0.95 a day and are dropped
below 0.3, the history shows a hundred interactions, and the copies of profiles live for an hour.  Several
processes serve the users, so none keeps profiles in its own memory."""

import json
import uuid
from datetime import datetime, timezone

LEARNING_RATE = 0.1
DECAY_FACTOR = 0.95
MIN_CONFIDENCE = 0.3
MAX_HISTORY_SIZE = 100
PROFILE_SECONDS = 3600

SCHEMA = """
CREATE SCHEMA service;
CREATE TABLE service.profiles (
    tenant_id text NOT NULL, user_id text NOT NULL, document jsonb NOT NULL, updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, user_id));
CREATE TABLE service.interactions (
    id uuid PRIMARY KEY, tenant_id text NOT NULL, user_id text NOT NULL, interaction_type text NOT NULL,
    occurred_at timestamptz NOT NULL, data jsonb NOT NULL);
CREATE INDEX ON service.interactions (tenant_id, user_id, occurred_at);
CREATE INDEX ON service.interactions (tenant_id, occurred_at);
"""


def extract_signals(kind, data):
    """Returns (category, key, value, confidence) for what an interaction says."""
    if kind == "visualization":
        names = {"chart_type": "preferred_chart_type", "color_scheme": "color_scheme", "x_axis": "x_axis", "y_axis": "y_axis"}
        return [("visualization", key, data[name], 0.7) for name, key in names.items() if data.get(name)]
    if kind == "query":
        return [("data", f"frequent_table:{table}", table, 0.5) for table in data.get("tables_used", [])]
    if kind == "export":
        return [("presentation", "export_format", data["format"], 0.7)] if data.get("format") else []
    return []


def apply_decay(preferences, now):
    for key, preference in list(preferences.items()):
        age = (now - datetime.fromisoformat(preference["last_updated"])).days
        if age > 0:
            preference["confidence"] *= DECAY_FACTOR**age
        # A preference that has just been seen first starts at a tenth of its signal: it is kept for its day.
        if age > 0 and preference["confidence"] < MIN_CONFIDENCE:
            del preferences[key]


class Service:
    """db: a connection of psycopg2 in autocommit; cache: one of redis."""

    def __init__(self, db, cache):
        self.cursor = db.cursor()
        self.cache = cache

    @staticmethod
    def key(tenant, user):
        return f"personalization:profile:{tenant}:{user}"

    def _stored_profile(self, tenant, user):
        self.cursor.execute("SELECT document FROM service.profiles WHERE tenant_id = %s AND user_id = %s", (tenant, user))
        row = self.cursor.fetchone()
        if row is not None:
            return row[0]
        return {"tenant_id": tenant, "user_id": user, "preferences": {}, "interaction_history": [],
                "skill_level": "intermediate", "domain_expertise": [], "communication_style": "detailed"}

    def get_profile(self, tenant, user):
        text = self.cache.get(self.key(tenant, user))
        if text is not None:
            return json.loads(text)
        profile = self._stored_profile(tenant, user)
        self.cache.setex(self.key(tenant, user), PROFILE_SECONDS, json.dumps(profile))
        return profile

    def learn(self, tenant, user, kind, data):
        now = datetime.now(timezone.utc)
        interaction = {"id": str(uuid.uuid4()), "interaction_type": kind, "timestamp": now.isoformat(), "data": data}
        profile = self.get_profile(tenant, user)
        preferences = profile["preferences"]
        for category, key, value, confidence in extract_signals(kind, data):
            existing = preferences.get(f"{category}:{key}")
            if existing:
                existing["confidence"] = existing["confidence"] * (1 - LEARNING_RATE) + confidence * LEARNING_RATE
                existing["value"] = value
                existing["observation_count"] += 1
                existing["last_updated"] = now.isoformat()
            else:
                preferences[f"{category}:{key}"] = {
                    "category": category, "key": key, "value": value, "confidence": confidence * LEARNING_RATE,
                    "observation_count": 1, "last_updated": now.isoformat()}
        apply_decay(preferences, now)
        profile["interaction_history"] = [interaction] + profile["interaction_history"][: MAX_HISTORY_SIZE - 1]
        self.cursor.execute(
            "INSERT INTO service.interactions (id, tenant_id, user_id, interaction_type, occurred_at, data) VALUES (%s, %s, %s, %s, %s, %s)",
            (interaction["id"], tenant, user, kind, now, json.dumps(data)))
        text = json.dumps(profile)
        self.cursor.execute(
            "INSERT INTO service.profiles (tenant_id, user_id, document, updated_at) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (tenant_id, user_id) DO UPDATE SET document = excluded.document, updated_at = excluded.updated_at",
            (tenant, user, text, now))
        self.cache.setex(self.key(tenant, user), PROFILE_SECONDS, text)

    def route(self, tenant, user, query):
        profile = self.get_profile(tenant, user)
        hints = {"beginner": {"explanation_level": "detailed", "chart_complexity": "simple"},
                 "advanced": {"explanation_level": "brief", "chart_complexity": "advanced"}}.get(profile["skill_level"], {})
        chart = profile["preferences"].get("visualization:preferred_chart_type")
        if chart and chart["confidence"] > 0.6:
            hints["default_chart_type"] = chart["value"]
        return hints

    def get_suggestions(self, tenant, user, limit=5):
        """The user's own queries, those of users of the same tables, and what the organisation asks lately."""
        profile = self.get_profile(tenant, user)
        tables = [p["value"] for p in sorted(profile["preferences"].values(), key=lambda p: -p["confidence"])
                  if p["key"].startswith("frequent_table:")][:5]
        own = {}
        for interaction in profile["interaction_history"]:
            if interaction["interaction_type"] == "query":
                text = interaction["data"].get("query")
                own[text] = own.get(text, 0) + 1
        suggestions = [{"query": text, "type": "frequent"} for text in sorted(own, key=own.get, reverse=True)[:limit]]
        self.cursor.execute(
            "SELECT data ->> 'query', count(*) FROM service.interactions"
            " WHERE tenant_id = %s AND user_id <> %s AND interaction_type = 'query' AND occurred_at > now() - interval '7 days'"
            "  AND data -> 'tables_used' ?| %s GROUP BY 1 ORDER BY 2 DESC LIMIT %s", (tenant, user, tables, 2 * limit))
        suggestions += [{"query": row[0], "type": "related"} for row in self.cursor.fetchall() if row[0] not in own]
        return suggestions[:limit]
