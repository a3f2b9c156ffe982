# `make` alone lists the targets. Each is a thin line over `python -m autograder ...` or `python -m part2_pytorch ...`,
# so nobody needs make. Python 3.11 or later is all that must be installed.

PYTHON ?= python3
PY := .venv/bin/python
GRADER := $(PY) -m autograder
# COURSE=NAME or a folder, for every target; the homework of this repository if not given.
ifdef COURSE
export AUTOGRADER_COURSE := $(COURSE)
endif
JOBS ?= 2
# Where figures are kept: those that the docs quote; of a course of your own, in build/.
MEASURED := $(if $(COURSE),build/measured,docs/measured)

.DEFAULT_GOAL := help
.PHONY: help demo check check-slow test train tensorboard experiment report submit handout gradescope reference skeletons data lint bench audit doctor site

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 18

.venv/ready: pyproject.toml requirements.lock
	@test -x $(PY) || { $(PYTHON) autograder/students/environment.py && $(PYTHON) -m venv .venv; }
	@$(PY) -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable ".[grading,cluster,report,dev,docs]"
	@$(GRADER) skeletons --given
	@touch $@

demo: .venv/ready ## grade the reference solution in the sandbox: full marks; writes build/demo/
	@$(GRADER) demo

check: .venv/ready lint ## run the project's own tests
	@$(PY) -m pytest -n auto --dist worksteal

check-slow: .venv/ready ## the tests that take minutes; EVERYTHING=1: all of what they sample, in hours
	@$(PY) -m pytest -n auto --dist worksteal --durations=40 -m slow

lint: .venv/ready
	@$(PY) -m ruff check --quiet .
	@$(PY) -m mypy --no-error-summary

test: .venv/ready ## student: run the checks on the parts here; PART=1, TODO=1.6, K=expression, PDB=1
	@$(GRADER) test $(if $(PART),--part $(PART)) $(if $(TODO),--todo $(TODO)) $(if $(K),-k "$(K)") $(if $(PDB),--pdb) $(if $(DATASET),--dataset $(DATASET))

train: .venv/ready ## student: MODEL=two_layer|vanilla_cnn|my_model, DATASET=cifar10|images:PATH|shapes, CONFIG=name, SEED=0, FRESH=1
	@$(PY) -m part2_pytorch train $(MODEL) $(if $(DATASET),--dataset $(DATASET)) $(if $(CONFIG),--config $(CONFIG)) $(if $(SEED),--seed $(SEED)) $(if $(FRESH),--fresh)

tensorboard: .venv/ready ## student: look at the curves of runs/
	@$(PY) -m tensorboard.main --logdir runs

experiment: .venv/ready ## student: the experiment of part 3; DATASET, ARGS="--methods ce --seeds 0,1"
	@$(PY) -m part3_imbalance experiment $(if $(DATASET),--dataset $(DATASET)) $(ARGS)

report: .venv/ready ## student: figures and tables into report/report.md, as HTML and PDF
	@$(GRADER) report

data: .venv/ready ## fetch CIFAR-10 into data/
	@$(GRADER) data

submit: .venv/ready ## student: look at what you hand in as the grader will, and write submission.zip
	@$(GRADER) submit

handout: .venv/ready ## instructor: dist/handout.zip, what students get
	@$(GRADER) handout

gradescope: .venv/ready ## instructor: dist/gradescope.zip; VISIBILITY=visible|hidden|after_due_date|after_published
	@$(GRADER) gradescope $(if $(VISIBILITY),--visibility $(VISIBILITY))

reference: .venv/ready ## instructor: reference full, skeleton zero, every mistake loses its own check
	@$(GRADER) reference --jobs $(JOBS)

skeletons: .venv/ready ## instructor: generate the parts here from the course
	@$(GRADER) skeletons

audit: .venv/ready ## instructor: what the checks of a part catch and what they miss; PART=1 unless given
	@$(GRADER) audit --jobs $(JOBS) --part $(or $(PART),1) --json $(MEASURED)/audit-$(or $(PART),1).json
	@$(if $(COURSE),,$(PY) docs/write.py)

doctor: .venv/ready ## how well this machine isolates, and whether versions match the lock
	@$(GRADER) doctor

site: .venv/ready ## the docs as pages, into build/site/; warnings are errors
	@$(PY) docs/write.py
	@$(PY) -m mkdocs build --quiet

bench: .venv/ready ## the benchmarks behind the README's figures; ONLY=parts for one of them
	@$(GRADER) bench --path $(MEASURED)/bench.json $(if $(ONLY),--only $(ONLY))
	@$(if $(COURSE),,$(PY) docs/write.py)
