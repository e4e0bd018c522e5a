"""The only home of the catalog's knobs; prefix CATALOG_."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from lotwise.kit.settings import ServiceSettings


class CatalogSettings(ServiceSettings):
    """What the catalog can be told from outside."""

    model_config = SettingsConfigDict(env_prefix="CATALOG_")

    uses_deadline_seconds: float = Field(default=2.0, gt=0, le=30)
    """How long each other service may take to say whether it uses a product."""
