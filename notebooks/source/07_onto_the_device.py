# %% [markdown] lang="en"
# # 7. Guide: put a model on a device
#
# | to | do | see |
# |---|---|---|
# | write a model as files without Python | `keras_vae.export.export_bundle(model, "bundle")` | 7.1 |
# | choose a precision | read the nats lost in `manifest.json` | 7.2 |
# | draw the same image everywhere | call `generate` with the same seed | 7.3 |
# | draw without TensorFlow | `python bundle/generate.py` | 7.4 |
# | show the model in a browser | `keras-vae explore bundle` | 7.5 |
# | check a bundle that was copied | `keras-vae verify bundle` | 7.6 |
#
# The guide does each of these on one small model and asks at every step: is it still the same model? Nats, the ELBO,
# encoder, decoder and prior are those of lectures 1 to 3.

# %% [markdown] lang="ko"
# # 7. 길잡이: 기기로 내보내기
#
# | 하려는 일 | 방법 | 절 |
# |---|---|---|
# | 모델을 Python 없이 쓰는 파일로 만들기 | `keras_vae.export.export_bundle(model, "bundle")` | 7.1 |
# | 정밀도 고르기 | `manifest.json`에서 잃은 내트 읽기 | 7.2 |
# | 어디서나 같은 이미지 그리기 | 같은 시드로 `generate` 호출하기 | 7.3 |
# | TensorFlow 없이 그리기 | `python bundle/generate.py` | 7.4 |
# | 브라우저에서 모델 보여 주기 | `keras-vae explore bundle` | 7.5 |
# | 복사한 번들 확인하기 | `keras-vae verify bundle` | 7.6 |
#
# 작은 모델 하나로 이 일들을 차례로 하면서 단계마다 묻습니다. 아직도 같은 모델일까요? 내트, ELBO, 인코더, 디코더,
# 사전분포는 1강부터 3강까지에서 설명한 것입니다.

# %%
# %matplotlib inline
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from threading import Thread

import keras
import numpy as np
import onnxruntime
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

import keras_vae
from keras_vae.data.load import load_arrays
from keras_vae.export import BundleError
from keras_vae.export.consumers.explore import address, make_server
from keras_vae.pictures.figure import BLUE, FAINT, INK, VERMILLION, new_figure, style_axes, style_legend
from keras_vae.pictures.labelled_grid import labelled_grid

GREEN = "#009E73"  # with BLUE and VERMILLION from the colours of Okabe and Ito
FAST = os.environ.get("FAST") == "1"  # the tests set it, to train shorter
tf.get_logger().setLevel("WARNING")  # it would tell of every file that it writes
rng = np.random.default_rng(0)
folder = tempfile.TemporaryDirectory()  # for all that this notebook writes; goes when it ends
os.chdir(folder.name)

# %% [markdown] lang="en"
# ## 7.1 The bundle
#
# First a model, as in the quickstart: 8 × 8 digits, 8 latents, each pixel a count of 16 dots (the binomial likelihood
# of lecture 1). Then `export_bundle`. Its `representative_data` are images from which the converter learns how large
# the numbers inside the decoder get; `test_data` go into the bundle, so that the model can be judged wherever it is;
# `metrics` are for its model card, `README.md`.

# %% [markdown] lang="ko"
# ## 7.1 번들
#
# 먼저 빠른 시작에서와 같은 모델을 학습합니다. 8 × 8 숫자, 잠재 변수 8개, 픽셀은 점 16개를 센 값입니다(1강의 이항
# 가능도). 그다음 `export_bundle`을 호출합니다. `representative_data`는 디코더 안의 수가 얼마나 커지는지 변환기에 알려
# 주는 이미지이고, `test_data`는 번들에 함께 들어가 어디서든 모델을 평가할 수 있게 해 주며, `metrics`는 모델
# 카드(`README.md`)에 적힙니다.

# %%
train = keras_vae.load_dataset("digits", split="train", batch_size=128)
test_images = load_arrays("digits", "test").images.astype(np.float32) / 255

model = keras_vae.VAE.from_preset("digits_mlp")
model.compile(keras.optimizers.Adam(0.003), jit_compile=False)  # trains faster than XLA compiles: it is small
model.fit(train, epochs=15 if FAST else 80, verbose=0)

metrics = keras_vae.evaluate(model, test_images, importance_samples=10, batch_size=360)
bundle = keras_vae.export.export_bundle(
    model, "bundle", representative_data=train.take(4), test_data=[test_images[:256]], metrics=metrics
)

# %%
manifest = json.loads((bundle / "manifest.json").read_text())
for name, signature in manifest["signatures"].items():
    sides = [
        ", ".join(f"{key} {tensor['dtype']}{tensor['shape']}" for key, tensor in signature[side].items())
        for side in ("inputs", "outputs")
    ]
    print(f"{name}({sides[0]})\n    -> {sides[1]}".replace("'", ""))

