"""The image of the service holds compiled code: `make bench-start` says how long a start takes."""

from __future__ import annotations

import json
from typing import Any

UNCOMPILED = (
    "import json, os, sys, target_service.server.serve; "
    "specs = [getattr(each, '__spec__', None) for each in list(sys.modules.values())]; "
    "print(json.dumps([each.origin for each in specs if each and each.has_location "
    "and each.origin.endswith('.py') and not os.path.exists(each.cached)]))"
)


def test_all_that_a_replica_imports_was_compiled_when_its_image_was_made(
    engine: Any, local_images: Any
) -> None:
    # Without it 12 replicas on two cores take three times as long.
    told = engine.containers.run(local_images.SERVICE, ["python3", "-c", UNCOMPILED], remove=True)
    assert json.loads(told.decode().splitlines()[-1]) == []
