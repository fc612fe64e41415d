"""What the client reads of a response: headers in any spelling and number, announcements before."""

from __future__ import annotations

import pytest

from loadtests.adk.client import Answer, Client
from tests.loadtests.scripted_server import Step, serving

_EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nRetry-After: 9\r\n\r\n"
_REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none\ntw"


def _answer(*lines: str) -> Answer:
    head = "\r\n".join(("HTTP/1.1 503 X", "Content-Length: 0", *lines, "", ""))
    with serving(Step((head.encode(),))) as server:
        client = Client(server.url, connections=1)
        answer = client.send("GET", "/", None, 10.0)
        client.close()
    return answer


def test_the_names_of_headers_are_read_in_any_spelling() -> None:
    answer = _answer("X-Diya-Replica: r01", "RETRY-AFTER: 3", "x-diya-outcome: not-run")
    assert (answer.replica, answer.retry_after, answer.not_run) == ("r01", 3.0, True)


def test_a_header_that_came_several_times_names_nobody() -> None:
    replicas = [f"X-Diya-Replica: r0{number}" for number in range(3)]
    answer = _answer(*replicas, "Retry-After: 1", "retry-after: 2")
    assert answer.complete
    assert (answer.replica, answer.retry_after) == (None, None)


def test_a_header_that_arrives_in_pieces_is_one() -> None:
    parts = (b"HTTP/1.1 503 X\r\nX-Diya-Re", b"plica: r0", b"1\r\nContent-Length: 0\r\n\r\n")
    with serving(Step(parts)) as server:
        client = Client(server.url, connections=1)
        answer = client.send("GET", "/", None, 10.0)
        client.close()
    assert (answer.complete, answer.replica) == (True, "r01")


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    "parts", [(_EARLY + _REPLY,), (_EARLY, _REPLY), (_EARLY + _REPLY[:-3], _REPLY[-3:])]
)
def test_an_announced_response_is_read_to_its_end_before_the_connection_is_used_again(
    parts: tuple[bytes, ...], streamed: bool
) -> None:
    with serving(Step(parts)) as server:
        client = Client(server.url, connections=1)
        for _ in range(2):
            lines: list[bytes] = []
            take = lines.append if streamed else None
            answer = client.send("POST", "/run", b"{}", 10.0, take)
            assert (answer.status, answer.complete, answer.retry_after) == (200, True, None)
            assert (lines if streamed else [answer.body]) == (
                [b"one\n", b"tw"] if streamed else [b"one\ntw"]
            )
        client.close()
    assert server.connections == 1
