"""The allowed imports among the rooms, and the modules that the command line must not import."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.harness import command, import_graph
from tests.harness.rooms import COMMANDS, ROOMS, imported

MAY_IMPORT = {
    "target_service": set[str](),
    "loadtests": {
        "reports.basics",
        "reports.capacity.findings",
        "reports.records",
        "target_service.agents.shopmax.orders",
        "target_service.model.intents",
        "target_service.model.latency",
    },
    "chaos": {"reports.basics", "reports.records"},
    "reports": set[str](),
    "harness": {
        "chaos",
        "reports",
        "loadtests.profiles.model",
        "loadtests.profiles.profile",
        "loadtests.profiles.requests_csv",
        "loadtests.profiles.keys",
        "loadtests.profiles.rate_curve",
        "loadtests.profiles.source",
        "loadtests.arrivals.arrivals",
        "loadtests.arrivals.conversation",
        "loadtests.arrivals.ledger",
        "loadtests.arrivals.forecast",
        "loadtests.profiles.journeys",
        "loadtests.arrivals.peak",
        "loadtests.arrivals.redis_sizes",
        "loadtests.arrivals.seeds",
        "loadtests.arrivals.steady_state",
        "loadtests.adk.target",
        "loadtests.doors.names",
        "loadtests.simulation",
        "target_service.stand_in",
    },
}
REPORTS = {
    "basics": set[str](),
    "figures": set[str](),
    "gates": set[str](),
    "records": set[str](),
    "measures": {"basics", "gates", "records"},
    "checks": {"gates", "records", "measures"},
    "diagnosis": {"records", "measures", "checks"},
    "model_cost": {"basics", "figures", "records"},
    "verdict": {"basics", "gates", "records", "measures", "checks", "diagnosis", "model_cost"},
    "capacity": {"basics", "figures", "gates", "records", "measures", "checks", "model_cost"},
    "comparison": {"basics", "figures", "gates", "records", "measures", "verdict"},
    "history": {"comparison"},
    "render": {"history", "comparison", "figures", "gates", "records", "capacity"},
}
"""The folders of `reports`, and the table of gates: a renderer reads a result, and no history."""


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_it_may(room: str) -> None:
    files = list((command.ROOT / room).rglob("*.py"))
    assert files
    for path in files:
        for module in imported(path):
            owner = module.split(".")[0]
            if owner not in ROOMS or owner == room:
                continue
            allowed = any(
                module == each or module.startswith(each + ".") or each.startswith(module)
                for each in MAY_IMPORT[room]
            )
            assert allowed, f"{path.relative_to(command.ROOT)} imports {module}"


@pytest.mark.parametrize("folder", REPORTS)
def test_a_folder_of_reports_imports_only_those_before_it(folder: str) -> None:
    room = command.ROOT / "reports"
    files = list((room / folder).rglob("*.py"))
    assert files
    for path in files:
        used = {each.split(".")[1] for each in imported(path) if each.startswith("reports.")}
        assert used <= REPORTS[folder] | {folder}, path.relative_to(command.ROOT)


def test_every_module_of_reports_has_a_folder() -> None:
    room = command.ROOT / "reports"
    files, folders = room.glob("*.py"), room.glob("*/__init__.py")
    modules = {path.stem for path in files} | {path.parent.name for path in folders}
    assert modules - {"__init__"} == set(REPORTS)


@pytest.fixture(scope="module")
def imports() -> import_graph.Imports:
    """The imports among all that is not a test."""
    return import_graph.read(command.ROOT, ROOMS, ("diya_options", "diya_start", "pytest_diya"))


def test_no_modules_import_each_other_in_a_circle(imports: import_graph.Imports) -> None:
    assert len(imports.at_import) > 300
    assert "reports.checks.sampled" in imports.at_import["reports.checks.latency"]
    assert import_graph.circles(imports.at_import) == []


def test_an_import_in_a_function_hides_no_circle(imports: import_graph.Imports) -> None:
    # An import inside a function puts an import off; the two files depend on each other all the
    # same.  Such imports are for packages that are heavy or optional.
    assert "harness.error_exit" in imports.in_functions["harness.cli"]
    assert import_graph.circles(imports.all()) == []


def write_package(root: Path, files: Mapping[str, str]) -> import_graph.Imports:
    """The imports of a package `p` with these files."""
    for name, text in files.items():
        path = root / "p" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return import_graph.read(root, ["p"])


def test_a_circle_of_imports_is_found(tmp_path: Path) -> None:
    files = {"a.py": "import p.b", "b.py": "from p import c", "c.py": "from p.a import x"}
    imports = write_package(tmp_path, {"__init__.py": "", **files, "d.py": "import p.a"})
    assert import_graph.circles(imports.at_import) == [["p.a", "p.b", "p.c"]]


def test_a_circle_through_a_function_is_found_among_all_imports(tmp_path: Path) -> None:
    late = "class A:\n    def f(self):\n        from p import b"
    files = {"__init__.py": "", "a.py": late, "b.py": "import p.a"}
    imports = write_package(tmp_path, files)
    assert import_graph.circles(imports.at_import) == []
    assert import_graph.circles(imports.all()) == [["p.a", "p.b"]]


def test_a_circle_through_a_package_is_found(tmp_path: Path) -> None:
    files = {"__init__.py": "", "q/__init__.py": "import p.q.b", "q/b.py": "import p.c"}
    imports = write_package(tmp_path, {**files, "c.py": "import p.q.d", "q/d.py": ""})
    assert import_graph.circles(imports.at_import) == [["p.c", "p.q", "p.q.b"]]


def test_an_import_for_annotations_closes_no_circle(tmp_path: Path) -> None:
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import p.b"
    imports = write_package(tmp_path, {"__init__.py": "", "a.py": typed, "b.py": "import p.a"})
    assert import_graph.circles(imports.all()) == []


def check_arrows(
    package: str, allowed: Mapping[str, set[str]], imports: import_graph.Imports
) -> None:
    """Every room of the package has a row, and imports only itself and the rooms in its row."""
    folder = command.ROOT / package.replace(".", "/")
    assert {path.parent.name for path in folder.glob("*/__init__.py")} == set(allowed)
    for module, found in imports.all().items():
        room = module.removeprefix(f"{package}.").split(".")[0]
        if not module.startswith(f"{package}.") or room not in allowed:
            continue
        for name in sorted(found):
            inside = name.removeprefix(f"{package}.")
            if inside == name or inside.split(".")[0] == room:
                continue
            may = any(
                inside == each or inside.startswith(f"{each}.") or each.startswith(f"{inside}.")
                for each in allowed[room]
            )
            assert may, f"{module} imports {name}"


LOADTESTS_MAY_IMPORT = {
    "profiles": set[str](),
    "arrivals": {"profiles"},
    "adk": {"arrivals"},
    "doors": {"adk", "arrivals"},
    "customers": {"adk", "arrivals", "profiles", "generator.generator_stats"},
    "generator": {"adk", "arrivals", "customers", "doors", "profiles"},
    "simulation": {"arrivals", "customers.backoff", "profiles"},
}
"""The rooms of `loadtests`; customers count in the figures that the generator reads."""


def test_the_arrows_inside_loadtests_go_one_way(imports: import_graph.Imports) -> None:
    check_arrows("loadtests", LOADTESTS_MAY_IMPORT, imports)


def test_only_the_file_for_locust_is_in_no_room_of_loadtests() -> None:
    loose = {path.stem for path in (command.ROOT / "loadtests").glob("*.py")}
    assert loose == {"__init__", "locustfile"}


TARGET_SERVICE_MAY_IMPORT = {
    "adk_patches": set[str](),
    "sessions": set[str](),
    "turns": {"sessions"},
    "model": {"agents.shopmax.orders"},
    "stand_in": {"model.witness"},
    "agents": {"model", "sessions.registration", "settings"},
    "server": {
        *("adk_patches", "agents", "model", "sessions", "settings", "turns"),
        "stand_in.replies",
    },
}
"""The rooms of `target_service`: sessions and turns are of use without the rest; the scripted model
knows ShopMax's orders, of which it talks, and nothing else of the agent that it answers for."""


