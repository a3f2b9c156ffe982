"""What a process of the box gives up before it sees student code: the view of files, paths, system calls."""
