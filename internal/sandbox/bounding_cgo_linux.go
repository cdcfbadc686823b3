//go:build cgo

package sandbox

/*
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { most_threads = 4096, most_waits = 10000 }; // a wait is 20 microseconds

static atomic_int waiting, failure;

static void drop_here(void) {
	for (int c = 0; c < 64; c++)
		if (prctl(PR_CAPBSET_READ, c, 0, 0, 0) == 1 && prctl(PR_CAPBSET_DROP, c, 0, 0, 0) != 0)
			atomic_store(&failure, errno);
}

static void on_signal(int number) {
	int before = errno;
	(void)number;
	drop_here();
	atomic_fetch_sub(&waiting, 1);
	errno = before;
}

// new_threads signals the threads that have not been so far, and returns how many
// there were; -1 if they can't be told.
static int new_threads(pid_t *seen, int *count) {
	pid_t self = syscall(SYS_gettid);
	int fresh = 0;
	DIR *list = opendir("/proc/self/task");
	if (list == NULL)
		return -1;
	for (struct dirent *e; (e = readdir(list)) != NULL;) {
		pid_t thread = atoi(e->d_name);
		int known = thread <= 0 || thread == self;
		for (int i = 0; i < *count && !known; i++)
			known = seen[i] == thread;
		if (known)
			continue;
		if (*count == most_threads) {
			fresh = -1;
			break;
		}
		seen[(*count)++] = thread;
		fresh++;
		atomic_fetch_add(&waiting, 1);
		if (syscall(SYS_tgkill, getpid(), thread, SIGRTMIN) != 0)
			atomic_fetch_sub(&waiting, 1); // it has ended
	}
	closedir(list);
	return fresh;
}

// drop_everywhere returns 0, or an error number. The handler stays: a thread may be
// late.
static int drop_everywhere(void) {
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_RESTART};
	struct timespec moment = {.tv_nsec = 20000};
	int count = 0, fresh;
	drop_here();
	if (atomic_load(&failure) != 0)
		return atomic_load(&failure);
	if (sigaction(SIGRTMIN, &action, NULL) != 0)
		return errno;
	pid_t *seen = calloc(most_threads, sizeof *seen);
	if (seen == NULL)
		return ENOMEM;
	// A thread that has done it makes threads that have; those that began before are
	// found by the next look.
	while ((fresh = new_threads(seen, &count)) > 0)
		for (int i = 0; atomic_load(&waiting) > 0; i++) {
			if (i == most_waits) {
				free(seen);
				return ETIMEDOUT;
			}
			nanosleep(&moment, NULL);
		}
	free(seen);
	return fresh < 0 ? EAGAIN : atomic_load(&failure);
}
*/
import "C"

import (
	"fmt"
	"runtime"
	"syscall"
)

// dropBounding empties the bounding set of all threads, which needs CAP_SETPCAP
// (capabilities(7)). psx would interrupt every thread once for each of the forty
// capabilities, which takes as long as all the rest of the sandbox five times over;
// this does it once.
func dropBounding() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if errno := C.drop_everywhere(); errno != 0 {
		return fmt.Errorf("drop from the bounding set: %w", syscall.Errno(errno))
	}
	return nil
}
