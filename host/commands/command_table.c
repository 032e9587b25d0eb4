#include "host/commands/command_table.h"

#include <string.h>

static const struct command_row rows[] = {
    {
        .bit = COMMAND_AUDIT,
        .name = "audit",
        .summary = "Ranks the clips whose label is probably wrong.",
        .usage = "INPUT -o OUT [OPTIONS]",
        .argument = "INPUT",
        .required = true,
        .examples = {"earmark audit recordings -o out",
                     "earmark audit list.csv -o out --label-column species"},
        .used = {"output", "label-pattern", "label-column", "group", "device"},
        .details =
            "Every clip is embedded by the model; a classifier that was trained without the clip "
            "then judges its label. A run that was stopped continues when the same command is "
            "given again.\n"
            "Files written into OUT:\n"
            "report.html\tthe page to listen through\n"
            "issues.csv\tflagged clips, worst first: given and suggested label, scores, whether "
            "the clip fits none of the classes, whether the error is certain (the same sound has "
            "another label), what each view of the sound says, the five most similar clips; "
            "issues.jsonl has the same\n"
            "annotations.csv\twith --label-separator: which labels are wrong or missing\n"
            "clips.csv\tevery clip with its status and its audio faults\n"
            "classes.csv\thealth of every class\n"
            "group_errors.csv\twith --group: groups with many labels that look wrong\n"
            "overlapping_classes.csv\tpairs of classes that are confused\n"
            "confident_joint.csv\tcounts of given against probable labels\n"
            "embeddings.npy\tfloat32, a row for each audited clip; statistics.npy (the second "
            "view), labels.npy and pred_probs.npy have the same rows\n"
            "scores.npy\tfloat32, for the same rows: low is suspicious, in the order of "
            "issues.csv\n"
            "classes.json\tthe names of the classes, sorted\n"
            "run.json\tsettings, versions, counts, how many labels are wrong; timing.json: seconds "
            "of each stage",
    },
    {
        .bit = COMMAND_DETECT,
        .name = "detect",
        .summary = "Ranks the rows of embeddings whose label is probably wrong.",
        .usage = "--embeddings E.npy --labels Y.npy -o OUT [OPTIONS]",
        .examples = {"earmark detect --embeddings wavlm.npy --labels Y.npy -o out",
                     "earmark detect --embeddings E.npy --labels Y.npy --groups G.npy -o out"},
        .used = {"embeddings", "labels", "output", "groups", "unlabelled"},
        .details =
            "The audit without audio, on the embeddings of any model. Each file of --embeddings is "
            "a view: it has estimators of its own, and the views are mixed by how well they "
            "predict "
            "the labels. The arrays that earmark audit wrote give the list of that audit.\n"
            "Files written into OUT:\n"
            "report.html\tthe page, without sounds\n"
            "issues.csv\tflagged rows, worst first; issues.jsonl has the same\n"
            "clips.csv\tevery row with its status\n"
            "classes.csv\thealth of every class\n"
            "overlapping_classes.csv\tpairs of classes that are confused\n"
            "confident_joint.csv\tcounts of given against probable labels\n"
            "scores.npy\tfloat32 (rows): low is suspicious; labels.npy and pred_probs.npy have the "
            "same rows, rows.npy their numbers in E.npy\n"
            "classes.json\tthe values of the labels, sorted\n"
            "run.json\tsettings, counts, what was chosen",
    },
    {
        .bit = COMMAND_EMBED,
        .name = "embed",
        .summary = "Computes only the embeddings of the clips.",
        .usage = "INPUT -o OUT [OPTIONS]",
        .argument = "INPUT",
        .required = true,
        .examples = {"earmark embed recordings -o out",
                     "earmark embed list.csv -o out --device cuda --precision tf32"},
        .used = {"output", "label-pattern", "label-column", "model", "device"},
        .details =
            "Files written into OUT:\n"
            "embeddings.npy\tfloat32, a row for each clip that could be read\n"
            "statistics.npy\tfloat32 (rows, 87), for the same rows: mean and deviation of 24 mels "
            "in dB (48), envelope (19), shape of the spectrum (20); not with --views xvector\n"
            "labels.npy\tint64, for the same rows: indexes into classes.json, or -1 without a "
            "label. With --label-separator int8 (rows, labels): 0 and 1, or -1 in a whole row "
            "without a label column\n"
            "classes.json\tthe names of the classes, sorted\n"
            "clips.csv\tevery clip: status, row in the arrays (array_row), audio faults; near "
            "duplicates are found by earmark audit only\n"
            "run.json\tsettings, versions, counts\n"
            "earmark crossval reads embeddings.npy and labels.npy.",
    },
    {
        .bit = COMMAND_CROSSVAL,
        .name = "crossval",
        .summary = "Computes out-of-sample probabilities from embeddings.",
        .usage = "--embeddings E.npy --labels Y.npy -o OUT [OPTIONS]",
        .examples = {"earmark crossval --embeddings E.npy --labels Y.npy -o out",
                     "earmark crossval --embeddings E.npy --labels Y.npy -o out --groups G.npy"},
        .used = {"embeddings", "labels", "output", "folds", "C"},
        .details =
            "Every row is judged by a classifier that was trained on the other folds. Rows of "
            "classes with fewer rows than folds, and rows whose label is in one fold only, are "
            "left out.\n"
            "With --multi-label every class is judged against the rest: one binary regression for "
            "each class, one C for all. Classes are left out in place of rows, labels.npy is int8 "
            "(rows, classes), and rows are shuffled by --seed before they are dealt to folds.\n"
            "Files written into OUT:\n"
            "pred_probs.npy\tfloat32 (rows, classes)\n"
            "labels.npy\tint64 (rows): columns of pred_probs.npy\n"
            "folds.npy\tint32 (rows): the fold that held the row out\n"
            "rows.npy\tint64 (rows): row numbers in E.npy\n"
            "classes.json\tthe values of the labels, in the order of the columns\n"
            "not_auditable.csv\tthe rows left out: row, label, reason\n"
            "crossval.json\tsettings, the chosen C, how every fit ended\n"
            "earmark issues reads labels.npy and pred_probs.npy.",
    },
    {
        .bit = COMMAND_ISSUES,
        .name = "issues",
        .summary = "Finds wrong labels from out-of-sample probabilities.",
        .usage = "--labels Y.npy --pred-probs P.npy [-o OUT] [OPTIONS]",
        .examples = {"earmark issues --labels Y.npy --pred-probs P.npy",
                     "earmark issues --labels Y.npy --pred-probs P.npy -o out --filter both"},
        .used = {"labels", "pred-probs", "output", "filter", "multi-label"},
        .details =
            "The method is that of cleanlab's find_label_issues. Without -o the numbers of the "
            "flagged rows are printed (from 0), worst first, one a line. The arrays are mapped "
            "and may be larger than memory.\n"
            "Files written into OUT:\n"
            "issues.csv\tflagged rows, worst first; issues.jsonl has the same; with --multi-label "
            "annotations.csv: which classes of which rows\n"
            "issues.npy\tthe ranked row numbers\n"
            "mask.npy\t1 for each flagged row\n"
            "scores.npy\tthe score of every row\n"
            "classes.csv\thealth of every class\n"
            "overlapping_classes.csv\tpairs of classes that are confused\n"
            "confident_joint.csv\tcounts of given against probable labels; confident_joint.npy "
            "has the same\n"
            "thresholds.npy\tthe threshold of each class\n"
            "health.json\toverall health and counts",
    },
    {
        .bit = COMMAND_REPORT,
        .name = "report",
        .summary = "Makes the page of a finished run again.",
        .usage = "OUT [OPTIONS]",
        .argument = "OUT",
        .required = true,
        .examples = {"earmark report out", "earmark report out --root /new/place/of/the/clips"},
        .used = {"root", "threads", "quiet", "help"},
        .details =
            "OUT is a folder that earmark audit wrote. run.json, classes.json and issues.jsonl "
            "are needed; clips.csv, classes.csv, overlapping_classes.csv, confident_joint.csv and "
            "group_errors.csv are used if they exist. The first 200 clips of the ranking are "
            "decoded again, so that they can be played in the page; a clip whose file no longer "
            "exists is shown without its sound. Only OUT/report.html is written.",
    },
    {
        .bit = COMMAND_IMPORT,
        .name = "model import",
        .summary = "Makes a model file from a SpeechBrain x-vector.",
        .usage = "DIR -o FILE [OPTIONS]",
        .argument = "DIR",
        .required = true,
        .examples = {"earmark model import pretrained/spkrec-xvect -o voxceleb.safetensors",
                     "earmark model import DIR -o small.safetensors --float16"},
        .used = {"output", "name", "licence", "source", "float16"},
        .details =
            "DIR has embedding_model.ckpt and, preferably, hyperparams.yaml. The shapes of the "
            "tensors decide the architecture; hyperparams.yaml is checked against them and gives "
            "the dilations (without it: 1,2,3,1,1 for five blocks). The checkpoint is read as "
            "data only: nothing in it is executed. Use the result with --model FILE.",
    },
    {
        .bit = COMMAND_MODEL_INFO,
        .name = "model info",
        .summary = "Describes a model file, or the default model.",
        .usage = "[FILE] [OPTIONS]",
        .argument = "FILE",
        .examples = {"earmark model info", "earmark model info voxceleb.safetensors --json"},
        .used = {"json", "help"},
        .details = "Prints architecture, parameters, type, licence, training data, operations per "
                   "frame and hash.",
    },
    {
        .bit = COMMAND_BENCH,
        .name = "bench",
        .summary = "Compares each stage with matrix products on this machine.",
        .usage = "[STAGE] [OPTIONS]",
        .argument = "STAGE",
        .examples = {"earmark bench", "earmark bench network --threads 1"},
        .used = {"clips", "seconds", "device", "threads", "json"},
        .details =
            "STAGE is gemm, resample, features, network, pooling, crossval or issues; without it "
            "all are measured. The data are synthetic. Speeds in useful operations a second are "
            "compared with a float32 matrix product (2,048 cubed, best of five); the fastest "
            "repeat counts. crossval: 20,000 x 512, 10 classes, 5 folds, tolerance 1e-4; issues: "
            "200,000 x 100.",
    },
    {
        .bit = COMMAND_INFO,
        .name = "info",
        .summary = "Shows versions, devices, the sandbox and the default model.",
        .usage = "",
        .examples = {"earmark info", "earmark info | grep device"},
        .used = {"help"},
        .details = "Prints earmark's version, the libraries it uses, the devices it can compute "
                   "on, what --device auto takes, what this kernel has to shut in the processes "
                   "that decode, and the default model.",
    },
};

