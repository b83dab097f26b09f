#!/bin/sh
# Runs dist/cli.js by the first runtime that is there: node, bun, or the one inside OpenCode itself.
set -eu
self=$0
# A link to this file may stand in a directory of PATH; the repository lies around the file itself.
while [ -L "$self" ]; do
  target=$(readlink -- "$self")
  case $target in
    /*) self=$target ;;
    *) self=$(dirname -- "$self")/$target ;;
  esac
done
root=$(CDPATH='' cd -P -- "$(dirname -- "$self")/.." && pwd)
cli=$root/dist/cli.js

if [ ! -f "$cli" ]; then
  if ! command -v npm >/dev/null 2>&1; then
    echo "dist/cli.js is not built yet and npm is not installed; install Node.js 20 or later and try again." >&2
    exit 1
  fi
  echo "Installing and building Remote Code, this once …" >&2
  (cd "$root" && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build) >&2
fi

# Bun drops a leading "--", which is ours to read; it gets one to drop.
if command -v node >/dev/null 2>&1 && node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)'; then
  exec node "$cli" "$@"
elif command -v bun >/dev/null 2>&1; then
  exec bun "$cli" -- "$@"
elif command -v opencode >/dev/null 2>&1; then
  BUN_BE_BUN=1 exec opencode "$cli" -- "$@"
fi
echo "OpenCode is not installed; get it from https://opencode.ai and try again." >&2
exit 1
