"""Errors of ADK that are the client's mistakes, answered as such: ADK's server calls them 500."""

from __future__ import annotations

import errno

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from google.adk.errors.input_validation_error import InputValidationError

_RUNNER = "google.adk.runners"
_ENUMS = "google.genai._common"


def add_handlers(app: FastAPI) -> None:
    """Answer 4xx where the request is to blame; every other error stays the 500 that it is."""
    app.add_exception_handler(InputValidationError, _invalid_input)
    app.add_exception_handler(ValueError, _value_error)
    app.add_exception_handler(AttributeError, _attribute_error)
    app.add_exception_handler(OSError, _os_error)


async def _invalid_input(_: Request, error: Exception) -> Response:
    """ADK answers 400 to this where an artifact is saved, and 500 where one is read or deleted."""
    return JSONResponse({"detail": str(error)}, status_code=400)


async def _value_error(_: Request, error: Exception) -> Response:
    """The runner itself refuses a message (a tool's answer to no call, say); tools raise deeper."""
    if _raised_in(error) != _RUNNER:
        raise error
    return JSONResponse({"detail": str(error)}, status_code=422)


async def _attribute_error(_: Request, error: Exception) -> Response:
    """genai's enums stumble, while the request is read, over a value that is no text."""
    if _raised_in(error) != _ENUMS:
        raise error
    return JSONResponse({"detail": "a value of a fixed set is no text"}, status_code=422)


async def _os_error(_: Request, error: Exception) -> Response:
    """ADK looks an app up by its name in the file system, which has a longest name."""
    if not isinstance(error, OSError) or error.errno != errno.ENAMETOOLONG:
        raise error
    return JSONResponse({"detail": "no app has so long a name"}, status_code=404)


def _raised_in(error: Exception) -> str:
    """The module whose own line raised the error."""
    step, module = error.__traceback__, ""
    while step is not None:
        module = step.tb_frame.f_globals.get("__name__", "")
        step = step.tb_next
    return module
