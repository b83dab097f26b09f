# Searches with ripgrep where the host has it, else with find and grep. Only the first LIMIT results travel.
# Variables: KIND glob or grep, D directory, PATTERN, INCLUDE a glob or empty, LIMIT, LISTED, ERE the pattern as a POSIX
# extended regular expression (empty: there is none), WIDE 1 where that must count characters and not bytes, and the
# arguments of a `find` expression in NAMES.
# The answer: `rg` or `find` on a line, then the results; ripgrep's own words and exit status go to stderr.
# shellcheck disable=SC2154 # all variables are set in front of this script
# Names are lines here: a newline in a name travels as NUL.
lines() { tr '\n\000' '\000\n'; }
# text FILE: no NUL near its beginning; ripgrep leaves such files out, not every grep does.
text() { [ "$(head -c 65536 <"$1" | tr -d '\000' | wc -c)" -eq "$(head -c 65536 <"$1" | wc -c)" ]; }
# hits: for each file named on stdin `f`, its number of newlines and its name; then its matching lines behind `m`.
hits() {
  while IFS= read -r f; do
    if [ -f "$f" ] && text "$f"; then
      printf 'f%s %s\n' "$(($(wc -l <"$f")))" "$f"
      grep -n -E -e "$ERE" <"$f" | sed 's/^/m/'
    fi
  done
}
if [ ! -d "$D" ]; then
  if [ -e "$D" ]; then say notdir; else say absent; fi
  exit 0
fi
cd -- "$D" 2>/dev/null || { say denied; exit 0; }
if command -v rg >/dev/null 2>&1; then
  say rg
  case $KIND in
    glob)
      { rg --no-config --files -0 --no-messages "--glob=$PATTERN" '--glob=!**/.git/**' . </dev/null; echo "status $?" >&2; } |
        lines | head -n "$LIMIT"
      ;;
    grep)
      {
        rg --no-config --json --hidden --no-messages ${INCLUDE:+"--glob=$INCLUDE"} '--glob=!**/.git/**' -- "$PATTERN" . </dev/null
        echo "status $?" >&2
      } | grep '^{"type":"match"' | head -n "$LIMIT"
      ;;
  esac
  exit 0
fi
# A character is more than a byte, where the host knows this locale.
LC_ALL=C.UTF-8
case $KIND in
  glob)
    say find
    find . -type d -name .git -prune -o -type f -exec printf '%s\0' {} + 2>/dev/null | lines | head -n "$LISTED"
    ;;
  grep)
    status=0
    printf x | grep -E -e "$ERE" >/dev/null 2>&1 || status=$?
    # A capital E with acute is one character of two bytes.
    [ -z "$WIDE" ] || printf '\303\211\n' | grep -E '^.$' >/dev/null || status=2
    if [ -z "$ERE" ] || [ "$status" -gt 1 ]; then say inexpressible; exit 0; fi
    say find
    # Of each match at most two lines are told: its file and itself.
    eval "find . -type d -name .git -prune -o -type f $NAMES -exec grep -l -E -e \"\$ERE\" {} +" 2>/dev/null | hits 2>/dev/null |
      head -n "$((LIMIT * 2))"
    ;;
esac
exit 0
