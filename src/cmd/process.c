/*
 * Why: a server that is asked to stop must stop in time, whatever a database or a client does.
 * What always holds: nothing here can lose an acknowledged webhook: those are durable before.
 */
#include "cmd/process.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include "cmd/command.h"
#include "cmd/settings.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/signals.h"

/* Of a core that somebody with the right to forces all the same, no memory of ours is a part: keys
 * and tokens stand in heap and stacks. Before the process is not dumpable any more, since then its
 * files in /proc are root's. Source: core(5), "Controlling which mappings are written". */
static bool
leave_memory_out_of_cores(void)
{
	int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, "0\n", 2) == 2;

	if (fd >= 0)
		(void)close(fd);
	return done;
}

void
process_harden(void)
{
	const struct rlimit none = { 0, 0 };

	umask(077);
	if (!leave_memory_out_of_cores())
		log_warn("process.memory_in_cores");
	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		log_warn("process.not_hardened");
}

void
process_notify(const char *state)
{
#ifdef HAVE_SYSTEMD
	sd_notify(0, state);
#else
	(void)state;
#endif
}

int
process_wait(int signal_fd)
{
	for (;;) {
		int signal = signals_wait(signal_fd, -1);

		if (signal == SIGHUP)
			settings_reload_log();
		else if (signal == SIGTERM || signal == SIGINT)
			return signal;
	}
}

struct stop_limit {
	int signal_fd;
	int64_t deadline_us;
};

static void *
limit_stop(void *arg)
{
	const struct stop_limit *limit = arg;
	int64_t left_ms;
	int signal;

	do {
		left_ms = (limit->deadline_us - clock_mono_us(&clock_real)) / 1000;
		if (left_ms <= 0)
			break;
		signal = signals_wait(limit->signal_fd, (int)left_ms);
	} while (signal != SIGTERM && signal != SIGINT);
	log_error("process.stopped_hard");
	_exit(EXIT_FAILED);
}

void
process_limit_stop(int signal_fd, int64_t deadline_ms)
{
	static struct stop_limit limit;
	pthread_t thread;

	limit = (struct stop_limit){ signal_fd, clock_mono_us(&clock_real) + deadline_ms * 1000 };
	if (pthread_create(&thread, NULL, limit_stop, &limit) == 0)
		pthread_detach(thread);
	else
		alarm((unsigned)(deadline_ms / 1000) + 1);
}
