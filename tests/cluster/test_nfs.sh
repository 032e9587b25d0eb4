#!/usr/bin/env bash
# Two hosts, in network namespaces of their own, embed the parts of one list on an NFS export of a third,
# whose server is stopped and started again and again: nothing is lost, and the results are the bytes of
# one process on a disk. The server is NFS-Ganesha, which runs without the kernel's help; the client is
# nfs_mount.c. A kernel's own client is not tried. RESTARTS: how often the server goes (20).
source tests/cli/lib.sh
source tests/cli/sounds.sh

PACKAGES='nfs-ganesha nfs-ganesha-vfs rpcbind iproute2 util-linux fuse3 libfuse3-dev libnfs-dev pkg-config'
NAME=earmark-nfs-$$ # of the namespaces
RESTARTS=${RESTARTS:-20}

# Why it cannot be tried here; nothing: it can.
missing() {
    [ "$(id -u)" -eq 0 ] || { echo 'needs root'; return; }
    [ -e /dev/fuse ] || { echo 'needs FUSE (/dev/fuse)'; return; }
    command -v apt-get >/dev/null || { echo "needs $PACKAGES"; return; }
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $PACKAGES; } \
        >"$TMP/install.log" 2>&1 || { echo "the packages cannot be installed: $(tail -n 1 "$TMP/install.log")"; return; }
    { ip netns add "$NAME-0" && ip netns del "$NAME-0"; } 2>/dev/null || echo 'this system has no network namespaces'
}
why=$(missing)
if [ -n "$why" ]; then
    skip "embedding on NFS, whose server goes and comes back" "$why"
    exit 0
fi

# ---- three hosts: 0 has the server, 1 and 2 are its clients
export=$TMP/export
# serve COMMAND...: on host 0, with a /run of its own, as this process
serve() {
    exec nsenter "--net=$TMP/net0" unshare --mount sh -c 'mount --bind "$0" /run && exec "$@"' "$TMP/run" "$@"
}
start_server() {
    (serve ganesha.nfsd -F -f "$TMP/server.conf" -L "$TMP/server.log" -p "$TMP/server.pid") >/dev/null 2>&1 &
    server=$!
}
runs() { [ -e "/proc/$1" ] && ! grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null; }
stop_all() {
    local i
    for i in 1 2; do umount -l "$TMP/host$i" 2>/dev/null; done
    kill -KILL ${clients[@]} $server $portmapper 2>/dev/null
    wait 2>/dev/null
    umount "$TMP/net0" 2>/dev/null
    for i in 0 1 2; do ip netns del "$NAME-$i" 2>/dev/null; done
}
clients=() server='' portmapper=''
trap 'status=$?; stop_all; (exit $status); finish' EXIT
set_up() {
    local i
    mkdir -p "$export" "$TMP/recovery" "$TMP/host1" "$TMP/host2" "$TMP/run/rpcbind" "$TMP/run/ganesha"
    chmod 755 "$TMP"
    for i in 0 1 2; do ip netns add "$NAME-$i" && ip -n "$NAME-$i" link set lo up; done
    touch "$TMP/net0" && mount --bind "/run/netns/$NAME-0" "$TMP/net0" || return 1
    for i in 1 2; do
        ip link add "to$i" netns "$NAME-0" type veth peer name to0 netns "$NAME-$i"
        ip -n "$NAME-0" addr add "10.77.$i.1/24" dev "to$i" && ip -n "$NAME-0" link set "to$i" up
        ip -n "$NAME-$i" addr add "10.77.$i.2/24" dev to0 && ip -n "$NAME-$i" link set to0 up
    done
    cat >"$TMP/server.conf" <<END
NFS_CORE_PARAM { Protocols = 3; NFS_Port = 2049; MNT_Port = 20048; Enable_NLM = false; Enable_RQUOTA = false; }
NFSv4 { Graceless = true; RecoveryRoot = "$TMP/recovery"; }
EXPORT { Export_Id = 1; Path = "$export"; Pseudo = "/export"; Access_Type = RW; Squash = No_Root_Squash;
         SecType = sys; Protocols = 3; FSAL { Name = VFS; } }
END
    (serve rpcbind -f) >"$TMP/portmapper.log" 2>&1 &
    portmapper=$!
    sleep 1
    start_server
    "${CC:-cc}" -std=c17 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -O1 -o "$TMP/nfs_mount" tests/cluster/nfs_mount.c \
        $(pkg-config --cflags --libs fuse3 libnfs) || return 1
    for i in 1 2; do
        local turn
        for ((turn = 0; turn < 60; turn++)); do
            (exec nsenter "--net=/run/netns/$NAME-$i" "$TMP/nfs_mount" "nfs://10.77.$i.1$export?version=3" "$TMP/host$i") >"$TMP/client$i.log" 2>&1 &
            clients[i]=$!
            sleep 1
            mountpoint -q "$TMP/host$i" && break
            kill "${clients[i]}" 2>/dev/null
        done
        mountpoint -q "$TMP/host$i" || return 1
    done
}
if ! set_up 2>"$TMP/set_up.log"; then
    not_ok "the hosts and their mounts" "$(tail -n 5 "$TMP"/set_up.log "$TMP"/*.log)"
    exit 1
