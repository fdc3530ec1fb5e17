"""The red button and the rehearsal: what each does, whether it is on, since when and by whom, and the turning."""

from typing import Final

from django.http import HttpResponse

from couveuse.store import intents, switches
from couveuse.store.switches import REHEARSAL, STOP
from couveuse.web import database
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import redirect, render

PLACE: Final = "/settings/switches"
NAMES: Final = (REHEARSAL, STOP)
MOST_BECAUSE: Final = 200


@page(Permission.PULL_SWITCHES)
def show(asked: Asked) -> HttpResponse:
    """Both switches."""
    return _shown(asked)


@page(Permission.PULL_SWITCHES, methods=("POST",))
def turn(asked: Asked, name: str) -> HttpResponse:
    """Turn one, once whoever asks has ticked that they mean it."""
    post = asked.request.POST
    on, because = post.get("on") == "1", post.get("because", "").strip()
    if name not in NAMES:
        return redirect(asked, PLACE, "settings_switches.none_such")
    if on and post.get("sure") != "1":
        return _shown(asked, wrong=name, error=asked.say("settings_switches.unsure"), because=because, status=422)
    if len(because) > MOST_BECAUSE or not because.isprintable():
        return _shown(asked, wrong=name, error=asked.say("settings_switches.because_long"), because=because, status=422)
    with database.writing() as connection:
        left = switches.turn(connection, name, on=on, by=asked.who.by, because=because, now=asked.now)
    key = f"settings_switches.{name}_{'on' if on else 'off'}"
    if on and left:
        return redirect(asked, PLACE, f"{key}_left", n=asked.formats.number(left))
    return redirect(asked, PLACE, key)


def _shown(asked: Asked, *, wrong: str = "", error: str = "", because: str = "", status: int = 200) -> HttpResponse:
    with database.reading() as connection:
        look = intents.look(connection)
    return render(
        asked, "settings/switches.html", status, title=asked.say("settings_nav.switches"), names=NAMES, look=look,
        waiting=sum(look.waiting.values()), wrong=wrong, error=error, because=because,
    )  # fmt: skip