const struct command_row *command_row(size_t index) {
    return index < sizeof rows / sizeof rows[0] ? &rows[index] : NULL;
}

const struct command_row *command_find(const char *name) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, name) == 0) return &rows[i];
    return NULL;
}

static const struct exit_code_row exit_codes[] = {
    {"0", "done", COMMAND_ALL},
    {"1", "failed; the message says why", COMMAND_ALL},
    {"2", "wrong usage", COMMAND_ALL},
    {"3", "done, but some clips could not be read", COMMAND_AUDIT | COMMAND_EMBED},
    {"4", "issues were found (with --fail-on-issues)",
     COMMAND_AUDIT | COMMAND_DETECT | COMMAND_ISSUES},
    {"75", "stopped by INT, TERM or USR1, or the GPU was lost; finished work is safe",
     COMMAND_AUDIT | COMMAND_DETECT | COMMAND_EMBED | COMMAND_CROSSVAL | COMMAND_REPORT |
         COMMAND_BENCH},
    {"128 + N", "ended at once by a second signal, N",
     COMMAND_AUDIT | COMMAND_DETECT | COMMAND_EMBED | COMMAND_CROSSVAL | COMMAND_REPORT |
         COMMAND_BENCH},
};

const struct exit_code_row *exit_code_row(size_t index) {
    return index < sizeof exit_codes / sizeof exit_codes[0] ? &exit_codes[index] : NULL;
}
