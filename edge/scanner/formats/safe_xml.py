"""XML from elsewhere, taken apart without doing what it says.

1. At most ``MOST_BYTES``; libxml2's own limits on depth and length stay on.
2. A document type is refused: entities are not expanded, nothing is fetched, no file is opened.
3. An undeclared namespace prefix is forgiven, as recorders in the field write such; nothing else.
"""

from __future__ import annotations

from lxml import etree

from edge.scanner.formats.errors import FormatError

Element = etree._Element  # noqa: SLF001 lxml has no public name for it

MOST_BYTES = 64 << 20


def parse(data: bytes) -> Element:
    """Return the root element; raise FormatError for anything but plain well-formed XML."""
    if len(data) > MOST_BYTES:
        raise FormatError(f"{len(data) >> 20} MiB of XML; at most {MOST_BYTES >> 20}")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise FormatError("the XML file has a document type, which is not allowed here")
    parser = _parser()
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FormatError(f"not well-formed XML, or it breaks off: {error}") from error
    if root is None or (bad := [e for e in parser.error_log if e.domain_name != "NAMESPACE"]):
        said = f"{bad[0].message} (line {bad[0].line})" if root is not None else "it is empty"
        raise FormatError(f"not well-formed XML, or it breaks off: {said}")
    if root.getroottree().docinfo.internalDTD is not None:
        raise FormatError("the XML file has a document type, which is not allowed here")
    return root


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=True,  # to see every error; all but one kind are raised above
    )


def write(root: Element) -> bytes:
    """Return the document around ``root``, comments and instructions before it included."""
    return bytes(etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8"))
