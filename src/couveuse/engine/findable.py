"""Leads are made findable: the words of each, folded as conditions fold them, and written in the background.

A lead is found by its name, its company, its e-mails whole and in their parts, its user ids, and its telephone number
in the form of its country and in the international one. What is searched for is folded in the same way, and each word
may be the beginning of one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from psycopg import Connection

from couveuse.core.roster import Roster
from couveuse.core.text import email as email_of
from couveuse.core.text import plain
from couveuse.report.persons import NAMED, person
from couveuse.store import findable as store
from couveuse.store.findable import Findable, Told
from couveuse.store.rosters import load_roster

# So many leads are made findable in one transaction, and so many transactions follow one another at a time.
AT_ONCE: Final = 500
IN_A_ROW: Final = 10
# So long a word, so many of a lead, and so many of what is searched for.
MOST_WORD: Final = 80
MOST_WORDS: Final = 80
MOST_ASKED: Final = 8
MOST_SOURCE: Final = 200
# Telephone numbers without a country's prefix are of this country, where neither the lead nor the team says another.
HOME: Final = "FR"
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"[+(]?[\d\s().\-/\u00a0\u202f]+")
_TRUNK = re.compile(r"\(0\)")
_FEWEST_DIGITS: Final = 3


# ---- Words ----------------------------------------------------------------------------------------------------------


def words_in(text: str) -> Iterator[str]:
    """The words of a text, folded.

    >>> list(words_in("Société Dupont-Durand"))
    ['societe', 'dupont', 'durand']
    """
    return (word[:MOST_WORD] for word in _WORD.findall(plain(text)))


def words_of(told: Told, region: str) -> set[str]:
    """The words by which a lead is found; `region` is the country of telephone numbers that name none."""
    who = person(told.traits)
    found: dict[str, None] = {}
    for text in (who.name, who.company, told.company or "", told.domain or ""):
        found.update(dict.fromkeys(words_in(text)))
    for key in told.keys:
        found[plain(key)[:MOST_WORD]] = None
        found.update(dict.fromkeys(words_in(key)))
        if "@" in key:
            found[plain(key.rpartition("@")[2])[:MOST_WORD]] = None
    for number in _telephones(told.traits):
        found.update(dict.fromkeys(_forms(number, _country(told.traits) or region)))
    return {word for word in list(found)[:MOST_WORDS] if word}


def _telephones(traits: Mapping[str, Any]) -> Iterator[str]:
    for name in NAMED["telephone"]:
        value = traits.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            yield str(value)


def _country(traits: Mapping[str, Any]) -> str | None:
    value = traits.get("country")
    return value.strip().upper() if isinstance(value, str) and len(value.strip()) == 2 else None


@lru_cache(maxsize=4096)
def _forms(number: str, region: str) -> tuple[str, ...]:
    """A telephone number's digits: as they stand, as the country writes them, and with its prefix."""
    from phonenumbers import PhoneNumberFormat, format_number, is_possible_number, parse
    from phonenumbers.phonenumberutil import NumberParseException

    digits = _digits(number)
    if len(digits) < _FEWEST_DIGITS:
        return ()
    try:
        parsed = parse(number, region)
    except NumberParseException:
        return (digits,)
    if not is_possible_number(parsed):
        return (digits,)
    national = _digits(format_number(parsed, PhoneNumberFormat.NATIONAL))
    international = _digits(format_number(parsed, PhoneNumberFormat.E164))
    return tuple(dict.fromkeys((national, international, digits)))


def _digits(text: str) -> str:
    return "".join(each for each in text if each.isascii() and each.isdigit())[:MOST_WORD]


def asked_words(text: str) -> tuple[str, ...]:
    """What is searched for as words, of each of which the beginning is enough; empty where there is none.

    >>> asked_words("Ada  BYRON"), asked_words("+33 (0)6 12"), asked_words("ada@example.com")
    (('ada', 'byron'), ('33612',), ('ada@example.com',))
    """
    text = text.strip()
    if _NUMBER.fullmatch(text) and len(_digits(text)) >= _FEWEST_DIGITS:
        digits = _digits(_TRUNK.sub("", text))
        return (digits.removeprefix("00"),)
    found: list[str] = []
    for token in text.split():
        if "@" in token.strip("@"):
            found.append(plain(token)[:MOST_WORD])
        else:
            found += words_in(token)
    return tuple(dict.fromkeys(found))[:MOST_ASKED]


# ---- Rows -----------------------------------------------------------------------------------------------------------


def rows_of(roster: Roster, told: Iterable[Told]) -> Iterator[Findable]:
    """The rows of leads; who has no key has none."""
    region = (roster.hours.holidays or HOME)[:2]
    for each in told:
        if not each.keys:
            continue
        owner = each.traits.get(roster.owner_trait)
        named = email_of(owner) if isinstance(owner, str) else ""
        source = person(each.traits).source[:MOST_SOURCE]
        yield Findable(each.lead_id, words_of(each, region), each.groups, source or None, named[:MOST_SOURCE] or None)


class Indexer:
    """Makes leads findable on the connections of one thread."""

    def work(self, connection: Connection[Any]) -> bool:
        """Write the rows of some leads that are due; returns whether more are waiting."""
        after = 0
        for _ in range(IN_A_ROW):
            lead_ids = self._step(connection, after)
            if len(lead_ids) < AT_ONCE:
                return False
            after = lead_ids[-1]
        return True

    @staticmethod
    def _step(connection: Connection[Any], after: int) -> Sequence[int]:
        with connection.transaction():
            lead_ids = store.due_leads(connection, after=after, most=AT_ONCE)
            if not lead_ids:
                return lead_ids
            roster = load_roster(connection)
            store.begin_again(connection, roster.owner_trait)
            told = store.told_of(connection, lead_ids)
            gone = [each.lead_id for each in told if not each.keys]
            if gone:
                store.forget(connection, gone)
            store.write_findable(connection, list(rows_of(roster, told)))
            store.done(connection, lead_ids, [each.lead_id for each in told])
        return lead_ids
