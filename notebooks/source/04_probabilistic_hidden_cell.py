# %% [markdown] lang="en"
# # 4. The probabilistic hidden cell
#
# An **autoencoder** squeezes a picture through a narrow layer and restores it: encoder, hidden code, decoder. A
# **variational autoencoder** has the same two networks and looks nearly the same. The difference sits in the hidden
# layer. Where the autoencoder's hidden cell holds *a number*, the VAE's holds *a distribution*, and hands on a number
# drawn from it. This **probabilistic hidden cell** changes everything about the latent space, and it raises one
# question that must be solved before the model can be trained at all: how does a gradient get through a random draw?
#
# At the end you will know
#
# - what autoencoder and VAE do with their latent space: maps, holes, samples from the prior, interpolation;
# - why the VAE's latent need not be narrow (undercomplete) any more;
# - why sampling is not differentiable, and how the **reparameterisation trick** mends it;
# - why this trick and not the more general score-function estimator: the variance of both, measured.
#
# You need lectures 1 to 3: cross-entropy summed over pixels, prior, ELBO = reconstruction − KL.

# %% [markdown] lang="ko"
# # 4. 확률적 은닉 셀
#
# **오토인코더**는 그림을 좁은 층에 밀어 넣었다가 되살립니다. 인코더, 은닉 코드, 디코더로 이루어져 있습니다. **변분
# 오토인코더**(VAE)도 똑같은 두 신경망으로 되어 있어 겉보기에는 거의 같습니다. 차이는 은닉층에 있습니다. 오토인코더의
# 은닉 셀에는 *숫자 하나*가 들어 있지만, VAE의 은닉 셀에는 *분포*가 들어 있고 거기서 뽑은 숫자를 다음으로 넘깁니다. 이
# **확률적 은닉 셀**이 잠재 공간의 모든 것을 바꿉니다. 그리고 학습을 시작하기도 전에 풀어야 할 문제를 하나 던집니다.
# 무작위로 뽑는 과정을 기울기가 어떻게 지나갈 수 있을까요?
#
# 이 강의를 마치면 다음을 알게 됩니다.
#
# - 오토인코더와 VAE가 잠재 공간을 어떻게 쓰는가: 지도, 빈자리, 사전분포에서 뽑은 그림, 보간
# - VAE의 잠재 공간은 왜 더 이상 좁지 않아도(undercomplete가 아니어도) 되는가
# - 표본 추출은 왜 미분할 수 없으며, **재매개변수화 트릭**은 그것을 어떻게 해결하는가
# - 더 일반적인 점수 함수 추정량을 두고 왜 하필 이 트릭을 쓰는가: 두 방법의 분산을 직접 재어 봅니다.
#
# 1강부터 3강까지의 내용, 곧 픽셀에 대해 더한 교차 엔트로피, 사전분포, ELBO = 재구성 − KL을 알고 있으면 됩니다.

# %%
# %matplotlib inline
import os
import warnings

import keras
import numpy as np
import tensorflow as tf

import keras_vae
from keras_vae.data.load import load_arrays
from keras_vae.pictures.class_colours import ClassColours
from keras_vae.pictures.figure import BLUE, INK, VERMILLION, new_figure, style_axes, style_legend
from keras_vae.pictures.grid import image_grid
from keras_vae.pictures.labelled_grid import labelled_grid

GREEN = "#009E73"  # with BLUE and VERMILLION from the colours of Okabe and Ito
FAST = os.environ.get("FAST") == "1"  # the tests set it, to train shorter
rng = np.random.default_rng(0)
warnings.filterwarnings("ignore", message="Bernoulli is no likelihood")  # of gray pixels, as 4.1 says itself

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
#
# | | autoencoder | VAE |
# |---|---|---|
# | hidden cell holds | a number $z_j$ | a distribution $\mathcal{N}(\mu_j, s_j^2)$ |
# | hands on | $z_j$ | a sample of it |
# | loss | $-\log p(x \mid z)$ | $-\mathbb{E}_q[\log p(x \mid z)] + \mathrm{KL}(q(z \mid x) \,\Vert\, p(z))$ |
#
# In the package both are made of one preset. The encoder returns $2d$ numbers for $d$ latents, means $\mu_j$ and
# log-variances $\log s_j^2$, which may be any number (lecture 1); `Autoencoder` takes the first $d$ as its code and
# ignores the rest. So nothing but the hidden cell and its loss differ. We use the Bernoulli cross-entropy of lecture 1;
# the pixels are gray, so the nats below are a cross-entropy.

