# The two commands: `make figures` and `make test`. `make help` lists the others.

CAMPAIGN ?=
CORES ?= all
ifneq ($(CAMPAIGN),)
ifeq ($(wildcard $(CAMPAIGN)),)
$(error CAMPAIGN=$(CAMPAIGN): there is no such file; config/campaigns/ has examples)
endif
endif
# For programs that are started by their names.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Snakemake keeps a cache in the home folder by default.
export XDG_CACHE_HOME := $(CURDIR)/.tools/cache
export PYTHONPATH := $(CURDIR)/scripts

.PHONY: figures
figures: setup ## Set up, measure what is missing, draw results/figures/ (CAMPAIGN=file, ONLY=testbed, PARTIAL=1, VERBOSE=1)
	$(if $(CAMPAIGN),@.venv/bin/python -m vcperf check $(CAMPAIGN))
	@.venv/bin/snakemake $(if $(VERBOSE),,--logger vcperf) --cores $(CORES) figures report $(if $(PARTIAL)$(ONLY),--config $(if $(PARTIAL),partial=True) $(if $(ONLY),only=$(ONLY))) $(if $(CAMPAIGN),--configfile $(CAMPAIGN))

.PHONY: quick
quick: ## A first picture in a minute and a half: what it costs when a guest shares dom0's CPU
	@$(MAKE) --no-print-directory figures CAMPAIGN=config/campaigns/quick.yaml
	@echo 'See results/figures/. `make figures` adds: paths between nodes, a third pinning, five blocks per'
	@echo 'cell, MPI with and without load, profiles, plain processes as the baseline, and ten claims to test.'

.PHONY: report
report: setup ## Write results/report.html: findings, figures, tables on one page (FOLDER=results folder)
	@.venv/bin/python -m vcperf report $(if $(FOLDER),'$(FOLDER)')

.PHONY: converge
converge: setup ## Measure, then add blocks until every cell is settled (CAMPAIGN=file)
	@.venv/bin/python -m vcperf converge --cores $(CORES) $(CAMPAIGN)

.PHONY: points
points: figures ## Measure, then profile the ping-pong at the anomaly of its curve (CAMPAIGN=file)
	@.venv/bin/python -m vcperf points $(CAMPAIGN)
	+@$(MAKE) --no-print-directory figures

.PHONY: plan
plan: setup ## Print cells, blocks done and missing, and the time still needed (CORES=N: blocks side by side)
	.venv/bin/python -m vcperf plan --cores $(CORES) $(CAMPAIGN)

.PHONY: doctor
doctor: setup ## Try everything that the campaign will need; changes nothing (CAMPAIGN=file)
	@.venv/bin/python -m vcperf doctor $(CAMPAIGN)

.PHONY: test
test: setup-dev ## Set up and run the tests
	.venv/bin/python -m pytest -n 2 --dist loadgroup

.PHONY: test-slow
test-slow: setup-dev ## Run the tests that take minutes
	.venv/bin/python -m pytest -m slow -n 2 --dist loadgroup

.PHONY: slurm
slurm: setup ## Run the campaign in one job of Slurm, follow it (CAMPAIGN=file, NODES=1, WAIT=600, SSH_CONFIG=file, SBATCH='options')
	@.venv/bin/python -m vcperf slurm $(if $(NODES),--nodes '$(NODES)') $(if $(WAIT),--wait '$(WAIT)') $(if $(SSH_CONFIG),--ssh-config '$(SSH_CONFIG)') $(CAMPAIGN) -- $(SBATCH)

.PHONY: jobs
jobs: setup ## Measure by jobs of a batch system, draw here (CAMPAIGN=file, BLOCKS=20 per job, NODES=names, PARTITION=name, WAIT=600, PROFILE=profiles/slurm)
	@.venv/bin/python -m vcperf jobs $(if $(PROFILE),--profile '$(PROFILE)') $(if $(BLOCKS),--blocks '$(BLOCKS)') $(if $(NODES),--nodes '$(NODES)') $(if $(PARTITION),--partition '$(PARTITION)') $(if $(WAIT),--wait '$(WAIT)') $(CAMPAIGN)

LAB_OPTIONS = $(if $(NATIVE),--native)

.PHONY: lab lab-up lab-down
lab: setup ## Boot two Xen hosts under emulation, run the lab campaign, then its baseline without Xen
	@envs/setup.sh lab
	lab/lab run -- make figures CAMPAIGN=config/campaigns/lab.yaml ONLY=xen
	lab/lab run --native -- make figures CAMPAIGN=config/campaigns/lab.yaml ONLY=native

lab-up: ## Boot two Xen hosts under emulation (NATIVE=1: without Xen); see lab/README.md
	@envs/setup.sh lab
	lab/lab up $(LAB_OPTIONS)

