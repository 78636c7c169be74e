# %% [markdown] lang="en"
# # 1. From likelihood to cross-entropy
#
# A classifier in Keras minimises `categorical_crossentropy`, an autoencoder often `binary_crossentropy`, and a
# variational autoencoder (VAE) minimises a cross-entropy plus one more term. This lecture shows where the
# cross-entropy comes from, starting from nothing but probabilities. You need Keras and a little calculus; you need no
# information theory and no statistics.
#
# At the end you will know
#
# - what information is, and why rare events carry more of it;
# - that cross-entropy = entropy + KL divergence;
# - what a likelihood is, and how gradient descent finds the density that explains data best;
# - why minimising the cross-entropy *is* maximising the likelihood;
# - why pixels are divided by 255, and why their cross-entropies are summed and not averaged.
#
# Every claim is computed in front of you. A line `assert ...` stops the notebook if the claim before it is false, so a
# notebook that ran to its end has shown what it says. Figures and printed numbers are labelled with symbols, units and
# short English names, the same in every language of this lecture. Throughout, $\log$ is the natural logarithm. Boxes
# marked **Predict first** ask a question that the next cell answers: decide before you look.
#
# <details>
# <summary>Symbols in this lecture</summary>
#
# | symbol | meaning |
# |---|---|
# | $p_k$, $p(x)$ | probability of an outcome, density at $x$ |
# | $I(p)$ | information |
# | $\mathbb{E}_p[\ldots]$ | expectation: the mean over what is drawn from $p$ |
# | $H(p)$, $H(p, q)$ | entropy, cross-entropy of $q$ relative to $p$ |
# | $\mathrm{KL}(p \,\Vert\, q)$ | Kullback-Leibler divergence |
# | $\mathcal{N}(x; \mu, \sigma^2)$ | Gaussian density, mean $\mu$, standard deviation $\sigma$ |
# | $\hat p$ | shares in the data |
# | $s$, $k$ | probability of white, number of white dots of a pixel |
#
# All of them, with the Korean terms: [glossary](../glossary.md).
# </details>

# %% [markdown] lang="ko"
# # 1. 가능도에서 교차 엔트로피로
#
# Keras로 분류기를 만들 때는 `categorical_crossentropy`를, 오토인코더를 만들 때는 흔히 `binary_crossentropy`를
# 최소화합니다. 변분 오토인코더(VAE)가 최소화하는 것도 교차 엔트로피에 항 하나를 더한 값입니다. 그런데 교차 엔트로피는
# 어디에서 온 것일까요? 이 강의에서는 확률만 가지고 출발해 그 답을 찾아갑니다. Keras와 약간의 미분만 알면 됩니다. 정보
# 이론이나 통계학은 몰라도 괜찮습니다.
#
# 이 강의를 마치면 다음을 알게 됩니다.
#
# - 정보량이란 무엇이며, 드문 사건일수록 왜 정보량이 큰가
# - 교차 엔트로피 = 엔트로피 + KL 발산
# - 가능도(likelihood, 우도)란 무엇이며, 데이터를 가장 잘 설명하는 밀도를 경사 하강법으로 어떻게 찾는가
# - 교차 엔트로피를 최소화하는 것이 *곧* 가능도를 최대화하는 것인 이유
# - 픽셀을 255로 나누는 이유, 픽셀별 교차 엔트로피를 평균하지 않고 모두 더하는 이유
#
# 모든 주장은 눈앞에서 직접 계산해 확인합니다. `assert ...` 줄은 바로 앞의 주장이 틀리면 실행을 멈춥니다. 그러니 끝까지
# 실행된 노트북은 스스로 한 말을 모두 증명한 셈입니다. 그림과 출력에는 어느 언어로 읽어도 같도록 기호와 단위, 짧은 영어
# 이름을 썼습니다. 이 강의에서 $\log$는 언제나 자연로그입니다. **먼저 예측하기**라고 적힌 물음은 바로 다음 셀이
# 답합니다. 보기 전에 답을 정해 두십시오.
#
# <details>
# <summary>이 강의의 기호</summary>
#
# | 기호 | 뜻 |
# |---|---|
# | $p_k$, $p(x)$ | 결과의 확률, $x$에서의 밀도 |
# | $I(p)$ | 정보량 |
# | $\mathbb{E}_p[\ldots]$ | 기댓값: $p$에서 뽑은 것에 대한 평균 |
# | $H(p)$, $H(p, q)$ | 엔트로피, $p$에 대한 $q$의 교차 엔트로피 |
# | $\mathrm{KL}(p \,\Vert\, q)$ | 쿨백-라이블러 발산 |
# | $\mathcal{N}(x; \mu, \sigma^2)$ | 가우시안 밀도. 평균 $\mu$, 표준편차 $\sigma$ |
# | $\hat p$ | 데이터의 비율 |
# | $s$, $k$ | 흰색의 확률, 픽셀 하나의 흰 점의 수 |
#
# 모든 기호와 영어 용어는 [용어집](../glossary.md)에 있습니다.
# </details>

# %%
# %matplotlib inline
import itertools
import math
import os

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

import keras_vae
from keras_vae.data.load import load_arrays
from keras_vae.likelihoods import Binomial
from keras_vae.pictures.figure import BLUE, FAINT, INK, VERMILLION, new_figure, style_axes, style_legend
from keras_vae.pictures.grid import image_grid

GREEN = "#009E73"  # with BLUE and VERMILLION from the colours of Okabe and Ito
FAST = os.environ.get("FAST") == "1"  # the tests set it, to train shorter
rng = np.random.default_rng(0)

# %% [markdown] lang="en"
# ## 1.1 Information: rare events carry more
#
# You look out of the window and see that the sun rose. You learned nothing. You see snow in July: that is news. The
# **information** of an event says how much we learn when it happens, and it should depend on nothing but the event's
# probability $p$. Three wishes fix what it must be:
#
# 1. a certain event ($p = 1$) carries none;
# 2. the rarer the event, the more it carries;
# 3. two independent events carry together the sum of what each carries. Their probabilities *multiply*, so the
# function must turn products into sums: a logarithm.
#
# $$I(p) = -\log p$$
#
# With the natural logarithm the unit is the **nat**. (With the logarithm to base 2 it is the bit; 1 nat is
# $1/\log 2 \approx 1.44$ bits.)

# %% [markdown] lang="ko"
# ## 1.1 정보량: 드문 사건일수록 크다
#
# 아침에 해가 떴다는 말을 들었다면 새로 알게 된 것이 없습니다. 하지만 7월에 눈이 왔다고 하면 큰 뉴스입니다. 어떤
# 사건의 **정보량**은 그 사건이 일어났을 때 우리가 얼마나 많이 알게 되는지를 나타내며, 오직 그 사건의 확률 $p$로만
# 정해져야 합니다. 다음 세 가지를 바라면 정보량의 꼴이 정해집니다.
#
# 1. 반드시 일어나는 사건($p = 1$)의 정보량은 0이다.
# 2. 드문 사건일수록 정보량이 크다.
# 3. 서로 독립인 두 사건의 정보량은 각 정보량의 합이다. 그런데 확률은 서로 *곱해지므로*, 곱을 합으로 바꾸는 함수, 곧
# 로그여야 한다.
#
# $$I(p) = -\log p$$
#
# 자연로그를 쓰면 단위는 **내트**(nat)입니다. (밑이 2인 로그를 쓰면 비트입니다. 1내트는
# $1/\log 2 \approx 1.44$비트입니다.)


# %%
def information(p):
    return -np.log(p)


for p in (1, 1 / 2, 1 / 6, 1 / 1000):
    print(f"p = {p:.3f}    I(p) = {abs(information(p)):.3f} nats")

assert information(1) == 0
assert information(1 / 1000) > information(1 / 6) > information(1 / 2)
assert abs(information(1 / 2 * 1 / 6) - (information(1 / 2) + information(1 / 6))) < 1e-12

