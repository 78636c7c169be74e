# %% [markdown] lang="en"
# # 5. Training in practice
#
# Lectures 1 to 4 built the VAE. This one trains it, and treats what goes wrong on the way. Everything is `model.fit`;
# what changes is the loss, the prior, or how one looks at the numbers.
#
# At the end you will know
#
# - how to read `loss`, `reconstruction_loss` and `kl_loss`, and when to stop;
# - what **posterior collapse** looks like while it happens, and two remedies: warm-up and free bits;
# - the **importance-weighted bound**: a better judge than the ELBO, and another objective;
# - what the prior has to do with it: the **aggregate posterior**, and learned priors (mixture, VampPrior, RealNVP);
# - what the KL term is made of, and which part the objectives β-VAE, β-TC-VAE and InfoVAE press on.
#
# You need lectures 1 to 4: ELBO, quadrature on a grid, reparameterisation $z = \mu + s\,\varepsilon$. **Predict
# first** boxes ask what the next cell answers.
#
# <details>
# <summary>Symbols in this lecture</summary>
#
# | symbol | meaning |
# |---|---|
# | $q(z \mid x)$, $\mu$, $s$ | the encoder's distribution, its mean and standard deviation |
# | $\beta_t$, $\lambda$ | weight of the KL term at step $t$, free nats of a dimension |
# | $w(z)$, $\mathcal{L}_K$ | importance weight, importance-weighted bound of $K$ samples |
# | $q(z)$, $N$ | aggregate posterior, number of training images |
# | $I$ | mutual information of image and latent |
#
# All of them, with the Korean terms: [glossary](../glossary.md).
# </details>

# %% [markdown] lang="ko"
# # 5. 실전 학습
#
# 1강부터 4강까지 VAE를 만들었습니다. 이번에는 학습을 하면서, 도중에 잘못되는 일들을 바로잡습니다. 모든 것은 여전히
# `model.fit`입니다. 바뀌는 것은 손실이나 사전분포, 아니면 수치를 보는 눈뿐입니다.
#
# 이 강의를 마치면 다음을 알게 됩니다.
#
# - `loss`, `reconstruction_loss`, `kl_loss`를 읽는 법과 멈출 때를 아는 법
# - **사후분포 붕괴**가 일어나는 모습과 두 가지 처방: 웜업(warm-up)과 자유 비트(free bits)
# - **중요도 가중 하한**: ELBO보다 나은 심판이자 또 하나의 목적함수
# - 사전분포가 왜 문제가 되는가: **집계 사후분포**(aggregate posterior)와 학습하는 사전분포(혼합, VampPrior, RealNVP)
# - KL 항은 무엇으로 이루어져 있으며, 목적함수 β-VAE, β-TC-VAE, InfoVAE는 그중 무엇을 누르는가
#
# 1강부터 4강까지의 내용, 곧 ELBO, 격자 위의 수치적분, 재매개변수화 $z = \mu + s\,\varepsilon$을 알고 있으면 됩니다.
# **먼저 예측하기**의 물음은 바로 다음 셀이 답합니다.
#
# <details>
# <summary>이 강의의 기호</summary>
#
# | 기호 | 뜻 |
# |---|---|
# | $q(z \mid x)$, $\mu$, $s$ | 인코더의 분포, 그 평균과 표준편차 |
# | $\beta_t$, $\lambda$ | 스텝 $t$에서 KL 항의 가중치, 차원마다 공짜인 내트 |
# | $w(z)$, $\mathcal{L}_K$ | 중요도 가중치, 표본 $K$개의 중요도 가중 하한 |
# | $q(z)$, $N$ | 집계 사후분포, 학습 이미지의 수 |
# | $I$ | 이미지와 잠재 변수의 상호정보량 |
#
# 모든 기호와 영어 용어는 [용어집](../glossary.md)에 있습니다.
# </details>

# %%
# %matplotlib inline
import os

import keras
import numpy as np
import tensorflow as tf

import keras_vae
from keras_vae.data.load import load_arrays
from keras_vae.objectives import ELBO, IWAE, BetaTCVAE, BetaVAE, FreeBits, InfoVAE, LinearWarmUp
from keras_vae.pictures.figure import BLUE, FAINT, INK, VERMILLION, new_figure, style_axes, style_legend
from keras_vae.pictures.history import draw_history
from keras_vae.pictures.labelled_grid import labelled_grid
from keras_vae.priors import GaussianMixture, RealNVP, VampPrior

GREEN = "#009E73"  # with BLUE and VERMILLION from the colours of Okabe and Ito
FAST = os.environ.get("FAST") == "1"  # the tests set it, to train shorter
rng = np.random.default_rng(0)

# %% [markdown] lang="en"
# ## 5.1 Reading the loss
#
# The digits again, with two latents (so that we can look at the latent plane and integrate over it) and the binomial
# likelihood of lecture 1. `validation_data` are images that training never sees.

# %% [markdown] lang="ko"
# ## 5.1 손실 읽기
#
# 다시 숫자 이미지입니다. 잠재 변수는 둘(그래야 잠재 평면을 눈으로 보고 그 위에서 적분할 수 있습니다), 가능도는 1강의
# 이항 가능도입니다. `validation_data`는 학습에 전혀 쓰지 않는 이미지입니다.

# %%
train_images = load_arrays("digits", "train").images.astype(np.float32) / 255
test_images = load_arrays("digits", "test").images.astype(np.float32) / 255


def untrained(latent_dim=2, **changes):
    model = keras_vae.VAE.from_preset("digits_mlp", latent_dim=latent_dim, **changes)
    model.compile(keras.optimizers.Adam(0.003), jit_compile=False)  # trains faster than XLA compiles: it is small
    return model


def trained(model, epochs=12 if FAST else 60, binarize="none", **options):
    # new data for each: another pass over the same dataset would be its next epochs, in another order
    train = keras_vae.load_dataset("digits", split="train", batch_size=128, binarize=binarize)
    return model.fit(train, epochs=epochs, verbose=0, **options).history


standard = untrained()
history = trained(standard, validation_data=test_images)

mean_picture = standard.likelihood.of_mean(train_images.mean(axis=0, keepdims=True))
know_nothing = -np.mean(mean_picture.log_prob(test_images).numpy())
last = {name: values[-1] for name, values in history.items()}
for name, value in last.items():
    print(f"{name:24s} {value:7.2f} nats per image")
print(f"{'the mean picture':24s} {know_nothing:7.2f} nats per image")

assert abs(last["loss"] - last["reconstruction_loss"] - last["kl_loss"]) < 0.01
assert last["val_loss"] < know_nothing - 40
draw_history(history)

# %% [markdown] lang="en"
# How to read such curves:
#
# - **The scale is absolute.** Nats, summed over pixels and averaged over images. A model that knows nothing of $x$ can
# draw the mean picture (lecture 1); that is the number to beat, and it is printed above.
# - **`loss` = `reconstruction_loss` + `kl_loss`**, and it is minus the ELBO, with *one* sample of $z$ per image. So it
# flickers a little from epoch to epoch.
# - **`kl_loss` is what the latent says**, in nats. It falls at first (saying something is expensive before the decoder
# can use it), then rises as it becomes worth its price. If it stays near 0, read 5.2.
# - **train below test** is overfitting: the gap at the end of the curve. It is normal with 1,437 images. Stop where
# `val_loss` is lowest, for example with
# `keras.callbacks.EarlyStopping("val_loss", patience=20, restore_best_weights=True)`.

