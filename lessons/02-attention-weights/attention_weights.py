# %% [markdown] lang="en"
# # 02 · Step one: the weights
#
# Chapter 01 ended badly: the decoder got a whole sentence in one vector, and long dates drowned in it. A person
# would do something very simple: **look back at the sentence**, at a different place for every word.
#
# Attention is that look, and it has two steps:
#
# 1. **Where do I look?** Give every source position a share of attention, the *weights*. This chapter.
# 2. **What do I see there?** Mix the source states by those shares. Chapter 03.
#
# In this chapter you first do step one yourself, by hand, and then teach it to a machine in six small functions. None
# is longer than a few lines. Nothing here trains for more than a few seconds.
#
# About 90 minutes · 11 points and one written question (2 points)
# %% [markdown] lang="zh-TW"
# # 02 · 第一步：權重
#
# 第 01 章的結局不太好看：解碼器只拿到一個向量，卻要靠它寫出整句話，長一點的日期就淹沒在裡面了。換作是人，作法其實很簡單：**回頭看原文**，而且每寫一個字，看的地方都不一樣。
#
# 注意力（attention）就是這樣回頭看一眼，分成兩步：
#
# 1. **要看哪裡？** 替每個來源位置分配一份注意力，也就是**權重**。這一章做這件事。
# 2. **看到了什麼？** 照著權重，把來源的狀態混合起來。第 03 章再做。
#
# 這一章你會先親手做一次第一步，再用六個小函式把它教給機器。每個函式都只有幾行，也沒有要訓練很久的東西，頂多幾秒鐘。
#
# 大約 90 分鐘 · 程式得分 11，另有一題問答得分 2
# %%
import json
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from classroom import Pair, date_pairs, show_attention, show_softmax
from grader import check

torch.manual_seed(0)
torch.set_printoptions(precision=3, sci_mode=False)
# %% [markdown] lang="en"
# ## 1 · Where would *you* look?
#
# Before any formula: translate one date by hand. Here it is, cut into tokens and numbered.
# %% [markdown] lang="zh-TW"
# ## 1 · 換作是你，會看哪裡？
#
# 先別管公式，親手翻譯一個日期。下面是切成 token、編好號碼的原文和譯文。
# %%
source = ["Tuesday", ",", "3", "0", "March", "2", "0", "1", "0"]
target = list("2010年3月30日星期二")

print("   ".join(f"{number}:{token}" for number, token in enumerate(source)))
print("   ".join(f"{number}:{token}" for number, token in enumerate(target)))
# %% [markdown] lang="en"
# Cover the Chinese with your hand and uncover it one character at a time. **Which English token did you have to look at
# to write this one?** Put its number into `my_alignment`, one number for each Chinese character. Write `-1` where you did
# not need to look at anything. The year is filled in for you: its first `2` came from token 5.
# %% [markdown] lang="zh-TW"
# 用手遮住中文，再一個字一個字打開。**寫這個字的時候，你得看哪一個英文 token？** 把它的號碼填進 `my_alignment`，一個中文字填一個號碼；什麼都不用看就寫得出來的，填 `-1`。年份已經幫你填好了：第一個 `2` 來自 5 號 token。
# %%
my_alignment = [
    5, 6, 7, 8,  # 2 0 1 0
    -1,  # 年
    -1,  # 3
    -1,  # 月
    -1, -1,  # 3 0
    -1,  # 日
    -1, -1, -1,  # 星 期 二
]
# %% [markdown] lang="en"
# Now compare. Bright cells are yours; the outlined ones are where each character really comes from. (年, 月 and 日 have no
# outline: they are the same in every date. If you glanced at `March` for 月, that is a fine answer too.)
# %% [markdown] lang="zh-TW"
# 來對一下答案。亮的格子是你填的，有外框的是每個字真正的出處。（年、月、日沒有外框，因為每個日期都一樣。如果你寫「月」的時候瞄了一眼 `March`，那也很合理。）
# %% lab=true
true_alignment = [5, 6, 7, 8, -1, 4, -1, 2, 3, -1, 0, 0, 0]
my_weights = torch.zeros(len(target), len(source))  # (L, S)
for row, column in enumerate(my_alignment):
    if column >= 0:
        my_weights[row, column] = 1.0

show_attention(my_weights, source, target, truth=true_alignment)
# %% [markdown] lang="en"
# Three things to notice.
#
# - The path **jumps**: the end of the English comes first in Chinese, the first word last.
# - One token can serve **several** characters: `Tuesday` gives 星, 期 and 二.
# - Each row is a list of **shares**: here 100 % on one token. This is called an *alignment*, and if shares may also be 50 %
#   and 50 %, it is called **attention weights**.
#
# You have just done step one of attention. The next cell saves your answer beside this notebook; in chapter 03 your clicks and
# a trained model's will hang side by side. (If nothing can be saved where you work, copy the line it prints.)
# %% [markdown] lang="zh-TW"
# 注意三件事：
#
# - 路線是**跳著走**的：英文最後面的，中文最先寫；英文第一個字，中文反而最後才寫。
# - 一個 token 可以供**好幾個**字使用：`Tuesday` 一個字，寫出「星」「期」「二」。
# - 每一列都是一組**比例**：這裡是 100% 給同一個 token。這叫做**對齊**（alignment）；如果比例可以是 50% 和 50%，就叫做**注意力權重**（attention weights）。
#
# 注意力的第一步，你剛剛已經做完了。下一格會把你的答案存在這份筆記本旁邊；到了第 03 章，你標的和模型學到的會放在一起看。（如果你用的環境不能存檔，把印出來的那一行抄下來就好。）
# %%
answer = {"source": source, "target": target, "alignment": my_alignment}
try:
    Path("my_alignment.json").write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")
except OSError:
    pass
