"""C files are as clang-format leaves them."""

import shutil
import subprocess

import house
import tap

WANTED = "14"


@tap.test
def c_files_are_formatted():
    program = shutil.which(f"clang-format-{WANTED}") or shutil.which("clang-format")
    if not program:
        tap.skip("clang-format is not installed")
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    if f"version {WANTED}." not in version:
        tap.skip(f"other versions format otherwise than {WANTED}: {version.strip()}")
    files = [str(path) for path in house.c_files() + house.c_files(house.SOURCE, ["tests"])]
    result = subprocess.run([program, "--dry-run", "-Werror", *files], capture_output=True, text=True, check=False)
    wrong = sorted({line.split(":")[0] for line in result.stderr.splitlines() if "error:" in line})
    tap.check(result.returncode == 0, "run clang-format -i on:\n" + ("\n".join(wrong) or result.stderr))


if __name__ == "__main__":
    tap.main()
