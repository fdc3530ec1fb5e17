"""Rows of every kind, good and bad, drawn from a seed: what files from elsewhere hold."""

import json
from random import Random

Row = dict[str, object]

EVENTS = (
    "Page Viewed",
    "Email Clicked",
    "Quote Requested",
    "Newsletter Subscribed",
    "Lead Rejected",
    "Any Other",
    "Été",
    " Page Viewed ",
    "",
    None,
    12,
    1.5,
    True,
    [],
    {"a": 1},
)
CHANGES = (
    "Traits Set",
    "Identities Joined",
    "Group Joined",
    "Group Left",
    "Score Adjusted",
    "Verdict Given",
    "Consent Given",
    "Consent Withdrawn",
    "Note Written",
)
GOOD_TIMES = (
    "2026-03-03T15:00:00Z",
    "2026-03-03T15:00:00.123456789+01:00",
    "2026-03-03 15:00",
    "2026-03-03",
    " 2026-03-03T15:00:00z ",
    "2026-03-03T15:00:00,5-0330",
    "2026-03-03T15:00:00 +02",
    "2026-10-25T02:30:00",
    "2026-03-29T02:30:00",
    "2026-10-25T02:30:00+02:00",
    "1900-01-02",
    "2026-03-03T23:59:59.999999",
    "\u00a02026-03-03\ufeff",
    "2026-06-30T23:59:59-12:00",
)
BAD_TIMES = (
    "yesterday",
    "2026-13-01",
    "2026-02-30",
    "03/03/2026",
    "2026-03-03T25:00",
    "2026-03-03T15",
    "1899-12-31",
    "2200-01-01",
    "2026-03-03T15:00:60Z",
    "2026-3-3",
    "20260303",
    "2099-01-01T00:00:00Z",
    "",
    "  ",
    None,
    1772550000,
    True,
    ["2026-03-03"],
    "2026-03-03T15:00:00+24:00",
    "2026-03-03T15:00:00Z trailing",
    "٢٠٢٦-03-03",
    "0000-01-01",
    "9999-12-31T23:59:59-23:59",
)
KEYS = (
    "ada@example.com",
    " ADA@Example.COM ",
    "émile@example.org",
    "İ@example.com",
    "",
    "  ",
    None,
    12,
    12.0,
    1.5,
    -3,
    1e20,
    True,
    [],
    {"a": 1},
    "0",
    "null",
    "\u00a0",
    "u\t1",
    9007199254740993,
    1e-7,
    123456789012345678,
)
VALUES = (
    "text",
    "",
    None,
    0,
    -1,
    1.5,
    True,
    False,
    "12",
    "true",
    [],
    {},
    [1, "a"],
    {"a": {"b": 1}},
    "é 'quoted' \"twice\"",
    "a,b\nc",
    1e300,
)
WORDS = {
    "group": ("Newsletter", "", None, 5, [], True),
    "purpose": ("marketing", "", None, 7),
    "kind": ("add", "raise", "set", "reset", "ADD", "", None, 3),
    "points": (5, -2.5, 0, "5", None, True, 1e9, 1e12, [1]),
    "of": ("m1", 12, "", None, {}),
    "of_source": ("web", "", None),
    "verdict": ("human", "machine", "doubtful", "Human", None, 1),
}
TRAITS = ({"job_title": "Directeur"}, {}, {"job_title": None}, None, "text", [], {"a": {"b": 1}})


def row(rng: Random) -> Row:
    """One row as JSON may hold it; about half of them are facts."""
    made: Row = {}
    is_change = rng.random() < 0.4
    made["event"] = rng.choice(CHANGES) if is_change else rng.choice(EVENTS[:8] if rng.random() < 0.8 else EVENTS)
    made["occurred_at"] = rng.choice(GOOD_TIMES) if rng.random() < 0.8 else rng.choice(BAD_TIMES)
    made["email"] = "ada@example.com" if rng.random() < 0.5 else rng.choice(KEYS)
    for key in ("user_id", "anonymous_id", "message_id", "source"):
        if rng.random() < 0.3:
            made[key] = rng.choice(KEYS)
    said: Row = {
        name: rng.choice(values) for name, values in WORDS.items() if rng.random() < (0.6 if is_change else 0.05)
    }
    said |= {rng.choice(("path", "title", "amount", "a.b")): rng.choice(VALUES) for _ in range(rng.randrange(3))}
    sort = rng.random()
    if sort < 0.4:
        made["properties"] = said
    elif sort < 0.6:
        made |= {f"properties.{name}": value for name, value in said.items()}
    else:
        made |= said
    if rng.random() < (0.5 if made["event"] == "Traits Set" else 0.1):
        made["traits"] = rng.choice(TRAITS)
    elif rng.random() < 0.1:
        made["traits.job_title"] = rng.choice(("Acheteur", "", None, 3))
    if rng.random() < 0.1:
        made["context"] = {"ip": "127.0.0.1", "n": rng.choice(VALUES)}
    if rng.random() < 0.02:
        made["title"] = rng.choice(("a\x00b", "\\u0000", "x" * (1 << 20)))
    for name in [name for name in made if rng.random() < 0.03]:
        del made[name]
    return made


def line(rng: Random) -> str:
    """One line of NDJSON; some hold no object, some nothing."""
    if rng.random() < 0.06:
        return rng.choice(("", "   ", "not json", "[1, 2]", '"text"', "12", "null", '{"event": "cut', "{}", "{'a': 1}"))
    return json.dumps(row(rng), ensure_ascii=rng.random() < 0.5)
