"""Headers of a response, in any spelling and number."""

from __future__ import annotations

from loadtests.adk.client import Answer, Client
from tests.loadtests.scripted_server import Step, serving


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
