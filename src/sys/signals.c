/*
 * Signals as bytes on a descriptor. Why: no code ever runs in a signal handler.
 * What always holds: every thread started after signals_setup has them blocked.
 */
#include "sys/signals.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum err
signals_setup(int *fd)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t set;
	int opened;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	if (sigaction(SIGPIPE, &ignore, NULL) != 0 || pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return ERR_INTERNAL;
	opened = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (opened < 0)
		return ERR_IO;
	*fd = opened;
	return ERR_OK;
}

int
signals_wait(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct signalfd_siginfo info;
	int ready;

	do
		ready = poll(&p, 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0 || read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}
