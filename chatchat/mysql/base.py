"""See the package. Django looks for ``DatabaseWrapper`` in a module of this name."""

from typing import Any

import MySQLdb  # type: ignore[import-untyped]
from django.db.backends.mysql import base

from chatchat import lifeline

#: Of a probe's connection: what the server has to say in time, or it is away.
PROBE_SECONDS = 1
#: Errors of the client, not of a server that answers.
CLIENT_ERRORS = range(2000, 3000)


class DatabaseWrapper(base.DatabaseWrapper):
    """Fails at once while the database is known to be away."""

    def get_new_connection(self, conn_params: Any) -> Any:
        lifeline.refuse_if_away()
        made = super().get_new_connection(conn_params)
        lifeline.hold(made)
        return made

    def probe(self) -> lifeline.Probe:
        """What asks this database whether it is there."""
        return _Probe(self.get_connection_params())


class _Probe:
    """One connection of its own, kept: a server that is out of connections is not away."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        patience = dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), PROBE_SECONDS)
        self._parameters = parameters | patience
        self._line: Any = None

    def __call__(self) -> None:
        try:
            if self._line is None:
                self._line = MySQLdb.connect(**self._parameters)
            self._line.ping()
        except MySQLdb.Error as error:
            self._line = None
            if error.args and error.args[0] in CLIENT_ERRORS:
                raise ConnectionError(str(error)) from None
