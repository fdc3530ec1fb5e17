"""A webhook, signed and posted, by https://www.standardwebhooks.com: a copy has the same id, so that it counts once."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from standardwebhooks.webhooks import Webhook as Signer

from couveuse.channels import Delivered, Failed, Outcome, Refused, Unknown
from couveuse.channels.guarded import ERRORS, Client, NotAllowed, has_left, told
from couveuse.channels.webhook.rendering import render
from couveuse.core.notices import Notice
from couveuse.core.times import SECOND_US, moment

GONE: Final = 410


class Webhook:
    """Posts notices of one instance to endpoints; one thread's."""

    def __init__(self, client: Client, instance: str) -> None:
        self._client, self._instance = client, instance

    def send(
        self,
        url: str,
        secrets: Sequence[str],
        notice: Notice,
        *,
        type_: str,
        about: Mapping[str, Any],
        key: str,
        now: int,
    ) -> Outcome:
        """Post a notice; `key` is what it is, once for ever. Anything but a 2xx is tried again, a redirect is not."""
        id, body = message_id(self._instance, key), render(type_, notice, about)
        try:
            answer = self._client.post(url, headers(secrets, id, body, now), body.encode(), now / SECOND_US)
        except NotAllowed as error:
            return Refused(f"the endpoint's address will not do: {error}")
        except ERRORS as error:
            return (
                Unknown(f"the endpoint: {told(error)}") if has_left(error) else Failed(f"the endpoint: {told(error)}")
            )
        said = f"the endpoint answers {answer.status}"
        if answer.status // 100 == 2:
            return Delivered()
        if answer.status // 100 == 3:
            return Refused(f"{said}: redirects are not followed, give the address that it leads to")
        if answer.status == GONE:
            return Refused(said, is_gone=True)
        return Failed(said, answer.retry_after)

    def close(self) -> None:
        """Close the lines."""
        self._client.close()


def headers(secrets: Sequence[str], id: str, body: str, now: int) -> dict[str, str]:
    """The headers of a message: its id, when it is sent, and a signature by each secret, the newest first."""
    signatures = [Signer(secret).sign(id, moment(now), body) for secret in secrets]
    return {
        "Content-Type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": str(now // SECOND_US),
        "webhook-signature": " ".join(signatures),
    }


def message_id(instance: str, key: str) -> str:
    """The id of a message for ever, which tells nothing of what it is about.

    >>> message_id("https://couveuse.example.com", "webhook:lead.handed_over:handover:1:crm")
    'msg_4c85a56f3791dcac1dfc3396fb8c4302'
    """
    return "msg_" + hashlib.sha256(f"{instance}\n{key}".encode()).hexdigest()[:32]