sizes = {
    path: sum(f.stat().st_size for f in [bundle / path, *(bundle / path).rglob("*")] if f.is_file())
    for path in manifest["artifacts"]
}
print()
for path, artifact in manifest["artifacts"].items():
    print(f"{path:27s} {artifact['precision']:8s} {sizes[path] / 1000:5.0f} kB   {', '.join(artifact['signatures'])}")
assert set(manifest["signatures"]) == {"encode", "decode", "reconstruct", "generate", "score"}
assert manifest["not_written"] == {}

# %% [markdown] lang="en"
# Five functions, with the same names, inputs and outputs in every format:
#
# | function | returns |
# |---|---|
# | `encode` | the mean $\mu(x)$ and the standard deviation $s(x)$ of $q(z \mid x)$ |
# | `decode` | the mean of $p(x \mid z)$: an image |
# | `reconstruct` | `decode` of $\mu(x)$ |
# | `generate` | draw $z$ from the prior, decode it; returns both |
# | `score` | the ELBO of each image and its parts, and the importance-weighted bound, in nats |
#
# Let us call one by hand, in three runtimes. None of these lines uses `keras_vae`.

# %% [markdown] lang="ko"
# 함수는 다섯 가지이고, 이름과 입력과 출력이 어느 형식에서나 같습니다.
#
# | 함수 | 돌려주는 것 |
# |---|---|
# | `encode` | $q(z \mid x)$의 평균 $\mu(x)$와 표준편차 $s(x)$ |
# | `decode` | $p(x \mid z)$의 평균, 곧 이미지 |
# | `reconstruct` | $\mu(x)$를 `decode`한 것 |
# | `generate` | 사전분포에서 $z$를 뽑아 디코딩하고 둘 다 돌려줌 |
# | `score` | 이미지마다의 ELBO와 그 부분, 중요도 가중 하한(내트) |
#
# 하나를 골라 세 가지 런타임에서 직접 호출해 봅시다. 아래의 어느 줄도 `keras_vae`를 쓰지 않습니다.

# %%
index = np.arange(1000, dtype=np.int32)  # which pictures of the seed
seed, temperature = np.array(7, np.int32), np.array(1.0, np.float32)  # temperature: a factor of the latents

saved = tf.saved_model.load("bundle/saved_model")
by_tensorflow = saved.generate(tf.constant(index), tf.constant(seed), tf.constant(temperature))

interpreter = Interpreter("bundle/tflite/vae.tflite")
by_litert = interpreter.get_signature_runner("generate")(index=index, seed=seed, temperature=temperature)

session = onnxruntime.InferenceSession("bundle/onnx/generate.onnx")
names = [output.name for output in session.get_outputs()]
inputs = {"index": index, "seed": seed, "temperature": temperature}
by_onnx = dict(zip(names, session.run(names, inputs), strict=True))

drawn = {"TensorFlow": by_tensorflow, "LiteRT": by_litert, "ONNX Runtime": by_onnx}
keras_images = model.generate(1000, seed=7)
for name, out in drawn.items():
    error = np.abs(np.asarray(out["image"]) - keras_images).max()
    print(f"{name:13s} {out['image'].shape}   largest difference of a pixel from Keras {error:.1e}")
    assert error < 1e-5

# %% [markdown] lang="en"
# ## 7.2 What a precision costs: why nats
#
# A float32 takes 4 bytes, a float16 two, an int8 one, so smaller numbers make smaller files and often faster ones.
# But they are rounded, so the pixels that come out are a little wrong. *How much does that matter?* The obvious
# measure, the error of a pixel, misleads. Let the decoder say that a dot is white with probability $s$, and the
# rounded one $s + 0.02$. The mean number of nats lost is the KL divergence of lecture 1; for the 16 dots of a pixel
#
# $$16\;\mathrm{KL}\big((s, 1 - s) \,\|\, (s', 1 - s')\big) = 16\left[s \log\frac{s}{s'} + (1 - s)
# \log\frac{1 - s}{1 - s'}\right], \qquad s' = s + 0.02.$$

# %% [markdown] lang="ko"
# ## 7.2 정밀도의 비용을 왜 내트로 재는가
#
# float32는 4바이트, float16은 2바이트, int8은 1바이트입니다. 수가 작으면 파일도 작고 대개 더 빠릅니다. 하지만
# 반올림을 하므로 픽셀이 조금 틀어집니다. *그것이 얼마나 큰 문제일까요?* 가장 먼저 떠오르는 잣대인 픽셀 오차는 우리를
# 속입니다. 디코더는 점 하나가 흴 확률을 $s$라고 하는데 반올림한 디코더는 $s + 0.02$라고 한다고 합시다. 평균적으로
# 잃는 내트는 1강의 KL 발산입니다. 픽셀 하나는 점 16개이므로 다음과 같습니다.
#
# $$16\;\mathrm{KL}\big((s, 1 - s) \,\|\, (s', 1 - s')\big) = 16\left[s \log\frac{s}{s'} + (1 - s)
# \log\frac{1 - s}{1 - s'}\right], \qquad s' = s + 0.02$$


