"""The challenger learns beside the champion, and nothing it does reaches the champion unasked."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path

import pytest

from engine import events as ev
from engine.feeds.tee import Branch
from engine.learning_picture import learning_picture
from engine.learning_view import VerdictView
from engine.order import Side
from engine.settings import Settings
from models.catalog import slot_file
from models.policy import load_policy
from tests.engine.build import MARKET, fill
from tests.engine.learning.ring import QUICK, Ring, learned, ring
from tests.engine.numbers import numbers_in

BETTER = VerdictView(verdict="better", slots=40, differing=40, mean=1.0, low=0.5, high=1.5, why="")


def ready(of: Ring, monkeypatch: pytest.MonkeyPatch) -> Ring:
    """One that meets every criterion: the comparison is told what forty slots would have."""
    learned(of)
    monkeypatch.setattr(of.challenger.rivals, "verdict", lambda: BETTER)
    return of


def flat(of: Ring) -> Ring:
    """A champion that has sold what it held and opens nothing more."""
    of.champion.reduce_only = of.champion.flattening = True
    while of.champion.journal.ledger.open_slugs() or of.champion.journal.ledger.working:
        of.go_on(5)
    return of


def lose(of: Ring, shares: float) -> None:
    """Two fills of the champion that lose half a dollar a share."""
    bought = fill("x.0", shares=shares, price_bp=6_000, fee=0)
    sold = fill("y.0", Side.SELL, shares=shares, price_bp=1_000, fee=0)
    for event in (ev.MarketSeen.of(MARKET), bought, sold):
        of.champion.journal.record(of.champion.t_ms, event)


def test_the_champion_does_the_same_whether_a_challenger_learns_or_not(tmp_path: Path) -> None:
    with ring(tmp_path / "a") as taught:
        learned(taught)
        until = taught.champion.t_ms
        with_it = taught.champion.journal.log.digest()
    with ring(tmp_path / "b") as alone:
        alone.champion.advance(until)
        assert alone.champion.journal.log.digest() == with_it


def test_how_often_the_host_comes_by_does_not_decide_what_is_learned(tmp_path: Path) -> None:
    ids = set()
    for name, seconds in (("a", 0.25), ("b", 3.7), ("c", 60.0)):
        with ring(tmp_path / name) as of:
            end = of.champion.t_ms + 60_000
            while of.champion.t_ms < end:
                of.go_on(min(seconds, (end - of.champion.t_ms) / 1000))
            assert of.challenger.learner.number > 0
            ids.add(of.challenger.learner.policy_id)
    assert len(ids) == 1


def test_every_verdict_is_in_the_champions_log(tmp_path: Path) -> None:
    with ring(tmp_path) as of:
        learned(of)
        told = of.events(ev.Learned)
        assert [e.number for e in told if isinstance(e, ev.Learned)] == [
            u.number for u in of.challenger.learner.updates
        ]


def test_the_champions_files_are_untouched_by_learning(tmp_path: Path) -> None:
    with ring(tmp_path) as of:
        before = of.champion.ladder.policy.policy_id
        learned(of)
        assert of.champion.ladder.policy.policy_id == before
        assert not slot_file(tmp_path, "champion").exists()
        assert of.challenger.learner.policy_id != before


def test_a_paused_challenger_trades_on_and_learns_nothing(tmp_path: Path) -> None:
    with ring(tmp_path) as of:
        learned(of)
        of.challenger.switch(False, "operator")
        number, rows = of.challenger.learner.number, of.challenger.learner.rows
        of.go_on(60)
        assert (of.challenger.learner.number, of.challenger.learner.rows) == (number, rows)
        assert of.challenger.shadow.engine.t_ms == of.champion.t_ms
        of.challenger.switch(True, "operator")
        learned(of)
        switched = of.events(ev.LearningSwitched)
        assert switched == [
            ev.LearningSwitched(False, "operator"),
            ev.LearningSwitched(True, "operator"),
        ]


def test_a_halt_of_the_champion_halts_the_challenger_too(tmp_path: Path) -> None:
    with ring(tmp_path) as of:
        of.go_on(5)
        of.champion.latch.shut_now("halt by key")
        of.go_on(60)
        assert of.challenger.learner.number == 0
        view = learning_picture(of.challenger, of.champion)
        assert (view.phase, view.why) == ("paused", "nothing is learned while HALTED")


def test_a_promotion_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    with ring(tmp_path, obstacle="a recording is no running market") as of:
        of.challenger.promote()
        (note,) = of.events(ev.Noted)
        assert isinstance(note, ev.Noted)
        for lack in ("a recording is no running market", "accepted updates 0, needs 1"):
            assert lack in note.text
        assert "slots compared 0, needs 30" in note.text
        assert not slot_file(tmp_path, "champion").exists()


def test_a_promotion_puts_the_challenger_in_the_slot_and_the_champion_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ring(tmp_path) as of:
        ready(of, monkeypatch)
        former, coming = of.champion.ladder.policy.policy_id, of.challenger.learner.policy_id
        of.challenger.promote()
        new = load_policy(slot_file(tmp_path, "champion"))
        assert (new.policy_id, new.trained) == (coming, True)
        assert new.manifest is not None
        assert new.manifest.origin.parent is not None
        assert new.manifest.origin.parent.startswith(former)
        assert load_policy(slot_file(tmp_path, "checkpoint")).policy_id == former
        (changed,) = of.events(ev.ChampionChanged)
        assert isinstance(changed, ev.ChampionChanged)
        assert (changed.before, changed.after) == (former, coming)


def test_promoted_weights_wait_until_nothing_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ring(tmp_path) as of:
        flat(ready(of, monkeypatch))
        former, coming = of.champion.ladder.policy.policy_id, of.challenger.learner.policy_id
        of.champion.journal.record(of.champion.t_ms, ev.MarketSeen.of(MARKET))
        of.champion.journal.record(of.champion.t_ms, fill("y.0"))
        of.challenger.promote()
        of.challenger.watch()
        assert of.champion.ladder.policy.policy_id == former
        of.champion.journal.record(of.champion.t_ms, fill("z.0", Side.SELL))
        of.challenger.watch()
        assert of.champion.ladder.policy.policy_id == coming
        assert of.challenger.learner.champion_id == coming
        assert of.challenger.learner.accepted == 0


def test_a_drawdown_after_a_promotion_brings_the_former_champion_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace_limit(QUICK, "40")
    with ring(tmp_path, settings) as of:
        flat(ready(of, monkeypatch))
        former = of.champion.ladder.policy.policy_id
        of.challenger.promote()
        of.challenger.watch()
        lose(of, shares=100)  # fifty dollars
        of.challenger.watch()
        assert of.champion.ladder.policy.policy_id == former
        assert load_policy(slot_file(tmp_path, "champion")).policy_id == former
        back = of.events(ev.ChampionChanged)[-1]
        assert isinstance(back, ev.ChampionChanged)
        assert (back.how, back.reason) == (
            "rolled back",
            "drawdown $50.00 since the promotion, max $40",
        )
        of.challenger.watch()
        assert len(of.events(ev.ChampionChanged)) == 2


def test_a_smaller_loss_is_shown_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ring(tmp_path, replace_limit(QUICK, "60")) as of:
        flat(ready(of, monkeypatch))
        coming = of.challenger.learner.policy_id
        of.challenger.promote()
        of.challenger.watch()
        lose(of, shares=100)
        of.challenger.watch()
        assert of.champion.ladder.policy.policy_id == coming
        assert learning_picture(of.challenger, of.champion).probation == (
            "lost $50.00 of $60, slot 1 of 96"
        )


def test_a_promoted_model_that_gives_no_number_is_rolled_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ring(tmp_path) as of:
        flat(ready(of, monkeypatch))
        former = of.champion.ladder.policy.policy_id
        of.challenger.promote()
        of.challenger.watch()
        of.champion.fell(of.champion.ladder.fall("NaN"))
        of.challenger.watch()
        assert (of.champion.ladder.name, of.champion.ladder.policy.policy_id) == (
            "champion",
            former,
        )


def test_there_is_nothing_to_roll_back_to_before_a_promotion(tmp_path: Path) -> None:
    with ring(tmp_path) as of:
        before = of.champion.ladder.policy.policy_id
        of.challenger.succession.roll_back("operator")
        (note,) = of.events(ev.Noted)
        assert isinstance(note, ev.Noted)
        assert note.text.startswith("not rolled back: ")
        assert of.champion.ladder.policy.policy_id == before


def test_a_challenger_goes_on_where_it_was_left(tmp_path: Path) -> None:
    with ring(tmp_path) as of:
        learned(of)
        learner = of.challenger.learner
        left = (learner.number, learner.policy_id, learner.accepted)
    with ring(tmp_path) as again:
        learner = again.challenger.learner
        assert (learner.number, learner.policy_id, learner.accepted) == left


def test_a_torn_checkpoint_is_told_and_the_one_before_it_used(tmp_path: Path) -> None:
    with ring(tmp_path) as of:
        learned(of)
    newest = max(tmp_path.glob("challenger-*/*.state"))
    newest.write_bytes(newest.read_bytes()[:-7])
    with ring(tmp_path) as again:
        assert again.challenger.learner.number > 0
        texts = [e.text for e in again.events(ev.LearningNoted)]  # type: ignore[union-attr]  # events of one kind
        assert any(newest.name in text for text in texts)


def test_a_disk_that_refuses_costs_the_checkpoint_and_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ring(tmp_path) as of:
        learned(of)
        monkeypatch.setattr(of.challenger._store, "save", refuses)
        of.challenger.leave()
        (note,) = of.events(ev.LearningNoted)
        assert isinstance(note, ev.LearningNoted)
        assert (note.level, "cannot be written (No space" in note.text) == ("alarm", True)


def refuses(_number: int, _data: bytes) -> None:
    raise OSError(28, "No space left on device")


def replace_limit(settings: Settings, dollars: str) -> Settings:
    learning = settings.learning.model_copy(update={"rollback_drawdown": Decimal(dollars)})
    return settings.model_copy(update={"learning": learning})


def restarted_as(of: Ring, monkeypatch: pytest.MonkeyPatch) -> str:
    """Promoted and seated, then gone on learning; gives the policy id that it learned."""
    flat(ready(of, monkeypatch))
    of.challenger.promote()
    of.challenger.watch()
    of.champion.reduce_only = of.champion.flattening = False
    learned(of)
    return of.challenger.learner.policy_id


def test_what_is_learned_after_a_promotion_is_there_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ring(tmp_path) as of:
        left = restarted_as(of, monkeypatch)
        champion = of.champion.ladder.policy.policy_id
    with ring(tmp_path) as again:
        assert again.champion.ladder.policy.policy_id == champion
        assert again.challenger.learner.policy_id == left


def test_a_challenger_that_breaks_ends_alone_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ring(tmp_path) as of:
        of.go_on(5)
        monkeypatch.setattr(of.challenger.learner, "slice", breaks)
        of.go_on(30)
        assert not of.challenger.behind
        (note,) = of.events(ev.LearningNoted)
        assert isinstance(note, ev.LearningNoted)
        assert note.text == "the challenger has ended: it failed: RuntimeError: no stream"
        view = learning_picture(of.challenger, of.champion)
        assert (view.phase, view.why) == ("off", "it failed: RuntimeError: no stream")
        assert view.criteria[0].measured == "there is no challenger any more in this run"
        of.challenger.switch(True, "operator")
        of.challenger.promote()
        assert len(of.events(ev.Noted)) == 2
        until, broken = of.champion.t_ms, of.champion.journal.decisions
    with ring(tmp_path / "b") as alone:
        alone.champion.advance(until)
        assert alone.champion.journal.decisions == broken


def breaks(_t_ms: int) -> None:
    raise RuntimeError("no stream")


def test_nothing_is_kept_for_a_challenger_that_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ring(tmp_path) as of:
        monkeypatch.setattr(of.challenger.learner, "slice", breaks)
        of.go_on(30)
        feed = of.challenger.shadow.engine.feed
        assert isinstance(feed, Branch)
        of.champion.advance(of.champion.t_ms + 5_000)
        assert len(feed.waiting) == 0


def test_a_challenger_that_a_live_market_leaves_behind_ends_and_frees_what_waits(
    tmp_path: Path,
) -> None:
    with ring(tmp_path) as of:
        of.go_on(5)
        of.champion.advance(of.champion.t_ms + 60_000)
        of.challenger.keep_up(120.0)
        assert not of.challenger.ended
        of.challenger.keep_up(30.0)
        assert of.challenger.ended.startswith("this machine is too slow for it")
        assert not of.challenger.behind
        feed = of.challenger.shadow.engine.feed
        assert isinstance(feed, Branch)
        assert len(feed.waiting) == 0


def test_words_about_checkpoints_are_no_part_of_a_runs_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ring(tmp_path / "a") as of:
        monkeypatch.setattr(of.challenger._store, "save", refuses)
        of.challenger.leave()
        assert of.events(ev.LearningNoted)
        with_it = of.champion.journal.log.digest()
    with ring(tmp_path / "b") as alone:
        assert alone.champion.journal.log.digest() == with_it


def test_every_number_of_the_view_is_finite_at_every_moment(tmp_path: Path) -> None:
    with ring(tmp_path) as of:
        for _ in range(12):
            of.go_on(7)
            view = learning_picture(of.challenger, of.champion)
            assert all(math.isfinite(number) for number in numbers_in(view))
        assert of.challenger.learner.number > 0
