#!/usr/bin/env bash
# earmark review on a disk that gets full, and on one that goes away. In a mount namespace, so that no
# mount is left when the test is killed.
if [ -z "${OWN_MOUNTS:-}" ] && [ "$(id -u)" -eq 0 ] && unshare --mount true 2>/dev/null; then
    OWN_MOUNTS=1 exec unshare --mount --propagation private bash "$0"
fi
source tests/hostile/lib.sh
source tests/cli/review.sh

if "$EARMARK" review "$TMP" 2>&1 | grep -q 'built without libmicrohttpd'; then
    skip "earmark review" "built without libmicrohttpd"
    exit 0
fi
command -v curl >/dev/null || { skip "earmark review" "no curl" && exit 0; }
expect_code() { expect_equal "$1" "$CODE" "$2"; }
keep='{"decisions":[{"row":0,"decision":"keep"}]}'
disk=$TMP/disk
make_review_run "$TMP/run" 4
mkdir "$disk" "$TMP/again"
as_root "a full disk, and one that goes away" test -n "${OWN_MOUNTS:-}" || exit 0
as_root "a full disk, and one that goes away: a small disk" mount -t tmpfs -o size=256k none "$disk" || exit 0

# ---- the disk is full ----
cp "$TMP/run/out/"* "$disk"
check "on a small disk" start_review "$disk" --as anna
decide "$keep"
expect_code "there is room" 200
head -c 300000 /dev/zero >"$disk/filling" 2>/dev/null
note=$(head -c 4000 /dev/zero | tr '\0' x)
for ((i = 0; i < 20; i++)); do
    decide "{\"decisions\":[{\"row\":1,\"decision\":\"keep\",\"note\":\"$note\"}]}"
    [ "$CODE" = 507 ] && break
done
expect_code "the disk is full" 507
expect_equal "no line is torn" "$(grep -c -v '^{"v":1,.*"}$' "$disk/decisions-anna.jsonl")" 0
rm "$disk/filling"
decide "$keep"
expect_code "there is room again" 200
stop_review
umount "$disk"

# ---- the disk goes away ----
# post: decisions until the server is gone; $TMP/answered has the numbers of those that were saved,
# $TMP/late of those that were asked for after the disk had gone, and saved nevertheless
post() {
    local i gone
    for ((i = 0; i < 400; i++)); do
        gone=$([ -e "$TMP/is-gone" ] && echo late || echo answered)
        code=$(curl -s --max-time 30 -o "$TMP/answer" -w '%{http_code}' -H "Authorization: Bearer $TOKEN" \
            -H "Origin: $ADDRESS" -H 'Content-Type: application/json' \
            -d "{\"decisions\":[{\"row\":$((i % 4)),\"decision\":\"keep\",\"note\":\"number-$i-\"}]}" "$ADDRESS/decide")
        [ "$code" = 200 ] && echo "number-$i-" >>"$TMP/$gone"
        [ "$code" = 409 ] && cp "$TMP/answer" "$TMP/refused"
        [ "$code" = 000 ] && return
    done
}

# ended: the exit code of the review, which must end by itself
ended() {
    local i
    for ((i = 0; i < 200; i++)); do
        kill -0 "$REVIEW" 2>/dev/null || break
        sleep 0.05
    done
    if kill "$REVIEW" 2>/dev/null; then STATUS="none: it goes on"; else STATUS=0; fi
    wait "$REVIEW" || STATUS=$?
}

# gone_while NAME FROM OUT: the review of OUT, started in FROM, ends when its disk goes away; a second
# mount has the same disk still, to see what is on it
gone_while() {
    local name=$1 from=$2 started
    rm -f "$TMP/is-gone" "$TMP/late" "$TMP/answered" "$TMP/refused"
    mount -t tmpfs none "$disk" && mount --bind "$disk" "$TMP/again" && mkdir "$disk/out"
    cp "$TMP/run/out/"* "$disk/out"
    started=$(pwd)
    cd "${from/DISK/$disk}" || return
    check "$name: a review" start_review "$3" --as anna
    cd "$started" || return
    post &
    local poster=$!
    wait_for "$TMP/answered" 'number-[3-9]-' "$REVIEW"
    umount -l "$disk" && touch "$TMP/is-gone"
    ended
    wait "$poster"
    expect_equal "$name: it ends with code 1" "$STATUS" 1
    expect_grep "$name: it says why" "$disk/out is no longer there: it was moved, or its disk is gone" "$TMP/said"
    grep -o 'number-[0-9]*-' "$TMP/again/out/decisions-anna.jsonl" | sort >"$TMP/there"
    expect_equal "$name: none of $(wc -l <"$TMP/answered") answered is lost" \
        "$(sort "$TMP/answered" | comm -23 - "$TMP/there")" ""
    check_fails "$name: nothing is saved after that" test -e "$TMP/late"
    if [ -e "$TMP/refused" ]; then expect_grep "$name: decisions are refused with the reason" 'its disk is gone' "$TMP/refused"; fi
    umount "$TMP/again"
}
for ((round = 0; round < $(rounds 2 20); round++)); do
    gone_while "a disk that goes away ($round)" . "$disk/out"
    gone_while "from a folder on it ($round)" DISK out
done

# ---- another folder takes the place of the run's ----
make_review_run "$TMP/moved" 4
check "a run" start_review "$TMP/moved/out" --as anna
mv "$TMP/moved/out" "$TMP/moved/elsewhere" && cp -r "$TMP/moved/elsewhere" "$TMP/moved/out"
decide "$keep"
expect_equal "another folder in its place: nothing is saved" "$([ "$CODE" = 409 ] || [ "$CODE" = 000 ] && echo refused)" refused
ended
expect_equal "another folder in its place: it ends with code 1" "$STATUS" 1

# ---- the sounds' disk goes away ----
mount -t tmpfs none "$disk" && cp -r "$TMP/run/clips" "$disk"
cp -r "$TMP/run" "$TMP/sounds" && rm -f "$TMP/sounds/out/decisions-"*
sed -i "s,\"root\": \"[^\"]*\",\"root\": \"$disk/clips\"," "$TMP/sounds/out/run.json"
check "sounds on another disk" start_review "$TMP/sounds/out" --as anna
umount -l "$disk"
ask_own /issues.json
KEY=$(sed -n 's/^{"key":"\([0-9a-f]*\)".*/\1/p' "$TMP/body")
ask "/clip/$KEY/0"
expect_equal "sounds on another disk: the sound, or that there is none" "$([ "$CODE" = 200 ] || [ "$CODE" = 404 ] && echo answered)" answered
decide "$keep"
expect_code "sounds on another disk: decisions are saved" 200
stop_review
expect_equal "sounds on another disk: it goes on until the end" "$STATUS" 0