print("my_alignment =", my_alignment)
# %% [markdown] lang="en"
# ## 2 · How can a machine know where to look?
#
# You *matched*: what you were about to write, against each word of the sentence. A machine can do the same with vectors.
#
# - The decoder's state **z** says "this is what I am about to write". Asking with it, we call it the **query**.
# - Each encoder state **h** says "this is what stands here". Being asked, they are called the **keys**.
# - A **match function** takes one query and one key and gives one number, the **score**: high if they go together.
#
# ![Four encoder states h1 to h4 for 機, 器, 學, 習. The decoder state z0 goes into four match boxes, one for each state; their
# scores 8, 8, 0, 0 go through a softmax and come out as the weights 0.5, 0.5, 0, 0.](image/atten1.png)
#
# ### With numbers small enough for your head
#
# 機器學習 means *machine learning*: four characters, two words. To write "machine" one should look at 機 and 器. Here are four
# keys of three numbers each, and the decoder's states before either word.
# %% [markdown] lang="zh-TW"
# ## 2 · 機器怎麼知道要看哪裡？
#
# 你剛剛做的事是**比對**：拿「我正要寫的東西」，跟原文的每個字比一比。機器也可以用向量來比。
#
# - 解碼器的狀態 **z** 說的是「我正要寫這個」。它是發問的一方，叫做**查詢**（query）。
# - 編碼器的每個狀態 **h** 說的是「這裡有這個」。它們是被問的一方，叫做**鍵**（key）。
# - **匹配函數**（match function）吃一個查詢和一個鍵，給出一個數字，叫做**分數**：越相配，分數越高。
#
# ![機、器、學、習四個字各有一個編碼器狀態 h1 到 h4。解碼器狀態 z0 進入四個 match 方塊，跟每個狀態各比一次；得到的分數 8、8、0、0 經過 softmax，變成權重 0.5、0.5、0、0。](image/atten1.png)
#
# ### 先用小到可以心算的數字
#
# 「機器學習」翻成 machine learning：四個字變兩個詞。寫 machine 的時候，應該看「機」和「器」。下面有四個鍵，每個鍵三個數字，還有解碼器寫這兩個詞之前的狀態。
# %%
characters = ["機", "器", "學", "習"]
h = torch.tensor(
    [
        [2.0, 0.0, 1.0],  # 機
        [2.0, 0.0, 0.0],  # 器
        [0.0, 2.0, 0.0],  # 學
        [0.0, 2.0, 1.0],  # 習
    ]
)  # (S, H)
z0 = torch.tensor([4.0, 0.0, 0.0])  # (H,)   -> machine
z1 = torch.tensor([0.0, 4.0, 0.0])  # (H,)   -> learning
# %% [markdown] lang="en"
# **Predict first.** The simplest match multiplies number by number and adds up. In your head: what are the four scores of `z0`?
# And of `z1`?
# %% [markdown] lang="zh-TW"
# **先猜再跑。** 最簡單的比法是對應的數字相乘，再全部加起來。用心算：`z0` 的四個分數是多少？`z1` 呢？
# %%
print(h @ z0)  # (S,)
print(h @ z1)  # (S,)
# %% [markdown] lang="en"
# 8, 8, 0, 0: exactly the two characters of "machine". Then 0, 0, 8, 8.
#
# ### One interface for all
#
# There are many match functions. If all of them are *called* alike, a decoder can swap one for another. So, from here on:
#
# > `scores = match(query, keys)` with query `(B, H)`, keys `(B, S, H)` → scores `(B, S)`
#
# B sentences at once (the batch), S source positions, H numbers in a vector. Each sentence has **one** query and **S** keys, and gets
# S scores. You write the four match functions that everybody uses, and then one of your own.
#
# ![Four ways to get one score from key h and query z. dot: multiply number by number and sum. cosine: the angle between the two arrows. general: a matrix W
# between h and z. additive: each goes through a layer, they are added, then tanh, then one last layer.](image/match_functions.png)
# %% [markdown] lang="zh-TW"
# 8、8、0、0：剛好就是 machine 的那兩個字。換成 `z1`，就是 0、0、8、8。
#
# ### 呼叫的方式都一樣
#
# 匹配函數有很多種。只要**呼叫的方式**都一樣，解碼器就能隨時換一種來用。所以我們先約定好：
#
# > `scores = match(query, keys)`，query 是 `(B, H)`，keys 是 `(B, S, H)` → scores 是 `(B, S)`
#
# B 是一次處理幾句（批次），S 是來源有幾個位置，H 是一個向量有幾個數字。每一句有**一個**查詢、**S 個**鍵，得到 S 個分數。接下來你會寫出大家最常用的四種匹配函數，再自己發明一種。
#
# ![從鍵 h 和查詢 z 得到一個分數的四種方法。dot：對應的數字相乘再加總。cosine：兩支箭頭的夾角。general：h 和 z 中間夾一個矩陣 W。additive：各過一層、相加、過 tanh，再過最後一層。](image/match_functions.png)
# %% [markdown] lang="en"
# ### 2.1 The dot product
#
# What you just did in your head, for a whole batch.
#
# **A puzzle on paper first.** The query is `(B, H)`, the keys are `(B, S, H)`, the scores should be `(B, S)`. Which axis has to disappear, which
# one does the query lack? Write the shapes under one another, right end to right end, before you write code.
#
# 10 minutes · difficulty ●●○ · 2 points
#
# <details><summary>Hint 1 · a nudge</summary>
#
# In `(B, S)` there is no H any more: it was summed away. And the query has no S: every position of a sentence meets the *same* query.
#
# </details>
# <details><summary>Hint 2 · the approach</summary>
#
# Give the query an axis of size 1 with `unsqueeze`. Then there are two ways. Either multiply element by element (the axis of size 1 is stretched to
# S) and sum over H; or use `torch.bmm`, which multiplies `(B, S, H)` by `(B, H, 1)` and gives `(B, S, 1)`.
#
# </details>
# <details><summary>Hint 3 · almost the code</summary>
#
# `torch.bmm(keys, query.unsqueeze(...))`, and then take the last axis away with `.squeeze(...)`. Both want a number: which axis?
#
# </details>
# %% [markdown] lang="zh-TW"
# ### 2.1 內積
#
# 就是你剛剛心算的事，只是一次算一整個批次。
#
# **先在紙上解一個謎題。** query 是 `(B, H)`，keys 是 `(B, S, H)`，scores 應該是 `(B, S)`。哪一維要消失？query 少了哪一維？動手寫程式之前，先把三個形狀上下對齊（靠右）寫下來。
#
# 10 分鐘 · 難度 ●●○ · 得分 2
#
# <details><summary>提示 1 · 推一把</summary>
#
# `(B, S)` 裡沒有 H 了，因為它被加總掉了。query 沒有 S：同一句的每個位置，碰到的都是**同一個**查詢。
#
# </details>
# <details><summary>提示 2 · 作法</summary>
#
# 用 `unsqueeze` 替查詢補一個大小為 1 的維度，接下來有兩條路：逐元素相乘（大小為 1 的那一維會自動撐開成 S），再沿著 H 加總；或是用 `torch.bmm`，把 `(B, S, H)` 乘上 `(B, H, 1)`，得到 `(B, S, 1)`。
#
# </details>
# <details><summary>提示 3 · 差一點就是程式碼</summary>
#
# `torch.bmm(keys, query.unsqueeze(...))`，再用 `.squeeze(...)` 把最後一維去掉。兩個括號裡都要填數字：是哪一維？
#
# </details>
# %% exercise="dot_scores"
def dot_scores(query: Tensor, keys: Tensor) -> Tensor:
    """
    [en] Score every key by its dot product with its sentence's query.
    [zh-TW] 用內積替每個鍵打分數：鍵跟自己那一句的查詢比。

    query (B, H), keys (B, S, H) -> scores (B, S)
    """
    ### BEGIN SOLUTION
    return torch.bmm(keys, query.unsqueeze(2)).squeeze(2)  # (B, S)
    ### END SOLUTION
