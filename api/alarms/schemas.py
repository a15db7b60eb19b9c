"""Alarms have the shape of the episodes that they are."""

from api.episodes.schemas import AlarmQuery, EpisodeList

__all__ = ["AlarmQuery", "EpisodeList"]
