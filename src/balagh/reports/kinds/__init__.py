"""The kinds of report that can be filed: a kind is one file here, its strings and its test."""

from balagh.reports.kinds.complaint import COMPLAINT
from balagh.reports.kinds.suggestion import SUGGESTION
from balagh.reports.kinds.transformation import TRANSFORMATION
from balagh.reports.wizard import Kind

KINDS: dict[str, Kind] = {kind.code: kind for kind in (COMPLAINT, TRANSFORMATION, SUGGESTION)}
