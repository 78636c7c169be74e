# %% [markdown] lang="en"
# # 4. The probabilistic hidden cell
#
# An **autoencoder** squeezes an image through a narrow layer and restores it: encoder, hidden code, decoder. A
# **variational autoencoder** has the same two networks and looks nearly the same. The difference is in the hidden
# layer. Where the autoencoder's hidden cell holds *a number*, the VAE's holds *a distribution*, and passes on a number
# drawn from it. This **probabilistic hidden cell** changes the whole latent space, and it raises one question that
# must be answered before the model can be trained at all: how does a gradient get through a random draw?
#
# At the end you will know
#
# - how autoencoder and VAE use their latent space: maps, holes, samples from the prior, interpolation;
# - what the decoder's output is, and why the images it shows are blurred;
# - why the VAE's latent need not be narrow (undercomplete) any more, and what a wide one costs;
# - why sampling is not differentiable, and how the **reparameterisation trick** mends it;
# - **a whole VAE in some 60 lines**, from the networks to the training step, equal to the package's;
# - why this trick and not the more general score-function estimator: the variance of both, measured.
#
# You need lectures 1 to 3: cross-entropy summed over pixels, the binomial likelihood, prior, ELBO = reconstruction −
# KL. Boxes marked **Predict first** ask a question that the next cell answers: decide before you look.
#
# <details>
# <summary>Symbols in this lecture</summary>
#
# | symbol | meaning |
# |---|---|
# | $x$, $D$ | an image, the number of its pixels |
# | $z$, $d$ | a latent, the number of its dimensions |
# | $p(z)$, $p(x \mid z)$ | prior, the decoder's distribution of images |
# | $q(z \mid x) = \mathcal{N}(\mu, s^2)$ | the encoder's distribution of latents |
# | $\varepsilon \sim \mathcal{N}(0, 1)$ | noise without parameters |
# | $\mathbb{E}_q[\ldots]$ | mean over $z$ drawn from $q$ |
# | $\nabla_\mu$ | gradient with respect to $\mu$ |
#
# All of them, with the Korean terms: [glossary](../glossary.md).
# </details>

# %% [markdown] lang="ko"
# # 4. 확률적 은닉 셀
#
# **오토인코더**는 이미지를 좁은 층에 밀어 넣었다가 되살립니다. 인코더, 은닉 코드, 디코더로 이루어져 있습니다. **변분
# 오토인코더**(VAE)도 똑같은 두 신경망으로 되어 있어 겉보기에는 거의 같습니다. 차이는 은닉층에 있습니다. 오토인코더의
# 은닉 셀에는 *숫자 하나*가 들어 있지만, VAE의 은닉 셀에는 *분포*가 들어 있고 거기서 뽑은 숫자를 다음으로 넘깁니다. 이
# **확률적 은닉 셀**이 잠재 공간 전체를 바꿉니다. 그리고 학습을 시작하기 전에 반드시 풀어야 할 문제를 하나 던집니다.
# 무작위로 뽑는 과정을 기울기가 어떻게 지나갈 수 있을까요?
#
# 이 강의를 마치면 다음을 알게 됩니다.
#
# - 오토인코더와 VAE가 잠재 공간을 어떻게 쓰는가: 지도, 빈자리, 사전분포에서 뽑은 표본, 보간
# - 디코더의 출력은 무엇이며, 화면에 보이는 이미지는 왜 흐릿한가
# - VAE의 잠재 공간은 왜 더 이상 좁지 않아도(undercomplete가 아니어도) 되며, 넓은 잠재 공간의 비용은 얼마인가
# - 표본 추출은 왜 미분할 수 없으며, **재매개변수화 트릭**은 그것을 어떻게 해결하는가
# - 신경망부터 학습 스텝까지 **60줄 남짓으로 직접 만든 VAE**. 패키지의 모델과 같은 값을 냅니다.
# - 더 일반적인 점수 함수 추정량을 두고 왜 하필 이 트릭을 쓰는가: 두 방법의 분산을 직접 재어 봅니다.
#
# 1강부터 3강까지의 내용, 곧 픽셀에 대해 더한 교차 엔트로피, 이항 가능도, 사전분포, ELBO = 재구성 − KL을 알고 있으면
# 됩니다. **먼저 예측하기**라고 적힌 물음은 바로 다음 셀이 답합니다. 보기 전에 답을 정해 두십시오.
#
# <details>
# <summary>이 강의의 기호</summary>
#
# | 기호 | 뜻 |
# |---|---|
# | $x$, $D$ | 이미지, 픽셀의 수 |
# | $z$, $d$ | 잠재 변수, 그 차원 수 |
# | $p(z)$, $p(x \mid z)$ | 사전분포, 디코더가 정하는 이미지의 분포 |
# | $q(z \mid x) = \mathcal{N}(\mu, s^2)$ | 인코더가 정하는 잠재 변수의 분포 |
# | $\varepsilon \sim \mathcal{N}(0, 1)$ | 매개변수가 없는 잡음 |
# | $\mathbb{E}_q[\ldots]$ | $q$에서 뽑은 $z$에 대한 평균 |
# | $\nabla_\mu$ | $\mu$에 대한 기울기 |
#
# 모든 기호와 영어 용어는 [용어집](../glossary.md)에 있습니다.
# </details>

# %%
# %matplotlib inline
import itertools
import os

import keras
import numpy as np
import tensorflow as tf
from matplotlib.patches import Circle
from sklearn.neighbors import NearestNeighbors

import keras_vae
from keras_vae.data.load import load_arrays
from keras_vae.pictures.class_colours import ClassColours
from keras_vae.pictures.figure import BLUE, FAINT, INK, VERMILLION, new_figure, style_axes, style_legend
from keras_vae.pictures.grid import image_grid
from keras_vae.pictures.labelled_grid import labelled_grid
from keras_vae.presets.read import read_preset

GREEN = "#009E73"  # with BLUE and VERMILLION from the colours of Okabe and Ito
FAST = os.environ.get("FAST") == "1"  # the tests set it, to train shorter
rng = np.random.default_rng(0)

# %% [markdown] lang="en"
# ## 4.1 Two models, the same two networks
#
# $$
# \begin{aligned}
# \text{autoencoder:} \quad & x \;\xrightarrow{\text{encoder}}\; z \;\xrightarrow{\text{decoder}}\; p(x|z) \\
# \text{VAE:} \quad & x \;\xrightarrow{\text{encoder}}\; (\mu, s), \quad z \sim \mathcal{N}(\mu, s^2)
# \;\xrightarrow{\text{decoder}}\; p(x|z)
# \end{aligned}
# $$

# %% [markdown] lang="ko"
# ## 4.1 같은 두 신경망, 다른 두 모델
#
# $$
# \begin{aligned}
# \text{오토인코더:} \quad & x \;\xrightarrow{\text{인코더}}\; z \;\xrightarrow{\text{디코더}}\; p(x|z) \\
# \text{VAE:} \quad & x \;\xrightarrow{\text{인코더}}\; (\mu, s), \quad z \sim \mathcal{N}(\mu, s^2)
# \;\xrightarrow{\text{디코더}}\; p(x|z)
# \end{aligned}
# $$


# %%
def draw_cell(axes, x, y, probabilistic):
    """A hidden cell: a circle, or concentric ones, a density seen from above, with a sample of it."""
    for radius, shade in ((0.21, "#fdf0e4"), (0.145, "#f8cfa8"), (0.08, "#ee9a55")) if probabilistic else ():
        axes.add_patch(Circle((x, y), radius, facecolor=shade, edgecolor=VERMILLION, linewidth=0.8))
    if not probabilistic:
        axes.add_patch(Circle((x, y), 0.15, facecolor="white", edgecolor=INK, linewidth=1.4))
    axes.plot(x + 0.1 * probabilistic, y + 0.06 * probabilistic, "o", color=INK, markersize=4)


figure = new_figure(11, 3.4)
for axes, name in zip(figure.subplots(1, 2), ("AE", "VAE"), strict=True):
    places = [[(x, (i - (count - 1) / 2) * 0.5) for i in range(count)] for x, count in enumerate((7, 4, 2, 4, 7))]
    for tails, heads in itertools.pairwise(places):
        for tail in tails:
            for head in heads:
                axes.plot(*zip(tail, head, strict=True), color=FAINT, linewidth=0.7, zorder=0)
    for depth, column in enumerate(places):
        for x, y in column:
            if depth == 2:
                draw_cell(axes, x, y, probabilistic=name == "VAE")
            else:
                axes.add_patch(Circle((x, y), 0.13, facecolor="white", edgecolor=BLUE, linewidth=1.2))
    hidden = "$z$" if name == "AE" else r"$z \sim \mathcal{N}(\mu,\, s^2)$"
    for x, label in ((0, "$x$"), (2, hidden), (4, r"$p(x\,|\,z)$")):
        axes.text(x, -2.15, label, ha="center", color=INK, fontsize=12)
    axes.set(xlim=(-0.4, 4.4), ylim=(-2.3, 1.8), aspect="equal")
    axes.set_title(name, loc="left", color=INK)
    axes.axis("off")
figure

# %% [markdown] lang="en"
# Blue: ordinary cells, which the two models have in common. In the middle, two hidden cells. The autoencoder's hold a
# number each, the dot. The VAE's hold a bell-shaped density each, seen from above: the darker, the likelier. The dot
# is a sample, and every time the image comes in, the dot lies somewhere else.
#
# | | autoencoder | VAE |
# |---|---|---|
# | hidden cell holds | a number $z_j$ | a distribution $\mathcal{N}(\mu_j, s_j^2)$ |
# | passes on | $z_j$ | a sample of it |
# | loss | $-\log p(x \mid z)$ | $-\mathbb{E}_q[\log p(x \mid z)] + \mathrm{KL}(q(z \mid x) \,\Vert\, p(z))$ |
#
# In the package both are made from one preset. The encoder returns $2d$ numbers for $d$ latents, means $\mu_j$ and
# log-variances $\log s_j^2$, which may be any number (lecture 1); `Autoencoder` takes the first $d$ as its code and
# ignores the rest. So only the hidden cell and its loss differ. The likelihood is the binomial of lecture 1, 16 dots
# a pixel, so $\log p(x|z)$ is a true log-probability. A single training may be luck: every number below comes from
# several trainings with different seeds.

