"""Shell programs for hosts reached by ssh: what runs a command there, and reports on it."""

from __future__ import annotations

# What is ahead of it a login script has printed, or ssh itself.
BEGIN = "-- vcperf: begins"
NOTE = "-- vcperf note: "

# Ends with its input, which ends with the connection. Prints which boot of which machine it
# is on, and takes the machine's lock when asked to: on the root directory, as on the host
# of a local campaign. flock(1) ends with 1 when somebody else has it.
HOLD = """
exec 9</; echo "BEGIN $(cat /proc/sys/kernel/random/boot_id)"
while read -r order; do
  flock -n 9; status=$?
  if [ $status -eq 1 ]; then echo busy; flock 9; status=$?; fi
  echo "locked $status"
done
""".replace("BEGIN", BEGIN)
NOT_FOUND = 127  # sh(1), exit status: there is no such command

# Runs "$@" until it ends or its input does, at the latest with the connection: then all of
# it is ended. Its errors come on stderr, and between them our reports, each a line that begins
# with NOTE: its pid; of a server whether it listens on its TCP port, $1 in hexadecimal; and
# that it ended, followed by its CPU time, the CPUs that the session is held to, and its status
# (255 alone could be ssh's own). A server is not started when another program listens on its
# port already: it could be taken for ours.
# Formats: proc(5), /proc/net/tcp (0A is TCP_LISTEN) and /proc/PID/status.
# Nearly all of it is the shell's own: starting a program takes long on an emulated host.
SESSION = """
trap "" HUP; echo "BEGIN"; echo "BEGIN" >&2; exec 3<&0 4>&2 2>/dev/null
port=$1 tries=200; shift
note() { printf '\\n%s%s\\n' "NOTE" "$1" >&4; } # the program's last line may lack its end
listening() {
  for table in /proc/net/tcp /proc/net/tcp6; do
    while read -r number local remote state rest; do
      case $local-$state in *:"$port-0A") return 0 ;; esac
    done <$table
  done
  return 1
}
if [ "$port" ] && listening; then echo "another program listens there"; set -- false; tries=0; fi
setsid "$@" </dev/null 2>&4 3<&- 4>&- & run=$!
note "started $run"
{ read -r end <&3; kill -TERM -$run; sleep 2; kill -KILL -$run; } >/dev/null 4>&- & watch=$!
while [ "$port" ]; do
  read -r stat </proc/$run/stat || tries=0 # some shells have buried it already
  case $stat in *") Z "*) tries=0 ;; esac
  if [ $tries -le 0 ]; then note silent; break; fi
  if listening; then note listening; break; fi
  tries=$((tries - 1))
  sleep 0.1
done
wait $run; status=$?
kill $watch
note ended
times >&4
while read -r key value; do
  case $key in Cpus_allowed_list:) echo "$key $value" >&4 ;; esac
done </proc/$$/status
note "status $status"
""".replace("BEGIN", BEGIN).replace("NOTE", NOTE)
FEED = f'echo "{BEGIN}"; echo "{BEGIN}" >&2; exec "$@"'
MARK = "-- vcperf: status"
