"""Which provider of payments an installation has.

Settings -> PaymentProvider        BadOption: half described, or its package is missing
"""

from __future__ import annotations

from printroom.core.errors import BadOption
from printroom.core.settings import Settings
from printroom.marketplace.payments.contract import PaymentProvider
from printroom.marketplace.payments.manual import Manual


def provider_of(settings: Settings) -> PaymentProvider:
    """Stripe where it is set, else by hand. Raises BadOption."""
    if settings.stripe_key is None:
        return Manual()
    if settings.stripe_secret is None:
        raise BadOption("PRINTROOM_STRIPE_SECRET is missing", "Stripe shows it with the webhook")
    try:
        from printroom.marketplace.payments.stripe import Stripe
    except ModuleNotFoundError:
        raise BadOption("Stripe needs its package", "install printroom[stripe]") from None
    return Stripe(
        settings.stripe_key,
        settings.stripe_secret,
        settings.market_currency,
        settings.stripe_url,
    )
