/* Cross traffic: UDP packets with Poisson arrivals, until it is killed.
 *
 *   cross ADDRESS PORT MBPS SIZES
 *
 * MBPS counts Ethernet frames, as the token buckets of Linux do. SIZES of IP packets: "mix" (40 %
 * of 40 bytes, 50 % of 550, 10 % of 1500) or a number of bytes. What is due late is sent at once.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define ETHERNET 14
#define HEADERS 28

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    double bits_per_ns = atof(argv[3]) / 1e3;
    int fixed = strcmp(argv[4], "mix") ? atoi(argv[4]) : 0;
    double mean = 8 * (ETHERNET + (fixed ? fixed : 0.4 * 40 + 0.5 * 550 + 150));
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    int udp = socket(AF_INET, SOCK_DGRAM, 0);
    static char data[1500];
    if (udp < 0 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
        perror("cross");
        return 1;
    }
    struct sched_param first = {1};
    if (sched_setscheduler(0, SCHED_FIFO, &first))
        setpriority(PRIO_PROCESS, 0, -20);
    prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    srand48(start.tv_nsec ^ getpid());
    for (double due = 0;;) { /* ns from the start */
        double u = drand48();
        int size = fixed ? fixed : u < 0.4 ? 40 : u < 0.9 ? 550 : 1500;
        due += -log(1 - drand48()) * mean / bits_per_ns;
        struct timespec at = start;
        at.tv_sec += (time_t)(due / 1e9);
        at.tv_nsec += (long)fmod(due, 1e9);
        if (at.tv_nsec >= 1000000000) {
            at.tv_nsec -= 1000000000;
            at.tv_sec++;
        }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        if (sendto(udp, data, size - HEADERS, 0, (struct sockaddr *)&to, sizeof to) < 0) {
            /* refused or full: lost, as on a wire */
        }
    }
}
