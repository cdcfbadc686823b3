// Names the process behind every IPv4 and IPv6 socket of the machine.
//
// The owner of a socket is kept in the socket's own storage, from the moment it
// is made: by the hooks that run in the context of the process that makes,
// binds, connects or uses it. The hooks that see packets run in any context and
// only read that storage; the first packet of each conversation sends an event.
// A connection that is accepted begins with a copy of its listener's storage.
//
// What the kernel does not tell here is left empty; user space decides what an
// event proves.

#include "kernel.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

// Names a type that user space reads, so that Go's is made from it.
#define SHOWN(type) const struct type *shown_##type __attribute__((unused))

// How an owner became known, the later the better founded.
enum how {
	HOW_UNKNOWN = 0, // the kernel's own socket, or one of before
	HOW_HELD = 1,    // had the descriptor when the tables were read
	HOW_MADE = 2,    // called socket
	HOW_BOUND = 3,   // called bind or listen
	HOW_USED = 4,    // called connect, send or receive
};

enum kind {
	KIND_FLOW = 1,     // a conversation began; the local address may be a wildcard
	KIND_BOUND = 2,    // a datagram socket was bound, or a stream socket listens
	KIND_CLAIMED = 3,  // a socket that was reported is used by another process
	KIND_RELEASED = 4, // a bound socket is closed
};

// owner is what a socket's storage holds.
struct owner {
	__u64 cookie; // of the socket that this was written for: a copy has the listener's
	__u64 start;  // of the process, nanoseconds since boot
	__u64 netns;  // cookie of the network namespace
	__u64 peer;   // digest of the peer reported last
	__u64 user;   // the kernel's socket, once pid has sent or received: there is no news then
	__u32 pid;    // thread group
	__u32 uid;
	__u8 how;
	__u8 bound; // was reported as bound
	__u8 pad[6];
	__u8 comm[16];
};

// event is what user space reads from the ring.
struct event {
	__u64 time; // monotonic, nanoseconds
	__u64 cookie;
	__u64 netns;
	__u64 start;
	__u32 pid;
	__u32 uid;
	__u16 local_port;
	__u16 remote_port;
	__u8 kind;
	__u8 how;
	__u8 proto;
	__u8 family; // 4 or 6
	__u8 local[16];
	__u8 remote[16];
	__u8 copied; // the owner is the listener's
	__u8 pad[7];
	__u8 comm[16];
};
SHOWN(event);

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct owner);
} owners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} events SEC(".maps");

// lost counts the events for which the ring had no room.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

// conversation keys what was reported of a socket that has many peers.
struct conversation {
	__u64 cookie;
	__u64 peer;
	__u64 pid;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 16);
	__type(key, struct conversation);
	__type(value, __u8);
} reported SEC(".maps");

// program is what a process runs; it outlives the process.
struct program {
	__u64 start;
	__u64 cgroup;
	__u32 parent;
	__u32 pad;
	__u8 parent_comm[16];
	__u8 path[256];
};
SHOWN(program);

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 13);
	__type(key, __u32);
	__type(value, struct program);
} programs SEC(".maps");

// digest makes one number of a peer's address and both ports, which is not 0.
static __always_inline __u64 digest(const __u8 address[16], __u16 remote, __u16 local)
{
	const __u64 *half = (const __u64 *)address;
	return ((half[0] * 0x9E3779B97F4A7C15 + half[1]) * 0x9E3779B97F4A7C15 + ((__u64)remote << 16 | local)) | 1;
}

static __always_inline void send(struct event *e)
{
	if (bpf_ringbuf_output(&events, e, sizeof(*e), BPF_RB_NO_WAKEUP)) {
		__u32 zero = 0;
		__u64 *n = bpf_map_lookup_elem(&lost, &zero);
		if (n)
			__sync_fetch_and_add(n, 1);
	}
}

static __always_inline __u64 current_start(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	return BPF_CORE_READ(task, group_leader, start_boottime);
}

