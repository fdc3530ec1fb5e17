"""The documentation as it comes with the product: Markdown of `docs/`, made into pages when they are asked for."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

from couveuse.language.plain import clean

# The sections, in the order in which a reader needs them.
SECTIONS: Final = ("tutorial", "howto", "concepts", "reference", "decisions")
IMAGES: Final = "images"
SUFFIX: Final = ".md"
# A page in another language than English stands beside it: marketing.fr.md.
_OTHER: Final = re.compile(r"\.([a-z]{2})\.md$")
_TITLE: Final = re.compile(r"^# (.+)$", re.MULTILINE)
# What is of Markdown in a text that is shown as it stands: links and pictures keep their words.
_LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS: Final = re.compile(r"^[-:| ]+$|[`*#|]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the contents: its address below /docs, its title, its section (empty: none), what it is written in."""

    name: str
    title: str
    section: str
    language: str


@dataclass(frozen=True, slots=True)
class Found:
    """A page that holds the words that were looked for, with what stands around the first of them."""

    entry: Entry
    around: str


def folder() -> Path:
    """Where the documentation stands: in the installed package, else beside the sources."""
    installed = Path(str(files("couveuse"))) / "documentation"
    return installed if installed.is_dir() else Path(str(files("couveuse"))).parents[1] / "docs"


@cache
def contents(language: str) -> tuple[Entry, ...]:
    """All pages in the order of the contents, their titles in the language where they are written in it."""
    return tuple(_contents(language))


def _contents(language: str) -> Iterator[Entry]:
    for section in SECTIONS:
        paths = [path for path in (folder() / section).glob(f"*{SUFFIX}") if not _OTHER.search(path.name)]
        yield from (_entry(path, section, language) for path in sorted(paths, key=lambda path: _place(path, language)))
    yield _entry(folder() / f"glossary{SUFFIX}", "", language)


def _entry(path: Path, section: str, language: str) -> Entry:
    name = path.name.removesuffix(SUFFIX)
    own = _in(path, language)
    return Entry(f"{section}/{name}" if section else name, _title(own), section, "en" if own == path else language)


def _place(path: Path, language: str) -> tuple[bool, str]:
    """What is in the reader's own language comes first, then by title; what is numbered stands by its number."""
    own = _in(path, language)
    return (language != "en" and own == path, path.name if path.parent.name == "decisions" else _title(own).casefold())


def _in(path: Path, language: str) -> Path:
    other = path.with_name(f"{path.name.removesuffix(SUFFIX)}.{language}{SUFFIX}")
    return other if other.is_file() else path


def _title(path: Path) -> str:
    found = _TITLE.search(path.read_text("utf-8"))
    return clean(found[1].replace("`", "")) if found else path.stem


def page(name: str, language: str) -> Markup | None:
    """A page's text as markup; None where the contents have no such page."""
    if name not in {each.name for each in contents(language)}:
        return None
    return _made(_in(folder() / f"{name}{SUFFIX}", language), name)


@cache
def _made(path: Path, name: str) -> Markup:
    # Our own documents, and still no markup of theirs is let through.
    reader = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")
    reader.add_render_rule("link_open", _link)
    reader.add_render_rule("heading_open", _heading)
    reader.add_render_rule("fence", _code)
    reader.add_render_rule("code_block", _code)
    reader.add_render_rule("table_open", lambda *_: '<div class="scroll" tabindex="0"><table>')
    reader.add_render_rule("table_close", lambda *_: "</table></div>")
    return Markup(reader.render(path.read_text("utf-8"), {"page": name}))  # the reader has escaped it


def _code(renderer: RendererHTML, tokens: list[Token], place: int, options: object, env: Mapping[str, str]) -> str:
    """Code that is wider than the page is scrolled by keys as well."""
    return f'<pre tabindex="0"><code>{escapeHtml(tokens[place].content)}</code></pre>\n'


def _link(renderer: RendererHTML, tokens: list[Token], place: int, options: object, env: Mapping[str, str]) -> str:
    """A link from page to page leads to the page's address; one to a file that is none of ours stays words."""
    target = str(tokens[place].attrs.get("href", ""))
    if "://" not in target and not target.startswith(("#", "/")):
        path, hash_, anchor = target.partition("#")
        parts: list[str] = list(PurePosixPath(env["page"]).parent.parts)
        for part in PurePosixPath(path).parts:
            if part == ".." and parts:
                parts.pop()
            elif part != "..":
                parts.append(part)
        tokens[place].attrs["href"] = "/docs/" + "/".join(parts).removesuffix(SUFFIX) + hash_ + anchor
    return renderer.renderToken(tokens, place, options, env)  # type: ignore[arg-type]


def _heading(renderer: RendererHTML, tokens: list[Token], place: int, options: object, env: object) -> str:
    """A heading can be pointed to, by its words as GitHub writes them."""
    tokens[place].attrs["id"] = slug(tokens[place + 1].content)
    return renderer.renderToken(tokens, place, options, env)  # type: ignore[arg-type]


def slug(heading: str) -> str:
    """What a heading is pointed to by.

    >>> slug("Consent is asked for"), slug("`couveuse up`, in short")
    ('consent-is-asked-for', 'couveuse-up-in-short')
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def schema(name: str) -> bytes | None:
    """A document for machines (a schema, an OpenAPI document); None where there is none."""
    path = folder() / "reference" / name.removeprefix("reference/")
    return path.read_bytes() if re.fullmatch(r"reference/[\w.-]+\.json", name) and path.is_file() else None


def image(name: str) -> bytes | None:
    """A picture of the documentation; None where there is none."""
    path = folder() / IMAGES / name
    return path.read_bytes() if re.fullmatch(r"[\w-]+\.png", name) and path.is_file() else None


def _plain(text: str) -> str:
    return _MARKS.sub("", _LINK.sub(r"\1", text))


def search(words: str, language: str, most: int = 30) -> list[Found]:
    """Pages that hold all the words, those with them in the title first."""
    wanted = [word for word in words.casefold().split() if word]
    found: list[tuple[bool, Found]] = []
    for entry in contents(language) if wanted else ():
        text = _plain(_in(folder() / f"{entry.name}{SUFFIX}", language).read_text("utf-8"))
        folded = text.casefold()
        if all(word in folded for word in wanted):
            place = folded.index(wanted[0])
            around = " ".join(text[max(place - 60, 0) : place + 120].split()[1:-1])  # whole words alone
            found.append((not all(word in entry.title.casefold() for word in wanted), Found(entry, around)))
    return [each for _, each in sorted(found, key=lambda pair: pair[0])][:most]
