#!/usr/bin/env bash
# Folders of sounds that somebody else prepared: folders linked to in circles and many times over,
# and what is not a regular file under the name of a sound.
source tests/hostile/lib.sh

# ---- finding 7: 30 levels of folders, each with two links to the next: 2^30 paths.
make_square_corpus "$TMP/tree" 3
mkdir "$TMP/levels"
for ((level = 0; level < 30; level++)); do
    mkdir "$TMP/levels/$level"
    ln -s "../$((level + 1))" "$TMP/levels/$level/a"
    ln -s "../$((level + 1))" "$TMP/levels/$level/b"
done
mkdir "$TMP/levels/30"
write_square_wav "$TMP/levels/30/deep.wav" 8 3000
cp -r "$TMP/levels" "$TMP/tree/levels"
ln -s levels/0 "$TMP/tree/deep"
measured "finding 7: a tree of 2^30 paths ends" 400 10 "$EARMARK" embed "$TMP/tree" -o "$TMP/out"
expect_equal "finding 7: it was read" "$STATUS" 0
expect_equal "finding 7: the sound at its end is one clip" \
    "$(grep -c 'deep\.wav' "$TMP/out/clips.csv")" 1
expect_equal "finding 7: so are the others" "$(grep -c -E '(low|middle|high)/' "$TMP/out/clips.csv")" 9

# Circles: a link to the folder above, to the collection itself, two that name each other.
make_square_corpus "$TMP/circles" 3
ln -s .. "$TMP/circles/low/up"
ln -s ../.. "$TMP/circles/low/further"
ln -s ../high "$TMP/circles/low/other"
ln -s ../low "$TMP/circles/high/other"
ln -s self "$TMP/circles/self"
measured "finding 7: circles of links end" 400 10 "$EARMARK" embed "$TMP/circles" -o "$TMP/circles-out"
