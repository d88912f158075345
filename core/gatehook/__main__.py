"""``python -m gatehook``."""

import sys

from gatehook.cli import main

if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the current directory, which `-m` puts first; our own commands look there last
    main()
