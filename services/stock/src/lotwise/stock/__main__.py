"""Starts stock: python -m lotwise.stock."""

from lotwise.kit.service import run
from lotwise.stock.app import SERVICE

if __name__ == "__main__":
    run(SERVICE)
