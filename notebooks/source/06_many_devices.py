# %% [markdown] lang="en"
# # 6. Guide: train on many devices
#
# | to | do | see |
# |---|---|---|
# | use all devices of a machine | make and compile the model in `get_strategy("mirrored").scope()` | 6.1 |
# | write your own training step | divide by the whole batch; draw noise as a function of (seed, step) | 6.2, 6.3 |
# | find out whether a training is right | compare its weights with those of one device | 6.4 |
# | use several machines | the same program on each, with `TF_CONFIG` | 6.5 |
# | go on after a crash | `keras_vae.Checkpoint`: the same bits | 6.6 |
#
# A training on several processors that gives *another model* than one processor would raises no error: that is why
# this guide checks every step. A VAE has one more way to go wrong than a classifier, since it needs noise at every
# step: $z = \mu + s\,\varepsilon$ (lecture 4).

# %% [markdown] lang="ko"
# # 6. 길잡이: 여러 장치에서 학습하기
#
# | 하려는 일 | 방법 | 절 |
# |---|---|---|
# | 컴퓨터 한 대의 모든 장치 쓰기 | `get_strategy("mirrored").scope()` 안에서 모델을 만들고 compile | 6.1 |
# | 학습 스텝을 직접 짜기 | 배치 전체로 나누고, 잡음은 (시드, 스텝)의 함수로 뽑기 | 6.2, 6.3 |
# | 학습이 옳은지 확인하기 | 장치 하나로 얻은 가중치와 비교하기 | 6.4 |
# | 컴퓨터 여러 대 쓰기 | 같은 프로그램을 `TF_CONFIG`와 함께 각각 실행하기 | 6.5 |
# | 죽은 학습 이어 가기 | `keras_vae.Checkpoint`. 비트까지 같음 | 6.6 |
#
# 여러 프로세서에서 학습한 결과가 프로세서 하나로 얻은 것과 *다른 모델*이어도 오류는 나지 않습니다. 그래서 이 길잡이는
# 단계마다 확인합니다. VAE는 스텝마다 잡음이 필요해서($z = \mu + s\,\varepsilon$, 4강) 분류기보다 잘못될 길이 하나 더
# 있습니다.

# %% [markdown] lang="en"
# ## 6.1 Two devices on one machine
#
# For experiments TensorFlow can divide one processor into several *logical devices*. It must be told before anything
# else, since devices are fixed when TensorFlow starts. (On a machine with GPUs leave these lines out: they are the
# devices.)

# %% [markdown] lang="ko"
# ## 6.1 컴퓨터 하나에 장치 둘
#
# TensorFlow는 실험을 위해 프로세서 하나를 여러 *논리 장치*로 나눌 수 있습니다. 장치는 TensorFlow가 시작할 때
# 정해지므로 무엇보다 먼저 알려 주어야 합니다. (GPU가 있는 컴퓨터라면 이 줄들은 빼십시오. GPU가 바로 그 장치입니다.)

# %%
# %matplotlib inline
import tensorflow as tf

processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np

import keras_vae
from keras_vae.data.load import load_arrays
from keras_vae.pictures.figure import BLUE, INK, VERMILLION, new_figure, style_axes, style_legend
from keras_vae.random.noise import TRAINING, normal

tf.get_logger().setLevel("WARNING")  # it would tell of every sum over the devices
GREEN = "#009E73"  # with BLUE and VERMILLION from the colours of Okabe and Ito
FAST = os.environ.get("FAST") == "1"  # the tests set it, to train shorter
folder = tempfile.TemporaryDirectory()  # for all that this notebook writes; goes when it ends
os.chdir(folder.name)

strategy = keras_vae.multi_device.get_strategy("mirrored")
print("devices:", [device.name for device in tf.config.list_logical_devices("CPU")])
print("replicas:", strategy.num_replicas_in_sync)
assert strategy.num_replicas_in_sync == 2

