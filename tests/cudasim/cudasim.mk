# The simulator of CUDA (tests/cudasim/README.md): the same kernels/cuda/*.cu built by g++,
# no CUDA toolkit needed. The part lies in a folder of its own with a copy of the program,
# so that the program beside it is not taken for one with a GPU.
#
#   $(BUILD)/cudasim/{earmark,earmark-cuda.so}        with the sanitizers that SANITIZER names
#   $(BUILD)/cudasim-race/{earmark,earmark-cuda.so}   with the race detector; counts bytes

CUDASIM_CXX ?= g++
CUDASIM_OPTIMISE ?= -O2
CUDASIM_SEEDS ?= 0 1 2 3 4

cudasim_sanitizer := $(if $(SANITIZER),-fsanitize=$(SANITIZER) -fno-sanitize-recover=all -fno-omit-frame-pointer)
cudasim_machine := $(if $(shell grep -m1 -w avx2 /proc/cpuinfo 2>/dev/null | grep -w fma),-mavx2 -mfma)
CUDASIM_COMMON := -D_GNU_SOURCE -I. -g $(cudasim_machine) -ffp-contract=off -fno-math-errno -fPIC -fvisibility=hidden
# Kernels are what every test waits for: -O2 whatever the host code has.
CUDASIM_FLAGS := -std=c++17 $(CUDASIM_COMMON) -DEARMARK_SIMULATOR -Itests/cudasim/include -Itests/cudasim \
	-Wall -Wextra -Wconversion -Wshadow -Wno-unknown-pragmas -Werror
CUDASIM_C_FLAGS := -std=c17 $(CUDASIM_COMMON) -O2 $(WARNINGS)
# The compiler's calls of __tsan_read4() and so on, which race.cpp has, and no library.
CUDASIM_HOOKS := -fsanitize=thread -DCUDASIM_HOOKS

