"""The patient and the acquisition that a read was committed with: the same samples may come under another name."""

from dataclasses import asdict, dataclass

from ecgview.record import EcgRecord
from ecgview.review.audit import digest

_PATIENT = {
    "name": "name",
    "patient_id": "patient ID",
    "sex": "sex",
    "age_years": "age",
    "birth_date": "birth date",
}
_ACQUISITION = {
    "start_time": "recorded",
    "device": "device",
    "highpass_hz": "high-pass, Hz",
    "lowpass_hz": "low-pass, Hz",
    "notch_hz": "notch, Hz",
    "step_uv": "step, µV",
    "derived_leads": "derived leads",
}


@dataclass(frozen=True, slots=True)
class SignedWith:
    """As shown, (field, text) of what the file said, and the SHA-256 of the values themselves."""

    shown: tuple[tuple[str, str], ...]
    sha256: str


def of(record: EcgRecord) -> SignedWith:
    """Return what a read of this record is committed with; the file's further fields are no part of it."""
    patient, acquisition = asdict(record.patient), asdict(record.acquisition)
    values = {name: patient[name] for name in _PATIENT} | {name: acquisition[name] for name in _ACQUISITION}
    words = _PATIENT | _ACQUISITION
    shown = tuple((words[name], _text(value)) for name, value in values.items() if _text(value))
    return SignedWith(shown, digest(values))


def differences(then: SignedWith | None, now: SignedWith) -> tuple[tuple[str, str, str], ...]:
    """Return (field, text then, text now) of what differs; none where nothing was kept then, or nothing differs."""
    if then is None or then.sha256 == now.sha256:
        return ()
    old, new = dict(then.shown), dict(now.shown)
    names = dict.fromkeys([*old, *new])
    return tuple(
        (name, old.get(name, ""), new.get(name, "")) for name in names if old.get(name) != new.get(name)
    )


def sentence(found: tuple[tuple[str, str, str], ...], *, named: bool = True) -> str:
    """Return the differences in one sentence; without what they are unless `named`; "" for none."""
    if not found:
        return ""
    if not named:
        return f"the read was signed with another {' and another '.join(name for name, _, _ in found)}"
    parts = (
        f"{name} {old or 'not stated'} when it was signed, {new or 'not stated'} now"
        for name, old, new in found
    )
    return f"the same samples were read under other data: {'; '.join(parts)}"


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
