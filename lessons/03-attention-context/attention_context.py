# %% [markdown] lang="en"
# # 03 · Step two: the context
#
# In chapter 02 you worked out **where** to look: a share of attention for every source position, 0.5, 0.5, 0, 0. But four
# numbers are not a word. Now the second half: **what do you see there?**
#
# The answer is one line of arithmetic, and from it you build, piece by piece, two complete decoders:
#
# 1. `AttnDecoderRNN`, the classic one that many people learn first;
# 2. `BahdanauDecoder`, batched and masked, which you then train on the long dates that drowned in chapter 01.
#
# The last part is a laboratory. You will compare the trained model's map with your own clicks, meet a model that is
# right for the wrong reasons, blindfold a model at one place, and break it in three ways.
#
# About two hours · 13 points and one written question (2 points) · trains twice: about half a minute, then about ten seconds
# (two to four times as long on a slow machine)
# %% [markdown] lang="zh-TW"
# # 03 · 第二步：上下文
#
# 第 02 章解決了要看**哪裡**：替每個來源位置分一份注意力，例如 0.5、0.5、0、0。可是四個數字還不是一個詞。接下來是後半段：**看到了什麼？**
#
# 答案只是一行算式。從這一行出發，你會一塊一塊拼出兩個完整的解碼器：
#
# 1. `AttnDecoderRNN`：許多人入門時學的經典款；
# 2. `BahdanauDecoder`：能一次處理整個批次，也有遮罩。第 01 章學不會的那些長日期，就交給它了。
#
# 最後是實驗室：把模型的熱圖和你自己標的放在一起看，認識一個「答對了、但理由不對」的模型，把模型的一隻眼睛遮起來，再用三種方法把它弄壞。
#
# 大約兩小時 · 程式得分 13，另有一題問答得分 2 · 要訓練兩次：先大約半分鐘，再大約十秒（電腦慢的話，時間會變成兩到四倍）
# %%
import json
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from classroom import SOS, Batch, Corpus, Pair, alignment_accuracy, date_pairs
from classroom import exact_match, fit, plot_losses, show_attention
from grader import check

torch.manual_seed(0)
torch.set_num_threads(1)  # [en] for tensors as small as ours, one thread is fastest [zh-TW] 張量這麼小，用一個執行緒最快
torch.set_printoptions(precision=3, sci_mode=False)
# %% [markdown] lang="en"
# ## 1 · Looking is mixing
#
# To write "machine", the decoder gives 機 and 器 half of its attention each. What it sees is then half of h₁ and half of h₂:
#
# $$c = \sum_i \alpha_i h_i = 0.5\,h_1 + 0.5\,h_2 + 0\,h_3 + 0\,h_4$$
#
# This vector **c** is called the **context**: the part of the sentence that matters for *this* word. For the next word the
# weights are others, and so is the context.
#
# ![Step two: with weights 0.5, 0.5, 0, 0 the context c₀ is half h₁ and half h₂, and the decoder writes machine; z₁ then looks
# at h₃ and h₄, and the decoder writes learning.](image/attention.png)
#
# ### By hand first
#
# Four states of three numbers each. **On paper:** what is the context for the weights 0.5, 0.5, 0, 0?
# %% [markdown] lang="zh-TW"
# ## 1 · 看，就是混合
#
# 要寫出 machine，解碼器給「機」和「器」各一半的注意力。於是它看到的，就是一半的 h₁ 加一半的 h₂：
#
# $$c = \sum_i \alpha_i h_i = 0.5\,h_1 + 0.5\,h_2 + 0\,h_3 + 0\,h_4$$
#
# 這個向量 **c** 叫做**上下文**（context）：整句話裡，對**這個詞**有用的那一部分。到了下一個詞，權重換了，上下文也就跟著換。
#
# ![第二步：權重是 0.5、0.5、0、0 時，上下文向量 c₀ 由 h₁ 與 h₂ 各半混合，解碼器寫出 machine；接著 z₁ 改看 h₃ 與 h₄，寫出 learning。](image/attention.png)
#
# ### 先動手算
#
# 下面有四個狀態，每個三個數字。**拿紙算算看：** 權重是 0.5、0.5、0、0 時，上下文是多少？
# %%
h = torch.tensor(
    [
        [2.0, 0.0, 4.0],  # 機
        [4.0, 2.0, 0.0],  # 器
        [1.0, 1.0, 1.0],  # 學
        [3.0, 0.0, 2.0],  # 習
    ]
)  # (S, H)
alpha = torch.tensor([0.5, 0.5, 0.0, 0.0])  # (S,)
print(alpha[0] * h[0] + alpha[1] * h[1] + alpha[2] * h[2] + alpha[3] * h[3])  # (H,)
# %% [markdown] lang="en"
# 3, 1, 2: halfway between the first two states, number by number.
#
# **Predict three more, then run:** what do you see with the weights 0, 1, 0, 0? With 0.25 four times? And can any weights
# (none below 0, summing to 1) give a context whose first number is 5?
# %% [markdown] lang="zh-TW"
# 3、1、2：每個數字都剛好落在前兩個狀態的正中間。
#
# **再猜三題，猜完才跑：** 權重是 0、1、0、0 時會看到什麼？四個都是 0.25 呢？有沒有哪組權重（都不小於 0、加起來是 1）能讓上下文的第一個數字變成 5？
# %%
for weights in ([0.0, 1.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25], [0.0, 0.0, 0.5, 0.5]):
    print(weights, "->", sum(weight * state for weight, state in zip(weights, h, strict=True)))  # (H,)
# %% [markdown] lang="en"
# All attention in one place: you see that state, unchanged. Equal attention everywhere: the plain mean, a blur of the whole sentence.
# And never a 5: a mix lies *between* what is mixed, so its first number stays between 1 and 4. Looking adds nothing of its own.
#
# ### The same as a matrix product
#
# "Row of weights times column of numbers, added up" is what a matrix product does, for all H columns at once: `(1, S)` times `(S, H)`
# gives `(1, H)`. PyTorch's `torch.bmm` (*batch matrix multiply*) does many such products side by side. It wants exactly three axes:
#
# > `(b, n, m)` times `(b, m, p)` → `(b, n, p)`: b goes along untouched, the m in the middle must agree, and disappears.
#
# ![torch.bmm for one sentence of a batch: the row of weights 0.5, 0.5, 0, 0 meets the first column 2, 4, 1, 3 of encoder_outputs and
# gives 3, the first number of the context.](image/bmm.png)
#
# **Exercise `apply_attention`.** One sentence: `attn_weights` is `(1, S)` and `encoder_outputs` is `(S, H)`. Give the context as `(1, 1, H)`: one
# sentence, one step, H numbers, ready for a GRU.
#
# 10 minutes · difficulty ●○○ · 2 points
#
# <details><summary>Hint 1 · a nudge</summary>
#
# Write the two shapes one above the other. S must stand in the middle, and bmm wants three axes: each of the two lacks one.
#
# </details>
# <details><summary>Hint 2 · the approach</summary>
#
# The missing axis is the batch, of size 1, and it stands in front. `unsqueeze` puts an axis of size 1 where you say. Nothing needs transposing.
#
# </details>
# <details><summary>Hint 3 · almost the code</summary>
#
# `torch.bmm(attn_weights.unsqueeze(...), encoder_outputs.unsqueeze(...))`: `(1, 1, S)` times `(1, S, H)`. Which number goes into both?
#
# </details>
# %% [markdown] lang="zh-TW"
# 注意力全放在一個地方，看到的就是那個狀態，原封不動；每個地方都一樣多，看到的就是平均，整句話糊成一團。至於 5，永遠做不到：混出來的東西，一定落在被混的東西**之間**，所以第一個數字只會在 1 和 4 之間。看，並不會無中生有。
#
# ### 改寫成矩陣乘法
#
# 「一列權重乘上一欄數字，再加起來」，正是矩陣乘法在做的事，而且 H 欄一次算完：`(1, S)` 乘 `(S, H)` 得到 `(1, H)`。PyTorch 的 `torch.bmm`（batch matrix multiply，批次矩陣乘法）可以同時做很多個這樣的乘法，條件是剛好三個維度：
#
# > `(b, n, m)` 乘 `(b, m, p)` → `(b, n, p)`：b 原封不動；中間的 m 要一樣大，乘完就消失。
#
# ![批次中一個句子的 torch.bmm：權重這一列 0.5、0.5、0、0 與 encoder_outputs 的第一欄 2、4、1、3 相乘再相加得到 3，也就是上下文向量的第一個數字。](image/bmm.png)
#
# **練習 `apply_attention`。** 只有一句話：`attn_weights` 是 `(1, S)`，`encoder_outputs` 是 `(S, H)`。請回傳形狀 `(1, 1, H)` 的上下文：一句、一步、H 個數字，等一下可以直接交給 GRU。
#
# 10 分鐘 · 難度 ●○○ · 得分 2
#
# <details><summary>提示 1 · 推一把</summary>
#
# 把兩個形狀上下對齊寫下來。S 要站在中間；bmm 要三個維度，而這兩個各少一個。
#
# </details>
# <details><summary>提示 2 · 作法</summary>
#
# 少的是批次，大小是 1，站在最前面。`unsqueeze` 可以在你指定的地方補上大小為 1 的一維。完全不必轉置。
#
# </details>
# <details><summary>提示 3 · 差一點就是程式碼</summary>
#
# `torch.bmm(attn_weights.unsqueeze(...), encoder_outputs.unsqueeze(...))`，也就是 `(1, 1, S)` 乘 `(1, S, H)`。兩個括號裡填的是同一個數字，是幾？
#
# </details>
# %% exercise="apply_attention"
def apply_attention(attn_weights: Tensor, encoder_outputs: Tensor) -> Tensor:
    """
    [en] Step two for one sentence: mix the encoder states by their weights, with torch.bmm.
    [zh-TW] 第二步（一句話）：用 torch.bmm，依權重把編碼器的狀態混合起來。

    attn_weights (1, S), encoder_outputs (S, H) -> attn_applied (1, 1, H)
    """
    ### BEGIN SOLUTION
    return torch.bmm(attn_weights.unsqueeze(0), encoder_outputs.unsqueeze(0))  # (1, 1, H)
    ### END SOLUTION
