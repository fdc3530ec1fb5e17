"""A message, posted to Slack. It takes one a second for each address, and says when it has had too many."""

import json
from typing import Final

from couveuse.channels import Delivered, Failed, Outcome, Refused, Unknown
from couveuse.channels.guarded import ERRORS, Client, NotAllowed, has_left, told
from couveuse.channels.slack.rendering import render
from couveuse.core.notices import Notice
from couveuse.language.plain import in_a_line

# Between two messages to one address.
PAUSE_SECONDS: Final = 1.0
_FOR_NOW: Final = frozenset((408, 425, 429))


class Slack:
    """Posts notices; one thread's."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def send(self, address: str, notice: Notice) -> Outcome:
        """Post a notice; the address is the secret that Slack has given out."""
        body = json.dumps(render(notice), ensure_ascii=False).encode()
        try:
            answer = self._client.post(address, {"Content-Type": "application/json; charset=utf-8"}, body)
        except NotAllowed as error:
            return Refused(f"Slack's address will not do: {error}")
        except ERRORS as error:
            return Unknown(f"Slack: {told(error)}") if has_left(error) else Failed(f"Slack: {told(error)}")
        # Slack's words are codes (ok, no_service, invalid_blocks), and quote nothing.
        said = f"Slack answers {answer.status} {in_a_line(answer.body.decode('utf-8', 'replace'), 80)}".rstrip()
        if answer.status // 100 == 2:
            return Delivered()
        if answer.status in _FOR_NOW or answer.status >= 500:
            return Failed(said, answer.retry_after)
        return Refused(said)

    def close(self) -> None:
        """Close the lines."""
        self._client.close()
