"""Dead letters in groups, with what each group means and what helps."""

import base64
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.access import Viewer
from api.services import Parts
from api.shapes import Instant, Name, Shape
from ingest.letter_words import letter_words
from plantroom.ports.letters import LetterGroup as DomainGroup

router = APIRouter(prefix="/api/v1/dead-letters", tags=["dead letters"])

EXAMPLE_BYTES = 2_000


class LetterExample(Shape):
    """The newest letter of a group; of its raw bytes the first 2,000."""

    id: str
    reason: str
    part: str
    payload_base64: str
    payload_bytes: int


class LetterGroup(Shape):
    """Letters of one site, topic and reason (its code): what it means and what to do about it. ``parts`` are up to
    three of the ``part_count`` different parts (points, values) that they name, those that were named last first."""

    site: str
    topic: str
    reason: str
    count: int
    first_at: Instant
    last_at: Instant
    title: Name
    advice: Name
    parts: list[str]
    part_count: int
    example: LetterExample

    @classmethod
    def of(cls, group: DomainGroup) -> Self:
        """From the ledger's record."""
        words, newest = letter_words(group.reason, group.site, group.topic), group.newest
        return cls(
            site=group.site,
            topic=group.topic,
            reason=group.reason,
            count=group.count,
            first_at=group.first_at,
            last_at=group.last_at,
            title=Name.model_validate(words.title),
            advice=Name.model_validate(words.advice),
            parts=list(group.parts),
            part_count=group.part_count,
            example=LetterExample(
                id=newest.id,
                reason=newest.reason,
                part=newest.part,
                payload_base64=base64.b64encode(newest.payload[:EXAMPLE_BYTES]).decode(),
                payload_bytes=len(newest.payload),
            ),
        )


class LetterSummary(Shape):
    """Groups among the newest `looked_at` of `total` letters, the largest first; `groups_left_out` did not fit."""

    items: list[LetterGroup]
    total: int
    looked_at: int
    groups_left_out: int


class SummaryQuery(BaseModel):
    """Which letters."""

    model_config = ConfigDict(extra="forbid", str_max_length=1_000)

    site: str | None = None
    since: Annotated[Instant | None, Field(description="default: however old they are")] = None
    limit: Annotated[int, Field(ge=1, le=200, description="groups at most")] = 50


@router.get("/summary", operation_id="getDeadLetterSummary")
def get_summary(query: Annotated[SummaryQuery, Query()], caller: Viewer, services: Parts) -> LetterSummary:
    """Dead letters by site, topic and reason. Of very many the newest 20,000 are looked at."""
    with services.ledger.read() as tx:
        found = tx.collect.dead_letter_groups(caller.scope, query.limit, query.site, query.since)
    return LetterSummary(
        items=[LetterGroup.of(group) for group in found.groups],
        total=found.total,
        looked_at=found.looked_at,
        groups_left_out=found.groups_left_out,
    )
