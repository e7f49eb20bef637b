# %% [markdown] lang="en"
# # 00 · Warm-up: four moves
#
# Attention sounds grand. Look inside, and you find four small moves: put two vectors **side by side**, turn scores into **shares**,
# **line up** the axes, and **mix** by those shares. In this chapter you meet all four with numbers small enough for your head, and on the way
# you see how these notebooks work, and what a failed check looks like.
#
# ![Four moves: cat puts two pairs side by side, softmax turns 1, 2, 3 into 0.09, 0.24, 0.67, unsqueeze turns (3,) into (1,3) or (3,1), and a
# weighted sum with 0.5, 0.5, 0 gives 3, 1.](image/warmup_moves.png)
#
# About 10 minutes, some more if tensors are new to you · 2 points and one written question (2 points)
# %% [markdown] lang="zh-TW"
# # 00 · 暖身：四個動作
#
# 「注意力」聽起來很了不起，拆開來看，不過是四個小動作：把兩個向量**並排**、把分數變成**比例**、把維度**對齊**，再按照比例**混合**起來。這一章用小到可以心算的數字，把四個動作都做一遍；順便看看這些筆記本怎麼用，檢查沒過的時候又長什麼樣子。
#
# ![四個動作：cat 把兩段並排串接，softmax 把 1、2、3 變成 0.09、0.24、0.67，unsqueeze 把 (3,) 變成 (1,3) 或 (3,1)，加權和以 0.5、0.5、0 混合出 3、1。](image/warmup_moves.png)
#
# 大約 10 分鐘，第一次接觸張量的話會再久一點 · 程式得分 2，另有一題問答得分 2
# %%
import matplotlib.pyplot as plt
import torch
from torch import Tensor

from classroom import COLOURS
from grader import check

torch.manual_seed(0)
torch.set_printoptions(precision=3, sci_mode=False)
# %% [markdown] lang="en"
# ## 1 · How a notebook remembers
#
# Click on a cell and press **Shift+Enter**: it runs, and the next one is selected. Go from the top, and leave none out. Beside a cell `[*]` means
# "still running"; a number, `[3]`, means it was the third thing that ran.
#
# Everything you run goes to one **kernel**: one Python, which keeps running and remembers all of it.
#
# **Predict first.** Run the two cells below, and then the second one twice more. What will it print? Does the text of the notebook say so?
# %% [markdown] lang="zh-TW"
# ## 1 · 筆記本會記得
#
# 點一下儲存格，按 **Shift+Enter**：它就會執行，然後跳到下一格。請從頭開始，一格都不要漏。儲存格旁邊的 `[*]` 表示「還在跑」；有數字，像是 `[3]`，表示它是第三個執行的。
#
# 你執行的一切，都交給同一個**核心**（kernel）：一個一直開著的 Python，做過什麼它全都記得。
#
# **先猜再跑。** 執行下面兩格，再把第二格多跑兩次。它會印出什麼？光看筆記本上的文字，看得出來嗎？
# %%
count = 0
# %%
count = count + 1
print(count)
# %% [markdown] lang="en"
# It prints 3, although "0 + 1" stands there. The same happens to a function that you have changed but not run again: the kernel still has the old one.
#
# So when a result looks impossible, make the kernel forget: **Kernel > Restart Kernel and Run All Cells…** in the menu. It runs the notebook as a
# stranger would, once, from the top, and stops at the first exercise you have not done yet. Your text is safe. Do this before you hand in, too.
#
# Try it now. It stops at your first exercise, further down, and that is meant so. Then come back up here: `count` is 1.
# %% [markdown] lang="zh-TW"
# 明明寫的是 0 + 1，卻印出 3。函式也一樣：改了卻沒有重新執行，核心裡還是舊的那個。
#
# 所以，結果怎麼看都不合理的時候，就讓核心忘掉一切：在選單選 **Kernel > Restart Kernel and Run All Cells…**（重新啟動核心並執行所有儲存格）。它會像第一次打開的人那樣，從頭跑一遍，停在第一個你還沒做的練習。你寫的內容不會不見。繳交之前也請做一次。
#
# 現在就試試看。它會停在下面的第一個練習，這是正常的。再捲回來看：`count` 是 1。
# %% [markdown] lang="en"
# ## 2 · Side by side: `cat`
#
# The first move glues tensors together. You say along which axis.
#
# **Predict:** what are the three shapes?
# %% [markdown] lang="zh-TW"
# ## 2 · 並排：`cat`
#
# 第一個動作，是把張量接在一起，由你指定沿著哪一維接。
#
# **先猜：** 三個形狀各是什麼？
# %%
print(torch.cat([torch.tensor([1, 2]), torch.tensor([3, 4])]).shape)

