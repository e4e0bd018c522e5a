"""Starts the back office: python -m lotwise.backoffice."""

from lotwise.backoffice.app import SERVICE
from lotwise.kit.service import run

if __name__ == "__main__":
    run(SERVICE)
