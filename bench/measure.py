# Runs one command and prints what it cost, with all its children: CPU milliseconds and peak resident megabytes (getrusage).
import json
import resource
import subprocess
import sys

status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
per_megabyte = 1e6 if sys.platform == "darwin" else 1e3
print(json.dumps({
    "status": status,
    "cpuMs": 1e3 * (used.ru_utime + used.ru_stime),
    "rssMb": used.ru_maxrss * (1 if sys.platform == "darwin" else 1.024) / per_megabyte,
}))
