# The planted errors: plant NAME SUITE FILE BEFORE AFTER [MARK]. BEFORE is literal text that is in
# FILE exactly once, or its first occurrence after the text MARK. Suites are in run.sh.

K=kernels/cuda

# ---- taps and halos
plant "the edge is repeated by reflection" embedding $K/layer_tile.h 'return positive > last ? 2 * last - positive' 'return positive > last ? 2 * last + 1 - positive'
plant "every tap is one further" embedding $K/layer_tile.h '(tap - arguments.taps / 2)' '(tap - arguments.taps / 2 + 1)'
plant "the dilation is forgotten" embedding $K/layer_tile.h '(tap - arguments.taps / 2) * arguments.dilation' '(tap - arguments.taps / 2)'
plant "a piece's left halo is a row short" long $K/plan.cu 'piece->low[l + 1] - reach : 0' 'piece->low[l + 1] - reach + 1 : 0'
plant "a piece's right halo is a row short" long $K/plan.cu '(room < reach ? room : reach)' '(room < reach ? room : reach - 1)'
plant "reflection at a piece's end, not the clip's" long $K/plan.cu 'entry.last = piece.frames - 1' 'entry.last = piece.high[level] - 1'
plant "the search takes the piece before" embedding $K/plan.cu 'pieces[middle].offset[level] <= row' 'pieces[middle].offset[level] < row'
plant "a wrong level's offset" long $K/plan.cu 'piece.offset[level - 1] - piece.low[level - 1]' 'piece.offset[level - 1] - piece.low[level]'

# ---- the layers' kernels
plant "float32: a dropped __syncthreads" embedding $K/layer_float32.cu '        __syncthreads(); /* this step' '        /* this step'
plant "float32: waits for one copy too few" embedding $K/layer_float32.cu 'async_wait<STAGES - 2>' 'async_wait<STAGES - 1>'
plant "float32: the last row is not stored" embedding $K/layer_float32.cu 'if (row < arguments.row_count)' 'if (row < arguments.row_count - 1)'
plant "float32: the wrong stage is filled" embedding $K/layer_float32.cu 'filled = STAGES - 1; /* stages */' 'filled = 0; /* stages */'
plant "float32: two channels change places" embedding $K/layer_float32.cu 'leaky(sums[0] + b.x), leaky(sums[1]' 'leaky(sums[1] + b.x), leaky(sums[0]'
plant "tensor cores: a dropped __syncthreads" tensor $K/layer_tensor.cu '        __syncthreads(); /* this step' '        /* this step'
plant "tensor cores: waits for one copy too few" tensor $K/layer_tensor.cu 'async_wait<STAGES - 2>' 'async_wait<STAGES - 1>'
plant "tensor cores: weights swizzled otherwise" tensor $K/layer_tensor.cu 'tile_offset(line, chunk) + i' 'tile_offset(line, chunk ^ 1) + i'
plant "tensor cores: matrices in the wrong order" tensor $K/layer_tensor.cu '2 * half + matrix / 2' '2 * half + matrix % 2'
plant "tensor cores: the lower rows are stored 4 down" tensor $K/layer_tensor.cu 'take(row + 8, channel' 'take(row + 4, channel'
plant "tensor cores: every tap is one further" tensor $K/layer_tensor.cu 'computed.tap - arguments.taps / 2' 'computed.tap - arguments.taps / 2 + 1'
plant "tensor cores: taps of weights in reverse" tensor $K/layer.cu 'channel / values * taps + tap' 'channel / values * taps + taps - 1 - tap'
plant "tensor cores: no barrier before the window" tensor $K/layer_tensor.cu '    __syncthreads();' '' 'warp_last[thread / 32] = last;'
plant "tensor cores: a window ends a row early" tensor $K/layer_tensor.cu 'row.frame + reach, row.last' 'row.frame + reach - 1, row.last'
plant "tensor cores: a window of a row too many" tensor $K/layer_tensor.cu 'last - window.first < WINDOW' 'last - window.first <= WINDOW'
plant "tensor cores: one tap's rows for all taps" tensor $K/layer_tensor.cu 'if (step.tap == 0 || !window.whole)' 'if (step.tap == 0)' 'if (step.index < arguments.blocks)'
plant "tensor cores: a window is overwritten in use" tensor $K/layer_tensor.cu 'step.frame_stage = next_stage(step.frame_stage)' 'step.frame_stage = 0'
plant "the slope of leaky ReLU" embedding $K/layer_tile.h 'XVECTOR_LEAKY_SLOPE * value' '2 * XVECTOR_LEAKY_SLOPE * value'

