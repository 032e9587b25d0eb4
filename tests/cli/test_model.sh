#!/usr/bin/env bash
# earmark model: import, info, and what they refuse; models/fetch-voxceleb.sh.
source tests/cli/lib.sh

golden=$repository/tests/golden/model
model=$TMP/model.safetensors

# ---- usage
expect_exit "help" 0 "$EARMARK" model --help
expect_grep "help names import" 'earmark model import DIR -o FILE' "$TMP/stdout"
expect_exit "help of import" 0 "$EARMARK" model import --help
expect_exit "help of info" 0 "$EARMARK" model info --help
expect_exit "nothing to do" 2 "$EARMARK" model
expect_exit "unknown word" 2 "$EARMARK" model export
expect_grep "unknown word is named" "'export'.*see earmark model --help" "$TMP/stderr"
expect_exit "unknown option" 2 "$EARMARK" model info --jason
expect_grep "unknown option is named" "'--jason'.*--json.*see earmark model info --help" "$TMP/stderr"
expect_exit "import without -o" 2 "$EARMARK" model import "$golden/speechbrain"
expect_exit "import without folder" 2 "$EARMARK" model import -o "$model"
expect_exit "value missing" 2 "$EARMARK" model import "$golden/speechbrain" -o
expect_exit "two folders" 2 "$EARMARK" model import "$golden/speechbrain" more -o "$model"

# ---- import and info
expect_exit "import" 0 "$EARMARK" model import "$golden/speechbrain" -o "$model"
expect_grep "import says what it wrote" 'parameters +1,786, float32' "$TMP/stdout"
expect_grep "the name is the folder's" '^name +speechbrain$' "$TMP/stdout"
expect_lines "import has nothing to warn of" 0 "$TMP/stderr"
expect_exit "import again" 0 "$EARMARK" model import "$golden/speechbrain/" -o "$TMP/again" --quiet
expect_lines "quiet" 0 "$TMP/stdout"
expect_same "the same model gives the same bytes" "$model" "$TMP/again"
expect_exit "info" 0 "$EARMARK" model info "$model"
expect_grep "dilations" '^  2 +8 +8 +3 +3 ' "$TMP/stdout"
expect_grep "operations" '0.003008 MFLOP a frame' "$TMP/stdout"
expect_exit "info as JSON" 0 "$EARMARK" model info --json "$model"
expect_grep "JSON has the architecture" '"blocks":\[\{"in_channels":24,"out_channels":8,"kernel":5,"dilation":1,' "$TMP/stdout"
expect_grep "JSON has the operations" '"operations_per_frame":3008,"operations_per_clip":288,' "$TMP/stdout"
expect_exit "import with facts, float16" 0 "$EARMARK" model import "$golden/speechbrain" \
    -o "$TMP/half" --float16 --name "n $(printf '\033')[2J" --licence "CC0" --source here
expect_grep "name without control characters" '^name +n \\x1b\[2J$' "$TMP/stdout"
expect_grep "float16" 'float16' "$TMP/stdout"
expect_grep "licence" '^licence +CC0$' "$TMP/stdout"
expect_grep "source" '^source +here$' "$TMP/stdout"
expect_exit "training facts" 0 "$EARMARK" model info "$golden/float32.safetensors"
expect_grep "a training fact" '^  seed: 20261$' "$TMP/stdout"
expect_exit "training facts as JSON" 0 "$EARMARK" model info --json "$golden/float16.safetensors"
expect_grep "a training fact as JSON" '"training":\{"seed":20261,' "$TMP/stdout"

# ---- refusals
expect_exit "a checkpoint is no model" 1 "$EARMARK" model info "$golden/archive.ckpt"
expect_grep "what to do with a checkpoint" 'earmark model import FOLDER' "$TMP/stderr"
expect_exit "no such model" 1 "$EARMARK" model info "$TMP/absent"
expect_exit "no such folder" 1 "$EARMARK" model import "$TMP/absent" -o "$TMP/x"
expect_exit "a file for a folder" 1 "$EARMARK" model import "$golden/archive.ckpt" -o "$TMP/x"
expect_exit "a folder without a checkpoint" 1 "$EARMARK" model import "$golden" -o "$TMP/x"
expect_grep "the missing file is named" 'embedding_model.ckpt' "$TMP/stderr"
for kind in legacy protocol4 parameters module; do
    mkdir "$TMP/$kind"
    cp "$golden/$kind.ckpt" "$TMP/$kind/embedding_model.ckpt"
    expect_exit "$kind is refused" 1 "$EARMARK" model import "$TMP/$kind" -o "$TMP/x"
