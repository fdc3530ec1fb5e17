"""The intake's OpenAPI document, made of the table of paths: `python -m couveuse.collect.reference`."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from couveuse.collect.bodies import MOST_BODY
from couveuse.collect.messages import MOST_EVENTS
from couveuse.collect.routes import CALLS, SOURCE_CONFIG, Call
from couveuse.core.events import MOST_KEY, MOST_NAME

Schema = dict[str, Any]

_KEY: Schema = {"type": ["string", "number", "null"], "maxLength": MOST_KEY}
_OBJECT: Schema = {"type": ["object", "null"]}
_TIME: Schema = {"type": ["string", "null"], "description": "ISO 8601; in UTC where it names no zone."}

# What all messages have in common, and what each kind adds.
_COMMON: Mapping[str, Schema] = {
    "type": {"type": "string", "description": "In a batch, what the message is."},
    "messageId": {**_KEY, "description": "By this and its source a fact is known: sent again, it counts once."},
    "userId": _KEY,
    "anonymousId": _KEY,
    "timestamp": {**_TIME, "description": "When it happened; when it was received, if not said."},
    "originalTimestamp": _TIME,
    "sentAt": {**_TIME, "description": "When it was sent, by the same clock: so that a wrong clock can be corrected."},
    "context": {**_OBJECT, "description": "Whence it came; `context.traits.email` says whose it is."},
    "writeKey": {"type": ["string", "null"]},
}
_OF_KIND: Mapping[Call, Mapping[str, Schema]] = {
    Call.IDENTIFY: {"traits": {**_OBJECT, "description": "What is known of the person; `email` is whose it is."}},
    Call.TRACK: {"event": {"type": "string", "maxLength": MOST_NAME}, "properties": _OBJECT},
    Call.PAGE: {"name": {}, "category": {}, "properties": _OBJECT},
    Call.SCREEN: {"name": {}, "category": {}, "properties": _OBJECT},
    Call.GROUP: {"groupId": _KEY, "traits": {**_OBJECT, "description": "What is known of the person's company."}},
    Call.ALIAS: {"previousId": {**_KEY, "description": "An earlier device or e-mail of the same person."}},
}
_SUMMARIES: Mapping[Call, str] = {
    Call.IDENTIFY: "Say who a person is",
    Call.TRACK: "Say what a person did",
    Call.PAGE: "Say that a person saw a page",
    Call.SCREEN: "Say that a person saw a screen",
    Call.GROUP: "Say of which company a person is",
    Call.ALIAS: "Say that two keys are one person's",
    Call.BATCH: "Say many things at once",
}
_ANSWERS: Mapping[int, str] = {
    400: "It cannot be read, or is no fact; what is no fact is kept with its reason.",
    401: "No write key, or one that is unknown or revoked.",
    403: "The key may not be used from there.",
    404: "There is nothing here.",
    405: "Another method is meant.",
    408: "The body did not arrive in time.",
    413: f"The body has more than {MOST_BODY:,} bytes once inflated.",
    415: "Compressed in a way that is not known here.",
    429: "Too much at once, or too much waits: nothing was stored.",
    503: "It cannot be stored for now: nothing was.",
}
_WAITS = (429, 503)


def document() -> Schema:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Couveuse: intake",
            "version": "1",
            "description": "Segment's HTTP API and its variants. A 200 is given once everything is durable.",
        },
        "security": [{"basic": []}, {"header": []}, {}],
        "paths": {
            **{path: {"post": _post(path, call)} for path, call in CALLS.items()},
            "/v1/projects/{key}/settings": {"get": _get("What Segment's browser client asks for first", key=True)},
            f"{SOURCE_CONFIG}/": {"get": _get("What RudderStack's browser client asks for first", key=False)},
        },
        "components": {
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic", "description": "The write key is the user."},
                "header": {"type": "apiKey", "in": "header", "name": "X-Write-Key"},
            },
            "responses": _responses(),
            "schemas": {
                **{call.value.capitalize(): _message(call) for call in _OF_KIND},
                "Batch": _batch(),
                "Done": _exactly(success={"const": True}),
                "Refused": _exactly(
                    success={"const": False},
                    code={"type": "string"},
                    message={"type": "string", "description": "What is wrong, and what to do about it."},
                ),
            },
        },
    }


def _message(call: Call) -> Schema:
    required = {"required": ["event"]} if call is Call.TRACK else {}
    return {"type": "object", "properties": {**_COMMON, **_OF_KIND[call]}, **required}


def _batch() -> Schema:
    kinds = [{"$ref": f"#/components/schemas/{call.value.capitalize()}"} for call in _OF_KIND]
    return {
        "type": "object",
        "required": ["batch"],
        "properties": {
            "batch": {
                "type": "array",
                "items": {"anyOf": kinds},
                "description": f"What is beyond the first {MOST_EVENTS:,} is rejected.",
            },
            "context": {**_OBJECT, "description": "Goes into each message, where that says nothing else."},
            "sentAt": _TIME,
            "writeKey": {"type": ["string", "null"]},
        },
    }


def _exactly(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _post(path: str, call: Call) -> Schema:
    body = {"schema": {"$ref": f"#/components/schemas/{call.value.capitalize()}"}}
    return {
        "summary": _SUMMARIES[call],
        "operationId": path.strip("/").replace("/", "_"),
        "parameters": [
            {"name": "Content-Encoding", "in": "header", "schema": {"enum": ["gzip", "deflate", "identity"]}}
        ],
        "requestBody": {
            "required": True,
            "description": "JSON, whatever its Content-Type; compressed, with Content-Encoding: gzip or deflate.",
            "content": {"application/json": body},
        },
        "responses": {"200": {"$ref": "#/components/responses/Done"}, **_refusals(*_ANSWERS)},
    }


def _get(summary: str, *, key: bool) -> Schema:
    where = {"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}
    shown = {"name": "writeKey", "in": "query", "schema": {"type": "string"}}
    said = {"description": "The document.", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {
        "summary": summary,
        "parameters": [where if key else shown],
        "responses": {"200": said, **_refusals(401, 403, 404, 405, 429, 503)},
    }


def _refusals(*statuses: int) -> Schema:
    return {str(status): {"$ref": f"#/components/responses/Refused{status}"} for status in statuses}


def _responses() -> Schema:
    found = {"Done": _answer("Stored.", "Done")}
    for status, description in _ANSWERS.items():
        answer = found[f"Refused{status}"] = _answer(description, "Refused")
        if status in _WAITS:
            seconds = {"schema": {"type": "integer"}, "description": "In so many seconds try again."}
            answer["headers"] = {"Retry-After": seconds}
    return found


def _answer(description: str, schema: str) -> Schema:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), ensure_ascii=False, indent=2) + "\n")