# %% [markdown] lang="en"
# `get_strategy("mirrored")` takes all devices of this machine. In **data parallelism** each device holds a copy of the
# model, a **replica**. A batch of $B$ images is shared out; replica $r$ gets $B_r$ of them, computes the gradient on
# these, and the gradients are *added* over the replicas (an *all-reduce*). Every replica then takes the same step, so
# the copies stay equal.
#
# All that is new in the code is that the model is made inside the strategy's scope:

# %% [markdown] lang="ko"
# `get_strategy("mirrored")`는 이 컴퓨터의 모든 장치를 씁니다. **데이터 병렬** 학습에서는 장치마다 모델의 사본인
# **복제본**(replica)을 하나씩 둡니다. 이미지 $B$장짜리 배치를 나누어 복제본 $r$에 $B_r$장씩 주면, 각자 자기 몫의
# 기울기를 구하고, 그 기울기를 모든 복제본에 걸쳐 *더합니다*(*all-reduce*). 그런 다음 모두 똑같은 걸음을 내디디므로
# 사본들은 늘 같습니다.
#
# 코드에서 달라지는 것은 모델을 전략의 scope 안에서 만든다는 것뿐입니다.


# %%
def new_model(optimizer, latent_dim=8, **changes):
    model = keras_vae.VAE.from_preset("digits_mlp", latent_dim=latent_dim, network={"hidden": [64]}, **changes)
    model.compile(optimizer, jit_compile=False)
    return model


def train():
    """The data from their first epoch on: every pass over a dataset is its next epoch, in another order."""
    return keras_vae.load_dataset("digits", split="train", batch_size=128)


# %%
print(f"{len(train())} batches an epoch, the last of {1437 - 11 * 128} images")

one = new_model(keras.optimizers.SGD(0.0001))
with strategy.scope():
    two = new_model(keras.optimizers.SGD(0.0001))
for model in (one, two):
    model.fit(train(), epochs=2, verbose=0)


def weights(model):
    return [weight.numpy() for weight in model.trainable_weights]


def largest_difference(a, b):
    return max(np.abs(x - y).max() for x, y in zip(a, b, strict=True))


print(f"moved by training:               {largest_difference(weights(one), weights(new_model('sgd'))):.1e}")
print(f"between one device and two:      {largest_difference(weights(one), weights(two)):.1e}")
assert largest_difference(weights(one), weights(new_model("sgd"))) > 1e-2
assert largest_difference(weights(one), weights(two)) < 2e-6

# %% [markdown] lang="en"
# After two epochs the weights agree to rounding (sums are added in another order on two devices). That is what we
# want, and two things had to be right for it. We take them apart.
#
# ## 6.2 Divide by the whole batch
#
# The loss of a batch is the *mean* over its $B$ images, $\frac1B \sum_{i=1}^B \ell_i$. Its gradient is a sum over the
# replicas if each divides its own sum by the size of the **whole** batch:
#
# $$\nabla \frac1B \sum_{i=1}^B \ell_i = \sum_{r} \left(\frac1B \sum_{i \in r} \nabla \ell_i\right)$$
#
# The obvious code, `tf.reduce_mean(loss)` on each replica, divides by $B_r$ instead. With $R$ equal shares the sum is
# then $R$ times too large: the learning rate has silently become $R$ times what you asked for. And if the last batch
# has unequal shares, images of the smaller share count more. Here are all three, by hand, for a batch of 29 images
# that two replicas share as 15 and 14, and then as 28 and 1. (`terms` returns the loss of each image; `rows` = (first,
# total) says which images of the batch these are, so that they get *their* noise: 6.3.)

