"""What the program is and says of itself, for every floor: its version and what it must not be used for."""

VERSION = "0.1.0"

RESEARCH_USE_ONLY = "Research use only. Not for diagnosis or treatment."
