# Runs dist/cli.js by the first runtime that is there: node, bun, or the one inside OpenCode itself.
$root = Split-Path -Parent $PSScriptRoot
$cli = Join-Path $root 'dist' | Join-Path -ChildPath 'cli.js'

if (-not (Test-Path $cli)) {
  if (-not (Get-Command npm -ErrorAction SilentlyContinue)) {
    [Console]::Error.WriteLine('dist/cli.js is not built yet and npm is not installed; install Node.js 20 or later and try again.')
    exit 1
  }
  [Console]::Error.WriteLine('Installing and building Remote Code, this once ...')
  Push-Location $root
  npm ci --no-audit --no-fund --loglevel=error | Out-Host
  if ($LASTEXITCODE -eq 0) { npm run --silent build | Out-Host }
  Pop-Location
  if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
}

# Bun drops a leading "--", which is ours to read; it gets one to drop.
if (Get-Command node -ErrorAction SilentlyContinue) {
  & node $cli @args
} elseif (Get-Command bun -ErrorAction SilentlyContinue) {
  & bun $cli -- @args
} elseif (Get-Command opencode -ErrorAction SilentlyContinue) {
  $env:BUN_BE_BUN = '1'
  & opencode $cli -- @args
} else {
  [Console]::Error.WriteLine('OpenCode is not installed; get it from https://opencode.ai and try again.')
  exit 1
}
exit $LASTEXITCODE
