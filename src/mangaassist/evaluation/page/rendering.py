"""A template and values in, HTML out. Every text is escaped, and what cannot be seen is taken out of it."""

from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from mangaassist.evaluation.markdown_tables import one_line, shortened


def render(template: str, values: dict[str, Any]) -> str:
    """The page; raises an error of Jinja2 if the template needs a value that is not there."""
    return _ENVIRONMENT.get_template(template).render(values)


def said(text: object) -> str:
    """A text of a stranger as one line: no control characters, no marks that turn its direction, not too long."""
    return shortened(one_line(str(text)))


def signed(value: float | None) -> str:
    """A difference to three places with its sign."""
    return "–" if value is None else f"{value:+.3f}".replace("-", "−")


def moment(at: datetime) -> str:
    """A moment to the minute, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def plain(value: float | None) -> str:
    """A number to three places."""
    return "–" if value is None else f"{value:.3f}"


def templates_of(package: str) -> Environment:
    """The templates of a package: every text escaped, a missing value an error, and the filters above at hand."""
    environment = Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"said": said, "signed": signed, "plain": plain, "moment": moment}
    return environment


_ENVIRONMENT = templates_of("mangaassist.evaluation.page")
