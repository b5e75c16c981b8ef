# `make run` and `make test` set up what they need; nothing is installed twice.

VENV   := .venv
PY     := $(VENV)/bin/python
SAMPLE := --config configs/sample.yaml

.DEFAULT_GOAL := help
.PHONY: help run test test-slow test-all lint types serve demo bench pictures kubeflow image lock sample messages clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: $(VENV)/.ready ## run the pipeline on the shipped corpus and decode a sentence by the model it pushed
	$(VENV)/bin/tagline run $(SAMPLE)
	$(VENV)/bin/tagline decode $(SAMPLE) "Dr. Anna Keller flew from Berlin to the University of Oslo in May."

test: $(VENV)/.ready lint types ## lint, types and tests, but the slow ones
	$(PY) -m pytest -n 2 --dist loadscope -m "not slow"

test-slow: $(VENV)/.ready
	$(PY) -m pytest -n 2 --dist loadscope -m slow

test-all: test test-slow ## all tests, the slow ones too

lint: $(VENV)/.ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/.ready
	$(VENV)/bin/mypy

serve: $(VENV)/.ready ## serve what `make run` pushed, gRPC on 8500 and REST on 8501
	$(VENV)/bin/tagline serve $(SAMPLE) --port 8500 --rest_api_port 8501

demo: $(VENV)/.ready ## try the model on a page in the browser; trains it first if none is pushed
	@ls serving_models/sample/*/saved_model.pb >/dev/null 2>&1 || $(VENV)/bin/tagline run $(SAMPLE)
	$(VENV)/bin/tagline demo $(SAMPLE)

bench: $(VENV)/.ready ## measure the line's times in docs/performance.md
	$(PY) -m benchmarks.pipeline

pictures: $(VENV)/.ready ## take the pictures of the page in docs/images again; needs a Chromium
	$(PY) -m serving.demo.screenshots

kubeflow: $(VENV)/.ready ## compile the pipeline for Kubeflow
	$(VENV)/bin/tagline compile $(SAMPLE) --target kubeflow --output build/kubeflow.yaml

image: ## build the image that a cluster's steps run in; needs docker or podman. IMAGE=name:tag names it
	deploy/docker/pipeline/build.sh $(IMAGE)

sample: $(VENV)/.ready ## generate the shipped corpus again
	$(PY) -m sample.generate

messages: $(VENV)/.ready ## generate the client's message classes again
	$(PY) -m serving.client.protocol.generate

lock: ## pin every dependency by hash; needs uv
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv"; exit 1; }
	uv pip compile pyproject.toml --extra dev --python-version 3.10 --python-platform x86_64-manylinux_2_28 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet --output-file requirements.lock
	python3 -m deploy.docker.lock

clean: ## remove what runs made; the environment stays
	rm -rf runs serving_models build benchmarks/results

$(VENV)/.ready: requirements.lock pyproject.toml setup/environment.sh setup/find_python.sh
	setup/environment.sh $(VENV)
