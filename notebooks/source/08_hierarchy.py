# %% [markdown] lang="en"
# # 8. A hierarchy of latents
#
# Up to here an image had one latent vector. The VAEs with the best likelihoods have many groups of latents, from coarse
# to fine: a **ladder**. This lecture derives it, checks it on a toy of two numbers, and takes a trained one apart.
#
# At the end you will know
#
# - why a model with one latent vector blurs details: what it costs to say them;
# - how a ladder is built on the prior $\mathcal{N}(0, I)$, and why its KL is a sum of closed forms;
# - which group of a trained ladder carries what, in nats and to the eye;
# - what a ladder gains, and what it does not: sharp reconstructions and good samples are two things.
#
# You need lectures 1 to 5: ELBO, reparameterisation, quadrature, the importance-weighted bound. **Predict first** boxes
# ask what the next cell answers.
#
# <details>
# <summary>Symbols in this lecture</summary>
#
# | symbol | meaning |
# |---|---|
# | $L$ | number of groups; group 1 is the coarsest |
# | $e_l$, $z_l$ | latents of group $l$ with the prior $\mathcal{N}(0, I)$; the same, moved and scaled by the decoder |
# | $h_l$ | the decoder's state before group $l$: all that the groups above have said |
# | $m_l(h_l)$, $s_l(h_l)$ | by what the decoder moves and scales $e_l$ |
# | $\mu_l$, $\sigma_l$ | mean and standard deviation of $q(e_l \mid e_{<l}, x)$ |
#
# All of them, with the Korean terms: [glossary](../glossary.md).
# </details>

# %% [markdown] lang="ko"
# # 8. 계층적 잠재 변수
#
# 지금까지는 이미지 한 장에 잠재 벡터가 하나였습니다. 가능도가 가장 좋은 VAE에는 거친 것에서 세밀한 것까지 잠재 변수
# 그룹이 여럿 있습니다. 이런 모델을 **사다리**(ladder)라고 합니다. 이 강의에서는 사다리를 유도하고, 수 두 개짜리 장난감
# 모델로 확인한 다음, 학습된 사다리를 분해해 봅니다.
#
# 이 강의를 마치면 다음을 알게 됩니다.
#
# - 잠재 벡터가 하나인 모델에서 세부가 흐려지는 까닭: 세부를 전하는 데 드는 비용
# - 사전분포 $\mathcal{N}(0, I)$ 위에 사다리를 세우는 법과, 그 KL이 공식들의 합이 되는 까닭
# - 학습된 사다리의 어느 그룹이 무엇을 담고 있는지, 내트로 재고 눈으로 보는 법
# - 사다리로 얻는 것과 얻지 못하는 것: 선명한 재구성과 좋은 표본은 서로 다른 일
#
# 1강부터 5강까지의 내용, 곧 ELBO, 재매개변수화, 수치적분, 중요도 가중 하한을 알고 있으면 됩니다. **먼저 예측하기**의
# 물음은 바로 다음 셀이 답합니다.
#
# <details>
# <summary>이 강의의 기호</summary>
#
# | 기호 | 뜻 |
# |---|---|
# | $L$ | 그룹의 수. 그룹 1이 가장 거칢 |
# | $e_l$, $z_l$ | 사전분포가 $\mathcal{N}(0, I)$인 그룹 $l$의 잠재 변수, 그것을 디코더가 옮기고 늘린 것 |
# | $h_l$ | 그룹 $l$ 앞에서의 디코더 상태: 위 그룹들이 전한 모든 것 |
# | $m_l(h_l)$, $s_l(h_l)$ | 디코더가 $e_l$을 옮기는 양과 늘리는 비율 |
# | $\mu_l$, $\sigma_l$ | $q(e_l \mid e_{<l}, x)$의 평균과 표준편차 |
#
# 모든 기호와 영어 용어는 [용어집](../glossary.md)에 있습니다.
# </details>

# %%
# %matplotlib inline
import io

import numpy as np
from PIL import Image

import keras_vae
from keras_vae.pictures.figure import BLUE, VERMILLION, new_figure, style_axes, style_legend
from keras_vae.pictures.labelled_grid import labelled_grid

rng = np.random.default_rng(0)

# %% [markdown] lang="en"
# ## 8.1 What it costs to say a detail
#
# Let a detail of an image be the number $\sqrt{v}\, e$, of variance $v$, where $e \sim \mathcal{N}(0, 1)$ is its
# latent. The image shows it as $d = \sqrt{v}\, e + \sigma\,\varepsilon$, so that $\sigma$ says how precisely. The exact
# posterior of $e$ is a Gaussian, so lecture 3's closed form gives what it costs, averaged over $d$:
#
# $$\mathbb{E}_d\big[\mathrm{KL}(q(e \mid d) \,\|\, p(e))\big] = \tfrac12 \log\big(1 + v / \sigma^2\big)$$
#
# A detail that would cost more than it brings to the reconstruction is not said. The decoder then draws the mean over
# everything that it might have been, and a mean of many edges in many places is a blur.
#
# The price depends on what is known already. Say that the detail belongs to something coarse: an eye to a face. If
# $c \sim \mathcal{N}(0, 1)$ is the place of the face and $2c + 0.2\,\varepsilon'$ that of the eye, then the eye's place
# has the variance $4.04$ for one who knows nothing, and $0.04$ for one who knows $c$.
#
# > **Predict first.** With $\sigma = 0.1$, how many nats does the eye cost alone, and how many once the face is known?

