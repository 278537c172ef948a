#!/bin/sh
# Runs a server for as long as somebody holds the other end of this script's standard input, so that a server
# cannot outlive the process that wanted it, however that process ends. Prints the server's process id. When the
# input closes, it ends the server and removes the directory; a server that ends by itself leaves the directory.
#
#   guard.sh <directory> <signal that ends the server at once> <command> [argument...]
directory=$1
signal=$2
shift 2

exec 3<&0 # a background job gets /dev/null as its own standard input
"$@" </dev/null 3<&- >"$directory/server.log" 2>&1 &
server=$!
echo "$server"
exec 2>/dev/null # the shell's own remarks on who was killed

end_with_the_pipe() {
  while read -r _ <&3; do :; done
  : >"$directory/released"
  kill -"$signal" "$server"
}
end_with_the_pipe &
watcher=$!

wait "$server"
status=$?
kill "$watcher"
wait "$watcher"
if [ -e "$directory/released" ]; then rm -rf "$directory"; fi
exit "$status"
