"""The same done to many leads of the list: those that were chosen, or all that meet its filters."""

from collections.abc import Sequence
from typing import Final
from uuid import uuid4

from django.http import Http404, HttpResponse
from django.urls import reverse

from couveuse.engine import finding, jobs
from couveuse.engine.bulk import KIND, MOST, TO_CONFIRM, Act, Change, TooMany, change_leads, stop
from couveuse.engine.by_hand import BadWord
from couveuse.engine.finding import BadFilter, Filters, filters_in, query_of
from couveuse.web import database, failures
from couveuse.web.areas.leads.asking_leads import Lister, address_of
from couveuse.web.asking import Asked, page
from couveuse.web.pages import refusals
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

# A page of the list has no more leads than that, however often it was gone on with.
MOST_CHOSEN: Final = 2_000
MOST_ID: Final = 100
# In which field of the form the value of an act stands.
_FIELDS: Final = {Act.OWNER: "owner", Act.JOIN: "group", Act.LEAVE: "group", Act.CLASS: "class"}


@page(Permission.EDIT_LEADS, methods=("POST",))
def bulk(asked: Asked) -> HttpResponse:
    """Ask what is to be done to which leads, then do it."""
    given = asked.request.POST
    try:
        filters = filters_in(given.get("where", ""))
        numbers = _numbers(asked, filters)
    except BadFilter:
        return redirect(asked, reverse("leads"), "leads_bulk.refused")
    back = address_of(filters)
    if numbers is None:
        return redirect(asked, back, "leads_bulk.too_many", most=asked.formats.number(MOST))
    if not numbers:
        return redirect(asked, back, "leads_bulk.none")
    if given.get("act") not in tuple(Act):
        return _ask(asked, filters, numbers)
    act = Act(given["act"])
    if len(numbers) > TO_CONFIRM and not _is_confirmed(given.get("confirmed", ""), len(numbers)):
        return _ask(asked, filters, numbers, unsure=True)
    try:
        with database.writing() as connection:
            done = change_leads(
                connection, numbers, Change(act, _value(asked, act)), id=given.get("id", "")[:MOST_ID] or uuid4().hex,
                by=asked.who.by, now=asked.now,
            )  # fmt: skip
    except (BadWord, TooMany):
        return _ask(asked, filters, numbers, wrong=act)
    if done.job is not None:
        return redirect(asked, reverse("leads_bulk_job", kwargs={"job_id": done.job}))
    return redirect(asked, back, "leads_bulk.done", n=asked.formats.number(done.leads))


def _is_confirmed(text: str, number: int) -> bool:
    """Whether the number of leads is written, as anybody writes it: 12345, 12 345, 12,345."""
    return "".join(text.split()).replace(",", "").replace(".", "") == str(number)


def _numbers(asked: Asked, filters: Filters) -> Sequence[int] | None:
    """The leads that are meant; None where there are too many."""
    if asked.request.POST.get("all") != "1":
        given = asked.request.POST.getlist("lead")[:MOST_CHOSEN]
        return sorted({int(each) for each in given if each.isascii() and each.isdigit() and len(each) < 19})
    with database.reading() as connection:
        lister = Lister.of(asked, connection)
        return finding.numbers_of(connection, lister.model, lister.wanted(filters), MOST)


def _value(asked: Asked, act: Act) -> str:
    return str(asked.request.POST.get(_FIELDS[act], "")) if act in _FIELDS else ""


def _ask(
    asked: Asked, filters: Filters, numbers: Sequence[int], wrong: Act | None = None, *, unsure: bool = False
) -> HttpResponse:
    is_all = asked.request.POST.get("all") == "1"
    with database.reading() as connection:
        lister = Lister.of(asked, connection)
    return render(
        asked, "leads/bulk.html", 422 if wrong or unsure else 200, title=asked.say("leads_bulk.title"), lister=lister,
        unsure=unsure, to_confirm=len(numbers) > TO_CONFIRM, numbers=[] if is_all else numbers, counted=len(numbers),
        is_all=is_all, where=query_of(filters), back=address_of(filters), wrong=wrong, token=uuid4().hex,
        given=asked.request.POST, tags=lister.tags(filters), q=filters.q,
    )  # fmt: skip


@page(Permission.EDIT_LEADS)
def bulk_job(asked: Asked, job_id: int) -> HttpResponse:
    """How far the change of many leads is; htmx asks again until it is over."""
    with database.reading() as connection:
        job = jobs.find(connection, min(job_id, 2**63 - 1))
    if job is None or job.kind != KIND:
        raise Http404
    template = "leads/bulk_progress.html" if asked.is_htmx else "leads/bulk_job.html"
    return render(
        asked, template, title=asked.say("leads_bulk.job_title"), job=job, why=failures.why(asked, job),
        may_stop=_may_stop(asked, job),
    )  # fmt: skip


@page(Permission.EDIT_LEADS, methods=("POST",))
def stop_bulk(asked: Asked, job_id: int) -> HttpResponse:
    """No more leads are changed; those that are stay so. Who asked for it stops it, or who sees to all teams."""
    with database.writing() as connection:
        job = jobs.find(connection, min(job_id, 2**63 - 1))
        if job is None or job.kind != KIND:
            raise Http404
        if not _may_stop(asked, job):
            return refusals.forbidden(asked.request)
        stop(connection, job.id, by=asked.who.by, now=asked.now)
    return redirect(asked, reverse("leads_bulk_job", kwargs={"job_id": job.id}))


def _may_stop(asked: Asked, job: jobs.Job) -> bool:
    return job.by == asked.who.by or asked.who.teams_seen is None