left, right = torch.ones(2, 3), torch.zeros(2, 3)  # (2, 3) each
print(torch.cat([left, right], dim=0).shape)
print(torch.cat([left, right], dim=1).shape)
# %% [markdown] lang="en"
# The axis you name grows; the others stay, and must agree. Before a decoder writes a word, it puts the last word and its own state side by side
# like this, with `dim=1`: each sentence's row grows longer.
#
# ## 3 · Scores become shares: `softmax`
#
# Somebody gives three places the scores 1, 2, 3. How much of your attention does each get? It should be a **share**: none below 0, all
# together 1. Two steps do that. `exp` makes every number positive, and dividing by the sum makes them add up to 1:
#
# $$\mathrm{softmax}(s)_i = \frac{e^{s_i}}{e^{s_1} + e^{s_2} + \dots + e^{s_S}}$$
#
# **Predict, then run**, a line at a time: the shares of 0, 0, 0; of 1, 2, 3; of 101, 102, 103; of 1000, 0, -1000.
# %% [markdown] lang="zh-TW"
# 你指定的那一維會變長；其他維度不變，而且必須一樣大。解碼器寫字之前，就是這樣把上一個字和自己的狀態並排起來：`dim=1`，批次裡每一句的那一列都變長。
#
# ## 3 · 分數變比例：`softmax`
#
# 三個位置的分數是 1、2、3，你的注意力該怎麼分？分到的應該是**比例**：不能小於 0，加起來是 1。兩個步驟就辦得到：`exp` 把每個數字都變成正的，再除以總和，加起來就是 1 了。
#
# $$\mathrm{softmax}(s)_i = \frac{e^{s_i}}{e^{s_1} + e^{s_2} + \dots + e^{s_S}}$$
#
# **先猜再跑**，一行一行猜：0、0、0 的比例是多少？1、2、3 呢？101、102、103 呢？1000、0、-1000 呢？
# %%
for scores in ([0.0, 0.0, 0.0], [1.0, 2.0, 3.0], [101.0, 102.0, 103.0], [1000.0, 0.0, -1000.0]):
    print(scores, torch.softmax(torch.tensor(scores), dim=0))  # (S,)
# %% [markdown] lang="en"
# - 0, 0, 0: nobody stands out, a third each.
# - 1, 2, 3: one more in score means 2.7 times the share (that is e).
# - 101, 102, 103: the same shares. **Only the differences count.**
# - 1000, 0, -1000: the first takes all.
#
# Now the same by the formula, by hand. The last one again: what is `exp(1000)`?
# %% [markdown] lang="zh-TW"
# - 0、0、0：沒有誰比較突出，各分三分之一。
# - 1、2、3：分數多 1，比例就是 2.7 倍（也就是 e 倍）。
# - 101、102、103：比例完全一樣。**只有差距才算數。**
# - 1000、0、-1000：第一個全拿。
#
# 接下來照著公式自己算一次，用的是最後那一組。`exp(1000)` 是多少？
# %%
scores = torch.tensor([1000.0, 0.0, -1000.0])  # (S,)
powers = scores.exp()  # (S,)
print(powers)
print(powers / powers.sum())
# %% [markdown] lang="en"
# `inf` divided by `inf` is `nan`, "not a number", and a nan spoils everything it touches. torch's own softmax did not fall into that hole. You know
# enough to see how: *only the differences count*, so one may subtract something first.
#
# ### Which axis?
#
# Real scores come in a batch, `(B, S)`: B sentences, S places in each. A sentence shares out among its **own** places.
#
# **Predict:** two sentences, three places. Which of the two results below is the right one, and what do its rows add up to?
# %% [markdown] lang="zh-TW"
# `inf` 除以 `inf` 是 `nan`（not a number，不是數字），而且 nan 碰到什麼，什麼就跟著壞掉。torch 自己的 softmax 卻沒有掉進這個坑。怎麼做到的，你已經知道了：**只有差距才算數**，所以可以先減掉某個數。
#
# ### 沿著哪一維？
#
# 真正的分數是一整個批次，形狀 `(B, S)`：B 句話，每句 S 個位置。一句話的注意力，只在**自己的**位置之間分。
#
# **先猜：** 兩句話，三個位置。下面兩個結果，哪一個才對？它的每一列加起來是多少？
# %%
batch = torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])  # (B, S) = (2, 3)
for dim in (0, 1):
    shares = torch.softmax(batch, dim=dim)  # (B, S)
    print(shares, "->", shares.sum(dim=1))  # (B,)
