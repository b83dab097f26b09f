# Stops the process group P (or, where its shell leads none, the process P): TERM, up to two seconds, then KILL.
# Variables: P, a process id. `kill -9 -P` is the form that dash takes; `-KILL -- -P` fails there.
# shellcheck disable=SC2154 # P is set in front of this script
alive() { kill -0 "-$P" 2>/dev/null || kill -0 "$P" 2>/dev/null; }
kill -15 "-$P" 2>/dev/null || kill -15 "$P" 2>/dev/null
for _ in 1 2; do
  alive || exit 0
  sleep 1
done
kill -9 "-$P" 2>/dev/null || kill -9 "$P" 2>/dev/null
exit 0
