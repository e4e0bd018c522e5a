"""The only home of reporting's knobs."""

from pydantic_settings import SettingsConfigDict

from lotwise.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """Reporting's own settings, read from REPORTING_* variables."""

    model_config = SettingsConfigDict(env_prefix="REPORTING_")
