# %% [markdown] lang="en"
# # 3. Variational inference
#
# Lecture 2 ended in a circle: to compute $p(x)$ we need samples from the posterior $p(z|x)$, and to know the
# posterior we need $p(x)$. Variational inference cuts the circle. It replaces the posterior by a distribution
# $q(z|x)$ that we choose ourselves from a simple family, and turns "find the posterior" into "make $q$ as good as
# possible": an optimisation problem, which is what Keras is for.
#
# At the end you will know
#
# - why $\log p(x) = \text{ELBO} + \mathrm{KL}(q \,\|\, p(z|x))$, for *any* $q$, checked by sums over a grid on a model
# with one latent and on one with two that draws digits;
# - that the ELBO is a reconstruction term minus a regularisation term, and what each does alone;
# - how one network, the encoder, learns $q(z|x)$ for all $x$ at once.
#
# You need lectures 1 and 2: KL divergence, Monte Carlo, prior, decoder, posterior. **Predict first** boxes ask what
# the next cell answers.
#
# <details>
# <summary>Symbols in this lecture</summary>
#
# | symbol | meaning |
# |---|---|
# | $p(z)$, $p(x \mid z)$, $p(x, z)$ | prior, decoder, joint density |
# | $p(x)$, $p(z \mid x)$ | likelihood of the model, posterior |
# | $q(z)$, $q(z \mid x)$ | a distribution of our choice; the encoder's |
# | $\mu$, $s$ | mean and standard deviation of $q$ |
# | $\mathbb{E}_q[\ldots]$ | mean over $z$ drawn from $q$ |
# | $\beta$ | weight of the KL term |
#
# All of them, with the Korean terms: [glossary](../glossary.md).
# </details>

# %% [markdown] lang="ko"
# # 3. 변분추론
#
# 2강은 서로 꼬리를 무는 문제로 끝났습니다. $p(x)$를 구하려면 사후분포 $p(z|x)$의 표본이 필요하고, 사후분포를 알려면
# $p(x)$가 필요했습니다. 변분추론은 이 고리를 끊습니다. 사후분포 대신 우리가 단순한 분포족에서 직접 고른 분포
# $q(z|x)$를 쓰고, "사후분포를 구하라"는 문제를 "$q$를 되도록 좋게 만들라"는 최적화 문제로 바꿉니다. 최적화라면 Keras가
# 잘하는 일입니다.
#
# 이 강의를 마치면 다음을 알게 됩니다.
#
# - *어떤* $q$를 골라도 $\log p(x) = \text{ELBO} + \mathrm{KL}(q \,\|\, p(z|x))$인 이유. 잠재 변수가 하나인 모델과,
# 둘이면서 숫자를 그리는 모델에서 수치적분으로 확인합니다.
# - ELBO가 재구성 항에서 정규화 항을 뺀 것이라는 사실, 그리고 각 항이 혼자서는 무슨 일을 하는지
# - 신경망 하나(인코더)가 모든 $x$의 $q(z|x)$를 한꺼번에 배우는 방법
#
# 1강과 2강의 내용, 곧 KL 발산, 몬테카를로, 사전분포, 디코더, 사후분포를 알고 있으면 됩니다. **먼저 예측하기**의 물음은
# 바로 다음 셀이 답합니다.
#
# <details>
# <summary>이 강의의 기호</summary>
#
# | 기호 | 뜻 |
# |---|---|
# | $p(z)$, $p(x \mid z)$, $p(x, z)$ | 사전분포, 디코더, 결합 밀도 |
# | $p(x)$, $p(z \mid x)$ | 모델의 가능도, 사후분포 |
# | $q(z)$, $q(z \mid x)$ | 우리가 고른 분포, 인코더의 분포 |
# | $\mu$, $s$ | $q$의 평균과 표준편차 |
# | $\mathbb{E}_q[\ldots]$ | $q$에서 뽑은 $z$에 대한 평균 |
# | $\beta$ | KL 항의 가중치 |
#
# 모든 기호와 영어 용어는 [용어집](../glossary.md)에 있습니다.
# </details>

# %%
# %matplotlib inline
import os

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

import keras_vae
from keras_vae.data.load import load_arrays
from keras_vae.objectives import ELBO
from keras_vae.pictures.class_colours import ClassColours
from keras_vae.pictures.figure import BLUE, FAINT, INK, VERMILLION, new_figure, style_axes, style_legend
from keras_vae.pictures.history import draw_history
from keras_vae.pictures.labelled_grid import labelled_grid

tf.get_logger().setLevel("ERROR")  # it would warn of every model that is evaluated
GREEN = "#009E73"  # with BLUE and VERMILLION from the colours of Okabe and Ito
FAST = os.environ.get("FAST") == "1"  # the tests set it, to train shorter
rng = np.random.default_rng(0)


def log_normal(x, mean, stddev):
    return -0.5 * np.log(2 * np.pi) - np.log(stddev) - (x - mean) ** 2 / (2 * stddev**2)


# %% [markdown] lang="en"
# ## 3.1 A model small enough to see everything
#
# One latent, one observed number, and a decoder that bends: $f(z) = e^z$.
#
# $$p(z) = \mathcal{N}(z; 0, 1), \qquad p(x|z) = \mathcal{N}(x; e^z, \sigma^2), \quad \sigma = 0.6$$
#
# We observe $x = 1$. With a single latent every integral is a sum over a fine grid (**quadrature**), so here, and
# only here, we can look behind the curtain: we know $\log p(x)$ and the true posterior
#
# $$p(z|x) = \frac{p(x, z)}{p(x)}, \qquad p(x, z) = p(x|z)\,p(z).$$
#
# $p(x, z)$ is called the **joint** density. It never is a problem: it is a product of two things that the model gives
# us.

# %% [markdown] lang="ko"
# ## 3.1 속속들이 들여다볼 수 있는 작은 모델
#
# 잠재 변수 하나, 관측값 하나, 그리고 휘어진 디코더 $f(z) = e^z$가 있습니다.
#
# $$p(z) = \mathcal{N}(z; 0, 1), \qquad p(x|z) = \mathcal{N}(x; e^z, \sigma^2), \quad \sigma = 0.6$$
#
# $x = 1$을 관측했습니다. 잠재 변수가 하나면 모든 적분을 촘촘한 격자 위의 합으로 구할 수 있습니다(**수치적분**).
# 그래서 여기서만은 막 뒤를 들여다볼 수 있습니다. $\log p(x)$도, 진짜 사후분포도 압니다.
#
# $$p(z|x) = \frac{p(x, z)}{p(x)}, \qquad p(x, z) = p(x|z)\,p(z)$$
#
# $p(x, z)$를 **결합** 밀도라고 합니다. 결합 밀도는 모델이 이미 준 두 가지를 곱한 것이므로 계산하기 어려울 일이
# 없습니다.

# %%
sigma, x = 0.6, 1.0
grid = np.linspace(-8, 8, 8001)


def integral(values):
    return np.trapezoid(values, grid)


log_joint = log_normal(x, np.exp(grid), sigma) + log_normal(grid, 0, 1)  # log p(x, z)
log_p = np.log(integral(np.exp(log_joint)))  # log p(x)
log_posterior = log_joint - log_p  # log p(z|x)

print(f"log p(x) = {log_p:.6f} nats")
assert abs(integral(np.exp(log_posterior)) - 1) < 1e-9
draws = np.exp(log_normal(x, np.exp(rng.normal(size=1_000_000)), sigma))  # plain Monte Carlo agrees in one dimension
assert abs(draws.mean() - np.exp(log_p)) < 4 * draws.std() / 1000

