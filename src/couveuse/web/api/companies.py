"""Companies: all of them by domain, and one with its people and what they did of late."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from psycopg import Connection
from pydantic import Field

from couveuse.core.model import Temperature
from couveuse.core.times import DAY_US
from couveuse.engine.folding import TEMPERATURES
from couveuse.store import companies as store
from couveuse.store.api_tokens import Scope
from couveuse.web import database
from couveuse.web.api.asking import BearerToken, cursor_of, iso, model_of, name_of, now_us, only, parts_of, wrong
from couveuse.web.api.shapes import Answer, ModelName
from couveuse.web.problems import Kind, Problem

router = Router(tags=["companies"])
CompanyId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The company's number.")]


class CompaniesAsked(Schema):
    """Which companies, and which page of them."""

    domain: str = Field("", max_length=253, description="Domains that begin so.")
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2_000, description="`next` of the page before.")


class CompanyShape(Answer):
    """A company in a list."""

    id: int
    domain: str
    name: str
    people: int = Field(description="Leads that work there, counted up to 1,000.")
    best_score: float | None = Field(description="Of the scores for lists, never more than a day old.")
    best_temperature: Temperature | None


class CompaniesPage(Answer):
    """A page of companies, by domain."""

    model: ModelName
    companies: list[CompanyShape]
    next: str | None


class LatelyShape(Answer):
    """What people of a company did in the last 30 days."""

    event: str
    times: int
    people: int
    last_at: str


class CompanyWhole(Answer):
    """A company; its people are listed by /leads?company=."""

    id: int
    domain: str
    name: str
    people: int = Field(description="Leads that work there, counted up to 2,000 and one.")
    lately: list[LatelyShape]


@router.get(
    "", response=CompaniesPage, auth=BearerToken(Scope.LEADS_READ), operation_id="list_companies",
    summary="List companies",
)  # fmt: skip
def list_companies(request: HttpRequest, asked: Query[CompaniesAsked]) -> dict[str, Any]:
    """Companies by the domain of e-mail addresses, each with the best score among its people."""
    only(request, CompaniesAsked)
    if "\x00" in asked.domain:
        raise wrong("domain", "It holds a NUL character.")
    parts = parts_of(asked.cursor, (str,))
    with database.reading() as connection:
        model = model_of(connection, None)
        found, goes_on = store.list_companies(
            connection, model.id, begins=asked.domain.strip().lower(), after="" if parts is None else parts[0],
            most=asked.limit,
        )  # fmt: skip
    return {
        "model": name_of(model),
        "companies": [
            {"id": each.id, "domain": each.domain, "name": each.name, "people": each.people, "best_score": each.best,
             "best_temperature": None if each.temperature is None else TEMPERATURES[each.temperature]}
            for each in found
        ],
        "next": cursor_of(found[-1].domain) if goes_on else None,
    }  # fmt: skip


@router.get(
    "/{company_id}", response=CompanyWhole, auth=BearerToken(Scope.LEADS_READ), operation_id="read_company",
    summary="Read a company",
)  # fmt: skip
def read_company(request: HttpRequest, company_id: CompanyId) -> dict[str, Any]:
    """A company, and what its people did in the last 30 days."""
    with database.reading() as connection:
        return _whole(connection, company_id)


def _whole(connection: Connection[Any], company_id: int) -> dict[str, Any]:
    now = now_us()
    found = store.company(connection, company_id)
    if found is None:
        raise Problem(Kind.NO_SUCH_COMPANY, f"There is no company {company_id}.")
    lately = store.lately(connection, company_id, since=now - 30 * DAY_US, now=now)
    return {
        "id": found.id, "domain": found.domain, "name": found.name, "people": found.people,
        "lately": [
            {"event": each.event, "times": each.times, "people": each.people, "last_at": iso(each.last_at)}
            for each in lately
        ],
    }  # fmt: skip