lab-down: ## Stop the lab
	lab/lab down

.PHONY: lab-kvm lab-kvm-up lab-kvm-down
lab-kvm: setup ## Start two KVM hosts on this machine, as root, and run their campaign with its baseline
	@envs/setup.sh lab-kvm
	lab/lab run-kvm -- make figures CAMPAIGN=config/campaigns/lab-kvm.yaml

lab-kvm-up: ## Start two KVM hosts on this machine, as root; see lab/README.md
	@envs/setup.sh lab-kvm
	lab/lab up-kvm

lab-kvm-down: ## Stop the KVM hosts
	lab/lab down-kvm

.PHONY: test-lab
test-lab: setup-dev ## Boot a real Xen host and a real KVM host under emulation, and run the tests that need them (LONG=1: all of them)
	@envs/setup.sh lab
	@envs/setup.sh lab-kvm
	.venv/bin/python -m pytest -m '$(if $(LONG),lab,lab and not long)'

.PHONY: test-endurance
test-endurance: setup-dev ## Measure thousands of blocks in a row, kill a campaign again and again (BLOCKS=2000, KILLS=20)
	$(if $(BLOCKS),VCPERF_BLOCKS='$(BLOCKS)') $(if $(KILLS),VCPERF_KILLS='$(KILLS)') .venv/bin/python -m pytest -m endurance

.PHONY: test-all
test-all: ## Run all tests, which takes hours: as a nightly job
	$(MAKE) test
	$(MAKE) test-slow
	$(MAKE) test-lab LONG=1
	$(MAKE) test-endurance

.PHONY: lint
lint: setup-dev ## Check style, types and the workflow
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/snakefmt --check Snakefile rules
	.venv/bin/mypy
	.venv/bin/snakemake --lint

.PHONY: crate
crate: figures ## Pack the campaign as an RO-Crate: results/crate.zip (LICENSE=URL, AUTHOR=name, FOLDER=results folder)
	@.venv/bin/python -m vcperf crate $(if $(FOLDER),'$(FOLDER)') $(if $(LICENSE),--license "$$LICENSE") $(if $(AUTHOR),--author "$$AUTHOR")

.PHONY: restore-pins
restore-pins: setup ## Restore the pins of Xen hosts after a campaign was killed
	.venv/bin/python -m vcperf restore-pins

OUT ?= results/compare

.PHONY: compare gate
compare: setup ## Compare two finished results folders (A=folder B=folder, OUT=folder, TESTBEDS='one other')
	@[ -n '$(A)' ] && [ -n '$(B)' ] || { echo 'make compare: give two results folders: A=folder B=folder' >&2; exit 2; }
	@.venv/bin/python -m vcperf compare --out '$(OUT)' '$(A)' '$(B)' $(if $(TESTBEDS),--testbeds $(foreach name,$(TESTBEDS),'$(name)'))

gate: setup ## Fail when B is worse than A, or it cannot be told (A=folder B=folder, or AA=folder)
	@[ -n '$(AA)' ] || { [ -n '$(A)' ] && [ -n '$(B)' ]; } || { echo 'make gate: give two results folders: A=folder B=folder, or AA=folder' >&2; exit 2; }
	@.venv/bin/python -m vcperf gate $(if $(AA),--aa '$(AA)','$(A)' '$(B)')

.PHONY: benchmark
benchmark: setup ## Measure the workflow's overhead per block against a plain shell loop
	.venv/bin/python -m vcperf benchmark

.PHONY: docs reference
reference: setup ## Write docs/reference/ again, from schemas and the code's own vocabulary
	@.venv/bin/python -m vcperf reference

docs: setup ## Build the documentation as a site in site/; a broken link is an error
	@envs/setup.sh docs
	@NO_MKDOCS_2_WARNING=1 .tools/docs/bin/mkdocs build --quiet --strict
	@echo 'The documentation is site/index.html.'

.PHONY: setup setup-dev
setup: ## Install what a campaign needs, inside the checkout
	@envs/setup.sh run

setup-dev:
	@envs/setup.sh dev

.PHONY: lock
lock: setup-dev ## Update the locked lists of packages from envs/*.in
	cd envs && for list in requirements requirements-dev docs; do \
		uv pip compile --quiet --upgrade --universal --python-version 3.11 \
			--generate-hashes --no-header --no-emit-index-url $$list.in -o $$list.txt; done
	cd envs && for list in executor-slurm executor-cluster-generic; do \
		uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-deps --constraint requirements.txt \
			--generate-hashes --no-header --no-emit-index-url $$list.in -o $$list.txt; done

.PHONY: help
help: ## Print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16
