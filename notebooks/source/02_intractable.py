# %% [markdown] lang="en"
# # 2. Why the likelihood of a latent-variable model is intractable
#
# Lecture 1 ended with a poor model of digits: 64 independent coins. Pixels are not independent; something that we do
# not see (which digit it is, how it leans, how thick the pen was) decides them all together. A **latent-variable
# model** puts that unseen cause into the model. It is easy to write down and easy to sample from. This lecture shows,
# with numbers, that its likelihood cannot be computed by any straightforward means, and that Bayes' theorem leads
# back to the same wall. Knowing exactly where the wall stands makes the way around it (lecture 3) look natural.
#
# You need lecture 1: likelihood, Monte Carlo, the Gaussian density $\mathcal{N}(x; \mu, \sigma^2)$, nats. **Predict
# first** boxes ask what the next cell answers.
#
# <details>
# <summary>Symbols in this lecture</summary>
#
# | symbol | meaning |
# |---|---|
# | $z$, $d$ | a latent, the number of its dimensions |
# | $p(z)$, $p(x \mid z)$ | prior, the decoder's distribution of data |
# | $p(x)$, $p(z \mid x)$ | likelihood of the model, posterior |
# | $\hat p_S(x)$ | estimate of $p(x)$ from $S$ samples |
# | $\sigma$, $\varepsilon$ | size of the noise, standard Gaussian noise |
#
# All of them, with the Korean terms: [glossary](../glossary.md).
# </details>

# %% [markdown] lang="ko"
# # 2. 잠재 변수 모델의 가능도는 왜 계산할 수 없는가
#
# 1강은 서로 독립인 동전 64개라는 형편없는 숫자 모델로 끝났습니다. 픽셀은 독립이 아닙니다. 어떤 숫자인지, 얼마나
# 기울었는지, 펜이 얼마나 굵은지처럼 눈에 보이지 않는 무엇이 모든 픽셀을 함께 정합니다. **잠재 변수 모델**은 이 보이지
# 않는 원인을 모델 안에 넣습니다. 적어 놓기도 쉽고 표본을 뽑기도 쉽습니다. 그런데 가능도는 정공법으로는
# 계산할 수 없고, 베이즈 정리를 써도 같은 벽에 다시 부딪힙니다. 이 강의에서는 그 사실을 숫자로 확인합니다.
# 벽이 정확히 어디에 있는지 알고 나면, 벽을 돌아가는 길(3강)이 자연스럽게 보입니다.
#
# 1강의 내용, 곧 가능도, 몬테카를로, 가우시안 밀도 $\mathcal{N}(x; \mu, \sigma^2)$, 내트를 알고 있으면 됩니다. **먼저
# 예측하기**의 물음은 바로 다음 셀이 답합니다.
#
# <details>
# <summary>이 강의의 기호</summary>
#
# | 기호 | 뜻 |
# |---|---|
# | $z$, $d$ | 잠재 변수, 그 차원 수 |
# | $p(z)$, $p(x \mid z)$ | 사전분포, 디코더가 정하는 데이터의 분포 |
# | $p(x)$, $p(z \mid x)$ | 모델의 가능도, 사후분포 |
# | $\hat p_S(x)$ | 표본 $S$개로 구한 $p(x)$의 추정값 |
# | $\sigma$, $\varepsilon$ | 잡음의 크기, 표준 가우시안 잡음 |
#
# 모든 기호와 영어 용어는 [용어집](../glossary.md)에 있습니다.
# </details>

# %%
# %matplotlib inline
import os
import time

import keras
import numpy as np
from PIL import Image

import keras_vae
from keras_vae.data.load import load_arrays
from keras_vae.pictures.figure import BLUE, FAINT, INK, VERMILLION, new_figure, style_axes, style_legend
from keras_vae.pictures.grid import image_grid
from keras_vae.pictures.labelled_grid import labelled_grid

GREEN = "#009E73"  # with BLUE and VERMILLION from the colours of Okabe and Ito
FAST = os.environ.get("FAST") == "1"  # the tests set it, to train shorter
rng = np.random.default_rng(0)


def log_normal(x, mean, stddev):
    return -0.5 * np.log(2 * np.pi) - np.log(stddev) - (x - mean) ** 2 / (2 * stddev**2)


# %% [markdown] lang="en"
# ## 2.1 A model with a hidden cause
#
# A latent-variable model tells how data come about, in two steps:
#
# 1. draw a **latent** $z$ (the hidden cause) from the **prior** $p(z)$. It is nearly always taken to be the standard
# Gaussian, $z = (z_1, \ldots, z_d)$ with each $z_j \sim \mathcal{N}(0, 1)$, independent;
# 2. draw the datum $x$ from $p(x|z)$, "the distribution of $x$ given $z$". A **decoder** network turns $z$ into that
# distribution's parameters, such as the probabilities of the pixels' coins.
#
# Read "$\sim$" as "is drawn from". Before we take a network, here is a toy whose every quantity we can work out by
# hand. The decoder does nothing but pass $z$ on, and noise of size $\sigma = 0.3$ is added:
#
# $$z_j \sim \mathcal{N}(0, 1), \qquad x_j = z_j + \sigma\,\varepsilon_j, \quad \varepsilon_j \sim \mathcal{N}(0, 1),
# \qquad\text{so}\quad p(x|z) = \prod_{j=1}^d \mathcal{N}(x_j; z_j, \sigma^2).$$
#
# Sums of independent Gaussians are Gaussian and their variances add, so in this toy (and in hardly any other model)
# we know the answer in advance: $p(x) = \prod_j \mathcal{N}(x_j; 0, 1 + \sigma^2)$.

