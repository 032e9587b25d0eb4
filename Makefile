# earmark: `make`, `make test`, `make demo`, `make install PREFIX=/usr/local`; `make help` lists the main targets.
#
# Objects live in a folder named after the flags, so that sanitizer, debug and
# release builds never mix. Before the first build with a set of flags every
# library is probed by compiling and linking with it; what was decided is
# printed then, and again by `make show`. Every variable set with ?= can be
# overridden on the command line or in the environment. WERROR=1 makes warnings
# errors, as `make test` and `make lint` do: a newer compiler's new warning must
# not stop anybody else's build.

CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr/local
DESTDIR ?=
OPTIMISE ?= -O3
SANITIZER ?=
WERROR ?=
WARNINGS ?= -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes $(if $(WERROR),-Werror)
PKG_CONFIG ?= pkg-config
INSTALL ?= install
SUDO ?= $(if $(filter 0,$(shell id -u)),,sudo)
JOBS ?= $(shell nproc)

# ---- libraries: pkg-config's answer, or the plain name where it has none. Folders that
# pkg-config names (PKG_CONFIG_PATH) are searched for every library, also when the program runs.
comma := ,
packages := sndfile samplerate libzip zlib libzstd snappy jansson libxxhash yaml-0.1 libutf8proc dnnl libseccomp cmocka
find_flags = $(sort $(foreach package,$(packages),$(shell $(PKG_CONFIG) $(1) $(package) 2>/dev/null)))
find_libs = $(or $(shell $(PKG_CONFIG) --libs-only-l $(1) 2>/dev/null),-l$(2))
PACKAGE_CFLAGS ?= $(call find_flags,--cflags)
PACKAGE_LDFLAGS ?= $(foreach folder,$(call find_flags,--libs-only-L),$(folder) $(folder:-L%=-Wl$(comma)-rpath$(comma)%))
SNDFILE_LIBS ?= $(call find_libs,sndfile,sndfile)
SAMPLERATE_LIBS ?= $(call find_libs,samplerate,samplerate)
LIBZIP_LIBS ?= $(call find_libs,libzip,zip)
JANSSON_LIBS ?= $(call find_libs,jansson,jansson)
ZLIB_LIBS ?= $(call find_libs,zlib,z)
ZSTD_LIBS ?= $(call find_libs,libzstd,zstd)
SNAPPY_LIBS ?= $(call find_libs,snappy,snappy)
XXHASH_LIBS ?= $(call find_libs,libxxhash,xxhash)
LIBYAML_LIBS ?= $(call find_libs,yaml-0.1,yaml)
UTF8PROC_LIBS ?= $(call find_libs,libutf8proc,utf8proc)
ONEDNN_LIBS ?= $(call find_libs,dnnl,dnnl)
SECCOMP_LIBS ?= $(call find_libs,libseccomp,seccomp)
# Optional: tar files compressed with zstd, xz or bzip2. LIBARCHIVE=0 builds without it.
LIBARCHIVE ?= $(if $(shell $(PKG_CONFIG) --exists libarchive 2>/dev/null && echo found),1,0)
LIBARCHIVE_LIBS ?= $(if $(filter 1,$(LIBARCHIVE)),$(call find_libs,libarchive,archive))
# Optional: earmark review, which serves a run to a browser. MICROHTTPD=0 builds without it.
MICROHTTPD ?= $(if $(shell $(PKG_CONFIG) --exists libmicrohttpd 2>/dev/null && echo found),1,0)
MICROHTTPD_LIBS ?= $(if $(filter 1,$(MICROHTTPD)),$(call find_libs,libmicrohttpd,microhttpd))
OPENMP ?= -fopenmp
CMOCKA_LIBS ?= $(call find_libs,cmocka,cmocka)

# ---- Debian packages, for `make deps`
BUILD_PACKAGES ?= gcc libc6-dev binutils make pkg-config libsndfile1-dev libsamplerate0-dev libzip-dev \
	libmicrohttpd-dev zlib1g-dev libjansson-dev libxxhash-dev libyaml-dev libutf8proc-dev libdnnl-dev libseccomp-dev libarchive-dev \
	libzstd-dev libsnappy-dev libavformat-dev libavcodec-dev libavutil-dev
TEST_PACKAGES ?= libcmocka-dev g++ clang libclang-rt-dev libomp-dev clang-format clang-tidy \
	man-db groff-base parallel curl
