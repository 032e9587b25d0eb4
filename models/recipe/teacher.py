"""Targets of the teacher: Google's speech_embedding (Apache-2.0), shipped inside the openwakeword wheel.

Of every clip, clean and padded by 0.4 s, the teacher's 96 numbers for each window of 0.775 s, one every 80 ms: NAME.teacher.npy
[window, 96] and NAME.windows.npy [clip + 1], where each clip's windows begin. Training pools those inside its crop."""
import argparse
import importlib.util
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime

import corpus

WINDOW, STEP, PAD = 76, 8, int(0.4 * corpus.RATE)  # mel frames of 10 ms; samples
OUTPUTS = 96


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
        padded = np.pad(samples.astype(np.float32), PAD)[None]
        mel = self.mel.run(None, {self.mel.get_inputs()[0].name: padded})[0].reshape(-1, 32) / 10 + 2
        windows = np.stack([mel[i:i + WINDOW] for i in range(0, len(mel) - WINDOW + 1, STEP)])[..., None]
        return self.embed.run(None, {self.embed.get_inputs()[0].name: windows})[0].reshape(len(windows), OUTPUTS).astype(np.float16)


def windows_within(begin, end, count):
    """Which of a clip's `count` windows lie inside its samples [begin, end), give or take the padding: (first, last + 1)."""
    hop = STEP * 160
    first = min(-(-begin // hop), count - 1)
    return first, min(max(first + 1, 1 + (end + 2 * PAD - WINDOW * 160 - 400) // hop), count)


def save(path, array):
    np.save(path + ".part.npy", array)
    os.replace(path + ".part.npy", path)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("corpus")
    arguments.add_argument("parts", nargs="+")
    options = arguments.parse_args()
    teacher = Teacher()
    for name in options.parts:
        path = os.path.join(options.corpus, name)
        if os.path.exists(path + ".teacher.npy"):
            continue
        _, clips = corpus.read_part(options.corpus, name)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            outputs = list(pool.map(teacher, clips))
        save(path + ".windows.npy", np.cumsum([0] + [len(o) for o in outputs]))
        save(path + ".teacher.npy", np.concatenate(outputs))
        print(f"{name}: {len(clips)} clips, {sum(map(len, outputs))} windows", flush=True)


if __name__ == "__main__":
    main()
