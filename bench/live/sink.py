"""A mail server in a process of its own: it says of each mail when it came, and which key of a lead it names.

`python -m bench.live.sink PORT PATTERN` prints a line a mail: nanoseconds of the clock, and what the pattern found.
"""

import asyncio
import re
import sys
import time
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, Envelope


class Counter:
    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:  # noqa: N802 - their name
        at = time.time_ns()
        content = envelope.content
        mail = message_from_bytes(content if isinstance(content, bytes) else b"", policy=policy.default)
        body = mail.get_body(("plain",))  # type: ignore[attr-defined]  # the policy makes it an EmailMessage
        found = self._pattern.search(body.get_content() if body is not None else "")
        print(at, found.group(1) if found else "-", flush=True)
        return "250 counted"


async def serve(port: int, pattern: str) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Counter(pattern)), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