# ---- pooling
plant "Welford's mean divides by one more" embedding $K/pooling.h '(float)(index + 1)' '(float)(index + 2)'
plant "the deviation divides by n" embedding $K/pooling.cu '(double)clip.feature_frames - 1.0' '(double)clip.feature_frames'
plant "segments are merged without their distance" long $K/pooling.cu 'before * share' 'share'
plant "every segment reads the piece's first" long $K/pooling.cu 'piece.offset[level] + begin' 'piece.offset[level]'
plant "pooled: staged over stages in use" pooled $K/layer_tensor.cu '        __syncthreads(); /* all are done with the stages' '        /* all'
plant "pooled: no barrier after a half is staged" pooled $K/layer_tensor.cu '        __syncthreads(); /* the half' '        /* the half'
plant "pooled: rows of a segment that began before" pooled $K/layer_tensor.cu 'first.row < 0 ? first.row + first.count : 0' '0'
plant "pooled: rows of a segment that goes on" pooled $K/layer_tensor.cu 'last.row + last.count > FRAMES ? last.row : FRAMES' 'FRAMES'
plant "pooled: the lower rows are staged 4 down" pooled $K/layer_tensor.cu 'take(row + 8, channel' 'take(row + 4, channel'
plant "pooled: a full tile's last segment goes on" pooled $K/pooling.cu '(row + count - 1) / tile' '(row + count) / tile'
plant "pooled: segments of the first clip" pooled $K/plan.cu 'clips[piece.clip].segment + entry' 'clips[0].segment + entry'
plant "pooled: a segment has as many frames as are left" pooled $K/layer_tensor.cu 'min(PLAN_SEGMENT, entry.last' 'min(2 * PLAN_SEGMENT, entry.last'

# ---- the linear layer
plant "linear: a dropped __syncthreads" linear $K/linear.cu '        __syncthreads(); /* this step' '        /* this step'
plant "linear: waits for one copy too few" linear $K/linear.cu 'async_wait<STAGES - 2>' 'async_wait<STAGES - 1>'
plant "linear: no barrier before parts are added" linear $K/linear.cu '    __syncthreads();' '' 'make_float4(sums[i][0], sums[i][1], sums[i][2], sums[i][3]);'
plant "linear: a round begins with the sums of the last" linear $K/linear.cu 'sums[i][j] = 0.0f' 'sums[i][j] += 0.0f'
plant "linear: the parts of a round are one" linear $K/linear.cu 'parts + group * TILE * TILE' 'parts'
plant "linear: a step past the last statistic" linear $K/linear.cu 'if (first < arguments.width)' 'if (first <= arguments.width)'
plant "linear: a clip past the last" linear $K/linear.cu 'copies.valid[i] = clip < arguments' 'copies.valid[i] = clip <= arguments'
plant "linear: an output past the last is stored" linear $K/linear.cu 'output + j < arguments.size' 'output + j <= arguments.size'

# ---- features
plant "features: no barrier before the second transform" front $K/features.cu '        __syncthreads();' '' 'values, shared->middle[own]);'
plant "features: no barrier before the filters" front $K/features.cu '        __syncthreads();' '' 'shared->power[i / FIRST]);'
plant "features: no barrier after the tables" front $K/features.cu '    __syncthreads();' '' '((const double *)tables)[i];'
plant "features: a sample past the clip's end" front $K/features.cu 'at < clip.length' 'at <= clip.length'
plant "features: the mirrored bins are one off" front $K/features.cu 'power[FRAME_LENGTH - bin]' 'power[FRAME_LENGTH - bin - 1]'
plant "features: the floor is 79 dB down" front $K/features_normalise.cu '- DECIBEL_RANGE' '- (DECIBEL_RANGE - 1)'
plant "features: no barrier in the maximum" front $K/features_normalise.cu '        __syncthreads();' '' 'partial[thread + width]);'
plant "features: no barrier before a mel's sum" front $K/features_normalise.cu '    __syncthreads();' '' 'partial[line * COLUMNS + column] = sum;'
plant "features: no barrier after a mel's sum" front $K/features_normalise.cu '    __syncthreads();' '' 'total += partial[l * COLUMNS + column];'
plant "features: no shared memory is asked for" front $K/features.cu 'return prefer_shared_memory(features_kernel, error);' 'return error->code;'

