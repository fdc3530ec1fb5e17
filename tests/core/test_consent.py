import re
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couveuse.core.consent import (
    ALSO_CALLED,
    SAYS,
    Basis,
    Channel,
    Purpose,
    Refusal,
    Said,
    Suppressed,
    Suppression,
    is_suppressed,
    may,
    purpose_of,
    said_by,
    standings,
    suppression_by,
    why_not,
)
from couveuse.core.times import DAY_US
from tests.core.making import START, a_fact

EMAIL = Purpose.MARKETING_EMAIL


def a_word(is_given: bool, day: float = 0, **said: object) -> Said:
    return replace(Said(EMAIL, is_given, START + round(day * DAY_US)), **said)


def allowed(*words: Said, is_known: bool = True, at: int | None = None) -> bool:
    return may(EMAIL, standings(words, is_known=is_known, at=at))


def test_it_works() -> None:
    given_ = said_by(a_fact("Consent Given", purpose="newsletter", basis="consent", source="salon 2026", wording="v2"))
    assert given_ == Said(EMAIL, True, START, "consent", "salon 2026", "v2")
    (standing,) = standings([given_], is_known=True).values()
    assert (standing.is_given, standing.at, standing.basis, standing.source, standing.wording) == (
        True, START, "consent", "salon 2026", "v2",
    )  # fmt: skip
    assert may(EMAIL, {EMAIL: standing})


# ---- What facts say ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["Unsubscribed", "Email Complained"])
def test_who_unsubscribes_or_complains_withdraws_marketing_e_mail(event: str) -> None:
    said = said_by(a_fact(event, source="mailer"))
    assert said is not None
    assert (said.purpose, said.is_given, said.source) == (EMAIL, False, "mailer")


def test_other_facts_say_nothing_of_consents() -> None:
    assert said_by(a_fact("Newsletter Subscribed")) is None
    assert said_by(a_fact("Email Bounced", type="hard")) is None


def test_a_giving_without_a_basis_is_a_consent_and_without_a_source_the_senders() -> None:
    said = said_by(a_fact("Consent Given", purpose="phone", source="crm"))
    assert said is not None
    assert (said.basis, said.source) == (Basis.CONSENT, "crm")


def test_a_purpose_that_is_not_known_is_kept_and_allows_nothing() -> None:
    said = said_by(a_fact("Consent Given", purpose="Text messages"))
    assert said is not None
    assert said.purpose == "text_messages"
    held = standings([said], is_known=False)
    assert not any(may(purpose, held) for purpose in Purpose)


def test_a_basis_that_is_not_known_gives_nothing() -> None:
    assert not allowed(a_word(True, basis="vague"))


@pytest.mark.parametrize(
    ("text", "purpose"),
    [("marketing-email", EMAIL), (" Marketing E-mail ", EMAIL), ("EMAIL", EMAIL), ("Téléphone", Purpose.PHONE),
     ("Web tracking", Purpose.WEB_TRACKING)],
)  # fmt: skip
def test_a_purpose_is_known_however_it_is_written(text: str, purpose: Purpose) -> None:
    assert purpose_of(text) == purpose


def test_a_complaint_and_a_bounce_for_good_suppress_the_address_written_to() -> None:
    bounce = a_fact("Email Bounced", bounce_type="Permanent", recipient=" Ana@Example.com ")
    assert suppression_by(bounce, "other@example.com") == Suppressed(
        Channel.EMAIL, "ana@example.com", Suppression.BOUNCED, START
    )
    complaint = suppression_by(a_fact("Email Complained"), "ana@example.com")
    assert complaint == Suppressed(Channel.EMAIL, "ana@example.com", Suppression.COMPLAINED, START)
    assert suppression_by(a_fact("Email Complained"), None) is None


@pytest.mark.parametrize("words", [{}, {"type": "soft"}, {"bounce_type": 5}, {"permanent": "true"}])
def test_a_bounce_that_may_pass_suppresses_nothing(words: dict[str, object]) -> None:
    assert suppression_by(a_fact("Email Bounced", **words), "ana@example.com") is None


# ---- What holds --------------------------------------------------------------------------------------------


def test_nothing_is_allowed_of_which_nothing_was_said() -> None:
    assert why_not(EMAIL, {}) is Refusal.NOT_GIVEN
    assert why_not(Purpose.PHONE, standings([a_word(True)], is_known=True)) is Refusal.NOT_GIVEN


def test_of_one_lead_the_last_own_word_stands() -> None:
    assert not allowed(a_word(True, 0), a_word(False, 1))
    assert allowed(a_word(False, 0), a_word(True, 1))


def test_a_withdrawal_comes_behind_a_giving_of_the_same_instant() -> None:
    assert not allowed(a_word(False, 0), a_word(True, 0))


