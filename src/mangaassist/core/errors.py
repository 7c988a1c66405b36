"""What went wrong, said so that the reader can mend it.

    RetrievalError                      everything this package raises on purpose
    ├── DataError                       a file, row or value that cannot be used
    │   └── LeakageError                test data found where training data should be
    ├── SettingsError                   mangaassist.toml has an unknown key or a bad value
    ├── EncoderError                    the frozen encoder cannot be loaded or failed on a text
    │   └── PartlyEncoded               … on some texts of a call; carries the vectors of the others (`encoders`)
    ├── ShapeError                      arrays whose shapes do not fit together
    ├── EncoderMismatch                 vectors or an adapter of another encoder
    ├── IndexOutOfDate                  an index of another release than the one that asks
    ├── ArtifactError                   an artefact folder that is incomplete or was changed
    ├── ExportError                     an adapter that a format cannot hold, or a folder that is not free
    ├── DeviceError                     a device to train on that is not there
    ├── MissingExtra                    an optional dependency is not installed
    ├── WorkspaceError                  a directory that is no workspace, or of another format
    │   ├── WorkspaceLocked             another process is writing to it
    │   └── BackupError                 a backup that cannot be made there, or is no longer what was written
    ├── ServiceError                    the HTTP service refused a request or cannot be reached (raised by our client)
    │   ├── Refused                     … inside the service: why a request gets no answer (`serving`)
    │   └── NotStored                   events that could not be written so that they survive a power cut (`serving`)
    ├── AccountError                    a name, password or link that the console does not take
    ├── ConsoleRefused                  why the console does not answer a request (`console`); carries the HTTP status
    ├── ReviewConflict                  a decision on an item that is another reviewer's, or settled
    └── RegistryError                   a release that cannot be published, found or switched
        ├── UnknownRelease              no such release in this workspace
        └── NotPromotable               the gate did not say promote

A message says what is wrong, with the values, and then what to do. A failed gate is a `Decision`, not an error.
"""


class RetrievalError(Exception):
    """The root of every error that this package raises on purpose."""


class DataError(RetrievalError):
    """A file, row or value that cannot be used."""


class LeakageError(DataError):
    """Test data was found where training data should be."""


class SettingsError(RetrievalError):
    """The settings file has an unknown key or a value out of range."""


class EncoderError(RetrievalError):
    """The frozen encoder cannot be loaded, or failed on a text."""


class ShapeError(RetrievalError):
    """Arrays whose shapes do not fit together."""


class EncoderMismatch(RetrievalError):
    """Vectors, an index or an adapter belong to another encoder."""


class IndexOutOfDate(RetrievalError):
    """The index was built for another release, or another build has taken its place."""


class ArtifactError(RetrievalError):
    """An artefact folder is incomplete, or its content does not match its manifest."""


class ExportError(RetrievalError):
    """A format cannot hold the adapter, or the folder for the export is not free."""


class DeviceError(RetrievalError):
    """The device that training was asked to use is not there."""


class MissingExtra(RetrievalError):
    """An optional dependency is not installed."""


class WorkspaceError(RetrievalError):
    """The directory is no workspace, or one of another format version."""


class WorkspaceLocked(WorkspaceError):
    """Another process is writing to this workspace."""


class BackupError(WorkspaceError):
    """A backup cannot be made where it was asked for, or one is no longer what was written."""


class ServiceError(RetrievalError):
    """The HTTP service refused a request, or cannot be reached."""


class AccountError(RetrievalError):
    """The console does not take a name, a password or a link."""


class ConsoleRefused(RetrievalError):
    """The console does not answer a request. status: of the HTTP answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class ReviewConflict(RetrievalError):
    """A review item is in another reviewer's hands, settled already, or none that this reviewer may see."""


class RegistryError(RetrievalError):
    """A release cannot be published, found or switched."""


class UnknownRelease(RegistryError):
    """No release of this name exists in the workspace."""


class NotPromotable(RegistryError):
    """The gate did not say promote for this release against the present live one."""
