"""The scripted agent's phrases, in the customer's own language.

`{names}` are filled from a tool's result.  Dates, numbers and ids are the same in every language.
"""

from __future__ import annotations

from typing import Any

_PHRASES: dict[str, dict[str, str]] = {
    "greeting": {
        "en": "Namaste! How can I help you with your ShopMax order?",
        "hi": "नमस्ते! आपके ShopMax ऑर्डर में मैं क्या मदद करूँ?",
        "hinglish": "Namaste! Aapke ShopMax order mein kya madad karun?",
    },
    "thanks": {
        "en": "You are welcome. Shubh Deepavali from all of us at ShopMax!",
        "hi": "आपका स्वागत है। ShopMax परिवार की ओर से शुभ दीपावली!",
        "hinglish": "Aapka swagat hai. ShopMax ki taraf se Shubh Deepavali!",
    },
    "product": {
        "en": "It is in stock with a 10-day return window, and the festive price holds until "
        "midnight. Shall I tell you more about delivery?",
        "hi": "यह स्टॉक में है, 10 दिन में वापसी हो सकती है, और त्योहार का दाम आधी रात तक है। "
        "डिलीवरी के बारे में बताऊँ?",
        "hinglish": "Yeh stock mein hai, 10 din ka return hai, aur festive price aadhi raat tak "
        "hai. Delivery ke baare mein bataun?",
    },
    "which_order": {
        "en": "Please tell me your order number, it looks like ORD-58291.",
        "hi": "कृपया अपना ऑर्डर नंबर बताइए, वह ORD-58291 जैसा होता है।",
        "hinglish": "Apna order number bata dijiye, woh ORD-58291 jaisa hota hai.",
    },
    "error": {
        "en": "{error} Could you check the number?",
        "hi": "{error} क्या आप नंबर फिर से देखेंगे?",
        "hinglish": "{error} Number ek baar check karenge?",
    },
    "track_order": {
        "en": "I can help you track order {order_id}. It is {status} with {carrier}: {item}.",
        "hi": "ऑर्डर {order_id} मिल गया: {item}, {carrier} के पास, स्थिति: {status}।",
        "hinglish": "Order {order_id} mil gaya: {item}, {carrier} ke paas, status: {status}.",
    },
    "track_order_again": {
        "en": "Based on your order {order_id}, the expected delivery is {delivery}, with "
        "{carrier}.",
        "hi": "आपके ऑर्डर {order_id} की डिलीवरी: {delivery}, {carrier} से।",
        "hinglish": "Aapke order {order_id} ki delivery: {delivery}, {carrier} se.",
    },
    "change_delivery": {
        "en": "Done: order {order_id} will now come {delivery}, with {carrier}.",
        "hi": "हो गया: ऑर्डर {order_id} अब {delivery} {carrier} से आएगा।",
        "hinglish": "Ho gaya: order {order_id} ab {delivery} {carrier} se aayega.",
    },
    "start_return": {
        "en": "I have started return {return_id} for order {order_id}. ₹{refund_inr} will be "
        "refunded after pickup.",
        "hi": "ऑर्डर {order_id} की वापसी {return_id} शुरू हो गई है। "
        "पिकअप के बाद ₹{refund_inr} वापस मिलेंगे।",
        "hinglish": "Order {order_id} ka return {return_id} start ho gaya. Pickup ke baad "
        "₹{refund_inr} wapas milenge.",
    },
    "check_payment": {
        "en": "The payment of ₹{amount_inr} for order {order_id} was reversed; it reaches your "
        "account within 3 working days.",
        "hi": "ऑर्डर {order_id} के ₹{amount_inr} लौटा दिए गए हैं; 3 कार्य दिवस में खाते में आ जाएँगे।",
        "hinglish": "Order {order_id} ke ₹{amount_inr} reverse ho gaye; 3 working days mein "
        "account mein aa jayenge.",
    },
    "refund_status": {
        "en": "₹{amount_inr} for order {order_id} comes back to you {when} ({reference}).",
        "hi": "ऑर्डर {order_id} के ₹{amount_inr} आपको {when} वापस मिलेंगे ({reference})।",
        "hinglish": "Order {order_id} ke ₹{amount_inr} aapko {when} wapas milenge ({reference}).",
    },
    "check_coupon": {
        "en": "Coupon {coupon} gives ₹{cashback_inr} cashback on order {order_id}; it reaches "
        "your wallet by {credited}.",
        "hi": "कूपन {coupon} से ऑर्डर {order_id} पर ₹{cashback_inr} कैशबैक मिलेगा; "
        "{credited} तक वॉलेट में आएगा।",
        "hinglish": "Coupon {coupon} se order {order_id} pe ₹{cashback_inr} cashback milega; "
        "{credited} tak wallet mein aayega.",
    },
    "arrange_gift": {
        "en": "Order {order_id} goes out as a gift: wrapped for ₹{wrap_inr}, with your note, and "
        "no price on the bill.",
        "hi": "ऑर्डर {order_id} उपहार के रूप में जाएगा: ₹{wrap_inr} में सजाकर, "
        "आपके संदेश के साथ, बिल पर दाम नहीं।",
        "hinglish": "Order {order_id} gift ki tarah jayega: ₹{wrap_inr} mein wrap, aapke note ke "
        "saath, bill pe price nahi.",
    },
    "raise_complaint": {
        "en": "I am sorry. Complaint {complaint_id} for order {order_id} is with {owner} now, who "
        "calls you {callback}.",
        "hi": "मुझे खेद है। ऑर्डर {order_id} की शिकायत {complaint_id} अब {owner} के पास है, "
        "फ़ोन {callback} आएगा।",
        "hinglish": "Sorry. Order {order_id} ki complaint {complaint_id} ab {owner} ke paas hai, "
        "call {callback} aayega.",
    },
}


