# `make run` and `make test` set up what they need; nothing is installed twice.

VENV   := .venv
PY     := $(VENV)/bin/python
SAMPLE := --config configs/sample.yaml
# Versions that a lock already has stay, unless pyproject.toml excludes them.
COMPILE := uv pip compile --quiet --python-version 3.10 --python-platform x86_64-manylinux_2_28 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
# The parts of requirements.lock that the image of the steps is built from.
PART := $(COMPILE) --constraint requirements.lock --no-annotate --output-file deploy/docker/pipeline

.DEFAULT_GOAL := help
.PHONY: help run test test-slow test-faults test-engines test-image test-all lint types audit serve demo bench pictures kubeflow image sample messages lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: $(VENV)/.ready ## run the pipeline on the shipped corpus and decode a sentence with the model it pushed
	$(VENV)/bin/tagline run $(SAMPLE)
	$(VENV)/bin/tagline decode $(SAMPLE) "Dr. Anna Keller flew from Berlin to the University of Oslo in May."

test: $(VENV)/.ready lint types ## lint, check the types, and run all tests but the slow ones
	$(PY) -m pytest -n 2 --dist loadscope -m "not slow and not faults and not engines and not images"

test-slow: $(VENV)/.ready ## run the slow tests
	$(PY) -m pytest -n 2 --dist loadscope -m slow

test-faults: $(VENV)/.ready ## kill, break and attack everything, and count what it survived
	$(PY) -m pytest -n 2 --dist loadscope tests/faults

test-engines: $(VENV)/.ready ## meet Flink, Spark, Prism, Argo and Kubernetes' API server; needs Java, Maven, Go and etcd
	$(PY) -m pytest -n 2 --dist loadgroup tests/engines

test-image: $(VENV)/.ready ## build the images and run every step of the pipeline in one; needs docker or podman
	$(PY) -m pytest -s -m images tests/deploy/docker

test-all: test test-slow test-faults test-engines ## run all tests

lint: $(VENV)/.ready ## check style and format
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/.ready ## check the types
	$(VENV)/bin/mypy

audit: $(VENV)/.ready ## list licences and known vulnerabilities of the packages; status 3 from audit.py: offline
	$(PY) setup/audit.py

serve: $(VENV)/.ready ## serve the model that `make run` pushed, gRPC on 8500 and REST on 8501
	$(VENV)/bin/tagline serve $(SAMPLE) --port 8500 --rest_api_port 8501

demo: $(VENV)/.ready ## try the model on a page in the browser; trains it first if none is pushed
	@ls serving_models/sample/*/saved_model.pb >/dev/null 2>&1 || $(VENV)/bin/tagline run $(SAMPLE)
	$(VENV)/bin/tagline demo $(SAMPLE)

bench: $(VENV)/.ready ## measure the pipeline's times in docs/performance.md
	$(PY) -m benchmarks.pipeline

pictures: $(VENV)/.ready ## take the pictures of the page in docs/images again; needs a Chromium
	$(PY) -m serving.screenshots

kubeflow: $(VENV)/.ready ## compile the pipeline for Kubeflow
	$(VENV)/bin/tagline compile $(SAMPLE) --target kubeflow --output build/kubeflow.yaml

image: ## build the image of the steps, IMAGE=NAME:TAG; needs docker or podman
	deploy/docker/pipeline/build.sh $(IMAGE)

sample: $(VENV)/.ready ## generate the shipped corpus again
	$(PY) -m sample.generate

messages: $(VENV)/.ready ## generate the client's message classes again
	$(PY) -m serving.client.protocol.generate

lock: ## pin every dependency by version and hash; needs uv
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv"; exit 1; }
	$(COMPILE) pyproject.toml --extra dev --output-file requirements.lock
	$(PART)/requirements.lock pyproject.toml --overrides deploy/docker/pipeline/left_out.txt
	printf 'setuptools\nwheel\n' | $(PART)/build.lock -
	echo cyclonedx-bom | $(PART)/sbom.lock -

clean: ## remove what runs, builds and benchmarks wrote; the environment stays
	rm -rf runs serving_models build benchmarks/results

$(VENV)/.ready: requirements.lock pyproject.toml setup/environment.sh setup/find_python.sh
	setup/environment.sh $(VENV)
