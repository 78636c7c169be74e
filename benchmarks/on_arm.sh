#!/usr/bin/env bash
# A bundle's generate.py (ONNX Runtime) and C program on emulated 64-bit ARM, against the files run here: on_arm.md.
#
#     benchmarks/on_arm.sh BUNDLE [WORK]
#
# Needs Debian's apt-get and dpkg-deb, pip, and the right to make a mount namespace (root). Installs nothing: all is
# unpacked in WORK. Prints, for each program, whether latents are bit-equal and how far pixels are.
set -euo pipefail
bundle=$(realpath "$1")
work=${2:-$(mktemp -d)}
mkdir -p "$work"/{apt/lists/partial,apt/archives/partial,host,arm,site,run}
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
[ -e site/onnxruntime ] || pip install -q --target site --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 \
  --platform manylinux2014_aarch64 --python-version 3.11 --only-binary=:all: onnxruntime numpy pillow

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

rm -rf run/bundle && cp -r "$bundle" run/bundle
echo "processor: $(on_arm "$work/arm/usr/bin/python3.11" -c 'import platform; print(platform.machine())')"
PYTHONPATH="$work/site" PYTHONHOME="$work/arm/usr" on_arm "$work/arm/usr/bin/python3.11" run/bundle/generate.py \
  --runtime onnx --count 16 --seed 7 --output run/arm.png --latents run/arm.npy
python3 run/bundle/generate.py --runtime onnx --count 16 --seed 7 --output run/here.png --latents run/here.npy

cp "$bundle"/native/*.[ch] run
cp site/onnxruntime/capi/libonnxruntime.so.* run/libonnxruntime.so.1
tools=$work/host/usr
LD_LIBRARY_PATH="$tools/lib/x86_64-linux-gnu" "$tools/bin/aarch64-linux-gnu-gcc-12" --sysroot="$work/host" -B"$tools/aarch64-linux-gnu/bin/" -B"$tools/aarch64-linux-gnu/lib/" \
  -isystem "$tools/aarch64-linux-gnu/include" -L"$tools/aarch64-linux-gnu/lib" -Wl,--allow-shlib-undefined \
  -std=c99 -O2 -o run/generate run/generate.c run/libonnxruntime.so.1 -lm
LD_LIBRARY_PATH="$work/run" on_arm -E LD_LIBRARY_PATH="$work/run" run/generate run/bundle/onnx/generate.onnx 7 0 16 1.0 \
  run/arm.pgm run/arm.latents run/arm.images

python3 - <<'END'
import numpy as np
from PIL import Image

here, arm = (np.load(f"run/{name}.npy") for name in ("here", "arm"))
pictures = [np.asarray(Image.open(f"run/{name}.png")).astype(int) for name in ("here", "arm")]
print(f"generate.py: latents {'bit-equal' if here.tobytes() == arm.tobytes() else 'OTHER'}, "
      f"largest difference of a byte {np.abs(pictures[0] - pictures[1]).max()}")
program = np.fromfile("run/arm.latents", np.float32).reshape(here.shape)
print(f"C program:   latents {'bit-equal' if here.tobytes() == program.tobytes() else 'OTHER'}")
END
