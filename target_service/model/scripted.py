"""A scripted model for ADK: deterministic replies, a stated latency, a witness in each reply."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.genai import types
from pydantic import PrivateAttr

from target_service.model import latency, witness
from target_service.model.dialogue import Call, customer_messages, decide
from target_service.model.model_faults import ModelFaultsFile
from target_service.model.model_time import SPENT


class ScriptedModel(BaseLlm):
    """Replies by script, with the latency of a real model.

    `target_service.model.latency` draws the time to the first token around `ttft_ms`; then text
    flows at `tokens_per_s`, a token being a word here.
    """

    model: str = "scripted"
    ttft_ms: float = 60.0
    tokens_per_s: float = 600.0
    faults_file: str | None = None
    """The file that `target_service.model.model_faults` reads; None: no faults."""
    replica: str = "r01"

    _faults: ModelFaultsFile = PrivateAttr()

    def model_post_init(self, context: Any) -> None:
        """Pydantic calls this once, when the fields are set."""
        super().model_post_init(context)
        self._faults = ModelFaultsFile(self.faults_file, self.replica)

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """Yield one complete response, after partial ones when streaming."""
        messages = customer_messages(llm_request.contents)
        seen = witness.testimony(messages)
        metadata = {witness.METADATA_KEY: seen}
        first_token_s = latency.first_token_s(
            str(seen[1]), len(llm_request.contents), self.ttft_ms / 1000
        )
        faults = self._faults.now()
        SPENT.calls += 1
        await SPENT.spend(faults.pause(first_token_s))
        faults.refuse()
        step = decide(llm_request.contents)
        if isinstance(step, Call):
            part = types.Part.from_function_call(name=step.tool, args=step.arguments)
            yield LlmResponse(
                content=types.Content(role="model", parts=[part]), custom_metadata=metadata
            )
            return
        breaks_off = faults.breaks_off()
        if stream:
            for chunk in latency.chunks(step.text):
                yield LlmResponse(content=_text(chunk), partial=True)
                await SPENT.spend(faults.pause(latency.chunk_s(self.tokens_per_s)))
                if breaks_off:
                    break
        else:
            await SPENT.spend(
                faults.pause(latency.text_s(len(step.text.split()), self.tokens_per_s))
            )
        if breaks_off:
            faults.break_off()
        said = {witness.SAID_KEY: witness.digest(step.text)}
        yield LlmResponse(content=_text(step.text), custom_metadata={**metadata, **said})


def _text(text: str) -> types.Content:
    return types.Content(role="model", parts=[types.Part(text=text)])
