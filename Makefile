# The commands of the README; `make help` lists them. CMake does the work,
# see CMakeLists.txt and CMakePresets.json.
#
# Variables: ONNXRUNTIME_ROOT=DIR  ONNX Runtime from there
#            DESTDIR=, prefix=     where `make install` puts things
#            FUZZ_SECONDS=         how long `make fuzz` runs each target
#            CLEAVE_DATA=DIR       test data, ../shared/data by default
FUZZ_SECONDS ?= 60
prefix ?= /usr/local
CLEAVE_DATA ?= $(abspath ../shared/data)
export ONNXRUNTIME_ROOT CLEAVE_DATA

configure = cmake --preset $(1) \
	$(if $(ONNXRUNTIME_ROOT),-DONNXRUNTIME_ROOT=$(ONNXRUNTIME_ROOT))
quiet = --log-level=WARNING >/dev/null
build = $(call configure,$(1)) $(quiet) && cmake --build --preset $(1)

all: ## build the program and the libraries into build/
	@$(call build,release)

setup: ## install what cleave needs (Debian 12 and 13; root or sudo)
	@scripts/setup.sh

test: setup ## set up, build, and run every test and check
	@scripts/test.sh

demo: setup all ## a network cut in two, start to end
	@scripts/demo.sh

bench: ## run the benchmarks; build/bench/report.json
	@scripts/setup.sh bench
	@$(call build,release)
	@scripts/bench.sh build/bench

check: setup all ## only the house rules: layers, sizes, format, names, text
	@ctest --preset check

format: setup ## lay out every C file as .clang-format says
	@scripts/sources.sh | xargs clang-format-19 -i

test-update: all ## write the expected output of the command-line tests anew
	@for t in tests/cli/*.test; do \
		scripts/cli-test.sh --update build/cleave $$t || exit; done

tsan: setup ## the unit tests under the thread sanitizer
	@$(call build,tsan) && ctest --preset tsan

fuzz: ## fuzz every parser for FUZZ_SECONDS each, from build-fuzz/corpus
	@scripts/setup.sh fuzz
	@$(call build,fuzz) && scripts/fuzz.sh $(FUZZ_SECONDS)

install: ## build, and install below DESTDIR and prefix (default /usr/local)
	@$(call configure,release) -DCMAKE_INSTALL_PREFIX=$(prefix) $(quiet)
	@cmake --build --preset release
	@cmake --install build

clean: ## remove what was built
	rm -rf build build-*

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 14

.PHONY: all setup test demo bench check format test-update tsan fuzz install \
	clean help