# %% [markdown] lang="ko"
# 두 에포크 뒤에도 가중치는 반올림 오차만큼만 다릅니다(장치가 둘이면 더하는 차례가 달라지기 때문입니다). 우리가 바라던
# 대로입니다. 이렇게 되려면 두 가지가 옳아야 했습니다. 하나씩 뜯어봅시다.
#
# ## 6.2 배치 전체로 나누기
#
# 배치의 손실은 이미지 $B$장에 대한 *평균* $\frac1B \sum_{i=1}^B \ell_i$입니다. 복제본마다 자기 몫의 합을 배치
# **전체**의 크기로 나누면, 그 기울기는 복제본에 걸친 합이 됩니다.
#
# $$\nabla \frac1B \sum_{i=1}^B \ell_i = \sum_{r} \left(\frac1B \sum_{i \in r} \nabla \ell_i\right)$$
#
# 누구나 무심코 쓰는 `tf.reduce_mean(loss)`를 복제본마다 호출하면 $B$가 아니라 $B_r$로 나누게 됩니다. 똑같이 $R$몫으로
# 나누었다면 합은 $R$배로 커지고, 학습률이 소리 없이 $R$배가 됩니다. 마지막 배치처럼 몫이 다르면 적게 받은 쪽의
# 이미지가 더 무겁게 셈해집니다. 이미지 29장을 두 복제본이 15장과 14장으로, 또 28장과 1장으로 나누어 가졌을 때를 직접
# 계산해 봅시다. (`terms`는 이미지마다의 손실을 돌려줍니다. `rows` = (처음, 전체)는 배치의 어느 이미지들인지를 알려
# 주어 이미지마다 *제* 잡음을 받게 합니다. 6.3절에서 설명합니다.)

# %%
images = load_arrays("digits", "train").images.astype(np.float32) / 255
test_images = load_arrays("digits", "test").images.astype(np.float32) / 255


def gradient(model, share, first, total, step, divide_by):
    """The gradient of one replica's share of a batch: images first ... of total, losses summed and divided."""
    rows = (tf.cast(first, tf.int64), tf.cast(total, tf.int64))
    noise = normal(model.seed, TRAINING, step, [1, tf.shape(share)[0], model.latent_dim], rows=rows)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model.terms(share, None, noise, training=True).loss) / divide_by
    return tape.gradient(loss, model.trainable_weights)


def added(model, batch, sizes, step, own_mean):
    parts, first = [], 0
    for size in sizes:
        divide_by = size if own_mean else len(batch)
        parts.append(gradient(model, batch[first : first + size], first, len(batch), step, divide_by))
        first += size
    return [tf.add_n(list(same)).numpy() for same in zip(*parts, strict=True)]


def length(gradients):
    return np.sqrt(sum(np.sum(g**2) for g in gradients))


# %%
batch, model = images[:29], one
whole = added(model, batch, [29], 0, own_mean=False)
for sizes in ([15, 14], [28, 1]):
    right, naive = (added(model, batch, sizes, 0, own_mean) for own_mean in (False, True))
    angle = sum(np.sum(a * b) for a, b in zip(whole, naive, strict=True)) / (length(whole) * length(naive))
    off = length([a - b for a, b in zip(right, whole, strict=True)]) / length(whole)
    print(
        f"shares {sizes}:  / B: off by {off:.1e}     own means: {length(naive) / length(whole):.2f} times as long, "
        f"cosine of the angle {angle:.3f}"
    )
    assert off < 1e-5
    if sizes == [15, 14]:
        assert abs(length(naive) / length(whole) - 2) < 0.05
    else:
        assert angle < 0.95  # another direction: one image weighs as much as the other 28 together

# %% [markdown] lang="en"
# Why is this fault so common? Because **Adam hides it**. Adam divides the gradient by a running estimate of its own
# size, so a constant factor cancels. Everything looks fine until somebody takes SGD, weight decay, gradient clipping,
# or a last batch of a single image.

# %% [markdown] lang="ko"
# 이 잘못이 왜 그렇게 흔할까요? **Adam이 감춰 주기** 때문입니다. Adam은 기울기를 그 크기의 이동 추정값으로 나누므로
# 일정한 배수는 지워집니다. 누군가 SGD나 가중치 감쇠, 기울기 자르기를 쓰거나 마지막 배치에 이미지가 한 장만 남을
# 때까지는 모든 것이 멀쩡해 보입니다.

