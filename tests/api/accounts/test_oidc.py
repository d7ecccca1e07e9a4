"""Signing in through an identity provider that runs here, honest or not."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from printroom.accounts.oidc import Provider as Client
from printroom.core.errors import BadOption

from .conftest import EMAIL, refused
from .provider import CLIENT, SECRET, Provider


@pytest.fixture(scope="module")
def provider():
    with Provider() as started:
        yield started


@pytest.fixture(scope="module")
def site(guard, provider):
    settings = {
        "PRINTROOM_OIDC_ISSUER": provider.issuer,
        "PRINTROOM_OIDC_CLIENT": CLIENT,
        "PRINTROOM_OIDC_SECRET": SECRET,
    }
    with guard(settings) as guarded:
        yield guarded


@pytest.fixture
def browser(site, provider):
    provider.twist, provider.email, provider.subject = None, EMAIL, "1234"
    provider.verified = True
    with httpx.Client(base_url=site.url, timeout=60) as client:
        yield client


def leave(browser):
    """To the provider and back; the address that it sends the browser to."""
    there = browser.get("/v1/sessions/oidc")
    assert there.status_code == 302, there.text
    return httpx.get(there.headers["location"]).headers["location"]


def test_there_and_back_is_signed_in(site, provider, browser):
    assert site.nobody.get("/v1/sessions").json() == {
        "needed": True, "password": True, "oidc": True,
    }  # fmt: skip
    back = leave(browser)
    assert urlsplit(back).path == "/v1/sessions/oidc/callback"
    answer = browser.get(back)
    assert (answer.status_code, answer.headers["location"]) == (302, "/"), answer.text
    me = browser.get("/v1/sessions/current").json()
    assert me["user"]["email"] == EMAIL
    asked = provider.asked[-1]
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert provider.asked[-1]["scope"].split()[0] == "openid"


def test_from_then_on_it_is_the_subject_that_counts(provider, browser):
    browser.get(leave(browser))
    provider.email = "renamed@example.com"
    assert browser.get(leave(browser)).status_code == 302
    provider.subject = "5678"
    refused(browser.get(leave(browser)), 403, "not_allowed")


@pytest.mark.parametrize(
    "twist",
    ["nonce", "no nonce", "audience", "audiences", "party", "issuer", "expired", "unsigned",
     "shared secret", "another key", "changed", "garbage"],
)  # fmt: skip
def test_a_provider_that_lies_lets_nobody_in(provider, browser, twist):
    back = leave(browser)
    provider.twist = twist
    answer = browser.get(back)
    refused(answer, 502, "provider_failed")
    assert "printroom_session" not in browser.cookies


def test_strangers_and_addresses_that_nobody_verified(provider, browser):
    provider.subject, provider.email = "new", "stranger@example.com"
    refused(browser.get(leave(browser)), 403, "not_allowed")
    provider.email, provider.verified = EMAIL, False
    refused(browser.get(leave(browser)), 403, "not_allowed")


def test_a_login_that_was_begun_elsewhere_is_refused(site, browser):
    back = leave(browser)
    with httpx.Client(base_url=site.url) as victim:  # was sent a link by an attacker
        refused(victim.get(back), 502, "provider_failed")
        victim.get("/v1/sessions/oidc")
        refused(victim.get(back), 502, "provider_failed")
    refused(browser.get(back.replace("state=", "state=x")), 502, "provider_failed")
    refused(browser.get("/v1/sessions/oidc/callback"), 502, "provider_failed")


def test_a_code_is_good_once(browser):
    back = leave(browser)
    cookie = browser.cookies["printroom_login"]
    assert browser.get(back).status_code == 302
    again = {"Cookie": f"printroom_login={cookie}"}
    refused(browser.get(back, headers=again), 502, "provider_failed")


def test_keys_of_the_provider_may_change(provider, browser):
    provider.renew()
    assert browser.get(leave(browser)).status_code == 302


def test_the_address_of_the_server_is_the_one_that_was_set(guard, provider):
    settings = {
        "PRINTROOM_OIDC_ISSUER": provider.issuer,
        "PRINTROOM_OIDC_CLIENT": CLIENT,
        "PRINTROOM_URL": "https://pictures.example.com/",
    }
    with guard(settings) as guarded:
        there = guarded.nobody.get("/v1/sessions/oidc").headers["location"]
        back = parse_qs(urlsplit(there).query)["redirect_uri"]
        assert back == ["https://pictures.example.com/v1/sessions/oidc/callback"]


def test_without_a_provider_there_is_nowhere_to_go(guarded):
    refused(guarded.nobody.get("/v1/sessions/oidc"), 404, "not_found")


@pytest.mark.parametrize("issuer", ["http://login.example.com", "ftp://x", "login.example.com"])
def test_a_provider_is_asked_over_https(issuer):
    with pytest.raises(BadOption):
        Client(issuer, CLIENT, None)