# %% [markdown] lang="ko"
# 이런 곡선은 다음과 같이 읽습니다.
#
# - **눈금에 절대적인 뜻이 있습니다.** 픽셀에 대해 더하고 이미지에 대해 평균한 내트입니다. $x$에 대해 아무것도 모르는
# 모델도 평균 이미지는 그릴 수 있으니(1강), 그 값보다는 나아야 합니다. 위에 함께 출력해 두었습니다.
# - **손실은 두 항의 합**입니다. `loss` = `reconstruction_loss` + `kl_loss`이고, 이것은 ELBO의 부호를 바꾼 값입니다.
# 이미지마다 $z$의 표본을 *하나*만 뽑아 구하므로 에포크마다 조금씩 흔들립니다.
# - **`kl_loss`는 잠재 변수에 담긴 정보의 양**을 내트로 잰 것입니다. 처음에는 내려가고(디코더가 써먹지 못하는 동안에는
# 정보를 담는 데 비용만 듭니다), 값어치를 하기 시작하면 올라갑니다. 계속 0 근처에 머물면 5.2절을 보십시오.
# - **train이 test보다 낮은 것**은 과적합입니다. 곡선 끝에 벌어진 틈이 그만큼입니다. 이미지가 1,437장뿐이니 당연한
# 일입니다. `val_loss`가 가장 낮은 곳에서 멈추면 됩니다. 이를테면
# `keras.callbacks.EarlyStopping("val_loss", patience=20, restore_best_weights=True)`를 씁니다.

# %% [markdown] lang="en"
# ## 5.2 Posterior collapse, and two remedies
#
# In lecture 3 a large β made $q(z|x)$ fall back on the prior for every $x$: **posterior collapse**. There we asked for
# it. It also happens uninvited, with β = 1, as a *trap on the way*: at the start of training $z$ tells the decoder
# nothing yet, so the KL is a price for nothing and gradient descent removes it first. Once $q(z|x) = p(z)$, the
# decoder receives pure noise, learns to ignore its input, and then there is no reason ever to put something into it.
#
# Deep networks and data with few nats per image fall in most easily. So: six hidden layers in each network, and
# *binary* pixels, black or white, one coin each instead of sixteen. Three trainings that differ in nothing but the
# objective:
#
# - the **ELBO** as it is;
# - **warm-up**: a weight on the KL term that rises from 0 to 1 in the first steps $t$ of training,
# $\beta_t = \min(1, t / T)$, so that the latent is free until the decoder has learned to use it;
# - **free bits**: in every latent dimension $j$ the first $\lambda$ nats are free. The KL term becomes
# $\sum_j \max\big(\lambda,\; \mathbb{E}_x[\mathrm{KL}(q(z_j|x) \,\|\, p(z_j))]\big)$; below $\lambda$ there is no
# gradient that would push a dimension further down. Here $\lambda = 0.5$.
#
# > **Predict first.** How many of the 8 dimensions will each of the three use at the end?

# %% [markdown] lang="ko"
# ## 5.2 사후분포 붕괴와 두 가지 처방
#
# 3강에서는 β를 크게 했더니 모든 $x$에 대해 $q(z|x)$가 사전분포로 주저앉았습니다. **사후분포 붕괴**입니다. 그때는
# 일부러 그렇게 했지만, β = 1일 때도 *도중의 덫*으로 찾아옵니다. 학습 초기에는 $z$가 디코더에게 아직 아무것도 알려 주지
# 못하니 KL은 헛되이 치르는 비용이고, 경사 하강법은 그것부터 없애 버립니다. 일단 $q(z|x) = p(z)$가 되면 디코더는 순수한
# 잡음만 받으므로 입력을 무시하는 법을 배우고, 그러고 나면 인코더가 거기에 무언가를 담을 이유도 영영 사라집니다.
#
# 신경망이 깊고 이미지 한 장에 담긴 내트가 적을수록 쉽게 빠집니다. 그래서 두 신경망에 은닉층을 여섯 개씩 두고, 픽셀은
# 동전 열여섯 개가 아니라 하나로 된 *이진*(검거나 희거나) 픽셀로 합니다. 목적함수 말고는 모두 같은 세 가지 학습을
# 견줍니다.
#
# - **ELBO** 그대로
# - **웜업**: KL 항의 가중치를 학습 초기의 스텝 $t$에 따라 0에서 1까지 $\beta_t = \min(1, t / T)$로 올립니다. 디코더가
# 잠재 변수를 쓸 줄 알게 될 때까지는 비용을 싸게 매기는 것입니다.
# - **자유 비트**: 잠재 차원 $j$마다 처음 $\lambda$내트는 공짜입니다. KL 항이
# $\sum_j \max\big(\lambda,\; \mathbb{E}_x[\mathrm{KL}(q(z_j|x) \,\|\, p(z_j))]\big)$가 되고, $\lambda$보다 아래에서는
# 더 내려가게 미는 기울기가 없습니다. 여기서는 $\lambda = 0.5$입니다.
#
# > **먼저 예측하기.** 학습이 끝났을 때 셋은 8개의 차원 가운데 각각 몇 개를 쓰고 있을까요?

# %%
binary_test = np.concatenate(list(keras_vae.load_dataset("digits", split="test", binarize="static")))
assert set(np.unique(binary_test)) == {0, 1}