# %%
figure = new_figure(6, 3.2)
axes = figure.subplots()
p = np.linspace(0.001, 1, 500)
axes.plot(p, information(p), color=BLUE)
for value, name in ((1 / 2, "1/2"), (1 / 6, "1/6"), (1 / 1000, "1/1000")):
    axes.plot(value, information(value), "o", color=VERMILLION)
    axes.annotate(f"$p$ = {name}", (value, information(value)), (8, 4), textcoords="offset points", color=INK)
axes.set_ylim(-0.3, 8)
style_axes(axes, r"$I(p) = -\log\,p$", "$p$", "$I(p)$   (nats)")
figure

# %% [markdown] lang="en"
# ## 1.2 Entropy: the information to expect
#
# Throw a die whose faces $k = 1 \ldots 6$ have probabilities $p_k$. Each throw brings $-\log p_k$ nats. Their
# average, each face weighted by how often it comes, is the **entropy** of $p$:
#
# $$H(p) = \mathbb{E}_p[-\log p] = \sum_k p_k \,(-\log p_k)$$
#
# Here $\mathbb{E}_p[\ldots]$ is the *expectation under $p$*: the average over throws that come from $p$. Such an
# average can be had in two ways, and both will matter later: sum over all outcomes weighted by their probability, or
# throw many times and take the plain mean (**Monte Carlo**).

# %% [markdown] lang="ko"
# ## 1.2 엔트로피: 정보량의 기댓값
#
# 눈 $k = 1 \ldots 6$이 나올 확률이 $p_k$인 주사위를 던집니다. 한 번 던질 때마다 $-\log p_k$내트를 얻습니다. 각 눈이
# 나오는 비율만큼 가중치를 두어 평균하면 $p$의 **엔트로피**가 됩니다.
#
# $$H(p) = \mathbb{E}_p[-\log p] = \sum_k p_k \,(-\log p_k)$$
#
# 여기서 $\mathbb{E}_p[\ldots]$는 *$p$에 대한 기댓값*, 곧 $p$에서 나온 결과들에 대한 평균입니다. 이런 평균을 구하는
# 방법은 두 가지이고, 둘 다 뒤에서 중요해집니다. 모든 결과를 확률로 가중해 더하거나, 여러 번 던져 보고 그냥 평균을
# 내는 것입니다. 뒤의 방법을 **몬테카를로**(Monte Carlo) 방법이라고 합니다.


# %%
def entropy(p):
    return np.sum(p * -np.log(p))


fair = np.full(6, 1 / 6)
loaded = np.array([0.01, 0.03, 0.06, 0.1, 0.3, 0.5])

throws = rng.choice(6, size=200_000, p=loaded)
by_throwing = np.mean(-np.log(loaded[throws]))

print(f"H(fair)   = {entropy(fair):.4f} nats   (log 6 = {np.log(6):.4f})")
print(f"H(loaded) = {entropy(loaded):.4f} nats   ({len(throws):,} throws: {by_throwing:.4f})")

assert abs(entropy(fair) - np.log(6)) < 1e-12
assert abs(by_throwing - entropy(loaded)) < 0.01
assert entropy(loaded) < entropy(fair)
assert abs(1.380649e-23 * np.log(2) - 9.57e-24) < 1e-26  # k_B log 2: one bit, in joules per kelvin

# %% [markdown] lang="en"
# The loaded die surprises us less: half the time it shows a six. Entropy measures uncertainty, and it is largest
# where all outcomes are equally likely.
#
# **Two words on thermodynamics.** The name is from there, and so is the formula. The entropy of a gas is
# $S = k_B\, H(p)$, where $p$ are the probabilities of its microscopic states and $k_B$ is Boltzmann's constant, which
# turns nats into joules per kelvin. If all $W$ states are equally likely, $H = \log W$ and $S = k_B \log W$, the
# formula on Boltzmann's grave. "Disorder grows" says: we know less and less about which state it is.
#
# ## 1.3 Cross-entropy = entropy + KL divergence
#
# Now suppose that the die is loaded, $p$, but you *believe* it to be fair, $q$. The world throws with $p$; your
# surprise at each face is $-\log q_k$. Its average is the **cross-entropy** of $q$ relative to $p$:
#
# $$H(p, q) = \mathbb{E}_p[-\log q] = \sum_k p_k \,(-\log q_k)$$
#
# What your wrong belief costs you, beyond the surprise that nobody can avoid, is the **Kullback-Leibler divergence**
# (KL divergence):
#
# $$\mathrm{KL}(p \,\|\, q) = \mathbb{E}_p\!\left[\log \frac{p}{q}\right] = \sum_k p_k \log \frac{p_k}{q_k}$$
#
# Since $-\log q = -\log p + \log (p / q)$, taking $\mathbb{E}_p$ of both sides gives
#
# $$H(p, q) = H(p) + \mathrm{KL}(p \,\|\, q), \qquad \mathrm{KL}(p \,\|\, q) \ge 0,$$
#
# and the KL divergence is 0 only where $q = p$. (Why it cannot be negative: $\log t \le t - 1$ for every $t > 0$, with
# equality at $t = 1$ alone. So $-\mathrm{KL} = \sum_k p_k \log \frac{q_k}{p_k} \le \sum_k p_k \left(\frac{q_k}{p_k} -
# 1\right) = \sum_k q_k - \sum_k p_k = 0$.)
#
# > **Predict first.** Is it the same to believe in a fair die where it is loaded, and to believe in a loaded one where
# > it is fair: $\mathrm{KL}(p \,\|\, q) = \mathrm{KL}(q \,\|\, p)$?

# %% [markdown] lang="ko"
# 속임수 주사위는 절반이 6이므로 우리를 덜 놀라게 합니다. 엔트로피는 불확실성을 재는 값이며, 모든 결과가 똑같이 일어날
# 때 가장 큽니다.
#
# **열역학의 엔트로피.** 이름도 식도 열역학에서 왔습니다. 기체의 엔트로피는 $S = k_B\, H(p)$입니다. $p$는 미시 상태의
# 확률이고, 볼츠만 상수 $k_B$는 내트를 켈빈당 줄로 바꾸어 줍니다. 상태 $W$개가 모두 똑같이 일어난다면 $H = \log W$,
# 곧 $S = k_B \log W$입니다. 볼츠만의 묘비에 새겨진 식입니다. "무질서가 늘어난다"는 말은 어느 상태인지 우리가 점점 더
# 모르게 된다는 뜻입니다.
#
# ## 1.3 교차 엔트로피 = 엔트로피 + KL 발산
#
# 이제 주사위는 사실 속임수 주사위 $p$인데 여러분은 공정한 주사위 $q$라고 *믿는다고* 합시다. 눈은 $p$에 따라 나오지만
# 여러분이 느끼는 놀라움은 $-\log q_k$입니다. 그 평균이 $p$에 대한 $q$의 **교차 엔트로피**입니다.
#
# $$H(p, q) = \mathbb{E}_p[-\log q] = \sum_k p_k \,(-\log q_k)$$
#
# 누구도 피할 수 없는 놀라움 말고, 잘못된 믿음 때문에 더 치르는 대가가 **쿨백-라이블러 발산**(KL 발산)입니다.
#
# $$\mathrm{KL}(p \,\|\, q) = \mathbb{E}_p\!\left[\log \frac{p}{q}\right] = \sum_k p_k \log \frac{p_k}{q_k}$$
#
# $-\log q = -\log p + \log (p / q)$이므로 양변에 $\mathbb{E}_p$를 취하면 다음을 얻습니다.
#
# $$H(p, q) = H(p) + \mathrm{KL}(p \,\|\, q), \qquad \mathrm{KL}(p \,\|\, q) \ge 0$$
#
# KL 발산이 0이 되는 것은 $q = p$일 때뿐입니다. (음수가 될 수 없는 까닭은 이렇습니다. 모든 $t > 0$에 대해
# $\log t \le t - 1$이고 등호는 $t = 1$일 때만 성립합니다. 그러므로
# $-\mathrm{KL} = \sum_k p_k \log \frac{q_k}{p_k} \le \sum_k p_k \left(\frac{q_k}{p_k} - 1\right) = \sum_k q_k -
# \sum_k p_k = 0$입니다.)
#
# > **먼저 예측하기.** 속임수 주사위를 공정하다고 믿는 것과 공정한 주사위를 속임수라고 믿는 것은 같을까요? 곧
# > $\mathrm{KL}(p \,\|\, q) = \mathrm{KL}(q \,\|\, p)$일까요?


