"""The quota of a run: read from its option, and told to the stand-in at the size of the load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from chaos.fleet.stand_in_control import StandInControl
from harness import parser
from harness.commands import model
from harness.errors import ConfigError
from harness.run.model import model_quota
from reports.measures.model_quota.played import Played
from reports.measures.model_quota.presets import presets
from target_service.stand_in import quota as of_the_stand_in
from target_service.stand_in.quota import Limits


class Told(StandInControl):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", "token")
        self.bodies: list[Mapping[str, Any]] = []

    def ask(self, method: str, name: str, body: Mapping[str, Any] | None = None) -> Any:
        assert (method, name) == ("POST", "quota")
        self.bodies.append(body or {})


def test_the_stand_in_gets_the_quota_at_the_size_and_the_speed_of_the_load() -> None:
    control = Told()
    played = Played(compression=6.0, factor=0.5)
    model_quota.hold(control, model_quota.given("gpt-4o-mini-tier-1"), played)
    (body,) = control.bodies
    assert Limits.of(body) == Limits(500, 200_000, "all", factor=0.5, window_s=10.0)


@pytest.mark.parametrize("text", [*presets().named(), "500", "500,1000", "500,1000,input"])
def test_the_stand_in_reads_every_quota_as_the_harness_does(text: str) -> None:
    quota = model_quota.given(text)
    read = of_the_stand_in.parse(model_quota.words(quota))
    assert (read.requests, read.tokens) == (quota.requests, quota.tokens)
    assert read.counts == quota.counts or quota.tokens is None


def test_diya_model_takes_the_name_of_a_public_tier_and_refuses_another() -> None:
    told = ("model", "--bind", "127.0.0.1:0", "--quota", "gpt-4o-mini-tier-9")
    with pytest.raises(ConfigError, match=r"--quota gpt-4o-mini-tier-9: must be RPM.*did you mean"):
        model.main(parser.build().parse_args(told))


def test_a_text_that_is_no_quota_is_refused_with_the_option() -> None:
    with pytest.raises(ConfigError, match=r"^--quota plenty: must be RPM\[,TPM"):
        model_quota.given("plenty")
