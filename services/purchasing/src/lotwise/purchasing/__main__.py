"""Starts purchasing: python -m lotwise.purchasing."""

from lotwise.kit.service import run
from lotwise.purchasing.app import SERVICE

if __name__ == "__main__":
    run(SERVICE)
