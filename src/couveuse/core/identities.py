"""Whose a row is: the rule by which keys join, for files and live alike.

A row is its e-mail's. Any other key belongs to the e-mail with which it stood first in canonical order; a key that
never stood with an e-mail belongs where a key goes with which it stood, nearest first. Two e-mails never join, nor
do two user ids of which no e-mail is known.
"""

from collections.abc import Iterable, Mapping
from typing import Any

Node = tuple[str, str]
"""The sort of a key (`email`, `user_id`, `anonymous_id`) and the key."""

Place = tuple[Any, ...]
"""A row's place in canonical order; live, what is only claimed comes behind everything that is trusted."""


def owners(standings: Iterable[tuple[Node, Node, Place]]) -> dict[Node, Node]:
    """To whom each key belongs that stood with another in some row; keys not in the answer are their own.

    `standings` are pairs of keys of one row with the row's place in canonical order, in any order, any number of
    times. A key takes the owner of the key with which it stood first, e-mails before others, in rounds outwards from
    the e-mails; what no e-mail reaches does the same outwards from user ids.
    """
    first: dict[tuple[Node, Node], Place] = {}
    for one, other, place in standings:
        for pair in ((one, other), (other, one)):
            known = first.get(pair)
            if known is None or place < known:
                first[pair] = place
    owned: dict[Node, Node] = {}
    for sort in ("email", "user_id"):
        roots = {node for pair in first for node in pair if node[0] == sort and node not in owned}
        _spread(first, owned, {root: root for root in roots}, barred=sort)
    return {node: owner for node, owner in owned.items() if node != owner}


def _spread(
    first: Mapping[tuple[Node, Node], Place],
    owned: dict[Node, Node],
    ring: dict[Node, Node],
    *,
    barred: str,
) -> None:
    """Outwards, a ring of keys at a time, each key to the one of the last ring with which it stood first."""
    owned.update(ring)
    while ring:
        claims: dict[Node, tuple[Place, Node, Node]] = {}
        for (node, near), place in first.items():
            if node in owned or node[0] == barred or near not in ring:
                continue
            claim = (place, near, ring[near])
            if node not in claims or claim < claims[node]:
                claims[node] = claim
        ring = {node: owner for node, (_, _, owner) in claims.items()}
        owned.update(ring)


def owner_of(
    owned: Mapping[Node, Node], email: str | None, user_id: str | None, anonymous_id: str | None
) -> Node | None:
    """Whose a row is: its e-mail's, else its user id's owner, else its device's owner; None where it has no key.

    The owner is an e-mail where one is known, else a user id; else a device, which makes a visitor and no lead.
    """
    nodes = [("email", email), ("user_id", user_id), ("anonymous_id", anonymous_id)]
    for sort, key in nodes:
        if key:
            return owned.get((sort, key), (sort, key))
    return None