CUDASIM_SOURCES := $(filter-out tests/cudasim/test_%,$(sort $(wildcard tests/cudasim/*.cpp)))
CUDASIM_HASH := $(shell printf '%s' '$(CUDASIM_CXX) $(CC) $(CUDASIM_OPTIMISE) $(CUDASIM_FLAGS) $(CUDASIM_C_FLAGS) $(cudasim_sanitizer)' | cksum | cut -d' ' -f1)
CUDASIM_BUILD := build/cudasim-$(CUDASIM_HASH)
CUDASIM_RUNTIME := $(CUDASIM_SOURCES:%.cpp=$(CUDASIM_BUILD)/%.o)
CUDASIM_RACE_RUNTIME := $(CUDASIM_RUNTIME:$(CUDASIM_BUILD)/tests/cudasim/race.o=$(CUDASIM_BUILD)/hooks/tests/cudasim/race.o)
CUDASIM_HOST := $(CUDA_HOST_SOURCES:%.c=$(CUDASIM_BUILD)/%.o)
CUDASIM_KERNELS := $(CUDA_SOURCES:%.cu=$(CUDASIM_BUILD)/%.o)
CUDASIM_RACE_KERNELS := $(CUDA_SOURCES:%.cu=$(CUDASIM_BUILD)/hooks/%.o)
CUDASIM_LINK := -shared -Wl,--no-undefined -Wl,-Bsymbolic

$(CUDASIM_BUILD)/%.o: %.cu
	@mkdir -p $(@D)
	$(say) '  compile $< (simulated)'
	$(quiet)$(CUDASIM_CXX) $(CUDASIM_FLAGS) $(CUDASIM_OPTIMISE) $(cudasim_sanitizer) -MMD -MP -x c++ -c -o $@ $<

$(CUDASIM_BUILD)/hooks/%.o: %.cu
	@mkdir -p $(@D)
	$(say) '  compile $< (simulated, with hooks)'
	$(quiet)$(CUDASIM_CXX) $(CUDASIM_FLAGS) -O1 $(CUDASIM_HOOKS) -MMD -MP -x c++ -c -o $@ $<

# Its accesses are checked as ranges, and its loops are long.
$(CUDASIM_BUILD)/tests/cudasim/blas.o: cudasim_sanitizer :=
$(CUDASIM_BUILD)/tests/cudasim/blas.o: CUDASIM_OPTIMISE := -O3

$(CUDASIM_BUILD)/tests/cudasim/%.o: tests/cudasim/%.cpp
	@mkdir -p $(@D)
	$(say) '  compile $<'
	$(quiet)$(CUDASIM_CXX) $(CUDASIM_FLAGS) $(CUDASIM_OPTIMISE) $(cudasim_sanitizer) -MMD -MP -c -o $@ $<

$(CUDASIM_BUILD)/hooks/%.o: %.cpp
	@mkdir -p $(@D)
	$(say) '  compile $< (with hooks)'
	$(quiet)$(CUDASIM_CXX) $(CUDASIM_FLAGS) $(CUDASIM_OPTIMISE) -DCUDASIM_HOOKS -MMD -MP -c -o $@ $<

$(CUDASIM_BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(say) '  compile $< (for the simulated part)'
	$(quiet)$(CC) $(CUDASIM_C_FLAGS) $(cudasim_sanitizer) -MMD -MP -c -o $@ $<

$(CUDASIM_BUILD)/earmark-cuda.so: $(CUDASIM_KERNELS) $(CUDASIM_HOST) $(CUDASIM_RUNTIME)
	$(say) '  link $@'
	$(quiet)$(CUDASIM_CXX) $(cudasim_sanitizer) $(CUDASIM_LINK) -o $@ $^ -lm -lpthread

$(CUDASIM_BUILD)/hooks/earmark-cuda.so: $(CUDASIM_RACE_KERNELS) $(CUDASIM_HOST) $(CUDASIM_RACE_RUNTIME)
	$(say) '  link $@'
	$(quiet)$(CUDASIM_CXX) $(CUDASIM_LINK) -o $@ $^ -lm -lpthread

$(BUILD)/cudasim/earmark-cuda.so: $(CUDASIM_BUILD)/earmark-cuda.so
	@mkdir -p $(@D)
	@ln -f $< $@

$(BUILD)/cudasim-race/earmark-cuda.so: $(CUDASIM_BUILD)/hooks/earmark-cuda.so
	@mkdir -p $(@D)
	@ln -f $< $@

$(BUILD)/cudasim/earmark $(BUILD)/cudasim-race/earmark: $(BUILD)/earmark
	@mkdir -p $(@D)
	@ln -f $< $@

# The simulator's own tests, linked with it.
$(CUDASIM_BUILD)/test_simulator: $(addprefix $(CUDASIM_BUILD)/tests/cudasim/,test_simulator.o test_runner.o) $(CUDASIM_RUNTIME)
	$(say) '  link $@'
	$(quiet)$(CUDASIM_CXX) $(cudasim_sanitizer) -o $@ $^ -lm -lpthread

$(CUDASIM_BUILD)/hooks/test_simulator: $(addprefix $(CUDASIM_BUILD)/hooks/tests/cudasim/,test_simulator.o test_runner.o) $(CUDASIM_RACE_RUNTIME)
	$(say) '  link $@'
	$(quiet)$(CUDASIM_CXX) -o $@ $^ -lm -lpthread

-include $(shell find $(CUDASIM_BUILD) -name '*.d' 2>/dev/null)

.PHONY: cudasim
cudasim: $(BUILD)/cudasim/earmark $(BUILD)/cudasim/earmark-cuda.so ## the program with the simulated CUDA device, in the build folder's cudasim/

.PHONY: cudasim-race
cudasim-race: $(BUILD)/cudasim-race/earmark $(BUILD)/cudasim-race/earmark-cuda.so

.PHONY: cudasim-programs
cudasim-programs: cudasim cuda-tests $(CUDASIM_BUILD)/test_simulator \
	$(if $(SANITIZER),,cudasim-race $(CUDASIM_BUILD)/hooks/test_simulator)

# The slowest programs first, so that none is left running alone at the end. With sanitizers without the 512-channel
# model: it takes minutes, and passes through the same code as the others. With the race detector without all of
# them: races between warps do not depend on where a tile ends, nor on what fails.
cudasim_slow := $(addprefix $(BUILD)/tests/cuda/test_,faults wide tails)
cudasim_tests := $(filter-out $(if $(SANITIZER),%/test_wide),$(cudasim_slow) $(filter-out $(cudasim_slow),$(CUDA_TEST_PROGRAMS)))
# Two seeds make the faults happen at every call; the others would only do it again.
cudasim_tests_of = $(filter-out $(if $(filter $(1),$(wordlist 1,2,$(CUDASIM_SEEDS))),,%/test_faults),$(cudasim_tests))
cudasim_race_tests := $(filter-out $(cudasim_slow),$(CUDA_TEST_PROGRAMS))
cudasim_race_seeds := $(BUILD)/tests/cuda/test_tensor

# Absurd sizes are asked of malloc on purpose.
cudasim_run = $(if $(SANITIZER),ASAN_OPTIONS=allocator_may_return_null=1) EARMARK_CUDA_PART=$(CURDIR)/$(BUILD)/$(1)/earmark-cuda.so EARMARK=$(CURDIR)/$(BUILD)/$(1)/earmark \
	bash tests/run.sh $(RUN_OPTIONS) --timeout 1500

# The CUDA device in the simulator: the simulator's own tests, then every test of tests/cuda with
# each seed; without sanitizers once more with the race detector, the layers' kernels with each seed;
# but for the programs left out above.
.PHONY: cudasim-run
cudasim-run: cudasim-programs
	@bash tests/run.sh $(RUN_OPTIONS) $(CUDASIM_BUILD)/test_simulator $(if $(SANITIZER),,$(CUDASIM_BUILD)/hooks/test_simulator)
	@failed=0; $(foreach seed,$(CUDASIM_SEEDS),CUDASIM_SEED=$(seed) $(call cudasim_run,cudasim) --label "seed $(seed)" \
		$(call cudasim_tests_of,$(seed)) || failed=1;) exit $$failed
	$(if $(SANITIZER),,@$(call cudasim_run,cudasim) --label "simulated GPU" $(sort $(wildcard tests/cuda/test_*.sh)))
	$(if $(SANITIZER),,@CUDASIM_SEED=$(lastword $(CUDASIM_SEEDS)) $(call cudasim_run,cudasim-race) --label "race detector" $(cudasim_race_tests))
	$(if $(SANITIZER),,@failed=0; for seed in $(filter-out $(lastword $(CUDASIM_SEEDS)),$(CUDASIM_SEEDS)); do \
		CUDASIM_SEED=$$seed $(call cudasim_run,cudasim-race) --label "race detector, seed $$seed" $(cudasim_race_seeds) || failed=1; \
	done; exit $$failed)

.PHONY: test-cudasim
test-cudasim: ## the CUDA device's tests in the simulator, with CUDASIM_SEEDS (0 1 2 3 4)
	@$(MAKE) --no-print-directory -j$(JOBS) cudasim-programs
	@$(MAKE) --no-print-directory cudasim-run

.PHONY: test-mutations
test-mutations: ## planted faults in kernels/cuda, one at a time: the tests have to catch each
	@bash tests/mutations/run.sh

.PHONY: cudasim-folder
cudasim-folder:
	@echo $(CUDASIM_BUILD)
