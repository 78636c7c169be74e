#!/usr/bin/env bash
# A bundle's generate.py (ONNX Runtime, LiteRT) and C programs on emulated 64-bit ARM, against the same run here: on_arm.md.
#
#     benchmarks/on_arm.sh BUNDLE [WORK]
#
# Needs Debian's apt-get and dpkg-deb, gcc, pip, and the right to make a mount namespace (root). Installs nothing: all is
# unpacked in WORK. Prints, for each program, whether latents are bit-equal and how far pixels or scores are.
set -euo pipefail
bundle=$(realpath "$1")
work=${2:-$(mktemp -d)}
mkdir -p "$work"/{apt/lists/partial,apt/archives/partial,host,arm,site}
work=$(realpath "$work")
cd "$work"

apt_for_arm=(-o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o Dir::State::lists="$work/apt/lists"
  -o Dir::State::status=/dev/null -o Dir::Cache::archives="$work/apt/archives" -o Debug::NoLocking=1)
[ -e arm/usr/bin/python3.11 ] || {
  apt-get "${apt_for_arm[@]}" -qq update
  apt-get "${apt_for_arm[@]}" -qq -y --no-install-recommends --download-only install python3.11 libstdc++6
  for package in apt/archives/*.deb; do dpkg-deb -x "$package" arm; done
}
[ -e host/usr/bin/qemu-aarch64-static ] || {
  (cd apt && apt-get -qq download qemu-user-static gcc-12-aarch64-linux-gnu cpp-12-aarch64-linux-gnu \
    binutils-aarch64-linux-gnu libgcc-12-dev-arm64-cross libc6-dev-arm64-cross libc6-arm64-cross \
    linux-libc-dev-arm64-cross libgcc-s1-arm64-cross)
  for package in apt/*.deb; do dpkg-deb -x "$package" host; done
}
[ -e site/ai_edge_litert ] || pip install -q --target site --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 \
  --platform manylinux2014_aarch64 --python-version 3.11 --only-binary=:all: onnxruntime ai-edge-litert numpy pillow

# ONNX Runtime reads the processor's features from here, and crashes where it finds another architecture's.
cat > cpuinfo <<'END'
processor	: 0
BogoMIPS	: 100.00
Features	: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x0
CPU part	: 0xd08
CPU revision	: 3
END
on_arm() {
  unshare -m sh -c 'mount --bind "$0" /proc/cpuinfo && exec "$@"' "$work/cpuinfo" \
    "$work/host/usr/bin/qemu-aarch64-static" -cpu cortex-a72 -L "$work/arm" "$@"
}

rm -rf run && mkdir -p run/{here,arm}
cp -r "$bundle" run/bundle
echo "processor: $(on_arm "$work/arm/usr/bin/python3.11" -c 'import platform; print(platform.machine())')"
for runtime in onnx tflite; do
  draw=(run/bundle/generate.py --runtime "$runtime" --count 16 --seed 7)
  PYTHONPATH="$work/site" PYTHONHOME="$work/arm/usr" on_arm "$work/arm/usr/bin/python3.11" "${draw[@]}" \
    --output "run/arm/$runtime.png" --latents "run/arm/$runtime.npy"
  python3 "${draw[@]}" --output "run/here/$runtime.png" --latents "run/here/$runtime.npy"
done

tools=$work/host/usr
cp site/onnxruntime/capi/libonnxruntime.so.* run/arm/libonnxruntime.so.1
cp "$(python3 -c 'import onnxruntime; print(onnxruntime.__path__[0])')"/capi/libonnxruntime.so.* run/here/libonnxruntime.so.1
for program in generate score; do
  source=(-std=c99 -O2 "run/bundle/native/$program.c")
  gcc "${source[@]}" -o "run/here/$program" run/here/libonnxruntime.so.1 -lm
  LD_LIBRARY_PATH="$tools/lib/x86_64-linux-gnu" "$tools/bin/aarch64-linux-gnu-gcc-12" --sysroot="$work/host" \
    -B"$tools/aarch64-linux-gnu/bin/" -B"$tools/aarch64-linux-gnu/lib/" -isystem "$tools/aarch64-linux-gnu/include" \
    -L"$tools/aarch64-linux-gnu/lib" -Wl,--allow-shlib-undefined \
    "${source[@]}" -o "run/arm/$program" run/arm/libonnxruntime.so.1 -lm
done
c_program() { # where, which, its arguments
  local program=run/$1/$2
  if [ "$1" = here ]; then
    LD_LIBRARY_PATH="$work/run/here" "$program" "${@:3}"
  else
    LD_LIBRARY_PATH="$work/run/arm" on_arm -E LD_LIBRARY_PATH="$work/run/arm" "$program" "${@:3}"
  fi
}
for where in here arm; do
  c_program "$where" generate run/bundle/onnx/generate.onnx 7 0 16 1.0 run/$where/drawn.{pgm,latents,images}
done
# Both score what was drawn here, one picture a file.
split --number=16 --numeric-suffixes run/here/drawn.images run/picture.
for where in here arm; do
  for picture in run/picture.*; do
    c_program "$where" score run/bundle/onnx/score.onnx "$picture"
  done > "run/$where/scores"
done

python3 - <<'END'
import numpy as np
from PIL import Image

SAME = {True: "bit-equal", False: "OTHER"}


def both(read):
    return [read(f"run/{where}") for where in ("here", "arm")]


for runtime in ("onnx", "tflite"):
    here, arm = both(lambda place: np.load(f"{place}/{runtime}.npy"))
    pixels = both(lambda place: np.asarray(Image.open(f"{place}/{runtime}.png")).astype(int))
    print(f"generate.py --runtime {runtime}: latents {SAME[here.tobytes() == arm.tobytes()]}, "
          f"largest difference of a byte {np.abs(pixels[0] - pixels[1]).max()}")
drawn, arm = both(lambda place: np.fromfile(f"{place}/drawn.latents", np.float32))
images = both(lambda place: np.fromfile(f"{place}/drawn.images", np.float32))
print(f"generate.c: latents {SAME[here.tobytes() == drawn.tobytes() == arm.tobytes()]}, "
      f"largest difference of a pixel in [0, 1] {np.abs(images[0] - images[1]).max():.1e}")
scores = both(lambda place: np.loadtxt(f"{place}/scores", usecols=1).reshape(16, 4))
print(f"score.c: ELBO from {scores[0][:, 0].min():.2f} to {scores[0][:, 0].max():.2f} nats, "
      f"largest difference of ELBO, reconstruction, KL or bound {np.abs(scores[0] - scores[1]).max():.4f}")
END
