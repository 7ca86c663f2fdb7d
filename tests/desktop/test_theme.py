"""The two themes: text can be read on everything it stands on."""

import pytest

from ecgview.desktop.theme import DARK, LIGHT, Colours
from ecgview.paper.palette import contrast


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_text_keeps_its_contrast(theme: Colours) -> None:
    grounds = ("window", "base", "hover", "warning_ground", "error_ground", "info_ground")
    for ground in grounds:
        assert contrast(theme.text, getattr(theme, ground)) >= 7, ground
        assert contrast(theme.muted, getattr(theme, ground)) >= 4.5, ground
    assert contrast(theme.on_accent, theme.accent) >= 4.5
    assert contrast(theme.accent, theme.base) >= 4.5
    assert contrast(theme.warning, theme.window) >= 4.5
    assert contrast(theme.warning, theme.warning_ground) >= 4.5
    assert contrast(theme.error, theme.base) >= 4.5