# %% [markdown] lang="en"
# ## 3.2 The decomposition
#
# Take any density $q(z)$. For every $z$, Bayes' theorem says $p(x) = p(x, z) / p(z|x)$. Take the logarithm, and
# multiply and divide by $q(z)$:
#
# $$\log p(x) = \log \frac{p(x, z)}{p(z|x)} = \log \frac{p(x, z)}{q(z)} + \log \frac{q(z)}{p(z|x)}$$
#
# This is true for every $z$, so it stays true when we average over $z \sim q$. The left side does not depend on $z$
# and stays as it is:
#
# $$\log p(x) = \underbrace{\mathbb{E}_q\!\left[\log \frac{p(x, z)}{q(z)}\right]}_{\text{ELBO}(q)} +
# \underbrace{\mathbb{E}_q\!\left[\log \frac{q(z)}{p(z|x)}\right]}_{\mathrm{KL}(q \,\|\, p(z|x)) \;\ge\; 0}$$
#
# Look at the two parts:
#
# - the second is a KL divergence, so it is never negative. Hence $\text{ELBO} \le \log p(x)$: it is a lower bound of
# the log-likelihood, called the log-*evidence*, which gives it its name, **e**vidence **l**ower **bo**und;
# - the first contains only the joint and $q$. **We can compute it**;
# - their sum does not depend on $q$. So raising the ELBO by changing $q$ must lower the KL divergence by exactly as
# much: **maximising what we can compute minimises what we cannot.**
#
# > **Predict first.** A $q$ that is badly wrong: by how much does the sum of ELBO and KL miss $\log p(x)$?
#
# Let us check it with very different $q$: Gaussians good and bad, a lump of two Gaussians, the posterior itself.

# %% [markdown] lang="ko"
# ## 3.2 분해
#
# 아무 밀도 $q(z)$나 하나 고릅니다. 베이즈 정리에 따르면 모든 $z$에 대해 $p(x) = p(x, z) / p(z|x)$입니다. 로그를
# 취하고 $q(z)$를 곱하고 나눕니다.
#
# $$\log p(x) = \log \frac{p(x, z)}{p(z|x)} = \log \frac{p(x, z)}{q(z)} + \log \frac{q(z)}{p(z|x)}$$
#
# 모든 $z$에 대해 성립하므로 $z \sim q$로 평균을 내도 성립합니다. 왼쪽은 $z$와 상관없으니 그대로 남습니다.
#
# $$\log p(x) = \underbrace{\mathbb{E}_q\!\left[\log \frac{p(x, z)}{q(z)}\right]}_{\text{ELBO}(q)} +
# \underbrace{\mathbb{E}_q\!\left[\log \frac{q(z)}{p(z|x)}\right]}_{\mathrm{KL}(q \,\|\, p(z|x)) \;\ge\; 0}$$
#
# 두 부분을 살펴봅시다.
#
# - 둘째 항은 KL 발산이므로 음수가 될 수 없습니다. 따라서 $\text{ELBO} \le \log p(x)$입니다. 로그 가능도를 로그
# *증거*(evidence)라고도 하므로, 그 하한이라는 뜻에서 **ELBO**(evidence lower bound)라고 부릅니다.
# - 첫째 항에는 결합 밀도와 $q$밖에 없습니다. **우리가 계산할 수 있는 값입니다.**
# - 두 항의 합은 $q$와 상관없습니다. 그러므로 $q$를 바꾸어 ELBO를 올리면 KL 발산은 꼭 그만큼 내려갑니다. **계산할 수
# 있는 것을 최대화하면 계산할 수 없는 것이 최소화됩니다.**
#
# > **먼저 예측하기.** 아주 잘못 고른 $q$에서 ELBO와 KL의 합은 $\log p(x)$에서 얼마나 벗어날까요?
#
# 서로 아주 다른 $q$로 확인해 봅시다. 좋은 가우시안과 나쁜 가우시안, 가우시안 두 개를 섞은 것, 그리고 사후분포
# 자신입니다.


# %%
def elbo(log_q):
    return integral(np.exp(log_q) * (log_joint - log_q))


def kl(log_q, log_p):
    return integral(np.exp(log_q) * (log_q - log_p))


candidates = {
    "N(0, 1²)": log_normal(grid, 0.0, 1.0),
    "N(−1, 0.5²)": log_normal(grid, -1.0, 0.5),
    "N(0.5, 0.2²)": log_normal(grid, 0.5, 0.2),
    "N(−0.2, 0.7²)": log_normal(grid, -0.2, 0.7),
    "mixture": np.logaddexp(log_normal(grid, -1.0, 0.6), log_normal(grid, 0.1, 0.4)) - np.log(2),
    "p(z|x)": log_posterior,
}
for name, log_q in candidates.items():
    bound, gap = elbo(log_q), kl(log_q, log_posterior)
    print(f"q = {name:14s} ELBO {bound:9.5f}  +  KL {gap:8.5f}  =  {bound + gap:9.5f} nats")
    assert abs(bound + gap - log_p) < 1e-8
    assert bound <= log_p + 1e-12

# %%
figure = new_figure(10.5, 3.8)
left, right = figure.subplots(1, 2)
left.plot(grid, np.exp(log_posterior), color=INK, linewidth=2.5, label=r"$p(z\,|\,x)$")
for (name, log_q), colour, dashes in zip(
    list(candidates.items())[1:5], (VERMILLION, "#CC79A7", BLUE, GREEN), ("--", "-.", "-", ":"), strict=True
):
    left.plot(grid, np.exp(log_q), dashes, color=colour, label=f"$q$ = {name}")
left.set_xlim(-4, 2.5)
style_axes(left, "$x = 1$", "$z$", "density")
style_legend(left)

bounds = np.array([elbo(log_q) for log_q in candidates.values()])
right.barh(list(candidates), log_p - bounds, left=bounds, color=FAINT, label=r"$\mathrm{KL}(q\,\|\,p(z\,|\,x))$")
right.plot(bounds, list(candidates), "o", color=BLUE, label="ELBO")
right.axvline(log_p, color=VERMILLION, linestyle="--", label=r"$\log\,p(x)$")
right.set_xlim(-8, -0.5)
style_axes(right, r"$\log\,p(x)$ = ELBO + KL", "nats", "$q$")
style_legend(right, loc="upper left")
figure

# %% [markdown] lang="en"
# ## 3.3 Reconstruction and regularisation
#
# The ELBO can be read in a second way. Split the joint, $p(x, z) = p(x|z)\,p(z)$, and keep the prior together with
# $q$:
#
# $$\text{ELBO}(q) = \mathbb{E}_q\!\left[\log p(x|z) + \log \frac{p(z)}{q(z)}\right] =
# \underbrace{\mathbb{E}_q[\log p(x|z)]}_{\text{reconstruction}} -
# \underbrace{\mathrm{KL}(q \,\|\, p(z))}_{\text{regularisation}}$$
#
# - The **reconstruction term** asks: do latents drawn from $q$ decode to $x$? For pixels, $-\log p(x|z)$ is the
# summed cross-entropy of lecture 1.
# - The **regularisation term** asks: how far has $q$ gone from the prior? It is the price, in nats, of saying
# something about $z$.
#
# Mind the two KL divergences: that to the *posterior* is the gap that we cannot compute; this one, to the *prior*, we
# can. If $q = \mathcal{N}(\mu, s^2)$ and the prior is $\mathcal{N}(0, 1)$, it even has a closed form,
#
# $$\mathrm{KL}\big(\mathcal{N}(\mu, s^2) \,\|\, \mathcal{N}(0, 1)\big) =
# \tfrac12\left(\mu^2 + s^2 - 1 - \log s^2\right),$$
#
# summed over dimensions if there are several.