# %% [markdown] lang="en"
# Along dim 0 the two *sentences* compete for each place, and the rows add up to anything. Along dim 1, the places of each sentence do. No error message
# tells you which one you took; the row sums do.
#
# ### A check that fails, on purpose
#
# Below each exercise stands a cell with `check(...)`. It tries your function on several inputs and says what it found. You will see it fail now and
# then. It means to help, so here is a failed one, on purpose. A classmate left out the `exp` (the `try` keeps the notebook running):
# %% [markdown] lang="zh-TW"
# 沿著 dim 0，是兩**句話**在搶同一個位置，每一列加起來是多少就不一定了；沿著 dim 1，才是同一句話的各個位置在分。選錯了不會有錯誤訊息，把每一列加起來才看得出來。
#
# ### 故意讓檢查失敗一次
#
# 每個練習底下都有一格 `check(...)`。它會用好幾組輸入試你的函式，再告訴你結果。沒通過是家常便飯，而且很有幫助，所以先讓你看一次。有位同學忘了 `exp`（`try` 是為了讓筆記本能繼續跑下去）：
# %% lab=true
def attempt(scores: Tensor) -> Tensor:
    return scores / scores.sum(dim=1, keepdim=True)  # (B, S)


try:
    check("softmax", attempt)
except AssertionError as error:
    print(error)
