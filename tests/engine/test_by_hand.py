"""What people of ours do to one lead: once for each id, whatever they do."""

import pytest

from couveuse.core.outcomes import Said
from couveuse.engine.by_hand import ByHand, Deed, IdTaken, digest_of, once, say
from couveuse.engine.recording import Whose
from tests.engine.town import NOW, Town, accepted

DID = "did something"


@pytest.fixture
def town(database):
    with Town(database) as town:
        yield town


@pytest.fixture
def leads(town):
    town.take(accepted("Page Viewed", email="ada@example.com"), accepted("Page Viewed", email="bob@example.com"))
    return town.lead("ada@example.com"), town.lead("bob@example.com")


class Writing:
    """Counts the leads that were written of."""

    def __init__(self, town: Town) -> None:
        self._town, self.written = town, list[Whose]()

    def once(self, lead_id: int, *, id: str = "1", said: str = "a", did: str = DID) -> ByHand | None:
        deed = Deed(did, id, said, "another deed")
        return once(self._town.connection, lead_id, deed, self.written.append, by="alice", now=NOW)


def test_it_works(town, leads):
    writing = Writing(town)
    assert writing.once(leads[0]) == ByHand(leads[0], is_new=True)
    assert writing.written == [Whose(leads[0], "ada@example.com", None)]
    ((about,),) = town.rows("select about from audit where did = %s and by = 'alice'", DID)
    assert about == {"lead": leads[0], "key": digest_of("1"), "said": "a"}


def test_the_same_id_is_done_once_and_another_deed_may_have_it(town, leads):
    writing = Writing(town)
    writing.once(leads[0])
    assert writing.once(leads[0]) == ByHand(leads[0], is_new=False)
    assert len(writing.written) == 1
    assert writing.once(leads[0], did="did something else") == ByHand(leads[0], is_new=True)


def test_an_id_that_stands_for_something_else_or_another_lead_is_refused_and_nothing_is_written(town, leads):
    writing = Writing(town)
    writing.once(leads[0])
    with pytest.raises(IdTaken, match="1: this id stands for another deed; choose another one"):
        writing.once(leads[0], said="b")
    with pytest.raises(IdTaken):
        writing.once(leads[1])
    assert len(writing.written) == 1


def test_where_writing_fails_the_id_is_free_again(town, leads):
    def fail(_: Whose) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        once(town.connection, leads[0], Deed(DID, "1", "a"), fail, by="alice", now=NOW)
    assert town.rows("select count(*) from audit where did = %s", DID) == [(0,)]
    assert Writing(town).once(leads[0]) == ByHand(leads[0], is_new=True)


def test_of_a_lead_that_is_not_there_nothing_is_said(town, leads):
    said = [Said("Note Written", NOW, {"text": "x"}, {})]
    assert say(town.connection, 99, said, did=DID, id="1", by="alice", now=NOW) is None
    assert town.rows("select count(*) from audit where did = %s", DID) == [(0,)]
