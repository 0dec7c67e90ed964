"""Who is at the other end of a Unix-domain socket, as the kernel tells it.

Owns the question alone; what follows from the answer is for `engine.control.server` and `client`.
"""

from __future__ import annotations

import os
import socket
import struct

_SO_PEERCRED: int | None = getattr(socket, "SO_PEERCRED", None)
"""Linux has it."""
_LOCAL = 0
"""``SOL_LOCAL`` of macOS, which Python does not name."""
_LOCAL_PEERCRED = 1
_XUCRED = struct.Struct("=IIh")
"""The beginning of macOS's answer: version, user, number of groups."""
_UCRED = struct.Struct("=iII")
"""Linux's answer: process, user, group."""


def same_user(end: socket.socket) -> bool:
    """Whether the other end is run by the user of this process; True where the system cannot
    tell, since the socket's folder is closed to others anyway."""
    uid = user_of(end)
    return uid is None or uid == os.getuid()


def user_of(end: socket.socket) -> int | None:
    """The user at the other end; None where the system cannot tell."""
    try:
        if _SO_PEERCRED is not None:
            raw = end.getsockopt(socket.SOL_SOCKET, _SO_PEERCRED, _UCRED.size)
            return int(_UCRED.unpack(raw)[1])
        raw = end.getsockopt(_LOCAL, _LOCAL_PEERCRED, 76)
        return int(_XUCRED.unpack_from(raw)[1])
    except OSError:
        return None