# ---- statistics
plant "statistics: no barrier before a block's sums" statistics $K/statistics.cu '    __syncthreads();' '' 'partial[warp * MOST_SUMS + i] = values[i];'
plant "statistics: no barrier after a block's sums" statistics $K/statistics.cu '    __syncthreads();' '' 'values[i] += partial[w * MOST_SUMS + i];'
plant "statistics: of equal peaks the last" statistics $K/statistics.cu 'other.at < best.at))' 'other.at > best.at))'
plant "statistics: no barrier before a mel's sum" statistics $K/statistics.cu '        __syncthreads();' '' 'partial[warp * MELS + mel] = sum;'
plant "statistics: a clip's first frame has a change" statistics $K/statistics.cu 'first ? NULL : power - MELS' 'row == 0 ? NULL : power - MELS'
plant "statistics: the slope has a frame too many" statistics $K/statistics.cu 'step < line)' 'step <= line)'
plant "statistics: a quantile's rank is one off" statistics $K/statistics.cu '(double)(last - below)' '(double)(last - below + 1)'
plant "statistics: equal levels have a next one" statistics $K/statistics.cu 'below[0] == ranks[q] && ranks[q] > 0.0' 'ranks[q] > 0.0'
plant "statistics: short clips are not padded" statistics $K/embedder_run.cu 'padded->feature_frames = STATISTICS_FRAMES' 'padded->feature_frames = embedder->clips[c].feature_frames'
plant "statistics: a padded clip's rows are another's" statistics $K/embedder_run.cu 'padded->row = group->rows + group->padded_rows' 'padded->row = group->rows'

# ---- resampling
plant "resample: no barrier after the tile" resample $K/resample.cu '    __syncthreads();' '' 'first_period, input);'
plant "resample: half a sample's delay" resample $K/resample.cu 'design.period_in - design.half + 1' 'design.period_in - design.half'
# (A constant gain, as of channels added up and not averaged, no test can see: features are
# decibels less their mean over the clip.)
plant "resample: only the first channel counts" resample $K/resample.cu 'c < clip.channels' 'c < 1' 'long long sum = 0;'
plant "resample: a sample past the clip's end" resample $K/resample.cu 'position >= clip.frames' 'position > clip.frames'

# ---- the pipeline of batches
plant "no wait for the samples that come up" pipeline $K/embedder_run.cu '    cuda_check(cudaStreamWaitEvent(stream, lane->uploaded, 0), "waiting for samples", error);' ''
plant "samples come up while the last are still read" pipeline $K/embedder_run.cu '    cuda_check(cudaStreamWaitEvent(up, lane->computed, 0), "copying samples up", error);' ''
plant "embeddings go down before they are computed" pipeline $K/embedder_run.cu '    cuda_check(cudaStreamWaitEvent(down, lane->computed, 0), "copying embeddings down", error);' ''
plant "a lane is written while it still goes down" pipeline $K/embedder_run.cu '    cuda_check(cudaStreamWaitEvent(stream, lane->downloaded, 0), "waiting for a lane", error);' ''
plant "resampling on the stream of copies" pipeline $K/embedder_run.cu 'lane->samples.data, samples, stream, error)' 'lane->samples.data, samples, embedder->worker->up, error)'
plant "embeddings go down on the wrong stream" pipeline $K/embedder_run.cu 'cudaMemcpyDeviceToHost, down)' 'cudaMemcpyDeviceToHost, embedder->worker->up)' 'work->embeddings + group->first_clip'
plant "the pinned table is written too early" pipeline $K/embedder_run.cu 'cuda_check(cudaEventSynchronize(lane->uploaded), "waiting for a copy", error)' 'error->code'

