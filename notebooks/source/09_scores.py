# %% [markdown] lang="en"
# # 9. Scores: how unusual is an image?
#
# A model that has seen only usual images gives unusual ones a low probability. That makes every VAE a detector of
# faults, of strangers, of what does not belong. This lecture measures how good a detector it is, and where it fails.
#
# At the end you will know
#
# - what a **score** in nats says of one image, and the parts it has;
# - the **AUROC**: how well scores tell two kinds of images apart, in one number;
# - how to choose a **threshold** for a rate of false alarms, and how sure that rate is;
# - how an **error map** shows *where* an image is unusual;
# - which unusual images the likelihood takes for usual ones, and why the obvious remedy is none.
#
# You need lectures 1 and 3 (nats, the binomial likelihood, the ELBO). **Predict first** boxes ask what the next cell
# answers.
#
# <details>
# <summary>Symbols in this lecture</summary>
#
# | symbol | meaning |
# |---|---|
# | $x$, $p(x)$ | an image, its probability under the model |
# | $q(z \mid x)$, $p(z)$ | the encoder's distribution of latents, the prior |
# | $n$, $a$ | number of held-out images, rate of false alarms |
# | $b(x)$ | probability of an image under a baseline that knows only the mean of each pixel |
#
# All of them, with the Korean terms: [glossary](../glossary.md).
# </details>

# %% [markdown] lang="ko"
# # 9. 점수: 이 이미지는 얼마나 특이한가
#
# 평범한 이미지만 본 모델은 특이한 이미지에 낮은 확률을 줍니다. 그래서 모든 VAE는 결함이나 낯선 것, 섞여 들어온 것을
# 찾아내는 탐지기가 됩니다. 이 강의에서는 그 탐지기가 얼마나 좋은지, 그리고 어디에서 실패하는지를 재어 봅니다.
#
# 이 강의를 마치면 다음을 알게 됩니다.
#
# - 내트로 나타낸 **점수**가 이미지 한 장에 대해 말해 주는 것과 점수를 이루는 항
# - **AUROC**: 점수가 두 종류의 이미지를 얼마나 잘 가르는지를 나타내는 수 하나
# - 오경보율에 맞추어 **문턱값**을 정하는 법과 그 오경보율을 얼마나 믿을 수 있는지
# - 이미지의 *어디가* 특이한지 보여 주는 **오차 지도**
# - 가능도가 평범하다고 착각하는 특이한 이미지와, 얼른 떠오르는 처방이 듣지 않는 까닭
#
# 1강과 3강의 내용(내트, 이항 가능도, ELBO)을 알고 있으면 됩니다. **먼저 예측하기**의 물음은 바로 다음 셀이 답합니다.
#
# <details>
# <summary>이 강의의 기호</summary>
#
# | 기호 | 뜻 |
# |---|---|
# | $x$, $p(x)$ | 이미지, 모델이 주는 그 확률 |
# | $q(z \mid x)$, $p(z)$ | 인코더가 정하는 잠재 변수의 분포, 사전분포 |
# | $n$, $a$ | 학습에 쓰지 않은 이미지의 수, 오경보율 |
# | $b(x)$ | 픽셀마다 평균만 아는 기준 모델이 주는 이미지의 확률 |
#
# 모든 기호와 영어 용어는 [용어집](../glossary.md)에 있습니다.
# </details>

# %%
# %matplotlib inline
import os

import keras
import numpy as np
from sklearn.metrics import roc_auc_score

import keras_vae
from keras_vae.pictures.figure import BLUE, VERMILLION, new_figure, style_axes, style_legend
from keras_vae.pictures.labelled_grid import labelled_grid

FAST = os.environ.get("FAST") == "1"  # the tests set it, to train shorter
rng = np.random.default_rng(0)
keras.utils.set_random_seed(0)

# %% [markdown] lang="en"
# ## 9.1 A score in nats
#
# The digits 0 to 4 are our usual images, 5 to 9 the unusual ones. The model trains on 500 usual images and never sees
# an unusual one. 200 usual images are kept to set a threshold (9.3), the others to test. We shuffle before we divide:
# the digits of one writer stand next to each other, and what follows needs held-out images that are drawn like the
# tested ones.

# %% [markdown] lang="ko"
# ## 9.1 내트로 나타낸 점수
#
# 0부터 4까지의 숫자를 평범한 이미지로, 5부터 9까지를 특이한 이미지로 삼습니다. 모델은 평범한 이미지 500장으로 학습하고
# 특이한 이미지는 한 번도 보지 않습니다. 평범한 이미지 200장은 문턱값을 정하는 데(9.3절), 나머지는 테스트하는 데 씁니다.
# 나누기 전에 섞습니다. 한 사람이 쓴 숫자들이 이어져 있는데, 뒤에서 하는 일은 떼어 둔 이미지와 테스트하는 이미지가 같은
# 방식으로 뽑혔을 때에만 맞기 때문입니다.

