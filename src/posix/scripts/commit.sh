# Functions of a commit; the calls that follow this text name the files. Phases: check every file, stage every new content
# beside its target, swap them in, answer. Until the first swap nothing is changed; after a failure everything is put back.
# Variables: ID a random word, COUNT of files. Contents arrive on stdin, one after the other.
# shellcheck disable=SC2154 # ID and COUNT are set in front of this script, target_N by eval
MASK=$(umask)
umask 077
swapped=
staged=
spool=

if command -v sha256sum >/dev/null 2>&1; then
  hash() { sha256sum <"$1" | cut -d ' ' -f 1; }
elif command -v shasum >/dev/null 2>&1; then
  hash() { shasum -a 256 <"$1" | cut -d ' ' -f 1; }
else
  hash() { cksum <"$1" | cut -d ' ' -f 1; }
fi
# matches FILE SIZE SHA256 CRC: the content is that; with only POSIX tools the CRC of cksum stands for the hash.
matches() {
  [ "$(wc -c <"$1" 2>/dev/null)" -eq "$2" ] 2>/dev/null || return 1
  sum=$(hash "$1")
  [ "$sum" = "$3" ] || [ "$sum" = "$4" ]
}
# traits FILE: type, permissions, ACL mark, owner and group, as ls prints them.
traits() {
  # shellcheck disable=SC2046 # splitting is the point; the name comes last and is not used
  set -- $(ls -lnd -- "$1")
  printf '%s %s %s\n' "$1" "$3" "$4"
}
parent() {
  dir=${1%/*}
  [ -n "$dir" ] || dir=/
}

# undo: newest first, so that a file changed twice ends as it began; `stuck` names those that could not be put back.
undo() {
  stuck=
  for n in $swapped; do
    eval "t=\$target_$n b=\$backup_$n"
    if [ -z "$b" ]; then
      rm -f -- "$t" || stuck="$n $stuck"
    elif [ -e "$b" ] || [ -L "$b" ]; then
      # A rename between two names of one inode does nothing or fails; into a directory it would only move the backup.
      [ -d "$t" ] || mv -f -- "$b" "$t"
      if [ -f "$t" ] && cmp -s -- "$b" "$t"; then rm -f -- "$b"; elif [ -e "$b" ] || [ -L "$b" ]; then stuck="$n $stuck"; fi
    fi
  done
  for n in $staged; do
    eval "rm -f -- \"\$temp_$n\""
  done
  [ -z "$spool" ] || rm -f -- "$spool"
}
# die CODE N [TEXT]: puts everything back and answers why.
die() {
  trap '' HUP INT TERM
  undo
  [ -z "$stuck" ] || set -- stuck "${stuck%% *}" "$3"
  say "$1" "$2 $3"
  exit 0
}
trap '' PIPE
trap 'die interrupted 0' HUP INT TERM

# check N PATH SIZE SHA CRC PARENTS: the file is what the asker last saw (SIZE `absent`: nothing is there).
check() {
  if [ "$3" = absent ]; then
    if [ -e "$2" ] || [ -L "$2" ]; then die exists "$1"; fi
    parent "$2"
    if [ "$6" != 1 ] && [ ! -d "$dir" ]; then die noparent "$1"; fi
    while [ ! -e "$dir" ] && [ "$dir" != / ]; do parent "$dir"; done
    [ -d "$dir" ] || die notdir "$1"
    [ -w "$dir" ] || die denied "$1"
    eval "target_$1=\$2"
    return
  fi
  [ -e "$2" ] || die gone "$1"
  [ -f "$2" ] || die special "$1"
  real "$2" || die denied "$1"
  [ -r "$real" ] || die denied "$1"
  matches "$real" "$3" "$4" "$5" || die conflict "$1"
  eval "target_$1=\$real"
  parent "$real"
  [ -w "$dir" ] || die dirdenied "$1"
}
# check_write N ...: as check; the content will be replaced by rename, so nothing may hang on the old inode.
check_write() {
  check "$@"
  [ "$3" = absent ] && return
  eval "t=\$target_$1"
  [ -w "$t" ] || die denied "$1"
  # shellcheck disable=SC2046 # the second word is the number of links
  set -- "$1" $(ls -lnd -- "$t")
  [ "$3" = 1 ] || die links "$1"
}
# check_delete N ...: as check; the name itself goes, also when it is a link.
check_delete() {
  check "$@"
  eval "target_$1=\$2"
}

# spool_all DIR-OF-PATH: several contents are carved from one file, because `head` may read ahead on a pipe.
spool_all() {
  parent "$1"
  while [ ! -d "$dir" ]; do parent "$dir"; done
  spool="$dir/.rc-$ID-spool"
  err=$( (set -C; cat >"$spool") 2>&1) || die io 0 "$err"
}
# content OFFSET LENGTH: the bytes of one file.
content() {
  if [ -z "$spool" ]; then cat; else tail -c "+$(($1 + 1))" <"$spool" | head -c "$2"; fi
}
# stage N OFFSET LENGTH SHA CRC EXISTING: the new content in a temporary beside its target, verified, with its traits.
stage() {
  eval "t=\$target_$1"
  parent "$t"
  temp="$dir/.rc-$ID-$1"
  # The directories that `mkdir` makes are ordinary ones, whatever the mask of the temporaries.
  [ -d "$dir" ] || err=$( (umask "$MASK"; mkdir -p -- "$dir") 2>&1) || die io "$1" "$err"
  err=$( (set -C; : >"$temp") 2>&1) || die io "$1" "$err"
  eval "temp_$1=\$temp"
  staged="$1 $staged"
  if dd if=/dev/null of="$temp" conv=fsync 2>/dev/null; then
    err=$(content "$2" "$3" | dd of="$temp" bs=65536 conv=fsync 2>&1) || die io "$1" "$err"
  else
    err=$( (content "$2" "$3" >"$temp") 2>&1) || die io "$1" "$err"
  fi
  matches "$temp" "$3" "$4" "$5" || die io "$1" "$err"
  if [ "$6" = 1 ]; then
    copy_traits "$t" "$temp"
    [ "$(traits "$t")" = "$(traits "$temp")" ] || die traits "$1"
  else
    chmod "$(printf %o $((0666 & ~0$MASK)))" "$temp"
  fi
}
# copy_traits FROM TO: owner, mode, ACL and attributes, as far as this host's tools can; the caller looks whether they did.
copy_traits() {
  cp --attributes-only --preserve=all -- "$1" "$2" 2>/dev/null && touch -- "$2" && return
  # shellcheck disable=SC2046
  set -- "$1" "$2" $(traits "$1")
  [ "$(traits "$2" | cut -d ' ' -f 2-)" = "$4 $5" ] || chown "$4:$5" "$2" 2>/dev/null
  mode=$(stat -c %a -- "$1" 2>/dev/null) ||
    mode="u=$(printf %s "$3" | cut -c 2-4 | tr -d -),g=$(printf %s "$3" | cut -c 5-7 | tr -d -),o=$(printf %s "$3" | cut -c 8-10 | tr -d -)"
  chmod "$mode" "$2" 2>/dev/null
}

# backup N: keeps what a later failure needs; one file alone is swapped by one rename and needs none.
backup() {
  eval "backup_$1="
  [ "$COUNT" -gt 1 ] || return 0
  parent "$t"
  b="$dir/.rc-$ID-$1-old"
  ln -- "$t" "$b" 2>/dev/null || cp -p -- "$t" "$b" || die io "$1" "no backup"
  eval "backup_$1=\$b"
}
# swap_write N SIZE SHA CRC: the baseline once more, then the rename.
swap_write() {
  eval "t=\$target_$1 temp=\$temp_$1"
  if [ "$2" = absent ]; then
    eval "backup_$1="
    # Both `ln` and `mv` would put it into a directory that appeared meanwhile.
    if [ -e "$t" ] || [ -L "$t" ]; then die exists "$1"; fi
    # A link fails where a name exists: creating never clobbers.
    if ! ln -- "$temp" "$t" 2>/dev/null; then
      if [ -e "$t" ] || [ -L "$t" ]; then die exists "$1"; fi
      err=$(mv -- "$temp" "$t" 2>&1) || die io "$1" "$err"
    fi
    inside "$t" "$temp" && die exists "$1"
    swapped="$1 $swapped"
    rm -f -- "$temp"
    return
  fi
  matches "$t" "$2" "$3" "$4" || die conflict "$1"
  backup "$1"
  # A backup that exists must go on failure too, so the file counts as swapped from here; putting back is harmless.
  [ "$COUNT" -eq 1 ] || swapped="$1 $swapped"
  err=$(mv -f -- "$temp" "$t" 2>&1) || die io "$1" "$err"
  inside "$t" "$temp" && die special "$1"
  return 0
}
# inside NAME TEMP: the name became a directory in the last moment and took the temporary in, which is removed again.
inside() { [ -d "$1" ] && rm -f -- "$1/${2##*/}"; }
# swap_delete N SIZE SHA CRC
swap_delete() {
  eval "t=\$target_$1"
  matches "$t" "$2" "$3" "$4" || die conflict "$1"
  parent "$t"
  b="$dir/.rc-$ID-$1-old"
  # Noted first: a signal that comes with the rename must not leave the file away.
  eval "backup_$1=\$b"
  swapped="$1 $swapped"
  err=$(mv -f -- "$t" "$b" 2>&1) || die io "$1" "$err"
}
# answer KIND...: every swap is done; backups go, the new stats are told.
answer() {
  trap '' HUP INT TERM
  for n in $swapped; do
    eval "b=\$backup_$n"
    [ -z "$b" ] || rm -f -- "$b"
  done
  [ -z "$spool" ] || rm -f -- "$spool"
  say committed "$COUNT"
  n=0
  for kind in "$@"; do
    n=$((n + 1))
    eval "t=\$target_$n"
    if [ "$kind" = write ]; then st L "$t"; else printf '%s\n' -; fi
  done
}
