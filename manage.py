#!/usr/bin/env python3
"""The one entrance: `python3 manage.py start`, `python3 manage.py test`, and every other command."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this line is what an older Python gets to read
    sys.exit("Procure needs Python 3.11 or newer; this is {}.{}.".format(*sys.version_info))
if sys.platform == "win32":
    sys.exit("On Windows, run Procure with: docker compose up")

from procure.bootstrap import ensure_environment

if __name__ == "__main__":
    ensure_environment(sys.argv)
    from procure.launcher import run_command  # needs what ensure_environment installed

    sys.exit(run_command(sys.argv))
