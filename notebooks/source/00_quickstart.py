# %% [markdown] lang="en"
# # 0. Quickstart
#
# In two minutes: train a variational autoencoder (VAE) on small handwritten digits, look at what it learned, write it
# to a folder of files that need neither Python nor TensorFlow, and draw the same pictures from one of these files.
#
# You need Keras and nothing else. What the words mean (latent, prior, KL, nat) is what lectures 1 to 4 are for; here
# it is enough to know what goes in and what comes out. A line `assert ...` stops the notebook if the claim before it
# is false, so a notebook that ran to its end has shown what it says.

# %% [markdown] lang="ko"
# # 0. 빠른 시작
#
# 2분이면 됩니다. 작은 손글씨 숫자로 변분 오토인코더(VAE)를 학습하고, 무엇을 배웠는지 살펴보고, Python도 TensorFlow도
# 필요 없는 파일 묶음으로 내보낸 다음, 그 파일 하나로 똑같은 이미지를 다시 그려 봅니다.
#
# Keras만 알면 됩니다. 잠재 변수, 사전분포, KL, 내트 같은 말의 뜻은 1강부터 4강까지 차근차근 설명합니다. 여기서는
# 무엇을 넣으면 무엇이 나오는지만 알면 충분합니다. `assert ...` 줄은 바로 앞의 주장이 틀리면 실행을 멈춥니다. 그러니
# 끝까지 실행된 노트북은 스스로 한 말을 모두 증명한 셈입니다.

# %%
# %matplotlib inline
import base64
import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from IPython.display import HTML
from PIL import Image

import keras_vae
from keras_vae.data.load import load_arrays
from keras_vae.pictures.grid import image_grid
from keras_vae.pictures.history import draw_history
from keras_vae.pictures.labelled_grid import labelled_grid

tf.get_logger().setLevel("WARNING")  # it would tell of every file that it writes
FAST = os.environ.get("FAST") == "1"  # the tests set it, to train shorter
folder = tempfile.TemporaryDirectory()  # for all that this notebook writes; goes when it ends
os.chdir(folder.name)

# %% [markdown] lang="en"
# ## 0.1 Data
#
# The digits come with the package: 8 × 8 pixels, gray. `load_dataset` gives a `tf.data.Dataset` of batches with
# pixels between 0 and 1. It takes any image dataset of TensorFlow Datasets as well (`"mnist"`), or the path of a
# folder of your own images.

# %% [markdown] lang="ko"
# ## 0.1 데이터
#
# 숫자 이미지는 패키지에 들어 있습니다. 8 × 8 픽셀의 회색조입니다. `load_dataset`은 픽셀 값이 0과 1 사이인 배치들을
# `tf.data.Dataset`으로 돌려줍니다. TensorFlow Datasets의 이미지 데이터셋 이름(`"mnist"`)이나 여러분의 이미지가 든 폴더
# 경로를 주어도 됩니다.

# %%
train = keras_vae.load_dataset("digits", split="train", batch_size=128)
test_images = load_arrays("digits", "test").images.astype(np.float32) / 255
batch = next(iter(train))
print(batch.shape, batch.dtype, f"pixels {batch.numpy().min():.0f} ... {batch.numpy().max():.0f}")
assert batch.shape == (128, 8, 8, 1)
Image.fromarray(image_grid(batch[:20].numpy(), columns=10))

# %% [markdown] lang="en"
# ## 0.2 Train
#
# `from_preset` builds the two networks of a VAE: an **encoder**, which squeezes an image into a few numbers (its
# *latent*, 8 of them here), and a **decoder**, which draws an image from such numbers. It is a Keras model: `compile`
# and `fit` are what you know, only the loss is the model's own.

# %% [markdown] lang="ko"
# ## 0.2 학습
#
# `from_preset`은 VAE를 이루는 두 신경망을 만듭니다. **인코더**는 이미지를 숫자 몇 개(*잠재 변수*, 여기서는 8개)로
# 줄이고, **디코더**는 그런 숫자로 이미지를 그립니다. Keras 모델이므로 `compile`과 `fit`은 늘 쓰던 그대로이고, 손실만
# 모델이 스스로 정합니다.

# %%
model = keras_vae.VAE.from_preset("digits_mlp")
model.compile(keras.optimizers.Adam(0.003), jit_compile=False)  # a network this small trains faster than XLA compiles
history = model.fit(train, validation_data=test_images, epochs=15 if FAST else 60, verbose=0).history

