# awk -f bench/model_tables.awk TARGETS RESULTS: prints a model's figures as Markdown tables.
#
# RESULTS has the lines of bench/model_check.sh, tab-separated: data, task, figure,
# network (model or random), value; the values of one cell are averaged. TARGETS has
# lines of data, task, figure, "at least" or "at most", and a number.
BEGIN { FS = "\t" }

FNR == NR {
    target[++targets] = $1 FS $2 FS $3
    sense[targets] = $4
    bound[targets] = $5
    next
}

{
    row = $1 FS $2
    cell = row FS $3
    place = cell FS $4
    if (!(row in seen)) { seen[row] = 1; rows[++row_count] = row }
    if (!(cell in seen)) { seen[cell] = 1; cells[++cell_count] = cell; note_strength(cell) }
    if (!(place in count) || $5 < least[place]) least[place] = $5
    if (!(place in count) || $5 > most[place]) most[place] = $5
    count[place]++
    sum[place] += $5
}

# Figures at a single C are named "FIGURE at C 0.001".
function note_strength(cell,  parts) {
    if (split(cell, parts, " at C ") < 2) return
    if (!(parts[1] in base_seen)) { base_seen[parts[1]] = 1; bases[++base_count] = parts[1] }
    if (!(parts[2] in strength_seen)) {
        strength_seen[parts[2]] = 1
        strengths[++strength_count] = parts[2]
    }
}

function at_strength(cell, j) { return cell " at C " strengths[j] }

function mean(cell, network) { return sum[cell FS network] / count[cell FS network] }

function measured(cell, network) { return (cell FS network) in count }

# "0.912", or a dash.
function show(cell, network) {
    return measured(cell, network) ? sprintf("%.3f", mean(cell, network)) : "-"
}

# "0.912 (0.901 to 0.923)".
function show_spread(cell, network,  place) {
    place = cell FS network
    if (!measured(cell, network) || count[place] < 2) return show(cell, network)
    return sprintf("%s (%.3f to %.3f)", show(cell, network), least[place], most[place])
}

# The first cell of a row whose figure's name begins with `figure`.
function find(row, figure,  i) {
    for (i = 1; i <= cell_count; i++)
        if (index(cells[i], row FS figure) == 1) return cells[i]
    return ""
}

function name(key,  parts) {
    split(key, parts, FS)
    return parts[1] ", " parts[2] ": " parts[3]
}

function accuracy_table(  i, cell, parts) {
    print "\n### Accuracy (mean; least to most)\n"
    print "| data | what, five folds | model | random weights |"
    print "|---|---|---|---|"
    for (i = 1; i <= row_count; i++) {
        cell = rows[i] FS "accuracy"
        if (!(cell in seen)) continue
        split(rows[i], parts, FS)
        printf "| %s | %s | %s | %s |\n", parts[1], parts[2], show_spread(cell, "model"),
            show_spread(cell, "random")
    }
}

function error_row(row, network, title,  parts, ranked, i) {
    ranked = find(row, "precision at recall ")
    split(row, parts, FS)
    printf "| %s | %s | %s | %s | %s at %s", parts[1], parts[2], title,
        show_spread(row FS "average precision", network), show(ranked, network),
        substr(ranked, length(row FS "precision at recall ") + 1)
    for (i = 1; i <= flagged_count; i++) printf " | %s", show(row FS flagged[i], network)
    print " |"
}

function error_table(  i, heading, line) {
    flagged_count = split("prune_by_noise_rate: precision;prune_by_noise_rate: recall;" \
        "prune_by_noise_rate: F1;confident_learning: precision;confident_learning: recall;" \
        "confident_learning: F1", flagged, ";")
    print "\n### Planted errors, shuffled five folds (mean; least to most)\n"
    print "`prune_by_noise_rate` is the default filter of `earmark issues`.\n"
    heading = "| data | errors | network | average precision | precision at recall"
    line = "|---|---|---|---|---"
    for (i = 1; i <= flagged_count; i++) {
        heading = heading " | " flagged[i]
        line = line "|---"
    }
    print heading " |"
    print line "|"
    for (i = 1; i <= row_count; i++) {
        if (!((rows[i] FS "average precision") in seen)) continue
        error_row(rows[i], "model", "model")
        error_row(rows[i], "random", "random weights")
    }
}

function strength_table(  i, j, n, networks, parts, heading, line) {
    if (!base_count) return
    split("model random", networks, " ")
    print "\n### The same at every C of the default grid, C as given\n"
    heading = "| data | errors | figure | network"
    line = "|---|---|---|---"
    for (j = 1; j <= strength_count; j++) {
        heading = heading " | " strengths[j]
        line = line "|---"
    }
    print heading " |"
    print line "|"
    for (i = 1; i <= base_count; i++) {
        split(bases[i], parts, FS)
        for (n = 1; n <= 2; n++) {
            printf "| %s | %s | %s | %s", parts[1], parts[2], parts[3],
                networks[n] == "model" ? "model" : "random weights"
            for (j = 1; j <= strength_count; j++)
                printf " | %s", show(at_strength(bases[i], j), networks[n])
            print " |"
        }
    }
}

# "0.921 at C 0.001": the model's largest mean of a figure over the grid, or a dash.
function show_best(cell,  j, at, best) {
    for (j = 1; j <= strength_count; j++) {
        at = at_strength(cell, j)
        if (measured(at, "model") && (best == "" || mean(at, "model") > mean(best, "model"))) best = at
    }
    return best == "" ? "-" : show(best, "model") substr(best, length(cell) + 1)
}

function verdict(t) {
    if (!measured(target[t], "model")) return "not measured"
    if (sense[t] == "at least") return mean(target[t], "model") >= bound[t] ? "met" : "missed"
    return mean(target[t], "model") <= bound[t] ? "met" : "missed"
}

function target_table(  t) {
    print "\n### Targets\n"
    print "| figure | target | C by log-loss | | best C of the grid |"
    print "|---|---|---|---|---|"
    for (t = 1; t <= targets; t++)
        printf "| %s | %s %s | %s | %s | %s |\n", name(target[t]), sense[t], bound[t],
            show(target[t], "model"), verdict(t), show_best(target[t])
}

function list_not_better(  i, found) {
    print "\n### Cells where the model is not better than random weights\n"
    for (i = 1; i <= cell_count; i++) {
        if (!measured(cells[i], "model") || !measured(cells[i], "random")) continue
        if (mean(cells[i], "model") > mean(cells[i], "random")) continue
        found = 1
        printf "- %s: %s, random weights %s\n", name(cells[i]), show(cells[i], "model"),
            show(cells[i], "random")
    }
    if (!found) print "None."
}

END {
    accuracy_table()
    error_table()
    strength_table()
    target_table()
    list_not_better()
}
