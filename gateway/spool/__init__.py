"""The spool: every message on disk before it is acknowledged, and there until it is dealt with."""

from gateway.spool.spool import Spool

__all__ = ["Spool"]