# %% [markdown] lang="ko"
# ## 4.1 신경망 두 개는 같고 모델만 다르다
#
# $$
# \begin{aligned}
# \text{오토인코더:} \quad & x \;\xrightarrow{\text{인코더}}\; z \;\xrightarrow{\text{디코더}}\; p(x|z) \\
# \text{VAE:} \quad & x \;\xrightarrow{\text{인코더}}\; (\mu, s), \quad z \sim \mathcal{N}(\mu, s^2)
# \;\xrightarrow{\text{디코더}}\; p(x|z)
# \end{aligned}
# $$
#
# | | 오토인코더 | VAE |
# |---|---|---|
# | 은닉 셀에 든 것 | 숫자 $z_j$ | 분포 $\mathcal{N}(\mu_j, s_j^2)$ |
# | 다음으로 넘기는 것 | $z_j$ | 그 분포의 표본 |
# | 손실 | $-\log p(x \mid z)$ | $-\mathbb{E}_q[\log p(x \mid z)] + \mathrm{KL}(q(z \mid x) \,\Vert\, p(z))$ |
#
# 패키지에서는 둘 다 같은 프리셋으로 만듭니다. 인코더는 잠재 변수 $d$개에 대해 평균 $\mu_j$와 로그 분산 $\log s_j^2$,
# 모두 $2d$개의 숫자를 내놓습니다(로그 분산은 어떤 값이든 될 수 있습니다. 1강). `Autoencoder`는 앞의 $d$개를 코드로 쓰고
# 나머지는 버립니다. 그러니 다른 것은 은닉 셀과 손실뿐입니다. 여기서는 1강의 베르누이 교차 엔트로피를 씁니다. 픽셀이
# 회색이므로 아래의 내트는 교차 엔트로피입니다.

# %%
train = keras_vae.load_dataset("digits", split="train", batch_size=128)
digits, test = load_arrays("digits", "train"), load_arrays("digits", "test")
train_images, images = digits.images.astype(np.float32) / 255, test.images.astype(np.float32) / 255


def untrained(kind, latent_dim):
    return kind.from_preset("digits_mlp", latent_dim=latent_dim, likelihood="bernoulli", network={"hidden": [128, 128]})


def trained(kind, latent_dim):
    model = untrained(kind, latent_dim)
    model.compile(keras.optimizers.Adam(0.003), jit_compile=False)  # trains faster than XLA compiles: it is small
    model.fit(train, epochs=20 if FAST else 60, verbose=0)
    return model


def codes(model, x):
    """What the decoder is given: the autoencoder's code, or the mean of the VAE's q(z|x)."""
    code = model.encode(x)
    return np.asarray(code if isinstance(model, keras_vae.Autoencoder) else code.mean())


def decoded(model, z):
    return model.decode(np.asarray(z, np.float32)).mean().numpy()


def cross_entropy(model, x):
    return -np.mean(model.decode(codes(model, x)).log_prob(x).numpy())


kinds = {"AE": keras_vae.Autoencoder, "VAE": keras_vae.VAE}
pair = [untrained(kind, 2).get_weights() for kind in kinds.values()]
start = [[w for w in weights if w.ndim == 2] for weights in pair]  # the kernels of all layers
assert len(start[0]) == len(start[1]) == 6
assert all(np.array_equal(a, b) for a, b in zip(*start, strict=True))  # equal networks, equal first weights

models = {(name, d): trained(kind, d) for d in (2, 8) for name, kind in kinds.items()}
for (name, d), model in models.items():
    print(f"{name:4s} d = {d}:  cross-entropy of decode(code) {cross_entropy(model, images):.2f} nats per image")
for d in (2, 8):
    assert cross_entropy(models["AE", d], images) < cross_entropy(models["VAE", d], images)

# %% [markdown] lang="en"
# As an autoencoder, the autoencoder wins: it restores better, for it has nothing else to do. Now look at what it
# paid.
#
# ## 4.2 Maps and holes
#
# With $d = 2$ the latent space is a map. Above: each dot is the code of a test image, coloured by its digit (which
# training never saw); the dashed circle is two standard deviations of the prior $\mathcal{N}(0, 1)$. Below: what the
# decoder draws all over the middle of the map.

# %% [markdown] lang="ko"
# 되살리는 일만 보면 오토인코더가 이깁니다. 할 일이 그것뿐이니 당연합니다. 이제 그 대가로 무엇을 치렀는지 봅시다.
#
# ## 4.2 지도와 빈자리
#
# $d = 2$이면 잠재 공간은 지도입니다. 위쪽에서는 점 하나가 테스트 그림 한 장의 코드이고 색은 어떤 숫자인지를
# 나타냅니다(숫자의 정답은 학습에 쓰지 않았습니다). 점선 원은 사전분포 $\mathcal{N}(0, 1)$의 표준편차 두 배입니다.
# 아래쪽은 지도 한가운데를 빈틈없이 디코딩한 그림입니다.

