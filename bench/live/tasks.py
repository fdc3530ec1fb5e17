"""Pages of the queue of tasks, where a million tasks lie in history: a team's, a member's, and the unkind ones.

Tasks and what is known of their leads are made in bulk. A page holds fifty tasks, and is read again and again with the
next member, team or place; what is measured is the whole call, on a connection that has made such calls before.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from psycopg import Connection

from bench.live.ground import ground
from bench.live.load import percentiles
from couveuse.engine.sheets import Scope, take_turn
from couveuse.store import connections, fates, sheets, tasks
from couveuse.store.published import live_models
from couveuse.store.tasks import Page, Place

MEMBERS: Final = 20
TEAMS: Final = ("telemarketing", "sales")
A_PAGE: Final = 50
PAGES: Final = 200
# One task in so many is open; of leads one in so many is irrelevant.
OPEN, IRRELEVANT = 10, 7
# So many irrelevant leads, or tasks put off, stand before all others in the unkind queues.
FRONT: Final = 50_000


def measure(asked: argparse.Namespace) -> dict[str, object]:
    """As many tasks as leads are asked for, and pages of their queues."""
    with ground(asked.data, keep=False) as place:
        url = place.make("tasks")
        with connections.connect(url, "bench", autocommit=True, statement_ms=0) as connection:
            began = time.perf_counter()
            model_id = _fill(connection, asked.leads)
            print(f"   {asked.leads:,} tasks made in {time.perf_counter() - began:.0f} s", flush=True)
            found = {name: _pages(name, read) for name, read in _readers(connection, model_id).items()}
            found |= {name: _others(name, read) for name, read in _other_readers(connection, model_id).items()}
    return {"tasks": asked.leads, "open": asked.leads // OPEN, "tasks_a_page": A_PAGE, "milliseconds": found}


_STATES: Final = """
insert into lead_states select %(model)s, n, 20, 20, 0, null, 0, 20, 0, 1, null,
    case when n %% %(irrelevant)s = 0 then 3 else 1 end, 0, null, null, null, decode(repeat('ab', 200), 'hex')
from generate_series(1, %(all)s) n
"""
_IDENTITIES: Final = """
insert into identities (id, digest, sort, lead_id, key) overriding system value
select n, gen_random_uuid(), 0, n, n || '@example.com' from generate_series(1, %(all)s) n
"""
_LEADS: Final = "insert into leads (root_id, created_at) select n, 0 from generate_series(1, %(all)s) n"
# What is worth the same is the rule: rates are those of bands, and most leads are worth the model's default.
_TASKS: Final = """
insert into tasks (lead_id, episode_id, team, treatment, standing, member, opened_at, due_at, not_before, rate, value,
    expected, score, closed_at, outcome, outcome_by)
select n, n, (array['telemarketing', 'sales'])[1 + n %% 2], 'call', case when is_open then 'open' else 'closed' end,
    case when n %% 3 > 0 then 'm' || n / 10 %% %(members)s end, n, n, case when n %% 97 = 0 then 2e15::bigint end,
    rate, 1000, rate * 1000, 20, case when not is_open then n end,
    case when not is_open then (array['project_detected', 'won', 'project_detected', 'lost'])[1 + n %% 4] end,
    case when not is_open then 'm' || n / 10 %% %(members)s end
from (
    select n, (array[0.05, 0.25, 0.5])[1 + n / 7 %% 3] as rate, n / 2 %% %(open)s = 0 as is_open
    from generate_series(1, %(count)s) n
) as g
"""
# Before the first task of a team that is to be done so many others stand that are worth more.
_FRONT: Final = """
insert into tasks (lead_id, episode_id, team, treatment, opened_at, due_at, not_before, rate, value, expected, score)
select %(first)s + n, 1, %(team)s, 'call', 0, 0, case when n <= %(front)s then %(not_before)s::bigint end, 1,
    %(span)s - n, %(span)s - n, 20