# %% [markdown] lang="ko"
# ## 8.1 세부를 전하는 비용
#
# 이미지의 세부 하나를 분산이 $v$인 수 $\sqrt{v}\, e$라 하고, 그 잠재 변수를 $e \sim \mathcal{N}(0, 1)$이라 합시다.
# 이미지에는 $d = \sqrt{v}\, e + \sigma\,\varepsilon$으로 나타나며, $\sigma$가 정밀도를 정합니다. $e$의 정확한
# 사후분포는 가우시안이므로, 3강의 공식에서 $d$에 대한 평균 비용이 나옵니다.
#
# $$\mathbb{E}_d\big[\mathrm{KL}(q(e \mid d) \,\|\, p(e))\big] = \tfrac12 \log\big(1 + v / \sigma^2\big)$$
#
# 재구성에 보태는 것보다 비용이 더 드는 세부는 전해지지 않습니다. 그러면 디코더는 그 세부가
# 가질 수 있었던 모든 값의 평균을 그립니다. 여러 자리에 있는 여러 윤곽선의 평균이 바로 흐릿한 이미지입니다.
#
# 비용은 이미 무엇을 알고 있느냐에 달려 있습니다. 얼굴에 눈이 딸려 있듯이 세부가 거친 것에 딸려 있다고 합시다. 얼굴의
# 자리가 $c \sim \mathcal{N}(0, 1)$이고 눈의 자리가 $2c + 0.2\,\varepsilon'$이면, 눈의 자리의 분산은 아무것도 모를 때는
# $4.04$이지만 $c$를 알면 $0.04$입니다.
#
# > **먼저 예측하기.** $\sigma = 0.1$일 때 눈을 전하는 데 따로는 몇 내트가 들고, 얼굴을 알고 나면 몇 내트가 들까요?


# %%
def kl_to_prior(mean, stddev):
    return 0.5 * (mean**2 + stddev**2 - 1) - np.log(stddev)


def cost(v, sigma=0.1):
    d = np.sqrt(v + sigma**2) * rng.standard_normal(100_000)
    variance = 1 / (1 + v / sigma**2)  # of the exact posterior, whose mean is linear in d
    return kl_to_prior(variance * np.sqrt(v) / sigma**2 * d, np.sqrt(variance)).mean()


for name, v in {"alone": 4.04, "given c": 0.04}.items():
    formula = 0.5 * np.log(1 + v / 0.1**2)
    print(f"{name:8s} {cost(v):.2f} nats, formula {formula:.2f}")
    assert abs(cost(v) - formula) < 0.02

# %% [markdown] lang="en"
# Three nats, or less than one. So first say what is coarse, and then every detail relative to it.
#
# A single vector does not forbid that in principle: its decoder could compute the eye from $c$ and a second latent.
# What is in the way is the posterior. The encoder of lectures 3 to 5 gives all latents at once, independent of each
# other, while the right value of the second depends on what was sampled for the first. And a vector of a few dozen
# numbers has little room for details.
#
# ## 8.2 Groups
#
# A ladder has $L$ groups $e_1, \ldots, e_L$, all with the prior $\mathcal{N}(0, I)$. The decoder goes down from coarse
# to fine. In its state $h_l$ it moves and scales the noise of the group, and draws on:
#
# $$z_l = m_l(h_l) + s_l(h_l)\, e_l, \qquad h_{l+1} = \mathrm{block}_l(h_l, z_l).$$
#
# Given the groups above, $z_l$ is $\mathcal{N}(m_l, s_l^2)$: a prior that knows the face when it comes to the eye. The
# posterior goes down the same way and also looks at the image:
#
# $$q(e \mid x) = \prod_{l=1}^{L} q(e_l \mid e_{<l}, x), \qquad
# q(e_l \mid e_{<l}, x) = \mathcal{N}\big(\mu_l(e_{<l}, x),\, \sigma_l(e_{<l}, x)^2\big).$$
#
# **The KL is a sum over groups.** The logarithm of a product is a sum:
#
# $$\mathrm{KL}(q(e \mid x) \,\|\, p(e)) = \mathbb{E}_q \sum_l \log \frac{q(e_l \mid e_{<l}, x)}{p(e_l)}
# = \sum_l \mathbb{E}_{q(e_{<l} \mid x)} \big[\mathrm{KL}(q(e_l \mid e_{<l}, x) \,\|\, \mathcal{N}(0, I))\big].$$
#
# For given $e_{<l}$ each term is $\sum_j \tfrac12(\mu_j^2 + \sigma_j^2 - 1 - \log \sigma_j^2)$, the closed form of
# lecture 3. Only the groups above have to be sampled, and the decoder samples them anyway.
#
# **It is the same KL in $z$.** Papers write ladders with the latents $z_l$ and learned priors $p(z_l \mid z_{<l})$.
# Given the groups above, $z_l$ is an affine function of $e_l$. So both densities are divided by the same number:
#
# $$q(z_l \mid z_{<l}, x) = \frac{q(e_l \mid e_{<l}, x)}{\prod_j s_{l,j}}, \qquad
# p(z_l \mid z_{<l}) = \frac{p(e_l)}{\prod_j s_{l,j}},$$
#
# and it cancels in the ratio. Nothing is lost by writing the prior as $\mathcal{N}(0, I)$, and something is gained:
# whoever draws noise can draw images, with no need to know that there are groups.
#
# ## 8.3 A toy of two groups
#
# One number a group, an "image" of one number, everything by hand: $x$ is the coarse $z_1$ plus the detail $z_2$, seen
# with noise of standard deviation 0.1. The posterior of $e_1$ is a Gaussian that was guessed. That of $e_2$ is exact
# given $e_1$, but 1.2 times too wide, to be no better than a network.