# %%
colours = ClassColours.of(test.labels, len(test.labels), None)
figure = new_figure(10, 9)
panels = figure.subplots(2, 2)
angle = np.linspace(0, 2 * np.pi, 200)
for column, name in enumerate(kinds):
    model = models[name, 2]
    z = codes(model, images)
    centre, scale = z.mean(axis=0), z.std(axis=0)
    above, below = panels[:, column]
    above.scatter(z[:, 0], z[:, 1], c=[colours.colours[position] for position in colours.positions], s=14, linewidths=0)
    above.plot(2 * np.cos(angle), 2 * np.sin(angle), "--", color=INK, linewidth=1)
    above.set_aspect("equal", adjustable="datalim")
    style_axes(above, f"{name}:  standard deviation of codes {scale[0]:.1f}, {scale[1]:.1f}", "z₁", "z₂")
    steps = np.linspace(-1.5, 1.5, 13)
    lattice = np.array([centre + scale * (a, b) for b in steps[::-1] for a in steps])
    low, high = centre - 1.6 * scale, centre + 1.6 * scale
    below.imshow(
        image_grid(decoded(model, lattice), columns=13, gap=1),
        cmap="gray",
        extent=(low[0], high[0], low[1], high[1]),
        aspect="auto",
    )
    style_axes(below, f"{name}:  decode(z)", "z₁", "z₂", grid=False)
colours.add_legend(panels[0, 1])
figure

# %% [markdown] lang="en"
# The autoencoder's map is as wide as it likes and has no fixed scale: nothing in its loss mentions where codes should
# lie. Some digits are crowded together, others far out, and between them is land that no image ever visited,
# **holes**, where the decoder was never trained. The VAE's map is a tightly packed disc of the prior's size. Two
# forces made it: the KL pulls every $q(z|x)$ towards the prior, and the random draw needs elbow room, since two
# images whose $q$ overlap are confused by the decoder.
#
# Put numbers to that. First the scale. If the codes of all images together, with their spread, are to look like the
# prior, then in every dimension the mean of $\mu^2 + s^2$ should be about 1. Second the holes: cut the square of ±2
# standard deviations into 16 × 16 cells and count those inside the circle that hold no training image.

# %% [markdown] lang="ko"
# 오토인코더의 지도는 제멋대로 넓고 정해진 크기가 없습니다. 코드가 어디에 있어야 하는지 손실에는 한마디도 없기
# 때문입니다. 어떤 숫자들은 한데 뭉쳐 있고 어떤 숫자는 멀리 떨어져 있으며, 그 사이에는 어떤 그림도 지나간 적 없는 땅,
# 곧 디코더가 배운 적 없는 **빈자리**가 있습니다. VAE의 지도는 사전분포만 한 크기의 빽빽한 원판입니다. 두 힘이 이렇게
# 만듭니다. KL은 모든 $q(z|x)$를 사전분포 쪽으로 끌어당기고, 무작위로 뽑은 표본은 숨 쉴 자리를 요구합니다. $q$가 서로
# 겹치는 두 그림을 디코더가 구별하지 못하기 때문입니다.
#
# 숫자로 확인해 봅시다. 먼저 크기입니다. 모든 그림의 코드를 퍼짐까지 합쳐 놓았을 때 사전분포처럼 보이려면, 차원마다
# $\mu^2 + s^2$의 평균이 1쯤 되어야 합니다. 다음은 빈자리입니다. 표준편차 ±2배인 정사각형을 16 × 16칸으로 나누고, 원
# 안의 칸 가운데 학습 그림이 하나도 없는 칸을 셉니다.


# %%
def empty_cells(z):
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    counts, edges, _ = np.histogram2d(z[:, 0], z[:, 1], bins=16, range=[[-2, 2], [-2, 2]])
    middle = (edges[1:] + edges[:-1]) / 2
    inside = np.hypot(*np.meshgrid(middle, middle, indexing="ij")) < 2
    return np.mean(counts[inside] == 0)


second_moment, empty = {}, {}
for d in (2, 8):
    ae_code, posterior = codes(models["AE", d], train_images), models["VAE", d].encode(train_images)
    second_moment["AE", d] = np.mean(ae_code**2, axis=0)
    second_moment["VAE", d] = np.mean(posterior.mean().numpy() ** 2 + posterior.stddev().numpy() ** 2, axis=0)
for key, value in second_moment.items():
    print(f"{key[0]:4s} d = {key[1]}:  mean of mu^2 + s^2 in each dimension: {value.round(1)}")
for name in kinds:
    empty[name] = empty_cells(codes(models[name, 2], train_images))
    print(f"{name:4s} d = 2:  empty cells {empty[name]:.0%}")

assert all(np.all(np.abs(second_moment["VAE", d] - 1) < 0.5) for d in (2, 8))
assert all(np.all(second_moment["AE", d] > 3) for d in (2, 8))
assert empty["AE"] > 1.2 * empty["VAE"]

