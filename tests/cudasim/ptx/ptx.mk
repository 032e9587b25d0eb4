# nvcc's own PTX in the simulator (tests/cudasim/README.md), in folders named after nvcc and its
# flags:
#
#   $(PTX_BUILD)/80/layer_tensor.ptx
#
# The flags that change code are those of the plug-in (kernels/cuda/cuda.mk).

PTX_TARGETS ?= 80 90 120
ptx_sources := $(shell grep -l __global__ $(CUDA_SOURCES))
PTX_FLAGS := -std=c++17 -I. -O3 -fmad=false -ptx
ptx_nvcc := $(realpath $(NVCC))
PTX_BUILD := build/ptx-$(shell printf '%s' '$(ptx_nvcc) $(PTX_FLAGS)' | cksum | cut -d' ' -f1)
PTX_MODULES := $(foreach target,$(PTX_TARGETS),$(ptx_sources:kernels/cuda/%.cu=$(PTX_BUILD)/$(target)/%.ptx))

# $(call ptx_rule,TARGET)
define ptx_rule
$(PTX_BUILD)/$(1)/%.ptx: kernels/cuda/%.cu $(ptx_nvcc)
	@mkdir -p $$(@D)
	$(say) '  nvcc $$< (PTX of compute_$(1))'
	$(quiet)$(NVCC) $(PTX_FLAGS) -arch=compute_$(1) -MMD -MP -MF $$(@:.ptx=.d) -o $$@ $$<
endef
$(foreach target,$(PTX_TARGETS),$(eval $(call ptx_rule,$(target))))

-include $(shell find $(PTX_BUILD) -name '*.d' 2>/dev/null)

# Without those of sources that are gone: a kernel that has moved would be there twice.
ptx_present = $(wildcard $(PTX_TARGETS:%=$(PTX_BUILD)/%/*.ptx))
.PHONY: ptx-modules
ptx-modules: $(PTX_MODULES)
	@rm -f $(filter-out $(PTX_MODULES),$(ptx_present))

.PHONY: ptx-folder
ptx-folder:
	@echo $(PTX_BUILD)

# What runs, the slowest first. All programs but the sweep of device errors, which tests the host's code,
# for the first target, and those of the kernels for the others; with a pessimistic model of hardware sums
# the programs that have tolerances; planted faults.
ptx_first := $(firstword $(PTX_TARGETS))
ptx_programs := $(addprefix $(BUILD)/tests/cuda/test_,classifier tails gpus device_cuda wide embedding nearest \
	statistics front_end tensor)
ptx_others := $(filter-out %/test_gpus %/test_device_cuda,$(ptx_programs))
ptx_tolerant := $(addprefix $(BUILD)/tests/cuda/test_,tails wide embedding tensor)
# $(call ptx_one,TARGET,HARSH,PROGRAMS)
ptx_one = $(foreach test,$(3),'tests/cudasim/ptx/one.sh $(PTX_BUILD)/$(1) $(2) $(BUILD)/cudasim $(test)')
ptx_runs = $(call ptx_one,$(ptx_first),0,tests/cuda/test_whole_program.sh $(ptx_programs)) \
	$(foreach target,$(filter-out $(ptx_first),$(PTX_TARGETS)),$(call ptx_one,$(target),0,$(ptx_others))) \
	$(foreach group,4 8,$(call ptx_one,$(ptx_first),$(group),$(ptx_tolerant))) \
	'tests/cudasim/ptx/faults.sh $(PTX_BUILD)/$(ptx_first) $(BUILD)'

.PHONY: ptx-run
ptx-run: $(if $(ptx_nvcc),cudasim-programs ptx-modules)
	@bash tests/cudasim/ptx/run.sh '$(ptx_nvcc)' $(RUN_OPTIONS) --timeout 900 $(ptx_runs)

.PHONY: test-ptx
test-ptx: ## the CUDA device's tests on nvcc's own PTX in the simulator; without nvcc they are counted as skipped
	@$(if $(ptx_nvcc),$(MAKE) --no-print-directory -j$(JOBS) cudasim-programs ptx-modules)
	@$(MAKE) --no-print-directory ptx-run