# %% [markdown] lang="ko"
# ## 2.1 숨은 원인이 있는 모델
#
# 잠재 변수 모델은 데이터가 생겨나는 과정을 두 단계로 이야기합니다.
#
# 1. 숨은 원인인 **잠재 변수** $z$를 **사전분포** $p(z)$에서 뽑습니다. 거의 언제나 표준 가우시안을 씁니다. 곧
# $z = (z_1, \ldots, z_d)$의 각 성분은 서로 독립이고 $z_j \sim \mathcal{N}(0, 1)$입니다.
# 2. $p(x|z)$, 곧 "$z$가 주어졌을 때 $x$의 분포"에서 데이터 $x$를 뽑습니다. **디코더** 신경망이 $z$를 이 분포의
# 매개변수(이를테면 픽셀 동전들의 확률)로 바꿉니다.
#
# "$\sim$"는 "…에서 뽑는다"로 읽습니다. 신경망을 쓰기 전에, 모든 값을 손으로 구할 수 있는 장난감 모델을 먼저 봅시다.
# 디코더는 $z$를 그대로 넘기기만 하고 크기 $\sigma = 0.3$인 잡음이 더해집니다.
#
# $$z_j \sim \mathcal{N}(0, 1), \qquad x_j = z_j + \sigma\,\varepsilon_j, \quad \varepsilon_j \sim \mathcal{N}(0, 1),
# \qquad p(x|z) = \prod_{j=1}^d \mathcal{N}(x_j; z_j, \sigma^2)$$
#
# 서로 독립인 가우시안의 합은 가우시안이고 분산은 더해집니다. 그래서 이 장난감 모델에서는 답을 미리 압니다.
# $p(x) = \prod_j \mathcal{N}(x_j; 0, 1 + \sigma^2)$입니다. 이런 행운은 다른 모델에는 거의 없습니다.

# %%
sigma = 0.3

z = rng.normal(size=200_000)  # step 1
x = z + sigma * rng.normal(size=200_000)  # step 2
print(f"variance of x: {x.var():.4f}    1 + sigma^2 = {1 + sigma**2:.4f}")
assert abs(x.var() - (1 + sigma**2)) < 0.02


def log_p_exact(x):
    return np.sum(log_normal(x, 0, np.sqrt(1 + sigma**2)), axis=-1)


axis = np.linspace(-4, 4, 401)
figure = new_figure(6, 3.2)
axes = figure.subplots()
axes.hist(x, bins=80, density=True, color=FAINT, label="$x$")
axes.plot(axis, np.exp(log_p_exact(axis[:, None])), color=BLUE, label=r"$\mathcal{N}(x;\ 0,\ 1 + \sigma^2)$")
style_axes(axes, r"$x = z + \sigma\varepsilon$", "$x$", "$p(x)$")
style_legend(axes)
figure

# %% [markdown] lang="en"
# ## 2.2 The likelihood is an expectation over the prior
#
# Maximum likelihood needs $p(x)$, the density that the whole model gives to a datum, whatever $z$ was behind it. Each
# $z$ contributes the density $p(x|z)$, and $z$ itself comes with density $p(z)$. Collect all contributions:
#
# $$p(x) = \int p(x|z)\, p(z)\, dz = \mathbb{E}_{p(z)}\big[p(x|z)\big]$$
#
# An expectation: so draw $S$ latents from the prior and average. This is plain Monte Carlo,
#
# $$\hat p_S(x) = \frac1S \sum_{s=1}^S p(x | z_s), \qquad z_s \sim p(z),$$
#
# and the **law of large numbers** promises that the average tends to the expectation as $S$ grows. Its typical error,
# the **standard error**, is the standard deviation of one summand divided by $\sqrt S$.

# %% [markdown] lang="ko"
# ## 2.2 가능도는 사전분포에 대한 기댓값이다
#
# 최대 가능도 추정에는 $p(x)$가 필요합니다. 어떤 $z$에서 나왔든 상관없이 모델 전체가 데이터에 주는 밀도입니다. 각
# $z$는 $p(x|z)$만큼 기여하고, $z$ 자신은 밀도 $p(z)$로 나타납니다. 모든 기여를 모으면 다음과 같습니다.
#
# $$p(x) = \int p(x|z)\, p(z)\, dz = \mathbb{E}_{p(z)}\big[p(x|z)\big]$$
#
# 기댓값이므로 사전분포에서 잠재 변수를 $S$개 뽑아 평균을 내면 됩니다. 가장 단순한 몬테카를로 방법입니다.
#
# $$\hat p_S(x) = \frac1S \sum_{s=1}^S p(x | z_s), \qquad z_s \sim p(z)$$
#
# **큰 수의 법칙**에 따르면 $S$가 커질수록 이 평균은 기댓값에 가까워집니다. 오차의 전형적인 크기인 **표준오차**는 항
# 하나의 표준편차를 $\sqrt S$로 나눈 값입니다.

# %%
x1 = 1.0
grid = np.linspace(-8, 8, 4001)
by_integral = np.trapezoid(np.exp(log_normal(x1, grid, sigma) + log_normal(grid, 0, 1)), grid)
exact = np.exp(log_p_exact(np.array([x1])))

S = 100_000
terms = np.exp(log_normal(x1, rng.normal(size=(5, S)), sigma))  # five runs of p(x | z_s), z_s ~ p(z)
counts = np.arange(1, S + 1)
running = np.cumsum(terms, axis=1) / counts
standard_error = terms.std() / np.sqrt(counts)

print(f"p(x=1): exact {exact:.6f}   integral {by_integral:.6f}   Monte Carlo {running[:, -1].round(5)}")
assert abs(by_integral - exact) < 1e-9
assert np.all(np.abs(running[:, -1] - exact) < 4 * standard_error[-1])

# %%
figure = new_figure(7, 3.4)
axes = figure.subplots()
shown = np.unique(np.geomspace(10, S, 400).astype(int)) - 1
low, high = exact - 2 * standard_error[shown], exact + 2 * standard_error[shown]
axes.fill_between(counts[shown], low, high, color=FAINT, label=r"$p(x) \pm 2$ s.e.")
for number, run in enumerate(running):
    axes.plot(counts[shown], run[shown], color=BLUE, linewidth=0.9, label=None if number else r"$\hat p_S(x)$")
axes.axhline(exact, color=VERMILLION, linestyle="--", label="$p(x)$")
axes.set_xscale("log")
style_axes(axes, "$d = 1$,  $x = 1$", "$S$", r"$\hat p_S(x)$")
style_legend(axes)
figure

# %% [markdown] lang="en"
# Let us see the $1/\sqrt S$ as well: many repeated estimates, and how far they scatter.