# %% [markdown] lang="en"
# It recognises the mistake and tells you where to look. In a real check cell these words stand on a red background, and *Run All* stops there. Nothing
# is lost by that and nobody counts: mend your function, **run its cell again**, run the check again.
#
# If the check does not know the mistake, it says the most useful thing it can: a wrong shape, a `nan`, your numbers beside the expected ones.
#
# ### Your turn
#
# Write the softmax of a batch with `exp`, `sum` and `max`, so that scores of 1000 and -1000 do no harm. (The check also takes
# `torch.softmax`, as it takes every right answer. But do it by hand once in your life.) Leave `scores` itself as it came.
#
# Delete the line `raise NotImplementedError()` and write in its place.
#
# 3 minutes · difficulty ●●○ · 1 point
#
# <details><summary>Hint 1 · a nudge</summary>
#
# Three lines: subtract, `exp`, divide. After the subtraction no score may be above 0: then `exp` gives at most 1. So which number of each row do you subtract?
#
# </details>
# <details><summary>Hint 2 · the approach</summary>
#
# Each row's largest score, and each row's sum: both run along dim 1. Both must come out as `(B, 1)`, one number for each row, so that they can be stretched over the S
# places. `keepdim=True` does that.
#
# </details>
# <details><summary>Hint 3 · almost the code</summary>
#
# `powers = torch.exp(scores - scores.amax(dim=..., keepdim=True))`; then `powers / powers.sum(...)`, with the same two arguments. (`amax` is `max` that gives only the numbers,
# without their places.)
#
# </details>
# %% [markdown] lang="zh-TW"
# 它認出了是哪一種錯，還告訴你該往哪裡看。在真正的檢查儲存格裡，這段話會印在紅色底上，「全部執行」也會停在那裡。這不會弄壞任何東西，也沒有人在數你錯幾次：把函式改好，**重新執行那一格**，再檢查一次就行了。
#
# 如果不是它認得的錯，它會挑最有用的說：形狀不對、出現了 `nan`，或是把你的數字和正確的數字並排給你看。
#
# ### 換你了
#
# 用 `exp`、`sum` 和 `max`，替一整個批次寫出 softmax，而且分數有 1000 和 -1000 也不會壞。（只要答案正確，檢查都會通過，直接用 `torch.softmax` 也行。不過這輩子總要親手寫一次。）`scores` 本身請保持原樣。
#
# 把 `raise NotImplementedError()` 那一行刪掉，寫在那裡。
#
# 3 分鐘 · 難度 ●●○ · 得分 1
#
# <details><summary>提示 1 · 推一把</summary>
#
# 三行：減、`exp`、除。減完以後，不能有分數大於 0，這樣 `exp` 最大就是 1。那麼每一列該減掉哪個數？
#
# </details>
# <details><summary>提示 2 · 作法</summary>
#
# 每一列的最大值、每一列的總和，都是沿著 dim 1。兩個都要是 `(B, 1)`，一列一個數，才能撐開到 S 個位置上。`keepdim=True` 就是做這件事的。
#
# </details>
# <details><summary>提示 3 · 差一點就是程式碼</summary>
#
# `powers = torch.exp(scores - scores.amax(dim=..., keepdim=True))`，再來 `powers / powers.sum(...)`，括號裡是同樣的兩個引數。（`amax` 就是只給數值、不給位置的 `max`。）
#
# </details>
# %% exercise="softmax"
def softmax(scores: Tensor) -> Tensor:
    """
    [en] Turn each row of scores into shares that sum to 1; finite for any scores up to 1000 in size.
    [zh-TW] 把每一列分數變成加起來是 1 的比例；分數在 ±1000 之間，都不會出現 inf 或 nan。

    scores (B, S) -> weights (B, S)
    """
    ### BEGIN SOLUTION
    largest = scores.amax(dim=1, keepdim=True)  # (B, 1)
    powers = torch.exp(scores - largest)  # (B, S)
    return powers / powers.sum(dim=1, keepdim=True)  # (B, S)
    ### END SOLUTION
