"""What pytest takes note of when a run is interrupted."""

from __future__ import annotations

import sys
from types import FrameType, TracebackType

import pytest

from tests.harness.pytest_plugin.terminal import pytest_keyboard_interrupt


def frame_without_a_line() -> FrameType:
    """Return a frame whose first instruction makes a cell, and belongs to no line."""
    held = sys._getframe()

    def uses() -> FrameType:
        return held

    return uses()


def test_interrupt_at_an_instruction_without_a_line_can_be_shown() -> None:
    nowhere = TracebackType(None, frame_without_a_line(), 0, -1)
    assert nowhere.tb_lineno is None
    somewhere = TracebackType(nowhere, sys._getframe(), sys._getframe().f_lasti, sys._getframe().f_lineno)
    interrupt = KeyboardInterrupt().with_traceback(somewhere)
    excinfo = pytest.ExceptionInfo.from_exc_info((KeyboardInterrupt, interrupt, somewhere))
    with pytest.raises(TypeError):
        excinfo.getrepr(funcargs=True)
    pytest_keyboard_interrupt(excinfo)
    assert "KeyboardInterrupt" in str(excinfo.getrepr(funcargs=True))
    assert excinfo.getrepr(funcargs=True).reprcrash is not None
