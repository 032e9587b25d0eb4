"""The Python notebook that earmark replaces: SpeechBrain x-vectors, scikit-learn, cleanlab.

    python bench/peers/notebook.py FOLDER CHECKPOINT OUT [options]

FOLDER has clips named {label}_*.wav. CHECKPOINT is a SpeechBrain folder (embedding_model.ckpt, for example written by
tests/make_random_checkpoint.py). Every clip is embedded alone by SpeechBrain's encode_batch, as it is or resampled, on the
CPU or, with --device cuda, on a GPU. --batch N embeds N clips of similar length together, padded; it is for timing only,
since SpeechBrain's convolutions see the padding, which changes the embeddings of all but the longest clip. Then follow
cross_val_predict of a logistic regression and find_label_issues. Clips are in bytewise order of their names, as in
earmark. Writes embeddings.npy, labels.npy, folds.npy, pred_probs.npy, issues.npy (rows, ranked), names.json, and
timing.json with the seconds of each stage since the process began.

SpeechBrain adds random noise to the pooled means, also in evaluation. If embeddings are small (those of an untrained
network have norm 1), this changes them by 1e-4 from run to run. --features also writes embeddings_expected.npy, in which
the noise is replaced by its expectation, 5e-5.
"""
import argparse
import json
import os
import time

START = time.perf_counter()


def parse_arguments():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder")
    arguments.add_argument("checkpoint")
    arguments.add_argument("out")
    arguments.add_argument("--C", type=float, default=0.01)
    arguments.add_argument("--tol", type=float, default=1e-8)
    arguments.add_argument("--max-iterations", type=int, default=1000)
    arguments.add_argument("--folds", type=int, default=5)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--device", default="cpu", help="cpu, or cuda for SpeechBrain's part")
    arguments.add_argument("--batch", type=int, default=1, help="number of clips embedded together")
    arguments.add_argument("--resample", action="store_true", help="resample to 16 kHz; without it 8 kHz samples are taken as 16 kHz")
    arguments.add_argument("--features", action="store_true", 
                           help="also writes features.npy, frames.npy and embeddings_expected.npy, see above (not timed)")
    return arguments.parse_args()


OPTIONS = parse_arguments()
# Before numpy and torch are imported: their thread pools read it once.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = str(OPTIONS.threads)

import numpy as np  # noqa: E402
import soundfile  # noqa: E402
import torch  # noqa: E402

# A torchaudio wheel built for another CUDA version cannot be imported; on the CPU the version is irrelevant.
if OPTIONS.device == "cpu":
    torch.version.cuda = None
from cleanlab.filter import find_label_issues  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.model_selection import StratifiedKFold, cross_val_predict  # noqa: E402
from speechbrain.inference.classifiers import EncoderClassifier  # noqa: E402
from speechbrain.lobes.features import Fbank  # noqa: E402
from speechbrain.lobes.models.Xvector import Xvector  # noqa: E402
from speechbrain.nnet.pooling import StatisticsPooling  # noqa: E402
from speechbrain.processing.features import InputNormalization  # noqa: E402

IMPORTED = time.perf_counter()


def load_classifier(checkpoint):
    """SpeechBrain's EncoderClassifier with the modules of the published hyperparams.yaml, without a download."""
    weights = torch.load(os.path.join(checkpoint, "embedding_model.ckpt"), map_location="cpu", weights_only=True)
    convolutions = [weights[f"blocks.{block}.conv.weight"].shape for block in (0, 3, 6, 9, 12)]
    network = Xvector(in_channels=convolutions[0][1], tdnn_channels=[shape[0] for shape in convolutions],
                      tdnn_kernel_sizes=[shape[2] for shape in convolutions], tdnn_dilations=[1, 2, 3, 1, 1],
                      lin_neurons=weights["blocks.16.w.weight"].shape[0])
    network.load_state_dict(weights)
    parts = {"compute_features": Fbank(n_mels=convolutions[0][1]),
             "mean_var_norm": InputNormalization(norm_type="sentence", std_norm=False),
             "embedding_model": network, "classifier": torch.nn.Identity()}
    return EncoderClassifier(modules=parts, hparams={"label_encoder": None}, run_opts={"device": OPTIONS.device})


def read_clip(path, resample):
    signal, rate = soundfile.read(path, dtype="float32", always_2d=True)
    signal = torch.from_numpy(signal.mean(axis=1))
    if resample and rate != 16000:
        import torchaudio
        signal = torchaudio.functional.resample(signal, rate, 16000)
    return signal


