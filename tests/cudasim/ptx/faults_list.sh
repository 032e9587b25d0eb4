# The faults: plant NAME PROGRAM:TEST MODULE KERNEL N PATTERN REPLACED BY (see faults.sh).

#
# Not here, since no result can show it: copies of the tensor kernel that are not filled with zeros
# (16 in place of their size). What they bring is finite, and the weights beside it are zeros.
#
# shellcheck shell=bash

# ---- tensor cores
windows=test_tensor:test_windows
few=test_tensor:test_wide_few
plant "bf16 mma: two registers of a change places" $few layer_tensor kernelILb1ELb0 1 'mma\.sync' '(\}, \{%r[0-9]+), (%r[0-9]+), (%r[0-9]+)' '\1, \3, \2'
plant "bf16 mma: the registers of b change places" $few layer_tensor kernelILb1ELb0 9 'mma\.sync' '\{(%r[0-9]+), (%r[0-9]+)\}' '{\2, \1}'
plant "tf32 mma: two registers of a change places" $few layer_tensor kernelILb0ELb0 1 'mma\.sync' '(\}, \{%r[0-9]+), (%r[0-9]+), (%r[0-9]+)' '\1, \3, \2'
plant "tf32 mma: two sums change places" $few layer_tensor kernelILb0ELb0 5 'mma\.sync' '\{(%[rf][0-9]+), (%[rf][0-9]+), ([^}]*\}, \{%r)' '{\2, \1, \3'
plant "tf32 mma: one of many is left out" $few layer_tensor kernelILb0ELb0 17 'mma\.sync' 'mma.*' ''
plant "ldmatrix: two registers change places" $few layer_tensor kernelILb1ELb0 2 'ldmatrix' '\{(%r[0-9]+), (%r[0-9]+)' '{\2, \1'
plant "ldmatrix: an address 16 bytes further" $few layer_tensor kernelILb1ELb1 1 'ldmatrix' '\[(%r[0-9]+)(\+16)?\]' '[\1+16]'
plant "tensor: a group of copies too few is waited for" $few layer_tensor kernelILb1ELb0 1 'wait_group' 'wait_group 1' 'wait_group 2'
plant "tensor: copies are never committed" $few layer_tensor kernelILb0ELb0 1 'commit_group' 'cp.async.commit_group;' ''
plant "tensor: a barrier is gone" $windows layer_tensor kernelILb0ELb0 2 'bar\.sync' 'bar.sync[^;]*;' ''
plant "tensor: the windows' barrier is gone" $windows layer_tensor kernelILb0ELb0 1 'bar\.sync' 'bar.sync[^;]*;' ''
plant "tensor: a copy of half its bytes" $few layer_tensor kernelILb1ELb0 1 'cp\.async\.cg' '16, %r[0-9]+' '16, 8'
plant "tensor: the halves of bfloat16 change places" $few layer_tensor kernelILb1ELb0 1 'bf16x2' '(%f[0-9]+|%r[0-9]+), (%f[0-9]+|%r[0-9]+);' '\2, \1;'
plant "tensor: a swizzle of the wrong kind" $few layer_tensor kernelILb1ELb0 3 'xor\.b32' 'xor' 'or'
plant "tensor: a shuffle over half the distance" $windows layer_tensor kernelILb0ELb0 2 'shfl' '(%r[0-9]+\|%p[0-9]+), (%r[0-9]+), %?r?[0-9]+' '\1, \2, 8'
plant "tensor: a shuffle names half the lanes" $windows layer_tensor kernelILb0ELb0 1 'shfl' ', [^,]*;' ', 65535;'
plant "tensor: rows and columns of blocks change places" $few layer_tensor kernelILb0ELb0 1 'ctaid\.y' 'ctaid.y' 'ctaid.x'

