from __future__ import annotations

import threading
import time

import pytest

from loadtests.adk.attempt import Attempt
from loadtests.adk.client import Answer
from loadtests.customers.retry import Deadline, RetryState, Tries, ask_with_retries
from loadtests.profiles.profile import Profile
from reports.records import Outcome


def test_the_retry_jitter_is_seeded_by_the_customer() -> None:
    def pauses(*seed: int | str) -> list[float]:
        retry_state = RetryState(*seed)
        return [retry_state.seconds(0.4) for _ in range(20)]

    drawn = pauses(7, "audit")
    assert all(0 <= pause <= 0.4 for pause in drawn)
    assert max(drawn) - min(drawn) > 0.1
    assert pauses(7, "audit") == drawn
    assert pauses(8, "audit") != drawn
    assert pauses(7) != drawn


def test_a_customer_cut_off_during_an_attempt_retries_after_reconnecting(smoke: Profile) -> None:
    retry_state, tries, deadline = RetryState(1), Tries(), Deadline(0.2)
    begun = time.monotonic()
    retry_state.reconnect_at = begun + 0.5
    answers = [Attempt(Outcome.INFO, Answer(), "cut off"), Attempt(Outcome.OK, Answer())]
    ask_with_retries(
        tries, lambda timeout: answers.pop(0), smoke.conversation, retry_state, deadline
    )
    assert (tries.outcome, tries.attempts, tries.unsure) == (Outcome.OK, 2, 1)
    assert time.monotonic() - begun >= 0.5
    # The customer's next request gets the rest of the time.
    assert deadline.at - begun > 0.6


def test_a_customer_cut_off_between_two_attempts_waits_for_the_reconnect(smoke: Profile) -> None:
    retry_state, tries = RetryState(1), Tries()
    begun = time.monotonic()
    busy = Attempt(Outcome.FAIL, Answer(retry_after=1.0), "busy")
    answers = [busy, Attempt(Outcome.OK, Answer())]
    cut = threading.Timer(0.1, setattr, (retry_state, "reconnect_at", begun + 1.6))
    cut.start()
    ask_with_retries(
        tries, lambda timeout: answers.pop(0), smoke.conversation, retry_state, Deadline(1.4)
    )
    cut.join()
    assert (tries.outcome, tries.attempts) == (Outcome.OK, 2)
    assert time.monotonic() - begun >= 1.6


BUSY = Attempt(Outcome.FAIL, Answer(status=409, retry_after=0.0), "another turn is running")
SILENT = Attempt(Outcome.FAIL, Answer(status=503, retry_after=0.0), "no answer from the store")


@pytest.mark.parametrize(
    ("failed", "error"),
    [
        ([SILENT, BUSY], "no answer from the store"),
        ([BUSY, SILENT], "no answer from the store"),
        ([BUSY, BUSY], "another turn is running"),
    ],
)
def test_a_refusal_for_an_earlier_attempt_does_not_replace_its_error(
    smoke: Profile, failed: list[Attempt], error: str
) -> None:
    """While the store is silent, a retry meets the lease of the attempt before."""
    tries, attempts = Tries(), [*failed, Attempt(Outcome.OK, Answer(status=200))]
    ask_with_retries(
        tries, lambda timeout: attempts.pop(0), smoke.conversation, RetryState(1), Deadline(9)
    )
    assert (tries.outcome, tries.error) == (Outcome.OK, error)
