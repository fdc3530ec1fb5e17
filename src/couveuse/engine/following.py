"""Work follows the facts: what a lead was handed over for goes on as the lead's that holds its facts now.

A merge loses no work and tells nobody anything: an open episode moves as it is, or joins the one that is open already,
and what is held is held on.
Whether what moved still stands is judged by all facts, as after any correction.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from psycopg import Connection

from couveuse.engine.live import LiveModel
from couveuse.store import cards, handovers, holds, moves
from couveuse.store.events import Stored
from couveuse.store.handovers import Standing
from couveuse.store.leads import Who

Judge = Callable[
    [Sequence[Standing], Mapping[int, LiveModel], Mapping[int, Who], Mapping[int, Sequence[Stored]], int], list[int]
]
"""Tells which hand-overs no cause keeps, by models, whose facts they are, the facts, and the time."""


def follow(connection: Connection[Any], empty: Collection[int], now: int) -> None:
    """Move the work of leads that hold no facts any more to those that hold them."""
    for lead_id in sorted(empty):
        survivor = cards.survivor(connection, lead_id)
        if survivor is None or survivor == lead_id:
            continue
        holds.follow_hold(connection, lead_id, survivor)
        episodes = handovers.last_episodes(connection, [lead_id, survivor])
        own, others = episodes.get(lead_id), episodes.get(survivor)
        if own is None or own.closed_at is not None:
            continue
        if others is None or others.closed_at is not None:
            number = 1 if others is None else others.number + 1
            moves.move_episode(connection, own.id, lead_id, survivor, number)
        else:
            moves.join_episodes(connection, own.id, lead_id, others.id, survivor, now)


def give_back(
    connection: Connection[Any],
    fallen: Sequence[Standing],
    judge: Judge,
    models: Mapping[int, LiveModel],
    whos: Mapping[int, Who],
    stored: Mapping[int, Sequence[Stored]],
    now: int,
) -> set[int]:
    """Move hand-overs back that fall with a merge undone to the lead whose facts keep them; returns which moved."""
    moved: set[int] = set()
    for each in fallen:
        for lead_id in sorted(stored.keys() - {each.lead_id}):
            there = replace(each, lead_id=lead_id)
            if whos[lead_id].is_empty or judge([there], models, whos, stored, now):
                continue
            episode = handovers.last_episodes(connection, [lead_id]).get(lead_id)
            if episode is not None and episode.closed_at is None:
                into = episode.id
            else:
                opened_at = min(at for _, at in each.causes)
                number = 1 if episode is None else episode.number + 1
                into = handovers.open_episodes(connection, {lead_id: (number, opened_at)})[lead_id]
            moves.give_back(connection, each.id, lead_id, into)
            moved.add(each.id)
            break
    return moved