static __always_inline void describe(struct event *e, const struct owner *o)
{
	e->time = bpf_ktime_get_ns();
	e->netns = o->netns;
	e->start = o->start;
	e->pid = o->pid;
	e->uid = o->uid;
	e->how = o->how;
	__builtin_memcpy(e->comm, o->comm, sizeof(e->comm));
}

// claim writes the current process into the socket's storage, unless it is there
// already. It reports whether that is worth telling: the socket was told of, as
// another process's, as its listener's, or only as held.
static __always_inline int claim(struct owner *o, __u64 cookie, __u8 how)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	int copy = o->cookie != cookie;
	int same = !copy && o->pid == pid;
	if (same && o->how >= how)
		return 0;
	int news = o->pid && (!same || o->how == HOW_HELD);
	if (copy)
		o->bound = 0;
	if (!same) {
		o->cookie = cookie;
		o->pid = pid;
		o->start = current_start();
		o->uid = bpf_get_current_uid_gid();
		bpf_get_current_comm(o->comm, sizeof(o->comm));
	}
	o->how = how;
	o->user = 0;
	return news && (o->peer || o->bound);
}

// claimed tells of a socket whose user has changed, once for each user and peer.
// e has the peer, if the socket has no fixed one.
static __always_inline void claimed(struct owner *o, struct event *e)
{
	struct conversation c = {.cookie = o->cookie, .pid = o->pid, .peer = digest(e->remote, e->remote_port, 0)};
	__u8 one = 1;
	if (bpf_map_update_elem(&reported, &c, &one, BPF_NOEXIST))
		return;
	e->kind = KIND_CLAIMED;
	e->cookie = o->cookie;
	describe(e, o);
	send(e);
}

// report tells of a conversation's first packet. e has the ends.
static __always_inline void report(struct owner *o, struct event *e)
{
	__u64 peer = digest(e->remote, e->remote_port, e->local_port);
	if (o->peer == peer)
		return;
	int more = o->peer != 0;
	o->peer = peer;
	if (more) {
		struct conversation c = {.cookie = e->cookie, .peer = peer, .pid = o->pid};
		__u8 one = 1;
		if (bpf_map_update_elem(&reported, &c, &one, BPF_NOEXIST))
			return;
	}
	e->kind = KIND_FLOW;
	describe(e, o);
	send(e);
}

