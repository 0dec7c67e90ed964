"""The app over an engine of another process: whatever becomes of this screen, the engine goes on.

Owns what leaving means here; everything else is `console.app`'s.
"""

from __future__ import annotations

from console.app import ConsoleApp


class AttachedApp(ConsoleApp):
    """Asks nothing when it is left, and halts nothing when it fails."""

    async def action_quit(self) -> None:
        """Positions are the engine's affair, and the engine goes on."""
        self.exit(None)

    def _fail(self, what: str) -> None:
        self._return_code = 1
        self.exit(
            return_code=1,
            message=f"trade-console: {what}; the engine goes on, and so does its order gate",
        )
