#!/usr/bin/env bash
# The browser tests drive a real Chromium and judge Chinese text, so both must be on the machine.
set -euo pipefail
find_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
has_font() { fc-list :lang=zh-cn 2>/dev/null | grep -q .; }
if find_browser >/dev/null && has_font; then exit 0; fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root="sudo -n"; else
    echo "The browser tests need Chromium and a Chinese font: apt-get install chromium fontconfig fonts-noto-cjk" >&2
    exit 1
  fi
fi
if ! command -v apt-get >/dev/null; then
  echo "The browser tests need Chromium and a Chinese font; install both with this system's package manager." >&2
  exit 1
fi
echo "Installing Chromium and a Chinese font for the browser tests"
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq chromium fontconfig fonts-noto-cjk >/dev/null
