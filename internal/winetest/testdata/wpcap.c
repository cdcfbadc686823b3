/*
 * wpcap.dll as Npcap has it, played with Wine's own, which hands over to the
 * host's libpcap. It is to lie where Npcap puts its library and differs from
 * Wine's in what a program sees of Npcap:
 *
 * - The loopback device is \Device\NPF_Loopback, and its frames have a header of
 *   four bytes, the address family (link type 0), not an Ethernet header.
 * - pcap_set_immediate_mode is there; a read timeout of 1 ms stands for it.
 * - pcap_open_dead is there, for Ethernet: an unused live handle stands for it.
 *
 * What is called is written to the file named by SNIFFID_WPCAP_CALLS, a word a
 * line. A handle, a list or a program that is not one ends the process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define EXPORT __declspec(dllexport)
#define ERRBUF 256 /* PCAP_ERRBUF_SIZE */
#define LOOPBACK_FLAG 1 /* PCAP_IF_LOOPBACK */
#define LINK_NULL 0
#define LINK_ETHERNET 1
#define ETHERNET_LEN 14
#define FAMILY_LEN 4
#define IMMEDIATE_TIMEOUT 1 /* ms */

/* The families that Npcap's driver writes. */
#define FAMILY_IPV4 2
#define FAMILY_IPV6 24

static const char loopback_name[] = "\\Device\\NPF_Loopback";
static const char loopback_description[] = "Adapter for loopback traffic capture";

struct device {
	struct device *next;
	char *name, *description;
	void *addresses;
	unsigned flags;
};

struct packet_header {
	long seconds, microseconds;
	unsigned captured, length;
};

struct program {
	unsigned length;
	void *instructions;
};

/* The functions of Wine's library. */
static struct {
	int (*findalldevs)(struct device **, char *);
	void (*freealldevs)(struct device *);
	void *(*create)(const char *, char *);
	int (*activate)(void *);
	void (*close)(void *);
	int (*set_snaplen)(void *, int);
	int (*set_promisc)(void *, int);
	int (*set_timeout)(void *, int);
	int (*set_buffer_size)(void *, int);
	int (*next_ex)(void *, struct packet_header **, const unsigned char **);
	void (*breakloop)(void *);
	int (*datalink)(void *);
	int (*snapshot)(void *);
	int (*stats)(void *, void *);
	char *(*geterr)(void *);
	int (*compile)(void *, struct program *, const char *, int, unsigned);
	int (*setfilter)(void *, struct program *);
	void (*freecode)(struct program *);
} wine;

static void note(const char *call)
{
	const char *name = getenv("SNIFFID_WPCAP_CALLS");
	FILE *f = name ? fopen(name, "ab") : NULL;

	if (f) {
		fprintf(f, "%s\n", call);
		fclose(f);
	}
}

static void must(int ok, const char *what)
{
	if (ok)
		return;
	note(what);
	fprintf(stderr, "wpcap.dll: %s\n", what);
	fflush(stderr);
	TerminateProcess(GetCurrentProcess(), 99);
}

/* A copy of Wine's list, with Npcap's name for the loopback device. */
struct list {
	struct device *wine;
	size_t magic;
	struct device copy[];
};

#define LIST_MAGIC 0x7473694c
#define HANDLE_MAGIC 0x6c646e48

EXPORT int pcap_findalldevs(struct device **devices, char *error)
{
	struct device *found = NULL;
	struct list *l;
	size_t n = 0;
	int status;

	note("findalldevs");
	status = wine.findalldevs(&found, error);
	if (status != 0)
		return status;
	for (struct device *d = found; d; d = d->next)
		n++;
	l = calloc(1, sizeof *l + (n + 1) * sizeof *l->copy);
	must(l != NULL, "no memory");
	l->wine = found;
	l->magic = LIST_MAGIC;
	n = 0;
	for (struct device *d = found; d; d = d->next, n++) {
		l->copy[n] = *d;
		l->copy[n].next = d->next ? &l->copy[n + 1] : NULL;
		if (d->flags & LOOPBACK_FLAG) {
			l->copy[n].name = (char *)loopback_name;
			l->copy[n].description = (char *)loopback_description;
		}
	}
	*devices = n ? l->copy : NULL;
	if (!n) {
		wine.freealldevs(found);
		free(l);
	}
	return 0;
}

EXPORT void pcap_freealldevs(struct device *devices)
{
	struct list *l;

	note("freealldevs");
	if (!devices)
		return;
	l = (struct list *)((char *)devices - offsetof(struct list, copy));
	must(l->magic == LIST_MAGIC, "freealldevs of what is no list");
	l->magic = 0;
	wine.freealldevs(l->wine);
	free(l);
}

struct handle {
	size_t magic;
	void *wine;
	int loopback, immediate, activated;
	struct packet_header header;
	unsigned char *frame;
	size_t room;
};

static void *inner(struct handle *h)
{
	must(h && h->magic == HANDLE_MAGIC, "what is no handle");
	return h->wine;
}

/* Opens Wine's device for a name, "" for whatever is the loopback. */
static void *create(const char *name, int loopback, char *error)
{
	struct device *found = NULL;
	void *handle = NULL;

	if (!loopback)
		return wine.create(name, error);
	if (wine.findalldevs(&found, error) != 0)
		return NULL;
	snprintf(error, ERRBUF, "no loopback device");
	for (struct device *d = found; d && !handle; d = d->next)
		if (d->flags & LOOPBACK_FLAG)
			handle = wine.create(d->name, error);
	wine.freealldevs(found);
	return handle;
}