# %% [markdown] lang="ko"
# 파란 원은 두 모델에 공통인 보통 셀입니다. 가운데에 은닉 셀이 둘 있습니다. 오토인코더의 은닉 셀에는 숫자가 하나씩(점)
# 들어 있습니다. VAE의 은닉 셀에는 위에서 내려다본 종 모양 밀도가 하나씩 들어 있습니다. 진할수록 나오기 쉬운 값입니다.
# 점은 거기서 뽑은 표본이며, 같은 이미지가 들어와도 그때마다 다른 자리에 놓입니다.
#
# | | 오토인코더 | VAE |
# |---|---|---|
# | 은닉 셀에 든 것 | 숫자 $z_j$ | 분포 $\mathcal{N}(\mu_j, s_j^2)$ |
# | 다음으로 넘기는 것 | $z_j$ | 그 분포의 표본 |
# | 손실 | $-\log p(x \mid z)$ | $-\mathbb{E}_q[\log p(x \mid z)] + \mathrm{KL}(q(z \mid x) \,\Vert\, p(z))$ |
#
# 패키지에서는 둘 다 같은 프리셋으로 만듭니다. 인코더는 잠재 변수 $d$개에 대해 평균 $\mu_j$와 로그 분산 $\log s_j^2$,
# 모두 $2d$개의 숫자를 내놓습니다(로그 분산은 어떤 값이든 될 수 있습니다. 1강). `Autoencoder`는 앞의 $d$개를 코드로
# 쓰고 나머지는 버립니다. 그러니 다른 것은 은닉 셀과 손실뿐입니다. 가능도는 1강의 이항 가능도(픽셀마다 점 16개)이므로
# $\log p(x|z)$는 진짜 로그 확률입니다. 한 번의 학습은 우연일 수 있습니다. 아래의 수치는 모두 시드를 바꾸어 여러 번
# 학습한 결과입니다.

# %%
digits, test = load_arrays("digits", "train"), load_arrays("digits", "test")
train_images, images = digits.images.astype(np.float32) / 255, test.images.astype(np.float32) / 255
kinds = {"AE": keras_vae.Autoencoder, "VAE": keras_vae.VAE}
seeds = range(1 if FAST else 3)


def untrained(kind, latent_dim, seed):
    return kind.from_preset("digits_mlp", latent_dim=latent_dim, network={"hidden": [128, 128]}, seed=seed)


def trained(kind, latent_dim, seed):
    model = untrained(kind, latent_dim, seed)
    model.compile(keras.optimizers.Adam(0.003), jit_compile=False)  # trains faster than XLA compiles: it is small
    train = keras_vae.load_dataset("digits", split="train", batch_size=128, seed=seed)
    model.fit(train, epochs=10 if FAST else 40, verbose=0)
    return model


def codes(model, x):
    """What the decoder is given: the autoencoder's code, or the mean of the VAE's q(z|x)."""
    code = model.encode(x)
    return np.asarray(code if isinstance(model, keras_vae.Autoencoder) else code.mean())


def decoded(model, z):
    return model.decode(np.asarray(z, np.float32)).mean().numpy()


def restoring(model, x):
    """The mean of -log p(x|z) at the code of x."""
    return -np.mean(model.decode(codes(model, x)).log_prob(x).numpy())


pair = [untrained(kind, 2, seed=0).get_weights() for kind in kinds.values()]
start = [[w for w in weights if w.ndim == 2] for weights in pair]  # the kernels of all layers
assert len(start[0]) == len(start[1]) == 6
assert all(np.array_equal(a, b) for a, b in zip(*start, strict=True))  # equal networks, equal first weights

models = {
    (name, d, seed): trained(kind, d, seed) for d in (2, 8, 128) for seed in seeds for name, kind in kinds.items()
}

# %% [markdown] lang="en"
# What is the most that a model can gain? A decoder that knows nothing of $x$ can do no better than the mean image of
# the training data (lecture 1); call its $-\log p(x)$ the **baseline**. Every gain below is measured against it.

# %% [markdown] lang="ko"
# 모델은 얼마나 나아질 수 있을까요? $x$에 대해 아무것도 모르는 디코더가 할 수 있는 최선은 학습 데이터의 평균
# 이미지입니다(1강). 이때의 $-\log p(x)$를 **기준값**이라고 합시다. 아래의 모든 이득은 이것을 기준으로 잽니다.

# %%
mean_image = models["VAE", 2, 0].likelihood.of_mean(train_images.mean(axis=0, keepdims=True))
baseline = -np.mean(mean_image.log_prob(images).numpy())
floor = -np.mean(models["VAE", 2, 0].likelihood.of_mean(images).log_prob(images).numpy())  # a perfect copy
restored = {key: restoring(model, images) for key, model in models.items()}
print(f"mean image {baseline:.1f}, perfect copy {floor:.1f} nats per image")
for d in (2, 8, 128):
    for name in kinds:
        print(f"{name:4s} d = {d:3d}:  -log p(x|code) {[round(float(restored[name, d, seed]), 1) for seed in seeds]}")
    assert max(restored["AE", d, seed] for seed in seeds) < min(restored["VAE", d, seed] for seed in seeds) < baseline

# %% [markdown] lang="en"
# As an autoencoder, the autoencoder wins with every seed: it restores better, for it has nothing else to do. Now look
# at what it paid.
#
# ## 4.2 Maps and holes
#
# With $d = 2$ the latent space is a map. Above: each dot is the code of a test image, coloured by its digit (which
# training never saw); the dashed circle is two standard deviations of the prior $\mathcal{N}(0, 1)$. Below: what the
# decoder draws all over the middle of the map.

# %% [markdown] lang="ko"
# 되살리는 일만 보면 어느 시드에서나 오토인코더가 이깁니다. 할 일이 그것뿐이니 당연합니다. 이제 그 대가로 무엇을
# 치렀는지 봅시다.
#
# ## 4.2 지도와 빈자리
#
# $d = 2$이면 잠재 공간은 지도입니다. 위쪽에서는 점 하나가 테스트 이미지 한 장의 코드이고 색은 어떤 숫자인지를
# 나타냅니다(숫자의 정답은 학습에 쓰지 않았습니다). 점선 원은 사전분포 $\mathcal{N}(0, 1)$의 표준편차 두 배입니다.
# 아래쪽은 디코더가 지도 한가운데를 빈틈없이 그린 것입니다.

# %%
colours = ClassColours.of(test.labels, len(test.labels), None)
angle = np.linspace(0, 2 * np.pi, 200)
figure = new_figure(11, 11.2)
panels = figure.subplots(2, 2)
for (above, below), name in zip(panels.T, kinds, strict=True):
    model = models[name, 2, 0]
    z = codes(model, images)
    centre, scale = z.mean(axis=0), z.std(axis=0)
    above.scatter(z[:, 0], z[:, 1], c=[colours.colours[position] for position in colours.positions], s=14, linewidths=0)
    above.plot(2 * np.cos(angle), 2 * np.sin(angle), "--", color=INK, linewidth=1)
    above.set_aspect("equal", adjustable="datalim")
    style_axes(above, f"{name}:  std(z) = {scale[0]:.1f}, {scale[1]:.1f}", "$z_1$", "$z_2$")
    steps = np.linspace(-1.5, 1.5, 13)
    lattice = np.array([centre + scale * (a, b) for b in steps[::-1] for a in steps])
    low, high = centre - 1.6 * scale, centre + 1.6 * scale
    sheet = image_grid(decoded(model, lattice), columns=13, gap=3, scale=4)
    below.imshow(sheet, cmap="gray", extent=(low[0], high[0], low[1], high[1]), aspect="auto", interpolation="nearest")
    style_axes(below, f"{name}:  decode(z)", "$z_1$", "$z_2$", grid=False)
colours.add_legend(panels[0, 1])
figure

# %% [markdown] lang="en"
# The autoencoder's map is as wide as it likes and has no fixed scale: nothing in its loss mentions where codes should
# lie. Some digits are crowded together, others far out, and between them is land that no image ever visited,
# **holes**, where the decoder was never trained. The VAE's map is packed more tightly and lies where the prior is. Two
# forces made it: the KL pulls every $q(z|x)$ towards the prior, and the random draw needs elbow room, since two
# images whose $q$ overlap are confused by the decoder. With only two latents for ten digits the second force wins
# ground: some codes lie twice as far out as the prior reaches, as in lecture 3.
#
# Put numbers to that. First the scale. If the codes of all images together, with their spread, looked like the
# prior, the mean of $\mu^2 + s^2$ would be 1 in every dimension. Second the holes: cut a disc of two standard
# deviations into small cells and count those where the decoder was never trained. The autoencoder's decoder sees the
# codes and nothing else; the VAE's sees new draws of $q(z|x)$ in every epoch, here twenty. We take two discs: that of
# the model's own codes, and that of the prior, where 4.4 is going to draw.
#
# > **Predict first.** The autoencoder's mean of $z^2$: near 1, larger, or different in every training?

# %% [markdown] lang="ko"
# 오토인코더의 지도는 제멋대로 넓고 정해진 크기가 없습니다. 코드가 어디에 있어야 하는지 손실에는 한마디도 없기
# 때문입니다. 어떤 숫자들은 한데 뭉쳐 있고 어떤 숫자는 멀리 떨어져 있으며, 그 사이에는 어떤 이미지도 지나간 적 없는 땅,
# 곧 디코더가 배운 적 없는 **빈자리**가 있습니다. VAE의 지도는 더 빽빽하고 사전분포가 있는 곳에 놓입니다. 두 힘이
# 이렇게 만듭니다. KL은 모든 $q(z|x)$를 사전분포 쪽으로 끌어당기고, 무작위로 뽑은 표본은 숨 쉴 자리를 요구합니다. $q$가
# 서로 겹치는 두 이미지를 디코더가 구별하지 못하기 때문입니다. 숫자 열 가지에 잠재 변수가 둘뿐이면 둘째 힘이 조금 더
# 셉니다. 3강에서처럼 어떤 코드는 사전분포가 미치는 곳보다 두 배 멀리 있습니다.
#
# 숫자로 확인해 봅시다. 먼저 크기입니다. 모든 이미지의 코드를 퍼짐까지 합쳐 놓았을 때 사전분포와 같다면, 차원마다
# $\mu^2 + s^2$의 평균이 1일 것입니다. 다음은 빈자리입니다. 표준편차 두 배인 원판을 작은 칸으로 나누고, 디코더가
# 한 번도 학습하지 않은 칸을 셉니다. 오토인코더의 디코더는 코드만 보지만, VAE의 디코더는 에포크마다 $q(z|x)$에서 새로
# 뽑은 값을 봅니다(여기서는 스무 번). 원판은 두 가지입니다. 하나는 모델 자신의 코드가 놓인 원판, 하나는 4.4절에서
# 뽑게 될 사전분포의 원판입니다.
#
# > **먼저 예측하기.** 오토인코더에서 $z^2$의 평균은 1에 가까울까요, 더 클까요, 아니면 학습할 때마다 다를까요?


