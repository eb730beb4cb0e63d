"""A TCP proxy that can let a network go wrong."""
import socket
import threading
import time


class Proxy:
    """Listens on `host`, on the same port as `port` of 127.0.0.1, to which it passes everything on.

    `blackhole()`: what arrives from then on goes nowhere, and nothing comes back; connections stay open. `slow(rate)`: bytes a second
    to the clients, of each connection. `cut()`: ends all connections. `heal()`: as at first, for new connections.
    """

    def __init__(self, port, host="127.0.0.2"):
        self.port, self.hole, self.rate = port, False, 0
        self._pairs, self._lock = [], threading.Lock()
        self._server = socket.create_server((host, port))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._server.close()
        self.cut()

    def blackhole(self):
        self.hole = True

    def slow(self, rate):
        self.rate = rate

    def heal(self):
        self.cut()
        self.hole, self.rate = False, 0

    def cut(self):
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for s in (s for pair in pairs for s in pair):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._server.accept()
                broker = socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                if self._server.fileno() < 0:
                    return
                continue
            with self._lock:
                self._pairs.append((client, broker))
            threading.Thread(target=self._pass, args=(client, broker, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(broker, client, True), daemon=True).start()

    def _pass(self, source, target, to_client):
        try:
            while data := source.recv(65536 if not self.rate else max(1, self.rate // 20)):
                if self.hole:
                    continue  # swallowed
                target.sendall(data)
                if self.rate and to_client:
                    time.sleep(len(data) / self.rate)
        except OSError:
            pass
        for s in (source, target):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