# %% [markdown] lang="en"
# How large the holes are depends on the network and on the seed. That nothing in the autoencoder's loss prevents them
# does not.
#
# ## 4.3 Samples from the prior
#
# To invent a new picture, draw $z$ from the prior and decode it. The VAE was trained for exactly this. The
# autoencoder has no prior; let us be fair and give it two chances: the standard Gaussian, and a Gaussian fitted to
# its own codes (mean and covariance, as in lecture 1). We use $d = 8$ and measure how far each picture is from the
# nearest training image, in Euclidean distance over the 64 pixels. For comparison: how far real, unseen digits are.

# %% [markdown] lang="ko"
# 빈자리가 얼마나 큰지는 신경망과 시드에 따라 다릅니다. 하지만 오토인코더의 손실에 빈자리를 막는 것이 아무것도 없다는
# 사실은 달라지지 않습니다.
#
# ## 4.3 사전분포에서 뽑은 그림
#
# 새 그림을 지어내려면 사전분포에서 $z$를 뽑아 디코딩하면 됩니다. VAE는 바로 이 일을 하도록 학습되었습니다.
# 오토인코더에는 사전분포가 없으니, 공평하게 두 번의 기회를 줍시다. 한 번은 표준 가우시안, 또 한 번은 자기 코드에 맞춘
# 가우시안(1강처럼 평균과 공분산을 맞춘 것)입니다. $d = 8$에서, 그려 낸 그림이 가장 가까운 학습 그림에서 얼마나 떨어져
# 있는지를 픽셀 64개의 유클리드 거리로 잽니다. 처음 보는 진짜 숫자는 얼마나 떨어져 있는지도 함께 봅니다.


# %%
def distance_to_digits(pictures):
    pictures, known = pictures.reshape(-1, 64), train_images.reshape(-1, 64)
    squares = (pictures**2).sum(1)[:, None] + (known**2).sum(1) - 2 * pictures @ known.T
    return np.sqrt(np.maximum(squares, 0).min(axis=1)).mean()


own = codes(models["AE", 8], train_images)
prior_draws = rng.normal(size=(500, 8))
samples = {
    "AE, N(0, 1)": decoded(models["AE", 8], prior_draws),
    "AE, fitted": decoded(models["AE", 8], rng.multivariate_normal(own.mean(axis=0), np.cov(own.T), size=500)),
    "VAE, N(0, 1)": decoded(models["VAE", 8], prior_draws),
}
distances = {name: distance_to_digits(pictures) for name, pictures in samples.items()}
distances["test images"] = distance_to_digits(images)
for name, value in distances.items():
    print(f"{name:14s} distance to the nearest training image {value:.2f}")

assert distances["AE, N(0, 1)"] > 1.5 * distances["VAE, N(0, 1)"]
assert distances["AE, fitted"] > distances["VAE, N(0, 1)"]
labelled_grid([pictures[:12] for pictures in samples.values()] + [images[:12]], list(distances))

# %% [markdown] lang="en"
# ## 4.4 Interpolation
#
# Take two images, walk in a straight line from the code of one to the code of the other, and decode on the way. In a
# latent space without holes and sudden turns the picture should change steadily. We measure the *detour*: the length
# of the way that the decoded picture travels, divided by the straight distance between the two end pictures. 1 would
# be perfectly direct.

# %% [markdown] lang="ko"
# ## 4.4 보간
#
# 그림 두 장을 골라 한쪽 코드에서 다른 쪽 코드까지 곧게 걸어가며 디코딩합니다. 빈자리나 급한 굽이가 없는 잠재
# 공간이라면 그림이 차근차근 바뀌어야 합니다. *우회도*를 재어 봅시다. 디코딩한 그림이 지나간 길의 길이를 양 끝 그림
# 사이의 직선 거리로 나눈 값입니다. 1이면 완전히 곧장 간 것입니다.

# %%
first, second = rng.permutation(len(images)), rng.permutation(len(images))
different = test.labels[first] != test.labels[second]
first, second = first[different], second[different]


def walk(model, steps):
    a, b = codes(model, images[first]), codes(model, images[second])
    t = np.linspace(0, 1, steps)[:, None, None]
    return decoded(model, (1 - t) * a + t * b).reshape(steps, len(first), 64)


detour = {}
for (name, d), model in models.items():
    way = walk(model, 41)
    length = np.linalg.norm(np.diff(way, axis=0), axis=-1).sum(axis=0)
    detour[name, d] = np.median(length / np.linalg.norm(way[-1] - way[0], axis=-1))
    print(f"{name:4s} d = {d}:  detour {detour[name, d]:.2f}   (median of {len(first)} pairs)")
for d in (2, 8):
    assert detour["AE", d] > detour["VAE", d] > 1

rows, names = [], []
for number in range(3):
    for name in kinds:
        rows.append(walk(models[name, 2], 11)[:, number].reshape(11, 8, 8, 1))
        names.append(name)
