# earmark-ffmpeg.so: sounds that FFmpeg's libraries read (host/sound/ffmpeg_plugin.h), a plug-in that
# the processes that decode load from the program's folder.
#
#   FFMPEG=      built where pkg-config finds libavformat, libavcodec and libavutil (the default)
#   FFMPEG=1     an error where it cannot be built
#   FFMPEG=0     not built: such files are then rows that say so

FFMPEG ?=
FFMPEG_PACKAGES ?= libavformat-dev libavcodec-dev libavutil-dev
ffmpeg_modules := libavformat libavcodec libavutil

ifeq ($(FFMPEG),0)
ffmpeg_decision := not built: FFMPEG=0
else
# 5.1: the first with AVChannelLayout.
FFMPEG_CFLAGS ?= $(shell $(PKG_CONFIG) --cflags $(ffmpeg_modules) 2>/dev/null)
FFMPEG_LIBS ?= $(shell $(PKG_CONFIG) --exists 'libavformat >= 59.27' && $(PKG_CONFIG) --libs $(ffmpeg_modules) 2>/dev/null)
ffmpeg_decision := $(if $(FFMPEG_LIBS),$(FFMPEG_LIBS),not built: no FFmpeg 5.1 or later. Debian packages: $(FFMPEG_PACKAGES). `make deps` installs them)
endif

ffmpeg_stamp := $(BUILD)/probe/ffmpeg-$(shell printf '%s' '$(ffmpeg_decision)' | cksum | cut -d' ' -f1)
$(ffmpeg_stamp):
	@mkdir -p $(@D)
	@echo 'probe: ffmpeg: $(ffmpeg_decision)$(if $(FFMPEG_LIBS)$(filter 0,$(FFMPEG)),,. FFMPEG=1 makes this an error)' | tee $@

ifneq ($(filter-out 0,$(FFMPEG)),)
ifeq ($(FFMPEG_LIBS),)
.PHONY: ffmpeg-missing
ffmpeg-missing:
	@echo 'probe: ffmpeg: $(ffmpeg_decision). FFMPEG=1 asks for it.' >&2
	@exit 1
$(OBJECTS) $(MAIN_OBJECT): | ffmpeg-missing
$(ffmpeg_stamp): ffmpeg-missing
endif
endif

ifneq ($(filter-out 0,$(FFMPEG))$(FFMPEG_LIBS),)
ffmpeg_flags := $(ALL_FLAGS) -fPIC -fvisibility=hidden $(FFMPEG_CFLAGS)
FFMPEG_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard host/sound/ffmpeg/*.c)))

$(FFMPEG_OBJECTS): $(BUILD)/%.o: %.c | $(ffmpeg_stamp)
	@mkdir -p $(@D)
	$(say) '  compile $<'
	$(quiet)$(CC) $(ffmpeg_flags) -MMD -MP -c -o $@ $<

$(BUILD)/earmark-ffmpeg.so: $(FFMPEG_OBJECTS)
	$(say) '  link $@'
	$(quiet)$(CC) $(ffmpeg_flags) -shared -o $@ $^ $(FFMPEG_LIBS) $(patsubst -L%,-Wl$(comma)-rpath$(comma)%,$(filter -L%,$(FFMPEG_LIBS)))

# Tests and fuzzers seek it beside themselves.
$(BUILD)/tests/earmark-ffmpeg.so $(BUILD)/fuzz/earmark-ffmpeg.so: $(BUILD)/earmark-ffmpeg.so
	@mkdir -p $(@D)
	@ln -sf ../earmark-ffmpeg.so $@

FFMPEG_PLUGIN := $(BUILD)/earmark-ffmpeg.so
$(TEST_PROGRAMS): | $(BUILD)/tests/earmark-ffmpeg.so
$(FUZZ_PROGRAMS): | $(BUILD)/fuzz/earmark-ffmpeg.so
endif

$(BUILD)/earmark $(FFMPEG_PLUGIN): | $(ffmpeg_stamp)

.PHONY: show-ffmpeg
show-ffmpeg:
	@echo 'ffmpeg: $(ffmpeg_decision)'
