"""Authorities and what they give out: by squall certs, and by openssl what it never makes."""

import contextlib
import socket
import ssl
import subprocess
import tempfile
import threading
from pathlib import Path

from support import squall


def _run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=60, check=False)
    if done.returncode:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Authority:
    """A folder of squall certs, with an admin."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self("init")

    def __call__(self, command, *arguments):
        return _run(squall.SQUALL, "certs", command, self.folder, *arguments)

    @property
    def admin(self):
        return self.folder / "controllers/admin.pem"

    @property
    def revoked(self):
        return self.folder / "revoked.pem"

    def agent(self, name, *arguments):
        self("agent", name, *arguments)
        return self.folder / f"agents/{name}.pem"

    def controller(self, name, role="run"):
        self("controller", name, "--role", role)
        return self.folder / f"controllers/{name}.pem"

    def dated(self, name, role, begin, end):
        """A bundle with dates of any time, "20200101000000Z", as openssl ca makes it."""
        place = Path(tempfile.mkdtemp(dir=self.folder))
        (place / "index").touch()
        (place / "serial").write_text("7001")
        (place / "conf").write_text(f"""
[ca]
default_ca = own
[own]
dir = {place}
database = {place}/index
serial = {place}/serial
new_certs_dir = {place}
certificate = {self.folder}/authority.pem
private_key = {self.folder}/authority.key
default_md = sha256
policy = any
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth,clientAuth
subjectAltName = URI:squall:role:{role}
[req]
distinguished_name = name
[name]
""")
        _run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-subj", f"/CN={name}", "-keyout", place / "key", "-out", place / "request",
             "-config", place / "conf")
        _run("openssl", "ca", "-batch", "-notext", "-config", place / "conf", "-in",
             place / "request", "-out", place / "certificate", "-startdate", begin, "-enddate", end)
        bundle = place / f"{name}.pem"
        bundle.write_text("".join((place / part).read_text() for part in ("certificate", "key"))
                          + (self.folder / "authority.pem").read_text())
        return bundle


class TlsServer:
    """Shakes hands with a certificate, and says no more."""

    def __init__(self, bundle):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(bundle)
        self._context.set_alpn_protocols(["h2"])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "%s:%d" % self._listener.getsockname()

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.close()

    def _serve(self):
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), plain, \
                    self._context.wrap_socket(plain, server_side=True) as stream:
                stream.settimeout(10)
                while stream.recv(4096):
                    pass
