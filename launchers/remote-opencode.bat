@echo off
rem Runs dist\cli.js by the first runtime that is there: node, bun, or the one inside OpenCode itself.
setlocal
set "root=%~dp0.."
set "cli=%root%\dist\cli.js"

if exist "%cli%" goto run
where npm >nul 2>nul || (
  echo dist\cli.js is not built yet and npm is not installed; install Node.js 20 or later and try again. 1>&2
  exit /b 1
)
echo Installing and building Remote Code, this once ... 1>&2
pushd "%root%"
call npm ci --no-audit --no-fund --loglevel=error 1>&2 && call npm run --silent build 1>&2
set "code=%errorlevel%"
popd
if not "%code%"=="0" exit /b %code%

:run
where node >nul 2>nul && goto node
where bun >nul 2>nul && goto bun
where opencode >nul 2>nul && goto opencode
echo OpenCode is not installed; get it from https://opencode.ai and try again. 1>&2
exit /b 1

rem A runtime may be a command script (npm's shims are); without call this one would end where that one begins.
rem Bun drops a leading "--", which is ours to read; it gets one to drop.
:node
call node "%cli%" %*
exit /b %errorlevel%

:bun
call bun "%cli%" -- %*
exit /b %errorlevel%

:opencode
set "BUN_BE_BUN=1"
call opencode "%cli%" -- %*
exit /b %errorlevel%
