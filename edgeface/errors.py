"""Every error that edgeface raises on purpose, and the exit code that goes with it.

::

    EdgefaceError            1   something of ours went wrong; one line and a remedy
    ├── UsageError           2   the command or the call was wrong
    ├── InputError           1   a picture, a clip or a data set cannot be used
    ├── BundleError          1   a bundle or a run is not what its checksums or its schema say
    ├── RecipeError          1   a recipe cannot be read
    ├── ReportError          1   a latency report cannot be read
    ├── BackendError         1   a model file cannot be run
    │   └── BackendMissing   1   the package that would run it is not installed
    ├── DetectorError        1   a face detector cannot be opened
    ├── SourceError          1   a camera or a clip does not open, or stops
    ├── ConversionError      1   a converted file is not the network that was trained
    └── GateNotMet           3   a file was made and missed a limit that was asked of it

The command line prints these as one line and a remedy. Any other exception is a bug and keeps its
traceback.
"""


class EdgefaceError(Exception):
    """Base of the tree.

    Args:
        message: What is wrong, with what was received.
        remedy: What to do about it, ready to follow; empty where there is nothing to add.
    """

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class UsageError(EdgefaceError):
    """The command or the call was wrong."""

    exit_code = 2


class InputError(EdgefaceError):
    """A picture, a clip or a data set cannot be used."""


class BundleError(EdgefaceError):
    """A bundle or a run is not what its checksums or its schema say."""


class RecipeError(EdgefaceError):
    """A recipe cannot be read."""


class ReportError(EdgefaceError):
    """A latency report cannot be read."""


class BackendError(EdgefaceError):
    """A model file cannot be run."""


class BackendMissing(BackendError):  # noqa: N818 - reads as the condition it names
    """The package that would run a model file is not installed."""


class DetectorError(EdgefaceError):
    """A face detector cannot be opened."""


class SourceError(EdgefaceError):
    """A camera or a clip does not open, or stops."""


class ConversionError(EdgefaceError):
    """A converted file is not the network that was trained."""


class GateNotMet(EdgefaceError):  # noqa: N818 - reads as the condition it names
    """A file was made and missed a limit that was asked of it."""

    exit_code = 3