SEC("cgroup/sock_create")
int made(struct bpf_sock *ctx)
{
	struct owner *o = bpf_sk_storage_get(&owners, ctx, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (o) {
		o->netns = bpf_get_netns_cookie(ctx);
		claim(o, bpf_get_socket_cookie(ctx), HOW_MADE);
	}
	return 1;
}

static __always_inline int bound(struct bpf_sock *ctx, __u8 family)
{
	struct owner *o = bpf_sk_storage_get(&owners, ctx, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!o)
		return 1;
	__u64 cookie = bpf_get_socket_cookie(ctx);
	o->netns = bpf_get_netns_cookie(ctx);
	claim(o, cookie, HOW_BOUND);
	if (ctx->type != SOCK_DGRAM)
		return 1; // it may connect or listen yet
	struct event e = {
		.kind = KIND_BOUND, .cookie = cookie, .proto = ctx->protocol, .family = family,
		.local_port = ctx->src_port,
	};
	if (family == 4) {
		*(__u32 *)e.local = ctx->src_ip4;
	} else {
		((__u32 *)e.local)[0] = ctx->src_ip6[0];
		((__u32 *)e.local)[1] = ctx->src_ip6[1];
		((__u32 *)e.local)[2] = ctx->src_ip6[2];
		((__u32 *)e.local)[3] = ctx->src_ip6[3];
	}
	describe(&e, o);
	send(&e);
	o->bound = 1;
	return 1;
}

SEC("cgroup/post_bind4")
int bound4(struct bpf_sock *ctx) { return bound(ctx, 4); }

SEC("cgroup/post_bind6")
int bound6(struct bpf_sock *ctx) { return bound(ctx, 6); }

static __always_inline void unbound(struct owner *o, __u64 cookie)
{
	if (!o->bound || o->cookie != cookie)
		return;
	o->bound = 0;
	struct event e = {.kind = KIND_RELEASED, .cookie = cookie};
	describe(&e, o);
	send(&e);
}

SEC("cgroup/sock_release")
int released(struct bpf_sock *ctx)
{
	struct owner *o = bpf_sk_storage_get(&owners, ctx, 0, 0);
	if (o)
		unbound(o, bpf_get_socket_cookie(ctx));
	return 1;
}

// used is run by the process that connects, sends to or receives from a peer.
static __always_inline int used(struct bpf_sock_addr *ctx, __u8 family, int receives)
{
	struct bpf_sock *sk = ctx->sk;
	if (!sk)
		return 1;
	struct owner *o = bpf_sk_storage_get(&owners, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!o)
		return 1;
	if (!o->netns)
		o->netns = bpf_get_netns_cookie(ctx);
	__u64 cookie = bpf_get_socket_cookie(ctx);
	int news = claim(o, cookie, HOW_USED);
	if (!news && !receives)
		return 1;
	struct event e = {.cookie = cookie, .family = family, .remote_port = bpf_ntohs(ctx->user_port)};
	if (family == 4) {
		*(__u32 *)e.remote = ctx->user_ip4;
	} else {
		((__u32 *)e.remote)[0] = ctx->user_ip6[0];
		((__u32 *)e.remote)[1] = ctx->user_ip6[1];
		((__u32 *)e.remote)[2] = ctx->user_ip6[2];
		((__u32 *)e.remote)[3] = ctx->user_ip6[3];
	}
	if (news)
		claimed(o, &e);
	if (!receives)
		return 1;
	e.proto = ctx->protocol;
	e.local_port = sk->src_port;
	if (family == 4) {
		*(__u32 *)e.local = sk->src_ip4;
	} else {
		((__u32 *)e.local)[0] = sk->src_ip6[0];
		((__u32 *)e.local)[1] = sk->src_ip6[1];
		((__u32 *)e.local)[2] = sk->src_ip6[2];
		((__u32 *)e.local)[3] = sk->src_ip6[3];
	}
	report(o, &e);
	return 1;
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx) { return used(ctx, 4, 0); }

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx) { return used(ctx, 6, 0); }

SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *ctx) { return used(ctx, 4, 0); }

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *ctx) { return used(ctx, 6, 0); }

SEC("cgroup/recvmsg4")
int recvmsg4(struct bpf_sock_addr *ctx) { return used(ctx, 4, 1); }

SEC("cgroup/recvmsg6")
int recvmsg6(struct bpf_sock_addr *ctx) { return used(ctx, 6, 1); }