# %% [markdown] lang="ko"
# ## 3.3 재구성과 정규화
#
# ELBO는 다르게 읽을 수도 있습니다. 결합 밀도를 $p(x, z) = p(x|z)\,p(z)$로 나누고 사전분포를 $q$와 묶습니다.
#
# $$\text{ELBO}(q) = \mathbb{E}_q\!\left[\log p(x|z) + \log \frac{p(z)}{q(z)}\right] =
# \underbrace{\mathbb{E}_q[\log p(x|z)]}_{\text{재구성}} - \underbrace{\mathrm{KL}(q \,\|\, p(z))}_{\text{정규화}}$$
#
# - **재구성 항**은 "$q$에서 뽑은 잠재 변수가 $x$로 디코딩되는가?"를 묻습니다. 픽셀이라면 $-\log p(x|z)$는 1강에서 본,
# 모든 픽셀에 대해 더한 교차 엔트로피입니다.
# - **정규화 항**은 "$q$가 사전분포에서 얼마나 멀어졌는가?"를 묻습니다. $z$에 정보를 담는 비용을 내트로 매긴
# 것입니다.
#
# KL 발산이 두 가지이니 조심하십시오. *사후분포*와의 KL은 계산할 수 없는 틈이고, 여기 나온 *사전분포*와의 KL은 계산할
# 수 있습니다. $q = \mathcal{N}(\mu, s^2)$이고 사전분포가 $\mathcal{N}(0, 1)$이면 간단한 공식까지 있습니다.
#
# $$\mathrm{KL}\big(\mathcal{N}(\mu, s^2) \,\|\, \mathcal{N}(0, 1)\big) =
# \tfrac12\left(\mu^2 + s^2 - 1 - \log s^2\right)$$
#
# 차원이 여럿이면 차원마다 구해 더합니다.


# %%
def kl_to_prior(mean, stddev):
    return 0.5 * (mean**2 + stddev**2 - 1 - np.log(stddev**2))


mean, stddev = -0.2, 0.7
log_q, log_prior = log_normal(grid, mean, stddev), log_normal(grid, 0, 1)
reconstruction = integral(np.exp(log_q) * log_normal(x, np.exp(grid), sigma))
by_tfp = tfp.distributions.Normal(mean, stddev).kl_divergence(tfp.distributions.Normal(0.0, 1.0)).numpy()

print(f"reconstruction {reconstruction:.5f}  -  KL {kl_to_prior(mean, stddev):.5f}  =  ELBO {elbo(log_q):.5f} nats")
assert abs(reconstruction - kl_to_prior(mean, stddev) - elbo(log_q)) < 1e-8
assert abs(kl_to_prior(mean, stddev) - kl(log_q, log_prior)) < 1e-8
assert abs(kl_to_prior(mean, stddev) - by_tfp) < 1e-6

# %% [markdown] lang="en"
# The two terms pull in opposite directions. Keep the mean at 0 and let the width $s$ of $q$ vary: reconstruction
# wants $q$ to be a needle at the one $z$ that decodes to $x$ (here $z = 0$, since $e^0 = 1$); regularisation wants
# $q$ to be the prior, $s = 1$. The ELBO lies between, where the posterior is.

# %% [markdown] lang="ko"
# 두 항은 서로 반대쪽으로 당깁니다. 평균을 0에 두고 $q$의 폭 $s$만 바꾸어 봅시다. 재구성 항은 $q$가 $x$로 디코딩되는
# 단 하나의 $z$(여기서는 $e^0 = 1$이므로 $z = 0$)에 바늘처럼 모이기를 바라고, 정규화 항은 $q$가 사전분포와 같아지기를,
# 곧 $s = 1$이기를 바랍니다. ELBO가 가장 큰 곳은 그 사이, 사후분포가 있는 곳입니다.

# %%
widths = np.geomspace(0.05, 1.5, 60)
reconstructions = np.array(
    [integral(np.exp(log_normal(grid, 0, s)) * log_normal(x, np.exp(grid), sigma)) for s in widths]
)
prices = kl_to_prior(0.0, widths)

figure = new_figure(6.5, 3.6)
axes = figure.subplots()
axes.plot(widths, reconstructions, "--", color=BLUE, label=r"$\mathrm{E}_q[\log\,p(x\,|\,z)]$")
axes.plot(widths, -prices, ":", color=GREEN, linewidth=2, label=r"$-\mathrm{KL}(q\,\|\,p(z))$")
axes.plot(widths, reconstructions - prices, color=VERMILLION, linewidth=2, label="ELBO")
axes.axhline(log_p, color=INK, linewidth=0.8, label=r"$\log\,p(x)$")
axes.set_ylim(-4, 0.2)
style_axes(axes, r"$q = \mathcal{N}(0, s^2)$", "$s$", "nats")
style_legend(axes, loc="lower right")

best = widths[(reconstructions - prices).argmax()]
assert reconstructions.argmax() == 0  # reconstruction alone: the narrowest
assert abs(widths[prices.argmin()] - 1) < 0.05  # regularisation alone: the prior
assert 0.2 < best < 0.9
figure

# %% [markdown] lang="en"
# ## 3.4 Find q by gradient descent
#
# Now maximise the ELBO over $\mu$ and $\log s$, as in lecture 1. The expectation $\mathbb{E}_q$ must be computed
# inside TensorFlow, so that its gradient can flow. With one latent a handful of points does it exactly enough: if
# $t_k, w_k$ are the points and weights of **Gauss-Hermite quadrature**, then
# $\mathbb{E}_q[g(z)] \approx \sum_k w_k\, g(\mu + s\,t_k)$. (With many latents one draws random samples instead. That
# needs an idea of its own, which lecture 4 is about.)

# %% [markdown] lang="ko"
# ## 3.4 경사 하강법으로 q 찾기
#
# 이제 1강에서처럼 $\mu$와 $\log s$를 움직여 ELBO를 최대화합니다. 기울기가 흐르려면 기댓값 $\mathbb{E}_q$를 TensorFlow
# 안에서 계산해야 합니다. 잠재 변수가 하나면 점 몇 개로도 충분히 정확합니다. **가우스-에르미트 구적법**의 점과
# 가중치를 $t_k, w_k$라고 하면 $\mathbb{E}_q[g(z)] \approx \sum_k w_k\, g(\mu + s\,t_k)$입니다. (잠재 변수가 많으면 점
# 대신 무작위 표본을 뽑습니다. 그러려면 새로운 생각이 하나 필요한데, 그것이 4강의 주제입니다.)

# %%
points, weights = np.polynomial.hermite_e.hermegauss(40)
points = tf.constant(points, tf.float32)
weights = tf.constant(weights / np.sqrt(2 * np.pi), tf.float32)  # they add up to 1
assert abs(float(tf.reduce_sum(weights)) - 1) < 1e-5


def elbo_terms(x, mean, log_stddev):
    """E_q[log p(x|z)] and KL(q || p(z)) for q = N(mean, stddev^2); all of shape [n]."""
    stddev = tf.exp(log_stddev)
    z = mean[:, None] + stddev[:, None] * points  # [n, points]
    log_likelihood = -0.5 * np.log(2 * np.pi * sigma**2) - (x[:, None] - tf.exp(z)) ** 2 / (2 * sigma**2)
    return tf.reduce_sum(weights * log_likelihood, axis=1), 0.5 * (mean**2 + stddev**2 - 1 - 2 * log_stddev)


