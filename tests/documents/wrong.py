"""Documents that are wrong in every way that there is, for the tests of what is said of them, and in which language."""

import re
import tomllib
from functools import cache
from importlib.resources import files

from couveuse.documents.sentences import TABLE
from tests.documents.parts import HEAD, RULE

TEAM_HEAD = """\
couveuse: 1
team: pompes
members:
  - {id: alice, name: Alice, email: alice@example.com}
"""
SALES = "teams:\n  - {id: sales, members: [alice]}\n"

# What stands after the head of a scoring model that is sound without it.
IN_MODELS = (
    # YAML that is none
    "a: *nowhere\n", "a: &x 1\nb: &x 2\n", "a: [1\n", "a: [1 2: 3}\n", "a: 'open\n", "\t- a\n", "a: b: c\n",
    "a: x\0y\n", "---\nb: 1\n", "a: @x\n", "a: &\n", "a: |x\n", "a: > |\n", 'a: "\\q"\n', "b\nc: 1\n",
    "a:\n    - b\n  - c\n", "a: - b\n", "a: !!python/name:os.system x\n", "12: x\n",
    "rules:\n  - {id: b, <<: 3, event: X, points: 2}\n", "a: }\n", "timezone: UTC\ntimezone: UTC\n",
    f"a: {'[' * 60}{']' * 60}\n", f"topics: [{'x,' * 20_000}x]\n",
    f"# {'x' * 1_000_000}\n",
    # One value by itself
    "colour: red\nname: 5\n", "half_life: 3 months\n", "timezone: Europe/Pari\nlabel: \n", "timezone: none\n",
    "value: {trait: traits.amount, default: -1}\n", "thresholds: 1\n", f"topics: [{{path: {'x' * 501}, topic: ' '}}]\n",
    "rules: [{id: A b, event: '', points: .inf, repeat: 3, stage: sold, half_life: 0d}]\n",
    'topics: [{path: "\\ud800"}]\n',
    "rules: [5, {id: a, event: [], points: five, repeat: {at_most: 1.5, per: year}}]\n", "fit: {}\n",
    "strong_links: [5]\n", "cycle: {ends_on: []}\nconversion: {within: 6 months}\n", "value: {default: true}\n",
    "irrelevant: [{class: x}]\n",
    "rules: [{id: a, event: A, points: 1, past: [{event: X, at_least: 101}]}]\n", "topics: {path: /}\n",
    # Conditions
    *(RULE.format(f"where: {{{test}}}") for test in (
        "x: {matchs: a}", "x: {in: FR}", "x: {in: []}", "x: {in: [[FR]]}", "x: {gt: y}", "x: {gt: .nan}",
        "x: {equals: ''}", "x: {between: [5]}", "x: {between: [6, 5]}", "x: {exists: 1}", "x: {matches: 5}",
        "x: {matches: }", "x: [a]", "x: {}", "", "all: {x: 1}", "any: [5, {lead.x: 1}, {trait.x: 1}, {context: 1}]",
        "'': 1", "any: [[], {x: {gt: {y: 1}}}]",
    )),
    "fit: [{id: f, points: 1, where: {groups: x}}, {id: g, points: 1, where: {groups: {gt: 1}}}]\n",
    "fit: [{id: f, points: 1, where: {score: 5}}, {id: g, points: 1, where: {stages.x: 1}}]\n",
    "personas: [{id: p, where: {topic.x: 1}}]\n",
    # What the parts say to each other
    "rules: [{id: add, event: X, points: 1}, {id: low, event: X, points: 1}]\n",
    "caps: [{rules: [nope], points: 1, per: day}, {total: 1}, {total: 2}]\n",
    """\
rules: [{id: a, event: A, points: 1}, {id: b, event: B, points: -1}]
fit: [{id: f, where: {traits.x: 1}, points: 1}]
caps: [{rules: [a, a, b, f], points: 1, per: day}]
""",
    f"rules: [{', '.join(f'{{id: r{n}, event: X, points: 1, half_life: {n}d}}' for n in range(1, 7))}]\n",
    "rules: [{id: a, event: Email Clicked, points: 1, repeat: {at_most: 1, per: visit}}]\n",
)  # fmt: skip

