"""The documents tell the truth: links lead somewhere, commands exist, both languages say the same, Chinese is Taiwan's."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import jupytext
import nbformat
import pytest
from nbgrader.apps import NbGraderApp

from grader.cli import main
from grader.release import MARK

ROOT = Path(__file__).resolve().parents[1]
INDEX = ROOT / "index.ipynb"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), INDEX])
PAIRS = [
    (page, page.with_name(f"{page.stem}.zh-TW.md"))
    for page in PAGES
    if page.stem in ("README", "authors", "instructors")
]
CHINESE = sorted([*ROOT.glob("*.zh-TW.md"), *ROOT.glob("docs/*.zh-TW.md")])
LESSONS = sorted(ROOT.glob("lessons/*/*.py"))

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```\n(.*?)^```", re.S | re.M)
CODE = re.compile(r"^```\n.*?^```|`[^`\n]+`", re.S | re.M)
COMMAND = re.compile(r"(?:^|(?<!from)[\s/`])(make|grader|nbgrader)((?: -C \S+)?(?: [a-z_]+)+)")
HAN = "[\u4e00-\u9fff]"


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text_of(page: Path) -> str:
    if page.suffix == ".ipynb":
        return "\n\n".join(cell.source for cell in nbformat.read(page, as_version=4).cells)
    return page.read_text("utf-8")


def headings(page: Path) -> list[str]:
    return re.findall(r"^(#+ .+)$", CODE.sub("", text_of(page)), re.M)


def anchors(page: Path) -> set[str]:
    """As GitHub makes them; in a notebook, as JupyterLab does."""
    titles = [heading.lstrip("#").strip() for heading in headings(page)]
    if page.suffix == ".ipynb":
        return {title.replace(" ", "-") for title in titles}
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def without_comments(block: str) -> list[str]:
    return [line.split("  #")[0].rstrip() for line in block.splitlines() if not line.startswith("#")]


# Links and commands ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_files(page: Path):
    broken = []
    for link in LINK.findall(CODE.sub("", text_of(page))):
        path, _, anchor = unquote(link).partition("#")
        if re.match(r"\w+:", path):
            continue
        target = page.parent / path if path else page
        if not target.exists():
            broken.append(f"{link}: no such file")
        elif anchor and anchor not in anchors(target):
            broken.append(f"{link}: no heading gives this anchor")
    assert not broken, f"{name(page)}: {'; '.join(broken)}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_exist(page: Path):
    known = {
        "make": set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.M)),
        "grader": set(main.commands),
        "nbgrader": {*NbGraderApp().subcommands},
    }
    found = [
        (tool, re.sub(r" -C \S+", "", words).split()[0])
        for code in CODE.findall(text_of(page))
        for tool, words in COMMAND.findall(code)
    ]
    unknown = [f"{tool} {word}" for tool, word in found if word not in known[tool]]
    assert not unknown, f"{name(page)} names {', '.join(unknown)}, which does not exist"


def test_readme_speaks_of_every_make_target_a_reader_needs():
    assert {"make -C attention-step-by-step lab", "make test", "make notebooks", "make env"} <= {
        line for block in FENCE.findall(text_of(ROOT / "README.md")) for line in without_comments(block)
    }


def test_conda_environment_is_called_as_the_readme_says():
    environment = (ROOT / "environment.yml").read_text("utf-8")
    activated = re.findall(r"^conda activate (\S+)$", text_of(ROOT / "README.md"), re.M)
    assert activated == re.findall(r"^name: (\S+)$", environment, re.M)


# Two languages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("english, chinese", PAIRS, ids=lambda page: page.stem)
def test_both_languages_have_the_same_sections_and_commands(english: Path, chinese: Path):
    levels = [[heading.split()[0] for heading in headings(page)] for page in (english, chinese)]
    assert levels[0] == levels[1], f"{name(chinese)} has other sections than {name(english)}"
    blocks = [[without_comments(block) for block in FENCE.findall(text_of(page))] for page in (english, chinese)]
    assert blocks[0] == blocks[1], f"{name(chinese)} has other code than {name(english)}"


@pytest.mark.parametrize("english, chinese", PAIRS, ids=lambda page: page.stem)
def test_both_languages_have_the_same_links(english: Path, chinese: Path):
    def targets(page: Path) -> list[str]:
        links = (link.partition("#")[0].replace(".zh-TW.md", ".md") for link in LINK.findall(text_of(page)))
        return sorted(link for link in links if link)

    assert targets(english) == targets(chinese)


# The start page -------------------------------------------------------------------------------------------------------


def test_start_page_is_a_clean_notebook():
    notebook = nbformat.read(INDEX, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(cell.cell_type == "markdown" for cell in notebook.cells), "the start page needs no kernel"
    assert [cell.id for cell in notebook.cells] == ["title", "picture", "english", "chinese"]


def test_start_page_leads_to_every_chapter_in_both_languages():
    links = set(LINK.findall(text_of(INDEX)))
    wanted = {
        f"{folder}/{language}/{path.parent.name}/{path.stem}.ipynb"
        for path in LESSONS
        for folder in ("notebooks", "solutions")
        for language in ("en", "zh-TW")
    }
    assert wanted <= links, f"index.ipynb does not lead to {', '.join(sorted(wanted - links))}"


@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_start_page_gives_a_chapter_the_time_it_gives_itself(path: Path):
    for language, time in (("en", r"\d+ minutes|(?:two|three) hours"), ("zh-TW", "\\d+ 分鐘|[兩三]小時")):
        title = next(cell.source for cell in jupytext.read(path).cells if cell.metadata.get("lang") == language)
        said = re.search(time, title)
        assert said, f"{name(path)}: the {language} title cell does not say how long the chapter takes"
        line = next(line for line in text_of(INDEX).splitlines() if f"notebooks/{language}/{path.parent.name}/" in line)
        assert said[0] in line, f"index.ipynb: {path.parent.name} takes {said[0]}"


# Chinese as it is written in Taiwan -----------------------------------------------------------------------------------

# mainland term -> what Taiwan says; a pattern where part of the word is fine
MAINLAND = {
    "視頻": "影片", "信息": "資訊、訊息", "默認": "預設", "缺省": "預設", "支持": "支援", "軟件": "軟體", "硬件": "硬體",
    "網絡": "網路", "數據": "資料", "代碼": "程式碼", "源碼": "原始碼", "編程": "寫程式", "運行": "執行", "文檔": "文件",
    "鏈接": "連結", "點擊": "點選", "返回值": "回傳值", "標量": "純量", "數組": "陣列", "字符": "字元", "變量": "變數",
    "優化": "最佳化", "緩存": "快取", "內存": "記憶體", "屏幕": "螢幕", "鼠標": "滑鼠", "打印": "印出", "激活": "啟用",
    "反饋": "回饋", "教程": "教學", "接口": "介面", "界面": "介面", "調用": "呼叫", "調試": "除錯", "導入": "匯入",
    "用戶": "使用者", "登錄": "登入", "服務器": "伺服器", "創建": "建立", "概率": "機率", "矢量": "向量", "掩碼": "遮罩",
    "拼接": "串接", "批量": "批次", "質量": "品質", "算法": "演算法", "詞匯": "詞彙", "循環(?!神經)": "迴圈",
}  # fmt: skip


def complaints(text: str) -> list[str]:
    """What a reader in Taiwan would stumble over in Chinese prose (code is left out)."""
    prose = CODE.sub("`", text)
    prose = re.sub(r"\]\([^)]*\)|https?://\S+", "]", prose)
    prose = re.sub(r"\(\w+(?:, ?\w+)+\)", "", prose)  # a shape, (B, 時間, H)
    found = []
    for word, better in MAINLAND.items():
        found += [f"{hit[0]} (write {better})" for hit in re.finditer(word, prose)]
    # Simplified characters are not in Big5.
    found += [f"{char} (simplified)" for char in re.findall(HAN, prose) if not _in_big5(char)]
    half_width = re.finditer(rf"{HAN}[,;:?!](?!\w)|{HAN}[,;:?!]\s*{HAN}|{HAN} ?\({HAN}|{HAN}\.(?:\s|$)", prose)
    found += [f"{hit[0].strip()} (half-width punctuation)" for hit in half_width]
    return found


def _in_big5(char: str) -> bool:
    try:
        return bool(char.encode("big5"))
    except UnicodeEncodeError:
        return False


@pytest.mark.parametrize("page", CHINESE, ids=name)
def test_chinese_pages_read_as_in_taiwan(page: Path):
    assert not complaints(text_of(page)), f"{name(page)}: {'; '.join(complaints(text_of(page)))}"


@pytest.mark.parametrize("page", CHINESE, ids=name)
def test_chinese_pages_have_a_space_beside_latin(page: Path):
    prose = re.sub(r"[*_]|\]\([^)]*\)", "", CODE.sub("`", text_of(page)))
    tight = [hit[0] for hit in re.finditer(rf".?(?:{HAN}[A-Za-z0-9`]|[A-Za-z0-9`]{HAN}).?", prose)]
    assert not tight, f"{name(page)}: no space in {'; '.join(tight)}"


@pytest.mark.parametrize("page", CHINESE, ids=name)
def test_chinese_paragraphs_are_one_line(page: Path):
    # A line break inside a paragraph is shown as a gap between two characters.
    prose = re.sub(r"^(?:\||#|- |\d\. |\[|!).*$", "", CODE.sub("", text_of(page)), flags=re.M)
    broken = re.findall(rf"(?:{HAN}|[，。：；、（）])\n *(?:{HAN}|[「（])", prose)
    assert not broken, f"{name(page)}: a paragraph goes on in the next line after {broken[0]!r}; join them"


def test_chinese_on_the_start_page_reads_as_in_taiwan():
    assert not complaints(text_of(INDEX)), "; ".join(complaints(text_of(INDEX)))


@pytest.mark.parametrize("path", LESSONS, ids=name)
def test_chinese_in_lessons_reads_as_in_taiwan(path: Path):
    found = []
    for cell in jupytext.read(path).cells:
        if cell.metadata.get("lang") == "zh-TW":
            found += complaints(cell.source)
        elif cell.cell_type == "code":
            for line in cell.source.splitlines():
                parts = MARK.split(line)
                found += [
                    hit
                    for mark, text in zip(parts[1::2], parts[2::2], strict=True)
                    if mark == "zh-TW"
                    for hit in complaints(text)
                ]
    assert not found, f"{name(path)}: {'; '.join(found)}"
