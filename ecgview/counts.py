"""Numbers with what they count."""


def counted(number: int | str, noun: str, plural: str = "") -> str:
    """Return "1 lead", "2 leads"; `number` may be written already, `plural` is for nouns that take no "s" alone."""
    return f"{number} {noun if str(number) == '1' else plural or noun + 's'}"
