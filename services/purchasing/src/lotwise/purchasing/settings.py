"""The only home of purchasing's knobs; prefix PURCHASING_."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from lotwise.kit.settings import ServiceSettings


class PurchasingSettings(ServiceSettings):
    """What purchasing can be told from outside."""

    model_config = SettingsConfigDict(env_prefix="PURCHASING_")

    contract_seconds: float = Field(default=3600, gt=0, le=86_400)
    contract_rows_max: int = Field(default=200, ge=1, le=1000)
