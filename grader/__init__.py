"""What judges. `check` is the part a student's kernel sees; the rest belongs to the instructor."""

__version__ = "0.1.0"
__all__ = ["check"]


def __getattr__(name: str):
    # Only a lesson needs torch; `grader release` starts without waiting for it.
    if name == "check":
        from grader.student.check import check

        return check
    raise AttributeError(f"module 'grader' has no attribute {name!r}")