# %% check="dot_scores" points=2
check("dot_scores", dot_scores)
# %% [markdown] lang="en"
# **Common mistakes**
#
# - `query * keys` without `unsqueeze`: broadcasting lines up axes from the *right*, so the query's batch meets the source positions. When B happens to equal S it
#   even runs, and is wrong.
# - `keys.reshape(B, H, S)` to make the shapes fit: that deals the same numbers out again, shuffled. Swapping axes is `transpose(1, 2)`.
# - `.squeeze()` without a number: with a batch of one sentence it takes away the batch as well.
# - `.mean` in place of `.sum`, or dividing by √H (that will come in chapter 05, with its reason).
#
# **What changed:** one line scores a whole batch. On our little example it gives what your head gave:
# %% [markdown] lang="zh-TW"
# **常見錯誤**
#
# - 沒有 `unsqueeze` 就寫 `query * keys`：廣播是從**右邊**開始對齊的，查詢的批次會對到來源位置去。B 剛好等於 S 時甚至跑得動，但答案是錯的。
# - 用 `keys.reshape(B, H, S)` 湊形狀：那只是把同一批數字依序重排，全亂了。要交換兩個維度，是 `transpose(1, 2)`。
# - `.squeeze()` 沒給數字：批次裡只有一句話時，連批次那一維也不見了。
# - 把 `.sum` 寫成 `.mean`，或是除以 √H（第 05 章才會除，到時候會說為什麼）。
#
# **現在不一樣了：** 一行程式就替整個批次打好分數。用剛才的小例子試試，跟你心算的一樣：
# %%
queries = torch.stack([z0, z1])  # (B, H) = (2, 3): machine, learning
keys = h.expand(2, -1, -1)  # (B, S, H) = (2, 4, 3)
print(dot_scores(queries, keys))  # (B, S)
# %% [markdown] lang="en"
# ### 2.2 The cosine
#
# 機 is `[2, 0, 1]`. **Predict:** make it ten times as long, `[20, 0, 10]`, without turning it. What happens to its score?
# %% [markdown] lang="zh-TW"
# ### 2.2 餘弦
#
# 「機」是 `[2, 0, 1]`。**先猜：** 方向不變，長度變成十倍，也就是 `[20, 0, 10]`，它的分數會怎樣？
# %%
loud = keys.clone()
loud[:, 0] *= 10  # the key of 機
print(dot_scores(queries, loud))  # (B, S)
# %% [markdown] lang="en"
# 80 against 8: the dot product lets a *loud* key shout the others down. The cosine compares directions only: divide the dot product by both
# lengths, and every score lies between -1 and 1.
#
# $$\cos(z, h) = \frac{z \cdot h}{\lVert z\rVert\,\lVert h\rVert}$$
#
# One case needs care: a vector of zeros has length 0. Let its cosine be 0, not NaN.
#
# 5 minutes · difficulty ●○○ · 1 point
#
# <details><summary>Hint 1 · a nudge</summary>
#
# You need not write the formula yourself: `torch.nn.functional` (here `F`) has a function of that name, and torch's own functions are right answers.
#
# </details>
# <details><summary>Hint 2 · the approach</summary>
#
# It wants two tensors whose shapes fit together (the query lacks an axis, as before), and it wants to be told along which axis the vectors lie.
# By hand: bring each vector to length 1 with `F.normalize`, which also takes care of zeros, and use `dot_scores`.
#
# </details>
# <details><summary>Hint 3 · almost the code</summary>
#
# `F.cosine_similarity(query.unsqueeze(...), keys, dim=...)`. Left alone, `dim` is 1, and that is the source axis.
#
# </details>
# %% [markdown] lang="zh-TW"
# 80 對 8：用內積的話，「嗓門大」的鍵會把別人都蓋過去。餘弦只比方向：把內積除以兩個向量的長度，分數就都落在 -1 和 1 之間。
#
# $$\cos(z, h) = \frac{z \cdot h}{\lVert z\rVert\,\lVert h\rVert}$$
#
# 有一種情況要小心：全是 0 的向量，長度是 0。這時餘弦要算成 0，不能是 NaN。
#
# 5 分鐘 · 難度 ●○○ · 得分 1
#
# <details><summary>提示 1 · 推一把</summary>
#
# 公式不必自己寫：`torch.nn.functional`（這裡叫 `F`）裡就有同名的函式。用 torch 現成的函式，也算對。
#
# </details>
# <details><summary>提示 2 · 作法</summary>
#
# 它要兩個形狀對得起來的張量（查詢跟剛才一樣少一維），還要你說明向量是沿著哪一維排的。想自己算的話：先用 `F.normalize` 把每個向量變成長度 1（全是 0 的向量它也會處理），再交給 `dot_scores`。
#
# </details>
# <details><summary>提示 3 · 差一點就是程式碼</summary>
#
# `F.cosine_similarity(query.unsqueeze(...), keys, dim=...)`。不寫 `dim` 的話會用 1，而那是來源位置。
#
# </details>
# %% exercise="cosine_scores"
def cosine_scores(query: Tensor, keys: Tensor) -> Tensor:
    """
    [en] Score every key by its cosine with its sentence's query; a vector of zeros has cosine 0.
    [zh-TW] 用餘弦替每個鍵打分數：鍵跟自己那一句的查詢比；全是 0 的向量，餘弦算 0。

    query (B, H), keys (B, S, H) -> scores (B, S)
    """
    ### BEGIN SOLUTION
    return F.cosine_similarity(query.unsqueeze(1), keys, dim=2)  # (B, S)
    ### END SOLUTION
# %% check="cosine_scores" points=1
check("cosine_scores", cosine_scores)
# %% [markdown] lang="en"
# **Common mistakes**
#
# - Dividing by one length only, by squared lengths, or by `.norm()` without `dim` (that is the length of the whole tensor).
# - `F.cosine_similarity` or `F.normalize` without `dim`: both then work along dim 1, the source axis.
# - Dividing by 0 at a vector of zeros; the result is NaN, and NaN spreads to everything it touches.
# - `1 - cos`: that is a *distance*, smallest for the best match.
#
# **What changed:** loudness no longer matters.
# %% [markdown] lang="zh-TW"
# **常見錯誤**
#
# - 只除了一邊的長度、除成長度的平方，或是 `.norm()` 沒給 `dim`（那是整個張量的長度）。
# - `F.cosine_similarity` 或 `F.normalize` 沒給 `dim`：兩個都會沿著 dim 1 算，而那是來源位置。
# - 碰到全是 0 的向量就除以 0，得到 NaN；NaN 會傳染給所有碰到它的數字。
# - `1 - cos`：那是**距離**，最相配的反而最小。
#
# **現在不一樣了：** 嗓門大小不再有影響。
# %%
print(cosine_scores(queries, keys))  # (B, S)
print(cosine_scores(queries, loud))  # (B, S)
# %% [markdown] lang="en"
# ### 2.3 General: hᵀ W z
#
# Dot product and cosine have two limits. The vectors must be equally long, and number 1 of the query can only meet number 1 of the key. But encoder
# and decoder are two different networks: why should number 1 *mean* the same in both?
#
# So let a matrix **W** translate the query into the keys' language first, and then take the dot product. W is learnt, together with everything else.
#
# $$\text{score} = h^\top\, W\, z \qquad h: H_k \text{ numbers},\quad W: (H_k, H_q),\quad z: H_q \text{ numbers}$$
#
# 10 minutes · difficulty ●●○ · 2 points
#
# <details><summary>Hint 1 · a nudge</summary>
#
# Two steps: translate the query, then call what you already have.
#
# </details>
# <details><summary>Hint 2 · the approach</summary>
#
# In the formula z is a column. In our batch every query is a *row*, `(B, Hq)`, and the result should be `(B, Hk)`. Which of `query @ weight` and
# `query @ weight.T` has fitting shapes?
#
# </details>
# <details><summary>Hint 3 · almost the code</summary>
#
# `translated = query @ ...` gives `(B, Hk)`; then `dot_scores(translated, keys)`.
#
# </details>
# %% [markdown] lang="zh-TW"
# ### 2.3 General：hᵀ W z
#
# 內積和餘弦有兩個限制：兩個向量要一樣長，而且查詢的第 1 個數字只能跟鍵的第 1 個數字比。可是編碼器和解碼器是兩個不同的網路，憑什麼第 1 個數字的**意思**會一樣？
#
# 那就先用一個矩陣 **W**，把查詢翻譯成鍵的語言，再做內積。W 跟其他參數一樣，是學出來的。
#
# $$\text{score} = h^\top\, W\, z$$
#
# 其中 h 有 $H_k$ 個數字，W 的形狀是 $(H_k, H_q)$，z 有 $H_q$ 個數字。
#
# 10 分鐘 · 難度 ●●○ · 得分 2
#
# <details><summary>提示 1 · 推一把</summary>
#
# 兩個動作：先翻譯查詢，再呼叫你已經寫好的東西。
#
# </details>
# <details><summary>提示 2 · 作法</summary>
#
# 公式裡的 z 是直的一欄；我們的批次裡，每個查詢是橫的一**列**，形狀是 `(B, Hq)`，結果要是 `(B, Hk)`。`query @ weight` 和 `query @ weight.T`，哪一個的形狀對得起來？
#
# </details>
# <details><summary>提示 3 · 差一點就是程式碼</summary>
#
# `translated = query @ ...` 得到 `(B, Hk)`，再呼叫 `dot_scores(translated, keys)`。
#
# </details>
# %% exercise="general_scores"
def general_scores(query: Tensor, keys: Tensor, weight: Tensor) -> Tensor:
    """
    [en] Score every key by key · weight · query: the weight takes the query to the keys' size.
    [zh-TW] 用「鍵 · weight · 查詢」打分數：weight 先把查詢變成和鍵一樣大。

    query (B, Hq), keys (B, S, Hk), weight (Hk, Hq) -> scores (B, S)
    """
    ### BEGIN SOLUTION
    translated = query @ weight.T  # (B, Hk)
    return torch.bmm(keys, translated.unsqueeze(2)).squeeze(2)  # (B, S)
    ### END SOLUTION