# %%
def nats_of_a_pixel(s, wrong):
    return 16 * (s * np.log(s / wrong) + (1 - s) * np.log((1 - s) / (1 - wrong)))


s = np.linspace(0.0005, 0.975, 800)
cost = nats_of_a_pixel(s, s + 0.02)

figure = new_figure(6.5, 3.2)
axes = figure.subplots()
axes.plot(s, cost, color=BLUE)
style_axes(axes, r"$s' = s + 0.02$", "$s$", "nats")

edge, middle = nats_of_a_pixel(0.0005, 0.0205), nats_of_a_pixel(0.5, 0.52)
print(f"s = 0.0005: {edge:.3f} nats     s = 0.5: {middle:.4f} nats")
assert edge > 15 * middle
figure

# %% [markdown] lang="en"
# The same error costs many times more where the decoder was sure (at the ends) than where it was not (in the middle),
# and no single threshold on pixels can know that. Nats can: they are what the model was trained in. So the bundle
# states the **nats lost**: the ELBO of the original model less the ELBO with one file in the place of its encoder or
# its decoder.
#
# Before we look at the files, do the rounding ourselves. To store a matrix of weights in $b$ bits, divide it by a
# scale so that the largest becomes $2^{b-1} - 1$, and round to whole numbers. This is **quantisation**:
#
# $$w \approx \Delta \cdot \mathrm{round}(w / \Delta), \qquad \Delta = \frac{\max |w|}{2^{b-1} - 1}.$$

# %% [markdown] lang="ko"
# 같은 오차라도 디코더가 확신하던 곳(양 끝)에서는 확신이 없던 곳(가운데)보다 몇십 배나 비쌉니다. 픽셀에 문턱값 하나를
# 두어서는 이것을 알 수 없습니다. 내트는 압니다. 모델을 학습한 단위가 바로 내트이기 때문입니다. 그래서 번들에는 **잃은
# 내트**가 적혀 있습니다. 원래 모델의 ELBO에서, 인코더나 디코더 자리에 그 파일을 넣었을 때의 ELBO를 뺀 값입니다.
#
# 파일을 보기 전에 반올림을 직접 해 봅시다. 가중치 행렬을 $b$비트로 저장하려면, 가장 큰 값이 $2^{b-1} - 1$이 되도록
# 눈금 $\Delta$로 나눈 다음 정수로 반올림합니다. 이것이 **양자화**입니다.
#
# $$w \approx \Delta \cdot \mathrm{round}(w / \Delta), \qquad \Delta = \frac{\max |w|}{2^{b-1} - 1}$$

# %%
posterior = model.encode(test_images)
noise = rng.normal(size=(len(test_images), model.latent_dim)).astype(np.float32)
latents = (posterior.mean() + posterior.stddev() * noise).numpy()  # one sample of q(z|x) an image, the same for all
kl = posterior.kl_divergence(model.prior()).numpy()


def elbo_of_each(decode):
    """The ELBO of each image with another decoder, from the images that it returns, in nats."""
    p_x_given_z = model.likelihood.of_mean(decode(latents))
    return p_x_given_z.log_prob(test_images).numpy() - kl


def elbo(decode):
    return np.mean(elbo_of_each(decode))


def quantised(weights, bits):
    step = np.abs(weights).max() / (2 ** (bits - 1) - 1)
    return step * np.round(weights / step)


# %%
of_each = elbo_of_each(lambda z: model.decode(z).mean())
original, standard_error = of_each.mean(), of_each.std() / np.sqrt(len(of_each))
print(f"ELBO of the original: {original:.2f} nats, standard error {standard_error:.2f}")
assert standard_error > 0.5
kernels = [weight for weight in model.decoder.trainable_weights if len(weight.shape) == 2]
kept = [kernel.numpy() for kernel in kernels]
by_hand = {}
for bits in range(2, 13):
    for kernel, values in zip(kernels, kept, strict=True):
        kernel.assign(quantised(values, bits))
    by_hand[bits] = original - elbo(lambda z: model.decode(z).mean())
for kernel, values in zip(kernels, kept, strict=True):
    kernel.assign(values)
for bits in (2, 4, 6, 8, 12):
    print(f"{bits:2d} bits:  {by_hand[bits]:8.3f} nats lost")

assert by_hand[3] > 5 > by_hand[6]
assert abs(by_hand[8]) < 0.5
assert abs(by_hand[12]) < 0.05
assert abs(elbo(lambda z: model.decode(z).mean()) - original) < 1e-4  # the weights are back

