"""Dialogs. Each shows live numbers, puts the safe answer first, and answers with a plain value.

base.py      the frame under the status row, the grace against typed-ahead keys, ESC
typed.py     a dialog that acts only on one typed word
choice.py    a dialog of a few rows to pick from
page.py      lines and columns of the text inside
flatten.py   sell everything          resume.py   leave HALTED
arm.py       what live trading lacks  model.py    pick a rung of the model ladder
quit.py      leave, and what happens to positions
promote.py   challenger to champion    roll_back.py  the former champion back

A dialog asks the engine for nothing; the app reads the answer and does. The halt key is the app's
and works over every one of them.
"""

from console.modals.arm import ArmModal
from console.modals.base import Dialog
from console.modals.flatten import FlattenModal
from console.modals.model import ModelModal
from console.modals.promote import PromoteModal
from console.modals.quit import QuitModal
from console.modals.resume import ResumeModal
from console.modals.roll_back import RollBackModal

__all__ = [
    "ArmModal",
    "Dialog",
    "FlattenModal",
    "ModelModal",
    "PromoteModal",
    "QuitModal",
    "ResumeModal",
    "RollBackModal",
]
