# A thin face over meson and ninja. `make help` lists the targets.

BUILD := build
ASAN := build-asan
TSAN := build-tsan
FUZZ := build-fuzz
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
SEEDS ?= 2000
ROUNDS ?= 50
FUZZ_SECONDS ?= 60

# One status line on a terminal, silence elsewhere.
NINJA := ninja -k 0 -j $(JOBS) $(if $(MAKE_TERMOUT),,--quiet)
# What meson says is shown only when it fails.
quiet = { said=$$($(1) 2>&1) || { echo "$$said" | tail -n 20; exit 1; }; }
ASAN_FLAGS := -Db_sanitize=address,undefined
SANITIZED := CC=clang meson setup -Db_lundef=false -Dc_args=-fno-sanitize-recover=all

.PHONY: all help deps build-deps web demo run test pages screenshots bench order model crash fuzz lint format example install clean
.DEFAULT_GOAL := all

all: build-deps web ## build the program with its page: build/recado
	@$(NINJA) -C $(BUILD) programs

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile

build-deps:
	@tools/install-deps build

deps:
	@tools/install-deps test

$(BUILD)/build.ninja: | build-deps
	@$(call quiet,CC=gcc meson setup $(BUILD))

$(ASAN)/build.ninja: | deps
	@$(call quiet,$(SANITIZED) $(ASAN_FLAGS) $(ASAN))

$(TSAN)/build.ninja: | deps
	@$(call quiet,$(SANITIZED) -Db_sanitize=thread $(TSAN))

$(FUZZ)/build.ninja: | deps
	@$(call quiet,$(SANITIZED) $(ASAN_FLAGS) -Dfuzz=true $(FUZZ))

demo: all ## a server on SQLite, a simulated WhatsApp history, three curl lines to try
	@tools/demo

web: $(BUILD)/build.ninja ## the page: web/dist, which the program embeds (Node 20.19 or newer)
	@$(NINJA) -C $(BUILD) recado-openapi
	@tools/build-page $(BUILD)

run: all ## recado serve, with the .env of this directory
	@$(BUILD)/recado serve

test: deps $(BUILD)/build.ninja $(ASAN)/build.ninja $(TSAN)/build.ninja ## everything that is tested, both compilers, sanitizers
	@test -d $(BUILD)/tests || $(call quiet,meson setup --reconfigure $(BUILD)) # it was configured without Check
	@$(MAKE) --no-print-directory web
	@$(NINJA) -C $(BUILD)
	@$(NINJA) -C $(ASAN)
	@$(NINJA) -C $(TSAN) $$(tools/test-targets $(TSAN) threaded)
	@tools/run-tests

bench: deps $(BUILD)/build.ninja ## the measurements of bench/README.md (PEERS=DIR names the programs to compare with)
	@$(MAKE) --no-print-directory web
	@$(NINJA) -C $(BUILD) programs benches
	@PEERS="$(PEERS)" bench/run

pages: deps $(BUILD)/build.ninja ## all browser tests, on both engines
	@$(MAKE) --no-print-directory web
	@$(NINJA) -C $(BUILD)
	@tools/run-tests --plan pages

screenshots: deps $(BUILD)/build.ninja ## pictures of all pages in both themes: docs/images
	@$(MAKE) --no-print-directory web
	@$(NINJA) -C $(BUILD) programs
	@tools/screenshots

order: deps $(BUILD)/build.ninja ## the order test with SEEDS=2000
	@$(NINJA) -C $(BUILD)
	@tools/run-tests --plan order --seeds $(SEEDS)

model: deps $(BUILD)/build.ninja ## the import model test with SEEDS=2000 (200 take about ten minutes)
	@$(NINJA) -C $(BUILD)
	@tools/run-tests --plan model --seeds $(SEEDS)

crash: deps $(BUILD)/build.ninja ## the crash test, ROUNDS=50 of kill -9 on each engine
	@$(NINJA) -C $(BUILD)
	@tools/run-tests --plan crash --rounds $(ROUNDS)

fuzz: deps $(FUZZ)/build.ninja ## each fuzz target for FUZZ_SECONDS=60
	@$(NINJA) -C $(FUZZ) fuzzers
	@tools/run-fuzz $(FUZZ) $(FUZZ_SECONDS)

lint: deps $(ASAN)/build.ninja ## layers, limits, clang-format, clang-tidy, cppcheck, shellcheck
	@$(NINJA) -C $(ASAN)
	@tools/lint

format: deps ## clang-format on all our files
	@tools/lint --format

example: all ## .env.example and docs/api.md from the tables of the program
	@$(BUILD)/recado config --example > .env.example.new
	@mv .env.example.new .env.example
	@$(BUILD)/recado help --api > docs/api.md.new
	@mv docs/api.md.new docs/api.md

install: all ## into PREFIX=/usr/local, below DESTDIR
	install -D -m 755 $(BUILD)/recado $(DESTDIR)$(PREFIX)/bin/recado
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|/usr/local/bin/|$(PREFIX)/bin/|' packaging/recado.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/recado.service
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/recado.service
	install -D -m 644 .env.example $(DESTDIR)$(PREFIX)/share/doc/recado/env.example
	for file in README.md ARCHITECTURE.md CONTRIBUTING.md CHANGELOG.md LICENSE docs/api.md docs/page.md docs/roadmap.md bench/README.md; do \
		install -D -m 644 $$file $(DESTDIR)$(PREFIX)/share/doc/recado/$$file || exit 1; done

clean: ## remove what was built
	rm -rf $(BUILD) $(ASAN) $(TSAN) $(FUZZ) web/dist web/node_modules web/src/api/schema.d.ts .demo .env.example.new docs/api.md.new
