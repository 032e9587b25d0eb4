"""Decisions of three reviewers on 60 clips, and what scikit-learn says of their agreement.

    python tests/golden/agreement/make_agreement.py        (scikit-learn 1.x)

Writes a run's files (clips.csv, classes.json, issues.jsonl, run.json), decisions-NAME.jsonl and
expected.txt: a line "ONE OTHER COMMON AGREED KAPPA" for each pair, and the rows in conflict.
"""
import json
import pathlib
import random

from sklearn.metrics import cohen_kappa_score

place = pathlib.Path(__file__).parent
draw = random.Random(20261201)
clips = [(f"{row % 10}/clip{row}.wav", str(row % 10), 0.25 * (1 + row % 7)) for row in range(60)]


def write(name, lines):
    (place / name).write_text("".join(line + "\n" for line in lines))


write("clips.csv", ["row,id,path,label,status,reason,start,duration"]
      + [f"{row},{path},{path},{label},ok,,0,{seconds}"
         for row, (path, label, seconds) in enumerate(clips)])
write("classes.json", [json.dumps([str(k) for k in range(10)])])
write("issues.jsonl", [])
write("run.json", [json.dumps({"format": 1, "source": "s", "root": "/nowhere",
                               "counts": {"clips": 60, "ok": 60, "issues": 0}})])

# What each would say, and on which clips; cleo knows few of them.
truth = [draw.choice(["keep", "keep", "relabel", "exclude", "unsure"]) for _ in clips]
reviewers = {"anna": (0.9, range(60)), "bob": (0.7, range(10, 60)), "cleo": (0.4, range(0, 25))}
answers = {}
for name, (skill, rows) in reviewers.items():
    lines = []
    answers[name] = {}
    for row in rows:
        path, given, seconds = clips[row]
        decision = truth[row] if draw.random() < skill else draw.choice(["keep", "relabel"])
        label = str((row + (1 if draw.random() < 0.8 else 2)) % 10)
        line = {"v": 1, "run": "0123456789abcdef", "row": row, "id": path, "path": path, "start": 0,
                "end": seconds, "given": given, "suggested": str((row + 1) % 10),
                "decision": decision, "label": label if decision == "relabel" else None, "by": name,
                "at": f"2026-11-29T19:{row:02}:11Z", "heard": 1, "bulk": False, "note": ""}
        if row % 11 == 3:  # decided otherwise before
            lines.append(json.dumps(dict(line, decision="unsure", label=None)))
        lines.append(json.dumps(line))
        if row % 17 == 12:  # taken back
            lines.append(json.dumps(dict(line, decision="undo", label=None)))
        elif row == 40:  # the data set has another label
            lines[-1] = json.dumps(dict(line, given="x"))
        else:
            answers[name][row] = f"relabel {label}" if decision == "relabel" else decision
    write(f"decisions-{name}.jsonl", lines)

expected = []
names = sorted(answers)
for i, one in enumerate(names):
    for other in names[i + 1:]:
        common = sorted(set(answers[one]) & set(answers[other]))
        first = [answers[one][row] for row in common]
        second = [answers[other][row] for row in common]
        agreed = sum(a == b for a, b in zip(first, second))
        expected.append(f"{one} {other} {len(common)} {agreed} "
                        f"{cohen_kappa_score(first, second):.9f}")
conflicts = [row for row in range(60)
             if len({answers[name][row] for name in names if row in answers[name]}) > 1]
expected.append("conflicts " + " ".join(map(str, conflicts)))
write("expected.txt", expected)
