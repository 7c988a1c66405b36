"""A sample shop in, its search log out: shoppers whose habits are known, so that what is learnt can be checked."""

from mangaassist.sample.click_model import ClickModel, Visit
from mangaassist.sample.shop_files import (
    FIRST_RUN_LOG,
    FIRST_RUN_PROPOSALS,
    REVIEW_FILE,
    REVIEW_SEED,
    SampleShop,
    sample_shop,
    write_log_files,
    write_shop_files,
)
from mangaassist.sample.simulator import simulate
from mangaassist.sample.simulator_habits import Habits
from mangaassist.sample.simulator_quota import Targets
from mangaassist.sample.simulator_rows import LoggedSearch
from mangaassist.sample.simulator_texts import Need, all_typed_forms

__all__ = [
    "FIRST_RUN_LOG",
    "FIRST_RUN_PROPOSALS",
    "REVIEW_FILE",
    "REVIEW_SEED",
    "ClickModel",
    "Habits",
    "LoggedSearch",
    "Need",
    "SampleShop",
    "Targets",
    "Visit",
    "all_typed_forms",
    "sample_shop",
    "simulate",
    "write_log_files",
    "write_shop_files",
]