# %% check="apply_attention" points=2
check("apply_attention", apply_attention)
# %% [markdown] lang="en"
# **Common mistakes**
#
# - `encoder_outputs.mean(0)` or `.sum(0)`: the weights are not used. Change one weight and see whether anything happens.
# - `argmax`, the one best state: it is no mix, and no gradient gets through, so nobody could learn where to look.
# - A second softmax: the weights are shares already; sharing them once more makes them almost equal.
# - Transposing `encoder_outputs`: mixes along H. When S equals H it even runs.
# - `attn_weights @ encoder_outputs` has the right numbers and the shape `(1, H)`: one axis short for the GRU.
#
# **What changed:** three lines of arithmetic are one product.
# %% [markdown] lang="zh-TW"
# **常見錯誤**
#
# - `encoder_outputs.mean(0)` 或 `.sum(0)`：沒有用到權重。改一個權重，看看結果會不會變。
# - 用 `argmax` 只取最大的那個狀態：這不是混合，而且梯度過不去，也就沒有人學得會該看哪裡。
# - 又做了一次 softmax：權重已經是比例了，再分一次就幾乎一樣大。
# - 把 `encoder_outputs` 轉置：變成沿著 H 混合。S 剛好等於 H 時甚至跑得動。
# - `attn_weights @ encoder_outputs`：數值對，形狀卻是 `(1, H)`，給 GRU 還少一維。
#
# **現在不一樣了：** 好幾行算式，變成一個乘法。
# %%
print(apply_attention(alpha.unsqueeze(0), h))  # (1, 1, H)
# %% [markdown] lang="en"
# ## 2 · A whole batch
#
# Training with one sentence at a time is slow. So: B sentences at once, each with its own row of weights and its own states.
#
# **A puzzle, on paper, before you run anything.** B = 2, S = 4, H = 3. What comes out of each line, or does it raise an error?
#
# | | left | right | product | your guess |
# | --- | --- | --- | --- | --- |
# | 1 | `(2, 1, 4)` | `(2, 4, 3)` | `bmm` | ? |
# | 2 | `(2, 4, 1)` | `(2, 4, 3)` | `bmm` | ? |
# | 3 | `(2, 3, 4)` | `(2, 4, 1)` | `bmm` | ? |
# | 4 | `(2, 4)` | `(2, 4, 3)` | `bmm` | ? |
# | 5 | `(2, 4)` | `(2, 4, 3)` | `@` | ? |
# %% [markdown] lang="zh-TW"
# ## 2 · 一整個批次
#
# 一次訓練一句太慢了。所以我們一次處理 B 句，每一句都有自己的一列權重和自己的狀態。
#
# **先在紙上解個謎，什麼都先別跑。** B = 2、S = 4、H = 3。下面每一題會得到什麼形狀？還是會出錯？
#
# | | 左邊 | 右邊 | 乘法 | 你猜 |
# | --- | --- | --- | --- | --- |
# | 1 | `(2, 1, 4)` | `(2, 4, 3)` | `bmm` | ？ |
# | 2 | `(2, 4, 1)` | `(2, 4, 3)` | `bmm` | ？ |
# | 3 | `(2, 3, 4)` | `(2, 4, 1)` | `bmm` | ？ |
# | 4 | `(2, 4)` | `(2, 4, 3)` | `bmm` | ？ |
# | 5 | `(2, 4)` | `(2, 4, 3)` | `@` | ？ |
# %%
puzzle = [
    (torch.bmm, (2, 1, 4), (2, 4, 3)),
    (torch.bmm, (2, 4, 1), (2, 4, 3)),
    (torch.bmm, (2, 3, 4), (2, 4, 1)),
    (torch.bmm, (2, 4), (2, 4, 3)),
    (torch.matmul, (2, 4), (2, 4, 3)),  # @
]
for number, (product, left, right) in enumerate(puzzle, 1):
    try:
        result = tuple(product(torch.zeros(left), torch.zeros(right)).shape)
    except RuntimeError:
        result = "RuntimeError"
    print(number, result)
# %% [markdown] lang="en"
# Number 5 is the dangerous one. `@` raises no error; it *invents* a product for you, in which **every** row of weights meets **every** sentence.
# The result has a batch axis too many, and somewhere further on somebody will squeeze or average it away. `bmm` is strict, and that is its merit.
#
# **Exercise `attention_context`.** `weights` is `(B, S)`, `encoder_outputs` is `(B, S, H)`. Give the contexts, `(B, H)`: sentence b mixes its own states
# by its own weights and sees nothing of its neighbours.
#
# 10 minutes · difficulty ●●○ · 2 points
#
# <details><summary>Hint 1 · a nudge</summary>
#
# One line of the puzzle has the weights as *one row for each sentence*. Which? What do you have to do to `weights` first, and what is left over at the end?
#
# </details>
# <details><summary>Hint 2 · the approach</summary>
#
# `(B, S)` → `(B, 1, S)`, then bmm with `(B, S, H)` gives `(B, 1, H)`; the axis of size 1 has served its purpose and goes.
#
# </details>
# <details><summary>Hint 3 · almost the code</summary>
#
# `torch.bmm(weights.unsqueeze(...), encoder_outputs).squeeze(...)`. The same number twice, and never an empty `squeeze()`: a batch of one sentence
# would lose its batch axis too.
#
# </details>
# %% [markdown] lang="zh-TW"
# 最危險的是第 5 題。`@` 不會出錯，而是**自己發明**一種乘法：**每一列**權重都跟**每一句**乘一次。結果會多出一個批次的維度，之後總有人會把它 squeeze 掉或平均掉，然後再也找不到錯在哪裡。`bmm` 很嚴格，這正是它的好處。
#
# **練習 `attention_context`。** `weights` 是 `(B, S)`，`encoder_outputs` 是 `(B, S, H)`。請回傳每一句的上下文 `(B, H)`：第 b 句用自己的權重混合自己的狀態，完全看不到鄰居。
#
# 10 分鐘 · 難度 ●●○ · 得分 2
#
# <details><summary>提示 1 · 推一把</summary>
#
# 謎題裡有一題，權重是「每一句一列」。是哪一題？`weights` 要先變成什麼樣子？乘完之後又多了什麼？
#
# </details>
# <details><summary>提示 2 · 作法</summary>
#
# `(B, S)` → `(B, 1, S)`，跟 `(B, S, H)` 做 bmm 得到 `(B, 1, H)`；大小為 1 的那一維任務完成，可以拿掉了。
#
# </details>
# <details><summary>提示 3 · 差一點就是程式碼</summary>
#
# `torch.bmm(weights.unsqueeze(...), encoder_outputs).squeeze(...)`。兩個括號填同一個數字。千萬別寫空的 `squeeze()`：批次裡只有一句話時，連批次那一維也會不見。
#
# </details>
# %% exercise="attention_context"
def attention_context(weights: Tensor, encoder_outputs: Tensor) -> Tensor:
    """
    [en] Step two for a batch: each sentence mixes its own states by its own weights.
    [zh-TW] 第二步（整個批次）：每一句用自己的權重，混合自己的狀態。

    weights (B, S), encoder_outputs (B, S, H) -> context (B, H)
    """
    ### BEGIN SOLUTION
    return torch.bmm(weights.unsqueeze(1), encoder_outputs).squeeze(1)  # (B, H)
    ### END SOLUTION
