"""Numbers in English sentences. Pure."""


def counted(count: float, noun: str, plural: str = "") -> str:
    """So many of a thing: 1 day, 2 days, 1.5 years."""
    number = str(count) if isinstance(count, int) else f"{count:g}"
    return f"{number} {noun if count == 1 else plural or f'{noun}s'}"
