"""What to paste where, so that clients that are in use already send here."""

from collections.abc import Mapping
from dataclasses import dataclass

from couveuse.language.words import NO_BREAK
from couveuse.store.write_keys import KeyKind

_BROWSER = """
{page} (npm install @segment/analytics-next){colon}

    import {{ AnalyticsBrowser }} from "@segment/analytics-next"
    const analytics = AnalyticsBrowser.load(
      {{ writeKey: "{key}", cdnURL: "{url}" }},
      {{ integrations: {{ "Segment.io": {{ apiHost: "{host}/v1", protocol: "{scheme}" }} }} }}
    )
    analytics.page()

{rudderstack} (npm install @rudderstack/analytics-js){colon}

    rudderanalytics.load("{key}", "{url}", {{ configUrl: "{url}" }})

{jitsu} (npm install @jitsu/js), {jitsu_id}{colon}

    const analytics = jitsuAnalytics({{ host: "{url}", writeKey: "couveuse:{key}" }})
"""

_SERVER = """
{curl}{colon}

    curl -u {key}: {url}/v1/track -H "Content-Type: application/json" \\
      -d '{{"event": "Quote Requested", "userId": "u-1", "context": {{"traits": {{"email": "ana@example.com"}}}}}}'

{python} (pip install segment-analytics-python){colon}

    from segment.analytics import Client
    analytics = Client("{key}", host="{url}")
    analytics.identify("u-1", {{"email": "ana@example.com"}})

{node} (npm install @segment/analytics-node){colon}

    const analytics = new Analytics({{ writeKey: "{key}", host: "{url}" }})

{rudderstack_python} (pip install rudder-sdk-python){colon}

    from rudderstack.analytics import Client
    analytics = Client("{key}", host="{url}")
"""


# What stands above each piece of code, by language.
_ABOVE: Mapping[str, Mapping[str, str]] = {
    "en": {
        "colon": ":", "page": "In a page, with Segment's client", "rudderstack": "with RudderStack's",
        "jitsu": "with Jitsu's", "jitsu_id": "which wants an id before the key",
        "curl": "On a server, with nothing but curl", "python": "with Segment's client for Python",
        "node": "for Node", "rudderstack_python": "with RudderStack's for Python",
    },
    "fr": {
        "colon": f"{NO_BREAK}:", "page": "Dans une page, avec le client de Segment",
        "rudderstack": "avec celui de RudderStack", "jitsu": "avec celui de Jitsu",
        "jitsu_id": "qui veut un identifiant devant la clé", "curl": "Sur un serveur, avec curl seul",
        "python": "avec le client de Segment pour Python", "node": "pour Node",
        "rudderstack_python": "avec celui de RudderStack pour Python",
    },
}  # fmt: skip


def text(key: str, kind: KeyKind, url: str, language: str = "en") -> str:
    """How existing clients are told to send here."""
    scheme, _, host = url.partition("://")
    form = _BROWSER if kind is KeyKind.PUBLIC else _SERVER
    return form.format(key=key, url=url, scheme=scheme, host=host, **_ABOVE[language]).strip("\n")


@dataclass(frozen=True, slots=True)
class Snippet:
    """What to paste: an id for the page, what it is for, and the code."""

    id: str
    name: str
    code: str


_FIRST_OF_SERVER = (
    ("curl", "curl", """
curl -u {key}: {url}/v1/track -H "Content-Type: application/json" -d '{{
  "event": "Quote Requested", "userId": "first-user",
  "context": {{"traits": {{"email": "{email}"}}}}
}}'
"""),
    ("python", "Python", """
# pip install segment-analytics-python
from segment.analytics import Client

client = Client("{key}", host="{url}")
client.track("first-user", "Quote Requested", {{}}, context={{"traits": {{"email": "{email}"}}}})
client.shutdown()
"""),
    ("node", "Node", """
// npm install @segment/analytics-node
import {{ Analytics }} from "@segment/analytics-node"

const analytics = new Analytics({{ writeKey: "{key}", host: "{url}" }})
analytics.track({{
  userId: "first-user", event: "Quote Requested", context: {{ traits: {{ email: "{email}" }} }}
}})
await analytics.closeAndFlush()
"""),
)  # fmt: skip
_FIRST_OF_BROWSER = (
    ("javascript", "JavaScript", """
// npm install @segment/analytics-next
import {{ AnalyticsBrowser }} from "@segment/analytics-next"

const analytics = AnalyticsBrowser.load(
  {{ writeKey: "{key}", cdnURL: "{url}" }},
  {{ integrations: {{ "Segment.io": {{ apiHost: "{host}/v1", protocol: "{scheme}" }} }} }}
)
analytics.identify("first-user", {{ email: "{email}" }})
analytics.track("Quote Requested")
"""),
    ("fetch", "JavaScript, fetch", """
await fetch("{url}/v1/batch", {{
  method: "POST",
  headers: {{ "Content-Type": "text/plain" }},
  body: JSON.stringify({{
    writeKey: "{key}",
    batch: [{{
      type: "track", event: "Quote Requested", anonymousId: "first-device",
      context: {{ traits: {{ email: "{email}" }} }}
    }}]
  }})
}})
"""),
)  # fmt: skip


def first_event(key: str, kind: KeyKind, url: str, email: str) -> tuple[Snippet, ...]:
    """The first event of an instance, in one language or another."""
    scheme, _, host = url.partition("://")
    forms = _FIRST_OF_BROWSER if kind is KeyKind.PUBLIC else _FIRST_OF_SERVER
    return tuple(
        Snippet(id, name, code.format(key=key, url=url, scheme=scheme, host=host, email=email).strip("\n"))
        for id, name, code in forms
    )
