"""The commands and their options. Each imports what it needs when it runs, so that help comes at once."""

from enum import StrEnum
from typing import Annotated

import typer

app = typer.Typer(
    name="couveuse",
    help="Lead scoring for B2B companies: every point explained.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
model_app = typer.Typer(help="Check, compare and list scoring models.", no_args_is_help=True)
app.add_typer(model_app, name="model")
team_app = typer.Typer(help="Check and apply the team's document; who is there, and who is away.", no_args_is_help=True)
app.add_typer(team_app, name="team")
key_app = typer.Typer(help="Make, list and revoke write keys: who may send facts.", no_args_is_help=True)
app.add_typer(key_app, name="key")
token_app = typer.Typer(help="Make, list and revoke tokens of the API.", no_args_is_help=True)
app.add_typer(token_app, name="token")
user_app = typer.Typer(help="Make and mend accounts: who may sign in, as what.", no_args_is_help=True)
app.add_typer(user_app, name="user")
archive_app = typer.Typer(help="Write closed months to Parquet, and drop them here.", no_args_is_help=True)
app.add_typer(archive_app, name="archive")

outgoing_app = typer.Typer(help="See, stop and send on what goes out: mail, Slack, webhooks.", no_args_is_help=True)
app.add_typer(outgoing_app, name="outgoing")
endpoint_app = typer.Typer(help="Where webhooks go.", no_args_is_help=True)
outgoing_app.add_typer(endpoint_app, name="endpoint")
secret_app = typer.Typer(help="Secrets of channels, sealed in the database.", no_args_is_help=True)
outgoing_app.add_typer(secret_app, name="secret")


class OutputFormat(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Language(StrEnum):
    """The languages that people are spoken to in."""

    FR = "fr"
    EN = "en"


class Kind(StrEnum):
    """Where a write key may be seen."""

    SERVER = "server"
    PUBLIC = "public"


class DateOrder(StrEnum):
    """What comes first in the dates of a file."""

    ISO = "iso"
    DAY = "day"
    MONTH = "month"


class UserRole(StrEnum):
    """What somebody who signs in may do."""

    OWNER = "owner"
    MARKETING = "marketing"
    TELEMARKETING = "telemarketing"
    SALES = "sales"
    READER = "reader"


class ProcessKind(StrEnum):
    """What a process of ours calls itself."""

    WEB = "web"
    ENGINE = "engine"
    DELIVERER = "deliverer"


class Channel(StrEnum):
    """By what a message goes out."""

    EMAIL = "email"
    SLACK = "slack"
    WEBHOOK = "webhook"


class Trouble(StrEnum):
    """What may be sent on by hand."""

    DEAD = "dead"
    PARKED = "parked"


class Part(StrEnum):
    """What a process serves."""

    INTAKE = "intake"
    PAGES = "pages"
    ALL = "all"


Events = Annotated[
    list[str],
    typer.Argument(
        metavar="EVENTS",
        help="Files, folders or globs: CSV, NDJSON, Parquet, XLSX; .gz, .zst. Or: instance, all that is recorded here.",
    ),
]
Leads = Annotated[
    list[str] | None, typer.Option("--leads", "-l", help="Files of leads: an identity, the rest are traits.")
]
ModelOption = Annotated[str, typer.Option("--model", "-m", help="A scoring model's file, or a preset's name.")]
At = Annotated[str | None, typer.Option(help="As of this instant (ISO 8601); now if not said.")]
KnownAt = Annotated[str | None, typer.Option(help="Only what was known by this instant: later verdicts do not count.")]
Map = Annotated[list[str] | None, typer.Option("--map", help="Rename a column: --map email=courriel.")]
Encoding = Annotated[str, typer.Option(help="How text files are encoded.")]
Processes = Annotated[int, typer.Option(min=0, help="How many processes fold; 0 is one a core.")]
Memory = Annotated[str, typer.Option(help="How much memory sorting may use before it spills to disk.")]
Master = Annotated[str | None, typer.Option("--on", help="Run on Spark: local[2], spark://host:7077 ...")]


@app.callback(invoke_without_command=True)
def couveuse(
    version: Annotated[bool, typer.Option("--version", help="Say the version and stop.", is_eager=True)] = False,
) -> None:
    """Lead scoring for B2B companies: every point explained."""
    if version:
        from couveuse import __version__, core

        typer.echo(f"couveuse {__version__}{' (compiled core)' if core.is_compiled() else ''}")
        raise typer.Exit


@app.command()
def score(
    events: Events,
    model: ModelOption,
    leads: Leads = None,
    at: At = None,
    known_at: KnownAt = None,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
    out: Annotated[
        str | None, typer.Option(help="Write the scores here (.ndjson, .csv, .parquet) and print none.")
    ] = None,
    html: Annotated[str | None, typer.Option(help="Write the report for people here.")] = None,
    ledger: Annotated[str | None, typer.Option(help="Write every line of every lead here.")] = None,
    states: Annotated[str | None, typer.Option(help="Write the states from which live folding goes on here.")] = None,
    rejects: Annotated[
        str | None, typer.Option(help="Write the rejected rows with their reasons here (NDJSON).")
    ] = None,
    top: Annotated[int | None, typer.Option(min=1, help="Only so many leads, the best ones.")] = None,
    visitors: Annotated[bool, typer.Option("--visitors", help="Score devices of whom no more is known, too.")] = False,
    rates: Annotated[
        bool, typer.Option("--rates", help="Print each band's conversion rate from this history.")
    ] = False,
    won: Annotated[str | None, typer.Option(help="The leads' column that says who converted.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first rejected row.")] = False,
    lang: Annotated[Language, typer.Option(help="The report's language.")] = Language.EN,
    map_: Map = None,
    encoding: Encoding = "utf-8",
    processes: Processes = 0,
    memory: Memory = "900MB",
    on: Master = None,
) -> None:
    """Score a history: who is ripe, how ripe, and where to send them."""
    from couveuse.cli import scoring
    from couveuse.cli.asking import Asked

    asked = Asked(events, model, leads, at, known_at, map_, encoding, visitors, processes, memory, on)
    wanted = scoring.Wanted(
        format=format_.value, out=out, html=html, ledger=ledger, states=states, rejects=rejects, top=top,
        rates=rates, won=won, strict=strict, language=lang.value,
    )  # fmt: skip
    scoring.score(asked, wanted)


@app.command()
def explain(
    events: Events,
    model: ModelOption,
    lead: Annotated[str, typer.Option(help="The lead: an e-mail, a user id, or a device.")],
    leads: Leads = None,
    at: At = None,
    known_at: KnownAt = None,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
    lang: Annotated[Language, typer.Option(help="The language of labels.")] = Language.EN,
    map_: Map = None,
    encoding: Encoding = "utf-8",
    memory: Memory = "900MB",
) -> None:
    """Explain a score: the ledger, line by line, and its sum."""
    from couveuse.cli import explaining
    from couveuse.cli.asking import Asked

    asked = Asked(events, model, leads, at, known_at, map_, encoding, True, 1, memory, None)
    explaining.explain(asked, lead, format_.value, lang.value)


@app.command()
def bench(
    events: Events,
    model: ModelOption,
    leads: Leads = None,
    runs: Annotated[int, typer.Option(min=1, help="How many times; medians are printed.")] = 3,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
    map_: Map = None,
    encoding: Encoding = "utf-8",
    processes: Processes = 0,
    memory: Memory = "900MB",
) -> None:
    """Measure how quickly this machine scores a history, and where the time goes."""
    from couveuse.cli import benching
    from couveuse.cli.asking import Asked

    asked = Asked(events, model, leads, None, None, map_, encoding, False, processes, memory, None)
    benching.bench(asked, runs, format_.value)


@model_app.command("check")
def model_check(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A scoring model's file, or a preset's name.")],
) -> None:
    """Check a scoring model: every error with its line and cure; exit code 1 if there is one."""
    from couveuse.cli import models

    models.check(model)


@model_app.command("diff")
def model_diff(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="The model of today.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The model that would replace it.")],
    on: Annotated[list[str], typer.Option("--on", help="The events to compare on.")],
    leads: Leads = None,
    at: At = None,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
    examples: Annotated[int, typer.Option(min=0, help="How many leads to name for each change.")] = 5,
    map_: Map = None,
    encoding: Encoding = "utf-8",
    processes: Processes = 0,
    memory: Memory = "900MB",
) -> None:
    """Compare two models on a history: who changes band, in both directions, and which hand-overs would be made."""
    from couveuse.cli import models
    from couveuse.cli.asking import Asked

    asked = Asked(on, before, leads, at, None, map_, encoding, False, processes, memory, None)
    models.diff(asked, after, format_.value, examples)