# %%
def cross_entropy(p, q):
    return np.sum(p * -np.log(q))


def kl(p, q):
    return np.sum(p * np.log(p / q))


print(f"H(p, q)         = {cross_entropy(loaded, fair):.4f} nats")
print(f"H(p) + KL(p||q) = {entropy(loaded):.4f} + {kl(loaded, fair):.4f} nats")
print(f"KL(q||p)        = {kl(fair, loaded):.4f} nats, not KL(p||q)")

assert abs(cross_entropy(loaded, fair) - (entropy(loaded) + kl(loaded, fair))) < 1e-12
assert kl(loaded, loaded) == 0
beliefs = rng.dirichlet(np.ones(6), size=10_000)  # ten thousand random q
assert min(kl(loaded, q) for q in beliefs) > 0
assert abs(kl(loaded, fair) - kl(fair, loaded)) > 0.05  # a divergence, not a distance: it is not symmetric

# %%
true_p = np.array([0.3, 0.7])
believed = np.linspace(0.01, 0.99, 981)
curve = np.array([cross_entropy(true_p, np.array([q, 1 - q])) for q in believed])

figure = new_figure(6, 3.4)
axes = figure.subplots()
axes.plot(believed, curve, color=BLUE, label="$H(p, q)$")
axes.axhline(entropy(true_p), color=VERMILLION, linestyle="--", label="$H(p)$")
axes.fill_between(believed, entropy(true_p), curve, color=FAINT, label=r"$\mathrm{KL}(p\,\|\,q)$")
style_axes(axes, "$p = (0.3,\\ 0.7)$,  $q = (q_1,\\ 1 - q_1)$", "$q_1$", "nats")
axes.set_ylim(0, 2)
style_legend(axes)

assert abs(believed[curve.argmin()] - 0.3) < 1e-3
assert abs(curve.min() - entropy(true_p)) < 1e-6
figure

# %% [markdown] lang="en"
# The picture holds the whole lecture: $H(p)$ is the floor, which belongs to the world. All that a believer can change
# is the gray part, and it vanishes at $q = p$.
#
# ## 1.4 Two candidate densities beside data
#
# In practice nobody tells us $p$. We have **data**: numbers $x_1, \ldots, x_n$ drawn from an unknown $p$. And we have
# candidates $q$. Which one explains the data better?
#
# Our data are real numbers now, so a candidate is a **density** $q(x)$: a curve that encloses an area of 1, high
# where numbers are likely to fall. The most used one is the Gaussian (normal) density with mean $\mu$ and standard
# deviation $\sigma$:
#
# $$\mathcal{N}(x; \mu, \sigma^2) = \frac{1}{\sqrt{2\pi}\,\sigma} \exp\!\left(-\frac{(x - \mu)^2}{2\sigma^2}\right)$$
#
# $$\log \mathcal{N}(x; \mu, \sigma^2) = -\tfrac12 \log 2\pi - \log\sigma - \frac{(x-\mu)^2}{2\sigma^2}$$
#
# The **likelihood** of a candidate is the density that it gives to *all* the data. For independent data that is a
# product, and its logarithm a sum:
#
# $$q(x_1, \ldots, x_n) = \prod_{i=1}^n q(x_i), \qquad \log q(x_1, \ldots, x_n) = \sum_{i=1}^n \log q(x_i)$$

# %% [markdown] lang="ko"
# 이 그림에 강의 전체가 담겨 있습니다. $H(p)$는 세상이 정해 둔 바닥입니다. 믿음을 바꾸어 줄일 수 있는 것은 회색
# 부분뿐이고, $q = p$일 때 사라집니다.
#
# ## 1.4 데이터 앞에 놓인 두 후보 밀도
#
# 현실에서는 아무도 $p$를 알려 주지 않습니다. 우리에게 있는 것은 미지의 $p$에서 나온 **데이터** $x_1, \ldots, x_n$과
# 여러 후보 $q$입니다. 어느 후보가 데이터를 더 잘 설명할까요?
#
# 이제 데이터는 실수이므로 후보는 **밀도** $q(x)$입니다. 밀도는 아래 넓이가 1인 곡선으로, 값이 나오기 쉬운 곳에서
# 높습니다. 가장 많이 쓰는 것은 평균이 $\mu$, 표준편차가 $\sigma$인 가우시안(정규) 밀도입니다.
#
# $$\mathcal{N}(x; \mu, \sigma^2) = \frac{1}{\sqrt{2\pi}\,\sigma} \exp\!\left(-\frac{(x - \mu)^2}{2\sigma^2}\right)$$
#
# $$\log \mathcal{N}(x; \mu, \sigma^2) = -\tfrac12 \log 2\pi - \log\sigma - \frac{(x-\mu)^2}{2\sigma^2}$$
#
# 후보의 **가능도**(likelihood)란 그 후보가 데이터 *전체*에 주는 밀도입니다. 데이터가 서로 독립이면 가능도는 곱이
# 되고, 로그 가능도는 합이 됩니다.
#
# $$q(x_1, \ldots, x_n) = \prod_{i=1}^n q(x_i), \qquad \log q(x_1, \ldots, x_n) = \sum_{i=1}^n \log q(x_i)$$


# %%
def log_normal(x, mean, stddev):
    return -0.5 * np.log(2 * np.pi) - np.log(stddev) - (x - mean) ** 2 / (2 * stddev**2)


data = rng.normal(2.0, 0.7, size=20)
candidates = {"A": (0.0, 1.0), "B": (2.0, 1.0)}

axis = np.linspace(-4, 6, 2001)
figure = new_figure(7, 3.4)
axes = figure.subplots()
for (name, (mean, stddev)), colour in zip(candidates.items(), (BLUE, VERMILLION), strict=True):
    density = np.exp(log_normal(axis, mean, stddev))
    assert abs(np.trapezoid(density, axis) - 1) < 1e-4  # a density encloses an area of 1
    axes.plot(axis, density, color=colour, label=rf"{name}: $\mathcal{{N}}(x;\ {mean:.0f},\ {stddev:.0f}^2)$")
    axes.vlines(data, 0, np.exp(log_normal(data, mean, stddev)), color=colour, linewidth=0.8, alpha=0.6)
axes.plot(data, np.zeros_like(data), "|", color=INK, markersize=14, label=r"$x_1 \ldots x_{20}$")
style_axes(axes, r"$q(x_1) \cdot q(x_2) \cdots q(x_{20})$", "$x$", "$q(x)$")
style_legend(axes)
figure

# %%
log_likelihood = {name: np.sum(log_normal(data, *candidate)) for name, candidate in candidates.items()}
for name, value in log_likelihood.items():
    print(f"{name}: log q(x1 ... x20) = {value:.2f} nats, {value / len(data):.2f} per point")

assert log_likelihood["B"] > log_likelihood["A"] + 20

# %% [markdown] lang="en"
# B (orange) explains the data better, by dozens of nats: it makes them $e^{\text{dozens}}$ times more probable than A
# (blue) does.
#
# There is a second way to see it, which will be the test of every generative model: **a good candidate's samples look
# like the data.** Let both draw twenty numbers, three times.

# %% [markdown] lang="ko"
# B(주황)가 데이터를 수십 내트나 더 잘 설명합니다. A(파랑)보다 $e^{\text{수십}}$배나 더 그럴듯하게 만든다는 뜻입니다.
#
# 눈으로 보는 방법도 있습니다. 앞으로 모든 생성 모델을 시험할 방법입니다. **좋은 후보에서 뽑은 표본은 데이터와
# 닮았습니다.** 두 후보에게 스무 개씩 세 번 뽑게 해 봅시다.

# %%
figure = new_figure(7, 2.6)
axes = figure.subplots()
for row, (name, colour) in enumerate((("A", BLUE), ("B", VERMILLION))):
    for repeat in range(3):
        draws = rng.normal(*candidates[name], size=len(data))
        axes.plot(draws, np.full(len(draws), 4.5 * (1 - row) + repeat), "|", color=colour, markersize=11)
