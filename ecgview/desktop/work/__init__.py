"""Work that must not block the window: jobs, what they run, and what is loaded while nobody waits."""
