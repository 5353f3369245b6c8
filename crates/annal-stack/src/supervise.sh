# Runs one server and stops it when nobody needs it any more.
#
# Standard input is the read end of the lease, a named pipe. Every process that uses the server holds its write end open, so the
# kernel itself tells us when the last of them is gone, however it went: it stopped, crashed or was killed. Whoever comes
# writes one line, so that somebody who comes while we count the quiet seconds is noticed.
lease=$1 linger=$2 gentle=$3 harsh=$4 grace=$5 pid_file=$6 needs=$7
shift 7
PATH="$PATH:/usr/bin:/bin"
exec 3<&0 0</dev/null
# The lease on a server that this one needs is held like any user holds it: that server ends after this one.
[ -z "$needs" ] || exec 4>"$needs"

"$@" 3<&- &
server=$!
echo "$server" >"$pid_file"
# Set after the server was started, which would inherit them. A signal to us must not orphan the server.
trap '' HUP INT TERM

pause() { sleep 1 >/dev/null 2>&1 3<&- 4>&-; }

(
    while :; do
        quiet=0
        while [ "$quiet" -le "$linger" ]; do
            if read -r line <&3; then
                quiet=0
            else
                quiet=$((quiet + 1))
                [ "$quiet" -gt "$linger" ] || pause
            fi
        done
        # Close the door first, then look once more: whoever came in before it closed still gets a running server.
        mv -f "$lease" "$lease.closing" 2>/dev/null
        read -r line <&3 || break
        mv -f "$lease.closing" "$lease" 2>/dev/null
    done
    kill -s "$gentle" "$server" 2>/dev/null
    waited=0
    while [ "$waited" -lt "$grace" ] && kill -0 "$server" 2>/dev/null; do
        pause
        waited=$((waited + 1))
    done
    kill -s "$harsh" "$server" 2>/dev/null
) &
watcher=$!

wait "$server"
status=$?
# SIGKILL, because the watcher ignores the others; its last `sleep` holds none of our files.
kill -s KILL "$watcher" 2>/dev/null
rm -f "$lease" "$lease.closing" "$pid_file"
exit "$status"