# %%
batches = [
    batch
    for split in ("train", "test")
    for batch in keras_vae.load_dataset("digits", split=split, labels=True, shuffle=False)
]
digits, labels = (np.concatenate(part) for part in zip(*batches, strict=True))
usual_images = rng.permutation(digits[labels < 5])
train, held_out, usual = np.split(usual_images, [500, 700])
unusual = digits[labels >= 5]
print(len(train), len(held_out), len(usual), len(unusual))

model = keras_vae.VAE.from_preset("digits_mlp", network={"hidden": [64]})
model.compile(keras.optimizers.Adam(0.003), jit_compile=False)  # a network this small trains faster than XLA compiles
model.fit(train, batch_size=64, epochs=60 if FAST else 100, verbose=0)

of_usual, of_unusual = model.score(usual, seed=0), model.score(unusual, seed=0)
for name, scores in (("usual", of_usual), ("unusual", of_unusual)):
    means = "   ".join(f"{field} {values.mean():7.1f}" for field, values in scores._asdict().items())
    print(f"{name:8s} {means}   nats")

assert np.allclose(of_usual.elbo, -(of_usual.reconstruction + of_usual.kl), atol=1e-3)
assert of_usual.bound.mean() > of_usual.elbo.mean()
assert of_unusual.elbo.mean() < of_usual.elbo.mean() - 40

# %% [markdown] lang="en"
# Minus the ELBO of an image is the sum of two costs in nats (lecture 3):
#
# $$-\text{ELBO}(x) = \underbrace{-\mathbb{E}_{q(z|x)}[\log p(x|z)]}_{\text{reconstruction}} +
# \underbrace{\mathrm{KL}(q(z|x) \,\|\, p(z))}_{\text{KL}} \ge -\log p(x).$$
#
# - **Reconstruction**: what the pixels still cost once the decoder knows the latent. It is large where the decoder
# cannot draw the image, because nothing like it was in training.
# - **KL**: what the latent costs. It is large where the encoder has to say something that is rare under the prior.
#
# The unit is absolute: if one image scores 90 nats below another, the model finds it (up to the gap of the bound)
# $e^{90}$ times less probable. `bound` is the importance-weighted bound of the same samples (lecture 5), a little
# nearer to $\log p(x)$ on average.
#
# ## 9.2 How well does it tell them apart?
#
# Draw one usual and one unusual image. With what probability has the unusual one the lower score? That is the
# **AUROC**, the area under the receiver operating characteristic: 0.5 is guessing, 1 is perfect. No threshold is
# needed. We compute it by its meaning, over all pairs (ties count half), and compare it with scikit-learn's, which
# integrates the curve.

# %% [markdown] lang="ko"
# ELBO의 부호를 바꾼 값은 내트로 잰 두 비용의 합입니다(3강).
#
# $$-\text{ELBO}(x) = \underbrace{-\mathbb{E}_{q(z|x)}[\log p(x|z)]}_{\text{재구성}} +
# \underbrace{\mathrm{KL}(q(z|x) \,\|\, p(z))}_{\text{KL}} \ge -\log p(x)$$
#
# - **재구성**: 디코더가 잠재 변수를 알고 난 뒤에도 픽셀에 드는 비용입니다. 학습할 때 비슷한 이미지가 없어서 디코더가
# 그리지 못하는 곳에서 큽니다.
# - **KL**: 잠재 변수에 드는 비용입니다. 인코더가 사전분포에서 드문 것을 전해야 할 때 큽니다.
#
# 눈금에 절대적인 뜻이 있습니다. 어떤 이미지의 점수가 다른 이미지보다 90내트 낮으면 모델이 보기에 확률이 (하한의 틈을
# 빼면) $e^{90}$분의 1이라는 뜻입니다. `bound`는 같은 표본으로 구한 중요도 가중 하한(5강)으로, 평균적으로
# $\log p(x)$에 조금 더 가깝습니다.
#
# ## 9.2 얼마나 잘 가르는가
#
# 평범한 이미지와 특이한 이미지를 하나씩 뽑았을 때 특이한 쪽의 점수가 더 낮을 확률은 얼마입니까? 그것이 **AUROC**, 곧
# 수신자 조작 특성(ROC) 곡선 아래의 넓이입니다. 0.5면 찍는 것과 같고 1이면 완벽합니다. 문턱값은 필요 없습니다. 뜻
# 그대로 모든 쌍에 대해 세어서(같으면 반으로 칩니다), 곡선을 적분하는 scikit-learn의 값과 견주어 봅니다.


