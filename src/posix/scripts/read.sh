# Answers what P is, in one go: its stat and content, or its entries. A snapshot: content stands between two stats.
# Variables: P path, KNOWN the stat line of the content that the asker has (or empty), MAX bytes.
# shellcheck disable=SC2154 # P, KNOWN and MAX are set in front of this script
if [ -d "$P" ]; then
  if ! real "$P" || ! cd -- "$P" 2>/dev/null || [ ! -r . ]; then say denied; exit 0; fi
  say directory "${#real}"
  printf '%s\n' "$real"
  for name in * .[!.]* ..?*; do
    type=-
    if [ -L "./$name" ]; then type=l; elif [ ! -e "./$name" ]; then continue; fi
    if [ -d "./$name" ]; then type=$type/; elif [ -f "./$name" ]; then type=$type.; else type="$type?"; fi
    printf '%s%s\0' "$type" "$name"
  done
elif [ ! -e "$P" ]; then
  if [ -L "$P" ]; then say dangling; exit 0; fi
  # Absent, or in a directory that we may not look into: walk up to the first directory that is there.
  dir=$(dirname -- "$P")
  while [ ! -e "$dir" ] && [ "$dir" != / ]; do dir=$(dirname -- "$dir"); done
  if [ ! -d "$dir" ]; then say notdir; elif [ -x "$dir" ]; then say absent; else say denied; fi
elif [ ! -f "$P" ]; then
  say special
elif [ ! -r "$P" ]; then
  say denied
else
  real "$P" || { say denied; exit 0; }
  before=$(st L "$P") || { say denied; exit 0; }
  # `ls` tells times by the minute: that proves nothing.
  case $KNOWN in l*) KNOWN= ;; esac
  size=$(wc -c <"$P") || { say denied; exit 0; }
  if [ "$before" = "$KNOWN" ]; then
    say unchanged "${#real}"
    printf '%s\n%s\n' "$real" "$before"
  elif [ "$size" -gt "$MAX" ]; then
    say large "$size"
  else
    say file "${#real}"
    printf '%s\n%s\n' "$real" "$before"
    # One byte more than allowed, or some: /proc files say 0 bytes, growing files say less than they give.
    if head -c 1 </dev/null >/dev/null 2>&1; then
      head -c "$((MAX + 1))" <"$P"
    else
      dd bs=65536 count="$((MAX / 65536 + 1))" <"$P" 2>/dev/null
    fi && printf '\n%s\n' "$(st L "$P")" || printf '\nunreadable\n'
  fi
fi
