"""Vietnamese text that is not Unicode: TCVN3, VNI, VPS, VISCII and CP1258 found in cells and read as Unicode (C07)."""

from formulas.text.detection import Certainty, Detection, detect
from formulas.text.encodings import Encoding

__all__ = ["Certainty", "Detection", "Encoding", "detect"]