def fit_each(x, steps):
    """The best mean and log stddev for each x, and the ELBO after every step."""
    x = tf.constant(x, tf.float32)
    variables = [tf.Variable(tf.fill(x.shape, -1.5)), tf.Variable(tf.zeros(x.shape))]
    optimizer = keras.optimizers.Adam(0.05)
    optimizer.build(variables)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            reconstruction, kl = elbo_terms(x, *variables)
            loss = tf.reduce_sum(kl - reconstruction)  # minus the ELBO
        optimizer.apply(tape.gradient(loss, variables), variables)
        return reconstruction - kl

    path = []
    for _ in range(steps):
        path.append((variables[0].numpy().copy(), variables[1].numpy().copy(), step().numpy()))
    return np.array(path)


# %%
path = fit_each([x], steps=250)[:, :, 0]
mean, stddev = path[-1, 0], np.exp(path[-1, 1])
gaps = np.array([kl(log_normal(grid, m, np.exp(s)), log_posterior) for m, s, _ in path])
print(f"best q: N({mean:.3f}, {stddev:.3f}²)    ELBO {path[-1, 2]:.5f} + KL {gaps[-1]:.5f} nats, log p(x) {log_p:.5f}")

assert abs(path[-1, 2] - elbo(log_normal(grid, mean, stddev))) < 1e-3  # 40 points against the grid of 8001
assert np.max(np.abs(path[:, 2] + gaps - log_p)) < 5e-3  # the sum stays put through all of training
assert gaps[-1] < gaps[0] / 5
assert gaps[-1] > 0.001  # no Gaussian is the posterior: a gap stays

# %%
figure = new_figure(10.5, 3.6)
left, right = figure.subplots(1, 2)
left.plot(grid, np.exp(log_posterior), color=INK, linewidth=2.5, label=r"$p(z\,|\,x)$")
for step, dashes in ((0, ":"), (20, "--"), (249, "-")):
    left.plot(
        grid,
        np.exp(log_normal(grid, path[step, 0], np.exp(path[step, 1]))),
        dashes,
        color=BLUE,
        label=f"$q$, step {step}",
    )
left.set_xlim(-4, 2.5)
style_axes(left, "$x = 1$", "$z$", "density")
style_legend(left)
right.fill_between(range(250), path[:, 2], log_p, color=FAINT, label=r"$\mathrm{KL}(q\,\|\,p(z\,|\,x))$")
right.plot(path[:, 2], color=BLUE, label="ELBO")
right.axhline(log_p, color=VERMILLION, linestyle="--", label=r"$\log\,p(x)$")
style_axes(right, "", "step", "nats")
style_legend(right, loc="lower right")
figure

# %% [markdown] lang="en"
# Gradient descent never saw the posterior, and yet $q$ moved onto it. A small gap remains, since the true posterior
# is skewed and a Gaussian cannot be.
#
# ## 3.5 One network for all x: the encoder
#
# So far we ran an optimisation for a single $x$. For a data set that would mean one for each image, and again for
# every new image. Instead, train a network that takes $x$ and returns $\mu(x)$ and $\log s(x)$: this is the
# **encoder**, and its output *is* the distribution
#
# $$q(z|x) = \mathcal{N}\big(z;\ \mu(x),\ s(x)^2\big).$$
#
# Its loss is minus the mean ELBO over the data. One set of weights serves all $x$; the cost of inference is shared,
# so this is called *amortised* inference. We compare it with separate optimisations.

# %% [markdown] lang="ko"
# 경사 하강법은 사후분포를 한 번도 보지 않았는데도 $q$는 그 위로 옮겨 갔습니다. 조금 남은 틈은 진짜 사후분포가
# 한쪽으로 치우쳐 있어 가우시안으로는 맞출 수 없기 때문입니다.
#
# ## 3.5 모든 x를 위한 신경망 하나: 인코더
#
# 지금까지는 $x$ 하나에 대해 최적화를 했습니다. 데이터셋이라면 이미지마다, 새 이미지가 올 때마다 다시 최적화를 해야
# 합니다. 그 대신 $x$를 받아 $\mu(x)$와 $\log s(x)$를 내놓는 신경망을 학습시킵니다. 이것이 **인코더**이고, 그 출력이
# *곧* 분포입니다.
#
# $$q(z|x) = \mathcal{N}\big(z;\ \mu(x),\ s(x)^2\big)$$
#
# 손실은 데이터에 대한 ELBO 평균의 부호를 바꾼 것입니다. 가중치 한 벌을 모든 $x$가 함께 쓰고 추론 비용도 나누어 지므로
# **분할 상환**(amortized) 추론이라고 합니다. 하나씩 따로 최적화한 결과와 견주어 봅시다.

# %%
observed = np.exp(rng.normal(size=2000)) + sigma * rng.normal(size=2000)  # data that the model itself makes
observed = tf.constant(observed[observed < 6], tf.float32)
keras.utils.set_random_seed(0)
encoder = keras.Sequential(
    [keras.Input((1,)), keras.layers.Dense(32, "tanh"), keras.layers.Dense(32, "tanh"), keras.layers.Dense(2)]
)
optimizer = keras.optimizers.Adam(0.005)
optimizer.build(encoder.trainable_variables)


@tf.function
def step():
    with tf.GradientTape() as tape:
        outputs = encoder(observed[:, None])
        reconstruction, kl = elbo_terms(observed, outputs[:, 0], outputs[:, 1])
        loss = tf.reduce_mean(kl - reconstruction)
    optimizer.apply(tape.gradient(loss, encoder.trainable_variables), encoder.trainable_variables)
    return loss


losses = [float(step()) for _ in range(1000)]

test_x = np.linspace(-0.5, 5, 45).astype(np.float32)
separate = fit_each(test_x, steps=400)[-1]  # 45 separate optimisations
outputs = encoder(test_x[:, None])
reconstruction, kl_terms = elbo_terms(tf.constant(test_x), outputs[:, 0], outputs[:, 1])
lost = separate[2] - (reconstruction - kl_terms).numpy()
print(f"ELBO lost by sharing one network: mean {lost.mean():.4f}, largest {lost.max():.4f} nats")
assert lost.mean() < 0.02

# %%
figure = new_figure(10, 3.4)
for axes, column, name in zip(figure.subplots(1, 2), (0, 1), (r"$\mu(x)$", "$s(x)$"), strict=True):
    shape = np.exp if column else np.asarray
    axes.plot(test_x, shape(separate[column]), "o", color=VERMILLION, markersize=4, label="45 optima")
    axes.plot(test_x, shape(outputs[:, column].numpy()), color=BLUE, label="encoder")
    style_axes(axes, "", "$x$", name)
    style_legend(axes)
figure

# %% [markdown] lang="en"
# One forward pass of the network gives very nearly what 45 optimisations gave, and it would do so for any further
# $x$. Note $s(x)$: where $x$ is large the decoder $e^z$ is steep, so $x$ fixes $z$ precisely; where $x$ is near 0 it
# is flat, and $x$ says little about $z$. The encoder learned to say *how sure* it is.
#
# This is a whole variational autoencoder, but for one thing: our decoder was given. In a VAE the decoder is a network
# as well, and both are trained together on the same loss. That is sound: the ELBO is a lower bound of $\log p(x)$ for
# every decoder, so raising it raises the likelihood, or brings $q$ closer to the posterior, or both: at least one.
#
# ## 3.6 The same on digits, with two latents
#
# Here is the VAE of the package, with two latents and pixels that count 16 dots (the binomial likelihood at the end
# of lecture 1). `model.encode(x)` is $q(z|x)$, `model.decode(z)` is $p(x|z)$, `model.prior()` is $p(z)$; `fit` logs
# the two terms of minus the ELBO, in nats per image.