# %% check="general_scores" points=2
check("general_scores", general_scores)
# %% [markdown] lang="en"
# **Common mistakes**
#
# - `query @ weight`: the matrix the wrong way round. When Hq equals Hk nothing warns you.
# - Making the shape fit with `weight.reshape(...)`: shuffled numbers again. Rows to columns is `.T`.
# - Adding a tanh or a softmax. Here a score is a product and nothing else.
#
# **What changed:** queries and keys of different sizes can meet, and W decides what "going together" means. An example: a decoder with only two numbers.
# %% [markdown] lang="zh-TW"
# **常見錯誤**
#
# - `query @ weight`：矩陣的方向反了。Hq 等於 Hk 時，完全不會有警告。
# - 用 `weight.reshape(...)` 湊形狀：數字又亂了。列變成欄，是 `.T`。
# - 多加了 tanh 或 softmax。這裡的分數就是乘積，沒有別的。
#
# **現在不一樣了：** 大小不同的查詢和鍵也能比，而且什麼叫「相配」，由 W 決定。舉個例子，解碼器的狀態只有兩個數字：
# %%
small_queries = torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # (B, Hq) = (2, 2): machine, learning
W = torch.tensor([[4.0, 0.0], [0.0, 4.0], [0.0, 0.0]])  # (Hk, Hq) = (3, 2)
print(general_scores(small_queries, keys, W))  # (B, S)
# %% [markdown] lang="en"
# ### 2.4 Additive: a small network
#
# The first paper on attention (Bahdanau, 2015) did not multiply at all. It let a **small network** judge: one layer for the query, one for the keys, add them, a tanh, and one last layer
# that turns the result into one number.
#
# $$\text{score} = \text{score\_layer}\big(\tanh(\,\text{query\_layer}(z) + \text{key\_layer}(h)\,)\big)$$
#
# All three layers come as arguments. They are `nn.Linear`, and a Linear works on the *last* axis, whatever stands before it.
#
# 10 minutes · difficulty ●●○ · 2 points
#
# <details><summary>Hint 1 · a nudge</summary>
#
# Write the shape of each part: `query_layer(query)` is `(B, A)`, `key_layer(keys)` is `(B, S, A)`. They are to be added.
#
# </details>
# <details><summary>Hint 2 · the approach</summary>
#
# The query needs an axis of size 1 where the keys have S. After the last layer an axis of size 1 is left over; it must go.
#
# </details>
# <details><summary>Hint 3 · almost the code</summary>
#
# `mixed = torch.tanh(query_layer(query).unsqueeze(...) + key_layer(keys))` is `(B, S, A)`; then `score_layer(mixed)` is `(B, S, 1)`; then `.squeeze(...)`.
#
# </details>
# %% [markdown] lang="zh-TW"
# ### 2.4 Additive（加法式）：一個小網路
#
# 第一篇講注意力的論文（Bahdanau，2015）根本沒有用乘的，而是讓一個**小網路**來評分：查詢過一層，鍵過一層，相加，過 tanh，最後再過一層，變成一個數字。
#
# $$\text{score} = \text{score\_layer}\big(\tanh(\,\text{query\_layer}(z) + \text{key\_layer}(h)\,)\big)$$
#
# 三個線性層都會當引數傳進來。它們都是 `nn.Linear`，而 Linear 只管**最後**一維，前面有幾維都沒關係。
#
# 10 分鐘 · 難度 ●●○ · 得分 2
#
# <details><summary>提示 1 · 推一把</summary>
#
# 把每一部分的形狀寫下來：`query_layer(query)` 是 `(B, A)`，`key_layer(keys)` 是 `(B, S, A)`。這兩個要相加。
#
# </details>
# <details><summary>提示 2 · 作法</summary>
#
# 在鍵放 S 的那一維，查詢要補一個大小為 1 的維度。過了最後一層，會多出一個大小為 1 的維度，要去掉。
#
# </details>
# <details><summary>提示 3 · 差一點就是程式碼</summary>
#
# `mixed = torch.tanh(query_layer(query).unsqueeze(...) + key_layer(keys))` 是 `(B, S, A)`；`score_layer(mixed)` 是 `(B, S, 1)`；最後 `.squeeze(...)`。
#
# </details>
# %% exercise="additive_scores"
def additive_scores(
    query: Tensor, keys: Tensor, query_layer: nn.Linear, key_layer: nn.Linear, score_layer: nn.Linear
) -> Tensor:
    """
    [en] Score every key with a small network: score_layer(tanh(query_layer(query) + key_layer(key))).
    [zh-TW] 用小網路替每個鍵打分數：score_layer(tanh(query_layer(查詢) + key_layer(鍵)))。

    query (B, Hq), keys (B, S, Hk); Linear(Hq, A), Linear(Hk, A), Linear(A, 1) -> scores (B, S)
    """
    ### BEGIN SOLUTION
    mixed = query_layer(query).unsqueeze(1) + key_layer(keys)  # (B, S, A)
    return score_layer(torch.tanh(mixed)).squeeze(2)  # (B, S)
    ### END SOLUTION
# %% check="additive_scores" points=2
check("additive_scores", additive_scores)
# %% [markdown] lang="en"
# **Common mistakes**
#
# - No tanh, or the tanh after `score_layer`, or one tanh for each layer. Query and key have to meet *inside* it.
# - The two layers swapped: runs only when Hq equals Hk, and is wrong.
# - `unsqueeze` forgotten; `.squeeze()` without a number.
#
# **What changed:** the match itself is now a network that can learn. **Predict:** without the tanh, `score_layer(query_layer(z) + key_layer(h))` is a sum of one part from z and one from h. What
# would the query change then? Below are the scores of two different queries, and their shares after a softmax: first without the tanh, then with it.
# %% [markdown] lang="zh-TW"
# **常見錯誤**
#
# - 沒有 tanh、tanh 放在 `score_layer` 後面，或是兩層各過一個 tanh。查詢和鍵要在 tanh **裡面**碰頭。
# - 兩層拿反了：Hq 等於 Hk 時才跑得動，而且答案是錯的。
# - 忘了 `unsqueeze`；`.squeeze()` 沒給數字。
#
# **現在不一樣了：** 連「怎麼比」都是可以學的網路了。**先猜：** 少了 tanh，`score_layer(query_layer(z) + key_layer(h))` 就拆成 z 的一份加上 h 的一份。那麼換一個查詢，會改變什麼？下面是兩個不同查詢的分數，還有做完 softmax 的比例：先是沒有 tanh 的，再來是有 tanh 的。
# %%
query_layer, key_layer, score_layer = nn.Linear(3, 5), nn.Linear(3, 5), nn.Linear(5, 1)
with torch.no_grad():
    no_tanh = score_layer(query_layer(queries).unsqueeze(1) + key_layer(keys)).squeeze(2)  # (B, S)
    print(no_tanh)
    print(no_tanh.softmax(dim=1))
    with_tanh = additive_scores(queries, keys, query_layer, key_layer, score_layer)  # (B, S)
    print(with_tanh)
    print(with_tanh.softmax(dim=1))
