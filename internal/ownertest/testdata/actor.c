// The processes whose sockets are looked up: each says on its standard output
// who it is, so that the truth is known.
//
//	actor brief  udp|tcp 4|6 PORT         sends its number to PORT, and ends
//	actor once   udp|tcp 4|6              serves one request, and ends
//	actor serve  udp|tcp ADDRESS PORT HOW serves until its standard input ends
//	actor on     FD                       as serve, on a listening socket that it was given
//	actor with   FD                       serves one connection that it was given
//	actor echo   udp|tcp                  answers one peer until it ends
//	actor ask    udp|tcp PORT COUNT       asks echo so often, and says "took NANOSECONDS"
//	actor ping   ping|raw ADDRESS         sends echo requests until one is answered, says so, and waits
//	actor many   COUNT                    holds so many connected sockets
//
// Lines of output: "port N", "held PID" (has the listener), "served PEERPORT PID".

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static socklen_t address(const char *text, int port, struct sockaddr_storage *a)
{
	memset(a, 0, sizeof(*a));
	struct sockaddr_in *v4 = (void *)a;
	struct sockaddr_in6 *v6 = (void *)a;
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
		errx(1, "bad address %s", text);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}

static int port_of(struct sockaddr_storage *a)
{
	return ntohs(a->ss_family == AF_INET ? ((struct sockaddr_in *)a)->sin_port : ((struct sockaddr_in6 *)a)->sin6_port);
}

static const char *loopback(const char *family) { return *family == '4' ? "127.0.0.1" : "::1"; }

static int type_of(const char *transport) { return strcmp(transport, "tcp") ? SOCK_DGRAM : SOCK_STREAM; }

static int bound(int type, const char *text, int port, int reuse)
{
	struct sockaddr_storage a;
	socklen_t n = address(text, port, &a);
	// Several processes may be woken by one request: those that come late don't wait.
	int s = socket(a.ss_family, type | SOCK_NONBLOCK, 0), on = 1;
	if (s < 0)
		err(1, "socket");
	setsockopt(s, SOL_SOCKET, reuse ? SO_REUSEPORT : SO_REUSEADDR, &on, sizeof on);
	if (bind(s, (void *)&a, n))
		err(1, "bind %s %d", text, port);
	if (type == SOCK_STREAM && listen(s, 16))
		err(1, "listen");
	return s;
}

static void say_port(int s)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof a;
	getsockname(s, (void *)&a, &n);
	printf("port %d\n", port_of(&a));
}

static void served(struct sockaddr_storage *peer) { printf("served %d %d\n", port_of(peer), getpid()); }

static void converse(int c, struct sockaddr_storage *peer)
{
	char b[64];
	if (read(c, b, sizeof b) > 0) {
		if (write(c, "ok", 2) != 2)
			err(1, "write");
		served(peer);
	}
	close(c);
}

static void handle(int s, int type)
{
	struct sockaddr_storage peer;
	socklen_t n = sizeof peer;
	if (type == SOCK_DGRAM) {
		char b[64];
		if (recvfrom(s, b, sizeof b, 0, (void *)&peer, &n) > 0) {
			sendto(s, "ok", 2, 0, (void *)&peer, n);
			served(&peer);
		}
		return;
	}
	int c = accept(s, (void *)&peer, &n);
	if (c >= 0)
		converse(c, &peer);
}