# %% check="softmax" points=1
check("softmax", softmax)
# %% [markdown] lang="en"
# **Common mistakes**
#
# - `sum(dim=0)`: the sentences share with one another. `sum()` without `dim`: the whole batch does.
# - `sum(dim=1)` without `keepdim=True`: the result is `(B,)`, and broadcasting lines it up with the places. When B equals S it even runs, and is wrong.
# - No subtraction, or not the row's largest: `nan` for large scores. Painting over the nan afterwards does not bring the shares back.
# - `scores -= ...`: the right shares, but the caller's tensor is changed.
#
# **What changed:** the hole is gone.
# %% [markdown] lang="zh-TW"
# **常見錯誤**
#
# - `sum(dim=0)`：變成句子之間在分。`sum()` 沒給 `dim`：變成整個批次一起分。
# - `sum(dim=1)` 沒寫 `keepdim=True`：得到的是 `(B,)`，廣播會把它對到位置那一維去。B 剛好等於 S 時甚至跑得動，但答案是錯的。
# - 沒有減，或減的不是那一列的最大值：分數一大就是 `nan`。事後把 nan 蓋掉，比例也回不來了。
# - `scores -= ...`：比例是對的，但呼叫者的張量被改掉了。
#
# **現在不一樣了：** 那個坑填起來了。
# %%
print(softmax(torch.tensor([[1.0, 2.0, 3.0], [1000.0, 0.0, -1000.0]])))  # (B, S)
# %% [markdown] lang="en"
# ## 4 · Line up the axes: `unsqueeze`
#
# Three places, and at each of them a vector of two numbers: `values`, `(3, 2)`. Three shares: `weights`, `(3,)`. Each row is to be multiplied by its share.
#
# `weights * values` does not run: torch lines up shapes from the **right**, so the 3 meets the 2. The weights lack an axis. `unsqueeze` puts one in, of size 1, and an axis
# of size 1 is stretched to whatever it meets.
#
# **Predict:** which of the two lines up with `(3, 2)`? Write the shapes under one another, right end to right end.
# %% [markdown] lang="zh-TW"
# ## 4 · 把維度對齊：`unsqueeze`
#
# 有三個位置，每個位置是一個向量，兩個數字：`values`，形狀 `(3, 2)`。有三份比例：`weights`，形狀 `(3,)`。我們想把每一列乘上自己的比例。
#
# `weights * values` 跑不動：torch 是從**右邊**開始對齊形狀的，3 碰到的是 2。weights 少了一維。`unsqueeze` 會補上一個大小為 1 的維度，而大小為 1 的維度，碰到多大就會撐開成多大。
#
# **先猜：** 下面兩個形狀，哪一個能跟 `(3, 2)` 對齊？把形狀上下寫好，靠右對齊看看。
# %%
values = torch.tensor([[2.0, 0.0], [4.0, 2.0], [1.0, 1.0]])  # (S, H) = (3, 2)
weights = torch.tensor([0.5, 0.5, 0.0])  # (S,)
print(weights.unsqueeze(0).shape)
print(weights.unsqueeze(1).shape)
# %% [markdown] lang="en"
# `(3, 1)`, the column: 3 meets 3, and the 1 is stretched to 2.
# %% [markdown] lang="zh-TW"
# 是 `(3, 1)`，直的那一欄：3 對 3，1 撐開成 2。
# %%
print(weights.unsqueeze(1) * values)  # (S, H)
# %% [markdown] lang="en"
# ## 5 · Mix by shares: the weighted sum
#
# Half of the first row, half of the second, nothing of the third. Add the rows up, and three vectors have become **one**. That is all that "looking" will mean in this series.
#
# **In your head first:** what is the sum of the three rows above?
#
# Write `weighted_sum`. Use the weights as they come: multiply and add, do not divide by anything.
#
# 2 minutes · difficulty ●○○ · 1 point
#
# <details><summary>Hint 1 · a nudge</summary>
#
# The multiplication already stands above. In `(H,)` there is no S any more: it was added away.
#
# </details>
# <details><summary>Hint 2 · the approach</summary>
#
# Multiply with the weights as a column, then sum along the axis of the places. Or let a matrix product do both: `@` multiplies and adds along the axis in the middle.
#
# </details>
# <details><summary>Hint 3 · almost the code</summary>
#
# `(weights.unsqueeze(1) * values).sum(dim=...)`, or `... @ ...`: with `(S,)` and `(S, H)`, which one must stand on the left so that the two S are neighbours?
#
# </details>
# %% [markdown] lang="zh-TW"
# ## 5 · 按比例混合：加權和
#
# 第一列取一半，第二列取一半，第三列不取。把各列加起來，三個向量就變成**一個**。這個系列裡說的「看」，就只是這樣而已。
#
# **先用心算：** 上面那三列加起來是多少？
#
# 請寫出 `weighted_sum`。權重進來是多少就用多少：相乘、加總，不要再除以任何東西。
#
# 2 分鐘 · 難度 ●○○ · 得分 1
#
# <details><summary>提示 1 · 推一把</summary>
#
# 相乘的部分，上面已經有了。`(H,)` 裡沒有 S 了，因為它被加總掉了。
#
# </details>
# <details><summary>提示 2 · 作法</summary>
#
# 把權重變成直的一欄再相乘，然後沿著位置那一維加總。也可以交給矩陣乘法，`@` 會沿著夾在中間的那一維，相乘再加總。
#
# </details>
# <details><summary>提示 3 · 差一點就是程式碼</summary>
#
# `(weights.unsqueeze(1) * values).sum(dim=...)`；或是 `... @ ...`：一個 `(S,)`，一個 `(S, H)`，誰放左邊，兩個 S 才會相鄰？
#
# </details>
# %% exercise="weighted_sum"
def weighted_sum(weights: Tensor, values: Tensor) -> Tensor:
    """
    [en] Add up the rows of values, each multiplied by its weight.
    [zh-TW] 把 values 的每一列乘上它的權重，再全部加起來。

    weights (S,), values (S, H) -> mix (H,)
    """
    ### BEGIN SOLUTION
    return (weights.unsqueeze(1) * values).sum(dim=0)  # (H,)
    ### END SOLUTION
