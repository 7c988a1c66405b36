"""A workspace in, the words that its catalogue and its help articles speak out."""

from mangaassist.data import Workspace, articles, titles
from mangaassist.feedback import Vocabulary, read_word_list
from mangaassist.loop.catalogue import Catalogue
from mangaassist.queries import read_lexicon


def shop_vocabulary(workspace: Workspace, catalogue: Catalogue) -> Vocabulary:
    """The words of all documents, names and facets; those of the lexicon count as understood."""
    spoken = [document.text for document in catalogue.documents]
    for title in titles(workspace):
        names = (title.title, title.title_romaji or "", title.title_japanese or "", *title.aliases, *title.authors)
        facets = (*title.genres, *title.tones, *title.themes, title.demographic or "")
        spoken += [*names, *(facet.replace("_", " ") for facet in facets)]
    spoken += [f"{article.title} {article.body}" for article in articles(workspace)]
    lexicon = read_lexicon(workspace.root)
    return Vocabulary(spoken, read_word_list(workspace.root), {**lexicon.turned_down, **lexicon.facets})
