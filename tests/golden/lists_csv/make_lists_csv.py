#!/usr/bin/env python3
"""Makes lists as pandas and other programs write them, with the paths and labels that pandas reads from them.

Makes, in this folder:

  lists.tsv   a line a list: its name, the column of the path, the column of the label ("-": not named)
  <name>      the list
  <name>.rows the reference: a line "path|label" a row, as pandas reads the list: with its defaults, with
              quoting=QUOTE_NONE where quotes are no quotes, with skipinitialspace where cells begin with spaces,
              and with names where the list has none

usage: python make_lists_csv.py
    (pandas 3.1.1; it warns of the cells of longer_rows.csv)
"""
import csv
import os

import pandas

HERE = os.path.dirname(os.path.abspath(__file__))
LABELS = ["dog", 'he said "no"', "a, b", "a\tb", "two\nlines", "x;y|z", "caf\u00e9 \U0001f3b5", " spaced ", "#tag", "'quoted'"]
table = []


def frame():
    return pandas.DataFrame(
        {"speaker": [f"s{i % 3}" for i in range(len(LABELS))],
         "path": [f"clips/{i}.wav" for i in range(len(LABELS))],
         "text": [f'line {i}, "{word}"' for i, word in enumerate(LABELS)],
         "label": LABELS})


def keep(name, read, path="-", label="-"):
    """Reads the list back and writes the reference."""
    rows = read(os.path.join(HERE, name))
    paths = rows["path" if path == "-" else path]
    labels = rows["label" if label == "-" else label]
    with open(os.path.join(HERE, name + ".rows"), "w", encoding="utf-8", newline="") as out:
        for one, other in zip(paths, labels):
            out.write(f"{one}|{other}\n")
    table.append((name, path, label))


def written(name, **options):
    """A list that pandas writes, with every kind of cell."""
    reading = {key: options[key] for key in ("sep", "encoding", "compression") if key in options}
    frame().to_csv(os.path.join(HERE, name), index=False, **options)
    keep(name, lambda path: pandas.read_csv(path, dtype=str, keep_default_na=False, **reading))


def text(name, content, path="-", label="-", **reading):
    """A list that another program writes."""
    with open(os.path.join(HERE, name), "w", encoding="utf-8", newline="") as out:
        out.write(content)
    keep(name, lambda file: pandas.read_csv(file, dtype=str, keep_default_na=False, **reading), path, label)


written("commas.csv")
written("tabs.tsv", sep="\t")
written("all_quoted.csv", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
written("all_quoted.tsv", quoting=csv.QUOTE_ALL, sep="\t")
written("semicolons.csv", sep=";")
written("tabs.csv", sep="\t")
written("commas.tsv", sep=",")
written("pipes.psv", sep="|")
written("mark.csv", encoding="utf-8-sig")
written("utf16.txt", sep="\t", encoding="utf-16")
written("utf16_be.csv", encoding="utf-16-be")
written("utf16.csv.gz", sep=";", encoding="utf-16-le", compression={"method": "gzip", "mtime": 1})

# Common Voice: its sentences are not quoted, and begin with a quote now and then.
SENTENCES = ['"Stop, he said', "He said the word.", '"No," he said.', 'She said "no"', '"And he went', 'home"', '""', '"',
             '"Stop', "the end"]
text("common_voice.tsv",
     "client_id\tpath\tsentence\tup_votes\taccents\n" +
     "".join(f"spk{i % 3}\tcv_{i}.mp3\t{sentence}\t2\taccent{i % 2}\n" for i, sentence in enumerate(SENTENCES)),
     label="accents", sep="\t", quoting=csv.QUOTE_NONE)
text("stray.csv",
     "path,label,sentence\n" +
     "".join(f'{i}.flac,w{i % 2},{sentence.replace(",", "")}\n' for i, sentence in enumerate(SENTENCES)),
     quoting=csv.QUOTE_NONE)

# AudioSet: three lines of comments, the last of which names the columns, and quotes after spaces.
text("audioset.csv",
     "# Segments csv created Sun Mar  5 10:54:31 2017\n"
     "# num_ytids=4, num_segs=4, num_unique_labels=3, num_positive_labels=6\n"
     "# YTID, start_seconds, end_seconds, positive_labels\n"
     '--4gqARaEJE, 0.000, 10.000, "/m/068hy,/m/07q6cd_"\n'
     '--BfvyPmVMo, 20.000, 30.000, "/m/03l9g"\n'
     '-0RWZT-miFs, 420.000, 430.000, "/m/03v3yw,/m/0k4j"\n',
     path="YTID", label="positive_labels", skiprows=3, skipinitialspace=True,
     names=["YTID", "start_seconds", "end_seconds", "positive_labels"])

text("no_header.csv", "a/1.wav,dog\na/2.wav,cat\n\"a,3.wav\",\"cat, big\"\n", header=None, names=["path", "label"])
text("no_header.txt", "dog\ta/1.wav\ncat\ta/2.wav\n", header=None, names=["label", "path"], sep="\t")
text("returns.csv", "path,label\ra.wav,dog\rb.wav,cat\r", lineterminator="\r")
text("trailing.csv", "path,label,\na.wav,dog,\nb.wav,cat,\n")
text("longer_rows.csv", "path,label\na.wav,dog,\nb.wav,cat,\n", index_col=False)

with open(os.path.join(HERE, "lists.tsv"), "w", encoding="utf-8") as out:
    for row in table:
        out.write("\t".join(row) + "\n")