# %% [markdown] lang="en"
# Without the tanh the two rows differ by a constant, and their shares are *the same*: whatever the decoder wants to write, it looks at the same place. The little bend
# in the middle is what lets the question matter.
#
# ### 2.5 Design one yourself
#
# The match function is not a law of nature. "Design by yourself", says the lecture this series grew from. Try: minus the distance? Only the first number? The largest product? A mixture?
# Nothing here is graded. Change `my_scores`, and see whether "machine" still finds 機 and 器.
# %% [markdown] lang="zh-TW"
# 少了 tanh，兩列只差一個常數，換成比例就**一模一樣**：不管解碼器想寫什麼，看的都是同一個地方。中間那個小小的彎，才讓「問什麼」有了意義。
#
# ### 2.5 自己設計一種
#
# 匹配函數不是什麼自然定律。這系列的源頭，李宏毅老師的課上就說：「自己設計」（design by yourself）。試試看：距離加負號？只看第一個數字？取最大的乘積？混著用？這裡不計分。改改 `my_scores`，看看寫 machine 時還找不找得到「機」和「器」。
# %%
def my_scores(query: Tensor, keys: Tensor) -> Tensor:
    """query (B, H), keys (B, S, H) -> scores (B, S)"""
    return -(query.unsqueeze(1) - keys).norm(dim=2)  # (B, S)


print(my_scores(queries, keys))  # (B, S)
# %% lab=true
show_softmax(my_scores(queries, keys)[0], labels=characters)
# %% [markdown] lang="en"
# ## 3 · Scores are not shares
#
# 8, 8, 0, 0 are scores. What we want is shares: none below 0, together exactly 1. Why not just divide by the sum? For 8, 8, 0, 0 that would work: 0.5, 0.5, 0, 0.
#
# **Predict** what goes wrong for the other two rows, then run.
# %% [markdown] lang="zh-TW"
# ## 3 · 分數還不是比例
#
# 8、8、0、0 是分數。我們要的是比例：不能小於 0，而且加起來剛好是 1。直接除以總和不行嗎？8、8、0、0 倒是可以：0.5、0.5、0、0。
#
# **先猜**另外兩列會出什麼事，再執行。
# %%
scores = torch.tensor([[8.0, 8.0, 0.0, 0.0], [4.0, 2.0, 0.0, -3.0], [3.0, 1.0, -1.0, -3.0]])  # (3, S)
print(scores / scores.sum(dim=1, keepdim=True))  # (3, S)
print(scores.softmax(dim=1))  # (3, S)
# %% [markdown] lang="en"
# A share of -1, and a division by zero. So every score must become positive first, and **exp** does that best:
#
# - it makes every number positive, and keeps their order (the absolute value or the square would turn "the opposite" into "a match");
# - only *differences* count: add 100 to all scores and nothing changes;
# - a larger score always gets a larger share, smoothly, so training can push it up or down.
#
# $$\hat\alpha_i = \frac{\exp(\alpha_i)}{\sum_j \exp(\alpha_j)}$$
#
# That is the softmax of chapter 00. Note the first row: not exactly 0.5, 0.5, 0, 0, but nearly. A softmax never gives quite nothing. Keep that in mind; it will bite us in section 5.
#
# ### A dial from spotlight to fog
#
# Only differences count, so stretching them sharpens the look and shrinking them blurs it. Divide all scores by a number T, the **temperature**, before the softmax.
#
# **Predict:** scores 4, 2, 1, 0. What becomes of the weights at T = 0.25? At T = 10?
# %% [markdown] lang="zh-TW"
# 出現了 -1 的比例，還有除以 0。所以得先把每個分數變成正的，而 **exp** 做得最好：
#
# - 它讓每個數字都變成正的，又不打亂大小順序（取絕對值或平方的話，「完全相反」會變成「很相配」）；
# - 只有**差距**才算數：所有分數都加 100，結果不變；
# - 分數越高，比例一定越高，而且變化是平滑的，訓練時才能把它往上推、往下拉。
#
# $$\hat\alpha_i = \frac{\exp(\alpha_i)}{\sum_j \exp(\alpha_j)}$$
#
# 這就是第 00 章的 softmax。看看第一列：並不是剛好 0.5、0.5、0、0，只是很接近。softmax 給出來的，永遠不會是完完全全的 0。先記著這件事，到第 5 節就會吃到苦頭。
#
# ### 從聚光燈到一片霧
#
# 既然只看差距，把差距拉大，目光就更集中；把差距縮小，目光就更模糊。作法是在 softmax 之前，把所有分數除以一個數 T，叫做**溫度**（temperature）。
#
# **先猜：** 分數是 4、2、1、0。T = 0.25 時權重會變成什麼樣子？T = 10 呢？
# %% lab=true
show_softmax([4.0, 2.0, 1.0, 0.0], labels=characters, temperatures=(0.25, 1.0, 10.0))
# %% [markdown] lang="en"
# At T = 0.25 a **spotlight**: one position takes all. At T = 10 **fog**: it looks everywhere and sees an average of everything. A model chooses its own temperature, by making its scores
# larger or smaller; in chapter 03 you will watch it go from fog to spotlight as it learns.
#
# ![Scores 3, 2, 1, 0 as bars, and the weights they become: at T = 0.2 0.99, 0.01, 0, 0; at T = 1 0.64, 0.24, 0.09, 0.03; at T = 10 nearly equal,
# 0.29, 0.26, 0.24, 0.21.](image/softmax_temperature.png)
# %% [markdown] lang="zh-TW"
# T = 0.25 時是**聚光燈**：一個位置全拿。T = 10 時是**一片霧**：到處都看，看到的是所有東西的平均。模型會自己決定溫度，辦法是把分數放大或縮小；到了第 03 章，你會看著它一邊學，一邊從霧變成聚光燈。
#
# ![分數 3、2、1、0 畫成長條，旁邊是變成的權重：T = 0.2 時是 0.99、0.01、0、0；T = 1 時是 0.64、0.24、0.09、0.03；T = 10 時幾乎一樣高，0.29、0.26、0.24、0.21。](image/softmax_temperature.png)
# %% [markdown] lang="en"
# ## 4 · The classic decoder's way
#
# A well-known tutorial decoder (you will build all of it in chapter 03) gets its weights differently. It works on one sentence and one step at a time, takes
# `embedded`, the token it wrote last, and `hidden`, its own state, lays them side by side, and one linear layer gives the scores of all S positions at once:
#
# `attn_weights = softmax(attn([embedded; hidden]))`, `attn = nn.Linear(2H, S)`
#
# So `embedded` and `hidden` are `(1, 1, H)`, and the weights should be `(1, S)`.
#
# **Predict:** in `(1, S)`, what would a softmax along dim 0 give?
#
# <details><summary>Think first, then open</summary>
#
# Dim 0 holds one row. Each number shares with nobody, so each gets everything: all weights are exactly 1.
#
# </details>
#
# 10 minutes · difficulty ●●○ · 2 points
#
# <details><summary>Hint 1 · a nudge</summary>
#
# Three moves, and you made them all in chapter 00: put side by side, one layer, shares. Write the shape after each.
#
# </details>
# <details><summary>Hint 2 · the approach</summary>
#
# The inputs have an axis too many. `embedded[0]` is `(1, H)`. Lay the two rows side by side, embedded first, and you have `(1, 2H)`, which is what `attn` takes.
#
# </details>
# <details><summary>Hint 3 · almost the code</summary>
#
# `both = torch.cat([embedded[0], hidden[0]], dim=...)`; then `torch.softmax(attn(both), dim=...)`. Both times: along the axis that holds more than one number.
#
# </details>
# %% [markdown] lang="zh-TW"
# ## 4 · 經典解碼器的作法
#
# 有個很有名的教學解碼器（第 03 章你會把它整個做出來），用另一種方式得到權重。它一次只處理一句、一步：拿 `embedded`（上一個寫出來的 token）和 `hidden`（自己的狀態）並排接起來，再用一個線性層，一口氣給出全部 S 個位置的分數：
#
# `attn_weights = softmax(attn([embedded; hidden]))`，`attn = nn.Linear(2H, S)`
#
# `embedded` 和 `hidden` 的形狀都是 `(1, 1, H)`，權重應該是 `(1, S)`。
#
# **先猜：** 形狀是 `(1, S)` 時，沿著 dim 0 做 softmax 會得到什麼？
#
# <details><summary>想好了再打開</summary>
#
# dim 0 只有一列，每個數字只能跟自己分，所以每個都拿到全部：權重通通是 1。
#
# </details>
#
# 10 分鐘 · 難度 ●●○ · 得分 2
#
# <details><summary>提示 1 · 推一把</summary>
#
# 三個動作，第 00 章全都做過：並排、過一層、變成比例。每做一步，就把形狀寫下來。
#
# </details>
# <details><summary>提示 2 · 作法</summary>
#
# 輸入多了一個維度：`embedded[0]` 是 `(1, H)`。把兩列並排接起來，embedded 在前，就得到 `(1, 2H)`，正好是 `attn` 要的。
#
# </details>
# <details><summary>提示 3 · 差一點就是程式碼</summary>
#
# `both = torch.cat([embedded[0], hidden[0]], dim=...)`，再 `torch.softmax(attn(both), dim=...)`。兩個 `dim` 都是有好幾個數字的那一維。
#
# </details>
# %% exercise="attention_weights"
def attention_weights(embedded: Tensor, hidden: Tensor, attn: nn.Linear) -> Tensor:
    """
    [en] Step one, the classic way: softmax(attn([embedded; hidden])).
    [zh-TW] 第一步，經典的作法：softmax(attn([embedded; hidden]))。

    embedded (1, 1, H), hidden (1, 1, H), attn Linear(2H, S) -> attn_weights (1, S)
    """
    ### BEGIN SOLUTION
    both = torch.cat([embedded[0], hidden[0]], dim=1)  # (1, 2H)
    return torch.softmax(attn(both), dim=1)  # (1, S)
    ### END SOLUTION