# %% [markdown] lang="ko"
# 신경망은 단 한 번의 순전파로 45번의 최적화와 거의 같은 답을 냅니다. 다른 $x$가 와도 마찬가지입니다. $s(x)$를
# 눈여겨보십시오. $x$가 크면 디코더 $e^z$가 가팔라서 $x$가 $z$를 정확하게 정해 주지만, $x$가 0에 가까우면 디코더가
# 평평해서 $x$만 보고는 $z$를 잘 알 수 없습니다. 인코더는 자기가 *얼마나 확신하는지*까지 출력에 담는 법을 배운
# 것입니다.
#
# 한 가지만 빼면 이것으로 변분 오토인코더가 다 되었습니다. 우리 디코더는 처음부터 주어져 있었습니다. VAE에서는
# 디코더도 신경망이고, 둘을 같은 손실로 함께 학습합니다. 그래도 괜찮습니다. ELBO는 어떤 디코더에 대해서도
# $\log p(x)$의 하한이므로, ELBO를 올리면 가능도가 오르거나 $q$가 사후분포에 가까워지거나 둘 중 적어도 하나는 일어나기
# 때문입니다.
#
# ## 3.6 숫자 이미지와 잠재 변수 둘로 확인하기
#
# 이번에는 패키지의 VAE입니다. 잠재 변수는 둘, 픽셀은 점 16개를 센 값입니다(1강 끝의 이항 가능도). `model.encode(x)`가
# $q(z|x)$, `model.decode(z)`가 $p(x|z)$, `model.prior()`가 $p(z)$입니다. `fit`은 ELBO의 부호를 바꾼 값의 두 항을
# 이미지 한 장당 내트로 기록합니다.

# %%
train = keras_vae.load_dataset("digits", split="train", batch_size=128)
test = load_arrays("digits", "test")
test_images = test.images.astype(np.float32) / 255


def trained_model(beta):
    model = keras_vae.VAE.from_preset("digits_mlp", latent_dim=2, objective=ELBO(kl_weight=beta))
    model.compile(keras.optimizers.Adam(0.003), jit_compile=False)  # trains faster than XLA compiles: it is small
    history = model.fit(train, validation_data=test_images, epochs=12 if FAST else 60, verbose=0).history
    return model, history


model, history = trained_model(beta=1.0)
assert np.allclose(np.add(history["reconstruction_loss"], history["kl_loss"]), history["loss"], rtol=1e-4)
assert history["val_loss"][-1] < history["val_loss"][0] - 50
draw_history(history)

# %% [markdown] lang="en"
# Training buys reconstruction with KL: after the first epochs the KL term slowly *rises*, and each nat of it saves
# many nats of reconstruction. Now the decomposition, on ten test images that the model never saw. Two latents still
# allow a grid, so all four quantities can be computed without any sampling. Beside it stands `keras_vae.evaluate`,
# which has no grid and draws samples.

# %% [markdown] lang="ko"
# 학습은 KL이라는 비용을 치르고 재구성 오차를 줄이는 과정입니다. 처음 몇 에포크가 지나면 KL 항은 천천히 *올라가고*, 그
# 1내트마다 재구성 항이 훨씬 더 많이 줄어듭니다. 이제 모델이 본 적 없는 테스트 이미지 열 장으로 분해를 확인합니다. 잠재
# 변수가 둘이면 아직 격자를 쓸 수 있으므로, 네 가지 값을 모두 표본 없이 구할 수 있습니다. 격자 없이 표본을 뽑아
# 계산하는 `keras_vae.evaluate`의 값도 나란히 놓습니다.

# %%
images = test_images[:10]
side = np.linspace(-6, 6, 401)
cell = (side[1] - side[0]) ** 2
plane = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.float32)


def on_the_grid(distribution, values):
    """log densities of each image's distribution at the grid's latents: [cells, 10]."""
    return np.concatenate([distribution(part[:, None]).astype(np.float64) for part in np.array_split(values, 40)])


log_q = on_the_grid(lambda z: model.encode(images).log_prob(z).numpy(), plane)
log_likelihood = on_the_grid(lambda z: model.decode(z).log_prob(images).numpy(), plane)
log_prior = model.prior().log_prob(plane).numpy().astype(np.float64)[:, None]
q = np.exp(log_q) * cell
log_p_x = np.logaddexp.reduce(log_likelihood + log_prior, axis=0) + np.log(cell)  # log p(x)
log_posterior_z = log_likelihood + log_prior - log_p_x  # log p(z|x)

reconstruction = np.sum(q * log_likelihood, axis=0)
regularisation = np.sum(q * (log_q - log_prior), axis=0)
gap = np.sum(q * (log_q - log_posterior_z), axis=0)
print("  reconstruction  -  KL(q||p(z))  +  KL(q||p(z|x))  =  sum        log p(x)   (nats)")
for i in range(5):
    total = reconstruction[i] - regularisation[i] + gap[i]
    print(f"{reconstruction[i]:14.4f} {regularisation[i]:14.4f} {gap[i]:17.4f} {total:16.4f} {log_p_x[i]:14.4f}")

assert np.max(np.abs(q.sum(axis=0) - 1)) < 1e-3  # the grid is fine enough for q
assert np.max(np.abs(reconstruction - regularisation + gap - log_p_x)) < 0.05
assert np.all(gap > 0)
assert np.max(np.abs(regularisation - model.encode(images).kl_divergence(model.prior()).numpy())) < 0.02

# %%
report = keras_vae.evaluate(model, images, importance_samples=2000)
elbo_grid = np.mean(reconstruction - regularisation)
print(f"ELBO, mean of 10 images:  grid {elbo_grid:.3f}   evaluate {report['elbo']:.3f} nats")
print(f"log p(x):                 grid {np.mean(log_p_x):.3f}   evaluate {-report['nll']:.3f} nats or more")
assert abs(elbo_grid - report["elbo"]) < 1.0
assert report["elbo"] < -report["nll"] < np.mean(log_p_x) + 0.1

# %% [markdown] lang="en"
# The two agree on the ELBO. (From its samples `evaluate` also makes a better lower bound of $\log p(x)$ than the
# ELBO; lecture 5 tells how.) Two spots from the plane, true posterior against the encoder's $q$. The encoder is not
# equally good for every image: the KL divergence in the title is what its $q$ misses.

# %% [markdown] lang="ko"
# 두 방법으로 구한 ELBO가 같습니다. (`evaluate`는 같은 표본으로 ELBO보다 $\log p(x)$에 더 가까운 하한도 구합니다. 그
# 방법은 5강에서 이야기합니다.) 평면 위의 진짜 사후분포와 인코더의 $q$를 두 이미지에 대해 견주어 봅시다. 인코더가 모든
# 이미지에 똑같이 잘 맞는 것은 아닙니다. 제목에 적은 KL 발산이 $q$가 사후분포와 어긋난 정도입니다.

