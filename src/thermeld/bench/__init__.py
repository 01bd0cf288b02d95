"""How fast methods are on this machine, and how near to what it can do."""

from thermeld.bench.bandwidth import Bandwidth, Scenario, bandwidth, table_v
from thermeld.bench.machine import Machine, measured_machine
from thermeld.bench.tables import as_text, plot
from thermeld.bench.timing import SIZES, Contestant, Row, finished_rows, run_group

__all__ = [
    "SIZES",
    "Bandwidth",
    "Contestant",
    "Machine",
    "Row",
    "Scenario",
    "as_text",
    "bandwidth",
    "finished_rows",
    "measured_machine",
    "plot",
    "run_group",
    "table_v",
]
