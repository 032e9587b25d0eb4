# One archive to carry to a machine with a GPU, on which nothing is built: the program and its plug-in,
# linked as for `make bundle` (host/cluster/bundle.mk), the CUDA device's tests with their expected
# results, and first_gpu_run.sh. FFmpeg is left out, and so is cuBLAS, which is ten times as large as the
# rest; the script looks for it. Licences are not in it: it is to run, not to pass on.

gpu_bundle_tree := $(BUILD)/gpu-bundle/earmark-gpu-$(EARMARK_VERSION)
gpu_bundle_tests := $(addprefix $(BUILD)/gpu-bundle/test_,tensor wide embedding front_end tails device_cuda classifier nearest statistics)

$(BUILD)/gpu-bundle/test_%: $(BUILD)/tests/cuda/test_%.o $(SUPPORT_OBJECTS) $(BUILD)/libearmark.a
	@mkdir -p $(@D)
	$(say) '  link $@'
	$(quiet)$(CC) $(ALL_FLAGS) -o $@ $^ $(CMOCKA_LIBS) $(call without_rpath,$(LINK_LIBS)) \
		-Wl,--disable-new-dtags,-rpath,'$$ORIGIN/../../lib',-s

.PHONY: gpu-bundle-folder
gpu-bundle-folder: earmark cuda-tests $(filter-out %-ffmpeg.so,$(bundle_programs)) $(gpu_bundle_tests)
	@bash tests/cuda/gpu_bundle.sh '$(gpu_bundle_tree)' '$(BUILD)' $(gpu_bundle_tests)

.PHONY: gpu-bundle
gpu-bundle: gpu-bundle-folder ## build/earmark-gpu-VERSION.tar.xz: tests, benchmarks and one script for the first run on a GPU (CUDA=1)
	@bash host/cluster/bundle.sh pack '$(gpu_bundle_tree)' 'build/$(notdir $(gpu_bundle_tree)).tar.xz'

.PHONY: gpu-bundle-path
gpu-bundle-path:
	@echo $(gpu_bundle_tree)
