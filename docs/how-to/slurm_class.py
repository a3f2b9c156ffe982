"""Grade a class on Slurm: `python slurm_class.py submissions.zip --out graded/ --key secret.key`.

What follows the name of this script goes to `autograder batch` as it is. Run it where jobs are submitted, from a folder
that the nodes see, with the environment in which the grader is installed.
"""

import subprocess
import sys
from pathlib import Path

from dask_jobqueue import SLURMCluster
from distributed import Security

from autograder.classroom import certificates

JOBS = 20  # each one process on one core
MINUTES = 120  # of a job; longer than one zip may take, which is 10
MEMORY = "8GB"  # 4 GB for the submission's code, the rest for the grader and its images
TLS = Path("tls")
SLURM = {"queue": None, "account": None}  # the partition, and who pays

if not (TLS / certificates.KEY).exists():
    certificates.make(TLS)
with SLURMCluster(
    cores=1,
    processes=1,
    memory=MEMORY,
    walltime=f"{MINUTES // 60:02d}:{MINUTES % 60:02d}:00",
    # A worker that ends before Slurm ends it has finished its zip; a new job takes its place.
    worker_extra_args=["--lifetime", f"{MINUTES - 15}m", "--lifetime-stagger", "4m"],
    security=Security(**certificates.settings(TLS), require_encryption=True),
    protocol="tls://",
    scheduler_options={"dashboard": False},
    **SLURM,
) as cluster:
    cluster.adapt(minimum_jobs=JOBS, maximum_jobs=JOBS)
    command = [sys.executable, "-m", "autograder", "batch", *sys.argv[1:]]
    command += ["--dask", cluster.scheduler_address, "--certificate", str(TLS)]
    sys.exit(subprocess.run(command, check=False).returncode)
