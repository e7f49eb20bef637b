# %% [markdown] lang="en"
# # 01 · Seq2seq: a whole sentence in one vector
#
# Somebody reads you a sentence, once. Then they take the page away, and you write the translation from memory.
#
# That is the machine of this chapter. An **encoder** reads the source sentence from left to right and keeps one vector of notes. A **decoder** gets that vector, *and nothing else*, and writes the target sentence one token at a time. Learning to turn one sequence into another like this is called **seq2seq**.
#
# One question runs through the whole series: **when you write the next word, where do you look?** Here the answer is "nowhere, the page is gone". We build the machine, see it work, and then see exactly where it breaks, because that is where attention begins.
#
# | You write | what it is | points |
# | --- | --- | --- |
# | `EncoderRNN` | reads a batch of sentences | 3 |
# | `DecoderRNN` | writes one token | 2 |
# | `sequence_loss` | says how wrong the decoder was | 2 |
# | `greedy_decode` | translates | 2 |
# | a short answer | in your own words | 2 |
#
# Plan about 75 minutes. Training takes about two minutes of them, in two parts.
# %% [markdown] lang="zh-TW"
# # 01 · Seq2seq：把一整句話裝進一個向量
#
# 有人唸一句話給你聽，只唸一遍，然後把紙收走，要你憑記憶寫出翻譯。
#
# 這一章的機器就是這麼做的。**編碼器**（encoder）從左到右讀完原文，把重點記在一個向量裡；**解碼器**（decoder）拿到這個向量，**除此之外什麼都沒有**，一次一個 token 寫出譯文。像這樣把一個序列變成另一個序列，就叫做 **seq2seq**。
#
# 整個系列只問一個問題：**要寫下一個字的時候，你在看哪裡？** 在這一章，答案是「哪裡都看不到，紙已經收走了」。我們要親手做出這台機器，看它學會翻譯，再看清楚它在哪裡失敗。注意力，就是從那裡開始的。
#
# | 你要寫的 | 它做什麼 | 配分 |
# | --- | --- | --- |
# | `EncoderRNN` | 讀進一個批次的句子 | 3 |
# | `DecoderRNN` | 寫出一個 token | 2 |
# | `sequence_loss` | 算出解碼器錯得多離譜 | 2 |
# | `greedy_decode` | 翻譯 | 2 |
# | 一題問答 | 用自己的話說 | 2 |
#
# 大約需要 75 分鐘，其中訓練兩次，合計約兩分鐘。
# %%
from itertools import zip_longest

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from classroom import EOS, PAD, SOS, date_pairs, fit
from classroom import accuracy_by_length, exact_match, plot_accuracy_by_length, plot_losses
from grader import check

# %% [markdown] lang="en"
# ## The picture
#
# ![On the left an encoder reads 機 器 學 習, one hidden state after each character. Its last state is squeezed through a funnel into one vector. On the right a decoder starts from that vector, is fed <sos>, machine, learning, and writes machine, learning, <eos>.](image/seq2seq-en.png)
#
# Follow 機器學習 through it with a finger:
#
# 1. The encoder reads 機, then 器, 學, 習. After each character it has a new **hidden state** (green).
# 2. The last one goes to the decoder as its first hidden state. The other three are thrown away. (Remember them.)
# 3. The decoder is fed `<sos>`, "start of sentence", and writes *machine*. It is fed *machine* and writes *learning*. It is fed *learning* and writes `<eos>`, "end of sentence". Done.
#
# **Predict.** In this chapter the vector in the middle has 64 numbers. How long may a sentence be before they are not enough: 10 tokens? 20? 1,000? Write your guess down; by the end you will have measured it.
# %% [markdown] lang="zh-TW"
# ## 先看圖
#
# ![左邊的編碼器依序讀入機、器、學、習，每讀一個字就有一個新的隱藏狀態；最後一個狀態穿過漏斗，成為一個向量。右邊的解碼器從這個向量開始，依序讀入 <sos>、machine、learning，寫出 machine、learning、<eos>。](image/seq2seq-zh-TW.png)
#
# 用手指跟著「機器學習」走一遍：
#
# 1. 編碼器讀「機」，再讀「器」、「學」、「習」。每讀一個字，就有一個新的**隱藏狀態**（hidden state，綠色）。
# 2. 最後一個狀態交給解碼器，當作它的第一個隱藏狀態。前面三個就丟掉了。（請記住它們。）
# 3. 餵給解碼器 `<sos>`（句子開始），它寫出 machine；餵 machine，它寫出 learning；餵 learning，它寫出 `<eos>`（句子結束）。翻完了。
#
# **先猜：** 這一章中間那個向量有 64 個數字。句子多長它就不夠用了？10 個 token？20 個？還是 1,000 個？把答案寫下來，這一章結束前，你會親自量出來。
# %% [markdown] lang="en"
# ## What we translate: dates
#
# `Tuesday, 30 March 2010` becomes `2010年3月30日星期二`. Small words, few of them, and yet a real translation: the order is turned round, and every token must come from the right place. The English side is cut into words, single digits and punctuation, the Chinese side into characters.
# %% [markdown] lang="zh-TW"
# ## 我們要翻譯的：日期
#
# `Tuesday, 30 March 2010` 要翻成 `2010年3月30日星期二`。詞很少、也很簡單，卻是貨真價實的翻譯：順序整個倒過來，每個字都要從對的地方來。英文切成單字、一位一位的數字和標點，中文則一個字一個 token。
# %% lab=true
corpus = date_pairs("date")
for pair in corpus.test[:4]:
    print(" ".join(pair.source), "->", "".join(pair.target))

# %% [markdown] lang="en"
# A network reads numbers, so every token has one, its **id**. Sentences of different lengths share one tensor: the shorter ones are filled up with `PAD`, which is 0. Every sentence ends in `EOS`, which is 2. Find both below, and compare each row with its length.
# %% [markdown] lang="zh-TW"
# 網路只讀得懂數字，所以每個 token 都有一個編號（**id**）。長短不一的句子要放進同一個張量，短的就用 `PAD`（編號 0）**填充**到一樣長。每一句都以 `EOS`（編號 2）結尾。在下面把這兩種都找出來，再比一比每一列和它的長度。
# %%
batch = corpus.batch(corpus.test[:4])
print(batch.input_ids)  # (B, S)
print(batch.lengths)  # (B,)

