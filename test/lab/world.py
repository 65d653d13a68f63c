"""Carrier, Asterisk and engine together, in one folder, on free ports."""
from __future__ import annotations

import pathlib
import socket
import threading
from types import TracebackType
from typing import Any

from .asterisk import Asterisk
from .carrier import FAR_END, Carrier
from .contract import check_events
from .daemon import Daemon

EARS = pathlib.Path(__file__).with_name("ears.py")


class World:
    """with World(folder) as world: world.daemon.dial("+12135550100")"""

    def __init__(self, folder: pathlib.Path, settings: dict[str, Any] | None = None, *, cuttable: bool = False,
                 ari_wire: type[Wire] | None = None, echo: bool = True, ears: bool = False, start_daemon: bool = True) -> None:
        self.folder = folder
        self.daemon = Daemon(folder / "carillon", settings)
        # With ears the people say tones, and keep what they hear.
        self.carrier = Carrier(folder / "carrier", echo=echo, far_end=EARS if ears else FAR_END)
        self.asterisk = Asterisk(folder / "asterisk", self.carrier.sip_port)
        self.wire: Wire | None = None
        self.ari_wire: Wire | None = None
        self._is_cuttable = cuttable
        self._ari_wire_type = ari_wire
        self._start_daemon = start_daemon

    def __enter__(self) -> World:
        try:
            self.carrier.start()
            self.daemon.use(self.asterisk)
            self.asterisk.configure(self.daemon.dialplan())
            self.asterisk.start()
            if self._is_cuttable:
                self.wire = Wire(self.asterisk.ami_port)
                self.daemon.settings["ami.port"] = self.wire.port
                self.daemon.write_config()
            if self._ari_wire_type is not None:
                self.ari_wire = self._ari_wire_type(self.asterisk.ari_port)
                self.daemon.settings["ari.port"] = self.ari_wire.port
                self.daemon.write_config()
            if self._start_daemon:
                self.daemon.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None:
            print("--- carillon\n" + self.daemon.log_tail())
            print("--- asterisk\n" + self.asterisk.log_tail())
        self.daemon.stop()
        for wire in (self.wire, self.ari_wire):
            if wire is not None:
                wire.close()
        self.asterisk.stop()
        self.carrier.stop()
        if kind is None:
            check_events(self.daemon.events())


class Wire:
    """A TCP connection's way to Asterisk that can be cut: both ends see a reset, and what was on its way is lost."""

    def __init__(self, target_port: int) -> None:
        self._target = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._is_open = True
        self.takes_new = True  # else whoever connects is turned away at once
        threading.Thread(target=self._accept, daemon=True).start()

    def block(self) -> None:
        """Cut, and nobody gets through until unblock()."""
        self.takes_new = False
        self.cut()

    def unblock(self) -> None:
        self.takes_new = True

    def cut(self) -> None:
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                # Linger of zero: a reset instead of a farewell.
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                end.close()

    def close(self) -> None:
        self._is_open = False
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while self._is_open:
            try:
                near, _ = self._listener.accept()
                if not self.takes_new:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                continue
            with self._lock:
                self._pairs.append((near, far))
            for source, sink, pump in ((near, far, self._pump_to_target), (far, near, self._pump)):
                threading.Thread(target=pump, args=(source, sink), daemon=True).start()

    def _pump_to_target(self, source: socket.socket, sink: socket.socket) -> None:
        self._pump(source, sink)

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
