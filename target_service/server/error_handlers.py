"""Answers 4xx to client mistakes that ADK's server answers with 500."""

from __future__ import annotations

import errno

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from google.adk.errors.input_validation_error import InputValidationError

_RUNNER = "google.adk.runners"
_ENUMS = "google.genai._common"


def add_handlers(app: FastAPI) -> None:
    """Answer 4xx when the request is wrong; every other error stays a 500."""
    app.add_exception_handler(InputValidationError, _invalid_input)
    app.add_exception_handler(ValueError, _value_error)
    app.add_exception_handler(AttributeError, _attribute_error)
    app.add_exception_handler(OSError, _os_error)


async def _invalid_input(_: Request, error: Exception) -> Response:
    """ADK answers 400 when such an artifact is saved, but 500 when one is read or deleted."""
    return JSONResponse({"detail": str(error)}, status_code=400)


async def _value_error(_: Request, error: Exception) -> Response:
    """The runner refuses a message, such as a tool result without a call; tools raise deeper."""
    if _raised_in(error) != _RUNNER:
        raise error
    return JSONResponse({"detail": str(error)}, status_code=422)


async def _attribute_error(_: Request, error: Exception) -> Response:
    """genai's enums raise when a value in the request is not a string."""
    if _raised_in(error) != _ENUMS:
        raise error
    return JSONResponse({"detail": "a value of an enumeration must be a string"}, status_code=422)


async def _os_error(_: Request, error: Exception) -> Response:
    """ADK looks up an app by its name in the file system, which limits a name's length."""
    if not isinstance(error, OSError) or error.errno != errno.ENAMETOOLONG:
        raise error
    return JSONResponse({"detail": "the app's name is too long"}, status_code=404)


def _raised_in(error: Exception) -> str:
    """The module in which the error was raised."""
    step, module = error.__traceback__, ""
    while step is not None:
        module = step.tb_frame.f_globals.get("__name__", "")
        step = step.tb_next
    return module
