import base64
import hashlib
import re
from dataclasses import fields, replace
from itertools import pairwise

import pytest

from couveuse.core.events import Verdict
from couveuse.core.model import DAY_US, Band, Label, LeadClass, Model, Temperature
from couveuse.core.reading import RouteDue
from couveuse.errors import BadInput, CouveuseError
from couveuse.report import render
from couveuse.report.figures import FACTS_ON_PAPER, MOST_FACTS
from couveuse.report.values import BandRow, Bin, Counts, Fact, LearntRate, Ranking, Reason, Reject, Telling
from tests.report.parsed import parsed
from tests.report.sample import AT, MODEL, a_full_report, a_page, a_report, a_row

LANGUAGES = ("fr", "en")
HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<!-- {{ 7*7 }} {% raw %}",
    "&lt;b&gt; & </style>",
    "\u202eevil\u202c مرحبا بالعالم",
    "a\x00b\x1b[31m\ud800\x85",
    "]]></title></bdi></th></table>",
)
SECTIONS = ("top", "leads", "bands", "funnel", "sources", "rules", "ranking", "telling", "data", "pages")


@pytest.fixture(scope="module", params=LANGUAGES)
def page(request):
    return render(a_full_report(request.param))


def hostile(text):
    """A report in which every text that comes from outside is this one."""
    row = a_row(lead=text, name=text, company=text, job_title=text, source=text, last_event=text, persona=text,
                why=(Reason(text, 3.0),), routes=(RouteDue(text, text, text),))  # fmt: skip
    lead_page = a_page(row, (20.0,), facts=(Fact(AT - DAY_US, text, text, 20.0, Verdict.MACHINE),), interests=(text,))
    lines = tuple(replace(line, rule=text, event=text, about=text) for line in lead_page.lines)
    full = a_full_report("en", 3, 1)
    model = replace(MODEL, name=text, label=Label(),
                    bands=tuple(replace(b, label=Label(text, text)) for b in MODEL.bands),
                    rules=tuple(replace(r, event=text, label=Label(text, text)) for r in MODEL.rules))  # fmt: skip
    section = replace(full.telling.sections[0], title=text, sentences=(text,), rows=((text, text), (text, text)))
    return replace(
        full, model=model, leads=(row,), lead_pages=(replace(lead_page, lines=lines),), source_names=(text,),
        sources=tuple(replace(each, name=text) for each in full.sources), telling=Telling((section,)),
        counts=Counts(1, 1, 0, 1, 0, (Reject(text, 1),)),
    )  # fmt: skip


def test_it_works(page):
    tree = parsed(page)
    assert [child.tag for child in tree.children if not isinstance(child, str)] == ["html"]
    assert tree.one("head").one("title").text


def test_every_section_is_there_with_a_title_of_its_own(page):
    tree = parsed(page)
    for name in SECTIONS:
        section = tree.one("section", id=name)
        assert tree.one(id=section.attributes["aria-labelledby"]).text.strip()


def test_each_top_lead_has_a_page_with_its_receipt_its_timeline_and_what_to_do(page):
    report = a_full_report("fr")
    leads = list(parsed(page).all("section", class_="lead"))
    assert len(leads) == len(report.lead_pages) == 12
    for lead, values in zip(leads, report.lead_pages, strict=True):
        assert lead.one("table", class_="receipt").one("tfoot")
        assert len(list(lead.one("ol").all("li"))) == min(len(values.facts), MOST_FACTS)
        assert lead.one("p", class_="act").text.strip()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_its_language(language):
    assert parsed(render(a_report(language=language))).one("html").attributes["lang"] == language


def test_another_language_is_refused_with_the_cure():
    with pytest.raises(BadInput, match="fr or en"):
        render(a_report(language="de"))


def test_a_ledger_that_does_not_add_up_is_never_printed():
    with pytest.raises(CouveuseError, match="does not add up"):
        render(a_report(language="en", lead_pages=(a_page(points=(20.0,), total=21.0),)))


def test_the_same_report_gives_the_same_page():
    assert render(a_full_report("fr")) == render(a_full_report("fr"))


# ---- Nothing from outside, nothing to outside ---------------------------------------------------------------


def test_nothing_is_asked_of_the_network(page):
    tree = parsed(page)
    addresses = [value for element in tree.all() for name, value in element.attributes.items()
                 if name in {"src", "href", "action", "srcset", "poster", "data", "xlink:href"}]  # fmt: skip
    assert addresses
    assert [address for address in addresses if not address.startswith("#")] == []
    assert re.findall(r"url\(|@import|https?:|//[a-z]+\.", page) == []


