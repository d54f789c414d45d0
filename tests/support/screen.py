"""What a person sees in QEMU's window: a picture of the screen, read back into text by the font that the kernel has.

A Screen talks to QEMU's machine protocol (QMP) on a socket: it types keys and takes pictures. Needs a machine that was
started with `Screen.arguments(socket)`.
"""

import json
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts/lib"))

import gen_font  # noqa: E402

FONT = ROOT / "build/shared/console-font/font.psf"
PATIENCE = 60
KEYS = {" ": "spc", "\n": "ret", "\t": "tab", "\b": "backspace", "\x1b": "esc", "-": "minus", "=": "equal",
        "[": "bracket_left", "]": "bracket_right", "\\": "backslash", ";": "semicolon", "'": "apostrophe",
        "`": "grave_accent", ",": "comma", ".": "dot", "/": "slash"}
SHIFTED = dict(zip('~!@#$%^&*()_+{}|:"<>?', "`1234567890-=[]\\;',./"))


@dataclass
class Picture:
  """Pixels as (red, green, blue), in rows."""
  width: int
  height: int
  pixels: bytes

  @classmethod
  def read(cls, file):
    """A binary PPM, as `screendump` writes it."""
    magic, size, depth, pixels = file.read_bytes().split(b"\n", 3)
    assert magic == b"P6" and depth == b"255", "no such picture is known here"
    width, height = map(int, size.split())
    return cls(width, height, pixels)

  def pixel(self, x, y):
    at = (y * self.width + x) * 3
    return tuple(self.pixels[at:at + 3])


@dataclass
class Cell:
  character: str
  foreground: tuple
  background: tuple


class Reader:
  """Reads pictures of a font's characters."""

  def __init__(self):
    font = gen_font.read_psf(FONT.read_bytes())
    self.height = font.height
    # Several characters may share a picture: the plainest one stands for it.
    self.characters = {}
    for code, glyph in sorted(font.table.items()):
      self.characters.setdefault(bytes(font.glyphs[glyph]), chr(code))
    blank = bytes(font.height)
    self.characters[blank] = " "

  def cells(self, picture):
    """The rows of characters, each a list of Cell; a character that the font has not is U+FFFD."""
    return [[self._cell(picture, column * 8, row * self.height) for column in range(picture.width // 8)]
            for row in range(picture.height // self.height)]

  def text(self, picture):
    """The rows as text, without the blanks at their ends."""
    return ["".join(cell.character for cell in row).rstrip() for row in self.cells(picture)]

  def _cell(self, picture, x, y):
    rows = []
    for line in range(self.height):
      at = ((y + line) * picture.width + x) * 3
      rows.append(picture.pixels[at:at + 24])
    colors = {row[i:i + 3] for row in rows for i in range(0, 24, 3)}
    if len(colors) == 1:
      color = tuple(colors.pop())
      return Cell(" ", color, color)
    if len(colors) != 2:
      return Cell("\ufffd", (0, 0, 0), (0, 0, 0))
    for background, foreground in (sorted(colors), sorted(colors, reverse=True)):
      glyph = bytes(sum(0x80 >> i for i in range(8) if row[i * 3:i * 3 + 3] == foreground) for row in rows)
      if glyph in self.characters:
        return Cell(self.characters[glyph], tuple(foreground), tuple(background))
    return Cell("\ufffd", (0, 0, 0), (0, 0, 0))


class Screen:
  """The screen and the keyboard of a running machine."""

  def __init__(self, path, folder):
    self._picture = folder / "screen.ppm"
    self._reader = Reader()
    self._socket = _connect(path)
    self._replies = self._socket.makefile("r", encoding="utf-8")
    self._replies.readline()  # the greeting
    self.command("qmp_capabilities")

  @staticmethod
  def arguments(path):
    """For QEMU: a display adapter, and the socket."""
    return ["-vga", "std", "-qmp", f"unix:{path},server=on,wait=off"]

  def close(self):
    self._replies.close()
    self._socket.close()

  def command(self, name, **arguments):
    self._socket.sendall(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
    while True:
      reply = json.loads(self._replies.readline())
      if "error" in reply:
        raise RuntimeError(f"{name}: {reply['error']['desc']}")
      if "return" in reply:
        return reply["return"]

  # --- the keyboard ---

  def press(self, *keys):
    """Keys by QEMU's names, held together."""
    self.command("send-key", keys=[{"type": "qcode", "data": key} for key in keys], **{"hold-time": 20})
    time.sleep(0.05)

  def type(self, text):
    for character in text:
      if character in SHIFTED:
        self.press("shift", KEYS.get(SHIFTED[character], SHIFTED[character]))
      elif character.isupper():
        self.press("shift", character.lower())
      else:
        self.press(KEYS.get(character, character))

  # --- the screen ---

  def picture(self):
    self.command("screendump", filename=str(self._picture))
    return Picture.read(self._picture)

  def cells(self):
    return self._reader.cells(self.picture())

  def text(self):
    return self._reader.text(self.picture())

  def wait_for(self, wanted, what, patience=PATIENCE):
    """Takes pictures until `wanted(rows of text)` is true; the rows."""
    end = time.monotonic() + patience
    while True:
      rows = self.text()
      if wanted(rows):
        return rows
      assert time.monotonic() < end, f"the screen never showed {what}, but:\n" + "\n".join(rows)
      time.sleep(0.1)

  def wait_for_line(self, text, patience=PATIENCE):
    """Until some row has this text; the rows."""
    return self.wait_for(lambda rows: any(text in row for row in rows), repr(text), patience)

  def wait_for_row(self, text, patience=PATIENCE):
    """Until some row is this and no more, as a prompt is."""
    return self.wait_for(lambda rows: text.rstrip() in rows, repr(text), patience)

  def wait_for_end_of_text(self, text, patience=PATIENCE):
    """Until the last row that is not empty is this, as a prompt is."""
    return self.wait_for(lambda rows: [row for row in rows if row][-1:] == [text.rstrip()], repr(text), patience)


def _connect(path):
  end = time.monotonic() + PATIENCE
  while True:
    try:
      connection = socket.socket(socket.AF_UNIX)
      connection.connect(str(path))
      return connection
    except OSError:
      connection.close()
      if time.monotonic() > end:
        raise
      time.sleep(0.05)
