"""Generates the system-call tables from their one description, kernel/syscall/calls.txt.

The description has one line for each call:

    name  x86_64-number  generic-number  parameter:type ...

A number is `-` where the architecture lacks the call. Types are those of TYPES below, and flags(MASK), an unsigned 32-bit
word of which bits outside the C++ expression MASK are refused with EINVAL before the call runs. `#` begins a comment; a
line `[family: text]` begins a family, which is a heading in the documentation.

From it come the declarations of the handlers (so that a handler whose parameters differ does not link), one
architecture's numbers and its dispatch table, the names for tracing, and the page docs/syscalls.md.
"""

import argparse
import re
import sys
from dataclasses import dataclass, field

TYPES = {
    "int": "int",
    "i32": "i32",
    "u32": "u32",
    "i64": "i64",
    "u64": "u64",
    "usize": "usize",
    "addr": "VirtAddr",
    "str": "mm::UserString",
}
TEMPLATES = {"in": "mm::UserIn", "out": "mm::UserOut", "inout": "mm::UserInOut"}
ARCHES = {"x86_64": 0, "aarch64": 1, "riscv64": 1}
MAX_PARAMETERS = 6


@dataclass
class Parameter:
    name: str
    kind: str
    cpp: str
    mask: str | None = None


@dataclass
class Call:
    name: str
    numbers: tuple[int | None, int | None]
    family: str
    parameters: list[Parameter] = field(default_factory=list)


class DescriptionError(Exception):
    """A line that does not follow the description's grammar."""


def parse_parameter(text: str) -> Parameter:
    """`name:type` as one parameter."""
    name, separator, kind = text.partition(":")
    if not separator or not re.fullmatch(r"[a-z_0-9]+", name):
        raise DescriptionError(f"'{text}' is not name:type")
    flags = re.fullmatch(r"flags\((.*)\)", kind)
    if flags:
        return Parameter(name, kind, "u32", flags.group(1))
    template = re.fullmatch(r"(in|out|inout)<(.+)>", kind)
    if template:
        return Parameter(name, kind, f"{TEMPLATES[template.group(1)]}<{template.group(2)}>")
    if kind not in TYPES:
        raise DescriptionError(f"unknown type '{kind}'")
    return Parameter(name, kind, TYPES[kind])


def parse_number(text: str) -> int | None:
    return None if text == "-" else int(text)


def parse(path: str) -> list[Call]:
    """All calls of a description, checked for doubles."""
    calls: list[Call] = []
    family = ""
    seen: set[tuple[int, int]] = set()
    with open(path, encoding="utf-8") as source:
        for line_number, raw in enumerate(source, 1):
            line = raw.split("#", 1)[0].strip()
            heading = re.fullmatch(r"\[family: (.+)\]", line)
            if heading:
                family = heading.group(1)
            if heading or not line:
                continue
            try:
                name, x86, generic, *rest = line.split()
                call = Call(name, (parse_number(x86), parse_number(generic)), family,
                            [parse_parameter(text) for text in rest])
            except (ValueError, DescriptionError) as error:
                raise SystemExit(f"{path}:{line_number}: {error}") from error
            for table, number in enumerate(call.numbers):
                if number is not None and (table, number) in seen:
                    raise SystemExit(f"{path}:{line_number}: number {number} is taken")
                seen.add((table, -1 if number is None else number))
            if len(call.parameters) > MAX_PARAMETERS:
                raise SystemExit(f"{path}:{line_number}: more than {MAX_PARAMETERS} parameters")
            calls.append(call)
    return calls


def numbers(calls: list[Call], arch: str) -> str:
    column = ARCHES[arch]
    lines = ["// Made from kernel/syscall/calls.txt; do not edit.", "#pragma once", "", '#include "kernel/lib/types.hpp"', "",
             "enum class SystemCall : u64 {"]
    lines += [f"  {call.name} = {call.numbers[column]}," for call in calls if call.numbers[column] is not None]
    return "\n".join(lines + ["};", ""])