# %%
for name, optimizer in {"SGD": keras.optimizers.SGD(0.01), "Adam": keras.optimizers.Adam(0.01)}.items():
    moves = []
    for factor in (1.0, 2.0):
        weight = tf.Variable([0.0, 0.0])
        copy = type(optimizer).from_config(optimizer.get_config())
        copy.build([weight])
        for _ in range(10):
            copy.apply([factor * tf.constant([3.0, -0.2])], [weight])
        moves.append(weight.numpy())
    print(f"{name:5s} moves {moves[0].round(4)}, with the gradient doubled {moves[1].round(4)}")
    if name == "SGD":
        assert np.allclose(moves[1], 2 * moves[0])
    else:
        assert np.allclose(moves[1], moves[0], rtol=1e-4)

# %% [markdown] lang="en"
# ## 6.3 Different noise for every image
#
# Each image needs its own $\varepsilon$. If two replicas draw from a generator with the same seed and the same state,
# both get *the same numbers*, and image 1 of one replica shares its noise with image 1 of the other. That is what
# Keras' `SeedGenerator` does under a strategy: its state is mirrored like every other variable. See for yourself:

# %% [markdown] lang="ko"
# ## 6.3 이미지마다 다른 잡음
#
# 이미지마다 저만의 $\varepsilon$이 필요합니다. 두 복제본이 시드도 상태도 같은 생성기에서 뽑으면 둘 다 *같은 수*를
# 얻고, 한 복제본의 첫째 이미지와 다른 복제본의 첫째 이미지가 같은 잡음을 쓰게 됩니다. 전략 아래에서 Keras의
# `SeedGenerator`가 바로 그렇게 합니다. 생성기의 상태도 다른 변수처럼 거울같이 복제되기 때문입니다. 직접 보십시오.

# %%
with strategy.scope():
    generator = keras.random.SeedGenerator(5)


@tf.function
def stock():
    return strategy.run(lambda: keras.random.normal([3, 2], seed=generator))


on_each = [values.numpy() for values in strategy.experimental_local_results(stock())]
print("replica 0:\n", on_each[0].round(3), "\nreplica 1:\n", on_each[1].round(3))
assert np.array_equal(*on_each)  # the very same noise

# %% [markdown] lang="en"
# Why is it bad? Every $\varepsilon$ by itself is a proper draw, so the gradient is still right *on average*. But a
# mean over $B$ images becomes quiet because their noises are independent. With $R$ copies of the same noise there are
# only $B / R$ independent ones. Take any function of the noise, say $\varepsilon$ itself:
#
# $$\mathrm{Var}\left[\frac1B \sum_{i=1}^B \varepsilon_i\right] = \frac1B \quad\text{if independent},\qquad
# \frac{R}{B} \quad\text{if each is used } R \text{ times.}$$

# %% [markdown] lang="ko"
# 왜 나쁠까요? $\varepsilon$ 하나하나는 제대로 뽑은 것이므로 기울기는 여전히 *평균적으로* 옳습니다. 하지만 이미지
# $B$장의 평균이 조용해지는 것은 잡음이 서로 독립이기 때문입니다. 같은 잡음을 $R$벌 쓰면 독립인 것은 $B / R$개뿐입니다.
# 잡음의 아무 함수나, 이를테면 $\varepsilon$ 자신을 보면 다음과 같습니다.
#
# $$\mathrm{Var}\left[\frac1B \sum_{i=1}^B \varepsilon_i\right] = \frac1B \quad(\text{서로 독립일 때}),\qquad
# \frac{R}{B} \quad(\text{저마다 } R\text{번씩 쓸 때})$$

