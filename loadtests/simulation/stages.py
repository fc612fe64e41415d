"""The kinds of events, each with its handler in `engine`: what has just come about.

Plain numbers, because looking the member of an enum up takes as long as ten comparisons.
"""

from __future__ import annotations

from typing import Final

ARRIVE: Final = 0
"""A request has come to the balancer's end of a replica."""
RECEIVED: Final = 1
"""The replica has read the request of a turn."""
BEGUN: Final = 2
"""Redis has answered the turn's first script."""
ASKED: Final = 3
"""The replica has built a request for the model."""
TOLD: Final = 4
"""The model has answered."""
WRITTEN: Final = 5
"""The replica has put the turn together."""
COMMITTED: Final = 6
"""Redis has answered the turn's last script."""
REPLIED: Final = 7
"""The answer to a turn has come to the customer."""
REFUSED: Final = 8
"""The refusal of a turn has come to the customer."""
SIDE_RECEIVED: Final = 9
"""The replica has read the request of an opening, a read or a deletion."""
SIDE_STORED: Final = 10
"""Redis has answered it."""
POLL: Final = 11
"""A repeated turn looks again whether the session is free."""
GIVE_UP: Final = 12
"""A replica has waited too long for Redis."""
REDIS_LATER: Final = 13
"""Redis is back after a pause."""
SEND: Final = 14
"""A customer sends the next turn, or sends a request again."""
START: Final = 15
"""A conversation is due."""
TIMEOUT: Final = 16
"""A customer waits no longer, earlier than usual."""
SAMPLE: Final = 17
"""A reading is due."""
CHANGE: Final = 18
"""A fault begins or ends, or Redis pauses."""
CORES: Final = 19
"""Work on a shared core has ended."""
HEARD: Final = 20
"""The generator, on a shared core, has read an answer."""

COUNT: Final = 21
