#!/usr/bin/env bash
# Resolve the lock files anew: `make lock`. Names, versions and hashes only, no index address.
set -euo pipefail
cd "$(dirname "$0")/.."
common=(--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet)
echo uv | uv pip compile - "${common[@]}" -o requirements/bootstrap.lock "$@"
uv pip compile pyproject.toml --extra forecast --extra report "${common[@]}" --override requirements/overrides.txt -o requirements/default.lock "$@"
uv pip compile pyproject.toml --extra dev --extra forecast --extra report "${common[@]}" --override requirements/overrides.txt \
  -c requirements/default.lock -o requirements/dev.lock "$@"
