"""HL7 annotated ECGs made by hand for the tests, the names of the real ones, and a parse independent of ours."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from ecgview.leads import canonical_name

FILES = ("cvrg_example2_1000hz", "hl7_2003_example", "minimum_aecg", "subject1_0")
NAMESPACE = {"h": "urn:hl7-org:v3"}
XSI = "{http://www.w3.org/2001/XMLSchema-instance}type"
STORED = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
TIME = (
    '<component><sequence><code code="TIME_ABSOLUTE"/><value xsi:type="GLIST_TS">'
    '<head value="20240229080000"/><increment value="0.002" unit="s"/></value></sequence></component>'
)
PERSON = (
    "<componentOf><timepointEvent><componentOf><subjectAssignment><subject><trialSubject>"
    '<id root="1.2" extension="7"/><subjectDemographicPerson><name>{name}</name>'
    '<administrativeGenderCode code="F"/><birthTime value="19600301"/></subjectDemographicPerson></trialSubject>'
    "</subject></subjectAssignment></componentOf></timepointEvent></componentOf>"
)


def lead_sequence(
    lead: str, digits: str, scale: str = "2.5", unit: str = "uV", origin: str = "0", kind: str = "PQ"
) -> str:
    """Return one lead: its digits with their scale, origin and unit."""
    units = f' unit="{unit}"' if unit else ""
    return (
        f'<component><sequence><code code="MDC_ECG_LEAD_{lead.upper()}" codeSystem="any"/>'
        f'<value xsi:type="SLIST_{kind}"><origin value="{origin}"{units}/><scale value="{scale}"{units}/>'
        f"<digits>{digits}</digits></value></sequence></component>"
    )


def made_digits(number: int, count: int = 500) -> str:
    """Return digits that differ between leads and from sample to sample."""
    return " ".join(str((number * 37 + k * (number + 1)) % 400 - 200) for k in range(count))


def lead_sequences(count: int = 500, **how: str) -> str:
    """Return the eight stored leads, with `how` for each of them."""
    return "".join(lead_sequence(lead, made_digits(k, count), **how) for k, lead in enumerate(STORED))


def series_of(body: str, code: str = "RHYTHM", before: str = "", after: str = "") -> str:
    """Return a series around sequences, with what may stand before and after them."""
    return (
        f'<component><series><code code="{code}"/>{before}<component><sequenceSet>{body}</sequenceSet></component>'
        f"{after}</series></component>"
    )


def write_file(
    path: Path, body: str, encoding: str = "utf-8", declared: str = "UTF-8", top: str = ""
) -> Path:
    """Write an annotated ECG around body, in one encoding and declared in perhaps another."""
    text = (
        f'<?xml version="1.0" encoding="{declared}"?>{top}<AnnotatedECG xmlns="urn:hl7-org:v3" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{body}</AnnotatedECG>'
    )
    path.write_bytes(text.encode(encoding))
    return path


def independent_leads(path: Path, where: str) -> dict[str, np.ndarray]:
    """Return microvolts by lead of the first series, by the standard library alone."""
    found = {}
    root = ElementTree.parse(path).getroot()
    base = "h:component/h:series/" + where
    for sequence in root.findall(f"{base}h:component/h:sequenceSet/h:component/h:sequence", NAMESPACE):
        code, value = sequence.find("h:code", NAMESPACE), sequence.find("h:value", NAMESPACE)
        assert code is not None
        assert value is not None
        if value.get(XSI) != "SLIST_PQ":
            continue
        parts = {part.tag.rpartition("}")[2]: part for part in value}
        assert parts["scale"].get("unit") == parts["origin"].get("unit") == "uV"
        digits = np.array([int(one) for one in (parts["digits"].text or "").split()])
        scaled = float(parts["origin"].get("value", "")) + digits * float(parts["scale"].get("value", ""))
        found[canonical_name(code.get("code", "").replace("MDC_ECG_LEAD_", ""))] = scaled
    return found