# %%
def auroc(usual_scores, unusual_scores):
    """The share of pairs in which the unusual image has the lower score."""
    difference = usual_scores[:, None] - unusual_scores[None, :]
    return np.mean((difference > 0) + 0.5 * (difference == 0))


area = auroc(of_usual.elbo, of_unusual.elbo)
is_unusual = np.repeat([0, 1], [len(usual), len(unusual)])
print(f"AUROC of the ELBO: {area:.4f}")
assert abs(area - roc_auc_score(is_unusual, -np.concatenate([of_usual.elbo, of_unusual.elbo]))) < 1e-9
assert area > 0.9

figure = new_figure(7, 2.8)
axes = figure.subplots()
bins = np.linspace(-350, 0, 50)
for values, colour, name, hatch in ((of_usual, BLUE, "0-4", ""), (of_unusual, VERMILLION, "5-9", "//")):
    axes.hist(values.elbo, bins, density=True, alpha=0.6, color=colour, hatch=hatch, edgecolor="white", label=name)
style_axes(axes, "", "ELBO   (nats)", "density")
style_legend(axes, loc="upper left")
figure

# %% [markdown] lang="en"
# ## 9.3 A threshold, and how sure it is
#
# To raise an alarm one needs a threshold. Unusual images are seldom at hand when it is set, usual ones always are. So
# choose the rate of **false alarms** one can live with, $a$ = 5 %, and take the score that 5 % of the *held-out* usual
# images fall below. (Not of the training images: the model knows those too well, and the threshold would be too high.)

# %% [markdown] lang="ko"
# ## 9.3 문턱값과 그 불확실성
#
# 경보를 울리려면 문턱값이 있어야 합니다. 문턱값을 정할 때 특이한 이미지는 손에 없는 일이 많지만 평범한 이미지는 언제나
# 있습니다. 그래서 감당할 수 있는 **오경보율**을 $a$ = 5 %로 정하고, 학습에 쓰지 *않고* 떼어 둔 평범한 이미지의 5 %가 그
# 아래로 떨어지는 점수를 고릅니다. (학습 이미지로 정하면 안 됩니다. 모델이 너무 잘 아는 이미지들이라 문턱값이 지나치게
# 높아집니다.)

# %%
a, n = 0.05, len(held_out)
threshold = np.quantile(model.score(held_out, seed=0).elbo, a)
too_high = np.quantile(model.score(train, seed=0).elbo, a)
false_alarms, found = np.mean(of_usual.elbo < threshold), np.mean(of_unusual.elbo < threshold)
print(f"threshold {threshold:.1f} nats: false alarms {false_alarms:.1%}, unusual images found {found:.1%}")
print(f"threshold {too_high:.1f} nats, of the training images: false alarms {np.mean(of_usual.elbo < too_high):.1%}")

standard_error = np.sqrt(a * (1 - a) / n)
print(f"standard error with {n} images: {standard_error:.2%}")

trials = rng.random((20_000, n))  # scores whose true quantiles we know: below t lies the share t
simulated = {
    "rate measured": np.mean(trials < a, axis=1),  # at the true threshold
    "rate set": np.quantile(trials, a, axis=1),  # the true rate at the threshold that n images give
}
for name, rates in simulated.items():
    print(f"{name}: mean {rates.mean():.2%}, standard deviation {rates.std():.2%}")
    assert abs(rates.std() / standard_error - 1) < 0.1
    assert abs(rates.mean() - a) < 0.01

of_both = np.sqrt(a * (1 - a) * (1 / n + 1 / len(usual)))
assert abs(false_alarms - a) < 4 * of_both
assert too_high > threshold
assert found > 0.6

# %% [markdown] lang="en"
# The number of false alarms among $n$ images is binomial, so a rate measured on $n$ images has the standard error
# $\sqrt{a(1-a)/n}$: with 200 images 5 % means "5 ± 1.5 %". A threshold *set* by $n$ images is uncertain by the same
# amount, and the simulation shows both. Only the ranks of the scores matter, so it holds for any model. Our measured
# rate has both, a standard error of $\sqrt{a(1-a)\,(1/200 + 1/201)}$ = 2.2 %, so it may well be 8 %.
#
# ## 9.4 Which term tells more?
#
# > **Predict first.** The score is a sum of two terms. Which of them tells the digits 5 to 9 from 0 to 4: the
# > reconstruction, the KL, or only both together?

