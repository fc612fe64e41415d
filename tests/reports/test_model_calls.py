"""Results of tools and signatures in the calls of the model, and the numbers of the calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from reports.checks.model_calls import check_model_calls
from reports.measures.continuity.called_tools import called_tools
from reports.measures.continuity.conversation_judge import ConversationJudge
from reports.measures.continuity.tallies import Tallies
from reports.records import Finding, ModelCall, Signatures, Status
from reports.records.run_description import ModelDescription
from reports.render.sections import SECTIONS
from reports.verdict.judge import judge
from tests.reports.a_run import Run
from tests.reports.model_log import a_run, everything, log, night, stale

FAULT = 30.0


def finding(run: Run, tmp_path: Path, gate: str) -> Finding | None:
    findings = check_model_calls(run.history(tmp_path))
    return next((each for each in findings if each.check == f"continuity.{gate}"), None)


def logged(**values: Any) -> Run:
    """A night with a fault at its half, whose calls show everything."""
    run = a_run()
    night(run)
    run.fault("kill-replica", FAULT, FAULT + 3, target="r02")
    log(run, **values)
    return run


def changed(run: Run, wanted: Any, **values: Any) -> int:
    """Change the calls for which `wanted` holds; how many there are."""
    found = [number for number, each in enumerate(run.calls) if wanted(each)]
    for number in found:
        run.calls[number] = structs.replace(run.calls[number], **values)
    return len(found)


def second(call: ModelCall) -> bool:
    return call.steps == "CR"


def test_results_that_reach_the_model_pass(tmp_path: Path) -> None:
    found = finding(logged(), tmp_path, "tool_results")
    assert found is not None
    assert (found.status, found.value) == (Status.PASS, 0)


def test_no_tools_make_no_finding(tmp_path: Path) -> None:
    run = a_run()
    night(run, talks=5)
    log(run)
    run.calls = [structs.replace(c, answer="text", steps="", results=()) for c in run.calls]
    assert finding(run, tmp_path, "tool_results") is None


def test_results_missing_in_the_next_call_are_found(tmp_path: Path) -> None:
    run = logged()
    lost = changed(run, lambda c: second(c) and c.t > FAULT, steps="C", results=())
    found = finding(run, tmp_path, "tool_results")
    assert found is not None
    assert (found.status, found.value) == (Status.FAIL, lost)
    assert "the model called find_order" in found.evidence[0]


def test_a_turn_that_ends_after_the_call_of_a_tool_is_found(tmp_path: Path) -> None:
    run = logged()
    lost = [each for each in run.calls if second(each) and each.t > FAULT]
    run.calls = [each for each in run.calls if each not in lost]
    found = finding(run, tmp_path, "tool_results")
    assert found is not None
    assert (found.status, found.value) == (Status.FAIL, len(lost))


def test_a_tool_that_ends_turns_in_calm_too_is_not_judged(tmp_path: Path) -> None:
    run = logged()
    run.calls = [each for each in run.calls if not second(each)]
    found = finding(run, tmp_path, "tool_results")
    assert found is not None
    assert found.status is Status.PASS
    assert "not judged: find_order" in found.summary


def test_a_call_that_a_fault_cut_asks_for_no_tool(tmp_path: Path) -> None:
    run = logged()
    run.calls = [each for each in run.calls if not (second(each) and each.t - 0.09 > FAULT)]
    changed(run, lambda each: each.t > FAULT, fault="cut_rate", done=None)
    found = finding(run, tmp_path, "tool_results")
    assert found is not None
    assert (found.status, found.value) == (Status.PASS, 0)


def test_signatures_that_come_back_changed_are_found(tmp_path: Path) -> None:
    run = logged(signatures=Signatures(returned=2))
    found = finding(run, tmp_path, "signatures")
    assert found is not None
    assert found.status is Status.PASS
    late = changed(run, lambda each: each.t > FAULT, signatures=Signatures(1, 1))
    found = finding(run, tmp_path, "signatures")
    assert found is not None
    assert (found.status, found.value) == (Status.FAIL, late)


def test_an_agent_that_always_changes_signatures_does_so_by_design(tmp_path: Path) -> None:
    found = finding(logged(signatures=Signatures(0, 2)), tmp_path, "signatures")
    assert found is not None
    assert (found.status, found.limit) == (Status.PASS, None)


def test_models_without_signatures_make_no_finding(tmp_path: Path) -> None:
    assert finding(logged(), tmp_path, "signatures") is None


def test_the_result_counts_the_calls_and_the_page_shows_them(tmp_path: Path) -> None:
    run = logged()
    one = run.calls[0]
    run.calls += [
        structs.replace(one, t=-5.0, done=-4.9, caller="r01"),
        structs.replace(one, status=429, answer="error", refused="requests"),
        structs.replace(one, messages=("0" * 16,)),
    ]
    result = judge(run.write(tmp_path / "run"))
    calls = result["model_calls"]
    assert (calls["calls"], calls["rehearsal"]) == (482, 1)
    assert (calls["of_nobody"], calls["errors"]) == (1, 1)
    assert calls["refused"] == {"requests": 1}
    assert sum(calls["by_replica"].values()) == 482
    assert calls["agents"] == [{"name": "shop", "calls": 481, "shows": "everything"}]
    load = next(each for each in SECTIONS if each.title == "The load")
    rows = dict(load.page(result).rows)  # type: ignore[union-attr, arg-type]
    assert rows["Calls of the model"].startswith("482, of which 0 may be of several turns and 1")
    assert rows["Replicas that called the model"].startswith("r01 ")


def test_a_run_without_a_stand_in_has_no_calls_in_its_result(tmp_path: Path) -> None:
    run = Run()
    run.sound()
    assert "model_calls" not in judge(run.write(tmp_path / "run"))


def test_unknown_fields_of_a_newer_stand_in_are_ignored(tmp_path: Path) -> None:
    run_dir = logged().write(tmp_path / "run")
    log_file = run_dir / "model-calls.jsonl"
    whole = judge(run_dir)
    log_file.write_bytes(log_file.read_bytes().replace(b'{"t"', b'{"novelty":1,"t"'))
    assert judge(run_dir) == whole


@pytest.mark.parametrize("shows", [everything, stale])
def test_the_short_way_acquits_only_what_the_long_way_acquits(shows: Any, tmp_path: Path) -> None:
    run = a_run()
    night(run)
    log(run, shows)
    history = run.history(tmp_path)
    slow = Tallies()
    for index, (record,), turns, audits in history.talks():
        slow.convict(ConversationJudge(history, index, record, slow).judge(turns, audits))
    result = judge(run.write(tmp_path / "run"))["continuity"]
    assert result["context_missed"] == slow.violations["context_missed"].turns
    assert result["turns_witnessed"] == slow.witnessed


@pytest.mark.parametrize(
    ("settings", "ran"),
    [({}, []), ({"tools": "pay,mail"}, ["pay"]), ({"tools": "all"}, ["look_up", "pay"])],
)
def test_the_result_says_which_tools_ran(
    tmp_path: Path, settings: dict[str, str], ran: list[str]
) -> None:
    run = logged()
    one = run.calls[0]
    for name in ("pay", "look_up", "look_up", "transfer_to_agent"):
        run.calls.append(structs.replace(one, answer="call", names=(name,)))
    run.calls.append(structs.replace(one, answer="call", names=("cut",), done=None))
    history = run.history(tmp_path / "run")
    model = ModelDescription(kind="stand-in", settings=settings)
    history.run = structs.replace(history.run, model=model)
    tools = {each.name: each for each in called_tools(history)}
    assert {name: tools[name].calls for name in ("pay", "look_up")} == {"pay": 1, "look_up": 2}
    assert [name for name in ("look_up", "pay") if tools[name].ran] == ran
    assert "transfer_to_agent" not in tools
    assert "cut" not in tools
