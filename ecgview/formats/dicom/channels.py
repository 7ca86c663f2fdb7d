"""Channels of a DICOM waveform: which are leads, by code, name and unit, and how their samples become mV."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ecgview.formats.dicom.codes import MV_PER_UNIT, lead_of
from ecgview.formats.dicom.elements import Elements
from ecgview.formats.kit.quantities import assumed_gain, is_no_ecg
from ecgview.record import ImportNote

DERIVED_TEXT = "computed by ecgview from recorded leads"


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel that is a lead."""

    index: int
    name: str
    scale: float  # mV per step
    baseline: float  # mV
    computed: bool


@dataclass(slots=True)
class Found:
    """The leads among the channels of a group, and what is noted of the others."""

    channels: list[Channel] = field(default_factory=list)
    notes: list[ImportNote] = field(default_factory=list)
    why_not: str = ""


def channels_of(item: Elements, n_channels: int, only_coded: bool) -> Found:
    """Return the channels that are leads in volts; what is left out is noted by name."""
    found = Found()
    unsure = []
    definitions = item.items("ChannelDefinitionSequence")[:n_channels]
    if len(definitions) < n_channels:
        found.why_not = f"{len(definitions)} definitions of {n_channels} channels"
        found.notes.append(ImportNote("groups", f"{found.why_not}: the others are left out"))
    for index, one in enumerate(definitions):
        source = one.code("ChannelSourceSequence")
        name, known, derived = lead_of(source.value, source.meaning, one.text("ChannelLabel"))
        name = name or f"channel {index + 1}"
        # Haemodynamic and other objects carry pressures and respiration beside an ECG lead.
        if only_coded and not known:
            found.why_not = f"{name}, no ECG lead"
            continue
        scale, baseline, why_not = _scale(one)
        if not why_not and not known and is_no_ecg(name):
            why_not = "by its name no ECG"
        if why_not:
            found.why_not = f"{name}: {why_not}"
            found.notes.append(ImportNote("units", f"channel {name} left out: {why_not}"))
            continue
        unit = one.code("ChannelSensitivityUnitsSequence")
        if not unit.value and not unit.meaning:
            unsure.append(name)
        if derived:
            found.notes.append(
                ImportNote("derived", f"{name} was computed by the device from other electrodes", (name,))
            )
        computed = one.text("ChannelDerivationDescription") == DERIVED_TEXT
        found.channels.append(Channel(index, name, scale, baseline, computed))
    if unsure:
        found.notes.append(assumed_gain(unsure, "no unit is given; µV"))
    return found


def _scale(channel: Elements) -> tuple[float, float, str]:
    """Return mV per step, the baseline in mV, and why the channel cannot be shown in mV, or ""."""
    unit = channel.code("ChannelSensitivityUnitsSequence")
    factor = next(
        (MV_PER_UNIT[text] for text in (unit.value.lower(), unit.meaning.lower()) if text in MV_PER_UNIT),
        # The unit is required (type 1C); carts that leave it out mean microvolts, which is then noted.
        None if unit.value or unit.meaning else 1e-3,
    )
    if factor is None:
        return 0.0, 0.0, f"its unit {unit.value or unit.meaning!r} is no voltage"
    sensitivity = channel.number("ChannelSensitivity")
    if not sensitivity:
        return 0.0, 0.0, "it has no sensitivity, so its amplitude is unknown"
    correction = channel.number("ChannelSensitivityCorrectionFactor")
    baseline = channel.number("ChannelBaseline") or 0.0
    scale = sensitivity * (1.0 if correction is None else correction) * factor
    if not 1e-12 < abs(scale) < 1e6 or abs(baseline * factor) > 1e6:
        return 0.0, 0.0, f"an impossible sensitivity of {sensitivity:g} {unit.value}"
    return scale, baseline * factor, ""


def common_step(channels: Sequence[Channel]) -> float | None:
    """Return the microvolts per step that all channels share; None where they differ."""
    steps = {round(abs(channel.scale) * 1000.0, 9) for channel in channels}
    return steps.pop() if len(steps) == 1 else None
