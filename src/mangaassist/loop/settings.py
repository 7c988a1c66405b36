"""`mangaassist.toml` and the environment in, one checked value of settings out; an unknown key is an error."""

import tomllib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from mangaassist.core.errors import SettingsError
from mangaassist.core.monitor_settings import MonitorSettings
from mangaassist.core.service_settings import ServiceSettings
from mangaassist.core.shop_settings import ShopSettings
from mangaassist.data import DEFAULT_TEMPLATE, Enrichment
from mangaassist.encoders import TitanSettings
from mangaassist.evaluation import DiagnosisRules
from mangaassist.feedback import FeedbackRules
from mangaassist.loop.fixes_in_force import StoredFixes, read_fixes
from mangaassist.pairs import Fix, LiveLogRules, PairRules, fixed_rules
from mangaassist.promotion import GateSettings

SETTINGS_FILE = "mangaassist.toml"


def _only_known(kind: type[Any]) -> Callable[[Any], Any]:
    """Refuses keys that a section does not have: a misspelt bound must not silently leave the default in force."""
    names = {field.name for field in fields(kind)}

    def check(section: Any) -> Any:
        unknown = sorted(set(section) - names) if isinstance(section, dict) else []
        if unknown:
            raise ValueError(f"has no key {', '.join(unknown)}; it has {', '.join(sorted(names))}")
        return section

    return check


class Settings(BaseSettings):
    """Everything a shop may set; the defaults are the documented first run.

    enrich: which titles are enriched; `auto` is chosen on judged queries by each training.
    fixes: of known failures, in force; `mangaassist train --fix NAME` adds to them.
    Read from `mangaassist.toml` in the workspace; a variable such as `MANGAASSIST_PAIRS__MAX_REPEATS` goes before it.
    """

    model_config = SettingsConfigDict(
        env_prefix="MANGAASSIST_", env_nested_delimiter="__", extra="forbid", frozen=True, validate_default=True
    )

    encoder: str = "local"
    enrich: Enrichment | Literal["auto"] = "auto"
    template: str = DEFAULT_TEMPLATE
    fixes: tuple[Fix, ...] = ()
    pairs: Annotated[PairRules, BeforeValidator(_only_known(PairRules))] = Field(default_factory=PairRules)
    live_log: Annotated[LiveLogRules, BeforeValidator(_only_known(LiveLogRules))] = Field(default_factory=LiveLogRules)
    titan: Annotated[TitanSettings, BeforeValidator(_only_known(TitanSettings))] = Field(default_factory=TitanSettings)
    gate: Annotated[GateSettings, BeforeValidator(_only_known(GateSettings))] = Field(default_factory=GateSettings)
    diagnoses: Annotated[DiagnosisRules, BeforeValidator(_only_known(DiagnosisRules))] = Field(
        default_factory=DiagnosisRules
    )
    feedback: Annotated[FeedbackRules, BeforeValidator(_only_known(FeedbackRules))] = Field(
        default_factory=FeedbackRules
    )
    service: Annotated[ServiceSettings, BeforeValidator(_only_known(ServiceSettings))] = Field(
        default_factory=ServiceSettings
    )
    shop: Annotated[ShopSettings, BeforeValidator(_only_known(ShopSettings))] = Field(default_factory=ShopSettings)
    monitor: Annotated[MonitorSettings, BeforeValidator(_only_known(MonitorSettings))] = Field(
        default_factory=MonitorSettings
    )


def read_settings(root: Path) -> Settings:
    """The settings of a workspace with the fixes in force; raises SettingsError naming file, key and remedy."""
    path = root / SETTINGS_FILE
    variables = f"(or a {Settings.model_config['env_prefix']} variable)"

    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return env_settings, TomlConfigSettingsSource(settings_cls, toml_file=path)

    try:
        return _with_fixes(FromFile(), read_fixes(root))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"{path} {variables}: {key}: {first['msg']}; correct it, or leave it out for the default"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: is no TOML in UTF-8: {error}; correct that line") from error


def _with_fixes(settings: Settings, stored: StoredFixes) -> Settings:
    """The settings with the fixes of `mangaassist.toml` and of `train --fix`, and the rules for pairs that follow."""
    fixes = tuple(sorted({*settings.fixes, *stored.fixes}))
    rules = fixed_rules(settings.pairs, fixes, drifting=stored.drifting_generators)
    return settings.model_copy(update={"fixes": fixes, "pairs": rules})
