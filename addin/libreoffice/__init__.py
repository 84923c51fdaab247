"""An xlwings engine over LibreOffice (UNO): the same add-in code where there is no Excel."""

from addin.libreoffice.engine import register
from addin.libreoffice.errors import OfficeError
from addin.libreoffice.office import Office

__all__ = ["Office", "OfficeError", "register"]
