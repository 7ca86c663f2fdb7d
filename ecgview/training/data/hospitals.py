"""What the SNOMED CT codes of other hospitals say of PTB-XL's 71 statements: present, absent, or nothing.

A statement is absent where a record does not name it only if its source gives that statement at all, that is, names it
somewhere in the records at hand; otherwise it is NaN. LUDB has no part in this: its diagnoses are words of its own,
several to a line, and half of them have no counterpart here.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ecgview.labels import label_set
from ecgview.training.data import tasks
from ecgview.training.data.rows import Row
from ecgview.training.data.sources import cinc

SOURCES = frozenset(cinc.HOSPITALS.values())
# Their diagnoses are the patient's and not read from this tracing, so that what is not named is not known.
PRESENT_ONLY = frozenset({"ptb", "st_petersburg_incart"})
# Concepts beside the label set's own that say the same; bundle branch block "without a word on complete" counts as
# complete, as in the challenge's scores.
SAME: Mapping[str, tuple[str, ...]] = {
    "CLBBB": ("164909002",),
    "CRBBB": ("59118001",),
    "PAC": ("63593006",),
    "PVC": ("17338001", "164884008"),
}
_ST = ("STD_", "STE_")
_T = ("TAB_", "INVT")
_ISCHAEMIA = ("ISCAN", "ISCIN", "ISCLA")
_BLOCKS = ("CLBBB", "CRBBB", "ILBBB", "IRBBB", "IVCD")
# A concept that is wider than a statement, or overlaps it, leaves open whether the statement holds.
OPEN: Mapping[str, tuple[str, ...]] = {
    "59118001": ("IRBBB",),  # right bundle branch block
    "164909002": ("ILBBB",),  # left bundle branch block
    "6374002": _BLOCKS,  # bundle branch block
    "233917008": ("1AVB", "2AVB", "3AVB"),  # AV block
    "54016002": ("2AVB",),  # Mobitz I
    "28189009": ("2AVB",),  # Mobitz II
    "164947007": ("1AVB",),  # prolonged PR
    "270492004": ("LPR",),  # first degree AV block
    "426627000": ("SBRAD",),  # bradycardia
    "3424008": ("STACH", "SVTAC", "PSVT"),  # tachycardia
    "713422000": ("SVTAC", "PSVT"),  # atrial tachycardia
    "426761007": ("PSVT",),  # supraventricular tachycardia
    "67198005": ("SVTAC",),  # paroxysmal supraventricular tachycardia
    "195080001": ("AFIB", "AFLT"),  # fibrillation and flutter
    "282825002": ("AFIB",),  # paroxysmal fibrillation
    "426749004": ("AFIB",),  # chronic fibrillation
    "251268003": ("PACE",),  # atrial pacing
    "251266004": ("PACE",),  # ventricular pacing
    "251170000": ("PAC",),  # blocked premature atrial beat
    "251173003": ("PAC",),  # atrial bigeminy
    "11157007": ("PVC",),  # ventricular bigeminy
    "251180001": ("PVC",),  # ventricular trigeminy
    "164895002": ("PVC",),  # ventricular tachycardia
    "425856008": ("PVC",),  # paroxysmal ventricular tachycardia
    "428750005": (*_ST, *_T),  # non-specific ST-T abnormality
    "164930006": _ST,  # ST interval abnormal
    "55930002": _ST,  # ST changes
    "164934002": ("INVT",),  # T wave abnormal
    "59931005": ("TAB_",),  # T wave inversion
    "251259000": ("TAB_",),  # high T voltage
    "164861001": (*_ISCHAEMIA, *_ST),  # myocardial ischaemia
    "413444003": (*_ISCHAEMIA, *_ST),  # acute myocardial ischaemia
    "413844008": _ISCHAEMIA,  # chronic myocardial ischaemia
    "414545008": _ISCHAEMIA,  # ischaemic heart disease
    "164865005": ("AMI", "QWAVE"),  # myocardial infarction
    "164867002": ("AMI", "QWAVE"),  # old myocardial infarction
    "57054005": ("AMI", "QWAVE", *_ST),  # acute myocardial infarction
    "55827005": ("LVH",),  # left ventricular high voltage
    "370365005": ("LVH",),  # left ventricular strain
    "266249003": ("LVH", "RVH"),  # ventricular hypertrophy
    "253352002": ("LAO/LAE",),  # left atrial abnormality
    "446813000": ("LAO/LAE",),  # left atrial hypertrophy
    "195126007": ("LAO/LAE",),  # atrial hypertrophy
}


def targets(rows: Sequence[Row]) -> NDArray[np.float32]:
    """Return (n, 71) float32 of the 71 statements: 1 present, 0 absent, NaN where a row's source does not say.

    Rows of other hospitals' sources are mapped, rows without codes are NaN throughout, all others have PTB-XL's own
    codes and say all. What a source gives is judged over all its rows here, so that the whole pack should be given.
    """
    task = tasks.get("all71")
    found = task.targets(rows)
    sources = np.array([row.source for row in rows], dtype=object)
    for source in SOURCES & set(sources):
        own = np.flatnonzero(sources == source)
        found[own] = _mapped([rows[int(i)] for i in own], task.codes, source in PRESENT_ONLY)
    found[[i for i, row in enumerate(rows) if not row.codes]] = np.nan
    return found


def _mapped(rows: Sequence[Row], codes: tuple[str, ...], present_only: bool) -> NDArray[np.float32]:
    statements = [label_set.load("ptbxl71").get(code) for code in codes]
    concepts = [
        {*(s.snomed_ct.split("|") if s else ()), *SAME.get(code, ())} - {""}
        for s, code in zip(statements, codes, strict=True)
    ]
    named = [set(row.codes) for row in rows]
    present = np.array([[bool(own & of) for of in concepts] for own in named], dtype=bool)
    is_open = np.array(
        [[any(code in OPEN.get(c, ()) for c in own) for code in codes] for own in named], dtype=bool
    )
    given = np.logical_and(present.any(axis=0), not present_only)
    # "Sinus rhythm" is CPSC's word for a normal ECG, and elsewhere it is left out beside other findings: it is absent
    # only where another rhythm is named.
    rhythm = np.array(
        [
            s is not None and s.group == "rhythm" and code != "SR"
            for s, code in zip(statements, codes, strict=True)
        ]
    )
    is_open[:, codes.index("SR")] |= ~present[:, rhythm].any(axis=1)
    known = present | (given[None] & ~is_open)
    return np.where(known, present.astype(np.float32), np.float32(np.nan))