# %% check="weighted_sum" points=1
check("weighted_sum", weighted_sum)
# %% [markdown] lang="en"
# **Common mistakes**
#
# - `weights * values` without `unsqueeze`: runs only when S equals H, and is wrong then.
# - `values @ weights`: the same trap. The S must stand in the middle.
# - `.sum(dim=1)` adds up the numbers *within* each vector. `.mean(dim=0)` divides once more, by S.
# - A result `(1, H)`: the matrix product left an axis of size 1.
#
# **What changed:** three points have become one. But where does it lie?
#
# ### Watch it move
#
# The corners of the triangle are your three `values`; each small dot is a mix of them, with random scores. The large dot is yours: **change `my_scores`, run the cell again, and watch it
# move**. Try 0, 0, 0, then 5, 0, 0. Can you get it outside?
# %% [markdown] lang="zh-TW"
# **常見錯誤**
#
# - 沒有 `unsqueeze` 就寫 `weights * values`：S 等於 H 時才跑得動，而且答案是錯的。
# - `values @ weights`：同一個陷阱。S 要夾在中間才行。
# - `.sum(dim=1)` 加的是每個向量**裡面**的數字；`.mean(dim=0)` 會多除一次 S。
# - 結果是 `(1, H)`：矩陣乘法留下了一個大小為 1 的維度。
#
# **現在不一樣了：** 三個點變成了一個。可是它在哪裡呢？
#
# ### 看著它移動
#
# 三角形的三個角，就是三個 `values`；每個小點都是它們的混合，分數隨機。大的那一點是你的：**改一改 `my_scores`，再執行一次，看著它移動**。試試 0、0、0，再試 5、0、0。有辦法讓它跑到外面去嗎？
# %% lab=true
my_scores = [0.0, 0.0, 0.0]

scores = torch.randn(200, 3)  # (200, S)
mixes = torch.stack([weighted_sum(shares, values) for shares in softmax(scores)])  # (200, H)
mine = weighted_sum(softmax(torch.tensor([my_scores]))[0], values)  # (H,)

