"""Reads the case files and judges what the cases said.

A file cases/SUBJECT.txt holds cases, each a transcript of a shell:

  ## APPLET [(machine)]        begins a case; (machine): it wants to be root on a machine that it may change
  $ COMMAND                    typed; the lines after it are what it says, standard error included
  > COMMAND                    goes on with the command above
  ? STATUS                     how the command ends, if not with 0
  ~ EXPRESSION                 instead of a line that varies: the regular expression that the whole line matches
  ...                          any number of lines
  # REMARK                     before the first case only

A case runs in an empty directory of its own, all its commands in one shell. The last newline of what a command says may
be missing.

Cases do not guess how long something takes. `wait_for COMMAND` is a word of the shell's: it tries until the command
succeeds, for some seconds; `listens PORT`, `runs PID NAME` and `is_gone PID` are such commands.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "cases"
# A case's shell writes this and the status after each command.
MARK = "\x1e"
PRELUDE = """\
wait_for() {
  tries=0
  until "$@" 2> /dev/null; do
    [ $((tries += 1)) -lt 100 ] || return 1
    usleep 100000
  done
}
listens() { netstat -lntu | grep -q ":$1 "; }
runs() { [ "$(cat /proc/$1/comm)" = "$2" ]; }
is_gone() { ! kill -0 $1; }
"""


@dataclass
class Step:
  command: str
  says: list = field(default_factory=list)
  status: int = 0


@dataclass
class Case:
  subject: str
  applet: str
  machine: bool
  steps: list = field(default_factory=list)

  @property
  def name(self):
    return f"{self.subject}-{self.applet}"

  def script(self):
    """What the shell runs."""
    return PRELUDE + "".join(f"{step.command}\nprintf '\\036%s\\n' $?\n" for step in self.steps)


class FormError(Exception):
  """A line that is not of the form above."""


def read_all():
  """All cases, by subject."""
  cases = [case for file in sorted(FOLDER.glob("*.txt")) for case in read(file)]
  names = [case.name for case in cases]
  twice = {name for name in names if names.count(name) > 1}
  if twice:
    raise FormError(f"more than one case of this name: {', '.join(sorted(twice))}")
  return cases


def read(file):
  cases = []
  for number, line in enumerate(file.read_text().splitlines(), 1):
    title = re.fullmatch(r"## (\S+)( \(machine\))?", line)
    steps = cases[-1].steps if cases else None
    if title:
      cases.append(Case(file.stem, title[1], bool(title[2])))
    elif steps is None and (not line or line.startswith("# ")):
      pass
    elif steps is not None and line.startswith("$ "):
      steps.append(Step(line[2:]))
    elif steps and line.startswith("> "):
      steps[-1].command += "\n" + line[2:]
    elif steps and re.fullmatch(r"\? \d+", line):
      steps[-1].status = int(line[2:])
    elif steps or not line:
      steps[-1].says.append(line)
    else:
      raise FormError(f"{file.name}:{number}: a case begins with a command: {line}")
  for case in cases:
    if not case.steps:
      raise FormError(f"{file.name}: {case.applet} does nothing")
    while case.steps[-1].says and not case.steps[-1].says[-1]:
      case.steps[-1].says.pop()  # the empty line between cases
  return cases


def fault(case, output):
  """What is wrong with what the case said; None if nothing."""
  said = re.split(MARK + r"(\d+)\n", output)
  for index, step in enumerate(case.steps):
    if 2 * index + 1 >= len(said):
      return f"$ {step.command}\nended the case, or took too long. It said:\n{said[-1]}"
    lines = said[2 * index].removesuffix("\n").split("\n") if said[2 * index] else []
    status = int(said[2 * index + 1])
    if not _matches(step.says, lines):
      return "\n".join([f"$ {step.command}", "should say", *step.says, "but said", *lines])
    if status != step.status:
      return "\n".join([f"$ {step.command}", f"should end with {step.status}, but ended with {status}", *lines])
  return None


def _matches(wanted, lines):
  pattern = "".join(r"(?:.*\n)*" if want == "..." else
                    rf"(?:{want[2:]})\n" if want.startswith("~ ") else re.escape(want) + r"\n" for want in wanted)
  return re.fullmatch(pattern, "".join(line + "\n" for line in lines)) is not None
