"""Mail servers that behave badly by a rule, and what is counted at them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from tests.kb.clock.sinks import Sink


def _yes(address: str, number: int) -> str:
    return ""


class Judge(Sink):
    """`at_address` and `at_data` give the answer to (address, how many were asked before it), "" for yes, "hang up" for
    none.

    slow_s: how long it thinks over each message.
    """

    def __init__(
        self,
        *,
        at_address: Callable[[str, int], str] = _yes,
        at_data: Callable[[str, int], str] = _yes,
        slow_s: float = 0,
    ) -> None:
        super().__init__()
        self.at_address, self.at_data, self.slow_s = at_address, at_data, slow_s
        self.asked = self.begun = self.connections = 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        answer = self.at_address(address, self.asked)
        self.asked += 1
        if answer == "hang up":
            server.transport.abort()
            return "421 bye"
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:
        answer = self.at_data(envelope.rcpt_tos[0], self.begun)
        self.begun += 1
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        if answer == "hang up":
            server.transport.abort()
            return "421 bye"
        if answer:
            return answer
        return await super().handle_DATA(server, session, envelope)

    def received(self) -> Counter[str]:
        """How many times each address got something."""
        return Counter(recipients[0] for recipients in self.recipients)
