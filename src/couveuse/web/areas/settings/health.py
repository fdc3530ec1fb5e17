"""What the doctor says, on screen: what is wrong first, each thing with its cure."""

import re
from typing import Final

from django.http import HttpResponse

from couveuse import configuration
from couveuse.engine import doctoring
from couveuse.store.health import Check
from couveuse.web.areas.settings.answers import why_no_backup
from couveuse.web.asking import Asked, page
from couveuse.web.permissions import Permission
from couveuse.web.rendering import render

# Where on screen one mends what was found; the rest is mended on the machine.
PLACES: Final = {
    "model_none": "/scoring", "stop": "/settings/switches", "rehearsal": "/settings/switches",
    "outgoing_troubled": "/settings/outgoing", "late": "/settings/outgoing", "endpoint_failing": "/settings/outgoing",
    "endpoint_disabled": "/settings/outgoing", "team_unknown": "/settings/team", "write_keys_none": "/settings/keys",
    "write_keys": "/settings/keys", "model": "/scoring",
}  # fmt: skip

REASON: Final = re.compile(r"[a-z_]+(?= \()")


@page(Permission.SEE_HEALTH)
def show(asked: Asked) -> HttpResponse:
    """All that was looked at."""
    found = [told(asked, each) for each in doctoring.checks(configuration.read())]
    return render(
        asked, "settings/health.html", title=asked.say("settings_nav.health"),
        wrong=[each for each in found if each["cure"]], fine=[each for each in found if not each["cure"]],
    )  # fmt: skip


def told(asked: Asked, check: Check) -> dict[str, str]:
    """One thing in the language of the page; what no table names is told as the doctor tells it."""
    words, code = asked.words, check.code
    values = {key: _value(asked, value) for key, value in check.values.items()}
    if code == "backups_failed":
        values["error"] = why_no_backup(asked, values["error"])
    elif code == "rejects":  # reasons are told as the imports' pages tell them
        values["top"] = REASON.sub(lambda found: words.known("start_reason", found[0]), values["top"])

    def say(table: str, otherwise: str) -> str:
        pattern = words.known(table, code)
        return otherwise if not code or pattern == code else pattern.format(**values)

    return {
        "name": say("settings_check", check.name),
        "says": say("settings_says", check.says),
        "cure": say("settings_cure", check.cure) if check.cure else "",
        "place": PLACES.get(code, ""),
    }


def _value(asked: Asked, value: str | float) -> str:
    return value if isinstance(value, str) else asked.formats.number(value, 0 if float(value).is_integer() else 1)
