"""bench-report.py - runs the benchmarks in a folder and writes the report.

See bench.sh for what a benchmark prints. The report is written after every
program, so that an interrupted run leaves what it has measured.
"""
import json
import os
import subprocess
import sys

KEYS = ("id", "what", "value", "unit", "bar", "pass", "context")
SKIPPED = 77


def row(**known):
    return {**dict.fromkeys(KEYS), **known}


def parse(line, name):
    """One line of a benchmark as a row; a broken one is a failed row."""
    try:
        found = json.loads(line)
        why = found.get("skip")
        if why is not None:
            return row(id=found.get("id", name), what=found.get("what"),
                       skip=why)
        missing = [key for key in KEYS if key not in found]
        if missing:
            raise ValueError("it lacks " + ", ".join(missing))
        if found["pass"] not in (True, False, None):
            raise ValueError("pass is neither true, false nor null")
        return found
    except ValueError as error:
        return row(id=name, what=f"broken line ({error}): {line[:200]}",
                   **{"pass": False})


def run(path):
    """Runs one program; returns its rows, never none."""
    name = os.path.basename(path)
    print(f"== {name}", flush=True)
    rows = []
    said = ""
    with subprocess.Popen([path], stdout=subprocess.PIPE, text=True,
                          errors="replace") as program:
        for line in program.stdout:
            if line.startswith("{"):
                rows.append(parse(line, name))
            else:
                said = line.strip() or said
                print("  " + line, end="", flush=True)
    status = program.returncode
    if status == SKIPPED and not rows:
        return [row(id=name, skip=said or "it did not say why")]
    if status not in (0, SKIPPED) and all(r["pass"] is not False for r in rows):
        rows.append(row(id=name, what=f"ended with status {status}",
                        **{"pass": False}))
    return rows or [row(id=name, what="measured nothing", **{"pass": False})]


def verdict(found):
    if "skip" in found:
        return "skipped"
    return {True: "ok", False: "FAILED", None: "-"}[found["pass"]]


def number(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def table(rows):
    lines = [("", "id", "value", "bar", "what")]
    for found in rows:
        value, bar = "", ""
        if found["value"] is not None:
            value = f"{number(found['value'])} {found['unit'] or ''}".strip()
        if found["bar"] is not None:
            bar = number(found["bar"])
        lines.append((verdict(found), str(found["id"]), value, bar,
                      str(found.get("skip") or found["what"] or "")))
    widths = [max(len(line[i]) for line in lines) for i in range(4)]
    for line in lines:
        cells = [line[i].ljust(widths[i]) for i in range(4)]
        print("  ".join(cells + [line[4]]).rstrip())


def main():
    folder = sys.argv[1]
    report = os.path.join(folder, "report.json")
    programs = sorted(os.path.join(folder, name) for name in os.listdir(folder)
                      if name.startswith("bench_"))
    rows = []
    for path in programs:
        rows += run(path)
        with open(report + ".part", "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)
            file.write("\n")
        os.replace(report + ".part", report)
    if not programs:
        sys.exit("bench: there is no benchmark in " + folder)
    print()
    table(rows)
    counts = {v: sum(verdict(found) == v for found in rows)
              for v in ("ok", "FAILED", "skipped")}
    print(f"\n{counts['ok']} bars met, {counts['FAILED']} failed, "
          f"{counts['skipped']} skipped; {os.path.relpath(report)}")
    sys.exit(1 if counts["FAILED"] else 0)


main()