deep_epochs = 22 if FAST else 60
steps = deep_epochs * 12  # batches of 128 out of 1437 images
objectives = {
    "ELBO": ELBO(),
    "warm-up": ELBO(kl_weight=LinearWarmUp(steps=steps * 3 // 4)),
    "free bits": FreeBits(free_nats=0.5),
}
deep, kl_curves = {}, {}
for name, objective in objectives.items():
    deep[name] = untrained(8, likelihood="bernoulli", network={"hidden": [128] * 6}, objective=objective)
    kl_curves[name] = trained(deep[name], deep_epochs, binarize="static")["kl_loss"]
    print(
        f"{name:10s} KL after every {deep_epochs // 5} epochs:",
        np.round(kl_curves[name][deep_epochs // 5 - 1 :: deep_epochs // 5], 3),
    )

# %% [markdown] lang="en"
# To judge, take $q(z|x)$ of all test images. How much does each dimension say? Per dimension the KL has the closed
# form of lecture 3, $\tfrac12(\mu_j^2 + s_j^2 - 1 - \log s_j^2)$. A dimension is called *active* if its mean
# $\mu_j(x)$ changes with $x$ at all (a variance above 0.01).

# %% [markdown] lang="ko"
# 이제 모든 테스트 이미지의 $q(z|x)$로 판정합시다. 차원마다 정보를 얼마나 담고 있을까요? 차원별 KL은 3강의 공식
# $\tfrac12(\mu_j^2 + s_j^2 - 1 - \log s_j^2)$입니다. 평균 $\mu_j(x)$가 $x$에 따라 조금이라도 달라지면(분산이 0.01보다
# 크면) 그 차원을 *활성*이라고 합니다.


# %%
def log_weights(model, x, samples, seed=0):
    """log p(x|z) + log p(z) - log q(z|x), and log p(x|z) alone, at samples z of q(z|x): [samples, images] each."""
    posterior = model.encode(x)
    noise = tf.random.stateless_normal([samples, len(x), model.latent_dim], seed=[seed, 1])
    z = posterior.mean() + posterior.stddev() * noise
    log_likelihood = model.decode(z).log_prob(x)
    log_weight = log_likelihood + model.prior().log_prob(z) - posterior.log_prob(z)
    return log_weight.numpy().astype(np.float64), log_likelihood.numpy().astype(np.float64)


# %%
kl_by_dimension, deep_elbo, active = {}, {}, {}
for name, model in deep.items():
    posterior = model.encode(binary_test)
    mu, s = posterior.mean().numpy(), posterior.stddev().numpy()
    kl_by_dimension[name] = np.sort(np.mean(0.5 * (mu**2 + s**2 - 1 - np.log(s**2)), axis=0))[::-1]
    active[name] = int(np.sum(mu.var(axis=0) > 0.01))
    deep_elbo[name] = log_weights(model, binary_test, 50)[0].mean()  # lecture 3: the mean of log p(x, z) / q(z|x)
    print(
        f"{name:10s} KL {kl_by_dimension[name].sum():5.2f}   active {active[name]} of 8   "
        f"ELBO {deep_elbo[name]:7.2f} nats"
    )

in_the_trap = slice(deep_epochs // 5, deep_epochs // 2)
assert np.max(kl_curves["ELBO"][in_the_trap]) < 0.3  # hardly a word is said
assert kl_curves["free bits"][-1] > 1.0
assert active["free bits"] == 8 > active["ELBO"]
assert kl_by_dimension["free bits"].sum() > kl_by_dimension["ELBO"].sum() + 1

figure = new_figure(10.5, 3.6)
left, right = figure.subplots(1, 2)
styles = zip(deep, (VERMILLION, BLUE, GREEN), ("-", "--", "-."), (-0.27, 0, 0.27), strict=True)
for name, colour, dashes, shift in styles:
    left.plot(range(1, deep_epochs + 1), kl_curves[name], dashes, color=colour, label=name)
    right.bar(np.arange(1, 9) + shift, kl_by_dimension[name], width=0.27, color=colour, label=name)
left.set_ylim(-0.1, 6)
style_axes(left, "", "epoch", "KL   (nats per image)")
style_legend(left)
style_axes(right, f"epoch {deep_epochs}", "$j$ (sorted)", "KL of $z_j$   (nats)")
style_legend(right)
figure

# %% [markdown] lang="en"
# The plain ELBO falls into the trap within a few epochs: its KL is practically 0 for a long time, and most dimensions
# never come back. Warm-up starts high, since information costs next to nothing at first, and the KL sinks as the price
# rises. It helps to *find* what the latent is good for and forces nothing, so it is no guarantee: here it ends with
# hardly more dimensions than the plain ELBO, one of eight in the full run, and gains about a nat.
# Free bits keep every dimension at work for good.
#
# Two warnings. A dimension that is not used is not a disease in itself: lecture 4 gave the model 128 of them, and the
# loss decided how many were worth it. Collapse is a disease where *using* the latent would have given a better model.
# And whether it would have is not what the ELBO shows: the model with free bits pays for nats that it is forced to
# say. We need a better judge.

# %% [markdown] lang="ko"
# 그냥 ELBO는 몇 에포크 만에 덫에 빠집니다. KL은 오랫동안 사실상 0이고, 대부분의 차원은 끝내 돌아오지 못합니다. 웜업은
# 처음에는 정보를 많이 담아도 거의 공짜이니 높은 곳에서 시작하고, 비용이 오르면서 KL이 내려앉습니다. 잠재 변수를 어디에
# 쓸지 *찾도록* 도울 뿐 아무것도 강요하지 않으므로 보장은 없습니다. 여기서도 끝까지 쓰는 차원은 그냥 ELBO와 비슷하고(긴
# 학습에서 여덟 가운데 하나) 이득은 1내트쯤입니다. 자유 비트는 모든 차원을 끝까지 일하게 합니다.
#
# 두 가지를 조심하십시오. 쓰이지 않는 차원이 있다는 것 자체는 병이 아닙니다. 4강에서는 차원을 128개나 주고 몇 개를
# 쓸지를 손실에 맡겼습니다. 잠재 변수를 *썼더라면* 더 좋은 모델이 되었을 때에만 붕괴가 병입니다. 그런데 정말 그랬을지는
# ELBO로는 알 수 없습니다. 자유 비트 모델은 억지로 담은 내트의 비용까지 치르고 있기 때문입니다. 더 나은 심판이
# 필요합니다.

# %% [markdown] lang="en"
# ## 5.3 The importance-weighted bound
#
# Lecture 2: $p(x) = \mathbb{E}_{p(z)}[p(x|z)]$, and samples from the prior nearly always miss. Lecture 3 gave us a $q$
# that knows where to look. So draw from $q(z|x)$ and correct for it by a **weight**:
#
# $$p(x) = \int q(z|x)\, \frac{p(x|z)\,p(z)}{q(z|x)}\, dz = \mathbb{E}_{q(z|x)}[w(z)], \qquad
# w(z) = \frac{p(x|z)\, p(z)}{q(z|x)}.$$
#
# With $K$ samples $z_1 \ldots z_K$ of $q(z|x)$ the average of their weights is right on average. Its *logarithm* is
# too low on average (that of a mean of numbers is at least the mean of their logarithms: Jensen's inequality), which
# makes it a lower bound:
#
# $$\mathcal{L}_K = \mathbb{E}\left[\log \frac1K \sum_{k=1}^K w(z_k)\right] \le \log p(x), \qquad
# \mathcal{L}_1 = \text{ELBO}, \qquad \mathcal{L}_{K+1} \ge \mathcal{L}_K.$$
#
# It rises with $K$ and tends to $\log p(x)$. (The average of the weights is an **unbiased estimate** of $p(x)$; its
# logarithm is not one of $\log p(x)$.) In the model with two latents we know $\log p(x)$ from a grid, as in
# lecture 3, so we can watch it approach, beside plain Monte Carlo from the prior with as many samples.

# %% [markdown] lang="ko"
# ## 5.3 중요도 가중 하한
#
# 2강에서 $p(x) = \mathbb{E}_{p(z)}[p(x|z)]$였고, 사전분포에서 뽑은 표본은 거의 언제나 빗나갔습니다. 3강에서는 어디를
# 보아야 하는지 아는 $q$를 얻었습니다. 그렇다면 $q(z|x)$에서 뽑고 그 차이를 **가중치**로 바로잡으면 됩니다.
#
# $$p(x) = \int q(z|x)\, \frac{p(x|z)\,p(z)}{q(z|x)}\, dz = \mathbb{E}_{q(z|x)}[w(z)], \qquad
# w(z) = \frac{p(x|z)\, p(z)}{q(z|x)}$$
#
# $q(z|x)$에서 표본 $K$개 $z_1 \ldots z_K$를 뽑아 가중치의 평균을 내면 $p(x)$의 불편추정량입니다. 하지만 그 *로그*는
# 평균적으로 낮습니다(평균의 로그는 로그의 평균보다 작지 않다는 옌센 부등식 때문입니다). 그래서 하한이 됩니다.
#
# $$\mathcal{L}_K = \mathbb{E}\left[\log \frac1K \sum_{k=1}^K w(z_k)\right] \le \log p(x), \qquad
# \mathcal{L}_1 = \text{ELBO}, \qquad \mathcal{L}_{K+1} \ge \mathcal{L}_K$$
#
# $K$가 커질수록 올라가서 $\log p(x)$에 다가갑니다. 잠재 변수가 둘인 모델에서는 3강처럼 격자로 $\log p(x)$를 알 수
# 있으니, 다가가는 모습을 지켜볼 수 있습니다. 사전분포에서 같은 수만큼 뽑은 단순한 몬테카를로도 나란히 놓습니다.

# %%
images = test_images[:20]
side = np.linspace(-6, 6, 201)
plane = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.float32)
log_joint = np.concatenate(
    [
        (standard.decode(part[:, None]).log_prob(images) + standard.prior().log_prob(part)[:, None]).numpy()
        for part in np.array_split(plane, 20)
    ]
).astype(np.float64)
log_p = np.logaddexp.reduce(log_joint, axis=0) + 2 * np.log(side[1] - side[0])  # [20], by quadrature

most = 4096
weights, _ = log_weights(standard, images, most)
prior_terms = np.concatenate(
    [
        standard.decode(part[:, None]).log_prob(images).numpy()
        for part in np.array_split(rng.normal(size=(most, 2)).astype(np.float32), 8)
    ]
).astype(np.float64)


def bound(log_terms, k):
    """The mean over images, and over as many groups of k samples as there are, of log 1/k sum exp."""
    groups = log_terms.reshape(-1, k, log_terms.shape[1])
    return np.mean(np.logaddexp.reduce(groups, axis=1) - np.log(k))


# %%
sizes = [1, 4, 16, 64, 256, 1024, 4096]
by_posterior = [bound(weights, k) for k in sizes]
by_prior = [bound(prior_terms, k) for k in sizes]
for k, value, other in zip(sizes, by_posterior, by_prior, strict=True):
    print(f"K = {k:4d}:  from q(z|x) {value:8.2f}   from p(z) {other:10.2f} nats")
print(f"log p(x), quadrature:    {log_p.mean():8.2f} nats")

assert np.all(np.diff(by_posterior) > 0)
assert by_posterior[-1] < log_p.mean() + 0.3
assert by_posterior[-1] - by_posterior[0] > 0.5 * (log_p.mean() - by_posterior[0])
assert all(a > b for a, b in zip(by_posterior[:4], by_prior[:4], strict=True))  # q knows where to look

# %%
report = keras_vae.evaluate(standard, images, importance_samples=4096)
print(f"keras_vae.evaluate: ELBO {report['elbo']:.2f}, -nll {report['nll'] * -1:.2f} nats, with other random samples")
assert abs(-report["nll"] - by_posterior[-1]) < 0.5

figure = new_figure(11, 3.6)
left, right = figure.subplots(1, 2)
for values, style, colour, name in (
    (by_posterior, "o-", BLUE, r"$\mathcal{L}_K$:  $z \sim q(z\,|\,x)$"),
    (by_prior, "s--", VERMILLION, r"$z \sim p(z)$"),
):
    left.semilogx(sizes, values, style, color=colour, label=name)
    right.loglog(sizes, np.maximum(log_p.mean() - np.array(values), 0.01), style, color=colour, label=name)
left.axhline(log_p.mean(), color=INK, linewidth=1, label=r"$\log\,p(x)$")
left.set_ylim(log_p.mean() - 60, log_p.mean() + 8)
style_axes(left, "", "$K$", "nats   (mean, n = 20)")
style_legend(left, loc="lower right")
style_axes(right, r"$\log\,p(x) - \mathcal{L}_K$", "$K$", "nats")
style_legend(right)
figure

# %% [markdown] lang="en"
# A few samples of $q$ do better than hundreds of the prior. The last stretch is slow: for some images $q$ misses a
# part of the true posterior (the KL between them, lecture 3), and samples fall there but rarely.
#
# `evaluate` reports it as `nll` (the negative of it), with the standard error of its mean. **Compare models by this
# number**, always with the same $K$: the ELBO punishes a model for a poor encoder as well, which matters little to
# whoever only wants to generate. Now the better judge on the three deep models:

# %% [markdown] lang="ko"
# $q$에서 뽑은 표본 몇 개가 사전분포에서 뽑은 수백 개보다 낫습니다. 마지막 구간은 더딥니다. 어떤 이미지에서는 $q$가
# 진짜 사후분포의 일부를 놓치고 있어서(둘 사이의 KL, 3강) 표본이 그곳에 좀처럼 떨어지지 않기 때문입니다.
#
# `evaluate`는 이 값의 부호를 바꾼 것을 `nll`로, 평균의 표준오차와 함께 알려 줍니다. **모델을 견줄 때는 이 수를
# 쓰십시오.** $K$는 늘 같아야 합니다. ELBO는 인코더가 나쁜 것까지 벌하지만, 이미지를 만들기만 할 사람에게는 별로
# 중요하지 않은 일입니다. 이제 더 나은 심판에게 세 모델을 다시 맡겨 봅시다.

# %%
deep_bound = {name: bound(log_weights(model, binary_test, 200)[0], 200) for name, model in deep.items()}
for name in deep:
    print(f"{name:10s} ELBO {deep_elbo[name]:7.2f}   L_200 {deep_bound[name]:7.2f} nats")
assert deep_bound["free bits"] > deep_bound["ELBO"] + 0.3
assert deep_bound["warm-up"] > deep_bound["ELBO"] + (-0.1 if FAST else 0.5)
assert deep_bound["free bits"] - deep_elbo["free bits"] > 2 * (deep_bound["ELBO"] - deep_elbo["ELBO"])

# %% [markdown] lang="en"
# The latent *was* worth using: free bits gave the better model of the digits, and by far more than the ELBO shows,
# which counts a $q$ against it that says more than it must.
#
# ### Training on it
#
# A bound that can be computed can be maximised. `IWAE(samples=10)` is $-\mathcal{L}_{10}$ as the loss (the
# *importance-weighted autoencoder*). Everything else is as in 5.1.

# %% [markdown] lang="ko"
# 잠재 변수는 쓸 *가치가 있었습니다*. 자유 비트가 숫자를 더 잘 설명하는 모델을 만들었고, 그 차이는 ELBO에 보이는 것보다
# 훨씬 큽니다. ELBO는 $q$가 필요한 것보다 정보를 많이 담은 비용까지 모델에 물리기 때문입니다.
#
# ### 이 하한으로 학습하기
#
# 계산할 수 있는 하한은 최대화할 수도 있습니다. `IWAE(samples=10)`은 $-\mathcal{L}_{10}$을 손실로 씁니다(*중요도 가중
# 오토인코더*). 나머지는 모두 5.1절과 같습니다.

# %%
iwae = untrained(objective=IWAE(samples=10))
trained(iwae)

scores = {}
for name, model in {"ELBO": standard, "IWAE, K = 10": iwae}.items():
    terms, _ = log_weights(model, test_images, 300)
    scores[name] = (terms.mean(), bound(terms, 300), np.median(model.encode(test_images).stddev()))
    print(
        f"trained on {name:13s} ELBO {scores[name][0]:8.2f}   L_300 {scores[name][1]:8.2f} nats   "
        f"median s {scores[name][2]:.3f}"
    )
assert scores["IWAE, K = 10"][1] > scores["ELBO"][1] + 2  # the better model of the digits
assert scores["IWAE, K = 10"][0] < scores["ELBO"][0] - 2  # and the worse ELBO
assert scores["IWAE, K = 10"][2] > 1.2 * scores["ELBO"][2]

# %% [markdown] lang="en"
# The better likelihood, and a far worse ELBO. With ten attempts per image it is enough that *one* of them explains it,
# so $q$ may spread wider (the median of $s$), and the decoder need not arrange itself so that a narrow Gaussian fits.
#
# Its price: $K$ passes through the decoder a step, and a subtle one. The larger $K$, the smaller the signal of the
# encoder's gradient against its noise. `IWAE(samples=..., doubly_reparameterised=True)` uses another estimator of the
# same gradient that does not have this fault.

# %% [markdown] lang="ko"
# 가능도는 더 좋아졌는데 ELBO는 훨씬 나빠졌습니다. 이미지마다 기회가 열 번 있으니 그중 *하나*만 이미지를 설명하면
# 됩니다. 그래서 $q$는 더 넓게 퍼져도 되고($s$의 중앙값), 디코더도 좁은 가우시안이 들어맞도록 자신을 맞출 필요가
# 없습니다.
#
# 대가도 있습니다. 한 스텝에 디코더를 $K$번 지나야 합니다. 더 미묘한 것도 있습니다. $K$가 클수록 인코더 기울기의 신호가
# 잡음에 비해 작아집니다. `IWAE(samples=..., doubly_reparameterised=True)`는 같은 기울기를 그런 흠이 없는 다른
# 추정량으로 구합니다.

# %% [markdown] lang="en"
# ## 5.4 Priors: where the codes really are
#
# Pool the posteriors of all $N$ training images. This is the **aggregate posterior**,
#
# $$q(z) = \frac1N \sum_{n=1}^N q(z|x_n).$$
#
# `generate` draws from $p(z)$, but the decoder was trained on $q(z)$. Where the two differ, it draws what it never
# practised. How much do they differ, and what does it cost? Average the KL term over the images, and multiply and
# divide by $q(z)$ inside its logarithm:
#
# $$\underbrace{\frac1N\sum_n \mathrm{KL}(q(z|x_n) \,\|\, p(z))}_{\text{the KL term}} =
# \underbrace{\frac1N\sum_n \mathbb{E}_{q(z|x_n)}\!\left[\log \frac{q(z|x_n)}{q(z)}\right]}_{\text{mutual information }
# I} + \underbrace{\mathrm{KL}(q(z) \,\|\, p(z))}_{\text{gap}}$$
#
# - The **mutual information** is what $z$ says about *which* image it was. It is at most $\log N$, for then every
# image is told apart, and it is what we pay for.
# - The **gap** buys nothing. It is there because the prior is not where the codes are.
#
# With a fixed prior the encoder must close the gap. But the prior may be *learned* together with the networks:
#
# | prior | $p(z)$ |
# |---|---|
# | standard | $\mathcal{N}(0, I)$ |
# | mixture | $\sum_k \pi_k\, \mathcal{N}(z; m_k, \mathrm{diag}(v_k))$ with weights, means, variances that are trained |
# | VampPrior | $\frac1K \sum_k q(z \mid u_k)$: posteriors of $K$ images $u_k$ that are trained, *pseudo-inputs* |
# | RealNVP | the density of $f(u)$, $u \sim \mathcal{N}(0, I)$, with an invertible network $f$ |
#
# (The last is known exactly too, since stretching thins a density out:
# $\log p(z) = \log \mathcal{N}(u; 0, I) - \log |\det \partial f / \partial u|$ with $u = f^{-1}(z)$.)

# %% [markdown] lang="ko"
# ## 5.4 사전분포: 코드가 실제로 있는 곳
#
# 학습 이미지 $N$장의 사후분포를 모두 모아 봅시다. 이것을 **집계 사후분포**(aggregate posterior)라고 합니다.
#
# $$q(z) = \frac1N \sum_{n=1}^N q(z|x_n)$$
#
# `generate`는 $p(z)$에서 뽑지만 디코더가 연습한 곳은 $q(z)$입니다. 둘이 다른 곳에서는 연습한 적 없는 이미지를
# 그립니다. 얼마나 다르고, 그 비용은 얼마일까요? KL 항을 이미지에 대해 평균하고 로그 안에 $q(z)$를 곱하고 나눕니다.
#
# $$\underbrace{\frac1N\sum_n \mathrm{KL}(q(z|x_n) \,\|\, p(z))}_{\text{KL 항}} =
# \underbrace{\frac1N\sum_n \mathbb{E}_{q(z|x_n)}\!\left[\log \frac{q(z|x_n)}{q(z)}\right]}_{\text{상호정보량 } I}
# + \underbrace{\mathrm{KL}(q(z) \,\|\, p(z))}_{\text{틈}}$$
#
# - **상호정보량**은 *어느* 이미지였는지에 대해 $z$에 담긴 정보의 양입니다. 모든 이미지를 구별할 수 있을 때의 값 $\log
# N$이 가장 큰 값이고, 우리는 바로 이것에 비용을 치릅니다.
# - **틈**으로는 아무것도 얻지 못합니다. 사전분포가 코드가 있는 곳에 있지 않아서 생기는 낭비입니다.
#
# 사전분포가 고정되어 있으면 인코더가 틈을 메워야 합니다. 하지만 사전분포를 신경망과 함께 *학습*할 수도 있습니다.
#
# | 사전분포 | $p(z)$ |
# |---|---|
# | 표준 | $\mathcal{N}(0, I)$ |
# | 혼합 | $\sum_k \pi_k\, \mathcal{N}(z; m_k, \mathrm{diag}(v_k))$. 가중치, 평균, 분산을 학습 |
# | VampPrior | $\frac1K \sum_k q(z \mid u_k)$. 학습하는 이미지 $u_k$(*의사 입력*, pseudo-input) $K$장의 사후분포 |
# | RealNVP | 역함수가 있는 신경망 $f$에 $u \sim \mathcal{N}(0, I)$를 넣은 $f(u)$의 밀도 |
#
# (마지막 것도 정확히 알 수 있습니다. 늘어난 만큼 밀도가 묽어지므로, $u = f^{-1}(z)$일 때
# $\log p(z) = \log \mathcal{N}(u; 0, I) - \log |\det \partial f / \partial u|$입니다.)

# %%
priors = {"mixture": GaussianMixture(10), "VampPrior": VampPrior(50), "RealNVP": RealNVP(layers=4, hidden=(32,))}
models = {"standard": standard}
for name, prior in priors.items():
    models[name] = untrained(prior=prior)
    if name == "VampPrior":
        prior.start_at(train_images[:50])
    trained(models[name])


def parts_of_kl(model):
    """The KL term over the training images, by one sample each: the mutual information and what is left, by parts."""
    posterior = model.encode(train_images)
    mu, s = (moment.numpy().astype(np.float64) for moment in (posterior.mean(), posterior.stddev()))
    count = len(mu)
    z = mu + s * np.random.default_rng(1).normal(size=mu.shape)
    # log q(z_j | x_n) of image n's posterior at image i's sample: [i, n, j]
    by_dimension = -0.5 * np.log(2 * np.pi) - np.log(s) - (z[:, None] - mu) ** 2 / (2 * s**2)
    log_q_each = by_dimension.sum(axis=2)
    log_own = np.diagonal(log_q_each)  # log q(z|x)
    log_q = np.logaddexp.reduce(log_q_each, axis=1) - np.log(count)  # log q(z)
    log_q_product = (np.logaddexp.reduce(by_dimension, axis=1) - np.log(count)).sum(axis=1)  # sum_j log q(z_j), for 5.5
    log_p = model.prior().log_prob(z.astype(np.float32)).numpy().astype(np.float64)
    return {
        "KL": np.mean(log_own - log_p),
        "information": np.mean(log_own - log_q),
        "gap": np.mean(log_q - log_p),
        "total correlation": np.mean(log_q - log_q_product),
        "dimension-wise": np.mean(log_q_product - log_p),
        "z": z,
    }


# %%
found, elbos = {}, {}
for name, model in models.items():
    found[name] = parts_of_kl(model)
    elbos[name] = log_weights(model, test_images, 100)[0]
    print(
        f"{name:10s} KL {found[name]['KL']:5.2f} = information {found[name]['information']:5.2f} + "
        f"gap {found[name]['gap']:5.2f}    test ELBO {elbos[name].mean():7.2f}   L_100 {bound(elbos[name], 100):7.2f}"
    )
    assert abs(found[name]["KL"] - found[name]["information"] - found[name]["gap"]) < 1e-9
    assert found[name]["information"] < np.log(len(train_images))
exact_kl = np.mean(standard.encode(train_images).kl_divergence(standard.prior()).numpy())
assert abs(found["standard"]["KL"] - exact_kl) < 0.15  # one sample an image against the closed form
for name in priors:
    assert -0.1 < found[name]["gap"] < 0.8 * found["standard"]["gap"]
assert max(elbos[name].mean() for name in priors) > elbos["standard"].mean()

# %%
figure = new_figure(13, 3.8)
for axes, (name, model) in zip(figure.subplots(1, 4), models.items(), strict=True):
    z = found[name]["z"]
    low, high = z.min(axis=0) - 0.7, z.max(axis=0) + 0.7
    first, second = (np.linspace(low[j], high[j], 121) for j in (0, 1))
    lattice = np.stack(np.meshgrid(first, second, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.float32)
    log_density = model.prior().log_prob(lattice).numpy().reshape(121, 121).T
    axes.contourf(first, second, log_density, levels=log_density.max() + np.arange(-10, 1), cmap="Blues", extend="min")
    axes.scatter(z[:, 0], z[:, 1], s=3, color=VERMILLION, linewidths=0, alpha=0.7)
    style_axes(axes, f"{name}:  gap {found[name]['gap']:.2f} nats", "$z_1$", "$z_2$", grid=False)
figure

# %% [markdown] lang="en"
# Blue: the logarithm of the prior's density, a nat a shade. Dots: samples of the aggregate posterior. The standard
# prior leaves room where no code is, and `generate` draws from there too. The learned priors follow the codes, and the
# nats of the gap are saved or spent on saying more. What the VampPrior learned can be looked at: its pseudo-inputs are
# images. They begin as training images here and drift to where their posteriors serve best.

# %% [markdown] lang="ko"
# 파란색이 사전분포 밀도의 로그(한 단계가 1내트), 점이 집계 사후분포의 표본입니다. 표준 사전분포는 코드가 없는 곳에도
# 자리를 내주고 `generate`는 거기서도 뽑습니다. 학습한 사전분포는 코드를 따라가고, 틈에서 아낀 내트는 그대로 남기거나
# 정보를 더 담는 데 씁니다. VampPrior가 무엇을 배웠는지는 눈으로 볼 수 있습니다. 의사 입력도 이미지이기 때문입니다.
# 여기서는 학습 이미지에서 출발해, 사후분포가 가장 쓸모 있는 곳으로 옮겨 갑니다.

# %%
pseudo_inputs = priors["VampPrior"].pseudo_inputs().numpy()
moved = np.abs(pseudo_inputs - np.clip(train_images[:50], 0.01, 0.99)).mean()
print(f"mean change of a pixel: {moved:.3f}")
assert moved > 0.005
change = pseudo_inputs - np.clip(train_images[:50], 0.01, 0.99)
shown = np.argsort(-np.abs(change).mean(axis=(1, 2, 3)))[:12]  # those that moved most
rows = [train_images[shown], pseudo_inputs[shown], np.clip(0.5 + 2 * change[shown], 0, 1)]
labelled_grid(rows, ["$u_k$, step 0", "$u_k$", r"$\frac{1}{2} + 2\,\Delta u_k$"])

# %% [markdown] lang="en"
# (The twelve of fifty that moved most. Above the images they started from, then what they became, and below the
# change, enlarged: gray is none. They stay digits, redrawn a little where that helps.)
#
# If a model is trained already, `model.fit_sampler(train)` fits a mixture to its aggregate posterior and lets
# `generate` draw from that. The model and its ELBO stay what they are.
#
# ## 5.5 Objectives: what to press on
#
# The gap itself has two parts. Let $q(z_j)$ be the aggregate posterior of dimension $j$ alone. Multiply and divide by
# their product:
#
# $$\mathrm{KL}(q(z) \,\|\, p(z)) = \underbrace{\mathrm{KL}\Big(q(z) \,\Big\|\, \prod_j q(z_j)\Big)}_{\text{total
# correlation}} + \underbrace{\sum_j \mathrm{KL}(q(z_j) \,\|\, p(z_j))}_{\text{dimension-wise KL}}$$
#
# The **total correlation** is 0 where the dimensions are independent: each can be changed without the others, which
# one hopes makes them mean something by themselves (*disentangled*). With that the KL term is
#
# $$\text{KL} = \text{mutual information} + \text{total correlation} + \text{dimension-wise KL},$$
#
# and the objectives differ in what they press on:
#
# | objective | minimises reconstruction + |
# |---|---|
# | ELBO | KL |
# | β-VAE | β · KL: presses on all three, so on the information as well |
# | β-TC-VAE | information + β · total correlation + dimension-wise KL |
# | InfoVAE (here with α = 1) | λ · MMD(q(z), p(z)): only the gap, by a distance that needs nothing but samples |
#
# (MMD, the *maximum mean discrepancy*, compares how close samples of one lie to each other and to those of the other.)
# Four latents, β = 6.
#
# > **Predict first.** Which of the four keeps the most information, and which has the lowest total correlation?

# %% [markdown] lang="ko"
# (쉰 장 가운데 가장 많이 바뀐 열두 장입니다. 위는 출발한 이미지, 가운데는 학습한 뒤의 모습, 아래는 바뀐 양을 키운
# 것이며 회색이면 그대로입니다. 여전히 숫자이지만 쓸모 있는 쪽으로 조금 고쳐 그려졌습니다.)
#
# 이미 학습한 모델이라면 `model.fit_sampler(train)`으로 집계 사후분포에 혼합 분포를 맞추고 `generate`가 거기서 뽑게 할
# 수 있습니다. 모델과 ELBO는 그대로입니다.
#
# ## 5.5 목적함수: 무엇을 누를 것인가
#
# 틈도 다시 둘로 나뉩니다. 차원 $j$ 하나만의 집계 사후분포를 $q(z_j)$라 하고, 이들의 곱을 곱하고 나눕니다.
#
# $$\mathrm{KL}(q(z) \,\|\, p(z)) = \underbrace{\mathrm{KL}\Big(q(z) \,\Big\|\, \prod_j q(z_j)\Big)}_{\text{총상관}} +
# \underbrace{\sum_j \mathrm{KL}(q(z_j) \,\|\, p(z_j))}_{\text{차원별 KL}}$$
#
# **총상관**(total correlation)은 차원들이 서로 독립이면 0입니다. 그러면 하나를 다른 것과 상관없이 바꿀 수 있으므로,
# 차원 하나하나가 저마다 뜻을 지니기를(*disentangled*) 기대하는 것입니다. 이제 KL 항은
#
# $$\text{KL} = \text{상호정보량} + \text{총상관} + \text{차원별 KL}$$
#
# 이고, 목적함수들은 이 가운데 무엇을 누르느냐가 다릅니다.
#
# | 목적함수 | 재구성에 더해 최소화하는 것 |
# |---|---|
# | ELBO | KL |
# | β-VAE | β · KL. 셋을 모두 누르므로 정보량까지 누름 |
# | β-TC-VAE | 상호정보량 + β · 총상관 + 차원별 KL |
# | InfoVAE (여기서는 α = 1) | λ · MMD(q(z), p(z)). 표본만 있으면 구할 수 있는 거리로 틈만 누름 |
#
# (MMD, *최대 평균 불일치*는 한쪽 표본끼리 얼마나 가까운지와 다른 쪽 표본과 얼마나 가까운지를 견주는 값입니다.) 잠재
# 변수는 4개, β = 6입니다.
#
# > **먼저 예측하기.** 정보량을 가장 많이 지키는 것은 넷 중 어느 것이며, 총상관이 가장 낮은 것은 어느 것일까요?

# %%
objectives = {
    "ELBO": ELBO(),
    "β-VAE": BetaVAE(beta=6.0),
    "β-TC-VAE": BetaTCVAE(beta=6.0, dataset_size=len(train_images)),
    "InfoVAE": InfoVAE(alpha=1.0, scale=1000.0),
}
parts, reconstruction, test_elbo = {}, {}, {}
for name, objective in objectives.items():
    model = untrained(4, objective=objective)
    trained(model)
    parts[name] = parts_of_kl(model)
    log_weight, log_likelihood = log_weights(model, test_images, 20)
    reconstruction[name], test_elbo[name] = -log_likelihood.mean(), log_weight.mean()
    three = [parts[name][part] for part in ("information", "total correlation", "dimension-wise")]
    print(
        f"{name:9s} reconstruction {reconstruction[name]:7.2f}   KL {parts[name]['KL']:5.2f} = "
        f"information {three[0]:5.2f} + total correlation {three[1]:5.2f} + dimension-wise {three[2]:5.2f} nats   "
        f"test ELBO {test_elbo[name]:7.2f}"
    )
    assert abs(sum(three) - parts[name]["KL"]) < 1e-9

# %%
elbo, beta, tc, info = parts.values()
assert max(beta["total correlation"], tc["total correlation"]) < 0.7 * elbo["total correlation"]
assert tc["information"] > beta["information"] + 0.3  # pressed on the correlation, and not on the information
assert reconstruction["β-TC-VAE"] < reconstruction["β-VAE"]
assert info["information"] > 0.8 * np.log(len(train_images))  # nothing presses on it
assert info["dimension-wise"] < 0.6
assert max(test_elbo, key=test_elbo.get) == "ELBO"

figure = new_figure(8, 3.2)
axes = figure.subplots()
start = np.zeros(4)
shades = ((BLUE, "information", ""), (VERMILLION, "total correlation", "//"), (FAINT, "dimension-wise", ".."))
for colour, part, hatch in shades:
    widths = np.array([each[part] for each in parts.values()])
    axes.barh(list(parts), widths, left=start, color=colour, hatch=hatch, edgecolor="white", label=part)
    start = start + widths
axes.axvline(np.log(len(train_images)), color=INK, linestyle="--", label=r"$\log\,N$")
axes.invert_yaxis()
style_axes(axes, "", "KL   (nats per image)", "")
style_legend(axes, loc="center left", bbox_to_anchor=(1.0, 0.5))
figure

# %% [markdown] lang="en"
# Both β objectives bring the total correlation down. The β-VAE pays for it with information, and so with worse
# reconstructions; the β-TC-VAE keeps more of both. The InfoVAE puts no price on what is said about a single image, so
# its information goes to the ceiling $\log N$, where every training image is told apart, and the MMD keeps each
# dimension near the prior. (It does not keep them independent here: at this scale its total correlation is the
# largest.)
#
# None of these is the ELBO, and here each of the models trained on one of them has a worse ELBO. Choose by what the
# latent is *for*.
#
# ## Exercises
#
# 1. **By hand.** A model of 1,437 training images has a KL term of 9 nats on them. How much of it, at least, is gap?
#
# <details>
# <summary>Solution</summary>
#
# The information is at most $\log 1437 = 7.27$ nats, so at least $9 - 7.27 = 1.73$ nats are gap.
#
# ```python
# assert abs(9 - np.log(len(train_images)) - 1.73) < 0.01
# ```
# </details>
#
# 2. **Proof.** Why is $\mathcal{L}_{2} \ge \mathcal{L}_1$?
#
# <details>
# <summary>Solution</summary>
#
# $\log \frac{w_1 + w_2}{2} \ge \frac{\log w_1 + \log w_2}{2}$ for any two weights, since the logarithm is concave.
# Take the mean: the right side is $\mathcal{L}_1$.
#
# ```python
# assert bound(weights, 2) >= bound(weights, 1)
# assert np.all(np.logaddexp(weights[::2], weights[1::2]) - np.log(2) >= (weights[::2] + weights[1::2]) / 2 - 1e-9)
# ```
# </details>
#
# 3. **Predict.** If $q(z|x)$ were the exact posterior, how would $\mathcal{L}_K$ depend on $K$?
#
# <details>
# <summary>Solution</summary>
#
# Not at all: $w(z) = p(x|z)\,p(z) / p(z|x) = p(x)$ for every $z$ (lecture 2), so every sample gives the exact value.
#
# ```python
# z = np.linspace(-1, 1, 5)  # x = z + 0.3 noise, as in lecture 2, at x = 1
# def log_normal(x, m, v):
#     return -0.5 * (np.log(2 * np.pi * v) + (x - m) ** 2 / v)
# log_w = log_normal(1, z, 0.09) + log_normal(z, 0, 1) - log_normal(z, 1 / 1.09, 0.09 / 1.09)
# assert np.ptp(log_w) < 1e-9
# ```
# </details>
#
# 4. **Code.** How many nats per image does a linear warm-up over 100 steps charge for a KL of 5 nats at steps 0, 50,
# 500?
#
# <details>
# <summary>Solution</summary>
#
# $5\,\beta_t$ with $\beta_t = \min(1, t/100)$: 0, 2.5 and 5.
#
# ```python
# warm_up = LinearWarmUp(steps=100)
# assert np.allclose([5 * float(warm_up(step)) for step in (0, 50, 500)], [0, 2.5, 5])
# ```
# </details>
#
# 5. **Try.** The `emoji` of the package are 3,786 images in colour, 32 × 32. Train `image_residual` on them
# (`keras_vae.load_dataset("emoji", batch_size=64)`, `image_shape=(32, 32, 3)`), about half an hour of one core.
# Which of the table below do you see?
#
# <details>
# <summary>Solution</summary>
#
# Emoji differ more from each other than digits do, and there are few of them. Expect good reconstructions, `val_loss`
# that turns before `loss` does, and samples that are blots of the right colours: overfitting and the gap.
# `augment="shift"`, a learned prior or `fit_sampler` help.
# </details>
#
# ## What to remember
#
# | if you see | then |
# |---|---|
# | `kl_loss` near 0 while the loss stops falling | posterior collapse: `ELBO(LinearWarmUp(...))`, `FreeBits(...)` |
# | `val_loss` rises, `loss` falls | overfitting: stop there, smaller networks |
# | two models to compare | `evaluate(...)["nll"]` with the same number of samples; not the ELBO |
# | a good `nll` is the aim | `IWAE(...)`, a learned prior |
# | good reconstructions, poor samples | the gap: a learned prior, or `fit_sampler` afterwards |
# | dimensions should be independent | `BetaTCVAE`; the latent should say as much as it can: `InfoVAE` |
#
# ## References
#
# - S. R. Bowman et al. *Generating Sentences from a Continuous Space.* CoNLL 2016. Collapse, warm-up.
# - D. P. Kingma et al. *Improved Variational Inference with Inverse Autoregressive Flow.* NeurIPS 2016. Free bits.
# - Y. Burda, R. Grosse, R. Salakhutdinov. *Importance Weighted Autoencoders.* ICLR 2016. $\mathcal{L}_K$, active
# units.
# - T. Rainforth et al. *Tighter Variational Bounds Are Not Necessarily Better.* ICML 2018.
# - G. Tucker et al. *Doubly Reparameterized Gradient Estimators for Monte Carlo Objectives.* ICLR 2019.
# - M. D. Hoffman, M. J. Johnson. *ELBO Surgery.* NeurIPS workshop 2016. Information and gap.
# - J. M. Tomczak, M. Welling. *VAE with a VampPrior.* AISTATS 2018.
# - L. Dinh, J. Sohl-Dickstein, S. Bengio. *Density Estimation Using Real NVP.* ICLR 2017.
# - I. Higgins et al. *beta-VAE.* ICLR 2017. R. T. Q. Chen et al. *Isolating Sources of Disentanglement.* NeurIPS 2018.
# S. Zhao, J. Song, S. Ermon. *InfoVAE.* AAAI 2019.
#
# Next: [6. Guide: train on many devices](06_many_devices.ipynb)

# %% [markdown] lang="ko"
# 두 β 목적함수 모두 총상관을 낮춥니다. β-VAE는 그 비용을 정보량으로, 따라서 나빠진 재구성으로 치릅니다. β-TC-VAE는 둘
# 다 더 많이 지킵니다. InfoVAE는 이미지 한 장에 대한 정보에는 비용을 매기지 않으므로 정보량이 천장인 $\log N$, 곧 모든
# 학습 이미지를 구별하는 데까지 올라가고, MMD가 각 차원을 사전분포 가까이에 붙들어 둡니다. (차원끼리 독립이 되게 하지는
# 못합니다. 이 크기에서는 총상관이 가장 큽니다.)
#
# 이 가운데 어느 것도 ELBO가 아니며, 여기서도 이것들로 학습한 모델의 ELBO는 모두 더 나쁩니다. 잠재 변수를 *어디에
# 쓸지*를 보고 고르십시오.
#
# ## 연습 문제
#
# 1. **손으로.** 학습 이미지 1,437장에 대한 KL 항이 9내트인 모델이 있습니다. 그 가운데 틈은 적어도 얼마입니까?
#
# <details>
# <summary>풀이</summary>
#
# 정보량은 많아야 $\log 1437 = 7.27$내트이므로 틈은 적어도 $9 - 7.27 = 1.73$내트입니다.
#
# ```python
# assert abs(9 - np.log(len(train_images)) - 1.73) < 0.01
# ```
# </details>
#
# 2. **증명.** 왜 $\mathcal{L}_{2} \ge \mathcal{L}_1$입니까?
#
# <details>
# <summary>풀이</summary>
#
# 로그는 위로 볼록하므로 어떤 두 가중치에 대해서도 $\log \frac{w_1 + w_2}{2} \ge \frac{\log w_1 + \log w_2}{2}$입니다.
# 평균을 내면 오른쪽이 $\mathcal{L}_1$입니다.
#
# ```python
# assert bound(weights, 2) >= bound(weights, 1)
# assert np.all(np.logaddexp(weights[::2], weights[1::2]) - np.log(2) >= (weights[::2] + weights[1::2]) / 2 - 1e-9)
# ```
# </details>
#
# 3. **예측.** $q(z|x)$가 정확한 사후분포라면 $\mathcal{L}_K$는 $K$에 따라 어떻게 달라집니까?
#
# <details>
# <summary>풀이</summary>
#
# 달라지지 않습니다. 모든 $z$에 대해 $w(z) = p(x|z)\,p(z) / p(z|x) = p(x)$이므로(2강) 표본 하나하나가 정확한 값을
# 줍니다.
#
# ```python
# z = np.linspace(-1, 1, 5)  # x = z + 0.3 noise, as in lecture 2, at x = 1
# def log_normal(x, m, v):
#     return -0.5 * (np.log(2 * np.pi * v) + (x - m) ** 2 / v)
# log_w = log_normal(1, z, 0.09) + log_normal(z, 0, 1) - log_normal(z, 1 / 1.09, 0.09 / 1.09)
# assert np.ptp(log_w) < 1e-9
# ```
# </details>
#
# 4. **코드.** 100스텝에 걸친 선형 웜업은 5내트의 KL에 스텝 0, 50, 500에서 각각 몇 내트를 매깁니까?
#
# <details>
# <summary>풀이</summary>
#
# $\beta_t = \min(1, t/100)$일 때 $5\,\beta_t$이므로 0, 2.5, 5입니다.
#
# ```python
# warm_up = LinearWarmUp(steps=100)
# assert np.allclose([5 * float(warm_up(step)) for step in (0, 50, 500)], [0, 2.5, 5])
# ```
# </details>
#
# 5. **해 보기.** 패키지의 `emoji`는 32 × 32 컬러 이미지 3,786장입니다. `image_residual`을 학습해 보십시오
# (`keras_vae.load_dataset("emoji", batch_size=64)`, `image_shape=(32, 32, 3)`). 코어 하나로 30분쯤 걸립니다. 아래
# 표에서 무엇이 보입니까?
#
# <details>
# <summary>풀이</summary>
#
# 이모지는 숫자보다 서로 훨씬 다르고 수가 적습니다. 재구성은 좋지만 `val_loss`는 `loss`보다 먼저 올라가고 표본은 색만
# 맞는 얼룩일 것입니다. 과적합과 틈입니다. `augment="shift"`, 학습하는 사전분포, `fit_sampler`가 도움이 됩니다.
# </details>
#
# ## 기억할 것
#
# | 이런 것이 보이면 | 이렇게 |
# |---|---|
# | 손실은 더 줄지 않는데 `kl_loss`가 0 근처 | 사후분포 붕괴. `ELBO(LinearWarmUp(...))`, `FreeBits(...)` |
# | `loss`는 내려가는데 `val_loss`가 올라감 | 과적합. 거기서 멈추거나 신경망을 줄임 |
# | 두 모델을 견주어야 함 | ELBO가 아니라 같은 표본 수로 구한 `evaluate(...)["nll"]` |
# | 목표가 좋은 `nll` | `IWAE(...)`, 학습하는 사전분포 |
# | 재구성은 좋은데 새로 그린 이미지가 나쁨 | 틈. 학습하는 사전분포, 또는 나중에 `fit_sampler` |
# | 차원들이 서로 독립이어야 함 | `BetaTCVAE`. 잠재 변수에 정보를 되도록 많이 담아야 하면 `InfoVAE` |
#
# ## 참고 문헌
#
# - S. R. Bowman et al. *Generating Sentences from a Continuous Space.* CoNLL 2016. 붕괴와 웜업.
# - D. P. Kingma et al. *Improved Variational Inference with Inverse Autoregressive Flow.* NeurIPS 2016. 자유 비트.
# - Y. Burda, R. Grosse, R. Salakhutdinov. *Importance Weighted Autoencoders.* ICLR 2016. $\mathcal{L}_K$, 활성 차원.
# - T. Rainforth et al. *Tighter Variational Bounds Are Not Necessarily Better.* ICML 2018.
# - G. Tucker et al. *Doubly Reparameterized Gradient Estimators for Monte Carlo Objectives.* ICLR 2019.
# - M. D. Hoffman, M. J. Johnson. *ELBO Surgery.* NeurIPS workshop 2016. 정보량과 틈.
# - J. M. Tomczak, M. Welling. *VAE with a VampPrior.* AISTATS 2018.
# - L. Dinh, J. Sohl-Dickstein, S. Bengio. *Density Estimation Using Real NVP.* ICLR 2017.
# - I. Higgins et al. *beta-VAE.* ICLR 2017. R. T. Q. Chen et al. *Isolating Sources of Disentanglement.* NeurIPS 2018.
# S. Zhao, J. Song, S. Ermon. *InfoVAE.* AAAI 2019.
#
# 다음: [6. 길잡이: 여러 장치에서 학습하기](06_many_devices.ipynb)