# %% [markdown] lang="ko"
# 이미지 $n$장 가운데 오경보의 수는 이항분포를 따르므로, $n$장으로 잰 비율의 표준오차는 $\sqrt{a(1-a)/n}$입니다.
# 200장이면 5 %는 "5 ± 1.5 %"라는 뜻입니다. $n$장으로 *정한* 문턱값도 꼭 그만큼 불확실하며, 시뮬레이션이 둘 다 보여
# 줍니다. 점수의 순위만 쓰므로 어떤 모델에서도 성립합니다. 우리가 잰 비율에는 두 불확실성이 다 들어 있어 표준오차가
# $\sqrt{a(1-a)\,(1/200 + 1/201)}$ = 2.2 %이므로, 8 %가 나와도 이상하지 않습니다.
#
# ## 9.4 어느 항이 더 많이 알려 주는가
#
# > **먼저 예측하기.** 점수는 두 항의 합입니다. 숫자 5부터 9까지를 0부터 4까지와 가르는 것은 재구성입니까, KL입니까,
# > 아니면 둘을 합해야만 합니까?

# %%
by_term = {
    "ELBO": area,
    "reconstruction": auroc(-of_usual.reconstruction, -of_unusual.reconstruction),
    "KL": auroc(-of_usual.kl, -of_unusual.kl),
    "bound": auroc(of_usual.bound, of_unusual.bound),
}
for name, value in by_term.items():
    print(f"{name:15s} {value:.4f}")

assert abs(by_term["reconstruction"] - by_term["ELBO"]) < 0.02
assert abs(by_term["bound"] - by_term["ELBO"]) < 0.02
assert by_term["KL"] < 0.65
assert of_unusual.kl.mean() < 1.1 * of_usual.kl.mean()

# %% [markdown] lang="en"
# The reconstruction does it alone; the KL, alone, even points the wrong way here. The encoder maps a 7 to a latent that
# costs no more than that of a digit it knows, and from there the decoder draws what it knows, not a 7. It is the pixels
# that do not fit.
#
# That is so here, and was so for digits and emoji in the [measurements](../../benchmarks/unusual_pictures.md) of the
# package, but it is no law. The ELBO has both terms and needs no choice. (All figures of this lecture are of one
# training, and lecture 4 showed how much may be luck: train with other seeds before you decide by a small difference.)
#
# ## 9.5 Error maps: where is it unusual?
#
# If it is the pixels, look at them: the most unusual images, their reconstructions, and the absolute difference. Does
# the map point at the fault? To find out, we also make a fault whose place we know: four white pixels in a corner of
# usual digits (the last four columns).

# %% [markdown] lang="ko"
# 재구성만으로 충분하고 KL만으로는 오히려 거꾸로 가리킵니다. 인코더는 7을 아는 숫자의 잠재 변수보다 비싸지
# 않은 잠재 변수로 보내고, 디코더는 거기에서 7이 아니라 자기가 아는 것을 그립니다. 맞지 않는 것은 픽셀입니다.
#
# 여기서 그렇고 이 패키지로 숫자와 이모지를 [측정](../../benchmarks/unusual_pictures.md)했을 때도 그랬지만 법칙은
# 아닙니다. ELBO에는 두 항이 다 들어 있으니 고를 필요가 없습니다. (이 강의의 값은 모두 학습 한 번의
# 것이고, 운이 얼마나 큰지는 4강에서 보았습니다. 작은 차이로 결정하기 전에 다른 시드로도 학습해 보십시오.)
#
# ## 9.5 오차 지도: 어디가 특이한가
#
# 픽셀이 문제라면 픽셀을 보면 됩니다. 가장 특이한 이미지들과 그 재구성, 그리고 둘의 차이의 절댓값입니다. 지도는 결함이
# 있는 곳을 가리킬까요? 알아보기 위해 어디에 있는지 우리가 아는 결함도 만듭니다. 평범한 숫자의 구석에 흰 픽셀 네 개를
# 찍습니다(마지막 네 열).

# %%
images = np.concatenate([usual, unusual])
elbo = np.concatenate([of_usual.elbo, of_unusual.elbo])
lowest = np.argsort(elbo)[:8]
drawn = model.reconstruct(images[lowest])
print("the most unusual:", np.where(is_unusual[lowest], "5-9", "0-4"))
assert np.mean(is_unusual[lowest]) >= 0.75

scratched = usual.copy()
scratched[:, 6:, :2] = 1  # four white pixels in the lower left corner
redrawn = model.reconstruct(scratched)


def mean_errors(x, reconstruction):
    """Inside and outside of the scratch."""
    errors = np.abs(x - reconstruction)[..., 0]
    inside = errors[:, 6:, :2].mean()
    return inside, (errors.mean() * 64 - inside * 4) / 60


caught = np.mean(model.score(scratched, seed=0).elbo < threshold)
_, clean = mean_errors(usual, model.reconstruct(usual))
inside, outside = mean_errors(scratched, redrawn)
print(f"scratched: {caught:.0%} below the threshold")
print(f"error inside the scratch {inside:.2f}, outside {outside:.2f}, without one {clean:.2f}")
assert caught > 0.95
assert outside > 2 * clean
assert train[:, 6:, :2].mean() < 0.03 < 0.2 < train.mean()  # hardly any ink in that corner

