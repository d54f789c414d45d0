"""The programs that make file systems and partitions: often where only root looks for programs."""

import os
import shutil
import subprocess

from console import Failure

CORRECTED = {"e2fsck": 1}  # the highest status that is success, where that is not 0


def run(*words, text=None):
  """Runs a program with `text` as its input; its answer, with what it printed."""
  words = [str(word) for word in words]
  name = words[0]
  program = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
  if program is None:
    raise Failure(f"{name} is not installed", "run scripts/setup")
  # A fixed time of making, so that the same input gives the same image.
  environment = dict(os.environ, SOURCE_DATE_EPOCH=os.environ.get("SOURCE_DATE_EPOCH", "1"))
  answer = subprocess.run([program, *words[1:]], input=text, capture_output=True, text=True, env=environment)
  if answer.returncode > CORRECTED.get(name, 0) or answer.returncode < 0:
    raise Failure(f"{name} ended with status {answer.returncode}: {answer.stderr.strip()}")
  return answer
