"""``python -m gatehook``."""

from gatehook.cli import main

if __name__ == "__main__":
    main()
