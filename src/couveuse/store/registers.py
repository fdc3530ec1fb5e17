"""Numbers for words that recur in every row: the names of events and of sources. A number once given never changes."""

from collections.abc import Collection, Iterable
from typing import Any

from psycopg import Connection

from couveuse.store.statements import statement


class Register:
    """The numbers of one kind of word, remembered in this process as they are met."""

    def __init__(self, noun: str, numbers: str, words: str) -> None:
        self._numbers, self._words = statement(noun, numbers), statement(noun, words)
        self._by_word: dict[str, int] = {}
        self._by_number: dict[int, str] = {}

    def numbers(self, connection: Connection[Any], words: Collection[str]) -> dict[str, int]:
        """The numbers of words; those that have none get one in the caller's transaction."""
        missing = sorted({word for word in words if word not in self._by_word})
        while missing:
            self._remember(connection.execute(self._numbers, {"names": missing}).fetchall())
            # Another transaction may have given a number at the same time; it has committed since.
            missing = [word for word in missing if word not in self._by_word]
        return self._by_word

    def words(self, connection: Connection[Any], numbers: Collection[int]) -> dict[int, str]:
        """The words of numbers."""
        missing = [number for number in set(numbers) if number not in self._by_number]
        if missing:
            self._remember(connection.execute(self._words, [missing]).fetchall())
        return self._by_number

    def forget(self) -> None:
        """After a transaction that failed: its numbers are nobody's."""
        self._by_word.clear()
        self._by_number.clear()

    def _remember(self, found: Iterable[tuple[int, str]]) -> None:
        for number, word in found:
            self._by_word[word] = number
            self._by_number[number] = word


def event_names() -> Register:
    """The names of events."""
    return Register("events", "name_ids", "names")


def sources() -> Register:
    """The names of sources."""
    return Register("events", "source_ids", "sources")