# %%
figure = new_figure(9.5, 4)
for number, axes in enumerate(figure.subplots(1, 2)):
    posterior = model.encode(images)
    mean, stddev = posterior.mean().numpy()[number], posterior.stddev().numpy()[number]
    radius = 7 * stddev.max()
    true_density = np.exp(log_posterior_z[:, number]).reshape(401, 401).T
    filled = axes.contourf(side, side, true_density, levels=10, cmap="Greys")
    density = q[:, number].reshape(401, 401).T / cell
    axes.contour(side, side, density, levels=density.max() * np.exp([-2, -0.5]), colors=BLUE)
    axes.plot([], [], color=BLUE, label=r"$q(z\,|\,x)$")
    axes.plot([], [], color="#888888", linewidth=6, label=r"$p(z\,|\,x)$")
    axes.set(xlim=(mean[0] - radius, mean[0] + radius), ylim=(mean[1] - radius, mean[1] + radius), aspect="equal")
    title = rf"$x_{number + 1}$:  $\mathrm{{KL}}(q\,\|\,p(z\,|\,x))$ = {gap[number]:.2f} nats"
    style_axes(axes, title, "$z_1$", "$z_2$", grid=False)
    style_legend(axes, loc="upper right")
figure

# %% [markdown] lang="en"
# ## 3.7 Each term alone
#
# What does each term do on its own? Weight the regularisation with a factor $\beta$:
#
# $$\text{loss} = -\mathbb{E}_q[\log p(x|z)] + \beta\,\mathrm{KL}(q \,\|\, p(z))$$
#
# - $\beta = 1$: minus the ELBO.
# - $\beta = 0$: reconstruction alone.
# - $\beta = 64$: mostly regularisation. We choose 64 on purpose. It is what you get if you *average* $-\log p(x|z)$,
# here the binomial one, over the 64 pixels, as Keras' losses average, and forget to do the same to the KL: the mistake
# that lecture 1 warned of.
#
# Networks, data and seed are the same in all three.
#
# > **Predict first.** Which of the three restores best? Which has the best ELBO?

# %% [markdown] lang="ko"
# ## 3.7 항 하나씩만 남기면
#
# 각 항은 혼자서 무슨 일을 할까요? 정규화 항에 $\beta$를 곱해 봅시다.
#
# $$\text{loss} = -\mathbb{E}_q[\log p(x|z)] + \beta\,\mathrm{KL}(q \,\|\, p(z))$$
#
# - $\beta = 1$: ELBO의 부호를 바꾼 것입니다.
# - $\beta = 0$: 재구성 항만 남습니다.
# - $\beta = 64$: 정규화 항이 거의 전부입니다. 64는 일부러 고른 값입니다. Keras의 손실 함수처럼 이항 가능도의
# $-\log p(x|z)$를 픽셀 64개에 대해 *평균*하면서 KL에는 그렇게 하지 않았을 때의 값, 곧 1강에서 경고한 그 실수입니다.
#
# 세 경우 모두 신경망, 데이터, 시드는 같습니다.
#
# > **먼저 예측하기.** 재구성이 가장 좋은 것은 셋 중 어느 것일까요? ELBO가 가장 좋은 것은?

# %%
betas = {"β = 0": trained_model(0.0)[0], "β = 1": model, "β = 64": trained_model(64.0)[0]}
reports = {
    name: keras_vae.evaluate(each, test_images, importance_samples=50, batch_size=120) for name, each in betas.items()
}
for name, report in reports.items():
    reconstruction, price, bound = (report[term] for term in ("reconstruction", "kl", "elbo"))
    print(f"{name:7s} reconstruction {reconstruction:7.2f}   KL {price:7.2f}   ELBO {bound:8.2f} nats per image")

zero, one, large = reports.values()
assert zero["reconstruction"] < one["reconstruction"] < large["reconstruction"]
assert zero["kl"] > one["kl"] > large["kl"]
assert one["elbo"] > max(zero["elbo"], large["elbo"])
assert large["kl"] < 0.1

# %%
colours = ClassColours.of(test.labels, len(test.labels), None)
figure = new_figure(12, 4.2)
panels = figure.subplots(1, 3)
spreads = {}
for axes, (name, each) in zip(panels, betas.items(), strict=True):
    posterior = each.encode(test_images)
    means, stddevs = posterior.mean().numpy(), posterior.stddev().numpy()
    spreads[name] = (np.abs(means).max(), np.median(stddevs))
    axes.scatter(
        means[:, 0], means[:, 1], c=[colours.colours[position] for position in colours.positions], s=14, linewidths=0
    )
    angle = np.linspace(0, 2 * np.pi, 200)
    axes.plot(2 * np.cos(angle), 2 * np.sin(angle), "--", color=INK, linewidth=0.9)
    reach = max(3.2, 1.1 * np.abs(means).max())
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    style_axes(axes, f"{name}:  median $s$ = {spreads[name][1]:.3f}", r"$\mu_1(x)$", r"$\mu_2(x)$")
colours.add_legend(panels[-1])

assert spreads["β = 0"][0] > 2 * spreads["β = 1"][0]  # the codes run away from the prior
assert spreads["β = 0"][1] < spreads["β = 1"][1] < spreads["β = 64"][1]
figure

# %% [markdown] lang="en"
# (Each dot is the mean of $q(z|x)$ for one test image, coloured by its digit, which training never saw. The dashed
# circle is two standard deviations of the prior. Mind the axes.) And what the decoder draws from the **prior**,
# beside how it reconstructs:

# %% [markdown] lang="ko"
# (점 하나가 테스트 이미지 한 장에 대한 $q(z|x)$의 평균이고, 색은 어떤 숫자인지를 나타냅니다. 숫자의 정답은 학습에 쓰지
# 않았습니다. 점선 원은 사전분포 표준편차의 두 배입니다. 축의 눈금이 서로 다르니 주의하십시오.) 다음은
# **사전분포**에서 뽑은 $z$로 디코더가 그린 이미지와 재구성한 이미지입니다.

# %%
labelled_grid(
    [test_images[:10], *(each.reconstruct(test_images[:10]) for each in betas.values())],
    ["x", *betas],
    title=r"decode($\mu(x)$)",
)

# %%
labelled_grid([each.generate(10, seed=3) for each in betas.values()], list(betas), title=r"decode($z$),  $z \sim p(z)$")

# %% [markdown] lang="en"
# - **$\beta = 0$**: the best reconstructions. Nothing charges for information about $z$, so $q$ shrinks to needles and
# the means run far away from where the prior lives. The KL explodes. The decoder never saw latents from the prior, and
# what it draws from them is poor. This is an ordinary autoencoder with noise so small that it does not matter.
# - **$\beta = 64$**: information about $z$ costs 64 times its worth, so hardly any is given: $q(z|x)$ is nearly the
# prior for every $x$, the KL is nearly 0, and the decoder draws nearly the same image for all. This is **posterior
# collapse**.
# - **$\beta = 1$**: the ELBO, and by that measure it is the best of the three. On training images that is what it was
# trained for; on test images, where nothing guarantees it, it holds as well.
#
# How far does the collapse go? A decoder that knows nothing of $x$ can do no better than the mean picture (lecture
# 1), so that is the worst reconstruction to expect. Compare:

