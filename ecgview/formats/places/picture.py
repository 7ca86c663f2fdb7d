"""Pictures that are not ECG files: told from their first bytes, so that a user learns what to ask the cart for."""

OUT_OF_SCOPE = "scanned or photographed ECGs are out of scope; ask the cart for its digital export"
_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "PNG picture"),
    (b"\xff\xd8\xff", "JPEG picture"),
    (b"II*\0", "TIFF picture"),
    (b"MM\0*", "TIFF picture"),
    (b"GIF87a", "GIF picture"),
    (b"GIF89a", "GIF picture"),
)
_DICOM_AT = 128
_HEIC = (b"heic", b"heix", b"mif1", b"msf1")


def picture(head: bytes) -> str:
    """Return what kind of picture or document a file is ("PDF document", "JPEG picture", ...), or "".

    A DICOM file may carry the first bytes of a TIFF in its preamble: it is no picture.
    """
    if head[_DICOM_AT : _DICOM_AT + 4] == b"DICM":
        return ""
    if b"%PDF-" in head[:1024]:
        return "PDF document"
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        return "HEIC picture"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WebP picture"
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0" and head[14:18] in (b"(\0\0\0", b"|\0\0\0"):
        return "BMP picture"
    return ""
