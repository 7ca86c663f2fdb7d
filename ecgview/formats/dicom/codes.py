"""Codes of ECG waveforms in DICOM: leads, measurements, units.

PS3.16 CID 3001, 3227 to 3229, 3335, 3689, of ISO/IEEE 11073; LOINC; what carts write with the scheme SCPECG.
SCP-ECG numbers its leads as 11073 does: 5.6.3-9-61 and 2:61 are both lead III.
"""

import re

from ecgview.leads import canonical_name

MDC = "MDC"
OWN_SCHEME = "99ECGVIEW"  # a private scheme, as PS3.16 8.2 asks of codes of one's own

LEAD_NUMBERS = {
    1: "I",
    2: "II",
    3: "V1",
    4: "V2",
    5: "V3",
    6: "V4",
    7: "V5",
    8: "V6",
    9: "V7",
    10: "V2R",
    11: "V3R",
    12: "V4R",
    13: "V5R",
    14: "V6R",
    15: "V7R",
    16: "X",
    17: "Y",
    18: "Z",
    61: "III",
    62: "aVR",
    63: "aVL",
    64: "aVF",
    66: "V8",
    67: "V9",
    68: "V8R",
    69: "V9R",
}
DERIVED_NUMBERS = {  # computed by the device from other electrodes
    31: "I",
    32: "II",
    33: "V1",
    34: "V2",
    35: "V3",
    36: "V4",
    37: "V5",
    38: "V6",
    111: "III",
    112: "aVR",
    113: "aVL",
    114: "aVF",
}
NUMBER_OF_LEAD = {name: number for number, name in LEAD_NUMBERS.items()}

# Measurement -> (scheme, code, meaning, UCUM unit, unit's meaning): how ecgview writes it.
WRITTEN = {
    "heart_rate": ("LN", "8867-4", "Heart rate", "{H.B.}/min", "Heart beat per minute"),
    "rr": (MDC, "2:16000", "RR interval global", "ms", "millisecond"),
    "p_duration": (MDC, "2:16184", "P duration global", "ms", "millisecond"),
    "pr": (MDC, "2:15872", "PR interval global", "ms", "millisecond"),
    "qrs": (MDC, "2:16156", "QRS duration global", "ms", "millisecond"),
    "qt": (MDC, "2:16160", "QT interval global", "ms", "millisecond"),
    "qtc": (MDC, "2:15876", "QTc interval global", "ms", "millisecond"),
    "qtcb": (MDC, "2:15880", "QTc global using Bazett formula", "ms", "millisecond"),
    "qtcf": (MDC, "2:15892", "QTc global using Fredericia formula", "ms", "millisecond"),
    "p_axis": (MDC, "2:16128", "P Axis", "deg", "degree"),
    "qrs_axis": (MDC, "2:16132", "QRS axis", "deg", "degree"),
    "t_axis": (MDC, "2:16136", "T axis", "deg", "degree"),
}
_READ = {code: name for name, (_, code, *_rest) in WRITTEN.items()} | {
    # MDC, other entries of the same context groups and of 11073-10102
    "2:16168": "rr",
    "2:16770": "heart_rate",
    "2:6656": "p_duration",
    "2:7168": "pr",
    "2:7936": "qrs",
    "2:8192": "qt",
    "2:33024": "rr",
    "2:33792": "qtc",
    "2:34048": "qtcb",
    "2:34304": "qtcf",
    "MDC_ECG_HEART_RATE": "heart_rate",
    "MDC_ECG_TIME_PD_RR": "rr",
    "MDC_ECG_TIME_PD_P": "p_duration",
    "MDC_ECG_TIME_PD_PR": "pr",
    "MDC_ECG_TIME_PD_QRS": "qrs",
    "MDC_ECG_TIME_PD_QT": "qt",
    "MDC_ECG_TIME_PD_QTC": "qtc",
    "MDC_ECG_ANGLE_P_FRONT": "p_axis",
    "MDC_ECG_ANGLE_QRS_FRONT": "qrs_axis",
    "MDC_ECG_ANGLE_T_FRONT": "t_axis",
    # LOINC
    "8625-6": "pr",
    "8633-0": "qrs",
    "8634-8": "qt",
    "8636-3": "qtc",
    "8637-1": "rr",
    "8626-4": "p_axis",
    "8632-2": "qrs_axis",
    "8638-9": "t_axis",
    # SCP-ECG, as carts write it (seen in real files)
    "5.10.2.1-3": "rr",
    "5.13.5-7": "pr",
    "5.13.5-9": "qrs",
    "5.13.5-11": "qt",
    "5.10.2.5-5": "qtc",
    "5.10.3-11": "p_axis",
    "5.10.3-13": "qrs_axis",
    "5.10.3-15": "t_axis",
}
_BY_MEANING = (
    (r"qtc?.*(bazett|qtcb)|^qtcb$", "qtcb"),
    (r"qtc?.*(frid?ericia|fredericia|qtcf)|^qtcf$", "qtcf"),
    (r"^(corrected qt|qtc)( interval| duration)?( global)?$", "qtc"),
    (r"^qt( interval| duration)?,?( global)?$", "qt"),
    (r"^qrs( interval| duration)?,?( global)?$", "qrs"),
    (r"^(pr|pq|p-r)( interval| time period)?,?( global)?$", "pr"),
    (r"^(rr|r-r)( interval| time period)?,?( global)?$", "rr"),
    (r"^p( wave)? duration,?( global)?$", "p_duration"),
    (r"^(heart|ventricular|mean ventricular) rate$", "heart_rate"),
    (r"^p( wave)? axis$", "p_axis"),
    (r"^qrs axis$", "qrs_axis"),
    (r"^t( wave)? axis$", "t_axis"),
)
NO_FORMULA = ("framingham", "hodges")  # CID 3227 prints these with the codes of Bazett and Fridericia

