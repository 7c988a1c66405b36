"""Query text in, what it says about the catalogue out: the same for training, evaluation and serving.

TitleResolver(titles).named(text)   the titles that a text names: "like Berserk but kinder" → {berserk}
"""

from mangaassist.queries.references import TitleResolver

__all__ = ["TitleResolver"]