axes.plot(data, np.full(len(data), 8.5), "|", color=INK, markersize=14)
axes.set_yticks([8.5, 5.5, 1], [r"$x_1 \ldots x_{20}$", r"$x \sim$ A", r"$x \sim$ B"])
axes.set_xlim(-4, 6)
style_axes(axes, "", "$x$", "")

many = {name: rng.normal(*candidate, size=100_000) for name, candidate in candidates.items()}
off = {name: abs(draws.mean() - data.mean()) / draws.std() for name, draws in many.items()}
print("distance of the means, in standard deviations:", {name: round(float(value), 1) for name, value in off.items()})
assert off["B"] < 0.5 < 1.5 < off["A"]
figure

# %% [markdown] lang="en"
# The samples of B lie where the data lie (a little too wide: its $\sigma$ is 1, and 1.5 mends that). Those of A do
# not.
#
# Why the logarithm? It turns the product into a sum that gradient descent can take in small batches. And it is the
# only way to compute it at all: a product of many densities is soon smaller than any number a computer can hold.

# %% [markdown] lang="ko"
# B의 표본은 데이터가 있는 곳에 놓입니다(조금 더 넓게 흩어집니다. $\sigma$가 1이기 때문이며 1.5절에서 바로잡습니다).
# A의 표본은 그렇지 않습니다.
#
# 왜 로그를 쓸까요? 로그는 곱을 합으로 바꾸어 주므로, 작은 배치로 나누어 경사 하강법을 쓸 수 있습니다. 게다가 로그
# 없이는 계산 자체가 되지 않습니다. 밀도를 많이 곱하면 금세 컴퓨터가 나타낼 수 있는 가장 작은 수보다도 작아지기
# 때문입니다.

# %%
many = rng.normal(2.0, 0.7, size=2000)
product = np.prod(np.exp(log_normal(many, 2.0, 1.0)))
log_sum = np.sum(log_normal(many, 2.0, 1.0))
print(f"product of 2000 densities: {product}")
print(f"sum of their logarithms:   {log_sum:.1f} nats")
assert product == 0.0
assert np.isfinite(log_sum)

# %% [markdown] lang="en"
# ## 1.5 Maximum likelihood by gradient descent
#
# Why stop at two candidates? Let $\mu$ and $\sigma$ vary freely and look for the pair with the largest likelihood.
# This is **maximum likelihood**, and it is what training a network means. As in Keras we write it as a loss to
# minimise, the mean negative log-likelihood:
#
# $$L(\mu, \sigma) = -\frac1n \sum_{i=1}^n \log \mathcal{N}(x_i; \mu, \sigma^2)$$
#
# A standard deviation must be positive, so the variable that we train is $\log\sigma$, which may be any number. (The
# encoder of a VAE does the same: it returns $\log\sigma^2$.)

# %% [markdown] lang="ko"
# ## 1.5 경사 하강법으로 하는 최대 가능도 추정
#
# 후보가 꼭 둘일 필요는 없습니다. $\mu$와 $\sigma$를 자유롭게 움직이면서 가능도가 가장 큰 짝을 찾아봅시다. 이것이
# **최대 가능도 추정**이고, 신경망을 학습시킨다는 말의 뜻도 바로 이것입니다. Keras에서처럼 최소화할 손실, 곧 음의 로그
# 가능도의 평균으로 적습니다.
#
# $$L(\mu, \sigma) = -\frac1n \sum_{i=1}^n \log \mathcal{N}(x_i; \mu, \sigma^2)$$
#
# 표준편차는 양수여야 하므로, 아무 값이나 될 수 있는 $\log\sigma$를 변수로 두고 학습합니다. (VAE의 인코더도 똑같은
# 이유로 $\log\sigma^2$을 출력합니다.)

# %%
x = tf.constant(rng.normal(2.0, 0.7, size=200), tf.float32)
mean, log_stddev = tf.Variable(-1.0), tf.Variable(0.8)
optimizer = keras.optimizers.SGD(learning_rate=0.2)


@tf.function
def step():
    with tf.GradientTape() as tape:
        log_density = -0.5 * np.log(2 * np.pi) - log_stddev - (x - mean) ** 2 / (2 * tf.exp(2 * log_stddev))
        loss = -tf.reduce_mean(log_density)
    optimizer.apply(tape.gradient(loss, [mean, log_stddev]), [mean, log_stddev])
    return loss


optimizer.build([mean, log_stddev])
path = []
for _ in range(150):
    path.append((float(mean), float(log_stddev), float(step())))
path = np.array(path)

fitted_mean, fitted_stddev = float(mean), float(tf.exp(log_stddev))
print(f"gradient descent:  mu = {fitted_mean:.4f}   sigma = {fitted_stddev:.4f}   L = {path[-1, 2]:.4f} nats")
print(f"mean and stddev:   mu = {x.numpy().mean():.4f}   sigma = {x.numpy().std():.4f}")

assert abs(fitted_mean - x.numpy().mean()) < 1e-3
assert abs(fitted_stddev - x.numpy().std()) < 1e-3
assert abs(path[-1, 2] - 0.5 * np.log(2 * np.pi * np.e * fitted_stddev**2)) < 1e-3

# %% [markdown] lang="en"
# Gradient descent has found the mean and the standard deviation of the data: the well-known formulas *are* the
# maximum-likelihood answer. The last line checks one thing more: the loss at the bottom is
# $\tfrac12 \log(2\pi e\,\sigma^2)$, which is the entropy of the fitted Gaussian. A loss in nats means something, and
# its floor is an entropy.

# %% [markdown] lang="ko"
# 경사 하강법이 데이터의 평균과 표준편차를 찾아냈습니다. 익숙한 두 공식이 *바로* 최대 가능도 추정의 답인 것입니다.
# 마지막 줄에서는 한 가지를 더 확인했습니다. 바닥에서의 손실은 $\tfrac12 \log(2\pi e\,\sigma^2)$, 곧 찾아낸 가우시안의
# 엔트로피입니다. 내트로 적은 손실에는 뜻이 있고, 그 바닥은 엔트로피입니다.

# %%
grid_mean, grid_log = np.meshgrid(np.linspace(-1.5, 4, 90), np.linspace(-0.9, 1.3, 90))
surface = -np.mean([log_normal(point, grid_mean, np.exp(grid_log)) for point in x.numpy()], axis=0)

figure = new_figure(10.5, 3.8)
left, right = figure.subplots(1, 2)
lines = left.contour(grid_mean, grid_log, surface, levels=[1.1, 1.2, 1.5, 2, 3, 5, 8], colors="#888888", linewidths=0.8)
left.clabel(lines, fontsize=8)
left.plot(path[:, 0], path[:, 1], ".-", color=BLUE, linewidth=1, markersize=4)
left.plot(x.numpy().mean(), np.log(x.numpy().std()), "*", color=VERMILLION, markersize=14)
style_axes(left, r"$L(\mu, \sigma)$   (nats)", r"$\mu$", r"$\log\,\sigma$", grid=False)

right.hist(x.numpy(), bins=14, density=True, color=FAINT, edgecolor="white", label=r"$x_1 \ldots x_{200}$")
right.plot(axis, np.exp(log_normal(axis, -1.0, np.exp(0.8))), "--", color=INK, label="step 0")
right.plot(axis, np.exp(log_normal(axis, fitted_mean, fitted_stddev)), color=BLUE, label="step 150")
style_axes(right, r"$q = \mathcal{N}(\mu, \sigma^2)$", "$x$", "$q(x)$")
style_legend(right)
figure

# %% [markdown] lang="en"
# ## 1.6 Why minimising cross-entropy is maximum likelihood
#
# Take data of a die: $n$ throws, of which a share $\hat p_k$ showed face $k$. These shares are the **empirical
# distribution** $\hat p$. Now collect equal terms in the log-likelihood:
#
# $$-\frac1n \sum_{i=1}^n \log q(x_i) = -\sum_k \hat p_k \log q_k = H(\hat p, q)$$
#
# The left side is the loss of maximum likelihood, the right side a cross-entropy. **They are the same number.** So
#
# $$\text{largest likelihood} \iff \text{smallest } H(\hat p, q) \iff \text{smallest } \mathrm{KL}(\hat p \,\|\, q),$$
#
# the last since $H(\hat p, q) = H(\hat p) + \mathrm{KL}(\hat p \,\|\, q)$ and $H(\hat p)$ does not depend on $q$.
# Here is the same in Keras: a softmax, trained on `categorical_crossentropy`, finds the shares.

