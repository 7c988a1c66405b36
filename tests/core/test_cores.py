import os
import subprocess
import sys

import pytest

from mangaassist.core.cores import own_cores


def test_cores_are_those_that_the_process_may_use() -> None:
    assert 1 <= own_cores() <= (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to cores")
def test_a_process_bound_to_one_core_has_one() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
            "from mangaassist.core.cores import own_cores; print(own_cores())",
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.strip() == "1"
