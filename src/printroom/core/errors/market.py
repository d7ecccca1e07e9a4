"""The market does not do what was asked."""

from __future__ import annotations

from printroom.core.errors.base import PrintroomError


class MarketError(PrintroomError):
    """The market does not do what was asked."""

    code, status = "market_error", 422


class NotEnoughCredits(MarketError):
    """The wallet has less than this costs, without what is held for others."""

    code, status = "insufficient_credits", 402


class NoAccess(MarketError):
    """What is on offer was not bought, or is used up, over, or taken back."""

    code, status = "no_access", 403


class NoQuote(MarketError):
    """What a run costs depends on something that is not known before it runs."""

    code = "no_quote"


class TermsChanged(MarketError):
    """The offer changed after the buyer looked at it; nothing was charged."""

    code, status = "terms_changed", 409


class PaymentFailed(MarketError):
    """The payment provider does not answer, or says no."""

    code, status = "payment_failed", 502
