# Makes the tables of bench/detection.sh from its runs.tsv: a row for each set, kind of
# errors, way of dealing folds and detector, in the order of their first runs; figures are
# means over seeds, average precision and F1 with the least and the most.
BEGIN { FS = "\t" }

NR == 1 {
    for (i = 1; i <= NF; i++) {
        heading[i] = $i
        column[$i] = i
    }
    next
}

function value(name) { return $(column[name]) }

function add(row, name,    x) {
    x = value(name)
    if (x == "-") return
    if (!((row, name) in count) || x + 0 < least[row, name]) least[row, name] = x + 0
    if (!((row, name) in count) || x + 0 > most[row, name]) most[row, name] = x + 0
    sum[row, name] += x
    count[row, name]++
}

{
    errors = value("errors") == "groups" ? "whole groups, " value("amount") " cells" : \
        (value("errors") == "vocabulary" ? "out of vocabulary" : value("errors")) " " value("amount") "%"
    row = value("set") " | " errors " | " value("folds") " | " value("detector")
    if (!(row in runs)) order[++rows] = row
    runs[row]++
    for (i = column["rows"]; i <= NF; i++) add(row, heading[i])
}

function mean(row, name, digits) {
    if (!((row, name) in count)) return "-"
    return sprintf("%." digits "f", sum[row, name] / count[row, name])
}

function spread(row, name) {
    if (!((row, name) in count)) return "-"
    if (count[row, name] == 1) return mean(row, name, 3)
    return sprintf("%.3f (%.3f to %.3f)", sum[row, name] / count[row, name], least[row, name], most[row, name])
}

function held(row) {
    if (!((row, "count_held") in count)) return "-"
    return sum[row, "count_held"] " of " count[row, "count_held"]
}

END {
    print "| set | errors | folds | detector | seeds | planted | average precision | in as many | F1 | flagged / planted | count off by | interval holds |"
    print "|---|---|---|---|---|---|---|---|---|---|---|---|"
    for (i = 1; i <= rows; i++) {
        row = order[i]
        printf "| %s | %d | %s | %s | %s | %s | %s | %s | %s |\n", row, runs[row], mean(row, "planted", 0), \
            spread(row, "average_precision"), mean(row, "within_budget", 2), spread(row, "F1"), \
            mean(row, "flagged_per_planted", 2), mean(row, "count_error", 2), held(row)
    }
    print ""
    print "Means over seeds; in brackets the least and the most. In as many: the share of the planted errors among"
    print "the first clips of the list, as many as there are errors. Count: the run's estimate of the errors, by how"
    print "much of their number it is off, and how often its 95% interval holds it."
}
