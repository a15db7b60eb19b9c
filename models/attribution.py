"""Which failure mode a deviation speaks for."""

from collections.abc import Collection, Mapping, Sequence

from plantroom.domain.assets import UNCLASSIFIED, FailureModeSpec


def best_mode(
    shares: Mapping[str, float], modes: Sequence[FailureModeSpec], learned: Collection[str], moved: float = 0.05
) -> str:
    """Key of the mode whose points best match what deviates, or ``unclassified``.

    ``shares`` are the points' shares of the deviation (sum 1), ``learned`` the points that the model knows. A
    mode counts for the share that its points explain, and for less when some of its points stay still (a
    share under ``moved``). Points of no mode win when they explain more than any mode does. The first of
    equals stands.
    """
    owned = {point for mode in modes for point in mode.points}
    best, best_worth, best_explained = UNCLASSIFIED, 0.0, 0.0
    for mode in modes:
        points = set(learned).intersection(mode.points)
        if not points:
            continue
        explained = sum(shares.get(point, 0.0) for point in points)
        worth = explained * (0.5 + 0.5 * sum(shares.get(point, 0.0) >= moved for point in points) / len(points))
        if worth > best_worth:
            best, best_worth, best_explained = mode.key, worth, explained
    stray = sum(share for point, share in shares.items() if point not in owned)
    return UNCLASSIFIED if stray > best_explained else best


def stands_alone(
    mode: FailureModeSpec, confirmed: Collection[str], dominant: Collection[str], learned: Collection[str]
) -> bool:
    """Whether ``mode`` is a fault of its own beside a dominant one that deviates at the same time.

    One physical deviation moves many points. A second finding needs points apart from the dominant mode's, and
    at least half of its own (two where it has two) confirmed by themselves.
    """
    points = set(learned).intersection(mode.points)
    if not points or points.intersection(dominant):
        return False
    needed = max(min(2, len(points)), (len(points) + 1) // 2)
    return len(points.intersection(confirmed)) >= needed
