"""What the form of a team holds: as it comes from a team, as it is posted, what is wrong with it, what it changes."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from couveuse.core.model import Label
from couveuse.core.roster import Assignment, Promise, Roster, Team
from couveuse.documents import durations
from couveuse.documents.shapes import ID_PATTERN
from couveuse.documents.team_checks import WORDS
from couveuse.web.areas.settings import reached
from couveuse.web.areas.settings.changing import MOST_NAME, Errors, Given, posted
from couveuse.web.asking import Asked

MOST_TREATMENTS: Final = 40
NO_TREATMENT: Final[Mapping[str, str]] = {"id": "", "fr": "", "en": "", "within": "", "is_known": ""}
_OPEN_TIME: Final = re.compile(r"[1-9][0-9]{0,3}[mh]")
_TEXTS: Final = ("id", "fr", "en", "assignment", "owner_first", "within", "tries", "raise_every", "raise_times",
                 "news_within")  # fmt: skip
_LISTS: Final = ("members", "leads", "alert", "raise_to")


# ---- Where it comes from ---------------------------------------------------------------------------------------------


def of_nobody(id: str, treatments: Mapping[str, Label]) -> dict[str, Any]:
    """What a form for a new team begins with: its id and its treatments, where something asks for them."""
    found = of_team(Team(id, assignment=Assignment.ROUND_ROBIN, treatments=treatments))
    return found | {"treatments": [row | {"is_known": ""} for row in found["treatments"]]}


def of_team(team: Team) -> dict[str, Any]:
    """A team as its form shows it."""
    promise = team.promise
    return {
        "id": team.id, "fr": team.label.fr, "en": team.label.en, "members": list(team.members),
        "leads": list(team.leads), "assignment": str(team.assignment), "owner_first": "1" if team.owner_first else "",
        "within": durations.written(promise.within), "tries": str(team.tries), "alert": list(team.alert),
        "raise_to": list(promise.raise_to), "raise_times": str(promise.raise_times),
        "raise_every": "" if promise.raise_every is None else durations.written(promise.raise_every),
        "news_within": durations.written(promise.news_within),
        **reached.of(team.channels, team.digest),
        "treatments": [
            {"id": id, "fr": label.fr, "en": label.en, "is_known": "1",
             "within": durations.written(promise.by_treatment[id]) if id in promise.by_treatment else ""}
            for id, label in team.treatments.items()
        ],
    }  # fmt: skip


def of_form(asked: Asked, roster: Roster) -> dict[str, Any]:
    """What was posted; empty lines of treatments are left out, and those that are to go."""
    post = asked.request.POST
    lists = {name: list(dict.fromkeys(post.getlist(name))) for name in _LISTS}
    columns = [[text.strip() for text in post.getlist(f"t_{name}")] for name in NO_TREATMENT]
    gone = frozenset(post.getlist("t_gone"))
    rows = [dict(zip(NO_TREATMENT, row, strict=True)) for row in zip(*columns, strict=False)][: MOST_TREATMENTS + 1]
    treatments = [
        row for row in rows
        if any(row[name] for name in ("id", "fr", "en", "within")) and not (row["is_known"] and row["id"] in gone)
    ]  # fmt: skip
    return {**posted(asked, *_TEXTS), **lists, **reached.of_form(asked), "treatments": treatments}


# ---- What is wrong with it -------------------------------------------------------------------------------------------


def wrong(asked: Asked, given: Given, roster: Roster, team: Team | None) -> Errors:
    """What will not do, by field; `team` is the one that changes, None for a new one."""
    say, errors = asked.say, {}
    if team is None and not is_id(given["id"]):
        errors["id"] = say("settings_member.bad_id")
    elif team is None and given["id"] in roster.teams:
        errors["id"] = say("settings_member.id_taken")
    for name in ("fr", "en"):
        if len(given[name]) > MOST_NAME or not given[name].isprintable():
            errors[name] = say("settings_member.bad_name")
    if team is None and not given["fr"] and not given["en"]:
        errors["fr"] = say("settings_teams.no_name")
    if not set(given["members"]) | set(given["leads"]) <= roster.members.keys():
        errors["members"] = say("settings_teams.bad_member")
    elif not set(given["leads"]) <= set(given["members"]):
        errors["members"] = say("settings_teams.leads_without")
    if given["assignment"] not in list(Assignment) or (team is None and given["assignment"] == Assignment.TERRITORY):
        errors["assignment"] = say("settings_teams.bad_assignment")
    elif given["assignment"] != Assignment.NOBODY and not given["members"]:
        errors["assignment"] = say("settings_teams.nobody_to_give")
    places = reached.places(() if team is None else team.channels)
    for found in (
        _wrong_promise(asked, given), _wrong_told(asked, given, roster), _wrong_treatments(asked, given),
        reached.wrong(asked, given, places, is_member=False),
    ):  # fmt: skip
        errors |= found
    return errors


def _wrong_promise(asked: Asked, given: Given) -> Errors:
    errors: Errors = {}
    for name in ("within", "raise_every"):
        if not _OPEN_TIME.fullmatch(given[name]) and (given[name] or name == "within"):
            errors[name] = asked.say("settings_teams.bad_within")
    if not _is_between(given["tries"], 1, 50):
        errors["tries"] = asked.say("settings_teams.bad_tries")
    if not _is_between(given["raise_times"], 1, 20):
        errors["raise_times"] = asked.say("settings_teams.bad_times")
    if durations.duration_us(given["news_within"]) is None:
        errors["news_within"] = asked.say("settings_teams.bad_news")
    return errors


def _wrong_told(asked: Asked, given: Given, roster: Roster) -> Errors:
    """Whoever is told must be somebody, and `lead` asks for one."""
    errors: Errors = {}
    known = {*WORDS, *roster.lists, *roster.members}
    for name in ("alert", "raise_to"):
        if not set(given[name]) <= known:
            errors[name] = asked.say("settings_teams.bad_told")
        elif "lead" in given[name] and not given["leads"]:
            errors[name] = asked.say("settings_teams.nobody_leads")
    return errors


def _wrong_treatments(asked: Asked, given: Given) -> Errors:
    """The first thing that is wrong with the treatments."""
    rows = given["treatments"]
    ids = [row["id"] for row in rows]
    texts = [row[name] for row in rows for name in ("fr", "en")]
    for is_wrong, key in (
        (len(rows) > MOST_TREATMENTS, "many_treatments"),
        (not all(map(is_id, ids)), "bad_treatment"),
        (len(set(ids)) < len(ids), "treatment_twice"),
        (not all(row["fr"] or row["en"] for row in rows), "treatment_unnamed"),
        (not all(len(text) <= MOST_NAME and text.isprintable() for text in texts), "treatment_unnamed"),
        (not all(not row["within"] or _OPEN_TIME.fullmatch(row["within"]) for row in rows), "bad_within"),
    ):
        if is_wrong:
            return {"treatments": asked.say(f"settings_teams.{key}", most=MOST_TREATMENTS)}
    return {}


def is_id(text: str) -> bool:
    """Whether a document takes it as an id."""
    return len(text) <= 80 and re.fullmatch(ID_PATTERN, text) is not None


def _is_between(text: str, least: int, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 4 and least <= int(text) <= most


# ---- What it says ----------------------------------------------------------------------------------------------------


def said_of_new(given: Given) -> dict[str, object]:
    """A new team as the document has it; what is usual is left out."""
    usual = Team(id=given["id"])
    told = said(usual, given)
    nested: dict[str, object] = {"id": given["id"], "members": given["members"], "leads": given["leads"] or None}
    for key, value in told.items():
        *above, last = key.split(".")
        place = nested
        for step in above:
            place = place.setdefault(step, {})  # type: ignore[assignment]  # mappings of our own making
        if value is not None:
            place[last] = value
    return {key: value for key, value in nested.items() if key == "alert" or value not in (None, {}, [])}


def said(team: Team, given: Given) -> dict[str, object]:
    """What is said otherwise than it was, by the names of the keys; what stays is not written, None goes."""
    found: dict[str, object] = {}
    label = _label(given)
    if label != _plain(team.label):
        found["label"] = label or None
    if given["assignment"] != str(team.assignment):
        found["assignment"] = given["assignment"]
    if bool(given["owner_first"]) is not team.owner_first:
        found["owner_first"] = bool(given["owner_first"])
    if int(given["tries"]) != team.tries:
        found["tries"] = int(given["tries"])
    if set(given["alert"]) != set(team.alert):
        found["alert"] = _in_order(team.alert, given["alert"])
    if reached.channels(given, team.channels) != reached.channels(reached.of(team.channels, None), team.channels):
        found["channels"] = reached.channels(given, team.channels)
    if given["digest"] != reached.of((), team.digest)["digest"]:
        found["digest"] = given["digest"] or None
    return found | _said_promise(team.promise, given) | _said_treatments(team, given)


def _said_promise(promise: Promise, given: Given) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, length in (("within", promise.within), ("news_within", promise.news_within)):
        if durations.duration_us(given[name]) != length:
            found[f"sla.{name}"] = given[name]
    if not given["raise_to"]:  # how often nobody is told would say nothing
        names = ("raise_to", "raise_every", "raise_times") if promise.raise_to else ()
        return found | {f"sla.{name}": None for name in names}
    if set(given["raise_to"]) != set(promise.raise_to):
        found["sla.raise_to"] = _in_order(promise.raise_to, given["raise_to"])
    every = durations.duration_us(given["raise_every"]) if given["raise_every"] else None
    if every != promise.raise_every:
        found["sla.raise_every"] = given["raise_every"] or None
    if int(given["raise_times"]) != promise.raise_times:
        found["sla.raise_times"] = int(given["raise_times"])
    return found


def _said_treatments(team: Team, given: Given) -> dict[str, object]:
    found: dict[str, object] = {}
    rows = {row["id"]: row for row in given["treatments"]}
    for id, row in rows.items():
        if id not in team.treatments or _label(row) != _plain(team.treatments[id]):
            found[f"treatments.{id}"] = _label(row)
        known = team.promise.by_treatment.get(id)
        if (durations.duration_us(row["within"]) if row["within"] else None) != known:
            found[f"sla.by_treatment.{id}"] = row["within"] or None
    for id in team.treatments.keys() - rows.keys():
        found |= {f"treatments.{id}": None, f"sla.by_treatment.{id}": None}
    return found


def _label(given: Mapping[str, Any]) -> dict[str, str]:
    return {name: given[name] for name in ("fr", "en") if given[name]}


def _plain(label: Label) -> dict[str, str]:
    return {name: text for name, text in (("fr", label.fr), ("en", label.en)) if text}


def _in_order(known: Sequence[str], chosen: Sequence[str]) -> list[str]:
    """Who was told already stays in their place; others come after."""
    return [*(each for each in known if each in chosen), *(each for each in chosen if each not in known)]
