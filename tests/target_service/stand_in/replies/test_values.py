"""Values that a schema allows: each is validated against its schema."""

from __future__ import annotations

import datetime
import enum
import ipaddress
import json
import uuid
from typing import Annotated, Any, Literal

import pytest
from google.adk.tools.function_tool import FunctionTool
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import AnyUrl, BaseModel, Field, TypeAdapter

from target_service.stand_in.replies import values
from target_service.stand_in.replies.errors import Unsatisfiable
from target_service.stand_in.replies.words import Words
from tests.target_service.generated import FIXED
from tests.target_service.stand_in.replies import schemas

MESSAGE = "Where is my order ORD-58291 of 2026-10-30? Write to a.b@example.org, I paid 499.50."
MESSAGES = st.text(max_size=60) | st.sampled_from((MESSAGE, "", "मेरा ऑर्डर कहाँ है?"))


def made(schema: Any, message: str = MESSAGE, name: str = "") -> Any:
    """The value for this message."""
    return values.value(schema, Words(message, message), name)


def check(schema: Any, value: Any) -> None:
    """The value is valid, and survives the way over the wire."""
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)
    assert json.loads(json.dumps(value)) == value


@FIXED
@given(schema=schemas.any_schema, message=MESSAGES)
def test_a_value_is_valid_by_its_schema(schema: schemas.Schema, message: str) -> None:
    check(schema, made(schema, message))


@FIXED
@given(schema=schemas.with_definitions(), message=MESSAGES)
def test_arguments_are_valid_by_a_schema_with_definitions(
    schema: schemas.Schema, message: str
) -> None:
    check(schema, values.arguments(schema, Words(message, message)))


@FIXED
@given(schema=schemas.with_definitions(), message=MESSAGES)
def test_the_same_message_makes_the_same_arguments(schema: schemas.Schema, message: str) -> None:
    first = values.arguments(schema, Words(message, "seed"))
    assert values.arguments(schema, Words(message, "seed")) == first


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Line(BaseModel):
    sku: Annotated[str, Field(pattern=r"^[A-Z]{3}-\d{4}$")]
    count: Annotated[int, Field(ge=1, le=20)]
    price: Annotated[float, Field(gt=0, lt=1)]


class Card(BaseModel):
    kind: Literal["card"]
    number: Annotated[str, Field(min_length=12, max_length=19)]


class Cash(BaseModel):
    kind: Literal["cash"]
    amount: Annotated[int, Field(multiple_of=50)]


class Part(BaseModel):
    name: str
    parts: list[Part]


def buy(
    order_id: str,
    lines: list[Line],
    pay: Annotated[Card | Cash, Field(discriminator="kind")],
    colour: Colour,
    day: datetime.date,
    token: uuid.UUID,
    shares: dict[str, float],
    pair: tuple[int, str],
    labels: Annotated[set[str], Field(min_length=3)],
    tree: Part,
    note: str | None,
    gift: bool = False,
) -> dict[str, Any]:
    """Buy something."""
    return {}


def test_the_arguments_of_an_adk_tool_are_what_pydantic_accepts() -> None:
    declared = FunctionTool(buy)._get_declaration()
    assert declared is not None
    schema: Any = declared.parameters_json_schema
    arguments = values.arguments(schema, Words(MESSAGE, "seed"))
    check(schema, arguments)
    assert arguments["order_id"] == "ORD-58291"
    assert arguments["day"] == "2026-10-30"
    assert "gift" not in arguments
    TypeAdapter(list[Line]).validate_python(arguments["lines"])
    TypeAdapter(Part).validate_python(arguments["tree"])
    TypeAdapter(set[str]).validate_python(arguments["labels"])