shown, shown_drawn = np.concatenate([images[lowest], scratched[:4]]), np.concatenate([drawn, redrawn[:4]])
labelled_grid([shown, shown_drawn, np.abs(shown - shown_drawn)], ["x", "reconstruct(x)", "|difference|"])

# %% [markdown] lang="en"
# The reconstructions of the most unusual digits are blurs of what the model knows, and the map shows the rest.
#
# The scratch teaches caution. The score finds nearly every scratched image, but the map is bright far from the scratch
# too: hardly a digit of the training had ink in that corner, so the encoder answers with a latent that belongs to no
# digit, and the decoder draws the whole image wrong. A score says *that* an image is unusual; a map is a hint where to
# look, not a measurement.
#
# ## 9.6 Where the likelihood fails
#
# Nalisnick et al. (2019) trained deep generative models on photographs (CIFAR-10) and found that house numbers (SVHN)
# get a *higher* likelihood than photographs. A likelihood rewards what is cheap to describe, and simple images are
# cheap. Does our model fall for it? Five kinds of images, none of which it has seen:
#
# - **blank**: all black;
# - **white**: all white;
# - **bar**: two white columns, the rest black, which no one wrote;
# - **faint**: the tested usual digits at 70 % of their brightness (every training image has a pixel of at least 85 %);
# - **shifted**: the tested usual digits, one pixel to the right.
#
# > **Predict first.** Which of them score lower than usual digits do?
#
# Beside it stands the remedy that comes to mind first: subtract what a *simple* model says, here the baseline $b(x)$
# that gives each pixel a binomial of its own mean, so that $\text{ELBO}(x) - \log b(x)$ asks how much more the VAE
# knows. (Ren et al., 2019, subtract what a second deep model says.)

# %% [markdown] lang="ko"
# 가장 특이한 숫자들의 재구성은 모델이 아는 것을 흐릿하게 뒤섞은 모습이고, 나머지가 지도에 나타납니다.
#
# 흠집은 조심하라고 가르쳐 줍니다. 점수는 흠집 난 이미지를 거의 다 찾아내지만, 지도는 흠집에서 먼 곳까지 밝습니다.
# 학습한 숫자에는 그 구석에 획이 거의 없었으므로 인코더는 어느 숫자의 것도 아닌 잠재 변수로 답하고, 디코더는 이미지
# 전체를 틀리게 그립니다. 점수는 이미지가 *특이하다는 것*을 말해 줍니다. 지도는 어디를 볼지 알려 주는 실마리일 뿐
# 측정값이 아닙니다.
#
# ## 9.6 가능도가 실패하는 곳
#
# Nalisnick et al. (2019)은 심층 생성 모델을 사진(CIFAR-10)으로 학습했더니 집 번호판(SVHN)의 가능도가 사진보다 오히려
# *높다는* 것을 발견했습니다. 가능도는 싸게 기술되는 것을 높이 치는데, 단순한 이미지는 쌉니다. 우리 모델도 여기에
# 넘어갈까요? 한 번도 본 적이 없는 이미지 다섯 가지로 알아봅니다.
#
# - **blank**: 모두 검은색
# - **white**: 모두 흰색
# - **bar**: 두 열만 희고 나머지는 검은 이미지. 아무도 쓴 적이 없습니다.
# - **faint**: 테스트하는 평범한 숫자를 70 % 밝기로 줄인 것(학습 이미지에는 모두 85 % 이상인 픽셀이 있습니다)
# - **shifted**: 테스트하는 평범한 숫자를 오른쪽으로 한 픽셀 옮긴 것
#
# > **먼저 예측하기.** 이 가운데 어느 것의 점수가 평범한 숫자보다 낮을까요?
#
# 가장 먼저 떠오르는 처방도 나란히 놓습니다. *단순한* 모델이 하는 말을 빼는 것입니다. 여기서는 픽셀마다 그 평균의
# 이항분포를 주는 기준 모델 $b(x)$를 써서, VAE가 얼마나 더 아는지를 $\text{ELBO}(x) - \log b(x)$로 묻습니다. (Ren
# et al. (2019)은 두 번째 심층 모델이 하는 말을 뺍니다.)

# %%
baseline = model.likelihood.of_mean(train.mean(axis=0, keepdims=True))


def log_baseline(x):
    return baseline.log_prob(x).numpy()


blank = np.zeros((1, 8, 8, 1), np.float32)
bar = blank.copy()
bar[:, :, 3:5] = 1
faint = np.round(usual * 0.7 * 16).astype(np.float32) / 16  # whole counts of 16, as the likelihood has them
shifted = np.concatenate([np.zeros_like(usual[:, :, :1]), usual[:, :, :-1]], axis=2)
assert train.max(axis=(1, 2, 3)).min() > 0.85 > 0.75 > faint.max()

