"""Lines of JSON in, each a list of texts; their base vectors out as raw float32: one of several encoding processes.

It ends when its input does, so none outlives whoever started it, however that ended.
"""

import json
import sys
from contextlib import suppress

from mangaassist.encoders.local import LocalEncoder


def main() -> None:
    """Encode until there is no more input."""
    encoder = LocalEncoder(processes=1)
    with suppress(KeyboardInterrupt):  # whoever started it is interrupted too, and says so
        for line in sys.stdin.buffer:
            sys.stdout.buffer.write(encoder.encode(json.loads(line)).astype("<f4").tobytes())
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
