"""Leads are made findable a moment after they changed: by name, company, e-mail, user id and telephone number."""

import threading
from collections.abc import Iterator

import pytest

from couveuse.core.model import Stage
from couveuse.documents.team import parse_team
from couveuse.engine.batches import Folder
from couveuse.engine.findable import Indexer, asked_words, words_of
from couveuse.engine.live import LiveModels
from couveuse.engine.merging import merge, unmerge
from couveuse.engine.waking import Clock
from couveuse.store import findable, lead_views, listing
from couveuse.store.findable import Told
from couveuse.store.listing import FIRST, Order, Wanted
from couveuse.store.rosters import apply_roster
from tests.engine.town import NOW, Town, accepted
from tests.processes import until

ADA, BOB = "ada.byron@engines.example.com", "bob@example.org"


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    with Town(database) as found:
        yield found


def index(town: Town) -> None:
    town.work()
    while Indexer().work(town.connection):
        pass


def known(town: Town, key: str, at: int = NOW, **traits: object) -> int:
    town.take(accepted("Traits Set", at, email=key, traits=traits))
    index(town)
    found = town.lead(key)
    assert found is not None
    return found


def find(town: Town, text: str, **asked: object) -> list[int]:
    wanted = Wanted(words=asked_words(text) if text else None, **asked)  # type: ignore[arg-type]
    found, *_ = listing.list_leads(town.connection, town.model_id, wanted, FIRST, most=50)
    return [each.lead_id for each in found]


@pytest.mark.parametrize(
    "text",
    [
        "Ada", "ADA", "byron", "byr ada", "Société", "societe dup", "durand", "ada.byron@engines.example.com",
        "ada.byron@eng", "engines", "example.com", "01 70 18 99 01", "0170189901", "+33 1 70 18", "0033170189901",
        "+33 (0)1 70 18 99 01", "33170189901", "engines.example.com",
    ],
)  # fmt: skip
def test_a_lead_is_found_by_what_it_is_called_and_reached_by(text: str):
    traits = {"first_name": "Àda", "last_name": "Byron", "company": "Société Dupont-Durand", "phone": "01 70 18 99 01"}
    words = words_of(Told(1, traits, [], None, "engines.example.com", [ADA]), "FR")
    asked = asked_words(text)
    assert asked
    assert all(any(word.startswith(each) for word in words) for each in asked), (asked, words)


@pytest.mark.parametrize(
    ("traits", "words"),
    [
        ({"telephone": "01632 960001", "country": "GB"}, {"01632960001", "441632960001"}),
        ({"telephone": "+49 30 23125 001"}, {"03023125001", "493023125001"}),
        ({"telephone": "ext. 1234"}, {"1234"}), ({"telephone": "12"}, set()), ({"telephone": ["x"]}, set()),
        ({"mobile": 612345678}, {"0612345678", "33612345678", "612345678"}),
    ],
)  # fmt: skip
def test_telephone_numbers_are_words_in_both_forms(traits: dict[str, object], words: set[str]):
    assert words_of(Told(1, traits, [], None, None, ["u"]), "FR") - {"u"} == words


def test_words_are_bounded():
    name = " ".join(f"{'x' * 200}{number}" for number in range(300))
    words = words_of(Told(1, {"name": name}, [], None, None, ["u"]), "FR")
    assert len(words) <= 80
    assert max(map(len, words)) <= 80
    assert len(asked_words(" ".join(f"w{number}" for number in range(100)))) == 8


@pytest.mark.parametrize("text", ["", "   ", "!?", "'", "\\", ":*", "&|!()", "<->"])
def test_what_is_no_word_asks_for_nothing(text: str):
    assert asked_words(text) == ()


@pytest.mark.parametrize("text", ["o'hara", "a\\b", "ada' | 'x", "ada:*", "@ada"])
def test_whatever_is_searched_for_is_a_question_that_can_be_asked(town: Town, text: str):
    assert find(town, text) == []


def test_it_works(town: Town):
    ada, bob = known(town, ADA, first_name="Ada", company="Engines"), known(town, BOB, last_name="Byron")
    assert find(town, "byron") == [ada, bob]
    assert find(town, "ada eng") == [ada]
    assert findable.waiting(town.connection, 10) == 0


def test_who_was_only_seen_is_found_by_the_email_and_by_a_user_id_that_came_later(town: Town):
    town.take(accepted("Page Viewed", email=ADA))
    index(town)
    town.take(accepted("Page Viewed", email=ADA, user_id="U-77"))
    index(town)
    assert find(town, "u-77") == find(town, "ada") == [town.lead(ADA)]


def test_the_best_score_comes_first(town: Town):
    town.take(accepted("Page Viewed", email="a@example.com"), accepted("Quote Requested", email="b@example.com"))
    index(town)
    assert find(town, "example") == [town.lead("b@example.com"), town.lead("a@example.com")]


def test_what_changes_is_found_anew_and_no_more_as_before(town: Town):
    known(town, ADA, company="Engines")
    ada = known(town, ADA, NOW + 1, company="Looms", lead_source="salon", owner="Alice@Example.org ")
    assert find(town, "looms", sources=["salon"], owners=["alice@example.org"]) == [ada]
    assert town.rows("select words::text like '%%engine''%%' from findable") == [(False,)]


def test_groups_are_found_and_learnt(town: Town):
    ada, _ = known(town, ADA, a=1), known(town, BOB, a=1)
    town.take(accepted("Group Joined", NOW + 1, email=ADA, group="Newsletter"))
    index(town)
    assert find(town, "", groups=["Newsletter"]) == [ada]
    assert lead_views.around(town.connection, 1).groups == ["Newsletter"]