DEPS ?= $(BUILD_PACKAGES) $(TEST_PACKAGES)

# fp-contract off: the same sums whatever the compiler fuses; kernels say fmaf where they mean it.
PACKAGE_CFLAGS := $(PACKAGE_CFLAGS)
PACKAGE_LDFLAGS := $(PACKAGE_LDFLAGS)
BASE_FLAGS := -std=c17 -D_GNU_SOURCE -I. -g $(OPTIMISE) -ffp-contract=off -fno-math-errno $(OPENMP) $(WARNINGS) $(PACKAGE_CFLAGS)
LINK_LIBS := $(PACKAGE_LDFLAGS) $(SNDFILE_LIBS) $(SAMPLERATE_LIBS) $(LIBZIP_LIBS) $(ZLIB_LIBS) $(ZSTD_LIBS) $(SNAPPY_LIBS) $(JANSSON_LIBS) $(XXHASH_LIBS) $(LIBYAML_LIBS) $(UTF8PROC_LIBS) $(ONEDNN_LIBS) $(SECCOMP_LIBS) $(LIBARCHIVE_LIBS) $(MICROHTTPD_LIBS) -ldl -lm
ifneq ($(SANITIZER),)
BASE_FLAGS += -fsanitize=$(SANITIZER) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
# NaN where the network must not read: costs time, so only where time is spent on checks anyway.
ifneq ($(findstring address,$(SANITIZER)),)
BASE_FLAGS += -DEARMARK_DEBUG
endif
# A oneDNN without a file for pkg-config: ONEDNN_CFLAGS=-I... ONEDNN_LIBS='-L... -ldnnl'.
ONEDNN_CFLAGS ?=
BASE_FLAGS += $(ONEDNN_CFLAGS)
LINK_LIBS += $(patsubst -L%,-Wl$(comma)-rpath$(comma)%,$(filter -L%,$(ONEDNN_LIBS)))
CFLAGS ?=
ALL_FLAGS := $(BASE_FLAGS) $(CFLAGS)

# Short lines while building; V=1 shows the commands.
V ?=
quiet := $(if $(V),,@)
say := @$(if $(V),:,echo)

FLAGS_HASH := $(shell printf '%s' '$(CC) $(ALL_FLAGS) $(LINK_LIBS)' | cksum | cut -d' ' -f1)
BUILD := build/$(FLAGS_HASH)

