"""Which recorded reply answers a call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from target_service.stand_in.call import Item, Tool
from target_service.stand_in.replies import kept, masking
from target_service.stand_in.replies.allowed import AllowedTools
from target_service.stand_in.replies.chain import Chain
from target_service.stand_in.replies.recorded import Recorded
from target_service.stand_in.reply import Delays, Reply, ToolCall
from tests.target_service.stand_in.replies import calls
from tests.target_service.stand_in.replies.calls import TRACK

ALL = AllowedTools(everything=True)


def keep(
    folder: Path,
    messages: Sequence[str],
    reply: Reply,
    step: str = "",
    first: float = 0.5,
    whole: float = 1.5,
) -> None:
    """Add a reply to the recording in the folder."""
    line = kept.described("shop", messages, step, reply, first, whole)
    kept.append(folder / kept.REPLIES, line)


def found(
    folder: Path,
    items: Sequence[Item],
    tools: Sequence[Tool] = (),
    allowed: AllowedTools = ALL,
    agent: str = "shop",
) -> Reply | None:
    """The recorded reply to a call."""
    call = calls.call(items, tools, system=calls.identity(agent))
    return Recorded(folder, allowed).find(call)


def test_a_reply_is_found_by_agent_message_and_step(tmp_path: Path) -> None:
    keep(tmp_path, ["Hello"], Reply(text="Good day"))
    keep(tmp_path, ["Hello"], Reply(text="It is done"), step="CR")
    first = found(tmp_path, calls.said("Hello"))
    assert first is not None
    assert (first.text, first.source) == ("Good day", "recorded")
    second = found(tmp_path, [*calls.said("Hello"), *calls.called("track_order")])
    assert second is not None
    assert second.text == "It is done"
    assert found(tmp_path, calls.said("Hello"), agent="other") is None
    assert found(tmp_path, calls.said("Goodbye")) is None


def test_the_reply_in_the_conversation_most_like_this_one_is_taken(tmp_path: Path) -> None:
    keep(tmp_path, ["I paid 500", "And when?"], Reply(text="The money comes on Monday"))
    keep(tmp_path, ["Where is A-1?", "And when?"], Reply(text="A-1 comes on Friday"))
    for order in ("A-1", "B-77"):
        reply = found(tmp_path, calls.said(f"Where is {order}?", "And when?"))
        assert reply is not None
        assert reply.text == f"{order} comes on Friday"


def test_numbers_of_the_recording_are_exchanged_in_text_and_arguments(tmp_path: Path) -> None:
    args = {"id": "A-101", "number": 101, "more": ["A-101", {"x": "A-1"}]}
    keep(
        tmp_path, ["Where is A-101?"], Reply(text="A-101!", calls=(ToolCall("track_order", args),))
    )
    reply = found(tmp_path, calls.said("Where is B-2202?"), [TRACK])
    assert reply is not None
    assert reply.text == "B-2202!"
    expected = {"id": "B-2202", "number": 2202, "more": ["B-2202", {"x": "A-1"}]}
    assert reply.calls[0].args == expected


def test_a_call_that_may_not_be_made_is_not_replayed(tmp_path: Path) -> None:
    keep(tmp_path, ["Hello"], Reply(calls=(ToolCall("track_order", {}),)))
    assert found(tmp_path, calls.said("Hello"), [TRACK]) is not None
    assert found(tmp_path, calls.said("Hello"), []) is None
    assert found(tmp_path, calls.said("Hello"), [TRACK], AllowedTools.parse("dry")) is None


def test_several_recordings_of_one_message_are_all_replayed(tmp_path: Path) -> None:
    keep(tmp_path, ["Order 1"], Reply(text="Yes"))
    keep(tmp_path, ["Order 2"], Reply(text="No"))
    replies = [found(tmp_path, calls.said(f"Order {n}")) for n in range(3, 40)]
    assert {each.text for each in replies if each is not None} == {"Yes", "No"}


def test_every_reply_is_as_fast_as_a_recorded_one(tmp_path: Path) -> None:
    keep(tmp_path, ["Hello"], Reply(text="x" * 100), first=0.5, whole=1.5)
    keep(tmp_path, ["Bye"], Reply(text="x" * 100), first=0.7, whole=0.7)
    chain = Chain(ALL, recorded=Recorded(tmp_path, ALL))
    drawn = set()
    for number in range(40):
        reply = chain.reply(calls.call(calls.said(f"Something else {number}")))
        assert reply.source == "automatic"
        assert reply.delays is not None
        flow = 0.01 * len(reply.text)
        expected = {0.5: 0.5 + flow, 0.7: 0.7}
        assert abs(reply.delays.whole_s - expected[reply.delays.first_token_s]) < 1e-6
        drawn.add(reply.delays.first_token_s)
    assert drawn == {0.5, 0.7}


def test_the_same_call_draws_the_same_delay(tmp_path: Path) -> None:
    keep(tmp_path, ["Hello"], Reply(text="Hi"), first=0.5)
    keep(tmp_path, ["Hello"], Reply(text="Hi"), first=0.6)
    chain = Chain(ALL, recorded=Recorded(tmp_path, ALL))
    delays = {chain.reply(calls.call(calls.said("Hello"))).delays for _ in range(5)}
    assert len(delays) == 1
    assert isinstance(delays.pop(), Delays)


def test_words_with_a_digit_correspond_from_the_end() -> None:
    assert masking.renaming(["A-1", "500"], ["700"]) == {"500": "700"}
    assert masking.renaming(["A-1"], ["A-1"]) == {}
    assert masking.renamed("A-1 and A-12", {"A-1": "B-2"}) == "B-2 and A-12"
