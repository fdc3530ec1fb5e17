"""Publishing a scoring model: a version in the store, a place for its states, and the switch to it."""

import json
from typing import Any

from psycopg import Connection

from couveuse.configuration import Configuration
from couveuse.documents.reading import Document, read_model
from couveuse.engine.clocks import now_us
from couveuse.store import connections, states, turns
from couveuse.store.published import live_models
from couveuse.store.statements import statement

FIRST = "bareme-b2b"
_PUBLISH = statement("models", "publish")
_STAND = statement("models", "stand")
# Whoever publishes holds this lock of the transaction's.
LOCK = 0x636F7570


def publish(
    connection: Connection[Any],
    document: Document,
    configuration: Configuration,
    *,
    standing: str,
    by: str,
    indexed: bool = True,
) -> int:
    """Write a new version of a model, with a place for its states; returns its number.

    The place has no indexes where states are written in bulk first.
    """
    row = connection.execute(
        _PUBLISH,
        {
            "name": document.model.name,
            "document": document.text,
            "domains": json.dumps(configuration.our_domains),
            "addresses": json.dumps(configuration.our_addresses),
            "standing": standing,
            "by": by,
        },
    ).fetchone()
    assert row is not None  # it was inserted
    states.make_partition(connection, row[0], indexed=indexed)
    if standing == "acting":
        turns.begin_turn(connection, row[0], by=by, now=now_us())
    return int(row[0])


def stand(connection: Connection[Any], model_id: int, standing: str) -> None:
    """Where a version stands from now on."""
    connection.execute(_STAND, {"id": model_id, "standing": standing})


def publish_first(url: str, configuration: Configuration, model: str = FIRST) -> bool:
    """Publish a model if none acts yet and nothing was recorded, so that a new instance scores from its first event.

    Returns whether it did. Safe to run twice, and at once from two machines.
    """
    document = read_model(model)
    with connections.connect(url, "publish") as connection, connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        if any(published.standing == "acting" for published in live_models(connection)):
            return False
        publish(connection, document, configuration, standing="acting", by="first start")
        return True