BEAT_CODE = ("10:576", MDC, "R wave")  # how ecgview writes the times of the QRS complexes
FIDUCIAL = ("fiducial point", "r wave", "r peak", "qrs", "entire qrs (excluding p, t and u)")
ONSET = ("qrs onset",)

MV_PER_UNIT = {
    "uv": 1e-3,
    "mv": 1.0,
    "nv": 1e-6,
    "v": 1e3,
    "µv": 1e-3,
    "μv": 1e-3,
    "microvolt": 1e-3,
    "microvolts": 1e-3,
    "millivolt": 1.0,
    "millivolts": 1.0,
    "nanovolt": 1e-6,
    "volt": 1e3,
    "mdc_dim_micro_volt": 1e-3,
    "mdc_dim_milli_volt": 1.0,
    "mdc_dim_nano_volt": 1e-6,
    "4:4275": 1e-3,
    "4:4274": 1.0,
    "4:4276": 1e-6,
}

_UNITS = {
    "ms": ("ms", 1.0),
    "msec": ("ms", 1.0),
    "s": ("ms", 1000.0),
    "deg": ("deg", 1.0),
    "°": ("deg", 1.0),
    "/min": ("bpm", 1.0),
    "{h.b.}/min": ("bpm", 1.0),
    "{beats}/min": ("bpm", 1.0),
    "{beat}/min": ("bpm", 1.0),
    "bpm": ("bpm", 1.0),
    "mv": ("mV", 1.0),
    "uv": ("mV", 1e-3),
    "µv": ("mV", 1e-3),
}
UCUM_OF = {
    "ms": ("ms", "millisecond"),
    "deg": ("deg", "degree"),
    "bpm": ("{H.B.}/min", "Heart beat per minute"),
    "mV": ("mV", "millivolt"),
}


def lead_of(value: str, meaning: str, label: str) -> tuple[str, bool, bool]:
    """Return a channel's lead, whether a code or name of a known lead said so, whether the device computed it."""
    number = _lead_number(value)
    if number in LEAD_NUMBERS:
        return LEAD_NUMBERS[number], True, False
    if number in DERIVED_NUMBERS:
        return DERIVED_NUMBERS[number], True, True
    named = value.upper().removeprefix("MDC_ECG_LEAD_").removeprefix("MDC_ECG_")
    known = {name.upper(): name for name in NUMBER_OF_LEAD}
    for text in (named, meaning, label):
        key = canonical_name(re.sub(r"\(.*|,.*", "", text)).upper()
        if key in known:
            return known[key], True, False
    unspecific = number == 0 or "unspecified" in meaning.lower()
    return (label or value) if unspecific else (meaning or label or value), False, False


def measurement_of(value: str, meaning: str) -> str:
    """Return ecgview's name of a concept; "" for one that it has no name for."""
    said = meaning.strip().lower()
    if not any(word in said for word in NO_FORMULA):
        code = value.replace(" ", "")
        if code in _READ:
            return _READ[code]
        short = re.sub(r"_(GLOBAL|[A-Z0-9]+_LEAD)$", "", code)
        if short in _READ:
            return _READ[short]
    for pattern, name in _BY_MEANING:
        if re.search(pattern, said):
            return name
    return ""


def house_unit(code: str, meaning: str) -> tuple[str, float]:
    """Return ecgview's spelling of a unit and the factor into it; an unknown unit stays as it is."""
    for text in (code, meaning):
        if text.strip().lower() in _UNITS:
            return _UNITS[text.strip().lower()]
    return code or meaning, 1.0


def _lead_number(value: str) -> int:
    """Return the number of "2:61" or "5.6.3-9-61"; -1 where it is neither."""
    found = re.fullmatch(r"(?:2:\s*|5\.6\.3-9-)(\d{1,5})", value.strip())
    if found:
        return int(found.group(1))
    whole = re.fullmatch(r"13\d{4}", value.strip())  # 11073 context-free: 2 * 65536 + number
    return int(value) - 131072 if whole else -1
