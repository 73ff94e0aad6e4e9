/* MPI ping-pong between two processes, in the protocol and the output format of PingPong of
 * the Intel MPI Benchmarks 2021 (IMB-MPI1), for MPI libraries that its binary does not load on.
 *
 *     mpiexec -n 2 pingpong [-msglen FILE] [-iter N] [-time SECONDS] [PingPong]
 *
 *   -msglen FILE   message lengths in bytes, one a line (0, 1, 2, 4 ... 4194304 without)
 *   -iter N        most repetitions of a length (1000); at most 40 MiB are sent each way, though
 *   -time SECONDS  most seconds a length (10): fewer repetitions where they would take longer
 *
 * Each length: an estimate (one round trip, then as many as fit a second, up to the repetitions
 * chosen), a warm-up of a tenth of the repetitions, two barriers, the repetitions. t[usec] is
 * half the mean round trip, the longer of both processes'; Mbytes/sec is 10^6 bytes/s. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <mpi.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

enum { MOST_LENGTHS = 1024, BARRIERS = 2, WARM_UP_DIVISOR = 10, TAG = 1 };
static const long TOTAL_BYTES = 40L * 1048576;
static const long LONGEST = 1L << 30;

static struct {
    int lengths[MOST_LENGTHS];
    int count;
    int user_defined;
    int iterations;
    double seconds;
} wanted = {.iterations = 1000, .seconds = 10.0};

static int rank;
static char *send_buffer, *receive_buffer;
static long buffer_bytes;

/* Both processes read the same arguments, so both come here: one speaks. */
static void stop(const char *format, ...)
{
    if (rank == 0) {
        va_list values;
        va_start(values, format);
        fputs("pingpong: ", stderr);
        vfprintf(stderr, format, values);
        fputc('\n', stderr);
        va_end(values);
    }
    MPI_Finalize();
    exit(2);
}

static long whole_number(const char *text, long least, long most)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    while (isspace((unsigned char)*end))
        end++;
    return end == text || *end || errno || value < least || value > most ? -1 : value;
}

/* One process reads the file: the other may be on a host that has it not. */
static void read_lengths(const char *path)
{
    static char fault[1200];
    int count = 0;
    if (rank == 0) {
        FILE *file = fopen(path, "r");
        if (!file)
            snprintf(fault, sizeof fault, "-msglen %s: %s", path, strerror(errno));
        char line[128];
        for (int number = 1; file && !*fault && fgets(line, sizeof line, file); number++) {
            long bytes = whole_number(line, 0, LONGEST);
            if (line[strspn(line, " \t\r\n")] == '\0')
                continue;
            if (bytes < 0 || count == MOST_LENGTHS)
                snprintf(fault, sizeof fault,
                         "-msglen %s: line %d: expected at most %d lengths, each 0 to %ld bytes",
                         path, number, MOST_LENGTHS, LONGEST);
            else
                wanted.lengths[count++] = (int)bytes;
        }
        if (file)
            fclose(file);
        if (!*fault && count == 0)
            snprintf(fault, sizeof fault, "-msglen %s: no length in it", path);
    }
    MPI_Bcast(fault, sizeof fault, MPI_CHAR, 0, MPI_COMM_WORLD);
    if (*fault)
        stop("%s", fault);
    MPI_Bcast(&count, 1, MPI_INT, 0, MPI_COMM_WORLD);
    MPI_Bcast(wanted.lengths, count, MPI_INT, 0, MPI_COMM_WORLD);
    wanted.count = count;
    wanted.user_defined = 1;
}

static void read_arguments(int argc, char **argv)
{
    const char *lengths = NULL;
    for (int i = 1; i < argc; i++) {
        const char *option = argv[i];
        if (!strcmp(option, "PingPong"))
            continue;
        if (strcmp(option, "-msglen") && strcmp(option, "-iter") && strcmp(option, "-time"))
            stop("unknown option %s: expected -msglen FILE, -iter N or -time SECONDS", option);
        if (++i == argc)
            stop("%s needs a value", option);
        if (!strcmp(option, "-msglen")) {
            lengths = argv[i];
        } else if (!strcmp(option, "-iter")) {
            wanted.iterations = (int)whole_number(argv[i], 1, INT_MAX);
            if (wanted.iterations < 1)
                stop("-iter %s: expected a whole number above 0", argv[i]);
        } else {
            char *end;
            wanted.seconds = strtod(argv[i], &end);
            if (end == argv[i] || *end || !(wanted.seconds > 0 && wanted.seconds <= 1e6))
                stop("-time %s: expected seconds, above 0", argv[i]);
        }
    }
    if (lengths) {
        read_lengths(lengths);
        return;
    }
    for (int bytes = 0; bytes <= 1 << 22; bytes = bytes ? 2 * bytes : 1)
        wanted.lengths[wanted.count++] = bytes;
}

