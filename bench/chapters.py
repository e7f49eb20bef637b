"""Run time and peak memory of the solved chapters, trained in full, on one thread."""

from __future__ import annotations

from bench.notebook import chapters, run
from bench.report import progress, report, verdict

MAX_SECONDS = 180
MAX_BYTES = 1_000_000_000
EDITION = "en"


def measure() -> None:
    rows, values = [], {}
    for path in chapters(EDITION):
        with progress(f"running {path.parent.name}"):
            done = run(path, quick=False)
        values[path.stem] = {"seconds": done.seconds, "peak_bytes": done.peak_bytes}
        rows.append(
            {
                "chapter": path.parent.name,
                "run time": f"{done.seconds:.0f} s",
                "of 180 s": f"{done.seconds / MAX_SECONDS:.0%}",
                "peak memory": f"{done.peak_bytes / 1e6:.0f} MB",
                "of 1 GB": f"{done.peak_bytes / MAX_BYTES:.0%}",
                "target": verdict(done.seconds < MAX_SECONDS and done.peak_bytes < MAX_BYTES),
            }
        )
    report("chapters", "The solved chapters, top to bottom, kernel start included", rows, values)
