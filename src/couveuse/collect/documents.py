"""What browser clients ask for before they send: documents that tell them to send here, and nowhere else."""

import re
from collections.abc import Mapping

from couveuse.collect.answers import Answer
from couveuse.configuration import Configuration

_HOST = re.compile(rb"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


def origin_of(configuration: Configuration, scheme: str, headers: Mapping[bytes, bytes]) -> str:
    """How a browser reaches us: as we are told, else as it has just done."""
    host = headers.get(b"host", b"")
    if configuration.public_url or not _HOST.fullmatch(host):
        return configuration.url
    return f"{scheme}://{host.decode()}"


def settings(key: str, origin: str) -> Answer:
    """For Segment's clients. One key in `integrations`: with two of them a client loads what is old."""
    scheme, _, host = origin.partition("://")
    here = {"apiKey": key, "apiHost": f"{host}/v1", "protocol": scheme, "addBundledMetadata": True}
    return Answer(
        200,
        {
            "integrations": {"Segment.io": here},
            "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
            "edgeFunction": {},
            "analyticsNextEnabled": True,
            "middlewareSettings": {},
            "enabledMiddleware": {},
            "metrics": {"sampleRate": 0},  # no word to anybody about how it went
            "legacyVideoPluginsEnabled": False,
            "remotePlugins": [],
        },
    )


def source_config(key: str, source: str, origin: str) -> Answer:
    """For RudderStack's clients: one source, no destination, no word to anybody about how it went."""
    is_off = {"enabled": False}
    return Answer(
        200,
        {
            "source": {
                "id": "couveuse",
                "name": source,
                "writeKey": key,
                "enabled": True,
                "workspaceId": "couveuse",
                "config": {"statsCollection": {"errors": is_off, "metrics": is_off}},
                "dataplanes": {},
                "dataPlaneUrl": origin,
                "destinations": [],
                "updatedAt": "2026-01-01T00:00:00.000Z",
            },
            "updatedAt": "2026-01-01T00:00:00.000Z",
        },
    )