// transferred is run by the process that has sent or received on any socket.
static __always_inline int transferred(struct sock *sk, int n)
{
	struct owner *o = bpf_sk_storage_get(&owners, sk, 0, 0);
	if (!o || n < 0 || (o->user == (__u64)sk && o->pid == bpf_get_current_pid_tgid() >> 32))
		return 0;
	if (claim(o, bpf_get_socket_cookie(sk), HOW_USED)) {
		struct event e = {};
		claimed(o, &e);
	}
	o->user = (__u64)sk;
	return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(sent, struct sock *sk, int n) { return transferred(sk, n); }

SEC("tp_btf/sock_recv_length")
int BPF_PROG(received, struct sock *sk, int n) { return transferred(sk, n); }

static __always_inline void copy_ends(__u8 local[16], __u8 remote[16], struct sock *sk)
{
	if (sk->__sk_common.skc_family == AF_INET) {
		*(__u32 *)local = sk->__sk_common.skc_rcv_saddr;
		*(__u32 *)remote = sk->__sk_common.skc_daddr;
	} else {
		bpf_probe_read_kernel(local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_probe_read_kernel(remote, 16, &sk->__sk_common.skc_v6_daddr);
	}
}

// state is run by the process that connects or listens: it is the only one that
// sees the sockets which the kernel makes on a process's behalf (MPTCP).
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state, struct sock *sk, int from, int to)
{
	if (from == TCP_LISTEN) {
		struct owner *o = bpf_sk_storage_get(&owners, sk, 0, 0);
		if (o)
			unbound(o, bpf_get_socket_cookie(sk));
		return 0;
	}
	if (from != TCP_CLOSE || (to != TCP_SYN_SENT && to != TCP_LISTEN))
		return 0;
	struct owner *o = bpf_sk_storage_get(&owners, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!o)
		return 0;
	__u64 cookie = bpf_get_socket_cookie(sk);
	o->netns = sk->__sk_common.skc_net.net->net_cookie;
	struct event e = {};
	if (claim(o, cookie, to == TCP_LISTEN ? HOW_BOUND : HOW_USED))
		claimed(o, &e);
	if (to != TCP_LISTEN)
		return 0;
	struct event l = {.kind = KIND_BOUND, .cookie = cookie, .proto = IPPROTO_TCP};
	l.family = sk->__sk_common.skc_family == AF_INET ? 4 : 6;
	l.local_port = sk->__sk_common.skc_num;
	copy_ends(l.local, l.remote, sk);
	describe(&l, o);
	send(&l);
	o->bound = 1;
	return 0;
}

// ends are the ends of a packet, as its network header has them.
struct ends {
	__u8 source[16];
	__u8 target[16];
	__u16 source_port;
	__u16 target_port;
	__u8 proto;
	__u8 family;
};

static __always_inline int read_ends(struct __sk_buff *skb, struct ends *p)
{
	__u8 first;
	__u32 at;
	if (bpf_skb_load_bytes(skb, 0, &first, 1))
		return 0;
	if (first >> 4 == 4) {
		at = (first & 15) * 4;
		p->family = 4;
		if (bpf_skb_load_bytes(skb, 9, &p->proto, 1) || bpf_skb_load_bytes(skb, 12, p->source, 4) ||
		    bpf_skb_load_bytes(skb, 16, p->target, 4))
			return 0;
	} else if (first >> 4 == 6) {
		at = 40;
		p->family = 6;
		if (bpf_skb_load_bytes(skb, 6, &p->proto, 1) || bpf_skb_load_bytes(skb, 8, p->source, 16) ||
		    bpf_skb_load_bytes(skb, 24, p->target, 16))
			return 0;
	} else {
		return 0;
	}
	__u16 ports[2] = {};
	switch (p->proto) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		bpf_skb_load_bytes(skb, at + 4, ports, 2); // the identifier, for echoes
		p->source_port = p->target_port = bpf_ntohs(ports[0]);
		break;
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
		bpf_skb_load_bytes(skb, at, ports, 4);
		p->source_port = bpf_ntohs(ports[0]);
		p->target_port = bpf_ntohs(ports[1]);
	}
	return 1;
}

