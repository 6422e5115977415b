"""Which instance of which service a handle is of, without any credentials."""

from __future__ import annotations

from typing import NamedTuple

from ..config.settings import Settings

__all__ = ["Origin"]


class Origin(NamedTuple):
    """What identifies a connection; a value that pickles."""

    instance: str | None
    base_url: str
    iam_url: str
    api_version: str

    def __str__(self) -> str:
        """Which instance on which host."""
        return f"{self.instance} at {self.base_url}"

    @classmethod
    def of(cls, settings: Settings) -> Origin:
        """The origin that `settings` name."""
        return cls(
            instance=settings.instance,
            base_url=settings.base_url,
            iam_url=settings.iam_url,
            api_version=settings.api_version,
        )

    def settings(self) -> Settings:
        """Settings of this origin, with the credentials of this process: of its environment or the account file.

        Raises:
            ConfigurationError: something in these cannot work.
        """
        return Settings(**self._asdict())
