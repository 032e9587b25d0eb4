# Makes the tables of bench/detection.sh from its runs.tsv: average precision, a row for
# each set, kind of errors and way of dealing folds and a column for each detector; then all
# figures, a row for each of these and detector. Rows and columns are in the order of their
# first runs. Figures are means over seeds, some with the least and the most.
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
    cell = value("set") " | " errors " | " value("folds")
    row = cell " | " value("detector")
    if (!(cell in seen)) cells[++cell_count] = cell
    if (!(value("detector") in seen)) detectors[++detector_count] = value("detector")
    if (!(row in runs)) order[++rows] = row
    seen[cell] = seen[value("detector")] = 1
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

# Average precision by detector; the last row has means of the cells in which all of them ran.
function compare(    i, d, line, whole, all, total) {
    line = "| set | errors | folds |"
    for (d = 1; d <= detector_count; d++) line = line " " detectors[d] " |"
    print line
    gsub(/[^|]+/, "---", line)
    print line
    for (i = 1; i <= cell_count; i++) {
        line = "| " cells[i] " |"
        whole = 1
        for (d = 1; d <= detector_count; d++) {
            row = cells[i] " | " detectors[d]
            line = line " " spread(row, "average_precision") " |"
            if (!(row in runs)) whole = 0
        }
        print line
        if (!whole) continue
        all++
        for (d = 1; d <= detector_count; d++) {
            row = cells[i] " | " detectors[d]
            total[d] += sum[row, "average_precision"] / count[row, "average_precision"]
        }
    }
    line = "| mean of " all + 0 " | | |"
    for (d = 1; d <= detector_count; d++) line = line (all ? sprintf(" %.3f |", total[d] / all) : " - |")
    print line
}

END {
    print "Average precision\n"
    compare()
    print "\nAll figures\n"
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
