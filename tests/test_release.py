"""The release step: its rules, and that what is committed is what the lessons make."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from grader.release import (
    LANGUAGES,
    LessonError,
    code_of,
    generate,
    in_language,
    leftovers,
    read_lesson,
    read_lessons,
    release,
)

ROOT = Path(__file__).parent.parent

GOOD = '''\
# %% [markdown] lang="en"
# # A title
#
# ![a picture](image/a.png)
# %% [markdown] lang="zh-TW"
# # 標題
#
# ![一張圖](image/a.png)
# %%
from grader import check
# %% exercise="double"
def double(x):
    """
    [en] Twice as much.
    [zh-TW] 兩倍。
    """
    # [en] think
    # [zh-TW] 想一想
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
# %% check="double" points=2
check("double", double)
# %% lab=true
x = double(3)  # [en] six [zh-TW] 六
# %% [markdown] question="why" points=1 lang="en"
# <!-- ### BEGIN SOLUTION -->
# because
# <!-- ### END SOLUTION -->
# %% [markdown] question="why" points=1 lang="zh-TW"
# <!-- ### BEGIN SOLUTION -->
# 因為
# <!-- ### END SOLUTION -->
'''


@pytest.fixture
def course(tmp_path):
    """A course of one small lesson; `course(text)` writes the lesson."""

    def write(text: str = GOOD, path: str = "lessons/00-small/small.py") -> Path:
        (tmp_path / "image").mkdir(exist_ok=True)
        (tmp_path / "image" / "a.png").write_bytes(b"a picture")
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return tmp_path

    return write


def notebook(root: Path, kind: str, language: str):
    return nbformat.read(root / kind / language / "00-small" / "small.ipynb", as_version=4)


def test_student_copy_has_the_question_but_no_answer(course):
    root = course()
    release(root)
    for language, starter, text in (
        ("en", "# YOUR CODE HERE", "YOUR ANSWER HERE"),
        ("zh-TW", "# 請在此作答", "請在此作答"),
    ):
        student = notebook(root, "notebooks", language)
        cells = {cell.id: cell for cell in student.cells}
        assert f"    {starter}\n    raise NotImplementedError()" in cells["double"].source
        assert cells["why"].source == text
        everything = "".join(cell.source for cell in student.cells)
        assert "return 2 * x" not in everything and "because" not in everything and "因為" not in everything
        solved = "".join(cell.source for cell in notebook(root, "solutions", language).cells)
        assert "return 2 * x" in solved


def test_each_edition_speaks_its_language(course):
    root = course()
    release(root)
    english = {cell.id: cell.source for cell in notebook(root, "solutions", "en").cells}
    chinese = {cell.id: cell.source for cell in notebook(root, "solutions", "zh-TW").cells}
    assert english.keys() == chinese.keys()
    assert '    """\n    Twice as much.\n    """\n    # think\n' in english["double"]
    assert '    """\n    兩倍。\n    """\n    # 想一想\n' in chinese["double"]
    assert 'os.environ["COURSE_LANGUAGE"] = "en"' in english["setup"]
    assert 'os.environ["COURSE_LANGUAGE"] = "zh-TW"' in chinese["setup"]


def test_metadata_for_nbgrader_and_the_course(course):
    root = course()
    release(root)
    student = notebook(root, "notebooks", "zh-TW")
    cells = {cell.id: cell for cell in student.cells}
    check = cells["check_double"].metadata
    assert check.nbgrader.grade and check.nbgrader.locked and check.nbgrader.points == 2
    assert check.deletable is False and check.editable is False
    assert cells["double"].metadata.nbgrader.solution and not cells["double"].metadata.nbgrader.grade
    question = cells["why"].metadata.nbgrader
    assert question.grade and question.solution and not question.locked
    assert student.metadata.course.edition == "zh-TW" and student.metadata.course.assignment == "00-small"
    assert [cell.id for cell in student.cells if "lab" in cell.metadata.get("tags", [])] == [student.cells[5].id]


def test_release_is_stable_and_removes_what_no_lesson_makes(course):
    root = course()
    first = release(root)
    assert first["written"] == 8 and first["removed"] == 0  # a notebook and a picture, twice, in two languages
    before = {path: path.read_bytes() for path in root.glob("*/*/*/*.ipynb")}
    assert release(root) == {"unchanged": 8, "written": 0, "removed": 0}
    course(GOOD.replace("# # A title", "# # Another title").replace("![a picture](image/a.png)", ""))
    course(GOOD.replace("image/a.png", ""), "lessons/00-small/other.py")
    (root / "lessons/00-small/small.py").unlink()
    course(
        GOOD.replace("double", "treble").replace("![a picture](image/a.png)", "").replace("![一張圖](image/a.png)", ""),
        "lessons/00-small/other.py",
    )
    counts = release(root)
    assert counts["removed"] == 8
    assert not any(path.exists() for path in before)


def test_a_changed_sentence_changes_only_its_own_cell_id(course):
    root = course()
    release(root)
    before = [cell.id for cell in notebook(root, "notebooks", "en").cells]
    course(GOOD.replace("# # A title", "# # Another title"))
    release(root)
    after = [cell.id for cell in notebook(root, "notebooks", "en").cells]
    assert after[0] != before[0] and after[1:] == before[1:]


BROKEN = {
    "exercise without check": (('check="double" points=2', "lab=true"), "has no check"),
    "check without exercise": (('exercise="double"', "lab=true"), "no exercise cell before it"),
    "prose in English only": (('# %% [markdown] lang="zh-TW"\n# # 標題\n#\n# ![一張圖](image/a.png)\n', ""), "lang=\"zh-TW\" cell directly after"),
    "prose in Chinese only": (('# %% [markdown] lang="en"\n# # A title\n#\n# ![a picture](image/a.png)\n', ""), "lang=\"en\" cell directly before"),
    "prose without language": (('# %% [markdown] lang="en"\n# # A', "# %% [markdown]\n# # A"), "has no language"),
    "unknown language": (('lang="zh-TW"\n# # 標題', 'lang="zh-CN"\n# # 標題'), "unknown language 'zh-CN'"),
    "unknown attribute": (('exercise="double"', 'excercise="double"'), "unknown cell attribute excercise"),
    "no points": (('check="double" points=2', 'check="double"'), "needs points"),
    "points below zero": (("points=2", "points=-2"), "needs points"),
    "points that differ": (('points=1 lang="zh-TW"', 'points=2 lang="zh-TW"'), "differ from the English"),
    "check that does more": (('check("double", double)', 'check("double", double); print()'), "holds just"),
    "solution outside an exercise": (("x = double(3)", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION\nx = double(3)"), "outside an exercise"),
    "no solution": (("    ### BEGIN SOLUTION\n", ""), "make them match"),
    "exercise that defines something else": (("def double(x)", "def triple(x)"), "defines no function or class double"),
    "syntax error": (("return 2 * x", "return 2 *"), "correct the code"),
    "code that differs": (("x = double(3)", 'x = double(3)\ny = """\n[en] a\n[zh-TW] b\n"""'), "editions' code differs"),
    "missing picture": (("image/a.png", "image/b.png"), "image/b.png does not exist"),
    "code with a language": (("# %% lab=true", '# %% lang="en"'), "shared by both"),
    "text before the first cell": (("# %% [markdown] lang=\"en\"\n# # A", "x = 1\n# %% [markdown] lang=\"en\"\n# # A"), "must begin with"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_lesson_that_breaks_the_rules_is_refused(course, case):
    (old, new), words = BROKEN[case]
    assert old in GOOD
    root = course(GOOD.replace(old, new, 1) if "picture" not in case else GOOD.replace(old, new))
    with pytest.raises(LessonError) as refused:
        release(root)
    assert words in str(refused.value)
    assert re.search(r"small\.py:\d+: ", str(refused.value)), "it names the file and the line"
    assert not (root / "notebooks").exists(), "nothing was written"


def test_comments_marked_for_one_language_only_are_refused(course):
    with pytest.raises(LessonError, match=r"add the \[zh-TW\] lines"):
        release(course(GOOD.replace("# [en] six [zh-TW] 六", "# [en] six")))


def test_a_repeated_name_is_refused(course):
    again = GOOD.split("# %% exercise")[1].split("# %% lab")[0]
    with pytest.raises(LessonError, match="the name double stands already at line"):
        release(course(GOOD + "# %% exercise" + again))
    root = course()
    course(GOOD, "lessons/01-other/other.py")
    with pytest.raises(LessonError, match="exercise 'double' is already in"):
        release(root)


def test_no_lesson_and_a_bad_encoding_are_refused(course, tmp_path):
    with pytest.raises(LessonError, match="no lesson found"):
        release(tmp_path)
    root = course()
    (root / "lessons/00-small/small.py").write_bytes(GOOD.encode("utf-16"))
    with pytest.raises(LessonError, match="save it as UTF-8"):
        release(root)


def test_marks():
    text = "a = 1  # [en] one [zh-TW] 一\n# [en] only\n# [zh-TW] 只有\nb = 2"
    assert in_language(text, "en") == "a = 1  # one\n# only\nb = 2"
    assert in_language(text, "zh-TW") == "a = 1  # 一\n# 只有\nb = 2"


# The course itself --------------------------------------------------------------------------------------------------


def test_committed_notebooks_are_what_the_lessons_make():
    files = generate(ROOT)
    stale = [
        str(path)
        for path, content in files.items()
        if not (ROOT / path).is_file() or (ROOT / path).read_bytes() != content
    ]
    assert not stale, "run `grader release`"
    assert not leftovers(ROOT, set(files)), "run `grader release`"


def test_no_notebook_carries_outputs():
    for path in [ROOT / "index.ipynb", *ROOT.glob("notebooks/*/*/*.ipynb"), *ROOT.glob("solutions/*/*/*.ipynb")]:
        for cell in nbformat.read(path, as_version=4).cells:
            assert not cell.get("outputs") and not cell.get("execution_count"), path


def test_students_copies_hold_no_solution_markers_or_answers():
    for lesson in read_lessons(ROOT):
        for cell in lesson.cells:
            for answer in re.findall(r"BEGIN SOLUTION.*\n((?:.*\n)*?).*END SOLUTION", cell.source):
                longest = max((line.strip() for line in answer.splitlines()), key=len)
                for language in LANGUAGES:
                    text = (ROOT / "notebooks" / language / lesson.assignment / f"{lesson.notebook}.ipynb").read_text()
                    student = nbformat.reads(text, as_version=4)
                    exercise = next((c for c in student.cells if c.id == cell.name), None)
                    assert exercise is not None and longest not in exercise.source
                    assert "SOLUTION" not in text


@pytest.mark.parametrize("folder", ["notebooks", "solutions"])
def test_the_editions_agree(folder):
    paths = sorted((ROOT / folder / "en").glob("*/*.ipynb"))
    assert paths
    assert [p.relative_to(ROOT / folder / "en") for p in paths] == [
        p.relative_to(ROOT / folder / "zh-TW") for p in sorted((ROOT / folder / "zh-TW").glob("*/*.ipynb"))
    ]
    for path in paths:
        english = nbformat.read(path, as_version=4)
        chinese = nbformat.read(ROOT / folder / "zh-TW" / path.relative_to(ROOT / folder / "en"), as_version=4)
        assert len(english.cells) == len(chinese.cells)
        for one, other in zip(english.cells, chinese.cells, strict=True):
            assert (one.cell_type, one.id) == (other.cell_type, other.id)
            ours, theirs = (dict(cell.metadata.get("nbgrader", {})) for cell in (one, other))
            if not ours.get("locked"):
                ours.pop("checksum", None), theirs.pop("checksum", None)
            assert ours == theirs
            if ours.get("locked"):
                assert one.source == other.source, "a locked cell is overwritten from one master"
            if one.cell_type == "code" and one.id != "setup":
                assert code_of(ast.parse(one.source)) == code_of(ast.parse(other.source))
            if one.cell_type == "markdown":
                assert one.source != other.source or one.source.startswith("$"), "the same prose in two languages?"


def test_lessons_say_the_same_number_of_things():
    """Headings, pictures, folds and code blocks of a prose pair match, so neither edition lacks one."""
    for lesson in read_lessons(ROOT):
        prose = [cell for cell in lesson.cells if cell.kind == "markdown"]
        for english, chinese in zip(prose[::2], prose[1::2], strict=True):
            for pattern in (r"^#+ ", r"!\[", r"<details", r"</details>", r"^```", r"^\|"):
                counts = [len(re.findall(pattern, cell.source, re.MULTILINE)) for cell in (english, chinese)]
                assert counts[0] == counts[1], f"{lesson.path}:{english.line}: {pattern} {counts}"


def test_every_picture_has_an_alt_text():
    for lesson in read_lessons(ROOT):
        for cell in lesson.cells:
            if cell.kind == "markdown":
                assert not re.search(r"!\[\s*\]\(", cell.source), f"{lesson.path}:{cell.line}"


def test_a_lesson_is_read_in_its_order():
    lesson = read_lesson(next((ROOT / "lessons").glob("02-*/*.py")))
    lines = [cell.line for cell in lesson.cells]
    assert lines == sorted(lines) and lesson.assignment == "02-attention-weights"
