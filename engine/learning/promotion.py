"""What it takes to become champion, and the way back.

Owns the criteria and the files of the two slots: the challenger's weights into ``champion``, the
former champion's into ``checkpoint``, the safe one first, so that a crash between the two loses
nothing. Which weights decide is the ladder's matter; whether to ask is the operator's.
"""

from __future__ import annotations

from pathlib import Path

from engine.features import SCHEMA_HASH
from engine.learning.learner import Learner
from engine.learning_view import CriterionView, VerdictView
from engine.settings import Learning
from models.catalog import import_model, slot_file
from models.checkpoint import save_policy
from models.manifest import Origin
from models.policy import Policy

CREATED_BY = "challenger"
"""In the manifest of promoted weights."""

UNKNOWN_MAKER = "import"
"""In the manifest of a former champion that had none, as of any weights from elsewhere."""


def criteria(
    learner: Learner, verdict: VerdictView, settings: Learning, obstacle: str
) -> tuple[CriterionView, ...]:
    """Everything that a promotion takes, met or not.

    `verdict` is challenger less champion; `obstacle` says why this run may promote nothing, or "".
    """
    last = learner.updates[-1].verdict if learner.updates else "none yet"
    return (
        CriterionView("promotion allowed", obstacle or "yes", "yes", not obstacle),
        CriterionView(
            "accepted updates",
            str(learner.accepted),
            str(settings.promote_updates),
            learner.accepted >= settings.promote_updates,
        ),
        CriterionView("last update", last, "accepted", last == "accepted"),
        CriterionView(
            "slots compared",
            str(verdict.slots),
            str(settings.promote_slots),
            verdict.slots >= settings.promote_slots,
        ),
        CriterionView(
            "against champion",
            verdict.verdict,
            "better",
            verdict.verdict == "better",
        ),
    )


def promote(models_dir: Path, learner: Learner, champion: Policy, source: str) -> None:
    """Put the challenger's weights into the champion's slot, the champion's into ``checkpoint``.

    `source` names the market that the challenger learned from. Raises WeightsError, one sentence,
    where the disk refuses; the champion's slot is then as it was.
    """
    manifest = champion.manifest
    kept = Origin(UNKNOWN_MAKER, champion.trained) if manifest is None else manifest.origin
    save_policy(slot_file(models_dir, "checkpoint"), champion.tensors, champion.stats, kept)
    origin = Origin(
        created_by=CREATED_BY,
        trained=True,
        profile=learner.profile.name,
        feature_schema=SCHEMA_HASH,
        parent=champion.sha256,
        learned_until=kept.learned_until,
        learned_from=(*kept.learned_from, source),
    )
    save_policy(slot_file(models_dir, "champion"), learner.tensors(), learner.stats(), origin)


def roll_back(models_dir: Path) -> str:
    """Put the former champion back into the champion's slot. Returns its policy id.

    What is demoted is kept beside it (`models.catalog.import_model`). Raises WeightsError, one
    sentence, where there is no former champion or the disk refuses.
    """
    return import_model(slot_file(models_dir, "checkpoint"), models_dir, "champion").sha256[:12]