# %% [markdown] lang="ko"
# - **$\beta = 0$**: 재구성은 가장 좋습니다. $z$에 정보를 아무리 많이 담아도 비용이 없으므로 $q$는 바늘처럼
# 좁아지고 평균들은 사전분포가 있는 곳에서 멀리 달아납니다. KL은 폭발합니다. 디코더는 사전분포의 잠재 변수를 본 적이
# 없어서, 거기서 그려 내는 이미지가 형편없습니다. 잡음이 있으나 마나 할 만큼 작은 보통의 오토인코더입니다.
# - **$\beta = 64$**: $z$에 정보를 조금만 담아도 값어치의 64배를 치러야 하니 거의 아무것도 담지 않습니다. 어떤 $x$에
# 대해서도 $q(z|x)$가 사전분포와 거의 같고, KL은 0에 가까우며, 디코더는 늘 거의 같은 이미지를 그립니다. 이것이
# **사후분포 붕괴**(posterior collapse)입니다.
# - **$\beta = 1$**: ELBO 그 자체이고, ELBO로 재면 셋 중 가장 좋습니다. 학습 이미지에서는 그렇게 되도록 학습한 것이고,
# 보장이 없는 테스트 이미지에서도 그렇습니다.
#
# 붕괴는 어디까지 갈까요? $x$에 대해 아무것도 모르는 디코더가 할 수 있는 최선은 평균 이미지입니다(1강). 그러니 재구성이
# 나빠져도 거기까지입니다. 견주어 봅시다.

# %%
train_images = load_arrays("digits", "train").images.astype(np.float32) / 255
mean_picture = model.likelihood.of_mean(train_images.mean(axis=0, keepdims=True))
know_nothing = -np.mean(mean_picture.log_prob(test_images).numpy())
for name, report in reports.items():
    saved = know_nothing - report["reconstruction"]
    print(f"{name:7s} {saved:7.2f} of {know_nothing:.2f} nats saved, for a KL of {report['kl']:.2f} nats")
assert abs(know_nothing - large["reconstruction"]) < 3  # the collapsed decoder draws the mean picture
assert know_nothing - one["reconstruction"] > 10 * one["kl"]  # at beta = 1 each nat of KL saves more than ten

# %% [markdown] lang="en"
# ### The KL term against overfitting
#
# The KL term does one thing more. It limits what $z$ may carry, so the encoder cannot give every training image an
# address of its own, which the decoder then learns by heart. This shows where images are few: take 200 of the 1,437,
# train with the term and without it, and compare these 200 with the test images. Reconstruction first, as for an
# autoencoder; then $-\log p(x)$, by the closer bound of lecture 5.

# %% [markdown] lang="ko"
# ### KL 항과 과적합
#
# KL 항이 하는 일이 하나 더 있습니다. KL 항은 $z$에 담을 수 있는 정보를 제한합니다. 그래서 인코더가 학습 이미지마다
# 저만의 주소를 주고 디코더가 그것을 외워 버릴 수 없습니다. 이미지가 적을 때 잘 드러납니다. 1,437장 가운데 200장만으로
# 이 항이 있을 때와 없을 때 학습해, 그 200장과 테스트 이미지를 견주어 봅시다. 먼저 오토인코더에서처럼 재구성을,
# 다음으로 5강의 더 가까운 하한으로 구한 $-\log p(x)$를 봅니다.

# %%
few, apart = train_images[:200], {}
for name, beta in (("β = 0", 0.0), ("β = 1", 1.0)):
    small = keras_vae.VAE.from_preset("digits_mlp", latent_dim=2, objective=ELBO(kl_weight=beta))
    small.compile(keras.optimizers.Adam(0.003), jit_compile=False)
    small.fit(few, epochs=60, batch_size=100, verbose=0)
    on_few, on_test = (
        keras_vae.evaluate(small, x, importance_samples=50, batch_size=200) for x in (few, test_images[:200])
    )
    apart[name] = {term: on_test[term] - on_few[term] for term in ("reconstruction", "nll")}
    for term in apart[name]:
        values = f"train {on_few[term]:6.1f}   test {on_test[term]:6.1f}   apart {apart[name][term]:6.1f}"
        print(f"{name}   {term:15s} {values} nats per image")
assert all(apart["β = 0"][term] > 1.3 * apart["β = 1"][term] for term in ("reconstruction", "nll"))

# %% [markdown] lang="en"
# Both overfit, for 200 images are few, but without the KL term training and test drift further apart by either
# measure. The codes of training images are needles then; a test image lands between them, where the decoder was never
# trained. The KL term does not cure overfitting. It charges for the information that overfitting is made of.
#
# ## Exercises
#
# 1. **By hand.** For which $q$ is the ELBO equal to $\log p(x)$? What are the two terms of 3.3 then?
#
# <details>
# <summary>Solution</summary>
#
# For $q = p(z|x)$ alone: only then is the KL to the posterior 0. The terms are $\mathbb{E}[\log p(x|z)]$ over the
# posterior and the KL of the posterior from the prior: what $x$ taught us about $z$.
#
# ```python
# surprise = integral(np.exp(log_posterior) * log_normal(x, np.exp(grid), sigma))
# assert abs(surprise - kl(log_posterior, log_normal(grid, 0, 1)) - log_p) < 1e-8
# ```
# </details>
#
# 2. **Predict.** In 3.1 let the noise of the decoder grow, $\sigma \to \infty$. What become the posterior, the best
# $q$ and the KL term?
#
# <details>
# <summary>Solution</summary>
#
# $p(x|z)$ no longer depends on $z$, so the posterior is the prior, the best $q$ is the prior, and the KL term is 0:
# posterior collapse, and rightly so. There is nothing to know.
#
# ```python
# flat = log_normal(x, np.exp(grid), 1000.0) + log_normal(grid, 0, 1)
# flat = flat - np.log(integral(np.exp(flat)))
# assert kl(flat, log_normal(grid, 0, 1)) < 1e-3
# ```
# </details>
#
# 3. **Which KL?** Why do we minimise $\mathrm{KL}(q \,\|\, p(z|x))$ and not $\mathrm{KL}(p(z|x) \,\|\, q)$? What does
# a Gaussian $q$ do with a posterior of two separate bumps in either case?
#
# <details>
# <summary>Solution</summary>
#
# The second is a mean over the posterior, which we cannot sample. As for the bumps: the first punishes $q$ where the
# posterior is nearly 0, so $q$ settles on one bump; the second punishes it where it misses posterior mass, so $q$
# covers both and the valley between.
#
# ```python
# bumps = np.logaddexp(log_normal(grid, -2, 0.4), log_normal(grid, 2, 0.4)) - np.log(2)
# one, both = log_normal(grid, 2, 0.4), log_normal(grid, 0, 2.04)
# assert kl(one, bumps) < kl(both, bumps)
# assert integral(np.exp(bumps) * (bumps - both)) < integral(np.exp(bumps) * (bumps - one))
# ```
# </details>
#
# 4. **Code.** The closed form of the KL to the prior is 0 at $\mu = 0$, $s = 1$. Show by its gradient that this is its
# only minimum.
#
# <details>
# <summary>Solution</summary>
#
# $\partial/\partial\mu = \mu$ and $\partial/\partial s = s - 1/s$ are both 0 at $\mu = 0$, $s = 1$ alone (with $s >
# 0$), and the second derivatives, 1 and $1 + 1/s^2$, are positive.
#
# ```python
# m, w = tf.Variable(0.7), tf.Variable(0.3)
# with tf.GradientTape() as tape:
#     value = 0.5 * (m**2 + w**2 - 1 - tf.math.log(w**2))
# by_m, by_w = tape.gradient(value, [m, w])
# assert abs(float(by_m) - 0.7) < 1e-6
# assert abs(float(by_w) - (0.3 - 1 / 0.3)) < 1e-5
# ```
# </details>
#
# ## What to remember
#
# | | |
# |---|---|
# | decomposition | $\log p(x) = \text{ELBO} + \mathrm{KL}(q \,\Vert\, p(z \mid x))$, for any $q$ |
# | second reading | $\mathbb{E}_q[\log p(x \mid z)] - \mathrm{KL}(q \,\Vert\, p(z))$: reconstruction − regularisation |
# | encoder | one network that returns $\mu(x), s(x)$ of $q(z \mid x)$ for every $x$ |
# | $\beta = 0$ | an autoencoder: the best reconstructions, but the prior means nothing |
# | $\beta$ large | posterior collapse: the latent says nothing; averaging over pixels does this by accident |
#
# ## References
#
# - M. I. Jordan, Z. Ghahramani, T. S. Jaakkola, L. K. Saul. *An Introduction to Variational Methods for Graphical
# Models.* Machine Learning 37, 1999.
# - D. M. Blei, A. Kucukelbir, J. D. McAuliffe. *Variational Inference: A Review for Statisticians.* JASA 112, 2017.
# - D. P. Kingma, M. Welling. *Auto-Encoding Variational Bayes.* ICLR 2014. Sections 2.2 and 2.3, appendix B: the KL.
# - S. Gershman, N. Goodman. *Amortized Inference in Probabilistic Reasoning.* CogSci 2014.
# - I. Higgins et al. *beta-VAE.* ICLR 2017.
#
# Next: [4. The probabilistic hidden cell](04_probabilistic_hidden_cell.ipynb)