# %% [markdown] lang="en"
# ## 1 · The encoder
#
# **What it is for.** It turns a batch of sentences into `outputs`, the hidden state after every token, and `hidden`, the state at the end of each sentence: the notes that the decoder will get.
#
# **By hand.** Take a recurrent network so small that it fits in your head: *new state = half the old state + the token*. It starts from 0 and reads the sentence `4 2`, filled up with two pads (zeros):
#
# | read | 4 | 2 | pad | pad |
# | --- | --- | --- | --- | --- |
# | state | 4 | 4 | ? | ? |
#
# **Predict.** Fill in the two question marks. Which of the four states should the decoder get?
#
# <details><summary>Compare</summary>
#
# The states are 4, 4, 2, 1. The sentence ends after its second token, so the decoder should get the second state, **4**. Read on through the padding, and the memory fades to 1. Worse: how far it fades depends on how many pads there are, that is, on the longest *other* sentence in the batch. A translation must not depend on the neighbours.
#
# </details>
# %% [markdown] lang="zh-TW"
# ## 1 · 編碼器
#
# **它做什麼。** 它讀進一個批次的句子，給出兩樣東西：`outputs` 是讀完每個 token 之後的隱藏狀態；`hidden` 是每一句結束時的狀態，也就是要交給解碼器的筆記。
#
# **先用手算。** 想像一個小到可以心算的循環神經網路：**新狀態 = 舊狀態的一半 + 讀到的 token**。它從 0 開始，讀 `4 2` 這個句子，後面填充了兩個 0：
#
# | 讀到 | 4 | 2 | 填充 | 填充 |
# | --- | --- | --- | --- | --- |
# | 狀態 | 4 | 4 | ？ | ？ |
#
# **先猜：** 兩個問號是多少？四個狀態之中，該把哪一個交給解碼器？
#
# <details><summary>對一下答案</summary>
#
# 四個狀態是 4、4、2、1。句子在第二個 token 就結束了，所以該交給解碼器的是第二個狀態 **4**。繼續往填充裡讀，記憶就淡成了 1。更糟的是，淡到什麼程度，要看填充了幾格，也就是看批次裡**別的**句子有多長。一句話怎麼翻，不該由旁邊的句子決定。
#
# </details>
# %% [markdown] lang="en"
# ### Exercise: `EncoderRNN`
#
# 15 minutes · difficulty ●●○ · 3 points
#
# Three things must hold: each sentence's `hidden` is the state at *its own* last token; `outputs` is 0 from each sentence's length on; and `outputs` keeps all S positions, even if every sentence is shorter than S. What stands in the padding must not matter, and the lengths come in any order.
#
# <details><summary>Hint 1 · a nudge</summary>
#
# Somebody has to tell the GRU where each sentence ends. PyTorch has a pair of functions for just that, and they are imported above: one *packs* padded sentences so that the GRU skips the padding, the other *unpacks* what comes out.
#
# </details>
# <details><summary>Hint 2 · the approach</summary>
#
# Embed, pack, run the GRU on the packed sentences, unpack its outputs. The `hidden` that the GRU gives after packed input is already right. Look up three arguments: `batch_first`, `enforce_sorted` (the lengths are not sorted) and `total_length` (S must not shrink).
#
# Or without packing: run the GRU over everything, set the outputs from each length on to 0, and pick each sentence's own last output.
#
# </details>
# <details><summary>Hint 3 · near-code</summary>
#
# ```
# embedded = embedding of input_ids                               # (B, S, H)
# packed   = pack_padded_sequence(embedded, lengths, batch first, not sorted)
# outputs, hidden = the GRU on packed                             # hidden (1, B, H)
# outputs, _ = pad_packed_sequence(outputs, batch first, total length S)   # (B, S, H)
# ```
#
# </details>
# %% [markdown] lang="zh-TW"
# ### 練習：`EncoderRNN`
#
# 15 分鐘 · 難度 ●●○ · 得分 3
#
# 有三件事要做到：每一句的 `hidden` 是**它自己**最後一個 token 的狀態；從每一句的長度開始，`outputs` 後面都是 0；就算每一句都比 S 短，`outputs` 還是要保留 S 個位置。填充的地方放了什麼，都不該影響結果；而 `lengths` 可能是任何順序。
#
# <details><summary>提示 1 · 推一把</summary>
#
# 得有人告訴 GRU 每一句在哪裡結束。PyTorch 有一對函式專門做這件事，上面已經匯入了：一個把填充過的句子**打包**（pack），讓 GRU 跳過填充；另一個把結果**解開**（unpack）。
#
# </details>
# <details><summary>提示 2 · 作法</summary>
#
# 先嵌入、打包，讓 GRU 讀打包好的句子，再把 outputs 解開。輸入打包之後，GRU 給的 `hidden` 就已經是對的了。請查一查三個引數：`batch_first`、`enforce_sorted`（長度沒有排序）和 `total_length`（S 不能縮水）。
#
# 不打包也可以：讓 GRU 全部讀完，把每一句長度之後的 outputs 設成 0，再挑出每一句自己的最後一個輸出。
#
# </details>
# <details><summary>提示 3 · 差一點就是程式碼</summary>
#
# ```
# embedded = input_ids 的嵌入                                  # (B, S, H)
# packed   = pack_padded_sequence(embedded, lengths, 批次在前, 沒有排序)
# outputs, hidden = 讓 GRU 讀 packed                           # hidden (1, B, H)
# outputs, _ = pad_packed_sequence(outputs, 批次在前, 總長度 S)   # (B, S, H)
# ```
#
# </details>
# %% exercise="EncoderRNN"
class EncoderRNN(nn.Module):
    """
    [en] Reads sentences and keeps one state for each.
    [zh-TW] 讀進句子，為每一句留下一個狀態。
    """

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.embedding = nn.Embedding(input_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size, batch_first=True)

    def forward(self, input_ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """
        [en] input_ids (B, S), lengths (B,), each from 1 to S, in any order
        [en] -> outputs (B, S, H), 0 from each length on; hidden (1, B, H), the state at each sentence's own end
        [zh-TW] input_ids (B, S)、lengths (B,)：每個都在 1 到 S 之間，順序不一定
        [zh-TW] -> outputs (B, S, H)：從每一句的長度開始都是 0；hidden (1, B, H)：每一句自己結束時的狀態
        """
        ### BEGIN SOLUTION
        embedded = self.embedding(input_ids)  # (B, S, H)
        packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
        outputs, hidden = self.gru(packed)  # hidden (1, B, H)
        outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=input_ids.shape[1])  # (B, S, H)
        return outputs, hidden
        ### END SOLUTION


# %% check="EncoderRNN" points=3
check("EncoderRNN", EncoderRNN)

# %% [markdown] lang="en"
# <details><summary><b>Common mistakes</b></summary>
#
# - The lengths are not used, so `hidden` is the state after the padding. Or `outputs[:, -1]` is taken for the end of the sentence: for every shorter sentence that is padding.
# - `outputs` is not 0 behind a sentence's end. Nothing breaks today; in chapter 02 the model would look at it.
# - The sentences are sorted by length and never sorted back. Everything runs, and everyone gets somebody else's notes.
# - `total_length` is forgotten: S shrinks to the longest sentence, and one day a shape does not fit.
# - `batch_first=True` is missing in one of three places. It never concerns `hidden`, which stays (1, B, H).
#
# </details>
#
# **What changed.** A sentence of any length is now 64 numbers. Let us see whether a sentence's notes really ignore its neighbours. The first number below compares a short sentence read alone and read next to a longer one. For the second we lie about the length, so that the padding is read too. Which one should be 0?
# %% [markdown] lang="zh-TW"
# <details><summary><b>常見錯誤</b></summary>
#
# - 沒有用到 lengths，結果 `hidden` 是讀完填充之後的狀態。或者把 `outputs[:, -1]` 當成句尾：對比較短的句子來說，那裡只有填充。
# - 句子結束後，`outputs` 沒有歸零。今天還不會出事，但到了第 02 章，模型會去看它。
# - 照長度排序之後忘了排回來。程式跑得很順，只是每一句都拿到別人的筆記。
# - 忘了 `total_length`：S 縮成最長那一句的長度，總有一天形狀會對不上。
# - 三個該寫 `batch_first=True` 的地方漏了一個。它管不到 `hidden`，`hidden` 一直是 (1, B, H)。
#
# </details>
#
# **現在不一樣了：** 不管多長的句子，都變成 64 個數字。來看看一句話的筆記是不是真的不受旁邊的句子影響：下面第一個數字，比較一個短句單獨讀、和長句一起讀，差了多少；第二個數字，我們故意謊報長度，讓它連填充也讀進去。哪一個應該是 0？
# %%
torch.manual_seed(0)
encoder = EncoderRNN(len(corpus.source_vocab), 64)
short, *_, long = sorted(corpus.test, key=lambda pair: len(pair.source))
alone, company = corpus.batch([short]), corpus.batch([short, long])
_, by_itself = encoder(alone.input_ids, alone.lengths)  # (1, 1, H)
_, together = encoder(company.input_ids, company.lengths)  # (1, 2, H)
_, misled = encoder(company.input_ids, company.lengths[[1, 1]])  # (1, 2, H)
print(f"{(by_itself - together)[0, 0].abs().max():.4f}")
print(f"{(by_itself - misled)[0, 0].abs().max():.4f}")

