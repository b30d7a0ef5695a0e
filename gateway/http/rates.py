"""How many requests an organisation may send: a bucket each that fills evenly and holds a minute's worth."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

ORGS_MAX: Final = 10_000
MINUTE_S: Final = 60.0


@dataclass(slots=True)
class Bucket:
    left: float
    at: float


class Rates:
    """In the memory of this gateway: with n of them an organisation has n times its rate at most."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def wait_s(self, org_id: str, rate_per_min: int, now: float) -> float:
        """0 for a request that may pass, and is counted; otherwise how long until one may."""
        bucket = self._buckets.get(org_id)
        if bucket is None:
            bucket = self._buckets[org_id] = Bucket(rate_per_min, now)
            if len(self._buckets) > ORGS_MAX:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(org_id)
        per_s = rate_per_min / MINUTE_S
        bucket.left = min(float(rate_per_min), bucket.left + (now - bucket.at) * per_s)
        bucket.at = now
        if bucket.left < 1:
            return (1 - bucket.left) / per_s
        bucket.left -= 1
        return 0.0