# %%
def never_trained(z, centre, scale):
    """The share of the cells of a disc, centre ± 2 scale, in which no z lies."""
    counts, edges, _ = np.histogram2d(*((z - centre) / scale).T, bins=32, range=[[-2, 2], [-2, 2]])
    middle = (edges[1:] + edges[:-1]) / 2
    inside = np.hypot(*np.meshgrid(middle, middle, indexing="ij")) < 2
    return np.mean(counts[inside] == 0)


def second_moment(model):
    q = model.encode(train_images)
    return np.mean(q**2 if isinstance(model, keras_vae.Autoencoder) else q.mean() ** 2 + q.stddev() ** 2)


moments = {key: float(second_moment(model)) for key, model in models.items()}
own, of_prior = {}, {}
for name in kinds:
    for seed in seeds:
        z = codes(models[name, 2, seed], train_images)
        met = (
            z if name == "AE" else models[name, 2, seed].encode(train_images).sample(20, seed=1).numpy().reshape(-1, 2)
        )
        own[name, seed] = never_trained(met, z.mean(axis=0), z.std(axis=0))
        of_prior[name, seed] = never_trained(met, 0, 1)
for name in kinds:
    for d in (2, 8, 128):
        print(f"{name:4s} d = {d:3d}:  mean of mu^2 + s^2  {[round(moments[name, d, seed], 1) for seed in seeds]}")
    for where, shares in (("its own", own), ("the prior's", of_prior)):
        print(
            f"{name:4s} d =   2:  never trained in {where:11s} disc {[f'{shares[name, seed]:.0%}' for seed in seeds]}"
        )

assert all(1 / 4 < moments["VAE", d, seed] < 4 for d in (2, 8, 128) for seed in seeds)
assert all(moments["AE", d, seed] > 5 for d in (2, 8) for seed in seeds)
assert min(own["AE", seed] for seed in seeds) > max(own["VAE", seed] for seed in seeds)
assert min(of_prior["AE", seed] for seed in seeds) > 0.9 > 0.75 > max(of_prior["VAE", seed] for seed in seeds)

# %% [markdown] lang="en"
# The VAE's codes have a scale, and it is near the prior's, though not equal to it; the autoencoder's is whatever
# training made of it. The VAE's decoder knows its own land better, and most of the prior's, where the autoencoder's
# knows next to nothing. Most is not all: the prior and the codes do not quite agree. Lecture 5 measures this gap and
# closes it.
#
# ## 4.3 What the decoder returns: a distribution of images
#
# The decoder's output is often shown as *the* image. It is not: it is $p(x|z)$, a distribution of images **given**
# $z$, one coin (or sixteen) for each pixel. Two images can be shown of it: its **mean**, which everybody shows, and a
# **sample**, which is what the model really says that data look like. The digits with their 8 × 8 pixels are small for
# this; here is a preset that comes trained on MNIST, with 28 × 28 pixels and 50 latents.

# %% [markdown] lang="ko"
# VAE의 코드에는 정해진 크기가 있고, 사전분포와 똑같지는 않아도 그 가까이에 있습니다. 오토인코더의 크기는 학습이
# 그때그때 만든 것입니다. VAE의 디코더는 자기 땅을 더 잘 알고, 사전분포의 땅도 대부분 압니다. 오토인코더의 디코더는
# 거기를 거의 모릅니다. 대부분이 전부는 아닙니다. 사전분포와 코드는 꼭 들어맞지 않습니다. 이 틈은 5강에서 재고
# 메웁니다.
#
# ## 4.3 디코더의 출력: 이미지의 분포
#
# 디코더의 출력을 흔히 이미지라고 하지만 그렇지 않습니다. 출력은 $p(x|z)$, 곧 $z$가 **주어졌을 때** 이미지의
# 분포이며, 픽셀마다 동전이 하나(또는 열여섯 개) 있습니다. 여기서 보여 줄 수 있는 이미지는 두 가지입니다. 누구나 보여
# 주는 **평균**과, 데이터는 이렇게 생겼다고 모델이 실제로 주장하는 **표본**입니다. 8 × 8 픽셀은 이것을 보기에 너무
# 작으니, MNIST로 학습된 채 패키지에 들어 있는 프리셋을 씁니다. 28 × 28 픽셀, 잠재 변수 50개입니다.

# %%
mnist = keras_vae.VAE.from_preset("mnist_iwae_mlp", load_weights=True)
p = mnist.decode(mnist.prior().sample(10, seed=3))
mean, sample, again = p.mean().numpy(), p.sample(seed=1).numpy(), p.sample(seed=2).numpy()
many = p.sample(300, seed=4).numpy()
unsure = np.mean((mean > 0.1) & (mean < 0.9))
print(f"mean of 300 samples against the mean: {np.abs(many.mean(axis=0) - mean).max():.2f}")
print(f"pixels with 0.1 < s < 0.9: {unsure:.0%}; of these two samples differ in {np.mean(sample != again):.1%} of all")
assert set(np.unique(sample)) == {0, 1}  # a sample is black and white as the data are, and the mean is not
assert np.abs(many.mean(axis=0) - mean).max() < 0.2
labelled_grid([mean, sample, again], [r"$\mathrm{E}[x\,|\,z]$", r"$x \sim p(x\,|\,z)$", r"$x \sim p(x\,|\,z)$"])

# %% [markdown] lang="en"
# The mean is smooth and gray at the edges, where the decoder is not sure whether there is ink. The samples are
# grainy there, because **given $z$ the pixels are independent**: each tosses its own coin without asking its
# neighbour. This is where the famous *blur* of VAEs comes from. Whatever $z$ does not say is averaged in the mean and
# tossed in the sample; neither is a defect of drawing. Sharper images need a $z$ that carries more, or a $p(x|z)$
# whose pixels know of each other.
#
# ## 4.4 Samples from the prior
#
# To invent a new image, draw $z$ from the prior and decode it. The VAE was trained for exactly this. The autoencoder
# has no prior; let us be fair and give it two chances: the standard Gaussian, and a Gaussian fitted to its own codes
# (mean and covariance, as in lecture 1). We use $d = 8$.
#
# How do we measure whether samples look like the data? The distance to the nearest training image rewards copying and
# averaging. Ask a stricter question: **can they be told from images that nobody trained on?** Mix 360 samples of
# $p(x|z)$ with the 360 test images, and let each be judged by its nearest neighbour among the other 719. If the two
# sets are alike, the neighbour is of the same set half the time; if they are not, always. This is a *two-sample test*
# by nearest neighbours.
#
# > **Predict first.** Four sets against the test images: training images; the mean image of each digit; the VAE's
# > samples; those of the autoencoder with the standard Gaussian. Which is nearest to one half? Which is at 1?

# %% [markdown] lang="ko"
# 평균은 매끄럽고, 잉크가 있는지 디코더가 확신하지 못하는 가장자리는 회색입니다. 표본은 그 자리가 거칠거칠합니다.
# **$z$가 주어지면 픽셀들이 서로 독립**이라, 저마다 이웃에게 묻지 않고 제 동전을 던지기 때문입니다. VAE의 이름난
# *흐릿함*이 여기서 나옵니다. $z$에 담기지 않은 것은 평균에서는 뭉개지고 표본에서는 동전으로 정해집니다. 어느 쪽도
# 그리는 솜씨의 결함이 아닙니다. 더 선명한 이미지를 얻으려면 $z$가 정보를 더 담거나, 픽셀들이 서로를 아는 $p(x|z)$를
# 써야 합니다.
#
# ## 4.4 사전분포에서 뽑은 표본
#
# 새 이미지를 만들려면 사전분포에서 $z$를 뽑아 디코딩하면 됩니다. VAE는 바로 이 일을 하도록 학습되었습니다.
# 오토인코더에는 사전분포가 없으니, 공평하게 두 번의 기회를 줍시다. 한 번은 표준 가우시안, 또 한 번은 자기 코드에 맞춘
# 가우시안(1강처럼 평균과 공분산을 맞춘 것)입니다. 여기서는 $d = 8$입니다.
#
# 표본이 데이터와 닮았는지는 어떻게 잴까요? 가장 가까운 학습 이미지까지의 거리로 재면 베끼거나 평균을 낸 쪽이
# 유리합니다. 더 엄격하게 묻겠습니다. **학습에 쓰지 않은 이미지와 구별할 수 있는가?** $p(x|z)$의 표본 360장을 테스트
# 이미지 360장과 섞고, 한 장 한 장을 나머지 719장 가운데 가장 가까운 이웃으로 판정합니다. 두 집합이 서로 같다면 이웃이
# 같은 집합에서 나올 확률은 절반이고, 다르면 언제나 같은 집합입니다. 이것을 최근접 이웃을 쓴 *이표본 검정*이라고
# 합니다.
#
# > **먼저 예측하기.** 네 집합을 테스트 이미지와 견줍니다. 학습 이미지, 숫자마다 하나씩인 평균 이미지, VAE의 표본, 표준
# > 가우시안을 쓴 오토인코더의 표본. 어느 것이 절반에 가장 가깝고, 어느 것이 1일까요?


# %%
def told_apart(samples):
    """How often the nearest neighbour among samples and test images is of the same set: 1/2 where they are alike."""
    both = np.concatenate([samples.reshape(-1, 64), images.reshape(-1, 64)])
    nearest = NearestNeighbors(n_neighbors=1).fit(both).kneighbors(return_distance=False)[:, 0]
    is_sample = np.arange(len(both)) < len(samples)
    return np.mean(is_sample[nearest] == is_sample)


def drawn(model, z, seed):
    return model.decode(np.asarray(z, np.float32)).sample(seed=seed).numpy()


count = len(images)
samples = {"AE, N(0, 1)": {}, "AE, N(m, C)": {}, "VAE, N(0, 1)": {}}
for seed in seeds:
    auto, vae = models["AE", 8, seed], models["VAE", 8, seed]
    standard, own = rng.normal(size=(count, 8)), codes(auto, train_images)
    fitted = rng.multivariate_normal(own.mean(axis=0), np.cov(own.T), size=count)
    for name, model, z in zip(samples, (auto, auto, vae), (standard, fitted, standard), strict=True):
        samples[name][seed] = drawn(model, z, seed)