def test_sources_are_told_by_name(town: Town):
    for number, source in enumerate(["web", "salon", "web", "referral"]):
        known(town, f"{number}@example.com", lead_source=source)
    known(town, ADA, a=1)
    assert lead_views.around(town.connection, 1).sources == ["referral", "salon", "web"]


def test_merged_leads_are_one_and_found_by_both_until_they_are_two_again(town: Town):
    ada, bob = known(town, ADA, name="Ada"), known(town, BOB, name="Bob")
    folder, models = Folder(town.url), LiveModels()
    number = merge(town.connection, folder, models, ada, bob, by="alice", now=NOW)
    index(town)
    assert find(town, "ada") == find(town, "bob") == [bob]
    unmerge(town.connection, folder, models, number, by="alice", now=NOW)
    index(town)
    assert (find(town, "ada"), find(town, "bob@example")) == ([ada], [bob])


def test_another_trait_that_names_owners_makes_all_anew(town: Town):
    ada = known(town, ADA, owner="alice", account_manager="bob")
    team = "couveuse: 1\nteam: x\nowner: account_manager\nmembers:\n  - {id: bob, name: Bob, email: b@example.org}\n"
    team += "teams: [{id: sales, members: [bob]}]\n"
    apply_roster(town.connection, parse_team(team, "team"), by="a test", now=NOW)
    known(town, BOB, a=1)  # whoever is indexed next sees it
    index(town)
    assert find(town, "", owners=["bob"]) == [ada]


def test_who_is_erased_is_not_found(town: Town, tmp_path):
    from couveuse.engine.erasing import Eraser

    known(town, ADA, name="Ada")
    Eraser(town.url, tmp_path).erase(ADA, by="alice", now=NOW)
    assert town.rows("select count(*) from findable") == [(0,)]
    index(town)
    assert findable.waiting(town.connection, 10) == 0


def test_the_clock_makes_leads_findable_while_it_runs(town: Town):
    town.take(accepted("Traits Set", email=ADA, traits={"name": "Ada"}))
    stopping = threading.Event()
    clock = threading.Thread(target=Clock(town.url, town.tally).run, args=(stopping,))
    clock.start()
    try:
        until(lambda: find(town, "ada") == [town.lead(ADA)])
    finally:
        stopping.set()
        clock.join()


# ---- Lists -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """What three leads have is many."""
    monkeypatch.setattr(listing, "FEW", 2)
    monkeypatch.setattr(listing, "WINDOWS", (2, 2, 2))


def test_what_many_have_is_walked_in_the_same_order_as_what_few_have(town: Town, monkeypatch: pytest.MonkeyPatch):
    for number in range(9):
        facts = [accepted("Page Viewed", NOW + each, email=f"{number}@example.com") for each in range(number % 5)]
        town.take(accepted("Traits Set", email=f"{number}@example.com", traits={"lead_source": "web"}), *facts)
    index(town)
    wanted = Wanted(sources=["web"], words=("example",))

    def walked(order: Order) -> list[int]:
        found, after = [], FIRST
        while after is not None:
            page, after, _ = listing.list_leads(
                town.connection, town.model_id, wanted, after, most=2, order=order
            )  # fmt: skip
            found += [each.lead_id for each in page]
        return found

    def total() -> int | None:
        return listing.list_leads(town.connection, town.model_id, wanted, FIRST, most=2).total

    in_memory = [walked(order) for order in Order]
    assert total() == 9
    monkeypatch.setattr(listing, "FEW", 2)
    monkeypatch.setattr(listing, "WINDOWS", (2, 2, 2))
    assert [walked(order) for order in Order] == in_memory
    assert len(in_memory[0]) == 9
    assert in_memory[1] == in_memory[2][::-1] == sorted(in_memory[0])
    assert total() == 3  # more than few


def test_a_walk_that_finds_little_ends_and_tells_where_it_goes_on(town: Town, few: None):
    for number in range(20):
        source = "rare" if number == 19 else "web"
        known(town, f"{number}@example.com", NOW + number, lead_source=source)
    wanted = Wanted(words=("example",), active_since=NOW + 1)
    found, after, _ = listing.list_leads(town.connection, town.model_id, wanted, FIRST, most=5)
    assert found == []
    assert after is not None


def test_stages_and_classes_are_walked_by_their_own_index(town: Town):
    town.take(accepted("Quote Requested", email=ADA), accepted("Page Viewed", email=BOB))
    town.take(accepted("Traits Set", email="c@example.com", traits={"lead_class": "student"}))
    ada, bob, c = (town.lead(key) for key in (ADA, BOB, "c@example.com"))
    assert find(town, "", stages=[int(Stage.DECISION), int(Stage.DISCOVERY)]) == [ada, bob]
    assert find(town, "", stages=[-1]) == find(town, "", classes=["student", "vendor"]) == [c]
    for wanted, number in (
        (Wanted(stages=[int(Stage.DECISION), int(Stage.DISCOVERY)]), 2),
        (Wanted(classes=["student"]), 1),
        (Wanted(), 3),
    ):
        assert listing.count_leads(town.connection, town.model_id, wanted) == number
    assert listing.count_leads(town.connection, town.model_id, Wanted(temperatures=[2])) is None


def test_a_lead_is_mine_by_its_owner_or_by_a_task(town: Town):
    ada, bob = known(town, ADA, owner="alice"), known(town, BOB, a=1)
    known(town, "c@example.com", a=1)
    assert set(find(town, "", owners=["alice"], leads=[bob], is_either=True)) == {ada, bob}
    assert find(town, "", leads=[bob]) == [bob]
    assert ada not in find(town, "", owners=[""])
