"""The only home of stock's knobs: environment variables with prefix STOCK_."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from lotwise.kit.settings import ServiceSettings


class StockSettings(ServiceSettings):
    """Times in seconds or days, each with a limit."""

    model_config = SettingsConfigDict(env_prefix="STOCK_", extra="ignore")

    hold_seconds: int = Field(default=900, ge=30, le=86_400)
    hold_sweep_seconds: float = Field(default=15, gt=0, le=3600)
    hold_sweep_rows_max: int = Field(default=50, ge=1, le=500)
    abandon_timeout_seconds: float = Field(default=2, gt=0, le=30)
    expiry_sweep_seconds: float = Field(default=30, gt=0, le=3600)
    expiry_sweep_rows_max: int = Field(default=200, ge=1, le=2000)
    expiring_thresholds_days: tuple[int, ...] = (90, 30, 7)
    audit_hour: int = Field(default=2, ge=0, le=23)
    seal_seconds: float = Field(default=60, gt=0, le=86_400)
    count_plan_seconds: float = Field(default=600, gt=0, le=86_400)
    count_late_seconds: float = Field(default=60, gt=0, le=86_400)
    count_late_days: int = Field(default=40, ge=1, le=366)
    count_plan_rows_max: int = Field(default=200, ge=1, le=1000)
    asset_seconds: float = Field(default=600, gt=0, le=86_400)
    asset_rows_max: int = Field(default=200, ge=1, le=1000)
    warranty_days: int = Field(default=30, ge=0, le=366)
    future_minutes_max: int = Field(default=5, ge=0, le=1440)
    transit_days_max: int = Field(default=5, ge=1, le=365)
    transit_sweep_seconds: float = Field(default=300, gt=0, le=86_400)
    resupply_seconds: float = Field(default=2, gt=0, le=3600)
    resupply_rows_max: int = Field(default=100, ge=1, le=1000)