# Whole documents that are no scoring model.
BAND = "{{id: {0}, rate: 0, temperature: cold{1}}}"
DEAR = "{id: c, rate: 5, temperature: cold}"
NO_MODELS = (
    'a: "\\U99999999"\n', 'a: "\\U00110000"\n', "%YAML 9.9\n---\na: 1\n", "",
    "- a\n", "couveuse: 2\nname: x\nbands: []\n", "couveuse: 1\nname: x\n",
    f"couveuse: 1\nname: x\nbands: [{BAND.format('a', '')}, {BAND.format('b', ', up_to: 1')}]\n",
    f"couveuse: 1\nname: x\nbands: [{BAND.format('a', ', up_to: 2')}, {BAND.format('b', ', up_to: 1')}, {DEAR}]\n",
)  # fmt: skip

# Whole documents that are no team's.
NO_TEAMS = (
    "", "just words\n", "couveuse: 1\nteam: x\nteams: []\ncurrency: euros\n", f"# {'x' * 1_000_000}\n",
    *(f"{TEAM_HEAD}{SALES}{more}\n" for more in (
        "hours: {holidays: XX}", "hours: {holidays: fr}", "hours: {holidays: FR-99}", "hours: {holidays: 3}",
        "hours: 3", "hours: {days_off: [2026-02-30], week: {}}",
        "hours: {week: {lun: [], mon: 9, tue: [9-18], tue-wed: []}}",
        'hours: {week: {mon: []}}', 'hours: {week: {mon: ["18:00-09:00"], tue: ["09:00-12:00", "11:00-18:00"]}}',
        "lists: {direction: [boss, email, {slack: Sales!}, {slak: sales}, {slack: a, webhook: b}]}",
        "lists: {lead: [a@example.com], alice: [a@example.com], none: []}",
    )),
    *(f"{TEAM_HEAD}teams:\n  - {{id: sales, {clauses}}}\n" for clauses in (
        "members: [alice, alice, carl], leads: [bob]", "leads: [alice]", "assignment: load, digest: 8h",
        "members: [alice], assignment: territory, owner_first: maybe", "alert: [boss, lead]",
        "members: [alice], territories: [{id: n, where: {traits.x: 1}, members: [alice]}]",
        "sla: {raise_every: 4h, within: 1d, by_treatment: {call: 1h}}",
        'label: {fr: "a\\0"}, members: [alice]',
    )),
    f"""\
{TEAM_HEAD}  - {{id: carl, name: Carl, email: ALICE@example.com, absences: [{{from: 2026-01-02, until: 2026-01-01}}]}}
  - {{id: alice, name: Other, email: other@example.com}}
{SALES}""",
    "couveuse: 1\nteam: x\nteams: [{id: sales, members: [alice]}]\n",
)  # fmt: skip

MODELS = (*(HEAD + each for each in IN_MODELS), *NO_MODELS)
TEAMS = NO_TEAMS


@cache
def _english() -> re.Pattern[str]:
    """What the English sentences are made of between their values, as far as it is more than a word."""
    sections = tomllib.loads(files("couveuse.documents").joinpath(TABLE).read_text("utf-8"))
    texts = [each for names in sections.values() for each in names.values()]
    french = [each["fr"] for each in texts]
    parts = {part.strip(" ;:,.(") for each in texts for part in re.split(r"{\w+}", each["en"])}
    told = {each for each in parts if " " in each and not any(each in other for other in french)} | {"write", "nothing"}
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, sorted(told, key=len, reverse=True))) + r")(?!\w)")


def english_in(text: str) -> list[str]:
    """What of the English sentences stands in a text."""
    return _english().findall(text)