/* Seconds of one round trip, mean of the repetitions, as this process saw them. */
static double round_trip(int bytes, int repetitions)
{
    int other = 1 - rank;
    MPI_Status status;
    for (int i = 0; i < BARRIERS; i++)
        MPI_Barrier(MPI_COMM_WORLD);
    double start = MPI_Wtime();
    for (int i = 0; i < repetitions; i++) {
        if (rank == 0)
            MPI_Send(send_buffer, bytes, MPI_BYTE, other, TAG, MPI_COMM_WORLD);
        MPI_Recv(receive_buffer, bytes, MPI_BYTE, other, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
        if (rank == 1)
            MPI_Send(send_buffer, bytes, MPI_BYTE, other, TAG, MPI_COMM_WORLD);
    }
    return (MPI_Wtime() - start) / repetitions;
}

/* Buffers for a length, as IMB has them: the library's own memory, new ones for a length that the
 * old ones do not hold. Where buffers lie matters: malloc's for the longest length, in pages of
 * their own, cost a tenth more at 65536 bytes on Intel MPI. */
static void provide_buffers(long bytes)
{
    if (bytes <= buffer_bytes)
        return;
    char **buffers[] = {&send_buffer, &receive_buffer};
    for (int i = 0; i < 2; i++) {
        if (buffer_bytes)
            MPI_Free_mem(*buffers[i]);
        if (MPI_Alloc_mem(bytes, MPI_INFO_NULL, buffers[i]) != MPI_SUCCESS) {
            fprintf(stderr, "pingpong: no memory for two buffers of %ld bytes\n", bytes);
            MPI_Abort(MPI_COMM_WORLD, 2);
        }
    }
    buffer_bytes = bytes;
    /* Pages that were never written to are one page of zeros, which stays in the cache. */
    for (long i = 0; i < bytes; i++)
        send_buffer[i] = receive_buffer[i] = (char)(i + rank);
}

static double longer(double seconds)
{
    double longest;
    MPI_Allreduce(&seconds, &longest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    return longest;
}

/* How many repetitions fit the time, as IMB's dynamic policy: never more than for the length
 * before, except for shorter lengths of a list. A trial for half the time at most tells: IMB's
 * takes a second, which is more than a short measurement itself. */
static int repetitions_of(int at)
{
    static int chosen[MOST_LENGTHS];
    int bytes = wanted.lengths[at];
    long most = wanted.iterations;
    if (bytes > 0 && TOTAL_BYTES / bytes < most)
        most = TOTAL_BYTES / bytes;
    if (most < 1)
        most = 1;
    double once = longer(round_trip(bytes, 1));
    double trial_seconds = wanted.seconds / 2 < 1 ? wanted.seconds / 2 : 1;
    long in_trial = once < 1e-6 ? 1000 : (long)(trial_seconds / once + 0.5);
    in_trial = in_trial < 1 ? 1 : in_trial < 1000 ? in_trial : 1000;
    int trial = (int)(most < in_trial ? most : in_trial);
    if (trial > 1)
        once = longer(round_trip(bytes, trial));
    double fit = once > 1e-8 ? 1 + wanted.seconds / once : (double)most;
    for (int i = 0; i < at; i++) {
        if (wanted.lengths[i] < bytes ? chosen[i] < fit : chosen[i] > fit)
            fit = chosen[i];
    }
    chosen[at] = fit < (double)most ? (int)fit : (int)most;
    return chosen[at];
}

static void print_header(int argc, char **argv)
{
    char date[64] = "";
    struct utsname host = {0};
    int version, subversion;
    time_t now = time(NULL);
    strftime(date, sizeof date, "%a %b %e %H:%M:%S %Y", localtime(&now));
    uname(&host);
    MPI_Get_version(&version, &subversion);
    puts("#----------------------------------------------------------------");
    puts("#    vcperf pingpong (the protocol and the format of Intel(R) MPI Benchmarks 2021, MPI-1 part)");
    puts("#----------------------------------------------------------------");
    printf("# Date                  : %s\n", date);
    printf("# Machine               : %s\n# System                : %s\n", host.machine, host.sysname);
    printf("# Release               : %s\n# Version               : %s\n", host.release, host.version);
    printf("# MPI Version           : %d.%d\n", version, subversion);
    printf("# MPI Thread Environment: \n\n\n# Calling sequence was: \n\n# ");
    for (int i = 0; i < argc; i++)
        printf("%s ", argv[i]);
    printf("\n\n");
    if (wanted.user_defined)
        puts("# Message lengths were user defined");
    else
        printf("# Minimum message length in bytes:   %d\n# Maximum message length in bytes:   %d\n",
               wanted.lengths[0], wanted.lengths[wanted.count - 1]);
    puts("#\n# MPI_Datatype                   :   MPI_BYTE ");
    puts("#\n\n# List of Benchmarks to run:\n\n# PingPong\n");
    puts("#---------------------------------------------------");
    puts("# Benchmarking PingPong \n# #processes = 2 ");
    puts("#---------------------------------------------------");
    puts("       #bytes #repetitions      t[usec]   Mbytes/sec");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    int processes;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &processes);
    if (processes != 2)
        stop("needs 2 processes, not %d: mpiexec -n 2", processes);
    read_arguments(argc, argv);
    if (rank == 0)
        print_header(argc, argv);
    for (int i = 0; i < wanted.count; i++) {
        int bytes = wanted.lengths[i];
        provide_buffers(bytes > 8 ? bytes : 8);
        int repetitions = repetitions_of(i);
        int warm_up = repetitions / WARM_UP_DIVISOR;
        round_trip(bytes, warm_up > 0 ? warm_up : 1);
        double half_us = longer(round_trip(bytes, repetitions)) / 2 * 1e6;
        if (rank == 0) {
            printf("%13d %12d %12.2f %12.2f\n", bytes, repetitions, half_us,
                   half_us > 0 ? bytes / half_us : 0.0);
            fflush(stdout);
        }
    }
    if (rank == 0)
        puts("\n\n# All processes entering MPI_Finalize\n");
    MPI_Free_mem(send_buffer);
    MPI_Free_mem(receive_buffer);
    MPI_Finalize();
    return 0;
}
