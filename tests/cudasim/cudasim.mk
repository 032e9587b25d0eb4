# The simulator of CUDA (tests/cudasim/README.md): the same kernels/cuda/*.cu built by g++,
# no CUDA toolkit needed. The plug-in is in a separate folder with a copy of the program, so that
# the program in the build folder does not find it.
#
#   $(BUILD)/cudasim/{earmark,earmark-cuda.so}        with the sanitizers that SANITIZER names
#   $(BUILD)/cudasim-race/{earmark,earmark-cuda.so}   with the race detector; counts bytes

CUDASIM_CXX ?= g++
CUDASIM_OPTIMISE ?= -O2
CUDASIM_SEEDS ?= 0 1 2 3 4

cudasim_sanitizer := $(if $(SANITIZER),-fsanitize=$(SANITIZER) -fno-sanitize-recover=all -fno-omit-frame-pointer)
cudasim_machine := $(if $(shell grep -m1 -w avx2 /proc/cpuinfo 2>/dev/null | grep -w fma),-mavx2 -mfma)
CUDASIM_COMMON := -D_GNU_SOURCE -I. -g $(cudasim_machine) -ffp-contract=off -fno-math-errno -fPIC -fvisibility=hidden
# Most time of the tests is spent in kernels: -O2 whatever the host code has. Each access of a
# kernel reads thread-local variables: without calls of __tls_get_addr().
CUDASIM_FLAGS := -std=c++17 $(CUDASIM_COMMON) -ftls-model=initial-exec -DEARMARK_SIMULATOR -Itests/cudasim/include -Itests/cudasim \
	-Wall -Wextra -Wconversion -Wshadow -Wno-unknown-pragmas $(if $(WERROR),-Werror)
CUDASIM_C_FLAGS := -std=c17 $(CUDASIM_COMMON) -O2 $(WARNINGS)
# The compiler inserts calls of __tsan_read4() and so on, which race.cpp defines; no library.
CUDASIM_HOOKS := -fsanitize=thread -DCUDASIM_HOOKS

CUDASIM_SOURCES := $(filter-out tests/cudasim/test_%,$(sort $(wildcard tests/cudasim/*.cpp tests/cudasim/ptx/*.cpp)))
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

# Its accesses are checked as ranges, and its loops are long: -O3 without sanitizers.
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
	$(say) '  compile $< (for the simulated plug-in)'
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

include tests/cudasim/ptx/ptx.mk

.PHONY: cudasim
cudasim: $(BUILD)/cudasim/earmark $(BUILD)/cudasim/earmark-cuda.so ## the program with the simulated CUDA device, in the build folder's cudasim/

.PHONY: cudasim-race
cudasim-race: $(BUILD)/cudasim-race/earmark $(BUILD)/cudasim-race/earmark-cuda.so

.PHONY: cudasim-programs
cudasim-programs: cudasim cuda-tests $(CUDASIM_BUILD)/test_simulator

.PHONY: cudasim-race-programs
cudasim-race-programs: cudasim-race cuda-tests $(CUDASIM_BUILD)/hooks/test_simulator

# The sanitized tests leave out the 512-channel model and the ends of tiles, which take minutes and run the
# same code as the others. The race detector leaves out all slow tests, since races between warps depend neither on where a
# tile ends nor on what fails; it runs the layers' kernels with each seed.
cudasim_slow := $(addprefix $(BUILD)/tests/cuda/test_,device_errors wide tails gpus)
cudasim_tests := $(filter-out $(if $(SANITIZER),%/test_wide %/test_tails),$(cudasim_slow) $(filter-out $(cudasim_slow),$(CUDA_TEST_PROGRAMS)))
# One seed injects the errors at every call; more seeds would repeat them.
cudasim_tests_of = $(filter-out $(if $(filter $(1),$(firstword $(CUDASIM_SEEDS))),,%/test_device_errors),$(cudasim_tests))
cudasim_race_tests := $(filter-out $(cudasim_slow),$(CUDA_TEST_PROGRAMS))
cudasim_race_seed := $(lastword $(CUDASIM_SEEDS))
cudasim_race_seeds := $(BUILD)/tests/cuda/test_tensor

# $(call cudasim_one,SEED,FOLDER,PROGRAMS)
cudasim_one = $(foreach test,$(3),'tests/cudasim/one.sh $(1) $(BUILD)/$(2) $(test)')

# All that runs, the slowest first and in one run of tests/run.sh, so that no processor waits for
# the last program of a seed: the whole program, every test with each seed, the simulator's own tests.
cudasim_runs = $(if $(SANITIZER),,$(call cudasim_one,$(firstword $(CUDASIM_SEEDS)),cudasim,$(sort $(wildcard tests/cuda/test_*.sh)))) \
	$(foreach seed,$(CUDASIM_SEEDS),$(call cudasim_one,$(seed),cudasim,$(call cudasim_tests_of,$(seed)))) \
	$(CUDASIM_BUILD)/test_simulator
cudasim_race_runs = $(call cudasim_one,$(cudasim_race_seed),cudasim-race,$(cudasim_race_tests)) \
	$(foreach seed,$(filter-out $(cudasim_race_seed),$(CUDASIM_SEEDS)),$(call cudasim_one,$(seed),cudasim-race,$(cudasim_race_seeds))) \
	$(CUDASIM_BUILD)/hooks/test_simulator

# Some tests ask malloc for absurd sizes on purpose.
.PHONY: cudasim-run
cudasim-run: cudasim-programs
	@$(if $(SANITIZER),ASAN_OPTIONS=allocator_may_return_null=1) bash tests/run.sh $(RUN_OPTIONS) --timeout 1500 $(cudasim_runs)

.PHONY: cudasim-race-run
cudasim-race-run: cudasim-race-programs
	@bash tests/run.sh $(RUN_OPTIONS) --timeout 1500 $(cudasim_race_runs)

.PHONY: test-cudasim
test-cudasim: ## the CUDA device's tests in the simulator with CUDASIM_SEEDS (0 1 2 3 4), and with the race detector
	@$(MAKE) --no-print-directory -j$(JOBS) cudasim-programs cudasim-race-programs
	@$(MAKE) --no-print-directory cudasim-run
	@$(MAKE) --no-print-directory cudasim-race-run

.PHONY: test-mutations
test-mutations: ## plant errors in kernels/cuda, one at a time: a test must fail for each
	@bash tests/mutations/run.sh

.PHONY: cudasim-folder
cudasim-folder:
	@echo $(CUDASIM_BUILD)