assert history["val_loss"][-1] < history["val_loss"][0] - 100
draw_history(history)

# %% [markdown] lang="en"
# The loss has two parts, and all three are in *nats per image*, the unit of information (lecture 1):
#
# - **Reconstruction**: how badly the decoder restores an image from its latent. Lower is better.
# - **KL**: how much the latent says about the image. It has a price because a latent that says too much cannot be
# invented afterwards, and inventing is what we want next.
#
# ## 0.3 Look
#
# Above: test images, which training never saw. Below: what comes back after the way through 8 numbers.

# %% [markdown] lang="ko"
# 손실은 두 부분으로 되어 있고, 셋 다 단위는 정보량의 단위인 *이미지 한 장당 내트*입니다(1강).
#
# - **Reconstruction**(재구성): 디코더가 잠재 변수에서 이미지를 되살릴 때 얼마나 빗나가는가. 낮을수록 좋습니다.
# - **KL**: 잠재 변수가 이미지에 대해 정보를 얼마나 담고 있는가. 여기에 비용을 매기는 까닭은, 정보를 너무 많이 담은
# 잠재 변수는 나중에 새로 뽑아낼 수 없기 때문입니다. 새로 뽑는 일이 바로 다음에 할 일입니다.
#
# ## 0.3 살펴보기
#
# 위는 학습에 쓰지 않은 테스트 이미지이고, 아래는 숫자 8개를 거쳐 되돌아온 이미지입니다.

# %%
restored = model.reconstruct(test_images[:12])
labelled_grid([test_images[:12], np.asarray(restored)], ["x", "reconstruct(x)"])

# %% [markdown] lang="en"
# And these digits nobody wrote. `generate` draws latents at random and decodes them. Picture $i$ depends on the seed
# and on $i$ alone: ask for 5 or for 500, the first 5 are the same.

# %% [markdown] lang="ko"
# 다음은 아무도 쓴 적 없는 숫자입니다. `generate`는 잠재 변수를 무작위로 뽑아 디코딩합니다. $i$번째 이미지는 시드와
# $i$에만 달려 있습니다. 5장을 부탁하든 500장을 부탁하든 처음 5장은 같습니다.

# %%
samples = model.generate(40, seed=7)
assert np.abs(model.generate(5, seed=7) - samples[:5]).max() < 1e-6
assert np.abs(model.generate(5, seed=8) - samples[:5]).max() > 0.1
Image.fromarray(image_grid(samples, columns=10))

# %% [markdown] lang="en"
# What does each of the 8 numbers do? Take the first test image, move one number at a time from −3 to 3, and leave the
# others as they are. Pull the sliders. (They move in Jupyter, Colab and on the documentation's site; GitHub shows them
# still.)

# %% [markdown] lang="ko"
# 숫자 8개는 저마다 무슨 일을 할까요? 첫 테스트 이미지에서 한 번에 하나씩 −3부터 3까지 움직이고 나머지는 그대로 둡니다.
# 슬라이더를 당겨 보십시오. (Jupyter, Colab, 문서 사이트에서 움직입니다. GitHub에서는 움직이지 않습니다.)

# %%
steps = np.linspace(-3, 3, 21)
z = np.tile(model.encode(test_images[:1]).mean().numpy(), (8, 21, 1))  # [which number, which step, latent]
for j in range(8):
    z[j, :, j] = steps
frames = np.rint(255 * model.decode(z.reshape(-1, 8)).mean().numpy()).astype(np.uint8)
sheet = frames.reshape(8, 21, 8, 8).transpose(0, 2, 1, 3).reshape(64, 168)  # one row a number
assert np.array_equal(sheet[8:16, 80:88], frames[21 + 10, :, :, 0])

png = io.BytesIO()
Image.fromarray(sheet).save(png, "PNG")
source = f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"
style = f"width:64px;height:64px;image-rendering:pixelated;background:url({source}) 0 0/1344px 512px"
pull = "this.previousElementSibling.style.backgroundPositionX=-64*this.value+'px'"
one = (
    '<div style="display:inline-block;margin:6px;text-align:center"><div class="latent" style="background-position:'
    '-640px {top}px"></div><input type="range" max="20" value="10" style="width:64px" oninput="{pull}"><br>z{j}</div>'
)
cells = "".join(one.format(top=-64 * j, pull=pull, j=j + 1) for j in range(8))
HTML(f"<style>.latent{{{style}}}</style>{cells}")

