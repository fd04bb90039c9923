# The commands of the README. CMake does the work; see CMakeLists.txt.
BUILD ?= build

all: $(BUILD)/build.ninja
	cmake --build $(BUILD)

$(BUILD)/build.ninja: CMakeLists.txt
	cmake -S . -B $(BUILD) -G Ninja

.PHONY: all
