"""The only home of the back office's knobs; prefix BACKOFFICE_."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from lotwise.kit.settings import ServiceSettings


class BackofficeSettings(ServiceSettings):
    """What the back office and its door can be told from outside. A machine without a secret gets no token."""

    model_config = SettingsConfigDict(env_prefix="BACKOFFICE_")

    catalog_secret: str = ""
    sales_secret: str = ""
    stock_secret: str = ""
    purchasing_secret: str = ""
    alerts_secret: str = ""
    reporting_secret: str = ""
    importer_secret: str = ""
    operator_secret: str = ""

    session_idle_minutes: int = Field(default=30, ge=1, le=720)
    session_hours_max: int = Field(default=12, ge=1, le=72)
    till_lock_minutes: int = Field(default=5, ge=1, le=240)
    """After how long without a person's deed a shared till asks for a PIN."""
    key_days: int = Field(default=30, ge=1, le=365)
    password_checks_max: int = Field(default=2, ge=1, le=16)
    """How many passwords are checked at once: each takes 64 MiB and most of a core for 0.15 s."""
    supervisor_journal: Path | None = None
    """Where what keeps the processes alive writes down each end; None where something else does (containers)."""
