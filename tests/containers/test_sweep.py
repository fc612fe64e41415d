"""The sweep removes the leftovers of dead runs and nothing else."""

from __future__ import annotations

import platform
import secrets
import threading
import time
from typing import Any

import pytest
import requests
from docker.errors import APIError

from chaos.containers import owner, sweep
from chaos.containers.owner import OWNER_LABEL, RUN_LABEL

HOUR = 3600.0


class Faltering:
    """Docker's containers, networks or volumes, whose listing fails a few times first."""

    def __init__(self, real: Any, failures: list[Exception]) -> None:
        self._real = real
        self._failures = failures

    def list(self, **options: Any) -> Any:
        if self._failures:
            raise self._failures.pop(0)
        return self._real.list(**options)


class Client:
    """A client of a real engine that does not always answer."""

    def __init__(self, engine: Any, failures: list[Exception]) -> None:
        self.containers = Faltering(engine.containers, failures)
        self.networks, self.volumes = engine.networks, engine.volumes


def volume(engine: Any, run_id: str, of: str) -> Any:
    return engine.volumes.create(labels={RUN_LABEL: run_id, OWNER_LABEL: of})


def test_a_listing_that_fails_is_tried_again(engine: Any) -> None:
    run_id = secrets.token_hex(6)
    volume(engine, run_id, owner.token())
    failures: list[Exception] = [
        APIError("500 Server Error"),
        requests.exceptions.ReadTimeout("Read timed out."),
        requests.exceptions.ConnectionError("Connection aborted."),
    ]
    assert sweep.remove_run(Client(engine, failures), run_id)
    assert failures == []
    assert engine.volumes.list(filters={"label": f"{RUN_LABEL}={run_id}"}) == []


def test_a_sweep_without_an_answer_does_not_say_that_nothing_is_left(engine: Any) -> None:
    failures: list[Exception] = [APIError("500 Server Error")] * 1000
    assert not sweep.remove_run(Client(engine, failures), secrets.token_hex(6), timeout=0.5)


def test_a_container_made_just_after_its_owner_died_is_removed_too(engine: Any) -> None:
    run_id = secrets.token_hex(6)
    late = threading.Timer(0.4, volume, (engine, run_id, owner.token()))
    late.start()
    assert sweep.remove_run(engine, run_id)
    late.join()
    time.sleep(0.1)
    assert engine.volumes.list(filters={"label": f"{RUN_LABEL}={run_id}"}) == []


def test_every_kind_of_object_made_just_now_is_young(engine: Any, local_images: Any) -> None:
    run_id = secrets.token_hex(6)
    labels = {RUN_LABEL: run_id}
    try:
        engine.volumes.create(labels=labels)
        engine.networks.create(f"diya-{run_id}", labels=labels)
        engine.containers.create(local_images.REDIS, labels=labels)
        listed = sweep._look(engine, f"{RUN_LABEL}={run_id}")
        assert listed is not None
        ages = [sweep.age_s(each) for each in listed]
        assert len(ages) == 3
        # Docker tells whole seconds of a volume.
        assert all(-1 < age < 60 and age != 0 for age in ages), ages
    finally:
        assert sweep.remove_run(engine, run_id)


def foreign() -> dict[str, str]:
    """Owners that cannot be seen from here."""
    machine, boot, _, pid, began = owner.token().split(" ")
    return {
        "another machine": f"elsewhere {boot} pid:[1] {pid} {began}",
        "another container on this one": f"{machine} {boot} pid:[1] {pid} {began}",
    }


@pytest.mark.parametrize("which", foreign())
def test_an_owner_that_cannot_be_seen_is_given_the_time_of_the_longest_run(which: str) -> None:
    assert not owner.is_dead(foreign()[which], 5.9 * HOUR)
    assert owner.is_dead(foreign()[which], 6.1 * HOUR)


def test_an_owner_that_lives_here_is_never_dead_however_old() -> None:
    assert not owner.is_dead(owner.token(), 1000 * HOUR)


@pytest.mark.parametrize("told", ["", "nobody", f"{platform.node()} and so on"])
def test_an_object_without_an_owner_is_left_alone(told: str) -> None:
    assert not owner.is_dead(told, 1000 * HOUR)


def test_old_leftovers_of_another_machine_are_swept_and_younger_ones_are_not(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, young, here = (secrets.token_hex(6) for _ in range(3))
    elsewhere = foreign()["another machine"]
    for run_id, of in ((old, elsewhere), (young, elsewhere), (here, owner.token())):
        volume(engine, run_id, of)
    # Nobody can make Docker believe that something is old.
    ages = {old: 6.1 * HOUR}
    # What another test has on the engine is labelled in other ways than a volume.
    monkeypatch.setattr(
        sweep, "age_s", lambda each: ages.get(sweep._labels(each).get(RUN_LABEL, ""), 60.0)
    )
    try:
        assert old in (swept := sweep.sweep(engine))
        assert not {young, here} & set(swept)
        for run_id, left in ((old, 0), (young, 1), (here, 1)):
            assert len(engine.volumes.list(filters={"label": f"{RUN_LABEL}={run_id}"})) == left
    finally:
        assert all(sweep.remove_run(engine, run_id) for run_id in (old, young, here))