# %% [markdown] lang="ko"
# $1/\sqrt S$도 직접 봅시다. 추정을 여러 번 되풀이해 얼마나 흩어지는지 잽니다.

# %%
sizes = np.array([10, 100, 1000, 10_000])
spread = [np.exp(log_normal(x1, rng.normal(size=(400, size)), sigma)).mean(axis=1).std() for size in sizes]
slope = np.polyfit(np.log(sizes), np.log(spread), 1)[0]
for size, value in zip(sizes, spread, strict=True):
    print(f"S = {size:6d}    standard error {value:.5f}    x sqrt(S) = {value * np.sqrt(size):.3f}")
print(f"slope in the logarithms: {slope:.3f}")
assert abs(slope + 0.5) < 0.05

# %% [markdown] lang="en"
# A thousand samples give an error of a few percent. In one dimension, plain Monte Carlo is fine.
#
# ## 2.3 How many samples as the latent grows
#
# > **Predict first.** One latent needs about 300 samples for an error of 10 %. How many do twenty need: 4,000, a
# > million, more?
#
# Now the same model with $d$ latents. The estimate stays correct on average. But how many samples does it need? Ask
# for a relative error of 10 %:
#
# $$\frac{\text{standard error}}{p(x)} = \sqrt{\frac{1}{S}
# \left(\frac{\mathbb{E}_{p(z)}[p(x|z)^2]}{p(x)^2} - 1\right)} = 0.1.$$
#
# (A variance is the mean of the squares less the square of the mean, so one summand has the variance
# $\mathbb{E}_{p(z)}[p(x|z)^2] - p(x)^2$; its root, divided by $\sqrt S$, is the standard error.)
#
# In the toy all dimensions are alike and independent, so the fraction is the product of $d$ equal factors, $R^d$,
# with
#
# $$R = \frac{\mathbb{E}_{p(z)}[\mathcal{N}(x_j; z_j, \sigma^2)^2]}{\mathcal{N}(x_j; 0, 1 + \sigma^2)^2},
# \qquad\text{and}\qquad S = 100\,(R^d - 1).$$
#
# $R$ is above 1, so **the number of samples grows exponentially with the dimension**. We take a perfectly typical
# datum (each $x_j$ one standard deviation from the mean), compute $R$ by an integral, and check the law against
# simulation while we still can.

# %% [markdown] lang="ko"
# 표본이 천 개면 오차가 몇 퍼센트에 지나지 않습니다. 1차원이라면 단순한 몬테카를로로 충분합니다.
#
# ## 2.3 잠재 변수가 늘어나면 표본은 몇 개나 필요한가
#
# > **먼저 예측하기.** 잠재 변수가 하나일 때 오차 10 %에는 표본이 300개쯤 필요합니다. 스물이면 4,000개일까요, 백만
# > 개일까요, 그보다 많을까요?
#
# 이제 같은 모델에 잠재 변수를 $d$개 둡니다. 추정값은 평균적으로 여전히 옳습니다. 하지만 표본은 몇 개나 필요할까요?
# 상대 오차 10 %를 바란다고 합시다.
#
# $$\frac{\text{표준오차}}{p(x)} = \sqrt{\frac{1}{S}
# \left(\frac{\mathbb{E}_{p(z)}[p(x|z)^2]}{p(x)^2} - 1\right)} = 0.1$$
#
# (분산은 제곱의 평균에서 평균의 제곱을 뺀 것입니다. 그러니 항 하나의 분산은
# $\mathbb{E}_{p(z)}[p(x|z)^2] - p(x)^2$이고, 그 제곱근을 $\sqrt S$로 나눈 것이 표준오차입니다.)
#
# 장난감 모델에서는 모든 차원이 똑같고 독립이므로, 괄호 안의 분수는 같은 인수 $d$개의 곱 $R^d$입니다.
#
# $$R = \frac{\mathbb{E}_{p(z)}[\mathcal{N}(x_j; z_j, \sigma^2)^2]}{\mathcal{N}(x_j; 0, 1 + \sigma^2)^2},
# \qquad S = 100\,(R^d - 1)$$
#
# $R$은 1보다 크므로 **필요한 표본 수는 차원에 따라 지수적으로 늘어납니다**. 아주 평범한 데이터(각 $x_j$가 평균에서
# 표준편차 하나만큼 떨어진 데이터)를 두고 $R$을 적분으로 구한 다음, 아직 가능한 차원까지는 시뮬레이션으로도
# 확인합니다.

# %%
typical = np.sqrt(1 + sigma**2)
second_moment = np.trapezoid(np.exp(2 * log_normal(typical, grid, sigma) + log_normal(grid, 0, 1)), grid)
R = second_moment / np.exp(2 * log_p_exact(np.array([typical])))
print(f"R = {R:.3f}")
assert R > 2


def samples_needed(d):
    return 100 * (R**d - 1)


simulated = {}
for d in (1, 2, 3, 4):
    z = rng.normal(size=(1_000_000, d))
    weights = np.exp(np.sum(log_normal(typical, z, sigma), axis=1))
    simulated[d] = 100 * weights.var() / np.exp(2 * log_p_exact(np.full(d, typical)))
    print(f"d = {d}:   S = {samples_needed(d):9.0f}   simulated {simulated[d]:9.0f}")
    assert abs(simulated[d] / samples_needed(d) - 1) < 0.1
for d in (8, 20, 50):
    print(f"d = {d:2d}:  S = {samples_needed(d):.0e}")

assert samples_needed(20) > 1e12

# %%
figure = new_figure(6.5, 3.4)
axes = figure.subplots()
dimensions = np.arange(1, 51)
axes.semilogy(dimensions, samples_needed(dimensions.astype(float)), color=BLUE, label="$100\\,(R^d - 1)$")
axes.plot(list(simulated), list(simulated.values()), "o", color=VERMILLION, label="simulated")
style_axes(axes, r"s.e. / $p(x)$ = 10 %", "$d$", "$S$")
style_legend(axes)
figure

# %% [markdown] lang="en"
# Twenty latents are few for a VAE, and one datum would need $10^{14}$ decoder calls, at every step of training.
#
# It is worse than noise. In training we need $\log p(x)$, and with too few samples the *logarithm* of the estimate is
# not wrong in both directions but nearly always **too low**: the rare latents that explain $x$ are simply not among
# the samples.

