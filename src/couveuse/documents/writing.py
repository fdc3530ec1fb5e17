"""Models as plain data, every key in its usual order and what is usual left out; and plain data as YAML text."""

import re
from collections.abc import Iterable
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from couveuse.core.conditions import Condition
from couveuse.core.model import (
    Band,
    Cap,
    Conversion,
    Decay,
    Fit,
    HotWhen,
    Label,
    Model,
    Past,
    Persona,
    Repeat,
    Route,
    Rule,
    Topic,
    Value,
    Window,
)
from couveuse.documents.conditions import as_data
from couveuse.documents.durations import written

Entry = dict[str, object]


def plain_model(model: Model) -> Entry:
    """A model as a document has it: keys in their usual order, what is usual left out; it reads back as an equal value.

    Raises BadModel for a length that no document says.
    """
    usual = Model(name="", bands=())
    waits = {key: getattr(model, key) for key in ("fresh", "again_after") if getattr(model, key) != getattr(usual, key)}
    return {"couveuse": 1, "name": model.name} | _without_empty(
        label=_label(model.label),
        timezone=model.timezone,
        strong_links=list(model.strong_links),
        half_life=_length(model.half_life),
        rules=[_rule(rule) for rule in model.rules],
        fit=[_fit(fit) for fit in model.fit],
        caps=_caps(model.caps, model.total_cap),
        bands=[_band(band) for band in model.bands],
        hot_when=[_event(hot) for hot in model.hot_when],
        stage_window=_length(model.stage_window),
        irrelevant=[{"class": str(line.lead_class), "where": as_data(line.where)} for line in model.irrelevant],
        personas=[_persona(persona) for persona in model.personas],
        topics=[_topic(topic) for topic in model.topics],
        value=_value(model.value) if model.value != usual.value else None,
        cycle={"ends_on": list(model.cycle_ends_on)} if model.cycle_ends_on else None,
        conversion=_conversion(model.conversion) if model.conversion != usual.conversion else None,
        recycle_to=_number(model.recycle_to),
        **{key: written(length) for key, length in waits.items()},
    )


def yaml_text(value: object) -> str:
    """Data as YAML text; no line is folded."""
    yaml = YAML()
    yaml.width = 10_000_000  # folding, the writer may break a quoted key over two lines, which no reader takes
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    out = StringIO()
    yaml.dump(value, out)
    return out.getvalue()


def _without_empty(**values: object) -> Entry:
    return {key: value for key, value in values.items() if value is not None and value not in ([], {}, "")}


def _number(number: float | None) -> int | float | None:
    """A whole number without its point, as people write it."""
    return int(number) if number is not None and float(number).is_integer() and abs(number) < 1e15 else number


def _length(length_us: int | None) -> str | None:
    return None if length_us is None else written(length_us)


def _condition(condition: Condition | None) -> Entry | None:
    return None if condition is None else as_data(condition)


def _label(label: Label) -> Entry:
    return _without_empty(fr=label.fr, en=label.en)


def _route(route: Route | None) -> Entry | None:
    return {"team": route.team, "treatment": route.treatment} if route else None


def _repeat(repeat: Repeat | None) -> object:
    if repeat is None or repeat == Repeat(1, Window.EVER):
        return "once" if repeat else None
    return {"at_most": repeat.at_most, "per": str(repeat.per)}


def _half_life(half_life: int | Decay) -> str | None:
    if isinstance(half_life, Decay):
        return "none" if half_life is Decay.NONE else None
    return written(half_life)


def _event(past: Past | HotWhen) -> Entry:
    return _without_empty(
        event=past.event,
        within=_length(past.within),
        at_least=past.at_least if isinstance(past, Past) and past.at_least != 1 else None,
        where=_condition(past.where),
    )


def _rule(rule: Rule) -> Entry:
    return _without_empty(
        id=rule.id,
        label=_label(rule.label),
        event=rule.event,
        where=_condition(rule.where),
        lead=_condition(rule.lead),
        past=[_event(past) for past in rule.past],
        points=_number(rule.points),
        repeat=_repeat(rule.repeat),
        stage=rule.stage.name.lower() if rule.stage is not None else None,
        route=_route(rule.route),
        half_life=_half_life(rule.half_life),
    )


def _fit(fit: Fit) -> Entry:
    return _without_empty(id=fit.id, label=_label(fit.label), where=as_data(fit.where), points=_number(fit.points))


def _caps(caps: Iterable[Cap], total: float | None) -> list[Entry]:
    written_caps: list[Entry] = [
        {"rules": list(cap.rules), "points": _number(cap.points), "per": str(cap.per)} for cap in caps
    ]
    return written_caps if total is None else [*written_caps, {"total": _number(total)}]


def _band(band: Band) -> Entry:
    return _without_empty(
        id=band.id,
        label=_label(band.label),
        up_to=_number(band.up_to),
        rate=_number(band.rate),
        temperature=str(band.temperature),
        route=_route(band.route),
    )


def _persona(persona: Persona) -> Entry:
    return _without_empty(id=persona.id, label=_label(persona.label), where=as_data(persona.where))


def _topic(topic: Topic) -> Entry:
    return {"path": topic.path, "topic": topic.topic}


def _value(value: Value) -> Entry:
    return _without_empty(trait=value.trait, default=_number(value.default))


def _conversion(conversion: Conversion) -> Entry:
    return {"event": conversion.event, "within": written(conversion.within)}


def on_one_line(value: object) -> object:
    """A value on one line: mappings in braces, lists in brackets, text that is more than words between quotes."""
    if isinstance(value, dict):
        mapping = CommentedMap((on_one_line(key), on_one_line(inner)) for key, inner in value.items())
        mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, list):
        sequence = CommentedSeq(on_one_line(inner) for inner in value)
        sequence.fa.set_flow_style()
        return sequence
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    """Only plain words go without quotes: the writer leaves out some that its own reader needs (`?a` in brackets)."""
    return text if _WORDS.fullmatch(text) and text.casefold() not in _OTHER else DoubleQuotedScalarString(text)


_WORDS = re.compile(r"[^\W\d_](?:[\w ./’-]*\w)?|[1-9][0-9]*[mhd]")
_OTHER = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")  # not text to every reader of YAML
