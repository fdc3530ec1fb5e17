"""Two real files, scored by the examples: what the product says is what pandas says, from the raw columns alone.

The data is no part of the project. Nothing here that computes a figure to compare with calls Couveuse.
"""

import csv
import importlib.util
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from couveuse.cli import main
from couveuse.core.times import instant
from couveuse.documents.reading import read_model
from couveuse.engine.summing import learnt
from couveuse.history.scoring import Request, Scoring
from couveuse.learn.ranking import Ranking
from couveuse.learn.rates import BandRate
from tests import outside

pytestmark = pytest.mark.real_data

ROOT = Path(__file__).parents[2]
XEDUCATION, OLIST = ROOT / "examples" / "xeducation", ROOT / "examples" / "olist"
EXACTLY = 1e-9
SAO_PAULO = "America/Sao_Paulo"
# Filled in by sales afterwards: a model that reads these has seen the answer.
LEAKS = {
    "Tags", "Lead Quality", "Lead Profile", "Last Notable Activity", "Asymmetrique Activity Index",
    "Asymmetrique Profile Index", "Asymmetrique Activity Score", "Asymmetrique Profile Score",
}  # fmt: skip


# ---- The files, as they are and as the examples convert them --------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where the data is, and where the READMEs' commands write."""

    data: Path
    out: Path

    def words(self, line: str) -> list[str]:
        """The words of a command, with what a user has exported."""
        return shlex.split(line.replace("$DATA", str(self.data)).replace("$OUT", str(self.out)))

    def convert(self, line: str) -> None:
        """Run a README's `python ...` in the project's folder."""
        python, *words = self.words(line)
        assert python == "python"
        subprocess.run([sys.executable, *words], cwd=ROOT, check=True, capture_output=True)


def a_place(folder: Path) -> Place:
    named = outside.folder()
    assert named is not None, "a test marked real_data is skipped without it"
    return Place(named / "data", folder / "out")


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The school's file, converted as its README says."""
    place = a_place(tmp_path_factory.mktemp("xeducation"))
    place.convert(*commands(blocks(XEDUCATION)[0][0]))
    return place


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The market place's files, converted as their README says."""
    place = a_place(tmp_path_factory.mktemp("olist"))
    place.convert(*commands(blocks(OLIST)[0][0]))
    return place