# %% [markdown] lang="ko"
# VAE에서 잠재 변수 스무 개는 적은 편인데도, 데이터 하나에 디코더를 $10^{14}$번 호출해야 합니다. 그것도 학습 단계마다
# 그래야 합니다.
#
# 단순히 잡음이 큰 정도가 아닙니다. 학습에 필요한 것은 $\log p(x)$인데, 표본이 모자라면 추정값의 *로그*는 위아래로
# 고르게 빗나가는 것이 아니라 거의 언제나 **너무 낮습니다**. $x$를 설명하는 드문 잠재 변수가 표본 속에 아예 없기
# 때문입니다.

# %%
errors = {}
for d in (1, 5, 10, 20):
    x_d = np.full(d, typical)
    z = rng.normal(size=(200, 1000, d))
    log_terms = np.sum(log_normal(x_d, z, sigma), axis=-1)  # log p(x | z_s): 200 estimates, S = 1000
    largest = log_terms.max(axis=1, keepdims=True)
    log_estimate = largest[:, 0] + np.log(np.mean(np.exp(log_terms - largest), axis=1))
    errors[d] = log_estimate - log_p_exact(x_d)
    print(
        f"d = {d:2d}:  log p_S - log p: median {np.median(errors[d]):6.2f} nats, below 0: {np.mean(errors[d] < 0):.0%}"
    )

assert abs(np.median(errors[1])) < 0.1
assert np.median(errors[20]) < -5
assert np.mean(errors[20] < 0) > 0.95

# %% [markdown] lang="en"
# (The code takes out the largest term before it exponentiates, since densities in many dimensions underflow, as
# lecture 1 showed. This is called *log-sum-exp*.)
#
# ## 2.4 The same with a network that draws digits
#
# Is the toy unfair? Take a real decoder. The package trains two models of the 8 × 8 digits for us, one with 2 latents
# and one with 8. *How* they are trained is what lectures 3 and 4 explain; here we use only their decoder,
# `model.decode(z)`, which is $p(x|z)$, and their prior, `model.prior()`, which is $p(z)$.

# %% [markdown] lang="ko"
# (코드에서는 지수를 취하기 전에 가장 큰 항을 밖으로 뺍니다. 1강에서 보았듯이 차원이 높으면 밀도가 너무 작아 0이 되어
# 버리기 때문입니다. 이 방법을 *log-sum-exp*라고 합니다.)
#
# ## 2.4 숫자를 그리는 신경망에서도 마찬가지
#
# 장난감 모델이라서 그런 것일까요? 진짜 디코더를 써 봅시다. 패키지로 8 × 8 숫자 모델 두 개를 학습합니다. 하나는 잠재
# 변수가 2개, 하나는 8개입니다. *어떻게* 학습하는지는 3강과 4강에서 설명합니다. 여기서는 디코더 `model.decode(z)`, 곧
# $p(x|z)$와 사전분포 `model.prior()`, 곧 $p(z)$만 씁니다.

# %%
train = keras_vae.load_dataset("digits", split="train", batch_size=128)
test = load_arrays("digits", "test")
test_images = test.images.astype(np.float32) / 255


def trained_model(latent_dim):
    model = keras_vae.VAE.from_preset("digits_mlp", latent_dim=latent_dim)
    model.compile(
        keras.optimizers.Adam(0.003), jit_compile=False
    )  # a network this small trains faster than XLA compiles
    model.fit(train, epochs=12 if FAST else 60, verbose=0)
    return model


models = {d: trained_model(d) for d in (2, 8)}
Image.fromarray(image_grid(models[8].generate(20, seed=1), columns=10))

# %% [markdown] lang="en"
# These are pictures from the model: $z$ drawn from the prior, decoded. Now take ten real images and estimate
# $\log p(x)$ for each, with more and more samples. For the model with two latents we also compute the integral on a
# fine grid of 401 × 401 points, which two dimensions still allow.

# %% [markdown] lang="ko"
# 모델이 만든 이미지입니다. 사전분포에서 뽑은 $z$를 디코더에 넣었습니다. 이제 진짜 이미지 열 장을 골라 표본을 늘려 가며
# 저마다 $\log p(x)$를 추정합니다. 잠재 변수가 둘인 모델에서는 401 × 401개 점으로 된 촘촘한 격자에서 적분도 직접
# 구합니다. 2차원까지는 아직 가능한 일입니다.

# %%
S = 100_000
chosen = test_images[:10]


