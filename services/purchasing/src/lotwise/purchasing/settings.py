"""The only home of purchasing's knobs; prefix PURCHASING_."""

from pydantic_settings import SettingsConfigDict

from lotwise.kit.settings import ServiceSettings


class PurchasingSettings(ServiceSettings):
    """What purchasing can be told from outside."""

    model_config = SettingsConfigDict(env_prefix="PURCHASING_")
