"""The webhook delivers, holds nobody up, tells what is wrong, and never tells its address."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from engine.alerts import webhook as module
from engine.alerts.webhook import (
    MOST_LETTERS,
    MOST_WAITING,
    VARIABLE,
    Webhook,
    message_of,
    webhook_address,
)
from engine.clock import SystemClock
from engine.errors import UsageError
from engine.safety_view import AlertView
from tests.engine.alerts.hooks import SECRET, hook
from tests.engine.build import START_MS

PATIENCE_S = 10.0


class HandClock:
    """Monotonic seconds that pass when told."""

    now = 100.0

    def wall_ms(self) -> int:
        return START_MS

    def mono(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACKOFF_S", 0.001)
    monkeypatch.setattr(module, "GAP_S", 0.0)
    monkeypatch.setattr(module, "ANSWER_S", 0.4)


def alert(seq: int = 1, level: str = "alarm", text: str = "halt by key") -> AlertView:
    return AlertView(seq, START_MS, "halt", level, text)


def until(met: Callable[[], bool]) -> None:
    """Wait for another thread, by its evidence."""
    pause, waited = threading.Event(), 0.0
    while not met() and waited < PATIENCE_S:
        pause.wait(0.005)
        waited += 0.005
    assert met()


@contextmanager
def sending(address: str) -> Iterator[Webhook]:
    with closing(Webhook(address, SystemClock())) as webhook:
        yield webhook


def test_an_alert_arrives_in_the_words_that_services_take() -> None:
    with hook() as server, sending(server.address) as webhook:
        webhook.send(alert())
        until(lambda: bool(server.messages))
        assert server.messages[0] == {
            "text": "alarm: halt: halt by key",
            "content": "alarm: halt: halt by key",
            "kind": "halt",
            "level": "alarm",
            "t": "2026-01-05T08:00:00+00:00",
        }
        until(lambda: webhook.state == "on")


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_passing_fault_is_tried_again(status: int) -> None:
    with hook(status, status, 200) as server, sending(server.address) as webhook:
        webhook.send(alert())
        until(lambda: bool(server.messages))
        assert server.tries == 3
        until(lambda: webhook.state == "on")


def test_after_three_tries_it_is_given_up_and_counted() -> None:
    with hook(500) as server, sending(server.address) as webhook:
        webhook.send(alert())
        until(lambda: webhook.state == "it answers 500; 1 not delivered")
        assert server.tries == 3


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (404, "it answers 404; 1 not delivered"),
        (403, "it answers 403; 1 not delivered"),
        (302, "it redirects (302), which is not followed; 1 not delivered"),
    ],
)
def test_a_refusal_for_good_is_not_repeated(status: int, state: str) -> None:
    with hook(status) as server, sending(server.address) as webhook:
        webhook.send(alert())
        until(lambda: webhook.state == state)
        assert server.tries == 1


def test_one_that_takes_messages_again_is_well_again_and_keeps_its_losses() -> None:
    with hook(404, 200) as server, sending(server.address) as webhook:
        webhook.send(alert())
        until(lambda: "404" in webhook.state)
        webhook.send(alert(2))
        until(lambda: webhook.state == "1 not delivered")


def test_a_server_that_hangs_up_is_a_sentence() -> None:
    with hook(0) as server, sending(server.address) as webhook:
        webhook.send(alert())
        until(lambda: webhook.state == "it breaks off the connection; 1 not delivered")


def test_a_server_that_never_answers_is_a_sentence() -> None:
    with hook() as server, sending(server.address) as webhook:
        server.answers.clear()
        webhook.send(alert())
        until(lambda: webhook.state == "it does not answer; 1 not delivered")


def test_nobody_listening_is_a_sentence() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with sending(f"http://127.0.0.1:{port}/{SECRET}") as webhook:
        webhook.send(alert())
        until(lambda: webhook.state == "it cannot be reached; 1 not delivered")


def test_a_certificate_that_is_none_is_a_sentence() -> None:
    with hook() as server:
        bare = server.address.replace("http://", "https://")
        with sending(bare) as webhook:
            webhook.send(alert())
            until(lambda: webhook.state == "its certificate is not accepted; 1 not delivered")


def test_a_request_under_way_for_too_long_is_told_before_it_ends() -> None:
    clock = HandClock()
    with hook() as server, closing(Webhook(server.address, clock)) as webhook:
        server.answers.clear()
        webhook.send(alert())
        assert server.came.wait(PATIENCE_S)
        clock.now += 1.0
        assert webhook.state.startswith("it does not answer")
        server.answers.set()


def test_sending_never_waits_and_what_finds_no_room_is_counted() -> None:
    with hook() as server, sending(server.address) as webhook:
        server.answers.clear()
        webhook.send(alert())
        assert server.came.wait(PATIENCE_S)
        for number in range(MOST_WAITING + 7):
            webhook.send(alert(number))
        assert "7 not delivered" in webhook.state
        server.answers.set()


def test_what_waited_is_sent_as_one_message() -> None:
    with hook() as server, sending(server.address) as webhook:
        server.answers.clear()
        webhook.send(alert(1, "info", "first"))
        assert server.came.wait(PATIENCE_S)
        webhook.send(alert(2, "info", "second"))
        webhook.send(alert(3, "alarm", "third"))
        server.answers.set()
        until(lambda: len(server.messages) == 2)
        assert server.messages[1]["text"] == "info: halt: second\nalarm: halt: third"
        assert server.messages[1]["level"] == "alarm"


def test_the_last_alert_before_the_end_is_still_sent() -> None:
    with hook() as server:
        with sending(server.address) as webhook:
            webhook.send(alert())
        assert len(server.messages) == 1


def test_closing_does_not_wait_for_a_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSE_S", 0.05)
    monkeypatch.setattr(module, "ANSWER_S", 60.0)
    with hook() as server:
        server.answers.clear()
        webhook = Webhook(server.address, SystemClock())
        webhook.send(alert())
        assert server.came.wait(PATIENCE_S)
        webhook.close()
        assert not server.messages
        thread = webhook._thread
        server.answers.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_after_closing_nothing_is_taken() -> None:
    with hook() as server:
        with sending(server.address) as webhook:
            pass
        webhook.send(alert())
        assert webhook.state == "1 not delivered"


@pytest.mark.parametrize("statuses", [(200,), (404,), (302,), (0,), (500,)])
def test_the_address_is_in_no_word_that_it_says(
    statuses: tuple[int, ...], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with hook(*statuses) as server, sending(server.address) as webhook:
        webhook.send(alert())
        until(lambda: bool(server.messages) or "not delivered" in webhook.state)
        told = f"{webhook!r} {webhook.state} {caplog.text} {capfd.readouterr()}"
    assert SECRET not in told
    assert "127.0.0.1" not in told


@pytest.mark.parametrize(
    "address",
    [
        f"http://example.org/{SECRET}", f"ftp://example.org/{SECRET}", SECRET,
        f"https:///{SECRET}", f"https://example.org:99999999/{SECRET}", f"https://[::1/{SECRET}",
        f"http://localhost.example.org/{SECRET}", f"https://exa\nmple.org/{SECRET}\x00",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_refused_without_telling_it(address: str) -> None:
    with pytest.raises(UsageError) as refused:
        webhook_address({VARIABLE: address})
    assert VARIABLE in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    ["https://hooks.example.org/x", "http://127.0.0.1:8080/x", "http://localhost/x",
     "http://[::1]:80/x"],
)  # fmt: skip
def test_an_address_that_can_be_used_is_taken(address: str) -> None:
    assert webhook_address({VARIABLE: f" {address} "}) == address


@pytest.mark.parametrize("environment", [{}, {VARIABLE: ""}, {VARIABLE: "  "}])
def test_without_an_address_there_is_none(environment: dict[str, str]) -> None:
    assert webhook_address(environment) is None


def test_a_message_is_no_longer_than_services_take() -> None:
    text = message_of([alert(n, text="x" * 500) for n in range(20)])["text"]
    assert isinstance(text, str)
    assert len(text) == MOST_LETTERS


def test_a_fault_of_the_program_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError(SECRET)

    monkeypatch.setattr(module, "message_of", broken)
    with hook() as server, sending(server.address) as webhook:
        webhook.send(alert())
        until(lambda: "ended by a fault" in webhook.state)
        assert SECRET not in webhook.state
