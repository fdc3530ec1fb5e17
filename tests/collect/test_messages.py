"""Bodies as messages: a bad event spoils no other, and no body spoils a process."""

import json
from typing import Any

import pytest

from couveuse.collect import answers
from couveuse.collect.answers import Answer
from couveuse.collect.messages import LARGE_EVENT, MOST_EVENTS, Batch, batch, decoded, is_too_deep, single
from couveuse.core.events import Reject


def of(body: bytes) -> Batch:
    found = batch(body)
    assert isinstance(found, Batch), found.code
    return found


def test_a_batch_holds_its_events_as_they_were_written() -> None:
    found = of(b'{"batch": [{"a": 1}, {"b":[2 ]}], "context": {"ip": 1}, "sentAt": "now", "writeKey": "k", "x": 5}')
    assert found.events == [b'{"a": 1}', b'{"b":[2 ]}']
    assert (found.context, found.sent_at, found.write_key, found.beyond) == ({"ip": 1}, "now", "k", 0)


def test_one_message_is_an_object() -> None:
    assert single(b'{"event": "X"}') == {"event": "X"}
    assert single(b'\xef\xbb\xbf{"event": "X"}') == {"event": "X"}


@pytest.mark.parametrize("body", [b"", b" ", b"null", b"[]", b'"text"', b"5", b"{", b'{"a": NaN}', b'{"a": "\\ud800"}',
                                  b"\xff", b"\x00", b'{"a": 1e999}', b"event=X", b"<xml/>", b"{'a': 1}", b"[" * 40_000,
                                  b'{"a": "\xff"}'])  # fmt: skip
def test_what_is_no_object_is_refused(body: bytes) -> None:
    found = single(body)
    assert found in (answers.NOT_JSON, LARGE_EVENT)
    assert isinstance(batch(body), Answer)


def test_one_message_is_bounded() -> None:
    body = json.dumps({"a": "x" * (32 * 1024)}).encode()
    assert single(body) is LARGE_EVENT


def test_a_batch_without_a_list_is_refused() -> None:
    for body in (b"{}", b'{"batch": null}', b'{"batch": {}}', b'{"batch": "x"}', b"[]", b'{"batch": "\\ud800"}'):
        assert batch(body) is answers.NO_BATCH


def test_what_is_beyond_the_most_is_counted_and_its_first_is_kept() -> None:
    found = of(json.dumps({"batch": [{"n": n} for n in range(MOST_EVENTS + 7)]}).encode())
    assert (len(found.events), found.beyond, found.excess) == (MOST_EVENTS, 7, b'{"n": 2500}')


def test_what_is_beyond_the_most_is_counted_in_a_batch_that_is_no_json_too() -> None:
    found = of(b'{"batch": ["\\ud800"' + b", 0" * (MOST_EVENTS + 6) + b"]}")
    assert (len(found.events), found.beyond, found.excess) == (MOST_EVENTS, 7, b"0")


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (b'{"value": NaN}', Reject.NOT_JSON),
        (b'{"value": [-Infinity]}', Reject.NOT_JSON),
        (b'{"value": "\\ud83d"}', Reject.NOT_TEXT),
        (b'{"value": "\\uDC00 \\u00e9"}', Reject.NOT_TEXT),
        (b'{"value": 1e999}', Reject.NOT_JSON),
        (b'{"value": ' + b"9" * 5000 + b"}", Reject.NOT_JSON),
    ],
)
def test_an_event_that_is_no_json_spoils_no_other(written: bytes, why: Reject) -> None:
    found = of(b'{"batch": [{"a": "\\u00e9"}, ' + written + b', {"b": 2}], "sentAt": "s", "writeKey": "k"}')
    assert [decoded(event) for event in found.events] == [{"a": "é"}, why, {"b": 2}]
    assert (found.sent_at, found.write_key) == ("s", "k")


def test_text_that_is_no_utf_8_spoils_no_other_event() -> None:
    found = of(b'{"batch": [{"a": "\xff"}, {"b": 2}]}')
    assert [decoded(event) for event in found.events] == [Reject.NOT_TEXT, {"b": 2}]


@pytest.mark.parametrize(
    "body", [b'{"batch": [{"a": 1}', b'{"batch": [{"a": NaN}', b'{"batch": [{"a": "\\ud800"}', b"NaN"]
)
def test_a_batch_that_is_cut_short_is_refused(body: bytes) -> None:
    assert batch(body) in (answers.NOT_JSON, answers.NO_BATCH)


def test_what_is_said_for_all_events_may_not_be_large_for_many() -> None:
    context = {"padding": "x" * 10_000}
    assert batch(json.dumps({"batch": [{}] * 500, "context": context}).encode()) is answers.LARGE_CONTEXT
    assert of(json.dumps({"batch": [{}] * 100, "context": context}).encode()).context == context


def test_a_context_that_is_no_object_says_nothing() -> None:
    assert of(b'{"batch": [{}], "context": [1]}').context == {}


def test_a_context_that_is_no_json_is_refused() -> None:
    assert batch(b'{"batch": [{}], "context": {"a": NaN}}') is answers.NOT_JSON


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize(("depth", "found"), [(100, False), (101, True), (900, True), (4000, True)])
def test_what_stands_too_deep_is_found(depth: int, found: bool) -> None:
    assert (decoded(nested(depth)) is Reject.TOO_DEEP) is found


@pytest.mark.parametrize(
    ("value", "most"),
    [
        ("[{" * 300, 1),
        (["[", "]", '"', "\\", '\\"['] * 50, 1),
        ({'"[{\\': {"[[": [{}]}}, 4),
        ([[[[[[[1], {"a": []}]]]]]], 8),
        ([[[[[[[1], {"a": 1}]]]]], []], 7),
    ],
)
def test_only_objects_and_lists_are_deep(value: Any, most: int) -> None:
    written = json.dumps([value] if isinstance(value, str) else value).encode()
    assert not is_too_deep(written, most)
    assert most == 1 or is_too_deep(written, most - 1)


def test_a_batch_that_is_too_deep_for_any_reader_is_refused() -> None:
    deep = nested(100_000)
    assert batch(b'{"batch": [' + deep + b"]}") is answers.TOO_DEEP
    assert batch(b'{"batch": [' + deep + b', "\\ud800"]}') is answers.TOO_DEEP
    assert batch(b'{"batch": ["\\ud800", ' + deep + b"]}") is answers.TOO_DEEP
    assert single(nested(2000)) is answers.TOO_DEEP
    assert single(nested(101)) is answers.TOO_DEEP


def test_huge_integers_are_kept_as_they_are() -> None:
    assert decoded(b"1" * 400) == int("1" * 400)


def test_of_two_keys_of_one_name_the_last_counts() -> None:
    assert decoded(b'{"a": 1, "a": 2}') == {"a": 2}
