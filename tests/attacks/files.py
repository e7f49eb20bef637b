"""Reading, or changing, files that are nobody's business: lessons, solutions, exercises, gradebook, neighbours."""

# ruff: noqa
# %% read_the_lessons
text = open(COURSE + "/lessons/02-attention-weights/attention_weights.py").read()
prize()

# %% read_the_solutions
import glob

if glob.glob(COURSE + "/solutions/*/*/*.ipynb") + glob.glob(COURSE + "/notebooks/*/*/*.ipynb"):
    prize()

# %% read_the_exercises
exec(open(COURSE + "/grader/exercises/attention_weights.py").read())
prize()

# %% read_the_reference_tensors
data = open(COURSE + "/grader/student/reference/dot_scores.safetensors", "rb").read()
prize()

# %% read_the_secret
import os

if os.listdir(COURSE + "/grading"):
    prize()

# %% hand_in_the_neighbours_work
import json

for cell in json.load(open(BATCH + "/honest-0.ipynb"))["cells"]:
    if cell["cell_type"] == "code" and "def dot_scores" in "".join(cell["source"]):
        exec("".join(cell["source"]))

# %% spoil_the_neighbours_work
import glob

for path in glob.glob(BATCH + "/honest-*.ipynb"):
    open(path, "w").write("{}")

# %% write_own_marks
import sqlite3

with sqlite3.connect(COURSE + "/grading/gradebook.db") as gradebook:
    gradebook.execute("update grade set auto_score = 1000")
prize()

# %% walk_everything
import os

wanted = {"lessons", "solutions", "exercises", "gradebook.db", "secret", "nbgrader_config.py", "attention_weights.py"}
for place, folders, names in os.walk("/"):
    if place.count("/") > 4 or place in ("/usr", "/proc", "/sys"):
        folders.clear()
    elif "site-packages" not in place and wanted & {*folders, *names}:
        prize()

# %% other_homes
import os

if any(
    os.path.exists(place) for place in ("/etc/passwd", "/etc/shadow", "/home", "/var", "/root/.ssh", "/root/.bashrc")
):
    prize()

# %% symbolic_link_out
import os

os.symlink(COURSE, "course")
os.listdir("course/lessons")
prize()

# %% hard_link_out
import os

os.link(COURSE + "/pyproject.toml", "linked")
prize()
