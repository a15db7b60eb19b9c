"""Rows that contain each other, for all subjects that share them: ``maintenance.nesting.jobs`` in columns.

Each step takes the next job of every subject at once. The names are the reference's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from maintenance.columns.days import END, NEVER, Days, Flags, WorkDays
from maintenance.columns.found import Found
from maintenance.columns.tracks import Tracks, Variant, Windows
from maintenance.columns.walking import walk
from maintenance.plan import Roll

_FAR = 1 << 40


@dataclass(slots=True)
class _Pick:
    """What was looked for in a member's occurrences. ``place`` counts from its next one; -1: none was picked."""

    place: Days
    windows: Windows
    counted_from: Days
    walked: list[tuple[Windows, Days]]


class _Group:
    """A leader's next occurrences with what they absorb, of some subjects."""

    def __init__(self, leader: int, windows: Windows, counted_from: Days, cycle: Days) -> None:
        self.leader, self.wanted = leader, windows.nominal
        everybody = np.ones(windows.nominal.size, np.bool_)
        self.members: list[tuple[int, Flags, Windows, Days, Days]] = [(leader, everybody, windows, counted_from, cycle)]
        self.earliest, self.latest = windows.earliest, windows.latest
        self.last_of_all = counted_from

    def may_move(self, day: Days, early_is_legal: Sequence[bool]) -> Flags:
        """As ``nesting._may_move``."""
        may = self.in_turn(day)
        for track, there, windows, _, _ in self.members:
            if not early_is_legal[track]:
                may &= ~there | (windows.earliest <= day)
        return may

    def in_turn(self, day: Days) -> Flags:
        """As ``nesting._in_turn`` of the members."""
        return day > self.last_of_all

    def add(self, track: int, has: Flags, picked: _Pick, cycle: Days) -> None:
        """Absorb a member's occurrence where there is one."""
        if not has.any():
            return
        self.members.append((track, has, picked.windows, picked.counted_from, cycle))
        self.latest = np.where(has, np.minimum(self.latest, picked.windows.latest), self.latest)
        earliest = np.full(self.latest.size, NEVER, np.int64)
        for _, there, windows, _, _ in self.members:
            reachable = there & (windows.earliest <= self.latest)
            earliest = np.where(reachable, np.maximum(earliest, windows.earliest), earliest)
        self.earliest = earliest
        self.last_of_all = np.where(has, np.maximum(self.last_of_all, picked.counted_from), self.last_of_all)

    @property
    def sizes(self) -> Days:
        """How many occurrences each job has."""
        total: Days = np.sum([there for _, there, *_ in self.members], axis=0, dtype=np.int64)
        return total

    @property
    def placed_early(self) -> Flags:
        """Whether a window does not meet the others."""
        early = np.zeros(self.latest.size, np.bool_)
        for _, there, windows, _, _ in self.members:
            early |= there & (windows.earliest > self.latest)
        return early

    def due(self, roll: Roll, calendar: WorkDays) -> Days:
        """As ``nesting.joined`` places a job."""
        back = Roll.NONE if roll is Roll.NONE else Roll.BACK
        first = np.minimum(np.maximum(self.earliest, self.last_of_all + 1), self.latest)
        together = calendar.rolled(self.latest, back, first, self.latest)
        return np.where(self.sizes > 1, together, self.members[0][2].planned)


