# One folder to carry to a cluster: earmark-VERSION-x86_64.tar.xz, with every library that the program
# and its plug-ins need beyond glibc (host/cluster/bundle.sh). FFMPEG=0 and CUDA=0 leave the plug-ins
# out, with their libraries.
#
# The programs are linked again, with the bundle's lib/ as the place of their libraries and none of
# this machine's. RPATH and not RUNPATH: it holds for what the libraries need, too, and comes before
# the LD_LIBRARY_PATH that a cluster's modules set.

EARMARK_VERSION := $(shell sed -n 's/^.define EARMARK_VERSION "\(.*\)"/\1/p' host/base/version.h)
BUNDLE_NAME := earmark-$(EARMARK_VERSION)-x86_64
bundle_tree := $(BUILD)/bundle/$(BUNDLE_NAME)
bundle_rpath := -Wl,--disable-new-dtags,-rpath,'$$ORIGIN/../lib',-s
# $(call without_rpath,WORDS)
without_rpath = $(filter-out -Wl$(comma)-rpath%,$(1))

bundle_programs := $(addprefix $(BUILD)/bundle/,$(notdir $(BUILD)/earmark $(CUDA_PLUGIN) $(FFMPEG_PLUGIN)))

$(BUILD)/bundle/earmark: $(MAIN_OBJECT) $(BUILD)/libearmark.a
	@mkdir -p $(@D)
	$(say) '  link $@'
	$(quiet)$(CC) $(ALL_FLAGS) -o $@ $^ $(call without_rpath,$(LINK_LIBS)) $(bundle_rpath)

$(BUILD)/bundle/earmark-ffmpeg.so: $(FFMPEG_OBJECTS)
	@mkdir -p $(@D)
	$(say) '  link $@'
	$(quiet)$(CC) $(ffmpeg_flags) -shared -o $@ $^ $(FFMPEG_LIBS) $(bundle_rpath)

# cuBLAS has a RUNPATH, so that what it needs is sought in LD_LIBRARY_PATH first, unless the plug-in has
# loaded it before.
bundle_cublas := -Xlinker --push-state,--no-as-needed,-lcublasLt,--pop-state

$(BUILD)/bundle/earmark-cuda.so: $(CUDA_OBJECTS) | $(CUDA_BUILD)/$(cuda_driver)
	@mkdir -p $(@D)
	$(say) '  link $@'
	$(quiet)$(NVCC) -o $@ $^ $(CUDA_LINK) $(bundle_cublas) -Xlinker --disable-new-dtags -Xlinker -rpath='$$ORIGIN/../lib' -Xlinker -s

.PHONY: bundle-folder
bundle-folder: earmark $(bundle_programs) $(BUILD)/earmark.1 $(BUILD)/earmark.bash
	@bash host/cluster/bundle.sh folder '$(bundle_tree)' '$(BUILD)' $(notdir $(bundle_programs))

.PHONY: bundle
bundle: bundle-folder ## build/earmark-VERSION-x86_64.tar.xz: runs on any x86-64 Linux, without root (FFMPEG=0, CUDA=0)
	@bash host/cluster/bundle.sh pack '$(bundle_tree)' 'build/$(BUNDLE_NAME).tar.xz'

.PHONY: bundle-path
bundle-path:
	@echo $(bundle_tree)
