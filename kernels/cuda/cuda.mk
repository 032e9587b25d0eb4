# The CUDA device: earmark-cuda.so, a plug-in that the program loads from its own folder.
#
#   CUDA=      built where nvcc is found and can build it (the default)
#   CUDA=1     an error where it cannot be built
#   CUDA=0     not built
#
# kernels/cuda/probe.sh finds out which of CUDA_ARCHITECTURES this nvcc compiles for: 80 and 90
# need CUDA 12.0 or later, 100 and 120 need 12.8. The plug-in has machine code for those, and PTX
# of the newest for later GPUs. Objects and the report of ptxas on each are in a folder named
# after nvcc's flags and version.

CUDA ?=
NVCC ?= $(or $(shell command -v nvcc 2>/dev/null),$(wildcard /usr/local/cuda/bin/nvcc))
CUDA_ARCHITECTURES ?= 80 90 100 120
CUDA_WARNINGS ?= -Wall,-Wextra,-Wconversion,-Wshadow

CUDA_SOURCES := $(sort $(wildcard kernels/cuda/*.cu))
# The plug-in has a copy of what it shares with the program.
CUDA_HOST_SOURCES := $(filter-out kernels/device_find.c kernels/plugin_load.c,$(sort $(wildcard kernels/*.c)))

cuda_build :=
ifeq ($(CUDA),0)
cuda_decision := not built: CUDA=0
else ifeq ($(NVCC),)
cuda_decision := not built: no nvcc. Put the CUDA toolkit (12.0 or later) on PATH, or set NVCC
else
CUDA_VERSION := $(shell $(NVCC) --version 2>/dev/null | sed -n 's/.*release .*, V\([0-9.]*\).*/\1/p')
cuda_package := $(or $(shell for package in cublas-$(basename $(CUDA_VERSION)) cublas; do \
	$(PKG_CONFIG) --exists $$package 2>/dev/null && echo $$package && break; done),no-package)
# For trees in which nvcc does not find cuBLAS by itself: further flags for nvcc, and the library.
CUDA_CFLAGS ?= $(shell $(PKG_CONFIG) --cflags $(cuda_package) 2>/dev/null)
CUBLAS_LIBS ?= $(or $(shell $(PKG_CONFIG) --libs $(cuda_package) 2>/dev/null),-lcublas)
cuda_probe := build/cuda-probe-$(shell printf '%s' '$(NVCC) $(CUDA_VERSION) $(CUDA_CFLAGS) $(CUBLAS_LIBS) $(CUDA_ARCHITECTURES)' | cksum | cut -d' ' -f1)
$(shell sh kernels/cuda/probe.sh '$(cuda_probe)' '$(NVCC)' '$(CUDA_CFLAGS)' '$(CUBLAS_LIBS)' $(CUDA_ARCHITECTURES) >&2)
include $(cuda_probe)/decision.mk
ifneq ($(cuda_problem),)
cuda_decision := not built: $(cuda_problem)
else
cuda_build := yes
CUDA_PTX ?= $(lastword $(cuda_built))
cuda_decision := $(NVCC) $(CUDA_VERSION) for $(addprefix sm_,$(cuda_built)), PTX of $(addprefix compute_,$(CUDA_PTX))$(if \
	$(cuda_left_out),; left out: $(addprefix sm_,$(cuda_left_out))$(comma) which this nvcc does not compile for)
endif
endif

# The decision is printed by the first build after it was made, and by `make show`.
cuda_stamp := $(BUILD)/probe/cuda-$(shell printf '%s' '$(cuda_decision)' | cksum | cut -d' ' -f1)
$(cuda_stamp):
	@mkdir -p $(@D)
	@echo 'probe: cuda: $(cuda_decision)$(if $(cuda_build)$(filter 0,$(CUDA)),,. CUDA=1 makes this an error)' | tee $@

ifneq ($(filter-out 0,$(CUDA)),)
ifeq ($(cuda_build),)
.PHONY: cuda-missing
cuda-missing:
	@echo 'probe: cuda: $(cuda_decision). CUDA=1 asks for it.' >&2
	@exit 1
$(OBJECTS) $(MAIN_OBJECT): | cuda-missing
$(cuda_stamp): cuda-missing
endif
endif

ifneq ($(cuda_build),)
cuda_codes := $(foreach a,$(cuda_built),-gencode arch=compute_$(a),code=sm_$(a)) \
	$(foreach a,$(CUDA_PTX),-gencode arch=compute_$(a),code=compute_$(a))
CUDA_LIBRARIES ?= $(cuda_libraries)
cuda_folders := $(CUDA_LIBRARIES) $(patsubst -L%,%,$(filter -L%,$(CUBLAS_LIBS)))
cuda_rpath := $(addprefix -Xlinker -rpath=,$(cuda_folders))
# -fmad=false: sums are contracted only where fmaf says so, as on the CPU and in the simulator.
cuda_werror := $(WERROR)
NVCC_FLAGS := -std=c++17 -I. -O3 -fmad=false $(cuda_codes) $(CUDA_CFLAGS) $(if $(cuda_werror),-Werror all-warnings) \
	-Xcompiler -fPIC,-fvisibility=hidden,-ffp-contract=off,$(CUDA_WARNINGS)$(if $(cuda_werror),$(comma)-Werror)
CUDA_C_FLAGS := -std=c17 -D_GNU_SOURCE -I. -O2 -fPIC -fvisibility=hidden -ffp-contract=off $(WARNINGS)
# The driver comes first among the libraries: on a machine without one the loader stops there, before
# cuBLAS takes a hundred megabytes. Whatever has its name does for linking.
cuda_driver := driver/libcuda.so
CUDA_LINK := -shared -cudart static -Xlinker --push-state,--no-as-needed,$(cuda_driver),--pop-state $(addprefix -L,$(CUDA_LIBRARIES)) $(CUBLAS_LIBS) -Xlinker --no-undefined -Xlinker --exclude-libs=ALL
CUDA_HASH := $(shell printf '%s' '$(NVCC) $(CUDA_VERSION) $(NVCC_FLAGS) $(CC) $(CUDA_C_FLAGS) $(CUDA_LINK) $(cuda_rpath)' | cksum | cut -d' ' -f1)
CUDA_BUILD := build/cuda-$(CUDA_HASH)
CUDA_LINK := $(subst $(cuda_driver),$(CUDA_BUILD)/$(cuda_driver),$(CUDA_LINK))
CUDA_OBJECTS := $(CUDA_SOURCES:%.cu=$(CUDA_BUILD)/%.o) $(CUDA_HOST_SOURCES:%.c=$(CUDA_BUILD)/%.o)

$(CUDA_BUILD)/%.o: %.cu
	@mkdir -p $(@D)
	$(say) '  nvcc $<'
	$(quiet)$(NVCC) $(NVCC_FLAGS) -Xptxas -v -MMD -MP -MF $(@:.o=.d) -c -o $@ $< 2>$(@:.o=.ptxas) || \
		{ grep -v '^ptxas info\|bytes stack frame' $(@:.o=.ptxas) >&2; rm -f $@; exit 1; }

$(CUDA_BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(say) '  compile $< (for the CUDA plug-in)'
	$(quiet)$(CC) $(CUDA_C_FLAGS) -MMD -MP -c -o $@ $<

$(CUDA_BUILD)/$(cuda_driver):
	@mkdir -p $(@D)
	$(quiet)$(CC) -shared -nostdlib -Wl,-soname,libcuda.so.1 -o $@ -x c /dev/null

$(CUDA_BUILD)/earmark-cuda.so: $(CUDA_OBJECTS) | $(CUDA_BUILD)/$(cuda_driver)
	$(say) '  link $@'
	$(quiet)$(NVCC) -o $@ $^ $(CUDA_LINK) $(cuda_rpath)

-include $(shell find $(CUDA_BUILD) -name '*.d' 2>/dev/null)

# A link to the plug-in, in the folder of the program.
$(BUILD)/earmark-cuda.so: $(CUDA_BUILD)/earmark-cuda.so
	@mkdir -p $(@D)
	@ln -sfn ../cuda-$(CUDA_HASH)/earmark-cuda.so $@
	@touch -h $@

# Programs with sanitizers do not load it: CUDA's runtime and theirs need the same addresses.
ifeq ($(SANITIZER),)
CUDA_PLUGIN := $(BUILD)/earmark-cuda.so
endif
endif

$(BUILD)/earmark $(CUDA_PLUGIN): | $(cuda_stamp)

.PHONY: cuda
cuda: $(CUDA_PLUGIN) | $(cuda_stamp) ## only the CUDA plug-in (CUDA=1: an error where it cannot be built; CUDA=0: none)

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

# No GPU is needed to build the tests; where there is none, they are counted as skipped.
.PHONY: test-gpu
test-gpu: ## the CUDA device's tests on this machine's GPU (CUDA=1); without one they are counted as skipped
	@$(MAKE) --no-print-directory -j$(JOBS) earmark cuda-tests
	@bash tests/cuda/gpu.sh $(CURDIR)/$(BUILD)/earmark $(CURDIR)/$(BUILD)/earmark-cuda.so \
		$(CUDA_TEST_PROGRAMS) $(sort $(wildcard tests/cuda/test_*.sh))

# cuDNN is only the baseline of the benchmark; earmark does not use it.
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
# cuDNN 9 marks its convolution calls as deprecated; they are still the simplest ones.
$(cuda_baseline): bench/kernels/baseline.cu
	@mkdir -p $(@D)
	$(say) '  nvcc $<'
	$(quiet)$(NVCC) -std=c++17 -O3 $(cuda_codes) $(CUDA_CFLAGS) $(if $(cuda_werror),-Werror all-warnings) -diag-suppress 1444 \
		-Xcompiler -Wall,-Wextra,-Wno-deprecated-declarations -o $@ $< $(addprefix -L,$(CUDA_LIBRARIES)) $(CUBLAS_LIBS) $(cuda_rpath) $(CUDNN_LIBS)

# ---- what ptxas reports on every kernel, compared with a committed table
.PHONY: cuda-resources
cuda-resources: $(CUDA_BUILD)/earmark-cuda.so ## write bench/kernels/resources.csv from the report of ptxas
	bash bench/kernels/resources.sh $(CUDA_BUILD) $(CUDA_VERSION) >bench/kernels/resources.csv

.PHONY: cuda-version
cuda-version:
	@echo $(CUDA_VERSION)
endif

# ---- computed bounds: bench/kernels/bounds.md
.PHONY: cuda-counts
cuda-counts: cudasim-race ## write bench/kernels/counts_*.tsv: the simulator counts bytes and operations (15 minutes)
	bash bench/kernels/count.sh $(BUILD)/cudasim-race/earmark models/default.safetensors

.PHONY: cuda-bounds
cuda-bounds: ## write bench/kernels/bounds.md from counts_*.tsv, resources.csv and gpus.csv
	bash bench/kernels/bounds_page.sh >bench/kernels/bounds.md