# %%
rng = np.random.default_rng(0)
B = 64
for R in (1, 2, 4):
    noise = np.tile(rng.normal(size=(20_000, B // R)), (1, R))
    print(f"R = {R}:  variance of the mean x B = {B * noise.mean(axis=1).var():.2f}")
    assert abs(B * noise.mean(axis=1).var() / R - 1) < 0.05

# %% [markdown] lang="en"
# And it makes the result depend on how many devices there were. (Stateful `tf.random.normal` gives each replica other
# numbers, but which ones depends on the number of replicas too, and it cannot be resumed.)
#
# The remedy is to have no state at all. The noise of a training step is a *function* of the seed and the number of the
# step, defined for the **whole batch**, and each replica computes its own rows of it, without the others:

# %% [markdown] lang="ko"
# 게다가 장치가 몇 개였느냐에 따라 결과가 달라집니다. (상태가 있는 `tf.random.normal`은 복제본마다 다른 수를 주지만,
# 어떤 수인지가 역시 복제본의 개수에 달려 있고 이어서 할 수도 없습니다.)
#
# 해결책은 상태를 아예 두지 않는 것입니다. 한 스텝의 잡음은 시드와 스텝 번호의 *함수*이고 배치 **전체**에 대해 정해져
# 있습니다. 복제본은 그 가운데 자기 행만 계산하며, 다른 행은 계산할 필요도 없습니다.

# %%
step, total = 7, 29
whole = normal(0, TRAINING, step, [1, total, 8])[0].numpy()  # seed 0, the noise of step 7 for 29 images
shares = []
for first, count in ((0, 15), (15, 14)):
    rows = (tf.constant(first, tf.int64), tf.constant(total, tf.int64))
    shares.append(normal(0, TRAINING, step, [1, count, 8], rows=rows)[0].numpy())
print(f"rows of the two replicas against the whole: {np.abs(np.concatenate(shares) - whole).max():.1e}")
assert np.abs(np.concatenate(shares) - whole).max() < 1e-6
assert len(np.unique(whole[:, 0])) == total  # no two images share their noise
assert np.array_equal(normal(0, TRAINING, step, [1, total, 8])[0].numpy(), whole)  # asked again: the same

# %% [markdown] lang="en"
# ## 6.4 What each fault does to a training
#
# Now four trainings with SGD from the same weights on the same batches, two shares of 64 each, played through by hand:
# right; with each share's own mean; with the same noise in both shares; and on one device. We watch the distance of
# their weights from those of the one device.

# %% [markdown] lang="ko"
# ## 6.4 잘못 하나하나가 학습에 하는 일
#
# 이제 같은 가중치에서 출발해 같은 배치로, SGD로 네 번 학습합니다. 64장씩 두 몫으로 나누고 손으로 따라 해 봅니다. 옳은
# 방법, 몫마다 자기 평균을 쓰는 방법, 두 몫에 같은 잡음을 쓰는 방법, 그리고 장치 하나입니다. 장치 하나로 얻은
# 가중치에서 얼마나 멀어지는지 지켜봅시다.


# %%
def play(sizes, own_mean, same_noise, steps, rate=0.0001):
    """SGD steps on batches of 128 that are shared out in these sizes; the weights after every step."""
    model = new_model("sgd")
    firsts = np.cumsum([0, *sizes[:-1]])

    @tf.function
    def take_a_step(batch, step):
        parts = []
        for first, size in zip(firsts, sizes, strict=True):
            noise_from = 0 if same_noise else first
            divide_by = float(size if own_mean else 128)
            parts.append(gradient(model, batch[first : first + size], noise_from, 128, step, divide_by))
        for weight, *gradients in zip(model.trainable_weights, *parts, strict=True):
            weight.assign_sub(rate * tf.add_n(gradients))

    path = []
    for step in range(steps):
        order = np.random.default_rng(step).permutation(len(images))[:128]
        take_a_step(tf.constant(images[order]), tf.constant(step))
        path.append(weights(model))
    return path


# %%
steps = 40 if FAST else 150
reference = play([128], False, False, steps)
ways = {
    "own means": play([64, 64], True, False, steps),
    "the same noise": play([64, 64], False, True, steps),
    "right": play([64, 64], False, False, steps),
}
distances = {
    name: [length([a - b for a, b in zip(*pair, strict=True)]) for pair in zip(path, reference, strict=True)]
    for name, path in ways.items()
}
for name, distance in distances.items():
    print(f"{name:15s} distance from one device after {steps} steps: {distance[-1]:.1e}")
assert distances["right"][-1] < 1e-4
assert distances["own means"][-1] > 1000 * distances["right"][-1]
assert distances["the same noise"][-1] > 1000 * distances["right"][-1]

figure = new_figure(7, 3.6)
axes = figure.subplots()
for (name, distance), colour, dashes in zip(
    distances.items(), (VERMILLION, GREEN, BLUE), ("--", "-.", "-"), strict=True
):
    axes.semilogy(range(1, steps + 1), np.maximum(distance, 1e-9), dashes, color=colour, label=name)
style_axes(axes, "", "step", r"$\|w_2 - w_1\|$")
style_legend(axes, loc="center right")
figure

# %% [markdown] lang="en"
# Neither fault raises an error, and the losses look plausible. Only the comparison with one device tells. That is why
# this package's tests train everything twice, on one replica and on several.
#
# ## 6.5 Two processes
#
# Beyond one machine, every machine runs the *same program* as a process of its own, a **worker**. The environment
# variable `TF_CONFIG` tells each where all of them are and which one it is. We write the program into a file and start
# it twice, with addresses on this machine (`localhost`).
#
# `get_strategy("multi_worker")` must come before everything else that uses TensorFlow.

# %% [markdown] lang="ko"
# 어느 쪽도 오류를 내지 않고, 손실도 그럴듯해 보입니다. 장치 하나와 비교해 보아야만 알 수 있습니다. 그래서 이 패키지의
# 테스트는 무엇이든 복제본 하나와 여럿에서 두 번 학습합니다.
#
# ## 6.5 프로세스 둘
#
# 컴퓨터 한 대를 넘어서면, 컴퓨터마다 *같은 프로그램*을 **워커**(worker)라는 저마다의 프로세스로 실행합니다. 환경 변수
# `TF_CONFIG`가 모두 어디에 있는지, 그중 자기가 누구인지를 알려 줍니다. 프로그램을 파일에 적어 두고 이
# 컴퓨터(`localhost`)의 주소로 두 번 띄워 봅시다.
#
# `get_strategy("multi_worker")`는 TensorFlow를 쓰는 다른 무엇보다 먼저 나와야 합니다.

# %%
Path("worker.py").write_text("""
import json, os
import numpy as np
import keras_vae
strategy = keras_vae.multi_device.get_strategy("multi_worker")
import keras

with strategy.scope():
    model = keras_vae.VAE.from_preset("digits_mlp", latent_dim=8, network={"hidden": [64]})
    model.compile(keras.optimizers.SGD(0.0001), jit_compile=False)
model.fit(keras_vae.load_dataset("digits", split="train", batch_size=128), epochs=2, verbose=0)
index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
np.savez(f"worker{index}.npz", *(weight.numpy() for weight in model.trainable_weights))
print("worker", index, "of", strategy.num_replicas_in_sync)
""")
listeners = [socket.create_server(("localhost", 0)) for _ in range(2)]  # two ports that are free
addresses = [f"localhost:{listener.getsockname()[1]}" for listener in listeners]
for listener in listeners:
    listener.close()


# %%
def started(program, **environment):
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    return subprocess.Popen(
        [sys.executable, program],
        env={**os.environ, **quiet, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


configurations = [{"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}} for index in range(2)]
workers = [started("worker.py", TF_CONFIG=json.dumps(configuration)) for configuration in configurations]
for worker in workers:
    out, err = worker.communicate(timeout=300)
    assert worker.returncode == 0, err[-2000:]
    print(out.strip())

by_worker = []
for index in range(2):
    with np.load(f"worker{index}.npz") as kept:
        by_worker.append([kept[name] for name in kept.files])
print(f"between the two workers:         {largest_difference(*by_worker):.1e}")
print(f"between two processes and one:   {largest_difference(by_worker[0], weights(one)):.1e}")
assert largest_difference(*by_worker) == 0
assert largest_difference(by_worker[0], weights(one)) < 2e-6

# %% [markdown] lang="en"
# The same model as in 6.1, from two processes that exchanged nothing but gradients over a network connection.
#
# ## 6.6 Killed, and as if nothing had happened
#
# Long trainings get killed: a machine is needed elsewhere, or fails. What must be kept so that the next step is
# exactly the step that would have come? Whatever decides it:
#
# | what | where it is |
# |---|---|
# | the weights, and the optimizer's own memory (Adam's averages) | in the checkpoint |
# | the noise | a function of (seed, step): only the step's number is needed |
# | the order of the images | a function of (seed, epoch) |
# | the place in the epoch, the running means of the logs, the history | in the checkpoint |
#
# The second and the third row are the point: a random generator with a hidden state would have to be saved as well, on
# every device. `keras_vae.Checkpoint` keeps the rest, and the same lines begin a training and go on with it. Here is a
# program that trains on two devices; we start it, and in the middle of it we **kill it with signal 9**, which gives it
# no chance to save or to say goodbye.

# %% [markdown] lang="ko"
# 6.1절과 같은 모델입니다. 두 프로세스가 네트워크로 주고받은 것은 기울기뿐입니다.
#
# ## 6.6 죽어도 아무 일 없었던 것처럼
#
# 오래 걸리는 학습은 죽기 마련입니다. 컴퓨터를 다른 데 써야 하거나, 고장이 나거나 합니다. 다음 한 걸음이 원래 내디뎠을
# 걸음과 정확히 같으려면 무엇을 남겨 두어야 할까요? 그 걸음을 정하는 모든 것입니다.
#
# | 무엇 | 어디에 있는가 |
# |---|---|
# | 가중치, 그리고 옵티마이저의 기억(Adam의 이동 평균) | 체크포인트 |
# | 잡음 | (시드, 스텝)의 함수. 스텝 번호만 있으면 됨 |
# | 이미지의 순서 | (시드, 에포크)의 함수 |
# | 에포크 안의 위치, 로그의 누적 평균, 지금까지의 기록 | 체크포인트 |
#
# 둘째와 셋째 줄이 핵심입니다. 숨은 상태를 지닌 난수 생성기였다면 장치마다 그 상태까지 저장해야 했을 것입니다. 나머지는
# `keras_vae.Checkpoint`가 맡으며, 학습을 시작할 때와 이어서 할 때의 코드가 똑같습니다. 다음은 장치 둘에서 학습하는
# 프로그램입니다. 이것을 띄워 놓고 한창 학습할 때 **9번 신호로 죽입니다**. 저장할 틈도, 인사할 틈도 없습니다.

# %%
Path("training.py").write_text("""
import keras
import tensorflow as tf
import keras_vae


class Tell(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        print("step", self.model.step.numpy(), flush=True)


def training(strategy, checkpoint, epochs, callbacks=()):
    with strategy.scope():
        model = keras_vae.VAE.from_preset("digits_mlp", latent_dim=8, network={"hidden": [64]})
        model.compile(keras.optimizers.Adam(0.003), jit_compile=False, steps_per_execution=5)
    epoch = checkpoint.resume(model) if checkpoint else 0  # 0 where there is no checkpoint yet
    train = keras_vae.load_dataset("digits", split="train", batch_size=128, binarize="dynamic", first_epoch=epoch)
    callbacks = [*callbacks, *([checkpoint] if checkpoint else [])]
    history = model.fit(train, initial_epoch=epoch, epochs=epochs, verbose=0, callbacks=callbacks)
    return model, history.history


if __name__ == "__main__":
    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = keras_vae.multi_device.get_strategy("mirrored")
    training(strategy, keras_vae.Checkpoint("checkpoints", every=5), 1000, [Tell()])
""")

# %%
victim, reached = started("training.py"), 0
for line in victim.stdout:
    reached = int(line.split()[1])
    if reached >= 46:
        victim.send_signal(signal.SIGKILL)
        break
_, err = victim.communicate()
assert victim.returncode == -signal.SIGKILL, err[-2000:]
print(f"ended by signal {-victim.returncode}, some time after step {reached}")
print("left behind:", sorted(path.name for path in Path("checkpoints").iterdir()))

# %% [markdown] lang="en"
# Now, in *this* process, the training that was never interrupted, and beside it the one that resumes from what the
# dead process left behind. We compare all weights, Adam's memory included, and the history, with `==`, not with a
# tolerance.

# %% [markdown] lang="ko"
# 이제 *이* 프로세스에서, 한 번도 끊기지 않은 학습과, 죽은 프로세스가 남긴 것에서 이어 가는 학습을 나란히 합니다.
# Adam의 기억까지 포함한 모든 가중치와 기록을, 허용 오차 없이 `==`로 비교합니다.

# %%
sys.path.insert(0, os.getcwd())
from training import training

saved = keras_vae.Checkpoint("checkpoints", every=1000)
found = saved.read().facts
epochs = found["epoch"] + 4
print(f"the checkpoint is of epoch {found['epoch']}, after {found['batch']} of its {found['steps']} batches")
assert (found["epoch"], found["batch"]) != (0, 0)

resumed, resumed_history = training(strategy, saved, epochs)
never_killed, whole_history = training(strategy, None, epochs)


def everything(model):
    return [*model.get_weights(), *(variable.numpy() for variable in model.optimizer.variables)]


equal = [np.array_equal(a, b) for a, b in zip(everything(resumed), everything(never_killed), strict=True)]
print(f"{sum(equal)} of {len(equal)} arrays of weights and optimizer are equal bit for bit")
print("loss of each epoch, resumed:      ", np.round(resumed_history["loss"], 4))
print("loss of each epoch, never killed: ", np.round(whole_history["loss"], 4))
assert all(equal)
assert resumed_history == whole_history

# %%
figure = new_figure(6.5, 3.2)
axes = figure.subplots()
numbers = np.arange(1, epochs + 1)
axes.plot(numbers, whole_history["loss"], "-", color=BLUE, linewidth=5, alpha=0.35, label="fit")
axes.plot(numbers, resumed_history["loss"], ".-", color=INK, linewidth=1, label="resume")
axes.axvline(found["epoch"] + found["batch"] / found["steps"], color=VERMILLION, linestyle="--", label="kill -9")
style_axes(axes, "", "epoch", "loss   (nats per image)")
style_legend(axes)
figure

# %% [markdown] lang="en"
# At the command line the same is `keras-vae train ... --resume`.
#
# ## What to remember
#
# | | |
# |---|---|
# | `with strategy.scope():` | make and compile (or load) the model inside; `fit` as ever |
# | scaling | each replica divides by the size of the *whole* batch; gradients are added |
# | noise | a function of (seed, step) for the whole batch, each replica its own rows; no generator with a state |
# | the proof | train on one and on many, and compare the weights; plausible losses prove nothing |
# | `keras_vae.Checkpoint` | goes on after `kill -9`, bit for bit, in the middle of an epoch |
#
# Next: [7. Guide: put a model on a device](07_onto_the_device.ipynb)

# %% [markdown] lang="ko"
# 명령줄에서는 `keras-vae train ... --resume`이 같은 일을 합니다.
#
# ## 기억할 것
#
# | | |
# |---|---|
# | `with strategy.scope():` | 이 안에서 모델을 만들고 compile(또는 불러오기)함. `fit`은 그대로 |
# | 크기 맞추기 | 복제본마다 배치 *전체*의 크기로 나누고, 기울기는 더함 |
# | 잡음 | 배치 전체에 대한 (시드, 스텝)의 함수. 복제본은 자기 행만. 상태를 지닌 생성기는 쓰지 않음 |
# | 증명 | 하나와 여럿에서 학습해 가중치를 비교함. 그럴듯한 손실은 아무것도 증명하지 못함 |
# | `keras_vae.Checkpoint` | `kill -9`로 죽어도 에포크 한가운데에서 비트까지 똑같이 이어 감 |
#
# 다음: [7. 길잡이: 기기로 내보내기](07_onto_the_device.ipynb)
