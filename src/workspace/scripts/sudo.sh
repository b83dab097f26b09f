# Runs sudo for a command line without a terminal. $0: sudo, as written; "$@": its words; fd 7: the channel's own stdin, on
# which the password comes once it was asked for; fd 8: the channel's own stderr, on which it is asked for.
# Variables: rc_nonce, empty when there is no password to ask for; rc_needs, what to say when one is needed all the same;
# rc_shared, not empty where others may read on from our stdin; rc_each_time, what to say when that keeps the command from being
# run. All names are ours: one of the caller's that is exported would reach the command changed.
# The command keeps our stdin, whatever that is: the password goes to a sudo of its own, which validates the user, and the
# command's sudo finds that validation, which counts for the children of one process. No password is in a variable: `read`
# takes single bytes, so it stays in the pipe for sudo.
# shellcheck disable=SC2154 # the variables are set in front of this script
if [ -z "$rc_nonce" ]; then
  "$0" "$@"
  rc_status=$?
  [ "$rc_status" -ne 1 ] || "$0" -n -l </dev/null >/dev/null 2>&1 || printf '%s\n' "$rc_needs" >&2
  exit "$rc_status"
fi

# Only the words that say who runs it, and those that ask for a way of their own.
rc_user='' rc_take='' rc_own='' rc_stdin=''
for rc_word in "$@"; do
  if [ -n "$rc_take" ]; then
    [ "$rc_take" = skip ] || rc_user=$rc_word
    rc_take=''
    continue
  fi
  case $rc_word in
  --) break ;;
  --user) rc_take=user ;;
  --user=*) rc_user=${rc_word#*=} ;;
  --group | --prompt | --close-from | --chdir | --chroot | --role | --type | --command-timeout | --other-user) rc_take=skip ;;
  --stdin) rc_stdin=1 ;;
  --non-interactive | --askpass | --version | --help | --remove-timestamp | --reset-timestamp) rc_own=1 ;;
  --*) ;;
  -?*)
    rc_word=${rc_word#-}
    while [ -n "$rc_word" ]; do
      rc_letter=${rc_word%"${rc_word#?}"}
      rc_word=${rc_word#?}
      case $rc_letter in
      u)
        if [ -n "$rc_word" ]; then rc_user=$rc_word; else rc_take=user; fi
        rc_word=''
        ;;
      [aCcDgpRrTtU])
        [ -n "$rc_word" ] || rc_take=skip
        rc_word=''
        ;;
      S) rc_stdin=1 ;;
      [nAKkVh]) rc_own=1 ;;
      esac
    done
    ;;
  *=*) ;;
  *) break ;;
  esac
done
# A password that the command line itself hands over.
if [ -n "$rc_stdin" ] && { [ -p /dev/stdin ] || [ -f /dev/stdin ]; }; then rc_own=1; fi
[ -z "$rc_own" ] || exec "$0" "$@" 7<&- 8>&-

# Where each sudo asks for itself (timestamp_timeout=0) the password goes ahead of what the command reads.
ask_again() {
  if [ -n "$rc_shared" ] && ! [ -c /dev/stdin ]; then
    printf '%s\n' "$rc_each_time" >&2
    return 1
  fi
  {
    sh -c 'echo $$; head -n 1 <&7 7<&-; printf "%s done %s 0." "$0" "$$" >&8; exec cat <&6 7<&- 8>&-' "$rc_nonce"
    :
  } 2>/dev/null | {
    IFS= read -r rc_reader
    printf '%s turn %s.' "$rc_nonce" "$rc_reader" >&8
    "$0" -S -k -p "$rc_nonce ask $rc_reader." "$@" 6<&- 7<&- 8>&-
    rc_status=$?
    kill "$rc_reader" 2>/dev/null
    printf '%s done %s %s.' "$rc_nonce" "$rc_reader" "$rc_status" >&8
    exit "$rc_status"
  }
}

{ command exec 6<&0; } 2>/dev/null || exec 6</dev/null
# First the reader's process id, then the one line that it is given.
{
  sh -c 'echo $$; exec head -n 1' <&7 6<&- 8>&-
  # This shell notes how the reader ended in silence, which it does not for the last of its commands.
  :
} 2>/dev/null | {
  IFS= read -r rc_reader
  printf '%s turn %s.' "$rc_nonce" "$rc_reader" >&8
  LC_ALL=C "$0" -S -p "$rc_nonce ask $rc_reader." ${rc_user:+-u "$rc_user"} -v >/dev/null 2>&8 6<&- 7<&- 8>&-
  rc_status=$?
  # Where nobody asked it still waits.
  kill "$rc_reader" 2>/dev/null
  printf '%s done %s %s.' "$rc_nonce" "$rc_reader" "$rc_status" >&8
  if [ "$rc_status" -ne 0 ]; then
    # There may be rights that need no password.
    "$0" -n -l </dev/null >/dev/null 2>&1 || exit 1
  elif ! "$0" -n ${rc_user:+-u "$rc_user"} -v </dev/null >/dev/null 2>&1; then
    ask_again "$@" <&6
    exit
  fi
  # A handler, for the children start without it; after a stop, too, the validation is to be taken back.
  trap : HUP INT TERM
  "$0" -n "$@" <&6 6<&- 7<&- 8>&-
  rc_status=$?
  "$0" -k </dev/null >/dev/null 2>&1
  exit "$rc_status"
}
