"""The JSON of reports in, self-contained web pages out: no script, no request, nothing a logged text could start."""

from mangaassist.evaluation.page.compare import compare_page
from mangaassist.evaluation.page.page import report_page

__all__ = ["compare_page", "report_page"]
