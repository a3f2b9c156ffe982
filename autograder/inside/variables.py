"""Variables of every process in which student code runs: in the box, and where a student tries it."""

# Memory in pages of 2 MB, and kept when it is freed: otherwise the system clears each page again on which a large array
# is laid, a third of the time of a network. What they mean: glibc's manual, Memory Allocation Tunables;
# other C libraries do not read them.
MEMORY = {"GLIBC_TUNABLES": f"glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold={2**62}"}