@model_app.command("presets")
def model_presets(
    show: Annotated[str | None, typer.Option(help="Print this preset's document, to start from.")] = None,
    lang: Annotated[Language, typer.Option(help="The language of descriptions.")] = Language.EN,
) -> None:
    """List the models that come with Couveuse."""
    from couveuse.cli import models

    models.list_presets(show, lang.value)


@model_app.command("schema")
def model_schema() -> None:
    """Print the JSON Schema of scoring models."""
    from couveuse.cli import models

    models.schema()


@team_app.command("check")
def team_check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The team's document.")],
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="A scoring model, whose teams and treatments must be there.")
    ] = None,
) -> None:
    """Check a team's document: every error with its line and cure; exit code 1 if there is one."""
    from couveuse.cli import team

    team.check(file, model)


@team_app.command("apply")
def team_apply(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The team's document.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and write nothing.")] = False,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """Let a team's document count from now on, and say what it changes."""
    from couveuse.cli import team

    team.apply(file, dry_run, format_.value)


@team_app.command("show")
def team_show(
    document: Annotated[bool, typer.Option("--document", help="Print the document that counts instead.")] = False,
    version: Annotated[
        int | None, typer.Option(min=1, max=2**63 - 1, help="Print the document of this version of the history.")
    ] = None,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """Show the teams, their members, and who is or will be away."""
    from couveuse.cli import team

    if document or version is not None:
        team.show_document(version)
        return
    team.show(format_.value)


@team_app.command("history")
def team_history(
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List the documents that were applied, the newest first."""
    from couveuse.cli import team

    team.history(format_.value)


@team_app.command("absent")
def team_absent(
    member: Annotated[str, typer.Argument(metavar="MEMBER", help="The member's id.")],
    first: Annotated[str | None, typer.Option("--from", help="The first day away; today if not said.")] = None,
    last: Annotated[str | None, typer.Option("--until", help="The last day away; that one day if not said.")] = None,
    because: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Write down that a member is away: new tasks pass them over."""
    from couveuse.cli import team

    team.absent(member, first, last, because)


@team_app.command("back")
def team_back(
    member: Annotated[str, typer.Argument(metavar="MEMBER", help="The member's id.")],
    on: Annotated[str | None, typer.Option("--on", help="The first day there again; today if not said.")] = None,
) -> None:
    """End the absence of a member."""
    from couveuse.cli import team

    team.back(member, on)


@team_app.command("schema")
def team_schema() -> None:
    """Print the JSON Schema of the team's document."""
    from couveuse.cli import team

    team.schema()


@token_app.command("create")
def token_create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The program that will use it.")],
    scope: Annotated[list[str], typer.Option("--scope", help="What it may do: leads:read, leads:write, facts:read.")],
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="For how many days; for ever if not said.")
    ] = None,
) -> None:
    """Make a token of the API and print it, once."""
    from couveuse.cli import tokens

    tokens.create(name, scope, days)