# %% check="attention_context" points=2
check("attention_context", attention_context)
# %% [markdown] lang="en"
# **Common mistakes**
#
# - The first sentence's weights (or states) for everybody: `weights[0]`, `encoder_outputs[0]`. With a batch of one you would never notice.
# - `weights @ encoder_outputs`, then adding up the extra axis: the sentences run into one another.
# - `.reshape` to swap axes: it deals the numbers out again, shuffled. Swapping is `transpose`.
# - Dividing by S, or `.mean(1)` after multiplying: the weights sum to 1 already.
# - The axis of size 1 is still there, `(B, 1, H)`, or an empty `squeeze()` took one too many.
#
# **What changed:** one line looks for a whole batch. Two sentences with the same states and different weights:
# %% [markdown] lang="zh-TW"
# **常見錯誤**
#
# - 大家都用第一句的權重（或狀態）：`weights[0]`、`encoder_outputs[0]`。批次裡只有一句的時候，永遠不會發現。
# - `weights @ encoder_outputs`，再把多出來的那一維加總：句子之間全混在一起了。
# - 用 `.reshape` 交換維度：它只是依序重排數字，全亂了。要交換，請用 `transpose`。
# - 除以 S，或是相乘之後用 `.mean(1)`：權重加起來已經是 1 了。
# - 大小為 1 的那一維還在，變成 `(B, 1, H)`；或是空的 `squeeze()` 拿掉太多。
#
# **現在不一樣了：** 一行程式就替整個批次看好了。來看兩句狀態相同、權重不同的例子：
# %%
both = torch.tensor([[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]])  # (B, S): machine, learning
print(attention_context(both, h.expand(2, -1, -1)))  # (B, H)
# %% [markdown] lang="en"
# ## 3 · Combine what you wrote with what you see
#
# To write the next token the decoder needs to know two things: **what it has just written** (`embedded`), and **what it now sees** (`attn_applied`). The classic decoder lays
# them end to end, lets a linear layer bring the 2H numbers back to H, and cuts off what is negative (relu):
#
# `relu(attn_combine([embedded; attn_applied]))`
#
# **Predict:** the layer is `nn.Linear(2H, H)`. If you swap the two halves, does anything raise an error? Does anything change?
#
# <details><summary>Think first, then open</summary>
#
# No error: both halves are H wide. But half of the layer's columns learned to read the embedding, the other half the context; swapped, each reads the other's numbers. In training from
# scratch either order would do; with weights that somebody else trained, only theirs.
#
# </details>
#
# **Exercise `combine`.** 5 minutes · difficulty ●○○ · 1 point
#
# <details><summary>Hint 1 · a nudge</summary>
#
# Three moves, one after the other: put side by side, layer, relu.
#
# </details>
# <details><summary>Hint 2 · the approach</summary>
#
# "Side by side" is along the axis that holds the H numbers; the two axes of size 1 stay as they are.
#
# </details>
# <details><summary>Hint 3 · almost the code</summary>
#
# `F.relu(attn_combine(torch.cat([..., ...], dim=...)))`
#
# </details>
# %% [markdown] lang="zh-TW"
# ## 3 · 把「寫過的」和「看到的」合併
#
# 要寫下一個 token，解碼器得知道兩件事：**剛剛寫了什麼**（`embedded`），以及**現在看到什麼**（`attn_applied`）。經典的作法是把兩個頭尾相接，用線性層把 2H 個數字變回 H 個，再把負數切掉（relu）：
#
# `relu(attn_combine([embedded; attn_applied]))`
#
# **先猜：** 這一層是 `nn.Linear(2H, H)`。如果前後兩半對調，會出錯嗎？結果會變嗎？
#
# <details><summary>想好了再打開</summary>
#
# 不會出錯，因為兩半都是 H 個數字。但這一層有一半的欄學的是讀嵌入，另一半學的是讀上下文；一對調，兩邊都讀到對方的數字。從頭訓練的話，哪個順序都行；但如果是別人訓練好的參數，就只能照他的順序。
#
# </details>
#
# **練習 `combine`。** 5 分鐘 · 難度 ●○○ · 得分 1
#
# <details><summary>提示 1 · 推一把</summary>
#
# 依序三個動作：並排、過一層、relu。
#
# </details>
# <details><summary>提示 2 · 作法</summary>
#
# 「並排」是沿著有 H 個數字的那一維；另外兩個大小為 1 的維度不要動。
#
# </details>
# <details><summary>提示 3 · 差一點就是程式碼</summary>
#
# `F.relu(attn_combine(torch.cat([..., ...], dim=...)))`
#
# </details>
# %% exercise="combine"
def combine(embedded: Tensor, attn_applied: Tensor, attn_combine: nn.Linear) -> Tensor:
    """
    [en] What was written and what is seen, brought back to H numbers.
    [zh-TW] 把寫過的和看到的合起來，變回 H 個數字。

    embedded (1, 1, H), attn_applied (1, 1, H), attn_combine Linear(2H, H) -> combined (1, 1, H)
    """
    ### BEGIN SOLUTION
    both = torch.cat([embedded, attn_applied], dim=2)  # (1, 1, 2H)
    return F.relu(attn_combine(both))  # (1, 1, H)
    ### END SOLUTION
# %% check="combine" points=1
check("combine", combine)
# %% [markdown] lang="en"
# **Common mistakes**
#
# - `[attn_applied; embedded]`: nothing raises, everything is wrong.
# - No relu, relu *before* the layer, or tanh, sigmoid or gelu in its place. After a relu nothing is below 0, and large numbers stay large.
# - `embedded + attn_applied`: then the layer gets H numbers and wants 2H.
# - The same vector in both halves.
#
# **What changed:** all the parts are on the table. Time to assemble them.
# %% [markdown] lang="zh-TW"
# **常見錯誤**
#
# - 寫成 `[attn_applied; embedded]`：不會出錯，但全錯。
# - 少了 relu、relu 放到線性層**前面**，或換成 tanh、sigmoid、gelu。經過 relu 之後，沒有小於 0 的數，大的數照樣很大。
# - `embedded + attn_applied`：這樣只有 H 個數字，而線性層要 2H 個。
# - 兩半放了同一個向量。
#
# **現在不一樣了：** 零件都齊了，可以組裝了。
# %% [markdown] lang="en"
# ## 4 · The classic decoder, complete
#
# `AttnDecoderRNN` writes one token of one sentence. Read the picture from top to bottom: every coloured band is something you have already written.
#
# ![One step of AttnDecoderRNN in five bands: embedding and dropout, attention_weights, apply_attention, combine, and the GRU with log_softmax, every
# tensor with its shape.](image/atten_flow.png)
#
# Step one, `attention_weights`, is your work from chapter 02. It stands here once more (**given**), so that this chapter runs alone.
# %% [markdown] lang="zh-TW"
# ## 4 · 完整的經典解碼器
#
# `AttnDecoderRNN` 一次寫一句話的一個 token。從上往下看圖：每一條色帶，都是你已經寫過的東西。
#
# ![AttnDecoderRNN 的一步，分成五段：嵌入與 dropout、attention_weights、apply_attention、combine，以及 GRU 與 log_softmax；每個張量都標了形狀。](image/atten_flow.png)
#
# 第一步 `attention_weights` 是你在第 02 章寫的。這裡再放一次（**已寫好**），讓這一章可以單獨執行。
# %%
# [en] Given: step one from chapter 02.
# [zh-TW] 已寫好：第 02 章的第一步。
def attention_weights(embedded: Tensor, hidden: Tensor, attn: nn.Linear) -> Tensor:
    both = torch.cat([embedded[0], hidden[0]], dim=1)  # (1, 2H)
    return torch.softmax(attn(both), dim=1)  # (1, S)