relative_of_usual = of_usual.elbo - log_baseline(usual)
kinds = {"5-9": unusual, "blank": blank, "white": blank + 1, "bar": bar, "faint": faint, "shifted": shifted}
elbos, relative, areas, relative_areas = {}, {}, {}, {}
print(f"{'usual':8s} ELBO {of_usual.elbo.mean():7.1f}                relative {relative_of_usual.mean():7.1f}")
for name, x in kinds.items():
    elbos[name] = model.score(x, seed=0).elbo
    relative[name] = elbos[name] - log_baseline(x)
    areas[name] = auroc(of_usual.elbo, elbos[name])
    relative_areas[name] = auroc(relative_of_usual, relative[name])
    print(
        f"{name:8s} ELBO {elbos[name].mean():7.1f}   AUROC {areas[name]:.3f}   "
        f"relative {relative[name].mean():7.1f}   AUROC {relative_areas[name]:.3f}"
    )

assert elbos["blank"] < of_usual.elbo.min() - 30  # caught, both
assert elbos["white"] < of_usual.elbo.min() - 30
assert elbos["bar"] > np.median(of_usual.elbo)  # not caught: more usual than most usual digits
assert areas["shifted"] > 0.85
assert np.mean(elbos["faint"] < threshold) < 0.35  # hardly caught

assert relative_areas["faint"] > areas["faint"] + 0.05  # what the difference gains, and what it loses
assert relative_areas["5-9"] < areas["5-9"] - 0.02
assert relative_areas["shifted"] < areas["shifted"] - 0.1
assert relative["white"] > relative_of_usual.max() + 100
assert relative["bar"] > np.median(relative_of_usual)

print(f"reconstruct(blank): brightest pixel {model.reconstruct(blank).max():.2f}")
print(f"reconstruct(bar): mean error {np.abs(model.reconstruct(bar) - bar).mean():.2f}")
assert model.reconstruct(blank).max() > 0.3
assert np.abs(model.reconstruct(bar) - bar).mean() < 0.15

first_of_each = np.concatenate([x[:1] for x in kinds.values()])
framed = np.pad(first_of_each, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=0.5)
labelled_grid([framed], ["x"], list(kinds))

# %% [markdown] lang="en"
# - **Blank and white are caught**, by a wide margin. Simple alone is not enough: every image of the training data has
# ink in the middle, the decoder always draws some, and pays for each pixel that is black without doubt.
# - **The bar is not.** The decoder can draw a 1 that stands so straight, and pixels that are black or white without
# doubt cost next to nothing, while the gray edges of a real digit cost up to two nats each (the entropy of
# a binomial: exercise 2). So it counts as more usual than most of what people wrote.
# - **Shifted digits are caught**, most of them: an edge of ink where no digit of the training data has any.
# - **Faint digits mostly pass.** Yet `x.max() < 0.8`, one line without a model, finds every one of them. If you know
# what may go wrong, test for that as well.
# - **The difference is no cure.** It sees faint digits better. But it sees 5 to 9 and shifted digits worse, and
# it finds the white image *the most usual of all*, because the baseline's surprise is larger still: a difference of two
# likelihoods is high wherever the second model is bad. Ren et al. train a second model like the first, on perturbed
# images; which one suits has to be tried on images one wants to find.
#
# ## 9.7 The same score again
#
# A score uses samples of $q(z|x)$. Yet it is the same at each call: its noise comes from a portable random number
# generator and depends only on the seed and the number of the row. So a threshold stays valid, and an exported file
# (lecture 7) draws the same noise and gives the same score up to rounding.

