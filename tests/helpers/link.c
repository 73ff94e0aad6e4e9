/* A link of known rate between two network namespaces: the truth that bandwidth
 * estimates are judged by.
 *
 *   link PID_SENDER PID_RECEIVER RATE_MBPS LOAD SIZES QUEUE_MS DROP SWAP ACCESS_MBPS
 *
 * Each namespace (of the process PID) gets a tun device `link0`. What the sender's side
 * sends waits in one FIFO queue that is served at RATE_MBPS, counted in IP bytes; what
 * the receiver's side sends passes at once. Cross traffic is LOAD (0 to 1) of the rate,
 * with Poisson arrivals, as packets of SIZES: "mix" (40 % of 40 bytes, 50 % of 550, 10 %
 * of 1500) or a number of bytes. It takes its turns in the same queue but needs no
 * packet to exist: its share is exact and costs the host nothing. A packet that would
 * wait more than QUEUE_MS is dropped. DROP is the share of UDP packets lost (1: all),
 * SWAP the share that one later packet overtakes. ACCESS_MBPS, unless 0, is the rate of a link
 * before this one, without a queue limit or cross traffic: trains come spread by it.
 *
 * Prints "ready"; runs until its standard input ends; then prints how late it sent what
 * (microseconds: median, 99th percentile, maximum).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if_tun.h>
#include <math.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 8192
#define SPIN_NS 20000000.0 /* after a packet, spin this long for the next one */
#define NAP_NS 300000.0    /* sleep only when a departure is further off than this */

struct packet {
    double departure;
    int size;
    unsigned char data[1600];
};

static struct packet queue[SLOTS];
static unsigned head, tail;
static uint32_t lateness[100001]; /* in tenths of a microsecond; the last: more */

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static int tun_in(const char *pid)
{
    char path[64];
    struct ifreq request;
    snprintf(path, sizeof path, "/proc/%s/ns/net", pid);
    int space = open(path, O_RDONLY);
    if (space < 0 || setns(space, CLONE_NEWNET))
        fail(path);
    close(space);
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    if (fd < 0)
        fail("/dev/net/tun");
    memset(&request, 0, sizeof request);
    strcpy(request.ifr_name, "link0");
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (ioctl(fd, TUNSETIFF, &request))
        fail("TUNSETIFF");
    return fd;
}

static double cross_bits(const char *sizes)
{
    if (strcmp(sizes, "mix"))
        return 8 * atof(sizes);
    double u = drand48();
    return 8 * (u < 0.4 ? 40 : u < 0.9 ? 550 : 1500);
}

static void report(void)
{
    double total = 0, seen = 0;
    int median = -1, most = -1, last = 0;
    for (int i = 0; i <= 100000; i++)
        total += lateness[i];
    for (int i = 0; i <= 100000; i++) {
        seen += lateness[i];
        if (median < 0 && seen >= total / 2)
            median = i;
        if (most < 0 && seen >= total * 0.99)
            most = i;
        if (lateness[i])
            last = i;
    }
    printf("late_us %.1f %.1f %.1f\n", median / 10.0, most / 10.0, last / 10.0);
}

int main(int argc, char **argv)
{
    if (argc != 10)
        return 2;
    double bits_per_ns = atof(argv[3]) / 1e3, load = atof(argv[4]);
    const char *sizes = argv[5];
    double limit = atof(argv[6]) * 1e6, drop = atof(argv[7]), swap = atof(argv[8]);
    double access = atof(argv[9]) / 1e3, access_until = 0;
    double mean_bits = strcmp(sizes, "mix") ? 8 * atof(sizes) : 8 * (0.4 * 40 + 0.5 * 550 + 150);
    double spacing = load > 0 ? mean_bits / (load * bits_per_ns) : 0;
    int from = tun_in(argv[1]), to = tun_in(argv[2]);
    double busy_until = now_ns(), next_cross = busy_until, last_arrival = 0;

    srand48(getpid() ^ (long)now_ns());
    struct sched_param first = {1};
    if (sched_setscheduler(0, SCHED_FIFO, &first)) /* a truth that is late is none */
        setpriority(PRIO_PROCESS, 0, -20);
    prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
    puts("ready");
    fflush(stdout);
    for (;;) {
        double now = now_ns();
        int moved = 0;
        while (head != tail && queue[head % SLOTS].departure <= now) {
            struct packet *p = &queue[head++ % SLOTS];
            double late = (now - p->departure) / 100;
            lateness[late < 100000 ? (int)late : 100000]++;
            if (write(to, p->data, p->size) < 0) { /* not up yet: lost */
            }
            moved = 1;
            now = now_ns();
        }
        while (tail - head < SLOTS) {
            struct packet *p = &queue[tail % SLOTS];
            p->size = read(from, p->data, sizeof p->data);
            if (p->size <= 0)
                break;
            now = last_arrival = now_ns();
            moved = 1;
            if (access > 0) {
                access_until = (access_until > now ? access_until : now) + p->size * 8 / access;
                now = access_until;
            }
            /* The queue forgets within some hundred packets; no need to live through more. */
            if (spacing > 0 && next_cross < now - 1000 * spacing)
                next_cross = now - 1000 * spacing;
            while (spacing > 0 && next_cross <= now) {
                double start = busy_until > next_cross ? busy_until : next_cross;
                if (start - next_cross <= limit)
                    busy_until = start + cross_bits(sizes) / bits_per_ns;
                next_cross += -log(1 - drand48()) * spacing;
            }
            double start = busy_until > now ? busy_until : now;
            int udp = (p->data[0] >> 4) == 4 && p->data[9] == 17;
            if (start - now > limit || (udp && drop > 0 && drand48() < drop))
                continue;
            busy_until = p->departure = start + p->size * 8 / bits_per_ns;
            if (udp && swap > 0 && drand48() < swap && tail != head) {
                struct packet *before = &queue[(tail - 1) % SLOTS], kept = *before;
                double first = before->departure, second = p->departure;
                *before = *p;
                *p = kept;
                before->departure = first;
                p->departure = second;
            }
            tail++;
        }
        unsigned char back[1600];
        int size = read(to, back, sizeof back);
        if (size > 0) {
            if (write(from, back, size) < 0) {
            }
            moved = 1;
        }
        if (moved)
            continue;
        now = now_ns();
        double wait = head != tail ? queue[head % SLOTS].departure - now : 1e9;
        if (wait < NAP_NS || now - last_arrival < SPIN_NS)
            continue;
        wait -= NAP_NS / 2;
        struct timespec t = {(time_t)(wait / 1e9), (long)fmod(wait, 1e9)};
        struct pollfd fds[] = {{from, POLLIN, 0}, {to, POLLIN, 0}, {0, POLLIN, 0}};
        ppoll(fds, 3, &t, NULL);
        if (fds[2].revents) {
            report();
            return 0;
        }
    }
}