labelled_grid(
    rows, names, [f"{t:.1f}" for t in np.linspace(0, 1, 11)], xlabel="t:  decode((1 − t) z₁ + t z₂),  d = 2", group=2
)

# %% [markdown] lang="en"
# On its way from one digit to another the autoencoder passes through others; the VAE goes more directly. (Its
# pictures are softer: with two latents and room left for the noise, it says less about each image.)
#
# ## 4.5 Why the latent need not be undercomplete any more
#
# A classic rule says: the hidden layer of an autoencoder must be narrower than its input, **undercomplete**, or it
# may simply copy the input and learn nothing. Let us break the rule: 128 latents for pictures of 64 pixels. How near
# can it come to a perfect copy? A gray picture has the cross-entropy with itself equal to its own entropy (lecture
# 1): that is the floor.

# %% [markdown] lang="ko"
# 오토인코더는 한 숫자에서 다른 숫자로 가는 길에 또 다른 숫자들을 지나갑니다. VAE는 더 곧장 갑니다. (VAE의 그림은 조금
# 흐릿합니다. 잠재 변수가 둘뿐인 데다 잡음이 들어설 자리까지 남겨 두므로 그림마다 말할 수 있는 것이 적기 때문입니다.)
#
# ## 4.5 잠재 공간이 왜 더 이상 좁지 않아도 되는가
#
# 오래된 규칙이 하나 있습니다. 오토인코더의 은닉층은 입력보다 좁아야 한다(**undercomplete**)는 것입니다. 그러지 않으면
# 입력을 그대로 베끼기만 하고 아무것도 배우지 못할 수 있습니다. 규칙을 어겨 봅시다. 픽셀이 64개인 그림에 잠재 변수를
# 128개 줍니다. 얼마나 완벽하게 베낄 수 있을까요? 회색 그림을 자기 자신과 견준 교차 엔트로피는 자신의
# 엔트로피이므로(1강) 그것이 바닥입니다.

# %%
models |= {(name, 128): trained(kind, 128) for name, kind in kinds.items()}
inside = np.clip(images, 1e-7, 1 - 1e-7)
floor = np.mean(np.sum(-inside * np.log(inside) - (1 - inside) * np.log(1 - inside), axis=(1, 2, 3)))
print(f"floor: {floor:.2f} nats per image")

reports, sampled, restored = {}, {}, {}
for (name, d), model in models.items():
    restored[name, d] = cross_entropy(model, images)
    sampled[name, d] = distance_to_digits(decoded(model, rng.normal(size=(500, d))))
    line = (
        f"{name:4s} d = {d:3d}:  decode(code) {restored[name, d]:5.2f} nats   samples' distance {sampled[name, d]:.2f}"
    )
    if name == "VAE":
        reports[d] = keras_vae.evaluate(model, images, importance_samples=20, batch_size=120)
        line += f"   KL {reports[d]['kl']:.2f}   ELBO {reports[d]['elbo']:.2f} nats"
    print(line)

# the autoencoder: ever nearer to a copy, and its latent space ever further from a model of digits
assert restored["AE", 128] - floor < 0.5 * (restored["AE", 2] - floor)
assert sampled["AE", 128] > 1.5 * sampled["VAE", 128]
# the VAE: 64 times more latents than two change little
assert abs(reports[128]["elbo"] - reports[2]["elbo"]) < 2
assert reports[128]["kl"] < 2 * reports[8]["kl"]
assert sampled["VAE", 128] < 1.3 * sampled["VAE", 2]

# %% [markdown] lang="en"
# The autoencoder with 128 latents is close to a copying machine, and a worse source of new pictures than ever. The
# VAE hardly noticed. What limits it is not the *number* of hidden cells but how much they may *say*: every nat of KL
# is charged in its loss, and a cell that does not earn its price is left at or near the prior: where
# $q(z_j|x) = p(z_j)$ it costs nothing. The bottleneck is measured in nats, not in neurons. So we may give a VAE
# generously many latents and let the loss decide how many are used.

# %% [markdown] lang="ko"
# 잠재 변수가 128개인 오토인코더는 복사기에 가까워졌고, 새 그림을 짓는 재주는 더 나빠졌습니다. VAE는 거의 영향을 받지
# 않았습니다. VAE를 제한하는 것은 은닉 셀의 *개수*가 아니라 셀이 얼마나 많이 *말할 수 있는가*입니다. KL 1내트마다
# 손실에 값이 매겨지므로, 값어치를 못 하는 셀은 사전분포나 그 가까이에 머무릅니다. $q(z_j|x) = p(z_j)$이면 비용이
# 0입니다. 병목을 뉴런 수가 아니라 내트로 재는 셈입니다. 그러니 VAE에는 잠재 변수를 넉넉히 주고, 몇 개를 쓸지는 손실이
# 정하게 두면 됩니다.

