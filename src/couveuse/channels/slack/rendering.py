"""A notice as a message of Slack's: blocks, and the line that a telephone shows.

Slack's three signs (& < >) are escaped everywhere, so that nobody's name calls a whole channel or makes a link.
"""

from collections.abc import Iterator
from typing import Any, Final

from couveuse.channels.telling import Told, tell, words
from couveuse.core.notices import Notice

# Slack takes so much: a text of 3,000 characters, a field of 2,000, 10 fields, 50 blocks.
TEXT, FIELD, FIELDS, ITEMS = 2_900, 1_900, 10, 20
_SIGNS: Final = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))


def render(notice: Notice) -> dict[str, Any]:
    """The body of a message."""
    told = tell(notice)
    return {"text": escaped(told.subject), "blocks": list(_blocks(told)), "unfurl_links": False}


def escaped(text: str) -> str:
    """A text without meaning to Slack.

    >>> escaped("<!channel> R&D")
    '&lt;!channel&gt; R&amp;D'
    """
    for sign, harmless in _SIGNS:
        text = text.replace(sign, harmless)
    return text


def _blocks(told: Told) -> Iterator[dict[str, Any]]:
    for mark in told.marks:
        yield {"type": "context", "elements": [_text(escaped(mark))]}
    yield _section("\n".join(_head(told)))
    if told.facts:
        fields = [_text(f"{_strong(label)}\n{escaped(value)}"[:FIELD]) for label, value in told.facts[:FIELDS]]
        yield {"type": "section", "fields": fields}
    for item in told.items[:ITEMS]:
        yield _section("\n".join(_item(item)))
    if told.lines:
        rows = [f"{line.points}  {line.label}{f' ({line.when})' if line.when else ''}" for line in told.lines]
        why = words(told.language).say("part.why")
        yield _section("\n".join((_strong(why), *map(escaped, rows))))
    for note in told.notes[:3]:
        yield _section(escaped(note))
    if told.url:
        yield _section(_link(told.url, told.act))


def _head(told: Told) -> Iterator[str]:
    score = f" · {told.score.points} {told.score.word}".rstrip() if told.score else ""
    yield f"{_strong(told.kind)} · {_strong(told.title)}{escaped(score)}"
    if told.who:
        contact = " · ".join(text for text in (told.who.beneath, told.who.telephone, told.who.email) if text)
        yield from ([escaped(contact)] if contact else [])
    yield from (escaped(sentence) for sentence in told.sentences)
    if told.score and told.score.worth:
        yield escaped(told.score.worth)


def _item(item: Told) -> Iterator[str]:
    score = f" · {item.score.points} {item.score.word}".rstrip() if item.score else ""
    title = _link(item.url, item.title) if item.url else _strong(item.title)
    yield f"{escaped(item.kind)} · {title}{escaped(score)}"
    said = (item.who.beneath if item.who else "", *item.sentences[:1], item.what)
    yield from (escaped(text) for text in said if text)


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _text(text[:TEXT])}


def _text(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _strong(text: str) -> str:
    return f"*{escaped(text).replace('*', '∗')}*"


def _link(url: str, text: str) -> str:
    return f"<{escaped(url).replace('|', '%7C')}|{escaped(text).replace('|', '¦')}>"