@pytest.mark.parametrize(
    ("name", "schema", "value"),
    [
        ("order_id", {"type": "string"}, "ORD-58291"),
        ("query", {"type": "string"}, MESSAGE),
        ("email", {"type": "string"}, "a.b@example.org"),
        ("delivery_date", {"type": "string", "format": "date"}, "2026-10-30"),
        ("amount", {"type": "number"}, 499.5),
        ("number", {"type": "integer", "minimum": 50000}, 58291),
        ("code", {"type": "string", "pattern": r"^ORD-\d+$"}, "ORD-58291"),
        ("kind", {"enum": ["refund", "order", "other"]}, "order"),
        ("note", {"type": "string", "maxLength": 8}, "Where is"),
    ],
)
def test_a_value_comes_from_the_message_where_it_fits(
    name: str, schema: schemas.Schema, value: object
) -> None:
    assert made(schema, name=name) == value


def test_a_schema_in_geminis_own_form_is_understood() -> None:
    schema = {
        "type": "OBJECT",
        "properties": {
            "order_id": {"type": "STRING", "maxLength": "9"},
            "count": {"type": "INTEGER", "minimum": 2, "nullable": True},
            "tags": {"type": "ARRAY", "items": {"type": "STRING"}, "minItems": "2"},
            "kind": {"type": "STRING", "format": "enum", "enum": ["A", "B"]},
        },
        "required": ["order_id", "count", "tags", "kind"],
    }
    arguments = values.arguments(schema, Words("Order X-1", "seed"))
    assert (arguments["order_id"], arguments["count"], len(arguments["tags"])) == ("X-1", 2, 2)
    assert arguments["kind"] in ("A", "B")


def test_a_tool_without_arguments_gets_none() -> None:
    assert values.arguments({}, Words(MESSAGE, "seed")) == {}
    assert values.arguments({"type": "object", "properties": {}}, Words("x", "seed")) == {}


def test_the_first_of_several_optional_arguments_is_given() -> None:
    schema = {"properties": {"city": {"type": "string"}, "zip": {"type": "string"}}}
    assert list(values.arguments(schema, Words("Pune", "seed"))) == ["city"]


def test_required_properties_bring_those_that_they_need() -> None:
    schema = {
        "type": "object",
        "properties": {"card": {"type": "string"}, "street": {"type": "string"}},
        "required": ["card"],
        "dependentRequired": {"card": ["street"]},
    }
    check(schema, made(schema))


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"type": "integer", "minimum": 5, "maximum": 4},
        {"type": "string", "minLength": 5, "maxLength": 4},
        {"type": "array", "items": {"type": "boolean"}, "minItems": 3, "uniqueItems": True},
        {"type": "string", "pattern": "^a$", "minLength": 2},
        {"type": "object", "required": ["x"], "additionalProperties": False},
        {"$ref": "#/$defs/nowhere"},
        {"$ref": "#"},
        {"$ref": "https://example.com/schema"},
        {"type": "string", "enum": [1, 2]},
        {"allOf": [{"type": "string"}, {"type": "integer"}]},
        {
            "type": "object",
            "properties": {"me": {"$ref": "#"}},
            "required": ["me"],
        },
        {"type": "string", "pattern": "("},
    ],
)
def test_a_schema_that_allows_nothing_is_said_to_be_so(schema: Any) -> None:
    with pytest.raises(Unsatisfiable):
        made(schema)


def test_the_next_alternative_is_taken_where_one_allows_nothing() -> None:
    schema = {"anyOf": [{"type": "integer", "minimum": 2, "maximum": 1}, {"type": "boolean"}]}
    assert isinstance(made(schema), bool)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("date", datetime.date),
        ("date-time", datetime.datetime),
        ("time", datetime.time),
        ("duration", datetime.timedelta),
        ("uuid", uuid.UUID),
        ("uri", AnyUrl),
        ("ipv4", ipaddress.IPv4Address),
        ("ipv6", ipaddress.IPv6Address),
    ],
)
def test_pydantic_reads_a_text_of_each_format(name: str, kind: type[Any]) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    items = {"type": "string", "format": name}
    texts = made({"type": "array", "items": items, "minItems": 20, "uniqueItems": True})
    assert len({adapter.validate_python(text) for text in texts}) == 20