# %% check="attention_weights" points=2
check("attention_weights", attention_weights)
# %% [markdown] lang="en"
# **Common mistakes**
#
# - `hidden` before `embedded`: the shapes fit all the same, and the layer reads each half as the other.
# - Softmax along dim 0 (all ones), no softmax (some weights below 0), `log_softmax` (all below 0), `sigmoid` (does not sum to 1).
# - Keeping the third axis: `(1, 1, S)` instead of `(1, S)`.
#
# **What changed, and what is odd about it.** Look at the arguments once more: `embedded`, `hidden`, `attn`. **Where are the encoder states h?** They are not there. This layer decides where to look
# *without ever seeing the sentence*. And its size S is built in: a sentence of another length does not fit.
#
# It works surprisingly well all the same. *How* it can, and what it really looks at, is an experiment of chapter 03. Remember this question.
# %% [markdown] lang="zh-TW"
# **常見錯誤**
#
# - `hidden` 排到 `embedded` 前面：形狀一樣對得起來，線性層卻把兩半認錯了。
# - softmax 沿著 dim 0（全是 1）、沒做 softmax（有的權重小於 0）、用了 `log_softmax`（全都小於 0）、用了 `sigmoid`（加起來不是 1）。
# - 第三個維度還留著：應該是 `(1, S)`，卻變成 `(1, 1, S)`。
#
# **現在不一樣了，而且有點怪。** 再看一次引數：`embedded`、`hidden`、`attn`。**編碼器的狀態 h 在哪裡？** 沒有。這個線性層決定要看哪裡的時候，**從頭到尾沒看過原文**。而且 S 是寫死在裡面的，換一個長度就對不上了。
#
# 儘管如此，它的表現好得出人意料。它**憑什麼**做得到、看的到底是什麼，是第 03 章的實驗。請記住這個問題。
# %%
embedded, hidden = torch.randn(1, 1, 3), torch.randn(1, 1, 3)  # (1, 1, H)
attn = nn.Linear(2 * 3, 4)  # S = 4 positions, fixed
with torch.no_grad():
    print(attention_weights(embedded, hidden, attn))  # (1, S)
