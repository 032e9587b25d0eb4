// Reads PNG files of 8 bits a channel, as browsers' screenshots are, and compares two of them.
"use strict";

const zlib = require("zlib");

const CHANNELS = { 0: 1, 2: 3, 4: 2, 6: 4 };

function predict(filter, left, up, corner) {
    if (filter === 1) return left;
    if (filter === 2) return up;
    if (filter === 3) return (left + up) >> 1;
    if (filter !== 4) return 0;
    const guess = left + up - corner;
    const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
    if (a <= b && a <= c) return left;
    return b <= c ? up : corner;
}

// { width, height, channels, pixels }
function decode(bytes) {
    const width = bytes.readUInt32BE(16);
    const height = bytes.readUInt32BE(20);
    const channels = CHANNELS[bytes[25]];
    if (bytes[24] !== 8 || !channels || bytes[28] !== 0) throw new Error("a PNG of another kind");
    const packed = [];
    for (let at = 8; at < bytes.length;) {
        const length = bytes.readUInt32BE(at);
        if (bytes.toString("latin1", at + 4, at + 8) === "IDAT") packed.push(bytes.subarray(at + 8, at + 8 + length));
        at += 12 + length;
    }
    const lines = zlib.inflateSync(Buffer.concat(packed));
    const stride = width * channels;
    const pixels = Buffer.alloc(stride * height);
    for (let y = 0; y < height; y++) {
        const filter = lines[y * (stride + 1)];
        for (let x = 0; x < stride; x++) {
            const left = x >= channels ? pixels[y * stride + x - channels] : 0;
            const up = y > 0 ? pixels[(y - 1) * stride + x] : 0;
            const corner = x >= channels && y > 0 ? pixels[(y - 1) * stride + x - channels] : 0;
            pixels[y * stride + x] = lines[y * (stride + 1) + 1 + x] + predict(filter, left, up, corner);
        }
    }
    return { width, height, channels, pixels };
}

// The share of pixels of which a colour differs by more than `tolerance` of 255; 1 where the sizes
// differ.
function difference(first, second, tolerance) {
    const [a, b] = [decode(first), decode(second)];
    if (a.width !== b.width || a.height !== b.height) return 1;
    let different = 0;
    for (let at = 0; at < a.width * a.height; at++) {
        let largest = 0;
        for (let colour = 0; colour < 3; colour++) {
            const [x, y] = [a, b].map((image) =>
                image.pixels[at * image.channels + (image.channels >= 3 ? colour : 0)]);
            largest = Math.max(largest, Math.abs(x - y));
        }
        if (largest > tolerance) different++;
    }
    return different / (a.width * a.height);
}

module.exports = { decode, difference };