done
mkdir "$TMP/plain"
cp "$golden/archive.ckpt" "$TMP/plain/embedding_model.ckpt"
expect_exit "no hyperparams.yaml" 0 "$EARMARK" model import "$TMP/plain" -o "$TMP/plain.safetensors"
expect_grep "the default dilations are mentioned" 'default dilations' "$TMP/stderr"
sed 's/lin_neurons: .*/lin_neurons: 512/' "$golden/speechbrain/hyperparams.yaml" >"$TMP/plain/hyperparams.yaml"
expect_exit "a mismatch" 1 "$EARMARK" model import "$TMP/plain" -o "$TMP/x"
expect_grep "both sides of a mismatch" 'lin_neurons 512.* 6' "$TMP/stderr"
head -c 9000 "$golden/archive.ckpt" >"$TMP/plain/embedding_model.ckpt"
expect_exit "a truncated checkpoint" 1 "$EARMARK" model import "$TMP/plain" -o "$TMP/x"
head -c 5000 "$model" >"$TMP/short.safetensors"
expect_exit "a truncated model" 1 "$EARMARK" model info "$TMP/short.safetensors"
expect_exit "a folder that cannot be written" 1 "$EARMARK" model import "$golden/speechbrain" -o /nonexistent/x
expect_equal "nothing is left behind" "$(find "$TMP" -name x -o -name '*.part')" ""

# ---- the default model, found beside the program
mkdir -p "$TMP/prefix/bin" "$TMP/prefix/share/earmark" "$TMP/alone"
cp "$EARMARK" "$TMP/prefix/bin/earmark"
cp "$EARMARK" "$TMP/alone/earmark"
cp "$golden/float32.safetensors" "$TMP/prefix/share/earmark/default.safetensors"
expect_exit "the installed default model" 0 "$TMP/prefix/bin/earmark" model info
expect_grep "its path" "^model +.*/share/earmark/default.safetensors$" "$TMP/stdout"
expect_exit "no default model" 1 "$TMP/alone/earmark" model info
expect_grep "what to do without one" '\-\-model FILE' "$TMP/stderr"

# ---- the published weights: only the script's own part, from a local folder
fetch() { # URL SUMS
    EARMARK_VOXCELEB_URL=$1 EARMARK_VOXCELEB_SHA256=$2 sh models/fetch-voxceleb.sh "$TMP/fetched.safetensors"
}
sum_of() { sha256sum "$golden/speechbrain/$1" | cut -c 1-64; }
sums="$(sum_of embedding_model.ckpt) $(sum_of hyperparams.yaml)"
local_folder=file://$golden/speechbrain
expect_exit "fetched files that nobody confirmed" 1 fetch "$local_folder" ""
expect_grep "their sums are shown" "^SHA-256 of embedding_model.ckpt  ${sums% *}\$" "$TMP/stdout"
expect_grep "and how to confirm them" "EARMARK_VOXCELEB_SHA256='$sums' sh" "$TMP/stderr"
for wrong in "${sums% *} ${sums% *}" "${sums#* } ${sums#* }"; do
    expect_exit "another file than the one known" 1 fetch "$local_folder" "$wrong"
    expect_grep "it is said" 'not the sums of EARMARK_VOXCELEB_SHA256' "$TMP/stderr"
done
for wrong in "${sums% *}" "$sums 0" "${sums%?}" "${sums}g" x; do
    expect_exit "no two sums: $wrong" 1 fetch "$local_folder" "$wrong"
    expect_grep "it is said before anything is fetched" 'not two sums' "$TMP/stderr"
done
for url in "http://localhost/x" "ftp://localhost/x" "$golden/speechbrain" "file://localhost/x"; do
    expect_exit "not fetched: $url" 1 fetch "$url" "$sums"
    expect_grep "only https" 'neither https:// nor file:///' "$TMP/stderr"
done
check_fails "nothing was written" test -e "$TMP/fetched.safetensors"
expect_exit "fetch from a folder" 0 fetch "$local_folder" "$(printf '%s' "$sums" | tr a-f A-F)"
expect_grep "the licence is noted" '^licence +Apache-2.0$' "$TMP/stdout"
expect_file "the fetched model" "$TMP/fetched.safetensors"
expect_exit "fetch from nowhere" 1 fetch "file://$TMP/nowhere" "$sums"
expect_grep "what to do offline" 'earmark model import FOLDER' "$TMP/stderr"

# What curl is told, by one that answers with another file.
mkdir "$TMP/curl"
cat >"$TMP/curl/curl" <<'END'
#!/bin/sh
printf '%s\n' "$*" >>"$0.said"
while [ "$1" != -o ]; do shift; done
cp "$CURL_GIVES" "$2"
END
chmod +x "$TMP/curl/curl"
export CURL_GIVES=$golden/speechbrain/hyperparams.yaml
PATH=$TMP/curl:$PATH expect_exit "a host that gives other files" 1 fetch https://mirror.invalid/x "$sums"
expect_grep "is refused" 'Nothing is imported|you know' "$TMP/stderr"
expect_lines "both files were asked for" 2 "$TMP/curl/curl.said"
expect_equal "each without .curlrc, with redirections to https only" \
    "$(grep -c '^-q --proto =https --proto-redir =https .*https://mirror.invalid/x/' "$TMP/curl/curl.said")" 2
