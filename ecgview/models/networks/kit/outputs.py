"""What the outputs of a checkpoint are called that says nothing of them."""

PTBXL = 71  # outputs; the published statements of PTB-XL in their order are the only set of this size


def named(count: int) -> tuple[str, tuple[str, ...]]:
    """Return label set and labels: PTB-XL's where the number is theirs, else no set and "output 1" onwards."""
    if count != PTBXL:
        return "", unnamed(count)
    from ecgview.labels import label_set

    return "ptbxl71", tuple(statement.code for statement in label_set.load("ptbxl71").statements)


def unnamed(count: int) -> tuple[str, ...]:
    """Return "output 1" onwards."""
    return tuple(f"output {k + 1}" for k in range(count))