# %% [markdown] lang="en"
# How good is the model? `evaluate` gives the numbers by which VAEs are compared, on the 360 test images: the `elbo`,
# which is minus the loss, and with `nll` a tighter bound on $-\log p(x)$ (lecture 5).

# %% [markdown] lang="ko"
# 얼마나 좋은 모델일까요? `evaluate`는 VAE를 견줄 때 쓰는 수치를 테스트 이미지 360장으로 구해 줍니다. `elbo`는 손실의
# 부호를 바꾼 값이고, `nll`은 $-\log p(x)$에 더 바짝 다가간 값입니다(5강).

# %%
report = keras_vae.evaluate(model, test_images, importance_samples=100, batch_size=120)
for name in ("elbo", "reconstruction", "kl", "nll"):
    print(f"{name:15s} {report[name]:8.2f} nats per image")
assert abs(report["elbo"] + report["reconstruction"] + report["kl"]) < 1e-6
assert report["nll"] < -report["elbo"]

# %% [markdown] lang="en"
# Larger images? Three presets come trained on MNIST, 28 × 28 pixels, so that nobody has to wait:

# %% [markdown] lang="ko"
# 더 큰 이미지가 필요하면, MNIST(28 × 28 픽셀)로 학습된 프리셋이 셋 있습니다. 기다릴 필요가 없습니다.

# %%
mnist = keras_vae.VAE.from_preset("mnist_conv_mixture", load_weights=True)
Image.fromarray(image_grid(mnist.generate(20, seed=1), columns=10))

# %% [markdown] lang="en"
# And in colour there are `emoji`, 3,786 of them, 32 × 32, to try a training of your own on (lecture 5, exercise 5):

# %% [markdown] lang="ko"
# 컬러로는 `emoji`가 있습니다. 32 × 32 이미지 3,786장으로 직접 학습해 볼 수 있습니다(5강 연습 문제 5).

# %%
emoji = next(iter(keras_vae.load_dataset("emoji", split="train", batch_size=20))).numpy()
assert emoji.shape == (20, 32, 32, 3)
Image.fromarray(image_grid(emoji, columns=10, scale=2))

# %% [markdown] lang="en"
# ## 0.4 Export
#
# `export_bundle` writes a folder, the **bundle**: the model for TensorFlow, for LiteRT (Android, iOS, boards) and for
# ONNX Runtime (servers, browsers), in several precisions, with programs that use it. Before the folder takes its
# name, every file has been run in its own runtime and its cost in nats measured: how much worse the model is with this
# file as its encoder or its decoder. (A number below 0 says: better, by chance.)

# %% [markdown] lang="ko"
# ## 0.4 내보내기
#
# `export_bundle`은 **번들**이라는 폴더를 하나 만듭니다. TensorFlow용, LiteRT용(Android, iOS, 보드), ONNX
# Runtime용(서버, 브라우저) 모델이 여러 정밀도로 들어 있고, 모델을 쓰는 프로그램도 함께 들어 있습니다. 폴더가 제
# 이름을 얻기 전에 모든 파일을 저마다의 런타임에서 실행해 보고, 그 파일을 인코더나 디코더로 썼을 때 모델이 몇 내트나
# 나빠지는지 잽니다. (0보다 작은 값은 우연히 조금 나아졌다는 뜻입니다.)

# %%
bundle = keras_vae.export.export_bundle(
    model, "bundle", representative_data=train.take(2), test_data=[test_images[:128]]
)
manifest = json.loads((bundle / "manifest.json").read_text())
print(sorted(path.name for path in bundle.iterdir()))
print()
for path, artifact in manifest["artifacts"].items():
    files = [bundle / path] if (bundle / path).is_file() else (bundle / path).rglob("*.*")
    size = sum(file.stat().st_size for file in files) / 1000
    lost = [f"{round(nats, 4) + 0.0:7.4f} nats lost as {role}r" for role, nats in artifact["nats_lost"].items()]
    print(f"{path:27s} {artifact['precision']:8s} {size:5.0f} kB {', '.join(lost)}")
