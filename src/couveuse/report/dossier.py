"""One lead as one HTML page: its record, as in the report, and what else is known of the person."""

from couveuse.language.words import LANGUAGES
from couveuse.report.names import Names
from couveuse.report.shell import put_together, receipts_of
from couveuse.report.values import Dossier


def render_dossier(dossier: Dossier) -> str:
    """A lead's page, self-contained, in its language.

    Raises `BadInput` for a language other than fr and en, and `CouveuseError` for a ledger that does not add up.
    """
    names = Names(dossier.model, dossier.language, [dossier.page.row.score])
    return put_together(
        "dossier.html",
        names.words,
        dossier=dossier,
        became=dossier.became,
        page=dossier.page,
        row=dossier.page.row,
        sheet=names,
        f=names.formats,
        receipt_of=receipts_of(names, "receipt.carried_note_live"),
        others=[language for language in LANGUAGES if language != dossier.language],
    )