# %% [markdown] lang="ko"
# 3내트가 들던 것이 1내트도 들지 않습니다. 그러니 거친 것을 먼저 전하고, 세부는 모두 그것을 기준으로 전하면 됩니다.
#
# 원리로만 보면 벡터 하나로도 못 할 일은 아닙니다. 디코더가 $c$와 둘째 잠재 변수에서 눈의 자리를 계산하면 됩니다.
# 걸림돌은 사후분포입니다. 3–5강의 인코더는 모든 잠재 변수를 한꺼번에, 서로 독립으로 내놓는데, 둘째의 알맞은 값은
# 첫째에서 어떤 표본이 나왔는지에 따라 달라집니다. 게다가 수가 몇십 개뿐인 벡터에는 세부를 담을 자리가 별로 없습니다.
#
# ## 8.2 그룹
#
# 사다리에는 그룹 $e_1, \ldots, e_L$이 있고 사전분포는 모두 $\mathcal{N}(0, I)$입니다. 디코더는 거친 것에서 세밀한
# 것으로 내려가면서, 상태 $h_l$에서 그 그룹의 잡음을 옮기고 늘린 다음 이어서 그립니다.
#
# $$z_l = m_l(h_l) + s_l(h_l)\, e_l, \qquad h_{l+1} = \mathrm{block}_l(h_l, z_l).$$
#
# 위 그룹들이 주어지면 $z_l$은 $\mathcal{N}(m_l, s_l^2)$을 따릅니다. 눈을 그릴 차례에 이미 얼굴을 아는 사전분포입니다.
# 사후분포도 같은 길을 내려가되 이미지를 함께 봅니다.
#
# $$q(e \mid x) = \prod_{l=1}^{L} q(e_l \mid e_{<l}, x), \qquad
# q(e_l \mid e_{<l}, x) = \mathcal{N}\big(\mu_l(e_{<l}, x),\, \sigma_l(e_{<l}, x)^2\big).$$
#
# **KL은 그룹마다의 합입니다.** 곱의 로그는 합이기 때문입니다.
#
# $$\mathrm{KL}(q(e \mid x) \,\|\, p(e)) = \mathbb{E}_q \sum_l \log \frac{q(e_l \mid e_{<l}, x)}{p(e_l)}
# = \sum_l \mathbb{E}_{q(e_{<l} \mid x)} \big[\mathrm{KL}(q(e_l \mid e_{<l}, x) \,\|\, \mathcal{N}(0, I))\big].$$
#
# $e_{<l}$이 주어지면 각 항은 3강의 공식 $\sum_j \tfrac12(\mu_j^2 + \sigma_j^2 - 1 - \log \sigma_j^2)$입니다. 표본을
# 뽑아야 하는 것은 위 그룹들뿐이고, 그것은 디코더가 어차피 뽑습니다.
#
# **$z$로 써도 같은 KL입니다.** 논문에서는 사다리를 잠재 변수 $z_l$과 학습하는 사전분포 $p(z_l \mid z_{<l})$로 적습니다.
# 위 그룹들이 주어지면 $z_l$은 $e_l$의 일차함수이므로, 두 밀도를 같은 수로 나누게 됩니다.
#
# $$q(z_l \mid z_{<l}, x) = \frac{q(e_l \mid e_{<l}, x)}{\prod_j s_{l,j}}, \qquad
# p(z_l \mid z_{<l}) = \frac{p(e_l)}{\prod_j s_{l,j}},$$
#
# 비를 구하면 이 수가 약분됩니다. 사전분포를 $\mathcal{N}(0, I)$로 적어서 잃는 것은 없고 얻는 것은 있습니다. 그룹이 있는
# 줄 몰라도, 잡음만 뽑을 수 있으면 이미지를 그릴 수 있습니다.
#
# ## 8.3 그룹이 둘인 장난감
#
# 그룹마다 수 하나, "이미지"도 수 하나로 하고 모든 것을 손으로 정합니다. $x$는 거친 $z_1$에 세부 $z_2$를 더한 것을
# 표준편차 0.1의 잡음과 함께 본 것입니다. $e_1$의 사후분포는 눈대중으로 정한 가우시안입니다. $e_2$의 사후분포는 $e_1$이
# 주어졌을 때의 정확한 것인데, 신경망보다 낫지 않도록 1.2배 넓혀 두었습니다.


# %%
def log_normal(x, mean, stddev):
    return -0.5 * np.log(2 * np.pi) - np.log(stddev) - 0.5 * ((x - mean) / stddev) ** 2


SIGMA = 0.1
m_1, s_1 = 0.3, 1.5  # nothing stands above group 1: constants


def m_2(z_1):
    return 0.5 * np.sin(2 * z_1)


def s_2(z_1):
    return 0.2 + 0.3 / (1 + np.exp(-2 * z_1))


def log_likelihood(x, e_1, e_2):
    z_1 = m_1 + s_1 * e_1
    return log_normal(x, z_1 + m_2(z_1) + s_2(z_1) * e_2, SIGMA)