fi
echo written >"$export/on-the-server"
expect_equal "what the server has" "$(cat "$TMP/host2/on-the-server")" written
echo written >"$TMP/host1/by-the-first"
expect_equal "a file of one host, read by the other" "$(cat "$TMP/host2/by-the-first")" written

# ---- clips, there and on this disk
make_square_corpus "$TMP/clips" 30
echo garbage >"$TMP/clips/low/bad.wav"
cp -rp "$TMP/clips" "$export/clips"
expect_exit "one process on a disk" 3 "$EARMARK" audit "$TMP/clips" -o "$TMP/one" --folds 4 --device cpu --quiet

# on HOST COMMAND...: under another name of the machine, which leases record
on() {
    local host=$1
    shift
    nsenter "--net=/run/netns/$NAME-$host" unshare --uts sh -c 'hostname "$0" && exec "$@"' "host$host" "$@"
}
# parts HOST: every second of six parts
parts() {
    local part code
    for ((part = $1 - 1; part < 6; part += 2)); do
        on "$1" "$EARMARK" embed "$TMP/host$1/clips" -o "$TMP/host$1/out" --shard "$part/6" --device cpu --threads 1 \
            --quiet 2>>"$TMP/said.$1"
        code=$?
        [ $code -eq 0 ] || echo "part $part on host $1 ends with $code" >>"$TMP/ends"
    done
}
: >"$TMP/ends" >"$TMP/differences"
(
    for ((i = 0; i < RESTARTS; i++)); do
        sleep "1.$((RANDOM % 10))"
        kill "-$([ $((i % 2)) -eq 0 ] && echo KILL || echo TERM)" "$server" 2>/dev/null
        for ((turn = 0; turn < 50; turn++)); do
            runs "$server" || break
            sleep 0.1
        done
        kill -KILL "$server" 2>/dev/null
        sleep "0.$((RANDOM % 10))"
        start_server
        echo "$server" >"$TMP/server.now"
        for ((turn = 0; turn < 300; turn++)); do
            [ "$(grep -c 'NFS SERVER INITIALIZED' "$TMP/server.log")" -ge $((i + 2)) ] && break
            sleep 0.1
        done
        echo x >>"$TMP/restarts"
    done
) 2>/dev/null &
restarting=$!
runs=0
while [ $runs -eq 0 ] || kill -0 "$restarting" 2>/dev/null; do
    rm -rf "$TMP/host1/out"
    parts 1 &
    first=$!
    parts 2 &
    wait $first $!
    on 1 "$EARMARK" audit "$TMP/host1/clips" -o "$TMP/host1/out" --from-shards --folds 4 --device cpu --quiet \
        2>>"$TMP/said.audit"
    code=$?
    [ $code -eq 3 ] || echo "the audit ends with $code" >>"$TMP/ends"
    diff -rq -x timing.json -x shards -x embeddings.npy -x statistics.npy -x run.json -x report.html \
        "$TMP/one" "$TMP/host2/out" >>"$TMP/differences" 2>&1
    runs=$((runs + 1))
done
server=$(cat "$TMP/server.now" 2>/dev/null)
expect_equal "the server went and came back $RESTARTS times in $runs runs" "$(wc -l <"$TMP/restarts")" "$RESTARTS"
expect_equal "as it says" "$(grep -c 'NFS SERVER INITIALIZED' "$TMP/server.log")" $((RESTARTS + 1))
expect_equal "every part was made, and every audit" "$(cat "$TMP/ends" | head; [ ! -s "$TMP/ends" ] || tail -n 5 "$TMP"/said.*)" ""
expect_equal "with the bytes of one process on a disk" "$(head "$TMP/differences")" ""
