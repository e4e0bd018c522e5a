"""The only home of reporting's named noes."""

from lotwise.values import Refusal, Unknown


class RebuildRunning(Refusal):
    """Figures are being rebuilt already."""

    code = "rebuild-running"
    title = "A rebuild is running"


class RebuildDisturbed(Refusal):
    """A site's time zone changed while its days were folded; nothing was swapped."""

    code = "rebuild-disturbed"
    title = "The rebuild was disturbed"


class NothingHappened(Unknown):
    """No event names this id."""

    code = "no-journey"
    title = "Nothing is known to have happened to this"
