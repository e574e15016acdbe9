"""No file over 500 lines, no function over 70: what is larger has more than one reason to change."""

import pathlib
import re
import shutil
import subprocess
import tempfile

import house
import tap

FILE_LINES = 500
FUNCTION_LINES = 70


def long_files(files):
    sizes = [(path, path.read_text(encoding="utf-8").count("\n")) for path in files]
    return [f"{path}: {lines} lines" for path, lines in sizes if lines > FILE_LINES]


def long_functions(program, files):
    command = [program, "--languages=C", "--langmap=C:.c.h", "--c-kinds=f", "--fields=+ne", "-f", "-", *map(str, files)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = []
    for row in output.splitlines():
        line, end = re.search(r"\tline:(\d+)", row), re.search(r"\tend:(\d+)", row)
        if line and end and int(end[1]) - int(line[1]) + 1 > FUNCTION_LINES:
            name, path = row.split("\t")[:2]
            found.append(f"{path}:{line[1]}: {name}: {int(end[1]) - int(line[1]) + 1} lines")
    return found


def ctags():
    program = shutil.which("ctags-universal") or shutil.which("ctags")
    if not program:
        tap.skip("ctags is not installed")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    if "Universal" not in version:
        tap.skip("this ctags does not know where a function ends")
    return program


@tap.test
def files_are_at_most_500_lines():
    found = long_files(house.c_files())
    tap.check(not found, "\n".join(found))


@tap.test
def functions_are_at_most_70_lines():
    found = long_functions(ctags(), house.c_files())
    tap.check(not found, "\n".join(found))


@tap.test
def a_planted_long_file_is_caught():
    with tempfile.TemporaryDirectory() as temporary:
        path = pathlib.Path(temporary, "planted.c")
        path.write_text("\n" * FILE_LINES)
        tap.check(not long_files([path]), "500 lines are allowed")
        path.write_text("\n" * (FILE_LINES + 1))
        tap.check(long_files([path]), "501 lines were not caught")


@tap.test
def a_planted_long_function_is_caught():
    program = ctags()
    with tempfile.TemporaryDirectory() as temporary:
        path = pathlib.Path(temporary, "planted.c")
        path.write_text("int f(void) {\n" + "\n" * (FUNCTION_LINES - 2) + "}\n")
        tap.check(not long_functions(program, [path]), "70 lines are allowed")
        path.write_text("int f(void) {\n" + "\n" * (FUNCTION_LINES - 1) + "}\n")
        tap.check(long_functions(program, [path]), "71 lines were not caught")


if __name__ == "__main__":
    tap.main()
