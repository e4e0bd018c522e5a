"""The only home of the knobs that every service shares; a service subclasses it with its own prefix."""

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from lotwise.values import CURRENCIES


class ServiceSettings(BaseSettings):
    """What any service needs to stand up; units are in the names, limits on the fields.

    A subclass sets `model_config = SettingsConfigDict(env_prefix="STOCK_")` and adds its own knobs.
    What all services have in common may be said once, as `LOTWISE_<NAME>`; the service's own variable wins.
    """

    model_config = SettingsConfigDict(extra="ignore")

    database_url: str = ""
    owner_database_url: str | None = None
    nats_url: str = "nats://127.0.0.1:4222"
    nats_user: str | None = None
    nats_password: str | None = None
    nats_seed: str | None = None

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)

    jwks_url: str = ""
    jwks_cache: Path | None = None
    door_url: str = ""
    client_secret: str = ""

    catalog_url: str = ""
    sales_url: str = ""
    stock_url: str = ""
    purchasing_url: str = ""
    alerts_url: str = ""
    reporting_url: str = ""
    backoffice_url: str = ""

    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    otlp_endpoint: str | None = None
    trace_sample_ratio: float = Field(default=0.02, ge=0, le=1)
    log_level: str = "INFO"

    pool_connections_max: int = Field(default=8, ge=1, le=100)
    consumer_batch_max: int = Field(default=1000, ge=1, le=2000)
    relay_batch_max: int = Field(default=500, ge=1, le=1000)
    relay_poll_ms: int = Field(default=50, ge=10, le=5000)
    parcel_events_max: int = Field(default=50, ge=1, le=500)
    """Events that travel as one message when many are told at once; 1 while hearers run that know no parcels."""

    @field_validator("currency")
    @classmethod
    def _is_currency(cls, value: str) -> str:
        if value not in CURRENCIES:
            raise ValueError(f"{value} is no currency of ISO 4217: say one such as USD, GBP or CAD")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the service's own variables, then the ones that all services share."""
        shared = EnvSettingsSource(settings_cls, env_prefix="LOTWISE_")
        return init_settings, env_settings, dotenv_settings, shared, file_secret_settings