# %% [markdown] lang="ko"
# ## 1.6 교차 엔트로피의 최소화가 최대 가능도 추정인 이유
#
# 주사위를 $n$번 던져 눈 $k$가 나온 비율을 $\hat p_k$라고 합시다. 이 비율들이 **경험 분포** $\hat p$입니다. 로그
# 가능도에서 같은 항끼리 모으면 다음과 같습니다.
#
# $$-\frac1n \sum_{i=1}^n \log q(x_i) = -\sum_k \hat p_k \log q_k = H(\hat p, q)$$
#
# 왼쪽은 최대 가능도 추정의 손실이고 오른쪽은 교차 엔트로피입니다. **둘은 같은 수입니다.** 따라서
#
# $$\text{가능도 최대} \iff H(\hat p, q)\ \text{최소} \iff \mathrm{KL}(\hat p \,\|\, q)\ \text{최소}$$
#
# 입니다. 마지막 동치는 $H(\hat p, q) = H(\hat p) + \mathrm{KL}(\hat p \,\|\, q)$에서 $H(\hat p)$가 $q$와 상관없기
# 때문입니다. Keras로도 확인해 봅시다. `categorical_crossentropy`로 학습한 소프트맥스가 바로 그 비율을 찾아냅니다.

# %%
throws = rng.choice(6, size=600, p=loaded)
shares = np.bincount(throws, minlength=6) / len(throws)
some_q = rng.dirichlet(np.ones(6))
assert abs(-np.mean(np.log(some_q[throws])) - cross_entropy(shares, some_q)) < 1e-12

one_hot = tf.one_hot(throws, 6)
logits = tf.Variable(tf.zeros(6))
optimizer = keras.optimizers.SGD(learning_rate=2.0)
optimizer.build([logits])


@tf.function
def step():
    with tf.GradientTape() as tape:
        q = tf.broadcast_to(tf.nn.softmax(logits), one_hot.shape)
        loss = tf.reduce_mean(keras.losses.categorical_crossentropy(one_hot, q))
    optimizer.apply(tape.gradient(loss, [logits]), [logits])
    return loss


for _ in range(300):
    loss = float(step())
learned = tf.nn.softmax(logits).numpy()
print("shares   ", shares.round(3))
print("learned q", learned.round(3))
print(f"loss {loss:.4f} nats = H(shares) {entropy(shares):.4f} nats")

assert np.max(np.abs(learned - shares)) < 1e-3
assert abs(loss - entropy(shares)) < 1e-4

# %% [markdown] lang="en"
# With more and more data $\hat p$ tends to $p$ (the law of large numbers), so minimising the cross-entropy brings $q$
# close to the world itself, as far as the family of $q$ allows. For our Gaussian everything is known exactly: with
# $p = \mathcal{N}(2, 0.7^2)$ and $q = \mathcal{N}(\mu, \sigma^2)$,
#
# $$H(p, q) = \tfrac12 \log 2\pi\sigma^2 + \frac{0.7^2 + (2 - \mu)^2}{2 \sigma^2}.$$
#
# So we can lay the loss on data over the exact cross-entropy.

# %% [markdown] lang="ko"
# 데이터가 많아질수록 $\hat p$는 $p$에 가까워집니다(큰 수의 법칙). 그러므로 교차 엔트로피를 최소화하면 $q$는 자신이
# 속한 분포족이 허락하는 만큼 실제 세상에 다가갑니다. 가우시안에서는 모든 것을 정확히 계산할 수 있습니다.
# $p = \mathcal{N}(2, 0.7^2)$, $q = \mathcal{N}(\mu, \sigma^2)$이면
#
# $$H(p, q) = \tfrac12 \log 2\pi\sigma^2 + \frac{0.7^2 + (2 - \mu)^2}{2 \sigma^2}$$
#
# 이므로, 데이터로 구한 손실과 정확한 교차 엔트로피를 겹쳐 그려 볼 수 있습니다.

# %%
means = np.linspace(0.5, 3.5, 61)
exact = 0.5 * np.log(2 * np.pi * 0.7**2) + (0.7**2 + (2 - means) ** 2) / (2 * 0.7**2)
floor = 0.5 * np.log(2 * np.pi * np.e * 0.7**2)  # H(p)
losses = {
    count: np.array([-np.mean(log_normal(points, mean, 0.7)) for mean in means])
    for count, points in ((20, data), (100_000, rng.normal(2.0, 0.7, size=100_000)))
}

figure = new_figure(6.5, 3.4)
axes = figure.subplots()
axes.plot(means, exact, color=INK, linewidth=3, alpha=0.35, label="$H(p, q)$")
for (count, loss), colour, dashes in zip(losses.items(), (VERMILLION, BLUE), ("--", ":"), strict=True):
    axes.plot(
        means, loss, dashes, color=colour, linewidth=2, label=rf"$-\frac{{1}}{{n}}\sum\log\,q(x_i)$,  $n$ = {count:,}"
    )
axes.axhline(floor, color=GREEN, linestyle="-.", label="$H(p)$")
style_axes(axes, r"$p = \mathcal{N}(2,\ 0.7^2)$,  $q = \mathcal{N}(\mu,\ 0.7^2)$", r"$\mu$", "nats")
style_legend(axes)

assert np.max(np.abs(losses[100_000] - exact)) < 0.05
assert abs(exact.min() - floor) < 1e-9
assert abs(means[losses[100_000].argmin()] - 2) < 0.051
assert abs(losses[20].min() - (0.5 * np.log(2 * np.pi * 0.7**2) + data.var() / (2 * 0.7**2))) < 1e-2
figure

# %% [markdown] lang="en"
# With 100,000 points the loss on data lies on the exact cross-entropy. With 20 it is off, and its lowest point is not
# quite at $\mu = 2$: these 20 points are all it knows. (It even dips below $H(p)$. That is no contradiction. $H(p)$ is
# the floor of the mean over $p$, and this is a mean over 20 points; with $\sigma$ held at 0.7 it can fall to
# $\tfrac12\log(2\pi\,0.7^2) + \hat\sigma^2 / (2 \cdot 0.7^2)$, a cross-entropy, where $\hat\sigma$ is the standard
# deviation of the points. With $\sigma$ free and ever more parameters there is no floor at all: a needle on each point
# has an arbitrarily high density. The entropy of finitely many points on a line is not defined.)
#
# ## 1.7 Pixels: why they are divided by 255
#
# Now to pictures. Here are digits that come with the package: 8 × 8 pixels, gray, stored as bytes 0 … 255.

# %% [markdown] lang="ko"
# 데이터가 10만 개이면 손실이 정확한 교차 엔트로피와 겹칩니다. 20개이면 조금 어긋나고, 가장 낮은 곳도 $\mu = 2$가
# 아닙니다. 손실이 아는 것은 그 20개뿐이기 때문입니다. (그 부근에서는 $H(p)$보다도 낮지만 모순이 아닙니다. $H(p)$는
# $p$에 대한 평균의 바닥이고 이것은 점 20개에 대한 평균입니다. $\sigma$를 0.7로 두면
# $\tfrac12\log(2\pi\,0.7^2) + \hat\sigma^2 / (2 \cdot 0.7^2)$까지 내려갈 수 있고, 이것도 교차 엔트로피입니다.
# $\hat\sigma$는 점들의 표준편차입니다. $\sigma$를 풀어 주고 매개변수를 늘리면 바닥이 아예 없습니다. 점마다 바늘을
# 세우면 밀도가 얼마든지 높아지기 때문입니다. 직선 위의 점 몇 개의 엔트로피는 정의되지 않습니다.)
#
# ## 1.7 픽셀을 255로 나누는 이유
#
# 이제 이미지를 다뤄 봅시다. 다음은 패키지에 들어 있는 숫자 이미지입니다. 8 × 8 픽셀의 회색조이며 0 … 255의 바이트로
# 저장되어 있습니다.

