"""ShopMax's orders: computed from their ids, so that they are the same on every replica."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

# No word boundaries: a Devanagari letter, which counts as a word character, may follow directly.
ORDER_ID = re.compile(r"(?<![A-Z0-9-])ORD-\d{5}(?!\d)", re.IGNORECASE)
COUPON = re.compile(r"(?<![A-Z])(?:DIWALI|SHUBH|DIYA)\d{2,3}(?!\d)", re.IGNORECASE)

_COUPONS_INR = {"DIWALI10": 100, "DIWALI20": 200, "SHUBH200": 200, "DIYA15": 150}

_FIRST, _LAST = 58290, 58399
_CARRIERS = ("BlueDart", "Delhivery", "India Post", "Ekart")
_ITEMS = (
    "a set of 24 brass diyas",
    "a pressure cooker, 5 litres",
    "a Banarasi silk saree",
    "wireless earbuds",
    "a box of kaju katli",
    "LED string lights, 20 m",
    "a kids' kurta set",
)
_STAGES = ("packed", "shipped", "out for delivery")


@dataclass(frozen=True)
class Order:
    """One order as the warehouse sees it."""

    id: str
    item: str
    carrier: str
    status: str
    delivery: str
    """The expected day of delivery, for example `April 8th`."""
    amount_inr: int


def find(order_id: str) -> Order | None:
    """The order of this id (`ORD-58290` to `ORD-58399`), or None."""
    order_id = order_id.strip().upper()
    if not ORDER_ID.fullmatch(order_id):
        return None
    number = int(order_id.removeprefix("ORD-"))
    if not _FIRST <= number <= _LAST:
        return None
    # ORD-58291, the order of `diya demo`, arrives on April 8th; the others are relative to it.
    day = datetime.date(2026, 4, 8) + datetime.timedelta(days=(number - 58291) * 5 % 21)
    return Order(
        id=order_id,
        item=_ITEMS[number % len(_ITEMS)],
        carrier=_CARRIERS[number % len(_CARRIERS)],
        status=_STAGES[number % len(_STAGES)],
        delivery=spoken(day),
        amount_inr=499 + number * 37 % 9500,
    )


def cashback(coupon: str) -> int | None:
    """The cashback of a coupon, in rupees; None for an unknown code."""
    return _COUPONS_INR.get(coupon.strip().upper())


def spoken(day: datetime.date) -> str:
    """A date in words: `April 8th`."""
    suffix = "th" if 10 <= day.day <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    return f"{day:%B} {day.day}{suffix}"