# %%
kl = np.sort(reports[128]["kl_per_dimension"])[::-1]
figure = new_figure(7, 3.2)
axes = figure.subplots()
axes.bar(np.arange(1, 129), kl, width=1.0, color=BLUE)
style_axes(axes, f"VAE, d = 128:  KL = {kl.sum():.2f} nats", "j, sorted", "KL of z_j   (nats)")
assert kl[:32].sum() > 0.5 * kl.sum()  # a quarter of the cells says most of it
figure

# %% [markdown] lang="en"
# ## 4.6 Sampling is not differentiable
#
# Now to the question of the beginning. The VAE's loss contains an expectation over its own random cell,
#
# $$\mathbb{E}_{z \sim \mathcal{N}(\mu, s^2)}[f(z)], \qquad f(z) = -\log p(x|z),$$
#
# and we need its gradient with respect to $\mu$ and $s$, for these come from the encoder. Lecture 3 used quadrature,
# which takes $k^d$ points and is out of the question here. So draw a sample. But ask TensorFlow for the gradient of a
# number that fell out of a random generator:

# %% [markdown] lang="ko"
# ## 4.6 표본 추출은 미분할 수 없다
#
# 이제 처음의 물음으로 돌아갑니다. VAE의 손실에는 자신의 확률적 셀에 대한 기댓값이 들어 있습니다.
#
# $$\mathbb{E}_{z \sim \mathcal{N}(\mu, s^2)}[f(z)], \qquad f(z) = -\log p(x|z)$$
#
# $\mu$와 $s$는 인코더에서 나오므로, 이 값들에 대한 기울기가 필요합니다. 3강에서는 구적법을 썼지만 점이 $k^d$개나
# 필요하니 여기서는 어림없습니다. 그래서 표본을 뽑습니다. 그런데 난수 생성기에서 굴러 나온 숫자의 기울기를
# TensorFlow에 물어보면 어떻게 될까요?

# %%
mean, log_stddev = tf.Variable(0.5), tf.Variable(np.log(0.8), dtype=tf.float32)


def f(z):
    return (z - 2.0) ** 2


def draw(mean, stddev):
    return np.float32(rng.normal(mean, stddev))


with tf.GradientTape() as tape:
    z = tf.numpy_function(draw, [mean, tf.exp(log_stddev)], tf.float32)
    loss = f(z)
gradient = tape.gradient(loss, [mean, log_stddev])
print("d loss / d mean, d loss / d log s =", gradient)
assert gradient == [None, None]

# %% [markdown] lang="en"
# `None`: the draw is a wall. It is not a flaw of TensorFlow. A draw is not a function of $\mu$ at all: run it twice
# at the same $\mu$ and it gives two values. See what becomes of a difference quotient
# $\frac{f(z(\mu + h)) - f(z(\mu))}{h}$ when each evaluation draws anew, and when both use *the same* randomness:

# %% [markdown] lang="ko"
# `None`입니다. 표본 추출이 벽이 됩니다. TensorFlow의 결함이 아닙니다. 뽑기는 애초에 $\mu$의 함수가 아닙니다. 같은
# $\mu$에서 두 번 뽑으면 두 값이 나오니까요. 차분 몫 $\frac{f(z(\mu + h)) - f(z(\mu))}{h}$를 구할 때마다 새로 뽑는
# 경우와, 두 번 모두 *같은* 무작위성을 쓰는 경우를 견주어 봅시다.

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
# ## 4.7 The reparameterisation trick
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
# For $f(z) = (z - 2)^2$ we know the answer: $\mathbb{E}[f] = (\mu - 2)^2 + s^2$, with gradients $2(\mu - 2)$ and
# $2 s$.

# %% [markdown] lang="ko"
# 둘째 방법이 바로 답입니다.
#
# ## 4.7 재매개변수화 트릭
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
# $f(z) = (z - 2)^2$이면 답을 압니다. $\mathbb{E}[f] = (\mu - 2)^2 + s^2$이므로 기울기는 $2(\mu - 2)$와 $2 s$입니다.

# %%
figure = new_figure(11, 2.2)
for axes, title, boxes, arrows in zip(
    figure.subplots(1, 2),
    ("z ~ N(μ, s²)", "z = μ + sε"),
    (
        {"encoder": (0, 0.5), "μ, s": (1, 0.5), "z": (2, 0.5), "decoder": (3, 0.5)},
        {"encoder": (0, 0.5), "μ, s": (1, 0.5), "z": (2, 0.5), "decoder": (3, 0.5), "ε": (2, 1.4)},
    ),
    (
        [("encoder", "μ, s", True), ("μ, s", "z", False), ("z", "decoder", True)],
        [("encoder", "μ, s", True), ("μ, s", "z", True), ("z", "decoder", True), ("ε", "z", False)],
    ),
    strict=True,
):
    for name, (x, y) in boxes.items():
        random = name == "ε" or (name == "z" and "ε" not in boxes)
        style = {"boxstyle": "round", "facecolor": "#fbe3d0" if random else "white", "edgecolor": INK}
        axes.text(x, y, name, ha="center", va="center", bbox=style, color=INK)
    for tail, head, passes in arrows:
        ends = {"shrinkA": 36 if len(tail) > 4 else 22, "shrinkB": 36 if len(head) > 4 else 22}
        style = {"arrowstyle": "->", "linewidth": 1.8, "linestyle": "-" if passes else ":", **ends}
        axes.annotate("", boxes[head], boxes[tail], arrowprops={**style, "color": BLUE if passes else VERMILLION})
    axes.set(xlim=(-0.5, 3.5), ylim=(0.2, 1.7))
    axes.set_title(title, loc="left", color=INK)
    axes.axis("off")
