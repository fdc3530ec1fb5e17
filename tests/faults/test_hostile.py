"""Half a megabyte of hostile JSON in one batch: what can be stored is folded, the rest is kept with its reason."""

import json
from random import Random

from couveuse.core.events import Reject
from couveuse.engine.batches import Folder
from couveuse.engine.live import LiveModels
from tests.conftest import profile
from tests.faults.product import Product
from tests.faults.senders import Line

BATCHES = 400 if profile() == "faults" else 6
SIZE = 500 << 10

# What may be stored, however strange.
STRANGE = (
    "null", "true", "-0", "1e308", "-1e308", "5e-324", "9" * 300, "0.1e-5000", '""', '" "', '"\\ud83d\\ude00"',
    '"\ufeff"', "[" * 90 + "]" * 90, '{"a":' * 90 + "1" + "}" * 90, '{"a":1,"a":{"a":2},"A":3,"":4}',
    '{"a.b":1,"a":{"b":2},"traits":{"email":"x@y"}}', "[1,[2,[3,{}]],null]", '"2026-02-30T25:61:61Z"',
    '"0001-01-01T00:00:00Z"', '"9999-12-31T23:59:59.999999999+14:00"', '"+275760-09-13"', '"<script>"', "\"'; drop\"",
    '"%s %(a)s {0}"', '"\\\\x00\\\\N"', '"a@b"', '"@"', '"A@EXAMPLE.COM "', '"12"', "12", "12.0", '"CEO"', '"m1"',
    '"human"', '"set"', '"Inscription Newsletter"', '"\\u202e"', '"nan"', '"{}"', "[null]", "{}", "[]",
)  # fmt: skip
# What spoils its event.
BAD = (
    "1e400", "1" + "0" * 5000, "NaN", "-Infinity", '"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udc00\\ud800"',
    '"' + "x" * 8000 + '"', '"' + "é" * 4000 + '"', "[" * 300 + "]" * 300, '{"' + "k" * 9000 + '":1}', '{"\\u0000":1}',
    '"' + "a" * 600 + '@example.com"',
)  # fmt: skip
KEYS = (
    "messageId", "timestamp", "sentAt", "originalTimestamp", "userId", "anonymousId", "previousId", "groupId", "event",
    "context", "properties", "traits", "name", "category", "integrations", "type", "channel", "__proto__", "a" * 300,
)  # fmt: skip
INNER = (
    "email", "job_title", "groups", "company", "email_domain", "of", "of_source", "verdict", "kind", "points", "group",
    "purpose", "basis", "proof", "url", "path", "reason", "amount", "$set", "email",
)  # fmt: skip
EVENTS = (
    "Page Viewed", "Score Adjusted", "Verdict Given", "Group Joined", "Group Left", "Consent Given", "Email Bounced",
    "Email Complained", "Traits Set", "Lead Rejected", "Quote Requested", "Identities Joined",
)  # fmt: skip


def a_value(rng: Random) -> str:
    """Something that nobody expects."""
    return rng.choice(BAD if rng.random() < 0.03 else STRANGE)


def an_object(rng: Random) -> str:
    """An object of such values, some names several times."""
    return "{" + ",".join(f'"{rng.choice(INNER)}":{a_value(rng)}' for _ in range(rng.randrange(5))) + "}"


def an_event(rng: Random, number: int) -> str:
    """One message as text: mostly with what makes it a fact, and something hostile in some place."""
    kind = rng.choice(("identify", "track", "track", "page", "screen", "group", "alias"))
    said = {
        "type": f'"{kind}"', "messageId": f'"m{number}"', "userId": f'"u{number // 10_000}-{rng.randrange(20)}"',
        "event": json.dumps(rng.choice(EVENTS)), "properties": an_object(rng), "traits": an_object(rng),
        "context": '{"traits":' + an_object(rng) + ',"page":' + rng.choice((an_object(rng), a_value(rng))) + "}",
    }  # fmt: skip
    for _ in range(rng.choice((0, 0, 1, 3))):
        said[rng.choice(KEYS)] = rng.choice((a_value(rng), an_object(rng)))
    written = [f'"{name}":{value}' for name, value in said.items()]
    rng.shuffle(written)
    return "{" + ",".join(written) + "}"


def a_batch(rng: Random, number: int) -> bytes:
    """As many events as half a megabyte holds."""
    events, size = [], 0
    while size < SIZE:
        events.append(an_event(rng, number * 10_000 + len(events)))
        size += len(events[-1])
    return ('{"batch":[' + ",".join(events) + "]}").encode("utf-8", "surrogatepass")


def test_no_hostile_value_does_any_harm(product: Product) -> None:
    line = Line(product.port)
    pids = [part.pid for part in (product.front_door, *product.engines)]
    for number in range(BATCHES):
        body = a_batch(Random(number), number)
        answer = line.post("/v1/batch", body, is_claim=number % 3 == 2)
        assert answer is not None
        assert answer[0] == 200, f"batch {number}: {answer[0]}"
    too_deep = b'{"batch":[{"type":"page","userId":"u","properties":' + b"[" * 200_000 + b"]" * 200_000 + b"}]}"
    answer = line.post("/v1/batch", too_deep, is_claim=False)
    assert answer is not None
    assert answer[0] == 400
    line.close()
    product.settle(900)
    assert [part.pid for part in (product.front_door, *product.engines)] == pids
    reasons = dict(product.rows("select reason, count(*) from rejects group by 1"))
    assert reasons.keys() <= set(Reject), product.rows("select detail, left(body, 900) from rejects "
                                                       "where reason = 'could_not_be_folded' limit 3")  # fmt: skip
    query = "select model_id, lead_id, state from lead_states order by 1, 2"
    before = product.rows(query)
    with product.connection() as connection, connection.transaction():
        leads = [lead for (lead,) in connection.execute("select id from leads order by 1").fetchall()]
        models = LiveModels().load(connection)
        Folder(product.url).refold(connection, models, leads, now=2 * 10**15, because="corrected")
    assert product.rows(query) == before
    (facts,) = product.rows("select count(*) from events")[0]
    print(f"{BATCHES} batches, {facts} facts, rejects: {reasons}")
    assert facts > BATCHES