// egress sees what sockets send. That is enough: a connection that only
// receives sends acknowledgements, and datagrams are seen by those who receive them.
SEC("cgroup_skb/egress")
int egress(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	if (!sk)
		return 1;
	sk = bpf_sk_fullsock(sk);
	if (!sk || sk->state == BPF_TCP_LISTEN)
		return 1;
	struct owner *o = bpf_sk_storage_get(&owners, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!o)
		return 1;
	if (o->peer && sk->dst_port)
		return 1; // it is connected: it has one peer
	__u64 cookie = bpf_get_socket_cookie(skb);
	int copied = o->pid && o->cookie != cookie;
	struct ends p = {};
	if (!read_ends(skb, &p))
		return 1;
	struct event e = {
		.cookie = cookie, .proto = p.proto, .family = p.family, .copied = copied,
		.local_port = p.source_port, .remote_port = p.target_port,
	};
	__builtin_memcpy(e.local, p.source, 16);
	__builtin_memcpy(e.remote, p.target, 16);
	report(o, &e);
	return 1;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(executed, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct program p = {};
	__u32 pid = task->tgid;
	p.start = task->group_leader->start_boottime;
	p.cgroup = bpf_get_current_cgroup_id();
	p.parent = task->real_parent->tgid;
	bpf_probe_read_kernel_str(p.parent_comm, sizeof(p.parent_comm), task->real_parent->comm);
	bpf_probe_read_kernel_str(p.path, sizeof(p.path), bprm->filename);
	bpf_map_update_elem(&programs, &pid, &p, BPF_ANY);
	return 0;
}

// forked copies what is known of the parent: a child runs its program until it
// executes another.
SEC("tp_btf/sched_process_fork")
int BPF_PROG(forked, struct task_struct *parent, struct task_struct *child)
{
	if (child->pid != child->tgid)
		return 0; // a thread
	__u32 pid = parent->tgid;
	struct program *known = bpf_map_lookup_elem(&programs, &pid);
	struct program p = {};
	if (known)
		__builtin_memcpy(p.path, known->path, sizeof(p.path));
	p.start = child->start_boottime;
	p.cgroup = bpf_get_current_cgroup_id();
	p.parent = pid;
	bpf_probe_read_kernel_str(p.parent_comm, sizeof(p.parent_comm), parent->group_leader->comm);
	pid = child->tgid;
	bpf_map_update_elem(&programs, &pid, &p, BPF_ANY);
	return 0;
}

// holding is a socket and a process that has a descriptor of it.
struct holding {
	__u64 cookie;
	__u64 netns;
	__u64 start;
	__u64 inode;
	__u32 netns_inode;
	__u32 pid;
	__u32 parent;
	__u32 uid;
	__u16 local_port;
	__u16 remote_port;
	__u16 type;
	__u16 proto;
	__u8 family;
	__u8 state;
	__u8 pad[6];
	__u8 local[16];
	__u8 remote[16];
};
SHOWN(holding);

// held returns the socket that a descriptor leads to, if it is one of these.
static __always_inline struct sock *held(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	if (!task || !file || task->tgid != task->pid)
		return 0;
	struct socket *socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	struct sock *sk = socket->sk;
	if (!sk)
		return 0;
	__u16 family = sk->__sk_common.skc_family;
	return family == AF_INET || family == AF_INET6 ? sk : 0;
}

// seed gives the sockets that were there before the other programs an owner: the
// first process that has a descriptor.
SEC("iter/task_file")
int seed(struct bpf_iter__task_file *ctx)
{
	struct sock *sk = held(ctx);
	struct task_struct *task = ctx->task;
	if (!sk || !task)
		return 0;
	struct owner *o = bpf_sk_storage_get(&owners, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!o || o->pid)
		return 0;
	o->cookie = bpf_get_socket_cookie(sk);
	o->netns = sk->__sk_common.skc_net.net->net_cookie;
	o->start = task->start_boottime;
	o->pid = task->tgid;
	o->uid = task->cred->uid.val;
	o->how = HOW_HELD;
	bpf_probe_read_kernel(o->comm, sizeof(o->comm), task->comm);
	return 0;
}

// holders writes the sockets that processes have.
SEC("iter/task_file")
int holders(struct bpf_iter__task_file *ctx)
{
	struct sock *sk = held(ctx);
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	if (!sk || !task || !file)
		return 0;
	__u16 family = sk->__sk_common.skc_family;
	struct holding h = {};
	h.cookie = bpf_get_socket_cookie(sk);
	h.netns = sk->__sk_common.skc_net.net->net_cookie;
	h.netns_inode = sk->__sk_common.skc_net.net->ns.inum;
	h.start = task->start_boottime;
	h.inode = file->f_inode->i_ino;
	h.pid = task->tgid;
	h.parent = task->real_parent->tgid;
	h.uid = task->cred->uid.val;
	h.type = sk->sk_type;
	h.proto = sk->sk_protocol;
	h.state = sk->__sk_common.skc_state;
	h.family = family == AF_INET ? 4 : 6;
	h.local_port = sk->__sk_common.skc_num;
	h.remote_port = bpf_ntohs(sk->__sk_common.skc_dport);
	copy_ends(h.local, h.remote, sk);
	bpf_seq_write(ctx->meta->seq, &h, sizeof(h));
	return 0;
}
