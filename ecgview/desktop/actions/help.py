"""The Help menu."""

from ecgview.desktop.action import Action
from ecgview.desktop.dialogs import about, backups, file_formats, shortcuts, verify

MENU = "Help"
ORDER = 60
ACTIONS = (
    Action("help.shortcuts", "Keyboard shortcuts", shortcuts.show, ("?", "F1"), short="?"),
    Action("help.formats", "File formats", file_formats.show, ("Ctrl+F1",)),
    Action("help.verify", "Verify the log of reads", verify.show, ("Ctrl+Shift+F1",)),
    Action("help.backups", "Backups of the reads", backups.show, ("Ctrl+Shift+F2",)),
    Action("help.about", "About ecgview", about.show_about, ("Shift+F1",)),
)
