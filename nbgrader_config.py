"""Tells nbgrader where things are. COURSE_LANGUAGE=zh-TW chooses the Chinese edition (for `generate_assignment`)."""

import contextlib
import os
import sys
from pathlib import Path

from grader.editions import LANGUAGES, STARTER_CODE, STARTER_TEXT

c = get_config()  # noqa: F821

edition = os.environ.get("COURSE_LANGUAGE", "en")
if edition not in LANGUAGES:
    raise ValueError(f"COURSE_LANGUAGE={edition!r} is not an edition; set it to one of {', '.join(LANGUAGES)}")

root = Path(__file__).resolve().parent
with contextlib.suppress(OSError):  # a read-only course can still be looked at
    (root / "grading").mkdir(exist_ok=True)

# nbgrader makes its gradebook by calling `alembic`, which is beside Python even where no environment is activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

c.CourseDirectory.root = str(root)
c.CourseDirectory.db_url = f"sqlite:///{root / 'grading' / 'gradebook.db'}"
c.CourseDirectory.source_directory = f"solutions/{edition}"
# Not notebooks/: that is there already in a fresh clone, and nbgrader skips an assignment whose release exists.
c.CourseDirectory.release_directory = f"grading/release/{edition}"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.feedback_directory = "grading/feedback"

c.ClearSolutions.code_stub = {"python": f"{STARTER_CODE[edition]}\nraise NotImplementedError()"}
c.ClearSolutions.text_stub = STARTER_TEXT[edition]

# Cells that only train or plot are not run when grading.
c.Execute.skip_cells_with_tag = "lab"

# Who judges: not the notebook itself, but the judge of `grader/`, in its sandbox.
c.Autograde.exporter_class = "grader.plugin.SubmissionExporter"
c.Autograde.pre_convert_hook = "grader.plugin.set_aside"
c.Autograde.autograde_preprocessors = [
    "grader.plugin.JudgeCells",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
