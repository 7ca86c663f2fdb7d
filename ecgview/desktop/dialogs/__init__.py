"""The few dialogs: each asks or says one thing."""