def list_clips(folder):
    names = sorted((name for name in os.listdir(folder) if name.endswith(".wav")), key=os.fsencode)
    classes = sorted({name.split("_")[0] for name in names})
    return names, np.array([classes.index(name.split("_")[0]) for name in names], dtype=np.int64)


def write_comparison(classifier, signals, out):
    """Features of all clips end to end, (sum of frames, mels), the frames of each, and embeddings without randomness."""
    features, embeddings = [], []
    StatisticsPooling._get_gauss_noise = lambda self, shape, device="cpu": torch.full(shape, 5e-5, device=device)
    with torch.no_grad():
        for signal in signals:
            raw = classifier.mods.compute_features(signal.unsqueeze(0).to(OPTIONS.device))
            lengths = torch.ones(1, device=OPTIONS.device)
            features.append(classifier.mods.mean_var_norm(raw, lengths)[0].cpu().numpy())
            embeddings.append(classifier.encode_batch(signal).squeeze().cpu().numpy())
    np.save(os.path.join(out, "features.npy"), np.concatenate(features))
    np.save(os.path.join(out, "frames.npy"), np.array([len(f) for f in features], dtype=np.int64))
    np.save(os.path.join(out, "embeddings_expected.npy"), np.stack(embeddings))


def embed_each(classifier, names):
    embeddings = []
    for name in names:
        signal = read_clip(os.path.join(OPTIONS.folder, name), OPTIONS.resample)
        embeddings.append(classifier.encode_batch(signal).squeeze().cpu().numpy())
    return np.stack(embeddings)


def embed_batches(classifier, names):
    """Clips sorted by length, OPTIONS.batch at a time, each batch padded to its longest clip."""
    signals = [read_clip(os.path.join(OPTIONS.folder, name), OPTIONS.resample) for name in names]
    order = sorted(range(len(names)), key=lambda row: len(signals[row]))
    embeddings = [None] * len(names)
    for first in range(0, len(order), OPTIONS.batch):
        rows = order[first:first + OPTIONS.batch]
        lengths = torch.tensor([len(signals[row]) for row in rows], dtype=torch.float32)
        padded = torch.nn.utils.rnn.pad_sequence([signals[row] for row in rows], batch_first=True)
        for row, embedding in zip(rows, classifier.encode_batch(padded, lengths / lengths.max()).squeeze(1).cpu().numpy()):
            embeddings[row] = embedding
    return np.stack(embeddings)


def main():
    torch.set_num_threads(OPTIONS.threads)
    names, labels = list_clips(OPTIONS.folder)
    classifier = load_classifier(OPTIONS.checkpoint)
    loaded = time.perf_counter()

    with torch.no_grad():
        embeddings = embed_batches(classifier, names) if OPTIONS.batch > 1 else embed_each(classifier, names)
    embedded = time.perf_counter()

    folds = StratifiedKFold(n_splits=OPTIONS.folds)
    model = LogisticRegression(C=OPTIONS.C, tol=OPTIONS.tol, max_iter=OPTIONS.max_iterations)
    pred_probs = cross_val_predict(model, embeddings, labels, cv=folds, method="predict_proba")
    validated = time.perf_counter()

    issues = find_label_issues(labels, pred_probs, return_indices_ranked_by="self_confidence", n_jobs=1)
    found = time.perf_counter()

    os.makedirs(OPTIONS.out, exist_ok=True)
    fold_of = np.empty(len(labels), dtype=np.int64)
    for fold, (_, held_out) in enumerate(folds.split(embeddings, labels)):
        fold_of[held_out] = fold
    for name, array in (("embeddings", embeddings), ("labels", labels), ("folds", fold_of), ("pred_probs", pred_probs),
                        ("issues", np.asarray(issues, dtype=np.int64))):
        np.save(os.path.join(OPTIONS.out, name + ".npy"), array)
    with open(os.path.join(OPTIONS.out, "names.json"), "w", encoding="utf-8") as handle:
        json.dump(names, handle)
    times = {"imports": IMPORTED - START, "load": loaded - IMPORTED, "embed": embedded - loaded,
             "cross-validate": validated - embedded, "find issues": found - validated, "all": time.perf_counter() - START}
    with open(os.path.join(OPTIONS.out, "timing.json"), "w", encoding="utf-8") as handle:
        json.dump(times, handle, indent=1)
    accuracy = (pred_probs.argmax(axis=1) == labels).mean()
    print(f"{len(names)} clips, accuracy {accuracy:.4f}, {len(issues)} issues; "
          + ", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in times.items()))
    if OPTIONS.features:
        signals = (read_clip(os.path.join(OPTIONS.folder, name), OPTIONS.resample) for name in names)
        write_comparison(classifier, signals, OPTIONS.out)


if __name__ == "__main__":
    main()
