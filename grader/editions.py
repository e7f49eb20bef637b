"""What the two editions, and all their notebooks, have in common."""

LANGUAGES = ("en", "zh-TW")
STARTER_CODE = {"en": "# YOUR CODE HERE", "zh-TW": "# 請在此作答"}
STARTER_TEXT = {"en": "YOUR ANSWER HERE", "zh-TW": "請在此作答"}
KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