# %% [markdown] lang="ko"
# - **blank와 white는 찾아냅니다.** 차이도 큽니다. 단순하기만 해서는 모자랍니다. 학습 이미지에는 모두 가운데에 획이
# 있어서 디코더는 언제나 무언가를 그리고, 의심할 여지 없이 검은 픽셀마다 그 비용을 치릅니다.
# - **bar는 찾아내지 못합니다.** 디코더는 그렇게 똑바로 선 1을 그릴 수 있습니다. 그리고 의심할 여지 없이 검거나 흰
# 픽셀은 거의 공짜인 반면, 진짜 숫자의 회색 가장자리는 픽셀마다 2내트까지 듭니다(이항분포의 엔트로피, 연습 문제 2).
# 그래서 사람이 쓴 것 대부분보다 더 평범하다고 판정됩니다.
# - **옮긴 숫자는 대부분 찾아냅니다.** 학습한 숫자에는 그 가장자리에 획이 없었습니다.
# - **흐린 숫자는 대부분 통과합니다.** 그런데 모델도 필요 없는 한 줄 `x.max() < 0.8`이면 빠짐없이 찾습니다. 무엇이
# 잘못될 수 있는지 안다면 그것도 함께 검사하십시오.
# - **차이를 쓰는 것은 치료가 아닙니다.** 흐린 숫자는 더 잘 알아봅니다. 하지만 5부터 9까지와 옮긴 숫자는 더 못 알아보고,
# 흰 이미지를 *가장 평범하다*고 합니다. 기준 모델이 훨씬 더 놀라기 때문입니다. 두 가능도의 차이는 두 번째 모델이 나쁜
# 곳이면 어디서나 높습니다. Ren et al.은 첫째 모델과 같은 둘째 모델을 흐트러뜨린 이미지로 학습합니다. 어떤 것이
# 알맞은지는 찾고 싶은 이미지로 시험해 보아야 합니다.
#
# ## 9.7 다시 매겨도 같은 점수
#
# 점수는 $q(z|x)$의 표본을 씁니다. 그런데도 호출할 때마다 같습니다. 잡음은 어디에서나 같은 값을 내는 난수 생성기에서
# 나오고 시드와 행 번호에만 달려 있기 때문입니다. 그래서 문턱값이 계속 유효하고, 내보낸 파일(7강)도 같은 잡음을 뽑아
# 반올림 오차 안에서 같은 점수를 냅니다.

# %%
again = model.score(usual, seed=0)
assert np.array_equal(again.elbo, of_usual.elbo)

alone = model.score(usual[5:6], seed=0, index=[5]).elbo[0]  # the same row number: the same noise
elsewhere = model.score(usual[5:6], seed=0).elbo[0]  # row 0: other noise
print(f"row 5: {of_usual.elbo[5]:.4f}   alone, as row 5: {alone:.4f}   as row 0: {elsewhere:.4f}")
assert abs(alone - of_usual.elbo[5]) < 0.01
assert elsewhere != alone

by_seed = np.stack([model.score(usual, seed=seed).elbo for seed in range(8)])
of_seeds = by_seed.std(axis=0).mean()
print(f"standard deviation over seeds {of_seeds:.1f} nats, over images {of_usual.elbo.std():.1f} nats")
assert of_seeds < of_usual.elbo.std() / 3

# %% [markdown] lang="en"
# The noise moves a score far less than images differ. Where one image near the threshold has to be decided, take more
# samples (`importance_samples=`, 16 by default), also for the threshold.
#
# ## Exercises
#
# 1. **By hand.** How many held-out images make a false-alarm rate of 5 % sure to ± 1 % (one standard error)?
#
# <details>
# <summary>Solution</summary>
#
# $a(1-a)/n = 0.01^2$ gives $n = 0.05 \cdot 0.95 / 0.0001 = 475$.
#
# ```python
# assert abs(np.sqrt(0.05 * 0.95 / 475) - 0.01) < 1e-9
# ```
# </details>
#
# 2. **Code.** What does a pixel cost, on average, if the decoder knows its mean exactly? Compare the entropies of the
# binomial of 16 coins for the means 0.5 and 0.001.
#
# <details>
# <summary>Solution</summary>
#
# 2.1 nats for 0.5 and 0.08 for 0.001: gray is dear even to a perfect model, black and white are cheap.
#
# ```python
# from scipy.stats import binom
# gray, black = (float(binom(16, mean).entropy()) for mean in (0.5, 0.001))
# assert abs(gray - 2.1) < 0.05 and abs(black - 0.08) < 0.01
# ```
# </details>
#
# 3. **Predict.** Replace each score by its cube. What happens to the AUROC, and to the rate of false alarms?
#
# <details>
# <summary>Solution</summary>
#
# Nothing happens to either: the cube rises everywhere, and both depend on the order of the scores alone. (The threshold
# is cubed too.)
#
# ```python
# usual_cubes, unusual_cubes = (scores.elbo.astype(float) ** 3 for scores in (of_usual, of_unusual))
# assert abs(auroc(usual_cubes, unusual_cubes) - area) < 1e-9
# assert np.mean(usual_cubes < float(threshold) ** 3) == false_alarms
# ```
# </details>
#
# ## What to remember
#
# | | |
# |---|---|
# | `model.score(x)` | ELBO, reconstruction, KL and bound of each image in nats; lower ELBO, more unusual |
# | AUROC | probability that an unusual image scores below a usual one |
# | threshold | a quantile of *held-out* usual images, drawn like those to come; uncertain by $\sqrt{a(1-a)/n}$ |
# | error map | where to look, not what is wrong |
# | the likelihood fails | on simple images near the training data, and on changes it has no price for |
# | a baseline subtracted | repairs one failure and makes another; try it on images you want to find |
#
# ## References
#
# - E. Nalisnick et al. *Do Deep Generative Models Know What They Don't Know?* ICLR 2019.
# - J. Ren et al. *Likelihood Ratios for Out-of-Distribution Detection.* NeurIPS 2019.
# - J. Serrà et al. *Input Complexity and Out-of-Distribution Detection with Likelihood-Based Generative Models.* ICLR
# 2020.
# - J. An, S. Cho. *Variational Autoencoder Based Anomaly Detection Using Reconstruction Probability.* SNU Data Mining
# Center 2015.
# - J. A. Hanley, B. J. McNeil. *The Meaning and Use of the Area under a Receiver Operating Characteristic (ROC) Curve.*
# Radiology 1982.