def posterior_1(x):
    return 0.4 * x, 0.4


def posterior_2(x, e_1):
    z_1 = m_1 + s_1 * e_1
    variance = 1 / (1 + (s_2(z_1) / SIGMA) ** 2)
    return variance * s_2(z_1) / SIGMA**2 * (x - z_1 - m_2(z_1)), 1.2 * np.sqrt(variance)


x, n = 1.2, 400_000
mu_1, sigma_1 = posterior_1(x)
e_1 = mu_1 + sigma_1 * rng.standard_normal(n)
mu_2, sigma_2 = posterior_2(x, e_1)
e_2 = mu_2 + sigma_2 * rng.standard_normal(n)
log_q = log_normal(e_1, mu_1, sigma_1) + log_normal(e_2, mu_2, sigma_2)
log_prior = log_normal(e_1, 0, 1) + log_normal(e_2, 0, 1)

kl_1, kl_2 = kl_to_prior(mu_1, sigma_1), kl_to_prior(mu_2, sigma_2).mean()
by_samples, standard_error = (log_q - log_prior).mean(), (log_q - log_prior).std() / np.sqrt(n)
print(f"KL: group 1 {kl_1:.3f} + group 2 {kl_2:.3f} = {kl_1 + kl_2:.3f} nats")
print(f"    by samples of both: {by_samples:.3f} +- {standard_error:.3f}")
assert abs(by_samples - kl_1 - kl_2) < 5 * standard_error

z_1 = m_1 + s_1 * e_1
z_2 = m_2(z_1) + s_2(z_1) * e_2
log_q_z = log_normal(z_1, m_1 + s_1 * mu_1, s_1 * sigma_1)
log_q_z += log_normal(z_2, m_2(z_1) + s_2(z_1) * mu_2, s_2(z_1) * sigma_2)
log_prior_z = log_normal(z_1, m_1, s_1) + log_normal(z_2, m_2(z_1), s_2(z_1))
assert np.allclose(log_q_z - log_prior_z, log_q - log_prior)  # of every sample, not only in the mean

# %% [markdown] lang="en"
# Now the bounds. With two latents $p(x)$ can still be integrated on a grid (lecture 2). The ELBO must lie below its
# logarithm, and the importance-weighted bound $\mathcal{L}_K$ of lecture 5 between the two, closer with every larger
# $K$. Its weight is the same as ever, $w = p(x \mid e)\, p(e) / q(e \mid x)$.

# %% [markdown] lang="ko"
# 이제 하한들입니다. 잠재 변수가 둘이면 $p(x)$를 아직 격자 위에서 적분할 수 있습니다(2강). ELBO는 그 로그보다 아래에
# 있고, 5강의 중요도 가중 하한 $\mathcal{L}_K$는 둘 사이에 있으면서 $K$가 커질수록 가까워져야 합니다. 가중치는 늘 쓰던
# $w = p(x \mid e)\, p(e) / q(e \mid x)$ 그대로입니다.

# %%
grid, step = np.linspace(-6, 6, 2001, retstep=True)
along, across = grid[:, None], grid[None]
joint = np.exp(log_likelihood(x, along, across) + log_normal(along, 0, 1) + log_normal(across, 0, 1))
log_p = np.log(joint.sum() * step**2)

log_w = log_likelihood(x, e_1, e_2) + log_prior - log_q
sizes = [1, 2, 5, 20, 100, 1000]
bounds = [np.log(np.exp(log_w.reshape(-1, k)).mean(axis=1)).mean() for k in sizes]
for k, value in zip(sizes, bounds, strict=True):
    print(f"K = {k:4d}   log p(x) - L_K = {log_p - value:.4f} nats")
assert bounds == sorted(bounds)
assert bounds[0] < log_p - 0.05
assert abs(bounds[-1] - log_p) < 0.005

figure = new_figure(5, 2.4)
axes = figure.subplots()
axes.plot(sizes, bounds, "o-", color=BLUE, label=r"$\mathcal{L}_K$   (K = 1: ELBO)")
axes.axhline(log_p, color=VERMILLION, linestyle="--", label=r"$\log\,p(x)$")
axes.set_xscale("log")
style_axes(axes, "", "K", "nats")
style_legend(axes, loc="lower right")
figure

# %% [markdown] lang="en"
# (The last difference is below zero by chance: it is a mean of 400 estimates, and has an error of its own.)
#
# ## 8.4 A trained ladder
#
# The preset `emoji_ladder` was trained on 3,076 colour emoji of 32 × 32 pixels. It has seven groups: maps of 4 × 4,
# then 8 × 8, then 16 × 16 places, with some latents at every place. `evaluate` gives the KL of each group. We take
# every eleventh test image.
#
# > **Predict first.** Which groups cost most: the coarse, which say what it is, or the fine ones? Is each of them used?

# %% [markdown] lang="ko"
# (마지막 차가 0보다 작은 것은 우연입니다. 추정값 400개의 평균이라 그 자체에 오차가 있습니다.)
#
# ## 8.4 학습된 사다리
#
# 프리셋 `emoji_ladder`는 32 × 32픽셀 컬러 이모지 3,076장으로 학습했습니다. 그룹은 일곱입니다. 자리가 4 × 4, 8 × 8,
# 16 × 16인 맵이 차례로 있고 자리마다 잠재 변수가 몇 개씩 있습니다. `evaluate`는 그룹마다의 KL을 알려 줍니다. 테스트
# 이미지를 열한 장에 한 장씩 씁니다.
#
# > **먼저 예측하기.** 비용이 가장 많이 드는 것은 무엇인지를 전하는 거친 그룹일까요, 세밀한 그룹일까요? 모든 그룹이
# > 쓰이고 있을까요?

