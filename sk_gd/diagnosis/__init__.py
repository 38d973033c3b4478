"""What a descent was like, in sentences: evidence, verdicts, report."""

from sk_gd.diagnosis.evidence import Evidence
from sk_gd.diagnosis.facts import DataFacts, look_at, stability, steepest_feature
from sk_gd.diagnosis.report import Diagnosis
from sk_gd.diagnosis.verdicts import VERDICTS, Verdict

__all__ = ["VERDICTS", "DataFacts", "Diagnosis", "Evidence", "Verdict", "look_at", "stability", "steepest_feature"]