def blocks(example: Path) -> list[tuple[str, str]]:
    """The README's commands, each block with the output shown under it, in order."""
    text = (example / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^```sh\n(.*?)^```\n+(?:```text\n(.*?)^```)?", text, re.MULTILINE | re.DOTALL)


def commands(script: str) -> list[str]:
    """The commands of a block, one a line."""
    return script.replace("\\\n", " ").splitlines()


def words_of(text: str) -> list[list[str]]:
    """Lines without regard to the width of columns."""
    return [line.split() for line in text.splitlines() if line.strip()]


def table(example: Path, title: str) -> list[list[str]]:
    """The cells of the README's table whose header begins with that title, without the header."""
    text = (example / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"^ *\| {re.escape(title)} \|.*\n *\|[-| ]+\|\n((?: *\|.*\n)+)", text, re.MULTILINE)
    assert found, title
    return [[cell.strip() for cell in line.strip(" |").split("|")] for line in found[1].splitlines()]


def said(example: Path) -> str:
    """The README as one line of text."""
    return " ".join((example / "README.md").read_text(encoding="utf-8").split())


def converter(example: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{example.name}_convert", example / "convert.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def raw(place: Place, name: str) -> pd.DataFrame:
    """A file as it is: text, and empty where it is empty."""
    return pd.read_csv(place.data / name, dtype=str, keep_default_na=False)


# ---- What the product says, unrounded -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What Couveuse makes of a history."""

    scores: dict[str, float]
    bands: dict[str, str]
    rates: Sequence[BandRate]
    ranking: Ranking


def tell(model: Path, events: Sequence[Path], at: str, *, leads: Path | None = None, won: str | None = None) -> Told:
    document = read_model(str(model)).model
    moment, now = (instant(text, ZoneInfo(document.timezone)) for text in (at, "2020-01-01"))
    assert moment is not None
    assert now is not None
    request = Request(
        events=tuple(map(str, events)),
        model=document,
        at=moment,
        now=now,
        leads=(str(leads),) if leads else (),
        won=won,
        want_rates=won is None,
        processes=1,
    )
    with Scoring(request) as scoring:
        scoring.run()
        rows = list(scoring.scores())
        rates, ranking, _ = learnt(scoring)
    assert ranking is not None
    for rate in rates:
        print(f"{rate.band}: {rate.conversions} of {rate.observations}, {rate.low} to {rate.high}")
    print(f"AUC {ranking.auc} ({ranking.low} to {ranking.high})")
    return Told(
        {str(row["lead"]): float(str(row["score"])) for row in rows},
        {str(row["lead"]): str(row["band"]) for row in rows},
        rates,
        ranking,
    )


# ---- What pandas says -----------------------------------------------------------------------------------------------


def auc(score: pd.Series, won: pd.Series) -> float:
    """The share of pairs in which what converted stands first, a tie for half a pair (Mann and Whitney, 1947).

    Ten points now and twenty points one half-life ago are a tie, whatever the last digit of a float says.
    """
    winners = int(won.sum())
    ranks = float(score.round(6).rank(method="average")[won].sum())
    return (ranks - winners * (winners + 1) / 2) / (winners * (len(won) - winners))


def wilson(conversions: int, rows: int) -> tuple[float, float]:
    z = NormalDist().inv_cdf(0.975)
    share = conversions / rows
    middle = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z / (1 + z * z / rows) * (share * (1 - share) / rows + z * z / (4 * rows * rows)) ** 0.5
    return middle - half, middle + half


def band_of(score: pd.Series, edges: Sequence[float], names: Sequence[str]) -> pd.Series:
    """Upper edges belong to the band below them."""
    return pd.cut(score.round(6), [-np.inf, *edges, np.inf], labels=list(names)).astype(str)


def check_rates(told: Told, found: pd.DataFrame) -> None:
    """`found` has a row an observation: lead, score, band, won. The order of bands is checked by their names."""
    assert auc(found["score"], found["won"]) == pytest.approx(told.ranking.auc, abs=EXACTLY)
    for rate in told.rates:
        rows = found[found["band"] == rate.band]
        assert (rate.leads, rate.observations, rate.conversions) == (
            rows["lead"].nunique(),
            len(rows),
            int(rows["won"].sum()),
        )
        assert rate.rate == pytest.approx(rows["won"].mean(), abs=EXACTLY)
        assert rate.low is not None
        assert rate.high is not None
        if len(rows) == rows["lead"].nunique():
            assert (rate.low, rate.high) == pytest.approx(wilson(rate.conversions, len(rows)), abs=EXACTLY)
        assert rate.low < rows["won"].mean() < rate.high


# ---- The school -----------------------------------------------------------------------------------------------------

SCHOOL_POINTS = {
    "added-by-hand": 35, "partner-site": 15, "working": 25, "eight-minutes": 20, "fifteen-minutes": 5, "five-visits": 5,
    "no-mail": -15,
}  # fmt: skip


def school_rows(place: Place) -> pd.DataFrame:
    """The school's leads, the earliest first, with which rules hold for them."""
    rows = raw(place, "xeducation_leads.csv")
    seconds = pd.to_numeric(rows["Total Time Spent on Website"])
    found = pd.DataFrame(
        {
            "lead": rows["Prospect ID"],
            "number": pd.to_numeric(rows["Lead Number"]),
            "won": rows["Converted"] == "1",
            "added-by-hand": rows["Lead Origin"] == "Lead Add Form",
            "partner-site": rows["Lead Source"] == "Welingak Website",
            "working": rows["What is your current occupation"] == "Working Professional",
            "eight-minutes": seconds >= 480,
            "fifteen-minutes": seconds >= 900,
            "five-visits": pd.to_numeric(rows["TotalVisits"]) >= 5,
            "no-mail": rows["Do Not Email"] == "Yes",
        }
    )
    return found.sort_values("number", ignore_index=True)


def school_parts(place: Place) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The earlier 60 % and the rest, scored."""
    rows = school_rows(place)
    score = sum((rows[rule] * points for rule, points in SCHOOL_POINTS.items()), start=pd.Series(0, rows.index))
    rows = rows.assign(score=score.astype(float), band=band_of(score, (10, 25), ("low", "mid", "high")))
    cut = len(rows) * 6 // 10
    return rows.iloc[:cut], rows.iloc[cut:]


def school_told(place: Place, part: str) -> Told:
    folder = place.out / part
    return tell(
        XEDUCATION / "bareme.yaml",
        [folder / "facts.ndjson"],
        "2019-01-02",
        leads=folder / "outcomes.csv",
        won="Converted",
    )


@pytest.mark.parametrize(("part", "index"), [("design", 0), ("held-out", 1)])
def test_the_schools_scores_rates_and_auc_are_those_of_pandas(school, part, index):
    rows, told = school_parts(school)[index], school_told(school, part)
    assert told.scores == dict(zip(rows["lead"], rows["score"], strict=True))
    assert told.bands == dict(zip(rows["lead"], rows["band"], strict=True))
    check_rates(told, rows)


def test_the_schools_file_is_taken_over_whole(school):
    rows = raw(school, "xeducation_leads.csv")
    assert rows.shape == (9_240, 37)
    assert f"({(rows['Converted'] == '1').mean():.1%} did)".replace("%", " %") in said(XEDUCATION)
    design, held_out = school_parts(school)
    assert (len(design), len(held_out)) == (5_544, 3_696)
    assert design["number"].max() < held_out["number"].min()
    for part, rows in (("design", design), ("held-out", held_out)):
        facts = [json.loads(line) for line in (school.out / part / "facts.ndjson").read_text().splitlines()]
        outcomes = pd.read_csv(school.out / part / "outcomes.csv")
        assert [fact["user_id"] for fact in facts] == rows["lead"].to_list() == outcomes["user_id"].to_list()
        assert (outcomes["Converted"] == 1).to_list() == rows["won"].to_list()
        assert all("Select" not in fact["traits"].values() for fact in facts)


def test_the_schools_points_are_those_of_the_document(school):
    document = YAML(typ="safe").load(XEDUCATION / "bareme.yaml")
    assert {rule["id"]: rule["points"] for rule in document["fit"]} == SCHOOL_POINTS
    assert "rules" not in document


def test_the_schools_readme_says_what_each_rule_saw_in_the_design_part(school):
    design, _ = school_parts(school)
    for rule, points, leads, rate, others in table(XEDUCATION, "rule"):
        name = rule.strip("`")
        held = design[name]
        assert points == str(SCHOOL_POINTS[name])
        assert leads == f"{held.sum():,}"
        assert rate == f"{design[held]['won'].mean():.1%}".replace("%", " %")
        assert others == f"{design[~held]['won'].mean():.1%}".replace("%", " %")


def test_the_schools_readme_says_what_is_left_without_a_rule_in_doubt(school):
    _, held_out = school_parts(school)
    for without, found in table(XEDUCATION, "without"):
        left = held_out["score"] - sum(held_out[name] * SCHOOL_POINTS[name] for name in re.findall(r"`(.+?)`", without))
        assert found == f"{auc(left, held_out['won']):.3f}"


def fields(where: Any) -> Iterator[str]:
    """Every field that a condition of a document reads."""
    if isinstance(where, list):
        for part in where:
            yield from fields(part)
    elif isinstance(where, dict):
        for name, test in where.items():
            if name in ("all", "any", "not"):
                yield from fields(test)
            else:
                yield name


def read_by(document: Mapping[str, Any]) -> set[str]:
    """Every field that a document's rules read of events, traits and the past."""
    rules = [*document.get("rules", []), *document.get("fit", []), *document.get("irrelevant", [])]
    past = [past for rule in rules for past in rule.get("past", [])]
    conditions = [part[key] for part in (*rules, *past) for key in ("where", "lead") if key in part]
    return set(fields(conditions))


def test_the_school_reads_no_leaked_column():
    module = converter(XEDUCATION)
    columns = {f"traits.{trait}": name for name, trait in (module.TEXTS | module.NUMBERS | module.YES_OR_NO).items()}
    read = read_by(YAML(typ="safe").load(XEDUCATION / "bareme.yaml"))
    assert read
    assert {columns[field] for field in read} & LEAKS == set()
    assert set(columns.values()) & (LEAKS | {"Converted", "Last Activity"}) == set()


def test_a_leaked_column_of_the_school_changes_nothing_that_is_written(school, tmp_path):
    rows = raw(school, "xeducation_leads.csv")
    assert set(rows.columns) >= LEAKS
    rows.assign(**dict.fromkeys(LEAKS, "changed")).to_csv(tmp_path / "leads.csv", index=False)
    Place(tmp_path, tmp_path / "out").convert("python examples/xeducation/convert.py $DATA/leads.csv --out $OUT")
    for name in ("design/facts.ndjson", "held-out/facts.ndjson", "held-out/outcomes.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (school.out / name).read_bytes()


# ---- The market place -----------------------------------------------------------------------------------------------

STRONG, WEAK = ("b76ef374", "22c29808", "40dec9f3"), ("88740e65", "f017be4d", "e492ee5e", "73f31a40", "a7982125")
BY_THEMSELVES, SOLICITED = ("organic search", "paid search", "direct traffic", "unknown"), ("social", "email")
DAY = pd.Timedelta(days=1)


def market_rows(place: Place) -> pd.DataFrame:
    """The market place's leads with their points, undecayed, and when they were won, in UTC."""
    leads = raw(place, "olist_marketing_qualified_leads_dataset.csv")
    deals = raw(place, "olist_closed_deals_dataset.csv")
    rows = leads.merge(deals[["mql_id", "won_date"]], how="left", on="mql_id", validate="one_to_one")
    page = rows["landing_page_id"].str[:8]
    # On 15 October 2017 the clocks went forward at midnight: that day began at one.
    begun = pd.to_datetime(rows["first_contact_date"]).dt.tz_localize(SAO_PAULO, nonexistent="shift_forward")
    return pd.DataFrame(
        {
            "lead": rows["mql_id"],
            "day": rows["first_contact_date"],
            "page": rows["landing_page_id"],
            "origin": rows["origin"],
            "begun": begun.dt.tz_convert("UTC"),
            "won_at": pd.to_datetime(rows["won_date"]).dt.tz_localize("UTC"),
            "points": 10
            + 10 * page.isin(STRONG)
            - 5 * page.isin(WEAK)
            + 5 * rows["origin"].isin(BY_THEMSELVES)
            - 5 * rows["origin"].isin(SOLICITED),
        }
    ).assign(won=lambda rows: (rows["won_at"] >= rows["begun"]) & (rows["won_at"] <= rows["begun"] + 30 * DAY))


def market_part(place: Place, part: str) -> pd.DataFrame:
    first, end = {"design": ("2018-01-01", "2018-03-01"), "held-out": ("2018-04-01", "2018-06-01")}[part]
    rows = market_rows(place)
    return rows[(rows["day"] >= first) & (rows["day"] < end)]


def market_bands(score: pd.Series) -> pd.Series:
    return band_of(score, (6, 15), ("low", "mid", "high"))


def at_landmarks(rows: pd.DataFrame, at: str) -> pd.DataFrame:
    """Each lead on the first of each month, if it came in the 180 days before and is not won; and what came of it."""
    last_fact = max(rows["begun"].max(), rows["won_at"].max())
    end = min(pd.Timestamp(at, tz=SAO_PAULO).tz_convert("UTC"), last_fact)
    first = rows["begun"].min().tz_convert(SAO_PAULO)
    months = pd.date_range(first.normalize(), end.tz_convert(SAO_PAULO), freq="MS").tz_convert("UTC")
    stood = []
    for landmark in months[(months > rows["begun"].min()) & (months < end)]:
        age = landmark - rows["begun"]
        there = rows[(age >= 0 * DAY) & (age < 180 * DAY) & ~(rows["won_at"] <= landmark)]
        age = (landmark - there["begun"]) / DAY
        soon = (there["won_at"] <= landmark + 30 * DAY) & (there["won_at"] <= end)
        score = there["points"] * 0.5 ** (age / 21)
        stood.append(there.assign(landmark=landmark, age=age, score=score, won=soon, ended=landmark + 30 * DAY <= end))
    found = pd.concat(stood, ignore_index=True)
    return found.assign(band=market_bands(found["score"]))


MOMENTS = {"design": "2018-03-31", "held-out": "2018-11-15"}


@pytest.mark.parametrize("part", ["design", "held-out"])
def test_the_markets_rates_at_landmarks_and_auc_are_those_of_pandas(market, part):
    folder = market.out / part
    told = tell(OLIST / "bareme.yaml", [folder / "contacts.ndjson", folder / "wins.ndjson"], MOMENTS[part])
    found = at_landmarks(market_part(market, part), MOMENTS[part])
    check_rates(told, found[found["ended"]])
    waiting = found[~found["ended"]]["band"].value_counts()
    assert [rate.not_ended for rate in told.rates] == [waiting.get(rate.band, 0) for rate in told.rates]


@pytest.mark.parametrize("part", ["design", "held-out"])
def test_the_markets_rates_of_newcomers_and_auc_are_those_of_pandas(market, part, tmp_path):
    text = (OLIST / "bareme.yaml").read_text(encoding="utf-8")
    undecayed = tmp_path / "undecayed.yaml"
    undecayed.write_text(re.sub(r"^half_life.*\n", "", text, flags=re.MULTILINE), encoding="utf-8")
    folder = market.out / part
    told = tell(
        undecayed, [folder / "contacts.ndjson"], "2018-06-01", leads=folder / "outcomes.csv", won="won_in_30_days"
    )
    rows = market_part(market, part)
    assert told.scores == dict(zip(rows["lead"], rows["points"].astype(float), strict=True))
    check_rates(told, rows.assign(score=rows["points"].astype(float), band=market_bands(rows["points"])))


def test_the_markets_files_are_taken_over_whole(market):
    leads = raw(market, "olist_marketing_qualified_leads_dataset.csv")
    deals = raw(market, "olist_closed_deals_dataset.csv")
    assert (len(leads), len(deals)) == (8_000, 842)
    contacts = [json.loads(line) for line in (market.out / "all" / "contacts.ndjson").read_text().splitlines()]
    wins = [json.loads(line) for line in (market.out / "all" / "wins.ndjson").read_text().splitlines()]
    assert [fact["user_id"] for fact in contacts] == leads["mql_id"].to_list()
    assert {fact["user_id"]: fact["occurred_at"] for fact in wins} == dict(
        zip(deals["mql_id"], deals["won_date"].str.replace(" ", "T") + "Z", strict=True)
    )
    for part, count in (("design", 2_169), ("held-out", 2_655)):
        with (market.out / part / "outcomes.csv").open(encoding="utf-8", newline="") as lines:
            outcomes = {row["user_id"]: row["won_in_30_days"] == "1" for row in csv.DictReader(lines)}
        rows = market_part(market, part)
        assert len(rows) == count
        assert outcomes == dict(zip(rows["lead"], rows["won"], strict=True))


def test_the_market_reads_of_a_deal_only_when_it_was_won(market):
    document = YAML(typ="safe").load(OLIST / "bareme.yaml")
    assert read_by(document) == {"landing_page_id", "origin"}
    assert {rule["event"] for rule in document["rules"]} == {"Form Submitted"}
    held = {
        name: {key for line in (market.out / "all" / name).read_text().splitlines() for key in json.loads(line)}
        for name in ("contacts.ndjson", "wins.ndjson")
    }
    assert held["wins.ndjson"] == {"event", "occurred_at", "user_id"}
    assert held["contacts.ndjson"] == {"event", "occurred_at", "user_id", "landing_page_id", "origin"}


def test_the_markets_readme_says_what_each_rule_saw_in_the_design_part(market):
    design = market_part(market, "design")
    page = design["page"].str[:8]
    holds = {
        "contact": page.notna(),
        "strong-page": page.isin(STRONG),
        "weak-page": page.isin(WEAK),
        "came-by-themselves": design["origin"].isin(BY_THEMSELVES),
        "was-solicited": design["origin"].isin(SOLICITED),
    }
    document = YAML(typ="safe").load(OLIST / "bareme.yaml")
    points = {rule["id"]: str(rule["points"]) for rule in document["rules"]}
    assert {cells[0].strip("`") for cells in table(OLIST, "rule")} == set(points) == set(holds)
    for rule, given, leads, rate in table(OLIST, "rule"):
        name = rule.strip("`")
        rows = design[holds[name]]
        assert (given, leads) == (points[name], f"{len(rows):,}")
        assert rate == f"{rows['won'].mean():.1%}".replace("%", " %")


def test_the_markets_pages_and_origins_follow_from_the_design_part(market):
    design = market_part(market, "design")
    seen = design.groupby(design["page"].str[:8])["won"].agg(["size", "mean"])
    often = seen[seen["size"] >= 60]
    assert set(often[often["mean"] > 0.12].index) == set(STRONG)
    assert set(often[often["mean"] < 0.04].index) == set(WEAK)
    origins = design.groupby("origin")["won"].agg(["size", "mean"])
    common = origins[origins["size"] >= 100]
    assert set(common[common["mean"] > 0.09].index) == set(BY_THEMSELVES)
    assert set(common[common["mean"] < 0.03].index) == set(SOLICITED) == set(common.index) - set(BY_THEMSELVES)
    assert market_rows(market)["page"].str[:8].nunique() == market_rows(market)["page"].nunique()


def test_the_markets_readme_says_how_the_chance_fades_with_time(market):
    found = at_landmarks(market_rows(market), "2018-03-31")
    found = found[found["landmark"].isin(found["landmark"].drop_duplicates().nlargest(2))]
    ages = pd.cut(found["age"], [-1, 7, 21, 31, 62, 180]).cat.codes
    for index, (_, leads, rate) in enumerate(table(OLIST, "days since the first contact")):
        there = found[ages == index]
        assert leads == f"{len(there):,}"
        assert rate == f"{there['won'].mean():.1%}".replace("%", " %")


def test_the_markets_wins_are_told_in_utc(market):
    deals = pd.to_datetime(raw(market, "olist_closed_deals_dataset.csv")["won_date"])
    whole = deals[(deals.dt.minute == 0) & (deals.dt.second == 0)]
    local = whole.dt.tz_localize("UTC").dt.tz_convert(SAO_PAULO)
    midnights = int((local.dt.hour == 0).sum())
    rows = market_rows(market)
    assert int((rows["won_at"] < rows["begun"]).sum()) == 1
    assert f"of the {len(whole)} wins that stand on a full hour, {midnights} are midnight in São Paulo" in said(OLIST)


def test_the_markets_readme_says_what_is_missing_at_both_ends(market):
    rows = market_rows(market)
    early, late = rows[rows["day"] < "2017-12"], rows[rows["day"] >= "2018-01"]
    shares = [f"{part['won_at'].notna().mean():.1%}".replace("%", " %") for part in (early, late)]
    assert f"Of the {len(early):,} first contacts before December 2017 {shares[0]} are recorded as won" in said(OLIST)
    assert f"of the {len(late):,} from January 2018 on {shares[1]}" in said(OLIST)
    held_out = market_part(market, "held-out")
    next_month = pd.to_datetime(held_out["day"].str[:7] + "-01") + pd.offsets.MonthBegin(1)
    before = held_out["won_at"] <= next_month.dt.tz_localize(SAO_PAULO).dt.tz_convert("UTC")
    wins = int(held_out["won_at"].notna().sum())
    assert f"of the {wins} wins of the held-out leads {int(before.sum())} came before" in said(OLIST)


def test_the_markets_readme_says_how_much_of_the_auc_is_mere_freshness(market):
    found = at_landmarks(market_part(market, "held-out"), MOMENTS["held-out"])
    known = found[found["ended"]]
    assert f"age alone would reach {auc(-known['age'], known['won']):.3f}" in said(OLIST)


# ---- The READMEs, as a user runs them -------------------------------------------------------------------------------


@pytest.fixture
def shell(monkeypatch, capsys) -> Callable[[Place, str], str]:
    """What a README's command prints, on both outputs; `couveuse` is run in this process, which is quicker."""
    monkeypatch.chdir(ROOT)

    def run(place: Place, line: str) -> str:
        words = place.words(line)
        if words[0] == "grep":
            grep, arrow, target = words[:-2], *words[-2:]
            assert arrow == ">"
            Path(target).write_text(subprocess.run(grep, check=True, capture_output=True, text=True).stdout)
            return ""
        assert words[0] == "couveuse"
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as end:
            main()
        shown = capsys.readouterr()
        assert not end.value.code, shown.err
        return shown.out + "\n" + shown.err

    return run


@pytest.mark.parametrize("example", [XEDUCATION, OLIST], ids=["school", "market"])
def test_the_readmes_commands_print_what_they_show(example, shell, request):
    place = request.getfixturevalue({XEDUCATION: "school", OLIST: "market"}[example])
    shown = blocks(example)[1:]
    assert len(shown) >= 2
    for script, text in shown:
        assert text, script
        printed = words_of("\n".join(shell(place, line) for line in commands(script)))
        assert [line for line in words_of(text) if line not in printed] == []