plt.figure(figsize=(4, 3))
plt.fill(values[:, 0], values[:, 1], color=COLOURS["encoder"], alpha=0.2)
plt.scatter(mixes[:, 0], mixes[:, 1], s=6, color=COLOURS["context"])
plt.scatter(mine[0], mine[1], s=120, color=COLOURS["weights"], edgecolor="white", zorder=3)
plt.axis("equal")
plt.axis("off")
plt.show()
# %% [markdown] lang="en"
# You cannot. Shares pull towards corners, and between three corners there is only the triangle.
#
# ### A question to answer in words (2 points)
#
# A classmate leaves out the softmax and mixes with the raw scores 2, -1, 0. *"They sum to 1, so they are shares."*
#
# Where does the mix of the three corners lie then? (Run `weighted_sum(torch.tensor([2.0, -1.0, 0.0]), values)`, and look for the point in the picture.) What does a softmax promise that
# these numbers do not, and why does that keep the mix inside? Two or three sentences.
# %% [markdown] lang="zh-TW"
# 沒有辦法。比例只會把點往各個角拉，而三個角之間，就只有這個三角形。
#
# ### 問答題（得分 2）
#
# 有位同學省略了 softmax，直接用分數 2、-1、0 去混合。他說：「加起來是 1，所以它們就是比例。」
#
# 這樣混合出來的點會落在哪裡？（執行 `weighted_sum(torch.tensor([2.0, -1.0, 0.0]), values)`，再從圖上找出這個點。）softmax 保證了什麼，是這幾個數字沒有做到的？為什麼有了這個保證，混合的結果就會留在三角形裡面？請用兩三句話回答。
# %% [markdown] question="outside_the_triangle" points=2 lang="en"
# ### BEGIN SOLUTION
# The mix is (0, -2), outside the triangle: going from the second corner to the first, it runs on beyond by the same distance. The softmax promises two things: the shares sum to 1, *and none is below 0*. These numbers keep only the
# first. With a negative weight the point is pushed away from that corner; with shares it is only ever pulled towards corners, so each of its numbers lies between the smallest and the largest of the corners', and it stays inside.
# ### END SOLUTION
# %% [markdown] question="outside_the_triangle" points=2 lang="zh-TW"
# ### BEGIN SOLUTION
# 混合出來的點是 (0, -2)，在三角形外面：從第二個角走到第一個角，再往前走同樣的距離。softmax 保證兩件事：比例加起來是 1，**而且沒有一個小於 0**。這幾個數字只做到了前一項。權重是負的，就會把點從那個角推開；如果是比例，點只會被往各個角拉，每個座標都介於各角的最小值和最大值之間，所以一定留在裡面。
# ### END SOLUTION
# %% [markdown] lang="en"
# ## 6 · All sentences at once: `bmm`
#
# A weighted sum is a matrix product: a row of weights times the rows of values. `torch.bmm`, "batch matrix multiply", does one for every sentence in a batch:
#
# > `(B, 1, S)` times `(B, S, H)` gives `(B, 1, H)`
#
# The S in the middle meets the S, and is added away.
#
# **Predict** the shape and the numbers. The first sentence has your weights, 0.5, 0.5, 0; the second looks at its last place only.
# %% [markdown] lang="zh-TW"
# ## 6 · 所有句子一次算完：`bmm`
#
# 加權和就是矩陣乘法：一列權重，乘上好幾列的 values。`torch.bmm`（batch matrix multiply，批次矩陣乘法）會替批次裡的每一句各做一次：
#
# > `(B, 1, S)` 乘上 `(B, S, H)`，得到 `(B, 1, H)`
#
# 夾在中間的 S 碰到 S，就被加總掉了。
#
# **先猜**形狀，再猜數字。第一句用剛才的權重 0.5、0.5、0；第二句只看最後一個位置。
# %%
rows = torch.tensor([[[0.5, 0.5, 0.0]], [[0.0, 0.0, 1.0]]])  # (B, 1, S) = (2, 1, 3)
both = torch.stack([values, 10 * values])  # (B, S, H) = (2, 3, 2)
mixed = torch.bmm(rows, both)  # (B, 1, H)
print(mixed.shape)
print(mixed)
# %% [markdown] lang="en"
# Side by side, scores to shares, line up, mix. Hold on to these four; nothing in the next chapters is harder than putting them in the right order.
#
# ## Check yourself
#
# <details><summary>1. In the cell with the triangle, write <code>10 * torch.randn(200, 3)</code>, and then <code>0 * torch.randn(200, 3)</code>. Where do the dots go, and why?</summary>
#
# Times 10 the differences are large: mostly one place takes nearly all, and the dots gather in the corners; where two come close, they lie on an edge. Times 0 all scores are equal: every dot lies on the same spot, the middle.
#
# </details>
# <details><summary>2. You have weights (B, S) and values (B, S, H). Which <code>unsqueeze</code> for multiplying element by element, and which for <code>torch.bmm</code>?</summary>
#
# Element by element: `unsqueeze(2)`, `(B, S, 1)`, so that each row is stretched over its H numbers; then sum along dim 1. For `bmm`: `unsqueeze(1)`, `(B, 1, S)`, a row of weights for each sentence.
#
# </details>
# <details><summary>3. Your check says "correct". Then you change the function, save, and hand in. What does the output below the check tell the reader?</summary>
#
# Nothing about the new function: an output stays as it was until its cell runs again, just as `count` said 3. *Restart Kernel and Run All Cells…* shows what a stranger will get, and `count` is 1 again.
#
# </details>
#
# ## References
#
# - PyTorch documentation: [torch.cat](https://docs.pytorch.org/docs/stable/generated/torch.cat.html), [softmax](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html),
#   [unsqueeze](https://docs.pytorch.org/docs/stable/generated/torch.unsqueeze.html), [bmm](https://docs.pytorch.org/docs/stable/generated/torch.bmm.html), and
#   [broadcasting](https://docs.pytorch.org/docs/stable/notes/broadcasting.html), for the rule "from the right".
# - Goodfellow, Bengio, Courville, [Deep Learning](https://www.deeplearningbook.org/contents/numerical.html), 2016: section 4.1 on overflow, with the softmax as its example.
# - [JupyterLab documentation](https://jupyterlab.readthedocs.io/en/stable/user/notebook.html): more about notebooks, cells and kernels.
#
# ## Next
#
# You can turn a row of vectors into one. Now suppose one vector is **all** you ever get: somebody reads you a sentence, takes the page away, and you translate from memory. **How long may the sentence be?** → Chapter 01, sequence to sequence.
# %% [markdown] lang="zh-TW"
# 並排、把分數變成比例、對齊、混合。記住這四個動作；後面幾章要做的，也就是把它們排成對的順序而已。
#
# ## 自我測驗
#
# <details><summary>1. 在畫三角形的那一格，改寫成 <code>10 * torch.randn(200, 3)</code>，再改成 <code>0 * torch.randn(200, 3)</code>。點會跑到哪裡去？為什麼？</summary>
#
# 乘 10 之後差距很大，多半是一個位置幾乎全拿，點就聚到三個角上；有兩個位置分數接近的時候，點落在邊上。乘 0 的話分數全都一樣，所有的點都疊在正中間的同一個地方。
#
# </details>
# <details><summary>2. weights 是 (B, S)，values 是 (B, S, H)。逐元素相乘要用哪一個 <code>unsqueeze</code>？用 <code>torch.bmm</code> 呢？</summary>
#
# 逐元素相乘：`unsqueeze(2)`，變成 `(B, S, 1)`，每一列才能撐開到 H 個數字上，然後沿著 dim 1 加總。用 `bmm`：`unsqueeze(1)`，變成 `(B, 1, S)`，每一句是一列權重。
#
# </details>
# <details><summary>3. 檢查顯示「正確」。之後你又改了函式，存檔，然後繳交。檢查底下的那行輸出，說明了什麼？</summary>
#
# 跟新的函式一點關係也沒有：儲存格重新執行之前，輸出都是舊的，就像 `count` 停在 3 一樣。*Restart Kernel and Run All Cells…* 跑出來的，才是別人會看到的結果，`count` 也會變回 1。
#
# </details>
#
# ## 參考資料
#
# - PyTorch 文件：[torch.cat](https://docs.pytorch.org/docs/stable/generated/torch.cat.html)、[softmax](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html)、[unsqueeze](https://docs.pytorch.org/docs/stable/generated/torch.unsqueeze.html)、[bmm](https://docs.pytorch.org/docs/stable/generated/torch.bmm.html)，還有[廣播](https://docs.pytorch.org/docs/stable/notes/broadcasting.html)，「從右邊對齊」的規則就寫在裡面。
# - Goodfellow、Bengio、Courville，[Deep Learning](https://www.deeplearningbook.org/contents/numerical.html)，2016：4.1 節談數值爆掉的問題，用的例子就是 softmax。
# - [JupyterLab 文件](https://jupyterlab.readthedocs.io/en/stable/user/notebook.html)：筆記本、儲存格和核心的更多用法。
#
# ## 下一章
#
# 你會把一列向量混成一個了。現在想像一下，你拿到的**就只有**一個向量：有人唸一句話給你聽，然後把紙收走，要你憑記憶翻譯。**這句話最長可以多長？** → 第 01 章，序列到序列。