def test_the_policy_forbids_all_but_the_page_s_own_script_and_styles(page):
    tree = parsed(page)
    policy = tree.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    digest = base64.b64encode(hashlib.sha256(tree.one("script").text.encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{digest}'" in policy


def test_no_element_carries_a_script_of_its_own(page):
    assert [name for element in parsed(page).all() for name in element.attributes if name.startswith("on")] == []


def test_the_script_stays_small(page):
    assert len(parsed(page).one("script").text.splitlines()) < 100


@pytest.mark.parametrize("text", HOSTILE)
def test_what_comes_from_outside_stays_text(text):
    kind = parsed(render(hostile("Hydrotech")))
    tree = parsed(render(hostile(text)))
    assert [each.tag for each in tree.all()] == [each.tag for each in kind.all()]
    assert [sorted(each.attributes) for each in tree.all()] == [sorted(each.attributes) for each in kind.all()]


@pytest.mark.parametrize("text", HOSTILE)
def test_the_page_holds_no_control_character_and_is_utf_8(text):
    page = render(hostile(text))
    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", page) == []
    assert page.encode("utf-8").decode("utf-8") == page


def test_a_name_written_right_to_left_is_held_in():
    tree = parsed(render(hostile(HOSTILE[5])))
    bare = [each.text for each in tree.one("table", class_="leads").one("tbody").one("th").all("bdi")]
    assert all("مرحبا" in text for text in bare)
    assert bare


# ---- Few, none, too much ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_without_leads_says_why_and_what_to_do(language):
    tree = parsed(render(a_report(language=language, counts=Counts(12, 0, 0, 0, 9, (Reject("x", 3),)))))
    assert "--visitors" in tree.one("section", id="top").text
    assert "--map" in tree.one("section", id="leads").text
    assert "lead_source" in tree.one("section", id="sources").text
    assert list(tree.all("section", class_="lead")) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_lead_is_spoken_of_in_the_singular(language):
    row = a_row(12.0, name="Claire Martin")
    tree = parsed(render(a_report(language=language, leads=(row,), counts=Counts(1, 1, 0, 1, 0))))
    expected = {"fr": "Le lead de cet historique", "en": "The lead of this history"}
    assert expected[language] in tree.one(id="leads-title").text


@pytest.mark.parametrize("company", ["x" * 5_000, "mot " * 2_000, "\u00a0", ""])
def test_a_company_of_any_length_leaves_the_page_readable(company):
    row = a_row(name="Claire Martin", company=company)
    page = render(a_report(leads=(row,), lead_pages=(a_page(row, (40.0,)),), counts=Counts(1, 1, 0, 1, 0)))
    longest = max(len(each.text) for each in parsed(page).all("bdi"))
    assert longest <= 200


def test_a_lead_of_whom_nothing_is_known_still_has_a_name():
    row = a_row(lead="", name=" ")
    tree = parsed(render(a_report(language="en", leads=(row,), counts=Counts(1, 1, 0, 1, 0))))
    assert "(no name)" in tree.one("table", class_="leads").text


def test_a_model_with_one_band_and_nothing_else_is_a_report_too():
    model = Model(name="plain", bands=(Band("all", None, 0.1, Temperature.COLD),))
    row = a_row(4.0, band="all")
    parsed(render(a_report(model=model, bands=(BandRow("all", 1),), leads=(row,), histogram=(Bin(0, 5, 1),))))


def test_scores_under_zero_have_a_place():
    row = a_row(-12.5)
    lead_page = a_page(row, (-12.5,), curve=((AT - DAY_US, 0.0), (AT, -12.5)))
    page = render(a_report(leads=(row,), lead_pages=(lead_page,), histogram=(Bin(-15, -10, 1), Bin(-10, 0, 0))))
    assert "−12,5" in page
    assert re.findall(r'(?:width|height)="-', page) == []


def test_an_irrelevant_lead_is_set_aside_with_the_reason():
    row = a_row(temperature=Temperature.IRRELEVANT, lead_class=LeadClass.COMPETITOR)
    tree = parsed(
        render(a_report(language="en", leads=(row,), lead_pages=(a_page(row),), counts=Counts(1, 1, 0, 1, 0)))
    )
    assert tree.one("p", class_="act").text == "Leave alone: irrelevant (competitor)."
    assert "competitor" in tree.one("table", class_="leads").text


def test_a_machine_s_hit_is_struck_and_said_to_be_one():
    facts = (
        Fact(AT - DAY_US, "Email Clicked", "", 0.0, Verdict.MACHINE),
        Fact(AT, "Email Clicked", "", 0.0, Verdict.DOUBTFUL),
    )
    tree = parsed(render(a_report(language="en", lead_pages=(a_page(facts=facts),))))
    doubtful, machine = tree.one("ol").all("li")
    assert machine.one("s").text == "E-mail clicked"
    assert "machine: does not count" in machine.text
    assert list(doubtful.all("s")) == []
    assert "doubtful" in doubtful.text


def test_facts_beyond_those_that_fit_are_counted():
    facts = tuple(Fact(AT - n * DAY_US, "Page Viewed") for n in range(MOST_FACTS + 3))
    tree = parsed(render(a_report(language="en", lead_pages=(a_page(facts=facts),))))
    on_paper, on_screen = (each.text for each in tree.one("div", class_="past").all("p", class_="note"))
    assert on_screen == "3 earlier facts are not shown here."
    assert on_paper == f"{MOST_FACTS + 3 - FACTS_ON_PAPER} earlier facts are not shown here."


# ---- Numbers with their unit and their sample ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "said"),
    [("fr", "25\u202f% de 412 leads, 21 à 29\u202f%"), ("en", "25\u202f% of 412 leads, 21 to 29\u202f%")],
)
def test_a_rate_says_of_how_many_and_between_what(language, said):
    learnt = LearntRate(0.25, 0.21, 0.29, leads=412, observations=412, conversions=103)
    assert said in render(a_report(language=language, bands=(BandRow("low", 412, learnt),)))


def test_a_rate_per_lead_and_month_is_said_to_be_one():
    learnt = LearntRate(0.25, 0.21, 0.29, leads=412, observations=1_018, conversions=254, not_ended=7, scant=True)
    section = (
        parsed(render(a_report(language="en", bands=(BandRow("low", 412, learnt),)))).one("section", id="bands").text
    )
    assert "25\u202f% of 1,018 readings of 412 leads" in section
    assert "7 more readings whose horizon has not ended." in section
    assert "Too few leads to rely on." in section
    assert "Rates are per lead and reading" in section


def test_a_band_never_read_shows_no_rate():
    learnt = LearntRate(None, None, None, leads=0, observations=0, conversions=0, not_ended=3, scant=True)
    assert "no reading has ended" in render(a_report(language="en", bands=(BandRow("low", 3, learnt),)))


def test_a_score_that_could_not_be_judged_says_what_is_missing():
    page = render(a_report(language="en", ranking=Ranking(None, 40, 12, 0)))
    assert "Too few conversions to judge the score" in page
    assert "40 readings of 12 leads, 0 of them followed by a conversion" in page


# ---- Getting about ------------------------------------------------------------------------------------------


def test_every_anchor_leads_somewhere_and_no_id_is_given_twice(page):
    tree = parsed(page)
    ids = [element.attributes["id"] for element in tree.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    links = [element.attributes["href"] for element in tree.all() if "href" in element.attributes]
    assert {link[1:] for link in links} <= set(ids)
    labels = [value for element in tree.all() for name, value in element.attributes.items()
              if name in {"aria-labelledby", "for"}]  # fmt: skip
    assert {id for label in labels for id in label.split()} <= set(ids)


def test_a_lead_with_a_page_is_linked_to_it_from_the_table():
    report = a_full_report("fr", 5, 2)
    table = parsed(render(report)).one("table", class_="leads")
    assert [link.attributes["href"] for link in table.all("a")] == ["#lead-1", "#lead-2"]


def test_the_headings_go_down_one_step_at_a_time(page):
    levels = [int(each.tag[1]) for each in parsed(page).all() if re.fullmatch("h[1-6]", each.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_page_has_its_landmarks_and_a_way_to_skip_to_the_content(page):
    tree = parsed(page)
    assert tree.one("main").attributes["id"] == "main"
    assert next(iter(tree.one("body").all("a"))).attributes["href"] == "#main"
    assert all(each.attributes.get("aria-label") for each in tree.all("nav"))


def test_every_table_names_its_columns_and_its_rows(page):
    for table in parsed(page).all("table"):
        heads = list(table.one("thead").all("th"))
        assert heads
        assert all(head.attributes["scope"] == "col" and head.text.strip() for head in heads)
        for row in table.one("tbody").all("tr"):
            cells = [child for child in row.children if not isinstance(child, str)]
            assert len(cells) == len(heads)
            assert [cell.attributes.get("scope") for cell in cells if cell.tag == "th"] == ["row"]


def test_every_figure_is_told_in_words_or_stands_beside_its_numbers(page):
    for svg in parsed(page).all("svg"):
        if svg.attributes.get("role") == "img":
            assert svg.one("title").text
            assert svg.one("desc").text
    figures = list(parsed(page).all("figure"))
    assert figures
    assert all(figure.one("details").one("table") for figure in figures)


# ---- Size ---------------------------------------------------------------------------------------------------


def test_fifty_leads_with_long_histories_stay_under_a_megabyte_and_a_half():
    report = a_full_report("fr", 100, 50)
    longest = max(report.lead_pages, key=lambda each: len(each.lines))
    pages = tuple(replace(longest, row=replace(longest.row, lead=f"lead{n}@example.com")) for n in range(50))
    page = render(replace(report, lead_pages=pages))
    assert len(page.encode()) < 1_500_000


def test_two_thousand_leads_in_the_table_stay_under_three_and_a_half_megabytes():
    assert len(render(a_full_report("fr", 2_000, 0)).encode()) < 3_500_000


def test_the_sample_holds_every_part_of_a_report():
    report = a_full_report()
    assert [each.name for each in fields(report) if not getattr(report, each.name)] == []