# %%
digits = load_arrays("digits", "train").images
images = digits.astype(np.float32) / 255
print(digits.shape, digits.dtype, digits.min(), digits.max(), " -> ", images.dtype, images.min(), images.max())
Image.fromarray(image_grid(images[:20], columns=10))

# %% [markdown] lang="en"
# What is a probability distribution of images? Begin with a single pixel that is black (0) or white (1). The only
# distribution over two outcomes is a coin, the **Bernoulli** distribution: white with probability $s$, black with
# probability $1 - s$. Its log-probability, in one formula for both outcomes $x \in \{0, 1\}$, is
#
# $$\log p(x; s) = x \log s + (1 - x) \log (1 - s).$$
#
# A network gives us $s$ as a sigmoid, so $0 < s < 1$. The negative of this is `binary_crossentropy`, and now its name
# makes sense: it is the cross-entropy of the coin $(s, 1 - s)$ relative to the certain outcome $(x, 1 - x)$.
#
# A *gray* pixel divided by 255 lies between 0 and 1, so it can itself be read as a coin: $x = 0.78$ means "white with
# probability 0.78". Then
#
# $$H(x, s) = -x \log s - (1 - x) \log(1 - s)$$
#
# is the cross-entropy between two coins. We know from 1.3 what follows: it is smallest at $s = x$, and there it
# equals the entropy of the coin $x$. **That is why pixels are divided by 255.** Put in the byte 200 instead, and
# $1 - x = -199$ is no probability: the loss has no bottom at all.

# %% [markdown] lang="ko"
# 이미지에 대한 확률분포란 무엇일까요? 검은색(0) 아니면 흰색(1)인 픽셀 하나에서 시작합시다. 결과가 두 가지뿐인 분포는
# 동전, 곧 **베르누이** 분포밖에 없습니다. 확률 $s$로 흰색, 확률 $1 - s$로 검은색입니다. 두 결과 $x \in \{0, 1\}$에
# 대한 로그 확률을 식 하나로 쓰면 다음과 같습니다.
#
# $$\log p(x; s) = x \log s + (1 - x) \log (1 - s)$$
#
# 신경망은 시그모이드로 $s$를 출력하므로 $0 < s < 1$입니다. 이 식의 부호를 바꾼 것이 `binary_crossentropy`입니다. 이제
# 이름의 뜻이 보입니다. 확실한 결과 $(x, 1 - x)$에 대한 동전 $(s, 1 - s)$의 교차 엔트로피입니다.
#
# *회색* 픽셀도 255로 나누면 0과 1 사이에 있으므로 동전으로 볼 수 있습니다. $x = 0.78$은 "확률 0.78로 흰색"이라는
# 뜻입니다. 그러면
#
# $$H(x, s) = -x \log s - (1 - x) \log(1 - s)$$
#
# 는 두 동전 사이의 교차 엔트로피입니다. 1.3에서 보았듯이 이 값은 $s = x$에서 가장 작고, 그때 값은 동전 $x$의
# 엔트로피입니다. **픽셀을 255로 나누는 이유가 바로 이것입니다.** 나누지 않고 바이트 200을 그대로 넣으면
# $1 - x = -199$는 확률이 아니며, 손실에는 아예 바닥이 없습니다.


# %%
def pixel_cross_entropy(x, s):
    return -x * np.log(s) - (1 - x) * np.log(1 - s)


s = np.linspace(0.0005, 0.9995, 1999)
gray, byte = 200 / 255, 200.0

figure = new_figure(10, 3.4)
left, right = figure.subplots(1, 2)
left.plot(s, pixel_cross_entropy(gray, s), color=BLUE)
left.plot(gray, pixel_cross_entropy(gray, gray), "o", color=VERMILLION)
style_axes(left, "$x = 200/255$", "$s$", "$H(x, s)$   (nats)")
right.plot(s, pixel_cross_entropy(byte, s), color=VERMILLION)
style_axes(right, "$x = 200$", "$s$", r"$-x\,\log\,s - (1 - x)\,\log(1 - s)$")

assert abs(s[pixel_cross_entropy(gray, s).argmin()] - gray) < 1e-3
assert abs(pixel_cross_entropy(gray, gray) - entropy(np.array([gray, 1 - gray]))) < 1e-12
assert pixel_cross_entropy(byte, 1 - 1e-6) < -1000
assert pixel_cross_entropy(byte, 1 - 1e-12) < pixel_cross_entropy(byte, 1 - 1e-6) - 1000
figure

# %% [markdown] lang="en"
# A training on such pixels "improves" forever and learns nothing: it only drives $s$ to 1. The models of this package
# refuse them:

# %% [markdown] lang="ko"
# 이런 픽셀로 학습하면 손실은 끝없이 "좋아지지만" 배우는 것은 없습니다. $s$를 1로 밀어붙일 뿐입니다. 그래서 이
# 패키지의 모델은 이런 픽셀을 받지 않습니다.

# %%
model = keras_vae.VAE.from_preset("digits_mlp", likelihood="bernoulli")  # an untrained network is enough here
model.compile()
refused = False
try:
    model.fit(digits.astype(np.float32), verbose=0)
except ValueError as error:
    refused = True
    print(error)
assert refused

# %% [markdown] lang="en"
# ## 1.8 Why the cross-entropy is summed over all pixels
#
# A picture has $D$ pixels $x_1, \ldots, x_D$ (here $D = 64$). The simplest model of it is $D$ independent coins
# $s_1, \ldots, s_D$. Independent probabilities multiply, so logarithms add:
#
# $$p(x) = \prod_{d=1}^D p(x_d; s_d), \qquad -\log p(x) = \sum_{d=1}^D H(x_d, s_d)$$
#
# The **sum** is the negative log-probability of the picture, in nats per image. The *mean* over pixels, which Keras'
# losses take by default, is not the log-probability of anything. Check it on pictures of 2 × 2 black-or-white pixels,
# of which there are only 16: their probabilities must add up to 1.

# %% [markdown] lang="ko"
# ## 1.8 교차 엔트로피를 모든 픽셀에 대해 더하는 이유
#
# 이미지 하나에는 픽셀 $x_1, \ldots, x_D$가 있습니다(여기서는 $D = 64$). 가장 단순한 모델은 서로 독립인 동전 $D$개
# $s_1, \ldots, s_D$입니다. 독립이면 확률은 곱해지고 로그는 더해집니다.
#
# $$p(x) = \prod_{d=1}^D p(x_d; s_d), \qquad -\log p(x) = \sum_{d=1}^D H(x_d, s_d)$$
#
# 이 **합**이 이미지의 음의 로그 확률이며, 단위는 이미지 한 장당 내트입니다. Keras의 손실 함수가 기본으로 취하는 픽셀
# *평균*은 어떤 것의 로그 확률도 아닙니다. 흑백 픽셀 2 × 2개짜리 이미지로 확인해 봅시다. 그런 이미지는 16가지뿐이므로
# 확률을 모두 더하면 1이 되어야 합니다.

# %%
coins = np.array([0.9, 0.2, 0.6, 0.5])
pictures = np.array(list(itertools.product([0, 1], repeat=4)))
with_sum = np.exp(-pixel_cross_entropy(pictures, coins).sum(axis=1))
with_mean = np.exp(-pixel_cross_entropy(pictures, coins).mean(axis=1))
print(
    f"{len(pictures)} pictures:  sum over pixels -> {with_sum.sum():.6f}    mean over pixels -> {with_mean.sum():.6f}"
)
assert abs(with_sum.sum() - 1) < 1e-12
assert with_mean.sum() > 5

# %% [markdown] lang="en"
# In the package the decoder's output becomes a distribution over pictures, and its `log_prob` is this sum. (What `z`
# is, the next lecture tells; here it is just an input of the network.)