# %% [markdown] lang="ko"
# 잡음 때문에 점수가 움직이는 폭은 이미지끼리의 차이보다 훨씬 작습니다. 문턱값 가까이에 있는 이미지 하나를 판정해야 할
# 때에는 표본을 늘리고(`importance_samples=`, 기본값 16), 문턱값도 같은 표본 수로 정하십시오.
#
# ## 연습 문제
#
# 1. **손으로.** 오경보율 5 %를 ± 1 %(표준오차 하나)까지 확실히 하려면 학습에 쓰지 않은 이미지가 몇 장 필요합니까?
#
# <details>
# <summary>풀이</summary>
#
# $a(1-a)/n = 0.01^2$에서 $n = 0.05 \cdot 0.95 / 0.0001 = 475$장입니다.
#
# ```python
# assert abs(np.sqrt(0.05 * 0.95 / 475) - 0.01) < 1e-9
# ```
# </details>
#
# 2. **코드.** 디코더가 픽셀의 평균을 정확히 안다면 픽셀 하나에 평균 얼마가 듭니까? 동전 16개의 이항분포에서 평균이
# 0.5일 때와 0.001일 때의 엔트로피를 견주어 보십시오.
#
# <details>
# <summary>풀이</summary>
#
# 0.5면 2.1내트, 0.001이면 0.08내트입니다. 완벽한 모델에게도 회색은 비싸고 검은색과 흰색은 쌉니다.
#
# ```python
# from scipy.stats import binom
# gray, black = (float(binom(16, mean).entropy()) for mean in (0.5, 0.001))
# assert abs(gray - 2.1) < 0.05 and abs(black - 0.08) < 0.01
# ```
# </details>
#
# 3. **예측.** 점수를 모두 세제곱하면 AUROC와 오경보율은 어떻게 됩니까?
#
# <details>
# <summary>풀이</summary>
#
# 둘 다 그대로입니다. 세제곱은 어디에서나 증가하고, 둘은 점수의 순서에만 달려 있습니다. (문턱값도 세제곱합니다.)
#
# ```python
# usual_cubes, unusual_cubes = (scores.elbo.astype(float) ** 3 for scores in (of_usual, of_unusual))
# assert abs(auroc(usual_cubes, unusual_cubes) - area) < 1e-9
# assert np.mean(usual_cubes < float(threshold) ** 3) == false_alarms
# ```
# </details>
#
# ## 기억할 것
#
# | | |
# |---|---|
# | `model.score(x)` | 이미지마다 ELBO, 재구성, KL, 하한을 내트로. ELBO가 낮을수록 특이함 |
# | AUROC | 특이한 이미지의 점수가 평범한 이미지보다 낮을 확률 |
# | 문턱값 | 학습에 쓰지 *않은*, 앞으로 올 것처럼 뽑은 평범한 이미지의 분위수. 불확실성은 $\sqrt{a(1-a)/n}$ |
# | 오차 지도 | 무엇이 잘못되었는지가 아니라 어디를 볼지 |
# | 가능도의 실패 | 학습 데이터와 가까운 단순한 이미지, 그리고 비용을 매기지 않는 변화 |
# | 기준 모델을 빼기 | 실패 하나를 고치고 다른 하나를 만듦. 찾고 싶은 이미지로 시험해 볼 것 |
#
# ## 참고 문헌
#
# - E. Nalisnick et al. *Do Deep Generative Models Know What They Don't Know?* ICLR 2019.
# - J. Ren et al. *Likelihood Ratios for Out-of-Distribution Detection.* NeurIPS 2019.
# - J. Serrà et al. *Input Complexity and Out-of-Distribution Detection with Likelihood-Based Generative Models.* ICLR
# 2020.
# - J. An, S. Cho. *Variational Autoencoder Based Anomaly Detection Using Reconstruction Probability.* SNU Data Mining
# Center 2015.
# - J. A. Hanley, B. J. McNeil. *The Meaning and Use of the Area under a Receiver Operating Characteristic (ROC) Curve.*
# Radiology 1982.
