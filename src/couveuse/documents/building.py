"""A checked shape made into the core's value; nothing is checked here."""

from collections.abc import Iterable

from couveuse.core.model import (
    Band,
    Cap,
    Conversion,
    Fit,
    HotWhen,
    Irrelevant,
    Label,
    LeadClass,
    Model,
    Past,
    Persona,
    Repeat,
    Route,
    Rule,
    Stage,
    Temperature,
    Topic,
    Value,
    Window,
)
from couveuse.documents.shapes import (
    BandShape,
    CapShape,
    ConversionShape,
    FitShape,
    LabelShape,
    ModelShape,
    PastShape,
    PersonaShape,
    RepeatShape,
    RouteShape,
    RuleShape,
    TotalShape,
)


def build(shape: ModelShape) -> Model:
    """The model that a document says, with the core's defaults for what it leaves out."""
    waits = {"fresh": shape.fresh, "again_after": shape.again_after}
    return Model(
        name=shape.name,
        label=_label(shape.label),
        timezone=shape.timezone,
        strong_links=tuple(shape.strong_links),
        half_life=shape.half_life,
        rules=tuple(_rule(rule) for rule in shape.rules),
        fit=tuple(_fit(fit) for fit in shape.fit),
        caps=tuple(_caps(shape.caps)),
        total_cap=next((cap.total for cap in shape.caps if isinstance(cap, TotalShape)), None),
        bands=tuple(_band(band) for band in shape.bands),
        hot_when=tuple(HotWhen(hot.event, hot.within, hot.where) for hot in shape.hot_when),
        stage_window=shape.stage_window,
        irrelevant=tuple(Irrelevant(LeadClass(line.lead_class), line.where) for line in shape.irrelevant),
        personas=tuple(_persona(persona) for persona in shape.personas),
        topics=tuple(Topic(topic.path, topic.topic) for topic in shape.topics),
        value=Value(shape.value.trait, shape.value.default) if shape.value else Value(),
        cycle_ends_on=tuple(shape.cycle.ends_on) if shape.cycle else (),
        conversion=_conversion(shape.conversion),
        recycle_to=shape.recycle_to,
        **{key: length for key, length in waits.items() if length is not None},
    )


def _label(shape: LabelShape | None) -> Label:
    return Label(shape.fr, shape.en) if shape else Label()


def _route(shape: RouteShape | None) -> Route | None:
    return Route(shape.team, shape.treatment) if shape else None


def _repeat(shape: RepeatShape | str) -> Repeat | None:
    if isinstance(shape, RepeatShape):
        return Repeat(shape.at_most, Window(shape.per))
    return Repeat(1, Window.EVER) if shape == "once" else None


def _past(shape: PastShape) -> Past:
    return Past(shape.event, shape.within, shape.at_least, shape.where)


def _rule(shape: RuleShape) -> Rule:
    return Rule(
        id=shape.id,
        event=shape.event,
        points=shape.points,
        label=_label(shape.label),
        where=shape.where,
        lead=shape.lead,
        past=tuple(_past(past) for past in shape.past or ()),
        repeat=_repeat(shape.repeat),
        stage=Stage[shape.stage.upper()] if shape.stage else None,
        route=_route(shape.route),
        half_life=shape.half_life,
    )


def _fit(shape: FitShape) -> Fit:
    return Fit(shape.id, shape.where, shape.points, _label(shape.label))


def _caps(shapes: Iterable[CapShape | TotalShape]) -> Iterable[Cap]:
    return (Cap(tuple(cap.rules), cap.points, Window(cap.per)) for cap in shapes if isinstance(cap, CapShape))


def _band(shape: BandShape) -> Band:
    temperature = Temperature(shape.temperature)
    return Band(shape.id, shape.up_to, shape.rate, temperature, _label(shape.label), _route(shape.route))


def _persona(shape: PersonaShape) -> Persona:
    return Persona(shape.id, shape.where, _label(shape.label))


def _conversion(shape: ConversionShape | None) -> Conversion:
    if shape is None:
        return Conversion()
    return Conversion(shape.event) if shape.within is None else Conversion(shape.event, shape.within)
