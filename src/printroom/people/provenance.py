"""What a portrait says of itself: that a machine made it, which one, and by what.

base, version of the person -> XMP packet, UTF-8

The vocabulary is IPTC's: https://cv.iptc.org/newscodes/digitalsourcetype/. Nothing in it says who
the person is.
"""

from __future__ import annotations

from importlib.metadata import version
from xml.sax.saxutils import quoteattr

SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's word for what a trained model made."""
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about=""
 xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:printroom="urn:printroom:portrait:1"
 xmp:CreatorTool={tool}
 Iptc4xmpExt:DigitalSourceType={source}
 printroom:pipeline={pipeline}
 printroom:generator={generator}
 printroom:base={base}
 printroom:personVersion={number}/>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


def xmp_of(pipeline: str, generator: str, base: str, number: int) -> bytes:
    """`base`: digest of the generator's weights; `number`: which version of the person."""
    return _PACKET.format(
        tool=quoteattr(f"printroom {version('printroom')}"),
        source=quoteattr(SOURCE),
        pipeline=quoteattr(pipeline),
        generator=quoteattr(generator),
        base=quoteattr(base),
        number=quoteattr(str(number)),
    ).encode()