# %% [markdown] lang="en"
# ## 5 · Padding: when the model looks at nothing
#
# Sentences of one batch have different lengths, but a tensor is a rectangle. So the short ones are filled up, *padded*, with zeros. Here are three real dates; find the padding.
# %% [markdown] lang="zh-TW"
# ## 5 · 填充：模型在看根本不存在的東西
#
# 同一個批次裡的句子有長有短，張量卻是方方正正的，所以短的句子後面要補 0，這叫**填充**（padding）。下面是三個真的日期，找找看填充在哪裡。
# %% lab=true
corpus = date_pairs("date")
by_length = sorted(corpus.test, key=lambda pair: len(pair.source))
batch = corpus.batch([by_length[0], by_length[len(by_length) // 2], by_length[-1]])
print(batch.input_ids)  # (B, S)
print(batch.lengths)  # (B,), each with its <eos>
# %% [markdown] lang="en"
# Padding gets a score like everything else. The encoder's output there is zeros, and a dot product with zeros is 0. Score 0, so no attention?
#
# **Predict.** A sentence of three tokens has the scores 2, 1, 0. Alone, its first token gets a share of 0.67. Now it shares a batch with a longer neighbour, and the missing places score 0. What is the share if the
# neighbour has 5 tokens? 30?
# %% [markdown] lang="zh-TW"
# 填充的位置也會得到分數。編碼器在那裡的輸出全是 0，跟 0 做內積，分數就是 0。分數是 0，就不會被看到了吧？
#
# **先猜。** 有一句話三個 token，分數是 2、1、0。它自己一句的時候，第一個 token 分到 0.67。現在把它跟一句比較長的放在同一個批次，空缺的位置分數都是 0。如果隔壁那句有 5 個 token，第一個 token 會分到多少？30 個呢？
# %%
three = torch.tensor([2.0, 1.0, 0.0])
for S in (3, 5, 10, 30):
    padded = F.pad(three, (0, S - 3))  # (S,)
    weights = padded.softmax(dim=0)  # (S,)
    print(f"S = {S:2d}   {weights[:3].numpy().round(3)}   padding: {weights[3:].sum():.3f}")
# %% [markdown] lang="en"
# A score of 0 is not a share of 0, because exp(0) = 1. With a neighbour of 30 tokens this sentence spends **most of its attention on nothing**.
#
# Worse: the sentence has not changed. Only its *neighbour* has. The same date, translated beside a short neighbour and beside a long one, can come out differently. A bug of this kind
# raises no error; it only makes the model a little worse, and its results depend on who sits next to whom.
#
# ![Two sentences of lengths 5 and 3 with their scores; the two padding cells of the short one are hatched. softmax gives that row 0.16, 0.45, 0.06 and
# 0.16, 0.16 to the padding; masked_softmax gives 0.24, 0.67, 0.09 and exactly 0, 0.](image/padding_mask.png)
#
# ### The mask
#
# The cure: hide the padding *before* the softmax, so that it gets exactly nothing and the real tokens share everything.
#
# `masked_softmax(scores, lengths)`: scores `(B, S)`, all within ±10; `lengths` `(B,)`, between 1 and S, in any order. A sentence of length 3 has real tokens at positions 0, 1, 2. From each length on the weights are
# **exactly 0**, every row sums to 1, and `scores` itself is left as it came.
#
# 15 minutes · difficulty ●●● · 2 points
#
# <details><summary>Hint 1 · a nudge</summary>
#
# Which score becomes 0 under exp? Not 0. Look far down: exp(-10) = 0.00005, exp(-1000) = ...
#
# </details>
# <details><summary>Hint 2 · the approach</summary>
#
# Make a table of True and False, `(B, S)`, that says where the padding is: compare the positions 0, 1, ..., S-1, made with `torch.arange`, with the lengths. For that the lengths must be a column, `(B, 1)`. Then put `-inf`
# where it is True, and take the ordinary softmax along the source positions.
#
# </details>
# <details><summary>Hint 3 · almost the code</summary>
#
# `padding = torch.arange(scores.shape[1]) >= lengths.unsqueeze(...)` is `(B, S)`; then `scores.masked_fill(padding, float("-inf"))`, without an underscore at the end of the name; then `torch.softmax(..., dim=...)`.
#
# </details>
# %% [markdown] lang="zh-TW"
# 分數是 0，不等於比例是 0，因為 exp(0) = 1。隔壁那句有 30 個 token 的時候，這句話**大半的注意力都花在看空氣**。
#
# 更糟的是，這句話一個字也沒變，變的只有**鄰居**。同一個日期，旁邊坐短句和坐長句，翻譯出來可能不一樣。這種錯不會跳出任何錯誤訊息，只會讓模型差那麼一點，而且結果還要看跟誰坐在一起。
#
# ![長度 5 和 3 的兩句話和它們的分數，短的那句有兩格填充，畫了斜線。softmax 給這一列 0.16、0.45、0.06，填充也分到 0.16、0.16；masked_softmax 給 0.24、0.67、0.09，填充剛好是 0、0。](image/padding_mask.png)
#
# ### 遮罩
#
# 解法是在 softmax **之前**就把填充藏起來，讓它剛好什麼都分不到，真正的 token 分走全部。
#
# `masked_softmax(scores, lengths)`：scores 是 `(B, S)`，都在 ±10 之間；`lengths` 是 `(B,)`，介於 1 和 S 之間，順序不一定。長度是 3 的句子，真正的 token 在位置 0、1、2。從 length 開始往後，權重**剛好是 0**；每一列加起來是 1；而 `scores` 本身要保持原樣。
#
# 15 分鐘 · 難度 ●●● · 得分 2
#
# <details><summary>提示 1 · 推一把</summary>
#
# 什麼樣的分數，取 exp 之後會是 0？不是 0。往很小的地方看：exp(-10) = 0.00005，exp(-1000) = ……
#
# </details>
# <details><summary>提示 2 · 作法</summary>
#
# 做一張 `(B, S)` 的 True／False 表，標出哪裡是填充：用 `torch.arange` 做出位置 0、1、……、S-1，再跟 lengths 比。要比得起來，lengths 得先變成直的一欄 `(B, 1)`。然後在 True 的地方填 `-inf`，再沿著來源位置做平常的 softmax。
#
# </details>
# <details><summary>提示 3 · 差一點就是程式碼</summary>
#
# `padding = torch.arange(scores.shape[1]) >= lengths.unsqueeze(...)` 是 `(B, S)`；再來 `scores.masked_fill(padding, float("-inf"))`，名稱最後沒有底線；最後 `torch.softmax(..., dim=...)`。
#
# </details>
# %% exercise="masked_softmax"
def masked_softmax(scores: Tensor, lengths: Tensor) -> Tensor:
    """
    [en] Softmax over each sentence's real positions; exactly 0 from each length on.
    [zh-TW] 只在每一句真正的位置上做 softmax；從 length 開始往後，剛好是 0。

    scores (B, S), lengths (B,) long -> weights (B, S)
    """
    ### BEGIN SOLUTION
    positions = torch.arange(scores.shape[1])  # (S,)
    padding = positions >= lengths.unsqueeze(1)  # (B, S)
    return torch.softmax(scores.masked_fill(padding, float("-inf")), dim=1)  # (B, S)
    ### END SOLUTION
# %% check="masked_softmax" points=2
check("masked_softmax", masked_softmax)
# %% [markdown] lang="en"
# **Common mistakes**
#
# - The mask *after* the softmax: the padding's share is gone, and the row no longer sums to 1.
# - Filling with 0, or with -10: not far enough down. `-inf` is safe as long as each row keeps one real token.
# - Off by one: `>` in place of `>=`. Or the wrong way round: `<`.
# - `arange(S) >= lengths` without `unsqueeze`: runs when B equals S, and is wrong.
# - `masked_fill_` with an underscore, or `scores[...] = ...`: that writes into the caller's tensor.
# - Softmax along dim 0: sentences share with one another. You see it at once if you add up the rows.
#
# **What changed:** the neighbour no longer matters.
# %% [markdown] lang="zh-TW"
# **常見錯誤**
#
# - softmax **之後**才遮：填充分走的那份不見了，整列加起來不到 1。
# - 填 0，或填 -10：還不夠小。只要每一列至少有一個真正的 token，填 `-inf` 就很安全。
# - 差一個位置：`>=` 寫成 `>`。或是整個反了：寫成 `<`。
# - `arange(S) >= lengths` 沒有 `unsqueeze`：B 等於 S 時跑得動，但答案是錯的。
# - 用了有底線的 `masked_fill_`，或是 `scores[...] = ...`：那會寫進呼叫者的張量。
# - softmax 沿著 dim 0：變成句子之間在分。把每一列加起來看看，馬上就會發現。
#
# **現在不一樣了：** 鄰居是誰，不再有影響。
# %%
for S in (3, 5, 10, 30):
    padded = F.pad(three, (0, S - 3)).unsqueeze(0)  # (1, S)
    weights = masked_softmax(padded, torch.tensor([3]))[0]  # (S,)
    print(f"S = {S:2d}   {weights[:3].numpy().round(3)}   padding: {weights[3:].sum():.3f}")
# %% [markdown] lang="en"
# ### A question to answer in words (2 points)
#
# A classmate says: *"The encoder's outputs at padded positions are zeros, so the dot product there is 0 and they get no attention. I don't need a mask."*
#
# What is wrong? Answer in two or three sentences: what share does padding really get, and what else in the batch then changes the result?
# %% [markdown] lang="zh-TW"
# ### 問答題（得分 2）
#
# 有位同學說：「編碼器在填充位置的輸出全是 0，內積就是 0，所以不會分到注意力。我不需要遮罩。」
#
# 哪裡不對？請用兩三句話回答：填充實際上會分到多少？這樣一來，批次裡還有什麼會影響結果？
# %% [markdown] question="why_mask" points=2 lang="en"
# ### BEGIN SOLUTION
# A score of 0 is not a share of 0: the softmax takes exp(0) = 1, so each padded position gets as much as a real token whose score is 0, and more than one whose score is negative. The more padding, the less is left for the
# real tokens; and how much padding there is depends on the longest sentence in the batch. So the same sentence gets different weights, and perhaps another translation, when its neighbours change. (Besides, only the dot
# product gives 0 there: additive scores give some other number.)
# ### END SOLUTION
# %% [markdown] question="why_mask" points=2 lang="zh-TW"
# ### BEGIN SOLUTION
# 分數是 0，不等於比例是 0：softmax 會先取 exp(0) = 1，所以每個填充位置分到的，跟分數是 0 的真正 token 一樣多，甚至比分數是負的 token 還多。填充越多，真正的 token 分到的就越少；而填充有多少，取決於批次裡最長的那一句。所以同一句話，鄰居不同，權重就不同，翻譯也可能跟著變。（而且只有內積會得到 0，additive 的分數在那裡會是別的數字。）
# ### END SOLUTION
# %% [markdown] lang="en"
# ## 6 · All together: W learns where to look
#
# Match, then mask, then softmax: step one is complete. Can a machine *learn* it? A small try, just for this chapter: every English token and every Chinese character gets a random vector, fixed for good. Only the matrix **W** of
# `general_scores` learns, from 300 dates whose true alignment we know, as you marked yours.
#
# Every Chinese character is a query of its own here, so the batch is large: B = all characters of all 300 dates.
# %% [markdown] lang="zh-TW"
# ## 6 · 全部接起來：讓 W 學會看哪裡
#
# 匹配、遮罩、softmax：第一步完成了。機器**學得會**嗎？這裡先做個小實驗：每個英文 token、每個中文字各給一個隨機向量，從此固定不動，只有 `general_scores` 的矩陣 **W** 會學。教材是 300 個日期，正確的對齊都知道，就像你親手標的那樣。
#
# 這裡每個中文字都自己當一個查詢，所以批次很大：B 是 300 個日期的中文字總數。
# %% lab=true
def examples(pairs: list[Pair]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Queries' and keys' token ids, lengths and true positions, for each target token that has one."""
    batch = corpus.batch(pairs)
    rows = [(p, t, place) for p, pair in enumerate(pairs) for t, place in enumerate(pair.alignment) if place >= 0]
    pair, token, place = torch.tensor(rows).T  # (B,) each
    return batch.target_ids[pair, token], batch.input_ids[pair], batch.lengths[pair], place


H = 48
source_vectors = F.normalize(torch.randn(len(corpus.source_vocab), H), dim=1)  # (V, H)
target_vectors = F.normalize(torch.randn(len(corpus.target_vocab), H), dim=1)  # (V, H)
target_ids, source_ids, lengths, places = examples(corpus.train[:300])
print(target_ids.shape, source_ids.shape, lengths.shape)  # (B,), (B, S), (B,)
# %% lab=true
W = torch.zeros(H, H, requires_grad=True)  # (Hk, Hq): at first every score is 0
optimizer = torch.optim.Adam([W], lr=0.3)
for step in range(61):
    scores = general_scores(target_vectors[target_ids], source_vectors[source_ids], W)  # (B, S)
    weights = masked_softmax(scores, lengths)  # (B, S)
    loss = -weights[torch.arange(len(places)), places].clamp_min(1e-9).log().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        print(f"{step:3d}   loss {loss.item():.3f}   argmax {(weights.argmax(1) == places).float().mean():.0%}")
# %% [markdown] lang="en"
# The loss falls within a second. Now let W look at *your* date, which it has never seen.
#
# **Predict:** which characters will it find without hesitation? And where must it waver, if all it knows of a token is *which* token it is?
# %% [markdown] lang="zh-TW"
# 一秒鐘之內，損失就降下來了。現在讓 W 看看**你的**日期，它從來沒看過這一句。
#
# **先猜：** 哪些字它會毫不猶豫？如果它對一個 token 的認識只有「這是哪個 token」，那麼又會在哪裡猶豫不決？
# %% lab=true
mine = corpus.batch([Pair(source, target, true_alignment)])
with torch.no_grad():
    query = target_vectors[mine.target_ids[0]]  # (L, H)
    key = source_vectors[mine.input_ids].expand(len(query), -1, -1)  # (L, S, H)
    weights = masked_softmax(general_scores(query, key, W), mine.lengths.expand(len(query)))  # (L, S)
show_attention(weights, source, target, truth=true_alignment)
# %% [markdown] lang="en"
# `Tuesday` for 星期二, `2` for 2: found. But there are **three** zeros in this date, and to W they all look alike: it spreads its look over them. And a Chinese 3 may be the month or the day, so it looks at `March` and at `3`, half
# and half. A bare token vector says *what* stands there, not *what stands around it*. (年, 月, 日 and the end were never taught; where they look is chance.)
#
# That is what the encoder is for. Its state at each position has read the neighbours. In chapter 03 the keys are encoder states, the queries decoder states, and nobody tells the model where to look: it finds out because looking
# at the right place makes the translation right.
#
# ## Check yourself
#
# <details><summary>1. Why must all match functions give (B, S), and none (B, S, H)?</summary>
#
# A key deserves *one* score: how much to look there. The vector itself is mixed in later, in step two. One interface also means that a decoder can swap its match function without any other change.
#
# </details>
# <details><summary>2. You add 5 to all scores of a sentence. You multiply all of them by 5. What happens to the weights?</summary>
#
# Adding changes nothing: only differences count. Multiplying stretches the differences, as a temperature of 1/5 would: fog becomes a spotlight.
#
# </details>
# <details><summary>3. All rows of your weights sum to 1 and no padding is looked at. Does that prove the model looks at the right place?</summary>
#
# No. Any scores, also random ones, pass that test. It shows that the *shares* are in order, not where they lie. For that one needs the true alignment, or an experiment: chapter 03 has both.
#
# </details>
#
# ## References
#
# - Hung-yi Lee (李宏毅), *Machine Learning* lectures, National Taiwan University, slides on attention-based models: where this chapter's picture of z, h and match, and the 機器學習 example, come from.
# - Bahdanau, Cho, Bengio, [Neural Machine Translation by Jointly Learning to Align and Translate](https://arxiv.org/abs/1409.0473), 2015: additive scores. Read section 3.1, and look at the maps in figure 3.
# - Luong, Pham, Manning, [Effective Approaches to Attention-based Neural Machine Translation](https://arxiv.org/abs/1508.04025), 2015: dot, general and more, compared. Read section 3.1.
# - PyTorch documentation: [torch.bmm](https://docs.pytorch.org/docs/stable/generated/torch.bmm.html), [cosine_similarity](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html),
#   [masked_fill](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.masked_fill.html), and [broadcasting](https://docs.pytorch.org/docs/stable/notes/broadcasting.html), for the rule "from the right".
#
# ## Next
#
# You know *where* to look: four numbers, 0.5, 0.5, 0, 0. But four numbers are not a word. **You know where to look. What do you see?** → Chapter 03, step two: the context.
# %% [markdown] lang="zh-TW"
# 「星期二」看 `Tuesday`、「2」看 `2`：都找到了。可是這個日期裡有**三個** 0，在 W 眼裡全都一樣，目光就散開了。中文的「3」可能是月份，也可能是日子，所以 `March` 和 `3` 各看一半。光有 token 的向量，只說得出這裡**是什麼**，說不出**旁邊有什麼**。（年、月、日和結尾沒有教過，看哪裡全憑運氣。）
#
# 這就是編碼器的用處：它在每個位置的狀態，都讀過左鄰右舍了。到了第 03 章，鍵換成編碼器的狀態，查詢換成解碼器的狀態，而且沒有人告訴模型要看哪裡：看對了地方，翻譯才會對，它是這樣自己摸索出來的。
#
# ## 自我測驗
#
# <details><summary>1. 為什麼匹配函數給的都是 (B, S)，而不是 (B, S, H)？</summary>
#
# 一個鍵只需要**一個**分數：這裡該看多少。向量本身要到第二步才混進來。而且大家給的形狀都一樣，解碼器要換匹配函數時，別的地方都不用改。
#
# </details>
# <details><summary>2. 把一句話的所有分數都加 5，權重會怎樣？都乘 5 呢？</summary>
#
# 加 5 沒有影響，因為只看差距。乘 5 會把差距拉大，跟溫度 1/5 一樣：霧會變成聚光燈。
#
# </details>
# <details><summary>3. 你的權重每一列加起來都是 1，也沒有去看填充。這樣能證明模型看對地方了嗎？</summary>
#
# 不能。隨便什麼分數，就算是亂數，也通得過這個檢查。它只說明**比例**沒算錯，沒說明目光落在哪裡。要知道這一點，得有正確的對齊來比，或是做實驗：第 03 章兩種都有。
#
# </details>
#
# ## 參考資料
#
# - 李宏毅，臺灣大學《機器學習》課程，attention-based model 投影片：本章 z、h、match 的圖像，以及「機器學習」的例子都出自這裡。
# - Bahdanau、Cho、Bengio，[Neural Machine Translation by Jointly Learning to Align and Translate](https://arxiv.org/abs/1409.0473)，2015：additive 分數的出處。讀 3.1 節，再看看圖 3 的熱圖。
# - Luong、Pham、Manning，[Effective Approaches to Attention-based Neural Machine Translation](https://arxiv.org/abs/1508.04025)，2015：比較了 dot、general 等幾種分數。讀 3.1 節。
# - PyTorch 文件：[torch.bmm](https://docs.pytorch.org/docs/stable/generated/torch.bmm.html)、[cosine_similarity](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html)、[masked_fill](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.masked_fill.html)，還有[廣播](https://docs.pytorch.org/docs/stable/notes/broadcasting.html)，「從右邊對齊」的規則就寫在裡面。
#
# ## 下一章
#
# 你知道要看**哪裡**了：0.5、0.5、0、0，四個數字。可是四個數字寫不出一個詞。**知道要看哪裡之後，你看到了什麼？** → 第 03 章，第二步：上下文。
