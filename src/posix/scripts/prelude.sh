# Common to all file scripts. LC_ALL=C: lengths are bytes and names are bytes.
# shellcheck shell=sh
export LC_ALL=C
# st FLAG PATH: one line that TypeScript parses; FLAG L follows symlinks, P does not. GNU and BusyBox, BSD, then POSIX ls.
if stat -c %s / >/dev/null 2>&1; then
  st() { case $1 in L) stat -L -c 'c %f %i %s %h %u %g %Y %z' -- "$2" ;; *) stat -c 'c %f %i %s %h %u %g %Y %z' -- "$2" ;; esac; }
elif stat -f %z / >/dev/null 2>&1; then
  st() { case $1 in L) stat -L -f 'f %Xp %i %z %l %u %g %m %Fc' -- "$2" ;; *) stat -f 'f %Xp %i %z %l %u %g %m %Fc' -- "$2" ;; esac; }
else
  st() { case $1 in L) ls -Llnid -- "$2" ;; *) ls -lnid -- "$2" ;; esac | sed 's/^ */l /'; }
fi
# real PATH: symlinks resolved, into the variable real (a final newline in a name would not survive "$(...)").
real() {
  real=$(readlink -f -- "$1" 2>/dev/null && printf x) || {
    real=$(cd -P -- "$(dirname -- "$1")" 2>/dev/null && pwd && printf x) || return 1
    real=${real%?x}
    [ "$real" = / ] && real=
    real="$real/$(basename -- "$1")"
    return 0
  }
  real=${real%?x}
}
# say CODE [TEXT]: an answer of one line.
say() { printf '%s %s\n' "$1" "$2"; }
