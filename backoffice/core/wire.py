"""How we speak with a server: PyMySQL, without what it does again for every answer.

Statements come back again and again with the same columns, and a page asks ten of them: what is known of an answer's form is
kept for the next, and values are read in one pass. Nothing here is about what a statement says."""

import ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, cast

from pymysql.connections import Connection, MySQLResult
from pymysql.constants import FIELD_TYPE
from pymysql.constants.SERVER_STATUS import SERVER_STATUS_IN_TRANS
from pymysql.converters import conversions
from pymysql.protocol import MysqlPacket

NO_ROW = 254  # as a packet's first byte: an end, an error, or a value of more than a packet's length
NULL = 251  # as the length of a value; smaller is the length itself
WIDTHS = {252: 2, 253: 3, 254: 8}  # how many bytes that follow are the length
HEADER = 4  # bytes before a packet: three of its length, one of its number
MOST_FORMS = 1_000  # kept per program, some 4 KiB each: our statements are some hundreds

CONVERTERS: Mapping[Any, Any] = {
    **conversions,
    FIELD_TYPE.DATETIME: datetime.fromisoformat,  # of PyMySQL's own ways the slowest, and the one for most columns
    FIELD_TYPE.TIMESTAMP: datetime.fromisoformat,
}


class Form(NamedTuple):
    """The columns of an answer: as they were sent, byte by byte, and what PyMySQL makes of them."""

    sent: bytes
    converters: list[tuple[str | None, Callable[[Any], Any] | None]]
    description: tuple[Any, ...]


class Answer(MySQLResult):  # type: ignore[misc] # PyMySQL has no types
    """An answer whose columns are not taken apart again when an earlier one had the same, and whose values are."""

    connection: Any
    forms: ClassVar[dict[bytes, Form]] = {}  # by the packet of their first column and how many there are

    def _get_descriptions(self) -> None:
        connection: OneWay = self.connection
        waiting = connection.waiting()
        first = waiting[: HEADER + int.from_bytes(waiting[:3], "little")] + self.field_count.to_bytes(2, "little")
        known = Answer.forms.get(first)
        number = connection._next_seq_id
        if known is None or not waiting.startswith(known.sent):
            super()._get_descriptions()
            self._keep(first, number)
            return
        self.converters, self.description = known.converters, known.description
        connection.take(len(known.sent), self.field_count)
        connection._read_packet()  # the end of the columns

    def _read_rowdata_packet(self) -> None:
        """Rows that have come whole are read where they lie; what has not, and whatever is no row, as PyMySQL does it."""
        connection: OneWay = self.connection
        rows: list[tuple[Any, ...]] = []
        is_over = False
        while not is_over:
            waiting, at, taken = connection.waiting(), 0, 0
            number, end = connection._next_seq_id, len(waiting) - HEADER
            while at < end:
                size = int.from_bytes(waiting[at : at + 3], "little")
                begin = at + HEADER
                if begin + size > len(waiting) or waiting[at + 3] != number or waiting[begin] >= NO_ROW:
                    break
                row, ended = self._row(waiting, begin)
                if ended != begin + size:
                    break
                rows.append(row)
                at, taken, number = ended, taken + 1, (number + 1) % 256
            connection.take(at, taken)
            packet = connection._read_packet()
            is_over = self._check_packet_is_eof(packet)
            if not is_over:
                rows.append(self._read_row_from_packet(packet))
        self.connection = None
        self.affected_rows, self.rows = len(rows), tuple(rows)

    def _keep(self, first: bytes, number: int) -> None:
        packets = [field.get_all_data() for field in self.fields]
        sent = b"".join(
            len(packet).to_bytes(3, "little") + ((number + place) % 256).to_bytes(1, "little") + packet
            for place, packet in enumerate(packets)
        )
        if len(Answer.forms) >= MOST_FORMS:
            Answer.forms.clear()
        Answer.forms[first] = Form(sent, self.converters, self.description)

    def _read_row_from_packet(self, packet: MysqlPacket) -> tuple[Any, ...]:
        return self._row(packet.get_all_data(), 0)[0]

    def _row(self, data: bytes, at: int) -> tuple[tuple[Any, ...], int]:
        """The row that begins there, and where it ends."""
        row: list[Any] = []
        for encoding, convert in self.converters:
            length = data[at]
            at += 1
            if length == NULL:
                row.append(None)
                continue
            if length > NULL:
                width = WIDTHS[length]
                length = int.from_bytes(data[at : at + width], "little")
                at += width
            value: Any = data[at : at + length]
            at += length
            if encoding is not None:
                value = str(value, encoding)
            row.append(value if convert is None else convert(value))
        return tuple(row), at


class OneWay(Connection):  # type: ignore[misc]
    """A connection that spares the way to the server for a COMMIT or ROLLBACK of nothing: the server says with every answer
    whether a transaction is open. Connections of an address that says nothing of encryption share one context for servers that
    offer it: each of its own would hold every authority that the machine trusts, 0.7 MiB, even where the server speaks no TLS.
    Terms that name files are read for each connection, so that a new certificate counts from the next one on."""

    offered: ClassVar[ssl.SSLContext | None] = None
    _next_seq_id: int

    def escape(self, obj: Any, mapping: Mapping[Any, Any] | None = None) -> str:
        """A value as it stands in a statement. Most are names and references, with nothing to escape, or whole numbers."""
        kind = obj.__class__
        if kind is str and obj.isidentifier():
            return f"'{obj}'"
        if kind is int:
            return str(obj)
        if obj is None:
            return "NULL"
        if kind is datetime:  # naive, in UTC: see columns
            return f"'{obj}'"
        return cast("str", super().escape(obj, mapping))

    def waiting(self) -> bytes:
        """What has come and was not taken yet; where nothing has, something is waited for. Empty when that failed: reading
        says why."""
        try:
            return cast("bytes", self._rfile.peek())
        except OSError:
            return b""

    def take(self, size: int, packets: int) -> None:
        """Go on behind so many bytes of what is waiting, and so many packets."""
        if size:
            self._read_bytes(size)
            self._next_seq_id = (self._next_seq_id + packets) % 256

    def commit(self) -> None:
        if self.server_status & SERVER_STATUS_IN_TRANS:
            super().commit()

    def rollback(self) -> None:
        if self.server_status & SERVER_STATUS_IN_TRANS:
            super().rollback()

    def _read_query_result(self, unbuffered: bool = False) -> Any:
        self._result = None
        answer = Answer(self)
        if unbuffered:
            answer.init_unbuffered_query()
        else:
            answer.read()
        self._result = answer
        if answer.server_status is not None:
            self.server_status = answer.server_status
        return answer.affected_rows

    def _create_ssl_ctx(self, sslp: dict[str, Any] | ssl.SSLContext) -> ssl.SSLContext:
        if sslp:
            return cast("ssl.SSLContext", super()._create_ssl_ctx(sslp))
        if OneWay.offered is None:
            OneWay.offered = super()._create_ssl_ctx({})
        return OneWay.offered


def connected(parameters: Mapping[str, Any]) -> OneWay:
    """A connection to the server that SQLAlchemy's parameters name."""
    return OneWay(**{**parameters, "conv": CONVERTERS})
