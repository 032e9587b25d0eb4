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
            "earmark crossval reads embeddings.npy and labels.npy. With --shard I/N only "
            "OUT/shards/part-I-of-N is written; the clips of a shard that cannot be read do not "
            "make it fail, and the same command again does only what is missing or has changed.",
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
        .bit = COMMAND_SLURM,
        .name = "slurm",
        .summary = "Prints, or submits, an audit in many tasks of Slurm.",
        .usage = "INPUT -o OUT --tasks N [OPTIONS]",
        .argument = "INPUT",
        .required = true,
        .passes = COMMAND_AUDIT | COMMAND_EMBED,
        .examples = {"earmark slurm corpus -o out --tasks 32 --gpus-per-task 1 >jobs.sh",
                     "earmark slurm corpus -o out --tasks 32 --time 4:00:00 --submit"},
        .used = {"output", "tasks", "gpus-per-task", "time", "submit"},
        .details =
            "bash jobs.sh, or --submit, submits an array job, whose tasks embed a part of INPUT "
            "each, and a job after it that audits them (earmark audit --from-shards), and prints "
            "their numbers. OUT must be on a file system that all nodes share; OUT/slurm has the "
            "logs.\n"
            "A task that is stopped by its time limit, or killed, commits what it has and goes "
            "back into the queue, at most 3 times in a row without progress. After a task that "
            "failed for good the second job says which shards are missing. Both scripts are "
            "plain bash, made to be read and edited.",
    },
    {
        .bit = COMMAND_KUBERNETES,
        .name = "kubernetes",
        .summary = "Prints the manifests of an audit on Kubernetes.",
        .usage = "INPUT -o OUT --tasks N [OPTIONS]",
        .argument = "INPUT",
        .required = true,
        .passes = COMMAND_AUDIT | COMMAND_EMBED,
        .examples = {"earmark kubernetes /data/corpus -o /data/out --tasks 32 --volume data:/data",
                     "earmark kubernetes /data/corpus -o /data/out --tasks 8 --gpus-per-task 1"},
        .used = {"output", "tasks", "gpus-per-task", "image", "volume"},
        .details =
            "The first is an Indexed Job, whose indexes embed a part of INPUT each; the second "
            "audits them. It is created suspended: the first lines say how it is started. Paths "
            "are those that the pods see. A pod that is stopped or evicted is started again and "
            "goes on; other failures are repeated at most 3 times for each index.",
    },
    {
        .bit = COMMAND_PARALLEL,
        .name = "parallel",
        .summary = "Prints an audit on plain servers, with GNU parallel.",
        .usage = "INPUT -o OUT --tasks N [OPTIONS]",
        .argument = "INPUT",
        .required = true,
        .passes = COMMAND_AUDIT | COMMAND_EMBED,
        .examples = {"earmark parallel corpus -o out --tasks 32 --sshlogin a,b,c | bash",
                     "earmark parallel corpus -o out --tasks 8 --jobs 2 >jobs.sh"},
        .used = {"output", "tasks", "sshlogin", "jobs", "program"},
        .details =
            "Each task embeds a part of INPUT on a server that is free; then the audit follows on "
            "this machine. INPUT, OUT and earmark must have the same path everywhere. Tasks that "
            "fail are tried again on other servers; the same lines, started again, go on where "
            "they were. A task uses the processors and a GPU of its server (--threads, --device), "
            "with --device cuda:all every GPU.",
    },
    {
        .bit = COMMAND_REPORT,
        .name = "report",
        .summary = "Makes the page of a finished run again, or exports its issues.",
        .usage = "OUT [OPTIONS]",
        .argument = "OUT",
        .required = true,
        .examples = {"earmark report out --root /new/place/of/the/clips",
                     "earmark report out --export audacity"},
        .used = {"root", "export", "threads", "quiet", "help"},
        .details =
            "OUT is a folder that earmark audit wrote. run.json, classes.json and issues.jsonl "
            "are needed; clips.csv, classes.csv, overlapping_classes.csv, confident_joint.csv and "
            "group_errors.csv are used if they exist. The first 200 clips of the ranking are "
            "decoded again, so that they can be played in the page; a clip whose file no longer "
            "exists is shown without its sound. Only OUT/report.html is written.\n"
            "With --export a folder of OUT is written instead: audacity, a label track for each "
            "sound file (File > Import > Labels); raven, a selection table for each sound file; "
            "label-studio, tasks.json with the suggested labels as predictions and config.xml, "
            "the labelling interface, for Label Studio that serves the folder of the clips as "
            "local files.",
    },
    {
        .bit = COMMAND_REVIEW,
        .name = "review",
        .summary = "Serves a run to a browser: listen, decide, go on.",
        .usage = "OUT [OPTIONS]",
        .argument = "OUT",
        .required = true,
        .examples = {"earmark review out", "earmark review out --as anna --port 8500"},
        .used = {"as", "port", "root", "conflicts", "help"},
        .details =
            "OUT is a folder that earmark audit wrote. The address that is printed opens the list "
            "of issues, whose clips are played at their full rate, in a browser on this computer; "
            "it has a secret, new at each start. From another computer, give there the ssh command "
            "that is printed first. Nobody but this computer is answered, and nothing without the "
            "secret. Control-C ends it, with "
            "exit code 0.\n"
            "Each decision is a line of OUT/decisions-NAME.jsonl, and on the disk before the page "
            "says that it is saved: the next review goes on from there. The labels of the data set "
            "stay as they are. Only that file is written, and OUT is locked: no run can change it "
            "meanwhile.",
    },
    {
        .bit = COMMAND_DIFF,
        .name = "diff",
        .summary = "Compares two runs: labels fixed, issues new, gone, reopened.",
        .usage = "OLD NEW [OPTIONS]",
        .argument = "OLD",
        .second = "NEW",
        .required = true,
        .examples = {"earmark diff out/monday out/tuesday",
                     "earmark diff last-night tonight --fail-on-new --json"},
        .used = {"fail-on-new", "json", "quiet", "help"},
        .details =
            "OLD and NEW are folders that earmark audit or earmark detect wrote; nothing is "
            "written into them. A clip is recognised by its id (in runs of detect by its row); a "
            "file that was moved or renamed, by its sound. Lists:\n"
            "fixed\tflagged in OLD, has another label in NEW and is not flagged there\n"
            "new\tflagged in NEW and not in OLD\n"
            "reopened\tflagged in OLD, has another label in NEW and is flagged again\n"
            "gone\tflagged in OLD and not in NEW, though the label is the same: the clip is gone "
            "or not audited, or it is judged otherwise\n"
            "classes\twhose label quality moved by 0.01 or more\n"
            "Settings that the runs do not share are named: what changed may come from them. With "
            "--json every list is complete, with the rows, ids, labels and ranks in both runs.",
    },
    {
        .bit = COMMAND_AGREE,
        .name = "agree",
        .summary = "Compares what several reviewers of a run decided.",
        .usage = "OUT [OPTIONS]",
        .argument = "OUT",
        .required = true,
        .examples = {"earmark agree out", "earmark agree out --fail-on-conflicts --json"},
        .used = {"fail-on-conflicts", "json", "quiet", "help"},
        .details =
            "OUT is a folder that earmark audit or earmark detect wrote, with the decisions of its "
            "reviewers (decisions-NAME.jsonl, from earmark review or exported from the page). For "
            "every two of them it says on how many clips they gave the same answer (keep, unsure, "
            "exclude, or relabel with the same label) and Cohen's kappa: 1 when they always agree, "
            "0 when they agree as often as by chance. Conflicts are the clips that were answered "
            "differently. Decisions on clips that have another label now, or are gone, are not "
            "counted, and named. Nothing is written.",
    },
    {
        .bit = COMMAND_APPLY,
        .name = "apply",
        .summary = "Writes what reviewers decided into a new list.",
        .usage = "OUT [DECISIONS...] -o NEW [OPTIONS]",
        .argument = "OUT",
        .more = "DECISIONS",
        .required = true,
        .examples = {"earmark apply out -o corrected.csv",
                     "earmark apply out anna.jsonl -o corrected.csv --dry-run"},
        .used = {"output", "exclude", "conflicts", "dry-run", "help"},
        .details =
            "OUT is a folder that earmark audit wrote; DECISIONS are files of earmark review or "
            "exported from the page (default: OUT/decisions-*.jsonl). Nothing that is there is "
            "changed: NEW must not exist, and appears whole or not at all. A list that has changed "
            "since the audit is refused, and so are decisions that it cannot have. Decisions on "
            "another label than that of the clip are named, and not applied. NEW is, for\n"
            "a list\tthe same file with other labels, all other bytes kept (gzip is packed anew); "
            "with excluded clips left out, or marked in a column or member 'earmark'; a folder "
            "where there are several lists\n"
            "a Kaldi folder\ta folder with utt2label (or the file that had the labels), kept.list "
            "for subset_data_dir.sh and excluded.list\n"
            "a folder a label, or names with labels\ta folder with moves.sh, which moves the files "
            "and never replaces one, undo.sh, and changes.csv; excluded clips go to "
            ".earmark-excluded\n"
            "others\ttar, parquet, tables beside sounds, Lhotse Shar, arrays: a folder with "
            "labels.jsonl, every clip with its label, and changes.csv\n"
            "Prints a line such as: 12 changed, 3 excluded, 2 unsure (unchanged), 1 stale.",
    },
    {
        .bit = COMMAND_STATUS,
        .name = "status",
        .summary = "Shows how a run stands: of one process or of many machines.",
        .usage = "OUT [OPTIONS]",
        .argument = "OUT",
        .required = true,
        .examples = {"earmark status out", "earmark status /shared/out --json"},
        .used = {"json", "help"},
        .details =
            "OUT is the folder that was given with -o; nothing in it is locked or written. Of "
            "shards (earmark embed --shard) it says which are complete, running, dead, stopped or "
            "not begun, how many clips are done, clips a second of all, the time left, and the "
            "commands that start what nobody works on. Of one process it says the stage, how far "
            "it is, and how it ended.\n"
            "running\tits process showed a sign within 60 s and, on this computer, exists\n"
            "dead\tits process has ended without saying so, or shows no sign any more\n"
            "stopped\tbegun, and no process has it: it was stopped or failed\n"
            "The age of a sign is that of its file: it needs clocks that agree.",
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
        .examples = {"earmark bench",
                     "earmark bench corpus --forecast clips=1e8,seconds=4,cores=64"},
        .used = {"clips", "seconds", "format", "forecast", "json"},
        .details =
            "STAGE is gemm, resample, features, network, pooling, stream, crossval or issues; "
            "without it all these are measured. The data are synthetic. Speeds in useful "
            "operations a second are compared with a float32 matrix product (2,048 cubed, best of "
            "five); the fastest repeat counts. crossval: 20,000 x 512, 10 classes, 5 folds, "
            "tolerance 1e-4; issues: 200,000 x 100.\n"
            "stream measures all stages of embedding together, in clips a second: waiting for "
            "each batch, and with as many batches in flight as the device asks for (a GPU: "
            "three). The samples already lie in the batches. A GPU also shows the time of each "
            "kernel, from one more pass with events around each launch.\n"
            "bench corpus makes clips in a folder below TMPDIR, or /tmp, which is removed at the "
            "end. "
            "It measures decode, resample, network and detector alone and an audit as a whole, and "
            "says which stage binds. Its files are read from memory: time on a disk or a network "
            "is "
            "not in it. What it says of GPUs with --forecast is computed, never measured.",
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
    {"3", "done, but some decisions were not applied: they are named", COMMAND_APPLY},
    {"4", "issues were found (with --fail-on-issues)",
     COMMAND_AUDIT | COMMAND_DETECT | COMMAND_ISSUES},
    {"4", "issues are new or reopened (with --fail-on-new)", COMMAND_DIFF},
    {"4", "reviewers decided a clip differently (with --fail-on-conflicts)", COMMAND_AGREE},
    {"5", "not complete, and no process works on it", COMMAND_STATUS},
    {"75", "stopped by INT, TERM or USR1, or the GPU was lost; finished work is safe",
     COMMAND_AUDIT | COMMAND_DETECT | COMMAND_EMBED | COMMAND_CROSSVAL | COMMAND_REPORT |
         COMMAND_REVIEW | COMMAND_DIFF | COMMAND_BENCH},
    {"75", "not complete yet, and a process works on it", COMMAND_STATUS},
    {"128 + N", "ended at once by a second signal, N",
     COMMAND_AUDIT | COMMAND_DETECT | COMMAND_EMBED | COMMAND_CROSSVAL | COMMAND_REPORT |
         COMMAND_REVIEW | COMMAND_DIFF | COMMAND_BENCH},
};

const struct exit_code_row *exit_code_row(size_t index) {
    return index < sizeof exit_codes / sizeof exit_codes[0] ? &exit_codes[index] : NULL;
}