def test_only_the_persons_own_word_gives_again_what_was_withdrawn() -> None:
    withdrawn = a_word(False, 0)
    assert not allowed(withdrawn, a_word(True, 1, basis=Basis.LEGITIMATE_INTEREST))
    assert not allowed(withdrawn, a_word(True, 1, is_declared=True))
    assert allowed(withdrawn, a_word(True, 1, is_declared=True), a_word(True, 2))


def test_as_of_an_instant_later_words_are_not_known() -> None:
    words = (a_word(True, 0), a_word(False, 2))
    assert allowed(*words, at=START + DAY_US)
    assert not allowed(*words)


def test_between_merged_leads_the_most_restrictive_holds() -> None:
    one, other = a_word(False, 0, root=1), a_word(True, 9, root=2)
    assert not allowed(one, other)
    assert allowed(replace(one, root=2), other)


def test_a_claim_may_withdraw_and_gives_nothing_for_a_lead_that_is_known() -> None:
    claimed = a_word(True, 1, is_claim=True)
    assert not allowed(claimed)
    assert allowed(claimed, is_known=False)
    assert not allowed(a_word(True, 0), a_word(False, 1, is_claim=True))


def test_an_address_that_is_missing_or_suppressed_is_told_before_consent() -> None:
    held = standings([a_word(False)], is_known=True)
    assert why_not(EMAIL, held, has_address=False, suppressed=True) is Refusal.NO_ADDRESS
    assert why_not(EMAIL, held, suppressed=True) is Refusal.SUPPRESSED
    assert why_not(EMAIL, held) is Refusal.WITHDRAWN


def test_a_purpose_without_a_channel_needs_no_address() -> None:
    held = standings([a_word(True, purpose=Purpose.PROFILING)], is_known=True)
    assert may(Purpose.PROFILING, held, has_address=False, suppressed=True)


def test_a_suppression_holds_until_it_is_lifted() -> None:
    row = Suppressed(Channel.EMAIL, "ana@example.com", Suppression.BOUNCED, START)
    lifted = replace(row, at=START + 1, is_lifted=True, reason=Suppression.BY_HAND)
    assert not is_suppressed([])
    assert is_suppressed([row])
    assert not is_suppressed([row, lifted])
    assert is_suppressed([lifted, replace(row, at=START + 1)])
    assert is_suppressed([row, lifted], at=START)


# ---- Whatever is said --------------------------------------------------------------------------------------

WORDS = st.lists(
    st.builds(
        Said,
        purpose=st.sampled_from([EMAIL, Purpose.PHONE]),
        is_given=st.booleans(),
        at=st.integers(0, 4),
        basis=st.sampled_from([*Basis, "vague"]),
        source=st.sampled_from(["", "salon"]),
        is_claim=st.booleans(),
        is_declared=st.booleans(),
        root=st.integers(1, 3),
    ),
    max_size=12,
)


@given(WORDS, st.booleans(), st.integers(0, 2**32))
def test_the_order_of_arrival_does_not_matter(words: list[Said], is_known: bool, seed: int) -> None:
    shuffled = words.copy()
    Random(seed).shuffle(shuffled)
    assert standings(words, is_known=is_known) == standings([*shuffled, *words], is_known=is_known)


@given(WORDS, st.booleans())
def test_a_merge_allows_nothing_that_one_of_its_leads_has_withdrawn(words: list[Said], is_known: bool) -> None:
    merged = standings(words, is_known=is_known)
    for root in {word.root for word in words}:
        alone = standings([word for word in words if word.root == root], is_known=is_known)
        for purpose, standing in alone.items():
            assert standing.is_given or not merged[purpose].is_given


@given(WORDS, st.booleans())
def test_a_last_withdrawal_ends_what_was_allowed_whatever_was_said_before(words: list[Said], is_known: bool) -> None:
    for root in {1, *(word.root for word in words)}:
        last = Said(EMAIL, False, 9, root=root)
        assert not may(EMAIL, standings([*words, last], is_known=is_known))


@given(WORDS, st.booleans())
def test_what_is_declared_of_a_person_never_gives_what_the_person_has_withdrawn(
    words: list[Said], is_known: bool
) -> None:
    before = standings(words, is_known=is_known)
    declared = [Said(EMAIL, True, 9, basis, is_declared=True, root=root) for basis in Basis for root in (1, 2, 3)]
    after = standings([*words, *declared], is_known=is_known)
    assert EMAIL not in before or before[EMAIL].is_given or not after[EMAIL].is_given


def test_the_page_names_every_purpose_basis_event_and_other_word() -> None:
    page = (Path(__file__).parents[2] / "docs" / "concepts" / "consent.md").read_text(encoding="utf-8")
    said = set(re.findall(r"`([^`\n]+)`", page))
    names = {*Purpose, *Basis, *SAYS, "Email Bounced"} - {"Consent Given"}
    assert {str(name) for name in names} <= said
    assert {word for word in ALSO_CALLED if word != "email_marketing"} <= said