figure

# %% [markdown] lang="en"
# Blue: the gradient passes. Dotted: it does not. Shaded: where the randomness sits. On the left it blocks the only
# way back to the encoder; on the right it stands beside it.

# %% [markdown] lang="ko"
# 파란 화살표로는 기울기가 지나가고 점선으로는 지나가지 못합니다. 색칠한 상자가 무작위성이 있는 곳입니다. 왼쪽에서는
# 인코더로 돌아가는 하나뿐인 길을 막고 있지만, 오른쪽에서는 길옆으로 비켜나 있습니다.

# %%
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

# %% [markdown] lang="en"
# In the package, the noise is drawn outside and `vae.posterior.reparameterize` computes `mean + stddev * noise`. The
# gradient reaches every weight of the encoder:

# %% [markdown] lang="ko"
# 패키지에서는 잡음을 밖에서 뽑고 `vae.posterior.reparameterize`가 `mean + stddev * noise`를 계산합니다. 기울기는
# 인코더의 모든 가중치까지 이릅니다.

# %%
vae = models["VAE", 8]
noise = tf.random.stateless_normal([32, 8], seed=[0, 1])
with tf.GradientTape() as tape:
    posterior = vae.encode(images[:32])
    z = vae.posterior.reparameterize(posterior, noise)
    loss = -tf.reduce_mean(vae.decode(z).log_prob(images[:32]))
gradients = tape.gradient(loss, vae.encoder.trainable_weights)
assert np.allclose(z, posterior.mean() + posterior.stddev() * noise, atol=1e-6)
assert all(gradient is not None and float(tf.norm(gradient)) > 0 for gradient in gradients)
print([f"{float(tf.norm(gradient)):.2f}" for gradient in gradients])

# %% [markdown] lang="en"
# ## 4.8 The other way, and its variance
#
# There is another way to the gradient, older and more general. Differentiate the *density* instead of the sample.
# With $\nabla q = q\, \nabla \log q$,
#
# $$\nabla_\mu\, \mathbb{E}_q[f] = \int f(z)\, \nabla_\mu q(z)\, dz = \mathbb{E}_q\big[f(z)\, \nabla_\mu \log q(z)\big],
# \qquad \nabla_\mu \log q(z) = \frac{z - \mu}{s^2}.$$
#
# This is the **score-function estimator** (REINFORCE in reinforcement learning). It never differentiates $f$ and
# works for discrete $z$ too. So why not use it? Both estimators are *right on average*; what differs is how much a
# single draw scatters. Let $f(z) = \sum_{j=1}^d (z_j - 1)^2$ in $d$ dimensions at $\mu = 0$, $s = 1$. For one
# component of the gradient:
#
# - reparameterisation: $2(z_1 - 1)$, whose variance is $4 s^2 = 4$, whatever $d$;
# - score function: $f(z)\,z_1$, where $f$ is a sum over *all* dimensions, so the variance grows with $d$. (With
# $f = \sum_j (z_j - 1)^2$ it works out to $4 d^2 + 14 d + 12$.)

# %% [markdown] lang="ko"
# ## 4.8 또 다른 길과 그 분산
#
# 기울기를 구하는 더 오래되고 더 일반적인 방법이 있습니다. 표본 대신 *밀도*를 미분하는 것입니다.
# $\nabla q = q\, \nabla \log q$이므로
#
# $$\nabla_\mu\, \mathbb{E}_q[f] = \int f(z)\, \nabla_\mu q(z)\, dz = \mathbb{E}_q\big[f(z)\, \nabla_\mu \log q(z)\big],
# \qquad \nabla_\mu \log q(z) = \frac{z - \mu}{s^2}$$
#
# 입니다. 이것을 **점수 함수 추정량**(score-function estimator, 강화학습에서는 REINFORCE)이라고 합니다. $f$를 미분할
# 필요가 없고 $z$가 이산값이어도 됩니다. 그런데 왜 쓰지 않을까요? 두 추정량 모두 *평균적으로는 옳습니다*. 다른 것은 한
# 번 뽑을 때마다 얼마나 흩어지느냐입니다. $d$차원에서 $f(z) = \sum_{j=1}^d (z_j - 1)^2$이고 $\mu = 0$, $s = 1$이라고
# 합시다. 기울기의 성분 하나를 보면 다음과 같습니다.
#
# - 재매개변수화: $2(z_1 - 1)$. 분산은 $d$와 상관없이 $4 s^2 = 4$입니다.
# - 점수 함수: $f(z)\,z_1$. $f$는 *모든* 차원에 걸친 합이므로 분산이 $d$에 따라 커집니다.
# ($f = \sum_j (z_j - 1)^2$이면 $4 d^2 + 14 d + 12$가 됩니다.)

