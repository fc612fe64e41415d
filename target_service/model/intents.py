"""The intent and the language of a customer's message.

Both are found by keywords in English, Hindi (Devanagari) and Hinglish, because the scripted model
must be deterministic.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_INTENTS: tuple[tuple[str, str], ...] = (
    (
        "thanks",
        "thank|dhanyavaad|shukriya|bye|धन्यवाद|शुक्रिया",
    ),
    (
        "complaint",
        "complain|supervisor|manager|consumer forum|unacceptable|kharab service|"
        "does not help|kaam nahi chalega|शिकायत|सुपरवाइज़र|मैनेजर|उपभोक्ता|काम नहीं चलेगा",
    ),
    (
        "coupon",
        "coupon|cashback|promo code|कूपन|कैशबैक",
    ),
    (
        "gift",
        "gift wrap|gift message|gift bill|gift ke bill|is a gift|a diwali gift|"
        "diwali gift mein|gift hai|गिफ़्ट रैप|उपहार पर|उपहार है|उपहार में|उपहार के बिल",
    ),
    (
        "refund",
        "refund take|refund status|refund ka status|money back|refund kitne|paisa wapas|"
        "refund same account|रिफ़ंड|पैसे वापस|पैसे उसी खाते",
    ),
    (
        "payment",
        "payment|paid|charged|upi|debited|deducted|paise|paisa|pay |भुगतान|पैसे कट|बैंक कह",
    ),
    (
        "change",
        "change|resched|another day|in the evening instead|badal|postpone|new slot|"
        "naya slot|sunday ko kar|shaam ko|बदल|आगे बढ़ा|शाम को|नया समय",
    ),
    (
        "return",
        "return|refund|damaged|wapas|exchange|replacement|pickup|take it back|wrong size|"
        "वापस|वापसी|पिकअप|टूटा",
    ),
    (
        "product",
        "in stock|stock mein|warranty|does it|colour|size|compare|kya ye|"
        "part of the diwali sale|cash on delivery|bank offer|discount|emi option|"
        "how soon can you deliver|वारंटी|स्टॉक|छूट|कैश ऑन डिलीवरी|सेल में",
    ),
    (
        "track",
        "where is|track|status|arrive|when will|courier|kab tak|kahan|delivery date|कब तक|"
        "कहाँ|ट्रैक|कूरियर|स्थिति|किस दिन",
    ),
)
"""Intent → its keywords; the first intent that matches counts."""
_KEYWORDS = tuple((name, tuple(words.split("|"))) for name, words in _INTENTS)

_WORD = re.compile(r"[a-z]+")
_HINGLISH = frozenset(
    _WORD.findall(
        "aa aapki aaya aayega aayegi ab abhi baar baat bahut bata batao bhaiya bhejna bhi "
        "bol chahiye chalega dena didi dijiye dobara doge dusre ek gaya gaye ghar haan "
        "hafte hai hain hoga hoon hua isme isse jaunga jayega kaam kab kahan kar karao "
        "karna karo kaun kaunsa ke ki kitna kitne ko koi kya lagaya lagega likh likhna "
        "mat mein mera meri mil milega milti mujhe na nahi naya nikal pahunchega paisa "
        "paise pe pehle phir raha rahega rahi se tak teesri tha theek toh toota wapas"
    )
)
"""Hindi in Latin letters: words that are not English too.  (`do` is; `to` and `me` are.)"""
_FEWEST_HINGLISH = 2


@lru_cache(maxsize=1024)  # customers choose from a few hundred messages
def intent(text: str) -> str | None:
    """The intent of the message; None when it has none of the keywords."""
    text = text.lower()
    for name, words in _KEYWORDS:
        for word in words:
            if word in text:
                return name
    return None


def topic(messages: Sequence[str]) -> str:
    """The intent of the last message, or else of the latest earlier message that has one."""
    for message in reversed(messages):
        found = intent(message)
        if found is not None:
            return found
    return "track"


def language(text: str) -> str:
    """`hi` (Devanagari), `hinglish` or `en`."""
    if any("\u0900" <= character <= "\u097f" for character in text):
        return "hi"
    words = set(_WORD.findall(text.lower()))
    return "hinglish" if len(words & _HINGLISH) >= _FEWEST_HINGLISH else "en"


_SLOTS = (
    ("saturday", ("saturday", "shanivaar", "शनिवार")),
    ("sunday", ("sunday", "ravivaar", "रविवार")),
    ("tomorrow", ("tomorrow", " कल")),
    ("evening", ("evening", "shaam", "शाम")),
    ("morning", ("morning", "subah", "सुबह")),
    ("next week", ("next week", "agle hafte", "अगले हफ़्ते")),
    ("monday", ("monday", "somvaar", "सोमवार")),
)


def slot(text: str) -> str:
    """The requested day or time of day."""
    text = text.lower()
    return next(
        (name for name, words in _SLOTS if any(word in text for word in words)),
        "the next free day",
    )
