"""The machine of a run is recorded."""

from __future__ import annotations

from pathlib import Path

from harness.run.sampling.host import environment, machine, processor


def test_a_machine_has_one_name_until_it_starts_again(tmp_path: Path) -> None:
    identity, boot = tmp_path / "machine-id", tmp_path / "boot_id"
    identity.write_text("0123456789abcdef\n")
    boot.write_text("first\n")
    name = machine(identity, boot)
    assert name is not None
    assert (len(name), set(name) <= set("0123456789abcdef")) == (12, True)
    assert machine(identity, boot) == name
    boot.write_text("second\n")
    assert machine(identity, boot) != name


def test_a_container_without_an_identity_is_told_by_the_start_of_its_kernel(tmp_path: Path) -> None:
    boot = tmp_path / "boot_id"
    boot.write_text("first\n")
    assert machine(tmp_path / "none", boot) is not None


def test_a_machine_without_a_known_start_has_no_name(tmp_path: Path) -> None:
    assert machine(tmp_path / "none", tmp_path / "none") is None


def test_the_processor_is_named_as_the_kernel_names_it(tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nmodel name\t: A processor @ 3 GHz\nmodel name\t: B\n")
    assert processor(file) == "A processor @ 3 GHz"


def test_the_environment_of_a_run_names_the_machine() -> None:
    assert environment().machine == machine()