apart = {name: [told_apart(of_seed) for of_seed in by_seed.values()] for name, by_seed in samples.items()}
averages = np.stack([train_images[digits.labels == digit].mean(axis=0) for digit in range(10)])
apart["class means"] = [told_apart(averages.repeat(count // 10, axis=0))]
apart["train"] = [told_apart(train_images[rng.permutation(len(train_images))[:count]]) for _ in seeds]
for name, shares in apart.items():
    print(f"{name:14s} told from test images: {np.round(shares, 2)}")

assert abs(np.mean(apart["train"]) - 0.5) < 0.1  # digits against digits
assert min(apart["AE, N(0, 1)"]) > 0.95
assert min(apart["class means"]) > 0.8
assert max(apart["VAE, N(0, 1)"]) < min(apart["AE, N(0, 1)"])
assert max(apart["AE, N(m, C)"]) < min(apart["AE, N(0, 1)"])
labelled_grid([by_seed[0][:12] for by_seed in samples.values()] + [images[:12]], [*samples, "test"])

# %% [markdown] lang="en"
# Training images pass; means of classes do not, though they are as near to the data as anything. (The test does not
# punish *copies* of training images: for that there is `keras_vae.memorisation`.) The autoencoder under the
# standard Gaussian is caught always: its decoder knows nothing of that place. The VAE under its own prior is caught
# less often, and so is the autoencoder once a Gaussian was fitted to its codes. No model passes: pixels that toss
# coins are grainy where digits are smooth, as 4.3 showed.
#
# So the sampling is not what only a VAE can do: an autoencoder with a density fitted afterwards draws as well here, if
# not better.
# What it cannot do is say how probable an *image* is. The VAE's prior is part of its loss, and that loss is a bound on
# $-\log p(x)$.
#
# ## 4.5 Interpolation
#
# Take two images, walk in a straight line from the code of one to the code of the other, and decode on the way. In a
# latent space without holes and sudden turns the picture should change steadily. We measure the *detour*: the length
# of the way that the decoded picture travels, divided by the straight distance between the two end pictures. 1 would
# be perfectly direct.

# %% [markdown] lang="ko"
# 학습 이미지는 통과하고, 클래스의 평균은 무엇 못지않게 데이터에 가까우면서도 통과하지 못합니다. (이 검정은 학습
# 이미지의 *사본*을 벌하지 않습니다. 그것은 `keras_vae.memorisation`이 합니다.) 표준 가우시안을 쓴
# 오토인코더는 언제나 들킵니다. 디코더가 그 자리를 전혀 모르기 때문입니다. 자기 사전분포를 쓴 VAE는 덜 들키고, 코드에
# 가우시안을 맞춘 오토인코더도 마찬가지입니다. 통과하는 모델은 없습니다. 4.3절에서 보았듯이, 숫자가 매끄러운 곳에서도
# 동전을 던지는 픽셀은 거칠거칠하기 때문입니다.
#
# 그러니 표본을 뽑는 일이 VAE만의 재주는 아닙니다. 나중에 밀도를 맞춘 오토인코더도 여기서는 그만큼, 또는 그보다 조금
# 낫게 합니다. 오토인코더가 할 수 없는 것은 *이미지*가 얼마나 그럴듯한지 말하는 일입니다. VAE의 사전분포는 손실의
# 일부이고, 그 손실은 $-\log p(x)$의 상한입니다.
#
# ## 4.5 보간
#
# 이미지 두 장을 골라 한쪽 코드에서 다른 쪽 코드까지 곧게 걸어가며 디코딩합니다. 빈자리나 급한 굽이가 없는 잠재
# 공간이라면 이미지가 차근차근 바뀌어야 합니다. *우회도*를 재어 봅시다. 디코딩한 이미지가 지나간 길의 길이를 양 끝
# 이미지 사이의 직선 거리로 나눈 값입니다. 1이면 완전히 곧장 간 것입니다.

# %%
first, second = rng.permutation(count), rng.permutation(count)
different = test.labels[first] != test.labels[second]
first, second = first[different], second[different]


def walk(model, steps):
    a, b = codes(model, images[first]), codes(model, images[second])
    t = np.linspace(0, 1, steps)[:, None, None]
    return decoded(model, (1 - t) * a + t * b).reshape(steps, len(first), 64)


detour = {}
for (name, d, seed), model in models.items():
    if d < 128:
        way = walk(model, 41)
        length = np.linalg.norm(np.diff(way, axis=0), axis=-1).sum(axis=0)
        detour[name, d, seed] = np.median(length / np.linalg.norm(way[-1] - way[0], axis=-1))
for d in (2, 8):
    for name in kinds:
        print(f"{name:4s} d = {d}:  detour {[round(float(detour[name, d, seed]), 2) for seed in seeds]}")
    assert min(detour["AE", d, seed] for seed in seeds) > max(detour["VAE", d, seed] for seed in seeds) > 1

# %%
ways = {name: walk(models[name, 8, 0], 11) for name in kinds}
ends = np.stack([images[first], images[second]]).reshape(2, -1, 64)
missed = sum(np.abs(way[[0, -1]] - ends).max(axis=(0, 2)) for way in ways.values())
shown = np.argsort(missed)[:3]  # pairs whose ends both models restore well
rows = [way[:, number].reshape(11, 8, 8, 1) for number in shown for way in ways.values()]
names = [f"{name}, {test.labels[first[n]]} → {test.labels[second[n]]}" for n in shown for name in ways]
labelled_grid(
    rows, names, [f"{t:.1f}" for t in np.linspace(0, 1, 11)], xlabel="$t$:  decode($(1-t)\\,z_1 + t\\,z_2$)", group=2
)

# %% [markdown] lang="en"
# On its way from one digit to another the autoencoder takes the longer way round; the VAE goes more directly, and its
# pictures halfway are softer.
#
# ## 4.6 Why the latent need not be undercomplete any more
#
# A classic rule says: the hidden layer of an autoencoder must be narrower than its input, **undercomplete**, or it
# may simply copy the input and learn nothing. Let us break the rule: 128 latents for images of 64 pixels.
#
# > **Predict first.** From 8 latents to 128: what becomes of the autoencoder's restoring, of the VAE's KL, and of its
# > ELBO: better, worse, the same?
#
# $\mathcal{L}_{50}$ below is a closer lower bound of $\log p(x)$ than the ELBO, from 50 samples of $q$ an image
# (lecture 5).

# %% [markdown] lang="ko"
# 한 숫자에서 다른 숫자로 갈 때 오토인코더는 먼 길로 돌아갑니다. VAE는 더 곧장 가고, 도중의 이미지는 더 부드럽습니다.
#
# ## 4.6 잠재 공간이 왜 더 이상 좁지 않아도 되는가
#
# 오래된 규칙이 하나 있습니다. 오토인코더의 은닉층은 입력보다 좁아야 한다(**undercomplete**)는 것입니다. 그러지 않으면
# 입력을 그대로 베끼기만 하고 아무것도 배우지 못할 수 있습니다. 규칙을 어겨 봅시다. 픽셀이 64개인 이미지에 잠재 변수를
# 128개 줍니다.
#
# > **먼저 예측하기.** 잠재 변수가 8개에서 128개로 늘면 오토인코더의 재구성, VAE의 KL, VAE의 ELBO는 각각 좋아질까요,
# > 나빠질까요, 그대로일까요?
#
# 아래의 $\mathcal{L}_{50}$은 이미지마다 $q$의 표본 50개로 구한, ELBO보다 $\log p(x)$에 더 가까운 하한입니다(5강).


# %%
def judged(model, samples=50):
    """ELBO, the closer bound L_50 and the KL of the test images, in nats."""
    q = model.encode(images)
    noise = tf.random.stateless_normal([samples, count, model.latent_dim], seed=[0, 1])
    z = q.mean() + q.stddev() * noise
    log_w = (model.decode(z).log_prob(images) + model.prior().log_prob(z) - q.log_prob(z)).numpy().astype(np.float64)
    bound = np.mean(np.logaddexp.reduce(log_w, axis=0)) - np.log(samples)
    return log_w.mean(), bound, q.kl_divergence(model.prior()).numpy().mean()


scores = {d: np.array([judged(models["VAE", d, seed]) for seed in seeds]) for d in (2, 8, 128)}
for d, (elbo, bound, kl) in ((d, score.mean(axis=0)) for d, score in scores.items()):
    copied = np.mean([restored["AE", d, seed] for seed in seeds])
    print(f"AE  d = {d:3d}:  {copied - floor:5.1f} nats from a perfect copy")
    print(f"VAE d = {d:3d}:  ELBO {elbo:7.1f}   L_50 {bound:7.1f}   KL {kl:4.1f} nats")

copied = {d: np.mean([restored["AE", d, seed] for seed in seeds]) - floor for d in (8, 128)}
assert copied[128] < 0.7 * copied[8]  # ever nearer to a copy
gain = baseline + scores[8][:, 0].mean()  # of the ELBO over the mean image
assert scores[128][:, 0].mean() > scores[8][:, 0].mean() - 0.15 * gain  # sixteen times the latents: most of it is kept
assert scores[128][:, 1].mean() > scores[8][:, 1].mean() - 0.05 * gain  # and the bound does not suffer
assert scores[128][:, 2].mean() < 3 * scores[8][:, 2].mean()

# %% [markdown] lang="en"
# The autoencoder comes nearer and nearer to a copying machine. The VAE's KL does not grow sixteenfold with the number
# of cells. What limits it is not the *number* of hidden cells but how much information they may *carry*: every nat of
# KL is charged in its loss, and a cell that does not earn its price stays at or near the prior, where
# $q(z_j|x) = p(z_j)$ costs nothing. **The bottleneck is measured in nats, not in cells.**
#
# A wide latent is not free, though. The ELBO falls by some nats, a few percent of what the model gained over the mean
# image: every idle cell pays a little KL and adds a little noise, and a Gaussian $q$ fits a posterior of 128
# dimensions less well. The closer bound shows that the *model* has hardly suffered. So be generous, not careless, with
# latents.
#
# The same on MNIST, in the preset of 4.3 with its 50 latents, as its card tells:

# %% [markdown] lang="ko"
# 오토인코더는 점점 복사기에 가까워집니다. VAE의 KL은 셀이 16배가 되어도 16배로 늘지 않습니다. VAE를 제한하는 것은 은닉
# 셀의 *개수*가 아니라 셀이 정보를 얼마나 *담을 수 있는가*입니다. KL 1내트마다 손실에 비용이 붙으므로, 값어치를 못 하는
# 셀은 사전분포나 그 가까이에 머무릅니다. $q(z_j|x) = p(z_j)$이면 비용이 0입니다. **병목은 셀의 개수가 아니라 내트로
# 잽니다.**
#
# 그렇다고 넓은 잠재 공간이 공짜는 아닙니다. ELBO는 몇 내트, 곧 평균 이미지보다 나아진 양의 몇 퍼센트쯤 내려갑니다.
# 쉬고 있는 셀도 저마다 KL을 조금씩 치르고 잡음을 조금씩 보태며, 가우시안 $q$는 128차원 사후분포에 덜 들어맞기
# 때문입니다. 더 가까운 하한을 보면 *모델* 자체는 거의 나빠지지 않았습니다. 그러니 잠재 변수는 넉넉하게 주되 마구
# 주지는 마십시오.
#
# MNIST에서도 마찬가지입니다. 4.3절의 프리셋(잠재 변수 50개)에 적혀 있는 값입니다.

# %%
q = models["VAE", 128, 0].encode(images)
of_digits = np.mean(0.5 * (q.mean() ** 2 + q.stddev() ** 2 - 1 - 2 * np.log(q.stddev())), axis=0)
of_mnist = np.array(read_preset("mnist_iwae_mlp")["trained"]["test"]["kl_per_dimension"])
figure = new_figure(10, 3)
for axes, kl, name in zip(figure.subplots(1, 2), (of_digits, of_mnist), ("digits", "MNIST"), strict=True):
    axes.bar(np.arange(1, len(kl) + 1), np.sort(kl)[::-1], width=1.0, color=BLUE)
    style_axes(axes, f"{name}, d = {len(kl)}:  KL = {kl.sum():.1f} nats", "$j$ (sorted)", "KL of $z_j$   (nats)")
assert np.sum(of_mnist > 0.01) == 20  # thirty of fifty cells are idle
assert np.sort(of_digits)[::-1][:48].sum() > 0.5 * of_digits.sum()
figure

# %% [markdown] lang="en"
# ## 4.7 Sampling is not differentiable
#
# Now to the question of the beginning. The VAE's loss contains an expectation over its own random cell,
#
# $$\mathbb{E}_{z \sim \mathcal{N}(\mu, s^2)}[f(z)], \qquad f(z) = -\log p(x|z),$$
#
# and we need its gradient with respect to $\mu$ and $s$, for these come from the encoder. Lecture 3 used quadrature,
# which takes $k^d$ points and is out of the question here. So draw a sample. Let us begin with a cell that draws one
# of three numbers, and ask TensorFlow for the gradient with respect to their probabilities:

# %% [markdown] lang="ko"
# ## 4.7 표본 추출은 미분할 수 없다
#
# 이제 처음의 물음으로 돌아갑니다. VAE의 손실에는 자신의 확률적 셀에 대한 기댓값이 들어 있습니다.
#
# $$\mathbb{E}_{z \sim \mathcal{N}(\mu, s^2)}[f(z)], \qquad f(z) = -\log p(x|z)$$
#
# $\mu$와 $s$는 인코더에서 나오므로, 이 값들에 대한 기울기가 필요합니다. 3강에서는 구적법을 썼지만 점이 $k^d$개나
# 필요하니 여기서는 어림없습니다. 그래서 표본을 뽑습니다. 먼저 세 수 가운데 하나를 뽑는 셀을 두고, 그 확률들로 미분해
# 달라고 TensorFlow에 부탁해 봅시다.


# %%
def f(z):
    return (z - 2.0) ** 2


logits = tf.Variable([[0.2, 1.0, -0.5]])
with tf.GradientTape() as tape:
    z = tf.random.categorical(logits, 1)[0, 0]  # 0, 1 or 2
    loss = f(tf.cast(z, tf.float32))
gradient = tape.gradient(loss, logits)
print("d loss / d logits =", gradient)
assert gradient is None

# %% [markdown] lang="en"
# `None`: the draw is a wall. It is not a flaw of TensorFlow. A draw is not a function of its probabilities at all: run
# it twice with the same ones and it gives two values. A Gaussian draw is no different. See what becomes of a
# difference quotient $\frac{f(z(\mu + h)) - f(z(\mu))}{h}$ when each evaluation draws anew, and when both use *the
# same* randomness:

# %% [markdown] lang="ko"
# `None`입니다. 표본 추출이 벽이 됩니다. TensorFlow의 결함이 아닙니다. 뽑기는 애초에 확률의 함수가 아닙니다. 같은
# 확률로 두 번 뽑아도 두 값이 나오기 때문입니다. 가우시안에서 뽑아도 다를 것이 없습니다. 차분 몫
# $\frac{f(z(\mu + h)) - f(z(\mu))}{h}$를 구할 때마다 새로 뽑는 경우와, 두 번 모두 *같은* 무작위성을 쓰는 경우를 견주어
# 봅시다.

# %%
mu, s, h, repeats = 0.5, 0.8, 1e-3, 10_000
fresh = (f(rng.normal(mu + h, s, repeats)) - f(rng.normal(mu, s, repeats))) / h
noise = rng.normal(size=repeats)  # one draw of the noise, kept for both evaluations
shared = (f((mu + h) + s * noise) - f(mu + s * noise)) / h

print(f"new noise each time: mean {fresh.mean():9.3f}   standard deviation {fresh.std():9.3f}")
print(f"the same noise:      mean {shared.mean():9.3f}   standard deviation {shared.std():9.3f}")
print(f"exact:                    {2 * (mu - 2):9.3f}")
assert abs(shared.mean() - 2 * (mu - 2)) < 0.1
assert fresh.std() > 500 * shared.std()

# %% [markdown] lang="en"
# The second way is the solution.
#
# ## 4.8 The reparameterisation trick
#
# Move the randomness out of the cell. Draw $\varepsilon$ from a fixed distribution that has no parameters, and
# compute
#
# $$z = \mu + s\,\varepsilon, \qquad \varepsilon \sim \mathcal{N}(0, 1).$$
#
# This $z$ has the distribution $\mathcal{N}(\mu, s^2)$ that we want. But for a given $\varepsilon$ it is a plain,
# differentiable function of $\mu$ and $s$, with $\frac{\partial z}{\partial \mu} = 1$ and
# $\frac{\partial z}{\partial s} = \varepsilon$. So the gradient may be taken inside the expectation:
#
# $$\nabla_{\mu}\, \mathbb{E}_{z}[f(z)] = \mathbb{E}_{\varepsilon}\big[f'(\mu + s\varepsilon)\big],
# \qquad \nabla_{s}\, \mathbb{E}_{z}[f(z)] = \mathbb{E}_{\varepsilon}\big[f'(\mu + s\varepsilon)\,\varepsilon\big]$$
#
# The average over a few draws of $\varepsilon$ is an **unbiased estimate** of it: right on average, however few.
# (`tf.random.normal([], mu, s)` computes just this sum inside, so gradients do pass through it. A categorical draw
# cannot be written so.) For $f(z) = (z - 2)^2$ we know the answer: $\mathbb{E}[f] = (\mu - 2)^2 + s^2$, with gradients
# $2(\mu - 2)$ and $2 s$.

# %% [markdown] lang="ko"
# 둘째 방법이 바로 답입니다.
#
# ## 4.8 재매개변수화 트릭
#
# 무작위성을 셀 밖으로 옮깁니다. 매개변수가 없는 고정된 분포에서 $\varepsilon$을 뽑고 다음을 계산합니다.
#
# $$z = \mu + s\,\varepsilon, \qquad \varepsilon \sim \mathcal{N}(0, 1)$$
#
# 이 $z$의 분포는 우리가 바라던 $\mathcal{N}(\mu, s^2)$입니다. 그런데 $\varepsilon$이 정해지면 $z$는 $\mu$와 $s$의
# 평범한, 미분할 수 있는 함수이고 $\frac{\partial z}{\partial \mu} = 1$,
# $\frac{\partial z}{\partial s} = \varepsilon$입니다. 그러므로 기울기를 기댓값 안으로 넣을 수 있습니다.
#
# $$\nabla_{\mu}\, \mathbb{E}_{z}[f(z)] = \mathbb{E}_{\varepsilon}\big[f'(\mu + s\varepsilon)\big],
# \qquad \nabla_{s}\, \mathbb{E}_{z}[f(z)] = \mathbb{E}_{\varepsilon}\big[f'(\mu + s\varepsilon)\,\varepsilon\big]$$
#
# $\varepsilon$을 몇 번만 뽑아 평균을 내도 **불편추정량**(unbiased estimator), 곧 아무리 적게 뽑아도 평균적으로는 옳은
# 추정값이 됩니다. (`tf.random.normal([], mu, s)`는 안에서 바로 이 합을 계산하므로 기울기가 지나갑니다. 범주형 표본은
# 이렇게 쓸 수 없습니다.) $f(z) = (z - 2)^2$이면 답을 압니다. $\mathbb{E}[f] = (\mu - 2)^2 + s^2$이므로 기울기는
# $2(\mu - 2)$와 $2 s$입니다.

# %%
figure = new_figure(11, 2.7)
for axes, split in zip(figure.subplots(1, 2), (False, True), strict=True):
    names = ["$x$", "encoder", r"$\mu,\,s$", "$z$", "decoder", "loss"]
    for x, name in enumerate(names):
        random = name == "$z$" and not split
        box = {"boxstyle": "round", "facecolor": "#f8cfa8" if random else "white", "edgecolor": INK}
        axes.text(x, 0, name, ha="center", va="center", bbox=box, color=INK)
    for x in range(5):
        wall = not split and x == 2  # from z back to mu and s
        arrow = {"arrowstyle": "->", "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (x + 0.85, 0.42), (x + 0.15, 0.42), arrowprops={**arrow, "color": INK})
        if x > 0 and (split or x >= 2):
            back = {**arrow, "color": VERMILLION if wall else BLUE, "linestyle": ":" if wall else "-"}
            axes.annotate("", (x + 0.15, -0.42), (x + 0.85, -0.42), arrowprops=back)
            axes.text(x + 0.5, -0.75, "✕" if wall else r"$\nabla$", ha="center", color=back["color"], fontsize=13)
    if split:
        box = {"boxstyle": "round", "facecolor": "#f8cfa8", "edgecolor": INK}
        axes.text(3, 1.05, r"$\varepsilon \sim \mathcal{N}(0, 1)$", ha="center", va="center", bbox=box, color=INK)
        axes.annotate("", (3, 0.25), (3, 0.8), arrowprops={"arrowstyle": "->", "linewidth": 1.6, "color": INK})
    axes.set(xlim=(-0.4, 5.5), ylim=(-0.95, 1.35))
    axes.set_title(r"$z = \mu + s\,\varepsilon$" if split else r"$z \sim \mathcal{N}(\mu, s^2)$", loc="left", color=INK)
    axes.axis("off")
figure

# %% [markdown] lang="en"
# Black arrows: the way forward. Blue: the way back of the gradient. Shaded: where the randomness sits. On the left it
# stands in the only way back to the encoder, which learns nothing; on the right it stands beside it.

# %% [markdown] lang="ko"
# 검은 화살표는 앞으로 가는 길, 파란 화살표는 기울기가 돌아오는 길입니다. 색칠한 상자가 무작위성이 있는 곳입니다.
# 왼쪽에서는 인코더로 돌아가는 하나뿐인 길을 막고 있어 인코더는 아무것도 배우지 못하고, 오른쪽에서는 길옆으로 비켜나
# 있습니다.

# %%
mean, log_stddev = tf.Variable(0.5), tf.Variable(np.log(0.8), dtype=tf.float32)
epsilon = tf.constant(rng.normal(size=200_000), tf.float32)
with tf.GradientTape() as tape:
    z = mean + tf.exp(log_stddev) * epsilon
    loss = tf.reduce_mean(f(z))
by_mean, by_log = tape.gradient(loss, [mean, log_stddev])
by_stddev = by_log / tf.exp(log_stddev)  # chain rule: the variable is log s
print(f"E[f]:      {float(loss):8.4f}   exact {(mu - 2) ** 2 + s**2:8.4f}")
print(f"d/d mean:  {float(by_mean):8.4f}   exact {2 * (mu - 2):8.4f}")
print(f"d/d s:     {float(by_stddev):8.4f}   exact {2 * s:8.4f}")
assert abs(float(loss) - ((mu - 2) ** 2 + s**2)) < 0.05
assert abs(float(by_mean) - 2 * (mu - 2)) < 0.03
assert abs(float(by_stddev) - 2 * s) < 0.05
assert abs(float(tf.reduce_mean(z)) - mu) < 0.01  # z has the mean and
assert abs(float(tf.math.reduce_std(z)) - s) < 0.01  # the standard deviation that we want
with tf.GradientTape() as tape:
    z = tf.random.normal([], mean, tf.exp(log_stddev))  # the same trick inside
assert None not in tape.gradient(z, [mean, log_stddev])

# %% [markdown] lang="en"
# ## 4.9 A VAE by hand
#
# Every part is there now. Let us write a whole VAE, from matrices on: no Keras layer, no optimizer, no distribution
# object, nothing of this package. First the two networks. A layer is a matrix and a bias; the encoder ends in $2d$
# numbers, means and log-variances, the decoder in a logit for each pixel.

# %% [markdown] lang="ko"
# ## 4.9 직접 만드는 VAE
#
# 이제 부품이 모두 모였습니다. 행렬부터 시작해 VAE 하나를 통째로 만들어 봅시다. Keras의 층도, 옵티마이저도, 분포
# 객체도, 이 패키지의 어떤 것도 쓰지 않습니다. 먼저 두 신경망입니다. 층 하나는 행렬과 편향입니다. 인코더는 평균과 로그
# 분산, 모두 $2d$개의 숫자로 끝나고, 디코더는 픽셀마다 로짓 하나로 끝납니다.

# %%
D, d, T = 64, 8, 16  # pixels, latents, dots of a pixel


def layer(inputs, outputs):
    reach = np.sqrt(6 / (inputs + outputs))
    kernel = tf.Variable(rng.uniform(-reach, reach, (inputs, outputs)), dtype=tf.float32)
    return kernel, tf.Variable(tf.zeros(outputs))


encoder = [layer(D, 128), layer(128, 128), layer(128, 2 * d)]
decoder = [layer(d, 128), layer(128, 128), layer(128, D)]
weights = [weight for pair in encoder + decoder for weight in pair]


def network(layers, h):
    for kernel, bias in layers[:-1]:
        h = h @ kernel + bias
        h = h * tf.sigmoid(h)  # swish
    kernel, bias = layers[-1]
    return h @ kernel + bias


# %% [markdown] lang="en"
# Then the loss, one line a formula: the encoder's $\mu$ and $\log s^2$; the reparameterised $z$; the binomial
# $\log p(x|z)$ of lecture 1, with $k$ white dots of 16 and logit $a$, which is
# $\log \binom{16}{k} + k\,a - 16 \log(1 + e^a)$; and the KL of lecture 3.

# %% [markdown] lang="ko"
# 다음은 손실입니다. 식 하나가 코드 한 줄입니다. 인코더의 $\mu$와 $\log s^2$, 재매개변수화한 $z$, 1강의 이항
# $\log p(x|z)$(흰 점이 16개 가운데 $k$개이고 로짓이 $a$이면 $\log \binom{16}{k} + k\,a - 16 \log(1 + e^a)$), 그리고
# 3강의 KL입니다.


# %%
def loss_of_each(x, noise):
    """-ELBO of each image, in nats: x [n, 64] in [0, 1], noise [n, 8]."""
    mean, log_variance = tf.split(network(encoder, x), 2, axis=1)
    z = mean + tf.exp(log_variance / 2) * noise
    a, k = network(decoder, z), tf.round(T * x)
    choose = tf.math.lgamma(T + 1.0) - tf.math.lgamma(k + 1) - tf.math.lgamma(T - k + 1)
    log_likelihood = tf.reduce_sum(choose + k * a - T * tf.math.softplus(a), axis=1)
    kl = tf.reduce_sum(mean**2 + tf.exp(log_variance) - 1 - log_variance, axis=1) / 2
    return -log_likelihood + kl


# %% [markdown] lang="en"
# And the training step: mean over the batch, gradient, Adam (a running mean of the gradient divided by the root of a
# running mean of its square, both corrected for starting at 0).

# %% [markdown] lang="ko"
# 마지막으로 학습 스텝입니다. 배치에 대한 평균, 기울기, 그리고 Adam(기울기의 이동 평균을 기울기 제곱의 이동 평균의
# 제곱근으로 나눈 것. 둘 다 0에서 출발한 만큼 보정)입니다.

# %%
moments = [(tf.Variable(tf.zeros_like(weight)), tf.Variable(tf.zeros_like(weight))) for weight in weights]


@tf.function
def train_step(x, noise, t, rate=0.003):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(loss_of_each(x, noise))
    for weight, gradient, (first, second) in zip(weights, tape.gradient(loss, weights), moments, strict=True):
        first.assign(0.9 * first + 0.1 * gradient)
        second.assign(0.999 * second + 0.001 * gradient**2)
        weight.assign_sub(rate * first / (1 - 0.9**t) / (tf.sqrt(second / (1 - 0.999**t)) + 1e-7))
    return loss


flat, t, history = train_images.reshape(-1, D), 0, []
for _ in range(20 if FAST else 40):
    for batch in np.array_split(rng.permutation(len(flat)), 12):
        t += 1
        noise = rng.normal(size=(len(batch), d)).astype(np.float32)
        history.append(float(train_step(flat[batch], noise, tf.constant(t, tf.float32))))

judge = rng.normal(size=(count, d)).astype(np.float32)
by_hand = float(tf.reduce_mean(loss_of_each(images.reshape(-1, D), judge)))
print(f"-ELBO of the test images: {by_hand:.1f} nats; the mean image {baseline:.1f}")
assert by_hand < 0.6 * baseline
drawn_by_hand = tf.sigmoid(network(decoder, rng.normal(size=(24, d)).astype(np.float32)))
labelled_grid(drawn_by_hand.numpy().reshape(2, 12, 8, 8, 1), ["", ""], title="decode(z),  z ~ N(0, 1)")

# %% [markdown] lang="en"
# That is a VAE. Is it *the* VAE of the package? Put our weights into the package's networks, give both the same images
# and the same noise, and compare the loss of every image and the gradient of every weight.

# %% [markdown] lang="ko"
# 이것이 VAE입니다. 그런데 패키지의 *그* VAE와 같을까요? 우리 가중치를 패키지의 신경망에 넣고, 같은 이미지와 같은
# 잡음을 주어, 이미지마다의 손실과 가중치마다의 기울기를 견주어 봅시다.

# %%
package = keras_vae.VAE.from_preset("digits_mlp", latent_dim=d, network={"hidden": [128, 128]})
package.encoder.set_weights([weight.numpy() for pair in encoder for weight in pair])
package.decoder.set_weights([weight.numpy() for pair in decoder for weight in pair])
x, noise = images[:100], tf.constant(judge[:100])

with tf.GradientTape() as tape:
    ours = loss_of_each(x.reshape(-1, D), noise)
    loss = tf.reduce_mean(ours)
our_gradient = tape.gradient(loss, weights)
with tf.GradientTape() as tape:
    theirs = package.terms(tf.constant(x), None, noise[None]).loss
    loss = tf.reduce_mean(theirs)
their_gradient = tape.gradient(loss, package.encoder.trainable_weights + package.decoder.trainable_weights)

print(f"loss of an image: ours {ours[0]:.4f}, the package's {theirs[0]:.4f} nats")
print(f"largest difference: loss {np.abs(ours - theirs).max():.1e}, gradient ", end="")
print(f"{max(np.abs(a - b).max() for a, b in zip(our_gradient, their_gradient, strict=True)):.1e}")
assert np.allclose(ours, theirs, rtol=1e-5, atol=1e-3)
for a, b in zip(our_gradient, their_gradient, strict=True):
    assert np.allclose(a, b, rtol=1e-3, atol=1e-4 * np.abs(b).max())
    assert np.abs(b).max() > 0  # the gradient reaches every weight, the encoder's too

# %% [markdown] lang="en"
# Equal, to the rounding of float32. All that the package adds is choice (likelihoods, priors, posteriors, objectives),
# care (many devices, checkpoints), and files for devices.
#
# ## 4.10 The other way, and its variance
#
# There is another way to the gradient, older and more general. Differentiate the *density* instead of the sample.
# With $\nabla q = q\, \nabla \log q$,
#
# $$\nabla_\mu\, \mathbb{E}_q[f] = \int f(z)\, \nabla_\mu q(z)\, dz = \mathbb{E}_q\big[f(z)\, \nabla_\mu \log
# q(z)\big],
# \qquad \nabla_\mu \log q(z) = \frac{z - \mu}{s^2}.$$
#
# This is the **score-function estimator** (REINFORCE in reinforcement learning). It never differentiates $f$ and
# works for discrete $z$ too. So why not use it? Both estimators are unbiased; what differs is how much a
# single draw scatters. Let $f(z) = \sum_{j=1}^d (z_j - 1)^2$ in $d$ dimensions at $\mu = 0$, $s = 1$. For one
# component of the gradient:
#
# - reparameterisation: $2(z_1 - 1)$, whose variance is $4 s^2 = 4$, whatever $d$;
# - score function: $f(z)\,z_1$, where $f$ is a sum over *all* dimensions, so the variance grows with $d$. (With
# $f = \sum_j (z_j - 1)^2$ it works out to $4 d^2 + 14 d + 12$.)

# %% [markdown] lang="ko"
# float32의 반올림까지 같습니다. 패키지가 더한 것은 선택지(가능도, 사전분포, 사후분포, 목적함수)와 세심함(여러 장치,
# 체크포인트), 그리고 기기용 파일뿐입니다.
#
# ## 4.10 또 다른 길과 그 분산
#
# 기울기를 구하는 더 오래되고 더 일반적인 방법이 있습니다. 표본 대신 *밀도*를 미분하는 것입니다.
# $\nabla q = q\, \nabla \log q$이므로
#
# $$\nabla_\mu\, \mathbb{E}_q[f] = \int f(z)\, \nabla_\mu q(z)\, dz = \mathbb{E}_q\big[f(z)\, \nabla_\mu \log
# q(z)\big],
# \qquad \nabla_\mu \log q(z) = \frac{z - \mu}{s^2}$$
#
# 입니다. 이것을 **점수 함수 추정량**(score-function estimator, 강화학습에서는 REINFORCE)이라고 합니다. $f$를 미분할
# 필요가 없고 $z$가 이산값이어도 됩니다. 그런데 왜 쓰지 않을까요? 두 추정량 모두 불편추정량입니다. 다른 것은 한
# 번 뽑을 때마다 얼마나 흩어지느냐입니다. $d$차원에서 $f(z) = \sum_{j=1}^d (z_j - 1)^2$이고 $\mu = 0$, $s = 1$이라고
# 합시다. 기울기의 성분 하나를 보면 다음과 같습니다.
#
# - 재매개변수화: $2(z_1 - 1)$. 분산은 $d$와 상관없이 $4 s^2 = 4$입니다.
# - 점수 함수: $f(z)\,z_1$. $f$는 *모든* 차원에 걸친 합이므로 분산이 $d$에 따라 커집니다.
# ($f = \sum_j (z_j - 1)^2$이면 $4 d^2 + 14 d + 12$가 됩니다.)

# %%
sizes = [1, 2, 5, 10, 20, 50]
variance = {"reparameterisation": [], "score function": [], "score − mean of f": []}
for d in sizes:
    z = rng.normal(size=(200_000, d))
    values = np.sum((z - 1) ** 2, axis=1)
    estimates = (2 * (z[:, 0] - 1), values * z[:, 0], (values - values.mean()) * z[:, 0])
    for column, estimate in zip(variance.values(), estimates, strict=True):
        column.append(estimate.var())
        assert abs(estimate.mean() - (-2)) < 6 * estimate.std() / np.sqrt(len(z))  # all are right on average
    print(f"d = {d:2d}:  variance " + "   ".join(f"{column[-1]:9.1f}" for column in variance.values()))
    assert abs(estimates[0].var() / 4 - 1) < 0.05
    assert abs(estimates[1].var() / (4 * d**2 + 14 * d + 12) - 1) < 0.1
assert variance["score function"][-1] > 1000 * variance["reparameterisation"][-1]

# %% [markdown] lang="en"
# The third column is the best-known remedy for the score function: subtract a *baseline*, here the mean of $f$, which
# changes nothing on average. It helps, and the variance still grows with $d$. What this means for training: gradient
# descent on $\mathbb{E}[f]$ with *one* draw a step, 20 dimensions, the same learning rate for both.

# %% [markdown] lang="ko"
# 셋째 열은 점수 함수의 가장 잘 알려진 처방입니다. *기준선*(baseline), 여기서는 $f$의 평균을 빼는 것으로, 평균적으로는
# 아무것도 바뀌지 않습니다. 도움은 되지만 분산은 여전히 $d$에 따라 커집니다. 학습에는 어떤 영향이 있을까요? 20차원에서
# 한 걸음마다 표본을 *하나씩*만 뽑아, 두 방법에 같은 학습률로 $\mathbb{E}[f]$에 경사 하강법을 써 봅시다.


# %%
def descend(estimator, d=20, steps=2000, rate=0.001, seed=1):
    noise, mu, path = np.random.default_rng(seed), np.zeros(d), []
    for _ in range(steps):
        epsilon = noise.normal(size=d)
        mu = mu - rate * estimator(mu, mu + epsilon)
        path.append(np.sum((mu - 1) ** 2))  # E[f] less its smallest value
    return np.array(path)


paths = {
    "reparameterisation": descend(lambda mu, z: 2 * (z - 1)),
    "score function": descend(lambda mu, z: np.sum((z - 1) ** 2) * (z - mu)),
}
last = {name: path[-500:].mean() for name, path in paths.items()}
print("mean of the last 500 steps: " + "   ".join(f"{name} {value:.3f}" for name, value in last.items()))
assert last["reparameterisation"] < 0.1
assert last["score function"] > 30 * last["reparameterisation"]

figure = new_figure(10.5, 3.6)
left, right = figure.subplots(1, 2)
for (name, column), colour, marker in zip(variance.items(), (BLUE, VERMILLION, GREEN), ("o", "s", "^"), strict=True):
    left.loglog(sizes, column, marker + "-", color=colour, label=name)
style_axes(left, r"$\partial\,\mathrm{E}[f]\,/\,\partial\mu_1$", "$d$", "variance")
style_legend(left)
for (name, path), colour in zip(paths.items(), (BLUE, VERMILLION), strict=True):
    right.semilogy(path, color=colour, label=name)
style_axes(right, "$d$ = 20", "step", r"$\mathrm{E}[f] - \min\,\mathrm{E}[f]$")
style_legend(right)
figure

# %% [markdown] lang="en"
# Last, the same in the real thing: the reconstruction term of a digit in the VAE with 8 latents, its gradient with
# respect to the 8 means that the encoder returned. 20,000 draws of either estimator.

# %% [markdown] lang="ko"
# 마지막으로 진짜 모델에서도 확인합니다. 잠재 변수가 8개인 VAE에서 숫자 하나의 재구성 항의 기울기를, 인코더가
# 내놓은 평균 8개에 대해 구합니다. 두 추정량을 각각 20,000번씩 뽑습니다.

# %%
vae, image = models["VAE", 8, 0], images[:1]
posterior = vae.encode(image)
mu, s = posterior.mean()[0], posterior.stddev()[0]
draws = 20_000
noise = tf.random.stateless_normal([draws, 8], seed=[4, 2])
copies = tf.tile(mu[None], [draws, 1])  # one copy of mu a draw, so that each draw has a gradient of its own
with tf.GradientTape() as tape:
    tape.watch(copies)
    log_likelihood = vae.decode(copies + s * noise).log_prob(image)
reparameterised = tape.gradient(log_likelihood, copies).numpy()
score = (log_likelihood[:, None] * noise / s).numpy()  # (z - mu) / s^2 = noise / s
baseline = ((log_likelihood - tf.reduce_mean(log_likelihood))[:, None] * noise / s).numpy()

for name, estimate in (
    ("reparameterisation", reparameterised),
    ("score function", score),
    ("score − mean of f", baseline),
):
    print(f"{name:18s} mean of the first {estimate.mean(axis=0)[0]:6.3f}   variances {estimate.var(axis=0).sum():8.1f}")
standard_error = np.sqrt((score.var(axis=0) + reparameterised.var(axis=0)) / draws)
ratios = [estimate.var(axis=0).sum() / reparameterised.var(axis=0).sum() for estimate in (score, baseline)]
print(
    f"variance against reparameterisation: score function {ratios[0]:.0f} x, with the mean subtracted {ratios[1]:.1f} x"
)
assert np.all(np.abs(score.mean(axis=0) - reparameterised.mean(axis=0)) < 5 * standard_error)
assert ratios[0] > 10
assert ratios[1] > 1.5

# %% [markdown] lang="en"
# The score function needs that many times more draws for the same precision. The reparameterised gradient scatters so
# little that VAEs train with **one** draw per image and step. That is what our sixty lines do, and `keras_vae.VAE`
# too.
#
# ## Exercises
#
# 1. **By hand.** What does a hidden cell with $\mu = 2$ and $s = 0.1$ cost in nats? What does it cost on average if its
# $\mu$ varies over images like the prior, with variance $1 - s^2$, and $s = 0.1$ everywhere?
#
# <details>
# <summary>Solution</summary>
#
# $\tfrac12(\mu^2 + s^2 - 1 - \log s^2) = \tfrac12(4 + 0.01 - 1 + 4.605) = 3.81$ nats. On average over images $\mu^2 +
# s^2 = 1$, so what is left is $-\log s = 2.30$ nats: the price of a cell is the logarithm of how much narrower it is
# than the prior.
#
# ```python
# assert abs(0.5 * (2**2 + 0.1**2 - 1 - np.log(0.1**2)) - 3.81) < 0.01
# assert abs(-np.log(0.1) - 2.30) < 0.01
# ```
# </details>
#
# 2. **Predict.** In 4.9, train with `noise = 0`. Which model is that, and where does $s$ go?
#
# <details>
# <summary>Solution</summary>
#
# Without noise $z = \mu$: an autoencoder whose loss punishes $\mu^2$. Only the KL depends on $s$ now, and
# $s^2 - \log s^2$ is smallest at $s = 1$. So $s$ goes to 1 for every image, and says nothing.
#
# ```python
# log_variance = tf.Variable(-3.0)
# for _ in range(200):
#     with tf.GradientTape() as tape:
#         kl = (tf.exp(log_variance) - 1 - log_variance) / 2
#     log_variance.assign_sub(0.1 * tape.gradient(kl, log_variance))
# assert abs(float(log_variance)) < 0.01
# ```
# </details>
#
# 3. **Another distribution.** The exponential distribution with rate $\lambda$ has mean $1/\lambda$ and the
# distribution function $1 - e^{-\lambda z}$. Reparameterise it with a uniform $u$, and check the gradient
# $-1/\lambda^2$ of its mean.
#
# <details>
# <summary>Solution</summary>
#
# Solve $u = 1 - e^{-\lambda z}$ for $z$; $1 - u$ is uniform too, so $z = -\log(u)/\lambda$.
#
# ```python
# rate, u = tf.Variable(2.0), tf.constant(1 - np.random.default_rng(0).random(100_000), tf.float32)
# with tf.GradientTape() as tape:
#     mean_of_z = tf.reduce_mean(-tf.math.log(u) / rate)
# assert abs(float(mean_of_z) - 1 / 2) < 0.01
# assert abs(float(tape.gradient(mean_of_z, rate)) + 1 / 4) < 0.01
# ```
# </details>
#
# 4. **Proof.** Why does a baseline $b$, subtracted from $f$ in the score-function estimator, change nothing on
# average?
#
# <details>
# <summary>Solution</summary>
#
# $\mathbb{E}_q[b\,\nabla \log q] = b \int q\, \frac{\nabla q}{q}\, dz = b\, \nabla\! \int q\, dz = b\,\nabla 1 = 0$,
# as long as $b$ does not depend on $z$. (A $b$ computed from the *same* draws, as above, depends on them a little;
# with 200,000 draws nobody sees it.)
#
# ```python
# z = np.random.default_rng(0).normal(0.5, 0.8, 1_000_000)
# assert abs(np.mean(7 * (z - 0.5) / 0.8**2)) < 0.05
# ```
# </details>
#
# 5. **Code.** Give the VAE of 4.9 a weight $\beta$ on its KL. Which line changes, and which $\beta$ makes it the
# mistake of lecture 1, $-\log p(x|z)$ averaged over pixels?
#
# <details>
# <summary>Solution</summary>
#
# The last line of `loss_of_each`: `return -log_likelihood + beta * kl`. Averaging the first term over 64 pixels is, up
# to the scale of the loss, $\beta = 64$.
# </details>
#
# ## What to remember
#
# | | |
# |---|---|
# | probabilistic hidden cell | holds $\mathcal{N}(\mu, s^2)$ and passes on a sample; the autoencoder's holds a number |
# | its latent space | near the prior's scale and without large holes, so codes can be drawn and interpolated |
# | output | $p(x \mid z)$, a distribution of images; the mean is smooth, a sample is grainy |
# | bottleneck | in nats (the KL), not in the number of cells: the latent may be overcomplete, at a small price |
# | reparameterisation trick | $z = \mu + s\,\varepsilon$: randomness beside the way of the gradient, not in it |
# | score function | $f \nabla \log q$: unbiased, works for discrete $z$ too, far larger variance |
#
# Now you know a VAE from end to end: a likelihood (lecture 1) that cannot be computed (2), a bound that can (3), and
# a hidden cell through which it can be trained (4). What goes wrong in practice and how to mend it is the next story:
# posterior collapse, tighter bounds, other priors.
#
# ## References
#
# - D. P. Kingma, M. Welling. *Auto-Encoding Variational Bayes.* ICLR 2014. The VAE; section 2.4 is the trick.
# - D. J. Rezende, S. Mohamed, D. Wierstra. *Stochastic Backpropagation and Approximate Inference in Deep Generative
# Models.* ICML 2014. The same, found independently.
# - R. J. Williams. *Simple Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning.*
# Machine Learning 8, 1992. REINFORCE.
# - D. Lopez-Paz, M. Oquab. *Revisiting Classifier Two-Sample Tests.* ICLR 2017.
# - P. Ghosh et al. *From Variational to Deterministic Autoencoders.* ICLR 2020. Autoencoders with a density fitted
# afterwards.
#
# Next: [5. Training in practice](05_training_in_practice.ipynb)

# %% [markdown] lang="ko"
# 같은 정밀도를 얻으려면 점수 함수는 그 배수만큼 더 많이 뽑아야 합니다. 재매개변수화한 기울기는 분산이 작아서, VAE는
# 한 스텝에 이미지 한 장당 표본을 **하나**만 뽑아도 학습됩니다. 위의 60줄도 `keras_vae.VAE`도 그렇게 합니다.
#
# ## 연습 문제
#
# 1. **손으로.** $\mu = 2$, $s = 0.1$인 은닉 셀의 비용은 몇 내트입니까? 이미지에 따라 $\mu$가 사전분포처럼(분산
# $1 - s^2$로) 달라지고 $s$는 언제나 0.1이라면 평균 비용은 얼마입니까?
#
# <details>
# <summary>풀이</summary>
#
# $\tfrac12(\mu^2 + s^2 - 1 - \log s^2) = \tfrac12(4 + 0.01 - 1 + 4.605) = 3.81$내트입니다. 이미지에 대한 평균은
# $\mu^2 + s^2 = 1$이므로 남는 것은 $-\log s = 2.30$내트입니다. 셀의 비용은 사전분포보다 몇 배나 좁은지의 로그입니다.
#
# ```python
# assert abs(0.5 * (2**2 + 0.1**2 - 1 - np.log(0.1**2)) - 3.81) < 0.01
# assert abs(-np.log(0.1) - 2.30) < 0.01
# ```
# </details>
#
# 2. **예측.** 4.9절에서 `noise = 0`으로 학습하면 어떤 모델이 되며, $s$는 어떻게 됩니까?
#
# <details>
# <summary>풀이</summary>
#
# 잡음이 없으면 $z = \mu$이므로 손실이 $\mu^2$을 벌하는 오토인코더가 됩니다. 이제 $s$는 KL에만 나오고
# $s^2 - \log s^2$은 $s = 1$에서 가장 작습니다. 그래서 어떤 이미지에서나 $s$는 1로 가고 아무 정보도 담지 않습니다.
#
# ```python
# log_variance = tf.Variable(-3.0)
# for _ in range(200):
#     with tf.GradientTape() as tape:
#         kl = (tf.exp(log_variance) - 1 - log_variance) / 2
#     log_variance.assign_sub(0.1 * tape.gradient(kl, log_variance))
# assert abs(float(log_variance)) < 0.01
# ```
# </details>
#
# 3. **다른 분포.** 비율이 $\lambda$인 지수분포의 평균은 $1/\lambda$이고 분포 함수는 $1 - e^{-\lambda z}$입니다.
# 균등분포 $u$로 재매개변수화하고, 평균의 기울기 $-1/\lambda^2$을 확인하십시오.
#
# <details>
# <summary>풀이</summary>
#
# $u = 1 - e^{-\lambda z}$를 $z$에 대해 풉니다. $1 - u$도 균등분포이므로 $z = -\log(u)/\lambda$입니다.
#
# ```python
# rate, u = tf.Variable(2.0), tf.constant(1 - np.random.default_rng(0).random(100_000), tf.float32)
# with tf.GradientTape() as tape:
#     mean_of_z = tf.reduce_mean(-tf.math.log(u) / rate)
# assert abs(float(mean_of_z) - 1 / 2) < 0.01
# assert abs(float(tape.gradient(mean_of_z, rate)) + 1 / 4) < 0.01
# ```
# </details>
#
# 4. **증명.** 점수 함수 추정량의 $f$에서 기준선 $b$를 빼도 평균이 바뀌지 않는 이유는 무엇입니까?
#
# <details>
# <summary>풀이</summary>
#
# $b$가 $z$와 상관없다면 $\mathbb{E}_q[b\,\nabla \log q] = b \int q\, \frac{\nabla q}{q}\, dz = b\, \nabla\! \int q\,
# dz = b\,\nabla 1 = 0$입니다. (위에서처럼 *같은* 표본으로 구한 $b$는 표본과 조금 상관이 있지만, 표본이 20만 개이면
# 눈에 띄지 않습니다.)
#
# ```python
# z = np.random.default_rng(0).normal(0.5, 0.8, 1_000_000)
# assert abs(np.mean(7 * (z - 0.5) / 0.8**2)) < 0.05
# ```
# </details>
#
# 5. **코드.** 4.9절의 VAE에서 KL에 가중치 $\beta$를 곱하려면 어느 줄을 고쳐야 합니까? $-\log p(x|z)$를 픽셀에 대해
# 평균하는 1강의 실수는 $\beta$가 얼마인 것과 같습니까?
#
# <details>
# <summary>풀이</summary>
#
# `loss_of_each`의 마지막 줄을 `return -log_likelihood + beta * kl`로 고칩니다. 첫 항을 픽셀 64개에 대해 평균하는 것은
# 손실의 크기를 빼면 $\beta = 64$와 같습니다.
# </details>
#
# ## 기억할 것
#
# | | |
# |---|---|
# | 확률적 은닉 셀 | 오토인코더의 셀에는 숫자가, 이 셀에는 $\mathcal{N}(\mu, s^2)$이 들어 있고 그 표본을 넘김 |
# | 잠재 공간 | 크기가 사전분포에 가깝고 큰 빈자리가 없음. 그래서 코드를 뽑고 코드 사이를 보간할 수 있음 |
# | 출력 | 이미지의 분포 $p(x \mid z)$. 평균은 매끄럽고 표본은 거칠거칠함 |
# | 병목 | 셀의 개수가 아니라 내트(KL)로 잼. 조금의 비용으로 잠재 변수가 픽셀보다 많아도 됨 |
# | 재매개변수화 트릭 | $z = \mu + s\,\varepsilon$. 무작위성을 기울기가 지나는 길 위가 아니라 길옆에 둠 |
# | 점수 함수 | $f \nabla \log q$. 불편추정량이고 이산값에도 쓰지만 분산이 훨씬 큼 |
#
# 이제 VAE를 처음부터 끝까지 알게 되었습니다. 가능도(1강)는 계산할 수 없고(2강), 그 하한은 계산할 수 있으며(3강),
# 확률적 은닉 셀 덕분에 학습할 수 있습니다(4강). 실제로는 무엇이 잘못되고 어떻게 바로잡는지, 곧 사후분포 붕괴, 더 바짝
# 다가가는 하한, 다른 사전분포는 다음 이야기입니다.
#
# ## 참고 문헌
#
# - D. P. Kingma, M. Welling. *Auto-Encoding Variational Bayes.* ICLR 2014. VAE를 제안한 논문. 2.4절이 트릭입니다.
# - D. J. Rezende, S. Mohamed, D. Wierstra. *Stochastic Backpropagation and Approximate Inference in Deep Generative
# Models.* ICML 2014. 같은 것을 독립적으로 발견했습니다.
# - R. J. Williams. *Simple Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning.*
# Machine Learning 8, 1992. REINFORCE.
# - D. Lopez-Paz, M. Oquab. *Revisiting Classifier Two-Sample Tests.* ICLR 2017. 이표본 검정.
# - P. Ghosh et al. *From Variational to Deterministic Autoencoders.* ICLR 2020. 나중에 밀도를 맞춘 오토인코더.
#
# 다음: [5. 실전 학습](05_training_in_practice.ipynb)