# %%
model = keras_vae.VAE.from_preset("emoji_ladder", load_weights=True)
test_images = np.concatenate(list(keras_vae.load_dataset("emoji", split="test", batch_size=374)))[::11]
figures = keras_vae.evaluate(model, test_images, importance_samples=2)
kl = np.array(figures["kl_per_group"])
print("group  map           latents   nats   nats per latent")
for group, (shape, nats) in enumerate(zip(model.decoder.group_shapes, kl, strict=True), 1):
    latents = np.prod(shape)
    print(f"{group:5d}  {' x '.join(map(str, shape)):12s} {latents:8d} {nats:6.1f}   {nats / latents:.3f}")
print(f"       all          {model.latent_dim:8d} {kl.sum():6.1f}")
assert sum(model.posterior.widths) == model.latent_dim
assert abs(kl.sum() - figures["kl"]) < 1e-6 * kl.sum()
assert kl[5:].sum() > kl[:5].sum()  # most is said about details
assert kl[1] < 0.01  # and the second group says nothing

# %% [markdown] lang="en"
# The two finest groups take more than half of the nats. There are many details, and each has to be said. Group 2 stays
# at 0: it collapsed onto its prior (lecture 5), and the ladder works without it.
#
# What does each group carry? Take the means of the posterior for the first $l$ groups, and zeros, the prior's mean, for
# all others, and decode. From top to bottom the decoder learns more and more of the image.
#
# > **Predict first.** After which row will you recognise the emoji? What will come last?

# %% [markdown] lang="ko"
# 가장 세밀한 두 그룹이 내트의 절반 넘게 씁니다. 세부는 많고 하나하나 전해야 하기 때문입니다. 그룹 2는 0에 머물러
# 있습니다. 사전분포로 붕괴했는데(5강), 사다리는 그 그룹 없이도 잘 작동합니다.
#
# 그룹마다 무엇을 담고 있을까요? 처음 $l$개 그룹에는 사후분포의 평균을, 나머지에는 사전분포의 평균인 0을 넣고 디코더에
# 통과시킵니다. 위에서 아래로 갈수록 디코더는 이미지에 대해 더 많이 알게 됩니다.
#
# > **먼저 예측하기.** 몇째 줄에서 어떤 이모지인지 알아볼 수 있을까요? 마지막에 더해지는 것은 무엇일까요?

# %%
ends = np.cumsum([0, *model.posterior.widths])
means = np.asarray(model.encode(test_images).mean())  # along the path of the means


def decoded(e):
    return np.asarray(model.decode(e.astype("float32")).mean())


def first_groups(number, rest):
    return np.where(np.arange(model.latent_dim) < ends[number], means, rest)


pictures = [decoded(first_groups(number, 0.0)) for number in range(len(ends))]
errors = np.array([np.mean((picture - test_images) ** 2) for picture in pictures])
for number, error in enumerate(errors):
    print(f"groups 1 to {number}: mean squared error {error:.4f}" if number else f"no group: {error:.4f}")
assert errors[-1] < 0.1 * errors[0]
assert errors[0] - errors[3] > 10 * (errors[5] - errors[7])  # the coarse groups, and the finest two
assert np.all(errors[1:] < errors[:-1] + 0.002)  # each group helps, or does not harm

shown = [0, 1, 5, 9, 13, 25, 29, 33]
rows = [picture[shown] for picture in pictures]
labels = [r"$l$ = " + str(number) for number in range(len(ends))]
labelled_grid([*rows, test_images[shown]], [*labels, "$x$"])

# %% [markdown] lang="en"
# Group 1 tells, for 27 nats, a silhouette and how dark it is: more than half of the squared error is gone. Group 3, at
# 8 × 8, brings the colours and the parts: here one recognises the emoji. The groups at 16 × 16 draw edges, faces and
# small signs. They cost most nats and, together, change the squared error least. But the squared error is not what was
# trained: in nats such edges are worth their price.
#
# (Zeros are only one way to leave a group out. The mean over everything that the finer groups may say would be smoother
# still.)
#
# ## 8.5 Samples
#
# Reconstructions are sharp. What about images from the prior alone? Below, the first row draws all groups from the
# prior. In the others, the first $l$ groups are those of the test image, and only the finer ones are drawn.
#
# > **Predict first.** Is the first row emoji?

# %% [markdown] lang="ko"
# 그룹 1은 27내트로 실루엣과 그 밝기를 전합니다. 제곱 오차의 절반 넘게 여기서 사라집니다. 8 × 8인 그룹 3은 색과
# 부분들을 더합니다. 어떤 이모지인지 여기서 알아볼 수 있습니다. 16 × 16인 그룹들은 윤곽선, 얼굴, 작은 기호를 그립니다.
# 내트는 가장 많이 쓰면서 제곱 오차는 가장 적게 바꿉니다. 하지만 학습에서 줄인 것은 제곱 오차가 아닙니다. 내트로 재면
# 이런 윤곽선은 제값을 합니다.
#
# (0을 넣는 것은 그룹을 빼는 한 가지 방법일 뿐입니다. 세밀한 그룹들이 가질 수 있는 모든 값에 대해 평균하면 더
# 흐릿할 것입니다.)
#
# ## 8.5 표본
#
# 재구성은 선명합니다. 사전분포만으로 그린 이미지는 어떨까요? 아래에서 첫 줄은 모든 그룹을 사전분포에서 뽑습니다. 나머지
# 줄에서는 처음 $l$개 그룹은 테스트 이미지의 것이고 더 세밀한 그룹만 뽑습니다.
#
# > **먼저 예측하기.** 첫 줄은 이모지로 보일까요?