# %% [markdown] lang="en"
# Eight bits, a quarter of the size, cost hardly anything; every bit below costs more and more. Now the files. We load
# each decoder in its own runtime, feed it the same latents, and compute the same ELBO.

# %% [markdown] lang="ko"
# 크기가 4분의 1인 8비트는 거의 공짜이지만, 그보다 줄일수록 한 비트마다 비용이 가파르게 오릅니다. 이제 파일 차례입니다.
# 디코더를 하나씩 저마다의 런타임에 올리고, 같은 잠재 변수를 넣어 같은 ELBO를 계산합니다.


# %%
def litert_decoder(path):
    decode = Interpreter(f"bundle/{path}").get_signature_runner("decode")
    batch = manifest["artifacts"][path]["batch"] or len(latents)  # some files take one image at a time
    return lambda z: np.concatenate([decode(latent=part)["image"].copy() for part in z.reshape(-1, batch, z.shape[1])])


def onnx_decoder(path):
    session = onnxruntime.InferenceSession(f"bundle/{path}")
    return lambda z: session.run(["image"], {"latent": z})[0]


exact = model.decode(latents).mean().numpy()
measured = {}
print("                            precision      kB   largest error   nats lost   of the manifest")
for path, artifact in manifest["artifacts"].items():
    if artifact["runtime"] == "saved_model" or "decode" not in artifact["signatures"]:
        continue
    if artifact["precision"] == "integer":  # for microcontrollers: it takes and returns integers
        continue
    decode = (litert_decoder if artifact["runtime"] == "tflite" else onnx_decoder)(path)
    lost, error = original - elbo(decode), np.abs(decode(latents) - exact).max()
    measured[path] = (artifact["precision"], sizes[path] / 1000, lost)
    stated = artifact["nats_lost"]["decode"]
    print(
        f"{path:27s} {artifact['precision']:9s} {sizes[path] / 1000:7.0f} {error:13.1e} "
        f"{round(lost, 4) + 0.0:12.4f} {round(stated, 4) + 0.0:12.4f}"
    )
    assert abs(lost - stated) < 0.25  # other noise and more images than the manifest's
    assert abs(lost) < {"float32": 0.001, "float16": 0.01, "dynamic": 0.5, "int8": 1.0}[artifact["precision"]]

# %%
figure = new_figure(10.5, 3.6)
left, right = figure.subplots(1, 2)
left.plot(list(by_hand), list(by_hand.values()), "o-", color=BLUE)
left.set_yscale("symlog", linthresh=0.1)  # linear below 0.1
left.axvline(8, color=VERMILLION, linestyle="--", label="int8")
style_axes(left, "decoder", "$b$   (bits)", "nats lost")
style_legend(left)
looks = {"float32": (INK, "o"), "float16": (GREEN, "s"), "dynamic": (BLUE, "^"), "int8": (VERMILLION, "D")}
for precision, (colour, marker) in looks.items():
    points = [(size, lost) for each, size, lost in measured.values() if each == precision]
    right.plot(*zip(*points, strict=True), marker, color=colour, label=precision, markersize=7)
right.axhline(0, color=INK, linewidth=0.8)
right.set_xlim(left=0)
style_axes(right, "decode", "kB", "nats lost")
style_legend(right, loc="upper right")
figure

# %% [markdown] lang="en"
# (*dynamic*: weights in int8, computed in float32 or with inputs quantised on the fly. *int8*: everything in int8. The
# files of several functions hold encoder and decoder, those of one only the decoder, hence the sizes.)
#
# Whether 0.05 nats are much? The ELBO itself is a mean over 360 test images, and other images would have moved it by
# about its standard error (lecture 2), which is many times more. Without a unit this question could not even be asked.
#
# Only decoders come in full int8. `generate` contains a generator of random numbers, whose whole numbers do not
# survive that kind of rounding. We look at it now.
#
# ## 7.3 One seed, one picture
#
# Random generators differ: a seed of 7 gives other numbers in NumPy, TensorFlow, JavaScript and Swift. Most of them do
# not even exist as an operation of TFLite or ONNX. That is why pictures "from seed 7" usually look different on every
# device. The bundle's `generate` brings its own generator, made of additions, multiplications and divisions of whole
# numbers below $2^{31}$, which are exact everywhere. Image number $i$ and latent dimension $j$ are *encrypted* with
# the seed as key, and what comes out picks an entry from a table:
#
# - **key** of the seed: the seed's lower and upper 16 bits, $l$ and $h$, give 8 numbers
# $k_r = F\big((l A_r + h B_r + C_r) \bmod 2^{16}\big) \bmod 2^{16}$;
# - **start**: $L = i \bmod 2^{16}$ and $R = \big(\lfloor i / 2^{16}\rfloor \cdot 251 + j\big) \bmod 2^{16}$;
# - **8 rounds**: $(L, R) \leftarrow \big(R,\; (L + F((R + k_r) \bmod 2^{16})) \bmod 2^{16}\big)$. This is a *Feistel
# network*, the construction of classical ciphers;
# - **scrambling**: $F(t) = \lfloor p / 256 \rfloor + p \bmod 2^{16} + 3 t$ with $p = t \lfloor t / 2 \rfloor$;
# - **latent**: $z_{ij} = \big(T[\lfloor L / 16 \rfloor] + T[\lfloor R / 16 \rfloor]\big) \cdot 2^{-14}$ times the
# temperature, where $T$ is a table of 4096 quantiles of the normal distribution, scaled so that the sum of two has
# variance 1.
#
# All constants ($A, B, C, T$, …) stand in `manifest.json`. With that file and NumPy alone:

# %% [markdown] lang="ko"
# (*dynamic*은 가중치만 int8이고 계산은 float32로 하거나 입력을 그때그때 양자화하는 방식, *int8*은 모두 int8로 하는
# 방식입니다. 함수가 여럿인 파일에는 인코더와 디코더가 모두 들어 있고, 하나인 파일에는 디코더만 있어서 크기가
# 다릅니다.)
#
# 0.05내트는 큰 비용일까요? ELBO 자체가 테스트 이미지 360장에 대한 평균이므로, 다른 이미지로 쟀다면 표준오차(2강)만큼은
# 달라졌을 것입니다. 그 표준오차가 0.05내트보다 몇십 배 큽니다. 단위가 없었다면 이런 물음조차 던질 수 없었을 것입니다.
#
# 전부 int8인 파일은 디코더뿐입니다. `generate`에는 난수 생성기가 들어 있는데, 그 안의 정수는 이런 반올림을 견디지
# 못합니다. 이제 그 생성기를 살펴봅시다.
#
# ## 7.3 시드 하나에 이미지 하나
#
# 난수 생성기는 저마다 다릅니다. 시드가 똑같이 7이라도 NumPy, TensorFlow, JavaScript, Swift에서 나오는 수가 모두
# 다르고, 대부분은 TFLite나 ONNX의 연산으로 아예 존재하지도 않습니다. "시드 7의 이미지"가 기기마다 달라 보이는 것은
# 그래서입니다. 번들의 `generate`에는 자기만의 생성기가 들어 있습니다. $2^{31}$보다 작은 정수의 덧셈, 곱셈,
# 나눗셈으로만 되어 있어 어디서나 정확합니다. 시드를 열쇠로 삼아 이미지 번호 $i$와 잠재 차원 $j$를 *암호화*하고, 그
# 결과로 표에서 값을 고릅니다.
#
# - 시드의 **열쇠**: 시드의 아래 16비트 $l$과 위 16비트 $h$로 수 8개
# $k_r = F\big((l A_r + h B_r + C_r) \bmod 2^{16}\big) \bmod 2^{16}$을 만듭니다.
# - **시작**: $L = i \bmod 2^{16}$, $R = \big(\lfloor i / 2^{16}\rfloor \cdot 251 + j\big) \bmod 2^{16}$
# - **8라운드**: $(L, R) \leftarrow \big(R,\; (L + F((R + k_r) \bmod 2^{16})) \bmod 2^{16}\big)$. 고전적인 암호에
# 쓰이는 *파이스텔 구조*입니다.
# - **뒤섞기**: $p = t \lfloor t / 2 \rfloor$일 때 $F(t) = \lfloor p / 256 \rfloor + p \bmod 2^{16} + 3 t$
# - **잠재 변수**: $z_{ij} = \big(T[\lfloor L / 16 \rfloor] + T[\lfloor R / 16 \rfloor]\big) \cdot 2^{-14}$에 온도
# (temperature)를 곱한 값. $T$는 정규분포의 분위수 4096개를 담은 표로, 둘을 더했을 때 분산이 1이 되도록 맞추어
# 두었습니다.
#
# 상수($A, B, C, T$, …)는 모두 `manifest.json`에 적혀 있습니다. 그 파일과 NumPy만으로 계산해 봅시다.

# %%
g = manifest["generator"]
A, B, C, T = (np.array(g[name]) for name in ("a", "b", "c", "table"))


