"""The only home of alerts' knobs; prefix ALERTS_."""

from pydantic_settings import SettingsConfigDict

from lotwise.kit.settings import ServiceSettings


class AlertsSettings(ServiceSettings):
    """What alerts can be told from outside."""

    model_config = SettingsConfigDict(env_prefix="ALERTS_")
