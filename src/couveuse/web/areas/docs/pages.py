"""The documentation at /docs: its contents, a page, a picture, a search."""

from django.http import Http404, HttpResponse

from couveuse.web.areas.docs import library
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import render


@page(Permission.SEE_DOCS)
def contents(asked: Asked) -> HttpResponse:
    """The contents, or what was found in them."""
    words = asked.request.GET.get("q", "")[:200].strip()
    return render(
        asked,
        "docs/contents.html",
        title=asked.say("docs_page.title"),
        words=words,
        found=library.search(words, asked.language),
        sections=_sections(asked),
    )


@page(Permission.SEE_DOCS)
def document(asked: Asked, name: str) -> HttpResponse:
    """One page."""
    if (found := library.schema(name)) is not None:
        return HttpResponse(found, content_type="application/json")
    made = library.page(name, asked.language)
    if made is None:
        raise Http404
    entry = next(each for each in library.contents(asked.language) if each.name == name)
    return render(
        asked, "docs/document.html", title=entry.title, written=entry.language, name=name, made=made,
        sections=_sections(asked),
    )  # fmt: skip


@page(Permission.SEE_DOCS)
def picture(asked: Asked, name: str) -> HttpResponse:
    """A picture."""
    found = library.image(name)
    if found is None:
        raise Http404
    return HttpResponse(found, content_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


def _sections(asked: Asked) -> list[tuple[str, list[library.Entry]]]:
    entries = library.contents(asked.language)
    return [(section, [each for each in entries if each.section == section]) for section in (*library.SECTIONS, "")]