@token_app.command("list")
def token_list(
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List the tokens of the API: what each may do, and when it was last used."""
    from couveuse.cli import tokens

    tokens.list_tokens(format_.value)


@token_app.command("revoke")
def token_revoke(
    number: Annotated[
        int, typer.Argument(metavar="NUMBER", min=1, max=2**63 - 1, help="The token's number in the list.")
    ],
) -> None:
    """Let a token in no more, from this moment on."""
    from couveuse.cli import tokens

    tokens.revoke(number)


Somebody = Annotated[str, typer.Argument(metavar="EMAIL", help="Whose account: the e-mail that they sign in with.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the standard input; else it is asked for.")
]


@user_app.command("create")
def user_create(
    email: Annotated[str, typer.Option(help="The e-mail that they sign in with.")],
    name: Annotated[str, typer.Option(help="How they are called.")],
    role: Annotated[UserRole, typer.Option(help="What they may do.")],
    member: Annotated[str | None, typer.Option(help="Who they are on the team: an id of couveuse team show.")] = None,
    lang: Annotated[Language, typer.Option(help="The language that pages speak to them.")] = Language.FR,
    timezone: Annotated[str, typer.Option(help="The time zone in which they are shown times.")] = "Europe/Paris",
    password_stdin: FromStdin = False,
) -> None:
    """Make an account for somebody; the password is asked for, or read from the standard input."""
    from couveuse.cli import users
    from couveuse.store.accounts.people import NewPerson

    new = NewPerson(email, name, role.value, "", member, lang.value, timezone)
    users.create(new, from_stdin=password_stdin)


@user_app.command("list")
def user_list(
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List who has an account: what each may do, and when they were last here."""
    from couveuse.cli import users

    users.list_people(format_.value)


@user_app.command("password")
def user_password(email: Somebody, password_stdin: FromStdin = False) -> None:
    """Give somebody another password; they are signed out everywhere."""
    from couveuse.cli import users

    users.set_password(email, from_stdin=password_stdin)


@user_app.command("role")
def user_role(
    email: Somebody,
    role: Annotated[UserRole, typer.Argument(metavar="ROLE", help="What they may do from now on.")],
) -> None:
    """Change what somebody may do; the last owner stays one."""
    from couveuse.cli import users

    users.change_role(email, role.value)


@user_app.command("member")
def user_member(
    email: Somebody,
    member: Annotated[
        str | None, typer.Argument(metavar="MEMBER", help="An id of couveuse team show; nobody if not said.")
    ] = None,
) -> None:
    """Say who somebody is on the team: tasks and teams are theirs by it."""
    from couveuse.cli import users

    users.link_member(email, member)


@user_app.command("deactivate")
def user_deactivate(email: Somebody) -> None:
    """Let somebody sign in no more, from this moment on; what they did stays."""
    from couveuse.cli import users

    users.deactivate(email)


@user_app.command("activate")
def user_activate(email: Somebody) -> None:
    """Let somebody sign in again who could no more."""
    from couveuse.cli import users

    users.activate(email)


@user_app.command("forget-factors")
def user_forget_factors(email: Somebody) -> None:
    """Forget authenticator, passkeys and recovery codes of somebody who has lost theirs."""
    from couveuse.cli import users

    users.forget_factors(email)


@user_app.command("sessions")
def user_sessions(
    email: Somebody,
    end: Annotated[bool, typer.Option("--end", help="Sign them out everywhere instead.")] = False,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List where somebody is signed in."""
    from couveuse.cli import users

    users.sessions(email, end=end, form=format_.value)


@app.command()
def link(
    lead: Annotated[str, typer.Argument(metavar="LEAD", help="The lead: an e-mail, a user id, or its number.")],
    days: Annotated[int, typer.Option(min=1, max=3_650, help="For how many days the link is valid.")] = 30,
    lang: Annotated[Language | None, typer.Option(help="The page's language; the reader's if not said.")] = None,
) -> None:
    """Print a link to a lead's page, for someone without an account: read-only, signed, valid for a while."""
    from couveuse.cli import links

    links.link(lead, days, None if lang is None else lang.value)


@key_app.command("create")
def key_create(
    source: Annotated[str, typer.Option(help="The name of what sends: site, crm ... Facts are known by it.")],
    kind: Annotated[
        Kind, typer.Option(help="server: on our servers only; public: in pages, where anybody may read it.")
    ] = Kind.SERVER,
    origin: Annotated[
        list[str] | None, typer.Option(help="A site that may use a public key: https://www.example.com.")
    ] = None,
    rate: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, help="So many events a second at most, in each web process.")
    ] = None,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """Make a write key, shown this once, with what to paste into the clients that you use."""
    from couveuse.cli import keys
    from couveuse.store.write_keys import KeyKind

    keys.create(KeyKind(kind.value), source, origin or (), rate, format_.value)


@key_app.command("list")
def key_list(
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List the write keys by how they begin."""
    from couveuse.cli import keys

    keys.list_keys(format_.value)


@key_app.command("revoke")
def key_revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Its id, as couveuse key list shows it, or how it begins.")],
) -> None:
    """Revoke a write key: within seconds it lets nobody in."""
    from couveuse.cli import keys

    keys.revoke(key)


Months = Annotated[list[str], typer.Argument(metavar="MONTH", help="Months, as 2026-01.")]


@archive_app.command("status")
def archive_status(
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List the months: how many facts are here, what is archived, and what was dropped."""
    from couveuse.cli import archives

    archives.status(format_.value)


@archive_app.command("run")
def archive_run(
    month: Annotated[
        list[str] | None, typer.Option(help="Only this month, as 2026-01; may be said again. All that closed if not.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which months, and write nothing.")] = False,
    processes: Processes = 0,
) -> None:
    """Write closed months to the archive, those anew that have changed since; nothing is dropped by it."""
    from couveuse.cli import archives

    archives.run(month or (), dry_run=dry_run, processes=processes)


@archive_app.command("drop")
def archive_drop(months: Months) -> None:
    """Drop months here: they are archived as they are first, and read from the archive from then on."""
    from couveuse.cli import archives

    archives.drop(months)


@archive_app.command("verify")
def archive_verify(
    months: Annotated[
        list[str] | None, typer.Argument(metavar="MONTH", help="Months, as 2026-01; all if none is named.")
    ] = None,
) -> None:
    """Read the archive to its end where it stands now; exit code 1 if a file is not what was written."""
    from couveuse.cli import archives

    archives.verify(months or ())


@app.command("import")
def import_(
    events: Annotated[
        list[str] | None,
        typer.Argument(metavar="EVENTS", help="Files, folders or globs: CSV, NDJSON, Parquet, XLSX; .gz, .zst."),
    ] = None,
    leads: Leads = None,
    basis: Annotated[
        str | None,
        typer.Option(help="On what basis they may be written to: legitimate-interest, consent, contract ... or none."),
    ] = None,
    consent_source: Annotated[
        str | None, typer.Option(help="Where the consent or the addresses come from: 'salon 2026'.")
    ] = None,
    consent_date: Annotated[str | None, typer.Option(help="Since when it holds: 2026-03-01.")] = None,
    purpose: Annotated[
        list[str] | None, typer.Option(help="For what: marketing-email if not said; email-tracking, phone ...")
    ] = None,
    source: Annotated[str, typer.Option(help="The source of facts that name none.")] = "",
    hand_over: Annotated[
        int | None, typer.Option(min=1, help="Hand over so many a day of whom is ripe; nobody if not said.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would come to, and write nothing.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the imports.")] = False,
    undo: Annotated[int | None, typer.Option(help="Take back the import of this number.")] = None,
    rejects: Annotated[
        str | None, typer.Option(help="Write the rejected rows with their reasons here (NDJSON).")
    ] = None,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
    map_: Map = None,
    encoding: Encoding = "utf-8",
    sheet: Annotated[str, typer.Option(help="Of workbooks the sheet to read; the first if not said.")] = "",
    dates: Annotated[
        DateOrder, typer.Option(help="Which comes first in dates: iso (2026-03-31), day (31/03/2026), month.")
    ] = DateOrder.ISO,
    leave_out: Annotated[
        list[str] | None, typer.Option("--leave-out", help="A column that is not read; may be said again.")
    ] = None,
    processes: Processes = 0,
    memory: Memory = "900MB",
) -> None:
    """Bring in a history and leads; who comes so is scored, and handed over to nobody unless that is asked for."""
    from couveuse.cli import importing

    if list_:
        importing.list_imports(format_.value)
    elif undo is not None:
        importing.undo(undo, format_.value)
    else:
        importing.bring(
            importing.Asked(
                events or (), leads or (), basis, consent_source, consent_date, purpose or (), source, map_ or (),
                encoding, rejects, hand_over, dry_run, format_.value, processes, memory, sheet, dates.value,
                leave_out or (),
            )
        )  # fmt: skip


@app.command()
def outcomes(
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV or NDJSON, or - for the standard input.")],
    map_: Annotated[list[str] | None, typer.Option("--map", help="Rename a column: --map crm_id=AccountId.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would come of each row; keep nothing.")] = False,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """Record what came of leads: won or lost, accepted or rejected, by e-mail or the CRM's number."""
    from couveuse.cli import outcomes as recording
    from couveuse.cli.asking import renames

    recording.record(file, renames(map_ or ()), dry_run=dry_run, form=format_.value)


@app.command()
def rejects(
    top: Annotated[int, typer.Option(min=1, help="Only so many, the latest ones.")] = 20,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List what was sent and could not be taken, each with its reason and its cure."""
    from couveuse.cli import keys

    keys.list_rejects(top, format_.value)


@app.command()
def rescore(
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="A scoring model's file, or a preset's name.")
    ] = None,
    diff_only: Annotated[
        bool, typer.Option("--diff-only", help="Show what it would change, and publish nothing.")
    ] = False,
    hand_over: Annotated[
        int, typer.Option(min=0, help="Of those whom it makes ripe hand over so many a day, the best first.")
    ] = 0,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Publish without asking.")] = False,
    given_up: Annotated[bool, typer.Option("--give-up", help="Forget a publication that was left half made.")] = False,
    despite_archive: Annotated[
        bool, typer.Option("--despite-archive", help="Even if it reads what archived months lack: there it is absent.")
    ] = False,
    examples: Annotated[int, typer.Option(min=0, help="How many leads to name for each change.")] = 5,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
    processes: Processes = 0,
) -> None:
    """Publish a scoring model over all that was recorded: first who changes band and who would be handed over."""
    from couveuse.cli import rescoring

    if given_up:
        rescoring.forget()
        return
    if model is None:
        raise typer.BadParameter("name a model: a file, or one of couveuse model presets")
    rescoring.rescore(
        rescoring.Asked(model, diff_only, hand_over, yes, format_.value, examples, processes, despite_archive)
    )


@app.command()
def demo(
    events: Annotated[str, typer.Argument(metavar="EVENTS", help="A history as NDJSON; its last days are replayed.")],
    leads: Annotated[str | None, typer.Option("--leads", "-l", help="What the CRM knew of the leads.")] = None,
    model: ModelOption = "bareme-b2b",
    team: Annotated[str | None, typer.Option(help="Who gets the leads: a team's document.")] = None,
    seconds: Annotated[float, typer.Option("--for", min=1, help="How long the replay lasts, in seconds.")] = 60.0,
    lang: Annotated[Language, typer.Option(help="The language of labels and pages.")] = Language.EN,
    stay: Annotated[
        bool | None, typer.Option("--stay/--no-stay", help="Go on afterwards; if not said, on a terminal only.")
    ] = None,
) -> None:
    """Show the whole product on a company's history: everything runs, visitors come, leads ripen."""
    from couveuse.cli import demo as showing

    showing.show(events, leads, model, team, seconds, lang.value, stay)


@app.command()
def inbox(
    folder: Annotated[str, typer.Option(help="Where the mails are kept.")] = "couveuse-inbox",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Its port on this machine.")] = 1025,
) -> None:
    """Keep mails instead of sending them, for trying out: a mail server on this machine, read on the page /inbox."""
    from couveuse.cli import inboxes

    inboxes.inbox(folder, port)


@outgoing_app.command("status")
def outgoing_status() -> None:
    """Say how what goes out stands; exit code 1 where something wants looking after."""
    from couveuse.cli import outgoing

    outgoing.status()


@outgoing_app.command("stop")
def outgoing_stop(because: Annotated[str, typer.Option(help="Why, for whoever finds it so.")] = "") -> None:
    """The red button: nothing goes out any more, by any channel, until couveuse outgoing go."""
    from couveuse.cli import outgoing

    outgoing.stop(because)


@outgoing_app.command("go")
def outgoing_go() -> None:
    """Let everything go out again: ends a stop, and a rehearsal."""
    from couveuse.cli import outgoing

    outgoing.go()


@outgoing_app.command("rehearse")
def outgoing_rehearse(because: Annotated[str, typer.Option(help="Why, for whoever finds it so.")] = "") -> None:
    """Let only the team get anything, each message marked; ended by couveuse outgoing go."""
    from couveuse.cli import outgoing

    outgoing.rehearse(because)


@outgoing_app.command("list")
def outgoing_list(
    standing: Annotated[
        list[str] | None, typer.Option(help="Only these: waiting, flying, done, parked, dead, withdrawn.")
    ] = None,
    channel: Annotated[Channel | None, typer.Option(help="Only this channel.")] = None,
    before: Annotated[int | None, typer.Option(min=1, max=2**63 - 1, help="Only below this number.")] = None,
    top: Annotated[int, typer.Option(min=1, max=10_000, help="Only so many, the newest ones.")] = 50,
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List what was to go out, the newest first."""
    from couveuse.cli import outgoing

    outgoing.list_intents(standing or (), None if channel is None else channel.value, before, top, format_.value)


@outgoing_app.command("show")
def outgoing_show(
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, max=2**63 - 2, help="Its number in the list.")],
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """Show one of them, with its attempts."""
    from couveuse.cli import outgoing

    outgoing.show(number, format_.value)


@outgoing_app.command("replay")
def outgoing_replay(
    numbers: Annotated[list[int] | None, typer.Argument(metavar="NUMBER", min=1, help="Numbers in the list.")] = None,
    all_: Annotated[Trouble | None, typer.Option("--all", help="All that are dead, or all that are parked.")] = None,
) -> None:
    """Send on what was given up, or parked because nobody knows whether it arrived."""
    from couveuse.cli import outgoing

    outgoing.replay(numbers or (), None if all_ is None else all_.value)


@outgoing_app.command("try")
def outgoing_try(
    channel: Annotated[Channel, typer.Argument(metavar="CHANNEL", help="email, slack or webhook.")],
    to: Annotated[
        str, typer.Argument(metavar="TO", help="A member or an address; a secret's name; an endpoint's name.")
    ],
    lang: Annotated[Language, typer.Option(help="The message's language.")] = Language.EN,
) -> None:
    """Send a trial message now, and say what came of it; exit code 1 where it did not arrive."""
    from couveuse.cli import outgoing

    outgoing.try_channel(channel.value, to, lang.value)


@endpoint_app.command("add")
def endpoint_add(
    id_: Annotated[str, typer.Argument(metavar="NAME", help="What it is called: crm.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Where it is: https://crm.example.com/hook.")],
    event: Annotated[
        list[str] | None,
        typer.Option(help="Only these: lead.handed_over, handover.withdrawn, task.created; all if not said."),
    ] = None,
) -> None:
    """Add an endpoint, and print its secret, once."""
    from couveuse.cli import outgoing

    outgoing.add_endpoint(id_, url, event or ())


@endpoint_app.command("list")
def endpoint_list(
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List the endpoints, and how each stands."""
    from couveuse.cli import outgoing

    outgoing.list_endpoints(format_.value)


@endpoint_app.command("disable")
def endpoint_disable(
    id_: Annotated[str, typer.Argument(metavar="NAME", help="Its name in the list.")],
    because: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Send nothing to an endpoint any more."""
    from couveuse.cli import outgoing

    outgoing.disable_endpoint(id_, because)


@endpoint_app.command("enable")
def endpoint_enable(id_: Annotated[str, typer.Argument(metavar="NAME", help="Its name in the list.")]) -> None:
    """Send to an endpoint again what is planned from now on."""
    from couveuse.cli import outgoing

    outgoing.enable_endpoint(id_)


@endpoint_app.command("rotate")
def endpoint_rotate(id_: Annotated[str, typer.Argument(metavar="NAME", help="Its name in the list.")]) -> None:
    """Make a new secret for an endpoint and print it, once; the one before goes on to be valid."""
    from couveuse.cli import outgoing

    outgoing.rotate_endpoint(id_)


@secret_app.command("set")
def secret_set(
    name: Annotated[str, typer.Argument(metavar="NAME", help="By what the team's document calls it.")],
) -> None:
    """Keep the address of a Slack channel, asked for or read from the standard input, sealed."""
    from couveuse.cli import outgoing

    outgoing.set_secret(name)


@secret_app.command("list")
def secret_list(
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List the names of the secrets that are kept."""
    from couveuse.cli import outgoing

    outgoing.list_secrets(format_.value)


@secret_app.command("remove")
def secret_remove(name: Annotated[str, typer.Argument(metavar="NAME", help="Its name in the list.")]) -> None:
    """Forget a secret."""
    from couveuse.cli import outgoing

    outgoing.remove_secret(name)


@app.command()
def up() -> None:
    """Run everything on this machine: PostgreSQL (unless one is given), front door, pages, engines, deliverers."""
    from couveuse.cli import supervising

    supervising.up()


@app.command()
def welcome() -> None:
    """Print the link by which the first visitor makes the owner's account; exit code 1 once there is an account."""
    from couveuse.cli import users

    users.welcome()


@app.command()
def web(
    serve: Annotated[Part, typer.Option(help="Take events, show pages, or both.")] = Part.ALL,
) -> None:
    """Run the front door and the pages, for a machine of their own."""
    from couveuse.cli import serving

    serving.web(serve.value)


@app.command()
def engine() -> None:
    """Run one engine: several may run at once, on several machines."""
    from couveuse.cli import serving

    serving.engine()


@app.command()
def deliver() -> None:
    """Run one deliverer: it makes tasks of hand-overs and sends what goes out; several may run at once."""
    from couveuse.cli import serving

    serving.deliver()


@app.command()
def migrate(
    publish_first: Annotated[
        bool, typer.Option("--publish-first", help="Publish a first model, too, where none was published yet.")
    ] = False,
) -> None:
    """Bring the database to this version; safe to run twice, and at once from two machines."""
    from couveuse.cli import serving

    serving.migrate(publish_first)


@app.command()
def upgrade(
    no_backup: Annotated[bool, typer.Option("--no-backup", help="Make no backup first: there is one.")] = False,
) -> None:
    """Bring an instance to this version: looked at, saved, changed, looked at again; stop everything else first."""
    from couveuse.cli import upgrading

    upgrading.upgrade(with_backup=not no_backup)


@app.command()
def backup(
    to: Annotated[str | None, typer.Option(help="A folder for it; COUVEUSE_BACKUPS if not said.")] = None,
) -> None:
    """Make a backup, while everything runs: the database as of one instant, and the key that signs links."""
    from couveuse.cli import backups as saving

    saving.backup(to)


@app.command()
def backups(
    format_: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to print.")] = OutputFormat.TABLE,
) -> None:
    """List the backups that there are, the newest first, and the last ones that failed."""
    from couveuse.cli import backups as saving

    saving.list_all(format_.value)


@app.command()
def restore(
    place: Annotated[str, typer.Argument(metavar="BACKUP", help="The backup's folder, as couveuse backups lists it.")],
    database_url: Annotated[
        str | None, typer.Option(help="Into this database, without a password here; the configured one if not said.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Replace what stands in the database, unasked.")] = False,
) -> None:
    """Restore a backup: whole or not at all; who was erased since is erased again, and nothing goes out by itself."""
    from couveuse.cli import backups as saving

    saving.restore(place, database_url, yes)


@app.command()
def erase(
    lead: Annotated[str, typer.Argument(metavar="LEAD", help="An e-mail, a user id, a lead's number, or a device.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Erase without asking.")] = False,
) -> None:
    """Erase a person everywhere, for good; backups that are restored later are gone over again."""
    from couveuse.cli import erasing

    erasing.erase(lead, yes)


@app.command()
def doctor(
    settings: Annotated[bool, typer.Option("--settings", help="List all settings with their values instead.")] = False,
    alive: Annotated[
        ProcessKind | None, typer.Option(help="Only whether such a process gives signs of life on this machine.")
    ] = None,
) -> None:
    """Look for what may be wrong, each thing with its cure; exit code 1 where there is something."""
    if settings:
        from couveuse.cli import settings as listing

        listing.show()
        return
    from couveuse.cli import doctoring

    if alive is not None:
        doctoring.look_for(alive.value)
    else:
        doctoring.examine()
