"""Shapes of files."""

from typing import Annotated

from pydantic import Field

from api.shapes import Instant, Shape


class File(Shape):
    """A file that is kept, by the SHA-256 of its content. ``completed``: how many work orders waited for it alone and
    are completed now."""

    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    site: str
    name: str
    mime: str
    size: int
    uploaded_by: str
    uploaded_at: Instant
    completed: int = 0
