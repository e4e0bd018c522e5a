"""The only home of sales' knobs; each has its unit in its name and a limit."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from lotwise.kit.settings import ServiceSettings


class SalesSettings(ServiceSettings):
    """Settings of the sales service, prefix SALES_."""

    model_config = SettingsConfigDict(env_prefix="SALES_", extra="ignore")

    hold_deadline_ms: int = Field(default=500, ge=50, le=10_000)
    hold_minutes: int = Field(default=15, ge=1, le=240)
    hold_left_seconds_min: int = Field(default=30, ge=0, le=600)
    group_charges_max: int = Field(default=500, ge=1, le=2000)
    charge_body_bytes_max: int = Field(default=1_000_000, ge=10_000, le=10_000_000)
    batch_body_bytes_max: int = Field(default=16_000_000, ge=100_000, le=64_000_000)
    partition_months_ahead: int = Field(default=3, ge=1, le=24)
    smtp_url: str = ""
    """Where receipts are mailed: smtp://, smtp+starttls:// or smtps://, with user:password@ if needed; empty: not."""
    mail_from: str = ""
    seal_key: str = ""
    """What sealed contacts are encrypted with; without it the client secret. Keep it: lost with it are the contacts."""
    recall_contact_days: int = Field(default=3650, ge=1, le=36_500)
    """How long after their last goods an erased member stays reachable for a recall."""
    gift_valid_days: int = Field(default=0, ge=0, le=36_500)
    audit_hour: int = Field(default=2, ge=0, le=23)
    membership_grace_days: int = Field(default=14, ge=0, le=365)
    membership_end_days: int = Field(default=60, ge=1, le=730)