# %%
sizes = [1, 2, 5, 10, 20, 50]
variance = {"reparameterisation": [], "score function": [], "score function − mean of f": []}
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
# 한 걸음마다 표본을 *하나씩*만 뽑아, 두 방법에 같은 학습률로 $\mathbb{E}[f]$에 대해 경사 하강을 해 봅시다.


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
style_axes(left, "One draw's estimate of ∂E[f]/∂μ₁", "d", "variance")
style_legend(left)
for (name, path), colour in zip(paths.items(), (BLUE, VERMILLION), strict=True):
    right.semilogy(path, color=colour, label=name)
style_axes(right, "Gradient descent, d = 20", "step", "E[f] − min E[f]")
style_legend(right)
figure

# %% [markdown] lang="en"
# Last, the same in the real thing: the reconstruction term of a digit in the VAE with 8 latents, its gradient with
# respect to the 8 means that the encoder returned. 20,000 draws of either estimator.

# %% [markdown] lang="ko"
# 마지막으로 진짜 모델에서도 확인합니다. 잠재 변수가 8개인 VAE에서 숫자 하나의 재구성 항을, 인코더가 내놓은 평균 8개에
# 대해 미분합니다. 두 추정량을 각각 20,000번씩 뽑습니다.

# %%
image = images[:1]
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
# The score function needs that many times more draws for the same precision. The reparameterised gradient is so quiet
# that VAEs train with **one** draw per image and step. That is what `keras_vae.VAE` does.
#
# ## What to remember
#
# | | |
# |---|---|
# | probabilistic hidden cell | holds $\mathcal{N}(\mu, s^2)$ and hands on a sample; the autoencoder's holds a number |
# | its latent space | of the prior's size and without large holes, so the prior can be sampled and codes interpolated |
# | bottleneck | in nats (the KL), not in the number of cells: the latent may be overcomplete |
# | reparameterisation trick | $z = \mu + s\,\varepsilon$: randomness beside the way of the gradient, not in it |
# | score function | $f \nabla \log q$: right on average, works for discrete $z$ too, far larger variance |
#
# Now you know a VAE from end to end: a likelihood (lecture 1) that cannot be computed (2), a bound that can (3), and
# a hidden cell through which it can be trained (4). What goes wrong in practice and how to mend it is the next story:
# posterior collapse, tighter bounds, other priors.
#
# Next: [5. Training in practice](05_training_in_practice.ipynb)

# %% [markdown] lang="ko"
# 같은 정밀도를 얻으려면 점수 함수는 그 배수만큼 더 많이 뽑아야 합니다. 재매개변수화한 기울기는 아주 조용해서, VAE는
# 한 걸음에 그림 한 장당 표본을 **하나**만 뽑아도 학습됩니다. `keras_vae.VAE`도 그렇게 합니다.
#
# ## 기억할 것
#
# | | |
# |---|---|
# | 확률적 은닉 셀 | 오토인코더의 셀에는 숫자가, 이 셀에는 $\mathcal{N}(\mu, s^2)$이 들어 있고 그 표본을 넘김 |
# | 잠재 공간 | 크기가 사전분포만 하고 큰 빈자리가 없음. 그래서 사전분포에서 뽑고 코드 사이를 보간할 수 있음 |
# | 병목 | 셀의 개수가 아니라 내트(KL)로 잼. 잠재 변수가 픽셀보다 많아도 됨 |
# | 재매개변수화 트릭 | $z = \mu + s\,\varepsilon$. 무작위성을 기울기가 지나는 길 위가 아니라 길옆에 둠 |
# | 점수 함수 | $f \nabla \log q$. 평균적으로 옳고 이산값에도 쓰지만 분산이 훨씬 큼 |
#
# 이제 VAE를 처음부터 끝까지 알게 되었습니다. 가능도(1강)는 계산할 수 없고(2강), 그 하한은 계산할 수 있으며(3강),
# 확률적 은닉 셀 덕분에 학습할 수 있습니다(4강). 실제로는 무엇이 잘못되고 어떻게 바로잡는지, 곧 사후확률 붕괴, 더 바짝
# 다가가는 하한, 다른 사전분포는 다음 이야기입니다.
#
# 다음: [5. 실전 학습](05_training_in_practice.ipynb)