# ---- float32
small=test_embedding:test_small
plant "float32: a group of copies too few is waited for" $small layer_float32 layer_float32 1 'wait_group' 'wait_group 1' 'wait_group 2'
plant "float32: a barrier is gone" $small layer_float32 layer_float32 1 'bar\.sync' 'bar.sync[^;]*;' ''
plant "float32: two operands of selp change places" $small layer_float32 layer_float32 1 'selp\.f32' '(%f[0-9]+|%r[0-9]+), (%f[0-9]+|%r[0-9]+), (%p[0-9]+)' '\2, \1, \3'
plant "float32: a store one value further" $small layer_float32 layer_float32 1 'st\.global\.v4' '\[(%rd[0-9]+)[^]]*\]' '[\1+4]'
plant "pooling: a predicate is inverted" $small pooling pooling_kernel 2 '@%p[0-9]+ bra' '@' '@!'
plant "pooling: a difference becomes a sum" $small pooling pooling_kernel 1 'sub\.rn\.f(32|64)' 'sub' 'add'
plant "pooling: pieces are 4 bytes too near" $small pooling pooling_kernel 1 'mul\.wide\.[us]32.*, 216;' ', 216;' ', 212;'
plant "pooled: a barrier is gone" test_tensor:test_pooled layer_tensor kernelILb1ELb1 3 'bar\.sync' 'bar.sync[^;]*;' ''
plant "pooled: pairs are staged a value further" test_tensor:test_pooled layer_tensor kernelILb1ELb1 1 'st\.shared\.v2' '\[(%r[0-9]+)(\+[0-9]+)?\]' '[\1+8]'
plant "linear: a barrier is gone" test_embedding:test_linear linear linear_kernel 1 'bar\.sync' 'bar.sync[^;]*;' ''
plant "linear: parts are subtracted" test_embedding:test_linear linear linear_kernel 3 'add\.(rn\.)?f64' 'add' 'sub'
plant "linear: copies are not waited for" test_embedding:test_linear linear linear_kernel 1 'wait_group' 'wait_group 0' 'wait_group 1'

# ---- the rest
plant "features: a barrier is gone" test_front_end:test_golden features features_kernel 3 'bar\.sync' 'bar.sync[^;]*;' ''
plant "features: a lane ends before the barrier" test_front_end:test_golden features features_kernel 2 '@%p[0-9]+ bra' 'bra.*' 'ret;'
plant "features: a larger in place of the smaller" test_front_end:test_golden features features_kernel 1 'min\.s32' 'min' 'max'
plant "features: clips are 8 bytes too near" test_front_end:test_golden features_normalise normalise_kernel 1 'mul\.wide\.[us]32.*, 72;' ', 72;' ', 64;'
plant "resample: a remainder in place of a quotient" test_front_end:test_against_cpu resample resample_kernel 1 'div\.s32' 'div' 'rem'
plant "statistics: a thread too many" test_statistics:test_golden statistics frames_kernel 1 'setp\.ge\.s32' 'setp.ge' 'setp.gt'
plant "statistics: a wrong stride" test_statistics:test_golden statistics frames_kernel 1 'mul\.wide\.s32.*, 96;' ', 96;' ', 92;'
plant "softmax: powers of two of half the exponent" test_classifier:test_evaluate classifier_softmax softmax_registersIf 1 'shl\.b32.*, 23;' ', 23;' ', 22;'
plant "softmax: a shuffle to the lane itself" test_classifier:test_evaluate classifier_softmax softmax_registersIf 1 'shfl' '(%r[0-9]+\|%p[0-9]+), (%r[0-9]+), %?r?[0-9]+' '\1, \2, 0'
plant "nearest: the lesser in place of the greater" test_nearest:test_against_plain nearest_kernels pick_nearest 1 'setp\.gt\.f32' 'setp.gt' 'setp.lt'
plant "an instruction that does not exist" test_nearest:test_against_plain nearest_kernels row_lengths 1 'add\.rn\.f64' 'add.rn' 'add.rx'