# %% [markdown] lang="ko"
# 이 패키지에서는 디코더의 출력이 이미지의 분포를 정하고, 그 분포의 `log_prob`이 바로 이 합입니다. (`z`가 무엇인지는
# 다음 강의에서 이야기합니다. 여기서는 그냥 신경망의 입력입니다.)

# %%
batch = images[:100]
distribution = model.decode(tf.zeros([100, model.latent_dim]))
probabilities = distribution.mean().numpy()
package = -distribution.log_prob(batch).numpy()
by_hand = pixel_cross_entropy(batch, probabilities).sum(axis=(1, 2, 3))
keras_mean = keras.losses.binary_crossentropy(batch.reshape(100, 64), probabilities.reshape(100, 64)).numpy()

print(f"-log p(x) (nats):  log_prob {package[0]:.4f}, sum {by_hand[0]:.4f}, 64 x mean {64 * keras_mean[0]:.4f}")
assert np.max(np.abs(package - by_hand)) < 1e-3
assert np.max(np.abs(package - 64 * keras_mean)) < 1e-3

# %% [markdown] lang="en"
# For this loss alone, dividing by 64 would only change the scale. But the loss of a VAE has a second term, a KL
# divergence, also in nats. If one term is divided by 64 and the other is not, the second weighs 64 times too much;
# lecture 3 shows what happens then. It is the most common mistake in VAE code.
#
# Last, maximum likelihood on pictures. The model: 64 coins, the same for every picture. What we found for dice (the
# best $q$ is the share) must hold for each pixel: the best coins are the **mean picture**.

# %% [markdown] lang="ko"
# 이 손실만 있다면 64로 나누어도 크기만 달라집니다. 하지만 VAE의 손실에는 두 번째 항인 KL 발산이 있고, 이것도 단위가
# 내트입니다. 한 항만 64로 나누면 다른 항이 64배나 무거워집니다. 그러면 무슨 일이 일어나는지는 3강에서 봅니다. VAE
# 코드에서 가장 흔한 실수입니다.
#
# 마지막으로 이미지에 대한 최대 가능도 추정을 해 봅시다. 모델은 모든 이미지에 똑같이 쓰는 동전 64개입니다. 주사위에서
# 본 것(가장 좋은 $q$는 비율)이 픽셀마다 성립해야 하므로, 가장 좋은 동전은 **평균 이미지**입니다.

# %%
flat = tf.constant(images.reshape(len(images), 64))
logits = tf.Variable(tf.zeros(64))
optimizer = keras.optimizers.Adam(learning_rate=0.1)
optimizer.build([logits])


@tf.function
def step():
    with tf.GradientTape() as tape:
        per_pixel = tf.nn.sigmoid_cross_entropy_with_logits(flat, tf.broadcast_to(logits, tf.shape(flat)))
        loss = tf.reduce_mean(tf.reduce_sum(per_pixel, axis=1))  # sum over pixels, mean over images
    optimizer.apply(tape.gradient(loss, [logits]), [logits])
    return loss


for _ in range(300):
    loss = float(step())
coins, mean_picture = tf.sigmoid(logits).numpy(), flat.numpy().mean(axis=0)

inside = np.clip(flat.numpy(), 1e-7, 1 - 1e-7)  # 0 log 0 is 0
lowest = pixel_cross_entropy(inside, inside).sum(axis=1).mean()
print(f"cross-entropy with the best coins: {loss:.2f} nats per image")
print(f"entropy of the gray pixels:        {lowest:.2f} nats per image, the floor of every model")
assert np.max(np.abs(coins - mean_picture)) < 0.01
assert loss > lowest
Image.fromarray(image_grid(np.stack([coins, mean_picture]).reshape(2, 8, 8, 1), scale=24))

# %% [markdown] lang="en"
# Left the trained coins, right the mean of all pictures: the same. A poor model of digits: it knows where ink tends
# to be, but not that ink in one place makes ink in another more likely. For that it needs a hidden cause that all
# pixels share. This is the **latent variable** of the next lecture.
#
# **A remark on gray pixels.** With gray pixels $H(x, s)$ is an honest cross-entropy, but no log-probability of the
# gray value itself: a coin falls on 0 or 1, never on 0.78. The embedded digits allow better. Each pixel counts how
# many of 16 dots are black or white, so 16 coins per pixel, the **binomial** distribution, fit them exactly. With
# $k = 16 x$ white dots
#
# $$-\log p(x; s) = 16\, H(x, s) - \log \binom{16}{k},$$
#
# sixteen times the cross-entropy and a constant that no training can change. The next lectures use this likelihood,
# so that $\log p(x)$ there is a true log-probability.

# %% [markdown] lang="ko"
# 왼쪽이 학습한 동전, 오른쪽이 모든 이미지의 평균입니다. 똑같습니다. 숫자의 모델로는 형편없습니다. 잉크가 어디에 자주
# 있는지는 알지만, 한곳에 잉크가 있으면 다른 어디에 잉크가 있기 쉬운지는 모릅니다. 그것을 알려면 모든 픽셀이 함께
# 따르는 숨은 원인이 있어야 합니다. 다음 강의의 주인공인 **잠재 변수**입니다.
#
# **회색 픽셀에 대하여.** 회색 픽셀에서 $H(x, s)$는 틀림없는 교차 엔트로피이지만, 회색 값 자체의 로그 확률은 아닙니다.
# 동전은 0 아니면 1이 나올 뿐 0.78이 나오는 일은 없기 때문입니다. 내장된 숫자 이미지에는 더 알맞은 방법이 있습니다.
# 픽셀마다 점 16개 가운데 몇 개가 흰지를 센 값이므로, 픽셀 하나에 동전 16개인 **이항** 분포가 꼭 들어맞습니다. 흰 점이
# $k = 16 x$개이면
#
# $$-\log p(x; s) = 16\, H(x, s) - \log \binom{16}{k}$$
#
# 입니다. 교차 엔트로피의 16배에, 학습으로는 바꿀 수 없는 상수를 뺀 값입니다. 다음 강의부터는 이 가능도를 쓰므로
# $\log p(x)$가 진짜 로그 확률이 됩니다.

# %%
dots = np.round(images[:100] * 16)
choose = tf.math.lgamma(17.0) - tf.math.lgamma(dots + 1) - tf.math.lgamma(17.0 - dots)  # log of 16 over k
bounded = np.clip(probabilities, 1e-6, 1 - 1e-6)
by_hand = (16 * pixel_cross_entropy(dots / 16, bounded) - choose.numpy()).sum(axis=(1, 2, 3))
package = -Binomial(16).of_mean(bounded).log_prob(dots / 16).numpy()
print(f"-log p(x) of the first image, in nats:  log_prob {package[0]:.3f}, formula {by_hand[0]:.3f}")
assert np.max(np.abs(package - by_hand)) < 1e-2

gray_levels = np.arange(17) / 16
ways = np.array([math.comb(16, k) for k in range(17)])
total = np.sum(ways * np.exp(-16 * pixel_cross_entropy(gray_levels, 0.3)))
assert abs(total - 1) < 1e-9  # the 17 gray levels of a pixel have probabilities that add up to 1