def scramble(t):  # F of the formula
    p = t * (t // 2)
    return p // 256 + p % 65536 + 3 * t


def latent(seed, i, d, temperature=1.0):
    """z_ij for images i [n] and j = 0 ... d - 1, float32 [n, d]."""
    low, high = seed % 65536, seed // 65536 % 65536
    keys = scramble((low * A % 65536 + high * B % 65536 + C) % 65536) % 65536
    i, j = np.asarray(i)[:, None], np.arange(d)
    left, right = i % 65536, (i // 65536 * g["stride"] + j) % 65536
    for r in range(g["rounds"]):
        left, right = right, (left + scramble((right + keys[r]) % 65536)) % 65536
    z = (T[left // 16] + T[right // 16]).astype(np.float32) * np.float32(g["scale"])
    return z * np.float32(temperature)


# %%
ours = latent(7, index, model.latent_dim)
for name, out in drawn.items():
    equal = np.array_equal(np.asarray(out["latent"]), ours)
    print(f"{name:13s} {ours.size} latents of seed 7: bit for bit those of the formula? {equal}")
    assert equal

golden = json.loads((bundle / "golden.json").read_text())  # what Keras drew when the bundle was written
for case in golden["generate"]:
    again = latent(case["seed"], case["index"], model.latent_dim, case["temperature"])
    print(f"golden: seed {case['seed']:11d}, images {case['index']}")
    assert np.array_equal(again, np.array(case["latent"], np.float32))

# %% [markdown] lang="en"
# Equal to the last bit: in three runtimes, in the NumPy above, and with what Keras drew. But are these numbers
# *random* enough to stand for $z \sim \mathcal{N}(0, 1)$? They should have mean 0, variance 1, the shape of the
# Gaussian, and no correlation between dimensions, between neighbouring pictures, or between neighbouring seeds.

# %% [markdown] lang="ko"
# 세 런타임과 위의 NumPy, 그리고 Keras가 뽑아 둔 값이 마지막 비트까지 같습니다. 그런데 이 수들을 $z \sim
# \mathcal{N}(0, 1)$이라고 해도 될 만큼 *무작위*일까요? 그러려면 평균이 0, 분산이 1이고 가우시안 모양이어야 하며, 차원
# 사이에도, 이웃한 이미지 사이에도, 이웃한 시드 사이에도 상관이 없어야 합니다.

# %%
many = latent(7, np.arange(100_001), 8)
next_seed = latent(8, np.arange(100_000), 8)
pairs = {
    "dimensions": np.corrcoef(many.T)[np.triu_indices(8, 1)],
    "pictures": [np.corrcoef(many[:-1, j], many[1:, j])[0, 1] for j in range(8)],
    "seeds": [np.corrcoef(many[:-1, j], next_seed[:, k])[0, 1] for j in range(8) for k in range(8)],
}
print(f"mean {many.mean():.4f}   variance {many.var():.4f}")
assert abs(many.mean()) < 5 / np.sqrt(many.size)
assert abs(many.var() - 1) < 0.01
for name, values in pairs.items():
    print(f"largest correlation between {name:10s} {np.abs(values).max():.4f}")
    assert np.abs(values).max() < 5 / np.sqrt(100_000)  # five standard errors

figure = new_figure(10, 3.4)
left, right = figure.subplots(1, 2)
left.hist(many.ravel(), bins=120, density=True, color=FAINT, label="seed 7, n = 800,008")
axis = np.linspace(-4.5, 4.5, 400)
left.plot(axis, np.exp(-0.5 * axis**2) / np.sqrt(2 * np.pi), color=BLUE, label=r"$\mathcal{N}(0, 1)$")
left.set_ylim(0, 0.5)
style_axes(left, "", "$z_{ij}$", "density")
style_legend(left, loc="upper right")
right.scatter(many[:4000, 0], many[:4000, 1], s=4, color=BLUE, linewidths=0)
right.set_aspect("equal")
style_axes(right, "seed 7, n = 4,000", "$z_{i1}$", "$z_{i2}$")
figure

# %% [markdown] lang="en"
# One picture, then, and not only one latent: the same seed through every file of the bundle that decodes. If any row
# differs visibly at all, it is one of the two int8 decoders.

# %% [markdown] lang="ko"
# 그러므로 잠재 변수뿐 아니라 이미지도 하나입니다. 같은 시드를 번들의 모든 디코더로 그려 봅시다. 혹시라도 눈에 띄게
# 다른 줄이 있다면 두 int8 디코더일 것입니다.

# %%
z = latent(7, np.arange(12), model.latent_dim)
rows = {"Keras": model.decode(z).mean().numpy()}
for path in measured:
    # a fixed number of images is fed one by one
    decode = litert_decoder(path) if path.startswith("tflite") else onnx_decoder(path)
    padded = np.concatenate([z, np.repeat(z[-1:], len(latents) - 12, axis=0)])
    rows[path] = decode(padded)[:12]
for row in rows.values():
    assert np.abs(row - rows["Keras"]).mean() < 0.02
labelled_grid(list(rows.values()), list(rows), title="seed 7")

# %% [markdown] lang="en"
# ## 7.4 Without TensorFlow, without this package
#
# The bundle carries a program, `generate.py`, that needs NumPy, Pillow and one of the two small runtimes. To be sure
# that it needs nothing else we *forbid* it to import TensorFlow, Keras and this package (`None` in `sys.modules` makes
# an import fail), and run it once with each runtime.

# %% [markdown] lang="ko"
# ## 7.4 TensorFlow도 이 패키지도 없이
#
# 번들에 든 프로그램 `generate.py`는 NumPy와 Pillow, 그리고 작은 런타임 둘 가운데 하나만 있으면 됩니다. 정말로
# 그것뿐인지 확인하기 위해 TensorFlow, Keras, 이 패키지를 가져오지 *못하게* 막고(`sys.modules`에 `None`을 넣으면
# import가 실패합니다) 런타임마다 한 번씩 실행합니다.

# %%
forbidding = """
import runpy, sys
for name in ("tensorflow", "keras", "keras_vae"):
    sys.modules[name] = None
sys.argv = ["generate.py", *sys.argv[1:]]
runpy.run_path("bundle/generate.py", run_name="__main__")
"""
pictures = {}
for runtime in ("tflite", "onnx"):
    options = ["--count", "24", "--seed", "7", "--runtime", runtime]
    options += ["--output", f"{runtime}.png", "--latents", f"{runtime}.npy"]
    done = subprocess.run([sys.executable, "-c", forbidding, *options], capture_output=True, text=True, check=True)
    print(done.stdout, end="")
    pictures[runtime] = np.asarray(Image.open(f"{runtime}.png")).astype(int)
    assert np.array_equal(np.load(f"{runtime}.npy"), ours[:24])
difference = np.abs(pictures["tflite"] - pictures["onnx"]).max()
print(f"largest difference between the two pictures: {difference} of 255")
assert difference <= 1
Image.open("onnx.png")

# %% [markdown] lang="en"
# How long does one picture take? On this machine, one thread, one image at a time:

# %% [markdown] lang="ko"
# 이미지 한 장에 얼마나 걸릴까요? 이 컴퓨터에서 스레드 하나로 한 장씩 그려 보았습니다.

# %%
for path in (path for path in measured if path.startswith("tflite")):
    decode = Interpreter(f"bundle/{path}", num_threads=1).get_signature_runner("decode")
    times = []
    for _ in range(200):
        start = time.perf_counter()
        decode(latent=z[:1])
        times.append(time.perf_counter() - start)
    print(f"{path:27s} {1e6 * np.median(times):6.0f} microseconds")

# %% [markdown] lang="en"
# ## 7.5 The browser page
#
# `bundle/web` is a page that runs the model in the browser: draw a sheet from a seed, move each latent with a slider,
# walk from one picture to another, encode a picture of yours. The runtime (ONNX Runtime Web) lies beside it, so
# nothing is fetched from anywhere, and the page itself forbids the browser to talk to any other address. To open it on
# your machine:
#
#     keras-vae explore bundle
#
# To put it on the web, copy the folder `bundle` to any static host and open `/web/`. Here we start the same server for
# a moment and check what the page asks for.

# %% [markdown] lang="ko"
# ## 7.5 브라우저 페이지
#
# 번들의 `web` 폴더는 모델을 브라우저 안에서 실행하는 페이지입니다. 시드로 이미지를 여러 장 그리고, 슬라이더로 잠재
# 변수를 하나씩 움직이고, 한 이미지에서 다른 이미지로 걸어가고, 여러분의 이미지를 인코딩해 볼 수 있습니다. 런타임(ONNX
# Runtime Web)이 페이지 옆에 함께 있어서 어디에서도 아무것도 내려받지 않으며, 다른 주소와의 통신은 페이지가 스스로
# 브라우저에 금지해 둡니다. 여러분의 컴퓨터에서는 이렇게 엽니다.
#
#     keras-vae explore bundle
#
# 웹에 올리려면 `bundle` 폴더를 아무 정적 호스트에나 복사하고 `/web/`을 열면 됩니다. 여기서는 같은 서버를 잠깐 띄워
# 페이지가 무엇을 요청하는지 확인합니다.

# %%
server = make_server(bundle)
Thread(target=server.run, daemon=True).start()
page = urllib.request.urlopen(address(server)).read().decode()

policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
wanted = re.findall(r'(?:src|href)="([^"]*)"', page)
print(policy)
print(wanted)
assert policy.startswith("default-src 'none'")  # whatever is not named is forbidden
assert "connect-src 'self'" in policy
assert not any("//" in name for name in wanted)  # no other host
served = urllib.request.urlopen(address(server) + "../onnx/generate.onnx").read()
assert served == (bundle / "onnx/generate.onnx").read_bytes()

# %% [markdown] lang="en"
# If this machine has the browser Chromium and its driver `playwright`, the next cell opens the page, lets *the
# browser* draw 1000 latents of seed 7, compares them, and takes a picture of what you would see. Without them it says
# so and goes on.

# %% [markdown] lang="ko"
# 이 컴퓨터에 Chromium 브라우저와 드라이버 `playwright`가 있으면 다음 셀이 페이지를 열고, *브라우저*에게 시드 7의 잠재
# 변수를 1000장 몫 뽑게 해서 비교하고, 여러분이 보게 될 화면을 찍습니다. 없으면 없다고 말하고 넘어갑니다.

# %%
browse = """
import json, shutil, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as driver:
    browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 960, "height": 1330})
    page.goto(sys.argv[1])
    page.evaluate("kerasVae.ready")
    found = page.evaluate("kerasVae.generate([...Array(1000).keys()], 7, 1).then(o => Array.from(o.latent))")
    json.dump(found, open("browser.json", "w"))
    page.wait_for_function("document.querySelectorAll('.sheet canvas, .sheet img, .sheet button').length >= 24")
    page.locator(".sheet button, .sheet canvas").first.click()
    page.wait_for_timeout(300)
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path="page.png")
"""
found, why_not = None, "no Chromium here"
if shutil.which("chromium"):
    done = subprocess.run([sys.executable, "-c", browse, address(server)], capture_output=True, text=True)
    if done.returncode == 0:
        found = np.array(json.loads(Path("browser.json").read_text()), np.float32).reshape(1000, -1)
        print("browser: bit for bit those of the formula?", np.array_equal(found, ours))
        assert np.array_equal(found, ours)
    else:
        why_not = done.stderr.strip().splitlines()[-1]
if found is None:
    print(f"{why_not}: open the page yourself with  keras-vae explore bundle")
server.close()
Image.open("page.png") if found is not None else None

# %% [markdown] lang="en"
# ## 7.6 Verified wherever it goes
#
# A bundle is copied, uploaded, cut off half-way, edited by well-meaning people. `verify_bundle` (at the command line
# `keras-vae verify bundle`) holds every file against the SHA-256 in the manifest, runs each in its runtime, compares
# latents and pictures with the golden ones and measures the nats again. It fails closed: one wrong bit, and the file
# is named.

# %% [markdown] lang="ko"
# ## 7.6 어디로 옮기든 검증한다
#
# 번들은 복사되고, 업로드되고, 도중에 끊기고, 좋은 뜻으로 고쳐지기도 합니다. `verify_bundle`(명령줄에서는 `keras-vae
# verify bundle`)은 manifest에 적힌 모든 파일의 SHA-256을 확인하고, 파일마다 제 런타임에서 실행해 잠재 변수와 이미지를
# 기준값과 맞추어 보고, 내트를 다시 잽니다. 조금이라도 의심스러우면 통과시키지 않습니다. 한 비트만 틀려도 그 파일의
# 이름을 댑니다.

# %%
report = keras_vae.export.verify_bundle("bundle")
print(f"{len(report.files)} files are what they were, ELBO {report.elbo:.2f} nats on {report.images} images")
assert not any(file.misses for file in report.files)

shutil.copytree("bundle", "damaged")
content = bytearray(Path("damaged/tflite/vae.float16.tflite").read_bytes())
content[5000] ^= 1  # one bit
Path("damaged/tflite/vae.float16.tflite").write_bytes(content)
message = None
try:
    keras_vae.export.verify_bundle("damaged")
except BundleError as error:
    message = str(error)
print(message)
assert message is not None
assert "vae.float16.tflite" in message

# %% [markdown] lang="en"
# ## What to remember
#
# | | |
# |---|---|
# | bundle | one folder; `encode`, `decode`, `reconstruct`, `generate`, `score` in every format, with a manifest |
# | precision | smaller numbers, smaller files; its price is stated in nats, the unit of training |
# | one seed, one picture | whole-number arithmetic from a formula: bit-equal latents in every runtime |
# | consumers | `generate.py`, the page in `web/`, the C program in `native/`: no TensorFlow, no `keras_vae` |
# | `verify_bundle` | hashes, operators, golden latents, nats; names what is wrong |
#
# Next: [8. A hierarchy of latents](08_hierarchy.ipynb)

# %% [markdown] lang="ko"
# ## 기억할 것
#
# | | |
# |---|---|
# | 번들 | 폴더 하나. 모든 형식에 `encode`, `decode`, `reconstruct`, `generate`, `score`가 있고 manifest가 설명함 |
# | 정밀도 | 수가 작으면 파일도 작음. 그 비용은 학습의 단위인 내트로 적음 |
# | 시드 하나에 이미지 하나 | 공식 하나와 정수 계산뿐. 어느 런타임에서나 잠재 변수가 비트까지 같음 |
# | 쓰는 쪽 | `generate.py`, `web/`의 페이지, `native/`의 C 프로그램. TensorFlow도 `keras_vae`도 필요 없음 |
# | `verify_bundle` | 해시, 연산자, 기준 잠재 변수, 내트를 확인하고 잘못된 것의 이름을 댐 |
#
# 다음: [8. 계층적 잠재 변수](08_hierarchy.ipynb)
