"""Events come in any order: what was lost on the way comes when it is asked for again, and safety goes before others
that wait. Pure.

An episode keeps when the newest of each event that stands happened, so that an older end, whose word comes late, ends
nothing; and it began with the earliest of what we received first, whichever was taken up first. Limits, models and
presence tell in order what they noticed.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from maintenance.episodes import Episode, EpisodeState
from plantroom.domain.findings import FindingCleared, FindingRaised, FindingSource

RAISED_AT = "raised_at"
"""Key in an episode's detail: when the newest of each event among its subjects happened (RFC 3339), at the latest when
we heard of it."""

STANDS_SINCE = "stands_since"
"""Key in a recurrence's detail: ``at`` and ``observed`` (RFC 3339) of when it came back."""

_TOLD_AT = "safety_told_at"
"""Key in an episode's detail: when its ticket was told of its newest safety event, or of the event that a loop test
takes for an echo (RFC 3339), by our clock. Nobody knew of it before."""

_REAL_SINCE = "real_since"
"""Key in an episode's detail: when it became real, since a loop test left it (RFC 3339), by our clock. Who saw its
ticket before took it for the test."""

_RANG_AT = "rang_at"
"""Key in an episode's detail: when people were last told of something anew, so that it had to be acknowledged again
(RFC 3339), by our clock."""

_OVER_AT = {FindingSource.RULE: "event_over_at", FindingSource.LIMIT: "limit_over_at"}
"""Keys in an episode's detail: when we heard that one of its events, or limit alarms, is over (RFC 3339), by our
clock."""


def raised_at(episode: Episode) -> dict[str, datetime]:
    """When the newest of each event that stands happened; of an episode from before that was kept, nothing."""
    said = (episode.detail or {}).get(RAISED_AT)
    known, standing = said if isinstance(said, Mapping) else {}, set(episode.open_subjects)
    return {one: datetime.fromisoformat(str(at)) for one, at in known.items() if one in standing}


def newest_of(one: Mapping[str, datetime], other: Mapping[str, datetime], subjects: Collection[str]) -> dict[str, str]:
    """The newest of both for those of the subjects that either knows, as it is kept in an episode's detail."""
    known = {subject: [at[subject] for at in (one, other) if subject in at] for subject in subjects}
    return {subject: max(found).isoformat() for subject, found in known.items() if found}


def with_raise(earlier: Episode | None, finding: FindingRaised, subject: str) -> dict[str, str]:
    """What the detail of the episode keeps after one more finding of that subject."""
    known = {} if earlier is None else raised_at(earlier)
    happened = min(finding.observed_at, finding.received_at)
    new = {subject: happened} if finding.source is FindingSource.RULE else {}
    return newest_of(known, new, [*known, *new])


def first_observed(earlier: Episode, finding: FindingRaised) -> datetime:
    """When the first finding of an episode was observed, with one more of them: it may have been overtaken."""
    overtaken = finding.received_at <= earlier.opened_at
    return min(earlier.opened_observed_at, finding.observed_at) if overtaken else earlier.opened_observed_at


def standing_since(earlier: Episode, finding: FindingRaised) -> dict[str, object]:
    """What the detail of the episode keeps of when it came back, after one more finding; empty when nothing changes."""
    if earlier.state is EpisodeState.OPEN:
        said = (earlier.detail or {}).get(STANDS_SINCE)
        if not isinstance(said, Mapping) or datetime.fromisoformat(str(said["at"])) <= finding.received_at:
            return {}
    return {STANDS_SINCE: {"at": finding.received_at.isoformat(), "observed": finding.observed_at.isoformat()}}


def with_telling(detail: Mapping[str, object] | None, now: datetime) -> dict[str, object]:
    """What the detail of an episode keeps when a safety event of it, or an event that comes with what a loop test asked
    for, joins a ticket that stood before."""
    return dict(detail or {}) | {_TOLD_AT: now.isoformat()}


def told_at(episode: Episode) -> datetime | None:
    """When an event of an episode last joined a ticket that stood before, see ``with_telling``."""
    said = (episode.detail or {}).get(_TOLD_AT)
    return None if said is None else datetime.fromisoformat(str(said))


def with_real(detail: Mapping[str, object] | None, now: datetime) -> dict[str, object]:
    """What the detail of an episode keeps when a loop test leaves it standing, which tells its ticket of it."""
    return with_telling(detail, now) | {_REAL_SINCE: now.isoformat()}


def real_after(episode: Episode, at: datetime) -> bool:
    """Whether an episode became real only after ``at``, when a loop test left it."""
    said = (episode.detail or {}).get(_REAL_SINCE)
    return said is not None and at < datetime.fromisoformat(str(said))


def rang_at(episode: Episode) -> datetime | None:
    """When something last came anew on an episode that was there before."""
    said = (episode.detail or {}).get(_RANG_AT)
    return None if said is None else datetime.fromisoformat(str(said))


def ringing(episode: Episode, now: datetime) -> Episode:
    """The episode as one of which people are told anew: nobody has taken note of that."""
    detail = dict(episode.detail or {}) | {_RANG_AT: now.isoformat()}
    return replace(episode, acknowledged_at=None, acknowledged_by=None, detail=detail)


def over_at(episode: Episode, source: FindingSource) -> datetime | None:
    """When we heard last that an event, or a limit alarm, of an episode is over while other things stood on."""
    said = (episode.detail or {}).get(_OVER_AT[source])
    return None if said is None else datetime.fromisoformat(str(said))


def with_end(detail: Mapping[str, object] | None, finding: FindingCleared, now: datetime) -> dict[str, object]:
    """What the detail of an episode keeps after the end of one of its subjects, while others stand."""
    key = _OVER_AT.get(finding.source)
    return dict(detail or {}) | ({} if key is None else {key: now.isoformat()})