# %% [markdown] lang="en"
# ## Exercises
#
# 1. **By hand.** A coin falls on heads with probability 0.9. What is its entropy in nats, and in bits? What does it
# cost to believe it fair?
#
# <details>
# <summary>Solution</summary>
#
# $H = -0.9 \log 0.9 - 0.1 \log 0.1 = 0.325$ nats, $0.325 / \log 2 = 0.469$ bits. The cross-entropy with the fair coin
# is $\log 2 = 0.693$ nats whatever the truth, so the belief costs $\mathrm{KL} = 0.693 - 0.325 = 0.368$ nats a toss.
#
# ```python
# biased, even = np.array([0.9, 0.1]), np.array([0.5, 0.5])
# assert abs(entropy(biased) - 0.325) < 1e-3
# assert abs(kl(biased, even) - 0.368) < 1e-3
# ```
# </details>
#
# 2. **Predict.** You believe that a face never comes, $q_k = 0$, and it does come, $p_k > 0$. What is the KL
# divergence? And the other way round?
#
# <details>
# <summary>Solution</summary>
#
# $p_k \log (p_k / 0) = \infty$: no finite loss makes up for calling the possible impossible. The other way round, $p_k
# = 0$ and $q_k > 0$, the summand is $0 \log 0 = 0$: that belief costs something only by what it takes from the other
# faces.
#
# ```python
# with np.errstate(divide="ignore"):
#     assert kl(np.array([0.5, 0.5]), np.array([1.0, 0.0])) == np.inf
# assert kl(np.array([1.0, 1e-300]), np.array([0.5, 0.5])) < 0.7
# ```
# </details>
#
# 3. **Code.** Show that with $\sigma$ fixed the best $\mu$ of a Gaussian minimises the mean squared error. Which
# familiar loss of Keras is therefore a likelihood?
#
# <details>
# <summary>Solution</summary>
#
# $-\log \mathcal{N}(x; \mu, \sigma^2)$ is $(x - \mu)^2 / (2 \sigma^2)$ and a constant. `mean_squared_error` is the
# likelihood of a Gaussian with a fixed $\sigma$, up to scale.
#
# ```python
# squares = [np.mean((data - mean) ** 2) for mean in means]
# assert np.argmin(squares) == np.argmin(losses[20])
# ```
# </details>
#
# 4. **Proof.** The mean image was the best set of coins. Show it for one pixel: which $s$ minimises the mean of
# $H(x_i, s)$ over images?
#
# <details>
# <summary>Solution</summary>
#
# $H(x, s)$ is linear in $x$, so its mean over images is $H(\bar x, s)$ with the mean $\bar x$, and that is smallest at
# $s = \bar x$ (1.3).
#
# ```python
# pixel = inside[:, 20]
# mean_of_each = [pixel_cross_entropy(pixel, value).mean() for value in s]
# assert abs(s[np.argmin(mean_of_each)] - pixel.mean()) < 1e-3
# ```
# </details>
#
# ## What to remember
#
# | | |
# |---|---|
# | information | $I(p) = -\log p$, in nats |
# | entropy | $H(p) = \mathbb{E}_p[-\log p]$, the floor |
# | cross-entropy | $H(p, q) = \mathbb{E}_p[-\log q] = H(p) + \mathrm{KL}(p \,\Vert\, q)$ |
# | maximum likelihood | the $q$ with the largest $\sum_i \log q(x_i)$, which is the smallest $H(\hat p, q)$ |
# | pixels | in $[0, 1]$, so that each is a coin; cross-entropies **summed** over pixels, then averaged over images |
#
# ## References
#
# - C. E. Shannon. *A Mathematical Theory of Communication.* Bell System Technical Journal 27, 1948. Information,
# entropy.
# - S. Kullback, R. A. Leibler. *On Information and Sufficiency.* Annals of Mathematical Statistics 22, 1951.
# - D. J. C. MacKay. *Information Theory, Inference, and Learning Algorithms.* Cambridge 2003, chapters 2 and 4.
# - E. Alpaydin, C. Kaynak. *Optical Recognition of Handwritten Digits.* UCI 1998. The digits.
#
# Next: [2. Why the likelihood of a latent-variable model is intractable](02_intractable.ipynb)

# %% [markdown] lang="ko"
# ## 연습 문제
#
# 1. **손으로.** 앞면이 나올 확률이 0.9인 동전의 엔트로피는 몇 내트이며 몇 비트입니까? 공정한 동전이라고 믿는 비용은
# 얼마입니까?
#
# <details>
# <summary>풀이</summary>
#
# $H = -0.9 \log 0.9 - 0.1 \log 0.1 = 0.325$내트, $0.325 / \log 2 = 0.469$비트입니다. 공정한 동전과의 교차 엔트로피는
# 진실이 무엇이든 $\log 2 = 0.693$내트이므로, 그렇게 믿으면 한 번 던질 때마다
# $\mathrm{KL} = 0.693 - 0.325 = 0.368$내트를 더 치릅니다.
#
# ```python
# biased, even = np.array([0.9, 0.1]), np.array([0.5, 0.5])
# assert abs(entropy(biased) - 0.325) < 1e-3
# assert abs(kl(biased, even) - 0.368) < 1e-3
# ```
# </details>
#
# 2. **예측.** 어떤 눈이 절대 나오지 않는다고 믿는데($q_k = 0$) 실제로는 나온다면($p_k > 0$) KL 발산은 얼마입니까?
# 거꾸로라면 어떻습니까?
#
# <details>
# <summary>풀이</summary>
#
# $p_k \log (p_k / 0) = \infty$입니다. 가능한 일을 불가능하다고 한 대가는 무엇으로도 갚을 수 없습니다. 거꾸로 $p_k =
# 0$이고 $q_k > 0$이면 그 항은 $0 \log 0 = 0$입니다. 다른 눈에서 빼앗은 확률만큼만 비용이 듭니다.
#
# ```python
# with np.errstate(divide="ignore"):
#     assert kl(np.array([0.5, 0.5]), np.array([1.0, 0.0])) == np.inf
# assert kl(np.array([1.0, 1e-300]), np.array([0.5, 0.5])) < 0.7
# ```
# </details>
#
# 3. **코드.** $\sigma$가 고정되어 있으면 가우시안의 가장 좋은 $\mu$는 평균제곱오차를 최소화함을 보이십시오. 그렇다면
# Keras의 어느 손실이 가능도입니까?
#
# <details>
# <summary>풀이</summary>
#
# $-\log \mathcal{N}(x; \mu, \sigma^2)$은 $(x - \mu)^2 / (2 \sigma^2)$에 상수를 더한 것입니다. `mean_squared_error`는
# 크기를 빼면 $\sigma$가 고정된 가우시안의 가능도입니다.
#
# ```python
# squares = [np.mean((data - mean) ** 2) for mean in means]
# assert np.argmin(squares) == np.argmin(losses[20])
# ```
# </details>
#
# 4. **증명.** 평균 이미지가 가장 좋은 동전들이었습니다. 픽셀 하나에 대해 보이십시오. 이미지에 대한 $H(x_i, s)$의
# 평균을 최소화하는 $s$는 무엇입니까?
#
# <details>
# <summary>풀이</summary>
#
# $H(x, s)$는 $x$의 일차식이므로 이미지에 대한 평균은 평균값 $\bar x$의 $H(\bar x, s)$이고, 이것은 $s = \bar x$에서
# 가장 작습니다(1.3절).
#
# ```python
# pixel = inside[:, 20]
# mean_of_each = [pixel_cross_entropy(pixel, value).mean() for value in s]
# assert abs(s[np.argmin(mean_of_each)] - pixel.mean()) < 1e-3
# ```
# </details>
#
# ## 기억할 것
#
# | | |
# |---|---|
# | 정보량 | $I(p) = -\log p$, 단위는 내트 |
# | 엔트로피 | $H(p) = \mathbb{E}_p[-\log p]$, 손실의 바닥 |
# | 교차 엔트로피 | $H(p, q) = \mathbb{E}_p[-\log q] = H(p) + \mathrm{KL}(p \,\Vert\, q)$ |
# | 최대 가능도 추정 | $\sum_i \log q(x_i)$가 가장 큰 $q$, 곧 $H(\hat p, q)$가 가장 작은 $q$ |
# | 픽셀 | $[0, 1]$ 안에 있어야 동전으로 볼 수 있음. 교차 엔트로피는 픽셀에 대해 **더하고** 이미지에 대해 평균 |
#
# ## 참고 문헌
#
# - C. E. Shannon. *A Mathematical Theory of Communication.* Bell System Technical Journal 27, 1948. 정보량과 엔트로피.
# - S. Kullback, R. A. Leibler. *On Information and Sufficiency.* Annals of Mathematical Statistics 22, 1951.
# - D. J. C. MacKay. *Information Theory, Inference, and Learning Algorithms.* Cambridge 2003, 2장과 4장.
# - E. Alpaydin, C. Kaynak. *Optical Recognition of Handwritten Digits.* UCI 1998. 숫자 이미지.
#
# 다음: [2. 잠재 변수 모델의 가능도는 왜 계산할 수 없는가](02_intractable.ipynb)