// serve handles requests until the standard input ends, which is when the test does.
static void serve(int s, int type)
{
	for (;;) {
		struct pollfd p[2] = {{.fd = s, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
		if (poll(p, 2, -1) < 0)
			err(1, "poll");
		if (p[1].revents)
			exit(0);
		if (p[0].revents)
			handle(s, type);
	}
}

static pid_t worker(int s, int type, const char *self, int executes)
{
	pid_t p = fork();
	if (p)
		return p;
	if (executes) {
		char fd[16];
		snprintf(fd, sizeof fd, "%d", s);
		execl(self, self, "on", fd, (char *)0);
		err(1, "exec");
	}
	printf("held %d\n", getpid());
	serve(s, type);
	exit(0);
}

static void hold(void)
{
	char b;
	while (read(0, &b, 1) > 0)
		;
	exit(0);
}

static void send_fd(int channel, int fd)
{
	char data = 'x', control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec v = {&data, 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	if (sendmsg(channel, &m, 0) < 0)
		err(1, "sendmsg");
}

static int receive_fd(int channel)
{
	char data, control[CMSG_SPACE(sizeof(int))];
	struct iovec v = {&data, 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	int fd;
	if (recvmsg(channel, &m, 0) <= 0)
		err(1, "recvmsg");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
	return fd;
}

struct job {
	int type, port;
	const char *address;
};

static void *in_thread(void *arg)
{
	struct job *j = arg;
	int s = bound(j->type, j->address, j->port, 0);
	say_port(s);
	printf("held %d\n", getpid());
	serve(s, j->type);
	return 0;
}

static int brief(char **v)
{
	struct sockaddr_storage a;
	socklen_t n = address(loopback(v[3]), atoi(v[4]), &a);
	int s = socket(a.ss_family, type_of(v[2]), 0);
	char b[16];
	int size = snprintf(b, sizeof b, "%d", getpid());
	if (type_of(v[2]) == SOCK_DGRAM)
		return sendto(s, b, size, 0, (void *)&a, n) != size;
	return connect(s, (void *)&a, n) || write(s, b, size) != size || read(s, b, sizeof b) < 0;
}

static int serve_how(char **v)
{
	int type = type_of(v[2]), port = atoi(v[4]);
	const char *how = v[5];
	if (!strcmp(how, "thread")) {
		pthread_t t;
		struct job j = {type, port, v[3]};
		pthread_create(&t, 0, in_thread, &j);
		pthread_join(t, 0);
		return 0;
	}
	int s = bound(type, v[3], port, !strcmp(how, "reuseport"));
	say_port(s);
	if (!strcmp(how, "fork")) { // the parent keeps the listener, two children serve
		printf("held %d\n", getpid());
		worker(s, type, v[0], 0);
		worker(s, type, v[0], 0);
		hold();
	}
	if (!strcmp(how, "orphan")) { // the parent ends
		worker(s, type, v[0], 0);
		return 0;
	}
	if (!strcmp(how, "activate")) { // the parent keeps the listener, its child executes a program that serves
		printf("held %d\n", getpid());
		worker(s, type, v[0], 1);
		hold();
	}
	if (!strcmp(how, "pass") || !strcmp(how, "share")) { // to a process that is no child: to a sibling
		int pair[2];
		socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
		if (!fork()) {
			close(s);
			s = receive_fd(pair[1]);
			printf("held %d\n", getpid());
			serve(s, type);
		}
		if (fork()) { // the one that made it passes it, in the other child
			close(s);
			hold();
		}
		send_fd(pair[0], s);
		if (!strcmp(how, "pass"))
			return 0;
		printf("held %d\n", getpid());
		hold();
	}
	if (!strcmp(how, "inetd")) { // the parent accepts, a program for each connection serves
		printf("held %d\n", getpid());
		signal(SIGCHLD, SIG_IGN);
		for (;;) {
			struct pollfd p[2] = {{.fd = s, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
			poll(p, 2, -1);
			if (p[1].revents)
				return 0;
			int c = accept(s, 0, 0);
			if (!fork()) {
				char fd[16];
				snprintf(fd, sizeof fd, "%d", c);
				close(s);
				execl(v[0], v[0], "with", fd, (char *)0);
			}
			close(c);
		}
	}
	if (!strcmp(how, "renamed"))
		prctl(PR_SET_NAME, "other-name");
	if (!strcmp(how, "nobody") && (setgid(65534) || setuid(65534)))
		err(1, "setuid");
	printf("held %d\n", getpid());
	serve(s, type);
	return 0;
}

static int echo(int type)
{
	int s = bound(type, "127.0.0.1", 0, 0);
	say_port(s);
	struct pollfd p = {.fd = s, .events = POLLIN};
	poll(&p, 1, -1);
	struct sockaddr_storage peer;
	socklen_t n = sizeof peer;
	char b[64];
	int c = s;
	if (type == SOCK_STREAM)
		c = accept(s, 0, 0);
	else if (recvfrom(s, b, sizeof b, MSG_PEEK, (void *)&peer, &n) < 0 || connect(s, (void *)&peer, n))
		err(1, "connect");
	fcntl(c, F_SETFL, 0);
	for (;;) {
		ssize_t got = read(c, b, sizeof b);
		if (got <= 0 || b[0] == 'q' || write(c, b, got) != got)
			return 0;
	}
}

static int ask(int type, int port, int count)
{
	struct sockaddr_storage a;
	socklen_t n = address("127.0.0.1", port, &a);
	int s = socket(a.ss_family, type, 0), on = 1;
	if (connect(s, (void *)&a, n))
		err(1, "connect");
	if (type == SOCK_STREAM)
		setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	struct timespec begin, end;
	char b[64] = "?";
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < count; i++)
		if (write(s, b, 32) != 32 || read(s, b, sizeof b) != 32)
			err(1, "ask");
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (write(s, "q", 1) != 1)
		err(1, "write");
	printf("took %lld\n", (end.tv_sec - begin.tv_sec) * 1000000000LL + end.tv_nsec - begin.tv_nsec);
	return 0;
}

static int many(int count)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	int s = bound(SOCK_STREAM, "127.0.0.1", 0, 0);
	struct sockaddr_storage a;
	socklen_t n = sizeof a;
	getsockname(s, (void *)&a, &n);
	for (int i = 0; i + 1 < count; i += 2)
		if (connect(socket(AF_INET, SOCK_STREAM, 0), (void *)&a, n) || accept(s, 0, 0) < 0)
			err(1, "connection %d", i);
	printf("held %d\n", getpid());
	hold();
	return 0;
}

// ping sends an echo request (RFC 792, RFC 4443), and waits for something to come back.
static int ping(char **v)
{
	struct sockaddr_storage to;
	socklen_t n = address(v[3], 0, &to);
	int raw = !strcmp(v[2], "raw"), six = to.ss_family == AF_INET6;
	int s = socket(to.ss_family, raw ? SOCK_RAW : SOCK_DGRAM, six ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	if (s < 0)
		err(1, "socket");
	unsigned char request[16] = {six ? ICMP6_ECHO_REQUEST : ICMP_ECHO, 0, 0, 0, getpid() >> 8, getpid(), 0, 1};
	unsigned sum = 0;
	for (size_t i = 0; i < sizeof request; i += 2)
		sum += request[i] << 8 | request[i + 1];
	sum = ~((sum & 0xffff) + (sum >> 16));
	request[2] = sum >> 8;
	request[3] = sum;
	printf("held %d\n", getpid());
	if (sendto(s, request, sizeof request, 0, (void *)&to, n) < 0)
		err(1, "sendto");
	unsigned char reply[64];
	if (recv(s, reply, sizeof reply, 0) < 0)
		err(1, "recv");
	printf("answered\n");
	while (read(0, reply, sizeof reply) > 0)
		;
	return 0;
}

int main(int argc, char **v)
{
	setvbuf(stdout, 0, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	if (strstr(v[0], "docker-proxy")) { // as far as the host sees: -proto P -host-ip ADDRESS -host-port PORT …
		char *how[] = {v[0], "serve", v[2], v[4], v[6], "plain"};
		return serve_how(how);
	}
	if (argc == 5 && !strcmp(v[1], "brief"))
		return brief(v);
	if (argc == 4 && !strcmp(v[1], "once")) {
		int type = type_of(v[2]), s = bound(type, loopback(v[3]), 0, 0);
		struct pollfd p = {.fd = s, .events = POLLIN};
		say_port(s);
		poll(&p, 1, -1);
		handle(s, type);
		return 0;
	}
	if (argc == 3 && !strcmp(v[1], "echo"))
		return echo(type_of(v[2]));
	if (argc == 5 && !strcmp(v[1], "ask"))
		return ask(type_of(v[2]), atoi(v[3]), atoi(v[4]));
	if (argc == 4 && !strcmp(v[1], "ping"))
		return ping(v);
	if (argc == 3 && !strcmp(v[1], "many"))
		return many(atoi(v[2]));
	if (argc == 6 && !strcmp(v[1], "serve"))
		return serve_how(v);
	if (argc == 3 && !strcmp(v[1], "on")) {
		printf("held %d\n", getpid());
		serve(atoi(v[2]), SOCK_STREAM);
	}
	if (argc == 3 && !strcmp(v[1], "with")) {
		struct sockaddr_storage peer;
		socklen_t n = sizeof peer;
		getpeername(atoi(v[2]), (void *)&peer, &n);
		converse(atoi(v[2]), &peer);
		return 0;
	}
	errx(2, "see actor.c");
}
