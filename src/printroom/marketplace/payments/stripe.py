"""Stripe: top-ups by Checkout, payouts as transfers to connected accounts, notices by webhook.

    Topup  -> a Checkout session, its taxes reckoned by Stripe -> the address where it is paid
    Payout -> a transfer, once, looked up where Stripe may have forgotten its key
    a seller -> an Express account, and the address of its form
    checkout.session.completed, .async_payment_succeeded -> paid     .expired, _failed -> failed
    charge.refunded, charge.dispute.funds_withdrawn -> returned      transfer.reversed -> bounced

Money is charged to the installation and transferred to sellers later, so a refund never waits for a
seller. A notice counts only with Stripe's signature over its very bytes, no older than TOLERANCE.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from typing import Any

import stripe

from printroom.core.errors import BadOption, PaymentFailed
from printroom.marketplace.payments.contract import Asked, Declined, Enrolled, Notice
from printroom.marketplace.payouts import Payout
from printroom.marketplace.topups import Topup

TOLERANCE = 300
"""Seconds by which a notice may be late."""
KEYS = 12 * 3600.0
"""Seconds for which a key that was sent is surely known to Stripe, which keeps them for a day."""
_PAID = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
_FAILED = ("checkout.session.expired", "checkout.session.async_payment_failed")
_DISPUTE = "charge.dispute.funds_withdrawn"
_log = logging.getLogger(__name__)


class Stripe:
    """Implements `PaymentProvider`."""

    name = "stripe"

    def __init__(self, key: str, secret: str, currency: str, url: str | None = None) -> None:
        """`key`: of the API; `secret`: of the webhook; `url`: where the API is, None = Stripe."""
        addresses: Any = {"api": url} if url else None
        self._client = stripe.StripeClient(key, base_addresses=addresses, max_network_retries=2)
        self._secret, self._currency = secret, currency

    def ask(self, topup: Topup, back: str) -> Asked:
        """A Checkout session. Raises PaymentFailed."""
        about = {"topup": topup.id, "account": topup.account}
        item = {
            "quantity": 1,
            "price_data": {
                "currency": self._currency,
                "unit_amount": topup.credits,
                "product_data": {"name": f"{topup.credits} credits"},
            },
        }
        params: Any = {
            "mode": "payment",
            "line_items": [item],
            "automatic_tax": {"enabled": True},
            "success_url": back,
            "cancel_url": back,
            "client_reference_id": topup.id,
            "metadata": about,
            "payment_intent_data": {"metadata": about},
        }
        options: Any = {"idempotency_key": topup.id}
        try:
            made = self._client.v1.checkout.sessions.create(params, options)
        except stripe.StripeError as error:
            raise _failed(error) from None
        return Asked(made.id, made.url)

    def pay(self, payout: Payout) -> str | None:
        """A transfer. Raises Declined, PaymentFailed."""
        params: Any = {
            "amount": payout.credits,
            "currency": self._currency,
            "destination": payout.destination,
            "metadata": {"payout": payout.id},
            "transfer_group": payout.id,
        }
        options: Any = {"idempotency_key": payout.id}
        try:
            if time.time() - payout.at > KEYS and (known := self._sent(payout)) is not None:
                return known
            return str(self._client.v1.transfers.create(params, options).id)
        except stripe.InvalidRequestError as error:
            raise Declined(_said(error), "see to the account at Stripe") from None
        except stripe.StripeError as error:
            raise _failed(error) from None

    def _sent(self, payout: Payout) -> str | None:
        """The transfer that was made of a payout, whoever lost the answer; None = none was."""
        asked: Any = {"transfer_group": payout.id, "destination": payout.destination}
        for one in self._client.v1.transfers.list(asked).auto_paging_iter():
            if one.metadata.to_dict().get("payout") == payout.id:
                return str(one.id)
        return None

    def enrol(self, account: str, back: str, destination: str | None) -> Enrolled:
        """An Express account, and a link to its form, which works once. Raises PaymentFailed."""
        new: Any = {"type": "express", "metadata": {"account": account}}
        options: Any = {"idempotency_key": f"payee:{account}"}
        try:
            if destination is None:
                destination = str(self._client.v1.accounts.create(new, options).id)
            form: Any = {
                "account": destination,
                "type": "account_onboarding",
                "refresh_url": back,
                "return_url": back,
            }
            link = self._client.v1.account_links.create(form)
        except stripe.StripeError as error:
            raise _failed(error) from None
        return Enrolled(destination, link.url)

    def told(self, body: bytes, signature: str) -> Notice | None:
        """What Stripe says. Raises BadOption for what is forged, cut short or late; PaymentFailed
        where Stripe has to be asked what it is about, and cannot be: it tells it again.
        """
        remedy = "see to the secret of the webhook, and to this machine's clock"
        try:
            text = body.decode()
            stripe.WebhookSignature.verify_header(text, signature, self._secret, TOLERANCE)
            event = json.loads(text)
            kind, thing = str(event["type"]), event["data"]["object"]
            about = self._disputed(thing) if kind == _DISPUTE else thing.get("metadata") or {}
            return _notice(str(event["id"]), kind, thing, about)
        except (ValueError, stripe.SignatureVerificationError):
            raise BadOption("this notice is not signed by Stripe, or late", remedy) from None
        except (KeyError, TypeError, AttributeError):
            raise BadOption("this is no notice of Stripe's", "see its address there") from None

    def _disputed(self, dispute: Mapping[str, Any]) -> Mapping[str, Any]:
        """Unlike a charge, a dispute has no metadata of the payment that it is about."""
        try:
            payment = self._client.v1.payment_intents.retrieve(str(dispute["payment_intent"]))
        except stripe.StripeError as error:
            raise _failed(error) from None
        return payment.metadata.to_dict() if payment.metadata else {}


def _notice(
    name: str, kind: str, thing: Mapping[str, Any], about: Mapping[str, Any]
) -> Notice | None:
    topup, payout = str(about.get("topup") or ""), str(about.get("payout") or "")
    if topup and kind in _PAID and thing["payment_status"] == "paid":
        return Notice(name, "paid", topup)
    if topup and kind in _FAILED:
        return Notice(name, "failed", topup)
    if topup and kind == "charge.refunded":
        return Notice(name, "returned", topup, int(thing["amount_refunded"]))
    if topup and kind == _DISPUTE:
        return Notice(name, "returned", topup, int(thing["amount"]))
    return Notice(name, "bounced", payout) if payout and kind == "transfer.reversed" else None


def _failed(error: stripe.StripeError) -> PaymentFailed:
    _log.warning("Stripe: %s", error)
    return PaymentFailed(f"Stripe does not do it: {_said(error)}", "try again later")


def _said(error: stripe.StripeError) -> str:
    return (error.user_message or type(error).__name__)[:300]
