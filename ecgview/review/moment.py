"""A point in time as it is kept: UTC, with the offset of the place where it happened."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """UTC as ISO 8601 with milliseconds and Z; the local offset in minutes east."""

    utc: str
    offset_minutes: int = 0

    @property
    def local(self) -> datetime:
        """The same instant as an aware datetime in the local time of the place."""
        zone = timezone(timedelta(minutes=self.offset_minutes))
        return datetime.fromisoformat(self.utc.replace("Z", "+00:00")).astimezone(zone)

    @property
    def text(self) -> str:
        """Local time for people: 2026-11-20 23:59:01 +08:00."""
        return self.local.isoformat(" ", "seconds")[:19] + " " + self.local.isoformat()[-6:]

    def seconds_before(self, utc: str) -> float:
        """Return by how much this is earlier than another instant; negative where it is later, 0 if one is none."""
        try:
            return (datetime.fromisoformat(utc) - datetime.fromisoformat(self.utc)).total_seconds()
        except (ValueError, TypeError):
            return 0.0


def now() -> Moment:
    """Return this instant, with the offset of this computer."""
    local = datetime.now().astimezone()
    offset = local.utcoffset() or timedelta()
    utc = local.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Moment(utc, round(offset.total_seconds() / 60))