# %% [markdown] lang="ko"
# 이미지 200장은 적으므로 둘 다 과적합이지만, KL 항이 없으면 어느 잣대로 보나 학습과 테스트가 더 벌어집니다. 이때 학습
# 이미지의 코드는 바늘처럼 좁고, 테스트 이미지는 디코더가 배운 적 없는 그 사이에 떨어집니다. KL 항이 과적합을 없애지는
# 못합니다. 과적합에 쓰이는 정보에 비용을 매길 뿐입니다.
#
# ## 연습 문제
#
# 1. **손으로.** ELBO가 $\log p(x)$와 같아지는 $q$는 무엇입니까? 그때 3.3절의 두 항은 무엇입니까?
#
# <details>
# <summary>풀이</summary>
#
# $q = p(z|x)$뿐입니다. 사후분포와의 KL이 0이 되는 것은 이때뿐이기 때문입니다. 두 항은 사후분포에 대한
# $\mathbb{E}[\log p(x|z)]$와, 사전분포에서 사후분포까지의 KL, 곧 $x$를 보고 $z$에 대해 알게 된 양입니다.
#
# ```python
# surprise = integral(np.exp(log_posterior) * log_normal(x, np.exp(grid), sigma))
# assert abs(surprise - kl(log_posterior, log_normal(grid, 0, 1)) - log_p) < 1e-8
# ```
# </details>
#
# 2. **예측.** 3.1절에서 디코더의 잡음을 $\sigma \to \infty$로 키우면 사후분포, 가장 좋은 $q$, KL 항은 어떻게 됩니까?
#
# <details>
# <summary>풀이</summary>
#
# $p(x|z)$가 $z$와 상관없어지므로 사후분포는 사전분포가 되고, 가장 좋은 $q$도 사전분포이며, KL 항은 0입니다. 사후분포
# 붕괴이지만 당연한 결과입니다. 알아낼 것이 없기 때문입니다.
#
# ```python
# flat = log_normal(x, np.exp(grid), 1000.0) + log_normal(grid, 0, 1)
# flat = flat - np.log(integral(np.exp(flat)))
# assert kl(flat, log_normal(grid, 0, 1)) < 1e-3
# ```
# </details>
#
# 3. **어느 KL인가.** 왜 $\mathrm{KL}(p(z|x) \,\|\, q)$가 아니라 $\mathrm{KL}(q \,\|\, p(z|x))$를 최소화합니까?
# 사후분포에 봉우리가 둘이면 가우시안 $q$는 각각 어떻게 합니까?
#
# <details>
# <summary>풀이</summary>
#
# 앞의 것은 사후분포에 대한 평균인데, 우리는 사후분포에서 표본을 뽑을 수 없습니다. 봉우리에 대해서는 이렇습니다. 뒤의
# 것은 사후분포가 거의 0인 곳에 $q$가 있으면 벌하므로 $q$는 한 봉우리에 자리 잡습니다. 앞의 것은 사후분포가 있는 곳을
# $q$가 놓치면 벌하므로 $q$는 두 봉우리와 그 사이 골짜기까지 덮습니다.
#
# ```python
# bumps = np.logaddexp(log_normal(grid, -2, 0.4), log_normal(grid, 2, 0.4)) - np.log(2)
# one, both = log_normal(grid, 2, 0.4), log_normal(grid, 0, 2.04)
# assert kl(one, bumps) < kl(both, bumps)
# assert integral(np.exp(bumps) * (bumps - both)) < integral(np.exp(bumps) * (bumps - one))
# ```
# </details>
#
# 4. **코드.** 사전분포와의 KL 공식은 $\mu = 0$, $s = 1$에서 0입니다. 최솟값이 여기뿐임을 기울기로 보이십시오.
#
# <details>
# <summary>풀이</summary>
#
# $\partial/\partial\mu = \mu$와 $\partial/\partial s = s - 1/s$가 모두 0인 곳은 ($s > 0$에서) $\mu = 0$, $s =
# 1$뿐이고, 이계 도함수 1과 $1 + 1/s^2$은 양수입니다.
#
# ```python
# m, w = tf.Variable(0.7), tf.Variable(0.3)
# with tf.GradientTape() as tape:
#     value = 0.5 * (m**2 + w**2 - 1 - tf.math.log(w**2))
# by_m, by_w = tape.gradient(value, [m, w])
# assert abs(float(by_m) - 0.7) < 1e-6
# assert abs(float(by_w) - (0.3 - 1 / 0.3)) < 1e-5
# ```
# </details>
#
# ## 기억할 것
#
# | | |
# |---|---|
# | 분해 | 어떤 $q$에 대해서도 $\log p(x) = \text{ELBO} + \mathrm{KL}(q \,\Vert\, p(z \mid x))$ |
# | 두 가지 읽기 | $\mathbb{E}_q[\log p(x \mid z)] - \mathrm{KL}(q \,\Vert\, p(z))$, 곧 재구성 빼기 정규화 |
# | 인코더 | 모든 $x$에 대해 $q(z \mid x)$의 $\mu(x), s(x)$를 내놓는 신경망 하나 |
# | $\beta = 0$ | 보통의 오토인코더. 재구성은 가장 좋지만 사전분포에 아무 뜻이 없음 |
# | $\beta$가 클 때 | 사후분포 붕괴. 잠재 변수에 아무 정보도 담기지 않음. 픽셀 평균을 내면 모르는 사이에 이렇게 됨 |
#
# ## 참고 문헌
#
# - M. I. Jordan, Z. Ghahramani, T. S. Jaakkola, L. K. Saul. *An Introduction to Variational Methods for Graphical
# Models.* Machine Learning 37, 1999.
# - D. M. Blei, A. Kucukelbir, J. D. McAuliffe. *Variational Inference: A Review for Statisticians.* JASA 112, 2017.
# - D. P. Kingma, M. Welling. *Auto-Encoding Variational Bayes.* ICLR 2014. 2.2절과 2.3절, 부록 B(KL).
# - S. Gershman, N. Goodman. *Amortized Inference in Probabilistic Reasoning.* CogSci 2014.
# - I. Higgins et al. *beta-VAE.* ICLR 2017.
#
# 다음: [4. 확률적 은닉 셀](04_probabilistic_hidden_cell.ipynb)
