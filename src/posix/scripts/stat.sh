# Answers the stat of P and its real path. Variables: P path.
# shellcheck disable=SC2154 # P is set in front of this script
if [ -e "$P" ]; then
  if ! real "$P" || ! line=$(st L "$P"); then say denied; exit 0; fi
  say stat "${#real}"
  printf '%s\n%s\n' "$real" "$line"
else
  say absent
fi
