"""The window: everything with Qt in it, on top of rooms that know nothing of Qt."""