for path in ("saved_model", "tflite/vae.tflite", "onnx/decode.onnx"):
    assert abs(manifest["artifacts"][path]["nats_lost"]["decode"]) < 0.01  # of some 100

# %% [markdown] lang="en"
# ## 0.5 Generate from the exported file
#
# The bundle carries `generate.py`, a short program that needs NumPy, Pillow and either LiteRT or ONNX Runtime, but
# neither TensorFlow nor this package. We run it as a process of its own, with the same seed, and compare.

# %% [markdown] lang="ko"
# ## 0.5 내보낸 파일로 그리기
#
# 번들에는 `generate.py`라는 짧은 프로그램이 들어 있습니다. NumPy와 Pillow, 그리고 LiteRT나 ONNX Runtime 런타임 가운데
# 하나만 있으면 되고 TensorFlow도 이 패키지도 필요 없습니다. 같은 시드로 따로 실행해서 견주어 봅시다.

# %%
command = [sys.executable, "bundle/generate.py", "--count", "16", "--seed", "7"]
command += ["--output", "pictures.png", "--latents", "latents.npy", "--runtime", "tflite"]
print(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

theirs, ours = np.load("latents.npy"), model.sample_latents(7, tf.range(16), 1.0).numpy()
assert np.array_equal(theirs, ours)  # the latents, bit for bit

picture = np.asarray(Image.open("pictures.png"))  # 4 x 4 tiles: every pixel 8 x 8 times, 4 white ones between
tiles = picture[4:, 4:].reshape(4, 68, 4, 68)[:, :64:8, :, :64:8].transpose(0, 2, 1, 3).reshape(16, 8, 8)
difference = np.abs(tiles - 255 * samples[:16, :, :, 0])
print(f"largest difference between the two programs' pictures: {difference.max():.2f} of 255")
assert difference.max() < 0.51  # what rounding to whole gray levels makes
assert Path("pictures.png").stat().st_size > 0
Image.open("pictures.png")

# %% [markdown] lang="en"
# The same digits as the first 16 above, from another program in another runtime. `bundle/web` has a page that shows
# the model in a browser (`keras-vae explore bundle`), `bundle/native` does the same in C. Lecture 7 is about all
# that.
#
# All of this is one line at the command line: `keras-vae train --output runs/digits`.
#
# ## Where to go from here
#
# | if you want to | read |
# |---|---|
# | understand what was minimised | [1. From likelihood to cross-entropy](01_likelihood.ipynb), then 2 to 4 |
# | train your own model well | [5. Training in practice](05_training_in_practice.ipynb) |
# | train on several processors or machines | [6. Guide: train on many devices](06_many_devices.ipynb) |
# | put a model on a device | [7. Guide: put a model on a device](07_onto_the_device.ipynb) |
# | have sharper images and better likelihoods | [8. A hierarchy of latents](08_hierarchy.ipynb) |
# | find unusual images | [9. Scores: how unusual is an image?](09_scores.ipynb) |

# %% [markdown] lang="ko"
# 다른 프로그램이 다른 런타임에서 그렸는데도 위의 처음 16장과 똑같은 숫자입니다. `bundle/web`에는 모델을 브라우저에서
# 보여 주는 페이지가 있고(`keras-vae explore bundle`), `bundle/native`는 C로 같은 일을 합니다. 자세한 이야기는 7강에서
# 합니다.
#
# 지금까지 한 일은 명령줄에서는 한 줄입니다. `keras-vae train --output runs/digits`
#
# ## 다음으로 읽을 것
#
# | 하고 싶은 일 | 읽을 강의 |
# |---|---|
# | 무엇을 최소화했는지 이해하기 | [1. 가능도에서 교차 엔트로피로](01_likelihood.ipynb), 이어서 2–4강 |
# | 내 모델을 잘 학습하기 | [5. 실전 학습](05_training_in_practice.ipynb) |
# | 여러 프로세서나 여러 컴퓨터에서 학습하기 | [6. 길잡이: 여러 장치에서 학습하기](06_many_devices.ipynb) |
# | 모델을 기기에 올리기 | [7. 길잡이: 기기로 내보내기](07_onto_the_device.ipynb) |
# | 더 선명한 이미지와 더 좋은 가능도 | [8. 계층적 잠재 변수](08_hierarchy.ipynb) |
# | 특이한 이미지 찾기 | [9. 점수: 이 이미지는 얼마나 특이한가](09_scores.ipynb) |