class Nest:
    """One set of rows that contain each other, on all subjects that have it.

    ``variants`` are in the order of the subject's rows, ``contains[i]`` the places of those that row ``i`` contains;
    ``pairs[i]`` and ``tracks[i]`` have one element for each subject.
    """

    def __init__(
        self,
        variants: Sequence[Variant],
        contains: Sequence[frozenset[int]],
        pairs: Sequence[Days],
        tracks: Sequence[Tracks],
        calendar: WorkDays,
        found: Found,
    ) -> None:
        self._variants, self._contains, self._pairs, self._tracks = variants, contains, pairs, tracks
        self._calendar, self._found = calendar, found
        everything = range(len(variants))
        self._containers = [i for i in everything if contains[i]]
        self._shallow = [i for i in everything if not contains[i]]
        self._by_depth = sorted(everything, key=lambda i: -variants[i].length)
        self._in_turn = sorted(self._containers, key=lambda i: (-variants[i].length, variants[i].row.code))

    def run(self, until: Days) -> None:
        """Find every subject's jobs whose windows begin by its ``until``. Raises ``TooFar``."""
        active = np.arange(until.size)
        while active.size:
            peeks = [self._tracks[i].take(active).peek(self._calendar) for i in self._in_turn]
            waits = np.stack([peek.earliest <= until[active] for peek in peeks])
            going = waits.any(axis=0)
            for i, peek in zip(self._in_turn, peeks, strict=True):
                self._found.beyond[self._pairs[i][active[~going]]] = peek.earliest[~going]
            latest = np.stack([peek.latest for peek in peeks])
            first = np.where(waits, latest, _FAR).argmin(axis=0)[going]
            active = active[going]
            self._step(active, np.array(self._in_turn)[first])
        for i in self._shallow:
            walk(self._pairs[i], self._tracks[i], until, self._calendar, self._found)

    def _step(self, subjects: Days, first: Days) -> None:
        leaders = first.copy()
        for track in self._containers:
            waiting = np.flatnonzero(first == track)
            parents = [p for p in self._by_depth if track in self._contains[p]]
            for parent in parents:
                if not waiting.size:
                    break
                takes = self._takes(parent, track, subjects[waiting])
                leaders[waiting[takes]] = parent
                waiting = waiting[~takes]
        for track in self._containers:
            some = subjects[leaders == track]
            if some.size:
                self._lead(track, some)

    def _takes(self, parent: int, track: int, subjects: Days) -> Flags:
        """Whether the parent's next job takes the row's next occurrence with it."""
        takes = np.zeros(subjects.size, np.bool_)
        alive = np.flatnonzero(self._tracks[parent].take(subjects).peek(self._calendar).nominal < END)
        if alive.size:
            group = self._deep(parent, subjects[alive])
            for member, there, *_ in group.members:
                if member == track:
                    takes[alive] = there
        return takes

    def _deep(self, leader: int, subjects: Days) -> _Group:
        own = self._tracks[leader].take(subjects)
        group = _Group(leader, own.peek(self._calendar), own.last, own.next_cycle)
        for member in self._by_depth:
            if self._contains[member] and member in self._contains[leader]:
                picked = self._pick(group, member, subjects)
                group.add(member, picked.place == 0, picked, self._tracks[member].next_cycle[subjects])
        return group

    def _lead(self, leader: int, subjects: Days) -> None:
        group = self._deep(leader, subjects)
        for member in self._by_depth:
            if self._contains[member] or member not in self._contains[leader]:
                continue
            picked = self._pick(group, member, subjects)
            pairs, cycle = self._pairs[member][subjects], self._tracks[member].next_cycle[subjects]
            for place, (windows, last) in enumerate(picked.walked):
                skipped = picked.place > place
                if skipped.any():
                    self._found.alone(pairs[skipped], cycle[skipped] + place, windows.of(skipped), last[skipped])
            group.add(member, picked.place >= 0, picked, cycle + picked.place)
        self._close(group, subjects)

    def _close(self, group: _Group, subjects: Days) -> None:
        due = group.due(self._variants[group.leader].row.roll, self._calendar)
        counted = self._tracks[group.leader].take(subjects).counted(due, group.latest)
        leader = self._pairs[group.leader][subjects]
        job = self._found.jobs(leader, group.earliest, group.latest, due, group.placed_early)
        for track, there, windows, counted_from, cycle in group.members:
            who, some = subjects[there], windows.of(there)
            self._found.occurrences(self._pairs[track][who], cycle[there], some, counted_from[there], job[there])
            self._tracks[track].next_cycle[who] = cycle[there] + 1
            self._tracks[track].last[who] = np.maximum(self._tracks[track].last[who], counted[there])

    def _pick(self, group: _Group, member: int, subjects: Days) -> _Pick:
        """``nesting._pick``: the member's occurrences are walked until one begins behind the job."""
        track = self._tracks[member].take(subjects)
        search = _Search(group, [variant.early_is_legal for variant in self._variants], self._variants[member])
        walked: list[tuple[Windows, Days]] = []
        cycle, last = track.next_cycle, track.last
        while search.goes_on:
            windows = track.windows(cycle, last, self._calendar)
            walked.append((windows, last))
            search.look(len(walked) - 1, windows, last)
            counted = np.maximum(last, track.counted(windows.planned, windows.latest))
            cycle, last = cycle + 1, np.where(search.alive, counted, last)
        place = search.chosen()
        windows, counted_from = _at(walked, place)
        return _Pick(place, windows, counted_from, walked)