# %% [markdown] lang="en"
# **Exercise `AttnDecoderRNN`.** `__init__` makes six submodules; their names and sizes must be these, because the check loads parameters into them:
#
# | name | module | name | module |
# | --- | --- | --- | --- |
# | `embedding` | `nn.Embedding(output_size, H)` | `dropout` | `nn.Dropout(dropout_p)` |
# | `attn` | `nn.Linear(2H, max_length)` | `gru` | `nn.GRU(H, H)` |
# | `attn_combine` | `nn.Linear(2H, H)` | `out` | `nn.Linear(H, output_size)` |
#
# `forward` takes one token id `(1, 1)`, `hidden (1, 1, H)` and `encoder_outputs (max_length, H)`, and gives `log_probs (1, V)`, the **new** `hidden`, and `attn_weights (1, max_length)`. V is
# `output_size`. Use your functions.
#
# **Predict:** `attn` has `max_length` outputs, fixed when the decoder is made. What does that mean for a longer sentence?
#
# 20 minutes · difficulty ●●● · 4 points
#
# <details><summary>Hint 1 · a nudge</summary>
#
# `forward` is the picture, line by line: embedding and dropout; step one; step two; combine; GRU; out and log_softmax. Six lines and a return.
#
# </details>
# <details><summary>Hint 2 · the approach</summary>
#
# Give the same `embedded` (after dropout) to `attention_weights` and to `combine`. The GRU takes what `combine` made *and* the hidden state, and returns two things. What it calls output is `(1, 1, H)`; `out` should give `(1, V)`,
# so one axis goes first. And the softmax's axis is the one with V numbers.
#
# </details>
# <details><summary>Hint 3 · almost the code</summary>
#
# `embedded = self.dropout(self.embedding(input))`, `attn_weights = attention_weights(embedded, hidden, self.attn)`, `attn_applied = apply_attention(...)`, `combined = combine(..., self.attn_combine)`,
# `output, hidden = self.gru(combined, ...)`, `log_probs = F.log_softmax(self.out(output[0]), dim=...)`.
#
# </details>
# %% [markdown] lang="zh-TW"
# **練習 `AttnDecoderRNN`。** `__init__` 要建立六個子模組，名稱和大小必須跟下表一樣，因為檢查時會把參數載進去：
#
# | 名稱 | 模組 | 名稱 | 模組 |
# | --- | --- | --- | --- |
# | `embedding` | `nn.Embedding(output_size, H)` | `dropout` | `nn.Dropout(dropout_p)` |
# | `attn` | `nn.Linear(2H, max_length)` | `gru` | `nn.GRU(H, H)` |
# | `attn_combine` | `nn.Linear(2H, H)` | `out` | `nn.Linear(H, output_size)` |
#
# `forward` 接收一個 token 的編號 `(1, 1)`、`hidden (1, 1, H)` 和 `encoder_outputs (max_length, H)`，回傳 `log_probs (1, V)`、**新的** `hidden`，還有 `attn_weights (1, max_length)`。V 就是 `output_size`。請用你自己寫的函式。
#
# **先猜：** `attn` 的輸出有 `max_length` 個，建立解碼器時就固定了。那麼遇到更長的句子會怎樣？
#
# 20 分鐘 · 難度 ●●● · 得分 4
#
# <details><summary>提示 1 · 推一把</summary>
#
# `forward` 就是那張圖，一行一行照著寫：嵌入和 dropout、第一步、第二步、合併、GRU、out 和 log_softmax。六行，再加一個 return。
#
# </details>
# <details><summary>提示 2 · 作法</summary>
#
# `attention_weights` 和 `combine` 用的是同一個 `embedded`（dropout 之後的）。GRU 要吃 `combine` 的結果**和**隱藏狀態，回傳兩樣東西；其中的 output 是 `(1, 1, H)`，而 `out` 應該給 `(1, V)`，所以要先拿掉一維。softmax 沿著有 V 個數字的那一維做。
#
# </details>
# <details><summary>提示 3 · 差一點就是程式碼</summary>
#
# `embedded = self.dropout(self.embedding(input))`、`attn_weights = attention_weights(embedded, hidden, self.attn)`、`attn_applied = apply_attention(...)`、`combined = combine(..., self.attn_combine)`、`output, hidden = self.gru(combined, ...)`、`log_probs = F.log_softmax(self.out(output[0]), dim=...)`。
#
# </details>
# %% exercise="AttnDecoderRNN"
class AttnDecoderRNN(nn.Module):
    """
    [en] The classic attention decoder: one token of one sentence at a time.
    [zh-TW] 經典的注意力解碼器：一次寫一句話的一個 token。
    """

    def __init__(self, hidden_size: int, output_size: int, dropout_p: float = 0.1, max_length: int = 5):
        super().__init__()
        ### BEGIN SOLUTION
        self.embedding = nn.Embedding(output_size, hidden_size)
        self.attn = nn.Linear(2 * hidden_size, max_length)
        self.attn_combine = nn.Linear(2 * hidden_size, hidden_size)
        self.dropout = nn.Dropout(dropout_p)
        self.gru = nn.GRU(hidden_size, hidden_size)
        self.out = nn.Linear(hidden_size, output_size)
        ### END SOLUTION

    def forward(self, input: Tensor, hidden: Tensor, encoder_outputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """
        input (1, 1) long, hidden (1, 1, H), encoder_outputs (max_length, H)
        -> log_probs (1, V), hidden (1, 1, H), attn_weights (1, max_length)
        """
        ### BEGIN SOLUTION
        embedded = self.dropout(self.embedding(input))  # (1, 1, H)
        attn_weights = attention_weights(embedded, hidden, self.attn)  # (1, S)
        attn_applied = apply_attention(attn_weights, encoder_outputs)  # (1, 1, H)
        combined = combine(embedded, attn_applied, self.attn_combine)  # (1, 1, H)
        output, hidden = self.gru(combined, hidden)  # (1, 1, H) both
        log_probs = F.log_softmax(self.out(output[0]), dim=1)  # (1, V)
        return log_probs, hidden, attn_weights
        ### END SOLUTION
# %% check="AttnDecoderRNN" points=4
check("AttnDecoderRNN", AttnDecoderRNN)
# %% [markdown] lang="en"
# **Common mistakes**
#
# - One of the two `cat`s the wrong way round. The check says which: step one is `[embedded; hidden]`, combine is `[embedded; attn_applied]`.
# - Dropout made but never called, or on another tensor than the embedding, or `F.dropout` without `training=self.training`: that one drops in eval mode too.
# - The GRU without `hidden`, or the old `hidden` returned: the decoder forgets what it has written.
# - The GRU fed with `embedded` alone. It trains, it even writes dates; only it has never seen the sentence.
# - `softmax` in place of `log_softmax`, or along dim 0.
#
# **What changed:** you have the decoder that so many tutorials end with. One step with random parameters:
# %% [markdown] lang="zh-TW"
# **常見錯誤**
#
# - 兩個 `cat` 有一個前後顛倒。檢查會告訴你是哪一個：第一步是 `[embedded; hidden]`，合併是 `[embedded; attn_applied]`。
# - 建立了 dropout 卻沒有用、用在嵌入以外的張量上，或是 `F.dropout` 沒寫 `training=self.training`：這樣評估模式下也會丟。
# - 沒把 `hidden` 交給 GRU，或是回傳了舊的 `hidden`：解碼器會忘記自己寫過什麼。
# - 只把 `embedded` 交給 GRU。它訓練得起來，甚至寫得出日期，只是從來沒看過原文。
# - 該用 `log_softmax` 卻用了 `softmax`，或是沿著 dim 0 做。
#
# **現在不一樣了：** 許多教學的終點，就是這個解碼器，而你已經做出來了。用隨機參數走一步看看：
# %%
decoder = AttnDecoderRNN(hidden_size=3, output_size=6, max_length=4).eval()
with torch.no_grad():
    log_probs, hidden, weights = decoder(torch.tensor([[SOS]]), torch.zeros(1, 1, 3), h)
print(log_probs.exp().sum(), hidden.shape, weights)  # (), (1, 1, H), (1, S)
# %% [markdown] lang="en"
# It works one token at a time, so training it takes minutes even for short dates. And `attn` never sees the encoder's states. Keep both points in mind; the
# laboratory comes back to them.
#
# ## 5 · The batched, masked decoder
#
# The decoder of Bahdanau, Cho and Bengio (2015) *matches*: its own state is the query, the encoder's states are the keys. So it can ask "where is the month?" wherever the month may stand, in a sentence of any length, and for a whole
# batch at once.
#
# ![One step of BahdanauDecoder for a whole batch in five bands: embedding, additive_scores, masked_softmax, attention_context, and the GRU with
# log_softmax, every tensor with its shape.](image/bahdanau_flow.png)
#
# The blue and the orange band are from chapter 02 (**given**); the purple one you have just written.
# %% [markdown] lang="zh-TW"
# 它一次只寫一個 token，所以就算是短短的日期，訓練起來也要好幾分鐘；而且 `attn` 從頭到尾看不到編碼器的狀態。這兩點先記著，實驗室裡還會遇到。
#
# ## 5 · 有批次、有遮罩的解碼器
#
# Bahdanau、Cho 和 Bengio（2015）的解碼器會**比對**：自己的狀態當查詢，編碼器的狀態當鍵。所以不管月份放在哪裡、句子有多長，它都可以問「月份在哪？」，而且整個批次一起問。
#
# ![BahdanauDecoder 一次處理整個批次的一步，分成五段：嵌入、additive_scores、masked_softmax、attention_context，以及 GRU 與 log_softmax；每個張量都標了形狀。](image/bahdanau_flow.png)
#
# 藍色和橘色那兩條是第 02 章的成果（**已寫好**），紫色那條你剛剛才寫好。
# %%
# [en] Given: scores and masked softmax from chapter 02.
# [zh-TW] 已寫好：第 02 章的分數與帶遮罩的 softmax。
def additive_scores(
    query: Tensor, keys: Tensor, query_layer: nn.Linear, key_layer: nn.Linear, score_layer: nn.Linear
) -> Tensor:
    mixed = torch.tanh(query_layer(query).unsqueeze(1) + key_layer(keys))  # (B, S, A)
    return score_layer(mixed).squeeze(2)  # (B, S)


def masked_softmax(scores: Tensor, lengths: Tensor) -> Tensor:
    padding = torch.arange(scores.shape[1]) >= lengths.unsqueeze(1)  # (B, S)
    return torch.softmax(scores.masked_fill(padding, float("-inf")), dim=1)  # (B, S)
# %% [markdown] lang="en"
# **Exercise `BahdanauDecoder`.** The submodules:
#
# | name | module | name | module |
# | --- | --- | --- | --- |
# | `embedding` | `nn.Embedding(output_size, H)` | `score_layer` | `nn.Linear(H, 1, bias=False)` |
# | `query_layer` | `nn.Linear(H, H)` | `gru` | `nn.GRU(2H, H, batch_first=True)` |
# | `key_layer` | `nn.Linear(H, H, bias=False)` | `out` | `nn.Linear(H, output_size)` |
#
# `forward` takes `input (B,)`, `hidden (1, B, H)`, `encoder_outputs (B, S, H)` and `lengths (B,)`, and gives `log_probs (B, V)`, the new `hidden (1, B, H)` and `attn_weights (B, S)`. There is no dropout, and no combine: the GRU itself takes
# `[embedded; context]`, 2H numbers.
#
# **Predict:** which of the shapes in the picture must change when the sentences get longer? Is there a parameter among them?
#
# 20 minutes · difficulty ●●● · 4 points
#
# <details><summary>Hint 1 · a nudge</summary>
#
# Again the picture, line by line: embedding; scores; weights; context; GRU; out. Write the shape behind each line before you write the line.
#
# </details>
# <details><summary>Hint 2 · the approach</summary>
#
# The query is `hidden[0]`, `(B, H)`, and the keys are `encoder_outputs`. With `batch_first=True` the GRU wants `(B, 1, 2H)`: B sentences, one step. It gives `(B, 1, H)`: take the step away again before `out`.
#
# </details>
# <details><summary>Hint 3 · almost the code</summary>
#
# `scores = additive_scores(hidden[0], encoder_outputs, self.query_layer, self.key_layer, self.score_layer)`, `attn_weights = masked_softmax(...)`, `context = attention_context(...)`,
# `step = torch.cat([embedded, context], dim=...).unsqueeze(...)`, `output, hidden = self.gru(step, hidden)`, `log_probs = F.log_softmax(self.out(output.squeeze(...)), dim=...)`.
#
# </details>
# %% [markdown] lang="zh-TW"
# **練習 `BahdanauDecoder`。** 子模組如下：
#
# | 名稱 | 模組 | 名稱 | 模組 |
# | --- | --- | --- | --- |
# | `embedding` | `nn.Embedding(output_size, H)` | `score_layer` | `nn.Linear(H, 1, bias=False)` |
# | `query_layer` | `nn.Linear(H, H)` | `gru` | `nn.GRU(2H, H, batch_first=True)` |
# | `key_layer` | `nn.Linear(H, H, bias=False)` | `out` | `nn.Linear(H, output_size)` |
#
# `forward` 接收 `input (B,)`、`hidden (1, B, H)`、`encoder_outputs (B, S, H)` 和 `lengths (B,)`，回傳 `log_probs (B, V)`、新的 `hidden (1, B, H)` 和 `attn_weights (B, S)`。這裡沒有 dropout，也沒有 combine：GRU 直接吃 `[embedded; context]`，2H 個數字。
#
# **先猜：** 句子變長時，圖裡哪些形狀會跟著變？其中有沒有哪個是參數？
#
# 20 分鐘 · 難度 ●●● · 得分 4
#
# <details><summary>提示 1 · 推一把</summary>
#
# 一樣照著圖，一行一行寫：嵌入、分數、權重、上下文、GRU、out。寫每一行之前，先把它的形狀寫在後面。
#
# </details>
# <details><summary>提示 2 · 作法</summary>
#
# 查詢是 `hidden[0]`，形狀 `(B, H)`；鍵是 `encoder_outputs`。`batch_first=True` 的 GRU 要的是 `(B, 1, 2H)`：B 句、一步。它給的是 `(B, 1, H)`，交給 `out` 之前，要再把那一步拿掉。
#
# </details>
# <details><summary>提示 3 · 差一點就是程式碼</summary>
#
# `scores = additive_scores(hidden[0], encoder_outputs, self.query_layer, self.key_layer, self.score_layer)`、`attn_weights = masked_softmax(...)`、`context = attention_context(...)`、`step = torch.cat([embedded, context], dim=...).unsqueeze(...)`、`output, hidden = self.gru(step, hidden)`、`log_probs = F.log_softmax(self.out(output.squeeze(...)), dim=...)`。
#
# </details>
# %% exercise="BahdanauDecoder"
class BahdanauDecoder(nn.Module):
    """
    [en] One step of additive attention, for a whole batch of sentences of different lengths.
    [zh-TW] 加法式注意力的一步，一次處理整個批次、長短不一的句子。
    """

    def __init__(self, hidden_size: int, output_size: int):
        super().__init__()
        ### BEGIN SOLUTION
        self.embedding = nn.Embedding(output_size, hidden_size)
        self.query_layer = nn.Linear(hidden_size, hidden_size)
        self.key_layer = nn.Linear(hidden_size, hidden_size, bias=False)
        self.score_layer = nn.Linear(hidden_size, 1, bias=False)
        self.gru = nn.GRU(2 * hidden_size, hidden_size, batch_first=True)
        self.out = nn.Linear(hidden_size, output_size)
        ### END SOLUTION

    def forward(
        self, input: Tensor, hidden: Tensor, encoder_outputs: Tensor, lengths: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """
        input (B,) long, hidden (1, B, H), encoder_outputs (B, S, H), lengths (B,) long
        -> log_probs (B, V), hidden (1, B, H), attn_weights (B, S)
        """
        ### BEGIN SOLUTION
        embedded = self.embedding(input)  # (B, H)
        scores = additive_scores(hidden[0], encoder_outputs, self.query_layer, self.key_layer, self.score_layer)
        attn_weights = masked_softmax(scores, lengths)  # (B, S)
        context = attention_context(attn_weights, encoder_outputs)  # (B, H)
        step = torch.cat([embedded, context], dim=1).unsqueeze(1)  # (B, 1, 2H)
        output, hidden = self.gru(step, hidden)  # (B, 1, H), (1, B, H)
        log_probs = F.log_softmax(self.out(output.squeeze(1)), dim=1)  # (B, V)
        return log_probs, hidden, attn_weights
        ### END SOLUTION
# %% check="BahdanauDecoder" points=4
check("BahdanauDecoder", BahdanauDecoder)
# %% [markdown] lang="en"
# **Common mistakes**
#
# - No mask, a mask one place off, or a mask *after* the softmax. The other way round: masked weights returned, but the context made with the unmasked ones.
# - `query_layer` and `key_layer` exchanged; or the embedding as the query. The question comes from the *state*.
# - `[context; embedded]` into the GRU, or a relu before it: that belonged to combine.
# - A bias in `key_layer`: it changes the scores. (The contract says `bias=False`: one bias, in `query_layer`, is enough for both.)
# - Softmax over the batch, `dim=0`: the sentences compete for attention.
#
# **What changed:** everything is there to learn the long dates. The question of the prediction: only the tensors with an S in their shape grow. No parameter has an S, so **any length fits**.
# %% [markdown] lang="zh-TW"
# **常見錯誤**
#
# - 沒有遮罩、遮罩差一個位置，或是 softmax **之後**才遮。還有反過來的：回傳的權重有遮，上下文卻是用沒遮的權重算的。
# - `query_layer` 和 `key_layer` 對調；或是拿嵌入當查詢。發問的是**狀態**。
# - 給 GRU 的是 `[context; embedded]`，或是前面多了 relu：那是 combine 的事。
# - `key_layer` 加了 bias：分數會變。（約定是 `bias=False`：`query_layer` 已經有一個 bias，兩邊共用就夠了。）
# - softmax 沿著批次 `dim=0` 做：變成句子之間在搶注意力。
#
# **現在不一樣了：** 學長日期需要的東西都齊了。剛才猜的那一題：會變長的，只有形狀裡有 S 的張量；沒有任何參數帶著 S，所以**多長的句子都行**。
# %% [markdown] lang="en"
# ## 6 · Train it, and watch the map sharpen
#
# The task is chapter 01's hard one: dates, dates with a time, and intervals. 8,000 pairs to learn from, 1,000 others to test with. There, without attention, only a few test dates in a hundred came out right.
# %% [markdown] lang="zh-TW"
# ## 6 · 訓練，看著熱圖越來越清楚
#
# 任務就是第 01 章難倒我們的那個：日期、日期加時間，還有日期區間。用 8,000 對來學，另外 1,000 對來考。那時候沒有注意力，一百個裡只對了幾個。
# %% lab=true
corpus = date_pairs("dates")
for pair in corpus.test[:4]:
    print(" ".join(pair.source), "->", "".join(pair.target))
# %% [markdown] lang="en"
# The rest is **given**. The encoder reads in *both directions* (a GRU of 32 from the left and one of 32 from the right, side by side: H = 64), so that the state at every token has read the neighbours on both sides. The `Translator` joins an
# encoder and a decoder: with teacher forcing to train, with its own tokens to translate. It keeps every row of weights that the decoder returns: that is the map.
# %% [markdown] lang="zh-TW"
# 其餘的都**已寫好**。編碼器從**兩個方向**讀（左邊來的 GRU 有 32 個數字，右邊來的也有 32 個，並排起來 H = 64），所以每個 token 的狀態都讀過左右兩邊的鄰居。`Translator` 把編碼器和解碼器接起來：訓練時用 teacher forcing，翻譯時用自己寫的 token。解碼器每一步回傳的權重，它都收集起來，疊成熱圖。
# %%
# [en] Given: an encoder that reads in both directions.
# [zh-TW] 已寫好：從兩個方向讀的編碼器。
class BiEncoder(nn.Module):
    def __init__(self, input_size: int, hidden_size: int, max_length: int | None = None):
        super().__init__()
        self.max_length = max_length
        self.embedding = nn.Embedding(input_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size // 2, batch_first=True, bidirectional=True)

    def forward(self, input_ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """input_ids (B, S), lengths (B,) -> outputs (B, S, H), hidden (1, B, H)"""
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embedding(input_ids), lengths, batch_first=True, enforce_sorted=False
        )
        packed, hidden = self.gru(packed)  # hidden (2, B, H/2)
        size = self.max_length or input_ids.shape[1]
        outputs, _ = nn.utils.rnn.pad_packed_sequence(packed, batch_first=True, total_length=size)  # (B, S, H)
        return outputs, torch.cat([hidden[0], hidden[1]], dim=1).unsqueeze(0)  # (1, B, H)
# %%
# [en] Given: an encoder and a decoder joined.
# [zh-TW] 已寫好：把編碼器和解碼器接起來。
class Translator(nn.Module):
    def __init__(self, encoder: nn.Module, decoder: nn.Module):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, batch: Batch) -> Tensor:
        """-> log_probs (B, L, V)"""
        outputs, hidden = self.encoder(batch.input_ids, batch.lengths)
        return self.decode(outputs, hidden, batch.lengths, batch.decoder_inputs)[0]

    def decode(
        self, outputs: Tensor, hidden: Tensor, lengths: Tensor, inputs: Tensor | None = None, steps: int = 30
    ) -> tuple[Tensor, Tensor]:
        """-> log_probs (B, L, V), maps (B, L, S)"""
        token, log_probs, maps = torch.full_like(lengths, SOS), [], []
        for step in range(steps if inputs is None else inputs.shape[1]):
            if inputs is not None:
                token = inputs[:, step]  # (B,)
            row, hidden, weights = self.decoder(token, hidden, outputs, lengths)
            token = row.argmax(dim=1)  # (B,)
            log_probs.append(row)
            maps.append(weights)
        return torch.stack(log_probs, dim=1), torch.stack(maps, dim=1)
# %%
# [en] Given: the loss, a translation, and the maps.
# [zh-TW] 已寫好：損失、翻譯，以及熱圖。
def sequence_loss(log_probs: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    return F.nll_loss(log_probs.flatten(0, 1), targets.flatten(), ignore_index=pad_id)


@torch.no_grad()
def translate(model: Translator, batch: Batch) -> Tensor:
    """-> ids (B, L)"""
    outputs, hidden = model.encoder(batch.input_ids, batch.lengths)
    return model.decode(outputs, hidden, batch.lengths)[0].argmax(dim=2)


@torch.no_grad()
def maps_of(model: Translator, corpus: Corpus, pairs: list[Pair]) -> list[tuple[Tensor, Pair]]:
    """
    [en] Each pair's map (L, S), made while the right tokens are fed in, and the pair.
    [zh-TW] 每一對句子的熱圖 (L, S)（餵入正確的 token 時得到的），以及那一對句子。
    """
    batch = corpus.batch(pairs)
    outputs, hidden = model.encoder(batch.input_ids, batch.lengths)
    maps = model.decode(outputs, hidden, batch.lengths, batch.decoder_inputs)[1]  # (B, L, S)
    return list(zip(maps, pairs, strict=True))
# %% [markdown] lang="en"
# The map we watch is that of *your* date from chapter 02. Nobody tells the model where to look; it only gets the pairs. The outlined cells, the truth, are for us.
#
# **Predict:** after one pass over the data, what will the map look like? And what will it find first: the year, the weekday, the month?
#
# Training takes about half a minute, on a slow machine one or two.
# %% [markdown] lang="zh-TW"
# 我們來觀察第 02 章**你的**那個日期。沒有人告訴模型要看哪裡，它拿到的只有一對一對的句子；有外框的格子是正確答案，只給我們看的。
#
# **先猜：** 資料看完一遍之後，熱圖長什麼樣子？它會先找到什麼：年、星期，還是月？
#
# 訓練大約半分鐘；電腦慢的話，一兩分鐘。
# %% lab=true
mine = Pair(
    ["Tuesday", ",", "3", "0", "March", "2", "0", "1", "0"],
    list("2010年3月30日星期二"),
    [5, 6, 7, 8, -1, 4, -1, 2, 3, -1, 0, 0, 0],
)
H = 64
snapshots = {}


def watch(epoch: int, model: nn.Module) -> None:
    score = alignment_accuracy(maps_of(model, corpus, corpus.test[:200]))
    snapshots[epoch] = (maps_of(model, corpus, [mine])[0][0], score)  # (L, S)


torch.manual_seed(0)
model = Translator(BiEncoder(len(corpus.source_vocab), H), BahdanauDecoder(H, len(corpus.target_vocab)))
history = fit(model, sequence_loss, corpus, epochs=7, lr=8e-3, on_epoch=watch)
plot_losses(history)
# %% lab=true
print(f"exact match {exact_match(lambda batch: translate(model, batch), corpus):.1%}")
# %% [markdown] lang="en"
# About 99 of a hundred, on dates it has never seen. Chapter 01 got a few. And the map, epoch by epoch (above each: how many of its looks were right, over 200 test dates):
# %% [markdown] lang="zh-TW"
# 從來沒看過的日期，一百個大約對了 99 個；第 01 章只對了幾個。再來看熱圖一輪一輪的變化（上方的數字是：在 200 個測試日期裡，有多少次看對了地方）：
# %% lab=true
figure, axes = plt.subplots(1, 4, figsize=(15, 4.6), layout="constrained")
for ax, epoch in zip(axes, (1, 2, 3, 7), strict=True):
    weights, score = snapshots[epoch]
    show_attention(weights, mine.source, mine.target, truth=mine.alignment, title=f"{epoch}: {score:.0%}", ax=ax)
# %% [markdown] lang="en"
# First fog, then blots, then almost a line of single cells, and nobody ever showed it an alignment. Looking at the right place *pays*: it makes the loss smaller, and gradients flow back through your `attention_context` and the softmax into the scores. That is why
# the mix had to be soft.
#
# Now look where it does *not* land in the outline. Every year in these data begins with 19 or 20, so whoever has seen the `2` knows the 0 already, and need not look for it. And 年, 月 and 日, which have no outline, come from no word at
# all: the model looks anywhere, and it does not matter.
#
# The longest of the test dates, an interval:
# %% [markdown] lang="zh-TW"
# 一開始是霧，再來是一團一團，最後幾乎只剩一格一格的亮點，而且從頭到尾沒有人教過它怎麼對齊。看對地方是**划算**的：損失會變小，梯度就會穿過你的 `attention_context` 和 softmax，一路流回分數。這就是為什麼混合一定要「軟」。
#
# 再看看亮點**沒有**落在外框裡的地方。這份資料的年份不是 19 就是 20 開頭，看到 `2` 就知道下一個是 0，不必再去找。至於沒有外框的「年」「月」「日」，本來就不是從哪個詞來的，模型看哪裡都行，也都沒關係。
#
# 再看測試資料裡最長的一句，是個日期區間：
# %% lab=true
longer = max(corpus.test, key=lambda pair: len(pair.source))
weights = maps_of(model, corpus, [longer])[0][0]  # (L, S)
show_attention(weights, longer.source, longer.target, truth=longer.alignment)
print(f"alignment {alignment_accuracy(maps_of(model, corpus, corpus.test)):.1%}")
# %% [markdown] lang="en"
# ## 7 · The laboratory
#
# ### 7.1 Your clicks beside the model's map
#
# In chapter 02 you marked where *you* looked. If that chapter's notebook could save your answer, it is found by itself; if not, paste the line it printed.
# %% [markdown] lang="zh-TW"
# ## 7 · 實驗室
#
# ### 7.1 你標的和模型看的，並排比一比
#
# 第 02 章你標過**自己**看哪裡。如果當時有存檔，這裡會自動找到；如果沒有，就把那一章印出來的那行貼進來。
# %%
my_alignment = []  # [en] or paste the line from chapter 02 [zh-TW] 或是貼上第 02 章印出來的那一行
saved = Path("../02-attention-weights/my_alignment.json")
try:
    my_alignment = my_alignment or json.loads(saved.read_text(encoding="utf-8"))["alignment"]
except (OSError, ValueError, KeyError):
    print("my_alignment = []")
# %% lab=true
clicks = torch.zeros(len(mine.target), len(mine.source))  # (L, S)
for row, column in enumerate(my_alignment[: len(mine.target)]):
    if 0 <= column < len(mine.source):
        clicks[row, column] = 1.0
figure, axes = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
show_attention(clicks, mine.source, mine.target, title="my_alignment", ax=axes[0])
show_attention(maps_of(model, corpus, [mine])[0][0], mine.source, mine.target, title="BahdanauDecoder", ax=axes[1])
# %% [markdown] lang="en"
# Where do the two of you agree, and where not? Nobody told either of you. (An empty map on the left means that no clicks were found.)
# %% [markdown] lang="zh-TW"
# 哪裡一樣，哪裡不一樣？兩邊都沒有人教過。（左邊如果是空的，表示沒有找到你的標記。）
# %% [markdown] lang="en"
# ### 7.2 Right for the wrong reasons
#
# Now the classic decoder. To train it in seconds and not minutes, here is its **given** batched sibling. It inherits all its parameters, under the same names, from *your* `AttnDecoderRNN`, so that afterwards they can be loaded into yours, which draws the map.
#
# Its `attn` has a fixed number of outputs, so every sentence is padded to the same length, and the task is the easier one: short dates.
#
# **Predict:** its weights come from the last token and its own state only. It never sees an encoder state before deciding where to look. Can it get most dates right? Will its map look like the one above?
#
# about ten seconds, on a slow machine half a minute
# %% [markdown] lang="zh-TW"
# ### 7.2 答對了，但理由不對
#
# 輪到經典解碼器。為了幾秒鐘就能訓練完，而不是好幾分鐘，這裡有它**已寫好**的批次版兄弟。它的參數連同名稱，全部繼承自**你的** `AttnDecoderRNN`，所以訓練完可以載回你的類別，由它來畫熱圖。
#
# `attn` 的輸出個數是固定的，所以每一句都要補到一樣長；任務也換成比較簡單的短日期。
#
# **先猜：** 它的權重只來自上一個 token 和自己的狀態，決定看哪裡之前，從沒看過編碼器的狀態。這樣有辦法答對大部分的日期嗎？熱圖會跟上面的一樣嗎？
#
# 大約十秒；電腦慢的話，半分鐘
# %%
# [en] Given: AttnDecoderRNN for a whole batch. The lengths are not used: it has no mask.
# [zh-TW] 已寫好：能處理整個批次的 AttnDecoderRNN。它沒有遮罩，所以用不到 lengths。
class BatchedAttnDecoder(AttnDecoderRNN):
    def forward(
        self, input: Tensor, hidden: Tensor, encoder_outputs: Tensor, lengths: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        embedded = self.dropout(self.embedding(input))  # (B, H)
        attn_weights = torch.softmax(self.attn(torch.cat([embedded, hidden[0]], dim=1)), dim=1)  # (B, S)
        context = attention_context(attn_weights, encoder_outputs)  # (B, H)
        combined = F.relu(self.attn_combine(torch.cat([embedded, context], dim=1)))  # (B, H)
        output, hidden = self.gru(combined.unsqueeze(0), hidden)  # (1, B, H) both
        return F.log_softmax(self.out(output[0]), dim=1), hidden, attn_weights
# %% lab=true
short = date_pairs("date")
longest, V = short.max_source, len(short.target_vocab)

torch.manual_seed(0)
sibling = BatchedAttnDecoder(H, V, max_length=longest)
positional = Translator(BiEncoder(len(short.source_vocab), H, max_length=longest), sibling)
history = fit(positional, sequence_loss, short, epochs=10, lr=6e-3)
print(f"exact match {exact_match(lambda batch: translate(positional, batch), short):.1%}")
print(f"alignment   {alignment_accuracy(maps_of(positional, short, short.test)):.1%}")
# %% lab=true
classic = AttnDecoderRNN(H, V, max_length=longest)
classic.load_state_dict(sibling.state_dict())
classic.eval()

batch = short.batch([mine])
with torch.no_grad():
    outputs, hidden = positional.encoder(batch.input_ids, batch.lengths)  # (1, S, H), (1, 1, H)
    rows = []
    for token in batch.decoder_inputs[0]:
        _, hidden, weights = classic(token.view(1, 1), hidden, outputs[0])
        rows.append(weights[0])  # (S,)
show_attention(torch.stack(rows), mine.source, mine.target, truth=mine.alignment, title="AttnDecoderRNN")
# %% [markdown] lang="en"
# Nearly every date is right, and the map is a smear: fewer than half of its looks hit the token that the character comes from. Over the year it is fog; and where a row is bright, it is often bright *beside* the truth.
#
# How can it be right? It cannot ask "where is the month?", because it never sees what stands where. It learns *positions*: "for my sixth character, look around the fifth place". Dates come in few patterns, and the encoder has read everything in both directions, so
# the neighbours carry enough. It spreads its look, collects a mix, and lets the rest of the network sort it out.
#
# So **accuracy does not validate a heat map**. A model can be right while looking somewhere else, and a pretty map proves nothing about a model either. There are better tests. One you have used: compare with a known truth. The other comes now: *interfere*.
#
# ### 7.3 Blindfold it at one place
#
# Take the first decoder again, and your date. Erase **one** encoder state (put zeros in its place), write the date, put it back, erase the next. Each line below is what the model writes with that token's state erased.
#
# **Predict:** which characters break when `March` is erased? And when a comma is?
# %% [markdown] lang="zh-TW"
# 幾乎每個日期都對，熱圖卻是糊的：看到正確出處的，還不到一半。年份那幾列像一團霧；就算有哪一列很亮，也常常亮在正確答案的**旁邊**。
#
# 那它怎麼會對？它沒辦法問「月份在哪裡？」，因為它根本不知道哪裡有什麼。它學到的是**位置**：「寫第六個字的時候，看第五個位置附近。」日期的寫法就那幾種，編碼器又從兩個方向把整句讀過，旁邊的狀態就帶著足夠的資訊。它把目光攤開，收集一團混合，再讓後面的網路去整理。
#
# 所以，**準確率不能證明熱圖是對的**。模型可以看著別的地方而答對；反過來，熱圖漂亮，也不能證明模型真的這樣想。有更好的檢驗方法：一種你用過了，跟已知的答案比對；另一種現在就來：**動手干預**。
#
# ### 7.3 把它的一隻眼睛遮起來
#
# 回到第一個解碼器和你的日期。把**一個**編碼器狀態擦掉（換成 0），讓它寫一次日期；放回去，再擦下一個。下面每一行，就是擦掉那個 token 的狀態之後，模型寫出來的東西。
#
# **先猜：** 擦掉 `March`，壞掉的會是哪些字？擦掉逗號呢？
# %% lab=true
@torch.no_grad()
def blindfolded(pair: Pair) -> tuple[Tensor, Tensor]:
    """
    [en] ids (S, L), row s written with state s erased; weights (L, S) with nothing erased.
    [zh-TW] ids (S, L)：第 s 列是擦掉狀態 s 之後寫的；weights (L, S)：什麼都沒擦。
    """
    batch = corpus.batch([pair])
    outputs, hidden = model.encoder(batch.input_ids, batch.lengths)  # (1, S, H), (1, 1, H)
    S = outputs.shape[1]
    keep = torch.cat([1 - torch.eye(S), torch.ones(1, S)])  # (S+1, S)
    hidden = hidden.expand(-1, S + 1, -1).contiguous()  # (1, S+1, H)
    inputs = batch.decoder_inputs.expand(S + 1, -1)  # (S+1, L)
    lengths = batch.lengths.expand(S + 1)  # (S+1,)
    log_probs, maps = model.decode(outputs * keep.unsqueeze(2), hidden, lengths, inputs)
    return log_probs.argmax(dim=2)[:-1], maps[-1]


written, _ = blindfolded(mine)
for token, ids in zip(mine.source, written, strict=False):
    print(f"{token:>8} ", "".join(corpus.target_vocab.tokens[number] for number in ids[: len(mine.target)]))
# %% [markdown] lang="en"
# Compare each line with 2010年3月30日星期二. One date is an anecdote, so count over a hundred: how often does a character change when the state the model looks at most is erased, and how often when another one is?
# %% [markdown] lang="zh-TW"
# 每一行都跟「2010年3月30日星期二」比一比。只看一個日期不算數，所以拿一百個來統計：擦掉模型最注意的那個狀態，字有多常變？擦掉別的狀態呢？
# %% lab=true
looked, other = [], []
for pair in corpus.test[:100]:
    written, weights = blindfolded(pair)
    right = torch.tensor(corpus.target_vocab.encode(pair.target))  # (L,)
    changed = written != right  # (S, L)
    for place, origin in enumerate(pair.alignment):
        if origin >= 0:
            best = weights[place].argmax()
            looked.append(changed[best, place].item())
            other += [value.item() for s, value in enumerate(changed[:, place]) if s != best]
print(f"looked at {sum(looked) / len(looked):.0%}   other {sum(other) / len(other):.1%}")
# %% [markdown] lang="en"
# Erase what it looks at, and the character breaks about two times in three; erase anything else, and almost nothing happens. *That* is evidence. (Why does one in three survive? Some need no look: 期 always follows 星, and 0 follows the 2 of
# a year. And the neighbours' states have read the erased token too.)
#
# ### 7.4 Break it on purpose
#
# The same trained parameters, with one line replaced: how scores become weights. Three sicknesses:
#
# - **no softmax:** the scores themselves are the weights;
# - **no mask:** an ordinary softmax along the source positions;
# - **softmax over the batch:** `dim=0`.
#
# Your date shares its batch with a longer one, so that there is padding to look at.
#
# **Predict:** which of the maps A, B, C will belong to which sickness? What would give each away: colours below 0 or above 1, bright cells under "pad", rows that do not sum to 1?
# %% [markdown] lang="zh-TW"
# 擦掉它正在看的，大約三次有兩次，字就壞了；擦掉別的，幾乎沒事。**這**才叫證據。（為什麼還有三分之一沒壞？有些字根本不用看：「星」後面一定是「期」，年份的 2 後面就是 0。而且被擦掉的 token，旁邊的狀態也讀過。）
#
# ### 7.4 故意弄壞
#
# 參數還是訓練好的那一組，只換掉一行：分數怎麼變成權重。三種病：
#
# - **沒有 softmax：** 直接拿分數當權重；
# - **沒有遮罩：** 沿著來源位置做一般的 softmax；
# - **softmax 沿著批次做：** `dim=0`。
#
# 你的日期會跟一句比較長的放在同一個批次，這樣才有填充可以看。
#
# **先猜：** A、B、C 三張熱圖，各是哪一種病？線索可能是什麼：小於 0 或大於 1 的顏色、「填充」底下發亮的格子、加起來不是 1 的列？
# %%
# [en] Given: the decoder with another rule for turning scores into weights.
# [zh-TW] 已寫好：換掉「分數變權重」規則的解碼器。
class SickDecoder(BahdanauDecoder):
    share = staticmethod(masked_softmax)

    def forward(
        self, input: Tensor, hidden: Tensor, encoder_outputs: Tensor, lengths: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        scores = additive_scores(hidden[0], encoder_outputs, self.query_layer, self.key_layer, self.score_layer)
        weights = self.share(scores, lengths)  # (B, S)
        context = attention_context(weights, encoder_outputs)  # (B, H)
        step = torch.cat([self.embedding(input), context], dim=1).unsqueeze(1)  # (B, 1, 2H)
        output, hidden = self.gru(step, hidden)  # (B, 1, H), (1, B, H)
        return F.log_softmax(self.out(output.squeeze(1)), dim=1), hidden, weights
# %% lab=true
sicknesses = {
    "A": lambda scores, lengths: torch.softmax(scores, dim=0),
    "B": lambda scores, lengths: scores,
    "C": lambda scores, lengths: torch.softmax(scores, dim=1),
}
figure, axes = plt.subplots(1, 3, figsize=(17, 4.6), layout="constrained")
for ax, (name, share) in zip(axes, sicknesses.items(), strict=True):
    decoder = SickDecoder(H, len(corpus.target_vocab))
    decoder.load_state_dict(model.decoder.state_dict())
    decoder.share = share
    sick = Translator(model.encoder, decoder).eval()
    weights = maps_of(sick, corpus, [mine, longer])[0][0]  # (L, S)
    title = f"{name}: {exact_match(lambda batch, sick=sick: translate(sick, batch), corpus, corpus.test[:250]):.0%}"
    show_attention(weights, mine.source, mine.target, title=title, ax=ax)
    print(name, "row sums", weights[:4].sum(dim=1))  # (4,)
# %% [markdown] lang="en"
# <details><summary>Which is which?</summary>
#
# - **A, softmax over the batch.** Everything is between 0 and 1, but the rows do not sum to 1: at each place the sentences of the batch fight over the attention, and the winner takes it all, at many places at once, under "pad" too.
# - **B, no softmax.** Scores below 0 and far above 1, rows that sum to anything.
# - **C, no mask.** The rows sum to 1 and it looks almost healthy; only here and there a faint band lies under "pad". This is the sneakiest of the three: no error, good marks on average, and a translation that depends on its neighbours.
#
# </details>
#
# So a map is good for one thing without any doubt: **finding your own mistakes**.
#
# ### A question to answer in words (2 points)
#
# Somebody shows you a translator that gets 99 % right, and one of its heat maps, and says: *"This proves that the model understands which word belongs to which."*
#
# What do you answer? Name two tests from this chapter that would say more, and what each would have to show. Three or four sentences.
# %% [markdown] lang="zh-TW"
# <details><summary>哪張是哪一種？</summary>
#
# - **A：softmax 沿著批次做。** 數值都在 0 和 1 之間，但每一列加起來不是 1：每個位置上，都是同批次的句子在搶注意力，贏的全拿，所以會同時亮一大片，連「填充」底下也一樣。
# - **B：沒有 softmax。** 有小於 0 的，也有遠大於 1 的，每一列的總和亂七八糟。
# - **C：沒有遮罩。** 每一列加起來是 1，看起來幾乎很健康，只是有幾列在「填充」底下透著微光。三種裡最狡猾的就是它：不會出錯，平均成績不差，翻譯結果卻要看鄰居是誰。
#
# </details>
#
# 所以熱圖至少有一個毫無疑問的用處：**幫你抓自己的錯**。
#
# ### 問答題（得分 2）
#
# 有人給你看一個準確率 99% 的翻譯模型，還有它的一張熱圖，說：「這證明模型懂得哪個詞對應哪個詞。」
#
# 你會怎麼回答？請舉出這一章的兩種檢驗方法，並說明各要看到什麼結果才算數。三四句話就好。
# %% [markdown] question="what_a_map_proves" points=2 lang="en"
# ### BEGIN SOLUTION
# Neither the accuracy nor one map proves it: the classic decoder gets about 99 % of the short dates right, and its map is a smear, because its weights depend on positions and never on the encoder states. First test: compare the maps of
# many held-out sentences with a known alignment; far more looks than by chance must fall on the right token. Second test: interfere. Erase the state it looks at, and that word must change; erase another, and it must stay. Only then does the map tell what the model uses
# (and even then not that it "understands").
# ### END SOLUTION
# %% [markdown] question="what_a_map_proves" points=2 lang="zh-TW"
# ### BEGIN SOLUTION
# 準確率和一張熱圖都不能證明：經典解碼器在短日期上也有大約 99%，熱圖卻是糊的，因為它的權重只看位置，從來沒看過編碼器的狀態。檢驗一：拿許多沒看過的句子，把熱圖和已知的對齊比較，看對的次數要遠高於亂猜。檢驗二：動手干預。擦掉它正在看的狀態，那個詞應該要變；擦掉別的，應該不變。這樣才能說熱圖反映了模型用到的資訊（但也還不能說它「懂」）。
# ### END SOLUTION
# %% [markdown] lang="en"
# ## Check yourself
#
# <details><summary>1. weights (B, S), encoder_outputs (B, S, H). Why is squeeze(1) right after bmm, and squeeze() a bug that waits?</summary>
#
# After bmm the shape is `(B, 1, H)`, and dim 1 is the axis that you added. `squeeze()` removes *every* axis of size 1. While B is 64 nobody notices; with the last batch of one sentence, or the first user's single sentence, the batch axis is gone.
#
# </details>
# <details><summary>2. AttnDecoderRNN needs max_length, BahdanauDecoder does not. Why?</summary>
#
# The classic decoder's `attn` layer gives one score for each *place*, so it needs as many outputs as there are places. The additive match scores one *state* at a time with the same small network; S states, S scores.
#
# </details>
# <details><summary>3. All weights are equal. What is the context, and what is the decoder then?</summary>
#
# The mean of the states, the same at every step: one vector for the whole sentence. It is back in chapter 01.
#
# </details>
#
# ## References
#
# - Bahdanau, Cho, Bengio, [Neural Machine Translation by Jointly Learning to Align and Translate](https://arxiv.org/abs/1409.0473), 2015. Your `BahdanauDecoder` is section 3; figure 3 shows maps, and figure 2 what happens to long sentences.
# - Hung-yi Lee (李宏毅), *Machine Learning* lectures, National Taiwan University, slides on attention-based models: c as a weighted sum, and the 機器學習 example.
# - PyTorch tutorial, [Translation with a Sequence to Sequence Network and Attention](https://docs.pytorch.org/tutorials/intermediate/seq2seq_translation_tutorial.html): the classic `AttnDecoderRNN` became known through its first versions.
# - PyTorch documentation: [torch.bmm](https://docs.pytorch.org/docs/stable/generated/torch.bmm.html), [nn.GRU](https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html) (its shapes, with and without `batch_first`).
# - Jain, Wallace, [Attention is not Explanation](https://arxiv.org/abs/1902.10186), 2019, and Wiegreffe, Pinter, [Attention is not not Explanation](https://arxiv.org/abs/1908.04626), 2019: the argument about 7.2 and 7.3, in two titles.
#
# ## Next
#
# `attention_context` does not know that it mixes *words*. It takes S vectors and S weights; where the vectors come from is all the same to it. To this decoder the sentence was never more than a row of vectors. **What else is a row of vectors?** → Chapter 04.
# %% [markdown] lang="zh-TW"
# ## 自我測驗
#
# <details><summary>1. weights 是 (B, S)，encoder_outputs 是 (B, S, H)。bmm 之後為什麼要用 squeeze(1)？squeeze() 又為什麼是顆未爆彈？</summary>
#
# bmm 之後是 `(B, 1, H)`，dim 1 就是你補上去的那一維。`squeeze()` 會把**所有**大小為 1 的維度都拿掉。B 是 64 的時候沒有人會發現；等到最後一個批次剛好只剩一句，或是第一位使用者只輸入一句，批次那一維就不見了。
#
# </details>
# <details><summary>2. 為什麼 AttnDecoderRNN 需要 max_length，BahdanauDecoder 不需要？</summary>
#
# 經典解碼器的 `attn` 替每個**位置**給一個分數，有幾個位置就要有幾個輸出。加法式的匹配則是用同一個小網路，一次替一個**狀態**打分數；S 個狀態，就有 S 個分數。
#
# </details>
# <details><summary>3. 如果權重全都一樣大，上下文會是什麼？這個解碼器又變成什麼？</summary>
#
# 上下文是所有狀態的平均，而且每一步都一樣：整句話只剩一個向量。等於回到第 01 章。
#
# </details>
#
# ## 參考資料
#
# - Bahdanau、Cho、Bengio，[Neural Machine Translation by Jointly Learning to Align and Translate](https://arxiv.org/abs/1409.0473)，2015：你的 `BahdanauDecoder` 就是第 3 節；圖 3 有熱圖，圖 2 可以看到長句子的下場。
# - 李宏毅，臺灣大學《機器學習》課程，attention-based model 投影片：把 c 寫成加權和，以及「機器學習」的例子。
# - PyTorch 教學 [Translation with a Sequence to Sequence Network and Attention](https://docs.pytorch.org/tutorials/intermediate/seq2seq_translation_tutorial.html)：經典的 `AttnDecoderRNN` 就是從它早期的版本流傳開來的。
# - PyTorch 文件：[torch.bmm](https://docs.pytorch.org/docs/stable/generated/torch.bmm.html)、[nn.GRU](https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html)（看它的形狀，有 `batch_first` 和沒有的差別）。
# - Jain、Wallace，[Attention is not Explanation](https://arxiv.org/abs/1902.10186)，2019，以及 Wiegreffe、Pinter，[Attention is not not Explanation](https://arxiv.org/abs/1908.04626)，2019：7.2 和 7.3 節的爭論，看標題就懂。
#
# ## 下一章
#
# `attention_context` 並不知道自己混的是**詞**。它拿到的是 S 個向量和 S 個權重，向量從哪裡來，對它都一樣。在這個解碼器眼裡，一句話從來就只是一排向量。**還有什麼東西，也是一排向量？** → 第 04 章。
