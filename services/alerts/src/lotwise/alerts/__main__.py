"""Starts alerts: python -m lotwise.alerts."""

from lotwise.alerts.app import SERVICE
from lotwise.kit.service import run

if __name__ == "__main__":
    run(SERVICE)
