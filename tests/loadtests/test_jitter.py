from __future__ import annotations

from loadtests.persistence import Jitter


def test_the_same_customer_has_the_same_luck_and_another_one_another() -> None:
    def pauses(*seed: int | str) -> list[float]:
        jitter = Jitter(*seed)
        return [jitter.seconds(0.4) for _ in range(20)]

    drawn = pauses(7, "audit")
    assert all(0 <= pause <= 0.4 for pause in drawn)
    assert max(drawn) - min(drawn) > 0.1
    assert pauses(7, "audit") == drawn
    assert pauses(8, "audit") != drawn
    assert pauses(7) != drawn
