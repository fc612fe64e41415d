"""Faults of the network, through the proxies of a real small fleet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chaos.faults import network
from chaos.fleet import Fleet
from tests.chaos.conftest import MakeFleet
from tests.chaos.test_faults import do


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    from tests.chaos.conftest import TOY

    with Fleet(
        tmp_path_factory.mktemp("proxied"),
        "feedfeed0001",
        replicas=2,
        redis="bundled",
        replica_command=TOY,
        proxy=True,
    ) as fleet:
        fleet.start()
        fleet.wait_ready(30)
        yield fleet


@pytest.mark.parametrize("side", ["redis", "balancer"])
@pytest.mark.parametrize(
    "kind",
    [
        network.NetworkLatency,
        network.NetworkBandwidth,
        network.NetworkReset,
        network.NetworkBlackHole,
        network.NetworkOneWay,
        network.NetworkSlowClose,
        network.NetworkSlicer,
        network.NetworkCut,
    ],
)
def test_a_disturbed_link_is_felt_and_healed(proxied: Fleet, kind: Any, side: str) -> None:
    window = do(kind(duration=0.1, side=side, replica="r02"), proxied)
    assert (window.took_hold, window.error, window.target) == (True, None, f"r02-{side}")
    assert proxied.network.toxics(f"r02-{side}") == []


def test_without_a_proxy_the_network_cannot_be_disturbed(make_fleet: MakeFleet) -> None:
    with pytest.raises(ValueError, match="expected --proxy"):
        network.NetworkReset().check(make_fleet())