_TERMS: dict[str, tuple[str, str]] = {
    "packed": ("पैक हो चुका", "packed"),
    "shipped": ("रवाना हो चुका", "shipped"),
    "out for delivery": ("डिलीवरी के लिए निकल चुका", "delivery ke liye nikal gaya"),
    "saturday": ("शनिवार को", "Saturday ko"),
    "sunday": ("रविवार को", "Sunday ko"),
    "monday": ("सोमवार को", "Monday ko"),
    "tomorrow": ("कल", "kal"),
    "evening": ("शाम को", "shaam ko"),
    "morning": ("सुबह", "subah"),
    "next week": ("अगले हफ़्ते", "agle hafte"),
    "the next free day": ("अगले खाली दिन", "agle free din"),
    "within 3 working days": ("3 कार्य दिवस में", "3 working days mein"),
    "5 days after pickup": ("पिकअप के 5 दिन बाद", "pickup ke 5 din baad"),
    "our care team": ("हमारी टीम", "hamari team"),
    "a supervisor": ("सुपरवाइज़र", "supervisor"),
    "the regional manager": ("क्षेत्रीय मैनेजर", "regional manager"),
    "within 24 hours": ("24 घंटे में", "24 ghante mein"),
    "within 4 hours": ("4 घंटे में", "4 ghante mein"),
    "within the hour": ("एक घंटे में", "ek ghante mein"),
}
"""The tools' values in Hindi and in Hinglish; other values stay as they are."""
_COLUMN = {"hi": 0, "hinglish": 1}


def say(phrase: str, language: str, **values: Any) -> str:
    """The phrase in that language (`en`, `hi` or `hinglish`).  Raises KeyError for another."""
    text = _PHRASES[phrase][language]
    return text.format(**{name: _term(value, language) for name, value in values.items()})


def _term(value: Any, language: str) -> Any:
    if isinstance(value, str) and value in _TERMS and language in _COLUMN:
        return _TERMS[value][_COLUMN[language]]
    return value