# %%
noise = rng.standard_normal(means.shape)
kept = [0, 1, 3, 5, 7]
drawn = [decoded(first_groups(number, noise)) for number in kept]
distances = [np.mean((picture - test_images) ** 2) for picture in drawn]
print("mean squared distance from the test images:", np.round(distances, 4))
assert distances == sorted(distances, reverse=True)

train_images = np.concatenate(list(keras_vae.load_dataset("emoji", split="train", shuffle=False)))
some = train_images[::107]
train_kl = keras_vae.evaluate(model, some, importance_samples=2)["kl_per_group"]
print(f"KL of {len(some)} images of the split train: {sum(train_kl):.0f} nats, group 1 alone {train_kl[0]:.1f}")
print(f"log N = {np.log(len(train_images)):.2f} nats for N = {len(train_images)}")
assert train_kl[0] > 20 > 2 * np.log(len(train_images))

labelled_grid([picture[shown] for picture in drawn], [r"$l$ = " + str(number) for number in kept])

# %% [markdown] lang="en"
# No: the first row is blobs in the colours of emoji. Group 1 of an image gives them its outline. From three groups on
# the emoji is there, and the prior's finer groups add spots and edges that fit the place, and not always the image.
#
# Lecture 5 tells why. To tell every training image from all others takes $\log N \approx 8$ nats. (Training also flips
# and shifts them, which adds a few nats; 336 of the 3,412 were kept back to watch it.) Group 1 alone says more than 20,
# and all groups together hundreds. The rest is the gap between aggregate posterior and prior: the prior fills a space
# in which 3,000 images are a few far points, and a sample falls between them. What an edge or a fold looks like is seen
# many times in every image, and is learned; what stands where in an emoji is seen 3,000 times in all, and is not. More
# images help. A hierarchy does not replace them.
#
# ## 8.6 What it gains, and what it costs
#
# $-\log_2 p(x)$ is the number of bits that a perfect coder takes for an image, and minus the
# importance-weighted bound is never below it in expectation. Per dimension, the model can be held against image files.
#
# > **Predict first.** Does the ladder take fewer bits than lossless WebP, for emoji it has never seen?

# %% [markdown] lang="ko"
# 아닙니다. 첫 줄은 색만 이모지 같은 얼룩입니다. 어떤 이미지의 그룹 1을 주면 외곽이 그 이미지를 따릅니다. 세 그룹부터는
# 그 이모지가 보이고, 사전분포에서 뽑은 세밀한 그룹들은 그 자리에 어울리는 얼룩과 윤곽선을 더합니다. 그러나 늘 이미지와
# 맞지는 않습니다.
#
# 까닭은 5강에 있습니다. 학습 이미지 하나하나를 나머지와 구별하는 데는 $\log N \approx 8$내트면 됩니다. (학습할 때
# 뒤집고 옮기기도 했으므로 몇 내트가 더해집니다. 3,412장 가운데 336장은 학습을 지켜보려고 남겨 두었습니다.) 그런데 그룹
# 1만 해도 20내트 넘게, 모든 그룹은 수백 내트를 씁니다. 나머지는 집계 사후분포와 사전분포 사이의 틈입니다. 사전분포가
# 채우는 공간에서 이미지 3,000장은 멀리 떨어진 점 몇 개에 지나지 않고, 표본은 그 사이에 떨어집니다. 윤곽선이나 주름의
# 생김새는 이미지마다 수없이 나오므로 배웁니다. 이모지의 어디에 무엇이 있는지는 모두 3,000번밖에 나오지 않으므로 배우지
# 못합니다. 이미지가 더 많으면 나아집니다. 계층이 그것을 대신하지는 못합니다.
#
# ## 8.6 얻는 것과 드는 것
#
# $-\log_2 p(x)$는 완벽한 부호가 이미지 한 장을 적는 데 쓰는 비트의 수입니다. 중요도 가중 하한의 부호를 바꾼 값은
# 기댓값으로 보아 이보다 작지 않습니다. 차원당 비트로 나타내면 모델을 이미지 파일과 견줄 수 있습니다.
#
# > **먼저 예측하기.** 한 번도 본 적 없는 이모지에 대해 사다리는 무손실 WebP보다 비트를 적게 쓸까요?


# %%
def bits_of_files(images, **options):
    sizes = []
    for image in np.rint(255 * images).astype(np.uint8):
        file = io.BytesIO()
        Image.fromarray(image).save(file, **options)
        sizes.append(8 * len(file.getvalue()) / image.size)
    return np.mean(sizes)


webp = bits_of_files(test_images, format="webp", lossless=True, quality=100, method=6)
png = bits_of_files(test_images, format="png", optimize=True)
ladder = figures["bits_per_dimension"]
print(f"bits per dimension of {len(test_images)} test images: ladder {ladder:.2f}, WebP {webp:.2f}, PNG {png:.2f}")
assert ladder < webp < png

