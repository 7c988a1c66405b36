"""The JSON of reports in, self-contained web pages out: no script, no request, nothing a logged text could start."""

from mangaassist.evaluation.page.compare import compare_page
from mangaassist.evaluation.page.page import report_page
from mangaassist.evaluation.page.plots import Dot, forest
from mangaassist.evaluation.page.rendering import plain, said, signed
from mangaassist.evaluation.page.verdict import Verdict, verdict_of

__all__ = ["Dot", "Verdict", "compare_page", "forest", "plain", "report_page", "said", "signed", "verdict_of"]
