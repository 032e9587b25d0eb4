# earmark: make, make test, make demo, make install PREFIX=/usr/local
#
# Objects live in a folder named after the flags, so that sanitizer, debug and
# release builds never mix. Every decision of the probes is printed by `make
# show`; every variable set with ?= can be overridden on the command line.

CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr/local
DESTDIR ?=
OPTIMISE ?= -O3
SANITIZER ?=
WARNINGS ?= -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror
PKG_CONFIG ?= pkg-config
SUDO ?= $(if $(filter 0,$(shell id -u)),,sudo)

# ---- libraries: name, how it was found, overridable
PACKAGES := sndfile samplerate libzip jansson libxxhash
PACKAGE_CFLAGS ?= $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
PACKAGE_LIBS ?= $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)
ONEDNN_LIBS ?= -ldnnl
OPENMP ?= -fopenmp
CMOCKA_LIBS ?= -lcmocka

# fp-contract off: the same sums whatever the compiler fuses; kernels say fmaf where they mean it.
BASE_FLAGS := -std=c17 -D_GNU_SOURCE -I. -g $(OPTIMISE) -ffp-contract=off -fno-math-errno $(OPENMP) $(WARNINGS) $(PACKAGE_CFLAGS)
LINK_LIBS := $(PACKAGE_LIBS) $(ONEDNN_LIBS) -ldl -lm
ifneq ($(SANITIZER),)
BASE_FLAGS += -fsanitize=$(SANITIZER) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
CFLAGS ?=
ALL_FLAGS := $(BASE_FLAGS) $(CFLAGS)

FLAGS_HASH := $(shell printf '%s' '$(CC) $(ALL_FLAGS) $(LINK_LIBS)' | cksum | cut -d' ' -f1)
BUILD := build/$(FLAGS_HASH)

SOURCES := $(sort $(wildcard kernels/*.c kernels/cpu/*.c host/*/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
MAIN_OBJECT := $(BUILD)/host/main.o
TEST_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
TEST_PROGRAMS := $(TEST_SOURCES:tests/unit/%.c=$(BUILD)/tests/%)
SUPPORT_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/support/*.c)))

.PHONY: all
all: earmark

# The program at the top of the tree is always the one built last.
.PHONY: earmark
earmark: $(BUILD)/earmark
	@ln -sf $(BUILD)/earmark earmark

$(BUILD)/earmark: $(MAIN_OBJECT) $(BUILD)/libearmark.a
	$(CC) $(ALL_FLAGS) -o $@ $^ $(LINK_LIBS)

$(BUILD)/libearmark.a: $(OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/test_%: $(BUILD)/tests/unit/test_%.o $(SUPPORT_OBJECTS) $(BUILD)/libearmark.a
	@mkdir -p $(@D)
	$(CC) $(ALL_FLAGS) -o $@ $^ $(CMOCKA_LIBS) $(LINK_LIBS)

.PRECIOUS: $(BUILD)/%.o

.PHONY: tests
tests: $(TEST_PROGRAMS)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