EXPORT struct handle *pcap_create(const char *name, char *error)
{
	int loopback = strcmp(name, loopback_name) == 0;
	void *opened = create(name, loopback, error);
	struct handle *h;

	note("create");
	if (!opened)
		return NULL;
	h = calloc(1, sizeof *h);
	must(h != NULL, "no memory");
	h->magic = HANDLE_MAGIC;
	h->wine = opened;
	h->loopback = loopback;
	return h;
}

EXPORT void pcap_close(struct handle *h)
{
	note("close");
	wine.close(inner(h));
	h->magic = 0;
	free(h->frame);
	free(h);
}

EXPORT struct handle *pcap_open_dead(int link, int snaplen)
{
	char error[ERRBUF] = "";
	struct handle *h;

	note("open_dead");
	if (link != LINK_ETHERNET)
		return NULL;
	h = pcap_create(loopback_name, error);
	if (!h)
		return NULL;
	h->loopback = 0; /* Ethernet it is */
	wine.set_snaplen(h->wine, snaplen);
	if (wine.activate(h->wine) < 0) {
		pcap_close(h);
		return NULL;
	}
	return h;
}

EXPORT int pcap_set_snaplen(struct handle *h, int n) { return wine.set_snaplen(inner(h), n); }
EXPORT int pcap_set_promisc(struct handle *h, int on) { return wine.set_promisc(inner(h), on); }
EXPORT int pcap_set_timeout(struct handle *h, int ms) { return wine.set_timeout(inner(h), ms); }
EXPORT int pcap_set_buffer_size(struct handle *h, int n) { return wine.set_buffer_size(inner(h), n); }

EXPORT int pcap_set_immediate_mode(struct handle *h, int on)
{
	inner(h);
	must(!h->activated, "immediate mode after activate");
	note("set_immediate_mode");
	h->immediate = on;
	return 0;
}

EXPORT int pcap_activate(struct handle *h)
{
	void *w = inner(h);

	note("activate");
	if (h->immediate)
		wine.set_timeout(w, IMMEDIATE_TIMEOUT);
	h->activated = 1;
	return wine.activate(w);
}

/* Makes Npcap's frame of an Ethernet frame; 0 where it is not IP. */
static int renew(struct handle *h, const struct packet_header *from, const unsigned char *frame)
{
	unsigned n = from->captured, family;

	if (n < ETHERNET_LEN)
		return 0;
	switch (frame[12] << 8 | frame[13]) {
	case 0x0800:
		family = FAMILY_IPV4;
		break;
	case 0x86dd:
		family = FAMILY_IPV6;
		break;
	default:
		return 0;
	}
	h->header = *from;
	h->header.captured = n - ETHERNET_LEN + FAMILY_LEN;
	h->header.length = from->length - ETHERNET_LEN + FAMILY_LEN;
	if (h->room < h->header.captured) {
		free(h->frame);
		h->room = h->header.captured;
		h->frame = malloc(h->room);
		must(h->frame != NULL, "no memory");
	}
	memcpy(h->frame, &family, FAMILY_LEN); /* in the order of the host */
	memcpy(h->frame + FAMILY_LEN, frame + ETHERNET_LEN, n - ETHERNET_LEN);
	return 1;
}

EXPORT int pcap_next_ex(struct handle *h, struct packet_header **header, const unsigned char **data)
{
	int status = wine.next_ex(inner(h), header, data);

	if (status != 1 || !h->loopback)
		return status;
	if (!renew(h, *header, *data))
		return 0;
	*header = &h->header;
	*data = h->frame;
	return 1;
}

EXPORT void pcap_breakloop(struct handle *h)
{
	note("breakloop");
	wine.breakloop(inner(h));
}

EXPORT int pcap_datalink(struct handle *h)
{
	int link = wine.datalink(inner(h));

	return h->loopback ? LINK_NULL : link;
}

EXPORT int pcap_snapshot(struct handle *h) { return wine.snapshot(inner(h)); }
EXPORT int pcap_stats(struct handle *h, void *stat) { return wine.stats(inner(h), stat); }
EXPORT char *pcap_geterr(struct handle *h) { return wine.geterr(inner(h)); }

EXPORT int pcap_compile(struct handle *h, struct program *p, const char *text, int optimize, unsigned mask)
{
	int status = wine.compile(inner(h), p, text, optimize, mask);

	note(status ? "compile refused" : "compile");
	return status;
}

EXPORT int pcap_setfilter(struct handle *h, struct program *p)
{
	note("setfilter");
	return wine.setfilter(inner(h), p);
}

/* The program is the host's, and so is what frees it. */
EXPORT void pcap_freecode(struct program *p)
{
	note("freecode");
	wine.freecode(p);
}

/* Wine's library lies in the system's folder, this one in Npcap's. */
BOOL WINAPI DllMain(HINSTANCE dll, DWORD reason, LPVOID reserved)
{
	static const struct {
		const char *name;
		void *to;
	} wanted[] = {
#define WANT(f) {"pcap_" #f, &wine.f}
		WANT(findalldevs), WANT(freealldevs), WANT(create), WANT(activate), WANT(close),
		WANT(set_snaplen), WANT(set_promisc), WANT(set_timeout), WANT(set_buffer_size),
		WANT(next_ex), WANT(breakloop), WANT(datalink), WANT(snapshot), WANT(stats),
		WANT(geterr), WANT(compile), WANT(setfilter), WANT(freecode),
	};
	HMODULE library;

	(void)dll, (void)reserved;
	if (reason != DLL_PROCESS_ATTACH)
		return TRUE;
	library = LoadLibraryA("C:\\windows\\system32\\wpcap.dll");
	if (!library)
		return FALSE;
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		FARPROC f = GetProcAddress(library, wanted[i].name);

		if (!f)
			return FALSE;
		memcpy(wanted[i].to, &f, sizeof f);
	}
	return TRUE;
}