class _Search:
    """The nearest occurrence that a job absorbs, of each subject."""

    def __init__(self, group: _Group, early_is_legal: Sequence[bool], member: Variant) -> None:
        self._group, self._early_is_legal = group, early_is_legal
        self._member_may, self._far = member.early_is_legal, member.length
        count = group.latest.size
        self.alive = np.ones(count, np.bool_)
        self._best, self._place = np.full(count, _FAR, np.int64), np.full(count, -1, np.int64)
        self._before, self._before_day = np.full(count, -1, np.int64), np.full(count, NEVER, np.int64)
        self._after, self._after_day = np.full(count, -1, np.int64), np.full(count, END, np.int64)
        self._after_last = np.full(count, NEVER, np.int64)

    @property
    def goes_on(self) -> bool:
        """Whether any subject's occurrences have to be looked at further."""
        return bool(self.alive.any())

    def look(self, place: int, windows: Windows, last: Days) -> None:
        """Take note of one more occurrence of each subject."""
        group = self._group
        self.alive = self.alive & (windows.nominal < END)
        begins_behind = windows.earliest > group.latest
        meets = self.alive & ~begins_behind & (windows.latest >= group.earliest)
        day = np.minimum(windows.latest, group.latest)
        fits = meets & (day > last) & group.in_turn(day)
        distance = np.abs(windows.nominal - group.wanted)
        better = fits & (distance < self._best)
        self._best = np.where(better, distance, self._best)
        self._place = np.where(better, place, self._place)
        before = self.alive & (windows.latest < group.earliest)
        self._before = np.where(before, place, self._before)
        self._before_day = np.where(before, windows.latest, self._before_day)
        after = self.alive & begins_behind
        self._after = np.where(after, place, self._after)
        self._after_day = np.where(after, windows.earliest, self._after_day)
        self._after_last = np.where(after, last, self._after_last)
        self.alive = self.alive & ~begins_behind

    def chosen(self) -> Days:
        """``nesting._pick`` and ``nesting._early``: the place of each subject's pick, -1 without one."""
        group = self._group
        before = (self._before >= 0) & group.may_move(self._before_day, self._early_is_legal)
        after = (self._after >= 0) & self._member_may & (group.latest > self._after_last)
        to_before = np.where(before, group.earliest - self._before_day, _FAR)
        to_after = np.where(after, self._after_day - group.latest, _FAR)
        before, after = before & (to_before < self._far), after & (to_after < self._far)
        to_before, to_after = np.where(before, to_before, _FAR), np.where(after, to_after, _FAR)
        early = np.where(to_before <= to_after, self._before, self._after)
        early = np.where(before | after, early, -1)
        return np.where(self._place >= 0, self._place, early)


def _at(walked: Sequence[tuple[Windows, Days]], place: Days) -> tuple[Windows, Days]:
    """Each subject's occurrence at its place; anything where there is none."""
    windows, counted_from = walked[0]
    for number, (others, last) in enumerate(walked[1:], 1):
        here = place == number
        if here.any():
            windows = Windows(*(np.where(here, b, a) for a, b in zip(windows, others, strict=True)))
            counted_from = np.where(here, last, counted_from)
    return windows, counted_from
