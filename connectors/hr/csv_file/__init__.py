"""HR exports as CSV or XLSX files: snapshot or delta, read whole or refused with line and column."""

from .config import CsvFileConfig
from .source import CsvFileSource

__all__ = ["CsvFileConfig", "CsvFileSource"]