def declarations(calls: list[Call]) -> str:
    lines = ["// Made from kernel/syscall/calls.txt; do not edit.", "#pragma once", "",
             '#include "kernel/syscall/abi.hpp"', "", "namespace syscall {", ""]
    for call in calls:
        parameters = ", ".join(f"{p.cpp} {p.name}" for p in call.parameters)
        lines.append(f"Result<i64> sys_{call.name}({parameters});")
    return "\n".join(lines + ["", "}  // namespace syscall", ""])


def stub(call: Call) -> list[str]:
    """Decoding of one call: arguments out of the trap frame, flags checked."""
    frame = "frame" if call.parameters else ""
    lines = [f"Result<i64> call_{call.name}(const hal::TrapFrame& {frame}) {{"]
    for index, parameter in enumerate(call.parameters):
        lines.append(f"  const auto a{index} = static_cast<{parameter.cpp}>(frame.syscall_argument({index}));")
        if parameter.mask is not None:
            lines.append(f"  if ((a{index} & ~static_cast<u32>({parameter.mask})) != 0) return Err(Errno::EINVAL);")
    arguments = ", ".join(f"a{index}" for index in range(len(call.parameters)))
    return lines + [f"  return sys_{call.name}({arguments});", "}"]


def table(calls: list[Call], arch: str) -> str:
    column = ARCHES[arch]
    present = sorted((c for c in calls if c.numbers[column] is not None), key=lambda c: c.numbers[column])
    size = present[-1].numbers[column] + 1
    lines = ["// Made from kernel/syscall/calls.txt; do not edit.", '#include "kernel/syscall/table.hpp"', "",
             '#include "gen/syscall_decl.hpp"', "", "namespace syscall {", "namespace {", ""]
    for call in present:
        lines += stub(call)
    lines += ["", "}  // namespace", "", f"constinit const Entry kTable[{size}] = {{"]
    by_number = {call.numbers[column]: call for call in present}
    for number in range(size):
        call = by_number.get(number)
        entry = f'call_{call.name}, "{call.name}", {len(call.parameters)}' if call else "nullptr, nullptr, 0"
        lines.append(f"    {{{entry}}},  // {number}")
    lines += ["};", f"constinit const usize kTableSize = {size};", "", "}  // namespace syscall", ""]
    return "\n".join(lines)


def documentation(calls: list[Call]) -> str:
    lines = ["# System calls", "", "Made from `kernel/syscall/calls.txt` by `scripts/lib/gen_syscalls.py`; do not edit.",
             "", f"{len(calls)} calls: {sum(c.numbers[0] is not None for c in calls)} on x86-64, "
             f"{sum(c.numbers[1] is not None for c in calls)} on AArch64 and RISC-V. Every other number answers ENOSYS.", ""]
    family = None
    for call in calls:
        if call.family != family:
            family = call.family
            lines += [f"## {family}", "", "| call | x86-64 | others | parameters |", "|---|---:|---:|---|"]
        numbers = ["–" if n is None else str(n) for n in call.numbers]
        parameters = ", ".join(f"{p.name}: `{p.kind}`" for p in call.parameters)
        lines.append(f"| {call.name} | {numbers[0]} | {numbers[1]} | {parameters} |")
        following = calls.index(call) + 1
        if following == len(calls) or calls[following].family != family:
            lines.append("")
    return "\n".join(lines)


def write(path: str | None, text: str) -> None:
    if path:
        with open(path, "w", encoding="utf-8") as target:
            target.write(text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", required=True)
    parser.add_argument("--arch", choices=sorted(ARCHES))
    parser.add_argument("--out-table")
    parser.add_argument("--out-decl")
    parser.add_argument("--out-numbers")
    parser.add_argument("--out-docs")
    arguments = parser.parse_args()
    calls = parse(arguments.calls)
    if arguments.out_table:
        write(arguments.out_table, table(calls, arguments.arch))
    if arguments.out_numbers:
        write(arguments.out_numbers, numbers(calls, arguments.arch))
    write(arguments.out_decl, declarations(calls))
    if arguments.out_docs:
        write(arguments.out_docs, documentation(calls))
    return 0


if __name__ == "__main__":
    sys.exit(main())