def log_terms(model, z):
    """log p(x | z_s) of each chosen image: [S, 10]."""
    parts = [model.decode(part[:, None]).log_prob(chosen).numpy() for part in np.array_split(z, max(1, len(z) // 5000))]
    return np.concatenate(parts).astype(np.float64)


def log_running_mean(terms):
    """log p_S(x) for S = 1, 2, ..."""
    return np.logaddexp.accumulate(terms, axis=0) - np.log(np.arange(1, len(terms) + 1))[:, None]


latents = {d: rng.normal(size=(S, d)).astype(np.float32) for d in models}
start = time.perf_counter()
terms = {d: log_terms(models[d], latents[d]) for d in models}
calls_per_second = 2 * S / (time.perf_counter() - start)
log_estimates = {d: log_running_mean(terms[d]) for d in models}

# %%
side = np.linspace(-5, 5, 401)
plane = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.float32)
cell = (side[1] - side[0]) ** 2
log_joint = log_terms(models[2], plane) + models[2].prior().log_prob(plane).numpy().astype(np.float64)[:, None]
log_p_grid = np.logaddexp.reduce(log_joint, axis=0) + np.log(cell)

for count in (100, 1000, 10_000, 100_000):
    middle = {d: np.median(log_estimates[d][count - 1]) for d in models}
    print(f"S = {count:6d}   median of log p_S(x):  d = 2: {middle[2]:8.2f}   d = 8: {middle[8]:8.2f} nats")
print(f"integral on the grid:             d = 2: {np.median(log_p_grid):8.2f} nats")
print("log p_S - log p of each image, d = 2, in nats:", (log_estimates[2][-1] - log_p_grid).round(2))

gain = log_estimates[8][-1] - log_estimates[8][9999]
assert np.median(np.abs(log_estimates[2][-1] - log_p_grid)) < 0.2  # two latents: Monte Carlo arrives
assert np.mean(gain) > 3  # eight: ten times more samples still raise the estimate by nats

# %%
figure = new_figure(9.5, 3.6)
for axes, d, colour in zip(figure.subplots(1, 2, sharey=False), models, (BLUE, VERMILLION), strict=True):
    shown = np.unique(np.geomspace(10, S, 300).astype(int))
    axes.plot(shown, np.median(log_estimates[d][shown - 1], axis=1), color=colour, label=r"$\log\,\hat p_S(x)$")
    if d == 2:
        axes.axhline(np.median(log_p_grid), color=INK, linestyle="--", label=r"$\log\,p(x)$")
    axes.set_xscale("log")
    style_axes(axes, f"$d$ = {d}", "$S$", "nats   (median, n = 10)")
    style_legend(axes, loc="lower right")
figure

# %% [markdown] lang="en"
# With two latents the curve arrives at the true value. (Not for every image: one whose latent lies more than four
# standard deviations out, where the prior hardly ever draws, is still nats too low. Rare causes are missed even in
# two dimensions.) With eight it is still climbing after 100,000 samples, and nothing in the curve says how far it has
# to go.
#
# Why? Look at how much of the sum $\sum_s p(x|z_s)$ comes from the single best sample, and at the best picture among
# the first 10, 100, … samples. Nearly all samples are pictures of something else and contribute nothing.

# %% [markdown] lang="ko"
# 잠재 변수가 둘이면 곡선이 참값에 다다릅니다. (모든 이미지가 그런 것은 아닙니다. 잠재 변수가 표준편차의 네 배 넘게
# 떨어져 있어 사전분포에서 좀처럼 뽑히지 않는 이미지 하나는 아직도 몇 내트나 모자랍니다. 2차원에서도 드문 원인은 놓치기
# 쉽습니다.) 여덟이면 표본 10만 개를 써도 여전히 올라가고 있고, 얼마나 더 올라가야 하는지는 곡선만 보아서는 알 수
# 없습니다.
#
# 왜 그럴까요? 합 $\sum_s p(x|z_s)$ 가운데 가장 좋은 표본 하나가 차지하는 몫을 재고, 처음 10개, 100개, … 가운데 가장
# 좋은 이미지를 살펴봅시다. 거의 모든 표본은 엉뚱한 이미지여서 합에 아무 보탬이 되지 않습니다.

# %%
for d in models:
    share = np.exp(terms[d].max(axis=0) - np.logaddexp.reduce(terms[d], axis=0))
    print(f"d = {d}: the best of {S:,} samples carries {np.median(share):.1%} of the sum (median of 10 images)")

assert np.median(np.exp(terms[2].max(axis=0) - np.logaddexp.reduce(terms[2], axis=0))) < 0.05
assert np.median(share) > 0.2

tries = (10, 100, 1000, 10_000, 100_000)
rows = []
for number in range(3):
    best = [latents[8][np.argmax(terms[8][:count, number])] for count in tries]
    rows.append(np.concatenate([chosen[number : number + 1], models[8].decode(np.array(best)).mean().numpy()]))
labelled_grid(
    rows, ["$x_1$", "$x_2$", "$x_3$"], ["$x$", *(f"$10^{power}$" for power in range(1, 6))], xlabel="$S$   ($d$ = 8)"
)

# %% [markdown] lang="en"
# ## 2.5 Bayes' theorem, and the posterior
#
# So we should not draw latents blindly from the prior but look where $x$ says they are. "Which causes are likely,
# given what I saw?" is answered by **Bayes' theorem**. First with dice. A bag holds a fair and a loaded die; you draw
# one blindly and throw a six. Which is it?
#
# $$p(\text{loaded} \,|\, 6) = \frac{p(6 \,|\, \text{loaded})\; p(\text{loaded})}{p(6)}, \qquad p(6) =
# \sum_{\text{die}} p(6 \,|\, \text{die})\, p(\text{die})$$
#
# What you believed before, the prior $p(\text{die})$, is reweighted by how well each cause explains what you saw, the
# likelihood $p(6|\text{die})$. Dividing by $p(6)$ makes the result add up to 1: it is the **posterior**.

# %% [markdown] lang="ko"
# ## 2.5 베이즈 정리와 사후분포
#
# 그렇다면 사전분포에서 눈감고 뽑을 것이 아니라, $x$가 가리키는 곳에서 잠재 변수를 찾아야 합니다. "이것을 보았을 때
# 어떤 원인이 그럴듯한가?" 이 물음에 답하는 것이 **베이즈 정리**입니다. 먼저 주사위로 봅시다. 주머니에 공정한 주사위와
# 속임수 주사위가 하나씩 들어 있습니다. 보지 않고 하나를 꺼내 던졌더니 6이 나왔습니다. 어느 주사위일까요?
#
# $$p(\text{속임수} \,|\, 6) = \frac{p(6 \,|\, \text{속임수})\; p(\text{속임수})}{p(6)}, \qquad p(6) =
# \sum_{\text{주사위}} p(6 \,|\, \text{주사위})\, p(\text{주사위})$$
#
# 보기 전의 믿음인 사전분포 $p(\text{주사위})$에, 각 원인이 본 것을 얼마나 잘 설명하는지를 나타내는 가능도
# $p(6|\text{주사위})$를 곱해 무게를 다시 매깁니다. 그리고 합이 1이 되도록 $p(6)$으로 나눈 것이 **사후분포**입니다.

# %%
prior = np.array([0.5, 0.5])  # fair, loaded
six = np.array([1 / 6, 1 / 2])  # p(6 | fair), p(6 | loaded)
evidence = np.sum(six * prior)  # p(6)
posterior = six * prior / evidence
print(f"p(6) = {evidence:.4f}    p(fair | 6) = {posterior[0]:.2f}    p(loaded | 6) = {posterior[1]:.2f}")
assert abs(posterior.sum() - 1) < 1e-12

pairs = rng.choice(2, size=100_000)  # the same by throwing: of all sixes, how many came from the loaded die?
sixes = rng.random(100_000) < six[pairs]
assert abs(np.mean(pairs[sixes] == 1) - posterior[1]) < 0.02

# %% [markdown] lang="en"
# With a latent $z$ instead of two dice the sum becomes an integral, and nothing else changes:
#
# $$p(z|x) = \frac{p(x|z)\, p(z)}{p(x)}, \qquad p(x) = \int p(x|z)\,p(z)\,dz$$
#
# In the toy the posterior is known:
# $p(z|x) = \mathcal{N}\!\big(z;\ \tfrac{x}{1 + \sigma^2},\ \tfrac{\sigma^2}{1 + \sigma^2}\big)$. Here it is from
# Bayes' theorem on a grid, beside the formula:

# %% [markdown] lang="ko"
# 주사위 두 개 대신 잠재 변수 $z$가 되면 합이 적분으로 바뀔 뿐, 나머지는 그대로입니다.
#
# $$p(z|x) = \frac{p(x|z)\, p(z)}{p(x)}, \qquad p(x) = \int p(x|z)\,p(z)\,dz$$
#
# 장난감 모델의 사후분포는
# $p(z|x) = \mathcal{N}\!\big(z;\ \tfrac{x}{1 + \sigma^2},\ \tfrac{\sigma^2}{1 + \sigma^2}\big)$로 알려져 있습니다.
# 격자 위에서 베이즈 정리로 구한 것과 공식을 견주어 봅시다.

# %%
joint = np.exp(log_normal(x1, grid, sigma) + log_normal(grid, 0, 1))  # p(x | z) p(z)
bayes = joint / np.trapezoid(joint, grid)
formula = np.exp(log_normal(grid, x1 / (1 + sigma**2), sigma / np.sqrt(1 + sigma**2)))
assert np.max(np.abs(bayes - formula)) < 1e-9

figure = new_figure(6.5, 3.2)
axes = figure.subplots()
axes.plot(grid, np.exp(log_normal(grid, 0, 1)), "--", color=INK, label="$p(z)$")
axes.plot(grid, bayes, color=BLUE, label=r"$p(z\,|\,x)$")
axes.axvline(x1, color=VERMILLION, linestyle=":", label="$x = 1$")
axes.set_xlim(-4, 4)
style_axes(axes, r"$p(z\,|\,x) = p(x\,|\,z)\,p(z)\,/\,p(x)$", "$z$", "density")
style_legend(axes)
figure

# %% [markdown] lang="en"
# The posterior is much narrower than the prior, and that is the whole trouble of 2.3: prior samples hardly ever fall
# where the posterior is. Had we the posterior, *one* sample would be enough. Solve Bayes' theorem for $p(x)$:
#
# $$p(x) = \frac{p(x|z)\,p(z)}{p(z|x)} \qquad \text{for every } z$$
#
# Let us try it where plain Monte Carlo failed, with 20 latents:

# %% [markdown] lang="ko"
# 사후분포는 사전분포보다 훨씬 좁습니다. 2.3절의 어려움은 모두 여기서 나옵니다. 사전분포에서 뽑은 표본이 사후분포가
# 있는 곳에 떨어지는 일이 거의 없는 것입니다. 사후분포를 안다면 표본은 *하나*로 충분합니다. 베이즈 정리를 $p(x)$에
# 대해 풀면 다음과 같기 때문입니다.
#
# $$p(x) = \frac{p(x|z)\,p(z)}{p(z|x)} \qquad (\text{모든 } z \text{에 대하여})$$
#
# 단순한 몬테카를로가 실패했던 잠재 변수 20개짜리 모델에서 해 봅시다.

# %%
x_20 = np.full(20, typical)
z = rng.normal(x_20 / (1 + sigma**2), sigma / np.sqrt(1 + sigma**2), size=(5, 20))  # five samples of p(z | x)
log_p = (
    log_normal(x_20, z, sigma)
    + log_normal(z, 0, 1)
    - log_normal(z, x_20 / (1 + sigma**2), sigma / np.sqrt(1 + sigma**2))
).sum(axis=1)
print("one sample each:", log_p.round(6), "   exact:", log_p_exact(x_20).round(6), "nats")
assert np.max(np.abs(log_p - log_p_exact(x_20))) < 1e-9

# %% [markdown] lang="en"
# Exact, from any single sample. But look at the denominator of Bayes' theorem: to know $p(z|x)$ we need $p(x)$, **the
# very integral that we wanted to compute.** The toy could be solved only because we knew the answer. We have gone in
# a circle:
#
# - $p(x)$ needs samples near the posterior $p(z|x)$;
# - $p(z|x)$ needs $p(x)$.
#
# ## 2.6 The posterior of real digits, and the price of a grid
#
# With the two-latent model we can still look at true posteriors, by the grid. Here are three images: how much of the
# prior does the region cover that holds 99 % of the posterior?

# %% [markdown] lang="ko"
# 어느 표본이든 하나만으로 정확한 값을 줍니다. 그런데 베이즈 정리의 분모를 보십시오. $p(z|x)$를 알려면 $p(x)$가 있어야
# 합니다. **우리가 구하려던 바로 그 적분입니다.** 장난감 모델은 답을 이미 알고 있었기에 풀 수 있었을 뿐입니다. 우리는
# 제자리로 돌아왔습니다.
#
# - $p(x)$를 구하려면 사후분포 $p(z|x)$ 근처의 표본이 필요하다.
# - $p(z|x)$를 구하려면 $p(x)$가 필요하다.
#
# ## 2.6 진짜 숫자의 사후분포, 그리고 격자 계산의 비용
#
# 잠재 변수가 둘인 모델에서는 격자를 써서 진짜 사후분포를 볼 수 있습니다. 이미지 세 장을 골라, 사후분포의 99 %가 담긴
# 영역이 사전분포에서 얼마나 차지하는지 봅시다.

# %%
posterior = np.exp(log_joint - np.logaddexp.reduce(log_joint, axis=0))  # p(z|x) times the cell, [cells, 10]
prior_mass = np.exp(models[2].prior().log_prob(plane).numpy().astype(np.float64)) * cell
order = np.argsort(-posterior, axis=0)
inside = np.cumsum(np.take_along_axis(posterior, order, axis=0), axis=0) <= 0.99
covered = np.array([prior_mass[order[inside[:, i], i]].sum() for i in range(10)])
print("share of the prior:", covered[:3].round(4), f"   median of 10 images: {np.median(covered):.2%}")

assert np.allclose(posterior.sum(axis=0), 1)
assert abs(prior_mass.sum() - 1) < 1e-3
assert np.median(covered) < 0.05

figure = new_figure(10.5, 6.9)
angle = np.linspace(0, 2 * np.pi, 200)
for number, (whole, close) in enumerate(figure.subplots(2, 3).T):
    density = posterior[:, number].reshape(401, 401).T / cell
    middle = plane[posterior[:, number].argmax()]
    for axes, centre, reach in ((whole, (0, 0), 4.5), (close, middle, 0.6)):
        axes.contourf(side, side, density, levels=density.max() * np.linspace(0.02, 1, 12), cmap="Blues", extend="max")
        for radius in (1, 2, 3):
            axes.plot(radius * np.cos(angle), radius * np.sin(angle), color=INK, linewidth=0.8, linestyle="--")
        axes.set(
            xlim=(centre[0] - reach, centre[0] + reach), ylim=(centre[1] - reach, centre[1] + reach), aspect="equal"
        )
    low, width = middle - 0.6, 1.2
    whole.plot(low[0] + width * np.array([0, 1, 1, 0, 0]), low[1] + width * np.array([0, 0, 1, 1, 0]), color=VERMILLION)
    whole.imshow(chosen[number, :, :, 0], cmap="gray", extent=(2.9, 4.5, 2.9, 4.5), vmin=0, vmax=1, zorder=3)
    style_axes(whole, f"$p(z\\,|\\,x_{number + 1})$", "$z_1$", "$z_2$", grid=False)
    style_axes(close, "", "$z_1$", "$z_2$", grid=False)
    whole.set(xlim=(-4.5, 4.5), ylim=(-4.5, 4.5))
figure

# %% [markdown] lang="en"
# Each digit (in the corner) has its own small spot; below, the orange square enlarged. Dashed circles mark 1, 2 and 3
# standard deviations of the prior.
# Finding the spot by a grid is possible in two dimensions. In $d$ dimensions a grid of 100 points a side has $100^d$
# points. We measured how many decoder calls this machine makes in a second, so we can say what eight latents would
# take, for one image:

# %% [markdown] lang="ko"
# 숫자마다(구석에 그려 둔 이미지) 자기만의 작은 자리가 있습니다. 아래는 주황색 네모를 확대한 것입니다. 점선 원은
# 사전분포의 표준편차 1, 2, 3배입니다. 2차원에서는 격자로 이 자리를 찾을 수 있습니다. 하지만 $d$차원에서 한 변에 점이
# 100개인 격자는 점이 모두 $100^d$개입니다. 이 컴퓨터가 1초에 디코더를 몇 번 호출할 수 있는지 재 두었으니, 잠재 변수가
# 여덟일 때 이미지 한 장에 얼마나 걸릴지 말할 수 있습니다.

# %%
years = 100.0**8 / calls_per_second / (365 * 24 * 3600)
print(f"{100**8:.0e} decoder calls at {calls_per_second:,.0f} a second: {years:,.0f} years")
assert years > 10

# %% [markdown] lang="en"
# ## Exercises
#
# 1. **By hand.** In the toy with $d = 1$ and $\sigma = 0.3$: what is $p(z|x)$ for $x = 2$? How many standard
# deviations of the prior is its mean from 0, and how wide is it?
#
# <details>
# <summary>Solution</summary>
#
# Mean $2 / 1.09 = 1.83$, standard deviation $0.3 / \sqrt{1.09} = 0.287$: almost two of the prior's standard deviations
# out, and three and a half times narrower.
#
# ```python
# joint = np.exp(log_normal(2.0, grid, sigma) + log_normal(grid, 0, 1))
# density = joint / np.trapezoid(joint, grid)
# mean = np.trapezoid(grid * density, grid)
# assert abs(mean - 1.83) < 0.01
# assert abs(np.sqrt(np.trapezoid((grid - mean) ** 2 * density, grid)) - 0.287) < 1e-3
# ```
# </details>
#
# 2. **Predict.** Make the noise of the toy larger, $\sigma = 1$. Does plain Monte Carlo need more samples or fewer?
#
# <details>
# <summary>Solution</summary>
#
# Fewer: with more noise every $z$ explains $x$ a little, the posterior is wider, and $R$ is smaller. It still is above
# 1, so the growth is exponential all the same.
#
# ```python
# x_1 = np.sqrt(2.0)
# square = np.trapezoid(np.exp(2 * log_normal(x_1, grid, 1.0) + log_normal(grid, 0, 1)), grid)
# assert 1 < square / np.exp(2 * log_normal(x_1, 0, np.sqrt(2.0))) < R
# ```
# </details>
#
# 3. **Proof.** Why is the logarithm of an unbiased estimate of $p(x)$ too low on average?
#
# <details>
# <summary>Solution</summary>
#
# The logarithm is concave: $\log t \le \log p + (t - p) / p$, the tangent at $p$. Put in the estimate for $t$ and take
# the mean: $\mathbb{E}[\log \hat p_S] \le \log p + (\mathbb{E}[\hat p_S] - p) / p = \log p$. This is Jensen's
# inequality.
#
# ```python
# assert all(np.mean(error) < 0.02 for error in errors.values())
# ```
# </details>
#
# 4. **Code.** Bayes with three dice: a third die shows only sixes. Draw one of the three, throw two sixes in a row.
# Which is it, with which probability?
#
# <details>
# <summary>Solution</summary>
#
# The throws are independent given the die: likelihoods $(\tfrac16)^2, (\tfrac12)^2, 1$, prior $\tfrac13$ each.
#
# ```python
# likelihood = np.array([1 / 6, 1 / 2, 1]) ** 2
# after = likelihood / likelihood.sum()
# assert abs(after[2] - 0.783) < 1e-3
# ```
# </details>
#
# ## What to remember
#
# | | |
# |---|---|
# | latent-variable model | $z \sim p(z)$ (prior), then $x \sim p(x \mid z)$ (decoder) |
# | likelihood | $p(x) = \mathbb{E}_{p(z)}[p(x \mid z)]$: samples needed grow exponentially with the dimension of $z$ |
# | posterior | $p(z \mid x) = p(x \mid z)\,p(z) / p(x)$: where to look, but it contains $p(x)$ |
# | the circle | each of $p(x)$ and $p(z \mid x)$ needs the other |
#
# The way out is to give up the exact posterior. Choose a distribution $q(z|x)$ that we *can* sample from and compute,
# and make it as close to the posterior as we can. This is variational inference.
#
# ## References
#
# - C. M. Bishop. *Pattern Recognition and Machine Learning.* Springer 2006, chapters 9, 11 and 12. Latent variables.
# - I. Goodfellow, Y. Bengio, A. Courville. *Deep Learning.* MIT Press 2016, chapters 16, 17 and 20.
# - D. P. Kingma, M. Welling. *Auto-Encoding Variational Bayes.* ICLR 2014, section 2.1: the problem of this lecture.
#
# Next: [3. Variational inference](03_variational_inference.ipynb)

# %% [markdown] lang="ko"
# ## 연습 문제
#
# 1. **손으로.** $d = 1$, $\sigma = 0.3$인 장난감 모델에서 $x = 2$일 때 $p(z|x)$는 무엇입니까? 그 평균은 0에서
# 사전분포의 표준편차 몇 배만큼 떨어져 있고, 폭은 얼마입니까?
#
# <details>
# <summary>풀이</summary>
#
# 평균은 $2 / 1.09 = 1.83$, 표준편차는 $0.3 / \sqrt{1.09} = 0.287$입니다. 사전분포 표준편차의 거의 두 배만큼 떨어져
# 있고, 세 배 반쯤 좁습니다.
#
# ```python
# joint = np.exp(log_normal(2.0, grid, sigma) + log_normal(grid, 0, 1))
# density = joint / np.trapezoid(joint, grid)
# mean = np.trapezoid(grid * density, grid)
# assert abs(mean - 1.83) < 0.01
# assert abs(np.sqrt(np.trapezoid((grid - mean) ** 2 * density, grid)) - 0.287) < 1e-3
# ```
# </details>
#
# 2. **예측.** 장난감 모델의 잡음을 $\sigma = 1$로 키우면 단순한 몬테카를로에 표본이 더 필요할까요, 덜 필요할까요?
#
# <details>
# <summary>풀이</summary>
#
# 덜 필요합니다. 잡음이 크면 어떤 $z$라도 $x$를 조금은 설명하므로 사후분포가 넓어지고 $R$이 작아집니다. 그래도 1보다는
# 크므로 지수적으로 늘어나는 것은 마찬가지입니다.
#
# ```python
# x_1 = np.sqrt(2.0)
# square = np.trapezoid(np.exp(2 * log_normal(x_1, grid, 1.0) + log_normal(grid, 0, 1)), grid)
# assert 1 < square / np.exp(2 * log_normal(x_1, 0, np.sqrt(2.0))) < R
# ```
# </details>
#
# 3. **증명.** $p(x)$의 불편추정량(unbiased estimator)에 로그를 취하면 왜 평균적으로 낮습니까?
#
# <details>
# <summary>풀이</summary>
#
# 로그는 위로 볼록하므로 $p$에서의 접선보다 위로 올라가지 않습니다. $\log t \le \log p + (t - p) / p$. $t$에 추정값을
# 넣고 평균을 내면 $\mathbb{E}[\log \hat p_S] \le \log p + (\mathbb{E}[\hat p_S] - p) / p = \log p$입니다. 옌센
# 부등식입니다.
#
# ```python
# assert all(np.mean(error) < 0.02 for error in errors.values())
# ```
# </details>
#
# 4. **코드.** 주사위가 셋인 베이즈 정리입니다. 셋째 주사위는 6만 나옵니다. 셋 가운데 하나를 꺼내 던졌더니 6이 두 번
# 이어서 나왔습니다. 어느 주사위이며 그 확률은 얼마입니까?
#
# <details>
# <summary>풀이</summary>
#
# 주사위가 정해지면 던지기는 서로 독립입니다. 가능도는 $(\tfrac16)^2, (\tfrac12)^2, 1$이고 사전분포는
# $\tfrac13$씩입니다.
#
# ```python
# likelihood = np.array([1 / 6, 1 / 2, 1]) ** 2
# after = likelihood / likelihood.sum()
# assert abs(after[2] - 0.783) < 1e-3
# ```
# </details>
#
# ## 기억할 것
#
# | | |
# |---|---|
# | 잠재 변수 모델 | $z \sim p(z)$(사전분포), 그다음 $x \sim p(x \mid z)$(디코더) |
# | 가능도 | $p(x) = \mathbb{E}_{p(z)}[p(x \mid z)]$. 필요한 표본 수가 $z$의 차원에 따라 지수적으로 늘어남 |
# | 사후분포 | $p(z \mid x) = p(x \mid z)\,p(z) / p(x)$. 어디를 보아야 할지 알려 주지만 $p(x)$가 들어 있음 |
# | 돌고 도는 문제 | $p(x)$와 $p(z \mid x)$는 서로가 있어야 구할 수 있음 |
#
# 여기서 빠져나오는 길은 정확한 사후분포를 포기하는 것입니다. 표본을 뽑을 수 있고 밀도도 계산할 *수 있는* 분포
# $q(z|x)$를 골라, 사후분포에 되도록 가깝게 만듭니다. 이것이 변분추론입니다.
#
# ## 참고 문헌
#
# - C. M. Bishop. *Pattern Recognition and Machine Learning.* Springer 2006, 9, 11, 12장. 잠재 변수.
# - I. Goodfellow, Y. Bengio, A. Courville. *Deep Learning.* MIT Press 2016, 16, 17, 20장.
# - D. P. Kingma, M. Welling. *Auto-Encoding Variational Bayes.* ICLR 2014, 2.1절. 이 강의의 문제.
#
# 다음: [3. 변분추론](03_variational_inference.ipynb)
