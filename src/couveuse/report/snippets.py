"""What to paste where, so that clients that are in use already send here."""

from couveuse.store.write_keys import KeyKind

_BROWSER = """
In a page, with Segment's client (npm install @segment/analytics-next):

    import {{ AnalyticsBrowser }} from "@segment/analytics-next"
    const analytics = AnalyticsBrowser.load(
      {{ writeKey: "{key}", cdnURL: "{url}" }},
      {{ integrations: {{ "Segment.io": {{ apiHost: "{host}/v1", protocol: "{scheme}" }} }} }}
    )
    analytics.page()

with RudderStack's (npm install @rudderstack/analytics-js):

    rudderanalytics.load("{key}", "{url}", {{ configUrl: "{url}" }})

with Jitsu's (npm install @jitsu/js), which wants an id before the key:

    const analytics = jitsuAnalytics({{ host: "{url}", writeKey: "couveuse:{key}" }})
"""

_SERVER = """
On a server, with nothing but curl:

    curl -u {key}: {url}/v1/track -H "Content-Type: application/json" \\
      -d '{{"event": "Quote Requested", "userId": "u-1", "context": {{"traits": {{"email": "ana@example.com"}}}}}}'

with Segment's client for Python (pip install segment-analytics-python):

    from segment.analytics import Client
    analytics = Client("{key}", host="{url}")
    analytics.identify("u-1", {{"email": "ana@example.com"}})

for Node (npm install @segment/analytics-node):

    const analytics = new Analytics({{ writeKey: "{key}", host: "{url}" }})

with RudderStack's for Python (pip install rudder-sdk-python):

    from rudderstack.analytics import Client
    analytics = Client("{key}", host="{url}")
"""


def text(key: str, kind: KeyKind, url: str) -> str:
    """How existing clients are told to send here."""
    scheme, _, host = url.partition("://")
    form = _BROWSER if kind is KeyKind.PUBLIC else _SERVER
    return form.format(key=key, url=url, scheme=scheme, host=host).strip("\n")