SOURCES := $(sort $(wildcard kernels/*.c kernels/cpu/*.c host/*/*.c host/review/apply/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/host/report/page_web.o
MAIN_OBJECT := $(BUILD)/host/main.o
TEST_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
TEST_PROGRAMS := $(TEST_SOURCES:tests/unit/%.c=$(BUILD)/tests/%)
SUPPORT_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/support/*.c)))
CLI_TESTS := $(sort $(wildcard tests/cli/test_*.sh))
slow_hostile_tests := $(wildcard $(foreach test,races fuzz_world sounds output small_inputs,tests/hostile/test_$(test).sh))
HOSTILE_TESTS := $(slow_hostile_tests) $(filter-out $(slow_hostile_tests),$(sort $(wildcard tests/hostile/test_*.sh)))
HOSTILE_PROGRAMS := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/hostile/*.c))
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_PROGRAMS := $(FUZZ_SOURCES:tests/fuzz/%.c=$(BUILD)/fuzz/%)

.PHONY: all
all: earmark ## build the program (the default)

include kernels/cuda/cuda.mk
include host/sound/ffmpeg/ffmpeg.mk
include host/cluster/bundle.mk
include tests/cuda/gpu_bundle.mk
-include tests/cudasim/cudasim.mk

# The program at the top of the tree is always the one built last. A plug-in of an earlier build does
# not stay beside one that is built without.
.PHONY: earmark
earmark: $(BUILD)/earmark $(CUDA_PLUGIN) $(FFMPEG_PLUGIN)
	@ln -sf $(BUILD)/earmark earmark
	$(if $(FFMPEG_PLUGIN),,@rm -f $(BUILD)/earmark-ffmpeg.so)

$(BUILD)/earmark: $(MAIN_OBJECT) $(BUILD)/libearmark.a
	$(say) '  link $@'
	$(quiet)$(CC) $(ALL_FLAGS) -o $@ $^ $(LINK_LIBS)

$(BUILD)/host/containers/tar_bytes.o: ALL_FLAGS += $(if $(filter 1,$(LIBARCHIVE)),-DHAVE_LIBARCHIVE)
$(BUILD)/host/review/server_daemon.o: ALL_FLAGS += $(if $(filter 1,$(MICROHTTPD)),-DHAVE_MICROHTTPD)

$(BUILD)/libearmark.a: $(OBJECTS)
	@rm -f $@
	$(quiet)ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(say) '  compile $<'
	$(quiet)$(CC) $(ALL_FLAGS) -MMD -MP -c -o $@ $<

# Style and script of the page, in this order, as a C file.
WEB_NAMES := overview.css page.css media.css base.js evidence.js carrier_file.js carrier_server.js decisions.js estimate.js \
	queue.js filters.js waveform.js voice.js media.js clip.js dialogs.js bar.js app.js keys.js main.js
WEB_FILES := $(wildcard $(addprefix host/report/web/,$(WEB_NAMES)))
$(BUILD)/host/report/page_web.c: host/report/web/embed.sh $(WEB_FILES) Makefile
	@mkdir -p $(@D)
	$(quiet)bash $< $(WEB_FILES) >$@.part && mv $@.part $@

$(BUILD)/host/report/page_web.o: $(BUILD)/host/report/page_web.c
	$(say) '  compile $<'
	$(quiet)$(CC) $(ALL_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/test_%: $(BUILD)/tests/unit/test_%.o $(SUPPORT_OBJECTS) $(BUILD)/libearmark.a
	@mkdir -p $(@D)
	$(say) '  link $@'
	$(quiet)$(CC) $(ALL_FLAGS) -o $@ $^ $(CMOCKA_LIBS) $(LINK_LIBS)

# Those of the sandbox must run without sanitizers, too, where the rest of the tests' objects are not
# built.
SANDBOX_TESTS := $(addprefix $(BUILD)/tests/,test_sandbox test_sandbox_layers test_taken_over)
$(SANDBOX_TESTS): $(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(BUILD)/tests/support/sandboxed.o $(BUILD)/libearmark.a
	@mkdir -p $(@D)
	$(say) '  link $@'
	$(quiet)$(CC) $(ALL_FLAGS) -o $@ $^ $(CMOCKA_LIBS) $(LINK_LIBS)

# The small programs of bench/ use nothing of earmark's and only the C library.
BENCH_PROGRAMS := $(addprefix $(BUILD)/bench/,plant_errors score_planted plant_labels score_crossval \
	score_detection accuracy column_codes random_weights)
BENCH_SHARED := $(addprefix $(BUILD)/bench/,tables.o random.o codes.o planting.o scores.o)
$(BENCH_PROGRAMS): %: %.o $(BENCH_SHARED)
	$(say) '  link $@'
	$(quiet)$(CC) $(ALL_FLAGS) -o $@ $^ -lm

# This one plays reviewers with earmark's own list.
REVIEW_PROGRAM := $(BUILD)/bench/simulate_review
$(REVIEW_PROGRAM): $(BUILD)/bench/review/simulate_review.o $(BUILD)/libearmark.a
	$(say) '  link $@'
	$(quiet)$(CC) $(ALL_FLAGS) -o $@ $^ $(LINK_LIBS)

# This one feeds a device that only counts.
FEEDING_PROGRAM := $(BUILD)/bench/feeding_speed
$(FEEDING_PROGRAM): $(BUILD)/bench/feeding/feeding.o $(BUILD)/bench/feeding/counting_device.o \
		$(BUILD)/libearmark.a
	$(say) '  link $@'
	$(quiet)$(CC) $(ALL_FLAGS) -o $@ $^ $(LINK_LIBS)

# So do those of tests/hostile/, which share nothing; the scripts of tests/cli/ may run them, too.
$(HOSTILE_PROGRAMS): $(BUILD)/hostile/%: $(BUILD)/tests/hostile/%.o
	@mkdir -p $(@D)
	$(say) '  link $@'
	$(quiet)$(CC) $(ALL_FLAGS) -o $@ $^ $(XXHASH_LIBS) $(SECCOMP_LIBS)

.PRECIOUS: $(BUILD)/%.o

.PHONY: tests
tests: $(TEST_PROGRAMS) $(BUILD)/earmark $(FFMPEG_PLUGIN)

# What tests run, without touching the link at the top of the tree.
.PHONY: cli-programs test-programs
cli-programs: $(BUILD)/earmark $(CUDA_PLUGIN) $(FFMPEG_PLUGIN) $(BENCH_PROGRAMS) $(HOSTILE_PROGRAMS) $(SANDBOX_TESTS)
test-programs: cli-programs $(TEST_PROGRAMS)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- probes: a stamp per library, made by compiling and linking with it
# $(call probe,NAME,HEADER,EXPRESSION THAT IS NOT ZERO,FLAGS,DEBIAN PACKAGE)
define probe
$(BUILD)/probe/$(1):
	@mkdir -p $$(@D)
	@printf '#include <%s>\nint main(void) { return !(%s); }\n' '$(2)' '$(3)' >$$@.c
	@if $(CC) $(PACKAGE_CFLAGS) -o $$@.out $$@.c $(PACKAGE_LDFLAGS) $(4) 2>$$@.log; then \
		echo 'probe: $(1): found ($(strip $(CC) $(4)))' | tee $$@; \
	else \
		sed 's/^/    /' $$@.log | head -n 5 >&2; \
		echo 'probe: $(1): missing. Debian package: $(5). `make deps` installs it; elsewhere set $(6) for make.' >&2; \
		exit 1; \
	fi
endef
$(eval $(call probe,compiler,stdio.h,1,,gcc libc6-dev,CC))
$(eval $(call probe,openmp,omp.h,omp_get_max_threads() > 0,$(OPENMP),gcc (libomp-dev for clang),OPENMP))
$(eval $(call probe,sndfile,sndfile.h,sf_version_string() != 0,$(SNDFILE_LIBS),libsndfile1-dev,PKG_CONFIG_PATH or PACKAGE_CFLAGS and SNDFILE_LIBS))
$(eval $(call probe,samplerate,samplerate.h,src_get_version() != 0,$(SAMPLERATE_LIBS),libsamplerate0-dev,PKG_CONFIG_PATH or PACKAGE_CFLAGS and SAMPLERATE_LIBS))
$(eval $(call probe,libzip,zip.h,zip_libzip_version() != 0,$(LIBZIP_LIBS),libzip-dev,PKG_CONFIG_PATH or PACKAGE_CFLAGS and LIBZIP_LIBS))
$(eval $(call probe,zlib,zlib.h,zlibVersion() != 0,$(ZLIB_LIBS),zlib1g-dev,PKG_CONFIG_PATH or PACKAGE_CFLAGS and ZLIB_LIBS))
$(eval $(call probe,zstd,zstd.h,ZSTD_versionNumber() > 0,$(ZSTD_LIBS),libzstd-dev,PKG_CONFIG_PATH or PACKAGE_CFLAGS and ZSTD_LIBS))
$(eval $(call probe,snappy,snappy-c.h,snappy_max_compressed_length(1) > 0,$(SNAPPY_LIBS),libsnappy-dev,PACKAGE_CFLAGS and SNAPPY_LIBS))
$(eval $(call probe,jansson,jansson.h,json_object() != 0,$(JANSSON_LIBS),libjansson-dev,PKG_CONFIG_PATH or PACKAGE_CFLAGS and JANSSON_LIBS))
$(eval $(call probe,xxhash,xxhash.h,XXH_versionNumber() > 0,$(XXHASH_LIBS),libxxhash-dev,PKG_CONFIG_PATH or PACKAGE_CFLAGS and XXHASH_LIBS))
$(eval $(call probe,libyaml,yaml.h,yaml_get_version_string() != 0,$(LIBYAML_LIBS),libyaml-dev,PKG_CONFIG_PATH or PACKAGE_CFLAGS and LIBYAML_LIBS))
$(eval $(call probe,utf8proc,utf8proc.h,utf8proc_version() != 0,$(UTF8PROC_LIBS),libutf8proc-dev,PKG_CONFIG_PATH or PACKAGE_CFLAGS and UTF8PROC_LIBS))
$(eval $(call probe,onednn,oneapi/dnnl/dnnl.h,dnnl_version() != 0,$(ONEDNN_CFLAGS) $(ONEDNN_LIBS),libdnnl-dev,PKG_CONFIG_PATH or ONEDNN_CFLAGS and ONEDNN_LIBS))
$(eval $(call probe,libseccomp,seccomp.h,seccomp_version() != 0,$(SECCOMP_LIBS),libseccomp-dev,PKG_CONFIG_PATH or PACKAGE_CFLAGS and SECCOMP_LIBS))
ifeq ($(LIBARCHIVE),1)
$(eval $(call probe,libarchive,archive.h,archive_version_string() != 0,$(LIBARCHIVE_LIBS),libarchive-dev,LIBARCHIVE=0 (without it) or PKG_CONFIG_PATH))
else
$(BUILD)/probe/libarchive:
	@mkdir -p $(@D)
	@echo 'probe: libarchive: not used, so tar files of zstd, xz and bzip2 are not read. Debian package: libarchive-dev' | tee $@
endif

ifeq ($(MICROHTTPD),1)
$(eval $(call probe,libmicrohttpd,microhttpd.h,MHD_get_version() != 0,$(MICROHTTPD_LIBS),libmicrohttpd-dev,MICROHTTPD=0 (without it) or PKG_CONFIG_PATH))
else
$(BUILD)/probe/libmicrohttpd:
	@mkdir -p $(@D)
	@echo 'probe: libmicrohttpd: not used, so there is no earmark review. Debian package: libmicrohttpd-dev' | tee $@
endif

# cmocka's header needs others before it, and only the tests need it.
$(BUILD)/probe/cmocka:
	@mkdir -p $(@D)
	@printf '#include <%s>\n' stdarg.h stddef.h stdint.h setjmp.h cmocka.h >$@.c
	@echo 'int main(void) { return cmocka_run_group_tests(((struct CMUnitTest[1]){{0}}), 0, 0) > 1; }' >>$@.c
	@if $(CC) $(PACKAGE_CFLAGS) -o $@.out $@.c $(PACKAGE_LDFLAGS) $(CMOCKA_LIBS) 2>$@.log; then \
		echo 'probe: cmocka: found ($(CC) $(CMOCKA_LIBS))' | tee $@; \
	else \
		sed 's/^/    /' $@.log | head -n 5 >&2; \
		echo 'probe: cmocka: missing. Debian package: libcmocka-dev. `make deps` installs it; elsewhere set PKG_CONFIG_PATH or PACKAGE_CFLAGS and CMOCKA_LIBS for make.' >&2; \
		exit 1; \
	fi

PROBES := $(addprefix $(BUILD)/probe/,openmp sndfile samplerate libzip zlib zstd snappy jansson xxhash libyaml utf8proc onednn libseccomp libarchive libmicrohttpd)
# The compiler first: without one every other probe would complain about the wrong thing.
$(PROBES) $(BUILD)/probe/cmocka: | $(BUILD)/probe/compiler
$(OBJECTS) $(MAIN_OBJECT) $(HOSTILE_PROGRAMS:$(BUILD)/%=$(BUILD)/tests/%.o): | $(PROBES)
$(TEST_SOURCES:%.c=$(BUILD)/%.o) $(SUPPORT_OBJECTS): | $(BUILD)/probe/cmocka

.PHONY: show
show: $(PROBES) show-cuda show-ffmpeg ## print what the probes decided, and the flags
	@cat $(BUILD)/probe/compiler $(PROBES)
	@command -v $(PKG_CONFIG) >/dev/null || echo 'probe: $(PKG_CONFIG): missing, plain library names are taken'
	@echo 'compile: $(CC) $(ALL_FLAGS)'
	@echo 'link: $(LINK_LIBS)'
	@echo 'objects: $(BUILD)'

.PHONY: build-folder
build-folder:
	@echo $(BUILD)

# ---- what it needs
.PHONY: deps
deps: ## install the Debian packages (as root, or with sudo)
	@bash tests/deps.sh '$(SUDO)' $(DEPS)

# ---- tests. Targets that call deps build in another make, which finds what was
# just installed.
.PHONY: test
test: ## what everybody runs: 10 minutes on two processors; last line "N passed, N failed, N skipped"
	@$(MAKE) --no-print-directory deps
	@$(lint_variables) MAKE='$(MAKE)' bash tests/all.sh short

.PHONY: test-long
test-long: ## the rest: clang-tidy, races, another seed, more failures, all GPU targets, new inputs for fuzzers
	@$(MAKE) --no-print-directory deps
	@$(lint_variables) MAKE='$(MAKE)' bash tests/all.sh long

.PHONY: check
check: ## only unit and command-line tests, with the flags given (SANITIZER=address,undefined)
	@$(MAKE) --no-print-directory -j$(JOBS) test-programs
	@$(cli_variables) bash tests/run.sh $(RUN_OPTIONS) $(unit_tests) $(cli_tests)

# Tests run in this order: the slowest first, so that no processor waits for the last one.
slow_unit_tests := $(foreach test,injected_failures stops same_bytes_device resume false_headers decoder_run \
	hostile_files import,$(filter %/test_$(test),$(TEST_PROGRAMS)))
unit_tests := $(slow_unit_tests) $(filter-out $(slow_unit_tests),$(TEST_PROGRAMS))
slow_cli_tests := $(foreach test,lint inputs model_check audit multi_label,$(filter %/test_$(test).sh,$(CLI_TESTS)))
cli_tests := $(slow_cli_tests) $(filter-out $(slow_cli_tests),$(CLI_TESTS)) 'tests/mutations/run.sh --check'
ifneq ($(SANITIZER),)
# These do not run the program, so its sanitizers change nothing, or not this build of it.
cli_tests := $(filter-out $(addprefix tests/cli/test_,runner.sh lint.sh cuda_probe.sh cuda_resources.sh bundle.sh) \
	'tests/mutations/run.sh --check',$(cli_tests))
endif
cli_variables = EARMARK=$(CURDIR)/$(BUILD)/earmark PROGRAMS=$(BUILD)/bench HOSTILE=$(CURDIR)/$(BUILD)/hostile

.PHONY: test-unit
test-unit: tests
	@EARMARK=$(CURDIR)/$(BUILD)/earmark bash tests/run.sh $(RUN_OPTIONS) $(unit_tests)

.PHONY: test-cli
test-cli: cli-programs
	@$(cli_variables) bash tests/run.sh $(RUN_OPTIONS) $(cli_tests)

# All of it; `make test` sets HOSTILE_LONG to nothing, which leaves what takes some seconds.
HOSTILE_LONG ?= 1
.PHONY: test-hostile
test-hostile: cli-programs ## the program on sounds, lists and folders that somebody prepared to harm
	$(if $(HOSTILE_LONG),@$(MAKE) --no-print-directory -j$(JOBS) $(ANSWERS_FLAGS) answers-program)
	@$(cli_variables) HOSTILE_LONG='$(HOSTILE_LONG)' bash tests/run.sh $(RUN_OPTIONS) --timeout 3600 \
		$(if $(HOSTILE_LONG),"/usr/bin/env EARMARK_ANSWERS=1000000 $$($(MAKE) -s --no-print-directory $(ANSWERS_FLAGS) answers-program)") \
		$(HOSTILE_TESTS) $(SANDBOX_TESTS)

# Random answers of a decoder are played to a program with sanitizers. Prints its name.
ANSWERS_FLAGS := SANITIZER=address,undefined OPTIMISE=-O1
.PHONY: answers-program
answers-program: $(BUILD)/tests/test_lying_decoder
	@echo $<

# A real Slurm, which the test installs where root can, and tasks on simulated GPUs.
.PHONY: test-cluster
test-cluster: cli-programs cudasim ## jobs on a Slurm of this machine, the bundle on a bare Debian 13 (as root)
	@$(cli_variables) SIMULATED=$(CURDIR)/$(BUILD)/cudasim/earmark bash tests/run.sh $(RUN_OPTIONS) --timeout 3600 --may-skip \
		$(sort $(wildcard tests/cluster/test_*.sh))

# What is not installed is skipped and counted; BROWSER_INSTALL=1 installs it as root.
BROWSER_TESTS := $(foreach test,$(sort $(wildcard tests/browser/test_*.js)),$(foreach browser,chromium firefox,\
	'tests/browser/browser.sh $(test) $(browser)'))
.PHONY: test-browser
test-browser: cli-programs ## the page in Debian's Chromium and Firefox, driven by node.js
	@$(cli_variables) bash tests/run.sh $(RUN_OPTIONS) --timeout 900 --may-skip $(BROWSER_TESTS)

# The plug-in on a machine without a GPU, and the resources of its kernels.
.PHONY: test-plugin
test-plugin: cli-programs
	@$(cli_variables) bash tests/run.sh $(RUN_OPTIONS) tests/cli/test_cuda_plugin.sh tests/cli/test_cuda_resources.sh

lint_variables = LINT_FLAGS='-std=c17 -D_GNU_SOURCE -I. $(OPENMP)' JOBS='$(JOBS)'

.PHONY: lint
lint: ## clang-format, clang-tidy, clang's warnings, the rules of the folders
	@$(lint_variables) bash tests/lint.sh

# ---- fuzzers: clang's libFuzzer over the readers of untrusted files
FUZZ_FLAGS := CC=clang SANITIZER=fuzzer-no-link,address,undefined OPTIMISE=-O1
FUZZ_SECONDS ?= 600

.PHONY: fuzz-programs
fuzz-programs: $(FUZZ_PROGRAMS)

# The readers need none of the computation, which is slow to build with sanitizers.
$(BUILD)/libreaders.a: $(filter-out $(BUILD)/kernels/cpu/% $(BUILD)/host/commands/%,$(OBJECTS))
	@rm -f $@
	$(quiet)ar rcs $@ $^

$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/libreaders.a
	@mkdir -p $(@D)
	$(say) '  link $@'
	$(quiet)$(CC) $(ALL_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LINK_LIBS)

.PHONY: fuzz-build
fuzz-build:
	@$(MAKE) --no-print-directory $(FUZZ_FLAGS) fuzz-programs

.PHONY: fuzz-run
fuzz-run:
	@FUZZERS="$$($(MAKE) -s --no-print-directory $(FUZZ_FLAGS) build-folder)/fuzz" \
		bash tests/run.sh $(RUN_OPTIONS) --timeout 7200 $(FUZZ_SOURCES:tests/fuzz/fuzz_%.c='tests/fuzz/run.sh %')

.PHONY: fuzz
fuzz: ## every fuzzer, FUZZ_SECONDS (600) of one processor in all
	@$(MAKE) --no-print-directory -j$(JOBS) fuzz-build
	@FUZZ_SECONDS=$(FUZZ_SECONDS) $(MAKE) --no-print-directory fuzz-run

FUZZ_RUNS ?= 10000000
FUZZ_LONG_SECONDS ?= 7200

.PHONY: fuzz-long
fuzz-long: ## FUZZ_RUNS (10,000,000) inputs over all fuzzers, FUZZ_LONG_SECONDS (7200) each at most
	@$(MAKE) --no-print-directory -j$(JOBS) fuzz-build
	@FUZZERS="$$($(MAKE) -s --no-print-directory $(FUZZ_FLAGS) build-folder)/fuzz" \
		FUZZ_RUNS=$(FUZZ_RUNS) FUZZ_SECONDS=$(FUZZ_LONG_SECONDS) bash tests/fuzz/run.sh

# ---- tests that take long
.PHONY: test-failures
test-failures: ## kills and injected failures at every call, where the unit tests try one in several
	@$(MAKE) --no-print-directory -j$(JOBS) $(BUILD)/tests/test_resume $(BUILD)/tests/test_injected_failures
	@EARMARK_EVERY_STEP=1 bash tests/run.sh $(RUN_OPTIONS) --timeout 7200 $(BUILD)/tests/test_resume \
		$(BUILD)/tests/test_injected_failures

.PHONY: soak
soak: earmark ## 100,000 clips in one go and a clip of ten minutes: the program's memory, and mapped files
	@EARMARK=$(CURDIR)/$(BUILD)/earmark bash tests/soak.sh

# ---- the rest
.PHONY: demo
demo: ## human recordings, 5% wrong labels planted, found again
	@$(MAKE) --no-print-directory deps DEPS='$(BUILD_PACKAGES)'
	@$(MAKE) --no-print-directory -j$(JOBS) earmark demo-programs
	@PROGRAMS="$$($(MAKE) -s --no-print-directory build-folder)/bench" bash bench/demo.sh

.PHONY: demo-seeds
demo-seeds: ## the demo with ten other seeds, for bench/RESULTS.md
	@$(MAKE) --no-print-directory -j$(JOBS) earmark demo-programs
	@PROGRAMS="$$($(MAKE) -s --no-print-directory build-folder)/bench" bash bench/demo_seeds.sh

# bench/model_check.sh describes its variables; the first two are MODEL and DIGITS.
.PHONY: model-check
model-check: ## figures of MODEL=FILE (the default model) beside random weights
	@$(MAKE) --no-print-directory -j$(JOBS) earmark demo-programs
	@PROGRAMS="$$($(MAKE) -s --no-print-directory build-folder)/bench" JOBS='$(JOBS)' \
		bash bench/model_check.sh

# SETS are folders of embeddings; bench/detection.sh says what is in them.
.PHONY: detection-table
detection-table: ## how well errors planted in the embeddings of SETS='DIR...' are found
	@$(MAKE) --no-print-directory -j$(JOBS) earmark demo-programs
	@PROGRAMS="$$($(MAKE) -s --no-print-directory build-folder)/bench" \
		bash bench/detection.sh $(SETS) -o build/detection

.PHONY: demo-programs
demo-programs: $(BENCH_PROGRAMS)

.PHONY: bench
bench: earmark ## every stage beside the machine's matrix product
	./earmark bench

MODEL_WORK ?= build/model

.PHONY: model
model: earmark ## train the default model in build/model (some 70 minutes with AMX; Python, see models/README.md)
	sh models/recipe/run.sh $(MODEL_WORK)

# Both are printed by the program, from its table of options.
$(BUILD)/earmark.1: $(BUILD)/earmark
	$(quiet)$< help --man >$@

$(BUILD)/earmark.bash: $(BUILD)/earmark
	$(quiet)$< help --bash >$@

.PHONY: install
install: $(BUILD)/earmark $(CUDA_PLUGIN) $(FFMPEG_PLUGIN) $(BUILD)/earmark.1 $(BUILD)/earmark.bash ## into PREFIX (/usr/local), below DESTDIR
	@test -f models/default.safetensors || { echo 'models/default.safetensors is missing: make model' >&2; exit 1; }
	$(INSTALL) -D -m 755 $(BUILD)/earmark '$(DESTDIR)$(PREFIX)/bin/earmark'
	$(if $(CUDA_PLUGIN),$(INSTALL) -D -m 755 $(CUDA_PLUGIN) '$(DESTDIR)$(PREFIX)/bin/earmark-cuda.so')
	$(if $(FFMPEG_PLUGIN),$(INSTALL) -D -m 755 $(FFMPEG_PLUGIN) '$(DESTDIR)$(PREFIX)/bin/earmark-ffmpeg.so')
	$(INSTALL) -D -m 644 models/default.safetensors '$(DESTDIR)$(PREFIX)/share/earmark/default.safetensors'
	$(INSTALL) -D -m 644 $(BUILD)/earmark.1 '$(DESTDIR)$(PREFIX)/share/man/man1/earmark.1'
	$(INSTALL) -D -m 644 $(BUILD)/earmark.bash '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/earmark'

.PHONY: uninstall
uninstall: ## removes the installed files
	for file in bin/earmark bin/earmark-cuda.so bin/earmark-ffmpeg.so share/earmark/default.safetensors share/man/man1/earmark.1 \
		share/bash-completion/completions/earmark; do rm -f '$(DESTDIR)$(PREFIX)'/$$file || exit 1; done
	for folder in share/earmark share/bash-completion/completions; do \
		[ ! -d '$(DESTDIR)$(PREFIX)'/$$folder ] || \
		rmdir --ignore-fail-on-non-empty '$(DESTDIR)$(PREFIX)'/$$folder || exit 1; done

.PHONY: format
format: ## clang-format all C sources in place
	@bash tests/lint.sh in-place

.PHONY: clean
clean: ## remove what was built, but not what the demo downloaded
	rm -rf $(filter-out build/demo build/model,$(wildcard build/*)) earmark

.PHONY: help
help: ## this list
	@sed -n -E 's/^([a-z-]+):[^#]*## (.*)/    make \1\t\2/p' $(filter Makefile %.mk,$(MAKEFILE_LIST)) | expand -t 22
	@echo
	@echo 'variables: V=1 WERROR=1 CC OPTIMISE CFLAGS SANITIZER WARNINGS PREFIX DESTDIR JOBS SUDO PKG_CONFIG'
	@echo '    PACKAGE_CFLAGS PACKAGE_LDFLAGS SNDFILE_LIBS SAMPLERATE_LIBS LIBZIP_LIBS JANSSON_LIBS XXHASH_LIBS LIBYAML_LIBS'
	@echo '    ZSTD_LIBS SNAPPY_LIBS UTF8PROC_LIBS ONEDNN_CFLAGS ONEDNN_LIBS SECCOMP_LIBS LIBARCHIVE LIBARCHIVE_LIBS MICROHTTPD MICROHTTPD_LIBS OPENMP CMOCKA_LIBS FFMPEG FFMPEG_CFLAGS FFMPEG_LIBS CUDA NVCC CUDA_ARCHITECTURES CUDA_CFLAGS CUBLAS_LIBS'
	@echo '    of model-check: MODEL DIGITS SEEDS RANDOM_SEEDS'
