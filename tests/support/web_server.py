"""A web server on this machine for guests to load from: every address of it is the same content."""

import http.server
import threading

import pytest

CONTENT = bytes(i * 7 % 251 for i in range(3_000_000))


class _Answer(http.server.BaseHTTPRequestHandler):
  def do_GET(self):  # noqa: N802
    self.send_response(200)
    self.send_header("Content-Length", str(len(CONTENT)))
    self.end_headers()
    self.wfile.write(CONTENT)

  def log_message(self, *_):
    pass


@pytest.fixture(name="web_port")
def fixture_web_port():
  """The port of a server that runs as long as the test. Import the function to have the fixture."""
  server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
  threading.Thread(target=server.serve_forever, daemon=True).start()
  yield server.server_address[1]
  server.shutdown()
  server.server_close()