# %% [markdown] lang="en"
# ## 2 · The decoder, one step
#
# **What it is for.** A decoder step gets two things, the token just written and the hidden state, and gives two back: an opinion on the next token, and the new hidden state, to be handed to the next step.
#
# **By hand.** Say the output layer gives the scores 2, 1, 0 to *machine*, *deep*, `<eos>`. Softmax makes shares of them, 0.67, 0.24, 0.09, and their logarithms are −0.41, −1.41, −2.41. Why logarithms? The probability of a sentence is the *product* of its tokens' probabilities, soon a number with many zeros behind the point; logarithms are simply *added*. A log probability is never above 0, and the closer to 0, the surer.
#
# **Predict.** The input is (B,), one token for each sentence. The GRU, with `batch_first=True`, wants (B, time, H). How many time steps are there, and where does that axis go?
# %% [markdown] lang="zh-TW"
# ## 2 · 解碼器的一步
#
# **它做什麼。** 解碼器每走一步，收進兩樣東西：剛寫出的 token，和隱藏狀態；也交出兩樣東西：對下一個 token 的看法，和新的隱藏狀態，後者要傳給下一步。
#
# **先用手算。** 假設輸出層給 machine、deep、`<eos>` 的分數是 2、1、0。softmax 把分數變成比例：0.67、0.24、0.09；取對數就是 −0.41、−1.41、−2.41。為什麼要取對數？一句話的機率，是每個 token 的機率**相乘**，乘沒幾次，小數點後面就是一長串 0；取了對數，只要**相加**就好。對數機率不會大於 0，越接近 0 就越有把握。
#
# **先猜：** 輸入的形狀是 (B,)，每一句一個 token。設了 `batch_first=True` 的 GRU 要的是 (B, 時間, H)。這裡的時間有幾步？那一維該加在哪裡？
# %% [markdown] lang="en"
# ### Exercise: `DecoderRNN`
#
# 10 minutes · difficulty ●○○ · 2 points
#
# `log_softmax(out(gru(embedding(input))))`, with nothing in between.
#
# <details><summary>Hint 1 · a nudge</summary>
#
# The GRU wants a time axis, here of size 1; the output layer's result should not have one.
#
# </details>
# <details><summary>Hint 2 · the approach</summary>
#
# Embed (B, H), add the time axis, give it to the GRU together with `hidden`, take the axis away again, go through `out`, and take `log_softmax` over the vocabulary. Return the *new* hidden state.
#
# </details>
# <details><summary>Hint 3 · near-code</summary>
#
# ```
# embedded = embedding of input, with an axis at dim 1      # (B, 1, H)
# output, hidden = the GRU on embedded and hidden           # (B, 1, H), (1, B, H)
# scores = out of output without dim 1                      # (B, V)
# return log_softmax of scores over dim 1, hidden
# ```
#
# </details>
# %% [markdown] lang="zh-TW"
# ### 練習：`DecoderRNN`
#
# 10 分鐘 · 難度 ●○○ · 得分 2
#
# 就是 `log_softmax(out(gru(embedding(input))))`，中間不加別的東西。
#
# <details><summary>提示 1 · 推一把</summary>
#
# GRU 要有時間那一維（這裡大小是 1）；輸出層的結果卻不該有。
#
# </details>
# <details><summary>提示 2 · 作法</summary>
#
# 先嵌入成 (B, H)，加上時間那一維，和 `hidden` 一起交給 GRU，再把那一維拿掉，通過 `out`，最後沿著詞彙表做 `log_softmax`。回傳的是**新的**隱藏狀態。
#
# </details>
# <details><summary>提示 3 · 差一點就是程式碼</summary>
#
# ```
# embedded = input 的嵌入，在 dim 1 加一維             # (B, 1, H)
# output, hidden = 讓 GRU 讀 embedded 和 hidden        # (B, 1, H)、(1, B, H)
# scores = output 去掉 dim 1，再通過 out               # (B, V)
# 回傳：scores 沿著 dim 1 的 log_softmax，以及 hidden
# ```
#
# </details>
# %% exercise="DecoderRNN"
class DecoderRNN(nn.Module):
    """
    [en] Writes one token for every sentence of the batch.
    [zh-TW] 替批次裡的每一句寫出一個 token。
    """

    def __init__(self, hidden_size: int, output_size: int):
        super().__init__()
        self.embedding = nn.Embedding(output_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size, batch_first=True)
        self.out = nn.Linear(hidden_size, output_size)

    def forward(self, input: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """
        input (B,), hidden (1, B, H) -> log_probs (B, V), hidden (1, B, H)
        """
        ### BEGIN SOLUTION
        embedded = self.embedding(input).unsqueeze(1)  # (B, 1, H)
        output, hidden = self.gru(embedded, hidden)  # (B, 1, H), (1, B, H)
        scores = self.out(output.squeeze(1))  # (B, V)
        return F.log_softmax(scores, dim=1), hidden
        ### END SOLUTION


# %% check="DecoderRNN" points=2
check("DecoderRNN", DecoderRNN)

# %% [markdown] lang="en"
# <details><summary><b>Common mistakes</b></summary>
#
# - `log_softmax` is missing, or it is `softmax`, or it runs over the batch (dim 0), so that the sentences compete with each other.
# - The old hidden state is returned: the decoder forgets every step. (We shall do this on purpose below.)
# - The new axis stands at dim 0: that runs for a single sentence, because then batch and time look alike.
# - A relu after the embedding, copied from an old tutorial: it throws away half of what the embedding says.
#
# </details>
#
# **What changed.** You have both halves. The next cell, given, joins them; it holds nothing new but one idea.
# %% [markdown] lang="zh-TW"
# <details><summary><b>常見錯誤</b></summary>
#
# - 忘了 `log_softmax`，或寫成 `softmax`，或沿著批次（dim 0）做，變成句子和句子互相競爭。
# - 回傳了舊的隱藏狀態：解碼器會把每一步都忘掉。（等一下我們會故意這麼做。）
# - 新的那一維加在 dim 0：只有一句時跑得動，因為那時批次和時間看起來一樣。
# - 嵌入之後加了 relu，那是從舊教學抄來的：嵌入說的話，有一半被丟掉了。
#
# </details>
#
# **現在不一樣了：** 兩半都有了。下一個儲存格已經寫好，把它們接起來；裡面只有一個新觀念。
# %% [markdown] lang="en"
# ## 3 · Training: teacher forcing
#
# ![Two panels. Left, training: the decoder writes deep instead of machine, but the true token machine is fed in next, and it goes on with learning and <eos>. Right, translating: it writes deep, is fed its own deep, and goes astray to sea and fish.](image/teacher_forcing-en.png)
#
# While it learns, the decoder makes mistakes at every step. If we fed it its own mistakes, it would spend its time learning to continue nonsense. So a teacher stands beside it: whatever it wrote, the *true* token is fed in next. That is **teacher forcing** (left). When it translates, nobody knows the truth, and it is fed what it wrote itself (right).
#
# In the code it is one line: `batch.decoder_inputs` is the true target, moved by one place with `SOS` in front. Look at the pair for one date first.
# %% [markdown] lang="zh-TW"
# ## 3 · 訓練：teacher forcing
#
# ![兩格圖。左邊是訓練：解碼器把 machine 寫成 deep，但下一步餵給它的是正確的 machine，於是接著寫出 learning 和 <eos>。右邊是翻譯：它寫出 deep，下一步餵給它的就是 deep，越走越偏，寫成 sea、fish。](image/teacher_forcing-zh-TW.png)
#
# 解碼器在學的時候，每一步都會寫錯。要是把它自己寫錯的字再餵給它，它就只是一直在學怎麼把胡言亂語接下去。所以旁邊站了一位老師：不管它寫了什麼，下一步餵的都是**正確的** token。這就叫 **teacher forcing**（教師強制，左圖）。真正翻譯的時候沒有人知道答案，只能餵它自己寫的（右圖）。
#
# 在程式裡，這只是一行：`batch.decoder_inputs` 就是正確的譯文往後移一格，前面補上 `SOS`。先看看一個日期的輸入和目標。
# %%
print("decoder_inputs:", [corpus.target_vocab.tokens[id] for id in batch.decoder_inputs[0]])
print("target_ids:    ", [corpus.target_vocab.tokens[id] for id in batch.target_ids[0]])


# %%
# [en] Given: your two halves, joined, with teacher forcing.
# [zh-TW] 已寫好：用 teacher forcing 把你的兩半接起來。
class Seq2Seq(nn.Module):
    def __init__(self, encoder: nn.Module, decoder: nn.Module):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def forward(self, batch) -> Tensor:
        _, hidden = self.encoder(batch.input_ids, batch.lengths)  # (1, B, H)
        steps = []
        for input in batch.decoder_inputs.unbind(dim=1):  # (B,)
            log_probs, hidden = self.decoder(input, hidden)  # (B, V), (1, B, H)
            steps.append(log_probs)
        return torch.stack(steps, dim=1)  # (B, L, V)


def new_model(corpus, hidden_size: int = 64) -> Seq2Seq:
    torch.manual_seed(0)
    encoder = EncoderRNN(len(corpus.source_vocab), hidden_size)
    decoder = DecoderRNN(hidden_size, len(corpus.target_vocab))
    # [en] A GRU learns to remember much sooner if it starts out inclined to keep its state.
    # [zh-TW] 讓 GRU 一開始就傾向保留舊的狀態，它學會記住東西會快得多。
    for gru in (encoder.gru, decoder.gru):
        gru.bias_hh_l0.detach()[hidden_size : 2 * hidden_size] += 1  # (H,)
    return Seq2Seq(encoder, decoder)


# %% [markdown] lang="en"
# ### How wrong was it?
#
# At each step the model gave the true token some probability. The loss of that token is minus its logarithm: 0 if the model was certain, large if it was surprised.
#
# **By hand.** Two sentences. To the tokens of the first, `日` and `<eos>`, the model gave 1/2 and 1/2. To the four of the second it gave 1/8 each. In units of ln 2, a probability of 1/2 costs 1 and 1/8 costs 3.
#
# | | | | | |
# | --- | --- | --- | --- | --- |
# | sentence 1 | 1 | 1 | pad | pad |
# | sentence 2 | 3 | 3 | 3 | 3 |
#
# **Predict.** What is the mean over all real tokens? And what would you get if you averaged each sentence first, and then the two sentences?
#
# <details><summary>Compare</summary>
#
# Over the tokens: (1 + 1 + 3 + 3 + 3 + 3) / 6 = 14/6 ≈ **2.33**. Sentences first: (1 + 3) / 2 = 2: there a token of the short sentence weighs twice as much. We want the first. And the pads? There is nothing to guess there. A model that was paid for padding would become very good at padding.
#
# </details>
# %% [markdown] lang="zh-TW"
# ### 錯得多離譜？
#
# 每一步，模型都給了正確的 token 一個機率。這個 token 的損失，就是機率取對數再加負號：完全有把握時是 0，越意外就越大。
#
# **先用手算。** 有兩句。第一句的 `日` 和 `<eos>`，模型各給了 1/2；第二句的四個 token，各給了 1/8。以 ln 2 為單位，機率 1/2 的損失是 1，1/8 的損失是 3。
#
# | | | | | |
# | --- | --- | --- | --- | --- |
# | 第一句 | 1 | 1 | 填充 | 填充 |
# | 第二句 | 3 | 3 | 3 | 3 |
#
# **先猜：** 對所有真正的 token 取平均，是多少？要是先在每一句裡取平均，再對兩句取平均呢？
#
# <details><summary>對一下答案</summary>
#
# 對 token 平均：(1 + 1 + 3 + 3 + 3 + 3) / 6 = 14/6 ≈ **2.33**。先對句子平均：(1 + 3) / 2 = 2，這樣短句裡的 token 就重了一倍。我們要的是第一種。那填充呢？那裡根本沒有東西要猜。要是寫填充也有獎勵，模型很快就會變成填充高手。
#
# </details>
# %% [markdown] lang="en"
# ### Exercise: `sequence_loss`
#
# 10 minutes · difficulty ●●○ · 2 points
#
# <details><summary>Hint 1 · a nudge</summary>
#
# For each target you need one number out of V. Then forget the pads, and average what is left.
#
# </details>
# <details><summary>Hint 2 · the approach</summary>
#
# Either pick the numbers yourself (`gather` along dim 2), select those whose target is not `pad_id`, take the mean and turn the sign. Or let `F.nll_loss` do it: it has an argument for what to ignore, and it wants the vocabulary at dim 1, or everything flattened to (B·L, V) and (B·L,).
#
# </details>
# <details><summary>Hint 3 · near-code</summary>
#
# ```
# chosen = log_probs gathered along dim 2 at targets       # (B, L)
# real   = where targets differ from pad_id                # (B, L)
# return minus the mean of chosen where real               # ()
# ```
#
# </details>
# %% [markdown] lang="zh-TW"
# ### 練習：`sequence_loss`
#
# 10 分鐘 · 難度 ●●○ · 得分 2
#
# <details><summary>提示 1 · 推一把</summary>
#
# 對每個目標，你只需要 V 個數字裡的一個。接著把填充忘掉，剩下的取平均。
#
# </details>
# <details><summary>提示 2 · 作法</summary>
#
# 可以自己挑：用 `gather` 沿著 dim 2 挑出那些數字，只留下目標不是 `pad_id` 的，取平均，再加負號。也可以交給 `F.nll_loss`：它有個引數說明要忽略什麼，不過它要詞彙表在 dim 1，或者全部攤平成 (B·L, V) 和 (B·L,)。
#
# </details>
# <details><summary>提示 3 · 差一點就是程式碼</summary>
#
# ```
# chosen = log_probs 沿著 dim 2，用 targets 去 gather       # (B, L)
# real   = targets 不等於 pad_id 的地方                     # (B, L)
# 回傳：chosen 在 real 的地方取平均，再加負號                 # ()
# ```
#
# </details>
# %% exercise="sequence_loss"
def sequence_loss(log_probs: Tensor, targets: Tensor, pad_id: int) -> Tensor:
    """
    [en] The mean negative log likelihood of the targets that are not pad_id.
    [zh-TW] 不是 pad_id 的目標，對數機率的平均，再加負號。

    log_probs (B, L, V), targets (B, L) -> ()
    """
    ### BEGIN SOLUTION
    chosen = log_probs.gather(2, targets.unsqueeze(2)).squeeze(2)  # (B, L)
    real = targets != pad_id  # (B, L)
    return -chosen[real].mean()  # ()
    ### END SOLUTION


# %% check="sequence_loss" points=2
check("sequence_loss", sequence_loss)

# %% [markdown] lang="en"
# <details><summary><b>Common mistakes</b></summary>
#
# - The padding is counted, in the sum or only when dividing: the loss looks good and means nothing.
# - Sentences (or time steps) are averaged first, and then those averages: tokens weigh differently.
# - The sum instead of the mean; no minus sign; a second logarithm or softmax on what is a log probability already.
# - `view` or `reshape` to swap two axes: the shape fits, the numbers land elsewhere. Axes are swapped by `transpose`.
# - 0 is taken for the padding, whatever `pad_id` says.
#
# </details>
#
# **Predict.** A fresh model knows nothing: to each of the 24 tokens of the target vocabulary it gives about the same probability. What will its loss be, roughly? (ln 24 ≈ ?)
# %% [markdown] lang="zh-TW"
# <details><summary><b>常見錯誤</b></summary>
#
# - 填充也算了進去（加總時，或只在除的時候）：損失很漂亮，卻沒有意義。
# - 先對句子（或時間步）取平均，再把那些平均拿來平均：token 的分量就不一樣了。
# - 用總和而不是平均；忘了負號；對已經是對數機率的東西再取一次對數或 softmax。
# - 用 `view` 或 `reshape` 交換兩個維度：形狀對了，數字卻跑掉了。交換維度要用 `transpose`。
# - 不管 `pad_id` 是什麼，都把 0 當成填充。
#
# </details>
#
# **先猜：** 剛做好的模型什麼都不懂，對目標詞彙表的 24 個 token，給的機率都差不多。它的損失大概是多少？（ln 24 ≈ ？）
# %%
model = new_model(corpus)
print(f"{len(corpus.target_vocab)}: {sequence_loss(model(batch), batch.target_ids, PAD):.2f}")

# %% [markdown] lang="en"
# Now train: your encoder, your decoder, your loss. It takes **about 40 seconds** on one core. Meanwhile, predict the curve: smooth, or with a bend?
# %% [markdown] lang="zh-TW"
# 開始訓練：用的是你的編碼器、你的解碼器、你的損失。單核心大約要 **40 秒**。等的時候猜猜看：損失曲線會平順地下降，還是會轉彎？
# %% lab=true
history = fit(model, sequence_loss, corpus, epochs=20, lr=1e-2)
plot_losses(history)

# %% [markdown] lang="en"
# There is a bend. At first the loss falls fast: the model learns what *every* date looks like, which is easy. Then comes the long, slow part: carrying the digits of *this* date from one side to the other.
# %% [markdown] lang="zh-TW"
# 它轉了個彎。一開始掉得很快：模型在學**所有**日期共同的樣子，這很容易。接下來是漫長的一段：把**這一個**日期的數字，從這一頭一路帶到那一頭。
# %% [markdown] lang="en"
# ## 4 · Translating: greedy decoding
#
# **What it is for.** Now the teacher leaves. **Greedy decoding** writes the most probable token, feeds it back in, and goes on. A whole batch is translated at once, and the sentences end at different steps:
#
# | step | 1 | 2 | 3 | 4 | 5 |
# | --- | --- | --- | --- | --- | --- |
# | 機器學習 | machine | learning | `<eos>` | ? | ? |
# | 我愛機器學習 | I | love | machine | learning | `<eos>` |
#
# **Predict.** The decoder goes on stepping for the sake of the second sentence. What would it write in place of the question marks? And what should stand there?
#
# <details><summary>Compare</summary>
#
# It would write something, anything: it has never seen what comes after `<eos>`. We overwrite it: **after the first `<eos>` every position is `<eos>`**. And one ended sentence must not stop the others.
#
# </details>
# %% [markdown] lang="zh-TW"
# ## 4 · 翻譯：貪婪解碼
#
# **它做什麼。** 老師要離開了。**貪婪解碼**（greedy decoding）每一步寫下機率最大的 token，把它餵回去，再寫下一個。整個批次一起翻譯，而每一句結束的時間不一樣：
#
# | 第幾步 | 1 | 2 | 3 | 4 | 5 |
# | --- | --- | --- | --- | --- | --- |
# | 機器學習 | machine | learning | `<eos>` | ？ | ？ |
# | 我愛機器學習 | I | love | machine | learning | `<eos>` |
#
# **先猜：** 為了第二句，解碼器還得繼續走。問號的地方它會寫出什麼？又應該是什麼？
#
# <details><summary>對一下答案</summary>
#
# 它會隨便寫點什麼，因為它從沒見過 `<eos>` 後面有東西。所以我們要蓋掉：**第一個 `<eos>` 之後，每個位置都是 `<eos>`**。還有，一句結束了，不能害別的句子跟著停。
#
# </details>
# %% [markdown] lang="en"
# ### Exercise: `greedy_decode`
#
# 15 minutes · difficulty ●●○ · 2 points
#
# <details><summary>Hint 1 · a nudge</summary>
#
# Two things go round the loop: the token just written and the hidden state. A third must be remembered: who has already ended.
#
# </details>
# <details><summary>Hint 2 · the approach</summary>
#
# Start with a tensor (B,) full of `sos_id`; B is the second axis of `hidden`. At each step call `decoder(token, hidden)`, take the argmax over the vocabulary, and write `eos_id` instead wherever the sentence has ended. Collect the tokens and stack them along dim 1. You may stop early when everyone has ended, but the result still has `max_length` columns.
#
# </details>
# <details><summary>Hint 3 · near-code</summary>
#
# ```
# token = B times sos_id;  ended = B times False
# max_length times:
#     log_probs, hidden = decoder(token, hidden)           # (B, V), (1, B, H)
#     token = argmax over dim 1, but eos_id where ended    # (B,)
#     ended = ended, or token is eos_id                    # (B,)
#     collect token
# return the tokens stacked along dim 1                    # (B, max_length)
# ```
#
# </details>
# %% [markdown] lang="zh-TW"
# ### 練習：`greedy_decode`
#
# 15 分鐘 · 難度 ●●○ · 得分 2
#
# <details><summary>提示 1 · 推一把</summary>
#
# 有兩樣東西在迴圈裡傳下去：剛寫出的 token，和隱藏狀態。還有第三樣要記住：誰已經結束了。
#
# </details>
# <details><summary>提示 2 · 作法</summary>
#
# 從一個 (B,) 的張量開始，裡面全是 `sos_id`；B 是 `hidden` 的第二維。每一步呼叫 `decoder(token, hidden)`，沿著詞彙表取 argmax，已經結束的句子就改寫成 `eos_id`。把每一步的 token 收集起來，沿著 dim 1 疊起來。全部結束後可以提早停，但結果還是要有 `max_length` 欄。
#
# </details>
# <details><summary>提示 3 · 差一點就是程式碼</summary>
#
# ```
# token = B 個 sos_id；ended = B 個 False
# 重複 max_length 次：
#     log_probs, hidden = decoder(token, hidden)           # (B, V)、(1, B, H)
#     token = 沿著 dim 1 取 argmax，ended 的地方改成 eos_id   # (B,)
#     ended = 原本就 ended，或 token 是 eos_id               # (B,)
#     收集 token
# 回傳：所有 token 沿著 dim 1 疊起來                          # (B, max_length)
# ```
#
# </details>
# %% exercise="greedy_decode"
def greedy_decode(decoder: nn.Module, hidden: Tensor, sos_id: int, eos_id: int, max_length: int) -> Tensor:
    """
    [en] Write the most probable token at each step, until max_length.
    [en] Every position after a sentence's first eos_id is eos_id; sos_id is not part of the result.
    [zh-TW] 每一步寫下機率最大的 token，直到 max_length。
    [zh-TW] 每一句第一個 eos_id 之後的位置都是 eos_id；結果不包含 sos_id。

    decoder(input (B,), hidden (1, B, H)) -> log_probs (B, V), hidden (1, B, H)
    hidden (1, B, H) -> (B, max_length) long
    """
    ### BEGIN SOLUTION
    token = torch.full((hidden.shape[1],), sos_id)  # (B,)
    ended = torch.zeros(hidden.shape[1], dtype=torch.bool)  # (B,)
    tokens = []
    for _ in range(max_length):
        log_probs, hidden = decoder(token, hidden)  # (B, V), (1, B, H)
        token = log_probs.argmax(dim=1).masked_fill(ended, eos_id)  # (B,)
        ended = ended | (token == eos_id)  # (B,)
        tokens.append(token)
    return torch.stack(tokens, dim=1)  # (B, max_length)
    ### END SOLUTION


# %% check="greedy_decode" points=2
check("greedy_decode", greedy_decode)

# %% [markdown] lang="en"
# <details><summary><b>Common mistakes</b></summary>
#
# - `sos_id` is fed at every step, or the hidden state is not handed on: each forgets what has been written.
# - A sentence goes on after its `<eos>`; or everyone stops when the first one ends.
# - 0 is written after the end; or `<eos>` itself is left out.
# - The result begins with `<sos>`; or it has fewer columns than `max_length` when all ended early.
# - The batch size is read from dim 0 of `hidden`, which is always 1.
#
# </details>
#
# **What changed.** You have a translator. How often is the *whole* date right, to the last character, on a thousand dates it has never seen?
# %% [markdown] lang="zh-TW"
# <details><summary><b>常見錯誤</b></summary>
#
# - 每一步都餵 `sos_id`，或沒有把隱藏狀態傳下去：兩種都會忘了自己寫過什麼。
# - 句子寫出 `<eos>` 之後還繼續寫；或者第一句一結束，大家就都停了。
# - 結束後填了 0；或者 `<eos>` 自己不見了。
# - 結果的開頭是 `<sos>`；或者大家都提早結束時，欄數少於 `max_length`。
# - 從 `hidden` 的 dim 0 讀批次大小，而那一維永遠是 1。
#
# </details>
#
# **現在不一樣了：** 你有一台翻譯機了。拿一千個它從沒見過的日期來考它，**整句**一字不差的，有多少？
# %%
# [en] Given: a function from a batch to ids, made of your pieces.
# [zh-TW] 已寫好：用你寫的各個部分，做一個從批次到 id 的函式。
def translator(model, corpus):
    def translate(batch) -> Tensor:
        _, hidden = model.encoder(batch.input_ids, batch.lengths)  # (1, B, H)
        return greedy_decode(model.decoder, hidden, SOS, EOS, corpus.max_target)  # (B, max_length)

    return translate


# [en] Given: the translation, with every wrong character in brackets.
# [zh-TW] 已寫好：印出譯文，寫錯的字用方括號標出來。
def marked(ids: Tensor, pair, corpus) -> str:
    written = corpus.target_vocab.decode(ids)
    pairs = zip_longest(written, pair.target, fillvalue="")
    return "".join(token if token == true else f"[{token}]" for token, true in pairs)


# %% lab=true
print(f"exact match: {exact_match(translator(model, corpus), corpus):.1%}")
with torch.no_grad():
    ids = translator(model, corpus)(corpus.batch(corpus.test[:8]))  # (B, max_length)
for row, pair in zip(ids, corpus.test, strict=False):
    print(" ".join(pair.source), "->", marked(row, pair, corpus))

# %% [markdown] lang="en"
# In our run, **about three of four** dates come out without a mistake, and with more time it would be more: on short dates this machine learns. Look at the brackets. Among these eight, ours got only weekdays wrong. Why just those? `Tuesday` is read *first*, and 二 is written *last*: nothing has to be carried further.
#
# ### Everything is in that vector
#
# **Predict.** Two dates are read, and before the decoder starts we swap their two `hidden` vectors. What will be written?
# %% [markdown] lang="zh-TW"
# 我們跑出來的，**四個大約對三個**；再多給一點時間，還會更好：短的日期，這台機器是學得會的。看看方括號：在這八句裡，我們的模型只寫錯了星期幾。為什麼偏偏是它？因為 `Tuesday` 是**最先**讀到的，「二」卻是**最後**才寫的：沒有別的東西要帶這麼遠。
#
# ### 全部都在那個向量裡
#
# **先猜：** 讀完兩個日期之後，在解碼器開始之前，把兩個 `hidden` 對調。它會寫出什麼？
# %% lab=true
two = corpus.batch(corpus.test[:2])
with torch.no_grad():
    _, hidden = model.encoder(two.input_ids, two.lengths)  # (1, 2, H)
    ids = greedy_decode(model.decoder, hidden.flip(1), SOS, EOS, corpus.max_target)  # (2, max_length)
for row, pair in zip(ids, corpus.test, strict=False):
    print(" ".join(pair.source), "->", "".join(corpus.target_vocab.decode(row)))

# %% [markdown] lang="en"
# Each sentence gets the other's translation, whole. The decoder never saw the sentence: those 64 numbers *are* the sentence.
#
# ### Break it on purpose
#
# Now a decoder with amnesia: it gives back the hidden state that it was given, so that every step starts from the encoder's notes and knows of its own writing only the last token.
#
# **Predict.** What will it write? Think of `2`, `0`, `1`, `0`: what comes after a `0`?
# %% [markdown] lang="zh-TW"
# 兩句完完整整地換了過來。解碼器從頭到尾沒看過句子：那 64 個數字**就是**句子。
#
# ### 故意弄壞它
#
# 接下來換一個會失憶的解碼器：給它什麼隱藏狀態，它就原樣還回來。於是每一步都從編碼器的筆記重新開始，自己寫過的東西，只知道最後一個 token。
#
# **先猜：** 它會寫出什麼？想想 `2`、`0`、`1`、`0`：`0` 的後面要接什麼？
# %% lab=true
def forgetful(input: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
    log_probs, _ = model.decoder(input, hidden)
    return log_probs, hidden


with torch.no_grad():
    ids = greedy_decode(forgetful, hidden, SOS, EOS, corpus.max_target)  # (2, max_length)
for row, pair in zip(ids, corpus.test, strict=False):
    print(" ".join(pair.source), "->", "".join(corpus.target_vocab.decode(row)))

# %% [markdown] lang="en"
# It goes round in circles: the same token, fed into the same state, gives the same answer. So the hidden state carries two things at once, *what the sentence said* and *how far I have come*. Both must share 64 numbers.
#
# ## 5 · Longer sentences
#
# ![Three dates of 7, 9 and 15 tokens are each poured through a funnel into a vector that always has 64 numbers.](image/bottleneck-en.png)
#
# Now the same machine meets `dates`: besides days there are days with a time, and intervals from one day to another, up to 22 tokens. Nothing in the model has to be changed. Only the vector in the middle stays as it is.
# %% [markdown] lang="zh-TW"
# 它在原地打轉：同一個 token 餵進同一個狀態，答案當然一樣。所以隱藏狀態同時要記兩件事：**句子說了什麼**，還有**我寫到哪裡了**。兩件事擠在 64 個數字裡。
#
# ## 5 · 句子變長了
#
# ![三個分別有 7、9、15 個 token 的日期，各自經過漏斗，倒進同樣只有 64 個數字的向量。](image/bottleneck-zh-TW.png)
#
# 同一台機器，這次要翻譯的是 `dates`：除了日期，還有加上時間的，以及從某一天到某一天的區間，最長有 22 個 token。模型一行都不用改，只是中間那個向量還是一樣大。
# %% lab=true
longer = date_pairs("dates")
for pair in sorted(longer.test[:40], key=lambda pair: len(pair.source))[::8]:
    print(" ".join(pair.source), "->", "".join(pair.target))

# %% [markdown] lang="en"
# **Predict**, before you train: of the dates with 9 tokens, how many will be entirely right? Of those with 15? Of those with 20?
#
# This takes **about a minute** on one core.
# %% [markdown] lang="zh-TW"
# 訓練之前，**先猜**：9 個 token 的，有幾成會整句都對？15 個的呢？20 個的呢？
#
# 單核心大約要**一分鐘**。
# %% lab=true
longer_model = new_model(longer)
history = fit(longer_model, sequence_loss, longer, epochs=10, lr=1e-2)
plot_losses(history)

# %% lab=true
print(f"exact match: {exact_match(translator(longer_model, longer), longer):.1%}")
plot_accuracy_by_length(
    {
        "date": accuracy_by_length(translator(model, corpus), corpus),
        "dates": accuracy_by_length(translator(longer_model, longer), longer),
    }
)

# %% [markdown] lang="en"
# The longer the sentence, the worse, on both lines. In our run the first model gets nearly all dates of 7 tokens right, but only half of those with 9 or 10. The model for `dates`: with 7 tokens about one in five; with 9, one in a hundred; from 10 on, **none**. Even the short dates, which the first model could do, have suffered: the same 64 numbers now have to serve for everything. Compare with the guess you wrote down.
#
# **Which characters go wrong?** Read a few of the long ones before you read on.
# %% [markdown] lang="zh-TW"
# 句子越長，錯得越多，兩條線都一樣。我們跑出來的結果：第一個模型，7 個 token 的幾乎全對，9 個、10 個的只對一半。`dates` 的模型，7 個 token 的，大約五句對一句；9 個的，一百句對一句；從 10 個開始，**一句都沒對**。就連第一個模型原本會的短日期，也被拖累了：同樣的 64 個數字，現在什麼都得裝。和你一開始寫下的答案比一比。
#
# **錯的是哪些字？** 先自己看幾個長句，再往下讀。
# %% lab=true
examples = sorted(longer.test[:60], key=lambda pair: -len(pair.source))[:6]
with torch.no_grad():
    ids = translator(longer_model, longer)(longer.batch(examples))  # (6, max_length)
for row, pair in zip(ids, examples, strict=True):
    print("".join(pair.target), "->", marked(row, pair, longer))

# %% [markdown] lang="en"
# In ours, the first few characters are right, and then a perfectly good date comes out, only not the one that was asked for.
#
# Now count, and fairly: each character is judged with the *true* beginning in front of it (teacher forcing again), so that one slip does not spoil the rest. **Predict:** which go wrong more often, the characters that make up the form (年, 月, 至, 星期, 週) or the digits?
# %% [markdown] lang="zh-TW"
# 我們的模型，開頭幾個字是對的，接著寫出來的也是一個像模像樣的日期，只可惜不是題目要的那一個。
#
# 現在來數一數，而且要公平：評每個字的時候，都把**正確的**開頭給它（又是 teacher forcing），免得錯一個字就連累後面。**先猜：** 哪一種比較常錯？是組成格式的字（年、月、至、星期、週），還是數字？
# %% lab=true
tested = longer.batch(longer.test)
with torch.no_grad():
    guesses = longer_model(tested).argmax(dim=2)  # (B, L)
wrong = (guesses != tested.target_ids).double()  # (B, L)
for kind in ["年月至星期週", "0123456789"]:
    members = torch.tensor([token in kind for token in longer.target_vocab.tokens])  # (V,)
    print(f"{kind}: {wrong[members[tested.target_ids]].mean():.1%}")

# %% [markdown] lang="en"
# ### The telephone game
#
# One child whispers a sentence to the next, and so on down the row. What the last one says is still a sentence, still about a princess and a dragon; but who ate whom is gone. **The form survives, the details die.**
#
# That is what you have just measured: in our run, the characters of the form go wrong in fewer than one of a hundred places, the digits in thirty. The model knows how a date looks: a year, 年, a month, 月. It no longer knows *which* date it was. Every digit had to be whispered through each later step of the encoder, and again through each step of the decoder, always in the same 64 numbers. The longer the sentence, the longer the row of children, and the more there is to remember.
#
# Is it fair to blame the vector? Three honest remarks:
#
# - On short dates this machine *does* learn, given time. It is slow, not hopeless.
# - More training and a wider vector help, up to a point: the longer the sentence, the sooner they stop helping.
# - Long sentences are harder for *every* model, since each further character is one more chance to fail (see the second self-test). So keep this curve in mind: in chapter 03 a model of the same size, with attention, gets the same data.
#
# ### Question
#
# The encoder made `outputs`, one vector for every source token, and this model has used none of them but the last. A friend says: "Just make the hidden state ten times as large." **Why does that help only for a while? What would you let the decoder have instead, and what would it then have to decide at every step?** Two to four sentences. (2 points, read by a person)
# %% [markdown] lang="zh-TW"
# ### 傳話遊戲
#
# 一排小朋友，第一個把一句話悄悄說給第二個聽，一個傳一個。傳到最後一個，說出來的還是一句話，也還是公主和惡龍的故事，可是誰吃了誰，早就走樣了。**樣子還在，細節沒了。**
#
# 你剛才量到的就是這個：我們跑出來的，組成格式的字，一百個錯不到一個；數字，一百個錯了三十個。模型知道日期長什麼樣子：先是年份，然後「年」，然後月份，然後「月」。它只是不記得**是哪一天**了。每個數字都要悄悄傳過編碼器後面的每一步，再傳過解碼器的每一步，而且一直擠在同樣的 64 個數字裡。句子越長，排隊的小朋友就越多，要記的也越多。
#
# 都怪那個向量，公平嗎？老實說三件事：
#
# - 短的日期，給它時間，它**真的**學得會。它只是慢，不是沒救。
# - 練久一點、向量寬一點，都有幫助，但有限：句子越長，越快幫不上忙。
# - 句子越長，對**每一種**模型都越難，因為每多一個字就多一次寫錯的機會（見自我測驗第 2 題）。所以請記住這條曲線：到了第 03 章，我們會把同樣的資料，交給一個同樣大小、但有注意力的模型。
#
# ### 問答題
#
# 編碼器給了 `outputs`，每個原文 token 都有一個向量，這個模型卻只用了最後一個。有個朋友說：「把隱藏狀態加大十倍不就好了？」**為什麼這只能撐一陣子？你會改成給解碼器什麼？這樣一來，它每一步又得決定什麼？** 請用兩到四句話回答。（得分 2，由老師批改）
# %% [markdown] question="bottleneck" points=2 lang="en"
# ### BEGIN SOLUTION
# A larger vector holds more, but its size is fixed while sentences go on growing: for every size there is a sentence too long for it, and every detail must still survive all the steps in between (and the cost grows with the square of the width). I would give the decoder *all* the encoder's outputs: one vector per token, so there is more room exactly when the sentence is longer, and each detail is only one step away. Then the decoder has to decide, at every step, which of them to look at, and how much.
# ### END SOLUTION
# %% [markdown] question="bottleneck" points=2 lang="zh-TW"
# ### BEGIN SOLUTION
# 向量加大，裝得下的確實變多，但它的大小是固定的，句子卻可以一直變長：不管多大，總有一句裝不下；而且每個細節還是得撐過中間的每一步（計算量又隨寬度的平方增加）。我會把編碼器**所有的** outputs 都給解碼器：每個 token 一個向量，句子越長空間就越大，每個細節也都只隔一步。這樣一來，解碼器每一步都得決定：要看其中哪幾個，各看多少。
# ### END SOLUTION
# %% [markdown] lang="en"
# ## Test yourself
#
# **1.** While training, the decoder is always fed true tokens; while translating, its own. Which situation does it never meet in training, and how might that hurt?
#
# <details><summary>Answer</summary>
#
# It never meets the state *after a mistake of its own*. One wrong character, and it stands where it has never stood; you may have seen a date go wrong from one character on. (The literature calls it exposure bias. One remedy is to feed it its own token now and then.)
#
# </details>
#
# **2.** A model gets every single character right with probability 0.97. How many dates of 12 characters come out without a mistake? How many intervals of 27?
#
# <details><summary>Answer</summary>
#
# 0.97¹² ≈ 69 % and 0.97²⁷ ≈ 44 %. Exact match falls with length even if no character gets harder. A fall to nearly nothing, as you saw, means that the characters themselves got harder too.
#
# </details>
#
# **3.** Your loss looks wonderful, 0.05, but the translations are bad. When you translate alone, without a batch, they change. Name two suspects from this chapter.
#
# <details><summary>Answer</summary>
#
# The loss may count the padding: easy points for every pad. And the encoder may read through the padding, so that `hidden` depends on the longest neighbour; alone there is none.
#
# </details>
#
# ## References
#
# - Hung-yi Lee (李宏毅), *Conditional Generation by RNN & Attention*, lecture slides, National Taiwan University: for 機器學習 → machine learning, and for what comes next.
# - I. Sutskever, O. Vinyals, Q. Le, *Sequence to Sequence Learning with Neural Networks*, 2014, [arXiv:1409.3215](https://arxiv.org/abs/1409.3215): the model of this chapter at full size. Read section 3.3: they feed the source *backwards*. Why might that help?
# - K. Cho et al., *Learning Phrase Representations using RNN Encoder–Decoder*, 2014, [arXiv:1406.1078](https://arxiv.org/abs/1406.1078): where the GRU comes from.
# - D. Bahdanau, K. Cho, Y. Bengio, *Neural Machine Translation by Jointly Learning to Align and Translate*, 2015, [arXiv:1409.0473](https://arxiv.org/abs/1409.0473): look at figure 2 only, quality against sentence length. You have just drawn half of it.
# - PyTorch, [nn.GRU](https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html) and [pack_padded_sequence](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html): for the shapes.
#
# ## Where would you look?
#
# Translate `Tuesday, 30 March 2010` yourself, and watch your eyes. Before you write 3月 they jump to *March*; before 30日, to *30*. You do not learn the sentence by heart. You **look back at it**, each time at another place.
#
# The encoder's outputs are all there, one per token, and we have thrown them away. Suppose the decoder could look back at them: for the next character, **where would you look? And how could a machine know where?** That is chapter 02.
# %% [markdown] lang="zh-TW"
# ## 自我測驗
#
# **1.** 訓練時，餵給解碼器的都是正確的 token；翻譯時，餵的是它自己寫的。有什麼情況是它在訓練時從來沒遇過的？會有什麼壞處？
#
# <details><summary>參考答案</summary>
#
# 它從沒遇過**自己寫錯之後**的情況。只要錯一個字，它就站在一個從沒去過的地方；你或許已經看過，有的日期從某個字開始就一路錯下去。（文獻上叫做 exposure bias。其中一個辦法是訓練時偶爾也餵它自己寫的 token。）
#
# </details>
#
# **2.** 某個模型寫對每個字的機率都是 0.97。12 個字的日期，有幾成能整句都對？27 個字的區間呢？
#
# <details><summary>參考答案</summary>
#
# 0.97¹² ≈ 69%，0.97²⁷ ≈ 44%。就算每個字都沒有變難，整句全對的比例還是會隨長度下降。像你看到的那樣掉到幾乎是 0，表示字本身也變難了。
#
# </details>
#
# **3.** 損失漂亮極了，只有 0.05，翻出來卻很糟。而且同一句單獨翻，和放進批次裡一起翻，結果還不一樣。從這一章裡找出兩個嫌犯。
#
# <details><summary>參考答案</summary>
#
# 損失可能把填充也算進去了：填充越多，白撿的便宜越多。編碼器可能連填充也讀了，於是 `hidden` 會隨旁邊最長的句子改變；單獨翻的時候就沒有填充。
#
# </details>
#
# ## 參考資料
#
# - 李宏毅，*Conditional Generation by RNN & Attention*，臺灣大學課程投影片：「機器學習 → machine learning」的例子出自這裡，後面幾章的內容也在裡面。
# - I. Sutskever、O. Vinyals、Q. Le，*Sequence to Sequence Learning with Neural Networks*，2014，[arXiv:1409.3215](https://arxiv.org/abs/1409.3215)：這一章的模型，做到實用的規模。請讀 3.3 節：他們把原文**倒過來**餵。為什麼這樣可能有幫助？
# - K. Cho 等人，*Learning Phrase Representations using RNN Encoder–Decoder*，2014，[arXiv:1406.1078](https://arxiv.org/abs/1406.1078)：GRU 的出處。
# - D. Bahdanau、K. Cho、Y. Bengio，*Neural Machine Translation by Jointly Learning to Align and Translate*，2015，[arXiv:1409.0473](https://arxiv.org/abs/1409.0473)：先看圖 2 就好，畫的是翻譯品質和句子長度的關係。你剛才已經畫出一半了。
# - PyTorch 文件：[nn.GRU](https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html) 和 [pack_padded_sequence](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html)，查形狀用。
#
# ## 換作是你，會看哪裡？
#
# 自己翻翻看 `Tuesday, 30 March 2010`，留意一下眼睛的動作。要寫「3月」之前，眼睛會跳到 *March*；要寫「30日」之前，會跳到 *30*。你不會先把整句背起來，而是**回頭看**，每次看不同的地方。
#
# 編碼器的 outputs 都在，每個 token 一個，只是被我們丟掉了。假如解碼器也能回頭看，寫下一個字的時候，**換作是你，會看哪裡？機器又怎麼知道該看哪裡？** 第 02 章就來回答。