from generate_series(1, %(span)s) n
"""
_ASIDE: Final = """
update lead_states set temperature = case when lead_id <= %(first)s + %(front)s then %(temperature)s else 1 end
where lead_id > %(first)s and lead_id <= %(first)s + %(span)s
"""


def _fill(connection: Connection[Any], count: int) -> int:
    """A task each of so many leads, most of them closed; every lead has a state, some are irrelevant."""
    (model,) = live_models(connection)
    span = FRONT + 2 * A_PAGE
    given = {"model": model.id, "count": count, "all": count + 2 * span, "front": FRONT, "span": span,
             "irrelevant": IRRELEVANT, "members": MEMBERS, "open": OPEN}  # fmt: skip
    connection.execute("set session_replication_role = replica")
    for statement in (_STATES, _IDENTITIES, _LEADS, _TASKS):
        connection.execute(statement, given)
    for first, team, temperature, not_before in (
        (count, "irrelevant", 3, None), (count + span, "put_off", 1, 2 * 10**15),
    ):  # fmt: skip
        unkind = {"first": first, "team": team, "temperature": temperature, "not_before": not_before}
        connection.execute(_FRONT, given | unkind)
        connection.execute(_ASIDE, given | unkind)
    connection.execute("set session_replication_role = origin")
    connection.execute("vacuum analyze")
    return model.id


def _readers(connection: Connection[Any], model_id: int) -> dict[str, Callable[[int], Page]]:
    now = 10**15

    def page(turn: int, **asked: Any) -> Page:
        given: dict[str, Any] = {"teams": [TEAMS[turn % 2]], "member": None, "cursor": None, "with_free": False}
        return tasks.queue_page(connection, model_id=model_id, most=A_PAGE, now=now, **(given | asked))

    def next_pages() -> Callable[[int], Page]:
        place: list[Place | None] = [None]

        def read(_: int) -> Page:
            found = page(0, cursor=place[0])
            place[0] = found.next
            return found

        return read

    def member(turn: int) -> str:
        return f"m{turn % MEMBERS}"

    return {
        "a team's first page": page,
        "a team's next pages": next_pages(),
        "both teams'": lambda turn: page(turn, teams=list(TEAMS)),
        "a member's": lambda turn: page(turn, teams=None, member=member(turn)),
        "a member's and what is nobody's": lambda turn: page(turn, member=member(turn), with_free=True),
        f"{FRONT:,} irrelevant leads in front": lambda turn: page(turn, teams=["irrelevant"]),
        f"{FRONT:,} put off in front": lambda turn: page(turn, teams=["put_off"]),
    }


def _other_readers(connection: Connection[Any], model_id: int) -> dict[str, Callable[[int], Sequence[Any]]]:
    """What pages of the desk ask for beside the queue; what is taken on screen is given back within the call."""
    now = 10**15

    def turn(place: int) -> Sequence[Any]:
        scope = Scope((TEAMS[place % 2],), f"m{place % MEMBERS}")
        by = f"somebody {place}"
        taken = take_turn(connection, scope, model_id, by=by, now=now)
        found = None if taken.task_id is None else sheets.sheet(connection, taken.task_id, model_id, by=by, now=now)
        if taken.task_id is not None:
            tasks.unlock_task(connection, taken.task_id, by=by)
        return [] if found is None else [found]

    def fate(place: int) -> Sequence[Any]:
        return fates.fates_of(connection, f"m{place % MEMBERS}", selling=["sales"], since=0, now=now)

    return {
        "a turn at the desk, with the task's sheet": turn,
        "what is done with": lambda place: tasks.closed_tasks(connection, list(TEAMS), most=A_PAGE),
        "what is late": lambda place: tasks.overdue_tasks(connection, [TEAMS[place % 2]], now=now, most=A_PAGE),
        "the fate of a member's leads, all years": fate,
    }


def _others(name: str, read: Callable[[int], Sequence[Any]]) -> dict[str, float]:
    return _pages(name, lambda turn: Page(list(read(turn)), None))


def _pages(name: str, read: Callable[[int], Page]) -> dict[str, float]:
    for turn in range(8):  # warm, and past the plans that are made for one call
        read(turn)
    spent, held = [], 0
    for turn in range(PAGES):
        began = time.perf_counter()
        held += len(read(turn).tasks)
        spent.append((time.perf_counter() - began) * 1000)
    found = percentiles(spent) | {"tasks_a_page": round(held / PAGES, 1)}
    print(f"   {name}: p50 {found['p50']:.1f} ms, p99 {found['p99']:.1f} ms, {found['tasks_a_page']} tasks", flush=True)
    return found
