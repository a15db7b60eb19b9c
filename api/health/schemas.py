"""Shapes of health and readiness."""

from typing import Literal

from api.shapes import Shape


class Alive(Shape):
    """The process answers."""

    status: Literal["ok"]


class Ready(Shape):
    """Every part is ready."""

    status: Literal["ready"]