# %% [markdown] lang="en"
# It does. Here are the measured figures of all test images, from `benchmarks/ladders.md`; the model's are the bound
# with 100 samples:
#
# | all 374 test emoji | bits per dimension |
# |---|---|
# | `emoji_ladder`, seven groups, 1.28 million weights | 2.574 |
# | WebP, lossless | 2.942 |
# | `image_residual`, one latent of 8 × 8 × 8, 0.35 million weights | 2.999 |
# | PNG | 3.866 |
#
# The ladder takes 14 % fewer bits than the model with one latent. It was also trained longer: 115 minutes of processor
# time beside 28. In trial runs of seven minutes, with a smaller ladder, one latent was ahead. On MNIST the preset
# `mnist_ladder` reaches 78.55 nats per image, and `mnist_conv_mixture`, a vector of 40 with a flow and a learned prior,
# 79.68. A ladder asks for patience, and for more layers on the device. (And WebP needs no weights to unpack.)
#
# ## Exercises
#
# 1. **By hand.** How many bytes does an image of 32 × 32 × 3 take at 2.574 bits per dimension, and how many as WebP?
#
# <details>
# <summary>Solution</summary>
#
# $32 \cdot 32 \cdot 3 = 3072$ numbers: $3072 \cdot 2.574 / 8 \approx 988$ bytes, and
# $3072 \cdot 2.942 / 8 \approx 1130$.
#
# ```python
# assert [round(3072 * bits / 8) for bits in (2.574, 2.942)] == [988, 1130]
# ```
# </details>
#
# 2. **Proof.** Let $z = m + s\,e$ with $s > 0$, and let $q(e)$ and $p(e)$ be Gaussians. Show with the closed form that
# the KL divergence is the same in $z$.
#
# <details>
# <summary>Solution</summary>
#
# For $q = \mathcal{N}(\mu, \sigma^2)$ and $p = \mathcal{N}(a, b^2)$ it is
# $\log \frac{b}{\sigma} + \frac{\sigma^2 + (\mu - a)^2}{2 b^2} - \frac12$. In $z$ the standard deviations are $s\sigma$
# and $s b$, and the difference of the means is $s(\mu - a)$: $s$ cancels in both fractions, and $m$ in the difference.
#
# ```python
# def kl_of_gaussians(mu, sigma, a, b):
#     return np.log(b / sigma) + (sigma**2 + (mu - a) ** 2) / (2 * b**2) - 0.5
# in_e = kl_of_gaussians(0.7, 0.2, 0, 1)
# assert abs(in_e - kl_to_prior(0.7, 0.2)) < 1e-12
# assert abs(in_e - kl_of_gaussians(2 + 3 * 0.7, 3 * 0.2, 2, 3)) < 1e-12
# ```
# </details>
#
# 3. **Predict, then code.** Group 2 has a KL of 0. What happens to the decoded images if its latents are replaced by
# noise? And if those of group 1 are?
#
# <details>
# <summary>Solution</summary>
#
# The posterior of group 2 is the prior for every image, so it says nothing of the image. The decoder has learned to
# ignore it: no pixel changes by as much as one of 255 steps. Other outlines from group 1 change the whole image.
#
# ```python
# def replaced(group):
#     e = means.copy()
#     part = slice(ends[group - 1], ends[group])
#     e[:, part] = noise[:, part]
#     return np.abs(decoded(e) - pictures[-1])
# assert replaced(2).max() < 1 / 255
# assert replaced(1).mean() > 0.01
# ```
# </details>
#
# ## What to remember
#
# | | |
# |---|---|
# | blur | the mean over details that cost more to say than they bring |
# | a ladder | groups from coarse to fine; each is said relative to those above it |
# | its prior | $\mathcal{N}(0, I)$; the decoder moves and scales: the same KL as with learned priors of $z_l$ |
# | its KL | a sum over groups of closed forms, at samples of the groups above |
# | `evaluate(...)["kl_per_group"]` | nats of each group; near 0: the group is not used |
# | it gains | likelihood and sharp reconstructions: 2.574 bits per dimension instead of 2.999 |
# | it does not gain | samples from few images: the gap of lecture 5 remains |
#
# ## References
#
# - C. K. Sønderby, T. Raiko, L. Maaløe, S. K. Sønderby, O. Winther. *Ladder Variational Autoencoders.* NeurIPS 2016.
# - A. Vahdat, J. Kautz. *NVAE: A Deep Hierarchical Variational Autoencoder.* NeurIPS 2020. Section 3.2: the posterior
# relative to the prior.
# - R. Child. *Very Deep VAEs Generalize Autoregressive Models and Can Outperform Them on Images.* ICLR 2021.
#
# Next: [9. Scores: how unusual is an image?](09_scores.ipynb)

