from __future__ import annotations

from engine.safety.account import Account, Agreement
from engine.venue import Unknown

T = 1_767_600_000_000


class Answers:
    """A venue that answers as it is told, question by question."""

    def __init__(self, *answers: tuple[str, ...] | Unknown) -> None:
        self._answers = list(answers)

    def __call__(self, t_ms: int) -> tuple[str, ...] | Unknown:
        del t_ms
        return self._answers.pop(0)


def found(*answers: tuple[str, ...] | Unknown) -> list[Agreement]:
    account = Account(Answers(*answers), 10.0)
    return [account.compare(T + n) for n in range(len(answers))]


ONE = ("UP 5.00 here, 4.00 there",)
SILENT = Unknown("it answered nothing for 3 s")


def test_a_difference_counts_when_it_lasts_two_comparisons_in_a_row() -> None:
    differs = [Agreement.UNDER_WAY, Agreement.DIFFERENT, Agreement.DIFFERENT]
    assert found(ONE, ONE, ONE) == differs
    assert found(ONE, (), ONE) == [Agreement.UNDER_WAY, Agreement.EQUAL, Agreement.UNDER_WAY]


def test_silence_of_the_venue_is_no_agreement_and_no_difference() -> None:
    assert found(SILENT) == [Agreement.UNKNOWN]
    assert found(ONE, SILENT, ONE)[2] is Agreement.DIFFERENT


def test_what_was_found_is_told_in_words() -> None:
    account = Account(Answers(ONE, (), SILENT), 10.0)
    said = []
    for n in range(3):
        account.compare(T + n)
        said.append(account.note)
    assert said[0] == "UP 5.00 here, 4.00 there"
    assert "equal" in said[1]
    assert "nothing for 3 s" in said[2]


def test_an_account_that_is_not_known_is_asked_for_sooner() -> None:
    account = Account(Answers((), (), ()), 10.0)
    assert account.due(T, known=True)
    account.compare(T)
    assert not account.due(T + 9_999, known=True)
    assert account.due(T + 10_000, known=True)
    assert account.due(T + 1_000, known=False)
    assert not account.due(T + 999, known=False)


def test_a_question_that_was_not_answered_is_asked_again_soon() -> None:
    account = Account(Answers(SILENT, ()), 10.0)
    account.compare(T)
    assert account.due(T + 1_000, known=True)
    account.compare(T + 1_000)
    assert not account.due(T + 2_000, known=True)