def test_the_arrows_inside_target_service_go_one_way(imports: import_graph.Imports) -> None:
    check_arrows("target_service", TARGET_SERVICE_MAY_IMPORT, imports)


def test_the_start_and_the_settings_are_in_no_room_of_target_service() -> None:
    loose = {path.stem for path in (command.ROOT / "target_service").glob("*.py")}
    assert loose == {"__init__", "__main__", "settings"}


HARNESS_MAY_IMPORT = {
    "arguments": {"errors", "fleet_kinds"},
    "run": {"ci_files", "errors", "fleet_kinds", "log", "parser"},
    "capacity": {"ci_files", "errors", "fleet_kinds", "parser", "run", "streams"},
    "live": {"errors", "run"},
    "versus": {"arguments", "errors", "parser", "run"},
    "commands": {
        *("capacity", "ci_files", "errors", "fleet_kinds", "live", "parser", "run", "streams"),
        "versus",
    },
    "pytest_plugin": {"errors", "fleet_kinds", "run"},
    "reference": {"commands.fault_table", "parser", "pytest_plugin"},
}
"""The rooms of `harness`: a run knows neither the commands nor the plugin that start it."""
RUN_MAY_IMPORT = {
    "model": set[str](),
    "sampling": set[str](),
    "directory": {"model.real_model"},
    "marks": {"directory"},
    "load": {"marks"},
    "options": {"directory", "load", "model"},
    "target": {"load", "options", "plan", "progress"},
    "rehearse": {"model", "plan", "progress", "sampling", "target.target_advice"},
}
"""The rooms of `harness.run`; what a run is planned from knows no plan."""
RUN_AT_THE_TOP = {
    *("read_plan", "plan", "fleets", "memory_forecast", "play", "watch", "progress", "run_process")
}
"""The way of a run: its options make a plan, which is played and watched."""
HARNESS_AT_THE_TOP = {
    *("cli", "parent_watch"),
    *("parser", "fleet_kinds", "streams", "log", "errors", "error_exit", "ci_files"),
}
"""The two entry points, and the parts of the command line."""
BESIDE_THE_COMMANDS = {
    "baseline_shown",
    "comparison_report",
    "ddmin",
    "fault_table",
    "join",
    "plot",
    "simulate_faults",
}
"""Modules that are no commands: parts of `compare`, `shrink`, `faults`, `readiness`, `profile`."""


