"""Run ecgview as `python -m ecgview`."""

import sys

from ecgview.cli import main

if __name__ == "__main__":
    sys.exit(main())