# %% [markdown] lang="ko"
# 그렇습니다. 다음은 `benchmarks/ladders.md`에 있는, 모든 테스트 이미지로 잰 값입니다. 모델의 값은 표본 100개로 구한
# 하한입니다.
#
# | 테스트 이모지 374장 전체 | 차원당 비트 |
# |---|---|
# | `emoji_ladder`, 그룹 일곱, 가중치 128만 개 | 2.574 |
# | 무손실 WebP | 2.942 |
# | `image_residual`, 8 × 8 × 8인 잠재 변수 하나, 가중치 35만 개 | 2.999 |
# | PNG | 3.866 |
#
# 사다리는 잠재 변수가 하나인 모델보다 비트를 14% 적게 씁니다. 학습도 더 오래 했습니다. 프로세서 시간으로 115분과
# 28분입니다. 더 작은 사다리로 7분씩 해 본 시험 학습에서는 잠재 변수가 하나인 쪽이 앞섰습니다. MNIST에서는 프리셋
# `mnist_ladder`가 이미지당 78.55내트이고, 정규화 흐름과 학습하는 사전분포를 갖춘 40차원 벡터인 `mnist_conv_mixture`가
# 79.68내트입니다. 사다리를 쓰려면 오래 기다려야 하고, 기기에서 계산할 층도 많아집니다. (그리고 WebP는 풀 때 가중치가
# 필요 없습니다.)
#
# ## 연습 문제
#
# 1. **손으로.** 32 × 32 × 3인 이미지는 차원당 2.574비트일 때 몇 바이트이며, WebP로는 몇 바이트입니까?
#
# <details>
# <summary>풀이</summary>
#
# 수가 $32 \cdot 32 \cdot 3 = 3072$개이므로 $3072 \cdot 2.574 / 8 \approx 988$바이트이고, WebP로는
# $3072 \cdot 2.942 / 8 \approx 1130$바이트입니다.
#
# ```python
# assert [round(3072 * bits / 8) for bits in (2.574, 2.942)] == [988, 1130]
# ```
# </details>
#
# 2. **증명.** $z = m + s\,e$이고 $s > 0$이며 $q(e)$와 $p(e)$가 가우시안이라고 합시다. KL 발산이 $z$로 써도 같다는 것을
# 공식으로 보이십시오.
#
# <details>
# <summary>풀이</summary>
#
# $q = \mathcal{N}(\mu, \sigma^2)$, $p = \mathcal{N}(a, b^2)$이면 KL은
# $\log \frac{b}{\sigma} + \frac{\sigma^2 + (\mu - a)^2}{2 b^2} - \frac12$입니다. $z$에서 표준편차는 $s\sigma$와
# $s b$이고 평균의 차는 $s(\mu - a)$입니다. 두 분수에서 $s$가 약분되고, 차를 구할 때 $m$이 없어집니다.
#
# ```python
# def kl_of_gaussians(mu, sigma, a, b):
#     return np.log(b / sigma) + (sigma**2 + (mu - a) ** 2) / (2 * b**2) - 0.5
# in_e = kl_of_gaussians(0.7, 0.2, 0, 1)
# assert abs(in_e - kl_to_prior(0.7, 0.2)) < 1e-12
# assert abs(in_e - kl_of_gaussians(2 + 3 * 0.7, 3 * 0.2, 2, 3)) < 1e-12
# ```
# </details>
#
# 3. **예측하고 코드로.** 그룹 2의 KL은 0입니다. 그 잠재 변수를 잡음으로 바꾸면 디코더가 그리는 이미지는 어떻게 됩니까?
# 그룹 1의 것을 바꾸면 어떻게 됩니까?
#
# <details>
# <summary>풀이</summary>
#
# 그룹 2의 사후분포는 모든 이미지에서 사전분포와 같으므로 이미지에 대해 아무것도 전하지 않습니다. 디코더도 무시하는 법을
# 배워서, 어떤 픽셀도 255단계 가운데 한 단계만큼도 바뀌지 않습니다. 그룹 1에서 외곽이 달라지면 이미지 전체가 바뀝니다.
#
# ```python
# def replaced(group):
#     e = means.copy()
#     part = slice(ends[group - 1], ends[group])
#     e[:, part] = noise[:, part]
#     return np.abs(decoded(e) - pictures[-1])
# assert replaced(2).max() < 1 / 255
# assert replaced(1).mean() > 0.01
# ```
# </details>
#
# ## 기억할 것
#
# | | |
# |---|---|
# | 흐림 | 보태는 것보다 전하는 비용이 더 드는 세부들의 평균 |
# | 사다리 | 거친 것에서 세밀한 것으로 이어지는 그룹들. 저마다 위 그룹들을 기준으로 전함 |
# | 사전분포 | $\mathcal{N}(0, I)$. 디코더가 옮기고 늘리므로 $z_l$의 사전분포를 학습하는 것과 같은 KL |
# | KL | 위 그룹들의 표본에서 구한, 그룹마다의 공식의 합 |
# | `evaluate(...)["kl_per_group"]` | 그룹마다의 내트. 0 근처면 쓰이지 않는 그룹 |
# | 얻는 것 | 가능도와 선명한 재구성. 차원당 2.999비트 대신 2.574비트 |
# | 얻지 못하는 것 | 적은 이미지로 학습했을 때의 좋은 표본. 5강의 틈은 그대로임 |
#
# ## 참고 문헌
#
# - C. K. Sønderby, T. Raiko, L. Maaløe, S. K. Sønderby, O. Winther. *Ladder Variational Autoencoders.* NeurIPS 2016.
# - A. Vahdat, J. Kautz. *NVAE: A Deep Hierarchical Variational Autoencoder.* NeurIPS 2020. 3.2절: 사전분포를 기준으로
# 한 사후분포.
# - R. Child. *Very Deep VAEs Generalize Autoregressive Models and Can Outperform Them on Images.* ICLR 2021.
#
# 다음: [9. 점수: 이 이미지는 얼마나 특이한가](09_scores.ipynb)
