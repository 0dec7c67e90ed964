from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from engine.errors import UsageError
from engine.settings import Limits, Settings, load_settings


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, "utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        load_settings(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "config.toml") == Settings()


def test_the_defaults_are_those_of_the_specification() -> None:
    settings = Settings()
    assert settings.decision_ms == 500
    assert settings.limits.entry_cutoff * 900 == 180
    assert settings.limits.exit_cutoff * 900 == 120
    assert settings.ppo.profile == "phase5"


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    path = written(tmp_path, "trade_size = 250\n[limits]\ndaily_loss = 99.5\n")
    settings = load_settings(path)
    assert settings.trade_size == Decimal(250)
    assert settings.limits == Limits(daily_loss=Decimal("99.5"))
    assert settings.paper == Settings().paper


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("trade_size = -1", "trade_size"),
        ("trade_size = nan", "trade_size"),
        ("trade_size = inf", "trade_size"),
        ('trade_size = "much"', "trade_size"),
        ("decision_ms = 1", "decision_ms"),
        ('decision_rule = "guess"', "decision_rule"),
        ("[limits]\nentry_cutoff = 1.5", "limits.entry_cutoff"),
        ("[limits]\nspread = 0", "limits.spread"),
        ("[limits]\ndaily_los = 5", "limits.daily_los"),
        ("[paper]\nreject_rate = nan", "paper.reject_rate"),
        ("[ppo]\ngamma = 1.01", "ppo.gamma"),
        ("[safety]\nleave_s = 0.0001", "safety.leave_s"),
        ("[safety]\nerrors = 0", "safety.errors"),
        ("[ppo]\nminibatch = 257", "ppo.minibatch"),
        ("wishes = 3", "wishes"),
        ("limits = 3", "limits"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_name(
    tmp_path: Path, text: str, where: str
) -> None:
    path = written(tmp_path, text)
    assert refusal(path).startswith(f"{path}: {where}: ")


@pytest.mark.parametrize("content", [b"trade_size =", b"\xff\xfe\x00", b"[limits]\n[limits]\n"])
def test_a_file_that_is_no_toml_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    assert "cannot be read as TOML" in refusal(path)


def test_a_folder_in_its_place_is_refused_in_one_sentence(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    path.chmod(0)
    assert "cannot be read" in refusal(path)


def test_nothing_loosens_a_limit_while_the_program_runs() -> None:
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.limits.order = Decimal(10_000)


def test_every_number_a_user_may_set_is_explained() -> None:
    sections = [Settings, *(f.annotation for f in Settings.model_fields.values())]
    models = [s for s in sections if isinstance(s, type) and hasattr(s, "model_fields")]
    unexplained = [
        f"{model.__name__}.{name}"
        for model in models
        for name, field in model.model_fields.items()
        if not field.description and not hasattr(field.annotation, "model_fields")
    ]
    assert len(models) == 8
    assert unexplained == []


def test_a_link_to_nowhere_is_not_taken_for_no_settings(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.symlink_to(tmp_path / "gone.toml")
    assert "cannot be read" in refusal(path)


def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    os.mkfifo(path)
    assert "not a regular file" in refusal(path)


def test_brackets_without_end_are_refused(tmp_path: Path) -> None:
    assert "nested too deeply" in refusal(written(tmp_path, f"a = {'[' * 5_000}"))


def test_an_unknown_name_is_called_no_setting(tmp_path: Path) -> None:
    assert "trade_sise: there is no such setting" in refusal(written(tmp_path, "trade_sise = 5"))


@pytest.mark.parametrize(
    "text",
    ["[limits]\nopens_per_minute = true", "[limits]\nexit_cutoff = true", 'decision_ms = "500"'],
)
def test_a_value_of_another_type_is_not_guessed_at(tmp_path: Path, text: str) -> None:
    refusal(written(tmp_path, text))


def test_a_whole_number_will_do_where_a_fraction_may_stand(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, "mid_age_s = 20")).mid_age_s == 20


def test_the_mark_that_some_editors_put_first_is_passed_over(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, "\ufefftrade_size = 50")).trade_size == 50


def test_a_wrong_host_is_told_in_one_sentence(tmp_path: Path) -> None:
    told = refusal(written(tmp_path, '[venues]\nokx_stream = "https://ws.okx.com"\n'))
    assert "venues.okx_stream: the address must begin with wss:// or ws://;" in told
    assert "Value error" not in told


@pytest.mark.parametrize(
    ("assets", "told"),
    [
        ('"BTC"', "a list belongs here, in brackets"),
        ("[]", "the list has too few entries"),
        ('["BTC", "ETH", "BTC"]', "BTC is named twice; name each once"),
        ('["BTC", "BTC", "BTC", "BTC", "BTC"]', "the list has too many entries"),
    ],
)
def test_a_wrong_list_is_told_in_words_of_the_file(tmp_path: Path, assets: str, told: str) -> None:
    path = written(tmp_path, f"[feeds]\nassets = {assets}\n")
    assert f"feeds.assets: {told};" in refusal(path)


def test_the_example_of_the_readme_is_a_configuration(tmp_path: Path) -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")
    example = readme.partition("```toml\n")[2].partition("```")[0]
    settings = load_settings(written(tmp_path, example.replace("# proxy", "proxy")))
    assert settings.feeds.assets == ("BTC", "ETH")
    assert settings.venues.proxy
