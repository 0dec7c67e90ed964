"""Addresses of hosts in the settings: a wrong one is refused in a sentence before anything runs."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from engine.settings import Venues


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("okx", "https://www.okx.com"),
        ("okx", "http://[::1]:8080/mirror/okx"),
        ("okx_stream", "wss://ws.okx.com:8443"),
        ("polymarket_prices", "ws://127.0.0.1:80"),
        ("proxy", "http://user:word@proxy.invalid:3128"),
        ("proxy", ""),
    ],
)
def test_an_address_that_can_be_used_is_taken_as_it_is(name: str, value: str) -> None:
    assert getattr(Venues(**{name: value}), name) == value


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("okx", "wss://www.okx.com", "must begin with https:// or http://"),
        ("okx_stream", "https://ws.okx.com", "must begin with wss:// or ws://"),
        ("polymarket_prices", "http://127.0.0.1", "must begin with wss:// or ws://"),
        ("okx", "www.okx.com", "must begin with https:// or http://"),
        ("okx", "https://www.okx.com/", "ends with a slash"),
        ("okx", "https://www.okx.com:99999", "this is no address"),
        ("okx", "https://www.okx.com:port", "this is no address"),
        ("okx", "https://www.okx.com:0", "nothing but a host, a port and a path"),
        ("okx", "https://[::1", "this is no address"),
        ("okx", "https://:443", "this is no address"),
        ("okx", "https://a host", "this is no address"),
        ("okx", "https://www.okx.com?key=1", "nothing but a host, a port and a path"),
        ("okx", "https://me:secret@www.okx.com", "name and password"),
        ("proxy", "proxy.invalid:3128", "must begin with http:// or https://"),
        ("proxy", "socks5://proxy.invalid:1080", "must begin with http:// or https://"),
    ],
)
def test_an_address_that_nothing_could_connect_to_is_refused(
    name: str, value: str, why: str
) -> None:
    with pytest.raises(ValidationError, match=why) as caught:
        Venues(**{name: value})
    assert "secret" not in caught.value.errors()[0]["msg"]
