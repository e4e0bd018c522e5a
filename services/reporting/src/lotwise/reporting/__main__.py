"""python -m lotwise.reporting: run the service."""

from lotwise.kit.service import run
from lotwise.reporting.app import SERVICE

if __name__ == "__main__":
    run(SERVICE)