def test_the_arrows_inside_harness_go_one_way(imports: import_graph.Imports) -> None:
    check_arrows("harness", HARNESS_MAY_IMPORT, imports)


def test_the_arrows_inside_a_run_go_one_way(imports: import_graph.Imports) -> None:
    check_arrows("harness.run", RUN_MAY_IMPORT, imports)


def test_only_the_way_of_a_run_is_in_no_room_of_it() -> None:
    loose = {path.stem for path in (command.ROOT / "harness" / "run").glob("*.py")}
    assert loose == {"__init__", *RUN_AT_THE_TOP}


def test_only_the_command_line_is_in_no_room_of_harness() -> None:
    loose = {path.stem for path in (command.ROOT / "harness").glob("*.py")}
    assert loose == {"__init__", *HARNESS_AT_THE_TOP}


def test_every_command_has_a_file_of_its_name() -> None:
    files = {path.stem for path in (command.ROOT / "harness" / "commands").glob("*.py")}
    assert files == {"__init__", *COMMANDS, *BESIDE_THE_COMMANDS}


def test_the_package_of_every_room_of_harness_describes_it() -> None:
    for room in (*HARNESS_MAY_IMPORT, *(f"run/{each}" for each in RUN_MAY_IMPORT)):
        tree = ast.parse((command.ROOT / "harness" / room / "__init__.py").read_text())
        assert (ast.get_docstring(tree) or "").partition("\n")[0].endswith("."), room


CHAOS = "chaos"
CHAOS_MAY_IMPORT = {
    "proxy": set[str](),
    "fleet": {"errors"},
    "containers": {"errors", "fleet"},
    "kubernetes": {"errors", "fleet"},
    "faults": {"errors", "fleet"},
    "experiment": {"errors", "fleet", "faults"},
}
"""The rooms of `chaos`: arrows go from experiments to faults to fleets, and never back."""


def test_the_arrows_inside_chaos_go_one_way(imports: import_graph.Imports) -> None:
    rooms = {path.parent.name for path in (command.ROOT / CHAOS).glob("*/__init__.py")}
    assert rooms == set(CHAOS_MAY_IMPORT)
    for module, found in imports.all().items():
        room = module.split(".")[1] if module.startswith(f"{CHAOS}.") else None
        if room not in CHAOS_MAY_IMPORT:
            continue
        others = {name.split(".")[1] for name in found if name.startswith(f"{CHAOS}.")} - {room}
        assert others <= CHAOS_MAY_IMPORT[room], f"{module} imports {sorted(others)}"


def test_only_the_functions_for_chaos_toolkit_and_the_errors_are_in_no_room_of_chaos() -> None:
    loose = {path.stem for path in (command.ROOT / CHAOS).glob("*.py")}
    assert loose == {"__init__", "actions", "probes", "errors"}
