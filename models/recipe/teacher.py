"""Targets of the teacher: Google's speech_embedding (Apache-2.0), shipped inside the openwakeword wheel.

For every clip of at most 2.2 s (longer ones are cropped in training): mean, deviation and maximum over the windows of the
clean clip padded by 0.4 s. Writes NAME.teacher.npy beside the corpus part; rows of NaN where there is no target."""
import argparse
import importlib.util
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime

import corpus

WINDOW, STEP, PAD, LONGEST = 76, 8, int(0.4 * corpus.RATE), int(2.2 * corpus.RATE)
TARGETS = 288


def session(folder, name):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(os.path.join(folder, name), options, providers=["CPUExecutionProvider"])


class Teacher:
    def __init__(self):
        # found, not imported: the package's own imports want an audio stack that is not needed here
        folder = importlib.util.find_spec("openwakeword").submodule_search_locations[0]
        folder = os.path.join(folder, "resources", "models")
        self.mel, self.embed = session(folder, "melspectrogram.onnx"), session(folder, "embedding_model.onnx")

    def __call__(self, samples):
        if len(samples) > LONGEST:
            return np.full(TARGETS, np.nan, np.float16)
        padded = np.pad(samples.astype(np.float32), PAD)[None]
        mel = self.mel.run(None, {self.mel.get_inputs()[0].name: padded})[0].reshape(-1, 32) / 10 + 2
        windows = np.stack([mel[i:i + WINDOW] for i in range(0, len(mel) - WINDOW + 1, STEP)])[..., None]
        out = self.embed.run(None, {self.embed.get_inputs()[0].name: windows})[0].reshape(len(windows), 96)
        return np.concatenate([out.mean(0), out.std(0), out.max(0)]).astype(np.float16)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("corpus")
    arguments.add_argument("parts", nargs="+")
    options = arguments.parse_args()
    teacher = Teacher()
    for name in options.parts:
        path = os.path.join(options.corpus, name + ".teacher.npy")
        if os.path.exists(path):
            continue
        _, clips = corpus.read_part(options.corpus, name)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            targets = np.stack(list(pool.map(teacher, clips)))
        np.save(path + ".part.npy", targets)
        os.replace(path + ".part.npy", path)
        print(f"{name}: {np.isfinite(targets[:, 0]).sum()} teacher targets", flush=True)


if __name__ == "__main__":
    main()
