"""The JSON of reports in, self-contained web pages out: no script, no request, nothing a logged text could start."""

from mangaassist.evaluation.page.compare import compare_page
from mangaassist.evaluation.page.page import report_page
from mangaassist.evaluation.page.rendering import said, templates_of
from mangaassist.evaluation.page.verdict import verdict_of

__all__ = ["compare_page", "report_page", "said", "templates_of", "verdict_of"]