# ---- the classifier
plant "classifier: a tile is used before it is there" streamed $K/classifier_data.cu 'cuda_check(cudaStreamWaitEvent(stream, self->copied[slot], 0), "a wait", error)' 'error->code'
plant "classifier: a tile is overwritten in use" streamed $K/classifier_data.cu '    cuda_check(cudaStreamWaitEvent(self->copy_stream, self->used[slot], 0), "a wait", error);' ''
plant "classifier: rows are gathered too early" streamed $K/classifier_data.cu 'cuda_check(cudaEventSynchronize(self->copied[slot]), "a copy", error)' 'error->code'
plant "classifier: padding counts" classifier $K/classifier_softmax.cu '    if (place.label < 0) p = 0;' ''
plant "classifier: no barrier in the columns' sums" classifier $K/classifier_kernels.cu '    __syncthreads();' '' 'slices[threadIdx.y * 32 + threadIdx.x] = sum;'
plant "classifier: no barrier between chunks' sums" classifier $K/classifier_kernels.cu '        __syncthreads(); /* all have' '        /* all have'
plant "classifier: losses of the first tasks only" classifier $K/classifier_kernels.cu 'size_t at = tile.first_task + task' 'size_t at = task'
plant "classifier: sums do not wrap round" classifier $K/classifier_kernels.cu 'if (at >= all) at -= all;' 'if (at > all) at -= all;'
plant "classifier: sums are read too early" classifier $K/classifier_slices.cu 'cuda_check(cudaStreamSynchronize(whole->gpus[g].worker->stream), "the sums", error)' 'error->code'
plant "classifier: logarithms lack the sum" logarithms $K/classifier_softmax.cu '- maximum - total' '- maximum'
plant "classifier: no floor of logarithms" logarithms $K/classifier_softmax.cu 'value < floor ? floor : value' 'value'
plant "classifier: the next class's sums" scatter $K/classifier_kernels.cu '(size_t)label == i % stride' '(size_t)label + 1 == i % stride'
plant "classifier: outer products of the first chunk only" scatter $K/classifier_scatter.cu 'x + chunk * whole->chunk_rows * whole->stride' 'x'
plant "classifier: all slices have one sum" gpus $K/classifier_evaluate.cu 'tile->slice * pass->numbers' '0'
plant "classifier: slices of another GPU are added" gpus $K/classifier_slices.cu 'left >= self->first_slice' 'slice > self->first_slice'

# ---- neighbours
plant "nearest: no barrier before the warps' best" nearest $K/nearest_kernels.cu '        __syncthreads();' '' 'warp_rows[threadIdx.x / 32] = best.row;'
plant "nearest: no barrier after the warps' best" nearest $K/nearest_kernels.cu '        __syncthreads(); /* all have' '        /* all have'
plant "nearest: ties go to the higher row" nearest $K/nearest_kernels.cu 'a.row < b.row)' 'a.row > b.row)'
plant "nearest: a row is its own neighbour" nearest $K/nearest_kernels.cu 'next.row != own && ' ''
plant "nearest: a row finds its own group" nearest $K/nearest_kernels.cu 'tile.apart[r] != own_group' 'true'
plant "nearest: groups of the first block of queries" nearest $K/nearest.cu 'own_groups + query}' 'own_groups}'
plant "nearest: rows are not scaled" nearest $K/nearest.cu 'if (search->problem->shift != NULL &&' 'if (false &&'
plant "nearest: the scale of the first column" nearest $K/nearest_kernels.cu 'moments[columns + f]);' 'moments[columns]);'
plant "nearest: rows are numbered by their place" nearest $K/nearest.cu 'numbers[r] = (long long)row;' 'numbers[r] = (long long)at;'
plant "nearest: rows are gathered too early" nearest $K/nearest.cu 'cuda_check(cudaEventSynchronize(search->gpus[g].copied[slot]), "a copy", error)' 'error->code'
plant "nearest: the stride of the last tile's rows" nearest $K/nearest_kernels.cu 'query * tile.stride' 'query * tile.rows'
plant "nearest: queries are not scaled" nearest $K/nearest.cu 'if (self->search->problem->shift != NULL &&' 'if (false &&'
plant "nearest: queries keep their lengths" nearest $K/nearest_kernels.cu 'rows[i] = (float)((double)rows[i] / length)' 'rows[i] = (float)((double)rows[i])'
plant "nearest: every GPU has the first queries" gpus $K/nearest.cu 'queries[self->first_query + q]' 'queries[q]'
plant "nearest: a GPU's lists are written first" gpus $K/nearest.cu 'first = self->first_query * self->search->count' 'first = 0'
plant "nearest: only the first GPU is waited for" gpus $K/nearest.cu 'cudaEventSynchronize(search->gpus[g].copied[slot])' 'cudaEventSynchronize(search->gpus[0].copied[slot])'

# ---- a GPU that is lost
plant "a lost GPU is a call that was refused" lost $K/check.cu 'default: return ERROR_DEVICE_LOST' 'default: return ERROR_DEVICE'
