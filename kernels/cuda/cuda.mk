# The CUDA device: earmark-cuda.so, beside the program, which loads it when asked to.
#
#   CUDA=      built where nvcc is found (the default)
#   CUDA=1     nvcc missing is an error
#   CUDA=0     not built
#
# Objects and ptxas's report on each lie in a folder named after nvcc's flags and version.

CUDA ?=
NVCC ?= $(or $(shell command -v nvcc 2>/dev/null),$(wildcard /usr/local/cuda/bin/nvcc))
CUDA_ARCHITECTURES ?= 80 90 120
# PTX, for GPUs between (sm_100) and after these
CUDA_PTX ?= 90 120
CUDA_WARNINGS ?= -Wall,-Wextra,-Wconversion,-Wshadow,-Werror

CUDA_SOURCES := $(sort $(wildcard kernels/cuda/*.cu))
CUDA_HEADERS := $(sort $(wildcard kernels/cuda/*.h))
# What the part shares with the program, each has its own.
CUDA_HOST_SOURCES := $(filter-out kernels/device.c,$(sort $(wildcard kernels/*.c)))

ifeq ($(CUDA),0)
cuda_build :=
cuda_decision := not built: CUDA=0
else ifneq ($(NVCC),)
cuda_build := yes
else ifneq ($(filter-out 0,$(CUDA)),)
cuda_build := missing
else
cuda_build :=
cuda_decision := not built: no nvcc (CUDA=1 makes that an error; NVCC=... says where it is)
endif

ifeq ($(cuda_build),missing)
.PHONY: cuda-missing
cuda-missing:
	@echo 'probe: cuda: missing. CUDA=1 needs nvcc of the CUDA toolkit (12.8 or later): put it on PATH, or set NVCC.' >&2
	@exit 1
$(OBJECTS) $(MAIN_OBJECT): | cuda-missing
endif

ifeq ($(cuda_build),yes)
CUDA_VERSION := $(shell $(NVCC) --version | sed -n 's/.*release .*, V\([0-9.]*\).*/\1/p')
CUDA_LIBRARIES ?= $(firstword $(wildcard $(abspath $(dir $(realpath $(NVCC)))../lib64) $(abspath $(dir $(realpath $(NVCC)))../lib)))
cuda_codes := $(foreach a,$(CUDA_ARCHITECTURES),-gencode arch=compute_$(a),code=sm_$(a)) \
	$(foreach a,$(CUDA_PTX),-gencode arch=compute_$(a),code=compute_$(a))
# -fmad=false: sums are contracted only where fmaf says so, as on the CPU and in the simulator.
NVCC_FLAGS := -std=c++17 -I. -O3 -fmad=false $(cuda_codes) -Werror all-warnings \
	-Xcompiler -fPIC,-fvisibility=hidden,-ffp-contract=off,$(CUDA_WARNINGS)
CUDA_C_FLAGS := -std=c17 -D_GNU_SOURCE -I. -O2 -fPIC -fvisibility=hidden -ffp-contract=off $(WARNINGS)
CUDA_LINK := -shared -cudart static -L$(CUDA_LIBRARIES) -lcublas \
	-Xlinker --no-undefined -Xlinker --exclude-libs=ALL -Xlinker -rpath=$(CUDA_LIBRARIES)
CUDA_HASH := $(shell printf '%s' '$(NVCC) $(CUDA_VERSION) $(NVCC_FLAGS) $(CC) $(CUDA_C_FLAGS) $(CUDA_LINK)' | cksum | cut -d' ' -f1)
CUDA_BUILD := build/cuda-$(CUDA_HASH)
CUDA_OBJECTS := $(CUDA_SOURCES:%.cu=$(CUDA_BUILD)/%.o) $(CUDA_HOST_SOURCES:%.c=$(CUDA_BUILD)/%.o)
cuda_decision := $(NVCC) $(CUDA_VERSION) for $(addprefix sm_,$(CUDA_ARCHITECTURES)) $(addprefix compute_,$(CUDA_PTX))

$(CUDA_BUILD)/%.o: %.cu | $(CUDA_BUILD)/probe
	@mkdir -p $(@D)
	$(say) '  nvcc $<'
	$(quiet)$(NVCC) $(NVCC_FLAGS) -Xptxas -v -MMD -MP -MF $(@:.o=.d) -c -o $@ $< 2>$(@:.o=.ptxas) || \
		{ grep -v '^ptxas info\|bytes stack frame' $(@:.o=.ptxas) >&2; rm -f $@; exit 1; }

$(CUDA_BUILD)/%.o: %.c | $(CUDA_BUILD)/probe
	@mkdir -p $(@D)
	$(say) '  compile $< (for the CUDA part)'
	$(quiet)$(CC) $(CUDA_C_FLAGS) -MMD -MP -c -o $@ $<

$(CUDA_BUILD)/earmark-cuda.so: $(CUDA_OBJECTS)
	$(say) '  link $@'
	$(quiet)$(NVCC) -o $@ $^ $(CUDA_LINK)

# A compiler that is there and cannot build for these targets is told from a fault of ours.
$(CUDA_BUILD)/probe:
	@mkdir -p $(@D)
	@printf '#include <cublas_v2.h>\n#include <nvtx3/nvToolsExt.h>\n__global__ void probe() {}\nint main() { cublasHandle_t handle; return cublasCreate(&handle); }\n' >$@.cu
	@if $(NVCC) -std=c++17 $(cuda_codes) -o $@.out $@.cu -L$(CUDA_LIBRARIES) -lcublas >$@.log 2>&1; then \
		echo 'probe: cuda: found ($(cuda_decision))' | tee $@; \
	else \
		sed 's/^/    /' $@.log | head -n 5 >&2; \
		echo 'probe: cuda: $(NVCC) $(CUDA_VERSION) does not build for $(addprefix sm_,$(CUDA_ARCHITECTURES)). Install cuBLAS and CUDA 12.8 or later, set CUDA_ARCHITECTURES, or CUDA=0.' >&2; \
		exit 1; \
	fi

-include $(shell find $(CUDA_BUILD) -name '*.d' 2>/dev/null)

# Beside the program: a link to the one build of the part.
$(BUILD)/earmark-cuda.so: $(CUDA_BUILD)/earmark-cuda.so
	@mkdir -p $(@D)
	@ln -sfn ../cuda-$(CUDA_HASH)/earmark-cuda.so $@
	@touch -h $@

# Sanitizers' programs do not load it: their runtime and CUDA's want the same addresses.
ifeq ($(SANITIZER),)
CUDA_PLUGIN := $(BUILD)/earmark-cuda.so
endif
endif

.PHONY: cuda
cuda: $(CUDA_PLUGIN) ## only the CUDA device's part (CUDA=1: nvcc missing is an error; CUDA=0: none)
	@$(if $(CUDA_PLUGIN),,echo 'probe: cuda: $(cuda_decision)')

.PHONY: show-cuda
show-cuda:
	@echo 'cuda: $(cuda_decision)'

.PHONY: cuda-folder
cuda-folder:
	@echo $(CUDA_BUILD)

# ---- tests through the device interface: the same programs in the simulator and on a GPU
CUDA_TEST_SOURCES := $(sort $(wildcard tests/cuda/test_*.c))
CUDA_TEST_PROGRAMS := $(CUDA_TEST_SOURCES:tests/cuda/%.c=$(BUILD)/tests/cuda/%)

$(BUILD)/tests/cuda/test_%: $(BUILD)/tests/cuda/test_%.o $(SUPPORT_OBJECTS) $(BUILD)/libearmark.a
	@mkdir -p $(@D)
	$(say) '  link $@'
	$(quiet)$(CC) $(ALL_FLAGS) -o $@ $^ $(CMOCKA_LIBS) $(LINK_LIBS)

$(CUDA_TEST_SOURCES:%.c=$(BUILD)/%.o): | $(BUILD)/probe/cmocka

.PHONY: cuda-tests
cuda-tests: $(CUDA_TEST_PROGRAMS)

# A GPU is not needed to build this; where there is none, its tests are skipped aloud.
.PHONY: test-gpu
test-gpu: ## the CUDA device's tests on this machine's GPU (CUDA=1); without one they are skipped aloud
	@$(MAKE) --no-print-directory -j$(JOBS) earmark cuda-tests
	@bash tests/cuda/gpu.sh $(CURDIR)/$(BUILD)/earmark $(CURDIR)/$(BUILD)/earmark-cuda.so \
		$(CUDA_TEST_PROGRAMS) $(sort $(wildcard tests/cuda/test_*.sh))

# cuDNN is the baseline only: earmark does not use it.
CUDNN_LIBS ?= -lcudnn
CLIPS_FOLDER ?=
cuda_baseline := $(if $(CUDA_BUILD),$(CUDA_BUILD)/bench/kernels/baseline)

.PHONY: bench-gpu
bench-gpu: ## measured speeds on this GPU against cuDNN, cuBLAS and (CLIPS_FOLDER=) SpeechBrain
	@$(MAKE) --no-print-directory -j$(JOBS) earmark
	@$(if $(cuda_baseline),$(MAKE) --no-print-directory -k $(cuda_baseline) || true)
	@bash bench/kernels/gpu.sh $(CURDIR)/$(BUILD)/earmark \
		"$$(test -x '$(cuda_baseline)' && echo '$(cuda_baseline)')" $(CLIPS_FOLDER)

ifneq ($(cuda_baseline),)
# Its convolution calls are marked as deprecated by cuDNN 9, and still the plainest ones.
$(cuda_baseline): bench/kernels/baseline.cu | $(CUDA_BUILD)/probe
	@mkdir -p $(@D)
	$(say) '  nvcc $<'
	$(quiet)$(NVCC) -std=c++17 -O3 $(cuda_codes) -Werror all-warnings -diag-suppress 1444 \
		-Xcompiler -Wall,-Wextra,-Wno-deprecated-declarations -o $@ $< -L$(CUDA_LIBRARIES) -lcublas $(CUDNN_LIBS) \
		-Xlinker -rpath=$(CUDA_LIBRARIES)

# ---- what ptxas says of every kernel, held to a committed table
.PHONY: cuda-resources
cuda-resources: $(CUDA_BUILD)/earmark-cuda.so ## bench/kernels/resources.csv anew, from what ptxas says
	bash bench/kernels/resources.sh $(CUDA_BUILD) $(CUDA_VERSION) >bench/kernels/resources.csv

.PHONY: cuda-version
cuda-version:
	@echo $(CUDA_VERSION)
endif

# ---- computed bounds: bench/kernels/bounds.md
.PHONY: cuda-counts
cuda-counts: cudasim-race ## bench/kernels/counts_*.tsv anew: the simulator counts bytes and operations (15 minutes)
	bash bench/kernels/count.sh $(BUILD)/cudasim-race/earmark models/default.safetensors

.PHONY: cuda-bounds
cuda-bounds: ## bench/kernels/bounds.md anew, from counts_*.tsv, resources.csv and gpus.csv
	bash bench/kernels/bounds_page.sh >bench/kernels/bounds.md
