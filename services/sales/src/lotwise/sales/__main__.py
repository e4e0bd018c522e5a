"""Starts sales: python -m lotwise.sales."""

from lotwise.kit.service import run
from lotwise.sales.app import SERVICE

if __name__ == "__main__":
    run(SERVICE)
