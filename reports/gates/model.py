"""The gates of the model that the agent calls."""

from __future__ import annotations

from reports.gates.row import FACT, Gate

MODEL = (
    # A fact: the stand-in refused the calls, however well the rest of the run went.
    Gate(
        "model.quota",
        "The model's quota",
        "The quota that `--quota` sets, in requests and tokens a minute, refuses no call. Without "
        "`--quota` it cannot fail, and tells the public tiers that carry the load.",
        FACT,
        "calls refused",
        check="quota",
    ),
)
